//! Quantisation: values of a series as whole numbers of a raw unit, as a domain stores them.

use crate::{
	series::Series,
	units::{decimal, exact},
};
use anyhow::{ensure, Result};

/// Typical difference over one horizon, in raw units, that a natural unit reaches: twice what a 12-bit activation resolves.
const RESOLUTION: f64 = 100.0;
/// Largest absolute raw value. Error sums and generated series stay far inside 32 bits.
const MAX_RAW: f64 = (1 << 30) as f64;
/// Least natural unit. Smaller numbers have fewer digits.
const LEAST_UNIT: f64 = 1e-306;

/// Series in raw units.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
	/// Values in raw units, step by step: the value of each column at step 0, then at step 1, etc.
	pub values: Vec<i32>,
	/// Raw unit of the column to forecast, in units of the column: a power of ten unless chosen.
	pub quantum: f64,
	/// Raw unit of each further column.
	pub inputs: Vec<f64>,
}

impl Quantised {
	/// Returns the raw unit as text, e.g. `0.01 °C` where `column` is `°C`.
	pub fn unit(&self, column: &str) -> String {
		format!("{} {column}", decimal(self.quantum)).trim_end().to_string()
	}
}

impl Series {
	/// Rounds the values to raw units. The unit of the column to forecast is `unit`, or the [natural one](natural_unit) for
	/// `horizon` steps. Further columns have natural units of their own.
	///
	/// # Errors
	///
	/// Errors if `unit` is not positive, if differences are too small for a unit, if a value does not fit 30 bits, or if all values
	/// round to the same number.
	pub fn quantise(&self, horizon: usize, unit: Option<f64>) -> Result<Quantised> {
		let natural = natural_unit(&self.values, horizon);
		let quantum = unit.unwrap_or(natural);
		let inputs: Vec<f64> = self.inputs.iter().map(|values| natural_unit(values, horizon)).collect();
		let small = (unit.is_none() && natural < LEAST_UNIT) || inputs.iter().any(|unit| *unit < LEAST_UNIT);
		ensure!(!small, "the values of a column differ by less than 1e-304: multiply the column by a power of ten");
		ensure!(
			quantum.is_finite() && quantum > 0.0,
			"invalid --unit {quantum}: expected the size of one raw step in units of the column, above 0"
		);
		Ok(Quantised { values: self.raw(quantum, &inputs)?, quantum, inputs })
	}

	/// Returns the values in the given raw units, step by step.
	///
	/// # Errors
	///
	/// Errors if a value does not fit 30 bits, or if all values of the column to forecast round to the same number.
	pub fn raw(&self, quantum: f64, inputs: &[f64]) -> Result<Vec<i32>> {
		let columns: Vec<&[f64]> = std::iter::once(&self.values).chain(&self.inputs).map(Vec::as_slice).collect();
		let units: Vec<f64> = std::iter::once(quantum).chain(inputs.iter().copied()).collect();
		for (values, unit) in columns.iter().zip(&units) {
			let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
			ensure!(
				largest / unit <= MAX_RAW && values.iter().all(|value| value.is_finite()),
				"values up to {} do not fit 30 bits in units of {}: choose a coarser one with --unit",
				exact(largest),
				exact(*unit)
			);
		}
		let step = |at: usize| columns.iter().zip(&units).map(move |(values, unit)| (values[at] / unit).round() as i32);
		let raw: Vec<i32> = (0..self.values.len()).flat_map(step).collect();
		ensure!(
			raw.iter().step_by(columns.len()).any(|value| *value != raw[0]),
			"in units of {} the series is constant: choose a finer one with --unit",
			exact(quantum)
		);
		Ok(raw)
	}
}

/// Returns the largest power of ten in which the mean absolute difference over `horizon` steps is at least 100 units,
/// so that differences keep three significant digits.
pub fn natural_unit(values: &[f64], horizon: usize) -> f64 {
	let horizon = horizon.min(values.len().saturating_sub(1)).max(1);
	let differences = values.windows(horizon + 1).map(|window| (window[horizon] - window[0]).abs());
	let mean = differences.sum::<f64>() / values.len().saturating_sub(horizon).max(1) as f64;
	let typical = if mean > 0.0 { mean } else { 1.0 };
	10f64.powi((typical / RESOLUTION).log10().floor() as i32)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_unit_gives_differences_three_digits() {
		for (scale, unit) in [(1.0, 0.01), (1e-4, 1e-6), (1e6, 1e4)] {
			let values: Vec<f64> = (0..100).map(|i| scale * f64::from(i) * 3.0).collect();
			let quantised = Series { values, ..Default::default() }.quantise(1, None).unwrap();
			assert!((quantised.quantum / unit - 1.0).abs() < 1e-9, "{scale}: {}", quantised.quantum);
			assert_eq!(quantised.values[1], 300);
		}
	}

	#[test]
	fn k22_extreme_magnitudes_have_units_or_are_refused() {
		let quantise = |values: &[f64]| {
			let series = Series { values: values.to_vec(), ..Default::default() };
			series.quantise(1, None).map_err(|error| format!("{error:#}"))
		};
		for scale in [1e-300, 1e-150, 1e150, 1e298] {
			let wave: Vec<f64> = (0..60).map(|at| scale * (f64::from(at) / 7.0).sin()).collect();
			let quantised = quantise(&wave).unwrap();
			assert!((quantised.quantum / scale).log10().abs() < 4.5, "{scale:e}: {:e}", quantised.quantum);
			let most = quantised.values.iter().max().copied().unwrap();
			assert!((100..100_000).contains(&most), "{scale:e}: {most}");
			assert!(quantised.unit("v").len() < 12, "{}", quantised.unit("v"));
		}
		assert_eq!(quantise(&[3e299, 1e-300, 3e299, 1e-300]).unwrap().values[..2], [300, 0]);
		assert!(quantise(&[1e-310, 2e-310, 4e-310]).unwrap_err().contains("multiply the column by a power of ten"));
		let series = Series { values: vec![1e300, 2e300, 4e300], ..Default::default() };
		let reason = format!("{:#}", series.quantise(1, Some(1e-3)).unwrap_err());
		assert!(reason.contains("values up to 4e300 do not fit 30 bits in units of 0.001"), "{reason}");
	}

	#[test]
	fn a_chosen_unit_is_used_or_rejected() {
		let series = Series { values: vec![1.0, 2.0, 4.0], ..Default::default() };
		assert_eq!(series.quantise(1, Some(0.5)).unwrap().values, [2, 4, 8]);
		assert_eq!(series.quantise(1, Some(0.5)).unwrap().unit("ppm"), "0.5 ppm");
		assert!(format!("{:#}", series.quantise(1, Some(1e-12)).unwrap_err()).contains("coarser"));
		assert!(format!("{:#}", series.quantise(1, Some(1e9)).unwrap_err()).contains("finer"));
		assert!(series.quantise(1, Some(0.0)).is_err() && series.quantise(1, Some(f64::NAN)).is_err());
	}

	proptest! {
		#[test]
		fn raw_values_are_within_half_a_unit(values in prop::collection::vec(-1e4f64..1e4, 2..50), unit in 0.001f64..10.0) {
			let series = Series { values, ..Default::default() };
			let Ok(raw) = series.raw(unit, &[]) else { return Ok(()) };
			for (raw, value) in raw.iter().zip(&series.values) {
				prop_assert!((f64::from(*raw) * unit - value).abs() <= unit * 0.500_001);
			}
		}
	}
}
