//! # Recomputation pallet
//!
//! A recomputation service: final error sums of a list of models, on data that is drawn after the request.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for more information about the interfaces this pallet exposes, including its configuration trait,
//! dispatchables, storage items, events and errors.
//!
//! Other pallets request tasks through the implementation of [`Recompute`](doin_traits::Recompute) and receive the result of each
//! task exactly once, from a hook, through [`OnRecomputed`](doin_traits::OnRecomputed). [`Config::Handler`] may be a tuple of
//! such receivers.
//!
//! ## Overview
//!
//! DOIN pays for better models, so it needs the error of a model on data that its author could not train on. The evaluation of a
//! model is too expensive for every node to repeat. Drawn evaluators compute it off chain, and this pallet makes sure that their
//! answers are correct, although the chain recomputes only a few numbers of them.
//!
//! A *task* is a list of models. The error of each model is a list of *chunk sums*: the windows of the data are grouped in
//! chunks, and the errors of one chunk add up to one integer. All arithmetic is exact, so a chunk sum has one correct value, and
//! the runtime can recompute any single chunk within a block. A task goes through these stages:
//!
//! 1. **Drawing.** A beacon folds in the VRF outputs of the next blocks. Then the windows and a quorum of evaluators are drawn
//!    from it. No author of a model and no single block author knew them before.
//! 2. **Answering.** Each drawn evaluator commits to the hash of its sums ([`commit_sums`](Pallet::commit_sums)), and reveals the
//!    sums when nobody can commit any more ([`reveal_sums`](Pallet::reveal_sums)). A commitment binds the account, so answers
//!    cannot be copied. If fewer than two thirds of the quorum answer and three other evaluators serve the domain, a second
//!    quorum is drawn, once, on other windows.
//! 3. **Settling.** Any account calls [`settle`](Pallet::settle). Answers are not put to a vote: the runtime recomputes the first
//!    chunk on which two answers differ, and each answer with another sum is rejected and slashed. If all answers agree, the
//!    runtime recomputes a few drawn chunks as a spot check. One correct answer therefore defeats any number of false ones.
//! 4. **Challenge.** All evaluators could have given the same false answer, and a spot check covers a few chunks only. So the
//!    settled sums are public for the challenge window (100 blocks on a public network, 5 on a development chain) before they
//!    are final. An account that computed the sums itself and found another value can challenge one chunk of one model,
//!    against [`Config::ChallengeBond`] (1 DOIN). The runtime recomputes the chunk. If the settled sum is wrong, every
//!    evaluator whose answer stood is slashed: a tenth of its bond, or all of it for collusion. The challenger receives a
//!    tenth of the slashes, and the task goes on with stage 5; no new quorum is drawn. If the sum is correct, the challenger
//!    loses the bond of its challenge: half goes to the accused evaluators, half is burned. One honest observer is enough,
//!    however large the quorum is.
//! 5. **Recomputing.** If no second quorum can be drawn, `max(2, ⌈k/3⌉)` answers of `k` seats are settled: so many equal false
//!    answers always count as collusion. With fewer answers, or if every answer is false, fewer than three evaluators can be
//!    drawn, or a challenge is upheld, no quorum decides. Any account can then pay the runtime to recompute the task, some
//!    chunks per call ([`recompute`](Pallet::recompute)). These sums cannot be challenged, since the runtime computed them.
//!
//! A challenge takes two calls. [`announce_challenge`](Pallet::announce_challenge) commits to the hash of the chunk, and
//! [`challenge`](Pallet::challenge) names the chunk in a later block, before the window ends. Otherwise a block author could
//! copy the challenge and take the reward. The announcement does not check that the task is settled, so it should follow
//! [`Event::Settled`]. It expires after the length of a challenge window;
//! [`cancel_challenge`](Pallet::cancel_challenge) then releases its bond.
//!
//! A task that nobody settles or recomputes before its time-out is void. Tasks of domains without weight have a shorter time-out.
//!
//! Somebody has to pay the runtime for recomputing a task. A request states if nothing is paid for that (`needs_quorum`): then
//! the task is void at once where too few evaluators are drawn or answer, and it is recomputed only after a false answer, whose
//! evaluator is slashed. Otherwise three evaluators could leave a domain, or stay away, to make others pay.
//!
//! Domains with a *tolerance* ([`ChunkScorer::tolerance`](doin_traits::ChunkScorer::tolerance)) are an exception: a program off the
//! chain computes their sums, and not exactly. Settling takes the median of every sum. If more than half of the seats of the quorum
//! agree with all medians, these are final at once: the runtime computes no chunk, and nobody can challenge one. Answers that do not
//! agree are slashed by a hundredth of the bond. Otherwise the task is void ([`VoidReason::NoAgreement`](doin_traits::VoidReason)), and
//! no answer is slashed. Such a task needs a quorum and is never recomputed. A majority of the quorum decides here, so a handler must
//! mint nothing for its result.
//!
//! Each seat of the quorum earns an equal part of the evaluators' pay, if its answer agrees with the final sums. The parts of the
//! other seats go to the accounts that paid for recomputed chunks, in proportion to the chunks
//! ([`pay_shares`](doin_primitives::settlement::pay_shares)).
//!
//! ## Example
//!
//! A task from the request to its result, from the tests of this pallet:
#![doc = docify::embed!("src/tests/answers.rs", an_honest_task_goes_from_request_to_result)]
//! A challenge that overturns a unanimous false answer:
#![doc = docify::embed!("src/tests/challenges.rs", one_challenger_overturns_a_unanimous_false_answer_and_is_paid)]
//! ## Low Level / Implementation Details
//!
//! ### Design Goals
//!
//! * The cost of a false answer does not depend on an honest majority: one honest answer or one honest observer is enough.
//! * Every task ends, with a result or void, even if no evaluator ever answers.
//! * The pallet does not read the purpose of a task: a [`Subject`](doin_primitives::Subject) is stored and handed back.
//!
//! ### Design
//!
//! * **Absences** are excused if the base fee is more than fourfold that of the draw at the end of the phase that was missed, if
//!   fewer than half of the members answered, or if the domain has no weight. A missing commitment is decided by the base fee at
//!   the end of the commitments, or at the close if a full agenda delayed the former visit beyond the reveals. A missing reveal
//!   is decided at the close, against the lower of the base fees before. An answer counts for reputation at the end of a task of
//!   a weighted domain, when it is proved to agree with the final sums. A proved false answer always counts.
//! * **The second quorum** evaluates windows of its own and has no member of the first one, so revealed answers of the first are
//!   worthless to it, an absence is slashed once per task, and no answer overwrites another. Answers of a replaced quorum are not
//!   compared, so they are neither paid nor slashed, and do not end a series of absences. The first quorum and its windows stay
//!   until the second draw: if it finds fewer than three evaluators of sufficient reputation, the first answers decide after all.
//!   Seats that are taken or raised from the block of the second request on are not drawn. An author whose evaluators stay away
//!   gets other windows once, for the slashes of more than a third of a quorum; another attempt in the next round costs one
//!   seat. A second quorum makes a domain late by the length of one quorum, and
//!   [`longest`](doin_primitives::RoundParams::longest), the cool-down of a bond, contains it.
//! * **Spot checks** are seeded by the VRF output of the first block that takes no reveals. Neither the members, which acted
//!   before, nor the sender of `settle`, which acts after, can choose it.
//! * **Decisions** about answers are pure functions in [`doin_primitives::settlement`] and [`doin_primitives::tolerance`]; this pallet
//!   reads, writes and scores.
//! * **Deadlines** are block numbers that calls check themselves. The agenda only moves a task on, so it may be late. It holds
//!   one item per open task, also while a second quorum is drawn, and visits a quorum twice: at the end of the commitments, to
//!   sample the base fee, and after the reveals. It takes at most a tenth of a block, but always serves one item.
//! * **Storage deposit.** Everything stored for a task is removed when it ends. The quorum and its answers (at most 19 KiB each,
//!   gone with the settlement or the second draw) are paid for by the evaluators' bonds, requests and recomputed chunks by the
//!   holds and fees of the requesting round, and an announced challenge by its own hold.
//! * **Money.** Slashes and lost challenge bonds are burned, except for the tenth of a slash that pays a challenger and the half
//!   of a challenge bond that pays wrongly accused evaluators. An accused evaluator that challenges its own quorum receives at
//!   most what it loses, directly and through another account.
//! * **Storage items.** There are nine, one more than the project's limit of eight. [`Due`] and [`Cursor`] are the two halves of
//!   one agenda, which all pallets with deadlines share as [`doin_traits::agenda`]. Answers, recomputed and settled sums are
//!   large and live in different stages, so each has an item of its own.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

mod answers;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod challenges;
mod impl_recompute;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
mod medians;
#[cfg(test)]
mod mock;
mod quorums;
mod recomputing;
mod settlement;
mod stages;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

use doin_primitives::TaskId;
use doin_traits::agenda::{Agenda, MAX_ITEMS};

/// Target of the pallet's log lines.
pub(crate) const LOG_TARGET: &str = "runtime::doin-recomputation";

/// Most open tasks. Each has one item on the agenda.
pub const MAX_TASKS: u32 = MAX_ITEMS;
/// Most chunks that one call of `recompute` computes.
pub const MAX_RECOMPUTED: u16 = 32;

/// Agenda of the tasks' deadlines.
pub(crate) type AgendaOf<T> = Agenda<Due<T>, Cursor<T>, TaskId>;

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		recomputing::ChunkRange,
		types::{AnnouncedChallenge, BeaconState, PartialSums, Task},
		WeightInfo, MAX_RECOMPUTED, MAX_TASKS,
	};
	use alloc::vec::Vec;
	use doin_primitives::{
		payload::{Challenge, Sums},
		quorum::MAX_QUORUM,
		settlement::{Backing, PayShares, MAX_SETTLED_CHUNKS},
		Balance, BlockNumber, DomainId, Hash, SizeClass, Subject, TaskId,
	};
	use doin_traits::{agenda::Items, BaseFee, ChunkScorer, Entropy, EvaluatorSet, OnRecomputed, Timing, VoidReason};
	use frame_support::{dispatch::DispatchResultWithPostInfo, pallet_prelude::*, traits::fungible};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Types and constants that the pallet needs from the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of challenge bonds.
		type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ fungible::hold::Mutate<Self::AccountId>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Scores chunks inside the runtime. Its result is final.
		type ChunkScorer: ChunkScorer;
		/// VRF output of the parent block.
		type Entropy: Entropy;
		/// Base fee of this block. Absences are excused if it has risen much since the draw.
		type BaseFee: BaseFee;
		/// Bonded evaluators: draws quorums and slashes false answers.
		type EvaluatorSet: EvaluatorSet<Self::AccountId>;
		/// Lengths of the stages.
		type Timing: Timing;
		/// Receives the end of each task. A tuple if several pallets request tasks.
		type Handler: OnRecomputed<Self::AccountId>;
		/// Hash of the genesis block. Commitments bind it, so that those of one chain are not valid on another.
		type GenesisHash: Get<Hash>;
		/// Hold of an announced challenge, in plancks; lost if the challenge fails. At least the existential deposit times twice
		/// the largest quorum, so that each accused evaluator can receive its share of half of it.
		#[pallet::constant]
		type ChallengeBond: Get<Balance>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Provides domains, models and evaluators for the benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// Most open tasks.
		#[pallet::constant_name(MaxTasks)]
		fn max_tasks() -> u32 {
			MAX_TASKS
		}

		/// Most chunks that one call of `recompute` computes.
		#[pallet::constant_name(MaxRecomputedChunks)]
		fn max_recomputed_chunks() -> u16 {
			MAX_RECOMPUTED
		}

		/// Most chunks that one call of `settle` recomputes.
		#[pallet::constant_name(MaxSettledChunks)]
		fn max_settled_chunks() -> u32 {
			MAX_SETTLED_CHUNKS
		}
	}

	/// Reasons of the pallet's holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bond of an announced challenge.
		#[codec(index = 0)]
		Challenge,
	}

	/// The rolling beacon that seeds are taken from.
	#[pallet::storage]
	pub type Beacon<T> = StorageValue<_, BeaconState, ValueQuery>;

	/// Id of the next task.
	#[pallet::storage]
	pub type NextTaskId<T> = StorageValue<_, TaskId, ValueQuery>;

	/// Tasks that are not final.
	// Hasher: Twox64Concat, since task ids are given in order and not chosen by accounts.
	#[pallet::storage]
	pub type Tasks<T: Config> = CountedStorageMap<_, Twox64Concat, TaskId, Task<T::AccountId>>;

	/// Revealed answers, until the task is settled.
	// Hasher: Twox64Concat, since task ids are given in order. Blake2_128Concat, since accounts choose their ids.
	#[pallet::storage]
	pub type Answers<T: Config> = StorageDoubleMap<_, Twox64Concat, TaskId, Blake2_128Concat, T::AccountId, Sums>;

	/// Sums of each model that the runtime has recomputed, where no quorum decides.
	// Hasher: Twox64Concat, since task ids are given in order and model indices are below 19.
	#[pallet::storage]
	pub type RecomputedSums<T: Config> = StorageDoubleMap<_, Twox64Concat, TaskId, Twox64Concat, u8, PartialSums, ValueQuery>;

	/// Settled sums, until the task ends.
	// Hasher: Twox64Concat, since task ids are given in order and not chosen by accounts.
	#[pallet::storage]
	pub type SettledSums<T: Config> = StorageMap<_, Twox64Concat, TaskId, Sums>;

	/// Announced challenges, at most one per account. An expired one is replaced by the account's next.
	// Hasher: Blake2_128Concat, since accounts choose their ids.
	#[pallet::storage]
	pub type Challenges<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, AnnouncedChallenge>;

	/// Tasks that are due in a block.
	// Hasher: Twox64Concat, since block numbers are not chosen by accounts.
	#[pallet::storage]
	pub type Due<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Items<TaskId>, ValueQuery>;

	/// First block whose due tasks are not served completely.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Events of the pallet.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A task was requested.
		TaskOpened {
			/// The task.
			task: TaskId,
			/// Purpose of the task.
			subject: Subject,
			/// Domain of the models.
			domain: DomainId,
			/// Number of VRF outputs since genesis at which windows and evaluators are drawn.
			target: u64,
		},
		/// Windows and evaluators of a task were drawn.
		QuorumDrawn {
			/// The task.
			task: TaskId,
			/// Seed of the windows.
			seed: Hash,
			/// The drawn evaluators; empty if fewer than three could be drawn.
			evaluators: Vec<T::AccountId>,
		},
		/// A drawn evaluator committed to its sums.
		SumsCommitted {
			/// The task.
			task: TaskId,
			/// The evaluator.
			who: T::AccountId,
		},
		/// A drawn evaluator revealed its sums.
		SumsRevealed {
			/// The task.
			task: TaskId,
			/// The evaluator.
			who: T::AccountId,
		},
		/// A drawn evaluator did not reveal its sums in time.
		AnswerMissed {
			/// The task.
			task: TaskId,
			/// The evaluator.
			who: T::AccountId,
			/// `true` if the absence has no effect on reputation: the network is at fault, or the domain has no weight.
			excused: bool,
		},
		/// Too few evaluators answered, and a second quorum will be drawn, on other windows.
		QuorumRedrawn {
			/// The task.
			task: TaskId,
			/// Number of VRF outputs since genesis at which windows and evaluators are drawn.
			target: u64,
		},
		/// The answers of a quorum can be settled.
		SettlingStarted {
			/// The task.
			task: TaskId,
			/// Number of revealed answers. Fewer than two thirds of the seats are settled if no second quorum can be drawn.
			answers: u32,
			/// Number of seats of the quorum.
			seats: u32,
			/// Block of the time-out.
			until: BlockNumber,
		},
		/// A settlement rejected false answers, and some of the others differ. Settle again.
		AnswersRejected {
			/// The task.
			task: TaskId,
			/// Number of answers that stand.
			standing: u32,
		},
		/// The sums of a task are settled and can be challenged.
		Settled {
			/// The task.
			task: TaskId,
			/// Account that settled it.
			settler: T::AccountId,
			/// First block in which the sums cannot be challenged any more.
			until: BlockNumber,
		},
		/// No quorum decides a task. Any account can have its chunks recomputed.
		RecomputingStarted {
			/// The task.
			task: TaskId,
			/// Block of the time-out.
			until: BlockNumber,
		},
		/// The runtime recomputed chunks of a task.
		ChunksRecomputed {
			/// The task.
			task: TaskId,
			/// Account that paid for the chunks.
			who: T::AccountId,
			/// Index of the model.
			model: u8,
			/// Number of new chunks.
			computed: u32,
			/// Number of chunks that the task still needs.
			missing: u32,
		},
		/// The runtime has recomputed every chunk of a task.
		FullyRecomputed {
			/// The task.
			task: TaskId,
		},
		/// A challenge was announced.
		ChallengeAnnounced {
			/// The challenger.
			who: T::AccountId,
			/// Commitment to the challenged chunk.
			hash: Hash,
		},
		/// An announced challenge was not made in time, or its task takes no challenges any more. The bond is released.
		ChallengeCancelled {
			/// The challenger.
			who: T::AccountId,
		},
		/// A challenge proved that a settled sum is wrong.
		ChallengeUpheld {
			/// The task.
			task: TaskId,
			/// The challenger.
			challenger: T::AccountId,
			/// Index of the model.
			model: u8,
			/// Index of the chunk with the wrong sum.
			chunk: u16,
			/// Part of the slashes that the challenger received, in plancks.
			reward: Balance,
		},
		/// A challenged sum is correct. The challenger lost its bond.
		ChallengeRejected {
			/// The task.
			task: TaskId,
			/// The challenger.
			challenger: T::AccountId,
			/// Amount paid to the accused evaluators, in plancks.
			paid: Balance,
			/// Amount burned, in plancks.
			burned: Balance,
		},
		/// The settled sums of a task were overturned. The task goes on with recomputing.
		TaskReopened {
			/// The task.
			task: TaskId,
		},
		/// The sums of a task are final and were handed to its handler.
		TaskCompleted {
			/// The task.
			task: TaskId,
			/// Purpose of the task.
			subject: Subject,
			/// Division of the evaluators' pay.
			pay: PayShares<T::AccountId>,
			/// Origin of the final sums.
			backing: Backing,
		},
		/// A task ended undecided: at its time-out, because it needs a quorum and too few evaluators were drawn or answered, or because
		/// too few answers of a domain with a tolerance agree.
		TaskVoided {
			/// The task.
			task: TaskId,
			/// Purpose of the task.
			subject: Subject,
			/// Reason for which nobody decided it.
			reason: VoidReason,
		},
	}

	/// Reasons for which a call or request is refused.
	#[pallet::error]
	pub enum Error<T> {
		/// `MaxTasks` tasks are open. Try again when some have ended.
		TooManyTasks,
		/// The list of models is empty. Request at least one.
		NoModels,
		/// The domain is not registered.
		UnknownDomain,
		/// The task is not open: it has ended, or was never requested. `doin_recomputations` lists open tasks.
		UnknownTask,
		/// The account is not a bonded evaluator. Its whole bond may have been slashed.
		NotBonded,
		/// The account was not drawn for the task.
		NotDrawn,
		/// The task does not take this call in its present phase. Its view has the phase and the block in which it ends.
		WrongPhase,
		/// The evaluator has committed already. A commitment cannot be replaced.
		AlreadyCommitted,
		/// The evaluator has no commitment to reveal.
		NotCommitted,
		/// The evaluator has revealed already.
		AlreadyRevealed,
		/// The sums are not one list per model with one entry per chunk. Reveal the complete sums; the commitment stands.
		InvalidShape,
		/// The commitment of this account is to another payload, salt, task or chain.
		CommitmentMismatch,
		/// The task has another size class. Its view has the class to call with.
		WrongClass,
		/// A chunk cannot be computed, since a model or a page of data is missing. Without them the task ends void.
		NotComputable,
		/// The task has no such model or chunk.
		NoSuchChunk,
		/// One call recomputes at most `MaxRecomputedChunks` chunks. Ask for fewer.
		TooManyChunks,
		/// Every requested chunk is recomputed already. Ask for others.
		AlreadyRecomputed,
		/// A challenge of the account is pending. Make it with `challenge`, or wait until it has expired.
		ChallengePending,
		/// The account has no announced challenge. Call `announce_challenge` at least one block before `challenge`.
		NoChallenge,
		/// A challenge is announced one block before it is made. Try again in the next block.
		ChallengeTooEarly,
		/// The announced challenge can still be made. Cancel it after the length of a challenge window.
		ChallengeNotExpired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::fold();
			T::WeightInfo::on_initialize().saturating_add(Self::serve_agenda(Self::now()))
		}

		fn integrity_test() {
			let least = <T::Currency as fungible::Inspect<_>>::minimum_balance();
			assert!(
				T::ChallengeBond::get() >= least.saturating_mul(30),
				"each of 15 accused evaluators must be able to receive its share of half of the challenge bond"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Commits a drawn evaluator to its sums.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator that was drawn for `task`.
		///
		/// ## Details
		///
		/// `hash` is [`doin_primitives::commitment::commitment`] with the tag `Sums` over the genesis hash, the task id, the
		/// account, the hash of the sums and a secret salt. A commitment cannot be replaced. An evaluator that does not commit
		/// and reveal is slashed for absence.
		///
		/// ## Errors
		///
		/// * [`Error::UnknownTask`]: the task is not open.
		/// * [`Error::WrongPhase`]: the task takes no commitments now.
		/// * [`Error::NotBonded`], [`Error::NotDrawn`]: the caller is not an evaluator of the task.
		/// * [`Error::AlreadyCommitted`]: the caller has committed.
		///
		/// ## Events
		///
		/// Emits [`Event::SumsCommitted`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::commit_sums())]
		pub fn commit_sums(origin: OriginFor<T>, task: TaskId, hash: Hash) -> DispatchResult {
			Self::do_commit_sums(&ensure_signed(origin)?, task, hash)
		}

		/// Reveals the committed sums.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an evaluator that has committed.
		///
		/// ## Details
		///
		/// `sums` has one list per model of the task, with one entry per chunk. It is stored until the task is settled. False
		/// sums cost a tenth of the bond or more.
		///
		/// ## Errors
		///
		/// * [`Error::UnknownTask`]: the task is not open.
		/// * [`Error::WrongPhase`]: the task takes no reveals now.
		/// * [`Error::NotBonded`], [`Error::NotDrawn`]: the caller is not an evaluator of the task.
		/// * [`Error::NotCommitted`], [`Error::AlreadyRevealed`]: the caller has nothing to reveal.
		/// * [`Error::InvalidShape`]: the sums are not models by chunks.
		/// * [`Error::CommitmentMismatch`]: the commitment is to something else.
		///
		/// ## Events
		///
		/// Emits [`Event::SumsRevealed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::reveal_sums())]
		pub fn reveal_sums(origin: OriginFor<T>, task: TaskId, sums: Sums, salt: [u8; 32]) -> DispatchResult {
			Self::do_reveal_sums(&ensure_signed(origin)?, task, sums, salt)
		}

		/// Settles a task whose reveals are over, as far as one call can.
		///
		/// ## Dispatch Origin
		///
		/// Signed by any account. The requesting pallet may reimburse the account that settles a task.
		///
		/// ## Details
		///
		/// If two answers differ, the runtime recomputes the first chunk on which they do, and slashes the evaluators of all
		/// answers with another sum. If the answers that are left differ too, the task has to be settled again
		/// ([`Event::AnswersRejected`]). Otherwise the runtime spot-checks up to six drawn chunks, and the challenge window
		/// opens ([`Event::Settled`]). If no answer is left, any account can have the task recomputed
		/// ([`Event::RecomputingStarted`]). `class` is the size class of the task, which the weight depends on. The call is
		/// charged for the chunks that were recomputed and the evaluators that were slashed.
		///
		/// In a domain with a tolerance, the median of the answers is final if more than half of the quorum agrees with it
		/// ([`Event::Settled`]); otherwise the task is void ([`Event::TaskVoided`]), and the call is free of fee.
		///
		/// ## Errors
		///
		/// * [`Error::UnknownTask`]: the task is not open.
		/// * [`Error::WrongPhase`]: the task cannot be settled now, e.g. because another account was first.
		/// * [`Error::WrongClass`]: the task has another size class.
		/// * [`Error::NotComputable`]: a model or a page of data is missing.
		///
		/// ## Events
		///
		/// Emits [`Event::AnswersRejected`], [`Event::Settled`], [`Event::RecomputingStarted`] or [`Event::TaskVoided`].
		#[pallet::call_index(2)]
		#[pallet::weight(Pallet::<T>::settle_weight(*class, MAX_SETTLED_CHUNKS, MAX_QUORUM))]
		pub fn settle(origin: OriginFor<T>, task: TaskId, class: SizeClass) -> DispatchResultWithPostInfo {
			Self::do_settle(&ensure_signed(origin)?, task, class)
		}

		/// Has the runtime recompute chunks of a task that no quorum decides.
		///
		/// ## Dispatch Origin
		///
		/// Signed by any account. The pay of the seats whose evaluators did not answer correctly is divided among the callers, in
		/// proportion to the chunks that they paid for.
		///
		/// ## Details
		///
		/// Recomputes those of the chunks `from..from + count` of model `model` that are missing. With the last missing chunk the
		/// sums are final, the revealed answers that differ from them are slashed, and the task ends in the next block. The call
		/// is charged for the chunks that were recomputed, and the last one also for the end of the task and the slashes. At most
		/// fifteen callers are credited: a larger credit replaces the smallest one.
		///
		/// ## Errors
		///
		/// * [`Error::TooManyChunks`]: `count` is above [`MAX_RECOMPUTED`].
		/// * [`Error::UnknownTask`]: the task is not open.
		/// * [`Error::WrongPhase`]: the task is decided by a quorum, or timed out.
		/// * [`Error::WrongClass`]: the task has another size class.
		/// * [`Error::NoSuchChunk`]: the task has no such model or chunk.
		/// * [`Error::AlreadyRecomputed`]: none of the chunks is missing.
		/// * [`Error::NotComputable`]: a model or a page of data is missing.
		///
		/// ## Events
		///
		/// Emits [`Event::ChunksRecomputed`]; with the last chunk also [`Event::FullyRecomputed`].
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::last_recompute_weight(*class, u32::from(*count), MAX_QUORUM))]
		pub fn recompute(
			origin: OriginFor<T>,
			task: TaskId,
			model: u8,
			from: u16,
			count: u16,
			class: SizeClass,
		) -> DispatchResultWithPostInfo {
			Self::do_recompute(&ensure_signed(origin)?, task, ChunkRange { model, from, count }, class)
		}

		/// Announces a challenge of one settled chunk sum.
		///
		/// ## Dispatch Origin
		///
		/// Signed by any account without a pending challenge.
		///
		/// ## Details
		///
		/// `hash` is [`doin_primitives::commitment::commitment`] with the tag `Challenge` over the genesis hash, the task id, the
		/// account, the hash of a [`doin_primitives::payload::Challenge`] and a secret salt. It hides the chunk until the next
		/// block, so the challenge cannot be copied. Holds [`Config::ChallengeBond`]. An expired announcement of the caller is
		/// replaced, and its bond is kept for the new one.
		///
		/// ## Errors
		///
		/// * [`Error::ChallengePending`]: the caller has an announcement that is not expired.
		/// * An error of the currency: the free balance is too small.
		///
		/// ## Events
		///
		/// Emits [`Event::ChallengeAnnounced`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::announce_challenge())]
		pub fn announce_challenge(origin: OriginFor<T>, hash: Hash) -> DispatchResult {
			Self::do_announce_challenge(&ensure_signed(origin)?, hash)
		}

		/// Makes an announced challenge: the runtime recomputes one settled chunk sum.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the account that announced the challenge, at least one block later.
		///
		/// ## Details
		///
		/// If the settled sum of chunk `chunk` of model `model` is wrong, the evaluators whose answers stood are slashed, a tenth
		/// of the slashes, at most the smallest one, goes to the caller, bond and fee are refunded, and the task is opened for
		/// [`recompute`](Pallet::recompute). If the sum is correct, the caller loses the bond: half of it goes to the accused
		/// evaluators, the rest is burned. If the task takes no challenges any more, e.g. because another challenger was first,
		/// nothing is recomputed and the bond is released.
		///
		/// ## Errors
		///
		/// * [`Error::NoChallenge`]: the caller has no announcement.
		/// * [`Error::ChallengeTooEarly`]: the announcement is of this block.
		/// * [`Error::CommitmentMismatch`]: the announcement is of another chunk, task, salt or chain.
		/// * [`Error::WrongPhase`]: the task is not settled yet.
		/// * [`Error::WrongClass`]: the task has another size class.
		/// * [`Error::NoSuchChunk`]: the task has no such model or chunk.
		/// * [`Error::NotComputable`]: a model or a page of data is missing.
		///
		/// ## Events
		///
		/// Emits [`Event::ChallengeUpheld`], [`Event::TaskReopened`] and [`Event::RecomputingStarted`]; or
		/// [`Event::ChallengeRejected`]; or [`Event::ChallengeCancelled`].
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::challenge_weight(*class, MAX_QUORUM))]
		pub fn challenge(
			origin: OriginFor<T>,
			task: TaskId,
			model: u8,
			chunk: u16,
			salt: [u8; 32],
			class: SizeClass,
		) -> DispatchResultWithPostInfo {
			Self::do_challenge(&ensure_signed(origin)?, task, Challenge { model, chunk }, salt, class)
		}

		/// Releases the bond of an announced challenge that was not made.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the account that announced the challenge.
		///
		/// ## Details
		///
		/// Possible once the announcement is older than the length of a challenge window.
		///
		/// ## Errors
		///
		/// * [`Error::NoChallenge`]: the caller has no announcement.
		/// * [`Error::ChallengeNotExpired`]: the challenge can still be made.
		///
		/// ## Events
		///
		/// Emits [`Event::ChallengeCancelled`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::cancel_challenge())]
		pub fn cancel_challenge(origin: OriginFor<T>) -> DispatchResult {
			Self::do_cancel_challenge(&ensure_signed(origin)?)
		}
	}
}
