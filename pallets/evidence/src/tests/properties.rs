//! Random sequences of steps.

use super::*;
use crate::Live;
use doin_primitives::evidence::SKIPPED_BARS;
use frame_support::traits::fungible::Inspect as _;
use proptest::prelude::*;

/// Returns random steps: (kind of step, domain, number).
fn steps() -> impl Strategy<Value = Vec<(u8, u32, u16)>> {
	prop::collection::vec((0..9u8, 0..2u32, 0..600u16), 1..80)
}

/// Rounds of the live domain in a random sequence of steps.
#[derive(Default)]
struct Rounds {
	/// Number of the last round.
	number: u32,
	/// Round that takes commits.
	committing: Option<RoundId>,
	/// First bars of the rounds, in order.
	firsts: Vec<u64>,
	/// Number of reports that are checked.
	reported: usize,
}

impl Rounds {
	/// Opens a round if it can get bars.
	fn open(&mut self) {
		if self.committing.is_none() && <Sealed as EvidenceSource>::ensure_open(LIVE).is_ok() {
			self.number += 1;
			self.committing = Some(RoundId { domain: LIVE, number: self.number });
			change(LIVE, |state| state.open_rounds += 1);
		}
	}

	/// Ends the commits of a round. The round is void if it can get no bars.
	fn request(&mut self) {
		let Some(round) = self.committing.take() else { return };
		if <Sealed as EvidenceSource>::request(round).is_err() {
			return change(LIVE, |state| state.open_rounds -= 1);
		}
		let Some(waiting) = Live::<Test>::get(LIVE).waiting.last().copied() else { panic!("the round waits") };
		assert!(waiting.first >= StreamNow::get().map_or(0, |stream| stream.running) + SKIPPED_BARS);
		assert!(self.firsts.last().is_none_or(|last| last + BARS <= waiting.first), "no bar is given to two rounds");
		self.firsts.push(waiting.first);
	}

	/// Checks new reports, and that each round has one. A round that stands is decided at once.
	fn check(&mut self) {
		let reports = Reports::get();
		for report in &reports[self.reported..] {
			match report {
				Report::Stands(_, EvidenceRef::Bars { first }) => {
					let next = StreamNow::get().map_or(0, |stream| stream.next);
					assert!(self.firsts.contains(first) && first + BARS <= next, "the bars are complete");
					change(LIVE, |state| state.open_rounds -= 1);
				}
				Report::Failed(_, reason) => assert_eq!(*reason, UnpaidReason::TooFewBars),
				Report::Stands(..) => panic!("the evidence is bars"),
			}
		}
		self.reported = reports.len();
		let waiting = Live::<Test>::get(LIVE).waiting.len();
		assert_eq!(self.firsts.len(), self.reported + waiting, "every round waits or is reported");
	}
}

/// Returns random steps of a live domain: (kind of step, number).
fn live_steps() -> impl Strategy<Value = Vec<(u8, u32)>> {
	prop::collection::vec((0..16u8, 0..200u32), 1..60)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// Runs a random sequence of calls, requests and verdicts on two sealed domains. Checks that the amounts that verdicts spend are
	/// the only ones burned of the holds of the owner, and that removing both domains releases all other holds.
	#[test]
	fn no_sequence_of_steps_strands_a_hold(steps in steps()) {
		new_test_ext().execute_with(|| {
			let (mut spent, mut number) = (0, 0);
			for (what, domain, much) in steps {
				let segments = Segments::<Test>::get(domain);
				match what {
					0 if segments.sealed < 60 => seal(domain, 1 + much % 3),
					1 => { let _may_fail = Sealed::fund(signed(OWNER), domain, much.into()); },
					2 => { let _may_fail = Sealed::withdraw(signed(OWNER), domain, much.into()); },
					3 => if <Sealed as EvidenceSource>::ensure_open(domain).is_ok() {
						number += 1;
						ask(domain, number);
					},
					// The segment, or a wrong one.
					4 | 5 => {
						let bytes = BoundedVec::truncate_from(segment(domain, segments.opened));
						let salt = salt(segments.opened + much % 2);
						let opened = Sealed::open_segment(signed(OTHER), domain, segments.opened, bytes, salt).is_ok();
						prop_assert!(!opened || much % 2 == 0);
						if opened && segments.awaited.is_some() {
							// The verdict follows at once.
							spent += <Sealed as EvidenceSource>::spend(RoundId { domain, number }, much.into());
							change(domain, |state| state.open_rounds -= 1);
						}
					},
					6 => BaseFeeNow::set(much.into()),
					_ => { to(now() + u32::from(much) % 9); },
				}
				Sealed::do_try_state().expect("the evidence is consistent after every step");
			}
			prop_assert_eq!(Balances::total_issuance(), 9 * ENDOWMENT - spent);
			to(now() + 40);
			let waits: Vec<bool> = [ROWS, SERIES].into_iter().map(|id| Segments::<Test>::get(id).awaited.is_some()).collect();
			prop_assert_eq!(waits, vec![false, false], "every time ends");
			<Sealed as EvidenceSource>::retired(ROWS);
			<Sealed as EvidenceSource>::retired(SERIES);
			prop_assert_eq!((held_for_segments(), held_in_purses()), (0, 0));
			prop_assert_eq!(Balances::total_balance(&OWNER), ENDOWMENT - spent);
			Ok(())
		})?;
	}

	/// Runs a random sequence of rounds on a stream that changes its pace, falls behind, stops, ends, or is paid late, while blocks
	/// serve the agenda or have no weight left for it.
	#[test]
	fn every_round_gets_bars_of_its_own_or_is_void(steps in live_steps()) {
		new_test_ext().execute_with(|| {
			let mut rounds = Rounds::default();
			let mut stream = StreamNow::get();
			change_stream(|stream| stream.paid_until = 400);
			for (what, much) in steps {
				match what {
					0..=2 => rounds.open(),
					3..=5 => rounds.request(),
					6 => Pace::set(u64::from(much) % 4),
					7 => Lag::set(Some(u64::from(much) % 50)),
					8 => Lag::set(None),
					9 => if StreamNow::get().is_some() {
						change_stream(|stream| stream.paid_until += u64::from(much));
					},
					10 if much < 40 => {
						let now = StreamNow::get();
						StreamNow::set(if now.is_some() { None } else { stream });
						stream = now.or(stream);
					},
					11 => to_unserved(now() + much),
					_ => { to(now() + much); },
				}
				rounds.check();
				Sealed::do_try_state().expect("the evidence is consistent after every step");
			}
			rounds.request();
			let last = Live::<Test>::get(LIVE).waiting.iter().map(|waiting| waiting.until).max();
			to(last.unwrap_or(0).max(now() + 1));
			rounds.check();
			prop_assert_eq!(rounds.firsts.len(), rounds.reported, "every time ends");
			<Sealed as EvidenceSource>::retired(LIVE);
			Sealed::do_try_state().expect("nothing is left");
			prop_assert_eq!(Live::<Test>::iter().count(), 0);
			Ok(())
		})?;
	}
}
