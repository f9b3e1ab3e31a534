//! Figures of a network that runs for days: sampled each minute, and checked for growth that its rounds do not explain.
//!
//! The growth of a figure is its robust trend over the last two thirds of the run: the median slope of all pairs of samples
//! (Theil and Sen), times the length of that part. Start-up is left out, and a few outliers change nothing. [`rule_of`] has the growth
//! that is allowed.

use crate::Node;
use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};
use std::{collections::BTreeMap, fmt::Write, fs, io, os::unix::fs::MetadataExt, path::Path};
use subxt::{ext::frame_decode::storage::encode_storage_key_prefix, OnlineClient, SubstrateConfig};

/// Column of the minutes since the start.
pub const MINUTES: &str = "minutes";
/// Column of the number of the last final block.
pub const BLOCKS: &str = "blocks";
/// Column of the number of the last round that ended.
pub const ROUNDS: &str = "rounds";
/// Start of the columns of storage entries, before the name of a pallet.
pub const STATE: &str = "state.";
/// Name of the entries that no pallet has, e.g. the code of the runtime.
const OTHERS: &str = "others";
/// Log of a process, which its folder has too.
const LOG: &str = "output.log";
/// Keys that one request asks for.
const PAGE: usize = 1_000;
/// Fewest samples of a trend.
pub const FEWEST: usize = 5;
/// Samples of a trend; of more, evenly spaced ones are taken.
const MOST: usize = 500;

/// Growth that is allowed over the last two thirds of a run: the sum of these parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rule {
	/// Share of the median.
	pub share: f64,
	/// Part that does not depend on the length of the run.
	pub constant: f64,
	/// Part for each block.
	pub per_block: f64,
	/// Value up to which growth is explained, e.g. by a history that is not full yet.
	pub full: f64,
}

/// Returns the growth that is allowed to a column, or `None` for a column that can grow, e.g. the number of blocks.
///
/// | column | allowed growth |
/// |---|---|
/// | `….memory_kib`, anonymous resident memory | 10 % and 16 MiB |
/// | `….files`, open files | 5 % and 8 |
/// | `….database_kib`, files of the database and of the journal | 128 MiB (two logs of a database), and 16 KiB per block |
/// | `state.…`, storage entries of a pallet | 5 % and 32 |
///
/// Entries of a history are explained until it is full: 2,400 block hashes (`System`), 84 eras of three validators (`Staking`), the
/// sessions of 28 eras (`Historical`, `Grandpa`).
pub fn rule_of(column: &str) -> Option<Rule> {
	if let Some(pallet) = column.strip_prefix(STATE) {
		let full = match pallet {
			"System" => 2_400.0 + 100.0,
			"Staking" => 84.0 * 16.0 + 100.0,
			"Historical" | "Grandpa" => 28.0 * 6.0 + 32.0,
			_ => 0.0,
		};
		return Some(Rule { share: 0.05, constant: 32.0, full, ..Rule::default() });
	}
	match column.rsplit_once('.')?.1 {
		"memory_kib" => Some(Rule { share: 0.1, constant: 16.0 * 1024.0, ..Rule::default() }),
		"files" => Some(Rule { share: 0.05, constant: 8.0, ..Rule::default() }),
		"database_kib" => Some(Rule { constant: 128.0 * 1024.0, per_block: 16.0, ..Rule::default() }),
		_ => None,
	}
}

/// Samples: a row per minute, a column per figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
	/// Names of the columns of the first row. Later rows have the same.
	pub columns: Vec<String>,
	/// Values in the order of the columns.
	pub rows: Vec<Vec<f64>>,
}

impl Table {
	/// Appends a row. A figure that the first row does not have is left out, and one that this row does not have is 0.
	pub fn push(&mut self, figures: &BTreeMap<String, f64>) {
		if self.columns.is_empty() {
			self.columns = figures.keys().cloned().collect();
		}
		self.rows.push(self.columns.iter().map(|column| figures.get(column).copied().unwrap_or_default()).collect());
	}

	/// Returns the values of a column, or `None` without one.
	pub fn column(&self, name: &str) -> Option<Vec<f64>> {
		let place = self.columns.iter().position(|column| column == name)?;
		Some(self.rows.iter().filter_map(|row| row.get(place).copied()).collect())
	}

	/// Returns the table as CSV.
	pub fn csv(&self) -> String {
		let mut text = self.columns.join(",") + "\n";
		for row in &self.rows {
			let row: Vec<String> = row.iter().map(|value| ((value * 100.0).round() / 100.0).to_string()).collect();
			text.push_str(&row.join(","));
			text.push('\n');
		}
		text
	}

	/// Compares the growth of each column with its rule.
	///
	/// # Errors
	/// Errors if the run was too short for a trend, or if the columns of minutes and blocks are missing.
	pub fn findings(&self) -> Result<Vec<Finding>> {
		let minutes = self.column(MINUTES).context("the samples have minutes")?;
		let blocks = self.column(BLOCKS).context("the samples have blocks")?;
		let from = last_two_thirds(&minutes);
		let (times, blocks) = (&minutes[from..], &blocks[from..]);
		ensure!(times.len() >= FEWEST, "{} samples are too few: let it run for at least eight minutes", minutes.len());
		let blocks = blocks[blocks.len() - 1] - blocks[0];
		let findings = self.columns.iter().filter_map(|name| {
			let (rule, values) = (rule_of(name)?, self.column(name)?);
			Some(Finding::of(name, rule, times, &values[from..], blocks))
		});
		Ok(findings.collect())
	}
}

/// Growth of a column, and the growth that is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
	/// Name of the column.
	pub column: String,
	/// Median over the last two thirds.
	pub median: f64,
	/// Largest value over the last two thirds.
	pub most: f64,
	/// Growth over the last two thirds.
	pub growth: f64,
	/// Allowed growth.
	pub allowed: f64,
	/// `true` if the growth is above the allowed one, and not explained by a history that fills.
	pub is_excessive: bool,
}

impl Finding {
	/// Returns the finding about a column. `times` and `values` are those of the last two thirds, in which there were `blocks` blocks.
	fn of(column: &str, rule: Rule, times: &[f64], values: &[f64], blocks: f64) -> Self {
		let span = times[times.len() - 1] - times[0];
		let growth = slope(times, values) * span;
		let median = median(values.to_vec());
		let most = values.iter().copied().fold(f64::MIN, f64::max);
		let allowed = rule.share * median + rule.constant + rule.per_block * blocks;
		let is_excessive = growth > allowed && most > rule.full;
		Self { column: column.to_owned(), median, most, growth, allowed, is_excessive }
	}

	/// Returns the finding as JSON.
	pub fn json(&self) -> Value {
		json!({
			"column": self.column,
			"median": self.median,
			"most": self.most,
			"growth": self.growth,
			"allowed": self.allowed,
			"excessive": self.is_excessive,
		})
	}
}

/// Returns the report on a run, a line per column.
pub fn report(findings: &[Finding]) -> String {
	let mut text = format!("{:<28} {:>14} {:>14} {:>14}\n", "last two thirds", "median", "growth", "allowed");
	for finding in findings {
		let Finding { column, median, growth, allowed, .. } = finding;
		let remark = if finding.is_excessive { "  EXCESSIVE" } else { "" };
		writeln!(text, "{column:<28} {median:>14.1} {growth:>14.1} {allowed:>14.1}{remark}").expect("a string grows");
	}
	text
}

/// Returns the index of the first sample of the last two thirds of the time.
fn last_two_thirds(minutes: &[f64]) -> usize {
	let (Some(first), Some(last)) = (minutes.first(), minutes.last()) else { return 0 };
	let start = first + (last - first) / 3.0;
	minutes.iter().position(|minute| *minute >= start).unwrap_or(0)
}

/// Returns the median slope of all pairs of samples; 0 if there are no two.
fn slope(times: &[f64], values: &[f64]) -> f64 {
	let step = times.len().div_ceil(MOST).max(1);
	let points: Vec<(f64, f64)> = times.iter().copied().zip(values.iter().copied()).step_by(step).collect();
	let mut slopes = Vec::new();
	for (index, (time, value)) in points.iter().enumerate() {
		let later = points[index + 1..].iter().filter(|(other, _)| other > time);
		slopes.extend(later.map(|(other, next)| (next - value) / (other - time)));
	}
	median(slopes)
}

/// Returns the median, the mean of the middle two of an even number; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
	values.sort_by(f64::total_cmp);
	let middle = values.len() / 2;
	match (values.get(middle), values.len() % 2) {
		(None, _) => 0.0,
		(Some(upper), 0) => f64::midpoint(values[middle - 1], *upper),
		(Some(middle), _) => *middle,
	}
}

/// Returns the anonymous resident memory of a process, which excludes files that are mapped, and all of its resident memory, in KiB.
///
/// # Errors
/// Errors if there is no such process.
pub fn memory_kib(process: u32) -> Result<[f64; 2]> {
	let path = format!("/proc/{process}/status");
	let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
	let field = |name: &str| -> Result<f64> {
		let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("{path} has no {name}"))?;
		let number = line.split_whitespace().next().with_context(|| format!("{path}: {name} has a number"))?;
		Ok(number.parse()?)
	};
	Ok([field("RssAnon:")?, field("VmRSS:")?])
}

/// Returns the number of open files of a process.
///
/// # Errors
/// Errors if there is no such process.
pub fn open_files(process: u32) -> Result<usize> {
	let path = format!("/proc/{process}/fd");
	Ok(fs::read_dir(&path).with_context(|| format!("reading {path}"))?.count())
}

/// Returns the space on disk that a folder takes without the log of its process, in KiB.
///
/// # Errors
/// Errors if a folder cannot be read.
pub fn folder_kib(folder: &Path) -> Result<f64> {
	let mut kib = 0.0;
	for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
		let entry = entry?;
		let metadata = match entry.metadata() {
			// A database deletes files meanwhile.
			Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
			metadata => metadata?,
		};
		if metadata.is_dir() {
			kib += folder_kib(&entry.path())?;
		} else if entry.file_name() != LOG {
			// Blocks of 512 bytes: a file can be longer than the space that it takes.
			kib += metadata.blocks() as f64 / 2.0;
		}
	}
	Ok(kib)
}

/// Names of the pallets that store something, by the hashes that their storage keys start with.
#[derive(Clone, Debug)]
pub struct Pallets(BTreeMap<String, String>);

impl Pallets {
	/// Returns the pallets of the runtime of a node.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn of(node: &Node) -> Result<Self> {
		let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
		let at = client.at_current_block().await?;
		let storage = at.storage();
		let names = storage.entries().map(|entry| {
			let prefix = encode_storage_key_prefix(entry.pallet_name(), entry.entry_name());
			let hash: String = prefix[..16].iter().map(|byte| format!("{byte:02x}")).collect();
			(hash, entry.pallet_name().to_owned())
		});
		Ok(Self(names.collect()))
	}

	/// Returns the name of the pallet that a storage key in hex belongs to.
	fn name(&self, key: &str) -> &str {
		key.get(2..34).and_then(|hash| self.0.get(hash)).map_or(OTHERS, String::as_str)
	}

	/// Returns the number of storage entries of each pallet, by the name of its column.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn entries(&self, node: &Node) -> Result<BTreeMap<String, f64>> {
		let names = self.0.values().map(String::as_str).chain([OTHERS]);
		let mut counts: BTreeMap<String, f64> = names.map(|name| (format!("{STATE}{name}"), 0.0)).collect();
		let block = node.call("chain_getFinalizedHead", []).await?;
		let mut last = Value::Null;
		loop {
			let page = node.call("state_getKeysPaged", [json!("0x"), json!(PAGE), last, block.clone()]).await?;
			let keys: Vec<&str> = page.as_array().context("keys are a list")?.iter().filter_map(Value::as_str).collect();
			for key in &keys {
				*counts.entry(format!("{STATE}{}", self.name(key))).or_default() += 1.0;
			}
			if keys.len() < PAGE {
				return Ok(counts);
			}
			last = json!(keys[PAGE - 1]);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Returns a run of `minutes` minutes with 60 blocks a minute, whose column `name` has `value` of each minute.
	fn run(name: &str, minutes: u32, value: impl Fn(f64) -> f64) -> Table {
		let mut table = Table::default();
		for minute in 0..=minutes {
			let minute = f64::from(minute);
			let figures = [(MINUTES, minute), (BLOCKS, 60.0 * minute), (name, value(minute))];
			table.push(&figures.map(|(name, value)| (name.to_owned(), value)).into());
		}
		table
	}

	/// Returns the only finding about a run.
	fn finding(table: &Table) -> Finding {
		let findings = table.findings().unwrap();
		assert_eq!(findings.len(), 1, "minutes and blocks may grow");
		findings[0].clone()
	}

	/// Returns a number in ±1 without a trend.
	fn noise(minute: f64) -> f64 {
		(7.0 * minute) % 5.0 / 2.0 - 1.0
	}

	#[test]
	fn a_leak_is_found_in_noise() {
		// 200 MiB with noise of 20 MiB and a leak of 5 MiB a minute.
		let kib = |mib: f64| mib * 1024.0;
		let leak = run("alice.memory_kib", 20, |minute| kib(200.0 + 20.0 * noise(minute) + 5.0 * minute));
		let found = finding(&leak);
		assert!(found.is_excessive, "{found:?}");
		assert!((kib(45.0)..kib(90.0)).contains(&found.growth), "about 65 MiB in 13 minutes: {found:?}");
		let steady = run("alice.memory_kib", 20, |minute| kib(200.0 + 20.0 * noise(minute)));
		assert!(!finding(&steady).is_excessive, "{:?}", finding(&steady));
	}

	#[test]
	fn a_long_run_finds_a_small_leak() {
		// 72 hours: an entry every ten minutes are 288 in the last two thirds.
		let state = |every: f64| finding(&run("state.Optimae", 4_320, move |minute| 300.0 + (minute / every).floor()));
		assert!(state(10.0).is_excessive, "{:?}", state(10.0));
		assert!(!state(1_000.0).is_excessive, "{:?}", state(1_000.0));
	}

	#[test]
	fn start_up_and_outliers_are_no_growth() {
		let warm = |minute: f64| if minute < 7.0 { 100.0 * minute } else { 700.0 };
		assert_eq!(finding(&run("worker.files", 21, warm)).growth, 0.0);
		let outlier = |minute: f64| if minute == 20.0 { 5_000.0 } else { 50.0 };
		assert_eq!(finding(&run("worker.files", 21, outlier)).growth, 0.0);
		let saw = |minute: f64| 50.0 + 10.0 * (minute % 4.0);
		assert!(!finding(&run("worker.files", 60, saw)).is_excessive);
	}

	#[test]
	fn blocks_explain_the_growth_of_a_database_up_to_a_limit() {
		let database = |per_block: f64| finding(&run("bob.database_kib", 600, move |minute| 1_000.0 + 60.0 * per_block * minute));
		assert!(!database(8.0).is_excessive, "{:?}", database(8.0));
		assert!(database(24.0).is_excessive, "{:?}", database(24.0));
	}

	#[test]
	fn a_history_may_grow_until_it_is_full() {
		let entries = |pallet: &str, minutes: u32| finding(&run(&format!("state.{pallet}"), minutes, |minute| 60.0 * minute));
		let filling = entries("System", 30);
		assert!(filling.growth > filling.allowed && !filling.is_excessive, "{filling:?}");
		assert!(entries("System", 60).is_excessive, "more entries than the history has");
		assert!(entries("Optimae", 30).is_excessive, "a pallet without a history");
	}

	#[test]
	fn a_short_run_has_no_trend() {
		let error = run("alice.files", 5, |_| 10.0).findings().unwrap_err().to_string();
		assert!(error.contains("6 samples") && error.contains("eight minutes"), "{error}");
		assert!(run("alice.files", 8, |_| 10.0).findings().is_ok());
		assert!(Table::default().findings().is_err());
	}

	#[test]
	fn a_table_keeps_the_columns_of_its_first_row() {
		let mut table = Table::default();
		for names in [["a", "b"], ["b", "c"]] {
			table.push(&names.map(|name| (name.to_owned(), 1.5)).into());
		}
		assert_eq!(table.csv(), "a,b\n1.5,1.5\n0,1.5\n");
		assert_eq!(table.column("c"), None);
	}

	#[test]
	fn a_report_marks_excessive_growth() {
		let text = report(&run("alice.files", 20, |minute| 10.0 * minute).findings().unwrap());
		assert!(text.lines().any(|line| line.starts_with("alice.files ") && line.ends_with("EXCESSIVE")), "{text}");
	}

	#[test]
	fn keys_belong_to_the_pallet_whose_hash_they_start_with() {
		let hash = "26aa394eea5630e07c48ae0c9558cef7";
		let pallets = Pallets([(hash.to_owned(), "System".to_owned())].into());
		assert_eq!(pallets.name(&format!("0x{hash}a44704b568d21667356a5a050c118746")), "System");
		assert_eq!(pallets.name("0x3a636f6465"), OTHERS);
		assert_eq!(pallets.name(&format!("0x{}", "00".repeat(32))), OTHERS);
	}

	#[test]
	fn a_process_has_memory_and_files_and_a_folder_takes_space() -> Result<()> {
		let process = std::process::id();
		let [anonymous, resident] = memory_kib(process)?;
		assert!(0.0 < anonymous && anonymous < resident, "{anonymous} of {resident} KiB");
		let folder = tempfile::tempdir()?;
		let file = fs::File::create(folder.path().join("open"))?;
		assert!(open_files(process)? >= 1);
		drop(file);
		assert_eq!(folder_kib(folder.path())?, 0.0);
		fs::write(folder.path().join(LOG), vec![1; 100 << 10])?;
		assert_eq!(folder_kib(folder.path())?, 0.0, "logs do not count");
		fs::create_dir(folder.path().join("inner"))?;
		let mut database = fs::File::create(folder.path().join("inner/database"))?;
		io::Write::write_all(&mut database, &[1; 8_192])?;
		database.sync_all()?;
		assert!(folder_kib(folder.path())? > 0.0);
		Ok(())
	}
}
