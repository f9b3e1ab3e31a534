//! What is asked about the steps ahead, in words of the file: some steps, or classes of the change.

use anyhow::{bail, Context, Result};
use clap::Args;
use doin_scoring::{
	program::{MAX_BOUNDS, MAX_CHANNELS, MAX_HISTORY, MAX_HORIZON, MAX_SPAN, MAX_STEPS},
	Forecast, Target,
};

/// Bounds closer to a whole number of raw units than this are that number: quotients of decimals are seldom exact.
const NEARLY: f64 = 1e-6;

/// Which steps, or which classes.
#[derive(Clone, Debug, Default, Args)]
pub struct TargetArgs {
	/// Only these steps ahead are forecast and count, as 24 or 6,12,24; all up to the horizon when left out. The last one is the horizon
	/// when --horizon is left out.
	#[arg(long, value_name = "STEP,...", value_delimiter = ',', help_heading = "Question")]
	pub steps: Vec<u16>,
	/// Tell classes in place of values: by these bounds, ascending and in units of the column, of the change from the last known row to the
	/// last step ahead. The class is the number of bounds that the change reaches: with 0, class 0 is a fall and class 1 everything else; with
	/// -0.5,0.5, class 1 lies from -0.5 to just below 0.5.
	#[arg(
		long,
		value_name = "BOUND,...",
		value_delimiter = ',',
		allow_hyphen_values = true,
		conflicts_with = "steps",
		help_heading = "Question"
	)]
	pub classes: Vec<f64>,
}

impl TargetArgs {
	/// The horizon: the one asked for, else the last step that counts, else `usual`.
	pub fn horizon(&self, asked: Option<u16>, usual: u16) -> Result<u16> {
		if self.steps.len() > MAX_STEPS as usize {
			bail!(
				"--steps names {} steps, and at most {MAX_STEPS} are forecast one by one: leave it out for all",
				self.steps.len()
			);
		}
		if let Some(pair) = self.steps.windows(2).find(|pair| pair[1] <= pair[0]) {
			bail!("--steps {},{}: steps have to ascend, each one once", pair[0], pair[1]);
		}
		let Some(last) = self.steps.last().copied() else { return Ok(asked.unwrap_or(usual)) };
		if self.steps[0] == 0 || last > MAX_HORIZON {
			bail!("--steps {} is not possible: steps lie within 1 and {MAX_HORIZON}", if self.steps[0] == 0 { 0 } else { last });
		}
		match asked {
			Some(horizon) if horizon < last => {
				bail!("--steps {last} lies beyond --horizon {horizon}: name steps within it, or leave --horizon out")
			}
			_ => Ok(asked.unwrap_or(last)),
		}
	}

	/// The target, for values in units of `quantum`.
	pub fn target(&self, quantum: f64) -> Result<Target> {
		if !self.steps.is_empty() {
			let steps = self.steps.clone().try_into();
			return steps.map(Target::Steps).map_err(|_| anyhow::anyhow!("--steps names more than {MAX_STEPS} steps"));
		}
		if self.classes.is_empty() {
			return Ok(Target::Values);
		}
		if let Some(bound) = self.classes.iter().find(|bound| !bound.is_finite()) {
			bail!("--classes {bound} is no number");
		}
		if let Some(pair) = self.classes.windows(2).find(|pair| pair[1] <= pair[0]) {
			bail!("--classes {},{}: bounds have to ascend, the lowest first", pair[0], pair[1]);
		}
		let raw = |bound: &f64| {
			let exact = bound / quantum;
			let nearest = exact.round();
			// Changes are whole numbers: those that reach a bound reach the next whole number.
			let whole = if (exact - nearest).abs() < NEARLY { nearest } else { exact.ceil() };
			let fits = whole.abs() <= f64::from(i32::MAX);
			fits.then_some(whole as i32).with_context(|| format!("--classes {bound} does not fit 31 bits in units of {quantum}"))
		};
		let bounds: Vec<i32> = self.classes.iter().map(raw).collect::<Result<_>>()?;
		if let Some(at) = bounds.windows(2).position(|pair| pair[1] <= pair[0]) {
			bail!(
				"--classes {},{} are the same in units of {quantum}: set them apart, or choose a finer --unit",
				self.classes[at],
				self.classes[at + 1]
			);
		}
		let count = bounds.len();
		let bounds = bounds.try_into();
		bounds
			.map(Target::Classes)
			.map_err(|_| anyhow::anyhow!("--classes has {count} bounds, and at most {MAX_BOUNDS} are taken"))
	}
}

/// The channels of a column and these further ones.
pub fn channels(inputs: usize) -> Result<u8> {
	match u8::try_from(inputs + 1) {
		Ok(channels) if channels <= MAX_CHANNELS => Ok(channels),
		_ => bail!("--inputs names {inputs} columns, and a series has at most {} beside the one to forecast", MAX_CHANNELS - 1),
	}
}

/// The longest history that fits beside a horizon with so many channels; 0 when none does.
pub fn longest_history(channels: u8, horizon: u16) -> u16 {
	let steps = MAX_SPAN / u32::from(channels.max(1));
	steps.saturating_sub(horizon.into()).min(MAX_HISTORY.into()) as u16
}

/// Refuses a history that does not fit, where the option `name` sets it.
pub fn check_span(name: &str, history: u16, channels: u8, horizon: u16) -> Result<()> {
	let most = longest_history(channels, horizon);
	if history <= most {
		return Ok(());
	}
	bail!(
		"--{name} {history} is not possible with a horizon of {horizon} steps and {channels} channels: history and horizon of all \
		channels are at most {MAX_SPAN} values, which leaves {most} steps"
	)
}

/// The steps ahead that a program's outputs are about; for classes, the one step whose change is told.
pub fn steps(program: &Forecast) -> Vec<u16> {
	let all: Vec<u16> = (1..=program.horizon).collect();
	program.scored(&all).copied().collect()
}

/// What is asked, for people.
pub fn describe(program: &Forecast, unit: f64) -> String {
	match &program.target {
		Target::Values => format!("forecast {} steps", program.horizon),
		Target::Steps(steps) => {
			let named: Vec<String> = steps.iter().map(u16::to_string).collect();
			format!("forecast step{} {} ahead", if steps.len() == 1 { "" } else { "s" }, named.join(", "))
		}
		Target::Classes(bounds) => {
			let named = |class: usize| format!("{class}: {}", range(bounds, class, unit));
			let named: Vec<String> = (0..=bounds.len()).map(named).collect();
			format!("tell {} classes of the change {} steps ahead ({})", bounds.len() + 1, program.horizon, named.join(", "))
		}
	}
}

/// The changes of a class, in the column's units.
pub fn range(bounds: &[i32], class: usize, unit: f64) -> String {
	let shown = |bound: &i32| bound_in_units(*bound, unit);
	match (class.checked_sub(1).and_then(|below| bounds.get(below)), bounds.get(class)) {
		(None, Some(above)) => format!("below {}", shown(above)),
		(Some(from), None) => format!("{} or more", shown(from)),
		(Some(from), Some(above)) => format!("from {} to below {}", shown(from), shown(above)),
		(None, None) => "any".into(),
	}
}

/// A bound in the column's units, without the noise of the last digits.
fn bound_in_units(bound: i32, unit: f64) -> String {
	let exact = f64::from(bound) * unit;
	let text = format!("{exact:.12}");
	let text = text.trim_end_matches('0').trim_end_matches('.');
	if text == "-0" {
		"0".into()
	} else {
		text.into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn steps_of(steps: &[u16]) -> TargetArgs {
		TargetArgs { steps: steps.to_vec(), ..Default::default() }
	}

	fn classes(classes: &[f64]) -> TargetArgs {
		TargetArgs { classes: classes.to_vec(), ..Default::default() }
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
		assert!(refusal(classes(&[0.51, 0.52]).target(0.1)).contains("the same in units of 0.1"));
		assert!(refusal(classes(&[f64::NAN]).target(0.1)).contains("no number"));
		assert!(refusal(classes(&[1e30]).target(0.1)).contains("31 bits"));
		assert!(refusal(classes(&(0..16).map(f64::from).collect::<Vec<_>>()).target(0.1)).contains("16 bounds"));
	}

	#[test]
	fn targets_are_said_in_units_of_the_column() {
		let program = |target| Forecast { horizon: 6, history: 12, season: 1, chunks: 32, windows: 1, channels: 1, target };
		let some = program(Target::Steps(vec![2, 6].try_into().unwrap()));
		assert_eq!((describe(&some, 0.1).as_str(), steps(&some)), ("forecast steps 2, 6 ahead", vec![2, 6]));
		let three = program(Target::Classes(vec![-5, 5].try_into().unwrap()));
		assert!(
			describe(&three, 0.1).ends_with("(0: below -0.5, 1: from -0.5 to below 0.5, 2: 0.5 or more)"),
			"{}",
			describe(&three, 0.1)
		);
		assert_eq!(steps(&three), [6]);
		assert_eq!(steps(&program(Target::Values)).len(), 6);
	}

	#[test]
	fn channels_share_what_a_window_may_hold() {
		assert_eq!((channels(0).unwrap(), channels(7).unwrap()), (1, 8));
		assert!(refusal(channels(8)).contains("8 columns"));
		assert_eq!(longest_history(1, 24), 1_024);
		assert_eq!(longest_history(8, 24), 256 - 24);
		check_span("window", 232, 8, 24).unwrap();
		assert!(refusal(check_span("window", 233, 8, 24)).contains("leaves 232 steps"));
	}
}
