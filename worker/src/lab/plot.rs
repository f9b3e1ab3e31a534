//! Learning curves, as a picture and as a table.

use anyhow::{bail, Context, Result};
use plotters::prelude::*;
use std::path::{Path, PathBuf};

/// Width and height of a picture.
const SIZE: (u32, u32) = (800, 480);
/// Colour of the chosen candidate.
const CHOSEN: RGBColor = RGBColor(0, 94, 184);
/// Colour of the others.
const OTHERS: RGBColor = RGBColor(190, 190, 190);

/// The errors of one candidate, epoch by epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
	/// Number of the candidate.
	pub candidate: usize,
	/// Epoch and mean absolute error on the windows that stop training early, in units of the series. Epoch 0 is the ridge alone.
	pub points: Vec<(u16, f64)>,
}

impl Curve {
	/// The epoch with the least error, the first of several.
	pub fn best(&self) -> Option<(u16, f64)> {
		self.points.iter().copied().reduce(|best, point| if point.1 < best.1 { point } else { best })
	}
}

/// The files of a curve: a folder takes both, a file the one that its ending names.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
	match path.extension().and_then(|ending| ending.to_str()) {
		Some("svg" | "csv") => Ok(vec![path.to_path_buf()]),
		Some(other) if !path.is_dir() => {
			bail!("--curve {}: a curve is written as .svg or .csv, not as .{other}; or name a folder", path.display())
		}
		_ => {
			std::fs::create_dir_all(path).with_context(|| format!("--curve {}: cannot make this folder", path.display()))?;
			Ok(["curve.svg", "curve.csv"].map(|name| path.join(name)).to_vec())
		}
	}
}

/// Writes curves to these files. `chosen` is the number of the candidate that stands out.
pub fn write(files: &[PathBuf], curves: &[Curve], chosen: usize, title: &str, unit: &str) -> Result<()> {
	for file in files {
		let text = match file.extension().is_some_and(|ending| ending == "svg") {
			true => picture(curves, chosen, title, unit)?,
			false => table(curves),
		};
		std::fs::write(file, text)
			.with_context(|| format!("cannot write {}: choose a file in a folder that exists", file.display()))?;
	}
	Ok(())
}

/// One line per candidate and epoch.
fn table(curves: &[Curve]) -> String {
	let lines = curves
		.iter()
		.flat_map(|curve| curve.points.iter().map(|(epoch, error)| format!("{},{epoch},{error}\n", curve.candidate)));
	std::iter::once("candidate,epoch,error\n".to_string()).chain(lines).collect()
}

fn picture(curves: &[Curve], chosen: usize, title: &str, unit: &str) -> Result<String> {
	let mut text = String::new();
	draw(&mut text, curves, chosen, title, unit).map_err(|error| anyhow::anyhow!("cannot draw the learning curve: {error}"))?;
	Ok(text)
}

fn draw(text: &mut String, curves: &[Curve], chosen: usize, title: &str, unit: &str) -> Result<(), Box<dyn std::error::Error>> {
	let points = || curves.iter().flat_map(|curve| &curve.points);
	let last = points().map(|(epoch, _)| *epoch).max().unwrap_or(0).max(1);
	let (least, most) =
		points().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), (_, error)| (least.min(*error), most.max(*error)));
	let (least, most) = if least <= most { (least, most) } else { (0.0, 1.0) };
	let margin = ((most - least) * 0.06).max(least.abs() * 1e-3).max(1e-9);
	let decimals = (2.0 - (2.0 * margin + most - least).log10().floor()).clamp(0.0, 9.0) as usize;
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
		.y_desc(format!("error on windows held back from training, {unit}"))
		.x_label_formatter(&|epoch| format!("{epoch:.0}"))
		.y_label_formatter(&|error| format!("{error:.decimals$}"))
		.x_labels(usize::from(last.min(12)) + 1)
		.draw()?;
	let line =
		|curve: &Curve| -> Vec<(f64, f64)> { curve.points.iter().map(|(epoch, error)| (f64::from(*epoch), *error)).collect() };
	for curve in curves.iter().filter(|curve| curve.candidate != chosen) {
		chart.draw_series(LineSeries::new(line(curve), OTHERS.stroke_width(1)))?;
	}
	for curve in curves.iter().filter(|curve| curve.candidate == chosen) {
		chart.draw_series(LineSeries::new(line(curve), CHOSEN.stroke_width(2)))?;
		if let Some((epoch, error)) = curve.best() {
			chart.draw_series([Circle::new((f64::from(epoch), error), 4, CHOSEN.filled())])?;
		}
	}
	area.present()?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn curves() -> Vec<Curve> {
		vec![
			Curve { candidate: 0, points: vec![(0, 2.0), (1, 1.5), (2, 1.25), (3, 1.25)] },
			Curve { candidate: 1, points: vec![(1, 1.75), (2, 1.6)] },
		]
	}

	#[test]
	fn the_first_of_the_best_epochs_counts() {
		assert_eq!(curves()[0].best(), Some((2, 1.25)));
		assert_eq!(Curve::default().best(), None);
	}

	#[test]
	fn a_folder_takes_both_files_and_an_ending_chooses_one() {
		let folder = tempfile::tempdir().unwrap();
		let both = files(&folder.path().join("new")).unwrap();
		write(&both, &curves(), 0, "a < b & c", "°C").unwrap();
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
	fn curves_of_nothing_and_of_one_point_are_drawn() {
		for curves in [vec![], vec![Curve { candidate: 0, points: vec![(1, 0.0)] }]] {
			assert!(picture(&curves, 0, "t", "u").unwrap().contains("</svg>"));
		}
	}
}
