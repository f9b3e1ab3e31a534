//! Champions of a domain over time.

use super::{
	chain::{no_champion, unreadable},
	convert,
	facts::{number, text, Database, Facts},
	rungs::Found,
	Answer, SourceError,
};
use crate::shape::{History, PastChampion, RungsState};
use doin_analytics::{Reader, Record, StoreError, MAX_ROWS};
use doin_chain::{Account, Chain, Head, ReadError};
use doin_primitives::{
	domain::INITIAL_LOSS,
	views::{ChampionView, DomainView},
	DomainId, ModelRef,
};
use doin_scoring::verdict::loss;
use serde_json::Value;

/// Reads the champions of a domain, without its rungs.
///
/// # Errors
/// Errors if the domain has no champion, and if chain or database cannot be read.
pub(super) async fn read(chain: &Chain, head: Head, domain: DomainId, database: Option<&Database>) -> Answer<History> {
	let facts = match database {
		Some(database) => Some(database.read(move |reader| Stored::read(reader, domain)).await),
		None => None,
	};
	match facts {
		Some(Ok(facts)) => {
			let stored = Head { number: facts.position.last, hash: facts.position.hash };
			match at_stored(state(chain, stored, domain).await)? {
				Some(state) => Ok(from_facts(&facts, &state)),
				None => of_chain(chain, head, domain).await,
			}
		}
		// The chain alone has the first and the last champion.
		None | Some(Err(SourceError::Unavailable { .. })) => of_chain(chain, head, domain).await,
		Some(Err(error)) => Err(error),
	}
}

/// A domain with its initial and its reigning champion at a block.
struct State {
	view: DomainView<Account>,
	initial: ModelRef,
	reigning: ChampionView<Account>,
}

/// Reads a domain and its champions at a block; `None` if there is none.
async fn state(chain: &Chain, at: Head, domain: DomainId) -> Result<Option<State>, ReadError> {
	let (view, reigning, initial) =
		tokio::try_join!(chain.domain(at, domain), chain.champion(at, domain), chain.initial_champion(at, domain))?;
	Ok(view.zip(reigning).zip(initial).map(|((view, reigning), initial)| State { view, initial, reigning }))
}

/// Returns what was read at the last block of the database; `None` if the domain is younger than the database, or if the node has removed
/// the state of that block.
///
/// # Errors
/// Errors if the node failed in another way: a shorter history would be taken for the whole one.
fn at_stored<T>(read: Result<Option<T>, ReadError>) -> Answer<Option<T>> {
	match read {
		Err(error) if error.is_pruned() => Ok(None),
		read => read.map_err(unreadable),
	}
}

async fn of_chain(chain: &Chain, head: Head, domain: DomainId) -> Answer<History> {
	let state = state(chain, head, domain).await.map_err(unreadable)?.ok_or_else(|| no_champion(domain))?;
	Ok(from_chain(head, &state))
}

impl History {
	/// Adds the rungs.
	pub(super) fn with_rungs(self, Found { state, rungs, error }: Found) -> Self {
		Self { rungs_state: state, rungs, rungs_error: error, ..self }
	}
}

/// Champions of a domain in the database.
struct Stored {
	/// Block of the activation.
	activated: Option<u32>,
	/// Champions, newest first.
	champions: Vec<Record>,
}

impl Stored {
	fn read(reader: &Reader, domain: DomainId) -> Result<Self, StoreError> {
		let summary = reader.summary()?;
		let domains = summary.get("domains").and_then(Value::as_array);
		let is_wanted = |row: &&Record| number(row, "domain_id") == Some(domain);
		let row = domains.into_iter().flatten().filter_map(Value::as_object).find(is_wanted);
		let activated = row.and_then(|row| number(row, "activated_block"));
		Ok(Self { activated, champions: reader.champions(Some(domain), MAX_ROWS)? })
	}
}

fn from_facts(facts: &Facts<Stored>, state: &State) -> History {
	let (State { view, reigning, .. }, first) = (state, initial(state));
	let Stored { activated, champions: stored } = &facts.records;
	let mut champions = vec![PastChampion { block: first.block.or(*activated), ..first }];
	champions.extend(stored.iter().rev().map(|record| past(record, view, reigning)));
	if stored.is_empty() {
		// A round before the first block of the database crowned it.
		champions.extend(reigned(state));
	}
	History {
		at: facts.at(),
		domain_id: view.id,
		rungs_state: RungsState::None,
		rungs_error: None,
		rungs: Vec::new(),
		is_complete: facts.position.first == 0 && stored.len() < MAX_ROWS as usize,
		champions,
	}
}

fn from_chain(head: Head, state: &State) -> History {
	let mut champions = vec![initial(state)];
	champions.extend(reigned(state));
	History {
		at: convert::at(head),
		domain_id: state.view.id,
		rungs_state: RungsState::None,
		rungs_error: None,
		rungs: Vec::new(),
		is_complete: state.reigning.round.is_none(),
		champions,
	}
}

/// Returns the reigning champion, if a round crowned it.
fn reigned(State { view, reigning, .. }: &State) -> Option<PastChampion> {
	reigning.round.map(|round| PastChampion {
		round: Some(round.number),
		block: Some(reigning.block),
		loss: convert::exact(reigning.loss),
		validation_loss: convert::exact(loss(reigning.validation_error, view.initial_validation_error)),
		error: Some(reigning.error.to_string()),
		initial_error: Some(reigning.initial_error.to_string()),
		validation_error: Some(reigning.validation_error.to_string()),
		author: reigning.author.map(|author| author.to_string()),
		model: Some(convert::json(&reigning.model)),
		bytes: Some(reigning.bytes),
		genes: Some(genes(reigning)),
		..PastChampion::default()
	})
}

/// Returns the initial champion. Its block is known while it reigns.
fn initial(State { view, initial, reigning }: &State) -> PastChampion {
	let reigns = reigning.round.is_none();
	PastChampion {
		block: reigns.then_some(reigning.block),
		loss: Some(INITIAL_LOSS.into()),
		validation_loss: Some(INITIAL_LOSS.into()),
		validation_error: Some(view.initial_validation_error.to_string()),
		model: Some(convert::json(initial)),
		..PastChampion::default()
	}
}

/// Returns a champion of the database.
fn past(record: &Record, view: &DomainView<Account>, reigning: &ChampionView<Account>) -> PastChampion {
	let integer = |column: &str| text(record, column)?.parse::<u64>().ok();
	let id = integer("model");
	let reigns = id.is_some_and(|id| reigning.model == ModelRef::Stored(id));
	let verified_by = record.get("verified_by").and_then(Value::as_array);
	PastChampion {
		round: number(record, "round_number"),
		block: number(record, "block_height"),
		timestamp: text(record, "block_timestamp"),
		loss: integer("verified_performance")
			.zip(integer("initial_error"))
			.and_then(|(error, initial)| convert::exact(loss(error, initial))),
		validation_loss: integer("reported_performance")
			.and_then(|error| convert::exact(loss(error, view.initial_validation_error))),
		error: text(record, "verified_performance"),
		initial_error: text(record, "initial_error"),
		validation_error: text(record, "reported_performance"),
		increment: text(record, "increment"),
		effective: text(record, "effective"),
		author: text(record, "optimizer_id"),
		model: id.map(|id| convert::json(&ModelRef::Stored(id))),
		bytes: number(record, "model_bytes"),
		genes: reigns.then(|| genes(reigning)),
		backing: text(record, "backing"),
		verified_by: verified_by.into_iter().flatten().filter_map(|who| who.as_str().map(str::to_owned)).collect(),
	}
}

fn genes(champion: &ChampionView<Account>) -> Vec<String> {
	champion.genes.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_analytics::Position;
	use doin_chain::RequestError;
	use doin_primitives::{EvidenceKind, ProgramKind, RoundId, SizeClass, Status};
	use serde_json::json;

	fn view() -> DomainView<Account> {
		DomainView {
			id: 3,
			name: "d".into(),
			unit: "1".into(),
			program: ProgramKind::Forecast,
			evidence: EvidenceKind::Synthetic,
			status: Status::Active,
			owner: Account([1; 32]),
			weight: 0,
			high_water: 0,
			min_improvement: 10_000,
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

	fn reigning(model: ModelRef, round: Option<u32>) -> ChampionView<Account> {
		ChampionView {
			model,
			author: round.map(|_| Account([2; 32])),
			round: round.map(|number| RoundId { domain: 3, number }),
			block: 90,
			error: 250,
			initial_error: 1_000,
			loss: 1 << 18,
			validation_error: 500,
			genes: vec![i64::MAX],
			bytes: 77,
		}
	}

	fn state(model: ModelRef, round: Option<u32>) -> State {
		State { view: view(), initial: ModelRef::Seasonal, reigning: reigning(model, round) }
	}

	fn facts() -> Facts<Stored> {
		let record = |round: u32, model: &str, error: &str| {
			let row = json!({
				"round_number": round, "block_height": 10 * round, "block_timestamp": "2026-01-01T00:00:00Z", "model": model,
				"optimizer_id": "5G", "verified_performance": error, "initial_error": "1000", "reported_performance": error,
				"increment": "1", "effective": "2", "model_bytes": 70, "backing": "quorum", "verified_by": ["5A", "5B"]
			});
			row.as_object().cloned().unwrap_or_default()
		};
		let position = Position { genesis: [0; 32], first: 0, last: 95, hash: [9; 32] };
		let champions = vec![record(9, "6", "250"), record(4, "5", "500")];
		Facts { position, records: Stored { activated: Some(2), champions } }
	}

	#[test]
	fn champions_are_listed_from_the_initial_one_on() {
		let history = from_facts(&facts(), &state(ModelRef::Stored(6), Some(9)));
		assert_eq!((history.at.number, history.is_complete), (95, true));
		let rounds: Vec<Option<u32>> = history.champions.iter().map(|champion| champion.round).collect();
		assert_eq!(rounds, [None, Some(4), Some(9)]);
		let losses: Vec<Option<u64>> = history.champions.iter().map(|champion| champion.validation_loss).collect();
		assert_eq!(losses, [Some(1 << 20), Some(1 << 19), Some(1 << 18)]);
		let [first, former, last] = &history.champions[..] else { panic!() };
		let seasonal = Some(convert::json(&ModelRef::Seasonal));
		assert_eq!((&first.model, first.block), (&seasonal, Some(2)), "its model, and the block of the activation");
		assert_eq!((former.genes.clone(), last.genes.clone()), (None, Some(vec![i64::MAX.to_string()])));
		assert_eq!((former.verified_by.len(), former.backing.as_deref()), (2, Some("quorum")));
	}

	#[test]
	fn only_a_removed_state_makes_a_history_shorter() {
		let refused = |message: &str| {
			let source = RequestError::Refused { code: 4003, message: message.into(), data: None };
			ReadError::Refused { url: "ws://node:9944".into(), request: "DoinApi_champion".into(), source }
		};
		assert_eq!(at_stored(Ok(Some(7))), Ok(Some(7)));
		assert_eq!(at_stored::<u8>(Ok(None)), Ok(None), "the domain is younger");
		assert_eq!(at_stored::<u8>(Err(refused("State already discarded for 0x07"))), Ok(None));
		let lost = ReadError::NoAnswer {
			url: "ws://node:9944".into(),
			request: "DoinApi_champion".into(),
			source: RequestError::Disconnected,
		};
		for error in [lost, refused("the database is damaged")] {
			let error = at_stored::<u8>(Err(error)).unwrap_err();
			assert!(
				matches!(&error, SourceError::Unavailable { .. }) && error.to_string().contains("DoinApi_champion"),
				"{error}"
			);
		}
	}

	#[test]
	fn facts_that_begin_later_lack_champions() {
		let mut facts = facts();
		facts.position.first = 3;
		facts.records.activated = None;
		let history = from_facts(&facts, &state(ModelRef::Stored(6), Some(9)));
		assert_eq!((history.is_complete, history.champions[0].block), (false, None));
		facts.records.champions.clear();
		let history = from_facts(&facts, &state(ModelRef::Stored(6), Some(9)));
		let rounds: Vec<Option<u32>> = history.champions.iter().map(|champion| champion.round).collect();
		assert_eq!((history.is_complete, rounds), (false, vec![None, Some(9)]), "the chain has the reigning one");
	}

	#[test]
	fn without_a_database_only_the_first_and_the_last_champion_are_known() {
		let head = Head { number: 99, hash: [7; 32] };
		let history = from_chain(head, &state(ModelRef::Stored(6), Some(9)));
		assert_eq!(history.champions[0].model, Some(convert::json(&ModelRef::Seasonal)), "it is dethroned, and known");
		assert_eq!((history.at.number, history.is_complete, history.champions.len()), (99, false, 2));
		assert_eq!(history.champions[1].validation_loss, Some(1 << 19));
		let history = from_chain(head, &state(ModelRef::Seasonal, None));
		assert_eq!((history.is_complete, history.champions.len(), history.champions[0].block), (true, 1, Some(90)));
	}
}
