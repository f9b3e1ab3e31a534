//! Metrics of DOIN: what events and views become, what an idle node exports, and which states are decoded.

use codec::Encode;
use doin_node::{
	metrics::{
		counts::{counts, Family, FAMILIES},
		export::{bits, doin, missing, ratio, Metrics, Stages, ROUND_STAGES, TASK_STAGES},
		live::{Live, FORECAST_STAGES, REPORTER_STATES, STREAM_STATES},
	},
	state_version::{self, Mismatch},
};
use doin_primitives::{
	inference::Lie,
	oracle::{Bars, Values, FIRST_STREAM},
	views::{FeeMarketView, PollView, ReporterView, SealView, StreamView, WorkView},
	RoundId, UnpaidReason, DOIN, ONE_Q32,
};
use doin_runtime::{AccountId, RuntimeEvent, VERSION};
use frame_system::LastRuntimeUpgradeInfo;
use pallet_doin_evaluators::types::Offence;
use pallet_doin_forecasts::types::{Market, Stage as ForecastStage};
use pallet_doin_optimae::types::Stage as RoundStage;
use pallet_doin_recomputation::types::Stage as TaskStage;
use sp_runtime::BuildStorage;
use std::collections::BTreeSet;
use substrate_prometheus_endpoint::{
	prometheus::{Encoder, TextEncoder},
	Registry,
};

const WHO: AccountId = AccountId::new([7; 32]);
const ROUND: RoundId = RoundId { domain: 0, number: 3 };

/// Returns what a node would answer to Prometheus.
fn exported(registry: &Registry) -> String {
	let mut text = Vec::new();
	TextEncoder::new().encode(&registry.gather(), &mut text).expect("the metrics are text");
	String::from_utf8(text).expect("the metrics are text")
}

/// Returns the additions of an event as pairs of label and amount.
fn added(event: impl Into<RuntimeEvent>) -> Vec<(Family, &'static str, f64)> {
	counts(&event.into()).into_iter().map(|count| (count.family, count.label, count.amount)).collect()
}

/// Returns the view of a queue after `work_blocks` work blocks.
fn work(work_blocks: u64, sealed: u32) -> WorkView<AccountId> {
	let seal = SealView {
		work_block: work_blocks,
		block: sealed,
		taken: ONE_Q32,
		minted: DOIN,
		optimizers: 0,
		evaluators: 0,
		validators: 0,
	};
	WorkView {
		work_blocks,
		threshold: ONE_Q32 / 16,
		queued: 3 * ONE_Q32,
		reward: 50 * DOIN,
		mined: u128::from(work_blocks) * 50 * DOIN,
		backed_by_quorum: u128::from(work_blocks) * 40 * DOIN,
		backed_by_runtime: u128::from(work_blocks) * 10 * DOIN,
		backed_share: 1_000_000,
		era_accrual: DOIN / 2,
		queue: Vec::new(),
		last_seal: (work_blocks > 0).then_some(seal),
	}
}

fn fees(burned: u128) -> FeeMarketView {
	FeeMarketView { base_fee: 1_000, fullness: 250_000, floor: 1_000, ceiling: 1_000_000, burned }
}

#[test]
fn an_idle_node_exports_every_metric_and_every_value_of_its_label() {
	let registry = Registry::new();
	let _metrics = Metrics::register(&registry).unwrap();
	let text = exported(&registry);
	for (_, name, _, label, values) in FAMILIES {
		for value in values {
			assert!(text.contains(&format!("\n{name}{{{label}=\"{value}\"}} 0\n")), "{name} {value} is missing in {text}");
		}
	}
	for (name, label, values) in [
		("doin_open_rounds", "stage", &ROUND_STAGES[..]),
		("doin_open_recomputations", "stage", &TASK_STAGES[..]),
		("doin_forecast_rounds", "stage", &FORECAST_STAGES[..]),
		("doin_streams", "state", &STREAM_STATES[..]),
		("doin_poll_reporters", "state", &REPORTER_STATES[..]),
	] {
		for value in values {
			assert!(text.contains(&format!("\n{name}{{{label}=\"{value}\"}} 0\n")), "{name} {value} is missing in {text}");
		}
	}
	assert!(text.contains("doin_work_blocks_total 0"), "{text}");
	assert!(Metrics::register(&registry).is_err(), "names are taken once");
}

#[test]
fn names_end_with_their_unit_and_counters_with_total() {
	let registry = Registry::new();
	let _metrics = Metrics::register(&registry).unwrap();
	let amounts = ["_bits", "_doin", "_height", "_ratio", "_plancks"];
	let counted = ["_blocks", "_rounds", "_recomputations", "_streams", "_bars", "_reporters"];
	for family in registry.gather() {
		let (name, is_counter) =
			(family.get_name(), family.get_field_type() == substrate_prometheus_endpoint::prometheus::proto::MetricType::COUNTER);
		assert!(name.starts_with("doin_"), "{name}");
		assert_eq!(name.ends_with("_total"), is_counter, "{name}");
		assert!(is_counter || amounts.iter().chain(&counted).any(|unit| name.ends_with(unit)), "{name} has no unit");
		assert!(!family.get_help().is_empty(), "{name} is not explained");
	}
}

#[test]
fn the_state_of_a_block_is_shown_and_totals_never_fall() {
	let registry = Registry::new();
	let metrics = Metrics::register(&registry).unwrap();
	metrics.show(120, &work(2, 100), &fees(7 * DOIN));
	let text = exported(&registry);
	for line in [
		"doin_observed_block_height 120",
		"doin_work_blocks_total 2",
		"doin_work_seal_age_blocks 20",
		"doin_work_threshold_bits 0.0625",
		"doin_work_queue_bits 3",
		"doin_work_reward_doin 50",
		"doin_work_minted_doin_total{backing=\"quorum\"} 80",
		"doin_work_minted_doin_total{backing=\"runtime\"} 20",
		"doin_work_era_accrual_doin 0.5",
		"doin_fee_market_base_fee_plancks 1000",
		"doin_fee_market_fullness_ratio 0.25",
		"doin_fee_market_burned_doin_total 7",
	] {
		assert!(text.lines().any(|shown| shown == line), "`{line}` is missing in {text}");
	}

	metrics.show(121, &work(3, 121), &fees(8 * DOIN));
	let text = exported(&registry);
	assert!(text.contains("\ndoin_work_blocks_total 3\n") && text.contains("\ndoin_work_seal_age_blocks 0\n"), "{text}");
	assert!(text.contains("{backing=\"quorum\"} 120\n"), "a total is set, not added: {text}");
	// A state that is read again, or late, changes no counter.
	metrics.show(120, &work(2, 100), &fees(7 * DOIN));
	let text = exported(&registry);
	assert!(text.contains("\ndoin_work_blocks_total 3\n") && text.contains("\ndoin_fee_market_burned_doin_total 8\n"), "{text}");
}

#[test]
fn before_the_first_work_block_its_age_is_that_of_the_chain() {
	let registry = Registry::new();
	Metrics::register(&registry).unwrap().show(33, &work(0, 0), &fees(0));
	assert!(exported(&registry).contains("\ndoin_work_seal_age_blocks 33\n"));
}

#[test]
fn rounds_and_tasks_are_counted_by_stage_and_empty_stages_are_zero() {
	let registry = Registry::new();
	let metrics = Metrics::register(&registry).unwrap();
	let mut stages = Stages::default();
	stages.add_round(&RoundStage::Collecting);
	stages.add_round(&RoundStage::Collecting);
	stages.add_round(&RoundStage::Revealing { until: 9, base_fee: 1, extended: false });
	stages.add_task(&TaskStage::Drawing { target: 5 });
	metrics.show_stages(&stages);
	let text = exported(&registry);
	for line in [
		"doin_open_rounds{stage=\"collecting\"} 2",
		"doin_open_rounds{stage=\"revealing\"} 1",
		"doin_open_recomputations{stage=\"drawing\"} 1",
	] {
		assert!(text.contains(&format!("\n{line}\n")), "`{line}` is missing in {text}");
	}
	metrics.show_stages(&Stages::default());
	assert!(exported(&registry).contains("\ndoin_open_rounds{stage=\"collecting\"} 0\n"), "rounds that ended are not counted");
}

/// Returns a stream whose bar 100 is the first one that is not counted.
fn stream(awake: bool, running: u64) -> StreamView<AccountId> {
	StreamView {
		id: FIRST_STREAM,
		symbol: "BTC/USD".into(),
		unit: "0.01 USD".into(),
		source: "median of three markets".into(),
		bar_ms: 300_000,
		batch: 3,
		fields: vec!["close".into()],
		kept: 9_000,
		season: 1,
		scale: 100,
		horizon: 24,
		fee: DOIN,
		domain: None,
		owner: WHO,
		pot: 5 * DOIN / 2,
		awake,
		start: 40,
		first: 40,
		next: 100,
		running,
		paid_until: 0,
	}
}

fn poll(is_open: bool, committed: &[bool]) -> PollView<AccountId> {
	let reporter = |committed| ReporterView {
		who: WHO,
		stake: DOIN,
		committed,
		revealed: false,
		polls: 0,
		unrevealed: 0,
		within: 0,
		outside: 0,
	};
	let reporters = committed.iter().copied().map(reporter).collect();
	PollView { id: 1, is_open, commits_until: 50, reveals_until: 60, batches: Vec::new(), reporters }
}

#[test]
fn bars_are_late_once_their_batch_has_ended() {
	let late = |streams: &[StreamView<AccountId>]| {
		let mut live = Live::default();
		streams.iter().for_each(|stream| live.add_stream(stream));
		live.late_bars
	};
	assert_eq!([99, 102, 103, 105, 106].map(|running| late(&[stream(true, running)])), [0, 0, 3, 3, 6]);
	assert_eq!(
		late(&[stream(true, 103), stream(true, 109), stream(false, 9_000)]),
		12,
		"nobody asks for those of one that sleeps"
	);
	let unborn = StreamView { start: 0, next: 0, ..stream(true, 9_000) };
	assert_eq!(late(&[unborn]), 0, "a stream of genesis has no bar yet");
}

#[test]
fn reporters_are_absent_once_commitments_are_over() {
	let at = |number, poll: &PollView<AccountId>| {
		let mut live = Live::default();
		live.add_poll(number, poll);
		live.reporters.map(|reporters| (reporters["committed"], reporters["absent"]))
	};
	let open = poll(true, &[true, false, true, true]);
	assert_eq!([49, 50, 70].map(|number| at(number, &open)), [None, Some((3, 1)), Some((3, 1))]);
	assert_eq!(at(70, &poll(false, &[])), None);
}

#[test]
fn streams_markets_and_rounds_of_forecasts_are_shown() {
	let registry = Registry::new();
	let metrics = Metrics::register(&registry).unwrap();
	let mut live = Live::default();
	[stream(true, 103), stream(false, 103)].iter().for_each(|stream| live.add_stream(stream));
	live.add_poll(50, &poll(true, &[true, false, false]));
	live.add_market(&Market { pot: 7 * DOIN, ..Market::new(100) });
	live.add_market(&Market { pot: DOIN / 2, ..Market::new(100) });
	for stage in [ForecastStage::Committing { until: 9 }, ForecastStage::Waiting { zero: 7 }, ForecastStage::Void] {
		live.add_round(&stage, 2 * DOIN);
	}
	metrics.show_live(&live);
	let text = exported(&registry);
	for line in [
		"doin_streams{state=\"awake\"} 1",
		"doin_streams{state=\"asleep\"} 1",
		"doin_late_bars 3",
		"doin_stream_pots_doin 5",
		"doin_poll_reporters{state=\"absent\"} 2",
		"doin_forecast_rounds{stage=\"committing\"} 1",
		"doin_forecast_rounds{stage=\"void\"} 1",
		"doin_forecast_wagers_doin 4",
		"doin_market_pots_doin 7.5",
	] {
		assert!(text.lines().any(|shown| shown == line), "`{line}` is missing in {text}");
	}
	metrics.show_live(&Live::default());
	let text = exported(&registry);
	assert!(
		text.contains("\ndoin_forecast_rounds{stage=\"void\"} 0\n") && text.contains("\ndoin_market_pots_doin 0\n"),
		"{text}"
	);
	assert!(text.contains("\ndoin_poll_reporters{state=\"absent\"} 2\n"), "no poll has followed: {text}");
}

#[test]
fn events_of_polls_and_markets_are_counted() {
	use pallet_doin_forecasts::Event as OfMarket;
	use pallet_doin_oracle::Event as OfPoll;
	let values = || Values::truncate_from(vec![5]);
	let bars = Bars::truncate_from(vec![Some(values()), None, Some(values())]);
	let stands = OfPoll::BatchStands { poll: 1, stream: FIRST_STREAM, first: 9, bars, reveals: 4, paid: DOIN };
	let expected = [(Family::Bars, "known", 2.0), (Family::Bars, "missing", 1.0), (Family::Batches, "stands", 1.0)];
	assert_eq!(added(stands), expected);
	let missing = OfPoll::BatchMissing { poll: 1, stream: FIRST_STREAM, first: 9, reveals: 0 };
	assert_eq!(added(missing), [(Family::Batches, "missing", 1.0)]);
	let unrevealed = OfPoll::Unrevealed { poll: 1, who: WHO, burned: DOIN / 10 };
	assert_eq!(added(unrevealed), [(Family::Reports, "unrevealed", 1.0)]);
	assert_eq!(added(OfPoll::PollClosed { poll: 1 }), [(Family::Polls, "closed", 1.0)]);
	assert_eq!(added(OfPoll::Left { who: WHO }), []);

	let committed = OfMarket::Committed { round: ROUND, who: WHO, wager: DOIN, burned: DOIN / 100 };
	assert_eq!(added(committed), [(Family::ForecastSeats, "committed", 1.0)]);
	assert_eq!(added(OfMarket::Voided { round: ROUND }), [(Family::ForecastRounds, "voided", 1.0)]);
	let claimed = OfMarket::Claimed { stream: FIRST_STREAM, who: WHO, bound: 1, increment: ONE_Q32, effective: ONE_Q32 / 4 };
	assert_eq!(added(claimed), [(Family::Claims, "runtime", 1.0), (Family::Claimed, "runtime", 0.25)]);
}

#[test]
fn events_of_channels_and_offers_are_counted() {
	use pallet_doin_channels::Event as OfChannel;
	use pallet_doin_inference::Event as OfOffer;
	let closed = OfChannel::Closed { channel: [1; 32], payer: WHO, returned: DOIN };
	assert_eq!(added(closed), [(Family::Channels, "closed", 1.0)]);
	let redeemed = OfChannel::Redeemed { channel: [1; 32], payee: WHO, amount: 3 * DOIN, fee: DOIN / 2, paid: 4 * DOIN };
	let expected = [(Family::Redeemed, "payee", 3.0), (Family::Redeemed, "burned", 0.5), (Family::Channels, "redeemed", 1.0)];
	assert_eq!(added(redeemed), expected);
	assert_eq!(added(OfChannel::ToppedUp { channel: [1; 32], deposit: DOIN, expires: 9 }), []);

	let unlisted = OfOffer::Unlisted { domain: 0, who: WHO, leaves: 9 };
	assert_eq!(added(unlisted), [(Family::Offers, "unlisted", 1.0)]);
	let slashed = |lie| OfOffer::Slashed {
		domain: 0,
		who: WHO,
		lie,
		slashed: 5 * DOIN / 2,
		burned: DOIN,
		payer: None,
		compensation: 0,
		accuser: WHO,
		reward: DOIN / 4,
	};
	for (lie, label) in [(Lie::Model, "model"), (Lie::Output, "output")] {
		assert_eq!(added(slashed(lie)), [(Family::Lies, label, 1.0), (Family::LiesSlashed, label, 2.5)]);
	}
}

#[test]
fn events_of_a_quorum_are_counted_by_what_evaluators_did() {
	use pallet_doin_recomputation::Event;
	let drawn = Event::QuorumDrawn { task: 1, seed: [0; 32], evaluators: vec![WHO; 3] };
	assert_eq!(added(drawn), [(Family::Answers, "drawn", 3.0)]);
	assert_eq!(added(Event::SumsRevealed { task: 1, who: WHO }), [(Family::Answers, "revealed", 1.0)]);
	assert_eq!(added(Event::AnswerMissed { task: 1, who: WHO, excused: false }), [(Family::Answers, "absent", 1.0)]);
	assert_eq!(added(Event::AnswerMissed { task: 1, who: WHO, excused: true }), [(Family::Answers, "excused", 1.0)]);
	assert_eq!(added(Event::ChallengeAnnounced { who: WHO, hash: [0; 32] }), [(Family::Challenges, "announced", 1.0)]);
	let upheld = Event::ChallengeUpheld { task: 1, challenger: WHO, model: 0, chunk: 0, reward: DOIN };
	assert_eq!(added(upheld), [(Family::Challenges, "upheld", 1.0)]);
}

#[test]
fn a_slash_is_counted_with_its_amount() {
	let slashed = pallet_doin_evaluators::Event::Slashed { who: WHO, amount: 5 * DOIN / 2, offence: Offence::FalseAnswer };
	assert_eq!(added(slashed), [(Family::Slashes, "falseAnswer", 1.0), (Family::Slashed, "falseAnswer", 2.5)]);
}

#[test]
fn a_seal_adds_what_it_mints_and_its_parts() {
	use pallet_doin_work::Event;
	let sealed = Event::Sealed {
		work_block: 1,
		taken: ONE_Q32,
		threshold: ONE_Q32,
		minted: 100 * DOIN,
		optimizers: 65 * DOIN,
		evaluators: 30 * DOIN,
		validators: 5 * DOIN,
	};
	let parts =
		[("optimizers", 65.0), ("evaluators", 30.0), ("validators", 5.0)].map(|(role, part)| (Family::Rewards, role, part));
	assert_eq!(added(sealed)[..3], parts);
	let paid = Event::Paid { round: ROUND, effective: ONE_Q32, minted: 10 * DOIN, optimizers: 0, evaluators: 0, validators: 0 };
	assert_eq!(added(paid).last(), Some(&(Family::Minted, "purse", 10.0)));
	assert_eq!(added(Event::ThresholdChanged { old: 1, new: 2 }), []);
}

#[test]
fn a_round_that_ends_is_counted_once() {
	use pallet_doin_optimae::Event;
	let ended = |winner| added(Event::RoundDecided { round: ROUND, winner });
	assert_eq!(ended(Some(4)), [(Family::Rounds, "crowned", 1.0)]);
	assert_eq!(ended(None), [(Family::Rounds, "decided", 1.0)]);
	assert_eq!(added(Event::RoundVoided { round: ROUND }), [(Family::Rounds, "voided", 1.0)]);
	let crowned = Event::Crowned {
		round: ROUND,
		model: 4,
		who: WHO,
		error: 1,
		champion_error: 2,
		initial_error: 3,
		upper: 1,
		increment: ONE_Q32,
		effective: ONE_Q32,
		carry: 0,
	};
	assert_eq!(added(crowned), [], "the decision follows");
}

#[test]
fn a_state_of_another_version_of_the_runtime_is_not_decoded() {
	let genesis = doin_node::chain_spec::development().unwrap().build_storage().unwrap();
	let key = frame_support::storage::storage_prefix(b"System", b"LastRuntimeUpgrade");
	let stored = genesis.top.get(key.as_slice()).expect("a genesis names its runtime");
	assert_eq!(state_version::compare(Some(stored.as_slice())), Ok(()));

	let compare = |spec_version: u32| {
		let info = LastRuntimeUpgradeInfo { spec_version: spec_version.into(), spec_name: "doin".into() };
		state_version::compare(Some(info.encode().as_slice()))
	};
	let known = VERSION.spec_version;
	assert_eq!(compare(known), Ok(()));
	assert_eq!(compare(known - 1), Err(Mismatch::Earlier(known - 1)));
	assert_eq!(compare(known + 1), Err(Mismatch::Later(known + 1)));
	assert_eq!(state_version::compare(None), Err(Mismatch::Unnamed));
	assert_eq!(state_version::compare(Some(&[])), Err(Mismatch::Unnamed));
	let reason = compare(known + 1).unwrap_err().to_string();
	assert!(reason.contains(&format!("version {} of the runtime", known + 1)) && reason.contains(&known.to_string()), "{reason}");
}

#[test]
fn reasons_are_those_of_json_rpc_and_are_all_exported() {
	let (.., labels) = FAMILIES.into_iter().find(|(family, ..)| *family == Family::Unpaid).unwrap();
	let mut seen = BTreeSet::new();
	for index in 0..=u8::MAX {
		let Ok(reason) = <UnpaidReason as codec::Decode>::decode(&mut &[index][..]) else { continue };
		let counted = added(pallet_doin_optimae::Event::RoundUnpaid { round: ROUND, reason });
		assert_eq!(counted, [(Family::Unpaid, counted[0].1, 1.0)]);
		assert_eq!(serde_json::to_value(reason).unwrap(), counted[0].1);
		assert!(seen.insert(counted[0].1));
	}
	assert_eq!(seen, labels.iter().copied().collect(), "every reason is exported from the start, and no other");
}

#[test]
fn events_of_other_pallets_are_not_counted() {
	assert_eq!(added(frame_system::Event::NewAccount { account: WHO }), []);
}

#[test]
fn amounts_are_in_doin_and_improvement_in_bits() {
	assert_eq!([doin(0), doin(DOIN / 4), doin(21_000_000 * DOIN)], [0.0, 0.25, 21_000_000.0]);
	assert_eq!([bits(0), bits(ONE_Q32 / 2), bits(ONE_Q32 << 10)], [0.0, 0.5, 1_024.0]);
	assert_eq!([ratio(0), ratio(1_000_000)], [0.0, 1.0]);
	assert_eq!([missing(2.0, 5.0), missing(5.0, 5.0), missing(5.0, 2.0)], [3.0, 0.0, 0.0]);
}
