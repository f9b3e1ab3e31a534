//! Scores one chunk of a net and of two baselines, as an evaluator and the runtime do: `cargo run --example score_chunk -p doin-scoring`.

use doin_scoring::{sample, score, verdict, Encoder, Forecast, Generator, Layer, Loss, Model, Net, Program, Target, WindowPhase};

/// Weight of one in the net below: 2¹⁰ in units of its shift of 10.
const ONE: i16 = 1 << 10;

fn main() {
	// Forecasts four steps of a series with a season of eight from sixteen steps of history; 32 chunks of eight windows.
	let forecast = Forecast {
		horizon: 4,
		history: 16,
		season: 8,
		chunks: 32,
		windows: 8,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	};
	// Mean differences within a season in units of 1/256, and noise around them with a standard deviation of four units.
	let generator = Generator {
		template: vec![5_120, 5_120, 0, -5_120, -5_120, -2_560, 0, 2_560].try_into().expect("eight values fit"),
		ar: vec![1_024].try_into().expect("one coefficient fits"),
		noise: 4 << 8,
		level: 1_000,
	};
	generator.check(&forecast).expect("the series stays within 32 bits");

	// A linear net: the forecast of step h is the value one season before step h, as the seasonal baseline has it. Its inputs are the
	// last eight values less the very last one.
	let mut weights = vec![0; 4 * 8];
	for step in 0..4 {
		weights[step * 8 + step] = ONE;
	}
	let skip = Layer { inputs: 8, outputs: 4, shift: 6, weights, bias: vec![0; 4] };
	let net = Net { window: 8, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
	let model = Model::Net(net);
	let bytes = model.to_bytes();
	let width = model.admit(&Program::Forecast(forecast.clone()), 1 << 16, 1 << 10, bytes.len()).expect("the net is admitted");
	println!("{} bytes, {} multiply-accumulates per window, accumulators {width:?}", bytes.len(), model.macs());

	// On the chain, the beacon is the seed. The same seed, chunk and model give the same sum on every machine.
	let seed = [7; 32];
	for chunk in 0..2 {
		let windows = sample::drawn(&forecast, &generator, &seed, chunk);
		let sums = [Model::RepeatLast, Model::Seasonal, model.clone()].map(|model| score(&model, &forecast, &windows));
		println!("chunk {chunk}: repeat-last {}, seasonal {}, net {} (1/16 of a unit)", sums[0], sums[1], sums[2]);
		assert_eq!(sums[1], sums[2], "the net computes the seasonal baseline exactly");
	}

	// The paired test over all chunks: the seasonal baseline as candidate against repeat-last as champion.
	let all = |model: Model| -> Vec<u32> {
		(0..forecast.chunks).map(|chunk| score(&model, &forecast, &sample::drawn(&forecast, &generator, &seed, chunk))).collect()
	};
	let (champion, candidate) = (all(Model::RepeatLast), all(Model::Seasonal));
	let (before, after) = (verdict::total(&champion), verdict::total(&candidate));
	println!("repeat-last {before}, seasonal {after}: loss {} of 2^20", verdict::loss(after, before));
}
