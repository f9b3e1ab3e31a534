//! What the calls and the hook cost.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet. Recomputing a chunk is priced by the judge and comes on top of [`WeightInfo::dispute_claim`].
pub trait WeightInfo {
	/// Taking a seat, opening the round.
	fn commit() -> Weight;
	/// Revealing a model of `b` bytes.
	fn reveal(b: u32) -> Weight;
	/// Disputing a claim, without the chunk.
	fn dispute_claim() -> Weight;
	/// Releasing a model.
	fn release() -> Weight;
	/// An idle block.
	fn on_initialize() -> Weight;
	/// Closing the reveals of a full round and opening its measurement, or ending it.
	fn close() -> Weight;
	/// Recording the verdict of a full round, or voiding it.
	fn verdict() -> Weight;
}

/// Estimates: storage by the runtime's prices, and the work between by the microsecond.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn commit() -> Weight {
		Weight::from_parts(120_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(12, 9))
	}

	fn reveal(b: u32) -> Weight {
		// Hashing, decoding and admitting cost a few nanoseconds a byte.
		Weight::from_parts(120_000_000, 0)
			.saturating_add(Weight::from_parts(15_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 6))
	}

	fn dispute_claim() -> Weight {
		Weight::from_parts(150_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(9, 8))
	}

	fn release() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}

	fn on_initialize() -> Weight {
		T::DbWeight::get().reads_writes(2, 2)
	}

	fn close() -> Weight {
		// Sixteen seats: model, author's account, holds and record of each.
		Weight::from_parts(2_500_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(90, 84))
	}

	fn verdict() -> Weight {
		// As above, with a contender, a champion, sixteen payments and the statistics of eighteen vectors.
		Weight::from_parts(5_000_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(120, 116))
	}
}

impl WeightInfo for () {
	fn commit() -> Weight {
		Weight::from_parts(120_000_000, 0)
	}

	fn reveal(b: u32) -> Weight {
		Weight::from_parts(120_000_000, 0).saturating_add(Weight::from_parts(15_000, 0).saturating_mul(b.into()))
	}

	fn dispute_claim() -> Weight {
		Weight::from_parts(150_000_000, 0)
	}

	fn release() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(10_000_000, 0)
	}

	fn close() -> Weight {
		Weight::from_parts(2_500_000_000, 0)
	}

	fn verdict() -> Weight {
		Weight::from_parts(5_000_000_000, 0)
	}
}
