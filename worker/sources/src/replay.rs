//! A file of bars that is replayed on the clock of the chain: row r of the file is the bar r of the stream, whatever their times are. After
//! the last row it begins anew at the close that it has ended with: a jump back to the first one would be a move that no forecast survives.
//! For development chains, whose bars are shorter than those of a market.

use crate::{
	bar::{Bars, Field, Layout, Wanted},
	fault::{Fault, Place, Reason},
	lines::{ColumnNames, RowReader},
	reading::{shortened, values_of, Reading, Row},
	time::{parse_moment, span_text},
};
use std::{
	collections::BTreeMap,
	fs::File,
	io::Read,
	path::{Path, PathBuf},
	sync::Arc,
};
use tokio::sync::OnceCell;

/// Longest file that is replayed, bytes.
const MAX_FILE: u64 = 256 << 20;

/// Bars of a file.
#[derive(Debug)]
struct Loaded {
	/// Values by the number of their bar.
	rows: BTreeMap<u64, Vec<i64>>,
	/// Number of the bars, missing ones included.
	length: u64,
	/// Change of the close from the first bar that is known to the last one.
	rise: i64,
}

impl Loaded {
	/// Returns the values of bar `bar` of the replay; `None` for a missing one, and for one that does not fit 64 bits. Each pass through the
	/// file begins with the close that the one before has ended with.
	fn values(&self, bar: u64, layout: &Layout) -> Option<Vec<i64>> {
		let (pass, number) = (bar.checked_div(self.length)?, bar.checked_rem(self.length)?);
		let raised = self.rise.checked_mul(i64::try_from(pass).ok()?)?;
		let value = |(field, value): (&Field, &i64)| match field {
			Field::Volume => Some(*value),
			Field::Close | Field::High | Field::Low => value.checked_add(raised),
		};
		layout.fields.iter().zip(self.rows.get(&number)?).map(value).collect()
	}
}

/// A file that is replayed.
#[derive(Debug)]
pub struct Replay {
	path: PathBuf,
	/// Bars of the file before the first bar of the stream.
	skip: u64,
	/// Names of its columns.
	names: ColumnNames,
	/// Bars of the file, once they were read.
	loaded: OnceCell<Arc<Loaded>>,
}

impl Replay {
	/// Returns a replay of the file from its bar `skip` on.
	pub fn new(path: PathBuf, skip: u64, names: ColumnNames) -> Self {
		Self { path, skip, names, loaded: OnceCell::new() }
	}

	/// Returns the file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Returns the wanted bars that have ended.
	pub(crate) async fn read(&self, source: &str, layout: &Layout, wanted: &Wanted) -> Reading {
		let loading = || async {
			let (path, layout, names) = (self.path.clone(), layout.clone(), self.names.clone());
			let loaded = tokio::task::spawn_blocking(move || load(&path, &layout, names).map(Arc::new)).await;
			loaded.unwrap_or_else(|error| Err(unusable(&self.path, error.to_string())))
		};
		let loaded = match self.loaded.get_or_try_init(loading).await {
			Ok(loaded) => loaded.clone(),
			Err(reason) => return Reading::failed(source, reason),
		};
		let (mut bars, mut gaps) = (Bars::new(), Vec::new());
		for end in wanted.ends(layout).filter(|end| *end <= wanted.now) {
			let Some(bar) = layout.index(end).and_then(|bar| bar.checked_add(self.skip)) else { continue };
			match loaded.values(bar, layout) {
				Some(values) => drop(bars.insert(end, values)),
				None => gaps.push(end),
			}
		}
		let gap = gaps.first().map(|first| Reason::Gap { missing: gaps.len(), first: *first });
		Reading { bars, faults: gap.map(|reason| Fault { source_name: source.into(), reason }).into_iter().collect() }
	}
}

fn unusable(path: &Path, cause: String) -> Reason {
	Reason::Unusable { what: format!("{} cannot be replayed; correct it, or name another file in `csv`", path.display()), cause }
}

/// Reads a file.
fn load(path: &Path, layout: &Layout, names: ColumnNames) -> Result<Loaded, Reason> {
	let open = || {
		let file = File::open(path)?;
		match file.metadata()?.len() > MAX_FILE {
			true => Err(std::io::Error::other(format!("it is larger than {} MiB", MAX_FILE >> 20))),
			false => Ok(file.take(MAX_FILE)),
		}
	};
	let file = open().map_err(|error| unusable(path, error.to_string()))?;
	read_rows(file, layout, names).map_err(|cause| unusable(path, cause))
}

/// A row with its time.
struct Timed {
	place: Place,
	/// Milliseconds since 1970.
	time: i64,
	row: Row,
}

/// Returns the bars of the rows of a file. A row with an empty value is a gap, and so is a time without a row.
///
/// # Errors
///
/// Errors at the first row that cannot be read, and if the times do not grow in equal steps. The error names the line.
fn read_rows(file: impl Read, layout: &Layout, names: ColumnNames) -> Result<Loaded, String> {
	let mut records = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
	let mut reader = RowReader::new(layout, names);
	let mut rows: Vec<Timed> = Vec::new();
	for record in records.records() {
		let record = record.map_err(|error| error.to_string())?;
		let place = Place::Line(record.position().map_or(0, csv::Position::line));
		let row = reader.row(place, &record.iter().collect::<Vec<_>>()).map_err(|reason| reason.to_string())?;
		let Some(row) = row else { continue };
		let time = parse_moment(&row.time);
		let time = time.ok_or_else(|| Reason::Time { place, text: shortened(&row.time) }.to_string())?;
		rows.push(Timed { place, time, row });
	}
	let (first, step) = grid(&rows)?;
	let mut bars = BTreeMap::<u64, Vec<i64>>::new();
	let mut length = 0;
	for Timed { place, time, row } in &rows {
		// The times are in order.
		let since = time.abs_diff(first);
		if !since.is_multiple_of(step) {
			let (time, step) = (&row.time, span_text(step));
			return Err(format!("{place} has the time `{time}`, which is not a multiple of {step} after the first one"));
		}
		length = since / step + 1;
		if row.values.iter().any(String::is_empty) {
			continue;
		}
		let values = values_of(*place, row, layout).map_err(|reason| reason.to_string())?;
		if bars.insert(since / step, values.clone()).is_some_and(|earlier| earlier != values) {
			return Err(format!("{place} has the time of the row before, and other values"));
		}
	}
	let place = layout.fields.iter().position(|field| *field == Field::Close);
	let close = |row: Option<(&u64, &Vec<i64>)>| row?.1.get(place?).copied();
	let ends = close(bars.first_key_value()).zip(close(bars.last_key_value()));
	let rise = ends.and_then(|(first, last)| last.checked_sub(first)).unwrap_or(0);
	Ok(Loaded { rows: bars, length, rise })
}

/// Returns the first time, and the least step between two rows.
fn grid(rows: &[Timed]) -> Result<(i64, u64), String> {
	let first = rows.first().ok_or("it has no rows")?;
	let mut least = None;
	for pair in rows.windows(2) {
		if pair[1].time < pair[0].time {
			return Err(format!("{} is earlier than the row before; sort the rows", pair[1].place));
		}
		match pair[1].time.abs_diff(pair[0].time) {
			0 => {}
			step => least = Some(least.map_or(step, |least: u64| least.min(step))),
		}
	}
	Ok((first.time, least.unwrap_or(1)))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{layout, BAR, ORIGIN};

	/// Hourly rows, whose close is 10, 11, ….
	fn rows(count: u64) -> String {
		let row = |hour: u64| format!("{},{},99,1,5\n", 1_600_000_000 + hour * 3_600, 10 + hour);
		format!("timestamp,close,high,low,volume\n{}", (0..count).map(row).collect::<String>())
	}

	fn replay(folder: &tempfile::TempDir, text: &str, skip: u64) -> Replay {
		let path = folder.path().join("bars.csv");
		std::fs::write(&path, text).unwrap();
		Replay::new(path, skip, ColumnNames::default())
	}

	/// Returns the closes of bars `first` to `last` at the end of bar `now`, and the faults.
	async fn closes(replay: &Replay, first: u64, last: u64, now: u64) -> (Vec<(u64, i64)>, Vec<String>) {
		let end = |bar: u64| ORIGIN + bar * BAR;
		let wanted = Wanted { first: end(first), last: end(last), now: end(now) };
		let Reading { bars, faults } = replay.read("dev", &layout(), &wanted).await;
		let closes = bars.iter().map(|(end, values)| ((end - ORIGIN) / BAR, values[0] / 100)).collect();
		(closes, faults.iter().map(Fault::to_string).collect())
	}

	#[tokio::test]
	async fn rows_become_bars_of_the_stream_whatever_their_times_are() {
		let folder = tempfile::tempdir().unwrap();
		let replay = replay(&folder, &rows(5), 1);
		assert_eq!(closes(&replay, 0, 3, 9).await, (vec![(0, 11), (1, 12), (2, 13), (3, 14)], vec![]));
		assert_eq!(closes(&replay, 0, 3, 1).await.0, [(0, 11), (1, 12)], "a bar is known once it has ended");
		let anew = closes(&replay, 3, 5, 9).await;
		assert_eq!(anew, (vec![(3, 14), (4, 14), (5, 15)], vec![]), "it begins anew at the last close");
		assert_eq!(closes(&replay, 8, 9, 9).await.0, [(8, 18), (9, 18)], "the third pass begins at the last close of the second");
	}

	#[tokio::test]
	async fn a_pass_moves_prices_and_no_volume() {
		let folder = tempfile::tempdir().unwrap();
		let text = "timestamp,close,high,low,volume\n1600000000,30,31,29,5\n1600003600,20,,,\n1600007200,10,12,9,7\n";
		let replay = replay(&folder, text, 0);
		let wanted = Wanted { first: ORIGIN, last: ORIGIN + 5 * BAR, now: ORIGIN + 5 * BAR };
		let Reading { bars, faults } = replay.read("dev", &layout(), &wanted).await;
		let second: Vec<Vec<i64>> = bars.range(ORIGIN + 3 * BAR..).map(|(_, values)| values.clone()).collect();
		let shown = [Field::Close, Field::High, Field::Low, Field::Volume].map(|field| {
			let place = layout().fields.iter().position(|other| *other == field).unwrap();
			second.iter().map(|values| values[place] / 100).collect::<Vec<_>>()
		});
		assert_eq!(shown, [vec![10, -10], vec![11, -8], vec![9, -11], vec![5, 7]]);
		assert_eq!(faults.len(), 1, "the row without values is missing in both passes: {faults:?}");
	}

	#[test]
	fn a_pass_that_does_not_fit_is_missing() {
		let loaded = Loaded { rows: BTreeMap::from([(0, vec![0]), (1, vec![i64::MAX])]), length: 2, rise: i64::MAX };
		let layout = Layout { fields: vec![Field::Close], ..layout() };
		let closes = [0, 1, 2, 3, 4, u64::MAX].map(|bar| loaded.values(bar, &layout).map(|values| values[0]));
		assert_eq!(closes, [Some(0), Some(i64::MAX), Some(i64::MAX), None, None, None]);
	}

	#[tokio::test]
	async fn missing_rows_and_values_are_gaps() {
		let folder = tempfile::tempdir().unwrap();
		let text = rows(6).replace("1600003600,11,99,1,5\n", "").replace(",12,99", ",,99");
		let replay = replay(&folder, &(text + "1600018000,15,99,1,5\n"), 0);
		let (known, faults) = closes(&replay, 0, 5, 9).await;
		assert_eq!(known, [(0, 10), (3, 13), (4, 14), (5, 15)], "the last row is there twice");
		assert!(faults[0].contains("2 of its bars are missing"), "{faults:?}");
	}

	#[tokio::test]
	async fn a_file_that_cannot_be_used_is_named_with_its_line() {
		let folder = tempfile::tempdir().unwrap();
		for (text, expected) in [
			(String::new(), "it has no rows"),
			("timestamp,close\n1600000000,1\n".into(), "without a column high"),
			(rows(3) + "noon,1,1,1,1\n", "line 5 has the time `noon`"),
			(rows(3) + "1600000000,1,1,1,1\n", "line 5 is earlier"),
			(rows(3) + "1600008000,1,1,1,1\n", "not a multiple of"),
			(rows(3) + "1600007200,1,1,1,1\n", "line 5 has the time of the row before, and other values"),
			(rows(3) + "1600010800,1\n", "line 5 has 2 columns"),
			(rows(3) + "1600010800,1e30,1,1,1\n", "outside of 64 bits"),
			(rows(3) + "1600010800,5,1,1,1\n", "its close is above its high"),
			("<html>\n".into(), "without a timestamp"),
		] {
			let (known, faults) = closes(&replay(&folder, &text, 0), 0, 1, 9).await;
			assert!(known.is_empty() && faults[0].contains(expected) && faults[0].contains("bars.csv"), "{expected}: {faults:?}");
		}
		let missing = Replay::new(folder.path().join("none.csv"), 0, ColumnNames::default());
		assert!(closes(&missing, 0, 1, 9).await.1[0].contains("none.csv"));
	}

	#[tokio::test]
	async fn a_file_that_was_corrected_is_read_again() {
		let folder = tempfile::tempdir().unwrap();
		let replay = replay(&folder, "", 0);
		assert_eq!(closes(&replay, 0, 0, 9).await.1.len(), 1);
		std::fs::write(&replay.path, rows(3)).unwrap();
		assert_eq!(closes(&replay, 0, 0, 9).await, (vec![(0, 10)], vec![]));
	}

	/// The stream of the development chain is a column of such a file.
	#[tokio::test]
	async fn a_column_of_dates_before_1970_is_replayed() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("weekly.csv");
		std::fs::write(&path, "date,ppm,measured\n1958-03-29,316.10,1\n1958-04-05,317.30,1\n1958-04-12,317.60,0\n").unwrap();
		let names = ColumnNames { time: None, values: [Some("ppm".into()), None, None, None] };
		let layout = Layout { fields: vec![crate::bar::Field::Close], ..layout() };
		let wanted = Wanted { first: ORIGIN, last: ORIGIN + 3 * BAR, now: ORIGIN + 3 * BAR };
		let Reading { bars, faults } = Replay::new(path, 0, names).read("dev", &layout, &wanted).await;
		assert_eq!((bars.into_values().flatten().collect::<Vec<_>>(), faults), (vec![31_610, 31_730, 31_760, 31_760], vec![]));
	}
}
