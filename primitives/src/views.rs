//! What runtime APIs return and RPC prints: one type per question a user asks. Amounts are decimal strings in JSON, since JavaScript
//! numbers end at 2⁵³.

use crate::{Balance, BlockNumber, DomainId, Hash, ModelRef, RoundId, SizeClass, Status, Q32};
use alloc::{string::String, vec::Vec};
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Serialises a `u64` or `u128` as a decimal string.
pub mod decimal {
	use alloc::string::{String, ToString};
	use core::{fmt::Display, str::FromStr};
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	/// Writes `value` in decimal.
	pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&value.to_string())
	}

	/// Reads a decimal string.
	pub fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom("expected a decimal number in a string"))
	}
}

/// Serialises 32 bytes as `0x` and 64 hex digits.
pub mod hex32 {
	use crate::Hash;
	use alloc::{format, string::String};
	use core::fmt::Write;
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	fn write(value: &Hash) -> String {
		let mut text = String::from("0x");
		for byte in value {
			// Writing to a string cannot fail.
			let _ = write!(text, "{byte:02x}");
		}
		text
	}

	fn read<E: Error>(text: &str) -> Result<Hash, E> {
		let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64 && digits.bytes().all(|c| c.is_ascii_hexdigit()));
		let mut value = Hash::default();
		for (i, byte) in value.iter_mut().enumerate() {
			*byte = digits
				.and_then(|digits| digits.get(i * 2..i * 2 + 2))
				.and_then(|pair| u8::from_str_radix(pair, 16).ok())
				.ok_or_else(|| E::custom(format!("expected 0x and 64 hex digits, got `{text}`")))?;
		}
		Ok(value)
	}

	/// Writes `value` in hex.
	pub fn serialize<S: Serializer>(value: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&write(value))
	}

	/// Reads `0x` and 64 hex digits.
	pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
		read(&String::deserialize(deserializer)?)
	}

	/// The same for something that may be missing, as `null`.
	pub mod option {
		use super::{read, write, Deserialize, Deserializer, Hash, Serializer, String};

		/// Writes `value` in hex, or `null`.
		pub fn serialize<S: Serializer>(value: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
			match value {
				Some(value) => serializer.serialize_some(&write(value)),
				None => serializer.serialize_none(),
			}
		}

		/// Reads `0x` and 64 hex digits, or `null`.
		pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
			Option::<String>::deserialize(deserializer)?.map(|text| read(&text)).transpose()
		}
	}
}

/// A domain in a listing, and at the head of its full record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainView<AccountId> {
	/// Identifier.
	pub id: DomainId,
	/// Name for people.
	pub name: String,
	/// Unit of one raw value.
	pub unit: String,
	/// Program, as `forecast` or `quadratic`.
	pub program: String,
	/// Evidence class, as `public` or `synthetic`.
	pub evidence: String,
	/// Where it is in its life.
	pub status: Status,
	/// Who registered it.
	pub owner: AccountId,
	/// Voted weight, parts per million.
	pub weight: u32,
	/// Best progress ever measured, Q32 bits.
	#[serde(with = "decimal")]
	pub high_water: Q32,
	/// Least relative improvement, parts per million.
	pub min_improvement: u32,
	/// Loss at which it is solved (2²⁰ is the initial champion's), 0 for never.
	pub target: u32,
	/// Paid to whoever reaches the target.
	#[serde(with = "decimal")]
	pub bounty: Balance,
	/// Class an evaluator must have joined.
	pub class: SizeClass,
}

/// The best model of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChampionView<AccountId> {
	/// The model.
	pub model: ModelRef,
	/// Who found it; nobody for a baseline.
	pub author: Option<AccountId>,
	/// The round that crowned it.
	pub round: Option<RoundId>,
	/// Block of the verdict.
	pub block: BlockNumber,
	/// Error sum on the draw that crowned it.
	#[serde(with = "decimal")]
	pub error: u64,
	/// Error sum of the initial champion on the same windows.
	#[serde(with = "decimal")]
	pub initial_error: u64,
	/// `error · 2²⁰ / initial_error`: lower is better, 2²⁰ is the initial champion.
	pub loss: u64,
	/// Error sum on the validation split.
	#[serde(with = "decimal")]
	pub validation_error: u64,
	/// The genes it was found with.
	pub genes: Vec<i64>,
	/// Bytes of its encoded model.
	pub bytes: u32,
}

/// What a seat of a round has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum SeatStatus {
	/// Committed, not revealed.
	Committed,
	/// Revealed, and to be measured.
	Revealed,
	/// Found to have lied about its validation sums.
	Rejected,
}

/// One seat of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatView<AccountId> {
	/// Who sits on it.
	pub who: AccountId,
	/// Its commitment.
	#[serde(with = "hex32")]
	pub commitment: Hash,
	/// What it has come to.
	pub status: SeatStatus,
	/// Its model, once revealed.
	pub model: Option<ModelRef>,
	/// Fee paid for it.
	#[serde(with = "decimal")]
	pub fee: Balance,
}

/// A round of optimization as it stands, and where the domain's grid is now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundView<AccountId> {
	/// The round.
	pub round: RoundId,
	/// What the domain's grid accepts at this block.
	pub phase: crate::round::Phase,
	/// First block after this phase.
	pub phase_end: BlockNumber,
	/// First block in which this round's reveals are taken.
	pub reveal_from: BlockNumber,
	/// First block in which they are no longer taken.
	pub reveal_until: BlockNumber,
	/// Fee of the next seat.
	#[serde(with = "decimal")]
	pub next_seat_fee: Balance,
	/// Hold of the next seat.
	#[serde(with = "decimal")]
	pub seat_hold: Balance,
	/// The seats taken.
	pub seats: Vec<SeatView<AccountId>>,
	/// Near-miss of earlier rounds that is measured again.
	pub contender: Option<ModelRef>,
}

/// What a recomputation is waiting for.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum QuorumPhase {
	/// VRF outputs, before evaluators and windows are drawn.
	Drawing,
	/// Commitments of the drawn evaluators.
	Answering,
	/// Their sums.
	Revealing,
	/// Somebody to settle it.
	Settling,
	/// Anybody to submit chunks, since no quorum answered.
	Replaying,
	/// The end of the challenge window.
	Challenge,
}

/// One drawn evaluator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluatorSeatView<AccountId> {
	/// Who was drawn.
	pub who: AccountId,
	/// Whether a commitment is in.
	pub committed: bool,
	/// Whether the sums are in.
	pub revealed: bool,
}

/// A round's recomputation as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuorumView<AccountId> {
	/// The round.
	pub round: RoundId,
	/// What it is waiting for.
	pub phase: QuorumPhase,
	/// First block after this phase; a time-out in `Settling` and `Replaying`.
	pub phase_end: BlockNumber,
	/// Seed of the drawn windows, once drawn.
	#[serde(with = "hex32::option", default)]
	pub seed: Option<Hash>,
	/// Models to measure, in the order of the sums: initial champion, champion, contender, candidates, each once.
	pub models: Vec<ModelRef>,
	/// The size class that `settle` has to be called with.
	pub class: SizeClass,
	/// The drawn evaluators.
	pub seats: Vec<EvaluatorSeatView<AccountId>>,
	/// True sums per model, once settled.
	pub truth: Vec<Vec<u32>>,
}

/// An entry of the work queue.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkEntryView<AccountId> {
	/// The round that earned it.
	pub round: RoundId,
	/// Effective improvement not yet taken, Q32 bits.
	#[serde(with = "decimal")]
	pub eff: Q32,
	/// Who found it.
	pub optimizer: AccountId,
	/// Who verified it.
	pub evaluators: Vec<AccountId>,
}

/// The last seal.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct SealView {
	/// Number of the work block, from 1.
	pub work_block: u64,
	/// Block it was sealed in.
	pub block: BlockNumber,
	/// Effective improvement taken, Q32 bits.
	#[serde(with = "decimal")]
	pub taken: Q32,
	/// Everything minted.
	#[serde(with = "decimal")]
	pub minted: Balance,
	/// Minted to optimizers.
	#[serde(with = "decimal")]
	pub optimizers: Balance,
	/// Minted to evaluators.
	#[serde(with = "decimal")]
	pub evaluators: Balance,
	/// Minted to the generators' pot.
	#[serde(with = "decimal")]
	pub generator: Balance,
}

/// Proof of optimization as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkView<AccountId> {
	/// Work blocks sealed so far.
	pub work_blocks: u64,
	/// Threshold T of the next one, Q32 bits.
	#[serde(with = "decimal")]
	pub threshold: Q32,
	/// Effective improvement in the queue, Q32 bits.
	#[serde(with = "decimal")]
	pub queued: Q32,
	/// Reward R of the next one.
	#[serde(with = "decimal")]
	pub reward: Balance,
	/// Everything mined so far.
	#[serde(with = "decimal")]
	pub mined: Balance,
	/// Generators' share accrued in this era.
	#[serde(with = "decimal")]
	pub era_accrual: Balance,
	/// The queue from its head, at most 32 entries.
	pub queue: Vec<WorkEntryView<AccountId>>,
	/// The last seal.
	pub last_seal: Option<SealView>,
}

/// The fee market as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeMarketView {
	/// Plancks per gas (one microsecond of reference time).
	#[serde(with = "decimal")]
	pub base_fee: Balance,
	/// Fullness of the last block, parts per million of the Normal class.
	pub fullness: u32,
	/// Lowest base fee.
	#[serde(with = "decimal")]
	pub floor: Balance,
	/// Highest base fee.
	#[serde(with = "decimal")]
	pub ceiling: Balance,
	/// Base fees burned since genesis.
	#[serde(with = "decimal")]
	pub burned: Balance,
}

/// An evaluator's or optimizer's standing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReputationView {
	/// Score now, in millionths; 3 000 000 is neutral.
	pub score: u32,
	/// Whether it may be drawn.
	pub drawable: bool,
	/// Bond as an evaluator, 0 if none.
	#[serde(with = "decimal")]
	pub bond: Balance,
	/// Candidates that became champion.
	pub accepted: u32,
	/// Candidates that did not.
	pub rejected: u32,
	/// Seats never revealed.
	pub unrevealed: u32,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn hashes_are_hex_and_amounts_are_strings_in_json() {
		let seat = SeatView { who: 1u8, commitment: [0xab; 32], status: SeatStatus::Committed, model: None, fee: Balance::MAX };
		let json = serde_json::to_value(&seat).unwrap();
		assert_eq!(json["commitment"], serde_json::json!(alloc::format!("0x{}", "ab".repeat(32))));
		assert_eq!(json["fee"], serde_json::json!("340282366920938463463374607431768211455"));
		assert_eq!(serde_json::from_value::<SeatView<u8>>(json).unwrap(), seat);
	}

	#[test]
	fn a_missing_hash_is_null_and_a_short_one_is_refused() {
		let mut view = QuorumView::<u8> {
			round: RoundId { domain: 1, number: 2 },
			phase: QuorumPhase::Drawing,
			phase_end: 3,
			seed: None,
			models: Vec::new(),
			class: SizeClass::Small,
			seats: Vec::new(),
			truth: Vec::new(),
		};
		let mut json = serde_json::to_value(&view).unwrap();
		assert!(json["seed"].is_null());
		assert_eq!(serde_json::from_value::<QuorumView<u8>>(json.clone()).unwrap(), view);
		json["seed"] = serde_json::json!("0x01");
		assert!(serde_json::from_value::<QuorumView<u8>>(json.clone()).is_err());
		view.seed = Some([1; 32]);
		json["seed"] = serde_json::json!(alloc::format!("0x{}", "01".repeat(32)));
		assert_eq!(serde_json::from_value::<QuorumView<u8>>(json).unwrap(), view);
	}
}
