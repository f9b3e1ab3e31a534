//! [`Recompute`]: requests of other pallets.

use crate::{
	pallet::{Config, Error, Event, NextTaskId, Pallet, Tasks},
	types::{Stage, Task},
	WeightInfo, MAX_RECOMPUTED, MAX_TASKS,
};
use doin_primitives::{settlement::Helpers, DomainId, SizeClass, TaskId};
use doin_traits::{ChunkScorer, EvaluatorSet, RecomputationRequest, Recompute};
use frame_support::{ensure, pallet_prelude::DispatchError, traits::DefensiveTruncateFrom, weights::Weight, BoundedVec};

impl<T: Config> Recompute<T::AccountId> for Pallet<T> {
	fn request(request: RecomputationRequest<T::AccountId>) -> Result<TaskId, DispatchError> {
		let RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude } = request;
		ensure!(Tasks::<T>::count() < MAX_TASKS, Error::<T>::TooManyTasks);
		ensure!(!models.is_empty(), Error::<T>::NoModels);
		let chunks = T::ChunkScorer::chunks(domain).ok_or(Error::<T>::UnknownDomain)?;
		let id = NextTaskId::<T>::get();
		NextTaskId::<T>::put(id.saturating_add(1));
		let mut task = Task {
			subject,
			domain,
			class,
			weighted,
			// The runtime cannot recompute the sums of a domain with a tolerance.
			needs_quorum: (needs_quorum || T::ChunkScorer::tolerance(domain).is_some()) && !weighted,
			models,
			evidence,
			chunks,
			exclude: BoundedVec::defensive_truncate_from(exclude.into_inner()),
			stage: Stage::Drawing { target: 0 },
			due: 0,
			fixed: 0,
			roster: 0,
			redrawn: false,
			base_fee: 0,
			congested: None,
			seed: None,
			members: BoundedVec::new(),
			settler: None,
			helpers: Helpers::new(),
		};
		let roster = Self::available_for(&task);
		let target = Self::start_drawing(Self::now(), id, &mut task, roster);
		Tasks::<T>::insert(id, task);
		Self::deposit_event(Event::TaskOpened { task: id, subject, domain, target });
		Ok(id)
	}

	fn available(domain: DomainId, class: SizeClass, weighted: bool, exclude: &[T::AccountId]) -> u32 {
		T::EvaluatorSet::available(domain, class, weighted, exclude)
	}

	/// Contains the end of the task, which one of the calls for one of its models pays for. Slashes are not contained.
	fn recompute_weight(domain: DomainId, class: SizeClass) -> Weight {
		let chunks = u32::from(T::ChunkScorer::chunks(domain).unwrap_or(0));
		let calls = chunks.div_ceil(MAX_RECOMPUTED.into());
		T::WeightInfo::recompute()
			.saturating_mul(calls.into())
			.saturating_add(T::WeightInfo::finish_recomputing())
			.saturating_add(T::ChunkScorer::weight(class).saturating_mul(chunks.into()))
	}
}
