//! Scoring of models in a browser.
//!
//! A visitor of the worker's page recomputes chunk sums that the chain states of a model. Everything exact happens here:
//! [`Check`] decodes the answers of a node, compares data with the hashes among them, and computes sums with `doin-scoring`, as
//! the runtime does. Equal sums prove that what the node states follows from the model, the data and the seed that it returned;
//! the node, or the hash of the block on another one, stands for the rest.
//!
//! `SCORING_WASM` is this crate as a WebAssembly module for the page, which needs no SCALE codec beyond the few lines that write
//! [`Inputs`].
//!
//! The module has memory, at most 64 MiB of it, and four functions:
//!
//! | function | result |
//! |---|---|
//! | `allocate(length)` | address of `length` bytes, at most [`MAX_INPUT`], that the page fills; 0 if there are none |
//! | `open(address, length)` | takes encoded [`Inputs`] from `allocate`; a handle for the other functions, 0 for a fault |
//! | `chunks(handle)` | number of chunks of a recomputation |
//! | `sum(handle, chunk)` | error sum of the chunk as an `i64`; −1 for a fault |
//!
//! A fault, and a panic before the module traps, is passed to the imported function `page.fail(address, length)` as UTF-8 text.
//! After a trap, or to free its memory, the page drops the instance.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(clippy::missing_errors_doc)]
#![cfg_attr(
	not(test),
	deny(
		clippy::float_arithmetic,
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::unwrap_used,
		clippy::panic
	)
)]

extern crate alloc;

mod check;
mod fault;
mod parts;

#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod exports;

/// The compiled module.
#[cfg(feature = "std")]
mod wasm {
	// The generated file defines constants that the page does not use.
	#![allow(dead_code, missing_docs)]
	include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
}

pub use check::{Check, Inputs, Segment, MAX_INPUT};
pub use fault::Fault;

/// This crate as a WebAssembly module, not compressed; `None` if it was built with `SKIP_WASM_BUILD`.
#[cfg(feature = "std")]
pub const SCORING_WASM: Option<&[u8]> = wasm::WASM_BINARY_BLOATY;
