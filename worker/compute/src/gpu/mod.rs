//! Exact integer training and scoring on GPUs, through Vulkan.
//!
//! A device trains many candidates at a time: one workgroup per candidate, many training steps per dispatch, batches drawn on the
//! device. Nothing but error sums is read back before the end. The nets are those of
//! [`Candidate::train`](crate::Candidate::train), bit by bit, so results do not depend on where a candidate was trained, and the
//! CPU can train whatever a device does not finish.
//!
//! ```text
//! adapters ─► DeviceSelection ─► Device ─┬─► DeviceDataset ─► GpuBatch (train)        adapter, device, dataset, batch
//!                                        └─► Device::score (evaluate)                 score
//! Candidate ─► NetPlan ─► PackedBatch ─► buffers ─► Shader (WGSL) ─► results          plan, packing, layout, shader, pipelines
//! ```
//!
//! [`adapters`] lists the adapters of the machine, and [`DeviceSelection`] chooses among them; [`Devices`] are the opened ones,
//! which an [`Executor`](crate::Executor) uses. All families are supported, on any number of channels, for all steps, some steps
//! or classes. Candidates of different shapes are trained side by side, those of one kind of net in one dispatch.
//! [`Device::supports`] lists what devices do not train.
//!
//! # Faults
//!
//! A fault of a device, such as its loss or a lack of memory, ends in a [`DeviceError`] and never in a wrong net: devices count
//! the steps and epochs that they ran, and the host compares the counts.

mod adapter;
mod batch;
mod buffers;
mod capacity;
mod cells;
mod dataset;
mod device;
mod devices;
mod error;
mod layout;
mod packing;
mod pipelines;
mod plan;
mod score;
mod shader;
#[cfg(test)]
pub(crate) mod tests;

pub use adapter::{adapters, Adapter, AdapterKind, DeviceSelection};
pub use batch::{BatchError, GpuBatch};
pub(crate) use capacity::step_macs;
pub use capacity::training_macs_per_window;
pub(crate) use cells::{read_cell, row};
pub use dataset::DeviceDataset;
pub use device::Device;
pub use devices::Devices;
pub use error::DeviceError;
