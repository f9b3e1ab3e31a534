//! Domain of a landscape: its options, its record, and its report.

use crate::{args::shapes, report::entry};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_forecast::{significant, NewDomain};
use doin_primitives::{domain::INITIAL_LOSS, DomainSpec, Evidence, Growth, Limits, ProgramKind, Split};
use doin_scoring::{
	landscape::{Shape, RESOLUTION, UNIT},
	program::MAX_DIMENSIONS,
	Landscape, Model, Program,
};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Target of a domain that only its bounty pays for, in per cent below the value at the origin, unless one is chosen.
pub const TARGET_PERCENT: f64 = 99.0;

/// Function that a domain is made of, in place of a file.
#[derive(Clone, Debug, Args)]
pub struct LandscapeArgs {
	/// Make a domain of a standard function, in place of a CSV file, to try searches on: models are points, and their value is computed.
	/// The optimum follows from the record, so nobody can vote for such a domain, and it pays its bounty only
	#[arg(
		long,
		value_name = "SHAPE",
		value_parser = shapes(),
		conflicts_with_all = ["csv", "column", "label", "inputs", "steps", "classes", "season", "horizon", "history", "unit",
			"unit_name", "scale", "time", "fill", "missing", "filters", "last", "no_header", "decimal", "day_first", "month_first",
			"time_format", "zone", "sort", "chunks", "windows", "model_bytes", "window_macs", "no_linear", "sealed", "licence"],
		help_heading = "Landscapes"
	)]
	landscape: Option<Shape>,
	/// Coordinates of the function, at most 256; 17 of rosenbrock and 164 of schwefel
	#[arg(long, value_name = "N", default_value_t = 5, requires = "landscape", conflicts_with = "csv", help_heading = "Landscapes",
		value_parser = clap::value_parser!(u16).range(1..=256))]
	dimensions: u16,
	/// Seed that moves the optimum away from the origin, where the initial champion is
	#[arg(
		long,
		value_name = "SEED",
		default_value_t = 0,
		requires = "landscape",
		conflicts_with = "csv",
		help_heading = "Landscapes"
	)]
	seed: u64,
}

impl LandscapeArgs {
	/// Returns the function; `None` for a file.
	pub fn landscape(&self) -> Option<Landscape> {
		self.landscape.map(|shape| Landscape { shape, dimensions: self.dimensions, seed: Some(self.seed) })
	}
}

/// Returns the domain of `landscape`, which is solved at the loss `target`.
///
/// # Errors
///
/// Errors if the chain would reject it: if its values do not fit chunk sums, if its optimum is the origin, or if the name is too long.
pub fn domain(landscape: Landscape, name: Option<&str>, min_improvement: u32, target: u32) -> Result<NewDomain> {
	let Landscape { shape, dimensions, .. } = landscape;
	let (shape, most) = (shape.name(), most_dimensions(shape));
	let most = most.with_context(|| {
		format!("{shape} cannot be a domain: its values are too large for chunk sums. Choose another function")
	})?;
	ensure!(
		landscape.check().is_ok(),
		"{shape} of {dimensions} coordinates cannot be a domain: choose --dimensions from {} to {most}",
		landscape.shape.least_dimensions()
	);
	ensure!(landscape.value(&[]) > 0, "the optimum is the origin, where the initial champion is: choose another --seed");
	let name = name.map_or_else(|| format!("{shape} of {dimensions} coordinates"), str::to_string);
	let point = Model::Point(vec![0; dimensions.into()]);
	let spec = DomainSpec {
		name: name.into_bytes().try_into().ok().context("the name is longer than 64 bytes: choose a shorter one with --name")?,
		unit: Default::default(),
		program: Program::Landscape(landscape),
		genes: Default::default(),
		limits: Limits {
			model_bytes: u32::try_from(point.to_bytes().len()).context("a point is too long")?,
			window_macs: u32::try_from(point.macs()).context("a point costs too much")?,
		},
		data_root: Default::default(),
		values: 0,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		licence: Default::default(),
		evidence: Evidence::Public,
		min_improvement,
		target,
	};
	spec.check().map_err(|error| anyhow::anyhow!("the chain would reject the record: {error:?}"))?;
	Ok(NewDomain { spec, pages: Vec::new(), linear: None, sealed: None })
}

/// Returns the largest number of coordinates of a function that can be a domain; `None` if it never can.
fn most_dimensions(shape: Shape) -> Option<u16> {
	let is_admitted = |dimensions: &u16| Landscape { shape, dimensions: *dimensions, seed: None }.check().is_ok();
	(1..=MAX_DIMENSIONS as u16).rev().find(is_admitted)
}

/// Report of a domain that is not registered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LandscapeReport {
	name: String,
	program: ProgramKind,
	shape: &'static str,
	dimensions: u16,
	seed: Option<u64>,
	/// Largest coordinate; the smallest one is its negative.
	edge: f64,
	/// Value at the origin, where the initial champion is.
	initial: f64,
	/// Value at which the domain is solved.
	solved: f64,
	min_improvement: u32,
	target: u32,
	model_bytes: u32,
}

impl LandscapeReport {
	/// Returns the report of the domain of `landscape`.
	pub fn new(landscape: &Landscape, domain: &NewDomain) -> Self {
		let DomainSpec { name, limits, min_improvement, target, .. } = &domain.spec;
		let initial = landscape.value(&[]) as f64 / UNIT as f64;
		Self {
			name: String::from_utf8_lossy(name).into_owned(),
			program: (&domain.spec.program).into(),
			shape: landscape.shape.name(),
			dimensions: landscape.dimensions,
			seed: landscape.seed,
			edge: f64::from(landscape.shape.edge()) / f64::from(RESOLUTION),
			initial,
			solved: initial * f64::from(*target) / f64::from(INITIAL_LOSS),
			min_improvement: *min_improvement,
			target: *target,
			model_bytes: limits.model_bytes,
		}
	}
}

impl Display for LandscapeReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "domain", &self.name)?;
		let Self { shape, dimensions, edge, .. } = self;
		entry(
			f,
			"function",
			format_args!("{shape} of {dimensions} coordinates within ±{edge}; the smaller its value, the better"),
		)?;
		if let Some(seed) = self.seed {
			entry(
				f,
				"optimum",
				format_args!("moved by seed {seed}; it follows from the record, so nobody can vote for the domain"),
			)?;
		}
		entry(f, "initial", format_args!("value {} at the origin", significant(self.initial)))?;
		let ppm = f64::from(self.min_improvement) / 1e4;
		entry(f, "target", format_args!("value {}; a new champion is better by {ppm} % at least", significant(self.solved)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn landscape(shape: Shape, dimensions: u16) -> Landscape {
		Landscape { shape, dimensions, seed: Some(7) }
	}

	#[test]
	fn the_domain_of_a_landscape_is_its_function_and_admits_its_points() {
		let rastrigin = landscape(Shape::Rastrigin, 6);
		let new = domain(rastrigin, None, 2_000, 10_486).unwrap();
		assert_eq!((new.spec.check(), new.pages.len(), new.is_mintable()), (Ok(()), 0, false));
		let model = Model::Point(rastrigin.optimum());
		let Limits { model_bytes, window_macs } = new.spec.limits;
		model.admit(&new.spec.program, model_bytes, window_macs, model.to_bytes().len()).unwrap();
		let report = LandscapeReport::new(&rastrigin, &new);
		let text = report.to_string();
		for part in ["rastrigin of 6 coordinates within ±5.12", "moved by seed 7", "at the origin", "better by 0.2 % at least"] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["program"], &json["shape"], &json["seed"]), (&"landscape".into(), &"rastrigin".into(), &7.into()));
		assert_eq!(domain(rastrigin, Some("Hills"), 2_000, 1).unwrap().spec.name.to_vec(), b"Hills");
	}

	#[test]
	fn what_cannot_be_a_domain_is_refused_with_the_next_step() {
		let refusal = |landscape, name| format!("{:#}", domain(landscape, name, 2_000, 1).unwrap_err());
		assert!(refusal(landscape(Shape::Ellipsoid, 5), None).contains("too large for chunk sums"));
		assert!(refusal(landscape(Shape::Rosenbrock, 18), None).contains("choose --dimensions from 2 to 17"));
		assert!(refusal(landscape(Shape::Rosenbrock, 1), None).contains("choose --dimensions from 2 to 17"));
		let central = Landscape { seed: None, ..landscape(Shape::Sphere, 3) };
		assert!(refusal(central, None).contains("choose another --seed"));
		assert!(refusal(landscape(Shape::Sphere, 3), Some(&"x".repeat(65))).contains("longer than 64 bytes"));
	}
}
