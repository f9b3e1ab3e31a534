//! State of a node's synchronization with its network.
//!
//! A node that is behind its network shows an old state: a worker that acted on it would answer draws that are over and bid in
//! rounds that have ended. Best blocks are therefore published, and calls signed, only while the node is synced.
//!
//! The age of the best block shows that a node is behind before its health does. It depends on the clock of this machine, so
//! a clock that is ahead would stop the worker for ever. [`ClockCheck`] finds that out: the age of the newest block of a network
//! stays the same while new blocks arrive, and the age of imported blocks shrinks.

use crate::{connection::Connection, Head, ReadError, RequestError};
use doin_primitives::BlockNumber;
use serde::Deserialize;
use std::{
	fmt,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use subxt::utils::H256;

/// Storage key of `Timestamp::Now`: the two hashes `twox_128("Timestamp")` and `twox_128("Now")`.
const TIMESTAMP_KEY: &str = "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";
/// Age of the best block up to which a node without peers counts as synced: it produces the blocks itself.
const FRESH: Duration = Duration::from_secs(120);
/// Age of the best block up to which a node with peers counts as synced. A network that stands still is waited for.
const FRESH_WITH_PEERS: Duration = Duration::from_secs(600);

/// Time for which the age of new blocks has to stay the same, until the clock of this machine is found to be ahead.
const CLOCK_CHECK: Duration = Duration::from_secs(60);
/// New blocks in that time.
const CLOCK_CHECK_BLOCKS: BlockNumber = 3;
/// Seconds by which the age of new blocks varies with the time of the look.
const AGE_TOLERANCE: u64 = 30;

/// State of a node's synchronization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncState {
	/// The node has not answered yet, or the connection is down.
	Unknown,
	/// The node has the newest blocks of its network.
	Synced,
	/// The node imports older blocks.
	Syncing {
		/// Best block of the node.
		block: BlockNumber,
		/// Best block of its peers, if it is known.
		target: Option<BlockNumber>,
	},
	/// The best block of the node is old: it has just started, or it is cut off from its network.
	Stale {
		/// Peers of the node.
		peers: usize,
		/// Best block of the node.
		block: BlockNumber,
		/// Age of the block in seconds, by the clock of this machine; `None` for block 0, which has no time.
		seconds: Option<u64>,
	},
}

impl fmt::Display for SyncState {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Unknown => write!(f, "the node has not answered yet"),
			Self::Synced => write!(f, "the node is synced"),
			Self::Syncing { block, target: Some(target) } => write!(f, "the node is at block {block} of {target}"),
			Self::Syncing { block, target: None } => write!(f, "the node is at block {block} and still syncing"),
			Self::Stale { peers, seconds: None, .. } => {
				write!(f, "the node has no block of its network yet, and {peers} peers")
			}
			Self::Stale { peers, block, seconds: Some(seconds) } => write!(
				f,
				"the best block {block} of the node is {} min old by the clock of this machine, and the node has {peers} peers \
				 (check its network and both clocks if this goes on)",
				seconds / 60
			),
		}
	}
}

/// Answer to `system_health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Health {
	peers: usize,
	is_syncing: bool,
	/// The node produces its blocks itself, and knows of no others.
	is_alone: bool,
}

/// Search for a clock of this machine that is ahead.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClockCheck {
	/// First look at an old block: its time, and the number and the age in seconds of the block.
	first: Option<(Instant, BlockNumber, u64)>,
	/// Time by which the clock is ahead.
	ahead: Duration,
}

impl ClockCheck {
	/// Returns the time by which the clock of this machine is ahead; zero as long as it is not known to be.
	pub(crate) fn ahead(&self) -> Duration {
		self.ahead
	}

	/// Returns the age of a block by a clock that is right, from its age by the clock of this machine. A clock that is ahead by more
	/// than that age was set back since.
	fn corrected(&mut self, age: Duration) -> Duration {
		self.ahead = self.ahead.min(age);
		age.saturating_sub(self.ahead)
	}

	/// Looks at the state of the node at the time `now`. Returns `true` if the clock is found to be ahead.
	pub(crate) fn look(&mut self, now: Instant, state: SyncState) -> bool {
		let SyncState::Stale { block, seconds: Some(age), .. } = state else {
			self.first = None;
			return false;
		};
		let (since, first_block, first_age) = *self.first.get_or_insert((now, block, age));
		if age.abs_diff(first_age) > AGE_TOLERANCE {
			self.first = Some((now, block, age));
			return false;
		}
		let is_ahead = now.saturating_duration_since(since) >= CLOCK_CHECK && block >= first_block + CLOCK_CHECK_BLOCKS;
		if is_ahead {
			*self = Self { first: None, ahead: self.ahead.saturating_add(Duration::from_secs(age)) };
		}
		is_ahead
	}
}

/// Answer to `system_syncState`, as far as it is used.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
	current_block: u64,
	highest_block: Option<u64>,
}

/// Returns the state of a node with best block `block`. `age` is the age of that block, and `progress` the answer about an
/// ongoing synchronization.
fn sync_state(health: Health, block: BlockNumber, progress: Option<Progress>, age: Option<Duration>) -> SyncState {
	if health.is_syncing {
		let number = |number: u64| BlockNumber::try_from(number).unwrap_or(BlockNumber::MAX);
		let block = progress.map_or(block, |progress| number(progress.current_block));
		let target = progress.and_then(|progress| progress.highest_block).map(number).filter(|target| *target > block);
		return SyncState::Syncing { block, target };
	}
	// A node that has just started has not asked its peers yet.
	let fresh = if health.peers == 0 { FRESH } else { FRESH_WITH_PEERS };
	match !health.is_alone && age.is_none_or(|age| age > fresh) {
		true => SyncState::Stale { peers: health.peers, block, seconds: age.map(|age| age.as_secs()) },
		false => SyncState::Synced,
	}
}

impl Connection {
	/// Returns the state of the node, whose best block is `best`, by the clock of this machine, as `clock` corrects it.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub(crate) async fn sync_state(&self, best: Head, clock: &mut ClockCheck) -> Result<SyncState, ReadError> {
		let health = match self.answer(self.rpc.system_health()).await {
			Ok(health) => health,
			// A node that does not serve the request cannot be asked.
			Err(RequestError::Refused { .. }) => return Ok(SyncState::Synced),
			Err(error) => return Err(self.error("system_health", error)),
		};
		// Without peers, only the role of a node shows whether it waits for the blocks of others.
		let may_be_alone = !health.should_have_peers && health.peers == 0 && !health.is_syncing;
		let is_alone = may_be_alone && self.produces_blocks().await?;
		let health = Health { peers: health.peers, is_syncing: health.is_syncing, is_alone };
		let progress = match health.is_syncing {
			true => self.answer(self.raw.request("system_syncState", subxt::rpcs::rpc_params![])).await.ok(),
			false => None,
		};
		let age = match !health.is_alone && !health.is_syncing {
			true => self.age(best).await?.map(|age| clock.corrected(age)),
			false => None,
		};
		Ok(sync_state(health, best.number, progress, age))
	}

	/// Returns `true` unless the node has other roles than that of a block producer.
	async fn produces_blocks(&self) -> Result<bool, ReadError> {
		match self.answer(self.raw.request::<Vec<String>>("system_nodeRoles", subxt::rpcs::rpc_params![])).await {
			Ok(roles) => Ok(roles.iter().any(|role| role == "Authority")),
			// A node that does not serve the request cannot be asked.
			Err(RequestError::Refused { .. }) => Ok(true),
			Err(error) => Err(self.error("system_nodeRoles", error)),
		}
	}

	/// Returns the age of a block by the clock of this machine, or `None` if the block has no time.
	async fn age(&self, block: Head) -> Result<Option<Duration>, ReadError> {
		let key = hex::decode(TIMESTAMP_KEY).unwrap_or_default();
		let answer = self.rpc.state_get_storage(&key, Some(H256(block.hash)));
		let stored = self.request("Timestamp.Now", answer).await?;
		let bytes = stored.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
		let Some(milliseconds) = bytes.map(u64::from_le_bytes).filter(|time| *time > 0) else { return Ok(None) };
		let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		Ok(Some(now.saturating_sub(Duration::from_millis(milliseconds))))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const HEALTHY: Health = Health { peers: 3, is_syncing: false, is_alone: false };

	fn age(seconds: u64) -> Option<Duration> {
		Some(Duration::from_secs(seconds))
	}

	#[test]
	fn k28_a_syncing_node_is_named_with_its_block_and_the_target() {
		let syncing = Health { is_syncing: true, ..HEALTHY };
		let progress = Progress { current_block: 300, highest_block: Some(2_000) };
		let state = sync_state(syncing, 290, Some(progress), None);
		assert_eq!(state, SyncState::Syncing { block: 300, target: Some(2_000) });
		assert_eq!(state.to_string(), "the node is at block 300 of 2000");
		assert_eq!(sync_state(syncing, 290, None, None).to_string(), "the node is at block 290 and still syncing");
		let unknown = Progress { current_block: 300, highest_block: Some(300) };
		assert_eq!(sync_state(syncing, 290, Some(unknown), None), SyncState::Syncing { block: 300, target: None });
	}

	#[test]
	fn a_node_with_the_newest_block_is_synced_with_or_without_peers() {
		assert_eq!(sync_state(HEALTHY, 5, None, age(12)), SyncState::Synced);
		let development = Health { peers: 0, is_alone: true, ..HEALTHY };
		assert_eq!(sync_state(development, 5, None, age(9_999)), SyncState::Synced);
		let single = Health { peers: 0, ..HEALTHY };
		assert_eq!(sync_state(single, 5, None, age(12)), SyncState::Synced, "it produces the blocks");
	}

	/// For a moment after its start, `system_health` of a node does not show that it is behind.
	#[test]
	fn k28_a_node_that_has_just_started_is_not_synced() {
		let alone = sync_state(Health { peers: 0, ..HEALTHY }, 300, None, age(3_600));
		assert_eq!(alone, SyncState::Stale { peers: 0, block: 300, seconds: Some(3_600) });
		assert!(alone.to_string().contains("block 300 of the node is 60 min old"), "{alone}");
		let connected = sync_state(HEALTHY, 300, None, age(3_600));
		assert_eq!(connected, SyncState::Stale { peers: 3, block: 300, seconds: Some(3_600) });
		let first = sync_state(HEALTHY, 0, None, None);
		assert!(first.to_string().contains("no block of its network yet"), "block 0 has no time: {first}");
		assert_eq!(sync_state(HEALTHY, 300, None, age(599)), SyncState::Synced, "blocks may be missing for a while");
	}

	/// Returns `true` if the clock is found to be ahead, by looks at (second, block, age in seconds).
	fn is_ahead(check: &mut ClockCheck, looks: &[(u64, BlockNumber, u64)]) -> bool {
		let start = Instant::now();
		let mut look = |&(second, block, seconds): &(u64, BlockNumber, u64)| {
			check.look(start + Duration::from_secs(second), SyncState::Stale { peers: 3, block, seconds: Some(seconds) })
		};
		looks.iter().map(&mut look).last().unwrap_or_default()
	}

	/// The time by which a clock was ahead must not hide that a node is behind.
	#[test]
	fn k28_a_clock_that_is_set_right_is_not_corrected_any_more() {
		let mut check = ClockCheck { first: None, ahead: Duration::from_secs(3_600) };
		assert_eq!(check.corrected(Duration::from_secs(3_609)), Duration::from_secs(9));
		assert_eq!((check.corrected(Duration::from_secs(6)), check.ahead()), (Duration::ZERO, Duration::from_secs(6)));
		assert_eq!(check.corrected(Duration::from_secs(3_000)), Duration::from_secs(2_994), "the node is behind");
	}

	#[test]
	fn k28_a_clock_that_jumps_ahead_does_not_stop_the_worker() {
		let mut check = ClockCheck::default();
		assert!(is_ahead(&mut check, &[(0, 100, 3_600), (6, 101, 3_601), (30, 105, 3_598), (61, 110, 3_603)]));
		assert_eq!(check.ahead(), Duration::from_secs(3_603));
		// Imported blocks become younger, and the last block of a network that stands still becomes older.
		for looks in [
			[(0, 100, 3_600), (20, 150, 3_300), (40, 200, 3_000), (61, 250, 2_700)],
			[(0, 100, 3_600), (20, 100, 3_620), (40, 100, 3_640), (61, 100, 3_661)],
			[(0, 100, 3_600), (20, 101, 3_600), (40, 101, 3_601), (61, 102, 3_602)],
		] {
			assert!(!is_ahead(&mut ClockCheck::default(), &looks), "{looks:?}");
		}
		let mut check = ClockCheck::default();
		is_ahead(&mut check, &[(0, 100, 3_600), (30, 110, 3_600)]);
		assert!(!check.look(Instant::now(), SyncState::Synced));
		assert!(!is_ahead(&mut check, &[(90, 130, 3_600)]), "the looks begin anew");
	}
}
