//! A column of a file as something to train on: whole numbers, a question and a split.

use crate::csv_series::{only_column, Fill, Quantised, Selection, Series};
use anyhow::{bail, Context, Result};
use clap::Args;
use codec::Encode;
use doin_compute::Task;
use doin_primitives::{
	blake2_256,
	domain::{MAX_MODEL_BYTES, MAX_PAGES, MAX_WINDOW_MACS, PAGE_VALUES},
	Hash, Limits, Split,
};
use doin_scoring::{
	program::{CHUNKS, MAX_HORIZON, MAX_SEASON, MAX_WINDOWS},
	Forecast, Target,
};
use std::{cmp::Reverse, path::PathBuf, str::FromStr};

/// What every model by hand may cost: as much as the chain would ever admit.
pub const LIMITS: Limits = Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS };
/// One in this many rows of the training part stops training early.
const INNER: usize = 7;

/// Which column of which file.
#[derive(Clone, Debug, Args)]
pub struct DataArgs {
	/// The file; its first line holds the names of its columns.
	#[arg(long, value_name = "FILE")]
	pub csv: PathBuf,
	/// The column to forecast; may be left out where only one column has numbers.
	#[arg(long, value_name = "COLUMN")]
	pub column: Option<String>,
	/// Column of times: checked for order and gaps. When left out, rows are steps.
	#[arg(long, value_name = "COLUMN")]
	pub time: Option<String>,
	/// Fill missing values and missing times.
	#[arg(long, value_enum)]
	pub fill: Option<Fill>,
}

/// A column as it was read.
#[derive(Clone, Debug)]
pub struct Table {
	/// Name of the file, without its folder.
	pub file: String,
	/// The column.
	pub column: String,
	/// Its values.
	pub series: Series,
}

impl Table {
	/// Reads the column that was named, else `usual`, else the only one.
	pub fn read(args: &DataArgs, usual: Option<&str>) -> Result<Self> {
		let column = match args.column.as_deref().or(usual) {
			Some(column) => column.to_string(),
			None => only_column(&args.csv, args.time.as_deref())?,
		};
		let series = Series::read(&args.csv, &Selection { column: &column, time: args.time.as_deref(), fill: args.fill })?;
		let most = (MAX_PAGES * PAGE_VALUES) as usize;
		if series.values.len() > most {
			bail!(
				"the series has {} rows, and at most {most} are taken: keep the last ones, or a coarser step",
				series.values.len()
			);
		}
		let file = args.csv.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
		Ok(Self { file, column, series })
	}

	/// The values in units of `quantum`.
	pub fn raw(&self, quantum: f64) -> Result<Vec<i32>> {
		let Quantised { values, .. } = self.series.quantise(1, Some(quantum)).with_context(|| {
			format!("column `{}` of {} does not fit the unit that the model was trained in, {quantum}", self.column, self.file)
		})?;
		Ok(values)
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

impl std::fmt::Display for Cut {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

/// Windows of a validation split of which `origins` are possible are cut into chunks so that as few as possible are dropped.
fn chunks(origins: usize) -> u16 {
	let covered = |chunks: u16| (origins / usize::from(chunks)).min(MAX_WINDOWS.into()) * usize::from(chunks);
	CHUNKS.max_by_key(|chunks| (covered(*chunks), Reverse(*chunks))).unwrap_or(*CHUNKS.start())
}

/// The question of how a series goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
	/// Steps ahead.
	pub horizon: u16,
	/// Steps of history.
	pub history: u16,
	/// Steps of one season.
	pub season: u16,
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
		within("horizon", self.horizon, MAX_HORIZON.into())
	}

	/// The task of a series that is split.
	pub fn task(&self, series: Vec<i32>, split: Split) -> Result<Task> {
		self.check()?;
		let (train, horizon, history) = (split.train_end as usize, usize::from(self.horizon), usize::from(self.history));
		let (rows, validation) = (series.len(), (split.validation_end - split.train_end) as usize);
		// A window to train on and one to stop early on.
		let needed = history + horizon + (train / INNER).max(horizon);
		if train < needed {
			bail!(
				"the series has {rows} rows, of which {train} train, and a window of {history} and a horizon of {horizon} steps take {needed}: \
				bring more data, choose smaller ones with --window, --horizon and --season, or train on more with --split"
			);
		}
		let needed = usize::from(*CHUNKS.start()) + horizon - 1;
		if validation < needed {
			bail!(
				"the series has {rows} rows, of which {validation} validate, and with a horizon of {horizon} steps {needed} are needed: \
				bring more data, or choose another --split or a smaller --horizon"
			);
		}
		let program = Forecast {
			horizon: self.horizon,
			history: self.history,
			season: self.season,
			chunks: chunks(validation + 1 - horizon),
			windows: MAX_WINDOWS,
			channels: 1,
			target: Target::Values,
		};
		let task = Task { program, limits: LIMITS, series, split, generator: None };
		task.check()?;
		Ok(task)
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
	fn chunks_cover_as_much_as_they_can() {
		for origins in [32, 33, 100, 1_417, 2_857, 5_000, 16_384, 40_000] {
			let chunks = usize::from(chunks(origins));
			let covered = (origins / chunks).min(64) * chunks;
			assert!(covered * 50 >= origins.min(16_384) * 49, "{covered} of {origins} in {chunks}");
		}
	}

	#[test]
	fn too_short_a_series_is_answered_with_what_is_needed() {
		let question = Question { horizon: 4, history: 16, season: 8 };
		let task = |rows: i32, cut: &str| {
			let (split, end) = cut.parse::<Cut>().unwrap().of(rows as usize)?;
			question.task((0..end as i32).map(|at| at % 7).collect(), split)
		};
		task(300, "70/15").unwrap();
		let reason = format!("{:#}", task(300, "7/50").unwrap_err());
		assert!(reason.contains("21 train") && reason.contains("take 24") && reason.contains("--window"), "{reason}");
		let reason = format!("{:#}", task(300, "70/5").unwrap_err());
		assert!(reason.contains("15 validate") && reason.contains("35 are needed"), "{reason}");
		assert!(format!("{:#}", Question { horizon: 65, ..question }.check().unwrap_err()).contains("--horizon 65"));
		assert!(format!("{:#}", Question { season: 0, ..question }.check().unwrap_err()).contains("--season 0"));
	}
}
