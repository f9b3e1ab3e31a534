//! Steps of a sealed series: published ones first, then those of the segments, in the order of time.

use super::{
	layout::{Layout, Sizes, Unit},
	seal::SealedData,
};
use crate::{
	quantise::Quantised,
	series::Series,
	table::{data_hash, SeriesSource, Table},
	units::{decimal, exact, parse_unit},
	ReadOptions,
};
use anyhow::{bail, ensure, Context, Result};
use doin_primitives::{DomainSpec, Evidence, Hash};
use doin_scoring::{Forecast, Program};

/// Most windows of a chunk that are tried.
const MOST_WINDOWS: u16 = 64;
/// Horizons that the windows of a chunk span, unless the length of a segment is chosen.
const CHUNK_HORIZONS: u32 = 2;

/// Returns the windows of a chunk of a sealed series, such that a segment has at most `segment` steps, or a chunk spans two
/// horizons where no length is chosen. Program fields other than `windows` are used.
///
/// # Errors
///
/// Errors if no segment is so short, with the least length.
pub fn windows(program: &Forecast, segment: Option<u32>) -> Result<u16> {
	let of = |windows: u16| Forecast { windows, ..program.clone() };
	let most = MOST_WINDOWS.min(program.most_windows()).max(1);
	let possible: Vec<u16> = (1..=most).filter(|windows| of(*windows).check_strided().is_ok()).collect();
	let Some(least) = possible.first().copied() else {
		bail!("--horizon {} is too long for the chunks of a segment: choose a shorter one", program.horizon);
	};
	match segment {
		None => {
			let wanted = CHUNK_HORIZONS * u32::from(program.horizon);
			let spans = |windows: &u16| u32::from(*windows) * u32::from(program.stride()) >= wanted;
			Ok(possible.into_iter().find(spans).unwrap_or(least))
		}
		Some(segment) => possible.into_iter().rfind(|windows| of(*windows).segment_steps() <= segment).with_context(|| {
			format!(
				"invalid --segment-rows {segment}: a segment of a horizon of {} steps has at least {} steps",
				program.horizon,
				of(least).segment_steps()
			)
		}),
	}
}

/// Returns the layout of a sealed series of `steps` steps with so many segments; at least `least_published` steps are published.
///
/// # Errors
///
/// Errors if [`Layout::new`] does.
pub fn layout(steps: usize, program: &Forecast, segments: u16, least_published: usize) -> Result<Layout> {
	let unit_bytes = size_of::<i32>() * usize::from(program.channels);
	Layout::new(steps, &Sizes { unit: Unit::Steps, unit_bytes, segments, segment: program.segment_steps(), least_published })
}

/// Returns a series in raw units. The units are those of its first `published` steps, so that later ones do not change them, and
/// the unit of the column to forecast is the one that its text states.
///
/// # Errors
///
/// Errors as [`Series::quantise`] and [`Series::raw`] do.
pub fn quantise(series: &Series, published: usize, horizon: usize, unit: Option<f64>) -> Result<Quantised> {
	let first = |values: &Vec<f64>| values[..published.min(values.len())].to_vec();
	let head = Series { values: first(&series.values), inputs: series.inputs.iter().map(first).collect(), ..Series::default() };
	let Quantised { quantum, inputs, .. } = head.quantise(horizon, unit)?;
	// A record states the unit as text.
	let (quantum, _) = parse_unit(&decimal(quantum));
	Ok(Quantised { values: series.raw(quantum, &inputs)?, quantum, inputs })
}

/// Returns the bytes of each segment of a series in raw units, `channels` values per step.
pub fn segments(values: &[i32], channels: u8, layout: &Layout) -> Vec<Vec<u8>> {
	let channels = usize::from(channels);
	let bytes = |steps: std::ops::Range<usize>| {
		values[steps.start * channels..steps.end * channels].iter().flat_map(|value| value.to_le_bytes()).collect()
	};
	layout.all_segments().map(bytes).collect()
}

/// Columns of a sealed series, and how they are read.
#[derive(Clone, Debug)]
pub struct StepSource {
	/// File, or its first rows.
	pub source: SeriesSource,
	/// Column to forecast.
	pub column: Option<String>,
	/// Further columns, times and gaps.
	pub read: ReadOptions,
	/// Factor that the column is multiplied by first.
	pub scale: f64,
}

/// Steps of a file in the raw units of a domain.
pub(super) struct Steps {
	/// Columns of the file, with the factor.
	pub(super) table: Table,
	/// Places of the published part and of the segments.
	pub(super) layout: Layout,
	/// Raw values, and their units.
	pub(super) quantised: Quantised,
	/// Hash of the published values.
	pub(super) data_root: Hash,
}

impl StepSource {
	/// Rebuilds the data of a sealed series from its record. Steps behind the last whole segment are left out.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used, if it has other channels than the domain, or if it is shorter than the published part.
	pub fn rebuild(&self, spec: &DomainSpec) -> Result<SealedData> {
		Self::data_of(self.steps(spec)?, spec)
	}

	/// Returns the data of a sealed series of these steps.
	pub(super) fn data_of(steps: Steps, spec: &DomainSpec) -> Result<SealedData> {
		let Steps { table, layout, quantised, data_root } = steps;
		let Program::Forecast(program) = &spec.program else { bail!("the domain has no series") };
		let segments = segments(&quantised.values, program.channels, &layout);
		Ok(SealedData { file: table.file, unit: Unit::Steps, data_root, segments })
	}

	/// Reads the file in the raw units of a sealed domain.
	///
	/// # Errors
	///
	/// Those of [`StepSource::rebuild`].
	pub(super) fn steps(&self, spec: &DomainSpec) -> Result<Steps> {
		self.steps_of(Table::read(&self.source, self.column.as_deref(), &self.read)?, spec)
	}

	/// Returns the steps of `table`, the columns of the file, in the raw units of a sealed domain.
	///
	/// # Errors
	///
	/// Those of [`StepSource::rebuild`].
	pub(super) fn steps_of(&self, mut table: Table, spec: &DomainSpec) -> Result<Steps> {
		let (Program::Forecast(program), Evidence::Sealed { units, .. }) = (&spec.program, &spec.evidence) else {
			bail!("the domain has no sealed series: choose the domain that {} was made for", self.source);
		};
		let Table { file, series, .. } = &mut table;
		ensure!(
			series.inputs.len() + 1 == usize::from(program.channels),
			"{file} is read with {} columns, and the domain has {}: name the columns of `domain create` with --inputs",
			series.inputs.len() + 1,
			program.channels
		);
		series.values.iter_mut().for_each(|value| *value *= self.scale);
		let published = spec.values as usize / usize::from(program.channels);
		let segments = series.rows().checked_sub(published).with_context(|| {
			format!(
				"{file} has {} steps, and the domain publishes {published}: restore the file. Nothing was sent",
				series.rows()
			)
		})?;
		let segments = (segments / (*units).max(1) as usize).min(u16::MAX.into()) as u16;
		let layout = Layout { published, segments, segment: *units };
		let text = String::from_utf8_lossy(&spec.unit).into_owned();
		let (unit, _) = parse_unit(&text);
		let quantised = quantise(series, published, program.horizon.into(), Some(unit))
			.with_context(|| format!("{file} does not fit the unit of the domain, {}", exact(unit)))?;
		let data_root = data_hash(&quantised.values[..published * usize::from(program.channels)]);
		Ok(Steps { table, layout, quantised, data_root })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{program, wave};

	#[test]
	fn a_segment_is_as_long_as_one_draw() {
		let forecast = Forecast { windows: windows(&program(24, 96, 24), None).unwrap(), ..program(24, 96, 24) };
		assert_eq!((forecast.windows, forecast.stride()), (3, 23), "a chunk spans two horizons");
		let steps = forecast.segment_steps();
		assert_eq!(steps, 32 * 3 * 23 + 24 + 69 - 1);
		let layout = layout(10_000, &forecast, 2, 1_000).unwrap();
		assert_eq!((layout.published, layout.segment), (10_000 - 2 * steps as usize, steps));
		assert_eq!(windows(&program(24, 96, 24), Some(steps)).unwrap(), 3);
		assert_eq!(windows(&program(24, 96, 24), Some(steps - 1)).unwrap(), 2);
		let reason = format!("{:#}", windows(&program(24, 96, 24), Some(100)).unwrap_err());
		assert!(reason.contains("--segment-rows 100") && reason.contains("at least 1559 steps"), "{reason}");
	}

	#[test]
	fn segments_are_the_steps_after_the_published_ones() {
		let values: Vec<i32> = (0..20).collect();
		let layout = Layout { published: 4, segments: 2, segment: 3 };
		let bytes = segments(&values, 2, &layout);
		assert_eq!(bytes.iter().map(Vec::len).collect::<Vec<_>>(), [24, 24]);
		assert_eq!(bytes[1][..4], 14i32.to_le_bytes());
	}

	#[test]
	fn later_steps_do_not_change_the_unit() {
		let series = wave(600, 24);
		let mut longer = series.clone();
		longer.values.extend((0..300).map(|at| 1_000.0 * f64::from(at % 7)));
		let (first, second) = (quantise(&series, 500, 6, None).unwrap(), quantise(&longer, 500, 6, None).unwrap());
		assert_eq!((first.quantum, &first.values[..]), (second.quantum, &second.values[..600]));
		assert_ne!(longer.quantise(6, None).unwrap().quantum, first.quantum);
	}
}
