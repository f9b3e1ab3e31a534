//! Report of `backtest`.

use crate::report::{count, entry, table, write_table, LEFT, RIGHT};
use doin_forecast::significant;
use doin_forecaster::{backtest::Training, Certainty, Figures, Rounds, Series, Terms};
use doin_sources::time::{span_text, time_text};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Standard errors beyond which a skill is not a matter of luck.
const CERTAIN: f64 = 2.0;

/// Results of a forecaster.
pub struct Outcome {
	/// Name of the forecaster.
	pub model: String,
	/// Trainings of nets.
	pub trainings: Vec<Training>,
	/// Figures of all rounds.
	pub all: Figures,
	/// Certainty of their skill.
	pub certainty: Certainty,
	/// Figures of periods.
	pub periods: Vec<Figures>,
}

/// Figures of a period, with the time of its first round.
#[derive(Debug, Serialize)]
pub struct Period {
	/// End of the input of the first round; `None` if the bars have no times.
	from: Option<String>,
	#[serde(flatten)]
	figures: Figures,
}

/// Report of `backtest`.
#[derive(Debug, Serialize)]
pub struct BacktestReport {
	/// Name of the file or the stream.
	series: String,
	/// Column of the closes.
	column: String,
	/// Bars, missing ones included.
	bars: usize,
	missing: usize,
	/// Length of a bar in milliseconds.
	bar_ms: Option<u64>,
	/// Decimals of the values. Errors are in units of the last one.
	decimals: u8,
	base_model: String,
	horizon: usize,
	lookback: usize,
	lead: usize,
	batch: usize,
	/// Bars of the season; 0 for none.
	season: u32,
	/// Rounds without a result, since too few bars stand.
	void: usize,
	trainings: Vec<Training>,
	#[serde(flatten)]
	all: Figures,
	certainty: Certainty,
	periods: Vec<Period>,
	notes: Vec<String>,
}

impl BacktestReport {
	/// Returns the report of the rounds of a series.
	pub fn new(series: &Series, terms: &Terms, rounds: &Rounds, outcome: Outcome, notes: Vec<String>) -> Self {
		let Outcome { model, trainings, all, certainty, periods } = outcome;
		let from = |bar: usize| {
			let end = series.clock?.end(bar);
			u64::try_from(end).ok().map(time_text)
		};
		let period = |figures: Figures| Period { from: from(figures.first_bar), figures };
		Self {
			series: series.name.clone(),
			column: series.column.clone(),
			bars: series.bars.len(),
			missing: series.bars.iter().filter(|bar| bar.is_none()).count(),
			bar_ms: series.clock.map(|clock| clock.step),
			decimals: series.decimals,
			base_model: model,
			horizon: terms.horizon,
			lookback: terms.lookback,
			lead: terms.lead,
			batch: terms.batch,
			season: terms.season,
			void: rounds.void,
			trainings,
			all,
			certainty,
			periods: periods.into_iter().map(period).collect(),
			notes,
		}
	}

	/// Returns an error as text, in units of the column.
	fn error(&self, error: f64) -> String {
		significant(error / 10f64.powi(self.decimals.into()))
	}

	/// Returns the cells of the figures of a period.
	fn cells(&self, from: String, figures: &Figures) -> [String; 7] {
		[
			from,
			figures.rounds.to_string(),
			format!("{:+.4}", figures.skill),
			format!("{:.0} %", 100.0 * figures.better),
			self.error(figures.error),
			self.error(figures.reference_error),
			figures.reference.clone(),
		]
	}

	/// Returns the skill in words, as far as the rounds show any.
	fn conclusion(&self) -> String {
		let skill = self.all.skill;
		let Some(error) = self.certainty.standard_error else {
			return format!("{skill:+.4}; too few rounds to tell skill from luck: bring more bars");
		};
		let conclusion = match skill {
			skill if skill > CERTAIN * error => "better than the reference",
			skill if skill < -CERTAIN * error => "worse than the reference",
			_ => "not distinguishable from the reference",
		};
		let slices = count(self.certainty.slices, "independent sample");
		format!("{skill:+.4} ± {error:.4} over {slices}: {conclusion}")
	}
}

impl Display for BacktestReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let length = self.bar_ms.map_or(String::new(), |bar| format!(" of {}", span_text(bar)));
		let bars = count(self.bars, "bar");
		entry(
			f,
			"bars",
			format_args!(
				"{}, {}: {bars}{length}, {} missing; {} decimals",
				self.series, self.column, self.missing, self.decimals
			),
		)?;
		let season = if self.season > 0 { format!("a season of {} bars", self.season) } else { "no season".into() };
		let (rounds, horizon, lookback, batch) = (count(self.all.rounds, "round"), self.horizon, self.lookback, self.batch);
		entry(
			f,
			"rounds",
			format_args!("{rounds} of {horizon} bars after {lookback}, every {batch} bars; {} void; {season}", self.void),
		)?;
		entry(f, "model", &self.base_model)?;
		if let (Some(first), Some(last)) = (self.trainings.first(), self.trainings.last()) {
			let trainings = count(self.trainings.len(), "training");
			let answers = format!("answers {:.0} % of the last net's changes", 100.0 * last.factor);
			entry(f, "", format_args!("{trainings}, the first on {} bars; {answers}", first.bars))?;
		}
		let titles = [
			("from", LEFT),
			("rounds", RIGHT),
			("skill", RIGHT),
			("better", RIGHT),
			("error", RIGHT),
			("reference", RIGHT),
			("", LEFT),
		];
		let mut periods = table(titles);
		for period in &self.periods {
			let from = period.from.clone().unwrap_or_else(|| format!("bar {}", period.figures.first_bar));
			periods.add_row(self.cells(from, &period.figures));
		}
		periods.add_row(self.cells("all".into(), &self.all));
		write_table(f, "periods", &periods)?;
		entry(f, "skill", self.conclusion())?;
		if let Some(bound) = self.certainty.bounds.iter().copied().reduce(f64::max) {
			let terms = count(self.certainty.bounds.len(), "term");
			entry(
				f,
				"record",
				format_args!("largest lower bound of the skill after {terms}: {bound:+.4}; a record mints above 0"),
			)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_forecast::ModelFamily;

	fn figures(skill: f64) -> Figures {
		Figures {
			first_bar: 10,
			rounds: 40,
			skill,
			better: 0.55,
			error: 1_234.0,
			reference_error: 1_300.0,
			reference: "drift".into(),
		}
	}

	fn report(skill: f64, standard_error: Option<f64>, bounds: Vec<f64>) -> BacktestReport {
		let series = Series {
			name: "btc.csv".into(),
			column: "close".into(),
			bars: vec![None; 3],
			fields: Vec::new(),
			clock: Some(doin_forecaster::Clock { first: 0, step: 300_000 }),
			decimals: 2,
		};
		let terms = Terms { horizon: 100, lookback: 50, lead: 5, batch: 6, season: 0, kept: 9_000, scale: None };
		let outcome = Outcome {
			model: ModelFamily::Linear.to_string(),
			trainings: vec![Training { bars: 500, factor: 0.25 }],
			all: figures(skill),
			certainty: Certainty { slices: 9, standard_error, bounds },
			periods: vec![figures(0.5)],
		};
		BacktestReport::new(&series, &terms, &Rounds { held: Vec::new(), void: 2 }, outcome, Vec::new())
	}

	#[test]
	fn the_text_states_what_the_rounds_show() {
		let text = report(0.01, Some(0.02), vec![-0.5, -0.25]).to_string();
		for expected in [
			"bars        btc.csv, close: 3 bars of 5 min, 3 missing; 2 decimals\n",
			"rounds      40 rounds of 100 bars after 50, every 6 bars; 2 void; no season\n",
			"1 training, the first on 500 bars; answers 25 % of the last net's changes\n",
			"1970-01-01T00:50:00Z",
			"+0.5000",
			"55 %",
			"12.340",
			"skill       +0.0100 ± 0.0200 over 9 independent samples: not distinguishable from the reference\n",
			"largest lower bound of the skill after 2 terms: -0.2500;",
		] {
			assert!(text.contains(expected), "{expected}\n{text}");
		}
		assert!(report(0.05, Some(0.02), vec![]).to_string().contains("samples: better than the reference\n"));
		assert!(report(-0.05, Some(0.02), vec![]).to_string().contains("samples: worse than the reference\n"));
		assert!(report(0.05, None, vec![]).to_string().contains("too few rounds to tell skill from luck"));
	}

	#[test]
	fn the_object_has_the_figures() {
		let json = serde_json::to_value(report(0.01, Some(0.02), vec![-0.5])).unwrap();
		assert_eq!((json["skill"].as_f64(), json["rounds"].as_u64(), json["void"].as_u64()), (Some(0.01), Some(40), Some(2)));
		assert_eq!(json["periods"][0]["from"], "1970-01-01T00:50:00Z");
		assert_eq!(json["periods"][0]["reference_error"].as_f64(), Some(1_300.0));
		assert_eq!(json["certainty"]["bounds"][0].as_f64(), Some(-0.5));
		assert_eq!(json["trainings"][0]["bars"], 500);
	}
}
