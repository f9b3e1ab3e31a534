//! Built-in genomes: the losses that every domain of genomes starts from.

use super::{Genome, Instruction};
use alloc::{vec, vec::Vec};

/// Returns the genome of these codes and operands. Instructions that do not exist are left out, so a list of this module must
/// not have any; the tests compare the lengths.
fn genome(list: &[(u16, &[i32])]) -> Genome {
	let instructions: Vec<Instruction> =
		list.iter().filter_map(|(code, values)| Instruction::new(*code, values.to_vec()).ok()).collect();
	Genome::new(instructions)
}

/// Number of instructions of [`cross_entropy`].
pub const CROSS_ENTROPY_LEN: usize = 8;
/// Number of instructions of [`squared_error`].
pub const SQUARED_ERROR_LEN: usize = 4;

/// Returns the cross-entropy of the softmax of the scores.
pub fn cross_entropy() -> Genome {
	genome(&[
		(100, &[1, 0]),
		(100, &[2, 1]),
		(253, &[2, 3]),
		(7, &[3, 3]),
		(3, &[1, 3, 3]),
		(200, &[3, -1, 3]),
		(11, &[3, 9]),
		(453, &[9]),
	])
}

/// Returns the mean squared error of the scores.
pub fn squared_error() -> Genome {
	genome(&[(100, &[1, 0]), (100, &[2, 1]), (350, &[2, 1, 9]), (453, &[9])])
}

/// Returns the cross-entropy with smoothed labels (Szegedy et al., "Rethinking the Inception architecture for computer vision",
/// 2016): each label gives a part `smoothing`, Q16, to all of `classes` classes.
pub fn label_smoothing(smoothing: i32, classes: u16) -> Genome {
	let each = smoothing.checked_div(classes.into()).unwrap_or(0);
	let mut smoothed = genome(&[
		(100, &[1, 0]),
		(100, &[2, 1]),
		(21, &[1, super::fixed::ONE.saturating_sub(smoothing), 1]),
		(20, &[1, each, 1]),
	]);
	smoothed.instructions.extend(cross_entropy().instructions.into_iter().skip(2));
	smoothed
}

/// Returns the built-in genomes with their names, in the order in which the better one becomes the initial champion of a domain.
pub fn baselines() -> [(&'static str, Genome); 2] {
	[("cross-entropy", cross_entropy()), ("squared error", squared_error())]
}

/// Returns a genome that is as long as one can be, whose instructions are all of one code with these operands but for the first
/// and the last ones: a case for measurements.
pub fn longest(code: u16, values: Vec<i32>) -> Option<Genome> {
	let repeated = Instruction::new(code, values).ok()?;
	let mut all = cross_entropy();
	let at = all.instructions.len().saturating_sub(1);
	let count = super::MAX_INSTRUCTIONS.saturating_sub(all.instructions.len());
	all.instructions.splice(at..at, vec![repeated; count]);
	Some(all)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn built_in_genomes_are_whole_and_admitted() {
		assert_eq!(cross_entropy().instructions.len(), CROSS_ENTROPY_LEN);
		assert_eq!(squared_error().instructions.len(), SQUARED_ERROR_LEN);
		assert_eq!(label_smoothing(6_554, 10).instructions.len(), CROSS_ENTROPY_LEN + 2);
		for genome in [cross_entropy(), squared_error(), label_smoothing(6_554, 10), longest(8, vec![2, 4]).unwrap()] {
			assert_eq!(genome.check(), Ok(()));
		}
	}
}
