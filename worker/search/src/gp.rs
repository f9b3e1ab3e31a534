//! Genetic programming of loss genomes: regularised evolution (Real et al., "Regularized evolution for image classifier architecture
//! search", 2019) of linear programs.
//!
//! A child of the two best of a tournament replaces the oldest member. Most children are evaluated on a part of the training runs
//! first, and only the best third of the latest ones on all of them (Li et al., "A system for massively parallel hyperparameter tuning",
//! 2020). Of equal fitnesses the shorter program is better (Luke & Panait, "Lexicographic parsimony pressure", 2002), instructions
//! whose results nothing reads are removed, and no child has more instructions than the configuration admits.
//!
//! A child that no domain admits, that costs too much, or whose function equals that of an earlier one on the probe, is not asked.

use crate::{
	algorithm::Algorithm,
	memory::Memory,
	program::{self, Form, Slot, CONSTANT, FORMS, JUMP_IF, OP, READ, REFERENCES, RETURNS, SKIP, SLOTS, TO},
	random::Random,
	Individual, SearchError, Trial,
};
use blake2::{digest::consts::U8, Blake2b, Digest};
use doin_scoring::genome::{
	code::{Operand, REGISTERS, RESULT, SCORES, TRUTH},
	fixed::ONE,
	library, probe, Genome,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// Attempts to breed a new function.
const ATTEMPTS: usize = 1_000;
/// Latest fitnesses of parts of the runs that a new one is compared with.
const RECENT: usize = 48;
/// One in so many of them is evaluated on all runs.
const PROMOTED: usize = 3;
/// One child in so many is the best individual with another constant.
const TUNED: u32 = 8;
/// Largest constant in absolute value that is bred.
const MOST_CONSTANT: i64 = 100 << 16;
/// Most edits of one mutation.
const MOST_EDITS: usize = 8;

/// Configuration of genetic programming.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpConfig {
	/// Number of living members, at least 4.
	pub population: usize,
	/// Number of members that are compared to select two parents, at least 2 and at most `population`.
	pub tournament: usize,
	/// Rate of children with two parents, per thousand.
	pub crossover: u16,
	/// Most instructions of a child before its return, 1 to 63.
	pub instructions: usize,
	/// Divisor of the training runs that a child is evaluated on first, 1 to 64; with 1, it is evaluated on all of them at once.
	pub divisor: u32,
	/// Samples of a batch, which the cost of a genome depends on.
	pub samples: u16,
	/// Classes of the samples.
	pub classes: u16,
	/// Most multiply-accumulates of a genome per entry of a batch.
	pub entry_macs: u64,
	/// Seed of the random streams.
	pub seed: u64,
}

impl Default for GpConfig {
	fn default() -> Self {
		Self {
			population: 48,
			tournament: 6,
			crossover: 500,
			instructions: 20,
			divisor: 4,
			samples: 32,
			classes: 10,
			entry_macs: u64::MAX,
			seed: 0,
		}
	}
}

/// Genetic programming of loss genomes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gp {
	config: GpConfig,
	memory: Memory,
	/// Members, the oldest first.
	members: VecDeque<Individual>,
	/// Candidates that are evaluated on all runs next.
	promoted: VecDeque<Vec<i64>>,
	/// Latest fitnesses of parts of the runs.
	recent: VecDeque<u64>,
	/// Hashes of the functions that were drawn.
	functions: BTreeSet<u64>,
	/// Built-in genomes that were drawn.
	begun: usize,
	/// Candidates that were evaluated on all runs.
	told: usize,
}

impl Gp {
	/// Returns a search of all genomes that cost at most as much as `config` admits.
	///
	/// # Errors
	/// Returns [`SearchError::Config`] if a field of `config` is out of the range in its documentation.
	pub fn new(config: GpConfig) -> Result<Self, SearchError> {
		let GpConfig { population, tournament, crossover, instructions, divisor, .. } = config;
		let refuse = |field, value, expected| Err(SearchError::Config { field, value, expected });
		if population < 4 {
			return refuse("population", population, "at least 4");
		}
		if !(2..=population).contains(&tournament) {
			return refuse("tournament", tournament, "at least 2, and at most the population");
		}
		if crossover > 1000 {
			return refuse("crossover", crossover.into(), "a rate per thousand, at most 1000");
		}
		if !(1..=SLOTS).contains(&instructions) {
			return refuse("instructions", instructions, "1 to 63");
		}
		if !(1..=64).contains(&divisor) {
			return refuse("divisor", divisor as usize, "1 to 64");
		}
		Ok(Self {
			memory: Memory::new(program::space()?, config.seed),
			config,
			members: VecDeque::new(),
			promoted: VecDeque::new(),
			recent: VecDeque::new(),
			functions: BTreeSet::new(),
			begun: 0,
			told: 0,
		})
	}

	/// Returns the genes of a candidate whose function is new.
	fn draw(&mut self) -> Option<Vec<i64>> {
		let mut random = self.memory.random();
		for _ in 0..ATTEMPTS {
			let child = self.child(&mut random);
			let genes = program::point(&tidied(child), &self.memory.space);
			if !self.memory.is_seen(&genes) && self.is_new(&genes) {
				self.memory.note_drawn(&genes);
				return Some(genes);
			}
		}
		None
	}

	/// Returns `true` if a point is an admitted genome whose function was not drawn before, and notes the function.
	fn is_new(&mut self, genes: &[i64]) -> bool {
		let Ok(genome) = program::genome(genes) else { return false };
		let is_cheap = genome.entry_cost(self.config.samples, self.config.classes) <= self.config.entry_macs;
		is_cheap && genome.check().is_ok() && self.functions.insert(fingerprint(&genome))
	}

	/// Returns the slots of a child.
	fn child(&self, random: &mut Random) -> Vec<Slot> {
		if self.members.len() < self.config.population {
			return self.founder(random);
		}
		if random.below(TUNED) == 0 {
			if let Some(child) = self.memory.best().and_then(|best| tuned(program::slots(&best.genes), random)) {
				return child;
			}
		}
		let [one, other] = self.pair(random).map(|parent| program::slots(&parent.genes));
		let mut child = if random.chance(self.config.crossover) { crossed(&one, &other, random) } else { one };
		child.truncate(self.config.instructions);
		mutate(&mut child, self.config.instructions, random);
		child
	}

	/// Returns a built-in genome with many edits, or a random one.
	fn founder(&self, random: &mut Random) -> Vec<Slot> {
		let built_in = library::baselines();
		let mut slots = match random.below(built_in.len() as u32 + 1) as usize {
			at if at < built_in.len() => program::genes(&built_in[at].1).map(|genes| program::slots(&genes)).unwrap_or_default(),
			_ => Vec::new(),
		};
		slots.truncate(self.config.instructions);
		for _ in 0..=random.below(4) {
			mutate(&mut slots, self.config.instructions, random);
		}
		slots
	}

	/// Returns the two best of a tournament, the best one first.
	fn pair(&self, random: &mut Random) -> [&Individual; 2] {
		let count = self.members.len() as u32;
		let mut drawn: Vec<&Individual> =
			(0..self.config.tournament).map(|_| &self.members[random.below(count) as usize]).collect();
		drawn.sort_by_cached_key(|member| (member.fitness, length(&member.genes)));
		[drawn[0], drawn[1]]
	}

	/// Adds the youngest member. The oldest one that is not the best leaves.
	fn enter(&mut self, individual: Individual) {
		self.members.retain(|member| member.genes != individual.genes);
		self.members.push_back(individual);
		if self.members.len() > self.config.population {
			let best = self.memory.best().map(|best| &best.genes);
			let leaving = self.members.iter().position(|member| Some(&member.genes) != best);
			self.members.remove(leaving.unwrap_or(0));
		}
	}
}

impl Algorithm for Gp {
	type Config = GpConfig;

	fn label(&self) -> &'static str {
		"gp"
	}

	fn config(&self) -> &GpConfig {
		&self.config
	}

	fn memory(&self) -> &Memory {
		&self.memory
	}

	fn memory_mut(&mut self) -> &mut Memory {
		&mut self.memory
	}

	fn draw_trial(&mut self) -> Option<Trial> {
		if let Some(genes) = self.promoted.pop_front() {
			return Some(Trial::whole(genes));
		}
		while let Some((_, genome)) = library::baselines().get(self.begun) {
			self.begun += 1;
			let genes = program::genes(genome).filter(|genes| !self.memory.is_seen(genes) && self.is_new(genes));
			if let Some(genes) = genes {
				return Some(Trial::whole(genes));
			}
		}
		self.draw().map(|genes| Trial { genes, divisor: self.config.divisor })
	}

	fn take(&mut self, individual: Individual, divisor: u32, _is_best: bool) {
		if divisor == 1 {
			self.told += 1;
			self.enter(individual);
			return;
		}
		let better = self.recent.iter().filter(|fitness| **fitness < individual.fitness).count();
		if individual.fitness < u64::MAX && better <= self.recent.len() / PROMOTED {
			self.promoted.push_back(individual.genes);
		}
		self.recent.push_back(individual.fitness);
		if self.recent.len() > RECENT {
			self.recent.pop_front();
		}
	}

	fn correct(&mut self, individual: &Individual, divisor: u32) -> bool {
		let known = self.members.iter_mut().find(|member| divisor == 1 && member.genes == individual.genes);
		match known {
			Some(member) => {
				member.fitness = individual.fitness;
				true
			}
			None => false,
		}
	}

	fn join(&mut self, individual: Individual, _is_best: bool) {
		if let Ok(genome) = program::genome(&individual.genes) {
			self.functions.insert(fingerprint(&genome));
		}
		self.enter(individual);
	}

	fn generations(&self) -> usize {
		self.told / self.config.population
	}

	fn breeding(&self) -> Vec<&Individual> {
		let mut members: Vec<&Individual> = self.members.iter().collect();
		members.sort_by(|one, other| one.best_first(other));
		members
	}

	fn living(&self) -> Vec<(&Individual, u32)> {
		self.members.iter().map(|member| (member, 1)).collect()
	}
}

/// Returns the hash of loss and gradient of a genome on the probe.
fn fingerprint(genome: &Genome) -> u64 {
	u64::from_le_bytes(Blake2b::<U8>::digest(probe::bytes(genome)).into())
}

/// Returns the number of instructions of a point.
fn length(genes: &[i64]) -> usize {
	program::slots(genes).len()
}

/// Returns the slots without instructions whose results nothing reads. A genome with jumps stays as it is.
///
/// An instruction whose shapes do not fit writes nothing, so an earlier result in the same register counts as read.
fn tidied(slots: Vec<Slot>) -> Vec<Slot> {
	if slots.iter().any(|slot| slot[OP] == JUMP_IF) {
		return slots;
	}
	let end = slots.iter().position(|slot| slot[OP] == RETURNS).map_or(slots.len(), |at| at + 1);
	let mut read = [false; REGISTERS as usize];
	read[usize::from(RESULT)] = true;
	let mut kept = Vec::new();
	for slot in slots.into_iter().take(end).rev() {
		let Some(form) = Form::numbered(slot[OP]) else { continue };
		let is_read = !form.operands().contains(&Operand::Write) || read[slot[TO] as usize];
		if is_read {
			for place in form.places().filter(|place| (READ..TO).contains(place)) {
				// Special registers are no registers that an instruction writes.
				if let Some(read) = read.get_mut(slot[place] as usize) {
					*read = true;
				}
			}
			kept.push(slot);
		}
	}
	kept.reverse();
	kept
}

/// Returns slots of two parents: cut once, cut twice, or mixed slot by slot.
fn crossed(one: &[Slot], other: &[Slot], random: &mut Random) -> Vec<Slot> {
	let mut place = |slots: &[Slot]| random.below(slots.len() as u32 + 1) as usize;
	let (a, b) = (place(one), place(other));
	let (c, d) = (place(one), place(other));
	match random.below(3) {
		0 => [&one[..a], &other[b..]].concat(),
		1 => [&one[..a.min(c)], &other[b.min(d)..b.max(d)], &one[a.max(c)..]].concat(),
		_ => {
			let mut child = one.to_vec();
			for (slot, theirs) in child.iter_mut().zip(other) {
				if random.below(2) == 1 {
					*slot = *theirs;
				}
			}
			child
		}
	}
}

/// Returns the slots with one constant changed; `None` if they have none.
fn tuned(mut slots: Vec<Slot>, random: &mut Random) -> Option<Vec<Slot>> {
	let has_constant = |slot: &Slot| Form::numbered(slot[OP]).is_some_and(|form| form.operands().contains(&Operand::Constant));
	let places: Vec<usize> = (0..slots.len()).filter(|at| has_constant(&slots[*at])).collect();
	let at = *places.get(random.below(places.len() as u32) as usize)?;
	slots[at][CONSTANT] = moved(slots[at][CONSTANT], random);
	Some(slots)
}

/// Returns a constant near `constant`, by a step whose magnitude is distributed evenly over all powers of two.
fn moved(constant: i64, random: &mut Random) -> i64 {
	let step = random.step(4 * ONE as u64) as i64;
	let moved = if random.below(2) == 1 { constant + step } else { constant - step };
	moved.clamp(-MOST_CONSTANT, MOST_CONSTANT)
}

/// Makes at least one edit: another instruction of the same operands, another operand, an insertion, a removal, or an exchange.
fn mutate(slots: &mut Vec<Slot>, most: usize, random: &mut Random) {
	for edit in 0..MOST_EDITS {
		if edit > 0 && !random.chance(300) {
			break;
		}
		let at = random.below(slots.len() as u32) as usize;
		match random.below(5) {
			_ if slots.is_empty() => {
				let slot = drawn(&[], 0, random);
				slots.push(slot);
			}
			0 => exchange_form(&mut slots[at], random),
			1 => {
				if let Some((place, value)) = operand(slots, at, random) {
					slots[at][place] = value;
				}
			}
			2 if slots.len() < most => {
				let place = random.below(slots.len() as u32 + 1) as usize;
				let slot = drawn(slots, place, random);
				slots.insert(place, slot);
			}
			3 => {
				slots.remove(at);
			}
			_ => {
				let other = random.below(slots.len() as u32) as usize;
				slots.swap(at, other);
			}
		}
	}
}

/// Replaces the instruction of a slot by another one with operands of the same kinds.
fn exchange_form(slot: &mut Slot, random: &mut Random) {
	let Some(form) = Form::numbered(slot[OP]) else { return };
	let kinds = |form: &Form| form.operands().iter().map(std::mem::discriminant).collect::<Vec<_>>();
	let own = kinds(&form);
	let others: Vec<i64> = FORMS.iter().zip(1..).filter(|(other, _)| kinds(other) == own).map(|(_, number)| number).collect();
	if let Some(other) = others.get(random.below(others.len() as u32) as usize) {
		slot[OP] = *other;
	}
}

/// Returns the place and the new value of an operand of slot `at`; `None` if it has none.
fn operand(slots: &[Slot], at: usize, random: &mut Random) -> Option<(usize, i64)> {
	let places: Vec<usize> = Form::numbered(slots[at][OP])?.places().collect();
	let place = *places.get(random.below(places.len() as u32) as usize)?;
	let value = match place {
		TO => written(random),
		CONSTANT => moved(slots[at][CONSTANT], random),
		SKIP => 1 + i64::from(random.below(4)),
		_ => readable(&slots[..at], random),
	};
	Some((place, value))
}

/// Returns a random instruction for place `at`.
fn drawn(slots: &[Slot], at: usize, random: &mut Random) -> Slot {
	// One in 64 is a jump.
	let op = if random.below(64) == 0 { JUMP_IF } else { 1 + i64::from(random.below(FORMS.len() as u32)) };
	let before = &slots[..at];
	let constant = constant(random);
	let [x, y, z] = [(); 3].map(|()| readable(before, random));
	[op, x, y, z, written(random), constant, 1 + i64::from(random.below(4))]
}

/// Returns a constant of either sign whose magnitude is distributed evenly over the powers of two from 1/16 to 16, since factors above 1
/// sharpen a softmax, and those below 1 soften it.
fn constant(random: &mut Random) -> i64 {
	let least = i64::from(ONE >> 4) << random.below(8);
	let magnitude = least + random.up_to(least as u64) as i64;
	if random.below(2) == 1 {
		magnitude
	} else {
		-magnitude
	}
}

/// Returns a register that an instruction writes: 1 to 9, the result most often.
fn written(random: &mut Random) -> i64 {
	if random.below(4) == 0 {
		RESULT.into()
	} else {
		1 + i64::from(random.below(RESULT.into()))
	}
}

/// Returns an operand that is read behind `before`: mostly results of these instructions, the scores and the actual classes.
fn readable(before: &[Slot], random: &mut Random) -> i64 {
	let special = |number: u8| i64::from(REGISTERS) + i64::from(number);
	let writes = |slot: &&Slot| Form::numbered(slot[OP]).is_some_and(|form| form.operands().contains(&Operand::Write));
	let results: Vec<i64> = before.iter().filter(writes).map(|slot| slot[TO]).collect();
	match random.below(16) {
		0..=8 if !results.is_empty() => results[random.below(results.len() as u32) as usize],
		0..=12 => special(SCORES),
		13 | 14 => special(TRUTH),
		_ => i64::from(random.below(REFERENCES)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{Migrant, Optimizer};
	use doin_scoring::genome::json;

	fn search(seed: u64) -> Gp {
		Gp::new(GpConfig { population: 24, seed, ..GpConfig::default() }).unwrap()
	}

	/// Returns the distance of the loss on the probe from twice that of the cross-entropy.
	fn distance(genes: &[i64]) -> u64 {
		let loss = |genome: &Genome| i64::from(probe::gradient(genome).loss);
		let wanted = 2 * loss(&library::cross_entropy());
		loss(&program::genome(genes).unwrap()).abs_diff(wanted)
	}

	/// Evaluates `count` trials, and returns them.
	fn drive(search: &mut Gp, count: usize) -> Vec<Trial> {
		let mut all = Vec::new();
		while all.len() < count {
			for trial in search.ask(5.min(count - all.len())) {
				search.tell(&trial, distance(&trial.genes)).unwrap();
				all.push(trial);
			}
		}
		all
	}

	#[test]
	fn it_finds_a_function_that_is_better_than_the_built_in_ones() {
		for seed in 0..3 {
			let mut gp = search(seed);
			let first = drive(&mut gp, 2);
			let built_in = first.iter().map(|trial| distance(&trial.genes)).min().unwrap();
			drive(&mut gp, 3_000);
			let best = gp.best().unwrap();
			assert!(best.fitness < built_in / 20, "{seed}: {} of {built_in}", best.fitness);
			assert!(gp.members.iter().any(|member| member.genes == best.genes), "the best one stays");
		}
	}

	#[test]
	fn every_candidate_is_admitted_and_a_function_of_its_own() {
		let mut gp = Gp::new(GpConfig { entry_macs: 700, instructions: 12, ..GpConfig::default() }).unwrap();
		let mut functions = BTreeSet::new();
		for trial in drive(&mut gp, 400).iter().filter(|trial| trial.divisor > 1) {
			let genome = program::genome(&trial.genes).unwrap();
			assert_eq!(genome.check(), Ok(()), "{}", json::print(&genome));
			assert!(genome.instructions.len() <= 13 && genome.entry_cost(32, 10) <= 700);
			assert!(functions.insert(probe::bytes(&genome)), "{}", json::print(&genome));
		}
	}

	#[test]
	fn a_search_is_repeated_by_its_seed_and_goes_on_from_its_checkpoint() {
		let whole = drive(&mut search(3), 300);
		assert_ne!(whole, drive(&mut search(4), 300));
		for before in [0, 5, 120] {
			let mut gp = search(3);
			let mut trials = drive(&mut gp, before);
			let text = serde_json::to_string(&gp.checkpoint()).unwrap();
			let mut restored = search(3);
			restored.restore(&serde_json::from_str(&text).unwrap()).unwrap();
			trials.extend(drive(&mut restored, 300 - before));
			assert_eq!(trials, whole, "{before}");
		}
		let other = Gp::new(GpConfig { population: 25, seed: 3, ..GpConfig::default() }).unwrap().checkpoint();
		assert!(search(3).restore(&other).is_err(), "another configuration");
	}

	#[test]
	fn a_candidate_is_evaluated_on_all_runs_if_it_is_among_the_best_third() {
		let mut gp = search(1);
		let trials = drive(&mut gp, 400);
		let whole = trials.iter().filter(|trial| trial.divisor == 1).count();
		assert!((40..250).contains(&whole), "{whole}");
		for trial in trials.iter().filter(|trial| trial.divisor == 1).skip(2) {
			assert!(trials.contains(&Trial { genes: trial.genes.clone(), divisor: 4 }), "it was evaluated on a part first");
		}
	}

	#[test]
	fn a_champion_of_another_author_is_a_parent_at_once() {
		let mut gp = search(1);
		drive(&mut gp, 60);
		let genes = program::genes(&library::label_smoothing(6_554, 10)).unwrap();
		let migrant = Migrant { genes: gp.space().named(&genes), fitness: 1 };
		gp.inject(&migrant).unwrap();
		assert_eq!(gp.best().map(|best| best.fitness), Some(1));
		assert_eq!(gp.parents().first().map(|parent| &parent.genes), Some(&genes));
	}

	#[test]
	fn instructions_that_nothing_reads_are_removed() {
		let tidy = |text: &str| {
			let genes = program::genes(&json::parse(text).unwrap()).unwrap();
			json::print(&program::genome(&program::point(&tidied(program::slots(&genes)), &program::space().unwrap())).unwrap())
		};
		assert_eq!(tidy("[[8,101,5],[10,101,3],[6,4,6],[1,3,100,9]]"), "[[10,101,3],[1,3,100,9],[453,9]]");
		assert_eq!(tidy("[[10,101,3],[453,3],[9,101,9]]"), "[[10,101,3],[453,3],[453,9]]");
		assert_eq!(tidy("[[8,101,5],[451,101,2],[10,101,9]]"), "[[8,101,5],[451,101,2],[10,101,9],[453,9]]");
	}

	#[test]
	fn fields_out_of_range_are_refused_by_name() {
		let default = GpConfig::default;
		for (name, config) in [
			("population", GpConfig { population: 3, ..default() }),
			("tournament", GpConfig { tournament: 1, ..default() }),
			("tournament", GpConfig { tournament: 49, ..default() }),
			("crossover", GpConfig { crossover: 1001, ..default() }),
			("instructions", GpConfig { instructions: 64, ..default() }),
			("divisor", GpConfig { divisor: 0, ..default() }),
		] {
			assert!(matches!(Gp::new(config), Err(SearchError::Config { field, .. }) if field == name), "{name}");
		}
	}
}
