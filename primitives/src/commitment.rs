//! The one form of every commit-reveal on the chain.
//!
//! `blake2_256(SCALE(tag, genesis, domain, round, who, payload_hash, salt))`. Binding `who` makes a copied commitment worthless to the
//! copier; binding the chain and the round makes an old one worthless to anybody.

use crate::{blake2_256, Hash, RoundId};
use codec::Encode;

/// What is being committed to. The tag keeps the answers of one protocol step from serving in another.
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
	Dispute,
}

/// The commitment of `who` to `payload_hash` in `round`.
pub fn commitment(tag: Tag, genesis: &Hash, round: RoundId, who: &impl Encode, payload_hash: &Hash, salt: &[u8; 32]) -> Hash {
	blake2_256(&(tag, genesis, round.domain, round.number, who, payload_hash, salt).encode())
}

/// Hash of a payload as it enters a commitment.
pub fn payload_hash(payload: &impl Encode) -> Hash {
	blake2_256(&payload.encode())
}
