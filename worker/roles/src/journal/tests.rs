//! Tests of the journal.

use super::*;

const GENESIS: Hash = [1; 32];
const WHO: Account = Account([2; 32]);

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
	}
}

#[test]
fn a_prepared_entry_survives_a_crash() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("deep/er/worker.db");
	let journal = Journal::open(&path, GENESIS).unwrap();
	journal.prepare(&entry(1)).unwrap();
	// A killed process runs no destructor and checkpoints nothing: copy the files as they lie on the disk.
	let copy = folder.path().join("after");
	std::fs::create_dir(&copy).unwrap();
	for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
		let file = file.unwrap();
		std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
	}
	std::mem::forget(journal);
	let after = Journal::open(&copy.join("worker.db"), GENESIS).unwrap();
	assert_eq!(after.open_entries(Kind::Candidate).unwrap(), [entry(1)]);
	assert_eq!(after.entry(round(1), WHO).unwrap(), Some(entry(1)));
	assert_eq!(after.open_entries(Kind::Sums).unwrap(), []);
}

#[test]
fn two_workers_cannot_share_a_journal() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	let first = Journal::open(&path, GENESIS).unwrap();
	let reason = format!("{:#}", Journal::open(&path, GENESIS).err().unwrap());
	assert!(reason.contains("in use by another worker") && reason.contains("--journal"), "{reason}");
	drop(first);
	Journal::open(&path, GENESIS).unwrap();
}

#[test]
fn a_journal_belongs_to_one_network() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	drop(Journal::open(&path, GENESIS).unwrap());
	let reason = format!("{:#}", Journal::open(&path, [3; 32]).err().unwrap());
	assert!(reason.contains(&hex::encode(GENESIS)) && reason.contains("--journal"), "{reason}");
}

#[test]
fn a_newer_layout_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.db");
	drop(Journal::open(&path, GENESIS).unwrap());
	Connection::open(&path).unwrap().pragma_update(None, "user_version", LAYOUT + 1).unwrap();
	assert!(format!("{:#}", Journal::open(&path, GENESIS).err().unwrap()).contains("update the worker"));
}

#[test]
fn entries_move_on_and_expire() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
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
	let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
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
fn a_commitment_on_the_chain_is_never_replaced() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
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
	let error = Journal::open(&path, GENESIS).err().unwrap();
	assert!(matches!(error, JournalError::OlderLayout { found: 1, .. }), "{error:?}");
	let text = error.to_string();
	assert!(text.contains(&path.display().to_string()), "{text}");
	assert!(text.contains("finish its open rounds with the worker that wrote it") && text.contains("--journal"), "{text}");
	assert_eq!(std::fs::read(&path).unwrap(), before, "not a byte of the file is changed");
}

#[test]
fn sums_are_keyed_by_their_task() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
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
	let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
	journal.prepare(&entry(1)).unwrap();
	journal.database().execute("UPDATE entries SET state = 'lost'", []).unwrap();
	let error = anyhow::Error::from(journal.open_entries(Kind::Candidate).unwrap_err());
	assert!(format!("{error:#}").contains("unknown name `lost`"), "{error:#}");
}
