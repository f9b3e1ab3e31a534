//! Optimizers of a worker that were started.

use crate::{plan::OptimizedDomain, retry::Retry};
use doin_primitives::{BlockNumber, DomainId};
use std::collections::BTreeMap;

/// Optimizers that have been started, one per domain.
#[derive(Debug, Default)]
pub(crate) struct Begun(BTreeMap<DomainId, Start>);

/// Start of an optimizer.
#[derive(Clone, Copy, Debug)]
struct Start {
	retry: Retry,
	state: State,
	/// It searches, apart from revealing what is committed.
	searches: bool,
}

/// State of an optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
	Running,
	/// It failed, and is started again.
	Failed,
	/// Its search has ended, and its verdicts have been awaited. It is not started again.
	Done,
	/// Everything was revealed in a domain that was not optimized. A search may begin.
	Revealed,
}

impl Begun {
	/// Returns `true` if no optimizer was started.
	pub(crate) fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// Returns the number of searches that run.
	pub(crate) fn searches(&self) -> usize {
		self.0.values().filter(|start| start.state == State::Running && start.searches).count()
	}

	/// Returns `true` if the optimizer of a domain can be started at this block.
	pub(crate) fn may_begin(&self, domain: &OptimizedDomain, block: BlockNumber) -> bool {
		let Some(start) = self.0.get(&domain.id) else { return true };
		match start.state {
			State::Running | State::Done => false,
			State::Failed => start.retry.is_due(block),
			// An entry that a reorganisation has opened again may still have to be revealed.
			State::Revealed => domain.config.optimize || start.retry.is_due(block),
		}
	}

	/// Records that the optimizer of a domain was started.
	pub(crate) fn begin(&mut self, domain: &OptimizedDomain) {
		let retry = self.0.get(&domain.id).map_or(Retry::default(), |start| start.retry);
		self.0.insert(domain.id, Start { retry, state: State::Running, searches: domain.config.optimize });
	}

	/// Records that the optimizer of a domain failed at this block. Returns the block in which it is started again.
	pub(crate) fn fail(&mut self, domain: DomainId, block: BlockNumber) -> BlockNumber {
		let start = self.start(domain);
		start.state = State::Failed;
		start.retry.fail(block)
	}

	/// Records that the optimizer of a domain ended at this block.
	pub(crate) fn end(&mut self, domain: DomainId, block: BlockNumber) {
		let start = self.start(domain);
		match start.searches {
			true => start.state = State::Done,
			false => {
				start.state = State::Revealed;
				start.retry.rest(block);
			}
		}
	}

	fn start(&mut self, domain: DomainId) -> &mut Start {
		let failed = Start { retry: Retry::default(), state: State::Failed, searches: false };
		self.0.entry(domain).or_insert(failed)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::DomainConfig;

	fn domain(id: DomainId, optimize: bool) -> OptimizedDomain {
		OptimizedDomain { id, config: DomainConfig { domain_id: Some(id), optimize, ..Default::default() } }
	}

	/// A node that is away for a moment must not end the work on a domain, whose commitments have to be revealed.
	#[test]
	fn an_optimizer_that_cannot_start_is_started_again() {
		let mut begun = Begun::default();
		let (third, fourth) = (domain(3, true), domain(4, true));
		assert!(begun.may_begin(&third, 100) && begun.is_empty());
		begun.begin(&third);
		assert!(!begun.may_begin(&third, 100) && begun.may_begin(&fourth, 100));
		assert_eq!([begun.fail(3, 100), begun.fail(3, 101), begun.fail(3, 103)], [101, 103, 107]);
		assert!(!begun.may_begin(&third, 106) && begun.may_begin(&third, 107));
		begun.begin(&third);
		assert!(!begun.may_begin(&third, 200), "it runs");
		begun.end(3, 200);
		assert!(!begun.may_begin(&third, 9_999), "its search has ended");
	}

	/// The weight of a domain returns after everything was revealed in it.
	#[test]
	fn k43_a_search_begins_after_everything_was_revealed() {
		let mut begun = Begun::default();
		let (reveals, searches) = (domain(3, false), domain(3, true));
		begun.begin(&reveals);
		assert_eq!(begun.searches(), 0, "it has no share of the threads");
		assert!(!begun.may_begin(&searches, 100), "two optimizers would send the same reveal");
		begun.end(3, 100);
		assert!(begun.may_begin(&searches, 100) && !begun.may_begin(&reveals, 101) && begun.may_begin(&reveals, 164));
		begun.begin(&searches);
		assert_eq!(begun.searches(), 1);
		begun.fail(3, 200);
		assert_eq!(begun.searches(), 0);
	}
}
