//! Raw chain specifications, so that many nodes start from one genesis.

use crate::{executable, run};
use anyhow::{bail, Result};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU32, Ordering},
		Mutex, PoisonError,
	},
};

/// Returns the path of the raw specification of a built-in chain, a file in `<target>/tmp`.
///
/// A node that starts from a preset compiles the runtime three times, two of them for the genesis. A node that starts from this
/// file compiles it once. The file is written once per build of the node.
///
/// # Errors
/// Errors if the node was not built, or if it does not export the specification.
pub fn raw(chain: &str) -> Result<PathBuf> {
	static LOCK: Mutex<()> = Mutex::new(());
	let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);

	let node = executable("doin-node")?;
	let folder = node.ancestors().nth(2).map_or_else(std::env::temp_dir, |target| target.join("tmp"));
	fs::create_dir_all(&folder)?;
	let path = folder.join(format!("doin-{chain}.raw.json"));
	let built = fs::metadata(&node)?.modified()?;
	if fs::metadata(&path).and_then(|file| file.modified()).is_ok_and(|written| written > built) {
		return Ok(path);
	}
	// Written to a draft and renamed, since another test executable may write the file at the same time.
	let draft = folder.join(format!("doin-{chain}.{}", std::process::id()));
	export(chain, true, &draft)?;
	fs::rename(draft, &path)?;
	Ok(path)
}

/// Returns the path of the raw specification of a development chain on which tasks that nobody settles end after 20 blocks, so that
/// the cool-down of a bond takes about two minutes.
///
/// # Errors
/// See [`raw`].
pub fn with_short_time_outs() -> Result<PathBuf> {
	with_timing("dev-short", |timing| timing["rounds"]["settle_timeout"] = 20.into())
}

/// Returns the path of the raw specification of a development chain on which a vote counts within half a minute, and a round with sealed
/// evidence takes about a minute.
///
/// # Errors
/// See [`raw`].
pub fn with_short_rounds() -> Result<PathBuf> {
	with_timing("dev-rounds", |timing| {
		timing["epochLength"] = 15.into();
		timing["rounds"]["commit"] = 6.into();
		timing["rounds"]["challenge"] = 4.into();
	})
}

/// Returns the path of the raw specification `name` of a development chain whose lengths of epochs and rounds `change` sets.
fn with_timing(name: &str, change: impl FnOnce(&mut Value)) -> Result<PathBuf> {
	let folder = raw("dev")?.parent().map_or_else(std::env::temp_dir, Into::into);
	let file = |kind: &str| folder.join(format!("doin-{name}.{kind}.json"));
	// Tests on other threads and in other executables may ask for the same chain at the same time.
	let (draft, raw_draft) = (file(&unique()), file(&unique()));
	export("dev", false, &draft)?;
	let mut spec: Value = serde_json::from_slice(&fs::read(&draft)?)?;
	change(&mut spec["genesis"]["runtimeGenesis"]["patch"]["timing"]);
	fs::write(&draft, serde_json::to_vec(&spec)?)?;
	export(&draft.to_string_lossy(), true, &raw_draft)?;
	fs::remove_file(draft)?;
	let path = file("raw");
	fs::rename(raw_draft, &path)?;
	Ok(path)
}

/// Returns a text that no other call returns, in this process or in others.
fn unique() -> String {
	static NEXT: AtomicU32 = AtomicU32::new(0);
	format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Writes the specification of `chain` to `path`.
fn export(chain: &str, raw: bool, path: &Path) -> Result<()> {
	let path = path.to_string_lossy();
	let mut arguments = vec!["export-chain-spec", "--chain", chain, "--output", &path];
	if raw {
		arguments.push("--raw");
	}
	let output = run("doin-node", &arguments)?;
	if !output.status.success() {
		bail!("cannot export the {chain} chain: {}", String::from_utf8_lossy(&output.stderr));
	}
	Ok(())
}
