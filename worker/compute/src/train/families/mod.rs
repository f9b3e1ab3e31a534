//! Families of nets in training: one module per encoder, and one for 8-bit training.

pub mod conv;
pub mod mlp;
pub mod mlp_i8;
pub mod rnn;

use super::{
	candidate::{Candidate, Family},
	dataset::Dataset,
	initial::InitialState,
	ridge::LinearModel,
	trainer::Trainer,
};
use doin_kernels::layout::CellKind;

/// Returns the trainer of a candidate, which is not linear, beside the linear skip `skip`.
pub fn trainer<'a>(data: &'a Dataset, candidate: &Candidate, skip: Option<&'a LinearModel>) -> Box<dyn Trainer + 'a> {
	match candidate.family {
		Family::Mlp => mlp::trainer(data, candidate, skip),
		Family::Conv => conv::trainer(data, candidate, skip),
		Family::Lstm => rnn::trainer(CellKind::Lstm, data, candidate, skip),
		Family::Gru => rnn::trainer(CellKind::Gru, data, candidate, skip),
	}
}

/// Returns the state that the trainer of a candidate starts from, for a device.
pub fn initial_state(data: &Dataset, candidate: &Candidate, skip: Option<&LinearModel>) -> InitialState {
	match candidate.family {
		Family::Mlp => mlp::initial_state(data, candidate, skip),
		Family::Conv => conv::initial_state(data, candidate, skip),
		Family::Lstm => rnn::initial_state(CellKind::Lstm, data, candidate, skip),
		Family::Gru => rnn::initial_state(CellKind::Gru, data, candidate, skip),
	}
}

/// Checks that the nets of a candidate, which read windows of 6 steps, err less than half as much as the ridge on a nonlinear map,
/// beside the ridge and alone.
#[cfg(test)]
fn assert_learns_a_nonlinear_map(candidate: &Candidate) {
	let data = Dataset::new(crate::fixtures::tent(), 0, 0).unwrap();
	let linear = data.linear_model(6, 0).unwrap();
	let error = |net| data.fitness(&data.chunk_errors(&doin_scoring::Model::Net(net)));
	let ridge = error(linear.net.clone());
	let running = std::sync::atomic::AtomicBool::new(false);
	for skip in [None, Some(&*linear)] {
		let net = trainer(&data, candidate, skip).train_to_end(&running, &mut super::candidate::ignore_epochs).unwrap();
		let net = error(net);
		assert!(net * 2 < ridge, "{:?}, beside the ridge: {}: net {net}, ridge {ridge}", candidate.family, skip.is_some());
	}
}
