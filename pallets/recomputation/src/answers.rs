//! Answers of a drawn quorum: commitments, then sums.

use crate::{
	pallet::{Answers, Config, Error, Event, Pallet, Tasks},
	types::{Answer, Member, Stage, Task},
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::Sums,
	Hash, TaskId,
};
use doin_traits::EvaluatorSet;
use frame_support::{dispatch::DispatchResult, ensure, pallet_prelude::DispatchError, traits::Get};

impl<T: Config> Pallet<T> {
	/// Stores the commitment of a drawn evaluator.
	pub(crate) fn do_commit_sums(who: &T::AccountId, id: TaskId, hash: Hash) -> DispatchResult {
		let mut task = Tasks::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
		let Stage::Answering { commits_until, .. } = task.stage else {
			return Err(Error::<T>::WrongPhase.into());
		};
		ensure!(Self::now() < commits_until, Error::<T>::WrongPhase);
		let member = Self::member(&mut task, who)?;
		ensure!(member.answer == Answer::Awaited, Error::<T>::AlreadyCommitted);
		member.answer = Answer::Committed(hash);
		Tasks::<T>::insert(id, task);
		Self::deposit_event(Event::SumsCommitted { task: id, who: who.clone() });
		Ok(())
	}

	/// Stores the sums of a drawn evaluator.
	pub(crate) fn do_reveal_sums(who: &T::AccountId, id: TaskId, sums: Sums, salt: [u8; 32]) -> DispatchResult {
		let mut task = Tasks::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
		let Stage::Answering { commits_until, reveals_until } = task.stage else {
			return Err(Error::<T>::WrongPhase.into());
		};
		ensure!((commits_until..reveals_until).contains(&Self::now()), Error::<T>::WrongPhase);
		let (models, chunks) = (task.models.len(), usize::from(task.chunks));
		let member = Self::member(&mut task, who)?;
		let hash = match member.answer {
			Answer::Committed(hash) => hash,
			Answer::Revealed => return Err(Error::<T>::AlreadyRevealed.into()),
			_ => return Err(Error::<T>::NotCommitted.into()),
		};
		ensure!(sums.len() == models && sums.iter().all(|model| model.len() == chunks), Error::<T>::InvalidShape);
		let committed = commitment(Tag::Sums, &T::GenesisHash::get(), &id, who, &payload_hash(&sums), &salt);
		ensure!(committed == hash, Error::<T>::CommitmentMismatch);
		member.answer = Answer::Revealed;
		Answers::<T>::insert(id, who, sums);
		Tasks::<T>::insert(id, task);
		Self::deposit_event(Event::SumsRevealed { task: id, who: who.clone() });
		Ok(())
	}

	/// Returns the seat of `who` in the quorum. An evaluator whose whole bond was slashed has nothing at stake and cannot answer.
	fn member<'a>(task: &'a mut Task<T::AccountId>, who: &T::AccountId) -> Result<&'a mut Member<T::AccountId>, DispatchError> {
		ensure!(T::EvaluatorSet::is_bonded(who), Error::<T>::NotBonded);
		Ok(task.members.iter_mut().find(|member| member.who == *who).ok_or(Error::<T>::NotDrawn)?)
	}
}
