//! Columns of files as something to train on: whole numbers, a question and a split.

use super::explained;
use crate::{
	csv_series::{only_column, Fill, Selection, Series},
	target,
};
use anyhow::{bail, Context, Result};
use clap::Args;
use codec::Encode;
use doin_compute::{CutSeries, TrainingSet};
use doin_primitives::{
	blake2_256,
	domain::{MAX_MODEL_BYTES, MAX_PAGES, MAX_WINDOW_MACS, PAGE_VALUES},
	Hash, Limits, Split,
};
use doin_scoring::{
	program::{CHUNKS, MAX_HORIZON, MAX_SEASON},
	Forecast, Target,
};
use std::{
	fmt,
	path::{Path, PathBuf},
	str::FromStr,
};

/// What every model by hand may cost: as much as the chain would ever admit.
pub const LIMITS: Limits = Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS };
/// One in this many rows of the training part stops training early.
const INNER: usize = 7;
/// Fewest windows to validate on.
const MIN_WINDOWS: usize = *CHUNKS.start() as usize;

/// A file, or its first rows: `FILE` or `FILE:ROWS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
	/// The file.
	pub path: PathBuf,
	/// How many of its rows count; all when not said.
	pub rows: Option<usize>,
}

impl FromStr for Source {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let whole = Self { path: text.into(), rows: None };
		match text.rsplit_once(':') {
			// A file may be called like this.
			Some((path, rows)) if !path.is_empty() && !whole.path.exists() => match rows.parse() {
				Ok(0) => Err(format!("`{text}` takes no rows of {path}: write FILE:ROWS with at least one")),
				Ok(rows) => Ok(Self { path: path.into(), rows: Some(rows) }),
				Err(_) => Ok(whole),
			},
			_ => Ok(whole),
		}
	}
}

impl From<&Path> for Source {
	fn from(path: &Path) -> Self {
		Self { path: path.into(), rows: None }
	}
}

impl fmt::Display for Source {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.rows {
			Some(rows) => write!(f, "{}:{rows}", self.path.display()),
			None => write!(f, "{}", self.path.display()),
		}
	}
}

/// Which columns.
#[derive(Clone, Debug, Default, Args)]
pub struct ColumnArgs {
	/// The column to forecast; may be left out where only one column has numbers.
	#[arg(long, value_name = "COLUMN")]
	pub column: Option<String>,
	/// Columns that the model reads beside the one to forecast, at most seven.
	#[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
	pub inputs: Vec<String>,
	/// Column of times: checked for order and gaps. When left out, rows are steps.
	#[arg(long, value_name = "COLUMN")]
	pub time: Option<String>,
	/// Fill missing values and missing times.
	#[arg(long, value_enum)]
	pub fill: Option<Fill>,
}

/// Which columns of which file.
#[derive(Clone, Debug, Args)]
pub struct DataArgs {
	/// The file; its first line holds the names of its columns. FILE:1000 takes its first 1000 rows.
	#[arg(long, value_name = "FILE[:ROWS]")]
	pub csv: Source,
	#[command(flatten)]
	pub columns: ColumnArgs,
}

/// Columns as they were read.
#[derive(Clone, Debug)]
pub struct Table {
	/// Name of the file, without its folder.
	pub file: String,
	/// The column to forecast.
	pub column: String,
	/// Those that are read beside it.
	pub inputs: Vec<String>,
	/// Their values.
	pub series: Series,
}

impl Table {
	/// Reads the columns that were named; without a name, the only one.
	pub fn read(source: &Source, columns: &ColumnArgs) -> Result<Self> {
		let (path, time) = (source.path.as_path(), columns.time.as_deref());
		let column = match &columns.column {
			Some(column) => column.clone(),
			None => only_column(path, time)?,
		};
		let channels = target::channels(columns.inputs.len())?;
		let selection = Selection { column: &column, inputs: &columns.inputs, time, fill: columns.fill };
		let mut series = Series::read(path, &selection)?;
		let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
		if let Some(rows) = source.rows {
			if rows > series.values.len() {
				bail!("{source} asks for {rows} rows, and the file has {}: ask for less", series.values.len());
			}
			series.values.truncate(rows);
			series.inputs.iter_mut().for_each(|values| values.truncate(rows));
		}
		let most = (MAX_PAGES * PAGE_VALUES) as usize / usize::from(channels);
		if series.values.len() > most {
			bail!("{file} has {} rows, and at most {most} are taken: keep the last ones, or a coarser step", series.values.len());
		}
		Ok(Self { file, column, inputs: columns.inputs.clone(), series })
	}

	/// Rows.
	pub fn rows(&self) -> usize {
		self.series.values.len()
	}

	/// The values in these units, at each step one of every column.
	pub fn raw(&self, unit: f64, inputs: &[f64]) -> Result<Vec<i32>> {
		self.series.raw(unit, inputs).with_context(|| {
			format!("column `{}` of {} does not fit the unit that the model is trained in, {unit}", self.column, self.file)
		})
	}
}

/// The hash by which data is known again, as a domain's record has it.
pub fn data_hash(values: &[i32]) -> Hash {
	blake2_256(&values.encode())
}

/// Where a series is cut: `70/15` in per cent or `8640/2880` in rows, with the length of the test as a third part when not all of the rest
/// is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut(Vec<usize>);

impl FromStr for Cut {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let wrong = || {
			format!("`{text}` is no split: write TRAIN/VALIDATION, as 70/15 in per cent or 8640/2880 in rows; a third part limits the test")
		};
		let parts: Vec<usize> = text.split('/').map(|part| part.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
		if !(2..=3).contains(&parts.len()) || parts[0] == 0 || parts[1] == 0 || parts.iter().any(|part| *part > u32::MAX as usize)
		{
			return Err(wrong());
		}
		Ok(Self(parts))
	}
}

impl fmt::Display for Cut {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let parts: Vec<String> = self.0.iter().map(usize::to_string).collect();
		f.write_str(&parts.join("/"))
	}
}

impl Cut {
	/// The split of `rows` rows, and how many of them are used.
	pub fn of(&self, rows: usize) -> Result<(Split, usize)> {
		let per_cent = self.0.iter().sum::<usize>() <= 100;
		let ends: Vec<usize> = self
			.0
			.iter()
			.scan(0, |end, part| {
				*end += part;
				Some(if per_cent { rows * *end / 100 } else { *end })
			})
			.collect();
		let end = ends.get(2).copied().unwrap_or(rows);
		if end > rows || ends[1] > end {
			bail!(
				"--split {self} takes {} rows, and the series has {rows}: choose smaller parts",
				ends.iter().max().unwrap_or(&end)
			);
		}
		Ok((Split { train_end: ends[0] as u32, validation_end: ends[1] as u32 }, end))
	}
}

/// The question of how series go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
	/// Steps ahead.
	pub horizon: u16,
	/// Steps of history.
	pub history: u16,
	/// Steps of one season.
	pub season: u16,
	/// Values at each step.
	pub channels: u8,
	/// What is asked of the steps ahead.
	pub target: Target,
}

impl Question {
	/// Whether lengths are possible at all.
	pub fn check(&self) -> Result<()> {
		let within = |name: &str, value: u16, hi: u32| {
			if (1..=hi).contains(&u32::from(value)) {
				return Ok(());
			}
			bail!("--{name} {value} is not possible: it has to lie within 1 and {hi}")
		};
		within("season", self.season, MAX_SEASON)?;
		within("horizon", self.horizon, MAX_HORIZON.into())?;
		target::check_span("window", self.history, self.channels, self.horizon)
	}

	/// The program. Chunks belong to a chain; here every window counts.
	pub fn program(&self) -> Forecast {
		Forecast {
			horizon: self.horizon,
			history: self.history,
			season: self.season,
			chunks: *CHUNKS.start(),
			windows: 1,
			channels: self.channels,
			target: self.target.clone(),
		}
	}

	/// The windows of series that are cut, each with the name of its file.
	pub fn training_set(&self, parts: Vec<(String, CutSeries)>) -> Result<TrainingSet> {
		self.check()?;
		let (horizon, history) = (usize::from(self.horizon), usize::from(self.history));
		let mut windows = 0;
		for (file, CutSeries { series, split }) in &parts {
			let rows = series.len() / usize::from(self.channels);
			let (train, end) = (split.train_end as usize, split.validation_end as usize);
			// A window to train on and one to stop early on.
			let needed = history + horizon + (train / INNER).max(horizon);
			if train > 0 && train < needed {
				bail!(
					"{file} has {rows} rows, of which {train} train, and a window of {history} and a horizon of {horizon} steps take {needed}: \
					bring more data, choose smaller ones with --window, --horizon and --season, or train on more with --split"
				);
			}
			windows += (end + 1).saturating_sub(horizon + train.max(history));
		}
		if windows < MIN_WINDOWS {
			let rows: usize = parts.iter().map(|(_, part)| (part.split.validation_end - part.split.train_end) as usize).sum();
			let needed = MIN_WINDOWS + horizon - 1;
			bail!(
				"{rows} rows validate, and with a horizon of {horizon} steps {needed} are needed{}: \
				bring more data, or choose another --split or a smaller --horizon",
				if parts.iter().all(|(_, part)| part.split.train_end > 0) {
					String::new()
				} else {
					format!(" after a history of {history} steps")
				}
			);
		}
		let data =
			TrainingSet::pooled(self.program(), LIMITS, parts.into_iter().map(|(_, part)| part).collect()).map_err(explained)?;
		if let Some(class) = data.class_counts().iter().position(|count| *count == 0) {
			bail!("class {class} never comes in the training part: choose other bounds with --classes");
		}
		Ok(data)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn splits_are_per_cent_or_rows() {
		let of = |text: &str, rows| {
			text.parse::<Cut>().unwrap().of(rows).map(|(split, end)| (split.train_end, split.validation_end, end))
		};
		assert_eq!(of("70/15", 1_000).unwrap(), (700, 850, 1_000));
		assert_eq!(of("60/20/10", 1_000).unwrap(), (600, 800, 900));
		assert_eq!(of("8640/2880", 17_420).unwrap(), (8_640, 11_520, 17_420));
		assert_eq!(of("8640/2880/2880", 17_420).unwrap(), (8_640, 11_520, 14_400));
		assert!(format!("{:#}", of("8640/2880", 9_000).unwrap_err()).contains("11520 rows, and the series has 9000"));
		for wrong in ["", "70", "70/", "0/15", "70/x", "1/2/3/4", "-1/5", "70/0"] {
			assert!(wrong.parse::<Cut>().unwrap_err().contains("no split"), "{wrong}");
		}
	}

	#[test]
	fn too_short_a_series_is_answered_with_what_is_needed() {
		let question = Question { horizon: 4, history: 16, season: 8, channels: 1, target: Target::Values };
		let set = |rows: i32, cut: &str| {
			let (split, end) = cut.parse::<Cut>().unwrap().of(rows as usize)?;
			let part = CutSeries { series: (0..end as i32).map(|at| at % 7).collect(), split };
			question.training_set(vec![("a.csv".into(), part)])
		};
		set(300, "70/15").unwrap();
		let reason = format!("{:#}", set(300, "7/50").unwrap_err());
		assert!(reason.contains("21 train") && reason.contains("take 24") && reason.contains("--window"), "{reason}");
		let reason = format!("{:#}", set(300, "70/5").unwrap_err());
		assert!(reason.contains("15 rows validate") && reason.contains("35 are needed"), "{reason}");
		let refusal = |question: Question| format!("{:#}", question.check().unwrap_err());
		assert!(refusal(Question { horizon: 1_025, ..question.clone() }).contains("--horizon 1025"));
		assert!(refusal(Question { season: 0, ..question.clone() }).contains("--season 0"));
		assert!(refusal(Question { history: 1_000, channels: 4, ..question.clone() }).contains("--window 1000"));
		let classes = Target::Classes(vec![0, 900].try_into().unwrap());
		let part =
			CutSeries { series: (0..300).map(|at| at % 7).collect(), split: Split { train_end: 200, validation_end: 260 } };
		let never = Question { target: classes, ..question }.training_set(vec![("a.csv".into(), part)]);
		assert!(format!("{:#}", never.unwrap_err()).contains("class 2 never comes"));
	}

	#[test]
	fn a_file_may_be_taken_in_part() {
		let source = |text: &str| text.parse::<Source>();
		assert_eq!(source("a.csv:7").unwrap(), Source { path: "a.csv".into(), rows: Some(7) });
		for whole in ["a.csv", "x:y.csv", ":7", "a:b:c"] {
			assert_eq!(source(whole).unwrap(), Source { path: whole.into(), rows: None });
		}
		assert!(source("a.csv:0").unwrap_err().contains("at least one"));
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a:3");
		std::fs::write(&path, "v\n1\n2\n3\n4\n").unwrap();
		let text = path.to_string_lossy().into_owned();
		assert_eq!(source(&text).unwrap(), Source::from(path.as_path()), "a file of that very name");
		let read = |rows: usize| Table::read(&source(&format!("{text}:{rows}")).unwrap(), &ColumnArgs::default());
		assert_eq!(read(3).unwrap().series.values, [1.0, 2.0, 3.0]);
		assert!(format!("{:#}", read(5).unwrap_err()).contains("5 rows, and the file has 4"));
	}
}
