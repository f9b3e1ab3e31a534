//! Arguments that name the file of a sealed domain, and how it is read.

use crate::{args::ReadArgs, row_args::row_options};
use anyhow::{ensure, Result};
use clap::Args;
use doin_forecast::{
	rows::{ImageSize, MappingOptions, RowOptions},
	sealed::{series::StepSource, RowSource},
	Fill, SeriesSource,
};
use doin_roles::owner::OwnedSource;
use std::path::Path;

/// File of a sealed domain. The options are those of `domain create`.
#[derive(Clone, Debug, Args)]
pub struct OwnedArgs {
	/// CSV file, also compressed by gzip; FILE:1000 uses its first 1000 rows
	#[arg(long, value_name = "FILE[:ROWS]")]
	csv: SeriesSource,
	/// Column to forecast, of a series. May be omitted if only one column has numbers
	#[arg(long, value_name = "COLUMN")]
	column: Option<String>,
	/// Further columns of a series, or the features of rows
	#[arg(long, value_name = "COLUMN,...")]
	inputs: Vec<String>,
	/// Factor that the column of a series is multiplied by first
	#[arg(long, value_name = "FACTOR", default_value_t = 1.0, conflicts_with = "label")]
	scale: f64,
	/// Column of the labels, of rows; of several values, a list
	#[arg(long, value_name = "COLUMN", conflicts_with = "column", help_heading = "Rows")]
	label: Option<String>,
	/// The labels are numbers to compute, in place of classes
	#[arg(long, requires = "label", help_heading = "Rows")]
	values: bool,
	/// Size of the image that the features are
	#[arg(long, value_name = "HxW", requires = "label", help_heading = "Rows")]
	image: Option<ImageSize>,
	/// Columns that are neither label nor feature
	#[arg(long, value_name = "COLUMN,...", requires = "label", conflicts_with = "inputs", help_heading = "Rows")]
	without: Vec<String>,
	/// Raw unit of the values of rows, in units of their column
	#[arg(long, value_name = "SIZE", requires = "label", help_heading = "Rows")]
	unit: Option<f64>,
	#[command(flatten)]
	read: ReadArgs,
}

impl OwnedArgs {
	/// Returns the file and how it is read.
	///
	/// # Errors
	///
	/// Errors for standard input, which cannot be read again, and for options that do not fit rows.
	pub fn source(&self) -> Result<OwnedSource> {
		ensure!(
			self.csv.path != Path::new("-"),
			"segments are rebuilt from the file at every start, so --csv - cannot be used: name a file"
		);
		let (source, read) = (self.csv.clone(), self.read.options(&self.inputs));
		let Some(label) = &self.label else {
			return Ok(OwnedSource::Steps(StepSource { source, column: self.column.clone(), read, scale: self.scale }));
		};
		let fill = read.fill == Some(Fill::Median);
		let options = RowOptions { without: self.without.clone(), ..row_options(Some(label), self.values, read)? };
		Ok(OwnedSource::Rows(RowSource { source, options, mapping: MappingOptions { image: self.image, unit: self.unit, fill } }))
	}
}
