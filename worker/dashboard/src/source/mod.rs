//! Numbers of the responses: the trait [`Source`], and its implementation over a chain.

mod answers;
mod chain;
mod convert;
mod facts;
mod forecast;
mod history;
mod kept;
mod past_rounds;
mod rungs;
mod snapshot;
mod specs;
mod streams;

pub use chain::{About, ChainSource, Parts};
pub use facts::Database;

use crate::shape::{
	Analytics, At, Block, ChainMetrics, ChainStatus, Coin, Difficulty, Domain, Evidence, Fees, Forecast, History, Metrics, Node,
	OneChampion, OneForecastRound, OneStream, PaidAnswers, Peers, Reputation, Round, Rows, Security, Streams, Task, Training,
	Work,
};
use async_trait::async_trait;
use doin_chain::Account;
use std::{
	fs::File,
	sync::{Arc, OnceLock},
};
use tempfile::TempDir;
use tokio::sync::OwnedSemaphorePermit;

/// Most blocks of one page.
pub const PAGE_BLOCKS: u32 = 50;

/// Reason for which a source has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
	/// The feature is not a part of this worker.
	#[error("{reason} ({next})")]
	Absent {
		/// Reason, for the sender of the request.
		reason: String,
		/// Next step.
		next: String,
	},
	/// The numbers cannot be read at this time.
	#[error("{reason} ({next})")]
	Unavailable {
		/// Reason, for the sender of the request.
		reason: String,
		/// Next step.
		next: String,
	},
	/// The requested thing does not exist.
	#[error("{reason} ({next})")]
	NotFound {
		/// Reason, for the sender of the request.
		reason: String,
		/// Next step.
		next: String,
	},
	/// The numbers are there and cannot be read, now or later.
	#[error("{reason} ({next})")]
	Broken {
		/// Reason, for the sender of the request.
		reason: String,
		/// Next step.
		next: String,
	},
}

impl SourceError {
	/// Returns the error of a feature that is not a part of this worker.
	pub fn absent(reason: impl Into<String>, next: impl Into<String>) -> Self {
		Self::Absent { reason: reason.into(), next: next.into() }
	}

	/// Returns the error of numbers that cannot be read at this time.
	pub fn unavailable(reason: impl Into<String>, next: impl Into<String>) -> Self {
		Self::Unavailable { reason: reason.into(), next: next.into() }
	}

	/// Returns the error of something that does not exist.
	pub fn not_found(reason: impl Into<String>, next: impl Into<String>) -> Self {
		Self::NotFound { reason: reason.into(), next: next.into() }
	}

	/// Returns the error of numbers that cannot be read, now or later.
	pub fn broken(reason: impl Into<String>, next: impl Into<String>) -> Self {
		Self::Broken { reason: reason.into(), next: next.into() }
	}
}

/// Result of a source.
pub type Answer<T> = Result<T, SourceError>;

/// Everything that the server shows of the state of one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Views {
	/// The block.
	pub at: At,
	/// All domains with their champions, in order of registration.
	pub domains: Vec<Domain>,
	/// The round of each active domain that its grid is in, in order of the domains.
	pub rounds: Vec<Round>,
	/// Recomputation tasks that are not final, oldest first.
	pub tasks: Vec<Task>,
	/// Numbers of secrets and quorums that are pending.
	pub security: Security,
	/// State of the controller of difficulty.
	pub difficulty: Difficulty,
	/// Number of connected peers of the node, by the node.
	pub peers: Option<u32>,
	/// State of proof of optimization, without its `seals`.
	pub work: Work,
	/// State of the fee market.
	pub fees: Fees,
	/// Supply of coins, and the balance of the worker.
	pub coin: Coin,
	/// Domains that the worker optimizes.
	pub optimized: Vec<u32>,
	/// Domains whose draws the worker answers.
	pub evaluated: Vec<u32>,
}

/// Selection of rows of the analytics database, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
	/// Participations of accounts in domains.
	Experiments(Selection),
	/// Seats of ended rounds.
	Rounds(Selection),
	/// Seats of ended rounds that earned nothing, with the reason, of one account or of all.
	Unpaid(Option<String>, u32),
	/// Sealed work blocks.
	WorkBlocks(u32),
	/// Decided challenges.
	Challenges(u32),
	/// Absences of drawn evaluators.
	Absences(u32),
}

/// Selection of rows by domain and place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
	/// Domain of the rows; all domains if `None`.
	pub domain: Option<u32>,
	/// Most rows.
	pub limit: u32,
	/// Rows that are left out at the beginning.
	pub offset: u32,
}

/// A copy of the analytics database. It is deleted with this value.
#[derive(Debug)]
pub struct Export {
	/// The copy, from its beginning.
	pub file: File,
	/// Length of the copy, in bytes.
	pub bytes: u64,
	/// Folder of the copy.
	pub folder: TempDir,
	/// Held until the copy is sent, so that a disk holds one at a time.
	pub permit: Option<OwnedSemaphorePermit>,
}

/// Source of all numbers that the server shows.
///
/// Methods with a body are features that a source may lack: they return [`SourceError::Absent`], which the server answers with 501.
/// All methods return [`SourceError::Unavailable`] if the numbers cannot be read at this time.
#[async_trait]
pub trait Source: Send + Sync + 'static {
	/// Returns the worker, and the node that it is connected to. The server sets the port.
	async fn node(&self) -> Answer<Node>;

	/// Returns the heights and hashes of the chain.
	async fn chain(&self) -> Answer<ChainStatus>;

	/// Returns finalized blocks from block `from` on, at most `count`, in ascending order. `count` is at most [`PAGE_BLOCKS`].
	async fn blocks(&self, from: u32, count: u32) -> Answer<Vec<Block>>;

	/// Returns everything that is shown of the best block.
	async fn views(&self) -> Answer<Arc<Views>>;

	/// Returns means over the newest blocks.
	async fn metrics(&self) -> Answer<ChainMetrics>;

	/// Returns the evidence of a domain that comes after the commits of a round, or `None` if the domain has other evidence.
	async fn evidence(&self, domain: u32) -> Answer<Option<Evidence>>;

	/// Returns the reputation of an account.
	async fn reputation(&self, account: Account) -> Answer<Reputation>;

	/// Returns the champion of a domain in the state of a block, or of the best block.
	async fn champion(&self, domain: u32, block: Option<u32>) -> Answer<OneChampion>;

	/// Returns the champions of a domain over time, and its rungs.
	async fn history(&self, domain: u32) -> Answer<History>;

	/// Returns forecasts of the champion of a domain.
	async fn forecast(&self, domain: u32) -> Answer<Forecast>;

	/// Returns all streams of bars, with their markets of forecasts.
	async fn streams(&self) -> Answer<Arc<Streams>>;

	/// Returns one stream with its newest closes, its open rounds, and those whose bars stand.
	async fn stream(&self, stream: u32) -> Answer<OneStream>;

	/// Returns a round of forecasts with its seats.
	async fn forecast_round(&self, stream: u32, round: u32) -> Answer<OneForecastRound>;

	/// Returns offers of servers, payment channels and paid demand. The server adds its own work.
	async fn answers(&self) -> Answer<Arc<PaidAnswers>>;

	/// Returns the peers of the node.
	async fn peers(&self) -> Answer<Peers> {
		Err(SourceError::absent(
			"this worker does not read the peers of its node",
			"ask the node itself with the JSON-RPC methods `system_health` and `system_peers`",
		))
	}

	/// Returns the searches of the worker.
	async fn training(&self) -> Answer<Training> {
		Err(SourceError::absent(
			"this worker does not optimize",
			"add an identity with role = \"optimize\" to its configuration (`doin-worker run --help`)",
		))
	}

	/// Returns the state of the analytics database; `None` if it is switched off.
	async fn analytics(&self) -> Option<Analytics> {
		None
	}

	/// Returns rows of the analytics database.
	async fn rows(&self, _query: Query) -> Answer<Rows> {
		Err(no_analytics())
	}

	/// Returns the performances of the revealed seats of ended rounds, newest first.
	async fn performances(&self, _selection: Selection) -> Answer<Metrics> {
		Err(no_analytics())
	}

	/// Returns a consistent copy of the analytics database.
	async fn export(&self) -> Answer<Export> {
		Err(no_analytics())
	}
}

fn no_analytics() -> SourceError {
	SourceError::absent(
		"this worker has no analytics database",
		"start it without `--olap-db none`; open rounds are in /api/optimization, events in /api/events and /events",
	)
}

/// Place of a source that is filled once the worker is connected. Clones share it.
#[derive(Clone)]
pub struct Slot {
	source: Arc<OnceLock<Arc<dyn Source>>>,
	/// Reason for which there is no source yet.
	reason: Arc<str>,
}

impl Slot {
	/// Returns an empty slot for a worker that connects to the node at `url`, an address as messages show it.
	pub fn waiting_for(url: &str) -> Self {
		let reason = format!("the worker is not connected to its node at {url} yet");
		Self { source: Arc::default(), reason: reason.into() }
	}

	/// Fills the slot. A second source is ignored.
	pub fn fill(&self, source: Arc<dyn Source>) {
		if self.source.set(source).is_err() {
			tracing::debug!(target: "doin::dashboard", "the server has a source already");
		}
	}

	/// Returns the source.
	///
	/// # Errors
	/// Errors if the slot is empty.
	pub fn get(&self) -> Answer<&Arc<dyn Source>> {
		let next = "repeat the request in some seconds; the log of the worker says what it waits for";
		self.source.get().ok_or_else(|| SourceError::unavailable(&*self.reason, next))
	}
}
