//! Initial champions: baselines of rows, linear models of owners, and generators that do not resemble their series.

use super::*;
use crate::{types::MOST_NARROW_UNITS, Baselines, Call};
use doin_primitives::domain::ModelBytes;
use doin_scoring::{
	rows::{RowTarget, Rows},
	Conv, Encoder, Layer, Model, Net,
};
use frame_support::dispatch::GetDispatchInfo;

/// Rows of the validation split of [`sealed`] that are scored: 23 in each of 64 chunks, the last ones.
const SCORED: usize = 23 * 64;

/// Returns the bytes of `model`.
pub(super) fn bytes(model: &Model) -> ModelBytes {
	BoundedVec::truncate_from(model.to_bytes())
}

/// Returns a linear model of a window of one step, with these biases in 1/16 raw units.
pub(super) fn constant_change(biases: &[i32]) -> Model {
	let outputs = biases.len() as u16;
	let layer =
		Layer { inputs: 1, outputs, shift: 1, weights: vec![0; outputs.into()], bias: biases.iter().map(|b| 2 * b).collect() };
	Model::Net(Net { window: 1, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() })
}

/// Returns a series that rises by three with a little noise, and the record of its domain.
pub(super) fn rising() -> (DomainSpec, Vec<i32>) {
	let values: Vec<i32> = (0..VALUES).map(|t| (3 * t + (t.wrapping_mul(2_654_435_761) >> 28)) as i32).collect();
	let spec = DomainSpec { data_root: blake2_256(&values.encode()), evidence: Evidence::Public, ..forecast() };
	(spec, values)
}

/// Registers a domain of [`rising`] with this model, and uploads the series. Returns the identifier.
fn load_rising(baseline: Option<ModelBytes>) -> DomainId {
	let (spec, values) = rising();
	let domain = NextDomainId::<Test>::get();
	assert_ok!(Registry::register(signed(OWNER), Box::new(spec), baseline));
	for (index, page) in (0..).zip(pages(&values)) {
		assert_ok!(Registry::upload_page(signed(OWNER), domain, index, page));
	}
	domain
}

/// Returns the record of a domain of `bytes`, rows like those of [`sealed`] but for the label.
fn labelled(target: RowTarget, bytes: &[u8]) -> DomainSpec {
	let program = Program::Rows(Rows { features: 2, image: None, target, rows: 8, chunks: 64 });
	DomainSpec { program, data_root: blake2_256(&bytes.to_vec().encode()), values: bytes.len() as u32, ..sealed() }
}

/// Activates a domain of rows. Returns its state.
fn activated(spec: DomainSpec, bytes: &[u8]) -> DomainState<AccountId> {
	let domain = load_rows(spec, bytes);
	assert_ok!(Registry::activate(signed(OWNER), domain, bytes.len() as u32, 0));
	state(domain)
}

#[test]
fn rows_start_from_the_most_frequent_class() {
	build_and_execute(|| {
		let domain = active_rows();
		let all = rows();
		let labels: Vec<u8> = all.chunks_exact(3).map(|row| row[2]).collect();
		let count = |class| labels[..1_500].iter().filter(|label| **label == class).count();
		let majority = u8::from(count(1) > count(0));
		let wrong = labels[labels.len() - SCORED..].iter().filter(|label| **label != majority).count() as u64;
		let after = state(domain);
		assert_eq!((after.status, after.initial), (Status::Active, ModelRef::Constant));
		assert_eq!((after.initial_validation_error, after.bar, after.champion.error), (16 * wrong, 16 * wrong, 16 * wrong));
		assert!(after.is_alike && wrong > 500);
		let constant = Model::Constant(vec![count(0) as i32, count(1) as i32]);
		assert_eq!(Baselines::<Test>::get(domain), Some(bytes(&constant)));
		assert_eq!(<Registry as Domains<AccountId>>::baseline(domain), Some(bytes(&constant)));
		assert_eq!((Registry::rows(domain), Registry::series(domain)), (Some(all), None));
		assert!(deposited(Event::Activated { domain, initial: ModelRef::Constant, error: 16 * wrong }));
	});
}

#[test]
fn a_tie_goes_to_the_smaller_class_and_medians_are_the_lower_ones() {
	build_and_execute(|| {
		let tie: Vec<u8> = (0..ROWS).flat_map(|row| [row as u8, 0, (row % 2) as u8]).collect();
		let after = activated(labelled(RowTarget::Classes(2), &tie), &tie);
		assert_eq!(Baselines::<Test>::get(0), Some(bytes(&Model::Constant(vec![750, 750]))));
		assert_eq!(after.bar, 16 * (SCORED as u64 / 2), "class 0 is the answer");

		// Labels 0 to 1 499 in training, and the same in validation. The median of an even number is the lower one.
		let value = |row: u32| (row % 1_500) as i32;
		let values: Vec<u8> =
			(0..ROWS).flat_map(|row| [[row as u8, 0].to_vec(), value(row).to_le_bytes().to_vec()].concat()).collect();
		let after = activated(labelled(RowTarget::Values(1), &values), &values);
		assert_eq!(Baselines::<Test>::get(1), Some(bytes(&Model::Constant(vec![749 * 16]))));
		let errors = (ROWS - SCORED as u32..ROWS).map(|row| u64::from(value(row).abs_diff(749)) * 16);
		assert_eq!(after.initial_validation_error, errors.sum::<u64>());
	});
}

#[test]
fn constant_labels_are_refused() {
	build_and_execute(|| {
		let same: Vec<u8> = (0..ROWS).flat_map(|row| [row as u8, 0, 1]).collect();
		assert_eq!(activated(labelled(RowTarget::Classes(2), &same), &same).status, Status::Refused);
		assert!(deposited(Event::ActivationRefused { domain: 0, reason: RefusalReason::ConstantSeries }));
		assert_ok!(Registry::retire(signed(OTHER), 0));
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - FEE);
	});
}

#[test]
fn a_label_out_of_range_is_refused() {
	build_and_execute(|| {
		let with_last = |target: RowTarget, mut all: Vec<u8>, label: &[u8]| {
			let at = all.len() - label.len();
			all[at..].copy_from_slice(label);
			activated(labelled(target, &all), &all)
		};
		assert_eq!(with_last(RowTarget::Classes(2), rows(), &[2]).status, Status::Refused);
		assert!(deposited(Event::ActivationRefused { domain: 0, reason: RefusalReason::InvalidRow }));
		let values: Vec<u8> = (0..ROWS).flat_map(|row| [0, 0, row as u8, 0, 0, 0]).collect();
		let target = RowTarget::Values(1);
		assert_eq!(with_last(target, values.clone(), &(1i32 << 15).to_le_bytes()).status, Status::Active);
		assert_eq!(with_last(target, values.clone(), &((1i32 << 15) + 1).to_le_bytes()).status, Status::Refused);
		assert_eq!(with_last(target, values, &i32::MIN.to_le_bytes()).status, Status::Refused);
	});
}

#[test]
fn other_rows_than_the_declared_ones_are_refused() {
	build_and_execute(|| {
		let mut forged = rows();
		forged[0] ^= 1;
		assert_eq!(activated(sealed(), &forged).status, Status::Refused);
		assert!(deposited(Event::ActivationRefused { domain: 0, reason: RefusalReason::DataRootMismatch }));
	});
}

#[test]
fn a_better_linear_model_becomes_the_initial_champion_and_the_bar_stays_that_of_the_baselines() {
	build_and_execute(|| {
		let plain = load_rising(None);
		assert_ok!(Registry::activate(signed(OWNER), plain, VALUES, 0));
		assert_eq!(state(plain).initial, ModelRef::RepeatLast);

		let linear = bytes(&constant_change(&[48, 96, 144, 192]));
		let domain = load_rising(Some(linear.clone()));
		// 15 windows of 32 chunks, each with four products and four outputs: 480 · 36 / 2 048, rounded up.
		for units in [0, 8, 10, u32::MAX] {
			assert_noop!(Registry::activate(signed(OWNER), domain, VALUES, units), Error::<Test>::UnitCountMismatch);
		}
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 9));
		let after = state(domain);
		assert_eq!((after.initial, after.bar), (ModelRef::Linear, state(plain).initial_validation_error));
		assert!(after.initial_validation_error < after.bar && after.initial_validation_error > 0);
		assert_eq!(after.champion.validation_error, after.initial_validation_error);
		assert_eq!((after.champion.model, after.champion.author), (ModelRef::Linear, None));
		assert_eq!(<Registry as Domains<AccountId>>::baseline(domain), Some(linear));
		assert!(deposited(Event::Activated { domain, initial: ModelRef::Linear, error: after.initial_validation_error }));
	});
}

#[test]
fn a_worse_linear_model_is_dropped() {
	build_and_execute(|| {
		let worse = bytes(&constant_change(&[-48, -96, -144, -192]));
		let domain = load_rising(Some(worse.clone()));
		let deposit = deposit_of(OWNER);
		assert_eq!(deposit, Registry::deposit(&rising().0, Some(&worse)));
		assert_eq!(deposit - Registry::deposit(&rising().0, None), PER_BYTE * worse.len() as Balance);
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 9));
		let after = state(domain);
		assert_eq!((after.initial, after.initial_validation_error), (ModelRef::RepeatLast, after.bar));
		assert_eq!(Baselines::<Test>::get(domain), None);
		assert_eq!(deposit_of(OWNER), deposit);
		assert_ok!(Registry::close(signed(OWNER), domain));
		assert_ok!(Registry::retire(signed(OWNER), domain));
		assert_eq!(deposit_of(OWNER), 0);
	});
}

#[test]
fn a_linear_model_of_rows_is_compared_with_the_constant() {
	build_and_execute(|| {
		// Class 1 scores higher if the first feature is larger; with the signs exchanged it is wrong nine times in ten.
		let compare = |weight: i16| {
			let skip = Layer { inputs: 2, outputs: 2, shift: 1, weights: vec![0, 0, weight, -weight], bias: vec![0, 0] };
			let net = Net { window: 2, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
			bytes(&Model::Net(net))
		};
		let constant = active_rows();
		for (weight, initial) in [(64, ModelRef::Linear), (-64, ModelRef::Constant)] {
			let domain = NextDomainId::<Test>::get();
			assert_ok!(Registry::register(signed(OWNER), Box::new(sealed()), Some(compare(weight))));
			for (index, page) in (0..).zip(byte_pages(&rows())) {
				assert_ok!(Registry::upload_page(signed(OWNER), domain, index, page));
			}
			// 23 rows of 64 chunks with 2 · 2 products and two outputs: 1 472 · 20 / 2 048, rounded up.
			assert_ok!(Registry::activate(signed(OTHER), domain, 3 * ROWS, 15));
			assert_eq!((state(domain).initial, state(domain).bar), (initial, state(constant).bar));
			let stored = Baselines::<Test>::get(domain);
			let expected = if initial == ModelRef::Linear { Some(compare(weight)) } else { Baselines::<Test>::get(constant) };
			assert_eq!(stored, expected);
		}
	});
}

/// A linear model without an error would leave nothing to improve.
#[test]
fn a_perfect_linear_model_is_refused() {
	build_and_execute(|| {
		let values: Vec<i32> = (0..VALUES as i32).map(|t| 3 * t).collect();
		let spec = DomainSpec { data_root: blake2_256(&values.encode()), ..rising().0 };
		assert_ok!(Registry::register(signed(OWNER), Box::new(spec), Some(bytes(&constant_change(&[48, 96, 144, 192])))));
		for (index, page) in (0..).zip(pages(&values)) {
			assert_ok!(Registry::upload_page(signed(OWNER), 0, index, page));
		}
		assert_ok!(Registry::activate(signed(OWNER), 0, VALUES, 9));
		assert!(deposited(Event::ActivationRefused { domain: 0, reason: RefusalReason::ConstantSeries }));
		assert_ok!(Registry::retire(signed(OWNER), 0));
	});
}

#[test]
fn only_an_admitted_linear_model_can_be_handed_in() {
	build_and_execute(|| {
		let register = |spec: DomainSpec, model: ModelBytes| Registry::register(signed(OWNER), Box::new(spec), Some(model));
		let refused = |model: &Model, error: Error<Test>| {
			assert_noop!(register(rising().0, bytes(model)), error);
		};
		let layer = |inputs, outputs| Layer {
			inputs,
			outputs,
			shift: 1,
			weights: vec![1; usize::from(inputs * outputs)],
			bias: vec![0; outputs.into()],
		};
		let net = |window, layers| Net { window, in_shifts: vec![0], skip: None, encoder: Encoder::None, layers };
		refused(&Model::Net(net(8, vec![layer(8, 3), layer(3, 4)])), Error::BaselineNotLinear);
		let conv = Conv { kernel: 2, dilation: 1, stride: 1, layer: layer(2, 1) };
		let convolution = Net { encoder: Encoder::Conv(vec![conv]), ..net(8, vec![layer(7, 4)]) };
		refused(&Model::Net(convolution), Error::BaselineNotLinear);
		refused(&Model::Seasonal, Error::BaselineNotLinear);
		refused(&Model::Constant(vec![1; 4]), Error::BaselineNotLinear);
		refused(&Model::Point(vec![1; 32]), Error::BaselineNotLinear);
		refused(&Model::Net(net(25, vec![layer(25, 4)])), Error::BaselineNotAdmitted);
		refused(&Model::Net(net(8, vec![layer(8, 5)])), Error::BaselineNotAdmitted);
		assert_noop!(register(rising().0, BoundedVec::truncate_from(vec![2, 9, 9])), Error::<Test>::BaselineNotAdmitted);
		assert_noop!(register(quadratic(), bytes(&constant_change(&[1; 4]))), Error::<Test>::BaselineNotAdmitted);
		let mut small = rising().0;
		small.limits.window_macs = 35;
		assert_noop!(register(small.clone(), bytes(&constant_change(&[1; 4]))), Error::<Test>::BaselineNotAdmitted);
		small.limits = doin_primitives::Limits { model_bytes: 20, window_macs: 36 };
		assert_noop!(register(small, bytes(&constant_change(&[1; 4]))), Error::<Test>::BaselineNotAdmitted);
		assert_ok!(register(rising().0, bytes(&Model::Net(net(24, vec![layer(24, 4)])))));
	});
}

#[test]
fn a_linear_model_takes_at_most_2_27_multiply_accumulates() {
	build_and_execute(|| {
		let mut spec = DomainSpec { values: 20_000, ..rising().0 };
		spec.split = doin_primitives::Split { train_end: 1_000, validation_end: 19_000 };
		spec.limits = doin_primitives::Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS };
		if let Program::Forecast(program) = &mut spec.program {
			(program.horizon, program.history, program.chunks, program.windows) = (16, 1_024, 256, 64);
		}
		let model = |window: u16| {
			let layer =
				Layer { inputs: window, outputs: 16, shift: 1, weights: vec![0; 16 * usize::from(window)], bias: vec![0; 16] };
			bytes(&Model::Net(Net { window, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: vec![] }))
		};
		// 64 windows of 256 chunks.
		assert_eq!(spec.activation_units(8_192), 1 << 16);
		assert_noop!(
			Registry::register(signed(OWNER), Box::new(spec.clone()), Some(model(505))),
			Error::<Test>::BaselineTooCostly
		);
		assert_ok!(Registry::register(signed(OWNER), Box::new(spec), Some(model(504))));
	});
}

#[test]
fn the_weight_of_an_activation_counts_the_linear_model() {
	let weight = |units| Call::<Test>::activate { domain: 0, values: VALUES, units }.get_dispatch_info().call_weight;
	assert!(weight(0).ref_time() < weight(1).ref_time());
	let (linear, narrow) = (<() as WeightInfo>::activate_linear, <() as WeightInfo>::activate_narrow);
	let model = |units: u32| linear(units) - linear(0) + narrow(units.min(MOST_NARROW_UNITS)) - narrow(0);
	assert_eq!(weight(1_000), weight(0) + model(1_000));
	assert_eq!(weight(1 << 16), weight(0) + model(1 << 16));
	// The activation of the data is counted once, and no benchmark of a whole activation is undercut.
	for units in [1, 100, 1_500, MOST_NARROW_UNITS, 1 << 16] {
		let least = linear(units).ref_time().max(narrow(units.min(MOST_NARROW_UNITS)).ref_time());
		assert!(weight(units).ref_time() >= least, "{units} units");
	}
	// 2 048 multiply-accumulates of 1.616 ns each.
	let unit = <() as WeightInfo>::activate_linear(2) - <() as WeightInfo>::activate_linear(1);
	assert!(unit.ref_time() >= 2_048 * 1_616);
	assert!(<() as WeightInfo>::activate_values(9_000).all_gte(<() as WeightInfo>::activate_rows(9_000)));
}

#[test]
fn a_generator_unlike_its_series_cannot_be_voted_for() {
	build_and_execute(|| {
		let loud = || (0u32..).zip(series()).map(|(t, value)| value + ((t.wrapping_mul(2_654_435_761) >> 28) << 6) as i32);
		let with_noise = |noise, series: Vec<i32>| {
			let mut spec = DomainSpec { data_root: blake2_256(&series.encode()), ..forecast() };
			let Evidence::Synthetic(generator) = &mut spec.evidence else { unreachable!() };
			generator.noise = noise;
			let domain = load(spec, &series);
			assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
			assert_eq!(state(domain).status, Status::Active, "the activation is not refused");
			(state(domain).is_alike, <Registry as Votable>::votable(domain))
		};
		assert_eq!(with_noise(512, series()), (true, true));
		assert_eq!(with_noise(51_200, series()), (false, false), "a hundred times the noise");
		assert_eq!(with_noise(128, loud().collect()), (false, false), "drawn series that hardly move");
		VotedWeight::set(1);
		assert_eq!(with_noise(51_200, series()), (false, false));
	});
}
