//! Back-ends: the products of exact integer training, on whatever instructions the processor has. All give equal bits.
//!
//! Products of 12-bit numbers are summed modulo 2³², so the order of a sum does not matter, and everything else is done lane by lane. The
//! kernels are written once, in `tiles.rs` and `conv.rs`, over the few operations of the trait in `lanes.rs`; a back-end supplies those.
//! `scalar.rs` is written without them, value by value, and the others are tested against it. Training in bytes has the same parts:
//! `bytes.rs`, `quarters.rs` and `scalar_bytes.rs`.
//!
//! A process takes the fastest back-end of its processor; the environment variable `DOIN_BACKEND` names another one.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub mod byte_layout;
#[cfg(test)]
mod byte_tests;
mod bytes;
#[cfg(test)]
mod cell_tests;
mod cells;
mod conv;
pub mod gates;
mod halves;
mod lanes;
pub mod layout;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod portable;
mod quarters;
pub(crate) mod scalar;
mod scalar_bytes;
mod scalar_cells;
pub mod steps;
#[cfg(test)]
mod tests;
mod tiles;
#[cfg(target_arch = "x86_64")]
mod vnni;

pub use cells::MAX_EXPONENT;
pub use tiles::{GRADIENT_BITS, UNIT};

use crate::Error;
use byte_layout::{BytePanels, ByteQuads, ByteTiles, ByteWeights};
use gates::{Shape, Trace};
use layout::{Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, ROWS, TILE};
use std::fmt::{self, Debug, Formatter};
use steps::Taps;

/// All kernels, whatever file they are in.
mod kernels {
	pub use super::{bytes::*, cells::*, conv::*, tiles::*};
}

/// The environment variable that names a back-end.
pub const VARIABLE: &str = "DOIN_BACKEND";

/// What a trainer asks of a processor. Shapes are those of [`layout`]; `tiles` is the number of tiles of 64 samples that are filled.
pub trait Backend: Send + Sync {
	/// Its name, for people and for [`named`].
	fn name(&self) -> &'static str;

	/// A hidden layer: `y = clamp((W·x + b + 2^(shift−1)) >> shift, 0, 2047)`.
	fn activate(&self, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize);

	/// The last layer: `W·x + b`, one row of 16 blocks per output, padded to whole groups of four.
	fn accumulate(&self, layer: &Packed, x: &Tiles, sums: &mut [Block], tiles: usize);

	/// The same activations, neurons in lanes.
	fn turn(&self, x: &Tiles, panels: &mut Panels);

	/// Gradients of the absolute error: [`UNIT`] times the sign of `sums − targets · 2^shift`, for 1..=24 bits of shift.
	fn signs(&self, shift: u32, sums: &[Block], targets: &[Block], tiles: &mut Tiles, quads: &mut Quads);

	/// Gradients of the inputs of `layer` from those of its outputs: zero where `activations` are clamped, shifted right until the
	/// largest of the batch has [`GRADIENT_BITS`]. `raw` is room for them before that shift; `tiles` is left out where nothing is
	/// propagated further.
	fn propagate(
		&self,
		layer: &Dense,
		gradient: &Tiles,
		activations: &Tiles,
		raw: &mut Vec<[Block; TILE]>,
		tiles: Option<&mut Tiles>,
		quads: &mut Quads,
	);

	/// One step of [`crate::lion`] for weights and biases, which are then rounded for the next forward pass.
	fn update(&self, layer: &mut Dense, gradient: &Quads, inputs: &Panels, rate: i32, decay: u8);

	/// Products of rows with columns over a batch: for each group of four rows, for each block of columns, four blocks of sums.
	fn gram(&self, rows: &Quads, columns: &Panels, sums: &mut [[Block; ROWS]]);

	/// The first [`BATCH`] words of a stream of Philox numbers with the [words](doin_scoring::philox::Key::words) of its key.
	fn words(&self, key: [u32; 3], step: u64, words: &mut [u32; BATCH]);

	/// Inputs and targets of a batch, the targets in 2^−OUT_FRAC raw units less the last value known. Differences of values must stay
	/// below 2²⁶; others are loaded one by one.
	fn gather(&self, places: &Places, tiles: &mut Tiles, panels: &mut Panels, targets: &mut [Block], count: usize);

	/// Takes requantised sums from targets: `targets −= (sums + 2^(shift−1)) >> shift`.
	fn deduct(&self, targets: &mut [Block], sums: &[Block], shift: u32);

	/// The sum of `|((sums + 2^(shift−1)) >> shift) − targets|`, each below 2²⁰, over `outputs` rows and the first `count` samples.
	fn errors(&self, shift: u32, sums: &[Block], targets: &[Block], outputs: usize, count: usize) -> u64;

	/// What each output of a convolution of one channel reads: `x` has one step per neuron, `y` one step of `taps.kernel` channels per
	/// output.
	fn patches(&self, taps: &Taps, x: &Tiles, y: &mut Tiles, tiles: usize);

	/// A convolution: [`Backend::activate`] with one layer for all steps.
	fn convolve(&self, taps: &Taps, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize);

	/// [`Backend::propagate`] for a convolution.
	fn convolve_back(
		&self,
		taps: &Taps,
		layer: &Dense,
		gradient: &Tiles,
		activations: &Tiles,
		raw: &mut Vec<[Block; TILE]>,
		tiles: Option<&mut Tiles>,
		quads: &mut Quads,
	);

	/// [`Backend::update`] for a convolution of `x`. The gradient of a weight is the sum over all outputs of the sum over the batch, each
	/// of the latter shifted right, with rounding, by [`Taps::bits`], so that it stays within 2³⁰ however many outputs there are. `sums` is
	/// room for them.
	fn convolve_update(
		&self,
		taps: &Taps,
		layer: &mut Dense,
		gradient: &Quads,
		x: &Tiles,
		sums: &mut Vec<[Block; ROWS]>,
		rate: i32,
		decay: u8,
	);

	/// Runs tile `tile` of windows through all steps of a cell. Its last outputs end up in `h`; what gradients need, in `trace`.
	fn cell_forward(&self, shape: &Shape, gates: &Packed, x: &Tiles, tile: usize, trace: &mut Trace, h: &mut Tiles);

	/// Goes back through all steps of a tile that [`Backend::cell_forward`] has just left in `trace`: adds the gradients of all weights,
	/// from those of what `head` made of the last outputs, to [`gates::sums`].
	///
	/// Gradients of a step have mantissas of [`Shape::gradient_bits`] and one exponent; sums are shifted right by
	/// [`Shape::sum_shift`].
	fn cell_backward(
		&self,
		shape: &Shape,
		gates: &Dense,
		head: &Dense,
		x: &Tiles,
		gradient: &Tiles,
		tile: usize,
		trace: &mut Trace,
		sums: &mut [[Block; ROWS]],
	);

	/// One step of [`crate::lion`] for the weights of a cell, which are then rounded for the next forward pass. Leaves `sums` zero.
	fn cell_update(&self, shape: &Shape, gates: &mut Dense, sums: &mut [[Block; ROWS]], rate: i32, decay: u8);

	/// Rounds masters of weights and biases to what forward passes in 12 bits use.
	fn round(&self, layer: &mut Dense);

	/// The values of a batch in bytes, for fewer than 16 bits of shift: `y = clamp((x + 2^(shift−1)) >> shift, −128, 127) + 128`, padding
	/// included.
	fn to_bytes(&self, shift: u32, x: &Tiles, y: &mut ByteTiles);

	/// [`Backend::gather`] of a whole batch in bytes: inputs are those shifted right by [`byte_layout::INPUT_SHIFT`], with rounding.
	fn gather_bytes(&self, places: &Places, tiles: &mut ByteTiles, panels: &mut BytePanels, targets: &mut [Block]);

	/// The values of a batch with their signs, `x − 128`, four neurons side by side.
	fn byte_quads(&self, x: &ByteTiles, quads: &mut ByteQuads);

	/// The same values, neurons in lanes.
	fn turn_bytes(&self, x: &ByteTiles, panels: &mut BytePanels);

	/// A hidden layer over a batch: `y = clamp((W·x + b + 2^(shift−1)) >> shift, 0, 255)`.
	fn activate_bytes(&self, layer: &ByteWeights, x: &ByteTiles, y: &mut ByteTiles);

	/// The last layer over a batch: `W·x + b` at the scale of [`Backend::accumulate`].
	fn accumulate_bytes(&self, layer: &ByteWeights, x: &ByteTiles, sums: &mut [Block]);

	/// Gradients of the inputs of `layer` from those of its outputs: shifted right by `shift`, clamped to −128..=127, and zero where
	/// `activations` are clamped; `tiles` is left out where nothing is propagated further. Returns the bits of all magnitudes after the
	/// shift, of at most 2¹⁵ each, whatever the activations: see [`byte_layout::next_shift`].
	fn propagate_bytes(
		&self,
		layer: &ByteWeights,
		gradient: &ByteTiles,
		activations: &ByteTiles,
		shift: u32,
		tiles: Option<&mut ByteTiles>,
		quads: &mut ByteQuads,
	) -> u32;

	/// [`Backend::update`] of the masters, momenta and biases of `layer`, which are then rounded to `weights`. What `layer` has for
	/// passes in 12 bits stays as it was.
	fn update_bytes(
		&self,
		layer: &mut Dense,
		weights: &mut ByteWeights,
		gradient: &ByteQuads,
		inputs: &BytePanels,
		rate: i32,
		decay: u8,
	);
}

impl Debug for dyn Backend {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		f.write_str(self.name())
	}
}

/// Implements [`Backend`] for a type of `Lanes`: the kernels, compiled for the instructions it needs.
macro_rules! backend {
	($lanes:ty, $name:literal $(, $features:literal)?) => {
		backend!(@impl $lanes, $name, [$($features)?]
			activate(layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize) -> ();
			accumulate(layer: &Packed, x: &Tiles, sums: &mut [Block], tiles: usize) -> ();
			turn(x: &Tiles, panels: &mut Panels) -> ();
			signs(shift: u32, sums: &[Block], targets: &[Block], tiles: &mut Tiles, quads: &mut Quads) -> ();
			propagate(
				layer: &Dense,
				gradient: &Tiles,
				activations: &Tiles,
				raw: &mut Vec<[Block; TILE]>,
				tiles: Option<&mut Tiles>,
				quads: &mut Quads
			) -> ();
			update(layer: &mut Dense, gradient: &Quads, inputs: &Panels, rate: i32, decay: u8) -> ();
			gram(rows: &Quads, columns: &Panels, sums: &mut [[Block; ROWS]]) -> ();
			words(key: [u32; 3], step: u64, words: &mut [u32; BATCH]) -> ();
			gather(places: &Places, tiles: &mut Tiles, panels: &mut Panels, targets: &mut [Block], count: usize) -> ();
			deduct(targets: &mut [Block], sums: &[Block], shift: u32) -> ();
			errors(shift: u32, sums: &[Block], targets: &[Block], outputs: usize, count: usize) -> u64;
			patches(taps: &Taps, x: &Tiles, y: &mut Tiles, tiles: usize) -> ();
			convolve(taps: &Taps, layer: &Packed, x: &Tiles, y: &mut Tiles, tiles: usize) -> ();
			convolve_back(
				taps: &Taps,
				layer: &Dense,
				gradient: &Tiles,
				activations: &Tiles,
				raw: &mut Vec<[Block; TILE]>,
				tiles: Option<&mut Tiles>,
				quads: &mut Quads
			) -> ();
			convolve_update(
				taps: &Taps,
				layer: &mut Dense,
				gradient: &Quads,
				x: &Tiles,
				sums: &mut Vec<[Block; ROWS]>,
				rate: i32,
				decay: u8
			) -> ();
			cell_forward(shape: &Shape, gates: &Packed, x: &Tiles, tile: usize, trace: &mut Trace, h: &mut Tiles) -> ();
			cell_backward(
				shape: &Shape,
				gates: &Dense,
				head: &Dense,
				x: &Tiles,
				gradient: &Tiles,
				tile: usize,
				trace: &mut Trace,
				sums: &mut [[Block; ROWS]]
			) -> ();
			cell_update(shape: &Shape, gates: &mut Dense, sums: &mut [[Block; ROWS]], rate: i32, decay: u8) -> ();
			round(layer: &mut Dense) -> ();
			to_bytes(shift: u32, x: &Tiles, y: &mut ByteTiles) -> ();
			gather_bytes(places: &Places, tiles: &mut ByteTiles, panels: &mut BytePanels, targets: &mut [Block]) -> ();
			byte_quads(x: &ByteTiles, quads: &mut ByteQuads) -> ();
			turn_bytes(x: &ByteTiles, panels: &mut BytePanels) -> ();
			activate_bytes(layer: &ByteWeights, x: &ByteTiles, y: &mut ByteTiles) -> ();
			accumulate_bytes(layer: &ByteWeights, x: &ByteTiles, sums: &mut [Block]) -> ();
			propagate_bytes(
				layer: &ByteWeights,
				gradient: &ByteTiles,
				activations: &ByteTiles,
				shift: u32,
				tiles: Option<&mut ByteTiles>,
				quads: &mut ByteQuads
			) -> u32;
			update_bytes(
				layer: &mut Dense,
				weights: &mut ByteWeights,
				gradient: &ByteQuads,
				inputs: &BytePanels,
				rate: i32,
				decay: u8
			) -> ();
		);
	};
	(@impl $lanes:ty, $name:literal, $features:tt $($method:ident($($argument:ident: $type:ty),*) -> $out:ty;)*) => {
		impl Backend for $lanes {
			fn name(&self) -> &'static str {
				$name
			}
			$(backend!(@method $features $method($($argument: $type),*) -> $out);)*
		}
	};
	(@method [] $method:ident($($argument:ident: $type:ty),*) -> $out:ty) => {
		fn $method(&self, $($argument: $type),*) -> $out {
			kernels::$method(*self, $($argument),*)
		}
	};
	(@method [$features:literal] $method:ident($($argument:ident: $type:ty),*) -> $out:ty) => {
		fn $method(&self, $($argument: $type),*) -> $out {
			#[target_feature(enable = $features)]
			fn run(lanes: impl Quarters, $($argument: $type),*) -> $out {
				kernels::$method(lanes, $($argument),*)
			}
			// SAFETY: a value of this type exists only where the processor has these features.
			unsafe { run(*self, $($argument),*) }
		}
	};
}
use backend;

/// The back-ends of this processor, the fastest first.
pub fn available() -> Vec<&'static dyn Backend> {
	let mut all: Vec<&'static dyn Backend> = Vec::new();
	#[cfg(target_arch = "x86_64")]
	{
		all.extend(vnni::Vnni::get().map(|backend| backend as &dyn Backend));
		all.extend(avx2::Avx2::get().map(|backend| backend as &dyn Backend));
	}
	#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
	all.push(&neon::Neon);
	all.push(&portable::Portable);
	all.push(&scalar::Scalar);
	all
}

/// The back-end called `name`.
pub fn named(name: &str) -> Result<&'static dyn Backend, Error> {
	let all = available();
	let found = all.iter().find(|backend| backend.name() == name).copied();
	found.ok_or_else(|| Error::Backend(name.into(), all.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", ")))
}

/// The back-end that [`VARIABLE`] names, or else the fastest one.
pub fn detect() -> Result<&'static dyn Backend, Error> {
	match std::env::var(VARIABLE) {
		Ok(name) if !name.is_empty() => named(&name),
		_ => Ok(available()[0]),
	}
}
