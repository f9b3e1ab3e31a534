//! Closed-form linear models: ridge regression of the next `horizon` differences on the window's differences from the last value,
//! rounded to a net that the chain admits.
//!
//! The normal equations are summed in integers over exactly the inputs the net will see, so their solution does not depend on the number
//! of threads. Weights are rounded one after the other, each one taking up the errors of those before it (the nearest-plane method on the
//! Cholesky factor), which costs no accuracy where inputs are as correlated as neighbours of a series are.

use crate::{
	backend::layout::{Block, Panels, Quads, BATCH, LANES, ROWS},
	data::{Part, TrainingSet, WHOLE},
	linalg::{cholesky, solve},
	Error,
};
use doin_scoring::{
	math::round_shift_i32,
	model::{MAX_ACT, SHIFTS},
	verdict::total,
	Encoder, Layer, Model, Net,
};
use rayon::prelude::*;

/// Ridge parameters that are tried, as powers of two of the mean variance of an input.
const LAMBDAS: [i32; 10] = [-24, -20, -17, -14, -12, -10, -8, -6, -4, -2];
/// Base of the digits of a target, as a power of two.
const DIGIT: u32 = 10;
/// Digits of a target, each within ±2⁹ as [`MAX_TARGET`] is 2²⁸. Products of 256 of them with inputs of 12 bits stay far below 2³¹.
const DIGITS: usize = 3;
/// Targets beyond this, in 2^−OUT_FRAC raw units, count as this much, so that sums stay below 2⁶³.
const MAX_TARGET: i64 = 1 << 28;

/// Batches that are summed by one thread at a time.
const TOGETHER: usize = 4;

/// A quantised linear model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear {
	/// The net, without layers beside its linear path.
	pub net: Net,
	/// The chosen ridge parameter, as a power of two of the mean variance of an input.
	pub lambda: i32,
	/// Its error sum on the validation split.
	pub validation_error: u64,
}

/// Sums over the windows of one source: inputs x (`n`), targets y (`m`).
struct Sums {
	count: i64,
	x: Vec<i64>,
	y: Vec<i64>,
	xx: Vec<i64>,
	xy: Vec<i64>,
}

/// Room for one batch of windows.
struct Buffers {
	row: Vec<i16>,
	targets: Vec<i64>,
	inputs: Panels,
	/// Inputs as rows of the product with themselves.
	rows: Quads,
	/// Digits of targets, those of the lowest place first.
	digits: Quads,
	squares: Vec<[Block; ROWS]>,
	products: Vec<[Block; ROWS]>,
}

impl Buffers {
	fn new(n: usize, m: usize) -> Self {
		let inputs = Panels::new(n);
		let sums = |rows: usize| vec![[Block::ZERO; ROWS]; rows.div_ceil(ROWS) * inputs.columns];
		Self {
			row: vec![0; n],
			targets: vec![0; m],
			rows: Quads::new(n),
			digits: Quads::new(DIGITS * m),
			squares: sums(n),
			products: sums(DIGITS * m),
			inputs,
		}
	}
}

/// Means and products over both sources by their shares.
#[derive(Clone)]
struct Moments {
	x: Vec<f64>,
	y: Vec<f64>,
	xx: Vec<f64>,
	xy: Vec<f64>,
}

impl Linear {
	/// Fits `part` of the windows of `data`, `share` of [`WHOLE`] of them synthetic, with the ridge parameter, and with or without a bias, as
	/// is best by [`TrainingSet::fitness`].
	pub fn fit(data: &TrainingSet, part: Part, window: u16, share: u16) -> Result<Self, Error> {
		let mut in_shifts = data.in_shifts(window, share);
		loop {
			match Self::fit_scaled(data, part, window, share, &in_shifts) {
				// Finer inputs need smaller weights, at the price of more clipped ones.
				Err(Error::Unit) if in_shifts.iter().any(|shift| *shift < 0) => {
					in_shifts.iter_mut().filter(|shift| **shift < 0).for_each(|shift| *shift += 1);
				}
				result => return result,
			}
		}
	}

	/// The net that says the mean of what this model and `net`, which has no linear path, say.
	pub fn blend(&self, mut net: Net) -> Result<Net, Error> {
		// Both read the same inputs. A ridge that had to take finer ones than nets do has no place beside them.
		if net.in_shifts != self.net.in_shifts {
			return Err(Error::Unit);
		}
		net.skip = self.net.skip.as_ref().map(halved);
		if let Some(last) = net.layers.last_mut() {
			*last = halved(last);
		}
		Ok(net)
	}

	fn fit_scaled(data: &TrainingSet, part: Part, window: u16, share: u16, in_shifts: &[i8]) -> Result<Self, Error> {
		let (n, m) = (usize::from(window) * in_shifts.len(), usize::from(data.task.program.outputs()));
		let moments = Moments::new(data, part, n, m, share, in_shifts);
		let both = [moments.clone().centred(n), moments.uncentred()];
		let fits = both.par_iter().flat_map(|moments| LAMBDAS.par_iter().map(move |lambda| (moments, lambda)));
		let fits = fits.map(|(moments, lambda)| {
			// Inputs are integers: less than this is a rounding error of a series that moves by the same amount at every step. Any damping
			// then leaves the mean alone.
			let mean_variance = (0..n).map(|i| moments.xx[i * n + i]).sum::<f64>() / n as f64;
			let mean_variance = if mean_variance > 1e-6 { mean_variance } else { 1.0 };
			let mut damped = moments.xx.clone();
			for i in 0..n {
				damped[i * n + i] += mean_variance / f64::from(1u32 << -lambda);
			}
			let factor = cholesky(&damped, n).ok_or(Error::Singular(window))?;
			let skip = moments.quantise(&factor, n, m).ok_or(Error::Unit)?;
			let net = Net { window, in_shifts: in_shifts.to_vec(), skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
			let measure = data.measure(&Model::Net(net.clone()));
			let linear = Self { net, lambda: *lambda, validation_error: total(&measure.validation) };
			Ok((data.fitness(&measure), linear))
		});
		let fits: Vec<Result<_, Error>> = fits.collect();
		// Some parameters may be too small for 12 bits, or for `f64`; the error of the largest one stands for all.
		let error = fits.last().and_then(|fit| fit.as_ref().err().cloned());
		let best = fits.into_iter().flatten().min_by_key(|(fitness, _)| *fitness);
		best.map(|(_, linear)| linear).ok_or(error.unwrap_or(Error::Singular(window)))
	}
}

/// The layer that says half of what `layer` says.
fn halved(layer: &Layer) -> Layer {
	let mut layer = layer.clone();
	if layer.shift < *SHIFTS.end() {
		layer.shift += 1;
	} else {
		layer.weights.iter_mut().for_each(|weight| *weight = (*weight + 1) >> 1);
		layer.bias.iter_mut().for_each(|bias| *bias = round_shift_i32(*bias, 1));
	}
	layer
}

impl Sums {
	fn empty(n: usize, m: usize) -> Self {
		Self { count: 0, x: vec![0; n], y: vec![0; m], xx: vec![0; n * n], xy: vec![0; m * n] }
	}

	fn new(data: &TrainingSet, part: Part, n: usize, m: usize, synthetic: bool, in_shifts: &[i8]) -> Self {
		let windows = data.places(part, synthetic);
		let batches = |windows: &[u32]| {
			let mut sums = Self::empty(n, m);
			let mut buffers = Buffers::new(n, m);
			windows.chunks(BATCH).for_each(|batch| sums.add(data, batch, in_shifts, &mut buffers));
			sums
		};
		let sums = windows.par_chunks(TOGETHER * BATCH).map(batches);
		sums.reduce(
			|| Self::empty(n, m),
			|mut a, b| {
				let add = |a: &mut [i64], b: &[i64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
				a.count += b.count;
				add(&mut a.x, &b.x);
				add(&mut a.y, &b.y);
				add(&mut a.xx, &b.xx);
				add(&mut a.xy, &b.xy);
				a
			},
		)
	}

	/// Adds a batch of windows.
	fn add(&mut self, data: &TrainingSet, batch: &[u32], in_shifts: &[i8], buffers: &mut Buffers) {
		let (n, m) = (self.x.len(), self.y.len());
		let Buffers { row, targets, inputs, rows, digits, squares, products } = buffers;
		self.count += batch.len() as i64;
		for sample in 0..BATCH {
			match batch.get(sample) {
				Some(start) => {
					data.features(*start, in_shifts, row);
					data.targets(*start, targets);
				}
				// Samples that are missing count as zeros.
				None => {
					row.fill(0);
					targets.fill(0);
				}
			}
			for (input, x) in row.iter().enumerate() {
				self.x[input] += i64::from(*x);
				inputs.set(input, sample, *x);
			}
			for (output, y) in targets.iter().enumerate() {
				let y = (*y).clamp(-MAX_TARGET, MAX_TARGET);
				self.y[output] += y;
				let mut rest = y;
				for digit in 0..DIGITS {
					// The nearest multiple of the base is carried.
					let carry = if digit + 1 < DIGITS { (rest + (1 << (DIGIT - 1))) >> DIGIT } else { 0 };
					digits.set(digit * m + output, sample, (rest - (carry << DIGIT)) as i16);
					rest = carry;
				}
			}
		}
		rows.copy(inputs);
		data.backend().gram(rows, inputs, squares);
		data.backend().gram(digits, inputs, products);
		let columns = inputs.columns;
		let sum =
			|sums: &[[Block; ROWS]], i: usize, j: usize| i64::from(sums[i / ROWS * columns + j / LANES][i % ROWS].0[j % LANES]);
		for i in 0..n {
			for j in 0..n {
				self.xx[i * n + j] += sum(squares, i, j);
			}
		}
		for digit in 0..DIGITS {
			for output in 0..m {
				for j in 0..n {
					self.xy[output * n + j] += sum(products, digit * m + output, j) << (DIGIT * digit as u32);
				}
			}
		}
	}
}

impl Moments {
	fn new(data: &TrainingSet, part: Part, n: usize, m: usize, share: u16, in_shifts: &[i8]) -> Self {
		let mut moments = Self { x: vec![0.0; n], y: vec![0.0; m], xx: vec![0.0; n * n], xy: vec![0.0; m * n] };
		for (synthetic, share) in [(false, WHOLE - share), (true, share)] {
			if share == 0 {
				continue;
			}
			let sums = Sums::new(data, part, n, m, synthetic, in_shifts);
			let weight = f64::from(share) / f64::from(WHOLE) / sums.count as f64;
			let add = |to: &mut [f64], from: &[i64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += weight * *from as f64);
			add(&mut moments.x, &sums.x);
			add(&mut moments.y, &sums.y);
			add(&mut moments.xx, &sums.xx);
			add(&mut moments.xy, &sums.xy);
		}
		moments
	}

	/// The same about the means: what a model with a bias is solved from.
	fn centred(mut self, n: usize) -> Self {
		let Self { x, y, xx, xy } = &mut self;
		let centre = |products: &mut [f64], a: &[f64]| {
			for (products, a) in products.chunks_exact_mut(n).zip(a) {
				products.iter_mut().zip(&*x).for_each(|(product, x)| *product -= a * x);
			}
		};
		centre(xx, x);
		centre(xy, y);
		self
	}

	/// The same about zero: what a model without a bias is solved from. A bias learns the drift of the training part, which need not last.
	fn uncentred(mut self) -> Self {
		self.x.fill(0.0);
		self.y.fill(0.0);
		self
	}

	/// The solution under Cholesky factor `l`, rounded to a layer; `None` if its weights are too large.
	fn quantise(&self, l: &[f64], n: usize, m: usize) -> Option<Layer> {
		let rows: Vec<Vec<f64>> = (0..m)
			.map(|h| {
				let mut row = self.xy[h * n..(h + 1) * n].to_vec();
				solve(l, n, &mut row);
				row
			})
			.collect();
		let largest = rows.iter().flatten().fold(0.0, |most: f64, w| most.max(w.abs()));
		let fits = |shift: &u8| largest * f64::from(1u32 << shift) <= f64::from(MAX_ACT);
		let (first, last) = SHIFTS.into_inner();
		let mut shift = (first..=last).rev().find(fits)?;
		loop {
			let layer = self.round(&rows, l, n, shift);
			if layer.class().is_some() {
				return Some(layer);
			}
			shift = shift.checked_sub(1).filter(|shift| *shift >= first)?;
		}
	}

	fn round(&self, rows: &[Vec<f64>], l: &[f64], n: usize, shift: u8) -> Layer {
		let scale = f64::from(1u32 << shift);
		let limit = f64::from(MAX_ACT);
		let mut weights = Vec::with_capacity(rows.len() * n);
		let mut bias = Vec::with_capacity(rows.len());
		for (row, y) in rows.iter().zip(&self.y) {
			let mut errors = vec![0.0; n];
			let mut rounded = vec![0i16; n];
			for i in (0..n).rev() {
				let carried: f64 = (i + 1..n).map(|j| l[j * n + i] * errors[j]).sum();
				let wanted = row[i] * scale + carried / l[i * n + i];
				rounded[i] = wanted.round().clamp(-limit, limit) as i16;
				errors[i] = row[i] * scale - f64::from(rounded[i]);
			}
			let explained: f64 = rounded.iter().zip(&self.x).map(|(w, x)| f64::from(*w) * x).sum();
			bias.push((y * scale - explained).round() as i32);
			weights.extend(rounded);
		}
		Layer { inputs: n as u16, outputs: rows.len() as u16, shift, weights, bias }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{direction, follower, seasonal, tent},
		population::pool,
	};
	use doin_scoring::Target;

	#[test]
	fn a_linear_recurrence_is_found_almost_exactly() {
		// p(t) = 2 cos(2π/12) p(t−1) − p(t−2) within rounding: a pure wave.
		let mut task = seasonal();
		task.generator = None;
		task.series =
			(0..3_000).map(|t| ((f64::from(t) * std::f64::consts::FRAC_PI_6).sin() * 30_000.0).round() as i32).collect();
		let data = TrainingSet::new(task, 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let initial = total(&data.measure(&Model::RepeatLast).validation);
		assert!(linear.validation_error * 200 < initial, "{} of {initial}", linear.validation_error);
	}

	#[test]
	fn it_beats_both_baselines_and_is_admitted() {
		let data = TrainingSet::new(seasonal(), 1_000, 3).unwrap();
		for mix in [0, 64, WHOLE] {
			let linear = data.linear(24, mix).unwrap();
			let model = Model::Net(linear.net.clone());
			data.task.admit(&model).unwrap();
			let measure = data.measure(&model);
			assert_eq!(linear.validation_error, total(&measure.validation));
			assert!(data.fitness(&measure) < 900_000, "mix {mix}: {}", data.fitness(&measure));
		}
	}

	#[test]
	fn the_model_does_not_depend_on_the_number_of_threads() {
		let fit = |threads| {
			let data = TrainingSet::new(seasonal(), 1_000, 3).unwrap();
			pool(threads).unwrap().install(|| Linear::fit(&data, Part::All, 20, 100).unwrap())
		};
		assert_eq!(fit(1), fit(3));
	}

	#[test]
	fn rounding_costs_next_to_nothing() {
		// The same solution with weights of one more bit at every step of the way is hardly better.
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let in_shifts = linear.net.in_shifts.clone();
		let moments = Moments::new(&data, Part::All, 24, 6, 0, &in_shifts).centred(24);
		let mut damped = moments.xx.clone();
		(0..24).for_each(|i| damped[i * 25] += 1.0);
		let factor = cholesky(&damped, 24).unwrap();
		let error = |layer: Layer| {
			let net =
				Net { window: 24, in_shifts: in_shifts.clone(), skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
			total(&data.measure(&Model::Net(net)).validation)
		};
		let fine = moments.quantise(&factor, 24, 6).unwrap();
		let coarse = Layer { shift: fine.shift - 3, ..fine.clone() };
		let rows: Vec<Vec<f64>> = fine
			.weights
			.chunks(24)
			.map(|row| row.iter().map(|w| f64::from(*w) / f64::from(1u32 << fine.shift)).collect())
			.collect();
		let coarse = moments.round(&rows, &factor, 24, coarse.shift);
		let (fine, coarse) = (error(fine), error(coarse));
		assert!(coarse < fine + fine / 100, "12 bits {fine}, 9 bits {coarse}");
	}

	#[test]
	fn large_values_are_scaled_until_weights_fit() {
		let mut task = tent();
		task.series.iter_mut().for_each(|value| *value *= 300);
		let data = TrainingSet::new(task, 0, 0).unwrap();
		let linear = data.linear(6, 0).unwrap();
		data.task.admit(&Model::Net(linear.net.clone())).unwrap();
	}

	#[test]
	fn a_steady_series_is_forecast_exactly() {
		for pace in [0, 7, -3_000] {
			let mut task = tent();
			task.series = (0..6_000).map(|t| t * pace).collect();
			let linear = TrainingSet::new(task, 0, 0).unwrap().linear(6, 0).unwrap();
			assert_eq!(linear.validation_error, 0);
		}
	}

	#[test]
	fn a_second_channel_is_read() {
		let data = TrainingSet::new(follower(), 0, 0).unwrap();
		let linear = data.linear(6, 0).unwrap();
		assert_eq!((linear.net.in_shifts.len(), linear.net.features()), (2, 12));
		data.task.admit(&Model::Net(linear.net.clone())).unwrap();
		let initial = total(&data.initial().validation);
		assert!(linear.validation_error * 8 < initial, "{} of {initial}", linear.validation_error);
	}

	#[test]
	fn one_step_of_several_can_be_asked_for() {
		let mut task = seasonal();
		let all = TrainingSet::new(task.clone(), 0, 0).unwrap().linear(24, 0).unwrap();
		task.program.target = Target::Steps(vec![2, 6].try_into().unwrap());
		let some = TrainingSet::new(task, 0, 0).unwrap().linear(24, 0).unwrap();
		let (all, some) = (all.net.skip.as_ref().unwrap(), some.net.skip.as_ref().unwrap());
		assert_eq!((all.outputs, some.outputs), (6, 2));
	}

	#[test]
	fn classes_are_told_apart_as_far_as_a_linear_model_can() {
		let mut task = seasonal();
		task.program.target = Target::Classes(vec![-20, 20].try_into().unwrap());
		let data = TrainingSet::new(task, 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let initial = total(&data.initial().validation);
		assert!(linear.validation_error < initial, "{} of {initial}", linear.validation_error);
		// A tent map is beyond it.
		let data = TrainingSet::new(direction(), 0, 0).unwrap();
		data.task.admit(&Model::Net(data.linear(6, 0).unwrap().net.clone())).unwrap();
	}
}
