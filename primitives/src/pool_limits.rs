//! Limits of what one account can have in the transaction pool of a node.
//!
//! A pool is a resource without a price: a transaction pays its fee in a block only, and the pool checks each transaction as if it
//! were the only one. Without a limit, an account with the fee of one transaction could fill the pool.

use crate::evidence::MAX_SEGMENT_BYTES;

/// Most transactions of an account in a pool that are ready: the next one by its nonce, and those behind it.
pub const MAX_PENDING: u32 = 64;
/// Most bytes of a transaction that waits for another one of its account: a call that opens the largest segment, and 4 KiB for its
/// signature and for calls around it. With the first one, which only the block limits, an account has at most 12 MiB that are ready.
pub const MAX_WAITING_BYTES: u32 = MAX_SEGMENT_BYTES + 4 * 1024;

/// A limit that a transaction exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolLimit {
	/// [`MAX_PENDING`] transactions of the account come before it.
	Count,
	/// It is longer than [`MAX_WAITING_BYTES`], and another transaction of the account comes before it.
	Bytes,
}

impl PoolLimit {
	/// Returns the number that a node refuses the transaction with, e.g. `Custom(1)`.
	pub const fn code(self) -> u8 {
		match self {
			Self::Count => 1,
			Self::Bytes => 2,
		}
	}
}

/// Returns the limit that a transaction of `bytes` bytes exceeds. `ahead` is the number of transactions of its account that have to
/// be in a block before it. The next one (`ahead` = 0) exceeds none, since a block would accept it.
pub const fn exceeded(ahead: u32, bytes: u32) -> Option<PoolLimit> {
	if ahead >= MAX_PENDING {
		Some(PoolLimit::Count)
	} else if ahead > 0 && bytes > MAX_WAITING_BYTES {
		Some(PoolLimit::Bytes)
	} else {
		None
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::domain::MAX_MODEL_BYTES;

	#[test]
	fn an_account_has_64_transactions_in_a_pool() {
		assert_eq!(exceeded(0, 200), None);
		assert_eq!(exceeded(63, 200), None);
		assert_eq!(exceeded(64, 200), Some(PoolLimit::Count));
		assert_eq!(exceeded(u32::MAX, u32::MAX), Some(PoolLimit::Count));
	}

	#[test]
	fn only_a_transaction_behind_another_one_has_to_be_short() {
		assert_eq!(exceeded(0, u32::MAX), None, "a block would accept it");
		assert_eq!(exceeded(1, MAX_WAITING_BYTES), None);
		assert_eq!(exceeded(1, MAX_WAITING_BYTES + 1), Some(PoolLimit::Bytes));
	}

	#[test]
	fn the_calls_of_a_worker_may_wait_for_each_other() {
		for longest in [MAX_MODEL_BYTES, MAX_SEGMENT_BYTES] {
			assert_eq!(exceeded(63, longest + 2_048), None, "{longest} bytes");
		}
	}

	/// The default pool of a node holds 8 192 transactions and 20 MiB that are ready, and the block 3.75 MiB of an account.
	#[test]
	fn one_account_cannot_fill_a_pool() {
		let most = 3_932_160 + u64::from(MAX_PENDING - 1) * u64::from(MAX_WAITING_BYTES);
		assert!(most < 12 << 20, "{most} bytes");
		assert_eq!(8_192 / MAX_PENDING, 128, "accounts that can fill a pool");
	}

	#[test]
	fn limits_have_numbers_of_their_own() {
		assert_eq!([PoolLimit::Count, PoolLimit::Bytes].map(PoolLimit::code), [1, 2]);
	}
}
