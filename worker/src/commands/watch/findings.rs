//! Bits that were found on a domain: by which family of models, and how many may be left.

use doin_compute::Family;
use doin_primitives::{ONE_Q32, Q32};
use doin_scoring::Model;
use std::collections::BTreeMap;

/// Progress of a domain, by the family of the champion that made it.
#[derive(Debug, Default)]
pub struct Findings {
	/// High-water mark that was seen last, Q32 bits; `None` before the first look.
	high_water: Option<Q32>,
	/// Bits that were found before the first look, by which families is not known, and bits since.
	by_family: BTreeMap<&'static str, Q32>,
}

/// Name of the bits that were found before the first look.
const EARLIER: &str = "earlier";

/// Returns the family of a model: that of a net, or `linear`.
pub fn family_of(model: &Model) -> &'static str {
	match model {
		Model::Net(net) if net.layers.is_empty() => "linear",
		Model::Net(net) => Family::of(net).name(),
		Model::RepeatLast | Model::Seasonal | Model::Point(_) | Model::Constant(_) => "baseline",
	}
}

/// Returns the bits between two mean errors, or `None` if the smaller one is 0, so that nothing can be said.
pub fn bits_between(error: f64, smaller: f64) -> Option<f64> {
	(error > 0.0 && smaller > 0.0).then(|| (error / smaller).log2().max(0.0))
}

impl Findings {
	/// Records the high-water mark of a domain whose champion is of this family. A mark that was reset begins the count anew.
	pub fn record(&mut self, high_water: Q32, family: &'static str) {
		let known = self.high_water.replace(high_water).filter(|known| high_water >= *known);
		if known.is_none() {
			self.by_family.clear();
		}
		let (more, family) = known.map_or((high_water, EARLIER), |known| (high_water - known, family));
		if more > 0 {
			*self.by_family.entry(family).or_default() += more;
		}
	}

	/// Returns the bits found as text, e.g. `bits found 1.62 (mlp 1.10, linear 0.52), left ≈ 0.9`. `left` are the bits that may be left.
	pub fn describe(&self, left: Option<f64>) -> String {
		let mut families: Vec<_> = self.by_family.iter().map(|(name, bits)| (*bits, *name)).collect();
		families.sort_unstable_by(|a, b| b.cmp(a));
		let shown = |bits: Q32| format!("{:.2}", bits as f64 / ONE_Q32 as f64);
		let parts: Vec<String> = families.into_iter().map(|(bits, name)| format!("{name} {}", shown(bits))).collect();
		let by_family = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
		let left = left.map_or(String::new(), |left| format!(", left ≈ {left:.1}"));
		format!("bits found {}{by_family}{left}", shown(self.high_water.unwrap_or_default()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{Encoder, Layer, Net};

	#[test]
	fn bits_are_counted_for_the_family_that_found_them() {
		let mut findings = Findings::default();
		assert_eq!(findings.describe(None), "bits found 0.00");
		findings.record(0, "baseline");
		findings.record(52 * (ONE_Q32 / 100), "linear");
		findings.record(52 * (ONE_Q32 / 100), "mlp");
		findings.record(162 * (ONE_Q32 / 100), "mlp");
		assert_eq!(findings.describe(Some(0.93)), "bits found 1.62 (mlp 1.10, linear 0.52), left ≈ 0.9");
		assert_eq!(findings.describe(None), "bits found 1.62 (mlp 1.10, linear 0.52)", "of a series, nothing is claimed");
	}

	#[test]
	fn what_was_found_before_the_first_look_belongs_to_no_family() {
		let mut findings = Findings::default();
		findings.record(ONE_Q32, "mlp");
		assert_eq!(findings.describe(None), "bits found 1.00 (earlier 1.00)");
		findings.record(3 * (ONE_Q32 / 2), "mlp");
		assert_eq!(findings.describe(None), "bits found 1.50 (earlier 1.00, mlp 0.50)");
		// The domain found a new start, after which bits are counted from 0.
		findings.record(ONE_Q32 / 4, "mlp");
		assert_eq!(findings.describe(None), "bits found 0.25 (earlier 0.25)");
	}

	#[test]
	fn a_net_without_layers_is_linear() {
		let layer = Layer { inputs: 1, outputs: 1, shift: 1, weights: vec![1], bias: vec![0] };
		let linear = Net { window: 1, in_shifts: vec![0], skip: Some(layer.clone()), encoder: Encoder::None, layers: Vec::new() };
		let deep = Net { layers: vec![layer.clone(), layer], ..linear.clone() };
		assert_eq!(
			[Model::Net(linear), Model::Net(deep), Model::Seasonal].map(|model| family_of(&model)),
			["linear", "mlp", "baseline"]
		);
	}

	#[test]
	fn bits_are_halvings_of_an_error() {
		assert_eq!(bits_between(0.4, 0.1), Some(2.0));
		assert_eq!(bits_between(0.1, 0.4), Some(0.0));
		assert_eq!(bits_between(0.1, 0.0), None);
	}
}
