//! `bench`: measures the speed of training on this machine, and the errors of the models.

mod devices;
mod measure;
mod report;
mod workload;

use crate::{
	args::one_of,
	work::{compute, threads},
};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_compute::Candidate;
use doin_forecast::ModelFamily;
use measure::Bench;
use report::{BenchReport, WorkloadReport};
use std::{path::PathBuf, sync::atomic::AtomicBool};
use workload::{workloads, Workload};

/// Arguments of `bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
	/// Families to measure [default: all families of the trainer]
	#[arg(long, value_parser = one_of::<ModelFamily>(), value_delimiter = ',', value_name = "FAMILY")]
	family: Vec<ModelFamily>,
	/// CSV file of a series [default: oil temperature of ett/ETTh1.csv in the folder DOIN_DATA_DIR, or
	/// data/; a generated series if there is no such file]
	#[arg(long, value_name = "FILE")]
	csv: Option<PathBuf>,
	/// Column of the series; may be omitted if only one has numbers
	#[arg(long, value_name = "COLUMN", requires = "csv")]
	column: Option<String>,
	/// Devices to measure, too, on populations of the first net of each family: `auto` for every GPU, a number or a part of a
	/// name (`doin-worker devices`)
	#[arg(long, value_name = "auto|none|INDEX|NAME,...", default_value = "none")]
	gpu: String,
	/// Candidates that a device trains at a time
	#[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=65_536))]
	population: u64,
	/// Candidates whose test errors are averaged, with seeds 0 to N - 1
	#[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=10_000))]
	seeds: u64,
	/// Repeats of each measurement of speed; medians are shown
	#[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
	repeats: u32,
	/// Length of a repeat in seconds, at least one candidate per thread
	#[arg(long, value_name = "S", default_value_t = 2.0)]
	seconds: f64,
	/// Test error whose time is measured, in standard deviations of the series
	#[arg(long, value_name = "MAE", default_value_t = 0.128)]
	target_mae: f64,
	/// Threads [default: all cores]
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// Print one JSON object as the last line, after the text
	#[arg(long)]
	json: bool,
}

/// Runs `bench`.
///
/// # Errors
///
/// Errors if the series or a device cannot be used, or if a requested family cannot be trained.
pub async fn run(args: BenchArgs) -> Result<()> {
	compute(move |stop| bench(&args, stop)).await
}

fn bench(args: &BenchArgs, stop: &AtomicBool) -> Result<()> {
	ensure!(
		args.seconds.is_finite() && args.seconds >= 0.0,
		"invalid --seconds {}: expected a length of at least 0",
		args.seconds
	);
	let bench = Bench::new(args, stop)?;
	let threads = threads(args.cores);
	let mut report = BenchReport::new(&bench, args.target_mae, threads);
	print!("{}", report::Introduction { bench: &bench, naive: bench.naive_errors()?, threads, repeats: args.repeats });
	for workload in workloads(&args.family) {
		// A single short training shows whether the trainer has the family.
		let trial = Workload { candidate: Candidate { epochs: 1, ..workload.candidate }, ..workload };
		match bench.train_and_test(&trial, 0) {
			Ok(_) => {}
			Err(error) if args.family.is_empty() => {
				print!("{}", report::NotMeasured { name: workload.name, error: &error });
				report.add_missing(workload.name);
				continue;
			}
			Err(error) => return Err(error).with_context(|| workload.name),
		}
		let measured = WorkloadReport::new(bench.measure(workload, args, threads)?, args.target_mae);
		print!("{measured}");
		report.add(measured);
	}
	report.set_devices(devices::measure(&bench, args)?);
	if args.json {
		println!("{}", serde_json::to_string(&report)?);
	}
	Ok(())
}
