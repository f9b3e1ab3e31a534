//! Voted domain weights.
//!
//! ## Pallet API
//!
//! [`Call::nominate`] puts a domain on the list that can be voted for, [`Call::withdraw`] takes it off again, [`Call::vote`] is a
//! validator's ballot, [`Call::clear_ballot`] removes what a former validator left behind. Other pallets read a weight through
//! [`doin_primitives_frame::Gauge`].
//!
//! ## Overview
//!
//! Everybody can register a problem on this chain, and everybody can register one whose answer he already knows. So a domain is born with
//! weight 0, and nothing is minted for it until validators vote for it: its weight is the largest value that validators with at least
//! half of the active stake support. Whoever holds less than half of the stake cannot vote mint to himself, however many domains he
//! registers, splits or repeats.
//!
//! ## Example
//!
//! Active stakes are 40, 30 and 30; the validators vote 1 000 000, 600 000 and 0 for a domain. Its weight is 600 000: 70 of 100 support
//! that much, only 40 support more. See [`doin_primitives::gauge::clip`].
//!
//! ## Design
//!
//! - Ballots take effect at the next session change and only there, so nobody can move a weight around one verdict. All weights are then
//!   computed anew from the ballots of the validators that are active in the new session, with their stake in it: a ballot needs no
//!   upkeep, and one whose author is no longer active does not count.
//! - Work per session is bounded: [`MAX_NOMINATED`] domains, [`Config::MaxVoters`] ballots of [`MAX_WEIGHED`] entries. A nomination is a
//!   deposit, not a fee, so the list is kept open by time and by price. By time: a domain that has not weighed for
//!   [`Config::NominationSessions`] sessions, or that is no longer votable, can be taken off by anyone, and the deposit goes back to its
//!   nominator. By price: on a full list, a nomination takes the place of the one with the smallest deposit among those that do not
//!   weigh, for twice that deposit, so whoever wants to keep others off the ballot has to outbid them place by place.
//! - When a weight leaves 0, [`OnWeighed::left_zero`] raises the domain's high-water mark to its champion's progress: what was found
//!   before the vote is not paid.

#![cfg_attr(not(feature = "std"), no_std)]
// FRAME's macros spell out the paths of what they generate.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use doin_primitives::gauge::MAX_WEIGHED;
pub use pallet::*;
pub use types::{Ballot, Nomination, Values, MAX_NOMINATED};
pub use weights::WeightInfo;

use alloc::vec::Vec;
use doin_primitives::{gauge::clip, Balance, DomainId, MILLION};
use doin_primitives_frame::{Electorate, Gauge, OnWeighed, Votable};
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{hold::Mutate as MutateHold, Inspect, Mutate},
		tokens::Precision,
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
		/// The currency deposits are held in.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;
		/// The active validators and their stake: the runtime reads it from staking.
		type Electorate: Electorate<Self::AccountId>;
		/// Which domains can weigh at all.
		type Votable: Votable;
		/// Told when a weight leaves 0.
		type OnWeighed: OnWeighed;
		/// Index of the current session. The weights are recomputed in the first block in which it differs from the last one seen.
		type SessionIndex: Get<u32>;
		/// Plancks on hold per nominated domain; it prices one of [`MAX_NOMINATED`] places.
		#[pallet::constant]
		type NominationDeposit: Get<Balance>;
		/// Plancks on hold per ballot; it pays for at most 340 bytes of state.
		#[pallet::constant]
		type BallotDeposit: Get<Balance>;
		/// Sessions a domain may stay nominated without weighing before anyone can take it off.
		#[pallet::constant]
		type NominationSessions: Get<u32>;
		/// Validators whose ballots are counted, in the order of the electorate: the largest active set that staking allows.
		#[pallet::constant]
		type MaxVoters: Get<u32>;
		/// What calls and the hook weigh.
		type WeightInfo: WeightInfo;
		/// Domains and validators for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Why money is on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For a nominated domain.
		Nomination,
		/// For a stored ballot.
		Ballot,
	}

	/// Domains that can be voted for, sorted by id.
	#[pallet::storage]
	pub type Nominations<T: Config> = StorageValue<_, BoundedVec<Nomination<T::AccountId>, ConstU32<MAX_NOMINATED>>, ValueQuery>;

	/// The last ballot of each validator.
	#[pallet::storage]
	pub type Ballots<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, Ballot>;

	/// Weights in force, sorted by domain; whatever is not listed weighs 0.
	#[pallet::storage]
	pub type Weights<T: Config> = StorageValue<_, Values, ValueQuery>;

	/// The session whose weights are in force.
	#[pallet::storage]
	pub type LastSession<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Votes and weights in force from block 0.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Ballots: validator, and the weights it asks for in parts per million. Every domain named is nominated, on a deposit of the
		/// first validator that names it; each validator also pays the deposit of its ballot.
		pub votes: Vec<(T::AccountId, Vec<(DomainId, u32)>)>,
		/// Weights of the first session; every domain has to appear in a ballot.
		pub weights: Vec<(DomainId, u32)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, votes) in &self.votes {
				let values = match Pallet::<T>::checked(votes) {
					Ok(values) => values,
					Err(error) => panic!("genesis: ballot of {who:?}: {error:?}"),
				};
				assert!(!values.is_empty(), "genesis: the ballot of {who:?} is empty; leave it out");
				for (domain, _) in &values {
					if Pallet::<T>::position(&Nominations::<T>::get(), *domain).is_err() {
						if let Err(error) = Pallet::<T>::do_nominate(who.clone(), *domain) {
							panic!("genesis: {who:?} cannot nominate domain {domain}, for which it votes: {error:?}; endow it with more");
						}
					}
				}
				if let Err(error) = Pallet::<T>::do_vote(who.clone(), values) {
					panic!("genesis: {who:?} cannot vote: {error:?}; endow it with more");
				}
			}
			let weights = match Pallet::<T>::checked(&self.weights) {
				Ok(weights) => weights,
				Err(error) => panic!("genesis: weights: {error:?}"),
			};
			let nominations = Nominations::<T>::get();
			for (domain, weight) in &weights {
				assert!(*weight > 0, "genesis: domain {domain} has weight 0; leave it out");
				assert!(
					Pallet::<T>::position(&nominations, *domain).is_ok(),
					"genesis: domain {domain} weighs, but nobody voted for it"
				);
			}
			Weights::<T>::put(weights);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A domain can be voted for.
		Nominated {
			/// The domain.
			domain: DomainId,
			/// Who pays for its place.
			nominator: T::AccountId,
			/// What was put on hold.
			deposit: Balance,
		},
		/// A domain can no longer be voted for.
		NominationWithdrawn {
			/// The domain.
			domain: DomainId,
			/// Who paid for its place.
			nominator: T::AccountId,
			/// What was released.
			deposit: Balance,
		},
		/// A validator replaced its ballot. It counts from the next session on.
		Voted {
			/// The validator.
			who: T::AccountId,
			/// The weights it asks for.
			votes: Values,
		},
		/// A ballot was removed.
		BallotCleared {
			/// Whose ballot it was.
			who: T::AccountId,
			/// What was released.
			deposit: Balance,
		},
		/// A domain weighs something else from this session on.
		WeightChanged {
			/// The domain.
			domain: DomainId,
			/// What it weighed before, parts per million.
			from: u32,
			/// What it weighs now, parts per million.
			to: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The domain cannot weigh: it does not exist, takes no commits, is not an exact forecast, or its evidence is public. Nominate
		/// an active domain with synthetic evidence.
		NotVotable,
		/// The domain is nominated already. Vote for it.
		AlreadyNominated,
		/// The list of nominated domains is full, and all of them weigh. Wait until validators have voted one down to 0.
		TooManyNominated,
		/// The domain is not nominated. Nominate it first; validators can only vote for nominated domains.
		NotNominated,
		/// The domain weighs more than 0, so its nomination stays. Wait until validators have voted it down to 0 and a session has begun.
		StillWeighed,
		/// Only the nominator can withdraw a nomination that is still in its time. Anyone can once the domain has not weighed for
		/// `NominationSessions` sessions, or is no longer votable.
		NotNominator,
		/// Only active validators vote. Join the active set first, or sign with the validator's stash.
		NotVoter,
		/// The ballot names a domain twice. Give each domain one value.
		DuplicateVote,
		/// A value is above 1 000 000 parts per million. Ask for at most that.
		VoteTooHigh,
		/// The ballot names more than 32 domains. Drop the least important ones.
		TooManyVotes,
		/// There is no ballot of this account. Nothing has to be cleared.
		NoBallot,
		/// The account is an active validator, so only it can replace its ballot, with `vote`.
		StillVoter,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Puts `domain` on the list that validators can vote for, against a deposit that comes back with the nomination. On a full list it
		/// takes the place of the domain with the smallest deposit among those that weigh 0, and holds twice that deposit.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::nominate())]
		pub fn nominate(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(T::Votable::votable(domain), Error::<T>::NotVotable);
			Self::do_nominate(who, domain)
		}

		/// Takes `domain` off the list while it weighs 0: its nominator at any time, everybody else once the nomination has lapsed. The
		/// deposit goes back to the nominator. Votes for it stay in their ballots and count again if it is nominated again.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let mut nominations = Nominations::<T>::get();
			let at = Self::position(&nominations, domain).map_err(|_| Error::<T>::NotNominated)?;
			ensure!(<Self as Gauge>::weight(domain) == 0, Error::<T>::StillWeighed);
			let nomination = nominations.get(at).ok_or(Error::<T>::NotNominated)?;
			let lapsed = T::SessionIndex::get().saturating_sub(nomination.since) >= T::NominationSessions::get();
			ensure!(nomination.nominator == who || lapsed || !T::Votable::votable(domain), Error::<T>::NotNominator);
			let nomination = nominations.remove(at);
			Nominations::<T>::put(nominations);
			Self::end_nomination(nomination)
		}

		/// Replaces the ballot of an active validator: the weight in parts per million it asks for, for each of at most 32 nominated
		/// domains. A domain left out counts as 0. An empty ballot is removed and its deposit released. In force from the next session.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::vote(votes.len() as u32))]
		pub fn vote(origin: OriginFor<T>, votes: BoundedVec<(DomainId, u32), ConstU32<MAX_WEIGHED>>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(T::Electorate::is_voter(&who), Error::<T>::NotVoter);
			let values = Self::checked(&votes)?;
			let nominations = Nominations::<T>::get();
			ensure!(values.iter().all(|(domain, _)| Self::position(&nominations, *domain).is_ok()), Error::<T>::NotNominated);
			if values.is_empty() {
				return Self::do_clear(who);
			}
			Self::do_vote(who, values)
		}

		/// Removes the ballot of an account that is no longer an active validator; its deposit goes back to it. Open to anyone.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::clear_ballot())]
		pub fn clear_ballot(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			ensure!(!T::Electorate::is_voter(&who), Error::<T>::StillVoter);
			Self::do_clear(who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_now: BlockNumberFor<T>) -> Weight {
			let session = T::SessionIndex::get();
			let idle = T::WeightInfo::on_initialize();
			if session == LastSession::<T>::get() {
				return idle;
			}
			idle.saturating_add(Self::on_new_session(session))
		}

		fn integrity_test() {
			const { assert!(MAX_WEIGHED < MAX_NOMINATED, "a full list always has a place that can be outbid") };
			assert!(T::MaxVoters::get() > 0, "the gauge counts the ballots of at least one validator");
			assert!(T::NominationSessions::get() > 1, "a nomination lasts at least until ballots can take effect");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Puts the weights of session `session` into force and says what that cost.
	pub fn on_new_session(session: u32) -> Weight {
		LastSession::<T>::put(session);
		let electorate = T::Electorate::stakes();
		let total = electorate.iter().fold(Balance::default(), |sum, (_, stake)| sum.saturating_add(*stake));
		let mut nominations = Nominations::<T>::get();

		let mut support: Vec<Vec<(Balance, u32)>> = nominations.iter().map(|_| Vec::new()).collect();
		let mut voters: u32 = 0;
		for (who, stake) in electorate.iter().take(T::MaxVoters::get() as usize) {
			voters = voters.saturating_add(1);
			let Some(ballot) = Ballots::<T>::get(who) else { continue };
			for (domain, value) in &ballot.votes {
				if let Some(votes) = Self::position(&nominations, *domain).ok().and_then(|at| support.get_mut(at)) {
					votes.push((*stake, *value));
				}
			}
		}

		let mut weights: Vec<(DomainId, u32)> = nominations
			.iter()
			.zip(support.iter_mut())
			.map(|(nomination, votes)| (nomination.domain, clip(votes, total)))
			.filter(|(domain, weight)| *weight > 0 && T::Votable::votable(*domain))
			.collect();
		// The heaviest stay; of equal ones, those registered first.
		weights.sort_unstable_by_key(|(domain, weight)| (core::cmp::Reverse(*weight), *domain));
		weights.truncate(MAX_WEIGHED as usize);
		weights.sort_unstable();
		let weights = Values::truncate_from(weights);

		for nomination in nominations.iter_mut() {
			if Self::value(&weights, nomination.domain) > 0 {
				nomination.since = session;
			}
		}
		let nominated = nominations.len() as u32;
		Nominations::<T>::put(nominations);

		let former = Weights::<T>::get();
		Weights::<T>::put(&weights);
		let fallen = former.iter().map(|(domain, _)| *domain).filter(|domain| Self::value(&weights, *domain) == 0);
		let mut changed: u32 = 0;
		for domain in weights.iter().map(|(domain, _)| *domain).chain(fallen) {
			let (from, to) = (Self::value(&former, domain), Self::value(&weights, domain));
			if from == to {
				continue;
			}
			changed = changed.saturating_add(1);
			if from == 0 {
				T::OnWeighed::left_zero(domain);
			}
			Self::deposit_event(Event::WeightChanged { domain, from, to });
		}
		T::WeightInfo::new_session(voters, nominated, changed)
	}

	/// Place of `domain` among the nominations, or where it would have to be inserted.
	fn position(nominations: &[Nomination<T::AccountId>], domain: DomainId) -> Result<usize, usize> {
		nominations.binary_search_by_key(&domain, |nomination| nomination.domain)
	}

	/// Value of `domain` in a sorted list, 0 if it is not there.
	fn value(values: &Values, domain: DomainId) -> u32 {
		values
			.binary_search_by_key(&domain, |(listed, _)| *listed)
			.ok()
			.and_then(|at| values.get(at))
			.map_or(0, |(_, value)| *value)
	}

	/// `votes` sorted, if no domain comes twice and no value is too high.
	fn checked(votes: &[(DomainId, u32)]) -> Result<Values, Error<T>> {
		ensure!(votes.iter().all(|(_, value)| *value <= MILLION), Error::<T>::VoteTooHigh);
		let mut sorted = votes.to_vec();
		sorted.sort_unstable();
		let domains = sorted.iter().map(|(domain, _)| domain);
		ensure!(domains.clone().zip(domains.skip(1)).all(|(one, next)| one != next), Error::<T>::DuplicateVote);
		Values::try_from(sorted).map_err(|_| Error::<T>::TooManyVotes)
	}

	/// Nominates `domain` on a deposit of `nominator`.
	fn do_nominate(nominator: T::AccountId, domain: DomainId) -> DispatchResult {
		let mut nominations = Nominations::<T>::get();
		let at = match Self::position(&nominations, domain) {
			Ok(_) => return Err(Error::<T>::AlreadyNominated.into()),
			Err(at) => at,
		};
		let mut deposit = T::NominationDeposit::get();
		let mut at = at;
		if nominations.is_full() {
			let (place, smallest) = Self::cheapest(&nominations).ok_or(Error::<T>::TooManyNominated)?;
			deposit = deposit.max(smallest.saturating_mul(2));
			let displaced = nominations.remove(place);
			Self::end_nomination(displaced)?;
			// Those behind it have moved up.
			at = at.saturating_sub(usize::from(place < at));
		}
		let nomination = Nomination { domain, nominator: nominator.clone(), deposit, since: T::SessionIndex::get() };
		nominations.try_insert(at, nomination).map_err(|_| Error::<T>::TooManyNominated)?;
		T::Currency::hold(&HoldReason::Nomination.into(), &nominator, deposit)?;
		Nominations::<T>::put(nominations);
		Self::deposit_event(Event::Nominated { domain, nominator, deposit });
		Ok(())
	}

	/// Place and deposit of the nomination with the smallest deposit among those that weigh 0, the oldest of equal ones.
	fn cheapest(nominations: &[Nomination<T::AccountId>]) -> Option<(usize, Balance)> {
		let weights = Weights::<T>::get();
		let idle = nominations.iter().enumerate().filter(|(_, nomination)| Self::value(&weights, nomination.domain) == 0);
		let cheapest = idle.min_by_key(|(_, nomination)| (nomination.deposit, nomination.since, nomination.domain))?;
		Some((cheapest.0, cheapest.1.deposit))
	}

	/// Gives the deposit of a nomination back that was taken off the list.
	fn end_nomination(nomination: Nomination<T::AccountId>) -> DispatchResult {
		let Nomination { domain, nominator, deposit, .. } = nomination;
		T::Currency::release(&HoldReason::Nomination.into(), &nominator, deposit, Precision::BestEffort)?;
		Self::deposit_event(Event::NominationWithdrawn { domain, nominator, deposit });
		Ok(())
	}

	/// Stores the ballot of `who`; the deposit is held once.
	fn do_vote(who: T::AccountId, votes: Values) -> DispatchResult {
		let deposit = match Ballots::<T>::get(&who) {
			Some(ballot) => ballot.deposit,
			None => {
				let deposit = T::BallotDeposit::get();
				T::Currency::hold(&HoldReason::Ballot.into(), &who, deposit)?;
				deposit
			}
		};
		Ballots::<T>::insert(&who, Ballot { votes: votes.clone(), deposit });
		Self::deposit_event(Event::Voted { who, votes });
		Ok(())
	}

	/// Removes the ballot of `who`.
	fn do_clear(who: T::AccountId) -> DispatchResult {
		let Ballot { deposit, .. } = Ballots::<T>::take(&who).ok_or(Error::<T>::NoBallot)?;
		T::Currency::release(&HoldReason::Ballot.into(), &who, deposit, Precision::BestEffort)?;
		Self::deposit_event(Event::BallotCleared { who, deposit });
		Ok(())
	}

	/// Checks that lists are sorted, that what weighs is nominated, and that every deposit is on hold.
	#[cfg(any(feature = "try-runtime", test))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use alloc::collections::BTreeMap;
		use frame_support::traits::fungible::hold::Inspect as InspectHold;

		let sorted = |ids: &[DomainId]| ids.iter().zip(ids.iter().skip(1)).all(|(one, next)| one < next);
		let ids = |values: &Values| values.iter().map(|(domain, _)| *domain).collect::<Vec<_>>();
		let nominations = Nominations::<T>::get();
		ensure!(sorted(&nominations.iter().map(|n| n.domain).collect::<Vec<_>>()), "nominations are sorted, each domain once");
		ensure!(LastSession::<T>::get() <= T::SessionIndex::get(), "no session is announced before it begins");
		let weights = Weights::<T>::get();
		ensure!(sorted(&ids(&weights)), "weights are sorted, each domain once");
		for (domain, weight) in &weights {
			ensure!(*weight > 0 && *weight <= MILLION, "a listed weight lies in 1..=1 000 000");
			ensure!(Self::position(&nominations, *domain).is_ok(), "what weighs is nominated");
		}
		let mut held: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		for nomination in &nominations {
			let sum = held.entry(nomination.nominator.clone()).or_default();
			*sum = sum.saturating_add(nomination.deposit);
		}
		for (who, sum) in held {
			ensure!(T::Currency::balance_on_hold(&HoldReason::Nomination.into(), &who) == sum, "every nomination is on hold");
		}
		for (who, ballot) in Ballots::<T>::iter() {
			ensure!(!ballot.votes.is_empty() && sorted(&ids(&ballot.votes)), "a stored ballot is sorted and names somebody");
			ensure!(ballot.votes.iter().all(|(_, value)| *value <= MILLION), "no vote is above 1 000 000");
			ensure!(T::Currency::balance_on_hold(&HoldReason::Ballot.into(), &who) == ballot.deposit, "every ballot is on hold");
		}
		Ok(())
	}
}

impl<T: Config> Gauge for Pallet<T> {
	fn weight(domain: DomainId) -> u32 {
		Self::value(&Weights::<T>::get(), domain)
	}
}
