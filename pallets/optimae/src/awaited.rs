//! Rounds whose evidence comes after their commits: from the end of the commits to that of the reveals.

use crate::{
	types::{Round, Stage},
	AgendaOf, Config, Event, Pallet, Rounds, WeightInfo, LOG_TARGET,
};
use doin_primitives::{evidence::EXTENDING_RISE, Balance, EvidenceKind, EvidenceRef, RoundId, SeatStatus, UnpaidReason};
use doin_traits::{block::current_block, BaseFee, Domains, EvidenceSource, OnEvidence, Timing};
use frame_support::{defensive, weights::Weight};

impl<T: Config> Pallet<T> {
	/// Asks for the evidence of a round whose commits have ended. A round that can get none ends, and everything is returned.
	pub(crate) fn request_evidence(id: RoundId, mut round: Round<T::AccountId>) {
		round.stage = Stage::Awaiting;
		Rounds::<T>::insert(id, &round);
		match T::Evidence::request(id) {
			Ok(()) => Self::deposit_event(Event::EvidenceAwaited { round: id }),
			Err(error) => {
				log::warn!(target: LOG_TARGET, "round {id:?} is void: its evidence cannot be requested: {error:?}");
				let kind = T::Domains::spec(id.domain).map(|spec| spec.evidence.kind());
				let is_live = kind == Some(EvidenceKind::Live);
				let reason = if is_live { UnpaidReason::TooFewBars } else { UnpaidReason::EvidenceMissing };
				Self::void(id, round, reason, None);
			}
		}
	}

	/// Ends the reveal window of a round whose evidence was awaited, or doubles it once if a seat is not revealed and the base
	/// fee has risen above [`EXTENDING_RISE`] times that at the start of the window.
	///
	/// A missing reveal is not excused: every account knows the evidence by now, so an excuse would be an option to take back
	/// seats that would lose.
	pub(crate) fn end_reveals(id: RoundId, mut round: Round<T::AccountId>, start_fee: Balance, extended: bool) {
		let is_missing = round.seats.iter().any(|seat| seat.status == SeatStatus::Committed);
		let has_risen = T::BaseFee::base_fee() > start_fee.saturating_mul(EXTENDING_RISE);
		if extended || !is_missing || !has_risen {
			return Self::close(id, round);
		}
		let now = current_block::<T>();
		let until = now.saturating_add(T::Timing::rounds().reveal);
		round.stage = Stage::Revealing { until, base_fee: start_fee, extended: true };
		Rounds::<T>::insert(id, round);
		AgendaOf::<T>::schedule(now, until, id);
		Self::deposit_event(Event::WindowExtended { round: id, until });
	}

	/// Returns a round that waits for its evidence.
	fn awaiting(id: RoundId) -> Option<Round<T::AccountId>> {
		let round = Rounds::<T>::get(id).filter(|round| round.stage == Stage::Awaiting);
		if round.is_none() {
			defensive!("evidence must be reported once, for a round that awaits it", id);
		}
		round
	}
}

impl<T: Config> OnEvidence for Pallet<T> {
	fn stands(id: RoundId, evidence: EvidenceRef) {
		let Some(mut round) = Self::awaiting(id) else { return };
		let now = current_block::<T>();
		let until = now.saturating_add(T::Timing::rounds().reveal);
		round.evidence = Some(evidence);
		round.stage = Stage::Revealing { until, base_fee: T::BaseFee::base_fee(), extended: false };
		Rounds::<T>::insert(id, round);
		AgendaOf::<T>::schedule(now, until, id);
		Self::deposit_event(Event::RevealsOpened { round: id, evidence, until });
	}

	fn failed(id: RoundId, reason: UnpaidReason) {
		if let Some(round) = Self::awaiting(id) {
			Self::void(id, round, reason, None);
		}
	}

	fn stands_weight() -> Weight {
		T::WeightInfo::evidence_stands()
	}

	/// Returns the weight of ending a round with as many seats as possible, whose models are stored; these have none.
	fn failed_weight() -> Weight {
		T::WeightInfo::close()
	}
}
