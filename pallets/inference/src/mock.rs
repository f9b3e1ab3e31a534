//! Mock runtime of System, Balances and this pallet. Domains and their champions are scripted, and the votes of servers are noted.

use crate::{
	self as pallet_doin_inference,
	types::{Accusation, Claim, Offer, Window},
	Call, Config, Error, Event, HoldReason, Offers,
};
use doin_primitives::{
	bounded_collections::BoundedVec,
	channel::{Contract, Key},
	domain::{Champion, DomainState, ModelBytes},
	inference::{number_bytes, pairs_hash, window_nonce, Endpoint, Pair, Pairs, Receipt},
	settlement::Backing,
	Balance, BlockNumber, DomainId, DomainSpec, Hash, ModelId, ModelRef, Page, RoundId, RoundResult, Status, DOIN, Q32,
};
use doin_scoring::{
	answer,
	rows::{RowTarget, Rows},
	Forecast, Loss, Model, Program, Target, WindowPhase,
};
use doin_testing::{active, checked, endowed, mock_runtime, quadratic, DevTiming};
use doin_traits::{DomainWeights, Domains, ModelRunner, Models, OnCrowned, Progress, Votes};
use frame_support::{
	assert_ok,
	dispatch::DispatchResult,
	parameter_types,
	traits::fungible::hold::Inspect as _,
	weights::{constants::ParityDbWeight, Weight},
};
use sp_core::{sr25519, Pair as _};
use sp_runtime::{traits::Dispatchable, BuildStorage};
use std::collections::BTreeMap;

/// Account identifier.
pub type AccountId = u64;

/// Serves [`ROWS`].
pub const SERVER: AccountId = 1;
/// Pays for answers.
pub const PAYER: AccountId = 2;
/// Accuses servers.
pub const ACCUSER: AccountId = 3;
/// Balance of accounts 1 to 99 at genesis.
pub const ENDOWMENT: Balance = 1_000_000 * DOIN;
/// Existential deposit.
pub const LEAST: Balance = DOIN / 1_000;
/// Bond of most offers.
pub const BOND: Balance = 1_000 * DOIN;
/// Price of most offers.
pub const PRICE: Balance = DOIN / 10;
/// Blocks of the claim window: 80 periods of 17 blocks.
pub const WINDOW: BlockNumber = 80 * 17;
/// Blocks of 7 days.
pub const WEEK: BlockNumber = 302_400;
/// Domain of rows with 4 features and 3 classes.
pub const ROWS: DomainId = 0;
/// Domain of a series with two channels.
pub const SERIES: DomainId = 1;
/// Domain of points.
pub const POINTS: DomainId = 2;
/// First identifier without a domain.
pub const UNKNOWN: DomainId = 3;
/// Weight of a run.
pub const RUN: Weight = Weight::from_parts(17, 5);
/// Weight of the end of votes.
pub const END: Weight = Weight::from_parts(19, 7);
/// Hash of block 0.
pub const GENESIS: Hash = [9; 32];
/// Seed of the nonces of all receipts.
pub const SEED: Hash = [6; 32];

mock_runtime! {
	existential_deposit: LEAST,
	system: { type DbWeight = ParityDbWeight; },
	2: Inference = pallet_doin_inference,
}

parameter_types! {
	/// Domains and their states.
	pub static Registered: BTreeMap<DomainId, (DomainSpec, DomainState<AccountId>)> = BTreeMap::new();
	/// Stored models.
	pub static Stored: BTreeMap<ModelId, Vec<u8>> = BTreeMap::new();
	/// Encoded initial champion of every domain.
	pub static Baseline: Option<Vec<u8>> = None;
	/// Number of models that were run.
	pub static Runs: u32 = 0;
	/// Accounts whose votes have ended, in order.
	pub static EndedVotes: Vec<AccountId> = Vec::new();
	/// Hash of block 0.
	pub const Genesis: Hash = GENESIS;
}

/// Scripted domains, models, weights and votes.
pub struct World;

impl Domains<AccountId> for World {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		Registered::get().get(&domain).map(|(spec, _)| spec.clone())
	}
	fn state(domain: DomainId) -> Option<DomainState<AccountId>> {
		Registered::get().get(&domain).map(|(_, state)| state.clone())
	}
	fn page(_: DomainId, _: u32) -> Option<Page> {
		unreachable!("the pallet reads no pages")
	}
	fn high_water(_: DomainId) -> Q32 {
		unreachable!("the pallet reads no mark")
	}
	fn baseline(_: DomainId) -> Option<ModelBytes> {
		Baseline::get().map(BoundedVec::truncate_from)
	}
	fn open_round(_: DomainId) -> DispatchResult {
		unreachable!("the pallet opens no rounds")
	}
	fn close_round(_: RoundId, _: RoundResult, _: Option<Backing>) {
		unreachable!("the pallet closes no rounds")
	}
	fn crown(_: DomainId, _: Champion<AccountId>, _: Progress) {
		unreachable!("the pallet crowns no models")
	}
	fn crown_weight() -> Weight {
		unreachable!("the pallet crowns no models")
	}
	fn record_progress(_: DomainId, _: Q32, _: Q32) {
		unreachable!("the pallet records no progress")
	}
}

impl Models for World {
	fn bytes(model: ModelId) -> Option<ModelBytes> {
		Stored::get().get(&model).cloned().map(BoundedVec::truncate_from)
	}
}

impl ModelRunner for World {
	fn run(program: &Program, model: &[u8], input: &[u8]) -> Option<Vec<i32>> {
		Runs::mutate(|runs| *runs += 1);
		answer(&Model::from_bytes(model).ok()?, program, input)
	}
	fn run_weight() -> Weight {
		RUN
	}
}

impl DomainWeights for World {
	fn weight(domain: DomainId) -> u32 {
		500_000 + domain
	}
}

impl Votes<AccountId> for World {
	fn end(who: &AccountId) {
		EndedVotes::mutate(|ended| ended.push(*who));
	}
	fn end_weight() -> Weight {
		END
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for World {
	fn champion() -> (DomainId, ModelRef) {
		(ROWS, ModelRef::Stored(1))
	}
}

impl Config for Test {
	type Currency = Balances;
	type DomainWeights = World;
	type Domains = World;
	type GenesisHash = Genesis;
	type Models = World;
	type Runner = World;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = DevTiming<2_000>;
	type Votes = World;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// Returns the encoding of a model of [`ROWS`] that outputs these scores.
pub fn constant(scores: [i32; 3]) -> Vec<u8> {
	Model::Constant(scores.to_vec()).to_bytes()
}

/// Returns the program of [`SERIES`].
pub fn series_program() -> Forecast {
	Forecast {
		horizon: 2,
		history: 6,
		season: 3,
		chunks: 32,
		windows: 1,
		channels: 2,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// Returns the storage of a fresh chain on which `Stored(1)`, with the scores 1, 2 and 3, is the champion of [`ROWS`].
pub fn ext() -> sp_io::TestExternalities {
	let rows = Rows { features: 4, image: None, target: RowTarget::Classes(3), rows: 1, chunks: 64 };
	let spec = |program| DomainSpec { program, ..quadratic(32) };
	let registered = [
		(ROWS, (spec(Program::Rows(rows)), active(50, ModelRef::Stored(1), 100))),
		(SERIES, (spec(Program::Forecast(series_program())), active(50, ModelRef::Seasonal, 100))),
		(POINTS, (quadratic(32), active(50, ModelRef::Origin, 100))),
	];
	Registered::set(registered.into());
	Stored::set([(1, constant([1, 2, 3]))].into());
	Baseline::set(None);
	Runs::set(0);
	EndedVotes::set(Vec::new());
	let balances = endowed!(1..100, ENDOWMENT);
	let genesis = RuntimeGenesisConfig { balances, ..Default::default() };
	let mut ext: sp_io::TestExternalities = genesis.build_storage().expect("the genesis is valid").into();
	ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
	ext
}

/// Runs `run` on a fresh chain at block 10 and checks the invariants of the pallet afterwards.
pub fn test(run: impl FnOnce()) {
	checked(ext(), Inference::do_try_state, || {
		System::set_block_number(10);
		run();
	});
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	doin_traits::block::current_block::<Test>()
}

/// Moves the chain to block `block`.
pub fn to(block: BlockNumber) {
	System::set_block_number(block.into());
}

/// Changes the state of a domain.
pub fn change(domain: DomainId, change: impl FnOnce(&mut DomainState<AccountId>)) {
	Registered::mutate(|registered| change(&mut registered.get_mut(&domain).expect("registered").1));
}

/// Removes a domain, as its retirement does.
pub fn retire(domain: DomainId) {
	Registered::mutate(|registered| registered.remove(&domain));
}

/// Makes `Stored(id)`, with these scores, the champion of [`ROWS`], and removes the bytes of the former one, as the chain does.
pub fn crown(id: ModelId, scores: [i32; 3]) {
	Stored::set([(id, constant(scores))].into());
	change(ROWS, |state| {
		assert_eq!(state.status, Status::Active);
		(state.champion.model, state.champion.block) = (ModelRef::Stored(id), now());
	});
	<Inference as OnCrowned>::crowned(ROWS, &ModelRef::Stored(id));
}

/// Returns the key pair of a server.
pub fn pair(who: AccountId) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[who as u8; 32])
}

/// Returns the public key of a server.
pub fn key(who: AccountId) -> Key {
	pair(who).public().0
}

/// Returns the address of every server.
pub fn endpoint() -> Endpoint {
	Endpoint::truncate_from(b"https://example.org:8475".to_vec())
}

/// Dispatches `call` as a transaction does: it changes nothing if it fails.
pub fn send(who: AccountId, call: Call<Test>) -> DispatchResult {
	RuntimeCall::Inference(call).dispatch(RuntimeOrigin::signed(who)).map(|_| ()).map_err(|failed| failed.error)
}

/// Offers `domain` at [`PRICE`] with a bond.
pub fn offer(who: AccountId, domain: DomainId, bond: Balance) -> DispatchResult {
	send(who, Call::offer { domain, key: key(who), price: PRICE, endpoint: endpoint(), bond })
}

/// Offers [`ROWS`] for [`SERVER`] with [`BOND`], and moves the chain one block on.
pub fn serve() {
	assert_ok!(offer(SERVER, ROWS, BOND));
	to(now() + 1);
}

/// Returns the contract of a channel from [`PAYER`] to [`SERVER`].
pub fn contract() -> Contract<AccountId> {
	Contract { payer: PAYER, payee: SERVER, key: [4; 32], counter: 7 }
}

/// Answer of a server: receipt, its pairs and its windows.
#[derive(Clone)]
pub struct Answer {
	/// The receipt.
	pub receipt: Receipt,
	/// The pairs of its windows.
	pub pairs: Pairs,
	/// Input and output of each window.
	pub windows: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Returns an answer of the model `model` in block `block`, with these outputs.
pub fn answered(block: BlockNumber, model: &[u8], outputs: &[[i32; 3]]) -> Answer {
	let windows: Vec<_> =
		outputs.iter().enumerate().map(|(at, output)| (vec![at as u8, 2, 3, 4], number_bytes(output))).collect();
	answer_of(block, model, windows)
}

/// Returns an answer of the model `model` in block `block`, with these windows.
pub fn answer_of(block: BlockNumber, model: &[u8], windows: Vec<(Vec<u8>, Vec<u8>)>) -> Answer {
	let pair =
		|(index, (input, output)): (usize, &(Vec<u8>, Vec<u8>))| Pair::new(&window_nonce(&SEED, index as u16), input, output);
	let pairs = Pairs::truncate_from(windows.iter().enumerate().map(pair).collect());
	let receipt = Receipt {
		domain: ROWS,
		block,
		model: doin_primitives::blake2_256(model),
		channel: contract().id(&GENESIS),
		cumulative: DOIN,
		price: PRICE,
		pairs: pairs_hash(&pairs),
	};
	Answer { receipt, pairs, windows }
}

impl Answer {
	/// Returns the accusation of window `index`, whose model has these bytes, with the signature of `who`.
	pub fn accusation(&self, who: AccountId, index: u16, model: Option<Vec<u8>>) -> Accusation<AccountId> {
		let (input, output) = self.windows[usize::from(index)].clone();
		let window = Window {
			pairs: self.pairs.clone(),
			index,
			nonce: window_nonce(&SEED, index),
			input: input.try_into().expect("short"),
			output: output.try_into().expect("short"),
			model: model.map(BoundedVec::truncate_from),
		};
		Accusation { claim: Claim::Output(Box::new(window)), ..self.stale(who) }
	}

	/// Returns the accusation of the model, with the signature of `who`.
	pub fn stale(&self, who: AccountId) -> Accusation<AccountId> {
		let signature = pair(who).sign(&self.receipt.signed_bytes(&GENESIS)).0;
		Accusation { receipt: self.receipt, signature, contract: Some(contract()), claim: Claim::Model }
	}
}

/// Sends an accusation of [`SERVER`] for [`ACCUSER`].
pub fn accuse(accusation: Accusation<AccountId>) -> DispatchResult {
	accuse_by(ACCUSER, SERVER, accusation)
}

/// Sends an accusation of `server` for `who`.
pub fn accuse_by(who: AccountId, server: AccountId, accusation: Accusation<AccountId>) -> DispatchResult {
	send(who, Call::accuse { server, accusation: Box::new(accusation) })
}

/// Returns the offer of a server for [`ROWS`].
pub fn offer_of(who: AccountId) -> Option<Offer> {
	Offers::<Test>::get(ROWS, who)
}

/// Returns the free balance of an account.
pub fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Returns the amount on hold for offers.
pub fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Offer.into(), &who)
}

/// Returns the result of a call that fails.
pub fn error(error: Error<Test>) -> DispatchResult {
	Err(error.into())
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}
