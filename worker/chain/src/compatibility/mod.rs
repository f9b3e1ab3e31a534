//! Check that a runtime has the calls and runtime APIs of this crate, with the same types.
//!
//! Calls and views are encoded by the Rust types of [`doin_primitives`], not by the metadata of the chain. The check compares
//! both, part by part, so that a node of another version is refused when the worker connects.

pub(crate) mod signatures;
mod types;

use crate::error::Difference;
use scale_info::{MetaType, PortableRegistry, Registry};
use signatures::{Argument, Method, Signature, CALLS, LANDSCAPES_SINCE, METHODS};
use subxt::Metadata;
use types::{TypeDifference, Variants};

/// Runtime API of the views.
pub(crate) const RUNTIME_API: &str = "DoinApi";

/// Checks every call and every runtime API method that this crate uses and that a runtime of this version has. What later versions
/// have brought is left out, variants of enums included, so that a worker can be started before its chain is upgraded. The check is done
/// again after the upgrade.
///
/// # Errors
/// Returns the first difference between `metadata` and the types of this crate.
pub(crate) fn check(metadata: &Metadata, spec_version: u32) -> Result<(), Difference> {
	let variants = if spec_version < LANDSCAPES_SINCE { Variants::Subset } else { Variants::Exact };
	let mut calls = CALLS.iter().filter(|signature| signature.since() <= spec_version);
	calls.try_for_each(|signature| check_call(metadata, signature, variants))?;
	let mut methods = METHODS.iter().filter(|method| method.since() <= spec_version);
	methods.try_for_each(|method| check_method(metadata, method, variants))
}

fn check_call(metadata: &Metadata, signature: &Signature, variants: Variants) -> Result<(), Difference> {
	let pallet = metadata.pallet_by_name(signature.pallet);
	let pallet = pallet.ok_or_else(|| Difference::Missing(format!("pallet {}", signature.pallet)))?;
	let item = format!("call {}.{}", signature.pallet, signature.name);
	let call = pallet.call_variant_by_name(signature.name).ok_or_else(|| Difference::Missing(item.clone()))?;
	let found: Vec<_> = call.fields.iter().map(|field| (field.name.as_deref().unwrap_or("?"), field.ty.id)).collect();
	check_arguments(metadata, &item, &found, signature.arguments, variants)
}

fn check_method(metadata: &Metadata, method: &Method, variants: Variants) -> Result<(), Difference> {
	let api = metadata.runtime_api_trait_by_name(RUNTIME_API);
	let api = api.ok_or_else(|| Difference::Missing(format!("runtime API {RUNTIME_API}")))?;
	let item = format!("method {RUNTIME_API}.{}", method.name);
	let found = api.method_by_name(method.name).ok_or_else(|| Difference::Missing(item.clone()))?;
	let inputs: Vec<_> = found.inputs().map(|input| (&*input.name, input.id)).collect();
	check_arguments(metadata, &item, &inputs, method.arguments, variants)?;
	let expected = Expected { ty: (method.output)(), variants };
	check_type(metadata, &item, "the result", found.output_ty(), expected)
}

/// Checks the arguments of a call or method. `variants` holds for those whose enums have to be equal after the upgrade.
fn check_arguments(
	metadata: &Metadata,
	item: &str,
	found: &[(&str, u32)],
	expected: &[Argument],
	variants: Variants,
) -> Result<(), Difference> {
	let (names, expected_names): (Vec<_>, Vec<_>) =
		(found.iter().map(|(name, _)| *name).collect(), expected.iter().map(|argument| argument.name).collect());
	if names != expected_names {
		let (found, expected) = (names.join(", "), expected_names.join(", "));
		return Err(Difference::Arguments { item: item.to_owned(), found, expected });
	}
	for ((name, id), argument) in found.iter().zip(expected) {
		if let Some(ty) = argument.ty {
			let variants = if argument.variants == Variants::Exact { variants } else { argument.variants };
			let expected = Expected { ty: ty(), variants };
			check_type(metadata, item, &format!("argument {name}"), *id, expected)?;
		}
	}
	Ok(())
}

/// A type of this crate.
struct Expected {
	ty: MetaType,
	variants: Variants,
}

fn check_type(metadata: &Metadata, item: &str, what: &str, found: u32, expected: Expected) -> Result<(), Difference> {
	let mut registry = Registry::new();
	let id = registry.register_type(&expected.ty).id;
	let registry = PortableRegistry::from(registry);
	types::compare((metadata.types(), found), (&registry, id), expected.variants).map_err(
		|TypeDifference { path, found, expected }| Difference::Type {
			item: item.to_owned(),
			what: format!("{what}{path}"),
			found,
			expected,
		},
	)
}

#[cfg(test)]
mod tests {
	use super::{signatures::STREAMS_SINCE, *};
	use crate::{calls::tests::samples, testing::Runtime, Account, Call};
	use scale_info::meta_type;
	use subxt::ext::{scale_decode::DecodeAsType, scale_value::Value};

	/// A version that has everything that this crate uses.
	const LATEST: u32 = u32::MAX;

	#[test]
	fn a_runtime_with_the_types_of_this_crate_passes() {
		assert_eq!(check(&Runtime::default().metadata(), LATEST), Ok(()));
	}

	#[test]
	fn a_missing_pallet_call_or_method_is_named() {
		let without_pallet = Runtime::default().without_pallet("Evaluators").metadata();
		assert_eq!(check(&without_pallet, LATEST), Err(Difference::Missing("pallet Evaluators".into())));
		let without_call = Runtime::default().without_call("Recomputation", "settle").metadata();
		assert_eq!(check(&without_call, LATEST), Err(Difference::Missing("call Recomputation.settle".into())));
		let without_method = Runtime::default().without_method("recomputations").metadata();
		assert_eq!(check(&without_method, LATEST), Err(Difference::Missing("method DoinApi.recomputations".into())));
	}

	#[test]
	fn a_chain_that_is_not_upgraded_yet_needs_no_call_or_method_of_later_versions() {
		let former = Runtime::default().without_pallet("Oracle").without_pallet("Forecasts");
		let former = former.without_call("Proxy", "add_proxy").without_call("Proxy", "remove_proxy");
		let later = ["streams", "bars", "poll", "forecast_rounds", "forecast_round", "leaderboard", "forecaster"];
		let former = later.into_iter().fold(former, Runtime::without_method).metadata();
		assert_eq!(check(&former, STREAMS_SINCE - 1), Ok(()));
		assert_eq!(check(&former, STREAMS_SINCE), Err(Difference::Missing("pallet Oracle".into())));
		let without_stream = Runtime::default().without_method("streams").metadata();
		assert_eq!(check(&without_stream, STREAMS_SINCE), Err(Difference::Missing("method DoinApi.streams".into())));
		// What every version has is needed on any chain.
		let without_gauge = Runtime::default().without_pallet("Gauge").metadata();
		assert_eq!(check(&without_gauge, 0), Err(Difference::Missing("pallet Gauge".into())));
	}

	/// The programs of a runtime without landscapes.
	#[derive(scale_info::TypeInfo)]
	#[allow(dead_code, reason = "only its type information is used")]
	enum FormerProgram {
		Quadratic(doin_scoring::Quadratic),
		Forecast(doin_scoring::Forecast),
		Rows(doin_scoring::rows::Rows),
	}

	/// Domains with these programs, as far as the test needs them.
	#[derive(scale_info::TypeInfo)]
	#[allow(dead_code, reason = "only its type information is used")]
	struct FormerSpec {
		name: Vec<u8>,
		unit: Vec<u8>,
		program: FormerProgram,
		genes: Vec<doin_primitives::Gene>,
		limits: doin_primitives::Limits,
		data_root: doin_primitives::Hash,
		values: u32,
		growth: doin_primitives::Growth,
		split: doin_primitives::Split,
		licence: Vec<u8>,
		evidence: doin_primitives::Evidence,
		min_improvement: u32,
		target: u32,
	}

	#[test]
	fn a_chain_that_is_not_upgraded_yet_needs_no_program_of_later_versions() {
		let domain = || vec![("domain", meta_type::<doin_primitives::DomainId>())];
		let former = Runtime::default().with_method("domain_spec", domain(), meta_type::<Option<FormerSpec>>());
		let metadata = former.metadata();
		assert_eq!(check(&metadata, LANDSCAPES_SINCE - 1), Ok(()));
		let error = check(&metadata, LANDSCAPES_SINCE).unwrap_err().to_string();
		assert!(error.starts_with("the result::Some.0.program of method DoinApi.domain_spec has another type"), "{error}");
	}

	#[test]
	fn renamed_arguments_are_listed_on_both_sides() {
		let runtime = Runtime::default().with_call(
			"Recomputation",
			"settle",
			vec![("round", meta_type::<u64>()), ("class", meta_type::<doin_primitives::SizeClass>())],
		);
		let error = check(&runtime.metadata(), LATEST).unwrap_err();
		let text = "the node's call Recomputation.settle takes (round, class), the worker's takes (task, class)";
		assert_eq!(error.to_string(), text);
	}

	#[test]
	fn an_argument_of_another_type_is_found_behind_the_same_name() {
		let runtime = Runtime::default().with_call("Evaluators", "serve", vec![("domain", meta_type::<u64>())]);
		let error = check(&runtime.metadata(), LATEST).unwrap_err();
		assert!(matches!(&error, Difference::Type { item, .. } if item == "call Evaluators.serve"), "{error:?}");
		assert_eq!(
			error.to_string(),
			"argument domain of call Evaluators.serve has another type: the node's is u64, the worker's u32"
		);
	}

	#[test]
	fn a_view_with_another_field_is_found() {
		let runtime = Runtime::default().with_method("model", vec![("model", meta_type::<u64>())], meta_type::<Vec<u8>>());
		let error = check(&runtime.metadata(), LATEST).unwrap_err();
		assert!(error.to_string().starts_with("the result of method DoinApi.model has another type"), "{error}");
	}

	/// Decodes the bytes of every call by the types that the check compares with the chain: nothing may be missing or left over.
	#[test]
	fn every_call_is_encoded_as_its_signature_declares() {
		for call in samples() {
			let signature = signature(&call).unwrap_or_else(|| panic!("{call} is not checked"));
			let bytes = &mut &call.args.0[..];
			for argument in signature.arguments {
				let mut registry = Registry::new();
				let ty = argument.ty.unwrap_or_else(|| panic!("{call}: {} is not checked", argument.name))();
				let id = registry.register_type(&ty).id;
				Value::decode_as_type(bytes, id, &PortableRegistry::from(registry)).unwrap_or_else(|e| panic!("{call}: {e}"));
			}
			assert!(bytes.is_empty(), "{call} has bytes left over");
		}
	}

	#[test]
	fn calls_that_carry_other_calls_are_checked_by_name() {
		let inner = Call::nominate(1);
		let proxied = inner.proxied(Account([0; 32]), crate::calls::CallIndex { pallet: 0, call: 0 });
		let budgeted = inner.budgeted(crate::calls::CallIndex { pallet: 0, call: 0 });
		for call in [proxied, budgeted, Call::batch(vec![inner])] {
			assert!(signature(&call).is_some(), "{call}");
		}
	}

	#[test]
	fn every_checked_call_has_a_constructor() {
		let carriers = ["proxy", "spend", "batch_all", "register"];
		let made = samples();
		for Signature { pallet, name, .. } in CALLS {
			let made = made.iter().any(|call| call.pallet == *pallet && call.name == *name);
			assert!(made || carriers.contains(name), "{pallet}.{name}");
		}
	}

	fn signature(call: &Call) -> Option<&'static Signature> {
		CALLS.iter().find(|signature| signature.pallet == call.pallet && signature.name == call.name)
	}
}
