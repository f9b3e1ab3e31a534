//! Fees: the base fee is burned to the planck, the author receives the tip, and wallets can query fees in advance.

use codec::Encode;
use doin_primitives::DOIN;
use doin_runtime::{Balances, FeeMarket, RuntimeCall, TransactionPayment};
use doin_runtime_tests::{sign, Chain};
use frame_support::assert_ok;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};

fn transfer(amount: u128) -> RuntimeCall {
	pallet_balances::Call::transfer_keep_alive { dest: Charlie.to_account_id().into(), value: amount }.into()
}

#[test]
fn a_transfers_fee_is_burned_and_its_tip_reaches_the_author() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let (issuance, bob, charlie, alice) = (
		chain.issuance(),
		chain.total(&Bob.to_account_id()),
		chain.total(&Charlie.to_account_id()),
		chain.total(&Alice.to_account_id()),
	);
	let burned_before = chain.state(|| FeeMarket::view().burned);

	chain.begin();
	let tip = 7 * DOIN;
	assert_ok!(chain.apply_with_tip(Bob, transfer(5 * DOIN), tip).unwrap());
	chain.end();

	let burned = issuance - chain.issuance();
	assert!(burned > 0);
	assert_eq!(chain.state(|| FeeMarket::view().burned) - burned_before, burned, "the counter equals the loss of issuance");
	assert_eq!(bob - chain.total(&Bob.to_account_id()), 5 * DOIN + tip + burned);
	assert_eq!(chain.total(&Charlie.to_account_id()) - charlie, 5 * DOIN);
	assert_eq!(chain.total(&Alice.to_account_id()) - alice, tip, "Alice made the block");
}

#[test]
fn the_fee_that_a_wallet_queries_is_the_fee_that_is_burned() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let issuance = chain.issuance();
	chain.begin();
	let quoted = chain.state(|| {
		let transaction = sign(Bob, transfer(DOIN), 0);
		let length = transaction.encoded_size() as u32;
		TransactionPayment::query_info(transaction, length).partial_fee
	});
	assert_ok!(chain.apply(Bob, transfer(DOIN)).unwrap());
	chain.end();
	let burned = issuance - chain.issuance();
	assert!(burned <= quoted && quoted - burned < quoted / 10, "quoted {quoted}, burned {burned}");
	assert!((DOIN / 10_000..DOIN / 100).contains(&burned), "a transfer costs about 0.001 DOIN: {burned}");
}

#[test]
fn a_sender_without_balance_is_rejected() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	chain.begin();
	assert!(chain.apply(sp_keyring::Sr25519Keyring::AliceStash, transfer(1)).is_err());
	chain.end();
	assert!(chain.state(Balances::total_issuance) > 0);
}

#[test]
fn full_blocks_raise_the_base_fee_and_empty_ones_lower_it_to_the_floor() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let floor = chain.state(|| FeeMarket::view().base_fee);
	for _ in 0..3 {
		chain.begin();
		let remark: RuntimeCall = frame_system::Call::remark { remark: vec![0; 1_200_000] }.into();
		for _ in 0..3 {
			assert_ok!(chain.apply(Bob, remark.clone()).unwrap());
		}
		chain.end();
	}
	let raised = chain.state(|| FeeMarket::view().base_fee);
	assert!(raised > floor, "{raised} against {floor}");
	for _ in 0..20 {
		chain.block();
	}
	assert_eq!(chain.state(|| FeeMarket::view().base_fee), floor);
}
