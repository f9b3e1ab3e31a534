//! `evaluate`: what a saved model is worth on a series, next to what simple models are.

use super::{
	better, explained,
	forecast::Steps,
	model_file::Loaded,
	series::{data_hash, Cut, DataArgs, Question, Table},
	working, Scale,
};
use crate::{amount::significant, target};
use anyhow::{bail, Result};
use clap::Args;
use doin_compute::{population, CutSeries};
use doin_scoring::{Model, Target};
use std::{ops::Range, path::PathBuf};

/// What `evaluate` takes.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
	/// A file that `train --out` wrote.
	#[arg(long, value_name = "FILE")]
	model: PathBuf,
	#[command(flatten)]
	data: DataArgs,
	/// Parts to validate and test on, as TRAIN/VAL in per cent or rows. When left out: those of the training if it had this file, and every
	/// window of other data.
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
struct Judged {
	name: &'static str,
	/// Models and their errors; the naive ones come first.
	rows: Vec<(String, Steps)>,
}

impl Judged {
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
	/// Whether a ridge is among the models.
	ridge: bool,
	scale: Scale,
	parts: Vec<Judged>,
}

/// `evaluate`.
pub async fn run(args: EvaluateArgs) -> Result<()> {
	working(move |_| {
		let loaded = Loaded::read(&args.model)?;
		let table = loaded.table(&args.data.csv, &args.data.columns)?;
		let values = table.raw(loaded.unit, &loaded.inputs)?;
		let report = population::pool(super::cores(args.cores))?
			.install(|| Report::new(&loaded, &table.file, values, args.split.as_ref()))?;
		if args.json {
			println!("{}", report.json(&loaded, &table));
		} else {
			report.show(&loaded, &table);
		}
		Ok(())
	})
	.await
}

impl Report {
	fn new(loaded: &Loaded, file: &str, mut values: Vec<i32>, cut: Option<&Cut>) -> Result<Self> {
		let (saved, program) = (&loaded.saved, &loaded.program);
		let channels = usize::from(program.channels);
		let (rows, needed) = (values.len() / channels, usize::from(program.history) + usize::from(program.horizon));
		if rows < needed {
			bail!(
				"{file} has {rows} rows, and the model needs {needed}: {} to read and {} to compare with",
				program.history,
				program.horizon
			);
		}
		// A series that has grown since is still the same.
		let known = saved.data.files.iter().find(|known| {
			let known_values = known.rows as usize * channels;
			values.len() >= known_values && hex::encode(data_hash(&values[..known_values])) == known.hash
		});
		let own = known.filter(|_| cut.is_none());
		let cut = match (cut, own) {
			(Some(cut), _) => Some(cut.of(rows)?),
			(None, own) => own.map(|own| (own.split, rows)),
		};
		let mut models = vec![("repeat-last".to_string(), Model::RepeatLast), ("seasonal".to_string(), Model::Seasonal)];
		let mut parts: Vec<(&'static str, Range<usize>)> = Vec::new();
		let mut ridge = false;
		match cut {
			None => parts.push(("all windows", 0..rows)),
			Some((split, end)) => {
				values.truncate(end * channels);
				let (train, validation) = (split.train_end as usize, split.validation_end as usize);
				if train == validation {
					parts.push(("training", 0..train));
				}
				parts.push(("validation", train..validation));
				parts.push(("test", validation..end));
				// What trained on several files has a ridge of all of them, which are not here.
				ridge = train > 0 && train < validation && (own.is_none() || saved.data.files.len() == 1);
				if ridge {
					let question = Question {
						horizon: program.horizon,
						history: program.history,
						season: program.season,
						channels: program.channels,
						target: program.target.clone(),
					};
					let data = question.training_set(vec![(file.into(), CutSeries { series: values.clone(), split })])?;
					let ridge = data.linear(program.history, 0).map_err(explained)?;
					models.push(("ridge".to_string(), Model::Net(ridge.net.clone())));
				}
			}
		}
		models.push((format!("this {}", saved.family), loaded.model.clone()));
		let measure = |(name, targets): (&'static str, Range<usize>)| {
			let rows: Vec<_> = models
				.iter()
				.map(|(name, model)| (name.clone(), Steps::measure(model, program, &values, targets.clone())))
				.collect();
			Judged { name, rows }
		};
		let parts: Vec<Judged> = parts.into_iter().map(measure).filter(|part| part.rows[0].1.windows > 0).collect();
		if parts.is_empty() {
			bail!("no window has its targets in the parts of this split: choose another --split");
		}
		if let Some((said, part)) =
			own.and_then(|own| Some((own.error.validation?, parts.iter().find(|part| part.name == "validation")?)))
		{
			let computed = part.rows.last().map_or(0, |(_, steps)| steps.total());
			if computed != said {
				bail!(
					"the file says an error sum of {said} on validation, and {computed} is computed here from the same data: the file was made by another version of this program"
				);
			}
		}
		Ok(Self { same_data: known.is_some(), ridge, scale: Scale::of(program, loaded.unit, loaded.deviation), parts })
	}

	fn show(&self, loaded: &Loaded, table: &Table) {
		let scale = self.scale;
		println!("model       {}", loaded.describe());
		println!(
			"data        {} of {}: {}{}",
			table.column,
			table.file,
			match (self.same_data, self.parts[0].name) {
				(true, "validation") => "a file of the training; validation and test come after what the model has seen",
				(true, _) => "a file of the training",
				(false, "all windows") => "other data than it was trained on; every window counts",
				(false, _) => "other data than it was trained on",
			},
			if self.ridge { "" } else { "; there is no ridge without a part that trains it" }
		);
		for part in &self.parts {
			let naive = part.naive().1.mean();
			println!(
				"{:<11} {:<16} {:>10} windows {:>20} {:>10} {:>13}",
				part.name,
				"",
				part.rows[0].1.windows,
				scale.title(),
				if scale.classes { "" } else { "scaled" },
				"better"
			);
			let show = |name: &str, mean: f64| {
				let scaled = if scale.classes { String::new() } else { format!("{:.5}", scale.scaled(mean)) };
				println!("            {name:<24} {:>31} {scaled:>10} {:>11.2} %", scale.shown(mean), better(mean, naive));
			};
			if let Some(share) = part.rows[0].1.most_frequent() {
				show("most frequent class", 1.0 - share);
			}
			part.rows.iter().for_each(|(name, steps)| show(name, steps.mean()));
		}
		println!("            better: than the better of repeat-last and seasonal on the same windows");
		if !scale.classes {
			println!("            scaled: in standard deviations of what it was trained on ({})", significant(loaded.deviation));
		}
		let Some(part) = self.parts.last() else { return };
		let (Some((name, own)), (naive_name, naive)) = (part.rows.last(), part.naive()) else { return };
		if let Target::Classes(bounds) = &loaded.program.target {
			println!("class       {}", part.name);
			for (class, came) in own.came.iter().enumerate() {
				let share = 100.0 * *came as f64 / own.windows as f64;
				println!(
					"            {class} ({}) came in {share:.2} % of the windows",
					target::range(bounds, class, loaded.unit)
				);
			}
			return;
		}
		println!("step ahead  {:<22} {:>12} {:>13} {:>12}", part.name, name, naive_name, "better");
		let steps = target::steps(&loaded.program);
		for (step, (own, naive)) in steps.iter().zip(own.means().into_iter().zip(naive.means())) {
			println!("            {step:<22} {:>12} {:>13} {:>10.2} %", scale.shown(own), scale.shown(naive), better(own, naive));
		}
	}

	fn json(&self, loaded: &Loaded, table: &Table) -> serde_json::Value {
		let scale = self.scale;
		let parts: Vec<_> = self
			.parts
			.iter()
			.map(|part| {
				let naive = part.naive().1.mean();
				let row = |(name, steps): &(String, Steps)| {
					let mut row = scale.json(steps.mean(), steps.total(), better(steps.mean(), naive));
					row["name"] = name.as_str().into();
					if !scale.classes {
						row["steps"] = steps.means().into_iter().map(|mean| scale.error(mean)).collect();
					}
					row
				};
				let first = &part.rows[0].1;
				serde_json::json!({
					"name": part.name,
					"windows": first.windows,
					"came": first.came,
					"most_frequent": first.most_frequent(),
					"models": part.rows.iter().map(row).collect::<Vec<_>>(),
				})
			})
			.collect();
		serde_json::json!({
			"model": loaded.saved.family,
			"genes": loaded.saved.genes,
			"file": table.file,
			"column": table.column,
			"inputs": table.inputs,
			"steps": target::steps(&loaded.program),
			"same_data": self.same_data,
			"parts": parts,
		})
	}
}
