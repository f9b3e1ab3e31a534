//! `evaluate`: what a saved model is worth on a series, next to what simple models are.

use super::{
	better, explained,
	forecast::Steps,
	model_file::Loaded,
	series::{data_hash, Cut, DataArgs, Question, Table, LIMITS},
	working,
};
use crate::amount::significant;
use anyhow::{bail, Result};
use clap::Args;
use doin_compute::{population, Task, TrainingSet};
use doin_primitives::Split;
use doin_scoring::{Forecast, Model};
use std::{ops::Range, path::PathBuf};

/// What `evaluate` takes.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
	/// A file that `train --out` wrote.
	#[arg(long, value_name = "FILE")]
	model: PathBuf,
	#[command(flatten)]
	data: DataArgs,
	/// Parts to validate and test on, as TRAIN/VAL in per cent or rows. When left out: those of the training if the data is the same, and
	/// every window of other data.
	#[arg(long, value_name = "TRAIN/VAL")]
	split: Option<Cut>,
	/// Threads; all cores when left out.
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// As one JSON object.
	#[arg(long)]
	json: bool,
}

/// Errors of all models on one part of a series.
#[derive(Debug)]
struct Part {
	name: &'static str,
	/// Models and their errors; the naive ones come first.
	rows: Vec<(String, Steps)>,
}

impl Part {
	/// The better naive model: repeat-last and seasonal head the rows.
	fn naive(&self) -> &(String, Steps) {
		if self.rows[1].1.total() < self.rows[0].1.total() {
			&self.rows[1]
		} else {
			&self.rows[0]
		}
	}
}

/// Everything that is shown.
#[derive(Debug)]
struct Report {
	same_data: bool,
	parts: Vec<Part>,
}

/// `evaluate`.
pub async fn run(args: EvaluateArgs) -> Result<()> {
	working(move |_| {
		let loaded = Loaded::read(&args.model)?;
		let table = Table::read(&args.data, Some(&loaded.saved.data.column))?;
		let values = table.raw(loaded.unit)?;
		let report = population::pool(super::cores(args.cores))?.install(|| Report::new(&loaded, values, args.split.as_ref()))?;
		if args.json {
			println!("{}", report.json(&loaded, &table));
		} else {
			report.show(&loaded, &table);
		}
		Ok(())
	})
	.await
}

/// The first target of the windows that count as validation.
fn first_target(program: &Forecast, split: &Split) -> Result<usize> {
	let span = doin_scoring::sample::validation_span(program, split.train_end, split.validation_end, 0)
		.map_err(|error| anyhow::anyhow!("the validation part is refused: {error:?}"))?;
	Ok(span.start as usize + usize::from(program.history))
}

impl Report {
	fn new(loaded: &Loaded, mut values: Vec<i32>, cut: Option<&Cut>) -> Result<Self> {
		let (saved, program) = (&loaded.saved, &loaded.program);
		let (rows, needed) = (values.len(), usize::from(program.history) + usize::from(program.horizon));
		if rows < needed {
			bail!(
				"the series has {rows} rows, and the model needs {needed}: {} to read and {} to compare with",
				program.history,
				program.horizon
			);
		}
		// A series that has grown since is still the same.
		let known = saved.data.values as usize;
		let same_data = rows >= known && hex::encode(data_hash(&values[..known])) == saved.data.hash;
		let own = same_data && cut.is_none();
		let cut = match cut {
			Some(cut) => Some(cut.of(rows)?),
			None => same_data.then_some((saved.data.split, rows)),
		};
		let mut models = vec![("repeat-last".to_string(), Model::RepeatLast), ("seasonal".to_string(), Model::Seasonal)];
		let mut parts: Vec<(&'static str, Range<usize>)> = Vec::new();
		match cut {
			None => parts.push(("all windows", 0..rows)),
			Some((split, end)) => {
				values.truncate(end);
				let task = if own {
					Task { program: program.clone(), limits: LIMITS, series: values.clone(), split, generator: None }
				} else {
					Question { horizon: program.horizon, history: program.history, season: program.season }
						.task(values.clone(), split)?
				};
				parts.push(("validation", first_target(&task.program, &split)?..split.validation_end as usize));
				parts.push(("test", split.validation_end as usize..end));
				let data = TrainingSet::new(task, 0, 0).map_err(explained)?;
				let ridge = data.linear(program.history, 0).map_err(explained)?;
				models.push(("ridge".to_string(), Model::Net(ridge.net.clone())));
			}
		}
		models.push((format!("this {}", saved.family), loaded.model.clone()));
		let measure = |(name, targets): (&'static str, Range<usize>)| {
			let rows: Vec<_> = models
				.iter()
				.map(|(name, model)| (name.clone(), Steps::measure(model, program, &values, targets.clone())))
				.collect();
			Part { name, rows }
		};
		let parts: Vec<Part> = parts.into_iter().map(measure).filter(|part| part.rows[0].1.windows > 0).collect();
		if parts.is_empty() {
			bail!("no window has its targets in the parts of this split: choose another --split");
		}
		if own {
			let computed = parts[0].rows.last().map_or(0, |(_, steps)| steps.total());
			if computed != saved.error.validation {
				bail!(
					"the file says an error sum of {} on validation, and {computed} is computed here from the same data: the file was made by another version of this program",
					saved.error.validation
				);
			}
		}
		Ok(Self { same_data, parts })
	}

	fn show(&self, loaded: &Loaded, table: &Table) {
		let unit = loaded.unit;
		println!("model       {}", loaded.describe());
		println!(
			"data        {} of {}: {}",
			table.column,
			table.file,
			match (self.same_data, self.parts[0].name) {
				(true, "validation") => "what it was trained on; validation and test come after what it has seen",
				(true, _) => "what it was trained on",
				(false, "all windows") =>
					"other data than it was trained on; every window counts, and there is no ridge without a --split",
				(false, _) => "other data than it was trained on",
			}
		);
		for part in &self.parts {
			let naive = part.naive().1.mean();
			println!("{:<11} {:<16} {:>10} windows {:>14} {:>13}", part.name, "", part.rows[0].1.windows, "mean error", "better");
			for (name, steps) in &part.rows {
				println!(
					"            {:<34} {:>14} {:>11.2} %",
					name,
					significant(steps.mean() * unit),
					better(steps.mean(), naive)
				);
			}
		}
		println!("            better: than the better of repeat-last and seasonal on the same windows");
		let Some(part) = self.parts.last() else { return };
		let (Some((name, own)), (naive_name, naive)) = (part.rows.last(), part.naive()) else { return };
		println!("step ahead  {:<22} {:>12} {:>13} {:>12}", part.name, name, naive_name, "better");
		for (step, (own, naive)) in own.means().into_iter().zip(naive.means()).enumerate() {
			let (own_shown, naive_shown) = (significant(own * unit), significant(naive * unit));
			println!("            {:<22} {own_shown:>12} {naive_shown:>13} {:>10.2} %", step + 1, better(own, naive));
		}
	}

	fn json(&self, loaded: &Loaded, table: &Table) -> serde_json::Value {
		let parts: Vec<_> = self
			.parts
			.iter()
			.map(|part| {
				let naive = part.naive().1.mean();
				let rows: Vec<_> = part
					.rows
					.iter()
					.map(|(name, steps)| {
						serde_json::json!({
							"name": name,
							"error": steps.total(),
							"mae": steps.mean() * loaded.unit,
							"better_percent": better(steps.mean(), naive),
							"steps": steps.means().iter().map(|mean| mean * loaded.unit).collect::<Vec<_>>(),
						})
					})
					.collect();
				serde_json::json!({ "name": part.name, "windows": part.rows[0].1.windows, "models": rows })
			})
			.collect();
		serde_json::json!({
			"model": loaded.saved.family,
			"genes": loaded.saved.genes,
			"file": table.file,
			"column": table.column,
			"same_data": self.same_data,
			"parts": parts,
		})
	}
}
