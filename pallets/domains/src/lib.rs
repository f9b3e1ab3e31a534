//! # Domains Pallet
//!
//! Registry of domains: machine-learning problems whose loss the chain can recompute.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. Other pallets read
//! records, pages and champions, and report rounds and champions, through [`Domains`](doin_traits::Domains).
//!
//! ## Overview
//!
//! A domain defines a program, e.g. a forecast, the data it is scored on, and the limits of a model. Its record never changes
//! after registration, so the problem cannot change while optimizers work on it. The changing part is stored separately: the
//! status of the domain, its champion, its high-water mark, and a bounty that grows until an author reaches the target.
//!
//! A registration burns a fee, which keeps out spam, and holds a deposit for every byte that the chain stores. The owner then
//! uploads the pages of a series or of rows, and any account activates the domain. A domain alone earns nothing: its weight is 0
//! until validators vote for it (pallet `gauge`).
//!
//! The data of a domain with sealed evidence grows: the pages of opened segments follow those published at activation (pallet
//! `evidence`). That of a domain with live evidence does not: models are trained and validated on its pages, and evaluated on bars
//! of its stream, which are not stored here.
//!
//! ## Example
//!
//! A domain from its registration to its removal:
#![doc = docify::embed!("src/tests.rs", a_domain_is_registered_loaded_activated_closed_and_retired)]
//!
//! ## Low Level / Implementation Details
//!
//! - The initial champion is the best baseline, which the chain itself scores on the validation split: repeat-last or seasonal
//!   for a series, the most frequent class or the medians of the training part for rows. An owner can hand in a linear model at
//!   the registration. It becomes the initial champion if its validation error is smaller, so that authors are not paid for what
//!   a linear model finds; otherwise it is dropped. Its deposit stays on hold until the domain is removed.
//! - The activation of a domain whose initial champion makes no error is refused for good, because its progress would have no
//!   scale; so is that of a domain whose pages are not the declared data, or whose rows have a label out of range. The call
//!   succeeds, and the domain can only be removed: a call that failed after reading all the data could be repeated without limit.
//! - A generator could draw series that have nothing in common with the published one, and pay for improvements that mean
//!   nothing. An activation therefore draws [`LIKENESS_WINDOWS`](types::LIKENESS_WINDOWS) windows, with the data root as the
//!   seed, and compares the mean error of the best baseline on them with that on the validation split
//!   ([`is_alike`](doin_primitives::evidence::is_alike)). A domain that fails is active, but cannot be voted for.
//! - A domain without weight whose evidence is sealed can be voted for only while it has a sealed segment and a purse that is not
//!   empty ([`EvidenceSource::is_ready`](doin_traits::EvidenceSource::is_ready)). The price of a bit is not known here, so one
//!   planck is enough; a commit checks that the purse covers a work block (pallet `optimae`). A domain that has a weight stays
//!   votable while it is active, so that an owner cannot reset its progress by taking out the purse for a session.
//! - A registration with live evidence asks whether the stream of the record exists and keeps enough bars
//!   ([`EvidenceSource::ensure_provided`](doin_traits::EvidenceSource::ensure_provided)). Without weight, such a domain can be
//!   voted for only while its stream is paid for the bars of a round. Genesis domains are not asked about, since no stream has a
//!   bar in block 0.
//! - The high-water mark of a domain with live evidence halves every 90 days
//!   ([`HIGH_WATER_HALF_LIFE_MS`](doin_primitives::evidence::HIGH_WATER_HALF_LIFE_MS)): its data changes, and a champion of
//!   earlier data must not keep later ones from being paid for good. [`DomainState::high_water`] is the mark in block
//!   [`DomainState::high_water_at`]; it is computed for a block when it is read, and written by verdicts and votes only. Two
//!   models that take turns on changing data gain at most what the mark loses in between.
//! - A domain whose segment was not opened in time is suspended: it takes no commits until the segment is appended. Its weight
//!   stays. After 30 days any account can close it.
//! - [`DomainState::open_rounds`] counts undecided rounds. The rounds of a closing domain run to their verdicts before it can be
//!   removed. Its owner cannot close it while it has a weight. Any account can close an unweighted domain that has had no new
//!   champion for 180 days, so that an owner who vanishes cannot lock bounties and deposits.
//! - A bounty stays on hold in the accounts of its donors. It is paid to the author that reaches the target, or released to the
//!   donors when the domain is removed; the owner cannot take it. A donor can withdraw its donation after a notice of the
//!   longest time that a round can take. The donation is still paid for the rounds that took commits before the announcement,
//!   and for none after it, so no donor can wait for a verdict before it decides. A bounty has at most [`MAX_DONORS`] donors.
//!   One place is reserved for the owner. If the other places are taken, a new donation replaces one that no round can be paid
//!   from any more, because its withdrawal was announced. If there is none, a larger amount replaces the smallest, so that small
//!   amounts cannot keep out large ones. The replaced donation is refunded. No replacement lowers the bounty of an undecided
//!   round.
//! - The bar of a reveal is [`DomainState::bar`], the validation error of the best baseline, which the chain computed. It is
//!   neither a claim of the champion's author nor the error of the owner's linear model, which could be fitted to the validation
//!   split. [`Champion::validation_error`] is the bar on public evidence only, where the final sums of the verdict replace the
//!   claim. A false claim therefore cannot keep out better models.
//! - Any account can remove a closing domain without open rounds, so that an owner cannot keep donors waiting, and a refused one.
//!   Only its owner or root can remove a loading domain, or, within 180 days, a converged one, whose deposit pays for keeping the
//!   solution available.
//! - Registration rejects the indices that the types of a record reserve: all losses but `Absolute`, and the phase of a window as
//!   an input.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

mod activation;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bounties;
mod errors;
mod impl_domains;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
mod lifecycle;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Donation, Donations, GenesisDomain, RefusalReason, Withdrawal, ABANDONED_MS, MAX_DONORS, SUSPENDED_MS};
pub use weights::WeightInfo;

#[cfg(doc)]
use doin_primitives::domain::{Champion, DomainState};

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-domains";

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{Donations, GenesisDomain, RefusalReason, MOST_NARROW_UNITS},
		WeightInfo,
	};
	use alloc::{boxed::Box, string::String, vec::Vec};
	use doin_primitives::{
		domain::{DomainState, ModelBytes, MACS_PER_UNIT, MAX_PAGES, PAGE_VALUES},
		Balance, BlockNumber, DomainId, DomainSpec, ModelRef, Page, Q32,
	};
	use doin_scoring::landscape::VALUE_MACS;
	use doin_traits::{DomainWeights, EvidenceSource, OnCrowned, Timing, UndecidedRounds, Votable, Votes};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{hold::Mutate as MutateHold, Inspect, Mutate},
	};
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of fees, deposits and bounties.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Voted weights of domains. The owner of a domain with a weight cannot close it.
		type DomainWeights: DomainWeights;
		/// Lengths of rounds, and wall time in blocks.
		type Timing: Timing;
		/// Undecided rounds of domains. A donation that pays for one of them cannot be withdrawn.
		type UndecidedRounds: UndecidedRounds;
		/// Votes in referenda, which lock coins. Those of a donor end when locked coins are paid as a bounty.
		type Votes: Votes<Self::AccountId>;
		/// Evidence that comes after the commits. A registration asks whether it can be provided. It is removed with its domain.
		type Evidence: EvidenceSource;
		/// Receives every champion that replaces another one.
		type OnCrowned: OnCrowned;
		/// Fee of a registration in plancks, which is burned.
		#[pallet::constant]
		type RegistrationFee: Get<Balance>;
		/// Deposit per domain for its storage items, in plancks.
		#[pallet::constant]
		type BaseDeposit: Get<Balance>;
		/// Deposit per byte of the record, the declared data and the encoded initial champion of a domain, in plancks.
		#[pallet::constant]
		type ByteDeposit: Get<Balance>;
		/// Smallest addition to a bounty, in plancks; at least the existential deposit, so that any account can receive it.
		#[pallet::constant]
		type MinBounty: Get<Balance>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Deposit for the bytes of a domain.
		#[codec(index = 0)]
		Domain,
		/// Donation to a bounty, until the bounty is paid, the donation withdrawn or the domain removed.
		#[codec(index = 1)]
		Bounty,
	}

	/// Identifier of the next domain.
	#[pallet::storage]
	pub type NextDomainId<T: Config> = StorageValue<_, DomainId, ValueQuery>;

	/// Immutable part of the record of each domain.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Specs<T: Config> = StorageMap<_, Twox64Concat, DomainId, DomainSpec>;

	/// Changing part of the record of each domain.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type States<T: Config> = StorageMap<_, Twox64Concat, DomainId, DomainState<T::AccountId>>;

	/// Data of each domain, in pages: first what was published at activation, then opened segments. The deposit of the domain
	/// pays for the declared pages, a hold of pallet `evidence` for those of segments.
	// Hasher: Twox is safe since domains are numbered by the chain and pages by their place in the data.
	#[pallet::storage]
	pub type Pages<T: Config> = StorageDoubleMap<_, Twox64Concat, DomainId, Twox64Concat, u32, Page>;

	/// Deposit on hold of the owner of each domain, in plancks.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Deposits<T: Config> = StorageMap<_, Twox64Concat, DomainId, Balance, ValueQuery>;

	/// Donations to the bounty of each domain, on hold in the accounts of the donors.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Bounties<T: Config> = StorageMap<_, Twox64Concat, DomainId, Donations<T::AccountId>, ValueQuery>;

	/// Encoded initial champions that have parameters: the linear model of an owner, or the constant baseline of rows. A loading
	/// domain has the model that its owner handed in.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Baselines<T: Config> = StorageMap<_, Twox64Concat, DomainId, ModelBytes>;

	/// Domains that exist and are active from block 0.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Domains in order of their ids. Their owners pay the deposit, but no fee.
		pub domains: Vec<GenesisDomain<T::AccountId>>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (index, domain) in self.domains.iter().enumerate() {
				let decoded = domain.decoded().and_then(|spec| Ok((spec, domain.pages()?)));
				let (spec, pages) = match decoded {
					Ok(decoded) => decoded,
					Err(reason) => panic!("genesis: domain {index}: {reason}"),
				};
				let name = String::from_utf8_lossy(&spec.name).into_owned();
				let units: u32 = pages.iter().fold(0, |sum, page| sum.saturating_add(page.units()));
				if let Err(error) = Pallet::<T>::do_genesis(domain.owner.clone(), spec, pages) {
					panic!(
						"genesis: domain {index}, `{name}`: {error:?}; its owner {:?} has {} free, the entry has {units} values",
						domain.owner,
						T::Currency::balance(&domain.owner),
					);
				}
				let id = index as DomainId;
				assert!(
					T::DomainWeights::weight(id) == 0 || <Pallet<T> as Votable>::votable(id),
					"genesis: domain {index}, `{name}` has a weight, but only active forecasts and rows can be voted for, with \
					 sealed or live evidence, or a generator whose series resemble the published one"
				);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A domain was registered.
		Registered {
			/// Identifier of the domain.
			domain: DomainId,
			/// Account that registered the domain.
			owner: T::AccountId,
			/// Number of pages to be uploaded.
			pages: u32,
			/// Deposit on hold, in plancks.
			deposit: Balance,
			/// Burned fee, in plancks.
			fee: Balance,
		},
		/// A page of the data of a domain was stored.
		PageUploaded {
			/// The domain.
			domain: DomainId,
			/// Index of the page.
			index: u32,
			/// Number of pages that are still missing.
			missing: u32,
		},
		/// A domain was activated and accepts commits.
		Activated {
			/// The domain.
			domain: DomainId,
			/// Initial champion: the best baseline, or the linear model of the owner if its error is smaller.
			initial: ModelRef,
			/// Error sum of the initial champion on the validation split.
			error: u64,
		},
		/// The activation of a domain was refused for good. The domain can only be retired, which releases its deposit.
		ActivationRefused {
			/// The domain.
			domain: DomainId,
			/// Reason of the refusal.
			reason: RefusalReason,
		},
		/// An amount was added to the bounty of a domain.
		BountyAdded {
			/// The domain.
			domain: DomainId,
			/// Account of the donor.
			donor: T::AccountId,
			/// Added amount, in plancks.
			amount: Balance,
			/// Bounty of the domain with this amount included, in plancks.
			bounty: Balance,
		},
		/// A donor announced the withdrawal of its donation.
		WithdrawalAnnounced {
			/// The domain.
			domain: DomainId,
			/// Account of the donor.
			donor: T::AccountId,
			/// Amount of the donation, in plancks.
			amount: Balance,
			/// First block in which the donation can be withdrawn.
			from: BlockNumber,
			/// Last round that the donation is paid for.
			last_round: u32,
			/// Bounty of later rounds, in plancks.
			bounty: Balance,
		},
		/// A donation was released to its donor after its announced withdrawal.
		BountyWithdrawn {
			/// The domain.
			domain: DomainId,
			/// Account of the donor.
			donor: T::AccountId,
			/// Released amount, in plancks.
			amount: Balance,
		},
		/// A domain was closed. It accepts no commits; open rounds run to their verdicts.
		Closed {
			/// The domain.
			domain: DomainId,
			/// Number of undecided rounds.
			open_rounds: u32,
		},
		/// A domain was removed. Its deposit and the rest of its bounty were released.
		Retired {
			/// The domain.
			domain: DomainId,
			/// Owner of the domain.
			owner: T::AccountId,
			/// Deposit released to the owner, in plancks.
			deposit: Balance,
			/// Bounty released to its donors, in plancks.
			bounty: Balance,
		},
		/// The champion of a domain was replaced.
		ChampionReplaced {
			/// The domain.
			domain: DomainId,
			/// New champion.
			model: ModelRef,
			/// Former champion.
			former: ModelRef,
			/// New high-water mark, Q32 bits.
			high_water: Q32,
		},
		/// A domain reached its target. It accepts no commits, and its bounty was paid.
		Converged {
			/// The domain.
			domain: DomainId,
			/// Author of the champion; `None` for a baseline.
			author: Option<T::AccountId>,
			/// Upper bound of the loss, E · 2²⁰ / E0.
			loss: u64,
			/// Bounty paid to the author, in plancks.
			bounty: Balance,
		},
		/// The high-water mark of a domain was raised to the progress of its champion, because the domain gained a weight.
		/// Progress below the mark is not paid. The mark of a domain with live evidence halves every 90 days from this block on.
		HighWaterRaised {
			/// The domain.
			domain: DomainId,
			/// New mark, Q32 bits.
			high_water: Q32,
		},
		/// A donation was released to its donor, because another one took its place in the bounty: a larger one, or any other if
		/// no round could be paid from the former one any more.
		BountyRefunded {
			/// The domain.
			domain: DomainId,
			/// Account of the donor.
			donor: T::AccountId,
			/// Released amount, in plancks.
			amount: Balance,
		},
		/// A domain was suspended, because a segment was not opened in time. It takes no commits until the segment is opened.
		Suspended {
			/// The domain.
			domain: DomainId,
		},
		/// A suspended domain takes commits again, because its segment was opened.
		Resumed {
			/// The domain.
			domain: DomainId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No domain has this identifier. It may have been removed; identifiers are not reused.
		UnknownDomain,
		/// Only the owner of the domain may do this now. Sign with the account that registered it. Any account can close an
		/// unweighted domain, or retire a converged one, that has had no new champion for 180 days, and close a domain that has
		/// been suspended for 30 days.
		NotOwner,
		/// The domain is activated already, was refused, or has no data. Retire a refused domain, and register it again without
		/// the fault.
		NotLoading,
		/// The data has no page with this index. Page i holds the values from 1 024·i on, or the bytes of rows from 4 096·i on.
		NoSuchPage,
		/// This page is stored already. Upload a missing one.
		PageAlreadyUploaded,
		/// The page has the wrong length. Every page holds 1 024 values, or 4 096 bytes of rows, the last one the rest.
		InvalidPageLength,
		/// Pages are missing. Upload all pages before the activation.
		PagesMissing,
		/// `values` differs from the length of the data in the record. It determines the weight of the call; pass the number of
		/// the record.
		ValueCountMismatch,
		/// The hash of the values of a genesis domain differs from the data root of its record. Put the right root into the
		/// record.
		DataRootMismatch,
		/// The initial champion makes no error, so progress has no scale: the series of a genesis domain is constant or perfectly
		/// seasonal, its labels are all equal, or the optimum is the origin. Choose another problem or split.
		ConstantSeries,
		/// The domain is loading, refused, converged or closing and accepts no commits. Activate it if it is loading, or choose
		/// another one.
		NotActive,
		/// The domain has no target (0), so its bounty could never be paid. Choose a domain with a target; domains with sealed or
		/// live evidence have none.
		NoTarget,
		/// The amount is below `MinBounty`.
		BountyTooSmall,
		/// The bounty has its maximum number of donors, and no donation is smaller than this one. Give more than the smallest,
		/// which is then refunded.
		TooManyDonors,
		/// The domain has a weight above 0. Wait until validators have voted it down to 0; weights change at session boundaries.
		StillWeighted,
		/// The domain is active. Close it first.
		StillActive,
		/// Rounds of this domain are undecided. Wait for their verdicts.
		RoundsOpen,
		/// All 2³² identifiers are in use. No domain can be registered before a runtime upgrade.
		NoMoreIds,
		/// The name is empty or not UTF-8. Give 1 to 64 bytes of UTF-8.
		InvalidName,
		/// The unit is not UTF-8. Give up to 32 bytes of UTF-8, or none.
		InvalidUnit,
		/// The name of a gene is empty or not UTF-8. Give 1 to 32 bytes of UTF-8.
		InvalidGeneName,
		/// Two genes have the same name. Rename one.
		DuplicateGene,
		/// The bound `lo` of a gene is above `hi`. Swap them.
		InvalidGeneBounds,
		/// A gene on a logarithmic scale starts below 1. Raise `lo`, or make the scale linear.
		InvalidGeneScale,
		/// A gene has more than 32 fractional bits. Use fewer; the value is `raw / 2^frac`.
		InvalidGeneFraction,
		/// The limit on the bytes of a model must be in 1..=65 536.
		InvalidModelBytes,
		/// The limit on the multiply-accumulates of a window must be in 1..=262 144.
		InvalidWindowMacs,
		/// The series has more than 262 144 values, or the rows have more than 1 048 576 bytes (256 pages, 1 MiB). Cut or
		/// resample the data.
		TooManyPages,
		/// The record has a data root, but no values. Set the root to zero, or declare the data.
		InvalidDataRoot,
		/// `min_improvement` must be in 2 000..1 000 000 parts per million.
		InvalidMinImprovement,
		/// `target` must be below 2²⁰, the loss of the initial champion; 0 for none.
		InvalidTarget,
		/// `Quadratic` needs 32 to 256 coordinates, each within ±2¹⁵.
		InvalidDimensions,
		/// The horizon must be in 1..=1 024.
		InvalidHorizon,
		/// The season must be in 1..=512 and at most the history.
		InvalidSeason,
		/// The history must be in 1..=1 024.
		InvalidHistory,
		/// The number of chunks must be in 32..=256. A chunk has 1 to 64 windows, at most 4 096 predictions and at most 69 632
		/// values of history and horizon: use fewer or shorter windows.
		InvalidChunks,
		/// The split does not fit: in steps, train_end < validation_end ≤ values / channels, with at least one window per chunk
		/// in between. For rows, in rows: 0 < train_end < validation_end, with at least one row per chunk in between. Both are 0
		/// for a program without data. Lengthen the validation part, or use fewer chunks.
		InvalidSplit,
		/// The template of the generator is not one season long. Give one mean difference per step of the season.
		InvalidTemplate,
		/// The remainder of the generator is not stable: the absolute values of `ar` must add up to less than 4 096, one in Q12.
		UnstableGenerator,
		/// Template, noise or level of the generator leave the range of 32 bits within one window. Use a coarser unit.
		GeneratorOutOfRange,
		/// The program has no generator, or more than the one channel that a generator makes. Use public evidence.
		NotSynthetic,
		/// The number of channels must be in 1..=8 and divide the number of values, and history and horizon of all channels must
		/// have at most 2 048 values. Use fewer channels or a shorter history.
		InvalidChannels,
		/// Classes need 1 to 63 bounds in ascending order.
		InvalidBounds,
		/// The forecast steps must ascend and be in 1..=horizon; at least one.
		InvalidSteps,
		/// The page holds bytes and the program reads a series, or it holds values and the program reads rows. Upload `Values`
		/// for a series, and `Bytes` for rows.
		InvalidPageKind,
		/// The program does not suit live evidence. A stream has one value a bar: declare a forecast of one channel in 40 chunks,
		/// and a unit above 0.
		InvalidLive,
		/// The growth does not suit the evidence. Declare `Appending` for sealed evidence, and `Fixed` for any other.
		InvalidGrowth,
		/// The loss is squared or weighted. These kinds are reserved; use `Absolute`.
		UnsupportedLoss,
		/// The phase of a window is declared as an input. This is reserved; use `Hidden`.
		UnsupportedPhase,
		/// The noise of the generator is below 128, half a raw unit, so its series often do not move and a round could have no
		/// error to improve. Use a unit that is ten times finer, or public evidence.
		GeneratorTooQuiet,
		/// The account has no donation in the bounty of this domain. Sign with the account of the donor.
		NoDonation,
		/// The withdrawal of this donation is announced already. Call `withdraw_bounty` once the notice has passed.
		AlreadyAnnounced,
		/// The withdrawal of this donation is not announced. Call `announce_withdrawal` first.
		NotAnnounced,
		/// The notice of the withdrawal has not passed. Wait for the block that the event `WithdrawalAnnounced` names.
		NoticeRunning,
		/// The licence is not UTF-8, or is missing although the evidence is sealed. Give an SPDX identifier of up to 32 bytes,
		/// e.g. `CC-BY-4.0`: opened segments are published for ever.
		InvalidLicence,
		/// The stake of a seat must be 1 to 100 DOIN.
		InvalidStake,
		/// The segments do not suit the program. A segment has exactly the rows or steps of one draw, at least 512 rows, at most
		/// 128 KiB, and 1 MiB must have a place for one beside the data. Change chunks or windows, or publish less.
		InvalidSegment,
		/// The windows of a chunk, a stride apart, are shorter than the horizon. Use more windows a chunk, or a shorter horizon.
		InvalidStride,
		/// Rows need 1 to 1 024 features.
		InvalidFeatures,
		/// The features of a row are not 1 to 4 channels for each pixel of the image. Give height and width of the image.
		InvalidImage,
		/// Rows need 2 to 64 classes.
		InvalidClasses,
		/// A row needs 1 to 16 values as its label.
		InvalidLabelValues,
		/// The number of chunks of rows must be in 64..=256, and a chunk has 1 to 64 rows.
		InvalidRows,
		/// The number of bytes is not a multiple of the bytes of a row: its features, and one byte for a class or four for each
		/// value.
		InvalidRowLength,
		/// A row of a genesis domain has a class that is not below the number of classes, or a value outside ±2¹⁵. Correct the
		/// row.
		InvalidRow,
		/// The model of the owner is not linear: it has a hidden layer or an encoder, or is not a net. Hand in one layer, or
		/// none.
		BaselineNotLinear,
		/// The model of the owner is not an encoded model, does not fit the program, or exceeds the limits of the record. Check
		/// it with `doin-worker evaluate`, or hand in none.
		BaselineNotAdmitted,
		/// The linear model of the owner takes more than 2²⁷ multiply-accumulates on the validation split. Shorten its window, or
		/// the split.
		BaselineTooCostly,
		/// `units` differs from the price of the owner's linear model: its multiply-accumulates on the validation split divided
		/// by 2 048, rounded up; 0 without a model. It determines the weight of the call.
		UnitCountMismatch,
		/// The domain is suspended, because a segment was not opened in time. Wait until the segment is opened.
		Suspended,
		/// The evidence is sealed or live, and `target` is not 0. Set it to 0. An owner could reach any target, and take the
		/// bounty, with a model that has learned its next segment; a stretch of bars that is easy to forecast would end a live
		/// domain, although its data goes on.
		AwaitedTarget,
		/// A landscape has 1 to 256 coordinates, at least 2 of Rosenbrock's function, and its largest value must be below 137 439: at
		/// most 17 coordinates of Rosenbrock's function, and 164 of Schwefel's. Use fewer. An ellipsoid cannot be registered.
		InvalidLandscape,
		/// The hash of the program of a tolerance domain is zero. Give the blake2b-256 of its file, e.g. by `b2sum -l 256`.
		InvalidCode,
		/// The tolerance must be at least 1 and at most a quarter of `min_improvement`, both in parts per million. Lower it, or raise
		/// the least improvement.
		InvalidTolerance,
		/// The initial error of a tolerance domain must be above 0 and at most that of chunk sums of 2³² − 1. Run the program on an
		/// empty model, and add its sums up.
		InvalidInitialError,
		/// Drawn evidence belongs to training runs of loss genomes, and they have no other. Declare both, or neither.
		InvalidDrawn,
		/// A number of the training runs is out of its range: the shift, the hidden layers, the samples, the batch, the steps or the rate.
		/// Correct the record.
		InvalidRuns,
		/// A training run costs more than a chunk of the largest size class, or the limit on the cost of a genome does not admit the
		/// built-in ones. Declare a smaller net, fewer steps or another limit.
		RunTooCostly,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a domain.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. The caller becomes the owner of the domain.
		///
		/// ## Details
		///
		/// Burns [`Config::RegistrationFee`], and holds a deposit for the record, the declared data and `baseline`. A domain
		/// without data is active at once. A domain with data is active after all pages are [uploaded](Call::upload_page) and it
		/// is [activated](Call::activate).
		///
		/// `baseline` is an encoded linear model, against which progress is measured if it is better than the baselines of the
		/// chain. It must be admitted by the limits of the record.
		///
		/// The steps of live evidence come from the stream of the record, in its unit. A round must not take longer than the bars
		/// are kept, and at most 30 days.
		///
		/// ## Errors
		///
		/// - The first fault of the record, e.g. [`InvalidName`](Error::InvalidName) or [`InvalidLive`](Error::InvalidLive).
		/// - An error of [`Config::Evidence`] if a domain with this record can get no evidence, e.g. because its stream is unknown.
		/// - [`BaselineNotLinear`](Error::BaselineNotLinear), [`BaselineNotAdmitted`](Error::BaselineNotAdmitted),
		///   [`BaselineTooCostly`](Error::BaselineTooCostly): the model is no linear model of the program.
		/// - [`ConstantSeries`](Error::ConstantSeries): the optimum of a `Quadratic` or a `Landscape` is the origin.
		/// - [`NoMoreIds`](Error::NoMoreIds): all identifiers are in use.
		/// - A token error if the caller cannot pay fee and deposit.
		///
		/// ## Events
		///
		/// Deposits [`Registered`](Event::Registered), and [`Activated`](Event::Activated) for a domain without data.
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::register_weight(spec, baseline.as_ref()))]
		pub fn register(origin: OriginFor<T>, spec: Box<DomainSpec>, baseline: Option<ModelBytes>) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_register_paid(owner, *spec, baseline)
		}

		/// Stores page `index` of the data of a loading domain.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the owner of the domain.
		///
		/// ## Details
		///
		/// Pages can be uploaded in any order, each once. The deposit of the registration pays for them.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotOwner`](Error::NotOwner), [`NotLoading`](Error::NotLoading): the
		///   caller cannot upload pages of this domain.
		/// - [`InvalidPageKind`](Error::InvalidPageKind), [`NoSuchPage`](Error::NoSuchPage),
		///   [`InvalidPageLength`](Error::InvalidPageLength), [`PageAlreadyUploaded`](Error::PageAlreadyUploaded): the page does
		///   not fit.
		///
		/// ## Events
		///
		/// Deposits [`PageUploaded`](Event::PageUploaded).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::upload_page(Pallet::<T>::page_words(page)))]
		pub fn upload_page(origin: OriginFor<T>, domain: DomainId, index: u32, page: Page) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_upload_page(who, domain, index, page)
		}

		/// Activates a loaded domain.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can activate a loaded domain.
		///
		/// ## Details
		///
		/// Compares the hash of the data with the data root of the record, and scores the baselines, and the linear model of the
		/// owner if there is one, on the validation split; the best one becomes the initial champion. `values` is the length of
		/// the data, as in the record. `units` is the price of the linear model: its multiply-accumulates on the validation split
		/// divided by 2 048, rounded up, at most 65 536; 0 without a model. Both determine the weight of the call.
		///
		/// If the data is not the declared one, a row has a label out of range, or the initial champion makes no error, the call
		/// succeeds and the domain is refused for good. It can then only be [retired](Call::retire).
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotLoading`](Error::NotLoading), [`PagesMissing`](Error::PagesMissing):
		///   the domain cannot be activated.
		/// - [`ValueCountMismatch`](Error::ValueCountMismatch): `values` differs from the record.
		/// - [`UnitCountMismatch`](Error::UnitCountMismatch): `units` is not the price of the linear model.
		///
		/// ## Events
		///
		/// Deposits [`Activated`](Event::Activated), or [`ActivationRefused`](Event::ActivationRefused).
		#[pallet::call_index(2)]
		#[pallet::weight(Pallet::<T>::activate_weight(*values, *units))]
		pub fn activate(origin: OriginFor<T>, domain: DomainId, values: u32, units: u32) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_activate(domain, values, units).map(drop)
		}

		/// Adds `amount` plancks to the bounty of an active domain.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed.
		///
		/// ## Details
		///
		/// The amount is held in the account of the donor. It is paid to the author that reaches the target. It is released
		/// when the domain is removed, when a larger donation needs its place, or when the donor
		/// [withdraws](Call::announce_withdrawal) it. A donation whose withdrawal was announced also gives up its place to a
		/// smaller one, once no round can be paid from it any more. An addition by the same donor cancels an announced
		/// withdrawal.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotActive`](Error::NotActive), [`NoTarget`](Error::NoTarget): the domain
		///   takes no bounty.
		/// - [`BountyTooSmall`](Error::BountyTooSmall), [`TooManyDonors`](Error::TooManyDonors): the amount is too small.
		/// - A token error if the caller cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`BountyAdded`](Event::BountyAdded), after [`BountyRefunded`](Event::BountyRefunded) if another donation
		/// was replaced.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::add_bounty())]
		pub fn add_bounty(origin: OriginFor<T>, domain: DomainId, amount: Balance) -> DispatchResult {
			let donor = ensure_signed(origin)?;
			Self::do_add_bounty(donor, domain, amount)
		}

		/// Closes an active domain, which then accepts no commits.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the owner of the domain, or root. Any account can close a domain that has had no new champion for
		/// 180 days, or has been suspended for 30 days.
		///
		/// ## Details
		///
		/// Only root can close a domain with a weight, unless the domain has been suspended for 30 days. Open rounds run to their
		/// verdicts. A closed domain cannot be activated again.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotActive`](Error::NotActive): the domain is not active.
		/// - [`NotOwner`](Error::NotOwner): the caller is not the owner, and the domain is neither abandoned nor suspended for 30
		///   days.
		/// - [`StillWeighted`](Error::StillWeighted): the domain has a weight, has not been suspended for 30 days, and the caller
		///   is not root.
		///
		/// ## Events
		///
		/// Deposits [`Closed`](Event::Closed).
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::close())]
		pub fn close(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed_or_root(origin)?;
			Self::do_close(who, domain)
		}

		/// Removes a domain that accepts no commits and has no open rounds.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed, or root. Any account can remove a closing or refused domain, and a converged one that has had no new
		/// champion for 180 days; only the owner or root can remove a loading or another converged one.
		///
		/// ## Details
		///
		/// Releases the deposit, and segments and purse of sealed evidence, to the owner, and the rest of the bounty to its
		/// donors. Identifiers of domains are not reused. Unless the evidence is awaited, i.e. sealed or live, the weight is
		/// corrected by the number of removed pages.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain): the domain does not exist.
		/// - [`StillActive`](Error::StillActive), [`RoundsOpen`](Error::RoundsOpen): the domain is in use.
		/// - [`NotOwner`](Error::NotOwner): only the owner can remove the domain now.
		///
		/// ## Events
		///
		/// Deposits [`Retired`](Event::Retired).
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::retire(MAX_PAGES).saturating_add(T::Evidence::retired_weight()))]
		pub fn retire(origin: OriginFor<T>, domain: DomainId) -> DispatchResultWithPostInfo {
			let who = ensure_signed_or_root(origin)?;
			let pages = Self::do_retire(who, domain)?;
			Ok(pages.map(T::WeightInfo::retire).into())
		}

		/// Announces that the caller withdraws its donation from the bounty of a domain.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the donor.
		///
		/// ## Details
		///
		/// The donation is not paid for later rounds than the current one of the domain. It stays on hold for a notice of the
		/// longest time that a round can take, and as long as a round that it is paid for is undecided; then
		/// [`withdraw_bounty`](Call::withdraw_bounty) releases it. Another donor that needs its place releases it once all rounds
		/// that it is paid for are decided, during the notice too. [`add_bounty`](Call::add_bounty) cancels the announcement.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NoDonation`](Error::NoDonation): there is nothing to withdraw.
		/// - [`AlreadyAnnounced`](Error::AlreadyAnnounced): the notice is running, or has passed.
		///
		/// ## Events
		///
		/// Deposits [`WithdrawalAnnounced`](Event::WithdrawalAnnounced).
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::announce_withdrawal())]
		pub fn announce_withdrawal(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let donor = ensure_signed(origin)?;
			Self::do_announce_withdrawal(donor, domain)
		}

		/// Releases a donation whose withdrawal was [announced](Call::announce_withdrawal), after the notice.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the donor.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NoDonation`](Error::NoDonation): there is nothing to withdraw.
		/// - [`NotAnnounced`](Error::NotAnnounced), [`NoticeRunning`](Error::NoticeRunning): it is too early.
		/// - [`RoundsOpen`](Error::RoundsOpen): a round that the donation is paid for is undecided.
		///
		/// ## Events
		///
		/// Deposits [`BountyWithdrawn`](Event::BountyWithdrawn).
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::withdraw_bounty())]
		pub fn withdraw_bounty(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let donor = ensure_signed(origin)?;
			Self::do_withdraw_bounty(donor, domain)
		}
	}

	impl<T: Config> Pallet<T> {
		/// Returns the weight of a registration with this model of the owner. The benchmark neither reads a stream nor scores the origin
		/// of a program whose models are points.
		pub(crate) fn register_weight(spec: &DomainSpec, baseline: Option<&ModelBytes>) -> Weight {
			let bytes = baseline.map_or(0, |bytes| bytes.len() as u32);
			let units = spec.program.coordinates().map_or(0, |_| VALUE_MACS.div_ceil(MACS_PER_UNIT) as u32);
			T::WeightInfo::register(bytes)
				.saturating_add(T::Evidence::stream_weight())
				.saturating_add(Self::products_weight(units))
		}

		/// Returns the weight of the products of `units` of [`MACS_PER_UNIT`] multiply-accumulates.
		fn products_weight(units: u32) -> Weight {
			T::WeightInfo::activate_linear(units).saturating_sub(T::WeightInfo::activate_linear(0))
		}

		/// Returns the weight of an activation of data of `values` values or bytes: that of the most expensive shape of a
		/// program. A page holds many values, so the reads per value that the benchmarks count round to none: the reads of the
		/// pages are added here, and the linear model of the owner, whose price is `units`. A model with few outputs spends more
		/// time on its inputs than on its products, so both are counted. The benchmarks of linear models include an activation of
		/// their data, which is counted once, by the number of values.
		pub(crate) fn activate_weight(values: u32, units: u32) -> Weight {
			let narrow = T::WeightInfo::activate_narrow;
			let inputs = narrow(units.min(MOST_NARROW_UNITS)).saturating_sub(narrow(0));
			T::WeightInfo::activate_values(values)
				.max(T::WeightInfo::activate_steps(values))
				.max(T::WeightInfo::activate_channels(values))
				.max(T::WeightInfo::activate_rows(values))
				.saturating_add(T::DbWeight::get().reads(values.div_ceil(PAGE_VALUES).into()))
				.saturating_add(Self::products_weight(units))
				.saturating_add(inputs)
		}

		/// Returns the length of a page in words of four bytes.
		pub(crate) fn page_words(page: &Page) -> u32 {
			match page {
				Page::Values(values) => values.len() as u32,
				Page::Bytes(bytes) => (bytes.len() as u32).div_ceil(4),
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MinBounty::get() >= T::Currency::minimum_balance(),
				"MinBounty must be at least the existential deposit, so that every account can receive a bounty"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
