//! The setting `gpu`: a number, a text, or a list of both.

use serde::{Deserialize, Deserializer};

/// Value of `gpu` in a file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected `auto`, `none`, a number or a part of a name, or a list of numbers and parts of names")]
enum Written {
	One(Item),
	Several(Vec<Item>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
	Number(u64),
	Name(String),
}

impl Item {
	fn into_text(self) -> String {
		match self {
			Self::Number(number) => number.to_string(),
			Self::Name(name) => name,
		}
	}
}

/// Reads the devices as the text of `--gpu`, with commas between several. The empty list is `none`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
	let written: Option<Written> = Option::deserialize(deserializer)?;
	Ok(written.map(|written| match written {
		Written::One(item) => item.into_text(),
		Written::Several(items) if items.is_empty() => "none".into(),
		Written::Several(items) => items.into_iter().map(Item::into_text).collect::<Vec<_>>().join(","),
	}))
}
