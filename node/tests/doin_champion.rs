//! Tests of the JSON of `doin_champion`, which the demo domain of the development chains covers for nets only.

use doin_node::rpc::doin::ChampionResponse;
use doin_primitives::{genome::fingerprint, views::ChampionView, ModelRef, RoundId};
use doin_runtime::{AccountId, Hash};
use doin_scoring::{genome::library, Model};
use serde_json::{json, Value};
use sp_keyring::Sr25519Keyring;

/// Returns the response for a champion of domain 1 with this model.
fn response(model: Option<&Model>) -> Value {
	let view: ChampionView<AccountId> = ChampionView {
		model: ModelRef::Stored(4),
		author: Some(Sr25519Keyring::Dave.to_account_id()),
		round: Some(RoundId { domain: 1, number: 5 }),
		block: 90,
		error: 1 << 60,
		initial_error: 1 << 61,
		loss: 1 << 19,
		validation_error: 7,
		genes: Vec::new(),
		bytes: 34,
	};
	let bytes = model.map(Model::to_bytes);
	serde_json::to_value(ChampionResponse::new(view, bytes.as_deref())).expect("a champion has a JSON form")
}

#[test]
fn a_loss_genome_has_its_formula_its_list_and_its_fingerprint() {
	let json = response(Some(&Model::Genome(library::cross_entropy())));
	assert_eq!((&json["bytes"], &json["error"]), (&json!(34), &json!((1u64 << 60).to_string())));
	let genome = &json["genome"];
	assert_eq!(genome["formula"], json!(["loss = mean(−Σ_classes(y · ln(softmax(s))))"]));
	assert!(genome["list"].as_str().is_some_and(|list| list.starts_with("[[100,1,0],[100,2,1],[253,2,3],")), "{genome}");
	assert_eq!(genome["fingerprint"], format!("{:?}", Hash::from(fingerprint(&library::cross_entropy()))));
}

#[test]
fn a_champion_of_another_program_has_no_formula() {
	for model in [None, Some(&Model::Seasonal), Some(&Model::Point(vec![1, 2]))] {
		let json = response(model);
		assert!(json["genome"].is_null() && json["loss"] == 1 << 19, "{json}");
	}
}
