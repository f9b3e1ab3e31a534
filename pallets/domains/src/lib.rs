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
//! A domain defines a forecast, the data it is made from, and the limits of a model. Its record never changes after registration,
//! so the problem cannot change while optimizers work on it. The changing part is stored separately: the status of the domain,
//! its champion, its high-water mark, and a bounty that grows until an author reaches the target.
//!
//! A registration burns a fee, which keeps out spam, and holds a deposit for every byte that the chain stores. The owner then
//! uploads the pages of the series, and any account activates the domain. A domain alone earns nothing: its weight is 0 until
//! validators vote for it (pallet `gauge`).
//!
//! ## Example
//!
//! A domain from its registration to its removal:
#![doc = docify::embed!("src/tests.rs", a_domain_is_registered_loaded_activated_closed_and_retired)]
//!
//! ## Low Level / Implementation Details
//!
//! - The initial champion is the better of two baselines, repeat-last and seasonal, which the chain itself scores on the
//!   validation split. The activation of a domain on which this baseline makes no error is refused for good, because its
//!   progress would have no scale; so is that of a domain whose pages are not the declared series. The call succeeds, and the
//!   domain can only be removed: a call that failed after reading the whole series could be repeated without limit.
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
//! - The bar of a reveal is [`DomainState::initial_validation_error`], which the chain computed, and not a claim of the
//!   champion's author. [`Champion::validation_error`] is the bar on public evidence only, where the final sums of the verdict
//!   replace the claim. A false claim therefore cannot keep out better models.
//! - Any account can remove a closing domain without open rounds, so that an owner cannot keep donors waiting, and a refused one.
//!   Only its owner or root can remove a loading domain, or, within 180 days, a converged one, whose deposit pays for keeping the
//!   solution available.
//! - Registration rejects the indices that the types of a record reserve: sealed and live evidence, an appending series, all
//!   losses but `Absolute`, and the phase of a window as an input. `upload_page` rejects pages of bytes.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bounties;
mod errors;
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
pub use types::{Donation, Donations, GenesisDomain, RefusalReason, Withdrawal, ABANDONED_MS, MAX_DONORS};
pub use weights::WeightInfo;

#[cfg(doc)]
use doin_primitives::domain::{Champion, DomainState};

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-domains";

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{Donations, GenesisDomain, RefusalReason},
		WeightInfo,
	};
	use alloc::{boxed::Box, string::String, vec::Vec};
	use doin_primitives::{
		domain::{DomainState, MAX_PAGES, PAGE_VALUES},
		Balance, BlockNumber, DomainId, DomainSpec, ModelRef, Page, Q32,
	};
	use doin_traits::{DomainWeights, Timing, UndecidedRounds, Votable};
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
		/// Fee of a registration in plancks, which is burned.
		#[pallet::constant]
		type RegistrationFee: Get<Balance>;
		/// Deposit per domain for its storage items, in plancks.
		#[pallet::constant]
		type BaseDeposit: Get<Balance>;
		/// Deposit per byte of the record and the declared series of a domain, in plancks.
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

	/// Series of each domain, in pages. The deposit of the domain pays for the declared pages.
	// Hasher: Twox is safe since domains are numbered by the chain and pages by their place in the series.
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
				let spec = match domain.decoded() {
					Ok(spec) => spec,
					Err(reason) => panic!("genesis: domain {index}: {reason}"),
				};
				let name = String::from_utf8_lossy(&spec.name).into_owned();
				if let Err(error) = Pallet::<T>::do_genesis(domain.owner.clone(), spec, &domain.values) {
					panic!(
						"genesis: domain {index}, `{name}`: {error:?}; its owner {:?} has {} free, the entry has {} values",
						domain.owner,
						T::Currency::balance(&domain.owner),
						domain.values.len(),
					);
				}
				let id = index as DomainId;
				assert!(
					T::DomainWeights::weight(id) == 0 || <Pallet<T> as Votable>::votable(id),
					"genesis: domain {index}, `{name}` has a weight, but only active forecasts of synthetic evidence can be \
					 voted for"
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
		/// A page of the series of a domain was stored.
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
			/// Initial champion.
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
		/// Progress below the mark is not paid.
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
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No domain has this identifier. It may have been removed; identifiers are not reused.
		UnknownDomain,
		/// Only the owner of the domain may do this now. Sign with the account that registered it. Any account can close an
		/// unweighted domain, or retire a converged one, that has had no new champion for 180 days.
		NotOwner,
		/// The domain is activated already, was refused, or has no series. Retire a refused domain, and register it again without
		/// the fault.
		NotLoading,
		/// The series has no page with this index. Page i holds the values from 1 024·i on.
		NoSuchPage,
		/// This page is stored already. Upload a missing one.
		PageAlreadyUploaded,
		/// The page has the wrong length. Every page holds 1 024 values, the last one the rest.
		InvalidPageLength,
		/// Pages are missing. Upload all pages before the activation.
		PagesMissing,
		/// `values` differs from the length of the series in the record. It determines the weight of the call; pass the number of
		/// the record.
		ValueCountMismatch,
		/// The hash of the values of a genesis domain differs from the data root of its record. Put the right root into the
		/// record.
		DataRootMismatch,
		/// The initial champion makes no error, so progress has no scale: the series of a genesis domain is constant or perfectly
		/// seasonal, or the optimum is the origin. Choose another problem or split.
		ConstantSeries,
		/// The domain is loading, refused, converged or closing and accepts no commits. Activate it if it is loading, or choose
		/// another one.
		NotActive,
		/// The domain has no target (0), so its bounty could never be paid. Choose a domain with a target.
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
		/// The series has more than 262 144 values (256 pages, 1 MiB). Cut or resample it.
		TooManyPages,
		/// The record has a data root, but no values. Set the root to zero, or declare the series.
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
		/// in between. Both are 0 for a program without a series. Lengthen the validation part, or use fewer chunks.
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
		/// The page holds bytes. This kind of page is reserved; upload values.
		UnsupportedPage,
		/// The evidence is sealed or live. These kinds are reserved; use public or synthetic evidence.
		UnsupportedEvidence,
		/// The series is declared as appending. This kind of series is reserved; use `Fixed`.
		UnsupportedGrowth,
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
		/// Burns [`Config::RegistrationFee`], and holds a deposit for the record and the declared series. A domain without a
		/// series is active at once. A domain with a series is active after all pages are [uploaded](Call::upload_page) and it
		/// is [activated](Call::activate).
		///
		/// ## Errors
		///
		/// - The first fault of the record, e.g. [`InvalidName`](Error::InvalidName) or
		///   [`UnsupportedEvidence`](Error::UnsupportedEvidence).
		/// - [`ConstantSeries`](Error::ConstantSeries): the optimum of a `Quadratic` is the origin.
		/// - [`NoMoreIds`](Error::NoMoreIds): all identifiers are in use.
		/// - A token error if the caller cannot pay fee and deposit.
		///
		/// ## Events
		///
		/// Deposits [`Registered`](Event::Registered), and [`Activated`](Event::Activated) for a domain without a series.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(origin: OriginFor<T>, spec: Box<DomainSpec>) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_register_paid(owner, *spec)
		}

		/// Stores page `index` of the series of a loading domain.
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
		/// - [`UnsupportedPage`](Error::UnsupportedPage): the page holds bytes.
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotOwner`](Error::NotOwner), [`NotLoading`](Error::NotLoading): the
		///   caller cannot upload pages of this domain.
		/// - [`NoSuchPage`](Error::NoSuchPage), [`InvalidPageLength`](Error::InvalidPageLength),
		///   [`PageAlreadyUploaded`](Error::PageAlreadyUploaded): the page does not fit.
		///
		/// ## Events
		///
		/// Deposits [`PageUploaded`](Event::PageUploaded).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::upload_page(page.values().map_or(PAGE_VALUES, |values| values.len() as u32)))]
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
		/// Compares the hash of the series with the data root of the record, and scores the two baselines on the validation
		/// split; the better one becomes the initial champion. `values` is the length of the series, as in the record. It
		/// determines the weight of the call.
		///
		/// If the series is not the declared one, or the initial champion makes no error, the call succeeds and the domain is
		/// refused for good. It can then only be [retired](Call::retire).
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotLoading`](Error::NotLoading), [`PagesMissing`](Error::PagesMissing):
		///   the domain cannot be activated.
		/// - [`ValueCountMismatch`](Error::ValueCountMismatch): `values` differs from the record.
		///
		/// ## Events
		///
		/// Deposits [`Activated`](Event::Activated), or [`ActivationRefused`](Event::ActivationRefused).
		#[pallet::call_index(2)]
		#[pallet::weight(Pallet::<T>::activate_weight(*values))]
		pub fn activate(origin: OriginFor<T>, domain: DomainId, values: u32) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_activate(domain, values).map(drop)
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
		/// 180 days.
		///
		/// ## Details
		///
		/// Only root can close a domain with a weight. Open rounds run to their verdicts. A closed domain cannot be activated
		/// again.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotActive`](Error::NotActive): the domain is not active.
		/// - [`NotOwner`](Error::NotOwner): the caller is not the owner, and the domain is not abandoned.
		/// - [`StillWeighted`](Error::StillWeighted): the domain has a weight, and the caller is not root.
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
		/// Releases the deposit to the owner, and the rest of the bounty to its donors. Identifiers of domains are not reused.
		/// The weight is corrected by the number of removed pages.
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
		#[pallet::weight(T::WeightInfo::retire(MAX_PAGES))]
		pub fn retire(origin: OriginFor<T>, domain: DomainId) -> DispatchResultWithPostInfo {
			let who = ensure_signed_or_root(origin)?;
			let pages = Self::do_retire(who, domain)?;
			Ok(Some(T::WeightInfo::retire(pages)).into())
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
		/// Returns the weight of an activation of a series of `values` values: that of the most expensive shape of a program. A
		/// page holds many values, so the reads per value that the benchmarks count round to none: the reads of the pages are
		/// added here.
		pub(crate) fn activate_weight(values: u32) -> Weight {
			T::WeightInfo::activate_values(values)
				.max(T::WeightInfo::activate_steps(values))
				.max(T::WeightInfo::activate_channels(values))
				.saturating_add(T::DbWeight::get().reads(values.div_ceil(PAGE_VALUES).into()))
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
