//! What clients see of the runtime is pinned: every call with its arguments, every event, error, storage item and runtime API method of
//! DOIN's pallets. A change here is a change of the interface: look at it, then bless it with `DOIN_BLESS=1`, and raise
//! `transaction_version` if a call changed.

use codec::Decode;
use doin_runtime::Runtime;
use doin_runtime_tests::Chain;
use frame_metadata::{v15::RuntimeMetadataV15, RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::{form::PortableForm, TypeDef, Variant};
use std::fmt::Write;

fn variants(out: &mut String, metadata: &RuntimeMetadataV15, kind: &str, id: u32) {
	let Some(TypeDef::Variant(def)) = metadata.types.resolve(id).map(|ty| &ty.type_def) else { return };
	for Variant { name, fields, index, .. } in &def.variants {
		let fields: Vec<_> = fields
			.iter()
			.map(|field: &scale_info::Field<PortableForm>| {
				format!("{}: {}", field.name.as_deref().unwrap_or("_"), field.type_name.as_deref().unwrap_or("_"))
			})
			.collect();
		writeln!(out, "  {kind} {index} {name}({})", fields.join(", ")).expect("strings grow");
	}
}

fn summary(metadata: &RuntimeMetadataV15) -> String {
	let mut out = String::new();
	for pallet in &metadata.pallets {
		writeln!(out, "pallet {} {}", pallet.index, pallet.name).expect("strings grow");
		if pallet.index < 20 && !["Timing", "FeeMarket"].contains(&pallet.name.as_str()) {
			continue;
		}
		if let Some(calls) = &pallet.calls {
			variants(&mut out, metadata, "call", calls.ty.id);
		}
		if let Some(events) = &pallet.event {
			variants(&mut out, metadata, "event", events.ty.id);
		}
		if let Some(errors) = &pallet.error {
			variants(&mut out, metadata, "error", errors.ty.id);
		}
		for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
			writeln!(out, "  storage {}", entry.name).expect("strings grow");
		}
	}
	for extension in &metadata.extrinsic.signed_extensions {
		writeln!(out, "extension {}", extension.identifier).expect("strings grow");
	}
	for api in &metadata.apis {
		writeln!(out, "api {}", api.name).expect("strings grow");
		for method in api.methods.iter().filter(|_| api.name == "DoinApi") {
			let inputs: Vec<_> = method.inputs.iter().map(|input| input.name.clone()).collect();
			writeln!(out, "  method {}({})", method.name, inputs.join(", ")).expect("strings grow");
		}
	}
	out
}

#[test]
fn the_interface_is_the_published_one() {
	let bytes = Chain::preset("development").state(|| Runtime::metadata_at_version(15).expect("version 15 is served"));
	let RuntimeMetadataPrefixed(_, RuntimeMetadata::V15(metadata)) = Decode::decode(&mut &bytes[..]).expect("metadata decodes")
	else {
		panic!("metadata is of version 15")
	};
	let (now, path) = (summary(&metadata), concat!(env!("CARGO_MANIFEST_DIR"), "/metadata.txt"));
	if std::env::var_os("DOIN_BLESS").is_some() {
		std::fs::write(path, &now).expect("the snapshot can be written");
	}
	let published = std::fs::read_to_string(path).expect("metadata.txt is part of the repository");
	for (line, (now, published)) in now.lines().zip(published.lines()).enumerate() {
		assert_eq!(now, published, "line {} of runtime/tests/metadata.txt; DOIN_BLESS=1 accepts the change", line + 1);
	}
	assert_eq!(
		now.lines().count(),
		published.lines().count(),
		"metadata.txt has another length; DOIN_BLESS=1 accepts the change"
	);
}
