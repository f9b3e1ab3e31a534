//! Columns of a table of rows: labels, and the features beside them.

use super::{
	columns::{parse_filter, Columns},
	header::Header,
	number::{is_number, Missing},
	records::Record,
	table::CsvOptions,
};
use anyhow::{bail, ensure, Context, Result};

/// Most columns of features, those of a program of rows.
const MAX_FEATURES: usize = doin_scoring::rows::MAX_FEATURES as usize;
/// Columns in a message; further ones are counted.
const SHOWN: usize = 12;

/// Columns of rows, by name or position.
#[derive(Clone, Copy, Debug)]
pub struct RowSelection<'a> {
	/// Columns of labels.
	pub labels: LabelColumns<'a>,
	/// Columns of features.
	pub features: Features<'a>,
}

/// Columns of labels.
#[derive(Clone, Copy, Debug)]
pub enum LabelColumns<'a> {
	/// The column with this name or position.
	One(&'a str),
	/// The columns of this list.
	List(&'a str),
	/// Columns with exactly these names or positions.
	Exactly(&'a [String]),
	/// Columns with exactly these names or positions, or none if the file lacks one of them.
	IfPresent(&'a [String]),
}

/// Columns of features.
#[derive(Clone, Copy, Debug)]
pub enum Features<'a> {
	/// All columns but those of labels and of these lists.
	AllBut(&'a [String]),
	/// The columns of these lists.
	Lists(&'a [String]),
	/// Columns with exactly these names or positions.
	Exactly(&'a [String]),
}

impl Columns {
	/// Finds the columns of a table of rows: [`Columns::values`] are the features.
	///
	/// # Errors
	///
	/// Errors if a column does not exist, is named twice, or if a column that is not named holds text, if there are no features or
	/// too many, or if the header seems to be a row.
	pub(super) fn of_rows(
		header: &Header,
		sample: &[Record],
		selection: &RowSelection,
		options: &CsvOptions,
		missing: &Missing,
	) -> Result<Self> {
		check_header(header)?;
		let filters = options.filters.iter().map(|filter| parse_filter(header, filter)).collect::<Result<Vec<_>>>()?;
		let exactly = |names: &[String]| names.iter().map(|name| header.find(name)).collect::<Result<Vec<usize>>>();
		let label = match selection.labels {
			LabelColumns::One(label) => vec![header.find(label).context("--label")?],
			LabelColumns::List(list) => header.find_list(list).context("--label")?,
			LabelColumns::Exactly(names) => exactly(names)?,
			LabelColumns::IfPresent(names) => exactly(names).unwrap_or_default(),
		};
		let features = match selection.features {
			Features::AllBut(left_out) => {
				let left_out = lists(header, left_out).context("--without")?;
				let fixed = |at: &usize| filters.iter().any(|(filter, _)| filter == at);
				let free = |at: &usize| !label.contains(at) && !left_out.contains(at) && !fixed(at);
				let features: Vec<usize> = (0..header.width()).filter(free).collect();
				check_numeric(header, sample, &features, missing)?;
				features
			}
			Features::Lists(named) => lists(header, named).context("--inputs")?,
			Features::Exactly(names) => exactly(names)?,
		};
		ensure!(!features.is_empty(), "there is no column beside that of the labels: rows need at least one column of features");
		ensure!(
			features.len() <= MAX_FEATURES,
			"there are {} columns of features, and at most {MAX_FEATURES} are read: choose some with --inputs, or leave some out with \
			--without",
			features.len()
		);
		let all: Vec<usize> = label.iter().chain(&features).copied().collect();
		if let Some(at) = (1..all.len()).find(|at| all[..*at].contains(&all[*at])) {
			bail!("column `{}` is named twice: labels and features are different columns, each once", header.shown(all[at]));
		}
		Ok(Self { values: features, time: Vec::new(), labels: label, filters })
	}
}

/// Returns the columns of several lists.
fn lists(header: &Header, lists: &[String]) -> Result<Vec<usize>> {
	let mut found = Vec::new();
	for list in lists {
		found.extend(header.find_list(list)?);
	}
	Ok(found)
}

/// Errors if the header seems to be a row: several columns have the same number as their name.
fn check_header(header: &Header) -> Result<()> {
	let mut numbers: Vec<&String> = header.names().iter().filter(|name| is_number(name)).collect();
	numbers.sort_unstable();
	match numbers.windows(2).find(|pair| pair[0] == pair[1]) {
		Some(pair) => bail!(
			"the first line seems to be a row, not a header: several columns are named `{}`. Add --no-header, and choose columns by \
			position, e.g. --label 1",
			pair[0]
		),
		None => Ok(()),
	}
}

/// Errors if the first rows of a column hold more texts than numbers.
fn check_numeric(header: &Header, sample: &[Record], features: &[usize], missing: &Missing) -> Result<()> {
	let is_text = |at: &usize| {
		let (mut numbers, mut texts) = (0usize, 0usize);
		for record in sample {
			let text = record.text(*at).0;
			match missing.matches(&text) {
				true => {}
				false if is_number(&text) => numbers += 1,
				false => texts += 1,
			}
		}
		texts > numbers
	};
	let texts: Vec<String> = features.iter().filter(|at| is_text(at)).map(|at| header.shown(*at)).collect();
	let Some(first) = texts.first() else { return Ok(()) };
	let named: Vec<String> = texts.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
	let more = texts.len().saturating_sub(SHOWN);
	let more = if more > 0 { format!(" and {more} more") } else { String::new() };
	let quoted = |name: &String| if name.contains([',', ' ']) { format!("\"{name}\"") } else { name.clone() };
	let list: Vec<String> = texts.iter().take(SHOWN).map(quoted).collect();
	let column = features.iter().find(|at| header.shown(**at) == *first).copied().unwrap_or(0);
	let example = sample.iter().map(|record| record.text(column).0.into_owned()).find(|text| !missing.matches(text));
	bail!(
		"{} {} text such as `{}`, and features are numbers: leave {} out with --without {}, or write numbers in place of the text",
		if texts.len() == 1 { format!("column {}", named[0]) } else { format!("the columns {}{more}", named.join(", ")) },
		if texts.len() == 1 { "holds" } else { "hold" },
		example.unwrap_or_default(),
		if texts.len() == 1 { "it" } else { "them" },
		list.join(",")
	)
}
