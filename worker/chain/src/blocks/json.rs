//! JSON form of values in SCALE, by their types in the metadata.

use crate::Account;
use scale_info::{PortableRegistry, TypeDef, TypeDefPrimitive};
use serde_json::{Map, Value};
use subxt::ext::scale_decode::{
	visitor::{
		types::{Array, BitSequence, Composite, Sequence, Str, Tuple, Variant},
		DecodeError,
	},
	FieldIter, Visitor,
};

/// Name of the type of an account, at the end of its path.
const ACCOUNT: &str = "AccountId32";

/// Returns the fields of an event as JSON: an object, or an array if the fields have no names.
///
/// # Errors
/// Errors if the bytes do not hold these fields, or hold more.
pub(super) fn of_fields<'a>(
	bytes: &[u8],
	fields: &mut dyn FieldIter<'a, u32>,
	types: &'a PortableRegistry,
) -> Result<Value, DecodeError> {
	let mut fields = Composite::new(std::iter::empty(), bytes, fields, types, false);
	let json = Json { types };
	let value = match fields.has_unnamed_fields() {
		true => Value::Array(json.items(|| fields.decode_item(json))?),
		false => json.object(&mut fields)?,
	};
	match fields.bytes_from_undecoded().is_empty() {
		true => Ok(value),
		false => Err(DecodeError::CodecError("bytes are left over".into())),
	}
}

/// Returns a name in snake case in camel case.
fn camel(name: &str) -> String {
	let mut words = name.split('_');
	let mut camel = words.next().unwrap_or_default().to_owned();
	for word in words {
		let mut letters = word.chars();
		camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
		camel.push_str(letters.as_str());
	}
	camel
}

/// Returns the name of a variant in camel case.
pub(super) fn lower_camel(variant: &str) -> String {
	let mut letters = variant.chars();
	letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Returns bytes as `0x` and hex digits.
fn hex_of(bytes: &[u8]) -> Value {
	format!("0x{}", hex::encode(bytes)).into()
}

/// Visitor of values, which returns their JSON form.
#[derive(Clone, Copy)]
struct Json<'t> {
	types: &'t PortableRegistry,
}

impl Json<'_> {
	/// Returns all items that `next` decodes.
	fn items(self, next: impl FnMut() -> Option<Result<Value, DecodeError>>) -> Result<Vec<Value>, DecodeError> {
		std::iter::from_fn(next).collect()
	}

	/// Returns named fields as an object.
	fn object(self, fields: &mut Composite<'_, '_, PortableRegistry>) -> Result<Value, DecodeError> {
		let mut object = Map::new();
		while let Some(name) = fields.peek_name() {
			let Some(value) = fields.decode_item(self) else { break };
			object.insert(camel(name), value?);
		}
		Ok(Value::Object(object))
	}

	/// Returns fields: an object if they have names, the field itself if there is one, and an array of several.
	fn fields(self, fields: &mut Composite<'_, '_, PortableRegistry>) -> Result<Value, DecodeError> {
		match fields.remaining() {
			0 => Ok(Value::Null),
			_ if !fields.has_unnamed_fields() => self.object(fields),
			1 => fields.decode_item(self).unwrap_or(Ok(Value::Null)),
			_ => Ok(Value::Array(self.items(|| fields.decode_item(self))?)),
		}
	}

	/// Returns `true` if the items of a sequence or an array are bytes.
	fn has_bytes(self, type_id: u32) -> bool {
		let item = self.types.resolve(type_id).and_then(|ty| match &ty.type_def {
			TypeDef::Sequence(sequence) => self.types.resolve(sequence.type_param.id),
			TypeDef::Array(array) => self.types.resolve(array.type_param.id),
			_ => None,
		});
		item.is_some_and(|item| matches!(item.type_def, TypeDef::Primitive(TypeDefPrimitive::U8)))
	}
}

impl Visitor for Json<'_> {
	type Value<'scale, 'resolver> = Value;
	type Error = DecodeError;
	type TypeResolver = PortableRegistry;

	fn visit_bool<'scale, 'resolver>(self, value: bool, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_char<'scale, 'resolver>(self, value: char, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.to_string().into())
	}

	fn visit_u8<'scale, 'resolver>(self, value: u8, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_u16<'scale, 'resolver>(self, value: u16, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_u32<'scale, 'resolver>(self, value: u32, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_u64<'scale, 'resolver>(self, value: u64, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.to_string().into())
	}

	fn visit_u128<'scale, 'resolver>(self, value: u128, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.to_string().into())
	}

	fn visit_i8<'scale, 'resolver>(self, value: i8, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_i16<'scale, 'resolver>(self, value: i16, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_i32<'scale, 'resolver>(self, value: i32, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.into())
	}

	fn visit_i64<'scale, 'resolver>(self, value: i64, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.to_string().into())
	}

	fn visit_i128<'scale, 'resolver>(self, value: i128, _: u32) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.to_string().into())
	}

	fn visit_str<'scale, 'resolver>(
		self,
		value: &mut Str<'scale>,
		_: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		Ok(value.as_str()?.into())
	}

	fn visit_sequence<'scale, 'resolver>(
		self,
		value: &mut Sequence<'scale, 'resolver, PortableRegistry>,
		type_id: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		match self.has_bytes(type_id) {
			true => Ok(hex_of(value.bytes_from_undecoded().get(..value.remaining()).ok_or(DecodeError::NotEnoughInput)?)),
			false => Ok(Value::Array(self.items(|| value.decode_item(self))?)),
		}
	}

	fn visit_array<'scale, 'resolver>(
		self,
		value: &mut Array<'scale, 'resolver, PortableRegistry>,
		type_id: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		match self.has_bytes(type_id) {
			true => Ok(hex_of(value.bytes_from_undecoded().get(..value.remaining()).ok_or(DecodeError::NotEnoughInput)?)),
			false => Ok(Value::Array(self.items(|| value.decode_item(self))?)),
		}
	}

	fn visit_tuple<'scale, 'resolver>(
		self,
		value: &mut Tuple<'scale, 'resolver, PortableRegistry>,
		_: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		match value.remaining() {
			0 => Ok(Value::Null),
			_ => Ok(Value::Array(self.items(|| value.decode_item(self))?)),
		}
	}

	fn visit_composite<'scale, 'resolver>(
		self,
		value: &mut Composite<'scale, 'resolver, PortableRegistry>,
		_: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		if value.name() == Some(ACCOUNT) {
			let bytes = value.bytes_from_undecoded().first_chunk().ok_or(DecodeError::NotEnoughInput)?;
			return Ok(Account(*bytes).to_string().into());
		}
		self.fields(value)
	}

	fn visit_variant<'scale, 'resolver>(
		self,
		value: &mut Variant<'scale, 'resolver, PortableRegistry>,
		_: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		let is_option = value.enum_name() == Some("Option");
		let (name, is_empty) = (value.name(), value.fields().remaining() == 0);
		match (is_option, is_empty) {
			(true, _) => self.fields(value.fields()),
			(false, true) => Ok(lower_camel(name).into()),
			(false, false) => Ok(Map::from_iter([(lower_camel(name), self.fields(value.fields())?)]).into()),
		}
	}

	fn visit_bitsequence<'scale, 'resolver>(
		self,
		value: &mut BitSequence<'scale>,
		_: u32,
	) -> Result<Self::Value<'scale, 'resolver>, DecodeError> {
		value.decode()?.map(|bit| Ok(bit?.into())).collect::<Result<_, codec::Error>>().map(Value::Array).map_err(Into::into)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::AccountId32;
	use codec::{Compact, Encode};
	use doin_primitives::{
		round::{RejectionReason, UnpaidReason},
		ModelRef, RoundId,
	};
	use proptest::{collection::vec, option, prelude::*};
	use scale_info::{MetaType, Registry, TypeInfo};
	use serde_json::json;
	use subxt::ext::scale_decode::Field;

	/// Returns the JSON form of fields with these names and types.
	fn fields_json(names: &[(Option<&'static str>, MetaType)], bytes: &[u8]) -> Result<Value, DecodeError> {
		let mut registry = Registry::new();
		let ids: Vec<_> = names.iter().map(|(name, ty)| (*name, registry.register_type(ty).id)).collect();
		let types = PortableRegistry::from(registry);
		of_fields(bytes, &mut ids.iter().map(|(name, id)| Field::new(*id, *name)), &types)
	}

	/// Returns the JSON form of one value.
	fn json_of<T: TypeInfo + Encode + 'static>(value: &T) -> Value {
		let all = fields_json(&[(None, MetaType::new::<T>())], &value.encode()).unwrap();
		all.as_array().expect("fields without names are an array")[0].clone()
	}

	#[derive(Clone, Debug, Encode, TypeInfo)]
	enum Kind {
		NoQuorum,
		Stored(u64),
		Pair(u8, i16),
		Paid { new_amount: u128 },
	}

	#[derive(Clone, Debug, Encode, TypeInfo)]
	struct Everything {
		small: (u8, i8, u16, i16, u32, i32, bool),
		wide_unsigned: (u64, u128),
		wide_signed: (i64, i128),
		hash: [u8; 32],
		raw_bytes: Vec<u8>,
		text: String,
		list: Vec<Option<u32>>,
		kind: Kind,
		#[codec(compact)]
		compact_amount: u128,
	}

	fn kinds() -> impl Strategy<Value = Kind> {
		prop_oneof![
			Just(Kind::NoQuorum),
			any::<u64>().prop_map(Kind::Stored),
			any::<(u8, i16)>().prop_map(|(a, b)| Kind::Pair(a, b)),
			any::<u128>().prop_map(|new_amount| Kind::Paid { new_amount }),
		]
	}

	fn everything() -> impl Strategy<Value = Everything> {
		let wide = (any::<(u64, u128)>(), any::<(i64, i128)>(), any::<u128>());
		let bytes = (any::<[u8; 32]>(), vec(any::<u8>(), 0..40));
		let rest = (any::<String>(), vec(option::of(any::<u32>()), 0..5), kinds());
		(any::<(u8, i8, u16, i16, u32, i32, bool)>(), wide, bytes, rest).prop_map(
			|(small, (wide_unsigned, wide_signed, compact_amount), (hash, raw_bytes), (text, list, kind))| Everything {
				small,
				wide_unsigned,
				wide_signed,
				hash,
				raw_bytes,
				text,
				list,
				kind,
				compact_amount,
			},
		)
	}

	/// Returns the JSON form of a value, written down by hand.
	fn expected(value: &Everything) -> Value {
		let Everything { small, wide_unsigned, wide_signed, hash, raw_bytes, text, list, kind, compact_amount } = value;
		let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
		let kind = match kind {
			Kind::NoQuorum => json!("noQuorum"),
			Kind::Stored(id) => json!({ "stored": id.to_string() }),
			Kind::Pair(a, b) => json!({ "pair": [a, b] }),
			Kind::Paid { new_amount } => json!({ "paid": { "newAmount": new_amount.to_string() } }),
		};
		json!({
			"small": small,
			"wideUnsigned": [wide_unsigned.0.to_string(), wide_unsigned.1.to_string()],
			"wideSigned": [wide_signed.0.to_string(), wide_signed.1.to_string()],
			"hash": hex(hash),
			"rawBytes": hex(raw_bytes),
			"text": text,
			"list": list,
			"kind": kind,
			"compactAmount": compact_amount.to_string(),
		})
	}

	proptest! {
		#[test]
		fn every_value_has_the_form_of_its_type(value in everything()) {
			prop_assert_eq!(json_of(&value), expected(&value));
		}

		#[test]
		fn shortened_and_extended_bytes_are_errors(value in everything(), cut in any::<prop::sample::Index>()) {
			let (bytes, ty) = (value.encode(), MetaType::new::<Everything>());
			let short = &bytes[..cut.index(bytes.len())];
			prop_assert!(fields_json(&[(None, ty)], short).is_err());
			prop_assert!(fields_json(&[(None, ty)], &[&bytes[..], &[0]].concat()).is_err());
		}

		#[test]
		fn no_bytes_make_the_conversion_panic(bytes in vec(any::<u8>(), 0..200)) {
			let _ = fields_json(&[(None, MetaType::new::<Everything>())], &bytes);
		}
	}

	#[test]
	fn numbers_that_java_script_rounds_are_strings() {
		assert_eq!(json_of(&((1u64 << 53) + 1)), json!("9007199254740993"));
		assert_eq!(json_of(&u128::MAX), json!("340282366920938463463374607431768211455"));
		assert_eq!(json_of(&Compact(7u128)), json!("7"));
		assert_eq!(json_of(&u32::MAX), json!(4_294_967_295u32));
	}

	#[test]
	fn accounts_are_addresses_and_hashes_are_hex() {
		let names = [(Some("who"), MetaType::new::<AccountId32>()), (Some("block_hash"), MetaType::new::<[u8; 32]>())];
		let value = fields_json(&names, &([7u8; 32], [7u8; 32]).encode()).unwrap();
		assert_eq!(value, json!({ "who": Account([7; 32]).to_string(), "blockHash": format!("0x{}", "07".repeat(32)) }));
	}

	#[test]
	fn reasons_are_spelled_as_in_the_views() {
		for reason in [RejectionReason::NotBetter, RejectionReason::FalseClaim, RejectionReason::Lost] {
			assert_eq!(json_of(&reason), serde_json::to_value(reason).unwrap());
		}
		for reason in [UnpaidReason::NoQuorum, UnpaidReason::BelowHighWater, UnpaidReason::TooFewBars] {
			assert_eq!(json_of(&reason), serde_json::to_value(reason).unwrap());
		}
	}

	#[test]
	fn structures_of_the_chain_have_their_names() {
		assert_eq!(json_of(&RoundId { domain: 3, number: 9 }), json!({ "domain": 3, "number": 9 }));
		assert_eq!(json_of(&Some(ModelRef::Stored(7))), json!({ "stored": "7" }));
		assert_eq!(json_of(&Option::<ModelRef>::None), json!(null));
		assert_eq!(json_of(&ModelRef::RepeatLast), json!("repeatLast"));
		assert_eq!(json_of(&vec![(1u32, 2u32), (3, 4)]), json!([[1, 2], [3, 4]]));
		assert_eq!(json_of(&()), json!(null));
	}
}
