//! Benchmarks of the hook.

use super::*;
use doin_primitives::RoundId;
use frame_benchmarking::v2::*;
use frame_support::traits::Hooks;

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_initialize() {
		#[block]
		{
			Pallet::<T>::on_initialize(1u32.into());
		}

		assert_eq!(WorkBlocks::<T>::get(), 0);
	}

	#[benchmark]
	fn seal(e: Linear<1, MAX_ENTRIES>) {
		let threshold = DifficultyState::<T>::get().threshold;
		for n in 0..e {
			Pallet::<T>::enqueue(QueuedImprovement {
				round: RoundId { domain: 0, number: n },
				effective: threshold.saturating_div(MAX_ENTRIES.into()).max(1),
				optimizer: whitelisted_caller(),
				evaluators: Default::default(),
			});
		}
		let queue = QueueState::<T>::get();

		#[block]
		{
			Pallet::<T>::seal(1, queue, threshold);
		}

		assert_eq!(WorkBlocks::<T>::get(), 1);
		assert!(QueueState::<T>::get().is_empty());
	}

	#[benchmark]
	fn pay(p: Linear<1, { MAX_ENTRIES * (doin_primitives::quorum::MAX_QUORUM + 1) }>) {
		let amount = T::Currency::minimum_balance();
		let due: Vec<_> = (0..p).map(|n| (account("payee", n, 0), amount)).collect();
		let paid;

		#[block]
		{
			paid = Pallet::<T>::pay(due, Role::Evaluator);
		}

		assert_eq!(paid, amount.saturating_mul(p.into()));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
