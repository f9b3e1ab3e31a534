//! Exports to Parquet files, as another reader sees them.

use super::{rebuilt::random_chain, *};
use crate::{export_parquet, postgres::TABLES, ParquetError};
use ::parquet::{
	file::reader::{FileReader, SerializedFileReader},
	record::Field,
};
use std::{
	collections::BTreeMap,
	fs::{self, File},
	path::Path,
};

/// Returns the rows of every table in a folder, as texts of their columns.
fn rows_of_folder(folder: &Path) -> BTreeMap<&'static str, Vec<Vec<String>>> {
	let text = |field: &Field| match field {
		Field::Null => "NULL".into(),
		Field::Bool(value) => u8::from(*value).to_string(),
		Field::Long(value) | Field::TimestampMillis(value) => value.to_string(),
		Field::ULong(value) => value.to_string(),
		Field::Double(value) => format!("{value:?}"),
		Field::Str(value) => value.clone(),
		other => panic!("{other:?}"),
	};
	let rows = |name: &'static str| {
		let mut rows: Vec<Vec<String>> = Vec::new();
		for file in fs::read_dir(folder.join(name)).into_iter().flatten().flatten() {
			let reader = SerializedFileReader::new(File::open(file.path()).unwrap()).unwrap();
			let read = reader.get_row_iter(None).unwrap().map(Result::unwrap);
			rows.extend(read.map(|row| row.get_column_iter().map(|(_, field)| text(field)).collect()));
		}
		rows.sort();
		(name, rows)
	};
	TABLES.iter().map(|table| rows(table.name)).collect()
}

/// Returns the rows of every table of a database, as texts of their columns. Times are milliseconds since 1970.
fn rows_of_store(store: &Store) -> BTreeMap<&'static str, Vec<Vec<String>>> {
	let rows = |name: &'static str| {
		let mut statement = store.database.prepare(&format!("SELECT * FROM {name}")).unwrap();
		let columns = statement.column_count();
		let cell = |value: Sql| match value {
			Sql::Null => "NULL".into(),
			Sql::Integer(number) => number.to_string(),
			Sql::Real(number) => format!("{number:?}"),
			Sql::Text(text) if text.len() == 24 && text.ends_with('Z') => millis(store, &text),
			Sql::Text(text) => text,
			Sql::Blob(_) => panic!("{name} has bytes"),
		};
		let cells = |row: &rusqlite::Row<'_>| (0..columns).map(|at| Ok(cell(row.get(at)?))).collect::<rusqlite::Result<_>>();
		let mut rows: Vec<Vec<String>> = statement.query_map([], cells).unwrap().map(Result::unwrap).collect();
		rows.sort();
		(name, rows)
	};
	TABLES.iter().map(|table| rows(table.name)).collect()
}

fn millis(store: &Store, time: &str) -> String {
	let query = "SELECT CAST(round((julianday(?1) - 2440587.5) * 86400000) AS INTEGER)";
	store.database.query_row(query, [time], |row| row.get::<_, i64>(0)).unwrap().to_string()
}

fn long_chain() -> Vec<Block> {
	let choices: Vec<Vec<u16>> =
		(0..60u16).map(|block| (0..block % 5).map(|event| (block * 977 + event * 31) ^ 0x5A5A).collect()).collect();
	random_chain(&choices, [5, 20, 40, 59])
}

#[test]
fn an_export_adds_what_is_new_and_can_be_repeated() {
	let (folder, path) = folder();
	let (files, blocks) = (folder.path().join("files"), long_chain());
	let mut store = Store::open(&path).unwrap();
	assert_eq!(export_parquet(&path, &files).unwrap().last, None);
	for part in blocks.chunks(17) {
		store.write(part).unwrap();
		let exported = export_parquet(&path, &files).unwrap();
		assert_eq!((exported.blocks as usize, exported.last), (part.len(), part.last().map(|block| block.number)));
		assert_eq!(rows_of_folder(&files), rows_of_store(&store));
		let again = export_parquet(&path, &files).unwrap();
		assert_eq!((again.blocks, again.files, again.last), (0, 0, exported.last));
	}
	let names = fs::read_dir(files.join("event")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
	let mut names: Vec<String> = names.collect();
	names.sort();
	assert_eq!(names[..2], ["0000000000-0000000016.parquet", "0000000017-0000000033.parquet"]);
	assert_eq!(fs::read_dir(files.join("seat")).unwrap().count(), 1);
}

#[test]
fn an_export_that_was_killed_leaves_no_duplicates() {
	let (folder, path) = folder();
	let (files, blocks) = (folder.path().join("files"), long_chain());
	let mut store = Store::open(&path).unwrap();
	store.write(&blocks[..20]).unwrap();
	export_parquet(&path, &files).unwrap();
	let kept = fs::read(files.join("_position.json")).unwrap();
	store.write(&blocks[20..30]).unwrap();
	export_parquet(&path, &files).unwrap();
	// The files are there, and the position is not written yet. Another file is not complete.
	fs::write(files.join("_position.json"), kept).unwrap();
	fs::write(files.join("event/0000000020-0000000029.parquet.part"), "half a file").unwrap();
	store.write(&blocks[30..]).unwrap();
	let exported = export_parquet(&path, &files).unwrap();
	assert_eq!(exported.blocks as usize, blocks.len() - 20);
	assert_eq!(rows_of_folder(&files), rows_of_store(&store));
}

#[test]
fn wide_integers_keep_their_value() {
	let opened = serde_json::json!({ "subject": "other", "domain": 3, "target": u64::MAX.to_string() });
	let blocks = [crate::testing::block(1, 0, vec![crate::testing::task("TaskOpened", 1 << 63, opened)])];
	let (folder, store) = stored(&blocks);
	let files = folder.path().join("files");
	export_parquet(store.path(), &files).unwrap();
	let task = &rows_of_folder(&files)["task"][0];
	assert_eq!((task[0].as_str(), task[4].as_str()), ("9223372036854775808", "18446744073709551615"));
}

#[test]
fn folders_of_others_are_refused_and_not_changed() {
	let (folder, path) = folder();
	let (files, blocks) = (folder.path().join("files"), long_chain());
	let mut store = Store::open(&path).unwrap();
	store.write(&blocks[..20]).unwrap();
	fs::create_dir(&files).unwrap();
	fs::write(files.join("report.txt"), "").unwrap();
	assert!(matches!(export_parquet(&path, &files), Err(ParquetError::OtherFiles { .. })));
	fs::remove_file(files.join("report.txt")).unwrap();
	export_parquet(&path, &files).unwrap();
	let before = rows_of_folder(&files);

	let (_shorter_folder, shorter) = stored(&blocks[..10]);
	let error = export_parquet(shorter.path(), &files).unwrap_err();
	assert!(matches!(error, ParquetError::Ahead { block: 19, .. }), "{error}");
	let (_other_folder, other) = stored(&[crate::testing::block(9, 0, vec![])]);
	let error = export_parquet(other.path(), &files).unwrap_err();
	assert!(matches!(error, ParquetError::OtherChain { block: 0, .. }), "{error}");

	let held = File::options().append(true).open(files.join("_lock")).unwrap();
	held.lock().unwrap();
	let error = export_parquet(&path, &files).unwrap_err();
	assert!(matches!(error, ParquetError::Locked { .. }), "{error}");
	drop(held);

	let text = fs::read_to_string(files.join("_position.json")).unwrap();
	let with_schema = |version: i64| {
		let changed = text.replace(&format!("\"schema\":{}", crate::SCHEMA_VERSION), &format!("\"schema\":{version}"));
		fs::write(files.join("_position.json"), changed).unwrap();
		export_parquet(&path, &files).unwrap_err()
	};
	assert!(matches!(with_schema(4), ParquetError::NewerSchema { found: 4, .. }));
	let older = with_schema(1);
	assert!(matches!(older, ParquetError::OlderSchema { found: 1, .. }) && older.to_string().contains("empty folder"), "{older}");
	assert_eq!(rows_of_folder(&files), before);
	let missing = folder.path().join("none.db");
	assert!(matches!(export_parquet(&missing, &files), Err(ParquetError::Store(crate::StoreError::Missing { .. }))));
}

#[test]
fn a_database_that_begins_later_is_exported_and_leaves_no_gap() {
	let blocks = chain(8);
	let later = |first: u32, end: usize| {
		let (folder, path) = folder();
		let mut store = Store::open(&path).unwrap();
		store.begin_with(blocks[0].hash, first);
		store.write(&blocks[first as usize..end]).unwrap();
		(folder, store)
	};
	let (folder, store) = later(9, 20);
	let files = folder.path().join("files");
	let exported = export_parquet(store.path(), &files).unwrap();
	assert_eq!((exported.blocks, exported.last), (11, Some(19)));
	assert_eq!(rows_of_folder(&files), rows_of_store(&store));
	let (_next_folder, next) = later(20, 30);
	assert_eq!(export_parquet(next.path(), &files).unwrap().last, Some(29));
	let (_gap_folder, gap) = later(31, 40);
	let error = export_parquet(gap.path(), &files).unwrap_err();
	assert!(matches!(error, ParquetError::Behind { block: 29, first: 31, .. }), "{error}");
}
