//! Check of an answer by its client. Pure: an answer and what the client knows in, a finding out.

use crate::{
	model::Champion,
	wire::{Reply, Unreadable},
};
use doin_primitives::{
	channel::{ChannelId, Key, Signature},
	inference::{number_bytes, window_nonce, Pair, Receipt, FRESH_BLOCKS},
	Balance, BlockNumber, DomainId, Hash,
};
use subxt_signer::sr25519;

/// A request, as its client has sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
	/// Domain whose champion was asked for.
	pub domain: DomainId,
	/// Inputs of its windows.
	pub windows: Vec<Vec<u8>>,
	/// Secret of the nonces.
	pub nonce: Hash,
	/// Channel that pays; zeros for none.
	pub channel: ChannelId,
	/// Amount of the voucher, in plancks.
	pub cumulative: Balance,
	/// Price of the request, in plancks.
	pub price: Balance,
}

/// Facts that a client knows of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
	/// Hash of block 0.
	pub genesis: Hash,
	/// Key of the offer.
	pub key: Key,
	/// Block of the bond of the offer.
	pub since: BlockNumber,
	/// Last finalized block.
	pub block: BlockNumber,
}

/// An answer that is signed for what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
	/// The receipt.
	pub receipt: Receipt,
	/// Its pairs.
	pub pairs: Vec<Pair>,
	/// Signature of the server.
	pub signature: Signature,
}

/// Reason for which an answer is not accepted, and proves nothing against the server. The client pays no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
	/// A field cannot be read.
	#[error("{0}")]
	Unreadable(#[from] Unreadable),
	/// The answer has another number of outputs than the request has windows.
	#[error("the answer has {found} outputs for {expected} windows")]
	Outputs {
		/// Outputs of the answer.
		found: usize,
		/// Windows of the request.
		expected: usize,
	},
	/// The receipt is of another request.
	#[error("the receipt is not of this request: it has another {0}")]
	OtherRequest(&'static str),
	/// The key of the offer has not signed the receipt.
	#[error("the receipt is not signed by the key of the offer")]
	Unsigned,
	/// The block of the receipt is old, or not finalized as far as the client's node knows.
	#[error("the receipt names block {found}, and the last finalized one is {known}: expected one of the last {FRESH_BLOCKS}")]
	Stale {
		/// Block of the receipt.
		found: BlockNumber,
		/// Last finalized block of the client's node.
		known: BlockNumber,
	},
	/// The offer did not exist in the block of the receipt.
	#[error("the receipt names block {found}, and the bond of the offer answers from block {since} on")]
	BeforeOffer {
		/// Block of the receipt.
		found: BlockNumber,
		/// Block of the bond.
		since: BlockNumber,
	},
}

/// Returns the signed parts of an answer, if it is one to `sent`.
///
/// # Errors
///
/// Errors with the first reason for which nobody could be held to the answer.
pub fn signed(reply: &Reply, sent: &Sent, known: &Known) -> Result<Signed, Unusable> {
	let (receipt, pairs, signature) = reply.receipt()?;
	let (found, expected) = (reply.outputs.len(), sent.windows.len());
	if found != expected || pairs.len() != expected {
		return Err(Unusable::Outputs { found: found.min(pairs.len()), expected });
	}
	let differences = [
		(reply.nonce()? != sent.nonce, "nonce"),
		(receipt.domain != sent.domain, "domain"),
		(receipt.channel != sent.channel, "channel"),
		(receipt.cumulative != sent.cumulative, "amount"),
		(receipt.price != sent.price, "price"),
		(expected_pairs(reply, sent) != pairs, "pair of hashes"),
	];
	if let Some((_, part)) = differences.into_iter().find(|(differs, _)| *differs) {
		return Err(Unusable::OtherRequest(part));
	}
	let bytes = receipt.signed_bytes(&known.genesis);
	if !sr25519::verify(&sr25519::Signature(signature), bytes, &sr25519::PublicKey(known.key)) {
		return Err(Unusable::Unsigned);
	}
	if receipt.block > known.block || receipt.block.saturating_add(FRESH_BLOCKS) < known.block {
		return Err(Unusable::Stale { found: receipt.block, known: known.block });
	}
	if receipt.block < known.since {
		return Err(Unusable::BeforeOffer { found: receipt.block, since: known.since });
	}
	Ok(Signed { receipt, pairs, signature })
}

fn expected_pairs(reply: &Reply, sent: &Sent) -> Vec<Pair> {
	let answers = sent.windows.iter().zip(&reply.outputs).zip(0..);
	answers.map(|((input, output), index)| Pair::new(&window_nonce(&sent.nonce, index), input, &number_bytes(output))).collect()
}

/// Finding on a signed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
	/// The champion of the block computes all outputs.
	Right,
	/// The receipt names a model that was not the champion of its block.
	OtherModel,
	/// The champion computes another output for this window.
	False {
		/// Index of the first such window.
		index: u16,
		/// Output that the champion computes.
		computed: Vec<i32>,
	},
}

/// Compares a signed answer with the outputs of `champion`, that of the block of the receipt.
pub fn compare(reply: &Reply, sent: &Sent, signed: &Signed, champion: &Champion) -> Finding {
	if signed.receipt.model != champion.hash {
		return Finding::OtherModel;
	}
	for ((input, output), index) in sent.windows.iter().zip(&reply.outputs).zip(0..) {
		// An input that the program does not read is refused before it is sent.
		let Some(computed) = champion.answer(input) else { continue };
		if computed != *output {
			return Finding::False { index, computed };
		}
	}
	Finding::Right
}
