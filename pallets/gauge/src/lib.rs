//! # Gauge Pallet
//!
//! Voted weights of domains.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. Other pallets read a
//! weight through [`DomainWeights`].
//!
//! ## Overview
//!
//! Any account can register a domain, including one whose best model it already has. A new domain therefore has weight 0, and
//! nothing is minted for it. Validators vote on weights: the weight of a domain is the largest value that validators with at
//! least half of the active stake support. An account with less than half of the stake cannot vote rewards to itself, however
//! many domains it registers, splits or copies.
//!
//! ## Example
//!
//! A minority cannot give weight to its own domains:
#![doc = docify::embed!("src/tests.rs", a_minority_voting_for_its_own_domains_gains_nothing)]
//!
//! ## Low Level / Implementation Details
//!
//! - Ballots take effect at the next session change only, so a weight cannot be moved around one verdict. All weights are then
//!   computed from the ballots of the validators of the new session with their stake in it ([`clip`]). A ballot needs no renewal.
//!   The ballot of an account that is not an active validator does not count.
//! - The work per session is bounded: [`MAX_NOMINATED`] domains, and [`Config::MaxVoters`] ballots of [`MAX_WEIGHED`] entries.
//! - A nomination has a deposit and no fee, so the list is kept open by time and by price. By time: any account can remove a
//!   domain that had no weight for [`Config::NominationSessions`] sessions, or that is not votable any more; the deposit is
//!   released to its nominator. By price: a nomination on a full list replaces the one with the smallest deposit among those
//!   without weight, for twice that deposit, so excluding other domains means outbidding them one by one.
//! - When a domain gains a weight, [`OnWeightGained`] raises its high-water mark to the progress of its champion, so progress
//!   from before the vote is not paid.

#![cfg_attr(not(feature = "std"), no_std)]
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
use doin_traits::{DomainWeights, Electorate, OnWeightGained, Votable};
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{hold::Mutate as MutateHold, Inspect, Mutate},
		tokens::Precision,
	},
};
use frame_system::pallet_prelude::*;

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-gauge";

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
		/// Currency of deposits.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Active validators and their stake.
		type Electorate: Electorate<Self::AccountId>;
		/// Domains that can have a weight.
		type Votable: Votable;
		/// Receives the domains whose weight has risen from 0, or fallen to 0.
		type OnWeightGained: OnWeightGained;
		/// Index of the current session. The weights are computed in the first block in which it differs from the last one.
		type SessionIndex: Get<u32>;
		/// Deposit of a nomination, in plancks: the price of one of [`MAX_NOMINATED`] places.
		#[pallet::constant]
		type NominationDeposit: Get<Balance>;
		/// Deposit of a ballot, in plancks, for at most 340 bytes of state.
		#[pallet::constant]
		type BallotDeposit: Get<Balance>;
		/// Number of sessions without weight after which any account can remove a nomination.
		#[pallet::constant]
		type NominationSessions: Get<u32>;
		/// Maximum number of validators whose ballots are counted, in the order of the electorate.
		#[pallet::constant]
		type MaxVoters: Get<u32>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Domains and validators for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Deposit of a nomination.
		#[codec(index = 0)]
		Nomination,
		/// Deposit of a stored ballot.
		#[codec(index = 1)]
		Ballot,
	}

	/// Nominated domains, which can be voted for, sorted by id.
	#[pallet::storage]
	pub type Nominations<T: Config> = StorageValue<_, BoundedVec<Nomination<T::AccountId>, ConstU32<MAX_NOMINATED>>, ValueQuery>;

	/// Ballot of each validator, with its [`Config::BallotDeposit`] on hold.
	// Hasher: Twox is safe since only active validators, whose accounts have a stake, insert keys.
	#[pallet::storage]
	pub type Ballots<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, Ballot>;

	/// Current weights, sorted by domain. A domain that is not listed has weight 0.
	#[pallet::storage]
	pub type Weights<T: Config> = StorageValue<_, Values, ValueQuery>;

	/// Session of the current weights.
	#[pallet::storage]
	pub type LastSession<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Ballots and weights of block 0.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Ballots: validator, and (domain, weight in parts per million). Every domain of a ballot is nominated, with the deposit
		/// of the first validator that votes for it. Each validator pays the deposit of its ballot.
		pub votes: Vec<(T::AccountId, Vec<(DomainId, u32)>)>,
		/// Weights of the first session: (domain, weight in parts per million). Every domain must appear on a ballot.
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
					"genesis: domain {domain} has a weight, but no ballot votes for it"
				);
			}
			Weights::<T>::put(weights);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A domain was nominated and can be voted for.
		Nominated {
			/// Nominated domain.
			domain: DomainId,
			/// Account that pays the deposit.
			nominator: T::AccountId,
			/// Deposit, in plancks.
			deposit: Balance,
		},
		/// A nomination was removed, and its deposit released.
		NominationWithdrawn {
			/// Domain of the nomination.
			domain: DomainId,
			/// Account that paid the deposit.
			nominator: T::AccountId,
			/// Released deposit, in plancks.
			deposit: Balance,
		},
		/// A validator replaced its ballot, which counts from the next session on.
		Voted {
			/// Account of the validator.
			who: T::AccountId,
			/// Domains and weights in parts per million.
			votes: Values,
		},
		/// A ballot was removed, and its deposit released.
		BallotCleared {
			/// Account of the ballot.
			who: T::AccountId,
			/// Released deposit, in plancks.
			deposit: Balance,
		},
		/// The weight of a domain changed with this session.
		WeightChanged {
			/// The domain.
			domain: DomainId,
			/// Former weight, parts per million.
			from: u32,
			/// New weight, parts per million.
			to: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The domain cannot have a weight: it does not exist, accepts no commits, has no series or rows or public evidence, or
		/// its generator makes other series than the published one. Nominate an active domain with synthetic evidence, or with
		/// sealed evidence, a sealed segment and a purse that is not empty.
		NotVotable,
		/// The domain is already nominated. Vote for it.
		AlreadyNominated,
		/// The list of nominations is full, and all nominated domains have a weight. Wait until validators have voted one of them
		/// down to 0.
		TooManyNominated,
		/// The domain is not nominated. Nominate it before voting for it.
		NotNominated,
		/// The domain has a weight above 0. Wait until validators have voted it down to 0 and a new session has begun.
		StillWeighted,
		/// Only the nominator can withdraw this nomination now. Any account can once the domain had no weight for
		/// `NominationSessions` sessions, or is not votable any more.
		NotNominator,
		/// Only active validators can vote. Join the active set first, or sign with the stash of the validator.
		NotVoter,
		/// The ballot contains a domain twice. Give each domain one value.
		DuplicateVote,
		/// A value is above 1 000 000 parts per million.
		VoteTooHigh,
		/// The ballot contains more than 32 domains. Remove the least important ones.
		TooManyVotes,
		/// The account has no ballot.
		NoBallot,
		/// The account is an active validator. Only the validator itself can replace its ballot, with `vote`.
		StillVoter,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Nominates `domain`, so that validators can vote for it.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can nominate a domain.
		///
		/// ## Details
		///
		/// Holds [`Config::NominationDeposit`] until the nomination ends. On a full list, the nomination replaces the one with
		/// the smallest deposit among the domains without weight, and holds at least twice that deposit.
		///
		/// ## Errors
		///
		/// - [`NotVotable`](Error::NotVotable), [`AlreadyNominated`](Error::AlreadyNominated): the domain cannot be nominated.
		/// - [`TooManyNominated`](Error::TooManyNominated): the list is full, and all nominated domains have a weight.
		/// - A token error if the account cannot pay the deposit.
		///
		/// ## Events
		///
		/// Deposits [`Nominated`](Event::Nominated), after [`NominationWithdrawn`](Event::NominationWithdrawn) if another
		/// nomination was replaced.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::nominate().saturating_add(T::Votable::votable_weight()))]
		pub fn nominate(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(T::Votable::votable(domain), Error::<T>::NotVotable);
			Self::do_nominate(who, domain)
		}

		/// Removes the nomination of `domain`.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the nominator. Any account can remove a nomination that has lapsed, or whose domain is not votable
		/// any more.
		///
		/// ## Details
		///
		/// The domain must have weight 0. The deposit is released to the nominator. Votes for the domain stay on their ballots,
		/// and count again if it is nominated again.
		///
		/// ## Errors
		///
		/// - [`NotNominated`](Error::NotNominated): the domain is not nominated.
		/// - [`StillWeighted`](Error::StillWeighted): the domain has a weight.
		/// - [`NotNominator`](Error::NotNominator): the caller cannot remove the nomination yet.
		///
		/// ## Events
		///
		/// Deposits [`NominationWithdrawn`](Event::NominationWithdrawn).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::withdraw_nomination().saturating_add(T::Votable::votable_weight()))]
		pub fn withdraw_nomination(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw_nomination(who, domain)
		}

		/// Replaces the ballot of a validator.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by an active validator.
		///
		/// ## Details
		///
		/// `votes` lists at most 32 nominated domains with their weights in parts per million. A domain that is not listed counts
		/// as 0. An empty ballot is removed, and its deposit released. The ballot counts from the next session on.
		///
		/// ## Errors
		///
		/// - [`NotVoter`](Error::NotVoter): the caller is not an active validator.
		/// - [`VoteTooHigh`](Error::VoteTooHigh), [`DuplicateVote`](Error::DuplicateVote), [`TooManyVotes`](Error::TooManyVotes),
		///   [`NotNominated`](Error::NotNominated): the ballot is invalid.
		/// - [`NoBallot`](Error::NoBallot): an empty ballot, and the caller has none.
		/// - A token error if the caller cannot pay the deposit.
		///
		/// ## Events
		///
		/// Deposits [`Voted`](Event::Voted), or [`BallotCleared`](Event::BallotCleared) for an empty ballot.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::vote(votes.len() as u32))]
		pub fn vote(origin: OriginFor<T>, votes: BoundedVec<(DomainId, u32), ConstU32<MAX_WEIGHED>>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(T::Electorate::is_voter(&who), Error::<T>::NotVoter);
			let values = Self::checked(&votes)?;
			let nominations = Nominations::<T>::get();
			ensure!(values.iter().all(|(domain, _)| Self::position(&nominations, *domain).is_ok()), Error::<T>::NotNominated);
			if values.is_empty() {
				return Self::do_clear_ballot(who);
			}
			Self::do_vote(who, values)
		}

		/// Removes the ballot of a former validator.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can remove such a ballot.
		///
		/// ## Details
		///
		/// The deposit is released to `who`.
		///
		/// ## Errors
		///
		/// - [`StillVoter`](Error::StillVoter): `who` is an active validator.
		/// - [`NoBallot`](Error::NoBallot): `who` has no ballot.
		///
		/// ## Events
		///
		/// Deposits [`BallotCleared`](Event::BallotCleared).
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::clear_ballot())]
		pub fn clear_ballot(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			ensure!(!T::Electorate::is_voter(&who), Error::<T>::StillVoter);
			Self::do_clear_ballot(who)
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
			const { assert!(MAX_WEIGHED < MAX_NOMINATED, "a full list must have a nomination that can be outbid") };
			assert!(T::MaxVoters::get() > 0, "MaxVoters must be at least 1");
			assert!(T::NominationSessions::get() > 1, "a nomination must last until ballots can take effect");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Computes the weights of session `session`. Returns the weight of the computation.
	pub fn on_new_session(session: u32) -> Weight {
		LastSession::<T>::put(session);
		let electorate = T::Electorate::stakes();
		let total = electorate.iter().fold(Balance::default(), |sum, (_, stake)| sum.saturating_add(*stake));
		let mut nominations = Nominations::<T>::get();

		let (voters, mut support) = Self::support(&nominations, &electorate);

		// Without any stake, e.g. in an era whose elected validators have no session keys, nobody can vote: the weights stay.
		let former = Weights::<T>::get();
		let mut weights: Vec<(DomainId, u32)> = nominations
			.iter()
			.zip(support.iter_mut())
			.map(|(nomination, votes)| match total {
				0 => (nomination.domain, Self::value(&former, nomination.domain)),
				_ => (nomination.domain, clip(votes, total)),
			})
			.filter(|(domain, weight)| *weight > 0 && T::Votable::votable(*domain))
			.collect();
		// The largest weights are kept; among equal ones, those of the domains registered first.
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
				T::OnWeightGained::weight_gained(domain);
			} else if to == 0 {
				T::OnWeightGained::weight_lost(domain);
			}
			log::debug!(target: LOG_TARGET, "the weight of domain {domain} changes from {from} to {to} ppm");
			Self::deposit_event(Event::WeightChanged { domain, from, to });
		}
		let asked = T::Votable::votable_weight().saturating_mul(nominated.into());
		T::WeightInfo::new_session(voters, nominated, changed).saturating_add(asked)
	}

	/// Returns the number of voters, and for each nomination the stakes of its voters and the weights that they vote for.
	fn support(
		nominations: &[Nomination<T::AccountId>],
		electorate: &[(T::AccountId, Balance)],
	) -> (u32, Vec<Vec<(Balance, u32)>>) {
		let mut support: Vec<Vec<(Balance, u32)>> = nominations.iter().map(|_| Vec::new()).collect();
		let mut voters: u32 = 0;
		for (who, stake) in electorate.iter().take(T::MaxVoters::get() as usize) {
			voters = voters.saturating_add(1);
			let Some(ballot) = Ballots::<T>::get(who) else { continue };
			for (domain, value) in &ballot.votes {
				if let Some(votes) = Self::position(nominations, *domain).ok().and_then(|at| support.get_mut(at)) {
					votes.push((*stake, *value));
				}
			}
		}
		(voters, support)
	}

	/// Returns the place of `domain` among the nominations, or the place where it must be inserted.
	fn position(nominations: &[Nomination<T::AccountId>], domain: DomainId) -> Result<usize, usize> {
		nominations.binary_search_by_key(&domain, |nomination| nomination.domain)
	}

	/// Returns the value of `domain` in a sorted list, or 0 if it is not listed.
	fn value(values: &Values, domain: DomainId) -> u32 {
		values
			.binary_search_by_key(&domain, |(listed, _)| *listed)
			.ok()
			.and_then(|at| values.get(at))
			.map_or(0, |(_, value)| *value)
	}

	/// Returns `votes` sorted by domain, or an error if a domain is listed twice, a value is too high, or the list is too long.
	fn checked(votes: &[(DomainId, u32)]) -> Result<Values, Error<T>> {
		ensure!(votes.iter().all(|(_, value)| *value <= MILLION), Error::<T>::VoteTooHigh);
		let mut sorted = votes.to_vec();
		sorted.sort_unstable();
		let domains = sorted.iter().map(|(domain, _)| domain);
		ensure!(domains.clone().zip(domains.skip(1)).all(|(one, next)| one != next), Error::<T>::DuplicateVote);
		Values::try_from(sorted).map_err(|_| Error::<T>::TooManyVotes)
	}

	/// Nominates `domain` with a deposit of `nominator`.
	fn do_nominate(nominator: T::AccountId, domain: DomainId) -> DispatchResult {
		let mut nominations = Nominations::<T>::get();
		let mut at = match Self::position(&nominations, domain) {
			Ok(_) => return Err(Error::<T>::AlreadyNominated.into()),
			Err(at) => at,
		};
		let mut deposit = T::NominationDeposit::get();
		if nominations.is_full() {
			let (place, smallest) = Self::cheapest(&nominations).ok_or(Error::<T>::TooManyNominated)?;
			deposit = deposit.max(smallest.saturating_mul(2));
			let displaced = nominations.remove(place);
			Self::end_nomination(displaced)?;
			// The nominations behind the removed one have moved up.
			at = at.saturating_sub(usize::from(place < at));
		}
		let nomination = Nomination { domain, nominator: nominator.clone(), deposit, since: T::SessionIndex::get() };
		nominations.try_insert(at, nomination).map_err(|_| Error::<T>::TooManyNominated)?;
		T::Currency::hold(&HoldReason::Nomination.into(), &nominator, deposit)?;
		Nominations::<T>::put(nominations);
		Self::deposit_event(Event::Nominated { domain, nominator, deposit });
		Ok(())
	}

	/// Removes the nomination of `domain`; see [`Call::withdraw_nomination`].
	fn do_withdraw_nomination(who: T::AccountId, domain: DomainId) -> DispatchResult {
		let mut nominations = Nominations::<T>::get();
		let at = Self::position(&nominations, domain).map_err(|_| Error::<T>::NotNominated)?;
		ensure!(<Self as DomainWeights>::weight(domain) == 0, Error::<T>::StillWeighted);
		let nomination = nominations.get(at).ok_or(Error::<T>::NotNominated)?;
		let lapsed = T::SessionIndex::get().saturating_sub(nomination.since) >= T::NominationSessions::get();
		ensure!(nomination.nominator == who || lapsed || !T::Votable::votable(domain), Error::<T>::NotNominator);
		let nomination = nominations.remove(at);
		Nominations::<T>::put(nominations);
		Self::end_nomination(nomination)
	}

	/// Returns place and deposit of the nomination with the smallest deposit among the domains without weight, the oldest one on
	/// a tie.
	fn cheapest(nominations: &[Nomination<T::AccountId>]) -> Option<(usize, Balance)> {
		let weights = Weights::<T>::get();
		let idle = nominations.iter().enumerate().filter(|(_, nomination)| Self::value(&weights, nomination.domain) == 0);
		let cheapest = idle.min_by_key(|(_, nomination)| (nomination.deposit, nomination.since, nomination.domain))?;
		Some((cheapest.0, cheapest.1.deposit))
	}

	/// Releases the deposit of a nomination that was removed from the list.
	fn end_nomination(nomination: Nomination<T::AccountId>) -> DispatchResult {
		let Nomination { domain, nominator, deposit, .. } = nomination;
		T::Currency::release(&HoldReason::Nomination.into(), &nominator, deposit, Precision::BestEffort)?;
		Self::deposit_event(Event::NominationWithdrawn { domain, nominator, deposit });
		Ok(())
	}

	/// Stores the ballot of `who`. The deposit is held with the first ballot.
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
	fn do_clear_ballot(who: T::AccountId) -> DispatchResult {
		let Ballot { deposit, .. } = Ballots::<T>::take(&who).ok_or(Error::<T>::NoBallot)?;
		T::Currency::release(&HoldReason::Ballot.into(), &who, deposit, Precision::BestEffort)?;
		Self::deposit_event(Event::BallotCleared { who, deposit });
		Ok(())
	}

	/// Checks that the lists are sorted, that weighted domains are nominated, and that every deposit is on hold.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use alloc::collections::BTreeMap;
		use frame_support::traits::fungible::hold::Inspect as InspectHold;

		let sorted = |ids: &[DomainId]| ids.iter().zip(ids.iter().skip(1)).all(|(one, next)| one < next);
		let ids = |values: &Values| values.iter().map(|(domain, _)| *domain).collect::<Vec<_>>();
		let nominations = Nominations::<T>::get();
		ensure!(
			sorted(&nominations.iter().map(|n| n.domain).collect::<Vec<_>>()),
			"nominations must be sorted, each domain once"
		);
		ensure!(LastSession::<T>::get() <= T::SessionIndex::get(), "the last session must not be in the future");
		let weights = Weights::<T>::get();
		ensure!(sorted(&ids(&weights)), "weights must be sorted, each domain once");
		for (domain, weight) in &weights {
			ensure!(*weight > 0 && *weight <= MILLION, "a listed weight must be in 1..=1 000 000");
			ensure!(Self::position(&nominations, *domain).is_ok(), "a weighted domain must be nominated");
		}
		let mut held: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		for nomination in &nominations {
			let sum = held.entry(nomination.nominator.clone()).or_default();
			*sum = sum.saturating_add(nomination.deposit);
		}
		for (who, sum) in held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Nomination.into(), &who) == sum,
				"every deposit of a nomination must be on hold"
			);
		}
		for (who, ballot) in Ballots::<T>::iter() {
			ensure!(!ballot.votes.is_empty() && sorted(&ids(&ballot.votes)), "a stored ballot must be sorted and not empty");
			ensure!(ballot.votes.iter().all(|(_, value)| *value <= MILLION), "a vote must be at most 1 000 000");
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Ballot.into(), &who) == ballot.deposit,
				"every deposit of a ballot must be on hold"
			);
		}
		Ok(())
	}
}

impl<T: Config> DomainWeights for Pallet<T> {
	fn weight(domain: DomainId) -> u32 {
		Self::value(&Weights::<T>::get(), domain)
	}
}
