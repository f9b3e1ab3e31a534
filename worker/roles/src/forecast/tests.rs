//! Tests of the forecaster against a chain of the test.

use super::{
	chain::MarketChain,
	history::{joined, Learning},
	model::{Known, Model},
	policy::{expected_lead, longest_lead, refusal, skill_text, step, worthwhile_claim, Step},
	Forecaster,
};
use crate::{
	amount::Amount,
	config::{BiddingConfig, ForecastConfig},
	fixtures::{ME, OTHER},
	journal::{Entry, Journal, Scope, State},
	optimizer::BidLimits,
	participant::StreamChain,
};
use anyhow::{bail, Result};
use doin_chain::{Account, Call, ForecastValues, Head, SubmitError, Urgency};
use doin_forecaster::{Bar, Clock, Pair, Series, Terms};
use doin_market::{MAX_HORIZON, ONE};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	oracle::{StreamId, FIRST_STREAM},
	views::{
		BarsView, ForecastPhase, ForecastReference, ForecastRoundView, ForecastSeatView, ForecastSeatsView, ForecasterView,
		MarketRecordView, StreamView,
	},
	Balance, BlockNumber, Hash, RoundId, DOIN, MILLION, ONE_Q32, Q32,
};
use doin_sources::Field;
use parking_lot::Mutex;
use serde_json::{json, Value};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::watch;

const GENESIS: Hash = [1; 32];
/// Number of the first bar of the stream.
const START: u64 = 600;
/// Bars that stand.
const BARS: u64 = 400;
/// Block in which the round opens.
const OPENED: BlockNumber = 100;
/// Blocks in which a round takes commitments.
const COMMIT_BLOCKS: BlockNumber = 20;
/// First block in which it takes no commitments.
const COMMITS_END: BlockNumber = OPENED + COMMIT_BLOCKS;
/// First block in which it takes no reveals.
const REVEALS_END: BlockNumber = 700;
const WAGER: Balance = 2 * DOIN;
/// Skill of every forecast.
const SKILL: i64 = ONE / 4;
const ROUND: RoundId = RoundId { domain: FIRST_STREAM, number: 7 };

fn stream() -> StreamView<Account> {
	StreamView {
		id: FIRST_STREAM,
		symbol: "BTC/USD".into(),
		unit: "0.01 USD".into(),
		source: "median of three markets".into(),
		bar_ms: 300_000,
		batch: 6,
		fields: vec!["close".into(), "volume".into()],
		kept: 9_000,
		season: 1,
		scale: 100,
		horizon: 24,
		fee: 1,
		domain: None,
		owner: OTHER,
		pot: 1,
		awake: true,
		start: START,
		first: START,
		next: START + BARS,
		running: START + BARS + 1,
		paid_until: START + 9_000,
	}
}

fn round(phase: ForecastPhase) -> ForecastRoundView {
	ForecastRoundView {
		id: ROUND,
		phase,
		until: None,
		input_end: START + BARS,
		zero_bar: None,
		horizon_end: None,
		zero: None,
		reference: ForecastReference::RepeatLast,
		seats: 0,
		wagers: 0,
		least_wager: None,
		pot: 1_000 * DOIN,
		factor: None,
	}
}

fn committing() -> ForecastRoundView {
	ForecastRoundView { until: Some(COMMITS_END), least_wager: Some(DOIN), ..round(ForecastPhase::Committing) }
}

fn seat(who: Account, commitment: Hash) -> ForecastSeatView<Account> {
	ForecastSeatView { who, wager: WAGER, commitment, skill: None }
}

/// A chain with one stream and one round of its market.
#[derive(Clone)]
struct TestChain(Arc<Inner>);

struct Inner {
	head: watch::Sender<Head>,
	streams: Mutex<Vec<StreamView<Account>>>,
	has_market: Mutex<bool>,
	view: Mutex<Option<ForecastSeatsView<Account>>>,
	/// Record of the account.
	record: Mutex<Option<ForecasterView<Account>>>,
	/// Journal of the worker that runs.
	journal: Mutex<Option<Arc<Journal>>>,
	/// Calls that were included.
	sent: Mutex<Vec<Call>>,
	/// `true` while calls are lost.
	is_away: Mutex<bool>,
	/// Calls that fail, each with its error.
	failing: Mutex<BTreeMap<&'static str, &'static str>>,
}

impl TestChain {
	fn new() -> Self {
		let view = ForecastSeatsView { round: committing(), seats: Vec::new() };
		Self(Arc::new(Inner {
			head: watch::Sender::new(at(OPENED)),
			streams: Mutex::new(vec![stream()]),
			has_market: Mutex::new(true),
			view: Mutex::new(Some(view)),
			record: Mutex::default(),
			journal: Mutex::default(),
			sent: Mutex::default(),
			is_away: Mutex::default(),
			failing: Mutex::default(),
		}))
	}

	fn sent(&self) -> Vec<Call> {
		self.0.sent.lock().clone()
	}

	/// Changes the round.
	fn set(&self, round: ForecastRoundView) {
		if let Some(view) = &mut *self.0.view.lock() {
			view.round = round;
		}
	}

	fn wait(&self) {
		let (zero, end) = (START + BARS + 1, START + BARS + 1 + 3 + 24);
		let waiting = ForecastRoundView { zero_bar: Some(zero), horizon_end: Some(end), ..round(ForecastPhase::Waiting) };
		self.set(waiting);
	}

	fn open_reveals(&self) {
		let revealing = round(ForecastPhase::Revealing);
		self.set(ForecastRoundView { until: Some(REVEALS_END), zero: Some(5_000), ..revealing });
	}

	fn close(&self) {
		self.set(ForecastRoundView { factor: Some(ONE_Q32), ..round(ForecastPhase::Closed) });
	}

	fn seats(&self, change: impl FnOnce(&mut Vec<ForecastSeatView<Account>>)) {
		if let Some(view) = &mut *self.0.view.lock() {
			change(&mut view.seats);
		}
	}

	fn entry(&self) -> Option<Entry> {
		self.0.journal.lock().as_ref().and_then(|journal| journal.entry(Scope::Forecast(ROUND), ME).unwrap())
	}

	/// Does what a call does, if it is one that the journal accounts for.
	fn apply(&self, call: &Call) -> Result<()> {
		match call.to_string().as_str() {
			"Forecasts.commit" => {
				let entry = self.entry().expect("a commitment is in the journal before it is sent");
				assert_eq!(*call, Call::commit_forecast(ROUND, entry.commitment, WAGER));
				self.seats(|seats| seats.push(seat(ME, entry.commitment)));
				let seats = 1;
				let (increment, bound) = (0, None);
				*self.0.record.lock() = Some(ForecasterView { who: ME, standing: 0, bound, increment, seats });
			}
			"Forecasts.reveal" => {
				let entry = self.entry().expect("a reveal is of the journal");
				assert_eq!(*call, reveal_of(&entry));
				self.seats(|seats| {
					let own = seats.iter_mut().filter(|seat| seat.who == ME && seat.commitment == entry.commitment);
					own.for_each(|seat| seat.skill = Some(SKILL));
				});
			}
			"Forecasts.collect" | "Forecasts.clear" => {
				self.seats(|seats| seats.retain(|seat| seat.who != ME));
				self.0.view.lock().take_if(|view| view.seats.is_empty());
				if let Some(record) = &mut *self.0.record.lock() {
					record.seats = 0;
				}
			}
			"Forecasts.leave" => *self.0.record.lock() = None,
			"Forecasts.claim" => {}
			other => bail!("{other} is not a call of a forecaster"),
		}
		Ok(())
	}
}

fn at(number: BlockNumber) -> Head {
	Head { number, hash: [number as u8; 32] }
}

fn reveal_of(entry: &Entry) -> Call {
	Call::reveal_forecast(ROUND, &entry.decode_payload().unwrap(), entry.salt)
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
		Ok(self.0.streams.lock().clone())
	}

	async fn send(&self, call: &Call, _: Urgency) -> Result<()> {
		if *self.0.is_away.lock() {
			bail!("the node is away");
		}
		self.0.sent.lock().push(call.clone());
		if let Some(error) = self.0.failing.lock().get(call.to_string().as_str()) {
			let (call, error, docs) = (call.to_string(), (*error).into(), String::new());
			return Err(SubmitError::Failed { call, who: ME, error, docs }.into());
		}
		self.apply(call)
	}
}

impl MarketChain for TestChain {
	async fn slot_ms(&self, _: Head) -> Result<u64> {
		Ok(6_000)
	}

	async fn bars(&self, _: Head, _: StreamId, from: u64, count: u32) -> Result<Option<BarsView>> {
		let end = (START + BARS).min(from + u64::from(count));
		// A wave of eight bars.
		let bar = |number: u64| Some(vec![5_000 + 100 * (number % 8) as i64, 3]);
		Ok(Some(BarsView { first: from, bars: (from..end).map(bar).collect() }))
	}

	async fn rounds(&self, _: Head, _: StreamId) -> Result<Option<Vec<ForecastRoundView>>> {
		let round = self.0.view.lock().as_ref().map(|view| view.round.clone());
		let is_open = |round: &ForecastRoundView| !matches!(round.phase, ForecastPhase::Closed | ForecastPhase::Void);
		Ok(self.0.has_market.lock().then(|| round.into_iter().filter(is_open).collect()))
	}

	async fn round(&self, _: Head, round: RoundId) -> Result<Option<ForecastSeatsView<Account>>> {
		Ok(self.0.view.lock().clone().filter(|_| round == ROUND))
	}

	async fn record(&self, _: Head, stream: StreamId) -> Result<Option<MarketRecordView<Account>>> {
		if !*self.0.has_market.lock() {
			return Ok(None);
		}
		let forecaster = self.0.record.lock().clone();
		let rounds = ROUND.number + 1;
		Ok(Some(MarketRecordView { stream, rounds, commit_blocks: COMMIT_BLOCKS, weight: MILLION, mark: 0, forecaster }))
	}

	async fn price(&self, _: Head) -> Result<(Balance, Q32)> {
		Ok((50 * DOIN, ONE_Q32))
	}

	async fn send_as_anyone(&self, call: &Call, urgency: Urgency) -> Result<()> {
		self.send(call, urgency).await
	}
}

/// A worker with a folder of its own.
struct Machine {
	folder: tempfile::TempDir,
	chain: TestChain,
	config: ForecastConfig,
}

/// Script of a program that forecasts `values` values, and appends what it reads to a file.
fn script(values: usize, seen: &str) -> String {
	let closes = vec!["5100"; values].join(",");
	format!(
		"id=0\nwhile read line; do\necho \"$line\" >> {seen}\ncase $line in\n*on_truth*|*training_pair*) ;;\n\
		 *initialize*) id=$((id + 1)); echo '{{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{{\"version\":1}}}}' ;;\n\
		 *) id=$((id + 1)); echo '{{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{{\"closes\":[{closes}],\"zero\":5000}}}}' ;;\nesac\ndone\n"
	)
}

impl Machine {
	fn new() -> Self {
		Self::forecasting(24)
	}

	/// Returns a worker whose program forecasts `values` values.
	fn forecasting(values: usize) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let program = folder.path().join("model.sh");
		std::fs::write(&program, script(values, &folder.path().join("seen").display().to_string())).unwrap();
		let program = Some(vec!["sh".into(), program.display().to_string()]);
		let config = ForecastConfig { program, timeout: 600, ..ForecastConfig::new("BTC/USD", Amount(WAGER)) };
		Self { folder, chain: TestChain::new(), config }
	}

	fn journal_path(&self) -> PathBuf {
		self.folder.path().join("worker.db")
	}

	/// Starts a worker.
	fn forecaster(&self) -> Forecaster<TestChain> {
		// The journal of the earlier worker is locked until it is dropped.
		*self.chain.0.journal.lock() = None;
		let journal = Arc::new(Journal::open(&self.journal_path()).unwrap());
		*self.chain.0.journal.lock() = Some(journal.clone());
		let limits = BidLimits::from(&BiddingConfig::default());
		Forecaster::new(self.chain.clone(), journal, self.config.clone(), limits, 1).unwrap()
	}

	/// Starts a worker, and lets it look at the chain in these blocks. The worker is stopped after that. Returns `true` if it has left.
	async fn run(&self, blocks: impl IntoIterator<Item = BlockNumber>) -> bool {
		let mut forecaster = self.forecaster();
		let mut has_left = false;
		for block in blocks {
			self.chain.0.head.send_replace(at(block));
			has_left = forecaster.look(at(block)).await;
		}
		has_left
	}

	/// Waits until `is` holds for what the program has read, and returns that.
	async fn read_by_program(&self, is: impl Fn(&str) -> bool) -> String {
		let seen = self.folder.path().join("seen");
		let read = async {
			loop {
				let text = std::fs::read_to_string(&seen).unwrap_or_default();
				if is(&text) {
					return text;
				}
				tokio::time::sleep(Duration::from_millis(5)).await;
			}
		};
		tokio::time::timeout(Duration::from_secs(600), read).await.unwrap()
	}

	/// Returns the names of the calls that were included.
	fn calls(&self) -> Vec<String> {
		self.chain.sent().iter().map(Call::to_string).collect()
	}
}

#[tokio::test]
async fn a_forecast_is_committed_revealed_and_paid_once() {
	let machine = Machine::new();
	machine.run([OPENED, OPENED + 1]).await;
	let entry = machine.chain.entry().unwrap();
	let forecast: ForecastValues = entry.decode_payload().unwrap();
	assert_eq!((entry.state, forecast.to_vec()), (State::Committed, vec![100; 24]), "changes from the zero that was named");
	let hash = payload_hash(&forecast);
	assert_eq!(entry.commitment, commitment(Tag::Forecast, &GENESIS, &ROUND, &ME, &hash, &entry.salt));
	machine.chain.wait();
	machine.run([COMMITS_END, COMMITS_END + 1]).await;
	machine.chain.open_reveals();
	machine.run([600, 601]).await;
	let revealed = machine.chain.entry().unwrap();
	assert_eq!((revealed.state, revealed.reveal_until), (State::Revealed, REVEALS_END));
	machine.chain.close();
	machine.run([REVEALS_END, REVEALS_END + 1]).await;
	let commit = Call::commit_forecast(ROUND, entry.commitment, WAGER);
	assert_eq!(machine.chain.sent(), [commit, reveal_of(&entry), Call::collect_forecast(ROUND, ME)]);
	assert_eq!(machine.chain.entry().unwrap().state, State::Archived);
}

#[tokio::test]
async fn killed_between_commit_and_reveal_it_reveals_after_its_next_start() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	let entry = machine.chain.entry().unwrap();
	machine.chain.open_reveals();
	// The program forecasts something else meanwhile.
	std::fs::write(machine.folder.path().join("model.sh"), "exit 1").unwrap();
	machine.run([600]).await;
	assert_eq!(machine.chain.sent()[1..], [reveal_of(&entry)]);
}

#[tokio::test]
async fn killed_before_its_commitment_is_sent_it_sends_the_same_one() {
	let machine = Machine::new();
	*machine.chain.0.is_away.lock() = true;
	machine.run([OPENED]).await;
	let prepared = machine.chain.entry().unwrap();
	assert_eq!((prepared.state, machine.calls().len()), (State::Prepared, 0), "it is on the disk before it is sent");
	*machine.chain.0.is_away.lock() = false;
	machine.run([OPENED + 1]).await;
	assert_eq!(machine.chain.sent(), [Call::commit_forecast(ROUND, prepared.commitment, WAGER)]);
	assert_eq!(machine.chain.entry().unwrap().state, State::Committed);
}

#[tokio::test]
async fn killed_before_it_hears_of_its_commitment_it_reveals() {
	let machine = Machine::new();
	*machine.chain.0.is_away.lock() = true;
	machine.run([OPENED]).await;
	let entry = machine.chain.entry().unwrap();
	// The call was included all the same.
	machine.chain.seats(|seats| seats.push(seat(ME, entry.commitment)));
	*machine.chain.0.is_away.lock() = false;
	machine.chain.open_reveals();
	machine.run([600]).await;
	assert_eq!(machine.chain.sent(), [reveal_of(&entry)]);
}

#[tokio::test]
async fn a_commitment_that_a_fork_has_lost_is_sent_again() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	machine.chain.seats(Vec::clear);
	machine.run([OPENED + 1]).await;
	let commit = Call::commit_forecast(ROUND, machine.chain.entry().unwrap().commitment, WAGER);
	assert_eq!(machine.chain.sent(), [commit.clone(), commit]);
}

/// Another branch, or the node that a worker connects to next, may lack the round for a while.
#[tokio::test]
async fn a_round_that_was_gone_for_a_while_is_revealed() {
	let machine = Machine::new();
	let mut forecaster = machine.forecaster();
	forecaster.look(at(OPENED)).await;
	let entry = machine.chain.entry().unwrap();
	let hidden = machine.chain.0.view.lock().take();
	*machine.chain.0.record.lock() = None;
	forecaster.look(at(OPENED + 1)).await;
	assert_eq!(machine.chain.entry().unwrap().state, State::Archived);
	*machine.chain.0.view.lock() = hidden;
	machine.chain.open_reveals();
	forecaster.look(at(OPENED + 2)).await;
	assert_eq!(machine.chain.sent()[1..], [reveal_of(&entry)]);
	assert_eq!(machine.chain.entry().unwrap().state, State::Revealed);
}

#[tokio::test]
async fn the_wager_on_a_stream_that_is_not_forecast_any_more_is_revealed_and_collected() {
	let mut machine = Machine::new();
	machine.run([OPENED]).await;
	let entry = machine.chain.entry().unwrap();
	machine.config.symbol = Some("ETH/USD".into());
	let lost = machine.chain.0.view.lock().clone();
	machine.chain.seats(Vec::clear);
	machine.run([OPENED + 1]).await;
	assert_eq!(machine.calls().len(), 1, "no seat is taken there");
	*machine.chain.0.view.lock() = lost;
	machine.chain.open_reveals();
	let mut second = machine.forecaster().beside(None);
	second.look(at(599)).await;
	assert_eq!(machine.calls().len(), 1, "another forecaster of the worker does it");
	drop(second);
	machine.run([600]).await;
	machine.chain.close();
	machine.run([REVEALS_END]).await;
	assert_eq!(machine.chain.sent()[1..], [reveal_of(&entry), Call::collect_forecast(ROUND, ME)]);
}

/// A full disk refuses every change.
#[tokio::test]
async fn a_journal_that_cannot_be_written_stakes_nothing_and_reveals() {
	let full = |machine: &Machine| machine.chain.0.journal.lock().as_ref().unwrap().refuse_changes();
	let machine = Machine::new();
	machine.run([OPENED]).await;
	let entry = machine.chain.entry().unwrap();
	machine.chain.open_reveals();
	let mut forecaster = machine.forecaster();
	full(&machine);
	forecaster.look(at(600)).await;
	assert_eq!(machine.chain.sent()[1..], [reveal_of(&entry)]);

	let machine = Machine::new();
	let mut forecaster = machine.forecaster();
	full(&machine);
	forecaster.look(at(OPENED)).await;
	assert!(machine.calls().is_empty());
}

/// The wager is lost, and the deposit of the seat is not.
#[tokio::test]
async fn without_the_journal_the_seat_is_found_and_cleared() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	*machine.chain.0.journal.lock() = None;
	std::fs::remove_file(machine.journal_path()).unwrap();
	machine.chain.open_reveals();
	machine.run([600, 601]).await;
	assert_eq!(machine.calls(), ["Forecasts.commit"], "it cannot be revealed");
	machine.chain.close();
	machine.run([REVEALS_END, REVEALS_END + 1]).await;
	assert_eq!(machine.chain.sent()[1..], [Call::clear_forecast(ROUND, ME)]);
}

#[tokio::test]
async fn the_wager_of_a_void_round_is_collected() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	// The stream falls asleep before the bars of the round stand.
	machine.chain.0.streams.lock()[0].awake = false;
	machine.chain.set(round(ForecastPhase::Void));
	machine.run([300]).await;
	assert_eq!(machine.chain.sent()[1..], [Call::collect_forecast(ROUND, ME)]);
	assert_eq!(machine.chain.entry().unwrap().state, State::Archived);
}

#[tokio::test]
async fn the_wager_on_a_stream_that_is_retired_or_has_a_namesake_is_collected() {
	for streams in [vec![], vec![StreamView { id: FIRST_STREAM + 1, ..stream() }, StreamView { awake: false, ..stream() }]] {
		let machine = Machine::new();
		machine.run([OPENED]).await;
		*machine.chain.0.streams.lock() = streams;
		machine.chain.set(round(ForecastPhase::Void));
		machine.run([300]).await;
		assert_eq!(machine.chain.sent()[1..], [Call::collect_forecast(ROUND, ME)]);
	}
}

#[tokio::test]
async fn a_seat_that_was_displaced_is_not_fought_for() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	machine.chain.seats(|seats| *seats = vec![seat(OTHER, [9; 32])]);
	machine.chain.set(ForecastRoundView { seats: 128, least_wager: Some(2 * WAGER), ..committing() });
	machine.run([OPENED + 1, OPENED + 2]).await;
	machine.chain.wait();
	machine.run([COMMITS_END]).await;
	assert_eq!(machine.calls(), ["Forecasts.commit"]);
	assert_eq!(machine.chain.entry().unwrap().state, State::Archived);
}

/// Lets a worker look at a chain that was changed before. Returns the calls that were included.
async fn calls_after(change: impl FnOnce(&TestChain)) -> Vec<String> {
	let machine = Machine::new();
	change(&machine.chain);
	machine.run([OPENED, OPENED + 1]).await;
	assert_eq!(machine.chain.entry(), None);
	machine.calls()
}

#[tokio::test]
async fn nothing_is_staked_where_nothing_can_be_gained() {
	let none: Vec<String> = Vec::new();
	let full = ForecastRoundView { seats: 128, least_wager: Some(WAGER + 1), ..committing() };
	assert_eq!(calls_after(|chain| chain.set(full)).await, none);
	let poor = ForecastRoundView { pot: 7 * DOIN, ..committing() };
	assert_eq!(calls_after(|chain| chain.set(poor)).await, none);
	let late = ForecastRoundView { until: Some(OPENED + 1), ..committing() };
	assert_eq!(calls_after(|chain| chain.set(late)).await, none);
	assert_eq!(calls_after(|chain| chain.0.streams.lock().clear()).await, none);
	assert_eq!(calls_after(|chain| *chain.0.has_market.lock() = false).await, none);
	assert_eq!(calls_after(TestChain::wait).await, none);
	assert!(refusal(&ForecastRoundView { pot: 8 * DOIN, ..committing() }, WAGER).is_none());
}

#[tokio::test]
async fn a_call_that_fails_is_not_paid_for_again() {
	let machine = Machine::new();
	machine.chain.0.failing.lock().insert("Forecasts.commit", "Token::FundsUnavailable");
	let mut forecaster = machine.forecaster();
	for block in [OPENED, OPENED + 1, OPENED + 2] {
		forecaster.look(at(block)).await;
	}
	assert_eq!(machine.calls(), ["Forecasts.commit"]);
	drop(forecaster);

	let machine = Machine::new();
	machine.run([OPENED]).await;
	machine.chain.open_reveals();
	machine.chain.0.failing.lock().insert("Forecasts.reveal", "Forecasts::WrongReveal");
	machine.run(600..606).await;
	assert_eq!(machine.calls()[1..], ["Forecasts.reveal"; 3], "a fork may have refused the first one");
	machine.chain.0.failing.lock().insert("Forecasts.reveal", "Forecasts::NotRevealing");
	machine.run(606..611).await;
	assert_eq!(machine.calls().len(), 4 + 5, "another block takes it");
	assert_eq!(machine.chain.entry().unwrap().state, State::Committed, "it is not taken for revealed");
}

#[tokio::test]
async fn a_seat_that_another_account_has_collected_is_over() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	machine.chain.close();
	machine.chain.seats(|seats| seats[0].skill = Some(SKILL));
	machine.chain.0.failing.lock().insert("Forecasts.collect", "Forecasts::NoSeat");
	machine.run([REVEALS_END]).await;
	assert_eq!(machine.chain.entry().unwrap().state, State::Archived);
}

#[tokio::test]
async fn an_account_leaves_once_its_seats_are_collected() {
	let mut machine = Machine::new();
	machine.run([OPENED]).await;
	machine.config.leave = true;
	assert!(!machine.run([OPENED + 1]).await);
	machine.chain.open_reveals();
	assert!(!machine.run([600]).await);
	machine.chain.close();
	assert!(!machine.run([REVEALS_END]).await);
	assert!(machine.run([REVEALS_END + 1]).await);
	assert_eq!(machine.calls(), ["Forecasts.commit", "Forecasts.reveal", "Forecasts.collect", "Forecasts.leave"]);
	let idle = Machine { config: ForecastConfig { leave: true, ..machine.config.clone() }, ..Machine::new() };
	assert!(idle.run([OPENED]).await);
	assert!(idle.calls().is_empty(), "no seat is taken, and there is no record");
}

#[tokio::test]
async fn a_record_is_claimed_when_that_is_worth_its_fee() {
	let record = |increment| ForecasterView { who: ME, standing: ONE, bound: Some(ONE / 4), increment, seats: 0 };
	for (increment, expected) in [(ONE_Q32 / 8, vec!["Forecasts.claim"]), (ONE_Q32 / 1_024, vec![]), (0, vec![])] {
		let machine = Machine::new();
		machine.chain.wait();
		*machine.chain.0.record.lock() = Some(record(increment));
		machine.run([OPENED, OPENED + 1]).await;
		assert_eq!(machine.calls(), expected, "{increment}");
	}
	let of = |forecaster| MarketRecordView {
		stream: FIRST_STREAM,
		rounds: 8,
		commit_blocks: COMMIT_BLOCKS,
		weight: MILLION / 2,
		mark: 0,
		forecaster,
	};
	// A quarter of half a bit at 50 DOIN a bit, of which the author is paid 65 %.
	let price = (50 * DOIN, ONE_Q32);
	assert_eq!(worthwhile_claim(&of(Some(record(ONE_Q32 / 2))), price), Some(50 * DOIN / 8 * 65 / 100));
	assert_eq!(worthwhile_claim(&of(None), price), None);
}

#[tokio::test]
async fn a_program_that_forecasts_another_number_of_values_stakes_nothing() {
	for values in [23, 25] {
		let machine = Machine::forecasting(values);
		machine.run([OPENED, OPENED + 1]).await;
		assert_eq!((machine.calls(), machine.chain.entry()), (vec![], None));
	}
}

#[tokio::test]
async fn a_program_is_told_the_round_and_its_truth() {
	let machine = Machine::new();
	let mut forecaster = machine.forecaster();
	forecaster.look(at(OPENED)).await;
	machine.chain.wait();
	forecaster.look(at(COMMITS_END)).await;
	machine.chain.open_reveals();
	forecaster.look(at(600)).await;
	let is_truth = |line: &&str| line.contains("on_truth") && line.ends_with('}');
	let text = machine.read_by_program(|text| text.lines().any(|line| is_truth(&line))).await;
	let truth = text.lines().find(is_truth).unwrap();
	assert!(text.contains("\"lookback\":100") && text.contains("\"horizon\":24"), "{text}");
	assert!(truth.contains("\"round\":7") && truth.contains("\"zero\":5000"), "{truth}");
	// Bar 1 000 is the last one that stands here.
	let asked = text.lines().find(|line| line.contains("\"forecast\"")).unwrap();
	assert!(asked.contains("\"lead\":5") && asked.contains("[5700,3]"), "{asked}");
}

/// It has the time until the next round to learn.
#[tokio::test]
async fn a_program_is_given_training_pairs_before_it_is_asked() {
	let mut machine = Machine::new();
	(machine.config.pairs, machine.config.lookback) = (3, 16);
	machine.chain.wait();
	let mut forecaster = machine.forecaster();
	forecaster.look(at(OPENED)).await;
	let text = machine.read_by_program(|text| text.ends_with('\n') && text.lines().count() == 4).await;
	let messages: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	assert_eq!(messages[0]["method"], "initialize");
	let lead = messages[0]["params"]["lead"].as_u64().unwrap();
	// The first bar of the stream is the first one of a wave.
	let wave = |bar: u64| 5_000 + 100 * (bar % 8);
	for pair in &messages[1..] {
		assert_eq!((&pair["method"], &pair["id"]), (&json!("training_pair"), &Value::Null), "it has no answer");
		let round = pair["params"]["round"].as_u64().unwrap();
		assert_eq!(pair["params"]["bars"][15], json!([wave(round), 3]));
		assert_eq!(pair["params"]["closes"][0], json!(wave(round + lead)));
	}
	machine.chain.set(committing());
	machine.chain.0.head.send_replace(at(OPENED + 1));
	forecaster.look(at(OPENED + 1)).await;
	assert_eq!(machine.calls(), ["Forecasts.commit"]);
	let text = machine.read_by_program(|text| text.contains("\"forecast\"")).await;
	assert_eq!(text.matches("initialize").count(), 1, "the program that has learnt is asked");
}

#[tokio::test]
async fn a_program_that_is_to_learn_from_too_few_bars_stakes_nothing() {
	let mut machine = Machine::new();
	(machine.config.pairs, machine.config.lookback) = (3, 390);
	machine.run([OPENED, OPENED + 1]).await;
	assert_eq!((machine.calls(), machine.chain.entry()), (vec![], None));
}

#[test]
fn pairs_are_drawn_of_the_history_in_the_fields_of_the_stream() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("earlier.csv");
	let rows: String = (10..210).map(|close| format!("{close}\n")).collect();
	std::fs::write(&path, format!("close\n{rows}")).unwrap();
	let program = Some(vec!["sh".into()]);
	let (history, time) = (Some(path), Some("none".into()));
	let usual = ForecastConfig::new("BTC/USD", Amount(WAGER));
	let mut learning = Learning::open(&ForecastConfig { program, history, time, pairs: 9, ..usual }).unwrap();
	let live = Series {
		name: "BTC/USD".into(),
		column: "close".into(),
		bars: Vec::new(),
		fields: vec![Field::Close, Field::Volume],
		clock: None,
		decimals: 2,
	};
	let terms = Terms { horizon: 24, lookback: 16, lead: 5, batch: 6, season: 0, kept: 9_000, scale: None };
	let drawn = learning.pairs(&Arc::new(live), &terms).unwrap();
	assert_eq!(drawn.len(), 9);
	for Pair { window, zero, closes } in drawn {
		let last = 1_000 + 100 * window.round as i64;
		assert_eq!(window.bars.last(), Some(&Some(vec![last, 0])), "the file has no volume");
		assert_eq!(zero, last + 300);
		assert_eq!(closes, (5..29).map(|bars| Some(last + 100 * bars)).collect::<Vec<_>>());
	}
}

/// A program that ends after each answer is started again before it is asked.
#[tokio::test]
async fn a_program_that_ends_between_two_rounds_misses_none() {
	let folder = tempfile::tempdir().unwrap();
	let (program, started) = (folder.path().join("model.sh"), folder.path().join("started"));
	let closes = vec!["5100"; 24].join(",");
	let script = format!(
		"echo start >> {}\nread first\necho '{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"version\":1}}}}'\nread second\n\
		 echo '{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{{\"closes\":[{closes}],\"zero\":5000}}}}'\n",
		started.display()
	);
	std::fs::write(&program, script).unwrap();
	let program = Some(vec!["sh".into(), program.display().to_string()]);
	let config = ForecastConfig { program, timeout: 600, ..ForecastConfig::new("BTC/USD", Amount(WAGER)) };
	let model = Model::open(&config, 1).unwrap();
	let series = Series {
		name: "BTC/USD".into(),
		column: "close".into(),
		bars: vec![Some(Bar::of_close(5_000)); 16],
		fields: vec![Field::Close],
		clock: None,
		decimals: 2,
	};
	let terms = Terms { horizon: 24, lookback: 16, lead: 5, batch: 6, season: 0, kept: 9_000, scale: None };
	let known = Known { series: Arc::new(series), end: 16, terms };
	let starts = || std::fs::read_to_string(&started).unwrap_or_default().lines().count();
	for round in 1..=3 {
		let forecast = model.forecast(round, known.clone()).unwrap().await.unwrap();
		assert_eq!(forecast.unwrap(), vec![100; 24], "round {round}");
		let again = async {
			while starts() <= round as usize {
				tokio::time::sleep(Duration::from_millis(5)).await;
			}
		};
		tokio::time::timeout(Duration::from_secs(600), again).await.unwrap();
	}
}

/// A reorganisation may leave a round its number, and give it another input.
#[tokio::test]
async fn a_round_whose_input_has_changed_is_forecast_anew_and_each_branch_reveals_its_own() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	let first = machine.chain.entry().unwrap();
	assert_eq!(first.input_end, Some(START + BARS));
	let (on_first, other) = (seat(ME, first.commitment), ForecastRoundView { input_end: START + BARS - 6, ..committing() });
	machine.chain.seats(Vec::clear);
	machine.chain.set(other);
	machine.run([OPENED + 1, OPENED + 2]).await;
	let second = machine.chain.entry().unwrap();
	assert_eq!(second.input_end, Some(START + BARS - 6));
	assert_eq!(machine.calls(), ["Forecasts.commit"; 2]);
	assert_ne!(second.commitment, first.commitment);
	// The chain returns to the first branch, whose round has the first commitment.
	machine.chain.seats(|seats| *seats = vec![on_first]);
	machine.chain.open_reveals();
	machine.run([600]).await;
	assert_eq!(machine.chain.sent()[2..], [reveal_of(&first)]);
	// And to the second one.
	machine.chain.seats(|seats| *seats = vec![seat(ME, second.commitment)]);
	machine.run([601]).await;
	assert_eq!(machine.chain.sent()[3..], [reveal_of(&second)]);
}

/// The pool of a node may send the first commitment on the other branch too: it is revealed, and the seat is not lost.
#[tokio::test]
async fn a_commitment_that_the_other_branch_has_taken_is_revealed_there() {
	let machine = Machine::new();
	machine.run([OPENED]).await;
	let first = machine.chain.entry().unwrap();
	machine.chain.set(ForecastRoundView { input_end: START + BARS - 6, ..committing() });
	machine.run([OPENED + 1]).await;
	machine.chain.open_reveals();
	machine.run([600]).await;
	assert_eq!(machine.chain.sent()[1..], [reveal_of(&first)]);
}

#[tokio::test]
async fn a_net_is_trained_and_stakes_its_forecast() {
	let mut machine = Machine::new();
	machine.config = ForecastConfig { lookback: 16, ..ForecastConfig::new("BTC/USD", Amount(WAGER)) };
	let mut forecaster = machine.forecaster();
	let committed = async {
		while machine.calls().is_empty() {
			forecaster.look(at(OPENED)).await;
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	};
	tokio::time::timeout(Duration::from_secs(600), committed).await.unwrap();
	let forecast: ForecastValues = machine.chain.entry().unwrap().decode_payload().unwrap();
	assert!(forecast.len() == 24 && forecast.iter().any(|change| *change != 0), "the wave is learnt: {forecast:?}");
}

#[tokio::test]
async fn files_that_do_not_fit_are_named() {
	let machine = Machine::new();
	let missing = ForecastConfig { program: None, history: Some("/nonexistent/btc.csv".into()), ..machine.config.clone() };
	let error = format!("{:#}", super::check_files(&missing).unwrap_err());
	assert!(error.contains("stream `BTC/USD`") && error.contains("/nonexistent/btc.csv"), "{error}");
	let of = |config: ForecastConfig| {
		let chain = machine.chain.clone();
		async move { super::check(&chain, &config).await.map_err(|error| format!("{error:#}")) }
	};
	assert_eq!(of(machine.config.clone()).await, Ok(()));
	let other = of(ForecastConfig::new("ETH/USD", Amount(WAGER))).await.unwrap_err();
	assert!(other.contains("the chain has no stream `ETH/USD`"), "{other}");
	let long = of(ForecastConfig { lookback: 9_001, ..machine.config.clone() }).await.unwrap_err();
	assert!(long.contains("--lookback 9001"), "{long}");
	*machine.chain.0.has_market.lock() = false;
	let closed = of(machine.config.clone()).await.unwrap_err();
	assert!(closed.contains("no market yet") && closed.contains("--market"), "{closed}");
}

fn entry() -> Entry {
	let forecast = ForecastValues::try_from(vec![1; 24]).unwrap();
	Entry::prepare(Scope::Forecast(ROUND), ME, &GENESIS, &forecast, [9; 32], COMMITS_END..BlockNumber::MAX)
}

#[test]
fn each_phase_has_its_step() {
	let known = entry();
	let of = |next, round: ForecastRoundView, own: Option<(Hash, Option<i64>)>, entry: Option<&Entry>| {
		let seats = own.into_iter().map(|(commitment, skill)| ForecastSeatView { skill, ..seat(ME, commitment) }).collect();
		step(next, Some(&ForecastSeatsView { round, seats }), ME, entry, WAGER)
	};
	let (mine, other) = (Some((known.commitment, None)), Some(([9; 32], None)));
	let last = COMMITS_END - 1;
	assert_eq!(of(last, committing(), None, None), Step::Forecast);
	assert_eq!(of(last, committing(), None, Some(&known)), Step::Commit);
	let elsewhere = known.clone().with_input(START);
	assert_eq!(of(last, committing(), None, Some(&elsewhere)), Step::Forecast, "it is of another input");
	assert_eq!(of(COMMITS_END, committing(), None, Some(&known)), Step::Nothing, "too late");
	assert_eq!(of(last, committing(), mine, Some(&known)), Step::Nothing);
	assert_eq!(of(last, committing(), other, Some(&known)), Step::Lost);
	let waiting = || round(ForecastPhase::Waiting);
	assert_eq!(of(last, waiting(), mine, Some(&known)), Step::Nothing);
	assert_eq!(of(last, waiting(), None, Some(&known)), Step::Over);
	assert_eq!(of(last, waiting(), None, None), Step::Nothing);
	let revealing = || ForecastRoundView { until: Some(REVEALS_END), ..round(ForecastPhase::Revealing) };
	assert_eq!(of(REVEALS_END - 1, revealing(), mine, Some(&known)), Step::Reveal);
	let archived = Entry { state: State::Archived, ..known.clone() };
	assert_eq!(of(REVEALS_END - 1, revealing(), mine, Some(&archived)), Step::Reveal, "a wager is never left");
	assert_eq!(of(REVEALS_END, revealing(), mine, Some(&known)), Step::Nothing);
	assert_eq!(of(REVEALS_END - 1, revealing(), other, Some(&known)), Step::Lost);
	assert_eq!(of(REVEALS_END - 1, revealing(), mine, None), Step::Lost);
	let shown = Some((known.commitment, Some(SKILL)));
	assert_eq!(of(REVEALS_END - 1, revealing(), shown, None), Step::Nothing);
	let closed = || round(ForecastPhase::Closed);
	assert_eq!(of(REVEALS_END, closed(), shown, Some(&known)), Step::Collect);
	assert_eq!(of(REVEALS_END, closed(), mine, Some(&known)), Step::Clear);
	assert_eq!(of(REVEALS_END, round(ForecastPhase::Void), mine, None), Step::Collect);
	assert_eq!(step(1, None, ME, Some(&known), WAGER), Step::Over);
	assert_eq!(step(1, None, ME, Some(&archived), WAGER), Step::Nothing);
}

#[test]
fn the_lead_counts_the_bars_until_the_zero_and_those_of_the_zero() {
	// Bar 1 001 runs, and no other one begins within the two minutes of the commits.
	assert_eq!(expected_lead(OPENED, &committing(), &stream(), 6_000), 5);
	let late = StreamView { running: START + BARS + 3, ..stream() };
	assert_eq!(expected_lead(OPENED, &committing(), &late, 6_000), 7);
	let short = StreamView { bar_ms: 1_000, ..stream() };
	assert_eq!(expected_lead(OPENED, &committing(), &short, 2_000), 45, "40 bars run during the commits");
	assert_eq!((longest_lead(&stream(), 6_000, COMMIT_BLOCKS), longest_lead(&short, 6_000, COMMIT_BLOCKS)), (11, 64));
	assert_eq!(longest_lead(&short, 2_000, 4), 19, "a chain whose rounds take commitments for eight seconds");
	assert_eq!(expected_lead(COMMITS_END, &committing(), &StreamView { running: 0, ..stream() }, 6_000), 4);
}

#[test]
fn a_history_ends_where_the_stream_begins() {
	let series = |first: i64, bars: &[i64]| Series {
		name: "a".into(),
		column: "close".into(),
		bars: bars.iter().map(|close| Some(Bar::of_close(*close))).collect(),
		fields: vec![Field::Close, Field::Volume],
		clock: Some(Clock { first, step: 300 }),
		decimals: 2,
	};
	let closes = |series: &Series| series.closes();
	let live = series(3_000, &[7, 8]);
	let gap = joined(&series(1_800, &[1, 2]), &live).unwrap();
	assert_eq!(closes(&gap), [Some(1), Some(2), None, None, Some(7), Some(8)]);
	assert_eq!(gap.clock, Some(Clock { first: 1_800, step: 300 }));
	let overlap = joined(&series(2_400, &[1, 2, 3, 4]), &live).unwrap();
	assert_eq!(closes(&overlap), [Some(1), Some(2), Some(7), Some(8)]);
	let later = joined(&series(9_000, &[1]), &live).unwrap();
	assert_eq!((closes(&later), later.clock), (vec![Some(7), Some(8)], live.clock));
	let timeless = Series { clock: None, fields: vec![Field::Close], ..series(0, &[1, 2]) };
	let rows = joined(&timeless, &live).unwrap();
	assert_eq!(closes(&rows), [Some(6), Some(7), Some(7), Some(8)], "they end at the level of the stream");
	assert_eq!((rows.clock, rows.fields), (None, vec![Field::Close]));
	let error = |earlier: Series| joined(&earlier, &live).unwrap_err().to_string();
	assert!(error(Series { clock: Some(Clock { first: 0, step: 60 }), ..live.clone() }).contains("the same length"));
	assert!(error(series(2_850, &[1])).contains("do not end when"));
	assert!(error(series(-3_000_000, &[1])).contains("ends 10009 bars before"));
}

#[test]
fn a_skill_at_its_limit_is_shown_as_one() {
	assert_eq!([ONE / 4, -ONE / 8].map(skill_text), ["+25.00 %", "-12.50 %"]);
	assert_eq!([ONE, -ONE].map(skill_text), ["+100.00 % (the limit)", "-100.00 % (the limit)"]);
}

#[test]
fn a_call_holds_the_longest_forecast() {
	assert!(ForecastValues::try_from(vec![0; MAX_HORIZON]).is_ok());
	assert!(ForecastValues::try_from(vec![0; MAX_HORIZON + 1]).is_err());
}
