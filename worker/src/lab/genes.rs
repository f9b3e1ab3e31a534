//! Candidates by hand: one, one per seed, or a random search over ranges.

use anyhow::{bail, Context, Result};
use clap::{Args, ValueEnum};
use doin_compute::{population::BITS, Candidate, Family};
use doin_scoring::{program::MAX_HISTORY, Net};
use doin_search::{Ga, GeneRange, Settings, Space};
use std::str::FromStr;

/// What kind of model is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
	/// Ridge regression in closed form.
	Linear,
	/// Dense hidden layers.
	Mlp,
	/// Causal convolutions.
	Conv,
	/// A long short-term memory.
	Lstm,
	/// A gated recurrent unit.
	Gru,
}

impl Kind {
	/// The trainer's family; a linear model is a net without layers.
	pub fn family(self) -> Family {
		match self {
			Self::Linear | Self::Mlp => Family::Mlp,
			Self::Conv => Family::Conv,
			Self::Lstm => Family::Lstm,
			Self::Gru => Family::Gru,
		}
	}

	/// Its name on the command line.
	pub fn name(self) -> &'static str {
		match self {
			Self::Linear => "linear",
			other => other.family().name(),
		}
	}

	/// What a net is.
	pub fn of(net: &Net) -> Self {
		match Family::of(net) {
			Family::Mlp if net.layers.is_empty() => Self::Linear,
			Family::Mlp => Self::Mlp,
			Family::Conv => Self::Conv,
			Family::Lstm => Self::Lstm,
			Family::Gru => Self::Gru,
		}
	}

	/// Refuses a net of another family than was asked for.
	pub fn check(self, net: &Net) -> Result<()> {
		let found = Self::of(net);
		if found != self {
			bail!("this build's trainer made a model of the family {} where {} was asked for", found.name(), self.name());
		}
		Ok(())
	}
}

/// A value of a gene, or a range of them with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
	lo: i64,
	hi: i64,
}

impl FromStr for Span {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let number = |text: &str| {
			text.trim().parse().map_err(|_| format!("`{text}` is no whole number: write 32, or 16..64 for a range to search"))
		};
		let (lo, hi) = match text.split_once("..") {
			Some((lo, hi)) => (number(lo)?, number(hi.strip_prefix('=').unwrap_or(hi))?),
			None => (number(text)?, number(text)?),
		};
		if lo > hi {
			return Err(format!("`{text}` is an empty range: write the smaller number first"));
		}
		Ok(Self { lo, hi })
	}
}

impl From<i64> for Span {
	fn from(value: i64) -> Self {
		Self { lo: value, hi: value }
	}
}

/// Steps that a cell reads when nothing is said.
const CELL_WINDOW: u16 = 48;

/// The genes of a model. Each number can be a range when there is a population.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Genes: a value, or a range like 16..64 with --population")]
pub struct GeneArgs {
	/// What kind of model.
	#[arg(long, value_enum, default_value = "mlp")]
	pub family: Kind,
	/// Steps of history it reads; two seasons or four horizons, or 48 steps for cells, when left out.
	#[arg(long, value_name = "N")]
	pub window: Option<Span>,
	/// Neurons of a layer, channels of a convolution, or units of a cell; 32, 16 or 24 when left out.
	#[arg(long, value_name = "N")]
	width: Option<Span>,
	/// Hidden layers or convolutions; 1 or 2 when left out.
	#[arg(long, value_name = "N")]
	depth: Option<Span>,
	/// Steps that a convolution reads; 5 when left out.
	#[arg(long, value_name = "N")]
	kernel: Option<Span>,
	/// Distance of the outputs of a convolution; 2 when left out.
	#[arg(long, value_name = "N")]
	stride: Option<Span>,
	/// Let each convolution double the distance of the steps it reads.
	#[arg(long)]
	dilate: bool,
	/// The first learning rate is 2^(N - 20); 10, or 12 for cells, when left out.
	#[arg(long, value_name = "N")]
	rate: Option<Span>,
	/// Most passes over the training part; the net of the best one is kept. 24, or 12 for cells, when left out.
	#[arg(long, value_name = "N")]
	epochs: Option<Span>,
	/// No weight grows beyond 2^-N; of a cell, beyond four times that, or 1.
	#[arg(long, value_name = "N", default_value = "2")]
	decay: Span,
	/// Bits of the numbers that training steps multiply: 12, or 8 for dense nets, faster with AVX-512 VNNI. Models have 12 either way.
	#[arg(long, value_name = "N", default_value_t = BITS)]
	bits: u8,
	/// Seed of first weights and batches; the first one of a population.
	#[arg(long, value_name = "N", default_value_t = 0)]
	seed: u32,
	/// Train the net in place of the ridge, not beside it.
	#[arg(long)]
	no_skip: bool,
	/// Train the net to forecast all of it, and let net and ridge say half each, rather than the net what the ridge leaves.
	#[arg(long, conflicts_with = "no_skip")]
	blend: bool,
}

impl GeneArgs {
	/// The longest window that may be trained; `usual`, or a shorter one for cells, when none is asked for.
	pub fn longest_window(&self, usual: u16) -> Result<u16> {
		let usual = if self.cell() { usual.min(CELL_WINDOW) } else { usual };
		let span = self.window.unwrap_or(i64::from(usual).into());
		if span.lo < 1 || span.hi > MAX_HISTORY.into() {
			bail!(
				"--window {} is not possible: it has to lie within 1 and {MAX_HISTORY}",
				if span.lo < 1 { span.lo } else { span.hi }
			);
		}
		Ok(span.hi as u16)
	}

	/// Whether a gated cell is asked for.
	fn cell(&self) -> bool {
		matches!(self.family, Kind::Lstm | Kind::Gru)
	}

	/// The candidates: one per seed, or `population` points of the ranges.
	pub fn candidates(&self, population: Option<u32>, window: u16, history: u16) -> Result<Vec<Candidate>> {
		let linear = self.family == Kind::Linear;
		// What nets of each family usually do well with, and what a chain admits.
		let conv = self.family == Kind::Conv;
		let of = |span: Option<Span>, dense: i64, convolution: i64, cell: i64| {
			span.unwrap_or(
				if self.cell() {
					cell
				} else if conv {
					convolution
				} else {
					dense
				}
				.into(),
			)
		};
		let (width, depth) = (of(self.width, 32, 16, 24), of(self.depth, 1, 2, 1));
		let (kernel, stride) = (of(self.kernel, 3, 5, 3), of(self.stride, 1, 2, 1));
		let (rate, epochs) = (of(self.rate, 10, 10, 12), of(self.epochs, 24, 24, 12));
		if self.family != Kind::Linear && depth.lo < 1 {
			bail!("--depth 0 is a linear model: ask for it with --family linear");
		}
		// A linear model has no use for most genes, and is the same for every seed.
		let or = |span: Span| if linear { Span { lo: 0, hi: 0 } } else { span };
		let usual = Candidate::default();
		let spans = [
			("window", self.window.unwrap_or(i64::from(window).into())),
			("depth", or(depth)),
			("width", if linear { i64::from(usual.width).into() } else { width }),
			("kernel", kernel),
			("stride", stride),
			("rate", if linear { i64::from(usual.rate).into() } else { rate }),
			("epochs", if linear { i64::from(usual.epochs).into() } else { epochs }),
			("decay", if linear { i64::from(usual.decay).into() } else { self.decay }),
		];
		let candidate = |genes: &[i64], seed: u32| -> Result<Candidate> {
			let named = spans.iter().map(|(name, _)| *name).zip(genes.iter().copied());
			let candidate = Candidate::from_genes(named, history)?;
			let (dilate, family) = (self.dilate, self.family.family());
			let (skip, blend) = (linear || !self.no_skip, !linear && self.blend);
			Ok(Candidate { seed: seed.into(), skip, blend, mix: 0, dilate, family, bits: self.bits, ..candidate })
		};
		let ranges: Vec<&str> = spans.iter().filter(|(_, span)| span.lo < span.hi).map(|(name, _)| *name).collect();
		if let Some(name) = ranges.first() {
			let count =
				population.with_context(|| format!("--{name} is a range: say how many candidates to try, as --population 20"))?;
			// What the trainer cannot use is said before anything is drawn.
			for ends in [|span: &Span| span.lo, |span: &Span| span.hi] {
				candidate(&spans.iter().map(|(_, span)| ends(span)).collect::<Vec<_>>(), 0)?;
			}
			let gene = |(name, span): &(&str, Span)| {
				let log = matches!(*name, "window" | "width" | "epochs") && span.lo > 0;
				GeneRange { name: name.to_string(), lo: span.lo, hi: span.hi, log }
			};
			let space = Space::new(spans.iter().map(gene).collect())?;
			// Nothing is told, so every point is drawn at random, and none twice.
			let mut search = Ga::new(space, Settings { seed: self.seed.into(), ..Settings::default() })?;
			return search.ask(count as usize).iter().map(|genes| candidate(genes, self.seed)).collect();
		}
		let genes: Vec<i64> = spans.iter().map(|(_, span)| span.lo).collect();
		let count = if linear { 1 } else { population.unwrap_or(1) };
		(0..count).map(|at| candidate(&genes, self.seed.wrapping_add(at))).collect()
	}
}

/// The genes that matter for a candidate, by name.
pub fn named(kind: Kind, candidate: &Candidate) -> Vec<(&'static str, u64)> {
	let mut genes = vec![("window", u64::from(candidate.window))];
	if kind == Kind::Linear {
		return genes;
	}
	genes.push(("width", candidate.width.into()));
	if matches!(kind, Kind::Mlp | Kind::Conv) {
		genes.push(("depth", candidate.depth.into()));
	}
	if kind == Kind::Conv {
		let dilate = u64::from(candidate.dilate);
		genes.extend([("kernel", candidate.kernel.into()), ("stride", candidate.stride.into()), ("dilate", dilate)]);
	}
	genes.extend([
		("rate", candidate.rate.into()),
		("epochs", candidate.epochs.into()),
		("decay", candidate.decay.into()),
		("seed", candidate.seed),
		("skip", u64::from(candidate.skip) + u64::from(candidate.skip && candidate.blend)),
	]);
	if candidate.bits != BITS {
		genes.push(("bits", candidate.bits.into()));
	}
	genes
}

/// The same as text.
pub fn shown(kind: Kind, candidate: &Candidate) -> String {
	let genes: Vec<String> = named(kind, candidate).iter().map(|(name, value)| format!("{name} {value}")).collect();
	format!("{}: {}", kind.name(), genes.join(", "))
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Cli {
		#[command(flatten)]
		genes: GeneArgs,
	}

	pub fn genes(text: &str) -> GeneArgs {
		Cli::try_parse_from(std::iter::once("x").chain(text.split_whitespace())).unwrap_or_else(|e| panic!("{e}")).genes
	}

	fn refusal(text: &str, population: Option<u32>) -> String {
		format!("{:#}", genes(text).candidates(population, 24, 48).unwrap_err())
	}

	#[test]
	fn a_population_without_ranges_has_seeds() {
		let all = genes("--width 8 --seed 5").candidates(Some(3), 24, 48).unwrap();
		assert_eq!(all.iter().map(|candidate| candidate.seed).collect::<Vec<_>>(), [5, 6, 7]);
		assert!(all.iter().all(|candidate| (candidate.width, candidate.window, candidate.skip) == (8, 24, true)));
		assert_eq!(genes("--family linear --depth 3").candidates(Some(3), 24, 48).unwrap().len(), 1);
	}

	#[test]
	fn ranges_are_searched_without_repeats_and_reproducibly() {
		let draw = || genes("--width 4..64 --rate 7..11").candidates(Some(40), 24, 48).unwrap();
		let all = draw();
		assert_eq!(all, draw());
		let mut distinct = all.clone();
		distinct.sort_unstable();
		distinct.dedup();
		assert_eq!((all.len(), distinct.len()), (40, 40));
		assert!(all.iter().all(|c| (4..=64).contains(&c.width) && (7..=11).contains(&c.rate)));
		assert_eq!(genes("--decay 1..3").candidates(Some(40), 24, 48).unwrap().len(), 3, "there are no more");
	}

	#[test]
	fn bits_are_a_gene_of_every_candidate() {
		let bits = |text: &str| genes(text).candidates(Some(2), 24, 48).unwrap().iter().map(|one| one.bits).collect::<Vec<_>>();
		assert_eq!((bits(""), bits("--bits 8 --width 4..9")), (vec![12, 12], vec![8, 8]));
		let of = |text: &str| shown(Kind::Mlp, &genes(text).candidates(None, 24, 48).unwrap()[0]);
		assert!(of("--bits 8").ends_with("skip 1, bits 8") && of("").ends_with("skip 1"));
	}

	#[test]
	fn what_cannot_be_trained_is_named() {
		assert!(refusal("--width 4..64", None).contains("--population"));
		assert!(refusal("--width 4..9999", Some(2)).contains("gene `width` is 9999"));
		assert!(refusal("--depth 0", None).contains("--family linear"));
		assert!(refusal("--epochs 0", None).contains("gene `epochs` is 0"));
		assert!(genes("--window 2000").longest_window(9).is_err());
		for wrong in ["x", "4..", "9..4", "4..x", ""] {
			assert!(wrong.parse::<Span>().is_err(), "{wrong}");
		}
		assert_eq!("4..=9".parse::<Span>().unwrap(), Span { lo: 4, hi: 9 });
	}
}
