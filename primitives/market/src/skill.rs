//! Skill of a forecast against the reference.

use crate::{Error, Signed, ONE};

/// Returns the skill `clamp((e₀² − e²)/ē², −1, 1)` of a forecast with the error `error`, rounded down. `reference` is e₀², the
/// error of the reference in the same round. `average` is ē², the average of e₀² when the round opened; 0 counts as the
/// smallest error.
///
/// The reference has a skill of exactly 0. Exact for errors below 2⁹⁵; above, the difference saturates.
///
/// ```
/// use doin_market::{skill, ONE};
/// assert_eq!(skill(400, 400, 800), 0);
/// assert_eq!(skill(400, 200, 800), ONE / 4);
/// assert_eq!(skill(400, 4_000, 800), -ONE);
/// ```
pub fn skill(reference: Error, error: Error, average: Error) -> Signed {
	let signed = |error: Error| i128::try_from(error).unwrap_or(i128::MAX);
	let difference = signed(reference).saturating_sub(signed(error)).saturating_mul(ONE.into());
	let skill = difference.checked_div_euclid(signed(average.max(1))).unwrap_or(0);
	skill.clamp(ONE.saturating_neg().into(), ONE.into()) as Signed
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn skills_end_at_one_on_both_sides() {
		assert_eq!(skill((1 << 80) - 1, 0, 0), ONE);
		assert_eq!(skill(0, (1 << 80) - 1, 0), -ONE);
		assert_eq!(skill(u128::MAX, 0, u128::MAX), 1, "errors that cannot occur saturate");
		assert_eq!(skill(5, 5, 0), 0);
		assert_eq!(skill(0, 1, 1 << 79), -1, "rounded down");
		assert_eq!(skill(1, 0, 1 << 79), 0, "rounded down");
	}
}
