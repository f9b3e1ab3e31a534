//! The `doin` namespace: what the chain knows about domains, rounds and work, as JSON.
//!
//! Every method asks [`DoinApi`] at one block and every subscription asks the same question at each new best block. There is one path
//! for all of them: a [`Question`], its [`Answer`], and a subscription that drops answers equal to the one before.
//!
//! Amounts are decimal strings in plancks (10⁻¹² DOIN), hashes are hex with `0x`, accounts are SS58 addresses.

use super::record::DomainRecord;
use crate::service::Client;
use doin_primitives::DomainId;
use doin_primitives_frame::apis::DoinApi;
use doin_runtime::{opaque::Block, AccountId, Hash};
use futures::{future::ready, stream, Stream, StreamExt};
use jsonrpsee::{
	core::RpcResult,
	proc_macros::rpc,
	types::{error::INVALID_PARAMS_CODE, ErrorObject, ErrorObjectOwned},
	PendingSubscriptionSink,
};
use sc_client_api::{BlockchainEvents, HeaderBackend};
use sc_rpc::{
	utils::{spawn_subscription_task, PendingSubscription, RingBuffer},
	SubscriptionTaskExecutor,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, PoisonError},
};

/// JSON-RPC error code: what the request names does not exist.
pub const UNKNOWN: i32 = 20_001;
/// JSON-RPC error code: the block it names cannot be read here.
pub const UNREADABLE: i32 = 20_002;
/// Most answers that are kept for the newest block; further questions are answered without being kept.
const KEPT: usize = 1_024;

/// Questions about DOIN. `at` is the hash of the block to look at, the best one if it is missing. A subscription sends the answer at the
/// best block, then every later answer that differs from the one before it; it ends when there is none any more.
#[rpc(server, namespace = "doin")]
pub trait DoinRpc {
	/// Every domain in order of registration: a list of [`doin_primitives::views::DomainView`].
	#[method(name = "domains", blocking)]
	fn domains(&self, at: Option<Hash>) -> RpcResult<Answer>;

	/// One domain: its view, and under `spec` its immutable record.
	#[method(name = "domain", blocking)]
	fn domain(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer>;

	/// A domain's best model: a [`doin_primitives::views::ChampionView`].
	#[method(name = "champion", blocking)]
	fn champion(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer>;

	/// A domain's round of optimization: a [`doin_primitives::views::RoundView`].
	#[method(name = "round", blocking)]
	fn round(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer>;

	/// A domain's recomputations that are not final yet, oldest first: a list of [`doin_primitives::views::QuorumView`].
	#[method(name = "quorum", blocking)]
	fn quorum(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer>;

	/// Proof of optimization, its queue and its last seal: a [`doin_primitives::views::WorkView`].
	#[method(name = "work", blocking)]
	fn work(&self, at: Option<Hash>) -> RpcResult<Answer>;

	/// Base fee and fullness: a [`doin_primitives::views::FeeMarketView`].
	#[method(name = "feeMarket", blocking)]
	fn fee_market(&self, at: Option<Hash>) -> RpcResult<Answer>;

	/// Standing of an account, given by its SS58 address: a [`doin_primitives::views::ReputationView`].
	#[method(name = "reputation", blocking)]
	fn reputation(&self, who: String, at: Option<Hash>) -> RpcResult<Answer>;

	/// Follows `doin_domains`.
	#[subscription(name = "subscribeDomains" => "domainsChanged", unsubscribe = "unsubscribeDomains", item = Answer)]
	fn subscribe_domains(&self);

	/// Follows `doin_domain`.
	#[subscription(name = "subscribeDomain" => "domainChanged", unsubscribe = "unsubscribeDomain", item = Answer)]
	fn subscribe_domain(&self, id: DomainId);

	/// Follows `doin_champion`.
	#[subscription(name = "subscribeChampion" => "championChanged", unsubscribe = "unsubscribeChampion", item = Answer)]
	fn subscribe_champion(&self, id: DomainId);

	/// Follows `doin_round`.
	#[subscription(name = "subscribeRound" => "roundChanged", unsubscribe = "unsubscribeRound", item = Answer)]
	fn subscribe_round(&self, id: DomainId);

	/// Follows `doin_quorum`.
	#[subscription(name = "subscribeQuorum" => "quorumChanged", unsubscribe = "unsubscribeQuorum", item = Answer)]
	fn subscribe_quorum(&self, id: DomainId);

	/// Follows `doin_work`.
	#[subscription(name = "subscribeWork" => "workChanged", unsubscribe = "unsubscribeWork", item = Answer)]
	fn subscribe_work(&self);

	/// Follows `doin_feeMarket`.
	#[subscription(name = "subscribeFeeMarket" => "feeMarketChanged", unsubscribe = "unsubscribeFeeMarket", item = Answer)]
	fn subscribe_fee_market(&self);

	/// Follows `doin_reputation`.
	#[subscription(name = "subscribeReputation" => "reputationChanged", unsubscribe = "unsubscribeReputation", item = Answer)]
	fn subscribe_reputation(&self, who: String);
}

/// Serves the `doin` namespace.
pub struct Doin {
	reader: Arc<Reader>,
	executor: SubscriptionTaskExecutor,
}

impl Doin {
	/// Answers from `client`; subscriptions run on `executor`.
	pub fn new(client: Arc<Client>, executor: SubscriptionTaskExecutor) -> Self {
		Self { reader: Arc::new(Reader { client, newest: Mutex::default() }), executor }
	}

	/// Serves a subscription: answers at every best block, without repetitions. A subscriber that is too slow misses answers, and always
	/// gets the newest one.
	fn follow(&self, pending: PendingSubscriptionSink, question: RpcResult<Question>) {
		let reader = self.reader.clone();
		spawn_subscription_task(&self.executor, async move {
			// Listening starts before the first look, so that no block falls between the two.
			let blocks = reader.client.import_notification_stream().filter(|block| ready(block.is_new_best));
			let (question, first) = match question.and_then(|question| Ok((question.clone(), reader.ask(question, None)?))) {
				Ok(start) => start,
				Err(error) => return pending.reject(error).await,
			};
			let later = blocks
				.map(move |block| reader.ask(question.clone(), Some(block.hash)).ok())
				.take_while(|answer| ready(answer.is_some()))
				.filter_map(ready);
			let answers = without_repetitions(stream::once(ready(first)).chain(later)).boxed();
			PendingSubscription::from(pending).pipe_from_stream(answers, RingBuffer::new(1)).await;
		});
	}
}

/// Drops every item that equals the one before it.
fn without_repetitions<T: PartialEq + Clone + Send>(items: impl Stream<Item = T> + Send) -> impl Stream<Item = T> + Send {
	items
		.scan(None, |last: &mut Option<T>, item| {
			let news = (last.as_ref() != Some(&item)).then(|| item.clone());
			*last = Some(item);
			ready(Some(news))
		})
		.filter_map(ready)
}

impl DoinRpcServer for Doin {
	fn domains(&self, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Domains, at)
	}

	fn domain(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Domain(id), at)
	}

	fn champion(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Champion(id), at)
	}

	fn round(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Round(id), at)
	}

	fn quorum(&self, id: DomainId, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Quorum(id), at)
	}

	fn work(&self, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Work, at)
	}

	fn fee_market(&self, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::FeeMarket, at)
	}

	fn reputation(&self, who: String, at: Option<Hash>) -> RpcResult<Answer> {
		self.reader.ask(Question::Reputation(account(&who)?), at)
	}

	fn subscribe_domains(&self, pending: PendingSubscriptionSink) {
		self.follow(pending, Ok(Question::Domains));
	}

	fn subscribe_domain(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Question::Domain(id)));
	}

	fn subscribe_champion(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Question::Champion(id)));
	}

	fn subscribe_round(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Question::Round(id)));
	}

	fn subscribe_quorum(&self, pending: PendingSubscriptionSink, id: DomainId) {
		self.follow(pending, Ok(Question::Quorum(id)));
	}

	fn subscribe_work(&self, pending: PendingSubscriptionSink) {
		self.follow(pending, Ok(Question::Work));
	}

	fn subscribe_fee_market(&self, pending: PendingSubscriptionSink) {
		self.follow(pending, Ok(Question::FeeMarket));
	}

	fn subscribe_reputation(&self, pending: PendingSubscriptionSink, who: String) {
		self.follow(pending, account(&who).map(Question::Reputation));
	}
}

/// What one method or subscription asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Question {
	Domains,
	Domain(DomainId),
	Champion(DomainId),
	Round(DomainId),
	Quorum(DomainId),
	Work,
	FeeMarket,
	Reputation(AccountId),
}

/// JSON, shared by all who asked the same.
#[derive(Clone, Debug)]
pub struct Answer(Arc<RawValue>);

impl Answer {
	fn new(view: &impl Serialize) -> RpcResult<Self> {
		let json = serde_json::value::to_raw_value(view);
		json.map(|json| Self(json.into())).map_err(|error| failure(UNREADABLE, format!("the answer has no JSON form: {error}")))
	}
}

impl PartialEq for Answer {
	fn eq(&self, other: &Self) -> bool {
		self.0.get() == other.0.get()
	}
}

impl Serialize for Answer {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		self.0.serialize(serializer)
	}
}

/// Answers to what was asked at the newest block that anybody asked about.
#[derive(Default)]
struct Newest {
	at: Hash,
	answers: BTreeMap<Question, Answer>,
}

/// Asks the runtime. A hundred subscribers to the same question cost one runtime call per block.
struct Reader {
	client: Arc<Client>,
	newest: Mutex<Newest>,
}

impl Reader {
	/// Answers `question` at block `at`, or at the best block.
	fn ask(&self, question: Question, at: Option<Hash>) -> RpcResult<Answer> {
		let best = self.client.info().best_hash;
		let at = at.unwrap_or(best);
		// The runtime is called with the lock released: two who ask at once may both call it, none waits for another's question.
		if let Some(answer) =
			self.with_newest(|newest| (newest.at == at).then(|| newest.answers.get(&question).cloned()).flatten())
		{
			return Ok(answer);
		}
		let answer = self.call(&question, at)?;
		if at == best {
			self.with_newest(|newest| {
				if newest.at != at {
					*newest = Newest { at, answers: BTreeMap::new() };
				}
				if newest.answers.len() < KEPT {
					newest.answers.insert(question, answer.clone());
				}
			});
		}
		Ok(answer)
	}

	fn with_newest<R>(&self, act: impl FnOnce(&mut Newest) -> R) -> R {
		// What is kept is only ever replaced as a whole or added to, so it is sound even if a holder of the lock panicked.
		act(&mut self.newest.lock().unwrap_or_else(PoisonError::into_inner))
	}

	fn call(&self, question: &Question, at: Hash) -> RpcResult<Answer> {
		if self.client.number(at).ok().flatten().is_none() {
			return Err(failure(
				UNKNOWN,
				format!("no block {at:?} on this node; chain_getBlockHash tells the hash of a block number"),
			));
		}
		let api = self.client.runtime_api();
		let unreadable = |error: ApiError| unreadable(at, &error);
		if api.api_version::<dyn DoinApi<Block, AccountId>>(at).map_err(unreadable)?.is_none() {
			return Err(failure(
				UNREADABLE,
				format!("the runtime of block {at:?} is older than the doin methods; ask about a later block"),
			));
		}
		let known = |id| -> RpcResult<bool> { Ok(api.domain(at, id).map_err(unreadable)?.is_some()) };
		match *question {
			Question::Domains => Answer::new(&api.domains(at).map_err(unreadable)?),
			Question::Domain(id) => {
				let view = api.domain(at, id).map_err(unreadable)?.ok_or_else(|| no_domain(id))?;
				let spec = api.domain_spec(at, id).map_err(unreadable)?.ok_or_else(|| no_domain(id))?;
				Answer::new(&DomainRecord::new(view, spec))
			}
			Question::Champion(id) => match api.champion(at, id).map_err(unreadable)? {
				Some(view) => Answer::new(&view),
				None => Err(no_domain(id)),
			},
			Question::Round(id) => match api.round(at, id).map_err(unreadable)? {
				Some(view) => Answer::new(&view),
				None if known(id)? => {
					Err(failure(UNKNOWN, format!("domain {id} has no rounds now; doin_domain tells its status")))
				}
				None => Err(no_domain(id)),
			},
			Question::Quorum(id) => match api.quorums(at, id).map_err(unreadable)? {
				none if none.is_empty() && !known(id)? => Err(no_domain(id)),
				views => Answer::new(&views),
			},
			Question::Work => Answer::new(&api.work(at).map_err(unreadable)?),
			Question::FeeMarket => Answer::new(&api.fee_market(at).map_err(unreadable)?),
			Question::Reputation(ref who) => Answer::new(&api.reputation(at, who.clone()).map_err(unreadable)?),
		}
	}
}

fn failure(code: i32, message: String) -> ErrorObjectOwned {
	ErrorObject::owned(code, message, None::<()>)
}

fn no_domain(id: DomainId) -> ErrorObjectOwned {
	failure(UNKNOWN, format!("no domain {id}; doin_domains lists them"))
}

fn unreadable(at: Hash, error: &ApiError) -> ErrorObjectOwned {
	let error = error.to_string();
	let advice =
		if error.contains("discarded") { "; a node with --state-pruning archive keeps the state of every block" } else { "" };
	failure(UNREADABLE, format!("block {at:?} cannot be read: {error}{advice}"))
}

fn account(who: &str) -> RpcResult<AccountId> {
	who.parse().map_err(|_| failure(INVALID_PARAMS_CODE, format!("`{who}` is not an account: give its SS58 address")))
}
