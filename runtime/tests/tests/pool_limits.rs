//! Limits of what one account can have in the transaction pool of a node: they bind there, and not in a block.

use codec::Encode;
use doin_primitives::pool_limits::{PoolLimit, MAX_PENDING, MAX_WAITING_BYTES};
use doin_runtime::{pool_limits::CheckPoolLimits, Executive, RuntimeCall, System, TxExtension};
use doin_runtime_tests::{sign_with_nonce, Chain};
use frame_support::{assert_ok, weights::Weight};
use scale_info::meta_type;
use sp_core::H256;
use sp_keyring::Sr25519Keyring::Bob;
use sp_runtime::{
	traits::TransactionExtension,
	transaction_validity::{
		InvalidTransaction,
		TransactionSource::{self, External, InBlock, Local},
		TransactionValidity, TransactionValidityError, UnknownTransaction,
	},
};

/// Bytes of a short remark.
const SHORT: usize = 10;

fn remark(bytes: usize) -> RuntimeCall {
	frame_system::Call::remark { remark: vec![0; bytes] }.into()
}

/// Returns the chain after a few blocks, in which Bob has sent a transaction.
fn chain() -> Chain {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	chain.ok(Bob, remark(SHORT));
	chain
}

/// Returns the nonce of Bob's next transaction.
fn next_nonce(chain: &mut Chain) -> u32 {
	chain.state(|| System::account_nonce(Bob.to_account_id()))
}

/// Returns what a pool learns about a remark of Bob. The state stays as it is.
fn validity(chain: &mut Chain, source: TransactionSource, nonce: u32, bytes: usize) -> TransactionValidity {
	let transaction = chain.state(|| sign_with_nonce(Bob, remark(bytes), nonce));
	chain.fork().state(|| Executive::validate_transaction(source, transaction, H256::zero()))
}

fn refused(limit: PoolLimit) -> TransactionValidity {
	Err(UnknownTransaction::Custom(limit.code()).into())
}

#[test]
fn the_65th_transaction_waits_until_one_is_in_a_block() {
	let mut chain = chain();
	let next = next_nonce(&mut chain);
	let (last, beyond) = (next + MAX_PENDING - 1, next + MAX_PENDING);
	for source in [External, Local] {
		assert_ok!(validity(&mut chain, source, next, SHORT));
		assert_ok!(validity(&mut chain, source, last, SHORT));
		assert_eq!(validity(&mut chain, source, beyond, SHORT), refused(PoolLimit::Count));
		assert_eq!(validity(&mut chain, source, u32::MAX, SHORT), refused(PoolLimit::Count));
	}

	chain.ok(Bob, remark(SHORT));
	assert_ok!(validity(&mut chain, External, beyond, SHORT));
	let spent: TransactionValidityError = InvalidTransaction::Stale.into();
	assert_eq!(validity(&mut chain, External, next, SHORT), Err(spent), "a nonce that was used is as invalid as before");
}

#[test]
fn a_long_transaction_does_not_wait_for_another_one() {
	let mut chain = chain();
	let (next, limit) = (next_nonce(&mut chain), MAX_WAITING_BYTES as usize);
	let length = |chain: &mut Chain, bytes| chain.state(|| sign_with_nonce(Bob, remark(bytes), next + 1).encoded_size());
	let longest = 2 * limit - length(&mut chain, limit);
	assert_eq!(length(&mut chain, longest), limit);

	assert_ok!(validity(&mut chain, External, next + 1, longest));
	assert_eq!(validity(&mut chain, External, next + 1, longest + 1), refused(PoolLimit::Bytes));
	assert_ok!(validity(&mut chain, External, next, 10 * longest));
}

#[test]
fn a_block_knows_no_limit() {
	let mut chain = chain();
	let next = next_nonce(&mut chain);
	assert_ok!(validity(&mut chain, InBlock, next + MAX_PENDING, SHORT));
	assert_ok!(validity(&mut chain, InBlock, next + 1, 2 * MAX_WAITING_BYTES as usize));

	chain.skip_session_block();
	chain.begin();
	for count in 0..2 * MAX_PENDING {
		assert_ok!(chain.apply(Bob, remark(SHORT)).unwrap_or_else(|error| panic!("transaction {count}: {error:?}")));
	}
	for _ in 0..2 {
		assert_ok!(chain.apply(Bob, remark(2 * MAX_WAITING_BYTES as usize)).unwrap());
	}
	chain.end();
	assert_eq!(next_nonce(&mut chain), next + 2 * MAX_PENDING + 2);
}

/// Wallets that do not know the extension sign what they signed before.
#[test]
fn the_extension_has_no_data_and_stands_before_the_nonce() {
	let extensions = <TxExtension as TransactionExtension<RuntimeCall>>::metadata();
	let place = extensions.iter().position(|extension| extension.identifier == "CheckPoolLimits").expect("it is listed");
	assert_eq!(extensions[place].implicit, meta_type::<()>());
	assert_eq!(extensions[place + 1].identifier, "CheckNonce", "it reads the nonce from the data behind it");
	assert_eq!(CheckPoolLimits.encoded_size(), 0);
	assert_eq!(TransactionExtension::<RuntimeCall>::weight(&CheckPoolLimits, &remark(SHORT)), Weight::zero());
}
