//! Memory of the server and of the page, and delay of a role, over an hour of events at ten times real speed: six minutes.
//!
//! `cargo bench --workspace --bench clients -- [--clients N] [--seconds N] [--page FOLDER]`; 1,000 clients of `/events` and 360 seconds
//! by default. A block is published every 600 ms with 20 events, the new best block and the state of the searches, and `/status` is
//! read after each one. The delay is that of a timer of 5 ms in the same runtime of two threads that the worker has: what a role waits
//! longer for its turn. With `--page`, a folder that has `tests/browser` and its packages, Chromium shows the page meanwhile, one tab
//! after another; `scripts/bench.sh dashboard` prepares the folder.
//!
//! The memory is that of this process, which the clients and Chromium are not a part of. Its growth is the median of the last third of
//! the samples less that of the third before it. The benchmark fails if server or page grow more than [`MOST_SERVER_KIB`] or
//! [`MOST_PAGE_KIB`], if the page is painted later than [`MOST_PAINT_MS`], if an event is lost, or if the page reports an error.
//! Standard error says how far it is. It ends [`END`] after the last block at the latest; with few seconds the page takes two minutes
//! longer, since no growth can be told of fewer than six rounds of its tabs. Standard output has one line, the figures as JSON:
//!
//! ```text
//! {"clients":1000,"seconds":360,"blocks":600,"events":{"sent":…,"received":…,"clients_left":…},
//!  "server_kib":{"without_clients":…,"samples":[…],"growth":…},
//!  "page":{"heap_kib":[…],"heap_growth":…,"nodes":[…],"listeners":[…],"first_paint_ms":…,"errors":[]},
//!  "delay_us":{"median":…,"p99":…,"longest":…},"status_bytes":…}
//! ```

#[path = "simulated/source.rs"]
mod source;

use anyhow::{anyhow, ensure, Context, Result};
use doin_dashboard::{bind, Feed, Slot};
use doin_roles::serve::ServeSlot;
use serde_json::{json, Value};
use source::{at, training, Simulated};
use std::{
	io::Read,
	net::SocketAddr,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	sync::oneshot,
	task::JoinSet,
};

/// Time between two blocks: a tenth of six seconds.
const BLOCK: Duration = Duration::from_millis(600);
/// Events of a block that are kept.
const EVENTS: u32 = 20;
/// Passing events of a block.
const PASSING: u32 = 2;
/// Number of the first block, so that domains have champions and rounds.
const FIRST: u32 = 10_000;
/// Period of the timer whose delay is measured.
const TICK: Duration = Duration::from_millis(5);
/// Time in which all clients have to be connected.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time in which `/status` is answered.
const ANSWER: Duration = Duration::from_secs(30);
/// Time in which the page has shown its tabs often enough after the last block, and the clients end after the server has.
const END: Duration = Duration::from_secs(300);
/// Samples of the memory.
const SAMPLES: u32 = 24;
/// Growth of the server's memory that is not a leak: buffers of connections, and fragments of freed memory.
const MOST_SERVER_KIB: i64 = 2_048;
/// Growth of the page's heap that is not a leak, e.g. of compiled code.
const MOST_PAGE_KIB: i64 = 1_024;

/// Longest first contentful paint of the page, in milliseconds.
const MOST_PAINT_MS: i64 = 1_000;

/// Returns the text after an option.
fn text(name: &str) -> Option<String> {
	let arguments: Vec<String> = std::env::args().collect();
	let at = arguments.iter().position(|argument| argument == name)?;
	arguments.get(at + 1).cloned()
}

/// Returns the number after an option, or the default without the option.
fn number(name: &str, default: u64) -> Result<u64> {
	let Some(text) = text(name) else { return Ok(default) };
	text.parse::<u64>().with_context(|| format!("invalid {name} {text}: expected a whole number, e.g. {name} {default}"))
}

/// Returns the resident memory of the process in KiB; 0 where it is not known.
fn resident() -> u64 {
	let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
	let line = status.lines().find(|line| line.starts_with("VmRSS:"));
	line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

/// Reads the stream of events until it ends, and returns the number of events.
async fn client(address: SocketAddr) -> std::io::Result<u64> {
	let mut stream = TcpStream::connect(address).await?;
	stream.write_all(format!("GET /events HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
	let (mut buffer, mut matched, mut events) = ([0; 8_192], 0, 0);
	loop {
		let read = stream.read(&mut buffer).await?;
		if read == 0 {
			return Ok(events);
		}
		events += begun(&buffer[..read], &mut matched);
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

/// Reads the events with many clients until the server stops, and returns how many they got.
async fn clients(address: SocketAddr, count: u64) -> Result<u64> {
	let mut running = JoinSet::new();
	for _ in 0..count {
		running.spawn(client(address));
	}
	let mut events = 0;
	while let Some(ended) = running.join_next().await {
		events += ended?.context("a client was cut off")?;
	}
	Ok(events)
}

/// Reads `/status` once, and returns the length of the response.
async fn status(address: SocketAddr) -> Result<usize> {
	let answer = async {
		let mut stream = TcpStream::connect(address).await?;
		stream.write_all(format!("GET /status HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
		let mut response = Vec::new();
		stream.read_to_end(&mut response).await
	};
	let answered = tokio::time::timeout(ANSWER, answer).await;
	let length = answered.with_context(|| format!("/status has no answer within {} s", ANSWER.as_secs()))?;
	length.context("the server does not answer")
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
fn publish(feed: &Feed, block: u32) -> Result<()> {
	let (time, hash) = (Some(u64::from(block) * 6_000), at(block).hash);
	feed.pass("best", Some(block), json!({ "number": block, "hash": hash }));
	feed.pass("search", None, serde_json::to_value(training(block))?);
	feed.publish("block", Some(block), time, json!({ "hash": hash, "transactions": 9, "events": EVENTS }));
	for event in 1..EVENTS {
		let round = json!({ "domain": event, "number": block });
		let data = json!({ "round": round, "seat": event, "who": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" });
		let kind = ["Optimae.Revealed", "Recomputation.SumsRevealed", "Work.Queued", "Domains.HighWaterRaised"];
		feed.publish(kind[event as usize % kind.len()], Some(block), time, data);
	}
	Ok(())
}

/// Returns a list of delays whose memory is resident already, so that it does not grow while it is filled.
fn empty_delays(seconds: u64) -> Vec<Duration> {
	let most = (Duration::from_secs(seconds + PATIENCE.as_secs()).as_millis() / TICK.as_millis()) as usize;
	let mut found = vec![Duration::MAX; most];
	found.clear();
	found
}

/// A program that runs beside the server. Dropping the value ends it.
struct Beside(Child);

impl Beside {
	/// Starts a program whose output is its result.
	fn start(command: &mut Command) -> Result<Self> {
		let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
		Ok(Self(child.with_context(|| format!("starting {}", command.get_program().to_string_lossy()))?))
	}

	/// Starts the clients, as a process of its own: their memory is not the server's.
	fn clients(address: SocketAddr, count: u64) -> Result<Self> {
		let arguments = ["--bench", "--connect", &address.to_string(), "--clients", &count.to_string()].map(str::to_owned);
		Self::start(Command::new(std::env::current_exe()?).args(arguments))
	}

	/// Starts Chromium with the page.
	fn page(folder: &Path, address: SocketAddr, seconds: u64) -> Result<Self> {
		let variables = [("DOIN_PAGE", format!("http://{address}")), ("DOIN_SECONDS", seconds.to_string())];
		Self::start(Command::new("node").arg("soak.mjs").current_dir(folder).envs(variables))
	}

	/// Waits until the program ends, and returns what it printed. A program that does not end is killed.
	fn output(mut self, name: &str) -> Result<String> {
		let mut output = self.0.stdout.take().with_context(|| format!("the output of the {name}"))?;
		let reader = std::thread::spawn(move || {
			let mut text = String::new();
			output.read_to_string(&mut text).map(|_| text)
		});
		let start = Instant::now();
		let status = loop {
			if let Some(status) = self.0.try_wait()? {
				break status;
			}
			ensure!(start.elapsed() < END, "the {name} did not end within {} s", END.as_secs());
			std::thread::sleep(TICK);
		};
		let text = reader.join().map_err(|_| anyhow!("the output of the {name} was not read"))??;
		ensure!(status.success(), "the {name} ended with {status}: {text}");
		Ok(text)
	}
}

impl Drop for Beside {
	fn drop(&mut self) {
		// Nothing can be done about a program that has ended already.
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

/// Waits until the server serves all clients.
async fn connected(feed: &Feed, clients: u64) -> Result<()> {
	let start = Instant::now();
	while (feed.readers() as u64) < clients {
		let connected = feed.readers();
		ensure!(start.elapsed() < PATIENCE, "{connected} of {clients} clients are connected: raise the limit of open files");
		tokio::time::sleep(TICK).await;
	}
	Ok(())
}

/// Publishes blocks for some seconds, and returns samples of the memory.
async fn blocks(address: SocketAddr, feed: &Feed, best: &AtomicU32, count: u32) -> Result<Vec<u64>> {
	let (mut clock, mut samples) = (tokio::time::interval(BLOCK), Vec::new());
	for place in 0..count {
		clock.tick().await;
		best.store(FIRST + place, Ordering::Relaxed);
		publish(feed, FIRST + place)?;
		status(address).await?;
		if place % (count / SAMPLES).max(1) == 0 {
			samples.push(resident());
			eprintln!("block {place}: {} KiB, {} clients", resident(), feed.readers());
		}
	}
	// The last events are on their way.
	tokio::time::sleep(BLOCK).await;
	samples.push(resident());
	Ok(samples)
}

/// Returns the median of the last third of samples less that of the third before it.
fn growth(samples: &[u64]) -> i64 {
	let median = |part: &[u64]| {
		let mut part = part.to_vec();
		part.sort_unstable();
		part.get(part.len() / 2).copied().unwrap_or_default() as i64
	};
	let third = samples.len() / 3;
	let (rest, last) = samples.split_at(samples.len() - third);
	median(last) - median(&rest[rest.len() - third..])
}

/// Returns the figures of the page with the growth of its heap.
fn of_page(printed: &str) -> Result<Value> {
	let mut page: Value = serde_json::from_str(printed.trim()).with_context(|| format!("the page has no figures: {printed}"))?;
	let heap: Vec<u64> = page["heap_kib"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
	ensure!(heap.len() >= 6, "{} samples of the heap of the page are too few", heap.len());
	page["heap_growth"] = growth(&heap).into();
	Ok(page)
}

/// Returns what the figures must not show, as sentences.
fn faults(figures: &Value) -> Vec<String> {
	let mut faults = Vec::new();
	for (what, grown, most) in [
		("the server", &figures["server_kib"]["growth"], MOST_SERVER_KIB),
		("the page", &figures["page"]["heap_growth"], MOST_PAGE_KIB),
	] {
		// Without a page there is no growth.
		if let Some(grown) = grown.as_i64().filter(|grown| *grown > most) {
			faults.push(format!("{what} grows by {grown} KiB within a third of the time; {most} are allowed"));
		}
	}
	let events = &figures["events"];
	if events["sent"] != events["received"] {
		faults.push(format!("{} of {} events were received", events["received"], events["sent"]));
	}
	let paint = &figures["page"]["first_paint_ms"];
	if paint.as_i64() > Some(MOST_PAINT_MS) {
		faults.push(format!("the page is first painted after {paint} ms; {MOST_PAINT_MS} are allowed"));
	}
	faults.extend(figures["page"]["errors"].as_array().into_iter().flatten().map(|error| format!("the page reports {error}")));
	faults
}

/// Returns the figures as JSON.
async fn run(clients: u64, seconds: u64, page: Option<PathBuf>) -> Result<Value> {
	let bound = bind(([127, 0, 0, 1], 0).into()).await?;
	let (address, feed, slot) = (bound.address(), Feed::default(), Slot::waiting_for("ws://127.0.0.1:9944"));
	let best = Arc::new(AtomicU32::new(FIRST));
	slot.fill(Arc::new(Simulated(best.clone())));
	let (stop, stopped) = oneshot::channel::<()>();
	tokio::spawn(bound.serve(slot, feed.clone(), None, ServeSlot::default(), async move {
		// Ready once the sender is dropped.
		let _ = stopped.await;
	}));
	let found = Arc::new(parking_lot::Mutex::new(empty_delays(seconds)));
	let status_bytes = status(address).await?;
	let without_clients = resident();
	let readers = Beside::clients(address, clients)?;
	connected(&feed, clients).await?;
	eprintln!("{clients} clients: {} KiB, {without_clients} KiB without them", resident());
	let page = page.map(|folder| Beside::page(&folder, address, seconds)).transpose()?;
	tokio::spawn(delays(found.clone()));
	let count = (seconds * 1_000 / BLOCK.as_millis() as u64).max(1) as u32;
	let samples = blocks(address, &feed, &best, count).await?;
	if page.is_some() {
		eprintln!("the last block is published; the page ends once it has shown all its tabs six times");
	}
	let page = page.map(|page| page.output("page")).transpose()?;
	let clients_left = feed.readers();
	// The streams end, and with them the clients.
	drop(stop);
	let received: u64 = readers.output("clients")?.trim().parse()?;
	let mut found = std::mem::take(&mut *found.lock());
	found.sort_unstable();
	let at = |share: f64| found.get((found.len() as f64 * share) as usize).copied().unwrap_or_default().as_micros() as u64;
	Ok(json!({
		"clients": clients,
		"seconds": seconds,
		"blocks": count,
		"events": {
			"sent": clients * u64::from(count) * u64::from(EVENTS + PASSING),
			"received": received,
			"clients_left": clients_left,
		},
		"server_kib": { "without_clients": without_clients, "samples": samples, "growth": growth(&samples) },
		"page": page.as_deref().map(of_page).transpose()?,
		"delay_us": { "median": at(0.5), "p99": at(0.99), "longest": found.last().map(|last| last.as_micros() as u64) },
		"status_bytes": status_bytes,
	}))
}

/// Prints the events that clients got, or the figures.
async fn print() -> Result<()> {
	let count = number("--clients", 1_000)?;
	if let Some(address) = text("--connect") {
		println!("{}", clients(address.parse()?, count).await?);
		return Ok(());
	}
	let figures = run(count, number("--seconds", 360)?, text("--page").map(PathBuf::from)).await?;
	println!("{figures}");
	let faults = faults(&figures);
	ensure!(faults.is_empty(), "{}", faults.join("; "));
	Ok(())
}

fn main() -> Result<()> {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return Ok(());
	}
	let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
	runtime.block_on(print())
}
