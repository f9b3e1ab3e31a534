//! Arguments of commands that read tables of rows.

use crate::args::ReadArgs;
use anyhow::{ensure, Result};
use clap::Args;
use doin_forecast::{
	rows::{ImageSize, MappingOptions, RowOptions},
	Fill, ReadOptions,
};

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
