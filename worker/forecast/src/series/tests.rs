use super::*;

fn read_with(text: &str, time: bool, fill: Option<Fill>) -> Result<Series> {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("data.csv");
	std::fs::write(&path, text).unwrap();
	let options = ReadOptions { time: time.then(|| "t".to_string()), fill, ..Default::default() };
	Series::read(&path, None, Some("v"), &options).map(|(_, series)| series)
}

fn refusal(text: &str, time: bool) -> String {
	format!("{:#}", read_with(text, time, None).unwrap_err())
}

#[test]
fn a_column_is_read_in_order() {
	let series =
		read_with("t,v\n2016-07-01 00:00:00,1.5\n2016-07-01 01:00:00, 2 \n2016-07-01 02:00:00,3e0\n", true, None).unwrap();
	assert_eq!((series.rows(), series.filled), (3, 0));
	assert_eq!(series.values, vec![1.5, 2.0, 3.0]);
	assert_eq!(series.clock.unwrap().at(3), "2016-07-01 03:00:00");
}

#[test]
fn times_are_found_where_no_column_is_named() {
	let clock = |text| read_with(text, false, None).unwrap().clock.map(|clock| clock.at(2));
	assert_eq!(clock("t,v\n2020-02-27,1\n2020-02-28,2\n"), Some("2020-02-29".into()));
	assert_eq!(clock("t,v\n1,1\n2,2\n"), None, "numbers may mean anything");
	assert_eq!(
		clock("t,v\n2020-02-27 00:00,1\n2020-02-27 01:00,2\n2020-02-27 02:00,2\n2020-02-27 06:00,3\n"),
		None,
		"steps differ"
	);
	let filled = read_with("t,v\n0,\n60,1\n120,2\n", true, Some(Fill::Linear)).unwrap();
	assert_eq!(filled.clock.unwrap().at(0), "60", "leading gaps are not filled");
}

#[test]
fn the_only_column_of_numbers_needs_no_name() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("data.csv");
	let only = |text: &str, time: Option<&str>| {
		std::fs::write(&path, text).unwrap();
		let options = ReadOptions { time: time.map(str::to_string), ..Default::default() };
		Series::read(&path, None, None, &options).map(|(names, _)| names[0].clone()).map_err(|error| format!("{error:#}"))
	};
	assert_eq!(only("when,v\n2020-01-01,1\n2020-01-02,2\n", None).unwrap(), "v");
	assert_eq!(only("n,v\n1,1\n2,2\n", Some("n")).unwrap(), "v");
	let several = only("n,v\n1,1\n", None).unwrap_err();
	assert!(several.contains("--column") && several.contains("`n`, `v`"), "{several}");
	assert!(only("n,v\n", None).unwrap_err().contains("no rows"));
	assert!(only("n,v\nx,y\n", None).unwrap_err().contains("no column of numbers"));
}

#[test]
fn a_missing_column_is_reported_with_the_existing_ones() {
	let reason = refusal("a,b\n1,2\n", false);
	assert!(reason.contains("no column `v`") && reason.contains("`a`, `b`"), "{reason}");
}

#[test]
fn bad_cells_are_named_by_line() {
	assert!(refusal("t,v\n1,1\n2,x\n", false).contains("line 3: invalid value `x`"));
	let gap = refusal("t,v\n1,1\n2,\n3,4\n", false);
	assert!(gap.contains("line 3") && gap.contains("--fill linear"), "{gap}");
	assert!(refusal("t,v\n1,1\n2,NaN\n", false).contains("line 3"));
	assert!(refusal("t,v\n1,1\n2,inf\n", false).contains("line 3"));
	assert!(refusal("t,v\n1,1\n2\n", false).contains("line 3: column `v` has no value"));
}

#[test]
fn times_have_to_ascend_evenly() {
	assert!(refusal("t,v\n1,1\n3,2\n2,3\n", true).contains("line 4: the time `2` is not after that of line 3, `3`"));
	let gap = refusal("t,v\n2020-02-28,1\n2020-02-29,2\n2020-03-01,3\n2020-03-04,4\n", true);
	assert!(gap.contains("line 5") && gap.contains("2 values are missing"), "{gap}");
	assert!(refusal("t,v\nyesterday,1\n2,2\n", true).contains("invalid time `yesterday`"));
	assert!(refusal("t,v\n2021-02-28,1\n2021-02-31,2\n", true).contains("line 3: invalid time `2021-02-31`"));
}

#[test]
fn gaps_are_filled_with_straight_lines() {
	let series = read_with("t,v\n0,1\n60,\n120,3\n180,4\n360,7\n", true, Some(Fill::Linear)).unwrap();
	assert_eq!((series.values, series.filled), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 3));
	assert!(format!("{:#}", read_with("t,v\n0,\n1,\n", false, Some(Fill::Linear)).unwrap_err()).contains("no values at all"));
}

#[test]
fn further_columns_are_read_row_by_row() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("data.csv");
	let read = |text: &str, inputs: &[&str], fill| {
		std::fs::write(&path, text).unwrap();
		let inputs: Vec<String> = inputs.iter().map(ToString::to_string).collect();
		let options = ReadOptions { inputs, fill, ..Default::default() };
		Series::read(&path, None, Some("v"), &options).map(|(_, series)| series)
	};
	let refusal = |text: &str, inputs: &[&str]| format!("{:#}", read(text, inputs, None).unwrap_err());
	let series = read("a,v,b\n1,10,5\n2,20,5\n3,40,5\n", &["b", "a"], None).unwrap();
	assert_eq!((&series.values, &series.inputs), (&vec![10.0, 20.0, 40.0], &vec![vec![5.0; 3], vec![1.0, 2.0, 3.0]]));
	let raw = series.quantise(1, Some(10.0)).unwrap();
	assert_eq!((&raw.values[..4], &raw.inputs), (&[1, 500, 100, 2][..], &vec![0.01, 0.01]));
	assert_eq!(series.raw(5.0, &[5.0, 1.0]).unwrap()[..3], [2, 1, 1]);
	assert!(refusal("v,a\n1,1\n2,x\n", &["a"]).contains("line 3: invalid value `x` in column `a`: expected a number"));
	assert!(refusal("v,a\n1,1\n", &["b"]).contains("no column `b`"));
	assert!(refusal("v,a\n1,1\n", &["a", "a"]).contains("`a` is named twice"));
	assert!(refusal("v,a\n1,1\n", &["v"]).contains("`v` is named twice"));
	// Where a column begins late or ends early, there is nothing to interpolate from.
	let filled = read("v,a\n1,\n2,10\n4,\n5,30\n6,\n", &["a"], Some(Fill::Linear)).unwrap();
	assert_eq!((filled.values, filled.inputs, filled.filled), (vec![2.0, 4.0, 5.0], vec![vec![10.0, 20.0, 30.0]], 1));
}

#[test]
fn a_series_without_anything_to_forecast_is_rejected() {
	assert!(refusal("t,v\n1,5\n2,5\n", false).contains("constant at 5"));
	assert!(refusal("t,v\n", false).contains("no rows"));
}
