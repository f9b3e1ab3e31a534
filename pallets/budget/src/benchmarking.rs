//! Benchmarks of the calls. The runtime provides a call to send through [`BenchmarkHelper`].

use super::*;
use alloc::boxed::Box;
use doin_primitives::DOIN;
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Mutate;
use frame_system::RawOrigin;

/// Returns an account that can pay a deposit.
fn rich<T: Config>() -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who: T::AccountId = whitelisted_caller();
	assert!(T::Currency::mint_into(&who, 1_000 * DOIN).is_ok());
	who
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn set() {
		let who = rich::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), DOIN, 100);

		assert!(Budgets::<T>::contains_key(&who));
	}

	#[benchmark]
	fn spend() {
		let who = rich::<T>();
		assert!(Pallet::<T>::do_set(who.clone(), DOIN, 100).is_ok());
		let call = Box::new(T::BenchmarkHelper::call());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), call);

		assert_eq!(Budgets::<T>::get(&who).map(|budget| budget.spent), Some(0));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ext(), crate::mock::Test);
}
