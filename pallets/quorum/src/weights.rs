//! Weights of calls and of the agenda: storage accesses counted by hand, with a constant for the code around them. What the runtime
//! computes for a call is added from `Judge::weight`, what a verdict costs from `OnRecomputed::weight`.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight of each call and hook.
pub trait WeightInfo {
	/// Folding the beacon and finding the agenda empty.
	fn on_initialize() -> Weight;
	/// The dearest step of the agenda, without the handler: fifteen missed seats, each on every roster it may sit on.
	fn step() -> Weight;
	/// [`crate::Call::bond`].
	fn bond() -> Weight;
	/// [`crate::Call::bond_extra`], on every roster.
	fn bond_extra() -> Weight;
	/// [`crate::Call::serve`].
	fn serve() -> Weight;
	/// [`crate::Call::unserve`].
	fn unserve() -> Weight;
	/// [`crate::Call::unbond`], from every roster.
	fn unbond() -> Weight;
	/// [`crate::Call::withdraw`].
	fn withdraw() -> Weight;
	/// [`crate::Call::commit_sums`].
	fn commit_sums() -> Weight;
	/// [`crate::Call::reveal_sums`].
	fn reveal_sums() -> Weight;
	/// [`crate::Call::settle`] without the chunks: fifteen answers read, fifteen liars slashed.
	fn settle() -> Weight;
	/// [`crate::Call::recompute`] without the chunks; the last one judges answers as a settlement does.
	fn recompute() -> Weight;
	/// [`crate::Call::dispute`].
	fn dispute() -> Weight;
	/// [`crate::Call::replay`] without the chunk: fifteen liars slashed.
	fn replay() -> Weight;
	/// [`crate::Call::withdraw_dispute`].
	fn withdraw_dispute() -> Weight;
	/// One chunk of `m` times [`crate::types::MACS_PER_UNIT`] multiply-accumulates, with the windows drawn for it and the model decoded.
	fn judge(m: u32) -> Weight;
}

/// Reads and writes of slashing one evaluator: its record, its balance and hold, its standing, and three items on each of nine rosters.
const SLASH: (u64, u64) = (31, 22);

/// Weights for a runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> SubstrateWeight<T> {
	fn of(micros: u64, reads: u64, writes: u64) -> Weight {
		Weight::from_parts(micros.saturating_mul(1_000_000), reads.saturating_mul(4_096))
			.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
	}

	fn slashes(micros: u64, reads: u64, writes: u64) -> Weight {
		Self::of(micros, SLASH.0.saturating_mul(15).saturating_add(reads), SLASH.1.saturating_mul(15).saturating_add(writes))
	}
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize() -> Weight {
		Self::of(10, 4, 2)
	}
	fn step() -> Weight {
		Self::slashes(1_500, 6, 4)
	}
	fn bond() -> Weight {
		Self::of(60, 6, 6)
	}
	fn bond_extra() -> Weight {
		Self::of(150, 30, 21)
	}
	fn serve() -> Weight {
		Self::of(50, 6, 4)
	}
	fn unserve() -> Weight {
		Self::of(50, 7, 6)
	}
	fn unbond() -> Weight {
		Self::of(150, 38, 46)
	}
	fn withdraw() -> Weight {
		Self::of(50, 3, 3)
	}
	fn commit_sums() -> Weight {
		Self::of(30, 2, 1)
	}
	fn reveal_sums() -> Weight {
		Self::of(120, 2, 2)
	}
	fn settle() -> Weight {
		Self::slashes(2_500, 24, 22)
	}
	fn recompute() -> Weight {
		Self::slashes(2_500, 42, 42)
	}
	fn dispute() -> Weight {
		Self::of(50, 3, 3)
	}
	fn replay() -> Weight {
		Self::slashes(1_200, 10, 10)
	}
	fn withdraw_dispute() -> Weight {
		Self::of(50, 3, 3)
	}
	fn judge(m: u32) -> Weight {
		Self::of(5_000, 2, 0).saturating_add(Weight::from_parts(3_072_000, 0).saturating_mul(m.into()))
	}
}

/// The same without a database, for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(10_000_000, 0)
	}
	fn step() -> Weight {
		Weight::from_parts(1_500_000_000, 0)
	}
	fn bond() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(150_000_000, 0)
	}
	fn serve() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn unserve() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn unbond() -> Weight {
		Weight::from_parts(150_000_000, 0)
	}
	fn withdraw() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn commit_sums() -> Weight {
		Weight::from_parts(30_000_000, 0)
	}
	fn reveal_sums() -> Weight {
		Weight::from_parts(120_000_000, 0)
	}
	fn settle() -> Weight {
		Weight::from_parts(2_500_000_000, 0)
	}
	fn recompute() -> Weight {
		Weight::from_parts(2_500_000_000, 0)
	}
	fn dispute() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn replay() -> Weight {
		Weight::from_parts(1_200_000_000, 0)
	}
	fn withdraw_dispute() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn judge(m: u32) -> Weight {
		Weight::from_parts(5_000_000_000, 0).saturating_add(Weight::from_parts(3_072_000, 0).saturating_mul(m.into()))
	}
}
