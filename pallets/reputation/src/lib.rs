//! # Reputation Pallet
//!
//! Scores of evaluators, which behaviour moves and which decay to neutral.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the call, storage item, events, errors and configuration of this pallet. Other pallets use the
//! trait [`Reputation`]: [`record`](Reputation::record) records a behaviour; [`factor`](Reputation::factor),
//! [`is_eligible`](Reputation::is_eligible) and [`score`](Reputation::score) return the reputation at the current block.
//!
//! ## Overview
//!
//! Every evaluator starts with a neutral score of 3. An answer that agrees with the final sums adds 0.4. A missing answer
//! subtracts 1, a false answer 2, and an equivocation (two blocks or votes signed where one was due) 10. An evaluator with a
//! score below 2 is not drawn. Half of the distance to neutral decays with every [half-life](Config::HalfLife), so a lead of
//! merit fades as fast as a penalty. The score determines how often an evaluator is drawn; it does not multiply any payment.
//!
//! Answers and absences count in domains with weight only: any account can register a domain without weight and have its own
//! evaluators answer there. A proved false answer counts everywhere. All absences of one outage count once; the caller of
//! [`record`](Reputation::record) ensures both.
//!
//! ## Example
//!
//! A false answer excludes an evaluator for exactly one half-life:
#![doc = docify::embed!("src/tests.rs", a_false_answer_excludes_an_evaluator_for_one_half_life)]
//!
//! ## Low Level / Implementation Details
//!
//! - Decay is lazy: a record holds the score of the block in which it was written, and every read computes the current score.
//!   Nothing iterates.
//! - The formulas are in [`doin_primitives::reputation`]; this pallet only stores the records.
//! - Scores are at most 10, where the weight in a draw stops growing. A higher score would only be a reserve against
//!   later penalties.
//! - A record has no deposit. Only accounts with a bond or a stake get records, and each of them costs far more than the 20 bytes
//!   and the key that a record takes. A record outlives the bond, so an evaluator cannot reset its score by leaving and coming
//!   back. Once a record has decayed to neutral, any account can remove it.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

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
use doin_primitives::{
	reputation::{decayed, factor, millionths, moved, ABSENT, AGREED, ANSWERED_FALSELY, EQUIVOCATED, NEUTRAL, THRESHOLD},
	BlockNumber, Q32,
};
use doin_traits::{block::current_block, Behaviour, Reputation};
use frame_support::traits::Get;
use scale_info::TypeInfo;

/// Distance from neutral in Q32 below which a record can be removed: 2⁻¹⁶, which does not change a draw.
const NEGLIGIBLE: Q32 = 1 << 16;

/// Score of an account at the block of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// Score, Q32.
	pub score: Q32,
	/// Block of the last recorded behaviour.
	pub at: BlockNumber,
}

/// Returns the change of the score for a behaviour, Q32.
const fn change(behaviour: Behaviour) -> i64 {
	match behaviour {
		Behaviour::Agreed => AGREED,
		Behaviour::Absent => ABSENT,
		Behaviour::AnsweredFalsely => ANSWERED_FALSELY,
		Behaviour::Equivocated => EQUIVOCATED,
	}
}

#[frame_support::pallet]
pub mod pallet {
	use super::{Record, NEGLIGIBLE};
	use crate::WeightInfo;
	use doin_primitives::{reputation::NEUTRAL, BlockNumber};
	use doin_traits::Behaviour;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Number of blocks in which a score loses half of its distance to neutral, at least 1.
		#[pallet::constant]
		type HalfLife: Get<BlockNumber>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Scores that are not neutral.
	// Hasher: Blake2 since users choose account ids.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Record>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A behaviour was recorded and changed the score of an account.
		BehaviourRecorded {
			/// The account.
			who: T::AccountId,
			/// Recorded behaviour.
			behaviour: Behaviour,
			/// New score, in millionths.
			score: u32,
		},
		/// A record that had decayed to neutral was removed.
		RecordRemoved {
			/// Account of the record.
			who: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account has no record: its score is neutral.
		NoRecord,
		/// The score has not decayed to neutral. Try again after more half-lives without recorded behaviour.
		RecordNotExpired,
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
		/// Removes the record of `who` once it has decayed to neutral.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can remove a record.
		///
		/// ## Details
		///
		/// The score of `who` does not change: an account without a record is neutral.
		///
		/// ## Errors
		///
		/// - [`NoRecord`](Error::NoRecord): the account has no record.
		/// - [`RecordNotExpired`](Error::RecordNotExpired): the score is not neutral yet.
		///
		/// ## Events
		///
		/// Deposits [`RecordRemoved`](Event::RecordRemoved).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::remove_record())]
		pub fn remove_record(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			let record = Records::<T>::get(&who).ok_or(Error::<T>::NoRecord)?;
			ensure!(Self::decayed_score(&record).abs_diff(NEUTRAL) < NEGLIGIBLE, Error::<T>::RecordNotExpired);
			Records::<T>::remove(&who);
			Self::deposit_event(Event::RecordRemoved { who });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the score of a record at the current block, Q32.
	fn decayed_score(record: &Record) -> Q32 {
		decayed(record.score, current_block::<T>().saturating_sub(record.at), T::HalfLife::get())
	}

	/// Returns the score of `who` at the current block, Q32.
	fn current_score(who: &T::AccountId) -> Q32 {
		Records::<T>::get(who).map_or(NEUTRAL, |record| Self::decayed_score(&record))
	}

	/// Checks that every record has a score within the scale and is not from a future block.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	// Under `std` too, since tests of other pallets and of the runtime check these invariants.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use doin_primitives::reputation::CEILING;
		use frame_support::ensure;

		for (_, record) in Records::<T>::iter() {
			ensure!(record.score <= CEILING, "a score must not be above the ceiling");
			ensure!(record.at <= current_block::<T>(), "a record must not be from a future block");
		}
		Ok(())
	}
}

impl<T: Config> Reputation<T::AccountId> for Pallet<T> {
	fn factor(who: &T::AccountId) -> u32 {
		factor(Self::current_score(who))
	}

	fn is_eligible(who: &T::AccountId) -> bool {
		Self::current_score(who) >= THRESHOLD
	}

	fn score(who: &T::AccountId) -> u32 {
		millionths(Self::current_score(who))
	}

	fn record(who: &T::AccountId, behaviour: Behaviour) {
		let score = moved(Self::current_score(who), change(behaviour));
		Records::<T>::insert(who, Record { score, at: current_block::<T>() });
		Self::deposit_event(Event::BehaviourRecorded { who: who.clone(), behaviour, score: millionths(score) });
	}
}
