//! Anchors of a development chain: published by the command `anchor` to a file, to a server and to another chain, and by a running worker
//! to a file and a chain; read back from all of them, and reported where one was tampered with.

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	commands::{refused, report},
	run, wait_for, Node, Worker, DEV_ROLES,
};
use serde_json::{json, Value};
use std::{
	fs,
	io::{BufRead, BufReader, Read, Write},
	net::{SocketAddr, TcpListener, TcpStream},
	path::Path,
	sync::{Arc, Mutex, PoisonError},
	thread,
	time::Duration,
};

/// Longest wait for a work block and its finality. A round takes about a minute, and not every round brings an improvement.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Exit code of a verification that found something that was tampered with.
const TAMPERED: i32 = 1;

/// A server that keeps the bodies of `POST`, one a line, and answers `GET` with all of them. Its thread ends with the process.
struct Archive {
	address: SocketAddr,
	kept: Arc<Mutex<String>>,
}

impl Archive {
	fn start() -> Result<Self> {
		let listener = TcpListener::bind("127.0.0.1:0")?;
		let (address, kept) = (listener.local_addr()?, Arc::new(Mutex::new(String::new())));
		let of_thread = kept.clone();
		thread::spawn(move || {
			for stream in listener.incoming().flatten() {
				// The worker reports a connection that fails.
				let _ = answer(stream, &of_thread);
			}
		});
		Ok(Self { address, kept })
	}

	fn url(&self) -> String {
		format!("http://{}/anchors", self.address)
	}

	fn text(&self) -> String {
		self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}

	fn set(&self, text: &str) {
		*self.kept.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
	}
}

/// Answers one request.
fn answer(stream: TcpStream, kept: &Mutex<String>) -> Result<()> {
	let mut reader = BufReader::new(stream);
	let (mut request, mut length) = (String::new(), 0);
	reader.read_line(&mut request)?;
	loop {
		let mut line = String::new();
		reader.read_line(&mut line)?;
		if line.trim().is_empty() {
			break;
		}
		if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
			length = value.trim().parse()?;
		}
	}
	let mut body = vec![0; length];
	reader.read_exact(&mut body)?;
	let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
	let mut text = String::new();
	match request.starts_with("POST ") {
		true => kept.push_str(&(String::from_utf8(body)? + "\n")),
		false => text.clone_from(&kept),
	}
	let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
	reader.get_mut().write_all((head + &text).as_bytes())?;
	Ok(())
}

/// Returns a hash of an anchor with its last digit changed.
fn changed(anchor: &Value, part: &str) -> Result<(String, String)> {
	let hash = anchor[part].as_str().context("a hash")?.to_owned();
	let (rest, last) = hash.split_at(hash.len() - 1);
	let other = format!("{rest}{}", if last == "0" { "1" } else { "0" });
	Ok((hash, other))
}

/// Checks that a verification finds something that was tampered with, and names `part`.
fn tampered(arguments: &[&str], part: &str) -> Result<()> {
	let output = run("doin-worker", arguments)?;
	let text = String::from_utf8_lossy(&output.stdout);
	let errors = String::from_utf8_lossy(&output.stderr);
	ensure!(output.status.code() == Some(TAMPERED), "{arguments:?}: {}\n{text}{errors}", output.status);
	ensure!(text.contains("TAMPERED") && text.contains(part), "`{part}` is missing in the report of {arguments:?}:\n{text}");
	Ok(())
}

#[tokio::test]
async fn an_anchor_is_published_to_three_places_and_tampering_with_any_is_reported() -> Result<()> {
	// Chains with other lengths have other networks.
	let (own, other) = tokio::try_join!(Node::dev_with_short_rounds(), Node::dev_with_fast_blocks())?;
	let (url, chain, archive) = (own.url(), other.url(), Archive::start()?);
	// The worker publishes too, by the table [anchor], to a file and a key of its own.
	let mut roles = Worker::anchoring(&url, &DEV_ROLES, &chain, "//Bob")?;
	let own_file = roles.base().join("anchors.jsonl");
	let http = archive.url();
	let places = ["--http", &http, "--chain", &chain];
	let folder = tempfile::tempdir()?;
	let file = folder.path().join("anchors.jsonl").display().to_string();
	let publish = ["anchor", "--url", &url, "--file", &file, "--dev-key", "//Charlie"];
	let mut publisher = Worker::start(&[&publish[..], &places].concat())?;
	wait_for("an anchor in both files", LIMIT, || {
		let running = roles.check().and_then(|()| publisher.check());
		let has_anchor = |file: &Path| fs::read_to_string(file).is_ok_and(|text| text.contains('\n'));
		let is_there = has_anchor(file.as_ref()) && has_anchor(&own_file);
		async move { running.map(|()| is_there.then_some(())) }
	})
	.await?;
	// No further anchor is published between the checks.
	publisher.stop()?;
	let published_by_role = fs::read_to_string(&own_file)?;
	roles.stop()?;

	let by_role = folder.path().join("by-role.jsonl").display().to_string();
	fs::write(&by_role, &published_by_role)?;
	let record: Value = serde_json::from_str(published_by_role.lines().next().context("a line")?)?;
	assert_eq!(record["anchor"]["genesis"], own.call("chain_getBlockHash", [json!(0)]).await?);
	let found = report(&own, &["anchor", "verify", "--file", &by_role, "--chain", &chain])?;
	assert!(found["verified"].as_u64() >= Some(2) && found["findings"] == json!([]), "file and remarks: {found}");

	let text = fs::read_to_string(&file)?;
	let record: Value = serde_json::from_str(text.lines().next().context("a line")?)?;
	let anchor = &record["anchor"];
	let hash = own.call("chain_getBlockHash", [anchor["block"].clone()]).await?;
	let header = own.call("chain_getHeader", [hash.clone()]).await?;
	assert_eq!((&anchor["hash"], &anchor["parent"], &anchor["stateRoot"]), (&hash, &header["parentHash"], &header["stateRoot"]));
	assert_eq!(anchor["genesis"], own.call("chain_getBlockHash", [json!(0)]).await?);
	assert_eq!(record["remark"]["genesis"], other.call("chain_getBlockHash", [json!(0)]).await?);
	assert_eq!(record["http"], json!(http));

	let verify = ["anchor", "verify", "--file", &file];
	let found = report(&own, &[&verify[..], &places].concat())?;
	assert!(found["verified"].as_u64() >= Some(3) && found["findings"] == json!([]), "{found}");

	let all = [&verify[..], &places, &["--url", &url]].concat();
	let kept = archive.text();
	let (hash, wrong) = changed(anchor, "hash")?;
	archive.set(&kept.replace(&hash, &wrong));
	tampered(&all, "HTTP server")?;
	archive.set("");
	tampered(&all, "does not list it any more")?;
	archive.set(&kept);
	let (hash, wrong) = changed(anchor, "stateRoot")?;
	fs::write(&file, text.replace(&hash, &wrong))?;
	tampered(&all, "other chain")?;
	tampered(&[&verify[..], &["--url", &url]].concat(), "state root")?;
	let (hash, wrong) = changed(&record["remark"], "hash")?;
	fs::write(&file, text.replace(&hash, &wrong))?;
	tampered(&all, "the remark is in one with hash")?;
	fs::write(&file, &text)?;
	report(&own, &[&verify[..], &places].concat())?;

	// A node of another history: here, of another network.
	tampered(&[&verify[..], &["--url", &chain]].concat(), "names the network with genesis")?;
	let once = ["anchor", "--once", "--dev-key", "//Charlie", "--chain", &url, "--file", "/nowhere/anchors.jsonl"];
	refused(&own, &once, &["is the own one", "another chain"])
}
