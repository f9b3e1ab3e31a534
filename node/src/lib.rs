//! The DOIN node: a Substrate client for one runtime, with BABE, GRANDPA and the `doin` RPC namespace.
//!
//! Consensus, networking and the database are the SDK's; what is particular to DOIN lives in the runtime and is read here through one
//! runtime API, [`doin_primitives_frame::apis::DoinApi`]. The modules follow a start of the node: [`cli`] parses, [`command`] dispatches,
//! [`chain_spec`] finds the genesis, [`service`] wires the client together, [`rpc`] answers questions.
//!
//! # Licence
//!
//! SPDX-License-Identifier: GPL-3.0-or-later WITH Classpath-exception-2.0
//!
//! The SDK's client crates that this package links are under the GPL with the classpath exception, and so is this package. The runtime,
//! the pallets, the primitives and the worker do not link them and are under Apache-2.0.

pub mod chain_spec;
pub mod cli;
pub mod command;
pub mod rpc;
pub mod service;
