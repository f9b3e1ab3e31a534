//! Rows of a table as the rows of a request.

use super::{one_or_several, InputArgs, Read};
use crate::row_args::row_options;
use anyhow::{bail, ensure, Context, Result};
use doin_forecast::{
	exact,
	rows::{mapping::EncodedRows, read_map, RowMapping, RowOptions, RowTable, Wanted},
	SeriesSource,
};
use doin_primitives::inference::MAX_PAIRS;
use doin_scoring::rows::{Image, RowTarget, Rows};
use doin_serve::Champion;
use std::path::Path;

/// Next step for a map that does not fit.
const ADVICE: &str = "ask the owner of the domain for its map";

/// Returns the rows of a file as bytes: by a map, or as they are.
///
/// # Errors
///
/// Errors if neither is chosen, if the file or the map cannot be read or have another shape than the domain, if there are too many rows,
/// and for a cell without a value.
pub fn of_table(champion: &Champion, program: &Rows, source: &SeriesSource, args: &InputArgs) -> Result<Read> {
	let (domain, read) = (champion.domain, args.columns.options());
	ensure!(
		args.columns.column.is_none() && args.input_units.is_empty(),
		"--column and --input-units are those of a series, and domain {domain} reads rows: omit them"
	);
	ensure!(
		read.time.is_none() && read.clock == Default::default(),
		"options of times are those of a series, and domain {domain} reads rows: omit them"
	);
	// Gaps are reported here, with what can be done about them.
	let options = RowOptions { fill: true, without: args.without.clone(), ..row_options(None, false, read)? };
	match &args.map {
		Some(path) => mapped(champion, program, path, source, &options),
		None if args.raw => unmapped(champion, program, source, &options),
		None => bail!(
			"domain {domain} reads rows of {} bytes, and the chain has no map from the columns of a file to them: name a file of its owner with \
			 --map, or add --raw if the cells are those bytes",
			program.features
		),
	}
}

/// Reads rows, of which a request takes all.
fn read_table(source: &SeriesSource, options: &RowOptions, wanted: Wanted) -> Result<RowTable> {
	let table = RowTable::read(source, options, wanted)?;
	ensure!(
		table.rows() <= MAX_PAIRS as usize,
		"{} has {} rows, and a request takes at most {MAX_PAIRS}: take the last ones with --last {MAX_PAIRS}",
		table.file,
		table.rows()
	);
	table.notes.iter().for_each(|note| eprintln!("{note}"));
	Ok(table)
}

/// Returns the rows of a file by a map of its columns, and the labels of the map.
fn mapped(champion: &Champion, program: &Rows, path: &Path, source: &SeriesSource, options: &RowOptions) -> Result<Read> {
	let mapping = read_map(path)?;
	check_fits(&mapping, program)
		.with_context(|| format!("--map {} is not the map of domain {}", path.display(), champion.domain))?;
	let features = mapping.columns();
	let wanted = Wanted::Model { features: &features, labels: &[], label_is_optional: true };
	let table = read_table(source, options, wanted)?;
	check_gaps(&table, |column| mapping.features.get(column).is_some_and(|map| map.fill.is_some()))?;
	let EncodedRows { bytes, clamped } = mapping.encode_features(&table)?;
	clamped.note(&table.file).iter().for_each(|note| eprintln!("{note}"));
	let numbers = |row: &[u8]| row.iter().take(features.len()).map(|byte| i32::from(*byte)).collect();
	let rows: Vec<Vec<i32>> = bytes.chunks_exact(mapping.program().row_bytes()).map(numbers).collect();
	Ok(Read { inputs: one_or_several(rows), labels: Some(mapping.labels) })
}

/// Returns the rows of a file whose cells are the bytes.
fn unmapped(champion: &Champion, program: &Rows, source: &SeriesSource, options: &RowOptions) -> Result<Read> {
	let table = read_table(source, options, Wanted::Features)?;
	let expected = usize::from(program.features);
	let pixels = if program.image.is_some() { format!(", {}", image(program.image)) } else { String::new() };
	ensure!(
		table.columns.len() == expected,
		"{} has {} columns of features, and domain {} reads {expected}{pixels}: leave out others, e.g. the label, with --without, or name the \
		 features in their order with --inputs",
		table.file,
		table.columns.len(),
		champion.domain
	);
	check_gaps(&table, |_| false)?;
	let byte = |row: usize, column: usize| {
		let value = table.columns[column][row].unwrap_or_default();
		ensure!(
			value.fract() == 0.0 && (0.0..=255.0).contains(&value),
			"{}, line {}: column `{}` is {}, and with --raw cells are whole numbers from 0 to 255: correct it, or name the map of the domain \
			 with --map",
			table.file,
			table.lines[row],
			table.features[column],
			exact(value)
		);
		Ok(value as i32)
	};
	let row = |row: usize| (0..expected).map(|column| byte(row, column)).collect::<Result<Vec<i32>>>();
	let rows = (0..table.rows()).map(row).collect::<Result<Vec<_>>>()?;
	Ok(Read { inputs: one_or_several(rows), labels: None })
}

/// Checks that no cell lacks a value, but for columns that are filled.
fn check_gaps(table: &RowTable, is_filled: impl Fn(usize) -> bool) -> Result<()> {
	for (row, line) in table.lines.iter().enumerate() {
		for (column, (name, values)) in table.features.iter().zip(&table.columns).enumerate() {
			ensure!(
				values[row].is_some() || is_filled(column),
				"{}, line {line}: column `{name}` has no value, and the domain was made of rows without gaps: correct it, or remove the row",
				table.file
			);
		}
	}
	Ok(())
}

/// Checks that a map makes rows of a program.
fn check_fits(mapping: &RowMapping, program: &Rows) -> Result<()> {
	let own = mapping.program();
	ensure!(
		own.features == program.features,
		"it has {} columns of features, and the domain reads {}: {ADVICE}",
		own.features,
		program.features
	);
	ensure!(
		own.image == program.image,
		"it is that of {}, and the domain reads {}: {ADVICE}",
		image(own.image),
		image(program.image)
	);
	ensure!(
		own.target == program.target,
		"it has {}, and the domain has {}: {ADVICE}",
		target(own.target),
		target(program.target)
	);
	Ok(())
}

/// Returns the shape of the features as text.
fn image(image: Option<Image>) -> String {
	match image {
		Some(Image { height, width }) => format!("an image of {height}x{width} pixels, row by row"),
		None => "no image".into(),
	}
}

/// Returns the kind of the labels as text.
fn target(target: RowTarget) -> String {
	match target {
		RowTarget::Classes(count) => format!("{count} classes"),
		RowTarget::Values(1) => "one value".into(),
		RowTarget::Values(count) => format!("{count} values"),
	}
}

#[cfg(test)]
mod tests {
	use super::{
		super::tests::{inputs_of, of},
		*,
	};
	use crate::{args::ColumnArgs, commands::infer::input::read};
	use doin_forecast::rows::{
		bytes::ByteMap,
		labels::{ClassMap, ValueMap},
		write_map, LabelMap,
	};
	use doin_scoring::{Model, Program};
	use doin_serve::wire::Inputs;
	use std::path::PathBuf;
	use tempfile::TempDir;

	fn labeller(features: u16, image: Option<Image>, target: RowTarget) -> Champion {
		let outputs = match target {
			RowTarget::Classes(count) | RowTarget::Values(count) => count,
		};
		let program = Program::Rows(Rows { features, image, target, rows: 1, chunks: 64 });
		let constant = Model::Constant(vec![0; outputs.into()]).to_bytes();
		Champion::new(4, "letters".into(), String::new(), program, &constant).unwrap()
	}

	fn classes() -> LabelMap {
		LabelMap::Classes(ClassMap { column: "y".into(), classes: vec!["A".into(), "B".into()] })
	}

	/// Returns a map of columns that lie from 0 to 15, of which the first one fills gaps.
	fn map(columns: &[&str], labels: LabelMap) -> RowMapping {
		let byte = |(at, column): (usize, &&str)| ByteMap {
			column: column.to_string(),
			least: 0.0,
			greatest: 15.0,
			fill: (at == 0).then_some(7),
		};
		RowMapping { features: columns.iter().enumerate().map(byte).collect(), image: None, labels }
	}

	/// Writes a map to a file.
	fn written(map: &RowMapping) -> (TempDir, PathBuf) {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("letters.map");
		write_map(map, &path).unwrap();
		(folder, path)
	}

	fn by(path: &Path) -> InputArgs {
		InputArgs { map: Some(path.into()), ..InputArgs::default() }
	}

	fn raw(without: &[&str]) -> InputArgs {
		let without = without.iter().map(ToString::to_string).collect();
		InputArgs { raw: true, without, ..InputArgs::default() }
	}

	#[tokio::test]
	async fn rows_are_bytes_by_the_map_of_the_domain_whether_they_have_labels_or_not() {
		let champion = labeller(2, None, RowTarget::Classes(2));
		let (folder, map) = written(&map(&["a", "b"], classes()));
		let expected = Inputs::Several(vec![vec![17, 0], vec![7, 255], vec![255, 51]]);
		// Columns stand in any order, an empty cell of `a` is filled, and 99 lies outside the range.
		let labelled = "y,b,a\nA,0,1\nB,15,\nC,3,99\n";
		assert_eq!(inputs_of(&champion, labelled, by(&map)).await, Ok(expected.clone()));
		assert_eq!(inputs_of(&champion, "b,a\n0,1\n15,\n3,99\n", by(&map)).await, Ok(expected));
		let path = folder.path().join("one.csv");
		std::fs::write(&path, "a,b\n1,0\n").unwrap();
		let one = read(&champion, &InputArgs { map: Some(map), ..of(&path) }).await.unwrap();
		assert_eq!(one, Read { inputs: Inputs::One(vec![17, 0]), labels: Some(classes()) });
	}

	#[tokio::test]
	async fn raw_rows_are_bytes_as_they_are() {
		let champion = labeller(4, Some(Image { height: 2, width: 2 }), RowTarget::Values(1));
		let text = "p1,p2,p3,p4,y\n0,255,7,8,1.5\n1,2,3,4,2\n";
		let expected = Inputs::Several(vec![vec![0, 255, 7, 8], vec![1, 2, 3, 4]]);
		assert_eq!(inputs_of(&champion, text, raw(&["y"])).await, Ok(expected));
		let inputs = ColumnArgs { inputs: vec!["p4,p3".into(), "p2,p1".into()], ..ColumnArgs::default() };
		let named = InputArgs { columns: inputs, ..raw(&[]) };
		let reversed = Inputs::Several(vec![vec![8, 7, 255, 0], vec![4, 3, 2, 1]]);
		assert_eq!(inputs_of(&champion, text, named).await, Ok(reversed));
		let error = inputs_of(&champion, text, raw(&[])).await.unwrap_err();
		assert!(error.contains("a.csv has 5 columns of features, and domain 4 reads 4, an image of 2x2 pixels"), "{error}");
	}

	#[tokio::test]
	async fn cells_that_are_no_bytes_are_named_with_line_and_column() {
		let champion = labeller(2, None, RowTarget::Classes(2));
		let refused = |text: &'static str| {
			let champion = champion.clone();
			async move { inputs_of(&champion, text, raw(&[])).await.unwrap_err() }
		};
		let error = refused("a,b\n1,2\n3,256\n").await;
		assert!(
			error.contains("a.csv, line 3: column `b` is 256, and with --raw cells are whole numbers from 0 to 255"),
			"{error}"
		);
		assert!(refused("a,b\n1.5,2\n").await.contains("line 2: column `a` is 1.5"));
		assert!(refused("a,b\n-1,2\n").await.contains("line 2: column `a` is -1"));
		assert!(refused("a,b\n1,2\n3,\n").await.contains("line 3: column `b` has no value"));
		assert!(refused("a,b\n1,2\n3,4\n5,6\nx,8\n").await.contains("line 5: invalid value `x` in column `a`"));
		let many: String = std::iter::once("a,b\n").chain(std::iter::repeat_n("1,2\n", 65)).collect();
		let error = inputs_of(&champion, &many, raw(&[])).await.unwrap_err();
		assert!(error.contains("a.csv has 65 rows, and a request takes at most 64") && error.contains("--last 64"), "{error}");
	}

	#[tokio::test]
	async fn a_gap_is_named_unless_the_map_fills_it() {
		let champion = labeller(2, None, RowTarget::Classes(2));
		let (_folder, map) = written(&map(&["a", "b"], classes()));
		let error = inputs_of(&champion, "a,b\n,2\n1,\n", by(&map)).await.unwrap_err();
		assert!(error.contains("a.csv, line 3: column `b` has no value"), "{error}");
		let error = inputs_of(&champion, "a,c\n1,2\n", by(&map)).await.unwrap_err();
		assert!(error.contains("`b`"), "{error}");
	}

	#[tokio::test]
	async fn the_map_of_another_domain_is_refused() {
		let text = "a,b\n1,2\n";
		let value = ValueMap { column: "y".into(), offset: 0.0, unit: 0.5, deviation: 1.0 };
		let image = |map: RowMapping| RowMapping { image: Some(Image { height: 1, width: 2 }), ..map };
		for (map, reason) in [
			(map(&["a", "b", "c"], classes()), "it has 3 columns of features, and the domain reads 2"),
			(
				image(map(&["a", "b"], classes())),
				"it is that of an image of 1x2 pixels, row by row, and the domain reads no image",
			),
			(map(&["a", "b"], LabelMap::Values(vec![value])), "it has one value, and the domain has 2 classes"),
		] {
			let (_folder, path) = written(&map);
			let error = inputs_of(&labeller(2, None, RowTarget::Classes(2)), text, by(&path)).await.unwrap_err();
			assert!(error.contains("is not the map of domain 4") && error.contains(reason), "{error}");
		}
	}

	#[tokio::test]
	async fn rows_need_a_map_and_no_options_of_a_series() {
		let champion = labeller(2, None, RowTarget::Classes(2));
		let error = inputs_of(&champion, "a,b\n1,2\n", InputArgs::default()).await.unwrap_err();
		assert!(
			error.contains("domain 4 reads rows of 2 bytes") && error.contains("--map") && error.contains("--raw"),
			"{error}"
		);
		let columns = ColumnArgs { column: Some("a".into()), ..ColumnArgs::default() };
		let error = inputs_of(&champion, "a,b\n1,2\n", InputArgs { columns, ..raw(&[]) }).await.unwrap_err();
		assert!(error.contains("--column and --input-units are those of a series"), "{error}");
	}
}
