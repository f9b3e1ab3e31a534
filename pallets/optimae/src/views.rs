//! Views of the pallet's storage for runtime APIs.

use crate::{
	types::{Record, Round, Stage, StoredModel},
	Config, Contenders, Models, Pallet, Pending, Records, Rounds,
};
use alloc::vec::Vec;
use doin_primitives::{
	round::Phase,
	views::{ChampionView, RoundView, SeatView},
	Balance, BlockNumber, DomainId, ModelRef, RoundId, TaskId,
};
use doin_scoring::verdict::loss;
use doin_traits::{block::current_block, Domains, EvidenceSource, Timing};

/// Phase of a round, and its windows.
struct Schedule {
	/// Phase at this block.
	phase: Phase,
	/// First block after this phase.
	phase_end: BlockNumber,
	/// Block until which the evidence can arrive, if it is awaited.
	awaited_until: Option<BlockNumber>,
	/// First block in which reveals are taken.
	reveal_from: BlockNumber,
	/// First block in which reveals are not taken any more.
	reveal_until: BlockNumber,
}

impl<T: Config> Pallet<T> {
	/// Returns the round that the grid of `domain` is in at this block, with its seats.
	pub fn round_view(domain: DomainId) -> Option<RoundView<T::AccountId>> {
		Self::view(T::Timing::rounds().place(domain, current_block::<T>()).round, None)
	}

	/// Returns a given round, while it is undecided.
	pub fn open_round(id: RoundId) -> Option<RoundView<T::AccountId>> {
		Self::view(id, Some(Rounds::<T>::get(id)?))
	}

	/// Returns the recomputation tasks of the undecided rounds of `domain`, oldest first. Reads at most
	/// [`MAX_PENDING`](crate::types::MAX_PENDING) rounds.
	pub fn tasks(domain: DomainId) -> Vec<TaskId> {
		let pending = Pending::<T>::get(domain).into_iter();
		pending.filter_map(|number| Rounds::<T>::get(RoundId { domain, number })?.task()).collect()
	}

	/// Returns the fee of the next seat in the current round of `domain`, in plancks.
	pub fn next_seat_fee(domain: DomainId) -> Option<Balance> {
		Self::round_view(domain).map(|view| view.next_seat_fee)
	}

	/// Returns the champion of `domain`.
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
			loss: loss(champion.error, champion.initial_error),
			validation_error: champion.validation_error,
			genes: stored.as_ref().map(|stored| stored.genes.to_vec()).unwrap_or_default(),
			bytes: stored.map_or(0, |stored| stored.bytes.len() as u32),
		})
	}

	/// Returns the record of a submitted model, or `None` for a baseline and for a model that is not stored.
	pub fn stored(model: &ModelRef) -> Option<StoredModel<T::AccountId>> {
		match model {
			ModelRef::Stored(id) => Models::<T>::get(id),
			ModelRef::RepeatLast
			| ModelRef::Seasonal
			| ModelRef::Origin
			| ModelRef::Linear
			| ModelRef::Constant
			| ModelRef::BuiltIn => None,
		}
	}

	/// Returns the results of the seats of `who`.
	pub fn record(who: &T::AccountId) -> Record {
		Records::<T>::get(who)
	}

	/// Returns the view of a round: of `round`, or of the stored one.
	fn view(id: RoundId, round: Option<Round<T::AccountId>>) -> Option<RoundView<T::AccountId>> {
		let spec = T::Domains::spec(id.domain)?;
		let state = T::Domains::state(id.domain)?;
		let round = round.or_else(|| Rounds::<T>::get(id));
		let optimizers = round.iter().flat_map(|round| round.seats.iter().map(|seat| seat.who.clone()));
		let service = Self::service(id.domain, &spec, &state, optimizers);
		let is_awaited = spec.evidence.kind().is_awaited();
		let round = round.unwrap_or_else(|| Round::new(service.sale(), (!is_awaited).then(Default::default)));
		let schedule = Self::schedule(id, &round, is_awaited);
		let price = Self::price(id, &spec, &state, service, &round);
		let evidence = round.evidence;
		let seats = round.seats.into_iter().map(|seat| SeatView {
			who: seat.who,
			commitment: seat.commitment,
			status: seat.status,
			model: seat.model.map(ModelRef::Stored),
			fee: seat.fee,
		});
		Some(RoundView {
			round: id,
			phase: schedule.phase,
			phase_end: schedule.phase_end,
			awaited_until: schedule.awaited_until,
			evidence,
			stake: spec.evidence.stake(),
			reveal_from: schedule.reveal_from,
			reveal_until: schedule.reveal_until,
			next_seat_fee: price.fee,
			seat_hold: price.hold,
			seats: seats.collect(),
			contender: Contenders::<T>::get(id.domain).map(|contender| ModelRef::Stored(contender.model)),
		})
	}

	/// Returns phase and windows of a round: those of the grid of its domain, unless its evidence is awaited.
	fn schedule(id: RoundId, round: &Round<T::AccountId>, is_awaited: bool) -> Schedule {
		let (rounds, now) = (T::Timing::rounds(), current_block::<T>());
		let place = rounds.place(id.domain, now);
		let (commits_end, closing) = rounds.reveal_window(id);
		let grid = Schedule {
			phase: place.phase,
			phase_end: place.phase_end,
			awaited_until: None,
			reveal_from: commits_end,
			reveal_until: closing,
		};
		if !is_awaited {
			return grid;
		}
		match round.stage {
			Stage::Collecting | Stage::Awaiting => {
				let awaited_until = T::Evidence::awaited_until(id);
				let latest = awaited_until.unwrap_or(commits_end.saturating_add(rounds.evidence));
				let (phase, phase_end) = match (now < commits_end, round.seats.is_empty()) {
					(true, _) => (Phase::Commit, commits_end),
					// Nothing is awaited for a round without seats.
					(false, true) => (Phase::Evidence, place.phase_end),
					(false, false) => (Phase::Evidence, latest.max(now.saturating_add(1))),
				};
				let reveal_until = latest.saturating_add(rounds.reveal);
				Schedule { phase, phase_end, awaited_until, reveal_from: latest, reveal_until }
			}
			Stage::Revealing { until, extended, .. } => {
				let length = rounds.reveal.saturating_mul(if extended { 2 } else { 1 });
				let reveal_from = until.saturating_sub(length);
				Schedule { phase: Phase::Reveal, phase_end: until, awaited_until: None, reveal_from, reveal_until: until }
			}
			// The reveals have ended.
			Stage::Waiting | Stage::Evaluating { .. } => {
				let phase = if place.phase == Phase::Reveal { Phase::Evidence } else { place.phase };
				Schedule { phase, reveal_until: now, ..grid }
			}
		}
	}
}
