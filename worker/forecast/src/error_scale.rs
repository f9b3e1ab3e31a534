//! Mean errors in units of the column, in standard deviations, or as accuracy.

use crate::units::significant;
use doin_compute::baseline::{BaselineRow, ErrorSummary};
use doin_primitives::domain::INITIAL_LOSS;
use doin_scoring::{Forecast, Target};
use serde::Serialize;

/// Returns the size of a raw unit of error: `unit` for values, 1 for classes, whose errors are shares of windows.
pub fn error_size(program: &Forecast, unit: f64) -> f64 {
	match program.target {
		Target::Classes(_) => 1.0,
		_ => unit,
	}
}

/// Returns the name of the mean error of a program.
pub fn error_name(program: &Forecast) -> &'static str {
	match program.target {
		Target::Classes(_) => "error rate",
		_ => "mean absolute error",
	}
}

/// Returns the per cent by which `error` is below `baseline`; negative if it is above.
pub fn percent_below(error: f64, baseline: f64) -> f64 {
	if baseline == 0.0 {
		return 0.0;
	}
	100.0 * (1.0 - error / baseline)
}

/// Scale of the mean errors of one program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorScale {
	/// Raw unit, in units of the column.
	pub unit: f64,
	/// Standard deviation of the column over the training part, in units of the column.
	pub deviation: f64,
	/// `true` if the program classifies.
	pub classes: bool,
}

/// Errors of a model on some windows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorFigures {
	/// Mean absolute error in units of the column; `None` for classes.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub mae: Option<f64>,
	/// Mean absolute error in standard deviations of the training part; `None` for classes.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub scaled: Option<f64>,
	/// Share of windows whose class is forecast correctly; `None` for values.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub accuracy: Option<f64>,
	/// Error sum in 2⁻⁴ raw units, or 2⁴ per wrong class.
	pub error: u64,
	/// Per cent by which the error is below that of the better naive baseline on the same windows.
	pub better_percent: f64,
}

/// Errors of a model on validation and test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelErrors {
	/// Name of the model.
	pub name: String,
	/// Errors on validation.
	pub validation: ErrorFigures,
	/// Errors on the test; `None` if there is none.
	pub test: Option<ErrorFigures>,
}

impl ErrorScale {
	/// Returns the scale of a program.
	pub fn new(program: &Forecast, unit: f64, deviation: f64) -> Self {
		Self { unit, deviation, classes: matches!(program.target, Target::Classes(_)) }
	}

	/// Returns the title of a column of [`ErrorScale::shown`] figures.
	pub fn title(self) -> &'static str {
		if self.classes {
			"accuracy"
		} else {
			"mean absolute error"
		}
	}

	/// Returns the unit of [`ErrorScale::error`] for a column named `column`.
	pub fn unit_name(self, column: &str) -> &str {
		if self.classes {
			"error rate"
		} else {
			column
		}
	}

	/// Converts a mean raw error to units of the column; an error rate is unchanged.
	pub fn error(self, mean: f64) -> f64 {
		if self.classes {
			mean
		} else {
			mean * self.unit
		}
	}

	/// Converts a mean raw error to standard deviations.
	pub fn scaled(self, mean: f64) -> f64 {
		mean * self.unit / self.deviation
	}

	/// Returns a mean raw error as text: in units of the column, or the accuracy in per cent.
	pub fn shown(self, mean: f64) -> String {
		if self.classes {
			format!("{:.2} %", 100.0 * (1.0 - mean))
		} else {
			significant(self.error(mean))
		}
	}

	/// Returns the figures of a mean raw error and its sum.
	pub fn figures(self, mean: f64, error: u64, better_percent: f64) -> ErrorFigures {
		let value = |value: f64| (!self.classes).then_some(value);
		ErrorFigures {
			mae: value(self.error(mean)),
			scaled: value(self.scaled(mean)),
			accuracy: self.classes.then(|| round_share(1.0 - mean)),
			error,
			better_percent,
		}
	}

	/// Returns the figures of a row of a baseline report.
	pub fn model_errors(self, row: &BaselineRow) -> ModelErrors {
		let figures = |summary: ErrorSummary| {
			self.figures(summary.mean, summary.error, percent_below(summary.loss as f64, f64::from(INITIAL_LOSS)))
		};
		ModelErrors { name: row.name.clone(), validation: figures(row.validation), test: row.test.map(figures) }
	}
}

impl ErrorFigures {
	/// Returns the error as text: in units of the column, or the accuracy in per cent.
	pub fn shown(&self) -> String {
		match (self.accuracy, self.mae) {
			(Some(accuracy), _) => format!("{:.2} %", 100.0 * accuracy),
			(None, mae) => significant(mae.unwrap_or(0.0)),
		}
	}
}

/// Rounds a share to twelve decimals, the last exact ones.
fn round_share(share: f64) -> f64 {
	(share * 1e12).round() / 1e12
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::program;

	#[test]
	fn values_are_errors_and_classes_are_accuracies() {
		let values = ErrorScale::new(&program(4, 16, 8), 0.5, 10.0);
		assert_eq!((values.title(), values.unit_name("MW"), values.shown(3.0)), ("mean absolute error", "MW", "1.5000".into()));
		let figures = values.figures(3.0, 48, 25.0);
		assert_eq!((figures.mae, figures.scaled, figures.accuracy), (Some(1.5), Some(0.15), None));
		assert_eq!(figures.shown(), values.shown(3.0));
		let target = Target::Classes(vec![0].try_into().unwrap());
		let classify = Forecast { target, ..program(4, 16, 8) };
		let classes = ErrorScale::new(&classify, 0.5, 10.0);
		assert_eq!((classes.title(), classes.unit_name("MW"), classes.shown(0.25)), ("accuracy", "error rate", "75.00 %".into()));
		let figures = classes.figures(0.25, 4, 25.0);
		assert_eq!((figures.mae, figures.scaled, figures.accuracy), (None, None, Some(0.75)));
		assert_eq!(figures.shown(), classes.shown(0.25));
		assert_eq!((error_size(&classify, 0.5), error_size(&program(4, 16, 8), 0.5)), (1.0, 0.5));
		assert_eq!((error_name(&classify), error_name(&program(4, 16, 8))), ("error rate", "mean absolute error"));
	}

	#[test]
	fn json_has_only_the_figures_of_its_kind() {
		let scale = ErrorScale::new(&program(4, 16, 8), 1.0, 2.0);
		let json = serde_json::to_string(&scale.figures(1.0, 16, 50.0)).unwrap();
		assert_eq!(json, r#"{"mae":1.0,"scaled":0.5,"error":16,"better_percent":50.0}"#);
	}

	#[test]
	fn improvements_are_relative_to_the_baseline() {
		assert_eq!((percent_below(3.0, 4.0), percent_below(5.0, 4.0), percent_below(1.0, 0.0)), (25.0, -25.0, 0.0));
	}
}
