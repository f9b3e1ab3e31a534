//! Genesis states that many nodes start from.

use crate::{executable, run};
use anyhow::{bail, Result};
use std::{
	fs,
	path::PathBuf,
	sync::{Mutex, PoisonError},
};

/// The raw specification of a built-in chain, as a file in `<target>/tmp`.
///
/// A node that starts from a preset compiles the runtime three times, two of them to make the genesis. Starting from this file leaves
/// one. The file is written once per build of the node.
///
/// # Errors
/// When the node was not built, or does not export it.
pub fn raw(chain: &str) -> Result<PathBuf> {
	static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
	let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);

	let node = executable("doin-node")?;
	let folder = node.ancestors().nth(2).map_or_else(std::env::temp_dir, |target| target.join("tmp"));
	fs::create_dir_all(&folder)?;
	let path = folder.join(format!("doin-{chain}.raw.json"));
	let built = fs::metadata(&node)?.modified()?;
	if fs::metadata(&path).and_then(|file| file.modified()).is_ok_and(|written| written > built) {
		return Ok(path);
	}
	// Written beside and renamed, since another test executable may be doing the same.
	let draft = folder.join(format!("doin-{chain}.{}", std::process::id()));
	let output = run("doin-node", &["export-chain-spec", "--chain", chain, "--raw", "--output", &draft.to_string_lossy()])?;
	if !output.status.success() {
		bail!("the {chain} chain cannot be exported: {}", String::from_utf8_lossy(&output.stderr));
	}
	fs::rename(draft, &path)?;
	Ok(path)
}
