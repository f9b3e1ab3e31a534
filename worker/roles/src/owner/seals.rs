//! Segments of a file, compared with the hashes on the chain.

use super::{Owned, OwnedSource};
use anyhow::{ensure, Context, Error, Result};
use doin_chain::{Account, Chain, Head};
use doin_forecast::sealed::{Beginning, Seal, SealedData, Unread};
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
	/// Error that names those of the file that do not, if there are any.
	pub(super) fault: Option<Error>,
	/// Part of the file that cannot be read.
	pub(super) unread: Option<Unread>,
}

/// Rebuilds the segments of a domain from its file, and compares all of them with the hashes on the chain at block `at`.
///
/// # Errors
///
/// Errors if the domain has no sealed segments, if the file or the key is another one than that of the domain, with the numbers of the
/// segments that have changed, and if the node cannot be read.
pub async fn data_of(chain: &Chain, at: Head, owned: &Owned) -> Result<RebuiltDomain> {
	let sealed = SealedDomain::read(chain, at, owned).await?;
	let (source, key, spec) = (owned.source.clone(), owned.key.clone(), sealed.spec.clone());
	// Reads and hashes a file.
	let data = tokio::task::spawn_blocking(move || source.rebuild(&key, &spec)).await??;
	check(&data, &sealed.seal(chain, owned), &sealed.hashes, sealed.evidence.opened)?;
	Ok(RebuiltDomain { spec: sealed.spec, evidence: sealed.evidence, data })
}

/// Rebuilds the segments of a domain from its file, and returns those that fit the hashes on the chain at block `at`: one changed
/// segment, or the unreadable end of a series, must not keep the others from being opened. Segments of `earlier`, the data that
/// was read before, take the place of those that have changed in the file since.
///
/// # Errors
///
/// Errors as [`data_of`] does, unless at least one sealed segment fits.
pub(super) async fn openable_data_of(
	chain: &Chain,
	at: Head,
	owned: &Owned,
	earlier: Option<&SealedData>,
) -> Result<(RebuiltDomain, Openable)> {
	let sealed = SealedDomain::read(chain, at, owned).await?;
	let (source, key, spec) = (owned.source.clone(), owned.key.clone(), sealed.spec.clone());
	let Beginning { mut data, unread } = tokio::task::spawn_blocking(move || source.rebuild_beginning(&key, &spec)).await??;
	let openable = openable(&mut data, earlier, &sealed.seal(chain, owned), &sealed.hashes, sealed.evidence.opened);
	match openable {
		Ok(openable) => {
			Ok((RebuiltDomain { spec: sealed.spec, evidence: sealed.evidence, data }, Openable { unread, ..openable }))
		}
		Err(error) => Err(explain(error, &owned.source, unread.as_ref())),
	}
}

/// Adds the probable reason to the error of a file of which no sealed segment fits.
fn explain(error: Error, source: &OwnedSource, unread: Option<&Unread>) -> Error {
	match unread {
		Some(unread) => error.context(unread.to_string()),
		None if source.counts_from_end() => error.context(
			"`last` counts rows from the end of the file, so appended rows change all segments: name the file as FILE:ROWS, with the number \
			of rows that it had when it was sealed",
		),
		None => error,
	}
}

/// A sealed domain as a chain has it.
struct SealedDomain {
	spec: DomainSpec,
	evidence: EvidenceView<Account>,
	/// Hashes of all sealed segments.
	hashes: Vec<Hash>,
}

impl SealedDomain {
	async fn read(chain: &Chain, at: Head, owned: &Owned) -> Result<Self> {
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
		Ok(Self { spec, evidence, hashes })
	}

	/// Returns what the segments are sealed with.
	fn seal<'a>(&self, chain: &Chain, owned: &'a Owned) -> Seal<'a> {
		Seal { genesis: chain.genesis(), owner: self.evidence.owner.0, data_root: self.spec.data_root, key: &owned.key }
	}
}

/// Returns the sealed segments that can be opened from `data`; an error if segments are sealed, and none can be opened. Segments of
/// `earlier` that fit take the place of those that do not.
fn openable(data: &mut SealedData, earlier: Option<&SealedData>, seal: &Seal, hashes: &[Hash], opened: u16) -> Result<Openable> {
	let checked = check(data, seal, hashes, opened);
	let known = |index: u16| earlier.and_then(|earlier| earlier.segments.get(usize::from(index)));
	let mut usable = BTreeSet::new();
	for (index, hash) in (0u16..).zip(hashes).skip(opened.into()) {
		let at = usize::from(index);
		let fits = |bytes: &Vec<u8>| seal.hash(index, bytes) == *hash;
		if data.segments.get(at).is_some_and(fits) {
			usable.insert(index);
		} else if let Some(bytes) = known(index).filter(|bytes| fits(bytes)) {
			data.segments.resize_with(data.segments.len().max(at + 1), Vec::new);
			data.segments[at].clone_from(bytes);
			usable.insert(index);
		}
	}
	match checked {
		Err(error) if usable.is_empty() => Err(error),
		checked => Ok(Openable { usable, fault: checked.err(), unread: None }),
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
		let open = |data: &SealedData, seal: &Seal, opened| openable(&mut data.clone(), None, seal, &hashes, opened);
		let whole = open(&data, &seal, 1).unwrap();
		assert!(whole.fault.is_none() && whole.usable == [1, 2, 3].into());
		let mut changed = data.clone();
		changed.segments[3] = b"D".to_vec();
		let part = open(&changed, &seal, 1).unwrap();
		assert_eq!(part.usable, [1, 2].into());
		assert!(part.fault.unwrap().to_string().contains("segment 3 is not"));
		changed.segments.truncate(2);
		assert_eq!(open(&changed, &seal, 1).unwrap().usable, [1].into(), "the file is too short");
		// What was read before is not forgotten, and the file is named all the same.
		let mut read = changed.clone();
		let again = openable(&mut read, Some(&data), &seal, &hashes, 1).unwrap();
		assert!(again.usable == [1, 2, 3].into() && again.fault.is_some());
		assert_eq!(read.segments[1..], data.segments[1..]);
		let mut other = SealedData { segments: vec![b"x".to_vec()], ..data.clone() };
		assert_eq!(openable(&mut other, Some(&changed), &seal, &hashes, 1).unwrap().usable, [1].into());
		// Without any, the file or the key is another one.
		let other = SegmentKey::of_child(&[4; 32]);
		assert!(open(&data, &Seal { key: &other, ..seal.clone() }, 1).is_err());
		assert!(open(&data, &seal, 4).unwrap().usable.is_empty(), "all are opened");
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
		source.check().unwrap();
		let seal = Seal { genesis: GENESIS, owner: OWNER, data_root: problem.spec.data_root, key: &key };
		let all = seal.hashes(0, data.segments.iter().map(Vec::as_slice));
		check(&data, &seal, &all[..2], 0).unwrap();
		let rebuilt = RebuiltDomain { spec: problem.spec.clone(), evidence: EvidenceView { sealed: 2, ..evidence() }, data };
		assert_eq!(unsealed(&rebuilt, &seal, 100), all[2..]);
		assert!(unsealed(&rebuilt, &seal, 2).is_empty(), "no place is left");

		// A bad row is appended. Nothing more is sealed until it is corrected, and what is sealed is opened.
		std::fs::write(&path, format!("mm\n{text}7\nmuch\n")).unwrap();
		assert!(format!("{:#}", source.rebuild(&key, &problem.spec).unwrap_err()).contains("`much`"));
		source.check().unwrap();
		let Beginning { mut data, unread } = source.rebuild_beginning(&key, &problem.spec).unwrap();
		let opened = openable(&mut data, None, &seal, &all, 1).unwrap();
		assert!(opened.usable == [1, 2].into() && opened.fault.is_none());
		let reason = unread.unwrap().to_string();
		assert!(reason.contains("steps.csv, line") && reason.ends_with("nothing is read"), "{reason}");

		// A good row is appended to a file of which the last rows are used.
		let OwnedSource::Steps(mut steps) = source else { panic!("a series") };
		(steps.read.last, steps.source.rows) = (Some(values.len()), Some(values.len()));
		let appended = format!("mm\n{text}7\n");
		std::fs::write(&path, &appended).unwrap();
		let refusal = |steps: &StepSource| -> Result<Openable> {
			let source = OwnedSource::Steps(steps.clone());
			let mut data = source.rebuild_beginning(&key, &problem.spec)?.data;
			openable(&mut data, None, &seal, &all, 1).map_err(|error| explain(error, &source, None))
		};
		assert_eq!(refusal(&steps).unwrap().usable, [1, 2].into());
		steps.source.rows = None;
		let reason = format!("{:#}", refusal(&steps).unwrap_err());
		assert!(reason.contains("FILE:ROWS") && reason.contains("Nothing was sent"), "{reason}");
	}
}
