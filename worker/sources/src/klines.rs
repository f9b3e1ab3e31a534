//! Klines: rows of bars in JSON, as exchanges answer them over HTTP. The URL and the places of the values are settings; their defaults
//! are those of Binance.
//!
//! ```text
//! https://api.binance.com/api/v3/klines?symbol=BTCUSDT&interval=5m&startTime={from}&endTime={to}&limit={limit}
//! [[1769860800000,"64180.01","64260.00","64170.50","64250.10","31.402",1769861099999,…], …]
//!   open time      open       high       low        close      volume   close time
//! ```

use crate::{
	bar::{Field, Layout, Stamp, Wanted},
	fault::{beginning, Place, Reason},
	json::{list_of, text_of, JsonPath},
	placeholder::{Numbers, PLACEHOLDERS},
	reading::{Collector, Reading, Row},
};
use hyper::Uri;
use serde_json::value::RawValue;

/// Address of klines, with placeholders for the wanted bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate(String);

/// Places of the values in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KlinePaths {
	/// List of the rows, from the whole answer.
	pub rows: JsonPath,
	/// Time of a row, from the row; so are the following.
	pub time: JsonPath,
	/// Last price.
	pub close: JsonPath,
	/// Highest price.
	pub high: JsonPath,
	/// Lowest price.
	pub low: JsonPath,
	/// Traded quantity.
	pub volume: JsonPath,
}

impl KlinePaths {
	/// Returns the place of a value in a row.
	fn of(&self, field: Field) -> &JsonPath {
		match field {
			Field::Close => &self.close,
			Field::High => &self.high,
			Field::Low => &self.low,
			Field::Volume => &self.volume,
		}
	}
}

impl UrlTemplate {
	/// Returns the template in `text`.
	///
	/// # Errors
	///
	/// Errors if it is no URL of `http` or `https`, or has an unknown placeholder.
	pub fn new(text: &str) -> Result<Self, String> {
		let template = Self(text.trim().into());
		let invalid = |why: &str| format!("invalid URL `{}`: {why}", template.0);
		let url = Numbers::default().fill(&template.0);
		if url.contains(['{', '}']) {
			return Err(invalid(&format!("it has an unknown placeholder; expected {PLACEHOLDERS}")));
		}
		let uri: Uri = url.parse().map_err(|_| invalid("it is no URL; expected e.g. https://HOST/klines?startTime={from}"))?;
		if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
			return Err(invalid("it does not begin with https://HOST or http://HOST"));
		}
		if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
			return Err(invalid("klines are public; leave the user name out"));
		}
		Ok(template)
	}

	/// Returns the URL that asks for the wanted bars.
	pub(crate) fn url(&self, layout: &Layout, wanted: &Wanted) -> String {
		Numbers::of(layout, wanted).fill(&self.0)
	}

	/// Returns the host, for messages.
	pub fn host(&self) -> String {
		let uri = Numbers::default().fill(&self.0).parse::<Uri>();
		uri.ok().and_then(|uri| uri.host().map(String::from)).unwrap_or_default()
	}
}

/// Returns the wanted bars of the answer of `source`.
pub(crate) fn read_klines(
	source: &str,
	answer: &[u8],
	paths: &KlinePaths,
	layout: &Layout,
	wanted: &Wanted,
	stamp: Stamp,
) -> Reading {
	let rows = match rows_of(answer, &paths.rows) {
		Ok(rows) => rows,
		Err(reason) => return Reading::failed(source, reason),
	};
	let mut collector = Collector::new(source, layout, wanted, stamp);
	for (at, row) in rows.into_iter().enumerate() {
		let place = Place::Row(at + 1);
		collector.row(place, row_of(place, row, paths, layout));
	}
	collector.finish()
}

/// Returns the rows of an answer.
fn rows_of<'a>(answer: &'a [u8], path: &JsonPath) -> Result<Vec<&'a RawValue>, Reason> {
	let start = answer.trim_ascii_start();
	if start.first() == Some(&b'<') {
		return Err(Reason::Html { answer: beginning(answer) });
	}
	let not_json = |cause: String| Reason::NotJson { cause, answer: beginning(answer) };
	let text = std::str::from_utf8(start).map_err(|error| not_json(error.to_string()))?;
	let whole: &RawValue = serde_json::from_str(text).map_err(|error| not_json(error.to_string()))?;
	let rows = path.find(whole).and_then(list_of);
	rows.map_err(|found| {
		let path = if path.to_string().is_empty() { "list of rows".into() } else { path.to_string() };
		Reason::Path { path, place: None, found, answer: beginning(answer) }
	})
}

/// Returns the texts of one row.
fn row_of(place: Place, row: &RawValue, paths: &KlinePaths, layout: &Layout) -> Result<Row, Reason> {
	let text = |path: &JsonPath| {
		let found = path.find(row).and_then(text_of);
		found.map_err(|found| Reason::Path {
			path: path.to_string(),
			place: Some(place),
			found,
			answer: beginning(row.get().as_bytes()),
		})
	};
	let values = layout.fields.iter().map(|field| text(paths.of(*field))).collect::<Result<_, _>>()?;
	Ok(Row { time: text(&paths.time)?, values })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		bar::Bars,
		config::SourceConfig,
		fixtures::{layout, wanted, BAR, ORIGIN},
	};

	/// Returns a row as Binance answers it.
	fn kline(open: u64, close: &str) -> String {
		format!(r#"[{open},"64180.01","64260.00","64170.50","{close}","31.402",{},"2017.5",308,"1.5","9.5","0"]"#, open + BAR - 1)
	}

	fn klines(closes: &[&str]) -> String {
		let rows = closes.iter().zip(0u64..).map(|(close, bar)| kline(ORIGIN + bar * BAR - BAR, close));
		format!("[{}]", rows.collect::<Vec<_>>().join(","))
	}

	fn read(answer: &str) -> (Bars, Vec<Reason>) {
		let paths = SourceConfig::default().paths().unwrap();
		let Reading { bars, faults } = read_klines("s", answer.as_bytes(), &paths, &layout(), &wanted(), Stamp::Open);
		(bars, faults.into_iter().map(|fault| fault.reason).collect())
	}

	#[test]
	fn klines_of_binance_are_read_exactly() {
		// The last row is the bar that has not ended.
		let (bars, reasons) = read(&klines(&["64250.10", "64250.11", "64250.12000000", "64250.125", "1"]));
		assert_eq!(reasons, []);
		let closes: Vec<i64> = bars.values().map(|values| values[0]).collect();
		assert_eq!(closes, [6_425_010, 6_425_011, 6_425_012, 6_425_013]);
		assert_eq!(bars[&ORIGIN], [6_425_010, 6_426_000, 6_417_050, 3_140]);
	}

	#[test]
	fn klines_of_another_market_have_other_places() {
		let answer = r#"{"data": {"ohlc": [{"timestamp": "1769860800", "close": 64250.30000000000000004, "high": "64260", "low": "64170", "v": {"base": "2"}}]}}"#;
		let config = SourceConfig {
			rows: Some("data.ohlc".into()),
			time: Some("timestamp".into()),
			close: Some("close".into()),
			high: Some("high".into()),
			low: Some("low".into()),
			volume: Some("v.base".into()),
			..Default::default()
		};
		let wanted = Wanted { last: ORIGIN, ..wanted() };
		let read = read_klines("s", answer.as_bytes(), &config.paths().unwrap(), &layout(), &wanted, Stamp::Open);
		assert_eq!(read, Reading { bars: Bars::from([(ORIGIN, vec![6_425_030, 6_426_000, 6_417_000, 200])]), faults: vec![] });
	}

	#[test]
	fn html_and_other_texts_are_named() {
		for answer in ["<!DOCTYPE html><html>Blocked</html>", "\n  <html>"] {
			let (bars, reasons) = read(answer);
			assert!(bars.is_empty() && matches!(&reasons[..], [Reason::Html { .. }]), "{reasons:?}");
		}
		for answer in ["", "Service unavailable", "[[1,", "{\"a\": 1} x", "[[1] [2]]"] {
			let (bars, reasons) = read(answer);
			assert!(bars.is_empty() && matches!(&reasons[..], [Reason::NotJson { .. }]), "{answer}: {reasons:?}");
		}
		let paths = SourceConfig::default().paths().unwrap();
		let binary = read_klines("s", &[0x1f, 0x8b, 0xff], &paths, &layout(), &wanted(), Stamp::Open);
		assert!(matches!(&binary.faults[..], [fault] if matches!(fault.reason, Reason::NotJson { .. })));
	}

	#[test]
	fn an_answer_of_another_form_is_named() {
		let (_, reasons) = read(r#"{"code":-1121,"msg":"Invalid symbol."}"#);
		let [reason @ Reason::Path { .. }] = &reasons[..] else { panic!("{reasons:?}") };
		assert!(reason.to_string().contains("Invalid symbol") && reason.to_string().contains("`list of rows`"), "{reason}");
		// A column was removed: the low is read as the high.
		let shifted = klines(&["64250.10"; 4]).replace(r#""64180.01","#, "");
		let (bars, reasons) = read(&shifted);
		assert!(bars.is_empty() && matches!(reasons[0], Reason::Conflict { .. }), "{reasons:?}");
		// The last columns were removed.
		let short = r#"[[1769860800000,"64180.01","64260.00","64170.50","64250.10"]]"#;
		let (bars, reasons) = read(short);
		let [Reason::Path { path, place, found, .. }] = &reasons[..] else { panic!("{reasons:?}") };
		assert_eq!((bars.len(), path.as_str(), *place, found.as_str()), (0, "5", Some(Place::Row(1)), "a list of 5"));
	}

	#[test]
	fn one_wrong_row_does_not_cost_the_others() {
		let (bars, reasons) = read(&klines(&["64250.10", "n/a", "99999999999999999999", "64250.10"]));
		assert_eq!(bars.keys().filter_map(|end| layout().index(*end)).collect::<Vec<_>>(), [0, 3]);
		assert!(matches!(&reasons[..], [Reason::Value { .. }, Reason::Value { .. }]), "{reasons:?}");
		let null = klines(&["1", "1", "1", "1"]).replacen(r#""1""#, "null", 1);
		assert!(matches!(&read(&null).1[..], [Reason::Path { found, .. }, ..] if found == "null"));
	}

	#[test]
	fn a_url_asks_for_the_wanted_bars() {
		let template = UrlTemplate::new("https://h/k?a={from}&b={to}&c={from_s}&d={to_s}&n={limit}").unwrap();
		let url = template.url(&layout(), &wanted());
		assert_eq!(url, "https://h/k?a=1769860800000&b=1769861999999&c=1769860800&d=1769861999&n=4");
		assert_eq!(template.host(), "h");
	}

	#[test]
	fn another_url_is_refused() {
		for (url, expected) in [
			("https://h/{since}", "unknown placeholder"),
			("ftp://h/", "https://HOST"),
			("/klines", "https://HOST"),
			("https://a:b@h/", "user name"),
			("https://h/ a", "it is no URL"),
		] {
			let error = UrlTemplate::new(url).unwrap_err();
			assert!(error.contains(expected), "{url}: {error}");
		}
	}
}
