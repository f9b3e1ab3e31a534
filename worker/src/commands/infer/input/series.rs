//! Last rows of a file as the history of a series.

use super::InputArgs;
use anyhow::{bail, ensure, Result};
use doin_forecast::{exact, parse_unit, rows::AnyModel, SeriesSource, Table};
use doin_scoring::Forecast;
use doin_serve::{wire::Inputs, Champion};
use std::path::Path;

/// Returns the last rows of a file in raw units of a domain, step by step, with all channels of a step side by side.
///
/// # Errors
///
/// Errors if the file cannot be read, has another number of columns or too few rows, if a unit is missing, or if a value does not fit its
/// unit.
pub fn last_steps(champion: &Champion, program: &Forecast, source: &SeriesSource, args: &InputArgs) -> Result<Inputs> {
	let domain = champion.domain;
	ensure!(args.without.is_empty(), "--without leaves out columns of rows, and domain {domain} forecasts a series: omit it");
	let (table, units) = match &args.map {
		Some(path) => mapped(champion, path, source, args)?,
		None => {
			let table = Table::read(source, args.columns.column.as_deref(), &args.columns.options())?;
			let units = if args.raw { vec![1.0; table.inputs.len() + 1] } else { units(champion, &table, args)? };
			(table, units)
		}
	};
	table.series.notes.iter().for_each(|note| eprintln!("{note}"));
	let channels = usize::from(program.channels.max(1));
	ensure!(
		table.inputs.len() + 1 == channels,
		"domain {domain} reads {channels} columns side by side, and {} were named: name the one to forecast with --column, and the others in \
		 the order of the domain with --inputs",
		table.inputs.len() + 1
	);
	let (rows, history) = (table.rows(), usize::from(program.history));
	let Some(first) = rows.checked_sub(history) else {
		bail!("{} has {rows} rows, and the domain reads {history}: name a file with a longer history", table.file);
	};
	let mut raw = Vec::with_capacity(history * channels);
	for step in first..rows {
		let values = std::iter::once(&table.series.values).chain(&table.series.inputs);
		let names = std::iter::once(&table.column).chain(&table.inputs);
		for ((name, values), unit) in names.zip(values).zip(&units) {
			raw.push(raw_value(&table, step, name, values[step], *unit, args.raw)?);
		}
	}
	Ok(Inputs::One(raw))
}

/// Reads the columns of a model file, with their raw units.
fn mapped(champion: &Champion, path: &Path, source: &SeriesSource, args: &InputArgs) -> Result<(Table, Vec<f64>)> {
	let AnyModel::Series(loaded) = AnyModel::read(path)? else {
		bail!(
			"--map {} is a model of rows, and domain {} forecasts a series: name the file that `domain champion --out` wrote for it",
			path.display(),
			champion.domain
		);
	};
	let (unit, name) = parse_unit(&champion.unit);
	if loaded.unit != unit {
		eprintln!(
			"note: {} has steps of {}, and the domain has steps of {} {name}: they are the same only if its owner has scaled the column",
			path.display(),
			exact(loaded.unit),
			exact(unit)
		);
	}
	let table = loaded.table(source, args.columns.column.as_deref(), &args.columns.options())?;
	Ok((table, std::iter::once(loaded.unit).chain(loaded.inputs.iter().copied()).collect()))
}

/// Returns the raw units of the columns of a file: that of the domain, and those of the user.
fn units(champion: &Champion, table: &Table, args: &InputArgs) -> Result<Vec<f64>> {
	ensure!(
		args.input_units.len() == table.inputs.len(),
		"the chain has the unit of `{}` only, and {} of the {} units of {} are named: state them with --input-units, as the owner of domain {} \
		 does, name its model file with --map, or add --raw if the cells are in raw units",
		table.column,
		args.input_units.len(),
		table.inputs.len(),
		table.inputs.join(", "),
		champion.domain
	);
	if let Some(unit) = args.input_units.iter().find(|unit| !unit.is_finite() || **unit <= 0.0) {
		bail!("invalid --input-units {unit}: expected the size of one raw step in units of the column, above 0");
	}
	Ok(std::iter::once(parse_unit(&champion.unit).0).chain(args.input_units.iter().copied()).collect())
}

/// Returns a value in raw units. `is_raw` is `true` for cells that have them.
fn raw_value(table: &Table, step: usize, name: &str, value: f64, unit: f64, is_raw: bool) -> Result<i32> {
	let raw = (value / unit).round();
	let place = || {
		let time = table.series.clock.as_ref().map_or(String::new(), |clock| format!(", {}", clock.at(step)));
		format!("{}, row {}{time}: column `{name}` is {}", table.file, step + 1, exact(value))
	};
	ensure!(
		!is_raw || raw == value,
		"{}, and with --raw cells are whole numbers: omit --raw for values in units of the column",
		place()
	);
	ensure!(
		raw.abs() <= f64::from(i32::MAX),
		"{}, which does not fit 32 bits in steps of {}: correct it, or state another unit",
		place(),
		exact(unit)
	);
	Ok(raw as i32)
}

#[cfg(test)]
mod tests {
	use super::{
		super::tests::{forecaster, inputs_of, of},
		*,
	};
	use crate::{args::ColumnArgs, commands::infer::input::read};

	/// Returns arguments that name a column and further ones.
	fn columns(column: &str, inputs: &[&str]) -> InputArgs {
		let inputs = inputs.iter().map(ToString::to_string).collect();
		InputArgs { columns: ColumnArgs { column: Some(column.into()), inputs, ..ColumnArgs::default() }, ..InputArgs::default() }
	}

	const TEXT: &str = "load,temp,wind\n1,9,0\n409.8,20.5,3\n410.0,21,4\n411.04,-21.5,5\n410.2,22,6\n";

	#[tokio::test]
	async fn the_last_rows_of_a_file_are_the_input() {
		let text = "ppm\n409.8\n410.0\n411.04\n410.2\n411.3\n";
		let read = inputs_of(&forecaster(1), text, InputArgs::default()).await;
		assert_eq!(read, Ok(Inputs::One(vec![4_100, 4_110, 4_102, 4_113])));
		let raw = InputArgs { raw: true, ..InputArgs::default() };
		assert_eq!(inputs_of(&forecaster(1), "v\n1\n2\n3\n4\n5\n", raw).await, Ok(Inputs::One(vec![2, 3, 4, 5])));
		let error = inputs_of(&forecaster(1), "ppm\n409.8\n410.0\n411.0\n", InputArgs::default()).await.unwrap_err();
		assert!(error.contains("has 3 rows, and the domain reads 4"), "{error}");
	}

	#[tokio::test]
	async fn the_channels_of_a_step_stand_side_by_side_in_their_units() {
		let args = InputArgs { input_units: vec![0.5, 1.0], ..columns("load", &["temp,wind"]) };
		let expected = vec![4_098, 41, 3, 4_100, 42, 4, 4_110, -43, 5, 4_102, 44, 6];
		assert_eq!(inputs_of(&forecaster(3), TEXT, args).await, Ok(Inputs::One(expected)));
		let raw = InputArgs { raw: true, ..columns("wind", &["temp"]) };
		let whole = "wind,temp\n0,9\n3,20\n4,21\n5,-22\n6,23\n";
		assert_eq!(inputs_of(&forecaster(2), whole, raw).await, Ok(Inputs::One(vec![3, 20, 4, 21, 5, -22, 6, 23])));
	}

	#[tokio::test]
	async fn missing_units_columns_and_values_that_do_not_fit_are_named() {
		let refused = |text: &'static str, channels: u8, args: InputArgs| async move {
			inputs_of(&forecaster(channels), text, args).await.unwrap_err()
		};
		let error = refused(TEXT, 2, columns("load", &["temp"])).await;
		assert!(error.contains("unit of `load` only, and 0 of the 1 units of temp are named"), "{error}");
		let units = |args: InputArgs, units: &[f64]| InputArgs { input_units: units.to_vec(), ..args };
		let error = refused(TEXT, 2, units(columns("load", &["temp,wind"]), &[1.0, 1.0])).await;
		assert!(error.contains("domain 0 reads 2 columns side by side, and 3 were named"), "{error}");
		let error = refused(TEXT, 2, units(columns("load", &["temp"]), &[0.0])).await;
		assert!(error.contains("invalid --input-units 0"), "{error}");
		let error = refused(TEXT, 2, units(columns("load", &["temp"]), &[1e-9])).await;
		assert!(error.contains("a.csv, row 2: column `temp` is 20.5, which does not fit 32 bits in steps of"), "{error}");
		let error = refused(TEXT, 2, InputArgs { raw: true, ..columns("wind", &["temp"]) }).await;
		assert!(error.contains("a.csv, row 2: column `temp` is 20.5, and with --raw cells are whole numbers"), "{error}");
		let error = refused(TEXT, 1, InputArgs { raw: true, without: vec!["temp".into()], ..columns("wind", &[]) }).await;
		assert!(error.contains("--without leaves out columns of rows, and domain 0 forecasts a series"), "{error}");
	}

	#[tokio::test]
	async fn a_cell_that_is_no_number_is_named_with_its_line() {
		let error = inputs_of(&forecaster(1), "v\n1\n2\nx\n4\n5\n", InputArgs::default()).await.unwrap_err();
		assert!(error.contains("line 4") && error.contains("`v`"), "{error}");
		let folder = tempfile::tempdir().unwrap();
		let error = format!("{:#}", read(&forecaster(1), &of(&folder.path().join("none.csv"))).await.unwrap_err());
		assert!(error.contains("cannot read"), "{error}");
	}
}
