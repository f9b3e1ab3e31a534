//! Tests of the evaluators' policy, without a chain.

use super::{
	policy::{
		challenge_step, failure, first_difference, first_false_sum, is_already_recomputed, is_of_another_worker, missing_ranges,
		CHUNKS_PER_CALL, COURTESY,
	},
	*,
};
use crate::{
	fixtures::{round, round_id, seat, task, DOMAIN, ME, OTHER},
	journal::{Entry, Scope, State},
	problem::{bounded_sums, tests::sawtooth},
};
use doin_chain::Account;
use doin_primitives::{
	payload::Challenge,
	round::Phase,
	views::{RecomputationPhase, RecomputationView},
	EvidenceRef, ModelRef, RejectionReason, RoundParams, SeatStatus,
};
use doin_scoring::Model;

/// A second account of the worker.
const ME_TOO: Account = Account([4; 32]);
const TIMEOUT: u32 = RoundParams::DEV.settle_timeout;
/// Interest in a verdict of a weighted domain.
const PAID: Interest = Interest { is_weighted: true, is_named: false, own_seat: None };
/// First block of a phase that waits for `settle`, and the block in which it times out.
const SETTLING: (u32, u32) = (100, 100 + TIMEOUT);

fn policy() -> Policy {
	of(vec![ME, ME_TOO], None)
}

/// Returns the policy of these accounts, with 30 seconds per round for domains without weight.
fn of(evaluators: Vec<Account>, optimizer: Option<Account>) -> Policy {
	Policy::new(evaluators, optimizer, RoundParams::DEV, 30)
}

fn due(view: &RecomputationView<Account>) -> Vec<Assignment> {
	policy().assignments(100, view, PAID)
}

fn assignment(duty: Duty, who: Account) -> Assignment {
	Assignment { duty, who }
}

fn settled(rows: &[&[u32]]) -> Vec<Vec<u32>> {
	rows.iter().map(|row| row.to_vec()).collect()
}

mod answers {
	use super::*;

	fn answering(phase: RecomputationPhase) -> RecomputationView<Account> {
		task(12, phase, 104, &[OTHER, ME, ME_TOO])
	}

	#[test]
	fn nothing_is_due_before_the_draw() {
		assert_eq!(due(&answering(RecomputationPhase::Drawing)), []);
	}

	#[test]
	fn every_own_account_that_was_drawn_commits_its_sums() {
		let expected = [ME, ME_TOO].map(|who| assignment(Duty::CommitSums { task: 12, who }, who));
		assert_eq!(due(&answering(RecomputationPhase::Answering)), expected);
		let others = task(12, RecomputationPhase::Answering, 104, &[OTHER]);
		assert_eq!(due(&others), []);
	}

	#[test]
	fn sums_are_committed_once() {
		let mut view = answering(RecomputationPhase::Answering);
		view.seats[1].committed = true;
		assert_eq!(due(&view), [assignment(Duty::CommitSums { task: 12, who: ME_TOO }, ME_TOO)]);
	}

	#[test]
	fn k43_answers_of_the_journal_lead_to_their_domains() {
		let scope = Scope::Sums { domain: DOMAIN, task: 12 };
		let entry = |who| Entry::prepare(scope, who, &[1; 32], &0u8, [9; 32], 101..104);
		assert!(policy().has_answer(DOMAIN, &[entry(OTHER), entry(ME_TOO)]));
		assert!(!policy().has_answer(DOMAIN + 1, &[entry(ME)]));
		assert!(!policy().has_answer(DOMAIN, &[entry(OTHER)]), "an account whose key the worker does not have");
	}

	#[test]
	fn only_committed_sums_are_revealed_and_each_once() {
		let mut view = answering(RecomputationPhase::Revealing);
		assert_eq!(due(&view), []);
		view.seats[1].committed = true;
		assert_eq!(due(&view), [assignment(Duty::RevealSums { task: 12, who: ME }, ME)]);
		view.seats[1].revealed = true;
		assert_eq!(due(&view), []);
	}
}

mod turns {
	use super::*;

	/// Returns the account on turn, `since` blocks after the start of the phase.
	fn on_turn(seats: &[Account], since: u32) -> Option<Account> {
		let view = task(12, RecomputationPhase::Settling, SETTLING.1, seats);
		let assignments = policy().assignments(SETTLING.0 + since, &view, PAID);
		assert!(assignments.iter().all(|assignment| assignment.duty == Duty::Settle { task: 12 }));
		assignments.first().map(|assignment| assignment.who)
	}

	#[test]
	fn the_first_seat_settles_at_once() {
		assert_eq!(on_turn(&[ME, OTHER], 0), Some(ME));
		assert_eq!(on_turn(&[ME_TOO, ME], 0), Some(ME_TOO));
	}

	#[test]
	fn settling_is_one_duty_whichever_account_is_on_turn() {
		let view = task(12, RecomputationPhase::Settling, SETTLING.1, &[OTHER, ME, ME_TOO]);
		let only_second = of(vec![ME_TOO], None);
		let (first, second) =
			(policy().assignments(SETTLING.0 + 1, &view, PAID), only_second.assignments(SETTLING.0 + 2, &view, PAID));
		assert_ne!(first[0].who, second[0].who);
		assert_eq!(first[0].duty, second[0].duty);
	}

	#[test]
	fn every_seat_waits_one_block_longer_than_the_one_before() {
		let seats = [OTHER, OTHER, ME];
		assert_eq!([0, 1, 2].map(|since| on_turn(&seats, since)), [None, None, Some(ME)]);
	}

	#[test]
	fn evaluators_that_were_not_drawn_settle_after_a_courtesy() {
		let seats = [OTHER, OTHER];
		assert_eq!(on_turn(&seats, 2 + COURTESY - 1), None);
		assert_eq!(on_turn(&seats, 2 + COURTESY), Some(ME));
		assert_eq!(on_turn(&[], COURTESY), Some(ME), "a task without a quorum");
	}

	#[test]
	fn a_worker_without_identities_never_has_its_turn() {
		let view = task(12, RecomputationPhase::Settling, SETTLING.1, &[OTHER]);
		assert_eq!(of(Vec::new(), None).assignments(SETTLING.1, &view, PAID), []);
	}

	#[test]
	fn an_unanswered_task_is_recomputed_in_turn() {
		let view = task(12, RecomputationPhase::Recomputing, SETTLING.1, &[ME]);
		assert_eq!(policy().assignments(SETTLING.0, &view, PAID), [assignment(Duty::Recompute { task: 12 }, ME)]);
	}

	/// A recomputation of a domain without weight times out after two periods.
	#[test]
	fn turns_count_from_the_start_of_the_shorter_phase_of_a_domain_without_weight() {
		let timeout = RoundParams::DEV.recompute_timeout(false);
		let view = task(12, RecomputationPhase::Recomputing, SETTLING.0 + timeout, &[OTHER, ME]);
		let due = |since| policy().assignments(SETTLING.0 + since, &view, Interest::default()).len();
		assert_eq!((due(0), due(1)), (0, 1));
	}

	#[test]
	fn missing_chunks_are_recomputed_a_few_per_call() {
		let range = |from, count| ChunkRange { from, count };
		let last = CHUNKS_PER_CALL;
		assert_eq!(missing_ranges(2 * last + 3, &[]), [range(0, last), range(last, last), range(2 * last, 3)]);
		let mut computed = vec![Some(5); usize::from(2 * last + 3)];
		assert_eq!(missing_ranges(2 * last + 3, &computed), []);
		computed[usize::from(last) + 2] = None;
		assert_eq!(missing_ranges(2 * last + 3, &computed), [range(last, last)], "one missing chunk repeats its call");
		computed.truncate(usize::from(2 * last));
		assert_eq!(missing_ranges(2 * last + 3, &computed), [range(last, last), range(2 * last, 3)]);
		assert_eq!(missing_ranges(0, &[]), []);
	}
}

mod settlements {
	use super::*;

	fn challengeable(rows: &[&[u32]]) -> RecomputationView<Account> {
		RecomputationView { sums: settled(rows), ..task(12, RecomputationPhase::Challenge, 104, &[OTHER]) }
	}

	fn challenge_entry(challenge: Challenge, state: State) -> Entry {
		let scope = Scope::Challenge { domain: DOMAIN, task: 12 };
		Entry { state, ..Entry::prepare(scope, ME, &[1; 32], &challenge, [9; 32], 101..104) }
	}

	#[test]
	fn settled_sums_are_verified_by_one_identity_of_the_worker() {
		let due = due(&challengeable(&[&[1, 2]]));
		assert_eq!(due.iter().map(|due| due.duty).collect::<Vec<_>>(), [Duty::VerifySums { task: 12 }]);
		let challengers =
			(0..64).map(|task| policy().assignments(100, &RecomputationView { task, ..challengeable(&[&[1]]) }, PAID)[0].who);
		let mut distinct: Vec<Account> = challengers.collect();
		distinct.sort();
		distinct.dedup();
		assert_eq!(distinct, [ME, ME_TOO], "tasks are spread over the identities");
	}

	#[test]
	fn sums_that_are_not_settled_are_not_verified() {
		assert_eq!(due(&challengeable(&[])), []);
	}

	#[test]
	fn sums_are_verified_once_until_they_are_settled_again() {
		let mut policy = policy();
		policy.sums_verified(12, &settled(&[&[1, 2]]));
		assert_eq!(policy.assignments(100, &challengeable(&[&[1, 2]]), PAID), []);
		assert_eq!(policy.assignments(100, &challengeable(&[&[1, 3]]), PAID).len(), 1);
		let other = RecomputationView { task: 13, ..challengeable(&[&[1, 2]]) };
		assert_eq!(policy.assignments(100, &other, PAID).len(), 1);
	}

	#[test]
	fn the_first_false_chunk_is_found() {
		let problem = sawtooth();
		let own = bounded_sums(problem.drawn_sums(&[Model::RepeatLast, Model::Seasonal], EvidenceRef::Drawn, &[1; 32]).unwrap())
			.unwrap();
		let mut settled: Vec<Vec<u32>> = own.iter().map(|sums| sums.to_vec()).collect();
		assert_eq!(first_false_sum(&settled, &own), None);
		settled[1][9] += 1;
		settled[1][20] += 1;
		assert_eq!(first_false_sum(&settled, &own), Some(Challenge { model: 1, chunk: 9 }));
		settled[0][31] -= 1;
		assert_eq!(first_false_sum(&settled, &own), Some(Challenge { model: 0, chunk: 31 }));
	}

	#[test]
	fn a_challenge_is_prepared_announced_and_made() {
		let challenge = Challenge { model: 1, chunk: 9 };
		assert_eq!(challenge_step(None, &challenge, None), ChallengeStep::Prepare);
		let entry = challenge_entry(challenge, State::Prepared);
		assert_eq!(challenge_step(Some(&entry), &challenge, None), ChallengeStep::Announce);
		let announced = Some(entry.commitment);
		assert_eq!(challenge_step(Some(&entry), &challenge, announced), ChallengeStep::Make, "the mark of a crash is missing");
		let entry = challenge_entry(challenge, State::Committed);
		assert_eq!(challenge_step(Some(&entry), &challenge, announced), ChallengeStep::Make);
		let other = challenge_entry(Challenge { model: 1, chunk: 8 }, State::Prepared);
		assert_eq!(challenge_step(Some(&other), &challenge, None), ChallengeStep::Prepare);
	}

	#[test]
	fn the_bond_of_a_challenge_is_recovered_when_it_can_no_longer_be_made() {
		let entry = challenge_entry(Challenge { model: 1, chunk: 9 }, State::Committed);
		let recover = Some(assignment(Duty::RecoverBond { task: 12, who: ME }, ME));
		let policy = policy();
		assert_eq!(policy.recovery(&entry, &[challengeable(&[&[1]])]), None, "it can still be made");
		assert_eq!(policy.recovery(&entry, &[]), recover, "the task is over");
		let settling = task(12, RecomputationPhase::Settling, SETTLING.1, &[OTHER]);
		assert_eq!(policy.recovery(&entry, &[settling]), recover, "another challenge was made first");
		let other = RecomputationView { task: 13, ..challengeable(&[&[1]]) };
		assert_eq!(policy.recovery(&entry, &[other]), recover);
		let foreign = Entry { who: OTHER, ..entry.clone() };
		assert_eq!(policy.recovery(&foreign, &[]), None, "an account whose key the worker does not have");
		let answer = Entry { scope: Scope::Sums { domain: DOMAIN, task: 12 }, ..entry };
		assert_eq!(policy.recovery(&answer, &[]), None);
	}
}

/// Priorities of verifying verdicts.
mod watchers {
	use super::*;
	use crate::deadline::Priority;
	use std::time::Duration;

	fn settled_task() -> RecomputationView<Account> {
		RecomputationView { sums: settled(&[&[1, 2]]), ..task(12, RecomputationPhase::Challenge, 104, &[OTHER]) }
	}

	const VERIFY: Duty = Duty::VerifySums { task: 12 };

	/// A worker that only optimizes challenges the verdict that robs it.
	#[test]
	fn n14_an_optimizer_verifies_and_challenges_its_own_rounds() {
		let optimizer = of(Vec::new(), Some(ME));
		let own = Interest { own_seat: Some(ME), ..Interest::default() };
		assert_eq!(optimizer.assignments(100, &settled_task(), own), [assignment(VERIFY, ME)]);
		assert_eq!(optimizer.assignments(100, &settled_task(), PAID), [], "the rounds of others are not its business");
		let mut seats = round(7, Phase::Reveal);
		seats.seats = vec![seat(OTHER, [1; 32], SeatStatus::Revealed, Some(20))];
		assert_eq!(optimizer.claims(100, std::slice::from_ref(&seats), PAID), []);
		seats.seats.push(seat(ME, [2; 32], SeatStatus::Committed, None));
		assert_eq!(optimizer.own_seat(&seats), Some(ME));
		let claims = optimizer.claims(100, &[seats], PAID);
		assert_eq!(claims.len(), 1);
		assert_eq!(optimizer.claim_challenger(claims[0]), Some(ME));
		let scope = Scope::Challenge { domain: DOMAIN, task: 12 };
		let entry = Entry::prepare(scope, ME, &[1; 32], &Challenge { model: 1, chunk: 2 }, [9; 32], 101..104);
		assert!(optimizer.recovery(&entry, &[]).is_some(), "its bond is recovered too");
		let settling = task(12, RecomputationPhase::Settling, SETTLING.1, &[OTHER]);
		assert_eq!(optimizer.assignments(SETTLING.1, &settling, own), [], "it does not evaluate");
	}

	#[test]
	fn n14_evaluators_verify_beside_an_optimizer() {
		let both = of(vec![ME_TOO], Some(ME));
		let own = Interest { own_seat: Some(ME), ..Interest::default() };
		assert_eq!(both.assignments(100, &settled_task(), own), [assignment(VERIFY, ME_TOO)]);
		assert_eq!(both.assignments(100, &settled_task(), PAID), [assignment(VERIFY, ME_TOO)]);
	}

	#[test]
	fn n14_verdicts_that_pay_are_verified_before_others() {
		let unweighted = Interest::default();
		assert_eq!((PAID.priority(), unweighted.priority()), (Priority::Paid, Priority::Other));
		assert_eq!(Interest { own_seat: Some(ME), ..unweighted }.priority(), Priority::Paid);
		assert!(Priority::Drawn { until: u32::MAX } < Priority::Bid && Priority::Bid < Priority::Paid);
		assert!(Priority::Paid < Priority::Other);
	}

	/// Eighty domains without weight, which others evaluate among themselves.
	#[test]
	fn n14_unknown_domains_without_weight_are_verified_as_long_as_there_is_time() {
		let optimizer = Account([9; 32]);
		let mut policy = of(vec![ME, ME_TOO], Some(optimizer));
		let (unknown, named) = (Interest::default(), Interest { is_named: true, ..Interest::default() });
		assert_eq!(policy.assignments(100, &settled_task(), unknown).len(), 1);
		policy.time_spent(100, unknown, Duration::from_secs(31));
		assert_eq!(policy.assignments(100, &settled_task(), unknown), []);
		let mut seats = round(7, Phase::Reveal);
		seats.seats = vec![seat(OTHER, [1; 32], SeatStatus::Revealed, Some(20))];
		assert_eq!(policy.claims(100, std::slice::from_ref(&seats), unknown), []);
		for interest in [PAID, named] {
			assert_eq!(policy.assignments(100, &settled_task(), interest).len(), 1, "{interest:?}");
			assert_eq!(policy.claims(100, std::slice::from_ref(&seats), interest).len(), 1, "{interest:?}");
			policy.time_spent(100, interest, Duration::from_secs(3_600));
		}
		seats.seats.push(seat(optimizer, [2; 32], SeatStatus::Committed, None));
		assert_eq!(policy.claims(100, &[seats], unknown).len(), 1, "a round with an own seat");
		let own = Interest { own_seat: Some(optimizer), ..unknown };
		assert_eq!(policy.assignments(100, &settled_task(), own).len(), 1);
		let later = 100 + 2 * RoundParams::DEV.period();
		assert_eq!(policy.assignments(later, &settled_task(), unknown).len(), 1, "the next round has time of its own");
		let mut drawn = settled_task();
		(drawn.phase, drawn.sums) = (RecomputationPhase::Answering, Vec::new());
		drawn.seats[0].who = ME;
		assert_eq!(policy.assignments(100, &drawn, unknown).len(), 1, "a drawn seat is answered in any domain");
	}
}

mod claims {
	use super::*;

	fn claim(model: u64, seat: u8) -> Claim {
		Claim { model, round: round_id(7), seat, commitment: [seat + 1; 32] }
	}

	#[test]
	fn only_claims_of_revealed_seats_can_be_challenged() {
		let mut round = round(7, Phase::Reveal);
		let rejected = SeatStatus::Rejected(RejectionReason::NotBetter);
		round.seats = vec![
			seat(OTHER, [1; 32], SeatStatus::Committed, None),
			seat(OTHER, [2; 32], SeatStatus::Revealed, Some(20)),
			seat(OTHER, [3; 32], rejected, Some(21)),
			seat(OTHER, [4; 32], SeatStatus::Forfeited, None),
			seat(ME, [5; 32], SeatStatus::Revealed, Some(22)),
			seat(OTHER, [6; 32], SeatStatus::Revealed, None),
		];
		round.seats[5].model = Some(ModelRef::Seasonal);
		assert_eq!(policy().claims(100, &[round], PAID), [claim(20, 1), claim(22, 4)]);
	}

	#[test]
	fn a_claim_is_checked_once() {
		let mut round = round(7, Phase::Reveal);
		round.seats =
			vec![seat(OTHER, [1; 32], SeatStatus::Revealed, Some(20)), seat(OTHER, [2; 32], SeatStatus::Revealed, Some(21))];
		let mut policy = policy();
		policy.claim_checked(claim(20, 0));
		assert_eq!(policy.claims(100, &[round], PAID), [claim(21, 1)]);
	}

	#[test]
	fn one_identity_of_the_worker_challenges_a_claim() {
		assert!([ME, ME_TOO].contains(&policy().claim_challenger(claim(20, 0)).unwrap()));
		assert_eq!(policy().claim_challenger(claim(20, 0)), policy().claim_challenger(claim(20, 5)));
		assert_eq!(of(Vec::new(), None).claim_challenger(claim(20, 0)), None);
	}

	#[test]
	fn the_first_false_claim_is_named_by_its_chunk() {
		assert_eq!(first_difference(&[1, 2, 3], &[1, 2, 3]), None);
		assert_eq!(first_difference(&[1, 0, 0], &[1, 2, 3]), Some(1));
	}
}

mod failures {
	use super::*;

	#[test]
	fn a_duty_that_another_evaluator_has_done_is_not_a_problem() {
		for error in ["WrongPhase", "UnknownTask", "AlreadyCommitted", "AlreadyRevealed"] {
			assert_eq!(failure(Some(&format!("Recomputation::{error}"))), Failure::Overtaken);
		}
		for error in [Some("Recomputation::CommitmentMismatch"), Some("Token::FundsUnavailable"), None] {
			assert_eq!(failure(error), Failure::Unexpected);
		}
	}

	#[test]
	fn a_chunk_that_was_recomputed_meanwhile_is_skipped() {
		assert!(is_already_recomputed(Some("Recomputation::AlreadyRecomputed")));
		assert!(!is_already_recomputed(Some("Recomputation::WrongPhase")) && !is_already_recomputed(None));
	}

	/// Two machines run a worker of one account. The answer of the other one is on the chain.
	#[test]
	fn k32_an_answer_of_another_worker_is_not_revealed_again_and_again() {
		let mismatch = Some("Recomputation::CommitmentMismatch");
		assert!(is_of_another_worker(mismatch, false) && failure(mismatch) == Failure::Unexpected);
		assert!(!is_of_another_worker(Some("Recomputation::AlreadyRevealed"), false) && !is_of_another_worker(None, false));
	}

	/// A reorganisation between the look and the reveal has another draw, whose answer is in the journal too.
	#[test]
	fn k27_an_answer_of_another_fork_is_revealed_after_a_mismatch() {
		assert!(!is_of_another_worker(Some("Recomputation::CommitmentMismatch"), true));
	}
}
