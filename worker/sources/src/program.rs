//! A program of the user that prints the wanted bars.

use crate::{
	bar::{Layout, Stamp, Wanted},
	fault::{beginning, Place, Reason},
	lines::{ColumnNames, RowReader},
	placeholder::Numbers,
	reading::{Collector, Reading},
};
use std::{process::Stdio, time::Duration};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, BufReader},
	process::{Child, Command},
	time::timeout,
};

/// Most that is read of its output, bytes.
const MAX_OUTPUT: u64 = 4 << 20;

/// A running program, which is killed with the programs that it has started unless it ends by itself.
struct Running {
	child: Child,
	has_ended: bool,
}

impl Drop for Running {
	fn drop(&mut self) {
		#[cfg(unix)]
		if let Some(group) = self.child.id().filter(|_| !self.has_ended).and_then(|id| rustix::process::Pid::from_raw(id as i32))
		{
			// The group may have ended meanwhile.
			rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
		}
	}
}

/// Returns the bars that a program prints. It is started for every batch, and ends by itself, or is killed once it has printed the wanted
/// bars or its time is over.
pub(crate) async fn read_program(
	source: &str,
	command: &[String],
	layout: &Layout,
	wanted: &Wanted,
	stamp: Stamp,
	patience: Duration,
) -> Reading {
	let mut collector = Collector::new(source, layout, wanted, stamp);
	let numbers = Numbers::of(layout, wanted);
	let arguments: Vec<String> = command.iter().map(|argument| numbers.fill(argument)).collect();
	let pumped = match start(&arguments) {
		Ok(mut running) => timeout(patience, pump(&mut running, layout, &mut collector)).await,
		Err(reason) => Ok(Err(reason)),
	};
	match pumped {
		Ok(Ok(())) => {}
		Ok(Err(reason)) => collector.fault(reason),
		// What it has printed is used.
		Err(_) => collector.fault(Reason::Silent { seconds: patience.as_secs() }),
	}
	collector.finish()
}

fn start(arguments: &[String]) -> Result<Running, Reason> {
	let unusable = |cause: String| {
		let what = format!("`{}` cannot be started; correct `program`", arguments.join(" "));
		Reason::Unusable { what, cause }
	};
	let (name, rest) = arguments.split_first().ok_or_else(|| unusable("it has no name".into()))?;
	let mut command = Command::new(name);
	command.args(rest).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
	#[cfg(unix)]
	command.process_group(0);
	let child = command.spawn().map_err(|error| unusable(error.to_string()))?;
	Ok(Running { child, has_ended: false })
}

/// Reads lines until the program has ended, or all wanted bars are known.
async fn pump(running: &mut Running, layout: &Layout, collector: &mut Collector<'_>) -> Result<(), Reason> {
	let failed = |cause: String| Reason::Unusable { what: "its output cannot be read; run it by hand".into(), cause };
	let output = running.child.stdout.take().ok_or_else(|| failed("it has none".into()))?;
	let mut output = BufReader::new(output.take(MAX_OUTPUT));
	let mut reader = RowReader::new(layout, ColumnNames::default());
	let (mut line, mut number, mut length) = (Vec::new(), 0, 0);
	while !collector.is_complete() {
		line.clear();
		let read = output.read_until(b'\n', &mut line).await.map_err(|error| failed(error.to_string()))? as u64;
		length += read;
		if length >= MAX_OUTPUT {
			return Err(Reason::TooLong { mebibytes: (MAX_OUTPUT >> 20) as usize });
		}
		if read == 0 {
			return ended(running).await;
		}
		number += 1;
		let (place, text) = (Place::Line(number), String::from_utf8_lossy(&line));
		// A program that hands on what a server answers.
		if text.trim_start().starts_with('<') {
			return Err(Reason::Html { answer: beginning(&line) });
		}
		match reader.row(place, &text.trim_end().split(',').collect::<Vec<_>>()) {
			Ok(None) => {}
			Ok(Some(row)) => collector.row(place, Ok(row)),
			Err(reason) => collector.row(place, Err(reason)),
		}
	}
	Ok(())
}

/// Waits for the end of a program that has closed its output.
async fn ended(running: &mut Running) -> Result<(), Reason> {
	let status = running
		.child
		.wait()
		.await
		.map_err(|error| Reason::Unusable { what: "it cannot be waited for".into(), cause: error.to_string() })?;
	running.has_ended = true;
	match status.success() {
		true => Ok(()),
		false => Err(Reason::Failed { cause: status.to_string() }),
	}
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;
	use crate::fixtures::{layout, wanted, BAR, ORIGIN};

	/// Runs a shell script. The times of its bars are ends.
	async fn run(script: &str, patience: Duration) -> (Vec<u64>, Vec<Reason>) {
		let command = ["sh", "-c", script].map(String::from);
		let Reading { bars, faults } = read_program("feed", &command, &layout(), &wanted(), Stamp::Close, patience).await;
		(bars.keys().map(|end| (end - ORIGIN) / BAR).collect(), faults.into_iter().map(|fault| fault.reason).collect())
	}

	/// Returns a script that prints bars.
	fn prints(bars: std::ops::Range<u64>) -> String {
		bars.map(|bar| format!("echo {},5.5,9,1,7\n", ORIGIN + bar * BAR)).collect()
	}

	const LONG: Duration = Duration::from_secs(60);

	#[tokio::test]
	async fn bars_that_a_program_prints_are_read() {
		assert_eq!(run(&prints(0..4), LONG).await, (vec![0, 1, 2, 3], vec![]));
		let header = format!("echo timestamp,close,high,low,volume\n{}", prints(0..4));
		assert_eq!(run(&header, LONG).await, (vec![0, 1, 2, 3], vec![]));
	}

	#[tokio::test]
	async fn arguments_tell_the_wanted_bars() {
		let script = format!("test {{from_s}} = {} && test {{limit}} = 4 && {{ {} }}", (ORIGIN - BAR) / 1_000, prints(0..4));
		assert_eq!(run(&script, LONG).await, (vec![0, 1, 2, 3], vec![]));
	}

	#[tokio::test]
	async fn a_program_that_goes_on_is_ended_once_the_bars_are_known() {
		assert_eq!(run(&format!("{}sleep 1000", prints(0..4)), LONG).await, (vec![0, 1, 2, 3], vec![]));
	}

	#[tokio::test]
	async fn a_program_that_hangs_is_named() {
		let (_, reasons) = run("sleep 1000", Duration::from_millis(50)).await;
		assert_eq!(reasons[0], Reason::Silent { seconds: 0 });
	}

	#[tokio::test]
	async fn a_program_is_ended_with_what_it_has_started() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("pid");
		// The inner shell would outlive the outer one.
		let script = format!("sh -c 'echo $$ > {}; sleep 1000'; true", file.display());
		let started = async {
			loop {
				match std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse::<i32>().ok()) {
					Some(pid) => return pid,
					None => tokio::time::sleep(Duration::from_millis(5)).await,
				}
			}
		};
		let pid = tokio::select! {
			pid = started => pid,
			_ = run(&script, LONG) => panic!("it goes on"),
		};
		let pid = rustix::process::Pid::from_raw(pid).unwrap();
		// A killed process exists until its new parent has waited for it.
		while rustix::process::test_kill_process(pid).is_ok() && !is_defunct(pid) {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	}

	fn is_defunct(pid: rustix::process::Pid) -> bool {
		let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
		stat.rsplit(") ").next().is_some_and(|state| state.starts_with('Z'))
	}

	#[tokio::test]
	async fn a_program_that_fails_is_named() {
		let (bars, reasons) = run(&format!("{}exit 3", prints(0..2)), LONG).await;
		assert_eq!(bars, [0, 1]);
		assert!(reasons[0].to_string().contains("exit status: 3"), "{reasons:?}");
		let command = ["/nonexistent/feed".to_owned()];
		let missing = read_program("feed", &command, &layout(), &wanted(), Stamp::Close, LONG).await;
		assert!(missing.faults[0].to_string().starts_with("source `feed`: `/nonexistent/feed` cannot be started"));
		assert!(!read_program("feed", &[], &layout(), &wanted(), Stamp::Close, LONG).await.faults.is_empty());
	}

	#[tokio::test]
	async fn wrong_lines_are_named_and_the_others_used() {
		let (bars, reasons) = run(&format!("{}echo oops\n{}", prints(0..2), prints(2..4)), LONG).await;
		assert_eq!(bars, [0, 1, 2, 3]);
		assert!(matches!(&reasons[..], [Reason::Columns { place: Place::Line(3), .. }]), "{reasons:?}");
		let (bars, reasons) = run("echo '<html>blocked</html>'", LONG).await;
		assert!(bars.is_empty() && matches!(&reasons[..], [Reason::Html { .. }]), "{reasons:?}");
	}

	#[tokio::test]
	async fn output_without_end_is_refused() {
		let (bars, reasons) = run("yes 1,5", LONG).await;
		assert!(bars.is_empty() && reasons.iter().any(|reason| matches!(reason, Reason::TooLong { .. } | Reason::More { .. })));
	}
}
