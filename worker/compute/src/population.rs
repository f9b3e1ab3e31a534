//! Candidates: points of the search space, what their nets cost, and how one is trained.

use crate::{
	backend::gates::Kind,
	batches::Training,
	conv,
	data::{Measure, TrainingSet, WHOLE},
	lion::{MAX_DECAY, MAX_RATE_SHIFT},
	mlp, recurrent,
	ridge::Linear,
	Error,
};
use doin_scoring::{
	encoder::{COPY_MACS, UNIT_MACS},
	model::{MAX_DEPTH, MAX_WIDTH, REQUANTISE_MACS},
	Encoder, Model, ModelError, Net,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{
	ops::ControlFlow,
	sync::{atomic::AtomicBool, Arc},
};

/// What is told after every epoch: its number, from 1, and the error on the windows that stop training early, for
/// [`TrainingSet::mean_error`]. Beside a linear path, epoch 0 is that path alone. A break ends the training, and the best net so far is
/// kept: seeing changes nothing else.
pub type Watch<'a> = dyn FnMut(u16, u128) -> ControlFlow<()> + 'a;

/// Lets every training run to its end.
pub(crate) fn unwatched(_epoch: u16, _error: u128) -> ControlFlow<()> {
	ControlFlow::Continue(())
}

/// Most steps that a convolution reads, or skips.
pub(crate) const MAX_KERNEL: u8 = 32;
/// Genes the trainer knows, for error messages and for whoever registers a domain.
pub const GENES: &str = "family, window, width, depth, kernel, stride, dilate, rate, epochs, decay, seed, skip, mix, bits";
/// Bits of the numbers that training steps multiply.
pub const BITS: u8 = 12;
/// The same, with fewer: faster where a processor multiplies bytes.
pub const BYTE_BITS: u8 = 8;

/// What stands before the last layer of a net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
	/// Dense hidden layers; with a depth of 0, nothing at all.
	#[default]
	Mlp,
	/// Causal convolutions.
	Conv,
	/// A long short-term memory.
	Lstm,
	/// A gated recurrent unit.
	Gru,
}

impl Family {
	/// All, in the order of the gene `family`.
	pub const ALL: [Self; 4] = [Self::Mlp, Self::Conv, Self::Lstm, Self::Gru];

	/// Short lower-case name.
	pub fn name(self) -> &'static str {
		match self {
			Self::Mlp => "mlp",
			Self::Conv => "conv",
			Self::Lstm => "lstm",
			Self::Gru => "gru",
		}
	}

	/// The family that a net is of.
	pub fn of(net: &Net) -> Self {
		match net.encoder {
			Encoder::None => Self::Mlp,
			Encoder::Conv(_) => Self::Conv,
			Encoder::Lstm(_) => Self::Lstm,
			Encoder::Gru(_) => Self::Gru,
		}
	}
}

/// One point of the search space, and with the data everything that its net depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
	/// The family of its net.
	pub family: Family,
	/// Steps of history the net reads.
	pub window: u16,
	/// Neurons of a hidden layer, channels of a convolution, or units of a cell.
	pub width: u16,
	/// Hidden layers or convolutions; 0 for the linear model alone. Cells have one layer, whatever this is.
	pub depth: u8,
	/// Steps that a convolution reads.
	pub kernel: u8,
	/// Distance of the outputs of a convolution.
	pub stride: u8,
	/// Whether each convolution doubles the distance of the steps that it reads.
	pub dilate: bool,
	/// The first learning rate is 2^(rate − 20).
	pub rate: u8,
	/// Passes over the training windows.
	pub epochs: u16,
	/// Strength of the decay: no weight grows beyond 2^−decay; of a cell, four times as far, though not beyond 1.
	pub decay: u8,
	/// Seed of first weights and batches.
	pub seed: u64,
	/// Whether the net stands beside the linear model rather than in its place.
	pub skip: bool,
	/// Whether such a net learns what the linear model should say, and both say half of it, rather than what the linear model leaves.
	pub blend: bool,
	/// Windows trained on that are synthetic, of [`WHOLE`]; of no effect without synthetic windows.
	pub mix: u16,
	/// Bits of the numbers that training steps multiply: [`BITS`], or [`BYTE_BITS`] for dense nets. Trained nets have 12 either way.
	pub bits: u8,
}

impl Default for Candidate {
	fn default() -> Self {
		Self {
			family: Family::Mlp,
			window: 1,
			width: 32,
			depth: 1,
			kernel: 3,
			stride: 1,
			dilate: false,
			rate: 10,
			epochs: 12,
			decay: 2,
			seed: 0,
			skip: true,
			blend: false,
			mix: 64,
			bits: BITS,
		}
	}
}

/// What a net costs, as its domain counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
	/// Multiply-accumulates of a window.
	pub macs: u64,
	/// Weights, of two bytes each.
	pub weights: u64,
	/// Biases, of four.
	pub biases: u64,
}

/// A trained candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trained {
	/// What was trained.
	pub candidate: Candidate,
	/// Its net, which the domain admits.
	pub model: Model,
	/// Its error sums.
	pub measure: Measure,
	/// What a search minimises; 2²⁰ is the initial champion.
	pub fitness: u64,
}

impl Candidate {
	/// The candidate of named genes. A gene that is missing takes its default, and the window the whole history.
	pub fn from_genes<'a>(genes: impl IntoIterator<Item = (&'a str, i64)>, history: u16) -> Result<Self, Error> {
		let mut candidate = Self { window: history, ..Self::default() };
		for (name, value) in genes {
			let within = |lo: i64, hi: i64| {
				let fits = (lo..=hi).contains(&value);
				fits.then_some(value).ok_or_else(|| Error::Gene { name: name.into(), value, lo, hi })
			};
			match name {
				"window" => candidate.window = within(1, history.into())? as u16,
				"width" => candidate.width = within(1, MAX_WIDTH.into())? as u16,
				"family" => candidate.family = Family::ALL[within(0, Family::ALL.len() as i64 - 1)? as usize],
				"kernel" => candidate.kernel = within(1, MAX_KERNEL.into())? as u8,
				"stride" => candidate.stride = within(1, MAX_KERNEL.into())? as u8,
				"dilate" => candidate.dilate = within(0, 1)? == 1,
				"depth" => candidate.depth = within(0, MAX_DEPTH as i64)? as u8,
				"rate" => candidate.rate = within(0, MAX_RATE_SHIFT.into())? as u8,
				"epochs" => candidate.epochs = within(1, 1000)? as u16,
				"decay" => candidate.decay = within(0, MAX_DECAY.into())? as u8,
				"seed" => candidate.seed = value as u64,
				"mix" => candidate.mix = within(0, WHOLE.into())? as u16,
				"skip" => {
					let beside = within(0, 2)?;
					(candidate.skip, candidate.blend) = (beside > 0, beside > 1);
				}
				"bits" => candidate.bits = within(BYTE_BITS.into(), BITS.into())? as u8,
				_ => return Err(Error::UnknownGene(name.into(), GENES)),
			}
		}
		Ok(candidate)
	}

	/// Refuses what cannot be trained, or would not be admitted, before any time is spent on it.
	pub fn check(&self, data: &TrainingSet) -> Result<(), Error> {
		let program = &data.task.program;
		let within = |name: &str, value: i64, lo: i64, hi: i64| {
			let fits = (lo..=hi).contains(&value);
			fits.then_some(()).ok_or_else(|| Error::Gene { name: name.into(), value, lo, hi })
		};
		within("window", self.window.into(), 1, program.history.into())?;
		within("depth", self.depth.into(), 0, MAX_DEPTH as i64)?;
		within("rate", self.rate.into(), 0, MAX_RATE_SHIFT.into())?;
		within("decay", self.decay.into(), 0, MAX_DECAY.into())?;
		within("epochs", self.epochs.into(), 1, 1000)?;
		within("mix", self.mix.into(), 0, WHOLE.into())?;
		within("width", self.width.into(), 1, MAX_WIDTH.into())?;
		match self.bits {
			BITS => {}
			BYTE_BITS if self.family == Family::Mlp => {}
			BYTE_BITS => return Err(Error::Bits(self.bits, "only dense nets are trained in 8 bits, take 12 for other families")),
			_ => return Err(Error::Bits(self.bits, "nets are trained in 12 bits, or in 8")),
		}
		let cost = self.cost(data)?;
		if cost.macs > data.task.limits.window_macs.into() {
			return Err(Error::Model(ModelError::TooCostly));
		}
		if 2 * cost.weights + 4 * cost.biases > data.task.limits.model_bytes.into() {
			return Err(Error::Model(ModelError::TooLarge));
		}
		Ok(())
	}

	/// What the net costs, as its domain will count, linear path and all.
	fn cost(&self, data: &TrainingSet) -> Result<Cost, Error> {
		let program = &data.task.program;
		let outputs = u64::from(program.outputs());
		let features = u64::from(self.window) * data.channels() as u64;
		let mut cost = Cost::default();
		if !self.is_linear() {
			cost = match self.family {
				Family::Mlp => self.dense_cost(features, outputs),
				Family::Conv => conv::cost(self, data.channels(), program.outputs())?,
				Family::Lstm => self.cell_cost(4, data.channels() as u64, outputs),
				Family::Gru => self.cell_cost(3, data.channels() as u64, outputs),
			};
		}
		if self.skip || self.is_linear() {
			cost.macs += features * outputs + outputs * REQUANTISE_MACS;
			cost.weights += features * outputs;
			cost.biases += outputs;
		}
		Ok(cost)
	}

	/// Whether its net is the linear model alone.
	pub fn is_linear(&self) -> bool {
		self.depth == 0 && matches!(self.family, Family::Mlp | Family::Conv)
	}

	/// What dense layers cost.
	fn dense_cost(&self, features: u64, outputs: u64) -> Cost {
		let (width, deeper) = (u64::from(self.width), u64::from(self.depth).saturating_sub(1));
		let weights = features * width + width * width * deeper + width * outputs;
		let biases = width * (deeper + 1) + outputs;
		Cost { macs: weights + biases * REQUANTISE_MACS, weights, biases }
	}

	/// What a cell of `gates` gates per unit and the layer behind it cost; see [`doin_scoring::Encoder::macs`].
	fn cell_cost(&self, gates: u64, channels: u64, outputs: u64) -> Cost {
		let (steps, units) = (u64::from(self.window), u64::from(self.width));
		let weights = gates * units * (channels + units);
		Cost {
			macs: steps * (weights + COPY_MACS * channels + UNIT_MACS * units) + units * outputs + outputs * REQUANTISE_MACS,
			weights: weights + units * outputs,
			biases: 2 * gates * units + outputs,
		}
	}

	/// The linear model that the candidate is, or that its net stands beside, if any. `data` remembers it.
	pub fn linear(&self, data: &TrainingSet) -> Result<Option<Arc<Linear>>, Error> {
		match (self.is_linear(), self.skip, self.blend) {
			(true, ..) | (_, true, true) => data.linear(self.window, self.mix).map(Some),
			(_, true, false) => data.path(self.window, self.mix).map(Some),
			(_, false, _) => Ok(None),
		}
	}

	/// Whether a linear path stands beside the net while it is trained.
	pub(crate) fn has_path(&self) -> bool {
		self.skip && !self.blend
	}

	/// That path.
	pub(crate) fn beside(&self, data: &TrainingSet) -> Result<Option<Arc<Linear>>, Error> {
		if self.has_path() {
			self.linear(data)
		} else {
			Ok(None)
		}
	}

	/// Puts beside a trained net what was not there while it was trained.
	pub fn complete(&self, data: &TrainingSet, net: Net) -> Result<Net, Error> {
		match self.linear(data)? {
			Some(linear) if self.blend => linear.blend(net),
			_ => Ok(net),
		}
	}

	/// Trains the candidate.
	pub fn train(&self, data: &TrainingSet, stop: &AtomicBool) -> Result<Net, Error> {
		self.train_watched(data, stop, &mut unwatched)
	}

	/// Trains the candidate, telling `watch` about every epoch. A linear model has none.
	pub fn train_watched(&self, data: &TrainingSet, stop: &AtomicBool, watch: &mut Watch) -> Result<Net, Error> {
		self.check(data)?;
		if self.is_linear() {
			return Ok(data.linear(self.window, self.mix)?.net.clone());
		}
		let beside = self.beside(data)?;
		let net = self.training(data, beside.as_deref()).finish(stop, watch)?;
		self.complete(data, net)
	}

	/// The training of its net, which is not [linear](Self::is_linear), next to the path [`beside`](Self::beside) it.
	pub(crate) fn training<'a>(&self, data: &'a TrainingSet, beside: Option<&'a Linear>) -> Box<dyn Training + 'a> {
		match self.family {
			Family::Mlp => mlp::training(data, self, beside),
			Family::Conv => conv::training(data, self, beside),
			Family::Lstm => recurrent::training(Kind::Lstm, data, self, beside),
			Family::Gru => recurrent::training(Kind::Gru, data, self, beside),
		}
	}

	/// Trains, admits and measures the candidate.
	pub fn evaluate(&self, data: &TrainingSet, stop: &AtomicBool) -> Result<Trained, Error> {
		self.judge(data, self.train(data, stop)?)
	}

	/// Admits and measures the net that the candidate was trained to, wherever that was.
	pub fn judge(&self, data: &TrainingSet, net: Net) -> Result<Trained, Error> {
		let model = Model::Net(net);
		data.task.admit(&model)?;
		let measure = data.measure(&model);
		Ok(Trained { candidate: *self, fitness: data.fitness(&measure), model, measure })
	}
}

/// A pool of `cores` threads.
pub fn pool(cores: usize) -> Result<ThreadPool, Error> {
	let cores = cores.max(1);
	ThreadPoolBuilder::new().num_threads(cores).build().map_err(|error| Error::Threads(cores, error.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		backend::scalar::Scalar,
		cohort::{train_brackets, Rule},
		fixtures::{direction, follower, seasonal},
		gpu::Devices,
	};
	use doin_scoring::{features, Layer, Scratch, Target};
	use rayon::prelude::*;

	/// What becomes of `candidates` on so many threads.
	fn train_all(
		candidates: &[Candidate],
		data: &TrainingSet,
		cores: usize,
		stop: bool,
	) -> Result<Vec<Result<Trained, Error>>, Error> {
		let stop = AtomicBool::new(stop);
		let train = || train_brackets(data, candidates, &Devices::default(), Rule::default(), &stop, &|_| {});
		Ok(pool(cores).unwrap().install(train)?.into_iter().map(|course| course.trained).collect())
	}

	fn some() -> Vec<Candidate> {
		let base = Candidate { window: 24, width: 12, epochs: 2, ..Candidate::default() };
		vec![
			Candidate { depth: 0, ..base },
			Candidate { seed: 1, ..base },
			Candidate { skip: false, depth: 2, ..base },
			Candidate { window: 99, ..base },
			Candidate { mix: 0, window: 13, ..base },
		]
	}

	#[test]
	fn the_same_bits_come_from_one_thread_and_from_two() {
		let data = TrainingSet::new(seasonal(), 700, 1).unwrap();
		let one = train_all(&some(), &data, 1, false).unwrap();
		let two = train_all(&some(), &TrainingSet::new(seasonal(), 700, 1).unwrap(), 2, false).unwrap();
		assert_eq!(one, two);
		assert_eq!(one, train_all(&some(), &data, 2, false).unwrap());
		for (trained, candidate) in one.iter().zip(some()).filter(|(trained, _)| trained.is_ok()) {
			let trained = trained.as_ref().unwrap();
			assert_eq!(trained.candidate, candidate);
			assert_eq!(trained.measure, data.measure(&trained.model));
			data.task.admit(&trained.model).unwrap();
		}
		assert_eq!(one[3], Err(Error::Gene { name: "window".into(), value: 99, lo: 1, hi: 24 }));
		assert_eq!(one.iter().filter(|trained| trained.is_ok()).count(), 4);
	}

	#[test]
	fn candidates_that_share_a_linear_model_do_not_wait_for_each_other() {
		// Evaluated from within a pool, as a worker does: fitting is parallel itself and may run another candidate on the same thread.
		let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
		let stop = AtomicBool::new(false);
		let one = Candidate { window: 24, depth: 0, ..Candidate::default() };
		let results: Vec<_> =
			pool(3).unwrap().install(|| (0..64).into_par_iter().with_max_len(1).map(|_| one.evaluate(&data, &stop)).collect());
		assert!(results.iter().all(|result| result.is_ok() && *result == results[0]));
	}

	#[test]
	fn what_the_domain_would_not_admit_costs_no_time() {
		let mut task = seasonal();
		task.limits.window_macs = 24 * 6 + 6 * 8 + 5;
		let data = TrainingSet::new(task, 0, 0).unwrap();
		let results = train_all(&some()[..2], &data, 1, false).unwrap();
		assert!(results[0].is_ok());
		assert_eq!(results[1], Err(Error::Model(ModelError::TooCostly)));
		let mut task = seasonal();
		task.limits.model_bytes = 300;
		let data = TrainingSet::new(task, 0, 0).unwrap();
		assert_eq!(train_all(&some()[..1], &data, 1, false).unwrap()[0], Err(Error::Model(ModelError::TooLarge)));
	}

	#[test]
	fn what_is_counted_before_training_is_what_the_chain_counts() {
		let (one, two) = (TrainingSet::new(seasonal(), 0, 0).unwrap(), TrainingSet::new(follower(), 0, 0).unwrap());
		for (data, window) in [(&one, 24), (&two, 5)] {
			for family in families(window) {
				for (depth, dilate, skip) in [(0, false, true), (1, true, true), (2, false, false)] {
					let candidate = Candidate { depth, dilate, skip, stride: 2, epochs: 1, ..family };
					let Ok(net) = candidate.train(data, &AtomicBool::new(false)) else { panic!("{candidate:?}") };
					let cost = candidate.cost(data).unwrap();
					assert_eq!(cost.macs, net.macs(), "{candidate:?}");
					let head = |layer: &Layer| (layer.macs(), u64::from(layer.outputs));
					let layers = net.skip.iter().chain(&net.layers).chain(match &net.encoder {
						Encoder::None => Vec::new(),
						Encoder::Conv(convs) => convs.iter().map(|conv| &conv.layer).collect(),
						Encoder::Lstm(cell) | Encoder::Gru(cell) => vec![&cell.input, &cell.hidden],
					});
					let (weights, biases) = layers.map(head).fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
					assert_eq!((cost.weights, cost.biases), (weights, biases), "{candidate:?}");
				}
			}
		}
	}

	#[test]
	fn a_stop_reaches_every_candidate() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		assert_eq!(train_all(&some(), &data, 2, true), Err(Error::Stopped));
	}

	#[test]
	fn genes_are_read_by_name() {
		let genes = [("width", 7), ("window", 9), ("seed", -1), ("skip", 0)];
		let candidate = Candidate::from_genes(genes, 24).unwrap();
		assert_eq!((candidate.width, candidate.window, candidate.seed, candidate.skip), (7, 9, u64::MAX, false));
		assert_eq!(Candidate::from_genes([], 24).unwrap().window, 24);
		assert_eq!(Candidate::from_genes([("colour", 1)], 24), Err(Error::UnknownGene("colour".into(), GENES)));
		let refused = Candidate::from_genes([("window", 25)], 24).unwrap_err();
		assert_eq!(refused.to_string(), "gene `window` is 25; it must lie in 1..=24 here");
	}

	#[test]
	fn bits_are_refused_where_nothing_is_trained_in_them() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let with = |family, bits| Candidate { family, window: 24, width: 5, bits, ..Candidate::default() }.check(&data);
		assert_eq!((with(Family::Mlp, 8), with(Family::Mlp, 12), with(Family::Lstm, 12)), (Ok(()), Ok(()), Ok(())));
		for family in [Family::Conv, Family::Lstm, Family::Gru] {
			let refused = with(family, 8).unwrap_err().to_string();
			assert_eq!(refused, "gene `bits` is 8: only dense nets are trained in 8 bits, take 12 for other families");
		}
		let refused = with(Family::Mlp, 10).unwrap_err().to_string();
		assert_eq!(refused, "gene `bits` is 10: nets are trained in 12 bits, or in 8");
		assert_eq!(Candidate::from_genes([("bits", 8)], 24).unwrap().bits, 8);
		let refused = Candidate::from_genes([("bits", 13)], 24).unwrap_err();
		assert_eq!(refused.to_string(), "gene `bits` is 13; it must lie in 8..=12 here");
	}

	#[test]
	fn a_cell_has_one_layer_whatever_its_depth() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let one = Candidate { family: Family::Gru, window: 9, width: 5, epochs: 1, ..Candidate::default() };
		let train = |depth| Candidate { depth, ..one }.train(&data, &AtomicBool::new(false)).unwrap();
		assert_eq!(train(0), train(3));
	}

	/// A net of each family that is trained on `task`.
	fn families(window: u16) -> [Candidate; 4] {
		let base = Candidate { window, width: 16, epochs: 40, decay: 0, seed: 3, skip: false, ..Candidate::default() };
		let conv = Candidate { family: Family::Conv, kernel: 2, ..base };
		let lstm = Candidate { family: Family::Lstm, rate: 12, ..base };
		[base, conv, lstm, Candidate { family: Family::Gru, ..lstm }]
	}

	#[test]
	fn net_and_ridge_can_say_half_each() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let stop = AtomicBool::new(false);
		let linear = data.linear(24, 0).unwrap();
		for alone in families(24) {
			let alone = Candidate { epochs: 2, ..alone };
			let net = alone.train(&data, &stop).unwrap();
			let both = Candidate { skip: true, blend: true, ..alone }.train(&data, &stop).unwrap();
			data.task.admit(&Model::Net(both.clone())).unwrap();
			let (history, _) = data.fit(false).next().unwrap();
			let said = |net: &Net| {
				let (mut x, mut out) = (vec![0; 24], vec![0; 6]);
				features(net, 1, history, &mut x);
				net.forward(&x, &mut out, &mut Scratch::default());
				out
			};
			let halves = said(&linear.net).into_iter().zip(said(&net)).map(|(linear, net)| (linear + net) / 2);
			// Both halves are rounded once more.
			assert!(said(&both).into_iter().zip(halves).all(|(both, halves)| both.abs_diff(halves) <= 2));
		}
	}

	#[test]
	fn nets_read_several_channels() {
		let task = follower();
		let mut deaf = task.clone();
		// The same without what the second channel says.
		deaf.series.iter_mut().skip(1).step_by(2).for_each(|value| *value = 0);
		let (data, deaf) = (TrainingSet::new(task, 0, 0).unwrap(), TrainingSet::new(deaf, 0, 0).unwrap());
		let stop = AtomicBool::new(false);
		for candidate in families(6) {
			let trained = candidate.evaluate(&data, &stop).unwrap();
			let without = candidate.evaluate(&deaf, &stop).unwrap();
			assert!(trained.fitness * 3 < without.fitness, "{} against {}", trained.fitness, without.fitness);
			let beside = Candidate { skip: true, ..candidate }.evaluate(&data, &stop).unwrap();
			assert!(beside.fitness * 3 < without.fitness);
			assert_eq!(trained, candidate.evaluate(&TrainingSet::new(follower(), 0, 0).unwrap().on(&Scalar), &stop).unwrap());
		}
	}

	#[test]
	fn nets_tell_classes_apart_that_no_linear_model_can() {
		let data = TrainingSet::new(direction(), 0, 0).unwrap();
		let stop = AtomicBool::new(false);
		let linear = Candidate { window: 6, depth: 0, ..Candidate::default() }.evaluate(&data, &stop).unwrap();
		for candidate in families(6) {
			for skip in [false, true] {
				let candidate = Candidate { skip, ..candidate };
				let trained = candidate.evaluate(&data, &stop).unwrap();
				assert!(trained.fitness * 5 < linear.fitness * 4, "{} against {}", trained.fitness, linear.fitness);
			}
		}
	}

	#[test]
	fn a_net_for_some_steps_learns_those() {
		let mut task = seasonal();
		task.program.target = Target::Steps(vec![6].try_into().unwrap());
		let data = TrainingSet::new(task, 0, 0).unwrap();
		for candidate in families(24) {
			let trained = candidate.evaluate(&data, &AtomicBool::new(false)).unwrap();
			assert!(trained.fitness < 1 << 20, "{}", trained.fitness);
			let Model::Net(net) = &trained.model else { panic!("a net") };
			assert_eq!(net.layers.last().unwrap().outputs, 1);
		}
	}
}
