//! Recurrent cells: a tile of 64 samples goes through all steps of a window, and its gradients go back through them.
//!
//! Back-propagation through time (Werbos, 1990) in integers: gates and states are Q15 in 16 bits, 32 at a time. The forward pass
//! reduces everything that the gradients of a unit need of a step to a few factors, so a step of the backward pass is little more
//! than a product for each factor. Gradients of a step are 16-bit mantissas that share one power-of-two exponent per tile, so
//! they neither vanish nor overflow.
//!
//! No vector is passed to a closure in these kernels: a closure does not inherit the instructions of the function around it, so
//! every operation inside would become a call through memory.

mod backward;
mod forward;
mod reference;
mod update;

pub use backward::{CellBackward, MAX_EXPONENT};
pub use forward::CellForward;
pub use update::CellUpdate;

use crate::{
	layout::TILE,
	simd::{both_halves, SimdI16},
};

/// Samples of a tile.
const SAMPLES: usize = TILE * crate::layout::LANES;

/// Computes 1 − v for a gate v.
#[inline(always)]
fn complement<S: SimdI16>(s: S, v: S::V) -> S::V {
	s.sub_i16(s.splat(both_halves(i16::MIN)), v)
}

/// Computes 1 − v² for a hyperbolic tangent v: its derivative.
#[inline(always)]
fn tanh_slope<S: SimdI16>(s: S, v: S::V) -> S::V {
	s.sub_i16(s.splat(both_halves(i16::MAX)), s.mul_q15(v, v))
}
