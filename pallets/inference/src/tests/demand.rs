//! Demand: burned fees that halve in a week.

use crate::{mock::*, Demands};
use doin_primitives::{views::DemandView, Balance};
use doin_traits::Offers as _;
use frame_support::assert_ok;

#[test]
fn demand_is_what_was_burned_and_halves_in_a_week() {
	test(|| {
		assert_eq!(Inference::demand_view(ROWS), None);
		Inference::record_fee(ROWS, 4_000);
		let shown = |demand, offers| Some(DemandView { domain: ROWS, demand, offers, weight: 500_000 });
		assert_eq!(Inference::demand_view(ROWS), shown(4_000, 0));
		serve();
		to(10 + WEEK);
		assert_eq!(Inference::demand_view(ROWS), shown(2_000, 1));
		Inference::record_fee(ROWS, 1_000);
		to(10 + 2 * WEEK);
		assert_eq!(Inference::demand_view(ROWS), shown(1_500, 1));
		assert_eq!(Inference::demand_view(SERIES), None);
	});
}

#[test]
fn demand_does_not_overflow() {
	test(|| {
		for _ in 0..3 {
			Inference::record_fee(ROWS, Balance::MAX);
		}
		assert_eq!(Demands::<Test>::get(ROWS).amount, u64::MAX);
	});
}

#[test]
fn only_a_listed_offer_counts() {
	test(|| {
		serve();
		assert!(Inference::serves(&SERVER, ROWS));
		assert_ok!(send(SERVER, crate::Call::withdraw { domain: ROWS }));
		assert!(!Inference::serves(&SERVER, ROWS), "a server that has left could sell its label otherwise");
	});
}
