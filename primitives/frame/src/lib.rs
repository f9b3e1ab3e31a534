//! What stands between the pallets: traits, the runtime API and the bounded deadline agenda.
//!
//! Pallets never depend on pallets. Calls go down by extrinsic (`optimae → quorum`, both read `domains`, `gauge`, `reputation`), verdicts
//! come up ([`OnRecomputed`]: `quorum → optimae → domains, work`); `gauge`, `reputation`, `work` and `fee-market` call nobody.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agenda;
pub mod apis;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	domain::{Champion, DomainState, ModelBytes, Page},
	payload::Sums,
	quorum::MAX_QUORUM,
	round::{MAX_MODELS, MAX_SEATS},
	Balance, BlockNumber, DomainId, DomainSpec, Hash, ModelId, ModelRef, RoundId, RoundParams, SizeClass, Q32,
};
use frame_support::{dispatch::DispatchResult, weights::Weight};
use scale_info::TypeInfo;

/// Models of one recomputation, each once: the initial champion, the champion, the contender, then the candidates in order of their seats.
pub type ModelList = BoundedVec<ModelRef, ConstU32<MAX_MODELS>>;
/// Accounts that took part in a round as optimizers.
pub type Authors<AccountId> = BoundedVec<AccountId, ConstU32<MAX_SEATS>>;
/// Accounts that answered as evaluators.
pub type Evaluators<AccountId> = BoundedVec<AccountId, ConstU32<MAX_QUORUM>>;

/// Wall time and rounds in blocks. Values come from genesis and never change.
pub trait Timing {
	/// Blocks in `ms` milliseconds, at least one.
	fn blocks(ms: u64) -> BlockNumber;
	/// Lengths of a round's phases.
	fn rounds() -> RoundParams;
}

/// The record of domains.
pub trait Domains<AccountId> {
	/// The immutable part.
	fn spec(domain: DomainId) -> Option<DomainSpec>;
	/// The changing part.
	fn state(domain: DomainId) -> Option<DomainState<AccountId>>;
	/// One page of the series.
	fn page(domain: DomainId, index: u32) -> Option<Page>;
	/// A round opens. Fails, changing nothing, unless the domain takes commits.
	fn enter(domain: DomainId) -> DispatchResult;
	/// A round that had entered is decided or void.
	fn leave(domain: DomainId);
	/// Puts a new champion on a domain and raises its high-water mark to `high_water`. `upper` is the upper bound U of its error: when it
	/// passes the target, the domain converges and its bounty goes to the champion's author.
	fn crown(domain: DomainId, champion: Champion<AccountId>, high_water: Q32, upper: u64);
}

/// Voted weights.
pub trait Gauge {
	/// Weight of a domain in parts per million; 0 when nobody voted for it.
	fn weight(domain: DomainId) -> u32;
}

/// Told by the gauge when a domain's weight rises from 0: what was found before is not paid.
pub trait OnWeighed {
	/// `domain` weighs more than 0 from now on.
	fn left_zero(domain: DomainId);
}

/// Why a domain may weigh more than 0, or may not.
pub trait Votable {
	/// Whether only the votes are missing: an exact program, all data on-chain, evidence other than `public`, and taking commits.
	fn votable(domain: DomainId) -> bool;
}

/// The validators that vote weights, and their active stake.
pub trait Electorate<AccountId> {
	/// Stake of every active validator in this session.
	fn stakes() -> alloc::vec::Vec<(AccountId, Balance)>;
	/// Whether `who` is an active validator.
	fn is_voter(who: &AccountId) -> bool;
}

/// The parent block's VRF output.
pub trait Entropy {
	/// `None` for a block without VRF, which only delays draws.
	fn parent_vrf() -> Option<Hash>;
}

/// A recomputation service: true chunk sums of a list of models, and who told the truth.
pub trait Recompute<AccountId> {
	/// Asks for the sums of `models` on windows that nobody knows yet. `exclude` are never drawn. Fails, changing nothing, when too many
	/// recomputations are open.
	fn open(round: RoundId, class: SizeClass, models: ModelList, exclude: Authors<AccountId>) -> DispatchResult;
	/// Bonded evaluators that may be drawn for a domain now.
	fn available(domain: DomainId, class: SizeClass) -> u32;
}

/// What a recomputation found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Outcome<AccountId> {
	/// Seed of the drawn windows.
	pub seed: Hash,
	/// True sums, in the order of the model list.
	pub truth: Sums,
	/// Evaluators whose answers were true, and whoever paid for a fifteenth or more of the chunks where no quorum decided: all of them share
	/// the evaluators' part of the round.
	pub truthful: Evaluators<AccountId>,
	/// Who paid for the settlement, or for most of the chunks.
	pub settler: Option<AccountId>,
}

/// Receives the end of a recomputation. Called exactly once per opened round, from a hook.
pub trait OnRecomputed<AccountId> {
	/// Index of the model that `truth` would crown, whose chunks a settlement spot-checks. Reads only.
	fn leader(round: RoundId, truth: &Sums) -> Option<u8>;
	/// Whether a verdict can be recorded now; if not, it is offered again in the next block.
	fn ready() -> bool;
	/// The sums are final.
	fn recomputed(round: RoundId, outcome: Outcome<AccountId>);
	/// Nobody decided in time.
	fn voided(round: RoundId);
	/// Weight of either.
	fn weight() -> Weight;
}

/// Bytes of submitted models.
pub trait Models {
	/// The encoded model, while it is stored.
	fn bytes(model: ModelId) -> Option<ModelBytes>;
}

/// Why a chunk cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
	/// No such domain.
	UnknownDomain,
	/// The model is not stored (any more).
	UnknownModel,
	/// The measurement has fewer chunks.
	NoSuchChunk,
	/// A page of the series is missing.
	MissingPage,
	/// The model does not fit the program.
	Misfit,
}

/// The truth: recomputes one chunk inside the runtime.
pub trait Judge {
	/// Error sum of `model` on chunk `index` of the windows that `seed` draws (of the validation split where evidence is public).
	fn chunk(domain: DomainId, model: &ModelRef, seed: &Hash, index: u16) -> Result<u32, Fault>;
	/// Error sum of `model` on chunk `index` of the validation split.
	fn claim(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, Fault>;
	/// Chunks of a measurement in `domain`.
	fn chunks(domain: DomainId) -> Option<u16>;
	/// Weight of computing one chunk of one model.
	fn weight(class: SizeClass) -> Weight;
}

/// What an evaluator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Deed {
	/// Answered truly: +0.4.
	Agreed,
	/// Was drawn and did not answer: −1.
	NoShow,
	/// Answered falsely: −2.
	False,
	/// Signed two blocks or votes where one was due: −10.
	Equivocated,
}

/// Standing of evaluators.
pub trait Reputation<AccountId> {
	/// `min(1, ln(1 + r) / ln 11)` in Q16.
	fn factor(who: &AccountId) -> u32;
	/// Whether its score is high enough to be drawn.
	fn drawable(who: &AccountId) -> bool;
	/// Score now, in millionths.
	fn score(who: &AccountId) -> u32;
	/// Records a deed.
	fn note(who: &AccountId, deed: Deed);
}

/// One paid increment on its way into work blocks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Eff<AccountId> {
	/// The round that earned it.
	pub round: RoundId,
	/// Effective improvement, Q32 bits; above 0.
	pub eff: Q32,
	/// Who found it.
	pub optimizer: AccountId,
	/// Who verified it.
	pub evaluators: Evaluators<AccountId>,
}

/// The queue of verified improvement.
pub trait Work<AccountId> {
	/// Free places.
	fn room() -> u32;
	/// Appends an entry; never fails while there is room.
	fn enqueue(entry: Eff<AccountId>);
}

/// Prices at the base fee of this block.
pub trait BaseFee {
	/// Fee of a call of this weight and encoded length.
	fn fee(weight: Weight, len: u32) -> Balance;
	/// Plancks per gas now.
	fn base_fee() -> Balance;
}

/// The generators' share of an era.
pub trait EraShare {
	/// Takes what accrued since the last call; the money is in the pot.
	fn take() -> Balance;
}
