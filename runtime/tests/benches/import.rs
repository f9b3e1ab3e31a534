//! Time in which a node executes a block of 1,000 transfers, and one of 200 reveals of models of 18 KiB, as a share of a slot of a
//! public network.
//!
//! `cargo bench --workspace --bench import`; `scripts/bench.sh chain` runs it too. The compiled runtime executes the blocks in the node's
//! executor, on a state in memory: signatures, calls and the root of the state count, the database and the seal do not. Times are
//! those of 15 repetitions. Standard error has a table, standard output one line of JSON:
//!
//! ```text
//! {"transfers":{"transactions":1000,"bytes":…,"ms":{"least":…,"median":…,"most":…},"slot_percent":…},"reveals":{…}}
//! ```

use codec::Encode;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	gauge::MAX_WEIGHED,
	payload::Reveal,
	round::MAX_SEATS,
	Balance, DomainId, RoundId, DOIN,
};
use doin_runtime::{AccountId, Block, Runtime, RuntimeCall, System};
use doin_runtime_tests::{
	blob::net,
	import::Importer,
	preset_genesis,
	round::{reveal_of, seasonal_with_growth, DEMO, SALT},
	sign_by, Chain,
};
use doin_scoring::{philox::Stream, Model};
use serde_json::{json, Value};
use sp_core::{sr25519, Pair};

/// Transfers of the first block.
const TRANSFERS: u32 = 1_000;
/// Reveals of the second block.
const REVEALS: u32 = 200;
/// Most bytes of a revealed model.
const MODEL_BYTES: usize = 18 * 1024;
/// History and horizon of the demo domain.
const STEPS: (u16, u16) = (104, 13);
/// Commits of a block.
const COMMITS: usize = 50;
/// Balance of an account, in plancks. The sixteenth seat of a round costs 4,096 times as much as the first.
const FUNDS: Balance = 1_000_000 * DOIN;
/// Repetitions.
const REPEATS: usize = 15;
/// Slot of a public network, in milliseconds.
const SLOT_MS: f64 = pallet_doin_timing::DEFAULT_SLOT_MS as f64;

/// Returns the key of an account.
fn key(number: u32) -> sr25519::Pair {
	let mut seed = [1; 32];
	seed[..4].copy_from_slice(&number.to_le_bytes());
	sr25519::Pair::from_seed(&seed)
}

/// Returns the account of a key.
fn account(key: &sr25519::Pair) -> AccountId {
	AccountId::new(key.public().0)
}

/// Returns a development chain on which the account of each key has coins.
fn funded(keys: &[sr25519::Pair]) -> Chain {
	let mut genesis = preset_genesis("development");
	genesis.balances.balances.extend(keys.iter().map(|key| (account(key), FUNDS)));
	let mut chain = Chain::from_genesis(genesis);
	chain.run_to(2);
	chain
}

/// Makes a block of these calls, all of which have to succeed.
fn send(chain: &mut Chain, calls: Vec<(&sr25519::Pair, RuntimeCall)>) {
	chain.skip_session_block();
	chain.begin();
	for (number, (key, call)) in calls.into_iter().enumerate() {
		let transaction = chain.state(|| sign_by(key, call, System::account_nonce(account(key))));
		assert_eq!(chain.apply_signed(transaction), Ok(Ok(())), "transaction {number}");
	}
	chain.end();
}

/// Makes a block of these calls. Returns the chain before it, and the block.
fn next_block(mut chain: Chain, calls: Vec<(&sr25519::Pair, RuntimeCall)>) -> (Chain, Block) {
	chain.skip_session_block();
	let parent = chain.fork();
	send(&mut chain, calls);
	(parent, chain.last_block())
}

/// Returns a chain and its next block, in which each of 1,000 accounts pays another one.
fn transfers() -> (Chain, Block) {
	let keys: Vec<_> = (0..TRANSFERS).map(key).collect();
	let chain = funded(&keys);
	let payees = keys.iter().cycle().skip(1);
	let calls = keys.iter().zip(payees).map(|(payer, payee)| {
		let call = pallet_balances::Call::transfer_keep_alive { dest: account(payee).into(), value: DOIN };
		(payer, RuntimeCall::Balances(call))
	});
	next_block(chain, calls.collect())
}

/// Inserts a copy of the demo domain.
fn copy_demo(domain: DomainId) {
	let spec = pallet_doin_domains::Specs::<Runtime>::get(DEMO).expect("the demo domain is there");
	let state = pallet_doin_domains::States::<Runtime>::get(DEMO).expect("the demo domain is there");
	pallet_doin_domains::Specs::<Runtime>::insert(domain, spec);
	pallet_doin_domains::States::<Runtime>::insert(domain, state);
	let pages: Vec<_> = pallet_doin_domains::Pages::<Runtime>::iter_prefix(DEMO).collect();
	for (index, page) in pages {
		pallet_doin_domains::Pages::<Runtime>::insert(domain, index, page);
	}
}

/// Returns the encoded MLP of random weights with a hidden layer of `width`.
fn model(width: u16, case: u64) -> Vec<u8> {
	Model::Net(net(&mut Stream::new(&[5; 32], 90, case), 0, STEPS.0, width, STEPS.1, false)).to_bytes()
}

/// Returns the reveal of a model of random weights, with the claim of another one: the chain does not score a model that is revealed.
fn reveal(width: u16, case: u64, other: &Reveal) -> Reveal {
	let bytes = model(width, case);
	assert!(bytes.len() <= MODEL_BYTES && bytes.len() > MODEL_BYTES * 9 / 10, "a model of {} bytes", bytes.len());
	Reveal { model: bytes.try_into().expect("at most 64 KiB"), ..other.clone() }
}

/// Returns a chain and its next block, in which each of 200 accounts reveals a model. A round has 16 seats, so the seats are those of 13
/// domains, whose grids are equal: the demo domain and copies of it.
fn reveals() -> (Chain, Block) {
	let keys: Vec<_> = (0..REVEALS).map(key).collect();
	let mut chain = funded(&keys);
	let domains: Vec<DomainId> = (0..REVEALS.div_ceil(MAX_SEATS)).map(|place| place * MAX_WEIGHED).collect();
	chain.state(|| domains.iter().skip(1).for_each(|domain| copy_demo(*domain)));
	let first = chain.to_next_round();
	let genesis = chain.genesis_hash();
	let width =
		(1..=512).take_while(|width| model(*width, 0).len() <= MODEL_BYTES).last().expect("the smallest model is smaller");
	let good = reveal_of(&seasonal_with_growth(125));
	let seats: Vec<_> = keys
		.iter()
		.zip(0u32..)
		.map(|(key, place)| {
			let round = RoundId { domain: domains[(place / MAX_SEATS) as usize], ..first };
			(key, round, reveal(width, place.into(), &good))
		})
		.collect();
	for part in seats.chunks(COMMITS) {
		let commits = part.iter().map(|(key, round, reveal)| {
			let hash = commitment(Tag::Optimae, &genesis, round, &account(key), &payload_hash(reveal), &SALT);
			(*key, RuntimeCall::Optimae(pallet_doin_optimae::Call::commit { round: *round, hash, max_fee: Balance::MAX }))
		});
		send(&mut chain, commits.collect());
	}
	chain.to_reveals(first);
	let calls = seats.iter().map(|(key, round, reveal)| (*key, Chain::reveal_call(*round, reveal))).collect();
	next_block(chain, calls)
}

/// Measures the execution of a block, prints a line about it, and returns the figures.
fn measure(importer: &Importer, what: &str, (mut parent, block): (Chain, Block)) -> Value {
	let mut execute = || importer.execute(&mut parent, &block).expect("the block is valid").as_secs_f64() * 1e3;
	// The runtime is compiled at its first call.
	execute();
	let mut times: Vec<f64> = (0..REPEATS).map(|_| execute()).collect();
	times.sort_by(f64::total_cmp);
	let (least, median, most) = (times[0], times[REPEATS / 2], times[REPEATS - 1]);
	// The first transaction sets the time.
	let (transactions, bytes, share) = (block.extrinsics.len() - 1, block.encode().len(), 100.0 * median / SLOT_MS);
	eprintln!("{what:<12} {transactions:>12} {bytes:>12} {least:>9.1} {median:>9.1} {most:>9.1} {share:>9.2} %");
	json!({
		"transactions": transactions,
		"bytes": bytes,
		"ms": { "least": least, "median": median, "most": most },
		"slot_percent": share,
	})
}

fn main() {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return;
	}
	let importer = Importer::new();
	eprintln!(
		"{:<12} {:>12} {:>12} {:>9} {:>9} {:>9} {:>11}",
		"block of", "transactions", "bytes", "least ms", "median", "most", "of a slot"
	);
	let transfers = measure(&importer, "transfers", transfers());
	let reveals = measure(&importer, "reveals", reveals());
	println!("{}", json!({ "transfers": transfers, "reveals": reveals }));
}
