use doin_compute::{Candidate, Family, Task, TrainingSet};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{Forecast, Net, Scratch, Target};
use std::{sync::atomic::AtomicBool, time::Instant};
fn task() -> Task {
	let text = std::fs::read_to_string("/work/shared/data/ett/ETTh1.csv").unwrap();
	let value = |line: &str| (line.rsplit(',').next().unwrap().trim().parse::<f64>().unwrap() * 1000.0).round() as i32;
	Task {
		program: Forecast { horizon: 24, history: 96, season: 24, chunks: 32, windows: 32, channels: 1, target: Target::Values },
		limits: Limits { model_bytes: 1 << 20, window_macs: 1 << 24 },
		series: text.lines().skip(1).map(value).collect(),
		split: Split { train_end: 10_080, validation_end: 12_960 },
		generator: None,
	}
}
fn mae(net: &Net, series: &[i32], from: usize, to: usize) -> f64 {
	let train: Vec<f64> = series[..8640].iter().map(|v| f64::from(*v)).collect();
	let mean = train.iter().sum::<f64>() / 8640.0;
	let sd = (train.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 8640.0).sqrt();
	let (mut x, mut out, mut scratch) = (vec![0; net.features()], vec![0; 24], Scratch::default());
	let (mut sum, mut count) = (0.0, 0);
	for start in from..=to - 24 {
		doin_scoring::features(net, 1, &series[start - 96..start], &mut x);
		net.forward(&x, &mut out, &mut scratch);
		for (out, actual) in out.iter().zip(&series[start..]) {
			sum += (f64::from(series[start - 1]) + f64::from(*out) / 16.0 - f64::from(*actual)).abs();
			count += 1;
		}
	}
	sum / f64::from(count) / sd
}
fn main() {
	let a: Vec<String> = std::env::args().collect();
	let num = |at: usize| a[at].parse::<u64>().unwrap();
	let family = *Family::ALL.iter().find(|f| f.name() == a[1]).unwrap();
	let data = TrainingSet::new(task(), 0, 0).unwrap();
	let base = Candidate {
		family,
		width: num(2) as u16,
		window: num(3) as u16,
		epochs: num(4) as u16,
		rate: num(5) as u8,
		decay: num(6) as u8,
		skip: num(7) == 1,
		..Candidate::default()
	};
	let (mut tests, mut vals, mut times) = (Vec::new(), Vec::new(), Vec::new());
	for seed in 0..num(8) {
		let start = Instant::now();
		let net = Candidate { seed, ..base }.train(&data, &AtomicBool::new(false)).unwrap();
		times.push(start.elapsed().as_secs_f64());
		tests.push(mae(&net, &data.task.series, 11_520, 14_400));
		vals.push(mae(&net, &data.task.series, 8_640, 11_520));
	}
	let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
	times.sort_by(f64::total_cmp);
	println!(
		"{:?} test {:.5} val {:.5} time {:.3} | {}",
		&a[1..],
		mean(&tests),
		mean(&vals),
		times[times.len() / 2],
		tests.iter().map(|t| format!("{t:.4}")).collect::<Vec<_>>().join(" ")
	);
}
