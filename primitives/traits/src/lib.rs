//! Traits between the pallets, the runtime API and the bounded deadline agenda.
//!
//! Pallets never depend on pallets; a pallet's `Config` names the traits it needs, and the runtime connects them. Requests go down
//! (`optimae → recomputation → evaluators`, and all of them read `domains`, `gauge` and `reputation`); results come up through
//! [`OnRecomputed`] (`recomputation → optimae → domains, work`).
//!
//! | trait | implemented by | used by |
//! |---|---|---|
//! | [`Timing`] | `timing` | `evaluators`, `recomputation`, `optimae`, `reputation`, `channels`, `inference` |
//! | [`Domains`] | `domains` | `evaluators`, `optimae`, `evidence`, `inference`, runtime |
//! | [`GrowingDomains`] | `domains` | `evidence` |
//! | [`EvidenceSource`], [`OnEvidence`] | `evidence`, `optimae` | `optimae` and `domains`, `evidence` |
//! | [`DomainWeights`], [`Electorate`], [`Votable`], [`OnWeightGained`] | `gauge`, runtime, `domains` | `gauge` and readers of weights |
//! | [`Entropy`] | runtime (BABE) | `recomputation` |
//! | [`EvaluatorSet`] | `evaluators` | `recomputation` |
//! | [`Recompute`], [`OnRecomputed`] | `recomputation`, `optimae` | `optimae`, `recomputation` |
//! | [`ChunkScorer`], [`Models`] | runtime, `optimae` | `recomputation`, `optimae`, `inference`, runtime |
//! | [`OnCrowned`], [`ModelRunner`] | `inference`, runtime | `domains`, `inference` |
//! | [`Offers`] | `inference` | `channels` |
//! | [`Bars`], [`StreamTerms`], [`OnBatch`] | `oracle`, `forecasts` | `evidence`, `forecasts` and the scorer, `oracle` |
//! | [`Champions`] | runtime | `forecasts` |
//! | [`Reputation`] | `reputation` | `evaluators`, runtime (offences) |
//! | [`Votes`] | runtime (referenda) | `domains`, `evidence`, `channels`, `inference` |
//! | [`Work`], [`EraShare`] | `work` | `optimae`, `forecasts`, staking |
//! | [`BaseFee`] | `fee-market` | `optimae`, `recomputation` |

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(clippy::missing_errors_doc)]

extern crate alloc;

pub mod agenda;
pub mod apis;
pub mod block;
pub mod share;

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::Range;
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	domain::{Champion, DomainState, ModelBytes},
	payload::Sums,
	round::{MAX_MODELS, MAX_SEATS},
	settlement::{Backing, PayShares},
	Balance, BlockNumber, DomainId, DomainSpec, EvidenceRef, Hash, ModelId, ModelRef, Page, RoundId, RoundParams, RoundResult,
	SizeClass, Subject, TaskId, UnpaidReason, Q32,
};
use doin_scoring::Program;
use frame_support::{dispatch::DispatchResult, weights::Weight};
use impl_trait_for_tuples::impl_for_tuples;
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, Perbill};

/// Models of one recomputation task, each once: the initial champion, the champion, the contender, then the candidates in order of their
/// seats.
pub type ModelList = BoundedVec<ModelRef, ConstU32<MAX_MODELS>>;
/// Accounts that are not drawn for a round: those of its seats, that of a commit to a full round, which is refused, and the author
/// of the contender.
pub type AuthorList<AccountId> = BoundedVec<AccountId, ConstU32<{ MAX_SEATS + 2 }>>;

/// Wall time and rounds in blocks. Values come from genesis and never change.
pub trait Timing {
	/// Returns the number of blocks in `ms` milliseconds, at least one.
	fn blocks(ms: u64) -> BlockNumber;
	/// Returns the lengths of a round's phases.
	fn rounds() -> RoundParams;
	/// Returns the number of blocks in which pay rises from nothing to all of an increment, after the weight of a domain has left 0.
	fn ramp() -> BlockNumber;
}

/// Registered domains.
pub trait Domains<AccountId> {
	/// Returns the immutable part of the record of `domain`.
	fn spec(domain: DomainId) -> Option<DomainSpec>;
	/// Returns the changing part of the record of `domain`.
	fn state(domain: DomainId) -> Option<DomainState<AccountId>>;
	/// Returns page `index` of the data of `domain`. The pages of opened segments follow those of the data published at activation.
	fn page(domain: DomainId, index: u32) -> Option<Page>;
	/// Returns the high-water mark of `domain` at this block, Q32 bits; 0 for an unknown domain. That of a domain with live evidence decays.
	fn high_water(domain: DomainId) -> Q32;
	/// Returns the encoded model of [`ModelRef::Linear`] or [`ModelRef::Constant`], whichever the initial champion is.
	fn baseline(domain: DomainId) -> Option<ModelBytes>;
	/// Counts a new open round of `domain`.
	///
	/// # Errors
	///
	/// Fails and changes nothing unless the domain takes commits.
	fn open_round(domain: DomainId) -> DispatchResult;
	/// Removes an open round of its domain from the count, once it has ended, and records its result. `backing` is the origin of
	/// the final sums; `None` if the round ended without them.
	fn close_round(round: RoundId, result: RoundResult, backing: Option<Backing>);
	/// Replaces the champion of `domain`, and applies the progress of the verdict. If the upper bound of the champion's error passes the
	/// target, the domain converges and its bounty is paid to the champion's author.
	fn crown(domain: DomainId, champion: Champion<AccountId>, progress: Progress);
	/// Returns the weight by which [`crown`](Domains::crown) can exceed what benchmarks measure with a domain that no server offers.
	fn crown_weight() -> Weight;
	/// Applies the progress of a verdict that keeps the champion: a carried bit that is paid.
	fn record_progress(domain: DomainId, high_water: Q32, carry: Q32);
}

/// Receives the champions of domains.
pub trait OnCrowned {
	/// Called when `model` has become the champion of `domain`. Its bytes are stored.
	fn crowned(domain: DomainId, model: &ModelRef);
	/// Returns the weight of the most expensive call of [`crowned`](OnCrowned::crowned).
	fn crowned_weight() -> Weight;
}

/// A chain on which nothing depends on champions.
impl OnCrowned for () {
	fn crowned(_: DomainId, _: &ModelRef) {}
	fn crowned_weight() -> Weight {
		Weight::zero()
	}
}

/// Listed offers of servers that answer requests for domains.
pub trait Offers<AccountId> {
	/// Returns `true` if `who` has a listed offer for `domain`.
	fn serves(who: &AccountId, domain: DomainId) -> bool;
	/// Adds `burned` plancks, the fee of a payment to a server of `domain`, to the demand of the domain.
	fn record_fee(domain: DomainId, burned: Balance);
}

/// A chain without servers.
impl<AccountId> Offers<AccountId> for () {
	fn serves(_: &AccountId, _: DomainId) -> bool {
		false
	}
	fn record_fee(_: DomainId, _: Balance) {}
}

/// Runs one model on one window or row inside the runtime. The result is final: no receipt can overrule it.
pub trait ModelRunner {
	/// Returns the outputs of the encoded `model` of `program` for `input`; see [`doin_scoring::answer()`]. Returns `None` if the bytes are
	/// no model of the program, or the input has another shape.
	fn run(program: &Program, model: &[u8], input: &[u8]) -> Option<Vec<i32>>;
	/// Returns the weight of the most expensive call of [`run`](ModelRunner::run) with an admitted model.
	fn run_weight() -> Weight;
}

/// Progress of a domain after a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
	/// High-water mark of the domain, Q32 bits. A verdict does not lower it: one below the mark at this block has no effect.
	pub high_water: Q32,
	/// Bits of the champion that later rounds pay, Q32 bits.
	pub carry: Q32,
	/// Upper bound U of the error sum of the champion.
	pub upper: u64,
}

/// Domains whose data grows by opened segments.
pub trait GrowingDomains {
	/// Appends the pages of opened segment `segment` to the data of `domain`, and ends a suspension.
	fn append(domain: DomainId, segment: u16, pages: Vec<Page>);
	/// Suspends `domain`: it takes no commits until a segment is appended.
	fn suspend(domain: DomainId);
	/// Burns `part` of the whole deposit of `domain`, at most the rest that earlier calls have left. Returns the burned amount in plancks.
	fn slash_deposit(domain: DomainId, part: Perbill) -> Balance;
}

/// Evidence of domains that comes after the commits, and the purse that pays for what sealed evidence proves. Domains whose evidence is not
/// awaited have no evidence source: all methods but [`retired`](EvidenceSource::retired) are called for awaited evidence only.
pub trait EvidenceSource {
	/// Checks that a domain with this record can get evidence.
	///
	/// # Errors
	///
	/// Fails if the stream of live evidence is unknown, or a round would take longer than its bars are kept, or than
	/// [`MAX_SPAN_MS`](doin_primitives::evidence::MAX_SPAN_MS).
	fn ensure_provided(spec: &DomainSpec) -> DispatchResult;
	/// Checks that a round of `domain` that opens now can get evidence.
	///
	/// # Errors
	///
	/// Fails if the domain is suspended or has no segment left, or if its stream is not paid for the bars of the round, or an earlier round
	/// uses them.
	fn ensure_open(domain: DomainId) -> DispatchResult;
	/// Asks for the evidence of `round`, whose commits have ended. [`OnEvidence`] reports it.
	///
	/// # Errors
	///
	/// Fails and changes nothing if the domain has no evidence left.
	fn request(round: RoundId) -> DispatchResult;
	/// Returns the first block in which the evidence of `round` is too late; `None` unless it is awaited.
	fn awaited_until(round: RoundId) -> Option<BlockNumber>;
	/// Returns `true` if the domain can be voted for: it has a segment left and its purse holds `least` plancks, or its stream is paid for
	/// the bars of a round.
	fn is_ready(domain: DomainId, least: Balance) -> bool;
	/// Returns the amount in the purse of `domain`, in plancks.
	fn purse(domain: DomainId) -> Balance;
	/// Burns `amount` of the purse of `domain`. Returns the burned amount in plancks.
	fn spend(round: RoundId, amount: Balance) -> Balance;
	/// Removes the evidence of `domain`, and releases its holds. Called when the domain is removed.
	fn retired(domain: DomainId);
	/// Returns the weight of the most expensive call of [`retired`](EvidenceSource::retired).
	fn retired_weight() -> Weight;
	/// Returns `true` if `evidence` of `domain` is kept for as long as a task can take. The bars of a stream expire, and false sums on
	/// bars that are gone could not be challenged.
	fn is_kept(domain: DomainId, evidence: EvidenceRef) -> bool;
	/// Returns the weight of reading a stream, by which [`ensure_provided`](EvidenceSource::ensure_provided),
	/// [`ensure_open`](EvidenceSource::ensure_open), [`request`](EvidenceSource::request), [`is_ready`](EvidenceSource::is_ready) and
	/// [`is_kept`](EvidenceSource::is_kept) can exceed what benchmarks measure with sealed evidence.
	fn stream_weight() -> Weight;
}

/// A chain without evidence that is awaited.
impl EvidenceSource for () {
	fn ensure_provided(_: &DomainSpec) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn ensure_open(_: DomainId) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn request(_: RoundId) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn awaited_until(_: RoundId) -> Option<BlockNumber> {
		None
	}
	fn is_ready(_: DomainId, _: Balance) -> bool {
		false
	}
	fn purse(_: DomainId) -> Balance {
		0
	}
	fn spend(_: RoundId, _: Balance) -> Balance {
		0
	}
	fn retired(_: DomainId) {}
	fn retired_weight() -> Weight {
		Weight::zero()
	}
	fn is_kept(_: DomainId, _: EvidenceRef) -> bool {
		true
	}
	fn stream_weight() -> Weight {
		Weight::zero()
	}
}

/// Receives the evidence of rounds, once for each request.
pub trait OnEvidence {
	/// Receives evidence that stands: the round takes reveals.
	fn stands(round: RoundId, evidence: EvidenceRef);
	/// Receives the end of a request without evidence: the round is void.
	fn failed(round: RoundId, reason: UnpaidReason);
	/// Returns the weight of the most expensive call of [`stands`](OnEvidence::stands).
	fn stands_weight() -> Weight;
	/// Returns the weight of the most expensive call of [`failed`](OnEvidence::failed).
	fn failed_weight() -> Weight;
}

/// A stream of bars at the current block. Bars have consecutive numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
	/// Number of the first bar that is kept.
	pub first: u64,
	/// Number of the first bar that is not complete on this chain: that has neither a value nor is known to be missing.
	pub next: u64,
	/// Number of the bar that is running by the clock of this block; at least `next`. Reporters know the bars before it, even where the
	/// chain does not know them yet.
	pub running: u64,
	/// Number of the first bar that the reporters are not paid for. The stream cannot stop before it.
	pub paid_until: u64,
	/// Number of complete bars that are kept.
	pub capacity: u32,
	/// Length of a bar in milliseconds; above 0.
	pub bar_ms: u64,
}

/// Bars of streams, which come into being while the chain runs.
///
/// A bar may be missing only against more than half of the stake: the right to make bars missing is a choice of evidence. An account
/// that can drop half of the windows of every chunk lets a model that equals the champion pass in most rounds. A bar should be longer
/// than a minute, since blocks and forks delay a commitment by as much.
pub trait Bars {
	/// Returns the state of `stream`; `None` for an unknown stream.
	fn stream(stream: u32) -> Option<Stream>;
	/// Returns the closes of the bars `bars` of `stream`, `None` for a bar that is missing. Returns `None` if one of them is not complete or
	/// not kept.
	fn closes(stream: u32, bars: Range<u64>) -> Option<Vec<Option<i64>>>;
	/// Returns the weight of [`stream`](Bars::stream).
	fn stream_weight() -> Weight;
	/// Returns the weight of [`closes`](Bars::closes) for `bars` bars.
	fn closes_weight(bars: u32) -> Weight;
}

/// Terms of a stream for the market of forecasts. They never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
	/// Values of a forecast; 0 for a stream without a market.
	pub horizon: u16,
	/// Bars of a batch.
	pub batch: u16,
	/// Bars of a season; 1 for none.
	pub season: u16,
	/// Size of an ordinary error of a forecast, in units.
	pub scale: u64,
	/// Domain whose champion is a reference of the market; `None` for none.
	pub domain: Option<DomainId>,
}

/// Terms of streams.
pub trait StreamTerms {
	/// Returns the terms of `stream`; `None` for an unknown stream.
	fn terms(stream: u32) -> Option<Terms>;
}

/// Champions of domains with live evidence, which forecast the stream that their evidence comes from.
pub trait Champions {
	/// Runs the champion of `domain` on the bars of `stream` before bar `bar`. Returns the champion, and what it forecasts from that bar on:
	/// changes from the last close, in units of the stream.
	///
	/// Returns `None` unless the evidence of the domain is `stream`, its models forecast the values of `horizon` bars or more, and the bars
	/// that they read are complete and kept.
	fn forecast(domain: DomainId, stream: u32, bar: u64, horizon: u16) -> Option<(ModelRef, Vec<i32>)>;
	/// Returns the weight of the most expensive call of [`forecast`](Champions::forecast).
	fn forecast_weight() -> Weight;
}

/// A chain without streams.
impl Bars for () {
	fn stream(_: u32) -> Option<Stream> {
		None
	}
	fn closes(_: u32, _: Range<u64>) -> Option<Vec<Option<i64>>> {
		None
	}
	fn stream_weight() -> Weight {
		Weight::zero()
	}
	fn closes_weight(_: u32) -> Weight {
		Weight::zero()
	}
}

/// Receives the batches of bars of streams.
pub trait OnBatch {
	/// Called when the bars `bars` of `stream` are complete, once for each batch, and at least one of them stands.
	fn on_batch(stream: u32, bars: Range<u64>);
	/// Returns the weight of the most expensive call of [`on_batch`](OnBatch::on_batch).
	fn on_batch_weight() -> Weight;
}

/// A chain on which nothing depends on bars.
impl OnBatch for () {
	fn on_batch(_: u32, _: Range<u64>) {}
	fn on_batch_weight() -> Weight {
		Weight::zero()
	}
}

/// Wall time.
pub trait Clock {
	/// Returns the milliseconds of Unix time at which the slot of this block began. In a hook this is later than the timestamp of the
	/// parent block, which the chain still has then.
	fn now_ms() -> u64;
}

/// Undecided rounds of domains.
pub trait UndecidedRounds {
	/// Returns the number of the earliest undecided round of `domain`; `None` if all of them are decided.
	fn earliest(domain: DomainId) -> Option<u32>;
}

/// Votes of accounts in referenda, which lock their coins.
pub trait Votes<AccountId> {
	/// Called before coins of `who` that a vote locks are paid to another account, or burned for what is minted to others. Ends all
	/// votes of `who`: the others can vote with the coins, and each coin counts once. Adds its weight to that of the block.
	fn end(who: &AccountId);
	/// Returns the weight of the most expensive call of [`end`](Votes::end). A call that ends votes charges it beforehand, so that a batch
	/// of such calls fits into a block.
	fn end_weight() -> Weight;
}

impl<AccountId> Votes<AccountId> for () {
	fn end(_: &AccountId) {}
	fn end_weight() -> Weight {
		Weight::zero()
	}
}

/// Voted weights of domains.
pub trait DomainWeights {
	/// Returns the weight of `domain` in parts per million; 0 without votes.
	fn weight(domain: DomainId) -> u32;
}

/// Receives domains whose weight has risen from 0, or fallen to 0.
pub trait OnWeightGained {
	/// Called when the weight of `domain` has risen from 0. Progress made before is not paid.
	fn weight_gained(domain: DomainId);
	/// Called when the weight of `domain` has fallen to 0: its voters have left or changed their votes, or it is not votable any more. Does
	/// nothing unless implemented.
	fn weight_lost(_domain: DomainId) {}
}

/// Decides which domains can be voted for.
pub trait Votable {
	/// Returns `true` if `domain` has an exact program, all data on the chain, evidence that can be minted for, and takes commits.
	fn votable(domain: DomainId) -> bool;
	/// Returns the weight by which [`votable`](Votable::votable) can exceed what benchmarks measure with domains whose evidence is not live.
	fn votable_weight() -> Weight;
}

/// The validators that vote on weights, and their active stake.
pub trait Electorate<AccountId> {
	/// Returns every active validator of this session with its stake.
	fn stakes() -> Vec<(AccountId, Balance)>;
	/// Returns `true` if `who` is an active validator.
	fn is_voter(who: &AccountId) -> bool;
}

/// VRF output of the parent block.
pub trait Entropy {
	/// Returns the output, or `None` for a block without one, which only delays draws.
	fn parent_vrf() -> Option<Hash>;
}

/// One false answer of a drawn evaluator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FalseAnswer<AccountId> {
	/// The evaluator.
	pub who: AccountId,
	/// Hash of the sums it revealed: equal hashes are evidence of collusion.
	pub sums: Hash,
}

/// A request to draw a quorum.
#[derive(Clone, Copy, Debug)]
pub struct DrawRequest<'a, AccountId> {
	/// Seed of the draw.
	pub seed: Hash,
	/// Domain of the models.
	pub domain: DomainId,
	/// Size class of the domain.
	pub class: SizeClass,
	/// `true` if the domain had weight when the task was requested: the quorum comes from the whole size class.
	pub weighted: bool,
	/// Block in which the draw was scheduled, before its first VRF output. Seats that were taken or raised in it or later are not
	/// drawn, so no account can change the roster when it knows the seed.
	pub fixed: BlockNumber,
	/// Number of seats that were [`available`](EvaluatorSet::available) when the draw was scheduled. It decides the size of the
	/// quorum, so no account can make the quorum smaller when it knows the seed.
	pub seats: u32,
	/// Accounts that are not drawn.
	pub exclude: &'a [AccountId],
}

/// Kind of an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
	/// The evaluator is at fault: the absence counts, for slash and reputation.
	Counted,
	/// The network is at fault, or the domain has no weight: the lowest slash only, and no effect on reputation.
	Excused,
}

/// Bonded evaluators: draws quorums from rosters, and applies the consequences of answers to bonds and reputation.
pub trait EvaluatorSet<AccountId> {
	/// Returns the number of seats of the roster that serves `domain`, without those of `exclude`.
	fn available(domain: DomainId, class: SizeClass, weighted: bool, exclude: &[AccountId]) -> u32;
	/// Draws a quorum. Returns an empty list if fewer than [`MIN_QUORUM`](doin_primitives::quorum::MIN_QUORUM) evaluators can be
	/// drawn.
	fn draw(request: DrawRequest<AccountId>) -> Vec<AccountId>;
	/// Returns `true` if `who` has a bond.
	fn is_bonded(who: &AccountId) -> bool;
	/// Records that an answer for a weighted domain is compared and correct: the slash of the evaluator's next absence starts at the lowest
	/// rate again.
	fn record_answer(who: &AccountId);
	/// Slashes a drawn evaluator that did not answer. A counted absence costs twice as much as the previous one in a row, an excused
	/// one always the lowest rate. Absences within [`RoundParams::absence_window`] of one that was slashed cost nothing more.
	fn record_absence(who: &AccountId, absence: Absence);
	/// Records that an answer for a weighted domain agreed with the final sums.
	fn record_agreement(who: &AccountId);
	/// Slashes evaluators of a quorum of `seats` seats that revealed false sums. A tenth of what is slashed, at most the smallest
	/// slash, goes to `challenger`, the rest is burned. Returns the amount that the challenger received.
	fn slash_false_answers(answers: &[FalseAnswer<AccountId>], seats: u32, challenger: Option<&AccountId>) -> Balance;
	/// Slashes drawn evaluators of a domain with a tolerance whose answers do not agree with the median of their quorum. Nothing proves
	/// that such an answer is false, so the slash is small, all of it is burned, and reputation does not change.
	fn slash_deviations(deviating: &[AccountId]);
}

/// A request for the chunk sums of a list of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecomputationRequest<AccountId> {
	/// Routes the result to the handler that sent the request.
	pub subject: Subject,
	/// Domain of the models.
	pub domain: DomainId,
	/// Size class of the domain.
	pub class: SizeClass,
	/// `true` if the domain has weight. It decides who is drawn, and which behaviour counts for reputation.
	pub weighted: bool,
	/// `true` if nothing is paid for having the runtime recompute the models, so that the task is void where no quorum evaluates
	/// it. Only for domains without weight.
	pub needs_quorum: bool,
	/// Models to evaluate.
	pub models: ModelList,
	/// Data that the models are evaluated on.
	pub evidence: EvidenceRef,
	/// Accounts that are not drawn.
	pub exclude: AuthorList<AccountId>,
}

/// The recomputation service: final chunk sums of a list of models, and the evaluators whose answers agreed with them.
pub trait Recompute<AccountId> {
	/// Opens a task that evaluates the models of `request` on windows or rows that nobody knows yet. The result arrives through
	/// [`OnRecomputed`].
	///
	/// # Errors
	///
	/// Fails and changes nothing if too many tasks are open, the list of models is empty, or the domain is unknown.
	fn request(request: RecomputationRequest<AccountId>) -> Result<TaskId, DispatchError>;
	/// Returns the number of bonded evaluators that serve `domain` now, without those of `exclude`. Each account of `exclude` is
	/// listed once.
	fn available(domain: DomainId, class: SizeClass, weighted: bool, exclude: &[AccountId]) -> u32;
	/// Returns the weight of having the runtime recompute every chunk of one model of `domain`.
	fn recompute_weight(domain: DomainId, class: SizeClass) -> Weight;
}

/// Result of a recomputation task.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Outcome<AccountId> {
	/// Seed of the drawn windows.
	pub seed: Hash,
	/// Final sums, in the order of the model list.
	pub sums: Sums,
	/// Division of the evaluators' pay: evaluators whose answers agreed with the final sums, and accounts that paid the runtime to
	/// recompute chunks.
	pub pay: PayShares<AccountId>,
	/// Division of a payment for recomputed chunks alone, in proportion to the chunks; empty where a quorum decided.
	pub recomputed: PayShares<AccountId>,
	/// Origin of the final sums.
	pub backing: Backing,
	/// Account that paid for the settlement, or for most of the chunks.
	pub settler: Option<AccountId>,
}

/// Reason for which a task ended without final sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum VoidReason {
	/// Too few evaluators were drawn or answered, and no account had the runtime recompute the sums, or could.
	#[codec(index = 0)]
	NoQuorum,
	/// A quorum answered, and no account settled its answers.
	#[codec(index = 1)]
	Unsettled,
	/// The domain has a tolerance, and half of the quorum or less agrees with the median of the answers.
	#[codec(index = 2)]
	NoAgreement,
}

/// Receives the end of recomputation tasks, each exactly once, from a hook, or from the call that finds that the answers of a task do not
/// agree. A tuple passes each call to the first member that
/// [`handles`](OnRecomputed::handles) the subject.
pub trait OnRecomputed<AccountId> {
	/// Returns `true` if the handler requested tasks of this kind of subject.
	fn handles(subject: &Subject) -> bool;
	/// Returns the index of the model that `sums` would crown: settling spot-checks its chunks. Reads only.
	fn leader(subject: &Subject, sums: &Sums) -> Option<u8>;
	/// Returns `true` if the result of a task can be recorded in this block; if not, it is offered again in the next one.
	fn ready(subject: &Subject) -> bool;
	/// Receives final sums.
	fn recomputed(subject: &Subject, outcome: Outcome<AccountId>);
	/// Receives the end of a task that is not decided.
	fn voided(subject: &Subject, reason: VoidReason);
	/// Returns the weight of the most expensive call of [`recomputed`](OnRecomputed::recomputed) or [`voided`](OnRecomputed::voided).
	fn weight() -> Weight;
}

#[impl_for_tuples(1, 8)]
impl<AccountId> OnRecomputed<AccountId> for Tuple {
	fn handles(subject: &Subject) -> bool {
		for_tuples!( #( if Tuple::handles(subject) { return true; } )* );
		false
	}

	fn leader(subject: &Subject, sums: &Sums) -> Option<u8> {
		for_tuples!( #( if Tuple::handles(subject) { return Tuple::leader(subject, sums); } )* );
		None
	}

	fn ready(subject: &Subject) -> bool {
		for_tuples!( #( if Tuple::handles(subject) { return Tuple::ready(subject); } )* );
		true
	}

	fn recomputed(subject: &Subject, outcome: Outcome<AccountId>) {
		for_tuples!( #( if Tuple::handles(subject) { return Tuple::recomputed(subject, outcome); } )* );
		let _unhandled = outcome;
		frame_support::defensive!("no handler for the subject of a finished recomputation task");
	}

	fn voided(subject: &Subject, reason: VoidReason) {
		for_tuples!( #( if Tuple::handles(subject) { return Tuple::voided(subject, reason); } )* );
		let _unhandled = reason;
		frame_support::defensive!("no handler for the subject of a void recomputation task");
	}

	fn weight() -> Weight {
		let mut weight = Weight::zero();
		for_tuples!( #( weight = weight.max(Tuple::weight()); )* );
		weight
	}
}

/// Bytes of submitted models.
pub trait Models {
	/// Returns the encoded model, while it is stored.
	fn bytes(model: ModelId) -> Option<ModelBytes>;
}

/// Reason for which a chunk cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreError {
	/// The domain does not exist.
	UnknownDomain,
	/// The model is not stored, or not any more.
	UnknownModel,
	/// The domain has fewer chunks.
	NoSuchChunk,
	/// A page of the series is missing.
	MissingPage,
	/// The model does not fit the program.
	IncompatibleModel,
	/// The evidence is not that of the domain, or a bar of it is not kept.
	NoSuchEvidence,
}

/// Evidence of a domain, and the seed that chooses from it.
#[derive(Clone, Copy, Debug)]
pub struct ChunkDraw<'a> {
	/// The domain.
	pub domain: DomainId,
	/// Data that the chunks are taken from.
	pub evidence: EvidenceRef,
	/// Seed of the draw.
	pub seed: &'a Hash,
}

/// Scores one chunk of one model inside the runtime. The result is final: no answer can overrule it.
pub trait ChunkScorer {
	/// Returns the error sum of `model` on chunk `index` of `evidence`: of the windows that `seed` draws, of the windows or rows of a segment
	/// that `seed` chooses, or of the validation split on `Public` evidence.
	///
	/// # Errors
	///
	/// Fails if the domain, the model, the chunk, the evidence or a page of data does not exist, or if the model does not fit the program.
	fn drawn_sum(draw: ChunkDraw, model: &ModelRef, index: u16) -> Result<u32, ScoreError>;
	/// Returns the error sum of `model` on chunk `index` of the validation split.
	///
	/// # Errors
	///
	/// As [`drawn_sum`](ChunkScorer::drawn_sum).
	fn validation_sum(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, ScoreError>;
	/// Returns the number of chunks that a model of `domain` is scored on.
	fn chunks(domain: DomainId) -> Option<u16>;
	/// Returns the tolerance of `domain` in parts per million if the runtime cannot score its models, so that the median of the answers of
	/// a quorum decides. `None` for all other domains.
	fn tolerance(domain: DomainId) -> Option<u32>;
	/// Returns the weight of scoring one chunk of one model of a size class.
	fn weight(class: SizeClass) -> Weight;
}

/// Behaviour of an evaluator, as far as reputation records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Behaviour {
	/// Its answer agreed with the final sums: +0.4.
	#[codec(index = 0)]
	Agreed,
	/// It was drawn and did not answer: −1.
	#[codec(index = 1)]
	Absent,
	/// Its answer was false: −2.
	#[codec(index = 2)]
	AnsweredFalsely,
	/// It signed two blocks or votes where one was due: −10.
	#[codec(index = 3)]
	Equivocated,
}

/// Reputation of evaluators.
pub trait Reputation<AccountId> {
	/// Returns `min(1, ln(1 + r) / ln 11)` in Q16, where r is the score.
	fn factor(who: &AccountId) -> u32;
	/// Returns `true` if the score is high enough to be drawn.
	fn is_eligible(who: &AccountId) -> bool;
	/// Returns the score at this block, in millionths.
	fn score(who: &AccountId) -> u32;
	/// Records a behaviour of `who`.
	fn record(who: &AccountId, behaviour: Behaviour);
}

/// One verified improvement that waits for work blocks to pay it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct QueuedImprovement<AccountId> {
	/// Round that earned it.
	pub round: RoundId,
	/// Effective improvement, Q32 bits; above 0.
	pub effective: Q32,
	/// Author of the model.
	pub optimizer: AccountId,
	/// Division of the evaluators' pay among the accounts that verified it.
	pub evaluators: PayShares<AccountId>,
	/// Origin of the sums that decided it.
	pub backing: Backing,
}

/// The queue of verified improvement.
pub trait Work<AccountId> {
	/// Returns the number of free places in the queue.
	fn free_places() -> u32;
	/// Appends `improvement` to the queue. Callers check [`free_places`](Work::free_places) first.
	fn enqueue(improvement: QueuedImprovement<AccountId>);
	/// Returns the reward R of the next work block, in plancks.
	fn reward() -> Balance;
	/// Returns the amount that the next work block mints for `effective` bits, in plancks, without the limit on the supply: the reward R per
	/// threshold T of effective improvement.
	fn price(effective: Q32) -> Balance;
	/// Mints the pay of `improvement` at once, at [`price`](Work::price) and not more than `most` plancks, outside the queue. For improvements
	/// whose pay a purse covers: the caller burns what was minted, so neither the supply, the difficulty nor the share of others changes.
	fn pay(improvement: QueuedImprovement<AccountId>, most: Balance) -> Payment;
}

/// Pay of an improvement outside the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payment {
	/// Part of the effective improvement that was paid, Q32 bits.
	pub effective: Q32,
	/// Amount that was minted, in plancks.
	pub minted: Balance,
}

/// Prices at the base fee of this block.
pub trait BaseFee {
	/// Returns the fee of a call of this weight and encoded length, in plancks.
	fn fee(weight: Weight, len: u32) -> Balance;
	/// Returns the base fee, in plancks per gas.
	fn base_fee() -> Balance;
}

/// The validators' share of an era.
pub trait EraShare {
	/// Returns the amount that accrued since the last call, in plancks, and resets it. The pot holds the amount.
	fn take() -> Balance;
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_support::parameter_types;

	parameter_types! {
		pub static Voided: u32 = 0;
	}

	struct Ignores;
	struct Handles;

	impl OnRecomputed<u64> for Ignores {
		fn handles(_: &Subject) -> bool {
			false
		}
		fn leader(_: &Subject, _: &Sums) -> Option<u8> {
			Some(1)
		}
		fn ready(_: &Subject) -> bool {
			false
		}
		fn recomputed(_: &Subject, _: Outcome<u64>) {
			unreachable!("a foreign subject")
		}
		fn voided(_: &Subject, _: VoidReason) {
			unreachable!("a foreign subject")
		}
		fn weight() -> Weight {
			Weight::from_parts(9, 1)
		}
	}

	impl OnRecomputed<u64> for Handles {
		fn handles(_: &Subject) -> bool {
			true
		}
		fn leader(_: &Subject, _: &Sums) -> Option<u8> {
			Some(2)
		}
		fn ready(_: &Subject) -> bool {
			true
		}
		fn recomputed(_: &Subject, _: Outcome<u64>) {}
		fn voided(_: &Subject, _: VoidReason) {
			Voided::mutate(|count| *count += 1);
		}
		fn weight() -> Weight {
			Weight::from_parts(3, 5)
		}
	}

	#[test]
	fn a_tuple_passes_a_result_to_the_handler_of_its_subject() {
		type Both = (Ignores, Handles);
		let subject = Subject::Round(RoundId { domain: 1, number: 2 });
		assert!(<Both as OnRecomputed<u64>>::ready(&subject));
		assert_eq!(<Both as OnRecomputed<u64>>::leader(&subject, &Sums::new()), Some(2));
		<Both as OnRecomputed<u64>>::voided(&subject, VoidReason::Unsettled);
		assert_eq!(Voided::get(), 1);
		assert_eq!(<Both as OnRecomputed<u64>>::weight(), Weight::from_parts(9, 5));
		assert!(!<(Ignores,) as OnRecomputed<u64>>::handles(&subject));
	}
}
