//! Pots, records of forecasters, and what they mint.

use crate::{
	types::{Forecaster, Market},
	Config, Error, Event, Forecasters, HoldReason, Markets, Pallet, MIN_INCREMENT, MIN_SPONSORED,
};
use doin_market::record::{effective, increment, mark_at, term_of, SLICES};
use doin_primitives::{
	oracle::StreamId,
	settlement::{Backing, PayShares},
	Balance, DomainId, RoundId,
};
use doin_traits::{block::current_block, DomainWeights, OnWeightGained, QueuedImprovement, Votable, Work};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{Inspect, MutateHold},
		tokens::Precision,
		Get,
	},
	weights::Weight,
};

/// Longest time without a weight, in slices, after which terms that began before it are still paid: that of a term.
pub(crate) const MAX_PAUSE: u32 = SLICES;
/// Reads of [`Votable::votable`]: the market, the stream with its clock, and the kind of the chain, on which the phases of a round depend.
const VOTABLE_READS: u64 = 5;

impl<T: Config> Pallet<T> {
	/// Pays into the pot of a market, and makes the market if there is none; see [`Call::sponsor`](crate::Call::sponsor).
	pub(crate) fn do_sponsor(who: T::AccountId, stream: StreamId, amount: Balance) -> DispatchResult {
		let (state, terms) = Self::stream(stream).ok_or(Error::<T>::UnknownStream)?;
		// Nothing is paid back, so a stream that can have no round takes nothing.
		ensure!(Self::has_rounds(&state, &terms), Error::<T>::NoMarket);
		ensure!(amount >= MIN_SPONSORED, Error::<T>::AmountTooSmall);
		let known = Markets::<T>::get(stream);
		// Every market leaves an existential deposit in the account, so that no payment can remove it.
		let base = if known.is_none() { T::Currency::minimum_balance() } else { 0 };
		let mut market = known.unwrap_or_else(|| Market::new(terms.scale));
		Self::take(&who, amount.saturating_add(base))?;
		market.pot = market.pot.saturating_add(amount);
		let pot = market.pot;
		Markets::<T>::insert(stream, market);
		Self::deposit_event(Event::Sponsored { stream, who, amount, pot });
		Ok(())
	}

	/// Mints for what a record proves; see [`Call::claim`](crate::Call::claim).
	pub(crate) fn do_claim(who: T::AccountId, stream: StreamId) -> DispatchResult {
		let mut market = Markets::<T>::get(stream).ok_or(Error::<T>::NoMarket)?;
		let mut forecaster = Forecasters::<T>::get(stream, &who).ok_or(Error::<T>::NoRecord)?;
		let weight = T::DomainWeights::weight(stream);
		ensure!(weight > 0, Error::<T>::NoWeight);
		ensure!(T::Work::free_places() > 0, Error::<T>::QueueFull);
		let (state, terms) = Self::stream(stream).ok_or(Error::<T>::UnknownStream)?;
		let grid = Self::grid(&state, &terms);
		let (now, block) = (grid.slice(state.running), current_block::<T>());
		forecaster.record.settle(now, grid.rounds);
		let bound = forecaster.record.bound(now, market.paid_from).ok_or(Error::<T>::NoTerm)?;
		let mark = mark_at(market.mark, block.saturating_sub(market.marked), T::HalfLife::get());
		let (term, claimed) = (term_of(now), market.claimed_in(term_of(now)));
		let increment = increment(bound, mark, claimed);
		let effective = effective(weight, increment);
		ensure!(increment >= MIN_INCREMENT && effective > 0, Error::<T>::NothingToClaim);
		(market.mark, market.marked) = (mark.saturating_add(increment), block);
		(market.claim_term, market.claimed) = (term, claimed.saturating_add(increment));
		let round = RoundId { domain: stream, number: market.next };
		Markets::<T>::insert(stream, market);
		Forecasters::<T>::insert(stream, &who, forecaster);
		// No evaluator has verified anything: the division of their pay is empty, and that part is not minted.
		let (optimizer, evaluators) = (who.clone(), PayShares::default());
		T::Work::enqueue(QueuedImprovement { round, effective, optimizer, evaluators, backing: Backing::Runtime });
		Self::deposit_event(Event::Claimed { stream, who, bound, increment, effective });
		Ok(())
	}

	/// Removes the record of a forecaster, and releases its deposit; see [`Call::leave`](crate::Call::leave).
	pub(crate) fn do_leave(who: T::AccountId, stream: StreamId) -> DispatchResult {
		let Forecaster { deposit, seats, .. } = Forecasters::<T>::get(stream, &who).ok_or(Error::<T>::NoRecord)?;
		ensure!(seats == 0, Error::<T>::SeatsLeft);
		Forecasters::<T>::remove(stream, &who);
		T::Currency::release(&HoldReason::Record.into(), &who, deposit, Precision::Exact)?;
		Self::deposit_event(Event::Left { stream, who });
		Ok(())
	}
}

impl<T: Config> Votable for Pallet<T> {
	fn votable(domain: DomainId) -> bool {
		let Some(market) = Markets::<T>::get(domain).filter(|market| market.next > 0) else { return false };
		let Some((stream, terms)) = Self::stream(domain) else { return false };
		let end = market.since.saturating_add(SLICES);
		// A stream that is awake has paid for the next batch at least.
		stream.paid_until > stream.next && Self::grid(&stream, &terms).slice(stream.running) >= end
	}

	fn votable_weight() -> Weight {
		T::DbWeight::get().reads(VOTABLE_READS)
	}
}

impl<T: Config> OnWeightGained for Pallet<T> {
	fn weight_gained(domain: DomainId) {
		let (Some(mut market), Some((stream, terms))) = (Markets::<T>::get(domain), Self::stream(domain)) else { return };
		let now = Self::grid(&stream, &terms).slice(stream.running);
		// A stream that sleeps at the change of a session has no weight in the next one. Its records were voted for before and after.
		let is_short = market.paused.take().is_some_and(|paused| now.saturating_sub(paused) <= MAX_PAUSE);
		// A weight of genesis has not been gained.
		if !is_short || market.paid_from == u32::MAX {
			market.paid_from = term_of(now).saturating_add(1);
		}
		Markets::<T>::insert(domain, market);
	}

	fn weight_lost(domain: DomainId) {
		let (Some(mut market), Some((stream, terms))) = (Markets::<T>::get(domain), Self::stream(domain)) else { return };
		market.paused = Some(Self::grid(&stream, &terms).slice(stream.running));
		Markets::<T>::insert(domain, market);
	}
}
