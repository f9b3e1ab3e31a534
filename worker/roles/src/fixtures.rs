//! Views for tests of the policies.

use doin_chain::Account;
use doin_primitives::{
	domain::INITIAL_LOSS,
	round::Phase,
	views::{
		ChampionView, DomainView, EvaluatorSeatView, EvidenceView, RecomputationPhase, RecomputationView, RoundView, SeatView,
	},
	BlockNumber, EvidenceKind, EvidenceRef, ModelRef, ProgramKind, RoundId, SeatStatus, SizeClass, Status, Subject, TaskId,
};

/// Domain of every view.
pub(crate) const DOMAIN: u32 = 3;
/// Account of the worker.
pub(crate) const ME: Account = Account([1; 32]);
/// Another account.
pub(crate) const OTHER: Account = Account([2; 32]);

pub(crate) fn round_id(number: u32) -> RoundId {
	RoundId { domain: DOMAIN, number }
}

/// Returns a weighted, active domain with synthetic evidence and a minimum improvement of one half per cent.
pub(crate) fn domain() -> DomainView<Account> {
	DomainView {
		id: DOMAIN,
		name: "sawtooth".into(),
		unit: "mm".into(),
		program: ProgramKind::Forecast,
		evidence: EvidenceKind::Synthetic,
		status: Status::Active,
		owner: OTHER,
		weight: 1_000_000,
		high_water: 0,
		min_improvement: 5_000,
		target: 0,
		bounty: 0,
		class: SizeClass::Small,
		last_round: None,
		licence: String::new(),
		carry: 0,
		initial_validation_error: 1_000,
		bar: 1_000,
		weight_since: 0,
	}
}

/// Returns the evidence of a sealed domain of which two of eight segments are opened, with a stake of 25 plancks.
pub(crate) fn evidence() -> EvidenceView<Account> {
	EvidenceView {
		owner: OTHER,
		units: 512,
		segment_bytes: 2_560,
		stake: 25,
		sealed: 8,
		opened: 2,
		purse: 1 << 60,
		spent: 0,
		awaited: None,
		awaited_until: None,
		suspended: None,
	}
}

/// Returns the initial champion.
pub(crate) fn champion() -> ChampionView<Account> {
	ChampionView {
		model: ModelRef::Seasonal,
		author: None,
		round: None,
		block: 0,
		error: 1_000,
		initial_error: 1_000,
		loss: INITIAL_LOSS.into(),
		validation_error: 1_000,
		genes: Vec::new(),
		bytes: 0,
	}
}

/// Returns round `number` of a grid with commits in blocks 100 to 111 and reveals in blocks 112 to 116.
pub(crate) fn round(number: u32, phase: Phase) -> RoundView<Account> {
	RoundView {
		round: round_id(number),
		phase,
		phase_end: if phase == Phase::Commit { 112 } else { 117 },
		awaited_until: None,
		evidence: None,
		stake: 0,
		reveal_from: 112,
		reveal_until: 117,
		next_seat_fee: 40,
		seat_hold: 60,
		seats: Vec::new(),
		contender: None,
	}
}

pub(crate) fn seat(who: Account, commitment: [u8; 32], status: SeatStatus, model: Option<u64>) -> SeatView<Account> {
	SeatView { who, commitment, status, model: model.map(ModelRef::Stored), fee: 40 }
}

/// Returns a drawn task of round 7 with the evaluators `who`, in a phase that ends at block `phase_end`.
pub(crate) fn task(
	task: TaskId,
	phase: RecomputationPhase,
	phase_end: BlockNumber,
	who: &[Account],
) -> RecomputationView<Account> {
	let evaluator = |who: &Account| EvaluatorSeatView { who: *who, committed: false, revealed: false };
	RecomputationView {
		task,
		subject: Subject::Round(round_id(7)),
		domain: DOMAIN,
		phase,
		phase_end,
		seed: Some([5; 32]),
		models: vec![ModelRef::Seasonal, ModelRef::Stored(4)],
		evidence: EvidenceRef::Drawn,
		class: SizeClass::Small,
		seats: who.iter().map(evaluator).collect(),
		sums: Vec::new(),
	}
}
