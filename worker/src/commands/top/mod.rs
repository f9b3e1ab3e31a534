//! `top`: searches, domains, rounds and work of a running worker, live in the terminal.
//!
//! ```text
//! worker's server ── events, answers ──▶ client ── updates ──▶ State ──▶ view ──▶ terminal
//!                                                  keys ───────▲
//! ```

mod client;
mod data;
mod format;
mod look;
mod sse;
mod state;
#[cfg(test)]
mod tests;
mod view;

use anyhow::{bail, Context, Result};
use clap::Args;
use client::Server;
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::{FutureExt, StreamExt};
use look::Look;
use ratatui::DefaultTerminal;
use state::{Pressed, State};
use std::{
	io::{self, IsTerminal},
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
	sync::mpsc,
	time::{interval, sleep, MissedTickBehavior},
};

/// Examples of `top`.
pub const HELP: &str = "\
EXAMPLES
  doin-worker top
  doin-worker top --dashboard http://127.0.0.1:8471
  ssh -L 8470:127.0.0.1:8470 HOST        then, in another terminal: doin-worker top

Keys: left and right change the tab, up and down scroll, ? shows all keys, q quits. NO_COLOR=1 shows no colours.";

/// Time between two updates of clocks.
const TICK: Duration = Duration::from_secs(1);
/// Least time between two frames.
const FRAME: Duration = Duration::from_millis(100);
/// Updates that may wait to be shown.
const WAITING: usize = 64;

/// Arguments of `top`.
#[derive(Clone, Debug, Args)]
pub struct TopArgs {
	/// Address of the worker's server
	#[arg(long, value_name = "HTTP-URL", env = "DOIN_DASHBOARD", default_value = "http://127.0.0.1:8470")]
	dashboard: Server,
}

/// Runs `top`.
///
/// # Errors
///
/// Errors if standard input or output is not a terminal, or if the terminal cannot be used.
pub async fn run(args: TopArgs) -> Result<()> {
	if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
		bail!("`top` needs a terminal: for one report, take `doin-worker status`, or `curl {}/status`", args.dashboard);
	}
	let look = Look::from_environment(|name| std::env::var(name).ok());
	let mut screen = Screen::open()?;
	let (sender, mut updates) = mpsc::channel(WAITING);
	let showing = show(&mut screen.0, look, State::new(args.dashboard.to_string()), &mut updates);
	tokio::select! {
		shown = showing => shown,
		() = client::follow(&args.dashboard, &sender) => Ok(()),
	}
}

/// The terminal, which is restored at the end, also at that of a panic.
struct Screen(DefaultTerminal);

impl Screen {
	fn open() -> Result<Self> {
		ratatui::try_init().map(Self).context("the terminal cannot be used")
	}
}

impl Drop for Screen {
	fn drop(&mut self) {
		ratatui::restore();
	}
}

/// Shows the state after each change, until a key ends the program.
async fn show(
	terminal: &mut DefaultTerminal,
	look: Look,
	mut state: State,
	updates: &mut mpsc::Receiver<client::Update>,
) -> Result<()> {
	let (started, mut keys, mut ticks) = (Instant::now(), EventStream::new(), interval(TICK));
	ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
	loop {
		state.now = started.elapsed();
		state.wall_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
		terminal.draw(|frame| view::draw(frame, &state, look)).context("the terminal cannot be written to")?;
		tokio::select! {
			_ = ticks.tick() => {}
			Some(update) = updates.recv() => {
				// What comes in quick succession is shown together.
				sleep(FRAME).await;
				state.now = started.elapsed();
				state.apply(update);
				while let Ok(update) = updates.try_recv() {
					state.apply(update);
				}
			}
			key = keys.next() => {
				let mut key = key;
				loop {
					match key {
						Some(Ok(Event::Key(pressed))) if pressed.kind != KeyEventKind::Release => {
							if state.press(pressed) == Pressed::Quit {
								return Ok(());
							}
						}
						// A new size is read by the next frame.
						Some(Ok(_)) => {}
						Some(Err(error)) => return Err(error).context("the keyboard cannot be read"),
						None => return Ok(()),
					}
					match keys.next().now_or_never() {
						Some(next) => key = next,
						None => break,
					}
				}
			}
		}
	}
}
