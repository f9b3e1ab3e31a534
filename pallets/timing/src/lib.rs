//! # Timing Pallet
//!
//! Slot, epoch and round lengths as genesis values of one WASM.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the storage items, view functions and genesis configuration of this pallet. It has no calls,
//! events or hooks. `Get` adapters such as [`SlotMs`] and [`EpochDuration`] pass its values to BABE and the timestamp pallet, the
//! trait [`Timing`] to DOIN's own pallets.
//!
//! ## Overview
//!
//! A development chain makes a block every two seconds, a public chain every six. Both run the same WASM; the differences are in
//! the genesis state. Durations in wall time, e.g. a half-life of seven days or a target spacing of ten minutes, are configured
//! in milliseconds and converted to blocks here. The clock of the protocol is the block number, not the timestamp, so a block
//! author cannot move a deadline.
//!
//! Lengths that suit a development chain make draws predictable on a public one. A genesis is therefore public unless it states
//! `public: false`, and a public one is refused unless it has long epochs, long phases and draws over many blocks.
//!
//! ## Example
//!
//! Milliseconds are converted to whole blocks, at least one:
#![doc = docify::embed!("src/tests.rs", wall_time_becomes_blocks_and_never_none)]
//!
//! ## Low Level / Implementation Details
//!
//! **There is no setter, and there must never be one.** BABE derives the slot of every block and the epoch of every slot from
//! these values. A change on a running chain would renumber all past slots: no node could author, and warp-synced nodes would
//! disagree with the others. Only a fork that migrates the state of BABE too could change them.
//!
//! Declare the pallet right after `System`: genesis is built in order of declaration, and the genesis of BABE and of the session
//! pallet reads it.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

pub use doin_primitives::evidence::RAMP_MS;
pub use pallet::*;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

use core::marker::PhantomData;
use doin_primitives::{
	evidence::{blocks, ramp_blocks, PUBLIC_SLOT_MS},
	BlockNumber, RoundParams,
};
use doin_traits::Timing;
use frame_support::traits::{ConstBool, ConstU64, Get};

/// Shortest slot, in milliseconds.
pub const MIN_SLOT_MS: u64 = 1_000;
/// Longest slot, in milliseconds.
pub const MAX_SLOT_MS: u64 = 60_000;
/// Shortest epoch, in slots.
pub const MIN_EPOCH: u64 = 10;
/// Shortest phase of a round, in blocks: longer than the first block of a session, which has no transactions, and two
/// full blocks.
pub const MIN_PHASE: u32 = 4;
/// Shortest epoch of a public network, in slots. In shorter epochs, the randomness of BABE is predictable: it ignores an
/// unfinished segment of 256 VRF outputs of primary slots.
pub const PUBLIC_MIN_EPOCH: u64 = 1_200;
/// Shortest phase of a round on a public network, in blocks, so that no author can keep a transaction out of a phase.
pub const PUBLIC_MIN_PHASE: u32 = 10;
/// Smallest number of VRF outputs of a draw on a public network. An author knows its own outputs in advance: with a third of
/// the stake, all 16 are its own with a probability of 2 · 10⁻⁸.
pub const PUBLIC_MIN_DRAW_OUTPUTS: u32 = 16;
/// Longest phase of a round, in blocks, so that the end of a round stays in the range of block numbers.
pub const MAX_PHASE: u32 = 1 << 24;
/// Smallest target spacing of work blocks, in blocks, so that the minimum spacing, a quarter of it, is at least one block.
pub const MIN_SPACING: u32 = 4;

/// Default length of a slot, in milliseconds: that of a public network.
pub const DEFAULT_SLOT_MS: u64 = PUBLIC_SLOT_MS;
/// Default length of an epoch, in slots.
pub const DEFAULT_EPOCH: u64 = 1_200;
/// Default target spacing of work blocks, in milliseconds.
pub const DEFAULT_SPACING_MS: u64 = 600_000;

/// Default lengths of the phases of a round: those of a public network.
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

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The configuration is empty: chains differ in their genesis, not in code.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Length of a slot, in milliseconds.
	#[pallet::storage]
	pub type SlotDuration<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_SLOT_MS>>;

	/// Length of an epoch, which is a session, in slots.
	#[pallet::storage]
	pub type EpochLength<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_EPOCH>>;

	/// Lengths of the phases of a round, in blocks.
	#[pallet::storage]
	pub type Rounds<T> = StorageValue<_, RoundParams, ValueQuery, PublicRounds>;

	/// Target spacing of work blocks, in milliseconds.
	#[pallet::storage]
	pub type TargetSpacing<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_SPACING_MS>>;

	/// `true` for a public network, whose lengths genesis has checked against stricter bounds.
	#[pallet::storage]
	pub type Public<T> = StorageValue<_, bool, ValueQuery, ConstBool<true>>;

	/// Lengths of slots, epochs, rounds and work blocks. The defaults are those of a public network.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T> {
		/// `true` for a public network. `false` admits the short epochs, phases and draws of a development chain.
		pub public: bool,
		/// Length of a slot in milliseconds: an even number (the timestamp pallet halves it), 1 000 to 60 000.
		pub slot_duration_ms: u64,
		/// Length of an epoch in slots, at least 10; at least 1 200 on a public network.
		pub epoch_length: u64,
		/// Lengths of the phases of a round, at least 4 blocks each. On a public network at least 10 blocks each, with at least
		/// 16 outputs of a draw, and a recomputation must not take longer than a period.
		pub rounds: RoundParams,
		/// Target spacing of work blocks in milliseconds, at least 4 slots.
		pub target_spacing_ms: u64,
		/// Marker of the runtime type.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				public: true,
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
			if let Some(reason) = self.public.then(|| check_public(self.epoch_length, &self.rounds).err()).flatten() {
				panic!("timing genesis: {reason}; a development chain sets `public` to false");
			}
			Public::<T>::put(self.public);
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
		/// Returns `true` for a public network, `false` for a development chain.
		pub fn is_public() -> bool {
			Public::<T>::get()
		}

		/// Returns the length of a slot, in milliseconds.
		pub fn slot_duration_ms() -> u64 {
			SlotDuration::<T>::get()
		}

		/// Returns the length of an epoch, in slots.
		pub fn epoch_length() -> u64 {
			EpochLength::<T>::get()
		}

		/// Returns the lengths of the phases of a round, in blocks.
		pub fn round_params() -> RoundParams {
			Rounds::<T>::get()
		}

		/// Returns the target spacing of work blocks, in blocks.
		pub fn target_spacing_blocks() -> BlockNumber {
			<Self as Timing>::blocks(TargetSpacing::<T>::get())
		}
	}

	impl<T: Config> Pallet<T> {
		/// Checks that genesis would accept the stored values.
		///
		/// # Errors
		///
		/// Fails with the first value that genesis would reject.
		#[cfg(any(feature = "std", feature = "try-runtime"))]
		pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			let (epoch, rounds) = (EpochLength::<T>::get(), Rounds::<T>::get());
			check(SlotDuration::<T>::get(), epoch, &rounds, TargetSpacing::<T>::get())?;
			if Public::<T>::get() {
				check_public(epoch, &rounds)?;
			}
			Ok(())
		}
	}
}

/// Checks the stricter bounds of a public network.
fn check_public(epoch: u64, rounds: &RoundParams) -> Result<(), &'static str> {
	let ensure = |ok: bool, reason: &'static str| if ok { Ok(()) } else { Err(reason) };
	ensure(
		epoch >= PUBLIC_MIN_EPOCH,
		"epoch_length of a public network must be at least 1 200 slots, since the randomness of shorter epochs is predictable",
	)?;
	ensure(
		rounds.draw_outputs >= PUBLIC_MIN_DRAW_OUTPUTS,
		"rounds.draw_outputs of a public network must be at least 16, so that no author knows the seed of a draw in advance",
	)?;
	ensure(
		phases(rounds).iter().all(|blocks| *blocks >= PUBLIC_MIN_PHASE),
		"every phase of a round of a public network must last at least 10 blocks, so that no author can keep a transaction out",
	)?;
	let recomputation = [rounds.draw_outputs, rounds.answer, rounds.answer_reveal, rounds.challenge];
	ensure(
		// Answers are closed one block after their last reveal.
		recomputation.iter().fold(1, |sum: u32, blocks| sum.saturating_add(*blocks)) <= rounds.period(),
		"draw_outputs, answer, answer_reveal and challenge of a public network must not exceed commit and reveal together, or \
		 rounds queue up",
	)
}

/// Returns the lengths of the phases of a round, in blocks.
fn phases(rounds: &RoundParams) -> [u32; 7] {
	let RoundParams { commit, reveal, draw_outputs: _, answer, answer_reveal, challenge, evidence, settle_timeout } = *rounds;
	[commit, reveal, answer, answer_reveal, challenge, evidence, settle_timeout]
}

/// Checks the values of a genesis.
fn check(slot_ms: u64, epoch: u64, rounds: &RoundParams, spacing_ms: u64) -> Result<(), &'static str> {
	let ensure = |ok: bool, reason: &'static str| if ok { Ok(()) } else { Err(reason) };
	ensure(slot_ms.is_multiple_of(2), "slot_duration_ms must be even, since the minimum time between blocks is half of it")?;
	ensure((MIN_SLOT_MS..=MAX_SLOT_MS).contains(&slot_ms), "slot_duration_ms must be 1 000 to 60 000")?;
	ensure(epoch >= MIN_EPOCH, "epoch_length must be at least 10 slots")?;
	let phases = phases(rounds);
	ensure(
		phases.iter().all(|p| *p >= MIN_PHASE),
		"every phase of a round must last at least 4 blocks, longer than the first block of a session and two full blocks",
	)?;
	ensure(phases.iter().all(|p| *p <= MAX_PHASE), "no phase of a round may last more than 2^24 blocks")?;
	ensure((1..=MAX_PHASE).contains(&rounds.draw_outputs), "rounds.draw_outputs must be 1 to 2^24")?;
	ensure(
		spacing_ms >= slot_ms.saturating_mul(MIN_SPACING.into()),
		"target_spacing_ms must be at least 4 slots, since the minimum spacing of work blocks is a quarter of it",
	)
}

impl<T: Config> Timing for Pallet<T> {
	fn blocks(ms: u64) -> BlockNumber {
		blocks(ms, SlotDuration::<T>::get())
	}

	fn rounds() -> RoundParams {
		Rounds::<T>::get()
	}

	fn ramp() -> BlockNumber {
		ramp_blocks(Public::<T>::get(), SlotDuration::<T>::get())
	}
}

/// Length of a slot, in milliseconds.
pub struct SlotMs<T>(PhantomData<T>);
impl<T: Config> Get<u64> for SlotMs<T> {
	fn get() -> u64 {
		SlotDuration::<T>::get()
	}
}

/// Minimum period of `pallet_timestamp`: half a slot, in milliseconds. BABE computes the slot as twice the minimum period.
pub struct MinimumPeriod<T>(PhantomData<T>);
impl<T: Config> Get<u64> for MinimumPeriod<T> {
	fn get() -> u64 {
		SlotDuration::<T>::get() / 2
	}
}

/// Expected block time of BABE: one slot, in milliseconds, since every slot has an author.
pub struct ExpectedBlockTime<T>(PhantomData<T>);
impl<T: Config> Get<u64> for ExpectedBlockTime<T> {
	fn get() -> u64 {
		SlotDuration::<T>::get()
	}
}

/// Epoch length of BABE, in slots.
pub struct EpochDuration<T>(PhantomData<T>);
impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		EpochLength::<T>::get()
	}
}

/// Target spacing of work blocks, in blocks.
pub struct TargetSpacingBlocks<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumber> for TargetSpacingBlocks<T> {
	fn get() -> BlockNumber {
		Pallet::<T>::target_spacing_blocks()
	}
}
