//! Fees and holds: the price of a seat, penalties, and the payment of the fees of a round.

use crate::{
	types::{Round, Sale, Seat, MAX_ROUNDS, RESERVED_ROUNDS, SETTLED_CHUNKS, UNSERVED_ROUNDS},
	Config, Contenders, Event, HoldReason, Pallet, Pending, LOG_TARGET,
};
use doin_primitives::{
	domain::DomainState,
	quorum::{self, MIN_QUORUM},
	settlement::{PayShare, PayShares},
	Balance, DomainId, DomainSpec, EvidenceKind, RoundId, SizeClass,
};
use doin_scoring::Program;
use doin_traits::{BaseFee, ChunkScorer, DomainWeights, Domains, Outcome, Recompute};
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
pub(crate) type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;

/// Price of the next seat of a round, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
	/// Part of the fee that is held for the evaluators, with the cost of recomputing models.
	pub held: Balance,
	/// Part of `held` that pays for having the runtime recompute models.
	pub recomputation: Balance,
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
	/// Number of bonded evaluators that serve the domain, are not optimizers of the round, and are not the author of the
	/// contender.
	pub available: u32,
	/// `true` if no quorum evaluated a round of the domain, and none has decided one since; see [`DomainState::unanswered`].
	pub failed: bool,
	/// `false` if the runtime cannot compute the sums of the domain, so that only a quorum decides a round.
	pub is_exact: bool,
}

impl Service {
	/// Returns `true` if a quorum can be drawn for the domain.
	pub(crate) fn has_quorum(&self) -> bool {
		self.available >= MIN_QUORUM
	}

	/// Returns `true` if a round that opens now is not prepaid: a quorum can be drawn, and in a domain without weight the last
	/// one did not fail. Evaluators that stay away, leave, or have too low a reputation to be drawn would otherwise keep every
	/// round of the domain from being decided.
	pub(crate) fn is_served(&self) -> bool {
		self.has_quorum() && (self.weighted || !self.failed)
	}

	/// Returns the terms on which a round that opens now is sold. No seat pays for recomputing a model that the runtime cannot score.
	pub(crate) fn sale(&self) -> Sale {
		match (self.is_served(), self.weighted) {
			(true, true) => Sale::Weighted,
			(true, false) => Sale::Served,
			(false, _) if self.is_exact => Sale::Prepaid,
			(false, _) => Sale::Served,
		}
	}

	/// Returns `true` if rounds of the domain are likely to lie until their time-out.
	pub(crate) fn is_unserved(&self) -> bool {
		!self.weighted && !self.is_served()
	}

	/// Returns the number of undecided rounds on the chain below which the domain can open another one with this `evidence`.
	pub(crate) fn places(&self, evidence: EvidenceKind) -> u32 {
		if self.weighted {
			MAX_ROUNDS
		} else if evidence == EvidenceKind::Live {
			UNSERVED_ROUNDS / 2
		} else if self.is_served() {
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
	/// Returns the evaluators that serve a domain at this block, for a round with these `optimizers`.
	pub(crate) fn service(
		domain: DomainId,
		spec: &DomainSpec,
		state: &DomainState<T::AccountId>,
		optimizers: impl Iterator<Item = T::AccountId>,
	) -> Service {
		let weighted = T::DomainWeights::weight(domain) > 0;
		let contender = Contenders::<T>::get(domain).map(|contender| contender.model);
		let exclude = Self::authors(optimizers, contender);
		let available = T::Recompute::available(domain, spec.class(), weighted, &exclude);
		let is_exact = !matches!(spec.program, Program::Tolerance(_));
		Service { weighted, available, failed: state.unanswered, is_exact }
	}

	/// Returns the price of the next seat of `round`, whose identifier is `id`.
	///
	/// In a prepaid round, the held part contains the cost of having the runtime recompute every chunk of the model of the seat.
	/// It pays the accounts that do so. A fee without that part would let a seat cost others more than its author. All seats of a
	/// round pay it, or none of a domain without weight, since the models of a round are evaluated together: evaluators that come
	/// or leave between two seats must not make one of them cheaper.
	pub(crate) fn price(
		id: RoundId,
		spec: &DomainSpec,
		state: &DomainState<T::AccountId>,
		service: Service,
		round: &Round<T::AccountId>,
	) -> Price {
		let (class, taken) = (spec.class(), round.seats.len() as u32);
		let quorum = quorum::size(service.available);
		let answer = T::BaseFee::fee(T::AnswerWeight::get(), T::AnswerLen::get());
		// An evaluator commits and reveals. The settler receives at most half of the fees, even if the round has one seat.
		let cost = answer.saturating_mul(quorum.into()).saturating_add(Self::settle_cost(class)).saturating_mul(2);
		let base = T::SeatFee::get().max(cost);
		// The fifth seat, with four taken, is the first one that costs double.
		let doublings = taken.saturating_add(1).saturating_sub(BASE_PRICE_SEATS);
		let doubled = base.saturating_mul(1u128.checked_shl(doublings).unwrap_or(Balance::MAX));
		// Where no quorum evaluates it, a round that is or was sold with weight is recomputed.
		let is_prepaid = match round.sale {
			Sale::Prepaid => true,
			Sale::Weighted => !service.has_quorum(),
			Sale::Served => service.weighted && !service.has_quorum(),
		};
		let recomputation = if is_prepaid { Self::recomputation_cost(id, class, state, taken) } else { 0 };
		Price {
			held: base.saturating_add(recomputation),
			recomputation,
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
	pub(crate) fn seize(reason: HoldReason, who: &T::AccountId, amount: Balance) -> CreditOf<T> {
		if amount == 0 {
			return CreditOf::<T>::zero();
		}
		T::Currency::slash(&reason.into(), who, amount).0
	}

	/// Releases the hold of a seat.
	pub(crate) fn release_hold(seat: &mut Seat<T::AccountId>) {
		Self::release(HoldReason::Seat, &seat.who, core::mem::take(&mut seat.hold));
	}

	/// Releases the part of the fee of a seat that would have paid for recomputing models.
	pub(crate) fn return_recomputation(seat: &mut Seat<T::AccountId>) {
		let part = core::mem::take(&mut seat.recomputation);
		seat.fee_held = seat.fee_held.saturating_sub(part);
		Self::release(HoldReason::SeatFee, &seat.who, part);
	}

	/// Takes the held fee out of a seat, without its part for recomputing models. Returns its amount in plancks.
	fn take_fee(seat: &mut Seat<T::AccountId>) -> Balance {
		let fee = seat.fee_held.saturating_sub(seat.recomputation);
		seat.fee_held = seat.recomputation;
		fee
	}

	/// Releases the fee of a seat, without its part for recomputing models, and the hold of the seat.
	pub(crate) fn refund(seat: &mut Seat<T::AccountId>) {
		let fee = Self::take_fee(seat);
		Self::release(HoldReason::SeatFee, &seat.who, fee);
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

	/// Burns the fee of a seat that was not revealed in time, without its part for recomputing models, and the penalty. Returns
	/// the burned amount in plancks.
	pub(crate) fn forfeit(seat: &mut Seat<T::AccountId>) -> Balance {
		let amount = Self::take_fee(seat);
		let fee = Self::seize(HoldReason::SeatFee, &seat.who, amount);
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

	/// Pays the whole of `pot` by the shares of `pay`, rounded down. Returns the paid amount, and leaves the rest in the pot.
	fn pay_by(pot: &mut CreditOf<T>, pay: &PayShares<T::AccountId>) -> Balance {
		let whole = pot.peek();
		let pay_one = |paid: Balance, share: &PayShare<T::AccountId>| {
			paid.saturating_add(Self::pay(&share.who, pot.extract(pay.amount(share.parts, whole))))
		};
		pay.shares.iter().fold(0, pay_one)
	}

	/// Pays the parts of the fees for recomputing models to the accounts that had the runtime compute the sums, and takes them
	/// out of the seats. For a round whose final sums permit no verdict. Changes nothing without such accounts or parts.
	pub(crate) fn pay_recomputation(id: RoundId, round: &mut Round<T::AccountId>, recomputed: &PayShares<T::AccountId>) {
		if recomputed.shares.is_empty() || round.seats.iter().all(|seat| seat.recomputation == 0) {
			return;
		}
		let mut pot = CreditOf::<T>::zero();
		for seat in round.seats.iter_mut() {
			let part = core::mem::take(&mut seat.recomputation);
			seat.fee_held = seat.fee_held.saturating_sub(part);
			pot.subsume(Self::seize(HoldReason::SeatFee, &seat.who, part));
		}
		let whole = pot.peek();
		let paid = Self::pay_by(&mut pot, recomputed);
		let (payees, burned) = (recomputed.shares.len() as u32, whole.saturating_sub(paid));
		Self::deposit_event(Event::FeesPaid { round: id, payees, paid, settler: 0, burned });
	}

	/// Pays the fees of the seats of a round for an outcome that permits no verdict although its sums are right, and takes them
	/// out of the seats. The parts for recomputing models are returned if the runtime has not recomputed the round.
	pub(crate) fn pay_without_verdict(id: RoundId, round: &mut Round<T::AccountId>, outcome: &Outcome<T::AccountId>) {
		if outcome.recomputed.shares.is_empty() {
			round.seats.iter_mut().for_each(Self::return_recomputation);
		}
		Self::pay_fees(id, round.seats.iter().cloned(), Some(outcome));
		round.seats.iter_mut().for_each(|seat| (seat.fee_held, seat.recomputation) = (0, 0));
	}

	/// Pays the fees of the seats of a round, as far as they are held. Without an outcome they are burned.
	///
	/// The settler receives up to [`SETTLER_SHARE`] of the fees without their parts for recomputing models, and the rest is
	/// divided among the evaluators and helpers. The parts for recomputing models are divided among the helpers alone, so that no
	/// member of a quorum gains if others stay away. What does not divide is burned.
	pub(crate) fn pay_fees(
		round: RoundId,
		seats: impl IntoIterator<Item = Seat<T::AccountId>>,
		outcome: Option<&Outcome<T::AccountId>>,
	) {
		let (mut pot, mut recomputation) = (CreditOf::<T>::zero(), CreditOf::<T>::zero());
		for Seat { who, fee_held, recomputation: part, .. } in seats {
			pot.subsume(Self::seize(HoldReason::SeatFee, &who, fee_held.saturating_sub(part)));
			recomputation.subsume(Self::seize(HoldReason::SeatFee, &who, part));
		}
		let whole = pot.peek().saturating_add(recomputation.peek());
		let (mut payees, mut paid, mut reimbursed) = (0u32, 0, 0);
		if let Some(Outcome { settler, pay, recomputed, .. }) = outcome {
			if let Some(settler) = settler {
				let class = T::Domains::spec(round.domain).map_or(SizeClass::Small, |spec| spec.class());
				let most = SETTLER_SHARE.mul_floor(pot.peek());
				reimbursed = Self::pay(settler, pot.extract(Self::settle_cost(class).min(most)));
			}
			paid = Self::pay_by(&mut pot, pay).saturating_add(Self::pay_by(&mut recomputation, recomputed));
			let helpers = recomputed.shares.iter().filter(|helper| !pay.shares.iter().any(|share| share.who == helper.who));
			payees = (pay.shares.len() as u32).saturating_add(helpers.count() as u32);
		}
		let burned = whole.saturating_sub(reimbursed).saturating_sub(paid);
		Self::deposit_event(Event::FeesPaid { round, payees, paid, settler: reimbursed, burned });
	}
}
