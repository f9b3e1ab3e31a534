//! Driver of the owner: reads views, asks the policy, opens segments.

use super::{
	comparison::Comparison,
	funds::{ensure_funds, opening, payer, KnownFee},
	lock::SegmentKeyLock,
	policy::{is_ending, is_same_domain, Absence, Condition, OpenReason, Policy, Step, View, Warning},
	seals::{openable_data_of, Openable, RebuiltDomain},
	shared::{alarm, describe, domains_of_same_data, DomainOfSameData},
	Owned, TARGET,
};
use crate::{amount::Amount, optimizer::BidLimits, retry::Retry};
use anyhow::{bail, Context, Result};
use codec::Encode;
use doin_chain::{Account, Chain, Head, ReadError, Signer, SubmitError, Urgency};
use doin_forecast::sealed::Seal;
use doin_primitives::{evidence::MISSED_PENALTY, views::EvidenceView, Balance, BlockNumber, Hash, MILLION};
use std::{collections::BTreeSet, time::Duration};

/// Pause after a failed look at the chain or a failed call. The best block may stay the same for a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Errors of a call that another account has made first, or whose segment is not asked for any more.
const OVERTAKEN: [&str; 2] = ["Evidence::NotAwaited", "Evidence::WrongIndex"];

/// The owner of one sealed domain.
pub struct Owner {
	chain: Chain,
	/// Signs the calls that open segments, and pays their fees.
	signer: Signer,
	owned: Owned,
	domain: RebuiltDomain,
	policy: Policy,
	/// Blocks in which a segment can be opened, after the commits, as they were read last.
	window: BlockNumber,
	/// Highest tip of a call that opens a segment, in plancks.
	max_tip: Balance,
	/// Pauses between the readings of a file that does not fit.
	reading: Retry,
	fee: KnownFee,
	/// Blocks in which the domain does not exist.
	absence: Absence,
	/// Comparison of the other domains of the owner with the file.
	comparison: Comparison<Vec<DomainOfSameData>>,
	_lock: SegmentKeyLock,
}

/// Compares the file of a domain with the hashes on the chain, and checks that the account of `signer` can pay for openings. Nothing
/// is sent, and another process may open segments meanwhile.
///
/// # Errors
///
/// Errors if file or key are not those of the domain, if the account lacks money, and if the node cannot be read.
pub async fn check(chain: &Chain, signer: &Signer, owned: &Owned) -> Result<()> {
	let head = chain.head();
	let (domain, Openable { fault, unread, .. }) = openable_data_of(chain, head, owned, None).await?;
	if let Some(unread) = unread {
		tracing::warn!(target: TARGET, domain = owned.domain, "{unread}");
	}
	if let Some(fault) = fault {
		return Err(fault);
	}
	let EvidenceView { opened, sealed, .. } = domain.evidence;
	if opened < sealed {
		let call = opening(&domain, owned, opened)?;
		ensure_funds(&payer(chain, head, signer, &call, &mut KnownFee::default()).await?)?;
	}
	Ok(())
}

impl Owner {
	/// Rebuilds the segments of a domain, and compares them with the hashes on the chain. Nothing is sent. Segments that have changed
	/// are logged, and the others are opened.
	///
	/// # Errors
	///
	/// Errors if no segment can be opened with file and key, if another process opens the segments of the domain, and if the node
	/// cannot be read.
	pub async fn open(chain: Chain, signer: Signer, owned: Owned, limits: &BidLimits) -> Result<Self> {
		let head = chain.head();
		let (domain, openable) = openable_data_of(&chain, head, &owned, None).await?;
		let lock = SegmentKeyLock::acquire(&owned, &chain.genesis())?;
		let window = chain.round_params(head).await?.evidence;
		let max_tip = limits.max_tip(penalty(&chain, &domain).await?);
		let RebuiltDomain { evidence: EvidenceView { sealed, opened, purse, .. }, data, .. } = &domain;
		tracing::info!(
			target: TARGET,
			domain = owned.domain,
			file = data.file,
			sealed,
			opened,
			usable = openable.usable.len(),
			purse = %Amount(*purse),
			account = %signer.hot(),
			"the file was compared with the hashes on the chain; opening each segment when a round waits for it"
		);
		report(&owned, &openable);
		let policy = Policy::new(openable.usable);
		let (reading, fee, absence) = (Retry::default(), KnownFee::default(), Absence::default());
		let comparison = Comparison::default();
		Ok(Self { chain, signer, owned, domain, policy, window, max_tip, reading, fee, absence, comparison, _lock: lock })
	}

	/// [Opens](Owner::open) a domain, also if the node cannot be read for a while.
	///
	/// # Errors
	///
	/// Those of [`Owner::open`] that another attempt does not mend.
	pub async fn open_patiently(chain: Chain, signer: Signer, owned: Owned, limits: &BidLimits) -> Result<Self> {
		loop {
			let head = chain.head();
			match Self::open(chain.clone(), signer.clone(), owned.clone(), limits).await {
				Err(error) if is_passing(&error) => {
					tracing::warn!(target: TARGET, domain = owned.domain, "{error:#}; trying again");
					chain.next_head(head).await;
				}
				opened => return opened,
			}
		}
	}

	/// Opens segments until the domain is removed in a finalized block, or the future is dropped.
	///
	/// # Errors
	///
	/// Never errors: a failure is logged, and tried again at the next block.
	pub async fn run(mut self) -> Result<()> {
		let mut head = self.chain.head();
		loop {
			match self.look(head).await {
				Ok(true) => {}
				Ok(false) => {
					tracing::info!(target: TARGET, domain = self.owned.domain, "domain was removed; nothing is left to open");
					return Ok(());
				}
				Err(error) => {
					tracing::warn!(target: TARGET, domain = self.owned.domain, "{error:#}");
					tokio::time::sleep(RETRY_PAUSE).await;
				}
			}
			head = self.chain.next_head(head).await;
		}
	}

	/// Does what is due at `head`. Returns `false` if the domain does not exist any more, and no reorganisation brings it back.
	///
	/// A segment that is due is opened before anything is read that its opening does not need.
	#[tracing::instrument(
		target = "doin::owner", name = "own", skip_all, fields(domain = self.owned.domain, block = head.number)
	)]
	async fn look(&mut self, head: Head) -> Result<bool> {
		let Some(evidence) = self.chain.evidence(head, self.owned.domain).await? else { return self.may_come_back(head).await };
		self.absence = Absence::default();
		if !is_same_domain(&self.domain.evidence, &evidence) {
			tracing::warn!(target: TARGET, "another domain has the identifier, after a reorganisation or on a chain that began anew");
			self.domain.evidence = evidence.clone();
			self.policy.set_segments(BTreeSet::new());
			self.reading = Retry::default();
		}
		let is_asked = evidence.awaited.is_some() || evidence.suspended.is_some();
		if self.has_to_read(&evidence, head.number, is_asked) {
			self.read_again(head).await;
		}
		let finalized = if evidence.awaited.is_some() { self.finalized_evidence().await } else { None };
		if let Some(window) = self.window_at(head).await {
			self.window = window;
		}
		let view = View { block: head.number, evidence: &evidence, finalized: finalized.as_ref(), window: self.window };
		match self.policy.step(&view) {
			Step::Open { index, before, reason } => self.open_segment(head, index, before, reason).await?,
			Step::Warn(warning) => warn(&warning),
			Step::Wait if is_asked => {}
			Step::Wait => self.look_after_money(head, &evidence).await?,
		}
		Ok(true)
	}

	/// Returns `true` if a domain that does not exist at `head` may exist after a reorganisation.
	async fn may_come_back(&mut self, head: Head) -> Result<bool> {
		let finalized = self.chain.finalized().await?;
		let exists = self.chain.evidence(finalized, self.owned.domain).await?.is_some();
		if self.absence == Absence::default() {
			tracing::warn!(target: TARGET, finalized = finalized.number, "the domain does not exist; waiting until that is final");
		}
		Ok(!self.absence.is_final(head.number, finalized.number, exists))
	}

	/// Returns `true` if the file has to be read again at `block`: segments were sealed since, or the next one cannot be opened. While a
	/// round waits, only a segment that cannot be opened is worth the time.
	fn has_to_read(&self, evidence: &EvidenceView<Account>, block: BlockNumber, is_asked: bool) -> bool {
		let has_more = evidence.sealed > self.domain.evidence.sealed;
		let lacks_next = evidence.opened < evidence.sealed && !self.policy.can_open(evidence.opened);
		(lacks_next || has_more && !is_asked) && self.reading.is_due(block)
	}

	/// Reads the file again. If that fails, the segments that were checked are opened all the same.
	async fn read_again(&mut self, head: Head) {
		match openable_data_of(&self.chain, head, &self.owned, Some(&self.domain.data)).await {
			Ok((domain, openable)) => {
				tracing::info!(
					target: TARGET,
					sealed = domain.evidence.sealed,
					usable = openable.usable.len(),
					"the file was read again, and compared with the hashes on the chain"
				);
				report(&self.owned, &openable);
				if openable.fault.is_some() {
					self.reading.fail(head.number);
				} else {
					self.reading = Retry::default();
				}
				self.policy.set_segments(openable.usable);
				self.domain = domain;
			}
			Err(error) => {
				let again = self.reading.fail(head.number);
				tracing::error!(target: TARGET, again, "file cannot be used, and is read again at block {again}: {error:#}");
			}
		}
	}

	/// Returns the evidence at the last finalized block. A failure is logged: the segment is opened without it in the last quarter of its
	/// window.
	async fn finalized_evidence(&self) -> Option<EvidenceView<Account>> {
		let read = match self.chain.finalized().await {
			Ok(finalized) => self.chain.evidence(finalized, self.owned.domain).await,
			Err(error) => Err(error),
		};
		match read {
			Ok(evidence) => evidence,
			Err(error) => {
				tracing::warn!(target: TARGET, "the finalized block cannot be read: {:#}", anyhow::Error::from(error));
				None
			}
		}
	}

	/// Returns the blocks in which a segment can be opened. A failure is logged.
	async fn window_at(&self, head: Head) -> Option<BlockNumber> {
		match self.chain.round_params(head).await {
			Ok(params) => Some(params.evidence),
			Err(error) => {
				tracing::debug!(target: TARGET, "lengths of a round cannot be read: {:#}", anyhow::Error::from(error));
				None
			}
		}
	}

	/// Warns if the purse or the account that pays for openings lacks money, or if another domain has the same segments.
	async fn look_after_money(&mut self, head: Head, evidence: &EvidenceView<Account>) -> Result<()> {
		self.compare(head, evidence.owner);
		let payer = match opening(&self.domain, &self.owned, evidence.opened) {
			Ok(call) if evidence.opened < evidence.sealed => {
				Some(payer(&self.chain, head, &self.signer, &call, &mut self.fee).await?)
			}
			_ => None,
		};
		let least_purse = self.chain.work(head).await?.reward;
		let weight = self.chain.domain(head, self.owned.domain).await?.map_or(0, |domain| domain.weight);
		if let Some(warning) = self.policy.warning(&Condition { evidence, weight, least_purse, payer }) {
			warn(&warning);
		}
		Ok(())
	}

	/// Begins the comparison with the other domains of the owner, or logs its result, and does not wait for it.
	fn compare(&mut self, head: Head, owner: Account) {
		let (chain, Owned { domain, source, key, .. }) = (self.chain.clone(), self.owned.clone());
		let begin = move || async move { domains_of_same_data(&chain, head, &source, &key, owner, Some(domain)).await };
		match self.comparison.poll(head.number, begin) {
			None => {}
			Some(Ok(others)) => {
				let (confirmed, others): (Vec<_>, Vec<_>) =
					others.into_iter().partition(|other| other.is_confirmed(&self.owned.confirmed));
				if !confirmed.is_empty() {
					tracing::info!(target: TARGET, "the owner has confirmed: {}", describe(&confirmed));
				}
				if others.is_empty() {
					tracing::debug!(target: TARGET, "no further domain of the owner has the same data");
				} else {
					tracing::error!(target: TARGET, "{}", alarm(&others));
				}
			}
			Some(Err(error)) => {
				tracing::warn!(target: TARGET, "the other domains of the owner cannot be compared, which is tried again: {error:#}");
			}
		}
	}

	/// Checks that segment `index` is sealed under the hash that its bytes make, at block `head`. Another domain can have the identifier
	/// after a reorganisation, and a call that fails there would publish the segment. If the hash cannot be read in the last quarter of
	/// the window, the segment is opened all the same.
	async fn ensure_own(&mut self, head: Head, index: u16, before: Option<BlockNumber>) -> Result<()> {
		let hashes = self.chain.segment_hashes(head, self.owned.domain, index..index.saturating_add(1)).await;
		let hash = match hashes {
			Ok(hashes) => hashes.first().copied(),
			Err(error) if is_ending(head.number, before, self.window) => {
				let error = anyhow::Error::from(error);
				tracing::warn!(target: TARGET, index, "the hash of the segment cannot be read, and the time to open it is ending: {error:#}");
				return Ok(());
			}
			Err(error) => return Err(error).with_context(|| format!("segment {index} is not opened, which is tried again")),
		};
		if is_sealed_under(&self.domain, &self.owned, &self.chain.genesis(), index, hash) {
			return Ok(());
		}
		// The file is compared with the chain once more.
		self.policy.set_segments(BTreeSet::new());
		self.reading = Retry::default();
		bail!(
			"segment {index} is sealed under another hash than that of its bytes, as if another domain had the identifier after a \
			reorganisation. Nothing was sent; the file is compared with the chain again"
		)
	}

	/// Opens segment `index` before block `before`.
	async fn open_segment(&mut self, head: Head, index: u16, before: Option<BlockNumber>, reason: OpenReason) -> Result<()> {
		match reason {
			OpenReason::CommitsFinal => {}
			OpenReason::WindowEnds => tracing::warn!(
				target: TARGET, index, ?before, "the request for the segment is not final yet, and the time to open it is ending; opening it"
			),
			OpenReason::Suspended => tracing::warn!(
				target: TARGET, index, "the segment was not opened in time, and the domain takes no commits until it is; opening it"
			),
		}
		self.ensure_own(head, index, before).await?;
		let call = opening(&self.domain, &self.owned, index)?;
		let urgency = before.map_or(Urgency::Relaxed, |block| Urgency::Staked { block, max_tip: self.max_tip });
		match self.chain.submit(&self.signer, &call, urgency).await {
			Ok(included) => tracing::info!(
				target: TARGET,
				index,
				included_in = included.block.number,
				fee = %Amount(included.fee),
				"segment opened: its bytes are public from now on"
			),
			Err(error) if is_overtaken(&error) => {
				tracing::info!(target: TARGET, index, "no round waits for the segment any more: another call opened it, or its round is gone");
			}
			Err(error @ SubmitError::Failed { .. }) => match self.policy.refuse(index, head.number) {
				Some(again) => return Err(error).with_context(|| format!("segment {index} is opened again at block {again}")),
				None => {
					return Err(error).with_context(|| {
						format!("segment {index} cannot be opened, and no further call is paid for: check it with `doin-worker own --check`")
					})
				}
			},
			Err(error) => return Err(error).with_context(|| format!("segment {index} is not opened, which is tried again")),
		}
		Ok(())
	}
}

/// Logs the part of the file that cannot be read, and the segments that cannot be opened.
fn report(owned: &Owned, openable: &Openable) {
	let (domain, count) = (owned.domain, openable.usable.len());
	if let Some(unread) = &openable.unread {
		tracing::error!(
			target: TARGET,
			domain,
			"{unread}. {count} sealed segments can be opened, and are opened when rounds wait for them; no further one can \
			be sealed until the file is corrected"
		);
	}
	if let Some(fault) = &openable.fault {
		tracing::error!(
			target: TARGET,
			domain,
			"{fault:#}. {count} segments can be opened all the same, as they were read before or are intact"
		);
	}
}

/// Returns the part of the deposit of a domain that burns if a segment is not opened in time, in plancks.
async fn penalty(chain: &Chain, domain: &RebuiltDomain) -> Result<Balance> {
	let base: Balance = chain.constant("Domains", "BaseDeposit").await?;
	let byte: Balance = chain.constant("Domains", "ByteDeposit").await?;
	let bytes = Balance::from(domain.spec.data_bytes()).saturating_add(domain.spec.encoded_size() as Balance);
	let deposit = base.saturating_add(byte.saturating_mul(bytes));
	Ok(deposit.saturating_mul(MISSED_PENALTY.into()) / Balance::from(MILLION))
}

/// Returns `true` if `hash`, the hash of segment `index` on the chain, is the one under which the bytes of the file are sealed.
fn is_sealed_under(domain: &RebuiltDomain, owned: &Owned, genesis: &Hash, index: u16, hash: Option<Hash>) -> bool {
	let seal = Seal { genesis: *genesis, owner: domain.evidence.owner.0, data_root: domain.spec.data_root, key: &owned.key };
	let bytes = domain.data.segments.get(usize::from(index));
	bytes.is_some_and(|bytes| hash == Some(seal.hash(index, bytes)))
}

/// Returns `true` if an error passes without anybody's help: the node does not answer, or does not have the state of the block yet or
/// any more.
fn is_passing(error: &anyhow::Error) -> bool {
	error.downcast_ref::<ReadError>().is_some_and(|error| error.is_transient() || error.is_pruned())
}

/// Returns `true` if a call failed because the segment was opened already.
fn is_overtaken(error: &SubmitError) -> bool {
	error.dispatch_error().is_some_and(|error| OVERTAKEN.contains(&error))
}

/// Logs a warning. What costs the owner money is an error.
fn warn(warning: &Warning) {
	match warning {
		Warning::NoSuchSegment { .. } | Warning::LacksFunds { .. } => tracing::error!(target: TARGET, "{warning}"),
		Warning::NoSegmentLeft | Warning::PurseTooSmall { .. } => tracing::warn!(target: TARGET, "{warning}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{config::OwnedConfig, fixtures::evidence, keys::KeySource, problem::tests::letters};
	use doin_chain::RequestError;
	use doin_forecast::sealed::{layout::Unit, SealedData};
	use doin_primitives::DomainSpec;

	#[test]
	fn only_a_state_that_the_node_lacks_is_waited_for() {
		let refused = |data: &str| {
			let source = RequestError::Refused { code: 4003, message: "Client error".into(), data: Some(data.into()) };
			let error = ReadError::Refused { url: "ws://127.0.0.1:9944".into(), request: "DoinApi_evidence".into(), source };
			anyhow::Error::from(error).context("the owner of domain 3")
		};
		assert!(is_passing(&refused("State already discarded for 0x12")));
		assert!(is_passing(&refused("UnknownBlock: Header was not found in the database: 0x12")));
		assert!(!is_passing(&refused("Exported method DoinApi_evidence is not found")), "another attempt is refused too");
		assert!(!is_passing(&anyhow::anyhow!("a.csv has changed")));
	}

	/// Two registrations of one owner change places in a reorganisation, with all sizes alike.
	#[test]
	fn a_segment_of_another_domain_is_not_opened() {
		let config = OwnedConfig { domain_id: 3, csv: "letters.csv".into(), label: Some("letter".into()), ..Default::default() };
		let owned = config.owned(&KeySource::Dev("//Alice".into())).unwrap();
		let domain = |data_root: Hash, bytes: &[u8]| RebuiltDomain {
			spec: DomainSpec { data_root, ..letters(0).spec },
			evidence: evidence(),
			data: SealedData {
				file: "a.csv".into(),
				unit: Unit::Rows,
				data_root,
				segments: vec![bytes.to_vec(), bytes.to_vec()],
			},
		};
		let (own, genesis) = (domain([7; 32], b"rows"), [1; 32]);
		let hash_of = |domain: &RebuiltDomain, index: u16| {
			let seal = Seal { genesis, owner: evidence().owner.0, data_root: domain.spec.data_root, key: &owned.key };
			Some(seal.hash(index, &domain.data.segments[usize::from(index)]))
		};
		let may_open = |hash| is_sealed_under(&own, &owned, &genesis, 1, hash);
		assert!(may_open(hash_of(&own, 1)));
		for other in [domain([8; 32], b"rows"), domain([7; 32], b"other")] {
			assert!(!may_open(hash_of(&other, 1)), "its registration took the identifier");
		}
		assert!(!may_open(hash_of(&own, 0)) && !may_open(None));
		assert!(!is_sealed_under(&own, &owned, &genesis, 2, hash_of(&own, 1)), "the file has no such segment");
	}
}
