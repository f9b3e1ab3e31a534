//! Addresses of nodes in messages.
//!
//! Providers of nodes put keys into the user name, the path and the query of an address. Messages and logs therefore show the
//! scheme, the host and the port only.

/// Schemes whose addresses are looked for in a text.
const SCHEMES: [&str; 4] = ["wss", "ws", "https", "http"];
/// Text in place of the path and the query of an address.
const LEFT_OUT: &str = "/…";

/// Returns the address `url` for messages: its scheme, host and port. A user name and a password are left out, and a path or a
/// query is replaced by `/…`. Where the host cannot be told from a password, it is left out as well.
pub fn shown_url(url: &str) -> String {
	let (scheme, rest) = match url.split_once("://") {
		Some((scheme, rest)) => (format!("{scheme}://"), rest),
		None => (String::new(), url),
	};
	let (authority, more) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
	let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
	if more.contains('@') || !has_valid_port(host) {
		return format!("{scheme}…");
	}
	let more = if matches!(more, "" | "/") { "" } else { LEFT_OUT };
	format!("{scheme}{host}{more}")
}

/// Returns `true` if the text behind the name or number of a host is a port, or if there is none.
fn has_valid_port(host: &str) -> bool {
	// Colons within brackets belong to an IPv6 address.
	let name_end = if host.starts_with('[') { host.find(']').map_or(host.len(), |end| end + 1) } else { 0 };
	match host[name_end..].split_once(':') {
		// Advice in messages writes `ws://HOST:PORT`, and a colon behind it begins the cause.
		Some((_, port)) => matches!(port, "PORT" | "PORT:") || port.bytes().all(|byte| byte.is_ascii_digit()),
		None => true,
	}
}

/// Returns `text` with every address of the schemes `ws`, `wss`, `http` and `https` in it as [`shown_url`] returns it.
pub fn with_shown_urls(text: &str) -> String {
	let mut shown = String::with_capacity(text.len());
	let mut rest = text;
	while let Some(at) = rest.find("://") {
		let begin = scheme_at(rest, at);
		let end = end_of_url(rest, at);
		match begin {
			Some(begin) => {
				shown.push_str(&rest[..begin]);
				shown.push_str(&shown_url(&rest[begin..end]));
			}
			None => shown.push_str(&rest[..end]),
		}
		rest = &rest[end..];
	}
	shown.push_str(rest);
	shown
}

/// Returns the position of the scheme that ends at `end`, if it is one of [`SCHEMES`].
fn scheme_at(text: &str, end: usize) -> Option<usize> {
	SCHEMES.iter().find_map(|scheme| {
		let begin = end.checked_sub(scheme.len())?;
		text.get(begin..end)?.eq_ignore_ascii_case(scheme).then_some(begin)
	})
}

/// Returns the end of the address whose scheme ends at `at`. A password may hold signs that end an address otherwise.
fn end_of_url(text: &str, at: usize) -> usize {
	let word = &text[at..];
	let word = &word[..word.find(char::is_whitespace).unwrap_or(word.len())];
	let host = word.rfind('@').unwrap_or(0);
	at + host + word[host..].find(ends_url).unwrap_or(word.len() - host)
}

/// Returns `true` if an address within a text ends before `c`.
fn ends_url(c: char) -> bool {
	matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | ',' | ';')
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn advice_that_names_the_form_of_an_address_is_shown() {
		for advice in ["expected ws://HOST:PORT or wss://HOST:PORT", "expected wss://HOST:PORT: it has no port"] {
			assert_eq!(with_shown_urls(advice), advice);
		}
	}

	const SECRETS: [&str; 4] = ["alice", "s3cret", "token", "abcdef"];

	#[test]
	fn k36_an_address_is_shown_without_its_credentials() {
		for (url, expected) in [
			("ws://127.0.0.1:9944", "ws://127.0.0.1:9944"),
			("wss://rpc.example.org/", "wss://rpc.example.org"),
			("wss://alice:s3cret@rpc.example.org:443", "wss://rpc.example.org:443"),
			("wss://alice:s3cret@rpc.example.org/v1/abcdef", "wss://rpc.example.org/…"),
			("wss://alice:s3cret/?@rpc.example.org", "wss://…"),
			("wss://alice:s3cret", "wss://…"),
			("ws://[::1]:9944?token=s3cret", "ws://[::1]:9944/…"),
			("wss://rpc.example.org/abcdef@token", "wss://…"),
			("alice:s3cret@rpc.example.org", "rpc.example.org"),
			("localhost:9944", "localhost:9944"),
			("", ""),
		] {
			assert_eq!(shown_url(url), expected, "{url}");
		}
	}

	#[test]
	fn k36_addresses_in_a_text_are_shown_without_their_credentials() {
		let url = "wss://alice:s3cret@rpc.example.org/abcdef?token=1";
		for (before, after) in [("1 | url = \"", "\"\n  |"), ("cannot reach `", "`: refused"), ("", ""), ("(", "), or ws://b:1")]
		{
			let shown = with_shown_urls(&format!("{before}{url}{after}"));
			assert_eq!(shown, format!("{before}wss://rpc.example.org/…{after}"));
			assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
		}
		assert_eq!(with_shown_urls("at ws://alice:s3,cret;\"'@a:1, or"), "at ws://a:1, or");
		let two = with_shown_urls("WSS://alice@a:1 and http://b/token and doin://alice");
		assert_eq!(two, "WSS://a:1 and http://b/… and doin://alice", "other schemes are no addresses of nodes");
		for harmless in ["no address", "://", "ä://x", "a path /etc/doin/worker.toml"] {
			assert_eq!(with_shown_urls(harmless), harmless);
		}
	}
}
