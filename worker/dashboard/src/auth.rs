//! The token of requests that change state or ask for the whole database.

use crate::error::ApiError;
use axum::http::{header::AUTHORIZATION, HeaderMap, StatusCode};
use doin_primitives::{blake2_256, Hash};
use std::{
	io::Read,
	path::{Path, PathBuf},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Least length of a token, in characters.
const SHORTEST: usize = 16;
/// Greatest length of a file with a token, in bytes.
const LONGEST: u64 = 1_024;

/// A token, kept as its hash.
#[derive(Clone)]
pub struct Token(Hash);

/// Error of a file with a token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
	/// The file cannot be read.
	#[error(
		"cannot read the token of the dashboard from {} (create it, e.g. with `openssl rand -hex 32`, or name another file \
		 with --dashboard-token)", .path.display()
	)]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Failure of the system.
		#[source]
		source: std::io::Error,
	},
	/// Accounts other than the owner of the file can read it.
	#[error("others can read the token of the dashboard in {} (run `chmod 600` on it)", .path.display())]
	Exposed {
		/// The file.
		path: PathBuf,
	},
	/// The content is not a token.
	#[error(
		"{} has no token of the dashboard: expected one line of 16 to 1,024 printable characters without spaces, \
		 e.g. of `openssl rand -hex 32`", .path.display()
	)]
	Malformed {
		/// The file.
		path: PathBuf,
	},
}

impl std::fmt::Debug for Token {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("Token")
	}
}

impl Token {
	/// Returns a token, or `None` if the text is too short, too long, or has spaces or characters that are not printable ASCII.
	pub fn new(text: &str) -> Option<Self> {
		let fits = (SHORTEST..=LONGEST as usize).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
		fits.then(|| Self(blake2_256(text.as_bytes())))
	}

	/// Reads a token from a file, without the white space around it.
	///
	/// # Errors
	/// Errors if the file cannot be read, if accounts other than its owner can read it, or if its content is not a token.
	pub fn read(path: &Path) -> Result<Self, TokenError> {
		let unreadable = |source| TokenError::Unreadable { path: path.into(), source };
		let file = std::fs::File::open(path).map_err(unreadable)?;
		if is_exposed(&file.metadata().map_err(unreadable)?) {
			return Err(TokenError::Exposed { path: path.into() });
		}
		let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 2));
		file.take(LONGEST + 2).read_to_end(&mut bytes).map_err(unreadable)?;
		let token = std::str::from_utf8(&bytes).ok().and_then(|text| Self::new(text.trim()));
		token.ok_or_else(|| TokenError::Malformed { path: path.into() })
	}

	/// Returns `true` if `text` is the token. The time of the comparison does not depend on the token.
	fn matches(&self, text: &[u8]) -> bool {
		self.0.ct_eq(&blake2_256(text)).into()
	}
}

#[cfg(unix)]
fn is_exposed(metadata: &std::fs::Metadata) -> bool {
	use std::os::unix::fs::MetadataExt;
	metadata.is_file() && metadata.mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &std::fs::Metadata) -> bool {
	false
}

/// Checks that a request shows the token.
///
/// # Errors
/// Errors with 403 if the server has no token or the request shows another one, and with 401 if the request shows none.
pub(crate) fn check(headers: &HeaderMap, token: Option<&Token>) -> Result<(), ApiError> {
	let Some(token) = token else {
		return Err(ApiError::new(
			StatusCode::FORBIDDEN,
			"this request needs a token, and the server has none",
			"start the worker with --dashboard-token FILE, and send the content of the file as `Authorization: Bearer TOKEN`",
		));
	};
	let value = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
	let shown = value.and_then(|value| {
		let (scheme, shown) = value.split_at_checked(7)?;
		scheme.eq_ignore_ascii_case(b"bearer ").then_some(shown.trim_ascii())
	});
	match shown {
		None => Err(ApiError::new(
			StatusCode::UNAUTHORIZED,
			"the request needs the token of this server, and shows none",
			"send the header `Authorization: Bearer TOKEN` with the content of the file that --dashboard-token names",
		)),
		Some(shown) if token.matches(shown) => Ok(()),
		Some(_) => Err(ApiError::new(
			StatusCode::FORBIDDEN,
			"the token of the request is not that of this server",
			"send the content of the file that --dashboard-token names; the worker reads the file at its start",
		)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const TEXT: &str = "0123456789abcdef0123456789abcdef";

	fn status(header: Option<&str>, token: Option<&Token>) -> Option<u16> {
		let mut headers = HeaderMap::new();
		if let Some(header) = header {
			headers.insert(AUTHORIZATION, header.parse().unwrap());
		}
		check(&headers, token).err().map(|error| error.status.as_u16())
	}

	#[test]
	fn only_the_token_itself_is_let_through() {
		let token = Token::new(TEXT).unwrap();
		assert_eq!(status(Some(&format!("Bearer {TEXT}")), Some(&token)), None);
		assert_eq!(status(Some(&format!("bearer  {TEXT}")), Some(&token)), None, "the scheme has no case");
		assert_eq!(status(None, Some(&token)), Some(401));
		for header in ["Basic eDp5", "Bearer", "", TEXT] {
			assert_eq!(status(Some(header), Some(&token)), Some(401), "{header}");
		}
		for wrong in [&TEXT[1..], format!("{TEXT}0").as_str(), "", TEXT.to_uppercase().as_str()] {
			assert_eq!(status(Some(&format!("Bearer {wrong}")), Some(&token)), Some(403), "{wrong}");
		}
		assert_eq!(status(Some(&format!("Bearer {TEXT}")), None), Some(403));
	}

	#[test]
	fn a_token_is_one_printable_word_of_some_length() {
		assert!(Token::new(&TEXT[..15]).is_none() && Token::new(&TEXT[..16]).is_some());
		assert!(Token::new(&"x".repeat(1_025)).is_none());
		assert!(Token::new("0123456789 abcdef").is_none() && Token::new("0123456789abcdéf").is_none());
		assert_eq!(format!("{:?}", Token::new(TEXT).unwrap()), "Token");
	}

	#[cfg(unix)]
	#[test]
	fn a_file_is_refused_with_the_next_step() {
		use std::os::unix::fs::PermissionsExt;
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("token");
		assert!(Token::read(&path).unwrap_err().to_string().contains("openssl rand -hex 32"));
		std::fs::write(&path, format!("{TEXT}\n")).unwrap();
		std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
		assert!(Token::read(&path).unwrap_err().to_string().contains("chmod 600"));
		std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
		assert!(Token::read(&path).unwrap().matches(TEXT.as_bytes()));
		for wrong in [String::new(), "short".into(), "two\nlines of some length".into(), "x".repeat(5_000)] {
			std::fs::write(&path, wrong).unwrap();
			assert!(matches!(Token::read(&path), Err(TokenError::Malformed { .. })));
		}
	}
}
