//! The interface of the runtime equals its snapshots: calls, extensions, events, errors, storage, constants and runtime APIs,
//! with full types.
//!
//! A snapshot belongs to one version: `calls_v<transaction_version>` and `state_v<spec_version>`. After a change of the
//! interface:
//!
//! 1. If a network runs the version, raise it in `runtime/src/lib.rs`: `transaction_version` for a change of `calls`,
//!    `spec_version` for every change. The snapshot of the released version stays as it is, and a new one is written.
//! 2. Run `INSTA_UPDATE=always cargo test --release --workspace --test runtime metadata::` and review the difference.
//!
//! 3. Run `scripts/clients.sh generate`, which writes the metadata that types of other clients are generated from.
//!
//! The snapshot of a version that a network runs is listed in [`RELEASED`], and cannot change any more.

use doin_primitives::blake2_256;
use doin_runtime::{Runtime, VERSION};
use doin_runtime_tests::{interface::Interface, Chain};
use std::{fs, path::PathBuf};

/// Snapshot of a version that a network runs.
struct Released {
	/// Name of the snapshot.
	snapshot: &'static str,
	/// blake2b-256 of its file, in hex.
	hash: &'static str,
}

/// Snapshots that must not change. Version 1 is the one from which `upgrade_from_v1.rs` upgrades, and version 2 the one from which
/// `upgrade_from_v2.rs` and a referendum upgrade (`tests/tests/referendum.rs`).
const RELEASED: [Released; 4] = [
	Released { snapshot: "calls_v1", hash: "3124ec5a5527d7fa8a24163ca905e9430c8bc3f2642424495856d8d5ac3be9f1" },
	Released { snapshot: "state_v1", hash: "b0e3510ee0492362f35ae16490d3c3cbf80a53f025d25d2899f589ffda71abda" },
	Released { snapshot: "calls_v2", hash: "77dcec1512480d85116029e48449ff8fdfce50ca852f1cff3eb1f1310a717e11" },
	Released { snapshot: "state_v2", hash: "89f07e5013be1627bb7b5262d58568d7feb30e9ef325d9e6e09b3fc350c07f3e" },
];

fn interface() -> Interface {
	Chain::preset("development").state(Interface::of_runtime)
}

/// Checks that the snapshot of this name, which is that of its file, equals `found`.
fn equals_snapshot(name: &str, found: &str) {
	insta::with_settings!({prepend_module_to_snapshot => false}, { insta::assert_snapshot!(name, found) });
}

fn snapshot_file(name: &str) -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/snapshots/{name}.snap"))
}

#[test]
fn calls_are_those_of_the_transaction_version() {
	equals_snapshot(&format!("calls_v{}", VERSION.transaction_version), &interface().calls());
}

#[test]
fn state_is_that_of_the_spec_version() {
	equals_snapshot(&format!("state_v{}", VERSION.spec_version), &interface().state());
}

#[test]
fn a_released_version_never_changes() {
	for Released { snapshot, hash } in RELEASED {
		let file =
			fs::read(snapshot_file(snapshot)).unwrap_or_else(|error| panic!("the snapshot {snapshot} is missing: {error}"));
		let found: String = blake2_256(&file).iter().map(|byte| format!("{byte:02x}")).collect();
		assert_eq!(
			found, hash,
			"the interface of a version that a network runs has changed ({snapshot}): restore the snapshot and raise \
			 `transaction_version` or `spec_version` in runtime/src/lib.rs"
		);
	}
}

#[test]
fn every_version_up_to_the_current_one_has_its_snapshot() {
	for version in 1..=VERSION.transaction_version {
		assert!(snapshot_file(&format!("calls_v{version}")).is_file(), "transaction_version {version}");
	}
	for version in 1..=VERSION.spec_version {
		assert!(snapshot_file(&format!("state_v{version}")).is_file(), "spec_version {version}");
	}
}

/// Constants that depend on the genesis, e.g. the length of an epoch, have their values without one.
#[test]
fn types_of_clients_are_generated_from_the_metadata_of_the_runtime() {
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/metadata/doin.scale");
	let metadata = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata_at_version(16));
	let metadata = metadata.expect("the runtime serves version 16");
	let file = fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
	assert!(
		file == *metadata,
		"{path} is not the metadata of this runtime: run scripts/clients.sh generate, and commit the file"
	);
}
