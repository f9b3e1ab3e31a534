//! Cholesky factorisation in `f64`, row by row, without fused or reordered operations, so results have equal bits on every IEEE
//! 754 machine. A library would choose instructions, and with them roundings, by processor.

/// Returns the lower factor L of the positive definite `n × n` matrix `a` (row-major, lower half read), or `None` if `a` is not
/// positive definite.
pub fn cholesky(a: &[f64], n: usize) -> Option<Vec<f64>> {
	let mut l = vec![0.0; n * n];
	for i in 0..n {
		let (above, row) = l.split_at_mut(i * n);
		for j in 0..i {
			let other = &above[j * n..j * n + j + 1];
			row[j] = (a[i * n + j] - dot(&row[..j], &other[..j])) / other[j];
		}
		let pivot = a[i * n + i] - dot(&row[..i], &row[..i]);
		if pivot.is_nan() || pivot <= 0.0 {
			return None;
		}
		row[i] = pivot.sqrt();
	}
	Some(l)
}

/// Solves `L Lᵀ x = b` in place.
pub fn solve(l: &[f64], n: usize, x: &mut [f64]) {
	for i in 0..n {
		x[i] = (x[i] - dot(&l[i * n..i * n + i], &x[..i])) / l[i * n + i];
	}
	for i in (0..n).rev() {
		x[i] /= l[i * n + i];
		let value = x[i];
		for (x, l) in x[..i].iter_mut().zip(&l[i * n..i * n + i]) {
			*x -= value * l;
		}
	}
}

/// Computes a dot product in eight interleaved sums, which a compiler can keep in vector registers without reordering operations.
fn dot(a: &[f64], b: &[f64]) -> f64 {
	let mut sums = [0.0; 8];
	let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
	let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
	for (a, b) in a_chunks.zip(b_chunks) {
		for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
			*sum += a * b;
		}
	}
	sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_solution_satisfies_its_equations() {
		let n = 19;
		let a: Vec<f64> = (0..n * n)
			.map(|at| {
				let (i, j) = (at / n, at % n);
				if i == j {
					n as f64
				} else {
					((i * j) as f64).sin()
				}
			})
			.collect();
		let b: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
		let l = cholesky(&a, n).unwrap();
		let mut x = b.clone();
		solve(&l, n, &mut x);
		for i in 0..n {
			let product: f64 = (0..n).map(|j| a[i * n + j] * x[j]).sum();
			assert!((product - b[i]).abs() < 1e-12);
		}
		assert_eq!(cholesky(&[1.0, 0.0, 2.0, 1.0], 2), None);
	}
}
