use super::*;
use crate::rounds::tests::{sawtooth, terms};
use doin_forecast::model_file::{ModelFile, TrainingData};
use doin_scoring::{Encoder, Layer, Net};

fn series(closes: &[Option<i64>]) -> Series {
	let bar = |close: i64| Bar { close, high: close + 3, low: close - 2, volume: 5 };
	Series {
		name: "a.csv".into(),
		column: "close".into(),
		bars: closes.iter().map(|close| close.map(bar)).collect(),
		fields: Field::ALL.to_vec(),
		clock: Some(Clock { first: 0, step: 300_000 }),
		decimals: 2,
	}
}

fn inputs(closes: &[Option<i64>], channels: &[Channel]) -> Inputs {
	Inputs::new(&series(closes), channels).unwrap_or_else(|error| panic!("{error:#}"))
}

fn recipe(family: ModelFamily) -> Recipe {
	Recipe { family, seed: 0, epochs: Some(2) }
}

fn train(inputs: &Inputs, known: usize, family: ModelFamily) -> Result<BaseModel> {
	recipe(family).train(inputs, known, &terms(), &Executor::cpu(2).unwrap(), &AtomicBool::new(false))
}

/// Returns the errors of a model and of no change in the round whose input ends with `bar`.
fn errors(model: &BaseModel, inputs: &Inputs, closes: &[Option<i64>], bar: usize) -> [u128; 2] {
	let changes = model.changes(inputs, bar, &terms()).unwrap();
	let (_, truth) = terms().truth(closes, bar).unwrap();
	[truth.error(&changes).unwrap(), truth.error(&[0; 24]).unwrap()]
}

#[test]
fn a_base_model_learns_a_season() {
	let closes = sawtooth(900);
	let inputs = inputs(&closes, &[]);
	let model = train(&inputs, 600, ModelFamily::Linear).unwrap();
	assert!(model.factor() > 0.9, "{}", model.factor());
	for bar in [640, 700, 803] {
		let [own, still] = errors(&model, &inputs, &closes, bar);
		// The trainer shrinks weights: with two seasons of input, about a tenth of the squared error is left.
		assert!(own < still / 4, "bar {bar}: {own} {still}");
	}
}

#[test]
fn every_family_is_trained_with_channels() {
	let closes = sawtooth(700);
	let inputs = inputs(&closes, &[Channel::High, Channel::Volume, Channel::Rsi, Channel::Ema, Channel::DayQuarter]);
	for family in [ModelFamily::Linear, ModelFamily::Mlp, ModelFamily::Conv, ModelFamily::Lstm, ModelFamily::Gru] {
		let model = train(&inputs, 600, family).unwrap_or_else(|error| panic!("{family}: {error:#}"));
		let [own, still] = errors(&model, &inputs, &closes, 640);
		assert!(own < still, "{family}: {own} {still}");
	}
}

#[test]
fn a_training_reads_no_later_bar() {
	let closes = sawtooth(900);
	let mut other = closes.clone();
	other[600..].iter_mut().for_each(|close| *close = close.map(|close| 9 - 7 * close));
	let channels = [Channel::Rsi, Channel::Macd, Channel::Bollinger, Channel::Ema];
	let [one, other] = [&closes, &other].map(|closes| train(&inputs(closes, &channels), 600, ModelFamily::Linear).unwrap());
	assert_eq!(one, other);
}

#[test]
fn forecasts_have_the_unit_of_the_stream() {
	let closes = sawtooth(700);
	let scaled: Vec<Option<i64>> = closes.iter().map(|close| close.map(|close| (close << 20) - (1 << 60))).collect();
	let [one, other] = [&closes, &scaled].map(|closes| {
		let inputs = inputs(closes, &[]);
		train(&inputs, 600, ModelFamily::Linear).unwrap().changes(&inputs, 640, &terms()).unwrap()
	});
	for (one, other) in one.into_iter().zip(other) {
		assert!(((i64::from(one) << 20) - i64::from(other)).abs() <= 8 << 20, "{one} {other}");
	}
}

#[test]
fn closes_of_any_size_are_trained_on() {
	let closes: Vec<Option<i64>> = sawtooth(700).into_iter().map(|close| close.map(|close| (close << 53) - (1 << 62))).collect();
	let inputs = inputs(&closes, &[Channel::High]);
	let changes = train(&inputs, 600, ModelFamily::Linear).unwrap().changes(&inputs, 640, &terms()).unwrap();
	assert_eq!(changes.len(), 24, "changes that are larger than a forecast can hold end at its range");
}

#[test]
fn bars_that_cannot_be_trained_on_are_refused() {
	let refused =
		|closes: &[Option<i64>], known| format!("{:#}", train(&inputs(closes, &[]), known, ModelFamily::Linear).unwrap_err());
	let few = refused(&sawtooth(900), 120);
	assert!(few.contains("120 bars are too few to train on") && few.contains("--train"), "{few}");
	assert!(refused(&sawtooth(900), 901).contains("there are 900 bars, not 901"));
	assert!(refused(&[Some(7); 900], 600).contains("the closes do not move"));
	let stopped = recipe(ModelFamily::Mlp).train(
		&inputs(&sawtooth(900), &[]),
		600,
		&terms(),
		&Executor::cpu(1).unwrap(),
		&AtomicBool::new(true),
	);
	assert!(format!("{:#}", stopped.unwrap_err()).contains("stopped"));
	let long = Terms { lookback: 400, ..terms() };
	let inputs = inputs(&sawtooth(3_000), &[Channel::Rsi, Channel::Ema, Channel::Macd, Channel::Day, Channel::Week]);
	let long = recipe(ModelFamily::Linear).train(&inputs, 2_500, &long, &Executor::cpu(1).unwrap(), &AtomicBool::new(false));
	let long = format!("{:#}", long.unwrap_err());
	assert!(long.contains("invalid --lookback 400") && long.contains("--channels"), "{long}");
}

#[test]
fn channels_that_bars_do_not_have_are_refused() {
	let refused = |series: &Series, channels: &[Channel]| format!("{:#}", Inputs::new(series, channels).unwrap_err());
	let whole = series(&sawtooth(20));
	assert!(refused(&whole, &[Channel::Rsi, Channel::Rsi]).contains("names `rsi` twice"));
	let closes = Series { fields: vec![Field::Close], clock: None, ..whole.clone() };
	assert!(refused(&closes, &[Channel::Low]).contains("a.csv has no low: leave the channel `low` out"));
	assert!(refused(&closes, &[Channel::Week]).contains("needs the times of the bars"));
	assert!(refused(&series(&[None, None]), &[]).contains("has no bars"));
	let eight = [
		Channel::High,
		Channel::Low,
		Channel::Volume,
		Channel::Rsi,
		Channel::Macd,
		Channel::Bollinger,
		Channel::Ema,
		Channel::Day,
	];
	assert!(refused(&whole, &eight).contains("names 8 channels: a model reads 7"));
}

/// Writes a model of `column` whose forecast rises by one raw unit per bar, and reads it.
fn model_file(horizon: u16, history: u16, column: &str, input: Option<&str>) -> LoadedModel {
	let channels = if input.is_some() { 2 } else { 1 };
	let spec = ForecastSpec { horizon, history, season: 8, channels, target: Target::Values };
	let inputs = 8 * u16::from(channels);
	let weights = vec![0; usize::from(inputs) * usize::from(horizon)];
	// A raw unit is 16, and the shift takes four digits.
	let bias = (0..i32::from(horizon)).map(|step| step << 8).collect();
	let skip = Layer { inputs, outputs: horizon, shift: 4, weights, bias };
	let in_shifts = vec![0; channels.into()];
	let net = Net { window: 8, in_shifts, skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
	let input = input.map(|name| InputColumn { column: name.into(), unit: "0.5".into() });
	let data = TrainingData {
		column: column.into(),
		unit: "0.01".into(),
		deviation: "1".into(),
		inputs: input.into_iter().collect(),
		files: Vec::new(),
	};
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("m.doin");
	ModelFile::new(&Model::Net(net), &spec.program(), Default::default(), data).write(&path).unwrap();
	LoadedModel::read(&path).unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn a_model_file_forecasts_rounds() {
	let closes = sawtooth(100);
	for (input, decimals, unit) in [(None, 2, 1), (Some("Volume"), 3, 10)] {
		let series = Series { decimals, ..series(&closes) };
		let model = BaseModel::of_file(&model_file(30, 16, "Close", input), &series, &terms()).unwrap();
		let changes = model.changes(&Inputs::new(&series, &[]).unwrap(), 50, &terms()).unwrap();
		// The middle bar of the zero is the third one after the input, and the first of the horizon the fifth.
		let expected: Vec<i32> = (0..24).map(|step| (step + 2) * unit).collect();
		assert_eq!(changes, expected, "a raw unit is {unit} units of the stream");
	}
}

#[test]
fn a_model_file_of_another_stream_is_refused() {
	let refused =
		|model: LoadedModel| format!("{:#}", BaseModel::of_file(&model, &series(&sawtooth(100)), &terms()).unwrap_err());
	let other = refused(model_file(28, 16, "ppm", None));
	assert!(other.contains("forecasts `ppm`") && other.contains("a model of another stream"), "{other}");
	let short = refused(model_file(24, 16, "close", None));
	assert!(short.contains("forecasts 24 bars, and a round takes 28") && short.contains("--horizon 28"), "{short}");
	assert!(refused(model_file(28, 17, "close", None)).contains("choose --lookback 17"));
	assert!(refused(model_file(28, 16, "close", Some("wind"))).contains("reads `wind`, which the bars of a.csv lack"));
	let inputs = inputs(&sawtooth(100), &[]);
	let model = BaseModel::of_file(&model_file(28, 16, "close", None), &series(&sawtooth(100)), &terms()).unwrap();
	for bar in [14, 100] {
		assert!(model.changes(&inputs, bar, &terms()).unwrap_err().to_string().contains("too few bars"), "{bar}");
	}
}
