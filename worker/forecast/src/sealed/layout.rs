//! Places of the published part and of the segments among the rows or steps of a file.

use anyhow::{bail, ensure, Result};
use doin_primitives::{
	domain::{MAX_PAGES, PAGE_BYTES},
	evidence::{MAX_SEGMENTS, MAX_SEGMENT_BYTES, MIN_SEGMENT_ROWS},
};
use doin_scoring::rows::{MAX_ROWS, ROW_CHUNKS};
use std::{fmt, ops::Range};

/// Rows of a segment that are chosen if the bytes of rows leave the choice.
const SEGMENT_ROWS: u32 = 1_024;
/// Per cent of the published rows that validate.
const VALIDATION_PERCENT: usize = 15;

/// Part of a file that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
	/// Rows, each with a label.
	Rows,
	/// Steps of a series.
	Steps,
}

impl fmt::Display for Unit {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Rows => "rows",
			Self::Steps => "steps",
		})
	}
}

/// Sizes that a layout is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
	/// Part that is counted.
	pub unit: Unit,
	/// Bytes of one unit.
	pub unit_bytes: usize,
	/// Number of segments.
	pub segments: u16,
	/// Units of one segment.
	pub segment: u32,
	/// Least number of units that are published, for training and validation.
	pub least_published: usize,
}

impl Unit {
	/// Returns the name of what is counted: duplicates of rows are dropped before.
	fn counted(self) -> &'static str {
		match self {
			Self::Rows => "different rows",
			Self::Steps => "steps",
		}
	}
}

/// Places of the published part and of the segments: the published part first, then the segments in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
	/// Number of published units.
	pub published: usize,
	/// Number of segments.
	pub segments: u16,
	/// Units of one segment.
	pub segment: u32,
}

impl Layout {
	/// Returns the layout of `available` units: those that no segment takes are published.
	///
	/// # Errors
	///
	/// Errors if there are no segments or too many, if a segment is too long, if too few units are left to publish, or if the
	/// data has more bytes than a chain stores.
	pub fn new(available: usize, sizes: &Sizes) -> Result<Self> {
		let Sizes { unit, unit_bytes, segments, segment, least_published } = *sizes;
		ensure!(
			(1..=MAX_SEGMENTS).contains(&u32::from(segments)),
			"invalid --sealed {segments}: expected a number of segments from 1 to {MAX_SEGMENTS}"
		);
		let bytes = segment as usize * unit_bytes;
		ensure!(
			bytes <= MAX_SEGMENT_BYTES as usize,
			"a segment of {segment} {unit} has {bytes} bytes, and at most {MAX_SEGMENT_BYTES} are opened in one call: take fewer columns, or a \
			smaller --segment-rows"
		);
		let taken = usize::from(segments) * segment as usize;
		let published = match available.checked_sub(taken).filter(|left| *left >= least_published) {
			Some(published) => published,
			None => bail!(
				"there are {available} {}, and {} are needed: {segments} segments of {segment} {unit}, and {least_published} that are \
				published to train and validate on. {}",
				unit.counted(),
				taken + least_published,
				advice(available, sizes)
			),
		};
		let layout = Self { published, segments, segment };
		let pages = layout.pages(unit_bytes);
		ensure!(
			pages <= MAX_PAGES as usize,
			"{published} published {unit} and {segments} segments of {segment} {unit} take {} KiB, and a domain has at most {} KiB: take \
			fewer {unit} with --last, or fewer columns",
			pages * PAGE_BYTES as usize / 1024,
			(MAX_PAGES * PAGE_BYTES) / 1024
		);
		Ok(layout)
	}

	/// Returns the pages of a chain that the data takes. Every segment starts with a page of its own.
	fn pages(&self, unit_bytes: usize) -> usize {
		let pages = |units: usize| (units * unit_bytes).div_ceil(PAGE_BYTES as usize);
		pages(self.published) + usize::from(self.segments) * pages(self.segment as usize)
	}

	/// Returns the number of units of the published part and all segments.
	pub fn end(&self) -> usize {
		self.published + usize::from(self.segments) * self.segment as usize
	}

	/// Returns the units of segment `index`.
	pub fn segment(&self, index: u16) -> Range<usize> {
		let first = self.published + usize::from(index) * self.segment as usize;
		first..first + self.segment as usize
	}

	/// Returns the units of each segment.
	pub fn all_segments(&self) -> impl Iterator<Item = Range<usize>> + '_ {
		(0..self.segments).map(|index| self.segment(index))
	}
}

/// Returns the next step for too few units.
fn advice(available: usize, sizes: &Sizes) -> String {
	let most = available.saturating_sub(sizes.least_published) / sizes.segment.max(1) as usize;
	let is_least = sizes.unit == Unit::Rows && sizes.segment <= MIN_SEGMENT_ROWS;
	match (most, is_least) {
		(0, true) => format!("Bring more {}", sizes.unit),
		(0, false) => format!("Bring more {}, or choose a smaller --segment-rows", sizes.unit),
		(most, true) => format!("Choose --sealed {most}, or bring more {}", sizes.unit),
		(most, false) => format!("Choose --sealed {most}, a smaller --segment-rows, or bring more {}", sizes.unit),
	}
}

/// Chunks of a draw of rows: their number, and the rows of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowChunks {
	/// Number of chunks.
	pub chunks: u16,
	/// Rows of a chunk.
	pub rows: u16,
}

impl RowChunks {
	/// Returns the chunks of segments of `segment` rows, as few and as long as possible.
	///
	/// # Errors
	///
	/// Errors if a segment is too short or too long for a verdict, or if its rows cannot be dealt to equal chunks. The message
	/// names a number of rows that can.
	pub fn of_segment(segment: u32) -> Result<Self> {
		if let Some(chunks) = Self::dealt(segment) {
			return Ok(chunks);
		}
		let most = u32::from(*ROW_CHUNKS.end()) * u32::from(MAX_ROWS);
		ensure!(
			(MIN_SEGMENT_ROWS..=most).contains(&segment),
			"invalid --segment-rows {segment}: expected {MIN_SEGMENT_ROWS} to {most}. Fewer rows do not tell an error of 2 % from one of 5 %"
		);
		let nearest = (MIN_SEGMENT_ROWS..segment).rev().find(|rows| Self::dealt(*rows).is_some()).unwrap_or(MIN_SEGMENT_ROWS);
		bail!(
			"invalid --segment-rows {segment}: the rows of a segment are dealt to {} to {} equal chunks of at most {MAX_ROWS} rows. Choose \
			{nearest}",
			ROW_CHUNKS.start(),
			ROW_CHUNKS.end()
		)
	}

	fn dealt(segment: u32) -> Option<Self> {
		let rows = |chunks: u16| {
			let rows = segment.is_multiple_of(chunks.into()).then_some(segment / u32::from(chunks))?;
			u16::try_from(rows).ok().filter(|rows| *rows <= MAX_ROWS)
		};
		let mut all = *ROW_CHUNKS.start()..=*ROW_CHUNKS.end();
		all.find_map(|chunks| Some(Self { chunks, rows: rows(chunks)? })).filter(|_| segment >= MIN_SEGMENT_ROWS)
	}

	/// Returns the number of rows of a segment that is chosen for rows of `row_bytes` bytes: 1 024, or as many as one call opens.
	pub fn usual_segment(row_bytes: usize) -> u32 {
		let most = MAX_SEGMENT_BYTES as usize / row_bytes.max(1);
		let step = u32::from(*ROW_CHUNKS.start());
		(most.min(SEGMENT_ROWS as usize) as u32 / step * step).max(MIN_SEGMENT_ROWS)
	}

	/// Returns the number of published rows that validate: 15 %, equally many in each chunk, at least one and at most 64.
	///
	/// Candidates are chosen by these rows and tried on others, and they train nothing. In simulated searches on Letter Recognition, a
	/// third of the published rows costs 0.07 bits of 1.96.
	pub fn validation(&self, published: usize) -> usize {
		let chunks = usize::from(self.chunks);
		let per_chunk = published * VALIDATION_PERCENT / 100 / chunks.max(1);
		chunks * per_chunk.clamp(1, MAX_ROWS.into())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::rows::{RowTarget, Rows};
	use proptest::prelude::*;

	fn sizes(segments: u16, segment: u32) -> Sizes {
		Sizes { unit: Unit::Rows, unit_bytes: 17, segments, segment, least_published: 78 }
	}

	fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
		format!("{:#}", result.unwrap_err())
	}

	#[test]
	fn segments_follow_the_published_part() {
		let layout = Layout::new(20_000, &sizes(11, 1_024)).unwrap();
		assert_eq!((layout.published, layout.end()), (20_000 - 11 * 1_024, 20_000));
		assert_eq!(layout.segment(0), 8_736..9_760);
		assert_eq!(layout.all_segments().last(), Some(18_976..20_000));
	}

	#[test]
	fn too_few_rows_are_refused_with_the_numbers_and_the_next_step() {
		let reason = refusal(Layout::new(2_000, &sizes(2, 1_024)));
		assert_eq!(
			reason,
			"there are 2000 different rows, and 2126 are needed: 2 segments of 1024 rows, and 78 that are published to train and validate on. Choose \
			--sealed 1, a smaller --segment-rows, or bring more rows"
		);
		Layout::new(2_126, &sizes(2, 1_024)).unwrap();
		assert!(refusal(Layout::new(600, &sizes(1, 1_024))).ends_with("Bring more rows, or choose a smaller --segment-rows"));
		assert!(refusal(Layout::new(500, &sizes(1, 512))).ends_with("train and validate on. Bring more rows"));
		assert!(refusal(Layout::new(700, &sizes(2, 512))).ends_with("Choose --sealed 1, or bring more rows"));
		assert!(refusal(Layout::new(600, &sizes(0, 512))).contains("invalid --sealed 0"));
		assert!(refusal(Layout::new(600, &sizes(1_025, 512))).contains("invalid --sealed 1025"));
	}

	#[test]
	fn sizes_beyond_those_of_a_chain_are_refused() {
		let wide = Sizes { unit_bytes: 257, ..sizes(1, 512) };
		assert!(refusal(Layout::new(5_000, &wide)).contains("a segment of 512 rows has 131584 bytes, and at most 131072"));
		let reason = refusal(Layout::new(70_000, &sizes(11, 1_024)));
		assert!(reason.contains("a domain has at most 1024 KiB: take fewer rows with --last"), "{reason}");
		// Segments start with pages of their own: five take 17 408 bytes.
		let full = Layout { published: 0, segments: 51, segment: 1_024 };
		assert_eq!(full.pages(17), 51 * 5);
	}

	#[test]
	fn rows_of_a_segment_are_dealt_to_equal_chunks() {
		let of = |segment| RowChunks::of_segment(segment).map(|chunks| (chunks.chunks, chunks.rows));
		assert_eq!((of(1_024).unwrap(), of(512).unwrap(), of(1_000).unwrap()), ((64, 16), (64, 8), (100, 10)));
		assert_eq!(of(16_384).unwrap(), (256, 64));
		assert!(refusal(of(511)).contains("--segment-rows 511: expected 512 to 16384"));
		assert!(refusal(of(16_385)).contains("expected 512 to 16384"));
		assert!(refusal(of(1_009)).ends_with("Choose 1008"), "{}", refusal(of(1_009)));
		assert_eq!([17, 128, 200, 300].map(RowChunks::usual_segment), [1_024, 1_024, 640, 512]);
		let chunks = RowChunks { chunks: 64, rows: 16 };
		assert_eq!([100, 8_736, 1_000_000].map(|published| chunks.validation(published)), [64, 1_280, 4_096]);
		assert_eq!(RowChunks { chunks: 64, rows: 24 }.validation(3_308), 64 * 7, "Letter Recognition, ten segments");
	}

	proptest! {
		#[test]
		fn a_layout_takes_every_row_once(available in 0usize..60_000, segments in 1u16..20, segment in 512u32..2_000) {
			if let Ok(layout) = Layout::new(available, &sizes(segments, segment)) {
				prop_assert_eq!(layout.end(), available);
				let mut next = layout.published;
				for range in layout.all_segments() {
					prop_assert_eq!((range.start, range.len()), (next, segment as usize));
					next = range.end;
				}
				prop_assert!(layout.published >= 78 && layout.pages(17) <= 256);
			}
		}

		#[test]
		fn validation_is_a_split_that_a_chain_admits(segment in 512u32..20_000, published in 0usize..70_000) {
			if let Ok(chunks) = RowChunks::of_segment(segment) {
				let least = usize::from(chunks.chunks) + 14;
				let published = published.max(least);
				let validation = chunks.validation(published);
				let program = Rows { features: 4, image: None, target: RowTarget::Classes(3), rows: chunks.rows, chunks: chunks.chunks };
				let ends = [published - validation, published].map(|row| row as u32);
				prop_assert_eq!(program.check(), Ok(()));
				prop_assert_eq!(program.check_split(ends[0], ends[1], published as u32 * 5), Ok(()));
				let per_chunk = program.validation_rows(ends[0], ends[1]).unwrap();
				prop_assert_eq!(usize::from(per_chunk) * usize::from(chunks.chunks), validation);
				prop_assert!(published - validation >= 14 && validation <= (published * 15 / 100).max(chunks.chunks.into()));
			}
		}

		#[test]
		fn chunks_have_all_rows_of_a_segment(segment in 0u32..20_000) {
			if let Ok(RowChunks { chunks, rows }) = RowChunks::of_segment(segment) {
				prop_assert_eq!(u32::from(chunks) * u32::from(rows), segment);
				prop_assert!(ROW_CHUNKS.contains(&chunks) && (1..=MAX_ROWS).contains(&rows));
			}
		}
	}
}
