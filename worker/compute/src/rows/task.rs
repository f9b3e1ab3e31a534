//! Row tasks: a program of rows and the rows themselves.

use crate::Error;
use doin_primitives::{domain::Limits, DomainSpec, Evidence, Split};
use doin_scoring::{
	rows::{RowError, RowSet, Rows},
	Model, ModelError, Program,
};
use std::ops::Range;

/// A program and the rows that it is trained and evaluated on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsTask {
	/// The program.
	pub program: Rows,
	/// Limits on the cost of a model; a row counts as a window.
	pub limits: Limits,
	/// All rows, one after the other.
	pub bytes: Vec<u8>,
	/// Ends of the training and validation parts, in rows. Rows behind both are the test, which nothing here reads.
	pub split: Split,
	/// Most rows that stop training early.
	pub most_early_stopping: u32,
}

/// One in this many rows of the training part stops training early, as far as [`RowsTask::most_early_stopping`] allows.
const EARLY_STOPPING: u32 = 7;

impl RowsTask {
	/// Returns the task of domain `spec` with its published rows: those of the training part and of all opened segments train, and
	/// those of the validation part validate. At most the newest segment stops training early: it is unknown to every champion that
	/// was committed before it was opened, also to one that was trained on all rows that were public then.
	///
	/// # Errors
	///
	/// [`Error::NotForecast`] if the program of the domain is not one of rows; otherwise the errors of [`check`](Self::check).
	pub fn of_domain(spec: &DomainSpec, published: &[u8]) -> Result<Self, Error> {
		let Program::Rows(program) = &spec.program else {
			return Err(Error::NotForecast { program: spec.program.name() });
		};
		let at = |row: u32| row as usize * program.row_bytes();
		let (train_end, validation_end) = (at(spec.split.train_end), at(spec.split.validation_end));
		let (have, need) = (published.len() / program.row_bytes().max(1), spec.split.validation_end as usize);
		let few = || Error::FewRows { have, need, what: "the training and validation parts" };
		let training = published.get(..train_end).ok_or_else(few)?;
		let validation = published.get(train_end..validation_end).ok_or_else(few)?;
		let segments = published.get(spec.values as usize..).unwrap_or_default();
		let rows = u32::try_from(segments.len() / program.row_bytes().max(1)).unwrap_or(u32::MAX);
		let split = Split {
			train_end: spec.split.train_end.saturating_add(rows),
			validation_end: spec.split.validation_end.saturating_add(rows),
		};
		let bytes = [training, segments, validation].concat();
		let most_early_stopping = match spec.evidence {
			Evidence::Sealed { units, .. } if rows > 0 => units,
			_ => u32::MAX,
		};
		let task = Self { program: *program, limits: spec.limits.clone(), bytes, split, most_early_stopping };
		task.check()?;
		Ok(task)
	}

	/// Checks that the program is valid, and that rows and split fit it.
	///
	/// # Errors
	///
	/// [`Error::Rows`] for an invalid program, a part of a row, a split out of order or a label out of its range; [`Error::FewRows`]
	/// if the rows end before the validation part.
	pub fn check(&self) -> Result<(), Error> {
		self.program.check()?;
		self.program.check_labels(&self.bytes)?;
		let Split { train_end, validation_end } = self.split;
		let (have, need) = (self.count(), validation_end as usize);
		if have < need {
			return Err(Error::FewRows { have, need, what: "the training and validation parts" });
		}
		if train_end == 0 || train_end > validation_end {
			return Err(RowError::Split.into());
		}
		Ok(())
	}

	/// Returns the number of rows.
	pub fn count(&self) -> usize {
		self.bytes.len() / self.program.row_bytes().max(1)
	}

	/// Returns the rows that stop training early, to which no net is fitted: the last seventh of the training part, or fewer if
	/// [`most_early_stopping`](Self::most_early_stopping) is less, at least one.
	pub fn early_stopping(&self) -> Range<u32> {
		let end = self.split.train_end;
		let rows = (end / EARLY_STOPPING).min(self.most_early_stopping).max(1);
		end.saturating_sub(rows)..end
	}

	/// Returns the rows with these numbers, of those that exist.
	pub fn rows(&self, range: Range<u32>) -> RowSet {
		let at = |row: u32| (row as usize).min(self.count()) * self.program.row_bytes();
		let (start, end) = (at(range.start), at(range.end));
		RowSet::new(&self.program, self.bytes[start.min(end)..end].to_vec())
	}

	/// Checks that the program and the limits admit `model`.
	///
	/// # Errors
	///
	/// [`Error::Model`] if they do not.
	pub fn admit(&self, model: &Model) -> Result<(), Error> {
		admit(&self.program, &self.limits, model)
	}
}

/// Checks that `program` and `limits` admit `model`.
pub(super) fn admit(program: &Rows, limits: &Limits, model: &Model) -> Result<(), Error> {
	if model.to_bytes().len() as u64 > limits.model_bytes.into() {
		return Err(ModelError::TooLarge.into());
	}
	if model.macs() > limits.window_macs.into() {
		return Err(ModelError::TooCostly.into());
	}
	match model {
		Model::Net(net) => Ok(net.admit_rows(program).map(drop)?),
		_ => Err(ModelError::Family.into()),
	}
}
