//! Many tasks at once: the agenda is bounded, and every task ends.

use super::*;
use crate::{WeightInfo, MAX_TASKS};
use frame_support::{traits::Hooks, weights::Weight};

/// Returns a tenth of the weight of a block.
fn share() -> Weight {
	<<Test as frame_system::Config>::BlockWeights as frame_support::traits::Get<frame_system::limits::BlockWeights>>::get()
		.max_block
		.saturating_div(10)
}

#[test]
fn a_thousand_tasks_due_at_once_are_served_in_bounded_steps_and_all_end() {
	new_test_ext_with(12).execute_with(|| {
		// Fifty steps per block.
		HandlerWeight::set(share() / 50);
		for number in 0..MAX_TASKS {
			assert_ok!(request(WEIGHTED, number, models(1)));
		}
		assert_noop!(request(WEIGHTED + 1, 0, models(1)), Error::<Test>::TooManyTasks);
		try_state();
		for block in 2..600u64 {
			System::set_block_number(block);
			let weight = Recomputation::on_initialize(block);
			assert!(weight.all_lte(share().saturating_add(<() as WeightInfo>::on_initialize())), "block {block}: {weight}");
			assert!(crate::Cursor::<Test>::get() <= now() + 1);
			if block % 50 == 0 {
				try_state();
			}
			System::reset_events();
		}
		// No evaluator answered, and no chunk was recomputed.
		let mut voided: Vec<_> = Calls::get();
		assert_eq!(voided.len() as u32, MAX_TASKS);
		voided.dedup();
		assert_eq!(voided.len() as u32, MAX_TASKS);
		assert_clean();
	});
}

#[test]
fn a_step_above_the_share_of_a_block_is_served_alone() {
	with(2, || {
		HandlerWeight::set(share() * 2);
		for number in 0..3 {
			assert_ok!(request(WEIGHTED, number, models(1)));
		}
		to(3);
		assert_eq!(drawn(), 1);
		to(4);
		assert_eq!(drawn(), 2);
		to(5);
		assert_eq!(drawn(), 3);
	});
}

/// The hook charges each step for what it did, and reserves the most expensive one before.
#[test]
fn n15_a_step_is_charged_for_what_it_did() {
	with(10, || {
		let served = |block: u32| {
			to(block - 1);
			System::set_block_number(block.into());
			Recomputation::on_initialize(block.into()).saturating_sub(<() as WeightInfo>::on_initialize())
		};
		open();
		assert_eq!(served(2), Weight::zero());
		assert_eq!(served(3), <() as WeightInfo>::draw());
		let (members, sums) = (members(), correct());
		commit_all(&members[1..], &sums);
		to_the_reveals();
		reveal_all(&members[1..], &sums);
		let Stage::Answering { reveals_until, .. } = stage() else { panic!() };
		assert_eq!(served(reveals_until + 1), <() as WeightInfo>::close_answers(1));
		assert_ok!(settle());
		let Stage::Challenge { until, .. } = stage() else { panic!() };
		assert_eq!(served(until), <() as WeightInfo>::complete() + HandlerWeight::get());
		let time = |absent| <() as WeightInfo>::close_answers(absent).ref_time();
		assert!(time(1) < time(quorum::MAX_QUORUM));
		assert_eq!(Calls::get().len(), 1);
	});
}

/// Returns the number of tasks whose windows are drawn.
fn drawn() -> usize {
	Tasks::<Test>::iter().filter(|(_, task)| task.seed.is_some()).count()
}

#[test]
fn deadlines_count_although_the_agenda_is_late() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let sums = correct();
		assert_ok!(commit(who, &sums));
		let Stage::Answering { reveals_until, .. } = stage() else { panic!() };
		// Blocks pass in which nothing is served.
		System::set_block_number(u64::from(reveals_until) + 3);
		assert_noop!(reveal(who, &sums), Error::<Test>::WrongPhase);
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::WrongPhase);
		pass(1);
		assert!(matches!(stage(), Stage::Drawing { .. }), "nobody answered, so others are drawn");
	});
}

#[test]
fn tasks_of_a_domain_follow_each_other_while_earlier_ones_are_open() {
	with(10, || {
		for number in 0..6 {
			assert_ok!(request(WEIGHTED, number, models(3)));
			pass(11);
		}
		assert_eq!(Tasks::<Test>::count(), 6);
		pass(200);
		assert_clean();
		assert_eq!(Calls::get().len(), 6);
	});
}

/// Returns the answer of the member at `place` that makes `choice`: an absence, correct sums, or false ones of several kinds.
fn answer(choice: u8, place: usize) -> Option<Sums> {
	match choice {
		0 | 1 => Some(correct()),
		2 | 3 => None,
		4 => Some(wrong_at(place % 4, place % 8, 1)),
		5 => Some(wrong_at(2, 3, 9)),
		6 => Some(wrong_at(3, 3, 9)),
		_ => Some(wrong_everywhere(4)),
	}
}

/// Lets a drawn quorum answer by `choices`. Returns the accounts that revealed, with their sums.
fn answer_by(choices: &[u8]) -> Vec<(u64, Sums)> {
	let members = quorum_answers(|place| answer(choices[place], place));
	members.into_iter().filter_map(|who| Some((who, Answers::<Test>::get(Current::get(), who)?))).collect()
}

/// Challenges the first wrong chunk of the settled sums, if there is one.
fn challenge_what_is_wrong(correct: &Sums) {
	let Some(settled) = SettledSums::<Test>::get(TASK).filter(|settled| settled != correct) else { return };
	let mut places = (0..4usize).flat_map(|model| (0..8usize).map(move |chunk| (model, chunk)));
	let (model, chunk) = places.find(|(model, chunk)| settled[*model][*chunk] != correct[*model][*chunk]).unwrap();
	let challenge = Challenge { model: model as u8, chunk: chunk as u16 };
	let announced = commitment(Tag::Challenge, &GENESIS, &TASK, &OUTSIDER, &payload_hash(&challenge), &[0; 32]);
	assert_ok!(Recomputation::announce_challenge(signed(OUTSIDER), announced));
	pass(1);
	assert_ok!(Recomputation::challenge(signed(OUTSIDER), TASK, challenge.model, challenge.chunk, [0; 32], Small));
}

/// Lets quorums answer by `choices`, the second one if the first one is redrawn. Returns the answers of the last one. Unless
/// evaluators stay `eligible`, none can be drawn after the first quorum.
fn answer_until_decided(choices: &[Vec<u8>], evaluators: u64, eligible: bool, base_fee: Balance) -> Vec<(u64, Sums)> {
	let mut answers = Vec::new();
	for choices in choices {
		if !matches!(stage(), Stage::Answering { .. }) {
			break;
		}
		BaseFeeNow::set(base_fee);
		answers = answer_by(choices);
		if !eligible && matches!(stage(), Stage::Drawing { .. }) {
			Scores::mutate(|scores| scores.extend((1..=evaluators).map(|who| (who, 0))));
		}
		to_the_draw();
	}
	answers
}

/// Settles as often as the task has to be settled: every further time, one answer less stands.
fn settle_all() {
	let members = members();
	let mut settlements = 0;
	while matches!(stage(), Stage::Settling { .. }) {
		assert_ok!(settle());
		settlements += 1;
	}
	assert!(settlements <= members.len());
}

/// Recomputes the chunks of `calls`, some of which are refused, then all others. Returns the accounts that paid for chunks.
fn recompute_all(calls: Vec<(u64, u8, u16, u16)>) -> Vec<u64> {
	for (who, model, from, count) in calls {
		let _refused = Recomputation::recompute(signed(who), TASK, model, from, count, Small);
		try_state();
	}
	for model in 0..4 {
		let _refused = Recomputation::recompute(signed(OTHER), TASK, model, 0, 32, Small);
	}
	task().helpers.iter().map(|helper| helper.who).collect()
}

/// Checks that the sums are correct, and that only correct `answers` and the chunks of `helpers` are paid. Returns the origin
/// of the sums.
fn check_outcome(correct: &Sums, answers: &[(u64, Sums)], helpers: &[u64]) -> Backing {
	let ended = match Calls::get().as_slice() {
		[HandlerCall::Recomputed(_, outcome)] => outcome.clone(),
		calls => panic!("expected one outcome: {calls:?}"),
	};
	assert_eq!(&ended.sums, correct);
	assert!(ended.pay.shares.iter().map(|share| share.parts).sum::<u32>() <= ended.pay.whole);
	for share in &ended.pay.shares {
		let answered = answers.iter().any(|(who, sums)| *who == share.who && sums == correct);
		assert!(answered || helpers.contains(&share.who), "{} is paid for nothing", share.who);
	}
	ended.backing
}

/// Checks that absences are slashed once, and false answers only. Returns the slashes without the rewards of challengers.
fn check_slashes(correct: &Sums, answers: &[(u64, Sums)]) -> Balance {
	let (mut slashed, mut rewarded, mut absences) = (0, 0, Vec::new());
	for record in System::events() {
		match record.event {
			RuntimeEvent::Evaluators(EvaluatorsEvent::Slashed { who, amount, offence }) => {
				slashed += amount;
				if offence == Offence::Absence {
					absences.push(who);
				} else {
					assert!(answers.iter().any(|(member, sums)| *member == who && sums != correct), "{who} is innocent");
				}
			}
			RuntimeEvent::Recomputation(Event::ChallengeUpheld { reward, .. }) => rewarded += reward,
			_ => {}
		}
	}
	let all = absences.len();
	absences.sort_unstable();
	absences.dedup();
	assert_eq!(absences.len(), all, "an absence was slashed twice");
	slashed - rewarded
}

proptest::proptest! {
	#![proptest_config(proptest::prelude::ProptestConfig { cases: 120, ..Default::default() })]

	/// One account that checks every chunk is enough for a correct result, for any answers of both quorums, and any order of
	/// recomputed chunks. Only slashes burn money, each absence is slashed once, and only correct answers and chunks are paid.
	#[test]
	fn for_any_answers_the_result_is_correct_and_money_balances(
		choices in proptest::array::uniform2(proptest::collection::vec(0u8..8, 15)),
		weighted in proptest::bool::ANY,
		evaluators in 0u64..40,
		eligible in proptest::bool::ANY,
		leader in proptest::option::of(0u8..4),
		base_fee in 1_000u128..8_000,
		calls in proptest::collection::vec((100u64..120, 0u8..4, 0u16..8, 1u16..9), 0..12),
	) {
		with(evaluators, || {
			let domain = if weighted { WEIGHTED } else { UNWEIGHTED };
			if !weighted {
				serve_unweighted(evaluators);
				pass(1);
			}
			let before = issuance();
			Leader::set(leader);
			assert_eq!(request(domain, 7, models(4)), Ok(TASK));
			Current::set(TASK);
			let requested = now();
			to_the_draw();
			let answers = answer_until_decided(&choices, evaluators, eligible, base_fee);
			let correct = correct();
			settle_all();
			challenge_what_is_wrong(&correct);
			assert!(now() - requested < RoundParams::DEV.longest());
			let recomputes = matches!(stage(), Stage::Recomputing { .. });
			let helpers = recompute_all(calls);
			to_the_end();
			assert_eq!(check_outcome(&correct, &answers, &helpers) == Backing::Runtime, recomputes);
			assert_eq!(before - issuance(), check_slashes(&correct, &answers));
			assert!(weighted || Behaviours::get().iter().all(|(_, behaviour)| *behaviour == Behaviour::AnsweredFalsely));
			assert_clean();
		});
	}
}
