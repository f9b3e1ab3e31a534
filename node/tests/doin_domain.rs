//! Tests of the JSON of `doin_domain`, which the demo domain of the development chains covers for forecasts of values only.

use doin_node::rpc::doin::DomainResponse;
use doin_primitives::{
	bounded_collections::BoundedVec, views::DomainView, DomainSpec, LastRound, ProgramKind, RoundResult, Status, UnpaidReason,
};
use doin_runtime::{demo, AccountId};
use doin_scoring::{Program, Target};
use serde_json::{json, Value};
use sp_keyring::Sr25519Keyring;

/// Returns the response for the demo domain with another target.
fn response(target: Target) -> Value {
	let mut spec = demo::spec();
	let Program::Forecast(program) = &mut spec.program else { panic!("the demo domain forecasts") };
	program.target = target;
	serde_json::to_value(DomainResponse::new(view(&spec), &spec).expect("a record has a JSON form")).expect("as has the response")
}

/// Returns the view of a domain as the runtime composes it from `spec`.
fn view(spec: &DomainSpec) -> DomainView<AccountId> {
	DomainView {
		id: 7,
		name: "name".into(),
		unit: "unit".into(),
		program: ProgramKind::from(&spec.program),
		evidence: spec.evidence.kind(),
		status: Status::Active,
		owner: Sr25519Keyring::Alice.to_account_id(),
		weight: 0,
		high_water: 1 << 60,
		min_improvement: spec.min_improvement,
		target: spec.target,
		bounty: 0,
		class: spec.class(),
		last_round: Some(LastRound { number: 5, block: 90, result: RoundResult::Unpaid(UnpaidReason::NoQuorum) }),
		licence: "CC-BY-4.0".into(),
		carry: 3 << 60,
		initial_validation_error: 1 << 60,
		bar: 1 << 59,
		weight_since: 88,
	}
}

#[test]
fn a_classification_is_classify_in_the_view_and_in_the_record() {
	let json = response(Target::Classes(BoundedVec::truncate_from(vec![-5, 5])));
	assert_eq!(json["program"], "classify");
	assert_eq!(json["spec"]["program"]["kind"], "classify");
	assert_eq!(json["spec"]["program"]["target"], json!({ "classes": [-5, 5] }));
}

#[test]
fn a_forecast_is_forecast_in_the_view_and_in_the_record() {
	for (target, expected) in
		[(Target::Values, json!("values")), (Target::Steps(BoundedVec::truncate_from(vec![1, 13])), json!({ "steps": [1, 13] }))]
	{
		let json = response(target);
		assert_eq!(json["program"], "forecast");
		assert_eq!(json["spec"]["program"]["kind"], "forecast");
		assert_eq!(json["spec"]["program"]["target"], expected);
	}
}

#[test]
fn the_record_is_the_specification_with_its_pages() {
	let json = response(Target::Values);
	assert_eq!(json["id"], 7);
	assert_eq!(json["highWater"], (1u64 << 60).to_string(), "Q32 numbers are strings");
	assert_eq!((&json["licence"], &json["carry"]), (&json!("CC-BY-4.0"), &json!((3u64 << 60).to_string())));
	assert_eq!(json["initialValidationError"], (1u64 << 60).to_string(), "error sums are strings");
	assert_eq!(json["weightSince"], 88);
	assert_eq!(json["lastRound"], json!({ "number": 5, "block": 90, "result": { "unpaid": "noQuorum" } }));
	let mut record = json["spec"].clone();
	let fields = record.as_object_mut().expect("the record is an object");
	assert_eq!(fields.remove("pages"), Some(json!(3)));
	assert_eq!(serde_json::from_value::<DomainSpec>(record).expect("the record is a specification"), demo::spec());
}
