//! Segments of a file, compared with the hashes on the chain.

use super::Owned;
use anyhow::{ensure, Context, Error, Result};
use doin_chain::{Account, Chain, Head};
use doin_forecast::sealed::{Seal, SealedData};
use doin_primitives::{views::EvidenceView, DomainId, DomainSpec, Hash};
use std::collections::BTreeSet;

/// Error of a domain that does not exist, or does not exist any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("domain {0} does not exist: `doin-worker domain list` lists the domains")]
pub struct NoSuchDomain(pub DomainId);

/// A sealed domain as the chain has it, and the data that its file makes.
#[derive(Clone, Debug)]
pub struct RebuiltDomain {
	/// Record of the domain.
	pub spec: DomainSpec,
	/// Evidence of the domain.
	pub evidence: EvidenceView<Account>,
	/// Data of the file.
	pub data: SealedData,
}

/// Segments that can be opened.
#[derive(Debug)]
pub(super) struct Openable {
	/// Indices of the sealed segments that fit the hashes on the chain.
	pub(super) usable: BTreeSet<u16>,
	/// Error that names those that do not, if there are any.
	pub(super) fault: Option<Error>,
}

/// Rebuilds the segments of a domain from its file, and compares all of them with the hashes on the chain at block `at`.
///
/// # Errors
///
/// Errors if the domain has no sealed segments, if the file or the key is another one than that of the domain, with the numbers of the
/// segments that have changed, and if the node cannot be read.
pub async fn data_of(chain: &Chain, at: Head, owned: &Owned) -> Result<RebuiltDomain> {
	let (domain, hashes) = rebuild(chain, at, owned).await?;
	check(&domain.data, &seal(chain, &domain, owned), &hashes, domain.evidence.opened)?;
	Ok(domain)
}

/// Rebuilds the segments of a domain from its file, and returns those that fit the hashes on the chain at block `at`: one changed
/// segment must not keep the others from being opened.
///
/// # Errors
///
/// Errors as [`data_of`] does, unless at least one sealed segment fits.
pub(super) async fn openable_data_of(chain: &Chain, at: Head, owned: &Owned) -> Result<(RebuiltDomain, Openable)> {
	let (domain, hashes) = rebuild(chain, at, owned).await?;
	let openable = openable(&domain.data, &seal(chain, &domain, owned), &hashes, domain.evidence.opened)?;
	Ok((domain, openable))
}

/// Returns what the segments of a domain are sealed with.
fn seal<'a>(chain: &Chain, domain: &RebuiltDomain, owned: &'a Owned) -> Seal<'a> {
	Seal { genesis: chain.genesis(), owner: domain.evidence.owner.0, data_root: domain.spec.data_root, key: &owned.key }
}

/// Rebuilds the segments of a domain from its file. Returns the hashes of all sealed segments, too.
async fn rebuild(chain: &Chain, at: Head, owned: &Owned) -> Result<(RebuiltDomain, Vec<Hash>)> {
	let id = owned.domain;
	let spec = chain.domain_spec(at, id).await?.ok_or(NoSuchDomain(id))?;
	let evidence = chain.evidence(at, id).await?.with_context(|| {
		format!("domain {id} has no sealed segments: name a domain that was made with `domain create --sealed`")
	})?;
	let hashes = chain.segment_hashes(at, id, 0..evidence.sealed).await?;
	ensure!(
		hashes.len() == usize::from(evidence.sealed),
		"the node at {} returned {} hashes of the {} segments of domain {id}: connect to another node",
		chain.url(),
		hashes.len(),
		evidence.sealed
	);
	let (source, key, record) = (owned.source.clone(), owned.key.clone(), spec.clone());
	// Reads and hashes a file.
	let data = tokio::task::spawn_blocking(move || source.rebuild(&key, &record)).await??;
	Ok((RebuiltDomain { spec, evidence, data }, hashes))
}

/// Returns the sealed segments that can be opened from `data`; an error if segments are sealed, and none can be opened.
fn openable(data: &SealedData, seal: &Seal, hashes: &[Hash], opened: u16) -> Result<Openable> {
	let bytes = |index: u16| data.segments.get(usize::from(index)).map(Vec::as_slice);
	let fits = |index: u16, hash: &Hash| bytes(index).is_some_and(|bytes| seal.hash(index, bytes) == *hash);
	let sealed = (0u16..).zip(hashes).skip(opened.into());
	let usable: BTreeSet<u16> = sealed.filter(|(index, hash)| fits(*index, hash)).map(|(index, _)| index).collect();
	match check(data, seal, hashes, opened) {
		Err(error) if usable.is_empty() => Err(error),
		checked => Ok(Openable { usable, fault: checked.err() }),
	}
}

/// Checks that all segments that are not opened yet can be opened from `data`. `hashes` are those of all segments on the chain, of which
/// the first `opened` are hashes of the opened bytes.
fn check(data: &SealedData, seal: &Seal, hashes: &[Hash], opened: u16) -> Result<()> {
	let bytes = |index: u16| data.segments.get(usize::from(index)).map(Vec::as_slice);
	let fits = |(index, hash): (u16, &Hash)| bytes(index).is_some_and(|bytes| seal.hash(index, bytes) == *hash);
	// What is opened needs no file any more.
	match (0u16..).zip(hashes).skip(opened.into()).all(fits) {
		true => Ok(()),
		false => data.ensure(seal, hashes, opened),
	}
}

/// Returns the hashes of the segments of the file that are not sealed yet, at most so many that `most` are sealed.
pub fn unsealed(rebuilt: &RebuiltDomain, seal: &Seal, most: u32) -> Vec<Hash> {
	let sealed = rebuilt.evidence.sealed;
	let rest = rebuilt.data.segments.iter().skip(sealed.into()).map(Vec::as_slice);
	let free = most.saturating_sub(sealed.into()) as usize;
	seal.hashes(sealed, rest.take(free))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::evidence,
		owner::OwnedSource,
		problem::tests::{letters, sealed_sawtooth},
	};
	use doin_compute::Published;
	use doin_forecast::{
		rows::{MappingOptions, RowOptions},
		sealed::{layout::Unit, series::StepSource, RowChunks, RowParts, RowSource, SegmentKey},
		ReadOptions,
	};
	use doin_primitives::{blake2_256, Evidence, Split};
	use doin_scoring::{
		rows::{RowTarget, Rows},
		Program,
	};
	use std::{fmt::Write as _, path::Path};

	const GENESIS: Hash = [1; 32];
	const OWNER: [u8; 32] = [2; 32];

	/// Writes 3 000 rows of two numbers and a class; `change` alters the text of a row.
	fn write_rows(path: &Path, change: impl Fn(usize) -> Option<String>) {
		let mut text = String::from("a,b,class\n");
		for row in 0..3_000 {
			let line = change(row).unwrap_or_else(|| format!("{},{},{}", row % 256, row / 12, ["x", "y"][row % 2]));
			writeln!(text, "{line}").unwrap();
		}
		std::fs::write(path, text).unwrap();
	}

	fn row_source(path: &Path) -> RowSource {
		let options = RowOptions { label: "class".into(), ..RowOptions::default() };
		RowSource { source: path.into(), options, mapping: MappingOptions::default() }
	}

	/// Returns the record of a domain of these rows with three segments, and the hashes of the chain.
	fn sealed_rows(source: &RowSource, key: &SegmentKey) -> (DomainSpec, Vec<Hash>) {
		let chunks = RowChunks::of_segment(512).unwrap();
		let made = source.arrange(&key.order_seed(), |rows, bytes| RowParts::sealed(rows, bytes, 3, chunks)).unwrap();
		let Split { train_end, validation_end } = made.parts.split;
		let program = Rows { features: 2, image: None, target: RowTarget::Classes(2), rows: 8, chunks: 64 };
		let spec = DomainSpec {
			program: Program::Rows(program),
			data_root: made.data_root(),
			values: made.published.len() as u32,
			split: Split { train_end, validation_end },
			evidence: Evidence::Sealed { units: 512, stake: doin_primitives::DOIN },
			..letters(0).spec
		};
		let seal = Seal { genesis: GENESIS, owner: OWNER, data_root: spec.data_root, key };
		let hashes = seal.hashes(0, made.segments.iter().map(Vec::as_slice));
		(spec, hashes)
	}

	fn rebuilt(source: &OwnedSource, key: &SegmentKey, spec: &DomainSpec, hashes: &[Hash], opened: u16) -> Result<SealedData> {
		let data = source.rebuild(key, spec)?;
		let seal = Seal { genesis: GENESIS, owner: OWNER, data_root: spec.data_root, key };
		check(&data, &seal, hashes, opened)?;
		Ok(data)
	}

	/// The disk of the owner is gone; the file and the key are left.
	#[test]
	fn own_rebuilds_from_key_and_csv() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("rows.csv");
		write_rows(&path, |_| None);
		let (source, key) = (row_source(&path), SegmentKey::of_child(&[3; 32]));
		let (spec, mut hashes) = sealed_rows(&source, &key);
		let source = OwnedSource::Rows(source);
		let data = rebuilt(&source, &key, &spec, &hashes, 0).unwrap();
		let seal = Seal { genesis: GENESIS, owner: OWNER, data_root: spec.data_root, key: &key };
		assert_eq!(seal.hash(2, &data.segments[2]), hashes[2], "with the salt of the segment");
		// Of an opened segment, the chain has the hash of the bytes.
		hashes[0] = blake2_256(&data.segments[0]);
		assert_eq!(rebuilt(&source, &key, &spec, &hashes, 1).unwrap(), data);
		// Another key is noticed before anything is sent.
		let other = SegmentKey::of_child(&[4; 32]);
		let refused = format!("{:#}", rebuilt(&source, &other, &spec, &hashes, 1).unwrap_err());
		assert!(refused.contains("the key is not the one that sealed them") && refused.contains("Nothing was sent"), "{refused}");
	}

	#[test]
	fn a_changed_csv_is_named_by_segment() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("rows.csv");
		write_rows(&path, |_| None);
		let (source, key) = (row_source(&path), SegmentKey::of_child(&[3; 32]));
		let (spec, mut hashes) = sealed_rows(&source, &key);
		let whole = OwnedSource::Rows(source).rebuild(&key, &spec).unwrap();
		// A row of the second segment, as it stands in the file.
		let row = &whole.segments[1][..3];
		let changed = |at: usize| {
			let own = [(at % 256) as u8, ((at / 12) as f64 / 249.0 * 255.0).round() as u8, (at % 2) as u8];
			(own == row[..]).then(|| format!("{},{},{}", (at + 7) % 256, at / 12, ["x", "y"][at % 2]))
		};
		write_rows(&path, changed);
		let source = OwnedSource::Rows(row_source(&path));
		let refused = format!("{:#}", rebuilt(&source, &key, &spec, &hashes, 0).unwrap_err());
		assert!(refused.contains("segment 1 is not what the chain has the hash of"), "{refused}");
		assert!(refused.contains("Nothing was sent"), "{refused}");
		// Once the segment is opened, its rows are on the chain, and the file is good for the others.
		(hashes[0], hashes[1]) = (blake2_256(&whole.segments[0]), blake2_256(&whole.segments[1]));
		rebuilt(&source, &key, &spec, &hashes, 2).unwrap();
	}

	#[test]
	fn an_intact_segment_is_usable_although_another_one_has_changed_or_is_missing() {
		let segments = [b"a", b"b", b"c", b"d"].map(|bytes| bytes.to_vec());
		let data = SealedData { file: "a.csv".into(), unit: Unit::Rows, data_root: [7; 32], segments: segments.to_vec() };
		let key = SegmentKey::of_child(&[3; 32]);
		let seal = Seal { genesis: GENESIS, owner: OWNER, data_root: [7; 32], key: &key };
		let hashes = seal.hashes(0, data.segments.iter().map(Vec::as_slice));
		let whole = openable(&data, &seal, &hashes, 1).unwrap();
		assert!(whole.fault.is_none() && whole.usable == [1, 2, 3].into());
		let mut changed = data.clone();
		changed.segments[3] = b"D".to_vec();
		let part = openable(&changed, &seal, &hashes, 1).unwrap();
		assert_eq!(part.usable, [1, 2].into());
		assert!(part.fault.unwrap().to_string().contains("segment 3 is not"));
		changed.segments.truncate(2);
		assert_eq!(openable(&changed, &seal, &hashes, 1).unwrap().usable, [1].into(), "the file is too short");
		// Without any, the file or the key is another one.
		let other = SegmentKey::of_child(&[4; 32]);
		assert!(openable(&data, &Seal { key: &other, ..seal.clone() }, &hashes, 1).is_err());
		assert!(openable(&data, &seal, &hashes, 4).unwrap().usable.is_empty(), "all are opened");
	}

	#[test]
	fn a_series_is_rebuilt_with_the_segments_that_can_be_sealed_next() {
		let mut problem = sealed_sawtooth(3);
		problem.spec.unit = b"mm".to_vec().try_into().unwrap();
		let Published::Series(values) = &problem.data else { panic!("a series") };
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("steps.csv");
		let text: String = values.iter().map(|value| format!("{value}\n")).collect();
		std::fs::write(&path, format!("mm\n{text}")).unwrap();
		let read = ReadOptions { time: Some("none".into()), ..ReadOptions::default() };
		let source = StepSource { source: path.as_path().into(), column: None, read, scale: 1.0 };
		let (source, key) = (OwnedSource::Steps(source), SegmentKey::of_child(&[3; 32]));
		let data = source.rebuild(&key, &problem.spec).unwrap();
		assert_eq!((data.unit, data.segments.len(), data.data_root), (Unit::Steps, 3, problem.spec.data_root));
		let seal = Seal { genesis: GENESIS, owner: OWNER, data_root: problem.spec.data_root, key: &key };
		let all = seal.hashes(0, data.segments.iter().map(Vec::as_slice));
		check(&data, &seal, &all[..2], 0).unwrap();
		let rebuilt = RebuiltDomain { spec: problem.spec.clone(), evidence: EvidenceView { sealed: 2, ..evidence() }, data };
		assert_eq!(unsealed(&rebuilt, &seal, 100), all[2..]);
		assert!(unsealed(&rebuilt, &seal, 2).is_empty(), "no place is left");
	}
}
