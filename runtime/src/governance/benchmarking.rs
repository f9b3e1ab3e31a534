//! Benchmark of the call.

use super::*;
use alloc::boxed::Box;
use frame_benchmarking::v2::*;
use pallet_staking::ConfigOp;

#[benchmarks(where T: pallet_staking::Config, <T as Config>::RuntimeCall: From<pallet_staking::Call<T>>)]
mod benchmarks {
	use super::*;

	// The longest list of parameters to check. Its own weight is added by the call, and is counted twice here.
	#[benchmark]
	fn change() -> Result<(), BenchmarkError> {
		let origin = T::ParametersOrigin::try_successful_origin().map_err(|()| BenchmarkError::Stop("no origin"))?;
		let call = pallet_staking::Call::<T>::set_staking_configs {
			min_nominator_bond: ConfigOp::Noop,
			min_validator_bond: ConfigOp::Noop,
			max_nominator_count: ConfigOp::Noop,
			max_validator_count: ConfigOp::Noop,
			chill_threshold: ConfigOp::Noop,
			min_commission: ConfigOp::Noop,
			max_staked_rewards: ConfigOp::Noop,
		};

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Box::new(call.into()));

		Ok(())
	}
}
