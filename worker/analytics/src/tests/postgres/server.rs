//! A PostgreSQL server of Debian's package, in a folder of its own.

use std::{
	fs,
	io::{BufRead, BufReader},
	os::unix::{
		fs::{chown, MetadataExt},
		process::CommandExt,
	},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// User and group `nobody`: the server refuses to run as root.
const NOBODY: u32 = 65_534;

/// A server that listens on a Unix socket, and on a port of the loopback interface if it has one. It ends when this value is dropped.
pub struct Server {
	folder: TempDir,
	process: Option<Child>,
	port: Option<u16>,
	is_encrypted: bool,
}

impl Server {
	/// Starts a server with an empty data folder.
	pub fn start() -> Self {
		let mut server = Self::prepared();
		server.restart();
		server
	}

	/// Starts a server that listens on a port too, and has no encryption.
	pub fn over_tcp() -> Self {
		let mut server = Self::prepared();
		server.port = Some(free_port());
		server.restart();
		server
	}

	/// Starts a server with a certificate for `host`. Returns the PEM file of the authority that has signed it.
	pub fn encrypted(host: &str) -> (Self, PathBuf) {
		let mut server = Self::prepared();
		(server.port, server.is_encrypted) = (Some(free_port()), true);
		let authority = server.folder.path().join("authority.pem");
		let file = |name: &str| server.folder.path().join(name).display().to_string();
		let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
		let (own, private) = (file("authority.pem"), file("authority.key"));
		openssl(&[&["req", "-x509", "-subj", "/CN=authority of a test", "-keyout", &private, "-out", &own][..], &key].concat());
		let (subject, name) = (format!("/CN={host}"), format!("subjectAltName=DNS:{host}"));
		let (certificate, secret) = (file("server.pem"), file("server.key"));
		let signed = ["-CA", &own, "-CAkey", &private, "-addext", &name, "-addext", "basicConstraints=critical,CA:FALSE"];
		let made = ["req", "-x509", "-subj", &subject, "-keyout", &secret, "-out", &certificate];
		openssl(&[&made[..], &signed, &key].concat());
		std::fs::write(server.data().join("pg_hba.conf"), "local all all trust\nhostssl all all all trust\n").unwrap();
		if is_root() {
			["server.pem", "server.key"].iter().for_each(|name| chown(file(name), Some(NOBODY), Some(NOBODY)).unwrap());
		}
		server.restart();
		(server, authority)
	}

	/// Returns the port of the server.
	pub fn port(&self) -> u16 {
		self.port.expect("the server listens on a port")
	}

	/// Returns a server with an empty data folder that does not run.
	fn prepared() -> Self {
		let folder = tempfile::tempdir().unwrap();
		if is_root() {
			chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
		}
		let server = Self { folder, process: None, port: None, is_encrypted: false };
		let data = server.data();
		let made = command("initdb").args(["--no-sync", "--auth=trust", "--username=doin", "-D"]).arg(data).output().unwrap();
		assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
		server
	}

	/// Starts the server again, and waits until it takes connections.
	pub fn restart(&mut self) {
		assert!(self.process.is_none(), "the server runs");
		let mut postgres = command("postgres");
		postgres.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
		postgres.args(["-c", "fsync=off", "-c", "max_connections=20"]);
		match self.port {
			Some(port) => postgres.args(["-c", "listen_addresses=localhost", "-c", &format!("port={port}")]),
			None => postgres.args(["-c", "listen_addresses="]),
		};
		if self.is_encrypted {
			let file = |name: &str| self.folder.path().join(name).display().to_string();
			let (certificate, key) =
				(format!("ssl_cert_file={}", file("server.pem")), format!("ssl_key_file={}", file("server.key")));
			postgres.args(["-c", "ssl=on", "-c", &certificate, "-c", &key]);
		}
		let mut process = postgres.stderr(Stdio::piped()).spawn().unwrap();
		let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
		self.process = Some(process);
		let mut log = Vec::new();
		let is_ready = lines.by_ref().any(|line| {
			log.push(line);
			log.last().is_some_and(|line| line.contains("ready to accept connections"))
		});
		assert!(is_ready, "{}", log.join("\n"));
		std::thread::spawn(move || lines.for_each(drop));
	}

	/// Ends the server at once, with all its connections.
	pub fn stop(&mut self) {
		if let Some(mut process) = self.process.take() {
			Command::new("kill").args(["-QUIT", &process.id().to_string()]).status().unwrap();
			process.wait().unwrap();
		}
	}

	/// Returns the connection string of a database.
	pub fn address(&self, database: &str) -> String {
		let port = self.port.map_or(String::new(), |port| format!(" port={port}"));
		format!("host={} user=doin dbname={database}{port}", self.folder.path().display())
	}

	fn data(&self) -> PathBuf {
		self.folder.path().join("data")
	}
}

impl Drop for Server {
	fn drop(&mut self) {
		self.stop();
	}
}

/// Returns a port of the loopback interface that nobody listens on.
fn free_port() -> u16 {
	std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs OpenSSL, which makes keys and certificates.
fn openssl(arguments: &[&str]) {
	let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
	assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn is_root() -> bool {
	fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Returns a program of the newest installed version.
fn command(program: &str) -> Command {
	let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
	let mut paths: Vec<_> =
		versions.map(|version| version.path().join("bin").join(program)).filter(|path| path.exists()).collect();
	paths.sort();
	let path = paths.pop().unwrap_or_else(|| panic!("{program} is missing: `apt-get install postgresql` (scripts/setup.sh)"));
	let mut command = Command::new(path);
	command.current_dir(Path::new("/"));
	if is_root() {
		command.uid(NOBODY).gid(NOBODY);
	}
	command
}
