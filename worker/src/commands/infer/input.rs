//! Input of a request: rows of a file, or raw numbers.

mod rows;
mod series;

use crate::{args::ColumnArgs, work::compute};
use anyhow::{Context, Result};
use clap::Args;
use doin_forecast::{rows::LabelMap, SeriesSource};
use doin_scoring::Program;
use doin_serve::{model::InputFault, wire::Inputs, Champion};
use std::path::PathBuf;

/// Input of `infer`.
#[derive(Clone, Debug, Default, Args)]
pub struct InputArgs {
	/// CSV file, or - for standard input. Its last rows are the history of a series; each of its rows is one of a table, of which a
	/// request takes up to 64
	#[arg(long, value_name = "FILE[:ROWS]", required_unless_present = "input")]
	csv: Option<SeriesSource>,
	#[command(flatten)]
	columns: ColumnArgs,
	/// Map of the columns of a file to the numbers that the domain reads: a file that `domain create --map-out` or `domain champion --out`
	/// wrote. A series of one column needs none
	#[arg(long, value_name = "FILE", requires = "csv", conflicts_with = "raw")]
	map: Option<PathBuf>,
	/// The cells are the numbers that the domain reads: the bytes of rows, or values in raw units
	#[arg(long, requires = "csv")]
	raw: bool,
	/// Columns of a table that are no features, e.g. the label. With --map, the columns of the map are read
	#[arg(long, value_name = "COLUMN,...", requires = "raw", conflicts_with = "inputs")]
	without: Vec<String>,
	/// Raw units of the columns of --inputs, in their order, as `domain create` shows them. The chain has that of --column
	#[arg(long, value_name = "SIZE,...", value_delimiter = ',', requires = "inputs", conflicts_with_all = ["map", "raw"])]
	input_units: Vec<f64>,
	/// Raw input in place of a file: the values of one window with commas, in raw units of the domain, or the bytes of a row; may be given
	/// several times, for up to 64 windows
	#[arg(
		long,
		value_name = "NUMBER,...",
		allow_hyphen_values = true,
		conflicts_with_all = ["csv", "map", "raw", "without", "input_units", "column", "inputs", "ReadArgs"]
	)]
	input: Vec<String>,
}

/// Input that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
	/// Raw numbers of the windows or rows.
	pub inputs: Inputs,
	/// Labels that the outputs stand for, where a map has them.
	pub labels: Option<LabelMap>,
}

/// Returns the raw input that a champion reads.
///
/// # Errors
///
/// Errors if the file or the numbers cannot be read, or have another shape than the domain.
pub async fn read(champion: &Champion, args: &InputArgs) -> Result<Read> {
	let read = match &args.csv {
		None => Read { inputs: numbers(&args.input)?, labels: None },
		Some(source) => {
			let (champion, source, args) = (champion.clone(), source.clone(), args.clone());
			compute(move |_| of_file(&champion, &source, &args)).await?
		}
	};
	champion.windows(Some(&read.inputs), None)?;
	Ok(read)
}

/// Returns the input of a file.
fn of_file(champion: &Champion, source: &SeriesSource, args: &InputArgs) -> Result<Read> {
	match &champion.program {
		Program::Forecast(program) => Ok(Read { inputs: series::last_steps(champion, program, source, args)?, labels: None }),
		Program::Rows(program) => rows::of_table(champion, program, source, args),
		Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => {
			Err(InputFault::NoInput.into())
		}
	}
}

/// Returns windows of raw numbers with commas between them.
fn numbers(texts: &[String]) -> Result<Inputs> {
	let window = |text: &String| {
		let numbers = text.split(',').map(|number| number.trim().parse::<i32>());
		let numbers: Result<Vec<i32>, _> = numbers.collect();
		numbers.with_context(|| format!("invalid --input `{}`: expected whole numbers with commas", shortened(text)))
	};
	Ok(one_or_several(texts.iter().map(window).collect::<Result<_>>()?))
}

/// Returns the windows in the form of a request.
fn one_or_several(mut windows: Vec<Vec<i32>>) -> Inputs {
	if windows.len() == 1 {
		Inputs::One(windows.remove(0))
	} else {
		Inputs::Several(windows)
	}
}

fn shortened(text: &str) -> String {
	text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{Forecast, Loss, Model, Quadratic, Target, WindowPhase};
	use std::path::Path;

	/// Returns the seasonal baseline of a series in tenths of a ppm, with a history of 4 steps.
	pub(super) fn forecaster(channels: u8) -> Champion {
		let program = Program::Forecast(Forecast {
			horizon: 2,
			history: 4,
			season: 2,
			chunks: 32,
			windows: 1,
			channels,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		});
		Champion::new(0, "CO2".into(), "0.1 ppm".into(), program, &Model::Seasonal.to_bytes()).unwrap()
	}

	/// Returns the arguments that name a file.
	pub(super) fn of(path: &Path) -> InputArgs {
		InputArgs { csv: Some(path.into()), ..InputArgs::default() }
	}

	/// Returns the inputs that are read from a file with this text.
	pub(super) async fn inputs_of(champion: &Champion, text: &str, args: InputArgs) -> Result<Inputs, String> {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.csv");
		std::fs::write(&path, text).unwrap();
		let args = InputArgs { csv: Some(path.as_path().into()), ..args };
		read(champion, &args).await.map(|read| read.inputs).map_err(|error| format!("{error:#}"))
	}

	#[tokio::test]
	async fn raw_windows_are_checked_before_anything_is_sent() {
		let of = |texts: &'static [&'static str]| {
			let input = texts.iter().map(ToString::to_string).collect();
			let args = InputArgs { input, ..InputArgs::default() };
			async move { read(&forecaster(1), &args).await.map(|read| read.inputs).map_err(|error| format!("{error:#}")) }
		};
		assert_eq!(of(&["1,2, 3,-4"]).await, Ok(Inputs::One(vec![1, 2, 3, -4])));
		assert_eq!(of(&["1,2,3,4", "5,6,7,8"]).await, Ok(Inputs::Several(vec![vec![1, 2, 3, 4], vec![5, 6, 7, 8]])));
		assert!(of(&["1,2,3"]).await.unwrap_err().contains("has 3 numbers"));
		assert!(of(&["1,2,3,x"]).await.unwrap_err().contains("invalid --input `1,2,3,x`"));
		assert!(of(&["1,2,3,4", "5"]).await.unwrap_err().contains("window 2 has 1 numbers"));
	}

	#[tokio::test]
	async fn a_domain_without_inputs_reads_no_file() {
		let program = Program::Quadratic(Quadratic { target: vec![3; 4].try_into().unwrap() });
		let points = Champion { program, ..forecaster(1) };
		let error = inputs_of(&points, "v\n1\n2\n", InputArgs::default()).await.unwrap_err();
		assert!(error.contains("answer no input"), "{error}");
	}
}
