//! Verdicts of rounds: the candidate that becomes champion, the near miss that stays contender, and the value of an improvement.
//!
//! All functions are pure; pallet `optimae` reads their inputs from storage and applies their results.
//!
//! A verdict compares chunk sums of several models over the windows of one draw. A candidate *passes* if it is better than the
//! champion by the least improvement of the domain with a margin of three standard errors ([`doin_scoring::verdict::paired`]). On
//! public evidence the windows were known in advance, so a margin has no meaning and the error sums are compared directly. Among
//! the candidates that pass, the one with the smallest error sum wins. A candidate with a smaller lead can become *contender*: it
//! is evaluated again in the next rounds, and its sums add up until it passes or expires. While it is undecided, a candidate has
//! to pass against the contender too, so that no copy is crowned in its place. A candidate that passes against the champion only,
//! and that is clearly better than the contender, takes its place: an undecided contender must not keep a better model out.

use crate::{
	domain::DomainState,
	payload::{Sums, MAX_CHUNKS},
	round::MAX_MODELS,
	DomainSpec, EvidenceKind, ModelId, ModelRef, RejectionReason, MILLION, Q32,
};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_scoring::{
	rows::RowTarget,
	verdict::{covered, evidence_chunks, paired, public_test, total, with_evidence, Spread, Terms, MIN_CHUNKS},
	Program,
};
use scale_info::TypeInfo;

/// Number of rounds in which a near miss is evaluated again.
pub const CONTENDER_ROUNDS: u8 = 4;
/// Maximum number of chunk sums that a contender has gathered before its last round.
pub const MAX_GATHERED: u32 = MAX_CHUNKS * CONTENDER_ROUNDS as u32;

/// Chunk sums of one model over several draws, concatenated.
pub type GatheredSums = BoundedVec<u32, ConstU32<MAX_GATHERED>>;

/// Models that a round evaluates. While a round is evaluated, no other round of its domain is, so champion and contender
/// cannot change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Evaluation {
	/// All models, each once: the initial champion, the champion, the contender, then the candidates in order of their seats.
	pub models: BoundedVec<ModelRef, ConstU32<MAX_MODELS>>,
	/// The champion.
	pub champion: ModelRef,
	/// The contender, if the domain has one.
	pub contender: Option<ModelId>,
}

impl Evaluation {
	/// Lists the models of a round, each once. Models beyond [`MAX_MODELS`] are left out; a round has at most that many.
	pub fn new(initial: ModelRef, champion: ModelRef, contender: Option<ModelId>, candidates: &[ModelId]) -> Self {
		let mut models = Vec::new();
		let submitted = contender.iter().chain(candidates).copied().map(ModelRef::Stored);
		for model in [initial, champion].into_iter().chain(submitted) {
			if !models.contains(&model) {
				models.push(model);
			}
		}
		Self { models: BoundedVec::truncate_from(models), champion, contender }
	}

	/// Returns the place of `model` in the list.
	pub fn index(&self, model: &ModelRef) -> Option<usize> {
		self.models.iter().position(|other| other == model)
	}
}

/// Chunk sums of a contender and of the models that it is compared with, over all draws so far.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ContenderSums {
	/// Sums of the initial champion.
	pub initial: GatheredSums,
	/// Sums of the champion.
	pub champion: GatheredSums,
	/// Sums of the contender.
	pub contender: GatheredSums,
}

impl ContenderSums {
	/// Returns the comparison of the contender with the champion over all draws so far.
	pub fn comparison(&self) -> Comparison<'_> {
		Comparison { initial: &self.initial, champion: &self.champion, candidate: &self.contender }
	}
}

/// Near miss that is evaluated again: better than the champion so far, but within the margin of chance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Contender {
	/// The model.
	pub model: ModelId,
	/// Champion that the model was compared with.
	pub champion: ModelRef,
	/// Remaining rounds in which the model is evaluated, 1..=[`CONTENDER_ROUNDS`].
	pub rounds_left: u8,
	/// Chunk sums of all draws so far.
	pub sums: ContenderSums,
}

/// Chunk sums of three models over the same chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
	/// Sums of the initial champion.
	pub initial: &'a [u32],
	/// Sums of the champion.
	pub champion: &'a [u32],
	/// Sums of the candidate.
	pub candidate: &'a [u32],
}

impl Comparison<'_> {
	/// Returns the sums of a contender after this draw, where the candidate is the contender.
	fn appended_to(&self, former: Option<&ContenderSums>) -> ContenderSums {
		let append = |former: Option<&GatheredSums>, new: &[u32]| {
			let former = former.map(|sums| sums.as_slice()).unwrap_or_default();
			GatheredSums::truncate_from(former.iter().chain(new).copied().collect())
		};
		ContenderSums {
			initial: append(former.map(|sums| &sums.initial), self.initial),
			champion: append(former.map(|sums| &sums.champion), self.champion),
			contender: append(former.map(|sums| &sums.contender), self.candidate),
		}
	}
}

/// Improvement of a candidate that passes against the champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Improvement {
	/// Upper bound of the error sum of the candidate.
	pub upper: u64,
	/// Improvement, Q32 bits; 0 on public evidence. One verdict pays at most one bit of it.
	pub raw: Q32,
}

/// Criteria of one domain by which candidates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criteria {
	/// Kind of the evidence of the domain.
	pub evidence: EvidenceKind,
	/// Terms of the paired test.
	pub terms: Terms,
}

impl Criteria {
	/// Returns the criteria of a domain whose high-water mark at this block is `high_water`, Q32 bits.
	pub fn with_high_water(spec: &DomainSpec, high_water: Q32) -> Self {
		let evidence = spec.evidence.kind();
		// Windows of a segment or stream follow each other, so the errors of neighbouring chunks are correlated. Windows that a
		// generator draws are independent, and so are rows, which are dealt by chance, and training runs.
		let spread = match &spec.program {
			Program::Forecast(_) if evidence.is_awaited() => Spread::Neighbours,
			Program::Forecast(_)
			| Program::Rows(_)
			| Program::Quadratic(_)
			| Program::Landscape(_)
			| Program::Tolerance(_)
			| Program::LossGenome(_) => Spread::Independent,
		};
		let half_row = match &spec.program {
			Program::Rows(rows) => matches!(rows.target, RowTarget::Classes(_)),
			Program::LossGenome(_) => true,
			Program::Forecast(_) | Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => false,
		};
		let terms = Terms { min_improvement: spec.min_improvement, high_water, chunks: spec.program.chunks(), spread, half_row };
		Self { evidence, terms }
	}

	/// Returns the criteria after the high-water mark has risen by `rise` Q32 bits.
	pub fn raised_by(self, rise: Q32) -> Self {
		let high_water = self.terms.high_water.saturating_add(rise);
		Self { terms: Terms { high_water, ..self.terms }, ..self }
	}

	/// Returns the improvement of the candidate over the champion, or `None` if the candidate does not pass.
	pub fn improvement(&self, sums: Comparison) -> Option<Improvement> {
		if self.evidence == EvidenceKind::Public {
			let upper = total(sums.candidate);
			let passes = public_test(total(sums.champion), upper, self.terms.min_improvement);
			return passes.then_some(Improvement { upper, raw: 0 });
		}
		let verdict = paired(sums.initial, sums.champion, sums.candidate, &self.terms)?;
		verdict.passes.then_some(Improvement { upper: verdict.upper, raw: verdict.raw })
	}

	/// Returns `true` if the candidate is better than the champion by the least improvement and by one standard error.
	pub fn is_near_miss(&self, sums: Comparison) -> bool {
		let Comparison { initial, champion, candidate } = sums;
		public_test(error_on(initial, champion), error_on(initial, candidate), self.terms.min_improvement)
			&& leads_by_standard_error(champion, candidate)
	}
}

/// Returns the error sum of a model on the chunks with evidence, which the sums of the initial champion mark.
fn error_on(initial: &[u32], sums: &[u32]) -> u64 {
	with_evidence(initial, sums).fold(0, |error: u64, sum| error.saturating_add(sum.into()))
}

/// Returns `true` if the error sum of `candidate` is below that of `champion` by at least one standard error of the difference.
///
/// With `d` the differences per chunk, `D = Σd` and `Q = Σd²`, the standard error of D is `√((n·Q − D²) / (n − 1))`. D reaches
/// it exactly if `D² ≥ Q`. A smaller lead is likely chance, and a contender of widely varying sums would only keep other
/// candidates out.
///
/// ```
/// use doin_primitives::verdict::leads_by_standard_error;
/// assert!(leads_by_standard_error(&[10, 10, 10, 10], &[9, 9, 9, 9]));
/// assert!(!leads_by_standard_error(&[10, 10, 10, 10], &[0, 19, 10, 10]), "a lead of 1, with a standard error of 15");
/// ```
pub fn leads_by_standard_error(champion: &[u32], candidate: &[u32]) -> bool {
	let (mut lead, mut squares) = (0i128, 0i128);
	for (champion, candidate) in champion.iter().zip(candidate) {
		let difference = i128::from(*champion).saturating_sub(i128::from(*candidate));
		lead = lead.saturating_add(difference);
		squares = squares.saturating_add(difference.saturating_mul(difference));
	}
	lead > 0 && lead.saturating_mul(lead) >= squares
}

/// Returns the bar of a domain: the validation error that the claim of a reveal has to undercut by the least improvement. It is
/// the validation error of the best baseline; on public evidence, where the validation split decides the verdict, it is that of
/// the champion.
pub fn bar<AccountId>(evidence: EvidenceKind, state: &DomainState<AccountId>) -> u64 {
	match evidence {
		EvidenceKind::Public => state.champion.validation_error,
		EvidenceKind::Synthetic | EvidenceKind::Sealed | EvidenceKind::Live | EvidenceKind::Drawn => state.bar,
	}
}

/// Returns the effective improvement that work blocks pay for an increment: `increment · weight · evidence value`, the latter two
/// in parts per million, rounded down.
///
/// ```
/// use doin_primitives::{verdict::effective_improvement, MILLION, ONE_Q32};
/// assert_eq!(effective_improvement(ONE_Q32, MILLION / 4, MILLION), ONE_Q32 / 4);
/// ```
pub fn effective_improvement(increment: Q32, weight: u32, evidence_value: u32) -> Q32 {
	/// One, as a product of two parts per million.
	const ONE: u128 = MILLION as u128 * MILLION as u128;
	let rate = u128::from(weight).saturating_mul(evidence_value.into());
	let effective = u128::from(increment).saturating_mul(rate).checked_div(ONE).unwrap_or(0);
	Q32::try_from(effective).unwrap_or(Q32::MAX)
}

/// Model that becomes champion, with the error sums of one draw. For a contender they are means over all its draws, rounded down,
/// so that the errors of champions are comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Winner {
	/// Place in the model list.
	pub index: u8,
	/// The model.
	pub model: ModelId,
	/// Error sum of the model.
	pub error: u64,
	/// Error sum of the former champion on the same windows.
	pub champion_error: u64,
	/// Error sum of the initial champion on the same windows.
	pub initial_error: u64,
	/// Upper bound of the error sum of the model.
	pub upper: u64,
	/// Improvement, Q32 bits, before the limit of one bit per verdict.
	pub raw: Q32,
}

/// Result of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
	/// The new champion, if a model passes.
	pub winner: Option<Winner>,
	/// Contender of the domain after the verdict.
	pub contender: Option<Contender>,
	/// Former contender that neither won nor stays contender.
	pub dropped: Option<Dropped>,
}

/// Contender that was evaluated for the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
	/// The model.
	pub model: ModelId,
	/// Reason: [`Lost`](RejectionReason::Lost) if a candidate took its place, else [`Expired`](RejectionReason::Expired).
	pub reason: RejectionReason,
}

/// Chunk sums of one draw, and everything else that a verdict on them depends on.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
	/// Criteria of the domain.
	pub criteria: Criteria,
	/// Models that were evaluated.
	pub evaluation: &'a Evaluation,
	/// Their chunk sums, in the order of the model list.
	pub sums: &'a Sums,
	/// Contender among the models, with its sums of earlier draws.
	pub contender: Option<&'a Contender>,
}

impl<'a> Draw<'a> {
	/// Returns the chunk sums of a model.
	fn sums_of(&self, model: &ModelRef) -> Option<&'a [u32]> {
		self.sums.get(self.evaluation.index(model)?).map(|sums| sums.as_slice())
	}

	/// Returns the chunk sums of a submitted model.
	pub fn submitted(&self, model: ModelId) -> Option<&'a [u32]> {
		self.sums_of(&ModelRef::Stored(model))
	}

	/// Returns the chunk sums of the initial champion, which is the first of every list.
	fn initial(&self) -> Option<&'a [u32]> {
		self.sums.first().map(|sums| sums.as_slice())
	}

	/// Returns the chunk sums of the champion.
	pub fn champion(&self) -> Option<&'a [u32]> {
		self.sums_of(&self.evaluation.champion)
	}

	/// Returns the bits above the high-water mark that the champion is certain of on this draw, Q32; see [`covered`]. 0 on public
	/// evidence, and where the draw permits no conclusion.
	pub fn cover(&self) -> Q32 {
		match (self.initial(), self.champion()) {
			(Some(initial), Some(champion)) if self.criteria.evidence != EvidenceKind::Public => {
				covered(initial, champion, &self.criteria.terms)
			}
			_ => 0,
		}
	}

	/// Returns the error sum of a submitted model on this draw; the maximum for a model that was not evaluated.
	fn error(&self, model: ModelId) -> u64 {
		let sums = self.initial().zip(self.submitted(model));
		sums.map_or(u64::MAX, |(initial, sums)| error_on(initial, sums))
	}

	/// Returns `true` if the draw permits a conclusion: the initial champion errs on it, and enough chunks have evidence.
	fn is_conclusive(&self, initial: &[u32]) -> bool {
		let enough = self.criteria.evidence == EvidenceKind::Public || evidence_chunks(initial) >= MIN_CHUNKS;
		enough && error_on(initial, initial) > 0
	}

	/// Returns the winner among the contender and `candidates`: the one that passes with the smallest error sum on this draw. On
	/// a tie the contender wins, then the earlier seat. A contender passes on all its draws together; a candidate has to pass
	/// against the contender too.
	pub fn winner(&self, candidates: &[ModelId]) -> Option<Winner> {
		let contender = self.contender.and_then(|contender| self.contender_wins(contender));
		let passing = candidates.iter().filter_map(|model| self.candidate_wins(*model));
		// `min_by_key` returns the first of equal winners.
		contender.into_iter().chain(passing).min_by_key(|winner| self.error(winner.model))
	}

	/// Returns the statistics of the contender if it passes on all its draws together.
	fn contender_wins(&self, contender: &Contender) -> Option<Winner> {
		let sums =
			Comparison { initial: self.initial()?, champion: self.champion()?, candidate: self.submitted(contender.model)? };
		let join = |former: &GatheredSums, new: &[u32]| former.iter().chain(new).copied().collect::<Vec<_>>();
		let (initial, champion, candidate) = (
			join(&contender.sums.initial, sums.initial),
			join(&contender.sums.champion, sums.champion),
			join(&contender.sums.contender, sums.candidate),
		);
		self.wins(contender.model, Comparison { initial: &initial, champion: &champion, candidate: &candidate })
	}

	/// Returns the statistics of a candidate if it passes against the champion and, if there is one, against the contender.
	fn candidate_wins(&self, model: ModelId) -> Option<Winner> {
		let (initial, candidate) = (self.initial()?, self.submitted(model)?);
		if let Some(contender) = self.contender.and_then(|contender| self.submitted(contender.model)) {
			self.criteria.improvement(Comparison { initial, champion: contender, candidate })?;
		}
		self.wins(model, Comparison { initial, champion: self.champion()?, candidate })
	}

	/// Returns the statistics of `model` if it passes on `sums`, which cover one or more draws.
	fn wins(&self, model: ModelId, sums: Comparison) -> Option<Winner> {
		let Improvement { upper, raw } = self.criteria.improvement(sums)?;
		let chunks = self.initial()?.len().max(1);
		let draws = sums.candidate.len().checked_div(chunks).unwrap_or(1).max(1) as u64;
		let mean = |error: u64| error.checked_div(draws).unwrap_or(error);
		Some(Winner {
			index: u8::try_from(self.evaluation.index(&ModelRef::Stored(model))?).ok()?,
			model,
			error: mean(error_on(sums.initial, sums.candidate)),
			champion_error: mean(error_on(sums.initial, sums.champion)),
			initial_error: mean(error_on(sums.initial, sums.initial)),
			upper: mean(upper),
			raw,
		})
	}

	/// Decides a round with these `candidates`. Returns `None` if the draw permits no conclusion: the number of sums differs from
	/// that of the models, the champion was not evaluated, the initial champion makes no error, so that progress has no scale, or
	/// too few chunks have evidence.
	pub fn decide(&self, candidates: &[ModelId]) -> Option<Decision> {
		let former = self.champion()?;
		if self.sums.len() != self.evaluation.models.len() || !self.is_conclusive(self.initial()?) {
			return None;
		}
		let winner = self.winner(candidates);
		let (champion, champion_sums) = match &winner {
			Some(winner) => (ModelRef::Stored(winner.model), self.submitted(winner.model)?),
			None => (self.evaluation.champion, former),
		};
		let not_winner = |contender: &&Contender| champion != ModelRef::Stored(contender.model);
		let beaten = self.contender.filter(not_winner);
		let successor = if winner.is_none() { self.choose_successor(candidates, former) } else { None };
		let replaced = successor.is_some();
		let contender = successor
			.or_else(|| beaten.and_then(|contender| self.keep_contender(contender, champion, champion_sums)))
			.or_else(|| self.choose_contender(candidates, champion, champion_sums));
		let reason = if replaced { RejectionReason::Lost } else { RejectionReason::Expired };
		let dropped = beaten
			.map(|beaten| beaten.model)
			.filter(|model| contender.as_ref().is_none_or(|contender| contender.model != *model))
			.map(|model| Dropped { model, reason });
		Some(Decision { winner, contender, dropped })
	}

	/// Returns the candidate that takes the place of a contender that does not pass: of the candidates that pass against the
	/// champion and are better than the contender on this draw, by the least improvement and one standard error, the one with the
	/// smallest error sum.
	///
	/// The lead over the contender has to be a near miss. Without that condition a copy of the contender with one changed bit,
	/// which passes on a favourable draw, would replace the original with even odds.
	fn choose_successor(&self, candidates: &[ModelId], champion_sums: &[u32]) -> Option<Contender> {
		let contender = self.submitted(self.contender?.model)?;
		let initial = self.initial()?;
		let better = candidates.iter().filter(|model| {
			self.submitted(**model).is_some_and(|candidate| {
				let sums = Comparison { initial, champion: champion_sums, candidate };
				let lead = Comparison { champion: contender, ..sums };
				self.criteria.improvement(sums).is_some() && self.criteria.is_near_miss(lead)
			})
		});
		// `min_by_key` returns the first of equal candidates.
		let model = *better.min_by_key(|model| self.error(**model))?;
		self.new_contender(model, self.evaluation.champion, champion_sums)
	}

	/// Returns `model` as contender against `champion`, with the sums of this draw.
	fn new_contender(&self, model: ModelId, champion: ModelRef, champion_sums: &[u32]) -> Option<Contender> {
		let sums = Comparison { initial: self.initial()?, champion: champion_sums, candidate: self.submitted(model)? };
		Some(Contender { model, champion, rounds_left: CONTENDER_ROUNDS, sums: sums.appended_to(None) })
	}

	/// Returns the contender with the sums of this draw if it is still a near miss and has rounds left. Against a new `champion`
	/// its sums start again with this draw, on which both were evaluated.
	fn keep_contender(&self, contender: &Contender, champion: ModelRef, champion_sums: &[u32]) -> Option<Contender> {
		let former = (contender.champion == champion).then_some(&contender.sums);
		let sums = Comparison { initial: self.initial()?, champion: champion_sums, candidate: self.submitted(contender.model)? }
			.appended_to(former);
		let rounds_left = contender.rounds_left.saturating_sub(1);
		let stays = rounds_left > 0 && self.criteria.is_near_miss(sums.comparison());
		stays.then_some(Contender { model: contender.model, champion, rounds_left, sums })
	}

	/// Returns the next contender: among the candidates that lost by a near miss, the one with the smallest error sum, the
	/// earlier seat on a tie. Public evidence has no contenders, since a second evaluation would have the same result.
	fn choose_contender(&self, candidates: &[ModelId], champion: ModelRef, champion_sums: &[u32]) -> Option<Contender> {
		if self.criteria.evidence == EvidenceKind::Public {
			return None;
		}
		let initial = self.initial()?;
		let near_misses = candidates.iter().filter(|model| {
			let is_near_miss = |candidate| self.criteria.is_near_miss(Comparison { initial, champion: champion_sums, candidate });
			ModelRef::Stored(**model) != champion && self.submitted(**model).is_some_and(is_near_miss)
		});
		// `min_by_key` returns the first of equal near misses.
		let model = *near_misses.min_by_key(|model| self.error(**model))?;
		self.new_contender(model, champion, champion_sums)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::payload::ChunkSums;
	use alloc::vec;
	use doin_scoring::verdict::NO_EVIDENCE;
	use proptest::prelude::*;

	const CHUNKS: usize = 32;
	const TERMS: Terms =
		Terms { min_improvement: 2_000, high_water: 0, chunks: CHUNKS as u16, spread: Spread::Independent, half_row: false };
	const CRITERIA: Criteria = Criteria { evidence: EvidenceKind::Synthetic, terms: TERMS };
	const PUBLIC: Criteria = Criteria { evidence: EvidenceKind::Public, ..CRITERIA };

	/// Returns the evaluation of `candidates` against repeat-last, which is initial champion and champion.
	fn evaluation(contender: Option<ModelId>, candidates: &[ModelId]) -> Evaluation {
		Evaluation::new(ModelRef::RepeatLast, ModelRef::RepeatLast, contender, candidates)
	}

	/// Returns chunk sums of several models.
	fn sums(models: &[Vec<u32>]) -> Sums {
		Sums::truncate_from(models.iter().map(|sums| ChunkSums::truncate_from(sums.clone())).collect())
	}

	/// Returns sums that alternate between `mean + swing` and `mean − swing`.
	fn shaky(mean: u32, swing: u32) -> Vec<u32> {
		(0..CHUNKS).map(|i| if i % 2 == 0 { mean + swing } else { mean - swing }).collect()
	}

	/// Decides a round of candidates 0, 1, … with these sums against a champion of 1 000 per chunk.
	fn decide(criteria: Criteria, candidates: &[Vec<u32>]) -> Decision {
		let ids: Vec<ModelId> = (0..candidates.len() as u64).collect();
		let all: Vec<Vec<u32>> = core::iter::once(vec![1_000; CHUNKS]).chain(candidates.iter().cloned()).collect();
		let (evaluation, sums) = (evaluation(None, &ids), sums(&all));
		Draw { criteria, evaluation: &evaluation, sums: &sums, contender: None }.decide(&ids).expect("the sums are complete")
	}

	#[test]
	fn a_model_list_names_every_model_once() {
		let list = evaluation(Some(3), &[1, 2, 3]);
		assert_eq!(list.models.to_vec(), [ModelRef::RepeatLast, ModelRef::Stored(3), ModelRef::Stored(1), ModelRef::Stored(2)]);
		assert_eq!((list.index(&ModelRef::Stored(1)), list.index(&ModelRef::Seasonal)), (Some(2), None));
		let full = Evaluation::new(ModelRef::RepeatLast, ModelRef::Stored(99), Some(98), &(0..16).collect::<Vec<_>>());
		assert_eq!(full.models.len() as u32, MAX_MODELS);
	}

	#[test]
	fn the_smallest_error_wins_and_the_earlier_seat_on_a_tie() {
		let decision = decide(CRITERIA, &[vec![920; CHUNKS], vec![900; CHUNKS], vec![900; CHUNKS]]);
		let winner = decision.winner.expect("all of them pass");
		assert_eq!((winner.model, winner.index), (1, 2));
		assert_eq!((winner.error, winner.champion_error, winner.initial_error, winner.upper), (28_800, 32_000, 32_000, 28_800));
		assert_eq!(decision.contender, None, "no loser is better than the new champion");
	}

	#[test]
	fn a_near_miss_becomes_contender_and_passes_on_all_its_draws() {
		let first = decide(CRITERIA, &[shaky(970, 100)]);
		assert_eq!(first.winner, None);
		let mut contender = first.contender.expect("three per cent better, by more than one standard error");
		let evaluation = evaluation(Some(0), &[]);
		let sums = sums(&[vec![1_000; CHUNKS], shaky(970, 100)]);
		for rounds_left in [3, 2] {
			let draw = Draw { criteria: CRITERIA, evaluation: &evaluation, sums: &sums, contender: Some(&contender) };
			let decision = draw.decide(&[]).unwrap();
			assert_eq!((decision.winner.clone(), decision.dropped), (None, None));
			contender = decision.contender.expect("undecided");
			assert_eq!(contender.rounds_left, rounds_left);
		}
		let draw = Draw { criteria: CRITERIA, evaluation: &evaluation, sums: &sums, contender: Some(&contender) };
		let decision = draw.decide(&[]).unwrap();
		let winner = decision.winner.expect("four draws suffice");
		assert_eq!((winner.error, winner.initial_error), (970 * 32, 32_000), "means over the draws");
		assert_eq!((decision.contender, decision.dropped), (None, None));
	}

	#[test]
	fn a_contender_expires_when_it_falls_behind_or_has_no_rounds_left() {
		let contender = decide(CRITERIA, &[shaky(980, 100)]).contender.unwrap();
		let evaluation = evaluation(Some(0), &[]);
		let decided = |contender: &Contender, own: Vec<u32>| {
			let sums = sums(&[vec![1_000; CHUNKS], own]);
			Draw { criteria: CRITERIA, evaluation: &evaluation, sums: &sums, contender: Some(contender) }.decide(&[]).unwrap()
		};
		let expired = Some(Dropped { model: 0, reason: RejectionReason::Expired });
		assert_eq!(decided(&contender, vec![1_100; CHUNKS]).dropped, expired);
		let last = Contender { rounds_left: 1, ..contender.clone() };
		assert_eq!(decided(&last, shaky(980, 100)).dropped, expired);
		assert_eq!(decided(&contender, shaky(980, 100)).dropped, None);
	}

	/// Decides a round of candidates 1, 2, … beside contender 0, with these sums on the draw and the contender's of an earlier
	/// draw.
	fn beside(earlier: &[u32], contender: Vec<u32>, candidates: &[Vec<u32>]) -> Decision {
		let stored = decide(CRITERIA, &[earlier.to_vec()]).contender.expect("a near miss");
		let ids: Vec<ModelId> = (1..=candidates.len() as u64).collect();
		let all: Vec<Vec<u32>> = [vec![1_000; CHUNKS], contender].into_iter().chain(candidates.iter().cloned()).collect();
		let (evaluation, sums) = (evaluation(Some(0), &ids), sums(&all));
		let draw = Draw { criteria: CRITERIA, evaluation: &evaluation, sums: &sums, contender: Some(&stored) };
		draw.decide(&ids).expect("the sums are complete")
	}

	/// The candidate passes against the champion and leads the contender by 1.5 %, but not by three standard errors.
	#[test]
	fn n12_an_undecided_contender_does_not_keep_a_better_candidate_out() {
		let decision = beside(&shaky(985, 70), shaky(985, 70), &[vec![970; CHUNKS]]);
		assert_eq!(decision.winner, None, "it does not pass against the contender");
		assert_eq!(decision.dropped, Some(Dropped { model: 0, reason: RejectionReason::Lost }));
		let contender = decision.contender.expect("it takes the place of the contender");
		assert_eq!((contender.model, contender.rounds_left, contender.champion), (1, CONTENDER_ROUNDS, ModelRef::RepeatLast));
		assert_eq!(contender.sums.contender.to_vec(), vec![970; CHUNKS], "with its own sums only");

		// It passes on all its draws in the next round, and is crowned.
		let evaluation = evaluation(Some(1), &[]);
		let sums = sums(&[vec![1_000; CHUNKS], vec![970; CHUNKS]]);
		let draw = Draw { criteria: CRITERIA, evaluation: &evaluation, sums: &sums, contender: Some(&contender) };
		assert_eq!(draw.decide(&[]).unwrap().winner.map(|winner| winner.model), Some(1));
	}

	#[test]
	fn n12_the_best_of_several_better_candidates_takes_the_place() {
		let decision =
			beside(&shaky(985, 70), shaky(985, 70), &[vec![975; CHUNKS], vec![972; CHUNKS], vec![972; CHUNKS], shaky(968, 70)]);
		assert_eq!(
			decision.contender.map(|contender| contender.model),
			Some(2),
			"the last one does not pass against the champion"
		);
	}

	/// On a favourable draw a copy passes against the champion, like the contender itself. Its sums of earlier draws keep the
	/// contender from passing.
	#[test]
	fn n12_a_copy_of_the_contender_cannot_take_its_place() {
		let favourable = vec![980; CHUNKS];
		// An exact copy, and copies with a changed bit that are better or worse by chance.
		let copies = [favourable.clone(), vec![979; CHUNKS], shaky(979, 30), vec![981; CHUNKS]];
		let decision = beside(&shaky(980, 100), favourable, &copies);
		assert_eq!((decision.winner, decision.dropped), (None, None));
		assert_eq!(decision.contender.map(|contender| contender.model), Some(0));
	}

	#[test]
	fn a_draw_without_conclusion_has_no_decision() {
		let evaluation = evaluation(None, &[0]);
		let undecided = |sums: &Sums| Draw { criteria: CRITERIA, evaluation: &evaluation, sums, contender: None }.decide(&[0]);
		assert_eq!(undecided(&sums(&[vec![0; CHUNKS], vec![0; CHUNKS]])), None, "no error of the initial champion");
		assert_eq!(undecided(&sums(&[vec![1_000; CHUNKS]])), None, "a model without sums");
		assert_eq!(undecided(&Sums::default()), None);
	}

	/// Live chunks that are less than half full are left out of every number.
	#[test]
	fn chunks_without_evidence_count_for_no_model() {
		let with_gaps =
			|error: u32, gaps: usize| (0..CHUNKS + 4).map(|i| if i < gaps { NO_EVIDENCE } else { error }).collect::<Vec<_>>();
		let evaluation = Evaluation::new(ModelRef::RepeatLast, ModelRef::Stored(9), None, &[0]);
		let criteria = Criteria {
			evidence: EvidenceKind::Live,
			terms: Terms { chunks: CHUNKS as u16 + 4, spread: Spread::Neighbours, ..TERMS },
		};
		let decided = |gaps: usize| {
			let sums = sums(&[with_gaps(1_000, gaps), with_gaps(800, gaps), with_gaps(600, gaps)]);
			let draw = Draw { criteria, evaluation: &evaluation, sums: &sums, contender: None };
			(draw.decide(&[0]).map(|decision| decision.winner.expect("a quarter better")), draw.cover())
		};
		for gaps in 0..=4u64 {
			let (winner, cover) = decided(gaps as usize);
			let winner = winner.expect("32 chunks are enough");
			let chunks = CHUNKS as u64 + 4 - gaps;
			let errors = (winner.error, winner.champion_error, winner.initial_error, winner.upper);
			assert_eq!(errors, (600 * chunks, 800 * chunks, 1_000 * chunks, 600 * chunks), "{gaps} gaps");
			assert!(cover > 0);
		}
		assert_eq!(decided(5), (None, 0), "31 chunks are too few");
		let near = with_gaps(799, 3);
		let far = with_gaps(700, 3);
		let (initial, champion) = (with_gaps(1_000, 3), with_gaps(800, 3));
		let is_near_miss =
			|candidate: &[u32]| criteria.is_near_miss(Comparison { initial: &initial, champion: &champion, candidate });
		assert!(is_near_miss(&far) && !is_near_miss(&near), "the least improvement is that of the chunks with evidence");
	}

	#[test]
	fn the_cover_of_the_champion_counts_from_the_mark() {
		let evaluation = Evaluation::new(ModelRef::RepeatLast, ModelRef::Stored(9), None, &[]);
		let sums = sums(&[vec![1_000; CHUNKS], vec![250; CHUNKS]]);
		let draw = |criteria| Draw { criteria, evaluation: &evaluation, sums: &sums, contender: None };
		let bit = crate::ONE_Q32;
		assert_eq!([0, bit, 3 * bit].map(|rise| draw(CRITERIA.raised_by(rise)).cover()), [2 * bit, bit, 0]);
		assert_eq!(draw(PUBLIC).cover(), 0);
		assert_eq!(draw(CRITERIA).champion().map(total), Some(250 * CHUNKS as u64));
	}

	#[test]
	fn public_evidence_has_no_margin_and_no_contender() {
		let decision = decide(PUBLIC, &[shaky(970, 100), shaky(999, 10)]);
		let winner = decision.winner.expect("0.2 % suffice");
		assert_eq!((winner.model, winner.upper, winner.raw), (0, 970 * 32, 0));
		assert_eq!(decision.contender, None);
	}

	#[test]
	fn the_bar_is_the_best_baselines_and_on_public_evidence_the_champions() {
		let champion = crate::domain::Champion {
			model: ModelRef::Stored(1),
			author: Some(1u8),
			round: None,
			block: 0,
			error: 5,
			initial_error: 10,
			validation_error: 6,
		};
		let state = DomainState {
			owner: 1u8,
			status: crate::Status::Active,
			pages_missing: 0,
			initial: ModelRef::RepeatLast,
			initial_validation_error: 11,
			bar: 12,
			champion,
			high_water: 0,
			high_water_at: 0,
			bounty: 0,
			open_rounds: 0,
			last_round: None,
			unanswered: false,
			suspended: None,
			carry: 0,
			weight_since: 0,
			is_alike: true,
		};
		let kinds =
			[EvidenceKind::Public, EvidenceKind::Synthetic, EvidenceKind::Sealed, EvidenceKind::Live, EvidenceKind::Drawn];
		assert_eq!(kinds.map(|kind| bar(kind, &state)), [6, 12, 12, 12, 12]);
	}

	/// Chunk sums of one model with a mean between 700 and 1 100.
	fn model() -> impl Strategy<Value = Vec<u32>> {
		(700u32..1_100, 0u32..200)
			.prop_flat_map(|(mean, swing)| prop::collection::vec(mean.saturating_sub(swing)..=mean.saturating_add(swing), CHUNKS))
	}

	/// Chunk sums of one model with a mean between 940 and 990.
	fn near_miss() -> impl Strategy<Value = Vec<u32>> {
		(940u32..990, 0u32..120).prop_map(|(mean, swing)| shaky(mean, swing))
	}

	proptest! {
		#[test]
		fn the_winner_passes_and_no_better_candidate_does(candidates in prop::collection::vec(model(), 1..8), public: bool) {
			let criteria = if public { PUBLIC } else { CRITERIA };
			let champion = vec![1_000; CHUNKS];
			let passes = |candidate: &[u32]| {
				criteria.improvement(Comparison { initial: &champion, champion: &champion, candidate }).is_some()
			};
			let decision = decide(criteria, &candidates);
			match &decision.winner {
				Some(winner) => {
					let own = &candidates[winner.model as usize];
					prop_assert!(passes(own));
					prop_assert_eq!(winner.error, total(own));
					prop_assert!(winner.upper >= winner.error && winner.upper < winner.champion_error);
					prop_assert!(candidates.iter().all(|other| total(other) >= total(own) || !passes(other)));
				}
				None => prop_assert!(!candidates.iter().any(|candidate| passes(candidate))),
			}
			if let Some(contender) = &decision.contender {
				prop_assert!(!public);
				prop_assert!(decision.winner.as_ref().is_none_or(|winner| winner.model != contender.model));
				prop_assert!(criteria.is_near_miss(contender.sums.comparison()));
			}
		}

		#[test]
		fn a_copy_of_the_champion_is_neither_winner_nor_contender(champion in model(), public: bool) {
			let criteria = if public { PUBLIC } else { CRITERIA };
			let (evaluation, sums) = (evaluation(None, &[0]), sums(&[champion.clone(), champion]));
			let decision = Draw { criteria, evaluation: &evaluation, sums: &sums, contender: None }.decide(&[0]).unwrap();
			prop_assert_eq!(decision, Decision { winner: None, contender: None, dropped: None });
		}

		#[test]
		fn n12_only_a_clearly_better_candidate_that_passes_replaces_a_contender(
			swing in 45u32..=100,
			again in near_miss(),
			candidates in prop::collection::vec(prop_oneof![near_miss(), model()], 1..5),
			copy in 0u32..3,
		) {
			// With these swings a lead of 2 % is a near miss.
			let earlier = shaky(980, swing);
			// The last candidate is a copy of the contender with at most two changed sums.
			let mut candidates = candidates;
			let mut of_contender = again.clone();
			of_contender.iter_mut().take(copy as usize).for_each(|sum| *sum -= 1);
			candidates.push(of_contender);
			let decision = beside(&earlier, again.clone(), &candidates);
			let champion = vec![1_000; CHUNKS];
			if let (Some(contender), None) = (&decision.contender, &decision.winner) {
				if let Some(Dropped { reason: RejectionReason::Lost, .. }) = decision.dropped {
					let own = &candidates[contender.model as usize - 1];
					let against_champion = Comparison { initial: &champion, champion: &champion, candidate: own };
					prop_assert!(CRITERIA.improvement(against_champion).is_some());
					let against_former = Comparison { champion: &again, ..against_champion };
					prop_assert!(CRITERIA.is_near_miss(against_former));
					prop_assert_ne!(contender.model as usize, candidates.len(), "the copy");
				}
			}
		}

		#[test]
		fn a_losing_candidate_changes_no_winner(candidates in prop::collection::vec(model(), 1..6)) {
			let without = decide(CRITERIA, &candidates).winner;
			let mut more = candidates;
			more.push(vec![1_000; CHUNKS]);
			prop_assert_eq!(decide(CRITERIA, &more).winner, without);
		}

		#[test]
		fn a_contender_leaves_after_its_rounds(own in model()) {
			let Some(mut contender) = decide(CRITERIA, core::slice::from_ref(&own)).contender else { return Ok(()) };
			let evaluation = evaluation(Some(0), &[]);
			let sums = sums(&[vec![1_000; CHUNKS], own]);
			for round in 1..=CONTENDER_ROUNDS {
				let draw = Draw { criteria: CRITERIA, evaluation: &evaluation, sums: &sums, contender: Some(&contender) };
				match draw.decide(&[]).unwrap().contender {
					Some(next) => {
						prop_assert_eq!(next.rounds_left, CONTENDER_ROUNDS - round);
						prop_assert_eq!(next.sums.contender.len(), CHUNKS * usize::from(round + 1));
						contender = next;
					}
					None => return Ok(()),
				}
			}
			prop_assert!(false, "a contender has at most {} rounds", CONTENDER_ROUNDS);
		}

		#[test]
		fn increments_never_exceed_the_progress_above_the_mark(own in model(), high_water in 0u64..1 << 32) {
			let criteria = Criteria { terms: Terms { high_water, ..TERMS }, ..CRITERIA };
			if let Some(winner) = decide(criteria, core::slice::from_ref(&own)).winner {
				let progress = doin_scoring::math::log2_q32(32_000) - doin_scoring::math::log2_q32(total(&own).max(1));
				prop_assert!(winner.raw <= progress.saturating_sub(high_water));
			}
		}

		#[test]
		fn effective_improvement_is_at_most_the_increment(increment: u64, weight in 0..=MILLION, value in 0..=MILLION) {
			let effective = effective_improvement(increment, weight, value);
			prop_assert!(effective <= increment);
			prop_assert_eq!(effective_improvement(increment, MILLION, MILLION), increment);
			prop_assert_eq!(effective_improvement(increment, 0, value), 0);
		}

		#[test]
		fn one_standard_error_agrees_with_its_formula(champion in model(), candidate in model()) {
			let n = CHUNKS as i128;
			let differences: Vec<i128> = champion.iter().zip(&candidate).map(|(a, b)| i128::from(*a) - i128::from(*b)).collect();
			let (lead, squares) = (differences.iter().sum::<i128>(), differences.iter().map(|d| d * d).sum::<i128>());
			// D ≥ √((n·Q − D²) / (n − 1)), squared and multiplied by n − 1.
			let expected = lead > 0 && lead * lead * (n - 1) >= n * squares - lead * lead;
			prop_assert_eq!(leads_by_standard_error(&champion, &candidate), expected);
		}
	}
}
