//! Calls of sealed domains: hashes, purses and segments.

use super::{Kind, World, ACTORS};
use crate::{sealed, Chain};
use doin_primitives::{
	bounded_collections::BoundedVec, emission::affordable, evidence::segment_hash, round::Phase, views::EvidenceView, Balance,
	DomainId, Hash, Page, RoundId, DOIN, MILLION, Q32,
};
use doin_runtime::{AccountId, Optimae, Runtime, RuntimeCall, RuntimeEvent, System, Timing, Work};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, Timing as _};
use pallet_doin_evidence::Event as EvidenceEvent;
use pallet_doin_optimae::types::Stage;
use pallet_doin_work::Event as WorkEvent;
use sp_keyring::Sr25519Keyring;

/// Sealed domain that is there from the start.
pub(super) const SEALED: DomainId = 3;
/// Owner of [`SEALED`].
const OWNER: Sr25519Keyring = ACTORS[0];
/// Segments that are sealed at the start.
const FIRST_SEGMENTS: u16 = 3;

type DomainsCall = pallet_doin_domains::Call<Runtime>;
type EvidenceCall = pallet_doin_evidence::Call<Runtime>;
type GaugeCall = pallet_doin_gauge::Call<Runtime>;

/// A sealed domain, the actor that owns it, and its evidence.
type Target = (DomainId, Sr25519Keyring, EvidenceView<AccountId>);

/// Returns an amount for a purse, from nothing to three rewards of a work block, and seldom enough for nearly a bit.
fn purse(n: u32) -> Balance {
	match n % 16 {
		15 => 2_000 * DOIN,
		n => Balance::from(n % 7) * 25 * DOIN,
	}
}

/// Returns the page of the data that the sealed domains publish.
pub(super) fn page() -> Page {
	Page::from_bytes(sealed::published()).expect("one page")
}

impl World {
	/// Makes [`SEALED`], and has all validators vote for it and for the weighted domain.
	pub(super) fn make_sealed_domain(&mut self) {
		let spec = sealed::spec(b"sealed");
		let values = spec.values;
		self.must(OWNER, DomainsCall::register { spec: Box::new(spec), baseline: None });
		self.must(OWNER, DomainsCall::upload_page { domain: SEALED, index: 0, page: page() });
		self.must(OWNER, DomainsCall::activate { domain: SEALED, values, units: 0 });
		let hashes = self.hashes(&OWNER, 0, FIRST_SEGMENTS);
		self.must(OWNER, EvidenceCall::seal { domain: SEALED, from: 0, hashes });
		self.must(OWNER, EvidenceCall::fund { domain: SEALED, amount: 150 * DOIN });
		self.must(OWNER, GaugeCall::nominate { domain: SEALED });
		for validator in &ACTORS[..3] {
			let votes = BoundedVec::truncate_from(vec![(0, MILLION / 2), (SEALED, MILLION / 2)]);
			self.must(*validator, GaugeCall::vote { votes });
		}
	}

	/// Sends a call that has to succeed.
	fn must(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		let before = self.coverage.succeeded;
		let call = call.into();
		let text = format!("{call:?}");
		self.apply(who, call);
		assert!(self.coverage.succeeded > before, "{text}: {:?}", self.events);
	}

	/// Returns the hashes of `count` segments of `owner` from index `first` on.
	fn hashes<const N: u32>(
		&self,
		owner: &Sr25519Keyring,
		first: u16,
		count: u16,
	) -> BoundedVec<Hash, doin_primitives::bounded_collections::ConstU32<N>> {
		let hash = |index| {
			let (salt, bytes) = (sealed::segment_salt(index), sealed::segment(index));
			segment_hash(&self.genesis_hash, &owner.to_account_id(), index, &salt, &bytes)
		};
		BoundedVec::truncate_from((first..first.saturating_add(count)).map(hash).collect())
	}

	/// Returns a sealed domain, mostly [`SEALED`], or `None` if the domain with this number is not sealed.
	fn target(&mut self, n: u32) -> Option<Target> {
		let domain = if n.is_multiple_of(4) { self.domain(n >> 2) } else { SEALED };
		self.target_of(domain)
	}

	/// Returns sealed domain `domain`, or `None` if it is not one.
	fn target_of(&mut self, domain: DomainId) -> Option<Target> {
		let view = self.chain.state(|| Runtime::evidence(domain))?;
		let owner = ACTORS.into_iter().find(|actor| actor.to_account_id() == view.owner)?;
		Some((domain, owner, view))
	}

	/// Returns the sender and the call of an operation on a sealed domain. Mostly the owner sends what an owner can send.
	pub(super) fn sealed_call(
		&mut self,
		kind: Kind,
		who: Sr25519Keyring,
		a: u32,
		b: u32,
	) -> (Sr25519Keyring, Option<RuntimeCall>) {
		let Some((domain, owner, view)) = self.target(a) else { return (who, None) };
		let sender = if b.is_multiple_of(8) { who } else { owner };
		let call = match kind {
			Kind::Seal => {
				let hashes = self.hashes(&owner, view.sealed, 1 + (b >> 4) as u16 % 3);
				// The same call sent twice, seldom.
				let from = if b.is_multiple_of(9) { 0 } else { view.sealed };
				EvidenceCall::seal { domain, from, hashes }
			}
			Kind::Fund => EvidenceCall::fund { domain, amount: purse(b >> 4) },
			Kind::WithdrawPurse => EvidenceCall::withdraw { domain, amount: view.purse / Balance::from(1 + (b >> 4) % 4) },
			_ => return (who, Some(open(domain, view.opened, b))),
		};
		(sender, Some(call.into()))
	}

	/// Returns the calls that the owners of the sealed domains send at this block. An owner misses every third round, and opens
	/// its segment late. Sometimes it opens a segment wrongly first. It seals further segments, and seldom fills an empty purse.
	pub(super) fn owners_work(&mut self, n: u32) -> Vec<(Sr25519Keyring, RuntimeCall)> {
		let mut calls = Vec::new();
		let last = self.chain.state(pallet_doin_domains::NextDomainId::<Runtime>::get);
		for domain in SEALED..last {
			let Some((domain, owner, view)) = self.target_of(domain) else { continue };
			let misses = |round: RoundId| round.number.is_multiple_of(3);
			let is_late = view.suspended.is_some() && n.is_multiple_of(4);
			if view.awaited.is_some_and(|round| !misses(round)) || is_late {
				if n.is_multiple_of(3) {
					calls.push((owner, open(domain, view.opened, n >> 4)));
				}
				calls.push((owner, open(domain, view.opened, 7)));
			}
			if view.sealed <= view.opened + 1 {
				let hashes = self.hashes(&owner, view.sealed, 2);
				calls.push((owner, EvidenceCall::seal { domain, from: view.sealed, hashes }.into()));
			}
			if view.purse < 50 * DOIN && n.is_multiple_of(16) {
				calls.push((owner, EvidenceCall::fund { domain, amount: purse(n >> 8) }.into()));
			}
		}
		calls
	}

	/// Fills all blocks of a window of a round of [`SEALED`], so that the base fee rises enough to double the window: that in which
	/// the round waits for its segment or, after its owner has opened the segment, that of its reveals. Opens a round if none is
	/// there that is not evaluated yet, and makes empty blocks until the commits have ended.
	pub(super) fn fill_window(&mut self, n: u32) {
		if self.sealed_round().is_none() {
			self.open_sealed_round(n);
		}
		let Some(round) = self.sealed_round() else { return };
		let (commits_end, _) = self.chain.state(|| Timing::rounds().reveal_window(round));
		while self.chain.number() < commits_end {
			self.next_block(Chain::begin);
		}
		let target = self.target_of(SEALED).filter(|(.., view)| view.awaited == Some(round));
		if let Some((domain, owner, view)) = target.filter(|_| n.is_multiple_of(2)) {
			self.apply(owner, open(domain, view.opened, 7));
		}
		let window_end = self.chain.state(|| Optimae::open_round(round)).map_or(0, |view| view.phase_end);
		while self.chain.number() < window_end {
			self.fill();
			self.next_block(Chain::begin);
		}
	}

	/// Has an actor commit in the next round of [`SEALED`], after its owner has sealed and opened what is missing.
	fn open_sealed_round(&mut self, n: u32) {
		// A multiple of 16, with which the owner also opens a segment late and fills an empty purse.
		for (owner, call) in self.owners_work(n & !15) {
			self.apply(owner, call);
		}
		while self.chain.state(|| Timing::rounds().place(SEALED, System::block_number()).phase) != Phase::Commit {
			self.next_block(Chain::begin);
		}
		let who = ACTORS[n as usize % ACTORS.len()];
		let call = self.commit_call(who, SEALED, n >> 4);
		self.apply(who, call);
	}

	/// Returns the round of [`SEALED`] that takes commits, waits for its segment or takes reveals.
	fn sealed_round(&mut self) -> Option<RoundId> {
		self.chain.state(|| {
			let numbers = pallet_doin_optimae::Pending::<Runtime>::get(SEALED);
			numbers.into_iter().map(|number| RoundId { domain: SEALED, number }).find(|round| {
				let round = pallet_doin_optimae::Rounds::<Runtime>::get(round);
				round.is_some_and(|round| matches!(round.stage, Stage::Collecting | Stage::Awaiting | Stage::Revealing { .. }))
			})
		})
	}

	/// Returns how many of the events of a block are payments that a purse did not cover: each pays exactly the bits that the purse
	/// could buy.
	pub(super) fn payments_in_part(&mut self, events: &[RuntimeEvent]) -> u64 {
		let work = self.chain.state(Work::view);
		// The threshold can have changed in the block, before or after a payment.
		let former = events.iter().filter_map(|event| match event {
			RuntimeEvent::Work(WorkEvent::ThresholdChanged { old, .. }) => Some(*old),
			_ => None,
		});
		let thresholds: Vec<Q32> = former.chain([work.threshold]).collect();
		let (mut effective_bits, mut count) = (0, 0);
		for event in events {
			match event {
				RuntimeEvent::Work(WorkEvent::Paid { effective, .. }) => effective_bits = *effective,
				RuntimeEvent::Evidence(EvidenceEvent::PurseSpent { minted, left, .. }) => {
					let purse = minted.saturating_add(*left);
					let is_all = |threshold: &Q32| affordable(work.reward, purse, *threshold) == effective_bits;
					count += u64::from(thresholds.iter().any(is_all));
				}
				_ => {}
			}
		}
		count
	}

	/// Returns `true` if a round of [`SEALED`] waits for its segment or takes reveals, which a long jump would miss.
	pub(super) fn is_sealed_round_due(&mut self) -> bool {
		self.chain.state(|| {
			let numbers = pallet_doin_optimae::Pending::<Runtime>::get(SEALED);
			let rounds = numbers.iter().filter_map(|number| Optimae::open_round(RoundId { domain: SEALED, number: *number }));
			rounds
				.into_iter()
				.any(|round| round.phase != Phase::Commit && round.evidence.is_some() || round.awaited_until.is_some())
		})
	}
}

/// Returns a call that opens segment `index` of a domain, in one of eight ways: with a changed byte, a segment early, the former
/// segment again, with the salt of another segment, a byte short, and otherwise as it was sealed.
fn open(domain: DomainId, index: u16, way: u32) -> RuntimeCall {
	let (mut bytes, mut salt, mut at) = (sealed::segment(index), sealed::segment_salt(index), index);
	match way % 8 {
		0 => bytes[0] ^= 1,
		1 => at = index.saturating_add(1),
		2 => {
			at = index.saturating_sub(1);
			(bytes, salt) = (sealed::segment(at), sealed::segment_salt(at));
		}
		3 => salt = sealed::segment_salt(index.wrapping_add(1)),
		4 => bytes.truncate(bytes.len() - 1),
		_ => {}
	}
	EvidenceCall::open_segment { domain, index: at, bytes: BoundedVec::truncate_from(bytes), salt }.into()
}
