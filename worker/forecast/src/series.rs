//! Series of a CSV file: one column to forecast, further columns beside it, and the times of the rows.

use crate::{
	csv::{
		number::Missing,
		source::{shown, Source},
		values::sentinel_warnings,
		CsvOptions, Note, Selection, TextTable, MAX_HELD_ROWS,
	},
	gaps::{fill_gaps, Filled},
	table::max_rows,
	target,
	time::{Clock, Gaps, SeriesBegins, TimeOptions, TimeText, Timeline},
	units::exact,
};
use anyhow::{bail, ensure, Context, Error, Result};
use std::{ops::Range, path::Path};

/// Treatment of missing values and missing times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumMessage, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Fill {
	/// Linear interpolation between the neighbours of a series.
	Linear,
	/// Median of the column over the training rows, for rows with --label.
	Median,
}

/// Columns beside the one to forecast, and the treatment of times and gaps.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
	/// Columns that a model reads beside the one to forecast: names or positions, or lists of them.
	pub inputs: Vec<String>,
	/// Column of times, whose order and gaps are checked, or a list of a column of dates and one of times of day. A column is
	/// recognised by its cells if this is `None`, and rows are steps; with `none`, no column is.
	pub time: Option<String>,
	/// Treatment of gaps; without it, a gap is an error.
	pub fill: Option<Fill>,
	/// Facts about times that the texts of a file leave open.
	pub clock: TimeOptions,
	/// Facts about a file that its text leaves open.
	pub csv: CsvOptions,
	/// Number of rows at the end that are used; `None` for all.
	pub last: Option<usize>,
}

/// Values of a series in the units of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
	/// Values of the column to forecast, one per step, oldest first.
	pub values: Vec<f64>,
	/// Values of each further column, one per step.
	pub inputs: Vec<Vec<f64>>,
	/// Number of values that were interpolated.
	pub filled: usize,
	/// Times of the steps, where the file has them and they are equidistant.
	pub clock: Option<Clock>,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

impl Series {
	/// Reads `column`, or the only column of numbers if it is `None`, and the columns of `options` from a CSV file, of which the
	/// first `first` steps are used, or all. Returns the names of the columns beside the series, the one to forecast first.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, lacks a column, has no rows, has fewer steps than are requested or more than a chain
	/// stores, has a cell that is not a finite number, has a gap that `options` does not fill, has times that do not ascend
	/// evenly, or if the column to forecast is constant. The message names the line of the fault.
	pub fn read(path: &Path, first: Option<usize>, column: Option<&str>, options: &ReadOptions) -> Result<(Vec<String>, Self)> {
		Self::of_source(shown(path), Source::open(path)?, first, column, options)
	}

	/// Reads a source as [`Series::read`] reads a file. `file` is its name in messages.
	///
	/// # Errors
	///
	/// Errors as [`Series::read`] does.
	pub fn of_source(
		file: String,
		source: Source,
		first: Option<usize>,
		column: Option<&str>,
		options: &ReadOptions,
	) -> Result<(Vec<String>, Self)> {
		let (inputs, time) = (options.inputs.as_slice(), options.time.as_deref());
		let selection = Selection { column, inputs, time, keep_last: options.last.is_some() && first.is_none(), rows: None };
		let text = TextTable::new(file, source, &selection, &options.csv)?;
		let most = max_rows(target::channels(text.names.len() - 1)?);
		ensure!(
			!text.cut_off || first.is_some(),
			"{} has more than {} rows, and at most {most} are used: take the last ones with --last {most}",
			text.file,
			text.cells.rows()
		);
		let numbers = text.numbers(&Missing::new(&options.csv.missing), options.csv.decimal)?;
		// Steps outside the part that is used are filled too.
		let room = if options.last.is_some() || first.is_some() { MAX_HELD_ROWS } else { most };
		let mut steps = Steps::of(&text, options, room)?;
		let columns: Vec<_> = numbers.columns.iter().map(|values| steps.arrange(values)).collect();
		let part = Part { text: &text, first, last: options.last, most };
		let (used, columns) = match options.fill {
			Some(Fill::Linear) => part.fill(columns)?,
			Some(Fill::Median) => bail!("--fill median fills rows with --label: fill a series with --fill linear"),
			None => part.without_gaps(columns, &steps)?,
		};
		let mut notes = vec![];
		let mut findings = text.findings.clone();
		findings.extend(numbers.findings);
		if !findings.is_empty() {
			notes.push(Note::Info(format!("{}: {}", text.file, findings.join("; "))));
		}
		notes.append(&mut steps.notes);
		for (name, values) in text.names.iter().zip(&columns) {
			notes.extend(sentinel_warnings(&text.file, name, &values.known, options.fill.is_some()));
		}
		let filled = columns.iter().map(|column| column.known.len() - column.known.iter().flatten().count()).sum();
		let mut columns = columns.into_iter().map(|column| column.values);
		let values = columns.next().unwrap_or_default();
		let constant = values[0];
		ensure!(
			values.iter().any(|value| *value != constant),
			"column `{}` of {} is constant at {}: there is nothing to forecast",
			text.names[0],
			text.file,
			exact(constant)
		);
		let clock = steps.clock.map(|clock| clock.skip(used.start));
		Ok((text.names, Self { values, inputs: columns.collect(), filled, clock, notes }))
	}

	/// Returns the number of steps.
	pub fn rows(&self) -> usize {
		self.values.len()
	}
}

/// Steps of the rows of a file.
struct Steps {
	/// Rows of the file, oldest first.
	order: Vec<usize>,
	/// Step of each of these rows, ascending.
	steps: Vec<usize>,
	clock: Option<Clock>,
	notes: Vec<Note>,
}

impl Steps {
	/// Returns the steps by the times of the rows, at most `most`, or by the order of the rows where there are no times.
	fn of(text: &TextTable, options: &ReadOptions, most: usize) -> Result<Self> {
		let rows = text.cells.rows();
		let Some((name, named)) = &text.time else {
			if let Some(flag) = options.clock.flag() {
				let reason = match options.time {
					Some(_) => format!("--time none excludes all columns of times: omit {flag} or --time none"),
					None => format!("none is recognised by its cells: name it with --time, or omit {flag}"),
				};
				bail!("{}: {flag} needs a column of times, and {reason}", text.file);
			}
			return Ok(Self { order: (0..rows).collect(), steps: (0..rows).collect(), clock: None, notes: Vec::new() });
		};
		let times = text.cells.iter().map(|row| TimeText { line: row.line(), text: row.cell(text.time_cell()) });
		let times: Vec<TimeText> = times.collect();
		let context = |error: Error| explain(text, error);
		let (order, steps, clock, notes) = if *named {
			let gaps = Gaps { fill: options.fill.is_some(), most };
			let Timeline { order, steps, clock, notes } = Timeline::read(&times, &options.clock, gaps).map_err(context)?;
			(order, steps, Some(clock), notes)
		} else {
			let found = Timeline::recognised(&times, &options.clock, name).map_err(context)?;
			(found.order, (0..rows).collect(), found.clock, found.notes)
		};
		ensure!(
			text.cells.dropped() == 0 || order.first() == Some(&0),
			"{} has more than {} rows, and its first row is not the oldest: sort it, or keep its first rows with head -n {most} FILE | \
			doin-worker … --csv -",
			text.file,
			text.cells.rows()
		);
		let note = |note: String| match note.strip_prefix("warning: ") {
			Some(warning) => Note::Warning(format!("{}: {warning}", text.file)),
			None => Note::Info(format!("{}: {note}", text.file)),
		};
		Ok(Self { order, steps, clock, notes: notes.into_iter().map(note).collect() })
	}

	/// Returns the value of each step; `None` where the file has none.
	fn arrange(&self, values: &[Option<f64>]) -> Vec<Option<f64>> {
		let mut arranged = vec![None; self.steps.last().map_or(0, |last| last + 1)];
		for (row, step) in self.order.iter().zip(&self.steps) {
			arranged[*step] = values[*row];
		}
		arranged
	}
}

/// Adds the file to an error of times, and the column that tells the series apart where there are several.
fn explain(text: &TextTable, error: Error) -> Error {
	let file = text.file.clone();
	let Some((last, next)) = error.downcast_ref::<SeriesBegins>().map(|begins| (begins.last_line, begins.line)) else {
		return error.context(format!("{file} is not a regular series"));
	};
	let row = |line: u64| text.cells.iter().find(|row| row.line() == line);
	let (Some(last), Some(next)) = (row(last), row(next)) else { return error.context(file) };
	let changed = text.labels.iter().enumerate().find_map(|(label, name)| {
		let (from, to) = (last.cell(text.label_cell(label)), next.cell(text.label_cell(label)));
		(from != to).then(|| {
			format!("Column `{name}` changes from `{from}` to `{to}` there, so choose one series with --where \"{name}={from}\"")
		})
	});
	match changed {
		Some(advice) => anyhow::anyhow!("{file}: {error:#}. {advice}"),
		None => error.context(file),
	}
}

/// Part of a series that is used.
struct Part<'a> {
	text: &'a TextTable,
	/// Steps at the beginning.
	first: Option<usize>,
	/// Steps at the end of these.
	last: Option<usize>,
	/// Most steps.
	most: usize,
}

/// A column of the part that is used.
struct Column {
	/// Values of the file.
	known: Vec<Option<f64>>,
	/// Values without gaps.
	values: Vec<f64>,
}

impl Part<'_> {
	/// Returns the part of `available` that is used.
	fn of(&self, available: Range<usize>) -> Result<Range<usize>> {
		let Self { text, first, last, most } = self;
		let (mut used, rows) = (available.clone(), available.len());
		let file = &text.file;
		if let Some(first) = first {
			ensure!(*first <= rows, "{file}:{first} takes {first} rows, and the file has {rows}: take fewer");
			used.end = used.start + first;
		}
		if let Some(last) = last {
			let rows = used.len();
			ensure!(*last <= rows, "{file}: --last {last} takes {last} rows, and there are {rows}: take fewer");
			used.start = used.end - last;
		}
		ensure!(
			used.len() <= *most,
			"{file} has {} rows, and at most {most} are used: take the last ones with --last {most}, or choose a coarser step",
			used.len()
		);
		Ok(used)
	}

	/// Interpolates missing values, and returns the steps that are used and their values.
	fn fill(&self, columns: Vec<Vec<Option<f64>>>) -> Result<(Range<usize>, Vec<Column>)> {
		let names: Vec<&str> = self.text.names.iter().map(String::as_str).collect();
		let Filled { columns: filled, first } =
			fill_gaps(&columns, &names).with_context(|| format!("{} cannot be filled", self.text.file))?;
		let used = self.of(first..first + filled[0].len())?;
		let column = |(known, filled): (&Vec<_>, Vec<f64>)| Column {
			known: known[used.clone()].to_vec(),
			values: filled[used.start - first..used.end - first].to_vec(),
		};
		let columns = columns.iter().zip(filled).map(column).collect();
		Ok((used, columns))
	}

	/// Returns the steps that are used and their values.
	///
	/// # Errors
	///
	/// Errors if a value is missing there.
	fn without_gaps(&self, columns: Vec<Vec<Option<f64>>>, steps: &Steps) -> Result<(Range<usize>, Vec<Column>)> {
		let used = self.of(0..columns[0].len())?;
		// The first gap of the file is named, whichever column it is in.
		let gap = |column: &Vec<Option<f64>>| column[used.clone()].iter().position(Option::is_none);
		let first =
			columns.iter().enumerate().filter_map(|(column, values)| gap(values).map(|at| (used.start + at, column))).min();
		if let Some((step, column)) = first {
			let at = steps.steps.partition_point(|other| *other < step);
			let row = self.text.cells.row(steps.order[at]);
			let cell = match row.cell(column) {
				"" => String::new(),
				text => format!(" (`{text}`)"),
			};
			bail!(
				"{}, line {}: column `{}` has no value{cell}. Correct it, or fill gaps with --fill linear",
				self.text.file,
				row.line(),
				self.text.names[column]
			);
		}
		let column = |known: Vec<Option<f64>>| Column {
			values: known[used.clone()].iter().flatten().copied().collect(),
			known: known[used.clone()].to_vec(),
		};
		Ok((used.clone(), columns.into_iter().map(column).collect()))
	}
}

#[cfg(test)]
mod tests;
