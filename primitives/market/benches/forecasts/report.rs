//! Table, JSON and plot of the results.

use crate::{
	market::Outcome,
	series::{Kind, KINDS},
	strategies::{Strategy, STRATEGIES},
};
use std::fmt::Write;

/// Results of one strategy on one kind of series, over all seeds.
pub struct Cell {
	pub strategy: Strategy,
	pub kind: Kind,
	/// Mean return per round, in per cent.
	pub mean: f64,
	/// Its standard error, from the means of the seeds.
	pub error: f64,
	/// Share of the rounds that were entered, in per cent.
	pub entered: f64,
	/// Mean of the largest increments that one seat claims, in bits.
	pub claim: f64,
	/// Seeds in which a seat claims something.
	pub claims: usize,
	/// Mean change of the pot, in per cent.
	pub pot: f64,
}

impl Cell {
	pub fn new(strategy: Strategy, kind: Kind, outcomes: &[Outcome], rounds: usize) -> Self {
		let n = outcomes.len() as f64;
		let mean_of = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).sum::<f64>() / n;
		let per_cent = |outcome: &Outcome| outcome.ppm as f64 / 10_000.0;
		let mean = mean_of(&per_cent);
		let variance = outcomes.iter().map(|outcome| (per_cent(outcome) - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
		Self {
			strategy,
			kind,
			mean,
			error: (variance / n).sqrt(),
			entered: mean_of(&|outcome| 100.0 * f64::from(outcome.entered) / rounds as f64),
			claim: mean_of(&|outcome| outcome.claim as f64 / 1e6),
			claims: outcomes.iter().filter(|outcome| outcome.claim > 0).count(),
			pot: mean_of(&|outcome| outcome.pot as f64 / 10_000.0),
		}
	}

	/// Returns the number of standard errors by which the mean return is above 0.
	fn surplus(&self) -> f64 {
		if self.error > 0.0 {
			self.mean / self.error
		} else {
			0.0
		}
	}

	/// Returns what is wrong with the cell: a return without skill, or none with it.
	pub fn fault(&self) -> Option<String> {
		let name = format!("{} on {}", self.strategy.name(), self.kind.name());
		if self.strategy == Strategy::Itself {
			return (self.mean != 0.0 || self.error != 0.0).then(|| format!("{name} returns {:+.4} %, not 0", self.mean));
		}
		if self.strategy.sees_drift() && self.kind.has_skill() {
			let fails = self.strategy.is_skilled() && self.surplus() < LARGEST;
			return fails.then(|| format!("{name} returns only {:+.3} ± {:.3} %", self.mean, self.error));
		}
		let gains = self.mean > 0.0 && (self.surplus() > LARGEST || self.error == 0.0);
		gains.then(|| format!("{name} returns {:+.3} ± {:.3} %", self.mean, self.error))
	}
}

/// Standard errors that a mean return may lie above 0 by chance.
const LARGEST: f64 = 3.0;

/// Returns the table in Markdown: mean return per round in per cent and its standard error.
pub fn table(cells: &[Cell]) -> String {
	let mut text = String::from("| strategy |");
	KINDS.iter().for_each(|kind| write!(text, " {} |", kind.name()).expect("a string takes all text"));
	text += "\n|---|";
	text += &"---:|".repeat(KINDS.len());
	for row in cells.chunks(KINDS.len()) {
		write!(text, "\n| {} |", row[0].strategy.name()).expect("a string takes all text");
		for cell in row {
			match cell.entered > 0.0 {
				true => write!(text, " {:+.2} ± {:.2} |", cell.mean, cell.error),
				false => write!(text, " – |"),
			}
			.expect("a string takes all text");
		}
	}
	text
}

/// Returns the claims of records: strategies of which a seat claims something, with the mean increment.
pub fn claims(cells: &[Cell], seeds: usize) -> String {
	let mut text = String::from("| claims of records | series | terms that claim | mean increment, bit |\n|---|---|---:|---:|");
	for cell in cells.iter().filter(|cell| cell.claims > 0) {
		let (name, kind) = (cell.strategy.name(), cell.kind.name());
		write!(text, "\n| {name} | {kind} | {} of {seeds} | {:.4} |", cell.claims, cell.claim).expect("a string takes all text");
	}
	text
}

/// Returns all cells as one JSON object.
pub fn json(cells: &[Cell], rounds: usize, seeds: usize) -> String {
	let cells: Vec<_> = cells
		.iter()
		.map(|cell| {
			format!(
				"{{\"strategy\":\"{}\",\"series\":\"{}\",\"return_pct\":{:.6},\"error_pct\":{:.6},\"entered_pct\":{:.2},\"claims\":{},\"claim_bits\":{:.6},\"pot_pct\":{:.4}}}",
				cell.strategy.name(),
				cell.kind.name(),
				cell.mean,
				cell.error,
				cell.entered,
				cell.claims,
				cell.claim,
				cell.pot
			)
		})
		.collect();
	format!("{{\"rounds\":{rounds},\"seeds\":{seeds},\"cells\":[{}]}}", cells.join(","))
}

/// Colours of the series in the plot.
const COLOURS: [&str; 8] = ["#4878a8", "#7fb0d0", "#3a9d5d", "#88c070", "#c7a02c", "#c0504d", "#8064a2", "#777777"];
/// Returns that the plot shows, in per cent; larger ones lie on its edges.
const RANGE: (f64, f64) = (-40.0, 20.0);
/// Left edge of the plot, width and height of a row.
const LEFT: f64 = 230.0;
const WIDTH: f64 = 700.0;
const ROW: f64 = 30.0;

/// Returns the horizontal position of a return.
fn x(value: f64) -> f64 {
	LEFT + (value.clamp(RANGE.0, RANGE.1) - RANGE.0) / (RANGE.1 - RANGE.0) * WIDTH
}

/// Returns an SVG: a row per strategy, a point per series with twice its standard error to both sides.
pub fn plot(cells: &[Cell]) -> String {
	let height = 70.0 + ROW * STRATEGIES.len() as f64;
	let mut svg = format!(
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
		<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
		LEFT + WIDTH + 20.0,
		height + 30.0
	);
	for tick in (RANGE.0 as i32..=RANGE.1 as i32).step_by(10) {
		let (at, colour) = (x(tick.into()), if tick == 0 { "#333333" } else { "#dddddd" });
		writeln!(svg, "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"40\" y2=\"{:.1}\" stroke=\"{colour}\"/>", height - 20.0)
			.expect("a string takes all text");
		writeln!(svg, "<text x=\"{at:.1}\" y=\"{height:.1}\" text-anchor=\"middle\">{tick} %</text>")
			.expect("a string takes all text");
	}
	for (index, (kind, colour)) in KINDS.iter().zip(COLOURS).enumerate() {
		let at = LEFT + 88.0 * index as f64;
		writeln!(
			svg,
			"<circle cx=\"{at:.1}\" cy=\"20\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"24\">{}</text>",
			at + 8.0,
			kind.name()
		)
		.expect("a string takes all text");
	}
	for (row, of_strategy) in cells.chunks(KINDS.len()).enumerate() {
		let top = 45.0 + ROW * row as f64;
		writeln!(
			svg,
			"<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
			LEFT - 12.0,
			top + 18.0,
			of_strategy[0].strategy.name()
		)
		.expect("a string takes all text");
		for (index, (cell, colour)) in of_strategy.iter().zip(COLOURS).enumerate().filter(|(_, (cell, _))| cell.entered > 0.0) {
			let y = top + 3.0 + 3.2 * index as f64;
			let (from, to, at) = (x(cell.mean - 2.0 * cell.error), x(cell.mean + 2.0 * cell.error), x(cell.mean));
			writeln!(svg, "<line x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{colour}\"/><circle cx=\"{at:.1}\" cy=\"{y:.1}\" r=\"2.4\" fill=\"{colour}\"/>")
				.expect("a string takes all text");
		}
	}
	svg + "</svg>\n"
}
