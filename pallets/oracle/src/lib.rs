//! # Oracle Pallet
//!
//! Bars of real series, which the validators report: streams, polls of the reporters, medians, fees and pots.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. Other pallets read bars
//! through [`Bars`](doin_traits::Bars) and hear of new ones through [`OnBatch`](doin_traits::OnBatch). Records, formulas and their
//! properties are in [`doin_primitives::oracle`].
//!
//! ## Overview
//!
//! A *stream* is a series of *bars* of equal length, e.g. the closes of a market in every five minutes. Any account registers one, and
//! any account pays into its *pot*. While the pot pays the fee of the next *batch* of bars, the stream is awake.
//!
//! The reporters are the validators of a session. When batches are due, a *poll* opens: each reporter commits to its values for all of
//! them, then reveals them. A value is the stake-weighted median of the revealed ones, and never changes. No other committee reports:
//! an account that picks the reporters picks the bars.
//!
//! ## Example
//!
//! Seven reporters of equal stake report a batch. Two of them lie by half, which changes no bar and earns nothing:
#![doc = docify::embed!("src/tests/counting.rs", two_of_seven_reporters_that_lie_change_no_bar)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Time
//!
//! - Bar n of a stream covers the milliseconds `n · bar_ms` to `(n + 1) · bar_ms` of Unix time. The clock is the slot of the block
//!   ([`Clock`](doin_traits::Clock)), since a hook sees the timestamp of the parent block.
//! - Batches are aligned to multiples of their length, so streams with the same times share one poll. One poll is open at a time, and
//!   takes the oldest due batch of every stream that is awake. A chain that has stalled asks for one batch after the other.
//! - A poll opens in the hook of block n. It takes commitments for [`Config::PhaseBlocks`] blocks, this one included, then reveals for as
//!   many. The hooks of the blocks after these count it, some streams in each.
//!
//! ### Bars
//!
//! - The reporters and their stakes are those of the session in which the poll opens.
//! - A bar stands if reporters with half of that stake reveal it. If two thirds were needed, one third could make bars missing, and so
//!   void what it loses.
//! - Bars are stored in pages of whole batches, at most [`PAGE_VALUES`](doin_primitives::oracle::PAGE_VALUES) values each. Pages form a
//!   ring: a new one replaces one with expired bars only. A page that was not written is known by its number, so the bars of a gap need
//!   no storage.
//!
//! ### Fees
//!
//! - The fee of a batch is divided by the numbers of bars that a reporter has within five times the median deviation of every field, or
//!   within 0.1 % of the median, not by stake. The shares are paid when the poll closes.
//! - A commitment takes a hold of 10 DOIN. Of it, 0.1 DOIN burns if the commitment is not revealed.
//! - A batch without any bar pays nobody. If a stream sleeps after such batches in a row, their fees burn, so that a stream without a
//!   source does not hold a place for nothing. It sleeps once its pot does not pay for them and for the next batch, or after
//!   [`MAX_MISSES`](doin_primitives::oracle::MAX_MISSES) of them.
//! - All pots are one account. It keeps an existential deposit for each stream, so no payment can remove it.
//!
//! ### Hooks
//!
//! A block reads the last poll and the list of awake streams. What it does beyond is metered: it takes at most
//! [`HOOK_SHARE`] of a block.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod counting;
mod impl_bars;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod polls;
mod reports;
mod streams;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use sp_runtime::Perbill;

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-oracle";
/// Share of a block's weight that the hook takes at most, unless one step takes more.
pub const HOOK_SHARE: Perbill = Perbill::from_percent(2);

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{AwakeStreams, Batches, GenesisStream, Page, PollState, Reporter, Seat, StreamState},
		WeightInfo,
	};
	use alloc::{boxed::Box, vec::Vec};
	use doin_primitives::{
		bounded_collections::BoundedVec,
		oracle::{Bars as BatchBars, PollId, Reports, StreamId, StreamSpec},
		Balance, BlockNumber, Hash,
	};
	use doin_traits::{Clock, Electorate, OnBatch};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
		PalletId,
	};
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of pots, fees, deposits and of the holds of reporters.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// The validators, who report, and their stake.
		type Electorate: Electorate<Self::AccountId>;
		/// Time at the slot of the block.
		type Clock: Clock;
		/// Receives complete batches.
		type OnBatch: OnBatch;
		/// Hash of block 0. Commitments bind it, so they are valid on this chain only.
		type GenesisHash: Get<Hash>;
		/// Most validators of a session.
		#[pallet::constant]
		type MaxReporters: Get<u32>;
		/// Blocks in which a poll takes commitments, and blocks in which it takes reveals.
		type PhaseBlocks: Get<BlockNumber>;
		/// Length of a slot, in milliseconds.
		type SlotMs: Get<u64>;
		/// Account of all pots.
		#[pallet::constant]
		type PotId: Get<PalletId>;
		/// Burned fee of a registration, in plancks.
		#[pallet::constant]
		type RegistrationFee: Get<Balance>;
		/// Hold for the storage items of a stream, in plancks.
		#[pallet::constant]
		type BaseDeposit: Get<Balance>;
		/// Hold per byte of the record and the kept bars of a stream, in plancks.
		#[pallet::constant]
		type ByteDeposit: Get<Balance>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Reporters for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the record and the bars of a stream.
		#[codec(index = 0)]
		Stream,
		/// Answers for the reveals of a reporter.
		#[codec(index = 1)]
		Report,
	}

	/// Number of registered streams: the next one has this number above
	/// [`FIRST_STREAM`](doin_primitives::oracle::FIRST_STREAM).
	#[pallet::storage]
	pub type NextStream<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Record and state of each stream.
	// Hasher: Twox is safe since streams are numbered by the chain.
	#[pallet::storage]
	pub type Streams<T: Config> = StorageMap<_, Twox64Concat, StreamId, StreamState<T::AccountId>>;

	/// Streams that are awake, and when their next batches are due.
	#[pallet::storage]
	pub type Awake<T: Config> = StorageValue<_, AwakeStreams, ValueQuery>;

	/// Bars of each stream, in a ring of pages.
	// Hasher: Twox is safe since streams and pages are numbered by the chain.
	#[pallet::storage]
	pub type Pages<T: Config> = StorageDoubleMap<_, Twox64Concat, StreamId, Twox64Concat, u16, Page, ValueQuery>;

	/// The last poll.
	#[pallet::storage]
	pub type Poll<T: Config> = StorageValue<_, PollState, ValueQuery>;

	/// Reporters of the open poll, with their stakes.
	#[pallet::storage]
	pub type Roll<T: Config> = StorageValue<_, BoundedVec<Seat<T::AccountId>, T::MaxReporters>, ValueQuery>;

	/// Revealed bars of the batches of the open poll that are not counted yet, by the place of their reporter in the roll.
	// Hasher: Twox is safe since streams and places are numbered by the chain.
	#[pallet::storage]
	pub type Reveals<T: Config> = StorageDoubleMap<_, Twox64Concat, StreamId, Twox64Concat, u16, BatchBars, ValueQuery>;

	/// Records of the accounts that have reported.
	#[pallet::storage]
	pub type Reporters<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Reporter>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Streams in order of their identifiers. Their owners pay deposit and pot, but no fee.
		pub streams: Vec<GenesisStream<T::AccountId>>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (index, stream) in self.streams.iter().enumerate() {
				let spec = match stream.decoded() {
					Ok(spec) => spec,
					Err(reason) => panic!("genesis: stream {index}: {reason}"),
				};
				if let Err(error) = Pallet::<T>::do_genesis(stream.owner.clone(), spec, stream.pot) {
					panic!(
						"genesis: stream {index}: {error:?}; its owner {:?} has {} free",
						stream.owner,
						T::Currency::balance(&stream.owner),
					);
				}
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A stream was registered. It sleeps until its pot is paid into.
		Registered {
			/// Identifier of the stream.
			stream: StreamId,
			/// Account that registered it.
			owner: T::AccountId,
			/// Deposit on hold, in plancks.
			deposit: Balance,
			/// Burned fee, in plancks.
			fee: Balance,
		},
		/// An amount was paid into the pot of a stream.
		Sponsored {
			/// The stream.
			stream: StreamId,
			/// Account that paid.
			who: T::AccountId,
			/// Amount, in plancks.
			amount: Balance,
			/// Amount in the pot, in plancks.
			pot: Balance,
		},
		/// A stream is awake: its bars are asked for.
		Woken {
			/// The stream.
			stream: StreamId,
			/// Number of the first bar that is asked for.
			next: u64,
		},
		/// A stream sleeps: its pot does not pay the next batch, or too many batches had no bar.
		Slept {
			/// The stream.
			stream: StreamId,
			/// Number of the first bar that is not complete.
			next: u64,
			/// Fees of batches without bars that were burned, in plancks.
			burned: Balance,
		},
		/// A stream and its bars were removed.
		Retired {
			/// The stream.
			stream: StreamId,
			/// Rest of its pot, which was burned, in plancks.
			burned: Balance,
		},
		/// A poll of the reporters has opened.
		PollOpened {
			/// Number of the poll.
			poll: PollId,
			/// First block in which commitments are not taken any more.
			commits_until: BlockNumber,
			/// First block in which reveals are not taken any more.
			reveals_until: BlockNumber,
			/// Batches that it asks for.
			batches: Batches,
		},
		/// A reporter has committed to its values.
		Committed {
			/// The poll.
			poll: PollId,
			/// The reporter.
			who: T::AccountId,
		},
		/// A reporter has revealed its values.
		Revealed {
			/// The poll.
			poll: PollId,
			/// The reporter.
			who: T::AccountId,
			/// Number of streams that it has reported.
			reports: u32,
		},
		/// A batch is counted, and at least one of its bars stands.
		BatchStands {
			/// The poll.
			poll: PollId,
			/// The stream.
			stream: StreamId,
			/// Number of its first bar.
			first: u64,
			/// Its bars: medians, and `None` for a missing one.
			bars: BatchBars,
			/// Number of reporters that reported it.
			reveals: u32,
			/// Fee that they share, in plancks.
			paid: Balance,
		},
		/// A batch is counted, and all its bars are missing.
		BatchMissing {
			/// The poll.
			poll: PollId,
			/// The stream.
			stream: StreamId,
			/// Number of its first bar.
			first: u64,
			/// Number of reporters that reported it.
			reveals: u32,
		},
		/// A reporter has not revealed its commitment.
		Unrevealed {
			/// The poll.
			poll: PollId,
			/// The reporter.
			who: T::AccountId,
			/// Burned part of its hold, in plancks.
			burned: Balance,
		},
		/// A poll is over: its batches are counted and its reporters are paid.
		PollClosed {
			/// The poll.
			poll: PollId,
		},
		/// A reporter has left, and its hold is released.
		Left {
			/// The account.
			who: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No stream has this identifier. `doin_streams` lists those of this chain; identifiers start at 2³¹.
		UnknownStream,
		/// The record of the stream is refused. Give texts in UTF-8 that are not empty, bars of a second to a day, batches of 1 to 24
		/// values that take longer than a poll and at most a day, a first bar within a day, up to 9 000 kept bars, a season and a scale
		/// above 0, a horizon of 24 to 100 bars or none, and a fee of at least 1 DOIN.
		InvalidSpec,
		/// Identifiers of streams are used up. No stream can be registered any more.
		NoMoreIds,
		/// Only the owner of the stream may do this. Sign with the account that registered it.
		NotOwner,
		/// The stream is awake. Retire it once its pot is used up and its bars are expired.
		StillAwake,
		/// Bars of the stream are kept, and rounds may need them. Retire it once as much time has passed as its kept bars take.
		BarsKept,
		/// The amount is below 1 DOIN. Pay at least 1 DOIN into a pot.
		AmountTooSmall,
		/// As many streams are awake as can be. Pay into the pot once one of them sleeps.
		NoPlace,
		/// The account is not a reporter of this poll: it was not a validator when the poll opened. Sign with the stash of a validator
		/// of that session, or with its proxy of type `Report`.
		NotReporter,
		/// The poll with this number is not open. `doin_poll` shows the one that is.
		OtherPoll,
		/// The poll takes no commitments any more. Commit in the next one.
		NotCommitting,
		/// The poll does not take reveals now. Reveal after its commitments have ended and before its reveals end.
		NotRevealing,
		/// The account has committed in this poll. A commitment cannot be replaced: reveal it.
		AlreadyCommitted,
		/// The account has not committed in this poll. Commit in the next one.
		NoCommitment,
		/// The account has revealed in this poll. There is nothing more to do until the next one.
		AlreadyRevealed,
		/// Reports and salt do not have the hash that was committed. Reveal the same reports, with the same salt.
		WrongReveal,
		/// The poll does not ask for a batch of one of the streams. Report the streams of the poll only.
		NotDue,
		/// The reports are not in ascending order of the streams, or have a stream twice. Sort them, and report each stream once.
		UnsortedStreams,
		/// A report has another number of bars than the batch, or a bar another number of values than the stream has fields. Report one
		/// entry for each bar, and all fields of a known bar.
		WrongShape,
		/// The account has a commitment in the open poll. Leave once the poll is closed.
		CommitmentOpen,
		/// The account has never reported, or has left. It has no hold to release.
		NoRecord,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::serve()
		}

		fn integrity_test() {
			let block = T::BlockWeights::get().max_block;
			let limit = doin_traits::share::hook_limit(block, Weight::zero());
			let cost = Self::hook_limit();
			assert!(cost.all_lte(limit), "the hook must be able to take its largest step in a block: {cost:?}");
			assert!(T::PhaseBlocks::get() > 0, "a poll must take commitments and reveals");
			assert!(T::ByteDeposit::get() > 0, "stored bytes must have a price");
			assert!(T::MaxReporters::get() <= u32::from(u16::MAX), "reporters must have a place in the roll");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a stream with this record.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can register a stream.
		///
		/// ## Details
		///
		/// Burns [`Config::RegistrationFee`], and holds the price of the record and of all kept bars until the stream is retired. An
		/// existential deposit goes to the account of the pots for good. The stream sleeps until its pot is paid into.
		///
		/// ## Errors
		///
		/// - [`InvalidSpec`](Error::InvalidSpec): the record is refused.
		/// - [`NoMoreIds`](Error::NoMoreIds): identifiers are used up.
		/// - A token error if the account cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Registered`](Event::Registered).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(origin: OriginFor<T>, spec: Box<StreamSpec>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_register(who, *spec)
		}

		/// Pays `amount` plancks into the pot of `stream`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can pay.
		///
		/// ## Details
		///
		/// Nothing is paid back. A stream that sleeps wakes once its pot pays a batch. It goes on with the next whole batch, and the bars
		/// in between are missing.
		///
		/// ## Errors
		///
		/// - [`UnknownStream`](Error::UnknownStream): there is no such stream.
		/// - [`AmountTooSmall`](Error::AmountTooSmall): the amount is below 1 DOIN.
		/// - [`NoPlace`](Error::NoPlace): the stream would wake, and no place is free.
		/// - A token error if the account cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Sponsored`](Event::Sponsored), and [`Woken`](Event::Woken) if the stream wakes.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::sponsor())]
		pub fn sponsor(origin: OriginFor<T>, stream: StreamId, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_sponsor(who, stream, amount)
		}

		/// Removes a stream whose bars are all expired.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the owner of the stream.
		///
		/// ## Details
		///
		/// Releases the deposit, and burns the rest of the pot, which sponsors have paid.
		///
		/// ## Errors
		///
		/// - [`UnknownStream`](Error::UnknownStream), [`NotOwner`](Error::NotOwner): the caller has no such stream.
		/// - [`StillAwake`](Error::StillAwake), [`BarsKept`](Error::BarsKept): it cannot be removed yet.
		///
		/// ## Events
		///
		/// Deposits [`Retired`](Event::Retired).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, stream: StreamId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire(who, stream)
		}

		/// Commits a reporter to its values in `poll`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by a validator of the session in which the poll opened.
		///
		/// ## Details
		///
		/// `hash` is a [`commitment`](doin_primitives::commitment::commitment) with tag `Report` and the number of the poll as its scope.
		/// Its payload hash is the hash of the encoded [`Reports`]. The hold of the account is raised to 10 DOIN.
		///
		/// ## Errors
		///
		/// - [`OtherPoll`](Error::OtherPoll), [`NotCommitting`](Error::NotCommitting): the poll takes no commitments.
		/// - [`NotReporter`](Error::NotReporter): the account is not among its reporters.
		/// - [`AlreadyCommitted`](Error::AlreadyCommitted): the account has committed.
		/// - A token error if the account cannot pay the hold.
		///
		/// ## Events
		///
		/// Deposits [`Committed`](Event::Committed).
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::commit())]
		pub fn commit(origin: OriginFor<T>, poll: PollId, hash: Hash) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_commit(who, poll, hash)
		}

		/// Reveals the values of a reporter in `poll`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by a reporter with a commitment in the poll.
		///
		/// ## Details
		///
		/// A stream without a report, and a bar without values, count as not known to the reporter.
		///
		/// ## Errors
		///
		/// - [`OtherPoll`](Error::OtherPoll), [`NotRevealing`](Error::NotRevealing): the poll takes no reveals.
		/// - [`NoCommitment`](Error::NoCommitment), [`AlreadyRevealed`](Error::AlreadyRevealed), [`WrongReveal`](Error::WrongReveal): this
		///   is not the reveal of a commitment.
		/// - [`UnsortedStreams`](Error::UnsortedStreams), [`NotDue`](Error::NotDue), [`WrongShape`](Error::WrongShape): the reports do not
		///   answer the poll.
		///
		/// ## Events
		///
		/// Deposits [`Revealed`](Event::Revealed).
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::reveal(reports.len() as u32))]
		pub fn reveal(origin: OriginFor<T>, poll: PollId, reports: Reports, salt: [u8; 32]) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_reveal(who, poll, reports, salt)
		}

		/// Releases the hold of a reporter and removes its record.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by an account that has reported.
		///
		/// ## Errors
		///
		/// - [`NoRecord`](Error::NoRecord): the account has no record.
		/// - [`CommitmentOpen`](Error::CommitmentOpen): the account has committed in the open poll.
		///
		/// ## Events
		///
		/// Deposits [`Left`](Event::Left).
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who)
		}
	}
}
