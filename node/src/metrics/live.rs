//! Streams, reporters, markets and rounds of forecasts: the numbers of a block, and their metrics.

use super::export::{by_label, doin};
use doin_primitives::{
	views::{PollView, StreamView},
	Balance, BlockNumber,
};
use pallet_doin_forecasts::types::{Market, Stage};
use std::collections::BTreeMap;
use substrate_prometheus_endpoint::{register, Gauge, GaugeVec, PrometheusError, Registry, F64, U64};

/// States of a stream.
pub const STREAM_STATES: [&str; 2] = ["awake", "asleep"];
/// States of a reporter once the commitments of a poll are over.
pub const REPORTER_STATES: [&str; 2] = ["committed", "absent"];
/// Stages of a round of forecasts.
pub const FORECAST_STAGES: [&str; 5] = ["committing", "waiting", "revealing", "closed", "void"];

/// Numbers of one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
	/// Streams by state. A state without streams is absent.
	pub streams: BTreeMap<&'static str, u64>,
	/// Bars of awake streams whose batches have ended and are not counted.
	pub late_bars: u64,
	/// Sum of the pots of streams, in plancks.
	pub stream_pots: Balance,
	/// Reporters of the open poll by state; `None` unless its commitments are over.
	pub reporters: Option<BTreeMap<&'static str, u64>>,
	/// Rounds of forecasts with seats that are not collected, and open ones, by stage. A stage without rounds is absent.
	pub rounds: BTreeMap<&'static str, u64>,
	/// Wagers of open rounds, in plancks.
	pub wagers: Balance,
	/// Sum of the pots of markets, in plancks.
	pub market_pots: Balance,
}

impl Live {
	/// Counts a stream.
	pub fn add_stream<AccountId>(&mut self, stream: &StreamView<AccountId>) {
		let state = if stream.awake { "awake" } else { "asleep" };
		*self.streams.entry(state).or_default() += 1;
		self.stream_pots = self.stream_pots.saturating_add(stream.pot);
		// A stream of genesis has no first bar before block 1.
		if stream.awake && stream.start > 0 {
			let batch = u64::from(stream.batch.max(1));
			let ended = stream.running.saturating_sub(stream.next) / batch;
			self.late_bars = self.late_bars.saturating_add(ended.saturating_mul(batch));
		}
	}

	/// Counts the reporters of a poll in block `number`.
	pub fn add_poll<AccountId>(&mut self, number: BlockNumber, poll: &PollView<AccountId>) {
		if poll.is_open && number >= poll.commits_until {
			let committed = poll.reporters.iter().filter(|reporter| reporter.committed).count();
			let absent = poll.reporters.len() - committed;
			self.reporters = Some([("committed", committed as u64), ("absent", absent as u64)].into());
		}
	}

	/// Counts a market.
	pub fn add_market(&mut self, market: &Market) {
		self.market_pots = self.market_pots.saturating_add(market.pot);
	}

	/// Counts a round of forecasts in which `wagers` plancks are staked.
	pub fn add_round(&mut self, stage: &Stage, wagers: Balance) {
		let name = match stage {
			Stage::Committing { .. } => "committing",
			Stage::Waiting { .. } => "waiting",
			Stage::Revealing(_) => "revealing",
			Stage::Closed { .. } => "closed",
			Stage::Void => "void",
		};
		*self.rounds.entry(name).or_default() += 1;
		if stage.is_open() {
			self.wagers = self.wagers.saturating_add(wagers);
		}
	}
}

/// The registered metrics.
pub struct Gauges {
	streams: GaugeVec<U64>,
	late_bars: Gauge<U64>,
	stream_pots: Gauge<F64>,
	reporters: GaugeVec<U64>,
	rounds: GaugeVec<U64>,
	wagers: Gauge<F64>,
	market_pots: Gauge<F64>,
}

impl Gauges {
	/// Registers the metrics. All label values that can occur are exported at once, with the value 0.
	///
	/// # Errors
	///
	/// Fails if the registry has a metric of one of the names.
	pub fn register(registry: &Registry) -> Result<Self, PrometheusError> {
		let amount = |name: &str, help: &str| register(Gauge::<F64>::new(name, help)?, registry);
		Ok(Self {
			streams: by_label(registry, "doin_streams", "Streams of bars by state", "state", &STREAM_STATES)?,
			late_bars: register(
				Gauge::new("doin_late_bars", "Bars of awake streams whose batches have ended and are not counted")?,
				registry,
			)?,
			stream_pots: amount("doin_stream_pots_doin", "Pots of streams, from which reporters are paid, in DOIN")?,
			reporters: by_label(
				registry,
				"doin_poll_reporters",
				"Reporters of the last poll that was read after its commitments, by whether they have committed",
				"state",
				&REPORTER_STATES,
			)?,
			rounds: by_label(
				registry,
				"doin_forecast_rounds",
				"Rounds of forecasts that are open or have seats to collect, by stage",
				"stage",
				&FORECAST_STAGES,
			)?,
			wagers: amount("doin_forecast_wagers_doin", "Wagers staked in open rounds of forecasts, in DOIN")?,
			market_pots: amount("doin_market_pots_doin", "Pots of markets, from which gains are paid, in DOIN")?,
		})
	}

	/// Shows the numbers of a block. Those of reporters stay until the next poll.
	pub fn show(&self, live: &Live) {
		show_labels(&self.streams, &STREAM_STATES, &live.streams);
		self.late_bars.set(live.late_bars);
		self.stream_pots.set(doin(live.stream_pots));
		if let Some(reporters) = &live.reporters {
			show_labels(&self.reporters, &REPORTER_STATES, reporters);
		}
		show_labels(&self.rounds, &FORECAST_STAGES, &live.rounds);
		self.wagers.set(doin(live.wagers));
		self.market_pots.set(doin(live.market_pots));
	}
}

/// Shows numbers by label. A value of the label that is absent has the number 0.
fn show_labels(metric: &GaugeVec<U64>, values: &[&str], numbers: &BTreeMap<&'static str, u64>) {
	for value in values.iter().copied() {
		metric.with_label_values(&[value]).set(numbers.get(value).copied().unwrap_or(0));
	}
}
