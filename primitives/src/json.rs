//! JSON forms of hashes and UTF-8 bytes, for [`serde_with::As`]. Amounts use [`serde_with::DisplayFromStr`]: decimal strings, since
//! JavaScript numbers are exact up to 2⁵³ only.

use crate::Hash;
use alloc::{string::String, vec::Vec};
use bounded_collections::{BoundedVec, ConstU32};
use core::str::from_utf8;
use serde::{de::Error, Deserialize, Deserializer, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// A 32-byte hash as `0x` and 64 hex digits.
pub struct HexHash;

impl SerializeAs<Hash> for HexHash {
	fn serialize_as<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
		impl_serde::serialize::serialize(hash, serializer)
	}
}

impl<'de> DeserializeAs<'de, Hash> for HexHash {
	fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
		let bytes: Vec<u8> = impl_serde::serialize::deserialize(deserializer)?;
		bytes.try_into().map_err(|bytes: Vec<u8>| D::Error::invalid_length(bytes.len(), &"32 bytes in hex"))
	}
}

/// Bounded UTF-8 bytes as a string. Bytes that are not UTF-8 serialise with replacement characters.
pub struct Utf8;

impl<const N: u32> SerializeAs<BoundedVec<u8, ConstU32<N>>> for Utf8 {
	fn serialize_as<S: Serializer>(bytes: &BoundedVec<u8, ConstU32<N>>, serializer: S) -> Result<S::Ok, S::Error> {
		match from_utf8(bytes) {
			Ok(text) => serializer.serialize_str(text),
			Err(_) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
		}
	}
}

impl<'de, const N: u32> DeserializeAs<'de, BoundedVec<u8, ConstU32<N>>> for Utf8 {
	fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<BoundedVec<u8, ConstU32<N>>, D::Error> {
		let bytes = String::deserialize(deserializer)?.into_bytes();
		bytes.try_into().map_err(|bytes: Vec<u8>| D::Error::invalid_length(bytes.len(), &"a shorter text"))
	}
}
