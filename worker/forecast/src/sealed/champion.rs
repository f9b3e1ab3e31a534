//! Model files of the champions of sealed domains: the bytes that the chain has, with the map from the columns of the owner's file.

use super::{
	key::SegmentKey,
	rows::RowSource,
	series::{StepSource, Steps},
};
use crate::{
	model_file::{ErrorSums, FileRecord, InputColumn, ModelFile, TrainingData},
	rows::{
		model_file::{RowFileRecord, RowTraining},
		Arrangement, RowErrors, RowModelFile,
	},
};
use anyhow::{bail, ensure, Result};
use doin_primitives::{DomainSpec, Split};
use doin_scoring::{
	rows::{constant_model, RowSet},
	Model, Program,
};
use std::collections::BTreeMap;

impl RowSource {
	/// Returns the model file of a model of a sealed domain, such that it can be applied to files with the columns of this one.
	///
	/// # Errors
	///
	/// Errors as [`RowSource::rebuild`] does, and if file and key do not make the published rows of the domain.
	pub fn model_file(&self, key: &SegmentKey, spec: &DomainSpec, model: &Model) -> Result<RowModelFile> {
		let rows = self.rebuild(key, spec)?;
		ensure!(
			rows.data_root() == spec.data_root,
			"{} and the key do not make the published rows of the domain: name the file, the options and the key of `domain create`",
			rows.file
		);
		let program = rows.mapping.program();
		let row_bytes = program.row_bytes();
		let Split { train_end, validation_end } = spec.split;
		let training = RowSet::new(&program, rows.published[..train_end as usize * row_bytes].to_vec());
		let Some(Model::Constant(constant)) = constant_model(&training) else { bail!("the domain has no row to train on") };
		let published: Vec<&[u8]> = rows.published.chunks_exact(row_bytes).collect();
		let validation = RowErrors::compute(model, &program, &published[train_end as usize..validation_end as usize]);
		let count = published.len() as u32;
		let error = ErrorSums { validation: Some(validation.total()), test: None };
		let file = RowFileRecord { file: rows.file.clone(), rows: count, hash: hex::encode(spec.data_root), error };
		let arrangement = Arrangement { rows: count, shuffled: 0, train_end, validation_end, test_end: validation_end };
		let data = RowTraining { arrangement, constant, files: vec![file] };
		Ok(RowModelFile::new(model, rows.mapping, BTreeMap::new(), data))
	}
}

impl StepSource {
	/// Returns the model file of a model of a sealed series, such that it can be applied to files with the columns of this one.
	///
	/// # Errors
	///
	/// Errors as [`StepSource::rebuild`] does, if the file does not have the published steps of the domain, and for a negative
	/// factor, which turns values upside down.
	pub fn model_file(&self, spec: &DomainSpec, model: &Model) -> Result<ModelFile> {
		ensure!(
			self.scale > 0.0,
			"--scale {} turns the column upside down, and a model file cannot: write the column multiplied by it to a file",
			self.scale
		);
		let Program::Forecast(program) = &spec.program else { bail!("the domain has no series") };
		let Steps { table, layout, quantised, data_root } = self.steps(spec)?;
		ensure!(
			data_root == spec.data_root,
			"{} does not have the published steps of the domain: name the file and the options of `domain create`",
			table.file
		);
		let channels = usize::from(program.channels);
		let training: Vec<f64> = quantised
			.values
			.iter()
			.step_by(channels)
			.take(spec.split.train_end as usize)
			.map(|value| f64::from(*value))
			.collect();
		let count = training.len().max(1) as f64;
		let mean = training.iter().sum::<f64>() / count;
		let deviation = (training.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
		// Units of the column as it is in the file.
		let unit = quantised.quantum / self.scale;
		let inputs = table.inputs.iter().zip(&quantised.inputs);
		let file = FileRecord {
			file: table.file,
			rows: layout.published as u32,
			hash: hex::encode(spec.data_root),
			split: spec.split,
			error: ErrorSums { validation: None, test: None },
		};
		let data = TrainingData {
			column: table.column,
			unit: unit.to_string(),
			deviation: (deviation * unit).to_string(),
			inputs: inputs.map(|(column, unit)| InputColumn { column: column.clone(), unit: unit.to_string() }).collect(),
			files: vec![file],
		};
		Ok(ModelFile::new(model, program, BTreeMap::new(), data))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		draft::{DomainTerms, Draft, DraftOptions, RowDraft, RowDraftOptions, SealedTerms},
		predict::{predict, Origin, Outcome},
		rows::{
			predict::{predict_rows, RowOutcome},
			AnyModel, MappingOptions, RowOptions, RowTable, Wanted,
		},
		ReadOptions,
	};
	use doin_primitives::DOIN;
	use std::path::Path;

	fn terms(key: &SegmentKey, segments: u16) -> DomainTerms {
		let sealed = SealedTerms { segments, segment: None, stake: DOIN, key: key.clone() };
		DomainTerms { licence: "CC0-1.0".into(), sealed: Some(sealed), ..DomainTerms::default() }
	}

	fn write(folder: &Path, name: &str, header: &str, lines: impl Iterator<Item = String>) -> std::path::PathBuf {
		let path = folder.join(name);
		std::fs::write(&path, std::iter::once(header.to_string()).chain(lines).collect::<Vec<_>>().join("\n")).unwrap();
		path
	}

	#[test]
	fn the_champion_of_rows_predicts_rows_of_other_files() {
		let folder = tempfile::tempdir().unwrap();
		let line = |at: usize| {
			let (a, b) = (at % 61, at / 61);
			format!("{a},{b},{}", if a + b > 60 { "up" } else { "down" })
		};
		let path = write(folder.path(), "rows.csv", "a,b,side", (0..3_000).map(line));
		let options = RowOptions { label: "side".into(), ..RowOptions::default() };
		let source = RowSource { source: path.as_path().into(), options, mapping: MappingOptions::default() };
		let key = SegmentKey::of_child(&[1; 32]);
		let draft = RowDraftOptions { rows: source.clone(), name: None, unit_name: None };
		let draft = RowDraft::from_csv(&draft, &terms(&key, 1)).unwrap();
		let (spec, ridge) = (&draft.domain.spec, &draft.rungs[1].model);
		let saved = folder.path().join("champion.doin");
		source.model_file(&key, spec, ridge).unwrap().write(&saved).unwrap();
		let AnyModel::Rows(loaded) = AnyModel::read(&saved).unwrap() else { panic!("a model of rows") };
		assert_eq!((&loaded.model, &loaded.file.mapping), (ridge, &draft.mapping));
		assert_eq!(loaded.file.data.files[0].error.validation, Some(draft.rungs[1].validation.total()));
		assert_eq!(loaded.file.data.arrangement.train_end, spec.split.train_end);
		// Rows without labels, with the columns in another order.
		let asked = write(folder.path(), "asked.csv", "b,a", ["1,2".to_string(), "45,58".to_string()].into_iter());
		let columns = loaded.file.mapping.columns();
		let wanted = Wanted::Model { features: &columns, labels: &["side".to_string()], label_is_optional: true };
		let asked = RowTable::read(&asked.as_path().into(), &RowOptions::default(), wanted).unwrap();
		let (rows, _) = predict_rows(&loaded, &asked, None).unwrap();
		let predicted: Vec<_> = rows.into_iter().map(|row| row.prediction).collect();
		assert_eq!(predicted, [RowOutcome::Class("down".into()), RowOutcome::Class("up".into())]);
		// Another key publishes other rows.
		let other = source.model_file(&SegmentKey::of_child(&[2; 32]), spec, ridge).unwrap_err();
		assert!(format!("{other:#}").contains("do not make the published rows"), "{other:#}");
	}

	#[test]
	fn the_champion_of_a_series_forecasts_in_units_of_the_file() {
		let folder = tempfile::tempdir().unwrap();
		let line = |at: usize| format!("{:.2}", (at as f64 * 0.26).sin() * 50.0 + ((at * 7_919) % 101) as f64 / 90.0);
		let path = write(folder.path(), "load.csv", "load", (0..6_000).map(line));
		let read = ReadOptions { time: Some("none".into()), ..ReadOptions::default() };
		let source = StepSource { source: path.as_path().into(), column: None, read: read.clone(), scale: 2.0 };
		let key = SegmentKey::of_child(&[1; 32]);
		let options = DraftOptions { read, season: Some(24), horizon: Some(6), scale: 2.0, ..DraftOptions::default() };
		let draft = Draft::from_csv(&source.source, None, &options, &terms(&key, 2)).unwrap();
		let model = Model::from_bytes(draft.domain.linear.as_ref().expect("a linear model is better")).unwrap();
		let saved = folder.path().join("champion.doin");
		source.model_file(&draft.domain.spec, &model).unwrap().write(&saved).unwrap();
		let AnyModel::Series(loaded) = AnyModel::read(&saved).unwrap() else { panic!("a forecast") };
		assert_eq!((&loaded.model, loaded.unit), (&model, draft.quantum / 2.0));
		assert!((loaded.deviation - 35.0).abs() < 2.0, "{}", loaded.deviation);
		let table = loaded.table(&source.source, None, &source.read).unwrap();
		for prediction in predict(&loaded, &table, Origin::Row(5_000)).unwrap() {
			let (Outcome::Value(forecast), Some(Outcome::Value(actual))) = (prediction.forecast, prediction.actual) else {
				panic!("values")
			};
			assert!((forecast - actual).abs() < 5.0, "{forecast} {actual}");
		}
		let turned = StepSource { scale: -2.0, ..source.clone() }.model_file(&draft.domain.spec, &model).unwrap_err();
		assert!(format!("{turned:#}").contains("upside down"), "{turned:#}");
		let other = StepSource { scale: 4.0, ..source }.model_file(&draft.domain.spec, &model).unwrap_err();
		assert!(format!("{other:#}").contains("does not have the published steps"), "{other:#}");
	}
}
