//! Map from the columns of a file to the bytes of rows.

use super::{
	bytes::{lower_median, ByteMap},
	labels::{check_value_columns, ClassMap, LabelMap, ValueMap},
	table::{Labels, RowTable},
};
use crate::{csv::Note, units::exact};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_scoring::rows::{Image, RowTarget, Rows, MAX_IMAGE_CHANNELS, MAX_ROWS, ROW_CHUNKS};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Size of an image on the command line, e.g. `8x8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSize {
	/// Rows of pixels.
	pub height: u8,
	/// Pixels per row.
	pub width: u8,
}

impl FromStr for ImageSize {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let side = |side: &str| side.trim().parse().ok().filter(|side: &u8| *side > 0);
		let sides = text.split_once(['x', 'X', '×']).and_then(|(height, width)| Some((side(height)?, side(width)?)));
		let (height, width) = sides
			.ok_or_else(|| format!("invalid image size `{text}`: expected HxW in pixels, each from 1 to 255, e.g. 28x28"))?;
		Ok(Self { height, width })
	}
}

impl fmt::Display for ImageSize {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}x{}", self.height, self.width)
	}
}

impl From<ImageSize> for Image {
	fn from(ImageSize { height, width }: ImageSize) -> Self {
		Self { height, width }
	}
}

/// Map from the columns of a file to rows of bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowMapping {
	/// Map of each column of features.
	pub features: Vec<ByteMap>,
	/// Shape of the features as an image.
	pub image: Option<Image>,
	/// Map of the labels.
	pub labels: LabelMap,
}

/// Facts that the columns do not show.
#[derive(Clone, Copy, Debug, Default)]
pub struct MappingOptions {
	/// Size of the image that the features are.
	pub image: Option<ImageSize>,
	/// Raw unit of a single value, in units of the column.
	pub unit: Option<f64>,
	/// `true` if missing features are replaced by the median of their column.
	pub fill: bool,
}

/// Rows of one file as bytes.
#[derive(Clone, Debug, Default)]
pub struct EncodedRows {
	/// Rows, one after the other: a byte per feature, then the label.
	pub bytes: Vec<u8>,
	/// Numbers outside the range of the training rows.
	pub clamped: Clamped,
}

/// Numbers that were clamped to the range of the training rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clamped {
	/// Number of cells.
	pub cells: usize,
	/// Names of the columns.
	columns: BTreeSet<String>,
	/// Description of the first cell.
	first: Option<(usize, String)>,
}

impl Clamped {
	/// Counts a cell of row `row`.
	fn add(&mut self, row: usize, column: &str, describe: impl FnOnce() -> String) {
		self.cells += 1;
		if !self.columns.contains(column) {
			self.columns.insert(column.into());
		}
		if self.first.as_ref().is_none_or(|(first, _)| row < *first) {
			self.first = Some((row, describe()));
		}
	}

	/// Returns the cells of both.
	fn merge(mut self, mut other: Self) -> Self {
		self.cells += other.cells;
		self.columns.append(&mut other.columns);
		self.first = match (self.first, other.first) {
			(Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
			(a, b) => a.or(b),
		};
		self
	}

	/// Returns a note, if a cell was clamped.
	pub fn note(&self, file: &str) -> Option<Note> {
		let (_, first) = self.first.as_ref()?;
		let cells = match self.cells {
			1 => "1 number lies outside the range of the training rows and is".to_string(),
			cells => {
				let columns = columns_text(self.columns.len());
				format!("{cells} numbers in {columns} lie outside the range of the training rows and are")
			}
		};
		Some(Note::Info(format!("{file}: {cells} clamped to it, e.g. {first}")))
	}
}

fn columns_text(count: usize) -> String {
	format!("{count} column{}", if count == 1 { "" } else { "s" })
}

impl RowMapping {
	/// Makes the map of the columns of several files. `training` has file and row of each training row, which ranges, medians and
	/// units are computed from; classes are those of all rows.
	///
	/// # Errors
	///
	/// Errors if the labels are missing, constant or too many, or if the features are no image of the size.
	pub fn new(tables: &[&RowTable], training: &[(usize, usize)], options: &MappingOptions) -> Result<Self> {
		let first = tables.first().context("there is no file")?;
		if let Some(image) = options.image {
			check_image(image, first.features.len())?;
		}
		let map = |column: usize| feature_map(tables, training, column, options.fill);
		let mut features: Vec<ByteMap> = (0..first.features.len()).into_par_iter().map(map).collect::<Result<_>>()?;
		if options.image.is_some() {
			// The pixels of an image share one map.
			let least = features.iter().map(|map| map.least).fold(f64::INFINITY, f64::min);
			let greatest = features.iter().map(|map| map.greatest).fold(f64::NEG_INFINITY, f64::max);
			features.iter_mut().for_each(|map| (map.least, map.greatest) = (least, greatest));
		}
		let mut mapping =
			Self { features, image: options.image.map(Image::from), labels: labels(tables, training, options.unit)? };
		if options.fill {
			mapping.set_fill(tables, training);
		}
		Ok(mapping)
	}

	/// Sets the byte of a missing value to that of the lower median of the column over the training rows.
	fn set_fill(&mut self, tables: &[&RowTable], training: &[(usize, usize)]) {
		for (column, map) in self.features.iter_mut().enumerate() {
			let known = training.iter().filter_map(|(table, row)| tables[*table].columns[column][*row]).collect();
			map.fill = lower_median(known).map(|median| map.byte(median));
		}
	}

	/// Checks a map that was read from a file.
	///
	/// # Errors
	///
	/// Errors if a range is empty, or if the program is impossible.
	pub fn check(&self) -> Result<()> {
		self.features.iter().try_for_each(ByteMap::check)?;
		self.labels.check()?;
		ensure!(u16::try_from(self.features.len()).is_ok(), "there are too many columns");
		self.program().check().map_err(|error| anyhow!("the program is impossible: {error:?}"))
	}

	/// Returns the program. Training and evaluation by hand use all rows, so the chunks are the smallest that a chain has.
	pub fn program(&self) -> Rows {
		let target = match &self.labels {
			LabelMap::Classes(classes) => RowTarget::Classes(classes.classes.len() as u8),
			LabelMap::Values(values) => RowTarget::Values(values.len() as u8),
		};
		Rows { features: self.features.len() as u16, image: self.image, target, rows: MAX_ROWS, chunks: *ROW_CHUNKS.start() }
	}

	/// Returns the names of the columns of features.
	pub fn columns(&self) -> Vec<String> {
		self.features.iter().map(|map| map.column.clone()).collect()
	}

	/// Returns the rows of a file as bytes.
	///
	/// # Errors
	///
	/// Errors if a label is none of the classes, if a feature is missing that is not filled, or if the columns do not fit.
	pub fn encode(&self, table: &RowTable) -> Result<EncodedRows> {
		self.encode_with(table, table.labels.as_ref())
	}

	/// Returns the rows of a file as bytes, with labels of 0, e.g. to predict them.
	///
	/// # Errors
	///
	/// Errors if a feature is missing that is not filled, or if the columns do not fit.
	pub fn encode_features(&self, table: &RowTable) -> Result<EncodedRows> {
		self.encode_with(table, None)
	}

	fn encode_with(&self, table: &RowTable, labels: Option<&Labels>) -> Result<EncodedRows> {
		ensure!(
			table.columns.len() == self.features.len(),
			"{}: there are {} columns of features, and the model reads {}: name as many with --inputs, in this order, or omit --inputs",
			table.file,
			table.columns.len(),
			self.features.len()
		);
		let (labels, clamped) = self.encode_labels(table, labels)?;
		let (features, label_bytes) = (self.features.len(), labels.len() / table.rows().max(1));
		let mut bytes = vec![0u8; table.rows() * (features + label_bytes)];
		let row_of = |(row, bytes): (usize, &mut [u8])| {
			let mut clamped = Clamped::default();
			for ((map, column), byte) in self.features.iter().zip(&table.columns).zip(bytes.iter_mut()) {
				*byte = match (column[row], map.fill) {
					(Some(value), _) => {
						if !map.covers(value) {
							clamped.add(row, &map.column, || describe(table, row, map, value));
						}
						map.byte(value)
					}
					(None, Some(fill)) => fill,
					(None, None) => bail!(
						"{}, line {}: column `{}` has no value, and the model was trained on rows without gaps: correct it, or train with \
						--fill median",
						table.file,
						table.lines[row],
						map.column
					),
				};
			}
			bytes[features..].copy_from_slice(&labels[row * label_bytes..(row + 1) * label_bytes]);
			Ok(clamped)
		};
		let rows = bytes.par_chunks_exact_mut((features + label_bytes).max(1)).enumerate().map(row_of);
		let features = rows.try_reduce(Clamped::default, |a, b| Ok(a.merge(b)))?;
		Ok(EncodedRows { bytes, clamped: features.merge(clamped) })
	}

	/// Returns labels of a file as bytes, row by row, and those that were clamped. Without labels, they are 0.
	fn encode_labels(&self, table: &RowTable, labels: Option<&Labels>) -> Result<(Vec<u8>, Clamped)> {
		let mut clamped = Clamped::default();
		let bytes = match (&self.labels, labels) {
			(LabelMap::Classes(classes), Some(Labels::Texts(texts))) => {
				classes.encode(&table.file, texts, |row| table.lines[row])?
			}
			(LabelMap::Values(maps), Some(Labels::Numbers(columns))) => {
				ensure!(
					columns.len() == maps.len(),
					"{}: --label names {} columns, and the model computes {}: name as many, in this order",
					table.file,
					columns.len(),
					maps.len()
				);
				let mut bytes = Vec::with_capacity(table.rows() * maps.len() * size_of::<i32>());
				for row in 0..table.rows() {
					for (map, column) in maps.iter().zip(columns) {
						let (raw, is_clamped) = map.raw(column[row]);
						if is_clamped {
							clamped.add(row, &map.column, || {
								format!("line {}: `{}` is {}", table.lines[row], map.column, exact(column[row]))
							});
						}
						bytes.extend(raw.to_le_bytes());
					}
				}
				bytes
			}
			(_, None) => vec![0; table.rows() * self.program().target.bytes()],
			(_, Some(_)) => bail!("{}: the labels are of another kind than those of the model", table.file),
		};
		Ok((bytes, clamped))
	}
}

/// Describes a cell outside the range of the training rows.
fn describe(table: &RowTable, row: usize, map: &ByteMap, value: f64) -> String {
	format!(
		"line {}: `{}` is {}, and lies from {} to {} in training",
		table.lines[row],
		map.column,
		exact(value),
		exact(map.least),
		exact(map.greatest)
	)
}

/// Returns the map of a column of features.
fn feature_map(tables: &[&RowTable], training: &[(usize, usize)], column: usize, fill: bool) -> Result<ByteMap> {
	let known = training.iter().filter_map(|(table, row)| tables[*table].columns[column][*row]);
	let (least, greatest) =
		known.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| (least.min(value), greatest.max(value)));
	let name = &tables[0].features[column];
	ensure!(
		least <= greatest,
		"column `{name}` has no value in the training rows{}: leave it out with --without \"{name}\"",
		if fill { ", so there is no median" } else { "" }
	);
	Ok(ByteMap { column: name.clone(), least, greatest, fill: None })
}

/// Returns the map of the labels.
fn labels(tables: &[&RowTable], training: &[(usize, usize)], unit: Option<f64>) -> Result<LabelMap> {
	let names = &tables[0].label_columns;
	if let Some(Labels::Texts(_)) = tables[0].labels {
		let texts = tables.iter().flat_map(|table| match &table.labels {
			Some(Labels::Texts(texts)) => texts.as_slice(),
			_ => &[],
		});
		ensure!(unit.is_none(), "--unit is the raw unit of values: add --values, or omit it");
		return Ok(LabelMap::Classes(ClassMap::new(&names[0], texts.map(String::as_str))?));
	}
	check_value_columns(names.len())?;
	ensure!(
		unit.is_none() || names.len() == 1,
		"--unit is the raw unit of one column of values, and --label names {}: omit it",
		names.len()
	);
	let map = |(column, name): (usize, &String)| {
		let values = training.iter().filter_map(|(table, row)| match &tables[*table].labels {
			Some(Labels::Numbers(columns)) => Some(columns[column][*row]),
			_ => None,
		});
		ValueMap::new(name, &values.collect::<Vec<_>>(), unit, names.len() > 1)
	};
	Ok(LabelMap::Values(names.iter().enumerate().map(map).collect::<Result<_>>()?))
}

/// Checks that so many columns are an image.
fn check_image(image: ImageSize, features: usize) -> Result<()> {
	let ImageSize { height, width } = image;
	let pixels = usize::from(height) * usize::from(width);
	let channels = features / pixels;
	if features.is_multiple_of(pixels) && (1..=usize::from(MAX_IMAGE_CHANNELS)).contains(&channels) {
		return Ok(());
	}
	let side = (features as f64).sqrt() as usize;
	let example = match side * side == features && (1..=255).contains(&side) {
		true => format!(", e.g. --image {side}x{side}"),
		false => String::new(),
	};
	bail!(
		"--image {height}x{width} has {pixels} pixels, and there are {features} columns of features, which are not 1 to \
		{MAX_IMAGE_CHANNELS} channels of each: choose another size{example}, or choose the columns of the image with --inputs or --without"
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn table(columns: &[&[f64]], labels: Labels) -> RowTable {
		RowTable {
			file: "a.csv".into(),
			features: (0..columns.len()).map(|at| format!("x{at}")).collect(),
			columns: columns.iter().map(|column| column.iter().copied().map(Some).collect()).collect(),
			label_columns: match &labels {
				Labels::Texts(_) => vec!["y".into()],
				Labels::Numbers(columns) => (0..columns.len()).map(|at| format!("y{at}")).collect(),
			},
			labels: Some(labels),
			lines: (2..2 + columns[0].len() as u64).collect(),
			notes: Vec::new(),
		}
	}

	fn texts(labels: &[&str]) -> Labels {
		Labels::Texts(labels.iter().map(|label| label.to_string()).collect())
	}

	fn training(rows: usize) -> Vec<(usize, usize)> {
		(0..rows).map(|row| (0, row)).collect()
	}

	fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
		format!("{:#}", result.unwrap_err())
	}

	#[test]
	fn rows_are_bytes_and_a_class() {
		let table = table(&[&[0.0, 15.0, 5.0], &[-1.0, 1.0, 1.0]], texts(&["b", "a", "b"]));
		let mapping = RowMapping::new(&[&table], &training(2), &MappingOptions::default()).unwrap();
		let EncodedRows { bytes, clamped } = mapping.encode(&table).unwrap();
		assert_eq!(bytes, [0, 0, 1, 255, 255, 0, 85, 255, 1]);
		assert_eq!(clamped, Clamped::default());
		let program = mapping.program();
		assert_eq!((program.features, program.target, program.row_bytes()), (2, RowTarget::Classes(2), 3));
		mapping.check().unwrap();
		program.check_labels(&bytes).unwrap();
	}

	#[test]
	fn values_are_little_endian_numbers() {
		let labels = Labels::Numbers(vec![vec![10.0, 11.0, 12.0], vec![0.5, 0.25, 0.0]]);
		let table = table(&[&[1.0, 2.0, 3.0]], labels);
		let mapping = RowMapping::new(&[&table], &training(3), &MappingOptions::default()).unwrap();
		let LabelMap::Values(maps) = &mapping.labels else { panic!() };
		let bytes = mapping.encode(&table).unwrap().bytes;
		let raw = |row: usize, value: usize| i32::from_le_bytes(bytes[row * 9 + 1 + 4 * value..][..4].try_into().unwrap());
		assert_eq!((raw(1, 0), raw(1, 1)), (0, 0), "the medians");
		assert!((maps[0].value(16 * i64::from(raw(2, 0))) - 12.0).abs() < maps[0].unit);
		assert!((maps[1].value(16 * i64::from(raw(0, 1))) - 0.5).abs() < maps[1].unit);
		mapping.program().check_labels(&bytes).unwrap();
	}

	#[test]
	fn numbers_outside_the_training_range_are_clamped_with_a_note() {
		let table = table(&[&[0.0, 10.0, 99.0, -1.0], &[3.0, 4.0, 3.5, 9.0]], texts(&["b", "a", "b", "a"]));
		let mapping = RowMapping::new(&[&table], &training(2), &MappingOptions::default()).unwrap();
		let EncodedRows { bytes, clamped } = mapping.encode(&table).unwrap();
		assert_eq!((bytes[6], bytes[9], bytes[10]), (255, 0, 255));
		assert_eq!(
			clamped.note("a.csv").unwrap().to_string(),
			"note: a.csv: 3 numbers in 2 columns lie outside the range of the training rows and are clamped to it, e.g. line 4: `x0` \
			is 99, and lies from 0 to 10 in training"
		);
		assert_eq!(Clamped::default().note("a.csv"), None);
	}

	#[test]
	fn the_pixels_of_an_image_share_one_map() {
		let columns: Vec<Vec<f64>> = (0..8).map(|pixel| vec![f64::from(pixel), f64::from(10 * pixel)]).collect();
		let table = table(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>(), texts(&["a", "b"]));
		let image = |text: &str| MappingOptions { image: Some(text.parse().unwrap()), ..Default::default() };
		let mapping = RowMapping::new(&[&table], &training(2), &image("2x4")).unwrap();
		assert!(mapping.features.iter().all(|map| (map.least, map.greatest) == (0.0, 70.0)));
		assert_eq!(mapping.program().image, Some(Image { height: 2, width: 4 }));
		RowMapping::new(&[&table], &training(2), &image("2x2")).unwrap().check().unwrap();
	}

	#[test]
	fn b05_an_image_of_another_size_is_refused() {
		let columns = vec![vec![0.0, 1.0]; 64];
		let table = table(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>(), texts(&["a", "b"]));
		let image = |text: &str| MappingOptions { image: Some(text.parse().unwrap()), ..Default::default() };
		let reason = refusal(RowMapping::new(&[&table], &training(2), &image("8x9")));
		assert!(
			reason.starts_with("--image 8x9 has 72 pixels, and there are 64 columns of features")
				&& reason.contains("e.g. --image 8x8"),
			"{reason}"
		);
		assert!(refusal(RowMapping::new(&[&table], &training(2), &image("2x2"))).contains("4 pixels"), "16 channels");
		for wrong in ["8", "8x", "0x8", "300x2", "axb", "8x8x3"] {
			assert!(wrong.parse::<ImageSize>().unwrap_err().contains("expected HxW"), "{wrong}");
		}
		assert_eq!("28x28".parse::<ImageSize>().unwrap(), ImageSize { height: 28, width: 28 });
	}

	#[test]
	fn missing_features_are_the_median_of_the_training_rows() {
		let mut table = table(&[&[0.0, 10.0, 2.0, 4.0]], texts(&["b", "a", "b", "a"]));
		table.columns[0].push(None);
		table.lines.push(6);
		let Some(Labels::Texts(labels)) = &mut table.labels else { panic!() };
		labels.push("a".into());
		let fill = MappingOptions { fill: true, ..Default::default() };
		let mapping = RowMapping::new(&[&table], &training(4), &fill).unwrap();
		assert_eq!((mapping.features[0].fill, mapping.encode(&table).unwrap().bytes[8]), (Some(51), 51));
		let without = RowMapping::new(&[&table], &training(4), &MappingOptions::default()).unwrap();
		assert!(refusal(without.encode(&table)).contains("a.csv, line 6: column `x0` has no value"));
	}

	#[test]
	fn columns_that_do_not_fit_are_refused() {
		let wide = table(&[&[0.0, 1.0], &[1.0, 2.0]], texts(&["a", "b"]));
		let narrow = table(&[&[0.0, 1.0]], texts(&["a", "b"]));
		let mapping = RowMapping::new(&[&wide], &training(2), &MappingOptions::default()).unwrap();
		assert!(refusal(mapping.encode(&narrow)).contains("there are 1 columns of features, and the model reads 2"));
		let many = Labels::Numbers(vec![vec![0.0, 1.0]; 17]);
		let many = table(&[&[0.0, 1.0]], many);
		assert!(refusal(RowMapping::new(&[&many], &training(2), &MappingOptions::default())).contains("17 columns of values"));
		let unit = MappingOptions { unit: Some(1.0), ..Default::default() };
		assert!(refusal(RowMapping::new(&[&wide], &training(2), &unit)).contains("add --values"));
	}
}
