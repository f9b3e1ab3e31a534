//! Rounds that the commitments of an account are in, as far as they can be read.

use doin_chain::Account;
use doin_primitives::{views::RoundView, RoundId};
use std::{
	collections::{BTreeMap, BTreeSet},
	future::Future,
};

/// Rounds that were read. A read that fails concerns its own round only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenRounds {
	/// Undecided rounds.
	pub(super) open: BTreeMap<RoundId, RoundView<Account>>,
	/// Rounds that could not be read.
	pub(super) unread: BTreeSet<RoundId>,
}

impl OpenRounds {
	/// Reads `rounds` one by one with `read`, which returns `None` for a decided round. Returns the failures beside the rounds.
	pub(super) async fn read<R, E>(rounds: BTreeSet<RoundId>, read: impl Fn(RoundId) -> R) -> (Self, Vec<E>)
	where
		R: Future<Output = Result<Option<RoundView<Account>>, E>>,
	{
		let (mut found, mut failures) = (Self::default(), Vec::new());
		for round in rounds {
			match read(round).await {
				Ok(Some(open)) => {
					found.open.insert(round, open);
				}
				Ok(None) => {}
				Err(failure) => {
					found.unread.insert(round);
					failures.push(failure);
				}
			}
		}
		(found, failures)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{round, round_id};
	use doin_primitives::round::Phase;

	#[tokio::test]
	async fn a_read_that_fails_concerns_its_own_round_only() {
		let rounds = [5, 6, 7].map(round_id).into();
		let read = |asked: RoundId| async move {
			match asked.number {
				5 => Err("the node did not answer"),
				6 => Ok(None),
				number => Ok(Some(round(number, Phase::Reveal))),
			}
		};
		let (found, failures) = OpenRounds::read(rounds, read).await;
		assert_eq!(failures, ["the node did not answer"]);
		assert_eq!(found.unread, [round_id(5)].into());
		assert_eq!(found.open.keys().copied().collect::<Vec<_>>(), [round_id(7)], "a decided round is not open");
	}
}
