//! The registry of domains: problems whose loss the chain can recompute.
//!
//! ## Pallet API
//!
//! An owner [registers](Call::register) a record, [uploads](Call::upload) the pages of its series, and anyone [activates](Call::activate)
//! it once they are all there. Anyone can [add to its bounty](Call::add_bounty). [`Call::close`] ends its commits, [`Call::retire`] removes
//! it and returns every deposit. Other pallets reach records, pages and champions through [`doin_primitives_frame::Domains`].
//!
//! ## Overview
//!
//! A domain says what is to be predicted, from which data, and what a solution may cost. Its record never changes after registration:
//! nobody can move the goal posts once others work on it. What does change is kept apart: where the domain is in its life, its champion,
//! how far progress has come, and a bounty that only grows until it is won.
//!
//! Registering burns a fee, which keeps junk out, and holds a deposit for every byte the chain has to keep, which comes back. It earns
//! nothing by itself: a new domain weighs 0 until validators vote for it (`pallet-doin-gauge`).
//!
//! ## Example
//!
//! See the test `a_domain_is_registered_loaded_activated_closed_and_retired` in `tests.rs`.
//!
//! ## Design
//!
//! - The first champion is the better of two forecasts that need no model, repeat-last and seasonal, measured by the chain itself on the
//!   validation split. A domain on which it makes no error is refused: there is nothing to improve, and no progress could be measured.
//! - Commits are counted by [`DomainState::open_rounds`]: a closing domain lets everything committed run to its verdict, and is removed
//!   only after that. While it weighs more than 0 its owner cannot close it.
//! - A bounty stays in its donors' accounts, on hold, so it is never anybody else's money: it goes to the author who passes the target, or
//!   back to each donor when the domain is retired. The owner cannot take it. A bounty therefore has at most [`MAX_DONORS`] donors. One of
//!   their places is kept for the owner; of the others a larger gift displaces the smallest, which is returned at once, so nobody can keep
//!   real money out with crumbs.
//! - A champion brings its author's word for its error on the validation split, and that word is the bar for whoever comes next. When it is
//!   proved false, the bar falls back to what the chain measured of the initial champion: no lie can keep better solutions out.
//! - A closing domain without open rounds may be retired by anyone, so an owner cannot keep donors waiting. A converged one only by its
//!   owner, whose deposit pays for keeping the solution available; one that never became active likewise.

#![cfg_attr(not(feature = "std"), no_std)]
// FRAME's macros spell out the paths of what they generate.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod errors;
mod implementation;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Donations, GenesisDomain, MAX_DONORS};
pub use weights::WeightInfo;

use alloc::{boxed::Box, string::String, vec::Vec};
use doin_primitives::{
	domain::{Champion, DomainState, Page, MAX_PAGES},
	Balance, DomainId, DomainSpec, ModelRef, Status, Q32,
};
use doin_primitives_frame::Gauge;
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{hold::Mutate as MutateHold, Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
	},
};
use frame_system::pallet_prelude::*;

/// Everything here is documented where it is declared; the macro needs a module.
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The currency of fees, deposits and bounties.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;
		/// Voted weights: a domain that weighs more than 0 cannot be closed by its owner.
		type Gauge: Gauge;
		/// Plancks burned by a registration.
		#[pallet::constant]
		type RegistrationFee: Get<Balance>;
		/// Plancks on hold per domain, for the items it takes.
		#[pallet::constant]
		type BaseDeposit: Get<Balance>;
		/// Plancks on hold per byte of a domain's record and declared series.
		#[pallet::constant]
		type ByteDeposit: Get<Balance>;
		/// Smallest gift to a bounty, in plancks; at least the existential deposit, so that it can always be paid out.
		#[pallet::constant]
		type MinBounty: Get<Balance>;
		/// What calls weigh.
		type WeightInfo: WeightInfo;
	}

	/// Why money is on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For the bytes of a domain.
		Domain,
		/// For a bounty, until it is won or the domain is retired.
		Bounty,
	}

	/// The identifier of the next domain.
	#[pallet::storage]
	pub type NextDomainId<T: Config> = StorageValue<_, DomainId, ValueQuery>;

	/// The immutable part of each record.
	#[pallet::storage]
	pub type Specs<T: Config> = StorageMap<_, Twox64Concat, DomainId, DomainSpec>;

	/// The changing part of each record.
	#[pallet::storage]
	pub type States<T: Config> = StorageMap<_, Twox64Concat, DomainId, DomainState<T::AccountId>>;

	/// The series of each domain, in pages.
	#[pallet::storage]
	pub type Pages<T: Config> = StorageDoubleMap<_, Twox64Concat, DomainId, Twox64Concat, u32, Page>;

	/// What is on hold for each domain in its owner's account.
	#[pallet::storage]
	pub type Deposits<T: Config> = StorageMap<_, Twox64Concat, DomainId, Balance, ValueQuery>;

	/// Who gave what to each bounty; all of it on hold in the donors' accounts.
	#[pallet::storage]
	pub type Bounties<T: Config> = StorageMap<_, Twox64Concat, DomainId, Donations<T::AccountId>, ValueQuery>;

	/// Domains that exist and are active from block 0.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The domains, in order of their ids. Their owners pay the deposit but no fee.
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
						"genesis: domain {index}, `{name}`: {error:?}; its owner {:?} has {} free, and its values are {}",
						domain.owner,
						T::Currency::balance(&domain.owner),
						domain.values.len(),
					);
				}
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A domain was registered.
		Registered {
			/// Its identifier.
			domain: DomainId,
			/// Who registered it.
			owner: T::AccountId,
			/// Pages to be uploaded.
			pages: u32,
			/// What was put on hold.
			deposit: Balance,
			/// What was burned.
			fee: Balance,
		},
		/// A page of a domain's series was stored.
		PageUploaded {
			/// The domain.
			domain: DomainId,
			/// The page.
			index: u32,
			/// Pages still missing.
			missing: u32,
		},
		/// A domain takes commits.
		Activated {
			/// The domain.
			domain: DomainId,
			/// Its initial champion.
			initial: ModelRef,
			/// Error sum of the initial champion on the validation split.
			error: u64,
		},
		/// A bounty grew.
		BountyAdded {
			/// The domain.
			domain: DomainId,
			/// Who gave.
			donor: T::AccountId,
			/// What was put on hold.
			amount: Balance,
			/// The whole bounty.
			bounty: Balance,
		},
		/// A domain takes no more commits; what is committed runs to its verdict.
		Closed {
			/// The domain.
			domain: DomainId,
			/// Rounds that are not decided yet.
			open_rounds: u32,
		},
		/// A domain was removed and its deposit and the rest of its bounty released.
		Retired {
			/// The domain.
			domain: DomainId,
			/// Whose deposit it was.
			owner: T::AccountId,
			/// The deposit released to the owner.
			deposit: Balance,
			/// The bounty released to its donors.
			bounty: Balance,
		},
		/// A domain has a new champion.
		ChampionReplaced {
			/// The domain.
			domain: DomainId,
			/// The new champion.
			model: ModelRef,
			/// The champion before.
			former: ModelRef,
			/// The domain's high-water mark now, Q32 bits.
			high_water: Q32,
		},
		/// A domain's target was passed: it takes no more commits, and its bounty was paid.
		Converged {
			/// The domain.
			domain: DomainId,
			/// Who found the solution; nobody if the champion has no author.
			author: Option<T::AccountId>,
			/// Upper bound of the loss, E · 2²⁰ / E0.
			loss: u64,
			/// What was paid to the author.
			bounty: Balance,
		},
		/// Progress made before a domain weighed anything was put below its high-water mark, so it is never paid.
		HighWaterRaised {
			/// The domain.
			domain: DomainId,
			/// The mark now, Q32 bits.
			high_water: Q32,
		},
		/// A gift was released to its donor, since a larger one took its place in the bounty.
		GiftReturned {
			/// The domain.
			domain: DomainId,
			/// Who gave.
			donor: T::AccountId,
			/// What was released.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No domain has this identifier. It may have been retired; identifiers are never reused.
		UnknownDomain,
		/// Only the domain's owner may do this. Sign with the account that registered it.
		NotOwner,
		/// The domain is loaded already, or needs no data. Its series cannot change.
		NotLoading,
		/// The series has no such page. Page i holds values 1 024·i and up; count from 0.
		NoSuchPage,
		/// This page is stored already. Upload one that is missing.
		PageAlreadyUploaded,
		/// The page has the wrong length. Every page holds 1 024 values, the last one the rest.
		PageLength,
		/// Pages are missing. Upload them all, then activate.
		PagesMissing,
		/// `values` differs from the record, which declares the length of the series. Pass the record's number: it prices the call.
		WrongValues,
		/// The pages do not hash to the record's data root, so they are not the declared series, and pages cannot be replaced. Retire
		/// the domain: the deposit comes back. Then register the right root.
		DataRootMismatch,
		/// The initial champion makes no error, so there is nothing to improve: the series is constant or perfectly seasonal, or the
		/// optimum is the origin. Retire the domain if it was registered; the deposit comes back. Choose another problem or split.
		ConstantSeries,
		/// The domain takes no commits: it is still loading, converged or closing. Activate it if it is loading, or choose another one.
		NotActive,
		/// The domain has no target (0), so a bounty could never be won. Give to a domain with a target.
		NoTarget,
		/// The gift is below `MinBounty`. Give more.
		BountyTooSmall,
		/// Eight accounts share a bounty at most, one of them the owner, and none of the gifts is smaller than this one. Give more than the
		/// smallest, which is then returned, or give through one of the donors.
		TooManyDonors,
		/// Validators have voted this domain a weight above 0. Wait until it weighs 0 again; it changes at session boundaries.
		StillWeighed,
		/// The domain is active. Close it first.
		StillActive,
		/// Rounds of this domain are not decided yet. Wait for their verdicts.
		RoundsOpen,
		/// All 2³² identifiers are taken. No further domain can be registered before a runtime upgrade.
		NoMoreIds,
		/// The name is empty or not UTF-8. People choose by it: give it 1 to 64 bytes of UTF-8.
		BadName,
		/// The unit is not UTF-8. Give it up to 32 bytes of UTF-8, or none.
		BadUnit,
		/// The name of a gene is empty or not UTF-8. Searches are configured by it: give it 1 to 32 bytes of UTF-8.
		BadGeneName,
		/// Two genes have the same name. Rename one.
		DuplicateGene,
		/// A gene's `lo` is above its `hi`. Swap them.
		BadGeneBounds,
		/// A gene on a logarithmic scale starts below 1. Raise `lo`, or make the scale linear.
		BadGeneScale,
		/// A gene has more than 32 fractional bits. Use fewer; the value is `raw / 2^frac`.
		BadGeneFraction,
		/// The limit on a model's bytes must lie in 1..=65 536.
		BadModelBytes,
		/// The limit on the multiply-accumulates of a window must lie in 1..=65 536.
		BadWindowMacs,
		/// The series is longer than 262 144 values (256 pages, 1 MiB). Cut or resample it.
		TooManyPages,
		/// The record has a data root but no values. Set the root to zero, or declare the series.
		BadDataRoot,
		/// `min_improvement` must lie in 2 000..1 000 000 parts per million.
		BadMinImprovement,
		/// `target` must be below 2²⁰, the loss of the initial champion; 0 means never.
		BadTarget,
		/// `Quadratic` needs 32 to 256 coordinates, each within ±2¹⁵.
		BadDimensions,
		/// The horizon must lie in 1..=1 024.
		BadHorizon,
		/// The season must lie in 1..=512 and not exceed the history.
		BadSeason,
		/// The history must lie in 1..=1 024.
		BadHistory,
		/// Chunks must lie in 32..=256, so that the paired test has a spread to judge by. A chunk has 1 to 64
		/// windows, at most 4 096 predictions and at most 69 632 values of history and horizon: take fewer windows, or shorter ones.
		BadChunks,
		/// The split does not fit: in steps, train_end < validation_end ≤ values / channels, and the part between must hold at least one window per chunk.
		/// A program without a series has 0 everywhere. Lengthen the validation part or ask for fewer chunks.
		BadSplit,
		/// The generator's template is not one season long. Give it one mean difference per step of the program's season.
		BadTemplate,
		/// The generator's remainder is not stable: the absolute values of `ar` must add up to less than 4 096 (one in Q12).
		UnstableGenerator,
		/// The generator's template, noise or level exceeds what 32 bits hold over a whole series. Choose a coarser unit.
		GeneratorOutOfRange,
		/// This program has no generator, or more channels than one makes. Use public evidence.
		NotSynthetic,
		/// Channels must lie in 1..=8, divide the number of values, and leave history and horizon of all of them within 2 048 values.
		/// Take fewer channels or a shorter history.
		BadChannels,
		/// Classes need 1 to 15 bounds in ascending order.
		BadBounds,
		/// Steps to forecast must ascend and lie in 1..=horizon; at least one.
		BadSteps,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a domain: burns [`Config::RegistrationFee`] and holds a deposit for its record and its declared series. A domain
		/// with a series takes commits once its pages are uploaded and it is activated, one without at once.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(origin: OriginFor<T>, spec: Box<DomainSpec>) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			let fee = T::RegistrationFee::get();
			spec.check().map_err(Error::<T>::from)?;
			T::Currency::burn_from(&owner, fee, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
			Self::do_register(owner, *spec, fee).map(drop)
		}

		/// Stores page `index` of the series of a domain that is loading. Pages come in any order, each once.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::upload(page.len() as u32))]
		pub fn upload(origin: OriginFor<T>, domain: DomainId, index: u32, page: Page) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
			let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
			ensure!(state.owner == who, Error::<T>::NotOwner);
			ensure!(state.status == Status::Loading, Error::<T>::NotLoading);
			let len = spec.page_len(index).ok_or(Error::<T>::NoSuchPage)?;
			ensure!(page.len() as u32 == len, Error::<T>::PageLength);
			ensure!(!Pages::<T>::contains_key(domain, index), Error::<T>::PageAlreadyUploaded);
			state.pages_missing = state.pages_missing.saturating_sub(1);
			let missing = state.pages_missing;
			Pages::<T>::insert(domain, index, page);
			States::<T>::insert(domain, state);
			Self::deposit_event(Event::PageUploaded { domain, index, missing });
			Ok(())
		}

		/// Opens a loaded domain for commits: checks the series against its root and measures the baselines, the better of which becomes
		/// the first champion. Open to anyone. `values` is the length of the series, as in the record; it prices the call.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::activate(*values))]
		pub fn activate(origin: OriginFor<T>, domain: DomainId, values: u32) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_activate(domain, values)
		}

		/// Adds `amount` to the bounty of a domain that takes commits. It is put on hold in the donor's account, goes to the author who
		/// passes the target, and comes back only when the domain is retired or a larger gift needs its place.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::add_bounty())]
		pub fn add_bounty(origin: OriginFor<T>, domain: DomainId, amount: Balance) -> DispatchResult {
			let donor = ensure_signed(origin)?;
			Self::do_add_bounty(donor, domain, amount)
		}

		/// Ends the commits of a domain for good: by its owner while it weighs 0, or by root. What is committed runs to its verdict.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::close())]
		pub fn close(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed_or_root(origin)?;
			let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
			if let Some(who) = who {
				ensure!(state.owner == who, Error::<T>::NotOwner);
				ensure!(T::Gauge::weight(domain) == 0, Error::<T>::StillWeighed);
			}
			ensure!(state.status == Status::Active, Error::<T>::NotActive);
			state.status = Status::Closing;
			let open_rounds = state.open_rounds;
			States::<T>::insert(domain, state);
			Self::deposit_event(Event::Closed { domain, open_rounds });
			Ok(())
		}

		/// Removes a domain that takes no commits and has no open rounds. The deposit goes back to its owner, what is left of the bounty
		/// to its donors. Anyone can retire a closing domain, only its owner or root a loading or converged one.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::retire(MAX_PAGES))]
		pub fn retire(origin: OriginFor<T>, domain: DomainId) -> DispatchResultWithPostInfo {
			let who = ensure_signed_or_root(origin)?;
			let pages = Self::do_retire(who, domain)?;
			Ok(Some(T::WeightInfo::retire(pages)).into())
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MinBounty::get() >= T::Currency::minimum_balance(),
				"a bounty can be paid to an account that holds nothing else"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
