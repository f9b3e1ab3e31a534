//! Tests of the choice among candidates that passed their trial, and of candidates that are worth less than a seat.

use super::*;
use crate::fixtures::evidence;
use doin_primitives::views::DomainView;

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
		let trial = policy.trial(view, vec![Model::Seasonal], TERMS);
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
fn a_candidate_that_was_worth_less_than_its_seat_is_tried_again_at_much_better_prices() {
	let base = || {
		let mut view = View { domain: DomainView { weight: 400, bounty: 30, ..domain() }, evidence: Some(evidence()), ..view() };
		view.evidence.as_mut().unwrap().purse = 600;
		view
	};
	let is_tried = |policy: &mut Policy, factor, view: &View| {
		policy.trial(view, vec![Model::Seasonal], PayTerms { factor, ..TERMS }).is_some()
	};
	let changed = |change: fn(&mut View)| {
		let mut view = base();
		change(&mut view);
		view
	};
	let (too_few, enough) = (
		[
			(1_999, base()),
			(1_000, changed(|view| view.domain.weight = 799)),
			(1_000, changed(|view| view.domain.bounty = 59)),
			(1_000, changed(|view| view.evidence.as_mut().unwrap().purse = 1_199)),
			(1_000, changed(|view| view.round.next_seat_fee = 21)),
		],
		[
			(2_000, base()),
			(1_000, changed(|view| view.domain.weight = 800)),
			(1_000, changed(|view| view.domain.bounty = 60)),
			(1_000, changed(|view| view.evidence.as_mut().unwrap().purse = 1_200)),
			(1_000, changed(|view| view.round.next_seat_fee = 20)),
		],
	);
	let mut policy = policy();
	policy.add_candidate(candidate(1, 700));
	assert!(is_tried(&mut policy, 1_000, &base()));
	assert!(matches!(bid(&mut policy, vec![passed(1, 50)]), Err(Wait::TooExpensive(_))));
	for (factor, view) in &too_few {
		assert!(!is_tried(&mut policy, *factor, view), "{factor} {view:?}");
	}
	for (factor, view) in &enough {
		assert!(is_tried(&mut policy, *factor, view), "{factor} {view:?}");
	}
	policy.trial_ended(TrialOutcome { passed: Vec::new(), failed: vec![vec![1]] });
	for (factor, view) in &enough {
		assert!(!is_tried(&mut policy, *factor, view), "prices do not decide a trial");
	}
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
