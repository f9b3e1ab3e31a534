//! Tests of `top`: what it shows, its keys, and its client against a server that fails.

use super::{
	client::{follow, Route, Server, Update},
	look::Look,
	state::{Link, Part, Pressed, State, Tab},
	view,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{backend::TestBackend, buffer::Buffer, style::Color, Terminal};
use serde_json::{json, Value};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
	io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
	net::{TcpListener, TcpStream},
	sync::mpsc,
};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const LOOK: Look = Look { color: true, unicode: true };
/// Time of the frames, ms since 1970.
const NOW: u64 = 1_780_000_000_000;

fn status() -> Value {
	json!({
		"status": "ok", "chain_height": 1_234, "at": {"number": 1_234, "hash": "0x12"},
		"node": {"peer_id": ALICE, "version": "0.1.0", "url": "ws://127.0.0.1:9944", "synced": true, "sync": "synced",
			"uptime_s": 3_723, "roles": ["optimize", "evaluate"]},
		"security": {"finalized_height": 1_231, "pending_commitments": 2},
		"work": {"work_blocks": 12, "threshold": "429496729", "queued": "214748364", "reward": "50000000000000",
			"mined": "612500000000000", "backed_share": 987_654, "burned": "1230000000000",
			"queue": [{"domain_id": 0, "round": 41, "effective": "214748364", "optimizer": ALICE, "evaluators": [BOB, ALICE]}],
			"last_seal": {"workBlock": 12, "block": 1_201, "taken": "429496729", "minted": "51000000000000",
				"optimizers": "33000000000000", "evaluators": "15000000000000", "validators": "3000000000000"},
			"weights": [
				{"domain_id": 0, "name": "CO2 at Mauna Loa", "weight": 650_000},
				{"domain_id": 3, "name": "letters", "weight": 350_000},
			]},
		"fee_market": {"base_fee": "1000", "fullness": 12_345},
		"coin": {"total_supply": "100000612500000000000", "my_balance": "1500000000000000", "my_holds": "2500000000000"},
		"analytics": {"state": "following", "block": 1_231, "reason": null},
	})
}

fn optimization() -> Value {
	let champion =
		json!({"model": {"stored": 17}, "author": ALICE, "round": 40, "block": 1_180, "loss": 786_432, "bytes": 9_000});
	json!({
		"domains": [
			{"domain_id": 0, "name": "CO2 at Mauna Loa", "evidence": "synthetic", "status": "active", "weight": 650_000,
				"high_water": "1782411428", "bounty": "0", "champion": champion},
			{"domain_id": 3, "name": "letters", "evidence": "sealed", "status": "active", "weight": 350_000, "high_water": "0",
				"bounty": "0", "champion": {"model": "constant", "author": null, "round": null, "block": 0, "loss": 1_048_576}},
			{"domain_id": 4, "name": "load", "evidence": "public", "status": "loading", "weight": 0, "high_water": "0", "champion": null},
		],
		"rounds": [
			{"domain_id": 0, "round": 42, "phase": "commit", "phase_end": 1_240, "commit_from": 1_228, "reveal_from": 1_240,
				"reveal_until": 1_246, "next_seat_fee": "120000000000", "seats": [{"peer_id": ALICE, "status": "committed"}]},
			{"domain_id": 3, "round": 7, "phase": "reveal", "phase_end": 1_235, "commit_from": 1_210, "reveal_from": 1_229,
				"reveal_until": 1_235, "next_seat_fee": "250000000000", "seats": [
					{"peer_id": ALICE, "status": "revealed"}, {"peer_id": BOB, "status": {"rejected": "falseClaim"}}]},
		],
	})
}

fn search(domain: u32, best: u64, state: &str) -> Value {
	json!({"domain_id": domain, "peer_id": ALICE, "state": state, "generation": 31, "stage": 1, "stages": 1, "population": 24, "epoch": 33,
		"total_epochs": 96, "candidates": 1_744, "per_hour": 5_210, "best": best, "champion": 786_432, "pool": 12, "immigrants": 3,
		"remaining_ms": 83_000, "since_ms": NOW - 3_600_000, "devices": ["2 CPU threads", "llvmpipe (LLVM 15.0.6, 256 bits)"]})
}

fn training(best: u64) -> Value {
	let mut waiting = search(3, 1_000_000, "waiting");
	waiting["remaining_ms"] = Value::Null;
	json!({"active": true, "searches": [search(0, best, "training"), waiting]})
}

fn evaluations() -> Value {
	let seat = |account, committed, revealed| json!({"peer_id": account, "committed": committed, "revealed": revealed});
	json!({
		"pending": [
			{"task_id": "18", "domain_id": 0, "subject": {"round": {"domain": 0, "number": 41}}, "phase": "answering", "phase_end": 1_236,
				"models": 3, "evaluators": [seat(ALICE, true, false), seat(BOB, false, false)]},
			{"task_id": "19", "domain_id": 3, "subject": {"round": {"domain": 3, "number": 6}}, "phase": "drawing", "phase_end": 1_237,
				"models": 2, "evaluators": []},
		],
		"late": [{"task_id": "17", "domain_id": 0, "peer_id": BOB, "missing": "sums"}],
	})
}

fn streams() -> Value {
	let who = |account, standing, bound| json!({"peer_id": account, "standing": standing, "bound": bound, "increment": "0", "seats": 2});
	let market = json!({"pot": "10000000000000000", "rounds": 41, "open": 4, "committing": 1, "waiting": 2, "revealing": 1,
		"weight": 250_000, "mark": "429496729", "forecasters": [who(ALICE, "644245094", json!("-5")), who(BOB, "0", Value::Null)]});
	json!({"total": 3, "streams": [
		{"stream_id": 2_147_483_648_u32, "symbol": "CO2-DEMO", "awake": true, "next": 5_900_900, "pot": "48000000000000", "market": market},
		{"stream_id": 2_147_483_649_u32, "symbol": "BTC/USD", "awake": false, "next": 17, "pot": "500000000000", "market": null},
	]})
}

fn unpaid() -> Value {
	json!({"rows": [
		{"domain": 0, "round": 39, "account": ALICE, "unpaid_reason": "noImprovement", "end_block": 1_150},
		{"domain": 3, "round": 5, "account": BOB, "unpaid_reason": "forfeited", "end_block": 1_100},
		{"domain": 0, "round": 38, "account": ALICE, "unpaid_reason": "belowHighWater", "end_block": 1_090},
	]})
}

fn events() -> Value {
	let event =
		|id: u64, kind: &str, data: Value| json!({"id": id, "kind": kind, "block": 1_200 + id, "timestamp": NOW, "data": data});
	json!({"events": [
		event(1, "Optimae.Committed", json!({"round": {"domain": 0, "number": 42}, "who": ALICE, "fee": "120000000000"})),
		event(2, "block", json!({"hash": "0x00"})),
		event(3, "Work.Sealed", json!({"workBlock": "12", "minted": "51000000000000"})),
		event(4, "Recomputation.Missed", json!({"task": "17", "who": BOB})),
	]})
}

/// Returns a state with everything that a server may have.
fn full() -> State {
	let mut state = State::new("http://127.0.0.1:8470".into());
	(state.now, state.wall_ms) = (Duration::from_secs(60), NOW);
	state.apply(Update::Connected);
	for (route, answer) in [
		(Route::Status, status()),
		(Route::Optimization, optimization()),
		(Route::Evaluations, evaluations()),
		(Route::Peers, json!({"connected_count": 3, "peers": []})),
		(Route::Streams, streams()),
		(Route::Unpaid, unpaid()),
		(Route::Events, events()),
	] {
		state.apply(Update::Answer(route, answer));
	}
	for best in [1_000_000, 900_000, 850_000, 800_000, 780_000] {
		state.apply(Update::Answer(Route::Training, training(best)));
	}
	state
}

fn drawn(state: &State, look: Look, (width, height): (u16, u16)) -> Terminal<TestBackend> {
	let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
	terminal.draw(|frame| view::draw(frame, state, look)).unwrap();
	terminal
}

fn text(state: &State) -> String {
	drawn(state, LOOK, (140, 40)).backend().to_string()
}

fn press(state: &mut State, code: KeyCode) -> Pressed {
	state.press(KeyEvent::new(code, KeyModifiers::NONE))
}

#[test]
fn every_tab_is_drawn() {
	let mut state = full();
	assert_eq!(state.tabs().len(), 8);
	for tab in state.tabs() {
		state.tab = tab;
		for size in [(80, 24), (140, 40)] {
			let name = format!("{}-{}x{}", tab.to_string().to_lowercase(), size.0, size.1);
			insta::assert_snapshot!(name, drawn(&state, LOOK, size).backend());
		}
	}
}

#[test]
fn help_lies_over_the_tab_and_ascii_is_enough() {
	let mut state = full();
	press(&mut state, KeyCode::Char('?'));
	insta::assert_snapshot!("help-80x24", drawn(&state, LOOK, (80, 24)).backend());
	press(&mut state, KeyCode::Char('?'));
	let ascii = drawn(&state, Look { color: false, unicode: false }, (80, 24)).backend().to_string();
	assert!(ascii.is_ascii(), "{ascii}");
	insta::assert_snapshot!("ascii-80x24", ascii);
}

#[test]
fn a_lost_connection_is_shown_over_the_last_figures() {
	let mut state = full();
	let lose = || Update::Lost { reason: "http://127.0.0.1:8470 was lost".into(), pause: Duration::from_secs(4) };
	state.apply(lose());
	state.now += Duration::from_secs(3);
	insta::assert_snapshot!("lost-80x24", drawn(&state, LOOK, (80, 24)).backend());
	state.now += Duration::from_secs(60);
	state.apply(lose());
	assert!(text(&state).contains("lost 1 min 03 s ago, again in 4 s"), "{}", text(&state));
	state.apply(Update::Connected);
	assert!(text(&state).contains("● live") && !text(&state).contains("was lost"));
}

#[test]
fn a_server_that_was_never_reached_is_named_with_the_reason() {
	let mut state = State::new("http://127.0.0.1:8470".into());
	assert!(text(&state).contains("connecting") && text(&state).contains("Reading http://127.0.0.1:8470"));
	state.apply(Update::Lost { reason: "it cannot be reached: is `doin-worker run` up?".into(), pause: Duration::from_secs(1) });
	assert!(text(&state).contains("is `doin-worker run` up?"));
	state.apply(Update::Connected);
	state.apply(Update::Failed(Route::Status, "the node does not answer; start doin-node".into()));
	assert!(text(&state).contains("start doin-node"));
	state.apply(Update::Answer(Route::Status, status()));
	assert!(!text(&state).contains("start doin-node"), "it answers again");
}

#[test]
fn a_tab_without_data_is_left_out() {
	let mut state = full();
	for _ in 0..2 {
		press(&mut state, KeyCode::Right);
	}
	assert_eq!(state.tab, Tab::Search);
	state.apply(Update::Absent(Route::Training, "the worker does not optimize".into()));
	state.apply(Update::Absent(Route::Unpaid, "the database is switched off".into()));
	assert_eq!((state.tab, state.tabs().len()), (Tab::Overview, 6));
	assert!(!text(&state).contains("Searches") && !text(&state).contains("Unpaid"));
	press(&mut state, KeyCode::Char('?'));
	assert!(text(&state).contains("no searches       the worker does not optimize"), "{}", text(&state));
	assert!(text(&state).contains("the database is switched off"));
}

#[test]
fn streams_their_leaders_and_their_events_are_shown() {
	let mut state = full();
	state.tab = Tab::Forecasts;
	let event = |id: u64, kind: &str, data: Value| {
		Update::Event(serde_json::from_value(json!({"id": id, "kind": kind, "block": 1_230, "data": data})).unwrap())
	};
	let round = json!({"domain": 2_147_483_648_u32, "number": 40});
	state.apply(event(10, "Forecasts.Opened", json!({"round": round, "bar": "480", "until": 1_240, "reference": "repeatLast"})));
	state.apply(event(11, "Optimae.Revealed", json!({"round": round})));
	state.apply(event(
		12,
		"Forecasts.Collected",
		json!({"round": round, "who": BOB, "wager": "2000000000000", "paid": "2100000000000"}),
	));
	state.apply(event(13, "Oracle.Slept", json!({"stream": 2_147_483_649_u32, "next": "17", "burned": "0"})));
	let shown = text(&state);
	for part in [
		"CO2-DEMO",
		"awake",
		"1, 2, 1",
		"10000 DOIN",
		"25.0 %",
		"5,900,900",
		"1. 5Grwva…utQY +0.1500, bound -0.0000",
		"2. 5FHneW…94ty +0.0000",
		"sleeps",
		"Forecasts.Opened",
		"paid 2.1 DOIN, round 40 of domain 2147483648, wager 2 DOIN, who 5FHneW…94ty",
		"Oracle.Slept",
	] {
		assert!(shown.contains(part), "{part} is missing:\n{shown}");
	}
	assert!(!shown.contains("Optimae.Revealed") && !shown.contains("nobody has forecast it"), "{shown}");
	press(&mut state, KeyCode::Down);
	assert!(text(&state).contains("No stream from here on has a market of forecasts."), "{}", text(&state));
	state.apply(Update::Answer(Route::Streams, json!({"total": 0, "streams": []})));
	assert_eq!((state.tab, state.tabs().len()), (Tab::Overview, 7), "a chain without streams");
	state.apply(Update::Absent(Route::Streams, "the server is of an earlier version".into()));
	press(&mut state, KeyCode::Char('?'));
	assert!(text(&state).contains("no streams        the server is of an earlier version"), "{}", text(&state));
}

#[test]
fn keys_change_the_tab_scroll_and_quit() {
	let mut state = full();
	press(&mut state, KeyCode::BackTab);
	assert_eq!(state.tab, Tab::Events);
	press(&mut state, KeyCode::Tab);
	assert_eq!(state.tab, Tab::Overview);
	press(&mut state, KeyCode::Char('7'));
	assert_eq!(state.tab, Tab::Unpaid);
	assert_eq!(press(&mut state, KeyCode::Char('9')), Pressed::Ignored);
	for (key, row) in
		[(KeyCode::Down, 1), (KeyCode::PageDown, 2), (KeyCode::Up, 1), (KeyCode::End, 2), (KeyCode::Home, 0), (KeyCode::Up, 0)]
	{
		press(&mut state, key);
		assert_eq!(state.scroll, row, "{key:?}");
	}
	press(&mut state, KeyCode::End);
	assert!(!text(&state).contains("1,150") && text(&state).contains("1,090"));
	state.apply(Update::Answer(Route::Unpaid, json!({"rows": []})));
	assert_eq!(state.scroll, 0, "the row does not exist any more");
	assert!(text(&state).contains("Every seat of an ended round was paid."));
	assert_eq!(press(&mut state, KeyCode::Char('x')), Pressed::Ignored);
	press(&mut state, KeyCode::Char('?'));
	assert_eq!((press(&mut state, KeyCode::Esc), state.help), (Pressed::Changed, false), "it closes the help");
	assert_eq!(press(&mut state, KeyCode::Esc), Pressed::Quit);
	assert_eq!(press(&mut state, KeyCode::Char('q')), Pressed::Quit);
	assert_eq!(state.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Pressed::Quit);
}

#[test]
fn a_search_with_successive_halving_has_the_stage_of_its_bracket() {
	let mut state = full();
	state.tab = Tab::Search;
	assert!(!text(&state).contains("bracket"), "{}", text(&state));
	let mut halving = search(0, 780_000, "training");
	halving["bracket_stage"] = json!(2);
	halving["bracket_stages"] = json!(3);
	state.apply(Update::Answer(Route::Training, json!({"active": true, "searches": [halving]})));
	assert!(text(&state).contains("bracket     stage 2 of 3"), "{}", text(&state));
}

#[test]
fn events_come_once_and_are_bounded() {
	let mut state = full();
	assert_eq!(state.events.len(), 3, "finalized blocks are left out");
	let event = |id: Option<u64>, kind: &str, data: Value| {
		Update::Event(serde_json::from_value(json!({"id": id, "kind": kind, "block": 1, "data": data})).unwrap())
	};
	state.apply(event(Some(4), "Recomputation.Missed", json!({})));
	assert_eq!(state.events.len(), 3);
	state.apply(event(None, "best", json!({"number": 9, "hash": "0x"})));
	state.apply(event(None, "search", training(700_000)));
	assert_eq!(state.events.len(), 3);
	assert_eq!(state.training.get().unwrap().searches[0].best, Some(700_000));
	assert_eq!(state.curves[&0].losses, [1_000_000, 900_000, 850_000, 800_000, 780_000, 700_000]);
	(5..5_000).for_each(|id| state.apply(event(Some(id), "Balances.Transfer", json!({"amount": "1"}))));
	assert_eq!(state.events.len(), 500);
	(0..1_000).for_each(|best| state.apply(Update::Answer(Route::Training, training(600_000 - best))));
	assert_eq!(state.curves[&0].losses.len(), 240);
	state.apply(Update::Answer(Route::Training, json!({"searches": []})));
	assert!(state.curves.is_empty());
}

#[test]
fn any_size_and_any_figures_are_drawn() {
	let mut state = full();
	let champion = json!({"loss": u64::MAX, "model": [1, 2], "block": u32::MAX});
	let huge = json!({"domains": (0..300).map(|id| json!({"domain_id": id, "name": "x".repeat(9_000),
		"high_water": "18446744073709551615", "weight": u32::MAX, "champion": champion})).collect::<Vec<_>>(),
		"rounds": [{"domain_id": 0, "phase_end": u32::MAX, "commit_from": u32::MAX, "seats": []}]});
	state.apply(Update::Answer(Route::Optimization, huge));
	state.apply(Update::Answer(
		Route::Training,
		json!({"searches": [{"epoch": u32::MAX, "total_epochs": 1, "best": 0, "remaining_ms": u64::MAX}]}),
	));
	state.apply(Update::Answer(Route::Evaluations, json!({"late": vec![json!({}); 70_000]})));
	let market =
		json!({"pot": "x", "rounds": u32::MAX, "mark": "", "forecasters": vec![json!({"standing": "y", "bound": "z"}); 300]});
	let stream = json!({"symbol": "x".repeat(9_000), "next": u64::MAX, "market": market});
	state.apply(Update::Answer(Route::Streams, json!({"streams": vec![stream; 1_000]})));
	for help in [false, true] {
		state.help = help;
		for tab in state.tabs() {
			(state.tab, state.scroll) = (tab, 0);
			for size in [(1, 1), (3, 2), (20, 5), (10, 60), (300, 4), (200, 90)] {
				drawn(&state, LOOK, size);
				press(&mut state, KeyCode::End);
				state.help = help;
				drawn(&state, LOOK, size);
			}
		}
	}
	let nonsense = Update::Answer(Route::Status, json!([1, 2]));
	let before = text(&state);
	state.apply(nonsense);
	assert_eq!(text(&state), before, "an answer that cannot be read leaves the figures");
}

/// A name on the chain is chosen by anybody, and a terminal obeys escape sequences.
#[test]
fn control_characters_do_not_reach_the_terminal() {
	let mut state = full();
	let name = "a\u{202e}\u{1b}[31mb\u{7}\u{9b}2Jc\nd\u{2066}";
	let named = json!({"domains": [{"domain_id": 1, "name": name, "champion": null, "status": "active"}]});
	state.apply(Update::Answer(Route::Optimization, named));
	state.apply(Update::Failed(Route::Status, "bad\u{1b}]0;title\u{7}".into()));
	for tab in [Tab::Overview, Tab::Domains] {
		state.tab = tab;
		let terminal = drawn(&state, LOOK, (100, 30));
		let buffer: &Buffer = terminal.backend().buffer();
		assert!(buffer.content().iter().all(|cell| !cell.symbol().contains(char::is_control)));
		let is_mark = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
		assert!(buffer.content().iter().all(|cell| !cell.symbol().contains(is_mark)), "text keeps its direction");
	}
}

#[test]
fn without_colours_every_meaning_is_left() {
	let mut state = full();
	state.apply(Update::Lost { reason: "gone".into(), pause: Duration::from_secs(1) });
	let terminal = drawn(&state, Look { color: false, unicode: true }, (80, 24));
	assert!(terminal.backend().buffer().content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
	let colored = drawn(&state, LOOK, (80, 24));
	assert!(colored.backend().buffer().content().iter().any(|cell| cell.fg != Color::Reset));
	assert_eq!(terminal.backend().to_string(), colored.backend().to_string(), "the words are the same");
}

#[test]
fn the_look_follows_the_environment() {
	let look = |variables: &[(&str, &str)]| {
		let known: BTreeMap<String, String> =
			variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
		let Look { color, unicode } = Look::from_environment(|name| known.get(name).cloned());
		(color, unicode)
	};
	assert_eq!(look(&[("LANG", "en_US.UTF-8"), ("TERM", "xterm")]), (true, true));
	assert_eq!(look(&[("LANG", "C.utf8"), ("NO_COLOR", "1")]), (false, true));
	assert_eq!(look(&[("LANG", "C.utf8"), ("NO_COLOR", "")]), (true, true), "an empty NO_COLOR is none");
	assert_eq!(look(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]), (true, false));
	assert_eq!(look(&[("TERM", "dumb")]), (false, false));
}

/// `top` has the shapes of the server of its own version. A server of another version lacks some keys, and has others.
#[test]
fn servers_of_other_versions_are_read() {
	let mut state = State::new("http://127.0.0.1:8470".into());
	state.apply(Update::Connected);
	let earlier = json!({"chain_height": 77, "work": {"work_blocks": 5}, "node": {"synced": true}});
	state.apply(Update::Answer(Route::Status, earlier));
	let later = json!({"further": [1], "domains": [{"domain_id": 3, "name": "letters", "further": {"a": 1}}]});
	state.apply(Update::Answer(Route::Optimization, later));
	let seal = json!({"workBlock": 9, "minted": "1"});
	state.apply(Update::Answer(Route::Status, json!({"chain_height": 78, "work": {"last_seal": seal, "queued": "2147483648"}})));
	let overview = text(&state);
	for figure in ["block 78", "letters", "0.5000 of - bits"] {
		assert!(overview.contains(figure), "{figure}: {overview}");
	}
	let task = json!({"task_id": "9", "evaluators": [{"peer_id": BOB, "state": "missed"}]});
	state.apply(Update::Answer(Route::Evaluations, json!({"pending": [task], "late": [{"task_id": "9", "missing": "sums"}]})));
	state.tab = Tab::Evaluations;
	assert!(text(&state).contains("0 of 1") && text(&state).contains("sent no sums"), "{}", text(&state));
}

#[test]
fn addresses_are_checked() {
	let address = |text: &str| text.parse::<Server>().map(|server| server.to_string());
	assert_eq!(address("http://127.0.0.1:8470"), Ok("http://127.0.0.1:8470".into()));
	assert_eq!(address(" http://localhost:8470/ "), Ok("http://localhost:8470".into()));
	assert_eq!(address("http://[::1]:8470/dashboard"), Ok("http://[::1]:8470".into()));
	assert_eq!(address("http://host"), Ok("http://host:80".into()));
	for (wrong, reason) in [
		("https://host:8470", "ssh -L"),
		("127.0.0.1:8470", "expected e.g. http://127.0.0.1:8470"),
		("ws://127.0.0.1:9944", "does not begin with http://"),
		("http://host:8470/api/node", "has a path"),
		("http://me:secret@host", "user name"),
		("", "expected e.g."),
	] {
		let error = address(wrong).unwrap_err();
		assert!(error.contains(reason), "{wrong}: {error}");
	}
}

/// A server that answers each request by its path, and closes a connection after a reading.
struct FakeServer {
	address: Server,
	/// Bytes for the stream of events; a closed sender closes the stream.
	streams: mpsc::UnboundedReceiver<mpsc::UnboundedSender<String>>,
}

impl FakeServer {
	async fn start() -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
		let (opened, streams) = mpsc::unbounded_channel();
		tokio::spawn(async move {
			while let Ok((stream, _)) = listener.accept().await {
				tokio::spawn(serve(stream, opened.clone()));
			}
		});
		Self { address, streams }
	}
}

async fn serve(stream: TcpStream, opened: mpsc::UnboundedSender<mpsc::UnboundedSender<String>>) {
	let (reader, mut writer) = stream.into_split();
	let mut lines = BufReader::new(reader).lines();
	while let Ok(Some(request)) = lines.next_line().await {
		let is_last = request.contains("/api/unpaid");
		while lines.next_line().await.is_ok_and(|header| header.is_some_and(|header| !header.is_empty())) {}
		let path = request.split(' ').nth(1).unwrap_or_default().to_string();
		if path == "/events" {
			let (sender, mut parts) = mpsc::unbounded_channel::<String>();
			opened.send(sender).unwrap();
			let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
			writer.write_all(head.as_bytes()).await.unwrap();
			while let Some(part) = parts.recv().await {
				writer.write_all(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).await.unwrap();
			}
			return;
		}
		let (status, body) = match path.as_str() {
			"/status" => ("200 OK", status().to_string()),
			"/api/training" => {
				("501 Not Implemented", json!({"error": "the worker does not optimize", "next": "add an identity"}).to_string())
			}
			"/api/peers" => ("503 Service Unavailable", "no JSON".into()),
			"/api/evaluations" => ("200 OK", json!({"pending": "x".repeat(9 << 20)}).to_string()),
			_ => ("200 OK", json!({}).to_string()),
		};
		let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
		writer.write_all(answer.as_bytes()).await.unwrap();
		if is_last {
			return;
		}
	}
}

#[tokio::test]
async fn a_server_is_followed_and_connected_to_again() {
	let mut server = FakeServer::start().await;
	let (sender, mut updates) = mpsc::channel(64);
	let address = server.address.clone();
	let following = tokio::spawn(async move { follow(&address, &sender).await });
	let stream = server.streams.recv().await.unwrap();
	assert!(matches!(updates.recv().await, Some(Update::Connected)));
	let mut routes = Vec::new();
	for _ in 0..8 {
		match updates.recv().await.unwrap() {
			Update::Answer(route, _) => routes.push((route, "answer")),
			Update::Absent(route, reason) => {
				assert_eq!(reason, "the worker does not optimize; add an identity");
				routes.push((route, "absent"));
			}
			Update::Failed(route, reason) => {
				assert!(reason.contains(if route == Route::Peers { "503" } else { "longer than 8 MiB" }), "{reason}");
				routes.push((route, "failed"));
			}
			other => panic!("{other:?}"),
		}
	}
	routes.sort();
	assert_eq!(routes.len(), 8);
	for expected in
		[(Route::Training, "absent"), (Route::Peers, "failed"), (Route::Evaluations, "failed"), (Route::Unpaid, "answer")]
	{
		assert!(routes.contains(&expected), "{routes:?}");
	}
	// A new block outdates the answers, but not those that events keep up to date.
	stream.send(": heartbeat\n\ndata: {\"id\":null,\"kind\":\"best\",\"block\":9,".into()).unwrap();
	stream.send("\"data\":{}}\n\n".into()).unwrap();
	assert!(matches!(updates.recv().await, Some(Update::Event(event)) if event.kind == "best" && event.block == Some(9)));
	for _ in 0..6 {
		let update = updates.recv().await.unwrap();
		assert!(!matches!(update, Update::Answer(Route::Events, _) | Update::Absent(..) | Update::Event(_)), "{update:?}");
	}
	// The connection ends, and is made again.
	drop(stream);
	let Some(Update::Lost { pause, .. }) = updates.recv().await else { panic!("the loss is reported") };
	assert_eq!(pause, Duration::from_secs(1));
	let stream = server.streams.recv().await.unwrap();
	assert!(matches!(updates.recv().await, Some(Update::Connected)));
	stream.send("event: dropped\ndata: {\"error\":\"too slow\",\"next\":\"\"}\n\n".into()).unwrap();
	let lost = loop {
		if let Update::Lost { reason, .. } = updates.recv().await.unwrap() {
			break reason;
		}
	};
	assert!(lost.contains("too slow"), "{lost}");
	// The program ends while nobody is connected.
	drop(updates);
	tokio::time::timeout(Duration::from_secs(10), following).await.expect("following ends").unwrap();
}

#[tokio::test]
async fn what_is_no_worker_is_told_apart() {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let address: Server = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
	tokio::spawn(async move {
		while let Ok((stream, _)) = listener.accept().await {
			let (reader, mut writer) = stream.into_split();
			let mut lines = BufReader::new(reader).lines();
			while lines.next_line().await.is_ok_and(|line| line.is_some_and(|line| !line.is_empty())) {}
			writer.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
		}
	});
	let reason = |address: Server| async move {
		let (sender, mut updates) = mpsc::channel(1);
		tokio::select! {
			() = follow(&address, &sender) => unreachable!("it follows until it is dropped"),
			update = updates.recv() => match update {
				Some(Update::Lost { reason, .. }) => reason,
				other => panic!("{other:?}"),
			},
		}
	};
	let other = reason(address).await;
	assert!(other.contains("404") && other.contains("is it a worker's?"), "{other}");
	let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
	let nobody = reason(format!("http://{free}").parse().unwrap()).await;
	assert!(nobody.contains("is `doin-worker run` up") && nobody.contains("refused"), "{nobody}");
}

#[test]
fn a_state_begins_without_data() {
	let state = State::new("x".into());
	assert_eq!((state.link.clone(), state.rows(), state.tab), (Link::Connecting, 0, Tab::Overview));
	assert!(matches!(state.training, Part::Unknown));
}
