//! Output of `watch`.

use indicatif::{ProgressBar, ProgressStyle};
use std::{io::IsTerminal, time::Duration};

/// Output of `watch`: lines above a status line on a terminal, lines only elsewhere.
pub struct Screen {
	bar: Option<ProgressBar>,
	/// Last activity.
	last: String,
}

impl Screen {
	/// Returns the screen of standard output.
	pub fn new() -> Self {
		let bar = std::io::stdout().is_terminal().then(|| {
			let bar = ProgressBar::new_spinner();
			bar.set_style(
				ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
			);
			bar.enable_steady_tick(Duration::from_millis(120));
			bar
		});
		Self { bar, last: String::new() }
	}

	/// Prints a line.
	pub fn line(&self, text: &str) {
		match &self.bar {
			Some(bar) => bar.suspend(|| println!("{text}")),
			None => println!("{text}"),
		}
	}

	/// Shows the activity of the domains. Elsewhere than on a terminal, only a change of the activity is a line; `detail`, which
	/// changes with each block, is left out.
	pub fn status(&mut self, block: u32, activity: String, detail: &str) {
		match &self.bar {
			Some(bar) => bar.set_message(format!("block {block}  {activity}{detail}")),
			None if self.last != activity => println!("block {block:>6}  {activity}"),
			None => {}
		}
		self.last = activity;
	}

	/// Removes the status line.
	pub fn end(&self) {
		if let Some(bar) = &self.bar {
			bar.finish_and_clear();
		}
	}
}
