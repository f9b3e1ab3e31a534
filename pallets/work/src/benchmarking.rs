//! Benchmarks of the hook.

use super::*;
use doin_primitives::{
	bounded_collections::BoundedVec,
	settlement::{PayShare, MAX_PAYEES},
	RoundId,
};
use frame_benchmarking::v2::*;
use frame_support::traits::Hooks;

/// Returns the division of the pay of entry `n` among as many accounts as possible. Their parts are 0, so that this benchmark
/// does not measure payments, which `pay` does.
fn evaluators<T: Config>(n: u32) -> PayShares<T::AccountId> {
	let shares = (0..MAX_PAYEES).map(|index| PayShare { who: account("evaluator", n, index), parts: 0 });
	PayShares { shares: BoundedVec::truncate_from(shares.collect()), whole: 1 }
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_initialize() {
		#[block]
		{
			Pallet::<T>::on_initialize(1u32.into());
		}

		assert_eq!(Pallet::<T>::work_blocks(), 0);
	}

	#[benchmark]
	fn seal(e: Linear<1, MAX_ENTRIES>) {
		let threshold = DifficultyState::<T>::get().threshold;
		for n in 0..e {
			Pallet::<T>::enqueue(QueuedImprovement {
				round: RoundId { domain: 0, number: n },
				effective: threshold.saturating_div(MAX_ENTRIES.into()).max(1),
				optimizer: whitelisted_caller(),
				evaluators: evaluators::<T>(n),
				backing: Backing::Quorum,
			});
		}
		let queue = QueueState::<T>::get();
		// The sealed work block is an anchor, whose event costs most.
		let anchor = T::AnchorInterval::get().max(1);
		LastSeal::<T>::put(SealView {
			work_block: anchor.saturating_sub(1),
			block: 0,
			taken: 0,
			minted: 0,
			optimizers: 0,
			evaluators: 0,
			validators: 0,
		});

		#[block]
		{
			Pallet::<T>::seal(1, queue, threshold);
		}

		assert_eq!(Pallet::<T>::work_blocks(), anchor);
		assert!(QueueState::<T>::get().is_empty());
	}

	#[benchmark]
	fn pay(p: Linear<1, { MAX_ENTRIES * (MAX_PAYEES + 1) }>) {
		let amount = T::Currency::minimum_balance();
		let due: Vec<_> = (0..p).map(|n| (account("payee", n, 0), Backed::by(Backing::Quorum, amount))).collect();
		let paid;

		#[block]
		{
			paid = Pallet::<T>::mint(due, Role::Evaluator);
		}

		assert_eq!(paid.total(), amount.saturating_mul(p.into()));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
