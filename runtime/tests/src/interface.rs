//! Text form of the runtime's interface, one item a line, for the snapshots of `tests/metadata.rs`.
//!
//! Items of DOIN's pallets are listed with their types, and every type of DOIN's crates is defined once, below the items. A
//! pallet, API or type of the SDK is one line with a hash over its definitions, since those change with the release train only.

use codec::{Compact, Decode};
use doin_primitives::blake2_256;
use doin_runtime::{Runtime, VERSION};
use frame_metadata::{
	v16::{
		FunctionParamMetadata, PalletConstantMetadata, PalletMetadata, RuntimeApiMetadata, RuntimeMetadataV16,
		StorageEntryMetadata, StorageEntryModifier, StorageEntryType,
	},
	RuntimeMetadata, RuntimeMetadataPrefixed,
};
use scale_info::{form::PortableForm, Field, PortableRegistry, TypeDef, TypeDefPrimitive, Variant};
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt::Write,
	ops::RangeInclusive,
};

/// Pallets of DOIN with an index outside of [`DOIN_INDICES`].
const DOIN_PALLETS: [&str; 2] = ["Timing", "FeeMarket"];
/// Indices of the pallets that are all DOIN's.
const DOIN_INDICES: RangeInclusive<u8> = 20..=39;
/// Runtime API of DOIN.
const DOIN_API: &str = "DoinApi";
/// Types that combine all pallets. The text names and does not define them: each pallet has lines of its own.
const OUTER_TYPES: [&str; 4] = ["RuntimeCall", "RuntimeEvent", "RuntimeError", "OriginCaller"];

/// Interface of the runtime, decoded from its metadata.
pub struct Interface {
	metadata: RuntimeMetadataV16,
}

impl Interface {
	/// Returns the interface of this runtime. Has to run inside externalities, because some constants are genesis values.
	pub fn of_runtime() -> Self {
		let bytes = Runtime::metadata_at_version(16).expect("the runtime serves version 16");
		match Decode::decode(&mut &bytes[..]).expect("the metadata decodes") {
			RuntimeMetadataPrefixed(_, RuntimeMetadata::V16(metadata)) => Self { metadata },
			_ => panic!("the metadata is of version 16"),
		}
	}

	/// Returns the part that signers encode, which `transaction_version` stands for: calls, extensions, addresses and signatures.
	pub fn calls(&self) -> String {
		let mut text = Text::new(&self.metadata.types);
		text.line(format!("transaction_version {}", VERSION.transaction_version));
		for pallet in &self.metadata.pallets {
			let Some(calls) = &pallet.calls else { continue };
			text.section(pallet, |text| text.variants("call", calls.ty.id));
		}
		let extrinsic = &self.metadata.extrinsic;
		text.line(format!("extrinsic versions {:?}", extrinsic.versions));
		text.typed("extrinsic address", extrinsic.address_ty.id);
		text.typed("extrinsic signature", extrinsic.signature_ty.id);
		for (version, extensions) in &extrinsic.transaction_extensions_by_version {
			let indices: Vec<u32> = extensions.iter().map(|Compact(index)| *index).collect();
			text.line(format!("extensions of version {version}: {indices:?}"));
		}
		for (index, extension) in extrinsic.transaction_extensions.iter().enumerate() {
			let (explicit, implicit) = (text.name(extension.ty.id), text.name(extension.implicit.id));
			text.line(format!("extension {index} {}: {explicit}, implicit {implicit}", extension.identifier));
		}
		text.finish(Definitions::OfDoin)
	}

	/// Returns everything else that clients read, which `spec_version` stands for: events, errors, storage, constants, view
	/// functions, hold reasons and runtime APIs.
	pub fn state(&self) -> String {
		let mut text = Text::new(&self.metadata.types);
		text.line(format!("spec_version {}", VERSION.spec_version));
		for pallet in &self.metadata.pallets {
			text.section(pallet, |text| text.state(pallet));
		}
		for ty in self.metadata.types.types.iter().filter(|ty| ty.ty.path.ident().as_deref() == Some("RuntimeHoldReason")) {
			text.typed("hold reasons", ty.id);
		}
		for api in &self.metadata.apis {
			text.api(api);
		}
		text.finish(Definitions::OfDoin)
	}
}

/// Lines of text, and the types that they name.
struct Text<'a> {
	registry: &'a PortableRegistry,
	/// Identifiers that more than one path ends with, which are written with their path.
	ambiguous: BTreeSet<String>,
	lines: String,
	named: BTreeSet<u32>,
}

impl<'a> Text<'a> {
	fn new(registry: &'a PortableRegistry) -> Self {
		let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
		for ty in &registry.types {
			if let Some(ident) = ty.ty.path.ident() {
				paths.entry(ident).or_default().insert(ty.ty.path.segments.join("::"));
			}
		}
		let ambiguous = paths.into_iter().filter(|(_, paths)| paths.len() > 1).map(|(ident, _)| ident).collect();
		Self { registry, ambiguous, lines: String::new(), named: BTreeSet::new() }
	}

	fn line(&mut self, line: impl AsRef<str>) {
		self.lines.push_str(line.as_ref());
		self.lines.push('\n');
	}

	/// Writes a line with one type.
	fn typed(&mut self, kind: &str, id: u32) {
		let name = self.name(id);
		self.line(format!("{kind}: {name}"));
	}

	/// Writes the lines of `items` for a pallet of DOIN, or one line with their hash for a pallet of the SDK.
	fn section(&mut self, pallet: &PalletMetadata<PortableForm>, items: impl FnOnce(&mut Self)) {
		let head = format!("pallet {} {}", pallet.index, pallet.name);
		if DOIN_INDICES.contains(&pallet.index) || DOIN_PALLETS.contains(&pallet.name.as_str()) {
			self.line(head);
			items(self);
		} else {
			self.hashed(&head, items);
		}
	}

	/// Writes `head` and a hash over the lines of `items`, type definitions included.
	fn hashed(&mut self, head: &str, items: impl FnOnce(&mut Self)) {
		let mut text = Self::new(self.registry);
		items(&mut text);
		let count = text.lines.lines().count();
		let hash = short_hash(&text.finish(Definitions::OfAll));
		self.line(format!("{head}: {count} items, hash {hash}"));
	}

	/// Writes a line per variant of enumeration `id`.
	fn variants(&mut self, kind: &str, id: u32) {
		let ty = self.registry.resolve(id).expect("the registry is complete");
		let TypeDef::Variant(def) = &ty.type_def else { panic!("{kind}s are an enumeration") };
		for variant in &def.variants {
			let variant = self.variant(variant);
			self.line(format!("  {kind} {variant}"));
		}
	}

	/// Writes everything of a pallet but its calls.
	fn state(&mut self, pallet: &PalletMetadata<PortableForm>) {
		if let Some(event) = &pallet.event {
			self.variants("event", event.ty.id);
		}
		if let Some(error) = &pallet.error {
			self.variants("error", error.ty.id);
		}
		for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
			let entry = self.storage(entry);
			self.line(format!("  storage {entry}"));
		}
		for constant in &pallet.constants {
			let (ty, value) = (self.name(constant.ty.id), self.value(constant));
			self.line(format!("  constant {}: {ty} = {value}", constant.name));
		}
		for function in &pallet.view_functions {
			let signature = self.signature(&function.inputs, function.output.id);
			self.line(format!("  view {}{signature}", function.name));
		}
	}

	/// Writes a runtime API: its methods if it is DOIN's, one line with a hash if it is the SDK's.
	fn api(&mut self, api: &RuntimeApiMetadata<PortableForm>) {
		let head = format!("api {} version {}", api.name, api.version.0);
		let methods = |text: &mut Self| {
			for method in &api.methods {
				let signature = text.signature(&method.inputs, method.output.id);
				text.line(format!("  method {}{signature}", method.name));
			}
		};
		if api.name == DOIN_API {
			self.line(head);
			methods(self);
		} else {
			self.hashed(&head, methods);
		}
	}

	fn signature(&mut self, inputs: &[FunctionParamMetadata<PortableForm>], output: u32) -> String {
		let inputs: Vec<_> = inputs.iter().map(|input| format!("{}: {}", input.name, self.name(input.ty.id))).collect();
		format!("({}) -> {}", inputs.join(", "), self.name(output))
	}

	/// Returns name, hashers, key and value of a storage item, with its default where it has one.
	fn storage(&mut self, entry: &StorageEntryMetadata<PortableForm>) -> String {
		let mut text = entry.name.clone();
		let value = match &entry.ty {
			StorageEntryType::Plain(value) => value.id,
			StorageEntryType::Map { hashers, key, value } => {
				let hashers: Vec<_> = hashers.iter().map(|hasher| format!("{hasher:?}")).collect();
				write!(text, "[{}]({})", hashers.join(", "), self.name(key.id)).expect("a string grows");
				value.id
			}
		};
		match entry.modifier {
			StorageEntryModifier::Optional => write!(text, ": optional {}", self.name(value)),
			StorageEntryModifier::Default => write!(text, ": {} = 0x{}", self.name(value), hex(&entry.default)),
		}
		.expect("a string grows");
		text
	}

	/// Returns the value of a constant: a number for unsigned integers, hex for everything else.
	fn value(&self, constant: &PalletConstantMetadata<PortableForm>) -> String {
		let ty = self.registry.resolve(constant.ty.id).expect("the registry is complete");
		match ty.type_def {
			TypeDef::Primitive(
				TypeDefPrimitive::U8
				| TypeDefPrimitive::U16
				| TypeDefPrimitive::U32
				| TypeDefPrimitive::U64
				| TypeDefPrimitive::U128,
			) => {
				let mut bytes = [0; 16];
				bytes[..constant.value.len()].copy_from_slice(&constant.value);
				u128::from_le_bytes(bytes).to_string()
			}
			_ => format!("0x{}", hex(&constant.value)),
		}
	}

	fn variant(&mut self, variant: &Variant<PortableForm>) -> String {
		let fields = self.fields(&variant.fields);
		let fields = if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
		format!("{} {}{fields}", variant.index, variant.name)
	}

	fn fields(&mut self, fields: &[Field<PortableForm>]) -> Vec<String> {
		let field = |field: &Field<PortableForm>| match &field.name {
			Some(name) => format!("{name}: {}", self.name(field.ty.id)),
			None => self.name(field.ty.id),
		};
		fields.iter().map(field).collect()
	}

	/// Returns the name of a type with its parameters, and notes the type for its definition.
	fn name(&mut self, id: u32) -> String {
		let ty = self.registry.resolve(id).expect("the registry is complete");
		match &ty.type_def {
			TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
			TypeDef::Compact(inner) => format!("Compact<{}>", self.name(inner.type_param.id)),
			TypeDef::Sequence(inner) => format!("Vec<{}>", self.name(inner.type_param.id)),
			TypeDef::Array(inner) => format!("[{}; {}]", self.name(inner.type_param.id), inner.len),
			TypeDef::Tuple(inner) => {
				let parts: Vec<_> = inner.fields.iter().map(|field| self.name(field.id)).collect();
				format!("({})", parts.join(", "))
			}
			TypeDef::BitSequence(_) => "BitSequence".into(),
			TypeDef::Composite(_) | TypeDef::Variant(_) => {
				let ident = ty.path.ident().expect("only built-in types have no path");
				self.named.insert(id);
				let name = if self.ambiguous.contains(&ident) { ty.path.segments.join("::") } else { ident };
				let parameters: Vec<_> =
					ty.type_params.iter().filter_map(|parameter| parameter.ty).map(|ty| self.name(ty.id)).collect();
				if parameters.is_empty() {
					name
				} else {
					format!("{name}<{}>", parameters.join(", "))
				}
			}
		}
	}

	/// Returns the lines, and below them the definitions of the types that they name, in order of name.
	fn finish(mut self, definitions: Definitions) -> String {
		let mut types = BTreeMap::new();
		let mut done = BTreeSet::new();
		while let Some(id) = self.named.iter().copied().find(|id| !done.contains(id)) {
			done.insert(id);
			if let Some((head, lines)) = self.definition(id, definitions) {
				types.insert(head, lines);
			}
		}
		for (head, lines) in types {
			self.line(format!("type {head}"));
			self.lines.push_str(&lines);
		}
		self.lines
	}

	/// Returns the head and the lines of the definition of a type, or `None` for a type that needs no definition.
	fn definition(&mut self, id: u32, definitions: Definitions) -> Option<(String, String)> {
		let ty = self.registry.resolve(id).expect("the registry is complete");
		let path = ty.path.segments.join("::");
		let root = ty.path.segments.first().map(String::as_str).unwrap_or_default();
		let ident = ty.path.ident().unwrap_or_default();
		// The prelude's types and bounded collections encode their parameters alone.
		if OUTER_TYPES.contains(&ident.as_str()) || root == ident || root == "bounded_collections" {
			return None;
		}
		let name = self.name(id);
		let head = if name.starts_with(&path) { name } else { format!("{name} ({path})") };
		if definitions == Definitions::OfDoin && !root.starts_with("doin_") && !root.starts_with("pallet_doin_") {
			let mut text = Self::new(self.registry);
			text.named.insert(id);
			return Some((format!("{head}: hash {}", short_hash(&text.finish(Definitions::OfAll))), String::new()));
		}
		let mut lines = String::new();
		match &ty.type_def {
			TypeDef::Composite(def) => {
				for field in self.fields(&def.fields) {
					writeln!(lines, "  {field}").expect("a string grows");
				}
			}
			TypeDef::Variant(def) => {
				for variant in &def.variants {
					writeln!(lines, "  {}", self.variant(variant)).expect("a string grows");
				}
			}
			_ => unreachable!("only structures and enumerations are noted"),
		}
		Some((head, lines))
	}
}

/// Types that are defined below the lines that name them.
#[derive(Clone, Copy, PartialEq)]
enum Definitions {
	/// Types of DOIN's crates. A type of another crate is one line with a hash over its definition.
	OfDoin,
	/// Types of all crates.
	OfAll,
}

/// Returns the first 8 bytes of the blake2b-256 hash of `text`, in hex.
fn short_hash(text: &str) -> String {
	hex(&blake2_256(text.as_bytes())[..8])
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
