use super::*;
use crate::{
	draft::SealedTerms,
	fixtures::{program, wave},
	sealed::{series::StepSource, Seal, SegmentKey},
};
use doin_primitives::{ProgramKind, SizeClass, DOIN};
use std::path::Path;

/// Returns the published values of a draft.
fn values(draft: &Draft) -> Vec<i32> {
	draft.domain.pages.iter().flat_map(|page| page.values().unwrap()).copied().collect()
}

fn draft(series: &Series, options: &DraftOptions) -> Result<Draft> {
	Draft::new(series, "load", "a wave", options, &DomainTerms::default())
}

#[test]
fn a_series_becomes_a_domain_that_the_chain_accepts() {
	let draft = draft(&wave(1500, 24), &DraftOptions::default()).unwrap();
	let forecast = draft.forecast().unwrap();
	assert_eq!((forecast.season, forecast.horizon, forecast.history), (24, 24, 96));
	assert!(draft.season_found && draft.domain.is_mintable());
	let Evidence::Synthetic(generator) = &draft.domain.spec.evidence else { panic!() };
	generator.check(forecast).unwrap();
	let split = draft.domain.spec.split;
	draft.domain.spec.program.check(split.train_end, split.validation_end, draft.domain.spec.values).unwrap();
	assert_eq!((split.train_end, split.validation_end, draft.domain.spec.values), (1050, 1275, 1500));
	assert_eq!(draft.domain.spec.data_root, data_hash(&values(&draft)));
	assert!(draft.domain.spec.unit.ends_with(b" load"));
	assert_eq!(draft.domain.spec.class(), SizeClass::Small, "so that every evaluator can serve it");
	assert_eq!(draft.baselines[2].name, "ridge");
	assert!(draft.baselines[1].validation.error < draft.baselines[0].validation.error, "a wave is seasonal");
	let names: Vec<&str> = draft.baselines.iter().map(|row| row.name.as_str()).collect();
	assert_eq!(names, ["repeat-last", "seasonal", "ridge", "mean of ridges"]);
	// The best linear model is the initial champion, unless it is not handed in.
	assert!(draft.domain.linear.is_some() && names[2..].contains(&draft.initial.as_str()), "{}", draft.initial);
	let naive = DomainTerms { linear: false, ..DomainTerms::default() };
	let naive = Draft::new(&wave(1500, 24), "load", "a wave", &DraftOptions::default(), &naive).unwrap();
	assert_eq!((naive.domain.linear, naive.initial.as_str()), (None, "seasonal"));
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
	assert_eq!(draft.domain.spec.check(), Ok(()));
	assert_eq!(draft.domain.spec.unit.as_slice(), b"0.01 ppm");
	assert_eq!(
		(draft.domain.spec.values, draft.domain.spec.split.train_end, draft.domain.spec.split.validation_end),
		(2_284, 1_598, 1_941)
	);
	assert!(draft.baselines[2].validation.error < draft.baselines[1].validation.error, "the ridge beats the seasonal forecast");
	let Evidence::Synthetic(generator) = &draft.domain.spec.evidence else { panic!("one channel is synthetic") };
	assert_eq!(generator.template.len(), 52);
}

#[test]
fn several_channels_steps_and_classes_become_domains() {
	let one = wave(1500, 24);
	let target = |steps: &[u16], classes: &[f64]| TargetOptions { steps: steps.to_vec(), classes: classes.to_vec() };
	let some = draft(&one, &DraftOptions { target: target(&[6, 12], &[]), ..Default::default() }).unwrap();
	let forecast = some.forecast().unwrap();
	assert_eq!((forecast.horizon, forecast.outputs(), forecast.channels), (12, 2, 1));
	assert_eq!(some.domain.spec.check(), Ok(()));
	assert_eq!(some.baselines[0].validation.predictions % 2, 0);
	let options = DraftOptions { target: target(&[], &[0.0]), horizon: Some(12), ..Default::default() };
	let signs = draft(&one, &options).unwrap();
	assert_eq!(ProgramKind::from(&signs.domain.spec.program), ProgramKind::Classify);
	assert!(matches!(signs.domain.spec.evidence, Evidence::Synthetic(_)) && signs.domain.spec.check() == Ok(()));
	assert!(signs.baselines[0].validation.mean < 1.0, "an error rate");
	let never = draft(&one, &DraftOptions { target: target(&[], &[0.0, 1_000.0]), ..Default::default() }).unwrap_err();
	assert!(format!("{never:#}").contains("class 2 never occurs"), "{never:#}");

	let shifted: Vec<f64> = one.values.iter().map(|value| value * 3.0 + 1.0).collect();
	let both = Series { inputs: vec![shifted], ..one.clone() };
	let read = ReadOptions { inputs: vec!["other".into()], ..Default::default() };
	let two = draft(&both, &DraftOptions { read: read.clone(), ..Default::default() }).unwrap();
	let forecast = two.forecast().unwrap();
	assert_eq!((forecast.channels, two.domain.spec.values, two.domain.spec.split.validation_end), (2, 3_000, 1_275));
	assert_eq!((&two.domain.spec.evidence, two.fit.is_none(), two.domain.spec.check()), (&Evidence::Public, true, Ok(())));
	assert!(!two.domain.is_mintable());
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
	assert!(refusal(DraftOptions::default(), DomainTerms { chunks: Some(31), ..terms() }).contains("--chunks 31"));
	let little = DomainTerms { min_improvement: 1, ..terms() };
	assert!(refusal(DraftOptions::default(), little).contains("--min-improvement 1"));
	let named = DraftOptions { name: Some("x".into()), ..Default::default() };
	assert!(refusal(named, DomainTerms { windows: Some(0), ..terms() }).contains("--windows 0"));
}

#[test]
fn k21_a_long_column_name_is_shortened_or_replaced() {
	let column = "generation hydro pumped storage aggregated";
	let options = DraftOptions { season: Some(24), ..Default::default() };
	let of = |options: &DraftOptions| Draft::new(&wave(900, 24), column, "n", options, &DomainTerms::default());
	let draft = of(&options).unwrap();
	let unit = String::from_utf8(draft.domain.spec.unit.to_vec()).unwrap();
	assert!(unit.len() <= 32 && unit.contains(" generation hydro") && unit.ends_with('…'), "{unit}");
	assert!(draft.notes.iter().any(|note| note.to_string().contains("--unit-name")), "{:?}", draft.notes);
	let named = of(&DraftOptions { unit_name: Some("MW".into()), ..options.clone() }).unwrap();
	assert!(named.domain.spec.unit.ends_with(b" MW") && named.notes.is_empty());
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
	assert!(
		draft.domain.spec.name.len() <= 64
			&& draft.domain.spec.name.starts_with(b"longlong")
			&& draft.domain.spec.name.ends_with("…".as_bytes())
	);
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
	assert_eq!((draft.domain.spec.name.as_slice(), draft.domain.spec.values), (&b"load b"[..], 800));
	let notes: String = draft.notes.iter().map(ToString::to_string).collect();
	assert!(
		notes.contains("compressed (gzip); columns are separated by semicolons; decimals are separated by commas"),
		"{notes}"
	);
	assert_eq!(["-", "a.csv.gz", "a", ".b", "x/a.b.csv"].map(|path| stem(Path::new(path))), ["stdin", "a", "a", ".b", "a.b"]);
}

#[test]
fn b15_a_sealed_series_is_rebuilt_from_its_file_and_key() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("load.csv");
	let write = |series: &Series| {
		let rows: String = series.values.iter().map(|value| format!("{value}\n")).collect();
		std::fs::write(&path, format!("load\n{rows}")).unwrap();
	};
	let series = wave(9_000, 24);
	write(&series);
	let key = SegmentKey::of_child(&[1; 32]);
	let sealed = |segments| SealedTerms { segments, segment: None, stake: 10 * DOIN, key: key.clone() };
	let terms = |segments| DomainTerms { licence: "CC0-1.0".into(), sealed: Some(sealed(segments)), ..DomainTerms::default() };
	let options = DraftOptions { season: Some(24), ..Default::default() };
	let source: SeriesSource = path.as_path().into();
	let draft = Draft::from_csv(&source, None, &options, &terms(2)).unwrap();
	let spec = &draft.domain.spec;
	let forecast = draft.forecast().unwrap();
	let steps = forecast.segment_steps();
	assert_eq!(spec.evidence, Evidence::Sealed { units: steps, stake: 10 * DOIN });
	assert_eq!((spec.values, spec.growth, draft.fit.is_none()), (9_000 - 2 * steps, Growth::Appending, true));
	assert_eq!((spec.split.validation_end, spec.check()), (spec.values, Ok(())));
	let made = draft.domain.sealed.as_ref().unwrap();
	assert_eq!((made.segments.len(), made.segments[0].len(), made.file.as_str()), (2, 4 * steps as usize, "load.csv"));

	let rebuild = || StepSource { source: source.clone(), column: None, read: ReadOptions::default(), scale: 1.0 }.rebuild(spec);
	let seal = Seal { genesis: [8; 32], owner: [9; 32], data_root: spec.data_root, key: &key };
	let hashes = seal.hashes(0, made.segments.iter().map(Vec::as_slice));
	assert_eq!(&rebuild().unwrap(), made);
	// New steps at the end do not matter, and make further segments.
	let mut longer = series.clone();
	longer.values.extend((0..steps).map(|at| 900.0 * f64::from(at % 5)));
	write(&longer);
	let grown = rebuild().unwrap();
	assert_eq!(grown.segments.len(), 3);
	grown.ensure(&seal, &hashes, 0).unwrap();
	// A changed step is found by its segment, and another key by all of them.
	let mut changed = series.clone();
	changed.values[9_000 - 5] += 3.0;
	write(&changed);
	let reason = format!("{:#}", rebuild().unwrap().ensure(&seal, &hashes, 0).unwrap_err());
	assert!(reason.contains("load.csv has changed since it was sealed: segment 1 is not"), "{reason}");
	let other = SegmentKey::of_child(&[2; 32]);
	let reason = format!("{:#}", made.ensure(&Seal { key: &other, ..seal.clone() }, &hashes, 0).unwrap_err());
	assert!(reason.contains("the key or the account is another one"), "{reason}");
	std::fs::write(&path, "load\n1\n2\n3\n").unwrap();
	assert!(format!("{:#}", rebuild().unwrap_err()).contains("load.csv has 3 steps, and the domain publishes"));

	write(&series);
	let many = format!("{:#}", Draft::from_csv(&source, None, &options, &terms(40)).unwrap_err());
	assert!(many.contains("there are 9000 steps, and") && many.contains("Choose --sealed "), "{many}");
	let unlicensed = DomainTerms { licence: " ".into(), ..terms(2) };
	let reason = format!("{:#}", Draft::from_csv(&source, None, &options, &unlicensed).unwrap_err());
	assert!(reason.contains("sealed data needs a licence") && reason.contains("--licence"), "{reason}");
}
