//! The limit on the open files of the process.

/// Open files that the rest of the worker needs: journal, databases, connections to the node, devices.
const RESERVE: usize = 256;
/// Open files that are asked for.
#[cfg(unix)]
const WANTED: u64 = 4_096;
/// Connections of a system whose limit is not known.
const FEW: usize = 256;

/// Raises the limit on open files as far as the system allows without rights, and returns how many of them connections may take, so
/// that the rest of the worker never lacks one.
pub(crate) fn for_connections(most: usize) -> usize {
	most.min(limit().map_or(FEW, |limit| usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(RESERVE).max(1)))
}

#[cfg(unix)]
fn limit() -> Option<u64> {
	use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};
	let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
	let Some(now) = current else { return Some(u64::MAX) };
	let wanted = maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
	if now >= wanted {
		return Some(now);
	}
	match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
		Ok(()) => Some(wanted),
		Err(error) => {
			tracing::debug!(target: "doin::dashboard", %error, "the limit on open files stays at {now}");
			Some(now)
		}
	}
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
	None
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_worker_keeps_open_files_of_its_own() {
		let granted = for_connections(usize::MAX);
		assert!(granted >= 1);
		assert!(limit().is_none_or(|limit| granted as u64 <= limit.saturating_sub(RESERVE as u64).max(1)));
		assert_eq!(for_connections(1), 1);
	}
}
