//! What must hold after every block, checked by `try_state` and after every test.

use crate::{
	types::{SeatState, Stage, MAX_ROUNDS},
	*,
};
use alloc::{
	collections::{btree_map::BTreeMap, btree_set::BTreeSet},
	vec::Vec,
};
use frame_support::traits::fungible::InspectHold;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// All invariants of the pallet's storage, and of the holds it is responsible for.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_rounds()?;
		Self::check_agenda()?;
		Self::check_models()?;
		Self::check_contenders()?;
		Self::check_holds()
	}

	/// Every round is pending in its domain, in ascending order, and only the first one is measured.
	fn check_rounds() -> Result<(), TryRuntimeError> {
		let mut known = 0u32;
		for (domain, pending) in Pending::<T>::iter() {
			ensure!(!pending.is_empty(), "a domain without undecided rounds must not be stored as pending");
			ensure!(pending.is_sorted(), "pending rounds must be in ascending order");
			for (place, number) in pending.iter().enumerate() {
				let round = Rounds::<T>::get(RoundId { domain, number: *number }).ok_or("a pending round must exist")?;
				known = known.saturating_add(1);
				ensure!(place == 0 || !matches!(round.stage, Stage::Measuring(_)), "only a domain's earliest round is measured");
				ensure!(!round.seats.is_empty(), "a round is opened by its first seat");
				for seat in &round.seats {
					let in_race = matches!(seat.state, SeatState::Committed | SeatState::Revealed);
					ensure!(in_race || seat.hold == 0, "a seat out of the race must not hold anything as its word");
					ensure!(seat.state != SeatState::Revealed || seat.model.is_some(), "a candidate must have a model");
					ensure!(
						seat.state != SeatState::Committed || round.stage == Stage::Collecting,
						"a seat cannot stay unrevealed once reveals are closed"
					);
				}
			}
		}
		ensure!(known == Rounds::<T>::count(), "every round must be pending");
		ensure!(known <= MAX_ROUNDS, "more rounds than the agenda can serve");
		Ok(())
	}

	/// A round is on the agenda exactly once while the hook has something to do for it.
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
				Stage::Collecting => 1,
				Stage::Waiting => u32::from(first),
				Stage::Measuring(_) => 0,
			};
			ensure!(
				due.remove(&id).unwrap_or(0) == expected,
				"a round must be on the agenda once while it collects, and when its turn has come"
			);
		}
		ensure!(due.is_empty(), "the agenda must not name a round that is over");
		Ok(())
	}

	/// Every stored model is a candidate's, a contender's or a champion's, once, or its domain is gone.
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
		ensure!(unique.len() == needed.len(), "a model must not be needed twice");
		for model in &unique {
			ensure!(Models::<T>::contains_key(model), "a needed model must be stored");
		}
		for (model, stored) in Models::<T>::iter() {
			let orphan = T::Domains::state(stored.round.domain).is_none();
			ensure!(orphan || unique.contains(&model), "a model that nothing needs must be removed");
		}
		Ok(())
	}

	/// A contender's sums are as long as each other, and were measured against the champion that is there.
	fn check_contenders() -> Result<(), TryRuntimeError> {
		for (domain, contender) in Contenders::<T>::iter() {
			ensure!(contender.rounds_left > 0, "a contender without rounds left must be dropped");
			let lengths = (contender.initial.len(), contender.champion.len());
			ensure!(lengths == (contender.own.len(), contender.own.len()), "a contender's sums must cover the same chunks");
			if let Some(state) = T::Domains::state(domain) {
				ensure!(state.champion.model == contender.against, "a contender's sums must be against the champion");
			}
		}
		Ok(())
	}

	/// What is held of every account is what its seats and models say.
	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut held = BTreeMap::<Vec<u8>, (T::AccountId, [Balance; 3])>::new();
		let mut add = |who: &T::AccountId, reason: usize, amount: Balance| {
			let entry = held.entry(who.encode()).or_insert_with(|| (who.clone(), [0; 3]));
			if let Some(sum) = entry.1.get_mut(reason) {
				*sum = sum.saturating_add(amount);
			}
		};
		for (_, round) in Rounds::<T>::iter() {
			for seat in &round.seats {
				add(&seat.who, 0, seat.fee_held);
				add(&seat.who, 1, seat.hold);
			}
		}
		for (_, stored) in Models::<T>::iter() {
			add(&stored.author, 2, stored.hold);
		}
		// Who has nothing at stake any more must have nothing held.
		for who in Records::<T>::iter_keys() {
			add(&who, 0, 0);
		}
		for (who, sums) in held.into_values() {
			for (reason, sum) in [HoldReason::SeatFee, HoldReason::Seat, HoldReason::Model].into_iter().zip(sums) {
				ensure!(T::Currency::balance_on_hold(&reason.into(), &who) == sum, "holds must equal what seats and models say");
			}
		}
		Ok(())
	}
}
