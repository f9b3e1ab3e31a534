//! Inputs of every kind, with the sums that `doin-scoring` computes from the same windows and rows.

// Every test uses some of the functions.
#![allow(dead_code)]

use codec::Encode;
use doin_browser::{Inputs, Segment};
use doin_primitives::{blake2_256, DomainSpec, Evidence, EvidenceRef, Growth, Hash, Limits, ModelRef, Split, DOIN};
use doin_scoring::{
	landscape::{Landscape, Shape},
	philox::Stream,
	rows::{constant_model, dealt, score_rows, validation_rows_span, Image, RowSet, RowTarget, Rows, MAX_VALUE},
	sample::{drawn, segment_span, strided, validation, validation_span},
	score, Cell, Conv, Conv2, Encoder, Forecast, Generator, Layer, Loss, Model, Net, Program, Quadratic, Target, WindowPhase,
};

/// Inputs, and the sum of each chunk.
pub struct Case {
	/// Description of the case.
	pub name: String,
	/// Inputs of the module.
	pub inputs: Inputs,
	/// Error sums of all chunks.
	pub sums: Vec<u32>,
}

/// Series or rows of a domain.
pub struct Domain {
	/// Record of the domain.
	pub spec: DomainSpec,
	/// Published data.
	pub published: Published,
	/// Bytes of the opened segments.
	pub segments: Vec<Vec<u8>>,
}

/// Published data.
#[derive(Clone)]
pub enum Published {
	/// Values of a series.
	Series(Vec<i32>),
	/// Bytes of rows.
	Rows(Vec<u8>),
}

impl Published {
	/// Returns the answer of `series` or `rows`.
	pub fn answer(&self) -> Vec<u8> {
		match self {
			Self::Series(values) => Some(values).encode(),
			Self::Rows(bytes) => Some(bytes).encode(),
		}
	}
}

impl Domain {
	/// Returns the answers about opened segment `index`.
	pub fn segment(&self, index: u16) -> Segment {
		let bytes = &self.segments[usize::from(index)];
		Segment { index, bytes: Some(bytes).encode(), hash: vec![blake2_256(bytes)].encode() }
	}

	/// Returns the inputs of a model with the published data and these segments.
	pub fn inputs(&self, model: ModelRef, bytes: Option<&Model>, draw: Option<(EvidenceRef, Hash)>, segments: &[u16]) -> Inputs {
		Inputs {
			record: Some(&self.spec).encode(),
			model: model.encode(),
			model_bytes: bytes.map_or_else(Vec::new, |model| Some(model.to_bytes()).encode()),
			draw,
			published: self.published.answer(),
			segments: segments.iter().map(|index| self.segment(*index)).collect(),
		}
	}
}

/// Returns a number in ±`limit`.
fn number(stream: &mut Stream, limit: u32) -> i32 {
	stream.below(2 * limit + 1) as i32 - limit as i32
}

/// Returns a layer of random weights that preserves the scale of its inputs.
fn layer(stream: &mut Stream, inputs: u16, outputs: u16, shift: u8) -> Layer {
	let limit = ((2 << shift) / u32::from(inputs).isqrt()).min(2_047);
	let weights = (0..u32::from(inputs) * u32::from(outputs)).map(|_| number(stream, limit) as i16).collect();
	Layer { inputs, outputs, shift, weights, bias: (0..outputs).map(|_| number(stream, 200 << shift)).collect() }
}

/// Returns a net of random weights with an encoder: none, convolutions, LSTM or GRU.
fn net(stream: &mut Stream, family: u8, window: u16, outputs: u16) -> Model {
	let width = 6;
	let (encoder, hidden) = match family {
		0 => (Encoder::None, vec![layer(stream, window, width, 8)]),
		1 => {
			let conv = Conv { kernel: 3, dilation: 2, stride: 1, layer: layer(stream, 3, width, 8) };
			(Encoder::Conv(vec![conv]), Vec::new())
		}
		2 => (
			Encoder::Lstm(Cell { input: layer(stream, 1, 4 * width, 5), hidden: layer(stream, width, 4 * width, 8) }),
			Vec::new(),
		),
		_ => {
			(Encoder::Gru(Cell { input: layer(stream, 1, 3 * width, 5), hidden: layer(stream, width, 3 * width, 8) }), Vec::new())
		}
	};
	let inputs = hidden.last().map_or_else(|| encoder.outputs(window, 1).unwrap(), |layer: &Layer| layer.outputs);
	let layers = hidden.into_iter().chain([layer(stream, inputs, outputs, 7)]).collect();
	let skip = matches!(family, 0 | 2).then(|| layer(stream, window, outputs, 9));
	Model::Net(Net { window, in_shifts: vec![2], skip, encoder, layers })
}

fn record(program: Program, published: &Published, split: Split, evidence: Evidence) -> DomainSpec {
	let (values, data_root) = match published {
		Published::Series(values) if values.is_empty() => (0, [0; 32]),
		Published::Series(values) => (values.len(), blake2_256(&values.encode())),
		Published::Rows(bytes) => (bytes.len(), blake2_256(&bytes.encode())),
	};
	let sealed = matches!(evidence, Evidence::Sealed { .. });
	DomainSpec {
		name: b"test".to_vec().try_into().unwrap(),
		unit: Default::default(),
		program,
		genes: Default::default(),
		limits: Limits { model_bytes: 16_384, window_macs: 32_768 },
		data_root,
		values: values as u32,
		growth: if sealed { Growth::Appending } else { Growth::Fixed },
		split,
		evidence,
		min_improvement: 5_000,
		target: 0,
		licence: b"CC0-1.0".to_vec().try_into().unwrap(),
	}
}

/// Returns a program of `channels` channels.
fn forecast(channels: u8) -> Forecast {
	Forecast {
		horizon: 4,
		history: 24,
		season: 8,
		chunks: 32,
		windows: 8,
		channels,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// Returns a domain of series with this evidence.
pub fn series(channels: u8, evidence: impl FnOnce(&Forecast) -> Evidence) -> Domain {
	let program = forecast(channels);
	let evidence = evidence(&program);
	let mut stream = Stream::new(&[3; 32], 90, channels.into());
	let mut random = |steps: u32| -> Vec<i32> {
		(0..steps * u32::from(channels)).map(|at| 100 * (at % 8) as i32 + number(&mut stream, 90)).collect()
	};
	let published = Published::Series(random(600));
	let segments: Vec<Vec<i32>> = match evidence {
		Evidence::Sealed { units, .. } => (0..2).map(|_| random(units)).collect(),
		_ => Vec::new(),
	};
	let bytes = |values: &Vec<i32>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
	let segments = segments.iter().map(bytes).collect();
	let split = Split { train_end: 360, validation_end: 480 };
	Domain { spec: record(Program::Forecast(program), &published, split, evidence), published, segments }
}

/// Returns the evidence of a generator.
pub fn synthetic(_: &Forecast) -> Evidence {
	Evidence::Synthetic(Generator {
		template: vec![0, 25_600, 25_600, 25_600, 25_600, 25_600, 25_600, -153_600].try_into().unwrap(),
		ar: vec![1_000, -500].try_into().unwrap(),
		noise: 800,
		level: 50,
	})
}

/// Returns sealed evidence of series.
pub fn sealed(program: &Forecast) -> Evidence {
	Evidence::Sealed { units: program.segment_steps(), stake: DOIN }
}

/// Returns a sealed domain of rows of three classes.
pub fn rows() -> Domain {
	rows_of(5, None, RowTarget::Classes(3))
}

/// Returns a sealed domain of random rows.
fn rows_of(features: u16, image: Option<Image>, target: RowTarget) -> Domain {
	let program = Rows { features, image, target, rows: 8, chunks: 64 };
	let mut stream = Stream::new(&[5; 32], 90, features.into());
	let mut random = |rows: u32| -> Vec<u8> {
		let mut bytes = Vec::new();
		for _ in 0..rows {
			bytes.extend((0..features).map(|_| stream.below(256) as u8));
			match target {
				RowTarget::Classes(classes) => bytes.push(stream.below(classes.into()) as u8),
				RowTarget::Values(values) => bytes.extend((0..values).flat_map(|_| number(&mut stream, MAX_VALUE).to_le_bytes())),
			}
		}
		bytes
	};
	let published = Published::Rows(random(1_000));
	let segments = vec![random(program.segment_rows()), random(program.segment_rows())];
	let split = Split { train_end: 300, validation_end: 999 };
	let evidence = Evidence::Sealed { units: program.segment_rows(), stake: DOIN };
	Domain { spec: record(Program::Rows(program), &published, split, evidence), published, segments }
}

/// Returns a net of random weights for rows; that of images has a convolution of two dimensions.
fn row_net(stream: &mut Stream, program: &Rows) -> Model {
	let encoder = match program.image {
		None => Encoder::None,
		Some(image) => {
			let (kernel, stride) = ([3, 2], [1, 2]);
			let inputs = 6 * image.channels(program.features).unwrap();
			Encoder::Image(Conv2 { height: image.height, width: image.width, kernel, stride, layer: layer(stream, inputs, 5, 8) })
		}
	};
	let inputs = encoder.outputs(program.features, 1).unwrap();
	let layers = vec![layer(stream, inputs, 9, 8), layer(stream, 9, program.outputs(), 7)];
	let skip = matches!(program.target, RowTarget::Values(_)).then(|| layer(stream, program.features, program.outputs(), 6));
	Model::Net(Net { window: program.features, in_shifts: vec![3], skip, encoder, layers })
}

/// Returns the domains of points.
pub fn points() -> [Domain; 2] {
	let target = (0..32).map(|at| 256 * at - 4_000).collect::<Vec<i32>>().try_into().unwrap();
	let landscape = Landscape { shape: Shape::Ackley, dimensions: 6, seed: Some(2) };
	[Program::Quadratic(Quadratic { target }), Program::Landscape(landscape)].map(|program| {
		let published = Published::Series(Vec::new());
		let split = Split { train_end: 0, validation_end: 0 };
		let spec = record(program, &published, split, Evidence::Public);
		Domain { spec, published, segments: Vec::new() }
	})
}

/// Returns a seed whose first bytes choose the shift `shift` of a segment.
pub fn seed(shift: u64) -> Hash {
	let mut seed = [7; 32];
	seed[..8].copy_from_slice(&shift.to_le_bytes());
	seed
}

/// Returns the sums of a model on the validation split of a series.
pub fn validation_sums(domain: &Domain, model: &Model) -> Vec<u32> {
	let (Program::Forecast(program), Published::Series(values)) = (&domain.spec.program, &domain.published) else { panic!() };
	let Split { train_end, validation_end } = domain.spec.split;
	let chunk = |index| {
		let span = validation_span(program, train_end, validation_end, index).unwrap();
		score(model, program, &validation(program, &values[span.start as usize..span.end as usize]))
	};
	(0..program.chunks).map(chunk).collect()
}

/// Returns the sums of a model on the windows that `seed` draws.
pub fn drawn_sums(domain: &Domain, model: &Model, seed: &Hash) -> Vec<u32> {
	let (Program::Forecast(program), Evidence::Synthetic(generator)) = (&domain.spec.program, &domain.spec.evidence) else {
		panic!()
	};
	(0..program.chunks).map(|chunk| score(model, program, &drawn(program, generator, seed, chunk))).collect()
}

/// Returns a random net of a family for the series of [`series`].
pub fn model(family: u8) -> Model {
	net(&mut Stream::new(&[9; 32], 90, family.into()), family, 20, 4)
}

fn series_cases(cases: &mut Vec<Case>) {
	let (synthetic, public) = (series(1, synthetic), series(1, |_| Evidence::Public));
	let mut add = |name: &str, inputs, sums| cases.push(Case { name: name.into(), inputs, sums });
	for family in 0..4 {
		let (model, seed) = (model(family), seed(family.into()));
		let inputs = |domain: &Domain, draw| domain.inputs(ModelRef::Stored(4), Some(&model), draw, &[]);
		let draw = Some((EvidenceRef::Drawn, seed));
		add("net, drawn", inputs(&synthetic, draw), drawn_sums(&synthetic, &model, &seed));
		add("net, validation", inputs(&synthetic, None), validation_sums(&synthetic, &model));
		add("net, public", inputs(&public, draw), validation_sums(&public, &model));
	}
	for (reference, model) in [(ModelRef::RepeatLast, Model::RepeatLast), (ModelRef::Seasonal, Model::Seasonal)] {
		let inputs = |draw| synthetic.inputs(reference, None, draw, &[]);
		add("baseline, validation", inputs(None), validation_sums(&synthetic, &model));
		add("baseline, drawn", inputs(Some((EvidenceRef::Drawn, seed(1)))), drawn_sums(&synthetic, &model, &seed(1)));
	}
	// The limits of the domain do not hold for the linear model of its owner.
	let mut strict = series(1, |_| Evidence::Public);
	strict.spec.limits = Limits { model_bytes: 1, window_macs: 1 };
	let linear = strict.inputs(ModelRef::Linear, Some(&model(0)), None, &[]);
	add("linear, validation", linear, validation_sums(&strict, &model(0)));
}

fn segment_cases(cases: &mut Vec<Case>) {
	let domain = series(2, sealed);
	let Program::Forecast(program) = &domain.spec.program else { panic!() };
	let Published::Series(published) = &domain.published else { panic!() };
	let values = |bytes: &Vec<u8>| -> Vec<i32> {
		bytes.chunks_exact(4).map(|value| i32::from_le_bytes(value.try_into().unwrap())).collect()
	};
	let whole: Vec<i32> = published.iter().copied().chain(domain.segments.iter().flat_map(values)).collect();
	let model = model(1);
	for (index, shift) in [(0u16, 0), (0, 63), (1, 0), (1, 5)] {
		let seed = seed(shift);
		let before = 600 + u32::from(index) * program.segment_steps() - u32::from(program.history);
		let chunk = |chunk| {
			let span = segment_span(program, &seed, chunk);
			let values = &whole[2 * (before + span.start) as usize..2 * (before + span.end) as usize];
			score(&model, program, &strided(program, values))
		};
		let mut inputs = domain.inputs(ModelRef::Stored(4), Some(&model), Some((EvidenceRef::Segment(index), seed)), &[0, 1]);
		if index == 1 {
			inputs.published.clear();
		}
		let sums = (0..program.chunks).map(chunk).collect();
		cases.push(Case { name: format!("segment {index}, shift {shift}"), inputs, sums });
	}
}

/// Adds the cases of a sealed domain of rows.
fn row_cases(cases: &mut Vec<Case>, name: &str, domain: &Domain) {
	let Program::Rows(program) = domain.spec.program else { panic!() };
	let Published::Rows(published) = &domain.published else { panic!() };
	let net = row_net(&mut Stream::new(&[11; 32], 90, program.features.into()), &program);
	let constant = constant_model(&RowSet::new(&program, published[..300 * program.row_bytes()].to_vec())).unwrap();
	for (reference, model) in [(ModelRef::Stored(4), &net), (ModelRef::Constant, &constant)] {
		let dealt = |chunk| score_rows(model, &program, &dealt(&program, &domain.segments[1], &seed(2), chunk));
		let mut inputs = domain.inputs(reference, Some(model), Some((EvidenceRef::Segment(1), seed(2))), &[1]);
		inputs.published.clear();
		cases.push(Case { name: format!("{name}, {reference:?}, segment"), inputs, sums: (0..64).map(dealt).collect() });
		let split = |chunk| {
			let span = validation_rows_span(&program, 300, 999, chunk).unwrap();
			score_rows(model, &program, &RowSet::new(&program, published[span.start as usize..span.end as usize].to_vec()))
		};
		let inputs = domain.inputs(reference, Some(model), None, &[]);
		cases.push(Case { name: format!("{name}, {reference:?}, validation"), inputs, sums: (0..64).map(split).collect() });
	}
}

/// Returns a case of every program, evidence and kind of model.
pub fn cases() -> Vec<Case> {
	let mut cases = Vec::new();
	series_cases(&mut cases);
	segment_cases(&mut cases);
	row_cases(&mut cases, "rows", &rows());
	row_cases(&mut cases, "values", &rows_of(7, None, RowTarget::Values(3)));
	let image = |height, width| Some(Image { height, width });
	row_cases(&mut cases, "images", &rows_of(48, image(4, 6), RowTarget::Classes(4)));
	row_cases(&mut cases, "images with values", &rows_of(20, image(5, 4), RowTarget::Values(2)));
	for domain in points() {
		let program = &domain.spec.program;
		let (dimensions, _) = program.coordinates().unwrap();
		let point: Vec<i32> = (0..i32::from(dimensions)).collect();
		for (reference, model, point) in
			[(ModelRef::Origin, None, Vec::new()), (ModelRef::Stored(4), Some(Model::Point(point.clone())), point)]
		{
			let mut inputs = domain.inputs(reference, model.as_ref(), Some((EvidenceRef::Drawn, seed(0))), &[]);
			inputs.published.clear();
			let sums = (0..program.chunks()).map(|chunk| program.point_sum(&point, chunk).unwrap()).collect();
			cases.push(Case { name: format!("{}, {reference:?}", program.name()), inputs, sums });
		}
	}
	cases
}
