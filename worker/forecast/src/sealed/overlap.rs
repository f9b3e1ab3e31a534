//! Comparison of a file with the public data of a domain whose segments it does not make.
//!
//! A row that is added to a file, or removed from it, changes the order of all rows, the range of some columns, and so every
//! segment. The rows themselves are the same, so they are looked for one by one.

use super::{rows::drop_duplicates, series::StepSource, RowSource};
use crate::{
	rows::{
		bytes::{lower_median, ByteMap},
		labels::ClassMap,
		table::Labels,
		RowTable, Wanted,
	},
	table::Table,
	units::parse_unit,
};
use anyhow::Result;
use doin_primitives::DomainSpec;
use doin_scoring::{
	rows::{RowTarget, Rows},
	Program,
};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Smallest and largest numbers of a column, of which one is taken to be the end of its range in the training rows.
const ENDS: usize = 16;
/// Numbers of a column that a range is chosen with.
const SAMPLE: usize = 10_000;
/// Difference of two bytes up to which they can stand for the same number, as the range of a column is a first estimate.
const NEAR: u8 = 4;
/// Difference of two bytes up to which they stand for the same number.
const EQUAL: u8 = 2;
/// Pairs of bytes that a range is corrected with, at least.
const LEAST_PAIRS: usize = 16;
/// Width of the cells in which similar rows are looked for, in bytes.
const CELL: u8 = 8;
/// Columns that the cells of a row are made of.
const CELL_COLUMNS: usize = 6;
/// Consecutive steps that are looked for together.
const RUN: usize = 32;
/// Percentage of the public rows from which two domains have the same data.
const LEAST_SHARE: f64 = 10.0;
/// Percentage of the rows of a file that resemble another one of its rows, from which equal rows cannot be told from similar ones.
const MOST_ALIKE: f64 = 90.0;

/// Rows, or steps of a series, of a domain that a file has too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
	/// Public rows or steps of the domain: the published ones, and those of opened segments.
	pub public: usize,
	/// Percentage of them that the file has.
	pub share: f64,
	/// Percentage that is to be expected of a file with other rows of the same kind.
	pub expected: f64,
}

impl Overlap {
	/// Returns `true` if the file has rows or steps of the domain; `None` if that cannot be found out.
	pub fn is_same_data(&self) -> Option<bool> {
		match *self {
			Self { public: 0, .. } => None,
			Self { share, expected, .. } if share - expected >= LEAST_SHARE => Some(true),
			Self { share, expected, .. } if share.min(expected) > MOST_ALIKE => None,
			_ => Some(false),
		}
	}
}

impl RowSource {
	/// Looks for the rows of the file among `public`, the public rows of the domain with the record `spec`. Returns `None` if the
	/// file has other columns than the domain.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used.
	pub fn overlap(&self, spec: &DomainSpec, public: &[u8]) -> Result<Option<Overlap>> {
		let Program::Rows(program) = &spec.program else { return Ok(None) };
		let mut table = RowTable::read(&self.source, &self.options, Wanted::Chosen)?;
		drop_duplicates(&mut table)?;
		if !has_shape(&table, program) {
			return Ok(None);
		}
		let others: Vec<&[u8]> = public.chunks_exact(program.row_bytes()).collect();
		let classes = classes(&table, program)?;
		let mut maps = ranges(&table, &others, program.image.is_some());
		let near = partners(&table, &maps, classes.as_deref(), &others, NEAR);
		refine(&mut maps, &table, &others, &near);
		let rows = encoded(&table, &maps, classes.as_deref());
		let index = Index::new(&rows, maps.len(), EQUAL);
		let partners = index.partners(&others);
		let found = match has_same_values(&table, &others, &partners) {
			true => partners.iter().flatten().count(),
			false => 0,
		};
		let sample: Vec<usize> = (0..rows.len()).step_by(rows.len().div_ceil(SAMPLE).max(1)).collect();
		let alike = sample.par_iter().filter(|row| index.nearest(&rows[**row], Some(**row)).is_some()).count();
		Ok(Some(Overlap {
			public: others.len(),
			share: percentage(found, others.len()),
			expected: percentage(alike, sample.len()),
		}))
	}
}

impl StepSource {
	/// Looks for runs of steps of the file among `public`, the public values of the domain with the record `spec`. Returns `None`
	/// if the domain has no series, or has nothing public yet and another number of channels. Only channel 0 is compared.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used.
	pub fn overlap(&self, spec: &DomainSpec, public: &[i32]) -> Result<Option<Overlap>> {
		let Program::Forecast(program) = &spec.program else { return Ok(None) };
		let table = Table::read(&self.source, self.column.as_deref(), &self.read)?;
		let (unit, _) = parse_unit(&String::from_utf8_lossy(&spec.unit));
		let own: Vec<i32> = table.series.values.iter().map(|value| (value * self.scale / unit).round() as i32).collect();
		let others: Vec<i32> = public.iter().step_by(usize::from(program.channels).max(1)).copied().collect();
		if others.is_empty() && table.series.inputs.len() + 1 != usize::from(program.channels) {
			return Ok(None);
		}
		// A constant run, e.g. of zeros, says nothing.
		let varies = |run: &&[i32]| run.iter().any(|value| *value != run[0]);
		let known: HashSet<&[i32]> = own.windows(RUN).filter(varies).collect();
		let runs: Vec<&[i32]> = others.chunks_exact(RUN).filter(varies).collect();
		let found = runs.iter().filter(|run| known.contains(*run)).count();
		Ok(Some(Overlap { public: others.len(), share: percentage(found, runs.len()), expected: 0.0 }))
	}
}

/// Returns `part` of `whole` in per cent.
fn percentage(part: usize, whole: usize) -> f64 {
	100.0 * part as f64 / whole.max(1) as f64
}

/// Returns `true` if a table has as many features as a program, and labels of the same kind.
fn has_shape(table: &RowTable, program: &Rows) -> bool {
	let has_labels = match (&table.labels, program.target) {
		(Some(Labels::Texts(_)), RowTarget::Classes(_)) => true,
		(Some(Labels::Numbers(columns)), RowTarget::Values(values)) => columns.len() == usize::from(values),
		_ => false,
	};
	has_labels && table.columns.len() == usize::from(program.features)
}

/// Returns the classes of a table; `None` if it has values, or other classes than the program.
fn classes(table: &RowTable, program: &Rows) -> Result<Option<Vec<u8>>> {
	let (Some(Labels::Texts(texts)), RowTarget::Classes(count)) = (&table.labels, program.target) else { return Ok(None) };
	let map = ClassMap::new(&table.label_columns[0], texts.iter().map(String::as_str))?;
	// One more class changes the numbers of the others.
	if map.classes.len() != usize::from(count) {
		return Ok(None);
	}
	map.encode(&table.file, texts, |row| table.lines[row]).map(Some)
}

/// Returns the rows of a table as bytes, with their classes.
fn encoded(table: &RowTable, maps: &[ByteMap], classes: Option<&[u8]>) -> Vec<Vec<u8>> {
	let byte = |row: usize, (map, column): (&ByteMap, &Vec<Option<f64>>)| {
		column[row].map_or(map.fill.unwrap_or(0), |value| map.byte(value))
	};
	let features = |row: usize| maps.iter().zip(&table.columns).map(move |column| byte(row, column));
	(0..table.rows()).into_par_iter().map(|row| features(row).chain(classes.map(|classes| classes[row])).collect()).collect()
}

/// Returns the row of a table that each of `others` resembles, if there is one.
fn partners(table: &RowTable, maps: &[ByteMap], classes: Option<&[u8]>, others: &[&[u8]], tolerance: u8) -> Vec<Option<usize>> {
	Index::new(&encoded(table, maps, classes), maps.len(), tolerance).partners(others)
}

/// Corrects the ranges of `maps` by the bytes of the rows that resemble one another: the map of a column is a straight line.
fn refine(maps: &mut [ByteMap], table: &RowTable, others: &[&[u8]], partners: &[Option<usize>]) {
	maps.par_iter_mut().enumerate().for_each(|(column, map)| {
		let pair = |(own, other): (&Option<usize>, &&[u8])| {
			let byte = other[column];
			// A number outside the range is clamped.
			let value = table.columns[column][(*own)?].filter(|_| !matches!(byte, 0 | u8::MAX))?;
			Some((f64::from(byte), value))
		};
		let pairs: Vec<(f64, f64)> = partners.iter().zip(others).filter_map(pair).collect();
		let count = pairs.len() as f64;
		let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
		let (byte, value) = (mean(|pair| pair.0), mean(|pair| pair.1));
		let square: f64 = pairs.iter().map(|pair| (pair.0 - byte).powi(2)).sum();
		let product: f64 = pairs.iter().map(|pair| (pair.0 - byte) * (pair.1 - value)).sum();
		let slope = product / square;
		let (least, greatest) = (value - byte * slope, value + (255.0 - byte) * slope);
		if pairs.len() >= LEAST_PAIRS && least < greatest && least.is_finite() && greatest.is_finite() {
			(map.least, map.greatest) = (least, greatest);
		}
	});
}

/// Returns `true` if the values of the rows of a table ascend with those of their `partners` among `others`: the unit and the
/// offset of the values of a domain are unknown. Classes are compared row by row instead.
fn has_same_values(table: &RowTable, others: &[&[u8]], partners: &[Option<usize>]) -> bool {
	let Some(Labels::Numbers(columns)) = &table.labels else { return true };
	let features = table.columns.len();
	columns.iter().enumerate().all(|(column, values)| {
		let at = features + column * size_of::<i32>();
		let raw = |other: &[u8]| other.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_le_bytes);
		let pairs = partners.iter().zip(others).filter_map(|(own, other)| Some((values[(*own)?], raw(other))));
		let mut pairs: Vec<(f64, i32)> = pairs.collect();
		pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
		let ascending = pairs.windows(2).filter(|pair| pair[0].1 <= pair[1].1).count();
		4 * ascending >= 3 * pairs.len().saturating_sub(1)
	})
}

/// Returns the maps of the columns with which the bytes of a table are distributed most like those of `others`. The pixels of an
/// image share one map.
fn ranges(table: &RowTable, others: &[&[u8]], is_image: bool) -> Vec<ByteMap> {
	let columns = table.columns.len();
	let groups: Vec<Vec<usize>> = if is_image { vec![(0..columns).collect()] } else { (0..columns).map(|at| vec![at]).collect() };
	let chosen: Vec<Vec<ByteMap>> = groups
		.into_par_iter()
		.map(|group| {
			let (least, greatest) = range(table, others, &group);
			let map = |column: usize| {
				let map = ByteMap { column: table.features[column].clone(), least, greatest, fill: None };
				let has_gap = table.columns[column].iter().any(Option::is_none);
				let median = lower_median(table.columns[column].iter().flatten().copied().collect()).filter(|_| has_gap);
				ByteMap { fill: median.map(|median| map.byte(median)), ..map }
			};
			group.into_iter().map(map).collect()
		})
		.collect();
	chosen.concat()
}

/// Returns the range of the columns `group`.
fn range(table: &RowTable, others: &[&[u8]], group: &[usize]) -> (f64, f64) {
	let (mut first, mut last, mut sample) = (Vec::<f64>::new(), Vec::<f64>::new(), Vec::<f64>::new());
	for column in group {
		let mut values: Vec<f64> = table.columns[*column].iter().flatten().copied().collect();
		let (ends, most) = (ENDS.min(values.len()), (SAMPLE / group.len()).max(1));
		if ends == 0 {
			continue;
		}
		sample.extend(values.iter().step_by(values.len().div_ceil(most)));
		let (smallest, _, _) = values.select_nth_unstable_by(ends - 1, f64::total_cmp);
		first.extend_from_slice(smallest);
		first.push(values[ends - 1]);
		let at = values.len() - ends;
		values.select_nth_unstable_by(at, f64::total_cmp);
		last.extend_from_slice(&values[at..]);
	}
	first.sort_by(f64::total_cmp);
	last.sort_by(|a, b| b.total_cmp(a));
	for ends in [&mut first, &mut last] {
		ends.truncate(ENDS);
		ends.dedup();
	}
	let (Some(least), Some(greatest)) = (first.first().copied(), last.first().copied()) else { return (0.0, 0.0) };
	if others.is_empty() || first.len() * last.len() == 1 {
		return (least, greatest);
	}
	let wanted = distribution(others.iter().flat_map(|other| group.iter().map(|column| other[*column])));
	let pairs = first.iter().flat_map(|least| last.iter().map(|greatest| (*least, *greatest)));
	let scored = pairs.filter(|(least, greatest)| least < greatest).map(|(least, greatest)| {
		let map = ByteMap { column: String::new(), least, greatest, fill: None };
		let own = distribution(sample.iter().map(|value| map.byte(*value)));
		let distance: f64 = own.iter().zip(&wanted).map(|(own, wanted)| (own - wanted).abs()).sum();
		(distance, (least, greatest))
	});
	scored.min_by(|a, b| a.0.total_cmp(&b.0)).map_or((least, greatest), |(_, range)| range)
}

/// Returns the share of bytes up to each byte.
fn distribution(bytes: impl Iterator<Item = u8>) -> [f64; 256] {
	let mut counts = [0.0; 256];
	let mut all = 0.0f64;
	for byte in bytes {
		counts[usize::from(byte)] += 1.0;
		all += 1.0;
	}
	let mut sum = 0.0;
	counts.map(|count| {
		sum += count;
		sum / all.max(1.0)
	})
}

/// Rows of a table by cells, in which similar rows lie.
struct Index<'a> {
	rows: &'a [Vec<u8>],
	features: usize,
	/// Columns that the cells are made of: those with the fewest rows in the same cell.
	columns: Vec<usize>,
	cells: HashMap<Vec<u8>, Vec<usize>>,
	/// Difference up to which two bytes are similar.
	tolerance: u8,
}

impl<'a> Index<'a> {
	fn new(rows: &'a [Vec<u8>], features: usize, tolerance: u8) -> Self {
		let pairs_in_cells = |column: &usize| -> u64 {
			let mut counts = [0u64; 256];
			rows.iter().for_each(|row| counts[usize::from(row[*column] / CELL)] += 1);
			counts.iter().map(|count| count * count).sum()
		};
		let mut columns: Vec<usize> = (0..features).collect();
		columns.sort_by_cached_key(pairs_in_cells);
		columns.truncate(CELL_COLUMNS);
		let mut cells: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
		for (at, row) in rows.iter().enumerate() {
			cells.entry(columns.iter().map(|column| row[*column] / CELL).collect()).or_default().push(at);
		}
		Self { rows, features, columns, cells, tolerance }
	}

	/// Returns the row that each of `others` is nearest to, if it is similar. Of `others`, only the bytes that the rows have are
	/// compared.
	fn partners(&self, others: &[&[u8]]) -> Vec<Option<usize>> {
		let length = self.rows.first().map_or(0, Vec::len);
		others.par_iter().map(|other| self.nearest(other.get(..length)?, None)).collect()
	}

	/// Returns the row that is nearest to `wanted`, if all bytes are similar, and the class is the same; `except` one.
	fn nearest(&self, wanted: &[u8], except: Option<usize>) -> Option<usize> {
		let distance = |row: &Vec<u8>| {
			let (own, other) = (row.split_at(self.features), wanted.split_at(self.features));
			let mut sum = 0u32;
			for (a, b) in own.0.iter().zip(other.0) {
				let difference = a.abs_diff(*b);
				if difference > self.tolerance {
					return None;
				}
				sum += u32::from(difference);
			}
			(own.1 == other.1).then_some(sum)
		};
		let candidates = self.cells_near(wanted).into_iter().filter_map(|cell| self.cells.get(&cell)).flatten();
		let found = candidates.filter(|row| except != Some(**row)).filter_map(|row| Some((distance(&self.rows[*row])?, *row)));
		found.min().map(|(_, row)| row)
	}

	/// Returns the cells in which rows that are similar to `wanted` lie.
	fn cells_near(&self, wanted: &[u8]) -> Vec<Vec<u8>> {
		let mut cells = vec![Vec::new()];
		for column in &self.columns {
			let byte = wanted[*column];
			let mut near = vec![byte.saturating_sub(self.tolerance) / CELL, byte.saturating_add(self.tolerance) / CELL];
			near.dedup();
			let longer = |cell: &Vec<u8>| near.iter().map(|last| [&cell[..], &[*last]].concat()).collect::<Vec<_>>();
			cells = cells.iter().flat_map(longer).collect();
		}
		cells
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::sawtooth,
		rows::{MappingOptions, RowOptions},
		sealed::{RowChunks, RowParts, SegmentKey},
		ReadOptions,
	};
	use doin_primitives::{blake2_256, Evidence, DOIN};
	use std::path::Path;

	/// Returns lines of rows of four numbers with rare large ones, and a class. No row resembles another one.
	fn lines(rows: std::ops::Range<u32>) -> Vec<String> {
		let line = |row: u32| {
			let hash = blake2_256(&row.to_le_bytes());
			let number = |at: usize| {
				let [a, b, c] = [0, 1, 2].map(|byte| f64::from(hash[3 * at + byte]) + 0.5);
				(a - 128.0) * (1.0 + b / 256.0) + if c > 250.0 { 40.0 * (c - 250.0) } else { 0.0 }
			};
			format!("{},{},{},{},{}", number(0), number(1), number(2), number(3), ["A", "B", "C"][usize::from(hash[31] % 3)])
		};
		rows.map(line).collect()
	}

	fn write(folder: &Path, lines: &[String], options: &RowOptions) -> RowSource {
		let path = folder.join("rows.csv");
		std::fs::write(&path, format!("a,b,c,d,y\n{}\n", lines.join("\n"))).unwrap();
		RowSource { source: path.as_path().into(), options: options.clone(), mapping: MappingOptions::default() }
	}

	/// Returns the record and the published rows of a domain of these rows with two segments.
	fn sealed(source: &RowSource, seed: u8) -> (DomainSpec, Vec<u8>) {
		let chunks = RowChunks::of_segment(512).unwrap();
		let key = SegmentKey::of_child(&[seed; 32]);
		let made = source.arrange(&key.order_seed(), |rows, bytes| RowParts::sealed(rows, bytes, 2, chunks)).unwrap();
		let (mut spec, _) = sawtooth();
		spec.program = Program::Rows(Rows { chunks: chunks.chunks, rows: chunks.rows, ..made.mapping.program() });
		spec.evidence = Evidence::Sealed { units: 512, stake: DOIN };
		(spec.split, spec.values, spec.data_root) = (made.parts.split, made.published.len() as u32, made.data_root());
		(spec, made.published)
	}

	#[test]
	fn a_file_with_one_row_more_or_less_has_the_rows_of_the_domain() {
		let folder = tempfile::tempdir().unwrap();
		let classes = RowOptions { label: "y".into(), ..RowOptions::default() };
		let values = RowOptions { label: "d".into(), values: true, without: vec!["y".into()], ..RowOptions::default() };
		let all = lines(0..2_500);
		for options in [classes, values] {
			let (spec, published) = sealed(&write(folder.path(), &all, &options), 1);
			let mut fewer = all.clone();
			fewer.remove(700);
			let more = [&lines(9_000..9_001)[..], &all[..]].concat();
			for changed in [&fewer, &more] {
				let source = write(folder.path(), changed, &options);
				let refused = source.rebuild(&SegmentKey::of_child(&[1; 32]), &spec).unwrap_err().to_string();
				assert!(refused.contains("do not add up"), "{refused}");
				let overlap = source.overlap(&spec, &published).unwrap().unwrap();
				assert!(overlap.share > 60.0 && overlap.is_same_data() == Some(true), "{overlap:?}");
			}
			// A part of the rows.
			let half = [&lines(20_000..21_250)[..], &all[..1_250]].concat();
			let overlap = write(folder.path(), &half, &options).overlap(&spec, &published).unwrap().unwrap();
			assert_eq!(overlap.is_same_data(), Some(true), "{overlap:?}");
			let other = write(folder.path(), &lines(30_000..32_500), &options);
			let overlap = other.overlap(&spec, &published).unwrap().unwrap();
			assert_eq!(overlap.is_same_data(), Some(false), "{overlap:?}");
			assert_eq!(other.overlap(&spec, &[]).unwrap().unwrap().is_same_data(), None, "nothing is published yet");
		}
	}

	#[test]
	fn the_same_features_with_another_label_are_other_rows() {
		let folder = tempfile::tempdir().unwrap();
		let options = |label: &str, without: &str| RowOptions {
			label: label.into(),
			values: true,
			without: vec!["y".into(), without.into()],
			..RowOptions::default()
		};
		let (spec, published) = sealed(&write(folder.path(), &lines(0..2_500), &options("d", "c")), 1);
		let other = write(folder.path(), &lines(0..2_500), &options("c", "d"));
		assert_eq!(other.overlap(&spec, &published).unwrap().unwrap().is_same_data(), Some(false));
		let wider = write(folder.path(), &lines(0..2_500), &RowOptions { without: vec!["y".into()], ..options("d", "c") });
		assert_eq!(wider.overlap(&spec, &published).unwrap(), None, "other columns");
	}

	#[test]
	fn rows_of_which_all_resemble_one_another_cannot_be_told_apart() {
		let overlap = Overlap { public: 1_000, share: 97.0, expected: 96.0 };
		assert_eq!(overlap.is_same_data(), None);
		assert_eq!(Overlap { share: 60.0, expected: 55.0, ..overlap }.is_same_data(), Some(false));
		assert_eq!(Overlap { share: 65.0, expected: 55.0, ..overlap }.is_same_data(), Some(true));
	}

	#[test]
	fn a_series_that_begins_earlier_has_the_steps_of_the_domain() {
		let folder = tempfile::tempdir().unwrap();
		let (mut spec, _) = sawtooth();
		spec.unit = b"0.5 mm".to_vec().try_into().unwrap();
		let steps = |steps: std::ops::Range<u32>| -> Vec<i32> {
			steps.map(|step| i32::from(blake2_256(&step.to_le_bytes())[0]) + 4 * (step as i32 % 24)).collect()
		};
		let write = |values: &[i32]| {
			let path = folder.path().join("steps.csv");
			let text: String = values.iter().map(|value| format!("{}\n", f64::from(*value) * 0.5)).collect();
			std::fs::write(&path, format!("mm\n{text}")).unwrap();
			let read = ReadOptions { time: Some("none".into()), ..ReadOptions::default() };
			StepSource { source: path.as_path().into(), column: None, read, scale: 1.0 }
		};
		let published = steps(1_000..1_600);
		let share = |source: StepSource| source.overlap(&spec, &published).unwrap().unwrap();
		assert_eq!(share(write(&steps(993..3_000))).share, 100.0);
		assert_eq!(share(write(&steps(993..3_000))).is_same_data(), Some(true));
		assert_eq!(share(write(&steps(1_600..3_000))).is_same_data(), Some(false), "later steps");
		assert_eq!(share(StepSource { scale: 2.0, ..write(&steps(993..3_000)) }).is_same_data(), Some(false));
	}
}
