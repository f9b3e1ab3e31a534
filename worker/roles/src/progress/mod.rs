//! Progress of the searches of a worker, for displays.
//!
//! A search and its optimizer write their figures through a `Meter`, and displays read copies through [`Progress`]. Epochs are
//! counted by atomics. All other figures change at most once per candidate, behind a lock that a reader holds while it copies
//! them. A change wakes a task that tells the readers, so a search never waits for one of them.
//!
//! ```text
//! threads of the executor ── epochs, candidates ──▶ Meter ──▶ figures ──▶ Progress::searches
//! thread of the search ───── batches, immigrants ─▶   │
//! optimizer ──────────────── champion, pool ──────▶   └─ notify ─▶ announce (4 a second) ─▶ Progress::changes
//! ```

mod estimate;
mod meter;
mod rate;
#[cfg(test)]
mod tests;

pub(crate) use meter::{Meter, Position, Scale};

use crate::loss::percent_better;
use doin_chain::Account;
use doin_primitives::DomainId;
use meter::Figures;
use parking_lot::RwLock;
use std::{
	collections::BTreeMap,
	fmt,
	future::Future,
	sync::Arc,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{watch, Notify};

/// Target of log events.
const TARGET: &str = "doin::search";
/// Pause after an announcement of changes.
const PAUSE: Duration = Duration::from_millis(250);
/// Time between two log lines of a search.
const LOG_PERIOD: Duration = Duration::from_secs(600);

/// State of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum SearchState {
	/// Candidates are trained.
	Training,
	/// Every point of the search space was visited, and the search waits for more data.
	Waiting,
	/// Nothing is trained: the search has not begun, could not start, or has ended.
	Stopped,
}

/// Figures of one search at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchProgress {
	/// Domain that is searched.
	pub domain: DomainId,
	/// Account that the candidates are committed by.
	pub account: Account,
	/// State of the search.
	pub state: SearchState,
	/// Complete generations of the search.
	pub generation: u32,
	/// Stage of the search, from 1 on: the genes of this stage and of earlier ones are searched.
	pub stage: u32,
	/// Number of stages; 1 for a search of all genes from the beginning.
	pub stages: u32,
	/// Stage of the bracket, from 1 on: candidates of one stage are trained for the same part of their epochs.
	pub bracket_stage: u32,
	/// Number of stages of a bracket; 1 for a search without successive halving.
	pub bracket_stages: u32,
	/// Candidates of a generation.
	pub population: u32,
	/// Epochs that the candidates of the running batch have been trained for, together. A batch is the candidates that the search
	/// trains at a time. A linear model has no epochs.
	pub epoch: u32,
	/// Epochs of the running batch, all candidates together.
	pub total_epochs: u32,
	/// Candidates that were trained since the start of the search.
	pub candidates: u64,
	/// Candidates per hour, over the last ten minutes; `None` in the first seconds.
	pub per_hour: Option<u64>,
	/// Least validation loss of a trained candidate; 2²⁰ is the initial champion. `None` before the first candidate.
	pub best: Option<u64>,
	/// Validation loss of the champion of the domain, in the same unit; `None` until the optimizer has read it.
	pub champion: Option<u64>,
	/// Candidates that were found and not committed, of which the best 256 are kept.
	pub pool: u32,
	/// Models whose genes the search has taken in: champions, contenders and revealed candidates of other authors, and those of an earlier
	/// search of the account.
	pub immigrants: u64,
	/// Estimated time until the running batch ends, in milliseconds: the median of past batches less the time since its begin.
	/// `None` before the first complete batch, and while nothing is trained.
	pub remaining_ms: Option<u64>,
	/// Time of the start of the search, in milliseconds since 1970.
	pub since_ms: u64,
	/// CPU threads and devices that train.
	pub devices: Vec<String>,
}

/// Returns the time since a fixed moment.
type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Progress of all searches of a worker. Clones share everything.
#[derive(Clone)]
pub struct Progress(Arc<Shared>);

struct Shared {
	searches: RwLock<BTreeMap<(DomainId, Account), Arc<Figures>>>,
	/// Notified by every change.
	changed: Notify,
	/// Changes that were announced.
	announced: watch::Sender<u64>,
	clock: Clock,
	/// Moment from which the clock counts, since 1970.
	epoch: Duration,
}

impl Default for Progress {
	fn default() -> Self {
		let started = Instant::now();
		let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		Self::with_clock(Arc::new(move || started.elapsed()), epoch)
	}
}

impl fmt::Debug for Progress {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_tuple("Progress").field(&self.searches()).finish()
	}
}

impl Progress {
	fn with_clock(clock: Clock, epoch: Duration) -> Self {
		let shared =
			Shared { searches: RwLock::default(), changed: Notify::new(), announced: watch::Sender::new(0), clock, epoch };
		Self(Arc::new(shared))
	}

	/// Returns the figures of all searches, sorted by domain and account. A search that has ended is listed until another one of its
	/// domain and account begins.
	pub fn searches(&self) -> Vec<SearchProgress> {
		let now = (self.0.clock)();
		// Figures are copied after the lock is released, so that a search that begins does not wait for them.
		let searches: Vec<_> = self.0.searches.read().iter().map(|(key, figures)| (*key, figures.clone())).collect();
		let epoch = self.0.epoch;
		searches.into_iter().map(|((domain, account), figures)| figures.read(domain, account, now, epoch)).collect()
	}

	/// Returns a counter that rises after changes, at most four times a second. Several changes may raise it once. It rises
	/// while the worker runs.
	pub fn changes(&self) -> watch::Receiver<u64> {
		self.0.announced.subscribe()
	}

	/// Enters a search that begins, in place of an earlier one of its domain and account. Its losses are in the unit of `scale`.
	pub(crate) fn begin(&self, domain: DomainId, account: Account, scale: Scale) -> Meter {
		let figures = Arc::new(Figures::new(scale, (self.0.clock)()));
		self.0.searches.write().insert((domain, account), figures.clone());
		let meter = Meter::new(figures, self.0.clone());
		meter.notify();
		meter
	}

	/// Announces changes, and logs a line per search and [`LOG_PERIOD`]. Never ends.
	pub(crate) async fn announce(&self) {
		self.announce_with(|| tokio::time::sleep(PAUSE)).await;
	}

	/// Announces changes, with a `pause` after each announcement.
	async fn announce_with<P: Future<Output = ()>>(&self, pause: impl Fn() -> P) {
		let mut log_at = (self.0.clock)() + LOG_PERIOD;
		loop {
			self.0.changed.notified().await;
			self.0.announced.send_modify(|changes| *changes += 1);
			let now = (self.0.clock)();
			if now >= log_at {
				self.searches().iter().filter(|search| search.state == SearchState::Training).for_each(SearchProgress::log);
				log_at = now + LOG_PERIOD;
			}
			pause().await;
		}
	}
}

impl SearchProgress {
	/// Logs the figures.
	fn log(&self) {
		let percent = |loss: Option<u64>| loss.map(|loss| format!("{:.2}", percent_better(loss)));
		tracing::info!(
			target: TARGET,
			domain = self.domain,
			generation = self.generation,
			stage = self.stage,
			stages = self.stages,
			bracket_stage = self.bracket_stage,
			bracket_stages = self.bracket_stages,
			candidates = self.candidates,
			per_hour = self.per_hour,
			best_percent_better = percent(self.best),
			champion_percent_better = percent(self.champion),
			pool = self.pool,
			immigrants = self.immigrants,
			"search progress"
		);
	}
}
