//! Errors of models in the unit of a domain.

use super::Problem;
use doin_compute::predictions_per_window;
use doin_forecast::{error_size, parse_unit, significant};
use doin_primitives::Evidence;
use doin_scoring::{
	model::OUT_FRAC,
	rows::{score_rows, RowSet, RowTarget, Rows},
	sample, score, Model, Program, Target, Windows,
};
use rayon::prelude::*;

/// Windows or rows that one piece of the held-out tail has. A sum over the whole tail may not fit 32 bits.
const TAIL_PIECE: usize = 16;

impl Problem {
	/// Returns `true` if models choose classes, whose error is a rate.
	fn has_classes(&self) -> bool {
		match &self.spec.program {
			Program::Quadratic(_) => false,
			Program::Forecast(forecast) => matches!(forecast.target, Target::Classes(_)),
			Program::Rows(rows) => matches!(rows.target, RowTarget::Classes(_)),
			Program::LossGenome(_) => true,
		}
	}

	/// Returns the size of one raw unit of error, and the unit that this size is in: the unit of the values, or a rate for
	/// classes.
	pub fn unit(&self) -> (f64, String) {
		let text = String::from_utf8_lossy(&self.spec.unit);
		let (size, name) = parse_unit(&text);
		match self.has_classes() {
			true => (self.forecast().map_or(1.0, |forecast| error_size(forecast, size)), "error rate".into()),
			false => (size, name.to_string()),
		}
	}

	/// Returns the heading of a column of errors, e.g. `mean absolute error in ppm`.
	pub fn error_description(&self) -> String {
		match self.has_classes() {
			true => "error rate".into(),
			false => format!("mean absolute error in {}", self.unit().1),
		}
	}

	/// Returns the description of a mean error in raw units, e.g. `a mean absolute error of 0.42000 ppm`.
	pub fn describe_error(&self, mean: f64) -> String {
		let (size, unit) = self.unit();
		let mean = significant(mean * size);
		match self.has_classes() {
			true => format!("an error rate of {mean}"),
			false => format!("a mean absolute error of {mean} {unit}"),
		}
	}

	/// Returns the number of predictions of one chunk of the validation split.
	pub fn predictions_per_validation_chunk(&self) -> u64 {
		let split = self.spec.split;
		match &self.spec.program {
			Program::Quadratic(_) => 1,
			Program::Forecast(forecast) => {
				let windows = forecast.validation_windows(split.train_end, split.validation_end).unwrap_or(forecast.windows);
				u64::from(windows) * predictions_per_window(forecast)
			}
			Program::Rows(rows) => {
				let count = rows.validation_rows(split.train_end, split.validation_end).unwrap_or(rows.rows);
				u64::from(count) * predictions_per_row(rows)
			}
			Program::LossGenome(runs) => runs.validation.into(),
		}
	}

	/// Returns the number of predictions of one chunk of a draw. On public evidence, a draw is the validation split.
	pub fn predictions_per_drawn_chunk(&self) -> u64 {
		match (&self.spec.program, &self.spec.evidence) {
			(Program::Quadratic(_), _) | (_, Evidence::Public) => self.predictions_per_validation_chunk(),
			(Program::Forecast(forecast), _) => u64::from(forecast.windows) * predictions_per_window(forecast),
			(Program::Rows(rows), _) => u64::from(rows.rows) * predictions_per_row(rows),
			(Program::LossGenome(runs), _) => runs.validation.into(),
		}
	}

	/// Returns the mean error per prediction of the error sum `error` over a whole draw, in the unit of [`Self::unit`].
	pub fn draw_error(&self, error: u64) -> f64 {
		if matches!(self.spec.program, Program::Quadratic(_)) {
			// Squared distances in Q16.
			return error as f64 / 65_536.0;
		}
		self.mean_error(error, f64::from(self.chunks()) * self.predictions_per_drawn_chunk() as f64)
	}

	/// Returns the mean error of a model on the published data behind the validation split, in the unit of [`Self::unit`], or `None`
	/// without such data.
	pub fn tail_error(&self, model: &Model) -> Option<f64> {
		let (error, count) = match &self.spec.program {
			Program::Quadratic(_) | Program::LossGenome(_) => return None,
			Program::Forecast(forecast) => {
				let windows = sample::tail(forecast, self.published_series(), self.spec.split.validation_end);
				let span = (windows.history + windows.horizon) * windows.channels;
				let piece = |values: &[i32]| {
					let Windows { channels, history, horizon, .. } = windows;
					u64::from(score(model, forecast, &Windows { channels, history, horizon, values: values.to_vec() }))
				};
				let error: u64 = windows.values.par_chunks(span * TAIL_PIECE).map(piece).sum();
				(error, windows.len() * predictions_per_window(forecast) as usize)
			}
			Program::Rows(rows) => {
				let (start, end) = (self.spec.split.validation_end as usize * rows.row_bytes(), self.spec.values as usize);
				let tail = self.data.rows().get(start..end)?;
				let piece = |bytes: &[u8]| u64::from(score_rows(model, rows, &RowSet::new(rows, bytes.to_vec())));
				let error: u64 = tail.par_chunks(rows.row_bytes() * TAIL_PIECE).map(piece).sum();
				(error, tail.len() / rows.row_bytes() * predictions_per_row(rows) as usize)
			}
		};
		(count > 0).then(|| self.mean_error(error, count as f64))
	}

	fn mean_error(&self, error: u64, count: f64) -> f64 {
		error as f64 / f64::from(1u32 << OUT_FRAC) / count.max(1.0) * self.unit().0
	}
}

/// Returns the number of predictions that are scored in a row: one class, or every value.
fn predictions_per_row(rows: &Rows) -> u64 {
	match rows.target {
		RowTarget::Classes(_) => 1,
		RowTarget::Values(values) => values.into(),
	}
}
