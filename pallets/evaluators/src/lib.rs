//! # Evaluators pallet
//!
//! Bonded evaluators: bonds, the rosters that quorums are drawn from, and slashing.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for more information about the interfaces this pallet exposes, including its configuration trait,
//! dispatchables, storage items, events and errors.
//!
//! Other pallets draw quorums and report answers through the implementation of [`EvaluatorSet`](doin_traits::EvaluatorSet). It is
//! used by the pallet `recomputation`.
//!
//! ## Overview
//!
//! Machine-learning models are evaluated off chain, by evaluators. An evaluator is an account with a bond: an amount on hold that
//! guarantees the correctness of its answers. When a task needs answers, a quorum of evaluators is drawn at random, in proportion
//! to bond and reputation.
//!
//! An account becomes an evaluator with [`bond`](Pallet::bond). It chooses a size class, i.e. how expensive the models are
//! that it can evaluate, and gets a seat on the rosters of that class and of the smaller ones. From then on it can be drawn for
//! every weighted domain of these classes: a domain that validators have voted a share of the rewards for. Domains without weight
//! are served by choice, with [`serve`](Pallet::serve).
//!
//! A roster has 1 024 seats. Once they are taken, a bond that is larger by at least a tenth takes the place of the smallest one.
//! The displaced evaluator keeps its bond and its other seats, and can bid again with [`bond_extra`](Pallet::bond_extra).
//!
//! Four offences are slashed:
//!
//! * an absence: the evaluator was drawn and did not answer. A first absence costs 0.1 % of the bond, and each further one in a
//!   row twice as much, up to 12.8 %. All absences within two periods of the rounds count as one, since an outage affects every
//!   quorum that the evaluator belongs to. An absence that was the fault of the network, or that concerns a domain without
//!   weight, is excused: it costs 0.1 %, leaves the reputation as it is, and never shields an absence that counts;
//! * a false answer: the runtime recomputed a chunk sum and found another value. It costs 10 % of the bond;
//! * collusion: two or more evaluators, and at least a third of the quorum, gave the same false answer. It costs the whole bond;
//! * a deviation: in a domain whose sums the runtime cannot compute, the answer did not agree with the median of the quorum. It costs
//!   1 % of the bond, and leaves the reputation as it is, since nothing is proved.
//!
//! A challenger that proves answers false receives a tenth of the slashes, at most the smallest of them. The rest is burned.
//!
//! An evaluator whose bond falls below [`Config::MinBond`] loses its seats until it adds to the bond with
//! [`bond_extra`](Pallet::bond_extra). An evaluator that calls [`unbond`](Pallet::unbond) leaves its rosters at once, and can
//! [`withdraw`](Pallet::withdraw) the rest of its bond after the longest task that it can have been drawn for. A quorum names
//! accounts, so the next evaluator at the same place of a roster inherits nothing of the seat.
//!
//! ## Example
//!
//! The life of a bond, from the tests of this pallet:
#![doc = docify::embed!("src/tests/bonds.rs", an_evaluator_leaves_its_rosters_at_once_and_with_its_bond_after_the_longest_round)]
//! A slash that suspends an evaluator, and the way back:
#![doc = docify::embed!("src/tests/slashing.rs", a_bond_below_the_minimum_suspends_until_it_is_raised)]
//! ## Low Level / Implementation Details
//!
//! ### Design Goals
//!
//! * A draw reads a bounded number of storage items, however many evaluators there are.
//! * An account that knows the seed of a draw cannot change the drawn quorum.
//! * Reputation decays without an update of any roster.
//! * No account can choose the evaluators of a domain that pays.
//!
//! ### Design
//!
//! * **Rosters.** Weighted domains are served by all evaluators of their size class and of the larger ones, so an account cannot
//!   fill the roster of a paying domain with its own evaluators. Unweighted domains are served by the evaluators that chose them.
//! * **Draws.** The seats of a roster lie in chunks of 64. A draw reads all of them, at most 16, and picks the seats with the
//!   smallest keys. The key of a seat follows from the seed, the account, its bond and its reputation
//!   ([`doin_primitives::draw`]). The seats hold bonds only, so reputation can change without a write to a roster.
//! * **Fixed rosters.** The author of the block that completes a seed knows it first. So a draw picks among the seats that were
//!   taken before it was scheduled, and a seat that was outbid since then is drawn all the same. An evaluator can give up its own
//!   seat only, and the next one in the order of keys takes its place.
//! * **Cool-down.** Evaluators stay liable after [`unbond`](Pallet::unbond): a quorum that was drawn before still answers, and
//!   its answers can still be slashed.
//! * **Storage deposit.** Each stored item belongs to an evaluator and is paid for by its bond, which is hundreds of DOIN.
//!
//! ### Known limits
//!
//! * An author is never drawn for its own round, but a second account of the same person can be. The chain knows an account by
//!   its key only. It does record proxies and the payees of stakes, but to exclude these would only bind operators that declare
//!   them, since another key costs nothing. Such an evaluator gains no vote: answers are not counted, the runtime recomputes a
//!   chunk on which two answers differ and some drawn chunks otherwise, and any account can challenge the settled sums. The bond
//!   at stake is at least [`Config::MinBond`] per seat.
//! * The author of the block that completes a seed can withhold the block, or in it a proof that an evaluator answered falsely.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod bonds;
mod draws;
mod impl_evaluator_set;
// Under `std` too, since tests of other pallets check these invariants.
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod roster;
pub mod slashing;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

/// Target of the pallet's log lines.
pub(crate) const LOG_TARGET: &str = "runtime::doin-evaluators";

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		slashing::{absence_ppm, ABSENCE_PPM, CHALLENGER_PPM, DEVIATION_PPM, FALSE_ANSWER_PPM, MAX_ABSENCE_DOUBLINGS},
		types::{EvaluatorRecord, Offence, Roster, SeatChunk, MAX_DISPLACED, MAX_SERVED, OUTBID_PPM},
		WeightInfo,
	};
	use alloc::vec::Vec;
	use doin_primitives::{draw::MAX_ROSTER, Balance, BlockNumber, DomainId, SizeClass};
	use doin_traits::{Domains, Reputation, Timing};
	use frame_support::{pallet_prelude::*, traits::fungible, DefaultNoBound};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Types and constants that the pallet needs from the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of bonds.
		type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ fungible::hold::Mutate<Self::AccountId>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Registered domains. Other domains cannot be served.
		type Domains: Domains<Self::AccountId>;
		/// Reputation of evaluators.
		type Reputation: Reputation<Self::AccountId>;
		/// Lengths of the phases of rounds and recomputations, which the cool-down of a bond and the window of absences depend
		/// on.
		type Timing: Timing;
		/// Smallest bond of an evaluator that can be drawn, in plancks. A false answer must cost more than it can earn, e.g.
		/// eight times the reward of a work block.
		#[pallet::constant]
		type MinBond: Get<Balance>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Provides the domain that the calls are benchmarked with.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper;
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// Part of the bond that a first or an excused absence costs, in parts per million. It doubles with each further counted
		/// absence in a row.
		#[pallet::constant_name(AbsenceSlash)]
		fn absence_slash() -> u32 {
			ABSENCE_PPM
		}

		/// Largest part of the bond that one absence costs, in parts per million.
		#[pallet::constant_name(MaxAbsenceSlash)]
		fn max_absence_slash() -> u32 {
			absence_ppm(MAX_ABSENCE_DOUBLINGS)
		}

		/// Part of the bond that a false answer costs, in parts per million. Collusion costs the whole bond.
		#[pallet::constant_name(FalseAnswerSlash)]
		fn false_answer_slash() -> u32 {
			FALSE_ANSWER_PPM
		}

		/// Part of the bond that an answer costs which does not agree with the median of its quorum, in a domain whose sums the runtime
		/// cannot compute, in parts per million.
		#[pallet::constant_name(DeviationSlash)]
		fn deviation_slash() -> u32 {
			DEVIATION_PPM
		}

		/// Part of a slash that goes to the challenger that caused it, in parts per million. All slashes of a challenge together
		/// pay at most the smallest of them.
		#[pallet::constant_name(ChallengerShare)]
		fn challenger_share() -> u32 {
			CHALLENGER_PPM
		}

		/// Most unweighted domains that one evaluator serves.
		#[pallet::constant_name(MaxServedDomains)]
		fn max_served_domains() -> u32 {
			MAX_SERVED
		}

		/// Most seats of a roster.
		#[pallet::constant_name(MaxRosterSeats)]
		fn max_roster_seats() -> u32 {
			MAX_ROSTER
		}

		/// Most seats of a roster that larger bonds can take within one period of the rounds.
		#[pallet::constant_name(MaxDisplacedSeats)]
		fn max_displaced_seats() -> u32 {
			MAX_DISPLACED
		}

		/// Part of the smallest bond of a full roster by which a bond has to exceed it to take its seat, in parts per million.
		#[pallet::constant_name(OutbidRaise)]
		fn outbid_raise() -> u32 {
			OUTBID_PPM
		}
	}

	/// Reasons of the pallet's holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bond of an evaluator.
		#[codec(index = 0)]
		Bond,
	}

	/// Bonded evaluators.
	// Hasher: Blake2_128Concat, since accounts choose their ids.
	#[pallet::storage]
	pub type Evaluators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, EvaluatorRecord>;

	/// Number of seats of each roster.
	// Hasher: Twox64Concat, since size classes and ids of registered domains are not chosen by accounts.
	#[pallet::storage]
	pub type Rosters<T: Config> = StorageMap<_, Twox64Concat, Roster, u32, ValueQuery>;

	/// Seats of each roster, chunk by chunk.
	// Hasher: Twox64Concat, since neither rosters nor the numbers of chunks are chosen by accounts.
	#[pallet::storage]
	pub type Seats<T: Config> = StorageDoubleMap<_, Twox64Concat, Roster, Twox64Concat, u32, SeatChunk<T::AccountId>, ValueQuery>;

	/// Position of each evaluator on each roster that it has a seat on.
	// Hasher: Blake2_128Concat, since accounts choose their ids. Twox64Concat, since rosters are not chosen by accounts.
	#[pallet::storage]
	pub type SeatIndex<T: Config> = StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, Roster, u32>;

	/// Seats of each roster that larger bonds have taken within the last period of the rounds, and older ones until the next such
	/// change. Draws that are under way read them.
	// Hasher: Twox64Concat, since rosters are not chosen by accounts.
	#[pallet::storage]
	pub type DisplacedSeats<T: Config> =
		StorageMap<_, Twox64Concat, Roster, crate::types::DisplacedSeats<T::AccountId>, ValueQuery>;

	/// Evaluators that are bonded from the start.
	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Account, bond in plancks and size class of each evaluator.
		pub evaluators: Vec<(T::AccountId, Balance, SizeClass)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, bond, class) in &self.evaluators {
				if let Err(error) = Pallet::<T>::do_bond(who, *bond, *class) {
					panic!("evaluator {who:?} cannot bond {bond} plancks in genesis (is its balance above that?): {error:?}");
				}
			}
		}
	}

	/// Events of the pallet.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account became an evaluator.
		Bonded {
			/// The new evaluator.
			who: T::AccountId,
			/// Amount on hold, in plancks.
			amount: Balance,
			/// Largest size class whose weighted domains the evaluator serves.
			class: SizeClass,
		},
		/// An evaluator added to its bond.
		BondIncreased {
			/// The evaluator.
			who: T::AccountId,
			/// Amount added, in plancks.
			amount: Balance,
			/// Bond after the increase, in plancks.
			bond: Balance,
		},
		/// An evaluator can be drawn for a domain while the domain has no weight.
		ServiceStarted {
			/// The evaluator.
			who: T::AccountId,
			/// The domain.
			domain: DomainId,
		},
		/// An evaluator is not drawn any more for a domain without weight.
		ServiceStopped {
			/// The evaluator.
			who: T::AccountId,
			/// The domain.
			domain: DomainId,
		},
		/// The bond of an evaluator fell below the minimum. The evaluator is not drawn until it adds to its bond.
		Suspended {
			/// The evaluator.
			who: T::AccountId,
			/// Rest of the bond, in plancks.
			bond: Balance,
		},
		/// An evaluator left its rosters.
		UnbondingStarted {
			/// The evaluator.
			who: T::AccountId,
			/// First block in which the bond can be withdrawn.
			until: BlockNumber,
		},
		/// The bond of an evaluator was released.
		Withdrawn {
			/// The former evaluator.
			who: T::AccountId,
			/// Amount released, in plancks.
			amount: Balance,
		},
		/// A part of a bond was slashed.
		Slashed {
			/// The evaluator.
			who: T::AccountId,
			/// Amount slashed, in plancks.
			amount: Balance,
			/// Reason of the slash.
			offence: Offence,
		},
		/// A larger bond took the place of an evaluator on a full roster. The evaluator is drawn from the roster again once it
		/// has added enough to its bond.
		Displaced {
			/// The evaluator that lost its seat.
			who: T::AccountId,
			/// The roster.
			roster: Roster,
		},
		/// An evaluator got no seat on one of its rosters: its bond does not exceed the smallest one there by a tenth, or too
		/// many seats were taken recently. It gets a seat once it has added enough to its bond.
		NotSeated {
			/// The evaluator.
			who: T::AccountId,
			/// The roster.
			roster: Roster,
		},
	}

	/// Reasons for which a call is refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is an evaluator already. Add to its bond with `bond_extra`.
		AlreadyBonded,
		/// The account is not an evaluator. Become one with `bond`.
		NotBonded,
		/// The bond is below the minimum. Bond at least `MinBond`.
		BondTooSmall,
		/// All 1 024 seats of the roster are taken, and the bond does not exceed the smallest one by a tenth. Bond a tenth
		/// more than the smallest one, or serve another size class or domain.
		RosterFull,
		/// The domain is not registered. Serve one that `doin_domains` lists.
		UnknownDomain,
		/// The evaluator serves the domain already.
		AlreadyServing,
		/// The evaluator does not serve the domain.
		NotServing,
		/// The evaluator serves `MaxServedDomains` domains. Leave one with `unserve` first.
		TooManyDomains,
		/// The evaluator has unbonded. Withdraw after the cool-down, then bond again.
		AlreadyUnbonding,
		/// The evaluator has not unbonded. Call `unbond` first.
		NotUnbonding,
		/// Tasks that the evaluator was drawn for may still be open. Withdraw at the block that the event
		/// `UnbondingStarted` names.
		StillUnbonding,
		/// Larger bonds have taken `MaxDisplacedSeats` seats of the roster within one period of the rounds. Try again a few
		/// blocks later.
		TooManyDisplaced,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MinBond::get() > 0, "an evaluator without a bond has nothing to lose");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Becomes an evaluator of every weighted domain of a size class and of the smaller ones.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an account that is not an evaluator.
		///
		/// ## Details
		///
		/// Holds `amount` plancks and gives the caller a seat on the rosters of `class` and of the smaller classes. On a full
		/// roster it takes the place of the smallest bond, if `amount` exceeds that by at least a tenth. The caller can be drawn
		/// by draws that are scheduled from the next block on, and has to answer each task that it is drawn for.
		///
		/// ## Errors
		///
		/// * [`Error::AlreadyBonded`]: the caller is an evaluator.
		/// * [`Error::BondTooSmall`]: `amount` is below [`Config::MinBond`].
		/// * [`Error::RosterFull`]: all seats of the class are taken, and `amount` does not exceed the smallest bond by a tenth.
		/// * [`Error::TooManyDisplaced`]: too many seats of the class were taken by larger bonds recently.
		/// * An error of the currency: the free balance is too small.
		///
		/// ## Events
		///
		/// Emits [`Event::Bonded`], [`Event::Displaced`] for each evaluator that loses a seat, and [`Event::NotSeated`] for each
		/// smaller class without a seat for the caller.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::bond())]
		pub fn bond(origin: OriginFor<T>, amount: Balance, class: SizeClass) -> DispatchResult {
			Self::do_bond(&ensure_signed(origin)?, amount, class)
		}

		/// Adds to the caller's bond.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator that has not unbonded.
		///
		/// ## Details
		///
		/// Holds `amount` more plancks. A larger bond is drawn more often; draws that are under way do not pick it. A bond that
		/// was slashed below [`Config::MinBond`] and reaches it again gets its seats back, and so does one that was displaced
		/// from a full roster and now exceeds the smallest bond there by at least a tenth. Where seats have become free, an
		/// `amount` of 0 is enough.
		///
		/// ## Errors
		///
		/// * [`Error::NotBonded`]: the caller is not an evaluator.
		/// * [`Error::AlreadyUnbonding`]: the caller has unbonded.
		/// * [`Error::RosterFull`]: all seats of the caller's class are taken, and the raised bond does not exceed the smallest
		///   one by a tenth.
		/// * [`Error::TooManyDisplaced`]: too many seats of the class were taken by larger bonds recently.
		/// * An error of the currency: the free balance is too small.
		///
		/// ## Events
		///
		/// Emits [`Event::BondIncreased`], [`Event::Displaced`] for each evaluator that loses a seat, and [`Event::NotSeated`]
		/// for each other roster without a seat for the caller.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_extra())]
		pub fn bond_extra(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			Self::do_bond_extra(&ensure_signed(origin)?, amount)
		}

		/// Serves a domain while it has no weight.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator that has not unbonded.
		///
		/// ## Details
		///
		/// Adds a seat to the roster of `domain`. Weighted domains are served by their whole size class and need no such call.
		///
		/// ## Errors
		///
		/// * [`Error::NotBonded`]: the caller is not an evaluator.
		/// * [`Error::AlreadyUnbonding`]: the caller has unbonded.
		/// * [`Error::UnknownDomain`]: the domain is not registered.
		/// * [`Error::AlreadyServing`]: the caller serves the domain already.
		/// * [`Error::TooManyDomains`]: the caller serves as many domains as it can.
		/// * [`Error::RosterFull`]: all seats of the domain are taken, and the caller's bond does not exceed the smallest one by
		///   a tenth.
		/// * [`Error::TooManyDisplaced`]: too many seats of the domain were taken by larger bonds recently.
		///
		/// ## Events
		///
		/// Emits [`Event::ServiceStarted`], and [`Event::Displaced`] if another evaluator loses its seat.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::serve())]
		pub fn serve(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			Self::do_serve(&ensure_signed(origin)?, domain)
		}

		/// Ends the service of a domain without weight.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator.
		///
		/// ## Details
		///
		/// Removes the caller's seat from the roster of `domain`. Tasks that the caller was drawn for before still have to
		/// be answered.
		///
		/// ## Errors
		///
		/// * [`Error::NotBonded`]: the caller is not an evaluator.
		/// * [`Error::NotServing`]: the caller does not serve the domain.
		///
		/// ## Events
		///
		/// Emits [`Event::ServiceStopped`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::unserve())]
		pub fn unserve(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			Self::do_unserve(&ensure_signed(origin)?, domain)
		}

		/// Leaves every roster and starts the cool-down of the bond.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator that has not unbonded.
		///
		/// ## Details
		///
		/// The caller is not drawn any more. The bond stays at stake until the longest task that the caller may have been drawn
		/// for has ended.
		///
		/// ## Errors
		///
		/// * [`Error::NotBonded`]: the caller is not an evaluator.
		/// * [`Error::AlreadyUnbonding`]: the caller has unbonded already.
		///
		/// ## Events
		///
		/// Emits [`Event::UnbondingStarted`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(origin: OriginFor<T>) -> DispatchResult {
			Self::do_unbond(&ensure_signed(origin)?)
		}

		/// Releases the bond after the cool-down.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator whose cool-down is over.
		///
		/// ## Details
		///
		/// Removes the record of the caller, which may bond again.
		///
		/// ## Errors
		///
		/// * [`Error::NotBonded`]: the caller is not an evaluator.
		/// * [`Error::NotUnbonding`]: the caller has not unbonded.
		/// * [`Error::StillUnbonding`]: the cool-down is not over.
		///
		/// ## Events
		///
		/// Emits [`Event::Withdrawn`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			Self::do_withdraw(&ensure_signed(origin)?)
		}
	}
}
