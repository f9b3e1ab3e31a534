//! Rounds with live evidence, from the registration of a domain to the pay of work blocks.
//!
//! The real runtime has no streams, so these tests have a runtime of their own. It consists of the real pallets, and its stream
//! is written by the tests. After every block the invariants of all pallets hold, and the total issuance has changed by what
//! was minted and burned.

mod chain;
mod runtime;

use chain::*;
use doin_primitives::{
	domain::Champion, evidence::DAY_MS, Balance, EvidenceRef, Hash, ModelRef, RoundId, RoundParams, RoundResult, UnpaidReason,
	DOIN, ONE_Q32, Q32,
};
use doin_scoring::verdict::NO_EVIDENCE;
use doin_traits::{Domains as _, EvidenceSource};
use pallet_doin_evidence::Error as EvidenceError;
use pallet_doin_optimae::{
	types::{Round, Stage},
	Error as OptimaeError, Event as OptimaeEvent,
};
use pallet_doin_work::Event as WorkEvent;
use runtime::*;
use sp_runtime::traits::Dispatchable;

/// Returns the number of bars of a round.
fn span() -> u64 {
	spec().live_bars().into()
}

/// Returns the champion of a domain.
fn champion(chain: &mut Chain, domain: u32) -> Champion<AccountId> {
	chain.state(|| Domains::state(domain)).expect("registered").champion
}

/// Returns the amounts that work blocks minted, in order.
fn seals(chain: &Chain) -> Vec<Balance> {
	let of = |event: &RuntimeEvent| match event {
		RuntimeEvent::Work(WorkEvent::Sealed { minted, .. }) => Some(*minted),
		_ => None,
	};
	chain.events.iter().filter_map(of).collect()
}

/// Returns the rounds whose improvements were queued, and these, in order.
fn queued(chain: &Chain) -> Vec<(RoundId, Q32)> {
	let of = |event: &RuntimeEvent| match event {
		RuntimeEvent::Work(WorkEvent::Enqueued { round, effective, .. }) => Some((*round, *effective)),
		_ => None,
	};
	chain.events.iter().filter_map(of).collect()
}

/// Returns the fees of `round` that were paid and burned.
fn fees_of(chain: &Chain, round: RoundId) -> Vec<(Balance, Balance)> {
	let of = |event: &RuntimeEvent| match event {
		RuntimeEvent::Optimae(OptimaeEvent::FeesPaid { round: other, paid, settler, burned, .. }) if *other == round => {
			Some((paid + settler, *burned))
		}
		_ => None,
	};
	chain.events.iter().filter_map(of).collect()
}

/// Returns the bars that chunk `chunk` forecasts, straight from the definition: two windows of two bars, without a gap.
fn forecast_bars(first: u64, seed: &Hash, chunk: u64) -> std::ops::Range<u64> {
	let shift = u64::from_le_bytes(seed[..8].try_into().expect("eight bytes")) % 64;
	first + shift + 4 * chunk..first + shift + 4 * (chunk + 1)
}

/// Returns the error sum of `growth` on these bars, in sixteenths; `None` if one of them or of their history is missing.
fn error_on(bars: std::ops::Range<u64>, growth: i32) -> Option<u32> {
	Market::read(|market| {
		(bars.start - 24..bars.start).try_for_each(|bar| market.value(bar).map(drop))?;
		bars.map(|bar| Some(16 * (market.value(bar - SEASON)? + growth).abs_diff(market.value(bar)?))).sum()
	})
}

#[test]
fn a_round_is_measured_on_the_bars_after_its_commits_and_paid_by_work_blocks() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	assert_eq!(champion(&mut chain, domain).model, ModelRef::Seasonal);
	let seats = [(ALICE, season_plus(GROWTH))];
	let round = chain.commit_all(domain, &seats);
	let (first, running) = (chain.first_bar(round), chain.stream().running);
	assert_eq!(first, running + 2, "neither the bar that runs when the commits end, nor the next one");
	// Five or six chunks have no bar, and a single missing bar leaves one window of its chunk.
	Market::change(|market| {
		market.lose(first + 100..first + 124);
		market.lose(first + 80..first + 81);
	});
	assert!(chain.balance(ALICE).1 > 0, "fee and hold of the seat");
	let refused = chain.fails(ALICE, Chain::reveal_call(round, &seats[0].1));
	assert_eq!(refused, OptimaeError::<Test>::NotInRevealPhase.into());
	chain.run_to_reveals(round);
	assert!(chain.stream().next >= first + span(), "all bars of the round are complete");
	chain.reveal_all(round, &seats);

	let (view, sums) = chain.answer(round);
	assert_eq!((view.evidence, view.models.len()), (EvidenceRef::Bars { first }, 2));
	let (seed, mut empty, mut compared) = (view.seed.expect("drawn"), 0, 0);
	for chunk in 0..sums[0].len() {
		let bars = forecast_bars(first, &seed, chunk as u64);
		assert!(first <= bars.start && bars.end <= first + span());
		if (first + 100..first + 124).contains(&bars.start) && bars.end <= first + 124 {
			assert_eq!([sums[0][chunk], sums[1][chunk]], [NO_EVIDENCE; 2], "chunk {chunk}");
			empty += 1;
		} else if let (Some(seasonal), Some(better)) = (error_on(bars.clone(), 0), error_on(bars, GROWTH)) {
			assert_eq!([sums[0][chunk], sums[1][chunk]], [seasonal, better], "chunk {chunk}");
			compared += 1;
		}
	}
	assert!(matches!(empty, 5..=6) && compared > 15, "{empty} chunks are empty, {compared} are compared");

	assert_eq!(chain.run_to_end(round), RoundResult::Paid { effective: ONE_Q32 });
	let crowned = champion(&mut chain, domain);
	assert_eq!((crowned.author, crowned.round), (Some(ALICE), Some(round)));
	assert_eq!(queued(&chain), [(round, ONE_Q32)]);
	chain.run_until(200, "the queue is paid", || pallet_doin_work::QueueState::<Test>::get().effective == 0);
	let (free, held) = chain.balance(ALICE);
	assert!(free > ENDOWMENT + 50 * DOIN, "the optimizer earns more than a work block mints: {free}");
	let model = chain.state(|| pallet_doin_optimae::Models::<Test>::get(0)).expect("the champion is stored");
	assert_eq!(held, model.hold, "only the bytes of the model are on hold");
}

#[test]
fn a_later_round_has_bars_of_its_own_and_measures_the_contender_of_an_earlier_one() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	Market::change(|market| market.lag = 20);
	let alice = [(ALICE, season_plus(GROWTH))];
	let first_round = chain.commit_all(domain, &alice);
	let first = chain.first_bar(first_round);
	Market::change(|market| market.hesitate(first..first + span()));

	// A second round opens once its bars begin after those of the first, which still waits for late ones.
	let bob = [(BOB, season_plus(GROWTH / 2))];
	let second_round = loop {
		let round = chain.run_to_next_round(domain);
		let (stream, call) = (chain.stream(), Chain::commit_call(BOB, round, &bob[0].1));
		if stream.running + 2 >= first + span() {
			chain.ok(BOB, call);
			break round;
		}
		assert_eq!(chain.fails(BOB, call), EvidenceError::<Test>::BarsInUse.into());
	};
	assert_eq!(chain.state(|| stage(first_round)), Some(Stage::Awaiting), "the first round waits");
	let second = chain.run_to_commits_end(second_round);
	assert!(second >= first + span(), "the spans are disjoint");

	assert_eq!(chain.finish(first_round, &alice), RoundResult::Unpaid(UnpaidReason::ContenderKept));
	let contender = chain.state(|| pallet_doin_optimae::Contenders::<Test>::get(domain)).expect("a near miss");
	assert_eq!(chain.state(|| stage(second_round)), Some(Stage::Awaiting));
	chain.reveal_all(second_round, &bob);
	let models = chain.task(second_round).models;
	assert_eq!(models, [ModelRef::Seasonal, ModelRef::Stored(contender.model), ModelRef::Stored(contender.model + 1)]);
	let (view, _) = chain.answer(second_round);
	assert_eq!(view.evidence, EvidenceRef::Bars { first: second });
	assert!(matches!(chain.run_to_end(second_round), RoundResult::Paid { .. }));
	assert_eq!(champion(&mut chain, domain).author, Some(ALICE), "both draws together leave no doubt");
	assert_eq!(chain.balance(BOB).1, 0, "nothing of the other seat stays on hold");
}

#[test]
fn a_stream_that_stops_ends_the_round_and_returns_everything() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	let before = [ALICE, BOB].map(|who| chain.balance(who));
	let round = chain.commit_all(domain, &[(ALICE, season_plus(GROWTH)), (BOB, season_plus(3))]);
	let first = chain.first_bar(round);
	assert!([ALICE, BOB].iter().all(|who| chain.balance(*who).1 > 0));
	Market::change(|market| market.stopped = Some(first + span() - 1));
	let from = chain.number();
	assert_eq!(chain.run_to_end(round), RoundResult::Unpaid(UnpaidReason::TooFewBars));
	let waited = u64::from(chain.number() - from) * SLOT_MS;
	assert!(waited >= span() * BAR_MS + DAY_MS, "the last bar has a day more");
	assert_eq!([ALICE, BOB].map(|who| chain.balance(who)), before, "to the planck");
	assert!(fees_of(&chain, round).is_empty());

	// The domain can be removed, and nothing of it stays behind.
	let owned = chain.balance(OWNER).1;
	chain.state(|| {
		for call in [
			RuntimeCall::from(pallet_doin_domains::Call::close { domain }),
			RuntimeCall::from(pallet_doin_domains::Call::retire { domain }),
		] {
			call.dispatch(RuntimeOrigin::root()).expect("no round is open");
		}
		assert!(!pallet_doin_evidence::Live::<Test>::contains_key(domain));
		assert_eq!(pallet_doin_evidence::Due::<Test>::iter().count(), 0);
	});
	chain.block();
	assert!(chain.balance(OWNER).1 < owned, "the deposit is released");
}

#[test]
fn too_many_missing_bars_permit_no_verdict_but_pay_the_evaluators() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	let (free, _) = chain.balance(ALICE);
	let seats = [(ALICE, season_plus(GROWTH))];
	let round = chain.commit_all(domain, &seats);
	let first = chain.first_bar(round);
	let fee = chain.state(|| pallet_doin_optimae::Rounds::<Test>::get(round)).expect("undecided").seats[0].fee;
	// Every draw reads bars 64 to 159 of the span: nine or ten chunks lose both windows.
	Market::change(|market| market.lose(first + 90..first + 130));
	chain.reveal_all(round, &seats);
	let workers = chain.workers();
	let (_, sums) = chain.answer(round);
	let empty = sums[0].iter().filter(|sum| **sum == NO_EVIDENCE).count();
	assert!(matches!(empty, 9..=10), "{empty} chunks have no evidence");
	assert_eq!(chain.run_to_end(round), RoundResult::Unpaid(UnpaidReason::TooFewBars));
	let [(paid, burned)] = fees_of(&chain, round)[..] else { panic!("the fees are paid once") };
	assert_eq!(paid + burned, fee);
	assert_eq!(chain.workers(), workers + paid, "evaluators and settler are paid");
	assert!(burned < 8, "what does not divide");
	assert_eq!(chain.balance(ALICE), (free - fee, 0), "hold and model are released");
	assert_eq!(chain.state(|| pallet_doin_optimae::Models::<Test>::iter().count()), 0);
	assert_eq!(champion(&mut chain, domain).author, None);
}

#[test]
fn a_round_whose_bars_are_forgotten_before_its_evaluation_is_refunded() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	let before = chain.balance(ALICE);
	let seats = [(ALICE, season_plus(GROWTH))];
	let round = chain.commit_all(domain, &seats);
	chain.run_to_reveals(round);
	chain.ok(ALICE, Chain::reveal_call(round, &seats[0].1));
	// The oldest bars of the round are removed while it takes reveals.
	Market::change(|market| market.capacity = span() as u32 - 10);
	assert_eq!(chain.run_to_end(round), RoundResult::Unpaid(UnpaidReason::TooFewBars));
	assert_eq!(chain.balance(ALICE), before, "to the planck");
	assert!(fees_of(&chain, round).is_empty());
	let task = chain.events.iter().any(|event| matches!(event, RuntimeEvent::Recomputation(_)));
	assert!(!task, "nobody was asked to read bars that are gone");
}

#[test]
fn a_pot_that_ends_with_the_span_of_a_round_serves_all_of_its_seats() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	let round = chain.run_to_next_round(domain);
	// The least pot for which a round opens in this block.
	let running = chain.stream().running;
	let pays = |until: &u64| {
		Market::change(|market| market.paid_until = *until);
		Evidence::is_ready(domain, 0)
	};
	let least = chain.state(|| (running..running + 1_000).find(pays)).expect("a pot is enough");
	let (alice, bob) = (season_plus(GROWTH), season_plus(GROWTH / 2));
	Market::change(|market| market.paid_until = least - 1);
	let refused = chain.fails(ALICE, Chain::commit_call(ALICE, round, &alice));
	assert_eq!(refused, EvidenceError::<Test>::StreamUnpaid.into());
	Market::change(|market| market.paid_until = least);
	chain.ok(ALICE, Chain::commit_call(ALICE, round, &alice));
	let (commits_end, _) = RoundParams::DEV.reveal_window(round);
	chain.run_to(commits_end - 1);
	assert!(!chain.state(|| Evidence::is_ready(domain, 0)), "no other round could open");
	chain.ok(BOB, Chain::commit_call(BOB, round, &bob));
	let first = chain.run_to_commits_end(round);
	assert!(first + span() <= least, "the pot pays for the bars of the round");
	let result = chain.finish(round, &[(ALICE, alice), (BOB, bob)]);
	assert_eq!(result, RoundResult::Paid { effective: ONE_Q32 });
}

#[test]
fn the_issuance_changes_by_what_is_minted_and_burned() {
	let mut chain = Chain::new();
	let domain = chain.live_domain();
	assert_eq!((chain.mined(), chain.burned()), (0, 10 * DOIN), "the fee of the registration");
	let round = chain.commit_all(domain, &[(ALICE, season_plus(GROWTH)), (BOB, season_plus(3))]);
	let seats =
		chain.state(|| pallet_doin_optimae::Rounds::<Test>::get(round)).map(|round: Round<_>| round.seats).expect("undecided");
	let (free, held) = chain.balance(BOB);
	// The second seat is not revealed.
	chain.reveal_all(round, &[(ALICE, season_plus(GROWTH))]);
	let penalty = seats[1].hold / 5;
	assert_eq!(chain.balance(BOB), (free + held - seats[1].fee - penalty, 0), "fee and a fifth of the hold are burned");
	assert_eq!(chain.burned(), 10 * DOIN + seats[1].fee + penalty);
	chain.answer(round);
	assert_eq!(chain.run_to_end(round), RoundResult::Paid { effective: ONE_Q32 });
	let [(paid, undivided)] = fees_of(&chain, round)[..] else { panic!("the fees are paid once") };
	assert_eq!(paid + undivided, seats[0].fee, "the fee of a forfeited seat pays nobody");
	chain.run_until(200, "the queue is paid", || pallet_doin_work::QueueState::<Test>::get().effective == 0);
	assert_eq!(chain.burned(), 10 * DOIN + seats[1].fee + penalty + undivided);
	let minted: Balance = seals(&chain).iter().sum();
	assert!(seals(&chain).len() > 1 && minted > 50 * DOIN, "several work blocks mint {minted}");
	assert_eq!(chain.mined(), minted);
}
