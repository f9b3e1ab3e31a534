//! Source over a chain that is simulated: its numbers change with each block, and their count does not, so that a page which keeps what
//! it has drawn is seen to grow.

use async_trait::async_trait;
use doin_chain::Account;
use doin_dashboard::{
	shape::{
		Analytics, At, Block, ChainMetrics, ChainStatus, Champion, ChannelTotals, Coin, Difficulty, Domain, DomainDemand,
		DomainWeight, Emission, Evidence, Fees, Forecast, ForecastRound, ForecastSeat, ForecastStep, Forecaster, Gene, History,
		Market, Metrics, Node, Offer, OneChampion, OneForecastRound, OneStream, PaidAnswers, PastChampion, PastForecast,
		PastRound, PastState, Peer, Peers, Performance, Reputation, RevealedForecast, Round, Rows, Rung, RungsState, Search,
		Seat, SeatState, Security, Stream, Streams, Task, TaskSeat, Training, Transaction, Work, WorkEntry,
	},
	Answer, Query, Selection, Source, SourceError, Views,
};
use serde_json::{json, Value};
use std::sync::{
	atomic::{AtomicU32, Ordering},
	Arc,
};

/// Domains of the chain.
const DOMAINS: u32 = 12;
/// Champions that a domain has had.
const CHAMPIONS: u32 = 100;
/// Steps of a series that are shown.
const STEPS: u32 = 500;
/// Streams of bars.
const STREAMS: u32 = 8;
/// Bars of a horizon.
const HORIZON: u16 = 100;
/// Rows of an answer of the database.
const ROWS: u32 = 100;
/// Accounts that take part.
const ACCOUNTS: [&str; 2] =
	["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"];

/// Source whose best block is that of a counter.
pub struct Simulated(pub Arc<AtomicU32>);

/// Returns a block.
pub fn at(number: u32) -> At {
	At { number, hash: format!("0x{number:064x}") }
}

fn account(number: u32) -> String {
	ACCOUNTS[number as usize % ACCOUNTS.len()].into()
}

fn champion(domain: u32, block: u32) -> Champion {
	Champion {
		model: json!({ "Stored": block }),
		author: Some(account(block)),
		round: Some(block / 10),
		block: block.saturating_sub(3),
		loss: Some(u64::from(900_000 - block % 1_000 - domain)),
		error: (1_000_000 + block).to_string(),
		initial_error: "2000000".into(),
		validation_error: (900_000 + block).to_string(),
		validation_loss: Some(850_000),
		genes: (0..12).map(|gene| (gene + block).to_string()).collect(),
		bytes: 2_000,
	}
}

fn domain(id: u32, block: u32) -> Domain {
	let gene = |number: u32| Gene { name: format!("gene {number}"), min: "0".into(), max: "1000000".into(), log: false, frac: 0 };
	let result = if block.is_multiple_of(2) {
		json!({ "paid": { "effective": "4294967" } })
	} else {
		json!({ "unpaid": "noImprovement" })
	};
	Domain {
		domain_id: id,
		name: format!("domain {id}"),
		unit: "MW".into(),
		program: "forecast".into(),
		evidence: if id % 4 == 3 { "sealed" } else { "synthetic" }.into(),
		status: "active".into(),
		owner: account(id),
		weight: 1_000_000 / DOMAINS,
		high_water: (u64::from(block) << 20).to_string(),
		carry: "0".into(),
		min_improvement: 5_000,
		bounty: "1000000000000".into(),
		class: "Small".into(),
		initial_validation_error: "2000000".into(),
		bar: "1990000".into(),
		last_round: Some(json!({ "number": block / 10, "block": block.saturating_sub(3), "result": result })),
		horizon: Some(24),
		history: Some(96),
		season: Some(24),
		channels: Some(1),
		drawn_predictions: Some(98_304),
		validation_predictions: Some(49_152),
		genes: (0..12).map(gene).collect(),
		champion: Some(champion(id, block)),
		..Domain::default()
	}
}

fn round(domain_id: u32, block: u32) -> Round {
	let seat = |place: u32| {
		let status = if place.is_multiple_of(2) { "committed" } else { "revealed" };
		Seat { peer_id: account(place), status: json!(status), model: None, fee: (place + block).to_string() }
	};
	Round {
		domain_id,
		round: block / 10 + 1,
		phase: if block % 10 < 6 { "Commit" } else { "Reveal" }.into(),
		phase_end: block + 4,
		commit_from: block,
		reveal_from: block + 4,
		reveal_until: block + 8,
		next_seat_fee: block.to_string(),
		seat_hold: "1000000000000".into(),
		stake: "0".into(),
		seats: (0..block % 16).map(seat).collect(),
		..Round::default()
	}
}

fn task(place: u32, block: u32) -> Task {
	let seat = |number: u32| TaskSeat {
		peer_id: account(number),
		committed: number != 0,
		revealed: false,
		state: if number == 0 { SeatState::Missed } else { SeatState::Committed },
	};
	Task {
		task_id: (block + place).to_string(),
		domain_id: place % DOMAINS,
		subject: json!({ "round": { "domain": place % DOMAINS, "number": block / 10 } }),
		phase: "Answering".into(),
		phase_end: block + 5,
		models: 5,
		seed: Some(at(block).hash),
		evaluators: (0..3).map(seat).collect(),
	}
}

fn work(block: u32) -> Work {
	let entry = |place: u32| WorkEntry {
		domain_id: place % DOMAINS,
		round: block / 10,
		effective: (1_000_000 + block + place).to_string(),
		optimizer: account(place),
		evaluators: ACCOUNTS.map(str::to_owned).into(),
		backing: json!("Quorum"),
	};
	let seal = json!({
		"workBlock": (block / 20).to_string(), "block": block, "taken": "4294967296", "threshold": "8589934592", "minted": "9",
		"optimizers": "4", "evaluators": "3", "validators": "2",
	});
	let weight = |domain_id: u32| DomainWeight { domain_id, name: format!("domain {domain_id}"), weight: 1_000_000 / DOMAINS };
	Work {
		at: at(block),
		work_blocks: u64::from(block / 20),
		threshold: "4294967296".into(),
		queued: (u64::from(block % 20) << 27).to_string(),
		reward: "50000000000000".into(),
		mined: (u64::from(block) * 1_000_000_000).to_string(),
		backed_by_quorum: "9".into(),
		backed_by_runtime: "1".into(),
		backed_share: 900_000,
		era_accrual: "1".into(),
		queue: (0..20).map(entry).collect(),
		last_seal: Some(seal),
		emission: Emission { optimizers: 700_000, evaluators: 150_000, validators: 150_000 },
		weights: (0..DOMAINS).map(weight).collect(),
		burned: block.to_string(),
		..Work::default()
	}
}

fn fees(block: u32) -> Fees {
	Fees {
		at: at(block),
		base_fee: (1_000 + block % 100).to_string(),
		fullness: block % 100 * 10_000,
		floor: "1000".into(),
		ceiling: "1000000000".into(),
		total_burned: block.to_string(),
		enabled: true,
	}
}

/// Returns the searches of the worker at a block.
pub fn training(block: u32) -> Training {
	let search = |domain_id: u32| Search {
		domain_id,
		peer_id: account(0),
		state: "training".into(),
		generation: block,
		stage: 1,
		stages: 1,
		bracket_stage: 1,
		bracket_stages: 3,
		population: 24,
		epoch: block % 640,
		total_epochs: 640,
		candidates: u64::from(block) * 24,
		per_hour: Some(9_000),
		best: Some(900_000 - u64::from(block)),
		champion: Some(900_000),
		pool: 4,
		immigrants: u64::from(block),
		remaining_ms: Some(9_000),
		since_ms: u64::from(block) * 6_000,
		devices: vec!["CPU".into()],
	};
	Training {
		active: true,
		domain_id: Some(0),
		generation: block,
		round: block,
		stage: 1,
		total_stages: 1,
		epoch: block % 640,
		total_epochs: 640,
		candidates: u64::from(block) * 24,
		champion_loss: Some(900_000),
		val_loss: Some(900_000 - u64::from(block)),
		best: Some(900_000 - u64::from(block)),
		searches: (0..3).map(search).collect(),
	}
}

fn past(place: u32, block: u32) -> PastChampion {
	PastChampion {
		round: Some(place + 1),
		block: Some(block.saturating_sub(CHAMPIONS - place)),
		timestamp: Some("2026-01-01T00:00:00.000Z".into()),
		loss: Some(u64::from(1_000_000 - 1_000 * place)),
		validation_loss: Some(u64::from(1_000_000 - 900 * place)),
		error: Some((1_000_000 + place).to_string()),
		initial_error: Some("2000000".into()),
		validation_error: Some((900_000 + block).to_string()),
		increment: Some("4294967".into()),
		effective: Some("2147483".into()),
		author: Some(account(place)),
		model: Some(json!({ "Stored": block + place })),
		bytes: Some(2_000),
		genes: None,
		backing: Some("quorum".into()),
		verified_by: ACCOUNTS.map(str::to_owned).into(),
	}
}

/// Returns a row with all columns that panels read, of whichever table.
fn row(place: u32, block: u32) -> Value {
	let mut row = json!({
		"block": block, "end_block": block, "missed_block": block, "commit_block": null, "timestamp_ms": u64::from(block) * 6_000,
		"domain": place % DOMAINS, "round": block / 10, "seat": place % 16, "account": account(place), "challenger": account(place),
	});
	let integers = [("is_excused", 0), ("is_upheld", 1), ("chunk", place), ("claimed", 1), ("computed", 2)];
	integers.iter().for_each(|(name, integer)| row[*name] = json!(integer));
	let texts = [
		("kind", "sums"),
		("status", "rejected"),
		("reason", "lost"),
		("unpaid_reason", "lost"),
		("result", "decided"),
		("round_unpaid_reason", "noImprovement"),
		("taken", "4294967296"),
		("threshold", "8589934592"),
		("minted", "9"),
		("optimizers", "4"),
		("evaluators", "3"),
		("validators", "2"),
		("reward", "3"),
	];
	texts.iter().for_each(|(name, text)| row[*name] = json!(text));
	[("task", block + place), ("model", block + place), ("number", block / 20)]
		.iter()
		.for_each(|(name, number)| row[*name] = json!(number.to_string()));
	row
}

impl Simulated {
	fn block(&self) -> u32 {
		self.0.load(Ordering::Relaxed)
	}
}

fn market(block: u32) -> Market {
	let forecaster = |place: u32| Forecaster {
		peer_id: account(place),
		standing: (block + place).to_string(),
		bound: Some((block + place).to_string()),
		increment: "0".into(),
		seats: 4,
	};
	Market {
		pot: block.to_string(),
		rounds: block,
		open: 4,
		committing: 1,
		waiting: 2,
		revealing: 1,
		weight: 100_000,
		mark: block.to_string(),
		forecasters: (0..2).map(forecaster).collect(),
	}
}

fn stream(place: u32, block: u32) -> Stream {
	Stream {
		stream_id: (1 << 31) + place,
		symbol: format!("stream {place}"),
		unit: "0.01 USD".into(),
		source: "simulated".into(),
		bar_ms: 6_000,
		batch: 6,
		horizon: HORIZON,
		owner: account(place),
		fee: "1".into(),
		pot: block.to_string(),
		awake: true,
		next: block.into(),
		running: block.into(),
		paid_until: u64::from(block) + 100,
		market: Some(market(block)),
		..Stream::default()
	}
}

fn forecast_round(round: u32, block: u32) -> ForecastRound {
	ForecastRound {
		round,
		phase: "Waiting".into(),
		input_end: block.into(),
		zero_bar: Some(block.into()),
		horizon_end: Some(u64::from(block) + u64::from(HORIZON)),
		reference: "repeatLast".into(),
		seats: 2,
		wagers: block.to_string(),
		..ForecastRound::default()
	}
}

fn past_round(round: u32, block: u32) -> PastRound {
	let forecast = |place: u32| RevealedForecast {
		peer_id: account(place),
		block,
		error: (65_536 + block).to_string(),
		skill: block.to_string(),
		changes: (0..i32::from(HORIZON)).collect(),
		..RevealedForecast::default()
	};
	PastRound {
		round,
		state: PastState::Closed,
		block,
		horizon_end: Some(u64::from(block) - u64::from(round % 16) * 30),
		zero: Some(100_000),
		reference_error: Some("65536".into()),
		revealed: 2,
		forecasts: (0..2).map(forecast).collect(),
		..PastRound::default()
	}
}

/// Returns a domain with offers and paid demand.
fn demand(id: u32, block: u32) -> DomainDemand {
	let offer = |place: u32| Offer {
		peer_id: account(place),
		price: (1_000 + place).to_string(),
		endpoint: "https://example.org:8475".into(),
		bond: "10000000000000".into(),
		since: block,
	};
	let (name, demand) = (format!("domain {id}"), Some(block.to_string()));
	DomainDemand { domain_id: id, name, weight: 1_000_000 / DOMAINS, demand, offers: (0..8).map(offer).collect() }
}

#[async_trait]
impl Source for Simulated {
	async fn node(&self) -> Answer<Node> {
		let block = self.block();
		Ok(Node {
			at: at(block),
			peer_id: Some(account(0)),
			version: "0.0.0".into(),
			url: "ws://127.0.0.1:9944".into(),
			genesis: at(0).hash,
			synced: true,
			sync: "synced".into(),
			chain_height: block,
			uptime_s: u64::from(block) * 6,
			roles: vec!["optimize".into(), "evaluate".into()],
			..Node::default()
		})
	}

	async fn chain(&self) -> Answer<ChainStatus> {
		let block = self.block();
		Ok(ChainStatus {
			at: at(block),
			chain_height: block,
			finalized_height: block.saturating_sub(2),
			..ChainStatus::default()
		})
	}

	async fn blocks(&self, from: u32, count: u32) -> Answer<Vec<Block>> {
		let transaction = |index: u32| Transaction { index, id: at(index).hash, success: true, ..Transaction::default() };
		let block = |index: u32| Block {
			at: at(index),
			index,
			hash: at(index).hash,
			previous_hash: at(index.saturating_sub(1)).hash,
			timestamp: Some(u64::from(index) * 6_000),
			transactions: (0..9).map(transaction).collect(),
			events: 20,
			..Block::default()
		};
		Ok((from..from.saturating_add(count)).filter(|index| *index <= self.block()).map(block).collect())
	}

	async fn views(&self) -> Answer<Arc<Views>> {
		let block = self.block();
		Ok(Arc::new(Views {
			at: at(block),
			domains: (0..DOMAINS).map(|id| domain(id, block)).collect(),
			rounds: (0..DOMAINS).map(|id| round(id, block)).collect(),
			tasks: (0..DOMAINS).map(|place| task(place, block)).collect(),
			security: Security {
				finalized_height: block.saturating_sub(2),
				finalized_hash: at(block.saturating_sub(2)).hash,
				pending_commitments: 3,
				pending_quorums: 2,
			},
			difficulty: Difficulty { threshold: block.to_string(), target_block_time: 600, ..Difficulty::default() },
			peers: Some(3),
			work: work(block),
			fees: fees(block),
			coin: Coin { total_supply: block.to_string(), my_balance: Some(block.to_string()), my_holds: Some("0".into()) },
			optimized: vec![0, 1, 2],
			evaluated: vec![0],
		}))
	}

	async fn streams(&self) -> Answer<Arc<Streams>> {
		let block = self.block();
		let streams = (0..STREAMS).map(|place| stream(place, block)).collect();
		Ok(Arc::new(Streams { at: at(block), total: STREAMS, streams }))
	}

	async fn answers(&self) -> Answer<Arc<PaidAnswers>> {
		let block = self.block();
		Ok(Arc::new(PaidAnswers {
			at: at(block),
			domains: (0..DOMAINS).map(|id| demand(id, block)).collect(),
			channels: ChannelTotals {
				deposited: (2 * u64::from(block)).to_string(),
				open: block.to_string(),
				..ChannelTotals::default()
			},
			serving: None,
		}))
	}

	async fn stream(&self, id: u32) -> Answer<OneStream> {
		let block = self.block();
		Ok(OneStream {
			at: at(block),
			stream: stream(id & 0xff, block),
			first_close: u64::from(block) - 1_000,
			closes: (block - 1_000..block).map(|bar| Some(i64::from(100_000 + bar % 100))).collect(),
			rounds: (0..4).map(|round| forecast_round(round, block)).collect(),
			past: (0..16).map(|round| past_round(round, block)).collect(),
			past_from: Some(0),
		})
	}

	async fn forecast_round(&self, stream: u32, round: u32) -> Answer<OneForecastRound> {
		let block = self.block();
		let seat = |place: u32| ForecastSeat { peer_id: account(place), wager: block.to_string(), skill: None };
		let seats = (0..2).map(seat).collect();
		Ok(OneForecastRound { at: at(block), stream_id: stream, round: forecast_round(round, block), seats })
	}

	async fn metrics(&self) -> Answer<ChainMetrics> {
		let block = self.block();
		Ok(ChainMetrics { at: at(block), height: block, blocks: 100, mean_block_time_ms: Some(6_000), ..ChainMetrics::default() })
	}

	async fn evidence(&self, domain: u32) -> Answer<Option<Evidence>> {
		Ok((domain % 4 == 3).then(|| Evidence {
			at: at(self.block()),
			domain_id: domain,
			owner: account(domain),
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

	async fn reputation(&self, _: Account) -> Answer<Reputation> {
		Err(SourceError::not_found("the simulated chain has no records", "ask for /status"))
	}

	async fn champion(&self, domain_id: u32, block: Option<u32>) -> Answer<OneChampion> {
		let block = block.unwrap_or(self.block());
		Ok(OneChampion { at: at(block), domain_id, champion: champion(domain_id, block) })
	}

	async fn history(&self, domain_id: u32) -> Answer<History> {
		let block = self.block();
		let rung = |(name, loss): (&str, u64)| Rung { rung: name.into(), loss: Some(loss), validation_error: loss.to_string() };
		Ok(History {
			at: at(block),
			domain_id,
			rungs_state: RungsState::Ready,
			rungs_error: None,
			rungs: [("repeatLast", 1_200_000), ("seasonal", 1_048_576), ("ridge", 900_000)].map(rung).into(),
			is_complete: true,
			champions: (0..CHAMPIONS).map(|place| past(place, block)).collect(),
		})
	}

	async fn forecast(&self, domain_id: u32) -> Answer<Forecast> {
		let block = self.block();
		let steps = |from: u32| {
			(0..24).map(|step| ForecastStep { step: step + 1, value: f64::from(from + u32::from(step)) }).collect::<Vec<_>>()
		};
		let past = |place: u32| PastForecast {
			from: 24 * place,
			split: "validation".into(),
			forecast: steps(block % 100),
			error: (100 + block).to_string(),
			initial_error: "200".into(),
		};
		Ok(Forecast {
			at: at(block),
			domain_id,
			name: format!("domain {domain_id}"),
			unit: "MW".into(),
			model: json!({ "Stored": block }),
			horizon: 24,
			history: 96,
			season: 24,
			steps: STEPS,
			train_end: STEPS / 2,
			validation_end: STEPS,
			first: 0,
			real: (0..STEPS as i32).map(|step| step % 24 + (block % 100) as i32).collect(),
			next: steps(block % 100),
			past: (0..8).map(past).collect(),
		})
	}

	async fn peers(&self) -> Answer<Peers> {
		let block = self.block();
		let peer = |number: u32| Peer {
			peer_id: format!("12D3KooW{number:044}"),
			roles: "FULL".into(),
			best: u64::from(block),
			best_hash: at(block).hash,
		};
		Ok(Peers {
			at: at(block),
			connected_count: 40,
			should_have_peers: true,
			is_syncing: false,
			peers: (0..40).map(peer).collect(),
		})
	}

	async fn training(&self) -> Answer<Training> {
		Ok(training(self.block()))
	}

	async fn analytics(&self) -> Option<Analytics> {
		Some(Analytics { state: "following".into(), block: Some(self.block()), reason: None })
	}

	async fn rows(&self, _: Query) -> Answer<Rows> {
		let block = self.block();
		Ok(Rows { at: at(block), first_block: 0, rows: (0..ROWS).map(|place| row(place, block)).collect(), count: ROWS })
	}

	async fn performances(&self, _: Selection) -> Answer<Metrics> {
		let block = self.block();
		let performance = |place: u32| Performance {
			round_num: block / 10,
			domain_id: place % DOMAINS,
			peer_id: account(place),
			performance: Some((900_000 + block).to_string()),
			best_performance: Some("900000".into()),
			is_improvement: place.is_multiple_of(2),
			reveal_block: Some(block),
			block: Some(block),
			timestamp: Some("2026-01-01T00:00:00.000Z".into()),
		};
		Ok(Metrics { at: at(block), first_block: 0, metrics: (0..ROWS).map(performance).collect(), count: ROWS })
	}
}
