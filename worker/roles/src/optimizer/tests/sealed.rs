//! Tests of the policy in sealed domains: rounds that wait for their segment, stakes and purses.

use super::*;
use crate::{
	fixtures::evidence,
	optimizer::trial::required_passes,
	problem::tests::{letters, sealed_sawtooth},
};
use doin_primitives::{
	verdict::{Comparison, Criteria},
	views::{DomainView, EvidenceView, RoundView},
	EvidenceRef, LastRound, RoundResult, UnpaidReason,
};
use doin_scoring::{Encoder, Layer, Net};
use std::collections::BTreeSet;

/// Returns a view of a sealed domain in the commit phase of round 7.
fn sealed_view() -> View {
	let mut view =
		View { domain: DomainView { evidence: EvidenceKind::Sealed, ..domain() }, evidence: Some(evidence()), ..view() };
	view.round.stake = 25;
	view
}

/// Returns round 7 while its segment is awaited until block 124, or once it is opened, with reveals in blocks 115 to 119.
fn staged(is_opened: bool) -> RoundView<doin_chain::Account> {
	let open = RoundView { stake: 25, ..round(7, Phase::Evidence) };
	match is_opened {
		false => RoundView { awaited_until: Some(124), reveal_from: 124, reveal_until: 129, phase_end: 124, ..open },
		true => RoundView {
			phase: Phase::Reveal,
			evidence: Some(EvidenceRef::Segment(2)),
			reveal_from: 115,
			reveal_until: 120,
			phase_end: 120,
			..open
		},
	}
}

/// Returns a view at block `block` with an entry that was committed in round 7, whose reveal window in the journal is `window`.
fn committed(block: u32, window: std::ops::Range<u32>, is_opened: bool) -> View {
	let entry = entry(7, State::Committed).with_reveal_window(window);
	let mut open = staged(is_opened);
	open.seats = vec![seat(ME, entry.commitment, COMMITTED, None)];
	let mut view = View { block, entries: vec![entry], ..sealed_view() };
	view.open_rounds.insert(round_id(7), open);
	view
}

#[test]
fn nothing_is_revealed_while_the_segment_is_awaited() {
	let mut policy = policy();
	// The window of the commit was an estimate: the last possible block.
	let first = Action::Reschedule { round: round_id(7), from: 124, until: 129 };
	assert_eq!(policy.keep_commitments(&committed(113, 112..117, false)), [first]);
	for block in 113..124 {
		assert_eq!(policy.keep_commitments(&committed(block, 124..129, false)), []);
	}
}

#[test]
fn a_candidate_is_revealed_in_the_window_that_the_opened_segment_begins() {
	let actions = policy().keep_commitments(&committed(114, 124..129, true));
	let [Action::Reschedule { from: 115, until: 120, .. }, Action::SendReveal(entry)] = &actions[..] else {
		panic!("{actions:?}")
	};
	assert_eq!((entry.reveal_from, entry.reveal_until), (115, 120), "the deadline of the call");
	assert_eq!(policy().keep_commitments(&committed(119, 115..120, true)), [], "the next block is too late");
	assert!(matches!(policy().keep_commitments(&committed(118, 115..120, true))[..], [Action::SendReveal(_)]));
}

#[test]
fn a_window_that_was_doubled_is_used() {
	let mut view = committed(121, 115..120, true);
	view.open_rounds.get_mut(&round_id(7)).unwrap().reveal_until = 125;
	let actions = policy().keep_commitments(&view);
	assert!(matches!(actions[..], [Action::Reschedule { from: 115, until: 125, .. }, Action::SendReveal(_)]), "{actions:?}");
}

#[test]
fn an_evaluated_round_leaves_the_window_as_it_was() {
	let mut view = committed(130, 115..120, true);
	let open = view.open_rounds.get_mut(&round_id(7)).unwrap();
	(open.phase, open.reveal_from, open.reveal_until) = (Phase::Evidence, 112, 130);
	assert_eq!(policy().keep_commitments(&view), []);
}

/// The process was restarted between the request of the segment and its opening: the journal has the entry, the policy nothing.
#[test]
fn a_restart_while_the_segment_is_awaited_loses_no_reveal() {
	let mut restarted = policy();
	assert_eq!(restarted.rounds_of_interest(&committed(113, 124..129, false).entries), [round_id(7)].into());
	assert_eq!(restarted.keep_commitments(&committed(113, 124..129, false)), []);
	assert!(matches!(restarted.keep_commitments(&committed(115, 124..129, true))[..], [_, Action::SendReveal(_)]));
}

#[test]
fn a_sealed_domain_tries_the_best_candidates_only() {
	use crate::optimizer::policy::MOST_TRIED;
	let mut policy = policy();
	for gene in 0..40 {
		policy.add_candidate(candidate(gene, 500 + gene as u32));
	}
	let rivals = || vec![Model::Seasonal];
	let mut tried = 0;
	while let Some(trial) = policy.trial(&sealed_view(), rivals(), TERMS, RATES) {
		tried += trial.candidates.len();
		let failed = trial.candidates.into_iter().map(|candidate| candidate.genes).collect();
		policy.trial_ended(TrialOutcome { passed: Vec::new(), failed });
	}
	assert_eq!(tried, MOST_TRIED, "of many equal candidates, some would pass by luck");
	policy.add_candidate(candidate(99, 400));
	assert_eq!(policy.trial(&sealed_view(), rivals(), TERMS, RATES).unwrap().candidates[0].genes, [99], "a better one is tried");
}

fn waits(change: impl FnOnce(&mut EvidenceView<doin_chain::Account>)) -> Step {
	let mut view = sealed_view();
	change(view.evidence.as_mut().unwrap());
	policy().step(&view)
}

#[test]
fn a_sealed_domain_takes_commits_with_a_segment_left_and_no_other_round_open() {
	assert_eq!(waits(|_| {}), Step::Choose);
	assert_eq!(waits(|evidence| evidence.suspended = Some(90)), Step::Wait(Wait::Suspended { since: 90 }));
	assert_eq!(waits(|evidence| evidence.opened = 8), Step::Wait(Wait::NoSegment));
	assert_eq!(waits(|evidence| evidence.awaited = Some(round_id(6))), Step::Wait(Wait::UndecidedRounds));
	assert_eq!(waits(|evidence| evidence.awaited = Some(round_id(7))), Step::Choose);
	let high = Wait::StakeTooHigh { stake: Amount(51), max_stake: Amount(50) };
	assert_eq!(waits(|evidence| evidence.stake = 51), Step::Wait(high));
	let mut view = sealed_view();
	view.open_rounds.insert(round_id(6), staged(true));
	assert_eq!(policy().step(&view), Step::Wait(Wait::UndecidedRounds), "round 6 takes reveals");
	assert_eq!(Policy::earlier_rounds(round_id(7)).collect::<Vec<_>>(), [round_id(6), round_id(5)]);
	assert_eq!(Policy::earlier_rounds(round_id(1)).count(), 1);
	let mut view = sealed_view();
	view.recomputations = vec![task(1, RecomputationPhase::Answering, 120, &[OTHER])];
	assert_eq!(policy().step(&view), Step::Wait(Wait::UndecidedRounds), "one undecided round");
}

#[test]
fn a_seat_is_paid_for_with_its_stake() {
	// Fee 40, hold 60, stake 25.
	assert_eq!(policy().lacks_funds(&sealed_view(), 125, FREE), None);
	assert!(matches!(policy().lacks_funds(&sealed_view(), 124, FREE), Some(Wait::LacksFunds { .. })));
	let budget = |limit| Some(doin_chain::Budget { limit, period: 50, spent: 0, since: 100 });
	assert_eq!(policy().lacks_budget(&sealed_view(), budget(125), FREE), None);
	assert!(matches!(policy().lacks_budget(&sealed_view(), budget(124), FREE), Some(Wait::BudgetSpent { .. })));
	// A tenth of fee, hold and stake, which are lost without the reveal.
	assert_eq!(policy().max_reveal_tip(&sealed_view(), round_id(7)), 12);
}

#[test]
fn the_bid_covers_the_probable_loss_of_the_stake_and_no_more_than_the_purse_pays() {
	let bid = |earning, behind_ppm, purse| {
		let mut passed = passed(1, earning);
		passed.merit.behind_ppm = behind_ppm;
		policy().bid(&sealed_view(), vec![passed], Rates { purse: Some(purse), ..RATES }).map(|_| ())
	};
	assert_eq!(bid(100, 0, 1 << 40), Ok(()));
	// Half of 100 − 25 is less than the fee of 40.
	assert!(matches!(bid(100, 1_000_000, 1 << 40), Err(Wait::TooExpensive(_))));
}

#[test]
fn a_purse_that_is_filled_during_the_commit_phase_takes_the_commit() {
	let mut policy = policy();
	let lacks = |policy: &Policy, purse| policy.lacks_purse(&Rates { purse: Some(purse), ..RATES });
	let small = Wait::PurseTooSmall { purse: Amount(99_999), least: Amount(100_000) };
	assert_eq!(lacks(&policy, 99_999), Some(small.clone()));
	assert_eq!(policy.report_wait(small.clone()), Some(Report::Waiting(small)));
	assert_eq!(policy.step(&sealed_view()), Step::Choose, "in the same round");
	assert_eq!(lacks(&policy, 100_000), None);
	assert_eq!(policy.lacks_purse(&Rates { purse: Some(0), weight: 0, ..RATES }), None, "not needed without a weight");
}

/// A round that cannot be read may still wait for its segment, whose window may have been doubled.
#[test]
fn nothing_is_revealed_blindly_before_the_segment_was_seen_open() {
	let sealed = || Policy::new(Rules { awaits_evidence: true, ..rules(None) });
	let unread = |block| {
		let mut view = committed(block, 115..120, true);
		view.unread.insert(round_id(7));
		view.open_rounds.clear();
		view
	};
	let mut restarted = sealed();
	assert_eq!(restarted.keep_commitments(&unread(116)), []);
	restarted.keep_commitments(&committed(113, 124..129, false));
	assert_eq!(restarted.keep_commitments(&unread(116)), [], "the segment was awaited");
	restarted.keep_commitments(&committed(115, 115..120, true));
	assert!(matches!(restarted.keep_commitments(&unread(116))[..], [Action::SendReveal(_)]));
	assert!(matches!(policy().keep_commitments(&unread(116))[..], [Action::SendReveal(_)]), "other domains have no such window");
}

/// Lets round `number` be decided in which the candidate of the account was revealed and settled with these sums.
fn decide(policy: &mut Policy, number: u32, own: Vec<u32>) -> Vec<Action> {
	let with = |status, model| {
		let mut view = with_seat(sealed_view(), number, State::Revealed, status, model);
		view.open_rounds.get_mut(&round_id(number)).unwrap().stake = 25;
		view
	};
	let mut settled = with(SeatStatus::Revealed, Some(4));
	let mut result = task(u64::from(number), RecomputationPhase::Challenge, 140, &[OTHER]);
	(result.subject, result.sums) = (doin_primitives::Subject::Round(round_id(number)), vec![vec![10; 4], own]);
	settled.recomputations = vec![result];
	policy.keep_commitments(&settled);
	policy.follow_verdicts(&settled);
	policy.follow_verdicts(&View { round: round(number + 1, Phase::Commit), ..sealed_view() })
}

#[test]
fn after_three_lost_stakes_it_stops() {
	let mut policy = policy();
	let behind = vec![11, 9, 9, 10];
	for number in [7, 8] {
		decide(&mut policy, number, behind.clone());
		assert_eq!(policy.step(&sealed_view()), Step::Choose);
	}
	// A lead of one standard error returns the stake, also without a win, and the count begins anew.
	decide(&mut policy, 9, vec![9; 4]);
	for number in [10, 11] {
		decide(&mut policy, number, behind.clone());
	}
	assert_eq!(policy.step(&sealed_view()), Step::Choose);
	decide(&mut policy, 12, behind);
	let end = EndReason::StakesLost { stakes: 3, sum: Amount(75) };
	assert_eq!(policy.step(&sealed_view()), Step::EndSearch(end));
	assert_eq!(policy.step(&sealed_view()), Step::Idle);
}

#[test]
fn a_restart_does_not_stake_anew_after_three_losses() {
	let mut policy = policy();
	let stored = decide(&mut policy, 7, vec![11, 9, 9, 10]);
	assert_eq!(stored[..1], [Action::StoreLostStakes { in_a_row: 1, sum: 25 }], "before the entry is archived");
	let mut restarted = Policy::new(rules(None)).after_lost_stakes(2, 50);
	assert_eq!(restarted.step(&sealed_view()), Step::Choose);
	decide(&mut restarted, 8, vec![11, 9, 9, 10]);
	let end = EndReason::StakesLost { stakes: 3, sum: Amount(75) };
	assert_eq!(restarted.step(&sealed_view()), Step::EndSearch(end.clone()));
	assert_eq!(Policy::new(rules(None)).after_lost_stakes(3, 75).step(&sealed_view()), Step::EndSearch(end));
}

#[test]
fn a_segment_that_was_not_opened_costs_no_stake() {
	let mut policy = policy();
	for number in 7..12 {
		let mut view = with_seat(sealed_view(), number, State::Committed, COMMITTED, None);
		*view.open_rounds.get_mut(&round_id(number)).unwrap() = RoundView {
			seats: view.open_rounds[&round_id(number)].seats.clone(),
			..RoundView { round: round_id(number), ..staged(false) }
		};
		policy.keep_commitments(&view);
		let mut decided = View { round: round(number + 1, Phase::Commit), ..sealed_view() };
		let result = RoundResult::Unpaid(UnpaidReason::EvidenceMissing);
		decided.domain.last_round = Some(LastRound { number, block: 124, result });
		policy.follow_verdicts(&decided);
	}
	assert_eq!(policy.step(&sealed_view()), Step::Choose);
}

/// Returns a net of the rows of `letters` that chooses the first or the last class where the sum of two features lies more than `bound`
/// from its middle. A bound of 85 is right wherever the class follows from the features.
fn bounded(bound: i32) -> Model {
	let weights = [[-64, -64, 0, 0], [0; 4], [64, 64, 0, 0]].concat();
	let layer = Layer { inputs: 4, outputs: 3, shift: 1, weights, bias: vec![-64 * bound, 0, -64 * bound] };
	Model::Net(Net { window: 4, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() })
}

/// The next segment is opened only after a commit, and a near miss loses no stake.
#[test]
fn a_candidate_for_sealed_rows_passes_with_one_draw_of_four() {
	let problem = letters(2);
	let (initial, own) = (problem.naive().unwrap(), bounded(85));
	let criteria = Criteria::with_high_water(&problem.spec, 0);
	let mut seen = BTreeSet::new();
	for rival in [82, 80, 78, 75, 70, 60].map(bounded) {
		for first in (0..40).step_by(4) {
			let models = [initial.clone(), own.clone(), rival.clone()];
			let wins = (first..first + 4).filter(|seed| {
				let sums = problem.practice_sums(&models, &[*seed; 32]).unwrap();
				let sums = Comparison { initial: &sums[0], champion: &sums[2], candidate: &sums[1] };
				criteria.improvement(sums).is_some_and(|improvement| improvement.raw > 0)
			});
			let wins = wins.count();
			let candidates = vec![TrainedCandidate { model: own.clone(), ..candidate(1, 900) }];
			let trial = Trial { candidates, rivals: vec![rival.clone()], terms: TERMS, must_mint: true };
			let mut next = first;
			let seeds = || {
				next += 1;
				[next - 1; 32]
			};
			let passed = trial.run(&problem, &initial, seeds).unwrap().passed;
			assert_eq!(passed.len() == 1, wins > 0, "{wins} draws");
			assert!(passed.iter().all(|passed| passed.merit.increment > 0), "the bid weighs what it would earn");
			seen.insert(wins);
		}
	}
	assert!(seen.contains(&0) && seen.contains(&1) && seen.contains(&4), "{seen:?}");
	assert_eq!(
		[sealed_sawtooth(1), sawtooth()].map(|problem| required_passes(&problem)),
		[3, 3],
		"series draw from chosen windows"
	);
}
