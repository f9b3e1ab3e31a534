//! A full block of garbage costs its sender more than the chain.
//!
//! Every test fills a block with useless or failing transactions and compares what the sender pays with what the chain spends:
//! nothing is minted for such a block, its author gains nothing, the fee covers the time and the bytes of all of them, and it is more
//! than the chain mints per block for everything at its target spacing. The sender is the author, so that the tips of the block
//! come back to it: no sender pays less.
//!
//! `cargo test --release --workspace --test runtime garbage:: -- --nocapture` prints the figures.

use codec::Encode;
use doin_primitives::{
	base_fee::{gas_of_time, GAS_PER_BYTE},
	emission, Balance, SizeClass, DOIN,
};
use doin_runtime::{AccountId, Executive, FeeMarket, Runtime, RuntimeCall, System, Work};
use doin_runtime_tests::{sign, Chain};
use frame_support::{
	dispatch::DispatchClass,
	storage::{with_transaction_unchecked, TransactionOutcome},
};
use pallet_balances::Call as BalancesCall;
use pallet_doin_recomputation::Call as RecomputationCall;
use pallet_doin_timing::{DEFAULT_SLOT_MS, DEFAULT_SPACING_MS};
use pallet_utility::Call as UtilityCall;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::ApplyExtrinsicResult;

/// Tip of every transaction, in plancks. Alice pays it to herself.
const TIP: Balance = DOIN / 1_000;
/// Calls of a batch. Of the calls below, a full block has about 30 batches.
const BATCH: u32 = 400;
/// Fullness of a full block, in parts per million.
const FULL: u32 = 900_000;
const MIB: Balance = 1 << 20;

/// Cost of garbage for its sender and for the chain.
struct Bill {
	/// Number of transactions.
	count: u32,
	/// Fullness of the block, in parts per million.
	fullness: u32,
	/// Decrease of the total balance of the sender, in plancks.
	paid: Balance,
	/// Decrease of the total issuance, in plancks.
	burned: Balance,
	/// Base fees for the time that all transactions used and for their bytes, in plancks.
	used: Balance,
	/// Bytes of keys and values that the state has more than without the garbage.
	state: Balance,
}

impl Bill {
	/// Returns the bill of a block of a new development chain with the transactions of `garbage`, up to `most` of them or until the
	/// block is full.
	fn of(what: &str, most: u32, garbage: impl FnMut(u32) -> RuntimeCall) -> Self {
		let mut chain = Chain::preset("development");
		chain.run_to(2);
		let bill = Self::of_block(&mut chain, most, garbage);
		println!(
			"{what}: {} transactions fill {:.0} %; the sender pays {:.3} DOIN, {:.3} of it are burned; {} bytes of state; a block mints \
			 {:.3} DOIN on average",
			bill.count,
			f64::from(bill.fullness) / 10_000.0,
			doin(bill.paid),
			doin(bill.burned),
			bill.state,
			doin(emission_per_block()),
		);
		bill
	}

	/// Returns the bill of the next block of a chain.
	fn of_block(chain: &mut Chain, most: u32, mut garbage: impl FnMut(u32) -> RuntimeCall) -> Self {
		chain.skip_session_block();
		let mut idle = chain.fork();
		let (wealth, issuance, mined) =
			(chain.total(&Alice.to_account_id()), chain.issuance(), chain.state(|| Work::view().mined));
		let base_fee = chain.state(|| FeeMarket::view().base_fee);

		chain.begin();
		let (mut count, mut bytes) = (0, 0);
		while count < most {
			let call = garbage(count);
			let length = chain.state(|| sign(Alice, call.clone(), TIP).encoded_size());
			match apply(chain, call) {
				Ok(_) => (count, bytes) = (count + 1, bytes + length as u64),
				Err(error) if error.exhausted_resources() => break,
				Err(error) => panic!("transaction {count} is invalid: {error:?}"),
			}
		}
		let time = chain.state(|| System::block_weight().get(DispatchClass::Normal).ref_time());
		chain.end();
		let fullness = chain.state(|| FeeMarket::view().fullness);

		// The next block removes the events of this one.
		chain.block();
		idle.block();
		idle.block();
		assert_eq!(chain.state(|| Work::view().mined), mined, "nothing is minted for garbage");
		Bill {
			count,
			fullness,
			paid: wealth - chain.total(&Alice.to_account_id()),
			burned: issuance - chain.issuance(),
			used: Balance::from(gas_of_time(time) + bytes * GAS_PER_BYTE) * base_fee,
			state: state_bytes(chain).saturating_sub(state_bytes(&mut idle)) as Balance,
		}
	}

	/// Asserts that the sender paid for all that its transactions used, and that the base fees are lost to it.
	fn assert_paid(&self) {
		assert!(self.count > 0);
		assert!(self.burned >= self.used, "{} plancks are burned for what costs {}", self.burned, self.used);
		assert!(self.paid >= self.burned, "no share of the fees came back to the author");
	}

	/// Asserts that the block was full, and cost its sender more than the chain mints per block.
	fn assert_costs_more_than_the_chain(&self) {
		self.assert_paid();
		assert!(self.fullness >= FULL, "the block is {} ppm full", self.fullness);
		let minted = emission_per_block();
		assert!(self.burned > minted, "{} plancks are burned, and {minted} are minted per block", self.burned);
	}
}

/// Applies a transaction of Alice to the open block. A refused one is rolled back, as by a node that makes a block.
fn apply(chain: &mut Chain, call: RuntimeCall) -> ApplyExtrinsicResult {
	chain.state(|| {
		with_transaction_unchecked(|| match Executive::apply_extrinsic(sign(Alice, call, TIP)) {
			Ok(outcome) => TransactionOutcome::Commit(Ok(outcome)),
			Err(error) => TransactionOutcome::Rollback(Err(error)),
		})
	})
}

/// Returns an amount in DOIN.
fn doin(amount: Balance) -> f64 {
	amount as f64 / DOIN as f64
}

/// Returns what a public network mints per block on average before the first halving, in plancks, to optimizers, evaluators and
/// validators together. A twentieth of it pays for blocks, all else for improvement.
fn emission_per_block() -> Balance {
	emission::reward(0) / Balance::from(DEFAULT_SPACING_MS / DEFAULT_SLOT_MS)
}

/// Returns the bytes of all keys and values of the state.
fn state_bytes(chain: &mut Chain) -> usize {
	chain.state(|| {
		let (mut key, mut bytes) = (Vec::<u8>::new(), 0);
		while let Some(next) = sp_io::storage::next_key(&key) {
			bytes += next.len() + sp_io::storage::get(&next).map_or(0, |value| value.len());
			key = next;
		}
		bytes
	})
}

fn remark(bytes: usize) -> RuntimeCall {
	frame_system::Call::remark { remark: vec![0; bytes] }.into()
}

fn transfer(to: AccountId, value: Balance) -> RuntimeCall {
	BalancesCall::transfer_keep_alive { dest: to.into(), value }.into()
}

/// Returns an account that nobody has, and that differs for every number.
fn unused(number: u32) -> AccountId {
	let mut id = [7; 32];
	id[..4].copy_from_slice(&number.to_le_bytes());
	id.into()
}

#[test]
fn a_block_full_of_bytes_costs_more_than_the_chain_mints() {
	let bill = Bill::of("bytes", u32::MAX, |_| remark(380_000));
	bill.assert_costs_more_than_the_chain();
	assert_eq!(bill.paid, bill.burned, "the author gets its tips back, and nothing else");
	assert!(bill.state < 1_024, "{} bytes of state stay", bill.state);
}

#[test]
fn a_block_full_of_failing_calls_costs_more_than_the_chain_mints() {
	let batch = |_| -> RuntimeCall {
		let calls = (0..BATCH).map(|_| transfer(Bob.to_account_id(), Balance::MAX / 2)).collect();
		UtilityCall::<Runtime>::force_batch { calls }.into()
	};
	let bill = Bill::of("failing calls", u32::MAX, batch);
	bill.assert_costs_more_than_the_chain();
	assert_eq!(bill.paid, bill.burned, "the author gets its tips back, and nothing else");
	assert!(bill.state < 1_024, "{} bytes of state stay", bill.state);
}

/// Accounts are the cheapest state: no more than the existential deposit stays in each.
#[test]
fn a_block_full_of_new_accounts_costs_more_than_the_chain_mints() {
	let deposit: Balance = <Runtime as pallet_balances::Config>::ExistentialDeposit::get();
	let batch = |batch: u32| -> RuntimeCall {
		let calls = (0..BATCH).map(|place| transfer(unused(batch * BATCH + place), deposit)).collect();
		UtilityCall::<Runtime>::batch_all { calls }.into()
	};
	let bill = Bill::of("new accounts", u32::MAX, batch);
	bill.assert_costs_more_than_the_chain();
	let accounts = Balance::from(bill.count * BATCH);
	assert_eq!(bill.paid, bill.burned + accounts * deposit, "every account exists");
	assert!(bill.state >= accounts * 32, "{} bytes for {accounts} accounts", bill.state);
	let per_mib = bill.paid * MIB / bill.state;
	println!("{accounts} accounts: {:.3} DOIN per MiB of state", doin(per_mib));
	assert!(per_mib >= 5 * DOIN, "a MiB of accounts costs {per_mib} plancks");
}

/// A call that may score chunks declares a large weight, and is refused after a few reads.
#[test]
fn a_refused_call_pays_what_it_used_and_leaves_the_rest_of_the_block() {
	let settle = |_| -> RuntimeCall { RecomputationCall::<Runtime>::settle { task: u64::MAX, class: SizeClass::Huge }.into() };
	let bill = Bill::of("refused calls", 50, settle);
	bill.assert_paid();
	assert_eq!((bill.count, bill.paid), (50, bill.burned));
	assert!(bill.fullness < FULL / 4, "50 refused calls take {} ppm of a block", bill.fullness);
}

#[test]
fn every_full_block_makes_the_next_one_dearer() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let mut burned = Vec::new();
	for _ in 0..10 {
		chain.skip_session_block();
		let issuance = chain.issuance();
		chain.begin();
		while chain.apply(Alice, remark(380_000)).is_ok() {}
		chain.end();
		burned.push(issuance - chain.issuance());
	}
	println!("ten full blocks burn {:.3} DOIN", doin(burned.iter().sum()));
	for pair in burned.windows(2) {
		assert!(pair[1] > pair[0] * 11 / 10, "{} plancks, then {}", pair[0], pair[1]);
	}
}
