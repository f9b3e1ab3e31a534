//! A domain's immutable record as JSON.

use doin_primitives::{
	views::{hex32, DomainView},
	DomainSpec, Evidence, Gene, Hash, Limits, Split,
};
use doin_runtime::AccountId;
use doin_scoring::{Program, Target};
use serde::Serialize;

/// A domain: its view and, under `spec`, what never changes.
#[derive(Serialize)]
pub struct DomainRecord {
	#[serde(flatten)]
	view: DomainView<AccountId>,
	spec: SpecRecord,
}

impl DomainRecord {
	/// Puts the two together.
	pub fn new(view: DomainView<AccountId>, spec: DomainSpec) -> Self {
		Self { view, spec: spec.into() }
	}
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpecRecord {
	program: ProgramRecord,
	genes: Vec<GeneRecord>,
	limits: LimitsRecord,
	#[serde(with = "hex32")]
	data_root: Hash,
	values: u32,
	pages: u32,
	split: SplitRecord,
	evidence: EvidenceRecord,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
enum ProgramRecord {
	Quadratic {
		target: Vec<i32>,
	},
	Forecast {
		horizon: u16,
		history: u16,
		season: u16,
		chunks: u16,
		windows: u16,
		channels: u8,
		/// Bounds between classes; null where values are forecast.
		classes: Option<Vec<i32>>,
		/// Steps that are forecast; null where all are.
		steps: Option<Vec<u16>>,
	},
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
enum EvidenceRecord {
	Public,
	Synthetic { template: Vec<i32>, ar: Vec<i16>, noise: u32, level: i32 },
}

#[derive(Serialize)]
struct GeneRecord {
	name: String,
	lo: i64,
	hi: i64,
	log: bool,
	frac: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitsRecord {
	model_bytes: u32,
	window_macs: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SplitRecord {
	train_end: u32,
	validation_end: u32,
}

impl From<DomainSpec> for SpecRecord {
	fn from(spec: DomainSpec) -> Self {
		let pages = spec.pages();
		Self {
			program: spec.program.into(),
			genes: spec.genes.into_iter().map(GeneRecord::from).collect(),
			limits: spec.limits.into(),
			data_root: spec.data_root,
			values: spec.values,
			pages,
			split: spec.split.into(),
			evidence: spec.evidence.into(),
		}
	}
}

impl From<Program> for ProgramRecord {
	fn from(program: Program) -> Self {
		match program {
			Program::Quadratic(program) => Self::Quadratic { target: program.target.into_inner() },
			Program::Forecast(program) => Self::Forecast {
				horizon: program.horizon,
				history: program.history,
				season: program.season,
				chunks: program.chunks,
				windows: program.windows,
				channels: program.channels,
				classes: match &program.target {
					Target::Classes(bounds) => Some(bounds.to_vec()),
					_ => None,
				},
				steps: match &program.target {
					Target::Steps(steps) => Some(steps.to_vec()),
					_ => None,
				},
			},
		}
	}
}

impl From<Evidence> for EvidenceRecord {
	fn from(evidence: Evidence) -> Self {
		match evidence {
			Evidence::Public => Self::Public,
			Evidence::Synthetic(generator) => Self::Synthetic {
				template: generator.template.into_inner(),
				ar: generator.ar.into_inner(),
				noise: generator.noise,
				level: generator.level,
			},
		}
	}
}

impl From<Gene> for GeneRecord {
	fn from(gene: Gene) -> Self {
		let name = String::from_utf8_lossy(&gene.name).into_owned();
		Self { name, lo: gene.lo, hi: gene.hi, log: gene.log, frac: gene.frac }
	}
}

impl From<Limits> for LimitsRecord {
	fn from(limits: Limits) -> Self {
		Self { model_bytes: limits.model_bytes, window_macs: limits.window_macs }
	}
}

impl From<Split> for SplitRecord {
	fn from(split: Split) -> Self {
		Self { train_end: split.train_end, validation_end: split.validation_end }
	}
}
