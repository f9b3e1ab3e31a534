//! Shapes of the views of the chain.

use super::specs::Record;
use crate::shape::{
	At, Block, ChainMetrics, Champion, Difficulty, Domain, DomainWeight, Emission, Evidence, Fees, Gene, Reputation, Round,
	Search, Seat, SeatState, Security, Task, TaskSeat, Training, Transaction, Work, WorkEntry,
};
use doin_chain::{Account, FinalizedBlock, Head, ReadError, WorkDifficulty};
use doin_primitives::{
	difficulty::SPAN,
	emission,
	views::{
		ChampionView, DomainView, EvaluatorSeatView, EvidenceView, FeeMarketView, RecomputationPhase, RecomputationView,
		ReputationView, RoundView, WorkView,
	},
	DoinLog, Hash, RoundParams, SeatStatus, MILLION,
};
use doin_roles::progress::{SearchProgress, SearchState};
use doin_scoring::verdict::loss;
use serde::Serialize;
use serde_json::Value;

/// Returns a hash as hex.
pub(super) fn hex(hash: Hash) -> String {
	format!("0x{}", hex::encode(hash))
}

/// Returns number and hash of a block.
pub(super) fn at(head: Head) -> At {
	At { number: head.number, hash: hex(head.hash) }
}

/// Returns a number that JavaScript represents exactly; `None` for a larger one.
pub(super) fn exact(number: u64) -> Option<u64> {
	(number <= 1 << 53).then_some(number)
}

/// Returns an enum of the chain as the JSON-RPC shows it.
pub(super) fn json(value: &impl Serialize) -> Value {
	// The enums of the chain have no form that JSON lacks.
	serde_json::to_value(value).unwrap_or_default()
}

/// Returns the name of a variant without fields, as the JSON-RPC shows it.
pub(super) fn name(value: &impl Serialize) -> String {
	match json(value) {
		Value::String(name) => name,
		other => other.to_string(),
	}
}

/// Returns a gene of a search space.
pub(super) fn gene(gene: &doin_primitives::Gene) -> Gene {
	Gene {
		name: String::from_utf8_lossy(&gene.name).into_owned(),
		min: gene.lo.to_string(),
		max: gene.hi.to_string(),
		log: gene.log,
		frac: gene.frac,
	}
}

pub(super) fn domain(view: &DomainView<Account>, best: Option<&ChampionView<Account>>, record: &Record) -> Domain {
	let [horizon, history, season] = record.steps.map_or([None; 3], |steps| steps.map(Some));
	Domain {
		domain_id: view.id,
		name: view.name.clone(),
		unit: view.unit.clone(),
		program: name(&view.program),
		evidence: name(&view.evidence),
		status: name(&view.status),
		owner: view.owner.to_string(),
		weight: view.weight,
		weight_since: view.weight_since,
		high_water: view.high_water.to_string(),
		carry: view.carry.to_string(),
		min_improvement: view.min_improvement,
		target_performance: view.target,
		bounty: view.bounty.to_string(),
		class: name(&view.class),
		initial_validation_error: view.initial_validation_error.to_string(),
		bar: view.bar.to_string(),
		licence: view.licence.clone(),
		last_round: view.last_round.as_ref().map(json),
		horizon,
		history,
		season,
		channels: record.channels,
		has_classes: record.has_classes,
		drawn_predictions: record.predictions.map(|[drawn, _]| drawn),
		validation_predictions: record.predictions.map(|[_, validation]| validation),
		genes: record.genes.clone(),
		champion: best.map(|best| champion(best, view.initial_validation_error)),
	}
}

pub(super) fn champion(view: &ChampionView<Account>, initial_validation_error: u64) -> Champion {
	Champion {
		model: json(&view.model),
		author: view.author.map(|author| author.to_string()),
		round: view.round.map(|round| round.number),
		block: view.block,
		loss: exact(view.loss),
		error: view.error.to_string(),
		initial_error: view.initial_error.to_string(),
		validation_error: view.validation_error.to_string(),
		validation_loss: exact(loss(view.validation_error, initial_validation_error)),
		genes: view.genes.iter().map(ToString::to_string).collect(),
		bytes: view.bytes,
	}
}

pub(super) fn round(view: &RoundView<Account>, params: &RoundParams) -> Round {
	let seats = view.seats.iter().map(|seat| Seat {
		peer_id: seat.who.to_string(),
		status: json(&seat.status),
		model: seat.model.as_ref().map(json),
		fee: seat.fee.to_string(),
	});
	Round {
		domain_id: view.round.domain,
		round: view.round.number,
		phase: name(&view.phase),
		phase_end: view.phase_end,
		commit_from: params.first_block(view.round),
		awaited_until: view.awaited_until,
		reveal_from: view.reveal_from,
		reveal_until: view.reveal_until,
		next_seat_fee: view.next_seat_fee.to_string(),
		seat_hold: view.seat_hold.to_string(),
		stake: view.stake.to_string(),
		contender: view.contender.as_ref().map(json),
		seats: seats.collect(),
	}
}

pub(super) fn task(view: &RecomputationView<Account>) -> Task {
	let seats = view.seats.iter();
	Task {
		task_id: view.task.to_string(),
		domain_id: view.domain,
		subject: json(&view.subject),
		phase: name(&view.phase),
		phase_end: view.phase_end,
		models: view.models.len() as u32,
		seed: view.seed.map(hex),
		evaluators: seats
			.map(|seat| TaskSeat {
				peer_id: seat.who.to_string(),
				committed: seat.committed,
				revealed: seat.revealed,
				state: seat_state(view.phase, seat),
			})
			.collect(),
	}
}

/// Returns how far the answer of a drawn evaluator is.
fn seat_state(phase: RecomputationPhase, seat: &EvaluatorSeatView<Account>) -> SeatState {
	use RecomputationPhase::{Answering, Challenge, Drawing, Recomputing, Revealing, Settling};
	match (seat.revealed, seat.committed, phase) {
		(true, _, _) => SeatState::Revealed,
		(false, true, Drawing | Answering | Revealing) => SeatState::Committed,
		(false, false, Drawing | Answering) => SeatState::Awaited,
		(false, _, Revealing | Settling | Recomputing | Challenge) => SeatState::Missed,
	}
}

pub(super) fn security(finalized: Head, rounds: &[RoundView<Account>], tasks: &[RecomputationView<Account>]) -> Security {
	let seats = rounds.iter().flat_map(|round| &round.seats);
	let awaits_quorum = |phase| matches!(phase, RecomputationPhase::Answering | RecomputationPhase::Revealing);
	Security {
		finalized_height: finalized.number,
		finalized_hash: hex(finalized.hash),
		pending_commitments: seats.filter(|seat| matches!(seat.status, SeatStatus::Committed)).count() as u32,
		pending_quorums: tasks.iter().filter(|task| awaits_quorum(task.phase)).count() as u32,
	}
}

/// Returns the shares of the reward of a work block, of the split that the runtime computes.
fn emission() -> Emission {
	let split = emission::split(MILLION.into());
	// The parts of a million fit.
	let part = |amount: u128| u32::try_from(amount).unwrap_or(u32::MAX);
	Emission { optimizers: part(split.optimizers), evaluators: part(split.evaluators), validators: part(split.validators) }
}

pub(super) fn work(view: &WorkView<Account>, domains: &[DomainView<Account>], fees: &FeeMarketView, at: At) -> Work {
	let queue = view.queue.iter().map(|entry| WorkEntry {
		domain_id: entry.round.domain,
		round: entry.round.number,
		effective: entry.effective.to_string(),
		optimizer: entry.optimizer.to_string(),
		evaluators: entry.evaluators.iter().map(ToString::to_string).collect(),
		backing: json(&entry.backing),
	});
	let weighted = domains.iter().filter(|domain| domain.weight > 0);
	let weights = weighted.map(|domain| DomainWeight { domain_id: domain.id, name: domain.name.clone(), weight: domain.weight });
	Work {
		at,
		work_blocks: view.work_blocks,
		threshold: view.threshold.to_string(),
		queued: view.queued.to_string(),
		reward: view.reward.to_string(),
		mined: view.mined.to_string(),
		backed_by_quorum: view.backed_by_quorum.to_string(),
		backed_by_runtime: view.backed_by_runtime.to_string(),
		backed_share: view.backed_share,
		era_accrual: view.era_accrual.to_string(),
		queue: queue.collect(),
		last_seal: view.last_seal.as_ref().map(json),
		emission: emission(),
		weights: weights.collect(),
		burned: fees.burned.to_string(),
		seals: None,
		seals_at: None,
	}
}

pub(super) fn fees(view: &FeeMarketView, at: At) -> Fees {
	Fees {
		at,
		base_fee: view.base_fee.to_string(),
		fullness: view.fullness,
		floor: view.floor.to_string(),
		ceiling: view.ceiling.to_string(),
		total_burned: view.burned.to_string(),
		enabled: true,
	}
}

pub(super) fn evidence(domain: u32, view: &EvidenceView<Account>, at: At) -> Evidence {
	Evidence {
		at,
		domain_id: domain,
		owner: view.owner.to_string(),
		units: view.units,
		sealed: view.sealed,
		opened: view.opened,
		stake: view.stake.to_string(),
		purse: view.purse.to_string(),
		spent: view.spent.to_string(),
		awaited_round: view.awaited.map(|round| round.number),
		awaited_until: view.awaited_until,
		suspended: view.suspended,
	}
}

pub(super) fn reputation(account: Account, view: &ReputationView, at: At) -> Reputation {
	Reputation {
		at,
		peer_id: account.to_string(),
		score: view.score,
		eligible: view.eligible,
		bond: view.bond.to_string(),
		accepted: view.accepted,
		rejected: view.rejected,
		forfeited: view.forfeited,
	}
}

/// Returns the shape of the state of the controller of difficulty.
pub(super) fn difficulty(state: &WorkDifficulty) -> Difficulty {
	Difficulty {
		threshold: state.threshold.to_string(),
		target_block_time: state.target_ms / 1_000,
		ema_block_time: state.spacing_ms() / 1_000,
		blocks_in_epoch: state.seals,
		epoch_length: SPAN,
	}
}

/// Returns the searches of a worker. The keys of the first search that trains are repeated beside the list, as upstream has them.
pub(super) fn training(searches: Vec<SearchProgress>) -> Training {
	let first = searches.iter().find(|search| search.state == SearchState::Training).cloned().map(search);
	let searches = searches.into_iter().map(search).collect();
	match first {
		Some(first) => Training {
			active: true,
			domain_id: Some(first.domain_id),
			generation: first.generation,
			round: first.generation,
			stage: first.stage,
			total_stages: first.stages,
			epoch: first.epoch,
			total_epochs: first.total_epochs,
			candidates: first.candidates,
			champion_loss: first.champion,
			val_loss: first.best,
			best: first.best,
			searches,
		},
		None => Training { searches, ..Training::default() },
	}
}

fn search(progress: SearchProgress) -> Search {
	Search {
		domain_id: progress.domain,
		peer_id: progress.account.to_string(),
		state: progress.state.to_string(),
		generation: progress.generation,
		stage: progress.stage,
		stages: progress.stages,
		bracket_stage: progress.bracket_stage,
		bracket_stages: progress.bracket_stages,
		population: progress.population,
		epoch: progress.epoch,
		total_epochs: progress.total_epochs,
		candidates: progress.candidates,
		per_hour: progress.per_hour,
		best: progress.best,
		champion: progress.champion,
		pool: progress.pool,
		immigrants: progress.immigrants,
		remaining_ms: progress.remaining_ms,
		since_ms: progress.since_ms,
		devices: progress.devices,
	}
}

/// Returns the shape of a block.
///
/// # Errors
/// Errors if an extrinsic cannot be decoded.
pub(super) fn block(block: &FinalizedBlock) -> Result<Block, ReadError> {
	let transactions = block.extrinsics()?.into_iter().map(|summary| Transaction {
		index: summary.index,
		id: hex(summary.hash),
		tx_type: format!("{}.{}", summary.pallet, summary.call),
		peer_id: summary.signer.map(|signer| signer.to_string()),
		success: summary.success,
		fee: summary.fee.to_string(),
	});
	Ok(Block {
		at: at(block.head),
		index: block.head.number,
		hash: hex(block.head.hash),
		previous_hash: hex(block.parent),
		timestamp: block.timestamp,
		authority: block.author.map(|author| author.authority),
		slot: block.author.map(|author| author.slot),
		spec_version: block.spec_version,
		work_blocks: block.log.as_ref().map(|DoinLog::V1 { work_index, .. }| *work_index),
		transactions: transactions.collect(),
		events: block.events.len() as u32,
	})
}

/// Returns means over blocks in ascending order. The mean time is that of the last run of blocks without a gap.
pub(super) fn metrics(height: u32, blocks: &[impl AsRef<Block>], work: &Work) -> ChainMetrics {
	let mut run: Vec<&Block> = Vec::new();
	for block in blocks {
		let block: &Block = block.as_ref();
		if run.last().is_some_and(|last| last.index.checked_add(1) != Some(block.index)) {
			run.clear();
		}
		run.push(block);
	}
	let timed: Vec<u64> = run.iter().filter_map(|block| block.timestamp).collect();
	let span = timed.last().zip(timed.first()).map(|(last, first)| last.saturating_sub(*first));
	ChainMetrics {
		at: work.at.clone(),
		finalized: run.last().map(|block| block.at.clone()),
		height,
		blocks: run.len() as u32,
		mean_block_time_ms: span.and_then(|span| span.checked_div(timed.len() as u64 - 1)),
		transactions: run.iter().map(|block| block.transactions.len() as u64).sum(),
		events: run.iter().map(|block| u64::from(block.events)).sum(),
		work_blocks: work.work_blocks,
		threshold: work.threshold.clone(),
		mined: work.mined.clone(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::{round::Phase, views::SeatView, EvidenceRef, RejectionReason, RoundId, SizeClass, Subject};
	use std::sync::Arc;

	fn at(index: u32, timestamp: Option<u64>) -> Arc<Block> {
		Arc::new(Block { index, timestamp, events: 2, transactions: vec![Transaction::default()], ..Block::default() })
	}

	#[test]
	fn means_are_of_the_last_run_of_blocks() {
		let work = Work { work_blocks: 3, threshold: "5".into(), ..Work::default() };
		let blocks = [at(1, Some(1)), at(7, Some(42_000)), at(8, Some(48_000)), at(9, Some(58_000))];
		let found = metrics(9, &blocks, &work);
		assert_eq!((found.blocks, found.mean_block_time_ms), (3, Some(8_000)));
		assert_eq!((found.transactions, found.events, found.work_blocks), (3, 6, 3));
		assert_eq!(found.threshold, "5");
	}

	#[test]
	fn without_two_times_there_is_no_mean_time() {
		for blocks in [vec![], vec![at(0, None)], vec![at(0, None), at(1, Some(6))]] {
			assert_eq!(metrics(1, &blocks, &Work::default()).mean_block_time_ms, None, "{blocks:?}");
		}
	}

	fn a_round() -> RoundView<Account> {
		let seat = |status| SeatView { who: Account([1; 32]), commitment: [0; 32], status, model: None, fee: u128::MAX };
		RoundView {
			round: RoundId { domain: 4, number: 2 },
			phase: Phase::Reveal,
			phase_end: 9,
			awaited_until: None,
			evidence: None,
			stake: 0,
			reveal_from: 5,
			reveal_until: 9,
			next_seat_fee: 1 << 100,
			seat_hold: 3,
			seats: vec![
				seat(SeatStatus::Committed),
				seat(SeatStatus::Rejected(RejectionReason::FalseClaim)),
				seat(SeatStatus::Committed),
			],
			contender: None,
		}
	}

	fn a_task(phase: RecomputationPhase) -> RecomputationView<Account> {
		RecomputationView {
			task: u64::MAX,
			subject: Subject::Round(RoundId { domain: 4, number: 1 }),
			domain: 4,
			phase,
			phase_end: 3,
			seed: Some([0xab; 32]),
			models: Vec::new(),
			evidence: EvidenceRef::Drawn,
			class: SizeClass::Small,
			seats: Vec::new(),
			sums: Vec::new(),
		}
	}

	#[test]
	fn large_numbers_keep_all_digits() {
		let found = round(&a_round(), &RoundParams::DEV);
		assert_eq!(found.next_seat_fee, "1267650600228229401496703205376");
		assert_eq!(found.seats[0].fee, u128::MAX.to_string());
		assert_eq!((found.phase.as_str(), found.seats[0].status.clone()), ("Reveal", "committed".into()));
		let found = task(&a_task(RecomputationPhase::Answering));
		assert_eq!(found.task_id, u64::MAX.to_string());
		assert_eq!(found.seed, Some(format!("0x{}", "ab".repeat(32))));
		assert_eq!(found.subject, serde_json::json!({ "round": { "domain": 4, "number": 1 } }));
	}

	#[test]
	fn secrets_and_quorums_are_counted_while_they_are_pending() {
		let tasks = [
			RecomputationPhase::Drawing,
			RecomputationPhase::Answering,
			RecomputationPhase::Revealing,
			RecomputationPhase::Challenge,
		];
		let found = security(Head { number: 7, hash: [9; 32] }, &[a_round(), a_round()], &tasks.map(a_task));
		let finalized_hash = format!("0x{}", "09".repeat(32));
		assert_eq!(found, Security { finalized_height: 7, finalized_hash, pending_commitments: 4, pending_quorums: 2 });
	}

	#[test]
	fn an_evaluator_is_late_once_its_phase_is_over() {
		use RecomputationPhase::{Answering, Challenge, Revealing};
		let state =
			|phase, committed, revealed| seat_state(phase, &EvaluatorSeatView { who: Account([1; 32]), committed, revealed });
		assert_eq!(state(Answering, false, false), SeatState::Awaited);
		assert_eq!(state(Answering, true, false), SeatState::Committed);
		assert_eq!(state(Revealing, false, false), SeatState::Missed, "it did not commit");
		assert_eq!(state(Revealing, true, false), SeatState::Committed);
		assert_eq!(state(Challenge, true, false), SeatState::Missed, "it did not reveal");
		assert_eq!(state(Challenge, true, true), SeatState::Revealed);
	}

	#[test]
	fn the_shares_of_a_work_block_are_those_of_the_runtime() {
		assert_eq!(emission(), Emission { optimizers: 650_000, evaluators: 300_000, validators: 50_000 });
	}

	#[test]
	fn the_difficulty_has_times_in_seconds() {
		let state = WorkDifficulty { threshold: u64::MAX, spacing: 3 << 15, seals: 7, target_ms: 600_000, slot_ms: 6_000 };
		let expected = Difficulty {
			threshold: u64::MAX.to_string(),
			target_block_time: 600,
			ema_block_time: 9,
			blocks_in_epoch: 7,
			epoch_length: 100,
		};
		assert_eq!(difficulty(&state), expected);
	}

	fn progress(domain: u32, state: SearchState) -> SearchProgress {
		SearchProgress {
			domain,
			account: Account([domain as u8; 32]),
			state,
			generation: 3,
			stage: 2,
			stages: 4,
			bracket_stage: 1,
			bracket_stages: 3,
			population: 24,
			epoch: 40,
			total_epochs: 640,
			candidates: 90,
			per_hour: Some(12),
			best: Some(500_000),
			champion: None,
			pool: 2,
			immigrants: 1,
			remaining_ms: Some(900),
			since_ms: 5,
			devices: vec!["CPU".into()],
		}
	}

	#[test]
	fn the_first_search_that_trains_is_repeated_beside_the_list() {
		use SearchState::{Stopped, Training as Trains, Waiting};
		let found = training(vec![progress(1, Waiting), progress(2, Trains), progress(3, Trains)]);
		assert_eq!((found.active, found.domain_id, found.epoch, found.best), (true, Some(2), 40, Some(500_000)));
		assert_eq!((found.round, found.stage, found.total_stages), (3, 2, 4));
		assert_eq!((found.val_loss, found.champion_loss), (Some(500_000), None));
		assert_eq!((found.searches[1].bracket_stage, found.searches[1].bracket_stages), (1, 3));
		let states: Vec<(u32, &str)> = found.searches.iter().map(|one| (one.domain_id, one.state.as_str())).collect();
		assert_eq!(states, [(1, "waiting"), (2, "training"), (3, "training")]);
		assert_eq!(found.searches[1].peer_id, Account([2; 32]).to_string());
		let found = training(vec![progress(1, Stopped)]);
		assert_eq!((found.active, found.domain_id, found.searches.len()), (false, None, 1));
		assert_eq!(training(Vec::new()), Training::default());
	}

	#[test]
	fn a_round_begins_with_its_commits() {
		let params = RoundParams::DEV;
		let begins = round(&RoundView { round: RoundId { domain: 0, number: 2 }, ..a_round() }, &params).commit_from;
		assert_eq!(begins, 34);
		assert_eq!(params.place(0, begins).round.number, 2);
	}
}
