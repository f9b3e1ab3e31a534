//! Summary of `watch --until-work-block`, for scripts.

use doin_chain::Account;
use doin_primitives::{
	views::{ChampionView, SealView},
	Balance, BlockNumber, DomainId, ModelId,
};
use doin_roles::{loss::percent_better, problem::Problem};
use serde::Serialize;
use serde_with::{As, DisplayFromStr};

/// Summary of `watch`. Amounts are in plancks.
#[derive(Debug, Serialize)]
pub struct WatchSummary {
	/// Champion that was accepted last.
	champion: Option<AcceptedChampion>,
	/// Mean error of the champion on its draw, as text.
	loss: Option<String>,
	/// Mean error of the initial champion on the same windows, as text.
	baseline: Option<String>,
	/// Unit of the errors.
	#[serde(skip_serializing_if = "Option::is_none")]
	unit: Option<String>,
	#[serde(skip_serializing_if = "Option::is_none")]
	percent_better: Option<String>,
	work_block: u64,
	block: BlockNumber,
	#[serde(with = "As::<DisplayFromStr>")]
	minted: Balance,
	#[serde(with = "As::<DisplayFromStr>")]
	optimizers: Balance,
	#[serde(with = "As::<DisplayFromStr>")]
	evaluators: Balance,
	#[serde(with = "As::<DisplayFromStr>")]
	validators: Balance,
	#[serde(with = "As::<DisplayFromStr>")]
	burned_fees: Balance,
	/// Seconds since the start.
	seconds: u64,
}

/// Champion in a summary.
#[derive(Clone, Debug, Serialize)]
struct AcceptedChampion {
	domain: DomainId,
	model: ModelId,
	author: Option<Account>,
	block: BlockNumber,
}

/// Accepted champion with its errors.
#[derive(Clone, Debug)]
pub struct ChampionSummary {
	champion: AcceptedChampion,
	loss: String,
	baseline: String,
	unit: String,
	percent_better: String,
}

impl ChampionSummary {
	/// Returns the summary of the champion `model` of a domain.
	pub fn new(domain: DomainId, model: ModelId, champion: &ChampionView<Account>, problem: &Problem) -> Self {
		let mean = |error: u64| format!("{:.6}", problem.draw_error(error));
		Self {
			champion: AcceptedChampion { domain, model, author: champion.author, block: champion.block },
			loss: mean(champion.error),
			baseline: mean(champion.initial_error),
			unit: problem.unit().1,
			percent_better: format!("{:.3}", percent_better(champion.loss)),
		}
	}
}

impl WatchSummary {
	/// Returns the summary at a seal.
	pub fn new(latest: Option<ChampionSummary>, seal: &SealView, burned_fees: Balance, seconds: u64) -> Self {
		let latest = latest.as_ref();
		Self {
			champion: latest.map(|latest| latest.champion.clone()),
			loss: latest.map(|latest| latest.loss.clone()),
			baseline: latest.map(|latest| latest.baseline.clone()),
			unit: latest.map(|latest| latest.unit.clone()),
			percent_better: latest.map(|latest| latest.percent_better.clone()),
			work_block: seal.work_block,
			block: seal.block,
			minted: seal.minted,
			optimizers: seal.optimizers,
			evaluators: seal.evaluators,
			validators: seal.validators,
			burned_fees,
			seconds,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{commands::status::tests::status, fixtures::sawtooth};

	#[test]
	fn a_summary_has_the_keys_that_scripts_read() {
		let seal = SealView { work_block: 1, block: 50, taken: 0, minted: 100, optimizers: 65, evaluators: 30, validators: 5 };
		let none = serde_json::to_value(WatchSummary::new(None, &seal, 7, 60)).unwrap();
		assert!(none["champion"].is_null() && none["loss"].is_null() && none.get("unit").is_none());
		let champion = ChampionSummary::new(3, 9, &status().champion.unwrap(), &sawtooth());
		let json = serde_json::to_value(WatchSummary::new(Some(champion), &seal, 7, 60)).unwrap();
		assert_eq!(json["champion"], serde_json::json!({ "domain": 3, "model": 9, "author": Account([0; 32]), "block": 40 }));
		assert_eq!((&json["percent_better"], &json["unit"]), (&"25.000".into(), &"mm".into()));
		assert_eq!((&json["minted"], &json["burned_fees"], &json["seconds"]), (&"100".into(), &"7".into(), &60.into()));
	}
}
