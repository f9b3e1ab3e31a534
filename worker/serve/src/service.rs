//! A server: one request from its body to its signed answer.
//!
//! ```text
//! limits ─▶ windows ─▶ price ─▶ voucher ─▶ journal ─▶ outputs ─▶ receipt ─▶ answer
//!                                  └─ repeated: its request is answered again
//! ```
//!
//! A request is answered by the champion of one [`Snapshot`], which a driver replaces when a crowning is final. The voucher is on the disk
//! before the outputs are computed, so a server that is killed at any step loses no more than the client: the client shows the same voucher
//! with the same request again.

use crate::{
	audit::{outputs_of, Audited, Sample, PATIENCE, PAUSE},
	batches::Batches,
	journal::{VoucherError, VoucherJournal},
	limits::{Addresses, FreeQuota, Rate},
	model::Champion,
	redeem::Owing,
	refusal::{Kind, Refusal},
	tasks::{HostQueue, Work},
	voucher::{check_channel, verify, Book, Facts, Kept, Offered, Taken, Terms},
	wire::{
		bytes, hex, ChannelState, DomainPrice, Models, PairText, Prices, Reply, Request, Serving, SignedReceipt, SignedVoucher,
	},
};
use async_trait::async_trait;
use codec::Encode;
use doin_chain::Account;
use doin_primitives::{
	blake2_256,
	channel::{ChannelId, Signature, Voucher},
	inference::{number_bytes, pairs_hash, window_nonce, Pair, Receipt, MAX_PAIRS},
	Balance, BlockNumber, DomainId, Hash,
};
use parking_lot::{Mutex, RwLock};
use rayon::ThreadPool;
use std::{
	collections::{BTreeMap, HashMap},
	net::IpAddr,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, Instant},
};
use subxt_signer::sr25519::Keypair;
use tokio::sync::Semaphore;

/// Channels whose facts are kept at most.
const MOST_FACTS: usize = 8_192;
/// Blocks after which the facts of a channel are read again.
const FACTS_BLOCKS: BlockNumber = 20;

/// Settings of a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
	/// Free windows a minute for programs of this machine.
	pub free_per_minute: u32,
	/// Requests per second of one address.
	pub requests_per_second: u32,
	/// Requests that are answered at a time.
	pub concurrent: usize,
	/// Blocks of the challenge of a channel.
	pub challenge: BlockNumber,
	/// Time without a new finalized block after which nothing is answered, since a client would refuse the receipts.
	pub patience: Duration,
	/// Longest time for which the windows of a request wait for a free thread together with those of others.
	pub batch_wait: Duration,
}

/// Keys and names of a server.
#[derive(Clone)]
pub struct Seller {
	/// Hash of block 0.
	pub genesis: Hash,
	/// Account that is paid.
	pub account: Account,
	/// Key that signs receipts.
	pub key: Keypair,
}

/// Offered domain in a finalized block.
#[derive(Clone, Debug)]
pub struct Offer {
	/// Its champion.
	pub champion: Arc<Champion>,
	/// Price of one window, in plancks.
	pub price: Balance,
	/// Block of the bond of the offer.
	pub since: BlockNumber,
}

/// State of a finalized block, from which requests are answered.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
	/// Number of the block.
	pub block: BlockNumber,
	/// Offered domains.
	pub offers: BTreeMap<DomainId, Offer>,
}

/// Reads channels of finalized blocks.
#[async_trait]
pub trait Channels: Send + Sync + 'static {
	/// Returns a channel in the last finalized block, or `None` if there is none.
	///
	/// # Errors
	///
	/// Errors with a reason if the node does not answer.
	async fn facts(&self, channel: ChannelId) -> Result<Option<Facts>, String>;
}

/// Sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
	/// Address of the client; `None` if it is not known.
	pub address: Option<IpAddr>,
	/// The client is a program of this machine, so the request may be free.
	pub is_local: bool,
}

/// Facts of a channel, with the block in which they were read.
type Known = (Option<Facts>, BlockNumber);

/// Numbers of a server since its start.
#[derive(Debug, Default)]
struct Counters {
	answers: AtomicU64,
	windows: AtomicU64,
	free: AtomicU64,
	unpaid: AtomicU64,
	refused: AtomicU64,
	swaps: AtomicU64,
	audited: AtomicU64,
	wrong: AtomicU64,
	earned: Mutex<Balance>,
}

/// A server.
pub struct Service {
	seller: Seller,
	settings: Settings,
	channels: Box<dyn Channels>,
	journal: VoucherJournal,
	batches: Batches,
	start: Instant,
	/// The newest snapshot, and the time at which it came; `None` before the first one.
	snapshot: RwLock<Option<(Arc<Snapshot>, Instant)>>,
	book: Mutex<Book>,
	facts: Mutex<HashMap<ChannelId, Known>>,
	addresses: Mutex<Addresses>,
	free: Mutex<FreeQuota>,
	places: Semaphore,
	/// Answer that is audited next.
	sample: Mutex<Option<Sample>>,
	counters: Counters,
}

impl std::fmt::Debug for Service {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Service").field("account", &self.seller.account).finish_non_exhaustive()
	}
}

/// Request that was read and is not paid yet.
struct Read {
	snapshot: Arc<Snapshot>,
	offer: Offer,
	windows: Vec<Vec<u8>>,
	seed: Hash,
	price: Balance,
	voucher: Option<(Voucher, Signature)>,
}

/// Payment of a request.
struct Paid {
	channel: ChannelId,
	cumulative: Balance,
	price: Balance,
}

impl Service {
	/// Returns a server that answers once it has a snapshot. `pool` computes outputs.
	pub fn new(
		seller: Seller,
		settings: Settings,
		channels: Box<dyn Channels>,
		journal: VoucherJournal,
		pool: ThreadPool,
	) -> Self {
		let per_second = f64::from(settings.requests_per_second.max(1));
		Self {
			seller,
			settings,
			channels,
			journal,
			batches: Batches::new(pool, settings.batch_wait),
			start: Instant::now(),
			snapshot: RwLock::new(None),
			book: Mutex::new(Book::default()),
			facts: Mutex::new(HashMap::new()),
			addresses: Mutex::new(Addresses::new(Rate { per_second, most: 2.0 * per_second })),
			free: Mutex::new(FreeQuota::per_minute(settings.free_per_minute)),
			places: Semaphore::new(settings.concurrent.clamp(1, Semaphore::MAX_PERMITS)),
			sample: Mutex::new(None),
			counters: Counters::default(),
		}
	}

	/// Answers from another finalized block. Requests that are being answered keep theirs.
	pub fn show(&self, snapshot: Snapshot) {
		let mut shown = self.snapshot.write();
		let former = shown.as_ref().map(|(former, _)| former);
		let is_swapped = |(domain, offer): &(&DomainId, &Offer)| {
			former.and_then(|former| former.offers.get(*domain)).is_some_and(|old| old.champion.hash != offer.champion.hash)
		};
		let swaps = snapshot.offers.iter().filter(is_swapped).count();
		self.counters.swaps.fetch_add(swaps as u64, Relaxed);
		*shown = Some((Arc::new(snapshot), Instant::now()));
	}

	/// Returns the champion that answers for a domain.
	pub fn champion(&self, domain: DomainId) -> Option<Arc<Champion>> {
		let shown = self.snapshot.read();
		shown.as_ref().and_then(|(snapshot, _)| snapshot.offers.get(&domain)).map(|offer| offer.champion.clone())
	}

	/// Returns the snapshot that requests are answered from.
	fn fresh(&self) -> Result<Arc<Snapshot>, Refusal> {
		let behind = |reason: String| Refusal::new(Kind::Behind, reason, "repeat the request in a minute, or ask another server");
		let shown = self.snapshot.read().clone();
		let (snapshot, at) = shown.ok_or_else(|| behind("the server is not connected to the chain yet".into()))?;
		if at.elapsed() > self.settings.patience {
			let seconds = at.elapsed().as_secs();
			return Err(behind(format!("the node of this server has finalized no block for {seconds} s")));
		}
		Ok(snapshot)
	}

	/// Counts a request of an address.
	///
	/// # Errors
	///
	/// Errors if the address has sent too many.
	pub fn admit(&self, sender: Sender) -> Result<(), Refusal> {
		let Some(address) = sender.address.filter(|_| !sender.is_local) else { return Ok(()) };
		if self.addresses.lock().take(address, self.start.elapsed()) {
			return Ok(());
		}
		self.counters.refused.fetch_add(1, Relaxed);
		let most = self.settings.requests_per_second;
		let reason = format!("{address} has sent more than {most} requests a second");
		Err(Refusal::new(Kind::TooMany, reason, "send several windows in one request, or wait a second"))
	}

	/// Answers a request.
	///
	/// # Errors
	///
	/// Errors with the reason and the next step. A refused request costs nothing.
	pub async fn infer(&self, request: &Request, sender: Sender) -> Result<Reply, Refusal> {
		let answered = self.answered(request, sender).await;
		if let Err(refusal) = &answered {
			let counter = if refusal.kind == Kind::Unpaid { &self.counters.unpaid } else { &self.counters.refused };
			counter.fetch_add(1, Relaxed);
			tracing::debug!(target: "doin::serve", client = request.client_id, domain = request.domain_id, "{refusal}");
		}
		answered
	}

	async fn answered(&self, request: &Request, sender: Sender) -> Result<Reply, Refusal> {
		let busy =
			|_| Refusal::new(Kind::Busy, "the server answers as many requests as it can", "repeat the request in a second");
		let _place = self.places.try_acquire().map_err(busy)?;
		let read = self.read(request)?;
		let paid = self.pay(&read, sender).await?;
		let outputs = self.outputs(&read).await?;
		self.keep_sample(&read, &outputs);
		let count = outputs.len() as u64;
		let reply = self.reply(&read, outputs, &paid);
		self.counters.answers.fetch_add(1, Relaxed);
		self.counters.windows.fetch_add(count, Relaxed);
		if paid.price == 0 {
			self.counters.free.fetch_add(count, Relaxed);
		}
		Ok(reply)
	}

	/// Reads the body of a request.
	fn read(&self, request: &Request) -> Result<Read, Refusal> {
		let snapshot = self.fresh()?;
		let offer = snapshot.offers.get(&request.domain_id).cloned();
		let offer = offer.ok_or_else(|| Refusal::unknown_domain(request.domain_id))?;
		let windows = offer.champion.windows(request.input.as_ref(), request.series.as_deref())?;
		let seed = request.nonce.as_deref().map_or_else(|| Ok(rand::random()), |text| bytes("nonce", text))?;
		let voucher = request.voucher.as_ref().map(SignedVoucher::parsed).transpose()?;
		let price = offer.price.saturating_mul(windows.len() as Balance);
		Ok(Read { snapshot, offer, windows, seed, price, voucher })
	}

	/// Takes the payment of a request, and journals it.
	async fn pay(&self, read: &Read, sender: Sender) -> Result<Paid, Refusal> {
		let Some((Voucher { channel, cumulative }, signature)) = read.voucher else {
			let is_free = sender.is_local && self.free.lock().take(read.windows.len(), self.start.elapsed());
			if is_free || read.price == 0 {
				return Ok(Paid { channel: [0; 32], cumulative: 0, price: 0 });
			}
			let reason = format!("the request costs {} plancks, and has no voucher", read.price);
			return Err(Refusal::new(Kind::Unpaid, reason, "open a channel to the account of GET /price, and send a voucher"));
		};
		let facts = self.known_facts(channel, cumulative, read.snapshot.block).await?;
		if !verify(channel, cumulative, &signature, &facts.key) {
			return Err(crate::voucher::Fault::BadSignature.into());
		}
		let digest = blake2_256(&(read.offer.champion.domain, &read.windows, read.seed).encode());
		let offered = Offered { channel, kept: Kept { cumulative, signature, request: digest } };
		let terms = self.terms(read.snapshot.block, read.price);
		if self.take(&offered, &facts, &terms)? == Taken::New {
			let reservation = Reservation { book: &self.book, offered, is_journalled: false };
			self.journalled(reservation).await?;
			let mut earned = self.counters.earned.lock();
			*earned = earned.saturating_add(read.price);
		}
		Ok(Paid { channel, cumulative, price: read.price })
	}

	/// Journals a reserved voucher.
	async fn journalled(&self, mut reservation: Reservation<'_>) -> Result<(), Refusal> {
		let written = self.journal.write(reservation.offered).await;
		reservation.is_journalled = written.is_ok();
		drop(reservation);
		written.map_err(|error| match error {
			VoucherError::Busy => Refusal::new(Kind::Busy, error.to_string(), "repeat the request in a second"),
			error => {
				tracing::error!(target: "doin::serve", "{error}: nothing is answered for pay until it can be written");
				let next = "nothing was paid: repeat the request later, or ask another server";
				Refusal::new(Kind::NoSpace, "the server cannot journal the voucher", next)
			}
		})
	}

	fn terms(&self, block: BlockNumber, price: Balance) -> Terms {
		Terms { payee: self.seller.account, block, challenge: self.settings.challenge, price }
	}

	/// Takes a voucher after the newest one of its channel, under one lock: an old voucher would pay again if the newest one were forgotten,
	/// or another one taken, between the look into the journal and the decision.
	fn take(&self, offered: &Offered, facts: &Facts, terms: &Terms) -> Result<Taken, Refusal> {
		let mut book = self.book.lock();
		self.load(&mut book, &offered.channel)?;
		Ok(book.take(offered, facts, terms)?)
	}

	/// Reads the newest voucher of a channel from the journal, unless it is known.
	fn load(&self, book: &mut Book, channel: &ChannelId) -> Result<(), Refusal> {
		if book.is_loaded(channel) {
			return Ok(());
		}
		let newest = self.journal.newest(channel).map_err(|error| {
			tracing::error!(target: "doin::serve", "{error}");
			Refusal::new(Kind::Broken, "the server cannot read its journal of vouchers", "ask another server")
		})?;
		book.load(*channel, newest);
		Ok(())
	}

	/// Returns the facts of a channel. They are read from the node if they are old, or if the voucher needs a larger deposit.
	async fn known_facts(&self, channel: ChannelId, cumulative: Balance, block: BlockNumber) -> Result<Facts, Refusal> {
		let unknown = || {
			let reason = format!("no finalized block has the channel {}", hex(&channel));
			Refusal::new(Kind::Unknown, reason, "wait until its opening is finalized, or open one")
		};
		let known = self.facts.lock().get(&channel).copied();
		let is_usable = |facts: &Option<Facts>, at: BlockNumber| match facts {
			Some(facts) => block < at.saturating_add(FACTS_BLOCKS) && (cumulative <= facts.deposit || block == at),
			None => block == at,
		};
		if let Some((facts, _)) = known.filter(|(facts, at)| is_usable(facts, *at)) {
			return facts.ok_or_else(unknown);
		}
		let facts = self.channels.facts(channel).await.map_err(|reason| {
			let reason = format!("the node of this server does not answer: {reason}");
			Refusal::new(Kind::Behind, reason, "repeat the request in a minute, or ask another server")
		})?;
		self.note_facts(channel, facts, block);
		facts.ok_or_else(unknown)
	}

	/// Keeps the facts of a channel that were read in a finalized block.
	pub fn note_facts(&self, channel: ChannelId, facts: Option<Facts>, block: BlockNumber) {
		let mut known = self.facts.lock();
		if known.len() >= MOST_FACTS && !known.contains_key(&channel) {
			known.clear();
		}
		known.insert(channel, (facts, block));
	}

	/// Computes the outputs of all windows, in one batch with those of other requests if threads are busy.
	async fn outputs(&self, read: &Read) -> Result<Vec<Vec<i32>>, Refusal> {
		let broken = || Refusal::new(Kind::Broken, "the champion has not answered", "repeat the request with the same voucher");
		self.batches.outputs(&read.offer.champion, read.windows.clone()).await.ok_or_else(broken)
	}

	/// Keeps an answer for the next audit, unless one is kept.
	fn keep_sample(&self, read: &Read, outputs: &[Vec<i32>]) {
		// Any answer will do, so no request waits for the lock.
		let Some(mut kept) = self.sample.try_lock() else { return };
		if kept.is_none() {
			*kept = Some(Sample::new(read.offer.champion.clone(), &read.windows, outputs));
		}
	}

	/// Audits answers until the future is dropped. Other workers compute them if they pull from `queue`.
	pub async fn audit(&self, queue: Option<&HostQueue>) {
		loop {
			tokio::time::sleep(PAUSE).await;
			self.audit_one(queue, PATIENCE).await;
		}
	}

	/// Audits the answer that is kept. Another worker has `patience` to claim the task. Returns `None` if no answer is kept.
	///
	/// After an answer that was wrong, champions are run one window at a time, as the runtime does.
	pub async fn audit_one(&self, queue: Option<&HostQueue>, patience: Duration) -> Option<Audited> {
		let sample = self.sample.lock().take()?;
		let (domain, windows) = (sample.domain(), sample.windows() as u64);
		let handed_in = match queue {
			// An error means that the queue is full.
			Some(queue) => {
				let parameters = sample.wanted().to_parameters();
				queue.offer(Work::Inference, domain, parameters, patience).await.ok().flatten()
			}
			None => None,
		};
		// A worker that cannot do the task hands in null. Another result that cannot be read is one with other outputs.
		let handed_in = handed_in.filter(|result| !result.is_null());
		let elsewhere = handed_in.map(|result| outputs_of(result).unwrap_or_default());
		let audited = self.batches.compute(move || sample.compare(elsewhere.as_deref())).await?;
		self.counters.audited.fetch_add(windows, Relaxed);
		match audited {
			Audited::Right => {}
			Audited::WrongElsewhere => {
				tracing::warn!(target: "doin::serve", domain, "a worker has handed in other outputs than the champion computes: check it");
			}
			Audited::Wrong => {
				self.counters.wrong.fetch_add(1, Relaxed);
				self.batches.compute_by_definition();
				tracing::error!(
					target: "doin::serve",
					domain,
					"an answer was not what its champion computes one window at a time, and its receipt can be accused: from now on, all answers \
					 are computed so; check the memory and the processor of this machine, or end the offer with `doin-worker offer withdraw`"
				);
			}
		}
		Some(audited)
	}

	/// Returns the signed answer.
	fn reply(&self, read: &Read, outputs: Vec<Vec<i32>>, paid: &Paid) -> Reply {
		let (champion, seed) = (&read.offer.champion, read.seed);
		let answers = read.windows.iter().zip(&outputs);
		let pairs: Vec<Pair> = answers
			.clone()
			.zip(0..)
			.map(|((input, output), index)| Pair::new(&window_nonce(&seed, index), input, &number_bytes(output)))
			.collect();
		let receipt = Receipt {
			domain: champion.domain,
			block: read.snapshot.block,
			model: champion.hash,
			channel: paid.channel,
			cumulative: paid.cumulative,
			price: paid.price,
			pairs: pairs_hash(&pairs),
		};
		let signature = self.seller.key.sign(&receipt.signed_bytes(&self.seller.genesis)).0;
		let text = |pair: &Pair| PairText { input: hex(&pair.input), output: hex(&pair.output) };
		Reply {
			domain_id: receipt.domain,
			block: receipt.block,
			model: hex(&receipt.model),
			unit: champion.quantity(),
			names: champion.names(),
			values: answers.map(|(input, output)| champion.values(input, output)).collect(),
			outputs,
			nonce: hex(&seed),
			receipt: SignedReceipt {
				channel: hex(&receipt.channel),
				cumulative: receipt.cumulative.to_string(),
				price: receipt.price.to_string(),
				pairs: pairs.iter().map(text).collect(),
				key: hex(&self.seller.key.public_key().0),
				signature: hex(&signature),
			},
			next: paid.cumulative.saturating_add(read.offer.price).to_string(),
		}
	}

	/// Returns the prices.
	///
	/// # Errors
	///
	/// Errors if the server is not connected, or behind.
	pub fn prices(&self) -> Result<Prices, Refusal> {
		let snapshot = self.fresh()?;
		let price = |(domain, offer): (&DomainId, &Offer)| DomainPrice {
			domain_id: *domain,
			price: offer.price.to_string(),
			since: offer.since,
		};
		Ok(Prices {
			account: self.seller.account.to_string(),
			key: hex(&self.seller.key.public_key().0),
			genesis: hex(&self.seller.genesis),
			block: snapshot.block,
			challenge: self.settings.challenge,
			windows: MAX_PAIRS,
			domains: snapshot.offers.iter().map(price).collect(),
		})
	}

	/// Returns the champions that answer.
	///
	/// # Errors
	///
	/// Errors if the server is not connected, or behind.
	pub fn models(&self) -> Result<Models, Refusal> {
		let snapshot = self.fresh()?;
		let models = snapshot.offers.values().map(|offer| offer.champion.shown()).collect();
		Ok(Models { block: snapshot.block, models })
	}

	/// Returns a channel, with the newest voucher that the server took. The voucher was signed by its payer and pays this server only, so it
	/// is no secret.
	///
	/// # Errors
	///
	/// Errors if no finalized block has the channel, or if it cannot be read.
	pub async fn channel(&self, channel: &str) -> Result<ChannelState, Refusal> {
		let channel: ChannelId = bytes("channel", channel)?;
		let snapshot = self.fresh()?;
		let facts = self.known_facts(channel, 0, snapshot.block).await?;
		let newest = {
			let mut book = self.book.lock();
			self.load(&mut book, &channel)?;
			book.durable(&channel)
		};
		let voucher = newest.map(|kept| SignedVoucher::new(&Voucher { channel, cumulative: kept.cumulative }, &kept.signature));
		let refused = check_channel(&facts, &self.terms(snapshot.block, 0)).err().map(|fault| fault.to_string());
		Ok(ChannelState {
			voucher,
			deposit: facts.deposit.to_string(),
			paid: facts.paid.to_string(),
			expires: facts.expires,
			refused,
		})
	}

	/// Returns the newest vouchers of all channels.
	///
	/// # Errors
	///
	/// Errors if the journal cannot be read.
	pub fn vouchers(&self) -> Result<Vec<Offered>, VoucherError> {
		self.journal.all()
	}

	/// Returns the journal of vouchers.
	#[cfg(test)]
	pub(crate) fn journal_of_tests(&self) -> &VoucherJournal {
		&self.journal
	}

	/// Keeps a sample for the next audit, in place of one of an answer.
	#[cfg(test)]
	pub(crate) fn keep_for_tests(&self, sample: Sample) {
		*self.sample.lock() = Some(sample);
	}

	/// Removes the voucher of a channel that is removed from the chain.
	///
	/// # Errors
	///
	/// Errors if the journal cannot be written.
	pub fn forget(&self, channel: &ChannelId) -> Result<(), VoucherError> {
		self.journal.remove(channel)
	}

	/// Returns the numbers of the server.
	pub fn serving(&self) -> Serving {
		let facts = self.facts.lock();
		let vouchers = self.journal.all().unwrap_or_default();
		let owed = vouchers.iter().filter_map(|offered| {
			let (facts, _) = facts.get(&offered.channel)?;
			Some(Owing { offered: *offered, facts: (*facts)? }.net())
		});
		let counter = |counter: &AtomicU64| counter.load(Relaxed);
		Serving {
			block: self.snapshot.read().as_ref().map_or(0, |(snapshot, _)| snapshot.block),
			answers: counter(&self.counters.answers),
			windows: counter(&self.counters.windows),
			free: counter(&self.counters.free),
			unpaid: counter(&self.counters.unpaid),
			refused: counter(&self.counters.refused),
			earned: self.counters.earned.lock().to_string(),
			channels: vouchers.len() as u32,
			owed: owed.sum::<Balance>().to_string(),
			swaps: counter(&self.counters.swaps),
			batches: self.batches.runs(),
			audited: counter(&self.counters.audited),
			wrong: counter(&self.counters.wrong),
			elapsed_ms: u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX),
		}
	}
}

/// A voucher that is reserved until it is journalled. A request that is cut meanwhile gives the reservation back.
struct Reservation<'a> {
	book: &'a Mutex<Book>,
	offered: Offered,
	is_journalled: bool,
}

impl Drop for Reservation<'_> {
	fn drop(&mut self) {
		self.book.lock().settle(&self.offered, self.is_journalled);
	}
}
