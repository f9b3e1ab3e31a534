//! Colours and symbols.

use ratatui::{
	style::{Color, Modifier, Style},
	symbols::{self, border},
};

/// Use of colours and of symbols beyond ASCII. Every meaning of a colour is also a word or a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
	/// Colours are shown.
	pub color: bool,
	/// Symbols beyond ASCII are shown.
	pub unicode: bool,
}

/// Borders in ASCII.
const ASCII: border::Set = border::Set {
	top_left: "+",
	top_right: "+",
	bottom_left: "+",
	bottom_right: "+",
	vertical_left: "|",
	vertical_right: "|",
	horizontal_top: "-",
	horizontal_bottom: "-",
};

// Blue, orange and their mixtures with white and black are told apart with every kind of colour vision (Okabe & Ito 2008).
const BLUE: Color = Color::Indexed(75);
const ORANGE: Color = Color::Indexed(214);
const GREY: Color = Color::Indexed(245);

impl Look {
	/// Returns the look that environment variables ask for: no colours with `NO_COLOR` or on a terminal without them, and no symbols
	/// beyond ASCII unless the locale has UTF-8.
	pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
		let set = |name: &str| variable(name).filter(|value| !value.is_empty());
		let color = set("NO_COLOR").is_none() && set("TERM").as_deref() != Some("dumb");
		let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_ascii_lowercase();
		Self { color, unicode: locale.contains("utf-8") || locale.contains("utf8") }
	}

	fn colored(self, color: Color, modifier: Modifier) -> Style {
		if self.color {
			Style::new().fg(color)
		} else {
			Style::new().add_modifier(modifier)
		}
	}

	/// Returns the style of headings.
	pub fn heading(self) -> Style {
		self.colored(BLUE, Modifier::BOLD).add_modifier(Modifier::BOLD)
	}

	/// Returns the style of values that matter.
	pub fn value(self) -> Style {
		Style::new().add_modifier(Modifier::BOLD)
	}

	/// Returns the style of what is good or under way.
	pub fn good(self) -> Style {
		self.colored(BLUE, Modifier::empty())
	}

	/// Returns the style of what needs attention.
	pub fn alarm(self) -> Style {
		self.colored(ORANGE, Modifier::REVERSED).add_modifier(Modifier::BOLD)
	}

	/// Returns the style of labels and borders.
	pub fn quiet(self) -> Style {
		self.colored(GREY, Modifier::empty())
	}

	/// Returns the style of the chosen tab.
	pub fn chosen(self) -> Style {
		Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
	}

	/// Returns the symbols of borders.
	pub fn border(self) -> border::Set<'static> {
		if self.unicode {
			border::ROUNDED
		} else {
			ASCII
		}
	}

	/// Returns the mark in front of the state of the connection: filled while it is live.
	pub fn mark(self, is_live: bool) -> &'static str {
		match (self.unicode, is_live) {
			(true, true) => "●",
			(true, false) => "○",
			(false, true) => "*",
			(false, false) => "!",
		}
	}

	/// Returns the sign between two parts of a line.
	pub fn separator(self) -> &'static str {
		if self.unicode {
			" · "
		} else {
			" - "
		}
	}

	/// Returns the sign for parts that are left out.
	pub fn ellipsis(self) -> &'static str {
		if self.unicode {
			"…"
		} else {
			".."
		}
	}

	/// Returns a bar of `width` cells, `done` of `all` filled.
	pub fn bar(self, width: usize, done: u64, all: u64) -> String {
		let (full, empty) = if self.unicode { ("█", "░") } else { ("#", ".") };
		let filled = (u128::from(done.min(all)) * width as u128).checked_div(u128::from(all)).unwrap_or(0) as usize;
		format!("{}{}", full.repeat(filled), empty.repeat(width - filled))
	}

	/// Returns a curve of at most `width` values in one line; higher values are higher.
	pub fn curve(self, values: &[u64], width: usize) -> String {
		const ASCII_LEVELS: [&str; 5] = ["_", ".", "-", "=", "#"];
		const LEVELS: [&str; 8] = [
			symbols::bar::ONE_EIGHTH,
			symbols::bar::ONE_QUARTER,
			symbols::bar::THREE_EIGHTHS,
			symbols::bar::HALF,
			symbols::bar::FIVE_EIGHTHS,
			symbols::bar::THREE_QUARTERS,
			symbols::bar::SEVEN_EIGHTHS,
			symbols::bar::FULL,
		];
		let levels: &[&str] = if self.unicode { &LEVELS } else { &ASCII_LEVELS };
		let shown = &values[values.len().saturating_sub(width)..];
		let (least, most) = (shown.iter().min().copied().unwrap_or(0), shown.iter().max().copied().unwrap_or(0));
		let level = |value: &u64| {
			let height = u128::from(value - least) * (levels.len() as u128 - 1);
			levels[height.checked_div(u128::from(most - least)).unwrap_or(0) as usize]
		};
		shown.iter().map(level).collect()
	}
}
