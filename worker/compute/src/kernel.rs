//! The one hot loop: products of 12-bit matrices with 32-bit sums.
//!
//! Forward passes, both gradients and the normal equations are products of rows with rows. Sums wrap, so their order does not matter and
//! every implementation gives the same bits.

/// Rows are padded with zeros to a multiple of this many values.
pub const LANES: usize = 16;

/// `len` padded to whole lanes.
pub fn padded(len: usize) -> usize {
	len.next_multiple_of(LANES)
}

/// `out[i · rows(b) + j] = Σₖ a[i, k] · b[j, k]` for matrices of rows of `stride` values, a multiple of [`LANES`].
pub fn products(a: &[i16], b: &[i16], stride: usize, out: &mut [i32]) {
	#[cfg(target_arch = "x86_64")]
	if std::arch::is_x86_feature_detected!("avx2") {
		// SAFETY: the processor has the one feature that the function asks for.
		unsafe { products_avx2(a, b, stride, out) };
		return;
	}
	products_anywhere(a, b, stride, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn products_avx2(a: &[i16], b: &[i16], stride: usize, out: &mut [i32]) {
	products_anywhere(a, b, stride, out);
}

#[inline(always)]
fn products_anywhere(a: &[i16], b: &[i16], stride: usize, out: &mut [i32]) {
	const TILE: usize = 4;
	let columns = b.len() / stride;
	for (a, out) in a.chunks_exact(stride).zip(out.chunks_exact_mut(columns)) {
		let mut tiles = b.chunks_exact(stride * TILE);
		let mut outs = out.chunks_exact_mut(TILE);
		for (tile, out) in (&mut tiles).zip(&mut outs) {
			let (b0, tile) = tile.split_at(stride);
			let (b1, tile) = tile.split_at(stride);
			let (b2, b3) = tile.split_at(stride);
			let mut sums = [0i32; TILE];
			for ((((a, b0), b1), b2), b3) in a.iter().zip(b0).zip(b1).zip(b2).zip(b3) {
				let a = i32::from(*a);
				sums[0] = sums[0].wrapping_add(a * i32::from(*b0));
				sums[1] = sums[1].wrapping_add(a * i32::from(*b1));
				sums[2] = sums[2].wrapping_add(a * i32::from(*b2));
				sums[3] = sums[3].wrapping_add(a * i32::from(*b3));
			}
			out.copy_from_slice(&sums);
		}
		for (b, out) in tiles.remainder().chunks_exact(stride).zip(outs.into_remainder()) {
			*out = a.iter().zip(b).fold(0, |sum: i32, (a, b)| sum.wrapping_add(i32::from(*a) * i32::from(*b)));
		}
	}
}

/// Transposes `rows` rows of `stride` values; `out` has one row of `padded(rows)` values for each of the first `columns` columns.
pub fn transpose(from: &[i16], stride: usize, columns: usize, out: &mut [i16]) {
	let rows = from.len() / stride;
	let out_stride = padded(rows);
	for (column, out) in out.chunks_exact_mut(out_stride).take(columns).enumerate() {
		for (value, row) in out.iter_mut().zip(from.chunks_exact(stride)) {
			*value = row[column];
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn products_are_dot_products(m in 1usize..9, n in 1usize..9, lanes in 1usize..5, seed: u64) {
			let stride = lanes * LANES;
			let mut state = seed;
			let mut values = |count: usize| -> Vec<i16> {
				(0..count).map(|_| {
					state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
					((state >> 33) % 4095) as i16 - 2047
				}).collect()
			};
			let (a, b) = (values(m * stride), values(n * stride));
			let mut out = vec![0; m * n];
			products(&a, &b, stride, &mut out);
			for i in 0..m {
				for j in 0..n {
					let dot: i64 = (0..stride).map(|k| i64::from(a[i * stride + k]) * i64::from(b[j * stride + k])).sum();
					prop_assert_eq!(i64::from(out[i * n + j]), dot);
				}
			}
			let mut turned = vec![0; stride * padded(m)];
			transpose(&a, stride, stride, &mut turned);
			for i in 0..m {
				for k in 0..stride {
					prop_assert_eq!(turned[k * padded(m) + i], a[i * stride + k]);
				}
			}
		}
	}
}
