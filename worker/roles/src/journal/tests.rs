//! Tests of the journal.

use super::*;
use doin_chain::Head;
use doin_primitives::{Hash, RoundId};

const GENESIS: Hash = [1; 32];
const WHO: Account = Account([2; 32]);

fn open(path: &Path) -> Result<Journal, JournalError> {
	let journal = Journal::open(path)?;
	journal.bind(GENESIS)?;
	Ok(journal)
}

fn first_block(hash: u8) -> Head {
	Head { number: 1, hash: [hash; 32] }
}

/// Binds the journal to a chain with another first block. Returns the name of the file that was moved aside.
fn moved_aside(journal: &mut Journal, first: u8) -> PathBuf {
	match journal.bind_to_block(GENESIS, first_block(first)).unwrap() {
		Binding::MovedAside(aside) => aside,
		other => panic!("{other:?}"),
	}
}

/// Returns the names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
	let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
	let mut names: Vec<String> = names.collect();
	names.sort();
	names
}

fn round(number: u32) -> Scope {
	Scope::Candidate(RoundId { domain: 7, number })
}

fn entry(number: u32) -> Entry {
	Entry {
		scope: round(number),
		who: WHO,
		commitment: [number as u8; 32],
		payload: vec![1, 2, 3],
		salt: [9; 32],
		reveal_from: 10 * number,
		reveal_until: 10 * number + 5,
		state: State::Prepared,
		input_end: None,
	}
}

/// The segment of a sealed round is opened, which begins the reveals.
#[test]
fn the_reveal_window_of_an_entry_moves() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	journal.prepare(&entry(1)).unwrap();
	journal.mark(round(1), WHO, State::Committed, Note::Progress).unwrap();
	journal.reschedule(round(1), WHO, 40..45).unwrap();
	let moved = journal.entry(round(1), WHO).unwrap().unwrap();
	assert_eq!(moved, Entry { reveal_from: 40, reveal_until: 45, state: State::Committed, ..entry(1) });
	assert_eq!(journal.archive_expired(44).unwrap(), []);
	assert_eq!(journal.archive_expired(45).unwrap().len(), 1);
}

#[test]
fn a_prepared_entry_survives_a_crash() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("deep/er/worker.db");
	let journal = open(&path).unwrap();
	journal.prepare(&entry(1)).unwrap();
	// A killed process runs no destructor and checkpoints nothing: copy the files as they lie on the disk.
	let copy = folder.path().join("after");
	std::fs::create_dir(&copy).unwrap();
	for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
		let file = file.unwrap();
		std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
	}
	std::mem::forget(journal);
	let after = open(&copy.join("worker.db")).unwrap();
	assert_eq!(after.open_entries(Kind::Candidate).unwrap(), [entry(1)]);
	assert_eq!(after.entry(round(1), WHO).unwrap(), Some(entry(1)));
	assert_eq!(after.open_entries(Kind::Sums).unwrap(), []);
}

#[test]
fn two_workers_cannot_share_a_journal() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let first = open(&path).unwrap();
	let reason = format!("{:#}", open(&path).err().unwrap());
	assert!(reason.contains("in use by another worker") && reason.contains("--journal"), "{reason}");
	drop(first);
	open(&path).unwrap();
}

#[test]
fn k37_a_folder_that_cannot_be_used_is_named_with_the_next_step() {
	let folder = tempfile::tempdir().unwrap();
	std::fs::write(folder.path().join("file"), "something else").unwrap();
	for name in ["file/worker.db", "file/deep/er/worker.db"] {
		let error = open(&folder.path().join(name)).err().unwrap();
		assert!(matches!(error, JournalError::Unwritable { .. }), "{error:?}");
		assert!(error.to_string().contains("file") && error.to_string().contains("--journal"), "{error}");
	}
	assert_eq!(files(folder.path()), ["file"], "nothing is left behind");
}

#[test]
fn k38_journals_whose_names_differ_in_their_extensions_are_two() {
	let folder = tempfile::tempdir().unwrap();
	let _first = open(&folder.path().join("worker.dave")).unwrap();
	let _second = open(&folder.path().join("worker.eve")).unwrap();
}

#[test]
fn a_journal_belongs_to_one_network() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	drop(open(&path).unwrap());
	let reason = format!("{:#}", Journal::open(&path).unwrap().bind([3; 32]).unwrap_err());
	assert!(reason.contains(&hex::encode(GENESIS)) && reason.contains("--journal"), "{reason}");
}

#[test]
fn a_newer_layout_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	drop(open(&path).unwrap());
	Connection::open(&path).unwrap().pragma_update(None, "user_version", LAYOUT + 1).unwrap();
	assert!(format!("{:#}", open(&path).err().unwrap()).contains("update the worker"));
}

#[test]
fn entries_move_on_and_expire() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	for number in [3, 1, 2] {
		journal.prepare(&entry(number)).unwrap();
	}
	let order: Vec<u64> = journal.open_entries(Kind::Candidate).unwrap().iter().map(|entry| entry.scope.number()).collect();
	assert_eq!(order, [1, 2, 3], "the first to expire comes first");
	journal.mark(round(1), WHO, State::Committed, Note::Progress).unwrap();
	journal.mark(round(2), WHO, State::Revealed, Note::Progress).unwrap();
	let lost = journal.archive_expired(25).unwrap();
	assert_eq!(lost.len(), 1, "only a commitment that was never revealed is lost");
	assert_eq!((lost[0].scope, lost[0].state), (round(1), State::Committed));
	let open: Vec<_> = journal.open_entries(Kind::Candidate).unwrap().iter().map(|entry| entry.scope.number()).collect();
	assert_eq!(open, [2, 3], "a revealed candidate waits for its verdict");
	assert_eq!(journal.entry(round(1), WHO).unwrap().unwrap().state, State::Archived);
}

#[test]
fn a_challenge_stays_open_after_its_window_until_its_bond_is_released() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	let scope = Scope::Challenge { domain: 7, task: 12 };
	let challenge = Entry { scope, ..entry(1) };
	journal.prepare(&challenge).unwrap();
	journal.mark(scope, WHO, State::Committed, Note::Progress).unwrap();
	assert_eq!(journal.archive_expired(1_000).unwrap(), []);
	assert_eq!(journal.open_entries(Kind::Challenge).unwrap().len(), 1);
	journal.mark(scope, WHO, State::Archived, Note::Challenged).unwrap();
	assert_eq!(journal.open_entries(Kind::Challenge).unwrap(), []);
}

#[test]
fn a_forecast_is_kept_until_its_seat_is_paid_and_never_replaced() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	let scope = Scope::Forecast(RoundId { domain: 1 << 31, number: 7 });
	let forecast = Entry { scope, ..entry(1) };
	journal.prepare(&forecast).unwrap();
	let second = Entry { commitment: [9; 32], ..forecast.clone() };
	assert!(matches!(journal.prepare(&second), Err(JournalError::AlreadyCommitted { .. })), "it may be on the chain");
	assert_eq!(journal.entry(scope, WHO).unwrap(), Some(forecast.clone()), "also after it was read back");
	journal.mark(scope, WHO, State::Revealed, Note::Progress).unwrap();
	assert_eq!(journal.archive_expired(BlockNumber::MAX).unwrap(), []);
	assert_eq!(journal.open_entries(Kind::Forecast).unwrap(), [Entry { state: State::Revealed, ..forecast }]);
	journal.mark(scope, WHO, State::Archived, Note::Settled).unwrap();
	assert_eq!(journal.open_entries(Kind::Forecast).unwrap(), []);
}

/// A round of the same number may have another input on another branch.
#[test]
fn a_forecast_of_another_input_takes_its_place_and_the_first_one_is_found_again() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	let scope = Scope::Forecast(RoundId { domain: 1 << 31, number: 7 });
	let of = |commitment: u8, input_end| Entry { scope, commitment: [commitment; 32], ..entry(1) }.with_input(input_end);
	let (first, other) = (of(1, 600), of(2, 606));
	assert!(first.is_of_input(600) && !first.is_of_input(606) && entry(1).is_of_input(606), "an earlier version wrote no input");
	journal.prepare(&first).unwrap();
	journal.mark(scope, WHO, State::Committed, Note::Progress).unwrap();
	assert!(matches!(journal.prepare(&of(3, 600)), Err(JournalError::AlreadyCommitted { .. })), "the input is the same");
	journal.prepare(&other).unwrap();
	assert_eq!(journal.entry(scope, WHO).unwrap(), Some(other.clone()));
	let recalled = journal.recall_commitment(scope, WHO, &[1; 32]).unwrap();
	assert_eq!(recalled, Some(Entry { state: State::Committed, ..first }));
	assert_eq!(journal.other_entries(scope, WHO).unwrap(), [other]);
}

#[test]
fn a_file_of_an_earlier_version_gets_the_column_of_inputs() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let first = open(&path).unwrap();
	first.prepare(&entry(1)).unwrap();
	drop(first);
	let earlier = Connection::open(&path).unwrap();
	for table in OF_ENTRIES {
		earlier.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN input_end")).unwrap();
	}
	drop(earlier);
	let journal = open(&path).unwrap();
	assert_eq!(journal.entry(round(1), WHO).unwrap(), Some(entry(1)));
	let scope = Scope::Forecast(RoundId { domain: 1 << 31, number: 7 });
	let forecast = Entry { scope, ..entry(2) }.with_input(600);
	journal.prepare(&forecast).unwrap();
	assert_eq!(journal.entry(scope, WHO).unwrap(), Some(forecast));
}

/// Reports of one poll may be the same on two branches, and their commitments are not.
#[test]
fn a_replaced_entry_is_found_by_its_commitment() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	let scope = Scope::Report(7);
	let of = |commitment: u8| Entry { scope, commitment: [commitment; 32], ..entry(1) };
	for commitment in [1, 2, 3] {
		journal.prepare(&of(commitment)).unwrap();
	}
	assert_eq!(journal.other_entries(scope, WHO).unwrap(), [of(2), of(1)], "the newest first");
	assert_eq!(journal.recall_commitment(scope, WHO, &[1; 32]).unwrap(), Some(of(1)));
	assert_eq!(journal.entry(scope, WHO).unwrap(), Some(of(1)));
	assert_eq!(journal.recall_commitment(scope, WHO, &[1; 32]).unwrap(), Some(of(1)), "it is the current one");
	assert_eq!(journal.other_entries(scope, WHO).unwrap(), [of(3), of(2)]);
	assert_eq!(journal.recall_commitment(scope, WHO, &[9; 32]).unwrap(), None);
	assert_eq!(journal.other_entries(Scope::Report(8), WHO).unwrap(), []);
}

#[test]
fn a_commitment_on_the_chain_is_never_replaced() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	journal.prepare(&entry(1)).unwrap();
	let better = Entry { payload: vec![4], ..entry(1) };
	journal.prepare(&better).unwrap();
	journal.mark(round(1), WHO, State::Committed, Note::Progress).unwrap();
	assert!(journal.prepare(&entry(1)).is_err());
	assert_eq!(journal.entry(round(1), WHO).unwrap().unwrap().payload, [4]);
}

#[test]
fn an_older_layout_is_refused_with_its_file_and_the_next_step_and_nothing_is_lost() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let old = Connection::open(&path).unwrap();
	old.execute_batch(
		"CREATE TABLE entries (kind TEXT, domain INTEGER, round INTEGER, who BLOB, payload BLOB);
		INSERT INTO entries VALUES ('sums', 7, 1, x'02', x'0506');
		PRAGMA user_version = 1;",
	)
	.unwrap();
	drop(old);
	let before = std::fs::read(&path).unwrap();
	let error = open(&path).err().unwrap();
	assert!(matches!(error, JournalError::OlderLayout { found: 1, .. }), "{error:?}");
	let text = error.to_string();
	assert!(text.contains(&path.display().to_string()), "{text}");
	assert!(text.contains("finish its open rounds with the worker that wrote it") && text.contains("--journal"), "{text}");
	assert_eq!(std::fs::read(&path).unwrap(), before, "not a byte of the file is changed");
}

#[test]
fn sums_are_keyed_by_their_task() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	let sums = |task| Entry { scope: Scope::Sums { domain: 7, task }, payload: vec![task as u8], ..entry(1) };
	for task in [12, 13] {
		journal.prepare(&sums(task)).unwrap();
	}
	assert_eq!(journal.entry(sums(13).scope, WHO).unwrap(), Some(sums(13)));
	assert_eq!(journal.entry(sums(12).scope, Account([3; 32])).unwrap(), None, "an entry belongs to one account");
	assert_eq!(journal.entry(Scope::Challenge { domain: 7, task: 12 }, WHO).unwrap(), None);
	assert_eq!(journal.open_entries(Kind::Sums).unwrap(), [sums(12), sums(13)]);
}

#[test]
fn a_damaged_row_is_an_error_that_names_the_value() {
	let folder = tempfile::tempdir().unwrap();
	let journal = open(&folder.path().join("worker.db")).unwrap();
	journal.prepare(&entry(1)).unwrap();
	journal.database().execute("UPDATE entries SET state = 'lost'", []).unwrap();
	let error = anyhow::Error::from(journal.open_entries(Kind::Candidate).unwrap_err());
	assert!(format!("{error:#}").contains("unknown name `lost`"), "{error:#}");
}

#[test]
fn k38_the_file_of_the_journal_is_enough() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let journal = open(&path).unwrap();
	journal.prepare(&entry(1)).unwrap();
	journal.mark(round(1), WHO, State::Committed, Note::Progress).unwrap();
	assert_eq!(files(folder.path()), ["worker.db", "worker.db.lock"], "no entry is in another file");
	// The process is killed, and only the named file is kept.
	let kept = folder.path().join("kept.db");
	std::fs::copy(&path, &kept).unwrap();
	std::mem::forget(journal);
	let after = open(&kept).unwrap();
	assert_eq!(after.entry(round(1), WHO).unwrap(), Some(Entry { state: State::Committed, ..entry(1) }));
}

#[test]
fn k38_a_journal_with_a_write_ahead_log_is_taken_over_as_one_file() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let old = open(&path).unwrap();
	old.database().pragma_update(None, "journal_mode", "WAL").unwrap();
	old.prepare(&entry(1)).unwrap();
	// A killed process leaves its write-ahead log.
	let killed = folder.path().join("killed");
	std::fs::create_dir(&killed).unwrap();
	for name in ["worker.db", "worker.db-wal", "worker.db-shm"] {
		std::fs::copy(folder.path().join(name), killed.join(name)).unwrap();
	}
	let journal = open(&killed.join("worker.db")).unwrap();
	assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [entry(1)]);
	assert_eq!(files(&killed), ["worker.db", "worker.db.lock"]);
}

#[test]
fn k38_a_journal_in_use_is_copied_into_one_file() {
	let folder = tempfile::tempdir().unwrap();
	let (path, copy) = (folder.path().join("worker.db"), folder.path().join("copy.db"));
	let journal = open(&path).unwrap();
	for number in [1, 2, 3] {
		journal.prepare(&entry(number)).unwrap();
	}
	journal.mark(round(1), WHO, State::Archived, Note::Decided).unwrap();
	journal.set_chain_block(first_block(5)).unwrap();
	let copied = backup(&path, &copy).unwrap();
	assert_eq!((copied.entries, copied.open), (3, 2));
	assert_eq!((copied.genesis, copied.block), (Some(GENESIS), Some(first_block(5))));
	// The worker goes on, and the copy does not change.
	journal.prepare(&entry(4)).unwrap();
	let restored = open(&copy).unwrap();
	assert_eq!(restored.open_entries(Kind::Candidate).unwrap(), [entry(2), entry(3)]);
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
	}
}

#[test]
fn k38_a_copy_never_overwrites_a_file_and_needs_a_journal() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let taken = folder.path().join("taken");
	std::fs::write(&taken, "something else").unwrap();
	let refusal = |from: &Path, to: &Path| backup(from, to).unwrap_err().to_string();
	assert!(refusal(&path, &folder.path().join("a")).contains("there is no journal"));
	assert!(refusal(&taken, &folder.path().join("a")).contains("is not a journal of a worker"));
	let empty = folder.path().join("empty.db");
	Connection::open(&empty).unwrap().execute_batch("CREATE TABLE other (a INTEGER)").unwrap();
	assert!(refusal(&empty, &folder.path().join("a")).contains("is not a journal of a worker"));
	drop(open(&path).unwrap());
	assert!(refusal(&path, &taken).contains("never overwritten"));
	assert_eq!(std::fs::read_to_string(&taken).unwrap(), "something else");
	assert!(!folder.path().join("a").exists());
}

#[test]
fn k27_the_journal_of_a_chain_that_began_anew_is_moved_aside_and_found_again() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let mut journal = open(&path).unwrap();
	assert_eq!(journal.chain_block().unwrap(), None);
	journal.set_chain_block(first_block(5)).unwrap();
	journal.set_chain_block(first_block(6)).unwrap();
	assert_eq!(journal.chain_block().unwrap(), Some(first_block(5)), "the block of a chain is set once");
	journal.prepare(&entry(1)).unwrap();
	// The chain began anew.
	let aside = moved_aside(&mut journal, 6);
	assert_eq!(aside, folder.path().join("worker-05050505.db"));
	assert_eq!(journal.chain_block().unwrap(), Some(first_block(6)));
	assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [], "nothing of the earlier chain is committed again");
	journal.prepare(&entry(2)).unwrap();
	// The worker is at the earlier chain again.
	moved_aside(&mut journal, 5);
	assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [entry(1)], "nothing was lost");
	assert_eq!(files(folder.path()), ["worker-06060606.db", "worker.db", "worker.db.lock"]);
	drop(journal);
	assert_eq!(open(&path).unwrap().open_entries(Kind::Candidate).unwrap(), [entry(1)]);
}

/// Numbers of rounds and polls begin anew with the chain. A forecast of the earlier one would be revealed in the round of the same number.
#[test]
fn k27_forecasts_and_reports_of_an_earlier_chain_are_moved_aside_too() {
	let folder = tempfile::tempdir().unwrap();
	let mut journal = open(&folder.path().join("worker.db")).unwrap();
	journal.set_chain_block(first_block(5)).unwrap();
	let forecast = Scope::Forecast(RoundId { domain: 1 << 31, number: 1 });
	let written = [(Kind::Forecast, forecast), (Kind::Report, Scope::Report(1))];
	let written = written.map(|(kind, scope)| (kind, Entry { scope, ..entry(1) }));
	for (_, entry) in &written {
		journal.prepare(entry).unwrap();
	}
	moved_aside(&mut journal, 6);
	for (kind, _) in &written {
		assert_eq!(journal.open_entries(*kind).unwrap(), [], "{kind}");
	}
	moved_aside(&mut journal, 5);
	for (kind, entry) in written {
		assert_eq!(journal.open_entries(kind).unwrap(), [entry], "{kind}: nothing was lost");
	}
}

#[test]
fn k27_a_file_of_the_same_name_is_not_overwritten() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let mut journal = open(&path).unwrap();
	journal.set_chain_block(first_block(5)).unwrap();
	let other = folder.path().join("worker-05050505.db");
	std::fs::write(&other, "something else").unwrap();
	let aside = moved_aside(&mut journal, 6);
	assert_eq!(aside, folder.path().join("worker-05050505-1.db"));
	// A file of that name that is no journal of the chain stays where it is.
	moved_aside(&mut journal, 5);
	assert_eq!(journal.chain_block().unwrap(), Some(first_block(5)));
	assert_eq!(std::fs::read_to_string(&other).unwrap(), "something else");
}

/// A worker was at chain 6, then at chain 5, and is at chain 6 again.
#[test]
fn k27_a_crash_while_a_journal_is_moved_aside_loses_nothing() {
	for steps in 0..=2 {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("worker.db");
		let mut journal = open(&path).unwrap();
		journal.set_chain_block(first_block(6)).unwrap();
		journal.prepare(&entry(6)).unwrap();
		moved_aside(&mut journal, 5);
		journal.prepare(&entry(5)).unwrap();
		assert_eq!(journal.block_to_compare().unwrap(), Some(FIRST_BLOCK));

		// The process is killed after this many steps.
		let found = first_block(6);
		if steps > 0 {
			journal.move_aside().unwrap();
		}
		if steps > 1 {
			assert!(journal.take_earlier(GENESIS, found).unwrap());
		}
		drop(journal);
		let mut journal = open(&path).unwrap();
		assert_eq!(journal.block_to_compare().unwrap(), Some(FIRST_BLOCK), "{steps} steps");
		let expected = match steps {
			0 => Binding::MovedAside(folder.path().join("worker-05050505.db")),
			1 => Binding::TakenUp,
			_ => Binding::Same,
		};
		assert_eq!(journal.bind_to_block(GENESIS, found).unwrap(), expected, "{steps} steps");
		assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [entry(6)], "{steps} steps");
		assert_eq!(files(folder.path()), ["worker-05050505.db", "worker.db", "worker.db.lock"], "{steps} steps");
		moved_aside(&mut journal, 5);
		assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [entry(5)], "{steps} steps");
	}
}

#[test]
fn k27_a_journal_with_entries_is_never_replaced_by_an_earlier_one() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let mut journal = open(&path).unwrap();
	assert_eq!(journal.block_to_compare().unwrap(), None, "a new journal belongs to any chain of its network");
	journal.set_chain_block(first_block(6)).unwrap();
	journal.prepare(&entry(6)).unwrap();
	journal.move_aside().unwrap();
	drop(journal);
	let mut journal = open(&path).unwrap();
	let other = Head { number: FIRST_BLOCK, hash: [7; 32] };
	assert_eq!(journal.bind_to_block(GENESIS, other).unwrap(), Binding::Same, "the earlier journal is of another chain");
	journal.prepare(&entry(7)).unwrap();
	assert_eq!(journal.block_to_compare().unwrap(), None);
	assert_eq!(journal.bind_to_block(GENESIS, first_block(6)).unwrap(), Binding::Same);
	assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [entry(7)]);
	// Other files of the folder are no journals that were moved aside.
	for (name, expected) in [
		("worker-06060606.db", true),
		("worker-06060606-1.db", true),
		("worker-backup12.db", false),
		("worker-0606.db", false),
		("worker-06060606.db-journal", false),
		("other-06060606.db", false),
	] {
		assert_eq!(super::chain::is_name_aside(&path, name), expected, "{name}");
	}
}

#[cfg(unix)]
#[test]
fn k38_every_name_of_a_journal_is_one_lock() {
	use std::os::unix::fs::symlink;
	let folder = tempfile::tempdir().unwrap();
	let here = folder.path();
	std::fs::create_dir(here.join("real")).unwrap();
	symlink("real", here.join("linked")).unwrap();
	symlink("real/worker.db", here.join("file.db")).unwrap();
	symlink("file.db", here.join("again.db")).unwrap();
	let names = ["real/worker.db", "linked/worker.db", "real/../real/./worker.db", "file.db", "again.db"];
	// The first name creates the file, also through a link that leads nowhere yet.
	for first in names {
		let journal = open(&here.join(first)).unwrap();
		journal.prepare(&entry(1)).unwrap();
		assert_eq!(journal.path(), here.join("real/worker.db").canonicalize().unwrap(), "{first}");
		for second in names {
			let refused = open(&here.join(second)).err();
			assert!(matches!(refused, Some(JournalError::InUse { .. })), "{first}, {second}: {refused:?}");
		}
		drop(journal);
		assert_eq!(open(&here.join("real/worker.db")).unwrap().open_entries(Kind::Candidate).unwrap(), [entry(1)]);
		assert_eq!(files(&here.join("real")), ["worker.db", "worker.db.lock"]);
		std::fs::remove_file(here.join("real/worker.db")).unwrap();
	}
	let folder_name = open(&here.join("linked")).err().unwrap().to_string();
	assert!(folder_name.contains("is a folder"), "{folder_name}");
}

#[test]
fn k44_searches_on_a_domain_are_counted() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let journal = open(&path).unwrap();
	assert_eq!([journal.begin_search(7).unwrap(), journal.begin_search(7).unwrap(), journal.begin_search(8).unwrap()], [0, 1, 0]);
	drop(journal);
	assert_eq!(open(&path).unwrap().begin_search(7).unwrap(), 2, "the number survives a restart");
}

#[test]
fn lost_stakes_survive_a_restart() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let journal = open(&path).unwrap();
	assert_eq!(journal.lost_stakes(7, WHO).unwrap(), (0, 0));
	journal.store_lost_stakes(7, WHO, 2, 1 << 90).unwrap();
	journal.store_lost_stakes(7, WHO, 3, u128::MAX).unwrap();
	journal.store_lost_stakes(8, WHO, 1, 5).unwrap();
	drop(journal);
	let journal = open(&path).unwrap();
	assert_eq!(journal.lost_stakes(7, WHO).unwrap(), (3, u128::MAX));
	assert_eq!((journal.lost_stakes(8, WHO).unwrap(), journal.lost_stakes(7, Account([9; 32])).unwrap()), ((1, 5), (0, 0)));
}

#[test]
fn a_task_that_is_settled_again_can_be_challenged_again_after_a_reopen() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let scope = Scope::Challenge { domain: 7, task: 12 };
	let challenge = |chunk: u8| Entry { scope, payload: vec![chunk], commitment: [chunk; 32], ..entry(1) };
	let journal = open(&path).unwrap();
	journal.prepare(&challenge(1)).unwrap();
	journal.mark(scope, WHO, State::Committed, Note::Progress).unwrap();
	assert!(journal.prepare(&challenge(2)).is_err(), "the bond of an announced challenge is recovered first");
	journal.mark(scope, WHO, State::Archived, Note::Challenged).unwrap();
	drop(journal);
	let journal = open(&path).unwrap();
	journal.prepare(&challenge(2)).unwrap();
	assert_eq!(journal.open_entries(Kind::Challenge).unwrap(), [challenge(2)]);
}

/// The file of a lower number was removed by hand.
#[test]
fn k27_a_journal_that_was_moved_aside_is_found_across_missing_numbers() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let mut journal = open(&path).unwrap();
	journal.set_chain_block(first_block(5)).unwrap();
	journal.prepare(&entry(5)).unwrap();
	let aside = journal.move_aside().unwrap();
	drop(journal);
	std::fs::rename(&aside, folder.path().join("worker-05050505-2.db")).unwrap();
	let mut journal = open(&path).unwrap();
	assert_eq!(journal.bind_to_block(GENESIS, first_block(5)).unwrap(), Binding::TakenUp);
	assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), [entry(5)]);
}

/// A hard link would have a lock of its own.
#[cfg(unix)]
#[test]
fn k38_a_journal_with_hard_links_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let (path, other) = (folder.path().join("worker.db"), folder.path().join("other.db"));
	drop(open(&path).unwrap());
	std::fs::hard_link(&path, &other).unwrap();
	for name in [&path, &other] {
		let refused = open(name).err().unwrap();
		assert!(matches!(refused, JournalError::SeveralNames { names: 2, .. }), "{refused:?}");
		assert!(refused.to_string().contains("journal backup"), "{refused}");
	}
	std::fs::remove_file(&other).unwrap();
	open(&path).unwrap();
}
