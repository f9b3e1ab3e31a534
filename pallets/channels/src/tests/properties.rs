//! Random sequences of calls and blocks. The invariants hold after each call, and no planck is lost.

use crate::{mock::*, Call, Channels as Stored, Event, Sums};
use doin_primitives::{
	channel::{burned, ChannelId},
	Balance, BlockNumber, DOIN,
};
use doin_testing::checked;
use frame_support::assert_ok;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

/// Operations of one chain.
const OPERATIONS: usize = 200;
/// Accounts that pay, are paid and interfere.
const ACCOUNTS: u8 = 5;

/// Chains of the test: 20 000 operations, or a million in the full test.
fn chains() -> u32 {
	if std::env::var_os("DOIN_FULL").is_some() {
		5_000
	} else {
		100
	}
}

/// Operation of a sequence. A channel is chosen among those that were ever opened, the newest ones first.
#[derive(Clone, Copy, Debug)]
enum Operation {
	/// Opens a channel.
	Open { payer: u8, payee: u8, pair: u8, deposit: u64, lifetime: BlockNumber },
	/// Adds to a channel.
	TopUp { channel: u8, who: u8, amount: u64, lifetime: BlockNumber },
	/// Redeems a voucher, signed by this key pair.
	Redeem { channel: u8, pair: u8, cumulative: u64 },
	/// Redeems the voucher of one channel from another.
	Cross { from: u8, to: u8, cumulative: u64 },
	/// Closes a channel.
	Close { channel: u8, who: u8 },
	/// Finishes a channel.
	Finish { channel: u8 },
	/// Makes blocks.
	Blocks(BlockNumber),
	/// Moves everything that an account can spend.
	Spend { who: u8, to: u8 },
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
	let who = || 0..ACCOUNTS;
	let channel = || 0u8..12;
	let amount = || prop_oneof![0..3 * DOIN as u64, 0u64..5_000, Just(20_000 * DOIN as u64)];
	let operation = prop_oneof![
		6 => (who(), who(), 1u8..4, amount(), 0u32..150)
			.prop_map(|(payer, payee, pair, deposit, lifetime)| Operation::Open { payer, payee, pair, deposit, lifetime }),
		3 => (channel(), who(), amount(), 0u32..200)
			.prop_map(|(channel, who, amount, lifetime)| Operation::TopUp { channel, who, amount, lifetime }),
		10 => (channel(), 1u8..4, amount()).prop_map(|(channel, pair, cumulative)| Operation::Redeem { channel, pair, cumulative }),
		1 => (channel(), channel(), amount()).prop_map(|(from, to, cumulative)| Operation::Cross { from, to, cumulative }),
		3 => (channel(), who()).prop_map(|(channel, who)| Operation::Close { channel, who }),
		4 => channel().prop_map(|channel| Operation::Finish { channel }),
		5 => (1u32..40).prop_map(Operation::Blocks),
		1 => (who(), who()).prop_map(|(who, to)| Operation::Spend { who, to }),
	];
	vec(operation, OPERATIONS)
}

/// Channels as a test knows them without the pallet.
#[derive(Default)]
struct Model {
	/// Channels that were opened, in order, with the key pair.
	opened: Vec<(ChannelId, u8)>,
	/// Largest amount that a voucher has claimed from each, at most the deposit at that time.
	best: BTreeMap<ChannelId, Balance>,
}

impl Model {
	fn channel(&self, at: u8) -> Option<(ChannelId, u8)> {
		self.opened.iter().rev().nth(at.into()).copied()
	}

	/// Records a voucher that was redeemed.
	fn redeemed(&mut self, channel: ChannelId, cumulative: Balance) {
		let best = self.best.entry(channel).or_default();
		*best = cumulative.min(state(channel).deposit).max(*best);
	}

	/// Runs an operation. Calls that are refused change nothing, which the invariants show.
	fn run(&mut self, operation: Operation) {
		let account = |who: u8| 1 + AccountId::from(who);
		let nothing = [0; 32];
		let of = |at: u8| self.channel(at).unwrap_or((nothing, 1));
		match operation {
			Operation::Open { payer, payee, pair, deposit, lifetime } => {
				let (payee, deposit) = (account(payee), deposit.into());
				let open = Call::open { payee, key: key(pair), deposit, lifetime, domain: Some(DOMAIN) };
				if send(account(payer), open).is_ok() {
					let Some(Event::Opened { channel, .. }) = events().pop() else { panic!("an opening has an event") };
					assert!(self.opened.iter().all(|(name, _)| *name != channel), "the name is new");
					self.opened.push((channel, pair));
				}
			}
			Operation::TopUp { channel, who, amount, lifetime } => {
				let (channel, amount) = (of(channel).0, amount.into());
				let before = Stored::<Test>::get(channel);
				let lifetime = (lifetime > 50).then_some(lifetime);
				if send(account(who), Call::top_up { channel, amount, lifetime }).is_ok() {
					let (before, after) = (before.expect("open"), state(channel));
					assert!(after.deposit >= before.deposit && after.expires >= before.expires, "never less");
					assert_eq!(before.contract.payer, account(who));
				}
			}
			Operation::Redeem { channel, pair, cumulative } => {
				let ((channel, right), cumulative) = (of(channel), Balance::from(cumulative));
				if redeem_signed(channel, cumulative, sign(pair, channel, cumulative)).is_ok() {
					assert_eq!(pair, right, "only the key of the channel pays");
					self.redeemed(channel, cumulative);
				}
			}
			Operation::Cross { from, to, cumulative } => {
				let ((from, pair), (to, _)) = (of(from), of(to));
				let cumulative = Balance::from(cumulative);
				let redeemed = redeem_signed(to, cumulative, sign(pair, from, cumulative));
				assert!(from == to || redeemed.is_err(), "a voucher pays from its channel only");
				if redeemed.is_ok() {
					self.redeemed(to, cumulative);
				}
			}
			Operation::Close { channel, who } => {
				let _ = send(account(who), Call::close { channel: of(channel).0 });
			}
			Operation::Finish { channel } => {
				let _ = send(OTHER, Call::finish { channel: of(channel).0 });
			}
			Operation::Blocks(count) => to(now() + count),
			Operation::Spend { who, to } => {
				let _ = Balances::transfer_all(RuntimeOrigin::signed(account(who)), account(to), true);
			}
		}
	}

	/// Checks that every open channel has paid its best voucher, and what the sums say of all coins.
	fn check(&self) {
		Channels::do_try_state().expect("the state of the pallet is consistent after every operation");
		for (channel, best) in &self.best {
			if let Some(channel) = Stored::<Test>::get(channel) {
				assert_eq!(channel.paid, *best, "the best voucher, and nothing more");
			}
		}
		let burned = Sums::<Test>::get().burned;
		assert_eq!(Balances::total_issuance() + burned, 9 * ENDOWMENT, "nothing but fees is burned");
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(chains()))]

	#[test]
	fn no_planck_is_lost(operations in operations()) {
		checked(ext(), Channels::do_try_state, || {
			System::set_block_number(1);
			let mut model = Model::default();
			for operation in operations {
				model.run(operation);
				model.check();
				System::reset_events();
			}
			// All channels end, and everything is back.
			to(now() + 10_000);
			for channel in Stored::<Test>::iter_keys().collect::<Vec<_>>() {
				assert_ok!(send(OTHER, Call::finish { channel }));
			}
			let sums = Sums::<Test>::get();
			assert_eq!(sums.paid + sums.burned + sums.returned, sums.deposited);
			assert!((1..10).all(|who| held(who) == 0), "no hold is left");
			let fees: Balance = sums.burned;
			assert_eq!((1..10).map(free).sum::<Balance>() + fees, 9 * ENDOWMENT);
		});
	}

	/// A payee that redeems a voucher before a channel ends receives what it states, whatever happened before.
	#[test]
	fn a_payee_is_paid_what_the_newest_voucher_states(amounts in vec(2..10 * DOIN, 1..12), order: u64) {
		test(|| {
			let channel = open(10 * DOIN);
			let best = *amounts.iter().max().expect("at least one");
			let mut redeemed = amounts.clone();
			redeemed.rotate_left(order as usize % amounts.len());
			redeemed.truncate(amounts.len() / 2);
			for cumulative in redeemed {
				let _ = redeem(channel, cumulative);
			}
			to(2);
			assert_ok!(send(PAYER, Call::close { channel }));
			to(1 + CHALLENGE);
			let _ = redeem(channel, best);
			let paid = state(channel).paid;
			assert!(best - paid <= 1, "a planck that would be burned is not paid");
			assert_eq!(free(PAYEE), ENDOWMENT + paid - burned(paid));
		});
	}
}
