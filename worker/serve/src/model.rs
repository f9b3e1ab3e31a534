//! A champion that answers: inputs of requests as bytes, and outputs in units of people.

use crate::wire::{Inputs, ServedModel};
use doin_compute::batch_outputs;
use doin_forecast::{parse_unit, target::scored_steps};
use doin_primitives::{
	blake2_256,
	inference::{number_bytes, MAX_INPUT, MAX_PAIRS},
	DomainId, Hash,
};
use doin_scoring::{
	answer,
	model::OUT_FRAC,
	rows::{RowTarget, Rows},
	Forecast, Model, Program, Target,
};
use rayon::prelude::*;

/// Windows of a request from which on a back-end takes less time for all of them than the processor for one after the other.
pub(crate) const BATCHED: usize = 8;

/// Champion of a domain in a finalized block.
#[derive(Clone, Debug, PartialEq)]
pub struct Champion {
	/// The domain.
	pub domain: DomainId,
	/// Name of the domain.
	pub name: String,
	/// Raw unit of the domain, e.g. `0.01 ppm`.
	pub unit: String,
	/// Program of the domain.
	pub program: Program,
	/// The model.
	pub model: Model,
	/// Hash of its encoding.
	pub hash: Hash,
}

/// Input that a champion cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputFault {
	/// The request has no window, or both forms of input.
	#[error("the request has {0} of `input` and `series`: expected one of them")]
	Forms(usize),
	/// The request has no window, or too many.
	#[error("the request has {0} windows: expected 1 to {MAX_PAIRS}")]
	Windows(usize),
	/// A window has another length.
	#[error("window {window} has {found} numbers: this domain reads {expected}")]
	Length {
		/// Place of the window, from 1.
		window: usize,
		/// Numbers that it has.
		found: usize,
		/// Numbers that the program reads.
		expected: usize,
	},
	/// A feature of a row is no byte.
	#[error("row {row} has the feature {found}: features are whole numbers from 0 to 255")]
	Feature {
		/// Place of the row, from 1.
		row: usize,
		/// Value of the feature.
		found: i32,
	},
	/// A value does not fit the raw unit of the domain.
	#[error("the value {0} is not a number that fits the unit of this domain")]
	Value(String),
	/// The series has too few values.
	#[error("the series has {found} values: this domain reads {expected}")]
	Short {
		/// Values that it has.
		found: usize,
		/// Values that the program reads.
		expected: usize,
	},
	/// Only raw inputs are possible.
	#[error("`series` is for domains with one channel: send raw numbers in `input`")]
	NoSeries,
	/// The models of the domain have no input.
	#[error("the models of this domain are no forecasts and label no rows, so they answer no input")]
	NoInput,
}

/// Input of a program.
enum Reads<'a> {
	/// History of a series.
	Series(&'a Forecast),
	/// Features of a row.
	Row(&'a Rows),
	/// Models without inputs.
	Nothing,
}

impl Champion {
	/// Returns a champion by its encoding.
	///
	/// # Errors
	///
	/// Errors with a reason if the bytes are no model that the program admits.
	pub fn new(domain: DomainId, name: String, unit: String, program: Program, bytes: &[u8]) -> Result<Self, String> {
		let model = Model::from_bytes(bytes).map_err(|error| format!("{error:?}"))?;
		// Baselines are not submitted, and have nothing to admit.
		if matches!(model, Model::Net(_)) {
			model.admit(&program, u32::MAX, u32::MAX, bytes.len()).map_err(|error| format!("{error:?}"))?;
		}
		Ok(Self { domain, name, unit, program, model, hash: blake2_256(bytes) })
	}

	/// Returns the input of the program.
	fn reads(&self) -> Reads<'_> {
		match &self.program {
			Program::Forecast(program) => Reads::Series(program),
			Program::Rows(rows) => Reads::Row(rows),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => Reads::Nothing,
		}
	}

	/// Returns the numbers of one input; 0 for a program without inputs.
	pub fn inputs(&self) -> usize {
		match self.reads() {
			Reads::Nothing => 0,
			Reads::Series(program) => usize::from(program.history).saturating_mul(program.channels.max(1).into()),
			Reads::Row(rows) => rows.features.into(),
		}
	}

	/// Returns the inputs of a request as bytes, one for each window.
	///
	/// # Errors
	///
	/// Errors with the first fault.
	pub fn windows(&self, input: Option<&Inputs>, series: Option<&[f64]>) -> Result<Vec<Vec<u8>>, InputFault> {
		if self.inputs() == 0 {
			return Err(InputFault::NoInput);
		}
		match (input, series) {
			(Some(Inputs::One(window)), None) => self.checked(std::slice::from_ref(window)),
			(Some(Inputs::Several(windows)), None) => self.checked(windows),
			(None, Some(series)) => Ok(vec![self.of_series(series)?]),
			(Some(_), Some(_)) => Err(InputFault::Forms(2)),
			(None, None) => Err(InputFault::Forms(0)),
		}
	}

	fn checked(&self, windows: &[Vec<i32>]) -> Result<Vec<Vec<u8>>, InputFault> {
		if windows.is_empty() || windows.len() > MAX_PAIRS as usize {
			return Err(InputFault::Windows(windows.len()));
		}
		windows.iter().zip(1..).map(|(window, at)| self.bytes(window, at)).collect()
	}

	/// Returns the bytes of the window at place `at`, from 1.
	fn bytes(&self, window: &[i32], at: usize) -> Result<Vec<u8>, InputFault> {
		let expected = self.inputs();
		if window.len() != expected {
			return Err(InputFault::Length { window: at, found: window.len(), expected });
		}
		match self.reads() {
			Reads::Row(_) => {
				let byte = |value: &i32| u8::try_from(*value).map_err(|_| InputFault::Feature { row: at, found: *value });
				window.iter().map(byte).collect()
			}
			Reads::Series(_) | Reads::Nothing => Ok(number_bytes(window)),
		}
	}

	/// Returns the input of the end of a series, in units of the domain.
	fn of_series(&self, series: &[f64]) -> Result<Vec<u8>, InputFault> {
		match self.reads() {
			Reads::Series(program) if program.channels <= 1 => {}
			_ => return Err(InputFault::NoSeries),
		}
		let expected = self.inputs();
		let first = series.len().checked_sub(expected);
		let first = first.ok_or(InputFault::Short { found: series.len(), expected })?;
		let (quantum, _) = parse_unit(&self.unit);
		let raw = |value: &f64| {
			let raw = (value / quantum).round();
			let fits = raw.is_finite() && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&raw);
			if fits {
				Ok(raw as i32)
			} else {
				Err(InputFault::Value(value.to_string()))
			}
		};
		Ok(number_bytes(&series[first..].iter().map(raw).collect::<Result<Vec<i32>, _>>()?))
	}

	/// Returns the raw outputs for an input, as the runtime computes them; `None` for an input that the program does not have.
	pub fn answer(&self, input: &[u8]) -> Option<Vec<i32>> {
		answer(&self.model, &self.program, input)
	}

	/// Returns the raw outputs for several inputs, those of [`answer`](Self::answer): in a batch on the fastest back-end where there is
	/// one for this model and these inputs, and else on all threads of the current pool.
	pub fn answers(&self, inputs: &[Vec<u8>]) -> Option<Vec<Vec<i32>>> {
		self.batched(inputs).or_else(|| self.defined(inputs))
	}

	/// Returns the raw outputs for several inputs, each one by [`answer`](Self::answer), on all threads of the current pool.
	pub fn defined(&self, inputs: &[Vec<u8>]) -> Option<Vec<Vec<i32>>> {
		inputs.par_iter().with_min_len(BATCHED).map(|input| self.answer(input)).collect()
	}

	/// Returns the outputs of a batch; `None` if these inputs are none.
	fn batched(&self, inputs: &[Vec<u8>]) -> Option<Vec<Vec<i32>>> {
		let Reads::Series(program) = self.reads() else { return None };
		let length = self.inputs().saturating_mul(size_of::<i32>());
		if inputs.len() < BATCHED || inputs.iter().any(|input| input.len() != length) {
			return None;
		}
		let numbers = |input: &Vec<u8>| input.as_chunks::<4>().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
		let histories: Vec<Vec<i32>> = inputs.iter().map(numbers).collect();
		// A worker with an unknown back-end does not start.
		batch_outputs(&self.model, program, &histories).ok().flatten()
	}

	/// Returns the name of the quantity of the values, without the size of a raw unit; empty for classes.
	pub fn quantity(&self) -> String {
		if self.is_classes() {
			return String::new();
		}
		parse_unit(&self.unit).1.to_string()
	}

	/// Returns the names of the values of an answer.
	pub fn names(&self) -> Vec<String> {
		match self.reads() {
			_ if self.is_classes() => vec!["class".into()],
			Reads::Series(program) => scored_steps(program).iter().map(ToString::to_string).collect(),
			Reads::Row(rows) => (1..=rows.outputs()).map(|number| number.to_string()).collect(),
			Reads::Nothing => Vec::new(),
		}
	}

	fn is_classes(&self) -> bool {
		match self.reads() {
			Reads::Series(program) => matches!(program.target, Target::Classes(_)),
			Reads::Row(rows) => matches!(rows.target, RowTarget::Classes(_)),
			Reads::Nothing => false,
		}
	}

	/// Returns outputs in the unit of the domain, or the class with the highest score, the first one on a tie.
	pub fn values(&self, input: &[u8], output: &[i32]) -> Vec<f64> {
		if self.is_classes() {
			let best = output.iter().enumerate().max_by_key(|(class, score)| (**score, usize::MAX - class));
			return best.map(|(class, _)| class as f64).into_iter().collect();
		}
		let (quantum, _) = parse_unit(&self.unit);
		let last = match self.reads() {
			Reads::Series(program) => last_value(input, program.channels.max(1).into()),
			Reads::Row(_) | Reads::Nothing => 0,
		};
		let sixteenths = f64::from(1u32 << OUT_FRAC);
		let value = |output: &i32| (f64::from(last) + f64::from(*output) / sixteenths) * quantum;
		// Rounded to the digits of the unit, so that 0.1 + 0.2 is 0.3.
		output.iter().map(value).map(|value| format!("{value:.9e}").parse().unwrap_or(value)).collect()
	}

	/// Returns the description of the champion for clients.
	pub fn shown(&self) -> ServedModel {
		let channels = match self.reads() {
			Reads::Series(program) => program.channels.max(1),
			Reads::Row(_) | Reads::Nothing => 1,
		};
		ServedModel {
			domain_id: self.domain,
			name: self.name.clone(),
			unit: self.unit.clone(),
			model: crate::wire::hex(&self.hash),
			inputs: self.inputs() as u32,
			channels: channels.into(),
			names: self.names(),
		}
	}

	/// Returns `true` if a receipt can be accused with inputs of this program.
	pub fn is_provable(&self) -> bool {
		let bytes = match self.reads() {
			Reads::Series(_) => self.inputs().saturating_mul(4),
			Reads::Row(_) => self.inputs(),
			Reads::Nothing => return false,
		};
		bytes <= MAX_INPUT as usize
	}
}

/// Returns the last value of channel 0 of an input of a series.
fn last_value(input: &[u8], channels: usize) -> i32 {
	let start = input.len().saturating_sub(channels.saturating_mul(4));
	let bytes = input.get(start..).and_then(|bytes| bytes.first_chunk::<4>());
	bytes.map_or(0, |bytes| i32::from_le_bytes(*bytes))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use doin_scoring::{Encoder, Layer, Loss, Net, WindowPhase};

	/// Returns the seasonal baseline of a series in tenths of a ppm.
	pub(crate) fn seasonal() -> Champion {
		let program = Program::Forecast(Forecast {
			horizon: 3,
			history: 4,
			season: 2,
			chunks: 32,
			windows: 1,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		});
		Champion::new(0, "CO2".into(), "0.1 ppm".into(), program, &Model::Seasonal.to_bytes()).unwrap()
	}

	/// Returns a linear net of the domain of [`seasonal`].
	pub(crate) fn net() -> Champion {
		let weights = (0..12).map(|at| at * 37 % 101 - 50).collect();
		let skip = Layer { inputs: 4, outputs: 3, shift: 5, weights, bias: vec![40, -9, 700] };
		let net = Net { window: 4, in_shifts: vec![-1], skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
		let Champion { domain, name, unit, program, .. } = seasonal();
		Champion::new(domain, name, unit, program, &Model::Net(net).to_bytes()).unwrap()
	}

	fn classes() -> Champion {
		let rows = Rows { features: 2, image: None, target: RowTarget::Classes(3), rows: 1, chunks: 64 };
		Champion::new(1, "letters".into(), String::new(), Program::Rows(rows), &Model::Constant(vec![5, 9, 9]).to_bytes())
			.unwrap()
	}

	#[test]
	fn an_answer_has_the_outputs_of_the_chain_and_values_of_people() {
		let champion = seasonal();
		let window = vec![4_100, 4_110, 4_102, 4_113];
		let input = champion.windows(Some(&Inputs::One(window)), None).unwrap().remove(0);
		let output = champion.answer(&input).unwrap();
		assert_eq!(output, [-11 * 16, 0, -11 * 16]);
		assert_eq!(champion.values(&input, &output), [410.2, 411.3, 410.2]);
		assert_eq!((champion.names(), champion.quantity()), (vec!["1".into(), "2".into(), "3".into()], "ppm".into()));
		let same = champion.windows(None, Some(&[1.0, 410.0, 411.0, 410.2, 411.3])).unwrap();
		assert_eq!(same, [input], "the end of a series in its unit");
	}

	#[test]
	fn a_batch_has_the_outputs_of_its_windows_in_their_order() {
		let windows = |count: i32| -> Vec<Vec<u8>> {
			(0..count).map(|at| number_bytes(&[4_100 + at * 7 % 31, 4_090, 4_100 - at, 4_095 + at * at % 17])).collect()
		};
		for (champion, is_net) in [(net(), true), (seasonal(), false)] {
			for count in [1, 7, 8, 64] {
				let inputs = windows(count);
				let one_by_one: Option<Vec<Vec<i32>>> = inputs.iter().map(|input| champion.answer(input)).collect();
				assert_eq!(champion.answers(&inputs), one_by_one, "{count} windows");
				assert_eq!(champion.batched(&inputs).is_some(), is_net && count >= 8, "{count} windows");
			}
			let mut inputs = windows(8);
			inputs[5].pop();
			assert_eq!(champion.answers(&inputs), None, "a part of a window");
		}
	}

	#[test]
	fn a_class_is_the_first_one_of_the_highest_score() {
		let champion = classes();
		let input = champion.windows(Some(&Inputs::Several(vec![vec![0, 255]; 2])), None).unwrap();
		assert_eq!(input, [[0, 255], [0, 255]]);
		let output = champion.answer(&input[0]).unwrap();
		assert_eq!((champion.values(&input[0], &output), champion.names()), (vec![1.0], vec!["class".into()]));
		assert_eq!(champion.quantity(), "");
	}

	#[test]
	fn inputs_of_another_shape_are_refused_with_the_length() {
		let (series, rows) = (seasonal(), classes());
		let one = |numbers: &[i32]| Some(Inputs::One(numbers.to_vec()));
		let refused = |champion: &Champion, input: Option<Inputs>, series: Option<&[f64]>| {
			champion.windows(input.as_ref(), series).unwrap_err().to_string()
		};
		assert!(refused(&series, one(&[1, 2, 3]), None).contains("window 1 has 3 numbers: this domain reads 4"));
		assert!(refused(&series, Some(Inputs::Several(vec![vec![0; 4], vec![]])), None).contains("window 2 has 0 numbers"));
		assert!(refused(&series, Some(Inputs::Several(vec![vec![0; 4]; 65])), None).contains("65 windows: expected 1 to 64"));
		assert!(refused(&series, Some(Inputs::Several(vec![])), None).contains("0 windows"));
		assert!(refused(&series, one(&[]), None).contains("0 numbers"));
		assert!(refused(&series, None, None).contains("0 of `input` and `series`"));
		assert!(refused(&series, one(&[0; 4]), Some(&[0.0; 4])).contains("2 of `input` and `series`"));
		assert!(refused(&series, None, Some(&[0.0; 3])).contains("3 values: this domain reads 4"));
		assert!(refused(&series, None, Some(&[0.0, 0.0, 0.0, 1e300])).contains("fits the unit"));
		assert!(refused(&series, None, Some(&[f64::NAN; 4])).contains("fits the unit"));
		assert!(refused(&rows, one(&[0, 256]), None).contains("row 1 has the feature 256"));
		assert!(refused(&rows, None, Some(&[0.0; 2])).contains("one channel"));
	}
}
