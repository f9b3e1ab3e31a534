//! Errors of models of rows as figures: shares of mistakes, mean absolute errors, and confusions of classes.

use crate::report::{table, LEFT, RIGHT};
use comfy_table::Table;
use doin_forecast::{
	error_scale::percent_below,
	rows::{labels::ValueMap, LabelMap, RowErrors},
	significant,
};
use serde::Serialize;

/// Classes that the text names beside one that is mistaken for them.
const NAMED: usize = 3;

/// Errors of a model on some rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowFigures {
	/// Share of rows whose class is wrong; `None` for values.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub error_rate: Option<f64>,
	/// Number of rows whose class is wrong; `None` for values.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub wrong: Option<u64>,
	/// Mean absolute error of each column of values, in its units; `None` for classes.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub mae: Option<Vec<f64>>,
	/// Mean of these errors in standard deviations of the training rows; `None` for classes.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub scaled: Option<f64>,
	/// Error sum in 2⁻⁴ raw units, or 2⁴ per wrong class.
	pub error: u64,
	/// Per cent by which the error is below that of the constant model on the same rows.
	pub better_percent: f64,
}

/// A class, and what a model takes its rows for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassFigures {
	/// Text of the class.
	pub label: String,
	/// Number of its rows.
	pub rows: u64,
	/// Number of them whose class is wrong.
	pub wrong: u64,
	/// Classes that they are taken for, the most frequent one first.
	pub taken_for: Vec<Confusion>,
}

/// A class that rows of another one are taken for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confusion {
	/// Text of the class.
	pub label: String,
	/// Number of rows.
	pub rows: u64,
}

impl RowFigures {
	/// Returns the figures of a model whose errors are `own`, beside those of the constant model on the same rows.
	pub fn new(labels: &LabelMap, own: &RowErrors, constant: &RowErrors) -> Self {
		let means = own.means();
		let (error_rate, wrong, mae, scaled) = match labels {
			LabelMap::Classes(_) => (means.first().copied(), Some(own.wrong()), None, None),
			LabelMap::Values(maps) => {
				let mae: Vec<f64> = means.iter().zip(maps).map(|(mean, map)| mean * map.unit).collect();
				let scaled = mae.iter().zip(maps).map(|(mae, map)| mae / map.deviation).sum::<f64>() / maps.len().max(1) as f64;
				(None, None, Some(mae), Some(scaled))
			}
		};
		let better_percent = percent_below(own.total() as f64, constant.total() as f64);
		Self { error_rate, wrong, mae, scaled, error: own.total(), better_percent }
	}

	/// Returns the title of [`RowFigures::shown`].
	pub fn title(labels: &LabelMap) -> &'static str {
		match labels {
			LabelMap::Classes(_) => "wrong",
			LabelMap::Values(maps) if maps.len() == 1 => "mean absolute error",
			LabelMap::Values(_) => "mean scaled error",
		}
	}

	/// Returns the error as text: the share of mistakes, the mean absolute error of one column, or the mean one of several in standard
	/// deviations.
	pub fn shown(&self) -> String {
		match (self.error_rate, self.mae.as_deref(), self.scaled) {
			(Some(rate), ..) => format!("{:.2} %", 100.0 * rate),
			(None, Some([mae]), _) => significant(*mae),
			(None, _, scaled) => significant(scaled.unwrap_or(0.0)),
		}
	}

	/// Returns the improvement on the constant model as text.
	pub fn better(&self) -> String {
		format!("{:.2} %", self.better_percent)
	}
}

/// Returns the classes with their mistakes; none for values.
pub fn class_figures(labels: &LabelMap, errors: &RowErrors) -> Vec<ClassFigures> {
	let LabelMap::Classes(map) = labels else { return Vec::new() };
	let class = |(actual, label): (usize, &String)| {
		let counts = &errors.confusion[actual];
		let mut taken_for: Vec<(usize, u64)> = (0..counts.len()).map(|at| (at, counts[at])).collect();
		taken_for.retain(|(at, rows)| *at != actual && *rows > 0);
		taken_for.sort_by_key(|(at, rows)| (std::cmp::Reverse(*rows), *at));
		let rows = counts.iter().sum::<u64>();
		let taken_for = taken_for.into_iter().map(|(at, rows)| Confusion { label: map.classes[at].clone(), rows });
		ClassFigures { label: label.clone(), rows, wrong: rows - counts[actual], taken_for: taken_for.collect() }
	};
	map.classes.iter().enumerate().map(class).collect()
}

/// Returns the classes with their mistakes as a table; `part` names the rows.
pub fn class_table(classes: &[ClassFigures], part: &str) -> Table {
	let title = format!("class, {part}");
	let mut table = table([(title.as_str(), LEFT), ("rows", RIGHT), ("wrong", RIGHT), ("taken for", LEFT)]);
	for class in classes {
		let wrong = match class.rows {
			0 => "-".to_string(),
			rows => format!("{:.2} %", 100.0 * class.wrong as f64 / rows as f64),
		};
		let named: Vec<String> = class.taken_for.iter().take(NAMED).map(|one| format!("{} {}", one.label, one.rows)).collect();
		let more = class.taken_for.len().saturating_sub(NAMED);
		let more = if more > 0 { format!(" and {more} more") } else { String::new() };
		table.add_row([class.label.clone(), class.rows.to_string(), wrong, named.join(", ") + &more]);
	}
	table
}

/// Returns the errors of each column of several values, of the models with these names.
pub fn value_table<'a>(maps: &[ValueMap], models: impl Iterator<Item = (&'a str, &'a RowFigures)>, part: &str) -> Table {
	let models: Vec<_> = models.collect();
	let title = format!("mean absolute error, {part}");
	let columns = std::iter::once((title.as_str(), LEFT)).chain(models.iter().map(|(name, _)| (*name, RIGHT)));
	let mut table = table(columns);
	for (at, map) in maps.iter().enumerate() {
		let error = |figures: &RowFigures| {
			figures.mae.as_ref().and_then(|mae| mae.get(at)).map_or(String::new(), |mae| significant(*mae))
		};
		let cells = std::iter::once(map.column.clone()).chain(models.iter().map(|(_, figures)| error(figures)));
		table.add_row(cells.collect::<Vec<_>>());
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_forecast::rows::labels::ClassMap;

	fn classes() -> LabelMap {
		LabelMap::Classes(ClassMap { column: "y".into(), classes: vec!["A".into(), "B".into(), "C".into()] })
	}

	#[test]
	fn mistakes_are_shares_and_confusions() {
		let errors = |confusion: [[u64; 3]; 3]| {
			let wrong = (0..3)
				.flat_map(|a| (0..3).filter(move |b| *b != a).map(move |b| (a, b)))
				.map(|(a, b)| confusion[a][b])
				.sum::<u64>();
			RowErrors {
				rows: confusion.iter().flatten().sum::<u64>() as usize,
				errors: vec![16 * wrong],
				confusion: confusion.iter().map(|row| row.to_vec()).collect(),
			}
		};
		let own = errors([[8, 1, 1], [0, 4, 0], [0, 6, 0]]);
		let constant = errors([[10, 0, 0], [4, 0, 0], [6, 0, 0]]);
		let figures = RowFigures::new(&classes(), &own, &constant);
		assert_eq!((figures.error_rate, figures.wrong, figures.error), (Some(0.4), Some(8), 128));
		assert_eq!(
			(figures.shown(), figures.better(), RowFigures::title(&classes())),
			("40.00 %".into(), "20.00 %".into(), "wrong")
		);
		let json = serde_json::to_string(&figures).unwrap();
		assert!(json.starts_with(r#"{"error_rate":0.4,"wrong":8,"error":128,"better_percent":"#), "{json}");
		let classes = class_figures(&classes(), &own);
		assert_eq!((classes[0].wrong, classes[1].wrong, classes[2].wrong), (2, 0, 6));
		assert_eq!(classes[0].taken_for, [Confusion { label: "B".into(), rows: 1 }, Confusion { label: "C".into(), rows: 1 }]);
		let text = class_table(&classes, "test").to_string();
		for part in ["class, test", "20.00 %  B 1, C 1", "100.00 %  B 6"] {
			assert!(text.contains(part), "{text}");
		}
	}

	#[test]
	fn errors_of_values_are_in_units_of_their_columns() {
		let map = |column: &str, unit: f64| ValueMap { column: column.into(), offset: 1.0, unit, deviation: 10.0 * unit };
		let (one, two) = (vec![map("a", 0.5)], vec![map("a", 0.5), map("b", 2.0)]);
		let errors = |errors: &[u64]| RowErrors { rows: 4, errors: errors.to_vec(), confusion: Vec::new() };
		let single = RowFigures::new(&LabelMap::Values(one), &errors(&[128]), &errors(&[256]));
		assert_eq!((single.mae.clone(), single.scaled, single.shown()), (Some(vec![1.0]), Some(0.2), "1.0000".into()));
		assert_eq!((single.better_percent, single.wrong), (50.0, None));
		let several = RowFigures::new(&LabelMap::Values(two.clone()), &errors(&[128, 64]), &errors(&[256, 256]));
		assert_eq!((several.mae.clone(), several.shown()), (Some(vec![1.0, 2.0]), "0.15000".into()));
		let text = value_table(&two, [("ridge", &several), ("this mlp", &several)].into_iter(), "test").to_string();
		assert!(text.contains("mean absolute error, test   ridge  this mlp") || text.contains("ridge  this mlp"), "{text}");
		assert!(class_figures(&LabelMap::Values(two), &errors(&[0, 0])).is_empty());
	}
}
