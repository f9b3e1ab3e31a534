//! A source of fixed numbers, and requests to a router over it.

use crate::{
	auth::Token,
	events::Feed,
	routes::{router, App},
	shape::{
		Analytics, At, Block, ChainMetrics, ChainStatus, Champion, ChannelTotals, Coin, Difficulty, Domain, DomainDemand,
		Evidence, Fees, Forecast, ForecastRound, ForecastSeat, ForecastStep, Forecaster, Gene, History, Market, Metrics, Node,
		Offer, OneChampion, OneForecastRound, OneStream, PaidAnswers, PastChampion, PastForecast, PastRound, PastState, Peer,
		Peers, Performance, Reputation, RevealedForecast, Round, Rows, Rung, RungsState, Search, Seat, SeatState, Security,
		Stream, Streams, Task, TaskSeat, Training, Transaction, Work, WorkEntry,
	},
	source::{Answer, Export, Query, Selection, Slot, Source, SourceError, Views},
};
use async_trait::async_trait;
use axum::{
	body::Body,
	http::{Request, Response},
	Router,
};
use doin_chain::Account;
use doin_roles::serve::ServeSlot;
use serde_json::{json, Value};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tower::ServiceExt;

/// Token of the servers of tests.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Number of the last finalized block.
pub(crate) const HEIGHT: u32 = 120;
/// An account.
pub(crate) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/// Bytes of the copied database: more than one part of an export.
pub(crate) const DATABASE: usize = 200_000;

/// Source of fixed numbers: two domains, 0 with a champion and 7 with sealed evidence, and two streams, the first one with a market.
#[derive(Default)]
pub(crate) struct Fixed {
	/// `true` if the views never come.
	pub is_silent: bool,
	/// `true` if the node is gone.
	pub is_down: bool,
	/// `true` if the worker has a search, an analytics database and peers.
	pub is_complete: bool,
}

/// Returns the best block.
pub(crate) fn best() -> At {
	At { number: HEIGHT + 2, hash: format!("0x{}", "7a".repeat(32)) }
}

/// Returns the last block of the database.
fn stored() -> At {
	At { number: HEIGHT, hash: format!("0x{}", "78".repeat(32)) }
}

fn domain(id: u32, champion: Option<Champion>) -> Domain {
	Domain {
		domain_id: id,
		name: format!("domain {id}"),
		unit: "1".into(),
		program: "forecast".into(),
		evidence: if id == 7 { "sealed" } else { "synthetic" }.into(),
		status: if id == 7 { "converged" } else { "active" }.into(),
		owner: ALICE.into(),
		weight: 500_000,
		high_water: "4294967296".into(),
		min_improvement: 10_000,
		bounty: "340282366920938463463374607431768211455".into(),
		last_round: champion.as_ref().map(|_| json!({ "number": 3, "block": 90, "result": { "unpaid": "noQuorum" } })),
		horizon: Some(24),
		genes: vec![Gene { name: "width".into(), min: "8".into(), max: i64::MAX.to_string(), log: true, frac: 0 }],
		champion,
		..Domain::default()
	}
}

fn task(id: u32, domain_id: u32, evaluators: Vec<TaskSeat>) -> Task {
	Task {
		task_id: id.to_string(),
		domain_id,
		subject: json!({ "round": { "domain": domain_id, "number": 3 } }),
		phase: "Answering".into(),
		phase_end: 125,
		models: 3,
		seed: None,
		evaluators,
	}
}

/// Returns the views of the source.
pub(crate) fn views() -> Views {
	let champion = Champion {
		model: json!({ "Stored": 5 }),
		author: Some(ALICE.into()),
		round: Some(2),
		block: 80,
		loss: Some(524_288),
		genes: vec!["1".into(), "-2".into()],
		..Champion::default()
	};
	let seat = Seat { peer_id: ALICE.into(), status: json!("committed"), model: None, fee: "3".into() };
	let round = Round { domain_id: 0, round: 4, phase: "Commit".into(), seats: vec![seat], ..Round::default() };
	let seat = |committed, state| TaskSeat { peer_id: ALICE.into(), committed, revealed: false, state };
	let seats = vec![seat(true, SeatState::Committed), seat(false, SeatState::Missed), seat(true, SeatState::Missed)];
	let entry = WorkEntry {
		domain_id: 0,
		round: 3,
		effective: "7".into(),
		optimizer: ALICE.into(),
		evaluators: vec![ALICE.into()],
		backing: json!("Quorum"),
	};
	Views {
		at: best(),
		domains: vec![domain(0, Some(champion)), domain(7, None)],
		rounds: vec![round],
		tasks: vec![task(1, 0, seats), task(2, 7, Vec::new()), task(3, 0, Vec::new())],
		security: Security { finalized_height: HEIGHT, pending_commitments: 1, pending_quorums: 3, ..Security::default() },
		difficulty: Difficulty { threshold: "5".into(), target_block_time: 600, ..Difficulty::default() },
		peers: Some(3),
		work: Work { at: best(), queue: vec![entry], last_seal: Some(json!({ "workBlock": 1 })), ..Work::default() },
		fees: Fees { at: best(), base_fee: "12".into(), enabled: true, ..Fees::default() },
		coin: Coin { total_supply: "9".into(), my_balance: Some("4".into()), my_holds: None },
		optimized: vec![0],
		evaluated: vec![0, 7],
	}
}

/// Returns the number of a stream.
pub(crate) fn stream_id(place: u32) -> u32 {
	(1 << 31) + place
}

/// Returns the paid answers of the source: domain 0 has a server that was paid, and domain 7 has none.
pub(crate) fn answers() -> PaidAnswers {
	let offer = Offer {
		peer_id: ALICE.into(),
		price: "1000".into(),
		endpoint: "https://example.org".into(),
		bond: "10000000000000".into(),
		since: 9,
	};
	let domain = |domain_id, weight, demand, offers| DomainDemand {
		domain_id,
		name: format!("domain {domain_id}"),
		weight,
		demand,
		offers,
	};
	PaidAnswers {
		at: best(),
		domains: vec![domain(0, 600_000, Some(u64::MAX.to_string()), vec![offer]), domain(7, 400_000, None, Vec::new())],
		channels: ChannelTotals {
			deposited: "100".into(),
			paid: "40".into(),
			burned: "1".into(),
			returned: "9".into(),
			open: "50".into(),
		},
		serving: None,
	}
}

/// Returns the streams of the source: one with a market, and one that sleeps without a bar.
pub(crate) fn streams() -> Streams {
	let forecaster = Forecaster {
		peer_id: ALICE.into(),
		standing: "1073741824".into(),
		bound: Some("-5".into()),
		increment: "0".into(),
		seats: 2,
	};
	let market = Market {
		pot: "10000000000000000".into(),
		rounds: 9,
		open: 1,
		committing: 1,
		weight: 250_000,
		mark: "7".into(),
		forecasters: vec![forecaster],
		..Market::default()
	};
	let stream = |place: u32, symbol: &str, market| Stream {
		stream_id: stream_id(place),
		symbol: symbol.into(),
		unit: "0.01 ppm".into(),
		bar_ms: 1_000,
		horizon: 24,
		fee: "1000000000000".into(),
		pot: u128::MAX.to_string(),
		awake: place == 0,
		next: if place == 0 { 1 << 45 } else { 0 },
		market,
		..Stream::default()
	};
	Streams { at: best(), total: 2, streams: vec![stream(0, "CO2-DEMO", Some(market)), stream(1, "BTC/USD", None)] }
}

/// Returns the open round of the source.
fn forecast_round() -> ForecastRound {
	ForecastRound {
		round: 8,
		phase: "Committing".into(),
		until: Some(130),
		input_end: 1 << 45,
		reference: "repeatLast".into(),
		seats: 1,
		wagers: "2000000000000".into(),
		least_wager: Some("1000000000000".into()),
		..ForecastRound::default()
	}
}

/// Returns a round of the source whose bars stand.
fn past_round() -> PastRound {
	let forecast = RevealedForecast {
		peer_id: ALICE.into(),
		block: 118,
		error: u128::MAX.to_string(),
		skill: "-4294967296".into(),
		changes: vec![i32::MIN, 0, i32::MAX],
		..RevealedForecast::default()
	};
	PastRound {
		round: 7,
		state: PastState::Revealing,
		block: 117,
		horizon_end: Some(1 << 45),
		zero: Some(41_000),
		revealed: 1,
		forecasts: vec![forecast],
		..PastRound::default()
	}
}

fn search() -> Search {
	Search {
		domain_id: 0,
		peer_id: ALICE.into(),
		state: "training".into(),
		generation: 3,
		stage: 1,
		stages: 1,
		bracket_stage: 2,
		bracket_stages: 3,
		population: 24,
		epoch: 40,
		total_epochs: 640,
		candidates: 90,
		per_hour: None,
		best: Some(500_000),
		champion: Some(524_288),
		pool: 2,
		immigrants: 1,
		remaining_ms: Some(900),
		since_ms: 5,
		devices: vec!["CPU".into()],
	}
}

#[async_trait]
impl Source for Fixed {
	async fn node(&self) -> Answer<Node> {
		Ok(Node { synced: true, at: best(), chain_height: HEIGHT + 2, roles: vec!["optimize".into()], ..Node::default() })
	}

	async fn chain(&self) -> Answer<ChainStatus> {
		Ok(ChainStatus { at: best(), finalized_height: HEIGHT, chain_height: HEIGHT + 2, ..ChainStatus::default() })
	}

	async fn blocks(&self, from: u32, count: u32) -> Answer<Vec<Block>> {
		let block = |index| Block { index, transactions: vec![Transaction::default()], ..Block::default() };
		Ok((from..from.saturating_add(count)).filter(|index| *index <= HEIGHT).map(block).collect())
	}

	async fn views(&self) -> Answer<Arc<Views>> {
		if self.is_silent {
			std::future::pending::<()>().await;
		}
		match self.is_down {
			true => Err(SourceError::unavailable("the node is gone", "start it")),
			false => Ok(Arc::new(views())),
		}
	}

	async fn metrics(&self) -> Answer<ChainMetrics> {
		Ok(ChainMetrics { at: best(), height: HEIGHT, blocks: 9, mean_block_time_ms: Some(6_000), ..ChainMetrics::default() })
	}

	async fn evidence(&self, domain: u32) -> Answer<Option<Evidence>> {
		Ok((domain == 7).then(|| Evidence {
			at: best(),
			domain_id: 7,
			owner: ALICE.into(),
			units: 64,
			sealed: 9,
			opened: 2,
			stake: "1".into(),
			purse: "5".into(),
			spent: "0".into(),
			awaited_round: None,
			awaited_until: None,
			suspended: None,
		}))
	}

	async fn reputation(&self, account: Account) -> Answer<Reputation> {
		Ok(Reputation {
			at: best(),
			peer_id: account.to_string(),
			score: 3_000_000,
			eligible: true,
			bond: "9".into(),
			accepted: 1,
			rejected: 2,
			forfeited: 0,
		})
	}

	async fn champion(&self, domain: u32, block: Option<u32>) -> Answer<OneChampion> {
		let champion = views().domains.into_iter().find_map(|known| known.champion.filter(|_| known.domain_id == domain));
		let champion = champion.ok_or_else(|| SourceError::not_found("the domain has no champion", "choose another one"))?;
		Ok(OneChampion { at: At { number: block.unwrap_or(best().number), ..best() }, domain_id: domain, champion })
	}

	async fn history(&self, domain: u32) -> Answer<History> {
		let rung = Rung { rung: "ridge".into(), loss: Some(700_000), validation_error: "7".into() };
		Ok(History {
			at: stored(),
			domain_id: domain,
			rungs_state: RungsState::Ready,
			rungs_error: None,
			rungs: vec![rung],
			is_complete: true,
			champions: vec![PastChampion { round: Some(2), model: Some(json!({ "Stored": 5 })), ..PastChampion::default() }],
		})
	}

	async fn forecast(&self, domain: u32) -> Answer<Forecast> {
		if domain == 7 {
			return Err(SourceError::not_found("domain 7 has no series", "choose another one"));
		}
		let step = ForecastStep { step: 1, value: 41.0625 };
		let past = PastForecast {
			from: 3,
			split: "validation".into(),
			forecast: vec![step],
			error: "1".into(),
			initial_error: "2".into(),
		};
		Ok(Forecast {
			at: best(),
			domain_id: domain,
			name: "d".into(),
			unit: "1".into(),
			model: json!("Seasonal"),
			horizon: 1,
			history: 2,
			season: 1,
			steps: 4,
			train_end: 2,
			validation_end: 4,
			first: 0,
			real: vec![1, -2, 3, i32::MAX],
			next: vec![step],
			past: vec![past],
		})
	}

	async fn streams(&self) -> Answer<Arc<Streams>> {
		match self.is_down {
			true => Err(SourceError::unavailable("the node is gone", "start it")),
			false => Ok(Arc::new(streams())),
		}
	}

	async fn answers(&self) -> Answer<Arc<PaidAnswers>> {
		match self.is_down {
			true => Err(SourceError::unavailable("the node is gone", "start it")),
			false => Ok(Arc::new(answers())),
		}
	}

	async fn stream(&self, stream: u32) -> Answer<OneStream> {
		let found = streams().streams.into_iter().find(|known| known.stream_id == stream);
		let found = found.ok_or_else(|| SourceError::not_found("there is no such stream", "choose another one"))?;
		let has_market = found.market.is_some();
		Ok(OneStream {
			at: best(),
			stream: found,
			first_close: (1 << 45) - 3,
			closes: if has_market { vec![Some(i64::MIN), None, Some(41_000)] } else { Vec::new() },
			rounds: has_market.then(forecast_round).into_iter().collect(),
			past: has_market.then(past_round).into_iter().collect(),
			past_from: Some(70),
		})
	}

	async fn forecast_round(&self, stream: u32, round: u32) -> Answer<OneForecastRound> {
		if (stream, round) != (stream_id(0), 8) {
			return Err(SourceError::not_found("there is no such round", "choose another one"));
		}
		let seat = ForecastSeat { peer_id: ALICE.into(), wager: "2000000000000".into(), skill: None };
		Ok(OneForecastRound { at: best(), stream_id: stream, round: forecast_round(), seats: vec![seat] })
	}

	async fn peers(&self) -> Answer<Peers> {
		if !self.is_complete {
			return Err(SourceError::absent("the node does not tell its peers", "ask another one"));
		}
		let peer = Peer { peer_id: "12D3".into(), roles: "FULL".into(), best: 7, best_hash: "0x01".into() };
		Ok(Peers { at: best(), connected_count: 1, should_have_peers: true, is_syncing: false, peers: vec![peer] })
	}

	async fn training(&self) -> Answer<Training> {
		match self.is_complete {
			true => Ok(Training { active: true, domain_id: Some(0), searches: vec![search()], ..Training::default() }),
			false => Err(SourceError::absent("this worker does not optimize", "add an optimizer")),
		}
	}

	async fn analytics(&self) -> Option<Analytics> {
		self.is_complete.then(|| Analytics { state: "following".into(), block: Some(HEIGHT), reason: None })
	}

	async fn rows(&self, query: Query) -> Answer<Rows> {
		if !self.is_complete {
			return Err(SourceError::absent("this worker has no analytics database", "start one with it"));
		}
		Ok(Rows { at: stored(), first_block: 0, rows: vec![json!({ "query": format!("{query:?}") })], count: 1 })
	}

	async fn performances(&self, selection: Selection) -> Answer<Metrics> {
		if !self.is_complete {
			return Err(SourceError::absent("this worker has no analytics database", "start one with it"));
		}
		let performance = Performance {
			round_num: selection.offset,
			domain_id: selection.domain.unwrap_or_default(),
			peer_id: ALICE.into(),
			performance: Some(u64::MAX.to_string()),
			best_performance: None,
			is_improvement: false,
			reveal_block: Some(HEIGHT - 1),
			block: Some(HEIGHT),
			timestamp: None,
		};
		Ok(Metrics { at: stored(), first_block: 0, metrics: vec![performance], count: 1 })
	}

	async fn export(&self) -> Answer<Export> {
		if !self.is_complete {
			return Err(SourceError::absent("this worker has no analytics database", "start one with it"));
		}
		let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
		let path = folder.path().join("copy.db");
		std::fs::write(&path, vec![b'x'; DATABASE]).expect("the folder can be written");
		let file = std::fs::File::open(&path).expect("the file was written");
		Ok(Export { file, bytes: DATABASE as u64, folder, permit: None })
	}
}

/// A router, with what keeps it alive.
pub(crate) struct Server {
	pub router: Router,
	pub feed: Feed,
	pub slot: Slot,
	pub serving: ServeSlot,
	pub stop: watch::Sender<bool>,
}

impl Server {
	/// Returns a server that waits for its source.
	pub fn waiting(timeout: Duration, token: Option<&str>) -> Self {
		let (stop, stopped) = watch::channel(false);
		let (feed, slot) = (Feed::default(), Slot::waiting_for("ws://127.0.0.1:9944"));
		let serving = ServeSlot::default();
		let app = App {
			source: slot.clone(),
			feed: feed.clone(),
			token: token.map(|token| Arc::new(Token::new(token).expect("tokens of tests are long"))),
			address: ([127, 0, 0, 1], 8470).into(),
			serving: serving.clone(),
			timeout,
			stop: stopped,
		};
		Self { router: router(app), feed, slot, serving, stop }
	}

	/// Returns a server over `source` that answers within `timeout`.
	pub fn new(source: Fixed, timeout: Duration, token: Option<&str>) -> Self {
		let server = Self::waiting(timeout, token);
		server.slot.fill(Arc::new(source));
		server
	}

	/// Returns a server of a worker with a search, an analytics database and peers.
	pub fn complete() -> Self {
		Self::new(Fixed { is_complete: true, ..Fixed::default() }, Duration::from_secs(60), Some(TOKEN))
	}

	/// Returns the response to a request.
	pub async fn send(&self, request: Request<Body>) -> Response<Body> {
		self.router.clone().oneshot(request).await.expect("a router never fails")
	}

	/// Returns status and body of the response to a request.
	pub async fn json(&self, request: Request<Body>) -> (u16, Value) {
		let response = self.send(request).await;
		let status = response.status().as_u16();
		let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("the body is short");
		(status, serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes))))
	}

	/// Returns status and body of the response to `GET path`.
	pub async fn get(&self, path: &str) -> (u16, Value) {
		self.json(Request::get(path).body(Body::empty()).expect("the path is valid")).await
	}

	/// Returns status and body of the response to a POST of JSON with the token.
	pub async fn post(&self, path: &str, body: &str) -> (u16, Value) {
		let request = Request::post(path)
			.header("content-type", "application/json")
			.header("authorization", format!("Bearer {TOKEN}"))
			.body(Body::from(body.to_owned()));
		self.json(request.expect("the path is valid")).await
	}
}

impl Default for Server {
	fn default() -> Self {
		Self::new(Fixed::default(), Duration::from_secs(60), Some(TOKEN))
	}
}
