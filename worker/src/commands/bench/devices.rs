//! Measurements of `bench` on devices.

use super::{
	measure::Bench,
	report::DeviceReport,
	workload::{workloads, Workload},
	BenchArgs,
};
use crate::report::{entry, table, write_table, LEFT, RIGHT};
use anyhow::{Context, Result};
use doin_compute::{
	gpu::{adapters, Device, DeviceSelection, Devices},
	Candidate, Control, Executor, Grouping,
};
use doin_forecast::{spec::explain, ModelFamily};
use std::{
	fmt::{self, Display, Formatter},
	sync::Arc,
	time::Instant,
};

/// Trains a population of each family on each chosen device, one after the other.
///
/// # Errors
///
/// Errors if a device cannot be opened, or fails.
pub fn measure(bench: &Bench, args: &BenchArgs) -> Result<Vec<DeviceReport>> {
	let selection: DeviceSelection = args.gpu.parse()?;
	if selection == DeviceSelection::None {
		return Ok(Vec::new());
	}
	let mut workloads = workloads(&args.family);
	workloads.retain(|workload| workload.family != ModelFamily::Linear);
	workloads.dedup_by_key(|workload| workload.family);
	let adapters = adapters();
	let mut reports = Vec::new();
	for adapter in selection.choose(&adapters)? {
		let device = Device::open(adapter)?;
		let executor = Executor::devices_only(Arc::new(Devices::new(vec![device])));
		let mut rates = Vec::new();
		for workload in &workloads {
			let workload = Workload { candidate: Candidate { epochs: 1, ..workload.candidate }, ..*workload };
			let macs_per_second = macs_per_second(bench, &executor, &workload, args)?;
			rates.push(DeviceReport {
				name: adapter.name.clone(),
				family: workload.name,
				macs_per_second,
				is_gpu: adapter.is_gpu(),
			});
		}
		print!("{}", DeviceText { device: adapter.to_string(), rates: &rates, population: args.population });
		reports.extend(rates);
	}
	Ok(reports)
}

/// Measures the multiply-accumulates of training per second, as the median of several repeats.
fn macs_per_second(bench: &Bench, executor: &Executor, workload: &Workload, args: &BenchArgs) -> Result<f64> {
	let train = |round: u64| -> Result<f64> {
		let candidate = |seed| Candidate { seed: round << 32 | seed, ..workload.candidate };
		let candidates: Vec<Candidate> = (0..args.population).map(candidate).collect();
		let start = Instant::now();
		let control = Control::new(bench.stop);
		let runs = executor.run(&bench.data, &candidates, Grouping::Independent, &control).map_err(explain)?;
		runs.into_iter().try_for_each(|run| run.evaluated.map(drop)).map_err(explain)?;
		Ok(start.elapsed().as_secs_f64())
	};
	// The first training compiles the shaders and finds the throughput of the device.
	train(u64::from(u32::MAX))?;
	let mut seconds = (0..args.repeats.into()).map(train).collect::<Result<Vec<f64>>>()?;
	seconds.sort_by(f64::total_cmp);
	let macs = bench.training_macs(workload).context("a linear model is not trained on a device")? * args.population as f64;
	Ok(macs / seconds[seconds.len() / 2])
}

/// Measurements of one device as text.
struct DeviceText<'a> {
	device: String,
	rates: &'a [DeviceReport],
	population: u64,
}

impl Display for DeviceText<'_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "device", &self.device)?;
		let title = format!("{} candidates at a time", self.population);
		let mut rates = table([(title.as_str(), LEFT), ("GMAC/s", RIGHT)]);
		rates.add_rows(self.rates.iter().map(|rate| [rate.family.to_string(), format!("{:.1}", rate.macs_per_second * 1e-9)]));
		write_table(f, "", &rates)
	}
}
