//! Tests of the choice among candidates that passed their trial, and of candidates that are worth less than a seat.

use super::*;

/// Returns the gene of the candidate that is bid for.
fn bid(policy: &mut Policy, passed: Vec<Passed>) -> Result<i64, Wait> {
	policy.bid(&view(), passed, RATES).map(|passed| passed.candidate.genes[0])
}

#[test]
fn the_candidate_that_would_earn_most_is_committed() {
	let mut policy = policy();
	assert_eq!(bid(&mut policy, vec![passed(1, 79), passed(2, 99), passed(3, 99), passed(4, 85)]), Ok(2), "the first of equals");
	assert_eq!(policy.max_fee(round_id(7)), 49, "its bid");
	assert_eq!(bid(&mut policy, Vec::new()), Err(Wait::NothingBetter));
	assert_eq!(policy.step(&view()), Step::Choose, "others are tried in the same round");
}

/// The round is left to others only once no candidate is left.
#[test]
fn a_candidate_that_is_worth_less_than_its_seat_makes_room_for_those_behind_it() {
	let mut policy = policy();
	for gene in 1..=5 {
		policy.add_candidate(candidate(gene, 700 + gene as u32));
	}
	let tried = |policy: &mut Policy, view: &View| -> Vec<i64> {
		let trial = policy.trial(view, vec![Model::Seasonal], TERMS, RATES);
		trial.map_or(Vec::new(), |trial| trial.candidates.iter().map(|candidate| candidate.genes[0]).collect())
	};
	assert_eq!(tried(&mut policy, &view()), [1, 2, 3, 4]);
	assert!(matches!(bid(&mut policy, vec![passed(1, 50), passed(2, 60)]), Err(Wait::TooExpensive(_))));
	assert_eq!(policy.step(&view()), Step::Choose);
	assert_eq!(tried(&mut policy, &view()), [3, 4, 5]);
	policy.trial_ended(TrialOutcome { passed: Vec::new(), failed: vec![vec![3], vec![4]] });
	assert!(matches!(bid(&mut policy, vec![passed(5, 50)]), Err(Wait::TooExpensive(_))));
	assert_eq!(policy.step(&view()), Step::Idle, "no candidate is left");
	let next = View { round: round(8, Phase::Commit), ..view() };
	assert_eq!(policy.step(&next), Step::Choose);
	assert!(tried(&mut policy, &next).is_empty(), "new draws would favour the lucky ones");
	policy.data_has_grown();
	assert_eq!(tried(&mut policy, &next), [1, 2, 3, 4]);
}

/// While pay ramps up, or once a crowded round is over, a candidate may become worth its seat without any other change.
#[test]
fn a_candidate_that_was_worth_less_than_its_seat_is_tried_again_once_its_bid_covers_it() {
	let is_tried = |policy: &mut Policy, factor, view: &View, rates| {
		policy.trial(view, vec![Model::Seasonal], PayTerms { factor, ..TERMS }, rates).is_some()
	};
	let at_fee = |fee| {
		let mut view = view();
		view.round.next_seat_fee = fee;
		view
	};
	// A seat for 40 plancks has to earn 80. The candidate earns 60 where the whole increment is paid, and half of that now.
	let half = 500_000;
	let tenths = |tenths: u128| Rates { reward: tenths * 10_000, ..RATES };
	let (too_few, enough) = (
		[(half, at_fee(15), RATES), (half, at_fee(40), tenths(26)), (799_000, at_fee(24), RATES), (half, at_fee(40), RATES)],
		[(half, at_fee(14), RATES), (half, at_fee(40), tenths(28)), (801_000, at_fee(23), RATES), (1_000_000, at_fee(40), RATES)],
	);
	let mut policy = policy();
	policy.add_candidate(candidate(1, 700));
	assert!(is_tried(&mut policy, half, &view(), RATES));
	assert!(matches!(bid(&mut policy, vec![passed(1, 30)]), Err(Wait::TooExpensive(_))));
	for (factor, view, rates) in &too_few {
		assert!(!is_tried(&mut policy, *factor, view, *rates), "{factor} {rates:?} {view:?}");
	}
	for (factor, view, rates) in &enough {
		assert!(is_tried(&mut policy, *factor, view, *rates), "{factor} {rates:?} {view:?}");
	}
	policy.trial_ended(TrialOutcome { passed: Vec::new(), failed: vec![vec![1]] });
	for (factor, view, rates) in &enough {
		assert!(!is_tried(&mut policy, *factor, view, *rates), "prices do not decide a trial");
	}
}

/// The bid of a candidate decides, at the same amounts, whether it is committed and whether it is tried again.
#[test]
fn a_candidate_is_tried_again_exactly_at_the_fees_that_its_bid_covers() {
	for earning in [0, 1, 27, 80, 200, 399, 400, 1_000] {
		let Passed { merit, .. } = passed(1, earning);
		let worth = Worth { merit, factor: 1_000_000 };
		for (stake, fee) in [0, 1, 25].into_iter().flat_map(|stake| (0..=201).map(move |fee| (stake, fee))) {
			let merit = Merit { behind_ppm: 400_000, ..merit };
			let offer = Offer { limits: LIMITS, rates: RATES, factor: 1_000_000, stake, fee };
			let mut view = view();
			(view.round.stake, view.round.next_seat_fee) = (stake, fee);
			let chosen = vec![Passed { merit, ..passed(1, 0) }];
			let is_bid = policy().bid(&view, chosen, RATES).is_ok();
			assert_eq!(offer.covers(&Worth { merit, ..worth }), is_bid, "{earning} {stake} {fee}");
		}
	}
}

#[test]
fn a_merit_has_to_be_found_anew_once_pay_begins_or_its_ramp_ends() {
	let worth = |factor| Worth { merit: Merit { increment: 10, ..Merit::default() }, factor };
	let covers = |then, now| Offer { limits: LIMITS, rates: RATES, factor: now, stake: 0, fee: 40 }.covers(&worth(then));
	assert!(covers(0, 1) && covers(999_999, 1_000_000), "carried bits are paid after the ramp only");
	assert!(!covers(0, 0) && !covers(1_000_000, 1_000_000) && !covers(500_000, 999_999));
	assert!(covers(1, 999_999), "the increment is a million times that of the trial");
}

/// A quarter of a season forecasts worse than a whole one, and passes too.
#[test]
fn a_good_candidate_behind_a_poor_one_is_committed() {
	let with = |gene, model| TrainedCandidate { model, ..candidate(gene, 900) };
	let candidates = vec![with(1, short_ridge()), with(2, Model::Seasonal)];
	// Far below both, both are paid a whole bit.
	let passed = (0..64).find_map(|eighths| {
		let terms = PayTerms { high_water: eighths * ONE_BIT / 8, ..TERMS };
		let trial = Trial { candidates: candidates.clone(), rivals: vec![Model::RepeatLast], terms, must_mint: true };
		let outcome = trial.run(&sawtooth(), &Model::RepeatLast, || [7; 32]).unwrap();
		let [poor, good] = &outcome.passed[..] else { return None };
		(poor.merit.increment < good.merit.increment).then_some(outcome.passed)
	});
	let committed = policy().bid(&view(), passed.unwrap(), RATES).unwrap();
	assert_eq!(committed.candidate.genes, [2]);
}
