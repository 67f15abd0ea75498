//! Where cases run: a server, a folder with a configuration, and both as they were for each run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tests::{Output, Program, Security, Server, Software, servers};

use crate::case::Case;
use crate::outcome::{Outcome, snapshot};

/// Whose rclone runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    Theirs,
    Ours,
}

/// A server with its files and a folder to work in.
pub(crate) struct Place {
    server: Server,
    folder: TempDir,
    started: u64,
    pristine: Vec<String>,
}

impl Place {
    /// Starts the server and makes the files of `tests/differential/place.sh`.
    pub(crate) fn new(software: Software) -> Option<Self> {
        let server = Server::start(software, Security::Plain)?;
        let folder = TempDir::with_prefix("differential-").expect("a temporary folder");
        let second = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let mut place = Self { server, folder, started: second, pristine: Vec::new() };
        place.tool("theirs", &servers::tools().join("venv/bin/rclone"));
        place.tool("ours", Program::ours().executable());
        for name in ["pristine/work", "pristine/server", "work"] {
            fs::create_dir_all(place.path(name)).expect("a directory");
        }
        let section = place.server.section(name(software), place.server.port());
        // As rclone leaves it: a blank line ends each section.
        fs::write(place.path("pristine/work/rclone.conf"), section + "\n")
            .expect("a configuration");
        place.shell(include_str!("../../differential/place.sh"), "pristine");
        place.reset();
        place.pristine = place.snapshot();
        Some(place)
    }

    /// Runs a case on the files as they were made.
    pub(crate) fn run(&self, tool: Tool, case: &Case) -> Outcome {
        let bin = match tool {
            Tool::Theirs => self.path("theirs"),
            Tool::Ours => self.path("ours"),
        };
        let work = self.path("work");
        let cache = self.path("cache");
        let _ = fs::remove_dir_all(&cache);
        let mut command = Command::new("timeout");
        command
            .args(["60", "sh", "-c", &format!("umask 022; {}", case.line)])
            .env_clear()
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()))
            .env("HOME", &work)
            .env("USER", "someone")
            .env("PORT", self.server.port().to_string())
            .env("SERVED", self.server.root())
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("RCLONE_CONFIG", work.join("rclone.conf"))
            // What is learnt about servers and copies is no part of the outcome, and each run
            // finds nothing learnt.
            .env("XDG_CACHE_HOME", cache)
            .current_dir(&work)
            .stdin(Stdio::null());
        let output = Output::of(&mut command);
        let files = self.snapshot();
        if files != self.pristine {
            self.reset();
        }
        Outcome { output, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tool(&self, name: &str, executable: &Path) {
        let executable = fs::canonicalize(executable).expect("the program is there");
        fs::create_dir(self.path(name)).expect("a directory");
        symlink(executable, self.path(name).join("rclone")).expect("a link");
    }

    fn snapshot(&self) -> Vec<String> {
        let mut lines = snapshot(&self.server.root(), "server", self.started);
        lines.extend(snapshot(&self.path("work"), "work", self.started));
        lines
    }

    /// Puts all files back.
    fn reset(&self) {
        let script = format!(
            "for to in work '{}'; do chmod -R u+rwx $to; find $to -mindepth 1 -delete; done
             cp -a pristine/work/. work/ && cp -a pristine/server/. '{0}'/",
            self.server.root().display()
        );
        self.shell(&script, ".");
    }

    fn shell(&self, script: &str, below: &str) {
        let status = Command::new("sh")
            .args(["-euc", script])
            .env("OWNER", if servers::is_root() { "65534:65534" } else { "" })
            .current_dir(self.path(below))
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{script}");
    }
}

/// Returns what command lines call the remote on this server.
fn name(software: Software) -> &'static str {
    match software {
        Software::Proftpd => "server",
        Software::PureFtpd => "pureftpd",
        Software::Pyftpdlib => "pyftpdlib",
        Software::Vsftpd => "vsftpd",
    }
}
