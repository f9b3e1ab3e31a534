//! Payment channels: one direction, amounts that only grow, and nothing to revoke.
//!
//! A payer deposits an amount for one payee and signs *vouchers*, each for everything that the channel has paid so far. The payee redeems
//! the newest one. A channel is named by the hash of its [`Contract`], so a voucher pays nobody else, on any branch of the chain.
//!
//! ```
//! use doin_primitives::channel::{redeemed, Redeemed};
//! assert_eq!(redeemed(1_000_000, 0, 10_000), Some(Redeemed { paid: 10_000, fee: 10, net: 9_990 }));
//! assert_eq!(redeemed(1_000_000, 10_000, 10_000), None, "a voucher pays once");
//! assert_eq!(redeemed(1_000_000, 10_000, 9_000), None, "an older one takes nothing");
//! assert_eq!(redeemed(1_000_000, 10_000, u128::MAX).map(|redeemed| redeemed.paid), Some(1_000_000), "never more than the deposit");
//! ```

use crate::{blake2_256, Balance, BlockNumber, Hash, DOIN};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;

/// Identifier of a channel: the hash of its [`Contract`].
pub type ChannelId = Hash;
/// Public key of sr25519.
pub type Key = [u8; 32];
/// Signature of sr25519, with the signing context `substrate`.
pub type Signature = [u8; 64];

/// Admitted deposits of a channel, in plancks.
pub const DEPOSITS: RangeInclusive<Balance> = DOIN..=10_000 * DOIN;
/// Longest lifetime of a channel, in milliseconds: 90 days.
pub const MAX_LIFETIME_MS: u64 = 90 * 86_400_000;
/// Most open channels of a payer.
pub const MAX_OPEN: u32 = 32;
/// Length of the challenge of a channel, in phases of the challenge of a round: an hour on a public network.
pub const CHALLENGE_PHASES: BlockNumber = 6;
/// Divisor of the fee that a payment burns: 0.1 %.
pub const FEE_DIVISOR: Balance = 1_000;

/// First bytes of a hashed [`Contract`].
const CONTRACT_TAG: [u8; 12] = *b"doin channel";
/// First bytes of a signed [`Voucher`].
const VOUCHER_TAG: [u8; 12] = *b"doin voucher";

/// Returns `payload` between `<Bytes>` and `</Bytes>`, as wallets sign it. No transaction begins like that.
pub fn wrapped(payload: &[u8]) -> Vec<u8> {
	[b"<Bytes>".as_slice(), payload, b"</Bytes>"].concat()
}

/// Parties, key and counter that name a channel.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Contract<AccountId> {
	/// Account that pays.
	pub payer: AccountId,
	/// Account that is paid.
	pub payee: AccountId,
	/// Key that signs vouchers.
	pub key: Key,
	/// Number that the payer has not used before.
	pub counter: u64,
}

impl<AccountId: Encode> Contract<AccountId> {
	/// Returns the identifier of the channel on the chain with this hash of block 0:
	/// `blake2_256("doin channel" ‖ SCALE(genesis, payer, payee, key, counter))`.
	pub fn id(&self, genesis: &Hash) -> ChannelId {
		blake2_256(&(CONTRACT_TAG, genesis, self).encode())
	}
}

/// Returns the first counter of a payer without open channels that opens one in block `now`.
///
/// The counters of a payer are stored while it has a channel. They start above all of an earlier block, of which it has used fewer than
/// 2³², so a counter is not used twice although nothing of earlier channels is stored.
pub fn first_counter(now: BlockNumber) -> u64 {
	u64::from(now).wrapping_shl(32)
}

/// Promise of a payer: the channel pays `cumulative` plancks in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Voucher {
	/// The channel.
	pub channel: ChannelId,
	/// Amount that it pays since it was opened, in plancks, the burned fee included.
	pub cumulative: Balance,
}

impl Voucher {
	/// Returns the bytes that the key of the channel signs: `<Bytes>doin voucher`, channel, amount (16 bytes, little-endian), `</Bytes>`.
	pub fn signed_bytes(&self) -> Vec<u8> {
		wrapped(&(VOUCHER_TAG, self).encode())
	}
}

/// Returns the part of the first `paid` plancks of a channel that is burned: 0.1 %, rounded up. It does not depend on the number of
/// payments.
pub fn burned(paid: Balance) -> Balance {
	paid.div_ceil(FEE_DIVISOR)
}

/// Effect of a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redeemed {
	/// Amount that the channel has paid afterwards, in plancks.
	pub paid: Balance,
	/// Part that this voucher burns, in plancks.
	pub fee: Balance,
	/// Amount that the payee receives, in plancks; above 0.
	pub net: Balance,
}

/// Returns the effect of a voucher for `cumulative` plancks on a channel that has paid `paid` of `deposit`; `None` if it pays nothing.
pub fn redeemed(deposit: Balance, paid: Balance, cumulative: Balance) -> Option<Redeemed> {
	let after = cumulative.min(deposit);
	let amount = after.checked_sub(paid)?;
	let fee = burned(after).saturating_sub(burned(paid));
	let net = amount.checked_sub(fee).filter(|net| *net > 0)?;
	Some(Redeemed { paid: after, fee, net })
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::{format, string::String};
	use proptest::prelude::*;

	const GENESIS: Hash = [1; 32];

	fn contract() -> Contract<[u8; 32]> {
		Contract { payer: [2; 32], payee: [3; 32], key: [4; 32], counter: 5 }
	}

	fn hex(bytes: &[u8]) -> String {
		bytes.iter().map(|byte| format!("{byte:02x}")).collect()
	}

	#[test]
	fn a_channel_is_named_by_the_hash_of_its_contract() {
		let mut bytes = b"doin channel".to_vec();
		for part in [[1; 32], [2; 32], [3; 32], [4; 32]] {
			bytes.extend(part);
		}
		bytes.extend(5u64.to_le_bytes());
		assert_eq!(contract().id(&GENESIS), blake2_256(&bytes));
		assert_eq!(hex(&contract().id(&GENESIS)), "c047445ef112bc72852a65065a3c45498dcc3655e492151c39187b85a4e7b0d6");
	}

	#[test]
	fn a_signed_voucher_is_readable_by_wallets() {
		let voucher = Voucher { channel: contract().id(&GENESIS), cumulative: 1_234_567_890_123 };
		let bytes = voucher.signed_bytes();
		assert_eq!(hex(&bytes), "3c42797465733e646f696e20766f7563686572c047445ef112bc72852a65065a3c45498dcc3655e492151c39187b85a4e7b0d6cb04fb711f01000000000000000000003c2f42797465733e");
		assert_eq!(bytes.len(), 75);
		assert_eq!((&bytes[..19], &bytes[67..]), (b"<Bytes>doin voucher".as_slice(), b"</Bytes>".as_slice()));
	}

	#[test]
	fn a_thousandth_is_burned_and_rounded_up() {
		assert_eq!([0, 1, 1_000, 1_001, 10_000 * DOIN].map(burned), [0, 1, 1, 2, 10 * DOIN]);
		assert_eq!(redeemed(DOIN, 0, 1), None, "the only planck would be burned");
		assert_eq!(redeemed(DOIN, 0, 2), Some(Redeemed { paid: 2, fee: 1, net: 1 }));
	}

	#[test]
	fn counters_of_a_later_block_are_above_those_of_an_earlier_one() {
		assert_eq!([0, 1, 2].map(first_counter), [0, 1 << 32, 2 << 32]);
		assert!(first_counter(u32::MAX).checked_add(u32::MAX.into()).is_some());
	}

	proptest! {
		#[test]
		fn every_part_of_a_contract_changes_its_name(part in 0usize..5, at in 0usize..32, bit in 0u8..8) {
			let (mut other, mut genesis) = (contract(), GENESIS);
			match part {
				0 => genesis[at] ^= 1 << bit,
				1 => other.payer[at] ^= 1 << bit,
				2 => other.payee[at] ^= 1 << bit,
				3 => other.key[at] ^= 1 << bit,
				_ => other.counter ^= 1 << (at + 8 * usize::from(bit) % 32),
			}
			prop_assert_ne!(contract().id(&GENESIS), other.id(&genesis));
		}

		#[test]
		fn vouchers_differ_in_their_signed_bytes(a: (Hash, Balance), b: (Hash, Balance)) {
			let of = |(channel, cumulative)| Voucher { channel, cumulative }.signed_bytes();
			prop_assert_eq!(of(a) == of(b), a == b);
		}

		/// Neither the order nor the number of redeemed vouchers changes what is paid and burned in the end.
		#[test]
		fn slices_cost_what_the_whole_costs(deposit in 1_000..DOIN, vouchers in proptest::collection::vec(0..2 * DOIN, 1..20)) {
			let (mut paid, mut fees, mut nets) = (0, 0, 0);
			for cumulative in &vouchers {
				if let Some(redeemed) = redeemed(deposit, paid, *cumulative) {
					prop_assert!(redeemed.paid > paid && redeemed.paid <= deposit && redeemed.net > 0);
					prop_assert_eq!(redeemed.paid - paid, redeemed.fee + redeemed.net);
					(paid, fees, nets) = (redeemed.paid, fees + redeemed.fee, nets + redeemed.net);
				}
			}
			prop_assert_eq!(fees, burned(paid));
			prop_assert_eq!(fees + nets, paid);
			let best = vouchers.iter().max().copied().unwrap_or(0).min(deposit);
			prop_assert!(best.abs_diff(paid) <= 1, "the newest voucher is the best; one planck alone is not paid");
		}
	}
}
