//! `train --label`: trains models of rows.

mod plan;
mod report;

use super::{check_outputs, executor, next_command::NextCommand, output_of, save, TrainArgs};
use crate::{
	commands::{curve::Picture, genes::describe_row_candidate},
	report::{print_text, Remarks},
};
use anyhow::{Context, Result};
use doin_compute::StoppingRule;
use doin_forecast::rows::write_map;
use doin_scoring::verdict::total;
use plan::RowPlan;
use report::{PlanText, RowTrainReport};
use std::{
	path::Path,
	sync::atomic::{AtomicBool, Ordering},
	time::Instant,
};

/// Trains models of rows.
///
/// # Errors
///
/// Errors as `train` does for a series.
pub fn train(args: &TrainArgs, stop: &AtomicBool) -> Result<()> {
	let curve_files = check_outputs(args)?;
	let existed = args.out.as_ref().is_some_and(|out| out.exists());
	let remarks = Remarks::default();
	let executor = executor(args, &remarks)?;
	let mut plan = RowPlan::new(args, &executor, &remarks)?;
	let has_devices = !executor.devices().all().is_empty();
	args.genes.choose_bits(&mut plan.candidates, has_devices, &remarks, |candidate| {
		executor.install(|| plan.data.step_times(candidate))
	})?;
	if !args.output.is_json() {
		print_text(PlanText { plan: &plan, executor: &executor })?;
	}
	let started = Instant::now();
	let rule = StoppingRule { patience: args.patience, halving: args.halving };
	let mut trained = plan.train(rule, &executor, stop, &remarks)?;
	let seconds = started.elapsed().as_secs_f64();
	trained.sort_by_key(|one| (total(&one.errors.validation), one.number));
	let chosen = trained.first().context("no candidate was trained")?;
	let out = args.out.as_deref().map(|out| output_of(out, stop.load(Ordering::Relaxed), existed, Path::exists));
	let saved = match &out {
		Some(out) => save(&executor.install(|| plan.model_file(chosen)), out),
		None => Ok(()),
	};
	let mapped = args.rows.map_out.as_deref().map_or(Ok(()), |path| write_map(&plan.sets.mapping, path));
	let has_curves = trained.iter().any(|one| !one.curve.points.is_empty());
	if has_curves {
		let mut curves: Vec<_> = trained.iter().map(|one| one.curve.clone()).collect();
		curves.sort_by_key(|curve| curve.candidate);
		let title = format!("{}: {}", plan.sets.files[0].file, describe_row_candidate(plan.family, &chosen.candidate));
		Picture { curves: &curves, chosen: chosen.number, title: &title, unit: plan.curve_unit() }.write(&curve_files)?;
	}
	let mut report = executor.install(|| RowTrainReport::new(&plan, &trained));
	report.seconds = seconds;
	report.notes = remarks.texts();
	let out = out.filter(|_| saved.is_ok());
	report.next = out.map(|out| NextCommand::predict(&out, &args.files.csv[0], &args.files.columns.read, "rows"));
	if !curve_files.is_empty() {
		report.curve_files = Some(if has_curves { curve_files } else { Vec::new() });
	}
	args.output.print(&report)?;
	// The errors of the model are shown, even if it could not be written.
	saved.and(mapped)
}
