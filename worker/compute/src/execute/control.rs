//! Parameters of a run: grouping, stop, time limit and observer.

use super::TrainingRun;
use crate::train::stopping::StoppingRule;
use std::{fmt, sync::atomic::AtomicBool, time::Duration};

/// Dependence of the candidates of a run on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
	/// Every candidate is trained to its last epoch, independently of all others. No learning curve is recorded.
	Independent,
	/// Candidates compete in brackets of [`BRACKET`](crate::BRACKET), in their order, under a stopping rule. Learning curves are
	/// recorded.
	Brackets(StoppingRule),
}

/// Receives progress, from any thread. By default, all of it is ignored.
#[allow(unused_variables)]
pub trait Observer: Sync {
	/// Called with the early-stopping error of a candidate after an epoch, under [`Grouping::Brackets`]. After a fault of a
	/// device, some epochs are reported twice.
	fn epoch(&self, error: u128) {}

	/// Called when candidates have been trained for `epochs` further epochs, all together, under [`Grouping::Independent`]. A
	/// device is at most two submissions behind; after a fault of a device, some epochs are reported twice.
	fn advanced(&self, epochs: usize) {}

	/// Called once for each candidate, with its index, when it is evaluated or has failed.
	fn finished(&self, index: usize, run: &TrainingRun) {}
}

/// Ignores all progress.
impl Observer for () {}

/// Stop, time limit and observer of a run.
#[derive(Clone, Copy)]
pub struct Control<'a> {
	/// Stops all candidates when set.
	pub stop: &'a AtomicBool,
	/// Longest training of one candidate on the CPU, under [`Grouping::Independent`]; it then ends with
	/// [`Error::Stopped`](crate::Error::Stopped).
	pub time_limit: Option<Duration>,
	/// Receives progress.
	pub observer: &'a dyn Observer,
	/// `true` if candidates that [`stop`](Self::stop) interrupts end with the net of their best epoch so far, under
	/// [`Grouping::Brackets`].
	pub keep_unfinished: bool,
}

impl<'a> Control<'a> {
	/// Returns a control without a time limit or an observer.
	pub fn new(stop: &'a AtomicBool) -> Self {
		Self { stop, time_limit: None, observer: &(), keep_unfinished: false }
	}

	/// Sets the time limit.
	pub fn with_time_limit(self, time_limit: Option<Duration>) -> Self {
		Self { time_limit, ..self }
	}

	/// Keeps the best epochs of candidates that are interrupted.
	pub fn keeping_unfinished(self) -> Self {
		Self { keep_unfinished: true, ..self }
	}

	/// Sets the observer.
	pub fn with_observer(self, observer: &'a dyn Observer) -> Self {
		Self { observer, ..self }
	}
}

impl fmt::Debug for Control<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { stop, time_limit, keep_unfinished, .. } = self;
		let mut control = f.debug_struct("Control");
		control.field("stop", stop).field("time_limit", time_limit).field("keep_unfinished", keep_unfinished);
		control.finish_non_exhaustive()
	}
}
