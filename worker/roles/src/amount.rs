//! Amounts of money in files, on the command line and in logs: `12.5 DOIN`, or a bare number of plancks.

use doin_primitives::{Balance, DOIN};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Decimals of one DOIN.
const DECIMALS: usize = 12;

/// An amount, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub Balance);

impl FromStr for Amount {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let wrong = |why: &str| {
			format!("invalid amount `{text}`: {why}; expected e.g. `12.5 DOIN`, or a whole number of plancks (10^-12 DOIN)")
		};
		let trimmed = text.trim();
		let Some(number) = trimmed.strip_suffix("DOIN").or_else(|| trimmed.strip_suffix("doin")) else {
			return trimmed.replace('_', "").parse().map(Self).map_err(|_| wrong("it has no unit and is not a whole number"));
		};
		let number = number.trim().replace('_', "");
		let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
		if fraction.len() > DECIMALS {
			return Err(wrong("one DOIN has 12 decimals"));
		}
		let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
		if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
			return Err(wrong("it is not a decimal number"));
		}
		let plancks = format!("{whole}{fraction:0<DECIMALS$}");
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

impl<'de> Deserialize<'de> for Amount {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn amounts_are_parsed_with_and_without_unit() {
		for (text, plancks) in
			[("1 DOIN", DOIN), ("12.5DOIN", 25 * DOIN / 2), (".000000000001 DOIN", 1), ("1_000", 1000), ("0", 0)]
		{
			assert_eq!(text.parse::<Amount>().unwrap().0, plancks, "{text}");
		}
		for text in ["", "DOIN", "1.5", "1.2.3 DOIN", "-1 DOIN", "1.0000000000001 DOIN", "1 DOGE"] {
			assert!(text.parse::<Amount>().unwrap_err().contains("12.5 DOIN"), "{text}");
		}
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
