//! Numbers of model files as text, so that they are the same on every machine.

use crate::units::exact;
use serde::{de::Error, Deserialize, Deserializer, Serializer};

/// Writes a number as its shortest exact text.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&exact(*value))
}

/// Reads a finite number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
	let text = String::deserialize(deserializer)?;
	let value = text.parse().ok().filter(|value: &f64| value.is_finite());
	value.ok_or_else(|| D::Error::custom(format!("invalid number `{text}`")))
}
