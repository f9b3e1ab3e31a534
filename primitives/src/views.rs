//! Views: what runtime APIs return and the RPC serialises, one type per method. In JSON amounts and Q32 numbers are decimal strings,
//! since JavaScript numbers are exact up to 2⁵³ only, and hashes are hex with `0x`.

use crate::{
	channel::{ChannelId, Key},
	genome::fingerprint,
	json::HexHash,
	oracle::{PollId, StreamId},
	settlement::Backing,
	Balance, BlockNumber, DomainId, EvidenceKind, EvidenceRef, Hash, LastRound, ModelRef, ProgramKind, RoundId, SeatStatus,
	SizeClass, Status, Subject, TaskId, Q32,
};
use alloc::{string::String, vec::Vec};
use codec::{Decode, Encode};
use doin_scoring::{
	genome::{formula::formula, json},
	Genome, Model,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use serde_with::{As, DisplayFromStr};

/// A domain in a listing, and at the head of its full record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainView<AccountId> {
	/// Identifier of the domain.
	pub id: DomainId,
	/// Display name.
	pub name: String,
	/// Unit of one raw value, e.g. `0.01 ppm`.
	pub unit: String,
	/// Kind of its program.
	pub program: ProgramKind,
	/// Kind of its evidence.
	pub evidence: EvidenceKind,
	/// Status in its life cycle.
	pub status: Status,
	/// Account that registered it.
	pub owner: AccountId,
	/// Voted weight, in parts per million.
	pub weight: u32,
	/// High-water mark at this block: best progress so far below the initial champion, Q32 bits. That of a domain with live evidence
	/// decays.
	#[serde(with = "As::<DisplayFromStr>")]
	pub high_water: Q32,
	/// Least relative improvement of a new champion, in parts per million.
	pub min_improvement: u32,
	/// Loss at which the domain converges, where 2²⁰ is the initial champion's; 0 for never.
	pub target: u32,
	/// Bounty of the author that reaches the target in this or a later round, in plancks. Donations whose withdrawal is announced
	/// are not included.
	#[serde(with = "As::<DisplayFromStr>")]
	pub bounty: Balance,
	/// Size class of its chunks.
	pub class: SizeClass,
	/// The round that ended last, with the reason if it was not paid; `None` before the first one.
	pub last_round: Option<LastRound>,
	/// Licence of the data, an SPDX identifier; empty if none was stated.
	pub licence: String,
	/// Progress of the champion that later rounds pay, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub carry: Q32,
	/// Error sum of the initial champion on the validation split.
	#[serde(with = "As::<DisplayFromStr>")]
	pub initial_validation_error: u64,
	/// Error sum on the validation split that a reveal has to undercut, except on public evidence.
	#[serde(with = "As::<DisplayFromStr>")]
	pub bar: u64,
	/// Block in which the weight last rose from 0. Pay ramps up from there; see [`ramp`](crate::evidence::ramp).
	pub weight_since: BlockNumber,
}

/// Evidence of a domain that comes after the commits of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceView<AccountId> {
	/// Account that owns the domain, its segments and its purse.
	pub owner: AccountId,
	/// Rows, or steps of a series, of one segment.
	pub units: u32,
	/// Bytes of one segment.
	pub segment_bytes: u32,
	/// Amount that a seat stakes, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub stake: Balance,
	/// Number of segments whose hashes are on the chain.
	pub sealed: u16,
	/// Number of segments that are opened. The next one to open has this index.
	pub opened: u16,
	/// Amount that is left in the purse, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub purse: Balance,
	/// Amount that the purse has paid for, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub spent: Balance,
	/// Round that waits for the next segment.
	pub awaited: Option<RoundId>,
	/// First block in which it is too late to open the segment.
	pub awaited_until: Option<BlockNumber>,
	/// Block from which the domain takes no commits, because a segment was not opened in time.
	pub suspended: Option<BlockNumber>,
}

/// The best model of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChampionView<AccountId> {
	/// Reference of the model.
	pub model: ModelRef,
	/// Account that submitted it; `None` for a baseline.
	pub author: Option<AccountId>,
	/// Round that crowned it; `None` for the initial champion.
	pub round: Option<RoundId>,
	/// Block of its verdict.
	pub block: BlockNumber,
	/// Error sum on the windows of the round that crowned it.
	#[serde(with = "As::<DisplayFromStr>")]
	pub error: u64,
	/// Error sum of the initial champion on the same windows.
	#[serde(with = "As::<DisplayFromStr>")]
	pub initial_error: u64,
	/// `error · 2²⁰ / initial_error`: lower is better, 2²⁰ is the initial champion.
	pub loss: u64,
	/// Error sum on the validation split.
	#[serde(with = "As::<DisplayFromStr>")]
	pub validation_error: u64,
	/// Genes that it was trained with, in the order of the search space.
	pub genes: Vec<i64>,
	/// Size of the encoded model, in bytes.
	pub bytes: u32,
}

/// A loss genome as people read and compare it. The node computes it from the bytes of a model, so no runtime API returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenomeView {
	/// Lines of the formula, in which `y` is one for the actual class and zero for the others, and `s` are the scores of the net.
	pub formula: Vec<String>,
	/// List of the seed, `[[opcode, operand, …], …]`, as text.
	pub list: String,
	/// Hash of loss and gradient on the probe. Genomes with equal fingerprints are equal functions there.
	#[serde(with = "As::<HexHash>")]
	pub fingerprint: Hash,
}

impl GenomeView {
	/// Returns the view of an encoded model, or `None` for a model that is not a loss genome.
	pub fn of_model(bytes: &[u8]) -> Option<Self> {
		match Model::is_genome(bytes).then(|| Model::from_bytes(bytes))? {
			Ok(Model::Genome(genome)) => Some(Self::from(&genome)),
			_ => None,
		}
	}
}

impl From<&Genome> for GenomeView {
	fn from(genome: &Genome) -> Self {
		Self {
			formula: formula(genome).lines().map(String::from).collect(),
			list: json::print(genome),
			fingerprint: fingerprint(genome),
		}
	}
}

/// One seat of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatView<AccountId> {
	/// Account that committed.
	pub who: AccountId,
	/// Commitment of the account.
	#[serde(with = "As::<HexHash>")]
	pub commitment: Hash,
	/// State of the seat.
	pub status: SeatStatus,
	/// Model of the seat, once revealed.
	pub model: Option<ModelRef>,
	/// Fee of the seat, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub fee: Balance,
}

/// A round of optimization and its place on the domain's grid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundView<AccountId> {
	/// Identifier of the round.
	pub round: RoundId,
	/// Phase of the round at this block: that of the grid of the domain, except for a round with evidence that is awaited.
	pub phase: crate::round::Phase,
	/// First block after this phase.
	pub phase_end: BlockNumber,
	/// First block in which the evidence of the round is too late; `None` unless it is awaited.
	pub awaited_until: Option<BlockNumber>,
	/// Data that the round is evaluated on, once it exists.
	pub evidence: Option<EvidenceRef>,
	/// Amount that a seat stakes, in plancks; 0 unless the evidence is sealed.
	#[serde(with = "As::<DisplayFromStr>")]
	pub stake: Balance,
	/// First block in which this round's reveals are taken. While evidence is awaited, an estimate: the last possible block.
	pub reveal_from: BlockNumber,
	/// First block in which this round's reveals are not taken any more.
	pub reveal_until: BlockNumber,
	/// Fee of the next seat, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub next_seat_fee: Balance,
	/// Hold of the next seat, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub seat_hold: Balance,
	/// Seats in order of commit.
	pub seats: Vec<SeatView<AccountId>>,
	/// Contender: a near miss of earlier rounds that is evaluated again.
	pub contender: Option<ModelRef>,
}

/// Phase of a recomputation.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum RecomputationPhase {
	/// Waits for VRF outputs, before evaluators and windows are drawn.
	Drawing,
	/// Takes commitments of the drawn evaluators.
	Answering,
	/// Takes their sums.
	Revealing,
	/// Waits for a call of `settle`.
	Settling,
	/// No quorum answered: waits for calls of `recompute`, which anybody may send.
	Recomputing,
	/// The settled sums can be challenged until the phase ends.
	Challenge,
}

/// A drawn evaluator of a task.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluatorSeatView<AccountId> {
	/// Account of the evaluator.
	pub who: AccountId,
	/// `true` once its commitment is stored.
	pub committed: bool,
	/// `true` once its sums are revealed.
	pub revealed: bool,
}

/// A recomputation task that is not final.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecomputationView<AccountId> {
	/// Identifier of the task, which the calls of pallet `recomputation` take.
	pub task: TaskId,
	/// Purpose of the task, e.g. the verdict of a round.
	pub subject: Subject,
	/// Domain whose models are evaluated.
	pub domain: DomainId,
	/// Its phase.
	pub phase: RecomputationPhase,
	/// First block after this phase; the time-out in `Settling` and `Recomputing`.
	pub phase_end: BlockNumber,
	/// Seed of the windows, once drawn.
	#[serde(with = "As::<Option<HexHash>>", default)]
	pub seed: Option<Hash>,
	/// Models to evaluate, in the order of the sums: initial champion, champion, contender, candidates, each once.
	pub models: Vec<ModelRef>,
	/// Data that the models are evaluated on.
	pub evidence: EvidenceRef,
	/// Size class that `settle` and `recompute` have to be called with.
	pub class: SizeClass,
	/// Drawn evaluators.
	pub seats: Vec<EvaluatorSeatView<AccountId>>,
	/// Error sums per model and chunk, once settled; empty before.
	pub sums: Vec<Vec<u32>>,
}

/// A verified improvement in the work queue.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkEntryView<AccountId> {
	/// Round that earned it.
	pub round: RoundId,
	/// Effective improvement that no work block has taken yet, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub effective: Q32,
	/// Account that submitted the model.
	pub optimizer: AccountId,
	/// Accounts that verified it.
	pub evaluators: Vec<AccountId>,
	/// Origin of the sums that decided it.
	pub backing: Backing,
}

/// A sealed work block.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct SealView {
	/// Number of the work block, from 1.
	pub work_block: u64,
	/// Block that sealed it.
	pub block: BlockNumber,
	/// Effective improvement that it took, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub taken: Q32,
	/// Minted in total, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub minted: Balance,
	/// Minted to optimizers, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub optimizers: Balance,
	/// Minted to evaluators, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub evaluators: Balance,
	/// Minted into the pot of era payouts, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub validators: Balance,
}

/// State of proof of optimization.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkView<AccountId> {
	/// Work blocks sealed so far.
	pub work_blocks: u64,
	/// Threshold T of the next work block, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub threshold: Q32,
	/// Effective improvement in the queue, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub queued: Q32,
	/// Reward R of a full next work block, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub reward: Balance,
	/// Minted by all work blocks so far, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub mined: Balance,
	/// Part of `mined` for improvements that a quorum of evaluators recomputed, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub backed_by_quorum: Balance,
	/// Part of `mined` for improvements that the runtime itself computed, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub backed_by_runtime: Balance,
	/// Share of everything ever minted that is backed by recomputed work, in parts per million: `(backed_by_quorum +
	/// backed_by_runtime) / mined`. One million before the first work block.
	pub backed_share: u32,
	/// Validators' share that accrued in this era, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub era_accrual: Balance,
	/// First entries of the queue, at most 32.
	pub queue: Vec<WorkEntryView<AccountId>>,
	/// A sealed work block.
	pub last_seal: Option<SealView>,
}

/// State of the fee market.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeMarketView {
	/// Plancks per gas (one microsecond of reference time).
	#[serde(with = "As::<DisplayFromStr>")]
	pub base_fee: Balance,
	/// Fullness of the last block, in parts per million of the Normal class.
	pub fullness: u32,
	/// Lowest base fee, in plancks per gas.
	#[serde(with = "As::<DisplayFromStr>")]
	pub floor: Balance,
	/// Highest base fee, in plancks per gas.
	#[serde(with = "As::<DisplayFromStr>")]
	pub ceiling: Balance,
	/// Base fees burned since genesis, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub burned: Balance,
}

/// Reputation and record of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReputationView {
	/// Score at this block, in millionths; 3 000 000 is neutral.
	pub score: u32,
	/// `true` if the score allows the account to be drawn as an evaluator.
	pub eligible: bool,
	/// Bond as an evaluator, in plancks; 0 without one.
	#[serde(with = "As::<DisplayFromStr>")]
	pub bond: Balance,
	/// Candidates that became champion.
	pub accepted: u32,
	/// Candidates that did not.
	pub rejected: u32,
	/// Seats never revealed.
	pub forfeited: u32,
}

/// A stream of bars.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamView<AccountId> {
	/// Identifier of the stream.
	pub id: StreamId,
	/// Name of what is measured.
	pub symbol: String,
	/// Unit of a value.
	pub unit: String,
	/// Definition of a value.
	pub source: String,
	/// Length of a bar in milliseconds. Bar n covers the milliseconds `n · bar_ms` to `(n + 1) · bar_ms` of Unix time.
	pub bar_ms: u64,
	/// Bars of a batch.
	pub batch: u16,
	/// Names of the values of a bar, in their order.
	pub fields: Vec<String>,
	/// Number of complete bars that are kept.
	pub kept: u32,
	/// Bars of a season; 1 for none.
	pub season: u16,
	/// Size of an ordinary error of a forecast, in units.
	pub scale: u64,
	/// Values of a forecast; 0 for a stream without a market of forecasts.
	pub horizon: u16,
	/// Fee of the reporters for one batch, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub fee: Balance,
	/// Domain whose champion forecasts the stream.
	pub domain: Option<DomainId>,
	/// Account that registered it.
	pub owner: AccountId,
	/// Amount from which the reporters are paid, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub pot: Balance,
	/// `true` while its bars are asked for.
	pub awake: bool,
	/// Number of its first bar; 0 before it has one.
	pub start: u64,
	/// Number of the first bar that is kept.
	pub first: u64,
	/// Number of the first bar that is not complete on the chain.
	pub next: u64,
	/// Number of the bar that is running by the clock of the block.
	pub running: u64,
	/// Number of the first bar that the reporters are not paid for.
	pub paid_until: u64,
}

/// Complete bars of a stream, cut to those that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BarsView {
	/// Number of the first of these bars.
	pub first: u64,
	/// Values of the bars, in the order of the stream's fields; `None` for a missing bar.
	pub bars: Vec<Option<Vec<i64>>>,
}

/// Batch of a stream that a poll asks for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchView {
	/// The stream.
	pub stream: StreamId,
	/// Number of its first bar.
	pub first: u64,
	/// Number of its bars.
	pub bars: u16,
}

/// A reporter of a poll.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReporterView<AccountId> {
	/// Account of the validator.
	pub who: AccountId,
	/// Its stake, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub stake: Balance,
	/// `true` once it has committed in this poll.
	pub committed: bool,
	/// `true` once it has revealed in this poll.
	pub revealed: bool,
	/// Closed polls in which it has revealed.
	pub polls: u32,
	/// Closed polls in which it has committed and not revealed.
	pub unrevealed: u32,
	/// Bars of closed polls for which it shared in the fee.
	#[serde(with = "As::<DisplayFromStr>")]
	pub within: u64,
	/// Bars of closed polls that it reported with another value.
	#[serde(with = "As::<DisplayFromStr>")]
	pub outside: u64,
}

/// The last poll of the reporters.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PollView<AccountId> {
	/// Number of the poll; 0 before the first one.
	pub id: PollId,
	/// `true` until all its batches are counted.
	pub is_open: bool,
	/// First block in which commitments are not taken any more.
	pub commits_until: BlockNumber,
	/// First block in which reveals are not taken any more.
	pub reveals_until: BlockNumber,
	/// Batches that are not counted yet.
	pub batches: Vec<BatchView>,
	/// Reporters of an open poll, with their records.
	pub reporters: Vec<ReporterView<AccountId>>,
}

/// Phase of a round of forecasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum ForecastPhase {
	/// Takes commitments.
	Committing,
	/// Waits for its bars.
	Waiting,
	/// Takes reveals.
	Revealing,
	/// Its seats are paid one after another.
	Closed,
	/// Too few of its bars stand: its seats are returned one after another.
	Void,
}

/// Forecast without skill that a round is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ForecastReference {
	/// No change.
	RepeatLast,
	/// The mean change per bar since the oldest close that is kept goes on.
	Drift,
	/// Halfway from the zero to the mean of the last 1 024 closes.
	HalfwayToMean,
	/// The closes of the season before.
	SeasonBefore,
	/// The champion of the stream's live domain.
	Champion,
}

/// A round of forecasts of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecastRoundView {
	/// Identifier of the round; its domain is the stream.
	pub id: RoundId,
	/// Its phase.
	pub phase: ForecastPhase,
	/// First block in which it takes no commitments or reveals any more; `None` in the other phases.
	pub until: Option<BlockNumber>,
	/// Number of the first bar after its input: forecasters know the bars before it.
	pub input_end: u64,
	/// Number of the first bar of its zero; `None` unless it waits for its bars.
	pub zero_bar: Option<u64>,
	/// Number of the first bar after its horizon; `None` unless it waits for its bars.
	pub horizon_end: Option<u64>,
	/// Its zero, in units of the stream; `None` unless it takes reveals.
	pub zero: Option<i64>,
	/// Reference that its forecasts are compared with.
	pub reference: ForecastReference,
	/// Seats that were taken.
	pub seats: u32,
	/// Sum of their wagers, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub wagers: Balance,
	/// Smallest wager that takes a seat, in plancks: in a full round, twice the smallest one. `None` unless it takes commitments.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	pub least_wager: Option<Balance>,
	/// Amount in the pot of the market, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub pot: Balance,
	/// Factor of gains, Q32; `None` unless it is closed.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	pub factor: Option<Q32>,
}

/// A seat of a round of forecasts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecastSeatView<AccountId> {
	/// Account of the forecaster.
	pub who: AccountId,
	/// Its wager, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub wager: Balance,
	/// Its commitment.
	#[serde(with = "As::<HexHash>")]
	pub commitment: Hash,
	/// Its skill, Q32; `None` until it is revealed.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	pub skill: Option<i64>,
}

/// A round of forecasts with its seats.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecastSeatsView<AccountId> {
	/// The round.
	pub round: ForecastRoundView,
	/// Seats that are not collected, in the order in which they were taken.
	pub seats: Vec<ForecastSeatView<AccountId>>,
}

/// A forecaster of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecasterView<AccountId> {
	/// Its account.
	pub who: AccountId,
	/// Running average of its skill, Q32; a standing below 0 is shown as 0.
	#[serde(with = "As::<DisplayFromStr>")]
	pub standing: i64,
	/// Lower bound L of its skill, Q32: that of the terms that a claim counts or, before the first vote for the stream, of those since
	/// its first round. `None` without a complete term.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	pub bound: Option<i64>,
	/// Increment that a claim would add to the mark at this block, Q32 bits; 0 if it is too small, or the stream has no weight.
	#[serde(with = "As::<DisplayFromStr>")]
	pub increment: Q32,
	/// Its seats that are not collected.
	pub seats: u32,
}

/// Market of a stream, with its forecasters of the largest standing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardView<AccountId> {
	/// The stream.
	pub stream: StreamId,
	/// Amount in the pot of the market, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub pot: Balance,
	/// Rounds that were opened.
	pub rounds: u32,
	/// Rounds that are neither closed nor void.
	pub open: u32,
	/// Voted weight of the stream, in parts per million.
	pub weight: u32,
	/// Mark of the stream at this block: progress that its records have been paid for, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub mark: Q32,
	/// Forecasters, the largest standing first; equal ones in the order of their accounts.
	pub forecasters: Vec<ForecasterView<AccountId>>,
}

/// Record of one account in the market of a stream, and what its rounds and claims depend on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketRecordView<AccountId> {
	/// The stream.
	pub stream: StreamId,
	/// Rounds that were opened.
	pub rounds: u32,
	/// Blocks in which a round takes commitments.
	pub commit_blocks: BlockNumber,
	/// Voted weight of the stream, in parts per million.
	pub weight: u32,
	/// Mark of the stream at this block: progress that its records have been paid for, Q32 bits.
	#[serde(with = "As::<DisplayFromStr>")]
	pub mark: Q32,
	/// The record; `None` for an account that has not staked on the stream, or has left.
	pub forecaster: Option<ForecasterView<AccountId>>,
}

/// An open payment channel.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelView<AccountId> {
	/// Identifier of the channel: the hash of its contract.
	#[serde(with = "As::<HexHash>")]
	pub id: ChannelId,
	/// Account that pays.
	pub payer: AccountId,
	/// Account that is paid.
	pub payee: AccountId,
	/// Key that signs vouchers.
	#[serde(with = "As::<HexHash>")]
	pub key: Key,
	/// Counter of the contract.
	#[serde(with = "As::<DisplayFromStr>")]
	pub counter: u64,
	/// Amount that it can pay in all, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub deposit: Balance,
	/// Amount that it has paid, in plancks, the burned fee included.
	#[serde(with = "As::<DisplayFromStr>")]
	pub paid: Balance,
	/// First block in which it cannot be topped up any more.
	pub expires: BlockNumber,
	/// First block in which any account can finish it.
	pub ends: BlockNumber,
	/// `true` once the payer has closed it.
	pub closing: bool,
	/// Domain whose demand its fees count for, while the payee serves it; `None` for none.
	pub domain: Option<DomainId>,
}

/// A listed offer of a server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferView<AccountId> {
	/// Account of the server, which is paid.
	pub who: AccountId,
	/// Key that signs receipts.
	#[serde(with = "As::<HexHash>")]
	pub key: Key,
	/// Price of one window, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub price: Balance,
	/// Address of the server.
	pub endpoint: String,
	/// Bond that a false answer takes, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub bond: Balance,
	/// First block that a receipt can name.
	pub since: BlockNumber,
}

/// Paid demand of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DemandView {
	/// The domain.
	pub domain: DomainId,
	/// Burned fees of the channels that pay its servers, in plancks, each halved every 7 days.
	#[serde(with = "As::<DisplayFromStr>")]
	pub demand: u64,
	/// Number of listed offers.
	pub offers: u32,
	/// Voted weight, in parts per million. Demand does not change it.
	pub weight: u32,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{RoundResult, UnpaidReason};

	#[test]
	fn hashes_are_hex_and_amounts_are_strings_in_json() {
		let seat = SeatView { who: 1u8, commitment: [0xab; 32], status: SeatStatus::Committed, model: None, fee: Balance::MAX };
		let json = serde_json::to_value(&seat).unwrap();
		assert_eq!(json["commitment"], serde_json::json!(alloc::format!("0x{}", "ab".repeat(32))));
		assert_eq!(json["fee"], serde_json::json!("340282366920938463463374607431768211455"));
		assert_eq!(serde_json::from_value::<SeatView<u8>>(json).unwrap(), seat);
	}

	#[test]
	fn a_result_of_a_round_names_its_reason() {
		let json = |result| serde_json::to_value(LastRound { number: 5, block: 90, result }).unwrap();
		let paid = json(RoundResult::Paid { effective: 1 << 60 });
		assert_eq!(paid["result"], serde_json::json!({ "paid": { "effective": (1u64 << 60).to_string() } }));
		let unpaid = json(RoundResult::Unpaid(UnpaidReason::BelowHighWater));
		assert_eq!(unpaid["result"], serde_json::json!({ "unpaid": "belowHighWater" }));
		for value in [paid, unpaid] {
			assert_eq!(serde_json::to_value(serde_json::from_value::<LastRound>(value.clone()).unwrap()).unwrap(), value);
		}
	}

	#[test]
	fn a_bound_below_zero_is_a_string_and_a_missing_one_is_null() {
		let mut view = ForecasterView { who: 1u8, standing: 5, bound: Some(-7), increment: 1 << 60, seats: 2 };
		let mut json = serde_json::to_value(&view).unwrap();
		let increment = (1u64 << 60).to_string();
		assert_eq!(json, serde_json::json!({ "who": 1, "standing": "5", "bound": "-7", "increment": increment, "seats": 2 }));
		assert_eq!(serde_json::from_value::<ForecasterView<u8>>(json.clone()).unwrap(), view);
		view.bound = None;
		json["bound"] = serde_json::Value::Null;
		assert_eq!(serde_json::to_value(&view).unwrap(), json);
		assert_eq!(serde_json::from_value::<ForecasterView<u8>>(json).unwrap(), view);
	}

	#[test]
	fn a_missing_hash_is_null_and_a_short_one_is_refused() {
		let mut view = RecomputationView::<u8> {
			task: 7,
			subject: Subject::Round(RoundId { domain: 1, number: 2 }),
			domain: 1,
			phase: RecomputationPhase::Drawing,
			phase_end: 3,
			seed: None,
			models: Vec::new(),
			evidence: EvidenceRef::Drawn,
			class: SizeClass::Small,
			seats: Vec::new(),
			sums: Vec::new(),
		};
		let mut json = serde_json::to_value(&view).unwrap();
		assert!(json["seed"].is_null());
		assert_eq!(serde_json::from_value::<RecomputationView<u8>>(json.clone()).unwrap(), view);
		json["seed"] = serde_json::json!("0x01");
		assert!(serde_json::from_value::<RecomputationView<u8>>(json.clone()).is_err());
		view.seed = Some([1; 32]);
		json["seed"] = serde_json::json!(alloc::format!("0x{}", "01".repeat(32)));
		assert_eq!(serde_json::from_value::<RecomputationView<u8>>(json).unwrap(), view);
	}
}
