//! Numbers of the selected columns of a file.

use super::{
	note::Note,
	number::{parse, Decimal, Hints, Missing},
	sentinel,
	table::TextTable,
};
use crate::units::exact;
use anyhow::{anyhow, Result};

/// Numbers of the selected columns, in the order of the file.
#[derive(Debug)]
pub struct Numbers {
	/// Values of each column; `None` where a cell is empty or stands for a missing value.
	pub columns: Vec<Vec<Option<f64>>>,
	/// Decimal separators and separators of thousands that were found out, where they are not plain decimal points.
	pub findings: Vec<String>,
}

impl TextTable {
	/// Parses the cells of the selected columns.
	///
	/// # Errors
	///
	/// Errors if a cell is neither a number nor a missing value, or if a column has several decimal separators.
	pub fn numbers(&self, missing: &Missing, decimal: Option<Decimal>) -> Result<Numbers> {
		let (decimals, findings) = self.decimals(missing, decimal)?;
		let columns = (0..self.names.len()).map(|column| self.column(column, decimals[column], missing));
		Ok(Numbers { columns: columns.collect::<Result<_>>()?, findings })
	}

	/// Returns the decimal separator of each selected column, `chosen` or the one that its numbers show, and what was found out.
	fn decimals(&self, missing: &Missing, chosen: Option<Decimal>) -> Result<(Vec<Decimal>, Vec<String>)> {
		if let Some(chosen) = chosen {
			return Ok((vec![chosen; self.names.len()], Vec::new()));
		}
		let mut hints = vec![Hints::default(); self.names.len()];
		for row in self.cells.iter() {
			for (column, hints) in hints.iter_mut().enumerate() {
				let text = row.cell(column);
				if !missing.matches(text) {
					hints.add(row.line(), text);
				}
			}
		}
		let named = |column: usize, error: anyhow::Error| anyhow!("{}, column `{}`: {error:#}", self.file, self.names[column]);
		let sure = hints.iter().enumerate().map(|(column, hints)| hints.sure().map_err(|error| named(column, error)));
		let sure: Vec<Decimal> = sure.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
		// Columns that differ from each other are no evidence for a third one.
		let others = match sure.first() {
			Some(first) => sure.iter().all(|one| one == first).then_some(*first),
			None => self.decimal_elsewhere,
		};
		let decide =
			|(column, hints): (usize, &Hints)| hints.decimal(others, self.delimiter).map_err(|error| named(column, error));
		let decimals: Vec<Decimal> = hints.iter().enumerate().map(decide).collect::<Result<_>>()?;
		let commas = decimals.contains(&Decimal::Comma).then(|| "decimals are separated by commas".to_string());
		let thousands = decimals.iter().zip(&hints).zip(&self.names).filter_map(|((decimal, hints), name)| {
			let (line, text) = hints.thousands(*decimal)?;
			Some(format!("`{text}` in line {line} of column `{name}` has a separator of thousands"))
		});
		// Where commas separate the columns, the decimal point is usual.
		let open = others.is_none() && self.delimiter != b',';
		let points = hints.iter().zip(&self.names).filter(|_| open).filter_map(|(hints, name)| {
			let (line, text) = hints.probable_point()?;
			Some(format!(
				"`{text}` in line {line} of column `{name}` is read with a decimal point (add --decimal , if it separates thousands)"
			))
		});
		let findings = commas.into_iter().chain(thousands).chain(points).collect();
		Ok((decimals, findings))
	}

	fn column(&self, column: usize, decimal: Decimal, missing: &Missing) -> Result<Vec<Option<f64>>> {
		let parse = |(line, text): (u64, &str)| {
			if missing.matches(text) {
				return Ok(None);
			}
			match parse(text, decimal) {
				Ok(value) => Ok((!missing.matches_number(value)).then_some(value)),
				Err(reason) => Err(anyhow!(
					"{}, line {line}: invalid value `{text}` in column `{}`: {reason}. Correct it, add --missing \"{text}\" if \
					it stands for a missing value, or choose another column",
					self.file,
					self.names[column]
				)),
			}
		};
		self.cells.iter().map(|row| parse((row.line(), row.cell(column)))).collect()
	}
}

/// Returns warnings of numbers that probably stand for a missing value. `values` are those of a column that are used.
pub fn sentinel_warnings(file: &str, name: &str, values: &[Option<f64>], filled: bool) -> Vec<Note> {
	let known: Vec<f64> = values.iter().flatten().copied().collect();
	let warning = |one: sentinel::Sentinel| {
		let times = match one.count {
			1 => "once".to_string(),
			2 => "twice".to_string(),
			count => format!("{count} times"),
		};
		let fill = if filled { "" } else { " --fill linear" };
		let (least, largest) = (exact(one.others.0), exact(one.others.1));
		Note::Warning(format!(
			"{file}: {value} comes {times} in column `{name}`, and all other values lie from {least} to {largest}. If it stands \
			for a missing value, add --missing {value}{fill}",
			value = exact(one.value)
		))
	};
	sentinel::find(&known).into_iter().map(warning).collect()
}
