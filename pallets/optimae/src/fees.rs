//! Fees and holds: the price of a seat, penalties, and the payment of the fees of a round.

use crate::{
	types::{Seat, MAX_ROUNDS, RESERVED_ROUNDS, SETTLED_CHUNKS, UNSERVED_ROUNDS},
	Config, Contenders, Event, HoldReason, Pallet, Pending, LOG_TARGET,
};
use doin_primitives::{
	domain::DomainState,
	quorum::{self, MIN_QUORUM},
	settlement::PayShares,
	Balance, DomainId, DomainSpec, RoundId, SizeClass,
};
use doin_traits::{BaseFee, ChunkScorer, DomainWeights, Domains, Recompute};
use frame_support::traits::{
	fungible::{Balanced, BalancedHold, Credit, MutateHold},
	tokens::Precision,
	Defensive, Get, Imbalance,
};
use sp_runtime::Perbill;

/// Number of seats of a round that cost the base price.
const BASE_PRICE_SEATS: u32 = 4;
/// Part of a hold that is burned for a missing reveal or a false claim.
pub(crate) const PENALTY: Perbill = Perbill::from_percent(20);
/// Part of a penalty that the challenger of a false claim receives.
pub(crate) const CHALLENGER_SHARE: Perbill = Perbill::from_percent(10);
/// Largest part of the fees of a round that reimburses the settler.
const SETTLER_SHARE: Perbill = Perbill::from_percent(50);

/// Credit that burns what it holds when it is dropped.
type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;

/// Price of the next seat of a round, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
	/// Part of the fee that is held for the evaluators.
	pub held: Balance,
	/// Fee of the seat, in plancks. The part above `held` is burned at the commit.
	pub fee: Balance,
	/// Hold that guarantees the reveal.
	pub hold: Balance,
}

/// Evaluators of a domain at this block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
	/// `true` if the domain has weight.
	pub weighted: bool,
	/// Number of bonded evaluators that serve the domain.
	pub available: u32,
}

impl Service {
	/// Returns `true` if a quorum can be drawn for the domain.
	pub(crate) fn has_quorum(&self) -> bool {
		self.available >= MIN_QUORUM
	}

	/// Returns `true` if rounds of the domain are likely to lie until their time-out.
	pub(crate) fn is_unserved(&self) -> bool {
		!self.weighted && !self.has_quorum()
	}

	/// Returns the number of undecided rounds on the chain below which the domain can open another one.
	pub(crate) fn places(&self) -> u32 {
		if self.weighted {
			MAX_ROUNDS
		} else if self.has_quorum() {
			MAX_ROUNDS.saturating_sub(RESERVED_ROUNDS)
		} else {
			UNSERVED_ROUNDS
		}
	}
}

/// Outcome of a disproved claim, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PenaltySplit {
	/// Amount that the challenger received.
	pub reward: Balance,
	/// Amount that was burned.
	pub burned: Balance,
}

impl<T: Config> Pallet<T> {
	/// Returns the evaluators that serve a domain at this block.
	pub(crate) fn service(domain: DomainId, class: SizeClass) -> Service {
		let weighted = T::DomainWeights::weight(domain) > 0;
		Service { weighted, available: T::Recompute::available(domain, class, weighted) }
	}

	/// Returns the price of a seat of round `id` when `taken` of its seats are taken.
	///
	/// Where no quorum can be drawn, the held part contains the cost of having the runtime recompute every chunk of the model of
	/// the seat. It pays the accounts that do so. A fee without that part would let a seat cost others more than its author.
	pub(crate) fn price(
		id: RoundId,
		spec: &DomainSpec,
		state: &DomainState<T::AccountId>,
		service: Service,
		taken: u32,
	) -> Price {
		let class = spec.class();
		let quorum = quorum::size(service.available);
		let answer = T::BaseFee::fee(T::AnswerWeight::get(), T::AnswerLen::get());
		// An evaluator commits and reveals. The settler receives at most half of the fees, even if the round has one seat.
		let cost = answer.saturating_mul(quorum.into()).saturating_add(Self::settle_cost(class)).saturating_mul(2);
		let base = T::SeatFee::get().max(cost);
		// The fifth seat, with four taken, is the first one that costs double.
		let doublings = taken.saturating_add(1).saturating_sub(BASE_PRICE_SEATS);
		let doubled = base.saturating_mul(1u128.checked_shl(doublings).unwrap_or(Balance::MAX));
		let recomputation = if service.has_quorum() { 0 } else { Self::recomputation_cost(id, class, state, taken) };
		Price {
			held: base.saturating_add(recomputation),
			fee: doubled.saturating_add(recomputation),
			hold: base.saturating_mul(T::HoldFactor::get().into()),
		}
	}

	/// Returns the cost of having the runtime recompute the models that the next seat of round `id` adds, at the base fee of this
	/// block, in plancks: its own, and for the first seat those that every model list contains.
	///
	/// The cost of sending the calls is not contained. It is below twice that of settling, which the fee of every seat contains.
	fn recomputation_cost(id: RoundId, class: SizeClass, state: &DomainState<T::AccountId>, taken: u32) -> Balance {
		let listed = if taken == 0 { Self::listed_models(id, state) } else { 0 };
		let weight = T::Recompute::recompute_weight(id.domain, class).saturating_mul(listed.saturating_add(1).into());
		T::BaseFee::fee(weight, 0)
	}

	/// Returns the number of models that the list of round `id` contains beside its candidates: the initial champion, the
	/// champion if it is another model, and the contender. The verdict of an earlier undecided round can add both of them.
	fn listed_models(id: RoundId, state: &DomainState<T::AccountId>) -> u32 {
		let is_first = Pending::<T>::get(id.domain).first().is_none_or(|first| *first == id.number);
		let champion = !is_first || state.champion.model != state.initial;
		let contender = !is_first || Contenders::<T>::contains_key(id.domain);
		1u32.saturating_add(champion.into()).saturating_add(contender.into())
	}

	/// Returns the cost of settling a round of `class` at the base fee of this block, in plancks.
	pub(crate) fn settle_cost(class: SizeClass) -> Balance {
		let per_chunk = T::ChunkScorer::weight(class).saturating_sub(T::ChunkScorer::weight(SizeClass::Small));
		let weight = T::SettleWeight::get().saturating_add(per_chunk.saturating_mul(SETTLED_CHUNKS));
		T::BaseFee::fee(weight, T::SettleLen::get())
	}

	/// Releases up to `amount` of a hold of `who`. Returns the released amount.
	pub(crate) fn release(reason: HoldReason, who: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		T::Currency::release(&reason.into(), who, amount, Precision::BestEffort).defensive_unwrap_or_default()
	}

	/// Takes up to `amount` of a hold of `who`. Dropping the credit burns it.
	fn seize(reason: HoldReason, who: &T::AccountId, amount: Balance) -> CreditOf<T> {
		T::Currency::slash(&reason.into(), who, amount).0
	}

	/// Releases the hold of a seat.
	pub(crate) fn release_hold(seat: &mut Seat<T::AccountId>) {
		Self::release(HoldReason::Seat, &seat.who, core::mem::take(&mut seat.hold));
	}

	/// Releases fee and hold of a seat.
	pub(crate) fn refund(seat: &mut Seat<T::AccountId>) {
		Self::release(HoldReason::SeatFee, &seat.who, core::mem::take(&mut seat.fee_held));
		Self::release_hold(seat);
	}

	/// Takes the penalty of a seat from its hold and releases the rest of the hold.
	fn penalise(seat: &mut Seat<T::AccountId>) -> CreditOf<T> {
		let penalty = PENALTY.mul_floor(seat.hold);
		seat.hold = seat.hold.saturating_sub(penalty);
		let taken = Self::seize(HoldReason::Seat, &seat.who, penalty);
		Self::release_hold(seat);
		taken
	}

	/// Burns fee and penalty of a seat that was not revealed in time. Returns the burned amount in plancks.
	pub(crate) fn forfeit(seat: &mut Seat<T::AccountId>) -> Balance {
		let fee = Self::seize(HoldReason::SeatFee, &seat.who, core::mem::take(&mut seat.fee_held));
		Self::penalise(seat).peek().saturating_add(fee.peek())
	}

	/// Takes the penalty of a seat whose claim was disproved: a part goes to `challenger`, the rest is burned.
	pub(crate) fn punish_claim(seat: &mut Seat<T::AccountId>, challenger: &T::AccountId) -> PenaltySplit {
		let penalty = Self::penalise(seat);
		let whole = penalty.peek();
		let (share, burned) = penalty.split(CHALLENGER_SHARE.mul_floor(whole));
		drop(burned);
		let reward = Self::pay(challenger, share);
		PenaltySplit { reward, burned: whole.saturating_sub(reward) }
	}

	/// Pays `credit` to `who` and returns the paid amount. An amount that the account cannot receive is burned.
	fn pay(who: &T::AccountId, credit: CreditOf<T>) -> Balance {
		let amount = credit.peek();
		match T::Currency::resolve(who, credit) {
			Ok(()) => amount,
			Err(unpaid) => {
				log::warn!(target: LOG_TARGET, "{amount} plancks for {who:?} are burned: the account cannot receive them");
				drop(unpaid);
				0
			}
		}
	}

	/// Pays the fees of the seats of a round: first to the settler, up to [`SETTLER_SHARE`], then what is left by the shares of
	/// `pay`, rounded down. The rest is burned.
	pub(crate) fn pay_fees(
		round: RoundId,
		seats: impl IntoIterator<Item = Seat<T::AccountId>>,
		settler: Option<&T::AccountId>,
		pay: &PayShares<T::AccountId>,
	) {
		let mut pot = CreditOf::<T>::zero();
		for seat in seats {
			pot.subsume(Self::seize(HoldReason::SeatFee, &seat.who, seat.fee_held));
		}
		let whole = pot.peek();
		let mut reimbursed = 0;
		if let Some(settler) = settler {
			let class = T::Domains::spec(round.domain).map_or(SizeClass::Small, |spec| spec.class());
			let cost = Self::settle_cost(class);
			reimbursed = Self::pay(settler, pot.extract(cost.min(SETTLER_SHARE.mul_floor(whole))));
		}
		let shared = pot.peek();
		let mut paid: Balance = 0;
		for share in &pay.shares {
			paid = paid.saturating_add(Self::pay(&share.who, pot.extract(pay.amount(share.parts, shared))));
		}
		let burned = whole.saturating_sub(reimbursed).saturating_sub(paid);
		let payees = pay.shares.len() as u32;
		Self::deposit_event(Event::FeesPaid { round, payees, paid, settler: reimbursed, burned });
	}
}
