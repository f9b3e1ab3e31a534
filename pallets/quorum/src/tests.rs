//! What the tests of every theme share: a round, true and false sums, and the steps that lead from one stage to the next.

mod agenda;
mod answers;
mod bonds;
mod disputes;
mod replays;
mod settlements;

use crate::{
	mock::*,
	types::{Answer, Offence, Request, Stage},
	Answers, Error, Evaluators, Event, HoldReason, Known, Requests, Truths,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Challenge, ChunkSums, Sums},
	quorum, Balance, Hash, ModelRef, RoundId, SizeClass, DOIN,
};
use doin_primitives_frame::{Authors, Deed, ModelList, Outcome, Recompute};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResultWithPostInfo,
	pallet_prelude::DispatchResult,
	traits::fungible::{hold::Inspect as _, Inspect as _},
};
use SizeClass::{Large, Small};

const ROUND: RoundId = RoundId { domain: WEIGHTED, number: 7 };
/// Accounts that are no evaluators.
const OUTSIDER: u64 = 9_000;
const OTHER: u64 = 9_001;
const THIRD: u64 = 9_002;

fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// A baseline and `n − 1` submitted models.
fn models(n: u64) -> ModelList {
	let list = core::iter::once(ModelRef::RepeatLast).chain((1..n).map(ModelRef::Stored));
	ModelList::try_from(list.collect::<Vec<_>>()).unwrap()
}

/// Asks for the sums of four models.
fn open() {
	assert_ok!(Quorum::open(ROUND, Small, models(4), Authors::new()));
}

fn request() -> Request<u64> {
	Requests::<Test>::get(ROUND).expect("the round is open")
}

fn members() -> Vec<u64> {
	request().members.iter().map(|member| member.who).collect()
}

/// The true sums of the round.
fn truth() -> Sums {
	let request = request();
	let seed = request.seed.expect("windows are drawn");
	let sums =
		|model: &ModelRef| ChunkSums::try_from((0..CHUNKS).map(|i| true_sum(ROUND.domain, model, &seed, i)).collect::<Vec<_>>());
	Sums::try_from(request.models.iter().map(|model| sums(model).unwrap()).collect::<Vec<_>>()).unwrap()
}

/// The true sums, one of them changed.
fn lie(model: usize, chunk: usize, by: u32) -> Sums {
	let mut sums = truth();
	let sum = &mut sums[model][chunk];
	*sum = sum.wrapping_add(by);
	sums
}

/// False sums in every place, so that no spot check misses them.
fn lies(by: u32) -> Sums {
	let mut sums = truth();
	sums.iter_mut().for_each(|model| model.iter_mut().for_each(|sum| *sum = sum.wrapping_add(by)));
	sums
}

fn salt(who: u64) -> [u8; 32] {
	[who as u8; 32]
}

fn hash(who: u64, sums: &Sums) -> Hash {
	commitment(Tag::Sums, &GENESIS, ROUND, &who, &payload_hash(sums), &salt(who))
}

fn commit(who: u64, sums: &Sums) -> DispatchResult {
	Quorum::commit_sums(signed(who), ROUND, hash(who, sums))
}

fn reveal(who: u64, sums: &Sums) -> DispatchResult {
	Quorum::reveal_sums(signed(who), ROUND, sums.clone(), salt(who))
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
	Quorum::settle(signed(OUTSIDER), ROUND, Small)
}

/// Blocks until the quorum is drawn.
fn to_the_draw() {
	while matches!(request().stage, Stage::Drawing { .. }) {
		pass(1);
	}
}

fn to_the_reveals() {
	let Stage::Answering { commits_until, .. } = request().stage else { panic!("not answering") };
	to(commits_until);
}

fn to_the_end_of_the_reveals() {
	let Stage::Answering { reveals_until, .. } = request().stage else { panic!("not answering") };
	to(reveals_until);
}

/// Opens a round, draws, and has every member answer what `answer` says of its place; nothing for `None`. Returns the members.
fn answered(answer: impl Fn(usize) -> Option<Sums>) -> Vec<u64> {
	open();
	to_the_draw();
	let members = members();
	let said: Vec<_> = members.iter().enumerate().filter_map(|(place, who)| Some((*who, answer(place)?))).collect();
	for (who, sums) in &said {
		assert_ok!(commit(*who, sums));
	}
	to_the_reveals();
	for (who, sums) in &said {
		assert_ok!(reveal(*who, sums));
	}
	to_the_end_of_the_reveals();
	members
}

/// Has the runtime compute every chunk of every model, by `who`.
fn recompute_everything(who: u64) {
	for model in 0..request().models.len() as u8 {
		assert_ok!(Quorum::recompute(signed(who), ROUND, model, 0, 32, Small));
	}
}

fn to_the_end() {
	while Requests::<Test>::contains_key(ROUND) {
		pass(1);
	}
}

/// The one outcome the handler was told.
fn outcome() -> Outcome<u64> {
	match Calls::get().as_slice() {
		[Told::Recomputed(ROUND, outcome)] => outcome.clone(),
		calls => panic!("expected one outcome: {calls:?}"),
	}
}

fn bond_of(who: u64) -> Balance {
	Quorum::bond_of(&who)
}

fn issuance() -> Balance {
	Balances::total_issuance()
}

/// Deeds of `kind`, and whose.
fn doers(kind: Deed) -> Vec<u64> {
	Deeds::get().into_iter().filter(|(_, deed)| *deed == kind).map(|(who, _)| who).collect()
}

/// Nothing of any round is left behind.
fn assert_clean() {
	assert_eq!(Requests::<Test>::count(), 0);
	assert_eq!(Answers::<Test>::iter().count() + Truths::<Test>::iter().count() + Known::<Test>::iter().count(), 0);
	assert_eq!(crate::Due::<Test>::iter().count(), 0);
	assert_eq!(crate::Disputes::<Test>::iter().count(), 0);
}

fn seen(event: Event<Test>) {
	System::assert_has_event(event.into());
}
