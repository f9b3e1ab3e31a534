//! Domain of a table: its options, and its report.

use crate::{
	args::argument,
	commands::row_figures::RowFigures,
	report::{entry, table, write_table, LEFT, RIGHT},
	row_args::row_options,
};
use anyhow::{ensure, Result};
use clap::Args;
use doin_forecast::{
	decimal,
	rows::{model_file::features_text, write_map, ImageSize, LabelMap, MappingOptions, RowMapping, RowOptions},
	sealed::RowSource,
	DraftOptions, RowDraft, RowDraftOptions, SeriesSource,
};
use doin_primitives::{Balance, Evidence, Gene, Limits, ProgramKind, Split};
use doin_roles::amount::Amount;
use doin_scoring::rows::Image;
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Columns whose ranges the text lists.
const RANGES: usize = 8;

/// Labels and features of the rows of a domain.
#[derive(Clone, Debug, Default, Args)]
pub struct RowArgs {
	/// Make a domain of a table, in place of a series: this column is learned from the others of its row. Its texts or numbers, 2
	/// to 64 different ones, are classes; with --values, its numbers are computed, of up to 16 columns
	#[arg(
		long,
		value_name = "COLUMN",
		conflicts_with_all = ["column", "horizon", "steps", "classes", "history", "season", "windows", "scale", "time", "day_first",
			"month_first", "time_format", "zone", "sort"],
		help_heading = "Rows"
	)]
	label: Option<String>,
	/// Compute the numbers of the label columns, scored by absolute error, in place of classes
	#[arg(long, requires = "label", help_heading = "Rows")]
	values: bool,
	/// Size of the image that the columns of features are, pixel row by pixel row, with the 1 to 4 channels of a pixel side by
	/// side
	#[arg(long, value_name = "HxW", requires = "label", help_heading = "Rows")]
	image: Option<ImageSize>,
	/// Columns that are neither label nor feature, e.g. an identifier. All others are features, or those of --inputs
	#[arg(long, value_name = "COLUMN,...", requires = "label", conflicts_with = "inputs", help_heading = "Rows")]
	without: Vec<String>,
	/// Write the map of columns to bytes to this file, for clients that buy labels of rows: `infer --map`
	#[arg(long, value_name = "FILE", requires = "label", conflicts_with = "genome", help_heading = "Rows")]
	map_out: Option<PathBuf>,
}

impl RowArgs {
	/// Returns `true` for a table, in place of a series.
	pub fn is_given(&self) -> bool {
		self.label.is_some()
	}

	/// Writes the map of the columns to the file of `--map-out`, if there is one. `is_ordered` is `true` if the rows have the order of the
	/// registration.
	///
	/// # Errors
	///
	/// Errors if the rows have another order, and if the file cannot be written.
	pub fn write_map(&self, mapping: &RowMapping, is_ordered: bool) -> Result<()> {
		let Some(path) = &self.map_out else { return Ok(()) };
		ensure!(
			is_ordered,
			"the key of the owner orders the rows of a sealed domain, and the map follows from the first ones, so --map-out needs it: add \
			 --key FILE"
		);
		write_map(mapping, path)
	}

	/// Returns the options as arguments, without a file that is written.
	pub fn to_arguments(&self) -> Vec<String> {
		let label = self.label.iter().flat_map(|label| argument("--label", label));
		let values = self.values.then(|| "--values".to_string());
		let image = self.image.iter().flat_map(|image| argument("--image", &image.to_string()));
		let without = self.without.iter().flat_map(|column| argument("--without", column));
		label.chain(values).chain(image).chain(without).collect()
	}

	/// Returns the options of the draft of a table; `None` for a series. `series` has the options that both share.
	///
	/// # Errors
	///
	/// Errors if gaps are to be filled as in a series.
	pub fn options(&self, source: SeriesSource, series: &DraftOptions) -> Result<Option<RowDraftOptions>> {
		let Some(label) = &self.label else { return Ok(None) };
		let options = row_options(Some(label), self.values, series.read.clone())?;
		let mapping = MappingOptions { image: self.image, unit: series.unit, fill: options.fill };
		let rows = RowSource { source, options: RowOptions { without: self.without.clone(), ..options }, mapping };
		Ok(Some(RowDraftOptions { rows, name: series.name.clone(), unit_name: series.unit_name.clone() }))
	}
}

/// Report of the draft of a table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowDraftReport {
	name: String,
	program: ProgramKind,
	unit: String,
	features: Vec<FeatureReport>,
	image: Option<Image>,
	/// Columns of the labels.
	label: Vec<String>,
	/// Text of each class; `None` for values.
	classes: Option<Vec<String>>,
	/// Bytes of the published rows.
	values: u32,
	row_bytes: usize,
	/// Rows that were dropped, because an earlier one is the same.
	duplicates: usize,
	/// Published rows.
	published: usize,
	split: Split,
	chunks: u16,
	rows: u16,
	sealed: Option<SealedReport>,
	limits: Limits,
	genes: Vec<Gene>,
	min_improvement: u32,
	target: u32,
	data_root: String,
	baselines: Vec<RungReport>,
	/// Name of the initial champion, one of the baselines.
	initial: String,
	/// Map of the labels.
	#[serde(skip)]
	mapping: RowMapping,
}

/// Column of features, and its range in the training rows.
#[derive(Debug, Serialize)]
struct FeatureReport {
	column: String,
	least: f64,
	greatest: f64,
}

/// Segments of a sealed domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedReport {
	/// Number of segments.
	pub segments: usize,
	/// Rows or steps of a segment.
	pub units: u32,
	/// Bytes of a segment.
	pub segment_bytes: u32,
	/// Stake of a seat, in plancks.
	#[serde(with = "As::<DisplayFromStr>")]
	pub stake: Balance,
	/// Licence under which segments are published.
	pub licence: String,
}

impl SealedReport {
	/// Returns the segments of a new domain; `None` if nothing is sealed.
	pub fn of(new: &doin_forecast::NewDomain) -> Option<Self> {
		let Evidence::Sealed { units, stake } = new.spec.evidence else { return None };
		Some(Self {
			segments: new.sealed.as_ref().map_or(0, |sealed| sealed.segments.len()),
			units,
			segment_bytes: new.spec.segment_bytes(),
			stake,
			licence: String::from_utf8_lossy(&new.spec.licence).into_owned(),
		})
	}

	/// Writes the evidence of a sealed domain. `unit` is rows or steps.
	pub fn write(&self, f: &mut Formatter<'_>, unit: &str) -> fmt::Result {
		let Self { segments, units, segment_bytes, stake, licence } = self;
		let each = format!("{segments} segments of {units} {unit}, {:.1} KiB each", f64::from(*segment_bytes) / 1024.0);
		entry(f, "evidence", format_args!("sealed: {each}; a seat stakes {}", Amount(*stake)))?;
		entry(f, "", format_args!("sizes are public at once, and each opened segment is published for ever, under {licence}"))
	}
}

/// Errors of a simple model on the validation part.
#[derive(Debug, Serialize)]
struct RungReport {
	name: String,
	#[serde(flatten)]
	validation: RowFigures,
}

impl RowDraftReport {
	/// Returns the report of a draft that is not registered.
	pub fn new(draft: &RowDraft) -> Self {
		let (spec, mapping, program) = (&draft.domain.spec, &draft.mapping, draft.program());
		let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
		let feature = |map: &doin_forecast::rows::bytes::ByteMap| FeatureReport {
			column: map.column.clone(),
			least: map.least,
			greatest: map.greatest,
		};
		let constant = draft.rungs.first().map(|rung| &rung.validation);
		let baselines = draft.rungs.iter().filter_map(|rung| {
			let validation = RowFigures::new(&mapping.labels, &rung.validation, constant?);
			Some(RungReport { name: rung.name.clone(), validation })
		});
		Self {
			name: text(&spec.name),
			program: (&spec.program).into(),
			unit: text(&spec.unit),
			features: mapping.features.iter().map(feature).collect(),
			image: mapping.image,
			label: mapping.labels.columns(),
			classes: match &mapping.labels {
				LabelMap::Classes(classes) => Some(classes.classes.clone()),
				LabelMap::Values(_) => None,
			},
			values: spec.values,
			row_bytes: program.row_bytes(),
			duplicates: draft.duplicates,
			published: draft.parts.layout.published,
			split: spec.split,
			chunks: program.chunks,
			rows: program.rows,
			sealed: SealedReport::of(&draft.domain),
			limits: spec.limits.clone(),
			genes: spec.genes.to_vec(),
			min_improvement: spec.min_improvement,
			target: spec.target,
			data_root: format!("0x{}", hex::encode(spec.data_root)),
			baselines: baselines.collect(),
			initial: draft.initial.clone(),
			mapping: mapping.clone(),
		}
	}

	fn write_columns(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let range =
			|feature: &FeatureReport| format!("{} {} to {}", feature.column, decimal(feature.least), decimal(feature.greatest));
		let ranges: Vec<String> = self.features.iter().take(RANGES).map(range).collect();
		let more = self.features.len() - ranges.len();
		let more = if more > 0 { format!(", and {more} more") } else { String::new() };
		entry(f, "features", format_args!("{}, as bytes: {}{more}", features_text(&self.mapping), ranges.join(", ")))?;
		match &self.mapping.labels {
			LabelMap::Classes(classes) => {
				entry(f, "labels", format_args!("{}: {} classes, {}", classes.column, classes.classes.len(), classes.listed()))
			}
			LabelMap::Values(maps) => {
				let value = |map: &doin_forecast::rows::labels::ValueMap| {
					format!("{} in steps of {} around {}", map.column, decimal(map.unit), decimal(map.offset))
				};
				entry(f, "labels", maps.iter().map(value).collect::<Vec<_>>().join(", "))
			}
		}
	}
}

impl Display for RowDraftReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "domain", &self.name)?;
		let Split { train_end, validation_end } = self.split;
		let held_out = self.published - validation_end as usize;
		let held_out = if held_out > 0 { format!(", {held_out} are held out") } else { String::new() };
		entry(
			f,
			"rows",
			format_args!(
				"{} published, of {} bytes each; {train_end} train, {} validate{held_out}",
				self.published,
				self.row_bytes,
				validation_end - train_end
			),
		)?;
		self.write_columns(f)?;
		match &self.sealed {
			Some(sealed) => sealed.write(f, "rows")?,
			None => entry(
				f,
				"evidence",
				"public: verdicts use the validation part; only a bounty is paid, nothing is minted. --sealed SEGMENTS seals a part of the rows",
			)?,
		}
		entry(
			f,
			"verdicts",
			format_args!("{} chunks of {} rows; at least {} ppm better", self.chunks, self.rows, self.min_improvement),
		)?;
		let title = RowFigures::title(&self.mapping.labels);
		let mut baselines = table([(title, LEFT), ("validation", RIGHT), ("better", RIGHT)]);
		for rung in &self.baselines {
			baselines.add_row([rung.name.clone(), rung.validation.shown(), rung.validation.better()]);
		}
		write_table(f, "baselines", &baselines)?;
		entry(f, "", format_args!("the initial champion is {}: models that err less are paid", self.initial))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_forecast::{rows::read_map, sealed::SegmentKey, DomainTerms, SealedTerms};
	use doin_primitives::DOIN;

	#[test]
	fn a_sealed_table_is_reported_as_text_and_json() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("letters.csv");
		let line = |at: usize| {
			let (a, b) = (at % 61, at / 61);
			format!("{a},{b},{}\n", if a > 30 { "right" } else { "left" })
		};
		let text: String = std::iter::once("a,b,side\n".to_string()).chain((0..2_000).map(line)).collect();
		std::fs::write(&path, text).unwrap();
		let map = folder.path().join("letters.map");
		let args = RowArgs { label: Some("side".into()), map_out: Some(map.clone()), ..RowArgs::default() };
		let options = args.options(path.as_path().into(), &DraftOptions::default()).unwrap().unwrap();
		assert!(RowArgs::default().options(path.as_path().into(), &DraftOptions::default()).unwrap().is_none());
		let key = SegmentKey::of_child(&[1; 32]);
		let sealed = SealedTerms { segments: 2, segment: Some(512), stake: 10 * DOIN, key };
		// A linear model separates the classes.
		let terms = DomainTerms { licence: "CC-BY-4.0".into(), sealed: Some(sealed), linear: false, ..DomainTerms::default() };
		let draft = RowDraft::from_csv(&options, &terms).unwrap();
		assert!(args.write_map(&draft.mapping, false).unwrap_err().to_string().contains("--key FILE"));
		args.write_map(&draft.mapping, true).unwrap();
		assert_eq!(read_map(&map).unwrap(), draft.mapping);
		let report = RowDraftReport::new(&draft);
		let text = report.to_string();
		for part in [
			"domain      letters side\nrows        976 published, of 3 bytes each; 848 train, 128 validate\n",
			"features    2 columns, as bytes: a 0 to 60, b 0 to 32\n",
			"labels      side: 2 classes, 0 left, 1 right\n",
			"evidence    sealed: 2 segments of 512 rows, 1.5 KiB each; a seat stakes 10 DOIN\n",
			"published for ever, under CC-BY-4.0\n",
			"verdicts    64 chunks of 8 rows; at least 5000 ppm better\n",
			"the initial champion is majority class",
		] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["program"], &json["classes"]), (&"rows".into(), &serde_json::json!(["left", "right"])));
		assert_eq!((&json["sealed"]["segments"], &json["sealed"]["stake"]), (&2.into(), &"10000000000000".into()));
		assert_eq!(
			(&json["initial"], &json["published"], &json["duplicates"]),
			(&"majority class".into(), &976.into(), &0.into())
		);
		assert!(json["baselines"][0]["error_rate"].as_f64().unwrap() > 0.3 && json["mapping"].is_null());
	}
}
