//! Tests of reorganisations: a commit, a reveal, a settlement or a challenge vanishes from the chain, and the policies and the
//! journal repeat it.

use crate::{
	evaluator::{self, challenge_step, ChallengeStep, Duty, Interest},
	fixtures::{champion, domain, round, round_id, seat, task, DOMAIN, ME, OTHER},
	journal::{Entry, Journal, Kind, Note, Scope, State},
	optimizer::{Action, BidLimits, CommitOutcome, Policy, Rules, View},
};
use codec::Encode;
use doin_primitives::{
	payload::{Challenge, Sums},
	round::Phase,
	views::{RecomputationPhase, RecomputationView},
	RejectionReason, RoundParams, SeatStatus,
};
use tempfile::TempDir;

const GENESIS: [u8; 32] = [1; 32];

fn journal() -> (TempDir, Journal) {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("worker.db")).unwrap();
	journal.bind(GENESIS).unwrap();
	(folder, journal)
}

mod candidates {
	use super::*;

	/// Round that the candidate is in, and block that the chain is at.
	const ROUND: u32 = 7;
	const COMMIT_PHASE: (Phase, u32) = (Phase::Commit, 105);
	const REVEAL_PHASE: (Phase, u32) = (Phase::Reveal, 113);

	/// An optimizer whose driver executes the marks.
	struct Optimizer {
		_folder: TempDir,
		journal: Journal,
		policy: Policy,
		entry: Entry,
	}

	impl Optimizer {
		/// Returns an optimizer with a prepared candidate.
		fn prepared() -> Self {
			let (folder, journal) = journal();
			let limits = BidLimits { max_fee: 200, max_fee_ppm: 500_000, max_tip_ppm: 100_000, max_stake: 0, lost_stakes: 3 };
			let rules = Rules { domain: DOMAIN, account: ME, bar: 1_000, awaits_evidence: false, target_percent: None, limits };
			let scope = Scope::Candidate(round_id(ROUND));
			let entry = Entry::prepare(scope, ME, &GENESIS, &vec![5u8, 6], [9; 32], 112..117);
			journal.prepare(&entry).unwrap();
			Self { _folder: folder, journal, policy: Policy::new(rules), entry }
		}

		/// Looks at a block whose round has the worker's seat with this status, and returns the calls that are sent.
		fn look(&mut self, (phase, block): (Phase, u32), status: Option<SeatStatus>) -> Vec<Action> {
			let mut view = View {
				block,
				domain: domain(),
				champion: champion(),
				round: round(ROUND, phase),
				recomputations: Vec::new(),
				evidence: None,
				entries: self.journal.open_entries(Kind::Candidate).unwrap(),
				open_rounds: Default::default(),
				unread: Default::default(),
				has_entry: true,
			};
			let own = status.map(|status| seat(ME, self.entry.commitment, status, None));
			let mut open = round(ROUND, phase);
			open.seats = [seat(OTHER, [7; 32], SeatStatus::Committed, None)].into_iter().chain(own).collect();
			view.open_rounds.insert(round_id(ROUND), open);
			let mut actions = self.policy.keep_commitments(&view);
			actions.extend(self.policy.follow_verdicts(&view));
			for action in &actions {
				if let Action::Mark { state, note, .. } = action {
					self.mark(*state, *note);
				}
			}
			actions.retain(|action| matches!(action, Action::SendCommit(_) | Action::SendReveal(_)));
			actions
		}

		fn mark(&self, state: State, note: Note) {
			self.journal.mark(self.entry.scope, ME, state, note).unwrap();
		}

		fn commit_ended(&mut self, outcome: CommitOutcome) {
			if let Some((state, note)) = self.policy.commit_ended(round_id(ROUND), outcome) {
				self.mark(state, note);
			}
		}

		fn state(&self) -> State {
			self.journal.entry(self.entry.scope, ME).unwrap().unwrap().state
		}
	}

	/// Returns the commitments of the calls.
	fn sent(actions: &[Action]) -> Vec<(&'static str, [u8; 32])> {
		let call = |action: &Action| match action {
			Action::SendCommit(entry) => Some(("commit", entry.commitment)),
			Action::SendReveal(entry) => Some(("reveal", entry.commitment)),
			_ => None,
		};
		actions.iter().filter_map(call).collect()
	}

	#[test]
	fn a_commit_that_vanishes_is_sent_again() {
		let mut optimizer = Optimizer::prepared();
		let commit = [("commit", optimizer.entry.commitment)];
		assert_eq!(sent(&optimizer.look(COMMIT_PHASE, None)), commit);
		optimizer.commit_ended(CommitOutcome::Included);
		assert_eq!(sent(&optimizer.look(COMMIT_PHASE, Some(SeatStatus::Committed))), []);
		assert_eq!(sent(&optimizer.look(COMMIT_PHASE, None)), commit, "the same commitment, whose payload is in the journal");
		assert_eq!(sent(&optimizer.look(REVEAL_PHASE, None)), [], "no seat can be taken any more");
	}

	#[test]
	fn a_commit_that_the_pool_included_again_is_not_given_up() {
		let mut optimizer = Optimizer::prepared();
		optimizer.commit_ended(CommitOutcome::Included);
		assert_eq!(optimizer.look(COMMIT_PHASE, None).len(), 1);
		// The node had returned the first call to its pool, and the second one fails.
		optimizer.commit_ended(CommitOutcome::AlreadyCommitted);
		let revealed = optimizer.look(REVEAL_PHASE, Some(SeatStatus::Committed));
		assert_eq!(sent(&revealed), [("reveal", optimizer.entry.commitment)]);
	}

	#[test]
	fn a_reveal_that_vanishes_is_sent_again_within_its_phase() {
		let mut optimizer = Optimizer::prepared();
		optimizer.commit_ended(CommitOutcome::Included);
		let reveal = [("reveal", optimizer.entry.commitment)];
		assert_eq!(sent(&optimizer.look(REVEAL_PHASE, Some(SeatStatus::Committed))), reveal);
		assert_eq!(sent(&optimizer.look(REVEAL_PHASE, Some(SeatStatus::Revealed))), []);
		assert_eq!(optimizer.state(), State::Revealed);
		assert_eq!(sent(&optimizer.look(REVEAL_PHASE, Some(SeatStatus::Committed))), reveal);
		assert_eq!(sent(&optimizer.look((Phase::Reveal, 117), Some(SeatStatus::Committed))), [], "the phase is over");
	}

	#[test]
	fn a_rejected_reveal_that_vanishes_is_sent_again() {
		let mut optimizer = Optimizer::prepared();
		optimizer.commit_ended(CommitOutcome::Included);
		let rejected = SeatStatus::Rejected(RejectionReason::Overtaken);
		assert_eq!(sent(&optimizer.look(REVEAL_PHASE, Some(rejected))), []);
		let again = optimizer.look(REVEAL_PHASE, Some(SeatStatus::Committed));
		assert_eq!(sent(&again), [("reveal", optimizer.entry.commitment)], "the hold of a seat without a reveal is lost");
	}

	#[test]
	fn a_reveal_phase_that_is_over_on_one_branch_may_go_on_on_another() {
		let mut optimizer = Optimizer::prepared();
		optimizer.commit_ended(CommitOutcome::Included);
		// Block 117 ends the phase; block 110 is the last finalized one.
		assert_eq!(optimizer.journal.archive_expired(110).unwrap(), []);
		let again = optimizer.look((Phase::Reveal, 115), Some(SeatStatus::Committed));
		assert_eq!(sent(&again), [("reveal", optimizer.entry.commitment)]);
		assert_eq!(optimizer.journal.archive_expired(117).unwrap().len(), 1, "a finalized block ends it for good");
	}
}

mod answers {
	use super::*;

	const SCOPE: Scope = Scope::Sums { domain: DOMAIN, task: 12 };

	fn duties(view: &RecomputationView<doin_chain::Account>) -> Vec<Duty> {
		let interest = Interest { is_weighted: true, is_named: false, own_seat: None };
		let policy = evaluator::Policy::new(vec![ME], None, RoundParams::DEV, 30);
		policy.assignments(100, view, interest).into_iter().map(|due| due.duty).collect()
	}

	fn view(phase: RecomputationPhase, committed: bool, revealed: bool) -> RecomputationView<doin_chain::Account> {
		let mut view = task(12, phase, 104, &[ME]);
		(view.seats[0].committed, view.seats[0].revealed) = (committed, revealed);
		view
	}

	#[test]
	fn a_commit_reveal_or_settlement_that_vanishes_is_due_again() {
		use RecomputationPhase::{Answering, Challenge, Revealing, Settling};
		let (commit, reveal) = (Duty::CommitSums { task: 12, who: ME }, Duty::RevealSums { task: 12, who: ME });
		assert_eq!(duties(&view(Answering, true, false)), []);
		assert_eq!(duties(&view(Answering, false, false)), [commit]);
		assert_eq!(duties(&view(Revealing, true, true)), []);
		assert_eq!(duties(&view(Revealing, true, false)), [reveal]);
		assert_eq!(duties(&view(Challenge, true, true)), [], "settled");
		assert_eq!(
			duties(&RecomputationView { phase_end: 100 + RoundParams::DEV.settle_timeout, ..view(Settling, true, true) }),
			[Duty::Settle { task: 12 }]
		);
	}

	#[test]
	fn the_answer_to_each_branch_is_kept() {
		let (_folder, journal) = journal();
		let sums = |sum: u32| -> Sums { crate::problem::bounded_sums(vec![vec![sum]]).unwrap() };
		let prepare = |sum: u32| {
			let entry = Entry::prepare(SCOPE, ME, &GENESIS, &sums(sum), [sum as u8; 32], 104..108);
			journal.prepare(&entry).unwrap();
			journal.mark(SCOPE, ME, State::Committed, Note::Progress).unwrap();
			Entry { state: State::Committed, ..entry }
		};
		let first = prepare(1);
		assert!(!journal.has_other_entries(SCOPE, ME).unwrap());
		// A fork draws other windows.
		assert_eq!(journal.recall(SCOPE, ME, &sums(2).encode()).unwrap(), None);
		let second = prepare(2);
		assert!(journal.has_other_entries(SCOPE, ME).unwrap());
		// The chain returns to the first branch, and to the second one.
		for expected in [&first, &second, &first] {
			assert_eq!(journal.recall(SCOPE, ME, &expected.payload).unwrap().as_ref(), Some(expected));
			assert_eq!(journal.entry(SCOPE, ME).unwrap().as_ref(), Some(expected), "its commitment is on this branch");
		}
		assert_eq!(journal.open_entries(Kind::Sums).unwrap(), [first]);
		journal.archive_expired(108).unwrap();
		assert!(!journal.has_other_entries(SCOPE, ME).unwrap(), "nothing can be revealed after a finalized block");
	}

	#[test]
	fn a_commitment_that_is_sent_again_stays_one_entry() {
		let (_folder, journal) = journal();
		let entry = Entry::prepare(SCOPE, ME, &GENESIS, &vec![5u8], [9; 32], 104..108);
		journal.prepare(&entry).unwrap();
		let later = entry.with_reveal_window(105..109);
		journal.prepare(&later).unwrap();
		assert_eq!(journal.entry(SCOPE, ME).unwrap(), Some(later));
		assert!(!journal.has_other_entries(SCOPE, ME).unwrap());
	}
}

mod challenges {
	use super::*;

	const SCOPE: Scope = Scope::Challenge { domain: DOMAIN, task: 12 };
	const CHALLENGE: Challenge = Challenge { model: 1, chunk: 9 };

	fn entry(salt: u8) -> Entry {
		Entry::prepare(SCOPE, ME, &GENESIS, &CHALLENGE, [salt; 32], 101..104)
	}

	#[test]
	fn an_announcement_that_vanishes_is_sent_again() {
		let announced = Entry { state: State::Committed, ..entry(9) };
		assert_eq!(challenge_step(Some(&announced), &CHALLENGE, Some(announced.commitment)), ChallengeStep::Make);
		assert_eq!(challenge_step(Some(&announced), &CHALLENGE, None), ChallengeStep::Announce);
		let other = Some([7; 32]);
		assert_eq!(challenge_step(Some(&announced), &CHALLENGE, other), ChallengeStep::Announce, "another one is announced");
	}

	#[test]
	fn a_challenge_that_vanishes_is_made_again() {
		let (_folder, journal) = journal();
		journal.prepare(&entry(9)).unwrap();
		journal.mark(SCOPE, ME, State::Archived, Note::Challenged).unwrap();
		let made = journal.entry(SCOPE, ME).unwrap().unwrap();
		assert_eq!(challenge_step(Some(&made), &CHALLENGE, Some(made.commitment)), ChallengeStep::Make, "still announced");
		// The announcement has vanished too, and its salt is public.
		assert_eq!(challenge_step(Some(&made), &CHALLENGE, None), ChallengeStep::Prepare);
		journal.prepare(&entry(10)).unwrap();
		assert_eq!(journal.open_entries(Kind::Challenge).unwrap(), [entry(10)]);
	}
}
