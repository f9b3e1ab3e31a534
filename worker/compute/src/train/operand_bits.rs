//! Operand bits of training steps: fixed, or those with which a step takes less time on this machine.
//!
//! Steps in 8 bits are faster only where a processor multiplies bytes faster than 16-bit numbers. That depends on processor, back-end
//! and shape of the net, so it is measured: [`Dataset::step_times`] takes turns between both for a fifth of a second. A process
//! measures each shape once.
//!
//! Both give different nets. A search that chooses by a measurement keeps what was chosen in its state (decision record 79).

use super::{
	candidate::{Candidate, Family, BYTE_OPERAND_BITS, OPERAND_BITS},
	dataset::Dataset,
	families::{mlp::MlpNet, mlp_i8::MlpI8Net},
	ridge::LinearModel,
	trainer::TrainableNet,
};
use crate::Error;
use doin_scoring::Target;
use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	fmt::{self, Display, Formatter},
	time::{Duration, Instant},
};

/// Time in which rounds of both take turns.
const LIMIT: Duration = Duration::from_millis(200);
/// Length of a round, if a step is shorter.
const ROUND: Duration = Duration::from_millis(1);
/// Most steps of a round.
const MOST_STEPS: u32 = 64;
/// Rounds that are made however long they take.
const LEAST_ROUNDS: u32 = 3;
/// Learning rate of the steps, in units of 2⁻²⁰. Times do not depend on it.
const RATE: i32 = 1 << 10;

/// Times of the shapes that this process has measured. Its lock is held during a measurement, so two never disturb each other.
static MEASURED: Mutex<BTreeMap<Shape, StepTimes>> = Mutex::new(BTreeMap::new());

/// Operand bits that are asked for.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	strum::Display,
	strum::EnumIter,
	strum::EnumMessage,
	strum::EnumString,
	strum::IntoStaticStr,
)]
pub enum OperandBits {
	/// 12 bits: the same nets on every machine and device.
	#[default]
	#[strum(serialize = "12")]
	Twelve,
	/// 8 bits, for dense nets: faster with AVX-512 VNNI and AVX2, slower than 12 bits where bytes are not multiplied faster.
	#[strum(serialize = "8")]
	Eight,
	/// 8 bits where a step is then faster on this machine, otherwise 12; measured once.
	#[strum(serialize = "auto")]
	Auto,
}

impl OperandBits {
	/// Returns the bits; `None` if they are to be measured.
	pub fn fixed(self) -> Option<u8> {
		match self {
			Self::Twelve => Some(OPERAND_BITS),
			Self::Eight => Some(BYTE_OPERAND_BITS),
			Self::Auto => None,
		}
	}
}

/// Times of a training step of a dense net on one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTimes {
	/// Time of a step in 12 bits.
	pub exact: Duration,
	/// Time of a step in 8 bits.
	pub bytes: Duration,
	/// Name of the back-end.
	pub backend: &'static str,
}

impl StepTimes {
	/// Returns the operand bits to train in: 8 if a step in 12 bits takes more than a twentieth longer. A smaller gain may be noise,
	/// and 12 bits are more exact.
	pub fn bits(&self) -> u8 {
		if self.exact * 20 > self.bytes * 21 {
			BYTE_OPERAND_BITS
		} else {
			OPERAND_BITS
		}
	}
}

impl Display for StepTimes {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let [exact, bytes] = [self.exact, self.bytes].map(|time| time.as_secs_f64() * 1e6);
		write!(f, "a step takes {bytes:.1} µs in 8 bits and {exact:.1} µs in 12 on {}", self.backend)
	}
}

/// Everything that the time of a step depends on, beside the machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
	backend: &'static str,
	inputs: usize,
	width: u16,
	depth: u8,
	outputs: u16,
	has_classes: bool,
	/// `true` beside a linear skip.
	has_skip: bool,
	/// `true` if the back-end loads the windows.
	is_narrow: bool,
}

/// A net that is timed.
struct Timed<N> {
	net: N,
	/// Number of the next batch.
	number: u64,
	/// Steps of a round.
	steps: u32,
}

impl<N: TrainableNet> Timed<N> {
	/// Returns the net after two steps: the first one touches memory for the first time, and the second one tells how many steps a
	/// round has.
	fn new(net: N) -> Self {
		let mut timed = Self { net, number: 0, steps: 1 };
		timed.round();
		let step = timed.round();
		let steps = ROUND.as_nanos() / step.as_nanos().max(1);
		timed.steps = u32::try_from(steps).unwrap_or(MOST_STEPS).clamp(1, MOST_STEPS);
		timed
	}

	/// Makes the steps of a round, and returns the time of one.
	fn round(&mut self) -> Duration {
		let started = Instant::now();
		for _ in 0..self.steps {
			self.net.step(self.number, RATE);
			self.number += 1;
		}
		started.elapsed() / self.steps
	}
}

/// Measures the steps of a dense net: the shortest mean of a round of each, since other programs only add to a time.
fn measure(data: &Dataset, candidate: &Candidate, skip: Option<&LinearModel>) -> StepTimes {
	let [exact, bytes] = [OPERAND_BITS, BYTE_OPERAND_BITS].map(|bits| Candidate { bits, ..*candidate });
	let mut exact = Timed::new(MlpNet::new(data, &exact, skip));
	let mut bytes = Timed::new(MlpI8Net::new(data, &bytes, skip));
	let mut times = StepTimes { exact: Duration::MAX, bytes: Duration::MAX, backend: data.backend().name() };
	let (started, mut rounds) = (Instant::now(), 0);
	while rounds < LEAST_ROUNDS || started.elapsed() < LIMIT {
		times.exact = times.exact.min(exact.round());
		times.bytes = times.bytes.min(bytes.round());
		rounds += 1;
	}
	times
}

/// Returns the dense net among `candidates` whose steps take longest, on which a population spends most of its time; `None` if none
/// has layers.
pub fn dearest_dense(candidates: &[Candidate]) -> Option<&Candidate> {
	let weights = |candidate: &&Candidate| {
		let [window, width, depth] = [candidate.window, candidate.width, candidate.depth.into()].map(u64::from);
		width * (window + width * depth.saturating_sub(1))
	};
	candidates.iter().filter(|candidate| candidate.has_dense_layers()).max_by_key(weights)
}

impl Candidate {
	/// Returns `true` for a dense net with layers, which can be trained in 8 bits.
	fn has_dense_layers(&self) -> bool {
		self.family == Family::Mlp && !self.is_linear()
	}

	/// Returns the candidate in `bits` if it is a dense net with layers, otherwise as it is.
	pub fn with_operand_bits(self, bits: u8) -> Self {
		if self.has_dense_layers() {
			Self { bits, ..self }
		} else {
			self
		}
	}
}

impl Dataset {
	/// Returns the times of a training step of `candidate` in 12 and in 8 bits, whatever its gene `bits` is. `None` if it is no dense
	/// net with layers. The first call for a shape and a back-end takes about a fifth of a second, and all later ones of the
	/// process return the same.
	///
	/// # Errors
	///
	/// Those of [`Candidate::check`] and of [`LinearModel::fit`].
	pub fn step_times(&self, candidate: &Candidate) -> Result<Option<StepTimes>, Error> {
		if !candidate.has_dense_layers() {
			return Ok(None);
		}
		let candidate = candidate.with_operand_bits(OPERAND_BITS);
		candidate.check(self)?;
		let skip = candidate.training_skip(self)?;
		let program = &self.task.program;
		let shape = Shape {
			backend: self.backend().name(),
			inputs: usize::from(candidate.window) * self.channels(),
			width: candidate.width,
			depth: candidate.depth,
			outputs: program.outputs(),
			has_classes: matches!(program.target, Target::Classes(_)),
			has_skip: skip.is_some(),
			is_narrow: self.is_narrow(),
		};
		let mut measured = MEASURED.lock();
		let times = *measured.entry(shape).or_insert_with(|| measure(self, &candidate, skip.as_deref()));
		Ok(Some(times))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{direction, seasonal};

	fn times(exact: u64, bytes: u64) -> StepTimes {
		let [exact, bytes] = [exact, bytes].map(Duration::from_micros);
		StepTimes { exact, bytes, backend: "avx2" }
	}

	fn candidate() -> Candidate {
		Candidate { window: 24, width: 20, epochs: 3, ..Candidate::default() }
	}

	#[test]
	fn bytes_are_chosen_if_they_gain_more_than_a_twentieth() {
		let chosen = [times(105, 100), times(106, 100), times(100, 110), times(0, 0)].map(|times| times.bits());
		assert_eq!(chosen, [12, 8, 12, 12]);
		assert_eq!(times(106, 100).to_string(), "a step takes 100.0 µs in 8 bits and 106.0 µs in 12 on avx2");
	}

	#[test]
	fn a_process_measures_a_shape_once() {
		let data = Dataset::new(seasonal(), 500, 1).unwrap();
		let first = data.step_times(&candidate()).unwrap().expect("a dense net");
		assert!(!first.exact.is_zero() && !first.bytes.is_zero());
		assert_eq!(first.backend, data.backend().name());
		let again = Candidate { seed: 9, rate: 7, epochs: 1, bits: BYTE_OPERAND_BITS, ..candidate() };
		assert_eq!(data.step_times(&again).unwrap(), Some(first), "the same shape");
		let alone = Candidate { linear_skip: false, ..candidate() };
		assert!(data.step_times(&alone).unwrap().is_some());
	}

	#[test]
	fn classes_are_measured_too() {
		let data = Dataset::new(direction(), 0, 0).unwrap();
		assert!(data.step_times(&Candidate { window: 6, depth: 2, ..candidate() }).unwrap().is_some());
	}

	#[test]
	fn only_dense_nets_that_can_be_trained_are_measured() {
		let data = Dataset::new(seasonal(), 0, 0).unwrap();
		for other in [Candidate { family: Family::Conv, ..candidate() }, Candidate { depth: 0, ..candidate() }] {
			assert_eq!(data.step_times(&other).unwrap(), None);
			assert_eq!(other.with_operand_bits(BYTE_OPERAND_BITS), other);
		}
		assert_eq!(candidate().with_operand_bits(BYTE_OPERAND_BITS), Candidate { bits: BYTE_OPERAND_BITS, ..candidate() });
		assert!(matches!(data.step_times(&Candidate { window: 25, ..candidate() }), Err(Error::Gene { .. })));
	}

	#[test]
	fn the_dearest_net_of_a_population_is_measured() {
		let wide = Candidate { width: 64, ..candidate() };
		let deep = Candidate { width: 48, depth: 3, ..candidate() };
		let others =
			[Candidate { family: Family::Gru, width: 512, ..candidate() }, Candidate { depth: 0, width: 512, ..candidate() }];
		assert_eq!(dearest_dense(&[wide, deep, others[0], candidate(), others[1]]), Some(&deep));
		assert_eq!(dearest_dense(&others), None);
	}

	#[test]
	fn operand_bits_are_read_as_they_are_written() {
		for (bits, text, fixed) in
			[(OperandBits::Twelve, "12", Some(12)), (OperandBits::Eight, "8", Some(8)), (OperandBits::Auto, "auto", None)]
		{
			assert_eq!((bits.to_string().as_str(), text.parse(), bits.fixed()), (text, Ok(bits), fixed));
		}
		assert!("9".parse::<OperandBits>().is_err());
		assert_eq!(OperandBits::default().fixed(), Some(Candidate::default().bits));
	}
}
