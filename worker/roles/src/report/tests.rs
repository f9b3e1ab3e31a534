//! Tests of the reporter against a chain of the test.

use super::{
	chain::OracleChain,
	collection::{ReportedStream, StreamName},
	policy::{last_wait, step, Step},
	stream::{decimals_of, layout_of, report_of, wanted_of},
	Reporter,
};
use crate::{
	config::ReportedConfig,
	fixtures::{ME, OTHER},
	journal::{Entry, Journal, Scope, State},
	participant::StreamChain,
};
use anyhow::{bail, Result};
use codec::{Decode, Encode};
use doin_chain::{Account, Call, Head, SubmitError, Urgency};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	oracle::{Reports, FIRST_STREAM},
	views::{BatchView, PollView, ReporterView, StreamView},
	BlockNumber, Hash,
};
use doin_sources::{Bars, Field, SourceConfig};
use parking_lot::Mutex;
use std::{
	io::{BufRead, BufReader, Write},
	net::TcpListener,
	path::PathBuf,
	sync::Arc,
	time::Duration,
};
use tokio::sync::watch;

const GENESIS: Hash = [1; 32];
/// Number of the first bar of every stream.
const START: u64 = 600;
/// Block in which the poll opens.
const OPENED: BlockNumber = 100;
/// Blocks of the commits.
const BLOCKS: BlockNumber = 10;

fn stream(id: u32, symbol: &str) -> StreamView<Account> {
	StreamView {
		id: FIRST_STREAM + id,
		symbol: symbol.into(),
		unit: "0.01 USD".into(),
		source: "median of three markets".into(),
		bar_ms: 300_000,
		batch: 3,
		fields: vec!["close".into(), "volume".into()],
		kept: 9_000,
		season: 1,
		scale: 100,
		horizon: 0,
		fee: 1,
		domain: None,
		owner: OTHER,
		pot: 1,
		awake: true,
		start: START,
		first: START,
		next: START,
		running: START + 3,
		paid_until: START,
	}
}

fn batch(id: u32, first: u64) -> BatchView {
	BatchView { stream: FIRST_STREAM + id, first, bars: 3 }
}

fn reporter(who: Account, committed: bool, revealed: bool) -> ReporterView<Account> {
	ReporterView { who, stake: 1, committed, revealed, polls: 0, unrevealed: 0, within: 0, outside: 0 }
}

fn poll(batches: Vec<BatchView>) -> PollView<Account> {
	PollView {
		id: 7,
		is_open: true,
		commits_until: OPENED + BLOCKS,
		reveals_until: OPENED + 2 * BLOCKS,
		batches,
		reporters: vec![reporter(OTHER, false, false), reporter(ME, false, false)],
	}
}

/// A chain with one poll.
#[derive(Clone)]
struct TestChain(Arc<Inner>);

struct Inner {
	head: watch::Sender<Head>,
	poll: Mutex<PollView<Account>>,
	streams: Vec<StreamView<Account>>,
	/// Calls that were included.
	sent: Mutex<Vec<Call>>,
	/// `true` while calls are lost.
	is_away: Mutex<bool>,
	/// Calls that fail, since the chain has another commitment.
	wrong: Mutex<Vec<Call>>,
}

impl TestChain {
	fn new(batches: Vec<BatchView>) -> Self {
		let streams = vec![stream(0, "BTC/USD"), stream(1, "ETH/USD")];
		let head = watch::Sender::new(at(OPENED));
		Self(Arc::new(Inner {
			head,
			poll: Mutex::new(poll(batches)),
			streams,
			sent: Mutex::default(),
			is_away: Mutex::default(),
			wrong: Mutex::default(),
		}))
	}

	fn advance(&self, number: BlockNumber) {
		self.0.head.send_replace(at(number));
	}

	fn seat(&self, change: impl Fn(&mut ReporterView<Account>)) {
		self.0.poll.lock().reporters.iter_mut().filter(|reporter| reporter.who == ME).for_each(change);
	}

	/// Goes to a branch on which the poll opens in block `opened`, with or without a commitment of the account.
	fn fork(&self, opened: BlockNumber, committed: bool) {
		let mut poll = self.0.poll.lock();
		(poll.commits_until, poll.reveals_until) = (opened + BLOCKS, opened + 2 * BLOCKS);
		drop(poll);
		self.seat(|seat| (seat.committed, seat.revealed) = (committed, false));
	}

	fn sent(&self) -> Vec<Call> {
		self.0.sent.lock().clone()
	}
}

fn at(number: BlockNumber) -> Head {
	Head { number, hash: [number as u8; 32] }
}

impl OracleChain for TestChain {
	async fn poll(&self, _: Head) -> Result<PollView<Account>> {
		Ok(self.0.poll.lock().clone())
	}
}

impl StreamChain for TestChain {
	fn account(&self) -> Account {
		ME
	}

	fn genesis(&self) -> Hash {
		GENESIS
	}

	fn head(&self) -> Head {
		*self.0.head.borrow()
	}

	async fn next_head(&self, seen: Head) -> Head {
		let mut heads = self.0.head.subscribe();
		let head = heads.wait_for(|head| *head != seen).await.unwrap();
		*head
	}

	async fn streams(&self, _: Head) -> Result<Vec<StreamView<Account>>> {
		Ok(self.0.streams.clone())
	}

	async fn send(&self, call: &Call, _: Urgency) -> Result<()> {
		if *self.0.is_away.lock() {
			bail!("the node is away");
		}
		if self.0.wrong.lock().contains(call) {
			self.0.sent.lock().push(call.clone());
			let (call, error, docs) = (call.to_string(), "Oracle::WrongReveal".into(), String::new());
			return Err(SubmitError::Failed { call, who: ME, error, docs }.into());
		}
		match call.to_string().as_str() {
			"Oracle.commit" => self.seat(|seat| seat.committed = true),
			"Oracle.reveal" => self.seat(|seat| seat.revealed = true),
			other => bail!("{other} is not a call of a reporter"),
		}
		self.0.sent.lock().push(call.clone());
		Ok(())
	}
}

/// A worker with a folder of its own.
struct Machine {
	folder: tempfile::TempDir,
	chain: TestChain,
	streams: Vec<ReportedConfig>,
}

impl Machine {
	fn new(batches: Vec<BatchView>) -> Self {
		let machine = Self { folder: tempfile::tempdir().unwrap(), chain: TestChain::new(batches), streams: Vec::new() };
		machine.write("btc.csv", &["64250.10", "64250.20", "64250.30", "64250.40"]);
		machine
	}

	/// Writes a file whose rows are the bars of a stream.
	fn write(&self, name: &str, closes: &[&str]) -> PathBuf {
		let row = |(at, close): (usize, &&str)| format!("{},{close},5\n", 1_700_000_000 + 300 * at);
		let rows: String = closes.iter().enumerate().map(row).collect();
		let path = self.folder.path().join(name);
		std::fs::write(&path, format!("timestamp,close,volume\n{rows}")).unwrap();
		path
	}

	fn file(&self, name: &str) -> SourceConfig {
		SourceConfig { csv: Some(self.folder.path().join(name)), ..Default::default() }
	}

	fn reports(mut self, symbol: &str, sources: Vec<SourceConfig>) -> Self {
		self.streams.push(ReportedConfig { symbol: Some(symbol.into()), sources, quorum: Some(1), ..Default::default() });
		self
	}

	fn journal(&self) -> Journal {
		Journal::open(&self.folder.path().join("worker.db")).unwrap()
	}

	/// Starts a worker.
	fn reporter(&self) -> Reporter<TestChain> {
		Reporter::new(self.chain.clone(), Arc::new(self.journal()), &self.streams, 0).unwrap()
	}

	/// Starts a worker, and lets it look at the chain in these blocks. The worker is stopped after that.
	async fn run(&self, blocks: impl IntoIterator<Item = BlockNumber>) {
		let mut reporter = self.reporter();
		for block in blocks {
			self.chain.advance(block);
			reporter.look(at(block)).await;
		}
	}

	fn entry(&self) -> Option<Entry> {
		self.journal().entry(Scope::Report(7), ME).unwrap()
	}

	/// Returns the closes that the journal holds, stream by stream.
	fn closes(&self) -> Vec<(u32, Vec<Option<i64>>)> {
		let reports: Reports = self.entry().unwrap().decode_payload().unwrap();
		let closes = |bars: &doin_primitives::oracle::Bars| bars.iter().map(|bar| bar.as_ref().map(|values| values[0])).collect();
		reports.iter().map(|report| (report.stream - FIRST_STREAM, closes(&report.bars))).collect()
	}
}

fn machine() -> Machine {
	let machine = Machine::new(vec![batch(0, START)]);
	let source = machine.file("btc.csv");
	machine.reports("BTC/USD", vec![source])
}

#[tokio::test]
async fn bars_are_committed_and_revealed_once() {
	let machine = machine();
	machine.run(OPENED..OPENED + 2 * BLOCKS).await;
	assert_eq!(machine.closes(), [(0, vec![Some(6_425_010), Some(6_425_020), Some(6_425_030)])]);
	let entry = machine.entry().unwrap();
	assert_eq!(entry.state, State::Revealed);
	let reports: Reports = entry.decode_payload().unwrap();
	// The commitment binds the validator, also where its proxy signs.
	assert_eq!(entry.commitment, commitment(Tag::Report, &GENESIS, &7u32, &ME, &payload_hash(&reports), &entry.salt));
	let calls = [Call::commit_reports(7, entry.commitment), Call::reveal_reports(7, &reports, entry.salt)];
	assert_eq!(machine.chain.sent(), calls);
}

#[tokio::test]
async fn one_commitment_holds_all_streams_in_order() {
	let machine = Machine::new(vec![batch(1, START), batch(0, START), batch(5, START)]);
	machine.write("eth.csv", &["3000", "", "3001.5", "1"]);
	let (eth, btc) = (machine.file("eth.csv"), machine.file("btc.csv"));
	let machine = machine.reports("ETH/USD", vec![eth]).reports("BTC/USD", vec![btc]);
	machine.run([OPENED]).await;
	let expected = [(0, vec![Some(6_425_010), Some(6_425_020), Some(6_425_030)]), (1, vec![Some(300_000), None, Some(300_150)])];
	assert_eq!(machine.closes(), expected, "a missing bar stays missing, and a stream that is not configured is left out");
	assert_eq!(machine.chain.sent().len(), 1);
}

#[tokio::test]
async fn a_worker_that_is_killed_reveals_after_its_next_start() {
	let machine = machine();
	machine.run([OPENED]).await;
	assert_eq!(machine.entry().unwrap().state, State::Committed);
	// The source states other bars meanwhile.
	machine.write("btc.csv", &["1", "2", "3", "4"]);
	machine.run([OPENED + 5, OPENED + BLOCKS + 1]).await;
	let entry = machine.entry().unwrap();
	let reveal = Call::reveal_reports(7, &entry.decode_payload().unwrap(), entry.salt);
	assert_eq!(machine.chain.sent(), [Call::commit_reports(7, entry.commitment), reveal]);
	assert_eq!(machine.closes()[0].1[0], Some(6_425_010));
}

#[tokio::test]
async fn a_worker_that_is_killed_before_its_commitment_is_sent_sends_the_same_one() {
	let machine = machine();
	*machine.chain.0.is_away.lock() = true;
	machine.run([OPENED]).await;
	let prepared = machine.entry().unwrap();
	assert_eq!((prepared.state, machine.chain.sent().len()), (State::Prepared, 0), "it is on the disk before it is sent");
	*machine.chain.0.is_away.lock() = false;
	machine.write("btc.csv", &["1", "2", "3", "4"]);
	machine.run([OPENED + 1]).await;
	assert_eq!(machine.chain.sent(), [Call::commit_reports(7, prepared.commitment)]);
}

#[tokio::test]
async fn a_worker_that_is_killed_before_it_hears_of_its_commitment_reveals() {
	let machine = machine();
	*machine.chain.0.is_away.lock() = true;
	machine.run([OPENED]).await;
	// The call was included all the same.
	machine.chain.seat(|seat| seat.committed = true);
	*machine.chain.0.is_away.lock() = false;
	machine.run([OPENED + 1, OPENED + BLOCKS]).await;
	let entry = machine.entry().unwrap();
	let reveal = Call::reveal_reports(7, &entry.decode_payload().unwrap(), entry.salt);
	assert_eq!(machine.chain.sent(), [reveal]);
}

#[tokio::test]
async fn without_the_journal_nothing_is_sent() {
	let machine = machine();
	machine.chain.seat(|seat| seat.committed = true);
	machine.run([OPENED, OPENED + BLOCKS, OPENED + BLOCKS + 1]).await;
	assert_eq!((machine.chain.sent(), machine.entry()), (vec![], None));
}

/// Returns the calls of an entry.
fn calls_of(entry: &Entry) -> (Call, Call) {
	let reveal = Call::reveal_reports(7, &entry.decode_payload().unwrap(), entry.salt);
	(Call::commit_reports(7, entry.commitment), reveal)
}

#[tokio::test]
async fn a_reveal_of_another_commitment_is_sent_once() {
	let machine = machine();
	machine.run([OPENED]).await;
	let (commit, reveal) = calls_of(&machine.entry().unwrap());
	machine.chain.0.wrong.lock().push(reveal.clone());
	machine.run(OPENED + BLOCKS - 1..OPENED + 2 * BLOCKS).await;
	assert_eq!(machine.chain.sent(), [commit, reveal], "each attempt costs a fee");
	assert_eq!(machine.entry().unwrap().state, State::Committed);
}

#[tokio::test]
async fn a_refusal_ends_with_its_branch() {
	let machine = machine();
	machine.run([OPENED]).await;
	let (commit, reveal) = calls_of(&machine.entry().unwrap());
	machine.chain.0.wrong.lock().push(reveal.clone());
	let mut reporter = machine.reporter();
	reporter.look(at(OPENED + BLOCKS)).await;
	// The chain goes to a branch that has no commitment yet.
	machine.chain.0.wrong.lock().clear();
	machine.chain.fork(OPENED, false);
	reporter.look(at(OPENED + BLOCKS - 3)).await;
	reporter.look(at(OPENED + BLOCKS)).await;
	assert_eq!(machine.chain.sent(), [commit.clone(), reveal.clone(), commit, reveal]);
}

#[tokio::test]
async fn the_commitment_of_each_branch_is_kept() {
	let machine = machine();
	machine.run([OPENED]).await;
	let first = machine.entry().unwrap();
	// A fork opens the poll one block later.
	machine.chain.fork(OPENED + 1, false);
	machine.run([OPENED + 1]).await;
	let second = machine.entry().unwrap();
	assert_ne!(second.commitment, first.commitment);
	// The chain returns to the first branch, at first to a block before the commitment.
	machine.chain.fork(OPENED, false);
	machine.run([OPENED + 1]).await;
	assert_eq!(machine.entry(), Some(first.clone()), "no third commitment is made");
	// It goes to the second one and back once more.
	machine.chain.fork(OPENED + 1, true);
	machine.run([OPENED + 2, OPENED + BLOCKS + 1]).await;
	assert_eq!(machine.entry(), Some(Entry { state: State::Revealed, ..second.clone() }));
	machine.chain.fork(OPENED, true);
	machine.run([OPENED + BLOCKS]).await;
	assert_eq!(machine.entry(), Some(Entry { state: State::Revealed, ..first.clone() }));
	let ((commit, reveal), (other_commit, other_reveal)) = (calls_of(&first), calls_of(&second));
	assert_eq!(machine.chain.sent(), [commit.clone(), other_commit, commit, other_reveal, reveal]);
}

/// Two entries have the windows of the poll, e.g. because an earlier worker has not recalled the first one.
#[tokio::test]
async fn another_entry_of_the_poll_is_tried_after_a_refusal() {
	let machine = machine();
	machine.run([OPENED]).await;
	let first = machine.entry().unwrap();
	let reports: Reports = first.decode_payload().unwrap();
	let second = Entry::prepare(first.scope, ME, &GENESIS, &reports, [9; 32], first.reveal_from..first.reveal_until);
	machine.journal().prepare(&second).unwrap();
	let ((commit, reveal), (_, wrong)) = (calls_of(&first), calls_of(&second));
	machine.chain.0.wrong.lock().push(wrong.clone());
	machine.run(OPENED + BLOCKS..OPENED + 2 * BLOCKS).await;
	assert_eq!(machine.chain.sent(), [commit, wrong, reveal]);
}

#[tokio::test]
async fn nothing_is_committed_without_any_bar() {
	let machine = Machine::new(vec![batch(0, START)]);
	let missing = machine.file("missing.csv");
	let machine = machine.reports("BTC/USD", vec![missing]);
	machine.run([OPENED, OPENED + 3]).await;
	assert_eq!((machine.chain.sent(), machine.entry()), (vec![], None));
	// The source is mended in time.
	machine.write("missing.csv", &["7", "8", "9"]);
	machine.run([OPENED + 5]).await;
	assert_eq!(machine.closes(), [(0, vec![Some(700), Some(800), Some(900)])]);
}

/// One source hangs, one fails, and one has the bars. The chain goes on meanwhile.
#[cfg(unix)]
#[tokio::test]
async fn sources_that_hang_or_fail_do_not_delay_the_report() {
	let machine = Machine::new(vec![batch(0, START)]);
	let program = |name: &str, script: &str| SourceConfig {
		name: Some(name.into()),
		program: Some(["sh", "-c", script].map(String::from).to_vec()),
		timeout: Some(600),
		..Default::default()
	};
	let sources = vec![program("hangs", "sleep 1000"), program("html", "echo '<html>'"), machine.file("btc.csv")];
	let machine = machine.reports("BTC/USD", sources);
	let chain = machine.chain.clone();
	let blocks = tokio::spawn(async move {
		for block in OPENED + 1..OPENED + BLOCKS {
			tokio::time::sleep(Duration::from_millis(300)).await;
			chain.advance(block);
		}
	});
	machine.run([OPENED]).await;
	assert_eq!(machine.closes(), [(0, vec![Some(6_425_010), Some(6_425_020), Some(6_425_030)])]);
	assert_eq!(machine.chain.sent().len(), 1);
	blocks.await.unwrap();
}

/// A program that has the last bar from its second start on.
#[cfg(unix)]
#[tokio::test]
async fn late_bars_are_asked_for_again() {
	let machine = Machine::new(vec![batch(0, START)]);
	let end = |bar: u64| (START + bar + 1) * 300;
	let (seen, early) = (machine.folder.path().join("seen"), format!("echo {},1,1,1,5; echo {},2,2,2,5;", end(0), end(1)));
	let script = format!("{early} test -e {0} && echo {1},3,3,3,5; touch {0}", seen.display(), end(2));
	let late =
		SourceConfig { program: Some(["sh".into(), "-c".into(), script].to_vec()), timeout: Some(600), ..Default::default() };
	let machine = machine.reports("BTC/USD", vec![late]);
	let chain = machine.chain.clone();
	let block = tokio::spawn(async move {
		while !seen.exists() {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
		chain.advance(OPENED + 1);
	});
	machine.run([OPENED]).await;
	assert_eq!(machine.closes(), [(0, vec![Some(100), Some(200), Some(300)])]);
	block.await.unwrap();
}

/// A program that takes some time for the bars of the batch.
#[cfg(unix)]
fn slow_source(seconds: &str) -> SourceConfig {
	let rows: String = (1..=3).map(|bar| format!("echo {},{bar},{bar},{bar},5; ", (START + bar) * 300)).collect();
	let script = format!("sleep {seconds}; {rows}");
	SourceConfig { program: Some(["sh".into(), "-c".into(), script].to_vec()), timeout: Some(600), ..Default::default() }
}

#[cfg(unix)]
#[tokio::test]
async fn sources_are_waited_for_at_the_last_block_of_the_commits_too() {
	let machine = Machine::new(vec![batch(0, START)]).reports("BTC/USD", vec![slow_source("0.2")]);
	let mut reporter = machine.reporter();
	reporter.least_wait = Duration::from_secs(600);
	let last = OPENED + BLOCKS - 2;
	machine.chain.advance(last);
	reporter.look(at(last)).await;
	drop(reporter);
	assert_eq!(machine.closes(), [(0, vec![Some(100), Some(200), Some(300)])]);
	assert_eq!(machine.chain.sent().len(), 1);
}

/// The test ends although the source hangs: at a new block, and after the least time.
#[cfg(unix)]
#[tokio::test]
async fn a_source_that_hangs_at_the_last_block_is_given_up() {
	let machine = Machine::new(vec![batch(0, START)]).reports("BTC/USD", vec![slow_source("1000")]);
	let mut reporter = machine.reporter();
	let last = OPENED + BLOCKS - 2;
	machine.chain.advance(last);
	reporter.least_wait = Duration::from_millis(10);
	reporter.look(at(last)).await;
	reporter.least_wait = Duration::from_secs(100_000);
	let chain = machine.chain.clone();
	let blocks = tokio::spawn(async move {
		for block in last + 1.. {
			tokio::time::sleep(Duration::from_millis(50)).await;
			chain.advance(block);
		}
	});
	reporter.look(at(last)).await;
	blocks.abort();
	assert_eq!(machine.chain.sent(), []);
}

/// Serves each request with the next of these bodies, and brings a block after it. Returns the URL.
fn server(chain: TestChain, bodies: Vec<String>) -> (String, std::thread::JoinHandle<()>) {
	let listener = TcpListener::bind("127.0.0.1:0").unwrap();
	let url = format!("http://{}/klines?startTime={{from}}&limit={{limit}}", listener.local_addr().unwrap());
	let serve = move || {
		for (body, block) in bodies.into_iter().zip(OPENED + 1..) {
			let (mut stream, _) = listener.accept().unwrap();
			let request = BufReader::new(stream.try_clone().unwrap());
			// The head of a request ends with an empty line.
			request.lines().map(Result::unwrap).find(|line| line.is_empty()).unwrap();
			write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
			chain.advance(block);
		}
	};
	(url, std::thread::spawn(serve))
}

#[tokio::test]
async fn a_market_under_maintenance_is_asked_again_at_the_next_block() {
	let machine = Machine::new(vec![batch(0, START)]);
	let row = |bar: u64| format!("[{},\"1\",\"9\",\"1\",\"{}\",\"5\"]", (START + bar) * 300, bar + 1);
	let rows: Vec<String> = (0..3).map(row).collect();
	let bodies = vec!["<html>maintenance</html>".into(), "Be back soon".into(), format!("[{}]", rows.join(","))];
	let (url, server) = server(machine.chain.clone(), bodies);
	let klines = SourceConfig { klines: Some(url), timeout: Some(600), ..Default::default() };
	let machine = machine.reports("BTC/USD", vec![klines]);
	machine.run([OPENED]).await;
	assert_eq!(machine.closes(), [(0, vec![Some(100), Some(200), Some(300)])]);
	assert_eq!(machine.chain.sent().len(), 1);
	server.join().unwrap();
}

fn entry(reveal: std::ops::Range<BlockNumber>, bars: usize) -> Entry {
	let bars = doin_primitives::oracle::Bars::try_from(vec![None; bars]).unwrap();
	let reports = Reports::try_from(vec![doin_primitives::oracle::Report { stream: FIRST_STREAM, bars }]).unwrap();
	Entry::prepare(Scope::Report(7), ME, &GENESIS, &reports, [9; 32], reveal)
}

#[test]
fn each_phase_has_its_step() {
	let (commits, reveals) = (OPENED + BLOCKS, OPENED + 2 * BLOCKS);
	let known = entry(commits..reveals, 3);
	let of = |next, committed, revealed, entry| {
		let poll = PollView { reporters: vec![reporter(ME, committed, revealed)], ..poll(vec![batch(0, START)]) };
		step(next, &poll, ME, entry)
	};
	assert_eq!(of(commits - 1, false, false, None), Step::Collect);
	assert_eq!(of(commits - 1, false, false, Some(&known)), Step::Commit, "also after a fork without the commitment");
	assert_eq!(of(commits - 1, true, false, Some(&known)), Step::Nothing);
	assert_eq!(of(commits, true, false, Some(&known)), Step::Reveal);
	assert_eq!(of(reveals - 1, true, false, Some(&known)), Step::Reveal);
	assert_eq!(of(commits, true, true, Some(&known)), Step::Nothing);
	assert_eq!(of(commits, false, false, Some(&known)), Step::Nothing, "too late");
	assert_eq!(of(commits, true, false, None), Step::Lost);
	assert_eq!(of(reveals, true, false, Some(&known)), Step::Nothing);
	let closed = PollView { is_open: false, ..poll(vec![batch(0, START)]) };
	assert_eq!(step(commits - 1, &closed, ME, None), Step::Nothing);
	assert_eq!(step(commits - 1, &poll(vec![]), Account([9; 32]), None), Step::NoReporter);
}

#[test]
fn an_entry_of_another_branch_is_not_used() {
	let (commits, reveals) = (OPENED + BLOCKS, OPENED + 2 * BLOCKS);
	let poll = poll(vec![batch(0, START)]);
	for other in [entry(commits + 1..reveals + 1, 3), entry(commits..reveals, 4)] {
		assert_eq!(step(commits - 1, &poll, ME, Some(&other)), Step::Collect);
	}
	let elsewhere = PollView { batches: vec![batch(1, START)], ..poll.clone() };
	assert_eq!(step(commits - 1, &elsewhere, ME, Some(&entry(commits..reveals, 3))), Step::Collect);
	let damaged = Entry { payload: vec![200], ..entry(commits..reveals, 3) };
	assert_eq!(step(commits - 1, &poll, ME, Some(&damaged)), Step::Collect);
}

#[test]
fn sources_are_waited_for_up_to_the_last_blocks_of_the_commits() {
	let of = |head, commits_until| last_wait(head, &PollView { commits_until, ..poll(vec![]) });
	assert_eq!([100, 103, 105, 106, 108].map(|head| of(head, 110)), [106, 106, 106, 107, 108]);
	assert_eq!([100, 101, 102].map(|head| of(head, 104)), [101, 102, 102], "a development chain");
	assert_eq!((of(0, 0), of(u32::MAX, u32::MAX)), (0, u32::MAX - 2));
}

#[test]
fn a_stream_whose_bars_are_not_asked_for_is_named_with_the_next_step() {
	let idle = |name: StreamName, streams: &[StreamView<Account>]| {
		ReportedStream { name, sources: Vec::new(), quorum: None, decimals: None }.idle(streams)
	};
	let eth = || StreamName::Symbol("ETH/USD".into());
	let asleep = StreamView { awake: false, ..stream(1, "ETH/USD") };
	let streams = [stream(0, "BTC/USD"), asleep];
	assert_eq!(idle(StreamName::Id(FIRST_STREAM), &streams), None);
	let sleeps = idle(eth(), &streams).unwrap();
	assert!(
		sleeps.contains("ETH/USD sleeps") && sleeps.contains("`doin-worker sponsor 2147483649 \"100 DOIN\" --key"),
		"{sleeps}"
	);
	let unknown = idle(StreamName::Id(5), &streams).unwrap();
	assert!(unknown.contains("no stream `5`"), "{unknown}");
	let [_, asleep] = streams;
	assert_eq!(idle(eth(), &[asleep, stream(2, "ETH/USD")]), None, "another stream has the symbol");
}

#[test]
fn decimals_are_those_of_the_unit() {
	let known = ["0.01 USD", "1 kWh", "0.1  °C", "0.00000001 BTC", "0.01"].map(decimals_of);
	assert_eq!(known, [2, 0, 1, 8, 2].map(Some));
	let unknown = ["USD", "", "0.05 USD", "0.010 USD", "10 USD", "0.0000000000000000001 X", "0.", "01 USD"].map(decimals_of);
	assert_eq!(unknown, [None; 8]);
	let error = layout_of(&StreamView { unit: "cents".into(), ..stream(0, "A") }, None).unwrap_err().to_string();
	assert!(error.contains("`cents`") && error.contains("set `decimals`"), "{error}");
	assert_eq!(layout_of(&StreamView { unit: "cents".into(), ..stream(0, "A") }, Some(3)).unwrap().decimals, 3);
	let other = layout_of(&StreamView { fields: vec!["open".into()], ..stream(0, "A") }, None).unwrap_err().to_string();
	assert!(other.contains("unknown field `open`"), "{other}");
}

#[test]
fn a_bar_of_the_chain_ends_where_the_next_one_begins() {
	let stream = stream(0, "A");
	let layout = layout_of(&stream, None).unwrap();
	assert_eq!((layout.origin, layout.fields.clone()), (601 * 300_000, vec![Field::Close, Field::Volume]));
	let wanted = wanted_of(&stream, &batch(0, START + 3)).unwrap();
	assert_eq!((wanted.first, wanted.last), (604 * 300_000, 606 * 300_000));
	assert_eq!(wanted.now, wanted.last, "the chain asks for bars that have ended, whatever a clock shows");
	let later = StreamView { running: START + 50, ..stream.clone() };
	assert_eq!(wanted_of(&later, &batch(0, START)).unwrap().now, 650 * 300_000);
	assert!(wanted_of(&stream, &BatchView { bars: 0, ..batch(0, START) }).is_err());
	let far = BatchView { first: u64::MAX, ..batch(0, START) };
	assert_eq!(wanted_of(&stream, &far).unwrap().count(&layout), 1, "numbers saturate");
}

#[test]
fn unknown_bars_are_left_out_of_a_report() {
	let stream = stream(0, "A");
	let layout = layout_of(&stream, None).unwrap();
	let end = |bar: u64| (START + bar + 1) * 300_000;
	let bars = Bars::from([(end(0), vec![5, 1]), (end(2), vec![7, 2])]);
	let report = report_of(&stream, &batch(0, START), &layout, &bars).unwrap().unwrap();
	let decoded: Vec<Option<Vec<i64>>> = Decode::decode(&mut &report.bars.encode()[..]).unwrap();
	assert_eq!(decoded, [Some(vec![5, 1]), None, Some(vec![7, 2])]);
	assert_eq!(report_of(&stream, &batch(0, START + 9), &layout, &bars).unwrap(), None);
	let wide = Bars::from([(end(0), vec![0; 5])]);
	assert!(report_of(&stream, &batch(0, START), &layout, &wide).is_err());
}
