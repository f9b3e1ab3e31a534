//! Places in JSON, as texts. Numbers are never read as binary fractions.

use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Place of a value in JSON: names of objects and positions of lists from 0, joined by dots, e.g. `result.0`. The empty path is the
/// whole value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonPath(Vec<String>);

impl FromStr for JsonPath {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let text = text.trim();
		let steps: Vec<String> = match text.is_empty() {
			true => Vec::new(),
			false => text.split('.').map(String::from).collect(),
		};
		match steps.iter().any(String::is_empty) {
			true => Err(format!("invalid path `{text}`: expected names and positions joined by dots, e.g. data.0.close")),
			false => Ok(Self(steps)),
		}
	}
}

impl fmt::Display for JsonPath {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0.join("."))
	}
}

impl JsonPath {
	/// Returns the value at this place of `value`.
	///
	/// # Errors
	///
	/// Errors if there is none. The error names what is there.
	pub(crate) fn find<'a>(&self, value: &'a RawValue) -> Result<&'a RawValue, String> {
		let mut found = value;
		for step in &self.0 {
			found = child(found, step)?;
		}
		Ok(found)
	}
}

/// Returns the element of an object or list.
fn child<'a>(value: &'a RawValue, step: &str) -> Result<&'a RawValue, String> {
	match value.get().as_bytes().first() {
		Some(b'{') => {
			let object: BTreeMap<String, &'a RawValue> = serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
			let names = || object.keys().take(6).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
			object.get(step).copied().ok_or_else(|| format!("an object with {}", names()))
		}
		Some(b'[') => {
			let list = list_of(value)?;
			let element = step.parse().ok().and_then(|at: usize| list.get(at).copied());
			element.ok_or_else(|| format!("a list of {}", list.len()))
		}
		_ => Err(kind(value).into()),
	}
}

/// Returns the elements of a list.
///
/// # Errors
///
/// Errors if the value is no list. The error names what it is.
pub(crate) fn list_of(value: &RawValue) -> Result<Vec<&RawValue>, String> {
	serde_json::from_str(value.get()).map_err(|_| kind(value).into())
}

/// Returns the text of a string or of a number, digit by digit.
///
/// # Errors
///
/// Errors if the value is something else. The error names what it is.
pub(crate) fn text_of(value: &RawValue) -> Result<String, String> {
	match value.get().as_bytes().first() {
		Some(b'"') => serde_json::from_str(value.get()).map_err(|error| error.to_string()),
		Some(b'-' | b'0'..=b'9') => Ok(value.get().into()),
		_ => Err(kind(value).into()),
	}
}

fn kind(value: &RawValue) -> &'static str {
	match value.get().as_bytes().first() {
		Some(b'{') => "an object",
		Some(b'[') => "a list",
		Some(b'"') => "a text",
		Some(b'n') => "null",
		Some(b't' | b'f') => "true or false",
		_ => "a number",
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ANSWER: &str =
		r#"{"result": {"XBTUSD": [[1769861100, "64250.10", 0.30000000000000004, null]], "last": 7}, "error": []}"#;

	fn found(path: &str) -> Result<String, String> {
		let answer: &RawValue = serde_json::from_str(ANSWER).unwrap();
		text_of(path.parse::<JsonPath>().unwrap().find(answer)?)
	}

	#[test]
	fn numbers_and_texts_are_found_digit_by_digit() {
		assert_eq!(found("result.XBTUSD.0.0"), Ok("1769861100".into()));
		assert_eq!(found("result.XBTUSD.0.1"), Ok("64250.10".into()));
		assert_eq!(found("result.XBTUSD.0.2"), Ok("0.30000000000000004".into()));
		assert_eq!(found(" result.last "), Ok("7".into()));
	}

	#[test]
	fn what_is_there_instead_is_named() {
		assert_eq!(found("result.XBTEUR.0.0"), Err("an object with `XBTUSD`, `last`".into()));
		assert_eq!(found("result.XBTUSD.0.9"), Err("a list of 4".into()));
		assert_eq!(found("result.XBTUSD.close"), Err("a list of 1".into()));
		assert_eq!(found("result.XBTUSD.0.3"), Err("null".into()));
		assert_eq!(found("result.last.0"), Err("a number".into()));
		assert_eq!(found(""), Err("an object".into()));
	}

	#[test]
	fn a_path_is_shown_as_it_is_written() {
		assert_eq!("result.XBTUSD.0".parse::<JsonPath>().unwrap().to_string(), "result.XBTUSD.0");
		assert_eq!("".parse::<JsonPath>(), Ok(JsonPath::default()));
		assert!("a..b".parse::<JsonPath>().unwrap_err().contains("e.g. data.0.close"));
	}
}
