//! Compute shaders, concatenated from the files in `shaders/`.
//!
//! A shader is a [`Stage`] for nets of one [`NetKind`] that are trained on one [`LossKind`]. WGSL has no modules; the order of
//! declarations does not matter, so a shader is the concatenation of its files:
//!
//! ```text
//! common/    bindings, tiles, windows            every shader
//!            window_errors                       evaluate, score
//!            philox, gradients, lion             train
//!            train_step                          train, except gated cells
//! families/  dense_*, conv_*, cell_*             by NetKind; *_backward for train only
//! losses/    absolute_*, class_*                 by LossKind
//! stages/    train, evaluate, score              by Stage: the entry point
//! ```

use super::{cells::CELL_FORWARD, plan::NetKind};
use doin_kernels::layout::CellKind;
use doin_scoring::{Forecast, Target};
use strum::IntoStaticStr;

/// Work that a shader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
	/// Training steps.
	Train,
	/// Batches of the early-stopping set.
	Evaluate,
	/// Windows of chunks.
	Score,
}

/// Loss that nets are trained on and evaluated by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LossKind {
	/// Absolute error of the values of all steps or of some.
	Absolute,
	/// Multi-class hinge loss of the class of a change.
	Classes,
}

impl LossKind {
	/// Returns the loss of `program`.
	pub fn of(program: &Forecast) -> Self {
		match program.target {
			Target::Values | Target::Steps(_) => Self::Absolute,
			Target::Classes(_) => Self::Classes,
		}
	}
}

/// A shader: one stage for nets of one kind and one loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shader {
	/// Its entry point.
	pub stage: Stage,
	/// Kind of nets that it computes.
	pub net: NetKind,
	/// Loss of the last layer.
	pub loss: LossKind,
}

impl Shader {
	/// All stages.
	pub const STAGES: [Stage; 3] = [Stage::Train, Stage::Evaluate, Stage::Score];
	/// All losses.
	pub const LOSSES: [LossKind; 2] = [LossKind::Absolute, LossKind::Classes];
	/// Number of shaders.
	pub const COUNT: usize = Self::STAGES.len() * NetKind::ALL.len() * Self::LOSSES.len();

	/// Returns the index of the shader, less than [`Shader::COUNT`].
	pub fn index(self) -> usize {
		(self.loss as usize * NetKind::ALL.len() + self.net as usize) * Self::STAGES.len() + self.stage as usize
	}

	/// Returns the name of its entry point.
	pub fn entry(self) -> &'static str {
		self.stage.into()
	}

	/// Returns a label for pipelines and modules, e.g. `train lstm absolute`.
	pub fn label(self) -> String {
		format!("{} {} {}", self.entry(), <&str>::from(self.net), <&str>::from(self.loss))
	}

	/// Returns the pipeline-overridable constants beside the workgroup size.
	pub fn constants(self) -> Option<(&'static str, f64)> {
		self.net.cell().map(|kind| ("GRU", f64::from(u8::from(kind == CellKind::Gru))))
	}

	/// Returns the WGSL source.
	pub fn source(self) -> String {
		let (forward, backward, train_step) = match self.net {
			NetKind::Dense => (
				include_str!("shaders/families/dense_forward.wgsl"),
				include_str!("shaders/families/dense_backward.wgsl"),
				include_str!("shaders/common/train_step.wgsl"),
			),
			NetKind::Conv => (
				include_str!("shaders/families/conv_forward.wgsl"),
				include_str!("shaders/families/conv_backward.wgsl"),
				include_str!("shaders/common/train_step.wgsl"),
			),
			NetKind::Lstm | NetKind::Gru => (CELL_FORWARD.as_str(), include_str!("shaders/families/cell_backward.wgsl"), ""),
		};
		let (targets, gradient, error) = match self.loss {
			LossKind::Absolute => (
				include_str!("shaders/losses/absolute_targets.wgsl"),
				include_str!("shaders/losses/absolute_gradient.wgsl"),
				include_str!("shaders/losses/absolute_error.wgsl"),
			),
			LossKind::Classes => (
				include_str!("shaders/losses/class_scores.wgsl"),
				include_str!("shaders/losses/class_gradient.wgsl"),
				include_str!("shaders/losses/class_errors.wgsl"),
			),
		};
		let mut parts = vec![
			include_str!("shaders/common/bindings.wgsl"),
			include_str!("shaders/common/tiles.wgsl"),
			include_str!("shaders/common/windows.wgsl"),
			targets,
			forward,
		];
		match self.stage {
			Stage::Train => parts.extend([
				include_str!("shaders/common/philox.wgsl"),
				include_str!("shaders/common/gradients.wgsl"),
				include_str!("shaders/common/lion.wgsl"),
				include_str!("shaders/stages/train.wgsl"),
				gradient,
				backward,
				train_step,
			]),
			Stage::Evaluate => parts.extend([
				include_str!("shaders/common/window_errors.wgsl"),
				error,
				include_str!("shaders/stages/evaluate.wgsl"),
			]),
			Stage::Score => parts.extend([
				include_str!("shaders/common/window_errors.wgsl"),
				error,
				include_str!("shaders/stages/score.wgsl"),
			]),
		}
		parts.concat()
	}
}
