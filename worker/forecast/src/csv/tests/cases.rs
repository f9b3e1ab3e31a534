//! Forms in which people have tables, by the case that they are an example of.

use super::{assert_has, notes, File};
use crate::{csv::MAX_HELD_ROWS, Decimal, Fill, ReadOptions, SeriesSource, Table};
use flate2::{write::GzEncoder, Compression};
use std::io::Write;

#[test]
fn k01_semicolons_and_decimal_commas() {
	let file = File::new(
		"Date;Time;CO(GT);T;;\r\n10/03/2031;18.00.00;2,6;13,6;;\r\n10/03/2031;19.00.00;2;13,3;;\r\n\
		10/03/2031;20.00.00;2,2;-11,9;;\r\n;;;;;\r\n;;;;;\r\n",
	);
	let table = file.with("CO(GT)", |_| ()).unwrap();
	assert_eq!(table.series.values, [2.6, 2.0, 2.2]);
	assert_has(
		&notes(&table),
		&["separated by semicolons", "decimals are separated by commas", "2 rows without any value left out"],
	);
	assert_eq!(file.values("T"), [13.6, 13.3, -11.9]);
	let several = file.read(None, &ReadOptions::default()).unwrap_err();
	assert_has(&several, &["several columns of numbers", "--column", "`CO(GT)`, `T`"]);
	let wrong = file.refusal("co(gt)");
	assert_has(&wrong, &["no column `co(gt)`", "Did you mean `CO(GT)`?", "`Date`, `Time`, `CO(GT)`, `T`"]);
	// A single column of decimal commas, tabs, and vertical bars.
	assert_eq!(File::new("v\n2,3\n2,75\n-0,5\n").values("v"), [2.3, 2.75, -0.5]);
	assert_eq!(File::new("t\tv\na, b\t2,5\nc\t1,25\n").values("v"), [2.5, 1.25]);
	assert_eq!(File::new("t|v\na, b|2.5\nc|1.25\n").values("v"), [2.5, 1.25]);
	// Commas in the names of a file that semicolons separate.
	assert_eq!(File::new("Temp, °C;Wind, m/s\n2,3;4,5\n2,5;4,5\n").values("Temp, °C"), [2.3, 2.5]);
}

#[test]
fn k01_an_ambiguous_decimal_separator_is_asked_for() {
	let ambiguous = File::new("a;v\nx;1,234\ny;2,345\n");
	assert_has(
		&ambiguous.refusal("v"),
		&["data.csv, column `v`: line 2: `1,234`", "1.234 or 1234", "--decimal ,", "--decimal ."],
	);
	let decimal = |decimal| ambiguous.with("v", |options| options.csv.decimal = Some(decimal)).unwrap().series.values;
	assert_eq!((decimal(Decimal::Comma), decimal(Decimal::Point)), (vec![1.234, 2.345], vec![1234.0, 2345.0]));
	assert_eq!((",".parse(), ".".parse()), (Ok(Decimal::Comma), Ok(Decimal::Point)));
	assert!(";".parse::<Decimal>().unwrap_err().contains("expected . or ,"));
	// Another number of the column, or another column, decides.
	assert_eq!(File::new("a;v\nx;1,234\ny;0,5\n").values("v"), [1.234, 0.5]);
	assert_eq!(File::new("v;w\n1.234;0,5\n2.345;0,25\n").values("v"), [1234.0, 2345.0]);
	assert_eq!(File::new("v;w\n1.234;0.5\n2.345;0.25\n").values("v"), [1.234, 2.345]);
	assert_has(&File::new("a;v\nx;1,5\ny;2.5\n").refusal("v"), &["line 3, `2.5`, is a point", "line 2, `1,5`, is a comma"]);
}

#[test]
fn k01_a_point_before_three_digits_is_asked_for_where_it_may_separate_thousands() {
	let question =
		["line 2: `1.234` is either 1.234 or 1234", "--decimal . if the point", "--decimal , if it separates thousands"];
	for text in ["a;v\nx;1.234\ny;996\n", "a\tv\nx\t1.234\ny\t996\n", "a,v\nx,1.234\ny,996\n"] {
		let file = File::new(text);
		assert_has(&file.refusal("v"), &question);
		let decimal = |decimal| file.with("v", |options| options.csv.decimal = Some(decimal)).unwrap().series.values[0];
		assert_eq!((decimal(Decimal::Point), decimal(Decimal::Comma)), (1.234, 1234.0), "{text}");
	}
	for (text, values) in [
		// Numbers that no separator of thousands explains, or that lack it.
		("a;v\nx;1.234\ny;996.5\n", [1.234, 996.5]),
		("a;v\nx;1.234\ny;0.996\n", [1.234, 0.996]),
		("a;v\nx;1.234e+0\ny;996\n", [1.234, 996.0]),
		("a;v\nx;1,234e+0\ny;996\n", [1.234, 996.0]),
		("a;v\nx;1.234\ny;-12.345.678\n", [1234.0, -12_345_678.0]),
		// Where commas separate the columns, the point is the usual decimal separator.
		("a,v\nx,1.234\ny,2.345\n", [1.234, 2.345]),
		("a,v\nx,1.234\ny,0\n", [1.234, 0.0]),
		("a,v\nx,1.234\ny,1996\n", [1.234, 1996.0]),
	] {
		assert_eq!(File::new(text).values("v"), values, "{text}");
	}
	// Where nothing else is in the column, the decimal point is probable.
	let table = File::new("a;v\nx;1.234\ny;2.345\n").with("v", |_| ()).unwrap();
	assert_eq!(table.series.values, [1.234, 2.345]);
	assert_has(&notes(&table), &["`1.234` in line 2 of column `v` is read with a decimal point (add --decimal ,"]);
	// Times of day are no evidence.
	let clock = File::new("Datum;Uhr;v\n01.01.2031;18.00;1.234\n01.01.2031;19.00;996\n");
	let reason = clock.with("v", |options| options.time = Some("none".into())).map(|table| table.series.values).unwrap_err();
	assert_has(&reason, &["`1.234` is either 1.234 or 1234"]);
	// A whole number of four digits is often written without a separator where longer ones have it.
	for delimiter in [",", ";"] {
		let file = File::new("a;v\nx;12.345\ny;1996\n".replace(';', delimiter));
		assert_has(&file.refusal("v"), &["`12.345` is either 12.345 or 12345"]);
	}
	assert_has(&File::new("a;v\nx;1.234\ny;1996\n").refusal("v"), &["`1.234` is either 1.234 or 1234"]);
}

#[test]
fn k01_a_sentinel_is_no_number_below_a_separator_of_thousands() {
	for (sentinel, value) in [("-9999", -9999.0), ("-999", -999.0), ("99999", 99_999.0), ("32767", 32_767.0)] {
		for delimiter in [",", ";"] {
			let file = File::new(format!("a,v\nx,20.125\ny,{sentinel}\nz,22.512\n").replace(',', delimiter));
			assert_eq!(file.values("v"), [20.125, value, 22.512], "{sentinel}");
		}
	}
	// Whole numbers that may be values.
	for whole in ["999", "-99", "1234"] {
		let file = File::new(format!("a,v\nx,20.125\ny,{whole}\nz,-9999\n"));
		assert_has(&file.refusal("v"), &["`20.125` is either 20.125 or 20125"]);
	}
}

#[test]
fn k02_date_and_time_of_day_in_two_columns_and_question_marks() {
	for delimiter in [";", ","] {
		let rows = ["Date;Time;P", "16/12/2031;17:24:00;1.409", "16/12/2031;17:25:00;?", "16/12/2031;17:26:00;1.538"];
		let file = File::new(rows.join("\n").replace(';', delimiter));
		let read = |time: Option<&str>| {
			file.with("P", |options| {
				(options.fill, options.time) = (Some(Fill::Linear), time.map(str::to_string));
			})
		};
		let table = read(Some("Date,Time")).unwrap();
		assert_eq!((table.rows(), table.series.filled), (3, 1));
		assert_eq!(table.series.clock.unwrap().at(3), "16/12/2031 17:27:00");
		assert_eq!(read(None).unwrap().series.clock.map(|clock| clock.at(3)).as_deref(), Some("16/12/2031 17:27:00"));
		assert_has(&read(Some("1,2,3,1,2,3,1")).unwrap_err(), &["names 7 columns, and at most 6"]);
	}
}

#[test]
fn k10_sentinels_far_outside_are_warned_of() {
	let rows = |sentinel: &str| {
		let value =
			|at: usize| if at == 9 || at == 30 { sentinel.to_string() } else { format!("{:.1}", 0.9 + (at % 23) as f64 / 10.0) };
		File::new(
			std::iter::once("wv (m/s)\n".to_string()).chain((0..60).map(|at| format!("{}\n", value(at)))).collect::<String>(),
		)
	};
	let column = "wv (m/s)";
	for sentinel in ["-9999", "-999.0", "1e20", "-200"] {
		let file = rows(sentinel);
		let shown = crate::exact(sentinel.parse().unwrap());
		let warning = notes(&file.with(column, |_| ()).unwrap());
		assert_has(&warning, &["warning: ", &format!("{shown} comes twice in column `wv (m/s)`"), "from 0.9 to 3.1"]);
		assert_has(&warning, &[&format!("--missing {shown} --fill linear")]);
		let table = file
			.with(column, |options| {
				(options.csv.missing, options.fill) = (vec![shown.clone()], Some(Fill::Linear));
			})
			.unwrap();
		assert_eq!((notes(&table), table.series.filled, table.rows()), (String::new(), 2, 60));
		let gap = file.with(column, |options| options.csv.missing = vec![shown.clone()]).unwrap_err();
		assert_has(&gap, &["line 11: column `wv (m/s)` has no value", "--fill linear"]);
	}
	assert_eq!(notes(&rows("1.5").with(column, |_| ()).unwrap()), "");
}

#[test]
fn k11_spellings_of_missing_values() {
	let spellings =
		["", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT", "nil", "NULL", "null", "None", "\\N", "-", "--", "."];
	for spelling in spellings {
		for text in [format!("d,v\na,1\nb,{spelling}\nc,3\n"), format!("v,d\n1,a\n{spelling},b\n3,c\n")] {
			let file = File::new(text);
			let table = file.with("v", |options| options.fill = Some(Fill::Linear)).unwrap();
			assert_eq!((table.series.values, table.series.filled), (vec![1.0, 2.0, 3.0], 1), "{spelling}");
			let gap = file.refusal("v");
			assert_has(&gap, &["line 3: column `v` has no value", "--fill linear"]);
			assert!(spelling.is_empty() || gap.contains(&format!("(`{spelling}`)")), "{gap}");
		}
	}
	let own = File::new("v\n1\nbroken\n3\n");
	assert_has(&own.refusal("v"), &["line 3: invalid value `broken` in column `v`: expected a number", "--missing \"broken\""]);
	let table = own.with("v", |options| {
		(options.csv.missing, options.fill) = (vec!["x".into(), "broken".into()], Some(Fill::Linear));
	});
	assert_eq!(table.unwrap().series.values, [1.0, 2.0, 3.0]);
}

#[test]
fn k12_thousands_separators_and_typographic_minus() {
	let file =
		File::new("day,revenue,\"net, adjusted\"\na,\"1,226.8\",26.8\nb,999.5,\u{2212}272.2\nc,\"1,234,567\",\u{2212}1.5\n");
	assert_eq!(file.values("revenue"), [1226.8, 999.5, 1_234_567.0]);
	assert_eq!(file.values("net, adjusted"), [26.8, -272.2, -1.5]);
	// Without any other number, a comma in quotes separates thousands where commas separate columns.
	let table = File::new("v,w\n\"1,226\",a\n999,b\n").with("v", |_| ()).unwrap();
	assert_eq!(table.series.values, [1226.0, 999.0]);
	assert_has(&notes(&table), &["`1,226` in line 2 of column `v` has a separator of thousands"]);
	assert_eq!(File::new("v;w\n1 226,8;a\n-2\u{202f}000;b\n3'000,5;c\n").values("v"), [1226.8, -2000.0, 3000.5]);
	assert_eq!(File::new("v;w\n1.226,8;a\n1.000;b\n+2,5;c\n4,966e+02;d\n").values("v"), [1226.8, 1000.0, 2.5, 496.6]);
	for odd in ["12,26.8", "1,22", "1,2345.5", "1,226,8.5", ",5.5"] {
		let reason = File::new(format!("v,w\n2.5,a\n\"{odd}\",b\n")).refusal("v");
		assert_has(&reason, &["line 3", "`v`", odd]);
	}
	assert_has(&File::new("v,w\n2.5,a\n12 kW,b\n").refusal("v"), &["line 3: invalid value `12 kW`", "expected a number"]);
	assert_has(&File::new("v,w\n2.5,a\n1e999,b\n").refusal("v"), &["line 3: invalid value `1e999`", "too large"]);
}

#[test]
fn k13_a_name_that_two_columns_have_is_refused() {
	let file = File::new("time,speed,power,power\na,10,1,481\nb,11,2,482\n");
	let reason = file.refusal("power");
	assert_has(&reason, &["columns 3 and 4 are all named `power`", "by its position, e.g. 3"]);
	assert_eq!((file.values("3"), file.values("4")), (vec![1.0, 2.0], vec![481.0, 482.0]));
	assert_eq!(file.with("4", |_| ()).unwrap().column, "4", "the name would not identify the column");
	assert_eq!(file.with("2", |_| ()).unwrap().column, "speed");
	assert_has(&file.refusal("5"), &["no column `5`"]);
	assert_has(&file.refusal("0"), &["no column `0`"]);
	let named = File::new("a,3,b\n1,5,x\n2,6,y\n");
	assert_eq!(named.values("3"), [5.0, 6.0], "a name comes before a position");
	let inputs = file.with("speed", |options| options.inputs = vec!["3,4".into()]).unwrap();
	assert_eq!((inputs.inputs, inputs.series.inputs), (vec!["3".into(), "4".into()], vec![vec![1.0, 2.0], vec![481.0, 482.0]]));
}

#[test]
fn k15_a_file_without_header() {
	let file = File::new("1927000800000,34000.00,33918.35,0\n1927001100000,33918.35,33900.5,0\n1927001400000,33900.5,34001,0\n");
	for name in ["close", "33918.35"] {
		let reason = file.refusal(name);
		assert_has(&reason, &["first line holds numbers", "--no-header", "position", "1927000800000"]);
	}
	let table = file.with("3", |_| ()).unwrap();
	assert_eq!((table.series.values.as_slice(), table.column.as_str()), (&[33918.35, 33900.5, 34001.0][..], "3"));
	assert_has(&notes(&table), &["line 1 holds numbers, so it is a row and not a header"]);
	let table = file.with("3", |options| options.csv.no_header = true).unwrap();
	assert_eq!((table.rows(), notes(&table).contains("line 1")), (3, false));
	assert_has(&file.with("close", |options| options.csv.no_header = true).unwrap_err(), &["no column `close`"]);
	// A date beside a number is a row too, and a text beside numbers is not.
	assert_eq!(File::new("2031-01-01,x,1.5\n2031-01-02,y,2.5\n").values("3"), [1.5, 2.5]);
	assert_eq!(File::new("region,2019,2020\na,1,2\nb,3,4\n").values("2020"), [2.0, 4.0]);
	let names = File::new("a,b\nx,1\ny,2\n").with("2", |options| options.csv.no_header = true).unwrap_err();
	assert_has(&names, &["line 1: invalid value `b` in column `2`"]);
}

#[test]
fn k15_columns_without_names_may_be_numbered() {
	for (text, column, expected) in [
		(",0\n2031-01-01,5\n2031-01-02,6\n", "0", [5.0, 6.0]),
		(",0,1\n0,5,7\n1,6,8\n", "1", [7.0, 8.0]),
		(",2019,2020\nDE,5,7\nFR,6,8\n", "2020", [7.0, 8.0]),
		("0,1,2\n0.5,5,7\n0.75,6,8\n", "1", [5.0, 6.0]),
	] {
		let table = File::new(text).with(column, |_| ()).unwrap();
		assert_eq!((table.series.values, table.column.as_str()), (expected.to_vec(), column), "{text}");
	}
	assert_has(&notes(&File::new(",0\na,5\nb,6\n").with("0", |_| ()).unwrap()), &["line 1 numbers the columns"]);
	// Rows that are numbered, and rows of few numbers, are no headers.
	assert_eq!(File::new("0,1,2\n1,5,7\n2,6,8\n").values("2"), [1.0, 5.0, 6.0]);
	assert_eq!(File::new("0,1\n7,2\n").values("2"), [1.0, 2.0]);
	let file = File::new(",0\na,5\nb,6\n").with("2", |options| options.csv.no_header = true).unwrap();
	assert_eq!(file.series.values, [0.0, 5.0, 6.0]);
}

#[test]
fn k16_a_number_sign_as_the_name_of_a_column_is_no_comment() {
	for text in [
		"#,time,load\n1,2031-01-01,5\n2,2031-01-02,6\n",
		"#;time;load\n1;2031-01-01;5\n2;2031-01-02;6\n",
		"# made up\n#,time,load\na,2031-01-01,5\nb,2031-01-02,6\n",
		"#,name,load\nx,y,5\nx,z,6\n",
	] {
		assert_eq!(File::new(text).values("load"), [5.0, 6.0], "{text}");
	}
	let numbered = File::new("#,time,load\n1,2031-01-01,5\n2,2031-01-02,6\n");
	let table = numbered.with("load", |_| ()).unwrap();
	assert_eq!((notes(&table).as_str(), numbered.values("#")), ("", vec![1.0, 2.0]));
	// Comments with as many delimiters, and with other numbers of them.
	assert_eq!(File::new("#,made up\nname,load\nx,5\ny,6\n").values("load"), [5.0, 6.0]);
	assert_eq!(File::new("#,,\ntime,load\n2031-01-01,5\n2031-01-02,6\n").values("load"), [5.0, 6.0]);
}

#[test]
fn k16_comment_lines_and_sep_lines() {
	let rows: String = (0..36).map(|at| format!("{},{},5,{}.15\n", 2031 + at / 12, at % 12 + 1, 410 + at % 7)).collect();
	let comments = "# ------\n# made up, \"of\" no use\n#\n# ------\n";
	let file = File::new(format!("{comments}year,month,day,average\n{rows}# end\n"));
	let table = file.with("average", |_| ()).unwrap();
	assert_eq!((table.rows(), &table.series.values[..2]), (36, &[410.15, 411.15][..]));
	assert_has(&notes(&table), &["4 comment lines skipped", "1 comment line below the header skipped"]);
	for sep in ["sep=;", "SEP=;", "\"sep=;\"", "\u{feff}sep=;"] {
		let file = File::new(format!("{sep}\r\nyear;average\r\n2031;410,15\r\n2032;410,5\r\n"));
		assert_eq!(file.values("average"), [410.15, 410.5]);
	}
	assert_eq!(File::new("sep=:\na:b\n1:2\n3:4\n").values("b"), [2.0, 4.0]);
	// The header itself may be a comment.
	assert_eq!(File::new("# made up\n# date,MW\n2031-01-01,1\n2031-01-02,2\n").values("MW"), [1.0, 2.0]);
	let titled =
		File::new("Station 42\nBerlin\n\ndate,MW\n2031-01-01,1\n2031-01-02,2\n2031-01-03,3\n2031-01-04,4\n2031-01-05,5\n");
	assert_has(&titled.refusal("MW"), &["line 1 is not a header", "seems to be line 4", "tail -n +4"]);
	let titled = File::new("Name: X\nUnit: MW\nTime;MW\na;1,5\nb;2,5\nc;3,5\nd;4,5\ne;5,5\n");
	assert_has(&titled.refusal("MW"), &["line 1 is not a header", "seems to be line 3"]);
	assert_has(&File::new("a b c\n1 2 3\n4 5 6\n").refusal("c"), &["no column `c`", "separated by blanks", "tr -s"]);
	assert_has(&File::new("# only\n# comments\n").refusal("MW"), &["no line but comments"]);
}

#[test]
fn k17_latin_1_and_utf_16() {
	let latin = |text: &str| text.chars().map(|char| char as u8).collect::<Vec<u8>>();
	let utf_16 = |text: &str, big: bool| -> Vec<u8> {
		text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
	};
	let text = "Zeit,Höhe (m),Temperatur (°C)\na,310,9.2\nb,310,10.1\n";
	let column = "Temperatur (°C)";
	let file = File::new(latin(text));
	let table = file.with(column, |_| ()).unwrap();
	assert_eq!(table.series.values, [9.2, 10.1]);
	assert_has(&notes(&table), &["is not UTF-8", "Windows-1252", "`Höhe (m)`"]);
	for bytes in [
		utf_16(&format!("\u{feff}{text}"), false),
		utf_16(&format!("\u{feff}{text}"), true),
		utf_16(text, false),
		utf_16(text, true),
	] {
		let table = File::new(bytes).with(column, |_| ()).unwrap();
		assert_eq!(table.series.values, [9.2, 10.1]);
		assert_has(&notes(&table), &["UTF-16"]);
	}
	let file = File::new(latin("time,load,note\na,1.5,\nb,2.5,zurück\n"));
	assert_eq!(file.values("load"), [1.5, 2.5]);
	assert_eq!(File::new("\u{feff}\"load\",b\n1,2\n2,2\n").values("load"), [1.0, 2.0]);
	for (bytes, reason) in [
		(&b"PK\x03\x04rest"[..], "an Excel workbook (.xlsx): unpack it, or save its sheet as CSV"),
		(b"\xff\xfe\0\0v\0\0\0", "iconv -f UTF-32"),
		(b"{\"a\": 1}", "JSON"),
		(b"<!DOCTYPE html><html>", "web page"),
		(b"v\n1\n2\0\n", "zero byte in line 3"),
		(b"", "is empty"),
	] {
		assert_has(&File::new(bytes).refusal("v"), &["data.csv cannot be used", reason]);
	}
	assert_has(&File::new("v\n1\n").with("v", |_| ()).unwrap_err(), &["constant at 1"]);
}

#[test]
fn k18_lines_of_other_lengths_and_spaces_before_quotes() {
	let rows = [(29.2, "2031-01-01"), (30.6, "2031-01-02"), (31.5, "2031-01-03")];
	let lines = |header: &str, line: &dyn Fn(f64, &str) -> String| {
		File::new(format!("{header}\n{}", rows.map(|(value, date)| line(value, date)).concat()))
	};
	for file in [
		lines("date,MW", &|value, date| format!("{date},{value},\n")),
		lines("date,MW", &|value, date| format!("{date},{value}\n   \n\t\n\n")),
		lines("date,MW,flag", &|value, date| format!("{date},{value}\n")),
		lines("\"date\", \"MW\", \"a, b\"", &|value, date| format!("\"{date}\", \"{value}\" , \"x, y\"\n")),
		lines("date,MW,,", &|value, date| format!("{date},{value},,,,,\r\n")),
		lines("date,MW,note", &|value, date| format!("{date},{value},\"two\nlines with \"\"quotes\"\"\"\n")),
		lines("date,MW,note", &|value, date| format!("{date},{value},5\" pipe\n")),
	] {
		assert_eq!(file.values("MW"), [29.2, 30.6, 31.5]);
	}
	assert_eq!(File::new("v;\n1,5;\n2,5;\n").values("v"), [1.5, 2.5]);
	let gaps = File::new("v\n1\n\n2\n\n").with("v", |_| ()).unwrap();
	assert_has(&notes(&gaps), &["1 empty line between the rows skipped"]);
	let empty = File::new("time,v\n2031-01-01,1\n2031-01-02,2\n,\n2031-01-03,4\n,\n").with("v", |_| ()).unwrap();
	assert_eq!((empty.rows(), empty.series.clock.unwrap().at(3).as_str()), (3, "2031-01-04"));
	assert_eq!(File::new("date,MW\r2031-01-01,1\r2031-01-02,2\r").values("MW"), [1.0, 2.0]);
	assert_eq!(File::new("date,MW\n2031-01-01,1\n2031-01-02,2").values("MW"), [1.0, 2.0]);
	let short = File::new("date,MW,flag\n2031-01-01,1,a\n2031-01-02,2\n2031-01-03,3\n").with("MW", |_| ()).unwrap();
	assert_has(&notes(&short), &["2 rows have fewer cells than the header, the first one in line 3"]);
	// A cell without a name would shift the others.
	let shifted = File::new("date,MW\na,1\nb,2\nc,3\nd,29,2\n");
	assert_has(&shifted.refusal("MW"), &["line 5 has 3 cells, and the first one has 2", "`2` belongs to no column"]);
	assert_has(&File::new("a,b\nx,1,2\ny,3,4\nz,5,6\n").refusal("b"), &["line 1 has 2 cells, and most lines have 3"]);
	assert_has(&File::new("a,b\n1,2\n3,\"4\n5,6\n").refusal("b"), &["line 3: a quote", "not closed"]);
	let swallowed = File::new("a,v,note\na,1,\"x\nb,2,y\nc,3,\"z\n");
	assert_has(&swallowed.refusal("v"), &["line 2: a quote", "reaches to line 4, where `z` follows"]);
	assert_has(&lines("date,MW,flag", &|_, date| format!("{date}\n")).refusal("MW"), &["line 2: column `MW` has no value"]);
}

#[test]
fn k19_compressed_files_and_pipes() {
	let text = "hour,MW\na,1.5\nb,2.5\nc,3.5\n";
	let gzip = |text: &str| {
		let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
		encoder.write_all(text.as_bytes()).unwrap();
		encoder.finish().unwrap()
	};
	let file = File::named("load.csv.gz", gzip(text));
	let table = file.read(None, &ReadOptions::default()).unwrap();
	assert_eq!((table.series.values.as_slice(), table.file.as_str()), (&[1.5, 2.5, 3.5][..], "load.csv.gz"));
	assert_has(&notes(&table), &["compressed (gzip)"]);
	let parts = [gzip("hour,MW\na,1.5\n"), gzip("b,2.5\n")].concat();
	assert_eq!(File::new(parts).values("MW"), [1.5, 2.5], "members that were concatenated");
	let whole = gzip(text);
	assert_has(&File::new(&whole[..whole.len() - 9]).refusal("MW"), &["data.csv"]);
	assert_has(&File::new(&b"\x1f\x8bno gzip"[..]).refusal("MW"), &["cannot be decompressed"]);
	assert_has(&File::new(gzip("PK\x03\x04")).refusal("MW"), &["ZIP"]);
}

/// A pipe can be read once: the only column, the header and the rows come from one reading.
#[cfg(unix)]
#[test]
fn k19_a_pipe_is_read_once() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("pipe");
	assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
	let writer = path.clone();
	let thread = std::thread::spawn(move || {
		let rows: String = (0..50_000).map(|at| format!("2031-01-01 00:00,{}\n", at % 97)).collect();
		std::fs::write(writer, format!("when,MW\n{rows}")).unwrap();
	});
	let options = ReadOptions { time: Some("none".into()), ..Default::default() };
	let table = Table::read(&SeriesSource::from(path.as_path()), None, &options).unwrap();
	thread.join().unwrap();
	assert_eq!((table.column.as_str(), table.rows()), ("MW", 50_000));
}

#[test]
fn k20_a_comma_in_the_name_of_a_column() {
	let file = File::new("time,load,\"Solar radiation, W/m2\",wind\na,1,10,100\nb,2,20,200\n");
	let radiation = "Solar radiation, W/m2".to_string();
	let both = vec![radiation.clone(), "wind".to_string()];
	let inputs = |inputs: &[&str]| {
		file.with("load", |options| options.inputs = inputs.iter().map(ToString::to_string).collect()).map(|table| table.inputs)
	};
	assert_eq!(inputs(&["Solar radiation, W/m2"]).unwrap().join("|"), "Solar radiation, W/m2");
	for lists in [
		&["Solar radiation, W/m2,wind"][..],
		&["\"Solar radiation, W/m2\",wind"],
		&["Solar radiation, W/m2", "wind"],
		&["3,4"],
		&["3, wind"],
	] {
		assert_eq!(inputs(lists).unwrap(), both, "{lists:?}");
	}
	assert_has(&inputs(&["Solar, W/m2"]).unwrap_err(), &["no column `Solar`"]);
	assert_has(&inputs(&["wind,wind"]).unwrap_err(), &["`wind` is named twice"]);
	assert_has(&inputs(&["load"]).unwrap_err(), &["`load` is named twice"]);
	assert_has(&inputs(&["2"]).unwrap_err(), &["`load` is named twice"]);
}

#[test]
fn k24_what_works_goes_on_working_and_the_last_rows_can_be_had() {
	let excel = "\u{feff}\"hour\",\"MW (net)\",note \r\n\"2031-01-01T00:00:00Z\",\"+4.966e+02\" ,\"a, b\"\r\n\
		\r\n\"2031-01-01T01:00:00Z\",\"+5.088e+02\" ,\"a, b\"\r\n";
	let table = File::new(excel).with("MW (net)", |options| options.time = Some("hour".into())).unwrap();
	assert_eq!((table.series.values.as_slice(), notes(&table).as_str()), (&[496.6, 508.8][..], ""));
	let rows: String = (0..300_000).map(|at| format!("{},{}\n", at * 60, at % 1_000)).collect();
	let file = File::new(format!("t,v\n{rows}"));
	assert_has(&file.refusal("v"), &["has 300000 rows, and at most 262144 are used", "--last 262144"]);
	for time in [None, Some("t".to_string())] {
		let table = file.with("v", |options| (options.last, options.time) = (Some(1_500), time.clone())).unwrap();
		assert_eq!((table.rows(), table.series.values[0], table.series.values[1_499]), (1_500, 500.0, 999.0));
		if time.is_some() {
			assert_eq!(table.series.clock.unwrap().at(0), (298_500 * 60).to_string());
		}
	}
	assert_has(
		&file.with("v", |options| options.last = Some(300_001)).unwrap_err(),
		&["--last 300001 takes 300001 rows", "there are 300000"],
	);
	let first = SeriesSource { path: file.path(), rows: Some(7) };
	assert_eq!(
		Table::read(&first, Some("v"), &ReadOptions::default()).unwrap().series.values,
		[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
	);
	let last_of_first = ReadOptions { last: Some(2), ..Default::default() };
	assert_eq!(Table::read(&first, Some("v"), &last_of_first).unwrap().series.values, [5.0, 6.0]);
}

#[test]
fn k24_a_file_longer_than_what_is_held() {
	let many = MAX_HELD_ROWS + 150_000;
	let rows: String = (0..many).map(|at| format!("{}\n", at % 1_000)).collect();
	let file = File::new(format!("v\n{rows}"));
	assert_has(&file.refusal("v"), &["has more than 1048576 rows", "--last 262144"]);
	let values = file.with("v", |options| options.last = Some(3)).unwrap().series.values;
	assert_eq!(values, [(many - 3) % 1_000, (many - 2) % 1_000, (many - 1) % 1_000].map(|value| value as f64));
	// The last rows of such a file are the oldest, and the newest ones are not held.
	let rows: String = (0..many).rev().map(|at| format!("{},{}\n", at * 60, at % 1_000)).collect();
	let descending = File::new(format!("time,v\n{rows}"));
	let reason = descending.with("v", |options| (options.last, options.time) = (Some(3), Some("time".into()))).unwrap_err();
	assert_has(&reason, &["first row is not the oldest", "head -n"]);
}

#[test]
fn one_of_several_series_is_chosen_by_a_column() {
	let file =
		File::new("id,ds,y\nA,2031-01-01,1\nA,2031-01-02,2\nA,2031-01-03,3\nB,2031-01-01,10\nB,2031-01-02,20\nB,2031-01-03,30\n");
	let reason = file.with("y", |options| options.time = Some("ds".into())).unwrap_err();
	assert_has(&reason, &["line 5", "Column `id` changes from `A` to `B` there", "--where \"id=A\""]);
	let chosen =
		|filter: &str| file.with("y", |options| options.csv.filters = vec![filter.into()]).map(|table| table.series.values);
	assert_eq!((chosen("id=A").unwrap(), chosen("1 = B").unwrap()), (vec![1.0, 2.0, 3.0], vec![10.0, 20.0, 30.0]));
	assert_has(&chosen("id=C").unwrap_err(), &["no row meets --where id=C", "`A`, `B`"]);
	assert_has(&chosen("store=A").unwrap_err(), &["no column `store`"]);
	assert_has(&chosen("id").unwrap_err(), &["--where id: expected COLUMN=VALUE"]);
}

/// Returns a file of days in January 2031, the newest first, whose times are printed by a function; the value is the day.
fn newest_first(day: impl Fn(usize) -> String) -> File {
	let rows: String = (1..=28).rev().map(|at| format!("{},{at}\n", day(at))).collect();
	File::new(format!("date,v\n{rows}"))
}

#[test]
fn k03_a_file_with_its_newest_row_first_is_never_used_in_its_order_in_silence() {
	let ascending: Vec<f64> = (1..=28).map(f64::from).collect();
	// Notations that are read: the rows are turned round.
	for file in [
		newest_first(|day| format!("2031-01-{day:02}")),
		newest_first(|day| format!("{day:02}/01/31")),
		newest_first(|day| format!("{day} Jan 2031")),
		newest_first(|day| format!("2031-01-{day:02}_18:00")),
		newest_first(|day| format!("{}", 1_924_984_859 + 86_400 * day)),
		newest_first(|day| format!("01/{day:02}/69 06:00 PM")),
		newest_first(|day| format!("2031-W{day:02}")),
		newest_first(|day| format!("{} {day:02}.02.2031", ["Fr", "Sa", "So", "Mo", "Di", "Mi", "Do"][day % 7])),
		newest_first(|day| format!("2031{:02}{:02}", 1 + day / 20, 1 + day % 20)),
	] {
		let table = file.with("v", |_| ()).unwrap();
		assert_eq!(table.series.values, ascending, "{}", std::fs::read_to_string(file.path()).unwrap());
		assert_has(&notes(&table), &["newest row comes first"]);
	}
	// Notations that are not read in all rows: refused, with the next step.
	for file in [
		newest_first(|day| if day == 9 { "missing".into() } else { format!("2031-01-{day:02}") }),
		newest_first(|day| if day == 9 { String::new() } else { format!("{day:02}/01/2031") }),
		newest_first(|day| if day == 9 { "-".into() } else { format!("{day:02}/01/31") }),
		newest_first(|day| format!("2031-01-{day:02} 18:00 CET")),
		newest_first(|day| format!("{day:02}.01.2031 00:00 - {day:02}.01.2031 01:00")),
		newest_first(|day| format!("2031-01-{day:02} 7:5")),
		newest_first(|day| format!("2031-{day:03}")),
	] {
		let reason = file.refusal("v");
		assert_has(&reason, &["column `date` holds times, of which the newest seems to come first", "--time none", "line"]);
		let rows = file.with("v", |options| options.time = Some("none".into())).unwrap();
		assert_eq!(rows.series.values[0], 28.0, "as they are");
	}
	// Notations of which only the order of the rows, or not even that, is doubtful: warned of.
	for file in [
		newest_first(|day| format!("{day:02}012031")),
		newest_first(|day| format!("2031/{day:02}/01").replace("/01", "/13")),
		newest_first(|day| format!("{:02}:00", day % 24)),
	] {
		let table = file.with("v", |_| ()).unwrap();
		assert_eq!((table.series.values[0], table.series.clock.is_none()), (28.0, true));
		assert_has(&notes(&table), &["warning: ", "column `date`", "in the order of the file", "--time \"date\"", "--time none"]);
	}
	// Numbers that may be times, or what is left of a time.
	let table = newest_first(|day| format!("{}", 47_849 + day)).with("v", |_| ()).unwrap();
	assert_eq!(table.series.values[0], 28.0);
	assert_has(&notes(&table), &["warning: ", "the numbers of column `date` fall", "--time \"date\"", "--time none"]);
	// Without names, too.
	let unnamed: String = (1..=9).rev().map(|at| format!("{},{at}\n", 1_924_984_859 + at * 60)).collect();
	assert_eq!(File::new(unnamed).values("2")[..3], [1.0, 2.0, 3.0]);
}

#[test]
fn k03_times_that_cannot_be_read_are_warned_of() {
	let rows = |day: &dyn Fn(usize) -> String| {
		File::new(format!("date,v\n{}", (1..=28).map(|at| format!("{},{at}\n", day(at))).collect::<String>()))
	};
	for (file, agree) in [
		(rows(&|day| format!("{day:02}.01.2031 00:00 - {day:02}.01.2031 01:00")), true),
		(rows(&|day| format!("2031-01-{day:02} 18:00 CET")), true),
		(rows(&|day| if day > 18 { "?".into() } else { format!("2031-01-{:02}", day * 7 % 19 + 1) }), false),
	] {
		let table = file.with("v", |_| ()).unwrap();
		assert_eq!((table.series.values[0], table.series.clock.is_none()), (1.0, true));
		let warning = notes(&table);
		assert_has(&warning, &["warning: ", "the times of column `date` are not used: line", "--time \"date\"", "--time none"]);
		assert_eq!(warning.contains("the beginnings of the times agree with that order"), agree, "{warning}");
	}
	// A row that is none of the series, such as a sum below it, or a time that is wrong.
	for broken in ["Total", "", "2031-02-31", "1924984859"] {
		let file = rows(&|day| if day == 28 { broken.into() } else { format!("2031-01-{day:02}") });
		assert_has(&file.refusal("v"), &["column `date` holds times, and not all can be read", "line 29", "--time none"]);
	}
	let mixed = rows(&|day| if day == 9 { "missing".into() } else { format!("2031-01-{:02}", day * 5 % 28 + 1) });
	assert_has(&mixed.refusal("v"), &["holds times that are not sorted, and not all can be read", "line 10", "--time none"]);
}

#[test]
fn k03_options_of_times_need_times() {
	let file = File::new("a,v\nx,1\ny,2\n");
	let refusal = |time: Option<&str>, change: &dyn Fn(&mut ReadOptions)| {
		let table = file.with("v", |options| {
			options.time = time.map(str::to_string);
			change(options);
		});
		table.map(|table| table.series.values).unwrap_err()
	};
	for time in [None, Some("none")] {
		assert_has(&refusal(time, &|options| options.clock.sort = true), &["--sort needs a column of times", "--time"]);
		assert_eq!(refusal(time, &|options| options.clock.sort = true).contains("none is recognised"), time.is_none());
		assert_has(&refusal(time, &|options| options.clock.zone = Some("UTC".into())), &["--zone needs a column of times"]);
		assert_has(&refusal(time, &|options| options.clock.format = Some("%y".into())), &["--time-format needs a column"]);
	}
}

#[test]
fn k22_extreme_magnitudes_are_printed_with_exponents_or_refused() {
	let file = |values: &[&str]| File::new(format!("v\n{}\n", values.join("\n")));
	assert_eq!(file(&["1e-300", "2e-300", "-1e300"]).values("v"), [1e-300, 2e-300, -1e300]);
	assert_has(&file(&["1e300", "1e300"]).refusal("v"), &["is constant at 1e300"]);
	assert_has(&file(&["1", "2e300", "3"]).refusal("v"), &["line 3: invalid value `2e300`", "too large: expected at most 1e300"]);
	assert_has(&file(&["1", "2e-400", "3"]).refusal("v"), &["line 3: invalid value `2e-400`", "too small"]);
	let warning = notes(&file(&["1", "2", "1e300", "1"]).with("v", |_| ()).unwrap());
	assert_has(&warning, &["1e300 comes once", "from 1 to 2", "--missing 1e300"]);
}
