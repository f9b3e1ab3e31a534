//! Commitments: the common form of every commit-reveal on the chain.
//!
//! `blake2_256(SCALE(tag, genesis, scope, who, payload_hash, salt))`, where the scope is the [`RoundId`](crate::RoundId) of an
//! optimizer's or forecaster's commit, the [`TaskId`](crate::TaskId) of an evaluator's or challenger's, and the number of the poll of a
//! reporter's.
//! The hash binds `who`, so another account cannot reveal a copied commitment. It binds the chain and the scope, so an old
//! commitment cannot be used again.

use crate::{blake2_256, Hash};
use codec::Encode;

/// Protocol step that a commitment belongs to, so that a commitment of one step cannot be revealed in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub enum Tag {
	/// An optimizer's [`crate::payload::Reveal`].
	#[codec(index = 0)]
	Optimae,
	/// An evaluator's [`crate::payload::Sums`].
	#[codec(index = 1)]
	Sums,
	/// A challenger's [`crate::payload::Challenge`].
	#[codec(index = 2)]
	Challenge,
	/// A reporter's [`crate::oracle::Reports`].
	#[codec(index = 3)]
	Report,
	/// A forecaster's values: its changes from the zero of the round.
	#[codec(index = 4)]
	Forecast,
}

/// Returns the commitment of `who` to `payload_hash` within `scope`.
pub fn commitment(
	tag: Tag,
	genesis: &Hash,
	scope: &impl Encode,
	who: &impl Encode,
	payload_hash: &Hash,
	salt: &[u8; 32],
) -> Hash {
	blake2_256(&(tag, genesis, scope, who, payload_hash, salt).encode())
}

/// Returns the hash of a payload that a commitment binds: blake2b-256 of its SCALE encoding.
pub fn payload_hash(payload: &impl Encode) -> Hash {
	blake2_256(&payload.encode())
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const GENESIS: Hash = [1; 32];

	#[test]
	fn a_commitment_is_the_hash_of_its_parts() {
		let (payload, salt) = ([2; 32], [3; 32]);
		let mut bytes = alloc::vec![1u8];
		bytes.extend(GENESIS);
		bytes.extend(7u64.to_le_bytes());
		bytes.extend(9u32.to_le_bytes());
		bytes.extend(payload);
		bytes.extend(salt);
		assert_eq!(commitment(Tag::Sums, &GENESIS, &7u64, &9u32, &payload, &salt), blake2_256(&bytes));
		assert_eq!(payload_hash(&(1u8, 2u8)), blake2_256(&[1, 2]));
	}

	proptest! {
		#[test]
		fn every_part_is_bound(scope: u64, who: u32, payload: Hash, salt: [u8; 32], at in 0usize..32, bit in 0u8..8) {
			let flipped = |bytes: &[u8; 32]| {
				let mut other = *bytes;
				other[at] ^= 1 << bit;
				other
			};
			let base = commitment(Tag::Optimae, &GENESIS, &scope, &who, &payload, &salt);
			prop_assert_eq!(base, commitment(Tag::Optimae, &GENESIS, &scope, &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Sums, &GENESIS, &scope, &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Challenge, &GENESIS, &scope, &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Report, &GENESIS, &scope, &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Forecast, &GENESIS, &scope, &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Optimae, &flipped(&GENESIS), &scope, &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Optimae, &GENESIS, &scope.wrapping_add(1), &who, &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Optimae, &GENESIS, &scope, &who.wrapping_add(1), &payload, &salt));
			prop_assert_ne!(base, commitment(Tag::Optimae, &GENESIS, &scope, &who, &flipped(&payload), &salt));
			prop_assert_ne!(base, commitment(Tag::Optimae, &GENESIS, &scope, &who, &payload, &flipped(&salt)));
		}
	}
}
