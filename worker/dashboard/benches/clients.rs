//! Memory and delay of the server with many clients of `/events`, over an hour of events at ten times real speed: six minutes.
//!
//! `cargo bench --workspace --bench clients -- [--clients N] [--seconds N]`; 1,000 clients and 360 seconds by default. A block is
//! published every 600 ms with 20 events, and `/status` is read after each one, as a page does. The delay is that of a timer of 5 ms in
//! the same runtime of two threads that the worker has: what a role waits longer for its turn.
//!
//! Standard output has one line, the figures as JSON; `resident_kib` is the memory of server and clients together, which run in this
//! process:
//!
//! ```text
//! {"clients":1000,"seconds":360,"blocks":600,"events":{"sent":…,"received":…,"clients_left":…},
//!  "resident_kib":{"without_clients":…,"samples":[…],"growth":…},"delay_us":{"median":…,"p99":…,"longest":…},"status_bytes":…}
//! ```

use async_trait::async_trait;
use doin_chain::Account;
use doin_dashboard::{
	bind,
	shape::{Block, ChainMetrics, ChainStatus, Evidence, Forecast, History, Node, OneChampion, Reputation},
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
/// Time in which all clients have to be connected.
const PATIENCE: Duration = Duration::from_secs(60);
/// Samples of the memory.
const SAMPLES: u32 = 24;

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

	async fn champion(&self, _: u32, _: Option<u32>) -> Answer<OneChampion> {
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
	let (mut buffer, mut matched) = ([0; 8_192], 0);
	loop {
		let read = stream.read(&mut buffer).await?;
		if read == 0 {
			return Ok(());
		}
		events.fetch_add(begun(&buffer[..read], &mut matched), Ordering::Relaxed);
	}
}

/// Returns the number of events that begin in a part of a stream. `matched` bytes of the beginning ended the part before.
fn begun(part: &[u8], matched: &mut usize) -> u64 {
	const BEGINNING: &[u8] = b"data: ";
	let mut count = 0;
	for byte in part {
		*matched = match *byte == BEGINNING[*matched] {
			true => *matched + 1,
			false => usize::from(*byte == BEGINNING[0]),
		};
		if *matched == BEGINNING.len() {
			(count, *matched) = (count + 1, 0);
		}
	}
	count
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

/// Returns a list of delays whose memory is resident already, so that it does not grow while it is filled.
fn empty_delays(seconds: u64) -> Vec<Duration> {
	let most = (Duration::from_secs(seconds + PATIENCE.as_secs()).as_millis() / TICK.as_millis()) as usize;
	let mut found = vec![Duration::MAX; most];
	found.clear();
	found
}

/// Connects clients, and waits until the server serves all of them.
async fn connect(address: SocketAddr, feed: &Feed, clients: u64, events: &Arc<AtomicU64>) {
	for _ in 0..clients {
		tokio::spawn(client(address, events.clone()));
	}
	let start = Instant::now();
	while (feed.readers() as u64) < clients {
		let connected = feed.readers();
		assert!(start.elapsed() < PATIENCE, "{connected} of {clients} clients are connected: raise the limit of open files");
		tokio::time::sleep(TICK).await;
	}
}

/// Returns the figures as JSON.
async fn run(clients: u64, seconds: u64) -> serde_json::Value {
	let bound = bind(([127, 0, 0, 1], 0).into()).await.expect("a port is free");
	let (address, feed, slot) = (bound.address(), Feed::default(), Slot::waiting_for("ws://127.0.0.1:9944"));
	slot.fill(Arc::new(Empty));
	tokio::spawn(bound.serve(slot, feed.clone(), None, std::future::pending()));
	let found = Arc::new(parking_lot::Mutex::new(empty_delays(seconds)));
	let status_bytes = status(address).await.expect("the server answers");
	let without_clients = resident();
	let events = Arc::new(AtomicU64::new(0));
	connect(address, &feed, clients, &events).await;
	eprintln!("{clients} clients: {} KiB, {without_clients} KiB without them", resident());
	tokio::spawn(delays(found.clone()));
	let blocks = (seconds * 1_000 / BLOCK.as_millis() as u64).max(1) as u32;
	let (mut clock, mut samples) = (tokio::time::interval(BLOCK), Vec::new());
	for block in 0..blocks {
		clock.tick().await;
		publish(&feed, block);
		status(address).await.expect("the server answers");
		if block % (blocks / SAMPLES).max(1) == 0 {
			samples.push(resident());
			eprintln!("block {block}: {} KiB, {} clients", resident(), feed.readers());
		}
	}
	// The last events are on their way.
	tokio::time::sleep(BLOCK).await;
	samples.push(resident());
	let mut found = std::mem::take(&mut *found.lock());
	found.sort_unstable();
	let at = |share: f64| found.get((found.len() as f64 * share) as usize).copied().unwrap_or_default().as_micros() as u64;
	let growth =
		samples.last().zip(samples.get(samples.len() / SAMPLES as usize)).map(|(last, early)| *last as i64 - *early as i64);
	json!({
		"clients": clients,
		"seconds": seconds,
		"blocks": blocks,
		"events": {
			"sent": clients * u64::from(blocks) * u64::from(EVENTS),
			"received": events.load(Ordering::Relaxed),
			"clients_left": feed.readers(),
		},
		"resident_kib": { "without_clients": without_clients, "samples": samples, "growth": growth },
		"delay_us": { "median": at(0.5), "p99": at(0.99), "longest": found.last().map(|last| last.as_micros() as u64) },
		"status_bytes": status_bytes,
	})
}

fn main() {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return;
	}
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be started");
	println!("{}", runtime.block_on(run(option("--clients", 1_000), option("--seconds", 360))));
}
