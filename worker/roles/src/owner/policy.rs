//! Decisions of the owner of a sealed domain.

use crate::{amount::Amount, retry::Retry};
use doin_chain::Account;
use doin_primitives::{views::EvidenceView, Balance, BlockNumber};
use std::{
	collections::BTreeSet,
	fmt::{self, Display, Formatter},
};

/// Parts of the window of a segment: with less than one part left, the segment is opened although the close of the commits is not
/// final.
const LAST_PART: BlockNumber = 4;
/// Failed calls after which a segment is not opened any more. Each of them costs the fee of its bytes.
const MOST_REFUSALS: u32 = 4;
/// Factor by which the fee of a call may rise until it is included.
const FEE_RISE: Balance = 4;

/// Part of the state of a sealed domain that an opening depends on.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
	/// Number of the block.
	pub block: BlockNumber,
	/// Evidence of the domain at this block.
	pub evidence: &'a EvidenceView<Account>,
	/// Evidence of the domain at the last finalized block, if it could be read.
	pub finalized: Option<&'a EvidenceView<Account>>,
	/// Blocks in which a segment can be opened, after the commits.
	pub window: BlockNumber,
}

/// State that is worth a warning while no segment has to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
	/// Evidence of the domain.
	pub evidence: &'a EvidenceView<Account>,
	/// Share of the validators' weight that the domain has, in ppm. Without one, an empty purse takes commits.
	pub weight: u32,
	/// Amount that a work block pays, in plancks. The purse of a domain with a weight has to hold it.
	pub least_purse: Balance,
	/// Account that pays for openings; `None` if the file has no segment that could be opened next.
	pub payer: Option<Payer>,
}

/// Account that pays for openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
	/// The account.
	pub account: Account,
	/// Free balance, in plancks.
	pub free: Balance,
	/// Fee of the next opening at the present prices, in plancks.
	pub fee: Balance,
	/// Existential deposit, which has to stay in the account, in plancks.
	pub deposit: Balance,
}

/// Next step of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
	/// Opens the segment with this index.
	Open {
		/// Index of the segment.
		index: u16,
		/// Block before which the segment has to be opened; `None` if it is late already.
		before: Option<BlockNumber>,
		/// Reason to open it now.
		reason: OpenReason,
	},
	/// Nothing is due.
	Wait,
	/// Logs a warning.
	Warn(Warning),
}

/// Reason to open a segment now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenReason {
	/// The request for the segment is final: no reorganisation can let somebody commit who has seen the segment.
	CommitsFinal,
	/// A quarter of the window is left, and finality lags behind. A tenth of the deposit burns if the window ends.
	WindowEnds,
	/// The window has ended. The domain takes commits again once the segment is opened.
	Suspended,
}

/// Something that the owner should see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
	/// The chain waits for a segment that cannot be opened from the file.
	NoSuchSegment {
		/// Index of the segment.
		index: u16,
	},
	/// All segments are opened.
	NoSegmentLeft,
	/// The purse does not cover a work block, so the domain takes no commits.
	PurseTooSmall {
		/// Amount in the purse.
		purse: Amount,
		/// Amount that it has to hold.
		least: Amount,
		/// Difference of the two.
		missing: Amount,
		/// The domain has a weight, without which the purse is not needed yet.
		is_weighted: bool,
	},
	/// The account that pays for openings cannot pay for the next one.
	LacksFunds {
		/// The account.
		account: Account,
		/// Free balance.
		free: Amount,
		/// Amount that it has to hold.
		least: Amount,
	},
}

impl Display for Warning {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoSuchSegment { index } => write!(
				f,
				"the chain waits for segment {index}, which cannot be opened from the file: restore the file as it was when the segment \
				 was sealed. It is read again from time to time"
			),
			Self::NoSegmentLeft => {
				write!(f, "all segments are opened, and the domain takes no commits: seal more with `doin-worker domain seal`")
			}
			Self::PurseTooSmall { purse, least, missing, is_weighted } => {
				let when = if *is_weighted { "takes no commits" } else { "takes no commits once it has a weight" };
				write!(
					f,
					"the purse holds {purse}, and a work block pays {least}, so the domain {when}: add at least {missing} with \
					 `doin-worker domain fund`"
				)
			}
			Self::LacksFunds { account, free, least } => write!(
				f,
				"the account {account}, which pays for openings, has {free} and needs {least} for the next one, also if fees rise fourfold. \
				 Without the fee, a segment is not opened, which costs a tenth of the deposit of the domain: send it some DOIN, e.g. 5 DOIN"
			),
		}
	}
}

/// Failed calls that opened one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusals {
	index: u16,
	count: u32,
	retry: Retry,
}

/// Returns `true` if `evidence` can be that of the domain whose evidence was `known` earlier. A reorganisation, or a development
/// chain that begins anew, can give the identifier to another domain. An attempt to open a segment there would publish it, so the hash
/// of a segment is compared too before it is sent.
pub(super) fn is_same_domain(known: &EvidenceView<Account>, evidence: &EvidenceView<Account>) -> bool {
	let record = |view: &EvidenceView<Account>| (view.owner, view.units, view.segment_bytes, view.stake);
	record(known) == record(evidence) && evidence.sealed >= known.sealed
}

/// Blocks in which a domain does not exist. A reorganisation can drop the block that registers a domain, and bring it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Absence {
	/// First of these blocks.
	since: Option<BlockNumber>,
}

impl Absence {
	/// Returns `true` if the domain, which does not exist in block `block`, does not exist for good: it does not `exist` in the
	/// finalized block number `finalized`, which is not before the first of these blocks.
	pub(crate) fn is_final(&mut self, block: BlockNumber, finalized: BlockNumber, exists: bool) -> bool {
		let since = *self.since.get_or_insert(block);
		!exists && finalized >= since
	}
}

/// The decisions of the owner of one domain, and the state that they depend on.
#[derive(Debug)]
pub struct Policy {
	/// Indices of the segments that can be opened from the file.
	usable: BTreeSet<u16>,
	/// Calls that the chain included and refused.
	refusals: Option<Refusals>,
	/// Last warning, so that each is reported once.
	warned: Option<Warning>,
}

impl Payer {
	/// Returns a warning if the account cannot pay for the next opening, also if the fee rises fourfold until then.
	pub fn lacks_funds(&self) -> Option<Warning> {
		let least = self.fee.saturating_mul(FEE_RISE).saturating_add(self.deposit);
		let Self { account, free, .. } = *self;
		(free < least).then_some(Warning::LacksFunds { account, free: Amount(free), least: Amount(least) })
	}
}

impl Warning {
	/// Returns `true` if `other` is of the same kind. An amount that changes without being enough is no other warning.
	fn is_same(&self, other: &Self) -> bool {
		match (self, other) {
			(Self::PurseTooSmall { is_weighted, .. }, Self::PurseTooSmall { is_weighted: other, .. }) => is_weighted == other,
			_ => std::mem::discriminant(self) == std::mem::discriminant(other),
		}
	}
}

impl Policy {
	/// Returns the policy of an owner who can open the segments `usable`.
	pub fn new(usable: BTreeSet<u16>) -> Self {
		Self { usable, refusals: None, warned: None }
	}

	/// Returns `true` if segment `index` can be opened from the file.
	pub fn can_open(&self, index: u16) -> bool {
		self.usable.contains(&index)
	}

	/// Decides whether a segment is opened now.
	pub fn step(&mut self, view: &View<'_>) -> Step {
		let View { block, evidence, window, .. } = *view;
		let index = evidence.opened;
		let due = due(view);
		tracing::trace!(target: super::TARGET, block, window, ?due, "looked");
		let Some((before, reason)) = due else { return Step::Wait };
		if !self.usable.contains(&index) {
			return self.warn(Warning::NoSuchSegment { index });
		}
		let refused = self.refusals.filter(|refusals| refusals.index == index);
		if refused.is_some_and(|refused| refused.count >= MOST_REFUSALS || !refused.retry.is_due(block)) {
			return Step::Wait;
		}
		self.warned = None;
		Step::Open { index, before, reason }
	}

	/// Records that the chain has refused to open segment `index` at block `block`. Returns the block of the next attempt, or `None` if
	/// there is none: a call that is refused costs its fee each time.
	pub fn refuse(&mut self, index: u16, block: BlockNumber) -> Option<BlockNumber> {
		let known = self.refusals.filter(|refusals| refusals.index == index);
		let Refusals { count, mut retry, .. } = known.unwrap_or(Refusals { index, count: 0, retry: Retry::default() });
		let again = retry.fail(block);
		let count = count.saturating_add(1);
		self.refusals = Some(Refusals { index, count, retry });
		(count < MOST_REFUSALS).then_some(again)
	}

	/// Returns a warning of the state of a domain in which no segment is due, once until another one or until it is over.
	pub fn warning(&mut self, condition: &Condition<'_>) -> Option<Warning> {
		let Condition { evidence, weight, least_purse, payer } = *condition;
		let is_spent = evidence.opened >= evidence.sealed;
		let missing = least_purse.saturating_sub(evidence.purse);
		let warning = match (is_spent, payer.and_then(|payer| payer.lacks_funds())) {
			(true, _) => Some(Warning::NoSegmentLeft),
			(false, Some(lacks)) => Some(lacks),
			(false, None) if missing > 0 => Some(Warning::PurseTooSmall {
				purse: Amount(evidence.purse),
				least: Amount(least_purse),
				missing: Amount(missing),
				is_weighted: weight > 0,
			}),
			(false, None) => None,
		};
		match warning.map(|warning| self.warn(warning)) {
			Some(Step::Warn(warning)) => Some(warning),
			Some(_) => None,
			None => {
				self.warned = None;
				None
			}
		}
	}

	/// Returns a warning, once until another one or until it is over.
	fn warn(&mut self, warning: Warning) -> Step {
		if self.warned.as_ref().is_some_and(|known| known.is_same(&warning)) {
			return Step::Wait;
		}
		self.warned = Some(warning.clone());
		Step::Warn(warning)
	}

	/// Sets the segments that can be opened, after the file was read again.
	pub fn set_segments(&mut self, usable: BTreeSet<u16>) {
		*self = Self::new(usable);
	}
}

/// Returns the reason to open the next segment now, with the block before which it has to be opened, or `None` to wait.
fn due(view: &View<'_>) -> Option<(Option<BlockNumber>, OpenReason)> {
	let View { block, evidence, finalized, window } = *view;
	let (Some(round), Some(until)) = (evidence.awaited, evidence.awaited_until) else {
		return evidence.suspended.is_some().then_some((None, OpenReason::Suspended));
	};
	let is_request = |known: &EvidenceView<Account>| known.awaited == Some(round) && known.opened == evidence.opened;
	if finalized.is_some_and(is_request) {
		return Some((Some(until), OpenReason::CommitsFinal));
	}
	is_ending(block, Some(until), window).then_some((Some(until), OpenReason::WindowEnds))
}

/// Returns `true` if block `block` lies in the last quarter of a window of `window` blocks that ends before block `before`. A segment
/// without such a block is late already, and is not urgent.
pub(super) fn is_ending(block: BlockNumber, before: Option<BlockNumber>, window: BlockNumber) -> bool {
	before.is_some_and(|until| block >= until.saturating_sub(window / LAST_PART))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{evidence, round_id, ME};

	/// Blocks of a window.
	const WINDOW: BlockNumber = 12;

	fn policy() -> Policy {
		Policy::new((0..8).collect())
	}

	/// Returns the evidence of a domain in which round `round` waits for segment 2 until block `until`.
	fn awaited(round: u32, until: BlockNumber) -> EvidenceView<Account> {
		EvidenceView { awaited: Some(round_id(round)), awaited_until: Some(until), ..evidence() }
	}

	/// Decides at block `block`, with `finalized` as the evidence of the last finalized block.
	fn step_at(
		policy: &mut Policy,
		block: BlockNumber,
		evidence: &EvidenceView<Account>,
		finalized: Option<&EvidenceView<Account>>,
	) -> Step {
		policy.step(&View { block, evidence, finalized, window: WINDOW })
	}

	fn open(reason: OpenReason, before: Option<BlockNumber>) -> Step {
		Step::Open { index: 2, before, reason }
	}

	#[test]
	fn a_domain_that_has_taken_the_identifier_is_another_one() {
		let known = evidence();
		let later = EvidenceView { sealed: 9, opened: 4, purse: 0, suspended: Some(7), ..awaited(7, 212) };
		assert!(is_same_domain(&known, &known) && is_same_domain(&known, &later));
		assert!(!is_same_domain(&known, &EvidenceView { owner: ME, ..evidence() }));
		assert!(!is_same_domain(&known, &EvidenceView { sealed: 7, ..evidence() }), "hashes are never removed");
		assert!(!is_same_domain(&known, &EvidenceView { units: 1_024, ..evidence() }));
	}

	#[test]
	fn a_domain_is_removed_once_its_absence_is_final() {
		let mut absence = Absence::default();
		assert!(!absence.is_final(200, 198, false), "it may be registered again");
		assert!(!absence.is_final(201, 199, false));
		assert!(!absence.is_final(202, 200, true), "the block of its removal may be dropped");
		assert!(absence.is_final(203, 200, false));
		assert!(Absence::default().is_final(5, 5, false), "of a chain that began anew");
	}

	#[test]
	fn a_segment_is_opened_once_the_request_is_final() {
		let (mut policy, asked) = (policy(), awaited(7, 212));
		assert_eq!(step_at(&mut policy, 201, &asked, Some(&evidence())), Step::Wait, "the request may be dropped");
		assert_eq!(step_at(&mut policy, 203, &asked, Some(&asked)), open(OpenReason::CommitsFinal, Some(212)));
		assert_eq!(step_at(&mut policy, 204, &evidence(), Some(&asked)), Step::Wait, "opened");
	}

	#[test]
	fn the_request_of_another_branch_opens_nothing() {
		let (mut policy, asked) = (policy(), awaited(7, 212));
		assert_eq!(step_at(&mut policy, 203, &asked, Some(&awaited(6, 212))), Step::Wait, "another round");
		let other = EvidenceView { opened: 1, ..awaited(7, 212) };
		assert_eq!(step_at(&mut policy, 203, &asked, Some(&other)), Step::Wait, "another segment");
	}

	#[test]
	fn own_opens_before_the_deadline_without_finality() {
		for finalized in [None, Some(&evidence())] {
			assert_eq!(step_at(&mut policy(), 208, &awaited(7, 212), finalized), Step::Wait);
			assert_eq!(step_at(&mut policy(), 209, &awaited(7, 212), finalized), open(OpenReason::WindowEnds, Some(212)));
		}
	}

	#[test]
	fn the_last_quarter_of_a_window_is_its_end() {
		assert_eq!([208, 209, 212].map(|block| is_ending(block, Some(212), WINDOW)), [false, true, true]);
		assert!(!is_ending(900, None, WINDOW), "of a late segment, the hash is read first");
	}

	/// Also after a restart, which has not seen the first end of the window.
	#[test]
	fn a_window_that_was_doubled_leaves_more_time() {
		let doubled = awaited(7, 224);
		assert_eq!(step_at(&mut policy(), 220, &doubled, None), Step::Wait);
		assert_eq!(step_at(&mut policy(), 221, &doubled, None), open(OpenReason::WindowEnds, Some(224)));
		assert_eq!(step_at(&mut policy(), 205, &doubled, Some(&awaited(7, 212))), open(OpenReason::CommitsFinal, Some(224)));
	}

	#[test]
	fn an_opening_that_a_reorganisation_drops_is_repeated() {
		let (mut policy, asked) = (policy(), awaited(7, 212));
		assert_eq!(step_at(&mut policy, 203, &asked, Some(&asked)), open(OpenReason::CommitsFinal, Some(212)));
		let opened = EvidenceView { opened: 3, ..evidence() };
		assert_eq!(step_at(&mut policy, 204, &opened, Some(&asked)), Step::Wait);
		assert_eq!(step_at(&mut policy, 205, &asked, Some(&asked)), open(OpenReason::CommitsFinal, Some(212)));
	}

	#[test]
	fn a_late_segment_is_opened_so_that_the_domain_takes_commits_again() {
		let late = EvidenceView { suspended: Some(190), ..evidence() };
		assert_eq!(step_at(&mut policy(), 200, &late, None), open(OpenReason::Suspended, None));
	}

	#[test]
	fn a_segment_that_the_chain_refuses_is_not_paid_for_in_every_block() {
		let (mut policy, asked) = (policy(), awaited(7, 212));
		let due = open(OpenReason::CommitsFinal, Some(212));
		assert_eq!(step_at(&mut policy, 200, &asked, Some(&asked)), due);
		assert_eq!(policy.refuse(2, 200), Some(201));
		assert_eq!(step_at(&mut policy, 201, &asked, Some(&asked)), due);
		assert_eq!(policy.refuse(2, 201), Some(203));
		assert_eq!(step_at(&mut policy, 202, &asked, Some(&asked)), Step::Wait);
		assert_eq!(policy.refuse(2, 203), Some(207));
		assert_eq!(policy.refuse(2, 207), None, "it cannot be opened");
		let late = EvidenceView { suspended: Some(212), ..evidence() };
		assert_eq!(step_at(&mut policy, 900, &late, None), Step::Wait, "nor while the domain is suspended");
		let next = EvidenceView { opened: 3, ..awaited(8, 912) };
		assert!(
			matches!(step_at(&mut policy, 901, &next, Some(&next)), Step::Open { index: 3, .. }),
			"another segment is opened"
		);
		policy.set_segments((0..8).collect());
		assert_eq!(step_at(&mut policy, 902, &late, None), open(OpenReason::Suspended, None), "the file was read again");
	}

	#[test]
	fn an_intact_segment_is_opened_although_a_later_one_has_changed() {
		let mut policy = Policy::new((0..8).filter(|index| *index != 3).collect());
		let asked = awaited(7, 212);
		assert_eq!(step_at(&mut policy, 205, &asked, Some(&asked)), open(OpenReason::CommitsFinal, Some(212)));
		let next = EvidenceView { opened: 3, ..awaited(8, 242) };
		assert_eq!(step_at(&mut policy, 235, &next, Some(&next)), Step::Warn(Warning::NoSuchSegment { index: 3 }));
		assert_eq!(step_at(&mut policy, 236, &next, Some(&next)), Step::Wait, "reported once");
		policy.set_segments((0..8).collect());
		assert!(matches!(step_at(&mut policy, 237, &next, Some(&next)), Step::Open { index: 3, .. }), "the file was restored");
	}

	/// An account that can just pay.
	const PAYER: Payer = Payer { account: ME, free: 410, fee: 100, deposit: 10 };

	/// Returns a condition in which nothing is missing.
	fn condition(evidence: &EvidenceView<Account>) -> Condition<'_> {
		Condition { evidence, weight: 1, least_purse: 5, payer: Some(PAYER) }
	}

	#[test]
	fn the_account_that_pays_is_checked_before_a_round_asks() {
		let (mut policy, evidence) = (policy(), evidence());
		assert_eq!(policy.warning(&condition(&evidence)), None);
		let poor = Payer { free: 409, ..PAYER };
		let warning = Warning::LacksFunds { account: ME, free: Amount(409), least: Amount(410) };
		assert_eq!(poor.lacks_funds(), Some(warning.clone()));
		assert_eq!(policy.warning(&Condition { payer: Some(poor), ..condition(&evidence) }), Some(warning.clone()));
		let poorer = Payer { free: 0, ..poor };
		assert_eq!(policy.warning(&Condition { payer: Some(poorer), ..condition(&evidence) }), None, "the same warning");
		assert_eq!(policy.warning(&condition(&evidence)), None);
		assert_eq!(policy.warning(&Condition { payer: Some(poor), ..condition(&evidence) }), Some(warning), "it is a new one");
	}

	#[test]
	fn a_small_purse_and_a_missing_segment_are_reported_once() {
		let mut policy = policy();
		let poor = EvidenceView { purse: 4, ..evidence() };
		let small = |is_weighted| Warning::PurseTooSmall { purse: Amount(4), least: Amount(5), missing: Amount(1), is_weighted };
		assert_eq!(policy.warning(&condition(&poor)), Some(small(true)));
		assert_eq!(policy.warning(&condition(&EvidenceView { purse: 3, ..poor.clone() })), None, "the same warning");
		assert_eq!(policy.warning(&condition(&evidence())), None);
		assert_eq!(policy.warning(&Condition { weight: 0, ..condition(&poor) }), Some(small(false)));
		assert_eq!(policy.warning(&condition(&poor)), Some(small(true)), "now it takes no commits");
		let spent = EvidenceView { opened: 8, ..evidence() };
		assert_eq!(policy.warning(&condition(&spent)), Some(Warning::NoSegmentLeft));
	}
}
