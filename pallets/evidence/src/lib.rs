//! # Evidence Pallet
//!
//! Evidence that comes after the commits of a round: sealed segments of data, with the purses that pay for what they prove, and
//! bars of streams.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. Pallet `optimae` asks
//! for the evidence of its rounds and spends purses through [`EvidenceSource`](doin_traits::EvidenceSource). This pallet reports
//! evidence through [`OnEvidence`](doin_traits::OnEvidence), and appends opened segments to the data of their domain through
//! [`GrowingDomains`](doin_traits::GrowingDomains). It reads streams through [`Bars`](doin_traits::Bars).
//!
//! ## Overview
//!
//! The owner of a domain with sealed evidence has data that nobody else has. The owner *seals* it: a list of segments, of which
//! the chain stores the hashes. When the commits of a round have ended, the next segment of the list is *asked for*. Any account
//! that has its bytes and its salt can *open* it. The models of the round are then revealed, and evaluated on this segment. All
//! commitments are older than the segment, so no optimizer has seen it, except the owner and the accounts that the owner has
//! told.
//!
//! The owner therefore pays for what its segments prove. Its *purse* is an amount on hold. The amount that a verdict mints is
//! burned from the purse, so an owner that trains on its own segments gains nothing, and nobody else loses. For the same reason
//! the domain has no target and no bounty.
//!
//! An opened segment becomes part of the published data, for training in later rounds.
//!
//! The steps of a domain with live evidence are bars of a stream. When the commits of a round have ended, the round is given the
//! next bars, which come into being from then on. The models are revealed once these bars are complete. No account knows them at
//! the time of the commits, so such a domain needs no purse.
//!
//! ## Examples
//!
//! A segment is sealed, asked for and opened in time:
#![doc = docify::embed!("src/tests/opening.rs", a_segment_is_sealed_asked_for_and_opened)]
//!
//! A round is given bars of a stream, and they come into being:
#![doc = docify::embed!("src/tests/live.rs", the_bars_of_a_round_come_into_being)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Segments
//!
//! - All segments of a domain have the length that one draw needs
//!   ([`segment_bytes`](doin_primitives::DomainSpec::segment_bytes)). A segment is opened in the order of the list. An order by
//!   chance would gain nothing, since the owner knows all segments and others none, and a series needs its order.
//! - A hash binds the chain, the owner and the index ([`segment_hash`](doin_primitives::evidence::segment_hash)), so no other
//!   owner can seal a segment that is opened already. Once a segment is opened, the place of its hash in the list has the hash of
//!   its bytes, with which a worker checks what a node serves.
//! - `seal` holds the price of the bytes of all its segments and hashes, so no opening fails for want of money. The bytes are
//!   stored by pallet `domains`. The hold is released when the domain is removed.
//! - The labels of rows are checked when a segment is opened. A segment with an invalid label can never be opened; it is like one
//!   that is withheld.
//!
//! ### Deadlines
//!
//! - A segment is awaited for [`RoundParams::evidence`](doin_primitives::RoundParams) blocks. If the base fee is then more than
//!   [`EXTENDING_RISE`](doin_primitives::evidence::EXTENDING_RISE) times that of the request, the time is doubled once: an
//!   attacker that fills blocks must not make an innocent owner miss it.
//! - If the segment is not opened in time, the round is void, a tenth of the deposit of the domain is burned, and the domain
//!   is suspended: it takes no commits until the segment is opened. The tenth is that of the deposit for the record and the
//!   published data, before any penalty, so the tenth missed segment burns the rest. The hold for segments is not touched. A
//!   segment that was asked for is never measured later, since its bytes may have been seen in a block that was reverted.
//!   Opened late, it only adds to the published data.
//! - One agenda item per awaited segment ends its time. Agenda items of segments and bars are at most as many as undecided rounds
//!   of pallet `optimae`, so scheduling passes at most 33 full blocks. The work of a hook does not depend on the number of
//!   segments.
//!
//! ### Purses
//!
//! - A purse is emptied only while the domain has no undecided round, so nobody can commit on a purse that is gone at the
//!   verdict. A commit checks the amount (pallet `optimae`).
//! - While the champion carries bits, their price stays in the purse. An owner can still keep a champion from them: with a better
//!   model, which dethrones it, or by sealing no more segments.
//! - A domain without weight can be voted for only while it has a segment left and money in its purse
//!   ([`is_ready`](doin_traits::EvidenceSource::is_ready)).
//!
//! ### Live evidence
//!
//! - The record of a domain decides how many bars a round takes ([`live_bars`](doin_primitives::DomainSpec::live_bars)). The
//!   stream keeps enough bars for a round, its history, and twice the time of a verdict. The bars of a round take at most 30 days.
//! - Reporters know a price before the chain does. The first bar of a round is therefore neither the one that runs when the
//!   commits end, nor the one after it ([`SKIPPED_BARS`](doin_primitives::evidence::SKIPPED_BARS)).
//! - No bar is given to two rounds of a domain, since models of the later one could be fitted to it. A round opens only when the
//!   bars of earlier rounds have passed, or are about to. Those rounds can still wait, because the chain learns bars late, but at
//!   most three do.
//! - A round opens only while the reporters are paid for its bars, even if its commits take as long as they can. The pot is
//!   checked again when the commits end. An optimizer whose model loses on the first bars could otherwise let the stream stop,
//!   and the round would be void.
//! - No bars are stored here. An agenda item reads the stream after half of the time that the bars should take, then after half
//!   of the rest, and at the end bar by bar, or every ten blocks if that is longer. If the bars are not complete a day after they
//!   were due, the round is void ([`TooFewBars`](doin_primitives::UnpaidReason::TooFewBars)). It is void as well if its history is
//!   not kept any more.
//! - A bar that is known to be missing counts as complete. The seed of the draw decides which chunks a missing bar leaves without
//!   evidence, so the verdict finds out if too few are left.
//! - All rounds of a domain share one storage entry, whose price is in the deposit for its record.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod deadlines;
mod impl_evidence_source;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
mod live;
#[cfg(test)]
mod mock;
mod purses;
mod segments;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use doin_primitives::RoundId;
use doin_traits::agenda::Agenda;

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-evidence";

/// Agenda of the rounds that wait for evidence.
pub(crate) type AgendaOf<T> = Agenda<Due<T>, Cursor<T>, RoundId>;

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{Hashes as HashChunk, LiveRounds, Purse, Segments as SegmentList, MAX_HASHES},
		AgendaOf, WeightInfo,
	};
	use doin_primitives::{
		bounded_collections::{BoundedVec, ConstU32},
		domain::PAGE_BYTES,
		evidence::MAX_SEGMENT_BYTES,
		Balance, BlockNumber, DomainId, Hash, RoundId,
	};
	use doin_traits::{
		agenda::Items, share::hook_limit, Bars, BaseFee, DomainWeights, Domains, GrowingDomains, OnEvidence, Timing, Votes, Work,
	};
	use frame_support::{
		dispatch::DispatchResultWithPostInfo,
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::UniqueSaturatedInto;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of purses, and of holds for stored bytes.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Registered domains, to whose data opened segments are appended.
		type Domains: Domains<Self::AccountId> + GrowingDomains;
		/// Streams of live evidence.
		type Bars: Bars;
		/// Weights of domains, which scale the pay of their verdicts.
		type DomainWeights: DomainWeights;
		/// Prices bits.
		type Work: Work<Self::AccountId>;
		/// Votes in referenda, which lock coins. Those of an owner end when locked coins of its purse are spent.
		type Votes: Votes<Self::AccountId>;
		/// Receives the evidence of rounds.
		type OnEvidence: OnEvidence;
		/// Lengths of rounds.
		type Timing: Timing;
		/// Prices at the base fee of the current block.
		type BaseFee: BaseFee;
		/// Hash of block 0. Hashes of segments bind it, so they are valid on this chain only.
		type GenesisHash: Get<Hash>;
		/// Hold per byte of a sealed segment and its hash, in plancks.
		#[pallet::constant]
		type ByteDeposit: Get<Balance>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Domains for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the bytes of sealed segments and their hashes.
		#[codec(index = 0)]
		Segments,
		/// Purse of a domain, from which the pay of its verdicts is burned.
		#[codec(index = 1)]
		Purse,
	}

	/// Numbers of sealed and opened segments of each domain, and the one that is awaited.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Segments<T: Config> = StorageMap<_, Twox64Concat, DomainId, SegmentList, ValueQuery>;

	/// Hashes of the segments of each domain, 32 in an entry: under which a segment is sealed, or of the bytes of an opened one.
	// Hasher: Twox is safe since domains are numbered by the chain and entries by their place in the list.
	#[pallet::storage]
	pub type Hashes<T: Config> = StorageDoubleMap<_, Twox64Concat, DomainId, Twox64Concat, u16, HashChunk, ValueQuery>;

	/// Purse of each domain, on hold in the account of its owner.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Purses<T: Config> = StorageMap<_, Twox64Concat, DomainId, Purse, ValueQuery>;

	/// Bars given to rounds of each domain with live evidence, and the rounds that wait for theirs.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Live<T: Config> = StorageMap<_, Twox64Concat, DomainId, LiveRounds, ValueQuery>;

	/// Rounds that wait for evidence, by the block in which the time for opening a segment ends, or the stream is read again.
	// Hasher: Twox is safe since the pallet chooses the block numbers.
	#[pallet::storage]
	pub type Due<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Items<RoundId>, ValueQuery>;

	/// First block whose agenda is not served completely.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The owner of a domain sealed segments.
		Sealed {
			/// The domain.
			domain: DomainId,
			/// Index of the first of these segments.
			from: u16,
			/// Number of these segments.
			count: u16,
			/// Hold for their bytes and hashes, in plancks.
			hold: Balance,
		},
		/// An amount was added to the purse of a domain.
		Funded {
			/// The domain.
			domain: DomainId,
			/// Added amount, in plancks.
			amount: Balance,
			/// Amount in the purse, in plancks.
			purse: Balance,
		},
		/// An amount of the purse of a domain was released to its owner.
		Withdrawn {
			/// The domain.
			domain: DomainId,
			/// Released amount, in plancks.
			amount: Balance,
			/// Amount left in the purse, in plancks.
			purse: Balance,
		},
		/// The commits of a round have ended, and its segment can be opened.
		Asked {
			/// The round.
			round: RoundId,
			/// Index of the segment.
			index: u16,
			/// Block in which the time for opening it ends.
			until: BlockNumber,
		},
		/// The time for opening a segment was doubled, because the base fee is above four times that of the request.
		Doubled {
			/// The round that waits for the segment.
			round: RoundId,
			/// Block in which the time ends now.
			until: BlockNumber,
		},
		/// A segment was opened. Its bytes belong to the published data of the domain.
		Opened {
			/// The domain.
			domain: DomainId,
			/// Index of the segment.
			index: u16,
			/// blake2b-256 of its bytes.
			hash: Hash,
			/// Number of its bytes.
			bytes: u32,
			/// Round that is evaluated on it; `None` if it was opened late.
			round: Option<RoundId>,
		},
		/// A segment was not opened in time. Its round is void, and the domain is suspended until the segment is opened.
		Missed {
			/// The round.
			round: RoundId,
			/// Index of the segment.
			index: u16,
			/// Burned part of the deposit of the domain, in plancks.
			burned: Balance,
		},
		/// The pay of a verdict was burned from the purse of its domain.
		PurseSpent {
			/// The round.
			round: RoundId,
			/// Burned amount, which equals what the verdict minted, in plancks.
			minted: Balance,
			/// Amount left in the purse, in plancks.
			left: Balance,
		},
		/// The commits of a round have ended, and it was given the next bars of its stream.
		BarsAwaited {
			/// The round.
			round: RoundId,
			/// Number of its first bar.
			first: u64,
			/// Number of its bars.
			bars: u32,
			/// Block in which they should be complete. They are awaited for a day longer.
			due: BlockNumber,
		},
		/// The bars of a round are complete, and its models can be revealed.
		BarsComplete {
			/// The round.
			round: RoundId,
			/// Number of its first bar.
			first: u64,
			/// Number of its bars, including missing ones.
			bars: u32,
		},
		/// The bars of a round were not complete in time, or not kept for long enough. The round is void.
		BarsMissing {
			/// The round.
			round: RoundId,
			/// Number of its first bar.
			first: u64,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No domain has this identifier. It may have been removed; identifiers are not reused.
		UnknownDomain,
		/// Only the owner of the domain may do this. Sign with the account that registered it.
		NotOwner,
		/// The evidence of this domain is not sealed, so it has neither segments nor a purse. Choose a domain with sealed
		/// evidence.
		NotSealedEvidence,
		/// The domain was refused, has converged, or is closing, and takes no commits any more. Register another one.
		DomainClosed,
		/// The list of hashes is empty. Give 1 to 64 hashes.
		NoHashes,
		/// Another number of segments of this domain is sealed, e.g. because the call was sent twice. `doin_evidence` shows it: give the
		/// hashes of the segments after those.
		WrongStart,
		/// The segments exceed 1 MiB together with the published data, or 1 024 in number. Seal fewer.
		TooManySegments,
		/// All sealed segments of this domain are opened, so no round can be evaluated. Its owner has to seal more.
		NoSegmentsLeft,
		/// No round waits for a segment of this domain, and the domain is not suspended. Open the segment after the event
		/// `Asked`.
		NotAwaited,
		/// This is not the segment that is opened next. Open the segment with the number of opened segments as its index.
		WrongIndex,
		/// The bytes are not as long as a segment of this domain. Pass the rows or values of one segment, all of them.
		WrongLength,
		/// Bytes, salt and index do not have the hash that was sealed. Pass those that the owner of this domain sealed on this
		/// chain.
		HashMismatch,
		/// A row has a class that is not below the number of classes, or a value outside ±2¹⁵. The segment can never be opened;
		/// its owner has to close the domain and register it again.
		InvalidRow,
		/// The amount is 0. Give at least one planck.
		ZeroAmount,
		/// The purse holds less than this amount. Withdraw at most what it holds.
		PurseTooSmall,
		/// A round of this domain is undecided, and its pay comes from the purse. Wait for the verdict.
		RoundsOpen,
		/// The domain is suspended, because a segment was not opened in time. It takes commits once the segment is opened.
		Suspended,
		/// Another round of this domain waits for its segment. Commit once the segment is opened and the round is decided.
		RoundAwaits,
		/// The champion of this domain carries bits that later rounds pay, and their price at the present work block stays in the
		/// purse. Withdraw less, or wait until they are paid or another champion reigns.
		BitsCarried,
		/// No stream has this identifier. Give the identifier of a stream of this chain.
		UnknownStream,
		/// The stream does not keep the bars of a round and its history until the verdict. Choose a shorter history, fewer windows a
		/// chunk, or a stream that keeps more bars.
		BarsNotKept,
		/// The bars of a round take more than 30 days. Choose fewer windows a chunk, a shorter horizon, or a stream with shorter bars.
		SpanTooLong,
		/// An earlier round of this domain was given the bars that come next. Commit once the bar before its last one is running.
		BarsInUse,
		/// Three rounds of this domain wait for their bars. Commit once one of them has its bars.
		TooManyAwaiting,
		/// The stream has fewer bars than the history of this domain needs. Commit once it has more.
		HistoryTooShort,
		/// The reporters of the stream are not paid for the bars of a round that takes commits now. Pay into the pot of the stream,
		/// then commit.
		StreamUnpaid,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let (idle, step) = (T::WeightInfo::on_initialize(), Self::step_weight());
			let mut meter = WeightMeter::with_limit(hook_limit(T::BlockWeights::get().max_block, idle.saturating_add(step)));
			meter.consume(idle);
			AgendaOf::<T>::serve(now.unique_saturated_into(), &mut meter, step, Self::serve);
			meter.consumed()
		}

		fn integrity_test() {
			let cost = T::WeightInfo::on_initialize().saturating_add(Self::step_weight());
			let limit = hook_limit(T::BlockWeights::get().max_block, Weight::zero());
			assert!(cost.all_lte(limit), "the hook must be able to serve at least one round per block: {cost:?}");
			assert!(T::Timing::rounds().evidence > 0, "a segment must have time to be opened");
			assert!(T::ByteDeposit::get() > 0, "stored bytes must have a price");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Appends segments with these hashes to those of `domain`, the first of which has index `from`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the owner of the domain.
		///
		/// ## Details
		///
		/// A hash is a [`segment_hash`](doin_primitives::evidence::segment_hash) of this chain, the owner, the index of the
		/// segment, a salt and the bytes. Keep salts and bytes: a segment that cannot be opened voids a round, costs a tenth of
		/// the deposit of the domain, and suspends it. The call holds the price of the bytes and hashes of all these segments.
		/// `from` is the number of segments that are sealed already, so a call that is sent twice fails the second time.
		///
		/// ## Errors
		///
		/// - [`NoHashes`](Error::NoHashes), [`TooManySegments`](Error::TooManySegments): the number of segments does not fit.
		/// - [`WrongStart`](Error::WrongStart): another number of segments is sealed.
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotOwner`](Error::NotOwner),
		///   [`NotSealedEvidence`](Error::NotSealedEvidence), [`DomainClosed`](Error::DomainClosed): the caller cannot seal
		///   segments of this domain.
		/// - A token error if the caller cannot pay the hold.
		///
		/// ## Events
		///
		/// Deposits [`Sealed`](Event::Sealed).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::seal(hashes.len() as u32))]
		pub fn seal(
			origin: OriginFor<T>,
			domain: DomainId,
			from: u16,
			hashes: BoundedVec<Hash, ConstU32<MAX_HASHES>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_seal(who, domain, from, hashes.into_inner())
		}

		/// Adds `amount` plancks to the purse of `domain`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the owner of the domain.
		///
		/// ## Details
		///
		/// The amount is held in the account of the owner. The amount that a verdict of the domain mints is burned from it.
		///
		/// ## Errors
		///
		/// - [`ZeroAmount`](Error::ZeroAmount): there is nothing to add.
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotOwner`](Error::NotOwner),
		///   [`NotSealedEvidence`](Error::NotSealedEvidence), [`DomainClosed`](Error::DomainClosed): the caller cannot fund this
		///   domain.
		/// - A token error if the caller cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Funded`](Event::Funded).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::fund())]
		pub fn fund(origin: OriginFor<T>, domain: DomainId, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_fund(who, domain, amount)
		}

		/// Releases `amount` plancks of the purse of `domain`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the owner of the domain.
		///
		/// ## Details
		///
		/// The domain must have no undecided round. The price of the bits that its champion carries stays in the purse. A domain
		/// with a weight takes no commits while its purse is empty.
		///
		/// ## Errors
		///
		/// - [`ZeroAmount`](Error::ZeroAmount), [`PurseTooSmall`](Error::PurseTooSmall): the purse has no such amount.
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotOwner`](Error::NotOwner),
		///   [`NotSealedEvidence`](Error::NotSealedEvidence): the caller has no purse of this domain.
		/// - [`RoundsOpen`](Error::RoundsOpen): a round is undecided.
		/// - [`BitsCarried`](Error::BitsCarried): the rest would not cover the bits that the champion carries.
		///
		/// ## Events
		///
		/// Deposits [`Withdrawn`](Event::Withdrawn).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>, domain: DomainId, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who, domain, amount)
		}

		/// Opens the next segment of `domain`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account that has bytes and salt can open a segment.
		///
		/// ## Details
		///
		/// A segment can be opened while a round waits for it. The round then takes reveals, and is evaluated on the segment. A
		/// segment that was not opened in time can be opened later: it ends the suspension of the domain, and is never measured.
		/// The bytes are rows as published, or little-endian `i32` values of a series, step by step. They are published for ever.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotSealedEvidence`](Error::NotSealedEvidence),
		///   [`NotAwaited`](Error::NotAwaited): no segment of this domain can be opened now.
		/// - [`WrongIndex`](Error::WrongIndex), [`WrongLength`](Error::WrongLength), [`HashMismatch`](Error::HashMismatch): these
		///   are not the index, the bytes or the salt of the segment.
		/// - [`InvalidRow`](Error::InvalidRow): a label is out of range.
		///
		/// ## Events
		///
		/// Deposits [`Opened`](Event::Opened).
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::open_weight(bytes.len()).saturating_add(T::OnEvidence::stands_weight()))]
		pub fn open_segment(
			origin: OriginFor<T>,
			domain: DomainId,
			index: u16,
			bytes: BoundedVec<u8, ConstU32<MAX_SEGMENT_BYTES>>,
			salt: [u8; 32],
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let weight = Self::open_weight(bytes.len());
			let round = Self::do_open_segment(domain, index, bytes.into_inner(), salt)?;
			Ok(round.is_none().then_some(weight).into())
		}
	}

	impl<T: Config> Pallet<T> {
		/// Returns the weight of opening a segment of `bytes` bytes, without the report to the round. The benchmark opens a
		/// segment that no round waits for; the agenda item of a round is added here.
		pub(crate) fn open_weight(bytes: usize) -> Weight {
			let pages = (bytes as u32).div_ceil(PAGE_BYTES);
			T::WeightInfo::open_segment(pages).saturating_add(T::DbWeight::get().reads_writes(1, 1))
		}

		/// Returns the weight of the most expensive step of the agenda.
		pub(crate) fn step_weight() -> Weight {
			let segment = T::WeightInfo::miss().saturating_add(T::OnEvidence::failed_weight()).max(T::WeightInfo::double());
			segment.max(Self::bars_weight())
		}

		/// Returns the weight of the most expensive step of a round that waits for bars. The benchmarks measure what is written,
		/// since a chain may have no stream; what is read is added here: segments, record, rounds and the stream.
		pub(crate) fn bars_weight() -> Weight {
			let report = T::OnEvidence::stands_weight().max(T::OnEvidence::failed_weight());
			let end = T::WeightInfo::end_bars().saturating_add(report);
			let read = T::DbWeight::get().reads(3).saturating_add(T::Bars::stream_weight());
			read.saturating_add(T::WeightInfo::keep_waiting().max(end))
		}
	}
}
