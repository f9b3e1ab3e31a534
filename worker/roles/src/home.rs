//! Home folder in the names of files.

use anyhow::{bail, Context, Result};
use std::path::{Component, Path, PathBuf};

/// Returns `path` with the home folder in place of a leading `~`.
///
/// Shells expand `~` only where it begins a word, so `--journal=~/x.db` and configuration files arrive with it.
///
/// # Errors
///
/// Errors if the home folder is unknown, and for the home folder of another user, `~name`.
pub fn expand_home(path: &Path) -> Result<PathBuf> {
	expand(path, std::env::home_dir)
}

/// Returns `true` if `path` begins with `~`.
pub(crate) fn is_in_home(path: &Path) -> bool {
	first(path).is_some_and(|first| first.starts_with('~'))
}

fn first(path: &Path) -> Option<&str> {
	match path.components().next()? {
		Component::Normal(first) => first.to_str(),
		_ => None,
	}
}

fn expand(path: &Path, home: impl Fn() -> Option<PathBuf>) -> Result<PathBuf> {
	match first(path) {
		Some("~") => {
			let home = home().filter(|home| !home.as_os_str().is_empty());
			let home = home.with_context(|| {
				format!("the home folder is unknown, so {} cannot be found: set HOME, or write the whole path", path.display())
			})?;
			Ok(home.join(path.strip_prefix("~").unwrap_or(path)))
		}
		Some(other) if other.starts_with('~') => bail!(
			"{} begins with `{other}`: only `~/`, the home folder of this user, is replaced; write the whole path, or ./{other} for a \
			 file of that name",
			path.display()
		),
		_ => Ok(path.into()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn k37_a_tilde_is_the_home_folder() {
		let home = || Some(PathBuf::from("/users/me"));
		let expanded = |path: &str| expand(Path::new(path), home).unwrap();
		assert_eq!(expanded("~/doin/journal.db"), Path::new("/users/me/doin/journal.db"));
		assert_eq!(expanded("~"), Path::new("/users/me"));
		for unchanged in ["./~/x", "a/~", "/~", "x~", ""] {
			assert_eq!(expanded(unchanged), Path::new(unchanged));
		}
		let refused = |path: &str, home: fn() -> Option<PathBuf>| expand(Path::new(path), home).unwrap_err().to_string();
		assert!(refused("~root/x", || Some("/root".into())).contains("write the whole path"));
		assert!(refused("~/x", || None).contains("set HOME"));
	}
}
