//! # Optimae Pallet
//!
//! Rounds of optimization: seats, commits, reveals and verdicts.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. The recomputation
//! service reports results through [`OnRecomputed`](doin_traits::OnRecomputed), and other pallets read models through
//! [`Models`](doin_traits::Models). The functions of the [`views`] module serve runtime APIs.
//!
//! ## Overview
//!
//! An optimizer that has found a better model for a domain first *commits* to it: it takes a seat in the current round and
//! publishes only a hash. When the commit phase is over, it *reveals* the model. The models of the round, the champion and the
//! initial champion are then evaluated on windows that did not exist at the time of the commits. The candidate with the smallest
//! error among those that beat the champion beyond doubt becomes the new champion. It is paid for the improvement that is
//! certain, i.e. for the lower bound of its lead.
//!
//! Where the evidence of a domain is *awaited*, i.e. comes after the commits, models are revealed once it has arrived; see
//! *Awaited evidence* below.
//!
//! A seat costs a fee, which pays the evaluators, and a hold. The hold is released unless the optimizer does not reveal or makes
//! a false claim about its validation error: an optimizer that does not reveal loses the fee and 20 % of the hold, and an
//! optimizer whose claim is disproved loses 20 % of the hold.
//!
//! ## Example
//!
//! A round from its commit to the new champion:
#![doc = docify::embed!("src/tests/verdicts.rs", a_better_candidate_becomes_champion)]
//!
//! A round whose evidence comes after its commits:
#![doc = docify::embed!("src/tests/evidence.rs", nobody_reveals_before_the_evidence)]
//!
//! A false claim is disproved with one chunk:
#![doc = docify::embed!("src/tests/claims.rs", a_false_claim_is_disproved_by_one_chunk)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Price
//!
//! The fee of a seat is twice what its evaluators pay for answering and what settling costs, at least [`Config::SeatFee`]. From
//! the fifth seat of a round on, each seat costs twice as much as the previous one. The undoubled part is held for the evaluators
//! until the verdict; the rest is burned at once. The hold is [`Config::HoldFactor`] times the undoubled fee. The fee of the
//! winner pays evaluators too.
//!
//! The price depends on the seats that others take first, and on the base fee. A commit therefore states the highest fee that it
//! accepts, and fails if the seat costs more.
//!
//! Where too few evaluators serve a domain, somebody has to pay the runtime to recompute the models of a round. There the held
//! part of the fee also contains the cost of recomputing the model of the seat, and for the first seat that of the initial
//! champion, the champion and the contender. This part is not doubled and does not raise the hold. It stays held until the round
//! ends, also for a seat that is not revealed, and is returned unless the runtime recomputes the round.
//!
//! The first seat of a round decides how the round is sold ([`types::Sale`]): *prepaid*, i.e. with that part, unless at least
//! three evaluators serve the domain that are neither optimizers of the round nor the author of the contender. A domain without
//! weight also sells prepaid rounds after a round that no quorum evaluated, until a quorum decides one. All further seats follow
//! the first one, because the models of a round are evaluated together. Only where the domain has weight, or had it at the first
//! seat, each seat also contains that part if too few evaluators serve the domain when it is sold.
//!
//! Evaluators can leave at any time. If those of a served round of a domain without weight do, or do not answer, the round ends:
//! nothing was paid for recomputing it. It takes seats at the same price until then. The next rounds of the domain are prepaid,
//! so evaluators that leave or stay away delay a domain, and cannot stop it. A round that was sold with weight is not void for
//! lack of a quorum if the domain loses its weight: a second quorum is drawn, or accounts have it recomputed.
//!
//! ### Bar
//!
//! A revealed model whose claimed validation error does not undercut the bar of the domain by the least improvement is rejected
//! at once: the reveal succeeds, the hold is released, nothing is stored, and only the fee and the stake are lost. The bar is the
//! validation error of the best *baseline*. The error of the champion, or of a linear model that the owner hands in as initial
//! champion, would be a bad bar: the validation split is public, so a model trained on it could exclude every honest model and
//! lock the domain. On public evidence, where the validation split decides the verdict, the bar is the champion's error. See
//! [`bar`](doin_primitives::verdict::bar).
//!
//! A reveal that cannot be admitted, e.g. because of a malformed model or a gene out of bounds, fails and leaves the seat
//! unchanged. Since the seat is committed to exactly that reveal, it will be forfeited. The worker admits models with the code of
//! the chain before it commits.
//!
//! ### One evaluation per domain
//!
//! Rounds accept commits and reveals while earlier rounds are evaluated, but the rounds of one domain are evaluated one after the
//! other. A round whose predecessor is undecided is queued. A model list therefore always names the champion and the contender at
//! the time of the verdict: no increment refers to a former champion, and two candidates are never paid for the same improvement.
//! A copy of a revealed model cannot be evaluated before the original. Candidates of a queued round on public evidence that no
//! longer undercut the bar are rejected without an evaluation.
//!
//! ### Places
//!
//! A domain has at most [`types::MAX_PENDING`] undecided rounds, and the chain [`types::MAX_ROUNDS`]; further commits fail before
//! anything is held. [`types::RESERVED_ROUNDS`] of these places are for weighted domains. A domain without weight whose next
//! round would be prepaid has at most one undecided round, and opens it only while the chain has fewer than
//! [`types::UNSERVED_ROUNDS`]: such rounds can lie until their time-out, and must not keep rounds of other domains out. A domain
//! without weight whose evidence is live opens its rounds below half of that number, because they wait for up to 30 days.
//!
//! ### Contender
//!
//! The best candidate that is better than the champion by the least improvement and one standard error, but not beyond doubt,
//! becomes contender for up to [`types::CONTENDER_ROUNDS`] evaluated rounds. Its sums add up over these draws, and a later
//! candidate has to beat the contender too. A later near miss does not replace it, so that a copy with a favourable draw cannot
//! take its place. A candidate that beats the champion beyond doubt and leads the contender by the least improvement and one
//! standard error becomes contender in its place: otherwise an undecided contender would keep a better model out. When another
//! model becomes champion, a contender that is a near miss against the new champion starts again. Domains with public evidence
//! have no contender, because a second evaluation has the same result.
//!
//! ### Awaited evidence
//!
//! The segments of a domain with sealed evidence are opened, and the bars of one with live evidence come into being, after the
//! commits of a round. At the end of its commits the round asks [`Config::Evidence`] for its evidence
//! ([`Stage::Awaiting`](types::Stage::Awaiting)). Once that [`stands`](doin_traits::OnEvidence::stands), the round takes reveals
//! for as many blocks as a reveal phase has ([`Stage::Revealing`](types::Stage::Revealing)). An owner that can keep the evidence
//! back has therefore seen no model. A round that gets no evidence is void, and everything that is held for it is returned,
//! stakes included.
//!
//! Every account knows the evidence before the reveals end, so a missing reveal is not excused: an excuse would be an option to
//! take back seats that would lose. Instead, the window is doubled once if a seat is not revealed at its end and the base fee has
//! risen above four times that at its start.
//!
//! A domain with sealed evidence has at most one undecided round. One with live evidence can have [`types::MAX_PENDING`]: while a
//! round waits for its bars, later ones take commits, and wait for bars of their own. A waiting round is a list of commitments and
//! stores no model. The rounds are evaluated in their order. The bars of a chunk can be missing; the final sums of such a chunk are
//! [`NO_EVIDENCE`](doin_scoring::verdict::NO_EVIDENCE) for all models, and a verdict leaves it out. A false sum of this kind is
//! like any other one: it is found by settling or a challenge, and slashed. With fewer than
//! [`MIN_CHUNKS`](doin_scoring::verdict::MIN_CHUNKS) other chunks the round is void. Its evaluators are paid, since their answers
//! are right, and everything else is returned.
//!
//! The pay of live evidence is queued for work blocks. The high-water mark of such a domain decays
//! ([`Domains::high_water`](doin_traits::Domains::high_water)), and a verdict counts from the mark at its block.
//!
//! ### Stakes
//!
//! A segment can be used once, and a copy of the champion passes the bar. A seat of a domain with sealed evidence therefore has a
//! stake, which its record states. The stake is burned
//!
//! - if the model is not revealed, does not undercut the bar, or has a false claim,
//! - if the model lost, and does not lead the champion by one standard error on this segment,
//! - if nobody settles the answers of the quorum in time, or if no quorum evaluates the round and its seats have paid for
//!   recomputing their models, or counted on a quorum without weight.
//!
//! It is returned to a winner or contender, to a model that lost with such a lead, and where the evidence is missing or permits
//! no verdict.
//!
//! It is also returned if both quorums of a served round with weight stay away and nobody pays for recomputing it, about 5 DOIN:
//! the seats have paid for a quorum, and the chain has not provided one. An account that controls nearly all evaluators of a domain can
//! thus use up a segment for the fee of one seat, 0.39 DOIN. The owner prevents it by having the round recomputed.
//!
//! ### Purse
//!
//! A verdict on sealed evidence mints its pay at once ([`Work::pay`](doin_traits::Work::pay)), and the same amount is burned from
//! the purse of the domain. The pay takes no place in the queue of work blocks. A purse that is too small pays a part, and the
//! high-water mark rises by that part only. The rest is lost, since a successor is paid for its lead over the new champion. In a
//! domain with weight a commit needs a purse that covers one work block; one
//! without weight needs a quorum, since a round that nobody evaluates would waste a segment.
//!
//! ### Pay, carry and ramp
//!
//! A verdict pays at most one bit. Up to three bits above that are *carried* by the new champion. Each later verdict on other
//! evidence uses up one of them, and pays it as far as its draw certifies bits above the high-water mark; the verdict that
//! dethrones the champion pays it first, and the winner gets the rest of the bit. For some days after the weight of a domain has
//! left 0 pay ramps up from nothing, by the first block of the round; the mark then rises by up to four bits, and nothing is
//! carried. See [`pay`](doin_primitives::pay).
//!
//! ### Claims
//!
//! The validation sums of a reveal are claims. Until the verdict, any account can disprove a claim with one chunk that the
//! runtime computes; the candidate is then rejected, and the fee of the call is refunded. Claims do not matter after the verdict:
//! the draw has decided, and on public evidence the final sums replace the claim.
//!
//! ### Money
//!
//! Fees, holds and stakes stay in the accounts of their owners, on hold for one of four [reasons](HoldReason); the pallet has no
//! account. The fees of a decided round reimburse the settler with at most half of them. The rest is divided by the seats of the
//! quorum: one part for each evaluator whose answer agreed with the final sums, and the others for the accounts that had the
//! runtime compute the sums ([`pay_shares`](doin_primitives::settlement::pay_shares)). Parts that nobody earned and remainders
//! are burned. The part of a fee for recomputing models pays those accounts alone, or is returned.
//!
//! A round that no quorum evaluates and nobody has recomputed, or whose answers nobody settles before the time-out, burns its
//! fees without the parts for recomputing models, and releases the holds. A seat has occupied a place and stored a model, and
//! must not be an option that can lapse for free: its owner could ignore draws with an unwelcome result until one suits it. Where
//! the chain itself is at fault (the domain does not exist, the service accepts no request, or the draw shows no error of the
//! initial champion), everything is released, except the parts for recomputing models if accounts had the runtime do so. Where too
//! many bars of live evidence are missing for a verdict, the fees are paid as for a verdict, and the rest is released.
//!
//! ### Results
//!
//! Every round ends with a [`RoundResult`](doin_primitives::RoundResult), which the domain stores. A round that is not paid also
//! deposits [`RoundUnpaid`](Event::RoundUnpaid) with the reason.
//!
//! ### Deadlines
//!
//! One agenda item per round ends its reveal window; where evidence is awaited, one ends its commits before. Calls check the grid
//! of the domain or the end of the window themselves, so a late service does no harm.
//!
//! ### Terminology
//!
//! The words are those of the project's glossary, `docs/glossary.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

mod awaited;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod claims;
mod fees;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod models;
mod pay;
mod rounds;
mod seats;
mod stakes;
#[cfg(test)]
mod test_utils;
#[cfg(test)]
mod tests;
pub mod types;
mod verdict;
pub mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use doin_primitives::RoundId;
use doin_traits::agenda::Agenda;

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-optimae";

/// Agenda of the rounds.
pub(crate) type AgendaOf<T> = Agenda<Due<T>, Cursor<T>, RoundId>;

/// Provides domains, models and block numbers for benchmarks. The runtime implements it, since only the runtime has all pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers an active domain of the most expensive kind to serve, and moves the chain to the first block of one of its
	/// commit phases.
	fn domain() -> doin_primitives::DomainId;
	/// Registers a domain with weight and sealed evidence, one segment of the largest size that is not opened, and a purse that
	/// covers two bits. Moves the chain to the first block of one of its commit phases.
	fn sealed_domain() -> doin_primitives::DomainId;
	/// Sets the weight of `domain` and the bits that its champion carries, so that a verdict pays all that it can.
	fn carrying(domain: doin_primitives::DomainId, carry: doin_primitives::Q32);
	/// Returns a reveal that `domain` admits and that undercuts its bar, with a model of about `bytes` bytes.
	fn reveal(domain: doin_primitives::DomainId, bytes: u32) -> doin_primitives::payload::Reveal;
	/// Sets the block number without running hooks.
	fn set_block(block: doin_primitives::BlockNumber);
}

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		claims::ClaimedSum,
		fees::{CHALLENGER_SHARE, PENALTY},
		types::{Contender, Record, Round, StoredModel, MAX_PENDING},
		AgendaOf, WeightInfo,
	};
	use alloc::boxed::Box;
	use doin_primitives::{
		bounded_collections::{BoundedVec, ConstU32},
		payload::{Metrics, Reveal},
		Balance, BlockNumber, DomainId, EvidenceRef, Hash, ModelId, RejectionReason, RoundId, SizeClass, TaskId, UnpaidReason,
		Q32,
	};
	use doin_scoring::{GenomeError, ModelError};
	use doin_traits::{
		agenda::Items, share::hook_limit, BaseFee, ChunkScorer, DomainWeights, Domains, EvidenceSource, ModelList, Recompute,
		Timing, Work,
	};
	use frame_support::{
		dispatch::DispatchResultWithPostInfo,
		pallet_prelude::*,
		traits::fungible::{Balanced, BalancedHold, Inspect, Mutate, MutateHold},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::{traits::UniqueSaturatedInto, Perbill};

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of fees and holds.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ Balanced<Self::AccountId>
			+ BalancedHold<Self::AccountId>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Registered domains.
		type Domains: Domains<Self::AccountId>;
		/// Voted weights of domains.
		type DomainWeights: DomainWeights;
		/// Recomputation service. It must report to this pallet.
		type Recompute: Recompute<Self::AccountId>;
		/// Evidence that comes after the commits, and the purses that pay for it. It must report to this pallet.
		type Evidence: EvidenceSource;
		/// Scores chunks inside the runtime.
		type ChunkScorer: ChunkScorer;
		/// Queue of verified improvement.
		type Work: Work<Self::AccountId>;
		/// Prices at the base fee of the current block.
		type BaseFee: BaseFee;
		/// Lengths of the phases of a round.
		type Timing: Timing;
		/// Hash of block 0. Commitments bind it, so they are valid on this chain only.
		type GenesisHash: Get<Hash>;
		/// Lowest fee of a seat, in plancks.
		#[pallet::constant]
		type SeatFee: Get<Balance>;
		/// Hold of a seat, as a multiple of its undoubled fee without the cost of recomputing models.
		#[pallet::constant]
		type HoldFactor: Get<u32>;
		/// Hold per stored byte of a model, its genes and its validation sums, in plancks.
		#[pallet::constant]
		type ByteHold: Get<Balance>;
		/// Weight of the more expensive call of an evaluator, which commits an answer or reveals it. Part of the price of a seat.
		#[pallet::constant]
		type AnswerWeight: Get<Weight>;
		/// Encoded length of such a call with its signature, in bytes. Part of the price of a seat.
		#[pallet::constant]
		type AnswerLen: Get<u32>;
		/// Weight of the call that settles a task of the small size class and computes
		/// [`types::SETTLED_CHUNKS`](crate::types::SETTLED_CHUNKS) chunks. Its caller is reimbursed for it. Part of the price of
		/// a seat; the price of other classes adds the weight of their chunks.
		#[pallet::constant]
		type SettleWeight: Get<Weight>;
		/// Encoded length of that call with its signature, in bytes.
		#[pallet::constant]
		type SettleLen: Get<u32>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Domains and models for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// Part of the hold of a seat that is burned for a missing reveal or a false claim.
		#[pallet::constant_name(SeatPenalty)]
		fn seat_penalty() -> Perbill {
			PENALTY
		}

		/// Part of the penalty for a false claim that its challenger receives.
		#[pallet::constant_name(ChallengerShare)]
		fn challenger_share() -> Perbill {
			CHALLENGER_SHARE
		}
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Fee of a seat, until the verdict pays it to evaluators.
		#[codec(index = 0)]
		SeatFee,
		/// Guarantees that a seat is revealed with a correct claim.
		#[codec(index = 1)]
		Seat,
		/// Pays for the bytes of a stored model.
		#[codec(index = 2)]
		Model,
		/// Stake of a seat that uses up a segment of sealed evidence.
		#[codec(index = 3)]
		Stake,
	}

	/// Undecided rounds, at most [`types::MAX_ROUNDS`](crate::types::MAX_ROUNDS).
	// Hasher: Twox is safe since domains are numbered by the chain and a round number must be that of the grid.
	#[pallet::storage]
	pub type Rounds<T: Config> = CountedStorageMap<_, Twox64Concat, RoundId, Round<T::AccountId>>;

	/// Numbers of the undecided rounds of each domain, in ascending order. The first one can be evaluated, the others wait.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Pending<T: Config> = StorageMap<_, Twox64Concat, DomainId, BoundedVec<u32, ConstU32<MAX_PENDING>>, ValueQuery>;

	/// Submitted models of candidates, contenders and champions.
	// Hasher: Twox is safe since models are numbered by the chain.
	#[pallet::storage]
	pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelId, StoredModel<T::AccountId>>;

	/// Identifier of the next model.
	#[pallet::storage]
	pub type NextModelId<T: Config> = StorageValue<_, ModelId, ValueQuery>;

	/// Near misses that are evaluated again, at most one per domain.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Contenders<T: Config> = StorageMap<_, Twox64Concat, DomainId, Contender>;

	/// Rounds whose commits end before their evidence is asked for, whose reveal window ends, or that can be evaluated, by block.
	// Hasher: Twox is safe since the pallet chooses the block numbers.
	#[pallet::storage]
	pub type Due<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Items<RoundId>, ValueQuery>;

	/// First block whose agenda is not served completely.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Results of the seats of each optimizer, for display. The pallet takes no decision by them.
	// Hasher: Blake2 since users choose account ids.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Record, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account took a seat. `burned` of the `fee` was burned and the rest is held, together with `hold` and `stake`.
		Committed {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account that took the seat.
			who: T::AccountId,
			/// Commitment of the seat.
			commitment: Hash,
			/// Fee of the seat, in plancks.
			fee: Balance,
			/// Part of the fee that was burned, in plancks.
			burned: Balance,
			/// Hold that guarantees the reveal, in plancks.
			hold: Balance,
			/// Stake, in plancks; 0 unless the evidence of the domain is sealed.
			stake: Balance,
		},
		/// A seat was revealed. Its model will be evaluated.
		Revealed {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account of the seat.
			who: T::AccountId,
			/// Identifier of the stored model.
			model: ModelId,
			/// Length of the encoded model, in bytes.
			bytes: u32,
			/// Claimed error sum on the validation split.
			validation_error: u64,
			/// Hold of the author for the stored bytes, in plancks.
			hold: Balance,
			/// Description of the experiment by its author.
			metrics: Metrics,
		},
		/// A candidate is out of the race.
		Rejected {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account of the seat.
			who: T::AccountId,
			/// Identifier of the model, if it was stored.
			model: Option<ModelId>,
			/// Reason of the rejection.
			reason: RejectionReason,
		},
		/// A seat was not revealed in time. Its fee, without the part for recomputing models, and a part of its hold were burned.
		SeatForfeited {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account of the seat.
			who: T::AccountId,
			/// Burned fee and penalty, in plancks.
			burned: Balance,
		},
		/// A seat was not revealed in time, and its hold and its fee, without the part for recomputing models, were released,
		/// because the base fee was above four times that of the commit.
		SeatExcused {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account of the seat.
			who: T::AccountId,
		},
		/// A claimed validation sum was proved to be false. The penalty was taken from the hold of the seat.
		ClaimDisproved {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account that disproved the claim.
			challenger: T::AccountId,
			/// Index of the chunk in the validation split.
			chunk: u16,
			/// Claimed chunk sum.
			claimed: u32,
			/// Chunk sum that the runtime computed.
			computed: u32,
			/// Part of the penalty that was burned, in plancks.
			burned: Balance,
			/// Part of the penalty that the challenger received, in plancks.
			reward: Balance,
		},
		/// The reveal window of a round has ended, and an earlier round of its domain is undecided.
		RoundQueued {
			/// The round.
			round: RoundId,
		},
		/// The chunk sums of the models of a round were requested from the recomputation service.
		RecomputationRequested {
			/// The round.
			round: RoundId,
			/// Recomputation task.
			task: TaskId,
			/// Models, in the order of the sums.
			models: ModelList,
		},
		/// A candidate or contender became champion.
		Crowned {
			/// Round of the verdict.
			round: RoundId,
			/// Identifier of the model.
			model: ModelId,
			/// Author of the model.
			who: T::AccountId,
			/// Error sum of the model.
			error: u64,
			/// Error sum of the former champion on the same windows.
			champion_error: u64,
			/// Error sum of the initial champion on the same windows.
			initial_error: u64,
			/// Upper bound of the error sum of the model.
			upper: u64,
			/// Rise of the high-water mark for this model, Q32 bits.
			increment: Q32,
			/// Effective improvement, which work blocks or the purse of the domain pay, Q32 bits.
			effective: Q32,
			/// Bits that later rounds pay while the model stays champion, Q32 bits.
			carry: Q32,
		},
		/// A near miss stays contender, or became one.
		ContenderKept {
			/// Domain of the model.
			domain: DomainId,
			/// Identifier of the model.
			model: ModelId,
			/// Maximum number of further rounds that evaluate the model.
			rounds_left: u8,
		},
		/// A contender did not become champion and is not evaluated again.
		ContenderDropped {
			/// Domain of the model.
			domain: DomainId,
			/// Identifier of the model.
			model: ModelId,
			/// Reason of the rejection.
			reason: RejectionReason,
		},
		/// The fees of a round were paid.
		FeesPaid {
			/// The round.
			round: RoundId,
			/// Number of evaluators and other accounts that share the evaluators' pay.
			payees: u32,
			/// Amount that they received together, in plancks.
			paid: Balance,
			/// Amount that the settler received, in plancks.
			settler: Balance,
			/// Amount that was burned, in plancks.
			burned: Balance,
		},
		/// A round was decided.
		RoundDecided {
			/// The round.
			round: RoundId,
			/// Identifier of the new champion, if a model won.
			winner: Option<ModelId>,
		},
		/// A round ended, and nothing is paid for it.
		RoundUnpaid {
			/// The round.
			round: RoundId,
			/// Reason for which nothing is paid.
			reason: UnpaidReason,
		},
		/// A round ended without a verdict, and everything that was still held was released. If no quorum evaluated it, or nobody
		/// settled its answers before the time-out, fees were burned before; see `FeesPaid`. If the runtime computed sums that
		/// permit no verdict, the parts of the fees for that were paid before.
		RoundVoided {
			/// The round.
			round: RoundId,
		},
		/// A model was removed, and the hold of its author was released.
		ModelReleased {
			/// Identifier of the model.
			model: ModelId,
			/// Author of the model.
			author: T::AccountId,
			/// Released hold, in plancks.
			released: Balance,
		},
		/// The stake of a seat was burned: its model was not revealed, was rejected, or did not lead the champion by one standard
		/// error; or the round ended without a verdict that the seats could have had.
		StakeBurned {
			/// Round of the seat.
			round: RoundId,
			/// Index of the seat in the round.
			seat: u8,
			/// Account of the seat.
			who: T::AccountId,
			/// Burned stake, in plancks.
			burned: Balance,
		},
		/// A verdict measured a champion that carries bits, and paid those that the draw certifies. At most one bit was used up.
		CarryPaid {
			/// Round of the verdict.
			round: RoundId,
			/// Identifier of the champion.
			model: ModelId,
			/// Author of the champion.
			who: T::AccountId,
			/// Rise of the high-water mark for these bits, Q32 bits.
			increment: Q32,
			/// Effective improvement that was paid or queued for payment, Q32 bits.
			effective: Q32,
			/// Bits that were still carried before a successor was crowned, Q32 bits.
			left: Q32,
		},
		/// The commits of a round have ended, and its evidence was asked for.
		EvidenceAwaited {
			/// The round.
			round: RoundId,
		},
		/// The evidence of a round has arrived, and the round takes reveals.
		RevealsOpened {
			/// The round.
			round: RoundId,
			/// Data that the round is evaluated on.
			evidence: EvidenceRef,
			/// First block in which reveals are not taken any more.
			until: BlockNumber,
		},
		/// The reveal window of a round was doubled, because a seat is not revealed and the base fee has risen above four times
		/// that at its start.
		WindowExtended {
			/// The round.
			round: RoundId,
			/// First block in which reveals are not taken any more.
			until: BlockNumber,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The domain does not exist. The RPC method `doin_domains` lists all domains.
		UnknownDomain,
		/// The domain is loading, converged or closing and accepts no commits. Choose an active one.
		NotActive,
		/// The round does not accept commits at this block. `doin_round` shows the current round and its phases.
		NotInCommitPhase,
		/// Too many rounds of this domain, or of the chain, are undecided. A domain without weight that fewer than three
		/// evaluators serve, or that had a round without a quorum and none with one since, has one undecided round at most, and
		/// so has a domain whose evidence comes after the commits. Nothing was held. Try again after the next verdict.
		TooManyRounds,
		/// The seat costs more than the highest fee that the commit accepts. Nothing was held. `doin_round` shows the fee of the
		/// next seat: accept it, or commit in the next round, where the first seats are cheaper.
		SeatTooExpensive,
		/// All seats of this round are taken. Commit in the next round.
		RoundFull,
		/// The account already has a seat with this commitment in this round. Use a new salt.
		AlreadyCommitted,
		/// The round has no commits, or has ended.
		UnknownRound,
		/// The round does not accept reveals at this block. `doin_openRound` shows its reveal window.
		NotInRevealPhase,
		/// No seat of the account in this round has the commitment of this reveal and salt. Reveal exactly what was committed,
		/// from the account that committed it.
		CommitmentMismatch,
		/// The seat is already revealed.
		AlreadyRevealed,
		/// The number of genes differs from the search space of the domain.
		InvalidGeneCount,
		/// A gene lies outside its bounds in the search space.
		GeneOutOfRange,
		/// The number of validation sums differs from the number of chunks. Give one sum per chunk.
		InvalidChunkCount,
		/// The bytes are not an encoded model, or bytes are left over.
		InvalidModelEncoding,
		/// The version byte of the model is unknown to this runtime. Encode the model with the version of the chain.
		InvalidModelVersion,
		/// The model belongs to another program than the domain, or is a baseline, which cannot be submitted.
		InvalidModelFamily,
		/// The layers of the model do not fit its window, each other, or the outputs of the domain.
		InvalidModelShape,
		/// The window of the model is 0 or longer than the history of the domain.
		InvalidModelWindow,
		/// A weight lies outside ±2047, or a coordinate outside its range. Quantise the model again.
		InvalidModelWeight,
		/// A shift of the model lies outside its range.
		InvalidModelShift,
		/// A neuron could overflow 32 bits. Use smaller weights or biases, or a narrower layer.
		ModelOverflow,
		/// One window costs more multiply-accumulates than the domain allows. Use a smaller net.
		ModelTooExpensive,
		/// The encoded model is longer than the domain allows. Use a smaller net.
		ModelTooLarge,
		/// The round has no seat with this index.
		NoSuchSeat,
		/// The seat has no candidate in the race: it is not revealed, or it is rejected.
		NotRevealed,
		/// The validation split has no chunk with this index.
		NoSuchChunk,
		/// The size class differs from that of the domain, so the call was charged for the wrong chunk. Use the class that
		/// `doin_domain` shows.
		WrongClass,
		/// The computed sum equals the claimed one.
		ClaimCorrect,
		/// The runtime cannot compute this chunk, e.g. because a page of the series is missing.
		NotComputable,
		/// No model with this identifier is stored.
		UnknownModel,
		/// The model is a candidate, the champion of a domain, or the contender of a domain with undecided rounds. Its author can
		/// release a contender between rounds; any account can release it once the domain accepts no commits, and a champion once
		/// its domain is removed.
		ModelInUse,
		/// The purse of the domain holds less than the reward of one work block, so an improvement might not be paid. Nothing was
		/// held. `doin_evidence` shows the purse: wait until the owner of the domain has funded it.
		PurseTooSmall,
		/// Fewer than three evaluators serve the domain, which has no weight. Its evidence can be used once, so a round that no
		/// quorum evaluates would waste it, or only a quorum can compute its sums. Nothing was held. Commit when more evaluators
		/// serve the domain, or when it has weight.
		NotServed,
		/// Less than half of the commit phase is left, and the round has no seat yet. The first seat of a round of live evidence
		/// takes a span of bars, and others must have time to join. Nothing was held. Commit in the first half of a commit phase.
		TooLateToOpen,
		/// A genome has 1 to 64 instructions.
		InvalidGenomeLength,
		/// The genome is of another dialect, or has an instruction that the dialect does not have.
		InvalidGenomeEncoding,
		/// An instruction names a register outside 0..=19, or a special one outside 0..=6.
		InvalidGenomeRegister,
		/// A constant lies outside ±2¹⁴.
		InvalidGenomeConstant,
		/// A jump leads backwards or out of the genome.
		InvalidGenomeJump,
		/// The genome can end without a value in register 9. Write it on every path, or return another register.
		GenomeWithoutResult,
		/// The gradient of the genome is zero everywhere, so a net would not learn from it.
		GenomeWithoutGradient,
	}

	impl<T: Config> From<GenomeError> for Error<T> {
		fn from(error: GenomeError) -> Self {
			match error {
				GenomeError::Length => Error::InvalidGenomeLength,
				GenomeError::Malformed | GenomeError::Dialect | GenomeError::Opcode => Error::InvalidGenomeEncoding,
				GenomeError::Operands | GenomeError::Axis => Error::InvalidGenomeEncoding,
				GenomeError::Register | GenomeError::Special => Error::InvalidGenomeRegister,
				GenomeError::Constant => Error::InvalidGenomeConstant,
				GenomeError::Jump => Error::InvalidGenomeJump,
				GenomeError::NoResult => Error::GenomeWithoutResult,
				GenomeError::ZeroGradient => Error::GenomeWithoutGradient,
			}
		}
	}

	impl<T: Config> From<ModelError> for Error<T> {
		fn from(error: ModelError) -> Self {
			match error {
				ModelError::Malformed => Error::InvalidModelEncoding,
				ModelError::Version => Error::InvalidModelVersion,
				ModelError::Family => Error::InvalidModelFamily,
				ModelError::Shape => Error::InvalidModelShape,
				ModelError::Window => Error::InvalidModelWindow,
				ModelError::Weight => Error::InvalidModelWeight,
				ModelError::Shift => Error::InvalidModelShift,
				ModelError::Overflow => Error::ModelOverflow,
				ModelError::TooCostly => Error::ModelTooExpensive,
				ModelError::TooLarge => Error::ModelTooLarge,
				ModelError::Genome(error) => error.into(),
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let (idle, close) = (T::WeightInfo::on_initialize(), Self::close_weight());
			let mut meter = WeightMeter::with_limit(hook_limit(T::BlockWeights::get().max_block, idle.saturating_add(close)));
			meter.consume(idle);
			AgendaOf::<T>::serve(now.unique_saturated_into(), &mut meter, close, Self::serve);
			meter.consumed()
		}

		fn integrity_test() {
			let cost = T::WeightInfo::on_initialize().saturating_add(Self::close_weight());
			let limit = hook_limit(T::BlockWeights::get().max_block, Weight::zero());
			assert!(cost.all_lte(limit), "the hook must be able to close at least one round per block: {cost:?}");
			let rounds = T::Timing::rounds();
			assert!(rounds.commit > 0 && rounds.reveal > 0, "commit and reveal phases must not be empty: {rounds:?}");
			assert!(T::SeatFee::get() > 0 && T::HoldFactor::get() > 0, "a seat must have a price and a hold");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Takes a seat in `round` for the candidate behind `hash`, if its fee is not above `max_fee` plancks.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed.
		///
		/// ## Details
		///
		/// `hash` is a [`commitment`](doin_primitives::commitment::commitment) with tag `Optimae` and the round as its scope. The
		/// call holds the fee and the hold of the next seat, and burns the doubled part of the fee. An account can take several
		/// seats. A call that is included too late fails, because a commitment is valid in its round only. Each seat from the
		/// fifth one on costs twice as much as the previous one, so `max_fee` bounds what a call costs that is included after
		/// those of others. The fee and the hold of a seat together are at most `max_fee` times one plus the constant
		/// `HoldFactor`.
		///
		/// On a domain with sealed evidence, the call also holds the stake that the record of the domain states, which `max_fee`
		/// does not contain. It is burned unless the model is revealed and leads the champion by one standard error.
		///
		/// ## Errors
		///
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotActive`](Error::NotActive): the domain does not exist or accepts
		///   no commits.
		/// - [`NotInCommitPhase`](Error::NotInCommitPhase): the round accepts no commits at this block.
		/// - [`TooManyRounds`](Error::TooManyRounds), [`RoundFull`](Error::RoundFull): there is no free place.
		/// - [`SeatTooExpensive`](Error::SeatTooExpensive): the seat costs more than `max_fee`.
		/// - [`AlreadyCommitted`](Error::AlreadyCommitted): the account has a seat with this commitment.
		/// - [`NotServed`](Error::NotServed), [`PurseTooSmall`](Error::PurseTooSmall), or an error of pallet evidence: a round of
		///   a domain whose evidence comes after the commits, or whose sums only a quorum can compute, could not be evaluated or
		///   paid.
		/// - [`TooLateToOpen`](Error::TooLateToOpen): the commit would open a round of live evidence late in the commit phase.
		/// - A token error if the account cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Committed`](Event::Committed).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::commit().saturating_add(T::Evidence::stream_weight()))]
		pub fn commit(origin: OriginFor<T>, round: RoundId, hash: Hash, max_fee: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_commit(who, round, hash, max_fee)
		}

		/// Reveals the candidate that a seat of the caller is committed to.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the account of the seat.
		///
		/// ## Details
		///
		/// The model is stored against a hold per byte, and evaluated after the reveal window. That window is the reveal phase of
		/// the round; where evidence is awaited, it begins when the evidence has arrived. If the claimed validation error does
		/// not undercut the bar of the domain by the least improvement, the candidate is rejected: the call succeeds, nothing is
		/// stored, the hold of the seat is released, and its stake is burned. The bar is the validation error of the best
		/// baseline; on public evidence it is that of the champion.
		///
		/// ## Errors
		///
		/// - [`UnknownRound`](Error::UnknownRound), [`NotInRevealPhase`](Error::NotInRevealPhase): the round accepts no reveals
		///   at this block.
		/// - [`CommitmentMismatch`](Error::CommitmentMismatch), [`AlreadyRevealed`](Error::AlreadyRevealed): no seat waits for
		///   this reveal.
		/// - [`InvalidGeneCount`](Error::InvalidGeneCount), [`GeneOutOfRange`](Error::GeneOutOfRange),
		///   [`InvalidChunkCount`](Error::InvalidChunkCount), or an error about the model: the domain does not admit
		///   the candidate.
		/// - A token error if the account cannot pay the hold for the bytes.
		///
		/// ## Events
		///
		/// Deposits [`Revealed`](Event::Revealed), or [`Rejected`](Event::Rejected) with reason `NotBetter`, and
		/// [`StakeBurned`](Event::StakeBurned) for its stake.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::reveal_weight(&reveal.model))]
		pub fn reveal(origin: OriginFor<T>, round: RoundId, reveal: Box<Reveal>, salt: [u8; 32]) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_reveal(who, round, *reveal, salt)
		}

		/// Proves that the validation sum that `seat` of `round` claims for `chunk` is false.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can challenge a claim, from the reveal until the verdict.
		///
		/// ## Details
		///
		/// The runtime computes the chunk sum. If it differs from the claim, the candidate is rejected, the penalty is taken from
		/// the hold of its seat, the caller receives the constant `ChallengerShare` of the penalty, and the fee of the call is
		/// refunded. The stake of the seat is burned. `class` is the size class of the domain, which determines the weight of the
		/// call.
		///
		/// ## Errors
		///
		/// - [`UnknownRound`](Error::UnknownRound), [`UnknownDomain`](Error::UnknownDomain), [`NoSuchSeat`](Error::NoSuchSeat),
		///   [`NotRevealed`](Error::NotRevealed), [`UnknownModel`](Error::UnknownModel), [`NoSuchChunk`](Error::NoSuchChunk):
		///   there is no such claim.
		/// - [`WrongClass`](Error::WrongClass): the domain has another size class.
		/// - [`NotComputable`](Error::NotComputable): the runtime cannot compute the chunk.
		/// - [`ClaimCorrect`](Error::ClaimCorrect): the claim is correct. The fee is not refunded.
		///
		/// ## Events
		///
		/// Deposits [`Rejected`](Event::Rejected) with reason `FalseClaim`, [`ModelReleased`](Event::ModelReleased) if the
		/// evaluation has not begun, and [`ClaimDisproved`](Event::ClaimDisproved).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::challenge_claim().saturating_add(T::ChunkScorer::weight(*class)))]
		pub fn challenge_claim(
			origin: OriginFor<T>,
			round: RoundId,
			seat: u8,
			chunk: u16,
			class: SizeClass,
		) -> DispatchResultWithPostInfo {
			let challenger = ensure_signed(origin)?;
			Self::do_challenge_claim(challenger, ClaimedSum { round, seat, chunk }, class)
		}

		/// Removes a model that no round needs, and releases the hold of its author.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed.
		///
		/// ## Details
		///
		/// The author of a contender can release it while its domain has no undecided rounds. Any account can release a contender
		/// of a domain that accepts no commits, and any model of a domain that is removed.
		///
		/// ## Errors
		///
		/// - [`UnknownModel`](Error::UnknownModel): no such model is stored.
		/// - [`ModelInUse`](Error::ModelInUse): the model is needed, or the caller may not release it.
		///
		/// ## Events
		///
		/// Deposits [`ContenderDropped`](Event::ContenderDropped) with reason `Withdrawn` for a contender,
		/// and [`ModelReleased`](Event::ModelReleased).
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::release_model())]
		pub fn release_model(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_release_model(who, model)
		}
	}
}
