//! Settlement: recomputing the first chunk on which answers differ, and spot checks where they agree.

use crate::{
	pallet::{Answers, Config, Error, Event, Pallet, SettledSums, Tasks},
	types::{Answer, Stage, Task},
	WeightInfo,
};
use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	payload::Sums,
	settlement::{first_difference, spot_checks, sum_at, Backing, ChunkRef},
	Balance, BlockNumber, Hash, SizeClass, TaskId,
};
use doin_traits::{ChunkDraw, ChunkScorer, EvaluatorSet, FalseAnswer, OnRecomputed, Timing};
use frame_support::{
	defensive,
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::DispatchError,
	weights::Weight,
};

/// Revealed sums of one member of a quorum.
pub(crate) struct RevealedAnswer {
	/// Place of the member in the quorum.
	pub place: usize,
	/// Its sums.
	pub sums: Sums,
}

impl<T: Config> Pallet<T> {
	/// Returns the weight of a call that is refused because of the task's stage. It reads as much as a commitment to sums.
	pub(crate) fn lookup_weight() -> Weight {
		T::WeightInfo::commit_sums()
	}

	/// Returns the weight of slashing `members` members for false answers.
	pub(crate) fn slash_weight(members: u32) -> Weight {
		if members == 0 {
			return Weight::zero();
		}
		T::WeightInfo::slash_members(members)
	}

	/// Returns the weight of a settlement that recomputes `chunks` chunks and slashes `slashed` members.
	pub(crate) fn settle_weight(class: SizeClass, chunks: u32, slashed: u32) -> Weight {
		T::WeightInfo::settle()
			.saturating_add(T::Handler::weight())
			.saturating_add(Self::slash_weight(slashed))
			.saturating_add(T::ChunkScorer::weight(class).saturating_mul(chunks.into()))
	}

	/// Returns the sum of one chunk as the runtime computes it.
	pub(crate) fn score(task: &Task<T::AccountId>, at: ChunkRef) -> Result<u32, DispatchError> {
		let model = task.models.get(usize::from(at.model)).ok_or(Error::<T>::NoSuchChunk)?;
		let seed = task.seed.ok_or(Error::<T>::WrongPhase)?;
		ensure!(at.chunk < task.chunks, Error::<T>::NoSuchChunk);
		let draw = ChunkDraw { domain: task.domain, evidence: task.evidence, seed: &seed };
		Ok(T::ChunkScorer::drawn_sum(draw, model, at.chunk).map_err(|_| Error::<T>::NotComputable)?)
	}

	/// Returns the answers of a task that no recomputed chunk differs from so far.
	pub(crate) fn standing(id: TaskId, task: &Task<T::AccountId>) -> Vec<RevealedAnswer> {
		let stored = |(place, who): (usize, &T::AccountId)| Some(RevealedAnswer { place, sums: Answers::<T>::get(id, who)? });
		task.standing().map(|(place, member)| (place, &member.who)).filter_map(stored).collect()
	}

	/// Removes and slashes the answers for which `is_false` returns `true`. Returns the others.
	pub(crate) fn reject_answers(
		id: TaskId,
		task: &mut Task<T::AccountId>,
		answers: Vec<RevealedAnswer>,
		is_false: impl Fn(&Sums) -> bool,
	) -> Vec<RevealedAnswer> {
		let (rejected, standing): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| is_false(&answer.sums));
		let mut places = Vec::with_capacity(rejected.len());
		for answer in rejected {
			if let Some(member) = task.members.get(answer.place) {
				Answers::<T>::remove(id, &member.who);
			}
			places.push((answer.place, blake2_256(&answer.sums.encode())));
		}
		Self::slash_members(task, &places, None);
		standing
	}

	/// Slashes members whose answers are false, given as the place in the quorum and the hash of the sums. Returns the amount
	/// that `challenger` received, in plancks.
	pub(crate) fn slash_members(
		task: &mut Task<T::AccountId>,
		places: &[(usize, Hash)],
		challenger: Option<&T::AccountId>,
	) -> Balance {
		let mut answers = Vec::with_capacity(places.len());
		for (place, sums) in places {
			let Some(member) = task.members.get_mut(*place) else {
				defensive!("a revealed answer belongs to a member of the quorum", place);
				continue;
			};
			member.answer = Answer::False;
			answers.push(FalseAnswer { who: member.who.clone(), sums: *sums });
		}
		T::EvaluatorSet::slash_false_answers(&answers, task.seats(), challenger)
	}

	/// Returns a task that can be settled now, and the seed of its spot checks.
	fn settling_task(now: BlockNumber, id: TaskId, class: SizeClass) -> Result<(Task<T::AccountId>, Hash), Error<T>> {
		let task = Tasks::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
		let Stage::Settling { until, spot } = task.stage else {
			return Err(Error::<T>::WrongPhase);
		};
		ensure!(now < until, Error::<T>::WrongPhase);
		ensure!(task.class == class, Error::<T>::WrongClass);
		Ok((task, spot))
	}

	/// Does one step of a settlement. A call that is refused before the runtime scores a chunk is charged for the look-up only.
	pub(crate) fn do_settle(who: &T::AccountId, id: TaskId, class: SizeClass) -> DispatchResultWithPostInfo {
		let now = Self::now();
		let (mut task, spot) = Self::settling_task(now, id, class).map_err(|error| error.with_weight(Self::lookup_weight()))?;
		if let Some(epsilon) = T::ChunkScorer::tolerance(task.domain) {
			return Self::settle_by_median(who, id, task, epsilon);
		}
		let mut answers = Self::standing(id, &task);
		let revealed = answers.len();
		let mut scored: u32 = 0;
		let difference = |answers: &[RevealedAnswer]| first_difference(answers.iter().map(|answer| &answer.sums));
		let charged = |scored: u32, standing: usize| {
			let slashed = revealed.saturating_sub(standing) as u32;
			Ok(Some(Self::settle_weight(class, scored, slashed)).into())
		};
		if let Some(at) = difference(&answers) {
			let computed = Self::score(&task, at)?;
			scored = scored.saturating_add(1);
			answers = Self::reject_answers(id, &mut task, answers, |sums| sum_at(sums, at) != Some(computed));
			if difference(&answers).is_some() {
				Tasks::<T>::insert(id, task);
				Self::deposit_event(Event::AnswersRejected { task: id, standing: answers.len() as u32 });
				return charged(scored, answers.len());
			}
		}
		if let Some(agreed) = answers.first().map(|answer| answer.sums.clone()) {
			let leader = T::Handler::leader(&task.subject, &agreed);
			for at in spot_checks(&spot, leader, task.models.len() as u8, task.chunks) {
				scored = scored.saturating_add(1);
				if sum_at(&agreed, at) != Some(Self::score(&task, at)?) {
					answers = Self::reject_answers(id, &mut task, answers, |_| true);
					break;
				}
			}
		}
		let standing = answers.len();
		match answers.into_iter().next() {
			Some(answer) => {
				task.settler = Some(who.clone());
				let until = Self::open_challenge_window(id, &mut task, answer.sums, Backing::Quorum);
				Self::deposit_event(Event::Settled { task: id, settler: who.clone(), until });
			}
			None => Self::start_recomputing(now, id, &mut task),
		}
		Tasks::<T>::insert(id, task);
		charged(scored, standing)
	}

	/// Stores the sums of a task. Removes the answers: those that stand are equal, or agree with the median. Returns the first block
	/// in which the sums cannot be challenged: this one for sums that the runtime computed, or cannot compute.
	pub(crate) fn open_challenge_window(id: TaskId, task: &mut Task<T::AccountId>, sums: Sums, backing: Backing) -> BlockNumber {
		for member in &task.members {
			Answers::<T>::remove(id, &member.who);
		}
		SettledSums::<T>::insert(id, sums);
		let now = Self::now();
		let until = match backing {
			Backing::Quorum if T::ChunkScorer::tolerance(task.domain).is_none() => {
				now.saturating_add(T::Timing::rounds().challenge)
			}
			Backing::Quorum | Backing::Runtime => now,
		};
		task.stage = Stage::Challenge { until, backing };
		Self::reschedule(now, until, id, task);
		until
	}
}
