//! Recomputing: the runtime computes every chunk of a task that no quorum decides, paid for call by call.

use crate::{
	pallet::{Config, Error, Event, Pallet, RecomputedSums, Tasks},
	types::{PartialSums, Stage, Task},
	WeightInfo, MAX_RECOMPUTED,
};
use alloc::vec::Vec;
use doin_primitives::{
	payload::{ChunkSums, Sums},
	settlement::{credit, largest, Backing, ChunkRef},
	BlockNumber, SizeClass, TaskId,
};
use doin_traits::ChunkScorer;
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::DispatchError,
	weights::Weight,
};

/// Chunks of one model that a call of `recompute` asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkRange {
	/// Index of the model.
	pub model: u8,
	/// First chunk.
	pub from: u16,
	/// Number of chunks.
	pub count: u16,
}

/// A task in [`Stage::Recomputing`], with the sums of one of its models.
struct OpenRecomputation<AccountId> {
	/// The task.
	task: Task<AccountId>,
	/// Block of the time-out.
	until: BlockNumber,
	/// Chunks of all models that are not recomputed.
	missing: u32,
	/// Sums of the model, one entry per chunk.
	sums: PartialSums,
}

impl<T: Config> Pallet<T> {
	/// Returns the weight of a call that recomputes `chunks` chunks, of which none is the last one of the task.
	pub(crate) fn recompute_weight(class: SizeClass, chunks: u32) -> Weight {
		T::WeightInfo::recompute().saturating_add(T::ChunkScorer::weight(class).saturating_mul(chunks.into()))
	}

	/// Returns the weight of a call that recomputes the last `chunks` chunks of a task and slashes `slashed` members.
	pub(crate) fn last_recompute_weight(class: SizeClass, chunks: u32, slashed: u32) -> Weight {
		Self::recompute_weight(class, chunks)
			.saturating_add(T::WeightInfo::finish_recomputing())
			.saturating_add(Self::slash_weight(slashed))
	}

	/// Returns a task of which `range` can be recomputed now.
	fn recomputing_task(id: TaskId, range: ChunkRange, class: SizeClass) -> Result<OpenRecomputation<T::AccountId>, Error<T>> {
		ensure!(range.count <= MAX_RECOMPUTED, Error::<T>::TooManyChunks);
		let task = Tasks::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
		let Stage::Recomputing { until, missing } = task.stage else {
			return Err(Error::<T>::WrongPhase);
		};
		ensure!(Self::now() < until, Error::<T>::WrongPhase);
		ensure!(task.class == class, Error::<T>::WrongClass);
		ensure!(usize::from(range.model) < task.models.len() && range.from < task.chunks, Error::<T>::NoSuchChunk);
		let mut sums = RecomputedSums::<T>::get(id, range.model);
		sums.bounded_resize(task.chunks.into(), None);
		let mut requested = sums.iter().skip(range.from.into()).take(range.count.into());
		ensure!(requested.any(Option::is_none), Error::<T>::AlreadyRecomputed);
		Ok(OpenRecomputation { task, until, missing, sums })
	}

	/// Recomputes those chunks of `range` that are missing, and credits `who` for them. A call that is refused before the runtime
	/// scores a chunk is charged for the look-up only.
	pub(crate) fn do_recompute(
		who: &T::AccountId,
		id: TaskId,
		range: ChunkRange,
		class: SizeClass,
	) -> DispatchResultWithPostInfo {
		let open = Self::recomputing_task(id, range, class).map_err(|error| error.with_weight(Self::lookup_weight()))?;
		let OpenRecomputation { mut task, until, missing, mut sums } = open;
		let ChunkRange { model, from, count } = range;
		let mut computed: u32 = 0;
		for chunk in from..from.saturating_add(count).min(task.chunks) {
			if let Some(entry @ None) = sums.get_mut(usize::from(chunk)) {
				*entry = Some(Self::score(&task, ChunkRef { model, chunk })?);
				computed = computed.saturating_add(1);
			}
		}
		RecomputedSums::<T>::insert(id, model, sums);
		credit(&mut task.helpers, who, computed);
		let missing = missing.saturating_sub(computed);
		Self::deposit_event(Event::ChunksRecomputed { task: id, who: who.clone(), model, computed, missing });
		let charged = if missing == 0 {
			let slashed = Self::finish_recomputing(id, &mut task)?;
			Self::last_recompute_weight(class, computed, slashed)
		} else {
			task.stage = Stage::Recomputing { until, missing };
			Self::recompute_weight(class, computed)
		};
		Tasks::<T>::insert(id, task);
		Ok(Some(charged).into())
	}

	/// Rejects the revealed answers that differ from the recomputed sums, and lets the task end in the next block. Sums that the
	/// runtime computed cannot be challenged. Returns the number of slashed members.
	pub(crate) fn finish_recomputing(id: TaskId, task: &mut Task<T::AccountId>) -> Result<u32, DispatchError> {
		let mut computed = Sums::new();
		for model in 0..task.models.len() as u8 {
			let sums: Option<Vec<u32>> = RecomputedSums::<T>::take(id, model).into_iter().collect();
			let sums = sums.and_then(|sums| ChunkSums::try_from(sums).ok()).ok_or(Error::<T>::NotComputable)?;
			computed.try_push(sums).map_err(|_| Error::<T>::NotComputable)?;
		}
		let answers = Self::standing(id, task);
		let revealed = answers.len();
		let standing = Self::reject_answers(id, task, answers, |sums| *sums != computed).len();
		task.settler = largest(&task.helpers).cloned();
		Self::open_challenge_window(id, task, computed, Backing::Runtime);
		Self::deposit_event(Event::FullyRecomputed { task: id });
		Ok(revealed.saturating_sub(standing) as u32)
	}
}
