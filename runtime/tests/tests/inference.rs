//! Servers of the demo domain: offers, receipts, accusations and demand on the runtime.

use doin_primitives::{
	blake2_256,
	channel::{Contract, Voucher},
	domain::Champion,
	inference::{number_bytes, pairs_hash, Endpoint, Lie, Pair as HashPair, Pairs, Receipt},
	Balance, BlockNumber, Hash, ModelRef, RoundId, DOIN, MILLION,
};
use doin_runtime::{demo, AccountId, Balances, Domains, Inference, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use doin_scoring::{answer, Model, Program};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, Progress};
use frame_support::traits::fungible::InspectHold;
use pallet_doin_channels::{Call as ChannelsCall, Event as ChannelsEvent};
use pallet_doin_domains::Call as DomainsCall;
use pallet_doin_inference::{
	types::{Accusation, Claim, Window},
	Call, Error, Event, HoldReason,
};
use sp_core::{sr25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{DispatchError, DispatchResult};

/// Bond of the server.
const BOND: Balance = 1_000 * DOIN;
/// Price of a window.
const PRICE: Balance = DOIN / 100;
/// Serves the demo domain.
const SERVER: Sr25519Keyring = Bob;
/// Pays for answers, and accuses.
const CLIENT: Sr25519Keyring = Charlie;

/// Returns the key that signs receipts.
fn hot() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[7; 32])
}

/// Returns a development chain on which SERVER has an offer.
fn served() -> Chain {
	let mut chain = Chain::preset("development");
	chain.block();
	let endpoint = Endpoint::truncate_from(b"http://127.0.0.1:8475".to_vec());
	chain.ok(SERVER, Call::offer { domain: DEMO, key: hot().public().0, price: PRICE, endpoint, bond: BOND });
	chain
}

/// Returns the newest history of the demo domain.
fn input() -> Vec<u8> {
	let Program::Forecast(program) = demo::spec().program else { panic!("the demo domain forecasts") };
	let values = demo::values();
	number_bytes(&values[values.len() - usize::from(program.history)..])
}

/// Returns the accusation of an answer of `model` in block `block`, whose first output is wrong by `error`.
fn accusation(genesis: &Hash, block: BlockNumber, model: &Model, error: i32) -> Accusation<AccountId> {
	let (input, nonce, bytes) = (input(), [5; 32], model.to_bytes());
	let mut outputs = answer(model, &demo::spec().program, &input).expect("the model forecasts");
	outputs[0] += error;
	let output = number_bytes(&outputs);
	let pairs = Pairs::truncate_from(vec![HashPair::new(&nonce, &input, &output)]);
	let (payer, payee) = (CLIENT.to_account_id(), SERVER.to_account_id());
	let contract = Contract { payer, payee, key: [4; 32], counter: 1 };
	let receipt = Receipt {
		domain: DEMO,
		block,
		model: blake2_256(&bytes),
		channel: contract.id(genesis),
		cumulative: PRICE,
		price: PRICE,
		pairs: pairs_hash(&pairs),
	};
	let window = Window {
		pairs,
		index: 0,
		nonce,
		input: input.try_into().expect("at most 8 KiB"),
		output: output.try_into().expect("at most 4 KiB"),
		model: Some(bytes.try_into().expect("at most 64 KiB")),
	};
	let signature = hot().sign(&receipt.signed_bytes(genesis)).0;
	Accusation { receipt, signature, contract: Some(contract), claim: Claim::Output(Box::new(window)) }
}

/// Returns the call of an accusation of SERVER.
fn accuse(accusation: Accusation<AccountId>) -> RuntimeCall {
	Call::accuse { server: SERVER.to_account_id(), accusation: Box::new(accusation) }.into()
}

/// Returns the bond of SERVER.
fn bond(chain: &mut Chain) -> Balance {
	chain.state(|| Balances::balance_on_hold(&HoldReason::Offer.into(), &SERVER.to_account_id()))
}

fn error(error: Error<Runtime>) -> DispatchError {
	error.into()
}

/// Removes the weight of the demo domain, as a vote does, and has its owner close and retire it.
fn retire(chain: &mut Chain) {
	chain.skip_session_block();
	chain.state(|| pallet_doin_gauge::Weights::<Runtime>::put(pallet_doin_gauge::Values::truncate_from(vec![])));
	chain.begin();
	for call in [DomainsCall::close { domain: DEMO }, DomainsCall::retire { domain: DEMO }] {
		assert_eq!(chain.apply(Alice, call), Ok(Ok(())));
	}
	chain.end();
	assert_eq!(chain.state(|| Runtime::domain(DEMO)), None);
}

#[test]
fn an_offer_is_shown_with_its_bond() {
	let mut chain = served();
	let offers = chain.state(|| Runtime::offers(DEMO));
	assert_eq!(offers.len(), 1);
	assert_eq!((&offers[0].who, offers[0].bond, offers[0].price), (&SERVER.to_account_id(), BOND, PRICE));
	assert_eq!((offers[0].endpoint.as_str(), offers[0].since), ("http://127.0.0.1:8475", chain.number()));
	chain.state(Inference::do_try_state).expect("consistent");
}

#[test]
fn a_lie_is_slashed_after_the_champion_was_replaced_and_the_domain_retired() {
	let mut chain = served();
	let genesis = chain.genesis_hash();
	let (former, latter) = (seasonal_with_growth(20), seasonal_with_growth(125));
	chain.honest_round(&[(Dave, former.clone())]);
	let block = chain.number();
	let (lie, honest) = (accusation(&genesis, block, &former, 1), accusation(&genesis, block, &former, 0));
	let crowned = chain.state(|| Runtime::champion(DEMO)).expect("a champion").model;
	chain.honest_round(&[(Dave, latter.clone())]);
	assert_ne!(chain.state(|| Runtime::champion(DEMO)).expect("a champion").model, crowned, "it is replaced");
	let later = accusation(&genesis, chain.number(), &latter, 0);
	retire(&mut chain);

	for honest in [honest, later] {
		assert_eq!(chain.fails(Eve, accuse(honest)), error(Error::TrueOutput));
	}
	let mut without_bytes = lie.clone();
	let Claim::Output(window) = &mut without_bytes.claim else { panic!("an output") };
	window.model = None;
	assert_eq!(chain.fails(Eve, accuse(without_bytes)), error(Error::ModelNotStored), "the chain has deleted them");
	chain.ok(CLIENT, accuse(lie));
	let slashed = Event::Slashed {
		domain: DEMO,
		who: SERVER.to_account_id(),
		lie: Lie::Output,
		slashed: BOND,
		burned: BOND - BOND / 10 - 10 * PRICE,
		payer: Some(CLIENT.to_account_id()),
		compensation: 10 * PRICE,
		accuser: CLIENT.to_account_id(),
		reward: BOND / 10,
	};
	assert!(chain.events().contains(&RuntimeEvent::Inference(slashed)));
	assert_eq!(bond(&mut chain), 0);
	chain.state(Inference::do_try_state).expect("consistent");
}

#[test]
fn a_champion_of_before_takes_half_of_the_bond() {
	let mut chain = served();
	let genesis = chain.genesis_hash();
	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	let stale = Accusation { claim: Claim::Model, ..accusation(&genesis, chain.number(), &Model::Seasonal, 0) };
	chain.ok(Eve, accuse(stale.clone()));
	assert_eq!(bond(&mut chain), BOND / 2);
	assert_eq!(chain.fails(Eve, accuse(stale)), error(Error::AlreadyHalved));
	assert!(chain.state(|| Runtime::offers(DEMO)).is_empty());
}

/// Makes `model` the champion of the demo domain in the open block.
fn crown(chain: &mut Chain, id: u64, model: &Model) {
	let reveal = reveal_of(&seasonal_with_growth(125));
	chain.state(|| {
		let round = RoundId { domain: DEMO, number: 0 };
		let author = Dave.to_account_id();
		let stored = pallet_doin_optimae::types::StoredModel {
			author: author.clone(),
			round,
			bytes: model.to_bytes().try_into().expect("at most 64 KiB"),
			genes: reveal.genes,
			validation: reveal.validation,
			hold: 0,
		};
		pallet_doin_optimae::Models::<Runtime>::insert(id, stored);
		let champion = Champion {
			model: ModelRef::Stored(id),
			author: Some(author),
			round: Some(round),
			block: doin_runtime::System::block_number(),
			error: 1,
			initial_error: 1,
			validation_error: 1,
		};
		let progress = Progress { high_water: 0, carry: 0, upper: 1 };
		<Domains as doin_traits::Domains<AccountId>>::crown(DEMO, champion, progress);
	});
}

/// A hundred crownings, of which the last one is reorganised. The server answers with the champions of final blocks. No accusation of any
/// kind takes a planck of its bond, on either branch.
#[test]
fn no_honest_server_is_slashable_over_a_hundred_crownings_and_a_reorganisation() {
	let mut chain = served();
	let genesis = chain.genesis_hash();
	let (mut champion, mut receipts) = (Model::Seasonal, Vec::new());
	for number in 0..100u64 {
		receipts.push((chain.number(), champion.clone()));
		let mut branch = (number == 99).then(|| chain.fork());
		champion = seasonal_with_growth(number as i32);
		chain.begin();
		crown(&mut chain, 1_000 + number, &champion);
		chain.end();
		if let Some(branch) = &mut branch {
			branch.begin();
			crown(branch, 5_000, &seasonal_with_growth(-7));
			branch.end();
			all_are_refused(branch, &genesis, &receipts);
		}
		if number % 20 == 19 {
			all_are_refused(&mut chain, &genesis, &receipts);
		}
	}
	// A false output of any of them is a lie all the same.
	let (block, model) = &receipts[50];
	let lie = accusation(&genesis, *block, model, -1);
	assert_eq!((accused(&mut chain, lie), bond(&mut chain)), (Ok(()), 0));
}

/// Accuses SERVER outside a block.
fn accused(chain: &mut Chain, accusation: Accusation<AccountId>) -> DispatchResult {
	let (origin, server) = (RuntimeOrigin::signed(Eve.to_account_id()), SERVER.to_account_id());
	let accused = chain.state(|| Inference::accuse(origin, server, Box::new(accusation)));
	accused.map(drop).map_err(|failed| failed.error)
}

/// Accuses SERVER of every receipt, by its output and by its model.
fn all_are_refused(chain: &mut Chain, genesis: &Hash, receipts: &[(BlockNumber, Model)]) {
	for (block, model) in receipts {
		let output = accusation(genesis, *block, model, 0);
		let model = Accusation { claim: Claim::Model, ..output.clone() };
		for (accusation, expected) in [(output, Error::TrueOutput), (model, Error::ChampionServed)] {
			// The list of champions has room for a claim window of rounds. These champions follow each other faster.
			let forgotten = error(Error::UnknownChampion);
			let refused = accused(chain, accusation).expect_err("the server is honest");
			assert!(refused == error(expected) || refused == forgotten, "receipt of block {block}: {refused:?}");
		}
	}
	assert_eq!(bond(chain), BOND);
}

#[test]
fn a_payment_to_a_server_is_demand_for_its_domain() {
	let mut chain = served();
	assert!(chain.state(|| Runtime::demand(0, 9)).is_empty());
	let key = sr25519::Pair::from_seed(&[3; 32]);
	let (payee, domain) = (SERVER.to_account_id(), Some(DEMO));
	chain.ok(CLIENT, ChannelsCall::open { payee, key: key.public().0, deposit: 100 * DOIN, lifetime: 100, domain });
	let opened = chain.events().into_iter().find_map(|event| match event {
		RuntimeEvent::Channels(ChannelsEvent::Opened { channel, .. }) => Some(channel),
		_ => None,
	});
	let channel = opened.expect("the channel is opened");
	let signature = key.sign(&Voucher { channel, cumulative: 50 * DOIN }.signed_bytes()).0;
	chain.ok(Eve, ChannelsCall::redeem { channel, cumulative: 50 * DOIN, signature });
	let demand = chain.state(|| Runtime::demand(0, 9));
	assert_eq!(demand.len(), 1);
	assert_eq!((demand[0].domain, demand[0].offers, demand[0].weight), (DEMO, 1, MILLION));
	assert_eq!(Balance::from(demand[0].demand), 50 * DOIN / 1_000);
	assert!(chain.state(|| Runtime::demand(DEMO + 1, 9)).is_empty() && chain.state(|| Runtime::demand(0, 0)).is_empty());
}
