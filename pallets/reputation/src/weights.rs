//! Weights of the calls: storage accesses counted by hand, with a constant for the code around them.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight of each call.
pub trait WeightInfo {
	/// [`crate::Call::forget`].
	fn forget() -> Weight;
}

/// Weights for a runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn forget() -> Weight {
		Weight::from_parts(15_000_000, 3_537).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
}

impl WeightInfo for () {
	fn forget() -> Weight {
		Weight::from_parts(15_000_000, 3_537)
	}
}
