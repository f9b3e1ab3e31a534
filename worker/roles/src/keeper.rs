//! Keeper of the journal: compares the chain with the one that the journal belongs to, and archives what has expired.

use crate::{
	journal::{Binding, Entry, Journal, JournalError, Kind, State, FIRST_BLOCK},
	optimizer::reveal_window,
};
use anyhow::{bail, Result};
use doin_chain::{Chain, Head};
use doin_primitives::BlockNumber;
use std::ops::Range;

/// Target of log events.
const TARGET: &str = "doin::journal";

/// Binds the journal to the chain of the node. If that chain began anew since the journal was written, the journal is moved
/// aside, and the one that was moved aside for this chain earlier, or an empty one, takes its place.
///
/// # Errors
///
/// Errors if the journal belongs to another network, and if it cannot be moved aside.
pub async fn bind(journal: &mut Journal, chain: &Chain) -> Result<()> {
	journal.bind(chain.genesis())?;
	let Some(number) = journal.block_to_compare()? else { return Ok(()) };
	let found = await_block(chain, number).await;
	let binding = journal.bind_to_block(chain.genesis(), found)?;
	let (path, block) = (journal.path().display(), hex::encode(found.hash));
	match binding {
		Binding::Same => {}
		Binding::MovedAside(aside) => tracing::warn!(
			target: TARGET,
			journal = %path,
			aside = %aside.display(),
			number,
			%block,
			"the chain began anew: the journal of the earlier chain was moved aside"
		),
		Binding::TakenUp => tracing::warn!(
			target: TARGET, journal = %path, number, %block, "the earlier journal of this chain, which had been moved aside, is used again"
		),
	}
	Ok(())
}

/// Returns block `number` once the node has it.
async fn await_block(chain: &Chain, number: BlockNumber) -> Head {
	let mut head = chain.head();
	let mut is_reported = false;
	loop {
		match chain.block(number).await {
			Ok(Some(block)) => return block,
			Ok(None) if !is_reported => {
				tracing::info!(target: TARGET, number, head = head.number, "waiting for the block that the chain of the journal is compared by");
				is_reported = true;
			}
			Ok(None) => {}
			Err(error) => tracing::debug!(target: TARGET, "{:#}", anyhow::Error::from(error)),
		}
		head = chain.next_head(head).await;
	}
}

/// Keeps the journal until the future is dropped: at every block, archives the entries that expired, and compares the chain with
/// the one that the journal belongs to.
///
/// # Errors
///
/// Errors if the chain began anew while the worker was running. A journal that cannot be written, e.g. on a full disk, is logged:
/// what it holds can still be revealed.
pub async fn keep(journal: &Journal, chain: &Chain) -> Result<()> {
	let mut head = chain.head();
	loop {
		match look(chain, journal).await {
			Ok(view) => tolerate(keep_at(journal, &view))?,
			// The connection reopens by itself.
			Err(error) => tracing::debug!(target: TARGET, "{error:#}"),
		}
		head = chain.next_head(head).await;
	}
}

/// Logs a failure of the journal; returns every other error.
fn tolerate(kept: Result<()>) -> Result<()> {
	match kept {
		Err(error) if error.is::<JournalError>() => {
			tracing::error!(target: TARGET, "{error:#}; nothing is committed until it can be written, and open reveals are sent");
			Ok(())
		}
		other => other,
	}
}

/// Part of the chain that the keeper looks at.
#[derive(Clone, Debug)]
struct View {
	/// Number of the last finalized block.
	finalized: BlockNumber,
	/// Block of the number that the chain is known by, if the chain is that long.
	block: Option<Head>,
	/// Reveal windows at the finalized block of entries that seem to have expired. A window is moved by an opened segment, and doubled
	/// while fees are high; a worker that was not running has missed that.
	windows: Vec<(Entry, Range<BlockNumber>)>,
}

async fn look(chain: &Chain, journal: &Journal) -> Result<View> {
	let number = journal.chain_block().ok().flatten().map_or(FIRST_BLOCK, |known| known.number);
	let finalized = chain.finalized().await?;
	let mut windows = Vec::new();
	for entry in journal.open_entries(Kind::Candidate)?.into_iter().filter(|entry| may_have_expired(entry, finalized.number)) {
		let Some(round) = entry.scope.round() else { continue };
		if let Some(window) = chain.open_round(finalized, round).await?.as_ref().and_then(reveal_window) {
			windows.push((entry, window));
		}
	}
	Ok(View { finalized: finalized.number, block: chain.block(number).await?, windows })
}

/// Returns `true` if the candidate of an entry can no longer be revealed after block `finalized`, as far as the journal shows.
fn may_have_expired(entry: &Entry, finalized: BlockNumber) -> bool {
	entry.state != State::Revealed && entry.reveal_until <= finalized
}

fn keep_at(journal: &Journal, view: &View) -> Result<()> {
	match (journal.chain_block()?, view.block) {
		(Some(known), Some(found)) if found != known => bail!(
			"the chain began anew while the worker was running: block {} was 0x{} and is 0x{}. Start the worker again; it moves the \
			 journal {} aside, and begins a new one",
			known.number,
			hex::encode(known.hash),
			hex::encode(found.hash),
			journal.path().display()
		),
		(None, Some(found)) if found.number <= view.finalized => journal.set_chain_block(found)?,
		_ => {}
	}
	for (entry, window) in &view.windows {
		if window.end > entry.reveal_until {
			journal.reschedule(entry.scope, entry.who, window.clone())?;
		}
	}
	for lost in journal.archive_expired(view.finalized)? {
		tracing::error!(
			target: TARGET,
			commitment = %lost.scope,
			account = %lost.who,
			reveal_until = lost.reveal_until,
			"commitment was never revealed; a part of what it holds is lost"
		);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::journal::{Entry, Kind, Note, Scope, State};
	use doin_chain::Account;
	use doin_primitives::RoundId;

	const WHO: Account = Account([2; 32]);

	fn view(finalized: BlockNumber, block: Option<Head>) -> View {
		View { finalized, block, windows: Vec::new() }
	}

	fn first(hash: u8) -> Head {
		Head { number: FIRST_BLOCK, hash: [hash; 32] }
	}

	fn journal(folder: &tempfile::TempDir) -> Journal {
		let journal = Journal::open(&folder.path().join("worker.db")).unwrap();
		journal.bind([1; 32]).unwrap();
		journal
	}

	#[test]
	fn k27_a_chain_is_identified_by_a_finalized_block() {
		let folder = tempfile::tempdir().unwrap();
		let journal = journal(&folder);
		keep_at(&journal, &view(0, None)).unwrap();
		keep_at(&journal, &view(0, Some(first(5)))).unwrap();
		assert_eq!(journal.chain_block().unwrap(), None, "a block that is not finalized may be replaced");
		keep_at(&journal, &view(1, Some(first(6)))).unwrap();
		assert_eq!(journal.chain_block().unwrap(), Some(first(6)));
		keep_at(&journal, &view(9, Some(first(6)))).unwrap();
	}

	#[test]
	fn k27_a_chain_that_begins_anew_stops_the_worker() {
		let folder = tempfile::tempdir().unwrap();
		let journal = journal(&folder);
		journal.set_chain_block(first(5)).unwrap();
		keep_at(&journal, &view(0, None)).unwrap();
		let error = keep_at(&journal, &view(0, Some(first(6)))).unwrap_err().to_string();
		assert!(error.contains("the chain began anew") && error.contains("Start the worker again"), "{error}");
		assert!(error.contains(&hex::encode([5; 32])) && error.contains(&hex::encode([6; 32])), "{error}");
	}

	/// A full disk refuses every change.
	#[test]
	fn k38_a_journal_that_cannot_be_written_does_not_end_the_worker() {
		let folder = tempfile::tempdir().unwrap();
		let journal = journal(&folder);
		let scope = Scope::Candidate(RoundId { domain: 7, number: 1 });
		journal.prepare(&Entry::prepare(scope, WHO, &[1; 32], &vec![1u8], [9; 32], 10..15)).unwrap();
		journal.refuse_changes();
		let failed = keep_at(&journal, &view(20, None)).unwrap_err();
		assert!(format!("{failed:#}").contains("check its disk"), "{failed:#}");
		tolerate(Err(failed)).unwrap();
		assert_eq!(journal.open_entries(Kind::Candidate).unwrap().len(), 1, "what it holds can be revealed");
		// A chain that began anew ends it.
		let anew = view(0, Some(first(6)));
		let other = tempfile::tempdir().unwrap();
		let journal = self::journal(&other);
		journal.set_chain_block(first(5)).unwrap();
		assert!(tolerate(keep_at(&journal, &anew)).is_err());
	}

	#[test]
	fn entries_expire_at_the_finalized_block() {
		let folder = tempfile::tempdir().unwrap();
		let journal = journal(&folder);
		let scope = Scope::Candidate(RoundId { domain: 7, number: 1 });
		journal.prepare(&Entry::prepare(scope, WHO, &[1; 32], &vec![1u8], [9; 32], 10..15)).unwrap();
		journal.mark(scope, WHO, State::Committed, Note::Progress).unwrap();
		keep_at(&journal, &view(14, None)).unwrap();
		assert_eq!(journal.open_entries(Kind::Candidate).unwrap().len(), 1);
		keep_at(&journal, &view(15, None)).unwrap();
		assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), []);
	}

	/// The windows of evidence and reveal were doubled while the worker was not running.
	#[test]
	fn a_window_that_was_doubled_meanwhile_keeps_its_entry() {
		let folder = tempfile::tempdir().unwrap();
		let journal = journal(&folder);
		let scope = Scope::Candidate(RoundId { domain: 7, number: 1 });
		let entry = Entry::prepare(scope, WHO, &[1; 32], &vec![1u8], [9; 32], 124..129);
		journal.prepare(&entry).unwrap();
		journal.mark(scope, WHO, State::Committed, Note::Progress).unwrap();
		assert!(!may_have_expired(&entry, 128) && may_have_expired(&entry, 129));
		assert!(!may_have_expired(&Entry { state: State::Revealed, ..entry.clone() }, 129));
		let doubled = View { windows: vec![(entry, 124..141)], ..view(135, None) };
		keep_at(&journal, &doubled).unwrap();
		let open = journal.open_entries(Kind::Candidate).unwrap();
		assert_eq!((open.len(), open[0].reveal_from, open[0].reveal_until), (1, 124, 141), "it can be revealed");
		keep_at(&journal, &View { finalized: 141, ..doubled }).unwrap();
		assert_eq!(journal.open_entries(Kind::Candidate).unwrap(), []);
	}
}
