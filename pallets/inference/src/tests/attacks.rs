//! Attacks of servers, clients, accusers, authors of blocks and owners of domains, none of which gains anything.

use crate::{mock::*, Call, Error, Event, Served};
use doin_primitives::{
	inference::{number_bytes, MAX_CHAMPIONS},
	Balance, DOIN,
};
use doin_scoring::{answer, Model, Program};
use frame_support::{
	assert_ok,
	traits::{LockableCurrency, WithdrawReasons},
};

/// Server, payer and accuser in one hand get 11 parts of a hundred back.
#[test]
fn a_server_that_accuses_itself_loses_89_parts_of_a_hundred() {
	test(|| {
		serve();
		let mut lie = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		lie.receipt.price = Balance::MAX;
		let mut contract = contract();
		contract.payer = SERVER;
		lie.receipt.channel = contract.id(&GENESIS);
		let mut accusation = lie.accusation(SERVER, 0, None);
		accusation.contract = Some(contract);
		assert_ok!(accuse_by(SERVER, SERVER, accusation));
		assert_eq!((free(SERVER), held(SERVER)), (ENDOWMENT - 89 * BOND / 100, 0));
	});
}

/// A server that sees an accusation in the pool accuses itself of the smaller lie first. It saves nothing.
#[test]
fn the_smaller_lie_does_not_save_the_bond() {
	test(|| {
		serve();
		let lie = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		let smaller = answered(10, &[1, 2, 3], &[[0; 3]]);
		assert_ok!(accuse_by(SERVER, SERVER, smaller.stale(SERVER)));
		assert_ok!(accuse(lie.accusation(SERVER, 0, None)));
		assert_eq!(held(SERVER), 0);
	});
}

/// Neither leaving nor a change of the offer frees what answers for a receipt.
#[test]
fn a_server_does_not_escape_by_leaving() {
	test(|| {
		serve();
		let lie = answered(11, &constant([1, 2, 3]), &[[0; 3]]);
		assert_ok!(send(SERVER, Call::withdraw { domain: ROWS }));
		to(11 + WINDOW);
		let release = || send(SERVER, Call::release { domain: ROWS, who: SERVER });
		assert_eq!(release(), error(Error::NotReleasable));
		assert_ok!(accuse(lie.accusation(SERVER, 0, None)));
		assert_eq!((held(SERVER), release()), (0, error(Error::NoOffer)));
	});
}

/// A lock must not keep a bond from being slashed: its coins could vote while they wait.
#[test]
fn locked_coins_are_slashed_and_the_votes_of_the_server_end() {
	test(|| {
		serve();
		Balances::set_lock(*b"a vote  ", &SERVER, ENDOWMENT, WithdrawReasons::all());
		let lie = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		assert_ok!(accuse(lie.accusation(SERVER, 0, None)));
		assert_eq!((held(SERVER), EndedVotes::get()), (0, vec![SERVER]));
	});
}

/// An accuser cannot make a server run another input: a window of another shape, which no honest server signs, proves nothing.
#[test]
fn an_input_of_another_shape_proves_nothing() {
	test(|| {
		serve();
		for input in [vec![], vec![1; 3], vec![1; 5], vec![1; 8_192]] {
			let answer = answer_of(10, &constant([1, 2, 3]), vec![(input, number_bytes(&[0; 3]))]);
			assert_eq!(accuse(answer.accusation(SERVER, 0, None)), error(Error::WrongShape));
		}
	});
}

/// A hundred crownings, a reorganisation of what is not final, and an accuser that tries everything: a server that answers with the champion of
/// a final block is never slashed.
#[test]
fn an_honest_server_is_never_slashed() {
	test(|| {
		serve();
		let (mut champion, mut receipts) = ([1, 2, 3], Vec::new());
		for round in 0..100u64 {
			// The block before is final. The champion of this block can still be reorganised away, so the server does not use it.
			let (last, former) = (now(), champion);
			to(now() + 1 + (round % 40) as u32);
			champion = [round as i32, -3, 9];
			crown(2 + round, champion);
			receipts.push((last, former));
			for (block, scores) in &receipts {
				let honest = answered(*block, &constant(*scores), &[*scores; 3]);
				let bytes = Some(constant(*scores));
				for refused in [accuse(honest.accusation(SERVER, 2, bytes)), accuse(honest.stale(SERVER))] {
					assert!(refused.is_err(), "round {round}, receipt of block {block}");
				}
			}
			receipts.retain(|(block, _)| block + WINDOW >= now());
			let served = Served::<Test>::get(ROWS).expect("a bond is held");
			assert!(served.champions.len() <= MAX_CHAMPIONS as usize);
		}
		assert_eq!(held(SERVER), BOND);
		assert!(!events().iter().any(|event| matches!(event, Event::Slashed { .. })));
	});
}

/// Champions that follow each other faster than rounds can: the oldest receipts cannot be accused, and no honest one is.
#[test]
fn too_many_champions_make_receipts_unprovable_and_none_false() {
	test(|| {
		serve();
		let honest = answered(10, &constant([1, 2, 3]), &[[1, 2, 3]]);
		let lie = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		for round in 0..u64::from(MAX_CHAMPIONS) {
			to(now() + 1);
			crown(2 + round, [4, 5, 6]);
		}
		for accusation in [honest.stale(SERVER), lie.accusation(SERVER, 0, Some(constant([1, 2, 3])))] {
			assert_eq!(accuse(accusation), error(Error::UnknownChampion));
		}
	});
}

/// Two champions of equal bytes are one model: a receipt of either is right.
#[test]
fn a_champion_that_returns_is_no_lie() {
	test(|| {
		serve();
		to(20);
		crown(2, [4, 5, 6]);
		to(30);
		crown(3, [1, 2, 3]);
		to(31);
		for (block, scores) in [(19, [1, 2, 3]), (20, [4, 5, 6]), (30, [1, 2, 3])] {
			assert_eq!(accuse(answered(block, &constant(scores), &[scores]).stale(SERVER)), error(Error::ChampionServed));
		}
		assert_ok!(accuse(answered(29, &constant([1, 2, 3]), &[[1, 2, 3]]).stale(SERVER)));
	});
}

/// A baseline of a series is a champion too, and its answers are exact.
#[test]
fn an_answer_of_a_baseline_is_compared_as_well() {
	test(|| {
		assert_ok!(offer(SERVER, SERIES, BOND));
		let (model, program) = (Model::Seasonal, Program::Forecast(series_program()));
		let input = number_bytes(&[10, 0, 20, 0, 30, 0, 11, 0, 21, 0, 31, 0]);
		let right = number_bytes(&answer(&model, &program, &input).expect("an answer"));
		assert_eq!(right, number_bytes(&[-20 * 16, -10 * 16]));
		let of = |output: Vec<u8>| {
			let mut answer = answer_of(10, &model.to_bytes(), vec![(input.clone(), output)]);
			answer.receipt.domain = SERIES;
			answer.accusation(SERVER, 0, None)
		};
		assert_eq!(accuse(of(right.clone())), error(Error::TrueOutput));
		let mut wrong = right;
		wrong[0] ^= 1;
		assert_ok!(accuse(of(wrong)));
	});
}

/// An account that registers the key of another server answers for it, and the other one does not.
#[test]
fn a_borrowed_key_answers_with_its_own_bond() {
	test(|| {
		serve();
		let borrowed = Call::offer { domain: ROWS, key: key(SERVER), price: 0, endpoint: endpoint(), bond: 10 * DOIN };
		assert_ok!(send(60, borrowed));
		let honest = answered(11, &constant([1, 2, 3]), &[[1, 2, 3]]);
		assert_eq!(accuse_by(ACCUSER, 60, honest.accusation(SERVER, 0, None)), error(Error::TrueOutput));
		assert_eq!(accuse_by(ACCUSER, 60, honest.accusation(60, 0, None)), error(Error::BadSignature));
	});
}
