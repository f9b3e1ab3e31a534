//! Donations: their places, their withdrawal, and the rounds that they are paid for.

use super::*;
use crate::{Bounties, Withdrawal, MAX_DONORS};
use doin_primitives::RoundParams;
use frame_support::traits::{LockableCurrency, WithdrawReasons};
use proptest::prelude::*;

#[test]
fn a_bounty_grows_and_stays_with_its_donors() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::add_bounty(signed(3), domain, 200));
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 100));
		assert_eq!((bounty_of(OTHER), bounty_of(3), state(domain).bounty), (400, 200, 600));
		assert_eq!(events().last(), Some(&Event::BountyAdded { domain, donor: OTHER, amount: 100, bounty: 600 }));
	});
}

#[test]
fn a_bounty_is_checked() {
	build_and_execute(|| {
		assert_noop!(Registry::add_bounty(signed(OTHER), 5, 300), Error::<Test>::UnknownDomain);
		let loading = load(forecast(), &series());
		assert_noop!(Registry::add_bounty(signed(OTHER), loading, 300), Error::<Test>::NotActive);
		let domain = active();
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, MIN_BOUNTY - 1), Error::<Test>::BountyTooSmall);
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, 2 * ENDOWMENT), TokenError::FundsUnavailable);
		for donor in 3..10 {
			assert_ok!(Registry::add_bounty(signed(donor), domain, MIN_BOUNTY));
		}
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, MIN_BOUNTY), Error::<Test>::TooManyDonors);
		assert_ok!(Registry::add_bounty(signed(3), domain, MIN_BOUNTY));
		let endless = NextDomainId::<Test>::get();
		assert_ok!(Registry::register(signed(OWNER), Box::new(DomainSpec { target: 0, ..quadratic() }), None));
		assert_noop!(Registry::add_bounty(signed(OTHER), endless, 300), Error::<Test>::NoTarget);
	});
}

#[test]
fn small_donations_exclude_neither_the_owner_nor_a_larger_donation() {
	build_and_execute(|| {
		let domain = active();
		for donor in 3..10 {
			assert_ok!(Registry::add_bounty(signed(donor), domain, MIN_BOUNTY + Balance::from(donor)));
		}
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, MIN_BOUNTY + 3), Error::<Test>::TooManyDonors);
		assert_ok!(Registry::add_bounty(signed(OWNER), domain, MIN_BOUNTY));
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 5_000));
		assert!(deposited(Event::BountyRefunded { domain, donor: 3, amount: MIN_BOUNTY + 3 }));
		assert_eq!((bounty_of(3), bounty_of(OTHER)), (0, 5_000));
		assert_eq!(Balances::balance(&3), ENDOWMENT, "the replaced donation is refunded");
		let rest: Balance = (4..10).map(|donor| MIN_BOUNTY + donor).sum();
		assert_eq!(state(domain).bounty, rest + MIN_BOUNTY + 5_000);

		// The donation of the owner is the smallest, and stays.
		assert_ok!(Registry::add_bounty(signed(11), domain, 6_000));
		assert_eq!((bounty_of(4), bounty_of(OWNER)), (0, MIN_BOUNTY));
		// A donor with a place adds to its donation without replacing another one.
		assert_ok!(Registry::add_bounty(signed(5), domain, MIN_BOUNTY));
		assert_eq!(bounty_of(6), MIN_BOUNTY + 6);
	});
}

/// Notice of a withdrawal, in blocks.
const NOTICE: BlockNumber = RoundParams::DEV.longest();

/// Returns the last round for which a donation to `domain` is paid if its withdrawal is announced now.
fn current_round(domain: DomainId) -> u32 {
	RoundParams::DEV.place(domain, System::block_number() as BlockNumber).round.number
}

#[test]
fn n11_a_donation_is_withdrawn_after_a_notice() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::add_bounty(signed(3), domain, 200));
		assert_noop!(Registry::withdraw_bounty(signed(OTHER), domain), Error::<Test>::NotAnnounced);
		at_block(100);
		let (from, last_round) = (100 + NOTICE, current_round(domain));
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		let announced = Event::WithdrawalAnnounced { domain, donor: OTHER, amount: 300, from, last_round, bounty: 200 };
		assert_eq!(events().last(), Some(&announced));
		assert_eq!((state(domain).bounty, bounty_of(OTHER)), (200, 300), "still on hold, but not promised to later rounds");
		assert_noop!(Registry::announce_withdrawal(signed(OTHER), domain), Error::<Test>::AlreadyAnnounced);
		at_block(from - 1);
		assert_noop!(Registry::withdraw_bounty(signed(OTHER), domain), Error::<Test>::NoticeRunning);
		at_block(from);
		assert_ok!(Registry::withdraw_bounty(signed(OTHER), domain));
		assert_eq!(events().last(), Some(&Event::BountyWithdrawn { domain, donor: OTHER, amount: 300 }));
		assert_eq!((Balances::balance(&OTHER), state(domain).bounty), (ENDOWMENT, 200));
		assert_noop!(Registry::withdraw_bounty(signed(OTHER), domain), Error::<Test>::NoDonation);
		// The last donation of a bounty leaves no empty list.
		assert_ok!(Registry::announce_withdrawal(signed(3), domain));
		at_block(from + NOTICE);
		assert_ok!(Registry::withdraw_bounty(signed(3), domain));
		assert!(!Bounties::<Test>::contains_key(domain));
	});
}

#[test]
fn n11_a_withdrawal_is_checked() {
	build_and_execute(|| {
		assert_noop!(Registry::announce_withdrawal(signed(OTHER), 5), Error::<Test>::UnknownDomain);
		assert_noop!(Registry::withdraw_bounty(signed(OTHER), 5), Error::<Test>::UnknownDomain);
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(3), domain, 200));
		assert_noop!(Registry::announce_withdrawal(signed(OTHER), domain), Error::<Test>::NoDonation);
		assert_noop!(Registry::withdraw_bounty(signed(OTHER), domain), Error::<Test>::NoDonation);
	});
}

/// Coins that are on hold can vote, and a vote locks them. An account that gets them as a bounty can vote with them too.
#[test]
fn the_votes_of_a_donor_end_when_locked_coins_are_paid() {
	build_and_execute(|| {
		let domain = active();
		for (donor, locked) in [(OTHER, ENDOWMENT), (3, ENDOWMENT - 200), (7, ENDOWMENT)] {
			assert_ok!(Registry::add_bounty(signed(donor), domain, 200));
			Balances::set_lock(*b"a vote  ", &donor, locked, WithdrawReasons::all());
		}
		crown(domain, champion(7, 1), 0, 1);
		assert_eq!(events().last(), Some(&Event::Converged { domain, author: Some(7), loss: 1, bounty: 600 }));
		// Account 3 keeps what is locked, and account 7 is the author.
		assert_eq!(EndedVotes::get(), [OTHER]);
	});
}

#[test]
fn n11_a_donation_stays_for_the_rounds_that_it_was_given_for() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		at_block(100);
		let last_round = current_round(domain);
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		at_block(100 + 50 * NOTICE);
		for open in [last_round - 3, last_round] {
			EarliestRound::set(Some(open));
			assert_noop!(Registry::withdraw_bounty(signed(OTHER), domain), Error::<Test>::RoundsOpen);
		}
		// The verdict of such a round pays the whole donation.
		let winner = Champion { round: Some(RoundId { domain, number: last_round }), ..champion(7, 100_000) };
		crown(domain, winner, 0, 110_000);
		assert_eq!((Balances::balance(&7), Balances::balance(&OTHER)), (ENDOWMENT + 300, ENDOWMENT - 300));
		assert_eq!(events().last(), Some(&Event::Converged { domain, author: Some(7), loss: 115_343, bounty: 300 }));
	});
}

#[test]
fn n11_later_rounds_are_not_promised_a_donation_that_leaves() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::add_bounty(signed(3), domain, 200));
		at_block(100);
		let last_round = current_round(domain);
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		// A donor who announces at once and withdraws when a winning model is revealed takes nothing that was promised.
		at_block(100 + NOTICE);
		EarliestRound::set(Some(last_round + 1));
		assert_eq!(state(domain).bounty, 200);
		let winner = Champion { round: Some(RoundId { domain, number: last_round + 1 }), ..champion(7, 100_000) };
		crown(domain, winner, 0, 110_000);
		assert!(deposited(Event::BountyWithdrawn { domain, donor: OTHER, amount: 300 }));
		assert_eq!(events().last(), Some(&Event::Converged { domain, author: Some(7), loss: 115_343, bounty: 200 }));
		assert_eq!([7, OTHER, 3].map(|who| Balances::balance(&who)), [ENDOWMENT + 200, ENDOWMENT, ENDOWMENT - 200]);
		assert_eq!((bounty_of(OTHER), bounty_of(3), state(domain).bounty), (0, 0, 0));
	});
}

#[test]
fn n11_an_addition_cancels_an_announced_withdrawal() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		assert_eq!(state(domain).bounty, 0);
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 100));
		assert_eq!((state(domain).bounty, bounty_of(OTHER)), (400, 400));
		at_block(10 * NOTICE);
		assert_noop!(Registry::withdraw_bounty(signed(OTHER), domain), Error::<Test>::NotAnnounced);
		// A larger donation also replaces one whose withdrawal is announced.
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		for donor in 3..10 {
			assert_ok!(Registry::add_bounty(signed(donor), domain, 500));
		}
		assert!(deposited(Event::BountyRefunded { domain, donor: OTHER, amount: 400 }));
		assert_eq!((state(domain).bounty, bounty_of(OTHER)), (7 * 500, 0));
		assert!(Bounties::<Test>::get(domain).iter().all(|donation| donation.withdrawal.is_none()));
	});
}

#[test]
fn n11_an_announced_donation_comes_back_with_the_domain() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		let withdrawal = Some(Withdrawal { from: 1 + NOTICE, last_round: current_round(domain) });
		assert_eq!(Bounties::<Test>::get(domain)[0].withdrawal, withdrawal);
		assert_ok!(Registry::close(signed(OWNER), domain));
		assert_ok!(Registry::retire(signed(OTHER), domain));
		assert!(matches!(events().last(), Some(Event::Retired { bounty: 300, .. })));
		assert_eq!(Balances::balance(&OTHER), ENDOWMENT);
	});
}

/// Fills every place but the owner's with donors 3 to 9, who give `amount` each.
fn fill(domain: DomainId, amount: Balance) {
	for donor in 3..2 + AccountId::from(MAX_DONORS) {
		assert_ok!(Registry::add_bounty(signed(donor), domain, amount));
	}
	assert_eq!(Bounties::<Test>::get(domain).len() as u32, MAX_DONORS - 1);
}

/// Moves on to the first block of the round after the current one. Returns its number.
fn to_next_round(domain: DomainId) -> u32 {
	let round = current_round(domain);
	while current_round(domain) == round {
		at_block(System::block_number() as BlockNumber + 1);
	}
	current_round(domain)
}

#[test]
fn n11_a_donation_that_no_round_can_be_paid_from_gives_up_its_place() {
	build_and_execute(|| {
		let domain = active();
		fill(domain, 500);
		assert_ok!(Registry::announce_withdrawal(signed(5), domain));
		at_block(2);
		assert_ok!(Registry::announce_withdrawal(signed(4), domain));
		let last_round = current_round(domain);
		assert_eq!(to_next_round(domain), last_round + 1);
		// Account 5 was the first to announce. It gets everything back, before its notice has passed.
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, MIN_BOUNTY));
		assert!(deposited(Event::BountyRefunded { domain, donor: 5, amount: 500 }));
		assert_eq!((Balances::balance(&5), bounty_of(5)), (ENDOWMENT, 0));
		assert_eq!(state(domain).bounty, 5 * 500 + MIN_BOUNTY);
		assert_noop!(Registry::withdraw_bounty(signed(5), domain), Error::<Test>::NoDonation);
		// A larger donation takes the place of the other one too, and not that of a smaller donation which stays.
		assert_ok!(Registry::add_bounty(signed(11), domain, 9_000));
		assert_eq!(Balances::balance(&4), ENDOWMENT);
		assert_eq!(bounty_of(OTHER), MIN_BOUNTY);
		// Nobody else loses a place to a small donation.
		assert_noop!(Registry::add_bounty(signed(12), domain, MIN_BOUNTY), Error::<Test>::TooManyDonors);
		assert_eq!([3, 6, 7, 8, 9].map(bounty_of), [500; 5]);
	});
}

#[test]
fn n11_a_donation_keeps_its_place_while_a_round_can_be_paid_from_it() {
	build_and_execute(|| {
		let domain = active();
		fill(domain, 500);
		at_block(100);
		assert_ok!(Registry::announce_withdrawal(signed(5), domain));
		let last_round = current_round(domain);
		let refused = || {
			assert_noop!(Registry::add_bounty(signed(OTHER), domain, 500), Error::<Test>::TooManyDonors);
		};
		// The round that took commits at the announcement still takes commits.
		refused();
		EarliestRound::set(Some(last_round));
		refused();
		// It is undecided, also long after the notice.
		to_next_round(domain);
		refused();
		at_block(20 * NOTICE);
		refused();
		EarliestRound::set(Some(last_round - 1));
		refused();
		assert_eq!((bounty_of(5), state(domain).bounty), (500, 6 * 500));
		// Its verdict pays the whole donation.
		let winner = Champion { round: Some(RoundId { domain, number: last_round }), ..champion(7, 100_000) };
		crown(domain, winner, 0, 110_000);
		assert_eq!(Balances::balance(&5), ENDOWMENT - 500);
		assert_eq!(Balances::balance(&7), ENDOWMENT + 6 * 500, "seven donations, one of which is its own");
	});
}

#[test]
fn n11_the_place_is_free_once_the_rounds_are_decided() {
	build_and_execute(|| {
		let domain = active();
		fill(domain, 500);
		assert_ok!(Registry::announce_withdrawal(signed(5), domain));
		let last_round = current_round(domain);
		to_next_round(domain);
		EarliestRound::set(Some(last_round + 1));
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, MIN_BOUNTY));
		assert_eq!(Balances::balance(&5), ENDOWMENT);
	});
}

#[test]
fn n11_small_donations_take_a_donation_from_no_round_that_is_being_decided() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::announce_withdrawal(signed(OTHER), domain));
		let last_round = current_round(domain);
		EarliestRound::set(Some(last_round));
		to_next_round(domain);
		// Other accounts of the donor fill the list with the smallest amounts.
		for donor in 3..9 {
			assert_ok!(Registry::add_bounty(signed(donor), domain, MIN_BOUNTY));
		}
		assert_noop!(Registry::add_bounty(signed(9), domain, MIN_BOUNTY), Error::<Test>::TooManyDonors);
		// A donation that is larger than the smallest one replaces that.
		assert_ok!(Registry::add_bounty(signed(9), domain, MIN_BOUNTY + 1));
		assert_eq!((bounty_of(3), bounty_of(OTHER)), (0, 300));
		let winner = Champion { round: Some(RoundId { domain, number: last_round }), ..champion(20, 100_000) };
		crown(domain, winner, 0, 110_000);
		assert_eq!(Balances::balance(&20), ENDOWMENT + 300 + 6 * MIN_BOUNTY + 1);
	});
}

/// Returns the amount that the donations to `domain` pay for round `number`, in plancks.
fn payable(domain: DomainId, number: u32) -> Balance {
	Bounties::<Test>::get(domain).iter().filter(|donation| donation.pays(number)).map(|donation| donation.amount).sum()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// Twelve donors and the owner add, announce and withdraw in any order, and rounds are decided in between.
	#[test]
	fn n11_no_step_of_a_donor_lowers_the_bounty_of_an_undecided_round(
		steps in prop::collection::vec((1..14u64, 0..5u8, 0..600u32), 1..120),
	) {
		build_and_execute(|| {
			let domain = active();
			let balance = |who| Balances::balance(&who) + bounty_of(who) + deposit_of(who);
			let before: Vec<Balance> = (1..14).map(balance).collect();
			// Rounds from this number on are undecided; it never falls.
			let mut undecided = current_round(domain);
			for (who, kind, much) in steps {
				let current = current_round(domain);
				let bounty = |number| payable(domain, number);
				let bounties: Vec<Balance> = (undecided..=current).map(bounty).collect();
				let _refused = match kind {
					0 | 1 => Registry::add_bounty(signed(who), domain, much.into()),
					2 => Registry::announce_withdrawal(signed(who), domain),
					3 => Registry::withdraw_bounty(signed(who), domain),
					_ => {
						at_block(System::block_number() as BlockNumber + much);
						undecided = undecided.saturating_add(much % 7).min(current_round(domain));
						EarliestRound::set((undecided < current_round(domain)).then_some(undecided));
						continue;
					}
				};
				for (number, bounty) in (undecided..=current).zip(bounties) {
					let after = payable(domain, number);
					assert!(after >= bounty, "the bounty of round {number} fell from {bounty} to {after}");
				}
				Registry::do_try_state().expect("the registry is consistent after every step");
			}
			assert_eq!((1..14).map(balance).collect::<Vec<_>>(), before, "no donor loses a planck before a verdict");
		});
	}
}
