//! Encryption of the connection, as `sslmode` and `sslrootcert` of a connection string ask for it.
//!
//! | `sslmode` | connection |
//! |---|---|
//! | `disable` | not encrypted |
//! | `prefer`, the default | encrypted if the server can; to another machine as `require` |
//! | `require` | encrypted; the certificate is not verified |
//! | `verify-full` | encrypted; the certificate names the host, and an authority of the system or of `sslrootcert` has signed it |
//!
//! With `sslrootcert`, `prefer` and `require` are `verify-full`: who names an authority expects the certificates of no other one. A
//! socket that is a file of this machine is not encrypted by `prefer`.

use super::PostgresError;
use rustls::{
	client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	crypto::{ring, verify_tls12_signature, verify_tls13_signature, CryptoProvider},
	pki_types::{pem::PemObject, CertificateDer, ServerName, UnixTime},
	ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::{path::PathBuf, sync::Arc};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Settings of the encryption that [`tokio_postgres::Config`] does not know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TlsOptions {
	/// `true` if the certificate is verified.
	is_verified: bool,
	/// PEM file of authorities; those of the system if `None`.
	authorities: Option<PathBuf>,
}

impl TlsOptions {
	/// Returns the settings of a connection string, and the string as `tokio_postgres` reads it.
	pub fn split(text: &str) -> (Self, String) {
		let mut options = Self::default();
		let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
		let rest = match (is_url, text.split_once('?')) {
			(true, None) => text.into(),
			(true, Some((address, query))) => {
				let kept = query.split('&').filter_map(|part| match part.split_once('=') {
					Some((key, value)) => options.take(key, &decoded(value), part),
					None => Some(part.into()),
				});
				let kept: Vec<String> = kept.collect();
				format!("{address}?{}", kept.join("&"))
			}
			(false, _) => {
				let kept = words(text).into_iter().filter_map(|word| match word.split_once('=') {
					Some((key, value)) => options.take(key.trim(), &unquoted(value.trim()), word),
					None => Some(word.into()),
				});
				kept.collect::<Vec<String>>().join(" ")
			}
		};
		(options, rest)
	}

	/// Takes a setting, or returns it as it stays in the connection string.
	fn take(&mut self, key: &str, value: &str, whole: &str) -> Option<String> {
		match (key, value) {
			("sslmode", "verify-full") => {
				self.is_verified = true;
				Some("sslmode=require".into())
			}
			("sslrootcert", "") => None,
			("sslrootcert", path) => {
				self.is_verified = true;
				self.authorities = (path != "system").then(|| path.into());
				None
			}
			_ => Some(whole.into()),
		}
	}

	/// Returns `true` if the certificate is verified.
	pub fn is_verified(&self) -> bool {
		self.is_verified
	}

	/// Returns the connector.
	///
	/// # Errors
	/// Errors if no authority can be read.
	pub fn connector(&self) -> Result<MakeRustlsConnect, PostgresError> {
		let provider = Arc::new(ring::default_provider());
		let unusable = |cause: Error| PostgresError::Authorities { path: self.authorities.clone(), cause: cause.into() };
		let builder =
			ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(unusable)?;
		let config = match self.is_verified {
			true => builder.with_root_certificates(self.authorities()?),
			false => builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider))),
		};
		Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
	}

	/// Reads the authorities that certificates are verified against.
	fn authorities(&self) -> Result<RootCertStore, PostgresError> {
		let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| PostgresError::Authorities {
			path: self.authorities.clone(),
			cause,
		};
		let certificates = match &self.authorities {
			Some(path) => {
				let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
				read.map_err(|cause| unreadable(cause.into()))?
			}
			None => rustls_native_certs::load_native_certs().certs,
		};
		let mut store = RootCertStore::empty();
		match store.add_parsable_certificates(certificates) {
			(0, _) => Err(unreadable("there is no certificate".into())),
			_ => Ok(store),
		}
	}
}

/// Returns the words of a connection string `key=value key='a value'`.
fn words(text: &str) -> Vec<&str> {
	let (mut words, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
	for (at, letter) in text.char_indices() {
		match letter {
			_ if is_escaped => is_escaped = false,
			'\\' => is_escaped = true,
			'\'' => is_quoted = !is_quoted,
			letter if letter.is_whitespace() && !is_quoted => {
				words.push(&text[start..at]);
				start = at + letter.len_utf8();
			}
			_ => {}
		}
	}
	words.push(&text[start..]);
	words.retain(|word| !word.is_empty());
	words
}

/// Returns a value of a connection string without its quotes and escapes.
fn unquoted(value: &str) -> String {
	let value = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value);
	let mut is_escaped = false;
	let is_kept = |letter: &char| {
		let is_plain = is_escaped || *letter != '\\';
		is_escaped = !is_plain;
		is_plain
	};
	value.chars().filter(is_kept).collect()
}

/// Returns a part of a URL without its escapes.
fn decoded(value: &str) -> String {
	let (mut bytes, mut rest) = (Vec::new(), value.as_bytes());
	while let [first, tail @ ..] = rest {
		let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
		match (first, tail.get(..2).and_then(byte)) {
			(b'%', Some(byte)) => {
				bytes.push(byte);
				rest = &tail[2..];
			}
			_ => {
				bytes.push(*first);
				rest = tail;
			}
		}
	}
	String::from_utf8_lossy(&bytes).into_owned()
}

/// Accepts every certificate whose private key the server has.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
	fn verify_server_cert(
		&self,
		_: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		_: &ServerName<'_>,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		Ok(ServerCertVerified::assertion())
	}

	fn verify_tls12_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.0.signature_verification_algorithms.supported_schemes()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio_postgres::{config::SslMode, Config};

	fn split(text: &str) -> (bool, Option<String>, SslMode) {
		let (options, rest) = TlsOptions::split(text);
		let config: Config = rest.parse().unwrap_or_else(|error| panic!("{rest}: {error:?}"));
		let authorities = options.authorities.map(|path| path.display().to_string());
		(options.is_verified, authorities, config.get_ssl_mode())
	}

	#[test]
	fn settings_are_taken_out_of_both_forms_of_a_connection_string() {
		for text in ["postgresql://doin@host/doin", "host=host user=doin"] {
			assert_eq!(split(text), (false, None, SslMode::Prefer), "{text}");
		}
		for text in ["postgresql://doin@host/doin?sslmode=disable", "host=host sslmode=disable", "sslmode='disable' host=host"] {
			assert_eq!(split(text), (false, None, SslMode::Disable), "{text}");
		}
		let file = Some("/a b/ca.pem".to_owned());
		for text in [
			"postgres://doin@host/doin?sslrootcert=%2Fa%20b/ca.pem&sslmode=verify-full&connect_timeout=3",
			"host=host sslmode=verify-full sslrootcert='/a b/ca.pem' user=doin",
			r"host=host  sslrootcert=/a\ b/ca.pem sslmode='verify-full'",
		] {
			assert_eq!(split(text), (true, file.clone(), SslMode::Require), "{text}");
		}
		assert_eq!(split("postgres://host/?sslmode=verify-full&sslrootcert=system"), (true, None, SslMode::Require));
	}

	#[test]
	fn who_names_an_authority_gets_its_certificates_only() {
		assert_eq!(split("host=host sslrootcert=/ca.pem"), (true, Some("/ca.pem".to_owned()), SslMode::Prefer));
		assert_eq!(split("postgres://host/?sslmode=require&sslrootcert=system"), (true, None, SslMode::Require));
		assert_eq!(split("postgres://host/?sslmode=require&sslrootcert="), (false, None, SslMode::Require));
	}

	#[test]
	fn a_password_is_not_a_setting() {
		let (options, rest) = TlsOptions::split(r"host=h password='a sslmode=verify-full \' b' user=u");
		assert_eq!((options, rest.as_str()), (TlsOptions::default(), r"host=h password='a sslmode=verify-full \' b' user=u"));
	}

	#[test]
	fn authorities_that_cannot_be_read_are_named() {
		let folder = tempfile::tempdir().unwrap();
		let empty = folder.path().join("empty.pem");
		std::fs::write(&empty, "no certificate").unwrap();
		for path in [empty, folder.path().join("missing.pem")] {
			let options = TlsOptions { is_verified: true, authorities: Some(path.clone()) };
			let Err(error) = options.connector() else { panic!("{} was read", path.display()) };
			assert!(error.to_string().contains(&path.display().to_string()), "{error}");
		}
		assert!(TlsOptions::default().connector().is_ok());
	}
}
