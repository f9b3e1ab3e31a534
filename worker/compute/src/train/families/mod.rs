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
