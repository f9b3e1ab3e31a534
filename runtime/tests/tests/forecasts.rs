//! The market of forecasts on the real runtime: a round from its bars to the last planck.

mod capacity;
mod liars;
mod records;

use doin_market::{payment, skill, truth::squared, Truth};
use doin_primitives::{
	bounded_collections::BoundedVec,
	commitment::{payload_hash, Tag},
	oracle::{Bars as BatchBars, PollPhase, Report, Reports, StreamId, StreamSpec, Values, FIRST_STREAM, MAX_AWAKE},
	views::{ForecastPhase, ForecastSeatsView},
	Balance, DomainId, DomainSpec, Evidence, ModelRef, RoundId, DOIN, MILLION,
};
use doin_runtime::{
	configs::{
		doin::budget::SpendableCalls,
		system::{ProxyType, MAX_BLOCK_WEIGHT},
	},
	demo, AccountId, Balances, FeeMarket, Forecasts, Gauge, Oracle, Runtime, RuntimeCall, RuntimeEvent,
};
use doin_runtime_tests::{
	preset_genesis,
	round::{DEMO, SALT},
	Chain,
};
use doin_scoring::{Forecast as ForecastProgram, Program};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, Bars, DomainWeights, OnBatch};
use frame_support::traits::{fungible::Inspect, Contains, InstanceFilter};
use pallet_doin_forecasts::{
	types::{Forecast, Market, Reigning},
	weights::{SubstrateWeight, WeightInfo},
	Call as ForecastsCall, Error, Event, COMMIT_BURN, HOOK_SHARE, MIN_WAGER, SEAT_DEPOSIT,
};
use pallet_doin_oracle::{
	types::{GenesisStream, PollState},
	Call as OracleCall,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave};

/// Stream of the development chains.
const STREAM: StreamId = FIRST_STREAM;
/// Wager of every seat.
const WAGER: Balance = 10 * DOIN;
/// Values of a forecast of the stream.
const HORIZON: i32 = 24;
/// Error that the average of the market starts from: that of closes which rise by 2 a bar is of its order.
const SCALE: u32 = 50;
/// Domain with live evidence of the stream.
const LIVE: DomainId = 1;

/// Returns the close of a bar: it rises by 2 a bar.
fn close(bar: u64) -> i64 {
	2 * bar as i64
}

/// Returns the changes that come true: the zero is the middle one of three closes, and the horizon follows them.
fn perfect() -> Forecast {
	BoundedVec::truncate_from((2..2 + HORIZON).map(|bars| 2 * bars).collect())
}

/// Returns the forecast of no change, which is the reference of the first rounds.
fn still() -> Forecast {
	BoundedVec::truncate_from(vec![0; HORIZON as usize])
}

/// A reporter, and what it says the close of a bar is.
type Witness = (Sr25519Keyring, fn(u64) -> i64);

/// A chain whose stream is awake, and whose validators report every bar.
struct Reported {
	chain: Chain,
	witnesses: Vec<Witness>,
	/// Last poll in which they have committed, and in which they have revealed.
	committed: u32,
	revealed: u32,
}

impl Reported {
	/// Returns a development chain whose bars have the closes of [`close`], and whose invariants are checked after every block.
	fn new() -> Self {
		let mut reported = Self::with_closes(close);
		reported.chain.check_invariants();
		reported.chain.block();
		reported
	}

	/// Returns a development chain whose bars have the closes that `close` returns, before its first block.
	fn with_closes(close: fn(u64) -> i64) -> Self {
		Self::of(Self::chain(None), vec![(Alice, close)])
	}

	/// Returns a development chain before its first block, whose stream names `domain`.
	fn chain(domain: Option<DomainId>) -> Chain {
		let mut genesis = preset_genesis("development");
		let stream = &mut genesis.oracle.streams[0];
		*stream = GenesisStream::new(
			stream.owner.clone(),
			&StreamSpec { domain, scale: SCALE.into(), ..demo::stream() },
			10_000 * DOIN,
		);
		Chain::from_genesis(genesis)
	}

	/// Returns `chain` after its first block, with the bars of [`close`].
	fn begin(mut chain: Chain) -> Self {
		chain.block();
		Self::of(chain, vec![(Alice, close)])
	}

	/// Returns a chain whose validators report what they say.
	fn of(chain: Chain, witnesses: Vec<Witness>) -> Self {
		Self { chain, witnesses, committed: 0, revealed: 0 }
	}

	/// Makes a block with these calls, which have to succeed, and the report that is due. Returns the events of the pallet.
	fn step(&mut self, calls: impl IntoIterator<Item = (Sr25519Keyring, RuntimeCall)>) -> Vec<Event<Runtime>> {
		let mut events = Vec::new();
		let before = self.chain.number();
		self.chain.skip_session_block();
		if self.chain.number() > before {
			events.extend(self.events());
		}
		let poll = self.chain.state(pallet_doin_oracle::Poll::<Runtime>::get);
		let reports = self.reports(&poll);
		self.chain.ok_all(calls.into_iter().chain(reports));
		events.extend(self.events());
		events
	}

	/// Returns the calls of the reporters that the next block takes.
	fn reports(&mut self, poll: &PollState) -> Vec<(Sr25519Keyring, RuntimeCall)> {
		let commits = match poll.phase(self.chain.number() + 1) {
			PollPhase::Committing if poll.is_open && self.committed < poll.id => {
				self.committed = poll.id;
				true
			}
			PollPhase::Revealing if self.committed == poll.id && self.revealed < poll.id => {
				self.revealed = poll.id;
				false
			}
			_ => return Vec::new(),
		};
		let mut calls = Vec::new();
		for (who, close) in self.witnesses.clone() {
			let reports = reports_of(poll, close);
			let call = if commits {
				let hash = self.chain.commitment(Tag::Report, &poll.id, who, &payload_hash(&reports));
				OracleCall::<Runtime>::commit { poll: poll.id, hash }
			} else {
				OracleCall::<Runtime>::reveal { poll: poll.id, reports, salt: SALT }
			};
			calls.push((who, call.into()));
		}
		calls
	}

	/// Returns the events of the pallet in the last block.
	fn events(&mut self) -> Vec<Event<Runtime>> {
		let events = self.chain.events().into_iter();
		events
			.filter_map(|event| match event {
				RuntimeEvent::Forecasts(event) => Some(event),
				_ => None,
			})
			.collect()
	}

	/// Makes blocks until `find` finds an event, at most 100. Returns what it finds.
	fn until<R>(&mut self, find: impl Fn(&Event<Runtime>) -> Option<R>) -> R {
		for _ in 0..100 {
			if let Some(found) = self.step([]).iter().find_map(&find) {
				return found;
			}
		}
		panic!("100 blocks have no such event");
	}

	/// Makes blocks until a round opens. Returns it and the number of the bar after its input.
	fn until_opened(&mut self) -> (RoundId, u64) {
		self.until(|event| match event {
			Event::Opened { round, bar, .. } => Some((*round, *bar)),
			_ => None,
		})
	}

	/// Makes blocks until `round` takes reveals. Returns its zero.
	fn until_revealing(&mut self, round: RoundId) -> i64 {
		self.until(|event| match event {
			Event::RevealsOpened { round: other, zero, .. } if *other == round => Some(*zero),
			_ => None,
		})
	}

	/// Makes blocks until `round` is closed. Returns its factor.
	fn until_closed(&mut self, round: RoundId) -> u64 {
		self.until(|event| match event {
			Event::Closed { round: other, factor, .. } if *other == round => Some(*factor),
			_ => None,
		})
	}

	/// Returns the call that commits `who` to a forecast.
	fn commit(&mut self, who: Sr25519Keyring, round: RoundId, forecast: &Forecast) -> (Sr25519Keyring, RuntimeCall) {
		self.wager(who, round, forecast, WAGER)
	}

	/// Returns the call that commits `who` to a forecast with a wager.
	fn wager(
		&mut self,
		who: Sr25519Keyring,
		round: RoundId,
		forecast: &Forecast,
		wager: Balance,
	) -> (Sr25519Keyring, RuntimeCall) {
		let hash = self.chain.commitment(Tag::Forecast, &round, who, &payload_hash(forecast));
		(who, ForecastsCall::<Runtime>::commit { round, hash, wager }.into())
	}

	/// Returns the view of a round with its seats.
	fn view(&mut self, round: RoundId) -> Option<ForecastSeatsView<AccountId>> {
		self.chain.state(|| Runtime::forecast_round(round))
	}

	/// Returns the market of the stream, and the amount in the account of the pots.
	fn market(&mut self) -> (Market, Balance) {
		self.chain.state(|| {
			let market = pallet_doin_forecasts::Markets::<Runtime>::get(STREAM).expect("a market of genesis");
			(market, Balances::balance(&Forecasts::account()))
		})
	}

	/// Returns the issuance and all fees that were burned: together they fall by burns of the market only.
	fn conserved(&mut self) -> Balance {
		self.chain.issuance() + self.chain.state(|| FeeMarket::view().burned)
	}
}

/// Returns the reports for `poll` of a reporter that says what `close` returns.
fn reports_of(poll: &PollState, close: fn(u64) -> i64) -> Reports {
	let reports = poll.batches.iter().map(|batch| {
		let bars = (batch.first..batch.first + u64::from(batch.bars)).map(|bar| Some(Values::truncate_from(vec![close(bar)])));
		Report { stream: batch.stream, bars: BatchBars::truncate_from(bars.collect()) }
	});
	Reports::truncate_from(reports.collect())
}

/// Returns the call by which anybody pays the seat of `who`.
fn collect(round: RoundId, who: Sr25519Keyring) -> RuntimeCall {
	ForecastsCall::<Runtime>::collect { round, who: who.to_account_id() }.into()
}

/// Returns the call that reveals a forecast.
fn reveal(round: RoundId, forecast: Forecast) -> RuntimeCall {
	ForecastsCall::<Runtime>::reveal { round, forecast, salt: SALT }.into()
}

#[test]
fn a_round_is_paid_to_the_planck() {
	let mut reported = Reported::new();
	let (pot, least) = (10_000 * DOIN, DOIN / 1_000);
	let (market, account) = reported.market();
	assert_eq!((market.pot, account), (pot, pot + least));
	let before = reported.conserved();
	let (round, bar) = reported.until_opened();
	assert_eq!(round, RoundId { domain: STREAM, number: 0 });

	let commits = [reported.commit(Dave, round, &perfect()), reported.commit(Bob, round, &still())];
	let start = reported.chain.number();
	reported.step(commits);
	let (_, account) = reported.market();
	assert_eq!(account, pot + least + 2 * (WAGER + SEAT_DEPOSIT));

	let zero = reported.until_revealing(round);
	let zero_bar = (zero / 2) as u64;
	assert!(zero == close(zero_bar) && zero_bar > bar, "the zero is a later close than those of the input");
	let first = zero_bar - 1;
	assert!(reported.chain.state(|| Oracle::closes(STREAM, first..first + 3 + HORIZON as u64)).is_some());
	reported.step([(Dave, reveal(round, perfect())), (Bob, reveal(round, still()))]);
	let factor = reported.until_closed(round);
	// Commits, 27 bars of a second, a poll and reveals.
	let blocks = reported.chain.number() - start;
	assert!(blocks <= 60, "from open to pay within two minutes: {blocks} blocks of 2 s");

	let changes: Vec<_> = perfect().into_iter().map(|change| Some(i64::from(change))).collect();
	let error = Truth::new(0, &changes).and_then(|truth| truth.error(&still())).expect("all bars stand");
	let gained = payment(WAGER, skill(error, 0, squared(SCALE)), factor);
	assert!(gained > WAGER + DOIN, "a 64th of the pot covers it");
	let events = reported.step([(Charlie, collect(round, Dave)), (Charlie, collect(round, Bob))]);
	let collected =
		|who: Sr25519Keyring, paid| Event::<Runtime>::Collected { round, who: who.to_account_id(), wager: WAGER, paid };
	assert!(events.contains(&collected(Dave, gained)), "{events:?}");
	assert!(events.contains(&collected(Bob, WAGER)), "the reference is paid its wager: {events:?}");
	let (market, account) = reported.market();
	assert_eq!(market.pot, pot + WAGER - gained);
	assert_eq!(account, market.pot + least, "no other round has a seat");
	assert_eq!(reported.conserved(), before - 2 * COMMIT_BURN, "nothing is minted, and only the commitments burn");
}

/// Inserts a domain with live evidence of the stream, whose champion repeats a season of two bars.
fn insert_live_domain() {
	let DomainSpec { program: Program::Forecast(program), .. } = demo::spec() else { panic!("the demo domain forecasts") };
	let program = Program::Forecast(ForecastProgram { horizon: 32, history: 24, season: 2, ..program });
	let spec = DomainSpec { program, evidence: Evidence::Live { stream: STREAM, unit: 1 }, ..demo::spec() };
	pallet_doin_domains::Specs::<Runtime>::insert(LIVE, spec);
	let mut state = pallet_doin_domains::States::<Runtime>::get(DEMO).expect("the demo domain");
	state.champion.model = ModelRef::Seasonal;
	pallet_doin_domains::States::<Runtime>::insert(LIVE, state);
}

#[test]
fn the_first_commitment_runs_the_champion_of_a_live_domain() {
	let mut reported = Reported::begin(Reported::chain(Some(LIVE)));
	reported.chain.state(insert_live_domain);
	let (round, _) = reported.until_opened();
	let commits = [reported.commit(Dave, round, &perfect()), reported.commit(Bob, round, &still())];
	reported.step(commits);
	let state = reported.chain.state(|| pallet_doin_forecasts::Rounds::<Runtime>::get(round)).expect("it is open");
	let path = state.champion.expect("the champion has a forecast");
	// Closes rise by 2 a bar, and the season has two of them.
	assert_eq!((path.len(), &path[..4]), (32, &[-2, 0, -2, 0][..]));
	assert_eq!(reported.market().0.champion, Some(Reigning { model: ModelRef::Seasonal, since: round.number + 1 }));
	reported.until_revealing(round);

	let (next, _) = reported.until_opened();
	let commit = reported.commit(Charlie, next, &still());
	reported.step([commit]);
	let errors = reported.market().0.errors.averages();
	assert_eq!(errors[4], errors[0], "rounds without a forecast of the champion count no change");
	reported.until_revealing(next);
	let errors = reported.market().0.errors.averages();
	assert_ne!(errors[4], errors[0], "it has forecast this one");
	reported.chain.state(Forecasts::do_try_state).expect("every invariant holds");
}

/// The chain of `scripts/run.sh --live` has a block each second. Building its genesis takes the rest of two minutes.
#[test]
fn on_the_live_chain_a_round_is_paid_within_a_minute_and_a_half_of_its_first_sponsor() {
	for wait in [0, 5, 13] {
		let mut reported = Reported::begin(Chain::preset("live"));
		let now = reported.chain.number();
		reported.chain.run_to(now + wait);
		let start = reported.chain.number();
		reported.step([(Bob, OracleCall::sponsor { stream: STREAM, amount: 100 * DOIN }.into())]);
		let (round, _) = reported.until_opened();
		let commit = reported.commit(Dave, round, &perfect());
		reported.step([commit]);
		reported.until_revealing(round);
		reported.step([(Dave, reveal(round, perfect()))]);
		reported.until_closed(round);
		reported.step([(Dave, ForecastsCall::<Runtime>::collect { round, who: Dave.to_account_id() }.into())]);
		let blocks = reported.chain.number() - start;
		assert!(blocks <= 90, "{blocks} blocks of 1 s after a wait of {wait}");
	}
}

#[test]
fn silence_costs_the_wager_and_pays_the_account_that_clears_it() {
	let mut reported = Reported::new();
	let (round, _) = reported.until_opened();
	let commit = reported.commit(Dave, round, &perfect());
	reported.step([commit]);
	let (market, _) = reported.market();
	reported.until_revealing(round);
	reported.until_closed(round);
	assert_eq!(reported.market().0.pot, market.pot + WAGER);
	assert_eq!(reported.chain.fails(Charlie, collect(round, Dave)), Error::<Runtime>::Unrevealed.into());
	let clear = ForecastsCall::<Runtime>::clear { round, who: Dave.to_account_id() };
	let events = reported.step([(Charlie, clear.into())]);
	let (who, caller) = (Dave.to_account_id(), Charlie.to_account_id());
	assert!(events.contains(&Event::Cleared { round, who, wager: WAGER, caller, reward: SEAT_DEPOSIT }), "{events:?}");
	reported.step([(Dave, ForecastsCall::<Runtime>::leave { stream: STREAM }.into())]);
	assert!(!reported.chain.state(|| pallet_doin_forecasts::Rounds::<Runtime>::contains_key(round)));
}

/// Returns closes as far from each other as they can be.
fn extreme(bar: u64) -> i64 {
	if bar.is_multiple_of(2) {
		i64::MIN
	} else {
		i64::MAX
	}
}

/// A stream with too small a unit saturates: every number stays within its type, and all wagers are paid or lost.
#[test]
fn extreme_bars_and_forecasts_overflow_nothing_and_strand_no_wager() {
	let mut reported = Reported::with_closes(extreme);
	reported.chain.check_invariants();
	reported.chain.block();
	let (round, _) = reported.until_opened();
	let forecasts = [(Dave, i32::MAX), (Bob, i32::MIN)].map(|(who, value)| {
		let forecast: Forecast = BoundedVec::truncate_from(vec![value; HORIZON as usize]);
		(who, forecast)
	});
	let commits = forecasts.clone().map(|(who, forecast)| reported.commit(who, round, &forecast));
	reported.step(commits);
	let before = reported.market().0.pot;
	reported.until_revealing(round);
	reported.step(forecasts.map(|(who, forecast)| (who, reveal(round, forecast))));
	reported.until_closed(round);
	let events = reported.step([Dave, Bob].map(|who| (Charlie, collect(round, who))));
	let paid = events.iter().filter_map(|event| match event {
		Event::Collected { paid, .. } => Some(*paid),
		_ => None,
	});
	let paid: Vec<Balance> = paid.collect();
	assert_eq!(paid.len(), 2);
	assert_eq!(reported.market().0.pot, before + 2 * WAGER - paid.iter().sum::<Balance>(), "{paid:?}");
	assert_eq!(reported.view(round), None, "its last seat is collected");
}

/// Two minutes without a block. The clock has moved on, so the zero is of bars that no commitment knows, and the bars before it are
/// reported first, one batch after another.
#[test]
fn a_stall_moves_the_zero_and_strands_no_wager() {
	let mut reported = Reported::new();
	let (round, _) = reported.until_opened();
	let commit = reported.commit(Dave, round, &perfect());
	reported.step([commit]);
	reported.chain.skip_slots(60);
	let zero = reported.until(|event| match event {
		Event::CommitsEnded { round: other, zero } if *other == round => Some(*zero),
		_ => None,
	});
	let stream = reported.chain.state(|| Oracle::stream(STREAM)).expect("a stream of genesis");
	assert!(zero > stream.next + 100 && zero <= stream.running, "{zero} of {stream:?}");
	reported.until_revealing(round);
	reported.step([(Dave, reveal(round, perfect()))]);
	reported.until_closed(round);
	let events = reported.step([(Charlie, collect(round, Dave))]);
	let paid = events.iter().find_map(|event| match event {
		Event::Collected { paid, .. } => Some(*paid),
		_ => None,
	});
	assert!(paid > Some(WAGER), "{paid:?}");
}

/// Shows a round in each of its phases, with its seats and the records that it leaves.
#[test]
fn views_show_a_round_its_seats_and_its_forecasters() {
	let mut reported = Reported::new();
	let unknown = reported.chain.state(|| (Runtime::forecast_rounds(STREAM + 1), Runtime::leaderboard(STREAM + 1, 9)));
	assert_eq!(unknown, (None, None), "it has no market");
	let (round, bar) = reported.until_opened();
	let views = reported.chain.state(|| Runtime::forecast_rounds(STREAM)).expect("a market");
	let [view] = &views[..] else { panic!("one round is open: {views:?}") };
	assert_eq!((view.id, view.phase, view.input_end), (round, ForecastPhase::Committing, bar));
	assert_eq!((view.seats, view.least_wager, view.pot), (0, Some(MIN_WAGER), 10_000 * DOIN));
	let now = reported.chain.number();
	assert!(view.until.is_some_and(|until| until > now), "{view:?}");
	let commits = [reported.commit(Dave, round, &perfect()), reported.commit(Bob, round, &still())];
	reported.step(commits);

	let zero_bar = reported.until(|event| match event {
		Event::CommitsEnded { round: other, zero } if *other == round => Some(*zero),
		_ => None,
	});
	let ForecastSeatsView { round: view, seats } = reported.view(round).expect("it is open");
	assert_eq!((view.phase, view.zero_bar, view.horizon_end), (ForecastPhase::Waiting, Some(zero_bar), Some(zero_bar + 27)));
	assert_eq!((view.seats, view.wagers), (2, 2 * WAGER));
	let shown: Vec<_> = seats.into_iter().map(|seat| (seat.who, seat.wager, seat.skill)).collect();
	assert_eq!(shown, [Dave, Bob].map(|who| (who.to_account_id(), WAGER, None::<i64>)));

	let zero = reported.until_revealing(round);
	reported.step([(Dave, reveal(round, perfect()))]);
	let ForecastSeatsView { round: view, seats } = reported.view(round).expect("it is open");
	assert_eq!((view.phase, view.zero), (ForecastPhase::Revealing, Some(zero)));
	assert!(seats[0].skill.is_some_and(|skill| skill > 0) && seats[1].skill.is_none(), "{seats:?}");
	let factor = reported.until_closed(round);
	let closed = reported.view(round).expect("it has seats").round;
	assert_eq!((closed.phase, closed.factor), (ForecastPhase::Closed, Some(factor)));
	let open = reported.chain.state(|| Runtime::forecast_rounds(STREAM)).expect("a market");
	assert!(!open.is_empty() && open.iter().all(|view| view.id.number > round.number), "{open:?}");

	let clear = ForecastsCall::<Runtime>::clear { round, who: Bob.to_account_id() };
	reported.step([(Charlie, collect(round, Dave)), (Charlie, clear.into())]);
	assert_eq!(reported.view(round), None, "its last seat is collected");
	let board = reported.chain.state(|| Runtime::leaderboard(STREAM, 9)).expect("a market");
	let stored = |who: Sr25519Keyring| pallet_doin_forecasts::Forecasters::<Runtime>::get(STREAM, who.to_account_id());
	let (dave, bob) = reported.chain.state(|| (stored(Dave).expect("a record"), stored(Bob).expect("a record")));
	assert!(dave.standing > 0 && bob.standing < 0);
	let shown: Vec<_> = board.forecasters.into_iter().map(|view| (view.who, view.standing, view.bound, view.seats)).collect();
	assert_eq!(shown, [(Dave.to_account_id(), dave.standing, None::<i64>, 0), (Bob.to_account_id(), 0, None, 0)]);
	assert_eq!((board.stream, board.weight, board.mark), (STREAM, 0, 0));
	let (own, none) = reported.chain.state(|| {
		let record = |stream, who: Sr25519Keyring| Runtime::forecaster(stream, who.to_account_id());
		(record(STREAM, Bob).expect("a market"), record(STREAM + 1, Bob))
	});
	assert_eq!((own.rounds, own.commit_blocks, none), (board.rounds, 4, None), "a development chain");
	assert_eq!(own.forecaster.map(|view| (view.who, view.standing, view.seats)), Some((Bob.to_account_id(), 0, 0)));
	let best = reported.chain.state(|| Runtime::leaderboard(STREAM, 1)).expect("a market").forecasters;
	assert_eq!(best.into_iter().map(|view| view.who).collect::<Vec<_>>(), [Dave.to_account_id()]);
}

/// A stream is no domain, and has no weight until its market is old enough to be nominated.
#[test]
fn a_young_market_is_not_on_the_ballot_and_claims_nothing() {
	let mut reported = Reported::new();
	let (round, _) = reported.until_opened();
	let commit = reported.commit(Dave, round, &perfect());
	reported.step([commit]);
	let nominate = pallet_doin_gauge::Call::<Runtime>::nominate { domain: STREAM };
	assert_eq!(reported.chain.fails(Alice, nominate), pallet_doin_gauge::Error::<Runtime>::NotVotable.into());
	assert_eq!(reported.chain.state(|| Gauge::weight(STREAM)), 0);
	let claim = ForecastsCall::<Runtime>::claim { stream: STREAM };
	assert_eq!(reported.chain.fails(Dave, claim), Error::<Runtime>::NoWeight.into());
}

/// The gauge takes the weight of a stream that sleeps, or that nobody votes for, when a session changes.
#[test]
fn a_stream_that_loses_its_weight_pauses_its_records() {
	let mut reported = Reported::begin(Reported::chain(None));
	reported.until_opened();
	let weights = pallet_doin_gauge::Values::truncate_from(vec![(STREAM, MILLION)]);
	reported.chain.state(|| pallet_doin_gauge::Weights::<Runtime>::put(weights));
	assert_eq!(reported.market().0.paused, None);
	for _ in 0..40 {
		if reported.chain.state(|| Gauge::weight(STREAM)) == 0 {
			break;
		}
		reported.step([]);
	}
	assert_eq!(reported.chain.state(|| Gauge::weight(STREAM)), 0, "a session has changed, and no ballot has the stream");
	assert!(reported.market().0.paused.is_some());
}

/// A hot key wagers within a budget only.
#[test]
fn proxies_reveal_and_claim_and_wager_nothing() {
	let round = RoundId { domain: STREAM, number: 0 };
	let leave: RuntimeCall = ForecastsCall::<Runtime>::leave { stream: STREAM }.into();
	let commit: RuntimeCall = ForecastsCall::<Runtime>::commit { round, hash: [0; 32], wager: WAGER }.into();
	let sponsor: RuntimeCall = ForecastsCall::<Runtime>::sponsor { stream: STREAM, amount: WAGER }.into();
	let claim: RuntimeCall = ForecastsCall::<Runtime>::claim { stream: STREAM }.into();
	assert!(ProxyType::NonTransfer.filter(&leave) && !ProxyType::Work.filter(&leave));
	for call in [reveal(round, still()), claim] {
		assert!(ProxyType::Work.filter(&call) && SpendableCalls::contains(&call), "{call:?}");
	}
	assert!(SpendableCalls::contains(&commit) && !SpendableCalls::contains(&sponsor));
	for proxy in [ProxyType::NonTransfer, ProxyType::Staking, ProxyType::Work, ProxyType::Report] {
		assert!(!proxy.filter(&commit) && !proxy.filter(&sponsor), "{proxy:?}");
	}
}

/// A round has four steps, and a batch that takes half an hour opens one. Half an hour has 300 blocks of 2 s of weight.
#[test]
fn no_step_of_the_hook_takes_more_than_its_share_of_a_block() {
	type Weights = SubstrateWeight<Runtime>;
	let steps = [Weights::wait(), Weights::evaluate(), Weights::close()];
	let share = HOOK_SHARE.mul_floor(MAX_BLOCK_WEIGHT.ref_time());
	for step in steps {
		assert!(Weights::on_initialize().saturating_add(step).ref_time() <= share, "{step:?} of {share}");
	}
	let [wait, evaluate, close] = steps.map(|step| step.ref_time());
	let rounds = u64::from(MAX_AWAKE) * (Forecasts::on_batch_weight().ref_time() + 2 * wait + evaluate + close);
	assert!(rounds < 300 * share / 20, "32 streams take more than 0.09 % of all blocks: {rounds}");
}
