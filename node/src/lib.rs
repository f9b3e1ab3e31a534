//! The DOIN node: a Substrate client for one runtime, with BABE, GRANDPA and the `doin` RPC namespace.
//!
//! Consensus, networking and the database are the SDK's. The rules of DOIN are in the runtime; the node reads its state through
//! one runtime API, [`doin_traits::apis::DoinApi`].
//!
//! | module | task |
//! |---|---|
//! | [`cli`] | parses the command line |
//! | [`command`] | dispatches commands |
//! | [`chain_spec`] | loads the genesis |
//! | [`consensus`] | checks the DOIN digest, decides ties between chains, authors on work |
//! | [`hardware`] | compares a validator's machine with the reference machine |
//! | [`metrics`] | exports metrics of DOIN to Prometheus |
//! | [`network`] | starts a new network from the keys of its founders |
//! | [`state_version`] | compares the version of a state with that of this node |
//! | [`service`] | assembles client, consensus and network |
//! | [`rpc`] | serves JSON-RPC |
//!
//! # Licence
//!
//! SPDX-License-Identifier: GPL-3.0-or-later WITH Classpath-exception-2.0
//!
//! The SDK's client crates that this package links are under the GPL with the classpath exception, and so is this package. The
//! runtime, the pallets, the primitives and the worker do not link them and are under Apache-2.0.

pub mod chain_spec;
pub mod cli;
pub mod command;
pub mod consensus;
pub mod hardware;
pub mod metrics;
pub mod network;
pub mod rpc;
pub mod service;
pub mod state_version;
