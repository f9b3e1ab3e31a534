//! The CSV file of rounds.

use super::*;
use crate::{
	testing::{block, committed, of_round},
	StatsFile, StoreError,
};
use serde_json::Value;
use std::{fs, path::Path};

/// Columns of the Python implementation of DOIN, in its order.
const UPSTREAM: &str = "experiment_id,round_id,domain_id,node_id,timestamp_utc,wall_clock_seconds,experiment_start_utc,\
	time_to_current_best_seconds,time_to_target_seconds,total_rounds,round_number,performance,best_performance,target_performance,\
	performance_delta,converged,parameters,best_parameters,optimization_config,param_bounds,hostname,optimizer_plugin,doin_version,\
	chain_height,peers_count,block_reward_earned,train_mae,train_naive_mae,val_mae,val_naive_mae,test_mae,test_naive_mae,\
	performance_metric,metric_schema,higher_is_better,generation,stage,total_stages,stage_name,gen_in_stage,n_generations_stage,\
	n_generations_total,total_candidates_evaluated,population_size,no_improve_counter,optimization_patience,avg_fitness,\
	best_fitness_gen,neat_species_count,neat_avg_complexity,metrics";

/// Appends to the file, and returns the number of new lines.
fn append(path: &Path, store: &Store) -> Result<u64, StoreError> {
	StatsFile::open(path, store)?.append(store)
}

#[test]
fn the_file_has_the_columns_of_the_python_implementation_and_a_line_a_seat() {
	let (folder, store) = stored(&chain(3));
	let path = folder.path().join("rounds.csv");
	assert_eq!(append(&path, &store).unwrap(), 6);
	let mut reader = csv::Reader::from_path(&path).unwrap();
	assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(","), UPSTREAM);
	let first = reader.records().next().unwrap().unwrap();
	let cell = |name: &str| first.get(UPSTREAM.split(',').position(|column| column == name).unwrap()).unwrap().to_owned();
	assert_eq!((cell("experiment_id"), cell("round_id"), cell("node_id")), ("0/5Alice".into(), "0/0/0".into(), "5Alice".into()));
	assert_eq!(
		(cell("performance"), cell("higher_is_better"), cell("optimizer_plugin")),
		("1000000".into(), "0".into(), "doin".into())
	);
	assert_eq!((cell("chain_height"), cell("total_rounds"), cell("val_mae")), ("5".into(), "1".into(), "".into()));
	assert!(serde_json::from_str::<Value>(&cell("metrics")).unwrap().is_object());
	assert_eq!((cell("parameters"), cell("best_parameters")), ("[0,-7]".into(), "[0,-7]".into()));
	assert_eq!((cell("block_reward_earned"), cell("target_performance")), ("0".into(), "".into()));
}

#[test]
fn lines_are_appended_once_whatever_the_steps() {
	let blocks = chain(8);
	let (folder, whole) = stored(&blocks);
	let path = |name: &str| folder.path().join(name);
	append(&path("whole.csv"), &whole).unwrap();
	for step in [1, 3, 7] {
		let (_folder, store_path) = super::folder();
		let (mut store, name) = (Store::open(&store_path).unwrap(), path(&format!("{step}.csv")));
		let mut lines = 0;
		for part in blocks.chunks(step) {
			store.write(part).unwrap();
			lines += append(&name, &store).unwrap();
			assert_eq!(append(&name, &store).unwrap(), 0, "there is nothing new");
		}
		assert_eq!(lines, 16);
		assert_eq!(fs::read(&name).unwrap(), fs::read(path("whole.csv")).unwrap());
	}
}

#[test]
fn a_file_that_was_cut_is_completed() {
	let (folder, store) = stored(&chain(2));
	let path = folder.path().join("rounds.csv");
	append(&path, &store).unwrap();
	let whole = fs::read(&path).unwrap();
	for length in (0..whole.len()).step_by(7) {
		fs::write(&path, &whole[..length]).unwrap();
		append(&path, &store).unwrap_or_else(|error| panic!("{length} bytes: {error}"));
		assert!(fs::read(&path).unwrap() == whole, "{length} bytes");
	}
}

#[test]
fn files_of_others_are_refused_and_not_changed() {
	let (folder, store) = stored(&chain(2));
	let path = folder.path().join("rounds.csv");
	let header = format!("{UPSTREAM}\n");
	let columns = UPSTREAM.split(',').count();
	let foreign = format!("{header}x,9/9/9{}\n", ",".repeat(columns - 2));
	for (text, is_columns) in [("a,b\n1,2\n", true), ("some text", true), ("experiment_id\n", true), (foreign.as_str(), false)] {
		fs::write(&path, text).unwrap();
		let error = append(&path, &store).unwrap_err();
		let expected = match is_columns {
			true => matches!(error, StoreError::OtherColumns { .. }),
			false => matches!(error, StoreError::UnknownRound { .. }),
		};
		assert!(expected && error.to_string().contains("rounds.csv"), "{error}");
		assert_eq!(fs::read_to_string(&path).unwrap(), text);
	}
}

#[test]
fn rounds_of_a_chain_that_began_anew_are_not_mixed_with_earlier_ones() {
	let (folder, store) = stored(&chain(3));
	let path = folder.path().join("rounds.csv");
	append(&path, &store).unwrap();
	let before = fs::read(&path).unwrap();
	// The new chain has the same rounds at the same heights, at other times.
	let mut anew = chain(4);
	anew.iter_mut().for_each(|block| block.timestamp = block.timestamp.map(|time| time + 1));
	let (_anew_folder, anew) = stored(&anew);
	let error = append(&path, &anew).unwrap_err();
	assert!(matches!(error, StoreError::UnknownRound { .. }), "{error}");
	assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn one_process_appends_to_a_file() {
	let (folder, store) = stored(&chain(1));
	let path = folder.path().join("rounds.csv");
	let first = StatsFile::open(&path, &store).unwrap();
	let error = append(&path, &store).unwrap_err();
	assert!(matches!(error, StoreError::CsvLocked { .. }) && error.to_string().contains("rounds.csv"), "{error}");
	drop(first);
	assert_eq!(append(&path, &store).unwrap(), 2);
}

#[test]
fn a_name_that_begins_like_a_formula_is_no_formula() {
	let mut reveal = crate::testing::revealed(3, 1, 0, "5Alice", 7, 100);
	reveal.2["metrics"]["optimizer"] = format!("0x{}", hex::encode("=1+2,\n\"x\"")).into();
	let decided = of_round("RoundDecided", 3, 1, &[("winner", Value::Null)]);
	let blocks = [block(1, 0, vec![]), block(1, 1, vec![committed(3, 1, 0, "5Alice"), reveal, decided])];
	let (folder, store) = stored(&blocks);
	let path = folder.path().join("rounds.csv");
	append(&path, &store).unwrap();
	let text = fs::read_to_string(&path).unwrap();
	assert_eq!(text.lines().count(), 2);
	assert!(text.contains("\"'=1+2,\u{fffd}\"\"x\"\"\""), "{text}");
	assert_eq!(append(&path, &store).unwrap(), 0);
}
