//! Forecasters and channels as the command line and configurations name them.

use crate::channels::Channel;
use doin_forecast::ModelFamily;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
	str::FromStr,
};
use strum::IntoEnumIterator;

/// Beginning of the names of models in the time-series subnet.
const SUBNET: &str = "model_v";

/// Forecaster of rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedModel {
	/// Nets of a family, trained on the bars.
	Family(ModelFamily),
	/// Model file.
	File(PathBuf),
	/// Program of the user, with its arguments.
	Program(Vec<String>),
}

impl FromStr for NamedModel {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let text = text.trim();
		let family = ModelFamily::iter().find(|family| family.name() == text.to_lowercase());
		match (family, text.split_once(':')) {
			(Some(family), _) => Ok(Self::Family(family)),
			(None, Some(("program", command))) if !command.trim().is_empty() => {
				Ok(Self::Program(command.split_whitespace().map(String::from).collect()))
			}
			(None, Some(("program", _))) => Err("a program needs a name, e.g. program:./model.py".into()),
			// A file that does not exist is named when it is read.
			_ if text.contains(['.', '/', '\\']) || PathBuf::from(text).is_file() => Ok(Self::File(text.into())),
			_ if text.starts_with(SUBNET) => Err(format!(
				"`{text}` is a model of the time-series subnet, whose files are not read: use lstm, which is trained here"
			)),
			_ => {
				let families: Vec<&str> = ModelFamily::iter().map(ModelFamily::name).collect();
				Err(format!(
					"`{text}` is neither a family of nets ({}) nor a file: name one that `train --out` wrote, or program:COMMAND",
					families.join(", ")
				))
			}
		}
	}
}

impl Display for NamedModel {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		match self {
			Self::Family(family) => write!(f, "{family}"),
			Self::File(path) => write!(f, "{}", path.display()),
			Self::Program(command) => write!(f, "program:{}", command.join(" ")),
		}
	}
}

/// Channels beside the closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels(pub Vec<Channel>);

impl Default for Channels {
	/// Returns the indicators, which every stream has.
	fn default() -> Self {
		Self(vec![Channel::Rsi, Channel::Macd, Channel::Bollinger, Channel::Ema])
	}
}

impl Display for Channels {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let names: Vec<String> = self.0.iter().map(Channel::to_string).collect();
		match names.is_empty() {
			true => f.write_str("none"),
			false => f.write_str(&names.join(",")),
		}
	}
}

impl FromStr for Channels {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		if text.trim() == "none" {
			return Ok(Self(Vec::new()));
		}
		let channel = |name: &str| {
			let name = name.trim().to_lowercase();
			name.parse::<Channel>().map_err(|_| {
				let known: Vec<String> = Channel::iter().map(|channel| channel.to_string()).collect();
				format!("unknown channel `{name}`: expected some of {}, or none", known.join(", "))
			})
		};
		text.split(',').map(channel).collect::<Result<_, _>>().map(Self)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn forecasters_are_families_files_or_programs() {
		let parse = |text: &str| text.parse::<NamedModel>();
		assert_eq!(parse("LSTM"), Ok(NamedModel::Family(ModelFamily::Lstm)));
		let program = parse("program:python3 my model.py").unwrap();
		assert_eq!(program, NamedModel::Program(["python3", "my", "model.py"].map(String::from).to_vec()));
		assert_eq!(program.to_string(), "program:python3 my model.py");
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("linear.doin");
		std::fs::write(&file, "x").unwrap();
		assert_eq!(parse(&file.display().to_string()), Ok(NamedModel::File(file)));
		assert_eq!(parse("btc.doin"), Ok(NamedModel::File("btc.doin".into())));
		assert!(parse("program: ").unwrap_err().contains("needs a name"));
		assert!(parse("model_v4_1").unwrap_err().contains("use lstm"));
		for wrong in ["", "lnear", "binance:BTC"] {
			assert!(
				parse(wrong).unwrap_err().contains("neither a family of nets (linear, mlp, conv, lstm, gru) nor a file"),
				"{wrong}"
			);
		}
	}

	#[test]
	fn channels_are_named() {
		let parse = |text: &str| text.parse::<Channels>().map(|channels| channels.0);
		assert_eq!(parse("rsi, Day-Quarter"), Ok(vec![Channel::Rsi, Channel::DayQuarter]));
		assert_eq!(parse("none"), Ok(vec![]));
		for channels in [Channels::default(), Channels(vec![]), Channels(vec![Channel::Day])] {
			assert_eq!(channels.to_string().parse(), Ok(channels));
		}
		for wrong in ["", "rsi,", "rsi,atr"] {
			let error = parse(wrong).unwrap_err();
			assert!(error.contains("unknown channel") && error.contains("bollinger"), "{error}");
		}
	}
}
