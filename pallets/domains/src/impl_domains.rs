//! Domains as other pallets read and change them: rounds and champions, growing data, and votes.

use crate::{Baselines, Config, Deposits, Error, Event, HoldReason, Pages, Pallet, Specs, States, LOG_TARGET};
use alloc::vec::Vec;
use doin_primitives::{
	decay::halved,
	domain::{Champion, DomainState, ModelBytes},
	evidence::HIGH_WATER_HALF_LIFE_MS,
	settlement::Backing,
	Balance, DomainId, DomainSpec, EvidenceKind, LastRound, Page, RoundId, RoundResult, Status, UnpaidReason, Q32,
};
use doin_scoring::{math::log2_q32, verdict::loss, Program};
use doin_traits::{
	block::current_block, DomainWeights, Domains, EvidenceSource, GrowingDomains, OnCrowned, OnWeightGained, Progress, Timing,
	Votable,
};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::hold::Mutate as MutateHold,
		tokens::{Fortitude, Precision},
		Defensive,
	},
	weights::Weight,
};
use sp_runtime::Perbill;

/// Smallest amount, in plancks, in the purse of a domain that can be voted for. A commit asks for the price of a work block.
const LEAST_PURSE: Balance = 1;

impl<T: Config> Pallet<T> {
	/// Returns the high-water mark of a domain at this block, Q32 bits.
	fn mark(spec: &DomainSpec, state: &DomainState<T::AccountId>) -> Q32 {
		state.mark(spec.evidence.kind(), current_block::<T>(), T::Timing::blocks(HIGH_WATER_HALF_LIFE_MS))
	}

	/// Writes the high-water mark of this block: `high_water`, unless the mark at this block is higher.
	fn raise_mark(spec: &DomainSpec, state: &mut DomainState<T::AccountId>, high_water: Q32) {
		state.high_water = Self::mark(spec, state).max(high_water);
		state.high_water_at = current_block::<T>();
	}
}

impl<T: Config> Domains<T::AccountId> for Pallet<T> {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		Specs::<T>::get(domain)
	}

	fn state(domain: DomainId) -> Option<DomainState<T::AccountId>> {
		States::<T>::get(domain)
	}

	fn page(domain: DomainId, index: u32) -> Option<Page> {
		Pages::<T>::get(domain, index)
	}

	fn high_water(domain: DomainId) -> Q32 {
		let known = Specs::<T>::get(domain).zip(States::<T>::get(domain));
		known.map_or(0, |(spec, state)| Self::mark(&spec, &state))
	}

	fn baseline(domain: DomainId) -> Option<ModelBytes> {
		Baselines::<T>::get(domain)
	}

	fn open_round(domain: DomainId) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		ensure!(state.suspended.is_none(), Error::<T>::Suspended);
		state.open_rounds = state.open_rounds.saturating_add(1);
		States::<T>::insert(domain, state);
		Ok(())
	}

	fn close_round(round: RoundId, result: RoundResult, backing: Option<Backing>) {
		States::<T>::mutate_extant(round.domain, |state| {
			state.open_rounds = state.open_rounds.saturating_sub(1);
			state.unanswered = match (backing, result) {
				(Some(Backing::Quorum), _) => false,
				(_, RoundResult::Unpaid(UnpaidReason::NoQuorum)) => true,
				_ => state.unanswered,
			};
			state.last_round = Some(LastRound { number: round.number, block: current_block::<T>(), result });
		});
	}

	fn crown(domain: DomainId, champion: Champion<T::AccountId>, progress: Progress) {
		let (Some(spec), Some(mut state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else {
			log::warn!(target: LOG_TARGET, "champion {:?} is dropped: domain {domain} does not exist", champion.model);
			return;
		};
		let loss = loss(progress.upper, champion.initial_error);
		let converges = spec.target > 0 && loss <= spec.target.into() && state.status != Status::Converged;
		let (model, former, author) = (champion.model, state.champion.model, champion.author.clone());
		// A champion with an author has a round.
		let number = champion.round.map_or(0, |round| round.number);
		state.champion = champion;
		Self::raise_mark(&spec, &mut state, progress.high_water);
		state.carry = progress.carry;
		Self::deposit_event(Event::ChampionReplaced { domain, model, former, high_water: state.high_water });
		if converges {
			state.status = Status::Converged;
			let bounty = author.as_ref().map_or(0, |author| Self::pay_bounty(domain, author, number));
			if author.is_some() {
				state.bounty = 0;
			}
			Self::deposit_event(Event::Converged { domain, author, loss, bounty });
		}
		States::<T>::insert(domain, state);
		T::OnCrowned::crowned(domain, &model);
	}

	fn crown_weight() -> Weight {
		T::OnCrowned::crowned_weight()
	}

	fn record_progress(domain: DomainId, high_water: Q32, carry: Q32) {
		let (Some(spec), Some(mut state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else { return };
		Self::raise_mark(&spec, &mut state, high_water);
		state.carry = carry;
		States::<T>::insert(domain, state);
	}
}

impl<T: Config> GrowingDomains for Pallet<T> {
	fn append(domain: DomainId, segment: u16, pages: Vec<Page>) {
		let (Some(spec), Some(mut state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else {
			defensive!("a domain whose segment is opened must exist", domain);
			return;
		};
		for (index, page) in (spec.segment_page(segment)..).zip(pages) {
			Pages::<T>::insert(domain, index, page);
		}
		if state.suspended.take().is_some() {
			States::<T>::insert(domain, state);
			Self::deposit_event(Event::Resumed { domain });
		}
	}

	fn suspend(domain: DomainId) {
		let Some(mut state) = States::<T>::get(domain) else { return };
		if state.suspended.is_none() {
			state.suspended = Some(current_block::<T>());
			States::<T>::insert(domain, state);
			Self::deposit_event(Event::Suspended { domain });
		}
	}

	fn slash_deposit(domain: DomainId, part: Perbill) -> Balance {
		let (Some(spec), Some(state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else { return 0 };
		// A linear model of the owner that the activation has dropped is paid for, and does not count here.
		let whole = Self::deposit(&spec, Baselines::<T>::get(domain).as_ref());
		let left = Deposits::<T>::get(domain);
		let wanted = part.mul_ceil(whole).min(left);
		if wanted == 0 {
			return 0;
		}
		let reason = HoldReason::Domain.into();
		let burned = T::Currency::burn_held(&reason, &state.owner, wanted, Precision::BestEffort, Fortitude::Force);
		let burned = burned.defensive_unwrap_or_default();
		Deposits::<T>::insert(domain, left.saturating_sub(burned));
		burned
	}
}

impl<T: Config> OnWeightGained for Pallet<T> {
	fn weight_gained(domain: DomainId) {
		let (Some(spec), Some(mut state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else { return };
		let champion = &state.champion;
		let mut progress = log2_q32(champion.initial_error.max(1)).saturating_sub(log2_q32(champion.error.max(1)));
		if spec.evidence.kind() == EvidenceKind::Live {
			// The progress was measured at the verdict. A vote that was lost for a session must not undo the decay since then.
			let blocks = current_block::<T>().saturating_sub(champion.block);
			progress = halved(progress, blocks, T::Timing::blocks(HIGH_WATER_HALF_LIFE_MS));
		}
		if progress > Self::mark(&spec, &state) {
			Self::raise_mark(&spec, &mut state, progress);
			Self::deposit_event(Event::HighWaterRaised { domain, high_water: progress });
		}
		state.weight_since = current_block::<T>();
		// Progress from before the vote is not paid, so none is carried.
		state.carry = 0;
		States::<T>::insert(domain, state);
	}
}

impl<T: Config> Votable for Pallet<T> {
	fn votable_weight() -> Weight {
		T::Evidence::stream_weight()
	}

	fn votable(domain: DomainId) -> bool {
		let (Some(spec), Some(state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else { return false };
		let mints = match (&spec.program, spec.evidence.kind()) {
			(Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_), _) | (_, EvidenceKind::Public) => false,
			(Program::Forecast(_) | Program::Rows(_) | Program::LossGenome(_), _) => true,
		};
		let can_begin = || match spec.evidence.kind() {
			EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Drawn => true,
			EvidenceKind::Sealed | EvidenceKind::Live => state.suspended.is_none() && T::Evidence::is_ready(domain, LEAST_PURSE),
		};
		let votable = mints && state.status == Status::Active && state.is_alike;
		votable && (T::DomainWeights::weight(domain) > 0 || can_begin())
	}
}
