//! Texts of shell commands.

use std::borrow::Cow;

/// Returns `text` as one word of a POSIX shell: as it is, or in single quotes.
pub fn quoted(text: &str) -> Cow<'_, str> {
	let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | ',' | '=' | '+' | '@' | '%');
	// Some shells expand a leading `=`.
	match !text.is_empty() && !text.starts_with('=') && text.chars().all(is_plain) {
		true => Cow::Borrowed(text),
		false => Cow::Owned(format!("'{}'", text.replace('\'', r"'\''"))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_a_shell_would_change_is_quoted() {
		for plain in ["a.csv", "/tmp/a-b_c.csv:100", "store=A", "%d.%m.%y", "-9999"] {
			assert_eq!(quoted(plain), plain);
		}
		for (text, expected) in [
			("", "''"),
			("my file.csv", "'my file.csv'"),
			("it's", r"'it'\''s'"),
			("~/x", "'~/x'"),
			("$(date)", "'$(date)'"),
			("CO(GT)", "'CO(GT)'"),
			("=x", "'=x'"),
			("\u{e4}", "'\u{e4}'"),
		] {
			assert_eq!(quoted(text), expected);
		}
	}
}
