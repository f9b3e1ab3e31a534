//! Metrics of DOIN, which Prometheus collects beside those of the SDK.
//!
//! One task follows finality. At each notification it reads the state of the last finalized block by two runtime calls, and the
//! events of each block that became final by one storage read. Every [`RECOUNT`]th block it also counts rounds and tasks by
//! stage, in two maps whose sizes the runtime limits, and streams, reporters, markets and rounds of forecasts, up to limits of
//! this module. Nothing else is read, so a long chain with many domains costs a node no more than a young one.
//!
//! | part | content |
//! |---|---|
//! | [`counts`] | additions to counters by the events of the runtime: pure functions |
//! | [`export`] | the metrics by name, and functions from views to their values |
//! | [`live`] | the same for streams, reporters, markets and rounds of forecasts |
//! | this file | the task that reads the chain |
//!
//! Events and maps are decoded with the types of this node, so they are read only from states that the runtime of its version
//! wrote ([`state_version`]). Views come from runtime calls, of any version of the API up to that of this node.
//!
//! Counters of events start at 0 when the node starts, as is usual for Prometheus. Counters of amounts that the state holds, such
//! as everything ever minted, have the value of the state, whenever the node was started.

pub mod counts;
pub mod export;
pub mod live;

use crate::{
	service::FullClient,
	state_version::{self, Mismatch},
};
use codec::DecodeAll;
use doin_primitives::{
	oracle::FIRST_STREAM,
	views::{FeeMarketView, WorkView},
};
use doin_runtime::{opaque::Block, AccountId, BlockNumber, Hash, RuntimeEvent};
use doin_traits::apis::DoinApi;
use export::{Metrics, Stages};
use frame_support::storage::storage_prefix;
use frame_system::EventRecord;
use futures::StreamExt;
use live::Live;
use pallet_doin_forecasts::types::{Market, Round as ForecastRound};
use pallet_doin_optimae::types::{Round, MAX_ROUNDS};
use pallet_doin_recomputation::{types::Task, MAX_TASKS};
use sc_client_api::{BlockchainEvents, HeaderBackend, StorageKey, StorageProvider};
use sc_service::SpawnTaskHandle;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi, RuntimeApiInfo};
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

/// Target of the log lines of this module.
const LOG_TARGET: &str = "doin-metrics";
/// Number of finalized blocks between two counts of rounds and tasks by stage.
pub const RECOUNT: BlockNumber = 10;
/// Most streams, and most markets, that are counted.
const MOST_STREAMS: u32 = 1_024;
/// Most rounds of forecasts that are counted: 32 awake streams have 768 open ones, and the others wait for their seats to be collected.
const MOST_FORECAST_ROUNDS: u32 = 4_096;
/// Most blocks of one notification whose events are read: those whose states a node keeps by default. After a synchronisation,
/// earlier ones have no state.
const LONGEST_ROUTE: usize = 256;

/// Registers the metrics, and starts the task that updates them, unless the node exports no metrics. A registry that refuses them
/// is reported in the log: a node must not stop for want of metrics.
pub fn spawn(registry: Option<&Registry>, client: Arc<FullClient>, tasks: &SpawnTaskHandle) {
	let Some(registry) = registry else { return };
	match Metrics::register(registry) {
		Ok(metrics) => {
			let observer = Observer { client, metrics, recounted: None, has_warned: false };
			tasks.spawn_blocking("doin-metrics", None, observer.run());
		}
		Err(error) => log::error!(target: LOG_TARGET, "the metrics of DOIN are not exported: {error}; restart the node"),
	}
}

/// Reads finalized blocks and updates the metrics.
struct Observer {
	client: Arc<FullClient>,
	metrics: Metrics,
	/// Block of the last count of rounds and tasks.
	recounted: Option<BlockNumber>,
	/// `true` once the log has said that this version does not know the runtime.
	has_warned: bool,
}

/// Failure to read the state of a block.
#[derive(Debug)]
enum Unread {
	/// The node does not have the state: it was pruned, or never downloaded.
	NoState(String),
	/// A runtime that is older than this node wrote the state: events and maps are not read until the chain is upgraded.
	Older(String),
	/// The state has another form than this version of the node knows.
	Unknown(String),
}

impl From<Mismatch> for Unread {
	fn from(mismatch: Mismatch) -> Self {
		let reason = mismatch.to_string();
		match mismatch {
			Mismatch::NoState(_) => Self::NoState(reason),
			Mismatch::Earlier(_) => Self::Older(reason),
			Mismatch::Later(_) | Mismatch::Unnamed => Self::Unknown(reason),
		}
	}
}

/// Returns the reason for which a runtime call failed.
fn failed(error: ApiError) -> Unread {
	match error {
		// A state that was pruned or never downloaded. A method that is missing, or that traps, is an `Application` error.
		ApiError::UnknownBlock(reason) => Unread::NoState(reason),
		error => Unread::Unknown(error.to_string()),
	}
}

impl Observer {
	/// Updates the metrics at the present finalized block, then at each further one.
	async fn run(mut self) {
		// The stream starts before the first read, so that no block is missed between the two.
		let mut finality = self.client.finality_notification_stream();
		let info = self.client.info();
		self.read_state(info.finalized_hash, info.finalized_number);
		while let Some(notification) = finality.next().await {
			let route = &notification.tree_route;
			for block in route.iter().skip(route.len().saturating_sub(LONGEST_ROUTE - 1)) {
				self.read_events(*block);
			}
			// The notification pins the state of this block until it is dropped.
			self.read_events(notification.hash);
			self.read_state(notification.hash, notification.header.number);
		}
	}

	/// Counts the events of a block.
	fn read_events(&mut self, block: Hash) {
		match self.events(block) {
			Ok(events) => {
				events.iter().flat_map(|record| counts::counts(&record.event)).for_each(|count| self.metrics.add(count));
				self.metrics.blocks.with_label_values(&["read"]).inc();
			}
			Err(unread) => self.note(block, "events", &unread),
		}
	}

	/// Updates what the metrics say about the state of a block.
	fn read_state(&mut self, block: Hash, number: BlockNumber) {
		match self.views(block) {
			Ok((work, fees)) => self.metrics.show(number, &work, &fees),
			Err(unread) => return self.note(block, "state", &unread),
		}
		if self.recounted.is_some_and(|last| number.saturating_sub(last) < RECOUNT) {
			return;
		}
		match self.stages(block).and_then(|stages| Ok((stages, self.live(block, number)?))) {
			Ok((stages, live)) => {
				self.metrics.show_stages(&stages);
				self.metrics.show_live(&live);
				self.recounted = Some(number);
			}
			Err(unread) => self.note(block, "rounds, tasks and streams", &unread),
		}
	}

	/// Counts a block that could not be read. The log says once that this version of the node does not know the runtime.
	fn note(&mut self, block: Hash, what: &str, unread: &Unread) {
		let (result, reason) = match unread {
			Unread::NoState(reason) => ("no_state", reason),
			Unread::Older(reason) => ("older", reason),
			Unread::Unknown(reason) => ("unknown", reason),
		};
		self.metrics.blocks.with_label_values(&[result]).inc();
		if !matches!(unread, Unread::Unknown(_)) || self.has_warned {
			log::debug!(target: LOG_TARGET, "the {what} of block {block:?} cannot be read: {reason}");
			return;
		}
		self.has_warned = true;
		log::warn!(
			target: LOG_TARGET,
			"the {what} of block {block:?} cannot be decoded: {reason}. The metrics of DOIN stand still until this node is replaced by \
			 one of the version of the runtime"
		);
	}

	/// Returns the views of the work queue and of the fee market.
	fn views(&self, block: Hash) -> Result<(WorkView<AccountId>, FeeMarketView), Unread> {
		let api = self.client.runtime_api();
		let known = <dyn DoinApi<Block, AccountId> as RuntimeApiInfo>::VERSION;
		match api.api_version::<dyn DoinApi<Block, AccountId>>(block).map_err(failed)? {
			Some(found) if found <= known => {}
			Some(found) => return Err(Unread::Unknown(format!("the runtime has version {found} of DoinApi, this node {known}"))),
			None => return Err(Unread::Unknown("the runtime has no DoinApi".into())),
		}
		let work = DoinApi::<Block, AccountId>::work(&*api, block).map_err(failed)?;
		let fees = DoinApi::<Block, AccountId>::fee_market(&*api, block).map_err(failed)?;
		Ok((work, fees))
	}

	/// Returns the events of a block.
	fn events(&self, block: Hash) -> Result<Vec<EventRecord<RuntimeEvent, Hash>>, Unread> {
		state_version::check(&self.client, block)?;
		let key = StorageKey(storage_prefix(b"System", b"Events").to_vec());
		let stored = self.client.storage(block, &key).map_err(|error| Unread::NoState(error.to_string()))?;
		let Some(stored) = stored else { return Ok(Vec::new()) };
		decode(&stored.0)
	}

	/// Counts the undecided rounds and the tasks that are not final by their stages.
	fn stages(&self, block: Hash) -> Result<Stages, Unread> {
		state_version::check(&self.client, block)?;
		let mut stages = Stages::default();
		for value in self.values(block, b"Optimae", b"Rounds", MAX_ROUNDS)? {
			stages.add_round(&decode::<Round<AccountId>>(&value)?.stage);
		}
		for value in self.values(block, b"Recomputation", b"Tasks", MAX_TASKS)? {
			stages.add_task(&decode::<Task<AccountId>>(&value)?.stage);
		}
		Ok(stages)
	}

	/// Counts streams, reporters, markets and rounds of forecasts.
	fn live(&self, block: Hash, number: BlockNumber) -> Result<Live, Unread> {
		state_version::check(&self.client, block)?;
		let api = self.client.runtime_api();
		let mut live = Live::default();
		let streams = DoinApi::<Block, AccountId>::streams(&*api, block, FIRST_STREAM, MOST_STREAMS).map_err(failed)?;
		streams.iter().for_each(|stream| live.add_stream(stream));
		live.add_poll(number, &DoinApi::<Block, AccountId>::poll(&*api, block).map_err(failed)?);
		for value in self.values(block, b"Forecasts", b"Markets", MOST_STREAMS)? {
			live.add_market(&decode::<Market>(&value)?);
		}
		for value in self.values(block, b"Forecasts", b"Rounds", MOST_FORECAST_ROUNDS)? {
			let round = decode::<ForecastRound>(&value)?;
			live.add_round(&round.stage, round.book.wagers);
		}
		Ok(live)
	}

	/// Returns the values of a map, at most `limit`.
	fn values(&self, block: Hash, pallet: &[u8], item: &[u8], limit: u32) -> Result<Vec<Vec<u8>>, Unread> {
		let prefix = StorageKey(storage_prefix(pallet, item).to_vec());
		let pairs = self.client.storage_pairs(block, Some(&prefix), None);
		let pairs = pairs.map_err(|error| Unread::NoState(error.to_string()))?;
		Ok(pairs.take(limit as usize).map(|(_, value)| value.0).collect())
	}
}

/// Decodes all of `bytes`.
fn decode<T: DecodeAll>(mut bytes: &[u8]) -> Result<T, Unread> {
	T::decode_all(&mut bytes).map_err(|error| Unread::Unknown(error.to_string()))
}
