//! Segment key: the secret from which the order of rows and the salts of segments are derived.

use codec::Encode;
use doin_primitives::{blake2_256, Hash};
use std::{fmt, str::FromStr};

/// Beginning of the text of a key.
const PREFIX: &str = "doin-segment-key";

/// Secret of an owner that arranges and seals data. With the file of the data, it rebuilds every segment and every salt, so an
/// owner needs no other backup.
///
/// The secret opens segments, but signs nothing. The machine that opens segments therefore needs no key that holds money.
#[derive(Clone, PartialEq, Eq)]
pub struct SegmentKey([u8; 32]);

/// Error of a text that is no segment key. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSegmentKey;

impl std::error::Error for NoSegmentKey {}

impl fmt::Display for NoSegmentKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"expected one line, `{PREFIX}` and 64 hexadecimal digits, as `domain create --segment-key FILE` writes it; a key that signs \
			is another one"
		)
	}
}

impl fmt::Debug for SegmentKey {
	/// Formats the key without its secret.
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("SegmentKey(…)")
	}
}

impl FromStr for SegmentKey {
	type Err = NoSegmentKey;

	fn from_str(text: &str) -> Result<Self, NoSegmentKey> {
		let digits = text.trim().strip_prefix(PREFIX).ok_or(NoSegmentKey)?.trim();
		let mut secret = [0; 32];
		hex::decode_to_slice(digits, &mut secret).map_err(|_| NoSegmentKey)?;
		Ok(Self(secret))
	}
}

impl SegmentKey {
	/// Returns the key of an owner whose key has the hard child `//doin-segment` with this public key. Nobody can compute the
	/// public key of a hard child without the secret of its parent.
	pub fn of_child(public: &[u8; 32]) -> Self {
		Self(blake2_256(&("doin segment key", public).encode()))
	}

	/// Returns the text of the key, for a file that only its owner can read.
	pub fn secret_text(&self) -> String {
		format!("{PREFIX} {}", hex::encode(self.0))
	}

	/// Returns the seed of the order of rows.
	pub fn order_seed(&self) -> [u8; 32] {
		blake2_256(&("doin order", self.0).encode())
	}

	/// Returns the salt of segment `index` of the domain whose published data has the hash `data_root`.
	pub fn salt(&self, data_root: &Hash, index: u16) -> [u8; 32] {
		blake2_256(&("doin salt", self.0, data_root, index).encode())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_use_has_a_secret_of_its_own() {
		let (key, other) = (SegmentKey::of_child(&[1; 32]), SegmentKey::of_child(&[2; 32]));
		let all = [
			key.0,
			other.0,
			key.order_seed(),
			other.order_seed(),
			key.salt(&[3; 32], 0),
			key.salt(&[3; 32], 1),
			key.salt(&[4; 32], 0),
			other.salt(&[3; 32], 0),
		];
		for (at, one) in all.iter().enumerate() {
			assert!(all[at + 1..].iter().all(|other| other != one), "{at}");
		}
		assert_eq!(key.salt(&[3; 32], 1), SegmentKey::of_child(&[1; 32]).salt(&[3; 32], 1), "rebuilt");
	}

	/// Domains that are sealed with a key depend on these bytes, so they must never change. Computed from the formulas by another
	/// implementation of BLAKE2b.
	#[test]
	fn the_bytes_of_a_key_never_change() {
		let key = SegmentKey::of_child(&[1; 32]);
		assert_eq!(hex::encode(key.0), "952eeb83d4c86443283debd8b5aca35a7c0491dc558adbfd00c0d9e7214926f3");
		assert_eq!(hex::encode(key.order_seed()), "e0466229c813e64466a902ac4143cd2c4207c0add1f326470628739c54321e30");
		assert_eq!(hex::encode(key.salt(&[3; 32], 258)), "f17d8f3b3b1801686c3048ae838a21ddcecac035a0b1ad539701776bbe83b44e");
	}

	#[test]
	fn a_key_survives_its_text_and_is_not_shown() {
		let key = SegmentKey::of_child(&[1; 32]);
		let text = key.secret_text();
		assert_eq!(format!("{text}\n").parse(), Ok(key.clone()));
		assert_eq!(format!("{key:?}"), "SegmentKey(…)");
		let seed = format!("0x{}", "ab".repeat(32));
		for wrong in ["", "doin-segment-key", "doin-segment-key 12", seed.as_str(), &text[..text.len() - 1]] {
			assert_eq!(wrong.parse::<SegmentKey>(), Err(NoSegmentKey), "{wrong}");
		}
	}
}
