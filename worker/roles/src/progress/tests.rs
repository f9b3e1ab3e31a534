//! Tests of the progress of searches.

use super::*;
use parking_lot::Mutex;
use tokio::sync::mpsc;

const ACCOUNT: Account = Account([7; 32]);
const SCALE: Scale = Scale { population: 24, initial_error: 1_000 };

/// Moment from which the clocks of these tests count.
const EPOCH: Duration = Duration::from_secs(1_700_000_000);

/// A clock that a test sets, in seconds.
#[derive(Clone, Default)]
struct Hand(Arc<Mutex<u64>>);

impl Hand {
	fn progress(&self) -> Progress {
		let seconds = self.0.clone();
		Progress::with_clock(Arc::new(move || Duration::from_secs(*seconds.lock())), EPOCH)
	}

	fn set(&self, seconds: u64) {
		*self.0.lock() = seconds;
	}
}

fn only(progress: &Progress) -> SearchProgress {
	let mut searches = progress.searches();
	assert_eq!(searches.len(), 1);
	searches.remove(0)
}

#[test]
fn a_search_is_followed_from_its_begin_to_its_end() {
	let hand = Hand::default();
	hand.set(1_000);
	let progress = hand.progress();
	let meter = progress.begin(3, ACCOUNT, SCALE);
	meter.stands_at(Position { generation: 0, stage: (1, 1), bracket_stage: (1, 3) });
	let devices = || vec!["2 CPU threads".to_string(), "llvmpipe".to_string()];
	meter.batch_begins(40, devices());
	meter.epochs_trained(12);
	hand.set(1_060);
	(0..4).for_each(|number| meter.candidate_trained(900 - 100 * number));
	meter.candidate_failed(10);
	meter.chain_read(500, 9);
	let training = SearchProgress {
		domain: 3,
		account: ACCOUNT,
		state: SearchState::Training,
		generation: 0,
		stage: 1,
		stages: 1,
		bracket_stage: 1,
		bracket_stages: 3,
		population: 24,
		epoch: 12,
		total_epochs: 30,
		candidates: 4,
		per_hour: Some(240),
		best: Some(600 * (1 << 20) / 1_000),
		champion: Some(1 << 19),
		pool: 9,
		immigrants: 0,
		remaining_ms: None,
		since_ms: 1_700_001_000_000,
		devices: devices(),
	};
	assert_eq!(only(&progress), training);
	meter.epochs_trained(99);
	assert_eq!(only(&progress).epoch, 30, "epochs that were trained twice are not more than all");
	meter.batch_ends(Position { generation: 1, stage: (2, 3), bracket_stage: (2, 3) });
	meter.batch_begins(50, devices());
	meter.immigrant_taken();
	hand.set(1_070);
	let second = SearchProgress {
		generation: 1,
		stage: 2,
		stages: 3,
		bracket_stage: 2,
		epoch: 0,
		total_epochs: 50,
		per_hour: Some(205),
		immigrants: 1,
		remaining_ms: Some(50_000),
		..training
	};
	assert_eq!(only(&progress), second);
	meter.stops();
	assert_eq!(only(&progress), SearchProgress { state: SearchState::Stopped, remaining_ms: None, ..second });
}

#[test]
fn a_search_replaces_the_earlier_one_of_its_domain_and_account() {
	let hand = Hand::default();
	let progress = hand.progress();
	let former = progress.begin(3, ACCOUNT, SCALE);
	former.candidate_trained(800);
	let others = [progress.begin(2, ACCOUNT, SCALE), progress.begin(3, Account([1; 32]), SCALE)];
	hand.set(50);
	let latter = progress.begin(3, ACCOUNT, SCALE);
	former.candidate_trained(1);
	former.stops();
	latter.waits();
	drop((former, others, latter));
	let shown: Vec<_> = progress
		.searches()
		.into_iter()
		.map(|search| (search.domain, search.account.0[0], search.candidates, search.state))
		.collect();
	let stopped = SearchState::Stopped;
	assert_eq!(shown, [(2, 7, 0, stopped), (3, 1, 0, stopped), (3, 7, 0, SearchState::Waiting)]);
	let since: Vec<u64> = progress.searches().iter().map(|search| search.since_ms / 1_000 - EPOCH.as_secs()).collect();
	assert_eq!(since, [0, 0, 50], "it began later");
}

#[test]
fn nothing_is_compared_with_an_initial_champion_without_an_error() {
	let progress = Progress::default();
	let meter = progress.begin(3, ACCOUNT, Scale { initial_error: 0, ..SCALE });
	meter.candidate_trained(5);
	meter.chain_read(5, 0);
	let search = only(&progress);
	assert_eq!((search.candidates, search.best, search.champion), (1, None, None));
}

#[test]
fn the_error_of_a_candidate_that_was_trained_in_part_is_not_the_best() {
	let progress = Progress::default();
	let meter = progress.begin(3, ACCOUNT, SCALE);
	meter.part_trained();
	let search = only(&progress);
	assert_eq!((search.candidates, search.best), (1, None));
}

#[tokio::test]
async fn any_number_of_changes_is_announced_once_per_pause() {
	let progress = Progress::default();
	let mut changes = progress.changes();
	let meter = progress.begin(3, ACCOUNT, SCALE);
	let (end_pause, pauses) = mpsc::channel::<()>(1);
	let pauses = tokio::sync::Mutex::new(pauses);
	let announcing = progress.announce_with(|| async {
		pauses.lock().await.recv().await.expect("the test ends pauses");
	});
	let reading = async {
		(0..1_000).for_each(|_| meter.epochs_trained(1));
		changes.changed().await.unwrap();
		(0..1_000).for_each(|_| meter.candidate_trained(1));
		tokio::task::yield_now().await;
		assert_eq!(*changes.borrow_and_update(), 1, "the pause has not ended");
		end_pause.send(()).await.unwrap();
		changes.changed().await.unwrap();
		assert_eq!((*changes.borrow_and_update(), only(&progress).candidates), (2, 1_000));
		end_pause.send(()).await.unwrap();
		meter.chain_read(500, 1);
		changes.changed().await.unwrap();
		end_pause.send(()).await.unwrap();
		meter.chain_read(500, 1);
		tokio::task::yield_now().await;
		assert!(!changes.has_changed().unwrap(), "nothing has changed");
	};
	tokio::select! {
		() = reading => {}
		() = announcing => unreachable!("announcing never ends"),
	}
}

/// A search goes on while a reader holds what it was announced, and while others read.
#[test]
fn a_reader_does_not_block_a_search() {
	let progress = Progress::default();
	let meter = progress.begin(3, ACCOUNT, SCALE);
	let changes = progress.changes();
	let held = changes.borrow();
	let readers: Vec<_> = (0..3)
		.map(|_| {
			let progress = progress.clone();
			std::thread::spawn(move || (0..2_000).map(|_| progress.searches().len()).sum::<usize>())
		})
		.collect();
	(0..20_000).for_each(|_| meter.candidate_trained(900));
	assert_eq!((*held, only(&progress).candidates), (0, 20_000));
	drop(held);
	for reader in readers {
		assert_eq!(reader.join().unwrap(), 2_000);
	}
}
