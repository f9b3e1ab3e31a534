//! Number of the block that is executed.

use doin_primitives::BlockNumber;
use frame_system::Pallet as System;
use sp_runtime::SaturatedConversion;

/// Returns the number of the block that is executed.
pub fn current_block<T: frame_system::Config>() -> BlockNumber {
	System::<T>::block_number().saturated_into()
}
