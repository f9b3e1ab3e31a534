//! Tests of the whole router, and of the server on a socket.

use crate::{
	bind,
	events::{Feed, Item, BEHIND},
	shape::PaidAnswers,
	testing::{answers, best, Fixed, Server, ALICE, DATABASE, TOKEN},
	Slot, Token,
};
use axum::{
	body::{Body, Bytes},
	http::Request,
};
use doin_roles::serve::ServeSlot;
use doin_serve::{tasks::Work, wire::Serving};
use futures::{stream, Stream, StreamExt};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, BTreeSet},
	io,
	path::PathBuf,
	sync::Arc,
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	sync::oneshot,
};

const CLAIM: &str = r#"{"task_id":"1","evaluator_id":"5G"}"#;
const COMPLETION: &str = r#"{"task_id":"1","evaluator_id":"5G","verified_performance":0.5,"result":{}}"#;
const INFERENCE: &str = r#"{"domain_id":0,"input_data":[1,2],"client_id":"me"}"#;

/// A route: its path in the document, the path of a request (that of the document if empty), and the statuses with a worker that has
/// everything, and with one that only has a chain.
type Route = (&'static str, &'static str, u16, u16);

/// Every `GET` route, apart from `/events` and `/stats/export`.
const READS: [Route; 44] = [
	("/health", "", 200, 200),
	("/status", "", 200, 200),
	("/fees", "", 200, 200),
	("/peers", "", 200, 501),
	("/chain/status", "", 200, 200),
	("/chain/blocks", "/chain/blocks?from=1&to=9", 200, 200),
	("/chain/block/{index}", "/chain/block/120", 200, 200),
	("/tasks/pending", "/tasks/pending?domains=0&limit=1", 200, 200),
	("/stats", "", 200, 200),
	("/stats/experiments", "/stats/experiments?domain=3&limit=5&offset=2", 200, 501),
	("/stats/rounds", "", 200, 501),
	("/stats/chain-metrics", "", 200, 200),
	("/api/node", "", 200, 200),
	("/api/peers", "", 200, 501),
	("/api/optimization", "", 200, 200),
	("/api/training", "", 200, 501),
	("/api/evaluations", "", 200, 200),
	("/api/metrics", "", 200, 501),
	("/api/events", "", 200, 200),
	("/api/chain", "", 200, 200),
	("/api/plugins", "", 200, 200),
	("/api/domain/{domain}", "/api/domain/7", 200, 200),
	("/api/evidence/{domain}", "/api/evidence/7", 200, 200),
	("/api/champion/{domain}", "/api/champion/0?block=80", 200, 200),
	("/api/champion/{domain}", "/api/champion/7", 404, 404),
	("/api/history/{domain}", "/api/history/0", 200, 200),
	("/api/forecast/{domain}", "/api/forecast/0", 200, 200),
	("/api/work", "", 200, 200),
	("/api/reputation/{account}", "/api/reputation/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", 200, 200),
	("/api/challenges", "", 200, 501),
	("/api/absences", "", 200, 501),
	("/api/unpaid", "/api/unpaid?account=5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY&limit=7", 200, 501),
	("/api/forecast/{domain}", "/api/forecast/7", 404, 404),
	("/api/streams", "/api/streams?limit=1&offset=1", 200, 200),
	("/api/stream/{stream}", "/api/stream/2147483648", 200, 200),
	("/api/stream/{stream}", "/api/stream/2147483649", 200, 200),
	("/api/stream/{stream}", "/api/stream/7", 404, 404),
	("/api/stream/{stream}/round/{round}", "/api/stream/2147483648/round/8", 200, 200),
	("/api/stream/{stream}/round/{round}", "/api/stream/2147483648/round/7", 404, 404),
	("/price", "", 501, 501),
	("/models", "", 501, 501),
	("/channel/{channel}", "/channel/0x07", 501, 501),
	("/api/serving", "", 501, 501),
	("/api/answers", "", 200, 200),
];
/// Every `POST` route, with a body, and the status with a worker that serves nothing and has no task.
const WRITES: [(&str, &str, u16); 3] =
	[("/tasks/claim", CLAIM, 404), ("/tasks/complete", COMPLETION, 404), ("/inference", INFERENCE, 501)];
/// Routes whose answers are no state of the chain.
const WITHOUT_BLOCK: [&str; 3] = ["/health", "/api/training", "/api/events"];

/// Routes of upstream, without those of its transport and the page.
const UPSTREAM: [&str; 25] = [
	"/health",
	"/status",
	"/chain/status",
	"/chain/blocks",
	"/chain/block/{index}",
	"/tasks/pending",
	"/tasks/claim",
	"/tasks/complete",
	"/inference",
	"/stats",
	"/stats/experiments",
	"/stats/rounds",
	"/stats/chain-metrics",
	"/stats/export",
	"/fees",
	"/peers",
	"/api/node",
	"/api/peers",
	"/api/optimization",
	"/api/training",
	"/api/evaluations",
	"/api/metrics",
	"/api/events",
	"/api/chain",
	"/api/plugins",
];

/// Returns the reason for which a value does not have the form of a schema.
fn fault(document: &Value, schema: &Value, value: &Value) -> Option<String> {
	if let Some(name) = schema["$ref"].as_str() {
		let name = name.rsplit('/').next().unwrap_or_default();
		return fault(document, &document["components"]["schemas"][name], value).map(|fault| format!("{name}: {fault}"));
	}
	if let Some(forms) = schema["oneOf"].as_array() {
		let faults: Option<Vec<String>> = forms.iter().map(|form| fault(document, form, value)).collect();
		return faults.map(|faults| faults.join("; "));
	}
	let allows = |kind: &str| match &schema["type"] {
		Value::String(only) => only == kind,
		Value::Array(kinds) => kinds.iter().any(|one| one == kind),
		// Without a type, every value fits.
		_ => true,
	};
	let fits = match value {
		Value::Null => allows("null"),
		Value::Bool(_) => allows("boolean"),
		Value::Number(number) => allows("number") || (allows("integer") && !number.is_f64()),
		Value::String(_) => allows("string"),
		Value::Array(_) => allows("array"),
		Value::Object(_) => allows("object"),
	};
	// An enum of the chain without fields is a string.
	if !(fits || allows("object") && schema["properties"].is_null() && value.is_string()) {
		return Some(format!("{value} does not fit {schema}"));
	}
	match value {
		Value::Array(items) => items.iter().find_map(|item| fault(document, &schema["items"], item)),
		Value::Object(fields) => {
			let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
			let missing = required.into_iter().find(|key| !fields.contains_key(*key));
			let of_field = |(key, value): (&String, &Value)| match (&schema["properties"][key], &schema["additionalProperties"]) {
				(Value::Null, Value::Null) if schema["properties"].is_null() => None,
				(Value::Null, Value::Null) => Some(format!("`{key}` is not described")),
				(Value::Null, other) => fault(document, other, value),
				(field, _) => fault(document, field, value).map(|fault| format!("{key}: {fault}")),
			};
			missing.map(|key| format!("`{key}` is missing")).or_else(|| fields.iter().find_map(of_field))
		}
		_ => None,
	}
}

async fn document(server: &Server) -> Value {
	let (status, document) = server.get("/api/openapi.json").await;
	assert_eq!(status, 200);
	document
}

/// Asserts that the answer to a request has a status, and the form that the document has for it.
fn assert_answer(document: &Value, (method, path): (&str, &str), request: &str, expected: u16, (status, found): (u16, Value)) {
	assert_eq!(status, expected, "{method} {request}: {found}");
	let responses = &document["paths"][path][method]["responses"];
	let response = if status == 200 { &responses["200"] } else { &responses["default"] };
	let schema = &response["content"]["application/json"]["schema"];
	assert!(schema.is_object(), "{method} {path} has no schema for {status}");
	assert_eq!(fault(document, schema, &found), None, "{method} {request}");
	if status == 200 && !WITHOUT_BLOCK.contains(&path) {
		assert!(found["at"]["number"].is_u64() && found["at"]["hash"].is_string(), "{method} {request} names no block: {found}");
	}
}

#[tokio::test]
async fn every_route_has_the_status_and_the_shape_of_the_document() {
	for (is_complete, server) in [(true, Server::complete()), (false, Server::default())] {
		server.feed.publish("block", Some(1), Some(6_000), json!({ "hash": "0x00" }));
		server.feed.publish("Recomputation.TaskCompleted", Some(1), None, json!({ "task": "1" }));
		let document = document(&server).await;
		for (path, request, complete, bare) in READS {
			let request = if request.is_empty() { path } else { request };
			let expected = if is_complete { complete } else { bare };
			assert_answer(&document, ("get", path), request, expected, server.get(request).await);
		}
		for (path, body, expected) in WRITES {
			assert_answer(&document, ("post", path), path, expected, server.post(path, body).await);
		}
	}
}

#[tokio::test]
async fn the_document_has_every_route_of_upstream_and_no_route_that_is_not_tested() {
	let document = document(&Server::default()).await;
	assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
	let described: BTreeMap<&str, &Value> =
		document["paths"].as_object().into_iter().flatten().map(|(path, item)| (path.as_str(), item)).collect();
	for path in UPSTREAM {
		assert!(described.contains_key(path), "{path} is missing");
	}
	let reads = READS.iter().map(|(path, ..)| *path).chain(["/events", "/stats/export"]).map(|path| ("get", path));
	let tested: BTreeSet<(&str, &str)> = reads.chain(WRITES.iter().map(|(path, ..)| ("post", *path))).collect();
	let operations =
		|| described.iter().flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |item| (*path, item)));
	let found: BTreeSet<(&str, &str)> = operations().map(|(path, (method, _))| (method.as_str(), path)).collect();
	assert_eq!(found, tested);
	let ids: BTreeSet<&str> = operations().filter_map(|(_, (_, operation))| operation["operationId"].as_str()).collect();
	assert_eq!(ids.len(), found.len(), "two operations have one id: {ids:?}");
}

/// Scripts for upstream read these keys.
#[tokio::test]
async fn answers_have_the_keys_of_upstream_that_make_sense() {
	let server = Server::complete();
	for (path, keys) in [
		(
			"/status",
			"status peer_id port chain_height domains peers task_queue security optimizer_domains evaluator_domains coin difficulty \
			 fee_market",
		),
		("/api/training", "active domain_id round stage total_stages epoch total_epochs val_loss"),
	] {
		let (status, found) = server.get(path).await;
		assert_eq!(status, 200, "{path}: {found}");
		for key in keys.split_whitespace() {
			assert!(found.get(key).is_some(), "{path} has no `{key}`: {found}");
		}
	}
	let (_, status) = server.get("/status").await;
	for key in ["threshold", "target_block_time", "ema_block_time", "blocks_in_epoch", "epoch_length"] {
		assert!(status["difficulty"].get(key).is_some(), "the difficulty has no `{key}`: {status}");
	}
}

/// Figures of the chain are described with the storage item that they are read from.
#[tokio::test]
async fn figures_name_their_storage_items() {
	let document = document(&Server::default()).await;
	let description = |schema: &str, field: &str| {
		document["components"]["schemas"][schema]["properties"][field]["description"].as_str().unwrap_or_default().to_owned()
	};
	for (schema, field, item) in [
		("Work", "mined", "Work.Mined"),
		("Work", "threshold", "Work.DifficultyState"),
		("Fees", "base_fee", "FeeMarket.BaseFeePerGas"),
		("Domain", "weight", "Gauge.Weights"),
		("Champion", "loss", "Domains.States"),
		("Round", "seats", "Optimae.Rounds"),
		("Task", "phase", "Recomputation.Tasks"),
		("Evidence", "purse", "Evidence.Purses"),
		("Coin", "total_supply", "Balances.TotalIssuance"),
		("Difficulty", "threshold", "Work.DifficultyState"),
		("Difficulty", "target_block_time", "Timing.TargetSpacing"),
		("Stream", "pot", "Oracle.Streams"),
		("Market", "pot", "Forecasts.Markets"),
		("Forecaster", "standing", "Forecasts.Forecasters"),
		("ForecastRound", "wagers", "Forecasts.Rounds"),
		("ForecastSeat", "skill", "Forecasts.Seats"),
		("Offer", "price", "Inference.Offers"),
		("DomainDemand", "demand", "Inference.Demands"),
		("ChannelTotals", "paid", "Channels.Sums"),
	] {
		let found = description(schema, field);
		assert!(found.ends_with(&format!("Storage: `{item}`.")), "{schema}.{field}: {found}");
	}
}

/// The routes of these tests have no server of models, so its numbers are compared with the document by themselves.
#[tokio::test]
async fn the_document_describes_the_work_of_a_server() {
	let document = document(&Server::default()).await;
	let serving = Serving { answers: 9, batches: 7, audited: 8, wrong: 1, ..Serving::default() };
	let alone = json!(serving);
	let beside = json!(PaidAnswers { serving: Some(serving), ..answers() });
	for (path, parent, sent) in [("/api/serving", "", alone), ("/api/answers", "/serving", beside)] {
		let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
		assert_eq!(fault(&document, schema, &sent), None, "{path}");
		for (counter, number) in [("batches", 7), ("audited", 8), ("wrong", 1)] {
			let mut lacking = sent.clone();
			let numbers = lacking.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
			assert_eq!(numbers.remove(counter), Some(json!(number)), "{path}");
			let found = fault(&document, schema, &lacking).unwrap_or_default();
			assert!(found.contains(&format!("`{counter}` is missing")), "{path}: {found}");
		}
	}
}

/// The document is a part of the documentation. `DOIN_UPDATE=1` writes it.
#[tokio::test]
async fn the_documentation_has_the_document_of_this_version() {
	let document = document(&Server::default()).await;
	let text = format!("{document:#}\n");
	let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/reference/openapi.json");
	if std::env::var_os("DOIN_UPDATE").is_some() {
		std::fs::write(&path, &text).unwrap();
	}
	let written = std::fs::read_to_string(&path).unwrap_or_default();
	assert!(written == text, "{} is not that of the routes: write it with DOIN_UPDATE=1", path.display());
}

#[tokio::test]
async fn numbers_of_the_source_reach_the_response() {
	let server = Server::complete();
	let (_, status) = server.get("/status").await;
	assert_eq!(status["node"]["port"], 8470);
	assert_eq!((&status["port"], &status["peers"], &status["peer_id"]), (&json!(8470), &json!(3), &Value::Null));
	assert_eq!((&status["optimizer_domains"], &status["evaluator_domains"]), (&json!([0]), &json!([0, 7])));
	assert_eq!((&status["difficulty"]["threshold"], &status["difficulty"]["target_block_time"]), (&json!("5"), &json!(600)));
	assert_eq!(status["domains"]["0"]["best_performance"], 524_288);
	assert_eq!((&status["domains"]["0"]["optimize"], &status["domains"]["7"]["optimize"]), (&json!(true), &json!(false)));
	assert_eq!((&status["domains"]["7"]["evaluate"], &status["node"]["evaluator_domains"]), (&json!(true), &json!([0, 7])));
	assert_eq!(status["domains"]["7"]["converged"], true);
	assert_eq!(status["task_queue"], json!({ "pending": 3, "claimed": 1, "by_phase": { "Answering": 3 } }));
	assert_eq!(status["analytics"], json!({ "state": "following", "block": 120, "reason": null }));
	let (_, stats) = server.get("/stats").await;
	assert_eq!((&stats["domains"]["0"]["rounds"], &stats["domains"]["0"]["open_seats"]), (&json!(3), &json!(1)));
	let (_, tasks) = server.get("/tasks/pending?domains=0&limit=1").await;
	assert_eq!((tasks["tasks"].as_array().map(Vec::len), &tasks["total_pending"]), (Some(1), &json!(2)));
	let (_, only) = server.get("/api/optimization?domain=7").await;
	assert_eq!((only["domains"][0]["domain_id"].as_u64(), only["rounds"].as_array().map(Vec::len)), (Some(7), Some(0)));
	assert_eq!(only["domains"][0]["genes"][0]["max"], "9223372036854775807");
}

#[tokio::test]
async fn domains_are_listed_in_pages() {
	let server = Server::complete();
	for (path, total) in
		[("/status", "total_domains"), ("/stats", "total"), ("/api/plugins", "total"), ("/api/optimization", "total")]
	{
		let page = |query: &'static str| {
			let server = &server;
			async move {
				let (status, found) = server.get(&format!("{path}{query}")).await;
				assert_eq!((status, &found[total]), (200, &json!(2)), "{path}{query}: {found}");
				let list = &found[if path == "/api/plugins" { "plugins" } else { "domains" }];
				let keys = list.as_object().into_iter().flatten().map(|(id, _)| id.parse().ok());
				let ids = list.as_array().into_iter().flatten().map(|item| item["domain_id"].as_u64());
				keys.chain(ids).collect::<Option<Vec<u64>>>().unwrap()
			}
		};
		assert_eq!(page("").await, [0, 7], "{path}");
		assert_eq!(page("?limit=1").await, [0], "{path}");
		assert_eq!(page("?limit=1000&offset=1").await, [7], "{path}");
		assert_eq!(page("?offset=4294967295").await, [0; 0], "{path}");
		for (query, expected) in [("?limit=1001", 422), ("?limit=x", 400), ("?offset=-1", 400), ("?page=1", 400)] {
			let (status, body) = server.get(&format!("{path}{query}")).await;
			assert_eq!(status, expected, "{path}{query}: {body}");
		}
	}
}

#[tokio::test]
async fn domains_are_found_by_a_part_of_their_name_and_by_their_number() {
	let server = Server::complete();
	for (text, expected) in [
		("domain", vec![0_u64, 7]),
		("DOMAIN%207", vec![7]),
		("7", vec![7]),
		("%207%20", vec![7]),
		("", vec![0, 7]),
		("70", vec![]),
	] {
		let (status, found) = server.get(&format!("/api/optimization?search={text}&limit=20")).await;
		let ids: Vec<u64> = found["domains"].as_array().unwrap().iter().filter_map(|one| one["domain_id"].as_u64()).collect();
		assert_eq!((status, ids, found["total"].as_u64()), (200, expected.clone(), Some(expected.len() as u64)), "{text}");
	}
	let (_, second) = server.get("/api/optimization?search=domain&limit=1&offset=1").await;
	assert_eq!((&second["domains"][0]["domain_id"], &second["total"]), (&json!(7), &json!(2)));
	for (query, expected) in [("search=a&domain=0", 422), ("search=a&limit=1001", 422), ("search=a&search=b", 400)] {
		let (status, body) = server.get(&format!("/api/optimization?{query}")).await;
		assert_eq!(status, expected, "{query}: {body}");
	}
}

#[tokio::test]
async fn paid_demand_stands_beside_voted_weights() {
	let (status, found) = Server::complete().get("/api/answers").await;
	assert_eq!((status, &found["serving"]), (200, &json!(null)), "this worker answers no requests: {found}");
	let [paid, other] = [&found["domains"][0], &found["domains"][1]];
	assert_eq!((&paid["demand"], &paid["weight"]), (&json!("18446744073709551615"), &json!(600_000)));
	assert_eq!((&paid["offers"][0]["price"], &paid["offers"][0]["endpoint"]), (&json!("1000"), &json!("https://example.org")));
	assert_eq!((&other["demand"], &other["offers"]), (&json!(null), &json!([])));
	assert_eq!(found["channels"]["open"], "50");
	let gone = Server::new(Fixed { is_down: true, ..Fixed::default() }, Duration::from_secs(60), None);
	assert_eq!(gone.get("/api/answers").await.0, 503);
}

#[tokio::test]
async fn streams_are_listed_in_pages_and_shown_with_their_rounds() {
	let server = Server::complete();
	let page = |query: &'static str| {
		let server = &server;
		async move {
			let (status, found) = server.get(&format!("/api/streams{query}")).await;
			assert_eq!((status, &found["total"]), (200, &json!(2)), "{query}: {found}");
			found["streams"]
				.as_array()
				.into_iter()
				.flatten()
				.filter_map(|stream| stream["stream_id"].as_u64())
				.collect::<Vec<u64>>()
		}
	};
	let first: u64 = 1 << 31;
	assert_eq!(page("").await, [first, first + 1]);
	assert_eq!(page("?limit=1").await, [first]);
	assert_eq!(page("?limit=1000&offset=1").await, [first + 1]);
	assert_eq!(page("?offset=4294967295").await, [0; 0]);
	for (path, expected) in [
		("/api/streams?limit=1001", 422),
		("/api/streams?awake=1", 400),
		("/api/stream/CO2-DEMO", 400),
		("/api/stream/4294967296", 400),
		("/api/stream/2147483648/round/x", 400),
		("/api/stream/2147483648/round", 404),
	] {
		let (status, body) = server.get(path).await;
		assert_eq!(status, expected, "{path}: {body}");
		assert!(body["error"].is_string() && body["next"].is_string(), "{body}");
	}
	let (_, one) = server.get("/api/stream/2147483648").await;
	assert_eq!(one["closes"], json!([i64::MIN, null, 41_000]));
	assert_eq!((&one["rounds"][0]["phase"], &one["rounds"][0]["zero"]), (&json!("Committing"), &json!(null)));
	let past = &one["past"][0];
	assert_eq!((&past["state"], &past["end_block"], &one["past_from"]), (&json!("revealing"), &json!(null), &json!(70)));
	assert_eq!(past["forecasts"][0]["changes"], json!([i32::MIN, 0, i32::MAX]));
	let (_, sleeping) = server.get("/api/stream/2147483649").await;
	assert_eq!((&sleeping["stream"]["market"], &sleeping["closes"]), (&json!(null), &json!([])));
	let gone = Server::new(Fixed { is_down: true, ..Fixed::default() }, Duration::from_secs(60), None);
	assert_eq!(gone.get("/api/streams").await.0, 503);
}

#[tokio::test]
async fn one_answer_shows_one_block() {
	let server = Server::complete();
	let (_, status) = server.get("/status").await;
	for at in [&status["at"], &status["node"]["at"], &status["work"]["at"], &status["fee_market"]["at"]] {
		assert_eq!(at, &json!(best()), "{status}");
	}
	assert_eq!(status["chain_height"], best().number);
	let (_, work) = server.get("/api/work").await;
	assert_eq!((&work["at"]["number"], &work["seals_at"]["number"]), (&json!(122), &json!(120)), "the database is behind");
}

#[tokio::test]
async fn evaluators_that_did_not_answer_in_time_are_listed() {
	let (_, found) = Server::default().get("/api/evaluations").await;
	let late = json!([
		{ "task_id": "1", "domain_id": 0, "peer_id": ALICE, "missing": "commitment" },
		{ "task_id": "1", "domain_id": 0, "peer_id": ALICE, "missing": "sums" },
	]);
	assert_eq!(found["late"], late);
	assert_eq!(found["pending"][0]["evaluators"][0]["state"], "committed");
}

#[tokio::test]
async fn choices_of_rows_reach_the_database() {
	let server = Server::complete();
	let query = |path: &'static str| {
		let server = &server;
		async move { server.get(path).await.1["rows"][0]["query"].as_str().unwrap_or_default().to_owned() }
	};
	let found = query("/stats/experiments?domain=3&limit=5&offset=2").await;
	assert_eq!(found, "Experiments(Selection { domain: Some(3), limit: 5, offset: 2 })");
	assert_eq!(query("/stats/rounds").await, "Rounds(Selection { domain: None, limit: 100, offset: 0 })");
	assert_eq!(query("/api/absences?limit=1000").await, "Absences(1000)");
	assert_eq!(query("/api/unpaid?limit=7").await, "Unpaid(None, 7)");
}

#[tokio::test]
async fn before_the_worker_is_connected_the_server_says_so() {
	let server = Server::waiting(Duration::from_secs(60), None);
	assert_eq!(server.get("/health").await.0, 200);
	assert_eq!(server.get("/api/events").await.0, 200);
	for path in ["/status", "/api/node", "/api/history/0", "/chain/blocks", "/api/streams"] {
		let (status, body) = server.get(path).await;
		assert_eq!(status, 503, "{path}: {body}");
		assert!(body["error"].as_str().is_some_and(|error| error.contains("ws://127.0.0.1:9944")), "{body}");
	}
	server.slot.fill(Arc::new(Fixed::default()));
	assert_eq!(server.get("/status").await.0, 200);
}

#[tokio::test]
async fn the_database_is_copied_for_holders_of_the_token() {
	let server = Server::complete();
	assert_eq!(server.get("/stats/export").await.0, 401);
	let request = |token: &str| {
		Request::get("/stats/export").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()
	};
	assert_eq!(server.json(request(&TOKEN.replace('0', "1"))).await.0, 403);
	let response = server.send(request(TOKEN)).await;
	assert_eq!(response.status(), 200);
	assert_eq!(response.headers()["content-type"], "application/vnd.sqlite3");
	assert_eq!(response.headers()["content-length"], DATABASE.to_string().as_str());
	let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
	assert!(bytes.len() == DATABASE && bytes.iter().all(|byte| *byte == b'x'));
	assert_eq!(Server::default().json(request(TOKEN)).await.0, 501);
}

#[tokio::test]
async fn a_page_has_fifty_blocks_at_most() {
	let server = Server::default();
	let page = |from: u32, to: u32| {
		let server = &server;
		async move {
			let (_, page) = server.get(&format!("/chain/blocks?from={from}&to={to}")).await;
			let blocks = page["blocks"].as_array().cloned().unwrap_or_default();
			let ends = blocks.first().zip(blocks.last()).map(|(first, last)| (first["index"].clone(), last["index"].clone()));
			(blocks.len(), ends, page["has_more"].as_bool())
		}
	};
	assert_eq!(page(1, 49).await, (49, Some((1.into(), 49.into())), Some(false)));
	assert_eq!(page(1, 50).await, (50, Some((1.into(), 50.into())), Some(false)));
	assert_eq!(page(1, 51).await, (50, Some((1.into(), 50.into())), Some(true)));
	assert_eq!(page(0, u32::MAX).await, (50, Some((0.into(), 49.into())), Some(true)));
	assert_eq!(page(100, u32::MAX).await, (21, Some((100.into(), 120.into())), Some(false)));
	assert_eq!(page(121, u32::MAX).await, (0, None, Some(false)));
	let (_, recent) = server.get("/api/chain?limit=2").await;
	assert_eq!((&recent["blocks"][0]["index"], &recent["blocks"][1]["index"]), (&json!(120), &json!(119)));
}

#[tokio::test]
async fn impossible_requests_are_refused_with_a_next_step() {
	let server = Server::default();
	for (path, expected) in [
		("/nowhere", 404),
		("/chain/block/121", 404),
		("/chain/block/x", 400),
		("/chain/block/-1", 400),
		("/chain/block/4294967296", 400),
		("/chain/blocks?from=x", 400),
		("/chain/blocks?begin=1", 400),
		("/chain/blocks?from=1&from=2", 400),
		("/chain/blocks?from=", 400),
		("/chain/blocks?from=%FF", 400),
		("/chain/blocks?from", 400),
		("/chain/blocks?from=9&to=8", 422),
		("/tasks/pending?limit=1001", 422),
		("/tasks/pending?limit=4294967296", 400),
		("/tasks/pending?domains=a", 400),
		("/api/events?limit=501", 422),
		("/api/chain?limit=51", 422),
		("/stats/rounds?limit=4000000000", 422),
		("/stats/rounds?limit=1001", 422),
		("/api/unpaid?account=alice", 400),
		("/api/unpaid?limit=x", 400),
		("/api/history/x", 400),
		("/api/champion/0?block=-1", 400),
		("/api/champion/0?at=1", 400),
		("/dashboard/nowhere.js", 404),
		("/api/optimization?domain=5", 404),
		("/api/domain/5", 404),
		("/api/evidence/0", 404),
		("/api/reputation/alice", 400),
		("/tasks/claim", 405),
	] {
		let (status, body) = server.get(path).await;
		assert_eq!(status, expected, "{path}: {body}");
		for key in ["error", "next"] {
			assert!(body[key].as_str().is_some_and(|text| text.len() > 10), "{path}: {body}");
		}
	}
}

#[tokio::test]
async fn bodies_are_bounded_and_checked() {
	let server = Server::default();
	assert_eq!(server.post("/tasks/claim", "{").await.0, 400);
	assert_eq!(server.post("/tasks/claim", r#"{"task_id":"1"}"#).await.0, 422);
	let long = format!(r#"{{"task_id":"{}","evaluator_id":""}}"#, "1".repeat(70_000));
	assert_eq!(server.post("/tasks/claim", &long).await.0, 413);
	let request = Request::post("/tasks/claim").header("authorization", format!("Bearer {TOKEN}"));
	assert_eq!(server.json(request.body(Body::from(CLAIM)).unwrap()).await.0, 415);
}

/// Returns requests whose bodies are read in both ways, with a body that begins with `{` and goes on with `rest`.
fn unfinished<S>(rest: impl Fn() -> S) -> [Request<Body>; 2]
where
	S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
	["/inference", "/tasks/claim"].map(|path| {
		let begin = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{"))]);
		Request::post(path)
			.header("content-type", "application/json")
			.header("authorization", format!("Bearer {TOKEN}"))
			.body(Body::from_stream(begin.chain(rest())))
			.unwrap()
	})
}

#[tokio::test]
async fn a_body_that_is_not_sent_in_time_is_the_fault_of_its_client() {
	let server = Server::new(Fixed::default(), Duration::from_millis(50), Some(TOKEN));
	for request in unfinished(stream::pending) {
		let (status, body) = server.json(request).await;
		assert_eq!(status, 408, "{body}");
		assert!(body["error"].as_str().is_some_and(|error| error.contains("body of the request")), "{body}");
	}
}

#[tokio::test]
async fn a_body_that_is_cut_is_not_too_long() {
	let server = Server::default();
	for request in unfinished(|| stream::iter([Err(io::Error::from(io::ErrorKind::UnexpectedEof))])) {
		let (status, body) = server.json(request).await;
		assert_eq!(status, 400, "{body}");
	}
}

#[tokio::test]
async fn requests_that_change_state_need_the_token() {
	let server = Server::default();
	let request = |authorization: Option<&str>| {
		let request = Request::post("/tasks/claim").header("content-type", "application/json");
		let request = authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
		request.body(Body::from(CLAIM)).unwrap()
	};
	let response = server.send(request(None)).await;
	assert_eq!(response.status(), 401);
	assert_eq!(response.headers()["www-authenticate"], "Bearer");
	let (status, body) = server.json(request(Some("Bearer fedcba9876543210fedcba9876543210"))).await;
	assert_eq!(status, 403);
	assert!(body["next"].as_str().is_some_and(|next| next.contains("--dashboard-token")), "{body}");
	let without = Server::new(Fixed::default(), Duration::from_secs(60), None);
	let (status, body) = without.json(request(Some(&format!("Bearer {TOKEN}")))).await;
	assert_eq!(status, 403);
	assert!(body["next"].as_str().is_some_and(|next| next.contains("--dashboard-token FILE")), "{body}");
	assert_eq!(without.get("/health").await.0, 200);
}

#[tokio::test]
async fn requests_for_pay_need_no_token_and_may_name_the_server() {
	let server = Server::new(Fixed::default(), Duration::from_secs(60), None);
	let request = |host: &str| {
		let request = Request::post("/inference").header("content-type", "application/json").header("host", host);
		request.body(Body::from(INFERENCE)).unwrap()
	};
	for host in ["127.0.0.1:8475", "answers.example"] {
		let (status, body) = server.json(request(host)).await;
		assert_eq!(status, 501, "{host}: {body}");
		assert!(body["next"].as_str().is_some_and(|next| next.contains("role = \"serve\"")), "{body}");
	}
	let other_site = Request::get("/price").header("origin", "https://example.org").body(Body::empty()).unwrap();
	assert_eq!(server.json(other_site).await.0, 403, "a script of another site");
	let body = format!(r#"{{"domain_id":0,"input":[{}1]}}"#, "1,".repeat(100_000));
	assert_eq!(server.post("/inference", &body).await.0, 501, "64 windows fit");
	let long = format!(r#"{{"domain_id":0,"input":[{}1]}}"#, "1,".repeat(2 << 20));
	assert_eq!(server.post("/inference", &long).await.0, 413);
	assert_eq!(server.post("/inference", "{").await.0, 400);
	assert_eq!(server.post("/inference", r#"{"domain_id":"x"}"#).await.0, 422);
	let plain = Request::post("/inference").body(Body::from(INFERENCE)).unwrap();
	assert_eq!(server.json(plain).await.0, 415);
}

#[tokio::test]
async fn work_of_this_host_is_claimed_and_completed_once() {
	let server = Server::default();
	let queue = server.serving.queue().clone();
	let waiting = tokio::spawn(async move { queue.run(Work::Verification, 7, json!({ "chunks": [1] })).await });
	while server.serving.queue().pending(None).is_empty() {
		tokio::task::yield_now().await;
	}
	let (_, hidden) = server.get("/tasks/pending?domains=7").await;
	assert_eq!(hidden["host"], json!([]), "the token is missing");
	let request = Request::get("/tasks/pending?domains=7").header("authorization", format!("Bearer {TOKEN}"));
	let (_, pending) = server.json(request.body(Body::empty()).unwrap()).await;
	let task = &pending["host"][0];
	assert_eq!((&task["task_type"], &task["parameters"]), (&json!("verification"), &json!({ "chunks": [1] })));
	let id = task["task_id"].as_str().unwrap();
	let claim = |worker: &str| json!({ "task_id": id, "evaluator_id": worker }).to_string();
	let (status, claimed) = server.post("/tasks/claim", &claim("a")).await;
	assert_eq!((status, &claimed["task"]["evaluator_id"]), (200, &json!("a")));
	assert_eq!(server.post("/tasks/claim", &claim("b")).await.0, 409);
	assert_eq!(server.post("/tasks/claim", &claim("")).await.0, 422);
	let completion = |worker: &str| json!({ "task_id": id, "evaluator_id": worker, "result": [5] }).to_string();
	assert_eq!(server.post("/tasks/complete", &completion("b")).await.0, 409);
	let (status, completed) = server.post("/tasks/complete", &completion("a")).await;
	assert_eq!((status, &completed["status"]), (200, &json!("completed")));
	assert_eq!(format!("{:?}", waiting.await.unwrap()), "Ok(Done(Array [Number(5)]))");
	assert_eq!(server.post("/tasks/complete", &completion("a")).await.0, 404);
}

#[tokio::test]
async fn a_request_that_is_not_answered_in_time_ends() {
	let silent = Server::new(Fixed { is_silent: true, ..Fixed::default() }, Duration::ZERO, None);
	let (status, body) = silent.get("/fees").await;
	assert_eq!(status, 504, "{body}");
	assert_eq!(silent.get("/api/node").await.0, 200);
}

#[tokio::test]
async fn a_node_that_is_gone_is_reported() {
	let server = Server::new(Fixed { is_down: true, ..Fixed::default() }, Duration::from_secs(60), None);
	assert_eq!(server.get("/stats").await, (503, json!({ "error": "the node is gone", "next": "start it" })));
	assert_eq!(server.get("/health").await.0, 200);
}

#[tokio::test]
async fn responses_have_no_cors_headers_and_are_not_cached() {
	let request = Request::get("/health").header("origin", "https://example.org").body(Body::empty()).unwrap();
	let response = Server::default().send(request).await;
	assert_eq!(response.status().as_u16(), 403, "a script of another site is answered nothing");
	assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")), "{:?}", response.headers());
	assert_eq!(response.headers()["cache-control"], "no-store");
}

/// Returns the body of a response to `GET /events`.
async fn events(server: &Server, last: Option<&str>) -> Body {
	let request = last.into_iter().fold(Request::get("/events"), |request, id| request.header("last-event-id", id));
	let response = server.send(request.body(Body::empty()).unwrap()).await;
	assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "text/event-stream"));
	response.into_body()
}

#[tokio::test]
async fn a_thousand_idle_clients_get_the_next_event() {
	let server = Server::default();
	let mut clients = Vec::new();
	for _ in 0..1_000 {
		clients.push(events(&server, None).await.into_data_stream());
	}
	server.feed.publish("block", Some(5), None, json!({}));
	for client in &mut clients {
		let frame = String::from_utf8(client.next().await.unwrap().unwrap().to_vec()).unwrap();
		assert!(frame.starts_with("id: 1\n") && frame.contains(r#""kind":"block""#), "{frame}");
	}
	assert_eq!(server.feed.readers(), 1_000);
	drop(clients);
	assert_eq!(server.feed.readers(), 0, "clients that leave are forgotten");
}

#[tokio::test]
async fn a_slow_client_is_dropped_with_a_note() {
	let server = Server::default();
	let slow = events(&server, None).await;
	(0..=BEHIND).for_each(|_| server.feed.publish("block", None, None, json!({})));
	let text = String::from_utf8(axum::body::to_bytes(slow, 1 << 20).await.unwrap().to_vec()).unwrap();
	assert!(text.starts_with("event: dropped\n") && text.contains("missed 1 events"), "{text}");
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed_and_ends_with_the_server() {
	let server = Server::default();
	(0..4).for_each(|_| server.feed.publish("block", None, None, json!({})));
	let (back, odd) = (events(&server, Some("2")).await, events(&server, Some("x")).await);
	server.stop.send_replace(true);
	let text =
		|body: Body| async move { String::from_utf8(axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap() };
	let back = text(back).await;
	assert_eq!(back.matches("id: ").count(), 2, "{back}");
	assert!(back.contains("id: 3\n") && back.contains("id: 4\n"), "{back}");
	assert_eq!(text(odd).await, "");
}

/// Sends a request to a socket and returns everything that comes back.
async fn exchange(stream: &mut TcpStream, request: &str) -> String {
	stream.write_all(request.as_bytes()).await.unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).await.unwrap();
	answer
}

#[tokio::test]
async fn a_server_on_a_socket_answers_and_stops() {
	let bound = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
	let address = bound.address();
	let taken = bind(address).await.unwrap_err().to_string();
	assert!(taken.contains(&address.to_string()) && taken.contains("--dashboard-port"), "{taken}");

	let (stop, stopped) = oneshot::channel::<()>();
	let feed = Feed::default();
	let shutdown = async move {
		let _ = stopped.await;
	};
	let slot = Slot::waiting_for("ws://127.0.0.1:9944");
	let serving = tokio::spawn(bound.serve(slot, feed.clone(), Token::new(TOKEN), ServeSlot::default(), shutdown));

	let mut stream = TcpStream::connect(address).await.unwrap();
	let request = format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
	let answer = exchange(&mut stream, &request).await;
	assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
	assert!(answer.ends_with(&format!(r#"{{"status":"ok","port":{}}}"#, address.port())), "{answer}");

	let mut cut = TcpStream::connect(address).await.unwrap();
	let headers = format!("host: {address}\r\ncontent-type: application/json\r\ncontent-length: 100\r\nconnection: close\r\n");
	cut.write_all(format!("POST /inference HTTP/1.1\r\n{headers}\r\n{{").as_bytes()).await.unwrap();
	cut.shutdown().await.unwrap();
	let answer = exchange(&mut cut, "").await;
	assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.contains("was cut"), "{answer}");

	let mut other = TcpStream::connect(address).await.unwrap();
	let answer = exchange(&mut other, "GET /health HTTP/1.1\r\nhost: example.org\r\nconnection: close\r\n\r\n").await;
	assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");

	let mut client = TcpStream::connect(address).await.unwrap();
	client.write_all(format!("GET /events HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
	let mut seen = String::new();
	while !seen.contains("text/event-stream") {
		seen.push_str(&some(&mut client).await);
	}
	feed.publish("block", Some(1), None, json!({ "hash": ALICE }));
	while !seen.contains(ALICE) {
		seen.push_str(&some(&mut client).await);
	}
	stop.send(()).unwrap();
	let mut rest = Vec::new();
	client.read_to_end(&mut rest).await.unwrap();
	serving.await.unwrap();
	assert!(TcpStream::connect(address).await.is_err(), "the port is free again");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_others_miss_nothing() {
	let bound = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
	let (address, feed) = (bound.address(), Feed::default());
	let slot = Slot::waiting_for("ws://127.0.0.1:9944");
	tokio::spawn(bound.serve(slot, feed.clone(), None, ServeSlot::default(), std::future::pending()));
	let request = format!("GET /events HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
	let mut slow = TcpStream::connect(address).await.unwrap();
	slow.write_all(request.as_bytes()).await.unwrap();
	while feed.readers() < 1 {
		tokio::task::yield_now().await;
	}
	let (_go, mut stop) = tokio::sync::watch::channel(false);
	let mut quick = feed.reader(None);
	// More than the buffers of the system and of the server hold.
	let filling = "x".repeat(32 * 1_024);
	let sent = 2 * BEHIND as u64;
	for number in 1..=sent {
		feed.publish("block", None, None, json!(filling));
		match quick.next(&mut stop).await {
			Some(Item::Event(published)) => assert_eq!(published.event.id, Some(number)),
			other => panic!("{other:?}"),
		}
		tokio::task::yield_now().await;
	}
	let mut received = Vec::new();
	slow.read_to_end(&mut received).await.unwrap();
	let end = String::from_utf8_lossy(&received[received.len().saturating_sub(400)..]).into_owned();
	assert!(end.contains("event: dropped") && end.contains("was too slow"), "{end}");
	assert!(received.len() < sent as usize * filling.len(), "the slow client got everything");
}

/// Returns what has arrived at a socket, at least one byte.
async fn some(stream: &mut TcpStream) -> String {
	let mut buffer = [0; 1_024];
	let read = stream.read(&mut buffer).await.unwrap();
	assert!(read > 0, "the server has closed the connection");
	String::from_utf8_lossy(&buffer[..read]).into_owned()
}
