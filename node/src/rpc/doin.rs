//! The `doin` namespace: domains, rounds, recomputations, work, fees, streams, forecasts, channels and offers as JSON.
//!
//! Every method calls [`DoinApi`](doin_traits::apis::DoinApi) at one block, and every subscription repeats the request of a
//! method at each new best block. All of them share one path: a request, its response, and a subscription that drops responses
//! equal to the previous one.
//!
//! Amounts are decimal strings in plancks (10⁻¹² DOIN), Q32 numbers are decimal strings, hashes are hex with `0x`, and accounts
//! are SS58 addresses.

mod error;
mod message;
mod reader;

pub use error::{UNKNOWN, UNREADABLE};
pub use message::{ChampionResponse, DomainResponse, Response};

use crate::service::FullClient;
use doin_primitives::{
	oracle::{StreamId, FIRST_STREAM, MAX_KEPT},
	DomainId, RoundId,
};
use doin_runtime::{AccountId, Hash};
use futures::{future::ready, stream, Stream, StreamExt};
use jsonrpsee::{core::RpcResult, proc_macros::rpc, PendingSubscriptionSink};
use message::Request;
use reader::Reader;
use sc_rpc::{
	utils::{spawn_subscription_task, PendingSubscription, RingBuffer},
	SubscriptionTaskExecutor,
};
use std::sync::Arc;

/// Domains of a page, unless the request names another number.
const DEFAULT_PAGE: u32 = 256;
/// Most domains of a page.
const LONGEST_PAGE: u32 = 1_024;
/// Forecasters of a leaderboard, unless the request names another number.
const DEFAULT_BOARD: u32 = 32;
/// Most forecasters of a leaderboard.
const LONGEST_BOARD: u32 = 256;

/// Methods and subscriptions of the `doin` namespace.
///
/// `at` is the hash of the block to read; without it, a method reads the best block. A subscription sends the response at the
/// best block, then every later response that differs from the previous one. It ends when a request fails.
#[rpc(server, namespace = "doin")]
pub trait DoinRpc {
	/// Returns the domains from identifier `from` (0 without it) on, in order of registration: a list of at most `count`
	/// [`doin_primitives::views::DomainView`], 256 without it and at most 1 024. The next page starts after the last identifier
	/// of this one.
	#[method(name = "domains", blocking)]
	fn domains(&self, from: Option<DomainId>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns one domain: a [`DomainResponse`].
	#[method(name = "domain", blocking)]
	fn domain(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the champion of a domain, with the formula and the fingerprint of a loss genome: a [`ChampionResponse`].
	#[method(name = "champion", blocking)]
	fn champion(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the round of a domain at this block: a [`doin_primitives::views::RoundView`].
	#[method(name = "round", blocking)]
	fn round(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the evidence of a domain that comes after the commits of its rounds, i.e. its sealed segments and its purse: a
	/// [`doin_primitives::views::EvidenceView`].
	#[method(name = "evidence", blocking)]
	fn evidence(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the recomputation tasks of a domain that are not final, oldest first: a list of
	/// [`doin_primitives::views::RecomputationView`].
	#[method(name = "recomputations", blocking)]
	fn recomputations(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the state of work blocks, their queue and the last seal: a [`doin_primitives::views::WorkView`].
	#[method(name = "work", blocking)]
	fn work(&self, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the base fee and the fullness of the last block: a [`doin_primitives::views::FeeMarketView`].
	#[method(name = "feeMarket", blocking)]
	fn fee_market(&self, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the reputation and bond of an account, given by its SS58 address: a [`doin_primitives::views::ReputationView`].
	#[method(name = "reputation", blocking)]
	fn reputation(&self, who: String, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the streams from identifier `from` (2³¹ without it) on, in order of registration: a list of at most `count`
	/// [`doin_primitives::views::StreamView`], 256 without it and at most 1 024.
	#[method(name = "streams", blocking)]
	fn streams(&self, from: Option<StreamId>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the complete bars of a stream from number `from` on, or from the first one that is kept, at most `count`, 256 without
	/// it: a [`doin_primitives::views::BarsView`].
	#[method(name = "bars", blocking)]
	fn bars(&self, stream: StreamId, from: Option<u64>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the poll of the reporters that is open, or the last one: a [`doin_primitives::views::PollView`].
	#[method(name = "poll", blocking)]
	fn poll(&self, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the open rounds of forecasts of a stream, oldest first: a list of [`doin_primitives::views::ForecastRoundView`], at most 24.
	#[method(name = "forecastRounds", blocking)]
	fn forecast_rounds(&self, stream: StreamId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the round `round` of forecasts of a stream with its seats, at most 128, until the last seat is collected: a
	/// [`doin_primitives::views::ForecastSeatsView`].
	#[method(name = "forecastRound", blocking)]
	fn forecast_round(&self, stream: StreamId, round: u32, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the market of a stream and its `limit` forecasters of the largest standing, 32 without it and at most 256: a
	/// [`doin_primitives::views::LeaderboardView`]. On a stream with more than 4 096 forecasters, as many are compared.
	#[method(name = "leaderboard", blocking)]
	fn leaderboard(&self, stream: StreamId, limit: Option<u32>, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the record of an account, given by its SS58 address, in the market of a stream: a
	/// [`doin_primitives::views::MarketRecordView`].
	#[method(name = "forecaster", blocking)]
	fn forecaster(&self, stream: StreamId, who: String, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the payment channel `channel`, a hash in hex, until it is closed: a [`doin_primitives::views::ChannelView`].
	#[method(name = "channel", blocking)]
	fn channel(&self, channel: Hash, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the listed offers of servers for a domain, the lowest price first: a list of at most 64
	/// [`doin_primitives::views::OfferView`].
	#[method(name = "offers", blocking)]
	fn offers(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response>;

	/// Returns the paid demand of the domains from identifier `from` (0 without it) on whose servers were paid, beside their weights: a list
	/// of at most `count` [`doin_primitives::views::DemandView`], 256 without it and at most 1 024.
	#[method(name = "demand", blocking)]
	fn demand(&self, from: Option<DomainId>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response>;

	/// Subscribes to changes of `doin_domains`, with the same parameters.
	#[subscription(name = "subscribeDomains" => "domainsChanged", unsubscribe = "unsubscribeDomains", item = Response)]
	fn subscribe_domains(&self, from: Option<DomainId>, count: Option<u32>);

	/// Subscribes to changes of `doin_domain`.
	#[subscription(name = "subscribeDomain" => "domainChanged", unsubscribe = "unsubscribeDomain", item = Response)]
	fn subscribe_domain(&self, id: DomainId);

	/// Subscribes to changes of `doin_champion`.
	#[subscription(name = "subscribeChampion" => "championChanged", unsubscribe = "unsubscribeChampion", item = Response)]
	fn subscribe_champion(&self, id: DomainId);

	/// Subscribes to changes of `doin_round`.
	#[subscription(name = "subscribeRound" => "roundChanged", unsubscribe = "unsubscribeRound", item = Response)]
	fn subscribe_round(&self, id: DomainId);

	/// Subscribes to changes of `doin_evidence`.
	#[subscription(name = "subscribeEvidence" => "evidenceChanged", unsubscribe = "unsubscribeEvidence", item = Response)]
	fn subscribe_evidence(&self, id: DomainId);

	/// Subscribes to changes of `doin_recomputations`.
	#[subscription(
		name = "subscribeRecomputations" => "recomputationsChanged",
		unsubscribe = "unsubscribeRecomputations",
		item = Response
	)]
	fn subscribe_recomputations(&self, id: DomainId);

	/// Subscribes to changes of `doin_work`.
	#[subscription(name = "subscribeWork" => "workChanged", unsubscribe = "unsubscribeWork", item = Response)]
	fn subscribe_work(&self);

	/// Subscribes to changes of `doin_feeMarket`.
	#[subscription(name = "subscribeFeeMarket" => "feeMarketChanged", unsubscribe = "unsubscribeFeeMarket", item = Response)]
	fn subscribe_fee_market(&self);

	/// Subscribes to changes of `doin_reputation`.
	#[subscription(name = "subscribeReputation" => "reputationChanged", unsubscribe = "unsubscribeReputation", item = Response)]
	fn subscribe_reputation(&self, who: String);

	/// Subscribes to changes of `doin_streams`, with the same parameters.
	#[subscription(name = "subscribeStreams" => "streamsChanged", unsubscribe = "unsubscribeStreams", item = Response)]
	fn subscribe_streams(&self, from: Option<StreamId>, count: Option<u32>);

	/// Subscribes to changes of `doin_bars`, with the same parameters.
	#[subscription(name = "subscribeBars" => "barsChanged", unsubscribe = "unsubscribeBars", item = Response)]
	fn subscribe_bars(&self, stream: StreamId, from: Option<u64>, count: Option<u32>);

	/// Subscribes to changes of `doin_poll`.
	#[subscription(name = "subscribePoll" => "pollChanged", unsubscribe = "unsubscribePoll", item = Response)]
	fn subscribe_poll(&self);

	/// Subscribes to changes of `doin_forecastRounds`.
	#[subscription(
		name = "subscribeForecastRounds" => "forecastRoundsChanged",
		unsubscribe = "unsubscribeForecastRounds",
		item = Response
	)]
	fn subscribe_forecast_rounds(&self, stream: StreamId);

	/// Subscribes to changes of `doin_forecastRound`, with the same parameters.
	#[subscription(
		name = "subscribeForecastRound" => "forecastRoundChanged",
		unsubscribe = "unsubscribeForecastRound",
		item = Response
	)]
	fn subscribe_forecast_round(&self, stream: StreamId, round: u32);

	/// Subscribes to changes of `doin_leaderboard`, with the same parameters.
	#[subscription(name = "subscribeLeaderboard" => "leaderboardChanged", unsubscribe = "unsubscribeLeaderboard", item = Response)]
	fn subscribe_leaderboard(&self, stream: StreamId, limit: Option<u32>);

	/// Subscribes to changes of `doin_forecaster`, with the same parameters.
	#[subscription(name = "subscribeForecaster" => "forecasterChanged", unsubscribe = "unsubscribeForecaster", item = Response)]
	fn subscribe_forecaster(&self, stream: StreamId, who: String);

	/// Subscribes to changes of `doin_channel`. The subscription ends when the channel is closed.
	#[subscription(name = "subscribeChannel" => "channelChanged", unsubscribe = "unsubscribeChannel", item = Response)]
	fn subscribe_channel(&self, channel: Hash);

	/// Subscribes to changes of `doin_offers`.
	#[subscription(name = "subscribeOffers" => "offersChanged", unsubscribe = "unsubscribeOffers", item = Response)]
	fn subscribe_offers(&self, id: DomainId);

	/// Subscribes to changes of `doin_demand`, with the same parameters.
	#[subscription(name = "subscribeDemand" => "demandChanged", unsubscribe = "unsubscribeDemand", item = Response)]
	fn subscribe_demand(&self, from: Option<DomainId>, count: Option<u32>);
}

/// Server of the `doin` namespace.
pub struct Doin {
	reader: Arc<Reader>,
	executor: SubscriptionTaskExecutor,
}

impl Doin {
	/// Returns a server that reads from `client` and runs subscriptions on `executor`.
	pub fn new(client: Arc<FullClient>, executor: SubscriptionTaskExecutor) -> Self {
		Self { reader: Arc::new(Reader::new(client)), executor }
	}

	/// Serves a subscription, or rejects it if `request` is an error. A subscriber that is slower than the chain misses
	/// responses, and always receives the newest one.
	fn follow(&self, pending: PendingSubscriptionSink, request: RpcResult<Request>) {
		let reader = self.reader.clone();
		spawn_subscription_task(&self.executor, async move {
			// The stream starts before the first read, so that no block is missed between the two.
			let blocks = reader.imports().filter(|block| ready(block.is_new_best));
			let (request, first) = match request.and_then(|request| Ok((request.clone(), reader.response(request, None)?))) {
				Ok(start) => start,
				Err(error) => return pending.reject(error).await,
			};
			let later = blocks
				.map(move |block| reader.response(request.clone(), Some(block.hash)).ok())
				.take_while(|response| ready(response.is_some()))
				.filter_map(ready);
			let responses = without_repetitions(stream::once(ready(first)).chain(later)).boxed();
			PendingSubscription::from(pending).pipe_from_stream(responses, RingBuffer::new(1)).await;
		});
	}
}

/// Drops every item that equals the previous one.
fn without_repetitions<T: PartialEq + Clone + Send>(items: impl Stream<Item = T> + Send) -> impl Stream<Item = T> + Send {
	items
		.scan(None, |last: &mut Option<T>, item| {
			let changed = (last.as_ref() != Some(&item)).then(|| item.clone());
			*last = Some(item);
			ready(Some(changed))
		})
		.filter_map(ready)
}

/// Returns the request of a page of domains.
fn page(from: Option<DomainId>, count: Option<u32>) -> Request {
	Request::Domains { from: from.unwrap_or(0), count: count.unwrap_or(DEFAULT_PAGE).min(LONGEST_PAGE) }
}

/// Returns the request of a page of demand.
fn page_of_demand(from: Option<DomainId>, count: Option<u32>) -> Request {
	Request::Demand { from: from.unwrap_or(0), count: count.unwrap_or(DEFAULT_PAGE).min(LONGEST_PAGE) }
}

/// Returns the request of a page of streams.
fn page_of_streams(from: Option<StreamId>, count: Option<u32>) -> Request {
	Request::Streams { from: from.unwrap_or(FIRST_STREAM), count: count.unwrap_or(DEFAULT_PAGE).min(LONGEST_PAGE) }
}

/// Returns the request of bars of a stream.
fn bars_of(stream: StreamId, from: Option<u64>, count: Option<u32>) -> Request {
	Request::Bars { stream, from: from.unwrap_or(0), count: count.unwrap_or(DEFAULT_PAGE).min(MAX_KEPT) }
}

/// Returns the request of a leaderboard.
fn board_of(stream: StreamId, limit: Option<u32>) -> Request {
	Request::Leaderboard { stream, limit: limit.unwrap_or(DEFAULT_BOARD).min(LONGEST_BOARD) }
}

/// Parses an SS58 address.
fn account(who: &str) -> RpcResult<AccountId> {
	who.parse().map_err(|_| error::invalid_account(who))
}

impl DoinRpcServer for Doin {
	fn domains(&self, from: Option<DomainId>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(page(from, count), at)
	}

	fn domain(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Domain(id), at)
	}

	fn champion(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Champion(id), at)
	}

	fn round(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Round(id), at)
	}

	fn evidence(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Evidence(id), at)
	}

	fn recomputations(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Recomputations(id), at)
	}

	fn work(&self, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Work, at)
	}

	fn fee_market(&self, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::FeeMarket, at)
	}

	fn reputation(&self, who: String, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Reputation(account(&who)?), at)
	}

	fn streams(&self, from: Option<StreamId>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(page_of_streams(from, count), at)
	}

	fn bars(&self, stream: StreamId, from: Option<u64>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(bars_of(stream, from, count), at)
	}

	fn poll(&self, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Poll, at)
	}

	fn forecast_rounds(&self, stream: StreamId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::ForecastRounds(stream), at)
	}

	fn forecast_round(&self, stream: StreamId, round: u32, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::ForecastRound(RoundId { domain: stream, number: round }), at)
	}

	fn leaderboard(&self, stream: StreamId, limit: Option<u32>, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(board_of(stream, limit), at)
	}

	fn forecaster(&self, stream: StreamId, who: String, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Forecaster { stream, who: account(&who)? }, at)
	}

	fn channel(&self, channel: Hash, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Channel(channel.0), at)
	}

	fn offers(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(Request::Offers(id), at)
	}

	fn demand(&self, from: Option<DomainId>, count: Option<u32>, at: Option<Hash>) -> RpcResult<Response> {
		self.reader.response(page_of_demand(from, count), at)
	}

	fn subscribe_domains(&self, pending: PendingSubscriptionSink, from: Option<DomainId>, count: Option<u32>) {
		self.follow(pending, Ok(page(from, count)));
	}

	fn subscribe_domain(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Request::Domain(id)));
	}

	fn subscribe_champion(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Request::Champion(id)));
	}

	fn subscribe_round(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Request::Round(id)));
	}

	fn subscribe_evidence(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Request::Evidence(id)));
	}

	fn subscribe_recomputations(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Request::Recomputations(id)));
	}

	fn subscribe_work(&self, pending: PendingSubscriptionSink) {
		self.follow(pending, Ok(Request::Work));
	}

	fn subscribe_fee_market(&self, pending: PendingSubscriptionSink) {
		self.follow(pending, Ok(Request::FeeMarket));
	}

	fn subscribe_reputation(&self, pending: PendingSubscriptionSink, who: String) {
		self.follow(pending, account(&who).map(Request::Reputation));
	}

	fn subscribe_streams(&self, pending: PendingSubscriptionSink, from: Option<StreamId>, count: Option<u32>) {
		self.follow(pending, Ok(page_of_streams(from, count)));
	}

	fn subscribe_bars(&self, pending: PendingSubscriptionSink, stream: StreamId, from: Option<u64>, count: Option<u32>) {
		self.follow(pending, Ok(bars_of(stream, from, count)));
	}

	fn subscribe_poll(&self, pending: PendingSubscriptionSink) {
		self.follow(pending, Ok(Request::Poll));
	}

	fn subscribe_forecast_rounds(&self, pending: PendingSubscriptionSink, stream: StreamId) {
		self.follow(pending, Ok(Request::ForecastRounds(stream)));
	}

	fn subscribe_forecast_round(&self, pending: PendingSubscriptionSink, stream: StreamId, round: u32) {
		self.follow(pending, Ok(Request::ForecastRound(RoundId { domain: stream, number: round })));
	}

	fn subscribe_leaderboard(&self, pending: PendingSubscriptionSink, stream: StreamId, limit: Option<u32>) {
		self.follow(pending, Ok(board_of(stream, limit)));
	}

	fn subscribe_forecaster(&self, pending: PendingSubscriptionSink, stream: StreamId, who: String) {
		self.follow(pending, account(&who).map(|who| Request::Forecaster { stream, who }));
	}

	fn subscribe_channel(&self, pending: PendingSubscriptionSink, channel: Hash) {
		self.follow(pending, Ok(Request::Channel(channel.0)));
	}

	fn subscribe_offers(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Request::Offers(id)));
	}

	fn subscribe_demand(&self, pending: PendingSubscriptionSink, from: Option<DomainId>, count: Option<u32>) {
		self.follow(pending, Ok(page_of_demand(from, count)));
	}
}
