//! What holds after every block.

use crate::{
	types::{Answer, Stage},
	Answers, Config, Disputes, Due, Evaluators, HoldReason, Known, Pallet, Requests, Rosters, SeatIndex, Seats, Truths, MAX_OPEN,
};
use alloc::{collections::BTreeMap, vec::Vec};
use doin_primitives::{Balance, RoundId};
use frame_support::{ensure, traits::fungible::hold::Inspect};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks bonds against holds, rosters against their index, and requests against the agenda and what is stored for them.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_bonds()?;
		Self::check_rosters()?;
		Self::check_requests()
	}

	fn check_bonds() -> Result<(), TryRuntimeError> {
		let bond = HoldReason::Bond.into();
		let dispute = HoldReason::Dispute.into();
		for (who, evaluator) in Evaluators::<T>::iter() {
			ensure!(T::Currency::balance_on_hold(&bond, &who) == evaluator.bond, "a bond is not what is on hold");
			ensure!(evaluator.bond > 0, "an evaluator has nothing at stake");
			let mut expected = if Self::active(&evaluator) { Self::rosters(&evaluator) } else { Vec::new() };
			for (roster, _) in SeatIndex::<T>::iter_prefix(&who) {
				let at = expected.iter().position(|other| *other == roster);
				expected.remove(at.ok_or("an evaluator sits on a roster that it should not")?);
			}
			ensure!(expected.is_empty(), "an evaluator is missing from a roster");
		}
		for (who, pending) in Disputes::<T>::iter() {
			ensure!(T::Currency::balance_on_hold(&dispute, &who) == pending.bond, "a dispute bond is not what is on hold");
		}
		Ok(())
	}

	fn check_rosters() -> Result<(), TryRuntimeError> {
		let mut seated = 0usize;
		let mut chunks = 0usize;
		for (roster, index) in Rosters::<T>::iter() {
			ensure!(index.len > 0, "an empty roster is stored");
			let mut position = 0u32;
			for (chunk, sum) in index.sums.iter().enumerate() {
				let seats = Seats::<T>::get(roster, chunk as u32);
				ensure!(!seats.is_empty(), "a roster has an empty chunk");
				chunks = chunks.saturating_add(1);
				let mut bonds: Balance = 0;
				for seat in seats {
					let place = SeatIndex::<T>::get(&seat.who, roster);
					ensure!(place == Some(position), "a seat is not where its index says");
					let record = Evaluators::<T>::get(&seat.who).ok_or("a seat belongs to nobody")?;
					ensure!(seat.bond == record.bond, "a seat's bond is not its evaluator's");
					bonds = bonds.saturating_add(seat.bond);
					position = position.saturating_add(1);
				}
				ensure!(bonds == *sum, "the bonds of a chunk do not add up");
			}
			ensure!(position == index.len, "the seats of a roster do not add up");
			seated = seated.saturating_add(index.len as usize);
		}
		ensure!(SeatIndex::<T>::iter().count() == seated, "an index points at no seat");
		let stored = Seats::<T>::iter_keys().count();
		ensure!(stored == chunks, "a chunk belongs to no roster");
		Ok(())
	}

	fn check_requests() -> Result<(), TryRuntimeError> {
		let mut agenda = BTreeMap::<RoundId, Vec<u32>>::new();
		for (block, rounds) in Due::<T>::iter() {
			rounds.into_iter().for_each(|round| agenda.entry(round).or_default().push(block));
		}
		let mut open = 0u32;
		let mut answers = 0usize;
		for (round, request) in Requests::<T>::iter() {
			open = open.saturating_add(1);
			ensure!(agenda.remove(&round) == Some(alloc::vec![request.due]), "a request is not on the agenda exactly once");
			let settled = matches!(request.stage, Stage::Challenge { .. });
			ensure!(
				Truths::<T>::contains_key(round) == settled,
				"sums are stored without a challenge window, or the other way round"
			);
			for member in &request.members {
				let revealed = member.answer == Answer::Revealed && !settled;
				ensure!(Answers::<T>::contains_key(round, &member.who) == revealed, "an answer is stored that nobody needs");
				answers = answers.saturating_add(usize::from(revealed));
			}
			let known = Known::<T>::iter_prefix(round).flat_map(|(_, sums)| sums).flatten().count();
			let needed = request.models.len().saturating_mul(request.chunks.into());
			match request.stage {
				Stage::Replaying { missing, .. } => {
					ensure!(needed.checked_sub(known) == Some(missing as usize), "the missing chunks do not add up")
				}
				_ => ensure!(known == 0, "chunks are stored of a round that is not replayed"),
			}
		}
		ensure!(agenda.is_empty(), "the agenda names a round that is not open");
		ensure!(open == Requests::<T>::count() && open <= MAX_OPEN, "the open rounds are miscounted");
		ensure!(Answers::<T>::iter_keys().count() == answers, "an answer belongs to no open round");
		ensure!(Truths::<T>::iter_keys().all(Requests::<T>::contains_key), "sums belong to no open round");
		let orphan = Known::<T>::iter_keys().any(|(round, _)| !Requests::<T>::contains_key(round));
		ensure!(!orphan, "chunks belong to no open round");
		Ok(())
	}
}
