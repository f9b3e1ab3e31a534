//! Standing of evaluators: one score per account, moved by deeds and pulled back to neutral by time.
//!
//! ## Pallet API
//!
//! [`Reputation`] is what other pallets see: `note` records a deed; `factor`, `drawable` and `score` read the standing of this block. The
//! one call, `forget`, removes a record that says nothing any more.
//!
//! ## Overview
//!
//! An evaluator starts at 3, neutral. A true answer adds 0.4, a missed seat takes 1, a false answer 2, and signing two blocks where one was
//! due takes everything. Below 2 an evaluator is not drawn. Half of the distance to neutral goes with every half-life, so two points are
//! made good in exactly one, and merit has to be earned again just as faults are forgiven. The score weighs draws and multiplies no payment.
//!
//! ## Design
//!
//! * Decay is lazy: a record holds the score of the block it was written in, and every read computes the score of now. Nothing iterates.
//! * The formulas are [`doin_primitives::reputation`]; this pallet only keeps the records.
//! * Scores end at 10, where the weight in a draw stops growing: merit beyond that would only be impunity.
//! * A record takes no deposit. Only accounts that put a bond or a stake at risk are ever noted, so each one cost its maker far more than the
//!   storage of 20 bytes and a key. A record outlives the bond: who leaves with a bad name and comes back has it still. Once it has decayed
//!   to neutral, anybody may have it forgotten.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]
// FRAME's macros qualify the paths they generate.

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod weights;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{reputation, BlockNumber, Q32};
use doin_primitives_frame::{Deed, Reputation};
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::*;
use scale_info::TypeInfo;
use sp_runtime::SaturatedConversion;

/// A distance from neutral, in Q32, that no draw can tell from none: 2⁻¹⁶.
const FORGETTABLE: Q32 = 1 << 16;

/// A score, and when it was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// Score in Q32.
	pub score: Q32,
	/// Block of the last deed.
	pub at: BlockNumber,
}

/// Points that a deed adds, Q32.
const fn points(deed: Deed) -> i64 {
	match deed {
		Deed::Agreed => reputation::AGREED,
		Deed::NoShow => reputation::NO_SHOW,
		Deed::False => reputation::FALSE,
		Deed::Equivocated => reputation::EQUIVOCATED,
	}
}

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs from the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Blocks in which a score loses half of its distance to neutral; seven days by the clock.
		type HalfLife: Get<BlockNumber>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Scores that are not neutral.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Record>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A deed moved a score.
		Noted {
			/// Whose.
			who: T::AccountId,
			/// What it did.
			deed: Deed,
			/// Score since, in millionths.
			score: u32,
		},
		/// A record had decayed to neutral and was removed.
		Forgotten {
			/// Whose.
			who: T::AccountId,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account has no record: its score is neutral already.
		NoRecord,
		/// The score has not decayed to neutral yet. Try again after more half-lives without a deed.
		StillRemembered,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::HalfLife::get() > 0, "HalfLife must be at least one block");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Removes the record of `who`, once it has decayed to neutral. Anybody may ask; nothing changes but the size of the state.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::forget())]
		pub fn forget(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			let record = Records::<T>::get(&who).ok_or(Error::<T>::NoRecord)?;
			ensure!(Self::now(&record).abs_diff(reputation::NEUTRAL) < FORGETTABLE, Error::<T>::StillRemembered);
			Records::<T>::remove(&who);
			Self::deposit_event(Event::Forgotten { who });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	fn block() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// What a record says at this block.
	fn now(record: &Record) -> Q32 {
		reputation::decayed(record.score, Self::block().saturating_sub(record.at), T::HalfLife::get())
	}

	/// Score of `who` at this block, Q32.
	fn standing(who: &T::AccountId) -> Q32 {
		Records::<T>::get(who).map_or(reputation::NEUTRAL, |record| Self::now(&record))
	}

	/// Every record lies in the scale and in the past.
	#[cfg(any(test, feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		for (_, record) in Records::<T>::iter() {
			ensure!(record.score <= reputation::CEILING, "a score lies above the ceiling");
			ensure!(record.at <= Self::block(), "a record lies in the future");
		}
		Ok(())
	}
}

impl<T: Config> Reputation<T::AccountId> for Pallet<T> {
	fn factor(who: &T::AccountId) -> u32 {
		reputation::factor(Self::standing(who))
	}

	fn drawable(who: &T::AccountId) -> bool {
		Self::standing(who) >= reputation::THRESHOLD
	}

	fn score(who: &T::AccountId) -> u32 {
		reputation::millionths(Self::standing(who))
	}

	fn note(who: &T::AccountId, deed: Deed) {
		let score = reputation::moved(Self::standing(who), points(deed));
		Records::<T>::insert(who, Record { score, at: Self::block() });
		Self::deposit_event(Event::Noted { who: who.clone(), deed, score: reputation::millionths(score) });
	}
}
