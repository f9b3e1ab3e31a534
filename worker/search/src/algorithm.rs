//! Part that all algorithms have in common: one implementation of [`Optimizer`] for everything that is an [`Algorithm`].
//!
//! An algorithm decides what is drawn, and what becomes of a fitness. Checks of genes, the memory of candidates, trials that wait, the
//! best individual and checkpoints are the same for all of them.

use crate::{
	memory::Memory, optimizer::same_configuration, Checkpoint, Individual, Injected, Migrant, Optimizer, SearchError, Space,
	Trial,
};
use serde::{de::DeserializeOwned, Serialize};
use std::fmt::Debug;

/// An algorithm over a [`Memory`]. Its serialized form is its checkpoint.
pub(crate) trait Algorithm: Serialize + DeserializeOwned + Send {
	/// Configuration, which a checkpoint has to share.
	type Config: PartialEq + Debug;

	/// Returns the name, as a configuration spells it.
	fn label(&self) -> &'static str;

	/// Returns the configuration.
	fn config(&self) -> &Self::Config;

	/// Returns the memory.
	fn memory(&self) -> &Memory;

	/// Returns the memory.
	fn memory_mut(&mut self) -> &mut Memory;

	/// Returns a trial that was not asked or told before. `None` if fitnesses of earlier trials are awaited, or if every point was
	/// visited.
	fn draw_trial(&mut self) -> Option<Trial>;

	/// Takes the fitness of a candidate that was trained for a part of its epochs, `divisor` of the whole; 1 for all of them. The memory
	/// has its best individual already, and `is_best` is set if this is the one.
	fn take(&mut self, individual: Individual, divisor: u32, is_best: bool);

	/// Replaces the fitness of a candidate wherever it is compared by it. Returns `false` if it is compared nowhere.
	fn correct(&mut self, individual: &Individual, divisor: u32) -> bool;

	/// Takes an individual from elsewhere before the next selection. `is_best` is set if it is the best one of the memory.
	fn join(&mut self, individual: Individual, is_best: bool);

	/// Returns the number of complete generations.
	fn generations(&self) -> usize;

	/// Returns the present stage of the bracket, from 1 on, and the number of stages; `None` without successive halving.
	fn halving(&self) -> Option<(usize, usize)> {
		None
	}

	/// Returns the individuals that the next candidates are bred from, best first.
	fn breeding(&self) -> Vec<&Individual>;

	/// Returns the individuals whose fitness others are compared with, each with the divisor of its epochs.
	fn living(&self) -> Vec<(&Individual, u32)>;
}

impl<A: Algorithm> Optimizer for A {
	fn name(&self) -> &'static str {
		self.label()
	}

	fn space(&self) -> &Space {
		&self.memory().space
	}

	fn ask(&mut self, n: usize) -> Vec<Trial> {
		let mut asked = Vec::with_capacity(n);
		while asked.len() < n {
			let trial = match self.memory_mut().waiting() {
				None => self.draw_trial(),
				waiting => waiting,
			};
			let Some(trial) = trial else { break };
			self.memory_mut().note_asked(&trial);
			asked.push(trial);
		}
		asked
	}

	fn tell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		let individual = Individual { genes: self.memory_mut().note_told(trial)?, fitness };
		let is_best = trial.divisor == 1 && self.memory_mut().enter(&individual);
		self.take(individual, trial.divisor, is_best);
		Ok(())
	}

	fn retell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		let individual = Individual { genes: self.memory().space.checked(&trial.genes)?, fitness };
		let is_whole = trial.divisor == 1;
		let is_best = is_whole && self.memory().best().is_some_and(|best| best.genes == individual.genes);
		if !self.correct(&individual, trial.divisor) && !is_best {
			return self.tell(trial, fitness);
		}
		if is_whole {
			let living = self.living();
			let whole = living.into_iter().filter(|(_, divisor)| *divisor == 1).map(|(individual, _)| individual);
			let least = whole.min_by(|one, other| one.best_first(other)).cloned();
			self.memory_mut().revise(&individual, least);
		}
		Ok(())
	}

	fn suggest(&mut self, genes: &[i64]) -> Result<bool, SearchError> {
		self.memory_mut().suggest(genes)
	}

	fn inject(&mut self, migrant: &Migrant) -> Result<Injected, SearchError> {
		let (individual, injected) = self.memory_mut().receive(migrant)?;
		if injected != Injected::Known {
			// The fitness of one that was moved is that of other genes.
			let is_best = injected == Injected::Joined && self.memory_mut().enter(&individual);
			self.join(individual, is_best);
		}
		Ok(injected)
	}

	fn best(&self) -> Option<&Individual> {
		self.memory().best()
	}

	fn generation(&self) -> usize {
		self.generations()
	}

	fn bracket_stage(&self) -> Option<(usize, usize)> {
		self.halving()
	}

	fn parents(&self) -> Vec<&Individual> {
		self.breeding()
	}

	fn compared(&self) -> Vec<Trial> {
		let trial = |(individual, divisor): (&Individual, u32)| Trial { genes: individual.genes.clone(), divisor };
		let mut trials: Vec<Trial> = self.living().into_iter().map(trial).collect();
		trials.sort();
		trials.dedup();
		trials
	}

	fn checkpoint(&self) -> Checkpoint {
		Checkpoint::of(self.label(), self)
	}

	fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SearchError> {
		let mut state: Self = checkpoint.read(self.label())?;
		same_configuration(state.config(), self.config())?;
		state.memory_mut().resume(self.memory())?;
		*self = state;
		Ok(())
	}
}
