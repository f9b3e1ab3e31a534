//! Candidates: points of a search space, and the nets that are trained from them.
//!
//! With the data, the genes of a candidate determine its net, bit by bit, on every machine. A gene that is missing has its
//! default. The names below are those that domains register and records contain.
//!
//! | gene | meaning | range |
//! |---|---|---|
//! | `family` | index in [`Family::ALL`] | 0..=3 |
//! | `window` | steps of the history that the net reads | 1..=history |
//! | `width` | neurons of a hidden layer, channels of a convolution, units of a cell | 1..=512 |
//! | `depth` | hidden layers or convolutions; 0 for the linear model alone | 0..=8 |
//! | `kernel`, `stride` | steps that a convolution reads, and the distance of its outputs | 1..=32 |
//! | `dilate` | 1: each convolution doubles the distance of the steps that it reads | 0..=1 |
//! | `rate` | the first learning rate is 2^(rate − 20) | 0..=14 |
//! | `epochs` | passes over the training windows | 1..=1000 |
//! | `decay` | no weight grows beyond 2^−decay | 0..=8 |
//! | `seed` | seed of initial weights and batches | any |
//! | `skip` | 0: no linear skip; 1: trained beside one; 2: averaged with one, and a linear model is the mean of several | 0..=2 |
//! | `mix` | synthetic samples per batch of 256 | 0..=256 |
//! | `bits` | bits of the operands of training steps: 8 or 12 | 8..=12 |

mod cost;
#[cfg(test)]
mod tests;

pub(crate) use cost::Cost;

use super::{
	dataset::{Dataset, FULL_SHARE},
	families,
	ridge::LinearModel,
	stopping::{EpochError, StopSignal},
	trainer::Trainer,
};
use crate::Error;
use doin_kernels::ops::lion::{MAX_DECAY, MAX_RATE_SHIFT};
use doin_scoring::{
	model::{MAX_DEPTH, MAX_WIDTH},
	Encoder, ModelError, Net,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{ops::ControlFlow, sync::Arc};

/// Called after every epoch with the error on the early-stopping set. [`ControlFlow::Break`] ends the training, and the best net
/// so far is returned; otherwise the callback does not affect the net.
pub type OnEpoch<'a> = dyn FnMut(EpochError) -> ControlFlow<()> + 'a;

/// Callback that continues to the last epoch.
pub(crate) fn ignore_epochs(_: EpochError) -> ControlFlow<()> {
	ControlFlow::Continue(())
}

/// Largest kernel and stride of a convolution, steps.
pub(crate) const MAX_KERNEL: u8 = 32;
/// Most epochs.
const MAX_EPOCHS: u16 = 1000;
/// Names of all genes, for error messages and for the registration of domains.
pub const GENE_NAMES: &str = "family, window, width, depth, kernel, stride, dilate, rate, epochs, decay, seed, skip, mix, bits";
/// Bits of the operands of training steps.
pub const OPERAND_BITS: u8 = 12;
/// Bits of the operands of 8-bit training, which dense nets support. Faster on CPUs with an 8-bit dot product (AVX-512 VNNI).
pub const BYTE_OPERAND_BITS: u8 = 8;

/// Kind of net: the layers before the last one.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	strum::Display,
	strum::EnumIter,
	strum::EnumString,
	strum::IntoStaticStr,
)]
#[strum(serialize_all = "lowercase")]
pub enum Family {
	/// Dense hidden layers; with a depth of 0, a linear model.
	#[default]
	Mlp,
	/// Causal convolutions.
	Conv,
	/// Long short-term memory (Hochreiter & Schmidhuber 1997).
	Lstm,
	/// Gated recurrent unit (Cho et al. 2014).
	Gru,
}

impl Family {
	/// All families, in the order of the gene `family`.
	pub const ALL: [Self; 4] = [Self::Mlp, Self::Conv, Self::Lstm, Self::Gru];

	/// Returns the lower-case name, e.g. `mlp`.
	pub fn name(self) -> &'static str {
		self.into()
	}

	/// Returns the family of a net.
	pub fn of(net: &Net) -> Self {
		match net.encoder {
			Encoder::None => Self::Mlp,
			Encoder::Conv(_) | Encoder::Image(_) => Self::Conv,
			Encoder::Lstm(_) => Self::Lstm,
			Encoder::Gru(_) => Self::Gru,
		}
	}
}

/// One point of a search space; see the [module documentation](self) for the genes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
	/// Family of the net.
	pub family: Family,
	/// Steps of the history that the net reads.
	pub window: u16,
	/// Neurons of a hidden layer, channels of a convolution, or units of a cell.
	pub width: u16,
	/// Hidden layers or convolutions; 0 for the linear model alone. Cells have one layer at any depth.
	pub depth: u8,
	/// Steps that a convolution reads.
	pub kernel: u8,
	/// Distance of the outputs of a convolution, steps.
	pub stride: u8,
	/// `true` if each convolution doubles the distance of the steps that it reads.
	pub dilate: bool,
	/// The first learning rate is 2^(rate − 20).
	pub rate: u8,
	/// Passes over the training windows.
	pub epochs: u16,
	/// Strength of the weight decay: no weight grows beyond 2^−decay; those of a cell grow to four times as much, at most 1.
	pub decay: u8,
	/// Seed of initial weights and batches.
	pub seed: u64,
	/// `true` if the net has a linear skip.
	pub linear_skip: bool,
	/// `true` if a net with a linear skip is trained alone and then averaged with the skip, instead of trained on the residuals
	/// of the skip. Without layers, the net is then the [mean](LinearModel::mean) of several linear models.
	pub blend: bool,
	/// Synthetic samples per batch of [`FULL_SHARE`]; without effect if the dataset has no synthetic windows.
	pub synthetic_share: u16,
	/// Bits of the operands of training steps: [`OPERAND_BITS`], or [`BYTE_OPERAND_BITS`] for dense nets. Trained nets have 12
	/// bits either way.
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
			linear_skip: true,
			blend: false,
			synthetic_share: 64,
			bits: OPERAND_BITS,
		}
	}
}

/// Returns `value` if it lies within `lo..=hi`, else an error that names the gene.
pub(crate) fn within(name: &str, value: i64, lo: i64, hi: i64) -> Result<i64, Error> {
	if (lo..=hi).contains(&value) {
		Ok(value)
	} else {
		Err(Error::Gene { name: name.into(), value, lo, hi })
	}
}

impl Candidate {
	/// Returns the candidate of named genes. A missing gene has its default; the default window is `history`.
	///
	/// # Errors
	///
	/// [`Error::UnknownGene`] for a name that is not in [`GENE_NAMES`]; [`Error::Gene`] for a value out of its range.
	pub fn from_genes<'a>(genes: impl IntoIterator<Item = (&'a str, i64)>, history: u16) -> Result<Self, Error> {
		let mut candidate = Self { window: history, ..Self::default() };
		for (name, value) in genes {
			let within = |lo: i64, hi: i64| within(name, value, lo, hi);
			match name {
				"window" => candidate.window = within(1, history.into())? as u16,
				"width" => candidate.width = within(1, MAX_WIDTH.into())? as u16,
				"family" => candidate.family = Family::ALL[within(0, Family::ALL.len() as i64 - 1)? as usize],
				"kernel" => candidate.kernel = within(1, MAX_KERNEL.into())? as u8,
				"stride" => candidate.stride = within(1, MAX_KERNEL.into())? as u8,
				"dilate" => candidate.dilate = within(0, 1)? == 1,
				"depth" => candidate.depth = within(0, MAX_DEPTH as i64)? as u8,
				"rate" => candidate.rate = within(0, MAX_RATE_SHIFT.into())? as u8,
				"epochs" => candidate.epochs = within(1, MAX_EPOCHS.into())? as u16,
				"decay" => candidate.decay = within(0, MAX_DECAY.into())? as u8,
				"seed" => candidate.seed = value as u64,
				"mix" => candidate.synthetic_share = within(0, FULL_SHARE.into())? as u16,
				"skip" => {
					let skip = within(0, 2)?;
					(candidate.linear_skip, candidate.blend) = (skip > 0, skip > 1);
				}
				"bits" => candidate.bits = within(BYTE_OPERAND_BITS.into(), OPERAND_BITS.into())? as u8,
				_ => return Err(Error::UnknownGene { name: name.into(), known: GENE_NAMES }),
			}
		}
		Ok(candidate)
	}

	/// Checks, before any training, that the candidate can be trained on `data` and that its net would be admitted.
	///
	/// # Errors
	///
	/// [`Error::Gene`] or [`Error::Bits`] for a gene out of its range; [`Error::Model`] if the net exceeds the limits of the
	/// domain.
	pub fn check(&self, data: &Dataset) -> Result<(), Error> {
		let program = &data.task.program;
		// Windows of embedded rows are read as a whole.
		let least = if data.has_rows() { program.history } else { 1 };
		within("window", self.window.into(), least.into(), program.history.into())?;
		within("depth", self.depth.into(), 0, MAX_DEPTH as i64)?;
		within("rate", self.rate.into(), 0, MAX_RATE_SHIFT.into())?;
		within("decay", self.decay.into(), 0, MAX_DECAY.into())?;
		within("epochs", self.epochs.into(), 1, MAX_EPOCHS.into())?;
		within("mix", self.synthetic_share.into(), 0, FULL_SHARE.into())?;
		within("width", self.width.into(), 1, MAX_WIDTH.into())?;
		let unsupported_bits = |reason| Err(Error::Bits { bits: self.bits, reason });
		match self.bits {
			OPERAND_BITS => {}
			BYTE_OPERAND_BITS if self.family == Family::Mlp => {}
			BYTE_OPERAND_BITS => return unsupported_bits("only dense nets are trained in 8 bits, take 12 for other families"),
			_ => return unsupported_bits("nets are trained in 12 bits, or in 8"),
		}
		// Inputs that an admitted net does not have cost nothing.
		let cost = Self { window: self.window - data.padding(), ..*self }.cost(data)?;
		if cost.macs > data.task.limits.window_macs.into() {
			return Err(Error::Model(ModelError::TooCostly));
		}
		if cost.bytes() > data.task.limits.model_bytes.into() {
			return Err(Error::Model(ModelError::TooLarge));
		}
		Ok(())
	}

	/// Returns `true` if the net is a linear model alone.
	pub fn is_linear(&self) -> bool {
		self.depth == 0 && matches!(self.family, Family::Mlp | Family::Conv)
	}

	/// Returns the linear model that the candidate is, or the linear skip of its net, if it has one.
	///
	/// # Errors
	///
	/// The errors of [`LinearModel::fit`].
	pub fn linear_model(&self, data: &Dataset) -> Result<Option<Arc<LinearModel>>, Error> {
		match (self.is_linear(), self.linear_skip, self.blend) {
			(true, ..) => self.linear_net(data).map(Some),
			(_, true, true) => data.linear_model(self.window, self.synthetic_share).map(Some),
			(_, true, false) => data.linear_skip(self.window, self.synthetic_share).map(Some),
			(_, false, _) => Ok(None),
		}
	}

	/// Returns the linear model that a candidate without layers is.
	fn linear_net(&self, data: &Dataset) -> Result<Arc<LinearModel>, Error> {
		// Rows are read as a whole, and no row follows another.
		if self.linear_skip && self.blend && !data.has_rows() {
			data.mean_linear_model(self.window, self.synthetic_share)
		} else {
			data.linear_model(self.window, self.synthetic_share)
		}
	}

	/// Returns `true` if the net is trained beside its linear skip, on the residuals.
	pub(crate) fn trains_with_skip(&self) -> bool {
		self.linear_skip && !self.blend
	}

	/// Returns the linear skip that the net is trained beside, if there is one.
	pub(crate) fn training_skip(&self, data: &Dataset) -> Result<Option<Arc<LinearModel>>, Error> {
		if self.trains_with_skip() {
			self.linear_model(data)
		} else {
			Ok(None)
		}
	}

	/// Returns the trained net, averaged with the linear model if the candidate is a blend.
	///
	/// # Errors
	///
	/// The errors of [`LinearModel::fit`] and [`LinearModel::blend`].
	pub fn with_blend(&self, data: &Dataset, net: Net) -> Result<Net, Error> {
		match self.linear_model(data)? {
			Some(linear) if self.blend => linear.blend(net),
			_ => Ok(net),
		}
	}

	/// Trains the candidate to its last epoch; returns the net of the epoch with the least error on the early-stopping set.
	///
	/// # Errors
	///
	/// [`Error::Stopped`] if `stop` is set; otherwise the errors of [`check`](Self::check) and [`LinearModel::fit`].
	pub fn train(&self, data: &Dataset, stop: &dyn StopSignal) -> Result<Net, Error> {
		self.train_with(data, stop, &mut ignore_epochs)
	}

	/// Trains the candidate, and calls `on_epoch` after every epoch. A linear model has no epochs.
	///
	/// # Errors
	///
	/// Those of [`train`](Self::train).
	pub fn train_with(&self, data: &Dataset, stop: &dyn StopSignal, on_epoch: &mut OnEpoch) -> Result<Net, Error> {
		self.check(data)?;
		if self.is_linear() {
			return Ok(self.linear_net(data)?.net.clone());
		}
		let skip = self.training_skip(data)?;
		let net = self.trainer(data, skip.as_deref()).train_to_end(stop, on_epoch)?;
		self.with_blend(data, net)
	}

	/// Returns the trainer of the net, which is not [linear](Self::is_linear), beside its [`training_skip`](Self::training_skip).
	pub(crate) fn trainer<'a>(&self, data: &'a Dataset, skip: Option<&'a LinearModel>) -> Box<dyn Trainer + 'a> {
		families::trainer(data, self, skip)
	}
}

/// Returns a pool of `threads` threads, at least one.
///
/// # Errors
///
/// [`Error::Threads`] if the operating system does not start them.
pub fn thread_pool(threads: usize) -> Result<ThreadPool, Error> {
	let threads = threads.max(1);
	let pool = ThreadPoolBuilder::new().num_threads(threads).build();
	pool.map_err(|error| Error::Threads { threads, reason: error.to_string() })
}
