//! Opening: in time, and everything that is refused.

use super::*;
use crate::{weights::WeightInfo, Call, Due, Pallet};
use doin_primitives::{evidence::MAX_SEGMENT_BYTES, Page, RoundParams};
use frame_support::{dispatch::GetDispatchInfo, weights::constants::ParityDbWeight};

#[docify::export]
#[test]
fn a_segment_is_sealed_asked_for_and_opened() {
	build_and_execute(|| {
		seal(ROWS, 2);
		// The commits of a round have ended.
		let round = ask(ROWS, 7);
		let until = now() + RoundParams::DEV.evidence;
		assert_eq!(events().last(), Some(&Event::Asked { round, index: 0, until }));
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), Some(until));

		// Any account with its bytes and its salt opens the segment.
		assert_eq!(open(ROWS, 0), None, "the weight includes the report to the round");
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Segment(0))]);
		let hash = sp_io::hashing::blake2_256(&segment(ROWS, 0));
		assert_eq!(events().last(), Some(&Event::Opened { domain: ROWS, index: 0, hash, bytes: 8_704, round: Some(round) }));

		// Its bytes belong to the published data, and the list of hashes has the hash of the bytes.
		assert_eq!(Sealed::segment(ROWS, 0), Some(segment(ROWS, 0)));
		assert_eq!(Sealed::segment_hashes(ROWS, 0, 1), [hash]);
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), None);
		assert_eq!(Due::<Test>::iter().count(), 0, "the deadline is cancelled");
		to(until + 1);
		assert_eq!(Reports::get().len(), 1);
	});
}

#[test]
fn opened_segments_follow_the_published_data_page_by_page() {
	build_and_execute(|| {
		for (domain, pages) in [(ROWS, 3), (SERIES, 1)] {
			seal(domain, 3);
			for index in 0..3 {
				ask(domain, index.into());
				open(domain, index);
				assert_eq!(Sealed::segment(domain, index), Some(segment(domain, index)));
				assert_eq!(Sealed::segment(domain, index + 1), None, "a sealed segment is not published");
			}
			let spec = spec(domain).unwrap();
			let stored: Vec<u32> = Pages::get().into_keys().filter(|(of, _)| *of == domain).map(|(_, index)| index).collect();
			assert_eq!(stored, (spec.pages()..spec.pages() + 3 * pages).collect::<Vec<_>>());
		}
		let lengths: Vec<u32> = (5..8).map(|index| Pages::get()[&(ROWS, index)].units()).collect();
		assert_eq!(lengths, [4_096, 4_096, 512], "the last page of a segment has the rest");
	});
}

#[test]
fn a_series_goes_on_in_its_segments() {
	build_and_execute(|| {
		seal(SERIES, 1);
		ask(SERIES, 1);
		open(SERIES, 0);
		let expected: Vec<i32> =
			segment(SERIES, 0).chunks_exact(4).map(|value| i32::from_le_bytes(value.try_into().unwrap())).collect();
		let pages = Pages::get();
		let values: Vec<i32> = pages.values().flat_map(|page| page.values().expect("values").to_vec()).collect();
		assert_eq!(values, expected);
		assert_eq!(values.len() as u32, 2 * series_program().segment_steps(), "both channels of every step");
		assert!(pages.values().all(|page| matches!(page, Page::Values(_))));
	});
}

#[test]
fn a_segment_is_opened_only_when_it_is_asked_for() {
	build_and_execute(|| {
		seal(ROWS, 2);
		let bytes = |domain, index| BoundedVec::truncate_from(segment(domain, index));
		let open_as = |domain, index: u16| Sealed::open_segment(signed(OWNER), domain, index, bytes(ROWS, index), salt(index));
		assert_noop!(open_as(ROWS, 0), Error::<Test>::NotAwaited);
		assert_noop!(open_as(UNKNOWN, 0), Error::<Test>::UnknownDomain);
		assert_noop!(open_as(PUBLIC, 0), Error::<Test>::NotSealedEvidence);
		ask(ROWS, 1);
		assert_noop!(open_as(SERIES, 0), Error::<Test>::NotAwaited);
		assert_noop!(open_as(ROWS, 1), Error::<Test>::WrongIndex);
		open(ROWS, 0);
		// Twice, and the next one before another round asks for it.
		assert_noop!(open_as(ROWS, 0), Error::<Test>::NotAwaited);
		assert_noop!(open_as(ROWS, 1), Error::<Test>::NotAwaited);
		ask(ROWS, 2);
		assert_noop!(open_as(ROWS, 0), Error::<Test>::WrongIndex);
		open(ROWS, 1);
		assert_eq!(Reports::get().len(), 2);
	});
}

#[test]
fn other_bytes_than_the_sealed_ones_are_refused() {
	build_and_execute(|| {
		seal(ROWS, 1);
		ask(ROWS, 1);
		let try_open =
			|bytes: Vec<u8>, salt| Sealed::open_segment(signed(OWNER), ROWS, 0, BoundedVec::truncate_from(bytes), salt);
		let sealed = segment(ROWS, 0);
		for len in [0, 1, sealed.len() - 1, sealed.len() + 1] {
			let mut bytes = sealed.clone();
			bytes.resize(len, 0);
			assert_noop!(try_open(bytes, salt(0)), Error::<Test>::WrongLength);
		}
		for at in [0, sealed.len() / 2, sealed.len() - 1] {
			let mut bytes = sealed.clone();
			bytes[at] ^= 1;
			assert_noop!(try_open(bytes, salt(0)), Error::<Test>::HashMismatch);
		}
		assert_noop!(try_open(sealed.clone(), salt(1)), Error::<Test>::HashMismatch);
		assert_noop!(try_open(segment(ROWS, 1), salt(1)), Error::<Test>::HashMismatch);
		assert_ok!(try_open(sealed, salt(0)));
	});
}

/// An account that copies the hashes of another owner into a domain of its own gets a list that nobody can open.
#[test]
fn the_hashes_of_another_owner_cannot_be_opened() {
	build_and_execute(|| {
		change(ROWS, |state| state.owner = OTHER);
		let stolen = BoundedVec::truncate_from(vec![hash(ROWS, 0)]);
		assert_ok!(Sealed::seal(signed(OTHER), ROWS, 0, stolen));
		ask(ROWS, 1);
		let bytes = BoundedVec::truncate_from(segment(ROWS, 0));
		assert_noop!(Sealed::open_segment(signed(OTHER), ROWS, 0, bytes, salt(0)), Error::<Test>::HashMismatch);
	});
}

/// A hash binds the index, so the owner cannot have a segment measured that it has opened before.
#[test]
fn an_opened_segment_cannot_be_sealed_again() {
	build_and_execute(|| {
		seal(ROWS, 1);
		ask(ROWS, 1);
		open(ROWS, 0);
		let again = BoundedVec::truncate_from(vec![hash(ROWS, 0)]);
		assert_ok!(Sealed::seal(signed(OWNER), ROWS, 1, again));
		ask(ROWS, 2);
		let bytes = BoundedVec::truncate_from(segment(ROWS, 0));
		assert_noop!(Sealed::open_segment(signed(OWNER), ROWS, 1, bytes, salt(0)), Error::<Test>::HashMismatch);
	});
}

#[test]
fn a_label_out_of_range_is_never_published() {
	build_and_execute(|| {
		let mut bytes = segment(ROWS, 0);
		*bytes.last_mut().unwrap() = 4;
		let sealed = segment_hash(&Genesis::get(), &OWNER, 0, &salt(0), &bytes);
		assert_ok!(Sealed::seal(signed(OWNER), ROWS, 0, BoundedVec::truncate_from(vec![sealed])));
		ask(ROWS, 1);
		let bytes = BoundedVec::truncate_from(bytes);
		assert_noop!(Sealed::open_segment(signed(OWNER), ROWS, 0, bytes, salt(0)), Error::<Test>::InvalidRow);
		assert_eq!((Pages::get().len(), Segments::<Test>::get(ROWS).opened), (0, 0));
	});
}

#[test]
fn a_round_gets_evidence_only_if_a_segment_is_left_and_no_other_round_waits() {
	build_and_execute(|| {
		let request = |number| <Sealed as EvidenceSource>::request(RoundId { domain: ROWS, number });
		let ensure_open = || <Sealed as EvidenceSource>::ensure_open(ROWS);
		assert_noop!(request(1), Error::<Test>::NoSegmentsLeft);
		seal(ROWS, 1);
		assert_ok!(ensure_open());
		let round = ask(ROWS, 1);
		assert_noop!(request(2), Error::<Test>::RoundAwaits);
		assert_noop!(ensure_open(), Error::<Test>::RoundAwaits);
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(RoundId { number: 2, ..round }), None);
		open(ROWS, 0);
		assert_noop!(ensure_open(), Error::<Test>::NoSegmentsLeft);
		assert_noop!(<Sealed as EvidenceSource>::ensure_open(PUBLIC), Error::<Test>::NotSealedEvidence);
		assert_noop!(<Sealed as EvidenceSource>::ensure_open(UNKNOWN), Error::<Test>::UnknownDomain);
	});
}

#[test]
fn a_view_shows_segments_and_purse() {
	build_and_execute(|| {
		seal(ROWS, 2);
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 900));
		let round = ask(ROWS, 3);
		let view = Sealed::evidence(ROWS).unwrap();
		assert_eq!((view.owner, view.units, view.segment_bytes, view.stake), (OWNER, 512, 8_704, doin_primitives::DOIN));
		assert_eq!((view.sealed, view.opened, view.purse, view.spent), (2, 0, 900, 0));
		assert_eq!((view.awaited, view.awaited_until, view.suspended), (Some(round), Some(13), None));
		open(ROWS, 0);
		<Sealed as EvidenceSource>::spend(round, 300);
		let view = Sealed::evidence(ROWS).unwrap();
		assert_eq!((view.opened, view.purse, view.spent, view.awaited), (1, 600, 300, None));
		assert_eq!(Sealed::evidence(PUBLIC), None);
		assert_eq!(Sealed::evidence(UNKNOWN), None);
	});
}

/// Bounds the weight that the call is charged for; the benchmark measures its time.
#[test]
fn the_longest_segment_is_charged_less_than_five_milliseconds() {
	let bytes = BoundedVec::truncate_from(vec![0; MAX_SEGMENT_BYTES as usize]);
	let call = Call::<Test>::open_segment { domain: ROWS, index: 0, bytes, salt: [0; 32] };
	let weight = call.get_dispatch_info().call_weight;
	let own = weight - STANDS_WEIGHT;
	assert_eq!(own, <() as WeightInfo>::open_segment(32) + ParityDbWeight::get().reads_writes(1, 1));
	assert!(own.ref_time() > Pallet::<Test>::open_weight(segment(ROWS, 0).len()).ref_time(), "a shorter one costs less");
	assert!(own.ref_time() <= 5_000_000_000, "{own:?}");
}
