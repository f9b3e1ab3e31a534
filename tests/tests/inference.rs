//! A client buys answers of the champion of a development chain, checks them, and the money arrives, also after both were killed. A server
//! that lies is slashed within three blocks.

use anyhow::{Context, Result};
use doin_e2e::{
	accounts::{BOB, CHARLIE},
	commands::{amount, refused, report},
	http::Server,
	run,
	streams::CO2,
	wait_for, Node, Process, Worker,
};
use doin_primitives::{
	inference::{number_bytes, pairs_hash, window_nonce, Pair, Receipt},
	Hash, DOIN,
};
use serde_json::{json, Value};
use std::{
	io::{self, BufRead, BufReader, Read, Write},
	net::{Shutdown, SocketAddr, TcpListener, TcpStream},
	path::Path,
	process::Output,
	sync::{
		atomic::{AtomicBool, AtomicU32, Ordering},
		Arc,
	},
	time::Duration,
};
use subxt_signer::sr25519::{dev, Keypair};

const LIMIT: Duration = Duration::from_secs(300);
/// Price of one window: 0.2 DOIN, so that four of them are worth the fee of redeeming.
const PRICE: u128 = DOIN / 5;

/// Blocks after an answer in which its lie is slashed.
const SLASHED_WITHIN: u64 = 3;

/// Offers domain 0 for a development account.
fn offer(node: &Node, dev_key: &str) -> Result<()> {
	let made = report(
		node,
		&["offer", "make", "--domain", "0", "--price", "0.2DOIN", "--endpoint", "http://127.0.0.1:1", "--dev-key", dev_key],
	)?;
	assert_eq!(made["bond"], "200 DOIN", "{made}");
	Ok(())
}

/// Waits until a server answers for domain 0.
async fn answering(server: &Server) -> Result<Value> {
	wait_for("a server that answers", LIMIT, || async {
		let response = server.get("/models").await?;
		let models = response.json()?;
		Ok((response.status == 200 && models["models"][0]["domain_id"] == 0).then_some(models))
	})
	.await
}

/// Returns the arguments of a client that asks a server about the end of the demo series.
fn ask<'a>(url: &'a str, purse: &'a str) -> Vec<&'a str> {
	let input = ["infer", "--domain", "0", "--csv", CO2, "--column", "ppm", "--server", url, "--purse", purse];
	[&input[..], &["--deposit", "5DOIN", "--dev-key", "//Dave"]].concat()
}

/// Relays connections at a free port to a server, without end. An answer of a champion is withheld, and `is_answered` says that there was
/// one.
fn withhold(server: SocketAddr, is_answered: Arc<AtomicBool>) -> Result<SocketAddr> {
	let listener = TcpListener::bind("127.0.0.1:0")?;
	let address = listener.local_addr()?;
	std::thread::spawn(move || {
		for client in listener.incoming().flatten() {
			let is_answered = is_answered.clone();
			// Either side may leave.
			std::thread::spawn(move || relay(client, server, &is_answered));
		}
	});
	Ok(address)
}

/// Relays one connection.
fn relay(mut client: TcpStream, server: SocketAddr, is_answered: &AtomicBool) -> io::Result<()> {
	const PAID: &[u8] = b"POST /inference";
	const ANSWERED: &[u8] = b"HTTP/1.1 200";
	let mut server = TcpStream::connect(server)?;
	let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
	let mut request = [0; PAID.len()];
	from_client.read_exact(&mut request)?;
	to_server.write_all(&request)?;
	let sending = std::thread::spawn(move || {
		io::copy(&mut from_client, &mut to_server)?;
		to_server.shutdown(Shutdown::Write)
	});
	if request == PAID {
		let mut answer = [0; ANSWERED.len()];
		server.read_exact(&mut answer)?;
		if answer == ANSWERED {
			is_answered.store(true, Ordering::Relaxed);
			// Until the client has gone.
			return sending.join().unwrap_or(Ok(()));
		}
		client.write_all(&answer)?;
	}
	io::copy(&mut server, &mut client)?;
	Ok(())
}

/// Kills a client with SIGKILL after the server has answered, and before it gets the answer.
async fn kill_client(node: &Node, server: SocketAddr, folder: &Path, purse: &str) -> Result<()> {
	let is_answered = Arc::new(AtomicBool::new(false));
	let (withheld, node_url) = (format!("http://{}", withhold(server, is_answered.clone())?), node.url());
	let arguments = [&ask(&withheld, purse)[..], &["--url", &node_url]].concat();
	let arguments: Vec<String> = arguments.into_iter().map(Into::into).collect();
	let mut client = Process::start("doin-worker", &arguments, &folder.join("killed.log"))?;
	wait_for("an answer that is withheld", LIMIT, || {
		let checked = client.check();
		let is_answered = is_answered.load(Ordering::Relaxed);
		async move { checked.map(|()| is_answered.then_some(())) }
	})
	.await?;
	client.kill()
}

/// Ends a server as Ctrl-C does, kills it with SIGKILL while the voucher that it redeems waits for a block, and starts it again. A voucher
/// that is in a block within milliseconds ends the server without the kill.
async fn kill_while_redeeming(node: &Node, worker: &mut Worker) -> Result<()> {
	worker.process().interrupt()?;
	while worker.process().ended()?.is_none() {
		let waiting = node.call("author_pendingExtrinsics", []).await?;
		if waiting.as_array().is_some_and(|waiting| !waiting.is_empty()) {
			worker.crash()?;
			break;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	worker.start_again()
}

#[tokio::test]
async fn an_answer_is_bought_and_verified_and_the_money_arrives_also_after_a_crash() -> Result<()> {
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let purse = folder.path().join("purse.db").display().to_string();
	offer(&node, "//Bob")?;
	let mut worker = Worker::server(&node.url(), "//Bob")?;
	let server = Server::of(&mut worker).await?;
	answering(&server).await?;
	let url = format!("http://{}", server.0);

	// The free quota of this machine, without any key.
	let free = report(
		&node,
		&["infer", "--domain", "0", "--csv", CO2, "--column", "ppm", "--server", &url, "--free", "--purse", &purse],
	)?;
	assert_eq!(
		(&free["verified"], &free["price"], &free["channel"]),
		(&json!("right"), &json!("0 DOIN"), &Value::Null),
		"{free}"
	);

	let bought = report(&node, &ask(&url, &purse))?;
	assert_eq!((&bought["verified"], &bought["price"]), (&json!("right"), &json!("0.2 DOIN")), "{bought}");
	assert_eq!((&bought["values"], &bought["unit"]), (&free["values"], &json!("ppm")), "{bought}");
	assert_eq!(bought["values"][0].as_array().map(Vec::len), Some(13), "{bought}");
	let channel = bought["channel"].clone();

	// The server is killed: what it has taken is in its journal.
	worker.crash_and_restart()?;
	let server = Server::of_newest(&mut worker).await?;
	answering(&server).await?;
	let url = format!("http://{}", server.0);
	let id = channel.as_str().context("the answer was paid")?;
	let state = server.json(&format!("/channel/{id}")).await?;
	assert_eq!(amount(&state["voucher"]["cumulative"]), PRICE, "{state}");
	for _ in 0..2 {
		let again = report(&node, &ask(&url, &purse))?;
		assert_eq!((&again["verified"], &again["channel"]), (&json!("right"), &channel), "{again}");
	}
	refused(&node, &[&ask(&url, &purse)[..], &["--max-price", "0.1DOIN"]].concat(), &["--max-price", "Nothing was sent"])?;

	// A client that is killed between its voucher and the answer loses one price.
	kill_client(&node, server.0, folder.path(), &purse).await?;
	let state = server.json(&format!("/channel/{id}")).await?;
	assert_eq!(amount(&state["voucher"]["cumulative"]), 4 * PRICE, "{state}");
	let again = report(&node, &ask(&url, &purse))?;
	assert_eq!((&again["verified"], &again["price"], &again["channel"]), (&json!("right"), &json!("0.2 DOIN"), &channel));

	// Without the purse, the channel and its amount are found again.
	let lost = folder.path().join("lost.db").display().to_string();
	let listed = report(&node, &["channel", "list", "--purse", &lost, "--dev-key", "//Dave"])?;
	assert_eq!(listed[0]["channel"], channel, "{listed}");
	let again = report(&node, &ask(&url, &lost))?;
	assert_eq!((&again["verified"], &again["channel"]), (&json!("right"), &channel), "{again}");

	let before = node.call("doin_channel", [channel.clone()]).await?;
	assert_eq!((before["payee"].as_str(), &before["domain"]), (Some(BOB), &json!(0)), "{before}");
	kill_while_redeeming(&node, &mut worker).await?;
	let server = Server::of_newest(&mut worker).await?;
	answering(&server).await?;
	let state = server.json(&format!("/channel/{id}")).await?;
	assert_eq!(amount(&state["voucher"]["cumulative"]), 6 * PRICE, "{state}");
	worker.stop()?;
	let after = node.call("doin_channel", [channel.clone()]).await?;
	assert_eq!(amount(&after["paid"]), 6 * PRICE, "everything is redeemed once at the end: {after}");
	let demand = node.call("doin_demand", [json!(0), json!(1)]).await?;
	// It halves in a week, and some seconds have passed.
	let burned = 6 * PRICE / 1_000;
	assert!((burned * 99 / 100..=burned).contains(&amount(&demand[0]["demand"])), "{demand}");

	let closing = report(&node, &["channel", "close", id, "--purse", &purse, "--dev-key", "//Dave"])?;
	assert!(closing["ends"].is_u64() && closing["returned"].is_null(), "{closing}");
	Ok(())
}

/// A server that signs outputs which no model has computed.
struct Liar {
	key: Keypair,
	account: &'static str,
	genesis: Hash,
	model: Hash,
	/// Last finalized block.
	block: AtomicU32,
	/// Best block.
	best: AtomicU32,
	/// Best block when it lied last.
	lied: AtomicU32,
	/// `true` if the next receipts name another model than the champion.
	is_other: AtomicBool,
}

/// Returns bytes of JSON.
fn bytes<const N: usize>(text: &Value) -> [u8; N] {
	let digits = text.as_str().unwrap_or_default().trim_start_matches("0x");
	let bytes: Vec<u8> =
		(0..digits.len()).step_by(2).filter_map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect();
	bytes.try_into().unwrap_or([0; N])
}

fn hex(bytes: &[u8]) -> String {
	doin_e2e::state::hex(bytes)
}

impl Liar {
	/// Answers requests at a free port, without end.
	fn start(self: Arc<Self>) -> Result<SocketAddr> {
		let listener = TcpListener::bind("127.0.0.1:0")?;
		let address = listener.local_addr()?;
		std::thread::spawn(move || {
			for stream in listener.incoming().flatten() {
				// A client may leave.
				let _ = self.serve(stream);
			}
		});
		Ok(address)
	}

	fn serve(&self, mut stream: TcpStream) -> Result<()> {
		let (mut reader, mut first, mut length) = (BufReader::new(stream.try_clone()?), String::new(), 0);
		reader.read_line(&mut first)?;
		loop {
			let mut line = String::new();
			reader.read_line(&mut line)?;
			match line.trim_end().split_once(": ") {
				Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
				Some(_) => {}
				None => break,
			}
		}
		let mut body = vec![0; length];
		reader.read_exact(&mut body)?;
		let path = first.split(' ').nth(1).context("a path")?;
		let answer = match path {
			"/price" => json!({
				"account": self.account,
				"key": hex(&self.key.public_key().0),
				"genesis": hex(&self.genesis),
				"block": self.block.load(Ordering::Relaxed),
				"challenge": 24,
				"windows": 64,
				"domains": [{ "domain_id": 0, "price": PRICE.to_string(), "since": 0 }],
			}),
			"/inference" => self.lie(&serde_json::from_slice(&body)?),
			_ => json!({}),
		};
		let text = answer.to_string();
		write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())?;
		Ok(())
	}

	/// Returns a false answer to a request of one window, with a receipt that is signed as it should be.
	fn lie(&self, request: &Value) -> Value {
		let window: Vec<i32> =
			request["input"].as_array().into_iter().flatten().filter_map(|n| n.as_i64().map(|n| n as i32)).collect();
		self.lied.store(self.best.load(Ordering::Relaxed), Ordering::Relaxed);
		let (output, seed): (Vec<i32>, Hash) = (vec![1; 13], bytes(&request["nonce"]));
		let pair = Pair::new(&window_nonce(&seed, 0), &number_bytes(&window), &number_bytes(&output));
		let voucher = &request["voucher"];
		let model = if self.is_other.load(Ordering::Relaxed) { [7; 32] } else { self.model };
		let receipt = Receipt {
			domain: 0,
			block: self.block.load(Ordering::Relaxed),
			model,
			channel: bytes(&voucher["channel"]),
			cumulative: amount(&voucher["cumulative"]),
			price: PRICE,
			pairs: pairs_hash(&[pair]),
		};
		let signature = self.key.sign(&receipt.signed_bytes(&self.genesis)).0;
		json!({
			"domain_id": 0,
			"block": receipt.block,
			"model": hex(&model),
			"unit": "ppm",
			"names": [],
			"values": [[0.0]],
			"outputs": [output],
			"nonce": request["nonce"],
			"receipt": {
				"channel": voucher["channel"],
				"cumulative": voucher["cumulative"],
				"price": PRICE.to_string(),
				"pairs": [{ "input": hex(&pair.input), "output": hex(&pair.output) }],
				"key": hex(&self.key.public_key().0),
				"signature": hex(&signature),
			},
			"next": "0",
		})
	}
}

/// Runs a client that asks the liar.
async fn asked(node: &Node, liar: &Liar, arguments: &[&str]) -> Result<Output> {
	let url = node.url();
	let all: Vec<String> = [arguments, &["--url", &url, "--json"]].concat().into_iter().map(Into::into).collect();
	let asking = tokio::task::spawn_blocking(move || run("doin-worker", &all.iter().map(String::as_str).collect::<Vec<_>>()));
	while !asking.is_finished() {
		liar.block.store(node.finalized().await?, Ordering::Relaxed);
		liar.best.store(node.best().await?, Ordering::Relaxed);
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
	asking.await?
}

/// Runs a client that is lied to. Returns its report and its errors.
async fn lied(node: &Node, liar: &Liar, arguments: &[&str]) -> Result<(Value, String)> {
	let output = asked(node, liar, arguments).await?;
	let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
	assert!(!output.status.success(), "a false answer was accepted: {text}");
	Ok((serde_json::from_str(&text).with_context(|| format!("no report: {text}\n{errors}"))?, errors))
}

/// Accuses the servers of what a purse has kept. Returns the report, also if one was not slashed.
fn accused(node: &Node, purse: &str) -> Result<Value> {
	let url = node.url();
	let output = run("doin-worker", &["accuse", "--purse", purse, "--dev-key", "//Dave", "--url", &url, "--json"])?;
	let errors = String::from_utf8_lossy(&output.stderr);
	serde_json::from_slice(&output.stdout).with_context(|| format!("no report: {errors}"))
}

#[tokio::test]
async fn a_server_that_lies_is_found_by_its_client_and_slashed() -> Result<()> {
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let purse = folder.path().join("purse.db").display().to_string();
	// An honest server names the hash of the champion.
	offer(&node, "//Bob")?;
	offer(&node, "//Charlie")?;
	let offered = node.best().await?;
	// Clients read offers of finalized blocks.
	wait_for("the finality of both offers", LIMIT, || async { Ok((node.finalized().await? >= offered).then_some(())) }).await?;
	let mut worker = Worker::server(&node.url(), "//Bob")?;
	let models = answering(&Server::of(&mut worker).await?).await?;
	let genesis = node.call("chain_getBlockHash", [json!(0)]).await?;
	let liar = Arc::new(Liar {
		key: dev::charlie(),
		account: CHARLIE,
		genesis: bytes(&genesis),
		model: bytes(&models["models"][0]["model"]),
		block: AtomicU32::new(node.finalized().await?),
		best: AtomicU32::new(node.best().await?),
		lied: AtomicU32::new(0),
		is_other: AtomicBool::new(false),
	});
	let url = format!("http://{}", liar.clone().start()?);
	let output = asked(&node, &liar, &[&ask(&url, &purse)[..], &["--trust"]].concat()).await?;
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let trusted: Value = serde_json::from_slice(&output.stdout)?;
	assert_eq!((&trusted["verified"], &trusted["slash"]), (&json!("trusted"), &Value::Null), "{trusted}");
	let (kept, errors) = lied(&node, &liar, &[&ask(&url, &purse)[..], &["--no-accuse"]].concat()).await?;
	assert_eq!((&kept["verified"], &kept["slash"]), (&json!("false"), &Value::Null), "{kept}\n{errors}");

	liar.is_other.store(true, Ordering::Relaxed);
	let (other, errors) = lied(&node, &liar, &ask(&url, &purse)).await?;
	assert_eq!(
		(&other["verified"], &other["slash"]["slashed"]),
		(&json!("other_model"), &json!("100 DOIN")),
		"{other}\n{errors}"
	);
	assert_eq!((&other["slash"]["reward"], &other["slash"]["compensation"]), (&json!("10 DOIN"), &json!("1 DOIN")), "{other}");
	let (answered, slashed) = (liar.lied.load(Ordering::Relaxed), other["slash"]["block"].as_u64().context("a block")?);
	assert!(slashed <= u64::from(answered) + SLASHED_WITHIN, "slashed in block {slashed} for a lie in block {answered}");

	// What the purse has kept proves the first lie, although its client has checked nothing, and takes the rest of the bond.
	let accused = self::accused(&node, &purse)?;
	let lie = &accused["lies"][0];
	assert_eq!((&accused["checked"], &lie["slash"]["slashed"], &lie["refusal"]), (&json!(2), &json!("100 DOIN"), &Value::Null));
	assert_eq!((&lie["slash"]["reward"], &lie["slash"]["compensation"]), (&json!("10 DOIN"), &json!("1 DOIN")), "{accused}");
	let late = &accused["lies"][1];
	assert!(late["slash"].is_null() && late["refusal"].is_string(), "nothing is left of the bond: {accused}");
	let again = self::accused(&node, &purse)?;
	assert_eq!(again, json!({ "checked": 0, "lies": [] }), "one slash for one lie, and no fee for another attempt");
	let offers = node.call("doin_offers", [json!(0)]).await?;
	let servers: Vec<&Value> = offers.as_array().into_iter().flatten().map(|offer| &offer["who"]).collect();
	assert_eq!(servers, [&json!(BOB)], "the offer of the liar is gone");
	Ok(())
}
