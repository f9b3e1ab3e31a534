//! Server: answers requests for the champions of domains that its account offers, for pay.
//!
//! [`doin_serve`] decides and answers. The driver follows the last *finalized* block: it reads the offers of the account and the champions,
//! so that a champion answers once its crowning is final, and it redeems vouchers. The HTTP server of the worker reaches both through a
//! [`ServeSlot`].
//!
//! ```text
//! finalized block ─▶ offers, champions ─▶ Snapshot ─▶ Service ◀── POST /inference
//!                 ─▶ channels ─▶ redeem::is_due ─▶ channels.redeem          │
//!                                     ▲                              voucher journal
//!                                     └──────────────────────────────────────┘
//! ```
//!
//! The journal of vouchers lies beside that of the worker. What a worker that was killed has not redeemed is redeemed after its next start.

mod bytes;
mod driver;
mod redeemer;

pub use bytes::{champion_at, model_bytes};
pub use driver::Server;
pub use redeemer::Redeemer;

use doin_serve::{tasks::HostQueue, Service};
use std::{
	path::{Path, PathBuf},
	sync::{Arc, OnceLock},
};

/// Target of log events.
const TARGET: &str = "doin::serve";

/// A server at work.
#[derive(Debug)]
pub struct Running {
	/// Answers requests.
	pub service: Arc<Service>,
	/// Redeems vouchers.
	pub redeemer: Redeemer,
}

/// Place of the server of a worker, which is filled once the worker is connected, and the task queue of this host. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct ServeSlot {
	running: Arc<OnceLock<Arc<Running>>>,
	queue: HostQueue,
}

impl ServeSlot {
	/// Returns the server, or `None` for a worker without one, or before it is connected.
	pub fn get(&self) -> Option<&Arc<Running>> {
		self.running.get()
	}

	/// Returns the task queue of this host.
	pub fn queue(&self) -> &HostQueue {
		&self.queue
	}

	/// Fills the slot. A second server is ignored.
	pub fn fill(&self, running: Arc<Running>) {
		if self.running.set(running).is_err() {
			tracing::debug!(target: TARGET, "the worker has a server already");
		}
	}
}

/// Returns the file of the vouchers that a worker with this journal has taken.
pub fn voucher_file(journal: &Path) -> PathBuf {
	let stem = journal.file_stem().unwrap_or_default().to_string_lossy();
	journal.with_file_name(format!("{stem}-vouchers.db"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn vouchers_lie_beside_the_journal() {
		assert_eq!(voucher_file(Path::new("/var/doin/worker.db")), Path::new("/var/doin/worker-vouchers.db"));
		assert_eq!(voucher_file(Path::new("worker")), Path::new("worker-vouchers.db"));
	}
}
