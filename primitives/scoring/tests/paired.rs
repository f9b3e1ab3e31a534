//! The paired test: bounds, the covariance of neighbours against its textbook definition, chance, and what is paid.

use doin_scoring::{
	math::log2_q32,
	philox::Stream,
	verdict::{covered, evidence_chunks, loss, paired, public_test, total, with_evidence, MIN_CHUNKS, NO_EVIDENCE, ONE_BIT},
	Spread, Terms, Verdict,
};
use proptest::prelude::*;

/// Terms of a draw of 32 independent chunks.
const TERMS: Terms = Terms { min_improvement: 2_000, high_water: 0, chunks: 32, spread: Spread::Independent, half_row: false };
/// Terms of a draw of 32 chunks that follow one another.
const NEIGHBOURS: Terms = Terms { spread: Spread::Neighbours, ..TERMS };

/// Chunk sums around `mean`, and a copy of each with noise of the given spread, both in per mille of the mean.
fn sums(stream: &mut Stream, chunks: usize, mean: u32, noise: u32, gain: u32) -> (Vec<u32>, Vec<u32>) {
	let unit = mean / 1_000;
	let champion: Vec<u32> = (0..chunks).map(|_| mean + unit * stream.below(400) - unit * 200).collect();
	// The sum of eight uniform numbers is close enough to a normal one.
	let mut normal = || (0..8).map(|_| stream.below(2 * noise + 1)).sum::<u32>() / 8;
	let candidate = champion.iter().map(|sum| sum - unit * gain + unit * normal() - unit * noise).collect();
	(champion, candidate)
}

/// Chunk sums whose differences `champion − candidate` are a moving sum of `width` random numbers, so that neighbours correlate.
fn moving(stream: &mut Stream, chunks: usize, width: usize, gain: u32) -> (Vec<u32>, Vec<u32>) {
	let noise: Vec<u32> = (0..chunks + width).map(|_| stream.below(40_000)).collect();
	let champion: Vec<u32> = (0..chunks).map(|_| 1_000_000 + stream.below(100_000)).collect();
	let candidate =
		champion.iter().zip(noise.windows(width)).map(|(sum, noise)| sum + noise.iter().sum::<u32>() - gain).collect();
	(champion, candidate)
}

/// `n·Q − D²`, and `n · Σ (dᵢ − D/n) · (dᵢ₊₁ − D/n)` over these pairs of places, both in `f64` from the definition.
fn by_definition(differences: &[f64], pairs: &[(usize, usize)]) -> (f64, f64) {
	let n = differences.len() as f64;
	let mean = differences.iter().sum::<f64>() / n;
	let variance: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
	let covariance: f64 = pairs.iter().map(|(a, b)| (differences[*a] - mean) * (differences[*b] - mean)).sum();
	(n * variance, n * covariance)
}

fn differences(champion: &[u32], candidate: &[u32]) -> Vec<f64> {
	champion.iter().zip(candidate).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect()
}

/// The spread of neighbours: the variance and the covariance, which counts as at least a quarter of the variance.
fn of_neighbours((variance, covariance): (f64, f64)) -> f64 {
	variance + (2.0 * covariance).max(variance / 4.0)
}

/// The margin of three standard errors for a spread of n chunks.
fn margin(spread: f64, chunks: usize) -> f64 {
	(9.0 * spread / (chunks as f64 - 1.0)).sqrt()
}

/// The margin that the test added to the error sum of the candidate.
fn margin_of(verdict: &Verdict, candidate: &[u32]) -> f64 {
	(verdict.upper - total(candidate)) as f64
}

prop_compose! {
	fn any_terms()(
		min_improvement: u32, high_water: u64, chunks: u16, neighbours: bool, half_row: bool, usual: bool,
	) -> Terms {
		let spread = if neighbours { Spread::Neighbours } else { Spread::Independent };
		if usual {
			let (min_improvement, high_water) = (min_improvement % 1_000_000, high_water >> 30);
			Terms { min_improvement, high_water, chunks: 32 + chunks % 225, spread, half_row }
		} else {
			Terms { min_improvement, high_water, chunks, spread, half_row }
		}
	}
}

proptest! {
	#[test]
	fn a_copy_never_passes(initial in proptest::collection::vec(any::<u32>(), 2..100), terms in any_terms()) {
		let champion: Vec<u32> = initial.iter().map(|sum| sum / 2).collect();
		if let Some(verdict) = paired(&initial, &champion, &champion, &terms) {
			let kept = with_evidence(&initial, &champion).map(u64::from).sum::<u64>();
			prop_assert_eq!(verdict.upper, kept + if terms.half_row { 8 } else { 0 });
			prop_assert!(!verdict.passes && verdict.increment == 0 && verdict.raw == 0);
		}
	}

	#[test]
	fn a_verdict_never_panics_and_stays_in_bounds(
		sums in proptest::collection::vec((any::<[u32; 3]>(), 0u8..8), 0..1_400), terms in any_terms(), extreme: bool,
	) {
		// All bits, and every eighth chunk without evidence; or the ends of the range only.
		let value = |sum: u32| if extreme { (sum & 1) * (u32::MAX - 1) } else { sum };
		let column = |c: usize| sums.iter().map(|(row, _)| value(row[c])).collect::<Vec<_>>();
		let initial: Vec<u32> =
			column(0).iter().zip(&sums).map(|(sum, (_, gap))| if *gap == 0 { NO_EVIDENCE } else { *sum }).collect();
		let (champion, candidate) = (column(1), column(2));
		let error = |sums: &[u32]| with_evidence(&initial, sums).map(u64::from).sum::<u64>();
		let verdict = paired(&initial, &champion, &candidate, &terms);
		let scored = evidence_chunks(&initial) >= MIN_CHUNKS && error(&initial) > 0;
		prop_assert_eq!(verdict.is_some(), scored);
		if let Some(verdict) = verdict {
			prop_assert!(verdict.upper >= error(&candidate));
			// A bound of 0 counts as 1.
			prop_assert_eq!(verdict.progress, log2_q32(error(&initial)).saturating_sub(log2_q32(verdict.upper.max(1))));
			prop_assert!(verdict.raw <= verdict.progress.saturating_sub(terms.high_water));
			prop_assert_eq!(verdict.increment, verdict.raw.min(ONE_BIT));
			prop_assert!(verdict.passes || verdict.raw == 0);
			prop_assert!(!verdict.passes || verdict.upper < error(&champion));
			prop_assert_eq!(verdict.passes, public_test(error(&champion), verdict.upper, terms.min_improvement));
			let independent = paired(&initial, &champion, &candidate, &Terms { spread: Spread::Independent, ..terms }).unwrap();
			prop_assert!(verdict.upper >= independent.upper, "no covariance shrinks the margin");
		}
		let cover = covered(&initial, &champion, &terms);
		prop_assert!(cover == 0 || scored);
		prop_assert!(cover <= log2_q32(error(&initial)).saturating_sub(terms.high_water));
	}

	#[test]
	fn the_order_of_independent_chunks_does_not_matter(seed: [u8; 32]) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let (champion, candidate) = sums(stream, 64, 1_000_000, 40, 20);
		let mut order: Vec<usize> = (0..64).collect();
		stream.shuffle(&mut order);
		let shuffled = |sums: &[u32]| order.iter().map(|i| sums[*i]).collect::<Vec<_>>();
		prop_assert_eq!(
			paired(&champion, &champion, &candidate, &TERMS),
			paired(&shuffled(&champion), &shuffled(&champion), &shuffled(&candidate), &TERMS)
		);
	}

	#[test]
	fn neighbours_covariance_is_the_textbook_one(seed: [u8; 32], chunks in 32u16..=256, width in 1usize..5) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let (champion, candidate) = moving(stream, chunks.into(), width, 60_000);
		let pairs: Vec<(usize, usize)> = (1..usize::from(chunks)).map(|i| (i - 1, i)).collect();
		let (variance, covariance) = by_definition(&differences(&champion, &candidate), &pairs);
		let verdict = paired(&champion, &champion, &candidate, &Terms { chunks, ..NEIGHBOURS }).unwrap();
		let expected = margin(of_neighbours((variance, covariance)), chunks.into());
		prop_assert!((margin_of(&verdict, &candidate) - expected).abs() <= 1.0 + expected * 1e-9);
		let independent = paired(&champion, &champion, &candidate, &TERMS).unwrap();
		prop_assert!((margin_of(&independent, &candidate) - margin(variance, chunks.into())).abs() <= 1.0 + expected * 1e-9);
	}

	#[test]
	fn contenders_pair_no_chunks_across_draws(seed: [u8; 32], chunks in 32u16..=64, draws in 1usize..=5) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let n = usize::from(chunks) * draws;
		let (mut champion, mut candidate) = (Vec::new(), Vec::new());
		for _ in 0..draws {
			let (more, of_candidate) = moving(stream, chunks.into(), 3, 60_000);
			champion.extend(more);
			candidate.extend(of_candidate);
		}
		let verdict = paired(&champion, &champion, &candidate, &Terms { chunks, ..NEIGHBOURS }).unwrap();
		// V + max(2·C, V/4) with V = n·Q − D² and C = n·S − D · (2D − B) + (n − m) · D²/n, in integers.
		let d: Vec<i128> = champion.iter().zip(&candidate).map(|(a, b)| i128::from(*a) - i128::from(*b)).collect();
		let (count, sum) = (n as i128, d.iter().sum::<i128>());
		let squares: i128 = d.iter().map(|d| d * d).sum();
		let of_draws = || d.chunks(chunks.into());
		let products: i128 = of_draws().flat_map(|draw| draw.windows(2)).map(|pair| pair[0] * pair[1]).sum();
		let ends: i128 = of_draws().map(|draw| draw[0] + draw[draw.len() - 1]).sum();
		let covariance = count * products - sum * (2 * sum - ends) + (count - draws as i128) * sum * sum / count;
		let variance = count * squares - sum * sum;
		let spread = variance + (2 * covariance).max(variance / 4);
		prop_assert_eq!(verdict.upper - total(&candidate), u64::try_from((9 * spread / (count - 1)).isqrt()).unwrap());
	}

	#[test]
	fn empty_live_chunks_are_dropped(seed: [u8; 32], chunks in 40usize..80, holes in 1usize..12) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let (champion, candidate) = moving(stream, chunks, 2, 50_000);
		let mut empty = vec![false; chunks];
		(0..holes).for_each(|_| empty[stream.below(chunks as u32) as usize] = true);
		// The sums of an empty chunk are arbitrary.
		let mut with_holes = |sums: &[u32]| -> Vec<u32> {
			sums.iter().zip(&empty).map(|(sum, empty)| if *empty { stream.next_u32() } else { *sum }).collect()
		};
		let (noisy_champion, noisy_candidate) = (with_holes(&champion), with_holes(&candidate));
		let initial: Vec<u32> = champion.iter().zip(&empty).map(|(sum, empty)| if *empty { NO_EVIDENCE } else { *sum }).collect();
		let full = |sums: &[u32]| sums.iter().zip(&empty).filter(|(_, empty)| !**empty).map(|(sum, _)| *sum).collect::<Vec<_>>();
		let (full_champion, full_candidate) = (full(&champion), full(&candidate));
		let left = full_champion.len();
		let terms = Terms { chunks: chunks as u16, ..TERMS };
		let verdict = paired(&initial, &noisy_champion, &noisy_candidate, &terms);
		let without = paired(&full_champion, &full_champion, &full_candidate, &terms);
		prop_assert_eq!(verdict, without, "independent chunks: as if they had never been");
		prop_assert_eq!(verdict.is_some(), left >= MIN_CHUNKS);
		prop_assert_eq!(
			covered(&initial, &noisy_candidate, &terms), covered(&full_champion, &full_candidate, &terms)
		);
		// Neighbours are two full chunks side by side, so no pair bridges an empty chunk.
		let terms = Terms { spread: Spread::Neighbours, ..terms };
		let Some(verdict) = paired(&initial, &noisy_champion, &noisy_candidate, &terms) else {
			return Ok(());
		};
		let places: Vec<usize> = (0..chunks).filter(|i| !empty[*i]).collect();
		let side_by_side = (1..left).filter(|at| places[at - 1] + 1 == places[*at]);
		let pairs: Vec<(usize, usize)> = side_by_side.map(|at| (at - 1, at)).collect();
		let expected = margin(of_neighbours(by_definition(&differences(&full_champion, &full_candidate), &pairs)), left);
		prop_assert!((margin_of(&verdict, &full_candidate) - expected).abs() <= 1.0 + expected * 1e-9);
	}

	#[test]
	fn the_largest_differences_do_not_overflow(chunks in 32usize..=1_280, per_draw in 32u16..=256, pattern: [bool; 7]) {
		// Every difference is the largest one, with a pattern of signs.
		let high = |i: usize| pattern[i % 7];
		let champion: Vec<u32> = (0..chunks).map(|i| if high(i) { u32::MAX - 1 } else { 0 }).collect();
		let candidate: Vec<u32> = (0..chunks).map(|i| if high(i) { 0 } else { u32::MAX - 1 }).collect();
		let initial = vec![u32::MAX - 1; chunks];
		let verdict = paired(&initial, &champion, &candidate, &Terms { chunks: per_draw, ..NEIGHBOURS }).unwrap();
		let pairs: Vec<(usize, usize)> = (1..chunks).filter(|i| i % usize::from(per_draw) != 0).map(|i| (i - 1, i)).collect();
		let expected = margin(of_neighbours(by_definition(&differences(&champion, &candidate), &pairs)), chunks);
		prop_assert!((margin_of(&verdict, &candidate) - expected).abs() <= 1.0 + expected * 1e-9);
	}

	#[test]
	fn raw_minus_clamp_is_carried(seed: [u8; 32], gain in 0u32..1_000_000, mark in 0u64..8 << 32) {
		// The champion is the initial champion, so the bound of the verdict is that of the cover.
		let stream = &mut Stream::new(&seed, 0, 0);
		let champion: Vec<u32> = (0..32).map(|_| 1_000_000 + stream.below(50_000)).collect();
		let candidate: Vec<u32> = champion.iter().map(|sum| sum - gain + stream.below(1_000)).collect();
		let terms = Terms { high_water: mark, ..TERMS };
		let verdict = paired(&champion, &champion, &candidate, &terms).unwrap();
		if verdict.passes {
			prop_assert_eq!(verdict.raw, verdict.progress.saturating_sub(mark));
		}
		prop_assert_eq!(covered(&champion, &candidate, &terms), verdict.progress.saturating_sub(mark));
		// On this very evidence, all that was left out is covered, bit by bit, and not more.
		let (mut paid, mut carry) = (verdict.increment, verdict.raw - verdict.increment);
		while carry > 0 {
			let cover = covered(&champion, &candidate, &Terms { high_water: mark + paid, ..TERMS });
			let now = carry.min(ONE_BIT).min(cover);
			prop_assert_eq!(now, carry.min(ONE_BIT));
			(paid, carry) = (paid + now, carry - now);
		}
		prop_assert_eq!(paid, verdict.raw);
		if verdict.passes {
			prop_assert_eq!(covered(&champion, &candidate, &Terms { high_water: mark + paid, ..TERMS }), 0);
		}
	}
}

#[test]
fn half_a_row_is_added() {
	// 64 chunks of rows. The champion errs on `behind` rows on which the candidate does not, the candidate on `ahead` others, all
	// in different chunks; both err on one row more.
	let verdict = |behind: usize, ahead: usize, half_row| {
		let mistakes = |from: usize, count: usize| -> Vec<u32> {
			(0..64).map(|chunk| 16 * u32::from((from..from + count).contains(&chunk) || chunk == 63)).collect()
		};
		let (champion, candidate) = (mistakes(0, behind), mistakes(behind, ahead));
		paired(&[64; 64], &champion, &candidate, &Terms { chunks: 64, half_row, ..TERMS }).unwrap()
	};
	// Of 12 rows on which exactly one of two equal models errs, one has 11 or more with a probability of 13/4 096, 0.32 %; of 21
	// rows 17 or more with 0.36 %. Three standard errors alone would let both pass.
	for (behind, ahead) in [(11, 1), (17, 4)] {
		let (without, with) = (verdict(behind, ahead, false), verdict(behind, ahead, true));
		assert_eq!(with.upper, without.upper + 8, "half of 2^OUT_FRAC");
		assert!(without.passes && !with.passes, "{behind} against {ahead}");
		assert_eq!((with.raw, with.increment), (0, 0));
		assert_eq!(without.progress - with.progress, log2_q32(with.upper) - log2_q32(without.upper));
		assert!(verdict(behind + 1, ahead - 1, true).passes, "one row more");
	}
	// Nine rows of nine: 2⁻⁹.
	assert!(verdict(9, 0, true).passes && !verdict(8, 0, true).passes);
	// The cover of a champion has the same bound.
	let half = Terms { chunks: 64, half_row: true, ..TERMS };
	assert_eq!(covered(&[64; 64], &[16; 64], &half), log2_q32(64 * 64) - log2_q32(16 * 64 + 8));
	assert_eq!(covered(&[64; 64], &[16; 64], &Terms { half_row: false, ..half }), 2 * ONE_BIT);
}

#[test]
fn noise_hardly_ever_passes_and_progress_does() {
	let stream = &mut Stream::new(&[8; 32], 0, 0);
	let mut passed = |chunks, gain| {
		(0..5_000)
			.filter(|_| {
				let (champion, candidate) = sums(stream, chunks, 1_000_000, 100, gain);
				paired(&champion, &champion, &candidate, &TERMS).unwrap().passes
			})
			.count()
	};
	// Three standard errors and the least improvement: 13 in 10 000 are expected from 3 σ of a normal distribution; the tails of
	// t are wider.
	assert!(passed(32, 0) < 20);
	assert!(passed(256, 0) < 10);
	assert_eq!(passed(32, 50), 5_000);
}

#[test]
fn the_increment_is_paid_by_the_bound_and_never_twice() {
	let (initial, champion, candidate) = (vec![4_000; 32], vec![2_000; 32], vec![1_000; 32]);
	let verdict = |high_water| paired(&initial, &champion, &candidate, &Terms { high_water, ..TERMS }).unwrap();
	// No spread: the bound is the sum itself.
	assert_eq!((verdict(0).upper, verdict(0).progress), (32_000, 2 * ONE_BIT));
	assert_eq!(verdict(0).increment, ONE_BIT);
	assert_eq!(verdict(ONE_BIT).increment, ONE_BIT);
	assert_eq!(verdict(ONE_BIT * 3 / 2).increment, ONE_BIT / 2, "only progress above the high-water mark");
	assert_eq!(verdict(2 * ONE_BIT).increment, 0);
	assert!(verdict(2 * ONE_BIT).passes, "it is better all the same");
	// From the initial champion to a hundredth is more than a bit. One bit is paid, and the rest is left.
	let leap = paired(&initial, &initial, &[40; 32], &TERMS).unwrap();
	assert_eq!(leap.increment, ONE_BIT);
	assert!(leap.progress > 6 * ONE_BIT);
	assert_eq!(leap.raw, leap.progress);
	// The increment is that of the upper bound, which is larger for the same mean with a spread.
	let spread: Vec<u32> = (0..32).map(|i| if i % 2 == 0 { 900 } else { 1_100 }).collect();
	let shaky = |high_water| paired(&initial, &champion, &spread, &Terms { high_water, ..TERMS }).unwrap();
	// 9 · (32 · Σd² − (Σd)²) / 31 with d = 1100, 900: 9 · 32 · 320 000 / 31.
	assert_eq!(shaky(0).upper, 32_000 + 1_724);
	assert_eq!(shaky(0).progress, log2_q32(128_000) - log2_q32(33_724));
	assert_eq!(shaky(0).raw, log2_q32(64_000) - log2_q32(33_724));
	// The mark is compared with the bound too.
	let mark = ONE_BIT * 3 / 2;
	assert_eq!(shaky(mark).raw, log2_q32(128_000) - log2_q32(33_724) - mark);
	assert_eq!(shaky(shaky(0).progress).raw, 0, "the sum itself lies below the mark");
}

#[test]
fn a_perfect_candidate_breaks_nothing() {
	let verdict = paired(&[8; 32], &[8; 32], &[0; 32], &TERMS).unwrap();
	assert_eq!((verdict.upper, verdict.passes, verdict.increment), (0, true, ONE_BIT));
	assert_eq!((verdict.raw, verdict.progress), (8 * ONE_BIT, 8 * ONE_BIT));
	let nothing_left = paired(&[8; 32], &[0; 32], &[0; 32], &Terms { min_improvement: 0, ..TERMS }).unwrap();
	assert!(!nothing_left.passes, "no candidate undercuts a champion without error");
	assert_eq!(covered(&[8; 32], &[0; 32], &TERMS), 8 * ONE_BIT);
}

#[test]
fn a_verdict_needs_32_chunks_of_each_and_an_initial_error() {
	let terms = Terms { min_improvement: 0, ..TERMS };
	let of = |initial: &[u32], champion: &[u32], candidate: &[u32]| paired(initial, champion, candidate, &terms);
	assert_eq!(of(&[1; 31], &[1; 31], &[1; 31]), None);
	assert_eq!(of(&[], &[], &[]), None);
	assert_eq!(of(&[1; 33], &[1; 32], &[1; 32]), None);
	assert_eq!(of(&[1; 32], &[1; 33], &[1; 32]), None);
	assert_eq!(of(&[1; 32], &[1; 32], &[1; 33]), None);
	assert_eq!(of(&[0; 32], &[1; 32], &[0; 32]), None);
	let mut initial = vec![0; 33];
	initial[32] = 1;
	assert!(of(&initial, &[1; 33], &[0; 33]).is_some());
	// The only error is on a chunk that is dropped.
	initial[32] = NO_EVIDENCE;
	assert_eq!(of(&initial, &[1; 33], &[0; 33]), None);
	assert_eq!(covered(&initial, &[0; 33], &terms), 0);
	assert_eq!((covered(&[1; 31], &[0; 31], &terms), covered(&[1; 32], &[0; 31], &terms)), (0, 0));
	// 32 of 33 chunks have evidence, then 31.
	let mut initial = vec![9; 33];
	initial[5] = NO_EVIDENCE;
	assert_eq!(of(&initial, &[9; 33], &[5; 33]).map(|verdict| verdict.upper), Some(32 * 5));
	initial[6] = NO_EVIDENCE;
	assert_eq!(of(&initial, &[9; 33], &[5; 33]), None);
}

#[test]
fn a_small_covariance_counts_as_a_quarter_of_the_variance() {
	let champion = [1_000; 32];
	let of = |candidate: &[u32], terms: &Terms| paired(&champion, &champion, candidate, terms).unwrap().upper;
	let root = |spread: u64| (9 * spread / 31).isqrt();
	// d = −70, 130, …: Σ (d − 30)² = 320 000, and neighbours have a negative covariance.
	let alternating: Vec<u32> = (0..32).map(|i| if i % 2 == 0 { 1_070 } else { 870 }).collect();
	assert_eq!(of(&alternating, &TERMS), 31_040 + root(32 * 320_000));
	assert_eq!(of(&alternating, &NEIGHBOURS), 31_040 + root(32 * 320_000 / 4 * 5));
	// d = −70, −70, 130, 130, …: 31 pairs, of which 16 are of equal and 15 of unlike deviations, so Σ is 10 000.
	let twins: Vec<u32> = (0..32).map(|i| if i / 2 % 2 == 0 { 1_070 } else { 870 }).collect();
	assert_eq!(of(&twins, &NEIGHBOURS), 31_040 + root(32 * 320_000 / 4 * 5));
	// Sixteen of each: 30 pairs of equal and one of unlike deviations.
	let blocks: Vec<u32> = (0..32).map(|i| if i < 16 { 1_070 } else { 870 }).collect();
	assert_eq!(of(&blocks, &NEIGHBOURS), 31_040 + root(32 * 320_000 + 2 * 32 * 29 * 10_000));
	assert_eq!(of(&blocks, &TERMS), 31_040 + root(32 * 320_000));
}

#[test]
fn the_public_test_asks_for_the_least_improvement() {
	assert!(public_test(1_000_000, 998_000, 2_000));
	assert!(!public_test(1_000_000, 998_001, 2_000));
	assert!(!public_test(1_000_000, 1_000_000, 0));
	assert!(public_test(1_000_000, 999_999, 0));
	assert!(public_test(5, 0, 1_000_000));
	assert!(!public_test(0, 0, 0));
	assert!(!public_test(u64::MAX, 1, u32::MAX));
	assert!(public_test(u64::MAX, u64::MAX / 1_000 * 998, 2_000));
}

#[test]
fn the_loss_is_relative_to_the_initial_champion() {
	assert_eq!(loss(7, 7), 1 << 20);
	assert_eq!(loss(1, 3), (1 << 20) / 3);
	assert_eq!(loss(5, 0), u64::MAX);
	assert_eq!(loss(u64::MAX, 1), u64::MAX);
}
