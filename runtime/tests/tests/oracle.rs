//! Streams of bars on the real runtime: validators report them, and a live domain is measured on them.

use doin_primitives::{
	blake2_256,
	bounded_collections::BoundedVec,
	commitment::{payload_hash, Tag},
	domain::PAGE_VALUES,
	evidence::LIVE_CHUNKS,
	oracle::{
		Bars as BatchBars, PollPhase, Report, Reports, StreamId, Values, FIRST_STREAM, MAX_AWAKE, REPORT_HOLD, UNREVEALED_BURN,
	},
	payload::{Metrics, Reveal},
	round::Phase,
	DomainSpec, Evidence, Growth, Limits, Page, RoundId, RoundResult, Split, DOIN,
};
use doin_runtime::{
	configs::system::{ProxyType, MAX_BLOCK_WEIGHT},
	demo, Balances, Oracle, Runtime, RuntimeCall, RuntimeEvent, SessionKeys, Timing,
};
use doin_runtime_tests::{preset_genesis, round::SALT, Chain};
use doin_scoring::{sample, score, Encoder, Forecast, Layer, Loss, Model, Net, Program, Target, WindowPhase};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, Bars, Timing as _};
use frame_support::traits::{fungible::InspectHold, InstanceFilter};
use pallet_doin_optimae::types::Stage;
use pallet_doin_oracle::{
	types::PollState,
	weights::{SubstrateWeight, WeightInfo},
	Call as OracleCall, Error as OracleError, Event as OracleEvent, HoldReason, HOOK_SHARE,
};
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie, One},
};

/// Stream of the development chains.
const STREAM: StreamId = FIRST_STREAM;
/// Validators of [`seven`].
pub(crate) const SEVEN: [Sr25519Keyring; 7] = [Alice, Bob, Charlie, Dave, Eve, Ferdie, One];
/// Steps of the season of the live domain.
const SEASON: u64 = 3;
/// Growth of a season, in raw units.
const GROWTH: i32 = 40;
/// Value of one raw unit, in units of the stream.
const UNIT: u32 = 10;
/// Values that the live domain publishes.
const PUBLISHED: u32 = 900;

/// Returns the value of a bar in raw units: a season, growth, and noise.
fn value(bar: u64) -> i32 {
	let season = [0, 300, -200][(bar % SEASON) as usize];
	let noise = (bar.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 17;
	season + (bar / SEASON) as i32 * GROWTH + noise as i32 - 8
}

/// Returns the close of a bar, which all honest reporters know.
fn close(bar: u64) -> i64 {
	i64::from(value(bar)) * i64::from(UNIT) + (bar % u64::from(UNIT)) as i64
}

/// Returns a chain with seven validators of equal stake at block 1, whose invariants are checked after every block. The pot of its
/// stream has `pot` plancks.
pub(crate) fn seven(pot: u128) -> Chain {
	let mut genesis = preset_genesis("local_testnet");
	let grandpa = [Ed25519Keyring::Dave, Ed25519Keyring::Eve, Ed25519Keyring::Ferdie, Ed25519Keyring::One];
	let stake = genesis.staking.stakers[0].2;
	for (who, grandpa) in SEVEN[3..].iter().zip(grandpa) {
		let account = who.to_account_id();
		let keys = SessionKeys { grandpa: grandpa.public().into(), babe: who.public().into() };
		genesis.session.keys.push((account.clone(), account.clone(), keys));
		genesis.staking.stakers.push((account.clone(), account, stake, pallet_staking::StakerStatus::Validator));
	}
	genesis.oracle.streams[0].pot = pot;
	let mut chain = Chain::from_genesis(genesis);
	chain.check_invariants();
	chain.block();
	chain
}

/// Returns a development chain whose stream is awake, before its first block.
fn sponsored() -> Chain {
	let mut genesis = preset_genesis("development");
	genesis.oracle.streams[0].pot = 10_000 * DOIN;
	Chain::from_genesis(genesis)
}

/// Returns the last poll.
fn poll(chain: &mut Chain) -> PollState {
	chain.state(pallet_doin_oracle::Poll::<Runtime>::get)
}

/// Returns the state of [`STREAM`].
fn state(chain: &mut Chain) -> pallet_doin_oracle::types::StreamState<doin_runtime::AccountId> {
	chain.state(|| pallet_doin_oracle::Streams::<Runtime>::get(STREAM)).expect("a stream of genesis")
}

/// Returns the reports for `poll` of a reporter that knows these closes.
fn reports(poll: &PollState, close: impl Fn(u64) -> Option<i64>) -> Reports {
	let of = |bar| close(bar).map(|close| Values::truncate_from(vec![close]));
	let reports = poll.batches.iter().map(|batch| {
		let bars = (batch.first..batch.first + u64::from(batch.bars)).map(of);
		Report { stream: batch.stream, bars: BatchBars::truncate_from(bars.collect()) }
	});
	Reports::truncate_from(reports.collect())
}

/// Returns the call by which `who` commits to `reports`.
fn commit_call(chain: &mut Chain, who: Sr25519Keyring, poll: u32, reports: &Reports) -> RuntimeCall {
	let hash = chain.commitment(Tag::Report, &poll, who, &payload_hash(reports));
	OracleCall::commit { poll, hash }.into()
}

/// Returns the call that reveals `reports`.
fn reveal_call(poll: u32, reports: &Reports) -> RuntimeCall {
	OracleCall::reveal { poll, reports: reports.clone(), salt: SALT }.into()
}

/// Makes blocks until a poll has just opened. Returns it.
fn to_poll(chain: &mut Chain) -> PollState {
	for _ in 0..100 {
		let (poll, now) = (poll(chain), chain.number());
		if poll.is_open && now + 3 < poll.commits_until {
			return poll;
		}
		chain.block();
	}
	panic!("no poll opens");
}

/// Makes blocks until the poll is closed. Returns the events of the oracle in these blocks.
fn to_close(chain: &mut Chain) -> Vec<OracleEvent<Runtime>> {
	let mut events = Vec::new();
	while poll(chain).is_open {
		chain.block();
		let new = chain.events().into_iter().filter_map(|event| match event {
			RuntimeEvent::Oracle(event) => Some(event),
			_ => None,
		});
		events.extend(new);
	}
	events
}

/// Makes a whole poll in which each validator of [`SEVEN`] reports what `of` returns for its place; `None` for one that is offline.
/// Returns the poll and the events of its end.
fn whole_poll(chain: &mut Chain, of: impl Fn(usize, &PollState) -> Option<Reports>) -> (PollState, Vec<OracleEvent<Runtime>>) {
	let open = to_poll(chain);
	let all: Vec<_> = SEVEN.into_iter().enumerate().filter_map(|(place, who)| Some((who, of(place, &open)?))).collect();
	let commits: Vec<_> = all.iter().map(|(who, reports)| (*who, commit_call(chain, *who, open.id, reports))).collect();
	chain.ok_all(commits);
	chain.run_to(open.commits_until - 1);
	chain.ok_all(all.iter().map(|(who, reports)| (*who, reveal_call(open.id, reports))));
	let events = to_close(chain);
	(open, events)
}

/// Returns the bars of a batch of [`STREAM`], as the runtime API has them.
fn bars_of(chain: &mut Chain, poll: &PollState) -> Vec<Option<Vec<i64>>> {
	let batch = poll.batches[0];
	let view = chain.state(|| Runtime::bars(STREAM, batch.first, batch.bars.into())).expect("a known stream");
	assert_eq!(view.first, batch.first);
	view.bars
}

/// Returns the closes of the batch as honest reporters know them.
fn honest_bars(poll: &PollState) -> Vec<Option<Vec<i64>>> {
	let batch = poll.batches[0];
	(batch.first..batch.first + u64::from(batch.bars)).map(|bar| Some(vec![close(bar)])).collect()
}

#[test]
fn two_of_seven_reporters_that_lie_by_half_change_no_bar() {
	let mut chain = seven(100 * DOIN);
	for lie in [1, 3] {
		let (poll, events) = whole_poll(&mut chain, |place, poll| {
			let lies = place == 2 || place == 5;
			Some(reports(poll, |bar| Some(if lies { close(bar) * lie / 2 } else { close(bar) })))
		});
		assert_eq!(bars_of(&mut chain, &poll), honest_bars(&poll), "lies of {lie} halves");
		let paid = events.iter().find_map(|event| match event {
			OracleEvent::BatchStands { paid, reveals: 7, .. } => Some(*paid),
			_ => None,
		});
		assert_eq!(paid, Some(DOIN), "five reporters share the fee");
	}
	for (place, who) in SEVEN.into_iter().enumerate() {
		let record = chain.state(|| pallet_doin_oracle::Reporters::<Runtime>::get(who.to_account_id())).expect("has reported");
		let expected = if place == 2 || place == 5 { (0, 48) } else { (48, 0) };
		assert_eq!((record.within, record.outside, record.polls), (expected.0, expected.1, 2), "{who:?}");
	}
	assert_eq!(state(&mut chain).pot, 98 * DOIN);
}

#[test]
fn half_of_the_reporters_offline_voids_nothing_and_more_only_while_they_are() {
	let mut chain = seven(100 * DOIN);
	let honest = |poll: &PollState| reports(poll, |bar| Some(close(bar)));
	let (poll, _) = whole_poll(&mut chain, |place, poll| (place < 4).then(|| honest(poll)));
	assert_eq!(bars_of(&mut chain, &poll), honest_bars(&poll), "three of seven are offline");
	let (poll, events) = whole_poll(&mut chain, |place, poll| (place < 3).then(|| honest(poll)));
	assert_eq!(bars_of(&mut chain, &poll), vec![None::<Vec<i64>>; 24], "four of seven are offline");
	assert!(events.iter().any(|event| matches!(event, OracleEvent::BatchMissing { reveals: 3, .. })));
	let (poll, _) = whole_poll(&mut chain, |_, poll| Some(honest(poll)));
	assert_eq!(bars_of(&mut chain, &poll), honest_bars(&poll), "they have come back");
	assert_eq!(state(&mut chain).pot / DOIN, 98, "two batches of three are paid");
}

/// One of seven reporters dies between its commitment and its reveal, one lies, one comes after the commitments, and one has a part of the
/// bars only. All of them come back.
#[test]
fn reporters_that_die_lie_lag_and_come_back_change_no_bar() {
	let mut chain = seven(100 * DOIN);
	let open = to_poll(&mut chain);
	let honest = |poll: &PollState| reports(poll, |bar| Some(close(bar)));
	let (mine, lie) = (honest(&open), reports(&open, |bar| Some(2 * close(bar) + 1)));
	let part = reports(&open, |bar| bar.is_multiple_of(2).then(|| close(bar)));
	let of = |who: Sr25519Keyring| match who {
		Bob => &lie,
		Dave => &part,
		_ => &mine,
	};
	let in_time = SEVEN.into_iter().filter(|who| *who != Charlie);
	let commits: Vec<_> = in_time.clone().map(|who| (who, commit_call(&mut chain, who, open.id, of(who)))).collect();
	chain.ok_all(commits);
	chain.run_to(open.commits_until - 1);
	let late = commit_call(&mut chain, Charlie, open.id, &mine);
	assert_eq!(chain.fails(Charlie, late), OracleError::<Runtime>::NotCommitting.into());
	chain.ok_all(in_time.filter(|who| *who != Alice).map(|who| (who, reveal_call(open.id, of(who)))));
	let events = to_close(&mut chain);
	let dead = OracleEvent::Unrevealed { poll: open.id, who: Alice.to_account_id(), burned: UNREVEALED_BURN };
	assert!(events.contains(&dead), "{events:?}");
	assert_eq!(bars_of(&mut chain, &open), honest_bars(&open), "three of five honest values for some bars, four for the others");

	let (poll, events) = whole_poll(&mut chain, |_, poll| Some(honest(poll)));
	assert_eq!(bars_of(&mut chain, &poll), honest_bars(&poll));
	assert!(events.iter().any(|event| matches!(event, OracleEvent::BatchStands { reveals: 7, .. })), "{events:?}");
	let record = |chain: &mut Chain, who: Sr25519Keyring| {
		let record = chain.state(|| pallet_doin_oracle::Reporters::<Runtime>::get(who.to_account_id())).expect("has reported");
		(record.polls, record.unrevealed, record.within, record.outside)
	};
	assert_eq!(record(&mut chain, Alice), (1, 1, 24, 0));
	assert_eq!(record(&mut chain, Bob), (2, 0, 24, 24));
	assert_eq!(record(&mut chain, Charlie), (1, 0, 24, 0));
	assert_eq!(record(&mut chain, Dave), (2, 0, 36, 0));
	assert_eq!(record(&mut chain, Eve), (2, 0, 48, 0));
	assert_eq!(state(&mut chain).pot / DOIN, 98, "both batches are paid");
}

#[test]
fn a_stream_sleeps_while_its_pot_is_empty() {
	let mut chain = seven(DOIN);
	let (first, events) = whole_poll(&mut chain, |_, poll| Some(reports(poll, |bar| Some(close(bar)))));
	assert!(events.iter().any(|event| matches!(event, OracleEvent::Slept { stream: STREAM, burned: 0, .. })));
	let view = |chain: &mut Chain| chain.state(|| Runtime::streams(0, 9)).pop().expect("a stream of genesis");
	let asleep = view(&mut chain);
	assert!(!asleep.awake && asleep.pot < DOIN && asleep.paid_until == asleep.next);
	assert_eq!(asleep.fields, ["close"]);
	let now = chain.number();
	chain.run_to(now + 40);
	assert_eq!(poll(&mut chain).id, first.id, "nobody is asked");
	chain.ok(Bob, OracleCall::sponsor { stream: STREAM, amount: 2 * DOIN });
	let awake = view(&mut chain);
	assert!(awake.awake && awake.next > asleep.next && awake.next >= awake.running);
	assert_eq!(awake.paid_until, awake.next + 2 * 24);
	let gap = chain.state(|| Oracle::closes(STREAM, asleep.next..awake.next)).expect("the gap is complete");
	assert!(gap.len() >= 48 && gap.iter().all(Option::is_none), "and has no bars");
	let (poll, _) = whole_poll(&mut chain, |_, poll| Some(reports(poll, |bar| Some(close(bar)))));
	assert_eq!((poll.batches[0].first, bars_of(&mut chain, &poll)), (awake.next, honest_bars(&poll)));
}

#[test]
fn a_development_chain_without_a_reporter_burns_nothing_until_its_stream_is_paid_for() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.block();
	let slept = state(&mut chain);
	assert!(!slept.awake && slept.pot == 0);
	chain.run_to(60);
	assert_eq!((poll(&mut chain).id, state(&mut chain)), (0, slept), "nobody is asked");
	chain.ok(Bob, OracleCall::sponsor { stream: STREAM, amount: DOIN });
	assert!(state(&mut chain).awake);
}

#[test]
fn late_double_unknown_and_unrevealed_reports_have_their_price() {
	let mut chain = seven(100 * DOIN);
	let open = to_poll(&mut chain);
	let mine = reports(&open, |bar| Some(close(bar)));
	let calls = [
		(Alice, commit_call(&mut chain, Alice, open.id + 1, &mine)),
		(Alice, commit_call(&mut chain, Alice, open.id, &mine)),
		(Bob, commit_call(&mut chain, Bob, open.id, &mine)),
		(Alice, commit_call(&mut chain, Alice, open.id, &mine)),
		(Alice, reveal_call(open.id, &mine)),
	];
	chain.skip_session_block();
	chain.begin();
	let [unknown, first, second, double, early] =
		calls.map(|(who, call)| chain.apply(who, call).expect("the transaction is valid"));
	chain.end();
	assert_eq!(unknown, Err(OracleError::<Runtime>::OtherPoll.into()));
	assert_eq!((first, second), (Ok(()), Ok(())));
	assert_eq!(double, Err(OracleError::<Runtime>::AlreadyCommitted.into()));
	assert_eq!(early, Err(OracleError::<Runtime>::NotRevealing.into()));
	chain.run_to(open.commits_until - 1);
	let calls = [
		(Charlie, commit_call(&mut chain, Charlie, open.id, &mine)),
		(Charlie, reveal_call(open.id, &mine)),
		(Alice, reveal_call(open.id, &mine)),
	];
	chain.skip_session_block();
	chain.begin();
	let [late, stranger, revealed] = calls.map(|(who, call)| chain.apply(who, call).expect("the transaction is valid"));
	chain.end();
	assert_eq!(late, Err(OracleError::<Runtime>::NotCommitting.into()));
	assert_eq!(stranger, Err(OracleError::<Runtime>::NoCommitment.into()));
	assert_eq!(revealed, Ok(()));
	let events = to_close(&mut chain);
	let unrevealed = OracleEvent::Unrevealed { poll: open.id, who: Bob.to_account_id(), burned: UNREVEALED_BURN };
	assert!(events.contains(&unrevealed), "{events:?}");
	let held = |chain: &mut Chain, who: Sr25519Keyring| {
		chain.state(|| Balances::balance_on_hold(&HoldReason::Report.into(), &who.to_account_id()))
	};
	assert_eq!(held(&mut chain, Alice), REPORT_HOLD);
	assert_eq!(held(&mut chain, Bob), REPORT_HOLD - UNREVEALED_BURN);
	assert_eq!(held(&mut chain, Charlie), 0);
	chain.ok(Bob, OracleCall::leave {});
	assert_eq!(held(&mut chain, Bob), 0);
}

/// A validator's hot key reports and can do nothing else.
#[test]
fn a_proxy_of_type_report_commits_and_reveals_for_its_validator() {
	let mut chain = sponsored();
	chain.check_invariants();
	chain.block();
	let add = pallet_proxy::Call::<Runtime>::add_proxy {
		delegate: Charlie.to_account_id().into(),
		proxy_type: ProxyType::Report,
		delay: 0,
	};
	chain.ok(Alice, add);
	let proxied = |call: RuntimeCall| pallet_proxy::Call::<Runtime>::proxy {
		real: Alice.to_account_id().into(),
		force_proxy_type: None,
		call: Box::new(call),
	};
	let open = to_poll(&mut chain);
	let mine = reports(&open, |bar| Some(close(bar)));
	let commit = commit_call(&mut chain, Alice, open.id, &mine);
	chain.ok(Charlie, proxied(commit.clone()));
	chain.run_to(open.commits_until - 1);
	chain.ok(Charlie, proxied(reveal_call(open.id, &mine)));
	to_close(&mut chain);
	assert_eq!(bars_of(&mut chain, &open), honest_bars(&open), "the only validator has all of the stake");

	let sponsor: RuntimeCall = OracleCall::sponsor { stream: STREAM, amount: DOIN }.into();
	let retire: RuntimeCall = OracleCall::retire { stream: STREAM }.into();
	let register: RuntimeCall = OracleCall::register { spec: Box::new(demo::stream()) }.into();
	let leave: RuntimeCall = OracleCall::leave {}.into();
	let transfer: RuntimeCall =
		pallet_balances::Call::transfer_keep_alive { dest: Charlie.to_account_id().into(), value: DOIN }.into();
	let reveal = reveal_call(open.id, &mine);
	for call in [&commit, &reveal] {
		assert!(ProxyType::Report.filter(call));
		for other in [ProxyType::NonTransfer, ProxyType::Staking, ProxyType::Work] {
			assert!(!other.filter(call), "{other:?}");
		}
	}
	for call in [&sponsor, &retire, &register, &leave, &transfer] {
		assert!(!ProxyType::Report.filter(call), "{call:?}");
	}
	assert!(ProxyType::NonTransfer.filter(&leave) && !ProxyType::NonTransfer.filter(&sponsor));
	assert!(!ProxyType::NonTransfer.is_superset(&ProxyType::Report) && !ProxyType::Report.is_superset(&ProxyType::Staking));
}

/// Half an hour has 300 blocks of 2 s of weight.
#[test]
fn no_step_of_the_hook_takes_more_than_its_share_of_a_block() {
	type Weights = SubstrateWeight<Runtime>;
	let (idle, steps) = (Weights::on_initialize(), [Weights::open(100), Weights::count(100), Weights::close(100)]);
	let share = HOOK_SHARE.mul_floor(MAX_BLOCK_WEIGHT.ref_time());
	for step in steps {
		assert!(idle.saturating_add(step).ref_time() <= share, "{step:?} of {share}");
	}
	let [open, count, close] = steps.map(|step| step.ref_time());
	let poll = open + u64::from(MAX_AWAKE) * count + close;
	assert!(poll < 300 * share / 20, "32 streams take a tenth of a percent of all blocks: {poll}");
}

/// Returns the program of the live domain.
fn program() -> Forecast {
	Forecast {
		horizon: 2,
		history: 24,
		season: SEASON as u16,
		chunks: LIVE_CHUNKS,
		windows: 2,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// Returns the values that the live domain publishes.
fn published() -> Vec<i32> {
	(0..u64::from(PUBLISHED)).map(value).collect()
}

/// Returns the record of a domain whose evidence are the bars of [`STREAM`].
fn live_spec() -> DomainSpec {
	DomainSpec {
		name: BoundedVec::truncate_from(b"market".to_vec()),
		unit: BoundedVec::new(),
		program: Program::Forecast(program()),
		genes: BoundedVec::new(),
		limits: Limits { model_bytes: 1_024, window_macs: 1_024 },
		data_root: blake2_256(&codec::Encode::encode(&published())),
		values: PUBLISHED,
		growth: Growth::Fixed,
		split: Split { train_end: 500, validation_end: PUBLISHED },
		licence: BoundedVec::new(),
		evidence: Evidence::Live { stream: STREAM, unit: UNIT },
		min_improvement: 2_000,
		target: 0,
	}
}

/// Returns a reveal of the model that adds the growth to the last season, with correct validation sums.
fn growing() -> Reveal {
	let (inputs, outputs) = (SEASON as u16, program().horizon);
	let weight = |at: usize| if at / usize::from(inputs) == at % usize::from(inputs) { 32 } else { 0 };
	let weights = (0..usize::from(inputs * outputs)).map(weight).collect();
	let skip = Layer { inputs, outputs, shift: 1, weights, bias: vec![GROWTH * 32; usize::from(outputs)] };
	let model = Model::Net(Net { window: inputs, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] });
	let (program, split, series) = (program(), live_spec().split, published());
	let sum = |chunk| {
		let span = sample::validation_span(&program, split.train_end, split.validation_end, chunk).expect("a chunk");
		score(&model, &program, &sample::validation(&program, &series[span.start as usize..span.end as usize]))
	};
	Reveal {
		genes: BoundedVec::new(),
		model: BoundedVec::truncate_from(model.to_bytes()),
		validation: BoundedVec::truncate_from((0..program.chunks).map(sum).collect()),
		metrics: Metrics::default(),
	}
}

/// Makes one block in which Alice, the only validator, does what the poll asks for.
fn reported_block(chain: &mut Chain) {
	chain.skip_session_block();
	chain.begin();
	let (poll, now) = (poll(chain), chain.number());
	let record = chain.state(|| pallet_doin_oracle::Reporters::<Runtime>::get(Alice.to_account_id())).unwrap_or_default();
	let mine = reports(&poll, |bar| Some(close(bar)));
	let call = match (poll.phase(now), record.commitment) {
		_ if !poll.is_open => None,
		(PollPhase::Committing, None) => Some(commit_call(chain, Alice, poll.id, &mine)),
		(PollPhase::Revealing, Some(commitment)) if !commitment.revealed => Some(reveal_call(poll.id, &mine)),
		_ => None,
	};
	if let Some(call) = call {
		assert_eq!(chain.apply(Alice, call), Ok(Ok(())));
	}
	chain.end();
}

/// Registers the live domain of Bob, and gives it all weight.
fn live_domain(chain: &mut Chain) -> u32 {
	let domain = chain.state(pallet_doin_domains::NextDomainId::<Runtime>::get);
	chain.ok(Bob, pallet_doin_domains::Call::register { spec: Box::new(live_spec()), baseline: None });
	for (index, page) in (0..).zip(published().chunks(PAGE_VALUES as usize)) {
		let page = Page::from_values(page.to_vec()).expect("a page");
		chain.ok(Bob, pallet_doin_domains::Call::upload_page { domain, index, page });
	}
	chain.ok(Bob, pallet_doin_domains::Call::activate { domain, values: PUBLISHED, units: 0 });
	chain.give_weight(domain);
	domain
}

/// Makes reported blocks until the next block is the first of a round of `domain`. Returns the round.
fn to_round(chain: &mut Chain, domain: u32) -> RoundId {
	let params = chain.state(Timing::rounds);
	loop {
		let next = chain.number() + 1;
		let place = params.place(domain, next);
		if place.phase == Phase::Commit && place.phase_end - next == params.commit {
			return place.round;
		}
		reported_block(chain);
	}
}

#[test]
fn a_live_domain_takes_its_bars_from_the_oracle() {
	let mut chain = sponsored();
	chain.check_invariants();
	chain.block();
	let domain = live_domain(&mut chain);
	// The history of the round has to be reported too.
	for _ in 0..60 {
		reported_block(&mut chain);
	}
	let (round, reveal) = (to_round(&mut chain, domain), growing());
	chain.commit(Dave, round, &reveal);

	let mut first = None;
	for _ in 0..400 {
		reported_block(&mut chain);
		let live = chain.state(|| pallet_doin_evidence::Live::<Runtime>::get(domain));
		first = first.or(live.waiting.first().map(|waiting| waiting.first));
		let stage = chain.state(|| pallet_doin_optimae::Rounds::<Runtime>::get(round)).map(|round| round.stage);
		if matches!(stage, Some(Stage::Revealing { .. })) {
			break;
		}
	}
	let (first, bars) = (first.expect("the round was given bars"), live_spec().live_bars());
	let span = first - 24..first + u64::from(bars);
	let closes = chain.state(|| Oracle::closes(STREAM, span.clone())).expect("all bars are complete");
	assert_eq!(closes, span.map(|bar| Some(close(bar))).collect::<Vec<_>>());

	chain.reveal(Dave, round, &reveal);
	chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(Eve, round);
	chain.to_verdict(round);
	let state = chain.state(|| pallet_doin_domains::States::<Runtime>::get(domain)).expect("registered");
	assert_eq!((state.champion.author, state.champion.round), (Some(Dave.to_account_id()), Some(round)));
	let last = state.last_round.expect("a round has ended");
	assert!(matches!(last.result, RoundResult::Paid { effective } if effective > 0), "{last:?}");
}
