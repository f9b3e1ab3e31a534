//! When training ends: on request, at a deadline, and by the stopping rules of a bracket.
//!
//! Successive halving (Jamieson & Talwalkar 2016) and patience compare candidates of one [bracket](BRACKET) only, epoch by epoch,
//! so their decisions do not depend on which executor trains a bracket, nor on how many brackets are trained side by side.

use std::{
	ops::Range,
	sync::atomic::{AtomicBool, Ordering},
	time::{Duration, Instant},
};

/// Candidates of a bracket, which compete in successive halving.
pub const BRACKET: usize = 64;
/// Divisors of the longest training of a bracket: after so many epochs, the better half continues.
const RUNGS: [u16; 3] = [8, 4, 2];

/// A request to stop training, checked before every training step.
pub trait StopSignal: Sync {
	/// Returns `true` if training has to stop.
	fn is_set(&self) -> bool;
}

impl StopSignal for AtomicBool {
	fn is_set(&self) -> bool {
		self.load(Ordering::Relaxed)
	}
}

/// A stop signal that is also set at a point in time.
#[derive(Clone, Copy, Debug)]
pub struct Deadline<'a> {
	stop: &'a AtomicBool,
	at: Option<Instant>,
}

impl<'a> Deadline<'a> {
	/// Returns a signal that is set with `stop`, or after `limit` from now; `None` sets no limit.
	pub fn new(stop: &'a AtomicBool, limit: Option<Duration>) -> Self {
		Self { stop, at: limit.and_then(|limit| Instant::now().checked_add(limit)) }
	}
}

impl StopSignal for Deadline<'_> {
	fn is_set(&self) -> bool {
		self.stop.is_set() || self.at.is_some_and(|at| Instant::now() >= at)
	}
}

/// Rule that ends candidates of a bracket before their last epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoppingRule {
	/// Epochs without a smaller error after which a candidate ends; `None` for no such limit.
	pub patience: Option<u16>,
	/// Successive halving: after an eighth, a quarter and a half of the longest training of a [bracket](BRACKET), the half of the
	/// candidates in training with the least errors so far continues.
	pub halving: bool,
}

/// Error of a candidate on the early-stopping set after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochError {
	/// Number of epochs trained. Epoch 0 is the linear skip alone, for candidates that are trained beside one.
	pub epoch: u16,
	/// Error sum; [`Dataset::mean_error`](crate::Dataset::mean_error) converts it to raw units.
	pub error: u128,
}

/// Least error of a candidate so far, and its epoch.
#[derive(Clone, Copy, Debug)]
struct Least {
	epoch: u16,
	error: u128,
}

/// A bracket: a range of candidates and the epochs of the longest training among them.
#[derive(Clone, Debug)]
struct Bracket {
	range: Range<usize>,
	longest: u16,
}

/// Candidates of some brackets that are trained side by side: which of them continue after each epoch. A pure state machine,
/// without any training.
#[derive(Debug)]
pub(crate) struct Survivors {
	rule: StoppingRule,
	/// Epochs that each candidate is to be trained for.
	epochs: Vec<u16>,
	brackets: Vec<Bracket>,
	least: Vec<Least>,
	/// Indices of the candidates in training.
	active: Vec<usize>,
}

impl Survivors {
	/// Returns the state before the first epoch of candidates with so many `epochs`, in brackets of `sizes`.
	pub fn new(rule: StoppingRule, epochs: Vec<u16>, sizes: &[usize]) -> Self {
		let mut end = 0;
		let bracket = |size: &usize| {
			end += size;
			let range = end - size..end;
			Bracket { longest: epochs[range.clone()].iter().copied().max().unwrap_or(0), range }
		};
		let brackets = sizes.iter().map(bracket).collect();
		let active = (0..epochs.len()).filter(|at| epochs[*at] > 0).collect();
		Self { rule, brackets, least: vec![Least { epoch: 0, error: u128::MAX }; epochs.len()], active, epochs }
	}

	/// Returns the candidates in training.
	pub fn active(&self) -> &[usize] {
		&self.active
	}

	/// Records the error of candidate `at` before its first epoch.
	pub fn record_initial(&mut self, at: usize, error: u128) {
		self.least[at].error = error;
	}

	/// Records the errors of all candidates after epoch `epoch`, and removes those that end. Errors of candidates that ended
	/// before are ignored.
	pub fn record_epoch(&mut self, epoch: u16, errors: &[u128]) {
		let Self { rule, epochs, brackets, least, active } = self;
		for at in active.iter().copied() {
			if errors[at] < least[at].error {
				least[at] = Least { epoch, error: errors[at] };
			}
		}
		let patient = |at: usize| rule.patience.is_none_or(|patience| epoch - least[at].epoch < patience);
		active.retain(|at| epoch < epochs[*at] && patient(*at));
		for Bracket { range, longest } in brackets.iter().filter(|_| rule.halving) {
			if RUNGS.iter().any(|rung| epoch == longest.div_ceil(*rung)) {
				let mut members: Vec<usize> = active.extract_if(.., |at| range.contains(at)).collect();
				members.sort_by_key(|at| (least[*at].error, *at));
				members.truncate(members.len().div_ceil(2));
				active.extend(members);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn each_bracket_is_halved_by_itself() {
		let rule = StoppingRule { patience: None, halving: true };
		let mut survivors = Survivors::new(rule, [vec![8; 4], vec![16; 2]].concat(), &[4, 2]);
		// An eighth of 8 epochs is 1, of 16 epochs 2.
		survivors.record_epoch(1, &[40, 30, 20, 10, 2, 1]);
		let sorted = |survivors: &Survivors| {
			let mut active = survivors.active().to_vec();
			active.sort_unstable();
			active
		};
		assert_eq!(sorted(&survivors), [2, 3, 4, 5]);
		survivors.record_epoch(2, &[0, 0, 20, 10, 2, 2]);
		assert_eq!(sorted(&survivors), [3, 5], "the least error so far decides, not the last one");
	}

	#[test]
	fn patience_counts_from_the_least_error() {
		let rule = StoppingRule { patience: Some(2), halving: false };
		let mut survivors = Survivors::new(rule, vec![9, 9, 2], &[3]);
		survivors.record_initial(0, 5);
		survivors.record_epoch(1, &[6, 6, 6]);
		assert_eq!(survivors.active(), [0, 1, 2]);
		survivors.record_epoch(2, &[6, 5, 5]);
		assert_eq!(survivors.active(), [1], "the first has waited for two epochs, the last is at its end");
	}

	#[test]
	fn a_deadline_is_set_by_time_or_by_request() {
		let stop = AtomicBool::new(false);
		assert!(!Deadline::new(&stop, None).is_set());
		assert!(!Deadline::new(&stop, Some(Duration::from_secs(60))).is_set());
		assert!(Deadline::new(&stop, Some(Duration::ZERO)).is_set());
		stop.store(true, Ordering::Relaxed);
		assert!(Deadline::new(&stop, None).is_set());
	}
}
