//! Answers per second of a server, its delay and its memory, with vouchers checked.
//!
//! `cargo bench --workspace --bench inference -- [--seconds N] [--requests N] [--minutes N] [--python FILE]`, after node and worker were
//! built; `scripts/bench.sh inference` does both.
//!
//! A development chain with a block each second crowns a net of the demo domain first, within ten minutes: the champion of its genesis
//! repeats a season, which costs nothing. Then a worker answers for it, and this process sends requests over the loopback interface, each
//! paid by a voucher of one of [`CLIENTS`] channels. Three parts follow:
//!
//! * batches of [`BATCH`] windows, as fast as they are answered, for `--seconds` (20);
//! * single windows, [`RATE`] a second for as long. Each has a time at which it is due, and its delay counts from then on, so a server that
//!   pauses is not spared the requests that wait;
//! * `--requests` (1,000,000) single windows, as fast as they are answered, for `--minutes` (20) at most, while the memory of the server is
//!   sampled. Its growth is the median of the last third of the samples less that of the third before it.
//!
//! `--python` names an interpreter with the packages of `benches/peers/requirements-inference.txt`: a plain server with ONNX Runtime then
//! answers the first two parts too, with a net of the shape of the champion. Server and sender share the cores. Standard error says how far
//! it is, standard output has one line of JSON:
//!
//! ```text
//! {"champion":{"window":…,"width":…,"depth":…,"skip":…,"bytes":…},"batches":{"answers_per_second":…},
//!  "single":{"per_second":…,"p50_ms":…,"p99_ms":…,"longest_ms":…},
//!  "memory":{"requests":…,"per_second":…,"kib":[…],"growth_kib":…},"peer":{"batches":…,"single":…}}
//! ```

use anyhow::{bail, ensure, Context, Result};
use doin_e2e::{
	commands::report,
	http::Server,
	soak::memory_kib,
	state::{bytes, hex},
	streams::CO2,
	until_signal, wait_for, Node, Worker, START,
};
use doin_primitives::{channel::Voucher, Hash, DOIN};
use serde_json::{json, Value};
use std::{
	net::{SocketAddr, TcpListener},
	path::Path,
	process::{Child, Command, Stdio},
	str::FromStr,
	sync::{
		atomic::{AtomicI64, AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use subxt::{
	dynamic::{self, Value as Dynamic},
	ext::scale_value::Composite,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::{dev, Keypair};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	net::TcpStream,
	task::JoinSet,
};

/// Connections, each with a channel of its own.
const CLIENTS: usize = 16;
/// Windows of a batch.
const BATCH: usize = 64;
/// Single requests per second whose delay is measured.
const RATE: u32 = 1_000;
/// Price of one window in plancks: so little that nothing is redeemed meanwhile.
const PRICE: u128 = 1_000;
/// Blocks for which the channels are open.
const LIFETIME: u128 = 20_000;
/// Longest time until a net is crowned.
const CROWNING: Duration = Duration::from_secs(600);
/// Longest time of a few blocks.
const LIMIT: Duration = Duration::from_secs(240);
/// Samples of the memory.
const SAMPLES: i64 = 30;
/// Places of the genes of the demo domain: window, width, depth and skip.
const GENES: [(&str, usize); 4] = [("window", 0), ("width", 1), ("depth", 2), ("skip", 7)];
/// Folder of the peer.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/peers");

/// Returns the text after an option.
fn option(name: &str) -> Option<String> {
	let arguments: Vec<String> = std::env::args().collect();
	let at = arguments.iter().position(|argument| argument == name)?;
	arguments.get(at + 1).cloned()
}

/// Returns the number after an option, or the default without the option.
fn number<T: FromStr>(name: &str, default: T) -> Result<T> {
	let Some(text) = option(name) else { return Ok(default) };
	text.parse().ok().with_context(|| format!("invalid {name} {text}: expected a whole number, e.g. {name} 20"))
}

/// A channel, and the amount that it has signed.
struct Payer {
	key: Keypair,
	channel: Hash,
	cumulative: u128,
}

impl Payer {
	/// Returns the next voucher as a field of a body.
	fn voucher(&mut self, windows: usize) -> String {
		self.cumulative += PRICE * windows as u128;
		let voucher = Voucher { channel: self.channel, cumulative: self.cumulative };
		let signature = hex(&self.key.sign(&voucher.signed_bytes()).0);
		let (channel, cumulative) = (hex(&self.channel), self.cumulative);
		format!(r#","voucher":{{"channel":"{channel}","cumulative":"{cumulative}","signature":"{signature}"}}"#)
	}
}

/// A connection to a server.
struct Client {
	stream: BufReader<TcpStream>,
	address: SocketAddr,
	/// Its channel; `None` for a server that is not paid.
	payer: Option<Payer>,
	/// Beginnings of the bodies of a single window, and of a batch.
	bodies: Arc<[String; 2]>,
}

impl Client {
	async fn connect(address: SocketAddr, payer: Option<Payer>, bodies: Arc<[String; 2]>) -> Result<Self> {
		let stream = TcpStream::connect(address).await?;
		stream.set_nodelay(true)?;
		Ok(Self { stream: BufReader::new(stream), address, payer, bodies })
	}

	/// Sends a request of one window, or of a batch, and returns the body of the answer.
	async fn ask(&mut self, windows: usize) -> Result<Vec<u8>> {
		let voucher = self.payer.as_mut().map(|payer| payer.voucher(windows)).unwrap_or_default();
		let beginning = &self.bodies[usize::from(windows > 1)];
		let (address, length) = (self.address, beginning.len() + voucher.len() + 1);
		let head = format!(
			"POST /inference HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
		);
		self.stream.get_mut().write_all(format!("{head}{beginning}{voucher}}}").as_bytes()).await?;
		let (mut line, mut length, mut is_answered) = (String::new(), 0, None);
		loop {
			line.clear();
			ensure!(self.stream.read_line(&mut line).await? > 0, "the server has closed the connection");
			let text = line.trim_end();
			if is_answered.is_none() {
				is_answered = Some(text.contains(" 200"));
			} else if text.is_empty() {
				break;
			} else if let Some((name, value)) = text.split_once(':') {
				if name.eq_ignore_ascii_case("content-length") {
					length = value.trim().parse()?;
				}
			}
		}
		let mut body = vec![0; length];
		self.stream.read_exact(&mut body).await?;
		ensure!(is_answered == Some(true), "a request was refused: {}", String::from_utf8_lossy(&body));
		Ok(body)
	}
}

/// Returns the beginnings of bodies with one window, and with a batch, of raw values of the demo series.
fn bodies(inputs: usize, head: &str) -> Result<Arc<[String; 2]>> {
	let text = std::fs::read_to_string(CO2)?;
	let value = |line: &str| Some((line.split(',').nth(1)?.parse::<f64>().ok()? * 100.0).round() as i32);
	let values: Vec<i32> = text.lines().skip(1).filter_map(value).collect();
	let windows: Vec<&[i32]> = values.windows(inputs).take(BATCH).collect();
	ensure!(windows.len() == BATCH, "{CO2} has too few rows");
	let body = |windows: &[&[i32]]| Ok::<_, serde_json::Error>(format!("{{{head}\"input\":{}", serde_json::to_string(windows)?));
	Ok(Arc::new([body(&windows[..1])?, body(&windows)?]))
}

/// Sends requests over all connections, as fast as they are answered, until the time is over or none is left. Returns the connections,
/// and the number of requests.
async fn as_fast_as_possible(
	clients: Vec<Client>,
	windows: usize,
	until: Instant,
	left: Arc<AtomicI64>,
) -> Result<(Vec<Client>, u64)> {
	let sent = Arc::new(AtomicU64::new(0));
	let mut running = JoinSet::new();
	for mut client in clients {
		let (left, sent) = (left.clone(), sent.clone());
		running.spawn(async move {
			while Instant::now() < until && left.fetch_sub(1, Ordering::Relaxed) > 0 {
				client.ask(windows).await?;
				sent.fetch_add(1, Ordering::Relaxed);
			}
			Ok::<_, anyhow::Error>(client)
		});
	}
	let clients = joined(running).await?;
	Ok((clients, sent.load(Ordering::Relaxed)))
}

/// Waits for tasks, and returns what they return.
async fn joined<T: 'static>(mut running: JoinSet<Result<T>>) -> Result<Vec<T>> {
	let mut all = Vec::with_capacity(running.len());
	while let Some(ended) = running.join_next().await {
		all.push(ended??);
	}
	Ok(all)
}

/// Sends batches, and returns the figures.
async fn batches(clients: Vec<Client>, seconds: u64) -> Result<(Vec<Client>, Value)> {
	let start = Instant::now();
	let until = start + Duration::from_secs(seconds);
	let (clients, sent) = as_fast_as_possible(clients, BATCH, until, Arc::new(AtomicI64::new(i64::MAX))).await?;
	let rate = (sent * BATCH as u64) as f64 / start.elapsed().as_secs_f64();
	eprintln!("batches of {BATCH}: {rate:.0} answers a second");
	Ok((clients, json!({ "answers_per_second": rate.round(), "requests": sent })))
}

/// Sends single windows at a fixed rate, and returns the figures.
async fn single(clients: Vec<Client>, seconds: u64) -> Result<(Vec<Client>, Value)> {
	let period = Duration::from_secs(clients.len() as u64) / RATE;
	let count = u32::try_from(seconds * u64::from(RATE) / clients.len() as u64)?;
	let start = tokio::time::Instant::now() + Duration::from_millis(100);
	let mut running = JoinSet::new();
	for (mut client, place) in clients.into_iter().zip(0u32..) {
		running.spawn(async move {
			let mut delays = Vec::with_capacity(count as usize);
			let first = start + Duration::from_secs(1) / RATE * place;
			for index in 0..count {
				let due = first + period * index;
				tokio::time::sleep_until(due).await;
				client.ask(1).await?;
				delays.push(due.elapsed());
			}
			Ok::<_, anyhow::Error>((client, delays))
		});
	}
	let (clients, delays): (Vec<Client>, Vec<Vec<Duration>>) = joined(running).await?.into_iter().unzip();
	let rate = f64::from(count) * clients.len() as f64 / start.elapsed().as_secs_f64();
	let mut delays: Vec<f64> = delays.into_iter().flatten().map(|delay| delay.as_secs_f64() * 1_000.0).collect();
	delays.sort_by(f64::total_cmp);
	let at = |part: f64| (delays[((delays.len() - 1) as f64 * part) as usize] * 100.0).round() / 100.0;
	eprintln!("{rate:.0} single windows a second: p50 {} ms, p99 {} ms, longest {} ms", at(0.5), at(0.99), at(1.0));
	Ok((clients, json!({ "per_second": rate.round(), "p50_ms": at(0.5), "p99_ms": at(0.99), "longest_ms": at(1.0) })))
}

/// Sends many single windows, and returns the figures with the memory of the process `server`.
async fn memory(mut clients: Vec<Client>, requests: i64, minutes: u64, server: u32) -> Result<Value> {
	let start = Instant::now();
	let until = start + Duration::from_secs(60 * minutes);
	let (mut kib, mut sent) = (Vec::new(), 0);
	for _ in 0..SAMPLES {
		let left = Arc::new(AtomicI64::new((requests / SAMPLES).max(1)));
		let (kept, count) = as_fast_as_possible(clients, 1, until, left).await?;
		(clients, sent) = (kept, sent + count);
		let [anonymous, _] = memory_kib(server)?;
		kib.push(anonymous);
		eprintln!("{sent} requests in {:.0} s: {anonymous:.0} KiB", start.elapsed().as_secs_f64());
		if Instant::now() >= until {
			break;
		}
	}
	let third = kib.len() / 3;
	let median = |part: &[f64]| {
		let mut sorted = part.to_vec();
		sorted.sort_by(f64::total_cmp);
		sorted.get(sorted.len() / 2).copied().unwrap_or_default()
	};
	let growth = median(&kib[kib.len() - third..]) - median(&kib[kib.len() - 2 * third..kib.len() - third]);
	let rate = sent as f64 / start.elapsed().as_secs_f64();
	Ok(json!({ "requests": sent, "per_second": rate.round(), "kib": kib, "growth_kib": growth }))
}

/// Lets a worker optimize until a net is the champion of the demo domain, and returns the champion.
async fn crowned(node: &Node) -> Result<Value> {
	eprintln!("a worker optimizes the demo domain until a net is crowned, for ten minutes at most");
	let url = node.url();
	let mut worker = Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db", "--olap-db", "none"])?;
	let champion = wait_for("a net that is crowned", CROWNING, || async {
		let champion = node.call("doin_champion", [json!(0)]).await?;
		Ok(champion["author"].is_string().then_some(champion))
	})
	.await?;
	worker.check()?;
	worker.stop()?;
	Ok(champion)
}

/// Opens a channel for each key, in one transaction, and returns them.
async fn opened(node: &Node, payee: &Keypair) -> Result<Vec<Payer>> {
	let keys: Vec<Keypair> =
		(1..=CLIENTS).map(|place| Ok::<_, anyhow::Error>(Keypair::from_secret_key([place as u8; 32])?)).collect::<Result<_>>()?;
	let open = |key: &Keypair| {
		let arguments = [
			("payee", Dynamic::from_bytes(payee.public_key().0)),
			("key", Dynamic::from_bytes(key.public_key().0)),
			("deposit", Dynamic::u128(DOIN)),
			("lifetime", Dynamic::u128(LIFETIME)),
			("domain", Dynamic::unnamed_variant("Some", [Dynamic::u128(0)])),
		];
		dynamic::tx("Channels", "open", Composite::named(arguments)).into_value()
	};
	let calls = Dynamic::unnamed_composite(keys.iter().map(open));
	let batch = dynamic::tx("Utility", "batch_all", Composite::named([("calls", calls)]));
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	let mut transactions = client.tx().await?;
	transactions.sign_and_submit_then_watch_default(&batch, &dev::ferdie()).await?.wait_for_finalized_success().await?;

	let purse = tempfile::tempdir()?;
	let purse = purse.path().join("purse.db").display().to_string();
	let listed = report(node, &["channel", "list", "--purse", &purse, "--dev-key", "//Ferdie"])?;
	let mut payers = Vec::with_capacity(CLIENTS);
	for channel in listed.as_array().into_iter().flatten() {
		let view = node.call("doin_channel", [channel["channel"].clone()]).await?;
		let key = bytes(&view["key"])?;
		let Some(key) = keys.iter().find(|known| known.public_key().0.as_slice() == key) else { continue };
		let channel = Hash::try_from(bytes(&view["id"])?).ok().context("an identifier has 32 bytes")?;
		payers.push(Payer { key: key.clone(), channel, cumulative: 0 });
	}
	ensure!(payers.len() == CLIENTS, "{} of {CLIENTS} channels were found", payers.len());
	Ok(payers)
}

/// A plain server. Dropping the value ends it.
struct Peer(Child);

impl Drop for Peer {
	fn drop(&mut self) {
		// Its processes end with the first one, which passes the signal on.
		let _ = Command::new("kill").arg(self.0.id().to_string()).status();
		let _ = self.0.wait();
	}
}

/// Measures a plain server with a net of this shape.
async fn peer(python: &str, shape: &Value, inputs: usize, seconds: u64) -> Result<Value> {
	eprintln!("ONNX Runtime answers with a net of the same shape");
	let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
	let address = SocketAddr::from(([127, 0, 0, 1], port));
	let mut command = Command::new(python);
	command.arg("answer_server.py").args(["--port", &port.to_string(), "--inputs", &inputs.to_string(), "--outputs", "13"]);
	for name in ["window", "width", "depth"] {
		command.args([format!("--{name}"), shape[name].to_string()]);
	}
	if shape["skip"] != 0 {
		command.arg("--skip");
	}
	let child = command.current_dir(Path::new(PEERS)).stdout(Stdio::null()).spawn();
	let mut running = Peer(child.with_context(|| format!("{python} cannot be started: name an interpreter with --python"))?);
	let start = Instant::now();
	while Server(address).get("/models").await.is_err() {
		if let Some(status) = running.0.try_wait()? {
			bail!("the server with ONNX Runtime has ended with {status}: its errors are above");
		}
		ensure!(start.elapsed() < START, "the server with ONNX Runtime does not answer at {address}");
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
	let bodies = bodies(inputs, "")?;
	let mut clients = Vec::with_capacity(CLIENTS);
	for _ in 0..CLIENTS {
		clients.push(Client::connect(address, None, bodies.clone()).await?);
	}
	let (clients, batches) = batches(clients, seconds).await?;
	let (_, single) = single(clients, seconds).await?;
	Ok(json!({ "batches": batches, "single": single }))
}

/// Returns the shape of a champion by its genes.
fn shape(champion: &Value) -> Value {
	let genes = GENES.iter().map(|(name, place)| ((*name).to_owned(), champion["genes"][*place].clone()));
	let mut shape = Value::Object(genes.collect());
	shape["bytes"] = champion["bytes"].clone();
	shape
}

async fn figures() -> Result<Value> {
	let (seconds, requests) = (number::<u64>("--seconds", 20)?, number::<i64>("--requests", 1_000_000)?);
	let minutes = number::<u64>("--minutes", 20)?;
	ensure!(seconds > 0 && requests > 0 && minutes > 0, "--seconds, --requests and --minutes are whole numbers from 1 on");
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let shape = shape(&crowned(&node).await?);
	eprintln!("champion: {shape}");

	let offer = ["offer", "make", "--domain", "0", "--price", "0.000000001DOIN", "--endpoint", "http://127.0.0.1:1"];
	report(&node, &[&offer[..], &["--dev-key", "//Bob"]].concat())?;
	let payers = opened(&node, &dev::bob()).await?;
	let mut worker = Worker::server(&node.url(), "//Bob")?;
	let server = Server::of(&mut worker).await?;
	let models = wait_for("a server that answers", LIMIT, || async {
		let response = server.get("/models").await?;
		Ok((response.status == 200).then_some(response.json()?))
	})
	.await?;
	let inputs = models["models"][0]["inputs"].as_u64().context("a model has inputs")? as usize;

	let bodies = bodies(inputs, "\"domain_id\":0,\"client_id\":\"bench\",")?;
	let mut clients = Vec::with_capacity(CLIENTS);
	for payer in payers {
		clients.push(Client::connect(server.0, Some(payer), bodies.clone()).await?);
	}
	let first: Value = serde_json::from_slice(&clients[0].ask(BATCH).await?)?;
	ensure!(first["outputs"].as_array().map(Vec::len) == Some(BATCH), "a batch has an output per window: {first}");
	let (clients, batches) = batches(clients, seconds).await?;
	let (clients, single) = single(clients, seconds).await?;
	let memory = memory(clients, requests, minutes, worker.process().id()).await?;
	let serving = server.json("/api/serving").await?;
	ensure!(serving["unpaid"] == 0 && serving["refused"] == 0, "every request is paid and answered: {serving}");
	worker.stop()?;
	let peer = match option("--python") {
		Some(python) => peer(&python, &shape, inputs, seconds).await?,
		None => Value::Null,
	};
	Ok(json!({ "champion": shape, "batches": batches, "single": single, "memory": memory, "peer": peer }))
}

fn main() {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return;
	}
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be started");
	// The processes print the ends of their logs before.
	match runtime.block_on(until_signal(figures())) {
		Ok(figures) => println!("{figures}"),
		Err(error) => {
			eprintln!("error: {error:#}");
			std::process::exit(1);
		}
	}
}
