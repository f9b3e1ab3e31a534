//! Errors of a model on rows, output by output and class by class.

use doin_scoring::{
	model::OUT_FRAC,
	rows::{row_features, Label, RowTarget, Rows},
	score::{predicted_class, MAX_ERROR},
	Model, PreparedNet, Scratch,
};
use rayon::prelude::*;

/// Rows that one thread scores at a time.
const BATCH: usize = 256;

/// A model with the buffers of its outputs.
pub struct Predictor<'a> {
	model: &'a Model,
	/// The net of the model, if it is one.
	net: Option<PreparedNet<'a>>,
	features: Vec<i16>,
	out: Vec<i32>,
	scratch: Scratch,
	shift: u8,
	width: usize,
}

impl<'a> Predictor<'a> {
	/// Returns the predictor of a model that the program admits.
	pub fn new(model: &'a Model, program: &Rows) -> Self {
		let net = if let Model::Net(net) = model { Some(net) } else { None };
		let (count, shift) =
			net.map_or((0, 0), |net| (net.features(), net.in_shifts.first().map_or(0, |shift| shift.unsigned_abs())));
		let width = usize::from(program.features);
		Self {
			model,
			net: net.map(PreparedNet::new),
			features: vec![0; count],
			out: vec![0; program.outputs().into()],
			scratch: Scratch::default(),
			shift,
			width,
		}
	}

	/// Returns the outputs for a row, whose label is not read: scores of the classes, or values in 2^−OUT_FRAC raw units.
	pub fn outputs(&mut self, row: &[u8]) -> &[i32] {
		match (&self.net, self.model) {
			(Some(net), _) => {
				row_features(self.shift, &row[..self.width], &mut self.features);
				net.forward(&self.features, &mut self.out, &mut self.scratch);
			}
			(None, Model::Constant(values)) => self.out.iter_mut().zip(values).for_each(|(out, value)| *out = *value),
			_ => self.out.fill(0),
		}
		&self.out
	}
}

/// Returns the label of a whole row.
pub fn label<'a>(row: &'a [u8], program: &Rows) -> Label<'a> {
	let label = &row[program.features.into()..];
	match program.target {
		RowTarget::Classes(_) => Label::Class(label[0]),
		RowTarget::Values(_) => Label::Values(label),
	}
}

/// Error sums of a model on some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowErrors {
	/// Number of rows.
	pub rows: usize,
	/// Error sum of each value in 2^−OUT_FRAC raw units, as a chain counts it; for classes, one sum of 2^OUT_FRAC per mistake.
	pub errors: Vec<u64>,
	/// Number of rows of each class that the model takes for each class: `confusion[actual][predicted]`; empty for values.
	pub confusion: Vec<Vec<u64>>,
}

impl RowErrors {
	/// Computes the error sums over `rows`, which are the bytes of whole rows, on all cores of the current pool.
	pub fn compute(model: &Model, program: &Rows, rows: &[&[u8]]) -> Self {
		let outputs = usize::from(program.outputs());
		let empty = || match program.target {
			RowTarget::Classes(_) => Self { rows: 0, errors: vec![0], confusion: vec![vec![0; outputs]; outputs] },
			RowTarget::Values(_) => Self { rows: 0, errors: vec![0; outputs], confusion: Vec::new() },
		};
		let batch = |rows: &[&[u8]]| {
			let mut predictor = Predictor::new(model, program);
			let mut sums = empty();
			for row in rows {
				sums.add(predictor.outputs(row), label(row, program));
			}
			sums
		};
		rows.par_chunks(BATCH).map(batch).reduce(empty, Self::merge)
	}

	/// Adds the error of one row.
	fn add(&mut self, out: &[i32], label: Label) {
		self.rows += 1;
		match label {
			Label::Class(actual) => {
				let (actual, predicted) = (usize::from(actual), predicted_class(out));
				self.errors[0] += u64::from(predicted != actual) << OUT_FRAC;
				self.confusion[actual][predicted] += 1;
			}
			Label::Values(_) => {
				for (error, (out, value)) in self.errors.iter_mut().zip(out.iter().zip(label.values())) {
					*error += (i64::from(*out) - (i64::from(value) << OUT_FRAC)).unsigned_abs().min(MAX_ERROR);
				}
			}
		}
	}

	/// Returns the sums over the rows of both.
	fn merge(mut self, other: Self) -> Self {
		self.rows += other.rows;
		self.errors.iter_mut().zip(&other.errors).for_each(|(sum, error)| *sum += error);
		for (sums, counts) in self.confusion.iter_mut().zip(&other.confusion) {
			sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
		}
		self
	}

	/// Returns the error sum.
	pub fn total(&self) -> u64 {
		self.errors.iter().sum()
	}

	/// Returns the number of mistakes; 0 for values.
	pub fn wrong(&self) -> u64 {
		if self.confusion.is_empty() {
			0
		} else {
			self.total() >> OUT_FRAC
		}
	}

	/// Returns the mean error of each value in raw units, or the share of mistakes.
	pub fn means(&self) -> Vec<f64> {
		let scale = self.rows.max(1) as f64 * f64::from(1u32 << OUT_FRAC);
		self.errors.iter().map(|error| *error as f64 / scale).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{
		rows::{score_rows, RowSet},
		Encoder, Layer, Net,
	};

	fn net(features: u16, outputs: u16, seed: i32) -> Model {
		let count = usize::from(features) * usize::from(outputs);
		let weights = (0..count as i32).map(|at| ((at * 7919 + seed * 31) % 401 - 200) as i16).collect();
		let layer =
			Layer { inputs: features, outputs, shift: 4, weights, bias: (0..outputs.into()).map(|at| 100 * at).collect() };
		Model::Net(Net { window: features, in_shifts: vec![3], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() })
	}

	fn bytes(program: &Rows, rows: usize) -> Vec<u8> {
		let row = |row: usize| {
			let features = (0..usize::from(program.features)).map(move |at| ((row * 131 + at * 17 + row * row) % 256) as u8);
			let label: Vec<u8> = match program.target {
				RowTarget::Classes(classes) => vec![(row * 5 % usize::from(classes)) as u8],
				RowTarget::Values(values) => {
					(0..values).flat_map(|at| ((row as i32 * 37 % 500 - 250) * i32::from(at + 1)).to_le_bytes()).collect()
				}
			};
			features.chain(label)
		};
		(0..rows).flat_map(row).collect()
	}

	#[test]
	fn error_sums_are_those_of_a_chain() {
		for target in [RowTarget::Classes(5), RowTarget::Values(1), RowTarget::Values(3)] {
			let program = Rows { features: 6, image: None, target, rows: 64, chunks: 64 };
			let bytes = bytes(&program, 600);
			let rows: Vec<&[u8]> = bytes.chunks_exact(program.row_bytes()).collect();
			for model in
				[net(6, program.outputs(), 1), net(6, program.outputs(), 9), Model::Constant(vec![3; program.outputs().into()])]
			{
				let errors = RowErrors::compute(&model, &program, &rows);
				assert_eq!(errors.rows, 600);
				let sum = score_rows(&model, &program, &RowSet::new(&program, bytes.clone()));
				assert_eq!(errors.total(), u64::from(sum));
				if let RowTarget::Classes(_) = target {
					let wrong: u64 = (0..5)
						.flat_map(|a| (0..5).map(move |b| (a, b)))
						.filter(|(a, b)| a != b)
						.map(|(a, b)| errors.confusion[a][b])
						.sum();
					assert_eq!((wrong, errors.confusion.iter().flatten().sum::<u64>()), (errors.wrong(), 600));
				}
			}
		}
	}

	#[test]
	fn means_are_raw_units_or_shares() {
		let program = Rows { features: 1, image: None, target: RowTarget::Values(2), rows: 64, chunks: 64 };
		let row = |a: i32, b: i32| [vec![0], a.to_le_bytes().to_vec(), b.to_le_bytes().to_vec()].concat();
		let (first, second) = (row(10, -4), row(20, -8));
		let errors = RowErrors::compute(&Model::Constant(vec![160, 0]), &program, &[&first, &second]);
		assert_eq!((errors.means(), errors.wrong()), (vec![5.0, 6.0], 0));
	}
}
