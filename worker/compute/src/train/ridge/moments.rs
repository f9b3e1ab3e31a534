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
		Self { count: 0, x: vec![0; n], y: vec![0; m], xx: vec![0; n * n], xy: vec![0; m * n] }
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
}

impl Moments {
	/// Returns the moments of `part` of the windows, `share` of [`FULL_SHARE`] of them synthetic.
	pub fn new(data: &Dataset, part: Part, shape: Shape, share: u16, in_shifts: &[i8]) -> Self {
		let Shape { inputs: n, outputs: m } = shape;
		let mut moments = Self { shape, x: vec![0.0; n], y: vec![0.0; m], xx: vec![0.0; n * n], xy: vec![0.0; m * n] };
		for (source, share) in WindowSource::ALL.into_iter().zip([FULL_SHARE - share, share]) {
			if share == 0 {
				continue;
			}
			let sums = Sums::new(data, part, source, shape, in_shifts);
			let weight = f64::from(share) / f64::from(FULL_SHARE) / sums.count as f64;
			let add = |to: &mut [f64], from: &[i64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += weight * *from as f64);
			add(&mut moments.x, &sums.x);
			add(&mut moments.y, &sums.y);
			add(&mut moments.xx, &sums.xx);
			add(&mut moments.xy, &sums.xy);
		}
		moments
	}

	/// Returns the second moments about the means, from which a model with a bias is solved.
	pub fn centred(mut self) -> Self {
		let Self { shape, x, y, xx, xy } = &mut self;
		let centre = |products: &mut [f64], a: &[f64]| {
			for (products, a) in products.chunks_exact_mut(shape.inputs).zip(a) {
				products.iter_mut().zip(&*x).for_each(|(product, x)| *product -= a * x);
			}
		};
		centre(xx, x);
		centre(xy, y);
		self
	}

	/// Returns the second moments about zero, from which a model without a bias is solved. A bias learns the drift of the
	/// training part, which need not continue.
	pub fn uncentred(mut self) -> Self {
		self.x.fill(0.0);
		self.y.fill(0.0);
		self
	}

	/// Solves the normal equations with Cholesky factor `l`, row-major, and rounds the solution to a layer; returns `None` if its
	/// weights are too large for 12 bits.
	pub fn quantise(&self, l: &[f64]) -> Option<Layer> {
		let Shape { inputs: n, outputs: m } = self.shape;
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
			let layer = self.round(&rows, l, shift);
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
