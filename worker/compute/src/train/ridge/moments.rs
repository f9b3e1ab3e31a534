//! Normal equations of a ridge regression, summed exactly, and the rounding of their solution.

use crate::train::{
	dataset::{Dataset, Part, WindowSource, FULL_SHARE},
	linalg::solve,
};
use doin_kernels::{
	layout::{ActivationPanels, Block, GradientGroups, BATCH, LANES, ROWS},
	ops::gemm::GemmAtB,
};
use doin_scoring::{
	model::{MAX_ACT, SHIFTS},
	Layer,
};
use rayon::prelude::*;

/// Base of the digits of a target, as a power of two.
const DIGIT: u32 = 10;
/// Digits of a target, each within ±2⁹ as [`MAX_TARGET`] is 2²⁸. Sums of 256 products of them with 12-bit inputs stay far below
/// 2³¹.
const DIGITS: usize = 3;
/// Magnitude that targets are clamped to, in 2^−OUT_FRAC raw units, so that sums stay below 2⁶³.
const MAX_TARGET: i64 = 1 << 28;
/// Variance of an integer input below which it is a rounding error of a series that moves by the same amount at every step.
const MIN_VARIANCE: f64 = 1e-6;
/// Batches that one thread sums at a time.
const BATCHES_AT_A_TIME: usize = 4;

/// Shape of a linear model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
	/// Inputs: steps of all channels.
	pub inputs: usize,
	/// Number of outputs.
	pub outputs: usize,
}

/// Sums over the windows of one source, with n inputs x and m outputs y.
struct Sums {
	/// Number of windows.
	count: i64,
	/// Σx, n.
	x: Vec<i64>,
	/// Σy, m.
	y: Vec<i64>,
	/// Σx·xᵀ, n × n.
	xx: Vec<i64>,
	/// Σy·xᵀ, m × n.
	xy: Vec<i64>,
	/// Σ‖y‖².
	yy: i128,
}

/// Buffers of one batch of windows.
struct Buffers {
	row: Vec<i16>,
	targets: Vec<i64>,
	inputs: ActivationPanels,
	/// Inputs as rows of the product with themselves.
	rows: GradientGroups,
	/// Digits of targets, lowest digit first.
	digits: GradientGroups,
	squares: Vec<[Block; ROWS]>,
	products: Vec<[Block; ROWS]>,
}

impl Buffers {
	fn new(Shape { inputs: n, outputs: m }: Shape) -> Self {
		let inputs = ActivationPanels::new(n);
		let sums = |rows: usize| vec![[Block::ZERO; ROWS]; rows.div_ceil(ROWS) * inputs.columns];
		Self {
			row: vec![0; n],
			targets: vec![0; m],
			rows: GradientGroups::new(n),
			digits: GradientGroups::new(DIGITS * m),
			squares: sums(n),
			products: sums(DIGITS * m),
			inputs,
		}
	}
}

impl Sums {
	fn zero(Shape { inputs: n, outputs: m }: Shape) -> Self {
		Self { count: 0, x: vec![0; n], y: vec![0; m], xx: vec![0; n * n], xy: vec![0; m * n], yy: 0 }
	}

	fn new(data: &Dataset, part: Part, source: WindowSource, shape: Shape, in_shifts: &[i8]) -> Self {
		let starts = data.starts(part, source);
		let batches = |starts: &[u32]| {
			let mut sums = Self::zero(shape);
			let mut buffers = Buffers::new(shape);
			starts.chunks(BATCH).for_each(|batch| sums.add(data, batch, in_shifts, &mut buffers));
			sums
		};
		let sums = starts.par_chunks(BATCHES_AT_A_TIME * BATCH).map(batches);
		sums.reduce(
			|| Self::zero(shape),
			|mut a, b| {
				let add = |a: &mut [i64], b: &[i64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
				a.count += b.count;
				a.yy += b.yy;
				add(&mut a.x, &b.x);
				add(&mut a.y, &b.y);
				add(&mut a.xx, &b.xx);
				add(&mut a.xy, &b.xy);
				a
			},
		)
	}

	/// Adds a batch of windows.
	fn add(&mut self, data: &Dataset, batch: &[u32], in_shifts: &[i8], buffers: &mut Buffers) {
		let (n, m) = (self.x.len(), self.y.len());
		let Buffers { row, targets, inputs, rows, digits, squares, products } = buffers;
		self.count += batch.len() as i64;
		for sample in 0..BATCH {
			match batch.get(sample) {
				Some(start) => {
					data.features(*start, in_shifts, row);
					data.targets(*start, targets);
				}
				// Missing samples are zeros, which change no sum.
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
				self.yy += i128::from(y) * i128::from(y);
				let mut rest = y;
				for digit in 0..DIGITS {
					// The nearest multiple of the base is carried.
					let carry = if digit + 1 < DIGITS { (rest + (1 << (DIGIT - 1))) >> DIGIT } else { 0 };
					digits.set(digit * m + output, sample, (rest - (carry << DIGIT)) as i16);
					rest = carry;
				}
			}
		}
		rows.copy_from_panels(inputs);
		data.backend().run(GemmAtB { a: rows, b: inputs, sums: squares });
		data.backend().run(GemmAtB { a: digits, b: inputs, sums: products });
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

/// Means over both sources, weighted by their shares: first and second moments of inputs x and outputs y.
#[derive(Clone)]
pub(super) struct Moments {
	shape: Shape,
	/// Mean of x, n.
	pub x: Vec<f64>,
	/// Mean of y, m.
	pub y: Vec<f64>,
	/// Mean of x·xᵀ, n × n.
	pub xx: Vec<f64>,
	/// Mean of y·xᵀ, m × n.
	pub xy: Vec<f64>,
	/// Mean of ‖y‖².
	yy: f64,
	/// Variance of a mean over all windows, relative to that of one window.
	variance_of_mean: f64,
}

impl Moments {
	/// Returns the moments of `part` of the windows, `share` of [`FULL_SHARE`] of them synthetic.
	pub fn new(data: &Dataset, part: Part, shape: Shape, share: u16, in_shifts: &[i8]) -> Self {
		let Shape { inputs: n, outputs: m } = shape;
		let mut moments = Self {
			shape,
			x: vec![0.0; n],
			y: vec![0.0; m],
			xx: vec![0.0; n * n],
			xy: vec![0.0; m * n],
			yy: 0.0,
			variance_of_mean: 0.0,
		};
		for (source, share) in WindowSource::ALL.into_iter().zip([FULL_SHARE - share, share]) {
			if share == 0 {
				continue;
			}
			let sums = Sums::new(data, part, source, shape, in_shifts);
			let share = f64::from(share) / f64::from(FULL_SHARE);
			let weight = share / sums.count as f64;
			// The futures of published windows overlap, one step apart.
			let overlap = match source {
				WindowSource::Published => f64::from(data.task.program.horizon.max(1)),
				WindowSource::Synthetic => 1.0,
			};
			moments.variance_of_mean += share * weight * overlap;
			moments.yy += weight * sums.yy as f64;
			let add = |to: &mut [f64], from: &[i64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += weight * *from as f64);
			add(&mut moments.x, &sums.x);
			add(&mut moments.y, &sums.y);
			add(&mut moments.xx, &sums.xx);
			add(&mut moments.xy, &sums.xy);
		}
		moments
	}

	/// Returns the second moments about the means, from which a model with a bias is solved.
	pub fn centred(self) -> Self {
		self.centred_by(1.0)
	}

	/// Returns the second moments from which a model with a shrunk bias is solved: by the part of the mean change that is no chance
	/// of the training part, 1 − σ²/‖ȳ‖² with the variance σ² of the mean ȳ, at least 0 (James & Stein 1961).
	pub fn shrunk(self) -> Self {
		let squares: f64 = self.y.iter().map(|y| y * y).sum();
		let variance = (self.yy - squares).max(0.0) * self.variance_of_mean;
		let certain = if squares > 0.0 { (1.0 - variance / squares).max(0.0) } else { 0.0 };
		self.centred_by(certain)
	}

	/// Returns the moments from which a model with `part` of its bias is solved.
	fn centred_by(mut self, part: f64) -> Self {
		let Self { shape, x, y, xx, xy, .. } = &mut self;
		let centre = |products: &mut [f64], a: &[f64]| {
			for (products, a) in products.chunks_exact_mut(shape.inputs).zip(a) {
				products.iter_mut().zip(&*x).for_each(|(product, x)| *product -= part * a * x);
			}
		};
		centre(xx, x);
		centre(xy, y);
		x.iter_mut().chain(y).for_each(|mean| *mean *= part);
		self
	}

	/// Returns the second moments about zero, from which a model without a bias is solved. A bias learns the drift of the
	/// training part, which need not continue.
	pub fn uncentred(mut self) -> Self {
		self.x.fill(0.0);
		self.y.fill(0.0);
		self
	}

	/// Returns the moments of the newest `steps` inputs of each of `channels` channels.
	pub fn newest(&self, steps: usize, channels: usize) -> Self {
		let Shape { inputs: n, outputs } = self.shape;
		let window = n / channels.max(1);
		let kept: Vec<usize> = (0..n).filter(|input| input % window >= window - steps).collect();
		let mut newest = Self {
			shape: Shape { inputs: kept.len(), outputs },
			x: kept.iter().map(|input| self.x[*input]).collect(),
			y: self.y.clone(),
			xx: Vec::with_capacity(kept.len() * kept.len()),
			xy: Vec::with_capacity(outputs * kept.len()),
			yy: self.yy,
			variance_of_mean: self.variance_of_mean,
		};
		for row in &kept {
			newest.xx.extend(kept.iter().map(|input| self.xx[row * n + input]));
		}
		for row in self.xy.chunks_exact(n) {
			newest.xy.extend(kept.iter().map(|input| row[*input]));
		}
		newest
	}

	/// Returns the mean variance of an input, or 1 if the inputs do not vary: any damping then leaves the mean alone.
	pub fn mean_variance(&self) -> f64 {
		let n = self.shape.inputs;
		let mean = (0..n).map(|i| self.xx[i * n + i]).sum::<f64>() / n as f64;
		if mean > MIN_VARIANCE {
			mean
		} else {
			1.0
		}
	}

	/// Returns the solution of the normal equations with Cholesky factor `l`, row-major: one row of weights per output.
	pub fn solution(&self, l: &[f64]) -> Vec<Vec<f64>> {
		let n = self.shape.inputs;
		let rows = self.xy.chunks_exact(n).map(|row| {
			let mut row = row.to_vec();
			solve(l, n, &mut row);
			row
		});
		rows.collect()
	}

	/// Rounds `rows` of weights to a layer with the nearest-plane method on Cholesky factor `l`; returns `None` if the weights are
	/// too large for 12 bits.
	pub fn quantise(&self, rows: &[Vec<f64>], l: &[f64]) -> Option<Layer> {
		let largest = rows.iter().flatten().fold(0.0, |most: f64, w| most.max(w.abs()));
		let fits = |shift: &u8| largest * f64::from(1u32 << shift) <= f64::from(MAX_ACT);
		let (first, last) = SHIFTS.into_inner();
		let mut shift = (first..=last).rev().find(fits)?;
		loop {
			let layer = self.round(rows, l, shift);
			if layer.accumulator_width().is_some() {
				return Some(layer);
			}
			shift = shift.checked_sub(1).filter(|shift| *shift >= first)?;
		}
	}

	/// Rounds `rows` of weights, scaled by 2^`shift`, with the nearest-plane method on Cholesky factor `l`.
	pub fn round(&self, rows: &[Vec<f64>], l: &[f64], shift: u8) -> Layer {
		let n = self.shape.inputs;
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
