//! Compute shaders, put together from the files in `shaders/`.

use super::{cells::CELLS, plan::Form};
use crate::backend::gates;
use doin_scoring::{Forecast, Target};

/// What runs on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
	/// Training steps.
	Train,
	/// Batches of the inner validation.
	Validate,
	/// Windows of chunks.
	Score,
}

/// What is forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
	/// Values of all steps or of some.
	Values,
	/// The class of a change.
	Classes,
}

impl Goal {
	/// That of `program`.
	pub fn of(program: &Forecast) -> Self {
		match program.target {
			Target::Values | Target::Steps(_) => Self::Values,
			Target::Classes(_) => Self::Classes,
		}
	}
}

/// One of the shaders: a kernel for nets of one form that forecast one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shader {
	pub kernel: Kernel,
	pub form: Form,
	pub goal: Goal,
}

impl Shader {
	/// All kernels.
	pub const KERNELS: [Kernel; 3] = [Kernel::Train, Kernel::Validate, Kernel::Score];
	/// All that may be forecast.
	pub const GOALS: [Goal; 2] = [Goal::Values, Goal::Classes];
	/// How many there are.
	pub const COUNT: usize = Self::KERNELS.len() * Form::ALL.len() * Self::GOALS.len();

	/// Its number, less than [`Shader::COUNT`].
	pub fn number(self) -> usize {
		(self.goal as usize * Form::ALL.len() + self.form as usize) * Self::KERNELS.len() + self.kernel as usize
	}

	/// Its entry point.
	pub fn entry(self) -> &'static str {
		match self.kernel {
			Kernel::Train => "train",
			Kernel::Validate => "validate",
			Kernel::Score => "score",
		}
	}

	/// What it is told besides how many threads a workgroup has.
	pub fn constants(self) -> Option<(&'static str, f64)> {
		self.form.cell().map(|kind| ("GRU", f64::from(u8::from(kind == gates::Kind::Gru))))
	}

	/// Its text.
	pub fn source(self) -> String {
		let common = include_str!("shaders/common.wgsl");
		let batch = include_str!("shaders/batch.wgsl");
		let learn = include_str!("shaders/learn.wgsl");
		let (hidden, training, learn) = match self.form {
			Form::Dense => (include_str!("shaders/dense.wgsl"), include_str!("shaders/dense_train.wgsl"), learn),
			Form::Conv => (include_str!("shaders/conv.wgsl"), include_str!("shaders/conv_train.wgsl"), learn),
			Form::Lstm | Form::Gru => (CELLS.as_str(), include_str!("shaders/cell_train.wgsl"), ""),
		};
		let (goal, loss, error) = match self.goal {
			Goal::Values => (
				include_str!("shaders/values.wgsl"),
				include_str!("shaders/values_train.wgsl"),
				include_str!("shaders/values_score.wgsl"),
			),
			Goal::Classes => (
				include_str!("shaders/classes.wgsl"),
				include_str!("shaders/classes_train.wgsl"),
				include_str!("shaders/classes_score.wgsl"),
			),
		};
		match self.kernel {
			Kernel::Train => [common, goal, hidden, include_str!("shaders/train.wgsl"), loss, training, learn].concat(),
			Kernel::Validate => [common, goal, hidden, batch, error, include_str!("shaders/validate.wgsl")].concat(),
			Kernel::Score => [common, goal, hidden, batch, error, include_str!("shaders/score.wgsl")].concat(),
		}
	}
}
