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

/// A server that listens on a Unix socket only. It ends when this value is dropped.
pub struct Server {
	folder: TempDir,
	process: Option<Child>,
}

impl Server {
	/// Starts a server with an empty data folder.
	pub fn start() -> Self {
		let folder = tempfile::tempdir().unwrap();
		if is_root() {
			chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
		}
		let mut server = Self { folder, process: None };
		let data = server.data();
		let made = command("initdb").args(["--no-sync", "--auth=trust", "--username=doin", "-D"]).arg(data).output().unwrap();
		assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
		server.restart();
		server
	}

	/// Starts the server again, and waits until it takes connections.
	pub fn restart(&mut self) {
		assert!(self.process.is_none(), "the server runs");
		let mut postgres = command("postgres");
		postgres.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
		postgres.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20"]);
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
		format!("host={} user=doin dbname={database}", self.folder.path().display())
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
