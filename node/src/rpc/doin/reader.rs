//! Answers requests from the runtime, with a cache for the newest block.

use super::{
	error::{
		later_doin_api, no_awaited_evidence, no_doin_api, no_market, no_rounds, unknown_block, unknown_channel, unknown_domain,
		unknown_round, unknown_stream, unreadable, unserializable,
	},
	message::{ChampionResponse, DomainResponse, Request, Response},
	LONGEST_BOARD,
};
use crate::service::FullClient;
use doin_primitives::{oracle::StreamId, views::LeaderboardView, DomainId, ModelRef};
use doin_runtime::{opaque::Block, AccountId, Hash};
use doin_traits::apis::DoinApi;
use jsonrpsee::core::RpcResult;
use parking_lot::Mutex;
use sc_client_api::{BlockchainEvents, HeaderBackend, ImportNotifications};
use serde::Serialize;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi, RuntimeApiInfo};
use std::{collections::BTreeMap, sync::Arc};

/// Most responses and refusals in the cache, and most leaderboards. Those to further requests at the same block are not cached.
const CACHE_CAPACITY: usize = 1_024;

/// Responses and refusals at one block.
#[derive(Default)]
struct Cache {
	block: Hash,
	responses: BTreeMap<Request, RpcResult<Response>>,
	/// Leaderboards of the greatest length.
	boards: BTreeMap<StreamId, LeaderboardView<AccountId>>,
}

impl Cache {
	/// Forgets everything at another block than `at`.
	fn move_to(&mut self, at: Hash) {
		if self.block != at {
			*self = Self { block: at, ..Self::default() };
		}
	}
}

/// Answers requests from the runtime. The cache holds the responses at the newest block for which one was requested, so that a
/// hundred subscribers with the same request cost one runtime call per block.
pub(super) struct Reader {
	client: Arc<FullClient>,
	cache: Mutex<Cache>,
}

impl Reader {
	/// Returns a reader with an empty cache.
	pub(super) fn new(client: Arc<FullClient>) -> Self {
		Self { client, cache: Mutex::default() }
	}

	/// Returns the stream of imported blocks.
	pub(super) fn imports(&self) -> ImportNotifications<Block> {
		self.client.import_notification_stream()
	}

	/// Returns the response to `request` at block `at`, or at the best block if `at` is `None`.
	///
	/// # Errors
	///
	/// Fails if the block or the domain does not exist, or if the state of the block cannot be read.
	pub(super) fn response(&self, request: Request, at: Option<Hash>) -> RpcResult<Response> {
		let best = self.client.info().best_hash;
		let at = at.unwrap_or(best);
		if let Some(response) = self.cached(&request, at) {
			return response;
		}
		// The lock is not held during the runtime call: two equal requests at the same time may both call the runtime, and
		// neither of them waits for a different request.
		let response = self.call(&request, at);
		if at == best {
			self.store(request, response.clone(), at);
		}
		response
	}

	fn cached(&self, request: &Request, at: Hash) -> Option<RpcResult<Response>> {
		let cache = self.cache.lock();
		(cache.block == at).then(|| cache.responses.get(request).cloned()).flatten()
	}

	fn store(&self, request: Request, response: RpcResult<Response>, at: Hash) {
		let mut cache = self.cache.lock();
		cache.move_to(at);
		if cache.responses.len() < CACHE_CAPACITY {
			cache.responses.insert(request, response);
		}
	}

	/// Calls the runtime.
	fn call(&self, request: &Request, at: Hash) -> RpcResult<Response> {
		if self.client.number(at).ok().flatten().is_none() {
			return Err(unknown_block(at));
		}
		let api = self.client.runtime_api();
		let unreadable = |error: ApiError| unreadable(at, &error);
		let known = <dyn DoinApi<Block, AccountId> as RuntimeApiInfo>::VERSION;
		match api.api_version::<dyn DoinApi<Block, AccountId>>(at).map_err(unreadable)? {
			Some(found) if found <= known => {}
			Some(found) => return Err(later_doin_api(at, found, known)),
			None => return Err(no_doin_api(at)),
		}
		let is_registered = |id: DomainId| -> RpcResult<bool> { Ok(api.domain(at, id).map_err(unreadable)?.is_some()) };
		match request {
			Request::Domains { from, count } => Response::new(&api.domains(at, *from, *count).map_err(unreadable)?),
			Request::Domain(id) => {
				let view = api.domain(at, *id).map_err(unreadable)?.ok_or_else(|| unknown_domain(*id))?;
				let spec = api.domain_spec(at, *id).map_err(unreadable)?.ok_or_else(|| unknown_domain(*id))?;
				Response::new(&DomainResponse::new(view, &spec).map_err(|error| unserializable(&error))?)
			}
			Request::Champion(id) => {
				let champion = self.champion(at, *id).map_err(unreadable)?;
				Response::new(&champion.ok_or_else(|| unknown_domain(*id))?)
			}
			Request::Round(id) => match api.round(at, *id).map_err(unreadable)? {
				Some(view) => Response::new(&view),
				None if is_registered(*id)? => Err(no_rounds(*id)),
				None => Err(unknown_domain(*id)),
			},
			Request::Evidence(id) => match api.evidence(at, *id).map_err(unreadable)? {
				Some(view) => Response::new(&view),
				None if is_registered(*id)? => Err(no_awaited_evidence(*id)),
				None => Err(unknown_domain(*id)),
			},
			Request::Recomputations(id) if is_registered(*id)? => {
				Response::new(&api.recomputations(at, *id).map_err(unreadable)?)
			}
			Request::Recomputations(id) => Err(unknown_domain(*id)),
			Request::Work => Response::new(&api.work(at).map_err(unreadable)?),
			Request::FeeMarket => Response::new(&api.fee_market(at).map_err(unreadable)?),
			Request::Reputation(who) => Response::new(&api.reputation(at, who.clone()).map_err(unreadable)?),
			Request::Streams { from, count } => Response::new(&api.streams(at, *from, *count).map_err(unreadable)?),
			Request::Bars { stream, from, count } => {
				let view = api.bars(at, *stream, *from, *count).map_err(unreadable)?;
				Response::new(&view.ok_or_else(|| unknown_stream(*stream))?)
			}
			Request::Poll => Response::new(&api.poll(at).map_err(unreadable)?),
			Request::ForecastRounds(stream) => self.of_market(at, *stream, api.forecast_rounds(at, *stream).map_err(unreadable)?),
			Request::ForecastRound(round) => match api.forecast_round(at, *round).map_err(unreadable)? {
				None if api.forecast_rounds(at, round.domain).map_err(unreadable)?.is_some() => Err(unknown_round(*round)),
				view => self.of_market(at, round.domain, view),
			},
			Request::Leaderboard { stream, limit } => {
				self.of_market(at, *stream, self.board(at, *stream, *limit).map_err(unreadable)?)
			}
			Request::Forecaster { stream, who } => {
				self.of_market(at, *stream, api.forecaster(at, *stream, who.clone()).map_err(unreadable)?)
			}
			Request::Channel(id) => {
				Response::new(&api.channel(at, *id).map_err(unreadable)?.ok_or_else(|| unknown_channel(*id))?)
			}
			Request::Offers(id) => {
				let offers = api.offers(at, *id).map_err(unreadable)?;
				// Offers of a retired domain are listed until they are withdrawn.
				if offers.is_empty() && !is_registered(*id)? {
					return Err(unknown_domain(*id));
				}
				Response::new(&offers)
			}
			Request::Demand { from, count } => Response::new(&api.demand(at, *from, *count).map_err(unreadable)?),
		}
	}

	/// Returns the champion of a domain at block `at`. Its model is read if it may be a loss genome.
	///
	/// # Errors
	///
	/// Fails if the state of the block cannot be read.
	fn champion(&self, at: Hash, id: DomainId) -> Result<Option<ChampionResponse>, ApiError> {
		let api = self.client.runtime_api();
		let Some(view) = api.champion(at, id)? else { return Ok(None) };
		let model = match view.model {
			ModelRef::Stored(model) => api.model(at, model)?,
			ModelRef::BuiltIn => api.baseline(at, id)?,
			ModelRef::RepeatLast | ModelRef::Seasonal | ModelRef::Origin | ModelRef::Linear | ModelRef::Constant => None,
		};
		Ok(Some(ChampionResponse::new(view, model.as_deref())))
	}

	/// Returns the market of a stream at block `at` with its `limit` forecasters of the largest standing. Every leaderboard compares all
	/// forecasters of its stream, so those of all lengths at the best block are cut from one.
	///
	/// # Errors
	///
	/// Fails if the state of the block cannot be read.
	fn board(&self, at: Hash, stream: StreamId, limit: u32) -> Result<Option<LeaderboardView<AccountId>>, ApiError> {
		let mut board = self.cached_board(stream, at);
		if board.is_none() {
			board = self.client.runtime_api().leaderboard(at, stream, LONGEST_BOARD)?;
			if let Some(board) = board.clone().filter(|_| at == self.client.info().best_hash) {
				self.store_board(board, at);
			}
		}
		Ok(board.map(|mut board| {
			board.forecasters.truncate(limit as usize);
			board
		}))
	}

	fn cached_board(&self, stream: StreamId, at: Hash) -> Option<LeaderboardView<AccountId>> {
		let cache = self.cache.lock();
		(cache.block == at).then(|| cache.boards.get(&stream).cloned()).flatten()
	}

	fn store_board(&self, board: LeaderboardView<AccountId>, at: Hash) {
		let mut cache = self.cache.lock();
		cache.move_to(at);
		if cache.boards.len() < CACHE_CAPACITY {
			cache.boards.insert(board.stream, board);
		}
	}

	/// Returns the response of a view of the market of a stream. Without one, the stream has no market or does not exist.
	fn of_market(&self, at: Hash, stream: StreamId, view: Option<impl Serialize>) -> RpcResult<Response> {
		if let Some(view) = view {
			return Response::new(&view);
		}
		let bars = self.client.runtime_api().bars(at, stream, 0, 0).map_err(|error| unreadable(at, &error))?;
		Err(if bars.is_some() { no_market(stream) } else { unknown_stream(stream) })
	}
}
