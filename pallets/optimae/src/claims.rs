//! Challenges of claims, i.e. of the validation sums of candidates.

use crate::{
	fees::PenaltySplit,
	types::{Round, Stage},
	Config, Error, Event, Models, Pallet, Rounds, WeightInfo,
};
use doin_primitives::{ModelId, ModelRef, RejectionReason, RoundId, SeatStatus, SizeClass};
use doin_traits::{ChunkScorer, Domains};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, Pays, WithPostDispatchInfo},
	ensure,
};

/// One chunk sum of the claim of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimedSum {
	/// Round of the seat.
	pub round: RoundId,
	/// Index of the seat in the round.
	pub seat: u8,
	/// Index of the chunk in the validation split.
	pub chunk: u16,
}

/// Model and claimed sum that a challenge refers to.
struct Claim {
	/// Model of the seat.
	model: ModelId,
	/// Claimed sum of the chunk.
	sum: u32,
}

impl<T: Config> Pallet<T> {
	/// Proves that a claimed sum is false; see [`Call::challenge_claim`](crate::Call::challenge_claim). A call that fails before
	/// the runtime scores a chunk is not charged for it.
	pub(crate) fn do_challenge_claim(
		challenger: T::AccountId,
		claimed: ClaimedSum,
		class: SizeClass,
	) -> DispatchResultWithPostInfo {
		let ClaimedSum { round: id, seat: index, chunk } = claimed;
		let without_chunk = |error: Error<T>| error.with_weight(T::WeightInfo::challenge_claim());
		let mut round = Rounds::<T>::get(id).ok_or(Error::<T>::UnknownRound).map_err(without_chunk)?;
		let claim = Self::claim(&round, claimed, class).map_err(without_chunk)?;
		let computed = T::ChunkScorer::validation_sum(id.domain, &ModelRef::Stored(claim.model), chunk)
			.map_err(|_| Error::<T>::NotComputable)?;
		ensure!(computed != claim.sum, Error::<T>::ClaimCorrect);

		let evaluating = matches!(round.stage, Stage::Evaluating { .. });
		let seat = round.seats.get_mut(usize::from(index)).ok_or(Error::<T>::NoSuchSeat)?;
		let PenaltySplit { reward, burned } = Self::punish_claim(seat, &challenger);
		Self::reject(id, index, seat, RejectionReason::FalseClaim);
		// Evaluators need the bytes of a model whose evaluation has begun.
		if !evaluating {
			seat.model = None;
			Self::remove_model(claim.model);
		}
		Rounds::<T>::insert(id, round);
		Self::deposit_event(Event::ClaimDisproved {
			round: id,
			seat: index,
			challenger,
			chunk,
			claimed: claim.sum,
			computed,
			burned,
			reward,
		});
		Ok(Pays::No.into())
	}

	/// Returns the model and the claimed sum of a challenge.
	fn claim(round: &Round<T::AccountId>, claimed: ClaimedSum, class: SizeClass) -> Result<Claim, Error<T>> {
		let spec = T::Domains::spec(claimed.round.domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(class == spec.class(), Error::<T>::WrongClass);
		let seat = round.seats.get(usize::from(claimed.seat)).ok_or(Error::<T>::NoSuchSeat)?;
		ensure!(seat.status == SeatStatus::Revealed, Error::<T>::NotRevealed);
		let model = seat.model.ok_or(Error::<T>::NotRevealed)?;
		let stored = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let sum = *stored.validation.get(usize::from(claimed.chunk)).ok_or(Error::<T>::NoSuchChunk)?;
		Ok(Claim { model, sum })
	}
}
