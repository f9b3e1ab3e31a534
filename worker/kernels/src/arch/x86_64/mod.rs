//! x86-64: AVX2, AVX2 with VNNI, and AVX-512 with VNNI.

pub mod avx2;
pub mod avx512_vnni;
pub mod avx_vnni;

use doin_scoring::activation;

/// Table of a sigmoid or hyperbolic tangent: the value at the start of each of its 128 intervals, and the rise over the interval.
#[repr(C, align(64))]
struct Table {
	values: [i16; 128],
	rises: [i16; 128],
}

impl Table {
	const fn new(values: &[i16; activation::ENTRIES]) -> Self {
		let mut table = Self { values: [0; 128], rises: [0; 128] };
		let mut at = 0;
		while at < 128 {
			table.values[at] = values[at];
			table.rises[at] = values[at + 1] - values[at];
			at += 1;
		}
		table
	}
}

static SIGMOID: Table = Table::new(&activation::SIGMOID);
static TANH: Table = Table::new(&activation::TANH);
