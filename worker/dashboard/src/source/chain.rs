//! Source over a chain, its analytics database and the searches of the worker.
//!
//! ```text
//!   follow: finalized blocks ──▶ newest 1,024 blocks, and their events to the feed
//!           best blocks ───────▶ passing events `best`
//!           searches ──────────▶ passing events `search`, one a second
//!   on request: earlier finalized blocks ──▶ forecasts that were revealed in them
//! ```
//!
//! A chain that began anew, e.g. a development chain behind the same address, is recognised by the hash of block 1: everything that
//! was read of the former one is forgotten.

use super::{
	answers, convert,
	facts::Database,
	forecast::Forecasts,
	history,
	kept::{Earlier, Kept},
	past_rounds::PastRounds,
	rungs::{Found, Rungs},
	snapshot::{Reader, Snapshots},
	specs::Records,
	streams::{self, StreamViews},
	Answer, Export, Query, Selection, Source, SourceError, Views, PAGE_BLOCKS,
};
use crate::{
	events::Feed,
	shape::{
		Analytics, Block, ChainMetrics, ChainStatus, Evidence, Forecast, History, Metrics, Node, OneChampion, OneForecastRound,
		OneStream, PaidAnswers, Peer, Peers, Reputation, Rows, Streams, Training,
	},
};
use async_trait::async_trait;
use doin_chain::{Account, BlockEvent, BlocksError, Chain, FinalizedBlock, Head, ReadError, RequestError, SyncState};
use doin_primitives::{Hash, RoundId};
use doin_roles::{
	config::{Config, Role},
	domain_cache::DomainCache,
	progress::Progress,
};
use parking_lot::{Mutex, RwLock};
use std::{
	ops::{Range, RangeInclusive},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Blocks before the start of the server whose events are read.
const EARLIER: u32 = 50;
/// Blocks before those whose forecasts are read once a request asks for a stream: seven hours of six seconds, in which a stream with
/// batches of half an hour has a dozen rounds.
const PAST: u32 = 4_096;
/// Pause after an error of the stream of blocks.
const PAUSE: Duration = Duration::from_secs(8);
/// Time between two looks whether the chain began anew.
const LOOK: Duration = Duration::from_secs(30);
/// Least time between two passing events of the searches.
const SEARCHES: Duration = Duration::from_secs(1);
/// Events that are published before the readers get a turn.
const TURN: usize = 64;
/// Target of log events.
const TARGET: &str = "doin::dashboard";
/// Pallets whose events are published.
const PALLETS: [&str; 13] = [
	"Gauge",
	"Domains",
	"Reputation",
	"Evaluators",
	"Recomputation",
	"Optimae",
	"Work",
	"Budget",
	"Evidence",
	"Oracle",
	"Forecasts",
	"Channels",
	"Inference",
];
/// Events of `Oracle` that are not published: two of each reporter in each poll, which would leave no place for others.
const OF_REPORTERS: [&str; 2] = ["Committed", "Revealed"];

/// Description of the worker that the server is a part of.
#[derive(Clone, Debug)]
pub struct About {
	/// Account that the worker optimizes for, else the first one that it acts for.
	pub account: Option<Account>,
	/// Version of the worker.
	pub version: String,
	/// Configuration of the worker.
	pub config: Arc<RwLock<Config>>,
}

/// Parts that a [`ChainSource`] reads.
pub struct Parts {
	/// The chain.
	pub chain: Chain,
	/// The worker.
	pub about: About,
	/// Searches of the worker; `None` if it does not optimize.
	pub progress: Option<Progress>,
	/// The analytics database; `None` if it is switched off.
	pub database: Option<Database>,
}

/// Source over the views of a chain, an analytics database and the searches of a worker.
pub struct ChainSource {
	parts: Parts,
	started: Instant,
	snapshots: Snapshots,
	records: Arc<Records>,
	/// Newest finalized blocks that were read.
	blocks: Mutex<Kept>,
	/// Earlier blocks that requests have asked for.
	earlier: Mutex<Earlier>,
	/// Held while blocks are read that are not kept, so that requests for old blocks do not use up the node.
	reads: tokio::sync::Mutex<()>,
	/// Domains with their data, for rungs and forecasts.
	domains: Arc<Mutex<Arc<DomainCache>>>,
	rungs: Arc<Rungs>,
	forecasts: Forecasts,
	streams: StreamViews,
	answers: Snapshots<PaidAnswers>,
	past_rounds: PastRounds,
	first: FirstBlock,
	/// Notified when the chain began anew.
	anew: Notify,
	/// Notified when a request asks for past rounds of forecasts.
	past_asked: Notify,
}

impl ChainSource {
	/// Returns a source over a chain.
	pub fn new(parts: Parts) -> Self {
		Self {
			past_rounds: PastRounds::new(parts.about.account),
			parts,
			started: Instant::now(),
			snapshots: Snapshots::default(),
			records: Arc::default(),
			blocks: Mutex::default(),
			earlier: Mutex::default(),
			reads: tokio::sync::Mutex::default(),
			domains: Arc::default(),
			rungs: Arc::default(),
			forecasts: Forecasts::default(),
			streams: StreamViews::default(),
			answers: Snapshots::default(),
			first: FirstBlock::default(),
			anew: Notify::new(),
			past_asked: Notify::new(),
		}
	}

	fn chain_of(&self) -> &Chain {
		&self.parts.chain
	}

	/// Publishes finalized blocks and the events of the pallets of DOIN, best blocks and changes of the searches to `feed`, for ever.
	/// Begins with some blocks before the last finalized one.
	pub async fn follow(self: Arc<Self>, feed: Feed) {
		tokio::join!(self.follow_blocks(&feed), self.follow_heads(&feed), self.follow_searches(&feed), self.look(&feed));
	}

	/// Publishes finalized blocks, for ever.
	async fn follow_blocks(&self, feed: &Feed) {
		loop {
			let from = self.first_followed().await;
			self.past_rounds.begin(from);
			tokio::select! {
				() = self.anew.notified() => {}
				((), ()) = async { tokio::join!(self.publish_from(from, feed), self.read_past(from)) } => {}
			}
		}
	}

	/// Returns the first block to follow, once the node answers.
	async fn first_followed(&self) -> u32 {
		loop {
			match self.chain_of().finalized().await {
				Ok(finalized) => return finalized.number.saturating_sub(EARLIER),
				Err(error) => tracing::debug!(target: TARGET, "waiting for finalized blocks: {error}"),
			}
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Publishes finalized blocks from a block on, for ever.
	async fn publish_from(&self, mut next: u32, feed: &Feed) {
		loop {
			let mut blocks = self.chain_of().finalized_blocks(next);
			let error = loop {
				match blocks.next().await {
					Ok(block) => self.publish(&block, feed).await,
					Err(error) => break error,
				}
			};
			next = match error {
				BlocksError::Pruned { first: Some(first), .. } => first.max(blocks.next_number()),
				_ => blocks.next_number(),
			};
			tracing::warn!(target: TARGET, "no events at this time: {error}");
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Reads the forecasts of the blocks before block `followed`, once a request asks for past rounds.
	async fn read_past(&self, followed: u32) {
		self.past_asked.notified().await;
		let (mut from, Some(last)) = (followed.saturating_sub(PAST), followed.checked_sub(1)) else { return };
		let mut first = from;
		while from <= last {
			let mut blocks = self.chain_of().finalized_range(from..=last);
			let error = loop {
				if blocks.next_number() > last {
					self.past_rounds.begin(first);
					return;
				}
				match blocks.next().await {
					Ok(block) => self.keep_forecasts(&block).await,
					Err(error) => break error,
				}
			};
			from = blocks.next_number();
			if let BlocksError::Pruned { first: readable, .. } = error {
				// Without a block that can be read there are no past rounds.
				from = readable.unwrap_or(followed).max(from);
				first = from;
				continue;
			}
			tracing::debug!(target: TARGET, "no past rounds of forecasts at this time: {error}");
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Keeps what a block has of rounds of forecasts.
	async fn keep_forecasts(&self, block: &FinalizedBlock) {
		let number = block.head.number;
		for event in block.events.iter().filter(|event| event.pallet == "Forecasts") {
			let opened = match event.json() {
				Ok(fields) => self.past_rounds.take(&event.name, number, &fields),
				Err(error) => {
					tracing::warn!(target: TARGET, "an event of block {number} is left out: {error}");
					None
				}
			};
			if let Some(id) = opened {
				self.describe(id, Head { number: number.saturating_sub(1), hash: block.parent }).await;
			}
		}
	}

	/// Completes a round whose reveals begin after block `before`: the chain forgets then which bars it is about.
	async fn describe(&self, id: RoundId, before: Head) {
		match self.chain_of().forecast_round(before, id).await {
			Ok(Some(view)) => self.past_rounds.describe(id, &view),
			Ok(None) => {}
			Err(error) => {
				let (stream, round) = (id.domain, id.number);
				tracing::debug!(target: TARGET, stream, round, "a round of forecasts is kept without its bars: {error}");
			}
		}
	}

	/// Publishes new best blocks, for ever.
	async fn follow_heads(&self, feed: &Feed) {
		let mut seen = self.chain_of().head();
		loop {
			seen = self.chain_of().next_head(seen).await;
			let data = serde_json::json!({ "number": seen.number, "hash": convert::hex(seen.hash) });
			feed.pass("best", Some(seen.number), data);
		}
	}

	/// Publishes changes of the searches, for ever.
	async fn follow_searches(&self, feed: &Feed) {
		let Some(progress) = &self.parts.progress else { return };
		let mut changes = progress.changes();
		while changes.changed().await.is_ok() {
			if feed.readers() > 0 {
				match serde_json::to_value(convert::training(progress.searches())) {
					Ok(data) => feed.pass("search", None, data),
					Err(error) => tracing::debug!(target: TARGET, "searches have no JSON: {error}"),
				}
			}
			tokio::time::sleep(SEARCHES).await;
		}
	}

	/// Looks now and then whether the chain began anew, for ever.
	async fn look(&self, feed: &Feed) {
		loop {
			match self.chain_of().block(1).await {
				Ok(Some(first)) if self.first.is_another(first.hash) => self.forget(feed),
				Ok(_) => {}
				Err(error) => tracing::debug!(target: TARGET, "block 1 cannot be read: {error}"),
			}
			tokio::time::sleep(LOOK).await;
		}
	}

	/// Forgets everything that was read of the chain.
	fn forget(&self, feed: &Feed) {
		tracing::warn!(target: TARGET, url = self.chain_of().url(), "the chain began anew: the blocks of the former one are forgotten");
		feed.clear();
		self.blocks.lock().clear();
		self.earlier.lock().clear();
		self.records.clear();
		self.snapshots.clear();
		self.rungs.clear();
		self.forecasts.clear();
		self.streams.clear();
		self.answers.clear();
		self.past_rounds.clear();
		*self.domains.lock() = Arc::default();
		self.anew.notify_one();
	}

	/// Keeps a block, and publishes it and its events. Readers get a turn now and then, so that a block with many events leaves none of
	/// them behind.
	async fn publish(&self, block: &FinalizedBlock, feed: &Feed) {
		let (number, time) = (Some(block.head.number), block.timestamp);
		// A reader that the events wake finds what they bring.
		self.keep_forecasts(block).await;
		match convert::block(block) {
			Ok(shape) => {
				let data =
					serde_json::json!({ "hash": shape.hash, "transactions": shape.transactions.len(), "events": shape.events });
				feed.publish("block", number, time, data);
				self.blocks.lock().push(shape);
			}
			Err(error) => tracing::warn!(target: TARGET, "block {} is left out: {error}", block.head.number),
		}
		let events = block.events.iter().filter(|event| is_published(event));
		for (at, event) in events.enumerate() {
			if at % TURN == 0 {
				tokio::task::yield_now().await;
			}
			match event.json() {
				Ok(data) => feed.publish(format!("{}.{}", event.pallet, event.name), number, time, data),
				Err(error) => tracing::warn!(target: TARGET, "an event of block {} is left out: {error}", block.head.number),
			}
		}
	}

	/// Returns the blocks of a range that are kept.
	fn kept(&self, numbers: Range<u32>) -> Vec<Option<Arc<Block>>> {
		let (newest, earlier) = (self.blocks.lock(), self.earlier.lock());
		numbers.map(|number| newest.get(number).or_else(|| earlier.get(number))).collect()
	}

	/// Reads the missing blocks of a range from the node, all of which are finalized, and keeps them. Returns the range.
	async fn read(&self, numbers: Range<u32>) -> Answer<Vec<Arc<Block>>> {
		let _alone = self.reads.lock().await;
		let since = self.earlier.lock().cleared();
		// Another request may have read some of them meanwhile.
		let mut found = self.kept(numbers.clone());
		if let Some(missing) = missing(&found) {
			let first = numbers.start.saturating_add(*missing.start() as u32);
			let last = numbers.start.saturating_add(*missing.end() as u32);
			let mut stream = self.chain_of().finalized_range(first..=last);
			for place in &mut found[missing] {
				let block = stream.next().await.map_err(unread)?;
				let block = Arc::new(convert::block(&block).map_err(unreadable)?);
				self.earlier.lock().push(block.clone(), since);
				*place = Some(block);
			}
		}
		Ok(found.into_iter().flatten().collect())
	}

	fn database(&self) -> Answer<&Database> {
		self.parts.database.as_ref().ok_or_else(super::no_analytics)
	}
}

/// Returns `true` if an event is one of DOIN's that readers get.
fn is_published(event: &BlockEvent) -> bool {
	PALLETS.contains(&event.pallet.as_str()) && !(event.pallet == "Oracle" && OF_REPORTERS.contains(&event.name.as_str()))
}

/// Returns the places from the first to the last block that is missing, or `None` if all are there.
fn missing(blocks: &[Option<Arc<Block>>]) -> Option<RangeInclusive<usize>> {
	let first = blocks.iter().position(Option::is_none)?;
	let last = blocks.iter().rposition(Option::is_none)?;
	Some(first..=last)
}

/// Returns the error of a block that cannot be read.
fn unread(error: BlocksError) -> SourceError {
	match error {
		BlocksError::Read(error) => unreadable(error),
		error @ BlocksError::Pruned { .. } => {
			SourceError::not_found(error.to_string(), "ask for a newer block, or connect the worker to an archive node")
		}
		error => SourceError::unavailable(error.to_string(), "repeat the request; if it fails again, restart the worker"),
	}
}

/// Hash of block 1, once it was seen.
#[derive(Default)]
struct FirstBlock(Mutex<Option<Hash>>);

impl FirstBlock {
	/// Notes the hash of block 1. Returns `true` if it was another one before: the chain began anew.
	fn is_another(&self, hash: Hash) -> bool {
		self.0.lock().replace(hash).is_some_and(|former| former != hash)
	}
}

/// Returns the error of a read of the chain.
pub(super) fn unreadable(error: ReadError) -> SourceError {
	let reason = match std::error::Error::source(&error) {
		Some(source) => format!("{error}: {source}"),
		None => error.to_string(),
	};
	SourceError::unavailable(reason, "repeat the request when the node answers; /api/node has its state")
}

/// Returns the error of a block that the node does not have.
fn no_block(block: u32, best: u32) -> SourceError {
	SourceError::not_found(format!("the node has no block {block}"), format!("ask for block {best} or an earlier one"))
}

/// Returns the error of a read of the state of a block, which the node may have removed.
fn removed(error: ReadError, block: u32) -> SourceError {
	match error.is_pruned() {
		true => SourceError::not_found(
			format!("the node has removed the state of block {block}"),
			"connect the worker to a node that runs with `--state-pruning archive`",
		),
		false => unreadable(error),
	}
}

/// Returns the error of a domain that is not registered, or not active.
pub(super) fn no_champion(domain: u32) -> SourceError {
	SourceError::not_found(
		format!("there is no domain {domain} with a champion"),
		"GET /api/optimization lists all domains; a domain has a champion once it is activated",
	)
}

#[async_trait]
impl Source for ChainSource {
	async fn node(&self) -> Answer<Node> {
		let (about, head) = (&self.parts.about, self.chain_of().head());
		let (sync, views) = (self.chain_of().sync_state(), self.snapshots.newest());
		let roles = [
			(Role::Optimize, "optimize"),
			(Role::Evaluate, "evaluate"),
			(Role::Own, "own"),
			(Role::Report, "report"),
			(Role::Forecast, "forecast"),
			(Role::Serve, "serve"),
		];
		let roles = roles.iter().filter(|(role, _)| about.config.read().has_role(*role));
		Ok(Node {
			at: convert::at(head),
			peer_id: about.account.map(|account| account.to_string()),
			port: 0,
			version: about.version.clone(),
			url: self.chain_of().url(),
			genesis: convert::hex(self.chain_of().genesis()),
			synced: sync == SyncState::Synced,
			sync: sync.to_string(),
			chain_height: head.number,
			uptime_s: self.started.elapsed().as_secs(),
			roles: roles.map(|(_, name)| (*name).to_owned()).collect(),
			optimizer_domains: views.as_ref().map(|views| views.optimized.clone()).unwrap_or_default(),
			evaluator_domains: views.as_ref().map(|views| views.evaluated.clone()).unwrap_or_default(),
			dashboard_enabled: true,
		})
	}

	async fn chain(&self) -> Answer<ChainStatus> {
		let finalized = self.chain_of().finalized().await.map_err(unreadable)?;
		let head = self.chain_of().head();
		Ok(ChainStatus {
			at: convert::at(head),
			chain_height: head.number,
			tip_hash: convert::hex(head.hash),
			tip_index: head.number,
			finalized_height: finalized.number,
			finalized_hash: convert::hex(finalized.hash),
			genesis_hash: convert::hex(self.chain_of().genesis()),
			component_versions: [("worker".to_owned(), self.parts.about.version.clone())].into(),
		})
	}

	async fn blocks(&self, from: u32, count: u32) -> Answer<Vec<Block>> {
		let finalized = self.chain_of().finalized().await.map_err(unreadable)?.number;
		let Some(left) = finalized.checked_sub(from) else { return Ok(Vec::new()) };
		let count = count.min(PAGE_BLOCKS).min(left.saturating_add(1));
		let numbers = from..from.saturating_add(count);
		let kept = self.kept(numbers.clone());
		let blocks = match missing(&kept) {
			None => kept.into_iter().flatten().collect(),
			Some(_) => self.read(numbers).await?,
		};
		Ok(blocks.into_iter().map(Arc::unwrap_or_clone).collect())
	}

	async fn views(&self) -> Answer<Arc<Views>> {
		let head = self.chain_of().head();
		let read = || {
			let reader = Reader {
				chain: self.chain_of().clone(),
				account: self.parts.about.account,
				config: self.parts.about.config.read().clone(),
				records: self.records.clone(),
			};
			reader.read(head)
		};
		self.snapshots.at(head, read).await
	}

	async fn metrics(&self) -> Answer<ChainMetrics> {
		let views = self.views().await?;
		let blocks = self.blocks.lock().all();
		Ok(convert::metrics(views.security.finalized_height, &blocks, &views.work))
	}

	async fn evidence(&self, domain: u32) -> Answer<Option<Evidence>> {
		let head = self.chain_of().head();
		let view = self.chain_of().evidence(head, domain).await.map_err(unreadable)?;
		Ok(view.map(|view| convert::evidence(domain, &view, convert::at(head))))
	}

	async fn reputation(&self, account: Account) -> Answer<Reputation> {
		let head = self.chain_of().head();
		let view = self.chain_of().reputation(head, account).await.map_err(unreadable)?;
		Ok(convert::reputation(account, &view, convert::at(head)))
	}

	async fn champion(&self, domain: u32, block: Option<u32>) -> Answer<OneChampion> {
		let (chain, best) = (self.chain_of(), self.chain_of().head());
		let head = match block {
			Some(number) => chain.block(number).await.map_err(unreadable)?.ok_or_else(|| no_block(number, best.number))?,
			None => best,
		};
		let read = tokio::try_join!(chain.domain(head, domain), chain.champion(head, domain));
		let (view, champion) = read.map_err(|error| removed(error, head.number))?;
		let (view, champion) = view.zip(champion).ok_or_else(|| no_champion(domain))?;
		let champion = convert::champion(&champion, view.initial_validation_error);
		Ok(OneChampion { at: convert::at(head), domain_id: domain, champion })
	}

	async fn history(&self, domain: u32) -> Answer<History> {
		let head = self.chain_of().head();
		let found = history::read(self.chain_of(), head, domain, self.parts.database.as_ref()).await?;
		let domains = self.domains.lock().clone();
		// The champions do not need the rungs.
		let rungs = self.rungs.of(self.chain_of(), &domains, domain).await.unwrap_or_else(Found::failed);
		Ok(found.with_rungs(rungs))
	}

	async fn forecast(&self, domain: u32) -> Answer<Forecast> {
		let domains = self.domains.lock().clone();
		self.forecasts.read(self.chain_of(), &domains, domain).await
	}

	async fn streams(&self) -> Answer<Arc<Streams>> {
		self.streams.all(self.chain_of(), self.chain_of().head()).await
	}

	async fn stream(&self, stream: u32) -> Answer<OneStream> {
		let found = self.streams.one(self.chain_of(), self.chain_of().head(), stream).await?;
		self.past_asked.notify_one();
		let (past, past_from) = self.past_rounds.of(stream);
		Ok(OneStream { past, past_from, ..OneStream::clone(&found) })
	}

	async fn answers(&self) -> Answer<Arc<PaidAnswers>> {
		let (chain, head) = (self.chain_of().clone(), self.chain_of().head());
		self.answers.at(head, || async move { answers::read(&chain, head).await.map_err(unreadable) }).await
	}

	async fn forecast_round(&self, stream: u32, round: u32) -> Answer<OneForecastRound> {
		let id = RoundId { domain: stream, number: round };
		streams::round(self.chain_of(), self.chain_of().head(), id).await
	}

	async fn peers(&self) -> Answer<Peers> {
		let head = self.chain_of().head();
		let network = self.chain_of().network().await.map_err(|error| match error {
			ReadError::Refused { source: source @ RequestError::Refused { .. }, .. } => SourceError::absent(
				format!("the node does not tell its peers: {source}"),
				"connect the worker to a node of its own, or start the node with `--rpc-methods unsafe` behind a firewall",
			),
			error => unreadable(error),
		})?;
		let peers = network.peers.into_iter().map(|peer| Peer {
			peer_id: peer.peer_id,
			roles: peer.roles,
			best: peer.best_number,
			best_hash: peer.best_hash,
		});
		Ok(Peers {
			at: convert::at(head),
			connected_count: u32::try_from(network.connected).unwrap_or(u32::MAX),
			should_have_peers: network.should_have_peers,
			is_syncing: network.is_syncing,
			peers: peers.collect(),
		})
	}

	async fn training(&self) -> Answer<Training> {
		let absent = || {
			SourceError::absent(
				"this worker does not optimize",
				"add an identity with role = \"optimize\" to its configuration (`doin-worker run --help`)",
			)
		};
		let progress = self.parts.progress.as_ref().ok_or_else(absent)?;
		Ok(convert::training(progress.searches()))
	}

	async fn analytics(&self) -> Option<Analytics> {
		self.parts.database.as_ref().map(Database::state)
	}

	async fn rows(&self, query: Query) -> Answer<Rows> {
		self.database()?.rows(query).await
	}

	async fn performances(&self, selection: Selection) -> Answer<Metrics> {
		self.database()?.performances(selection).await
	}

	async fn export(&self) -> Answer<Export> {
		self.database()?.export().await
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_chain_that_began_anew_has_another_first_block() {
		let first = FirstBlock::default();
		assert_eq!(
			[[1; 32], [1; 32], [2; 32], [2; 32], [1; 32]].map(|hash| first.is_another(hash)),
			[false, false, true, false, true]
		);
	}

	#[test]
	fn only_the_blocks_around_missing_ones_are_read() {
		let some = || Some(Arc::new(Block::default()));
		assert_eq!(missing(&[]), None);
		assert_eq!(missing(&[some(), some()]), None);
		assert_eq!(missing(&[None, some(), some()]), Some(0..=0), "the newest blocks are kept");
		assert_eq!(missing(&[some(), None, some(), None, some()]), Some(1..=3));
	}
}
