//! Comparison of a file with the public data of a domain whose segments it does not make.
//!
//! A row that is added to a file, or removed from it, changes the order of all rows, and so every segment. The rows themselves are the
//! same, so they are looked for one by one: the features of a row byte by byte, and a series in windows of the domain. Labels are not
//! compared, since the same ones can be coded anew.
//!
//! Rows become bytes by the range of each column over the whole file. If the training rows of the domain lack the least or the greatest
//! number of a column, its bytes are others, and equal rows are not found.

use super::{series::StepSource, RowSource};
use crate::{
	rows::{RowMapping, RowTable, Wanted},
	table::Table,
	units::parse_unit,
};
use anyhow::Result;
use doin_primitives::DomainSpec;
use doin_scoring::Program;
use std::collections::HashSet;

/// Percentage of the public rows of a domain from which a file counts as one with its data: an optimizer that knows a tenth of the test
/// rows of a round leads by that alone.
pub const SHARED_PERCENT: usize = 10;

/// Rows, or steps of a series, of a domain that a file has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
	/// Public rows or steps of the domain that were looked for: the published ones, and those of opened segments.
	pub public: usize,
	/// Number of them that the file has.
	pub found: usize,
}

impl Overlap {
	/// Returns `true` if the file has [`SHARED_PERCENT`] of the public rows or steps; `None` if there are none.
	pub fn is_same_data(&self) -> Option<bool> {
		(self.public > 0).then(|| 100 * self.found >= SHARED_PERCENT * self.public)
	}

	/// Returns the part of the public rows or steps that the file has, in whole per cent.
	pub fn percent(&self) -> usize {
		100 * self.found / self.public.max(1)
	}
}

impl RowSource {
	/// Looks for the rows of the file among `public`, the public rows of the domain with the record `spec`. Returns `None` if the
	/// file has another number of features than the domain.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used.
	pub fn overlap(&self, spec: &DomainSpec, public: &[u8]) -> Result<Option<Overlap>> {
		let Program::Rows(program) = &spec.program else { return Ok(None) };
		let table = RowTable::read(&self.source, &self.options, Wanted::Chosen)?;
		let features = usize::from(program.features);
		if table.columns.len() != features {
			return Ok(None);
		}
		let all: Vec<(usize, usize)> = (0..table.rows()).map(|row| (0, row)).collect();
		let mapping = RowMapping::new(&[&table], &all, &self.mapping)?;
		let bytes = mapping.encode_features(&table)?.bytes;
		let own: HashSet<&[u8]> = bytes.chunks_exact(mapping.program().row_bytes()).map(|row| &row[..features]).collect();
		let others = public.chunks_exact(program.row_bytes());
		let looked_for = others.len();
		let found = others.filter(|row| own.contains(&row[..features])).count();
		Ok(Some(Overlap { public: looked_for, found }))
	}
}

impl StepSource {
	/// Looks for windows of the domain with the record `spec`, i.e. a history and the horizon after it, among the steps of the file.
	/// `public` has the public values of the domain. Returns `None` if the domain has no series, or has nothing public yet and another
	/// number of channels. Only channel 0 is compared.
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
		let steps = program.span().max(1) as usize;
		// A constant window, e.g. of zeros, says nothing.
		let varies = |window: &&[i32]| window.iter().any(|value| *value != window[0]);
		let windows: Vec<&[i32]> = others.chunks_exact(steps).filter(varies).collect();
		let wanted: HashSet<&[i32]> = windows.iter().copied().collect();
		let known: HashSet<&[i32]> = own.windows(steps).filter(|window| wanted.contains(window)).collect();
		let found = windows.iter().filter(|window| known.contains(*window)).count();
		Ok(Some(Overlap { public: steps * windows.len(), found: steps * found }))
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
	use doin_scoring::rows::Rows;
	use std::path::Path;

	/// Returns lines of rows of six numbers from 0 to 15, and a class.
	fn lines(rows: std::ops::Range<u32>) -> Vec<String> {
		let line = |row: u32| {
			let hash = blake2_256(&row.to_le_bytes());
			let numbers: Vec<String> = hash[..6].iter().map(|byte| (byte % 16).to_string()).collect();
			format!("{},{}", numbers.join(","), ["A", "B", "C"][usize::from(hash[31] % 3)])
		};
		rows.map(line).collect()
	}

	fn write(folder: &Path, lines: &[String], options: &RowOptions) -> RowSource {
		let path = folder.join("rows.csv");
		std::fs::write(&path, format!("a,b,c,d,e,f,y\n{}\n", lines.join("\n"))).unwrap();
		RowSource { source: path.as_path().into(), options: options.clone(), mapping: MappingOptions::default() }
	}

	fn classes() -> RowOptions {
		RowOptions { label: "y".into(), ..RowOptions::default() }
	}

	/// Returns options that compute `label` without the classes and without the columns `without`.
	fn values(label: &str, without: &[&str]) -> RowOptions {
		let without = [&["y"][..], without].concat().into_iter().map(String::from).collect();
		RowOptions { label: label.into(), values: true, without, ..RowOptions::default() }
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
		let all = lines(0..2_500);
		for options in [classes(), values("f", &[])] {
			let (spec, published) = sealed(&write(folder.path(), &all, &options), 1);
			let mut fewer = all.clone();
			fewer.remove(700);
			let more = [&lines(9_000..9_001)[..], &all[..]].concat();
			for changed in [&fewer, &more] {
				let source = write(folder.path(), changed, &options);
				let refused = source.rebuild(&SegmentKey::of_child(&[1; 32]), &spec).unwrap_err().to_string();
				assert!(refused.contains("do not add up"), "{refused}");
				let overlap = source.overlap(&spec, &published).unwrap().unwrap();
				assert!(overlap.public - overlap.found <= 1 && overlap.is_same_data() == Some(true), "{overlap:?}");
			}
			// A part of the rows.
			let half = [&lines(20_000..21_250)[..], &all[..1_250]].concat();
			let overlap = write(folder.path(), &half, &options).overlap(&spec, &published).unwrap().unwrap();
			assert!(overlap.is_same_data() == Some(true) && overlap.percent() < 90, "{overlap:?}");
			let other = write(folder.path(), &lines(30_000..32_500), &options);
			let overlap = other.overlap(&spec, &published).unwrap().unwrap();
			assert_eq!(overlap.is_same_data(), Some(false), "{overlap:?}");
			assert_eq!(other.overlap(&spec, &[]).unwrap().unwrap().is_same_data(), None, "nothing is published yet");
		}
	}

	#[test]
	fn labels_are_not_compared_and_columns_are() {
		let folder = tempfile::tempdir().unwrap();
		let (spec, published) = sealed(&write(folder.path(), &lines(0..2_500), &values("f", &["e"])), 1);
		let of = |options| write(folder.path(), &lines(0..2_500), &options).overlap(&spec, &published).unwrap();
		assert_eq!(of(values("e", &["f"])).unwrap().percent(), 100, "another label");
		assert_eq!(of(values("f", &[])), None, "a column more");
	}

	#[test]
	fn rows_behind_another_range_are_not_found() {
		let folder = tempfile::tempdir().unwrap();
		let (spec, published) = sealed(&write(folder.path(), &lines(0..2_500), &classes()), 1);
		let wider = [&lines(0..2_500)[..], &["1500,1500,1500,1500,1500,1500,A".to_string()]].concat();
		let overlap = write(folder.path(), &wider, &classes()).overlap(&spec, &published).unwrap().unwrap();
		assert_eq!(overlap.is_same_data(), Some(false), "{overlap:?}");
	}

	#[test]
	fn a_tenth_of_the_public_rows_is_the_same_data() {
		let of = |public, found| Overlap { public, found };
		assert_eq!((of(1_000, 100).is_same_data(), of(1_000, 99).is_same_data()), (Some(true), Some(false)));
		assert_eq!((of(0, 0).is_same_data(), of(0, 0).percent(), of(300, 200).percent()), (None, 0, 66));
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
		let shared = |source: StepSource| source.overlap(&spec, &published).unwrap().unwrap();
		assert_eq!(shared(write(&steps(993..3_000))), Overlap { public: 600, found: 600 });
		assert_eq!(shared(write(&steps(1_600..3_000))).is_same_data(), Some(false), "later steps");
		assert_eq!(shared(StepSource { scale: 2.0, ..write(&steps(993..3_000)) }).is_same_data(), Some(false));
		let flat = vec![7; 600];
		let constant = write(&steps(993..3_000)).overlap(&spec, &flat).unwrap().unwrap();
		assert_eq!(constant.is_same_data(), None, "constant windows say nothing");
	}
}
