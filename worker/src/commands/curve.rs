//! Learning curves as an SVG picture and as a CSV table.

use anyhow::{bail, Context, Result};
use doin_forecast::{
	exact,
	output::replace_file,
	units::{decimals, with_decimals},
};
use plotters::prelude::*;
use std::path::{Path, PathBuf};

/// Width and height of the picture, in pixels.
const SIZE: (u32, u32) = (800, 480);
/// Colour of the chosen candidate.
const CHOSEN: RGBColor = RGBColor(0, 94, 184);
/// Colour of the others.
const OTHERS: RGBColor = RGBColor(190, 190, 190);

/// Learning curve of one candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
	/// Number of the candidate.
	pub candidate: usize,
	/// Error after each epoch, in ascending order of epochs.
	pub points: Vec<Point>,
}

/// Point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
	/// Epoch; 0 is the ridge alone.
	pub epoch: u16,
	/// Mean absolute error on the early-stopping windows, in units of the column, or the error rate.
	pub error: f64,
}

impl Curve {
	/// Returns the point with the least error, the first of several.
	pub fn best(&self) -> Option<Point> {
		self.points.iter().copied().reduce(|best, point| if point.error < best.error { point } else { best })
	}
}

/// Picture of learning curves.
pub struct Picture<'a> {
	/// Curves of all candidates.
	pub curves: &'a [Curve],
	/// Number of the candidate whose curve is highlighted.
	pub chosen: usize,
	/// Title of the picture.
	pub title: &'a str,
	/// Unit of the errors.
	pub unit: &'a str,
}

/// Returns the files of `--curve`: both for a folder, which is created, or the one that the extension of a file names.
///
/// # Errors
///
/// Errors if the extension is neither .svg nor .csv, or if the folder cannot be created.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
	match path.extension().and_then(|ending| ending.to_str()) {
		Some("svg" | "csv") => Ok(vec![path.to_path_buf()]),
		Some(other) if !path.is_dir() => {
			bail!("invalid --curve {}: expected a file ending in .svg or .csv, not in .{other}, or a folder", path.display())
		}
		_ => {
			std::fs::create_dir_all(path).with_context(|| format!("--curve {}: cannot create this folder", path.display()))?;
			Ok(["curve.svg", "curve.csv"].map(|name| path.join(name)).to_vec())
		}
	}
}

impl Picture<'_> {
	/// Writes the curves to these files, by their extensions.
	///
	/// # Errors
	///
	/// Errors if a file cannot be written.
	pub fn write(&self, files: &[PathBuf]) -> Result<()> {
		for file in files {
			let bytes = match file.extension().is_some_and(|extension| extension == "svg") {
				true => self.svg()?.into_bytes(),
				false => csv(self.curves)?,
			};
			replace_file(file, &bytes)
				.with_context(|| format!("cannot write {}: choose a file in an existing folder", file.display()))?;
		}
		Ok(())
	}

	fn svg(&self) -> Result<String> {
		let mut text = String::new();
		self.draw(&mut text).map_err(|error| anyhow::anyhow!("cannot draw the learning curve: {error}"))?;
		Ok(text)
	}

	fn draw(&self, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
		let Self { curves, chosen, title, unit } = *self;
		let points = || curves.iter().flat_map(|curve| &curve.points);
		let last = points().map(|point| point.epoch).max().unwrap_or(0).max(1);
		let (least, most) = points()
			.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), point| (least.min(point.error), most.max(point.error)));
		let (least, most) = if least <= most { (least, most) } else { (0.0, 1.0) };
		// The axis is drawn in units of a power of ten, since its ticks are lost among very small and very large numbers.
		let unit_of_axis = 10f64.powi(1 - decimals(least.abs().max(most.abs())));
		let (least, most) = (least / unit_of_axis, most / unit_of_axis);
		let margin = ((most - least) * 0.06).max(least.abs() * 1e-3);
		// An error of zero throughout has no scale.
		let margin = if margin > 0.0 { margin } else { 1e-9 };
		let digits = decimals((2.0 * margin + most - least) * unit_of_axis) + 1;
		let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
		area.fill(&WHITE)?;
		let mut chart = ChartBuilder::on(&area)
			.caption(title, ("sans-serif", 15))
			.margin(12)
			.x_label_area_size(42)
			.y_label_area_size(84)
			.build_cartesian_2d(0f64..f64::from(last), (least - margin)..(most + margin))?;
		chart
			.configure_mesh()
			.light_line_style(TRANSPARENT)
			.x_desc("epoch")
			.y_desc(format!("error on early-stopping windows, {unit}"))
			.x_label_formatter(&|epoch| format!("{epoch:.0}"))
			.y_label_formatter(&|error| with_decimals(*error * unit_of_axis, digits))
			.x_labels(usize::from(last.min(12)) + 1)
			.draw()?;
		let line = |curve: &Curve| -> Vec<(f64, f64)> {
			curve.points.iter().map(|point| (f64::from(point.epoch), point.error / unit_of_axis)).collect()
		};
		for curve in curves.iter().filter(|curve| curve.candidate != chosen) {
			chart.draw_series(LineSeries::new(line(curve), OTHERS.stroke_width(1)))?;
		}
		for curve in curves.iter().filter(|curve| curve.candidate == chosen) {
			chart.draw_series(LineSeries::new(line(curve), CHOSEN.stroke_width(2)))?;
			if let Some(Point { epoch, error }) = curve.best() {
				chart.draw_series([Circle::new((f64::from(epoch), error / unit_of_axis), 4, CHOSEN.filled())])?;
			}
		}
		area.present()?;
		Ok(())
	}
}

/// Returns one CSV record per candidate and epoch.
fn csv(curves: &[Curve]) -> Result<Vec<u8>> {
	let mut writer = csv::Writer::from_writer(Vec::new());
	writer.write_record(["candidate", "epoch", "error"])?;
	for curve in curves {
		for point in &curve.points {
			writer.write_record([curve.candidate.to_string(), point.epoch.to_string(), exact(point.error)])?;
		}
	}
	writer.into_inner().map_err(|error| anyhow::anyhow!("cannot write the learning curve: {error}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn curve(candidate: usize, points: &[(u16, f64)]) -> Curve {
		Curve { candidate, points: points.iter().map(|(epoch, error)| Point { epoch: *epoch, error: *error }).collect() }
	}

	fn curves() -> Vec<Curve> {
		vec![curve(0, &[(0, 2.0), (1, 1.5), (2, 1.25), (3, 1.25)]), curve(1, &[(1, 1.75), (2, 1.6)])]
	}

	#[test]
	fn the_first_of_the_best_epochs_counts() {
		assert_eq!(curves()[0].best(), Some(Point { epoch: 2, error: 1.25 }));
		assert_eq!(Curve::default().best(), None);
	}

	#[test]
	fn a_folder_gets_both_files_and_an_extension_chooses_one() {
		let folder = tempfile::tempdir().unwrap();
		let both = files(&folder.path().join("new")).unwrap();
		let curves = curves();
		Picture { curves: &curves, chosen: 0, title: "a < b & c", unit: "°C" }.write(&both).unwrap();
		let csv = std::fs::read_to_string(&both[1]).unwrap();
		assert_eq!(csv.lines().count(), 7);
		assert!(csv.starts_with("candidate,epoch,error\n0,0,2\n0,1,1.5\n"));
		let svg = std::fs::read_to_string(&both[0]).unwrap();
		assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.contains("polyline"));
		assert!(svg.contains("a &lt; b &amp; c") && svg.contains("°C"), "text is escaped");
		assert_eq!(files(Path::new("x.svg")).unwrap(), [PathBuf::from("x.svg")]);
		assert!(format!("{:#}", files(Path::new("x.png")).unwrap_err()).contains(".svg or .csv"));
	}

	#[test]
	fn k22_tiny_errors_are_drawn_and_written_with_exponents() {
		let curves = [curve(0, &[(0, 3e-21), (1, 2e-21), (2, 1e-21)])];
		let svg = Picture { curves: &curves, chosen: 0, title: "t", unit: "u" }.svg().unwrap();
		assert!(svg.contains("e-21") && svg.matches("e-2").count() > 3 && !svg.contains("0.000000"), "{svg}");
		// The points lie at different heights.
		let line = svg.lines().find(|line| line.contains("<polyline") && line.contains("#005EB8")).unwrap();
		let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
		let heights: Vec<&str> = points.split_whitespace().map(|point| point.split(',').nth(1).unwrap()).collect();
		assert!(heights.windows(2).all(|pair| pair[0] != pair[1]), "{points}");
		assert!(String::from_utf8(csv(&curves).unwrap()).unwrap().contains("\n0,1,2e-21\n"));
	}

	#[test]
	fn no_curve_and_a_curve_of_one_point_are_drawn() {
		for curves in [vec![], vec![curve(0, &[(1, 0.0)])]] {
			let picture = Picture { curves: &curves, chosen: 0, title: "t", unit: "u" };
			assert!(picture.svg().unwrap().contains("</svg>"));
		}
	}
}
