//! Tests of a server and of the check of its answers, without a chain.

use crate::{
	audit::{Audited, Sample, WantedOutputs},
	check::{compare, signed, Finding, Known, Sent, Unusable},
	journal::VoucherJournal,
	model::{tests::seasonal, Champion},
	refusal::{Kind, Refusal},
	service::{Channels, Offer, Seller, Sender, Service, Settings, Snapshot},
	tasks::HostQueue,
	voucher::Facts,
	wire::{hex, Inputs, Reply, Request, SignedVoucher},
};
use async_trait::async_trait;
use doin_chain::Account;
use doin_primitives::{
	channel::{ChannelId, Voucher},
	Balance, BlockNumber, Hash,
};
use doin_scoring::Model;
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	future::{poll_fn, Future},
	sync::Arc,
	task::Poll,
	time::Duration,
};
use subxt_signer::sr25519::{dev, Keypair};
use tempfile::TempDir;

const GENESIS: Hash = [1; 32];
const CHANNEL: ChannelId = [7; 32];
const PRICE: Balance = 1_000;
const LOCAL: Sender = Sender { address: None, is_local: true };
const REMOTE: Sender = Sender { address: None, is_local: false };

/// Channels of a chain in memory. Clones share them.
#[derive(Clone, Default)]
struct Chain {
	channels: Arc<Mutex<HashMap<ChannelId, Facts>>>,
	is_down: Arc<Mutex<bool>>,
}

#[async_trait]
impl Channels for Chain {
	async fn facts(&self, channel: ChannelId) -> Result<Option<Facts>, String> {
		if *self.is_down.lock() {
			return Err("connection lost".into());
		}
		Ok(self.channels.lock().get(&channel).copied())
	}
}

struct Machine {
	folder: TempDir,
	chain: Chain,
	service: Service,
}

fn seller() -> Keypair {
	dev::eve()
}

fn account() -> Account {
	Account(seller().public_key().0)
}

fn settings() -> Settings {
	Settings {
		free_per_minute: 2,
		requests_per_second: 10,
		concurrent: 4,
		challenge: 30,
		patience: Duration::from_secs(3_600),
		batch_wait: Duration::from_millis(2),
	}
}

fn facts() -> Facts {
	Facts {
		payee: account(),
		key: dev::alice().public_key().0,
		deposit: 10 * PRICE,
		paid: 0,
		expires: 1_000,
		ends: 1_030,
		closing: false,
	}
}

fn service(folder: &TempDir, chain: &Chain, settings: Settings) -> Service {
	let journal = VoucherJournal::open(&folder.path().join("vouchers.db"), GENESIS).unwrap();
	let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
	let seller = Seller { genesis: GENESIS, account: account(), key: seller() };
	Service::new(seller, settings, Box::new(chain.clone()), journal, pool)
}

fn snapshot(block: BlockNumber, champion: Champion) -> Snapshot {
	let offer = Offer { champion: Arc::new(champion), price: PRICE, since: 50 };
	Snapshot { block, offers: [(0, offer)].into() }
}

fn machine() -> Machine {
	let (folder, chain) = (tempfile::tempdir().unwrap(), Chain::default());
	chain.channels.lock().insert(CHANNEL, facts());
	let service = service(&folder, &chain, settings());
	service.show(snapshot(100, seasonal()));
	Machine { folder, chain, service }
}

fn voucher(key: &Keypair, channel: ChannelId, cumulative: Balance) -> SignedVoucher {
	let voucher = Voucher { channel, cumulative };
	SignedVoucher::new(&voucher, &key.sign(&voucher.signed_bytes()).0)
}

/// Returns a request for a window that ends with `last`, paid by a voucher of Alice.
fn request(last: i32, cumulative: Option<Balance>) -> Request {
	Request {
		domain_id: 0,
		input: Some(Inputs::One(vec![4_100, 4_110, 4_102, last])),
		client_id: "test".into(),
		nonce: Some(hex(&[9; 32])),
		voucher: cumulative.map(|cumulative| voucher(&dev::alice(), CHANNEL, cumulative)),
		..Request::default()
	}
}

fn sent(last: i32, cumulative: Balance) -> Sent {
	let input = Inputs::One(vec![4_100, 4_110, 4_102, last]);
	let windows = seasonal().windows(Some(&input), None).unwrap();
	Sent { domain: 0, windows, nonce: [9; 32], channel: CHANNEL, cumulative, price: PRICE }
}

fn known() -> Known {
	Known { genesis: GENESIS, key: seller().public_key().0, since: 50, block: 105 }
}

async fn paid(machine: &Machine, last: i32, cumulative: Balance) -> Result<Reply, Refusal> {
	machine.service.infer(&request(last, Some(cumulative)), REMOTE).await
}

fn kind(answered: Result<Reply, Refusal>) -> Option<Kind> {
	answered.err().map(|refusal| refusal.kind)
}

#[tokio::test]
async fn a_paid_answer_is_right_and_signed() {
	let machine = machine();
	let reply = paid(&machine, 4_113, PRICE).await.unwrap();
	assert_eq!((&reply.values[0][..], &reply.unit[..]), (&[410.2, 411.3, 410.2][..], "ppm"));
	assert_eq!((&reply.outputs[0][..], &reply.next[..]), (&[-176, 0, -176][..], "2000"));
	let signed = signed(&reply, &sent(4_113, PRICE), &known()).unwrap();
	assert_eq!(compare(&reply, &sent(4_113, PRICE), &signed, &seasonal()), Finding::Right);
	let read: Reply = serde_json::from_str(&serde_json::to_string(&reply).unwrap()).unwrap();
	assert_eq!(read, reply, "JSON keeps every digit");
	let numbers = machine.service.serving();
	assert_eq!((numbers.answers, numbers.windows, &numbers.earned[..], numbers.channels), (1, 1, "1000", 1));
	assert_eq!(numbers.batches, 1, "a request that is alone is run by itself");
	assert_eq!(numbers.owed, "999", "a thousandth burns");
}

#[tokio::test]
async fn no_voucher_pays_twice() {
	let machine = machine();
	paid(&machine, 1, PRICE).await.unwrap();
	assert_eq!(kind(paid(&machine, 2, PRICE).await), Some(Kind::Unpaid));
	assert_eq!(kind(paid(&machine, 2, 2 * PRICE - 1).await), Some(Kind::Unpaid));
	paid(&machine, 2, 2 * PRICE).await.unwrap();
	assert_eq!(machine.service.serving().earned, "2000");
}

#[tokio::test]
async fn vouchers_that_pay_nothing_are_refused_with_a_reason() {
	let machine = machine();
	let refused = |voucher: SignedVoucher| {
		let (machine, request) = (&machine, Request { voucher: Some(voucher), ..request(1, None) });
		async move { machine.service.infer(&request, REMOTE).await.unwrap_err() }
	};
	let forged = refused(voucher(&dev::bob(), CHANNEL, PRICE)).await;
	assert!(forged.kind == Kind::Unpaid && forged.reason.contains("signature"), "{forged}");
	let own = voucher(&dev::alice(), CHANNEL, PRICE);
	let raised = refused(SignedVoucher { cumulative: (5 * PRICE).to_string(), ..own.clone() }).await;
	assert!(raised.reason.contains("signature"), "{raised}");
	let unknown = refused(voucher(&dev::alice(), [8; 32], PRICE)).await;
	assert!(unknown.kind == Kind::Unknown && unknown.next.contains("finalized"), "{unknown}");
	let above = refused(voucher(&dev::alice(), CHANNEL, 10 * PRICE + 1)).await;
	assert!(above.kind == Kind::Unpaid && above.reason.contains("deposit of the channel is 10000"), "{above}");
	let malformed = refused(SignedVoucher { channel: "0x7".into(), ..own }).await;
	assert!(malformed.kind == Kind::Malformed && malformed.reason.contains("`channel`"), "{malformed}");
	assert_eq!(machine.service.serving().answers, 0);
	assert_eq!(machine.service.vouchers().unwrap(), [], "nothing is journalled");
}

#[tokio::test]
async fn channels_that_do_not_pay_this_server_for_certain_are_refused() {
	let machine = machine();
	let with = |changed: Facts, block: BlockNumber| {
		machine.chain.channels.lock().insert(CHANNEL, changed);
		machine.service.show(snapshot(block, seasonal()));
	};
	// Facts are read again after 20 blocks.
	with(Facts { payee: Account([3; 32]), ..facts() }, 200);
	assert!(paid(&machine, 1, PRICE).await.unwrap_err().reason.contains("another account"));
	with(Facts { closing: true, ..facts() }, 300);
	assert!(paid(&machine, 1, PRICE).await.unwrap_err().reason.contains("closing"));
	with(Facts { expires: 430, ..facts() }, 400);
	assert!(paid(&machine, 1, PRICE).await.unwrap_err().reason.contains("expires in block 430"));
	with(facts(), 500);
	paid(&machine, 1, PRICE).await.unwrap();
}

#[tokio::test]
async fn a_deposit_that_was_topped_up_counts_once_it_is_final() {
	let machine = machine();
	paid(&machine, 1, 10 * PRICE).await.unwrap();
	machine.chain.channels.lock().insert(CHANNEL, Facts { deposit: 20 * PRICE, ..facts() });
	assert_eq!(kind(paid(&machine, 2, 11 * PRICE).await), Some(Kind::Unpaid), "no later block is final");
	machine.service.show(snapshot(101, seasonal()));
	paid(&machine, 2, 11 * PRICE).await.unwrap();
}

#[tokio::test]
async fn windows_of_another_length_cost_nothing() {
	let machine = machine();
	let short = Request { input: Some(Inputs::One(vec![1, 2, 3])), ..request(1, Some(PRICE)) };
	let refusal = machine.service.infer(&short, REMOTE).await.unwrap_err();
	assert!(refusal.kind == Kind::Impossible && refusal.reason.contains("has 3 numbers"), "{refusal}");
	let elsewhere = Request { domain_id: 5, ..request(1, Some(PRICE)) };
	assert_eq!(kind(machine.service.infer(&elsewhere, REMOTE).await), Some(Kind::Unknown));
	paid(&machine, 1, PRICE).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_answered_without_payment() {
	let machine = machine();
	machine.service.journal_of_tests().refuse_writes(true);
	let refusal = paid(&machine, 1, PRICE).await.unwrap_err();
	assert!(refusal.kind == Kind::NoSpace && refusal.next.contains("nothing was paid"), "{refusal}");
	let free = machine.service.infer(&request(1, None), LOCAL).await;
	assert!(free.is_ok(), "free requests need no disk");
	machine.service.journal_of_tests().refuse_writes(false);
	paid(&machine, 1, PRICE).await.unwrap();
	assert_eq!(machine.service.serving().earned, "1000", "the same voucher pays once");
}

/// The connection of a request is cut while its voucher is journalled: the next one with the same voucher is answered.
#[tokio::test]
async fn a_request_that_is_cut_costs_no_second_voucher() {
	let machine = machine();
	let cut = tokio::time::timeout(Duration::ZERO, machine.service.infer(&request(1, Some(PRICE)), REMOTE)).await;
	drop(cut);
	paid(&machine, 1, PRICE).await.unwrap();
	assert_eq!(machine.service.vouchers().unwrap()[0].kept.cumulative, PRICE);
	paid(&machine, 2, 2 * PRICE).await.unwrap();
}

#[tokio::test]
async fn the_windows_of_a_request_are_answered_in_order() {
	let machine = machine();
	let window = |last: i32| vec![last; 4];
	let windows: Vec<Vec<i32>> = (0..10).map(window).collect();
	let several = Request { input: Some(Inputs::Several(windows)), ..request(0, Some(10 * PRICE)) };
	let reply = machine.service.infer(&several, REMOTE).await.unwrap();
	let first: Vec<f64> = reply.values.iter().map(|values| (values[0] * 10.0).round()).collect();
	assert_eq!(first, (0..10).map(f64::from).collect::<Vec<f64>>());
	assert_eq!((reply.receipt.pairs.len(), &reply.receipt.price[..]), (10, "10000"));
}

/// The server ends after a voucher is journalled and before its answer: the client asks again, and pays once.
#[tokio::test]
async fn a_server_that_is_killed_loses_nothing_and_neither_does_its_client() {
	let Machine { folder, chain, service: killed } = machine();
	let paying = request(1, Some(PRICE));
	let mut answering = Box::pin(killed.infer(&paying, REMOTE));
	let is_pending = poll_fn(|context| Poll::Ready(answering.as_mut().poll(context).is_pending())).await;
	assert!(is_pending, "the voucher is being journalled");
	while killed.vouchers().unwrap().is_empty() {
		tokio::time::sleep(Duration::from_millis(1)).await;
	}
	// It is not polled any more, so nothing is answered.
	drop(answering);
	assert_eq!(killed.serving().answers, 0);
	drop(killed);
	let restarted = service(&folder, &chain, settings());
	assert_eq!(kind(restarted.infer(&request(1, Some(PRICE)), REMOTE).await), Some(Kind::Behind), "it has no block yet");
	restarted.show(snapshot(110, seasonal()));
	let reply = restarted.infer(&request(1, Some(PRICE)), REMOTE).await.unwrap();
	assert_eq!((reply.block, &reply.receipt.cumulative[..]), (110, "1000"));
	assert_eq!(kind(restarted.infer(&request(2, Some(PRICE)), REMOTE).await), Some(Kind::Unpaid), "another request");
	let state = restarted.channel(&hex(&CHANNEL)).await.unwrap();
	assert_eq!(state.voucher, Some(voucher_text(&restarted)), "a client that lost its purse finds its amount");
}

fn voucher_text(service: &Service) -> SignedVoucher {
	let [offered] = service.vouchers().unwrap()[..] else { panic!("one channel has paid") };
	SignedVoucher::new(&Voucher { channel: offered.channel, cumulative: offered.kept.cumulative }, &offered.kept.signature)
}

#[tokio::test]
async fn a_champion_that_is_replaced_answers_the_requests_of_its_block() {
	let machine = machine();
	let mut replaced = seasonal();
	replaced.model = Model::RepeatLast;
	replaced.hash = doin_primitives::blake2_256(&Model::RepeatLast.to_bytes());
	let before = paid(&machine, 4_113, PRICE).await.unwrap();
	machine.service.show(snapshot(103, replaced.clone()));
	let after = paid(&machine, 4_113, 2 * PRICE).await.unwrap();
	assert_eq!((&before.outputs[0][..], &after.outputs[0][..]), (&[-176, 0, -176][..], &[0; 3][..]));
	for (reply, cumulative, champion) in [(&before, PRICE, &seasonal()), (&after, 2 * PRICE, &replaced)] {
		let signed = signed(reply, &sent(4_113, cumulative), &known()).unwrap();
		assert_eq!(compare(reply, &sent(4_113, cumulative), &signed, champion), Finding::Right);
	}
	assert_eq!(machine.service.serving().swaps, 1);
}

#[tokio::test]
async fn a_server_whose_node_is_behind_answers_nothing() {
	let (folder, chain) = (tempfile::tempdir().unwrap(), Chain::default());
	chain.channels.lock().insert(CHANNEL, facts());
	let service = service(&folder, &chain, Settings { patience: Duration::ZERO, ..settings() });
	service.show(snapshot(100, seasonal()));
	let refusal = service.infer(&request(1, Some(PRICE)), REMOTE).await.unwrap_err();
	assert!(refusal.kind == Kind::Behind && refusal.reason.contains("finalized no block"), "{refusal}");
	assert!(service.prices().is_err() && service.models().is_err());
	let machine = machine();
	*machine.chain.is_down.lock() = true;
	let refusal = paid(&machine, 1, PRICE).await.unwrap_err();
	assert!(refusal.kind == Kind::Behind && refusal.reason.contains("connection lost"), "{refusal}");
}

#[tokio::test]
async fn programs_of_this_machine_have_a_free_quota() {
	let machine = machine();
	assert_eq!(kind(machine.service.infer(&request(1, None), REMOTE).await), Some(Kind::Unpaid));
	for _ in 0..2 {
		let reply = machine.service.infer(&request(4_113, None), LOCAL).await.unwrap();
		let free = Sent { channel: [0; 32], cumulative: 0, price: 0, ..sent(4_113, 0) };
		assert!(signed(&reply, &free, &known()).is_ok());
	}
	assert_eq!(kind(machine.service.infer(&request(1, None), LOCAL).await), Some(Kind::Unpaid), "it is used up");
	assert!(machine.service.infer(&request(1, Some(PRICE)), LOCAL).await.is_ok());
	assert_eq!(machine.service.serving().free, 2);
}

#[tokio::test]
async fn an_address_that_sends_too_many_requests_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let service = service(&folder, &Chain::default(), Settings { requests_per_second: 1, ..settings() });
	let sender = Sender { address: Some([192, 0, 2, 1].into()), is_local: false };
	assert_eq!([0; 2].map(|_| service.admit(sender).is_ok()), [true; 2]);
	let refusal = service.admit(sender).unwrap_err();
	assert!(refusal.kind == Kind::TooMany && refusal.reason.contains("192.0.2.1"), "{refusal}");
	assert!((0..100).all(|_| service.admit(LOCAL).is_ok()));
}

#[tokio::test]
async fn an_answer_that_proves_nothing_is_not_accepted() {
	let machine = machine();
	let reply = paid(&machine, 4_113, PRICE).await.unwrap();
	let sent = sent(4_113, PRICE);
	let refused = |reply: &Reply, known: Known| signed(reply, &sent, &known).unwrap_err();
	let changed = Reply { outputs: vec![vec![1, 2, 3]], ..reply.clone() };
	assert_eq!(refused(&changed, known()), Unusable::OtherRequest("pair of hashes"), "an output that is not signed");
	let other = signed(&reply, &Sent { cumulative: 2 * PRICE, ..sent.clone() }, &known()).unwrap_err();
	assert_eq!(other, Unusable::OtherRequest("amount"));
	let elsewhere = signed(&reply, &Sent { domain: 5, ..sent.clone() }, &known()).unwrap_err();
	assert_eq!(elsewhere, Unusable::OtherRequest("domain"), "another champion could be right, and nobody lies");
	let key = dev::bob().public_key().0;
	assert_eq!(refused(&reply, Known { key, ..known() }), Unusable::Unsigned);
	assert_eq!(refused(&reply, Known { genesis: [2; 32], ..known() }), Unusable::Unsigned, "a receipt of another chain");
	assert_eq!(refused(&reply, Known { block: 121, ..known() }), Unusable::Stale { found: 100, known: 121 });
	assert!(signed(&reply, &sent, &Known { block: 120, ..known() }).is_ok());
	assert_eq!(refused(&reply, Known { block: 99, ..known() }), Unusable::Stale { found: 100, known: 99 });
	assert_eq!(refused(&reply, Known { since: 101, ..known() }), Unusable::BeforeOffer { found: 100, since: 101 });
	let empty = Reply { outputs: Vec::new(), ..reply.clone() };
	assert_eq!(refused(&empty, known()), Unusable::Outputs { found: 0, expected: 1 });
	let unreadable = Reply { model: "0x".into(), ..reply };
	assert!(matches!(refused(&unreadable, known()), Unusable::Unreadable(_)));
}

#[tokio::test]
async fn requests_at_the_same_time_have_their_own_answers() {
	let (folder, chain) = (tempfile::tempdir().unwrap(), Chain::default());
	let several = Settings { free_per_minute: 100, concurrent: 100, ..settings() };
	let service = Arc::new(service(&folder, &chain, several));
	service.show(snapshot(100, seasonal()));
	let send = |last: i32| {
		let service = service.clone();
		tokio::spawn(async move { service.infer(&request(last, None), LOCAL).await })
	};
	let waiting: Vec<_> = (0..50).map(send).collect();
	for (last, waiting) in (0..50).zip(waiting) {
		let reply = waiting.await.unwrap().unwrap();
		assert_eq!((reply.values[0][1] * 10.0).round(), f64::from(last), "the season before the second step is the last value");
	}
	let numbers = service.serving();
	assert!(numbers.answers == 50 && numbers.batches <= 50, "{numbers:?}");
}

fn as_computed(result: serde_json::Value) -> serde_json::Value {
	result
}

fn nothing(_: serde_json::Value) -> serde_json::Value {
	serde_json::Value::Null
}

fn unreadable(_: serde_json::Value) -> serde_json::Value {
	serde_json::Value::Bool(true)
}

/// A second worker audits answers, and the server counts their windows.
#[tokio::test]
async fn answers_are_audited_by_another_worker_or_here() {
	let machine = machine();
	let (service, queue) = (&machine.service, HostQueue::default());
	let long = Duration::from_secs(3_600);
	assert_eq!(service.audit_one(Some(&queue), long).await, None, "nothing was answered");
	let helper = |result: fn(serde_json::Value) -> serde_json::Value| {
		let queue = queue.clone();
		async move {
			while queue.pending(None).is_empty() {
				tokio::task::yield_now().await;
			}
			let task = queue.pending(None).remove(0);
			queue.claim(&task.task_id, "second").unwrap();
			let computed = WantedOutputs::of_task(&task).unwrap().compute(0, seasonal().program).unwrap();
			queue.complete(&task.task_id, "second", result(computed)).unwrap();
		}
	};
	let results: [fn(serde_json::Value) -> serde_json::Value; 2] = [as_computed, unreadable];
	for (result, found) in results.into_iter().zip([Audited::Right, Audited::WrongElsewhere]) {
		service.infer(&request(4_113, None), LOCAL).await.unwrap();
		let (audited, ()) = tokio::join!(service.audit_one(Some(&queue), long), helper(result));
		assert_eq!(audited, Some(found));
	}
	paid(&machine, 1, PRICE).await.unwrap();
	assert_eq!(service.audit_one(Some(&queue), Duration::ZERO).await, Some(Audited::Right), "nobody has claimed it");
	paid(&machine, 2, 2 * PRICE).await.unwrap();
	assert_eq!(service.audit_one(None, long).await, Some(Audited::Right));
	paid(&machine, 3, 3 * PRICE).await.unwrap();
	let (audited, ()) = tokio::join!(service.audit_one(Some(&queue), long), helper(nothing));
	assert_eq!(audited, Some(Audited::Right), "the worker could not do it");
	let numbers = service.serving();
	assert_eq!((numbers.audited, numbers.wrong), (5, 0));
	assert!(queue.pending(None).is_empty());
}

/// An audit that finds a wrong answer is counted, and the server goes on answering.
#[tokio::test]
async fn a_wrong_answer_is_counted() {
	let machine = machine();
	let input = Inputs::One(vec![4_100, 4_110, 4_102, 4_113]);
	let windows = seasonal().windows(Some(&input), None).unwrap();
	machine.service.keep_for_tests(Sample::new(Arc::new(seasonal()), &windows, &[vec![-176, 1, -176]]));
	assert_eq!(machine.service.audit_one(None, Duration::ZERO).await, Some(Audited::Wrong));
	let reply = paid(&machine, 4_113, PRICE).await.unwrap();
	assert_eq!(&reply.outputs[0][..], &[-176, 0, -176]);
	assert_eq!(machine.service.audit_one(None, Duration::ZERO).await, Some(Audited::Right));
	let numbers = machine.service.serving();
	assert_eq!((numbers.audited, numbers.wrong, numbers.batches), (2, 1, 1));
}

/// A server that answers with another model signs the proof of it.
#[tokio::test]
async fn a_lie_is_found_in_a_signed_answer() {
	let machine = machine();
	// The hash of the champion, and the outputs of another model.
	let liar = Champion { model: Model::RepeatLast, ..seasonal() };
	machine.service.show(snapshot(100, liar));
	let reply = paid(&machine, 4_113, PRICE).await.unwrap();
	let sent = sent(4_113, PRICE);
	let lie = signed(&reply, &sent, &known()).unwrap();
	let found = compare(&reply, &sent, &lie, &seasonal());
	assert_eq!(found, Finding::False { index: 0, computed: vec![-176, 0, -176] });
	let mut other = seasonal();
	other.hash = [6; 32];
	assert_eq!(compare(&reply, &sent, &lie, &other), Finding::OtherModel);
}

#[tokio::test]
async fn prices_and_models_are_shown() {
	let machine = machine();
	let prices = machine.service.prices().unwrap();
	assert_eq!((prices.block, prices.challenge, prices.windows), (100, 30, 64));
	assert_eq!((&prices.domains[0].price[..], prices.domains[0].since), ("1000", 50));
	assert_eq!(prices.account, account().to_string());
	let models = machine.service.models().unwrap();
	assert_eq!((models.models[0].inputs, &models.models[0].unit[..]), (4, "0.1 ppm"));
	let refusal = machine.service.channel("0x12").await.unwrap_err();
	assert_eq!(refusal.kind, Kind::Malformed);
	let state = machine.service.channel(&hex(&CHANNEL)).await.unwrap();
	assert_eq!((state.voucher, &state.deposit[..], state.refused), (None, "10000", None));
}
