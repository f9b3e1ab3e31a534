//! Candidates of `train`: one, one per seed, or points drawn from ranges.

use crate::{args::one_of, report::Remarks};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_compute::{dearest_dense, Candidate, OperandBits, StepTimes, BYTE_OPERAND_BITS, OPERAND_BITS};
use doin_forecast::{spec::explain, ModelFamily};
use doin_scoring::program::MAX_HISTORY;
use doin_search::{Ga, GaConfig, GeneRange, Optimizer, Space};
use std::str::FromStr;

/// A value of a gene, or a range of them with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
	lo: i64,
	hi: i64,
}

impl FromStr for Span {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let number = |part: &str| {
			part.trim().parse().map_err(|_| match written_otherwise(text) {
				Some((lo, hi)) => format!("invalid range `{text}`: write it with two dots, {lo}..{hi}"),
				None => format!("invalid value `{text}`: expected a whole number, e.g. 32, or a range to search, e.g. 16..64"),
			})
		};
		let (lo, hi) = match text.split_once("..") {
			Some((lo, hi)) => (number(lo)?, number(hi.strip_prefix('=').unwrap_or(hi))?),
			None => (number(text)?, number(text)?),
		};
		if lo > hi {
			return Err(format!("invalid range `{text}`: expected the smaller number first"));
		}
		Ok(Self { lo, hi })
	}
}

/// Returns the ends of a range that is written with another sign than two dots, e.g. `16-64`, `16:64` or `[16, 64]`.
fn written_otherwise(text: &str) -> Option<(i64, i64)> {
	let bare = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
	let (lo, hi) = bare.split_once([':', ',', '–', '-'])?;
	Some((lo.trim().parse().ok()?, hi.trim().parse().ok()?))
}

/// Parses the exponent of a learning rate.
fn parse_rate(text: &str) -> Result<Span, String> {
	text.parse().map_err(|error| match text.trim().parse::<f64>() {
		Ok(rate) if rate > 0.0 && rate < 1.0 => {
			let exponent = (rate.log2() + 20.0).round();
			format!(
				"invalid value `{text}`: the learning rate is 2^(N - 20), and N is a whole number. For {text}, N is about \
				{exponent}"
			)
		}
		_ => error,
	})
}

impl From<i64> for Span {
	fn from(value: i64) -> Self {
		Self { lo: value, hi: value }
	}
}

/// Default window of a cell, in steps.
const CELL_WINDOW: u16 = 48;

/// Genes of a model. Each number can be a range if there is a population.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Genes: a value, or a range such as 16..64 with --population")]
pub struct GeneArgs {
	/// Family of the model
	#[arg(long, value_parser = one_of::<ModelFamily>(), default_value = "mlp")]
	pub family: ModelFamily,
	/// Steps of history that the model reads [default: two seasons or four horizons; 48 for cells]
	#[arg(long, value_name = "N")]
	pub window: Option<Span>,
	/// Neurons of a layer, channels of a convolution, or units of a cell [default: 32, 16 or 24; at most 128 for rows]
	#[arg(long, value_name = "N")]
	width: Option<Span>,
	/// Hidden layers or convolutions [default: 1 or 2; 2 layers for rows]
	#[arg(long, value_name = "N")]
	depth: Option<Span>,
	/// Steps that a convolution reads [default: 5]
	#[arg(long, value_name = "N")]
	kernel: Option<Span>,
	/// Distance between outputs of a convolution, in steps [default: 2]
	#[arg(long, value_name = "N")]
	stride: Option<Span>,
	/// Double the distance of the steps that a convolution reads with each layer
	#[arg(long)]
	dilate: bool,
	/// Exponent of the first learning rate, 2^(N - 20) [default: 10; 12 for cells, 11 for rows]
	#[arg(long, value_name = "N", value_parser = parse_rate)]
	rate: Option<Span>,
	/// Most passes over the training part; the net of the best one is kept [default: 24; 12 for cells, 32 for rows]
	#[arg(long, value_name = "N")]
	epochs: Option<Span>,
	/// Limit the weights to 2^-N; those of a cell to four times that, or 1 [default: 2; 0 for dense nets of rows]
	#[arg(long, value_name = "N")]
	decay: Option<Span>,
	/// Bits of the operands of training steps: 12, or 8 for dense nets, faster with AVX-512 VNNI or AVX2; `auto` measures which are
	/// faster on this machine. Models have 12 bits either way, and differ
	#[arg(long, value_parser = one_of::<OperandBits>(), default_value = "12")]
	pub bits: OperandBits,
	/// Seed of first weights and batches; the first one of a population
	#[arg(long, value_name = "N", default_value_t = 0)]
	seed: u32,
	/// Train the net without a linear skip
	#[arg(long)]
	no_skip: bool,
	/// Train the net on the whole target and average it with the linear skip, in place of training it on the residual
	#[arg(long, conflicts_with = "no_skip")]
	blend: bool,
	/// With --family linear, solve one ridge regression, in place of the mean of six that `domain create` hands in. Rows have one
	/// either way
	#[arg(long, conflicts_with = "blend")]
	one_ridge: bool,
}

/// Returns the default width of a net of rows: the largest of 8 to 128 neurons with which a net of two hidden layers and a linear
/// skip fits the largest model, with a twelfth to spare.
fn widest(features: u16, outputs: u16) -> i64 {
	let (features, outputs) = (i64::from(features), i64::from(outputs));
	let bytes = |width: i64| 2 * (features * width + width * width + (width + features) * outputs);
	(1..=16).rev().map(|eighth| 8 * eighth).find(|width| bytes(*width) <= 60_000).unwrap_or(8)
}

/// Genes as ranges, in the order of the search.
struct Spans {
	window: Span,
	depth: Span,
	width: Span,
	kernel: Span,
	stride: Span,
	rate: Span,
	epochs: Span,
	decay: Span,
}

impl Spans {
	/// Returns the ranges with the names of their genes.
	fn named(&self) -> [(&'static str, Span); 8] {
		[
			("window", self.window),
			("depth", self.depth),
			("width", self.width),
			("kernel", self.kernel),
			("stride", self.stride),
			("rate", self.rate),
			("epochs", self.epochs),
			("decay", self.decay),
		]
	}
}

impl GeneArgs {
	/// Returns the longest window of any candidate: that of `--window`, or `default`, at most [`CELL_WINDOW`] for cells.
	///
	/// # Errors
	///
	/// Errors if a window lies outside `1..=MAX_HISTORY`.
	pub fn longest_window(&self, default: u16) -> Result<u16> {
		let default = if self.family.is_recurrent() { default.min(CELL_WINDOW) } else { default };
		let span = self.window.unwrap_or(i64::from(default).into());
		let outside = [span.lo, span.hi].into_iter().find(|window| !(1..=i64::from(MAX_HISTORY)).contains(window));
		match outside {
			Some(window) => bail!("invalid --window {window}: expected a value from 1 to {MAX_HISTORY}"),
			None => Ok(span.hi as u16),
		}
	}

	/// Returns the genes of models of rows with so many features and outputs. `patch` is the side of the largest patch of the
	/// images that the rows are.
	///
	/// # Errors
	///
	/// Errors if models of the family do not read rows.
	pub fn of_rows(&self, features: u16, outputs: u16, patch: Option<u8>) -> Result<Self> {
		let mut genes = self.clone();
		match self.family {
			// The mean of several ridges of Letter Recognition errs as often as one, or more often.
			ModelFamily::Linear => genes.one_ridge = true,
			ModelFamily::Mlp => {
				genes.depth = self.depth.or(Some(2.into()));
				genes.width = self.width.or(Some(widest(features, outputs).into()));
				genes.rate = self.rate.or(Some(11.into()));
				genes.epochs = self.epochs.or(Some(32.into()));
				// On Letter Recognition, limited weights make twice as many mistakes.
				genes.decay = self.decay.or(Some(0.into()));
			}
			ModelFamily::Conv => {
				let patch =
					patch.context("--family conv reads images: name their size with --image HxW, or choose another --family")?;
				genes.depth = self.depth.or(Some(1.into()));
				genes.kernel = self.kernel.or(Some(i64::from(patch).into()));
			}
			ModelFamily::Lstm | ModelFamily::Gru => bail!(
				"--family {} reads the steps of a series, and a row has none: choose linear, mlp or, for images, conv",
				self.family
			),
		}
		Ok(genes)
	}

	/// Returns the candidates: one, one per seed, or `population` points of the ranges, drawn at random without repeats.
	///
	/// # Errors
	///
	/// Errors if a gene lies outside its range, or if there are ranges without a population.
	pub fn candidates(&self, population: Option<u32>, window: u16, history: u16) -> Result<Vec<Candidate>> {
		ensure!(
			!self.one_ridge || self.family == ModelFamily::Linear,
			"--one-ridge is an option of --family linear, and the family is {}: omit it",
			self.family
		);
		let spans = self.spans(window)?.named();
		let candidate = |genes: &[i64], seed: u32| {
			self.candidate(spans.iter().map(|(name, _)| *name).zip(genes.iter().copied()), seed, history)
		};
		if let Some((name, _)) = spans.iter().find(|(_, span)| span.lo < span.hi) {
			let count =
				population.with_context(|| format!("--{name} is a range: set the number of candidates, e.g. --population 20"))?;
			// Values that the trainer cannot use are reported before anything is drawn.
			for ends in [|span: &Span| span.lo, |span: &Span| span.hi] {
				candidate(&spans.iter().map(|(_, span)| ends(span)).collect::<Vec<_>>(), 0)?;
			}
			let space = Space::new(spans.iter().map(|(name, span)| range(name, *span)).collect())?;
			// Without results, the genetic algorithm draws every point at random, and none twice.
			let mut search = Ga::new(space, GaConfig { seed: self.seed.into(), ..GaConfig::default() })?;
			return search.ask(count as usize).iter().map(|trial| candidate(&trial.genes, self.seed)).collect();
		}
		let genes: Vec<i64> = spans.iter().map(|(_, span)| span.lo).collect();
		// A linear model does not depend on the seed.
		let count = if self.family == ModelFamily::Linear { 1 } else { population.unwrap_or(1) };
		(0..count).map(|at| candidate(&genes, self.seed.wrapping_add(at))).collect()
	}

	/// Chooses the operand bits of `candidates` if `--bits auto` asks for it: those with which a step of the dearest dense net among
	/// them takes less time, as `measure` times it. `--bits 8` stays as it is, with a remark where it does not pay. Devices train in 12
	/// bits, so nothing is measured beside them.
	///
	/// # Errors
	///
	/// Errors if `measure` does.
	pub fn choose_bits(
		&self,
		candidates: &mut [Candidate],
		has_devices: bool,
		remarks: &Remarks,
		measure: impl FnOnce(&Candidate) -> Result<Option<StepTimes>, doin_compute::Error>,
	) -> Result<()> {
		let dearest = match self.bits {
			OperandBits::Auto | OperandBits::Eight => dearest_dense(candidates).copied(),
			OperandBits::Twelve => None,
		};
		let Some(dearest) = dearest else { return Ok(()) };
		if self.bits == OperandBits::Eight {
			// What is wrong with a candidate is said when it is trained.
			let times = if has_devices { None } else { measure(&dearest).ok().flatten() };
			if let Some(times) = times.filter(|times| times.bits() != BYTE_OPERAND_BITS) {
				remarks.add(format_args!(
					"note: {times}, so `--bits 8` does not pay on this machine; `--bits auto` takes the faster bits"
				));
			}
			return Ok(());
		}
		if has_devices {
			remarks.add("note: devices train in 12 bits, so `--bits auto` takes 12");
			return Ok(());
		}
		if let Some(times) = measure(&dearest).map_err(explain)? {
			let bits = times.bits();
			remarks.add(format_args!(
				"note: {times}, so dense nets are trained in {bits} bits; `--bits 8` or `--bits 12` forces them"
			));
			for candidate in candidates {
				*candidate = candidate.with_operand_bits(bits);
			}
		}
		Ok(())
	}

	/// Returns the space of the genes that are ranges. `window` is the default of the window.
	///
	/// # Errors
	///
	/// Errors if no gene is a range.
	pub fn space(&self, window: u16) -> Result<Space> {
		let spans = self.spans(window)?.named();
		let ranges: Vec<_> = spans.iter().filter(|(_, span)| span.lo < span.hi).map(|(name, span)| range(name, *span)).collect();
		ensure!(
			!ranges.is_empty(),
			"no gene is a range, so there is nothing to search: give some, e.g. --width 8..64 --rate 7..11"
		);
		Ok(Space::new(ranges)?)
	}

	/// Returns the candidate with these genes in place of their ranges.
	///
	/// # Errors
	///
	/// Errors if a gene is unknown, or lies outside the range of the trainer.
	pub fn candidate_at(&self, genes: &[(String, i64)], window: u16, history: u16) -> Result<Candidate> {
		let spans = self.spans(window)?.named();
		let fixed = spans.iter().map(|(name, span)| (*name, span.lo));
		self.candidate(fixed.chain(genes.iter().map(|(name, value)| (&name[..], *value))), self.seed, history)
	}

	/// Returns a note if there are fewer candidates than a population has; `None` if there are not.
	pub fn describe_shortage(&self, population: Option<u32>, candidates: usize) -> Option<String> {
		let population = population.filter(|population| candidates < *population as usize)?;
		let (reason, advice) = match self.family {
			ModelFamily::Linear => {
				("a linear model depends on its window alone", "search a wider range of --window, or train another family")
			}
			_ => ("the ranges have no more points", "search wider ranges, or omit them to train one candidate per seed"),
		};
		let trained = if candidates == 1 { "1 candidate is".to_string() } else { format!("{candidates} candidates are") };
		Some(format!("{trained} trained, not the {population} of --population: {reason}. For more, {advice}"))
	}

	/// Returns the ranges of all genes. Defaults are those at which nets of a family usually do well.
	fn spans(&self, window: u16) -> Result<Spans> {
		let of = |span: Option<Span>, dense: i64, convolution: i64, cell: i64| {
			let default = match self.family {
				ModelFamily::Linear | ModelFamily::Mlp => dense,
				ModelFamily::Conv => convolution,
				ModelFamily::Lstm | ModelFamily::Gru => cell,
			};
			span.unwrap_or(default.into())
		};
		let window = self.window.unwrap_or(i64::from(window).into());
		let (kernel, stride) = (of(self.kernel, 3, 5, 3), of(self.stride, 1, 2, 1));
		if self.family == ModelFamily::Linear {
			// A linear model has no use for the other genes.
			let usual = Candidate::default();
			let fixed = |value: i64| Span::from(value);
			return Ok(Spans {
				window,
				depth: fixed(0),
				width: fixed(usual.width.into()),
				kernel,
				stride,
				rate: fixed(usual.rate.into()),
				epochs: fixed(usual.epochs.into()),
				decay: fixed(usual.decay.into()),
			});
		}
		let depth = of(self.depth, 1, 2, 1);
		ensure!(depth.lo >= 1, "--depth 0 is a linear model: choose it with --family linear");
		Ok(Spans {
			window,
			depth,
			width: of(self.width, 32, 16, 24),
			kernel,
			stride,
			rate: of(self.rate, 10, 10, 12),
			epochs: of(self.epochs, 24, 24, 12),
			decay: self.decay.unwrap_or(2.into()),
		})
	}

	fn candidate<'a>(&self, genes: impl IntoIterator<Item = (&'a str, i64)>, seed: u32, history: u16) -> Result<Candidate> {
		let candidate = Candidate::from_genes(genes, history)?;
		let linear = self.family == ModelFamily::Linear;
		Ok(Candidate {
			seed: seed.into(),
			linear_skip: linear || !self.no_skip,
			blend: if linear { !self.one_ridge } else { self.blend },
			synthetic_share: 0,
			dilate: self.dilate,
			family: self.family.family(),
			bits: self.bits.fixed().unwrap_or(OPERAND_BITS),
			..candidate
		})
	}
}

/// Returns a gene of a search. Sizes and epochs have steps in proportion to their values.
fn range(name: &str, span: Span) -> GeneRange {
	match name {
		"window" | "width" | "epochs" if span.lo > 0 => GeneRange::log(name, span.lo, span.hi),
		_ => GeneRange::linear(name, span.lo, span.hi),
	}
}

/// Returns the genes that matter for a candidate, by name.
pub fn named_genes(family: ModelFamily, candidate: &Candidate) -> Vec<(&'static str, u64)> {
	let skip = ("skip", u64::from(candidate.linear_skip) + u64::from(candidate.linear_skip && candidate.blend));
	let mut genes = vec![("window", u64::from(candidate.window))];
	if family == ModelFamily::Linear {
		genes.push(skip);
		return genes;
	}
	genes.push(("width", candidate.width.into()));
	if matches!(family, ModelFamily::Mlp | ModelFamily::Conv) {
		genes.push(("depth", candidate.depth.into()));
	}
	if family == ModelFamily::Conv {
		let dilate = u64::from(candidate.dilate);
		genes.extend([("kernel", candidate.kernel.into()), ("stride", candidate.stride.into()), ("dilate", dilate)]);
	}
	genes.extend([
		("rate", candidate.rate.into()),
		("epochs", candidate.epochs.into()),
		("decay", candidate.decay.into()),
		("seed", candidate.seed),
		skip,
	]);
	if candidate.bits != OPERAND_BITS {
		genes.push(("bits", candidate.bits.into()));
	}
	genes
}

/// Returns the genes that matter for a candidate of rows, by name.
pub fn named_row_genes(family: ModelFamily, candidate: &Candidate) -> Vec<(&'static str, u64)> {
	let mut genes = named_genes(family, candidate);
	let unused: &[&str] = match family {
		ModelFamily::Conv => &["window", "depth", "dilate", "skip"],
		ModelFamily::Linear => &["window", "skip"],
		_ => &["window"],
	};
	genes.retain(|(name, _)| !unused.contains(name));
	genes
}

/// Returns the family of a candidate of rows and its genes as text.
pub fn describe_row_candidate(family: ModelFamily, candidate: &Candidate) -> String {
	let genes: Vec<String> = named_row_genes(family, candidate).iter().map(|(name, value)| format!("{name} {value}")).collect();
	if genes.is_empty() {
		return family.to_string();
	}
	format!("{family}: {}", genes.join(", "))
}

/// Returns the family of a candidate and its genes as text.
pub fn describe_candidate(family: ModelFamily, candidate: &Candidate) -> String {
	let genes: Vec<String> = named_genes(family, candidate).iter().map(|(name, value)| format!("{name} {value}")).collect();
	format!("{family}: {}", genes.join(", "))
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;
	use std::time::Duration;

	#[derive(Parser)]
	struct Cli {
		#[command(flatten)]
		genes: GeneArgs,
	}

	fn genes(text: &str) -> GeneArgs {
		Cli::try_parse_from(std::iter::once("x").chain(text.split_whitespace())).unwrap_or_else(|e| panic!("{e}")).genes
	}

	fn refusal(text: &str, population: Option<u32>) -> String {
		format!("{:#}", genes(text).candidates(population, 24, 48).unwrap_err())
	}

	#[test]
	fn a_population_without_ranges_has_seeds() {
		let all = genes("--width 8 --seed 5").candidates(Some(3), 24, 48).unwrap();
		assert_eq!(all.iter().map(|candidate| candidate.seed).collect::<Vec<_>>(), [5, 6, 7]);
		assert!(all.iter().all(|candidate| (candidate.width, candidate.window, candidate.linear_skip) == (8, 24, true)));
		assert_eq!(genes("--family linear --depth 3").candidates(Some(3), 24, 48).unwrap().len(), 1);
	}

	#[test]
	fn a_linear_model_is_the_mean_of_ridges_unless_one_is_requested() {
		let of = |text: &str| genes(text).candidates(None, 24, 48).unwrap()[0];
		let [mean, one] = ["--family linear", "--family linear --one-ridge"].map(of);
		assert_eq!((mean.is_linear(), mean.linear_skip, mean.blend), (true, true, true));
		assert_eq!((one.is_linear(), one.linear_skip, one.blend), (true, true, false));
		assert_eq!(describe_candidate(ModelFamily::Linear, &mean), "linear: window 24, skip 2");
		assert_eq!(describe_candidate(ModelFamily::Linear, &one), "linear: window 24, skip 1");
		assert!(refusal("--one-ridge", None).contains("--one-ridge is an option of --family linear, and the family is mlp"));
		let rows = genes("--family linear").of_rows(16, 26, None).unwrap().candidates(None, 16, 16).unwrap()[0];
		assert!(!rows.blend, "one ridge of rows");
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
		assert_eq!(genes("--decay 1..3").candidates(Some(40), 24, 48).unwrap().len(), 3, "the space has no more points");
	}

	#[test]
	fn bits_are_a_gene_of_every_candidate() {
		let bits = |text: &str| genes(text).candidates(Some(2), 24, 48).unwrap().iter().map(|one| one.bits).collect::<Vec<_>>();
		assert_eq!((bits(""), bits("--bits 8 --width 4..9")), (vec![12, 12], vec![8, 8]));
		let of = |text: &str| describe_candidate(ModelFamily::Mlp, &genes(text).candidates(None, 24, 48).unwrap()[0]);
		assert!(of("--bits 8").ends_with("skip 1, bits 8") && of("").ends_with("skip 1"));
	}

	#[test]
	fn bits_are_chosen_by_a_measurement_of_the_dearest_net() {
		let chosen = |text: &str, has_devices: bool, micros: [u64; 2]| {
			let (genes, remarks) = (genes(text), Remarks::silent());
			let mut candidates = genes.candidates(Some(2), 24, 48).unwrap();
			let [exact, bytes] = micros.map(Duration::from_micros);
			let mut measured = Vec::new();
			let measure = |candidate: &Candidate| {
				measured.push(candidate.width);
				Ok(Some(StepTimes { exact, bytes, backend: "avx2" }))
			};
			genes.choose_bits(&mut candidates, has_devices, &remarks, measure).unwrap();
			(candidates.iter().map(|one| one.bits).collect::<Vec<_>>(), measured.len(), remarks.texts().join(""))
		};
		let (bits, measured, note) = chosen("--bits auto", false, [30, 20]);
		assert_eq!((bits, measured), (vec![8, 8], 1));
		assert!(note.contains("20.0 µs in 8 bits and 30.0 µs in 12 on avx2") && note.contains("`--bits 12` forces"), "{note}");
		assert_eq!(chosen("--bits auto", false, [20, 30]).0, [12, 12], "the faster ones");
		let (bits, measured, note) = chosen("--bits auto", true, [30, 20]);
		assert!((bits, measured) == (vec![12, 12], 0) && note.contains("devices train in 12 bits"), "{note}");
		for (text, bits) in [("", 12), ("--bits 12", 12), ("--bits auto --family gru", 12)] {
			assert_eq!(chosen(text, false, [30, 20]), (vec![bits; 2], 0, String::new()), "{text}");
		}
		assert_eq!(chosen("--bits 8", false, [30, 20]), (vec![8, 8], 1, String::new()), "they pay");
		let (bits, measured, note) = chosen("--bits 8", false, [20, 30]);
		assert_eq!((bits, measured), (vec![8, 8], 1), "they are forced");
		assert!(note.contains("30.0 µs in 8 bits and 20.0 µs in 12 on avx2") && note.contains("`--bits auto`"), "{note}");
		assert_eq!(chosen("--bits 8", true, [20, 30]), (vec![8, 8], 0, String::new()), "beside devices");
		assert!(Cli::try_parse_from(["x", "--bits", "9"]).is_err());
	}

	#[test]
	fn genes_of_rows_have_no_window() {
		let of = |text: &str, patch: Option<u8>| {
			let genes = genes(text).of_rows(64, 10, patch)?;
			let family = genes.family;
			Ok::<_, anyhow::Error>(describe_row_candidate(family, &genes.candidates(None, 64, 64)?[0]))
		};
		assert_eq!(of("--family linear", None).unwrap(), "linear");
		assert!(of("", None).unwrap().starts_with("mlp: width 128, depth 2, rate 11, epochs 32, decay 0"));
		assert!(of("--width 8 --decay 1", None).unwrap().starts_with("mlp: width 8, depth 2, rate 11, epochs 32, decay 1"));
		assert_eq!(
			of("--family conv --width 8", Some(5)).unwrap(),
			"conv: width 8, kernel 5, stride 2, rate 10, epochs 24, decay 2, seed 0"
		);
		assert!(of("--family conv --kernel 3", Some(5)).unwrap().contains("kernel 3"));
		assert!(of("--family conv", None).unwrap_err().to_string().contains("--image HxW"));
		assert!(of("--family gru", None).unwrap_err().to_string().contains("a row has none"));
	}

	#[test]
	fn the_default_net_of_rows_fits_the_largest_model() {
		assert_eq!([widest(16, 26), widest(784, 10), widest(1_024, 64)], [128, 24, 8]);
	}

	#[test]
	fn genes_that_cannot_be_trained_are_named() {
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

	#[test]
	fn k43_a_space_smaller_than_the_population_is_reported() {
		let shortage = |text: &str, population: u32| {
			let genes = genes(text);
			let made = genes.candidates(Some(population), 24, 48).unwrap().len();
			genes.describe_shortage(Some(population), made)
		};
		let few = shortage("--decay 1..3", 40).unwrap();
		assert!(few.starts_with("3 candidates are trained, not the 40 of --population") && few.contains("wider ranges"), "{few}");
		let one = shortage("--family linear", 40).unwrap();
		assert!(one.starts_with("1 candidate is trained, not the 40") && one.contains("--window"), "{one}");
		assert_eq!((shortage("--decay 1..3", 3), shortage("--width 32..32", 4), shortage("", 2)), (None, None, None));
		assert_eq!(genes("").describe_shortage(None, 1), None);
	}

	#[test]
	fn k43_ranges_and_rates_are_explained() {
		let refused =
			|text: &str| Cli::try_parse_from(["x"].into_iter().chain(text.split_whitespace())).err().unwrap().to_string();
		for spelling in ["16-64", "16:64", "16,64", "[16,64]", "16–64"] {
			let reason = refused(&format!("--width {spelling}"));
			assert!(reason.contains("write it with two dots, 16..64"), "{reason}");
		}
		let rate = refused("--rate 1e-3");
		assert!(rate.contains("the learning rate is 2^(N - 20)") && rate.contains("For 1e-3, N is about 10"), "{rate}");
		assert!(refused("--rate x").contains("expected a whole number") && refused("--rate 7-11").contains("7..11"));
		assert_eq!(genes("--width 32..32").candidates(Some(4), 24, 48).unwrap().len(), 4, "a range of one value is a value");
	}
}
