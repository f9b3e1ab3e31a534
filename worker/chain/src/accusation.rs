//! Accusation of a server, as the pallet `inference` takes it.

use crate::Account;
use codec::Encode;
use doin_primitives::{
	channel::{Contract, Signature},
	inference::{AccusedModel, Input, Output, Pairs, Receipt},
	Hash,
};
use scale_info::TypeInfo;

/// Proof that a server has signed a lie.
#[derive(Clone, Debug, PartialEq, Eq, Encode, TypeInfo)]
pub struct Accusation {
	/// The receipt.
	pub receipt: Receipt,
	/// Signature of the server.
	pub signature: Signature,
	/// Contract of the channel of the receipt; `None` for a receipt without one.
	pub contract: Option<Contract<Account>>,
	/// The lie.
	pub claim: AccusationClaim,
}

/// Lie of a receipt, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, TypeInfo)]
#[allow(clippy::large_enum_variant, reason = "one is made per accusation")]
pub enum AccusationClaim {
	/// The model was not the champion in the block of the receipt.
	#[codec(index = 0)]
	Model,
	/// The champion computes another output for a window.
	#[codec(index = 1)]
	Output(AccusedWindow),
}

/// One window of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, TypeInfo)]
pub struct AccusedWindow {
	/// Pairs of all windows of the receipt.
	pub pairs: Pairs,
	/// Index of the window among them.
	pub index: u16,
	/// Nonce of the window.
	pub nonce: Hash,
	/// Its input.
	pub input: Input,
	/// Output that the server has stated.
	pub output: Output,
	/// Encoded champion; `None` where the chain stores it.
	pub model: Option<AccusedModel>,
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use doin_primitives::inference::{pairs_hash, Pair};

	/// Returns an accusation of a false output.
	pub(crate) fn accusation() -> Accusation {
		let pair = Pair::new(&[1; 32], &[2], &[3]);
		let receipt = Receipt {
			domain: 7,
			block: 9,
			model: [4; 32],
			channel: [5; 32],
			cumulative: 1 << 40,
			price: 1 << 20,
			pairs: pairs_hash(&[pair]),
		};
		let window = AccusedWindow {
			pairs: vec![pair].try_into().unwrap(),
			index: 0,
			nonce: [1; 32],
			input: vec![2].try_into().unwrap(),
			output: vec![3].try_into().unwrap(),
			model: Some(vec![6].try_into().unwrap()),
		};
		let contract = Contract { payer: Account([7; 32]), payee: Account([8; 32]), key: [9; 32], counter: 1 << 32 };
		Accusation { receipt, signature: [6; 64], contract: Some(contract), claim: AccusationClaim::Output(window) }
	}

	#[test]
	fn the_kind_of_a_lie_follows_the_contract() {
		let bytes = Accusation { claim: AccusationClaim::Model, ..accusation() }.encode();
		assert_eq!(bytes.last(), Some(&0));
		// Receipt, signature, and a contract behind its flag.
		assert_eq!(bytes.len(), 4 + 4 + 32 + 32 + 16 + 16 + 32 + 64 + 1 + 3 * 32 + 8 + 1);
	}
}
