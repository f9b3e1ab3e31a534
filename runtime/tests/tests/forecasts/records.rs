//! Mint of a record: rounds of a whole term after the vote for the stream, then the claim and the work blocks that pay it.

use super::{reveal, Reported, HORIZON, STREAM};
use doin_market::{
	record::{term_of, OPEN_SLICES, SLICES},
	truth::{change, ZERO_BARS},
	zero, Signed, ONE,
};
use doin_primitives::{
	bounded_collections::BoundedVec, settlement::Backing, views::SealView, Balance, BlockNumber, RoundId, MILLION, ONE_Q32,
};
use doin_runtime::{Forecasts, Gauge, Oracle, Runtime, RuntimeCall, RuntimeOrigin};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, Bars, DomainWeights};
use frame_support::assert_noop;
use pallet_doin_forecasts::{types::Forecast, Call as ForecastsCall, Error, Event};
use sp_keyring::Sr25519Keyring::{self, Alice, Dave};
use std::collections::BTreeMap;

/// Bars that pass in a block: a slot has 2 s, and a bar one.
const BARS_PER_BLOCK: u64 = 2;
/// Bars of a slice: two horizons of 24, and those of nine blocks of commitments and reveals.
const SLICE_BARS: u64 = 66;
/// Rounds of a slice: a batch of 24 bars opens one.
const SLICE_ROUNDS: f64 = 2.0;
/// Blocks between two flushes of the state.
const FLUSHED: u32 = 64;

/// Returns the close of a bar: noise, which no reference forecasts.
fn noise(bar: u64) -> i64 {
	let mut hash = bar.wrapping_mul(0x9E37_79B9_7F4A_7C15);
	hash ^= hash >> 32;
	hash = hash.wrapping_mul(0xD6E8_FEB8_6659_FD93);
	1_000 + ((hash >> 32) % 101) as i64
}

/// Returns the changes from the zero that begins with bar `first`.
fn truth(first: u64) -> Forecast {
	let level = zero([0, 1, 2].map(|bar| Some(noise(first + bar)))).expect("all bars stand");
	let horizon = first + ZERO_BARS as u64..first + ZERO_BARS as u64 + HORIZON as u64;
	BoundedVec::truncate_from(horizon.map(|bar| change(level, noise(bar))).collect())
}

/// Returns the mean of the slices of term `term`, less three standard errors. `skills` has those of all rounds, with their slices.
fn lower_bound(skills: &[(u32, Signed)], term: u32) -> f64 {
	let mut means = [0.0; SLICES as usize];
	for (slice, skill) in skills.iter().filter(|(slice, _)| term_of(*slice) == term) {
		means[(slice % SLICES) as usize] += *skill as f64 / ONE as f64 / SLICE_ROUNDS;
	}
	let means = means.map(|mean: f64| mean.clamp(-1.0, 1.0));
	let count = f64::from(SLICES);
	let mean = means.iter().sum::<f64>() / count;
	let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
	mean - 3.0 * (variance / count).sqrt()
}

/// Round that Dave has entered.
struct Entry {
	/// Number of the bar after its input.
	bar: u64,
	/// First bar of its zero.
	zero: u64,
	/// Changes that Dave has committed to.
	forecast: Forecast,
}

/// A chain on which Dave knows every close.
struct Knowing {
	reported: Reported,
	/// Calls of the next block.
	calls: Vec<(Sr25519Keyring, RuntimeCall)>,
	entered: BTreeMap<RoundId, Entry>,
	/// Slices and skills of the rounds that are revealed.
	skills: Vec<(u32, Signed)>,
}

impl Knowing {
	/// Returns the slice that the stream is in.
	fn slice(&mut self) -> u32 {
		let running = self.reported.chain.state(|| Oracle::stream(STREAM)).expect("a stream of genesis").running;
		(running / SLICE_BARS) as u32
	}

	/// Makes reported blocks until slice `slice` has begun.
	fn wait(&mut self, slice: u32) {
		while self.slice() < slice {
			self.reported.step([]);
			self.flush();
		}
	}

	/// Makes reported blocks until slice `slice` has begun, in which Dave enters, reveals and collects every round.
	fn play(&mut self, slice: u32) {
		while self.slice() < slice {
			let calls = core::mem::take(&mut self.calls);
			for event in self.reported.step(calls) {
				self.follow(event);
			}
			self.flush();
		}
	}

	/// Writes the changes into the trie from time to time.
	fn flush(&mut self) {
		if self.reported.chain.number().is_multiple_of(FLUSHED) {
			self.reported.chain.flush();
		}
	}

	/// Does what an event of the market asks Dave for.
	fn follow(&mut self, event: Event<Runtime>) {
		match event {
			Event::Opened { round, bar, until, .. } => {
				let zero = self.zero_of(until);
				let forecast = truth(zero);
				self.calls.push(self.reported.commit(Dave, round, &forecast));
				self.entered.insert(round, Entry { bar, zero, forecast });
			}
			Event::CommitsEnded { round, zero } => {
				assert!(
					self.entered.get(&round).is_none_or(|entry| entry.zero == zero),
					"the zero begins with the bar that runs"
				);
			}
			Event::RevealsOpened { round, .. } => {
				let forecast = self.entered.get(&round).map(|entry| entry.forecast.clone());
				self.calls.extend(forecast.map(|forecast| (Dave, reveal(round, forecast))));
			}
			Event::Revealed { round, skill, error, .. } => {
				assert_eq!(error, 0, "the forecast comes true");
				self.skills.push(((self.entered[&round].bar / SLICE_BARS) as u32, skill));
			}
			Event::Closed { round, .. } => {
				let collect: RuntimeCall = ForecastsCall::<Runtime>::collect { round, who: Dave.to_account_id() }.into();
				self.calls.extend(self.entered.remove(&round).map(|_| (Dave, collect)));
			}
			_ => {}
		}
	}

	/// Returns the bar that runs in block `block`.
	fn zero_of(&mut self, block: BlockNumber) -> u64 {
		let running = self.reported.chain.state(|| Oracle::stream(STREAM)).expect("a stream of genesis").running;
		running + u64::from(block - self.reported.chain.number()) * BARS_PER_BLOCK
	}

	/// Has the only validator vote all weight for the stream. Returns the first term that is paid.
	fn vote(&mut self) -> u32 {
		let nominate = pallet_doin_gauge::Call::<Runtime>::nominate { domain: STREAM };
		self.reported.step([(Alice, nominate.into())]);
		let votes = BoundedVec::truncate_from(vec![(STREAM, MILLION)]);
		self.reported.step([(Alice, pallet_doin_gauge::Call::<Runtime>::vote { votes }.into())]);
		let counted = (0..60).any(|_| {
			self.reported.step([]);
			self.reported.chain.state(|| Gauge::weight(STREAM)) > 0
		});
		assert!(counted, "the ballot counts from the next session on");
		let (paid_from, now) = (self.reported.market().0.paid_from, term_of(self.slice()));
		assert!((now..=now + 1).contains(&paid_from), "{paid_from} in term {now}");
		paid_from
	}
}

/// Makes empty blocks until the queue of verified improvement is empty. Returns what the work blocks mint together: to optimizers,
/// evaluators and validators.
fn minted_until_empty(reported: &mut Reported) -> [Balance; 3] {
	let (mut sums, mut last) = ([0; 3], reported.chain.state(Runtime::work).work_blocks);
	for _ in 0..400 {
		if reported.chain.state(Runtime::work).queued == 0 {
			return sums;
		}
		reported.chain.block();
		let seal = reported.chain.state(Runtime::work).last_seal.filter(|seal| seal.work_block > last);
		if let Some(SealView { work_block, optimizers, evaluators, validators, .. }) = seal {
			assert_eq!(work_block, last + 1, "no work block is missed");
			last = work_block;
			let parts = [optimizers, evaluators, validators];
			sums = core::array::from_fn(|part| sums[part] + parts[part]);
		}
	}
	panic!("the queue is never empty");
}

/// Dave enters each round of the first term after the vote, with forecasts that come true. The mint is what three standard errors leave
/// of his skill, and the part of evaluators is not minted.
#[test]
fn a_record_mints_what_a_term_of_rounds_proves() {
	let mut reported = Reported::with_closes(noise);
	reported.chain.block();
	reported.until_opened();
	let since = reported.market().0.since;
	let mut knowing = Knowing { reported, calls: Vec::new(), entered: BTreeMap::new(), skills: Vec::new() };
	knowing.wait(since + SLICES);
	let paid_from = knowing.vote();
	knowing.wait(paid_from * SLICES);

	let end = (paid_from + 1) * SLICES;
	knowing.play(end);
	let claim = || Forecasts::claim(RuntimeOrigin::signed(Dave.to_account_id()), STREAM);
	knowing.reported.chain.state(|| {
		assert_noop!(claim(), Error::<Runtime>::NoTerm);
	});
	knowing.play(end + OPEN_SLICES - 1);
	let Knowing { mut reported, skills, .. } = knowing;
	reported.chain.check_invariants();
	let events = reported.step([(Dave, ForecastsCall::<Runtime>::claim { stream: STREAM }.into())]);
	let claimed = events.into_iter().find_map(|event| match event {
		Event::Claimed { stream: STREAM, who, bound, increment, effective } => Some((who, bound, increment, effective)),
		_ => None,
	});
	let (who, bound, increment, effective) = claimed.expect("the claim has an event");
	let exact = lower_bound(&skills, paid_from);
	assert!((bound as f64 / ONE as f64 - exact).abs() < 1e-6, "{bound} instead of {exact}");
	let bits = (-0.5 * (1.0 - exact).log2()).min(1.0);
	assert!(bits > 0.1 && (increment as f64 / ONE_Q32 as f64 - bits).abs() < 1e-6, "{increment} instead of {bits}");
	assert_eq!((who, effective), (Dave.to_account_id(), increment / 2), "half of it, times the whole weight");
	assert_eq!(reported.market().0.mark, increment);
	reported.chain.state(|| {
		assert_noop!(claim(), Error::<Runtime>::NothingToClaim);
	});

	let before = reported.chain.state(Runtime::work);
	let [entry] = &before.queue[..] else { panic!("one improvement is queued: {:?}", before.queue) };
	assert_eq!((entry.effective, entry.round.domain, entry.backing), (effective, STREAM, Backing::Runtime));
	assert!(entry.optimizer == Dave.to_account_id() && entry.evaluators.is_empty());
	let (wealth, issuance) = (reported.chain.total(&Dave.to_account_id()), reported.chain.issuance());
	let [optimizers, evaluators, validators] = minted_until_empty(&mut reported);
	assert!(optimizers > 0 && evaluators == 0, "nobody has evaluated anything");
	assert!((12 * validators..14 * validators).contains(&optimizers), "65 and 5 of 100: {optimizers}, {validators}");
	assert_eq!(reported.chain.total(&Dave.to_account_id()) - wealth, optimizers);
	assert_eq!(reported.chain.issuance() - issuance, optimizers + validators);
	let after = reported.chain.state(Runtime::work);
	assert_eq!(after.mined - before.mined, optimizers + validators);
	assert_eq!(after.backed_by_runtime - before.backed_by_runtime, optimizers + validators);
}
