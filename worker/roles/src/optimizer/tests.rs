//! Tests of the optimizer's policy, without a chain.

use super::{
	bid::PayTerms,
	policy::{COMMIT_MARGIN, MAX_UNDECIDED_ROUNDS},
	pool::{CandidatePool, FailedTrials, Offer, Worth, CANDIDATES_PER_TRIAL, MAX_CANDIDATES},
	report::rejection_message,
	submission::{reveal, Experiment},
	*,
};
use crate::{
	amount::Amount,
	fixtures::{champion, domain, round, round_id, seat, task, DOMAIN, ME, OTHER},
	journal::{Entry, Note, Scope, State},
	problem::tests::sawtooth,
	search::TrainedCandidate,
};
use doin_compute::ChunkErrors;
use doin_primitives::{
	domain::INITIAL_LOSS,
	round::{Phase, MAX_SEATS},
	views::{ChampionView, RecomputationPhase, SeatView},
	EvidenceKind, ModelRef, RejectionReason, RoundId, SeatStatus, Status,
};
use doin_scoring::{verdict::ONE_BIT, Model};

mod bids;
mod champions;
mod sealed;

const COMMITTED: SeatStatus = SeatStatus::Committed;

/// Limits under which the seats of the fixtures, for 40 plancks, are affordable.
const LIMITS: BidLimits = BidLimits { max_fee: 200, max_fee_ppm: 500_000, max_tip_ppm: 100_000, max_stake: 50, lost_stakes: 3 };

/// Calls that cost nothing.
const FREE: CallCosts = CallCosts { hold: 0, commit_fee: 0, reveal_fee: 0, deposit: 0 };

fn rules(target_percent: Option<f64>) -> Rules {
	Rules { domain: DOMAIN, account: ME, bar: 1_000, awaits_evidence: false, target_percent, limits: LIMITS }
}

fn policy() -> Policy {
	Policy::new(rules(None))
}

/// Returns a candidate that would earn `earning` plancks, or one less by rounding, at [`RATES`].
fn passed(gene: i64, earning: u32) -> Passed {
	Passed { candidate: candidate(gene, 900), merit: Merit { increment: u64::from(earning), ..Merit::default() } }
}

/// One planck for the optimizer per unit of improvement.
const RATES: Rates = Rates {
	weight: 1_000_000,
	evidence_value: 1_000_000,
	reward: 100_000,
	threshold: 65_000,
	unmined: u128::MAX,
	bounty: 0,
	purse: None,
};

/// Terms of a domain whose pay is whole, and whose champion carries nothing.
const TERMS: PayTerms = PayTerms { high_water: 0, carry: 0, factor: 1_000_000 };

/// Returns a view of block 105, in the commit phase of round 7.
fn view() -> View {
	View {
		block: 105,
		domain: domain(),
		champion: champion(),
		round: round(7, Phase::Commit),
		recomputations: Vec::new(),
		evidence: None,
		entries: Vec::new(),
		open_rounds: Default::default(),
		unread: Default::default(),
		has_entry: false,
	}
}

fn candidate(gene: i64, validation_error: u32) -> TrainedCandidate {
	TrainedCandidate {
		genes: vec![gene],
		model: Model::Point(vec![gene as i32]),
		errors: ChunkErrors { validation: vec![validation_error], practice: Vec::new() },
		fitness: validation_error.into(),
		experiment: [3; 16],
		millis: 17,
	}
}

/// Returns the journal entry of a candidate in a round.
fn entry(number: u32, state: State) -> Entry {
	let experiment = Experiment { config: [0; 32], data: [0; 32] };
	let payload = reveal(&candidate(number.into(), 900), round_id(number), experiment).unwrap();
	let entry = Entry::prepare(Scope::Candidate(round_id(number)), ME, &[1; 32], &payload, [9; 32], 112..117);
	Entry { state, ..entry }
}

/// Adds a journal entry to a view, and its seat to the open round `number`.
fn with_seat(mut view: View, number: u32, state: State, status: SeatStatus, model: Option<u64>) -> View {
	let entry = entry(number, state);
	let mut open = round(number, Phase::Commit);
	open.seats = vec![seat(OTHER, [7; 32], COMMITTED, None), seat(ME, entry.commitment, status, model)];
	view.open_rounds.insert(round_id(number), open);
	view.entries.push(entry);
	view
}

/// Returns a ridge of a quarter of a season, which is better than repeat-last and worse than seasonal.
fn short_ridge() -> Model {
	let problem = sawtooth();
	let forecast = problem.forecast().unwrap();
	let data = doin_compute::Dataset::new(
		doin_compute::ForecastTask::new(&problem.spec, problem.published_series().to_vec()).unwrap(),
		0,
		0,
	);
	Model::Net(data.unwrap().linear_model(forecast.season / 4, 0).unwrap().net.clone())
}

fn reports(actions: &[Action]) -> Vec<Report> {
	let report = |action: &Action| match action {
		Action::Report(report) => Some(report.clone()),
		_ => None,
	};
	actions.iter().filter_map(report).collect()
}

fn mark(number: u32, state: State, note: Note) -> Action {
	Action::Mark { round: round_id(number), state, note }
}

/// Returns a policy that awaits the verdict of round `number`, with its model if it is revealed.
fn awaiting(number: u32, model: Option<u64>) -> Policy {
	let mut policy = policy();
	let status = if model.is_some() { SeatStatus::Revealed } else { COMMITTED };
	policy.keep_commitments(&with_seat(view(), number, State::Revealed, status, model));
	policy
}

mod commitments {
	use super::*;

	#[test]
	fn a_prepared_entry_is_committed_while_its_round_takes_commits() {
		let view = View { entries: vec![entry(7, State::Prepared)], ..view() };
		assert_eq!(policy().keep_commitments(&view), [Action::SendCommit(entry(7, State::Prepared))]);
		let late = View { round: round(7, Phase::Reveal), ..view.clone() };
		assert_eq!(policy().keep_commitments(&late), []);
		let next = View { round: round(8, Phase::Commit), ..view };
		assert_eq!(policy().keep_commitments(&next), []);
	}

	#[test]
	fn a_commit_that_a_fork_dropped_is_sent_again() {
		let mut view = View { entries: vec![entry(7, State::Committed)], ..view() };
		let mut open = round(7, Phase::Commit);
		open.seats = vec![seat(OTHER, [7; 32], COMMITTED, None)];
		view.open_rounds.insert(round_id(7), open);
		assert_eq!(policy().keep_commitments(&view), [Action::SendCommit(entry(7, State::Committed))]);
	}

	#[test]
	fn a_commit_found_on_the_chain_is_marked() {
		let view = with_seat(view(), 7, State::Prepared, COMMITTED, None);
		assert_eq!(policy().keep_commitments(&view), [mark(7, State::Committed, Note::Progress)]);
	}

	#[test]
	fn a_seat_with_another_commitment_does_not_belong_to_the_entry() {
		let mut view = with_seat(view(), 7, State::Prepared, COMMITTED, None);
		view.open_rounds.get_mut(&round_id(7)).unwrap().seats[1].commitment = [8; 32];
		assert_eq!(policy().keep_commitments(&view), [Action::SendCommit(entry(7, State::Prepared))]);
	}

	/// A node fails to answer for round 5, whose verdict is awaited, while the reveal of round 7 is due.
	#[test]
	fn a_round_that_cannot_be_read_does_not_delay_the_reveal_of_another_one() {
		let mut policy = awaiting(5, Some(50));
		let mut view = View { block: 111, ..with_seat(view(), 7, State::Committed, COMMITTED, None) };
		view.entries.push(entry(5, State::Revealed));
		view.unread.insert(round_id(5));
		assert_eq!(policy.keep_commitments(&view), [Action::SendReveal(entry(7, State::Committed))]);
		assert_eq!(policy.follow_verdicts(&view), [], "an unread round is not decided");
		// Once it can be read, it is.
		view.unread.clear();
		let decided = policy.follow_verdicts(&view);
		assert_eq!(decided[0], mark(5, State::Archived, Note::Decided));
	}

	#[test]
	fn k38_a_seat_that_was_committed_with_another_journal_is_reported_once() {
		let mut policy = policy();
		let with = |number, status| {
			let mut round = round(number, Phase::Commit);
			round.seats = vec![seat(OTHER, [7; 32], COMMITTED, None), seat(ME, [8; 32], status, None)];
			View { round, ..view() }
		};
		let report = |number| vec![Report::UnknownSeat { round: round_id(number) }];
		assert_eq!(reports(&policy.keep_commitments(&with(7, COMMITTED))), report(7));
		assert_eq!(policy.keep_commitments(&with(7, COMMITTED)), []);
		assert_eq!(policy.keep_commitments(&with(8, SeatStatus::Revealed)), [], "nothing is lost any more");
		assert_eq!(reports(&policy.keep_commitments(&with(9, COMMITTED))), report(9));
		// The seat of an entry is known.
		let known = View { entries: vec![Entry { commitment: [8; 32], ..entry(10, State::Committed) }], ..with(10, COMMITTED) };
		assert_eq!(reports(&policy.keep_commitments(&known)), []);
	}

	#[test]
	fn without_a_search_what_is_committed_is_followed_to_its_verdict() {
		let mut policy = policy();
		policy.end_search();
		assert!(policy.is_done(), "nothing is committed");
		let view = View { block: 111, ..with_seat(view(), 7, State::Committed, COMMITTED, None) };
		assert_eq!(policy.keep_commitments(&view), [Action::SendReveal(entry(7, State::Committed))]);
		assert!(!policy.is_done());
		assert_eq!(policy.step(&view), Step::Idle, "no other candidate is committed");
		let decided = View { round: round(8, Phase::Commit), ..super::view() };
		policy.follow_verdicts(&decided);
		assert!(policy.is_done());
	}

	#[test]
	fn a_commitment_whose_round_cannot_be_read_is_revealed_by_the_journal_alone() {
		let at = |block, state| {
			let mut view = View { block, entries: vec![entry(7, state)], ..view() };
			view.unread.insert(round_id(7));
			policy().keep_commitments(&view)
		};
		assert_eq!(at(111, State::Committed), [Action::SendReveal(entry(7, State::Committed))]);
		assert_eq!(at(110, State::Committed), [], "before its window");
		for state in [State::Prepared, State::Revealed] {
			assert_eq!(at(111, state), [], "{state}");
		}
	}

	#[test]
	fn a_candidate_is_revealed_only_inside_its_window() {
		let at = |block| {
			let view = View { block, ..with_seat(view(), 7, State::Committed, COMMITTED, None) };
			policy().keep_commitments(&view)
		};
		assert_eq!(at(110), [], "the next block is the last one of the commit phase");
		assert_eq!(at(111), [Action::SendReveal(entry(7, State::Committed))]);
		assert_eq!(at(115), [Action::SendReveal(entry(7, State::Committed))]);
		assert_eq!(at(116), []);
	}

	#[test]
	fn a_reveal_found_on_the_chain_is_marked_and_awaited() {
		let mut policy = policy();
		let view = with_seat(view(), 7, State::Committed, SeatStatus::Revealed, Some(4));
		assert_eq!(policy.keep_commitments(&view), [mark(7, State::Revealed, Note::Progress)]);
		let view = with_seat(super::view(), 7, State::Revealed, SeatStatus::Revealed, Some(4));
		assert_eq!(policy.keep_commitments(&view), [], "it is marked once");
		assert_eq!(policy.rivals(&view, None), [ModelRef::Seasonal, ModelRef::Stored(4)]);
	}

	#[test]
	fn a_forfeited_seat_is_left_to_its_verdict() {
		let view = with_seat(view(), 7, State::Committed, SeatStatus::Forfeited, None);
		assert_eq!(policy().keep_commitments(&view), []);
	}

	#[test]
	fn entries_of_other_domains_accounts_and_kinds_are_ignored() {
		let foreign = Entry { who: OTHER, ..entry(7, State::Prepared) };
		let elsewhere = Entry { scope: Scope::Candidate(RoundId { domain: 9, number: 7 }), ..entry(7, State::Prepared) };
		let sums = Entry { scope: Scope::Sums { domain: DOMAIN, task: 7 }, ..entry(7, State::Prepared) };
		let view = View { entries: vec![foreign, elsewhere, sums], ..view() };
		assert_eq!(policy().keep_commitments(&view), []);
		assert!(policy().rounds_of_interest(&view.entries).is_empty());
	}

	#[test]
	fn open_rounds_are_read_for_entries_and_awaited_verdicts() {
		let policy = awaiting(6, None);
		let rounds = policy.rounds_of_interest(&[entry(7, State::Prepared)]);
		assert_eq!(rounds.into_iter().collect::<Vec<_>>(), [round_id(6), round_id(7)]);
	}

	#[test]
	fn an_included_commit_is_awaited_and_a_failed_one_is_archived() {
		let mut policy = policy();
		assert_eq!(policy.commit_ended(round_id(7), CommitOutcome::NotIncluded), None);
		assert_eq!(policy.commit_ended(round_id(7), CommitOutcome::Failed), Some((State::Archived, Note::CommitFailed)));
		assert!(policy.rounds_of_interest(&[]).is_empty());
		for outcome in [CommitOutcome::Included, CommitOutcome::AlreadyCommitted] {
			assert_eq!(policy.commit_ended(round_id(7), outcome), Some((State::Committed, Note::Progress)));
		}
		assert!(policy.rounds_of_interest(&[]).contains(&round_id(7)));
	}
}

mod verdicts {
	use super::*;

	#[test]
	fn a_rejected_candidate_is_reported_once_and_archived_when_its_round_is_decided() {
		for reason in [RejectionReason::NotBetter, RejectionReason::Overtaken, RejectionReason::FalseClaim] {
			let mut policy = policy();
			let rejected = with_seat(view(), 7, State::Committed, SeatStatus::Rejected(reason), Some(4));
			let report = Action::Report(Report::Rejected { round: round_id(7), reason });
			assert_eq!(policy.keep_commitments(&rejected), [mark(7, State::Revealed, Note::Rejected), report]);
			let marked = with_seat(view(), 7, State::Revealed, SeatStatus::Rejected(reason), Some(4));
			assert_eq!(policy.keep_commitments(&marked), []);
			assert_eq!(policy.follow_verdicts(&marked), [], "the round is not decided");
			let decided = View { round: round(8, Phase::Commit), ..view() };
			assert_eq!(policy.follow_verdicts(&decided), [mark(7, State::Archived, Note::Rejected)]);
		}
	}

	#[test]
	fn the_log_of_a_rejection_follows_its_reason() {
		use RejectionReason::*;
		let phrases = [
			(NotBetter, "does not undercut the domain's bar"),
			(Overtaken, "the champion changed before the evaluation"),
			(FalseClaim, "a claimed validation sum was proved false"),
			(Lost, "was evaluated and did not win"),
			(Expired, "stayed contender for the last round"),
			(Withdrawn, "was withdrawn as contender"),
		];
		for (reason, phrase) in phrases {
			assert!(rejection_message(reason).contains(phrase), "{reason:?}: {}", rejection_message(reason));
			let others = phrases.iter().filter(|(other, _)| *other != reason);
			assert!(others.clone().all(|(_, other)| !rejection_message(reason).contains(other)), "{reason:?}");
		}
	}

	#[test]
	fn a_decided_round_is_won_if_the_seats_model_is_champion() {
		let crowned = ChampionView { model: ModelRef::Stored(4), author: Some(ME), ..champion() };
		let view = View { champion: crowned, ..view() };
		let won = [mark(6, State::Archived, Note::Decided), Action::Report(Report::Won { round: round_id(6) })];
		assert_eq!(awaiting(6, Some(4)).follow_verdicts(&view), won);
		let lost = [mark(6, State::Archived, Note::Decided), Action::Report(Report::NotWon { round: round_id(6) })];
		assert_eq!(awaiting(6, Some(5)).follow_verdicts(&view), lost);
		assert_eq!(awaiting(6, None).follow_verdicts(&view), lost, "a seat without a model cannot win");
	}

	#[test]
	fn an_undecided_round_is_awaited() {
		let mut policy = awaiting(6, Some(4));
		let mut view = view();
		view.open_rounds.insert(round_id(6), round(6, Phase::Commit));
		assert_eq!(policy.follow_verdicts(&view), []);
		let current = View { round: round(6, Phase::Reveal), ..super::view() };
		assert_eq!(policy.follow_verdicts(&current), [], "the round on the grid may not be open yet");
		view.open_rounds.clear();
		assert_eq!(policy.follow_verdicts(&view).len(), 2);
		assert_eq!(policy.follow_verdicts(&view), [], "a verdict is reported once");
	}

	#[test]
	fn a_restarted_worker_follows_what_it_had_revealed() {
		let mut policy = policy();
		let view = View { entries: vec![entry(6, State::Revealed)], ..view() };
		assert_eq!(policy.keep_commitments(&view), []);
		assert_eq!(reports(&policy.follow_verdicts(&view)), [Report::NotWon { round: round_id(6) }]);
	}
}

mod steps {
	use super::*;

	fn step(change: impl FnOnce(&mut View)) -> Step {
		let mut view = view();
		change(&mut view);
		policy().step(&view)
	}

	#[test]
	fn a_candidate_is_chosen_in_the_commit_phase() {
		assert_eq!(step(|_| {}), Step::Choose);
		assert_eq!(step(|view| view.round = round(7, Phase::Reveal)), Step::Idle);
	}

	#[test]
	fn an_account_commits_once_per_round() {
		assert_eq!(step(|view| view.has_entry = true), Step::Idle);
		assert_eq!(step(|view| view.round.seats = vec![seat(ME, [7; 32], COMMITTED, None)]), Step::Idle);
		assert_eq!(step(|view| view.round.seats = vec![seat(OTHER, [7; 32], COMMITTED, None)]), Step::Choose);
	}

	#[test]
	fn no_commit_is_begun_at_the_end_of_the_phase() {
		assert_eq!(step(|view| view.block = view.round.phase_end - COMMIT_MARGIN - 1), Step::Choose);
		assert_eq!(step(|view| view.block = view.round.phase_end - COMMIT_MARGIN), Step::Idle);
	}

	#[test]
	fn a_domain_with_neither_weight_nor_bounty_is_not_worth_a_seat() {
		assert_eq!(step(|view| view.domain.weight = 0), Step::Wait(Wait::NoReward));
		let with_bounty = |view: &mut View| (view.domain.weight, view.domain.bounty) = (0, 5);
		assert_eq!(step(with_bounty), Step::Choose);
	}

	#[test]
	fn a_full_round_and_undecided_rounds_are_waited_for() {
		let others = |count: u32| -> Vec<SeatView<_>> { (0..count).map(|_| seat(OTHER, [7; 32], COMMITTED, None)).collect() };
		assert_eq!(step(|view| view.round.seats = others(MAX_SEATS)), Step::Wait(Wait::UndecidedRounds));
		assert_eq!(step(|view| view.round.seats = others(MAX_SEATS - 1)), Step::Choose);
		let tasks = |count: usize| vec![task(1, RecomputationPhase::Answering, 120, &[OTHER]); count];
		assert_eq!(step(|view| view.recomputations = tasks(MAX_UNDECIDED_ROUNDS)), Step::Wait(Wait::UndecidedRounds));
		assert_eq!(step(|view| view.recomputations = tasks(MAX_UNDECIDED_ROUNDS - 1)), Step::Choose);
	}

	/// Eight seats are taken, and the next one costs 32 times the first.
	#[test]
	fn n3_with_eight_seats_taken_no_candidate_is_committed_until_the_next_round() {
		let mut crowded = view();
		crowded.round.seats = vec![seat(OTHER, [7; 32], COMMITTED, None); 8];
		crowded.round.next_seat_fee = 40 << 5;
		let mut policy = policy();
		let Step::Wait(wait @ Wait::TooExpensive(reason)) = policy.step(&crowded) else { panic!("a wait") };
		assert_eq!((reason.seats, reason.fee, reason.max_fee), (8, Amount(1_280), Amount(200)));
		assert!(policy.report_wait(wait.clone()).is_some());
		assert_eq!(policy.report_wait(wait), None, "the reason is logged once");
		assert_eq!(policy.step(&View { round: round(8, Phase::Commit), ..crowded }), Step::Choose);
	}

	#[test]
	fn n3_a_seat_that_costs_more_than_its_candidate_would_earn_is_left_to_others() {
		let mut policy = policy();
		assert_eq!(policy.step(&view()), Step::Choose);
		let wait = policy.bid(&view(), vec![passed(1, 79)], RATES).unwrap_err();
		assert!(matches!(wait, Wait::TooExpensive(TooExpensive { max_fee: Amount(39), .. })), "{wait:?}");
		assert_eq!(policy.step(&view()), Step::Idle, "no other trial in this round");
		assert_eq!(policy.step(&View { round: round(8, Phase::Commit), ..view() }), Step::Choose);
		assert!(policy.bid(&view(), vec![passed(1, 81)], RATES).is_ok());
		assert_eq!((policy.max_fee(round_id(7)), policy.max_commit_tip(round_id(7))), (40, 4));
		assert_eq!(policy.max_fee(round_id(9)), LIMITS.max_fee, "after a restart");
	}

	#[test]
	fn a_commit_whose_seat_became_too_expensive_waits_for_the_next_round() {
		let policy = policy();
		assert!(matches!(policy.outbid(&view(), Some("Optimae::SeatTooExpensive")), Some(Wait::TooExpensive(_))));
		assert_eq!(policy.outbid(&view(), Some("Optimae::RoundFull")), None);
		assert_eq!(policy.outbid(&view(), None), None);
	}

	#[test]
	fn n2_a_reveal_is_tipped_by_what_is_lost_without_it() {
		let view = with_seat(view(), 7, State::Committed, COMMITTED, None);
		assert_eq!(policy().max_reveal_tip(&view, round_id(7)), (40 + 60) / 10);
	}

	#[test]
	fn the_search_ends_when_the_domain_takes_no_commits() {
		for status in [Status::Loading, Status::Closing] {
			assert_eq!(step(|view| view.domain.status = status), Step::EndSearch(EndReason::NotActive { status }));
		}
	}

	#[test]
	fn the_search_of_everybody_ends_when_the_domain_has_converged() {
		let converged = |view: &mut View| {
			view.domain.status = Status::Converged;
			view.champion.loss = u64::from(INITIAL_LOSS) / 4;
		};
		assert_eq!(step(converged), Step::EndSearch(EndReason::Converged { percent: 75.0 }));
		let (mut policy, mut view) = (policy(), view());
		assert_eq!(policy.step(&view), Step::Choose);
		converged(&mut view);
		policy.step(&view);
		assert_eq!((policy.step(&view), policy.is_searching(), policy.is_done()), (Step::Idle, false, true), "no more commits");
	}

	#[test]
	fn the_search_ends_at_the_configured_target() {
		let mut policy = Policy::new(rules(Some(75.0)));
		let at = |loss| View { champion: ChampionView { loss, ..champion() }, ..view() };
		let quarter = u64::from(INITIAL_LOSS) / 4;
		assert_eq!(policy.step(&at(quarter + 1)), Step::Choose);
		let end = EndReason::TargetReached { percent: 75.0, target: 75.0 };
		assert_eq!(policy.step(&at(quarter)), Step::EndSearch(end));
		assert_eq!(policy.step(&at(quarter + 1)), Step::Idle, "a search that has ended is not resumed");
	}

	#[test]
	fn the_optimizer_is_done_when_no_verdict_is_awaited_after_the_search() {
		let mut policy = awaiting(6, Some(4));
		let mut view = view();
		view.domain.status = Status::Converged;
		policy.step(&view);
		assert!(!policy.is_done());
		policy.follow_verdicts(&view);
		assert!(policy.is_done());
		assert!(!super::policy().is_done(), "a search goes on without a seat");
	}

	#[test]
	fn a_reason_to_wait_is_reported_once_until_a_commit() {
		let mut policy = policy();
		assert_eq!(policy.report_wait(Wait::NothingBetter), Some(Report::Waiting(Wait::NothingBetter)));
		assert_eq!(policy.report_wait(Wait::NothingBetter), None);
		assert!(policy.report_wait(Wait::UndecidedRounds).is_some());
		assert!(policy.report_wait(Wait::NothingBetter).is_some());
		policy.commit_ended(round_id(7), CommitOutcome::Included);
		assert!(policy.report_wait(Wait::NothingBetter).is_some());
	}

	#[test]
	fn n6_the_budget_of_a_hot_key_has_to_cover_fee_and_hold() {
		let budget = |spent| Some(doin_chain::Budget { limit: 150, period: 50, spent, since: 100 });
		assert_eq!(policy().lacks_budget(&view(), budget(50), FREE), None);
		let spent = Wait::BudgetSpent { account: ME, price: Amount(100), left: Amount(99) };
		assert_eq!(policy().lacks_budget(&view(), budget(51), FREE), Some(spent));
		assert_eq!(policy().lacks_budget(&View { block: 149, ..view() }, budget(51), FREE), None, "the next window");
		assert_eq!(policy().lacks_budget(&view(), None, FREE), Some(Wait::NoBudget { account: ME }));
	}

	/// A seat costs a fee of 40 and a hold of 60; 10 % of both is the highest tip of its reveal, and 10 % of the highest bid, 200,
	/// that of its commit.
	#[test]
	fn k43_all_calls_of_a_seat_are_paid_for_before_it_is_taken() {
		let costs = CallCosts { hold: 30, commit_fee: 5, reveal_fee: 7, deposit: 3 };
		let fees = (2 * 5 + 20) + (2 * 7 + 10);
		let price = 100 + 30 + fees + 3;
		let lacks = |account, price, free| Some(Wait::LacksFunds { account, price: Amount(price), free: Amount(free) });
		assert_eq!(policy().lacks_funds(&view(), price, costs), None);
		assert_eq!(policy().lacks_funds(&view(), price - 1, costs), lacks(ME, price, price - 1));
		// The hot key pays the fees, its account the holds, within the budget. The deposit stays in both.
		let of_account = CallCosts { commit_fee: 0, reveal_fee: 0, ..costs };
		assert_eq!(policy().lacks_funds(&view(), 133, of_account), None);
		assert_eq!(policy().lacks_funds(&view(), 132, of_account), lacks(ME, 133, 132));
		assert_eq!(policy().lacks_fee(&view(), OTHER, fees + 3, costs), None);
		assert_eq!(policy().lacks_fee(&view(), OTHER, fees + 2, costs), lacks(OTHER, fees + 3, fees + 2));
		let budget = |limit| Some(doin_chain::Budget { limit, period: 50, spent: 0, since: 100 });
		assert_eq!(policy().lacks_budget(&view(), budget(130), costs), None);
		assert!(matches!(policy().lacks_budget(&view(), budget(129), costs), Some(Wait::BudgetSpent { .. })));
	}

	/// A search that cannot start is started again until then.
	#[test]
	fn k43_a_search_that_has_ended_is_not_started_again() {
		let mut policy = policy();
		assert!(policy.is_searching());
		policy.end_search();
		assert!(!policy.is_searching());
	}

	#[test]
	fn funds_have_to_cover_fee_and_hold() {
		let mut policy = policy();
		assert_eq!(policy.lacks_funds(&view(), 100, FREE), None);
		let lacks = Wait::LacksFunds { account: ME, price: Amount(100), free: Amount(99) };
		assert_eq!(policy.lacks_funds(&view(), 99, FREE), Some(lacks.clone()));
		let fraction = |plancks| Wait::LacksFunds { account: ME, price: Amount(plancks), free: Amount(0) };
		let doin = doin_primitives::DOIN;
		assert!(policy.report_wait(fraction(doin)).is_some());
		assert_eq!(policy.report_wait(fraction(doin + 1)), None, "both are shown as 1 DOIN");
		assert!(policy.report_wait(fraction(2 * doin)).is_some());
	}
}

mod pay {
	use super::*;

	#[test]
	fn a_domain_whose_pay_has_not_begun_to_rise_is_left_until_the_next_round() {
		let mut view = view();
		view.domain.weight_since = 100;
		let terms = |first_block| PayTerms::new(&view.domain, first_block, 50);
		assert_eq!(policy().lacks_pay(&view, &RATES, terms(100)), Some(Wait::PayNotBegun { since: 100 }));
		assert_eq!(policy().lacks_pay(&view, &RATES, terms(101)), None);
		let mut with_bounty = view.clone();
		with_bounty.domain.bounty = 5;
		assert_eq!(policy().lacks_pay(&with_bounty, &RATES, terms(100)), None, "the bounty does not ramp up");
		let purse = Rates { purse: Some(0), ..RATES };
		assert!(matches!(policy().lacks_pay(&view, &purse, terms(101)), Some(Wait::PurseTooSmall { .. })));
	}
}

mod live {
	use super::*;

	#[test]
	fn a_domain_of_a_stream_is_refused_once_and_what_is_committed_is_followed() {
		let mut policy = awaiting(6, Some(4));
		let mut live = view();
		live.domain.evidence = EvidenceKind::Live;
		live.open_rounds.insert(round_id(6), round(6, Phase::Reveal));
		assert_eq!(policy.step(&live), Step::EndSearch(EndReason::LiveEvidence));
		assert_eq!(policy.step(&live), Step::Idle, "it is said once");
		assert!(!policy.is_searching() && !policy.is_done(), "a verdict is awaited");
		policy.follow_verdicts(&view());
		assert!(policy.is_done());
	}
}

mod candidates {
	use super::*;

	#[test]
	fn every_model_that_may_become_champion_first_is_a_rival() {
		let policy = awaiting(6, Some(10));
		let mut view = view();
		view.recomputations = vec![task(1, RecomputationPhase::Answering, 120, &[OTHER])];
		view.round.contender = Some(ModelRef::Stored(8));
		view.round.seats = vec![seat(OTHER, [7; 32], SeatStatus::Revealed, Some(9)), seat(OTHER, [7; 32], COMMITTED, None)];
		let stored = |ids: &[u64]| -> Vec<ModelRef> {
			[ModelRef::Seasonal].into_iter().chain(ids.iter().map(|id| ModelRef::Stored(*id))).collect()
		};
		assert_eq!(policy.rivals(&view, Some(OTHER)), stored(&[4, 8, 9, 10]));
		assert_eq!(policy.rivals(&view, Some(ME)), stored(&[4, 9, 10]), "an own near miss does not keep its author out");
		view.round.seats[0].model = Some(ModelRef::Stored(4));
		assert_eq!(policy.rivals(&view, None), stored(&[4, 8, 10]), "each rival is listed once");
	}

	#[test]
	fn only_a_missing_champion_is_an_error() {
		assert!(policy().is_required(&view(), ModelRef::Seasonal));
		assert!(!policy().is_required(&view(), ModelRef::Stored(4)));
	}

	#[test]
	fn committed_models_are_rivals_until_they_are_revealed() {
		let states = [State::Prepared, State::Committed, State::Revealed, State::Archived];
		let mut entries: Vec<Entry> = (1..).zip(states).map(|(number, state)| entry(number, state)).collect();
		assert_eq!(policy().committed_models(&entries), [Model::Point(vec![2])]);
		entries[1].payload = vec![1];
		assert_eq!(policy().committed_models(&entries), [], "a damaged payload is skipped");
		entries[1] = Entry { scope: Scope::Candidate(RoundId { domain: 9, number: 2 }), ..entry(2, State::Committed) };
		assert_eq!(policy().committed_models(&entries), []);
	}

	fn tried(policy: &mut Policy, view: &View) -> Vec<i64> {
		let trial = policy.trial(view, vec![Model::Seasonal], TERMS, RATES);
		trial.map_or(Vec::new(), |trial| trial.candidates.iter().map(|candidate| candidate.genes[0]).collect())
	}

	#[test]
	fn the_best_candidates_below_the_bar_are_tried_first() {
		let mut policy = policy();
		assert!(tried(&mut policy, &view()).is_empty());
		// The bar is 1 000, and a candidate has to be better by 0.5 %.
		for (gene, error) in [(1, 996), (2, 994), (3, 700), (4, 800), (5, 900), (6, 950)] {
			policy.add_candidate(candidate(gene, error));
		}
		assert_eq!(tried(&mut policy, &view()), [3, 4, 5, 6]);
		policy.remove_candidate(&[4]);
		assert_eq!(tried(&mut policy, &view()), [3, 5, 6, 2]);
	}

	#[test]
	fn public_evidence_sets_the_bar_to_the_champion() {
		let mut policy = policy();
		for (gene, error) in [(1, 900), (2, 700)] {
			policy.add_candidate(candidate(gene, error));
		}
		let mut view = view();
		view.champion.validation_error = 800;
		assert_eq!(tried(&mut policy, &view), [2, 1], "a synthetic verdict is not on the validation split");
		view.domain.evidence = EvidenceKind::Public;
		assert_eq!(tried(&mut policy, &view), [2]);
	}

	#[test]
	fn a_failed_candidate_is_tried_again_only_against_other_rivals() {
		let mut policy = policy();
		for (gene, error) in [(1, 900), (2, 700)] {
			policy.add_candidate(candidate(gene, error));
		}
		assert_eq!(tried(&mut policy, &view()), [2, 1]);
		let passed = policy.trial_ended(TrialOutcome { passed: vec![passed(1, 100)], failed: vec![vec![2]] });
		assert_eq!(passed.len(), 1);
		assert_eq!(tried(&mut policy, &view()), [1]);
		assert!(policy.trial(&view(), vec![Model::RepeatLast], TERMS, RATES).is_some_and(|trial| trial.candidates.len() == 2));
	}

	/// A candidate that is trained again on an opened segment has the same genes.
	#[test]
	fn a_failed_candidate_is_tried_again_once_the_data_has_grown() {
		let mut policy = policy();
		policy.add_candidate(candidate(1, 900));
		assert_eq!(tried(&mut policy, &view()), [1]);
		policy.trial_ended(TrialOutcome { passed: Vec::new(), failed: vec![vec![1]] });
		assert!(tried(&mut policy, &view()).is_empty());
		policy.data_has_grown();
		assert_eq!(tried(&mut policy, &view()), [1]);
	}

	#[test]
	fn a_candidate_has_to_mint_unless_there_is_a_bounty() {
		let mut policy = policy();
		policy.add_candidate(candidate(1, 900));
		let mut view = view();
		let terms = PayTerms { high_water: 77, carry: 5, factor: 9 };
		let trial = policy.trial(&view, Vec::new(), terms, RATES).unwrap();
		assert!(trial.must_mint && trial.terms == terms);
		view.domain.bounty = 5;
		assert!(!policy.trial(&view, Vec::new(), terms, RATES).unwrap().must_mint);
	}

	#[test]
	fn the_pool_keeps_the_best_candidates_in_order() {
		let mut pool = CandidatePool::default();
		for gene in (0..2 * MAX_CANDIDATES as i64).rev() {
			pool.insert(candidate(gene, gene as u32));
		}
		let genes: Vec<i64> = pool.best(usize::MAX, |_| true, |_| true).iter().map(|candidate| candidate.genes[0]).collect();
		assert_eq!(genes, (0..CANDIDATES_PER_TRIAL as i64).collect::<Vec<_>>());
		assert!(pool.best(usize::MAX, |candidate| candidate.genes[0] >= MAX_CANDIDATES as i64, |_| true).is_empty());
		assert!(pool.best(3, |_| true, |candidate| candidate.genes[0] >= 3).is_empty(), "only the best ones are tried")
	}

	#[test]
	fn failures_count_against_the_rivals_of_their_trial() {
		let mut failed = FailedTrials::default();
		let offer = Offer { limits: LIMITS, rates: RATES, factor: 1_000_000, stake: 0, fee: 0 };
		let contains = |failed: &FailedTrials, gene| failed.contains(&candidate(gene, 900), &offer);
		failed.reset_unless_against(&[Model::Seasonal]);
		failed.extend(vec![vec![1]]);
		failed.reset_unless_against(&[Model::Seasonal]);
		assert!(contains(&failed, 1) && !contains(&failed, 2));
		failed.reset_unless_against(&[Model::Seasonal, Model::RepeatLast]);
		assert!(!contains(&failed, 1));
	}

	#[test]
	fn a_reveal_carries_the_claim_and_the_experiment() {
		let experiment = Experiment { config: [4; 32], data: [5; 32] };
		let reveal = reveal(&candidate(8, 900), round_id(7), experiment).unwrap();
		assert_eq!((reveal.genes.to_vec(), reveal.validation.to_vec()), (vec![8], vec![900]));
		assert_eq!(Model::from_bytes(&reveal.model).unwrap(), Model::Point(vec![8]));
		let metrics = reveal.metrics;
		assert_eq!((metrics.experiment, metrics.round, metrics.millis), ([3; 16], 7, 17));
		assert_eq!((metrics.config, metrics.data), ([4; 32], [5; 32]));
		assert!(metrics.optimizer.starts_with(b"doin-worker "));
		let huge = TrainedCandidate { genes: vec![0; 99], ..candidate(8, 900) };
		assert!(super::reveal(&huge, round_id(7), experiment).unwrap_err().to_string().contains("more genes"));
	}
}

mod trials {
	use super::*;

	/// Returns `true` if `own` passes a trial against `rival` on the sawtooth, whose initial champion is repeat-last.
	fn passes(own: Model, rival: Model, high_water: u64, must_mint: bool) -> bool {
		let own = TrainedCandidate { model: own, ..candidate(1, 900) };
		let terms = PayTerms { high_water, ..TERMS };
		let trial = Trial { candidates: vec![own], rivals: vec![rival], terms, must_mint };
		let mut seed = 0;
		let seeds = || {
			seed += 1;
			[seed; 32]
		};
		let outcome = trial.run(&sawtooth(), &Model::RepeatLast, seeds).unwrap();
		assert_ne!(outcome.passed.len() == 1, outcome.failed == [vec![1]]);
		!outcome.passed.is_empty()
	}

	#[test]
	fn a_better_model_passes_and_an_equal_or_worse_one_fails() {
		assert!(passes(Model::Seasonal, Model::RepeatLast, 0, true), "a sawtooth is seasonal");
		assert!(!passes(Model::RepeatLast, Model::Seasonal, 0, true));
		assert!(!passes(Model::Seasonal, Model::Seasonal, 0, true), "a copy never passes");
	}

	#[test]
	fn a_model_below_the_high_water_mark_passes_only_for_a_bounty() {
		assert!(!passes(Model::Seasonal, Model::RepeatLast, 1 << 40, true));
		assert!(passes(Model::Seasonal, Model::RepeatLast, 1 << 40, false));
	}

	#[test]
	fn candidates_behind_one_that_passes_are_tried_too() {
		let with = |gene, model| TrainedCandidate { model, ..candidate(gene, 900) };
		let candidates =
			vec![with(1, Model::RepeatLast), with(2, Model::Seasonal), with(3, Model::Seasonal), with(4, Model::RepeatLast)];
		let trial = Trial { candidates, rivals: vec![Model::RepeatLast], terms: TERMS, must_mint: true };
		let outcome = trial.run(&sawtooth(), &Model::RepeatLast, || [7; 32]).unwrap();
		assert_eq!(outcome.passed.iter().map(|passed| passed.candidate.genes[0]).collect::<Vec<_>>(), [2, 3]);
		assert_eq!(outcome.failed, [vec![1], vec![4]]);
	}

	#[test]
	fn n3_the_merit_of_a_candidate_is_its_mean_increment_over_all_draws() {
		let candidates = vec![TrainedCandidate { model: Model::Seasonal, ..candidate(1, 900) }];
		let trial = |rivals| Trial { candidates: candidates.clone(), rivals, terms: TERMS, must_mint: true };
		let merit = |problem: &crate::problem::Problem, rivals| {
			trial(rivals).run(problem, &Model::RepeatLast, || [7; 32]).unwrap().passed.first().map(|passed| passed.merit)
		};
		let mut problem = sawtooth();
		let own = merit(&problem, vec![Model::RepeatLast]).unwrap();
		assert_eq!((own.increment, own.target_ppm), (doin_scoring::verdict::ONE_BIT, 0), "far better, and without a target");
		problem.spec.target = INITIAL_LOSS / 2;
		assert_eq!(merit(&problem, vec![Model::RepeatLast]).unwrap().target_ppm, 1_000_000);
		assert_eq!(merit(&problem, vec![Model::RepeatLast, Model::Seasonal]), None, "an equal rival");
		// Only the bounty of a domain with public evidence is paid, and its verdict has no margin.
		problem.spec.evidence = doin_primitives::Evidence::Public;
		let for_bounty = Trial { must_mint: false, ..trial(vec![Model::RepeatLast]) };
		let passed = for_bounty.run(&problem, &Model::RepeatLast, || [7; 32]).unwrap().passed;
		// It leads on all four draws, so that it falls behind on one of six.
		assert_eq!(passed[0].merit, Merit { target_ppm: 1_000_000, behind_ppm: 166_666, ..Merit::default() });
	}

	/// Returns the merit of seasonal against `champion` on the sawtooth, whose initial champion is repeat-last.
	fn merit(champion: Model, terms: PayTerms) -> Merit {
		let own = TrainedCandidate { model: Model::Seasonal, ..candidate(1, 900) };
		let trial = Trial { candidates: vec![own], rivals: vec![champion], terms, must_mint: true };
		trial.run(&sawtooth(), &Model::RepeatLast, || [7; 32]).unwrap().passed[0].merit
	}

	#[test]
	fn what_a_candidate_earns_ramps_up_and_is_not_carried_below_a_full_ramp() {
		let full = merit(Model::RepeatLast, TERMS);
		assert_eq!(full.increment, ONE_BIT);
		assert!(full.carried > 0 && full.carried <= ONE_BIT, "{full:?}");
		let half = merit(Model::RepeatLast, PayTerms { factor: 500_000, ..TERMS });
		assert_eq!((half.increment, half.carried, half.before), (ONE_BIT / 2, 0, 0));
		let none = merit(Model::RepeatLast, PayTerms { factor: 0, ..TERMS });
		assert_eq!((none.increment, none.carried), (0, 0), "nothing is paid in the block of the vote");
		assert_eq!(RATES.expected(none), 0);
	}

	#[test]
	fn carried_bits_of_the_champion_are_paid_before_the_candidate() {
		let carrying = PayTerms { carry: ONE_BIT, ..TERMS };
		let (free, taken) = (merit(short_ridge(), TERMS), merit(short_ridge(), carrying));
		assert_eq!(free.before, 0);
		assert!(taken.before > 0 && taken.before <= ONE_BIT, "{taken:?}");
		assert!(taken.increment + taken.before <= ONE_BIT, "a verdict pays one bit: {taken:?}");
		assert!(taken.increment < free.increment, "{taken:?} {free:?}");
		let ramped = merit(short_ridge(), PayTerms { factor: 999_999, ..carrying });
		assert_eq!(ramped.before, 0, "nothing carried is paid below a full ramp");
	}
}

/// A round on a simulated chain, with a worker that crashes and whose calls get lost.
mod crashes {
	use super::*;
	use proptest::prelude::*;

	/// Block of the verdict of round 7.
	const VERDICT: u32 = 125;
	const BLOCKS: std::ops::Range<u32> = 100..130;

	/// Event of one block.
	#[derive(Clone, Copy, Debug, PartialEq, Eq)]
	enum Event {
		/// The worker looks at the chain, and its calls are included.
		Look,
		/// The worker looks at the chain, and its calls get lost.
		LoseCalls,
		/// The worker is killed, and restarted before the next block.
		Crash,
	}

	struct Simulation {
		policy: Policy,
		/// The journal, which survives crashes.
		entry: Entry,
		/// The seat on the chain.
		status: Option<SeatStatus>,
		reports: Vec<Report>,
	}

	impl Simulation {
		fn view(&self, block: u32) -> View {
			let grid = match block {
				..112 => round(7, Phase::Commit),
				112..117 => round(7, Phase::Reveal),
				_ => round(8, Phase::Commit),
			};
			let mut view = View { block, round: grid, ..super::view() };
			view.entries = (self.entry.state != State::Archived).then(|| self.entry.clone()).into_iter().collect();
			if let Some(status) = self.status.filter(|_| block < VERDICT) {
				let mut open = round(7, Phase::Commit);
				let model = (status == SeatStatus::Revealed).then_some(4);
				open.seats = vec![seat(ME, self.entry.commitment, status, model)];
				view.open_rounds.insert(round_id(7), open);
			}
			view
		}

		/// Does what the driver does at a block. Returns at the first call that gets lost.
		fn look(&mut self, block: u32, calls_arrive: bool) {
			let view = self.view(block);
			let kept = self.policy.keep_commitments(&view);
			if !self.perform(kept, calls_arrive) {
				return;
			}
			let decided = self.policy.follow_verdicts(&view);
			self.perform(decided, calls_arrive);
		}

		fn perform(&mut self, actions: Vec<Action>, calls_arrive: bool) -> bool {
			for action in actions {
				match action {
					Action::SendCommit(_) | Action::SendReveal(_) if !calls_arrive => return false,
					Action::SendCommit(_) => {
						assert_eq!(self.status, None, "a seat is taken once");
						self.status = Some(COMMITTED);
						let (state, _) = self.policy.commit_ended(round_id(7), CommitOutcome::Included).unwrap();
						self.entry.state = state;
					}
					Action::SendReveal(_) => {
						assert_eq!(self.status, Some(COMMITTED), "a seat is revealed once");
						self.status = Some(SeatStatus::Revealed);
						self.entry.state = State::Revealed;
					}
					Action::Mark { state, .. } => self.entry.state = state,
					Action::Report(report) => self.reports.push(report),
					Action::Immigrate(_) => {}
					Action::Reschedule { .. } => panic!("the window of a round without awaited evidence is known at its commit"),
					Action::StoreLostStakes { .. } => panic!("nothing is staked without sealed segments"),
				}
			}
			true
		}
	}

	fn any_event() -> impl Strategy<Value = Event> {
		prop_oneof![Just(Event::Look), Just(Event::LoseCalls), Just(Event::Crash)]
	}

	proptest! {
		#[test]
		fn a_prepared_candidate_is_committed_revealed_and_followed_through_any_crashes(
			events in prop::collection::vec(any_event(), BLOCKS.len())
		) {
			let entry = entry(7, State::Prepared);
			let mut simulation = Simulation { policy: policy(), entry, status: None, reports: Vec::new() };
			for (block, event) in BLOCKS.zip(&events) {
				match event {
					Event::Look => simulation.look(block, true),
					Event::LoseCalls => simulation.look(block, false),
					Event::Crash => simulation.policy = policy(),
				}
			}
			let is_look = |block| events[(block - BLOCKS.start) as usize] == Event::Look;
			let works = |mut blocks: std::ops::Range<u32>| blocks.any(is_look);
			let expected = match (works(100..112), works(111..116)) {
				(false, _) => None,
				// The commit takes the first look, so a reveal needs another one.
				(true, true) if works(100..111) || works(112..116) => Some(SeatStatus::Revealed),
				(true, _) => Some(COMMITTED),
			};
			prop_assert_eq!(simulation.status, expected);
			if expected == Some(SeatStatus::Revealed) && events[(VERDICT - BLOCKS.start) as usize..].contains(&Event::Look) {
				prop_assert_eq!(simulation.reports, [Report::NotWon { round: round_id(7) }], "the verdict is reported once");
				prop_assert_eq!(simulation.entry.state, State::Archived);
			}
		}
	}
}
