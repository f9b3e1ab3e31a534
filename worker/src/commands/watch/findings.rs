//! Bits of a domain: those that were found, by which family of models, those that are carried, and those that may be left.

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
		Model::Opaque(bytes) if !bytes.is_empty() => "program",
		Model::Genome(_) => "genome",
		Model::RepeatLast | Model::Seasonal | Model::Point(_) | Model::Constant(_) | Model::Opaque(_) => "baseline",
	}
}

/// Returns the bits between two mean errors, or `None` if the smaller one is 0, so that nothing can be said.
pub fn bits_between(error: f64, smaller: f64) -> Option<f64> {
	(error > 0.0 && smaller > 0.0).then(|| (error / smaller).log2().max(0.0))
}

impl Findings {
	/// Records the high-water mark of a domain whose champion is of this family. A mark that has fallen begins the count anew, except
	/// one that decays, whose families keep their parts of it.
	pub fn record(&mut self, high_water: Q32, family: &'static str, decays: bool) {
		let mut known = self.high_water.replace(high_water);
		if let Some(former) = known.filter(|former| decays && high_water < *former) {
			self.by_family.values_mut().for_each(|bits| *bits = scaled(*bits, high_water, former));
			self.by_family.retain(|_, bits| *bits > 0);
			known = Some(self.by_family.values().sum());
		}
		let known = known.filter(|known| high_water >= *known);
		if known.is_none() {
			self.by_family.clear();
		}
		let (more, family) = known.map_or((high_water, EARLIER), |known| (high_water - known, family));
		if more > 0 {
			*self.by_family.entry(family).or_default() += more;
		}
	}

	/// Returns the bits as text, e.g. `bits found 1.62 (mlp 1.10, linear 0.52), carried 0.50, left ≈ 0.93 of 3.05`.
	///
	/// The high-water mark has what was found and counts as paid; `carried` bits of the champion are above it, and later rounds pay
	/// them. `all` are the bits from the initial champion to the least error that models may reach, of which the rest is left to
	/// find, or, as far as the champion has it already, lost. What is found, carried and left adds up as it is printed. The bits of each
	/// family are rounded by themselves, so those of all families may differ from what is found by some hundredths.
	pub fn describe(&self, carried: Q32, all: Option<f64>) -> String {
		let mut families: Vec<_> = self.by_family.iter().map(|(name, bits)| (*bits, *name)).collect();
		families.sort_unstable_by(|a, b| b.cmp(a));
		let parts: Vec<String> = families.into_iter().map(|(bits, name)| format!("{name} {}", shown(hundredths(bits)))).collect();
		let by_family = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
		let (found, carried) = (hundredths(self.high_water.unwrap_or_default()), hundredths(carried));
		let rest = all.map_or(String::new(), |all| {
			let all = ((all * 100.0).round() as u64).max(found + carried);
			format!(", left ≈ {} of {}", shown(all - found - carried), shown(all))
		});
		let carried = if carried > 0 { format!(", carried {}", shown(carried)) } else { String::new() };
		format!("bits found {}{by_family}{carried}{rest}", shown(found))
	}
}

/// Returns bits in hundredths, rounded.
fn hundredths(bits: Q32) -> u64 {
	(bits as f64 / ONE_Q32 as f64 * 100.0).round() as u64
}

/// Returns hundredths of bits as text.
fn shown(hundredths: u64) -> String {
	format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Returns `bits · to / from`, rounded down; `from` is not 0.
fn scaled(bits: Q32, to: Q32, from: Q32) -> Q32 {
	(u128::from(bits) * u128::from(to) / u128::from(from).max(1)) as Q32
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::{Encoder, Layer, Net};

	#[test]
	fn bits_are_counted_for_the_family_that_found_them() {
		let findings = found();
		assert_eq!(findings.describe(0, Some(2.55)), "bits found 1.62 (mlp 1.10, linear 0.52), left ≈ 0.93 of 2.55");
		assert_eq!(findings.describe(0, None), "bits found 1.62 (mlp 1.10, linear 0.52)", "of a series, nothing is claimed");
	}

	#[test]
	fn found_carried_and_left_bits_add_up() {
		let text = found().describe(ONE_Q32 / 2, Some(3.05));
		assert_eq!(text, "bits found 1.62 (mlp 1.10, linear 0.52), carried 0.50, left ≈ 0.93 of 3.05");
		assert_eq!(found().describe(ONE_Q32 / 2, None), "bits found 1.62 (mlp 1.10, linear 0.52), carried 0.50");
		// The least error is a guess, which a champion may undercut.
		let beyond = found().describe(2 * ONE_Q32, Some(3.05));
		assert!(beyond.ends_with("carried 2.00, left ≈ 0.00 of 3.62"), "{beyond}");
		let numbers = |text: &str| -> Vec<f64> {
			let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|word| word.contains('.'));
			words.map(|word| word.parse().unwrap()).collect()
		};
		for (carried, all) in [(ONE_Q32 / 3, 2.345), (ONE_Q32 / 7, 9.999), (1, 1.626), (ONE_Q32 - 1, 2.7)] {
			let text = Findings { high_water: Some(ONE_Q32 / 3), ..Findings::default() }.describe(carried, Some(all));
			let [parts @ .., sum] = &numbers(&text)[..] else { panic!("{text}") };
			assert!((parts.iter().sum::<f64>() - sum).abs() < 1e-9, "{text}");
		}
	}

	#[test]
	fn a_mark_that_decays_keeps_the_parts_of_its_families() {
		let mut findings = found();
		findings.record(81 * (ONE_Q32 / 100), "mlp", true);
		assert_eq!(findings.describe(0, None), "bits found 0.81 (mlp 0.55, linear 0.26)");
		findings.record(91 * (ONE_Q32 / 100), "lstm", true);
		assert_eq!(findings.describe(0, None), "bits found 0.91 (mlp 0.55, linear 0.26, lstm 0.10)");
		findings.record(0, "lstm", true);
		findings.record(ONE_Q32 / 2, "lstm", true);
		assert!(findings.describe(0, None).starts_with("bits found 0.50 (lstm 0.50"));
	}

	/// Returns what was found by two families, 1.62 bits.
	fn found() -> Findings {
		let mut findings = Findings::default();
		assert_eq!(findings.describe(0, None), "bits found 0.00");
		findings.record(0, "baseline", false);
		findings.record(52 * (ONE_Q32 / 100), "linear", false);
		findings.record(52 * (ONE_Q32 / 100), "mlp", false);
		findings.record(162 * (ONE_Q32 / 100), "mlp", false);
		findings
	}

	#[test]
	fn what_was_found_before_the_first_look_belongs_to_no_family() {
		let mut findings = Findings::default();
		findings.record(ONE_Q32, "mlp", false);
		assert_eq!(findings.describe(0, None), "bits found 1.00 (earlier 1.00)");
		findings.record(3 * (ONE_Q32 / 2), "mlp", false);
		assert_eq!(findings.describe(0, None), "bits found 1.50 (earlier 1.00, mlp 0.50)");
		// The domain found a new start, after which bits are counted from 0.
		findings.record(ONE_Q32 / 4, "mlp", false);
		assert_eq!(findings.describe(0, None), "bits found 0.25 (earlier 0.25)");
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
