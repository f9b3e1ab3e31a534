//! Sealing: limits, owners and holds.

use super::*;
use crate::types::MAX_HASHES;

#[test]
fn a_sealed_segment_is_paid_for_at_once() {
	build_and_execute(|| {
		seal(ROWS, 2);
		assert_eq!(held_for_segments(), price(ROWS, 2));
		assert_eq!(price(ROWS, 1), 2 * (512 * 17 + 32), "512 rows of 17 bytes, and a hash");
		seal(ROWS, 1);
		assert_eq!(events().last(), Some(&Event::Sealed { domain: ROWS, from: 2, count: 1, hold: price(ROWS, 1) }));
		seal(SERIES, 1);
		assert_eq!(held_for_segments(), price(ROWS, 3) + price(SERIES, 1));
		assert_eq!(Segments::<Test>::get(ROWS).hold, price(ROWS, 3));
		let hashes: Vec<Hash> = (0..3).map(|index| hash(ROWS, index)).collect();
		assert_eq!(Sealed::segment_hashes(ROWS, 0, 9), hashes);
		assert_eq!(Sealed::segment_hashes(ROWS, 1, 1), hashes[1..2]);
		assert!(Sealed::segment_hashes(ROWS, 3, 9).is_empty() && Sealed::segment_hashes(PUBLIC, 0, 9).is_empty());
	});
}

#[test]
fn hashes_keep_their_order_across_entries() {
	build_and_execute(|| {
		seal(ROWS, 20);
		seal(ROWS, 40);
		seal(ROWS, 4);
		let hashes: Vec<Hash> = (0..64).map(|index| hash(ROWS, index)).collect();
		assert_eq!(Hashes::<Test>::iter_prefix(ROWS).count(), 2);
		assert_eq!(Sealed::segment_hashes(ROWS, 0, u16::MAX), hashes);
		assert_eq!(Sealed::segment_hashes(ROWS, 30, 5), hashes[30..35]);
		seal(ROWS, 1);
		assert_eq!(Hashes::<Test>::iter_prefix(ROWS).count(), 3);
	});
}

#[test]
fn a_domain_has_room_for_one_mebibyte() {
	build_and_execute(|| {
		// Five pages are published, and every segment has three.
		assert_eq!(spec(ROWS).map(|spec| (spec.pages(), spec.segment_pages(), spec.most_segments())), Some((5, 3, 83)));
		seal(ROWS, 64);
		let full = |count: u16| BoundedVec::truncate_from(vec![[7; 32]; count.into()]);
		assert_noop!(Sealed::seal(signed(OWNER), ROWS, 64, full(20)), Error::<Test>::TooManySegments);
		seal(ROWS, 19);
		assert_noop!(Sealed::seal(signed(OWNER), ROWS, 83, full(1)), Error::<Test>::TooManySegments);
		assert_eq!(held_for_segments(), price(ROWS, 83));
	});
}

#[test]
fn a_call_seals_at_least_one_and_at_most_64_segments() {
	build_and_execute(|| {
		assert_noop!(Sealed::seal(signed(OWNER), ROWS, 0, BoundedVec::new()), Error::<Test>::NoHashes);
		let hashes = vec![[7; 32]; MAX_HASHES as usize + 1];
		let bytes = codec::Encode::encode(&hashes);
		let decoded: Result<BoundedVec<Hash, doin_primitives::bounded_collections::ConstU32<MAX_HASHES>>, _> =
			codec::Decode::decode(&mut bytes.as_slice());
		assert!(decoded.is_err(), "65 hashes are no argument of the call");
	});
}

#[test]
fn a_call_that_is_sent_twice_seals_once() {
	build_and_execute(|| {
		let hashes = || BoundedVec::truncate_from(vec![hash(ROWS, 0), hash(ROWS, 1)]);
		assert_ok!(Sealed::seal(signed(OWNER), ROWS, 0, hashes()));
		for from in [0, 1, 3] {
			assert_noop!(Sealed::seal(signed(OWNER), ROWS, from, hashes()), Error::<Test>::WrongStart);
		}
		assert_eq!((Segments::<Test>::get(ROWS).sealed, held_for_segments()), (2, price(ROWS, 2)));
	});
}

#[test]
fn only_the_owner_of_a_sealed_domain_seals_segments() {
	build_and_execute(|| {
		let one = || BoundedVec::truncate_from(vec![hash(ROWS, 0)]);
		assert_noop!(Sealed::seal(signed(OTHER), ROWS, 0, one()), Error::<Test>::NotOwner);
		assert_noop!(Sealed::seal(signed(OWNER), PUBLIC, 0, one()), Error::<Test>::NotSealedEvidence);
		assert_noop!(Sealed::seal(signed(OWNER), UNKNOWN, 0, one()), Error::<Test>::UnknownDomain);
		for status in [Status::Converged, Status::Closing, Status::Refused] {
			change(ROWS, |state| state.status = status);
			assert_noop!(Sealed::seal(signed(OWNER), ROWS, 0, one()), Error::<Test>::DomainClosed);
		}
		change(ROWS, |state| state.status = Status::Loading);
		assert_ok!(Sealed::seal(signed(OWNER), ROWS, 0, one()));
	});
}

#[test]
fn an_owner_without_money_seals_nothing() {
	build_and_execute(|| {
		change(ROWS, |state| state.owner = 77);
		let one = BoundedVec::truncate_from(vec![hash(ROWS, 0)]);
		assert_noop!(Sealed::seal(signed(77), ROWS, 0, one), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_removed_domain_releases_everything() {
	build_and_execute(|| {
		seal(ROWS, 40);
		seal(SERIES, 1);
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		assert_ok!(Sealed::fund(signed(OWNER), SERIES, 70));
		<Sealed as EvidenceSource>::retired(ROWS);
		assert_eq!((held_for_segments(), held_in_purses()), (price(SERIES, 1), 70));
		assert!(!Segments::<Test>::contains_key(ROWS) && !Purses::<Test>::contains_key(ROWS));
		assert_eq!(Hashes::<Test>::iter_prefix(ROWS).count(), 0);
		assert_eq!(Hashes::<Test>::iter_prefix(SERIES).count(), 1);
		// A domain that never sealed a segment is removed too.
		<Sealed as EvidenceSource>::retired(ROWS);
	});
}
