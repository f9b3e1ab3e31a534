//! Memory and delay of the server with many clients of `/events`, over an hour of events at ten times real speed.
//!
//! `cargo bench --workspace --bench clients -- [--clients N] [--seconds N]`; 1,000 clients and 360 seconds by default. A block is
//! published every 600 ms with 20 events, and `/status` is read after each one, as a page does. The delay is that of a timer of 5 ms in
//! the same runtime of two threads that the worker has: what a role waits longer for its turn.

use async_trait::async_trait;
use doin_chain::Account;
use doin_dashboard::{
	bind,
	shape::{Block, ChainMetrics, ChainStatus, Evidence, Forecast, History, Node, Reputation},
	Answer, Feed, Slot, Source, SourceError, Views,
};
use serde_json::json;
use std::{
	net::SocketAddr,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

/// Time between two blocks: a tenth of six seconds.
const BLOCK: Duration = Duration::from_millis(600);
/// Events of a block.
const EVENTS: u32 = 20;
/// Period of the timer whose delay is measured.
const TICK: Duration = Duration::from_millis(5);

/// Source with empty views.
struct Empty;

fn none<T>() -> Answer<T> {
	Err(SourceError::not_found("the benchmark has no chain", "ask for /status"))
}

#[async_trait]
impl Source for Empty {
	async fn node(&self) -> Answer<Node> {
		Ok(Node::default())
	}

	async fn chain(&self) -> Answer<ChainStatus> {
		Ok(ChainStatus::default())
	}

	async fn blocks(&self, _: u32, _: u32) -> Answer<Vec<Block>> {
		Ok(Vec::new())
	}

	async fn views(&self) -> Answer<Arc<Views>> {
		Ok(Arc::default())
	}

	async fn metrics(&self) -> Answer<ChainMetrics> {
		Ok(ChainMetrics::default())
	}

	async fn evidence(&self, _: u32) -> Answer<Option<Evidence>> {
		Ok(None)
	}

	async fn reputation(&self, _: Account) -> Answer<Reputation> {
		none()
	}

	async fn history(&self, _: u32) -> Answer<History> {
		none()
	}

	async fn forecast(&self, _: u32) -> Answer<Forecast> {
		none()
	}
}

/// Returns the value of an option, or the default.
fn option(name: &str, default: u64) -> u64 {
	let arguments: Vec<String> = std::env::args().collect();
	let at = arguments.iter().position(|argument| argument == name);
	at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
}

/// Returns the resident memory of the process in KiB; 0 where it is not known.
fn resident() -> u64 {
	let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
	let line = status.lines().find(|line| line.starts_with("VmRSS:"));
	line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

/// Reads the stream of events until it ends, and counts the events.
async fn client(address: SocketAddr, events: Arc<AtomicU64>) -> std::io::Result<()> {
	let mut stream = TcpStream::connect(address).await?;
	stream.write_all(format!("GET /events HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
	let mut buffer = [0; 8_192];
	loop {
		let read = stream.read(&mut buffer).await?;
		if read == 0 {
			return Ok(());
		}
		let found = buffer[..read].windows(6).filter(|part| part == b"data: ").count();
		events.fetch_add(found as u64, Ordering::Relaxed);
	}
}

/// Reads `/status` once, and returns the length of the response.
async fn status(address: SocketAddr) -> std::io::Result<usize> {
	let mut stream = TcpStream::connect(address).await?;
	stream.write_all(format!("GET /status HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
	let mut response = Vec::new();
	stream.read_to_end(&mut response).await
}

/// Measures the delay of a timer for ever.
async fn delays(found: Arc<parking_lot::Mutex<Vec<Duration>>>) {
	loop {
		let before = Instant::now();
		tokio::time::sleep(TICK).await;
		found.lock().push(before.elapsed().saturating_sub(TICK));
	}
}

/// Publishes one block and its events.
fn publish(feed: &Feed, block: u32) {
	let time = Some(u64::from(block) * 6_000);
	feed.publish(
		"block",
		Some(block),
		time,
		json!({ "hash": format!("0x{}", "ab".repeat(32)), "transactions": 9, "events": EVENTS }),
	);
	for event in 1..EVENTS {
		let round = json!({ "domain": event, "number": block });
		let data = json!({ "round": round, "seat": event, "who": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" });
		feed.publish("Optimae.Revealed", Some(block), time, data);
	}
}

async fn run(clients: u64, seconds: u64) {
	let bound = bind(([127, 0, 0, 1], 0).into()).await.expect("a port is free");
	let (address, feed, slot) = (bound.address(), Feed::default(), Slot::waiting_for("ws://127.0.0.1:9944"));
	slot.fill(Arc::new(Empty));
	tokio::spawn(bound.serve(slot, feed.clone(), None, std::future::pending()));
	status(address).await.expect("the server answers");
	let empty = resident();
	let events = Arc::new(AtomicU64::new(0));
	for _ in 0..clients {
		tokio::spawn(client(address, events.clone()));
	}
	while (feed.readers() as u64) < clients {
		tokio::time::sleep(TICK).await;
	}
	println!("{clients} clients: {} KiB, {} KiB without them", resident(), empty);
	let found = Arc::new(parking_lot::Mutex::new(Vec::new()));
	tokio::spawn(delays(found.clone()));
	let blocks = (seconds * 1_000 / BLOCK.as_millis() as u64).max(1) as u32;
	let mut clock = tokio::time::interval(BLOCK);
	for block in 0..blocks {
		clock.tick().await;
		publish(&feed, block);
		status(address).await.expect("the server answers");
		if block % (blocks / 6).max(1) == 0 {
			println!("block {block}: {} KiB, {} clients", resident(), feed.readers());
		}
	}
	clock.tick().await;
	let mut found = std::mem::take(&mut *found.lock());
	found.sort_unstable();
	let at = |share: f64| found.get((found.len() as f64 * share) as usize).copied().unwrap_or_default();
	println!(
		"delay of a timer: median {:?}, 99 % {:?}, longest {:?}",
		at(0.5),
		at(0.99),
		found.last().copied().unwrap_or_default()
	);
	let sent = clients * u64::from(blocks) * u64::from(EVENTS);
	println!("{} of {sent} events received by {} clients; {} KiB", events.load(Ordering::Relaxed), feed.readers(), resident());
}

fn main() {
	// Tests of all targets run this without a measurement.
	if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
		return;
	}
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be started");
	runtime.block_on(run(option("--clients", 1_000), option("--seconds", 360)));
}
