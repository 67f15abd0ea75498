//! Runs the `rclone` that was built, or another one, in a home of its own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::servers::Server;

/// A program that is rclone, with a home and an `rclone.conf` of its own.
#[derive(Debug)]
pub struct Program {
    executable: PathBuf,
    home: TempDir,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Program {
    /// Returns our own: `RCLONE` of the environment, else the newest build of this workspace.
    pub fn ours() -> Self {
        let built = || {
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
            let age = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
            let found = ["debug", "release"].map(|profile| target.join(profile).join("rclone"));
            found.into_iter().max_by_key(age).expect("two places")
        };
        let executable = std::env::var_os("RCLONE").map_or_else(built, PathBuf::from);
        assert!(executable.exists(), "`cargo build -p rclone-cli` first");
        Self::at(executable)
    }

    /// Returns the program of this name.
    pub fn at(executable: PathBuf) -> Self {
        let home = TempDir::with_prefix("home-").expect("a temporary folder");
        Self { executable, home }
    }

    /// Returns the path of the program.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Adds a section or more to the configuration.
    pub fn configure(&self, section: &str) {
        let path = self.configuration();
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, text + section).expect("the home takes files");
    }

    /// Adds a remote `name` that is this server.
    pub fn add(&self, name: &str, server: &Server) {
        self.add_through(name, server, server.port());
    }

    /// Adds a remote `name` that is this server, reached through another port.
    pub fn add_through(&self, name: &str, server: &Server, port: u16) {
        self.configure(&server.section(name, port));
        fs::copy(server.authority(), self.authority()).expect("the home takes files");
    }

    /// Returns the file with the certificate that vouches for the last server added.
    fn authority(&self) -> PathBuf {
        self.home.path().join("ca.pem")
    }

    /// Returns where the configuration is.
    pub fn configuration(&self) -> PathBuf {
        self.home.path().join("rclone.conf")
    }

    /// Returns the folder that is this program's home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the command, ready for more arguments.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.command_in(&["env"], arguments)
    }

    /// Returns the command as the arguments of another one, such as `prlimit`.
    pub fn command_in<S: AsRef<OsStr>>(
        &self,
        wrapper: &[&str],
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(&self.executable);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("RCLONE")) {
                command.env_remove(name);
            }
        }
        if self.authority().exists() {
            command.env("RCLONE_CA_CERT", self.authority());
        }
        command
            .args(arguments)
            .env("HOME", self.home.path())
            .env("RCLONE_CONFIG", self.configuration())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        Output::of(&mut self.command(arguments))
    }

    /// Runs it to its end and returns what it printed.
    #[track_caller]
    pub fn succeed<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let output = self.run(arguments);
        assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
        output.stdout
    }
}

impl Output {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program starts");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Panics unless the run ended with `code` and said all of `texts`.
    #[track_caller]
    pub fn assert(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        for text in texts {
            let said = self.stderr.to_lowercase().contains(&text.to_lowercase());
            assert!(said, "`{text}` is not in:\n{}", self.stderr);
        }
    }
}
