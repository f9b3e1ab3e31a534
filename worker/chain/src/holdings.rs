//! Reads of what an account has on the chain beside its balance: stored models, channels, an announced challenge, served domains, and the
//! records of its reputation and its reports.

use crate::{Account, Chain, Head, ReadError, RequestError};
use codec::{Decode, DecodeAll};
use doin_primitives::{
	channel::ChannelId,
	reputation::{decayed, NEUTRAL},
	Balance, BlockNumber, DomainId, Hash, ModelId, Q32,
};
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType, utils::H256};

/// Keys that one request reads; nodes refuse more.
const KEYS_PER_PAGE: u32 = 1_000;
/// Bytes of a key of the stored models before the identifier: pallet, item, and the hash of the identifier.
const MODEL_KEY_PREFIX: usize = 16 + 16 + 8;
/// Bytes of a key of the channels before the identifier.
const CHANNEL_KEY_PREFIX: usize = 16 + 16 + 16;
/// Distance of a score from neutral, Q32, below which the chain lets a record be removed: 2⁻¹⁶.
const NEGLIGIBLE: Q32 = 1 << 16;

/// Challenge that an account has announced, and neither made nor cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct AnnouncedChallenge {
	/// Commitment to the challenge.
	pub hash: Hash,
	/// Block of the announcement.
	pub at: BlockNumber,
	/// Amount on hold, in plancks.
	pub bond: Balance,
}

impl AnnouncedChallenge {
	/// Returns the first block in which the announcement can be cancelled, where challenges are taken for `window` blocks.
	pub fn expires(&self, window: BlockNumber) -> BlockNumber {
		self.at.saturating_add(window)
	}
}

/// Stored model, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredModel {
	/// Identifier of the model.
	pub id: ModelId,
	/// Account that revealed it, and that pays the hold.
	pub author: Account,
	/// Domain that it was revealed for.
	pub domain: DomainId,
	/// Hold for its bytes, in plancks.
	pub hold: Balance,
}

/// Reputation record of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct ReputationRecord {
	/// Score, Q32, in block `at`.
	pub score: Q32,
	/// Block of the last recorded behaviour.
	pub at: BlockNumber,
}

impl ReputationRecord {
	/// Returns the first block in which the record can be removed, if no further behaviour is recorded: its score is neutral then.
	/// `half_life` is the number of blocks in which a score loses half of its distance to neutral.
	pub fn expires(&self, half_life: BlockNumber) -> BlockNumber {
		let is_neutral = |blocks| decayed(self.score, blocks, half_life).abs_diff(NEUTRAL) < NEGLIGIBLE;
		let (mut least, mut most) = (0, half_life.saturating_mul(Q32::BITS));
		while least < most {
			let middle = least.midpoint(most);
			if is_neutral(middle) {
				most = middle;
			} else {
				least = middle.saturating_add(1);
			}
		}
		self.at.saturating_add(least)
	}
}

/// Record of an account that has reported bars, up to the last closed poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct ReporterRecord {
	/// Polls in which it has revealed.
	pub polls: u32,
	/// Polls in which it has committed and not revealed.
	pub unrevealed: u32,
	/// Bars for which it shared in the fee.
	pub within: u64,
	/// Bars that it reported with another value.
	pub outside: u64,
}

/// Part of the stored form of a [`StoredModel`].
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Model {
	author: [u8; 32],
	round: Round,
	hold: Balance,
}

/// Genes of a stored model.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct ModelGenes {
	genes: Vec<i64>,
}

/// Target in the record of a domain.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct DomainTarget {
	target: u32,
}

/// Part of the identifier of a round.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Round {
	domain: DomainId,
}

/// Part of the record of an evaluator.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Evaluator {
	serving: Vec<DomainId>,
}

impl Chain {
	/// Returns the identifiers of all stored models: those of champions, contenders and undecided candidates, and those of removed
	/// domains.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn stored_models(&self, at: Head) -> Result<Vec<ModelId>, ReadError> {
		self.keys(at, ("Optimae", "Models"), MODEL_KEY_PREFIX).await
	}

	/// Returns the identifiers of all open payment channels.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn channel_ids(&self, at: Head) -> Result<Vec<ChannelId>, ReadError> {
		self.keys(at, ("Channels", "Channels"), CHANNEL_KEY_PREFIX).await
	}

	/// Returns the keys of a storage map, which stand behind `prefix_bytes` bytes of each stored key.
	async fn keys<K: Decode>(&self, at: Head, (pallet, item): (&str, &str), prefix_bytes: usize) -> Result<Vec<K>, ReadError> {
		let (connection, name) = (self.connection(), format!("{pallet}.{item}"));
		let client = self.at(at).await?;
		let entry = client.storage().entry::<(_, _)>((pallet, item));
		let prefix = entry.map_err(|error| connection.error(&name, error))?.key_prefix();
		let (mut keys, mut last) = (Vec::new(), None::<Vec<u8>>);
		loop {
			let page = connection.rpc.state_get_keys_paged(&prefix, KEYS_PER_PAGE, last.as_deref(), Some(H256(at.hash)));
			let page = connection.request(&name, page).await?;
			for stored in &page {
				let mut key = stored.get(prefix_bytes..).unwrap_or_default();
				let key = K::decode_all(&mut key);
				keys.push(key.map_err(|error| connection.error(&name, RequestError::malformed(error)))?);
			}
			let is_last = page.len() < KEYS_PER_PAGE as usize;
			last = page.into_iter().next_back();
			if is_last {
				return Ok(keys);
			}
		}
	}

	/// Returns a stored model, or `None` if it is not stored, or not any more.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn stored_model(&self, at: Head, id: ModelId) -> Result<Option<StoredModel>, ReadError> {
		let stored: Option<Model> = self.storage(at, "Optimae", "Models", vec![Value::from(id)]).await?;
		Ok(stored.map(|Model { author, round, hold }| StoredModel { id, author: Account(author), domain: round.domain, hold }))
	}

	/// Returns the genes that the author of a stored model states, or `None` if it is not stored, or not any more. Works at blocks of
	/// earlier runtimes too.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn model_genes(&self, at: Head, id: ModelId) -> Result<Option<Vec<i64>>, ReadError> {
		let stored: Option<ModelGenes> = self.storage(at, "Optimae", "Models", vec![Value::from(id)]).await?;
		Ok(stored.map(|stored| stored.genes))
	}

	/// Returns the loss at which a domain converges, where 2²⁰ is the initial champion's and 0 stands for never, or `None` if it is not
	/// registered. Works at blocks of earlier runtimes too.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn domain_target(&self, at: Head, domain: DomainId) -> Result<Option<u32>, ReadError> {
		let spec: Option<DomainTarget> = self.storage(at, "Domains", "Specs", vec![Value::from(domain)]).await?;
		Ok(spec.map(|spec| spec.target))
	}

	/// Returns the challenge that an account has announced, and neither made nor cancelled.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn announced_challenge(&self, at: Head, who: Account) -> Result<Option<AnnouncedChallenge>, ReadError> {
		self.storage(at, "Recomputation", "Challenges", vec![Value::from_bytes(who.0)]).await
	}

	/// Returns the domains that an evaluator serves beside those of its size class. The list is empty for an account without a bond.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn served_domains(&self, at: Head, who: Account) -> Result<Vec<DomainId>, ReadError> {
		let evaluator: Option<Evaluator> = self.storage(at, "Evaluators", "Evaluators", vec![Value::from_bytes(who.0)]).await?;
		Ok(evaluator.map(|evaluator| evaluator.serving).unwrap_or_default())
	}

	/// Returns the number of evaluators that serve a domain by choice, of which quorums are drawn while it has no weight.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn serving_evaluators(&self, at: Head, domain: DomainId) -> Result<u32, ReadError> {
		let roster = Value::unnamed_variant("Domain", [Value::from(domain)]);
		let seats: Option<u32> = self.storage(at, "Evaluators", "Rosters", vec![roster]).await?;
		Ok(seats.unwrap_or(0))
	}

	/// Returns the reputation record of an account, or `None` if its score is neutral and not recorded.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn reputation_record(&self, at: Head, who: Account) -> Result<Option<ReputationRecord>, ReadError> {
		self.storage(at, "Reputation", "Records", vec![Value::from_bytes(who.0)]).await
	}

	/// Returns the record of an account that has reported bars, or `None` if it never has, or has left.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn reporter_record(&self, at: Head, who: Account) -> Result<Option<ReporterRecord>, ReadError> {
		self.storage(at, "Oracle", "Reporters", vec![Value::from_bytes(who.0)]).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::reputation::{moved, ABSENT, EQUIVOCATED};

	#[test]
	fn an_announcement_expires_a_challenge_window_after_its_block() {
		let announced = AnnouncedChallenge { hash: [1; 32], at: 90, bond: 5 };
		assert_eq!((announced.expires(100), announced.expires(BlockNumber::MAX)), (190, BlockNumber::MAX));
	}

	#[test]
	fn a_record_expires_in_the_first_block_with_a_neutral_score() {
		for (score, half_life) in [(moved(NEUTRAL, ABSENT), 50), (moved(NEUTRAL, EQUIVOCATED), 302_400), (7 << 32, 1)] {
			let record = ReputationRecord { score, at: 1_000 };
			let expires = record.expires(half_life);
			let distance = |block: BlockNumber| decayed(score, block - 1_000, half_life).abs_diff(NEUTRAL);
			assert!(distance(expires) < NEGLIGIBLE && distance(expires - 1) >= NEGLIGIBLE, "{score} after {expires} blocks");
		}
		assert_eq!(ReputationRecord { score: NEUTRAL + 1, at: 7 }.expires(50), 7, "neutral from the beginning");
	}
}
