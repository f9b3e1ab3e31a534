//! # Forecasts Pallet
//!
//! A market of staked forecasts of the streams of the oracle: rounds, seats, settlement, records and what they mint.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. It receives batches of bars
//! through [`OnBatch`](doin_traits::OnBatch) and reads bars through [`Bars`](doin_traits::Bars). Every number of the market is computed
//! by [`doin_market`].
//!
//! ## Overview
//!
//! A *market* exists for each stream that an account has sponsored. When a batch of bars stands, a *round* opens: its input is the bars
//! before it. A *forecaster* commits to its changes of the next bars, with a *wager*. The changes are counted from a *zero* that nobody
//! knows then: the median close of the first three bars that close after the commits. When the bars of the horizon stand, forecasters
//! reveal. A forecast that is better than the *reference* gains a part of its wager, one that is worse loses a part, and a forecast that
//! is not revealed loses all of it. What is lost enters the *pot* of the market, from which gains are paid.
//!
//! The *record* of a forecaster has its mean skill in slices of time. While the stream has a voted weight, a record that proves more
//! skill than the mark of the stream mints through the queue of verified improvement.
//!
//! ## Example
//!
//! A forecaster that knows the changes and one that forecasts no change stake the same wager:
#![doc = docify::embed!("src/tests/rounds.rs", a_round_pays_skill_to_the_planck)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Rounds
//!
//! - Only the newest batch opens a round, and only if the stream is paid and keeps its bars until the round ends. A market has at most
//!   [`MAX_OPEN`] rounds that are neither closed nor void.
//! - The agenda serves a round at the end of its commits, when its bars should stand, and at the end of its reveals. A chain that stalls
//!   moves the zero: its first bar is the one that runs in the block after the last commitment.
//! - A round is void, and returns everything, if its stream sleeps before its bars stand, if less than ¾ of the weight of its bars
//!   stands, or if two bars of the zero are missing.
//! - A stream can name a domain with live evidence, whose champion is a reference then. The first commitment of a round runs it on the
//!   input, and its forecast is stored until the bars stand. Its average error is compared with others in rounds only that it has forecast.
//! - Closing a round costs the same for each number of seats: its sums are kept while seats are taken and revealed. Any account pays the
//!   seats one by one afterwards.
//!
//! ### Amounts
//!
//! - Pots, wagers and deposits of seats are one account. Every market leaves an existential deposit in it.
//! - A seat has a deposit of [`SEAT_DEPOSIT`] beside its wager. It is paid back with the seat, or to the account that clears a seat that
//!   was not revealed.
//! - The record of a forecaster has a hold, which is released when the forecaster leaves.
//!
//! ### Records
//!
//! - A round counts −1 when it is entered, and its skill once it is revealed, so no bad round can be left out. A round that is void counts
//!   0 once it is collected.
//! - A stream can be voted for while it is awake, once its market has had rounds for 32 slices. Terms that began before the vote are not
//!   paid, unless the stream has had a weight before and was without one for a term at most, e.g. because it slept. Terms between the
//!   vote and the first entry of a record count 0, so that leaving and returning gains nothing.
//! - The mark is one for the stream, and halves every 90 days. A second account with the same forecasts proves nothing new. All claims of a
//!   term raise it by one bit at most.
//!
//! ### Hooks
//!
//! A block takes at most [`HOOK_SHARE`] of its weight for the agenda, unless one item takes more.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod champion;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod records;
mod rounds;
mod seats;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use doin_primitives::{Balance, RoundId, DOIN, ONE_Q32, Q32};
use doin_traits::agenda::Agenda;
use sp_runtime::Perbill;

/// Share of a block's weight that the agenda takes at most, unless one item takes more: 1.8 %. The hook of the oracle has its 2 % in the
/// few blocks that count a poll. In all others it opens a poll at most, and both hooks together stay within 2 %.
pub const HOOK_SHARE: Perbill = Perbill::from_parts(18_000_000);
/// Most rounds of a market that are neither closed nor void.
pub const MAX_OPEN: u32 = 24;
/// Smallest wager, in plancks.
pub const MIN_WAGER: Balance = DOIN;
/// Amount that a commitment burns, in plancks: 0.01 DOIN.
pub const COMMIT_BURN: Balance = DOIN / 100;
/// Deposit of a seat beside its wager, in plancks: 0.02 DOIN.
pub const SEAT_DEPOSIT: Balance = DOIN / 50;
/// Smallest amount that is paid into a pot, in plancks.
pub const MIN_SPONSORED: Balance = DOIN;
/// Smallest increment of a claim, Q32 bits: a 1 024th of a bit. The mark falls in every block. Claims of what it falls in one would fill
/// the queue, of which a work block takes 32 entries, and leave work blocks far below their threshold.
pub const MIN_INCREMENT: Q32 = ONE_Q32 / 1_024;

/// The agenda of open rounds.
pub(crate) type AgendaOf<T> = Agenda<Due<T>, Cursor<T>, RoundId>;

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{Forecast, Forecaster, Magnitudes as MagnitudeList, Market, Round, SeatList},
		AgendaOf, WeightInfo, HOOK_SHARE,
	};
	use alloc::vec::Vec;
	use doin_market::{Error as ForecastError, Reference, Signed};
	use doin_primitives::{oracle::StreamId, Balance, BlockNumber, Hash, RoundId, Q32};
	use doin_traits::{agenda::Items, block::current_block, Bars, Champions, DomainWeights, StreamTerms};
	use frame_support::{
		dispatch::WithPostDispatchInfo,
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
		weights::WeightMeter,
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
		/// Currency of wagers, pots and deposits.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Streams and their bars.
		type Streams: Bars + StreamTerms;
		/// Champions of live domains.
		type Champions: Champions;
		/// Voted weights, of streams as of domains.
		type DomainWeights: DomainWeights;
		/// Queue of verified improvement.
		type Work: doin_traits::Work<Self::AccountId>;
		/// Hash of block 0. Commitments bind it, so they are valid on this chain only.
		type GenesisHash: Get<Hash>;
		/// Blocks in which a round takes commitments.
		type CommitBlocks: Get<BlockNumber>;
		/// Blocks in which a round takes reveals.
		type RevealBlocks: Get<BlockNumber>;
		/// Blocks in which the mark of a stream halves.
		type HalfLife: Get<BlockNumber>;
		/// Length of a slot, in milliseconds.
		type SlotMs: Get<u64>;
		/// Account of all pots, wagers and deposits of seats.
		#[pallet::constant]
		type PotId: Get<PalletId>;
		/// Hold for the record of a forecaster, in plancks.
		#[pallet::constant]
		type RecordDeposit: Get<Balance>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Streams for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the record of a forecaster.
		#[codec(index = 0)]
		Record,
	}

	/// Market of each stream that an account has sponsored.
	// Hasher: Twox is safe since streams are numbered by the chain.
	#[pallet::storage]
	pub type Markets<T: Config> = StorageMap<_, Twox64Concat, StreamId, Market>;

	/// Rounds that are open, or have seats that are not collected.
	// Hasher: Twox is safe since streams and rounds are numbered by the chain.
	#[pallet::storage]
	pub type Rounds<T: Config> = StorageMap<_, Twox64Concat, RoundId, Round>;

	/// Seats of each of these rounds.
	// Hasher: Twox is safe since streams and rounds are numbered by the chain.
	#[pallet::storage]
	pub type Seats<T: Config> = StorageMap<_, Twox64Concat, RoundId, SeatList<T::AccountId>, ValueQuery>;

	/// Forecasters of each stream.
	// Hasher: Twox is safe since streams are numbered by the chain.
	#[pallet::storage]
	pub type Forecasters<T: Config> = StorageDoubleMap<_, Twox64Concat, StreamId, Blake2_128Concat, T::AccountId, Forecaster>;

	/// Magnitudes of the errors of the reference in the last rounds of each stream.
	// Hasher: Twox is safe since streams are numbered by the chain.
	#[pallet::storage]
	pub type Magnitudes<T: Config> = StorageMap<_, Twox64Concat, StreamId, MagnitudeList, ValueQuery>;

	/// Open rounds, by the block in which they are served.
	// Hasher: Twox is safe since the pallet chooses the block numbers.
	#[pallet::storage]
	pub type Due<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Items<RoundId>, ValueQuery>;

	/// First block whose agenda is not served completely.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Number of open rounds of all markets.
	#[pallet::storage]
	pub type Open<T: Config> = StorageValue<_, u32, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Streams that have a market from block 0 on, each with the account that pays its pot and the amount, in plancks.
		pub pots: Vec<(StreamId, T::AccountId, Balance)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (stream, who, amount) in &self.pots {
				if let Err(error) = Pallet::<T>::do_sponsor(who.clone(), *stream, *amount) {
					panic!(
						"genesis: pot of stream {stream}: {error:?}; {who:?} has {} free and pays {amount}",
						T::Currency::balance(who)
					);
				}
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An amount was paid into the pot of a market.
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
		/// A round takes commitments.
		Opened {
			/// The round; its domain is the stream.
			round: RoundId,
			/// Number of the bar after the input.
			bar: u64,
			/// First block in which it takes none.
			until: BlockNumber,
			/// Reference that forecasts are compared with.
			reference: Reference,
		},
		/// A forecaster has taken a seat.
		Committed {
			/// The round.
			round: RoundId,
			/// The forecaster.
			who: T::AccountId,
			/// Its wager, in plancks.
			wager: Balance,
			/// Burned fee, in plancks.
			burned: Balance,
		},
		/// A larger wager has displaced the smallest one of a full round, which was returned with its deposit.
		Displaced {
			/// The round.
			round: RoundId,
			/// The forecaster that lost its seat.
			who: T::AccountId,
			/// Its wager, in plancks.
			wager: Balance,
		},
		/// A round takes no commitments any more.
		CommitsEnded {
			/// The round.
			round: RoundId,
			/// Number of the first bar of its zero.
			zero: u64,
		},
		/// The bars of a round stand, and it takes reveals.
		RevealsOpened {
			/// The round.
			round: RoundId,
			/// The zero, in units of the stream.
			zero: i64,
			/// Error e₀² of the reference, in squared units, Q16.
			error: ForecastError,
			/// First block in which it takes none.
			until: BlockNumber,
		},
		/// A forecaster has revealed its forecast.
		Revealed {
			/// The round.
			round: RoundId,
			/// The forecaster.
			who: T::AccountId,
			/// Error e² of the forecast, in squared units, Q16.
			error: ForecastError,
			/// Its skill, Q32.
			skill: Signed,
			/// The changes that it forecast.
			forecast: Forecast,
		},
		/// A round is closed: its losses are in the pot, and its seats can be collected.
		Closed {
			/// The round.
			round: RoundId,
			/// Factor of gains, Q32.
			factor: Q32,
			/// Amount in the pot, in plancks.
			pot: Balance,
		},
		/// A round is void: its seats can be collected, and are paid what they have staked.
		Voided {
			/// The round.
			round: RoundId,
		},
		/// The bars of a round stand, and nobody has forecast them.
		Empty {
			/// The round.
			round: RoundId,
		},
		/// A seat was paid, and its deposit with it.
		Collected {
			/// The round.
			round: RoundId,
			/// The forecaster.
			who: T::AccountId,
			/// Its wager, in plancks.
			wager: Balance,
			/// Amount that it is paid for the wager, in plancks.
			paid: Balance,
		},
		/// A seat that was not revealed was removed. Its wager is in the pot.
		Cleared {
			/// The round.
			round: RoundId,
			/// The forecaster.
			who: T::AccountId,
			/// Its wager, in plancks.
			wager: Balance,
			/// Account that cleared it.
			caller: T::AccountId,
			/// Deposit of the seat, which that account was paid, in plancks.
			reward: Balance,
		},
		/// A forecaster has claimed what its record proves. Work blocks pay it.
		Claimed {
			/// The stream.
			stream: StreamId,
			/// The forecaster.
			who: T::AccountId,
			/// Lower bound of its skill, Q32.
			bound: Signed,
			/// Increment above the mark of the stream, Q32 bits.
			increment: Q32,
			/// Effective improvement, Q32 bits.
			effective: Q32,
		},
		/// The record of a forecaster was removed, and its deposit is released.
		Left {
			/// The stream.
			stream: StreamId,
			/// The forecaster.
			who: T::AccountId,
		},
		/// The champion that was to be the reference of a round is replaced, or has no forecast. Another reference takes its place.
		ReferenceReplaced {
			/// The round.
			round: RoundId,
			/// Its reference from now on.
			reference: Reference,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No stream has this identifier, or it is retired. `doin_streams` lists those of this chain; identifiers start at 2³¹.
		UnknownStream,
		/// The stream has no market: its horizon is 0, it keeps too few bars for a round, or nobody has sponsored it. Sponsor a stream with
		/// a horizon first.
		NoMarket,
		/// The amount is below 1 DOIN. Pay at least 1 DOIN into a pot.
		AmountTooSmall,
		/// No round has this number, or it is collected. The event `Opened` names the newest one.
		UnknownRound,
		/// The round takes no commitments any more. Commit in the next one.
		NotCommitting,
		/// The wager is below 1 DOIN. Stake at least 1 DOIN.
		WagerTooSmall,
		/// The account has a seat in this round. A commitment cannot be replaced: reveal it.
		AlreadyCommitted,
		/// All 128 seats are taken by wagers of more than half of this one. Stake twice the smallest wager, or commit in the next round.
		Full,
		/// The round does not take reveals now. Reveal after the event `RevealsOpened` and before the block that it names.
		NotRevealing,
		/// The account has no seat in this round. Name the account that has committed, and whose seat is not collected.
		NoSeat,
		/// The forecast is revealed. Collect the seat once the round is closed.
		AlreadyRevealed,
		/// Forecast and salt do not have the hash that was committed. Reveal the same values, with the same salt.
		WrongReveal,
		/// The forecast has another number of values than the stream's horizon. Its wager is lost, since the commitment binds the values.
		WrongLength,
		/// The round is not over. Collect the seat after the event `Closed` or `Voided`.
		StillOpen,
		/// The forecast was not revealed, so its wager is lost. Clear the seat for its deposit.
		Unrevealed,
		/// The round is not closed. Clear seats after the event `Closed`; those of a void round are collected.
		NotClosed,
		/// The account has no record on this stream. Commit in one of its rounds first.
		NoRecord,
		/// The stream has no voted weight, so its records mint nothing. Claim while it has one.
		NoWeight,
		/// The queue of verified improvement is full. Claim after the next work block.
		QueueFull,
		/// No term of the record is complete that has begun after the vote for the stream. Claim after the end of the next one.
		NoTerm,
		/// The record proves no more skill than the mark of the stream, or less than a 1 024th of a bit more, or the claims of this term have
		/// been paid a bit together. Claim when the mark has fallen or the record has risen, or in the next term.
		NothingToClaim,
		/// Seats of the account on this stream are not collected. Collect them first.
		SeatsLeft,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			let mut meter = WeightMeter::with_limit(Self::hook_limit());
			meter.consume(T::WeightInfo::on_initialize());
			AgendaOf::<T>::serve_weighed(current_block::<T>(), &mut meter, Self::step_weight(), Self::serve);
			meter.consumed()
		}

		fn integrity_test() {
			let block = T::BlockWeights::get().max_block;
			let limit = doin_traits::share::hook_limit(block, Weight::zero());
			let cost = Self::hook_limit();
			assert!(cost.all_lte(limit), "the hook must be able to take its largest step in a block: {cost:?}");
			assert!(T::CommitBlocks::get() > 0 && T::RevealBlocks::get() > 0, "a round must take commitments and reveals");
			assert!(T::SlotMs::get() > 0, "a slot must have a length");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	impl<T: Config> Pallet<T> {
		/// Returns the weight that the hook takes at most: its share of a block, or its largest step.
		pub(crate) fn hook_limit() -> Weight {
			let block = T::BlockWeights::get().max_block;
			let share = Weight::from_parts(HOOK_SHARE.mul_floor(block.ref_time()), HOOK_SHARE.mul_floor(block.proof_size()));
			share.max(T::WeightInfo::on_initialize().saturating_add(Self::step_weight()))
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Pays `amount` plancks into the pot of the market of `stream`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can pay.
		///
		/// ## Details
		///
		/// The first payment makes the market, and takes an existential deposit beside the amount. Nothing is paid back. Each round can
		/// take a 64th of the pot beside its own losses.
		///
		/// ## Errors
		///
		/// - [`UnknownStream`](Error::UnknownStream), [`NoMarket`](Error::NoMarket): the stream can have no market.
		/// - [`AmountTooSmall`](Error::AmountTooSmall): the amount is below 1 DOIN.
		/// - A token error if the account cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Sponsored`](Event::Sponsored).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::sponsor())]
		pub fn sponsor(origin: OriginFor<T>, stream: StreamId, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_sponsor(who, stream, amount)
		}

		/// Takes a seat in `round`, with `wager` plancks.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can forecast.
		///
		/// ## Details
		///
		/// `hash` is a [`commitment`](doin_primitives::commitment::commitment) with tag `Forecast` and the [`RoundId`] as its scope. Its
		/// payload hash is the hash of the encoded [`Forecast`]. Takes the wager and [`SEAT_DEPOSIT`](crate::SEAT_DEPOSIT), and burns
		/// [`COMMIT_BURN`](crate::COMMIT_BURN). The first seat on a stream holds [`Config::RecordDeposit`] until the account leaves.
		/// In a full round, a wager displaces the smallest one if it is twice as large.
		///
		/// If the stream names a live domain, the first commitment of a round runs the champion of that domain on the input, and pays for
		/// it. The weight of the others is corrected.
		///
		/// ## Errors
		///
		/// - [`UnknownRound`](Error::UnknownRound), [`NotCommitting`](Error::NotCommitting): the round takes no commitments.
		/// - [`WagerTooSmall`](Error::WagerTooSmall): the wager is below 1 DOIN.
		/// - [`AlreadyCommitted`](Error::AlreadyCommitted): the account has a seat.
		/// - [`Full`](Error::Full): no seat is free, and the wager displaces none.
		/// - A token error if the account cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Committed`](Event::Committed), [`Displaced`](Event::Displaced) before it in a full round, and
		/// [`ReferenceReplaced`](Event::ReferenceReplaced) before it if the champion of the domain is a new one.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::commit().saturating_add(T::Champions::forecast_weight()))]
		pub fn commit(origin: OriginFor<T>, round: RoundId, hash: Hash, wager: Balance) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let seat = T::WeightInfo::commit();
			let has_run = Self::do_commit(who, round, hash, wager).map_err(|error| error.with_weight(seat))?;
			Ok((!has_run).then_some(seat).into())
		}

		/// Reveals the forecast of a seat in `round`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by a forecaster with a seat in the round.
		///
		/// ## Details
		///
		/// The values are changes from the zero of the round, one for each bar of the horizon. They are scored at once, and only the
		/// skill is stored.
		///
		/// ## Errors
		///
		/// - [`UnknownRound`](Error::UnknownRound), [`NotRevealing`](Error::NotRevealing): the round takes no reveals.
		/// - [`NoSeat`](Error::NoSeat), [`AlreadyRevealed`](Error::AlreadyRevealed), [`WrongReveal`](Error::WrongReveal): this is not
		///   the reveal of a commitment.
		/// - [`WrongLength`](Error::WrongLength): the forecast has another number of values than the horizon.
		///
		/// ## Events
		///
		/// Deposits [`Revealed`](Event::Revealed).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::reveal())]
		pub fn reveal(origin: OriginFor<T>, round: RoundId, forecast: Forecast, salt: [u8; 32]) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_reveal(who, round, forecast, salt)
		}

		/// Pays the seat of `who` in `round`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can pay a seat, to its forecaster.
		///
		/// ## Details
		///
		/// A revealed seat with the wager m and the skill s is paid `m·(1 + s)` if s is below 0, and `m·(1 + f·s)` otherwise, where f is
		/// the factor of the round. A seat of a void round is paid its wager. The deposit of the seat is paid back.
		///
		/// ## Errors
		///
		/// - [`UnknownRound`](Error::UnknownRound), [`NoSeat`](Error::NoSeat): there is no such seat.
		/// - [`StillOpen`](Error::StillOpen): the round is not over.
		/// - [`Unrevealed`](Error::Unrevealed): the seat was not revealed.
		///
		/// ## Events
		///
		/// Deposits [`Collected`](Event::Collected).
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::collect())]
		pub fn collect(origin: OriginFor<T>, round: RoundId, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_collect(round, who)
		}

		/// Removes the seat of `who` in `round`, which was not revealed.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can clear a seat.
		///
		/// ## Details
		///
		/// The caller is paid the deposit of the seat. Its whole wager is lost, also if the forecaster itself clears it.
		///
		/// ## Errors
		///
		/// - [`UnknownRound`](Error::UnknownRound), [`NoSeat`](Error::NoSeat): there is no such seat.
		/// - [`NotClosed`](Error::NotClosed): the round is open or void.
		/// - [`AlreadyRevealed`](Error::AlreadyRevealed): the seat was revealed.
		///
		/// ## Events
		///
		/// Deposits [`Cleared`](Event::Cleared).
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::clear())]
		pub fn clear(origin: OriginFor<T>, round: RoundId, who: T::AccountId) -> DispatchResult {
			let caller = ensure_signed(origin)?;
			Self::do_clear(caller, round, who)
		}

		/// Mints for the skill that the record of the sender on `stream` proves.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by a forecaster.
		///
		/// ## Details
		///
		/// The bound L of the record is that of the last eight complete terms that have begun after the vote for the stream. The increment
		/// is `−½·log2(1 − L)` less the mark of the stream, and raises the mark. All claims on the stream in one term have at most 1 bit
		/// together, and each has at least [`MIN_INCREMENT`](crate::MIN_INCREMENT). Half of it, times the weight of the stream, enters the
		/// queue that work blocks pay. The part of evaluators is not minted.
		///
		/// ## Errors
		///
		/// - [`NoMarket`](Error::NoMarket), [`UnknownStream`](Error::UnknownStream), [`NoRecord`](Error::NoRecord): there is no such
		///   record.
		/// - [`NoWeight`](Error::NoWeight): the stream has no weight.
		/// - [`QueueFull`](Error::QueueFull): the queue has no place.
		/// - [`NoTerm`](Error::NoTerm): no term that counts is complete.
		/// - [`NothingToClaim`](Error::NothingToClaim): the record proves less than the smallest increment beyond the mark.
		///
		/// ## Events
		///
		/// Deposits [`Claimed`](Event::Claimed).
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, stream: StreamId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(who, stream)
		}

		/// Removes the record of the sender on `stream`, and releases its deposit.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by a forecaster.
		///
		/// ## Errors
		///
		/// - [`NoRecord`](Error::NoRecord): the account has no record on the stream.
		/// - [`SeatsLeft`](Error::SeatsLeft): it has seats that are not collected.
		///
		/// ## Events
		///
		/// Deposits [`Left`](Event::Left).
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>, stream: StreamId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who, stream)
		}
	}
}
