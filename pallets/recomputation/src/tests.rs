//! Helpers of all tests: a task, correct and false sums, and the steps from one stage to the next.

mod absences;
mod agenda;
mod answers;
mod challenges;
mod draws;
mod empty_chunks;
mod faults;
mod medians;
mod needed_quorums;
mod pay;
mod recomputing;
mod redraws;
mod settlements;

use crate::{
	mock::*,
	types::{Answer, Stage, Task},
	Answers, Error, Event, HoldReason, RecomputedSums, SettledSums, Tasks,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Challenge, ChunkSums, Sums},
	quorum,
	settlement::Backing,
	Balance, DomainId, EvidenceRef, Hash, ModelRef, RoundId, RoundParams, SizeClass,
	SizeClass::{Large, Small},
	Subject, TaskId, DOIN,
};
use doin_traits::{AuthorList, Behaviour, EvaluatorSet, ModelList, Outcome, RecomputationRequest, Recompute, VoidReason};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResultWithPostInfo,
	pallet_prelude::{DispatchError, DispatchResult},
	parameter_types,
	traits::fungible::{hold::Inspect as _, Inspect as _},
};
use pallet_doin_evaluators::{types::Offence, Evaluators as Records, Event as EvaluatorsEvent};

/// Id of the first task of a test, and its purpose.
const TASK: TaskId = 0;
const SUBJECT: Subject = Subject::Round(RoundId { domain: WEIGHTED, number: 7 });
/// Accounts that are not evaluators.
const OUTSIDER: u64 = 9_000;
const OTHER: u64 = 9_001;
const THIRD: u64 = 9_002;

parameter_types! {
	/// The task that the helpers below work on.
	static Current: TaskId = TASK;
}

fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Returns a baseline and `n − 1` submitted models.
fn models(n: u64) -> ModelList {
	let list = core::iter::once(ModelRef::RepeatLast).chain((1..n).map(ModelRef::Stored));
	ModelList::try_from(list.collect::<Vec<_>>()).unwrap()
}

/// Requests the sums of `models` for round `number` of `domain`.
fn request(domain: DomainId, number: u32, models: ModelList) -> Result<TaskId, DispatchError> {
	let subject = Subject::Round(RoundId { domain, number });
	let (weighted, needs_quorum, exclude) = (domain < UNWEIGHTED, false, AuthorList::new());
	let (class, evidence) = (Small, EvidenceRef::Drawn);
	Recomputation::request(RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude })
}

/// Requests the sums of four models.
fn open() {
	assert_eq!(request(WEIGHTED, 7, models(4)), Ok(TASK));
	Current::set(TASK);
}

/// Requests the sums of one model of `domain`, for round `number`.
fn open_another(domain: DomainId, number: u32) {
	Current::set(request(domain, number, models(1)).unwrap());
}

fn task() -> Task<u64> {
	Tasks::<Test>::get(Current::get()).expect("the task is open")
}

fn stage() -> Stage {
	task().stage
}

fn members() -> Vec<u64> {
	task().members.iter().map(|member| member.who).collect()
}

/// Returns the correct sums of the task.
fn correct() -> Sums {
	let task = task();
	let seed = task.seed.expect("windows are drawn");
	let sums =
		|model: &ModelRef| ChunkSums::try_from((0..CHUNKS).map(|i| true_sum(task.domain, model, &seed, i)).collect::<Vec<_>>());
	Sums::try_from(task.models.iter().map(|model| sums(model).unwrap()).collect::<Vec<_>>()).unwrap()
}

/// Returns the correct sums with one changed by `by`.
fn wrong_at(model: usize, chunk: usize, by: u32) -> Sums {
	let mut sums = correct();
	let sum = &mut sums[model][chunk];
	*sum = sum.wrapping_add(by);
	sums
}

/// Returns sums that are wrong in every place, so that each spot check finds them.
fn wrong_everywhere(by: u32) -> Sums {
	let mut sums = correct();
	sums.iter_mut().for_each(|model| model.iter_mut().for_each(|sum| *sum = sum.wrapping_add(by)));
	sums
}

fn salt(who: u64) -> [u8; 32] {
	[who as u8; 32]
}

fn hash(who: u64, sums: &Sums) -> Hash {
	commitment(Tag::Sums, &GENESIS, &Current::get(), &who, &payload_hash(sums), &salt(who))
}

fn commit(who: u64, sums: &Sums) -> DispatchResult {
	Recomputation::commit_sums(signed(who), Current::get(), hash(who, sums))
}

fn reveal(who: u64, sums: &Sums) -> DispatchResult {
	Recomputation::reveal_sums(signed(who), Current::get(), sums.clone(), salt(who))
}

fn commit_all(members: &[u64], sums: &Sums) {
	for who in members {
		assert_ok!(commit(*who, sums));
	}
}

fn reveal_all(members: &[u64], sums: &Sums) {
	for who in members {
		assert_ok!(reveal(*who, sums));
	}
}

fn settle() -> DispatchResultWithPostInfo {
	Recomputation::settle(signed(OUTSIDER), Current::get(), Small)
}

/// Gives the evaluators 1 to `evaluators` seats on the roster of the domain without weight, which are drawn from the next block
/// on.
fn serve_unweighted(evaluators: u64) {
	for who in 1..=evaluators {
		assert_ok!(Evaluators::serve(signed(who), UNWEIGHTED));
	}
}

/// Makes blocks until the quorum is drawn.
fn to_the_draw() {
	while matches!(stage(), Stage::Drawing { .. }) {
		pass(1);
	}
}

fn to_the_reveals() {
	let Stage::Answering { commits_until, .. } = stage() else { panic!("not answering") };
	to(commits_until);
}

/// Makes blocks until the answers are closed: one block after the last reveal.
fn to_the_end_of_the_reveals() {
	let Stage::Answering { reveals_until, .. } = stage() else { panic!("not answering") };
	to(reveals_until + 1);
}

/// Opens a task, draws, and lets each member answer with the sums that `answer` returns for its place; `None` is an absence.
/// Returns the members.
fn answered(answer: impl Fn(usize) -> Option<Sums>) -> Vec<u64> {
	open();
	to_the_draw();
	quorum_answers(answer)
}

/// Lets each member of the drawn quorum answer, as [`answered`] does.
fn quorum_answers(answer: impl Fn(usize) -> Option<Sums>) -> Vec<u64> {
	let members = members();
	let answers: Vec<_> = members.iter().enumerate().filter_map(|(place, who)| Some((*who, answer(place)?))).collect();
	for (who, sums) in &answers {
		assert_ok!(commit(*who, sums));
	}
	to_the_reveals();
	for (who, sums) in &answers {
		assert_ok!(reveal(*who, sums));
	}
	to_the_end_of_the_reveals();
	members
}

/// Has the runtime recompute every chunk of every model, paid for by `who`.
fn recompute_everything(who: u64) {
	for model in 0..task().models.len() as u8 {
		assert_ok!(Recomputation::recompute(signed(who), Current::get(), model, 0, 32, Small));
	}
}

/// Makes blocks until the task has ended.
fn to_the_end() {
	while Tasks::<Test>::contains_key(Current::get()) {
		pass(1);
	}
}

/// Returns the one result that the handler received.
fn outcome() -> Outcome<u64> {
	match Calls::get().as_slice() {
		[HandlerCall::Recomputed(SUBJECT, outcome)] => outcome.clone(),
		calls => panic!("expected one outcome: {calls:?}"),
	}
}

/// Returns the accounts that the one result pays.
fn paid() -> Vec<u64> {
	outcome().pay.shares.iter().map(|share| share.who).collect()
}

/// Returns what the one result pays `who` of 3 200 000 plancks.
fn pay_of(who: u64) -> Balance {
	let pay = outcome().pay;
	pay.shares.iter().filter(|share| share.who == who).map(|share| pay.amount(share.parts, 3_200_000)).sum()
}

fn bond_of(who: u64) -> Balance {
	Evaluators::bond_of(&who)
}

fn issuance() -> Balance {
	Balances::total_issuance()
}

/// Returns the accounts whose records have `kind`, in order.
fn accounts_with(kind: Behaviour) -> Vec<u64> {
	Behaviours::get().into_iter().filter(|(_, behaviour)| *behaviour == kind).map(|(who, _)| who).collect()
}

/// Asserts that nothing of any task is stored.
fn assert_clean() {
	assert_eq!(Tasks::<Test>::count(), 0);
	assert_eq!(Answers::<Test>::iter().count() + SettledSums::<Test>::iter().count() + RecomputedSums::<Test>::iter().count(), 0);
	assert_eq!(crate::Due::<Test>::iter().count(), 0);
	assert_eq!(crate::Challenges::<Test>::iter().count(), 0);
}

fn assert_event(event: Event<Test>) {
	System::assert_has_event(event.into());
}

fn assert_slashed(who: u64, amount: Balance, offence: Offence) {
	System::assert_has_event(EvaluatorsEvent::Slashed { who, amount, offence }.into());
}
