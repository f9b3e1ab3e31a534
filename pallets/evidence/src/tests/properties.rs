//! Random sequences of steps.

use super::*;
use frame_support::traits::fungible::Inspect as _;
use proptest::prelude::*;

/// Returns random steps: (kind of step, domain, number).
fn steps() -> impl Strategy<Value = Vec<(u8, u32, u16)>> {
	prop::collection::vec((0..9u8, 0..2u32, 0..600u16), 1..80)
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
}
