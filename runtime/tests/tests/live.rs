//! Live evidence: chunks of bars, and what a chain without the stream makes of it.
//!
//! The scorer of the runtime reads record, published values and models from its storage, and bars from [`Prices`], a stream of
//! these tests. Expected sums are computed here, window by window, from the definition of the windows.

use doin_primitives::{
	blake2_256,
	bounded_collections::BoundedVec,
	domain::{ModelBytes, PAGE_VALUES},
	evidence::{HIGH_WATER_HALF_LIFE_MS, LIVE_CHUNKS},
	oracle::MAX_KEPT,
	DomainId, DomainSpec, Evidence, EvidenceRef, Growth, Hash, Limits, ModelRef, Page, RoundId, SizeClass, Split,
};
use doin_runtime::{
	chunk_scorer::{OnChainScorer, Scorer, CHUNK_BARS},
	Balances, Runtime, System, Timing,
};
use doin_runtime_tests::{round::DEMO, Chain};
use doin_scoring::{
	program::{MAX_HISTORY, MAX_HORIZON},
	sample, score,
	verdict::NO_EVIDENCE,
	Encoder, Forecast, Layer, Loss, Model, Net, Program, Target, WindowPhase,
};
use doin_traits::{
	apis::runtime_decl_for_doin_api::DoinApi, Bars, Champions, ChunkDraw, ChunkScorer, ScoreError, Stream, Timing as _,
};
use frame_support::{traits::fungible::InspectHold, weights::Weight};
use sp_keyring::Sr25519Keyring::Bob;
use std::{cell::RefCell, collections::BTreeMap, ops::Range};

/// Steps that a model forecasts.
const HORIZON: u16 = 4;
/// Steps that a model reads.
const HISTORY: u16 = 6;
/// Steps of a season.
const SEASON: u16 = 3;
/// Windows of a chunk. They lie [`HORIZON`] bars apart, which is coprime to [`SEASON`].
const WINDOWS: u16 = 4;
/// Shifts among which a seed chooses: a chunk has fewer bars than the least number.
const SHIFTS: u64 = 64;
/// Stream of the domain.
const STREAM: u32 = 7;
/// Value of one raw unit, in units of the stream.
const UNIT: u32 = 10;
/// First bar of the evidence.
const FIRST: u64 = 1_000;
/// Value that one raw unit of an error has in a sum.
const RAW_UNIT: i64 = 16;
/// Largest error of one prediction.
const MAX_ERROR: i64 = (1 << 20) - 1;

thread_local! {
	/// Closes of the complete bars that are kept; `None` for a missing one.
	static CLOSES: RefCell<BTreeMap<u64, Option<i64>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The stream [`STREAM`], which has the bars of [`CLOSES`].
struct Prices;

impl Bars for Prices {
	fn stream(_: u32) -> Option<Stream> {
		unreachable!("scoring reads closes only")
	}

	fn closes(stream: u32, bars: Range<u64>) -> Option<Vec<Option<i64>>> {
		CLOSES.with_borrow(|closes| {
			bars.map(|bar| closes.get(&bar).copied()).collect::<Option<Vec<_>>>().filter(|_| stream == STREAM)
		})
	}

	fn stream_weight() -> Weight {
		unreachable!("scoring reads closes only")
	}

	fn closes_weight(bars: u32) -> Weight {
		Weight::from_parts(u64::from(bars) * 1_000_000, 8 * u64::from(bars))
	}
}

/// Keeps the bars that a round can read, and some more on both sides. Closes are below 0 and above. One bar in eleven is missing;
/// those of some bars do not fit 32 bits in raw units; and there are gaps of 3 bars, of 14, and of more than two chunks.
fn publish() {
	let close = |bar: u64| match bar {
		_ if bar % 11 == 3 => None,
		1_120..1_123 | 1_200..1_214 | 1_300..1_340 => None,
		_ if bar % 97 == 5 => Some(i64::MAX - bar as i64),
		_ if bar % 101 == 7 => Some(-(1 << 40)),
		_ => Some(bar as i64 * 7 % 401 * 31 - 6_000 + (bar as i64 - 1_300) * 20),
	};
	CLOSES.set((FIRST - 50..FIRST + 900).map(|bar| (bar, close(bar))).collect());
}

/// Returns the record of the domain, which has live evidence.
fn spec() -> DomainSpec {
	let program = Forecast {
		horizon: HORIZON,
		history: HISTORY,
		season: SEASON,
		chunks: LIVE_CHUNKS,
		windows: WINDOWS,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	};
	let values = published();
	DomainSpec {
		name: BoundedVec::truncate_from(b"prices".to_vec()),
		program: Program::Forecast(program),
		limits: Limits { model_bytes: 1_024, window_macs: 1_024 },
		data_root: blake2_256(&codec::Encode::encode(&values)),
		values: values.len() as u32,
		growth: Growth::Fixed,
		split: Split { train_end: 300, validation_end: 600 },
		evidence: Evidence::Live { stream: STREAM, unit: UNIT },
		target: 0,
		..doin_runtime::demo::spec()
	}
}

/// Returns the program of the domain.
fn program() -> Forecast {
	let Program::Forecast(program) = spec().program else { panic!("the domain forecasts") };
	program
}

/// Returns the published values of the domain.
fn published() -> Vec<i32> {
	(0..640).map(|step| step * 13 % 257 - 100).collect()
}

/// Returns a linear model that continues the last step of the history.
fn trend() -> Model {
	let weights = (1..=HORIZON as i16).flat_map(|ahead| [-2 * RAW_UNIT as i16 * ahead, 0]).collect();
	let skip = Layer { inputs: 2, outputs: HORIZON, shift: 1, weights, bias: vec![0; HORIZON.into()] };
	Model::Net(Net { window: 2, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
}

/// Inserts the domain, its values, and [`trend`] as a stored model. Returns its identifier, and the models to score.
fn domain(chain: &mut Chain) -> (DomainId, [ModelRef; 3]) {
	const MODEL: u64 = 9_000;
	let spec = spec();
	spec.check().expect("a record of live evidence");
	chain.state(|| {
		let id = pallet_doin_domains::NextDomainId::<Runtime>::mutate(|next| core::mem::replace(next, *next + 1));
		for (index, page) in (0..).zip(published().chunks(PAGE_VALUES as usize)) {
			let page = Page::Values(BoundedVec::truncate_from(page.to_vec()));
			pallet_doin_domains::Pages::<Runtime>::insert(id, index, page);
		}
		pallet_doin_domains::Specs::<Runtime>::insert(id, spec);
		let stored = pallet_doin_optimae::types::StoredModel {
			author: Bob.to_account_id(),
			round: RoundId { domain: id, number: 0 },
			bytes: ModelBytes::truncate_from(trend().to_bytes()),
			genes: Default::default(),
			validation: Default::default(),
			hold: 0,
		};
		pallet_doin_optimae::Models::<Runtime>::insert(MODEL, stored);
		(id, [ModelRef::RepeatLast, ModelRef::Seasonal, ModelRef::Stored(MODEL)])
	})
}

/// Returns the value of a bar in raw units, if it has one that fits 32 bits.
fn value(bar: u64) -> Option<i64> {
	let close = CLOSES.with_borrow(|closes| closes[&bar])?;
	let floor = close.div_euclid(UNIT.into());
	i32::try_from(floor).ok().map(i64::from)
}

/// Returns histories and futures of the windows of chunk `index` that are left, with missing values of the histories repeated.
fn expected_windows(shift: u64, index: u64) -> Vec<(Vec<i64>, Vec<i64>)> {
	let (windows, stride, history) = (u64::from(WINDOWS), u64::from(HORIZON), u64::from(HISTORY));
	let start = FIRST + shift + index * windows * stride;
	let window = |place: u64| {
		let origin = start + place * stride;
		let future: Vec<i64> = (origin..origin + u64::from(HORIZON)).map(value).collect::<Option<_>>()?;
		let first = (origin - history..origin).find_map(value);
		let known = |bar| (start - history..=bar).rev().find_map(value).or(first);
		let past: Vec<i64> = (origin - history..origin).map(known).collect::<Option<_>>()?;
		Some((past, future))
	};
	(0..windows).filter_map(window).collect()
}

/// Returns the expected sum of a model on a chunk: [`NO_EVIDENCE`] if fewer than half of its windows are left.
fn expected(model: usize, shift: u64, index: u64) -> u32 {
	let windows = expected_windows(shift, index);
	if windows.len() * 2 < usize::from(WINDOWS) {
		return NO_EVIDENCE;
	}
	let forecast = |past: &[i64], ahead: i64| {
		let last = past[past.len() - 1];
		match model {
			0 => last,
			1 => past[past.len() - usize::from(SEASON) + (ahead as usize - 1) % usize::from(SEASON)],
			_ => last + ahead * (last - past[past.len() - 2]),
		}
	};
	let error = |past: &[i64], ahead: i64, actual: i64| ((forecast(past, ahead) - actual).abs() * RAW_UNIT).min(MAX_ERROR);
	let of_window = |(past, future): &(Vec<i64>, Vec<i64>)| -> i64 {
		(1..).zip(future).map(|(ahead, actual)| error(past, ahead, *actual)).sum()
	};
	windows.iter().map(of_window).sum::<i64>() as u32
}

/// Returns a seed that moves the windows by `shift` bars.
fn seed(shift: u64) -> Hash {
	let mut seed = [0xA5; 32];
	seed[..8].copy_from_slice(&(SHIFTS * 1_000_003 + shift).to_le_bytes());
	seed
}

/// Returns the draw of `seed` from the bars of the evidence.
fn draw(domain: DomainId, seed: &Hash) -> ChunkDraw<'_> {
	ChunkDraw { domain, evidence: EvidenceRef::Bars { first: FIRST }, seed }
}

#[test]
fn the_sums_of_live_chunks_are_those_of_their_windows() {
	publish();
	let mut chain = Chain::preset("development");
	let (domain, models) = domain(&mut chain);
	let mut all = Vec::new();
	for shift in [0, 1, 40, SHIFTS - 1] {
		let seed = seed(shift);
		for (place, model) in models.iter().enumerate() {
			let sums = (0..LIVE_CHUNKS)
				.map(|index| chain.state(|| Scorer::<Prices>::drawn_sum(draw(domain, &seed), model, index)).expect("kept"));
			let sums: Vec<u32> = sums.collect();
			let expected: Vec<u32> = (0..u64::from(LIVE_CHUNKS)).map(|index| expected(place, shift, index)).collect();
			assert_eq!(sums, expected, "{model:?}, shift {shift}");
			all.push(sums);
		}
	}
	let with_evidence = |sums: &[u32]| -> Vec<bool> { sums.iter().map(|sum| *sum != NO_EVIDENCE).collect() };
	for of_draw in all.chunks(models.len()) {
		let kept = with_evidence(&of_draw[0]);
		assert!(of_draw.iter().all(|sums| with_evidence(sums) == kept), "a chunk has evidence for all models or for none");
		let count = kept.iter().filter(|is_kept| **is_kept).count();
		assert!((20..40).contains(&count), "{count}: some chunks are without evidence, and most are not");
		assert!(of_draw[0] != of_draw[1] && of_draw[0] != of_draw[2], "the models differ");
	}
	assert_ne!(all[0], all[models.len()], "a shift of one bar changes the sums");
	let partial = (0..u64::from(LIVE_CHUNKS)).filter(|index| (2..4).contains(&expected_windows(0, *index).len())).count();
	assert!(partial > 0, "some full chunks have lost windows");
}

#[test]
fn bars_that_are_expired_or_not_complete_are_no_evidence() {
	publish();
	let mut chain = Chain::preset("development");
	let (domain, models) = domain(&mut chain);
	let seed = seed(2);
	let mut sum = |index| chain.state(|| Scorer::<Prices>::drawn_sum(draw(domain, &seed), &models[0], index));
	let last = LIVE_CHUNKS - 1;
	assert!(sum(0).is_ok() && sum(last).is_ok());
	// The first chunk reads bars 996 to 1 017, and the last one bars 1 620 to 1 641.
	CLOSES.with_borrow_mut(|closes| closes.retain(|bar, _| (996..1_642).contains(bar)));
	assert!(sum(0).is_ok() && sum(last).is_ok(), "exactly the bars that are read");
	CLOSES.with_borrow_mut(|closes| closes.remove(&996));
	assert_eq!(sum(0), Err(ScoreError::NoSuchEvidence), "its first bar is expired");
	CLOSES.with_borrow_mut(|closes| closes.remove(&1_641));
	assert_eq!(sum(last), Err(ScoreError::NoSuchEvidence), "its last bar is not complete");
	assert!(sum(1).is_ok() && sum(last - 1).is_ok());
	assert_eq!(sum(LIVE_CHUNKS), Err(ScoreError::NoSuchChunk));
}

#[test]
fn only_the_bars_of_its_own_stream_are_evidence_of_a_live_domain() {
	publish();
	let mut chain = Chain::preset("development");
	let (domain, models) = domain(&mut chain);
	let (seed, model) = (seed(0), &models[0]);
	chain.state(|| {
		let sum = |evidence| Scorer::<Prices>::drawn_sum(ChunkDraw { domain, evidence, seed: &seed }, model, 0);
		assert!(sum(EvidenceRef::Bars { first: FIRST }).is_ok());
		for evidence in [
			EvidenceRef::Drawn,
			EvidenceRef::Segment(0),
			EvidenceRef::Bars { first: u64::from(HISTORY) - 1 },
			EvidenceRef::Bars { first: u64::MAX },
		] {
			assert_eq!(sum(evidence), Err(ScoreError::NoSuchEvidence), "{evidence:?}");
		}
		let of_demo = ChunkDraw { domain: DEMO, ..draw(domain, &seed) };
		assert_eq!(Scorer::<Prices>::drawn_sum(of_demo, model, 0), Err(ScoreError::NoSuchEvidence));
		assert_eq!(OnChainScorer::drawn_sum(draw(domain, &seed), model, 0), Err(ScoreError::NoSuchEvidence), "no such stream");
		pallet_doin_domains::Specs::<Runtime>::mutate(domain, |spec| {
			let spec = spec.as_mut().expect("inserted");
			spec.evidence = Evidence::Live { stream: STREAM + 1, unit: UNIT };
		});
		assert_eq!(sum(EvidenceRef::Bars { first: FIRST }), Err(ScoreError::NoSuchEvidence), "another stream");
	});
}

#[test]
fn any_encoded_model_can_be_scored_on_bars_and_on_the_validation_split() {
	publish();
	let mut chain = Chain::preset("development");
	let (domain, models) = domain(&mut chain);
	let (seed, evidence, bytes) = (seed(5), EvidenceRef::Bars { first: FIRST }, trend().to_bytes());
	chain.state(|| {
		for index in 0..LIVE_CHUNKS {
			let sum = Scorer::<Prices>::model_sum(domain, &bytes, Some((evidence, &seed)), index);
			assert_eq!(sum, Scorer::<Prices>::drawn_sum(draw(domain, &seed), &models[2], index).ok());
			assert!(sum.is_some());
		}
		assert_eq!(Runtime::chunk_sum(domain, bytes.clone(), Some((evidence, seed)), 0), None, "the chain has no such stream");
		let (spec, values, program) = (spec(), published(), program());
		let span = sample::validation_span(&program, spec.split.train_end, spec.split.validation_end, 3).expect("long enough");
		let windows = sample::validation(&program, &values[span.start as usize..span.end as usize]);
		let expected = score(&trend(), &program, &windows);
		assert_eq!(Runtime::chunk_sum(domain, bytes, None, 3), Some(expected));
		assert_eq!(Scorer::<Prices>::validation_sum(domain, &models[2], 3), Ok(expected));
	});
}

/// Returns the changes that a model forecasts after the bars before `bar`, in units of the stream; `None` if none of the bars has a value.
fn expected_changes(model: usize, bar: u64) -> Option<Vec<i32>> {
	let start = bar - u64::from(HISTORY);
	let first = (start..bar).find_map(value);
	let known = |at: u64| (start..=at).rev().find_map(value).or(first);
	let past: Vec<i64> = (start..bar).map(known).collect::<Option<_>>()?;
	let (last, season) = (past[past.len() - 1], usize::from(SEASON));
	let change = |ahead: usize| match model {
		0 => 0,
		1 => past[past.len() - season + (ahead - 1) % season] - last,
		_ => ahead as i64 * (last - past[past.len() - 2]),
	};
	Some((1..=usize::from(HORIZON)).map(|ahead| (change(ahead) * i64::from(UNIT)) as i32).collect())
}

#[test]
fn the_champion_of_a_live_domain_forecasts_its_stream() {
	publish();
	let mut chain = Chain::preset("development");
	let (domain, models) = domain(&mut chain);
	chain.state(|| {
		let forecast = |bar| Scorer::<Prices>::forecast(domain, STREAM, bar, HORIZON);
		assert_eq!(forecast(1_010), None, "the domain has no champion");
		let mut state = pallet_doin_domains::States::<Runtime>::get(DEMO).expect("the demo domain");
		let mut without = 0;
		for (place, model) in models.into_iter().enumerate() {
			state.champion.model = model;
			pallet_doin_domains::States::<Runtime>::insert(domain, &state);
			for bar in 1_000..1_400 {
				let expected = expected_changes(place, bar);
				without += usize::from(expected.is_none());
				assert_eq!(forecast(bar), expected.map(|changes| (model, changes)), "{model:?} after bar {bar}");
			}
		}
		// A gap has 14 bars and another one 40, and a model reads 6.
		assert!(without >= 3 * (9 + 35), "{without} inputs have no bar");
		for bar in [0, 3, 900, 1_901, u64::MAX] {
			assert_eq!(forecast(bar), None, "bars before {bar} are not complete or not kept");
		}
		assert_eq!(Scorer::<Prices>::forecast(domain, STREAM + 1, 1_010, HORIZON), None, "another stream");
		assert_eq!(Scorer::<Prices>::forecast(domain, STREAM, 1_010, HORIZON + 1), None, "a longer horizon");
		assert_eq!(Scorer::<Prices>::forecast(DEMO, STREAM, 1_010, HORIZON), None, "not a live domain");
		assert_eq!(Scorer::<Prices>::forecast(domain + 1, STREAM, 1_010, HORIZON), None, "no domain");
	});
}

/// The run is one window of bars, and the weight that of a chunk of 64 windows and the largest model.
#[test]
fn a_run_of_a_champion_is_charged_at_least_as_a_chunk_of_its_cost() {
	let weight = Scorer::<Prices>::forecast_weight();
	assert!(weight.all_gte(Prices::closes_weight(MAX_HISTORY.into())));
	let small = Scorer::<Prices>::weight(SizeClass::Small);
	assert!(weight.ref_time() < small.ref_time(), "a chunk of 2²⁰ multiply-accumulates costs more");
}

#[test]
fn no_live_chunk_reads_more_bars_than_it_pays_for() {
	let mut most = 0;
	for horizon in 1..=MAX_HORIZON {
		for history in [1, 2, 17, 63, 64, 65, 80, 511, MAX_HISTORY] {
			let steps = BoundedVec::truncate_from(vec![horizon]);
			for target in [Target::Values, Target::Steps(steps)] {
				for windows in [1, 2, 3, 5, 8, 20, 60, 120, 218] {
					let program = Forecast { horizon, history, season: 1, windows, target: target.clone(), ..program() };
					let is_kept = program.segment_steps() + u32::from(history) <= MAX_KEPT;
					if is_kept && program.check().is_ok() {
						most = most.max(sample::segment_span(&program, &[0; 32], LIVE_CHUNKS - 1).len());
					}
				}
			}
		}
	}
	assert!(most <= CHUNK_BARS as usize && most > usize::from(MAX_HISTORY), "{most}");

	let mut chain = Chain::preset("development");
	chain.state(|| {
		for class in [SizeClass::Small, SizeClass::Large, SizeClass::Huge] {
			let (with, without) = (Scorer::<Prices>::weight(class), Scorer::<()>::weight(class));
			let bars = Prices::closes_weight(CHUNK_BARS);
			let segments = <Runtime as frame_system::Config>::DbWeight::get().reads(doin_runtime::chunk_scorer::CHUNK_READS);
			assert!(with.ref_time() - without.ref_time() >= bars.ref_time() - segments.ref_time(), "{class:?}: {with:?}");
			assert!(with.all_lte(without + bars), "{class:?}: a chunk has bars or a segment, and pays for one of them");
		}
	});
}

#[test]
fn a_live_domain_of_an_unknown_stream_is_refused() {
	let mut chain = Chain::preset("development");
	let on_hold = |chain: &mut Chain| chain.state(|| Balances::total_balance_on_hold(&Bob.to_account_id()));
	let next = chain.state(pallet_doin_domains::NextDomainId::<Runtime>::get);
	let call = pallet_doin_domains::Call::register { spec: Box::new(spec()), baseline: None };
	let refused = chain.fails(Bob, call);
	assert_eq!(refused, pallet_doin_evidence::Error::<Runtime>::UnknownStream.into());
	assert_eq!(on_hold(&mut chain), 0);
	chain.state(|| {
		assert_eq!(pallet_doin_domains::NextDomainId::<Runtime>::get(), next);
		assert_eq!(Runtime::domain(next), None);
	});
}

#[test]
fn the_high_water_mark_in_the_view_of_a_live_domain_halves_with_time() {
	const MARK: u64 = 3 << 32;
	Chain::preset("development").state(|| {
		let half_life = Timing::blocks(HIGH_WATER_HALF_LIFE_MS);
		pallet_doin_domains::States::<Runtime>::mutate(DEMO, |state| {
			let state = state.as_mut().expect("registered");
			(state.high_water, state.high_water_at) = (MARK, 10);
		});
		let at = |block| {
			System::set_block_number(block);
			Runtime::domain(DEMO).expect("registered").high_water
		};
		assert_eq!(at(10 + half_life), MARK, "that of other evidence stays");
		pallet_doin_domains::Specs::<Runtime>::mutate(DEMO, |record| *record = Some(spec()));
		assert_eq!([at(10), at(10 + half_life), at(10 + 2 * half_life)], [MARK, MARK / 2, MARK / 4]);
		assert!((MARK / 2..MARK).contains(&at(10 + half_life / 2)));
	});
}
