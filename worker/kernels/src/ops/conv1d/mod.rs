//! Causal convolutions over the steps of a window, in 12 bits.
//!
//! A convolution is the product of a dense layer, tap by tap over the steps that an output reads: no patch is copied, because the
//! channels of a step are whole blocks ([`StepMajorShape`](crate::layout::StepMajorShape)). A first convolution of one channel
//! would waste fifteen of sixteen lanes that way; it runs on patches of [`Im2col`] (Chellapilla et al., "High performance
//! convolutional neural networks for document processing", 2006) instead.

mod forward;
mod input_gradient;
mod weight_update;

pub use forward::{ConvRelu, Im2col};
pub use input_gradient::ConvInputGradient;
pub use weight_update::ConvWeightUpdate;
