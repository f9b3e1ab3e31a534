//! Amounts of money in files, on the command line and in logs: `12.5 DOIN`, or `300 plancks`.
//!
//! A number without a unit is refused: `500` would be 5·10⁻¹⁰ DOIN in one unit and 500 DOIN in the other.

use doin_primitives::{Balance, DOIN};
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Decimals of one DOIN.
const DECIMALS: usize = 12;

/// An amount, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub Balance);

/// Unit of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
	Doin,
	Planck,
}

/// Returns the unit at the end of a text, and the text before it.
fn split_unit(text: &str) -> Option<(&str, Unit)> {
	let digits = text.trim_end_matches(char::is_alphabetic);
	let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
		"doin" => Unit::Doin,
		"planck" | "plancks" => Unit::Planck,
		_ => return None,
	};
	Some((digits.trim_end(), unit))
}

/// Returns `true` if a text is a number without a unit.
fn is_number(text: &str) -> bool {
	text.contains(|c: char| c.is_ascii_digit()) && text.bytes().all(|byte| byte.is_ascii_digit() || b"._".contains(&byte))
}

/// Returns the error of an amount without a unit.
fn unit_is_missing(number: &str) -> String {
	format!("{number} of what? Write \"{number} DOIN\" or \"{number} plancks\" (1 DOIN is 10^12 plancks)")
}

impl FromStr for Amount {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let wrong = |why: &str| format!("invalid amount `{text}`: {why}; expected e.g. `12.5 DOIN`, or `300 plancks`");
		let trimmed = text.trim();
		let Some((number, unit)) = split_unit(trimmed) else {
			return Err(if is_number(trimmed) { unit_is_missing(trimmed) } else { wrong("it has no unit") });
		};
		let number = number.replace('_', "");
		let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
		let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
		if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
			return Err(wrong("it is not a decimal number"));
		}
		let plancks = match unit {
			Unit::Planck if number.contains('.') => return Err(wrong("a planck has no parts")),
			Unit::Planck => whole.to_owned(),
			Unit::Doin if fraction.len() > DECIMALS => return Err(wrong("one DOIN has 12 decimals")),
			Unit::Doin => format!("{whole}{fraction:0<DECIMALS$}"),
		};
		plancks.parse().map(Self).map_err(|_| wrong("it is too large"))
	}
}

impl fmt::Display for Amount {
	/// Formats the amount in DOIN with at most four decimals; `{:#}` prints all twelve.
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let (whole, fraction) = (self.0 / DOIN, self.0 % DOIN);
		let all = format!("{fraction:0>DECIMALS$}");
		let mut shown = if f.alternate() { all.as_str() } else { &all[..4] }.trim_end_matches('0');
		if shown.is_empty() && whole == 0 && fraction > 0 {
			// Four decimals would show a positive amount as zero.
			shown = all.trim_end_matches('0');
		}
		match shown {
			"" => write!(f, "{whole} DOIN"),
			shown => write!(f, "{whole}.{shown} DOIN"),
		}
	}
}

impl Serialize for Amount {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&format!("{self:#}"))
	}
}

/// Reads an amount with its unit. A bare number is answered with the units.
struct AmountVisitor;

impl<'de> de::Visitor<'de> for AmountVisitor {
	type Value = Amount;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "an amount with its unit, e.g. \"12.5 DOIN\"")
	}

	fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
		text.parse().map_err(E::custom)
	}

	fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
		Err(E::custom(unit_is_missing(&number.to_string())))
	}

	fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
		Err(E::custom(unit_is_missing(&number.to_string())))
	}

	fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
		Err(E::custom(unit_is_missing(&number.to_string())))
	}

	/// A number of JSON that keeps all its digits is a map of one entry.
	fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Amount, A::Error> {
		match map.next_entry::<String, String>()? {
			Some((_, number)) if is_number(&number) => Err(de::Error::custom(unit_is_missing(&number))),
			_ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
		}
	}
}

impl<'de> Deserialize<'de> for Amount {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		deserializer.deserialize_any(AmountVisitor)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn amounts_are_parsed_with_their_unit() {
		for (text, plancks) in [
			("1 DOIN", DOIN),
			("12.5DOIN", 25 * DOIN / 2),
			(" 3 doin ", 3 * DOIN),
			(".000000000001 DOIN", 1),
			("1_000 plancks", 1_000),
			("1 planck", 1),
			("0 DOIN", 0),
		] {
			assert_eq!(text.parse::<Amount>().unwrap().0, plancks, "{text}");
		}
		for text in ["", "DOIN", "1.2.3 DOIN", "-1 DOIN", "1.0000000000001 DOIN", "1 DOGE", "1.5 plancks", "x"] {
			assert!(text.parse::<Amount>().unwrap_err().contains("12.5 DOIN"), "{text}");
		}
	}

	#[test]
	fn k40_an_amount_without_a_unit_is_asked_for() {
		for text in ["500", "1.5", "1_000", "0"] {
			let error = text.parse::<Amount>().unwrap_err();
			assert!(error.starts_with(&format!("{text} of what?")), "{error}");
			assert!(error.contains(&format!("\"{text} DOIN\"")) && error.contains(&format!("\"{text} plancks\"")), "{error}");
		}
		for json in ["500", "500.0", "-3"] {
			let error = serde_json::from_str::<Amount>(json).unwrap_err().to_string();
			assert!(error.contains("of what?"), "{json}: {error}");
		}
		assert_eq!(serde_json::from_str::<Amount>("\"500 DOIN\"").unwrap(), Amount(500 * DOIN));
	}

	#[test]
	fn amounts_are_shortened_but_a_positive_one_never_to_zero() {
		for (plancks, shown) in
			[(0, "0 DOIN"), (DOIN, "1 DOIN"), (DOIN / 4, "0.25 DOIN"), (DOIN + 1, "1 DOIN"), (7, "0.000000000007 DOIN")]
		{
			assert_eq!(Amount(plancks).to_string(), shown);
		}
		assert_eq!(format!("{:#}", Amount(DOIN + 1)), "1.000000000001 DOIN");
	}

	proptest! {
		#[test]
		fn every_printed_amount_is_parsed_back(plancks: u128) {
			prop_assert_eq!(format!("{:#}", Amount(plancks)).parse::<Amount>().unwrap(), Amount(plancks));
		}
	}
}
