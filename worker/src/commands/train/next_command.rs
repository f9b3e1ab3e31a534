//! Command that uses the model of a training.

use crate::args::{argument, ReadArgs};
use doin_forecast::SeriesSource;
use doin_roles::shell::quoted;
use std::{
	fmt::{self, Display, Formatter},
	path::{Path, PathBuf},
};

/// File of a model, and the command that forecasts with it.
#[derive(Clone, Debug)]
pub struct NextCommand {
	/// File of the model.
	model: PathBuf,
	/// Arguments of `doin-worker`.
	arguments: Vec<String>,
	/// Contents of the file, e.g. `a series`, if it was a pipe, whose contents are gone.
	piped: Option<&'static str>,
}

impl NextCommand {
	/// Returns the command that applies the model to the file `source` of the training, which is read with the options `read`.
	/// The model file names its columns. `contents` is a series, or rows.
	pub fn predict(model: &Path, source: &SeriesSource, read: &ReadArgs, contents: &'static str) -> Self {
		let piped = is_pipe(&source.path).then_some(contents);
		let rows = source.rows.map_or(String::new(), |rows| format!(":{rows}"));
		let source = if piped.is_some() { format!("-{rows}") } else { source.to_string() };
		let files = [("--model", model.to_string_lossy().into_owned()), ("--csv", source)];
		let arguments = files.iter().flat_map(|(option, value)| argument(option, value)).chain(read.to_arguments());
		Self { model: model.into(), arguments: std::iter::once("predict".into()).chain(arguments).collect(), piped }
	}
}

/// Returns `true` for standard input, and for other files that can be read once only.
fn is_pipe(path: &Path) -> bool {
	path == Path::new("-") || std::fs::metadata(path).is_ok_and(|file| !file.is_file())
}

impl Display for NextCommand {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let hint = self.piped.map_or(String::new(), |contents| format!("pipe {contents} into "));
		write!(f, "{}: {hint}doin-worker", self.model.display())?;
		self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::commands::predict::PredictArgs;
	use clap::Parser;

	#[derive(Parser)]
	struct Predict {
		#[command(flatten)]
		args: PredictArgs,
	}

	#[derive(Parser)]
	struct Read {
		#[command(flatten)]
		read: ReadArgs,
	}

	/// Each option of reading, with values that a shell or the parser could take for something else.
	const OPTIONS: [&str; 19] = [
		"--time=Date,Time of day",
		"--fill=linear",
		"--missing=-9999",
		"--missing=--",
		"--missing=-",
		"--missing=",
		"--missing=n. v.",
		"--where=store=Mike's",
		"--where=year=2031",
		"--last=1000",
		"--no-header",
		"--decimal=,",
		"--day-first",
		"--time-format=%d.%m.%y %H:%M",
		"--zone=Europe/Paris",
		"--sort",
		"--missing=$HOME",
		"--missing=`date`",
		"--missing=*",
	];

	fn next(model: &str, source: &str, read: &ReadArgs) -> NextCommand {
		NextCommand::predict(Path::new(model), &source.parse().unwrap(), read, "a series")
	}

	#[test]
	fn k19_the_next_command_reads_the_file_as_the_training_did() {
		let Read { read } = Read::parse_from([&["read"][..], &OPTIONS].concat());
		for (model, source, rows) in
			[("my model.doin", "it's load.csv", None), ("-m.doin", "-load.csv:100", Some(100)), ("~/m", "-", None)]
		{
			let command = next(model, source, &read);
			let Predict { args } = Predict::parse_from(&command.arguments);
			assert_eq!(args.model, Path::new(model));
			assert_eq!((args.data.csv.to_string().as_str(), args.data.csv.rows), (source, rows));
			assert_eq!(args.data.columns.read, read);
			assert_eq!((args.data.columns.column, args.data.columns.inputs.len()), (None, 0), "the model names its columns");
		}
		for option in [vec![], vec!["--month-first"], vec!["--decimal=."], vec!["--time=none"]] {
			let Read { read } = Read::parse_from([&["read"][..], &option].concat());
			assert_eq!(Read::parse_from([vec!["read".to_string()], read.to_arguments()].concat()).read, read);
		}
	}

	#[test]
	fn k19_the_next_command_is_quoted_for_a_shell() {
		let Read { read } = Read::parse_from(["read", "--missing=n. v.", "--where=store=Mike's", "--sort"]);
		assert_eq!(
			next("my model.doin", "a.csv:100", &read).to_string(),
			r"my model.doin: doin-worker predict --model 'my model.doin' --csv a.csv:100 --missing 'n. v.' --where 'store=Mike'\''s' --sort"
		);
		assert_eq!(
			next("m.doin", "-", &ReadArgs::default()).to_string(),
			"m.doin: pipe a series into doin-worker predict --model m.doin --csv -"
		);
		let piped = next("m.doin", "/dev/null", &ReadArgs::default()).to_string();
		assert!(piped.contains("pipe a series") && piped.ends_with("--csv -"), "{piped}");
	}

	#[cfg(unix)]
	#[test]
	fn k19_a_shell_passes_the_arguments_of_the_next_command_on() {
		let Read { read } = Read::parse_from([&["read"][..], &OPTIONS].concat());
		let command = next("my model.doin", "it's load.csv:7", &read);
		let text = command.to_string();
		let (_, words) = text.split_once("doin-worker ").unwrap();
		let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {words}")]).output().unwrap();
		let printed = String::from_utf8(output.stdout).unwrap();
		assert_eq!(printed.lines().collect::<Vec<_>>(), command.arguments);
	}
}
