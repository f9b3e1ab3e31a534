//! Sealed domains that a worker opens the segments of.

use crate::{
	home::{expand_home, is_in_home},
	keys::{read_segment_key, segment_key, KeySource},
	owner::{Owned, OwnedSource},
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_forecast::{
	rows::{MappingOptions, RowOptions},
	sealed::{series::StepSource, RowSource, SegmentKey},
	time::{DateOrder, TimeOptions},
	CsvOptions, Decimal, Fill, ReadOptions, SeriesSource,
};
use doin_primitives::DomainId;
use serde::{Deserialize, Serialize};
use std::{
	path::{Path, PathBuf},
	str::FromStr,
};

/// A sealed domain, and the file that its segments are rebuilt from. The settings are those of `domain create`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnedConfig {
	/// Identifier of the domain.
	pub domain_id: DomainId,
	/// CSV file: FILE, or FILE:ROWS for its first rows.
	pub csv: String,
	/// File with the segment key, which `domain create --segment-key` writes. The segment key of the identity that owns without one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub segment_key: Option<PathBuf>,
	/// Column of the labels, for rows; of several values, a list.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub label: Option<String>,
	/// The labels are numbers to compute, not classes.
	#[serde(default, skip_serializing_if = "is_default")]
	pub values: bool,
	/// Size of the image that the features are, e.g. 8x8.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub image: Option<String>,
	/// Columns that are neither label nor feature.
	#[serde(default, skip_serializing_if = "is_default")]
	pub without: Vec<String>,
	/// Column to forecast, for a series.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub column: Option<String>,
	/// Factor that the column is multiplied by first.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub scale: Option<f64>,
	/// Columns that models read: features of rows, or those beside the one to forecast.
	#[serde(default, skip_serializing_if = "is_default")]
	pub inputs: Vec<String>,
	/// Raw unit of a value of rows, in units of its column.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub unit: Option<f64>,
	/// Treatment of missing values: `linear` of a series, `median` of rows.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub fill: Option<String>,
	/// Texts that stand for a missing value.
	#[serde(default, skip_serializing_if = "is_default")]
	pub missing: Vec<String>,
	/// Conditions COLUMN=VALUE: other rows are left out.
	#[serde(default, rename = "where", skip_serializing_if = "is_default")]
	pub filters: Vec<String>,
	/// Number of rows at the end that are used.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub last: Option<u32>,
	/// The first line is a row, not a header.
	#[serde(default, skip_serializing_if = "is_default")]
	pub no_header: bool,
	/// Decimal separator, `.` or `,`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub decimal: Option<String>,
	/// Column of times.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub time: Option<String>,
	/// Dates such as 1/2/2031 are day/month/year.
	#[serde(default, skip_serializing_if = "is_default")]
	pub day_first: bool,
	/// Dates such as 1/2/2031 are month/day/year.
	#[serde(default, skip_serializing_if = "is_default")]
	pub month_first: bool,
	/// Format of the times as of strptime.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub time_format: Option<String>,
	/// Zone of local times.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub zone: Option<String>,
	/// Sort the rows by their times.
	#[serde(default, skip_serializing_if = "is_default")]
	pub sort: bool,
	/// Other sealed domains of the owner that may have rows of the file, which `domain create --confirm-shared` has confirmed.
	#[serde(default, skip_serializing_if = "is_default")]
	pub confirm_shared: Vec<DomainId>,
}

/// Returns `true` if a setting has its default, so that it is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
	*value == T::default()
}

impl OwnedConfig {
	/// Makes relative paths start in `folder`, apart from those that start in the home folder.
	pub(super) fn resolve(&mut self, folder: &Path) {
		let is_relative = |path: &Path| path.is_relative() && !is_in_home(path);
		if is_relative(Path::new(&self.csv)) {
			self.csv = folder.join(&self.csv).to_string_lossy().into_owned();
		}
		if let Some(path) = self.segment_key.as_mut().filter(|path| is_relative(path)) {
			*path = folder.join(&*path);
		}
	}

	/// Returns `true` if the owner has confirmed, for one of the two, that both may have rows of one file.
	pub(super) fn is_confirmed_beside(&self, other: &Self) -> bool {
		self.confirm_shared.contains(&other.domain_id) || other.confirm_shared.contains(&self.domain_id)
	}

	/// Checks what the types cannot express.
	///
	/// # Errors
	///
	/// Errors for settings that exclude each other, and for values out of their range.
	pub(super) fn check(&self) -> Result<()> {
		self.source().map(|_| ())
	}

	/// Returns the file and how it is read.
	///
	/// # Errors
	///
	/// Errors for settings that exclude each other, and for values out of their range.
	pub fn source(&self) -> Result<OwnedSource> {
		let mut source = SeriesSource::from_str(&self.csv).map_err(|reason| anyhow!("`csv` is invalid: {reason}"))?;
		ensure!(
			source.path != Path::new("-"),
			"`csv` is standard input, and segments are rebuilt after every start: name a file"
		);
		source.path = expand_home(&source.path).context("`csv` is invalid")?;
		let (fill, csv, last) = (self.fill()?, self.csv_options()?, self.last.map(|rows| rows as usize));
		let Some(label) = &self.label else {
			ensure!(
				!self.values
					&& self.image.is_none()
					&& self.without.is_empty()
					&& self.unit.is_none()
					&& fill != Some(Fill::Median),
				"`values`, `image`, `without`, `unit` and fill = \"median\" are for rows: name their column of labels in `label`"
			);
			let order = match (self.day_first, self.month_first) {
				(true, true) => bail!("`day_first` and `month_first` exclude each other: remove one of them"),
				(true, false) => Some(DateOrder::DayFirst),
				(false, true) => Some(DateOrder::MonthFirst),
				(false, false) => None,
			};
			let clock = TimeOptions { order, format: self.time_format.clone(), zone: self.zone.clone(), sort: self.sort };
			let read = ReadOptions { inputs: self.inputs.clone(), time: self.time.clone(), fill, clock, csv, last };
			let scale = self.scale.unwrap_or(1.0);
			return Ok(OwnedSource::Steps(StepSource { source, column: self.column.clone(), read, scale }));
		};
		let has_times = self.time.is_some() || self.time_format.is_some() || self.zone.is_some() || self.sort;
		ensure!(
			self.column.is_none() && self.scale.is_none() && fill != Some(Fill::Linear) && !has_times && !self.day_first && !self.month_first,
			"`column`, `scale`, `time`, `time_format`, `zone`, `sort`, `day_first`, `month_first` and fill = \"linear\" are for series: \
			 remove them, or remove `label`"
		);
		let image = self
			.image
			.as_deref()
			.map(str::parse)
			.transpose()
			.map_err(|reason: String| anyhow!("`image` is invalid: {reason}"))?;
		let options = RowOptions {
			label: label.clone(),
			values: self.values,
			inputs: self.inputs.clone(),
			without: self.without.clone(),
			csv,
			fill: fill == Some(Fill::Median),
			last,
		};
		let mapping = MappingOptions { image, unit: self.unit, fill: options.fill };
		Ok(OwnedSource::Rows(RowSource { source, options, mapping }))
	}

	/// Returns the domain with its source and its segment key. `identity` is the key of the identity that owns, whose segment key is
	/// used if no file is named.
	///
	/// # Errors
	///
	/// Errors as [`OwnedConfig::source`] does, and if a key cannot be read.
	pub fn owned(&self, identity: &KeySource) -> Result<Owned> {
		let key = self.key(identity).with_context(|| format!("the owner of domain {} cannot start", self.domain_id))?;
		let key_file = self.segment_key.clone().or_else(|| identity.file().map(Path::to_path_buf));
		Ok(Owned { domain: self.domain_id, source: self.source()?, key, key_file, confirmed: self.confirm_shared.clone() })
	}

	fn key(&self, identity: &KeySource) -> Result<SegmentKey> {
		match &self.segment_key {
			Some(path) => read_segment_key(path),
			None => Ok(segment_key(&identity.load()?)),
		}
	}

	fn fill(&self) -> Result<Option<Fill>> {
		match self.fill.as_deref() {
			None => Ok(None),
			Some("linear") => Ok(Some(Fill::Linear)),
			Some("median") => Ok(Some(Fill::Median)),
			Some(other) => bail!("`fill` is \"{other}\": expected \"linear\" for a series, or \"median\" for rows"),
		}
	}

	fn csv_options(&self) -> Result<CsvOptions> {
		let decimal = self.decimal.as_deref().map(Decimal::from_str).transpose();
		let decimal = decimal.map_err(|reason| anyhow!("`decimal` is invalid: {reason}"))?;
		Ok(CsvOptions { missing: self.missing.clone(), no_header: self.no_header, decimal, filters: self.filters.clone() })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn rows() -> OwnedConfig {
		OwnedConfig { domain_id: 3, csv: "letters.csv".into(), label: Some("letter".into()), ..Default::default() }
	}

	fn refusal(config: OwnedConfig) -> String {
		format!("{:#}", config.source().unwrap_err())
	}

	#[test]
	fn rows_and_series_have_settings_of_their_own() {
		assert!(matches!(rows().source().unwrap(), OwnedSource::Rows(_)));
		let series = OwnedConfig { label: None, column: Some("ppm".into()), ..rows() };
		assert!(matches!(series.source().unwrap(), OwnedSource::Steps(_)));
		assert!(refusal(OwnedConfig { sort: true, ..rows() }).contains("are for series"));
		assert!(refusal(OwnedConfig { image: Some("8x8".into()), ..series.clone() }).contains("are for rows"));
		assert!(refusal(OwnedConfig { image: Some("8".into()), ..rows() }).contains("`image` is invalid"));
		assert!(refusal(OwnedConfig { fill: Some("mean".into()), ..rows() }).contains("expected \"linear\""));
		assert!(refusal(OwnedConfig { decimal: Some(";".into()), ..rows() }).contains("`decimal` is invalid"));
		assert!(refusal(OwnedConfig { day_first: true, month_first: true, ..series }).contains("exclude each other"));
		assert!(refusal(OwnedConfig { csv: "-".into(), ..rows() }).contains("name a file"));
	}

	#[test]
	fn paths_start_in_the_folder_of_the_file() {
		let mut config = OwnedConfig { csv: "letters.csv:900".into(), segment_key: Some("letters.segments".into()), ..rows() };
		config.resolve(Path::new("/etc/doin"));
		assert_eq!(config.csv, "/etc/doin/letters.csv:900");
		assert_eq!(config.segment_key.as_deref(), Some(Path::new("/etc/doin/letters.segments")));
		config.csv = "~/letters.csv".into();
		config.resolve(Path::new("/etc/doin"));
		assert_eq!(config.csv, "~/letters.csv");
	}

	#[test]
	fn a_segment_key_comes_from_its_file_or_from_the_identity() {
		let identity = KeySource::Dev("//Alice".into());
		assert_eq!(rows().owned(&identity).unwrap().key, segment_key(&identity.load().unwrap()));
		let confirmed = OwnedConfig { confirm_shared: vec![7], ..rows() };
		assert_eq!(confirmed.owned(&identity).unwrap().confirmed, [7]);
		let missing = OwnedConfig { segment_key: Some("/nonexistent/key".into()), ..rows() };
		let refused = format!("{:#}", missing.owned(&identity).unwrap_err());
		assert!(refused.contains("domain 3") && refused.contains("/nonexistent/key"), "{refused}");
	}
}
