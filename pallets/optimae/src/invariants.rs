//! Invariants of the storage and of the holds. `try_state` checks them, and every test ends with them.

use crate::{
	types::{Round, Sale, Stage, MAX_ROUNDS},
	Config, Contenders, Due, HoldReason, Models, NextModelId, Pallet, Pending, Records, Rounds,
};
use alloc::{
	collections::{btree_map::BTreeMap, btree_set::BTreeSet},
	vec::Vec,
};
use codec::Encode;
use doin_primitives::{Balance, EvidenceKind, EvidenceRef, ModelId, ModelRef, RoundId, SeatStatus};
use doin_traits::{Domains, EvidenceSource};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

/// Amounts that must be on hold of one account, in plancks.
struct ExpectedHolds<AccountId> {
	/// The account.
	who: AccountId,
	/// Held fees of its seats.
	fees: Balance,
	/// Holds of its seats.
	seats: Balance,
	/// Stakes of its seats.
	stakes: Balance,
	/// Holds of its models.
	models: Balance,
}

impl<T: Config> Pallet<T> {
	/// Checks all invariants of the pallet.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_rounds()?;
		Self::check_agenda()?;
		Self::check_models()?;
		Self::check_contenders()?;
		Self::check_holds()
	}

	/// Checks that every round is pending in its domain, in ascending order, that only the first one is evaluated, and that
	/// rounds have the evidence of their stage.
	fn check_rounds() -> Result<(), TryRuntimeError> {
		let mut known = 0u32;
		let mut tasks = BTreeSet::new();
		for (domain, pending) in Pending::<T>::iter() {
			ensure!(!pending.is_empty(), "a domain without undecided rounds must not be stored as pending");
			ensure!(pending.is_sorted(), "pending rounds must be in ascending order");
			let kind = T::Domains::spec(domain).map(|spec| spec.evidence.kind());
			ensure!(
				pending.len() == 1 || kind != Some(EvidenceKind::Sealed),
				"a domain with sealed evidence must have one undecided round"
			);
			for (place, number) in pending.iter().enumerate() {
				let round = Rounds::<T>::get(RoundId { domain, number: *number }).ok_or("a pending round must exist")?;
				known = known.saturating_add(1);
				ensure!(round.task().is_none_or(|task| tasks.insert(task)), "a task evaluates one round");
				ensure!(
					place == 0 || !matches!(round.stage, Stage::Evaluating { .. }),
					"only the earliest round of a domain is evaluated"
				);
				if let Stage::Evaluating { evaluation, .. } = &round.stage {
					let is_listed = |model: &ModelId| evaluation.index(&ModelRef::Stored(*model)).is_some();
					ensure!(round.candidates().iter().all(is_listed), "every candidate must be on the model list");
				}
				ensure!(!round.seats.is_empty(), "a round is opened by its first seat");
				Self::check_evidence(RoundId { domain, number: *number }, kind, &round)?;
				Self::check_seats(&round)?;
			}
		}
		ensure!(known == Rounds::<T>::count(), "every round must be pending");
		ensure!(known <= MAX_ROUNDS, "more rounds than the agenda can serve");
		Ok(())
	}

	/// Checks that round `id` has the evidence of its stage, of the kind of its domain.
	fn check_evidence(id: RoundId, kind: Option<EvidenceKind>, round: &Round<T::AccountId>) -> Result<(), TryRuntimeError> {
		match round.stage {
			Stage::Collecting => ensure!(
				matches!(round.evidence, None | Some(EvidenceRef::Drawn)),
				"evidence that is awaited must not arrive before the end of the commits"
			),
			Stage::Awaiting => {
				ensure!(round.evidence.is_none(), "a round that awaits its evidence must have none");
				ensure!(
					T::Evidence::awaited_until(id).is_some(),
					"the evidence that a round awaits must have been asked for, and have a deadline"
				);
			}
			Stage::Waiting | Stage::Evaluating { .. } | Stage::Revealing { .. } => {
				ensure!(round.evidence.is_some(), "a round that is revealed must have evidence")
			}
		}
		let suits = match (kind, round.evidence) {
			(None, _) | (Some(EvidenceKind::Sealed | EvidenceKind::Live), None) => true,
			(Some(kind), Some(EvidenceRef::Drawn)) => !kind.is_awaited(),
			(kind, Some(EvidenceRef::Segment(_))) => kind == Some(EvidenceKind::Sealed),
			(kind, Some(EvidenceRef::Bars { .. })) => kind == Some(EvidenceKind::Live),
			(Some(EvidenceKind::Public | EvidenceKind::Synthetic | EvidenceKind::Drawn), None) => false,
		};
		ensure!(suits, "the evidence of a round must be of the kind of its domain");
		Ok(())
	}

	/// Checks the amounts of every seat of `round`, and that its status suits the stage of the round.
	fn check_seats(round: &Round<T::AccountId>) -> Result<(), TryRuntimeError> {
		let is_closed = matches!(round.stage, Stage::Waiting | Stage::Evaluating { .. });
		for seat in &round.seats {
			ensure!(seat.fee_held <= seat.fee, "not more than the fee of a seat must be held");
			ensure!(seat.recomputation <= seat.fee_held, "the part for recomputing models is a part of the held fee");
			ensure!(
				round.sale != Sale::Prepaid || seat.recomputation > 0,
				"every seat of a prepaid round pays for recomputing its model"
			);
			let in_race = matches!(seat.status, SeatStatus::Committed | SeatStatus::Revealed);
			ensure!(in_race || (seat.hold == 0 && seat.stake == 0), "a seat out of the race must have no hold and no stake");
			ensure!(seat.status != SeatStatus::Revealed || seat.model.is_some(), "a candidate must have a model");
			ensure!(seat.status != SeatStatus::Committed || !is_closed, "no seat stays committed after the reveal window");
			ensure!(
				round.evidence.is_some() || (seat.status == SeatStatus::Committed && seat.model.is_none()),
				"nothing is revealed before the evidence arrives"
			);
		}
		Ok(())
	}

	/// Checks that a round is on the agenda exactly once while it collects or takes reveals, and when it can be evaluated.
	fn check_agenda() -> Result<(), TryRuntimeError> {
		let mut due = BTreeMap::<RoundId, u32>::new();
		for (_, items) in Due::<T>::iter() {
			for id in items {
				let times = due.entry(id).or_default();
				*times = times.saturating_add(1);
			}
		}
		for (id, round) in Rounds::<T>::iter() {
			let first = Pending::<T>::get(id.domain).first() == Some(&id.number);
			let expected = match round.stage {
				Stage::Collecting | Stage::Revealing { .. } => 1,
				Stage::Waiting => u32::from(first),
				Stage::Awaiting | Stage::Evaluating { .. } => 0,
			};
			ensure!(
				due.remove(&id).unwrap_or(0) == expected,
				"a round must be on the agenda once while it collects or takes reveals, and when it can be evaluated"
			);
		}
		ensure!(due.is_empty(), "the agenda must not contain a round that has ended");
		Ok(())
	}

	/// Checks that every stored model belongs to exactly one candidate, contender or champion, or to a domain that does
	/// not exist.
	fn check_models() -> Result<(), TryRuntimeError> {
		let mut needed = Vec::new();
		for (id, round) in Rounds::<T>::iter() {
			for model in round.seats.iter().filter_map(|seat| seat.model) {
				ensure!(Models::<T>::get(model).is_some_and(|stored| stored.round == id), "a candidate's model must be stored");
				needed.push(model);
			}
		}
		for (_, contender) in Contenders::<T>::iter() {
			needed.push(contender.model);
		}
		let next = NextModelId::<T>::get();
		let mut champions = BTreeSet::new();
		for (model, stored) in Models::<T>::iter() {
			ensure!(model < next, "identifiers of models must be given in order");
			if let Some(state) = T::Domains::state(stored.round.domain) {
				if let ModelRef::Stored(champion) = state.champion.model {
					champions.insert(champion);
				}
			}
		}
		needed.extend(champions);
		let unique: BTreeSet<_> = needed.iter().copied().collect();
		ensure!(unique.len() == needed.len(), "a model must have one use");
		for model in &unique {
			ensure!(Models::<T>::contains_key(model), "a needed model must be stored");
		}
		for (model, stored) in Models::<T>::iter() {
			let orphan = T::Domains::state(stored.round.domain).is_none();
			ensure!(orphan || unique.contains(&model), "a model without a use must be removed");
		}
		Ok(())
	}

	/// Checks that the sums of a contender cover the same chunks, and that they compare it with the current champion.
	fn check_contenders() -> Result<(), TryRuntimeError> {
		for (domain, contender) in Contenders::<T>::iter() {
			ensure!(contender.rounds_left > 0, "a contender without rounds left must be dropped");
			let chunks = contender.sums.contender.len();
			let same = contender.sums.initial.len() == chunks && contender.sums.champion.len() == chunks;
			ensure!(same, "the sums of a contender must cover the same chunks");
			if let Some(state) = T::Domains::state(domain) {
				ensure!(state.champion.model == contender.champion, "a contender must be compared with the champion");
			}
		}
		Ok(())
	}

	/// Checks that the holds of every account equal those of its seats and models.
	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::<Vec<u8>, ExpectedHolds<T::AccountId>>::new();
		let mut of = |who: &T::AccountId, add: &dyn Fn(&mut ExpectedHolds<T::AccountId>)| {
			let none = || ExpectedHolds { who: who.clone(), fees: 0, seats: 0, stakes: 0, models: 0 };
			add(expected.entry(who.encode()).or_insert_with(none));
		};
		for (_, round) in Rounds::<T>::iter() {
			for seat in &round.seats {
				of(&seat.who, &|holds| {
					holds.fees = holds.fees.saturating_add(seat.fee_held);
					holds.seats = holds.seats.saturating_add(seat.hold);
					holds.stakes = holds.stakes.saturating_add(seat.stake);
				});
			}
		}
		for (_, stored) in Models::<T>::iter() {
			of(&stored.author, &|holds| holds.models = holds.models.saturating_add(stored.hold));
		}
		// An account without seats and models must have no holds.
		for who in Records::<T>::iter_keys() {
			of(&who, &|_| ());
		}
		for holds in expected.into_values() {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &holds.who);
			ensure!(held(HoldReason::SeatFee) == holds.fees, "held fees must equal those of the seats");
			ensure!(held(HoldReason::Seat) == holds.seats, "holds of seats must equal those of the seats");
			ensure!(held(HoldReason::Stake) == holds.stakes, "held stakes must equal those of the seats");
			ensure!(held(HoldReason::Model) == holds.models, "holds of models must equal those of the models");
		}
		Ok(())
	}
}
