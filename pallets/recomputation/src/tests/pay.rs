//! Division of the evaluators' pay.

use super::*;

/// Returns what an honest member earns if the two other members of a quorum of three are present.
fn pay_with_everybody_present() -> Balance {
	let mut pay = 0;
	with(5, || {
		let members = answered(|_| Some(correct()));
		assert_ok!(settle());
		to_the_end();
		pay = pay_of(members[0]);
		assert_eq!(outcome().backing, Backing::Quorum);
	});
	pay
}

#[test]
fn n4_two_absent_members_and_twelve_helpers_do_not_change_the_pay_of_an_honest_member() {
	let expected = pay_with_everybody_present();
	assert_eq!(expected, 3_200_000 / 3);
	with(5, || {
		let members = answered(|place| (place == 0).then(correct));
		// Twelve accounts of the absent members have 32 chunks recomputed.
		let single = (0..8).map(|chunk| (0, chunk, 1));
		for (who, (model, from, count)) in (100..).zip(single.chain([(1, 0, 8), (2, 0, 8), (3, 0, 4), (3, 4, 4)])) {
			assert_ok!(Recomputation::recompute(signed(who), TASK, model, from, count, Small));
		}
		to_the_end();
		assert_eq!(pay_of(members[0]), expected);
		let helpers: Balance = (100..112).map(pay_of).sum();
		assert!(helpers <= 3_200_000 - expected, "helpers earn the seats of the absent members and nothing more");
		assert_eq!(pay_of(100), 3_200_000 * 2 / (3 * 32), "in proportion to chunks");
		assert_eq!(pay_of(108), 3_200_000 * 2 * 8 / (3 * 32));
		assert_eq!(outcome().backing, Backing::Runtime);
	});
}

#[test]
fn n4_an_absent_seat_of_a_settled_quorum_is_paid_to_nobody() {
	with(10, || {
		let members = answered(|place| (place > 0).then(correct));
		assert_ok!(settle());
		to_the_end();
		assert_eq!(paid(), members[1..]);
		assert!(members[1..].iter().all(|who| pay_of(*who) == 3_200_000 / 5));
	});
}

#[test]
fn n4_a_rejected_member_raises_the_pay_of_no_other_one() {
	with(10, || {
		let members = answered(|place| Some(if place < 4 { wrong_at(place, place, 1) } else { correct() }));
		while matches!(stage(), Stage::Settling { .. }) {
			assert_ok!(settle());
		}
		to_the_end();
		assert_eq!(paid(), [members[4]]);
		assert_eq!(pay_of(members[4]), 3_200_000 / 5);
	});
}

#[test]
fn n4_chunks_divided_among_accounts_earn_what_one_account_earns_for_them() {
	let total = |accounts: u64| {
		let mut sum = 0;
		with(5, || {
			answered(|place| (place == 0).then(correct));
			for model in 0..4u8 {
				for chunk in 0..CHUNKS {
					let who = 100 + u64::from(chunk) % accounts;
					assert_ok!(Recomputation::recompute(signed(who), TASK, model, chunk, 1, Small));
				}
			}
			to_the_end();
			let pay = outcome().pay;
			sum = pay.shares.iter().filter(|share| share.who >= 100).map(|share| share.parts).sum::<u32>();
		});
		sum
	};
	assert_eq!(total(1), total(8));
}

/// The price of a seat of a domain that nobody serves contains the calls that the seat may cause.
#[test]
fn n5_the_weight_of_recomputing_a_model_covers_its_calls_and_the_end() {
	with(2, || {
		open_another(WEIGHTED, 0);
		to_the_draw();
		let whole = <Recomputation as Recompute<u64>>::recompute_weight(WEIGHTED, Small);
		let called = Recomputation::recompute(signed(OUTSIDER), Current::get(), 0, 0, 32, Small).unwrap();
		assert_eq!(called.actual_weight, Some(whole));
	});
}
