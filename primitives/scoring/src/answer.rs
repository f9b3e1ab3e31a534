//! Outputs of a model for one input, as a server answers a request and as the runtime recomputes it.

use crate::{
	forward::Scratch,
	model::{Model, OUT_FRAC},
	program::{Forecast, Program, Target},
	rows::{row_features, Rows},
	score::{class_of_change, window_features},
};
use alloc::{vec, vec::Vec};

/// Returns the outputs of an admitted `model` of `program` for one input: what [`Net::forward`](crate::Net::forward) leaves.
///
/// The input of a series is its history: the values of all channels, step by step, of the oldest step first, 4 bytes each, little-endian.
/// The input of a row is its features, one byte each.
///
/// The outputs are, for values of a series, their differences from the last value of channel 0, in 2^−OUT_FRAC raw units; for values of a
/// row, the values in these units; for classes, one score each. A baseline that predicts a class gives it the score 2^OUT_FRAC, and the
/// others 0. Differences of a baseline that do not fit 32 bits saturate.
///
/// Returns `None` for an input of another length, for a model of another program, and for points, opaque models and genomes, which have no
/// input.
///
/// ```
/// use doin_scoring::{answer, Forecast, Loss, Model, Program, Target, WindowPhase};
/// let program = Program::Forecast(Forecast {
///     horizon: 3,
///     history: 3,
///     season: 2,
///     chunks: 32,
///     windows: 1,
///     channels: 1,
///     target: Target::Values,
///     loss: Loss::Absolute,
///     phase: WindowPhase::Hidden,
/// });
/// let input: Vec<u8> = [10i32, 20, 11].iter().flat_map(|value| value.to_le_bytes()).collect();
/// assert_eq!(answer(&Model::RepeatLast, &program, &input), Some(vec![0; 3]));
/// assert_eq!(answer(&Model::Seasonal, &program, &input), Some(vec![9 * 16, 0, 9 * 16]));
/// assert_eq!(answer(&Model::Seasonal, &program, &input[1..]), None, "a part of a window");
/// ```
pub fn answer(model: &Model, program: &Program, input: &[u8]) -> Option<Vec<i32>> {
	match program {
		Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => None,
		Program::Forecast(forecast) => answer_window(model, forecast, &history(forecast, input)?),
		Program::Rows(rows) => answer_row(model, rows, input),
	}
}

/// Decodes the history of all channels; `None` for another number of bytes.
fn history(program: &Forecast, input: &[u8]) -> Option<Vec<i32>> {
	let values = usize::from(program.history).checked_mul(program.channels.into())?;
	if Some(input.len()) != values.checked_mul(size_of::<i32>()) {
		return None;
	}
	let value = |bytes: &[u8]| bytes.try_into().ok().map(i32::from_le_bytes);
	input.chunks_exact(size_of::<i32>()).map(value).collect()
}

/// Returns the outputs of a model for a history.
fn answer_window(model: &Model, program: &Forecast, history: &[i32]) -> Option<Vec<i32>> {
	let channels = usize::from(program.channels).max(1);
	match model {
		Model::Point(_) | Model::Constant(_) | Model::Opaque(_) | Model::Genome(_) => None,
		Model::RepeatLast => baseline(program, history, channels, 1),
		Model::Seasonal => baseline(program, history, channels, usize::from(program.season).max(1)),
		Model::Net(net) => {
			let (mut x, mut out) = (vec![0i16; net.features()], vec![0i32; program.outputs().into()]);
			window_features(net, channels, history, &mut x);
			net.forward(&x, &mut out, &mut Scratch::default());
			Some(out)
		}
	}
}

/// Returns the outputs of a baseline that repeats the last `cycle` steps of channel 0.
fn baseline(program: &Forecast, history: &[i32], channels: usize, cycle: usize) -> Option<Vec<i32>> {
	let steps = history.len().checked_div(channels)?;
	let value = |step: usize| history.get(step.checked_mul(channels)?).copied().map(i64::from);
	let (cycle, last) = (cycle.min(steps), value(steps.checked_sub(1)?)?);
	let start = steps.saturating_sub(cycle);
	let change = |index: usize| {
		let step = start.saturating_add(index.checked_rem(cycle)?);
		// At most 33 bits.
		value(step).map(|value| value.wrapping_sub(last))
	};
	let mut changes = program.scored_indices(program.horizon.into()).map(change);
	match &program.target {
		Target::Values | Target::Steps(_) => {
			changes.map(|change| change.map(|change| saturated(change.wrapping_shl(OUT_FRAC)))).collect()
		}
		Target::Classes(bounds) => {
			let class = class_of_change(bounds, changes.next()??);
			let score = |output: usize| if output == class { 1 << OUT_FRAC } else { 0 };
			Some((0..usize::from(program.outputs())).map(score).collect())
		}
	}
}

/// Returns the number of 32 bits that is nearest to `value`.
fn saturated(value: i64) -> i32 {
	value.clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// Returns the outputs of a model for the features of a row.
fn answer_row(model: &Model, program: &Rows, row: &[u8]) -> Option<Vec<i32>> {
	if row.len() != usize::from(program.features) {
		return None;
	}
	let mut out = vec![0i32; program.outputs().into()];
	match model {
		Model::RepeatLast | Model::Seasonal | Model::Point(_) | Model::Opaque(_) | Model::Genome(_) => return None,
		Model::Constant(values) => out.iter_mut().zip(values).for_each(|(out, value)| *out = *value),
		Model::Net(net) => {
			let shift = net.in_shifts.first().map_or(0, |shift| shift.unsigned_abs());
			let mut x = vec![0i16; net.features()];
			row_features(shift, row, &mut x);
			net.forward(&x, &mut out, &mut Scratch::default());
		}
	}
	Some(out)
}
