//! Errors of models in the unit of a domain.

use super::Problem;
use doin_compute::predictions_per_window;
use doin_forecast::{error_size, parse_unit, significant};
use doin_primitives::{DomainSpec, Evidence};
use doin_scoring::{
	landscape,
	model::OUT_FRAC,
	rows::{score_rows, RowSet, RowTarget, Rows},
	sample, score, Model, Program, Target, Windows,
};
use rayon::prelude::*;

/// Windows or rows that one piece of the held-out tail has. A sum over the whole tail may not fit 32 bits.
const TAIL_PIECE: usize = 16;

impl Problem {
	/// Returns the error of a point whose value is one, or `None` for a program whose models are no points.
	fn unit_of_points(&self) -> Option<f64> {
		match &self.spec.program {
			// Squared distances in Q16.
			Program::Quadratic(_) => Some(65_536.0),
			Program::Landscape(_) => Some(landscape::UNIT as f64),
			Program::Forecast(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => None,
		}
	}

	/// Returns the coordinates of a point of the domain; `None` for another model.
	pub fn coordinates(&self, model: &Model) -> Option<Vec<f64>> {
		let parts = match &self.spec.program {
			Program::Quadratic(_) => 256.0,
			Program::Landscape(_) => f64::from(landscape::RESOLUTION),
			Program::Forecast(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => return None,
		};
		match model {
			Model::Point(point) => Some(point.iter().map(|x| f64::from(*x) / parts).collect()),
			_ => None,
		}
	}

	/// Returns the size of one raw unit of error, and the unit that this size is in: the unit of the values, a rate for classes, or the
	/// value of a function of points.
	pub fn unit(&self) -> (f64, String) {
		if self.unit_of_points().is_some() {
			return (1.0, "value".into());
		}
		let text = String::from_utf8_lossy(&self.spec.unit);
		let (size, name) = parse_unit(&text);
		match has_classes(&self.spec.program) {
			true => (self.forecast().map_or(1.0, |forecast| error_size(forecast, size)), "error rate".into()),
			false => (size, name.to_string()),
		}
	}

	/// Returns the heading of a column of errors, e.g. `mean absolute error in ppm`.
	pub fn error_description(&self) -> String {
		if self.unit_of_points().is_some() {
			return "value".into();
		}
		match has_classes(&self.spec.program) {
			true => "error rate".into(),
			false if self.tolerance().is_some() => format!("mean chunk sum in {}", self.unit().1),
			false => format!("mean absolute error in {}", self.unit().1),
		}
	}

	/// Returns the description of a mean error in raw units, e.g. `a mean absolute error of 0.42000 ppm`.
	pub fn describe_error(&self, mean: f64) -> String {
		let (size, unit) = self.unit();
		let mean = significant(mean * size);
		if self.unit_of_points().is_some() {
			return format!("a value of {mean}");
		}
		match has_classes(&self.spec.program) {
			true => format!("an error rate of {mean}"),
			false if self.tolerance().is_some() => format!("a mean chunk sum of {mean} {unit}"),
			false => format!("a mean absolute error of {mean} {unit}"),
		}
	}

	/// Returns the number of predictions of one chunk of the validation split.
	pub fn predictions_per_validation_chunk(&self) -> u64 {
		predictions_per_validation_chunk(&self.spec)
	}

	/// Returns the number of predictions of one chunk of a draw. On public evidence, a draw is the validation split.
	pub fn predictions_per_drawn_chunk(&self) -> u64 {
		predictions_per_drawn_chunk(&self.spec)
	}

	/// Returns the mean error per prediction of the error sum `error` over a whole draw, in the unit of [`Self::unit`].
	pub fn draw_error(&self, error: u64) -> f64 {
		if let Some(unit) = self.unit_of_points() {
			return error as f64 / unit;
		}
		if self.tolerance().is_some() {
			// The program decides what its sums mean.
			return error as f64 / f64::from(self.chunks().max(1)) * self.unit().0;
		}
		self.mean_error(error, f64::from(self.chunks()) * self.predictions_per_drawn_chunk() as f64)
	}

	/// Returns the mean error of a model on the published data behind the validation split, in the unit of [`Self::unit`], or `None`
	/// without such data.
	pub fn tail_error(&self, model: &Model) -> Option<f64> {
		let (error, count) = match &self.spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => return None,
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

/// Returns `true` if models choose classes, whose error is a rate.
pub fn has_classes(program: &Program) -> bool {
	match program {
		Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => false,
		Program::Forecast(forecast) => matches!(forecast.target, Target::Classes(_)),
		Program::Rows(rows) => matches!(rows.target, RowTarget::Classes(_)),
		Program::LossGenome(_) => true,
	}
}

/// Returns the number of predictions of one chunk of the validation split of a domain.
pub fn predictions_per_validation_chunk(spec: &DomainSpec) -> u64 {
	let split = spec.split;
	match &spec.program {
		Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => 1,
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

/// Returns the number of predictions of one chunk of a draw of a domain. On public evidence, a draw is the validation split.
pub fn predictions_per_drawn_chunk(spec: &DomainSpec) -> u64 {
	match (&spec.program, &spec.evidence) {
		(Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_), _) | (_, Evidence::Public) => {
			predictions_per_validation_chunk(spec)
		}
		(Program::Forecast(forecast), _) => u64::from(forecast.windows) * predictions_per_window(forecast),
		(Program::Rows(rows), _) => u64::from(rows.rows) * predictions_per_row(rows),
		(Program::LossGenome(runs), _) => runs.validation.into(),
	}
}

/// Returns the number of predictions that are scored in a row: one class, or every value.
fn predictions_per_row(rows: &Rows) -> u64 {
	match rows.target {
		RowTarget::Classes(_) => 1,
		RowTarget::Values(values) => values.into(),
	}
}
