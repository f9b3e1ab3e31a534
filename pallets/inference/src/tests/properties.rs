//! Random sequences of offers, answers, crownings and accusations. The invariants hold after each call, no planck is lost, and no server is
//! slashed for a true answer.

use crate::{
	mock::*,
	types::{Accusation, Claim},
	Call, Event, Offers,
};
use doin_primitives::{inference::MIN_BOND, Balance, BlockNumber};
use doin_testing::checked;
use frame_support::assert_ok;
use proptest::{collection::vec, prelude::*};

/// Operations of one chain.
const OPERATIONS: usize = 200;
/// Servers, which are accusers and payers as well.
const ACCOUNTS: u8 = 4;

/// Chains of the test: 20 000 operations, or a million in the full test.
fn chains() -> u32 {
	if std::env::var_os("DOIN_FULL").is_some() {
		5_000
	} else {
		100
	}
}

#[derive(Clone, Copy, Debug)]
enum Operation {
	/// Makes or changes an offer.
	Offer { who: u8, price: u64, bond: u64 },
	/// Withdraws an offer.
	Withdraw { who: u8 },
	/// Releases a bond.
	Release { who: u8 },
	/// Crowns a model with one of a few scores.
	Crown { scores: u8 },
	/// Makes blocks.
	Blocks(BlockNumber),
	/// Accuses a server of an answer of `age` blocks ago with the champion of `back` crownings before, which states its output or another
	/// one.
	Accuse { server: u8, accuser: u8, age: BlockNumber, back: u8, is_true: bool, claims_output: bool },
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
	let who = || 0..ACCOUNTS;
	let operation = prop_oneof![
		5 => (who(), 0u64..1_000_000_000, 0u64..8)
			.prop_map(|(who, price, bond)| Operation::Offer { who, price, bond: MIN_BOND as u64 * bond }),
		2 => who().prop_map(|who| Operation::Withdraw { who }),
		3 => who().prop_map(|who| Operation::Release { who }),
		3 => (0u8..3).prop_map(|scores| Operation::Crown { scores }),
		5 => prop_oneof![1u32..30, 1u32..WINDOW].prop_map(Operation::Blocks),
		8 => (who(), who(), prop_oneof![0u32..60, 0..2 * WINDOW], 0u8..3, any::<bool>(), any::<bool>()).prop_map(
			|(server, accuser, age, back, is_true, claims_output)| Operation::Accuse {
				server,
				accuser,
				age,
				back,
				is_true,
				claims_output
			}
		),
	];
	vec(operation, OPERATIONS)
}

/// Champions and burns as a test knows them without the pallet.
struct Model {
	/// Champions, with the block from which they are.
	champions: Vec<(BlockNumber, [i32; 3])>,
	/// Sum of what was burned.
	burned: Balance,
}

impl Model {
	/// Returns the champion of a block.
	fn at(&self, block: BlockNumber) -> [i32; 3] {
		self.champions.iter().rev().find(|(from, _)| *from <= block).expect("there is one from block 0 on").1
	}

	fn run(&mut self, operation: Operation) {
		let account = |who: u8| 1 + AccountId::from(who);
		match operation {
			Operation::Offer { who, price, bond } => {
				let who = account(who);
				let (price, bond) = (price.into(), bond.into());
				let _ = send(who, Call::offer { domain: ROWS, key: key(who), price, endpoint: endpoint(), bond });
			}
			Operation::Withdraw { who } => {
				let _ = send(account(who), Call::withdraw { domain: ROWS });
			}
			Operation::Release { who } => {
				let _ = send(ACCUSER, Call::release { domain: ROWS, who: account(who) });
			}
			Operation::Crown { scores } => {
				to(now() + 1);
				let scores = [i32::from(scores), 5, 7];
				crown(1 + self.champions.len() as u64, scores);
				self.champions.push((now(), scores));
			}
			Operation::Blocks(count) => to(now() + count),
			Operation::Accuse { server, accuser, age, back, is_true, claims_output } => {
				self.accuse(account(server), account(accuser), now().saturating_sub(age), back, (is_true, claims_output));
			}
		}
	}

	fn accuse(
		&mut self,
		server: AccountId,
		accuser: AccountId,
		block: BlockNumber,
		back: u8,
		(is_true, claims_output): (bool, bool),
	) {
		let index = self.champions.iter().rposition(|(from, _)| *from <= block).expect("there is one");
		let served = self.champions[index.saturating_sub(back.into())].1;
		let stated = if is_true { served } else { [-1; 3] };
		let answer = answered(block, &constant(served), &[stated]);
		let accusation = if claims_output {
			answer.accusation(server, 0, Some(constant(served)))
		} else {
			Accusation { claim: Claim::Model, ..answer.stale(server) }
		};
		let before = Offers::<Test>::get(ROWS, server);
		let issuance = Balances::total_issuance();
		if accuse_by(accuser, server, accusation).is_ok() {
			let offer = before.expect("there was a bond");
			assert!(offer.since <= block && block + WINDOW >= now(), "the receipt is one of the bond and of the window");
			if claims_output {
				assert!(served == self.at(block) && !is_true, "the champion of the block, and another output");
			} else {
				assert!(served != self.at(block) && !offer.is_halved, "another model, and the first such lie");
			}
			let Some(Event::Slashed { slashed, burned, compensation, reward, .. }) = events().pop() else { panic!("slashed") };
			assert_eq!(slashed, if claims_output { offer.bond } else { offer.bond.div_ceil(2) });
			assert_eq!(burned + compensation + reward, slashed);
			assert!(100 * burned >= 89 * slashed);
			self.burned += burned;
			assert_eq!(Balances::total_issuance(), issuance - burned);
		} else {
			assert_eq!(Offers::<Test>::get(ROWS, server), before, "a call that fails changes nothing");
			let could = before.is_some_and(|offer| {
				let in_time = offer.since <= block && block + WINDOW >= now();
				let is_champion = served == self.at(block);
				in_time && if claims_output { is_champion && !is_true } else { !is_champion && !offer.is_halved }
			});
			assert!(!could, "a lie is proved");
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(chains()))]

	#[test]
	fn lies_are_slashed_and_nothing_else_is(operations in operations()) {
		checked(ext(), Inference::do_try_state, || {
			System::set_block_number(10);
			let mut model = Model { champions: vec![(0, [1, 2, 3])], burned: 0 };
			for operation in operations {
				model.run(operation);
				Inference::do_try_state().expect("the state of the pallet is consistent after every operation");
				System::reset_events();
			}
			// All bonds come back.
			for who in Offers::<Test>::iter_key_prefix(ROWS).collect::<Vec<_>>() {
				let _ = send(who, Call::withdraw { domain: ROWS });
			}
			to(now() + WINDOW + 1);
			for who in Offers::<Test>::iter_key_prefix(ROWS).collect::<Vec<_>>() {
				assert_ok!(send(ACCUSER, Call::release { domain: ROWS, who }));
			}
			let sum: Balance = (1..100).map(free).sum();
			assert_eq!(sum + model.burned, 99 * ENDOWMENT);
		});
	}
}
