//! `domain show`: one domain, its champion and the errors of simple models.

use crate::{
	args::NodeArgs,
	commands::status::DomainStatus,
	report::{entry, table, write_table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{Context, Result};
use doin_chain::{Chain, Head};
use doin_compute::baseline::BaselineRow;
use doin_forecast::{decimal, significant};
use doin_primitives::{DomainId, ModelRef};
use doin_roles::{
	config::ProgramHash,
	problem::{decode_admissible, Problem},
	simple_models,
};
use doin_scoring::Model;
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use std::fmt::{self, Display, Formatter};

/// Runs `domain show`.
///
/// # Errors
///
/// Errors if there is no such domain, or if its champion is not stored or not admissible.
pub async fn run(node: &NodeArgs, id: DomainId, output: OutputArgs) -> Result<()> {
	let chain = node.connect().await?;
	let at = chain.head();
	let view = chain
		.domain(at, id)
		.await?
		.with_context(|| format!("domain {id} does not exist: `doin-worker domain list` lists the domains"))?;
	let status = DomainStatus::read(&chain, at, view).await?;
	let problem = Problem::load(&chain, at, id).await?;
	let champion = champion_model(&chain, at, &problem, status.champion.as_ref().map(|champion| champion.model)).await?;
	let report = tokio::task::spawn_blocking(move || ShowReport::new(status, &problem, champion)).await??;
	output.print(&report)
}

/// Reads the champion's model; `None` for a baseline.
async fn champion_model(chain: &Chain, at: Head, problem: &Problem, model: Option<ModelRef>) -> Result<Option<Model>> {
	let Some(ModelRef::Stored(id)) = model else { return Ok(None) };
	let bytes = chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
	decode_admissible(problem, &bytes).map(Some)
}

/// Report of `domain show`.
#[derive(Debug, Serialize)]
struct ShowReport {
	#[serde(flatten)]
	status: DomainStatus,
	errors: Vec<ErrorReport>,
	unit: String,
	/// Coordinates of the champion, if it is a point.
	point: Option<Vec<f64>>,
	/// Name and unit of the errors.
	#[serde(skip)]
	description: String,
	/// Program of a tolerance domain, as text.
	#[serde(skip)]
	program: Option<String>,
}

/// Mean errors of a model.
#[derive(Debug, Serialize)]
struct ErrorReport {
	name: String,
	#[serde(with = "As::<DisplayFromStr>")]
	validation: f64,
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	tail: Option<f64>,
}

impl ShowReport {
	fn new(status: DomainStatus, problem: &Problem, champion: Option<Model>) -> Result<Self> {
		let (size, unit) = problem.unit();
		let error = |row: BaselineRow| ErrorReport {
			name: row.name,
			validation: row.validation.mean * size,
			tail: row.test.map(|test| test.mean * size),
		};
		let point = champion.as_ref().and_then(|model| problem.coordinates(model));
		let errors = simple_models::errors(problem, champion)?.into_iter().map(error).collect();
		let program = problem.tolerance().map(|tolerance| {
			format!(
				"{}, which evaluators run that list it; sums within {} ppm of their median agree; {} chunks; pays its bounty only",
				ProgramHash(tolerance.code),
				tolerance.epsilon,
				tolerance.chunks
			)
		});
		Ok(Self { status, errors, unit, point, description: problem.error_description(), program })
	}
}

impl Display for ShowReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		self.status.fmt(f)?;
		if let Some(point) = &self.point {
			let coordinates: Vec<String> = point.iter().map(|x| decimal(*x)).collect();
			entry(f, "point", coordinates.join(", "))?;
		}
		if let Some(program) = &self.program {
			entry(f, "program", program)?;
		}
		if self.errors.is_empty() {
			return Ok(());
		}
		let mut errors = table([(self.description.as_str(), LEFT), ("validation", RIGHT), ("held-out tail", RIGHT)]);
		for row in &self.errors {
			let tail = row.tail.map_or("-".into(), significant);
			errors.add_row([row.name.clone(), significant(row.validation), tail]);
		}
		write_table(f, "errors", &errors)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{commands::status::tests::status, fixtures::sawtooth};
	use doin_primitives::Evidence;
	use doin_scoring::{
		landscape::{Landscape, Shape},
		Program, Tolerance,
	};

	#[test]
	fn a_point_is_shown_with_its_coordinates_and_its_value() {
		let mut problem = sawtooth();
		let sphere = Landscape { shape: Shape::Sphere, dimensions: 2, seed: None };
		(problem.spec.program, problem.spec.evidence) = (Program::Landscape(sphere), Evidence::Public);
		let report = ShowReport::new(status(), &problem, Some(Model::Point(vec![500, -1_250]))).unwrap();
		let text = report.to_string();
		assert!(text.contains("point       0.5, -1.25\n") && text.contains("errors      value"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["point"], &json["unit"]), (&serde_json::json!([0.5, -1.25]), &"value".into()));
		assert_eq!(json["errors"][1]["validation"], "1.8125");
	}

	#[test]
	fn a_tolerance_domain_is_shown_with_its_program() {
		let mut problem = sawtooth();
		problem.spec.program = Program::Tolerance(Tolerance { code: [0xC0; 32], epsilon: 500, chunks: 32, initial_error: 7 });
		let text = ShowReport::new(status(), &problem, Some(Model::Opaque(vec![1]))).unwrap().to_string();
		assert!(text.contains("0xc0c0") && text.contains("within 500 ppm of their median"), "{text}");
	}

	#[test]
	fn a_champion_is_shown_beside_simple_models() {
		let problem = sawtooth();
		let report = ShowReport::new(status(), &problem, Some(Model::Seasonal)).unwrap();
		let names: Vec<_> = report.errors.iter().map(|row| row.name.as_str()).collect();
		assert_eq!(names, ["repeat-last", "seasonal", "ridge", "mean of ridges", "champion"]);
		let text = report.to_string();
		assert!(text.contains("errors      mean absolute error in mm") && text.contains("champion"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["unit"], &json["domain"]["name"]), (&"mm".into(), &"sawtooth".into()));
		assert_eq!(json["errors"][4]["tail"], json["errors"][1]["tail"]);
		assert!(json["errors"][0]["validation"].is_string());
	}
}
