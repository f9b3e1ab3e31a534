//! Facts of a block: a pure function from its events to rows.

use crate::{
	block::{Block, Event, KnownDomain, RegisteredTarget, RevealedGenes},
	events::*,
	statements as sql,
};
use rusqlite::types::Value as Sql;
use serde::Deserialize;
use serde_json::Value;

/// A change of the database.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
	/// A statement and its parameters.
	Put {
		/// The statement.
		sql: &'static str,
		/// Its parameters.
		values: Vec<Sql>,
	},
	/// The round ended: the facts of its seats, which earlier rows stored, are complete.
	End {
		/// Domain of the round.
		domain: u32,
		/// Number of the round.
		number: u32,
		/// Block of the end.
		block: u32,
	},
	/// The domain reached its target: the summaries of its experiments are complete. Follows the ends of rounds.
	Converged {
		/// The domain.
		domain: u32,
		/// Block in which the target was reached.
		block: u32,
	},
}

/// An event whose fields are not those that its facts need.
#[derive(Debug, thiserror::Error)]
#[error("cannot read event {index}, {event}, of block {block}: update the worker, since the event may be of a later runtime")]
pub struct FactsError {
	/// Number of the block.
	pub block: u32,
	/// Position of the event.
	pub index: u32,
	/// Pallet and name of the event.
	pub event: String,
	/// Field that differs.
	#[source]
	pub cause: serde_json::Error,
}

/// Returns the rows of a block, in the order in which they have to be applied.
///
/// # Errors
/// Errors if an event lacks a field that its facts need.
pub fn facts(block: &Block) -> Result<Vec<Row>, FactsError> {
	let mut facts = Facts {
		block: block.number,
		genes: &block.genes,
		targets: &block.targets,
		rows: Vec::with_capacity(2 * block.events.len() + 1),
		ends: Vec::new(),
	};
	facts.add_block(block);
	block.domains.iter().for_each(|domain| facts.add_known(domain));
	for event in &block.events {
		facts.add_raw(event);
		facts.add_event(event).map_err(|cause| FactsError {
			block: block.number,
			index: event.index,
			event: format!("{}.{}", event.pallet, event.name),
			cause,
		})?;
	}
	facts.ends.sort_by_key(|end| matches!(end, Row::Converged { .. }));
	facts.rows.append(&mut facts.ends);
	Ok(facts.rows)
}

/// Returns the fields of an event.
fn read<'e, T: Deserialize<'e>>(event: &'e Event) -> Result<T, serde_json::Error> {
	T::deserialize(&event.fields)
}

/// Returns a number as a parameter.
fn number(number: impl Into<i64>) -> Sql {
	Sql::Integer(number.into())
}

fn wide(number: u64) -> Sql {
	Int(number.into()).any()
}

/// Returns an optional parameter.
fn option(value: Option<Sql>) -> Sql {
	value.unwrap_or(Sql::Null)
}

/// Returns the identifier of the experiment of an account in a domain.
fn experiment(domain: u32, account: &str) -> String {
	format!("{domain}/{account}")
}

/// Returns bytes as `0x` and hex digits.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// Returns parameters of a statement.
macro_rules! values {
	($($value:expr),* $(,)?) => { vec![$(Sql::from($value)),*] };
}

struct Facts<'b> {
	block: u32,
	genes: &'b [RevealedGenes],
	targets: &'b [RegisteredTarget],
	rows: Vec<Row>,
	/// Rows that follow those of all events.
	ends: Vec<Row>,
}

impl Facts<'_> {
	fn put(&mut self, sql: &'static str, values: Vec<Sql>) {
		self.rows.push(Row::Put { sql, values });
	}

	fn add_block(&mut self, block: &Block) {
		let values = values![
			block.number,
			hex_of(&block.hash),
			hex_of(&block.parent),
			option(block.timestamp.map(wide)),
			block.spec_version,
			block.author.map(|(authority, _)| authority),
			option(block.author.map(|(_, slot)| wide(slot))),
			option(block.work_index.map(wide)),
			option(block.seal.map(|(taken, _)| wide(taken))),
			option(block.seal.map(|(_, threshold)| wide(threshold))),
			block.extrinsics,
			number(i64::try_from(block.events.len()).unwrap_or(i64::MAX)),
		];
		self.put(sql::BLOCK, values);
	}

	/// Adds a domain of the state of the first stored block.
	fn add_known(&mut self, domain: &KnownDomain) {
		let KnownDomain { id, owner, weight, target, champions } = domain;
		let values = values![
			*id,
			owner.clone(),
			*weight,
			*target,
			champions.as_ref().and_then(|known| known.activated_block),
			champions.as_ref().map(|known| text(&known.initial)),
			option(champions.as_ref().map(|known| wide(known.initial_error))),
			champions.as_ref().map(|known| text(&known.champion)),
			option(champions.as_ref().map(|known| wide(known.high_water))),
		];
		self.put(sql::KNOWN_DOMAIN, values);
	}

	fn add_raw(&mut self, event: &Event) {
		let (pallet, name) = (event.pallet.clone(), event.name.clone());
		let values = values![self.block, event.index, event.extrinsic, pallet, name, canonical(&event.fields)];
		self.put(sql::EVENT, values);
	}

	/// Adds a burned amount, unless it is 0.
	fn burn(&mut self, event: &Event, amount: Int, domain: Option<u32>, round: Option<u32>, account: Option<&str>) {
		if amount.0 > 0 {
			let cause = format!("{}.{}", event.pallet, event.name);
			let account = account.map(str::to_owned);
			self.put(sql::BURN, values![self.block, event.index, cause, amount.amount(), domain, round, account]);
		}
	}

	fn burn_in_round(&mut self, event: &Event, amount: Int, round: Round, account: Option<&str>) {
		self.burn(event, amount, Some(round.domain), Some(round.number), account);
	}

	/// Adds the rows of an event.
	fn add_event(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		match event.pallet.as_str() {
			"Optimae" => self.add_seat(event).and_then(|()| self.add_round(event)),
			"Recomputation" => self.add_task(event).and_then(|()| self.add_answer(event)),
			"Domains" | "Gauge" => self.add_domain(event),
			"Work" => self.add_work(event),
			"Evidence" => self.add_evidence(event),
			_ => Ok(()),
		}
	}

	/// Adds the rows of an event of a seat.
	fn add_seat(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		let block = self.block;
		match event.name.as_str() {
			"Committed" => self.add_commit(event, read(event)?),
			"Revealed" => self.add_reveal(read(event)?),
			"Rejected" => {
				let Rejected { round, seat, reason } = read(event)?;
				self.set_status(round, seat, "rejected", Some(text(&reason)));
			}
			"SeatForfeited" => {
				let SeatForfeited { round, seat, who, burned } = read(event)?;
				self.set_status(round, seat, "forfeited", None);
				self.burn_in_round(event, burned, round, Some(&who));
			}
			"SeatExcused" => {
				let SeatExcused { round, seat } = read(event)?;
				self.set_status(round, seat, "excused", None);
			}
			"StakeBurned" => {
				let StakeBurned { round, who, burned } = read(event)?;
				self.burn_in_round(event, burned, round, Some(&who));
			}
			"ClaimDisproved" => {
				let ClaimDisproved { round, seat, challenger, chunk, claimed, computed, burned, reward } = read(event)?;
				let of = values![block, event.index, challenger, round.domain, round.number, seat, chunk, claimed, computed];
				self.put(sql::CLAIM_DISPROVED, of.into_iter().chain([reward, burned].map(Int::amount)).collect());
				self.burn_in_round(event, burned, round, None);
			}
			_ => {}
		}
		Ok(())
	}

	fn set_status(&mut self, round: Round, seat: u32, status: &str, reason: Option<String>) {
		self.put(sql::SEAT_STATUS, values![round.domain, round.number, seat, status.to_owned(), reason]);
	}

	fn add_commit(&mut self, event: &Event, commit: Committed) {
		let Committed { round, seat, who, commitment, fee, burned, hold, stake } = commit;
		let (block, Round { domain, number }) = (self.block, round);
		let id = experiment(domain, &who);
		self.put(sql::DOMAIN, values![domain]);
		self.put(sql::EXPERIMENT, values![id.clone(), domain, who.clone(), block]);
		self.put(sql::ROUND, values![domain, number, block]);
		let amounts = [fee, burned, hold, stake].map(Int::amount);
		let values = values![domain, number, seat, who.clone(), id, block, commitment].into_iter().chain(amounts).collect();
		self.put(sql::SEAT, values);
		self.burn_in_round(event, burned, round, Some(&who));
	}

	fn add_reveal(&mut self, reveal: Revealed) {
		let Revealed { round, seat, who, model, bytes, validation_error, metrics } = reveal;
		let (domain, name) = (round.domain, metrics.optimizer_name());
		let genes = self.genes.iter().find(|revealed| Int(revealed.model.into()) == model);
		let genes = genes.map(|revealed| Value::from(revealed.genes.clone()).to_string());
		let (model, error, millis) = (model.any(), validation_error.any(), metrics.millis.any());
		let values = values![
			domain,
			round.number,
			seat,
			self.block,
			model,
			bytes,
			error,
			metrics.experiment,
			metrics.round,
			millis,
			metrics.config,
			metrics.data,
			name.clone(),
			genes,
		];
		self.put(sql::SEAT_REVEALED, values);
		self.put(sql::OPTIMIZER, values![experiment(domain, &who), name]);
	}

	/// Adds the rows of an event of a round.
	fn add_round(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		match event.name.as_str() {
			"RecomputationRequested" => {
				let RecomputationRequested { round, task } = read(event)?;
				self.put(sql::ROUND_TASK, values![round.domain, round.number, task.any()]);
			}
			"Crowned" => self.add_champion(read(event)?),
			"ContenderDropped" => {
				let ContenderDropped { domain, model, reason } = read(event)?;
				self.put(sql::CONTENDER_DROPPED, values![domain, model.any(), text(&reason)]);
			}
			"CarryPaid" => {
				let CarryPaid { round, increment } = read(event)?;
				self.put(sql::ROUND_CARRY, values![round.domain, round.number, increment.any()]);
			}
			"FeesPaid" => {
				let FeesPaid { round, payees, paid, settler, burned } = read(event)?;
				let amounts = [paid, settler, burned].map(Int::amount);
				let values = values![round.domain, round.number, payees].into_iter().chain(amounts).collect();
				self.put(sql::ROUND_FEES, values);
				self.burn_in_round(event, burned, round, None);
			}
			"RoundUnpaid" => {
				let RoundUnpaid { round, reason } = read(event)?;
				self.put(sql::ROUND_UNPAID, values![round.domain, round.number, text(&reason)]);
			}
			"RoundDecided" => {
				let RoundDecided { round, winner } = read(event)?;
				self.end(round, "decided", winner);
			}
			"RoundVoided" => {
				let RoundVoided { round } = read(event)?;
				self.end(round, "voided", None);
			}
			_ => {}
		}
		Ok(())
	}

	fn end(&mut self, round: Round, result: &str, winner: Option<Int>) {
		let (block, Round { domain, number }) = (self.block, round);
		let winner = option(winner.map(Int::any));
		self.put(sql::ROUND_END, values![domain, number, block, result.to_owned(), winner]);
		self.ends.push(Row::End { domain, number, block });
	}

	fn add_champion(&mut self, crowned: Crowned) {
		let Crowned { round, model, who, error, champion_error, initial_error, upper, increment, effective, carry } = crowned;
		let (block, Round { domain, number }) = (self.block, round);
		let id = format!("{domain}/{number}/{}", model.0);
		self.put(sql::DOMAIN, values![domain]);
		self.put(sql::SEAT_CROWNED, values![domain, model.any(), number]);
		let values = values![
			id,
			domain,
			who.clone(),
			experiment(domain, &who),
			number,
			error.any(),
			effective.any(),
			champion_error.any(),
			model.any(),
			initial_error.any(),
			upper.any(),
			increment.any(),
			carry.any(),
			block,
		];
		self.put(sql::OPTIMUM, values);
	}

	/// Adds the rows of an event of a task.
	fn add_task(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		let block = self.block;
		match event.name.as_str() {
			"TaskOpened" => {
				let TaskOpened { task, subject, domain, target } = read(event)?;
				self.put(sql::TASK, values![task.any(), domain, text(&subject), block, target.any()]);
			}
			"QuorumDrawn" => {
				let QuorumDrawn { task, seed, evaluators } = read(event)?;
				self.put(sql::TASK_DRAWN, values![task.any(), seed]);
				for evaluator in evaluators {
					self.put(sql::ANSWER, values![task.any(), evaluator, block]);
				}
			}
			"Settled" => {
				let Settled { task, settler } = read(event)?;
				self.put(sql::TASK_SETTLED, values![task.any(), block, settler]);
			}
			"TaskReopened" => {
				let TaskReopened { task } = read(event)?;
				self.put(sql::TASK_REOPENED, values![task.any()]);
			}
			"TaskCompleted" => {
				let TaskCompleted { task, backing } = read(event)?;
				self.put(sql::TASK_END, values![task.any(), block, text(&backing), Sql::Null]);
			}
			"TaskVoided" => {
				let TaskVoided { task, reason } = read(event)?;
				self.put(sql::TASK_END, values![task.any(), block, Sql::Null, text(&reason)]);
			}
			_ => {}
		}
		Ok(())
	}

	/// Adds the rows of an event of an evaluator's answer, or of a challenge.
	fn add_answer(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		let block = self.block;
		match event.name.as_str() {
			"SumsCommitted" => {
				let OfEvaluator { task, who } = read(event)?;
				self.put(sql::ANSWER_COMMITTED, values![task.any(), who, block]);
			}
			"SumsRevealed" => {
				let OfEvaluator { task, who } = read(event)?;
				self.put(sql::ANSWER_REVEALED, values![task.any(), who, block]);
			}
			"AnswerMissed" => {
				let AnswerMissed { task, who, excused } = read(event)?;
				self.put(sql::ANSWER_MISSED, values![task.any(), who, block, number(excused)]);
			}
			"ChallengeUpheld" => {
				let ChallengeUpheld { task, challenger, model, chunk, reward } = read(event)?;
				let values = values![block, event.index, challenger, task.any(), model, chunk, reward.amount()];
				self.put(sql::CHALLENGE_UPHELD, values);
			}
			"ChallengeRejected" => {
				let ChallengeRejected { task, challenger, paid, burned } = read(event)?;
				let values = values![block, event.index, challenger.clone(), task.any(), paid.amount(), burned.amount()];
				self.put(sql::CHALLENGE_REJECTED, values);
				self.burn(event, burned, None, None, Some(&challenger));
			}
			_ => {}
		}
		Ok(())
	}

	/// Adds the rows of an event of a domain.
	fn add_domain(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		let block = self.block;
		let names =
			["Registered", "Activated", "ChampionReplaced", "HighWaterRaised", "Converged", "Closed", "Retired", "WeightChanged"];
		if !names.contains(&event.name.as_str()) {
			return Ok(());
		}
		let OfDomain { domain } = read(event)?;
		self.put(sql::DOMAIN, values![domain]);
		match event.name.as_str() {
			"Registered" => {
				let Registered { owner, deposit, fee } = read(event)?;
				let target =
					self.targets.iter().find(|registered| registered.domain == domain).map(|registered| registered.target);
				let values = values![domain, owner.clone(), block, deposit.amount(), fee.amount(), target];
				self.put(sql::REGISTERED, values);
				self.burn(event, fee, Some(domain), None, Some(&owner));
			}
			"Activated" => {
				let Activated { initial, error } = read(event)?;
				self.put(sql::ACTIVATED, values![domain, block, text(&initial), error.any()]);
			}
			"ChampionReplaced" => {
				let ChampionReplaced { model, high_water } = read(event)?;
				self.put(sql::CHAMPION, values![domain, text(&model), high_water.any()]);
			}
			"HighWaterRaised" => {
				let HighWaterRaised { high_water } = read(event)?;
				self.put(sql::HIGH_WATER, values![domain, high_water.any()]);
			}
			"Converged" => {
				let Converged { loss, bounty } = read(event)?;
				self.put(sql::CONVERGED, values![domain, block, loss.any(), bounty.amount()]);
				self.put(sql::EXPERIMENTS_CONVERGED, values![domain, block]);
				self.ends.push(Row::Converged { domain, block });
			}
			"Closed" => self.put(sql::CLOSED, values![domain, block]),
			"Retired" => self.put(sql::RETIRED, values![domain, block]),
			_ => {
				let WeightChanged { to } = read(event)?;
				self.put(sql::WEIGHT, values![domain, to]);
			}
		}
		Ok(())
	}

	/// Adds the rows of an event of work blocks.
	fn add_work(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		let block = self.block;
		match event.name.as_str() {
			"Sealed" => {
				let SealedWork { work_block, taken, threshold, minted, optimizers, evaluators, validators } = read(event)?;
				let amounts = [minted, optimizers, evaluators, validators].map(Int::amount);
				let values = values![work_block.any(), block, taken.any(), threshold.any()].into_iter().chain(amounts).collect();
				self.put(sql::WORK_BLOCK, values);
			}
			"Rewarded" | "RewardForfeited" => {
				let Rewarded { who, amount, role } = read(event)?;
				let is_forfeited = number(event.name == "RewardForfeited");
				self.put(sql::PAYMENT, values![block, event.index, who, text(&role), amount.amount(), is_forfeited]);
			}
			"Paid" => {
				let PaidRound { round, effective, minted, optimizers, evaluators, validators } = read(event)?;
				let amounts = [minted, optimizers, evaluators, validators].map(Int::amount);
				let of = values![block, event.index, round.domain, round.number, effective.any()];
				self.put(sql::PURSE_PAYMENT, of.into_iter().chain(amounts).collect());
			}
			_ => {}
		}
		Ok(())
	}

	/// Adds the burned amounts of sealed evidence.
	fn add_evidence(&mut self, event: &Event) -> Result<(), serde_json::Error> {
		match event.name.as_str() {
			"Missed" => {
				let Missed { round, burned } = read(event)?;
				self.burn_in_round(event, burned, round, None);
			}
			"PurseSpent" => {
				let PurseSpent { round, minted } = read(event)?;
				self.burn_in_round(event, minted, round, None);
			}
			_ => {}
		}
		Ok(())
	}
}
