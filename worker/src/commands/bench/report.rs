//! Reports of `bench`.

use super::measure::{Bench, Measured, NaiveErrors, Spread};
use crate::{
	commands::genes::describe_candidate,
	report::{count, entry, table, write_table, LEFT, RIGHT},
};
use doin_scoring::Windows;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fmt::{self, Display, Formatter},
};

/// Workloads that are always in the JSON object, null if they were not measured.
const ALWAYS: [&str; 2] = ["mlp", "lstm"];

/// Machine, series and errors of simple models as text, before the measurements.
pub struct Introduction<'a, 'b> {
	/// Series of the measurements.
	pub bench: &'a Bench<'b>,
	/// Test errors of simple models.
	pub naive: NaiveErrors,
	/// Number of threads.
	pub threads: usize,
	/// Repeats of each measurement.
	pub repeats: u32,
}

impl Display for Introduction<'_, '_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { bench, naive: NaiveErrors { repeat_last, seasonal, ridge }, threads, repeats } = self;
		let test: usize = bench.test.iter().map(Windows::len).sum();
		let (train, horizon) = (bench.data.training_window_count(), bench.data.task.program.horizon);
		entry(f, "machine", format_args!("{threads} threads, back-end {}", bench.data.backend().name()))?;
		entry(f, "data", format_args!("{}: {train} windows to train on, {test} to test on, {horizon} steps ahead", bench.name))?;
		entry(
			f,
			"errors",
			format_args!("in standard deviations: repeat-last {repeat_last:.5}, seasonal {seasonal:.5}, ridge {ridge:.5}"),
		)?;
		entry(
			f,
			"figures",
			format_args!("of {}; a candidate is trained, admitted and tested", count(*repeats as usize, "repeat")),
		)
	}
}

/// Workload that the trainer does not have, as text.
pub struct NotMeasured<'a> {
	/// Name of the workload.
	pub name: &'static str,
	/// Reason of the failure.
	pub error: &'a anyhow::Error,
}

impl Display for NotMeasured<'_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, self.name, format_args!("not measured: {:#}", self.error))
	}
}

/// Report of `bench`.
#[derive(Debug, Serialize)]
pub struct BenchReport {
	/// Workloads by name.
	#[serde(flatten)]
	workloads: BTreeMap<&'static str, Entry>,
	simd_fraction_of_peak: Option<f64>,
	two_core_scaling: Option<f64>,
	/// Speed of the MLP on Vulkan in software, in 10⁹ multiply-accumulates per second.
	lavapipe_gmacs: Option<f64>,
	backend: &'static str,
	cores: usize,
	data: String,
	target_mae: f64,
	devices: Vec<DeviceReport>,
}

/// Entry of a workload.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry {
	/// The workload was measured.
	Measured(Box<WorkloadReport>),
	/// The workload was not measured: all figures are null.
	Missing { ours: Option<f64>, test_mae: Option<f64> },
}

/// Entry of a workload that was not measured.
const MISSING: Entry = Entry::Missing { ours: None, test_mae: None };

/// Report of one workload.
#[derive(Debug, Serialize)]
pub struct WorkloadReport {
	/// Candidates per hour on all threads, median.
	ours: Option<f64>,
	/// Mean test error in standard deviations.
	test_mae: Option<f64>,
	test_maes: Vec<f64>,
	per_hour: Option<Spread>,
	per_hour_one_thread: Option<Spread>,
	two_core_scaling: Option<Spread>,
	seconds_to_target: Option<f64>,
	macs_per_second: Option<Spread>,
	fraction_of_peak: Option<Spread>,
	genes: String,
	#[serde(skip)]
	name: &'static str,
	/// Target error in standard deviations.
	#[serde(skip)]
	target: f64,
}

/// Speed of a device on one family.
#[derive(Debug, Serialize)]
pub struct DeviceReport {
	/// Name of the device.
	pub name: String,
	/// Name of the workload.
	pub family: &'static str,
	/// Multiply-accumulates of training per second, median.
	pub macs_per_second: f64,
	/// `true` if the device is a GPU.
	#[serde(skip)]
	pub is_gpu: bool,
}

impl BenchReport {
	/// Returns a report without measurements.
	pub fn new(bench: &Bench, target_mae: f64, cores: usize) -> Self {
		Self {
			workloads: ALWAYS.into_iter().map(|name| (name, MISSING)).collect(),
			simd_fraction_of_peak: None,
			two_core_scaling: None,
			lavapipe_gmacs: None,
			backend: bench.data.backend().name(),
			cores,
			data: bench.name.clone(),
			target_mae,
			devices: Vec::new(),
		}
	}

	/// Adds a workload that was not measured.
	pub fn add_missing(&mut self, name: &'static str) {
		self.workloads.insert(name, MISSING);
	}

	/// Adds the measurements on devices.
	pub fn set_devices(&mut self, devices: Vec<DeviceReport>) {
		let software = devices.iter().find(|device| !device.is_gpu && device.family == "mlp");
		self.lavapipe_gmacs = software.map(|device| device.macs_per_second * 1e-9);
		self.devices = devices;
	}

	/// Adds a measured workload.
	pub fn add(&mut self, report: WorkloadReport) {
		if report.name == "mlp" {
			let median = |spread: &Option<Spread>| spread.as_ref().map(|spread| spread.median);
			self.simd_fraction_of_peak = median(&report.fraction_of_peak);
			self.two_core_scaling = median(&report.two_core_scaling);
		}
		self.workloads.insert(report.name, Entry::Measured(Box::new(report)));
	}
}

impl WorkloadReport {
	/// Returns the report of a workload. `target` is the error whose time was measured.
	pub fn new(measured: Measured, target: f64) -> Self {
		let Measured { workload, per_hour, per_hour_one_thread, two_core_scaling, errors, to_target, speed } = measured;
		let (macs_per_second, fraction_of_peak) =
			speed.map_or((None, None), |speed| (speed.macs_per_second, speed.fraction_of_peak));
		Self {
			ours: per_hour.as_ref().map(|spread| spread.median),
			test_mae: (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64),
			test_maes: errors,
			per_hour,
			per_hour_one_thread,
			two_core_scaling,
			seconds_to_target: to_target,
			macs_per_second,
			fraction_of_peak,
			genes: describe_candidate(workload.family, &workload.candidate),
			name: workload.name,
			target,
		}
	}
}

impl Display for WorkloadReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, self.name, &self.genes)?;
		let mut figures = table([("", LEFT), ("median", RIGHT), ("lowest", RIGHT), ("highest", RIGHT)]);
		let mut add = |title: &str, spread: &Option<Spread>, scale: f64, digits: usize| match spread {
			Some(Spread { median, least, most }) => {
				let shown = |value: &f64| format!("{:.digits$}", value * scale);
				figures.add_row([title.to_string(), shown(median), shown(least), shown(most)]);
			}
			None => {
				figures.add_row([title, "-", "-", "-"]);
			}
		};
		add("candidates per hour", &self.per_hour, 1.0, 0);
		add("candidates per hour, one thread", &self.per_hour_one_thread, 1.0, 0);
		add("two threads relative to one", &self.two_core_scaling, 1.0, 2);
		if self.macs_per_second.is_some() {
			add("GMAC/s of training, one thread", &self.macs_per_second, 1e-9, 1);
			add("per cent of the peak", &self.fraction_of_peak, 100.0, 1);
		}
		write_table(f, "", &figures)?;
		let (least, most) =
			self.test_maes.iter().fold((f64::INFINITY, 0.0f64), |(least, most), error| (least.min(*error), most.max(*error)));
		let mean = self.test_mae.unwrap_or(0.0);
		entry(
			f,
			"",
			format_args!("test error {mean:.5} on average of {} seeds ({least:.5} to {most:.5})", self.test_maes.len()),
		)?;
		match self.seconds_to_target {
			Some(seconds) => entry(f, "", format_args!("error {} reached after {seconds:.3} s", self.target)),
			None => entry(f, "", format_args!("error {} not reached by any seed", self.target)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::commands::bench::measure::tests::small;

	#[test]
	fn a_report_always_has_the_keys_that_scripts_read() {
		let mut report = BenchReport::new(&small(), 0.1, 2);
		report.add_missing("conv");
		let json = serde_json::to_value(&report).unwrap();
		for key in ["mlp", "lstm", "conv"] {
			assert_eq!(json[key], serde_json::json!({ "ours": null, "test_mae": null }));
		}
		for key in ["mlp", "lstm", "conv", "simd_fraction_of_peak", "two_core_scaling", "lavapipe_gmacs"] {
			assert!(json.as_object().unwrap().contains_key(key), "{key}");
		}
		let device = |is_gpu| DeviceReport { name: "d".into(), family: "mlp", macs_per_second: 2e9, is_gpu };
		report.set_devices(vec![device(true)]);
		assert_eq!(report.lavapipe_gmacs, None);
		report.set_devices(vec![device(true), device(false)]);
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["lavapipe_gmacs"], &json["devices"][0]["macs_per_second"]), (&2.0.into(), &2e9.into()));
	}
}
