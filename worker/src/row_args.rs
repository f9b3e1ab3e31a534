//! Arguments of commands that read tables of rows.

use crate::args::ReadArgs;
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_forecast::{
	rows::{read_map, ImageSize, LoadedRowModel, MappingOptions, RowOptions},
	Fill, ReadOptions,
};
use std::path::PathBuf;

/// Labels and features of the rows of a training.
#[derive(Clone, Debug, Default, Args)]
pub struct RowArgs {
	/// Learn this column from the others of its row, in place of forecasting a series. Its texts or numbers, 2 to 64 different ones,
	/// are classes; with --values, its numbers are computed, of up to 16 columns
	#[arg(
		long,
		value_name = "COLUMN",
		conflicts_with_all = ["column", "horizon", "steps", "classes", "history", "season", "window", "time", "day_first",
			"month_first", "time_format", "zone", "sort"],
		help_heading = "Rows"
	)]
	label: Option<String>,
	/// Compute the numbers of the label columns, scored by absolute error, in place of classes
	#[arg(long, requires = "label", help_heading = "Rows")]
	values: bool,
	/// Size of the image that the columns of features are, pixel row by pixel row, with the 1 to 4 channels of a pixel side by side.
	/// `--family conv` reads square patches of it: --kernel is their side and --stride their distance, in pixels
	#[arg(long, value_name = "HxW", requires = "label", help_heading = "Rows")]
	image: Option<ImageSize>,
	/// Columns that are neither label nor feature, e.g. an identifier. All others are features, or those of --inputs
	#[arg(long, value_name = "COLUMN,...", requires = "label", conflicts_with = "inputs", help_heading = "Rows")]
	without: Vec<String>,
	/// Split the rows in the order of the file, in place of shuffled, e.g. where they follow each other in time
	#[arg(long, requires = "label", help_heading = "Rows")]
	in_order: bool,
	/// Map columns to bytes and labels to classes or raw values as this file does: a map that --map-out wrote, or a model file of
	/// rows. Models of several files can be compared and exchanged then [default: by the training rows]
	#[arg(long, value_name = "FILE", requires = "label", help_heading = "Rows")]
	pub map: Option<PathBuf>,
	/// Write the map of columns to bytes to this file, for --map. The model file has it too
	#[arg(long, value_name = "FILE", requires = "label", help_heading = "Rows")]
	pub map_out: Option<PathBuf>,
}

/// Columns of rows that a model was trained on, under other names.
#[derive(Clone, Debug, Default, Args)]
pub struct RowLabelArgs {
	/// Column of the labels, for a model of rows; for several values, a list. Features are renamed by --inputs [default: that of the
	/// training]
	#[arg(
		long,
		value_name = "COLUMN",
		conflicts_with_all = ["column", "time", "day_first", "month_first", "time_format", "zone", "sort"],
		help_heading = "Rows"
	)]
	pub label: Option<String>,
	/// Map columns to bytes as this file does, in place of the model file: a map that `train --map-out` wrote, or another model file
	/// of rows, e.g. for data in other units. Its columns and classes have to be those of the model
	#[arg(long, value_name = "FILE", help_heading = "Rows")]
	map: Option<PathBuf>,
}

impl RowLabelArgs {
	/// Checks that no option of rows is given, for a model that forecasts a series.
	///
	/// # Errors
	///
	/// Errors if one is.
	pub fn check_unused(&self) -> Result<()> {
		ensure!(self.label.is_none(), "--label names labels of rows, and the model forecasts a series: omit it");
		ensure!(self.map.is_none(), "--map maps the columns of rows, and the model forecasts a series: omit it");
		Ok(())
	}

	/// Returns the model with the map of `--map`, if there is one.
	///
	/// # Errors
	///
	/// Errors if the map cannot be read, or has other columns or classes than the model.
	pub fn mapped(&self, loaded: LoadedRowModel) -> Result<LoadedRowModel> {
		match &self.map {
			Some(path) => loaded.with_map(read_map(path)?).with_context(|| format!("--map {} cannot be used", path.display())),
			None => Ok(loaded),
		}
	}
}

impl RowArgs {
	/// Returns `true` if rows are trained on, not a series.
	pub fn is_given(&self) -> bool {
		self.label.is_some()
	}

	/// Returns `true` if the rows keep the order of the file.
	pub fn in_order(&self) -> bool {
		self.in_order
	}

	/// Returns the options of reading rows.
	///
	/// # Errors
	///
	/// Errors if gaps are to be filled as in a series.
	pub fn options(&self, inputs: &[String], read: &ReadArgs) -> Result<RowOptions> {
		row_options(self.label.as_deref(), self.values, read.options(inputs))
			.map(|options| RowOptions { without: self.without.clone(), ..options })
	}

	/// Returns the facts that the columns do not show. `unit` is the raw unit of a value.
	pub fn mapping(&self, unit: Option<f64>, fill: bool) -> MappingOptions {
		MappingOptions { image: self.image, unit, fill }
	}
}

/// Returns the options of reading rows with these labels.
///
/// # Errors
///
/// Errors if gaps are to be filled as in a series.
pub fn row_options(label: Option<&str>, values: bool, read: ReadOptions) -> Result<RowOptions> {
	ensure!(
		read.fill != Some(Fill::Linear),
		"--fill linear interpolates between the steps of a series, and rows are independent of each other: take --fill median"
	);
	Ok(RowOptions {
		label: label.unwrap_or_default().into(),
		values,
		inputs: read.inputs,
		without: Vec::new(),
		csv: read.csv,
		fill: read.fill == Some(Fill::Median),
		last: read.last,
	})
}
