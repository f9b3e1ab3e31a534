//! Settlement of tasks whose sums the runtime cannot compute: the median of the answers decides.

use crate::{
	pallet::{Config, Event, Pallet, Tasks},
	types::{Answer, Task},
	AgendaOf, WeightInfo,
};
use alloc::vec::Vec;
use doin_primitives::{
	payload::Sums,
	settlement::Backing,
	tolerance::{decide, Agreement},
	TaskId,
};
use doin_traits::{EvaluatorSet, VoidReason};
use frame_support::dispatch::{DispatchResultWithPostInfo, Pays, PostDispatchInfo};

/// Chunks of the size class of a task that the medians of its answers are charged as. Those of the largest quorum and the longest list
/// of models are 4,864 sorts of 15 numbers, where a chunk of the smallest class is 2²⁰ multiply-accumulates.
const MEDIAN_CHUNKS: u32 = 2;

impl<T: Config> Pallet<T> {
	/// Settles a task of a domain with a tolerance of `epsilon` parts per million. If more than half of the quorum agrees with the
	/// median, the median is final, and the answers that do not agree with it are slashed; no chunk of it can be challenged, since the
	/// runtime could not decide the challenge. Otherwise the task is void, no member is slashed, and the call is free of fee: nobody
	/// else reimburses its sender.
	pub(crate) fn settle_by_median(
		who: &T::AccountId,
		id: TaskId,
		mut task: Task<T::AccountId>,
		epsilon: u32,
	) -> DispatchResultWithPostInfo {
		let class = task.class;
		let answers = Self::standing(id, &task);
		let sums: Vec<&Sums> = answers.iter().map(|answer| &answer.sums).collect();
		let Some(Agreement { median, agrees }) = decide(&sums, epsilon, task.seats()) else {
			AgendaOf::<T>::cancel(task.due, &id);
			Self::void(id, task, VoidReason::NoAgreement);
			let actual_weight = Some(Self::settle_weight(class, MEDIAN_CHUNKS, 0).saturating_add(T::WeightInfo::void()));
			return Ok(PostDispatchInfo { actual_weight, pays_fee: Pays::No });
		};
		let mut deviating = Vec::new();
		for (answer, _) in answers.iter().zip(agrees).filter(|(_, agrees)| !agrees) {
			if let Some(member) = task.members.get_mut(answer.place) {
				member.answer = Answer::False;
				deviating.push(member.who.clone());
			}
		}
		T::EvaluatorSet::slash_deviations(&deviating);
		task.settler = Some(who.clone());
		let until = Self::open_challenge_window(id, &mut task, median, Backing::Quorum);
		Tasks::<T>::insert(id, task);
		Self::deposit_event(Event::Settled { task: id, settler: who.clone(), until });
		Ok(Some(Self::settle_weight(class, MEDIAN_CHUNKS, deviating.len() as u32)).into())
	}
}
