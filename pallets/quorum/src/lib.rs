//! A recomputation service: true error sums of a list of models, decided by drawn evaluators and, in doubt, by the runtime itself.
//!
//! ## Pallet API
//!
//! [`Recompute::open`](doin_primitives_frame::Recompute) asks for the sums of a list of models on windows nobody knows yet;
//! [`OnRecomputed`] receives them exactly once, from a hook. Evaluators [`bond`](Pallet::bond), and answer when drawn with
//! [`commit_sums`](Pallet::commit_sums) and [`reveal_sums`](Pallet::reveal_sums). Anybody may [`settle`](Pallet::settle), contradict
//! ([`dispute`](Pallet::dispute), then [`replay`](Pallet::replay)), or have the runtime compute what no quorum answered
//! ([`recompute`](Pallet::recompute)).
//!
//! ## Overview
//!
//! Each recomputation goes through the same stages. *Drawing*: the beacon folds in the outputs of enough blocks that no author knows the
//! sum; then windows and a quorum are drawn from it. *Answering*: the drawn commit to their sums, then reveal them; the commitment names
//! its maker, so an answer cannot be copied. *Settling*: where two answers differ, the runtime computes the first such chunk, and whoever
//! said otherwise has lied; where all agree, it computes a few drawn chunks all the same. *Challenge*: for a while anybody can name one
//! chunk that is wrong and have the runtime say so. A majority decides nothing at any point: one true answer overturns any number of false
//! ones, and one outsider overturns them all. If too few answer or all have lied, *Replaying*: anybody submits chunks, the runtime
//! computes them, and the round ends without a quorum. If nobody does anything, it ends void.
//!
//! ## Example
//!
//! `tests::an_honest_round_goes_from_request_to_verdict` walks through one.
//!
//! ## Design
//!
//! * Weighted domains are served by everybody of their size class, so that nobody draws his own evaluators for a domain that pays;
//!   unweighted ones by those who chose to.
//! * Evaluators leave the rosters when they unbond, and with their bond after the longest round; what they were drawn for they still answer.
//! * Deadlines are block numbers that calls check themselves; the agenda only moves a round on, so it may be late. It holds one item per
//!   open round and takes a tenth of a block.
//! * What is stored while a round is open is paid for by those who cause it: seats, members and answers (at most 19 KiB each, gone with the
//!   settlement) by evaluators' bonds of hundreds of DOIN, requests and computed chunks by the seat holds and fees of the round, which end
//!   with it, and a dispute by its own hold.
//! * Slashes and lost dispute bonds are burned but for the tenth that pays a challenger and the half that pays the wrongly accused.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]
// FRAME's macros qualify the paths they generate.

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod disputes;
mod draws;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
pub mod roster;
pub mod settlement;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

use alloc::vec::Vec;
use doin_primitives::{
	payload::{Sums, MAX_CHUNKS},
	Balance, BlockNumber, DomainId, Hash, RoundId, SizeClass,
};
use doin_primitives_frame::{
	agenda::{Agenda, Items},
	Entropy, Gauge, Judge, OnRecomputed, Reputation, Timing,
};
use frame_support::{dispatch::DispatchResultWithPostInfo, pallet_prelude::*, traits::fungible, DefaultNoBound};
use frame_system::pallet_prelude::*;
use settlement::MAX_REPLAYED;
use types::{BeaconState, Dispute, Evaluator, Offence, Request, Roster, RosterIndex, SeatChunk};

/// Most recomputations open at once.
pub const MAX_OPEN: u32 = 1_024;
/// Most chunks one call has computed.
pub const MAX_RECOMPUTED: u16 = 32;

/// Sums of one model as far as the runtime has computed them.
pub type KnownSums = BoundedVec<Option<u32>, ConstU32<MAX_CHUNKS>>;

/// The pallet's agenda.
pub(crate) type AgendaOf<T> = Agenda<Due<T>, Cursor<T>, RoundId>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs from the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token that bonds are made of.
		type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ fungible::hold::Mutate<Self::AccountId>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Computes the truth.
		type Judge: Judge;
		/// The parent's VRF output.
		type Entropy: Entropy;
		/// Lengths of the phases.
		type Timing: Timing;
		/// Says which domains are served by a whole size class.
		type Gauge: Gauge;
		/// Standing of evaluators.
		type Reputation: Reputation<Self::AccountId>;
		/// Receives the sums.
		type Handler: OnRecomputed<Self::AccountId>;
		/// Hash of the genesis block: keeps commitments of one chain from serving on another.
		type GenesisHash: Get<Hash>;
		/// Least bond of an evaluator that can be drawn: eight times the reward of a work block.
		type MinBond: Get<Balance>;
		/// Held for an announced challenge, lost by one that is wrong. At least the existential deposit times twice the largest quorum.
		type DisputeBond: Get<Balance>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// A domain to measure the calls on.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper;
	}

	/// Why money is on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Stands for an evaluator's answers.
		Bond,
		/// Stands for an announced challenge.
		Dispute,
	}

	/// The rolling beacon.
	#[pallet::storage]
	pub type Beacon<T> = StorageValue<_, BeaconState, ValueQuery>;

	/// Bonded evaluators.
	#[pallet::storage]
	pub type Evaluators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Evaluator>;

	/// Size of each roster, and the bonds of its chunks.
	#[pallet::storage]
	pub type Rosters<T: Config> = StorageMap<_, Twox64Concat, Roster, RosterIndex, ValueQuery>;

	/// Seats of each roster, chunk by chunk.
	#[pallet::storage]
	pub type Seats<T: Config> = StorageDoubleMap<_, Twox64Concat, Roster, Twox64Concat, u32, SeatChunk<T::AccountId>, ValueQuery>;

	/// Place of each evaluator on each roster it sits on.
	#[pallet::storage]
	pub type SeatIndex<T: Config> = StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, Roster, u32>;

	/// Open recomputations.
	#[pallet::storage]
	pub type Requests<T: Config> = CountedStorageMap<_, Twox64Concat, RoundId, Request<T::AccountId>>;

	/// Revealed answers, until the round is settled.
	#[pallet::storage]
	pub type Answers<T: Config> = StorageDoubleMap<_, Twox64Concat, RoundId, Blake2_128Concat, T::AccountId, Sums>;

	/// What the runtime has computed of each model where no quorum decided.
	#[pallet::storage]
	pub type Known<T: Config> = StorageDoubleMap<_, Twox64Concat, RoundId, Twox64Concat, u8, KnownSums, ValueQuery>;

	/// Settled sums, until they are handed over.
	#[pallet::storage]
	pub type Truths<T: Config> = StorageMap<_, Twox64Concat, RoundId, Sums>;

	/// Announced challenges, at most one per account. An expired one is replaced by the account's next.
	#[pallet::storage]
	pub type Disputes<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Dispute>;

	/// Rounds that fall due in a block.
	#[pallet::storage]
	pub type Due<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Items<RoundId>, ValueQuery>;

	/// First block whose agenda is not served completely.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Evaluators that are bonded from the start.
	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Account, bond and size class of each.
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

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account became an evaluator.
		Bonded {
			/// Who.
			who: T::AccountId,
			/// What it put on hold.
			amount: Balance,
			/// Whose weighted domains it serves.
			class: SizeClass,
		},
		/// An evaluator added to its bond.
		BondRaised {
			/// Who.
			who: T::AccountId,
			/// What it added.
			amount: Balance,
			/// Its bond since.
			bond: Balance,
		},
		/// An evaluator serves a domain while it weighs nothing.
		Serving {
			/// Who.
			who: T::AccountId,
			/// The domain.
			domain: DomainId,
		},
		/// An evaluator serves a domain no longer while it weighs nothing.
		NoLongerServing {
			/// Who.
			who: T::AccountId,
			/// The domain.
			domain: DomainId,
		},
		/// An evaluator's bond fell below the minimum: it is not drawn until it adds to it.
		Suspended {
			/// Who.
			who: T::AccountId,
			/// What is left of its bond.
			bond: Balance,
		},
		/// An evaluator left its rosters.
		Unbonding {
			/// Who.
			who: T::AccountId,
			/// First block in which it may withdraw.
			until: BlockNumber,
		},
		/// An evaluator got its bond back.
		Withdrawn {
			/// Who.
			who: T::AccountId,
			/// How much.
			amount: Balance,
		},
		/// A recomputation was asked for.
		Requested {
			/// The round.
			round: RoundId,
			/// Outputs the beacon must have folded in before the draw.
			target: u64,
		},
		/// Windows and evaluators were drawn.
		Drawn {
			/// The round.
			round: RoundId,
			/// Seed of the windows.
			seed: Hash,
			/// The quorum; empty if fewer than three could be drawn.
			evaluators: Vec<T::AccountId>,
		},
		/// A drawn evaluator committed to its sums.
		SumsCommitted {
			/// The round.
			round: RoundId,
			/// Who.
			who: T::AccountId,
		},
		/// A drawn evaluator revealed its sums.
		SumsRevealed {
			/// The round.
			round: RoundId,
			/// Who.
			who: T::AccountId,
		},
		/// A drawn evaluator did not answer.
		NoShow {
			/// The round.
			round: RoundId,
			/// Who.
			who: T::AccountId,
		},
		/// A part of a bond was taken.
		Slashed {
			/// Whose.
			who: T::AccountId,
			/// How much.
			amount: Balance,
			/// Why.
			offence: Offence,
		},
		/// A settlement removed false answers, and some that are left differ: settle again.
		Narrowed {
			/// The round.
			round: RoundId,
			/// Answers left.
			standing: u32,
		},
		/// A round's sums are agreed on, and can be challenged.
		Settled {
			/// The round.
			round: RoundId,
			/// Who settled it.
			settler: T::AccountId,
			/// First block in which they can no longer be challenged.
			until: BlockNumber,
		},
		/// No quorum decides a round: anybody may have its chunks computed.
		ReplayStarted {
			/// The round.
			round: RoundId,
			/// Block of the time-out.
			until: BlockNumber,
		},
		/// The runtime computed chunks of a round.
		ChunksComputed {
			/// The round.
			round: RoundId,
			/// Who paid for them.
			who: T::AccountId,
			/// Index of the model.
			model: u8,
			/// How many were new.
			computed: u32,
			/// How many the round still needs.
			missing: u32,
		},
		/// The runtime has computed every chunk of a round.
		Replayed {
			/// The round.
			round: RoundId,
		},
		/// A challenge was announced.
		Disputed {
			/// By whom.
			who: T::AccountId,
			/// Commitment to what is challenged.
			hash: Hash,
		},
		/// An announced challenge was not made in time, or its round was reopened or over before; its bond is released.
		DisputeWithdrawn {
			/// Whose.
			who: T::AccountId,
		},
		/// A challenger was right.
		DisputeUpheld {
			/// The round.
			round: RoundId,
			/// Who.
			challenger: T::AccountId,
			/// Index of the model.
			model: u8,
			/// The chunk whose sum is false.
			chunk: u16,
			/// Its tenth of the slash.
			reward: Balance,
		},
		/// A challenger was wrong.
		DisputeRejected {
			/// The round.
			round: RoundId,
			/// Who.
			challenger: T::AccountId,
			/// Paid to the accused.
			paid: Balance,
			/// Burned.
			burned: Balance,
		},
		/// A settled round was found false, and is open again.
		Reopened {
			/// The round.
			round: RoundId,
		},
		/// A round's sums are final and were handed over.
		Recomputed {
			/// The round.
			round: RoundId,
			/// Who earned a part of it.
			truthful: Vec<T::AccountId>,
		},
		/// A round ended undecided.
		Voided {
			/// The round.
			round: RoundId,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is an evaluator already. Add to its bond with `bond_extra`.
		AlreadyBonded,
		/// The account is no evaluator. Become one with `bond`.
		NotBonded,
		/// The bond is below the minimum. Bond at least `MinBond`.
		BondTooSmall,
		/// All 1 024 seats of the roster are taken. Wait for somebody to leave, or serve something else.
		RosterFull,
		/// There is no such domain.
		UnknownDomain,
		/// The evaluator serves the domain already.
		AlreadyServing,
		/// The evaluator does not serve the domain.
		NotServing,
		/// The evaluator serves as many domains as it can. Leave one with `unserve` first.
		TooManyDomains,
		/// The evaluator has unbonded. Withdraw when the cool-down is over, then bond again.
		Leaving,
		/// The evaluator has not unbonded. Call `unbond` first.
		NotUnbonding,
		/// Rounds the evaluator was drawn for may still be open. Withdraw at the block its `Unbonding` event names.
		CoolingDown,
		/// Too many recomputations are open. Try again when some have ended.
		TooBusy,
		/// A recomputation of the round is open already.
		AlreadyOpen,
		/// There is nothing to measure.
		NoModels,
		/// No recomputation of the round is open. It may have ended.
		UnknownRound,
		/// The account was not drawn for the round.
		NotDrawn,
		/// The round does not take this now. Its view names the phase it is in and the block it ends.
		WrongPhase,
		/// The evaluator has committed already; a commitment stands.
		AlreadyCommitted,
		/// There is no commitment to reveal.
		NotCommitted,
		/// The evaluator has revealed already.
		AlreadyRevealed,
		/// The sums are not one vector per model with one entry per chunk. Nothing is lost: reveal the whole answer.
		WrongShape,
		/// What is revealed is not what was committed to by this account for this round on this chain.
		CommitmentMismatch,
		/// The round is of another size class. Its view names the class to call with.
		WrongClass,
		/// A chunk cannot be computed, since a model or a page of data is missing. The round will end void.
		Unjudgeable,
		/// The round has no such model or chunk.
		NoSuchChunk,
		/// One call computes at most 32 chunks.
		TooManyChunks,
		/// Every chunk asked for is known already. Ask for others.
		NothingNew,
		/// A challenge of the account is pending. Replay it, which also ends it where its round can no longer be challenged; once it has
		/// expired a new one takes its place.
		AlreadyDisputing,
		/// The account has announced no challenge. Call `dispute` first, a block earlier.
		NoDispute,
		/// A challenge is announced one block before it is made. Try again in the next block.
		TooEarly,
		/// The announced challenge can still be made. Withdraw it after the length of a challenge window.
		NotExpired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::fold();
			T::WeightInfo::on_initialize().saturating_add(Self::serve_agenda(Self::now()))
		}

		fn integrity_test() {
			assert!(T::MinBond::get() > 0, "an evaluator without a bond has nothing to lose");
			let least = <T::Currency as fungible::Inspect<_>>::minimum_balance();
			assert!(
				T::DisputeBond::get() >= least.saturating_mul(30),
				"each of 15 accused must be able to take its share of half"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Becomes an evaluator of every weighted domain of `class`, with `amount` at stake.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::bond())]
		pub fn bond(origin: OriginFor<T>, amount: Balance, class: SizeClass) -> DispatchResult {
			Self::do_bond(&ensure_signed(origin)?, amount, class)
		}

		/// Adds `amount` to the caller's bond: more seats, and a way back after a slash below the minimum.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_extra())]
		pub fn bond_extra(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			Self::do_bond_extra(&ensure_signed(origin)?, amount)
		}

		/// Serves `domain` too while it weighs nothing.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::serve())]
		pub fn serve(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			Self::do_serve(&ensure_signed(origin)?, domain)
		}

		/// Takes [`Pallet::serve`] back.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::unserve())]
		pub fn unserve(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			Self::do_unserve(&ensure_signed(origin)?, domain)
		}

		/// Leaves every roster at once. The bond stays at stake until the longest round that the caller may have been drawn for has ended.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(origin: OriginFor<T>) -> DispatchResult {
			Self::do_unbond(&ensure_signed(origin)?)
		}

		/// Gets the bond back after the cool-down.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			Self::do_withdraw(&ensure_signed(origin)?)
		}

		/// Commits a drawn evaluator to its sums. `hash` is [`doin_primitives::commitment::commitment`] with the tag `Sums` over the hash
		/// of the sums and a secret salt.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::commit_sums())]
		pub fn commit_sums(origin: OriginFor<T>, round: RoundId, hash: Hash) -> DispatchResult {
			Self::do_commit(&ensure_signed(origin)?, round, hash)
		}

		/// Reveals the committed sums: one vector per model of the round, one entry per chunk.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::reveal_sums())]
		pub fn reveal_sums(origin: OriginFor<T>, round: RoundId, sums: Sums, salt: [u8; 32]) -> DispatchResult {
			Self::do_reveal(&ensure_signed(origin)?, round, sums, salt)
		}

		/// Settles a round whose reveals are over, as far as one call can: removes who contradicts the runtime on the first chunk in dispute,
		/// and once all that are left agree, spot-checks them. `Narrowed` means that the round has to be settled again. `class` is the
		/// round's size class, which the weight depends on.
		#[pallet::call_index(8)]
		#[pallet::weight(Pallet::<T>::settle_weight(*class, MAX_REPLAYED))]
		pub fn settle(origin: OriginFor<T>, round: RoundId, class: SizeClass) -> DispatchResultWithPostInfo {
			Self::do_settle(&ensure_signed(origin)?, round, class)
		}

		/// Has the runtime compute chunks `from..from + count` of one model of a round that no quorum decides. Whoever pays for a fifteenth
		/// of the chunks or more is paid like an evaluator.
		#[pallet::call_index(9)]
		#[pallet::weight(Pallet::<T>::recompute_weight(*class, u32::from(*count)))]
		pub fn recompute(
			origin: OriginFor<T>,
			round: RoundId,
			model: u8,
			from: u16,
			count: u16,
			class: SizeClass,
		) -> DispatchResultWithPostInfo {
			Self::do_recompute(&ensure_signed(origin)?, round, model, from, count, class)
		}

		/// Announces a challenge, so that nobody can make it first who only read it. `hash` is
		/// [`doin_primitives::commitment::commitment`] with the tag `Dispute` over the hash of a [`doin_primitives::payload::Challenge`].
		/// An announcement of the caller that has expired is replaced, and its bond stands for the new one.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::dispute())]
		pub fn dispute(origin: OriginFor<T>, hash: Hash) -> DispatchResult {
			Self::do_dispute(&ensure_signed(origin)?, hash)
		}

		/// Makes the announced challenge: the runtime computes chunk `chunk` of model `model`. If the settled sum is false, whoever said it is
		/// slashed, a tenth goes to the caller, and bond and fee come back; if it is true, the bond is lost. If somebody else was first, or
		/// the round is over, nothing is computed and the bond comes back.
		#[pallet::call_index(11)]
		#[pallet::weight(Pallet::<T>::replay_weight(*class))]
		pub fn replay(
			origin: OriginFor<T>,
			round: RoundId,
			model: u8,
			chunk: u16,
			salt: [u8; 32],
			class: SizeClass,
		) -> DispatchResultWithPostInfo {
			Self::do_replay(&ensure_signed(origin)?, round, model, chunk, salt, class)
		}

		/// Gets the bond of a challenge back that was announced and not made within the length of a challenge window.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::withdraw_dispute())]
		pub fn withdraw_dispute(origin: OriginFor<T>) -> DispatchResult {
			Self::do_withdraw_dispute(&ensure_signed(origin)?)
		}
	}
}
