//! Places for undecided rounds, and the price of a seat where no quorum can be drawn.

use crate::{
	mock::*,
	test_utils::*,
	types::{Round, Sale, MAX_ROUNDS, RESERVED_ROUNDS, UNSERVED_ROUNDS},
	Error, Event, HoldReason, Pending, Rounds,
};
use doin_primitives::{
	quorum::MIN_QUORUM,
	round::Phase,
	settlement::{credit, Helpers},
	Balance, DomainId, EvidenceRef, ModelRef, RoundId, RoundParams, SizeClass, UnpaidReason,
};
use doin_traits::{BaseFee, Recompute, VoidReason};
use frame_support::{assert_noop, assert_ok};

/// Returns the cost of having the runtime recompute `models` models of a small domain, in plancks.
fn recomputation(models: u64) -> Balance {
	let weight = <World as Recompute<AccountId>>::recompute_weight(DOMAIN, SizeClass::Small);
	<World as BaseFee>::fee(weight.saturating_mul(models), 0)
}

/// Inserts `count` undecided rounds of other domains, and removes them after `run`.
fn with_rounds(count: u32, run: impl FnOnce()) {
	let others: Vec<RoundId> = (1_000..1_000 + count).map(|domain| RoundId { domain, number: 0 }).collect();
	others.iter().for_each(|id| Rounds::<Test>::insert(id, Round::new(Sale::Served, Some(EvidenceRef::Drawn))));
	run();
	others.iter().for_each(Rounds::<Test>::remove);
}

#[test]
fn domains_without_weight_cannot_fill_the_chain() {
	test(|| {
		with_rounds(MAX_ROUNDS - RESERVED_ROUNDS, || {
			WeightNow::set(0);
			assert_noop!(commit(ALICE, DOMAIN, &steady(900), SALT), Error::<Test>::TooManyRounds);
			WeightNow::set(1);
			assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		});
	});
}

/// Registers as many domains as an attacker likes that nobody serves, parks a round in each, and commits in a domain with a
/// quorum.
#[test]
fn n5_parked_rounds_keep_no_served_domain_out() {
	test(|| {
		WeightNow::set(0);
		Available::set(MIN_QUORUM - 1);
		let takes_commits = |domain: &DomainId| RoundParams::DEV.place(*domain, block()).phase == Phase::Commit;
		let parked: Vec<DomainId> = (100..1_000).filter(takes_commits).collect();
		assert!(parked.len() as u32 > UNSERVED_ROUNDS);
		let mut accepted = 0;
		for domain in parked {
			add_domain(domain, synthetic());
			// Every account pays for some domains.
			match commit(1 + AccountId::from(domain % 20), domain, &steady(900), SALT) {
				Ok(()) => accepted += 1,
				Err(error) => assert_eq!(error, Error::<Test>::TooManyRounds.into()),
			}
		}
		assert_eq!((accepted, Rounds::<Test>::count()), (UNSERVED_ROUNDS, UNSERVED_ROUNDS));
		// A domain that a quorum serves, and a weighted one without a quorum, have places.
		Available::set(MIN_QUORUM);
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		Available::set(0);
		WeightNow::set(1);
		add_domain(8, synthetic());
		assert_ok!(commit(ALICE, 8, &steady(900), SALT));
		assert_eq!(Rounds::<Test>::count(), UNSERVED_ROUNDS + 2);
	});
}

#[test]
fn n5_an_unserved_domain_has_one_undecided_round() {
	test(|| {
		WeightNow::set(0);
		Available::set(MIN_QUORUM - 1);
		let parked = collect(DOMAIN, &[(ALICE, steady(900))]);
		assert_noop!(commit(BOB, DOMAIN, &steady(800), SALT), Error::<Test>::TooManyRounds);
		// With a quorum, or with weight, the domain has its four places.
		Available::set(MIN_QUORUM);
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
		// The open round takes seats also when the evaluators leave.
		Available::set(0);
		assert_ok!(commit(CAROL, DOMAIN, &steady(700), SALT));
		assert_eq!(Pending::<Test>::get(DOMAIN).len(), 2);

		void(parked, VoidReason::NoQuorum);
		run_to_phase(DOMAIN, Phase::Reveal);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_eq!(Pending::<Test>::get(DOMAIN).len(), 0, "the second round had no reveals");
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
	});
}

#[test]
fn n5_a_junk_seat_costs_its_author_what_it_costs_others() {
	test(|| {
		WeightNow::set(0);
		Available::set(MIN_QUORUM - 1);
		BaseFeeNow::set(1_000_000);
		let base = SEAT_FEE;
		// The first seat also pays for the initial champion, which is the champion.
		assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(base + recomputation(2)));
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), [0; 32]));
		assert_eq!(held(HoldReason::SeatFee, ALICE), base + recomputation(2));
		assert_eq!(held(HoldReason::Seat, ALICE), SEAT_HOLD, "the hold does not grow with it");
		for who in [2, 3, 4] {
			assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(base + recomputation(1)));
			assert_ok!(commit(who, DOMAIN, &steady(901), SALT));
		}
		assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(2 * base + recomputation(1)), "only the base price doubles");
		assert_ok!(commit(5, DOMAIN, &steady(901), SALT));
		assert_eq!(held(HoldReason::SeatFee, 5), base + recomputation(1));
	});
	// With a champion and a contender, the model list is longer.
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, steady(990))]));
		decide(collect(DOMAIN, &[(BOB, candidate(shaky(950, 200)))]));
		Available::set(0);
		WeightNow::set(0);
		run_to_phase(DOMAIN, Phase::Commit);
		BaseFeeNow::set(1_000_000);
		assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(SEAT_FEE + recomputation(4)));
	});
	// In a weighted domain, an earlier round can add champion and contender until the verdict.
	test(|| {
		Available::set(0);
		collect(DOMAIN, &[(ALICE, steady(990))]);
		BaseFeeNow::set(1_000_000);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(SEAT_FEE + recomputation(4)));
	});
}

/// Two accounts have the runtime recompute every chunk of a round of junk. The fees of the seats pay them.
#[test]
fn n5_the_fee_of_a_junk_seat_pays_those_who_recompute_it() {
	test(|| {
		WeightNow::set(0);
		Available::set(0);
		BaseFeeNow::set(1_000_000);
		let round = collect(DOMAIN, &[(ALICE, steady(999 - 10)), (BOB, steady(999 - 9))]);
		let models = Requests::get(round).unwrap().models.len() as u64;
		assert_eq!(models, 3);
		let mut helpers = Helpers::new();
		credit(&mut helpers, &SETTLER, 64);
		credit(&mut helpers, &WATCHER, 32);
		let before = (free(SETTLER), free(WATCHER));
		decide_recomputed(round, |_| vec![INITIAL; CHUNKS], &helpers, &[], 0);
		let earned = (free(SETTLER) - before.0, free(WATCHER) - before.1);
		assert!(earned.0 >= recomputation(2) && earned.1 >= recomputation(1), "{earned:?}");
		assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement));
	});
}

#[test]
fn n5_a_round_that_ends_by_no_quorum_burns_its_fees_and_returns_the_rest() {
	test(|| {
		Available::set(0);
		assert!(Optimae::next_seat_fee(DOMAIN).unwrap() > SEAT_FEE);
		let round = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950)), (BOB, steady(1_500))]);
		let models = Requests::get(round).unwrap().models;
		assert!(models.contains(&ModelRef::Stored(0)));
		void(round, VoidReason::NoQuorum);
		// The parts for recomputing the models are returned, since nobody had it done.
		assert_eq!((free(ALICE), free(BOB)), (ENDOWMENT - SEAT_FEE, ENDOWMENT - 2 * SEAT_FEE));
		assert!(events().contains(&Event::FeesPaid { round, payees: 0, paid: 0, settler: 0, burned: 3 * SEAT_FEE }));
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!(unpaid(round), Some(UnpaidReason::NoQuorum));
	});
	// A penalty for a missing reveal or a false claim is not returned.
	test(|| {
		Available::set(0);
		assert_ok!(commit(BOB, DOMAIN, &steady(950), SALT));
		let round = current(DOMAIN);
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_ok!(reveal(ALICE, round, &steady(900), SALT));
		run_to_phase(DOMAIN, Phase::Commit);
		let after_forfeit = ENDOWMENT - SEAT_FEE - SEAT_HOLD / 5;
		assert_eq!(free(BOB), after_forfeit - recomputation(2), "the part for recomputing models stays held");
		void(round, VoidReason::NoQuorum);
		assert_eq!((free(ALICE), free(BOB)), (ENDOWMENT - SEAT_FEE, after_forfeit));
	});
}
