use super::*;
use crate::{
	draft::SealedTerms,
	rows::{MappingOptions, RowOptions},
	sealed::SegmentKey,
};
use doin_primitives::{ProgramKind, SizeClass, DOIN};

/// Returns rows of four features, and a class that two of them decide.
fn table(rows: usize) -> String {
	let line = |at: usize| {
		let (a, b, c, d) = (at % 67, at / 67, at * 31 % 97, at * 17 % 89);
		let class = if (a as i64 - 33) * (b as i64 - 15) > 0 { "up" } else { "down" };
		format!("{a},{b},{c},{d},{class},{}\n", 3 * a + b)
	};
	std::iter::once("a,b,c,d,class,price\n".to_string()).chain((0..rows).map(line)).collect()
}

fn options(folder: &tempfile::TempDir, text: &str, label: &str, values: bool) -> RowDraftOptions {
	let path = folder.path().join("table.csv");
	std::fs::write(&path, text).unwrap();
	let without = vec![if label == "class" { "price".to_string() } else { "class".to_string() }];
	let options = RowOptions { label: label.into(), values, without, ..Default::default() };
	let rows = RowSource { source: path.as_path().into(), options, mapping: MappingOptions::default() };
	RowDraftOptions { rows, name: None, unit_name: None }
}

fn sealed(segments: u16, segment: Option<u32>) -> DomainTerms {
	let key = SegmentKey::of_child(&[1; 32]);
	let sealed = SealedTerms { segments, segment, stake: 10 * DOIN, key };
	DomainTerms { licence: "CC-BY-4.0".into(), sealed: Some(sealed), ..DomainTerms::default() }
}

fn refusal(result: Result<RowDraft>) -> String {
	format!("{:#}", result.map(|draft| draft.rungs).unwrap_err())
}

#[test]
fn a_table_becomes_a_sealed_domain_that_the_chain_accepts() {
	let folder = tempfile::tempdir().unwrap();
	let options = options(&folder, &table(3_000), "class", false);
	let draft = RowDraft::from_csv(&options, &sealed(2, Some(512))).unwrap();
	let spec = &draft.domain.spec;
	assert_eq!(spec.check(), Ok(()));
	assert_eq!(
		(spec.name.as_slice(), spec.unit.as_slice(), spec.licence.as_slice()),
		(&b"table class"[..], &b"class"[..], &b"CC-BY-4.0"[..])
	);
	assert_eq!((ProgramKind::from(&spec.program), spec.class()), (ProgramKind::Rows, SizeClass::Small));
	assert_eq!((&spec.evidence, spec.growth), (&Evidence::Sealed { units: 512, stake: 10 * DOIN }, Growth::Appending));
	let program = draft.program();
	assert_eq!((program.features, program.chunks, program.rows, program.row_bytes()), (4, 64, 8, 5));
	let published: Vec<u8> = draft.domain.pages.iter().flat_map(|page| page.bytes().unwrap()).copied().collect();
	assert_eq!((published.len(), spec.data_root), (5 * (3_000 - 1_024), bytes_hash(&published)));
	assert_eq!(spec.values, published.len() as u32);
	let sealed_data = draft.domain.sealed.as_ref().unwrap();
	assert_eq!((sealed_data.segments.len(), sealed_data.data_root), (2, spec.data_root));
	assert!(draft.domain.is_mintable() && spec.most_segments() >= 2);
	// The initial champion is the linear model of the owner, if it is better.
	let names: Vec<&str> = draft.rungs.iter().map(|rung| rung.name.as_str()).collect();
	assert_eq!(names, ["majority class", "ridge"]);
	let [constant, ridge] = [0, 1].map(|rung: usize| draft.rungs[rung].validation.total());
	assert_eq!((draft.domain.linear.is_some(), draft.initial == "ridge"), (ridge < constant, ridge < constant));
	assert_eq!(draft.rungs[0].validation.rows as u32, spec.split.validation_end - spec.split.train_end);
}

#[test]
fn values_have_a_linear_initial_champion() {
	let folder = tempfile::tempdir().unwrap();
	let options = RowDraftOptions {
		unit_name: Some("EUR".into()),
		name: Some("prices".into()),
		..options(&folder, &table(3_000), "price", true)
	};
	let draft = RowDraft::from_csv(&options, &sealed(1, None)).unwrap();
	let spec = &draft.domain.spec;
	assert_eq!((spec.check(), spec.name.as_slice()), (Ok(()), &b"prices"[..]));
	assert!(spec.unit.ends_with(b" EUR"), "{:?}", String::from_utf8_lossy(&spec.unit));
	assert_eq!(spec.evidence, Evidence::Sealed { units: 1_024, stake: 10 * DOIN }, "the usual segment");
	let linear = draft.domain.linear.as_ref().unwrap();
	assert_eq!(Model::from_bytes(linear).unwrap(), draft.rungs[1].model);
	assert_eq!(draft.initial, "ridge");
	let naive = RowDraft::from_csv(&options, &DomainTerms { linear: false, ..sealed(1, None) }).unwrap();
	assert_eq!((naive.initial.as_str(), naive.domain.linear), ("median", None));
	assert!(10 * draft.rungs[1].validation.total() < draft.rungs[0].validation.total(), "the price is linear");
}

#[test]
fn without_segments_a_domain_pays_a_bounty_only() {
	let folder = tempfile::tempdir().unwrap();
	let draft = RowDraft::from_csv(&options(&folder, &table(2_000), "class", false), &DomainTerms::default()).unwrap();
	let spec = &draft.domain.spec;
	assert_eq!((spec.check(), &spec.evidence, spec.growth), (Ok(()), &Evidence::Public, Growth::Fixed));
	assert!(!draft.domain.is_mintable() && draft.domain.sealed.is_none());
	assert_eq!((spec.split.train_end, draft.parts.layout.published), (1_400, 2_000));
}

#[test]
fn terms_that_do_not_fit_rows_are_refused() {
	let folder = tempfile::tempdir().unwrap();
	let options = options(&folder, &table(3_000), "class", false);
	let draft = |terms: DomainTerms| refusal(RowDraft::from_csv(&options, &terms));
	assert!(draft(DomainTerms { windows: Some(4), ..DomainTerms::default() }).contains("--windows"));
	assert!(draft(DomainTerms { chunks: Some(63), ..DomainTerms::default() }).contains("invalid --chunks 63"));
	assert!(draft(DomainTerms { chunks: Some(64), ..sealed(2, None) }).contains("omit --chunks"));
	assert!(draft(DomainTerms { licence: String::new(), ..sealed(2, None) }).contains("--licence"));
	assert!(draft(DomainTerms { licence: "x".repeat(33), ..sealed(2, None) }).contains("longer than 32 bytes"));
	assert!(draft(DomainTerms { target: 1, ..sealed(2, None) }).contains("omit --target-performance"));
	assert!(draft(sealed(2, Some(100))).contains("--segment-rows 100"));
	assert!(draft(sealed(6, Some(512))).contains("there are 3000 different rows, and 3150 are needed"));
	let mut cheap = sealed(2, None);
	cheap.sealed.iter_mut().for_each(|sealed| sealed.stake = DOIN / 2);
	assert!(draft(cheap).contains("invalid --stake: expected an amount from 1 DOIN to 100 DOIN"));
}

#[test]
fn a_domain_that_nobody_could_train_for_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let options = options(&folder, &table(3_000), "class", false);
	let draft = |macs: u32| RowDraft::from_csv(&options, &DomainTerms { window_macs: Some(macs), ..sealed(2, None) });
	let reason = refusal(draft(4 * 2 - 1));
	assert!(
		reason.contains("no net for 4 features and 2 outputs") && reason.contains("raise --model-bytes or --window-macs"),
		"{reason}"
	);
	draft(4 * 8 + 8 * 2).unwrap();
}

#[test]
fn an_outlier_among_the_values_is_named_as_the_reason() {
	let folder = tempfile::tempdir().unwrap();
	let outlier = table(3_000) + "1,1,1,1,up,1000000000000\n2,1,1,1,up,2000000000000\n";
	let refused: Vec<String> = (0..8)
		.filter_map(|seed| {
			let mut terms = sealed(1, Some(512));
			terms.sealed.iter_mut().for_each(|sealed| sealed.key = SegmentKey::of_child(&[seed; 32]));
			RowDraft::from_csv(&options(&folder, &outlier, "price", true), &terms).err().map(|error| format!("{error:#}"))
		})
		.collect();
	assert!(
		refused.iter().any(|reason| reason.contains("Labels are counted in steps of") && reason.contains("--unit")),
		"{refused:?}"
	);
}

#[test]
fn the_search_space_fits_the_limits() {
	let limits = Limits { model_bytes: 64 * 1024, window_macs: 32_768 };
	let program = |features, image: Option<Image>| Rows {
		features,
		image,
		target: doin_scoring::rows::RowTarget::Classes(26),
		rows: 16,
		chunks: 64,
	};
	let space = |program: &Rows| -> Vec<(String, i64, i64)> {
		let named = |gene: &Gene| (String::from_utf8_lossy(&gene.name).into_owned(), gene.lo, gene.hi);
		genes(program, &limits).iter().map(named).collect()
	};
	let letters = space(&program(16, None));
	assert!(letters.contains(&("width".into(), 8, 152)) && letters.contains(&("depth".into(), 0, 3)), "{letters:?}");
	assert!(letters.iter().all(|(name, ..)| name != "kernel"));
	let digits = space(&program(64, Some(Image { height: 8, width: 8 })));
	assert!(digits.contains(&("kernel".into(), 2, 5)) && digits.contains(&("depth".into(), 1, 1)), "{digits:?}");
	let wide = space(&program(1_024, None));
	assert!(wide.contains(&("width".into(), 8, 8)), "{wide:?}");
	for (genes, features) in [(letters, 16), (digits, 64), (wide, 1_024)] {
		let point: Vec<(&str, i64)> = genes.iter().map(|(name, _, hi)| (name.as_str(), *hi)).collect();
		doin_compute::Candidate::from_genes(point, features).unwrap();
	}
}
