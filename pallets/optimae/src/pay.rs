//! Pay of verdicts: applies the rules of [`doin_primitives::pay`] to the queue of work blocks, or to the purse of a domain.

use crate::{Config, Event, Pallet};
use doin_primitives::{
	domain::DomainState,
	evidence::ramp,
	pay::{self, CarriedPay, Pay},
	verdict::effective_improvement,
	DomainSpec, EvidenceKind, ModelRef, RoundId, RoundResult, UnpaidReason, Q32,
};
use doin_traits::{DomainWeights, Domains, EvidenceSource, Outcome, QueuedImprovement, Timing, Work};
use frame_support::defensive;

/// Round that is decided, the domain that it belongs to, and the terms on which its verdict pays.
pub(crate) struct Decided<'a, AccountId> {
	/// The round.
	pub round: RoundId,
	/// Record of the domain.
	pub spec: &'a DomainSpec,
	/// State of the domain before the verdict.
	pub state: &'a DomainState<AccountId>,
	/// High-water mark of the domain at this block, before the verdict, Q32 bits.
	pub mark: Q32,
	/// Final sums, and who verified them.
	pub outcome: &'a Outcome<AccountId>,
	/// Weight of the domain, parts per million.
	weight: u32,
	/// Part of an increment that is paid, parts per million; below one million while pay ramps up.
	factor: u32,
}

impl<AccountId> Decided<'_, AccountId> {
	/// Returns the pay of the bits that the champion carries, of which the draw certifies `cover`. A domain without weight pays
	/// none, and carries none any longer.
	pub(crate) fn carried(&self, cover: Q32) -> CarriedPay {
		if self.weight == 0 {
			return CarriedPay::default();
		}
		pay::carried(self.state.carry, cover, self.factor)
	}

	/// Returns the pay of a winner that is certain of `raw` bits, after `before` carried bits. A domain without weight carries
	/// none.
	pub(crate) fn pay(&self, raw: Q32, before: Q32) -> Pay {
		let pay = pay::pay(raw, before, self.factor);
		Pay { carry: if self.weight > 0 { pay.carry } else { 0 }, ..pay }
	}

	/// Returns the reason for which a winner that is certain of `raw` bits is not paid. `paid` covers everything that was due.
	pub(crate) fn unpaid_reason(&self, raw: Q32, paid: Paid) -> UnpaidReason {
		if self.weight == 0 || self.spec.evidence.value() == 0 {
			UnpaidReason::NoWeight
		} else if raw == 0 {
			UnpaidReason::BelowHighWater
		} else if paid.due > 0 {
			UnpaidReason::EmptyPurse
		} else if self.factor == 0 {
			UnpaidReason::Ramp
		} else {
			// A tiny increment times a small weight is rounded down to 0.
			UnpaidReason::NoWeight
		}
	}
}

/// Bits of one model that a verdict pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paid {
	/// Bits that were to be paid, Q32.
	pub bits: Q32,
	/// Rise of the high-water mark, Q32 bits.
	pub rise: Q32,
	/// Effective improvement that was to be paid, Q32 bits.
	pub due: Q32,
	/// Effective improvement that was paid or queued, Q32 bits.
	pub effective: Q32,
}

impl Paid {
	/// Returns the sum of two payments.
	pub(crate) fn plus(self, other: Self) -> Self {
		Self {
			bits: self.bits.saturating_add(other.bits),
			rise: self.rise.saturating_add(other.rise),
			due: self.due.saturating_add(other.due),
			effective: self.effective.saturating_add(other.effective),
		}
	}

	/// Returns the result of a round that paid this, or `None` if it paid nothing.
	pub(crate) fn result(self) -> Option<RoundResult> {
		(self.effective > 0).then_some(RoundResult::Paid { effective: self.effective })
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the terms of the verdict of round `id`. Pay has ramped up to the part that it had at the first block of the round:
	/// nobody gains by delaying a verdict.
	pub(crate) fn decided<'a>(
		id: RoundId,
		spec: &'a DomainSpec,
		state: &'a DomainState<T::AccountId>,
		outcome: &'a Outcome<T::AccountId>,
	) -> Decided<'a, T::AccountId> {
		let (weight, mark) = (T::DomainWeights::weight(id.domain), T::Domains::high_water(id.domain));
		let factor = ramp(state.weight_since, T::Timing::rounds().first_block(id), T::Timing::ramp());
		Decided { round: id, spec, state, mark, outcome, weight, factor }
	}

	/// Pays carried bits of the champion, before any other effect of the verdict.
	pub(crate) fn pay_carried(decided: &Decided<T::AccountId>, carried: CarriedPay) -> Paid {
		let champion = &decided.state.champion;
		let (ModelRef::Stored(model), Some(author)) = (champion.model, &champion.author) else { return Paid::default() };
		if decided.state.carry == 0 {
			return Paid::default();
		}
		let paid = Self::pay_bits(decided, author, carried.increment, carried.increment);
		let (round, who) = (decided.round, author.clone());
		let (increment, effective, left) = (paid.rise, paid.effective, carried.left);
		Self::deposit_event(Event::CarryPaid { round, model, who, increment, effective, left });
		paid
	}

	/// Pays `increment` bits of `author`, for which the high-water mark rises by `rise` if all of it is paid. Sealed evidence is
	/// paid by the purse of the domain, as far as it reaches; other evidence is queued for work blocks.
	pub(crate) fn pay_bits(decided: &Decided<T::AccountId>, author: &T::AccountId, increment: Q32, rise: Q32) -> Paid {
		let Decided { round, spec, outcome, weight, .. } = *decided;
		let due = effective_improvement(increment, weight, spec.evidence.value());
		if due == 0 {
			return Paid { bits: increment, rise, due, effective: 0 };
		}
		let (evaluators, backing) = (outcome.pay.clone(), outcome.backing);
		let improvement = QueuedImprovement { round, effective: due, optimizer: author.clone(), evaluators, backing };
		let effective = if spec.evidence.kind() == EvidenceKind::Sealed {
			Self::pay_from_purse(improvement)
		} else {
			T::Work::enqueue(improvement);
			due
		};
		Paid { bits: increment, rise: pay::paid_part(rise, effective, due), due, effective }
	}

	/// Mints the pay of `improvement` and burns the same amount of the purse of its domain. Returns the effective improvement
	/// that was paid.
	fn pay_from_purse(improvement: QueuedImprovement<T::AccountId>) -> Q32 {
		let round = improvement.round;
		let payment = T::Work::pay(improvement, T::Evidence::purse(round.domain));
		if payment.minted > 0 && T::Evidence::spend(round, payment.minted) != payment.minted {
			defensive!("the purse must cover what it pays for", round);
		}
		payment.effective
	}
}
