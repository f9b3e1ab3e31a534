//! Workloads of `bench`: the standard series and the standard candidates.

use anyhow::{anyhow, Result};
use doin_compute::{Candidate, BYTE_OPERAND_BITS};
use doin_forecast::{ForecastSpec, ModelFamily};
use doin_scoring::{philox::purpose, sample::generator_series, Generator, Target};

/// Forecast of every measurement.
pub const SPEC: ForecastSpec = ForecastSpec { horizon: 24, history: 96, season: 24, channels: 1, target: Target::Values };
/// Split of the standard series, in rows: net and ridge train on 12 months and stop by the next two, two months validate, four
/// are the test.
pub const STANDARD_SPLIT: &str = "10080/1440/2880";
/// Rows of the standard series whose standard deviation is the unit of errors: its first 12 months. Other series are scaled by
/// their training part.
pub const SCALE_ROWS: usize = 8_640;

/// Candidate that is measured.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
	/// Name in text and JSON.
	pub name: &'static str,
	/// Family of the candidate.
	pub family: ModelFamily,
	/// Candidate that is trained.
	pub candidate: Candidate,
}

/// Returns the standard candidates of these families, or of all if there are none.
pub fn workloads(families: &[ModelFamily]) -> Vec<Workload> {
	let base = Candidate { synthetic_share: 0, linear_skip: false, ..Candidate::default() };
	// The genes have the least mean error on validation among a few dozen candidates.
	let mlp = Candidate { window: 96, width: 64, depth: 2, epochs: 12, rate: 9, decay: 3, ..base };
	let conv = Candidate { window: 96, width: 24, depth: 1, kernel: 12, stride: 2, epochs: 8, rate: 11, decay: 1, ..base };
	let cell = Candidate { window: 48, width: 24, epochs: 8, rate: 12, ..base };
	let long = Candidate { window: 96, width: 16, epochs: 24, rate: 11, ..cell };
	let with_ridge = |candidate| Candidate { linear_skip: true, blend: true, ..candidate };
	let all = [
		("linear", ModelFamily::Linear, Candidate { window: 96, depth: 0, linear_skip: true, ..base }),
		("mlp", ModelFamily::Mlp, mlp),
		("mlp_8bit", ModelFamily::Mlp, Candidate { bits: BYTE_OPERAND_BITS, ..mlp }),
		("mlp_ridge", ModelFamily::Mlp, with_ridge(Candidate { depth: 1, rate: 10, decay: 2, ..mlp })),
		("conv", ModelFamily::Conv, conv),
		("conv_ridge", ModelFamily::Conv, with_ridge(conv)),
		("lstm", ModelFamily::Lstm, cell),
		("lstm_long", ModelFamily::Lstm, long),
		("gru", ModelFamily::Gru, cell),
		("gru_long", ModelFamily::Gru, long),
	];
	let workload = |(name, family, candidate): (_, ModelFamily, _)| Workload {
		name,
		family,
		candidate: Candidate { family: family.family(), ..candidate },
	};
	let wanted = |family: &ModelFamily| families.is_empty() || families.contains(family);
	all.into_iter().filter(|(_, family, _)| wanted(family)).map(workload).collect()
}

/// Returns a series with a daily rhythm, for machines without the standard one.
///
/// # Errors
///
/// Errors if the generator is malformed.
pub fn generated_series() -> Result<Vec<i32>> {
	let hour = |hour: i32| ((f64::from(hour) * std::f64::consts::TAU / 24.0).cos() * 60_000.0) as i32;
	let generator = Generator {
		template: (0..24).map(hour).collect::<Vec<_>>().try_into().map_err(|_| anyhow!("a season is too long"))?,
		ar: vec![1_200, -400].try_into().map_err(|_| anyhow!("too many coefficients"))?,
		noise: 60_000,
		level: 10_000,
	};
	Ok(generator_series(&generator, &[1; 32], purpose::SERIES, 14_400))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn families_are_chosen_or_all() {
		assert_eq!(workloads(&[]).len(), 10);
		let chosen: Vec<_> = workloads(&[ModelFamily::Mlp, ModelFamily::Lstm]).iter().map(|workload| workload.name).collect();
		assert_eq!(chosen, ["mlp", "mlp_8bit", "mlp_ridge", "lstm", "lstm_long"]);
	}
}
