//! Programs of rows on the chain: their format, their checks, and the models that they admit.

mod common;

use codec::{Decode, Encode, MaxEncodedLen};
use common::{cases, layer, net};
use doin_scoring::{
	model::{AccumulatorWidth, REQUANTISE_MACS},
	philox::Stream,
	rows::{Image, RowError, RowTarget, Rows},
	Conv2, Encoder, Model, ModelError, Net, Program, ProgramError,
};
use proptest::prelude::*;

const LETTERS: Rows = Rows { features: 16, image: None, target: RowTarget::Classes(26), rows: 16, chunks: 64 };

fn any_rows() -> impl Strategy<Value = Rows> {
	let target = (any::<u8>(), any::<bool>());
	(any::<[u16; 3]>(), proptest::option::of(any::<[u8; 2]>()), target).prop_map(|([features, rows, chunks], image, target)| {
		Rows {
			features,
			image: image.map(|[height, width]| Image { height, width }),
			target: if target.1 { RowTarget::Classes(target.0) } else { RowTarget::Values(target.0) },
			rows,
			chunks,
		}
	})
}

proptest! {
	#![proptest_config(cases(10_000))]

	#[test]
	fn a_program_survives_its_encodings(rows in any_rows()) {
		let program = Program::Rows(rows);
		let bytes = program.encode();
		prop_assert!(bytes.len() <= Program::max_encoded_len());
		prop_assert_eq!(bytes[0], 2);
		prop_assert_eq!(Program::decode(&mut &bytes[..]), Ok(program.clone()));
		let json = serde_json::to_string(&program).unwrap();
		prop_assert_eq!(serde_json::from_str::<Program>(&json).unwrap(), program);
	}

	#[test]
	fn a_damaged_program_never_panics(
		rows in any_rows(), at: prop::sample::Index, bit in 0u8..8, cut: prop::sample::Index, split: [u32; 3],
	) {
		let whole = Program::Rows(rows).encode();
		prop_assert!(Program::decode(&mut &whole[..cut.index(whole.len())]).is_err(), "no encoding begins with another one");
		let mut bytes = whole;
		let position = at.index(bytes.len());
		bytes[position] ^= 1 << bit;
		let mut input = &bytes[..];
		if let Ok(program) = Program::decode(&mut input) {
			prop_assert_eq!(program.encode(), &bytes[..bytes.len() - input.len()]);
			let _ = (program.check(split[0], split[1], split[2]), program.chunks(), program.name());
			let _ = Model::Constant(vec![1]).admit(&program, 100, 100, 8);
		}
	}

	#[test]
	fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..24), rows: bool, split: [u32; 3]) {
		let framed = if rows { [&[2u8][..], &bytes[..]].concat() } else { bytes };
		let mut input = &framed[..];
		if let Ok(program) = Program::decode(&mut input) {
			prop_assert_eq!(program.encode(), &framed[..framed.len() - input.len()]);
			let _ = (program.check(split[0], split[1], split[2]), program.chunks(), program.name());
		}
	}
}

#[test]
fn the_format_of_the_record_is_this() {
	let image = Rows { features: 64, image: Some(Image { height: 8, width: 8 }), ..LETTERS };
	assert_eq!(Program::Rows(image).encode(), [2, 64, 0, 1, 8, 8, 0, 26, 16, 0, 64, 0]);
	assert_eq!(
		serde_json::to_string(&Program::Rows(image)).unwrap(),
		r#"{"kind":"rows","features":64,"image":{"height":8,"width":8},"target":{"classes":26},"rows":16,"chunks":64}"#
	);
	assert_eq!((Program::Rows(image).name(), Program::Rows(image).chunks()), ("rows", 64));
	assert_eq!(ProgramError::UnsupportedPhase.encode(), [15], "former indices stay");
	assert_eq!(ProgramError::Rows(RowError::Split).encode(), [16, 6]);
	assert_eq!(ProgramError::Stride.encode(), [17]);
}

#[test]
fn the_check_names_the_fault_of_the_rows() {
	let check = |rows: Rows, train_end, validation_end, bytes| Program::Rows(rows).check(train_end, validation_end, bytes);
	// 17 bytes a row.
	assert_eq!(check(LETTERS, 1_000, 2_000, 2_000 * 17), Ok(()));
	assert_eq!(check(LETTERS, 1_000, 2_000, 2_000 * 17 + 1), Err(ProgramError::Rows(RowError::Length)));
	assert_eq!(check(LETTERS, 1_000, 2_000, 1_999 * 17), Err(ProgramError::Rows(RowError::Split)));
	assert_eq!(check(LETTERS, 1_000, 1_063, 2_000 * 17), Err(ProgramError::Rows(RowError::Split)), "63 rows, 64 chunks");
	assert_eq!(check(LETTERS, 0, 2_000, 2_000 * 17), Err(ProgramError::Rows(RowError::Split)), "nothing to train on");
	assert_eq!(check(LETTERS, 0, 0, 0), Err(ProgramError::Rows(RowError::Split)));
	let classes = |classes| Rows { target: RowTarget::Classes(classes), ..LETTERS };
	assert_eq!(check(classes(65), 1_000, 2_000, 2_000 * 17), Err(ProgramError::Rows(RowError::Classes)));
	let features = Rows { features: 0, ..LETTERS };
	assert_eq!(check(features, 1_000, 2_000, 2_000), Err(ProgramError::Rows(RowError::Features)));
}

#[test]
fn rows_admit_nets_of_their_features_within_the_limits_of_the_domain() {
	let stream = &mut Stream::new(&[4; 32], 0, 0);
	let mut mlp = net(stream, 16, 26, false, Some(&[8]));
	mlp.in_shifts = vec![4];
	let bytes = Model::Net(mlp.clone()).to_bytes().len();
	let macs = 16 * 8 + 8 * 26 + (8 + 26) * REQUANTISE_MACS as u32;
	let admit = |net: &Net, rows: Rows, max_macs| {
		Model::Net(net.clone()).admit(&Program::Rows(rows), bytes as u32, max_macs, Model::Net(net.clone()).to_bytes().len())
	};
	assert_eq!(admit(&mlp, LETTERS, macs), Ok(AccumulatorWidth::Exact24));
	assert_eq!(admit(&mlp, LETTERS, macs - 1), Err(ModelError::TooCostly), "the products and requantisations of one row");
	assert_eq!(Model::Net(mlp.clone()).admit(&Program::Rows(LETTERS), bytes as u32 - 1, macs, bytes), Err(ModelError::TooLarge));
	assert_eq!(admit(&mlp, Rows { features: 17, ..LETTERS }, macs), Err(ModelError::Window));
	assert_eq!(admit(&mlp, Rows { features: 15, ..LETTERS }, macs), Err(ModelError::Window));
	assert_eq!(admit(&mlp, Rows { target: RowTarget::Classes(25), ..LETTERS }, macs), Err(ModelError::Shape));
	for (shifts, expected) in [
		(vec![0], Ok(AccumulatorWidth::Exact24)),
		(vec![5], Err(ModelError::Shift)),
		(vec![-1], Err(ModelError::Shift)),
		(vec![], Err(ModelError::Shape)),
	] {
		assert_eq!(admit(&Net { in_shifts: shifts, ..mlp.clone() }, LETTERS, macs), expected);
	}
	// A second channel costs nothing before the layers that read it, but a row has one.
	let two = Model::Net(Net { in_shifts: vec![0, 0], ..mlp });
	assert_eq!(two.admit(&Program::Rows(LETTERS), u32::MAX, macs, bytes), Err(ModelError::Shape));
	for model in [Model::RepeatLast, Model::Seasonal, Model::Constant(vec![0; 26]), Model::Point(vec![0; 26])] {
		assert_eq!(model.admit(&Program::Rows(LETTERS), u32::MAX, u32::MAX, 0), Err(ModelError::Family));
	}
}

#[test]
fn images_admit_their_convolutions_only() {
	let stream = &mut Stream::new(&[6; 32], 0, 0);
	let kernel = Conv2 { height: 4, width: 6, kernel: [2, 2], stride: [2, 2], layer: layer(stream, 4, 2, 100, 8) };
	let head = layer(stream, 12, 4, 100, 8);
	let model =
		Model::Net(Net { window: 24, in_shifts: vec![0], skip: None, encoder: Encoder::Image(kernel), layers: vec![head] });
	let rows = Rows { features: 24, image: None, target: RowTarget::Classes(4), ..LETTERS };
	let admit = |image| model.admit(&Program::Rows(Rows { image, ..rows }), u32::MAX, u32::MAX, 0);
	assert_eq!(admit(Some(Image { height: 4, width: 6 })), Ok(AccumulatorWidth::Exact24));
	assert_eq!(admit(Some(Image { height: 6, width: 4 })), Err(ModelError::Shape));
	assert_eq!(admit(Some(Image { height: 4, width: 3 })), Err(ModelError::Shape), "two channels");
	assert_eq!(admit(None), Err(ModelError::Shape));
	let Model::Net(net) = &model else { unreachable!() };
	let cost = u32::try_from(model.macs()).unwrap();
	let images = Program::Rows(Rows { image: Some(Image { height: 4, width: 6 }), ..rows });
	assert_eq!(
		model.admit(&images, u32::MAX, cost, 0),
		net.admit_rows(&Rows { image: Some(Image { height: 4, width: 6 }), ..rows })
	);
	assert_eq!(model.admit(&images, u32::MAX, cost - 1, 0), Err(ModelError::TooCostly));
}
