//! What runtime APIs ask of this pallet.

use crate::{types::SeatState, *};
use doin_primitives::views::{ChampionView, RoundView, SeatStatus, SeatView};

impl<T: Config> Pallet<T> {
	/// The round that the grid of `domain` is in at this block, with its seats if anybody has committed.
	pub fn round_view(domain: DomainId) -> Option<RoundView<T::AccountId>> {
		Self::view(T::Timing::rounds().place(domain, Self::now()).round, None)
	}

	/// A given round, as long as it is not decided.
	pub fn open_round(id: RoundId) -> Option<RoundView<T::AccountId>> {
		Self::view(id, Some(Rounds::<T>::get(id)?))
	}

	/// Fee of the next seat in the current round of `domain`.
	pub fn next_seat_fee(domain: DomainId) -> Option<Balance> {
		Self::round_view(domain).map(|view| view.next_seat_fee)
	}

	/// The champion of `domain`.
	pub fn champion_view(domain: DomainId) -> Option<ChampionView<T::AccountId>> {
		let champion = T::Domains::state(domain)?.champion;
		let stored = Self::stored(&champion.model);
		Some(ChampionView {
			model: champion.model,
			author: champion.author,
			round: champion.round,
			block: champion.block,
			error: champion.error,
			initial_error: champion.initial_error,
			loss: doin_scoring::verdict::loss(champion.error, champion.initial_error),
			validation_error: champion.validation_error,
			genes: stored.as_ref().map(|stored| stored.genes.to_vec()).unwrap_or_default(),
			bytes: stored.map_or(0, |stored| stored.bytes.len() as u32),
		})
	}

	/// The record of a submitted model; `None` for a baseline.
	pub fn stored(model: &ModelRef) -> Option<StoredModel<T::AccountId>> {
		match model {
			ModelRef::Stored(id) => Models::<T>::get(id),
			_ => None,
		}
	}

	/// What has become of the seats of `who`.
	pub fn record(who: &T::AccountId) -> Record {
		Records::<T>::get(who)
	}

	fn view(id: RoundId, round: Option<Round<T::AccountId>>) -> Option<RoundView<T::AccountId>> {
		let spec = T::Domains::spec(id.domain)?;
		let rounds = T::Timing::rounds();
		let place = rounds.place(id.domain, Self::now());
		let (reveal_from, reveal_until) = rounds.reveal_window(id);
		let seats = round.or_else(|| Rounds::<T>::get(id)).map(|round| round.seats).unwrap_or_default();
		let price = Self::price(id.domain, spec.class(), seats.len() as u32);
		let seats = seats.into_iter().map(|seat| SeatView {
			who: seat.who,
			commitment: seat.commitment,
			status: match seat.state {
				SeatState::Committed | SeatState::Unrevealed => SeatStatus::Committed,
				SeatState::Revealed => SeatStatus::Revealed,
				SeatState::Rejected => SeatStatus::Rejected,
			},
			model: seat.model.map(ModelRef::Stored),
			fee: seat.fee,
		});
		Some(RoundView {
			round: id,
			phase: place.phase,
			phase_end: place.phase_end,
			reveal_from,
			reveal_until,
			next_seat_fee: price.whole,
			seat_hold: price.hold,
			seats: seats.collect(),
			contender: Contenders::<T>::get(id.domain).map(|contender| ModelRef::Stored(contender.model)),
		})
	}
}
