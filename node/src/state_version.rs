//! Version of the runtime that wrote a state.
//!
//! Keys and types of storage that this node was built with describe states of one version of the runtime. Bytes of another
//! version can decode to other values, and a renamed item reads as empty, so both are compared before a state is read.
//!
//! The version is that of `System.LastRuntimeUpgrade`, which a runtime writes before anything else in its first block, and not
//! that of the code in the state: the block that replaces the code was executed by the former runtime, which wrote its events.

use crate::service::FullClient;
use codec::Decode;
use doin_runtime::{Hash, VERSION};
use frame_support::storage::storage_prefix;
use frame_system::LastRuntimeUpgradeInfo;
use sc_client_api::{StorageKey, StorageProvider};
use std::cmp::Ordering;

/// Reason not to read a state by the keys and types of this node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
	/// The node does not have the state.
	#[error("{0}")]
	NoState(String),
	/// An earlier version of the runtime wrote the state. Once the chain is upgraded, the state can be read.
	#[error("version {0} of the runtime wrote the state, and this node was built with version {known}", known = VERSION.spec_version)]
	Earlier(u32),
	/// A later version of the runtime wrote the state.
	#[error("version {0} of the runtime wrote the state, and this node was built with version {known}", known = VERSION.spec_version)]
	Later(u32),
	/// The state does not say which version wrote it.
	#[error("the state does not name the version of the runtime that wrote it")]
	Unnamed,
}

/// Checks that the version of the runtime that this node was built with wrote the state of the block `hash`.
///
/// # Errors
///
/// Errors if another version wrote it, or if it cannot be read.
pub fn check(client: &FullClient, hash: Hash) -> Result<(), Mismatch> {
	let key = StorageKey(storage_prefix(b"System", b"LastRuntimeUpgrade").to_vec());
	let stored = client.storage(hash, &key).map_err(|error| Mismatch::NoState(error.to_string()))?;
	compare(stored.as_ref().map(|value| value.0.as_slice()))
}

/// Compares `stored`, the item `System.LastRuntimeUpgrade` of a state, with the version that this node was built with.
///
/// # Errors
///
/// Errors if the versions differ, or if `stored` names none.
pub fn compare(stored: Option<&[u8]>) -> Result<(), Mismatch> {
	let info = stored.and_then(|mut bytes| LastRuntimeUpgradeInfo::decode(&mut bytes).ok()).ok_or(Mismatch::Unnamed)?;
	let found = info.spec_version.0;
	match found.cmp(&VERSION.spec_version) {
		Ordering::Equal => Ok(()),
		Ordering::Less => Err(Mismatch::Earlier(found)),
		Ordering::Greater => Err(Mismatch::Later(found)),
	}
}
