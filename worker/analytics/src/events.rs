//! Events whose fields the facts need, decoded from their JSON form.
//!
//! Fields are found by name. Further fields are skipped, and an integer may be a number or a decimal string, so that events of
//! later runtimes with further fields or wider integers are read too. A field that is missing is an error.

use rusqlite::types::Value as Sql;
use serde::{de, Deserialize, Deserializer};
use serde_json::Value;

/// An unsigned integer of up to 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int(pub(crate) u128);

impl<'de> Deserialize<'de> for Int {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		#[derive(Deserialize)]
		#[serde(untagged)]
		enum Form {
			Number(u64),
			Text(String),
		}
		match Form::deserialize(deserializer)? {
			Form::Number(number) => Ok(Self(number.into())),
			Form::Text(text) => text.parse().map(Self).map_err(|_| de::Error::custom(format!("`{text}` is not an integer"))),
		}
	}
}

impl Int {
	/// Returns an amount: a decimal text.
	pub(crate) fn amount(self) -> Sql {
		Sql::Text(self.0.to_string())
	}

	/// Returns an integer for a column of the type ANY: an integer, or a decimal text from 2⁶³ on.
	pub(crate) fn any(self) -> Sql {
		i64::try_from(self.0).map_or_else(|_| self.amount(), Sql::Integer)
	}
}

/// Returns the text of a variant or a reference: a string as it is, everything else as canonical JSON.
pub(crate) fn text(value: &Value) -> String {
	match value {
		Value::String(text) => text.clone(),
		other => canonical(other),
	}
}

/// Returns JSON whose keys are sorted, so that equal values have equal texts.
pub(crate) fn canonical(value: &Value) -> String {
	match value {
		Value::Object(object) => {
			let mut fields: Vec<_> = object.iter().collect();
			fields.sort_by_key(|(name, _)| *name);
			let fields: Vec<_> =
				fields.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value))).collect();
			format!("{{{}}}", fields.join(","))
		}
		Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
		other => other.to_string(),
	}
}

/// A round.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Round {
	pub(crate) domain: u32,
	pub(crate) number: u32,
}

/// Description of an experiment by its author, without proof.
#[derive(Debug, Deserialize)]
pub(crate) struct Metrics {
	pub(crate) experiment: String,
	pub(crate) round: u32,
	pub(crate) millis: Int,
	pub(crate) config: String,
	pub(crate) data: String,
	pub(crate) optimizer: String,
}

impl Metrics {
	/// Returns the name of the optimizer. Its bytes are chosen by the author: what is no printable text is replaced.
	pub(crate) fn optimizer_name(&self) -> String {
		let bytes = hex::decode(self.optimizer.trim_start_matches("0x")).unwrap_or_default();
		let text = String::from_utf8_lossy(&bytes);
		text.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
	}
}

/// Declares the structures of events.
macro_rules! events {
	($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
		#[derive(Debug, Deserialize)]
		#[serde(rename_all = "camelCase")]
		pub(crate) struct $name { $(pub(crate) $field: $type),* }
	)*};
}

events! {
	Committed { round: Round, seat: u32, who: String, commitment: String, fee: Int, burned: Int, hold: Int, stake: Int }
	Revealed { round: Round, seat: u32, who: String, model: Int, bytes: u32, validation_error: Int, metrics: Metrics }
	Rejected { round: Round, seat: u32, reason: Value }
	SeatForfeited { round: Round, seat: u32, who: String, burned: Int }
	SeatExcused { round: Round, seat: u32 }
	StakeBurned { round: Round, who: String, burned: Int }
	ClaimDisproved {
		round: Round, seat: u32, challenger: String, chunk: u32, claimed: u32, computed: u32, burned: Int, reward: Int,
	}
	RecomputationRequested { round: Round, task: Int }
	Crowned {
		round: Round, model: Int, who: String, error: Int, champion_error: Int, initial_error: Int, upper: Int, increment: Int,
		effective: Int, carry: Int,
	}
	ContenderDropped { domain: u32, model: Int, reason: Value }
	CarryPaid { round: Round, increment: Int }
	FeesPaid { round: Round, payees: u32, paid: Int, settler: Int, burned: Int }
	RoundDecided { round: Round, winner: Option<Int> }
	RoundUnpaid { round: Round, reason: Value }
	RoundVoided { round: Round }
	TaskOpened { task: Int, subject: Value, domain: u32, target: Int }
	QuorumDrawn { task: Int, seed: String, evaluators: Vec<String> }
	OfEvaluator { task: Int, who: String }
	AnswerMissed { task: Int, who: String, excused: bool }
	Settled { task: Int, settler: String }
	TaskReopened { task: Int }
	TaskCompleted { task: Int, backing: Value }
	TaskVoided { task: Int, reason: Value }
	ChallengeUpheld { task: Int, challenger: String, model: u32, chunk: u32, reward: Int }
	ChallengeRejected { task: Int, challenger: String, paid: Int, burned: Int }
	Registered { owner: String, deposit: Int, fee: Int }
	Activated { initial: Value, error: Int }
	ChampionReplaced { model: Value, high_water: Int }
	HighWaterRaised { high_water: Int }
	Converged { loss: Int, bounty: Int }
	OfDomain { domain: u32 }
	WeightChanged { to: u32 }
	SealedWork {
		work_block: Int, taken: Int, threshold: Int, minted: Int, optimizers: Int, evaluators: Int, validators: Int,
	}
	Rewarded { who: String, amount: Int, role: Value }
	PaidRound { round: Round, effective: Int, minted: Int, optimizers: Int, evaluators: Int, validators: Int }
	Missed { round: Round, burned: Int }
	PurseSpent { round: Round, minted: Int }
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn integers_are_numbers_or_decimal_texts_and_stay_exact() {
		let of = |value: Value| serde_json::from_value::<Int>(value).ok();
		assert_eq!(of(json!(7)), Some(Int(7)));
		assert_eq!(of(json!("340282366920938463463374607431768211455")), Some(Int(u128::MAX)));
		for wrong in [json!(1.5), json!(-1), json!("x"), json!(null), json!("0x10")] {
			assert_eq!(of(wrong.clone()), None, "{wrong}");
		}
		assert_eq!(Int((1 << 53) + 1).any(), Sql::Integer((1 << 53) + 1));
		assert_eq!(Int(i64::MAX as u128).any(), Sql::Integer(i64::MAX));
		assert_eq!(Int(1 << 63).any(), Sql::Text("9223372036854775808".into()));
		assert_eq!(Int(5).amount(), Sql::Text("5".into()));
	}

	#[test]
	fn canonical_json_sorts_keys_at_every_depth() {
		let value: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"\""}],"a":null}"#).unwrap();
		assert_eq!(canonical(&value), r#"{"a":null,"b":[{"a":"\"","z":1}]}"#);
		assert_eq!(text(&json!("noQuorum")), "noQuorum");
		assert_eq!(text(&json!({ "stored": "7" })), r#"{"stored":"7"}"#);
	}

	#[test]
	fn the_name_of_an_optimizer_is_one_printable_line() {
		let metrics = |optimizer: &str| Metrics {
			experiment: String::new(),
			round: 0,
			millis: Int(0),
			config: String::new(),
			data: String::new(),
			optimizer: optimizer.into(),
		};
		assert_eq!(metrics("0x646f696e").optimizer_name(), "doin");
		assert_eq!(metrics("0x610a62ff").optimizer_name(), "a\u{fffd}b\u{fffd}");
		assert_eq!(metrics("0x").optimizer_name(), "");
	}
}
