//! Input of a request: the last rows of a file, or raw numbers.

use crate::{args::ColumnArgs, work::compute};
use anyhow::{ensure, Context, Result};
use doin_forecast::{parse_unit, SeriesSource, Table};
use doin_scoring::Program;
use doin_serve::{wire::Inputs, Champion};

/// Returns the raw input that a champion reads.
///
/// # Errors
///
/// Errors if the file or the numbers cannot be read, or have another shape than the domain.
pub async fn read(champion: &Champion, csv: Option<SeriesSource>, columns: &ColumnArgs, texts: &[String]) -> Result<Inputs> {
	let inputs = match csv {
		None => numbers(texts)?,
		Some(source) => {
			let (champion, columns) = (champion.clone(), columns.clone());
			compute(move |_| last_rows(&champion, &source, &columns)).await?
		}
	};
	champion.windows(Some(&inputs), None)?;
	Ok(inputs)
}

/// Returns windows of raw numbers with commas between them.
fn numbers(texts: &[String]) -> Result<Inputs> {
	let window = |text: &String| {
		let numbers = text.split(',').map(|number| number.trim().parse::<i32>());
		let numbers: Result<Vec<i32>, _> = numbers.collect();
		numbers.with_context(|| format!("invalid --input `{}`: expected whole numbers with commas", shortened(text)))
	};
	let mut windows: Vec<Vec<i32>> = texts.iter().map(window).collect::<Result<_>>()?;
	Ok(if windows.len() == 1 { Inputs::One(windows.remove(0)) } else { Inputs::Several(windows) })
}

fn shortened(text: &str) -> String {
	text.chars().take(40).collect()
}

/// Returns the last rows of a file in raw units of a domain.
fn last_rows(champion: &Champion, source: &SeriesSource, columns: &ColumnArgs) -> Result<Inputs> {
	let Program::Forecast(program) = &champion.program else {
		anyhow::bail!(
			"the domain reads rows of bytes, and only its owner has the map from a file to them: give the {} bytes of a row in --input",
			champion.inputs()
		);
	};
	ensure!(
		program.channels <= 1 && columns.inputs.is_empty(),
		"the chain has the unit of the first of {} channels only: give the raw values of all of them, step by step, in --input",
		program.channels
	);
	let table = Table::read(source, columns.column.as_deref(), &columns.options())?;
	table.series.notes.iter().for_each(|note| eprintln!("{note}"));
	let (quantum, _) = parse_unit(&champion.unit);
	let raw = table.raw(quantum, &[])?;
	let needed = champion.inputs();
	let first = raw.len().checked_sub(needed);
	let first = first.with_context(|| format!("{} has {} rows, and the domain reads {needed}", table.file, raw.len()))?;
	Ok(Inputs::One(raw[first..].to_vec()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{Forecast, Loss, Model, Target, WindowPhase};

	fn champion() -> Champion {
		let program = Program::Forecast(Forecast {
			horizon: 2,
			history: 4,
			season: 2,
			chunks: 32,
			windows: 1,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		});
		Champion::new(0, "CO2".into(), "0.1 ppm".into(), program, &Model::Seasonal.to_bytes()).unwrap()
	}

	#[tokio::test]
	async fn the_last_rows_of_a_file_are_the_input() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("co2.csv");
		std::fs::write(&path, "ppm\n409.8\n410.0\n411.04\n410.2\n411.3\n").unwrap();
		let csv = || Some(path.display().to_string().parse::<SeriesSource>().unwrap());
		let columns = ColumnArgs::default();
		let read_from = read(&champion(), csv(), &columns, &[]).await.unwrap();
		assert_eq!(read_from, Inputs::One(vec![4_100, 4_110, 4_102, 4_113]));
		std::fs::write(&path, "ppm\n409.8\n410.0\n411.0\n").unwrap();
		let error = read(&champion(), csv(), &columns, &[]).await.unwrap_err().to_string();
		assert!(error.contains("has 3 rows, and the domain reads 4"), "{error}");
	}

	#[tokio::test]
	async fn raw_windows_are_checked_before_anything_is_sent() {
		let columns = ColumnArgs::default();
		let of = |texts: &'static [&'static str]| {
			let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
			let columns = columns.clone();
			async move { read(&champion(), None, &columns, &texts).await.map_err(|error| format!("{error:#}")) }
		};
		assert_eq!(of(&["1,2, 3,-4"]).await, Ok(Inputs::One(vec![1, 2, 3, -4])));
		assert_eq!(of(&["1,2,3,4", "5,6,7,8"]).await, Ok(Inputs::Several(vec![vec![1, 2, 3, 4], vec![5, 6, 7, 8]])));
		assert!(of(&["1,2,3"]).await.unwrap_err().contains("has 3 numbers"));
		assert!(of(&["1,2,3,x"]).await.unwrap_err().contains("invalid --input `1,2,3,x`"));
		assert!(of(&["1,2,3,4", "5"]).await.unwrap_err().contains("window 2 has 1 numbers"));
	}
}
