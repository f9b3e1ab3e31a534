//! Comparison of two types by their SCALE encoding and the names of their parts.

use scale_info::{form::PortableForm, Field, PortableRegistry, TypeDef, Variant};
use std::collections::BTreeSet;

/// A type in a registry.
pub(crate) type TypeIn<'a> = (&'a PortableRegistry, u32);

/// First part in which two types differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeDifference {
	/// Path from the types to the part, e.g. `.genes[]`; empty for the types themselves.
	pub(crate) path: String,
	/// The part of the first type.
	pub(crate) found: String,
	/// The part of the second type.
	pub(crate) expected: String,
}

/// Variants that an enum of a chain may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variants {
	/// The variants of the expected enum.
	Exact,
	/// The variants of the expected enum, and others. Enough for values that this crate writes and never reads.
	Superset,
	/// The variants of the expected enum, or a part of them. Enough for values that this crate reads and never writes.
	Subset,
}

/// Checks that every value of the type `expected` is encoded as the same value of the type `found`, as far as both have its variant.
///
/// Names of fields and variants, indices of variants, and the types of all parts have to be equal. Names of types are not
/// compared. `variants` says which variants one of the types may have alone. A structure or tuple of one part is equal to the part, since
/// both have the same bytes.
///
/// # Errors
/// Returns the first difference.
pub(crate) fn compare(found: TypeIn<'_>, expected: TypeIn<'_>, variants: Variants) -> Result<(), TypeDifference> {
	Comparison { found: found.0, expected: expected.0, variants, seen: BTreeSet::new() }.types(found.1, expected.1, "")
}

struct Comparison<'a> {
	found: &'a PortableRegistry,
	expected: &'a PortableRegistry,
	variants: Variants,
	/// Pairs under comparison, so that recursive types end.
	seen: BTreeSet<(u32, u32)>,
}

impl Comparison<'_> {
	fn types(&mut self, found: u32, expected: u32, path: &str) -> Result<(), TypeDifference> {
		let (found, expected) = (unwrap(self.found, found), unwrap(self.expected, expected));
		if !self.seen.insert((found, expected)) {
			return Ok(());
		}
		let different = || TypeDifference {
			path: path.to_owned(),
			found: describe(self.found, found),
			expected: describe(self.expected, expected),
		};
		let (Some(a), Some(b)) = (self.found.resolve(found), self.expected.resolve(expected)) else {
			return Err(different());
		};
		match (&a.type_def, &b.type_def) {
			(TypeDef::Composite(a), TypeDef::Composite(b)) if names(&a.fields) == names(&b.fields) => {
				self.fields(&a.fields, &b.fields, path)
			}
			(TypeDef::Tuple(a), TypeDef::Tuple(b)) if a.fields.len() == b.fields.len() => {
				let mut pairs = a.fields.iter().zip(&b.fields).enumerate();
				pairs.try_for_each(|(at, (a, b))| self.types(a.id, b.id, &format!("{path}.{at}")))
			}
			(TypeDef::Variant(a), TypeDef::Variant(b)) => {
				let pairs = shared(&a.variants, &b.variants);
				let is_admitted = match self.variants {
					Variants::Exact => pairs.len() == a.variants.len() && pairs.len() == b.variants.len(),
					Variants::Superset => pairs.len() == b.variants.len(),
					Variants::Subset => pairs.len() == a.variants.len(),
				};
				if !is_admitted || pairs.iter().any(|(a, b)| names(&a.fields) != names(&b.fields)) {
					return Err(different());
				}
				let mut pairs = pairs.into_iter();
				pairs.try_for_each(|(a, b)| self.fields(&a.fields, &b.fields, &format!("{path}::{}", b.name)))
			}
			(TypeDef::Sequence(a), TypeDef::Sequence(b)) => self.types(a.type_param.id, b.type_param.id, &format!("{path}[]")),
			(TypeDef::Array(a), TypeDef::Array(b)) if a.len == b.len => {
				self.types(a.type_param.id, b.type_param.id, &format!("{path}[]"))
			}
			(TypeDef::Compact(a), TypeDef::Compact(b)) => self.types(a.type_param.id, b.type_param.id, path),
			(TypeDef::Primitive(a), TypeDef::Primitive(b)) if a == b => Ok(()),
			_ => Err(different()),
		}
	}

	fn fields(
		&mut self,
		found: &[Field<PortableForm>],
		expected: &[Field<PortableForm>],
		path: &str,
	) -> Result<(), TypeDifference> {
		for (at, (a, b)) in found.iter().zip(expected).enumerate() {
			let step = b.name.clone().unwrap_or_else(|| at.to_string());
			self.types(a.ty.id, b.ty.id, &format!("{path}.{step}"))?;
		}
		Ok(())
	}
}

/// Returns the type inside structures and tuples of one part.
fn unwrap(registry: &PortableRegistry, mut id: u32) -> u32 {
	loop {
		id = match registry.resolve(id).map(|ty| &ty.type_def) {
			Some(TypeDef::Composite(composite)) if composite.fields.len() == 1 => composite.fields[0].ty.id,
			Some(TypeDef::Tuple(tuple)) if tuple.fields.len() == 1 => tuple.fields[0].id,
			_ => return id,
		};
	}
}

/// Returns the variants that both enums have, by index and name.
fn shared<'a>(
	found: &'a [Variant<PortableForm>],
	expected: &'a [Variant<PortableForm>],
) -> Vec<(&'a Variant<PortableForm>, &'a Variant<PortableForm>)> {
	let same = |b: &'a Variant<PortableForm>| found.iter().find(|a| a.index == b.index && a.name == b.name).map(|a| (a, b));
	expected.iter().filter_map(same).collect()
}

fn names(fields: &[Field<PortableForm>]) -> Vec<Option<&str>> {
	fields.iter().map(|field| field.name.as_deref()).collect()
}

/// Returns a short description of a type for an error message.
fn describe(registry: &PortableRegistry, id: u32) -> String {
	let Some(ty) = registry.resolve(id) else { return format!("type {id}, which the metadata lacks") };
	match &ty.type_def {
		TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
		TypeDef::Sequence(sequence) => format!("Vec<{}>", describe(registry, sequence.type_param.id)),
		TypeDef::Array(array) => format!("[{}; {}]", describe(registry, array.type_param.id), array.len),
		TypeDef::Compact(compact) => format!("Compact<{}>", describe(registry, compact.type_param.id)),
		TypeDef::Tuple(tuple) => {
			format!("({})", tuple.fields.iter().map(|field| describe(registry, field.id)).collect::<Vec<_>>().join(", "))
		}
		TypeDef::Composite(composite) => {
			let fields: Vec<_> = names(&composite.fields).into_iter().map(|name| name.unwrap_or("_")).collect();
			format!("{} {{ {} }}", ty.path.ident().unwrap_or_else(|| "struct".into()), fields.join(", "))
		}
		TypeDef::Variant(variant) => {
			let variants: Vec<_> =
				variant.variants.iter().map(|variant| format!("{} = {}", variant.name, variant.index)).collect();
			format!("{} {{ {} }}", ty.path.ident().unwrap_or_else(|| "enum".into()), variants.join(", "))
		}
		TypeDef::BitSequence(_) => "a sequence of bits".into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Compact;
	use scale_info::{meta_type, MetaType, Registry, TypeInfo};

	fn portable(ty: MetaType) -> (PortableRegistry, u32) {
		let mut registry = Registry::new();
		let id = registry.register_type(&ty).id;
		(registry.into(), id)
	}

	fn compared<A: TypeInfo + 'static, B: TypeInfo + 'static>(variants: Variants) -> Result<(), TypeDifference> {
		let (found, expected) = (portable(meta_type::<A>()), portable(meta_type::<B>()));
		compare((&found.0, found.1), (&expected.0, expected.1), variants)
	}

	fn between<A: TypeInfo + 'static, B: TypeInfo + 'static>() -> Result<(), TypeDifference> {
		compared::<A, B>(Variants::Exact)
	}

	fn difference<A: TypeInfo + 'static, B: TypeInfo + 'static>() -> (String, String, String) {
		let TypeDifference { path, found, expected } = between::<A, B>().unwrap_err();
		(path, found, expected)
	}

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	struct Point {
		x: u32,
		y: Vec<i64>,
	}

	mod moved {
		#[derive(scale_info::TypeInfo)]
		#[allow(dead_code)]
		pub struct Dot {
			x: u32,
			y: Vec<i64>,
		}
		#[derive(scale_info::TypeInfo)]
		#[allow(dead_code)]
		pub struct Swapped {
			y: Vec<i64>,
			x: u32,
		}
		#[derive(scale_info::TypeInfo)]
		#[allow(dead_code)]
		pub struct Wider {
			x: u32,
			y: Vec<i128>,
		}
	}

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	struct Wrapped(Point);

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	enum Kind {
		Small,
		Large(u8),
	}

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	enum MoreKinds {
		Small,
		Large(u8),
		Huge,
	}

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	enum OneKind {
		#[codec(index = 1)]
		Large(u8),
	}

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	enum Tree {
		Leaf(u8),
		Node(Vec<Tree>),
	}

	#[derive(TypeInfo)]
	#[allow(dead_code)]
	enum WideTree {
		Leaf(u16),
		Node(Vec<WideTree>),
	}

	#[test]
	fn names_of_types_and_wrappers_do_not_matter() {
		assert_eq!(between::<Point, moved::Dot>(), Ok(()));
		assert_eq!(between::<Wrapped, moved::Dot>(), Ok(()));
		assert_eq!(between::<(Box<Wrapped>,), Point>(), Ok(()));
		assert_eq!(between::<[u8; 32], doin_primitives::Hash>(), Ok(()));
		assert_eq!(between::<crate::Account, [u8; 32]>(), Ok(()));
	}

	#[test]
	fn the_order_of_fields_matters() {
		let (path, found, expected) = difference::<moved::Swapped, Point>();
		assert_eq!((path.as_str(), found.as_str(), expected.as_str()), ("", "Swapped { y, x }", "Point { x, y }"));
	}

	#[test]
	fn a_difference_is_found_deep_inside() {
		let (path, found, expected) = difference::<Option<(u8, moved::Wider)>, Option<(u8, Point)>>();
		assert_eq!((path.as_str(), found.as_str(), expected.as_str()), ("::Some.0.1.y[]", "i128", "i64"));
	}

	#[test]
	fn primitives_lengths_and_compactness_matter() {
		assert_eq!(difference::<u32, u64>(), (String::new(), "u32".into(), "u64".into()));
		assert_eq!(difference::<[u8; 20], [u8; 32]>().1, "[u8; 20]");
		assert_eq!(difference::<Compact<u128>, u128>().1, "Compact<u128>");
		assert_eq!(difference::<(u8, u8, u8), (u8, u8)>().2, "(u8, u8)");
		assert_eq!(difference::<Vec<u8>, [u8; 3]>().1, "Vec<u8>");
		assert_eq!(between::<Compact<u128>, Compact<u128>>(), Ok(()));
	}

	#[test]
	fn a_further_variant_is_a_difference_unless_values_are_only_written() {
		assert_eq!(between::<Kind, Kind>(), Ok(()));
		assert_eq!(difference::<MoreKinds, Kind>().1, "MoreKinds { Small = 0, Large = 1, Huge = 2 }");
		assert_eq!(difference::<Kind, MoreKinds>().2, "MoreKinds { Small = 0, Large = 1, Huge = 2 }");
		assert_eq!(compared::<MoreKinds, OneKind>(Variants::Superset), Ok(()));
		assert!(compared::<Kind, MoreKinds>(Variants::Superset).is_err());
		assert_eq!(compared::<Option<u8>, OneKind>(Variants::Superset).unwrap_err().found, "Option { None = 0, Some = 1 }");
	}

	#[test]
	fn a_missing_variant_is_no_difference_where_values_are_only_read() {
		assert_eq!(compared::<Kind, MoreKinds>(Variants::Subset), Ok(()));
		assert_eq!(compared::<OneKind, MoreKinds>(Variants::Subset), Ok(()));
		assert_eq!(compared::<Kind, Kind>(Variants::Subset), Ok(()));
		assert!(compared::<MoreKinds, Kind>(Variants::Subset).is_err(), "a value of the third variant cannot be read");
		assert!(compared::<Option<u16>, Option<u8>>(Variants::Subset).is_err(), "variants that both have are compared");
	}

	#[test]
	fn recursive_types_end() {
		assert_eq!(between::<Tree, Tree>(), Ok(()));
		assert_eq!(difference::<WideTree, Tree>(), ("::Leaf.0".into(), "u16".into(), "u8".into()));
	}
}
