//! An optimizer that is a program of the user, over the envelope of [`doin_plugin`].
//!
//! | message | params | result |
//! |---|---|---|
//! | `initialize` | `version`, `kind`: `optimizer` | `{"version":1}` |
//! | `configure` | [`Configuration`] | |
//! | `ask` | `count` | `{"trials":[{"genes":{…}}, …]}`, at most `count`, each with a `divisor` of its epochs if only a part is wanted |
//! | `tell` | `genes`, `fitness`, and `again`, `known` or `divisor` | |
//! | `inject` | `genes`, `fitness`, `moved` | |
//! | `checkpoint` | | `{"state":…}`, or the error -32601 of a program that has none |
//! | `restore` | `state` | |
//! | `refused`, `on_generation_start`, `on_generation_end`, `on_between_candidates`, `on_champion_found`: notifications | see the book | |
//!
//! The optimizer keeps what every algorithm keeps: the candidates that were asked or told, and the best one. So a candidate is never
//! evaluated twice, whatever a program proposes, and a program that has failed is started again: with its last checkpoint and all messages
//! since then, or, if it has no checkpoints, with everything that was found. A program whose state depends on its messages alone goes on
//! exactly.

mod found;
mod meta;
mod offers;
mod talk;

use crate::{
	memory::Memory, Checkpoint, Condition, GeneRange, Individual, Injected, Migrant, Optimizer, Scale, SearchError, Space, Trial,
};
use doin_plugin::Limits;
use found::{Found, Known};
pub use meta::{MetaConfig, PluginMeta};
use offers::{divisor_of, offers_of, point_of};
use serde::{Deserialize, Serialize};
use serde_json::{json, Map, Value};
use std::{
	cell::RefCell,
	collections::BTreeSet,
	sync::{atomic::AtomicBool, Arc},
	time::Duration,
};
use talk::{Call, Talk};

/// Name of the algorithm.
const NAME: &str = "program";
/// Target of log events.
const TARGET: &str = "doin::search";
/// Answers in a row without a new candidate after which candidates are drawn at random, or the program is cut off.
const MOST_ANSWERS: usize = 16;

/// A program that searches, and what bounds it.
#[derive(Clone, Debug)]
pub struct PluginConfig {
	/// The program and its arguments.
	pub command: Vec<String>,
	/// Candidates of a generation, at least 1: how often the hooks of generations are called.
	pub population: usize,
	/// Seed, of which the program is given the lower 53 bits.
	pub seed: u64,
	/// Time for each answer.
	pub patience: Duration,
	/// Pause before the second start after a failure; each further one is twice as long.
	pub pause: Duration,
	/// Limits of the program.
	pub limits: Limits,
	/// Ends a wait for the program once it is set.
	pub stop: Arc<AtomicBool>,
}

/// A gene as `configure` describes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gene<'a> {
	name: &'a str,
	/// `integer`, `log` or `category`.
	kind: &'static str,
	lo: i64,
	hi: i64,
	/// Gene and values of it with which this gene is used; always if there is none.
	#[serde(skip_serializing_if = "Option::is_none")]
	used_if: Option<&'a Condition>,
}

impl<'a> From<&'a GeneRange> for Gene<'a> {
	fn from(gene: &'a GeneRange) -> Self {
		let kind = match gene.scale {
			Scale::Linear => "integer",
			Scale::Log => "log",
			Scale::Category => "category",
		};
		Self { name: &gene.name, kind, lo: gene.lo, hi: gene.hi, used_if: gene.used_if.as_ref() }
	}
}

/// Params of `configure`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration<'a> {
	genes: Vec<Gene<'a>>,
	seed: u64,
	population: usize,
}

/// Returns the params of `configure`.
fn configuration(space: &Space, config: &PluginConfig) -> Value {
	let genes = space.genes().iter().map(Gene::from).collect();
	// Fails for maps without text keys only, and there are none.
	serde_json::to_value(Configuration { genes, seed: exact(config.seed), population: config.population }).unwrap_or_default()
}

/// Returns the lower 53 bits of a seed: a number that is exact in every language.
fn exact(seed: u64) -> u64 {
	seed & ((1 << 53) - 1)
}

/// An optimizer that is a program of the user.
#[derive(Debug)]
pub struct PluginOptimizer {
	memory: Memory,
	/// Candidates with their fitness.
	found: Found,
	/// Parts of trainings that the program has asked for.
	parts: BTreeSet<Trial>,
	/// Number of trials that were told.
	told: usize,
	population: usize,
	talk: RefCell<Talk>,
	/// Reason for which the program is not started again.
	stopped: Option<SearchError>,
}

/// Content of a checkpoint.
#[derive(Debug, Serialize, Deserialize)]
struct State {
	memory: Memory,
	found: Found,
	#[serde(default)]
	parts: BTreeSet<Trial>,
	told: usize,
	/// State of the program, as it has answered `checkpoint`.
	program: Option<Value>,
	/// Messages since then.
	calls: Vec<Call>,
}

impl PluginOptimizer {
	/// Starts the program of `config` on `space`.
	///
	/// # Errors
	/// Errors if `population` is 0, or if the program cannot be started or configured.
	pub fn new(space: Space, config: PluginConfig) -> Result<Self, SearchError> {
		if config.population == 0 {
			return Err(SearchError::Config { field: "population", value: 0, expected: "at least 1" });
		}
		let (memory, population) = (Memory::new(space, config.seed), config.population);
		let configuration = configuration(&memory.space, &config);
		let mut talk = Talk::new(config, configuration);
		let found = Found::default();
		talk.start(&Known { space: &memory.space, found: &found })?;
		let parts = BTreeSet::new();
		Ok(Self { memory, found, parts, told: 0, population, talk: RefCell::new(talk), stopped: None })
	}

	/// Asks the program, as often as it is started. `None` if it is cut off, or if the search is stopped.
	fn call<T>(&mut self, method: &'static str, params: Value, read: impl Fn(Value) -> Result<T, String>) -> Option<T> {
		if self.stopped.is_some() {
			return None;
		}
		let known = Known { space: &self.memory.space, found: &self.found };
		match self.talk.get_mut().call(Call::question(method, params), &known, read) {
			Ok(answer) => answer,
			Err(reason) => {
				tracing::error!(target: TARGET, "{reason}");
				self.stopped = Some(reason);
				None
			}
		}
	}

	/// Tells the program something that it does not answer.
	fn notify(&mut self, method: &'static str, params: Value) {
		if self.stopped.is_none() {
			self.talk.get_mut().notify(Call::notification(method, params));
		}
	}

	/// Returns genes with their names, as messages have them.
	fn named(&self, genes: &[i64]) -> Value {
		named(&self.memory.space, genes)
	}

	/// Returns at most `n` new trials of the program. Where it proposes only known ones, the rest is drawn at random.
	fn offered(&mut self, n: usize) -> Vec<Trial> {
		let mut new = Vec::new();
		let (mut barren, mut is_point, mut refusal) = (0, false, None);
		while new.len() < n && barren < MOST_ANSWERS {
			let wanted = n - new.len();
			let read = |answer: Value| offers_of(&answer, "ask", wanted);
			let Some(offers) = self.call("ask", json!({ "count": wanted }), read) else { return new };
			if offers.is_empty() {
				// It waits for fitnesses, or has ended.
				return new;
			}
			let before = new.len();
			for offer in offers {
				let point = point_of(&self.memory.space, &offer);
				match point.and_then(|genes| Ok(Trial { genes, divisor: divisor_of(&offer)? })) {
					Ok(trial) => {
						is_point = true;
						new.extend(self.unknown(trial));
					}
					Err(reason) => {
						self.notify("refused", json!({ "trial": offer, "reason": reason }));
						refusal = Some(reason);
					}
				}
			}
			barren = if new.len() > before { 0 } else { barren + 1 };
		}
		if barren == MOST_ANSWERS {
			match refusal.filter(|_| !is_point) {
				Some(reason) => self.cut_off(&reason),
				// Cores are not left without work while a population converges.
				None => new.extend(self.drawn(n - new.len())),
			}
		}
		new
	}

	/// Returns a trial of the program unless it was seen before. A known fitness of the whole training is told at once, also in place of
	/// that of a part.
	fn unknown(&mut self, trial: Trial) -> Option<Trial> {
		let genes = &trial.genes;
		if let Some(fitness) = self.found.fitness(genes) {
			let params = json!({ "genes": self.named(genes), "fitness": shown(fitness), "known": true });
			self.call("tell", params, |_| Ok(()));
			return None;
		}
		let is_whole = trial.divisor == 1;
		let is_seen = if is_whole { self.memory.is_seen(genes) } else { self.parts.contains(&trial) };
		if is_seen {
			let reason = "duplicate: it is evaluated already, and its fitness is told once";
			self.notify("refused", json!({ "trial": { "genes": self.named(genes) }, "reason": reason }));
			return None;
		}
		if is_whole {
			self.memory.note_drawn(genes);
		} else {
			self.parts.insert(trial.clone());
		}
		Some(trial)
	}

	/// Returns at most `n` points that were never asked, drawn uniformly.
	fn drawn(&mut self, n: usize) -> Vec<Trial> {
		let mut drawn = Vec::new();
		for _ in 0..n {
			let Some(genes) = self.memory.fresh(|space, random| space.sample(random)) else { break };
			self.memory.note_drawn(&genes);
			drawn.push(Trial::whole(genes));
		}
		drawn
	}

	/// Ends the program for good, since it only proposes what is no candidate.
	fn cut_off(&mut self, refusal: &str) {
		let reason = format!(
			"none of its trials in {MOST_ANSWERS} answers is a candidate ({refusal}): test it with `python3 -m doin_plugin.conformance`"
		);
		let error = self.talk.get_mut().cut_off(&reason);
		tracing::error!(target: TARGET, "{error}");
		self.stopped = Some(error);
	}

	/// Calls the hooks that follow a fitness.
	fn hooks(&mut self, individual: &Individual, is_champion: bool) {
		self.told += 1;
		self.notify("on_between_candidates", json!({ "told": self.told, "generation": self.generation() }));
		if is_champion {
			self.champion(individual);
		}
		if self.told.is_multiple_of(self.population) {
			let best = self.best().map(|best| json!({ "genes": self.named(&best.genes), "fitness": shown(best.fitness) }));
			self.notify("on_generation_end", json!({ "generation": self.generation() - 1, "best": best }));
			self.notify("on_generation_start", json!({ "generation": self.generation() }));
		}
	}

	/// Calls the hook of a new best individual.
	fn champion(&mut self, individual: &Individual) {
		let params = json!({ "genes": self.named(&individual.genes), "fitness": shown(individual.fitness) });
		self.notify("on_champion_found", params);
	}
}

/// Returns genes with their names, as messages have them.
fn named(space: &Space, genes: &[i64]) -> Value {
	named_value(space.named(genes))
}

/// Returns names and values of genes as messages have them.
fn named_value(genes: Vec<(String, i64)>) -> Value {
	Value::Object(genes.into_iter().map(|(name, value)| (name, value.into())).collect::<Map<_, _>>())
}

/// Returns a fitness as messages have it: null for a candidate that could not be evaluated.
fn shown(fitness: u64) -> Option<u64> {
	Some(fitness).filter(|fitness| *fitness < u64::MAX)
}

impl Optimizer for PluginOptimizer {
	fn name(&self) -> &'static str {
		NAME
	}

	fn space(&self) -> &Space {
		&self.memory.space
	}

	fn ask(&mut self, n: usize) -> Vec<Trial> {
		let mut asked = Vec::with_capacity(n);
		while asked.len() < n {
			let Some(trial) = self.memory.waiting() else { break };
			self.memory.note_asked(&trial);
			asked.push(trial);
		}
		if asked.len() < n && self.stopped.is_none() {
			for trial in self.offered(n - asked.len()) {
				self.memory.note_asked(&trial);
				asked.push(trial);
			}
		}
		asked
	}

	fn tell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		let individual = Individual { genes: self.memory.note_told(trial)?, fitness };
		let is_whole = trial.divisor == 1;
		let is_champion = is_whole && individual.fitness < u64::MAX && self.memory.enter(&individual);
		let mut params = json!({ "genes": self.named(&individual.genes), "fitness": shown(fitness) });
		if !is_whole {
			params["divisor"] = trial.divisor.into();
		}
		self.call("tell", params, |_| Ok(()));
		if is_whole {
			self.found.enter(individual.clone());
		}
		self.hooks(&individual, is_champion);
		Ok(())
	}

	fn retell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		let genes = self.memory.space.checked(&trial.genes)?;
		if trial.divisor != 1 || self.found.fitness(&genes).is_none() {
			return self.tell(trial, fitness);
		}
		let params = json!({ "genes": self.named(&genes), "fitness": shown(fitness), "again": true });
		self.call("tell", params, |_| Ok(()));
		self.found.enter(Individual { genes: genes.clone(), fitness });
		let least = self.found.iter().min_by_key(|individual| individual.fitness).cloned();
		self.memory.revise(&Individual { genes, fitness }, least);
		Ok(())
	}

	fn suggest(&mut self, genes: &[i64]) -> Result<bool, SearchError> {
		self.memory.suggest(genes)
	}

	fn inject(&mut self, migrant: &Migrant) -> Result<Injected, SearchError> {
		let (individual, injected) = self.memory.receive(migrant)?;
		let is_moved = match injected {
			Injected::Known => return Ok(injected),
			Injected::Moved => true,
			Injected::Joined => false,
		};
		// A migrant that was moved into the bounds has its own fitness soon.
		let is_champion = !is_moved && self.memory.enter(&individual);
		let params = json!({ "genes": self.named(&individual.genes), "fitness": shown(individual.fitness), "moved": is_moved });
		self.call("inject", params, |_| Ok(()));
		if !is_moved {
			self.found.enter(individual.clone());
		}
		if is_champion {
			self.champion(&individual);
		}
		Ok(injected)
	}

	fn best(&self) -> Option<&Individual> {
		self.memory.best()
	}

	fn generation(&self) -> usize {
		self.told / self.population
	}

	fn parents(&self) -> Vec<&Individual> {
		Vec::new()
	}

	fn stopped(&self) -> Option<&SearchError> {
		self.stopped.as_ref()
	}

	fn checkpoint(&self) -> Checkpoint {
		let (program, calls) = self.talk.borrow_mut().state();
		let (memory, found, parts) = (self.memory.clone(), self.found.clone(), self.parts.clone());
		Checkpoint::of(NAME, &State { memory, found, parts, told: self.told, program, calls })
	}

	fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SearchError> {
		let State { mut memory, found, parts, told, program, calls } = checkpoint.read(NAME)?;
		memory.resume(&self.memory)?;
		let mut talk = self.talk.get_mut().anew(program, calls);
		let known = Known { space: &memory.space, found: &found };
		talk.start(&known).map_err(|error| SearchError::Checkpoint { reason: error.to_string() })?;
		*self = Self { memory, found, parts, told, population: self.population, talk: RefCell::new(talk), stopped: None };
		Ok(())
	}
}

#[cfg(all(test, unix))]
mod tests;
