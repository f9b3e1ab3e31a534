//! Slot, epoch and round lengths as genesis values of one WASM.
//!
//! # Pallet API
//!
//! No calls, no hooks, no events. The genesis configuration writes four values; `Get` adapters hand them to BABE and the timestamp pallet, the
//! [`Timing`] trait hands them to DOIN's own pallets, and view functions show them.
//!
//! # Overview
//!
//! A development chain makes a block every two seconds, a public one every six. Both run the same WASM: what differs is written into the
//! first state. Everything else that means wall time (a half-life of seven days, a target spacing of ten minutes) is declared in
//! milliseconds and turned into blocks here, once. Blocks, not timestamps, are the protocol's clock, so no author can shift a deadline.
//!
//! # Design
//!
//! **There is no setter and there never may be one.** BABE derives the slot of every block and the epoch of every slot from these values:
//! changed on a running chain, all past slots would be numbered differently, no node could author, and warp-synced nodes would disagree with
//! those that stayed. Only a fork with a migration of BABE's own state could change them.
//!
//! Declare the pallet right after `System`: genesis is built in order of declaration, and BABE's and the session pallet's genesis read it.

#![cfg_attr(not(feature = "std"), no_std)]
// FRAME's macros spell out the paths of what they generate.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

pub use pallet::*;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

use core::marker::PhantomData;
use doin_primitives::{BlockNumber, RoundParams};
use doin_primitives_frame::Timing;
use frame_support::traits::{ConstU64, Get};

/// Shortest slot, in milliseconds.
pub const MIN_SLOT_MS: u64 = 1_000;
/// Longest slot, in milliseconds.
pub const MAX_SLOT_MS: u64 = 60_000;
/// Shortest epoch, in slots.
pub const MIN_EPOCH: u64 = 10;
/// Shortest phase of a round, in blocks: it outlasts a session's first block, which takes no transactions, and two full ones.
pub const MIN_PHASE: u32 = 4;
/// Longest phase of a round, in blocks, so that a round's end never leaves the range of block numbers.
pub const MAX_PHASE: u32 = 1 << 24;
/// Least blocks between two work blocks at the target, so that the least spacing, a quarter of it, is a block.
pub const MIN_SPACING: u32 = 4;

/// Milliseconds of a slot where genesis says nothing: a public network's.
pub const DEFAULT_SLOT_MS: u64 = 6_000;
/// Slots of an epoch where genesis says nothing.
pub const DEFAULT_EPOCH: u64 = 1_200;
/// Milliseconds between work blocks where genesis says nothing.
pub const DEFAULT_SPACING_MS: u64 = 600_000;

/// Phases of a round where genesis says nothing.
pub struct PublicRounds;
impl Get<RoundParams> for PublicRounds {
	fn get() -> RoundParams {
		RoundParams::PUBLIC
	}
}

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Nothing to configure: what can differ between chains is genesis, not code.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Milliseconds from one slot to the next.
	#[pallet::storage]
	pub type SlotDuration<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_SLOT_MS>>;

	/// Slots of an epoch, which is a session.
	#[pallet::storage]
	pub type EpochLength<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_EPOCH>>;

	/// Lengths of a round's phases.
	#[pallet::storage]
	pub type Rounds<T> = StorageValue<_, RoundParams, ValueQuery, PublicRounds>;

	/// Milliseconds from one work block to the next that difficulty aims at.
	#[pallet::storage]
	pub type TargetSpacing<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_SPACING_MS>>;

	/// The values a chain lives with. Defaults are those of a public network.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T> {
		/// Milliseconds of a slot: even (the timestamp pallet halves it), 1 000 to 60 000.
		pub slot_duration_ms: u64,
		/// Slots of an epoch, at least 10; at least 1 200 on a public network, or its epoch randomness is known in advance.
		pub epoch_length: u64,
		/// Lengths of a round's phases, at least 4 blocks each.
		pub rounds: RoundParams,
		/// Milliseconds between work blocks, at least 4 slots.
		pub target_spacing_ms: u64,
		/// The runtime.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				slot_duration_ms: DEFAULT_SLOT_MS,
				epoch_length: DEFAULT_EPOCH,
				rounds: RoundParams::PUBLIC,
				target_spacing_ms: DEFAULT_SPACING_MS,
				_config: PhantomData,
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Err(reason) = check(self.slot_duration_ms, self.epoch_length, &self.rounds, self.target_spacing_ms) {
				panic!("timing genesis: {reason}");
			}
			SlotDuration::<T>::put(self.slot_duration_ms);
			EpochLength::<T>::put(self.epoch_length);
			Rounds::<T>::put(self.rounds);
			TargetSpacing::<T>::put(self.target_spacing_ms);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<frame_system::pallet_prelude::BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: frame_system::pallet_prelude::BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Milliseconds of a slot.
		pub fn slot_duration_ms() -> u64 {
			SlotDuration::<T>::get()
		}

		/// Slots of an epoch.
		pub fn epoch_length() -> u64 {
			EpochLength::<T>::get()
		}

		/// Lengths of a round's phases.
		pub fn round_params() -> RoundParams {
			Rounds::<T>::get()
		}

		/// Blocks from one work block to the next that difficulty aims at.
		pub fn target_spacing_blocks() -> BlockNumber {
			<Self as Timing>::blocks(TargetSpacing::<T>::get())
		}
	}

	impl<T: Config> Pallet<T> {
		/// Checks that the values are still ones that genesis would take.
		#[cfg(any(feature = "try-runtime", test))]
		pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			check(SlotDuration::<T>::get(), EpochLength::<T>::get(), &Rounds::<T>::get(), TargetSpacing::<T>::get())
				.map_err(Into::into)
		}
	}
}

/// Says what is wrong with a set of values, if anything is.
fn check(slot_ms: u64, epoch: u64, rounds: &RoundParams, spacing_ms: u64) -> Result<(), &'static str> {
	let ensure = |ok: bool, reason: &'static str| if ok { Ok(()) } else { Err(reason) };
	ensure(slot_ms.is_multiple_of(2), "slot_duration_ms must be even, since the least time between blocks is half of it")?;
	ensure((MIN_SLOT_MS..=MAX_SLOT_MS).contains(&slot_ms), "slot_duration_ms must be 1 000 to 60 000")?;
	ensure(epoch >= MIN_EPOCH, "epoch_length must be at least 10 slots")?;
	let phases = [rounds.commit, rounds.reveal, rounds.answer, rounds.answer_reveal, rounds.challenge, rounds.settle_timeout];
	ensure(
		phases.iter().all(|p| *p >= MIN_PHASE),
		"every phase of a round must last at least 4 blocks, to outlast a session's first block and two full ones",
	)?;
	ensure(phases.iter().all(|p| *p <= MAX_PHASE), "no phase of a round may last more than 2^24 blocks")?;
	ensure((1..=MAX_PHASE).contains(&rounds.draw_outputs), "rounds.draw_outputs must be 1 to 2^24")?;
	ensure(
		spacing_ms >= slot_ms.saturating_mul(MIN_SPACING.into()),
		"target_spacing_ms must be at least 4 slots, since work blocks keep a quarter of it apart",
	)
}

impl<T: Config> Timing for Pallet<T> {
	fn blocks(ms: u64) -> BlockNumber {
		let blocks = ms.checked_div(SlotDuration::<T>::get()).unwrap_or(1);
		blocks.clamp(1, BlockNumber::MAX.into()) as BlockNumber
	}

	fn rounds() -> RoundParams {
		Rounds::<T>::get()
	}
}

/// Milliseconds of a slot.
pub struct SlotMs<T>(PhantomData<T>);
impl<T: Config> Get<u64> for SlotMs<T> {
	fn get() -> u64 {
		SlotDuration::<T>::get()
	}
}

/// `pallet_timestamp`'s least time between two blocks: half a slot, of which BABE makes the slot again.
pub struct MinimumPeriod<T>(PhantomData<T>);
impl<T: Config> Get<u64> for MinimumPeriod<T> {
	fn get() -> u64 {
		SlotDuration::<T>::get() / 2
	}
}

/// BABE's expected milliseconds per block: one slot, since every slot has an author.
pub struct ExpectedBlockTime<T>(PhantomData<T>);
impl<T: Config> Get<u64> for ExpectedBlockTime<T> {
	fn get() -> u64 {
		SlotDuration::<T>::get()
	}
}

/// BABE's epoch length in slots.
pub struct EpochDuration<T>(PhantomData<T>);
impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		EpochLength::<T>::get()
	}
}

/// The target spacing of work blocks, in blocks.
pub struct TargetSpacingBlocks<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumber> for TargetSpacingBlocks<T> {
	fn get() -> BlockNumber {
		Pallet::<T>::target_spacing_blocks()
	}
}
