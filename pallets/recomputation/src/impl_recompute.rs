//! [`Recompute`]: requests of other pallets.

use crate::{
	pallet::{Beacon, Config, Error, Event, NextTaskId, Pallet, Tasks},
	types::{Stage, Task},
	MAX_TASKS,
};
use doin_primitives::{settlement::Helpers, DomainId, SizeClass, TaskId};
use doin_traits::{ChunkScorer, EvaluatorSet, RecomputationRequest, Recompute, Timing};
use frame_support::{ensure, pallet_prelude::DispatchError, BoundedVec};

impl<T: Config> Recompute<T::AccountId> for Pallet<T> {
	fn request(request: RecomputationRequest<T::AccountId>) -> Result<TaskId, DispatchError> {
		let RecomputationRequest { subject, domain, class, models, exclude } = request;
		ensure!(Tasks::<T>::count() < MAX_TASKS, Error::<T>::TooManyTasks);
		ensure!(!models.is_empty(), Error::<T>::NoModels);
		let chunks = T::ChunkScorer::chunks(domain).ok_or(Error::<T>::UnknownDomain)?;
		let id = NextTaskId::<T>::get();
		NextTaskId::<T>::put(id.saturating_add(1));
		let outputs = T::Timing::rounds().draw_outputs;
		let target = Beacon::<T>::get().folded.saturating_add(outputs.into());
		let mut task = Task {
			subject,
			domain,
			class,
			models,
			chunks,
			exclude,
			stage: Stage::Drawing { target },
			due: 0,
			seed: None,
			members: BoundedVec::new(),
			settler: None,
			helpers: Helpers::new(),
		};
		let now = Self::now();
		Self::schedule(now, now.saturating_add(outputs), id, &mut task);
		Tasks::<T>::insert(id, task);
		Self::deposit_event(Event::TaskOpened { task: id, subject, domain, target });
		Ok(id)
	}

	fn available(domain: DomainId, class: SizeClass) -> u32 {
		T::EvaluatorSet::available(domain, class)
	}
}
