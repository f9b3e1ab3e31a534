//! JSON shapes of the responses and requests.
//!
//! Keys are those of upstream's HTTP API where it has the same number, in snake case. Amounts are plancks. Amounts, Q32 numbers, error
//! sums, genes and the ids of tasks are decimal strings, since numbers of JavaScript are exact up to 2⁵³ only. Hashes are hex with
//! `0x`, accounts are SS58, and times are milliseconds since 1970. Enums of the chain have the form that the JSON-RPC of the node
//! gives them.
//!
//! An answer about the chain has `at`: the one block whose state it shows. The description of a figure ends with the storage item that
//! it is read or computed from, e.g. *Storage: `Work.Mined`*.

mod answers;
mod chain;
mod domains;
mod history;
mod node;
mod streams;
mod tasks;
mod work;
mod worker;

pub use answers::{ChannelTotals, DomainDemand, Offer, PaidAnswers};
pub use chain::{Block, BlockPage, ChainMetrics, ChainStatus, Event, Fees, RecentBlocks, RecentEvents, Transaction};
pub use domains::{
	Champion, Domain, DomainStats, Evidence, Gene, OneChampion, OneDomain, Optimization, Plugin, Plugins, Reputation, Round,
	Seat, Stats,
};
pub use history::{Forecast, ForecastStep, History, PastChampion, PastForecast, Rung, RungsState};
pub use node::{Analytics, Coin, Difficulty, DomainStatus, Health, Node, Peer, Peers, Security, Status, TaskQueue};
pub use streams::{
	ForecastRound, ForecastSeat, Forecaster, Market, OneForecastRound, OneStream, PastRound, PastState, RevealedForecast, Stream,
	Streams,
};
pub use tasks::{Claim, Claimed, Completed, Completion, Evaluations, Late, Missing, PendingTasks, SeatState, Task, TaskSeat};
pub use work::{DomainWeight, Emission, Work, WorkEntry};
pub use worker::{Metrics, Performance, Rows, Search, Training};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Block whose state an answer shows.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct At {
	/// Number of the block.
	pub number: u32,
	/// Hash of the block.
	pub hash: String,
}

/// Body of every response with a status of 400 or more.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
	/// Reason for which the request was not answered.
	pub error: String,
	/// Next step for the sender of the request.
	pub next: String,
}
