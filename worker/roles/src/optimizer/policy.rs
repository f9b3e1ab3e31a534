//! Decisions of the optimizer on one domain.

use super::{
	bid::{BidLimits, PayTerms, Rates, TooExpensive},
	given::{stored, GivenModels},
	pool::{CandidatePool, FailedTrials, Offer, Worth},
	report::{EndReason, Report, Wait},
	stakes::{fate, leads, LostStakes, StakedSeat},
	trial::{Passed, Trial, TrialOutcome},
	TARGET,
};
use crate::{
	amount::Amount,
	journal::{Entry, Note, Scope, State},
	loss::percent_better,
	search::{TrainedCandidate, MOST_GIVEN},
};
use doin_chain::{Account, Budget};
use doin_primitives::{
	payload::Reveal,
	round::{Phase, MAX_SEATS},
	views::{ChampionView, DomainView, EvidenceView, RecomputationView, RoundView, SeatView},
	Balance, BlockNumber, DomainId, EvidenceKind, ModelId, ModelRef, RoundId, SeatStatus, Status,
};
use doin_scoring::{verdict::public_test, Model};
use std::{
	collections::{BTreeMap, BTreeSet},
	ops::Range,
};

/// Undecided rounds of a domain from which on another commit would only wait for them.
pub(super) const MAX_UNDECIDED_ROUNDS: usize = 3;
/// Rounds back that a round of a sealed domain is looked for which waits for its segment or takes reveals. Both together are shorter than
/// two periods, also where their windows are doubled.
const STAGED_ROUNDS: u32 = 2;
/// Best candidates that are tried against the same rivals in a domain that resamples its published rows for trials. Of many equal
/// candidates, some would pass by luck, and each would cost a stake.
pub(super) const MOST_TRIED: usize = 12;
/// Blocks before the end of the commit phase in which no commit is begun.
pub(super) const COMMIT_MARGIN: BlockNumber = 1;

/// Factor by which the fee of a call may rise until it is included.
const FEE_RISE: Balance = 2;

/// Error of a commit whose seat costs more than its bid.
const SEAT_TOO_EXPENSIVE: &str = "Optimae::SeatTooExpensive";

/// State of a domain at one block, on the chain and in the journal.
#[derive(Clone, Debug)]
pub struct View {
	/// Number of the block.
	pub block: BlockNumber,
	/// Record and state of the domain.
	pub domain: DomainView<Account>,
	/// Champion of the domain.
	pub champion: ChampionView<Account>,
	/// Round that the grid of the domain is in.
	pub round: RoundView<Account>,
	/// Recomputation tasks of the domain that are not final.
	pub recomputations: Vec<RecomputationView<Account>>,
	/// Evidence of a sealed domain.
	pub evidence: Option<EvidenceView<Account>>,
	/// Open journal entries of candidates.
	pub entries: Vec<Entry>,
	/// Undecided rounds among [`Policy::rounds_of_interest`].
	pub open_rounds: BTreeMap<RoundId, RoundView<Account>>,
	/// Rounds among them that could not be read.
	pub unread: BTreeSet<RoundId>,
	/// The journal has an entry of this account for `round`, archived or not.
	pub has_entry: bool,
}

/// Part of a [`View`] that open commitments need. It is read first, so that a reveal does not depend on any other read.
#[derive(Clone, Copy, Debug)]
pub struct Commitments<'a> {
	/// Number of the block.
	pub block: BlockNumber,
	/// Round that the grid of the domain is in.
	pub round: &'a RoundView<Account>,
	/// Open journal entries of candidates.
	pub entries: &'a [Entry],
	/// Undecided rounds among [`Policy::rounds_of_interest`].
	pub open_rounds: &'a BTreeMap<RoundId, RoundView<Account>>,
	/// Rounds among them that could not be read.
	pub unread: &'a BTreeSet<RoundId>,
}

impl<'a> From<&'a View> for Commitments<'a> {
	fn from(view: &'a View) -> Self {
		let View { block, round, entries, open_rounds, unread, .. } = view;
		Self { block: *block, round, entries, open_rounds, unread }
	}
}

/// Cost of the calls for a seat beside its price, in plancks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCosts {
	/// Hold for the bytes of the model, which the account pays.
	pub hold: Balance,
	/// Fee of the commit at the present prices; 0 if another account pays it.
	pub commit_fee: Balance,
	/// Fee of the reveal at the present prices; 0 if another account pays it.
	pub reveal_fee: Balance,
	/// Existential deposit, which has to stay in every account that pays.
	pub deposit: Balance,
}

/// Fixed inputs of the decisions.
#[derive(Clone, Debug)]
pub struct Rules {
	/// Identifier of the domain.
	pub domain: DomainId,
	/// Account that commits.
	pub account: Account,
	/// Validation error of the naive model: the bar of reveals, unless the domain has public evidence.
	pub bar: u64,
	/// Rounds of the domain wait for evidence after their commits, before which nothing is revealed.
	pub awaits_evidence: bool,
	/// Improvement over the initial champion at which the search ends, in percent.
	pub target_percent: Option<f64>,
	/// Limits of bids and tips.
	pub limits: BidLimits,
}

/// An instruction to the driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
	/// Lets the search breed with a stored model: the champion, the contender, or a candidate that was revealed.
	Immigrate(ModelId),
	/// Sends the commit of this entry.
	SendCommit(Entry),
	/// Sends the reveal of this entry, and marks the entry as revealed.
	SendReveal(Entry),
	/// Sets the reveal window of the journal entry of a round, which a round with sealed evidence has once its segment is opened.
	Reschedule {
		/// Round of the entry.
		round: RoundId,
		/// First block of the window.
		from: BlockNumber,
		/// First block after the window.
		until: BlockNumber,
	},
	/// Stores the stakes that were lost in a row.
	StoreLostStakes {
		/// Number of the stakes.
		in_a_row: u32,
		/// Sum of the stakes, in plancks.
		sum: Balance,
	},
	/// Sets the state of the journal entry of a round.
	Mark {
		/// Round of the entry.
		round: RoundId,
		/// New state.
		state: State,
		/// Reason of the change.
		note: Note,
	},
	/// Logs an event.
	Report(Report),
}

/// Next action of the driver, once its commitments are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
	/// Nothing is due.
	Idle,
	/// Logs the reason for which no candidate is committed, if it is a new one.
	Wait(Wait),
	/// Stops the search.
	EndSearch(EndReason),
	/// Loads the rivals and tries candidates against them.
	Choose,
}

/// Outcome of a commit call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
	/// The call was included and succeeded.
	Included,
	/// The call was included and failed: the chain does not accept the commit.
	Failed,
	/// The call was included and failed, since the account has its seat already: an earlier call, e.g. one that a reorganisation
	/// returned to the pool, was included as well.
	AlreadyCommitted,
	/// The call is not known to be included, and is sent again.
	NotIncluded,
}

/// State of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchState {
	/// Candidates are trained and committed.
	Searching,
	/// Committed candidates are followed to their verdict.
	Ended,
}

/// A seat whose verdict is awaited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct AwaitedSeat {
	/// Model of the seat, once revealed.
	model: Option<ModelRef>,
	/// The seat is rejected, and that was reported.
	is_rejected: bool,
	/// Amount that the seat stakes, in plancks.
	stake: Balance,
	/// The round was seen in its reveal window.
	takes_reveals: bool,
	/// The model leads the champion by one standard error, by the settled sums.
	leads: Option<bool>,
}

/// The decisions of the optimizer on one domain, and the state that they depend on.
#[derive(Debug)]
pub struct Policy {
	rules: Rules,
	search: SearchState,
	pool: CandidatePool,
	failed: FailedTrials,
	/// Part of an increment that was paid at the last trial, in parts per million.
	factor: u32,
	champion: Option<ModelRef>,
	/// Models that the search breeds with. `None` until it was given the first ones.
	given: Option<GivenModels>,
	awaited: BTreeMap<RoundId, AwaitedSeat>,
	lost_stakes: LostStakes,
	/// Round whose next seat costs more than any candidate is worth.
	skipped: Option<RoundId>,
	/// Bids for seats whose commit is not known to be included.
	bids: BTreeMap<RoundId, Balance>,
	/// Last reason for not committing that was reported, so that each is reported once.
	reported: Option<Wait>,
	/// Last round with a seat of the account that is not in the journal, so that it is reported once.
	unknown_seat: Option<RoundId>,
}

impl Policy {
	/// Returns the policy of an optimizer that has found nothing yet.
	pub fn new(rules: Rules) -> Self {
		Self {
			lost_stakes: LostStakes::new(rules.limits.lost_stakes),
			rules,
			search: SearchState::Searching,
			pool: CandidatePool::default(),
			failed: FailedTrials::default(),
			factor: 0,
			champion: None,
			given: None,
			awaited: BTreeMap::new(),
			skipped: None,
			bids: BTreeMap::new(),
			reported: None,
			unknown_seat: None,
		}
	}

	/// Returns the policy after `in_a_row` stakes with the sum `sum` were lost, before the worker was started again.
	pub fn after_lost_stakes(mut self, in_a_row: u32, sum: Balance) -> Self {
		self.lost_stakes.resume(in_a_row, sum);
		self
	}

	/// Ends the search: what is committed is followed to its verdict, and nothing else is committed.
	pub fn end_search(&mut self) {
		self.search = SearchState::Ended;
	}

	/// Returns `true` until the search has ended.
	pub fn is_searching(&self) -> bool {
		self.search == SearchState::Searching
	}

	/// Adds a candidate that the search has trained.
	pub fn add_candidate(&mut self, candidate: TrainedCandidate) {
		self.pool.insert(candidate);
	}

	/// Returns the number of candidates that wait for a seat.
	pub fn pool_size(&self) -> usize {
		self.pool.len()
	}

	/// Returns the validation error of the initial champion.
	pub fn bar(&self) -> u64 {
		self.rules.bar
	}

	/// Returns `true` if the search has ended and no verdict is awaited.
	pub fn is_done(&self) -> bool {
		self.search == SearchState::Ended && self.awaited.is_empty()
	}

	/// Returns the rounds that [`View::open_rounds`] has to be read for: those of the account's `entries` and of
	/// awaited verdicts.
	pub fn rounds_of_interest(&self, entries: &[Entry]) -> BTreeSet<RoundId> {
		let committed = entries.iter().filter_map(|entry| self.own_round(entry));
		self.awaited.keys().copied().chain(committed).collect()
	}

	/// Returns the rounds before `round` that may be undecided in a sealed domain, without a recomputation that shows them: while they
	/// wait for their segment or take reveals.
	pub fn earlier_rounds(round: RoundId) -> impl Iterator<Item = RoundId> {
		(1..=STAGED_ROUNDS).filter_map(move |back| Some(RoundId { number: round.number.checked_sub(back)?, ..round }))
	}

	/// Returns the round of a journal entry, if the entry belongs to this domain and account.
	fn own_round(&self, entry: &Entry) -> Option<RoundId> {
		entry.scope.round().filter(|round| round.domain == self.rules.domain && entry.who == self.rules.account)
	}

	/// Notices a new champion.
	pub fn follow_champion(&mut self, view: &View) -> Option<Action> {
		let champion = &view.champion;
		if self.champion.replace(champion.model) == Some(champion.model) {
			return None;
		}
		Some(Action::Report(Report::Champion {
			model: champion.model,
			author: champion.author,
			is_own: champion.author == Some(self.rules.account),
			percent_better: percent_better(champion.loss),
		}))
	}

	/// Gives the search each model once that others have revealed: the champion, the contender, the candidates of the rounds, and what is
	/// evaluated, the newest rounds first. What exceeds [`MOST_GIVEN`] is left out, which is logged. A champion and a contender of this
	/// account are given at the first look, since the search may not know them after a restart.
	pub fn give_models(&mut self, view: &View) -> Vec<Action> {
		if self.search == SearchState::Ended {
			return Vec::new();
		}
		let (account, is_first) = (self.rules.account, self.given.is_none());
		let rounds = std::iter::once(&view.round).chain(view.open_rounds.values().rev());
		let revealed = rounds.flat_map(|round| &round.seats).filter(|seat| seat.status == SeatStatus::Revealed);
		let (own, others): (Vec<&SeatView<Account>>, Vec<&SeatView<Account>>) = revealed.partition(|seat| seat.who == account);
		let champion = view.champion.model;
		let own_champion = (!is_first && view.champion.author == Some(account)).then_some(champion);
		let own = own.iter().filter_map(|seat| seat.model).chain(own_champion);
		let evaluated = view.recomputations.iter().rev().flat_map(|task| &task.models).copied();
		let candidates = others.iter().filter_map(|seat| seat.model).chain(evaluated);
		let shown = std::iter::once(champion).chain(view.round.contender).chain(candidates);
		let (own, shown): (Vec<ModelId>, Vec<ModelId>) = (own.filter_map(stored).collect(), shown.filter_map(stored).collect());
		let new = self.given.get_or_insert_default().add(&own, &shown);
		let left_out = new.len().saturating_sub(MOST_GIVEN);
		if left_out > 0 {
			let domain = self.rules.domain;
			tracing::info!(target: TARGET, domain, left_out, "the search is given the most important of many models of other authors");
		}
		new.into_iter().take(MOST_GIVEN).map(Action::Immigrate).collect()
	}

	/// Lets the search be given a model again, which could not be read.
	pub fn give_again(&mut self, model: ModelId) {
		if let Some(given) = &mut self.given {
			given.forget(model);
		}
	}

	/// Commits and reveals every open entry that is due, and notices what became of the others.
	pub fn keep_commitments<'a>(&mut self, view: impl Into<Commitments<'a>>) -> Vec<Action> {
		let view = view.into();
		let own = view.entries.iter().filter_map(|entry| Some((entry, self.own_round(entry)?)));
		let own: Vec<(&Entry, RoundId)> = own.collect();
		let kept: Vec<Action> = own.into_iter().flat_map(|(entry, round)| self.keep_commitment(view, entry, round)).collect();
		kept.into_iter().chain(self.unknown_seat(view)).collect()
	}

	/// Returns a report if the account has a seat in the present round that waits for its reveal and is not in the journal.
	fn unknown_seat(&mut self, view: Commitments<'_>) -> Option<Action> {
		let is_known = |seat: &SeatView<Account>| view.entries.iter().any(|entry| entry.commitment == seat.commitment);
		let waits = |seat: &SeatView<Account>| seat.who == self.rules.account && seat.status == SeatStatus::Committed;
		let round = view.round.round;
		let is_unknown = view.round.seats.iter().any(|seat| waits(seat) && !is_known(seat));
		let is_new = is_unknown && self.unknown_seat.replace(round) != Some(round);
		is_new.then_some(Action::Report(Report::UnknownSeat { round }))
	}

	/// Reveals a committed entry that is due in a round that cannot be read.
	fn keep_unread(&self, view: Commitments<'_>, entry: &Entry, round: RoundId) -> Option<Action> {
		// Without its reveal, the hold of a commitment is lost; a reveal too many costs a fee. Before its segment is opened, it would
		// show the model to the owner of the segment.
		let may_be_early = self.rules.awaits_evidence && !self.awaited.get(&round).is_some_and(|seat| seat.takes_reveals);
		let is_committed = entry.state == State::Committed && !may_be_early;
		let is_due = is_committed && entry.can_be_revealed_in(view.block.saturating_add(1));
		is_due.then(|| Action::SendReveal(entry.clone()))
	}

	/// Commits or reveals an entry that is due, and notices what became of its seat.
	fn keep_commitment(&mut self, view: Commitments<'_>, entry: &Entry, round: RoundId) -> Vec<Action> {
		if view.unread.contains(&round) {
			return self.keep_unread(view, entry, round).into_iter().collect();
		}
		let open = view.open_rounds.get(&round);
		let seat = open.and_then(|open| open.seats.iter().find(|seat| self.is_seat_of(entry, seat)));
		let Some(seat) = seat else {
			if open.is_none() && entry.state == State::Revealed {
				// The round is decided, and a restarted worker has not followed it.
				self.awaited.entry(round).or_default();
				return Vec::new();
			}
			let can_commit = view.round.round == round && view.round.phase == Phase::Commit;
			return if can_commit { vec![Action::SendCommit(entry.clone())] } else { Vec::new() };
		};
		let (status, model) = (seat.status, seat.model);
		let window = open.and_then(reveal_window).unwrap_or(entry.reveal_from..entry.reveal_until);
		let (awaits_evidence, stake) = open.map_or((false, 0), |open| (open.phase == Phase::Evidence, open.stake));
		let takes_reveals = open.is_some_and(|open| open.phase == Phase::Reveal);
		let mut actions = Vec::new();
		if window != (entry.reveal_from..entry.reveal_until) {
			// The segment was opened, or the window was doubled.
			actions.push(Action::Reschedule { round, from: window.start, until: window.end });
		}
		let entry = &entry.clone().with_reveal_window(window);
		let mut mark = |state, note| actions.push(Action::Mark { round, state, note });
		let awaited = self.awaited.entry(round).or_default();
		(awaited.stake, awaited.takes_reveals) = (stake, takes_reveals);
		if entry.state == State::Prepared {
			mark(State::Committed, Note::Progress);
		}
		match status {
			SeatStatus::Committed => {
				awaited.is_rejected = false;
				if !awaits_evidence && entry.can_be_revealed_in(view.block.saturating_add(1)) {
					actions.push(Action::SendReveal(entry.clone()));
				}
			}
			SeatStatus::Forfeited => {}
			SeatStatus::Revealed => {
				(awaited.model, awaited.is_rejected) = (model, false);
				if entry.state != State::Revealed {
					mark(State::Revealed, Note::Progress);
				}
			}
			SeatStatus::Rejected(reason) => {
				// The entry stays open until the round is decided: a reveal that a reorganisation removes is sent again.
				if entry.state != State::Revealed {
					mark(State::Revealed, Note::Rejected);
				}
				if !std::mem::replace(&mut awaited.is_rejected, true) {
					actions.push(Action::Report(Report::Rejected { round, reason }));
				}
			}
		}
		actions
	}

	fn is_seat_of(&self, entry: &Entry, seat: &SeatView<Account>) -> bool {
		seat.who == self.rules.account && seat.commitment == entry.commitment
	}

	/// Notices the verdicts of awaited rounds, and what became of their stakes.
	pub fn follow_verdicts(&mut self, view: &View) -> Vec<Action> {
		for (round, seat) in &mut self.awaited {
			if let Some(model) = seat.model {
				seat.leads = leads(&view.recomputations, *round, view.champion.model, model).or(seat.leads);
			}
		}
		let is_known = |round: &RoundId| view.open_rounds.contains_key(round) || view.unread.contains(round);
		let is_decided = |round: &RoundId| view.round.round != *round && !is_known(round);
		let decided: Vec<RoundId> = self.awaited.keys().copied().filter(is_decided).collect();
		let mut actions = Vec::new();
		for round in decided {
			let seat = self.awaited.remove(&round).unwrap_or_default();
			let note = if seat.is_rejected { Note::Rejected } else { Note::Decided };
			let won = seat.model == Some(view.champion.model);
			if seat.stake > 0 {
				let AwaitedSeat { is_rejected, leads, .. } = seat;
				let staked = StakedSeat { won, is_rejected, is_revealed: seat.model.is_some(), leads };
				let (in_a_row, sum) = self.lost_stakes.record(fate(staked, round, &view.domain), seat.stake);
				actions.push(Action::StoreLostStakes { in_a_row, sum });
			}
			actions.push(Action::Mark { round, state: State::Archived, note });
			if seat.is_rejected {
				// Reported when the seat was rejected.
				continue;
			}
			actions.push(Action::Report(if won { Report::Won { round } } else { Report::NotWon { round } }));
		}
		actions
	}

	/// Decides on the search, and on another commit.
	pub fn step(&mut self, view: &View) -> Step {
		if self.search == SearchState::Ended {
			return Step::Idle;
		}
		if let Some(reason) = self.end_reason(view) {
			self.search = SearchState::Ended;
			return Step::EndSearch(reason);
		}
		let is_skipped = self.skipped == Some(view.round.round);
		if view.round.phase != Phase::Commit || is_skipped || self.is_seated(view) || self.is_late(view) {
			return Step::Idle;
		}
		if view.domain.weight == 0 && view.domain.bounty == 0 {
			return Step::Wait(Wait::NoReward);
		}
		if view.round.seats.len() as u32 >= MAX_SEATS || self.has_undecided_rounds(view) {
			return Step::Wait(Wait::UndecidedRounds);
		}
		if let Some(reason) = view.evidence.as_ref().and_then(|evidence| self.lacks_evidence(view, evidence)) {
			return Step::Wait(reason);
		}
		if let Some(reason) = self.rules.limits.exceeded(&view.round) {
			return Step::Wait(Wait::TooExpensive(reason));
		}
		Step::Choose
	}

	/// Returns `true` if a commit would only wait for earlier rounds. A sealed domain has one undecided round, so that a candidate is
	/// measured against the champion that it was trained for.
	fn has_undecided_rounds(&self, view: &View) -> bool {
		let Some(evidence) = &view.evidence else { return view.recomputations.len() >= MAX_UNDECIDED_ROUNDS };
		let is_other = |round: &RoundId| *round != view.round.round;
		!view.recomputations.is_empty() || evidence.awaited.iter().any(is_other) || view.open_rounds.keys().any(is_other)
	}

	/// Returns the reason for which a sealed domain gives no evidence for a commit now, or for which its stake is too high.
	fn lacks_evidence(&self, view: &View, evidence: &EvidenceView<Account>) -> Option<Wait> {
		if let Some(since) = evidence.suspended {
			return Some(Wait::Suspended { since });
		}
		if evidence.opened >= evidence.sealed {
			return Some(Wait::NoSegment);
		}
		let (stake, most) = (evidence.stake.max(view.round.stake), self.rules.limits.max_stake);
		(stake > most).then_some(Wait::StakeTooHigh { stake: Amount(stake), max_stake: Amount(most) })
	}

	fn end_reason(&self, view: &View) -> Option<EndReason> {
		if view.domain.status == Status::Converged {
			return Some(EndReason::Converged { percent: percent_better(view.champion.loss) });
		}
		if view.domain.status != Status::Active {
			return Some(EndReason::NotActive { status: view.domain.status });
		}
		if view.domain.evidence == EvidenceKind::Live {
			return Some(EndReason::LiveEvidence);
		}
		if let Some((stakes, sum)) = self.lost_stakes.too_many() {
			return Some(EndReason::StakesLost { stakes, sum: Amount(sum) });
		}
		let reached = percent_better(view.champion.loss);
		let target = self.rules.target_percent.filter(|target| reached >= *target)?;
		Some(EndReason::TargetReached { percent: reached, target })
	}

	/// Returns `true` if the account has committed in the round, as far as the chain or the journal shows.
	fn is_seated(&self, view: &View) -> bool {
		view.has_entry || view.round.seats.iter().any(|seat| seat.who == self.rules.account)
	}

	fn is_late(&self, view: &View) -> bool {
		view.round.phase_end.saturating_sub(view.block) <= COMMIT_MARGIN
	}

	/// Returns a report of `wait`, or `None` if it was the last one reported.
	pub fn report_wait(&mut self, wait: Wait) -> Option<Report> {
		if self.reported.as_ref().is_some_and(|reported| reported.is_same(&wait)) {
			return None;
		}
		self.reported = Some(wait.clone());
		Some(Report::Waiting(wait))
	}

	/// Returns the champion, and every stored model that may become champion before a commit of this round is evaluated.
	///
	/// The contender is a rival unless this account is its author: it is only evaluated again in a round that somebody opens, so
	/// the account's own near miss must not keep it from opening one.
	pub fn rivals(&self, view: &View, contender_author: Option<Account>) -> Vec<ModelRef> {
		let contender = view.round.contender.filter(|_| contender_author != Some(self.rules.account));
		let evaluated = view.recomputations.iter().flat_map(|task| &task.models).copied();
		let seated = view.round.seats.iter().filter_map(|seat| seat.model);
		let own = self.awaited.values().filter_map(|seat| seat.model);
		let mut rivals = vec![view.champion.model];
		for rival in evaluated.chain(contender).chain(seated).chain(own) {
			if matches!(rival, ModelRef::Stored(_)) && !rivals.contains(&rival) {
				rivals.push(rival);
			}
		}
		rivals
	}

	/// Returns `true` if a rival that cannot be loaded is an error. Rivals other than the champion may have been
	/// released meanwhile.
	pub fn is_required(&self, view: &View, rival: ModelRef) -> bool {
		rival == view.champion.model
	}

	/// Returns the models of the domain that are committed in the journal and not revealed: rivals that the chain does not
	/// show yet.
	pub fn committed_models(&self, entries: &[Entry]) -> Vec<Model> {
		let committed = entries.iter().filter(|entry| {
			entry.state == State::Committed && matches!(entry.scope, Scope::Candidate(round) if round.domain == self.rules.domain)
		});
		committed.filter_map(|entry| Model::from_bytes(&entry.decode_payload::<Reveal>().ok()?.model).ok()).collect()
	}

	/// Returns the trial of the best candidates against `rivals`, or `None` if no candidate is worth one.
	///
	/// Trials are random, so a candidate that failed is not tried again until the rivals change or the data grows. One that was worth
	/// less than its seat is also tried again once its bid by the merit that was found covers the seat, at the present `rates` and fee.
	pub fn trial(&mut self, view: &View, rivals: Vec<Model>, terms: PayTerms, rates: Rates) -> Option<Trial> {
		self.failed.reset_unless_against(&rivals);
		self.factor = terms.factor;
		let candidates = self.untried(view, rates);
		(!candidates.is_empty()).then_some(Trial { candidates, rivals, terms, must_mint: view.domain.bounty == 0 })
	}

	/// Returns the next candidates to try at these `rates`: the best ones that undercut the bar and have not failed.
	fn untried(&self, view: &View, rates: Rates) -> Vec<TrainedCandidate> {
		let bar = match view.domain.evidence {
			EvidenceKind::Public => view.champion.validation_error,
			EvidenceKind::Synthetic | EvidenceKind::Sealed | EvidenceKind::Live | EvidenceKind::Drawn => self.rules.bar,
		};
		let undercuts = |error| public_test(bar, error, view.domain.min_improvement);
		let most = if view.domain.evidence.is_awaited() { MOST_TRIED } else { usize::MAX };
		let is_worthy = |candidate: &TrainedCandidate| undercuts(candidate.validation_error());
		let RoundView { stake, next_seat_fee: fee, .. } = view.round;
		let offer = Offer { limits: self.rules.limits, rates, factor: self.factor, stake, fee };
		self.pool.best(most, is_worthy, |candidate| !self.failed.contains(candidate, &offer))
	}

	/// Lets all candidates be tried again: the best ones are trained again on data that has grown, with the same genes, and practice draws
	/// have other rows.
	pub fn data_has_grown(&mut self) {
		self.failed = FailedTrials::default();
	}

	/// Records the outcome of a trial. Returns the candidates that passed.
	pub fn trial_ended(&mut self, outcome: TrialOutcome) -> Vec<Passed> {
		self.failed.extend(outcome.failed);
		outcome.passed
	}

	/// Returns the reason to wait if nothing can be earned in the round of `view`: the purse of the domain is too small, or its pay
	/// has not begun to rise.
	pub fn lacks_pay(&self, view: &View, rates: &Rates, terms: PayTerms) -> Option<Wait> {
		let since = view.domain.weight_since;
		let is_too_early = terms.factor == 0 && view.domain.bounty == 0;
		self.lacks_purse(rates).or(is_too_early.then_some(Wait::PayNotBegun { since }))
	}

	/// Returns the reason to wait if the purse of the domain does not cover a whole work block, without which the chain takes no
	/// commits. It may be filled at any block.
	pub fn lacks_purse(&self, rates: &Rates) -> Option<Wait> {
		let purse = rates.purse.filter(|purse| *purse < rates.reward && rates.weight > 0)?;
		Some(Wait::PurseTooSmall { purse: Amount(purse), least: Amount(rates.reward) })
	}

	/// Bids for the next seat of the round of `view` by what the best of the candidates would probably earn at these `rates`. Returns
	/// that candidate.
	///
	/// # Errors
	///
	/// Returns the reason to wait if there is no candidate, or if the seat costs more than that. Then none of them is tried again at
	/// these prices, and once no other candidate is left, the round is left to others.
	pub fn bid(&mut self, view: &View, passed: Vec<Passed>, rates: Rates) -> Result<Passed, Wait> {
		let round = view.round.round;
		let worths: Vec<_> = passed
			.iter()
			.map(|passed| (passed.candidate.genes.clone(), Worth { merit: passed.merit, factor: self.factor }))
			.collect();
		let gain = |passed: &Passed| rates.expected_gain(passed.merit, view.round.stake);
		// Of equal gains, the first: the one with the least validation error.
		let best = passed.into_iter().rev().max_by_key(gain).ok_or(Wait::NothingBetter)?;
		match self.rules.limits.bid(&view.round, gain(&best)) {
			Ok(bid) => {
				self.bids.insert(round, bid);
				Ok(best)
			}
			Err(reason) => {
				worths.into_iter().for_each(|(genes, worth)| self.failed.insert(genes, worth));
				if self.untried(view, rates).is_empty() {
					self.skipped = Some(round);
				}
				Err(Wait::TooExpensive(reason))
			}
		}
	}

	/// Returns the most that the seat of a prepared candidate may cost. After a restart, what the candidate would earn is not
	/// known any more, and the limit of the configuration counts.
	pub fn max_fee(&self, round: RoundId) -> Balance {
		self.bids.get(&round).copied().unwrap_or(self.rules.limits.max_fee)
	}

	/// Returns the highest tip of a commit in `round`.
	pub fn max_commit_tip(&self, round: RoundId) -> Balance {
		self.rules.limits.max_tip(self.max_fee(round))
	}

	/// Returns the highest tip of the reveal in `round`, by what is lost without it: the fee of the seat, its hold and its stake.
	pub fn max_reveal_tip<'a>(&self, view: impl Into<Commitments<'a>>, round: RoundId) -> Balance {
		let view = view.into();
		let seats = view.open_rounds.get(&round).map(|open| &open.seats);
		let seat = seats.and_then(|seats| seats.iter().find(|seat| seat.who == self.rules.account));
		let fee = seat.map_or(view.round.next_seat_fee, |seat| seat.fee);
		let stake = view.open_rounds.get(&round).map_or(view.round.stake, |open| open.stake);
		self.rules.limits.max_tip(fee.saturating_add(view.round.seat_hold).saturating_add(stake))
	}

	/// Returns the reason to wait if a commit failed since its seat had become too expensive.
	pub fn outbid<'a>(&self, view: impl Into<Commitments<'a>>, dispatch_error: Option<&str>) -> Option<Wait> {
		let view = view.into();
		let is_too_expensive = dispatch_error == Some(SEAT_TOO_EXPENSIVE);
		let max_fee = self.max_fee(view.round.round);
		let (seats, fee, max_fee) = (view.round.seats.len(), Amount(view.round.next_seat_fee), Amount(max_fee));
		is_too_expensive.then_some(Wait::TooExpensive(TooExpensive { seats, fee, max_fee, expected: None }))
	}

	/// Returns the reason for which the account cannot pay for the next seat and the calls of its candidate, or `None` if `free`
	/// plancks suffice. A candidate that cannot be revealed loses the hold of its seat.
	pub fn lacks_funds(&self, view: &View, free: Balance, costs: CallCosts) -> Option<Wait> {
		let seat = seat_price(&view.round);
		let price = seat.saturating_add(costs.hold).saturating_add(self.fees(view, costs)).saturating_add(costs.deposit);
		let lacks = free < price;
		lacks.then_some(Wait::LacksFunds { account: self.rules.account, price: Amount(price), free: Amount(free) })
	}

	/// Returns the reason for which a hot key with `free` plancks cannot pay the fees of commit and reveal, or `None` if they
	/// suffice.
	pub fn lacks_fee(&self, view: &View, hot: Account, free: Balance, costs: CallCosts) -> Option<Wait> {
		let price = self.fees(view, costs).saturating_add(costs.deposit);
		(free < price).then_some(Wait::LacksFunds { account: hot, price: Amount(price), free: Amount(free) })
	}

	/// Returns the most that the fees of commit and reveal in the round of `view` may rise to, the tips included.
	fn fees(&self, view: &View, costs: CallCosts) -> Balance {
		let round = view.round.round;
		let most = |fee: Balance, tip| if fee == 0 { 0 } else { fee.saturating_mul(FEE_RISE).saturating_add(tip) };
		let commit = most(costs.commit_fee, self.max_commit_tip(round));
		commit.saturating_add(most(costs.reveal_fee, self.max_reveal_tip(view, round)))
	}

	/// Returns the reason for which a hot key cannot pay for the next seat and the hold of its candidate, or `None` if the
	/// `budget` of its account suffices.
	pub fn lacks_budget(&self, view: &View, budget: Option<Budget>, costs: CallCosts) -> Option<Wait> {
		let account = self.rules.account;
		let Some(budget) = budget else { return Some(Wait::NoBudget { account }) };
		let price = seat_price(&view.round).saturating_add(costs.hold);
		let left = budget.left(view.block.saturating_add(1));
		(left < price).then_some(Wait::BudgetSpent { account, price: Amount(price), left: Amount(left) })
	}

	/// Records the outcome of a commit call. Returns the new state of the entry, with the reason, if it changes.
	pub fn commit_ended(&mut self, round: RoundId, outcome: CommitOutcome) -> Option<(State, Note)> {
		match outcome {
			CommitOutcome::Included | CommitOutcome::AlreadyCommitted => {
				self.awaited.insert(round, AwaitedSeat::default());
				self.bids.remove(&round);
				self.reported = None;
				Some((State::Committed, Note::Progress))
			}
			CommitOutcome::Failed => {
				self.bids.remove(&round);
				Some((State::Archived, Note::CommitFailed))
			}
			CommitOutcome::NotIncluded => None,
		}
	}

	/// Removes a committed candidate from the candidates.
	pub fn remove_candidate(&mut self, genes: &[i64]) {
		self.pool.remove(genes);
	}
}

/// Returns the reveal window of a round, or its latest place while its segment is awaited; `None` if neither is known.
pub(crate) fn reveal_window(round: &RoundView<Account>) -> Option<Range<BlockNumber>> {
	let is_known = round.phase == Phase::Reveal || round.awaited_until.is_some();
	is_known.then_some(round.reveal_from..round.reveal_until)
}

/// Returns what the next seat of a round takes from its account: fee, hold and stake, in plancks.
fn seat_price(round: &RoundView<Account>) -> Balance {
	round.next_seat_fee.saturating_add(round.seat_hold).saturating_add(round.stake)
}
