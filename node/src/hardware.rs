//! Comparison of a validator's machine with the reference machine.
//!
//! Weights are times on the reference machine. A slower machine needs longer for a full block than the weights allow, so its blocks
//! arrive late and are lost. The check runs once, before the node joins the network, and only warns: the operator decides.
//!
//! General speed is measured by the SDK's benchmark against the SDK's reference hardware, which the weights of the SDK's pallets
//! were measured on. Scoring of models, which fills most of a full block, is measured by calling the runtime.

use crate::service::FullClient;
use doin_runtime::{opaque::Block, speed::REFERENCE_PS_PER_MAC, AccountId};
use doin_traits::apis::DoinApi;
use sc_client_api::HeaderBackend;
use sc_sysinfo::{HwBench, Metric, Requirement, Requirements, Throughput};
use sp_api::ProvideRuntimeApi;
use std::{path::Path, time::Instant};

/// Chunks that the measurement scores.
const MEASURED_CHUNKS: u32 = 8;
/// Repetitions of the measurement, of which the fastest counts: the first one compiles and fills caches.
const REPETITIONS: usize = 3;

/// Returns the SDK's reference hardware: values of `reference_hardware.json` of frame-benchmarking-cli 55, in MiB/s.
pub fn requirements() -> Requirements {
	let requirement = |metric, mibs| Requirement { metric, minimum: Throughput::from_mibs(mibs), validator_only: false };
	Requirements(vec![
		requirement(Metric::Blake2256, 783.27),
		requirement(Metric::MemCopy, 11_768.341),
		requirement(Metric::DiskSeqWrite, 950.0),
		requirement(Metric::DiskRndWrite, 420.0),
	])
}

/// Measures the machine, prints the results, and warns of everything that is slower than the reference machine. `scratch` is a
/// directory on the disk of the database. Returns the results for telemetry.
pub fn check(client: &FullClient, scratch: &Path) -> HwBench {
	let requirements = requirements();
	let measured = sc_sysinfo::gather_hwbench(Some(scratch), &requirements);
	sc_sysinfo::print_hwbench(&measured);
	if let Err(failures) = requirements.check_hardware(&measured, true) {
		for failure in failures.0 {
			log::warn!(
				"⚠️ This machine is slower than the reference machine: {} is {}, and a validator needs {}",
				failure.metric.name(),
				failure.found,
				failure.expected
			);
		}
	}
	match scoring_speed(client) {
		Ok(picoseconds) => log_scoring(picoseconds),
		Err(error) => log::warn!("⚠️ The speed of scoring models cannot be measured: {error}"),
	}
	measured
}

/// Prints the speed of scoring models, as a warning if it is below that of the reference machine.
fn log_scoring(picoseconds: u64) {
	match scoring_warning(picoseconds) {
		Some(warning) => log::warn!("⚠️ {warning}"),
		None => {
			let [measured, reference] = [picoseconds, REFERENCE_PS_PER_MAC].map(nanoseconds);
			log::info!(
				"🏁 Scoring of models: {measured:.2} ns per multiply-accumulate, the reference machine needs {reference:.2} ns"
			);
		}
	}
}

/// Returns the warning for a machine that needs `picoseconds` per counted multiply-accumulate, or nothing if the machine is at least
/// as fast as the reference machine.
pub fn scoring_warning(picoseconds: u64) -> Option<String> {
	let [measured, reference] = [picoseconds, REFERENCE_PS_PER_MAC].map(nanoseconds);
	(picoseconds > REFERENCE_PS_PER_MAC).then(|| {
		format!(
			"This machine scores models more slowly than the reference machine: {measured:.2} ns per multiply-accumulate, and that \
			 machine needs {reference:.2} ns. A validator on it falls behind full blocks and loses its own; use a faster processor"
		)
	})
}

/// Returns a time in nanoseconds.
fn nanoseconds(picoseconds: u64) -> f64 {
	picoseconds as f64 / 1_000.0
}

/// Returns the time of one counted multiply-accumulate in the runtime, in picoseconds.
fn scoring_speed(client: &FullClient) -> Result<u64, String> {
	let best = client.info().best_hash;
	let mut fastest = u64::MAX;
	for _ in 0..REPETITIONS {
		let start = Instant::now();
		let macs = DoinApi::<Block, AccountId>::reference_macs(&*client.runtime_api(), best, MEASURED_CHUNKS)
			.map_err(|error| error.to_string())?;
		let picoseconds = start.elapsed().as_nanos().saturating_mul(1_000);
		let each = picoseconds.checked_div(macs.into()).ok_or("the runtime counted no multiply-accumulates")?;
		fastest = fastest.min(u64::try_from(each).unwrap_or(u64::MAX));
	}
	Ok(fastest)
}
