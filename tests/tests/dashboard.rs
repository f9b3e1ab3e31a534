//! The server of a worker on a real chain, as programs see it.

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	accounts::ALICE,
	chain,
	http::{Events, Server},
	run, wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::{fs, path::Path, time::Duration};

/// Longest wait for a round to end, with a block each second.
const LIMIT: Duration = Duration::from_secs(300);
const TOKEN: &str = "5d7f3f1c8a0b4e6d9c2a1b0f5e4d3c2b";
const CLAIM: &str = r#"{"task_id":"1","evaluator_id":"5G"}"#;
const COMPLETION: &str = r#"{"task_id":"1","evaluator_id":"5G","verified_performance":0.5}"#;
const CHANNEL: &str = "0x0707070707070707070707070707070707070707070707070707070707070707";
const INFERENCE: &str = r#"{"domain_id":0,"input_data":[1],"client_id":"me"}"#;

/// Writes a token that only its owner can read, and returns its path.
fn token(folder: &Path) -> Result<String> {
	let path = folder.join("token");
	fs::write(&path, TOKEN)?;
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
	}
	Ok(path.display().to_string())
}

/// One node and one worker for all of them, since a round takes longer than all requests.
#[tokio::test]
async fn the_server_of_a_worker() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let token = token(folder.path())?;
	a_port_in_use_is_refused_before_the_node_is_waited_for()?;
	// The server answers before the node does.
	let chain = format!("--chain={}", chain::with_fast_blocks()?.display());
	let mut early = Worker::start(&["run", "--dev", "--url", doin_e2e::NOWHERE, "--journal", "{base}/journal.db"])?;
	the_server_answers_before_the_node_does(&mut early).await?;

	let node = Node::start(&["--dev", &chain, "--state-pruning=archive"]).await?;
	let arguments = ["run", "--dev", "--url", &node.url(), "--journal", "{base}/journal.db", "--dashboard-port", "0"];
	let mut worker = Worker::start(&[&arguments[..], &["--dashboard-token", &token]].concat())?;
	let server = Server::of(&mut worker).await?;
	let ended = || async {
		let rounds = server.get("/stats/rounds").await?;
		Ok((rounds.status == 200).then(|| rounds.json()).transpose()?.filter(|rounds| rounds["count"].as_u64() > Some(0)))
	};
	wait_for("a seat of an ended round in the database", LIMIT, ended).await?;
	every_route_answers(&server).await?;
	records_have_the_fields_of_the_events(&server).await?;
	answers_are_those_of_the_block_that_they_name(&server, &node).await?;
	the_last_finalized_block_has_its_hash(&server, &node).await?;
	the_demo_domain_is_found_by_its_name(&server).await?;
	the_history_begins_with_the_initial_champion(&server, &node).await?;
	forecasts_continue_the_series(&server).await?;
	impossible_requests_are_refused(&server).await?;
	the_token_guards_writes_and_the_database(&server, folder.path()).await?;
	events_arrive_as_they_happen(&server).await?;
	clients_that_come_and_go_harm_nobody(&server).await?;
	worker.check()?;
	let mut events = server.events().await?;
	worker.stop()?;
	while events.next().await.is_ok() {}
	ensure!(server.get("/health").await.is_err(), "the port is free again");
	Ok(())
}

fn a_port_in_use_is_refused_before_the_node_is_waited_for() -> Result<()> {
	let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
	let port = taken.local_addr()?.port().to_string();
	let folder = tempfile::tempdir()?;
	let journal = folder.path().join("journal.db").display().to_string();
	let arguments = ["run", "--dev", "--url", doin_e2e::NOWHERE, "--journal", &journal, "--dashboard-port", &port];
	let output = run("doin-worker", &arguments)?;
	let message = String::from_utf8_lossy(&output.stderr);
	ensure!(!output.status.success(), "a port in use was accepted");
	ensure!(message.contains(&port) && message.contains("--dashboard-port"), "{message}");
	ensure!(!Path::new(&journal).exists(), "the worker was opened");
	Ok(())
}

async fn the_server_answers_before_the_node_does(worker: &mut Worker) -> Result<()> {
	let server = Server::of(worker).await?;
	ensure!(server.json("/health").await?["status"] == "ok");
	let page = server.get("/dashboard").await?;
	ensure!(page.status == 200 && page.head.contains("text/html"), "{}", page.head);
	let status = server.get("/status").await?;
	ensure!(status.status == 503, "{}", status.head);
	ensure!(status.json()?["error"].as_str().is_some_and(|error| error.contains("ws://127.0.0.1:1")), "{:?}", status.json()?);
	Ok(())
}

/// Returns the paths of all `GET` routes, without `/events` and `/stats/export`, by the document of the server.
async fn routes(server: &Server) -> Result<Vec<String>> {
	let document = server.json("/api/openapi.json").await?;
	let paths = document["paths"].as_object().context("the document has paths")?;
	let reads = paths.iter().filter(|(path, item)| item["get"].is_object() && *path != "/events" && *path != "/stats/export");
	let values = [
		("{domain}", "0"),
		("{index}", "1"),
		("{account}", ALICE),
		("{stream}", "2147483648"),
		("{round}", "0"),
		("{channel}", CHANNEL),
	];
	let filled = |path: &str| values.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
	Ok(reads.map(|(path, _)| filled(path)).collect())
}

async fn every_route_answers(server: &Server) -> Result<()> {
	let routes = routes(server).await?;
	ensure!(routes.len() >= 30, "{routes:?}");
	for path in routes {
		let response = server.get(&path).await?;
		let body = response.json()?;
		let expected = match path.as_str() {
			// The demo domain has no sealed evidence, and no round opens while the demo stream sleeps.
			"/api/evidence/0" | "/api/stream/2147483648/round/0" => 404,
			// This worker serves no models.
			"/api/serving" | "/models" | "/price" => 501,
			channel if channel.starts_with("/channel/") => 501,
			_ => 200,
		};
		ensure!(response.status == expected, "{path}: {}\n{body}", response.head);
		let has_block = !["/health", "/api/training", "/api/events"].contains(&path.as_str());
		if response.status == 200 && has_block {
			ensure!(body["at"]["number"].is_u64(), "{path} names no block: {body}");
			ensure!(body["at"]["hash"].as_str().is_some_and(|hash| hash.len() == 66), "{path} names no block: {body}");
		}
	}
	// The host has no task 1, and serves no models.
	for (path, body, status) in
		[("/tasks/claim", CLAIM, 404), ("/tasks/complete", COMPLETION, 404), ("/inference", INFERENCE, 501)]
	{
		let headers = [("authorization", format!("Bearer {TOKEN}")), ("content-type", "application/json".into())];
		let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
		let response = server.send("POST", path, &headers, body).await?;
		ensure!(response.status == status && response.json()?["next"].is_string(), "{path}: {}", response.head);
	}
	let page = server.get("/").await?;
	ensure!(page.status == 303 && page.head.contains("/dashboard"), "{}", page.head);
	Ok(())
}

/// The optimizer of the development chain has a seat in every round, which is paid or has a reason.
async fn records_have_the_fields_of_the_events(server: &Server) -> Result<()> {
	let rounds = server.json("/stats/rounds?domain=0").await?;
	let rounds = rounds["rows"].as_array().context("a list")?;
	ensure!(rounds.iter().any(|round| round["metrics"]["optimizer"].is_string()), "{rounds:?}");
	let unpaid = server.json("/api/unpaid?limit=1000").await?;
	let unpaid = unpaid["rows"].as_array().context("a list")?;
	let champions = server.json("/api/history/0").await?;
	let champions = champions["champions"].as_array().context("a list")?;
	ensure!(unpaid.len() + champions.len() > 1, "every ended round is paid or has a reason");
	ensure!(unpaid.iter().all(|seat| seat["unpaid_reason"].is_string()), "{unpaid:?}");
	let performances = server.json("/api/metrics?limit=5").await?;
	ensure!(performances["metrics"][0]["peer_id"].as_str().is_some_and(|who| who.starts_with('5')), "{performances}");
	Ok(())
}

/// Returns the bytes of hexadecimal text.
fn bytes_of(hex: &str) -> Vec<u8> {
	let digits = hex.trim_start_matches("0x").as_bytes().chunks_exact(2);
	digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Asserts that figures of an answer are those of a view of the RPC, by their names in both.
fn assert_equal(answer: &Value, view: &Value, names: &[(&str, &str)]) {
	for (own, rpc) in names {
		assert!(view.get(rpc).is_some(), "the view has no {rpc}: {view}");
		assert!(answer.get(own).is_some(), "the answer has no {own}: {answer}");
		assert_eq!(answer[own], view[rpc], "{own}");
	}
}

async fn answers_are_those_of_the_block_that_they_name(server: &Server, node: &Node) -> Result<()> {
	work_and_fees(server, node).await?;
	the_demo_domain(server, node).await?;
	the_demo_stream(server, node).await?;
	let status = server.json("/status").await?;
	ensure!(status["status"] == "ok" && status["domains"]["0"]["optimize"] == true, "{status}");
	ensure!(status["analytics"]["state"] == "following", "{}", status["analytics"]);
	// `Balances.TotalIssuance`, by the hashes of its names.
	let key = "0xc2261276cc9d1f8598ea4b6a74b15c2f57c875e4cff74148e4628f264b974c80";
	let stored = node.call("state_getStorage", [json!(key), status["at"]["hash"].clone()]).await?;
	let bytes: Vec<u8> = stored.as_str().map(bytes_of).unwrap_or_default();
	let issuance = <[u8; 16]>::try_from(bytes).map(u128::from_le_bytes).ok().context("an amount")?;
	ensure!(status["coin"]["total_supply"] == issuance.to_string(), "{}", status["coin"]);
	for page in ["/status?limit=0", "/stats?offset=1", "/api/plugins?limit=1000&offset=4000000000"] {
		let found = server.json(page).await?;
		let list = found["domains"].as_object().map(|list| list.len()).or(found["plugins"].as_array().map(Vec::len));
		let total = found.get("total").unwrap_or(&found["total_domains"]);
		ensure!(list == Some(0) && total == 1, "{page}: {found}");
	}
	let block = server.json("/chain/block/1").await?;
	ensure!(block["hash"] == node.call("chain_getBlockHash", [json!(1)]).await?, "{block}");
	Ok(())
}

async fn work_and_fees(server: &Server, node: &Node) -> Result<()> {
	let work = server.json("/api/work").await?;
	let view = node.call("doin_work", [work["at"]["hash"].clone()]).await?;
	let names = [
		("work_blocks", "workBlocks"),
		("threshold", "threshold"),
		("queued", "queued"),
		("reward", "reward"),
		("mined", "mined"),
		("backed_by_quorum", "backedByQuorum"),
		("backed_by_runtime", "backedByRuntime"),
		("backed_share", "backedShare"),
		("era_accrual", "eraAccrual"),
		("last_seal", "lastSeal"),
	];
	assert_equal(&work, &view, &names);
	let fees = server.json("/fees").await?;
	let view = node.call("doin_feeMarket", [fees["at"]["hash"].clone()]).await?;
	let names = [
		("base_fee", "baseFee"),
		("fullness", "fullness"),
		("floor", "floor"),
		("ceiling", "ceiling"),
		("total_burned", "burned"),
	];
	assert_equal(&fees, &view, &names);
	Ok(())
}

async fn the_demo_domain(server: &Server, node: &Node) -> Result<()> {
	let optimization = server.json("/api/optimization?domain=0").await?;
	let at = optimization["at"]["hash"].clone();
	let (domain, round) = (&optimization["domains"][0], &optimization["rounds"][0]);
	let view = node.call("doin_domain", [json!(0), at.clone()]).await?;
	let names = [
		("name", "name"),
		("unit", "unit"),
		("program", "program"),
		("evidence", "evidence"),
		("status", "status"),
		("owner", "owner"),
		("weight", "weight"),
		("weight_since", "weightSince"),
		("high_water", "highWater"),
		("carry", "carry"),
		("min_improvement", "minImprovement"),
		("target_performance", "target"),
		("bounty", "bounty"),
		("initial_validation_error", "initialValidationError"),
		("bar", "bar"),
		("last_round", "lastRound"),
	];
	assert_equal(domain, &view, &names);
	ensure!(domain["horizon"] == view["spec"]["program"]["horizon"], "{domain}\n{view}");
	let view = node.call("doin_champion", [json!(0), at.clone()]).await?;
	let names = [
		("model", "model"),
		("author", "author"),
		("block", "block"),
		("loss", "loss"),
		("error", "error"),
		("initial_error", "initialError"),
		("validation_error", "validationError"),
		("bytes", "bytes"),
	];
	assert_equal(&domain["champion"], &view, &names);
	let view = node.call("doin_round", [json!(0), at]).await?;
	let names = [
		("phase", "phase"),
		("phase_end", "phaseEnd"),
		("reveal_from", "revealFrom"),
		("reveal_until", "revealUntil"),
		("next_seat_fee", "nextSeatFee"),
		("seat_hold", "seatHold"),
		("stake", "stake"),
	];
	assert_equal(round, &view, &names);
	ensure!(round["round"] == view["round"]["number"], "{round}\n{view}");
	Ok(())
}

/// The stream sleeps until its pot is paid into; its market has a pot since block 0.
async fn the_demo_stream(server: &Server, node: &Node) -> Result<()> {
	let answer = server.json("/api/stream/2147483648").await?;
	let (stream, at) = (&answer["stream"], answer["at"]["hash"].clone());
	let view = node.call("doin_streams", [json!(2_147_483_648_u32), json!(1), at.clone()]).await?[0].clone();
	let names = [
		("stream_id", "id"),
		("symbol", "symbol"),
		("unit", "unit"),
		("source", "source"),
		("bar_ms", "barMs"),
		("horizon", "horizon"),
		("fee", "fee"),
		("owner", "owner"),
		("pot", "pot"),
		("awake", "awake"),
		("next", "next"),
	];
	assert_equal(stream, &view, &names);
	let view = node.call("doin_leaderboard", [json!(2_147_483_648_u32), json!(256), at]).await?;
	let names = [("pot", "pot"), ("rounds", "rounds"), ("open", "open"), ("weight", "weight"), ("mark", "mark")];
	assert_equal(&stream["market"], &view, &names);
	ensure!(stream["awake"] == false && stream["market"]["pot"] != "0", "{stream}");
	ensure!(answer["closes"] == json!([]) && answer["rounds"] == json!([]) && answer["past"] == json!([]), "{answer}");
	Ok(())
}

async fn the_history_begins_with_the_initial_champion(server: &Server, node: &Node) -> Result<()> {
	let ready = || async {
		let history = server.json("/api/history/0").await?;
		Ok(Some(history).filter(|history| history["rungs_state"] != "computing"))
	};
	let history = wait_for("the rungs of the demo domain", LIMIT, ready).await?;
	ensure!(history["rungs_state"] == "ready", "{history}");
	let names: Vec<&str> = history["rungs"].as_array().into_iter().flatten().filter_map(|rung| rung["rung"].as_str()).collect();
	ensure!(names.starts_with(&["repeat-last", "seasonal", "ridge", "mean of ridges"]), "{names:?}");
	let champions = history["champions"].as_array().context("a list")?;
	ensure!(champions[0]["round"].is_null() && champions[0]["validation_loss"] == 1 << 20, "{history}");
	// The demo domain is active from block 0. Its initial champion stays known after it is dethroned.
	let genesis = node.call("chain_getBlockHash", [json!(0)]).await?;
	let initial = node.call("doin_champion", [json!(0), genesis]).await?;
	assert_equal(&champions[0], &initial, &[("model", "model"), ("block", "block")]);
	ensure!(history["is_complete"] == true && initial["block"] == 0, "{history}\n{initial}");
	for champion in &champions[1..] {
		// Its genes are those of the block of its verdict, also after a later champion has dethroned it.
		let block = champion["block"].as_u64().context("a block")?;
		let crowned = server.json(&format!("/api/champion/0?block={block}")).await?;
		let view = node.call("doin_champion", [json!(0), crowned["at"]["hash"].clone()]).await?;
		ensure!(crowned["at"]["number"] == block && crowned["champion"]["model"] == champion["model"], "{crowned}\n{champion}");
		let genes = |list: &Value| list.as_array().map(|list| list.iter().map(text_of).collect::<Vec<String>>());
		ensure!(
			genes(&crowned["champion"]["genes"]) == genes(&view["genes"]) && genes(&view["genes"]).is_some(),
			"{crowned}\n{view}"
		);
		let is_verified = champion["verified_by"].as_array().is_some_and(|verified| !verified.is_empty());
		ensure!(is_verified || champion["backing"] == "runtime", "{champion}");
		ensure!(champion["loss"].is_u64() && champion["validation_loss"].is_u64(), "{champion}");
	}
	Ok(())
}

/// Returns a number, or a number in a text, as text.
fn text_of(value: &Value) -> String {
	value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn forecasts_continue_the_series(server: &Server) -> Result<()> {
	let forecast = server.json("/api/forecast/0").await?;
	let (first, steps) = (forecast["first"].as_u64(), forecast["steps"].as_u64());
	let real = forecast["real"].as_array().map(Vec::len).unwrap_or_default() as u64;
	ensure!(first.zip(steps).is_some_and(|(first, steps)| first + real == steps), "{first:?} {real} {steps:?}");
	ensure!(forecast["next"].as_array().map(|next| next.len() as u64) == forecast["horizon"].as_u64(), "{}", forecast["next"]);
	let past = forecast["past"].as_array().context("a list")?;
	ensure!(!past.is_empty() && past.iter().all(|past| past["error"].is_string()), "{past:?}");
	Ok(())
}

async fn the_last_finalized_block_has_its_hash(server: &Server, node: &Node) -> Result<()> {
	let status = server.json("/status").await?;
	let security = &status["security"];
	let hash = node.call("chain_getBlockHash", [security["finalized_height"].clone()]).await?;
	ensure!(hash.is_string() && security["finalized_hash"] == hash, "{security} is not {hash}");
	Ok(())
}

async fn the_demo_domain_is_found_by_its_name(server: &Server) -> Result<()> {
	let domain = server.json("/api/domain/0").await?["domain"].clone();
	let name = domain["name"].as_str().context("a name")?;
	// Letters and digits need no escape in a query.
	let part: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
	for text in [part.to_uppercase(), "0".into()] {
		let found = server.json(&format!("/api/optimization?search={text}&limit=20")).await?;
		let numbers: Vec<&Value> = found["domains"].as_array().into_iter().flatten().map(|one| &one["domain_id"]).collect();
		ensure!(numbers.contains(&&json!(0)) && found["total"] == numbers.len(), "{text}: {numbers:?}");
	}
	ensure!(domain["validation_predictions"].as_u64() > Some(0) && domain["drawn_predictions"].as_u64() > Some(0), "{domain}");
	Ok(())
}

async fn impossible_requests_are_refused(server: &Server) -> Result<()> {
	for (path, expected) in [
		("/nowhere", 404),
		("/dashboard/nowhere.js", 404),
		("/chain/block/4000000000", 404),
		("/chain/block/x", 400),
		("/chain/blocks?from=x", 400),
		("/chain/blocks?from=9&to=8", 422),
		("/tasks/pending?domains=a", 400),
		("/tasks/pending?limit=18446744073709551616", 400),
		("/stats/rounds?limit=1001", 422),
		("/stats/rounds?limit=-1", 400),
		("/stats/experiments?order=1", 400),
		("/api/optimization?domain=4000", 404),
		("/api/optimization?domain=0&search=a", 422),
		("/api/domain/4294967295", 404),
		("/api/history/4294967295", 404),
		("/api/champion/4294967295", 404),
		("/api/forecast/4294967295", 404),
		("/api/stream/4294967295", 404),
		("/api/stream/4294967295/round/4294967295", 404),
		("/chain/block/4294967295", 404),
		("/api/history/4000", 404),
		("/api/champion/4000", 404),
		("/api/champion/0?block=4000000000", 404),
		("/api/forecast/4000", 404),
		("/api/stream/4000", 404),
		("/api/stream/co2", 400),
		("/api/streams?limit=1001", 422),
		("/api/unpaid?account=alice", 400),
		("/api/reputation/alice", 400),
		("/tasks/claim", 405),
	] {
		let response = server.get(path).await?;
		let body = response.json()?;
		ensure!(response.status == expected, "{path}: {}\n{body}", response.head);
		ensure!(body["error"].is_string() && body["next"].is_string(), "{path}: {body}");
	}
	let long = format!("/{}", "x".repeat(100_000));
	ensure!(server.get(&long).await.map_or(true, |response| response.status >= 400), "a long path was accepted");
	let other = server.send("GET", "/health", &[("host", "example.org")], "").await?;
	ensure!(other.status == 403, "{}", other.head);
	Ok(())
}

async fn the_token_guards_writes_and_the_database(server: &Server, folder: &Path) -> Result<()> {
	ensure!(server.get("/stats/export").await?.status == 401);
	let wrong = server.send("GET", "/stats/export", &[("authorization", "Bearer 0000000000000000")], "").await?;
	ensure!(wrong.status == 403, "{}", wrong.head);
	let headers = [("content-type", "application/json")];
	ensure!(server.send("POST", "/tasks/claim", &headers, CLAIM).await?.status == 401);
	let bearer = format!("Bearer {TOKEN}");
	let export = server.send("GET", "/stats/export", &[("authorization", &bearer)], "").await?;
	ensure!(export.status == 200 && export.body.starts_with(b"SQLite format 3\0"), "{}", export.head);
	// The copy is a whole database of its own.
	let path = folder.join("copy.db");
	fs::write(&path, &export.body)?;
	let output = run("doin-worker", &["index", "check", "--olap-db", &path.display().to_string(), "--json"])?;
	ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
	Ok(())
}

/// Returns the next event of one of `kinds`.
async fn next(events: &mut Events, kinds: &[&str]) -> Result<Value> {
	loop {
		let event = tokio::time::timeout(LIMIT, events.next()).await.context("no event in time")??;
		if event["kind"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
			return Ok(event);
		}
	}
}

async fn events_arrive_as_they_happen(server: &Server) -> Result<()> {
	let mut events = server.events().await?;
	let best = next(&mut events, &["best"]).await?;
	ensure!(best["id"].is_null() && best["data"]["hash"].is_string(), "{best}");
	let block = next(&mut events, &["block"]).await?;
	ensure!(block["id"].is_u64() && block["block"].is_u64() && block["timestamp"].is_u64(), "{block}");
	let search = next(&mut events, &["search"]).await?;
	ensure!(search["data"]["searches"][0]["domain_id"] == 0, "{search}");
	let later = next(&mut events, &["block"]).await?;
	ensure!(later["block"].as_u64() > block["block"].as_u64(), "{later}");
	let recent = server.json("/api/events?limit=500").await?;
	let kinds: Vec<&str> = recent["events"].as_array().into_iter().flatten().filter_map(|event| event["kind"].as_str()).collect();
	ensure!(kinds.contains(&"block") && !kinds.contains(&"best") && !kinds.contains(&"search"), "{kinds:?}");
	Ok(())
}

async fn clients_that_come_and_go_harm_nobody(server: &Server) -> Result<()> {
	let mut idle = Vec::new();
	for _ in 0..100 {
		idle.push(server.events().await?);
	}
	let mut reader = server.events().await?;
	next(&mut reader, &["block"]).await?;
	ensure!(server.json("/health").await?["status"] == "ok");
	// Half of them leave without a word.
	idle.truncate(50);
	next(&mut reader, &["block"]).await?;
	Ok(())
}
