//! Nets of training runs on vectors.

use doin_kernels::{
	ops::small::{SmallBatch, SmallNet, SmallOutputs, SmallStep},
	Backend,
};
use doin_training::{lion::StepSize, run::RunNet, DenseNet, Outputs};

/// A net on one back-end, which computes the bits of its definition.
#[derive(Clone, Debug)]
pub(super) struct FastNet {
	backend: Backend,
	net: SmallNet,
	batch: SmallBatch,
	/// Gradients of the outputs of one batch.
	gradient: Vec<i16>,
}

impl FastNet {
	/// Returns a net in the state of its definition.
	pub(super) fn new(backend: Backend, net: &DenseNet) -> Self {
		Self { backend, net: SmallNet::new(net), batch: SmallBatch::default(), gradient: Vec::new() }
	}
}

impl RunNet for FastNet {
	fn step(&mut self, x: &[i16], loss: impl FnOnce(Outputs, &mut [i16]), size: StepSize) {
		let len = self.outputs(x).sums.len();
		let mut gradient = std::mem::take(&mut self.gradient);
		gradient.clear();
		gradient.resize(len, 0);
		let Self { backend, net, batch, .. } = self;
		loss(Outputs { sums: net.outputs(), width: net.width(), shift: net.out_shift() }, &mut gradient);
		backend.run(SmallStep { net: &mut *net, batch, gradient: &gradient, size });
		self.gradient = gradient;
	}

	fn outputs(&mut self, x: &[i16]) -> Outputs<'_> {
		let Self { backend, net, batch, .. } = self;
		batch.load(x, net.inputs());
		backend.run(SmallOutputs { net: &mut *net, batch });
		Outputs { sums: net.outputs(), width: net.width(), shift: net.out_shift() }
	}
}
