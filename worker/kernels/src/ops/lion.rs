//! The Lion optimizer in integers, on vectors. [`doin_training::lion`] defines it.
//!
//! Lion is not an operation of its own: every weight update computes a gradient in registers and applies the step there.

use crate::{layout::Block, simd::SimdI32};

pub use doin_training::lion::{
	bias, step, weight, Parameters, StepSize, ACC_FRAC, ACT_FRAC, BETA_1, BETA_2, MASTER_FRAC, MAX_BIAS, MAX_DECAY,
	MAX_RATE_SHIFT, MAX_WEIGHT, WEIGHT_FRAC,
};

/// Makes one step of sixteen masters of weights with their momenta against gradients `g`, and returns the masters.
#[inline(always)]
pub(crate) fn step_lanes<S: SimdI32>(s: S, masters: &mut Block, momenta: &mut Block, g: S::V, size: StepSize) -> S::V {
	let rate = s.splat(size.rate);
	let (p, m) = (s.load(masters), s.load(momenta));
	let u = s.add(s.sub(m, s.shr(m, BETA_1)), s.shr(g, BETA_1));
	let fall = s.shr(s.mul(s.shr(p, 8), rate), 12 - u32::from(size.decay.min(MAX_DECAY)));
	let p = s.sub(s.step_against_sign(p, u, rate), fall);
	let p = s.min(s.max(p, s.splat(-MAX_WEIGHT)), s.splat(MAX_WEIGHT));
	let m = s.add(m, s.shr(s.sub(g, m), BETA_2));
	s.store(masters, p);
	s.store(momenta, m);
	p
}
