use super::*;
use crate::sealed::Seal;
use std::path::{Path, PathBuf};

/// Files in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
	fn new() -> Self {
		Self(tempfile::tempdir().unwrap())
	}

	fn write(&self, text: &str) -> PathBuf {
		let path = self.0.path().join("a.csv");
		std::fs::write(&path, text).unwrap();
		path
	}
}

/// Returns lines of `rows` different rows of three features and a class.
fn lines(rows: usize) -> Vec<String> {
	let line = |at: usize| {
		let (a, b, c) = (at % 53, at / 53, at * 7 % 101);
		format!("{a},{b},{c},{}", ["A", "B", "C"][(a + b) % 3])
	};
	(0..rows).map(line).collect()
}

fn text(lines: &[String]) -> String {
	format!("a,b,c,y\n{}\n", lines.join("\n"))
}

fn source(path: &Path) -> RowSource {
	RowSource {
		source: path.into(),
		options: RowOptions { label: "y".into(), ..Default::default() },
		mapping: MappingOptions::default(),
	}
}

fn key(seed: u8) -> SegmentKey {
	SegmentKey::of_child(&[seed; 32])
}

/// Returns the rows of a domain with two segments of 512 rows.
fn arrange(path: &Path, key: &SegmentKey) -> Result<DomainRows> {
	let chunks = RowChunks::of_segment(512).unwrap();
	source(path).arrange(&key.order_seed(), |rows, row_bytes| RowParts::sealed(rows, row_bytes, 2, chunks))
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
	format!("{:#}", result.unwrap_err())
}

#[test]
fn every_row_has_one_place_that_the_key_chooses() {
	let folder = Folder::new();
	let path = folder.write(&text(&lines(2_000)));
	let rows = arrange(&path, &key(1)).unwrap();
	assert_eq!((rows.parts.layout.published, rows.duplicates), (2_000 - 1_024, 0));
	assert_eq!((rows.parts.split.train_end, rows.parts.split.validation_end), (976 - 128, 976));
	let row_bytes = rows.mapping.program().row_bytes();
	let all: Vec<u8> = [rows.published.clone(), rows.segments.concat()].concat();
	assert_eq!((rows.segments.len(), rows.segments[0].len(), all.len()), (2, 512 * row_bytes, 2_000 * row_bytes));
	rows.mapping.program().check_labels(&all).unwrap();
	// The rows are those of the file, in another order.
	let table = RowTable::read(&path.as_path().into(), &source(&path).options, Wanted::Chosen).unwrap();
	let mut expected: Vec<Vec<u8>> =
		rows.mapping.encode(&table).unwrap().bytes.chunks_exact(row_bytes).map(<[u8]>::to_vec).collect();
	let mut found: Vec<Vec<u8>> = all.chunks_exact(row_bytes).map(<[u8]>::to_vec).collect();
	assert_ne!(found, expected);
	found.sort();
	expected.sort();
	assert_eq!(found, expected);
	assert_eq!(arrange(&path, &key(1)).unwrap(), rows, "rebuilt");
	assert_ne!(arrange(&path, &key(2)).unwrap().segments, rows.segments);
}

#[test]
fn duplicates_are_dropped_and_counted() {
	let folder = Folder::new();
	let (once, mut twice) = (lines(1_500), lines(1_500));
	// The same row, the same numbers in other spellings, and another label.
	twice.extend([once[7].clone(), once[8].replacen(',', ".0,", 1), once[9].replace(['A', 'B', 'C'], "D")]);
	let rows = arrange(&folder.write(&text(&twice)), &key(1)).unwrap();
	assert_eq!((rows.duplicates, rows.parts.layout.end()), (2, 1_501));
	let notes: String = rows.notes.iter().map(|note| format!("{note}\n")).collect();
	assert!(notes.contains("note: 2 rows are dropped, because an earlier row is the same, label included"), "{notes}");
	// A dropped row changes nothing.
	let mut same = once.clone();
	same.push(once[3].clone());
	let without = arrange(&folder.write(&text(&once)), &key(1)).unwrap();
	let with = arrange(&folder.write(&text(&same)), &key(1)).unwrap();
	assert_eq!((with.published, with.segments), (without.published, without.segments));
}

#[test]
fn rows_that_differ_by_less_than_a_level_are_noted() {
	let folder = Folder::new();
	let mut all = lines(1_400);
	// Most of these have the same byte.
	all.extend((0..300).map(|at| format!("{},9,9,A", 500.0 + f64::from(at) / 1_000.0)));
	all.push("1000,1,1,B".into());
	let rows = arrange(&folder.write(&text(&all)), &key(1)).unwrap();
	let notes: String = rows.notes.iter().map(|note| format!("{note}\n")).collect();
	assert!(rows.duplicates == 0 && notes.contains("sealed rows have the bytes of a published one"), "{notes}");
}

#[test]
fn too_few_rows_are_refused_with_numbers() {
	let folder = Folder::new();
	let path = folder.write(&text(&lines(1_101)));
	let reason = refusal(arrange(&path, &key(1)));
	assert!(
		reason.contains("there are 1101 different rows, and 1102 are needed: 2 segments of 512 rows, and 78")
			&& reason.contains("--sealed 1")
	);
	arrange(&folder.write(&text(&lines(1_102))), &key(1)).unwrap();
	let chunks = RowChunks { chunks: 64, rows: 16 };
	assert!(refusal(RowParts::public(77, chunks)).contains("77 different rows, and at least 78 are needed"));
	let public = RowParts::public(1_000, chunks).unwrap();
	assert_eq!((public.split.train_end, public.split.validation_end, public.layout.published), (700, 828, 1_000));
	let least = RowParts::public(78, chunks).unwrap().split;
	assert_eq!((least.train_end, least.validation_end), (14, 78));
}

/// Returns the record of a domain of these rows.
fn record(rows: &DomainRows) -> DomainSpec {
	let RowChunks { chunks, rows: per_chunk } = RowChunks::of_segment(512).unwrap();
	let (mut spec, _) = crate::fixtures::sawtooth();
	spec.program = Program::Rows(doin_scoring::rows::Rows { chunks, rows: per_chunk, ..rows.mapping.program() });
	spec.evidence = Evidence::Sealed { units: 512, stake: doin_primitives::DOIN };
	spec.growth = doin_primitives::Growth::Appending;
	spec.licence = b"CC0-1.0".to_vec().try_into().unwrap();
	(spec.split, spec.values, spec.data_root) = (rows.parts.split, rows.published.len() as u32, rows.data_root());
	spec
}

/// A file of 2 000 rows whose segments were sealed.
struct SealedFile {
	folder: Folder,
	lines: Vec<String>,
	path: PathBuf,
	made: DomainRows,
	spec: DomainSpec,
	/// Hashes on the chain.
	hashes: Vec<Hash>,
}

impl SealedFile {
	fn new() -> Self {
		let (folder, lines) = (Folder::new(), lines(2_000));
		let path = folder.write(&text(&lines));
		let made = arrange(&path, &key(1)).unwrap();
		let spec = record(&made);
		assert_eq!(spec.check(), Ok(()));
		let segments = made.segments.iter().map(Vec::as_slice);
		let hashes = Seal { genesis: [3; 32], owner: [4; 32], data_root: spec.data_root, key: &key(1) }.hashes(0, segments);
		Self { folder, lines, path, made, spec, hashes }
	}

	/// Changes the file.
	fn write(&self, text: &str) {
		self.folder.write(text);
	}

	/// Rebuilds the domain from the present file.
	fn rebuild(&self, key: &SegmentKey) -> Result<DomainRows> {
		source(&self.path).rebuild(key, &self.spec)
	}

	/// Rebuilds the domain, and compares its segments with those on the chain.
	fn check(&self, key: &SegmentKey) -> Result<()> {
		let seal = Seal { genesis: [3; 32], owner: [4; 32], data_root: self.spec.data_root, key };
		self.rebuild(key)?.sealed_data().ensure(&seal, &self.hashes, 0)
	}
}

#[test]
fn b14_b15_a_sealed_domain_is_rebuilt_from_its_file_and_key() {
	let file = SealedFile::new();
	file.check(&key(1)).unwrap();
	assert!(refusal(file.check(&key(2))).contains("the key is not the one that sealed them, or this is another file"));
	file.write(&text(&file.lines).replace("a,b,c,y", "a,b,z,y").replace(",C\n", ",B\n"));
	assert!(refusal(file.check(&key(1))).contains("3 features and 2 outputs, and the domain has 3 and 3"));
	file.write(&text(&file.lines));
	file.check(&key(1)).expect("the file is restored");
}

#[test]
fn b14_a_changed_row_is_named_by_its_segment() {
	let file = SealedFile::new();
	// One changed cell of the first row, wherever it is.
	let mut changed = file.lines.clone();
	changed[0] = "51,1,88,C".into();
	file.write(&text(&changed));
	let rebuilt = file.rebuild(&key(1)).unwrap();
	let different: Vec<usize> = (0..2).filter(|segment| rebuilt.segments[*segment] != file.made.segments[*segment]).collect();
	match different[..] {
		[] => assert_ne!(rebuilt.published, file.made.published),
		[segment] => {
			let expected = format!("a.csv has changed since it was sealed: segment {segment} is not");
			assert!(refusal(file.check(&key(1))).contains(&expected));
		}
		_ => panic!("one row is in one place"),
	}
	for segment in 0..2usize {
		let is_changed = |row: &usize| {
			let mut one = file.lines.clone();
			one[*row] = one[*row].replace(['A', 'B'], "C").replacen(',', ".25,", 1);
			file.write(&text(&one));
			let rebuilt = file.rebuild(&key(1)).unwrap();
			rebuilt.segments[segment] != file.made.segments[segment] && rebuilt.published == file.made.published
		};
		let row = (0..2_000).find(is_changed).unwrap();
		let reason = refusal(file.check(&key(1)));
		assert!(reason.contains(&format!("segment {segment} is not what the chain has the hash of")), "row {row}: {reason}");
		assert!(reason.contains("Nothing was sent"), "{reason}");
	}
}

#[test]
fn b15_added_and_removed_rows_are_counted() {
	let file = SealedFile::new();
	for rows in [1_999, 2_001] {
		file.write(&text(&lines(rows)));
		let reason = refusal(file.check(&key(1)));
		assert!(
			reason.contains(&format!("has {rows} different rows")) && reason.contains("Restore the file as it was"),
			"{reason}"
		);
	}
}
