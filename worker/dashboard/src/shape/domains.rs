//! Domains, their champions and rounds.

use super::At;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A domain.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Domain {
	/// Identifier of the domain.
	pub domain_id: u32,
	/// Display name. Storage: `Domains.Specs`.
	pub name: String,
	/// Unit of one raw value. Storage: `Domains.Specs`.
	pub unit: String,
	/// Kind of its program. Storage: `Domains.Specs`.
	pub program: String,
	/// Kind of its evidence. Storage: `Domains.Specs`.
	pub evidence: String,
	/// Status in its life cycle. Storage: `Domains.States`.
	pub status: String,
	/// Account that registered it. Storage: `Domains.States`.
	pub owner: String,
	/// Voted weight, in parts per million. Storage: `Gauge.Weights`.
	pub weight: u32,
	/// Block in which the weight last rose from 0. Storage: `Domains.States`.
	pub weight_since: u32,
	/// High-water mark, Q32 bits below the initial champion. Storage: `Domains.States`.
	pub high_water: String,
	/// Progress of the champion that later rounds pay, Q32 bits. Storage: `Domains.States`.
	pub carry: String,
	/// Least relative improvement of a new champion, in parts per million. Storage: `Domains.Specs`.
	pub min_improvement: u32,
	/// Loss at which the domain converges, where 2²⁰ is the initial champion's; 0 for never. Storage: `Domains.Specs`.
	pub target_performance: u32,
	/// Bounty of the author that reaches the target, in plancks. Storage: `Domains.States`.
	pub bounty: String,
	/// Size class of its chunks, computed from the record. Storage: `Domains.Specs`.
	pub class: String,
	/// Error sum of the initial champion on the validation split. Storage: `Domains.States`.
	pub initial_validation_error: String,
	/// Error sum on the validation split that a reveal has to undercut. Storage: `Domains.States`.
	pub bar: String,
	/// Licence of the data; empty if none was stated. Storage: `Domains.Specs`.
	pub licence: String,
	/// The round that ended last, with its result; `null` before the first one. Storage: `Domains.States`.
	#[schema(value_type = Option<Object>)]
	pub last_round: Option<Value>,
	/// Steps that are forecast; `null` without a series. Storage: `Domains.Specs`.
	pub horizon: Option<u16>,
	/// Steps that a model reads; `null` without a series. Storage: `Domains.Specs`.
	pub history: Option<u16>,
	/// Steps after which the series repeats itself approximately; `null` without a series. Storage: `Domains.Specs`.
	pub season: Option<u16>,
	/// Variables of the series; `null` without a series. Storage: `Domains.Specs`.
	pub channels: Option<u8>,
	/// `true` if an error sum counts 16 per wrong class; otherwise it counts sixteenths of a raw unit. Storage: `Domains.Specs`.
	pub has_classes: bool,
	/// Predictions that the windows or rows of a round have; `null` without predictions. Storage: `Domains.Specs`.
	pub drawn_predictions: Option<u64>,
	/// Predictions that the validation split has; `null` without predictions. Storage: `Domains.Specs`.
	pub validation_predictions: Option<u64>,
	/// Search space: the genes, in the order of the genes of a champion. Storage: `Domains.Specs`.
	pub genes: Vec<Gene>,
	/// The best model; `null` before the activation.
	pub champion: Option<Champion>,
}

/// A dimension of a search space.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gene {
	/// Name of the gene.
	pub name: String,
	/// Smallest value.
	pub min: String,
	/// Largest value.
	pub max: String,
	/// `true` if searches step the gene on a logarithmic scale.
	pub log: bool,
	/// Fractional bits of the values; 0 for integers.
	pub frac: u8,
}

/// The best model of a domain.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Champion {
	/// Reference of the model. Storage: `Domains.States`.
	#[schema(value_type = Object)]
	pub model: Value,
	/// Account that submitted it; `null` for a baseline. Storage: `Domains.States`.
	pub author: Option<String>,
	/// Number of the round that crowned it; `null` for the initial champion. Storage: `Domains.States`.
	pub round: Option<u32>,
	/// Block of its verdict. Storage: `Domains.States`.
	pub block: u32,
	/// `error · 2²⁰ / initial_error`: lower is better; `null` above 2⁵³. Storage: `Domains.States`.
	pub loss: Option<u64>,
	/// Error sum on the windows of the round that crowned it. Storage: `Domains.States`.
	pub error: String,
	/// Error sum of the initial champion on the same windows. Storage: `Domains.States`.
	pub initial_error: String,
	/// Error sum on the validation split. Storage: `Domains.States`.
	pub validation_error: String,
	/// `validation_error · 2²⁰ / initial_validation_error` of the domain; `null` above 2⁵³. Storage: `Domains.States`.
	pub validation_loss: Option<u64>,
	/// Genes that it was trained with, in the order of the search space. Storage: `Optimae.Models`.
	pub genes: Vec<String>,
	/// Size of the encoded model, in bytes. Storage: `Optimae.Models`.
	pub bytes: u32,
}

/// The round that the grid of a domain is in.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Round {
	/// The domain.
	pub domain_id: u32,
	/// Number of the round on the grid of the domain. Storage: `Timing.Rounds`.
	pub round: u32,
	/// Phase of the round. Storage: `Timing.Rounds`.
	pub phase: String,
	/// First block after this phase. Storage: `Timing.Rounds`.
	pub phase_end: u32,
	/// First block of the round, in which commits begin. Storage: `Timing.Rounds`.
	pub commit_from: u32,
	/// First block in which the evidence of the round is too late; `null` unless it is awaited. Storage: `Optimae.Rounds`.
	pub awaited_until: Option<u32>,
	/// First block in which reveals are taken. Storage: `Timing.Rounds`.
	pub reveal_from: u32,
	/// First block in which reveals are not taken. Storage: `Timing.Rounds`.
	pub reveal_until: u32,
	/// Fee of the next seat, in plancks. Storage: `FeeMarket.BaseFeePerGas`.
	pub next_seat_fee: String,
	/// Hold of the next seat, in plancks. Storage: `FeeMarket.BaseFeePerGas`.
	pub seat_hold: String,
	/// Amount that a seat stakes, in plancks. Storage: `Domains.Specs`.
	pub stake: String,
	/// Near miss of earlier rounds that is evaluated again; `null` without one. Storage: `Optimae.Contenders`.
	#[schema(value_type = Option<Object>)]
	pub contender: Option<Value>,
	/// Seats in order of commit. Storage: `Optimae.Rounds`.
	pub seats: Vec<Seat>,
}

/// A seat of a round.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seat {
	/// Account that committed. Storage: `Optimae.Rounds`.
	pub peer_id: String,
	/// State of the seat. Storage: `Optimae.Rounds`.
	#[schema(value_type = Object)]
	pub status: Value,
	/// Model of the seat, once revealed. Storage: `Optimae.Rounds`.
	#[schema(value_type = Option<Object>)]
	pub model: Option<Value>,
	/// Fee of the seat, in plancks. Storage: `Optimae.Rounds`.
	pub fee: String,
}

/// Answer of `/api/optimization`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Optimization {
	/// Block of all numbers of this answer.
	pub at: At,
	/// Number of registered domains, or of those that `search` finds. Storage: `Domains.NextDomainId`.
	pub total: u32,
	/// Domains with their champions, in order of registration.
	pub domains: Vec<Domain>,
	/// The round of each of these domains that its grid is in, if the domain is active.
	pub rounds: Vec<Round>,
	/// Always `false`: a performance is a loss.
	pub higher_is_better: bool,
}

/// Answer of `/api/domain/{domain}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OneDomain {
	/// Block of all numbers of this answer.
	pub at: At,
	/// The domain, with its champion.
	pub domain: Domain,
}

/// Answer of `/api/champion/{domain}`: the champion that reigned in the state of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OneChampion {
	/// Block of all numbers of this answer.
	pub at: At,
	/// The domain.
	pub domain_id: u32,
	/// The champion, with its genes.
	pub champion: Champion,
}

/// Evidence of a domain that comes after the commits of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evidence {
	/// Block of all numbers of this answer.
	pub at: At,
	/// The domain.
	pub domain_id: u32,
	/// Account that owns segments and purse. Storage: `Domains.States`.
	pub owner: String,
	/// Rows, or steps of a series, of one segment. Storage: `Domains.Specs`.
	pub units: u32,
	/// Number of segments whose hashes are on the chain. Storage: `Evidence.Segments`.
	pub sealed: u16,
	/// Number of segments that are opened. Storage: `Evidence.Segments`.
	pub opened: u16,
	/// Amount that a seat stakes, in plancks. Storage: `Domains.Specs`.
	pub stake: String,
	/// Amount that is left in the purse, in plancks. Storage: `Evidence.Purses`.
	pub purse: String,
	/// Amount that the purse has paid for, in plancks. Storage: `Evidence.Purses`.
	pub spent: String,
	/// Number of the round that waits for the next segment; `null` if none does. Storage: `Evidence.Segments`.
	pub awaited_round: Option<u32>,
	/// First block in which it is too late to open the segment. Storage: `Evidence.Segments`.
	pub awaited_until: Option<u32>,
	/// Block from which the domain takes no commits; `null` unless it is suspended. Storage: `Domains.States`.
	pub suspended: Option<u32>,
}

/// Reputation of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reputation {
	/// Block of all numbers of this answer.
	pub at: At,
	/// The account.
	pub peer_id: String,
	/// Score in millionths; 3 000 000 is neutral. Storage: `Reputation.Records`.
	pub score: u32,
	/// `true` if the score allows the account to be drawn as an evaluator. Storage: `Reputation.Records`.
	pub eligible: bool,
	/// Bond as an evaluator, in plancks. Storage: `Evaluators.Evaluators`.
	pub bond: String,
	/// Candidates that became champion. Storage: `Optimae.Records`.
	pub accepted: u32,
	/// Candidates that did not. Storage: `Optimae.Records`.
	pub rejected: u32,
	/// Seats that were never revealed. Storage: `Optimae.Records`.
	pub forfeited: u32,
}

/// Answer of `/stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stats {
	/// Block of all numbers of this answer.
	pub at: At,
	/// Number of registered domains. Storage: `Domains.NextDomainId`.
	pub total: u32,
	/// Domains of the page by their id, at most 1,000.
	#[schema(value_type = BTreeMap<String, DomainStats>)]
	pub domains: BTreeMap<u32, DomainStats>,
}

/// Summary of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DomainStats {
	/// Display name. Storage: `Domains.Specs`.
	pub name: String,
	/// Number of the round that ended last; `null` before the first one. Storage: `Domains.States`.
	pub rounds: Option<u32>,
	/// Loss of the champion, where 2²⁰ is the initial champion's; `null` before the activation and above 2⁵³. Storage: `Domains.States`.
	pub best_performance: Option<u64>,
	/// High-water mark, Q32 bits below the initial champion. Storage: `Domains.States`.
	pub high_water: String,
	/// Seats of the round that the grid is in. Storage: `Optimae.Rounds`.
	pub open_seats: u32,
	/// `true` if the target is reached. Storage: `Domains.States`.
	pub converged: bool,
}

/// Answer of `/api/plugins`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Plugins {
	/// Block of all numbers of this answer.
	pub at: At,
	/// Number of registered domains. Storage: `Domains.NextDomainId`.
	pub total: u32,
	/// Programs of the domains of the page, at most 1,000.
	pub plugins: Vec<Plugin>,
}

/// Program of a domain. Programs are a part of the chain, so there is nothing to install.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Plugin {
	/// The domain.
	pub domain_id: u32,
	/// Kind of its program, which optimizers and evaluators run. Storage: `Domains.Specs`.
	pub program: String,
	/// Kind of its evidence. Storage: `Domains.Specs`.
	pub evidence: String,
}
