//! Initial champion of a domain: the best simple model, which the owner hands in if it is linear.

use crate::csv::Note;
use doin_primitives::{
	domain::{ModelBytes, MAX_ACTIVATION_UNITS},
	DomainSpec,
};
use doin_scoring::Model;

/// A simple model and its error sum on the validation part.
#[derive(Clone, Copy, Debug)]
pub struct Simple<'a> {
	/// Name of the model.
	pub name: &'a str,
	/// The model itself.
	pub model: &'a Model,
	/// Error sum on the validation part.
	pub error: u64,
}

/// Initial champion of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initial {
	/// Name of the model.
	pub name: String,
	/// Linear model of the owner; `None` if the initial champion is a baseline of the chain.
	pub linear: Option<ModelBytes>,
}

/// Returns the initial champion: the linear model with the least error, if it errs less than the baselines of the chain. Adds a
/// note with the reason if there is a linear model that is not handed in.
///
/// The mean of ridges is not preferred: on smooth series with little noise it errs much more than a ridge, and nets would be paid
/// for the difference. Where the two are close, the choice by one validation part costs little (decision record 49).
pub fn initial(spec: &DomainSpec, models: &[Simple], notes: &mut Vec<Note>) -> Initial {
	let best = |is_linear: bool| {
		let of_kind = models.iter().filter(move |simple| matches!(simple.model, Model::Net(_)) == is_linear);
		of_kind.min_by_key(|simple| simple.error)
	};
	let (naive, linear) = (best(false), best(true));
	let name = naive.map_or(String::new(), |naive| naive.name.into());
	let Some(linear) = linear else { return Initial { name, linear: None } };
	let kept = format!("so {name} is the initial champion");
	let reason = if naive.is_some_and(|naive| naive.error <= linear.error) {
		Note::Info(format!("no linear model errs less than {name} on the validation part, {kept}"))
	} else if linear.error == 0 {
		// The chain refuses an initial champion that cannot be improved.
		Note::Warning(format!(
			"a linear model, {}, makes no error on the validation part, {kept}: the first candidate that fits it is paid for all of it",
			linear.name
		))
	} else if spec.activation_units(linear.model.macs()) > MAX_ACTIVATION_UNITS.into() {
		Note::Info(format!(
			"the linear model is too expensive to be scored at the activation, {kept}: a shorter validation part or fewer inputs make it \
			cheaper"
		))
	} else {
		// An admitted model has at most as many bytes as the type.
		match linear.model.to_bytes().try_into() {
			Ok(bytes) => return Initial { name: linear.name.into(), linear: Some(bytes) },
			Err(_) => Note::Info(format!("the linear model has more bytes than a chain admits, {kept}")),
		}
	};
	notes.push(reason);
	Initial { name, linear: None }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::sawtooth;
	use doin_scoring::{Encoder, Layer, Net};

	fn linear(inputs: u16) -> Model {
		let layer = Layer { inputs, outputs: 4, shift: 4, weights: vec![1; usize::from(inputs) * 4], bias: vec![0; 4] };
		Model::Net(Net { window: inputs, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() })
	}

	#[test]
	fn the_best_linear_model_is_handed_in_if_it_is_better_and_not_too_expensive() {
		let (mut spec, _) = sawtooth();
		let (small, large) = (linear(8), linear(16));
		let of = |spec: &DomainSpec, naive: u64, errors: [u64; 2]| {
			let simple = |name, model, error| Simple { name, model, error };
			let models = [
				simple("repeat-last", &Model::RepeatLast, naive + 1),
				simple("seasonal", &Model::Seasonal, naive),
				simple("ridge", &small, errors[0]),
				simple("mean of ridges", &large, errors[1]),
			];
			let mut notes = Vec::new();
			let initial = initial(spec, &models, &mut notes);
			(initial.name, initial.linear.map(|bytes| bytes.to_vec()), notes.len())
		};
		assert_eq!(of(&spec, 9, [7, 8]), ("ridge".into(), Some(small.to_bytes()), 0));
		assert_eq!(of(&spec, 9, [7, 5]), ("mean of ridges".into(), Some(large.to_bytes()), 0));
		assert_eq!(of(&spec, 7, [7, 8]), ("seasonal".into(), None, 1));
		let mut notes = Vec::new();
		let naive = initial(&spec, &[Simple { name: "seasonal", model: &Model::Seasonal, error: 1 }], &mut notes);
		assert_eq!((naive, notes.len()), (Initial { name: "seasonal".into(), linear: None }, 0));
		let perfect =
			[Simple { name: "ridge", model: &small, error: 0 }, Simple { name: "seasonal", model: &Model::Seasonal, error: 9 }];
		assert_eq!(initial(&spec, &perfect, &mut notes).linear, None);
		assert!(notes.pop().unwrap().to_string().starts_with("warning: a linear model, ridge, makes no error"));
		// More windows than the chain scores at an activation.
		spec.split.validation_end = spec.split.train_end + 32 * 64 + 4;
		let costly = linear(20_000);
		let models =
			[Simple { name: "ridge", model: &costly, error: 1 }, Simple { name: "seasonal", model: &Model::Seasonal, error: 9 }];
		let costly = initial(&spec, &models, &mut notes);
		assert_eq!((costly.name.as_str(), costly.linear, notes.len()), ("seasonal", None, 1));
	}
}
