use super::*;
use crate::fixtures::{program, wave};
use doin_primitives::{ProgramKind, SizeClass};

fn draft(series: &Series, options: &DraftOptions) -> Result<Draft> {
	Draft::new(series, "load", "a wave", options, &DomainTerms::default())
}

#[test]
fn a_series_becomes_a_domain_that_the_chain_accepts() {
	let draft = draft(&wave(1500, 24), &DraftOptions::default()).unwrap();
	let forecast = draft.forecast().unwrap();
	assert_eq!((forecast.season, forecast.horizon, forecast.history), (24, 24, 96));
	assert!(draft.season_found && draft.is_mintable());
	let Evidence::Synthetic(generator) = &draft.spec.evidence else { panic!() };
	generator.check(forecast).unwrap();
	let split = draft.spec.split;
	draft.spec.program.check(split.train_end, split.validation_end, draft.spec.values).unwrap();
	assert_eq!((split.train_end, split.validation_end, draft.spec.values), (1050, 1275, 1500));
	assert_eq!(draft.spec.data_root, data_hash(&draft.values));
	assert!(draft.spec.unit.ends_with(b" load"));
	assert_eq!(draft.spec.class(), SizeClass::Small, "so that every evaluator can serve it");
	assert_eq!(draft.baselines[2].name, "ridge");
	assert!(draft.baselines[1].validation.error < draft.baselines[0].validation.error, "a wave is seasonal");
}

#[test]
fn the_demo_series_becomes_the_demo_domain() {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mauna-loa-co2-weekly.csv");
	let options = DraftOptions {
		season: Some(52),
		horizon: Some(13),
		history: Some(104),
		name: Some("Mauna Loa CO2, weekly, 13 weeks ahead".into()),
		..Default::default()
	};
	let draft = Draft::from_csv(&path.as_path().into(), Some("ppm"), &options, &DomainTerms::default()).unwrap();
	assert_eq!(draft.spec.check(), Ok(()));
	assert_eq!(draft.spec.unit.as_slice(), b"0.01 ppm");
	assert_eq!((draft.spec.values, draft.spec.split.train_end, draft.spec.split.validation_end), (2_284, 1_598, 1_941));
	assert!(draft.baselines[2].validation.error < draft.baselines[1].validation.error, "the ridge beats the seasonal forecast");
	let Evidence::Synthetic(generator) = &draft.spec.evidence else { panic!("one channel is synthetic") };
	assert_eq!(generator.template.len(), 52);
}

#[test]
fn several_channels_steps_and_classes_become_domains() {
	let one = wave(1500, 24);
	let target = |steps: &[u16], classes: &[f64]| TargetOptions { steps: steps.to_vec(), classes: classes.to_vec() };
	let some = draft(&one, &DraftOptions { target: target(&[6, 12], &[]), ..Default::default() }).unwrap();
	let forecast = some.forecast().unwrap();
	assert_eq!((forecast.horizon, forecast.outputs(), forecast.channels), (12, 2, 1));
	assert_eq!(some.spec.check(), Ok(()));
	assert_eq!(some.baselines[0].validation.predictions % 2, 0);
	let options = DraftOptions { target: target(&[], &[0.0]), horizon: Some(12), ..Default::default() };
	let signs = draft(&one, &options).unwrap();
	assert_eq!(ProgramKind::from(&signs.spec.program), ProgramKind::Classify);
	assert!(matches!(signs.spec.evidence, Evidence::Synthetic(_)) && signs.spec.check() == Ok(()));
	assert!(signs.baselines[0].validation.mean < 1.0, "an error rate");
	let never = draft(&one, &DraftOptions { target: target(&[], &[0.0, 1_000.0]), ..Default::default() }).unwrap_err();
	assert!(format!("{never:#}").contains("class 2 never occurs"), "{never:#}");

	let shifted: Vec<f64> = one.values.iter().map(|value| value * 3.0 + 1.0).collect();
	let both = Series { inputs: vec![shifted], ..one.clone() };
	let read = ReadOptions { inputs: vec!["other".into()], ..Default::default() };
	let two = draft(&both, &DraftOptions { read: read.clone(), ..Default::default() }).unwrap();
	let forecast = two.forecast().unwrap();
	assert_eq!((forecast.channels, two.spec.values, two.spec.split.validation_end), (2, 3_000, 1_275));
	assert_eq!((&two.spec.evidence, two.fit.is_none(), two.spec.check()), (&Evidence::Public, true, Ok(())));
	assert!(!two.is_mintable());
	let wide = DraftOptions { read, history: Some(1_024), ..Default::default() };
	assert!(format!("{:#}", draft(&both, &wide).unwrap_err()).contains("--history 1024"));
}

#[test]
fn too_few_rows_are_rejected_with_the_number_that_is_needed() {
	let reason = format!("{:#}", draft(&wave(100, 24), &DraftOptions::default()).unwrap_err());
	assert!(reason.contains("100 rows") && reason.contains("--history"), "{reason}");
	// Exactly as many as the message names are enough.
	let given = DraftOptions { season: Some(24), ..Default::default() };
	let needed = rows_needed(&Forecast { windows: 16, ..program(24, 96, 24) });
	assert!(draft(&wave(needed - 1, 24), &given).is_err());
	draft(&wave(needed, 24), &given).unwrap();
}

#[test]
fn impossible_lengths_are_named() {
	let refusal = |options: DraftOptions, terms: DomainTerms| {
		format!("{:#}", Draft::new(&wave(900, 24), "v", "n", &options, &terms).unwrap_err())
	};
	let terms = DomainTerms::default;
	assert!(refusal(DraftOptions { horizon: Some(1_025), ..Default::default() }, terms()).contains("--horizon 1025"));
	let short = DraftOptions { season: Some(24), history: Some(23), ..Default::default() };
	assert!(refusal(short, terms()).contains("--history 23"));
	assert!(refusal(DraftOptions::default(), DomainTerms { chunks: 31, ..terms() }).contains("--chunks 31"));
	let little = DomainTerms { min_improvement: 1, ..terms() };
	assert!(refusal(DraftOptions::default(), little).contains("--min-improvement 1"));
	let named = DraftOptions { name: Some("x".into()), ..Default::default() };
	assert!(refusal(named, DomainTerms { windows: 0, ..terms() }).contains("--windows 0"));
}

#[test]
fn k21_a_long_column_name_is_shortened_or_replaced() {
	let column = "generation hydro pumped storage aggregated";
	let options = DraftOptions { season: Some(24), ..Default::default() };
	let of = |options: &DraftOptions| Draft::new(&wave(900, 24), column, "n", options, &DomainTerms::default());
	let draft = of(&options).unwrap();
	let unit = String::from_utf8(draft.spec.unit.to_vec()).unwrap();
	assert!(unit.len() <= 32 && unit.contains(" generation hydro") && unit.ends_with('…'), "{unit}");
	assert!(draft.notes.iter().any(|note| note.to_string().contains("--unit-name")), "{:?}", draft.notes);
	let named = of(&DraftOptions { unit_name: Some("MW".into()), ..options.clone() }).unwrap();
	assert!(named.spec.unit.ends_with(b" MW") && named.notes.is_empty());
	let long = format!("{:#}", of(&DraftOptions { unit_name: Some(column.into()), ..options }).unwrap_err());
	assert!(long.contains("longer than 32 bytes") && long.contains("--unit-name"), "{long}");
	// Cut between characters, not within one.
	assert_eq!((shortened::<8>("ä".repeat(9).as_str()), shortened::<8>("12345678")), ("ää…".into(), "12345678".into()));
}

#[test]
fn k21_a_long_file_name_is_shortened_in_the_name_of_the_domain() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join(format!("{}.csv", "long".repeat(30)));
	let text: String = wave(900, 24).values.iter().map(|value| format!("{value}\n")).collect();
	std::fs::write(&path, format!("load\n{text}")).unwrap();
	let options = DraftOptions { season: Some(24), ..Default::default() };
	let draft = Draft::from_csv(&path.as_path().into(), None, &options, &DomainTerms::default()).unwrap();
	assert!(draft.spec.name.len() <= 64 && draft.spec.name.starts_with(b"longlong") && draft.spec.name.ends_with("…".as_bytes()));
}

#[test]
fn k19_a_draft_of_a_compressed_file_has_its_name_and_remarks() {
	use std::io::Write;
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("load.csv.gz");
	let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), Default::default());
	let rows: Vec<String> = wave(900, 24).values.iter().map(|value| format!("x;{value:.3}\n").replace('.', ",")).collect();
	encoder.write_all(format!("a;b\n{}", rows.concat()).as_bytes()).unwrap();
	encoder.finish().unwrap();
	let options =
		DraftOptions { season: Some(24), read: ReadOptions { last: Some(800), ..Default::default() }, ..Default::default() };
	let draft = Draft::from_csv(&path.as_path().into(), None, &options, &DomainTerms::default()).unwrap();
	assert_eq!((draft.spec.name.as_slice(), draft.spec.values), (&b"load b"[..], 800));
	let notes: String = draft.notes.iter().map(ToString::to_string).collect();
	assert!(
		notes.contains("compressed (gzip); columns are separated by semicolons; decimals are separated by commas"),
		"{notes}"
	);
	assert_eq!(["-", "a.csv.gz", "a", ".b", "x/a.b.csv"].map(|path| stem(Path::new(path))), ["stdin", "a", "a", ".b", "a.b"]);
}
