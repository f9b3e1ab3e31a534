//! Benchmark of the hook.

use super::*;
use frame_benchmarking::v2::*;
use frame_support::traits::Hooks;

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_finalize() {
		BaseFeePerGas::<T>::put(T::Floor::get());
		let number = frame_system::Pallet::<T>::block_number();

		#[block]
		{
			Pallet::<T>::on_finalize(number);
		}

		assert!(BaseFeePerGas::<T>::get() >= T::Floor::get());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
