//! Seals of segments, and the comparison of a file with the seals on a chain.

use super::{key::SegmentKey, layout::Unit};
use anyhow::{bail, Result};
use doin_primitives::{blake2_256, evidence::segment_hash, Hash};

/// Numbers of segments that a message names; further ones are counted.
const NAMED: usize = 20;

/// Parts of a seal that all segments of a domain share.
#[derive(Clone, Debug)]
pub struct Seal<'a> {
	/// Genesis hash of the chain.
	pub genesis: Hash,
	/// Account that owns the domain.
	pub owner: [u8; 32],
	/// Hash of the published data in the record of the domain.
	pub data_root: Hash,
	/// Secret that salts are derived from.
	pub key: &'a SegmentKey,
}

impl Seal<'_> {
	/// Returns the salt of segment `index`.
	pub fn salt(&self, index: u16) -> [u8; 32] {
		self.key.salt(&self.data_root, index)
	}

	/// Returns the hash under which segment `index` is sealed.
	pub fn hash(&self, index: u16, bytes: &[u8]) -> Hash {
		segment_hash(&self.genesis, &self.owner, index, &self.salt(index), bytes)
	}

	/// Returns the hashes of consecutive segments, of which the first is number `first`.
	pub fn hashes<'s>(&self, first: u16, segments: impl IntoIterator<Item = &'s [u8]>) -> Vec<Hash> {
		(first..).zip(segments).map(|(index, bytes)| self.hash(index, bytes)).collect()
	}
}

/// Data of a domain as a file and a segment key make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedData {
	/// Name of the file.
	pub file: String,
	/// Part that is counted.
	pub unit: Unit,
	/// Hash of the published part.
	pub data_root: Hash,
	/// Bytes of each segment.
	pub segments: Vec<Vec<u8>>,
}

/// Result of the comparison of a file with the seals on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealCheck {
	/// Published part and all segments are those of the domain.
	Same,
	/// All sealed segments are those of the domain, and the published part or an opened segment has changed. Nobody needs these from
	/// the file any more, so the others can be opened.
	PublishedChanged,
	/// Sealed segments with these numbers have changed, and other parts have not.
	SegmentsChanged(Vec<u16>),
	/// The published part is that of the domain, and no sealed segment is: another key or another account sealed them.
	OtherKey,
	/// Neither the published part nor any segment is that of the domain.
	OtherFileOrKey,
	/// The file has so many segments, and so many are sealed.
	TooShort {
		/// Segments of the file.
		have: usize,
		/// Sealed segments.
		sealed: usize,
	},
}

impl SealedData {
	/// Compares the data with the hashes of a chain, in their order: those of the bytes of the first `opened` segments, and those
	/// under which the others are sealed. Further segments of the file are not sealed yet.
	pub fn check(&self, seal: &Seal, hashes: &[Hash], opened: u16) -> SealCheck {
		if self.segments.len() < hashes.len() {
			return SealCheck::TooShort { have: self.segments.len(), sealed: hashes.len() };
		}
		let is_changed = |(index, (bytes, expected)): (u16, (&Vec<u8>, &Hash))| {
			let hash = if index < opened { blake2_256(bytes) } else { seal.hash(index, bytes) };
			(hash != *expected).then_some(index)
		};
		let changed: Vec<u16> = (0u16..).zip(self.segments.iter().zip(hashes)).filter_map(is_changed).collect();
		let (is_published, sealed) = (self.data_root == seal.data_root, hashes.len().saturating_sub(opened.into()));
		let changed_sealed: Vec<u16> = changed.iter().copied().filter(|index| *index >= opened).collect();
		if !is_published && changed.len() == hashes.len() {
			return SealCheck::OtherFileOrKey;
		}
		// The order of rows comes from the key, so a key that makes the published rows is the right one.
		let all = changed_sealed.len() == sealed && sealed > 1;
		match (is_published, changed_sealed.is_empty()) {
			(true, true) if changed.is_empty() => SealCheck::Same,
			(_, true) => SealCheck::PublishedChanged,
			(true, false) if all => SealCheck::OtherKey,
			_ => SealCheck::SegmentsChanged(changed_sealed),
		}
	}

	/// Checks that all sealed segments can be opened from this data.
	///
	/// # Errors
	///
	/// Errors with the numbers of the segments that have changed, or with the key as the probable cause if all have. Nothing has
	/// to be sent to find this out.
	pub fn ensure(&self, seal: &Seal, hashes: &[Hash], opened: u16) -> Result<()> {
		let (file, unit) = (&self.file, self.unit);
		match self.check(seal, hashes, opened) {
			SealCheck::Same | SealCheck::PublishedChanged => Ok(()),
			SealCheck::SegmentsChanged(numbers) => {
				let one = numbers.len() == 1;
				bail!(
					"{file} has changed since it was sealed: {} not what the chain has the {} of, and cannot be opened. Nothing was sent. \
					Restore the file as it was when the domain was created{}",
					if one { format!("segment {} is", numbers[0]) } else { format!("segments {} are", listed(&numbers)) },
					if one { "hash" } else { "hashes" },
					// The key of a series shows in its segments only.
					if one && unit == Unit::Steps { ", or name the key that sealed it" } else { "" }
				)
			}
			SealCheck::OtherKey => bail!(
				"the published {unit} of {file} are those of the domain, and no sealed one of its {} is what the chain has the hash of: the key or the \
				account is another one than that which sealed them. Nothing was sent. Name the key of the owner of the domain",
				counted(hashes.len())
			),
			SealCheck::OtherFileOrKey => bail!(
				"neither the published {unit} nor any of the {} of {file} are those of the domain: the key is not the one that sealed them, or \
				this is another file or read with other options. Nothing was sent. Name the key of the owner, and the file and the options of \
				`domain create`",
				counted(hashes.len())
			),
			SealCheck::TooShort { have, sealed } => bail!(
				"{file} has {unit} for {}, and {} sealed: the {unit} of {} are missing. Nothing was sent. Restore the file as it was when the \
				domain was created, and read as much of it: --csv FILE without :ROWS unless it was given then, and the same --last, --where, \
				--missing and --fill",
				counted(have),
				if sealed == 1 { "1 is".to_string() } else { format!("{sealed} are") },
				counted(sealed - have)
			),
		}
	}
}

fn counted(segments: usize) -> String {
	format!("{segments} segment{}", if segments == 1 { "" } else { "s" })
}

/// Returns numbers as a list, e.g. `3, 7 and 9`.
fn listed(numbers: &[u16]) -> String {
	let texts: Vec<String> = numbers.iter().take(NAMED).map(u16::to_string).collect();
	match (numbers.len() - texts.len(), texts.split_last()) {
		(0, Some((last, []))) => last.clone(),
		(0, Some((last, rest))) => format!("{} and {last}", rest.join(", ")),
		(more, _) => format!("{} and {more} more", texts.join(", ")),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn data(segments: &[&[u8]]) -> SealedData {
		let segments = segments.iter().map(|bytes| bytes.to_vec()).collect();
		SealedData { file: "a.csv".into(), unit: Unit::Rows, data_root: [7; 32], segments }
	}

	fn sealed(data: &SealedData, key: &SegmentKey) -> Vec<Hash> {
		seal(key).hashes(0, data.segments.iter().map(Vec::as_slice))
	}

	fn seal(key: &SegmentKey) -> Seal<'_> {
		Seal { genesis: [1; 32], owner: [2; 32], data_root: [7; 32], key }
	}

	fn refusal(data: &SealedData, key: &SegmentKey, sealed: &[Hash]) -> String {
		format!("{:#}", data.ensure(&seal(key), sealed, 0).unwrap_err())
	}

	#[test]
	fn a_seal_is_the_hash_of_the_chain() {
		let key = SegmentKey::of_child(&[3; 32]);
		let hash = seal(&key).hash(5, b"rows");
		assert_eq!(hash, segment_hash(&[1; 32], &[2u8; 32], 5, &key.salt(&[7; 32], 5), b"rows"));
		assert_eq!(seal(&key).hashes(4, [&b"x"[..], b"rows"])[1], hash);
	}

	#[test]
	fn b14_changed_segments_are_named() {
		let key = SegmentKey::of_child(&[3; 32]);
		let whole = data(&[b"a", b"b", b"c", b"d"]);
		let chain = sealed(&whole, &key);
		assert_eq!(whole.check(&seal(&key), &chain, 0), SealCheck::Same);
		whole.ensure(&seal(&key), &chain, 0).unwrap();
		let changed = data(&[b"a", b"B", b"c", b"D"]);
		assert_eq!(changed.check(&seal(&key), &chain, 0), SealCheck::SegmentsChanged(vec![1, 3]));
		let reason = refusal(&changed, &key, &chain);
		assert!(
			reason
				.starts_with("a.csv has changed since it was sealed: segments 1 and 3 are not what the chain has the hashes of")
				&& reason.contains("Nothing was sent. Restore the file"),
			"{reason}"
		);
		assert!(
			refusal(&data(&[b"a", b"B", b"c", b"d"]), &key, &chain).contains("segment 1 is not what the chain has the hash of")
		);
		// A changed published part keeps no segment from being opened.
		let published = SealedData { data_root: [8; 32], ..whole.clone() };
		assert_eq!(published.check(&seal(&key), &chain, 0), SealCheck::PublishedChanged);
		published.ensure(&seal(&key), &chain, 0).unwrap();
		let short = refusal(&data(&[b"a"]), &key, &chain);
		assert!(
			short.starts_with("a.csv has rows for 1 segment, and 4 are sealed: the rows of 3 segments are missing"),
			"{short}"
		);
		assert!(
			["--csv FILE without :ROWS", "--last", "--where", "--fill"].iter().all(|option| short.contains(option)),
			"{short}"
		);
		// Segments of the file that are not sealed yet.
		whole.ensure(&seal(&key), &chain[..2], 0).unwrap();
		assert_eq!(whole.check(&seal(&key), &[], 0), SealCheck::Same);
	}

	#[test]
	fn b15_a_wrong_key_is_told_apart_from_a_changed_file() {
		let (key, other) = (SegmentKey::of_child(&[3; 32]), SegmentKey::of_child(&[4; 32]));
		let whole = data(&[b"a", b"b", b"c"]);
		let chain = sealed(&whole, &key);
		// Rows: the key orders them, so another key makes other published rows too.
		let reordered = SealedData { data_root: [9; 32], ..data(&[b"x", b"y", b"z"]) };
		assert_eq!(reordered.check(&seal(&other), &chain, 0), SealCheck::OtherFileOrKey);
		let reason = refusal(&reordered, &other, &chain);
		assert!(reason.contains("the key is not the one that sealed them, or this is another file"), "{reason}");
		// Steps keep their order.
		let steps = SealedData { unit: Unit::Steps, ..whole.clone() };
		assert_eq!(steps.check(&seal(&other), &chain, 0), SealCheck::OtherKey);
		let reason = refusal(&steps, &other, &chain);
		assert!(
			reason.contains("the published steps of a.csv are those of the domain, and no sealed one of its 3 segments"),
			"{reason}"
		);
		let account = Seal { owner: [5; 32], ..seal(&key) };
		assert_eq!(whole.check(&account, &chain, 0), SealCheck::OtherKey);
		// The only segment of published rows that fit has changed.
		let one = data(&[b"A"]);
		assert_eq!(one.check(&seal(&key), &sealed(&data(&[b"a"]), &key), 0), SealCheck::SegmentsChanged(vec![0]));
	}

	#[test]
	fn opened_segments_are_compared_by_their_bytes() {
		let (key, other) = (SegmentKey::of_child(&[3; 32]), SegmentKey::of_child(&[4; 32]));
		let whole = data(&[b"a", b"b", b"c", b"d"]);
		let mut chain = sealed(&whole, &key);
		assert_eq!(whole.check(&seal(&key), &chain, 1), SealCheck::PublishedChanged, "the bytes have another hash");
		(chain[0], chain[1]) = (blake2_256(b"a"), blake2_256(b"b"));
		assert_eq!(whole.check(&seal(&key), &chain, 2), SealCheck::Same);
		assert_eq!(whole.check(&seal(&other), &chain, 2), SealCheck::OtherKey, "opened segments need no key");
		assert_eq!(data(&[b"a", b"B", b"c", b"d"]).check(&seal(&key), &chain, 2), SealCheck::PublishedChanged);
		assert_eq!(data(&[b"a", b"B", b"c", b"D"]).check(&seal(&key), &chain, 2), SealCheck::SegmentsChanged(vec![3]));
		let reordered = SealedData { data_root: [9; 32], ..data(&[b"w", b"x", b"y", b"z"]) };
		assert_eq!(reordered.check(&seal(&other), &chain, 2), SealCheck::OtherFileOrKey);
		chain.truncate(2);
		assert_eq!(whole.check(&seal(&other), &chain, 2), SealCheck::Same, "nothing is sealed any more");
	}

	#[test]
	fn long_lists_are_cut() {
		assert_eq!((listed(&[4]), listed(&[4, 9]), listed(&[1, 2, 3])), ("4".into(), "4 and 9".into(), "1, 2 and 3".into()));
		let many: Vec<u16> = (0..30).collect();
		assert!(listed(&many).ends_with("18, 19 and 10 more"));
	}
}
