//! The setting `operand_bits`: a number, or `auto`.

use doin_compute::OperandBits;
use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};

/// Value of `operand_bits` in a file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected 8, 12 or `auto`")]
enum Written {
	Number(u64),
	Text(String),
}

/// Reads the operand bits as a number or a text.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OperandBits>, D::Error> {
	let text = match Option::<Written>::deserialize(deserializer)? {
		None => return Ok(None),
		Some(Written::Number(number)) => number.to_string(),
		Some(Written::Text(text)) => text,
	};
	text.parse().map(Some).map_err(|_| D::Error::custom(format!("`operand_bits` is `{text}`: expected 8, 12 or `auto`")))
}

/// Writes the operand bits as a text.
pub(super) fn serialize<S: Serializer>(bits: &Option<OperandBits>, serializer: S) -> Result<S::Ok, S::Error> {
	bits.map(<&'static str>::from).serialize(serializer)
}
