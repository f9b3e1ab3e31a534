//! The metrics by name, and functions from views to their values.
//!
//! Names follow Prometheus: the unit last, `_total` for counters. Amounts are in DOIN, improvement is in bits. Values are 64-bit
//! floats, which hold an amount to about a millionth of a DOIN.

use super::{
	counts::{Count, Family, FAMILIES},
	live::{Gauges, Live},
};
use doin_primitives::{
	views::{FeeMarketView, WorkView},
	Balance, BlockNumber, DOIN, MILLION, ONE_Q32, Q32,
};
use pallet_doin_optimae::types::Stage as RoundStage;
use pallet_doin_recomputation::types::Stage as TaskStage;
use std::collections::BTreeMap;
use substrate_prometheus_endpoint::{register, Counter, CounterVec, Gauge, GaugeVec, Opts, PrometheusError, Registry, F64, U64};

/// Stages of a round, by which [`Metrics::show_stages`] counts them.
pub const ROUND_STAGES: [&str; 5] = ["collecting", "awaiting", "revealing", "waiting", "evaluating"];
/// Stages of a recomputation task.
pub const TASK_STAGES: [&str; 5] = ["drawing", "answering", "settling", "recomputing", "challenge"];

/// Returns an amount of plancks in DOIN.
pub fn doin(plancks: Balance) -> f64 {
	plancks as f64 / DOIN as f64
}

/// Returns a Q32 number as a float.
pub fn bits(q32: Q32) -> f64 {
	q32 as f64 / ONE_Q32 as f64
}

/// Returns parts per million as a ratio.
pub fn ratio(parts: u32) -> f64 {
	f64::from(parts) / f64::from(MILLION)
}

/// Returns what a counter has to be increased by to have the value `total`: nothing if it has that value or a higher one.
pub fn missing(counter: f64, total: f64) -> f64 {
	(total - counter).max(0.0)
}

/// Registers a gauge with one label, and exports it with 0 for each value of the label.
///
/// # Errors
///
/// Fails if the registry has a metric of this name.
pub(super) fn by_label(
	registry: &Registry,
	name: &str,
	help: &str,
	label: &str,
	values: &[&str],
) -> Result<GaugeVec<U64>, PrometheusError> {
	let metric = register(GaugeVec::new(Opts::new(name, help), &[label])?, registry)?;
	values.iter().for_each(|value| drop(metric.with_label_values(&[value])));
	Ok(metric)
}

/// Numbers of undecided rounds and of tasks that are not final, by stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
	/// Rounds by stage. A stage without rounds is absent.
	pub rounds: BTreeMap<&'static str, u64>,
	/// Tasks by stage. A stage without tasks is absent.
	pub tasks: BTreeMap<&'static str, u64>,
}

impl Stages {
	/// Counts a round.
	pub fn add_round(&mut self, stage: &RoundStage) {
		let name = match stage {
			RoundStage::Collecting => "collecting",
			RoundStage::Awaiting => "awaiting",
			RoundStage::Revealing { .. } => "revealing",
			RoundStage::Waiting => "waiting",
			RoundStage::Evaluating { .. } => "evaluating",
		};
		*self.rounds.entry(name).or_default() += 1;
	}

	/// Counts a task.
	pub fn add_task(&mut self, stage: &TaskStage) {
		let name = match stage {
			TaskStage::Drawing { .. } => "drawing",
			TaskStage::Answering { .. } => "answering",
			TaskStage::Settling { .. } => "settling",
			TaskStage::Recomputing { .. } => "recomputing",
			TaskStage::Challenge { .. } => "challenge",
		};
		*self.tasks.entry(name).or_default() += 1;
	}
}

/// The registered metrics.
pub struct Metrics {
	/// Finalized blocks by whether they could be read.
	pub blocks: CounterVec<U64>,
	height: Gauge<U64>,
	work_blocks: Counter<U64>,
	seal_age: Gauge<U64>,
	threshold: Gauge<F64>,
	queue: Gauge<F64>,
	reward: Gauge<F64>,
	mined: CounterVec<F64>,
	accrual: Gauge<F64>,
	base_fee: Gauge<F64>,
	fullness: Gauge<F64>,
	burned: Counter<F64>,
	rounds: GaugeVec<U64>,
	tasks: GaugeVec<U64>,
	live: Gauges,
	families: BTreeMap<Family, CounterVec<F64>>,
}

impl Metrics {
	/// Registers the metrics. All label values that can occur are exported at once, with the value 0.
	///
	/// # Errors
	///
	/// Fails if the registry has a metric of one of the names.
	pub fn register(registry: &Registry) -> Result<Self, PrometheusError> {
		let counts = |name: &str, help: &str, label: &str, values: &[&str]| -> Result<CounterVec<F64>, PrometheusError> {
			let metric = register(CounterVec::new(Opts::new(name, help), &[label])?, registry)?;
			values.iter().for_each(|value| drop(metric.with_label_values(&[value])));
			Ok(metric)
		};
		let by_stage = |name: &str, help: &str, stages: &[&str]| by_label(registry, name, help, "stage", stages);
		let blocks = CounterVec::new(
			Opts::new("doin_observed_blocks_total", "Finalized blocks by whether they could be read"),
			&["result"],
		)?;
		["read", "no_state", "older", "unknown"].iter().for_each(|result| drop(blocks.with_label_values(&[result])));
		let gauge = |name: &str, help: &str| register(Gauge::<F64>::new(name, help)?, registry);
		let number = |name: &str, help: &str| register(Gauge::<U64>::new(name, help)?, registry);
		Ok(Self {
			blocks: register(blocks, registry)?,
			height: number("doin_observed_block_height", "Finalized block that the other metrics of DOIN were read at")?,
			work_blocks: register(Counter::new("doin_work_blocks_total", "Work blocks sealed since genesis")?, registry)?,
			seal_age: number("doin_work_seal_age_blocks", "Blocks since the last work block, or since genesis")?,
			threshold: gauge("doin_work_threshold_bits", "Threshold T of the next work block, in bits: the difficulty")?,
			queue: gauge("doin_work_queue_bits", "Effective improvement that waits for a work block, in bits")?,
			reward: gauge("doin_work_reward_doin", "Reward R of a full next work block, in DOIN")?,
			mined: counts(
				"doin_work_minted_doin_total",
				"Amount minted by work blocks since genesis, in DOIN, by the origin of the sums that decided it",
				"backing",
				&["quorum", "runtime"],
			)?,
			accrual: gauge("doin_work_era_accrual_doin", "Share of the validators that accrued in this era, in DOIN")?,
			base_fee: gauge(
				"doin_fee_market_base_fee_plancks",
				"Base fee per gas, in plancks; a gas is a microsecond of reference time",
			)?,
			fullness: gauge("doin_fee_market_fullness_ratio", "Fullness of the last block that was open to transactions")?,
			burned: register(
				Counter::new("doin_fee_market_burned_doin_total", "Base fees burned since genesis, in DOIN")?,
				registry,
			)?,
			rounds: by_stage("doin_open_rounds", "Undecided rounds by stage", &ROUND_STAGES)?,
			tasks: by_stage("doin_open_recomputations", "Recomputation tasks that are not final, by stage", &TASK_STAGES)?,
			live: Gauges::register(registry)?,
			families: FAMILIES
				.iter()
				.map(|(family, name, help, label, values)| Ok((*family, counts(name, help, label, values)?)))
				.collect::<Result<_, PrometheusError>>()?,
		})
	}

	/// Adds to a counter of events.
	pub fn add(&self, count: Count) {
		if let Some(metric) = self.families.get(&count.family) {
			metric.with_label_values(&[count.label]).inc_by(count.amount);
		}
	}

	/// Shows the state of block `number`.
	pub fn show<AccountId>(&self, number: BlockNumber, work: &WorkView<AccountId>, fees: &FeeMarketView) {
		self.height.set(number.into());
		self.work_blocks.inc_by(work.work_blocks.saturating_sub(self.work_blocks.get()));
		let sealed = work.last_seal.as_ref().map_or(0, |seal| seal.block);
		self.seal_age.set(number.saturating_sub(sealed).into());
		self.threshold.set(bits(work.threshold));
		self.queue.set(bits(work.queued));
		self.reward.set(doin(work.reward));
		for (backing, minted) in [("quorum", work.backed_by_quorum), ("runtime", work.backed_by_runtime)] {
			let counter = self.mined.with_label_values(&[backing]);
			counter.inc_by(missing(counter.get(), doin(minted)));
		}
		self.accrual.set(doin(work.era_accrual));
		self.base_fee.set(fees.base_fee as f64);
		self.fullness.set(ratio(fees.fullness));
		self.burned.inc_by(missing(self.burned.get(), doin(fees.burned)));
	}

	/// Shows the numbers of streams, reporters, markets and rounds of forecasts.
	pub fn show_live(&self, live: &Live) {
		self.live.show(live);
	}

	/// Shows the numbers of rounds and tasks by stage.
	pub fn show_stages(&self, stages: &Stages) {
		let shown = [(&self.rounds, ROUND_STAGES, &stages.rounds), (&self.tasks, TASK_STAGES, &stages.tasks)];
		for (metric, names, numbers) in shown {
			for name in names {
				metric.with_label_values(&[name]).set(numbers.get(name).copied().unwrap_or(0));
			}
		}
	}
}
