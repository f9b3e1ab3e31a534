//! Error sums of models over the rows of one chunk, and the constant baseline.

use super::{Label, RowSet, RowTarget, Rows, CENTRE, MAX_VALUE};
use crate::{
	forward::{PreparedNet, Scratch},
	model::{Model, MAX_ACT, OUT_FRAC},
	score::{classification_error, predicted_class, prediction_error, saturating_sum},
};
use alloc::{vec, vec::Vec};

/// Computes the features of a row: `x = clamp((byte − 128) · 2^shift, ±2047)`. Fills `x` with zeros where `row` is shorter.
///
/// ```
/// use doin_scoring::rows::row_features;
/// let mut x = [0; 4];
/// row_features(4, &[0, 127, 128, 255], &mut x);
/// assert_eq!(x, [-2047, -16, 0, 2032]);
/// ```
pub fn row_features(shift: u8, row: &[u8], x: &mut [i16]) {
	let shift = u32::from(shift);
	let bytes = row.iter().copied().chain(core::iter::repeat(CENTRE));
	for (x, byte) in x.iter_mut().zip(bytes) {
		// At most 2¹¹ in absolute value for an admitted shift.
		let scaled = i32::from(byte).wrapping_sub(CENTRE.into()).wrapping_shl(shift);
		*x = scaled.clamp(MAX_ACT.wrapping_neg(), MAX_ACT) as i16;
	}
}

/// Returns the error sum of an admitted `model` over `rows` of `program`.
///
/// For classes, the result is 2^OUT_FRAC per mistake. For values, it is the sum of `|ŷ − y|` over all values in 2^−OUT_FRAC raw
/// units, each error clamped below 2²⁰. Returns `u32::MAX` for a model of another program.
///
/// ```
/// use doin_scoring::{
///     rows::{score_rows, RowSet, RowTarget, Rows},
///     Model,
/// };
/// let program = Rows { features: 2, image: None, target: RowTarget::Classes(3), rows: 1, chunks: 64 };
/// // Three rows of the classes 1, 2 and 1.
/// let rows = RowSet::new(&program, vec![10, 20, 1, 30, 40, 2, 50, 60, 1]);
/// assert_eq!(score_rows(&Model::Constant(vec![0, 7, 0]), &program, &rows), 16, "one mistake");
/// ```
pub fn score_rows(model: &Model, program: &Rows, rows: &RowSet) -> u32 {
	let mut out = vec![0i32; program.outputs().into()];
	match model {
		Model::Constant(values) => {
			out.iter_mut().zip(values).for_each(|(out, value)| *out = *value);
			saturating_sum(rows.iter().map(|(_, label)| row_error(&out, label)))
		}
		Model::Net(net) => {
			let shift = net.in_shifts.first().map_or(0, |shift| shift.unsigned_abs());
			let (mut x, mut scratch) = (vec![0i16; net.features()], Scratch::default());
			let prepared = PreparedNet::new(net);
			saturating_sum(rows.iter().map(|(features, label)| {
				row_features(shift, features, &mut x);
				prepared.forward(&x, &mut out, &mut scratch);
				row_error(&out, label)
			}))
		}
		Model::RepeatLast | Model::Seasonal | Model::Point(_) | Model::Opaque(_) | Model::Genome(_) => u32::MAX,
	}
}

/// Returns the error of the outputs of a model for one row.
fn row_error(out: &[i32], label: Label) -> u32 {
	match label {
		Label::Class(class) => classification_error(predicted_class(out), class.into()),
		Label::Values(_) => saturating_sum(out.iter().zip(label.values()).map(|(out, value)| prediction_error(0, *out, value))),
	}
}

/// Returns the constant model with the least error sum on `rows`: the most frequent class, the smaller one on a tie, or the lower
/// median of each value. The scores of the classes are their numbers of rows. Returns `None` if there is no row.
///
/// ```
/// use doin_scoring::{
///     rows::{constant_model, RowSet, RowTarget, Rows},
///     Model,
/// };
/// let program = Rows { features: 1, image: None, target: RowTarget::Classes(3), rows: 1, chunks: 64 };
/// let rows = RowSet::new(&program, vec![0, 2, 0, 0, 0, 2]);
/// assert_eq!(constant_model(&rows), Some(Model::Constant(vec![1, 0, 2])));
/// ```
pub fn constant_model(rows: &RowSet) -> Option<Model> {
	if rows.is_empty() {
		return None;
	}
	let (RowTarget::Classes(outputs) | RowTarget::Values(outputs)) = rows.layout;
	let mut constants = vec![0i32; outputs.into()];
	match rows.layout {
		RowTarget::Classes(_) => {
			for class in rows.iter().flat_map(|(_, label)| label.values()) {
				if let Some(count) = usize::try_from(class).ok().and_then(|class| constants.get_mut(class)) {
					*count = count.saturating_add(1);
				}
			}
		}
		RowTarget::Values(_) => {
			let middle = rows.len().saturating_sub(1) >> 1;
			let limit = MAX_VALUE as i32;
			for (output, constant) in constants.iter_mut().enumerate() {
				let mut values: Vec<i32> = rows.iter().filter_map(|(_, label)| label.values().nth(output)).collect();
				values.sort_unstable();
				let median = values.get(middle).copied().unwrap_or(0);
				*constant = median.clamp(limit.wrapping_neg(), limit) << OUT_FRAC;
			}
		}
	}
	Some(Model::Constant(constants))
}
