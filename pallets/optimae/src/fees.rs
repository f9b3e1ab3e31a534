//! Money: the price of a seat, holds, and the payment of fees.

use crate::{
	types::{Seat, SETTLED_CHUNKS},
	*,
};
use doin_primitives::quorum;
use doin_primitives_frame::Evaluators;
use frame_support::traits::{fungible::Credit, tokens::Precision, Defensive, Imbalance};

/// Seats that cost the undoubled fee.
const PLAIN_SEATS: u32 = 4;
/// Part of a hold that is burned when its word is broken: a fifth.
const PENALTY: Perbill = Perbill::from_percent(20);
/// Part of a burned hold that goes to who proved the claim false: a tenth.
const REWARD: Perbill = Perbill::from_percent(10);

/// What the next seat of a round costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
	/// Held for evaluators.
	pub base: Balance,
	/// Everything that is paid; what is above `base` is burned at once.
	pub whole: Balance,
	/// Hold of the seat.
	pub hold: Balance,
}

impl<T: Config> Pallet<T> {
	/// Price of a seat of `domain` when `taken` seats of its round are taken.
	pub(crate) fn price(domain: DomainId, class: SizeClass, taken: u32) -> Price {
		let quorum = quorum::size(T::Recompute::available(domain, class));
		let answer = T::BaseFee::fee(T::AnswerWeight::get(), T::AnswerLen::get());
		// An evaluator commits and reveals; the settler receives half of the fees at most, even of one seat's.
		let spent = answer.saturating_mul(quorum.into()).saturating_add(Self::settle_cost(class)).saturating_mul(2);
		let base = T::SeatFee::get().max(spent);
		// The fifth seat, with four taken, is the first that costs double.
		let doublings = taken.saturating_add(1).saturating_sub(PLAIN_SEATS);
		let whole = base.saturating_mul(1u128.checked_shl(doublings).unwrap_or(Balance::MAX));
		Price { base, whole, hold: base.saturating_mul(T::HoldFactor::get().into()) }
	}

	/// What settling a round of `class` costs its caller at this block's prices.
	pub(crate) fn settle_cost(class: SizeClass) -> Balance {
		let dearer = T::Judge::weight(class).saturating_sub(T::Judge::weight(SizeClass::Small));
		let weight = T::SettleWeight::get().saturating_add(dearer.saturating_mul(SETTLED_CHUNKS));
		T::BaseFee::fee(weight, T::SettleLen::get())
	}

	/// Releases up to `amount` of what is held of `who`.
	pub(crate) fn unhold(reason: HoldReason, who: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		T::Currency::release(&reason.into(), who, amount, Precision::BestEffort).defensive_unwrap_or_default()
	}

	/// Takes `amount` of what is held of `who`. Dropping the credit burns it.
	pub(crate) fn seize(reason: HoldReason, who: &T::AccountId, amount: Balance) -> Credit<T::AccountId, T::Currency> {
		T::Currency::slash(&reason.into(), who, amount).0
	}

	/// Releases the hold of a seat that kept its word.
	pub(crate) fn release_hold(seat: &mut Seat<T::AccountId>) {
		Self::unhold(HoldReason::Seat, &seat.who, core::mem::take(&mut seat.hold));
	}

	/// Returns fee and hold of a seat.
	pub(crate) fn refund(seat: &mut Seat<T::AccountId>) {
		Self::unhold(HoldReason::SeatFee, &seat.who, core::mem::take(&mut seat.fee_held));
		Self::release_hold(seat);
	}

	/// Takes the penalty for a broken word off a seat's hold and releases the rest of it.
	pub(crate) fn penalise(seat: &mut Seat<T::AccountId>) -> Credit<T::AccountId, T::Currency> {
		let penalty = PENALTY.mul_floor(seat.hold);
		seat.hold = seat.hold.saturating_sub(penalty);
		let taken = Self::seize(HoldReason::Seat, &seat.who, penalty);
		Self::release_hold(seat);
		taken
	}

	/// Burns a seat's fee and says how much it was.
	pub(crate) fn burn_fee(seat: &mut Seat<T::AccountId>) -> Balance {
		Self::seize(HoldReason::SeatFee, &seat.who, core::mem::take(&mut seat.fee_held)).peek()
	}

	/// Splits a seized penalty: the challenger's reward is paid, the rest burned. Returns both.
	pub(crate) fn reward(challenger: &T::AccountId, seized: Credit<T::AccountId, T::Currency>) -> (Balance, Balance) {
		let whole = seized.peek();
		let (reward, _burned) = seized.split(REWARD.mul_floor(whole));
		let paid = Self::pay(challenger, reward);
		(paid, whole.saturating_sub(paid))
	}

	/// Pays `credit` to `who`; it is burned if the account cannot receive it. Returns what was paid.
	fn pay(who: &T::AccountId, credit: Credit<T::AccountId, T::Currency>) -> Balance {
		let amount = credit.peek();
		T::Currency::resolve(who, credit).map_or(0, |()| amount)
	}

	/// Pays the fees of a round's seats to whoever settled it, by at most half of them, and evenly to the evaluators that told the truth.
	pub(crate) fn pay_fees(
		round: RoundId,
		seats: impl IntoIterator<Item = Seat<T::AccountId>>,
		settler: Option<&T::AccountId>,
		truthful: &Evaluators<T::AccountId>,
	) {
		let mut pot = Credit::<T::AccountId, T::Currency>::zero();
		for seat in seats {
			pot.subsume(Self::seize(HoldReason::SeatFee, &seat.who, seat.fee_held));
		}
		let whole = pot.peek();
		let mut reimbursed = 0;
		if let Some(settler) = settler {
			let class = T::Domains::spec(round.domain).map_or(SizeClass::Small, |spec| spec.class());
			let cost = Self::settle_cost(class);
			reimbursed = Self::pay(settler, pot.extract(cost.min(whole / 2)));
		}
		let evaluators = truthful.len() as u32;
		let each = pot.peek().checked_div(evaluators.into()).unwrap_or(0);
		let mut paid = 0;
		for who in truthful {
			paid = Self::pay(who, pot.extract(each)).saturating_add(paid);
		}
		let burned = whole.saturating_sub(reimbursed).saturating_sub(paid);
		Self::deposit_event(Event::FeesPaid { round, evaluators, each, settler: reimbursed, burned });
	}
}
