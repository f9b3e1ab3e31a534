//! Writing side of the progress of one search.

use super::{estimate::Estimate, rate::Rate, SearchProgress, SearchState, Shared};
use doin_chain::Account;
use doin_primitives::DomainId;
use doin_scoring::verdict::loss;
use doin_search::Optimizer;
use parking_lot::Mutex;
use std::{
	fmt,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
	time::Duration,
};

/// Constant figures of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
	/// Candidates of a generation.
	pub(crate) population: u32,
	/// Validation error of the initial champion, whose loss is 2²⁰.
	pub(crate) initial_error: u64,
}

/// Position of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
	/// Complete generations.
	pub(crate) generation: u32,
	/// Present stage, from 1 on, and number of stages.
	pub(crate) stage: (u32, u32),
	/// Present stage of the bracket, from 1 on, and number of its stages.
	pub(crate) bracket_stage: (u32, u32),
}

impl Position {
	/// Position before the first candidate.
	const BEGIN: Self = Self { generation: 0, stage: (1, 1), bracket_stage: (1, 1) };

	/// Returns the position of a search.
	pub(crate) fn of(optimizer: &dyn Optimizer) -> Self {
		let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
		let stage = |stage: Option<(usize, usize)>| stage.map_or((1, 1), |(present, all)| (number(present), number(all)));
		Self {
			generation: number(optimizer.generation()),
			stage: stage(optimizer.stage()),
			bracket_stage: stage(optimizer.bracket_stage()),
		}
	}
}

/// Figures of a search, shared by its writers and readers.
pub(super) struct Figures {
	scale: Scale,
	started: Duration,
	/// Epochs that the running batch was trained for.
	epoch: AtomicU32,
	rest: Mutex<Rest>,
}

/// Figures that change at most once per candidate.
struct Rest {
	state: SearchState,
	position: Position,
	total_epochs: u32,
	candidates: u64,
	rate: Rate,
	best: Option<u64>,
	champion: Option<u64>,
	pool: u32,
	immigrants: u64,
	estimate: Estimate,
	devices: Vec<String>,
}

impl Figures {
	/// Returns the figures of a search that starts at the time `now`.
	pub(super) fn new(scale: Scale, now: Duration) -> Self {
		let rest = Rest {
			state: SearchState::Stopped,
			position: Position::BEGIN,
			total_epochs: 0,
			candidates: 0,
			rate: Rate::new(now),
			best: None,
			champion: None,
			pool: 0,
			immigrants: 0,
			estimate: Estimate::default(),
			devices: Vec::new(),
		};
		Self { scale, started: now, epoch: AtomicU32::new(0), rest: Mutex::new(rest) }
	}

	/// Returns a copy of the figures at the time `now`. The clock counts from `epoch`, the time since 1970.
	pub(super) fn read(&self, domain: DomainId, account: Account, now: Duration, epoch: Duration) -> SearchProgress {
		let rest = self.rest.lock();
		SearchProgress {
			domain,
			account,
			state: rest.state,
			generation: rest.position.generation,
			stage: rest.position.stage.0,
			stages: rest.position.stage.1,
			bracket_stage: rest.position.bracket_stage.0,
			bracket_stages: rest.position.bracket_stage.1,
			population: self.scale.population,
			// Epochs of a device that failed are trained again elsewhere.
			epoch: self.epoch.load(Ordering::Relaxed).min(rest.total_epochs),
			total_epochs: rest.total_epochs,
			candidates: rest.candidates,
			per_hour: rest.rate.per_hour(now),
			best: rest.best,
			champion: rest.champion,
			pool: rest.pool,
			immigrants: rest.immigrants,
			remaining_ms: rest.estimate.remaining(now).map(millis),
			since_ms: millis(epoch + self.started),
			devices: rest.devices.clone(),
		}
	}

	/// Returns the loss of a validation error; `None` if that of the initial champion is 0, so that nothing can be compared with it.
	fn loss(&self, error: u64) -> Option<u64> {
		Some(loss(error, self.scale.initial_error)).filter(|loss| *loss < u64::MAX)
	}
}

/// Returns a duration in milliseconds.
fn millis(duration: Duration) -> u64 {
	u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Publishes the figures of one search. Clones publish the same figures.
#[derive(Clone)]
pub(crate) struct Meter {
	figures: Arc<Figures>,
	shared: Arc<Shared>,
}

impl fmt::Debug for Meter {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Meter").field("scale", &self.figures.scale).finish_non_exhaustive()
	}
}

impl Meter {
	/// Returns a meter of `figures`.
	pub(super) fn new(figures: Arc<Figures>, shared: Arc<Shared>) -> Self {
		Self { figures, shared }
	}

	/// Publishes that a batch of candidates begins, with so many epochs together, on these CPU threads and devices.
	pub(crate) fn batch_begins(&self, total_epochs: u32, devices: Vec<String>) {
		let now = (self.shared.clock)();
		self.figures.epoch.store(0, Ordering::Relaxed);
		self.update(|rest| {
			(rest.state, rest.total_epochs, rest.devices) = (SearchState::Training, total_epochs, devices);
			rest.estimate.begin(now);
		});
	}

	/// Publishes that candidates of the running batch were trained for `epochs` further epochs, together.
	pub(crate) fn epochs_trained(&self, epochs: u32) {
		self.figures.epoch.fetch_add(epochs, Ordering::Relaxed);
		self.notify();
	}

	/// Publishes a candidate that was trained, with its error on the validation split.
	pub(crate) fn candidate_trained(&self, validation_error: u64) {
		let (now, loss) = ((self.shared.clock)(), self.figures.loss(validation_error));
		self.update(|rest| {
			rest.candidates += 1;
			rest.rate.record(now);
			rest.best = [rest.best, loss].into_iter().flatten().min();
		});
	}

	/// Publishes that a candidate of the running batch was trained for a part of its epochs. Its error is not one of a candidate.
	pub(crate) fn part_trained(&self) {
		let now = (self.shared.clock)();
		self.update(|rest| {
			rest.candidates += 1;
			rest.rate.record(now);
		});
	}

	/// Publishes that a candidate of the running batch failed, which would have been trained for `epochs` epochs.
	pub(crate) fn candidate_failed(&self, epochs: u32) {
		self.update(|rest| rest.total_epochs = rest.total_epochs.saturating_sub(epochs));
	}

	/// Publishes where the search goes on, before its first batch.
	pub(crate) fn stands_at(&self, position: Position) {
		self.update(|rest| rest.position = position);
	}

	/// Publishes that the running batch has ended, and where the search goes on.
	pub(crate) fn batch_ends(&self, position: Position) {
		let now = (self.shared.clock)();
		self.update(|rest| {
			rest.position = position;
			rest.estimate.end(now, rest.total_epochs > 0);
		});
	}

	/// Publishes that the genes of a model of another author were taken in.
	pub(crate) fn immigrant_taken(&self) {
		self.update(|rest| rest.immigrants += 1);
	}

	/// Publishes the validation error of the champion, and the candidates that were found and not committed.
	pub(crate) fn chain_read(&self, champion_error: u64, pool: u32) {
		let champion = self.figures.loss(champion_error);
		let is_known = {
			let rest = self.figures.rest.lock();
			(rest.champion, rest.pool) == (champion, pool)
		};
		if !is_known {
			self.update(|rest| (rest.champion, rest.pool) = (champion, pool));
		}
	}

	/// Publishes that the search waits for more data.
	pub(crate) fn waits(&self) {
		self.idle(SearchState::Waiting);
	}

	/// Publishes that the search has ended.
	pub(crate) fn stops(&self) {
		self.idle(SearchState::Stopped);
	}

	fn idle(&self, state: SearchState) {
		if self.figures.rest.lock().state == state {
			return;
		}
		self.update(|rest| {
			rest.state = state;
			// A batch that was stopped is not an example for others.
			rest.estimate.abandon();
		});
	}

	fn update(&self, change: impl FnOnce(&mut Rest)) {
		change(&mut self.figures.rest.lock());
		self.notify();
	}

	/// Wakes the announcer.
	pub(super) fn notify(&self) {
		self.shared.changed.notify_one();
	}
}
