//! Commitments and reveals of reporters.

use crate::{
	types::{Commitment, PollState, Reporter},
	Config, Error, Event, HoldReason, Pallet, Poll, Reporters, Reveals, Roll,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	oracle::{PollId, PollPhase, Reports, REPORT_HOLD},
	Hash,
};
use doin_traits::block::current_block;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::Precision,
		Get,
	},
};

impl<T: Config> Pallet<T> {
	/// Stores the commitment of a reporter; see [`Call::commit`](crate::Call::commit).
	pub(crate) fn do_commit(who: T::AccountId, poll: PollId, hash: Hash) -> DispatchResult {
		let open = Self::open_poll(poll)?;
		ensure!(open.phase(current_block::<T>()) == PollPhase::Committing, Error::<T>::NotCommitting);
		Self::place_of(&who)?;
		let reporter = Reporters::<T>::get(&who).unwrap_or_default();
		ensure!(reporter.commitment.is_none(), Error::<T>::AlreadyCommitted);
		let reason = HoldReason::Report.into();
		if T::Currency::balance_on_hold(&reason, &who) < REPORT_HOLD {
			T::Currency::set_on_hold(&reason, &who, REPORT_HOLD)?;
		}
		let commitment = Some(Commitment { poll, hash, revealed: false });
		Reporters::<T>::insert(&who, Reporter { commitment, ..reporter });
		Self::deposit_event(Event::Committed { poll, who });
		Ok(())
	}

	/// Stores the values of a reporter; see [`Call::reveal`](crate::Call::reveal).
	pub(crate) fn do_reveal(who: T::AccountId, poll: PollId, reports: Reports, salt: [u8; 32]) -> DispatchResult {
		let open = Self::open_poll(poll)?;
		ensure!(open.phase(current_block::<T>()) == PollPhase::Revealing, Error::<T>::NotRevealing);
		let mut reporter = Reporters::<T>::get(&who).ok_or(Error::<T>::NoCommitment)?;
		let committed = reporter.commitment.filter(|committed| committed.poll == poll).ok_or(Error::<T>::NoCommitment)?;
		ensure!(!committed.revealed, Error::<T>::AlreadyRevealed);
		let hash = commitment(Tag::Report, &T::GenesisHash::get(), &poll, &who, &payload_hash(&reports), &salt);
		ensure!(hash == committed.hash, Error::<T>::WrongReveal);
		Self::check_reports(&open, &reports)?;
		let place = Self::place_of(&who)?;
		let count = reports.len() as u32;
		for report in reports {
			Reveals::<T>::insert(report.stream, place, report.bars);
		}
		reporter.commitment = Some(Commitment { revealed: true, ..committed });
		Reporters::<T>::insert(&who, reporter);
		Self::deposit_event(Event::Revealed { poll, who, reports: count });
		Ok(())
	}

	/// Releases the hold of a reporter; see [`Call::leave`](crate::Call::leave).
	pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
		let reporter = Reporters::<T>::take(&who).ok_or(Error::<T>::NoRecord)?;
		ensure!(reporter.commitment.is_none(), Error::<T>::CommitmentOpen);
		T::Currency::release_all(&HoldReason::Report.into(), &who, Precision::Exact)?;
		Self::deposit_event(Event::Left { who });
		Ok(())
	}

	/// Returns the open poll, if it has this number.
	fn open_poll(poll: PollId) -> Result<PollState, Error<T>> {
		let open = Poll::<T>::get();
		ensure!(open.is_open && open.id == poll, Error::<T>::OtherPoll);
		Ok(open)
	}

	/// Returns the place of a reporter in the roll.
	fn place_of(who: &T::AccountId) -> Result<u16, Error<T>> {
		let place = Roll::<T>::get().iter().position(|seat| seat.who == *who);
		place.and_then(|place| u16::try_from(place).ok()).ok_or(Error::<T>::NotReporter)
	}

	/// Checks that reports answer batches of the poll, each once.
	fn check_reports(poll: &PollState, reports: &Reports) -> Result<(), Error<T>> {
		let mut last = None;
		for report in reports {
			ensure!(last < Some(report.stream), Error::<T>::UnsortedStreams);
			last = Some(report.stream);
			let batch = poll.batches.iter().find(|batch| batch.stream == report.stream).ok_or(Error::<T>::NotDue)?;
			ensure!(batch.fits(&report.bars), Error::<T>::WrongShape);
		}
		Ok(())
	}
}
