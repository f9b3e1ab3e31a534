//! `export`: copies the facts of the database of `index` to a CSV file, to Parquet files or to PostgreSQL.

use super::index::{append_rounds, DatabaseArgs};
use crate::report::{count, entry, OutputArgs};
use anyhow::Result;
use clap::Args;
use doin_analytics::{export_parquet, export_postgres, Exported, ExportedFiles, Store};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Arguments of `export`.
#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("target").required(true).multiple(true).args(["csv", "parquet", "postgres"]))]
pub struct ExportArgs {
	#[command(flatten)]
	database: DatabaseArgs,
	/// CSV file, to which the rounds after its last line are appended; one line a seat of an ended round
	#[arg(long, value_name = "FILE")]
	csv: Option<PathBuf>,
	/// Folder of Parquet files, to which all facts are added that it lacks; one folder a table
	#[arg(long, value_name = "FOLDER")]
	parquet: Option<PathBuf>,
	/// PostgreSQL database, to which all facts are added that it lacks, e.g. postgresql://USER@HOST/DATABASE. Other users of the
	/// machine can read a password in the arguments, and none in the environment
	#[arg(long, value_name = "DSN", env = "DOIN_POSTGRES", hide_env_values = true)]
	postgres: Option<String>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `export`.
///
/// # Errors
///
/// Errors if there is no database, if the file or the server does not belong to it, or if one of them cannot be written.
pub async fn run(args: ExportArgs) -> Result<()> {
	let ExportArgs { database: DatabaseArgs { olap_db }, csv, parquet, postgres, output } = args;
	let csv = match csv {
		Some(path) => {
			let (_, lines) = append_rounds(&path, &Store::open_existing(&olap_db)?)?;
			Some(CsvReport { path, lines })
		}
		None => None,
	};
	let parquet = match parquet {
		Some(folder) => Some(ParquetReport::new(export_parquet(&olap_db, &folder)?, folder)),
		None => None,
	};
	let postgres = match postgres {
		Some(server) => {
			let written = |block| tracing::info!(target: "doin::export", block, "facts exported");
			Some(export_postgres(&olap_db, &server, written).await?.into())
		}
		None => None,
	};
	output.print(&ExportReport { database: olap_db, csv, parquet, postgres })
}

/// Report of `export`.
#[derive(Debug, Serialize)]
struct ExportReport {
	database: PathBuf,
	csv: Option<CsvReport>,
	parquet: Option<ParquetReport>,
	postgres: Option<PostgresReport>,
}

/// Report of a CSV file.
#[derive(Debug, Serialize)]
struct CsvReport {
	path: PathBuf,
	/// Number of new lines.
	lines: u64,
}

/// Report of a folder of Parquet files.
#[derive(Debug, Serialize)]
struct ParquetReport {
	folder: PathBuf,
	/// Number of new blocks.
	blocks: u32,
	/// Number of files that were written.
	files: u32,
	/// Number of rows in them.
	rows: u64,
	/// Last block; `None` if there is none.
	last: Option<u32>,
}

impl ParquetReport {
	fn new(ExportedFiles { blocks, files, rows, last }: ExportedFiles, folder: PathBuf) -> Self {
		Self { folder, blocks, files, rows, last }
	}
}

/// Report of a PostgreSQL database.
#[derive(Debug, Serialize)]
struct PostgresReport {
	server: String,
	/// Number of new blocks.
	blocks: u32,
	/// Number of rows that were added or changed.
	rows: u64,
	/// Last block; `None` if there is none.
	last: Option<u32>,
}

impl From<Exported> for PostgresReport {
	fn from(Exported { server, blocks, rows, last }: Exported) -> Self {
		Self { server, blocks, rows, last }
	}
}

impl Display for ExportReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "database", self.database.display())?;
		if let Some(CsvReport { path, lines }) = &self.csv {
			entry(f, "CSV file", format_args!("{}, {} new", path.display(), count(*lines as usize, "line")))?;
		}
		let shown = |last: &Option<u32>| last.map_or("none".into(), |last| last.to_string());
		if let Some(ParquetReport { folder, blocks, files, rows, last }) = &self.parquet {
			let (folder, last) = (folder.display(), shown(last));
			entry(
				f,
				"Parquet",
				format_args!("{folder}, blocks: {blocks} new, last {last}; {files} files with {rows} rows written"),
			)?;
		}
		if let Some(PostgresReport { server, blocks, rows, last }) = &self.postgres {
			let last = shown(last);
			entry(f, "PostgreSQL", format_args!("{server}, blocks: {blocks} new, last {last}; rows: {rows} added or changed"))?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_missing_database_is_named_and_no_file_is_made() {
		let folder = tempfile::tempdir().unwrap();
		let (olap_db, csv) = (folder.path().join("facts.db"), folder.path().join("rounds.csv"));
		let args = ExportArgs {
			database: DatabaseArgs { olap_db: olap_db.clone() },
			csv: Some(csv.clone()),
			parquet: None,
			postgres: None,
			output: OutputArgs::default(),
		};
		let postgres = ExportArgs { csv: None, postgres: Some("host=127.0.0.1 port=1".into()), ..args.clone() };
		let parquet = ExportArgs { csv: None, parquet: Some(folder.path().join("files")), ..args.clone() };
		for args in [args.clone(), parquet, postgres] {
			let error = run(args).await.unwrap_err().to_string();
			assert!(error.contains("facts.db") && error.contains("doin-worker index"), "{error}");
		}
		assert!(!csv.exists() && !olap_db.exists());
		Store::open(&olap_db).unwrap();
		run(args).await.unwrap();
		assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 1, "the names of the columns");
	}

	#[test]
	fn a_report_names_what_is_new_and_no_password() {
		let exported = Exported { server: "localhost/facts".into(), blocks: 3, rows: 70, last: Some(9) };
		let report = ExportReport {
			database: "facts.db".into(),
			csv: Some(CsvReport { path: "r.csv".into(), lines: 1 }),
			parquet: Some(ParquetReport { folder: "files".into(), blocks: 3, files: 4, rows: 50, last: Some(9) }),
			postgres: Some(exported.into()),
		};
		let text = "database    facts.db\nCSV file    r.csv, 1 line new\n\
			Parquet     files, blocks: 3 new, last 9; 4 files with 50 rows written\n\
			PostgreSQL  localhost/facts, blocks: 3 new, last 9; rows: 70 added or changed\n";
		assert_eq!(report.to_string(), text);
	}
}
