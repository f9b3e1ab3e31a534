//! Streams of bars: their records, what reporters submit, and the formulas that turn reports into bars and fees.
//!
//! Reporters are the validators of a session. In a *poll* each of them commits to the bars of every batch that is due, then reveals them.
//! A bar stands if reporters with half of the session's stake reveal it. Each of its values is the stake-weighted median of theirs, so
//! reporters with less than half of the revealed stake cannot move a value outside of the range of the others.
//!
//! ```
//! use doin_primitives::oracle::{count, Bars, Values};
//! let bars = |close| Bars::truncate_from(vec![Some(Values::truncate_from(vec![close]))]);
//! let (honest, false_) = (bars(100), bars(150));
//! let reveals = [(1, &honest), (1, &honest), (1, &false_)];
//! let counted = count(&reveals, 6, 1);
//! assert_eq!(counted.bars, honest, "half of the stake has revealed the bar");
//! assert_eq!(counted.within, [1, 1, 0]);
//! assert_eq!(count(&reveals, 7, 1).bars.first(), Some(&None), "less than half");
//! ```

use crate::{Balance, BlockNumber, DomainId, DOIN};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;

/// Identifier of a stream: [`FIRST_STREAM`] and above, so that no identifier is that of a domain as well.
pub type StreamId = u32;
/// Number of a poll, from 1 on.
pub type PollId = u32;

/// Identifier of the first stream. Identifiers of domains stay below.
pub const FIRST_STREAM: StreamId = 1 << 31;
/// Most streams that are awake.
pub const MAX_AWAKE: u32 = 32;
/// Most values of a batch: its bars times their fields.
pub const MAX_BATCH_VALUES: u32 = 24;
/// Most fields of a bar: close, high, low and volume.
pub const MAX_FIELDS: u32 = 4;
/// Most complete bars that a stream keeps: 30 days of 5 minutes, and some more.
pub const MAX_KEPT: u32 = 9_000;
/// Most values of a page, the unit in which bars are stored.
pub const PAGE_VALUES: u32 = 384;
/// Admitted lengths of a bar, in milliseconds: a second to a day.
pub const BAR_MS: RangeInclusive<u64> = 1_000..=86_400_000;
/// Most milliseconds that a batch takes, and that lie between a registration and the first bar of the record: a day. A place among the
/// streams that are awake costs the fee of a batch a day at least.
pub const MAX_BATCH_MS: u64 = 86_400_000;
/// Smallest fee of a batch, in plancks.
pub const MIN_FEE: Balance = DOIN;
/// Smallest amount that is paid into a pot, in plancks.
pub const MIN_SPONSORED: Balance = DOIN;
/// Amount of a reporter on hold, in plancks.
pub const REPORT_HOLD: Balance = 10 * DOIN;
/// Part of the hold that a commitment burns which is not revealed, in plancks: 0.1 DOIN.
pub const UNREVEALED_BURN: Balance = DOIN / 10;
/// Largest number of the first bar that a record can name.
pub const MAX_FIRST_BAR: u64 = 1 << 48;
/// Batches in a row without any bar after which a stream sleeps, and the fees of which burn: a stream that nobody can report holds one of
/// [`MAX_AWAKE`] places for as long.
pub const MAX_MISSES: u16 = 48;
/// Multiple of the median deviation within which a value shares in the fee.
const DEVIATIONS: u64 = 5;
/// Admitted numbers of bars of the forecasts of a stream; a stream without forecasts has 0.
pub const HORIZON: RangeInclusive<u16> = 24..=100;
/// Divisor of a median: a value within this part of it shares in the fee as well, 0.1 %.
const NEAR: u64 = 1_000;

/// Values of a bar, one for each field, in the order close, high, low, volume.
pub type Values = BoundedVec<i64, ConstU32<MAX_FIELDS>>;
/// Bars of a batch; `None` for a bar without values.
pub type Bars = BoundedVec<Option<Values>, ConstU32<MAX_BATCH_VALUES>>;
/// Reports of one reporter for all streams of a poll, in ascending order of the streams.
pub type Reports = BoundedVec<Report, ConstU32<MAX_AWAKE>>;

/// Fields of a bar beside its close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Fields {
	/// `true` if bars have the highest price.
	pub high: bool,
	/// `true` if bars have the lowest price.
	pub low: bool,
	/// `true` if bars have the volume.
	pub volume: bool,
}

impl Fields {
	/// Returns the number of values of a bar, the close included.
	pub fn count(&self) -> u32 {
		[self.high, self.low, self.volume].into_iter().fold(1, |count: u32, has| count.saturating_add(has.into()))
	}

	/// Returns the names of the values of a bar, in their order.
	///
	/// ```
	/// use doin_primitives::oracle::Fields;
	/// assert_eq!(Fields { high: false, low: true, volume: true }.names(), ["close", "low", "volume"]);
	/// ```
	pub fn names(&self) -> Vec<&'static str> {
		let all = [(true, "close"), (self.high, "high"), (self.low, "low"), (self.volume, "volume")];
		all.into_iter().filter_map(|(has, name)| has.then_some(name)).collect()
	}
}

/// Record of a stream. It never changes.
///
/// Bar n covers the milliseconds `n · bar_ms` to `(n + 1) · bar_ms` of Unix time. Batches are aligned: the number of the first bar of a
/// batch is a multiple of their length.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StreamSpec {
	/// Name of what is measured, UTF-8, e.g. `BTC/USD`.
	pub symbol: BoundedVec<u8, ConstU32<16>>,
	/// Unit of a value, UTF-8, e.g. `0.01 USD`.
	pub unit: BoundedVec<u8, ConstU32<32>>,
	/// Definition of a value down to the unit, UTF-8: e.g. the median of the public klines of at least three markets. Honest reports
	/// are equal if it leaves no choice.
	pub source: BoundedVec<u8, ConstU32<256>>,
	/// Length of a bar in milliseconds.
	pub bar_ms: u64,
	/// Number of a bar before which no bar is reported; 0 for no such bar.
	pub first_bar: u64,
	/// Bars of a batch.
	pub batch: u16,
	/// Fields of a bar beside its close.
	pub fields: Fields,
	/// Number of complete bars that are kept.
	pub kept: u32,
	/// Bars of a season; 1 for none.
	pub season: u16,
	/// Size of an ordinary error of a forecast, in units.
	pub scale: u64,
	/// Bars that forecasters forecast; 0 for a stream without a market of forecasts.
	pub horizon: u16,
	/// Fee of the reporters for one batch, in plancks.
	pub fee: Balance,
	/// Domain whose champion forecasts the stream; `None` for none.
	pub domain: Option<DomainId>,
}

/// Reason for which a record of a stream is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamFault {
	/// `symbol`, `unit` or `source` is empty or not UTF-8.
	Text,
	/// `bar_ms` is outside of [`BAR_MS`].
	BarLength,
	/// `first_bar` is above [`MAX_FIRST_BAR`].
	FirstBar,
	/// A batch has no bar, or more than [`MAX_BATCH_VALUES`] values.
	BatchSize,
	/// A batch takes less time than a poll.
	BatchTooShort,
	/// A batch takes more than [`MAX_BATCH_MS`].
	BatchTooLong,
	/// `kept` is less than a batch or above [`MAX_KEPT`].
	Kept,
	/// `season` or `scale` is 0.
	Season,
	/// `horizon` is outside of [`HORIZON`], and not 0.
	Horizon,
	/// `fee` is below [`MIN_FEE`].
	Fee,
}

/// Place of a bar in the stored pages of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
	/// Number of its page, from that of bar 0 on.
	pub number: u64,
	/// Index under which the page is stored.
	pub slot: u16,
	/// Index of the bar within the page.
	pub offset: usize,
}

impl StreamSpec {
	/// Checks that the chain accepts this record, where a poll takes `poll_ms` milliseconds.
	///
	/// # Errors
	///
	/// Fails with the first fault found.
	pub fn check(&self, poll_ms: u64) -> Result<(), StreamFault> {
		let ensure = |ok: bool, fault: StreamFault| if ok { Ok(()) } else { Err(fault) };
		let is_text = |bytes: &[u8]| !bytes.is_empty() && core::str::from_utf8(bytes).is_ok();
		ensure(is_text(&self.symbol) && is_text(&self.unit) && is_text(&self.source), StreamFault::Text)?;
		ensure(BAR_MS.contains(&self.bar_ms), StreamFault::BarLength)?;
		ensure(self.first_bar <= MAX_FIRST_BAR, StreamFault::FirstBar)?;
		let values = u32::from(self.batch).saturating_mul(self.fields.count());
		ensure((1..=MAX_BATCH_VALUES).contains(&values), StreamFault::BatchSize)?;
		let batch_ms = self.bar_ms.saturating_mul(self.batch.into());
		ensure(batch_ms >= poll_ms, StreamFault::BatchTooShort)?;
		ensure(batch_ms <= MAX_BATCH_MS, StreamFault::BatchTooLong)?;
		ensure((u32::from(self.batch)..=MAX_KEPT).contains(&self.kept), StreamFault::Kept)?;
		ensure(self.season > 0 && self.scale > 0, StreamFault::Season)?;
		ensure(self.horizon == 0 || HORIZON.contains(&self.horizon), StreamFault::Horizon)?;
		ensure(self.fee >= MIN_FEE, StreamFault::Fee)
	}

	/// Returns the number of the bar that is running at `now_ms` milliseconds of Unix time.
	pub fn running(&self, now_ms: u64) -> u64 {
		now_ms.checked_div(self.bar_ms).unwrap_or(0)
	}

	/// Returns the first bar of the first whole batch from `now_ms` on, and not before the first bar of the record.
	pub fn next_batch(&self, now_ms: u64) -> u64 {
		let begun = now_ms.checked_rem(self.bar_ms).unwrap_or(0) > 0;
		let whole = self.running(now_ms).saturating_add(begun.into());
		whole.max(self.first_bar).checked_next_multiple_of(self.batch.into()).unwrap_or(0)
	}

	/// Returns the time, in milliseconds of Unix time, at which the batch that begins with bar `first` has ended.
	pub fn due_ms(&self, first: u64) -> u64 {
		first.saturating_add(self.batch.into()).saturating_mul(self.bar_ms)
	}

	/// Returns the number of bars of a page: as many whole batches as have [`PAGE_VALUES`] values.
	pub fn page_bars(&self) -> u64 {
		let values = u32::from(self.batch).saturating_mul(self.fields.count());
		let batches = PAGE_VALUES.checked_div(values).unwrap_or(0).max(1);
		u64::from(batches).saturating_mul(self.batch.into()).max(1)
	}

	/// Returns the number of pages under which the bars of the stream are stored: those of the kept bars, and one more, so that a new
	/// page replaces one with expired bars only.
	pub fn pages(&self) -> u16 {
		let full = u64::from(self.kept).div_ceil(self.page_bars());
		u16::try_from(full.saturating_add(1)).unwrap_or(u16::MAX)
	}

	/// Returns the place of bar `bar`.
	pub fn place(&self, bar: u64) -> Place {
		let (length, pages) = (self.page_bars(), u64::from(self.pages()));
		let number = bar.checked_div(length).unwrap_or(0);
		Place {
			number,
			slot: number.checked_rem(pages).and_then(|slot| u16::try_from(slot).ok()).unwrap_or(0),
			offset: bar.checked_rem(length).and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0),
		}
	}

	/// Returns the number of bytes that the record and all pages take at most.
	pub fn stored_bytes(&self) -> u64 {
		let bar = u64::from(self.fields.count()).saturating_mul(8).saturating_add(2);
		let page = self.page_bars().saturating_mul(bar).saturating_add(10);
		u64::from(self.pages()).saturating_mul(page).saturating_add(self.encoded_size() as u64)
	}
}

/// Bars of one stream as a reporter knows them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Report {
	/// The stream.
	pub stream: StreamId,
	/// All bars of the batch; `None` for a bar that the reporter does not know.
	pub bars: Bars,
}

/// Batch of one stream that a poll asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Batch {
	/// The stream.
	pub stream: StreamId,
	/// Number of its first bar.
	pub first: u64,
	/// Number of its bars.
	pub bars: u16,
	/// Number of values of a bar.
	pub fields: u8,
}

impl Batch {
	/// Returns `true` if `bars` has one entry for each bar of the batch, and one value for each field.
	pub fn fits(&self, bars: &Bars) -> bool {
		bars.len() == usize::from(self.bars) && bars.iter().flatten().all(|values| values.len() == usize::from(self.fields))
	}
}

/// Part of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollPhase {
	/// Takes commitments.
	Committing,
	/// Takes reveals.
	Revealing,
	/// Takes nothing any more; hooks count its batches.
	Counting,
}

/// Returns the phase of a poll in block `now`, whose commitments end before block `commits_until` and its reveals before block
/// `reveals_until`.
///
/// ```
/// use doin_primitives::oracle::{phase, PollPhase::*};
/// assert_eq!([9, 10, 19, 20].map(|now| phase(now, 10, 20)), [Committing, Revealing, Revealing, Counting]);
/// ```
pub fn phase(now: BlockNumber, commits_until: BlockNumber, reveals_until: BlockNumber) -> PollPhase {
	if now < commits_until {
		PollPhase::Committing
	} else if now < reveals_until {
		PollPhase::Revealing
	} else {
		PollPhase::Counting
	}
}

/// Returns the stake-weighted median: the smallest value up to which at least half of the stake lies. Returns `None` without stake.
///
/// ```
/// use doin_primitives::oracle::median;
/// assert_eq!(median(vec![(5, 1), (1, 1), (9, 1)]), Some(5));
/// assert_eq!(median(vec![(5, 1), (1, 3), (9, 1)]), Some(1));
/// assert_eq!(median::<i64>(vec![(5, 0)]), None);
/// ```
pub fn median<V: Copy + Ord>(mut values: Vec<(V, Balance)>) -> Option<V> {
	values.sort_unstable_by_key(|(value, _)| *value);
	let stake = sum(values.iter().map(|(_, stake)| *stake));
	let mut up_to: Balance = 0;
	for (value, stake_of_value) in &values {
		up_to = up_to.saturating_add(*stake_of_value);
		if stake > 0 && up_to.saturating_mul(2) >= stake {
			return Some(*value);
		}
	}
	None
}

/// Returns the sum of amounts.
fn sum(amounts: impl Iterator<Item = Balance>) -> Balance {
	amounts.fold(0, |sum: Balance, amount| sum.saturating_add(amount))
}

/// Result of counting the reports of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
	/// Bars of the batch; `None` for a missing one.
	pub bars: Bars,
	/// For each report, the number of standing bars all of whose values share in the fee.
	pub within: Vec<u32>,
	/// For each report, the number of standing bars that it has with another value.
	pub outside: Vec<u32>,
}

/// Counts the reports of one batch of `bars` bars, each with the stake of its reporter; `stake` is that of all reporters, also of those
/// without a report. All reports have the shape of the batch.
pub fn count(reports: &[(Balance, &Bars)], stake: Balance, bars: u16) -> Counted {
	let mut counted =
		Counted { bars: Bars::default(), within: alloc::vec![0; reports.len()], outside: alloc::vec![0; reports.len()] };
	for bar in 0..usize::from(bars) {
		let known = reports.iter().enumerate().filter_map(|(place, (stake, bars))| {
			let values = bars.get(bar).and_then(|values| values.as_ref())?;
			Some((place, *stake, values))
		});
		let known: Vec<_> = known.collect();
		let medians = medians(&known, stake);
		if let Some(medians) = &medians {
			for (place, is_near) in near(&known, medians) {
				let counts = if is_near { &mut counted.within } else { &mut counted.outside };
				if let Some(count) = counts.get_mut(place) {
					*count = count.saturating_add(1);
				}
			}
		}
		// A batch has no more bars than the list can hold.
		let _ = counted.bars.try_push(medians);
	}
	counted
}

/// Values of one bar: the place of the report, the stake of its reporter, and the values.
type Known<'a> = (usize, Balance, &'a Values);

/// Returns the medians of a bar, one for each field; `None` if less than half of `stake` knows it.
fn medians(known: &[Known], stake: Balance) -> Option<Values> {
	let revealed = sum(known.iter().map(|(_, stake, _)| *stake));
	if revealed == 0 || revealed.saturating_mul(2) < stake {
		return None;
	}
	let fields = known.first().map_or(0, |(_, _, values)| values.len());
	let medians = (0..fields).map(|field| median(column(known, field, |value| value)));
	Some(Values::truncate_from(medians.collect::<Option<Vec<i64>>>()?))
}

/// Returns one field of all reports of a bar, as `of` maps it, with the stakes.
fn column<V>(known: &[Known], field: usize, of: impl Fn(i64) -> V) -> Vec<(V, Balance)> {
	known.iter().filter_map(|(_, stake, values)| Some((of(*values.get(field)?), *stake))).collect()
}

/// Returns for each report of a bar whether all its values lie near the medians: within five times the median deviation, or within
/// 0.1 % of the median, whichever is more.
fn near(known: &[Known], medians: &Values) -> Vec<(usize, bool)> {
	let tolerances = medians.iter().enumerate().map(|(field, middle)| {
		let deviation = median(column(known, field, |value| value.abs_diff(*middle))).unwrap_or(0);
		deviation.saturating_mul(DEVIATIONS).max(middle.unsigned_abs() / NEAR)
	});
	let tolerances: Vec<u64> = tolerances.collect();
	let is_near = |values: &Values| {
		let mut parts = values.iter().zip(medians.iter()).zip(tolerances.iter());
		parts.all(|((value, middle), tolerance)| value.abs_diff(*middle) <= *tolerance)
	};
	known.iter().map(|(place, _, values)| (*place, is_near(values))).collect()
}

/// Divides `fee` among reporters by their numbers of bars that share in it, rounded down. The rest stays in the pot.
///
/// ```
/// use doin_primitives::oracle::shares;
/// assert_eq!(shares(100, &[6, 0, 3]), [66, 0, 33]);
/// assert_eq!(shares(100, &[0, 0]), [0, 0]);
/// ```
pub fn shares(fee: Balance, within: &[u32]) -> Vec<Balance> {
	let whole = within.iter().fold(0, |whole: Balance, count| whole.saturating_add((*count).into()));
	within.iter().map(|count| fee.saturating_mul((*count).into()).checked_div(whole).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::vec;
	use proptest::prelude::*;

	/// Returns the record of a stream of five-minute bars.
	fn spec() -> StreamSpec {
		StreamSpec {
			symbol: BoundedVec::truncate_from(b"BTC/USD".to_vec()),
			unit: BoundedVec::truncate_from(b"0.01 USD".to_vec()),
			source: BoundedVec::truncate_from(b"median of three markets".to_vec()),
			bar_ms: 300_000,
			first_bar: 0,
			batch: 6,
			fields: Fields { high: true, low: true, volume: true },
			kept: MAX_KEPT,
			season: 288,
			scale: 1_000,
			horizon: 100,
			fee: DOIN,
			domain: None,
		}
	}

	/// Returns a report of bars with a close only.
	fn closes(closes: &[Option<i64>]) -> Bars {
		Bars::truncate_from(closes.iter().map(|close| close.map(|close| Values::truncate_from(vec![close]))).collect())
	}

	#[test]
	fn a_record_is_refused_for_its_first_fault() {
		let fault = |change: fn(&mut StreamSpec)| {
			let mut spec = spec();
			change(&mut spec);
			spec.check(60_000)
		};
		assert_eq!(fault(|_| ()), Ok(()));
		assert_eq!(fault(|s| s.symbol = BoundedVec::new()), Err(StreamFault::Text));
		assert_eq!(fault(|s| s.source = BoundedVec::truncate_from(vec![0xFF])), Err(StreamFault::Text));
		assert_eq!(fault(|s| s.bar_ms = 999), Err(StreamFault::BarLength));
		assert_eq!(fault(|s| s.bar_ms = 86_400_001), Err(StreamFault::BarLength));
		assert_eq!(fault(|s| s.first_bar = MAX_FIRST_BAR + 1), Err(StreamFault::FirstBar));
		assert_eq!(fault(|s| s.batch = 0), Err(StreamFault::BatchSize));
		assert_eq!(fault(|s| s.batch = 7), Err(StreamFault::BatchSize));
		assert_eq!(fault(|s| (s.batch, s.fields) = (24, Fields::default())), Ok(()));
		assert_eq!(fault(|s| s.bar_ms = 9_999), Err(StreamFault::BatchTooShort));
		assert_eq!(fault(|s| s.bar_ms = 10_000), Ok(()));
		assert_eq!(fault(|s| s.bar_ms = 14_400_001), Err(StreamFault::BatchTooLong));
		assert_eq!(fault(|s| s.bar_ms = 14_400_000), Ok(()), "six bars a day");
		assert_eq!(fault(|s| s.kept = 5), Err(StreamFault::Kept));
		assert_eq!(fault(|s| s.kept = MAX_KEPT + 1), Err(StreamFault::Kept));
		assert_eq!(fault(|s| s.season = 0), Err(StreamFault::Season));
		assert_eq!(fault(|s| s.scale = 0), Err(StreamFault::Season));
		assert_eq!(fault(|s| s.horizon = 23), Err(StreamFault::Horizon));
		assert_eq!(fault(|s| s.horizon = 101), Err(StreamFault::Horizon));
		assert_eq!(fault(|s| s.horizon = 0), Ok(()), "no market of forecasts");
		assert_eq!(fault(|s| s.fee = MIN_FEE - 1), Err(StreamFault::Fee));
	}

	#[test]
	fn batches_are_aligned_and_whole() {
		let spec = spec();
		let batch_ms = 6 * 300_000;
		assert_eq!(spec.next_batch(5 * batch_ms), 30, "a batch begins now");
		assert_eq!(spec.next_batch(5 * batch_ms + 1), 36);
		assert_eq!(spec.next_batch(6 * batch_ms - 1), 36);
		assert_eq!(spec.due_ms(30), 6 * batch_ms);
		assert_eq!((spec.running(299_999), spec.running(300_000)), (0, 1));
		let later = StreamSpec { first_bar: 31, ..spec };
		assert_eq!(later.next_batch(0), 36, "the first whole batch from its first bar on");
	}

	#[test]
	fn pages_hold_whole_batches_and_a_ring_keeps_all_kept_bars() {
		let four = spec();
		assert_eq!((four.page_bars(), four.pages()), (96, 95));
		let close = StreamSpec { batch: 24, fields: Fields::default(), ..spec() };
		assert_eq!((close.page_bars(), close.pages()), (384, 25));
		assert_eq!(four.place(96 * 95 + 7), Place { number: 95, slot: 0, offset: 7 });
		assert!(u64::from(MAX_AWAKE) * four.stored_bytes() < 18_000_000, "{} bytes a stream", four.stored_bytes());
	}

	#[test]
	fn two_of_seven_reporters_that_lie_by_half_change_no_bar() {
		let honest = closes(&[Some(100_000), Some(101_000)]);
		let lies = [closes(&[Some(50_000), Some(50_500)]), closes(&[Some(150_000), Some(151_500)])];
		for lie in &lies {
			let reports = [(1, lie), (1, &honest), (1, &honest), (1, lie), (1, &honest), (1, &honest), (1, &honest)];
			let counted = count(&reports, 7, 2);
			assert_eq!(counted.bars, honest);
			assert_eq!(counted.within, [0, 2, 2, 0, 2, 2, 2]);
			assert_eq!(counted.outside, [2, 0, 0, 2, 0, 0, 0]);
		}
	}

	#[test]
	fn a_bar_is_missing_against_more_than_half_of_the_stake_only() {
		let report = closes(&[Some(7), None]);
		assert_eq!(count(&[(5, &report)], 10, 2).bars, closes(&[Some(7), None]));
		assert_eq!(count(&[(5, &report)], 11, 2).bars, closes(&[None, None]));
		assert_eq!(count(&[], 0, 2).bars, closes(&[None, None]));
		assert_eq!(count(&[(0, &report)], 0, 2).bars, closes(&[None, None]), "a chain without stake");
	}

	#[test]
	fn a_value_shares_in_the_fee_within_five_deviations_or_a_thousandth() {
		let reports: Vec<Bars> = [100_000, 100_000, 100_000, 100_100, 100_101].map(|close| closes(&[Some(close)])).to_vec();
		let with_stake: Vec<(Balance, &Bars)> = reports.iter().map(|bars| (1, bars)).collect();
		assert_eq!(count(&with_stake, 5, 1).within, [1, 1, 1, 1, 0], "the median deviation is 0");
		let reports: Vec<Bars> = [-10, -5, 0, 5, 25, 26].map(|close| closes(&[Some(close)])).to_vec();
		let with_stake: Vec<(Balance, &Bars)> = reports.iter().map(|bars| (1, bars)).collect();
		let counted = count(&with_stake, 6, 1);
		assert_eq!(counted.bars, closes(&[Some(0)]));
		assert_eq!(counted.within, [1, 1, 1, 1, 1, 0], "the median deviation is 5");
	}

	#[test]
	fn one_wrong_field_loses_the_share_of_its_bar_only() {
		let bar = |close, high| Some(Values::truncate_from(vec![close, high]));
		let honest = Bars::truncate_from(vec![bar(10_000, 10_500), bar(10_100, 10_600)]);
		let wrong = Bars::truncate_from(vec![bar(10_000, 99_000), bar(10_100, 10_600)]);
		let counted = count(&[(1, &honest), (1, &honest), (1, &wrong)], 3, 2);
		assert_eq!(counted.bars, honest);
		assert_eq!((counted.within, counted.outside), (vec![2, 2, 1], vec![0, 0, 1]));
	}

	/// Reporters: a stake, and a value if it has one.
	fn reporters() -> impl Strategy<Value = Vec<(Balance, Option<i64>)>> {
		prop::collection::vec((0..1_000_000_000 * DOIN, prop::option::of(any::<i64>())), 0..40)
	}

	proptest! {
		#[test]
		fn the_median_has_half_of_the_stake_on_either_side(values in prop::collection::vec((any::<i64>(), 0u128..1 << 90), 1..60)) {
			let stake: u128 = values.iter().map(|(_, stake)| stake).sum();
			let found = median(values.clone());
			prop_assert_eq!(found.is_some(), stake > 0);
			if let Some(found) = found {
				let part = |keep: &dyn Fn(i64) -> bool| values.iter().filter(|(v, _)| keep(*v)).map(|(_, s)| s).sum::<u128>();
				prop_assert!(part(&|v| v <= found) * 2 >= stake);
				prop_assert!(part(&|v| v < found) * 2 < stake);
				let mut reversed = values.clone();
				reversed.reverse();
				prop_assert_eq!(median(reversed), Some(found), "the order of the reports is of no account");
			}
		}

		#[test]
		fn less_than_half_of_the_revealed_stake_moves_no_bar_out_of_the_range_of_the_others(
			honest in prop::collection::vec((1..1_000u128, -1_000_000i64..1_000_000), 1..20),
			lies in prop::collection::vec((1..1_000u128, any::<i64>()), 0..20),
		) {
			let stake = |reporters: &[(u128, i64)]| -> u128 { reporters.iter().map(|(stake, _)| stake).sum() };
			prop_assume!(stake(&lies) < stake(&honest));
			let bars: Vec<(Balance, Bars)> =
				honest.iter().chain(&lies).map(|(stake, value)| (*stake, closes(&[Some(*value)]))).collect();
			let reports: Vec<(Balance, &Bars)> = bars.iter().map(|(stake, bars)| (*stake, bars)).collect();
			let counted = count(&reports, stake(&honest) + stake(&lies), 1);
			let close = counted.bars[0].as_ref().expect("all of the stake has revealed")[0];
			let (least, most) = honest.iter().fold((i64::MAX, i64::MIN), |(a, b), (_, v)| (a.min(*v), b.max(*v)));
			prop_assert!((least..=most).contains(&close));
		}

		#[test]
		fn counting_is_total_and_each_report_counts_once_for_each_bar_that_it_has(reporters in reporters(), absent in 0..DOIN) {
			let bars: Vec<(Balance, Bars)> = reporters.iter().map(|(stake, value)| (*stake, closes(&[*value, None]))).collect();
			let reports: Vec<(Balance, &Bars)> = bars.iter().map(|(stake, bars)| (*stake, bars)).collect();
			let stake = reporters.iter().map(|(stake, _)| stake).sum::<Balance>() + absent;
			let revealed: Balance = reporters.iter().filter(|(_, value)| value.is_some()).map(|(stake, _)| stake).sum();
			let counted = count(&reports, stake, 2);
			let stands = revealed > 0 && revealed * 2 >= stake;
			prop_assert_eq!(counted.bars.len(), 2);
			prop_assert_eq!(counted.bars[0].is_some(), stands);
			prop_assert!(counted.bars[1].is_none());
			for (place, (_, value)) in reporters.iter().enumerate() {
				prop_assert_eq!(counted.within[place] + counted.outside[place], u32::from(stands && value.is_some()));
			}
			let paid: Balance = shares(DOIN, &counted.within).iter().sum();
			prop_assert!(paid <= DOIN);
			prop_assert_eq!(paid > 0, stands, "the reporter of the median shares in the fee");
		}

		#[test]
		fn no_two_kept_bars_share_a_place(batch in 1u16..=24, wide: bool, kept in 24u32..=MAX_KEPT, next in 0u64..1 << 40) {
			let fields = Fields { high: wide && batch <= 6, low: wide && batch <= 6, volume: wide && batch <= 6 };
			let spec = StreamSpec { batch, fields, kept, ..spec() };
			prop_assert!(spec.check(0).is_ok() && spec.page_bars() * u64::from(fields.count()) <= u64::from(PAGE_VALUES));
			let first = next.saturating_sub(kept.into());
			let (oldest, newest) = (spec.place(first), spec.place(next));
			prop_assert!(newest.number - oldest.number < u64::from(spec.pages()), "the page of the next bar replaces none of them");
			prop_assert_eq!(spec.place(next / u64::from(batch) * u64::from(batch)).number,
				spec.place((next / u64::from(batch) + 1) * u64::from(batch) - 1).number, "a batch lies on one page");
		}
	}
}
