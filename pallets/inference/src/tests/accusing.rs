//! Accusations: what proves a lie, what it costs, and what is refused.

use crate::{mock::*, types::Claim, Call, Error, Event, Listed, Served};
use doin_primitives::{
	channel::Contract,
	inference::{number_bytes, Lie},
	Balance, DOIN,
};
use frame_support::{assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::traits::Dispatchable;

#[docify::export]
#[test]
fn a_false_output_takes_the_whole_bond() {
	test(|| {
		serve();
		// The champion gives the scores 1, 2 and 3 to every row. The second window of this receipt states others.
		let answer = answered(10, &constant([1, 2, 3]), &[[1, 2, 3], [3, 2, 1]]);
		let issuance = Balances::total_issuance();
		assert_ok!(accuse(answer.accusation(SERVER, 1, None)));
		assert_eq!(held(SERVER), 0);
		assert_eq!(free(PAYER), ENDOWMENT + 10 * PRICE, "ten prices");
		assert_eq!(free(ACCUSER), ENDOWMENT + BOND / 10, "a tenth");
		assert_eq!(Balances::total_issuance(), issuance - (BOND - 10 * PRICE - BOND / 10), "the rest is burned");
	});
}

#[test]
fn a_slash_names_everybody_and_ends_the_offer() {
	test(|| {
		serve();
		let answer = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		assert_ok!(accuse(answer.accusation(SERVER, 0, None)));
		let slashed = Event::Slashed {
			domain: ROWS,
			who: SERVER,
			lie: Lie::Output,
			slashed: BOND,
			burned: BOND - 10 * PRICE - BOND / 10,
			payer: Some(PAYER),
			compensation: 10 * PRICE,
			accuser: ACCUSER,
			reward: BOND / 10,
		};
		assert_eq!(events().last(), Some(&slashed));
		assert_eq!(
			(offer_of(SERVER), Listed::<Test>::contains_key(ROWS), Served::<Test>::contains_key(ROWS)),
			(None, false, false)
		);
		assert_eq!(accuse(answer.accusation(SERVER, 0, None)), error(Error::NoOffer), "a bond is lost once");
		assert_ok!(offer(SERVER, ROWS, BOND));
		to(now() + 1);
		assert_eq!(accuse(answer.accusation(SERVER, 0, None)), error(Error::BeforeOffer), "nor is the next one lost for it");
	});
}

#[test]
fn a_true_output_proves_nothing() {
	test(|| {
		serve();
		let answer = answered(10, &constant([1, 2, 3]), &[[1, 2, 3]; 64]);
		for index in [0, 63] {
			assert_eq!(accuse(answer.accusation(SERVER, index, None)), error(Error::TrueOutput));
		}
		assert_eq!(accuse(answer.stale(SERVER)), error(Error::ChampionServed));
		assert_eq!((held(SERVER), held(ACCUSER)), (BOND, 0));
	});
}

#[test]
fn an_output_of_another_length_is_false() {
	for output in [vec![], number_bytes(&[1, 2]), number_bytes(&[1, 2, 3, 0]), vec![1; 4_096]] {
		test(|| {
			serve();
			let answer = answer_of(10, &constant([1, 2, 3]), vec![(vec![1; 4], output)]);
			assert_ok!(accuse(answer.accusation(SERVER, 0, None)));
		});
	}
}

/// A lie is proved after the champion is replaced and its bytes are deleted, and after the domain is retired.
#[test]
fn neither_a_new_champion_nor_a_retired_domain_hides_a_lie() {
	test(|| {
		serve();
		let lie = answered(11, &constant([1, 2, 3]), &[[0; 3]]);
		to(20);
		crown(2, [4, 5, 6]);
		retire(ROWS);
		to(11 + WINDOW);
		assert_eq!(accuse(lie.accusation(SERVER, 0, None)), error(Error::ModelNotStored));
		let other = Some(constant([4, 5, 6]));
		assert_eq!(accuse(lie.accusation(SERVER, 0, other)), error(Error::WrongModel));
		assert_eq!(Runs::get(), 0, "other bytes are never decoded");
		assert_ok!(accuse(lie.accusation(SERVER, 0, Some(constant([1, 2, 3])))));
		assert_eq!(held(SERVER), 0);
	});
}

#[test]
fn a_model_that_was_not_the_champion_takes_half_of_the_bond_once() {
	test(|| {
		serve();
		to(20);
		crown(2, [4, 5, 6]);
		to(25);
		let stale = answered(20, &constant([1, 2, 3]), &[[1, 2, 3]]);
		assert_ok!(accuse(stale.stale(SERVER)));
		let compensation = BOND / 2 / 100;
		assert_eq!((free(PAYER), free(ACCUSER)), (ENDOWMENT + compensation.min(10 * PRICE), ENDOWMENT + BOND / 20));
		assert_eq!(held(SERVER), BOND / 2);
		let offer = offer_of(SERVER).expect("half of its bond is left");
		assert_eq!((offer.is_halved, offer.leaves), (true, Some(25 + WINDOW + 1)));
		assert_eq!(accuse(stale.stale(SERVER)), error(Error::AlreadyHalved));
		assert_eq!(crate::mock::offer(SERVER, ROWS, BOND), error(Error::BondSlashed));
		assert_eq!(send(SERVER, Call::withdraw { domain: ROWS }), error(Error::NotListed));
		// The rest is released, unless a false output is proved.
		let lie = answered(20, &constant([4, 5, 6]), &[[0; 3]]);
		to(20 + WINDOW);
		assert_ok!(accuse(lie.accusation(SERVER, 0, None)));
		assert_eq!(held(SERVER), 0);
	});
}

#[test]
fn the_other_half_is_released_after_the_claim_window() {
	test(|| {
		serve();
		assert_ok!(accuse(answered(11, &[7; 9], &[[0; 3]]).stale(SERVER)));
		to(11 + WINDOW + 1);
		assert_ok!(send(ACCUSER, Call::release { domain: ROWS, who: SERVER }));
		assert_eq!((free(SERVER), offer_of(SERVER)), (ENDOWMENT - BOND / 2, None));
		assert_ok!(offer(SERVER, ROWS, BOND));
	});
}

#[test]
fn the_blocks_of_a_receipt_are_those_of_the_bond_and_of_the_window() {
	test(|| {
		to(9);
		serve();
		let lie = |block| answered(block, &constant([1, 2, 3]), &[[0; 3]]).accusation(SERVER, 0, None);
		assert_eq!(accuse(lie(8)), error(Error::BeforeOffer));
		assert_eq!(accuse(lie(11)), error(Error::FutureBlock));
		to(9 + WINDOW + 1);
		assert_eq!(accuse(lie(9)), error(Error::BlockTooOld));
		assert_ok!(accuse(lie(10)));
	});
}

#[test]
fn every_part_of_a_receipt_is_checked() {
	test(|| {
		serve();
		let answer = answered(10, &constant([1, 2, 3]), &[[1, 2, 3], [0; 3]]);
		let good = answer.accusation(SERVER, 1, None);
		let refused = |expected: Error<Test>, change: &dyn Fn(&mut crate::types::Window)| {
			let mut accusation = good.clone();
			let Claim::Output(window) = &mut accusation.claim else { panic!("an output") };
			change(window);
			assert_eq!(accuse(accusation), error(expected));
		};
		refused(Error::WrongPairs, &|window| <[_]>::swap(window.pairs.as_mut(), 0, 1));
		refused(Error::WrongPairs, &|window| window.pairs.truncate(1));
		refused(Error::WrongWindow, &|window| window.index = 2);
		refused(Error::WrongWindow, &|window| window.index = 0);
		refused(Error::WrongWindow, &|window| window.nonce[0] ^= 1);
		refused(Error::WrongWindow, &|window| window.input[0] ^= 1);
		refused(Error::WrongWindow, &|window| window.output[0] ^= 1);
		refused(Error::WrongModel, &|window| window.model = Some(Default::default()));

		let mut other = good.clone();
		other.signature[3] ^= 1;
		assert_eq!(accuse(other), error(Error::BadSignature));
		let mut other = good.clone();
		other.receipt.price += 1;
		assert_eq!(accuse(other), error(Error::BadSignature));
		let mut other = good.clone();
		other.receipt.domain = SERIES;
		assert_eq!(accuse(other), error(Error::NoOffer));
		assert_eq!(accuse(answer.accusation(PAYER, 1, None)), error(Error::BadSignature), "of another key");
		assert_eq!(accuse_by(ACCUSER, PAYER, good.clone()), error(Error::NoOffer));
		assert_eq!((held(SERVER), Runs::get()), (BOND, 0), "nothing was run");
		assert_ok!(accuse(good));
	});
}

#[test]
fn the_payer_is_named_by_the_contract_of_the_channel() {
	test(|| {
		serve();
		let answer = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		let with = |contract| crate::types::Accusation { contract, ..answer.accusation(SERVER, 0, None) };
		assert_eq!(accuse(with(None)), error(Error::WrongContract), "an accuser cannot leave the payer out");
		let other = Contract { payer: ACCUSER, ..contract() };
		assert_eq!(accuse(with(Some(other))), error(Error::WrongContract), "nor put itself in its place");
		assert_ok!(accuse(with(Some(contract()))));

		// A receipt for a request that nobody has paid for names no channel.
		assert_ok!(offer(SERVER, ROWS, BOND));
		let mut gratis = answered(now(), &constant([1, 2, 3]), &[[0; 3]]);
		(gratis.receipt.channel, gratis.receipt.price) = ([0; 32], 0);
		let accusation = gratis.accusation(SERVER, 0, None);
		assert_eq!(accuse(accusation.clone()), error(Error::WrongContract));
		assert_ok!(accuse(crate::types::Accusation { contract: None, ..accusation }));
		let Some(Event::Slashed { payer, compensation, .. }) = events().pop() else { panic!("slashed") };
		assert_eq!((payer, compensation), (None, 0));
	});
}

#[test]
fn a_compensation_is_a_hundredth_of_what_is_slashed_at_most() {
	for (price, expected) in [(0, 0), (PRICE, 10 * PRICE), (DOIN, BOND / 100), (Balance::MAX, BOND / 100)] {
		test(|| {
			serve();
			let mut answer = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
			answer.receipt.price = price;
			assert_ok!(accuse(answer.accusation(SERVER, 0, None)));
			assert_eq!(free(PAYER), ENDOWMENT + expected);
		});
	}
}

#[test]
fn a_payer_without_an_account_leaves_its_part_to_be_burned() {
	test(|| {
		serve();
		assert_ok!(Balances::transfer_all(RuntimeOrigin::signed(PAYER), 50, false));
		let mut answer = answered(10, &constant([1, 2, 3]), &[[0; 3]]);
		answer.receipt.price = LEAST / 100;
		assert_ok!(accuse(answer.accusation(SERVER, 0, None)));
		assert_eq!((free(PAYER), free(ACCUSER)), (0, ENDOWMENT + BOND / 10));
		assert_eq!(Balances::total_issuance(), 99 * ENDOWMENT - (BOND - BOND / 10));
	});
}

#[test]
fn a_failed_accusation_pays_for_the_most_expensive_run() {
	test(|| {
		let accusation = Box::new(answered(10, &[], &[[0; 3]]).accusation(SERVER, 0, None));
		let call = RuntimeCall::Inference(Call::accuse { server: SERVER, accusation });
		let weight = <() as crate::WeightInfo>::accuse().saturating_add(RUN);
		assert_eq!(call.get_dispatch_info().call_weight, weight.saturating_add(END), "votes of the server could end");
		let refused = call.dispatch(RuntimeOrigin::signed(ACCUSER)).expect_err("there is no offer");
		assert_eq!(refused.post_info.actual_weight, Some(weight));
	});
}
