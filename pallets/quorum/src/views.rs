//! What runtime APIs answer from.

use crate::{
	types::{Answer, Request, Stage},
	Config, Evaluators, Pallet, Requests, Truths,
};
use alloc::vec::Vec;
use doin_primitives::{
	views::{EvaluatorSeatView, QuorumPhase, QuorumView},
	Balance, DomainId, RoundId,
};

impl<T: Config> Pallet<T> {
	/// What `who` has bonded; 0 for an account that is no evaluator.
	pub fn bond_of(who: &T::AccountId) -> Balance {
		Evaluators::<T>::get(who).map_or(0, |evaluator| evaluator.bond)
	}

	/// Open recomputations of `domain`, oldest first. Visits every open one: for runtime APIs only.
	pub fn quorums(domain: DomainId) -> Vec<QuorumView<T::AccountId>> {
		let mut open: Vec<_> = Requests::<T>::iter().filter(|(round, _)| round.domain == domain).collect();
		open.sort_by_key(|(round, _)| round.number);
		open.into_iter().map(|(round, request)| Self::view(round, request)).collect()
	}

	/// The recomputation of `round`, while it is open.
	pub fn quorum(round: RoundId) -> Option<QuorumView<T::AccountId>> {
		Some(Self::view(round, Requests::<T>::get(round)?))
	}

	fn view(round: RoundId, request: Request<T::AccountId>) -> QuorumView<T::AccountId> {
		let (phase, phase_end) = match request.stage {
			Stage::Drawing { .. } => (QuorumPhase::Drawing, request.due),
			Stage::Answering { commits_until, .. } if Self::now() < commits_until => (QuorumPhase::Answering, commits_until),
			Stage::Answering { reveals_until, .. } => (QuorumPhase::Revealing, reveals_until),
			Stage::Settling { until, .. } => (QuorumPhase::Settling, until),
			Stage::Replaying { until, .. } => (QuorumPhase::Replaying, until),
			Stage::Challenge { until } => (QuorumPhase::Challenge, until),
		};
		let seat = |member: crate::types::Member<T::AccountId>| EvaluatorSeatView {
			committed: !matches!(member.answer, Answer::Awaited | Answer::Missed),
			revealed: matches!(member.answer, Answer::Revealed | Answer::False),
			who: member.who,
		};
		let truth = Truths::<T>::get(round).map(|truth| truth.into_iter().map(|sums| sums.into_inner()).collect());
		QuorumView {
			round,
			phase,
			phase_end,
			seed: request.seed,
			models: request.models.into_inner(),
			class: request.class,
			seats: request.members.into_iter().map(seat).collect(),
			truth: truth.unwrap_or_default(),
		}
	}
}
