//! Target of a forecast in units of the column: all steps, some steps, or classes of the change.

use crate::units::{decimal, exact};
use anyhow::{bail, ensure, Context, Result};
use doin_scoring::{
	program::{MAX_BOUNDS, MAX_CHANNELS, MAX_HISTORY, MAX_HORIZON, MAX_SPAN, MAX_STEPS},
	Forecast, Target,
};

/// Largest distance of a bound from a whole number of raw units at which it counts as that number: quotients of decimals are
/// seldom exact.
const TOLERANCE: f64 = 1e-6;

/// Target in the units of the column. With neither steps nor classes, all steps up to the horizon are forecast.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
	/// Steps ahead that are forecast, ascending.
	pub steps: Vec<u16>,
	/// Bounds between classes of the change from the last known row to the last step ahead, ascending, in units of the column.
	pub classes: Vec<f64>,
}

impl TargetOptions {
	/// Returns the horizon: `requested`, else the last step that is forecast, else `default`.
	///
	/// # Errors
	///
	/// Errors if there are too many steps, if they do not ascend, or if one lies outside `1..=MAX_HORIZON` or beyond `requested`.
	pub fn horizon(&self, requested: Option<u16>, default: u16) -> Result<u16> {
		ensure!(
			self.steps.len() <= MAX_STEPS as usize,
			"--steps names {} steps, and at most {MAX_STEPS} are forecast one by one: omit it for all steps",
			self.steps.len()
		);
		if let Some(pair) = self.steps.windows(2).find(|pair| pair[1] <= pair[0]) {
			bail!("invalid --steps {},{}: steps have to ascend, each once", pair[0], pair[1]);
		}
		let (Some(first), Some(last)) = (self.steps.first().copied(), self.steps.last().copied()) else {
			return Ok(requested.unwrap_or(default));
		};
		ensure!(
			first > 0 && last <= MAX_HORIZON,
			"invalid --steps {}: expected steps from 1 to {MAX_HORIZON}",
			if first == 0 { 0 } else { last }
		);
		match requested {
			Some(horizon) if horizon < last => {
				bail!("--steps {last} lies beyond --horizon {horizon}: choose steps within it, or omit --horizon")
			}
			_ => Ok(requested.unwrap_or(last)),
		}
	}

	/// Returns the target for values in raw units of size `quantum`. A bound is rounded up to a whole number of raw units, since
	/// changes are whole numbers: those that reach the bound reach that number.
	///
	/// # Errors
	///
	/// Errors if there are too many steps or bounds, if bounds do not ascend, also after rounding, or if one does not fit
	/// 31 bits.
	pub fn target(&self, quantum: f64) -> Result<Target> {
		if !self.steps.is_empty() {
			let steps = self.steps.clone().try_into();
			return steps.map(Target::Steps).map_err(|_| anyhow::anyhow!("--steps names more than {MAX_STEPS} steps"));
		}
		if self.classes.is_empty() {
			return Ok(Target::Values);
		}
		if let Some(bound) = self.classes.iter().find(|bound| !bound.is_finite()) {
			bail!("invalid bound `{bound}` in --classes: expected a finite number");
		}
		if let Some(pair) = self.classes.windows(2).find(|pair| pair[1] <= pair[0]) {
			bail!("invalid --classes {},{}: bounds have to ascend", pair[0], pair[1]);
		}
		let raw = |bound: &f64| {
			let scaled = bound / quantum;
			let nearest = scaled.round();
			let whole = if (scaled - nearest).abs() < TOLERANCE { nearest } else { scaled.ceil() };
			let fits = whole.abs() <= f64::from(i32::MAX);
			fits.then_some(whole as i32)
				.with_context(|| format!("bound {bound} of --classes does not fit 31 bits in units of {}", exact(quantum)))
		};
		let bounds: Vec<i32> = self.classes.iter().map(raw).collect::<Result<_>>()?;
		if let Some(at) = bounds.windows(2).position(|pair| pair[1] <= pair[0]) {
			bail!(
				"--classes {},{} are equal in units of {}: choose bounds further apart, or choose a finer --unit",
				self.classes[at],
				self.classes[at + 1],
				exact(quantum)
			);
		}
		let count = bounds.len();
		let bounds = bounds.try_into();
		bounds
			.map(Target::Classes)
			.map_err(|_| anyhow::anyhow!("--classes has {count} bounds, and at most {MAX_BOUNDS} are allowed: omit some"))
	}
}

/// Returns the channels of a series of one column to forecast and `inputs` further columns.
///
/// # Errors
///
/// Errors if there are more than `MAX_CHANNELS` channels.
pub fn channels(inputs: usize) -> Result<u8> {
	match u8::try_from(inputs + 1) {
		Ok(channels) if channels <= MAX_CHANNELS => Ok(channels),
		_ => bail!("--inputs names {inputs} columns, and a series has at most {} beside the one to forecast", MAX_CHANNELS - 1),
	}
}

/// Returns the longest history, in steps, that fits a window with this horizon and so many channels; 0 if none does.
pub fn longest_history(channels: u8, horizon: u16) -> u16 {
	let steps = MAX_SPAN / u32::from(channels.max(1));
	steps.saturating_sub(horizon.into()).min(MAX_HISTORY.into()) as u16
}

/// Checks that a history, set by the option `name`, fits a window.
///
/// # Errors
///
/// Errors if the history is longer than [`longest_history`].
pub fn check_span(name: &str, history: u16, channels: u8, horizon: u16) -> Result<()> {
	let most = longest_history(channels, horizon);
	ensure!(
		history <= most,
		"invalid --{name} {history}: with a horizon of {horizon} steps and {channels} channels at most {most} steps fit, since \
		history and \
		horizon of all channels are at most {MAX_SPAN} values"
	);
	Ok(())
}

/// Returns the steps ahead of the outputs of a program; for classes, the one step whose change is classified.
pub fn scored_steps(program: &Forecast) -> Vec<u16> {
	let all: Vec<u16> = (1..=program.horizon).collect();
	program.scored(&all).copied().collect()
}

/// Returns a description of the target of a program, with class bounds in units of the column.
pub fn describe(program: &Forecast, unit: f64) -> String {
	match &program.target {
		Target::Values => format!("forecast {} steps", program.horizon),
		Target::Steps(steps) => {
			let named: Vec<String> = steps.iter().map(u16::to_string).collect();
			format!("forecast step{} {} ahead", if steps.len() == 1 { "" } else { "s" }, named.join(", "))
		}
		Target::Classes(bounds) => {
			let named = |class: usize| format!("{class}: {}", class_range(bounds, class, unit));
			let named: Vec<String> = (0..=bounds.len()).map(named).collect();
			format!(
				"classify the change {} steps ahead into {} classes ({})",
				program.horizon,
				bounds.len() + 1,
				named.join(", ")
			)
		}
	}
}

/// Returns the changes of a class as text, in units of the column.
pub fn class_range(bounds: &[i32], class: usize, unit: f64) -> String {
	let shown = |bound: &i32| decimal(f64::from(*bound) * unit);
	match (class.checked_sub(1).and_then(|below| bounds.get(below)), bounds.get(class)) {
		(None, Some(above)) => format!("below {}", shown(above)),
		(Some(from), None) => format!("{} or more", shown(from)),
		(Some(from), Some(above)) => format!("from {} to below {}", shown(from), shown(above)),
		(None, None) => "any".into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::program;
	use proptest::prelude::*;

	fn steps_of(steps: &[u16]) -> TargetOptions {
		TargetOptions { steps: steps.to_vec(), ..Default::default() }
	}

	fn classes(classes: &[f64]) -> TargetOptions {
		TargetOptions { classes: classes.to_vec(), ..Default::default() }
	}

	fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
		format!("{:#}", result.unwrap_err())
	}

	#[test]
	fn the_last_step_is_the_horizon_unless_one_is_given() {
		assert_eq!(steps_of(&[6, 24]).horizon(None, 7).unwrap(), 24);
		assert_eq!(steps_of(&[6, 24]).horizon(Some(30), 7).unwrap(), 30);
		assert_eq!(steps_of(&[]).horizon(None, 7).unwrap(), 7);
		assert!(refusal(steps_of(&[6, 24]).horizon(Some(12), 7)).contains("--steps 24 lies beyond --horizon 12"));
		assert!(refusal(steps_of(&[6, 6]).horizon(None, 7)).contains("ascend"));
		assert!(refusal(steps_of(&[0, 6]).horizon(None, 7)).contains("--steps 0"));
		assert!(refusal(steps_of(&[1_025]).horizon(None, 7)).contains("--steps 1025"));
		assert!(refusal(steps_of(&(1..=65).collect::<Vec<_>>()).horizon(None, 7)).contains("65 steps"));
	}

	#[test]
	fn bounds_become_the_raw_changes_that_reach_them() {
		let bounds = |bounds: &[f64], quantum| match classes(bounds).target(quantum).unwrap() {
			Target::Classes(bounds) => bounds.to_vec(),
			other => panic!("{other:?}"),
		};
		assert_eq!(bounds(&[0.0], 0.01), [0]);
		assert_eq!(bounds(&[-0.5, 1.1], 0.1), [-5, 11], "1.1 / 0.1 is a little above 11");
		assert_eq!(bounds(&[0.15, 0.25], 0.1), [2, 3], "a change of 1 does not reach 1.5");
		assert!(refusal(classes(&[0.5, 0.5]).target(0.1)).contains("ascend"));
		assert!(refusal(classes(&[0.51, 0.52]).target(0.1)).contains("equal in units of 0.1"));
		assert!(refusal(classes(&[f64::NAN]).target(0.1)).contains("finite number"));
		assert!(refusal(classes(&[1e30]).target(0.1)).contains("31 bits"));
		assert!(refusal(classes(&(0..64).map(f64::from).collect::<Vec<_>>()).target(0.1)).contains("64 bounds"));
	}

	#[test]
	fn targets_are_described_in_units_of_the_column() {
		let program = |target| Forecast { target, ..program(6, 12, 1) };
		let some = program(Target::Steps(vec![2, 6].try_into().unwrap()));
		assert_eq!((describe(&some, 0.1).as_str(), scored_steps(&some)), ("forecast steps 2, 6 ahead", vec![2, 6]));
		let three = program(Target::Classes(vec![-5, 5].try_into().unwrap()));
		assert_eq!(
			describe(&three, 0.1),
			"classify the change 6 steps ahead into 3 classes (0: below -0.5, 1: from -0.5 to below 0.5, 2: 0.5 or more)"
		);
		assert_eq!(scored_steps(&three), [6]);
		assert_eq!(scored_steps(&program(Target::Values)).len(), 6);
	}

	#[test]
	fn channels_share_the_values_of_a_window() {
		assert_eq!((channels(0).unwrap(), channels(7).unwrap()), (1, 8));
		assert!(refusal(channels(8)).contains("8 columns"));
		assert_eq!(longest_history(1, 24), 1_024);
		assert_eq!(longest_history(8, 24), 256 - 24);
		check_span("window", 232, 8, 24).unwrap();
		assert!(refusal(check_span("window", 233, 8, 24)).contains("at most 232 steps"));
	}

	proptest! {
		#[test]
		fn a_bound_is_the_least_change_that_reaches_it(bound in -1e4f64..1e4, quantum in 0.01f64..10.0) {
			let Target::Classes(bounds) = classes(&[bound]).target(quantum).unwrap() else { unreachable!() };
			let raw = f64::from(bounds[0]);
			prop_assert!(raw - bound / quantum > -2.0 * TOLERANCE && raw - bound / quantum < 1.0);
		}
	}
}
