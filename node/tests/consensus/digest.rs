//! Checks of the DOIN digest from headers.

use crate::chain::{genesis, header, item, TestBlock};
use codec::Encode;
use doin_node::consensus::digest::{check, read, work_index, DigestError};
use doin_primitives::{DoinLog, DOIN_ENGINE_ID};
use doin_runtime::opaque::Header;
use proptest::prelude::*;
use sp_runtime::DigestItem;

/// Returns a log of version 1.
fn log(work_index: u64, seal: Option<(u64, u64)>) -> DoinLog {
	DoinLog::V1 { work_index, seal }
}

/// Returns a block after two work blocks.
fn parent() -> Header {
	TestBlock::genesis().child(0, true, true).child(0, true, true).header
}

/// Returns the result of the check of a child of [`parent`] with `logs`.
fn checked(logs: Vec<DigestItem>) -> Result<(), DigestError> {
	let parent = parent();
	check(&parent, &header(&parent, 1, logs))
}

#[test]
fn a_block_counts_one_work_block_more_than_its_parent_if_it_has_a_seal() {
	assert_eq!(checked(vec![item(&log(2, None))]), Ok(()));
	assert_eq!(checked(vec![item(&log(3, Some((5, 5))))]), Ok(()));
	assert_eq!(checked(vec![item(&log(3, Some((1, 5))))]), Ok(()), "a late seal takes less than the threshold");
	assert_eq!(check(&genesis(), &header(&genesis(), 1, vec![item(&log(0, None))])), Ok(()));
	assert_eq!(check(&genesis(), &header(&genesis(), 1, vec![item(&log(1, Some((5, 5))))])), Ok(()));
}

#[test]
fn a_count_that_does_not_follow_from_the_parent_is_refused() {
	let refused = |stated, expected| Err(DigestError::Count { stated, parent: 2, expected });
	assert_eq!(checked(vec![item(&log(3, None))]), refused(3, 2));
	assert_eq!(checked(vec![item(&log(1, None))]), refused(1, 2));
	assert_eq!(checked(vec![item(&log(2, Some((5, 5))))]), refused(2, 3));
	assert_eq!(checked(vec![item(&log(4, Some((5, 5))))]), refused(4, 3));
	assert_eq!(checked(vec![item(&log(u64::MAX, None))]), refused(u64::MAX, 2));
	let message = checked(vec![item(&log(3, None))]).unwrap_err().to_string();
	assert!(message.contains("counts 3 work blocks") && message.contains("has to count 2"), "{message}");
}

#[test]
fn a_seal_that_takes_nothing_or_too_much_is_refused() {
	assert_eq!(checked(vec![item(&log(3, Some((0, 5))))]), Err(DigestError::Seal { taken: 0, threshold: 5 }));
	assert_eq!(checked(vec![item(&log(3, Some((6, 5))))]), Err(DigestError::Seal { taken: 6, threshold: 5 }));
	assert_eq!(checked(vec![item(&log(3, Some((0, 0))))]), Err(DigestError::Seal { taken: 0, threshold: 0 }));
}

#[test]
fn a_header_has_exactly_one_digest() {
	assert_eq!(checked(vec![]), Err(DigestError::Missing));
	let right = item(&log(2, None));
	assert_eq!(checked(vec![right.clone(), right.clone()]), Err(DigestError::Several(2)));
	assert_eq!(checked(vec![right.clone(), right, item(&log(3, Some((5, 5))))]), Err(DigestError::Several(3)));
}

#[test]
fn items_that_an_author_can_add_as_it_likes_do_not_count() {
	let right = log(2, None);
	let forged = log(9, Some((5, 5))).encode();
	let others = [
		DigestItem::PreRuntime(DOIN_ENGINE_ID, forged.clone()),
		DigestItem::Seal(DOIN_ENGINE_ID, forged.clone()),
		DigestItem::Consensus(*b"BABE", forged.clone()),
		DigestItem::Other(forged),
	];
	for other in others {
		assert_eq!(checked(vec![other.clone()]), Err(DigestError::Missing), "{other:?}");
		let with_right = header(&parent(), 1, vec![other.clone(), item(&right), other]);
		assert_eq!(read(&with_right), Ok(Some(right.clone())));
	}
}

#[test]
fn a_digest_that_does_not_decode_is_refused() {
	let right = log(2, None).encode();
	let cut = right[..right.len() - 1].to_vec();
	let longer = [right.as_slice(), &[0]].concat();
	let version_0 = [&[0], &right[1..]].concat();
	for data in [vec![], vec![1], cut, longer, version_0] {
		assert_eq!(checked(vec![DigestItem::Consensus(DOIN_ENGINE_ID, data.clone())]), Err(DigestError::Malformed(data)));
	}
}

#[test]
fn a_later_version_is_left_to_execution_and_counts_no_work() {
	let later = DigestItem::Consensus(DOIN_ENGINE_ID, vec![2, 1, 2, 3]);
	let parent = parent();
	let upgraded = header(&parent, 1, vec![later.clone()]);
	assert_eq!(check(&parent, &upgraded), Ok(()));
	assert_eq!(work_index(&upgraded), None);
	// After such a parent the count is unknown, and the form is checked all the same.
	assert_eq!(check(&upgraded, &header(&upgraded, 1, vec![item(&log(77, None))])), Ok(()));
	assert!(check(&upgraded, &header(&upgraded, 1, vec![item(&log(77, Some((0, 5))))])).is_err());
	assert_eq!(check(&upgraded, &header(&upgraded, 1, vec![])), Err(DigestError::Missing));
	assert_eq!(check(&parent, &header(&parent, 1, vec![later.clone(), later])), Err(DigestError::Several(2)));
}

proptest! {
	#[test]
	fn exactly_the_logs_that_a_runtime_could_write_are_accepted(
		before in prop_oneof![0..4u64, Just(u64::MAX - 1), any::<u64>()],
		stated in prop_oneof![0..6u64, Just(u64::MAX), any::<u64>()],
		seal in proptest::option::of((0..4u64, 0..4u64)),
	) {
		let parent = header(&parent(), 1, vec![item(&log(before, None))]);
		let child = header(&parent, 2, vec![item(&log(stated, seal))]);
		let follows = match seal {
			None => stated == before,
			Some((taken, threshold)) => before.checked_add(1) == Some(stated) && (1..=threshold).contains(&taken),
		};
		// A count at its limit is the only difference: it saturates here, and cannot be reached.
		prop_assume!(before != u64::MAX);
		prop_assert_eq!(check(&parent, &child).is_ok(), follows);
	}

	#[test]
	fn no_bytes_make_the_check_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
		let child = header(&parent(), 1, vec![DigestItem::Consensus(DOIN_ENGINE_ID, bytes.clone())]);
		match read(&child) {
			Ok(Some(decoded)) => prop_assert_eq!(decoded.encode(), bytes),
			Ok(None) => prop_assert!(bytes[0] > 1),
			Err(error) => prop_assert_eq!(error, DigestError::Malformed(bytes)),
		}
	}
}
