//! Places of candidates and nominators, which a larger bond takes once all of them are taken (`docs/adr/0059`).
//!
//! Staking admits a fixed number of candidates for validator and of nominators, and refuses more. A place would belong to the
//! account that came first, for the smallest bond. With the calls of this module, the price of the last place is a tenth above
//! the smallest bond that holds one.

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use frame_support::{dispatch::DispatchResult, ensure};
use pallet_staking::{MaxNominatorsCount, Nominators, VirtualStakers};
use sp_staking::StakingInterface;

#[frame_support::pallet]
pub mod pallet {
	use super::WeightInfo;
	use alloc::vec::Vec;
	use doin_primitives::Balance;
	use frame_support::pallet_prelude::*;
	use frame_system::{pallet_prelude::*, RawOrigin};
	use pallet_nomination_pools::{Pallet as Pools, PoolId};
	use pallet_staking::{MaxValidatorsCount, ValidatorPrefs, Validators};
	use sp_runtime::traits::StaticLookup;

	/// Address of an account in a call.
	type AddressOf<T> = <<T as frame_system::Config>::Lookup as StaticLookup>::Source;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_staking::Config<CurrencyBalance = Balance>
		+ pallet_nomination_pools::Config
	{
		/// Validators of this session and of the next one, which keep their places.
		type Elected: Get<Vec<Self::AccountId>>;
		/// Most candidates of staking, for the weight.
		type MostCandidates: Get<u32>;
		/// Most nominators of staking, for the weight.
		type MostNominators: Get<u32>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account took the place of another one, which is chilled. Its bond is not touched.
		Displaced {
			/// The account that lost its place.
			stash: T::AccountId,
			/// Its bond, in plancks.
			bond: Balance,
			/// The account that has the place now.
			by: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// Not all places are taken. Use `staking.validate` or `staking.nominate`.
		PlacesLeft,
		/// The account has such a place already.
		HasPlace,
		/// Nobody can be displaced: all places belong to validators of this session or of the next one, or to pools.
		NobodyToDisplace,
		/// The bond has to exceed the smallest one by a tenth. Raise it with `staking.bondExtra`.
		BondTooSmall,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Makes the caller a candidate for validator, in the place of the candidate with the smallest bond.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the stash.
		///
		/// ## Details
		///
		/// Validators of this session and of the next one are not displaced. The other account is chilled, as with `staking.chill`.
		///
		/// ## Errors
		///
		/// - [`PlacesLeft`](Error::PlacesLeft): there are fewer candidates than staking admits.
		/// - [`HasPlace`](Error::HasPlace): the caller is a candidate.
		/// - [`NobodyToDisplace`](Error::NobodyToDisplace): all candidates are validators of this session or of the next one.
		/// - [`BondTooSmall`](Error::BondTooSmall): the bond of the caller does not exceed the smallest one by a tenth.
		/// - The errors of `staking.validate`. `TooManyValidators` means that a vote has lowered the number of places below that of
		///   candidates: they have to leave first.
		///
		/// ## Events
		///
		/// Deposits [`Displaced`](Event::Displaced), and the events of staking.
		#[pallet::call_index(0)]
		#[pallet::weight(
			<T as Config>::WeightInfo::outbid_candidate(T::MostCandidates::get())
		)]
		pub fn outbid_candidate(origin: OriginFor<T>, prefs: ValidatorPrefs) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let most = MaxValidatorsCount::<T>::get();
			ensure!(most.is_some_and(|most| Validators::<T>::count() >= most), Error::<T>::PlacesLeft);
			ensure!(!Validators::<T>::contains_key(&who), Error::<T>::HasPlace);
			let elected = T::Elected::get();
			Self::displace(&who, Validators::<T>::iter_keys().filter(|stash| !elected.contains(stash)))?;
			pallet_staking::Pallet::<T>::validate(RawOrigin::Signed(who).into(), prefs)
		}

		/// Makes the caller a nominator, in the place of the nominator with the smallest bond.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the stash.
		///
		/// ## Details
		///
		/// Pools are not displaced, since their members cannot bid. The other account is chilled, as with `staking.chill`.
		///
		/// ## Errors
		///
		/// - [`PlacesLeft`](Error::PlacesLeft): there are fewer nominators than staking admits.
		/// - [`HasPlace`](Error::HasPlace): the caller is a nominator.
		/// - [`NobodyToDisplace`](Error::NobodyToDisplace): all nominators are pools.
		/// - [`BondTooSmall`](Error::BondTooSmall): the bond of the caller does not exceed the smallest one by a tenth.
		/// - The errors of `staking.nominate`. `TooManyNominators` means that a vote has lowered the number of places below that of
		///   nominators: they have to leave first.
		///
		/// ## Events
		///
		/// Deposits [`Displaced`](Event::Displaced), and the events of staking.
		#[pallet::call_index(1)]
		#[pallet::weight(
			<T as Config>::WeightInfo::outbid_nominator(T::MostNominators::get(), targets.len() as u32)
		)]
		pub fn outbid_nominator(origin: OriginFor<T>, targets: Vec<AddressOf<T>>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::displace_nominator(&who)?;
			pallet_staking::Pallet::<T>::nominate(RawOrigin::Signed(who).into(), targets)
		}

		/// Makes a pool a nominator, in the place of the nominator with the smallest bond.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the root or the nominator of the pool.
		///
		/// ## Details
		///
		/// The pool bids with the stake of all its members. Pools are not displaced. The other account is chilled, as with
		/// `staking.chill`.
		///
		/// ## Errors
		///
		/// - [`PlacesLeft`](Error::PlacesLeft): there are fewer nominators than staking admits. Use `nominationPools.nominate`.
		/// - [`HasPlace`](Error::HasPlace): the pool is a nominator.
		/// - [`NobodyToDisplace`](Error::NobodyToDisplace): all nominators are pools.
		/// - [`BondTooSmall`](Error::BondTooSmall): the stake of the pool does not exceed the smallest bond by a tenth.
		/// - The errors of `nominationPools.nominate`, e.g. `NotNominator`. An unknown pool is the error `NotStash` of staking.
		///
		/// ## Events
		///
		/// Deposits [`Displaced`](Event::Displaced), and the events of staking and pools.
		#[pallet::call_index(2)]
		#[pallet::weight(
			<T as Config>::WeightInfo::outbid_for_pool(T::MostNominators::get(), targets.len() as u32)
		)]
		pub fn outbid_for_pool(origin: OriginFor<T>, pool_id: PoolId, targets: Vec<T::AccountId>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::displace_nominator(&Pools::<T>::generate_bonded_account(pool_id))?;
			Pools::<T>::nominate(RawOrigin::Signed(who).into(), pool_id, targets)
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Chills the nominator with the smallest bond, unless it is a pool, for the bond of `who`.
	fn displace_nominator(who: &T::AccountId) -> DispatchResult {
		let most = MaxNominatorsCount::<T>::get();
		ensure!(most.is_some_and(|most| Nominators::<T>::count() >= most), Error::<T>::PlacesLeft);
		ensure!(!Nominators::<T>::contains_key(who), Error::<T>::HasPlace);
		Self::displace(who, Nominators::<T>::iter_keys().filter(|stash| !VirtualStakers::<T>::contains_key(stash)))
	}

	/// Chills the account among `stashes` with the smallest bond, or the first of several in the order of accounts, for the bond
	/// of `who`.
	fn displace(who: &T::AccountId, stashes: impl Iterator<Item = T::AccountId>) -> DispatchResult {
		let bond_of = |stash: &T::AccountId| <pallet_staking::Pallet<T> as StakingInterface>::active_stake(stash);
		let smallest = stashes.filter_map(|stash| Some((bond_of(&stash).ok()?, stash))).min();
		let (bond, stash) = smallest.ok_or(Error::<T>::NobodyToDisplace)?;
		ensure!(bond_of(who)? >= bond.saturating_add(bond.div_ceil(10)), Error::<T>::BondTooSmall);
		<pallet_staking::Pallet<T> as StakingInterface>::chill(&stash)?;
		Self::deposit_event(Event::Displaced { stash, bond, by: who.clone() });
		Ok(())
	}
}
