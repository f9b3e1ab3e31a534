//! Verification of the page, with recorded answers of a node, in Node.js.

mod common;

use codec::Encode;
use common::{cases, drawn_sums, model, rows, seed, series, synthetic, validation_sums, Domain};
use doin_browser::SCORING_WASM;
use doin_primitives::{
	views::{ChampionView, RecomputationPhase, RecomputationView},
	EvidenceRef, LastRound, ModelRef, RoundId, RoundResult, SizeClass, Subject, UnpaidReason,
};
use doin_scoring::{verdict::total, Model, Program};
use serde::Serialize;
use serde_json::{json, Map, Value};
use std::{fs, path::Path, process::Command};

/// Best block of the recorded node.
const BEST: u32 = 120;
/// Block of the verdict that crowned the champion.
const VERDICT: u32 = 100;
/// Champion that was submitted.
const SUBMITTED: ModelRef = ModelRef::Stored(4);

/// Node with recorded answers about domain 0.
struct Node {
	answers: Map<String, Value>,
	block: Option<u32>,
	/// `true` if the time for computing is over at once.
	is_sample: bool,
}

/// Returns the hash of a block.
fn hash(block: u32) -> String {
	format!("0x{block:064x}")
}

/// Returns the encoding of an argument or an answer.
fn hex(value: &[u8]) -> String {
	format!("0x{}", hex::encode(value))
}

impl Node {
	/// Returns a node whose best block has this champion.
	fn new(domain: &Domain, champion: ModelRef, validation_error: u64, last_round: Option<u32>) -> Self {
		let mut node = Self { answers: Map::new(), block: None, is_sample: false };
		node.answer("chain_getHeader", json!([]), json!({ "number": format!("{BEST:#x}") }));
		for block in [VERDICT - 1, 109, BEST] {
			node.answer("chain_getBlockHash", json!([block]), hash(block));
		}
		let result = RoundResult::Unpaid(UnpaidReason::NoImprovement);
		let mut spec = serde_json::to_value(&domain.spec).unwrap();
		spec["pages"] = domain.spec.pages().into();
		let view = json!({ "lastRound": last_round.map(|block| LastRound { number: 8, block, result }), "spec": spec });
		node.answer("doin_domain", json!([0, hash(BEST)]), view);
		node.champion(champion, 1, validation_error);
		node.contender(None);
		node.tasks(BEST, Vec::new());
		node
	}

	fn answer(&mut self, method: &str, params: Value, result: impl Serialize) {
		self.record(method, params, json!({ "result": result }));
	}

	fn record(&mut self, method: &str, params: Value, answer: Value) {
		let request: Vec<Value> = [method.into()].into_iter().chain(params.as_array().unwrap().clone()).collect();
		self.answers.insert(serde_json::to_string(&request).unwrap(), answer);
	}

	/// Records the tasks in the state of a block.
	fn tasks(&mut self, block: u32, tasks: Vec<RecomputationView<String>>) {
		self.answer("doin_recomputations", json!([0, hash(block)]), tasks);
	}

	/// Records the champion of the best block.
	fn champion(&mut self, model: ModelRef, error: u64, validation_error: u64) {
		let is_submitted = model == SUBMITTED;
		let champion = ChampionView {
			model,
			author: is_submitted.then(|| "author".to_string()),
			round: is_submitted.then_some(RoundId { domain: 0, number: 7 }),
			block: if is_submitted { VERDICT } else { 0 },
			error,
			initial_error: 2,
			loss: 1 << 19,
			validation_error,
			genes: Vec::new(),
			bytes: 9,
		};
		self.answer("doin_champion", json!([0, hash(BEST)]), champion);
	}

	/// Records the contender of the domain before the verdict.
	fn contender(&mut self, model: Option<ModelRef>) {
		self.answer("doin_round", json!([0, hash(VERDICT - 1)]), json!({ "contender": model }));
	}

	/// Removes the state of a block.
	fn prune(&mut self, block: u32) {
		let error = json!({ "code": 20_002, "message": "cannot read block: UnknownBlock: State already discarded for it" });
		self.record("doin_recomputations", json!([0, hash(block)]), json!({ "error": error }));
	}

	/// Records an answer of the runtime in the state of a block.
	fn runtime(&mut self, block: u32, method: &str, argument: impl Encode, answer: &[u8]) {
		let params = json!([format!("DoinApi_{method}"), hex(&argument.encode()), hash(block)]);
		self.answer("state_call", params, hex(answer));
	}

	/// Records everything that the runtime answers about a domain and a submitted model.
	fn data(&mut self, block: u32, domain: &Domain, model: Option<&Model>) {
		self.runtime(block, "domain_spec", 0u32, &Some(&domain.spec).encode());
		self.runtime(block, "model", 4u64, &model.map(Model::to_bytes).encode());
		let published = if matches!(domain.spec.program, Program::Rows(_)) { "rows" } else { "series" };
		self.runtime(block, published, 0u32, &domain.published.answer());
		for index in 0..domain.segments.len() as u16 {
			let segment = domain.segment(index);
			self.runtime(block, "segment", (0u32, index), &segment.bytes);
			self.runtime(block, "segment_hashes", (0u32, index, 1u16), &segment.hash);
		}
	}
}

/// Returns a task of round `number` with settled sums of these models.
fn task(number: u32, evidence: EvidenceRef, models: Vec<ModelRef>, sums: Vec<Vec<u32>>) -> RecomputationView<String> {
	RecomputationView {
		task: number.into(),
		subject: Subject::Round(RoundId { domain: 0, number }),
		domain: 0,
		phase: RecomputationPhase::Challenge,
		phase_end: 200,
		seed: Some(seed(3)),
		models,
		evidence,
		class: SizeClass::Small,
		seats: Vec::new(),
		sums,
	}
}

/// Runs the verification of domain 0 of each node.
fn run(nodes: &[Node]) -> Vec<Value> {
	let module = SCORING_WASM.expect("the crate was built without its module: rebuild it with SKIP_WASM_BUILD unset");
	let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
	let folder = tempfile::tempdir().unwrap();
	let file = |name: &str| folder.path().join(name);
	// Without a package, Node.js takes `.js` for CommonJS.
	for name in ["verify.js", "chain.js", "rpc.js", "scoring.js"] {
		fs::copy(manifest.join("../dashboard/page/verify").join(name), file(name)).unwrap();
	}
	fs::write(file("package.json"), r#"{"type": "module"}"#).unwrap();
	fs::write(file("module.wasm"), module).unwrap();
	let scenario = |node: &Node| json!({ "domain": 0, "block": node.block, "isSample": node.is_sample, "answers": node.answers });
	let scenarios: Vec<_> = nodes.iter().map(scenario).collect();
	fs::write(file("fixture.json"), serde_json::to_vec(&scenarios).unwrap()).unwrap();
	let output = Command::new("node")
		.arg(manifest.join("tests/verify.mjs"))
		.args([folder.path(), &file("module.wasm"), Path::new("--fixture"), &file("fixture.json")])
		.output()
		.expect("Node.js is installed: scripts/setup.sh installs it");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let results = String::from_utf8(output.stdout).unwrap();
	results.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the result of one node.
fn verified(node: Node) -> Value {
	let outcome = run(&[node]).remove(0);
	assert_eq!(outcome["error"], Value::Null);
	outcome["result"].clone()
}

/// Returns the error of one node.
fn refused(node: Node) -> String {
	run(&[node]).remove(0)["error"].as_str().expect("it fails").to_string()
}

/// Returns a node with the settled sums of a champion that round 7 crowned, and these sums.
fn crowned(change: impl FnOnce(&mut Vec<u32>)) -> (Node, Vec<u32>) {
	let (domain, model) = (series(1, synthetic), model(2));
	let sums = drawn_sums(&domain, &model, &seed(3));
	let mut stated = sums.clone();
	change(&mut stated);
	let mut node = Node::new(&domain, SUBMITTED, 1, Some(VERDICT));
	node.champion(SUBMITTED, total(&sums), 1);
	let other = task(6, EvidenceRef::Drawn, vec![ModelRef::Seasonal, SUBMITTED], vec![vec![1; 32], vec![2; 32]]);
	let initial = drawn_sums(&domain, &Model::Seasonal, &seed(3));
	let models = vec![ModelRef::Seasonal, ModelRef::Stored(2), SUBMITTED];
	node.tasks(VERDICT - 1, vec![other, task(7, EvidenceRef::Drawn, models, vec![initial, vec![5; 32], stated])]);
	node.data(VERDICT - 1, &domain, Some(&model));
	(node, sums)
}

#[test]
fn settled_sums_of_the_crowning_round_are_verified() {
	let (node, sums) = crowned(|_| ());
	let result = verified(node);
	assert_eq!((&result["equal"], &result["block"], &result["total"]), (&json!(true), &json!(VERDICT - 1), &json!(32)));
	assert_eq!((&result["note"], &result["hash"]), (&Value::Null, &json!(hash(VERDICT - 1))));
	assert_eq!(result["source"], "Settled sums of round 7 on the drawn windows, in the state of block 99.");
	assert_eq!((&result["kind"], &result["complete"]), (&json!("settled"), &json!(true)));
	let row = |(chunk, sum): (usize, &u32)| json!({ "chunk": chunk, "chain": sum, "browser": sum });
	let mut rows: Vec<_> = sums.iter().enumerate().map(row).collect();
	rows.push(json!({ "chunk": "all", "chain": total(&sums), "browser": total(&sums) }));
	assert_eq!(result["chunks"], Value::Array(rows));
}

#[test]
fn where_time_is_over_a_random_sample_of_chunks_is_verified() {
	let sampled = || {
		let (mut node, sums) = crowned(|_| ());
		node.is_sample = true;
		(node, sums)
	};
	let (node, sums) = sampled();
	let result = verified(node);
	assert_eq!((&result["equal"], &result["complete"], &result["total"]), (&json!(true), &json!(false), &json!(32)));
	let chunks: Vec<_> = result["chunks"].as_array().unwrap().iter().map(|row| row["chunk"].as_u64().unwrap()).collect();
	assert!(chunks.len() == 8 && chunks.is_sorted_by(|one, other| one < other), "{chunks:?}");

	let (mut node, _) = sampled();
	node.champion(SUBMITTED, total(&sums) - 1, 1);
	let result = verified(node);
	assert_eq!(result["equal"], false, "the stated sums do not add up to the error of the champion");
	assert_eq!(result["chunks"][8], json!({ "chunk": "all", "chain": total(&sums) - 1, "browser": total(&sums) }));
}

#[test]
fn the_error_of_the_champion_is_compared_with_the_sum_of_its_chunks() {
	let (mut node, sums) = crowned(|_| ());
	node.champion(SUBMITTED, total(&sums) + 1, 1);
	let result = verified(node);
	assert_eq!(result["equal"], false, "each chunk is right");
	let rows = result["chunks"].as_array().unwrap();
	assert_eq!(rows[32], json!({ "chunk": "all", "chain": total(&sums) + 1, "browser": total(&sums) }));

	let (mut node, sums) = crowned(|_| ());
	node.champion(SUBMITTED, total(&sums) / 2, 1);
	node.contender(Some(SUBMITTED));
	let result = verified(node);
	assert_eq!(result["equal"], true, "the error of a contender is a mean over several draws");
	assert_eq!(result["chunks"].as_array().unwrap().len(), 32);
}

#[test]
fn false_sums_are_shown_beside_the_recomputed_ones() {
	let (node, sums) = crowned(|stated| stated.iter_mut().for_each(|sum| *sum += 1));
	let result = verified(node);
	assert_eq!(result["equal"], false);
	for row in &result["chunks"].as_array().unwrap()[..32] {
		let sum = sums[row["chunk"].as_u64().unwrap() as usize];
		assert_eq!((&row["chain"], &row["browser"]), (&json!(sum + 1), &json!(sum)));
	}
	let (node, _) = crowned(|stated| stated.truncate(31));
	assert_eq!(refused(node), "the chain has 31 sums of the model, and a recomputation has 32 chunks");
}

#[test]
fn a_pruned_node_leaves_the_total_on_the_validation_split() {
	let (domain, model) = (series(1, synthetic), model(1));
	let error = total(&validation_sums(&domain, &model));
	let node = |stated| {
		let mut node = Node::new(&domain, SUBMITTED, stated, Some(VERDICT));
		node.prune(VERDICT - 1);
		node.data(BEST, &domain, Some(&model));
		node
	};
	let result = verified(node(error));
	assert_eq!(result["chunks"], json!([{ "chunk": "all", "chain": error, "browser": error }]));
	assert_eq!((&result["equal"], &result["block"], &result["kind"]), (&json!(true), &json!(BEST), &json!("claim")));
	let note = result["note"].as_str().unwrap();
	assert!(note.contains("block 99") && note.contains("--state-pruning archive"), "{note}");
	assert!(result["source"].as_str().unwrap().contains("that its author claims"), "{result}");
	assert_eq!(verified(node(error + 1))["equal"], false);
}

#[test]
fn sums_on_live_bars_leave_the_total_on_the_validation_split() {
	let (domain, model) = (series(1, synthetic), model(0));
	let error = total(&validation_sums(&domain, &model));
	let mut node = Node::new(&domain, SUBMITTED, error, None);
	node.tasks(VERDICT - 1, vec![task(7, EvidenceRef::Bars { first: 9 }, vec![SUBMITTED], vec![vec![1; 32]])]);
	node.data(BEST, &domain, Some(&model));
	let result = verified(node);
	assert_eq!((&result["equal"], &result["kind"]), (&json!(true), &json!("claim")));
	assert_eq!(result["note"], "The round was evaluated on live bars, which nodes do not return.");
}

#[test]
fn an_initial_champion_is_verified_before_and_after_its_first_round() {
	let domain = series(1, synthetic);
	let error = total(&validation_sums(&domain, &Model::Seasonal));
	let mut node = Node::new(&domain, ModelRef::Seasonal, error, None);
	node.data(BEST, &domain, None);
	let result = verified(node);
	assert_eq!(result["chunks"], json!([{ "chunk": "all", "chain": error, "browser": error }]));
	assert_eq!((&result["equal"], &result["note"], &result["kind"]), (&json!(true), &Value::Null, &json!("activation")));
	assert!(result["source"].as_str().unwrap().contains("that the chain computed"), "{result}");

	let mut node = Node::new(&domain, ModelRef::Seasonal, error, Some(110));
	let sums = drawn_sums(&domain, &Model::Seasonal, &seed(3));
	node.tasks(109, vec![task(8, EvidenceRef::Drawn, vec![ModelRef::Seasonal], vec![sums])]);
	node.data(109, &domain, None);
	let result = verified(node);
	assert_eq!((&result["equal"], &result["block"], &result["note"]), (&json!(true), &json!(109), &Value::Null));
	assert!(result["chunks"].as_array().unwrap().len() >= 8);
}

#[test]
fn segments_of_rows_and_of_series_are_read_with_their_hashes() {
	let all = cases();
	let domains = [
		(rows(), "rows, Stored(4), segment"),
		(series(2, common::sealed), "segment 1, shift 0"),
		(series(2, common::sealed), "segment 0, shift 0"),
	];
	for (domain, name) in domains {
		let case = all.iter().find(|case| case.name == name).unwrap();
		let (evidence, seed) = case.inputs.draw.unwrap();
		let node = |spoiled: bool| {
			let mut node = Node::new(&domain, SUBMITTED, 1, Some(VERDICT));
			let task = task(7, evidence, vec![SUBMITTED], vec![case.sums.clone()]);
			node.tasks(VERDICT - 1, vec![RecomputationView { seed: Some(seed), ..task }]);
			node.champion(SUBMITTED, total(&case.sums), 1);
			node.data(VERDICT - 1, &domain, None);
			node.runtime(VERDICT - 1, "model", 4u64, &case.inputs.model_bytes);
			let EvidenceRef::Segment(index) = evidence else { panic!() };
			if spoiled {
				node.runtime(VERDICT - 1, "segment_hashes", (0u32, index, 1u16), &vec![[1u8; 32]].encode());
			}
			node
		};
		assert_eq!(verified(node(false))["equal"], true, "{name}");
		assert!(refused(node(true)).contains("has another hash"), "{name}");
	}
}

#[test]
fn what_cannot_be_verified_has_a_reason() {
	let (domain, model) = (series(1, synthetic), model(0));
	let mut spoiled = Node::new(&domain, SUBMITTED, 1, None);
	spoiled.tasks(VERDICT - 1, Vec::new());
	spoiled.data(BEST, &domain, Some(&model));
	spoiled.runtime(BEST, "series", 0u32, &Some(vec![1i32; 600]).encode());
	assert!(refused(spoiled).starts_with("the published data has another hash"));

	let mut gone = Node::new(&domain, SUBMITTED, 1, None);
	gone.tasks(VERDICT - 1, Vec::new());
	gone.data(BEST, &domain, None);
	assert!(refused(gone).starts_with("the model is not stored"));

	let mut unknown = Node::new(&domain, SUBMITTED, 1, None);
	unknown.block = Some(500);
	unknown.answer("chain_getBlockHash", json!([500]), Value::Null);
	assert!(refused(unknown).starts_with("The node does not have block 500"));

	let mut cut = Node::new(&domain, SUBMITTED, 1, None);
	cut.record("doin_domain", json!([0, hash(BEST)]), json!({ "error": { "code": 20_001, "message": "unknown domain 0" } }));
	assert_eq!(refused(cut), "the node refused doin_domain: unknown domain 0");
}
