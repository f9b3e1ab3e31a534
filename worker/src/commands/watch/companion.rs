//! Processes that a chain depends on.

use rustix::{
	io::Errno,
	process::{test_kill_process, Pid},
};
use std::{fmt, str::FromStr};

/// Process that has to run while `watch` does.
#[derive(Clone, Copy, Debug)]
pub struct Companion(Pid);

impl FromStr for Companion {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let pid = text.parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw);
		pid.map(Self).ok_or_else(|| format!("invalid process `{text}`: expected its number"))
	}
}

impl fmt::Display for Companion {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}", self.0.as_raw_nonzero())
	}
}

impl Companion {
	/// Returns `true` if the process exists and has not ended. A process that has ended remains a zombie until its parent has
	/// waited for it.
	pub fn is_running(self) -> bool {
		// Without the permission to signal it, a process exists.
		!matches!(test_kill_process(self.0), Err(Errno::SRCH)) && !self.is_zombie()
	}

	/// Returns `true` if the process is a zombie. Only Linux has the file that states it.
	fn is_zombie(self) -> bool {
		// The state follows the name of the program in parentheses, which may contain any character.
		let stat = std::fs::read_to_string(format!("/proc/{self}/stat")).unwrap_or_default();
		stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_process_runs_until_it_ends_even_if_its_parent_does_not_wait() {
		let own: Companion = std::process::id().to_string().parse().unwrap();
		assert!(own.is_running());
		assert_eq!(own.to_string(), std::process::id().to_string());
		let mut child = std::process::Command::new("true").spawn().unwrap();
		let companion: Companion = child.id().to_string().parse().unwrap();
		let started = std::time::Instant::now();
		while companion.is_running() {
			assert!(started.elapsed().as_secs() < 20, "a process that its parent has not waited for still counts");
			std::thread::sleep(std::time::Duration::from_millis(10));
		}
		child.wait().unwrap();
		assert!(!companion.is_running());
	}

	#[test]
	fn process_numbers_are_positive() {
		for wrong in ["", "x", "0", "-1"] {
			assert!(wrong.parse::<Companion>().unwrap_err().contains("invalid process"), "{wrong}");
		}
	}
}
