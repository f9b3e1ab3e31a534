//! Operations of the fuzz and their random generation.

use proptest::{collection::vec, prelude::*, sample::select};

/// Kind of an operation. Variants without a description send the call of their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "most variants are named after their call")]
pub enum Kind {
	/// Send calls of a holder, one about forecasts and some about channels and offers, seal the block and open the next one.
	Block,
	/// Make up to 11 empty blocks.
	Blocks,
	/// Open a block without VRF output.
	BlockWithoutVrf,
	/// Leave up to 39 slots without a block.
	SkipSlots,
	/// Fill up to six blocks, so that the base fee rises.
	FillBlocks,
	/// Fill all blocks in which a round of the sealed domain waits for its segment or, after its owner has opened the segment,
	/// takes reveals. Open a round first if there is none.
	FillWindow,
	/// Make empty blocks to the end of the present phase of a task, or of a domain's grid.
	NextPhase,
	/// Do what workers do at this block: open segments, reveal candidates, and commit, reveal and settle answers. Some answers
	/// are false or missing, and so are some segments. Forecasters commit, reveal and collect. Payers, servers and their clients send
	/// calls.
	Work,
	Transfer,
	Commit,
	Reveal,
	ChallengeClaim,
	ReleaseModel,
	CommitSums,
	RevealSums,
	Settle,
	Recompute,
	AnnounceChallenge,
	Challenge,
	CancelChallenge,
	Bond,
	BondExtra,
	Serve,
	Unserve,
	Unbond,
	Withdraw,
	Register,
	UploadPage,
	Activate,
	AddBounty,
	CloseDomain,
	RetireDomain,
	Nominate,
	WithdrawNomination,
	Vote,
	ClearBallot,
	RemoveRecord,
	StakingBond,
	StakingUnbond,
	StakingNominate,
	StakingValidate,
	StakingChill,
	StakingPayout,
	StakingWithdraw,
	AddProxy,
	RemoveProxy,
	Proxied,
	SetBudget,
	Spend,
	Batch,
	Seal,
	Fund,
	WithdrawPurse,
	/// Open a segment as it was sealed, or with a changed byte, early, again, with another salt, or a byte short.
	OpenSegment,
}

/// Kinds that wrap another call must not be wrapped again without end.
pub(super) const WRAPPERS: [Kind; 3] = [Kind::Proxied, Kind::Spend, Kind::Batch];

/// Kinds with their relative frequencies. Blocks and the calls of a round come often enough for rounds to end.
const FREQUENCIES: &[(u32, Kind)] = &[
	(10, Kind::Block),
	(3, Kind::Blocks),
	(2, Kind::BlockWithoutVrf),
	(1, Kind::SkipSlots),
	(1, Kind::FillBlocks),
	(2, Kind::FillWindow),
	(20, Kind::NextPhase),
	(40, Kind::Work),
	(1, Kind::Transfer),
	(8, Kind::Commit),
	(3, Kind::Reveal),
	(2, Kind::ChallengeClaim),
	(1, Kind::ReleaseModel),
	(4, Kind::CommitSums),
	(4, Kind::RevealSums),
	(6, Kind::Settle),
	(4, Kind::Recompute),
	(2, Kind::AnnounceChallenge),
	(2, Kind::Challenge),
	(1, Kind::CancelChallenge),
	(2, Kind::Bond),
	(2, Kind::BondExtra),
	(2, Kind::Serve),
	(1, Kind::Unserve),
	(1, Kind::Unbond),
	(1, Kind::Withdraw),
	(1, Kind::Register),
	(1, Kind::UploadPage),
	(1, Kind::Activate),
	(1, Kind::AddBounty),
	(1, Kind::CloseDomain),
	(1, Kind::RetireDomain),
	(1, Kind::Nominate),
	(1, Kind::WithdrawNomination),
	(1, Kind::Vote),
	(1, Kind::ClearBallot),
	(1, Kind::RemoveRecord),
	(1, Kind::StakingBond),
	(1, Kind::StakingUnbond),
	(1, Kind::StakingNominate),
	(1, Kind::StakingValidate),
	(1, Kind::StakingChill),
	(1, Kind::StakingPayout),
	(1, Kind::StakingWithdraw),
	(1, Kind::AddProxy),
	(1, Kind::RemoveProxy),
	(3, Kind::Proxied),
	(1, Kind::SetBudget),
	(2, Kind::Spend),
	(2, Kind::Batch),
	(1, Kind::Seal),
	(2, Kind::Fund),
	(1, Kind::WithdrawPurse),
	(4, Kind::OpenSegment),
];

/// One operation. The numbers select accounts, domains, tasks, amounts and so on, modulo what exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
	/// Kind of the operation.
	pub kind: Kind,
	/// Actor.
	pub who: u8,
	/// First number.
	pub a: u32,
	/// Second number.
	pub b: u32,
}

/// Returns every kind as often as its relative frequency.
pub(super) fn kinds() -> Vec<Kind> {
	FREQUENCIES.iter().flat_map(|(count, kind)| std::iter::repeat_n(*kind, *count as usize)).collect()
}

/// Generates sequences of `count` operations.
pub fn operations(count: usize) -> impl Strategy<Value = Vec<Operation>> {
	let operation =
		(select(kinds()), any::<u8>(), any::<u32>(), any::<u32>()).prop_map(|(kind, who, a, b)| Operation { kind, who, a, b });
	vec(operation, count)
}
