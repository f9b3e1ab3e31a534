//! Closed-form linear models: ridge regression of the next `horizon` differences on the window's differences from the last value,
//! rounded to a net that the chain admits.
//!
//! The normal equations are summed in integers over exactly the inputs the net will see, so their solution does not depend on the number
//! of threads. Weights are rounded one after the other, each one taking up the errors of those before it (the nearest-plane method on the
//! Cholesky factor), which costs no accuracy where inputs are as correlated as neighbours of a series are.

use crate::{
	data::TrainingSet,
	kernel::{padded, products, transpose},
	linalg::{cholesky, solve},
	Error,
};
use doin_scoring::{
	model::{MAX_ACT, OUT_FRAC, SHIFTS},
	score::differences,
	verdict::total,
	Layer, Model, Net,
};
use rayon::prelude::*;

/// Ridge parameters that are tried, as powers of two of the mean variance of an input.
const LAMBDAS: [i32; 10] = [-24, -20, -17, -14, -12, -10, -8, -6, -4, -2];
/// Windows that are summed in `i32` before they are added to the whole: 256 · 2047² stays below 2³¹.
const BLOCK: usize = 256;
/// Targets beyond this, in 2^−OUT_FRAC raw units, count as this much, so that sums stay below 2⁶³.
const MAX_TARGET: i64 = 1 << 28;

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

/// Sums over all windows: inputs x (`n`), targets y (`m`).
struct Sums {
	count: i64,
	x: Vec<i64>,
	y: Vec<i64>,
	xx: Vec<i64>,
	xy: Vec<i64>,
}

impl Linear {
	/// Fits the windows of `data` with the ridge parameter that is best by [`TrainingSet::fitness`].
	pub fn fit(data: &TrainingSet, window: u16) -> Result<Self, Error> {
		let mut in_shift = data.in_shift(window.into());
		loop {
			match Self::fit_scaled(data, window, in_shift) {
				// Finer inputs need smaller weights, at the price of more clipped ones.
				Err(Error::Unit) if in_shift < 0 => in_shift += 1,
				result => return result,
			}
		}
	}

	fn fit_scaled(data: &TrainingSet, window: u16, in_shift: i8) -> Result<Self, Error> {
		let (n, m) = (usize::from(window), usize::from(data.task.program.horizon));
		let sums = Sums::new(data, n, m, in_shift);
		let (covariance, mean_variance) = sums.covariance(n);
		if mean_variance <= 0.0 {
			return Err(Error::Constant);
		}
		let fits = LAMBDAS.par_iter().map(|lambda| {
			let mut damped = covariance.clone();
			for i in 0..n {
				damped[i * n + i] += mean_variance * f64::from(*lambda).exp2();
			}
			let factor = cholesky(&damped, n).ok_or(Error::Constant)?;
			let skip = sums.quantise(&factor, n, m).ok_or(Error::Unit)?;
			let net = Net {
				window,
				in_shift,
				skip: Some(skip),
				layers: Vec::new(),
			};
			let measure = data.measure(&Model::Net(net.clone()));
			let linear = Self {
				net,
				lambda: *lambda,
				validation_error: total(&measure.validation),
			};
			Ok((data.fitness(&measure), linear))
		});
		let fits: Vec<_> = fits.collect::<Result<_, Error>>()?;
		let best = fits.into_iter().min_by_key(|(fitness, _)| *fitness).ok_or(Error::Constant)?;
		Ok(best.1)
	}
}

impl Sums {
	fn new(data: &TrainingSet, n: usize, m: usize, in_shift: i8) -> Self {
		let (fit, all) = (data.fit_len(), data.fit_len() + data.inner_len());
		let window = |at: usize| {
			if at < fit {
				data.fit_window(at)
			} else {
				data.inner_window(at - fit)
			}
		};
		let stride = padded(n);
		let empty = || Sums {
			count: 0,
			x: vec![0; n],
			y: vec![0; m],
			xx: vec![0; n * n],
			xy: vec![0; m * n],
		};
		let blocks = (0..all).step_by(BLOCK).collect::<Vec<_>>();
		let sum_block = |mut sums: Sums, start: &usize| {
			let block = *start..all.min(start + BLOCK);
			let mut rows = vec![0i16; block.len() * stride];
			for (row, at) in rows.chunks_exact_mut(stride).zip(block) {
				let (history, future) = window(at);
				let x = &mut row[..n];
				differences(in_shift, history, x);
				let last = i64::from(history.last().copied().unwrap_or(0));
				sums.count += 1;
				for (sum, x) in sums.x.iter_mut().zip(&*x) {
					*sum += i64::from(*x);
				}
				for ((sum, products), value) in sums.y.iter_mut().zip(sums.xy.chunks_exact_mut(n)).zip(future) {
					let y = ((i64::from(*value) - last) << OUT_FRAC).clamp(-MAX_TARGET, MAX_TARGET);
					*sum += y;
					for (product, x) in products.iter_mut().zip(&*x) {
						*product += y * i64::from(*x);
					}
				}
			}
			let turned_stride = padded(rows.len() / stride);
			let mut turned = vec![0i16; n * turned_stride];
			transpose(&rows, stride, n, &mut turned);
			let mut squares = vec![0i32; n * n];
			products(&turned, &turned, turned_stride, &mut squares);
			for (sum, square) in sums.xx.iter_mut().zip(squares) {
				*sum += i64::from(square);
			}
			sums
		};
		blocks.par_iter().fold(empty, sum_block).reduce(empty, |mut a, b| {
			a.count += b.count;
			let add = |a: &mut [i64], b: &[i64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
			add(&mut a.x, &b.x);
			add(&mut a.y, &b.y);
			add(&mut a.xx, &b.xx);
			add(&mut a.xy, &b.xy);
			a
		})
	}

	/// Exact `Σab − Σa·Σb / count`.
	fn centred(&self, product: i64, a: i64, b: i64) -> f64 {
		let count = i128::from(self.count);
		((i128::from(product) * count - i128::from(a) * i128::from(b)) as f64) / count as f64
	}

	/// Covariances of the inputs, and the mean of their variances, both times the number of windows.
	fn covariance(&self, n: usize) -> (Vec<f64>, f64) {
		let entry = |at: usize| self.centred(self.xx[at], self.x[at / n], self.x[at % n]);
		let covariance: Vec<f64> = (0..n * n).map(entry).collect();
		let mean = (0..n).map(|i| covariance[i * n + i]).sum::<f64>() / n as f64;
		(covariance, mean)
	}

	/// The solution under Cholesky factor `l`, rounded to a layer; `None` if its weights are too large.
	fn quantise(&self, l: &[f64], n: usize, m: usize) -> Option<Layer> {
		let rows: Vec<Vec<f64>> = (0..m)
			.map(|h| {
				let mut row: Vec<f64> = (0..n)
					.map(|i| self.centred(self.xy[h * n + i], self.x[i], self.y[h]))
					.collect();
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
			let explained: f64 = rounded.iter().zip(&self.x).map(|(w, x)| f64::from(*w) * *x as f64).sum();
			bias.push(((*y as f64 * scale - explained) / self.count as f64).round() as i32);
			weights.extend(rounded);
		}
		Layer {
			inputs: n as u16,
			outputs: rows.len() as u16,
			shift,
			weights,
			bias,
		}
	}
}
