//! The tools, and how each is told what to do.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::servers::{PASSWORD, not_run, tools};
use tests::{Program, Security, Server};

use crate::case::{Case, Work};

/// Those of the tools that are there, set up for one server.
pub(crate) struct Tools {
    found: Vec<Tool>,
}

/// A tool, set up for one server.
pub(crate) enum Tool {
    /// lftp, with what it has to say before it begins.
    Lftp { program: Program, preamble: String },
    /// Ours, or rclone.
    Rclone { name: &'static str, program: Program, authority: Option<PathBuf> },
}

impl Tools {
    /// Looks for them.
    pub(crate) fn find(server: &Server, security: Security) -> Self {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/rclone");
        let ours = std::env::var_os("RCLONE").map_or(built, PathBuf::from);
        let authority = (security == Security::Tls).then(|| server.authority());
        let mut found = Vec::new();
        for (name, path) in [("ours", ours), ("rclone", tools().join("venv/bin/rclone"))] {
            if !path.exists() {
                not_run(&format!("{name} is not at {}", path.display()));
                continue;
            }
            let program = Program::at(path);
            program.add("server", server);
            found.push(Tool::Rclone { name, program, authority: authority.clone() });
        }
        let lftp = tools().join("root/usr/bin/lftp");
        if lftp.exists() {
            let preamble = lftp_preamble(server, security);
            found.push(Tool::Lftp { program: Program::at(lftp), preamble });
        } else {
            not_run("lftp is not there; tests/run fetches it");
        }
        Self { found }
    }

    /// Returns them in the order they take turns.
    pub(crate) fn all(&self) -> &[Tool] {
        &self.found
    }
}

impl Tool {
    /// Returns its name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Lftp { .. } => "lftp",
            Self::Rclone { name, .. } => name,
        }
    }

    /// Returns the command that does the work on `tree` of the server and the folder `local`.
    pub(crate) fn command(&self, case: &Case, local: &Path, verbose: bool) -> Command {
        match self {
            Self::Lftp { program, preamble } => {
                let connections = case.connections;
                let local = local.display();
                let verb = match case.work {
                    Work::Again | Work::Upload => {
                        format!("mirror --reverse --no-perms --parallel={connections} {local} tree")
                    }
                    Work::Download => {
                        format!("mirror --no-perms --parallel={connections} tree {local}")
                    }
                    Work::List => "find tree".into(),
                    Work::Remove => "rm -r tree".into(),
                };
                let debug = if verbose { "debug -t 9; " } else { "" };
                let script =
                    format!("{debug}set net:connection-limit {connections}; {preamble}{verb}");
                program.command(["--norc", "-c", &script])
            }
            Self::Rclone { program, authority, .. } => {
                let (local, remote) = (local.display().to_string(), "server:tree".to_owned());
                let verb = match case.work {
                    Work::Again | Work::Upload => vec!["copy".into(), local, remote],
                    Work::Download => vec!["copy".into(), remote, local],
                    Work::List => vec!["lsf".into(), "--recursive".into(), remote],
                    Work::Remove => vec!["purge".into(), remote],
                };
                let mut command = program.command(verb);
                let connections = case.connections.to_string();
                command.args(["--transfers", &connections, "--checkers", &connections]);
                if let Some(authority) = authority {
                    command.arg("--ca-cert").arg(authority);
                }
                if verbose {
                    command.arg("-vv");
                }
                command
            }
        }
    }
}

fn lftp_preamble(server: &Server, security: Security) -> String {
    let security = match security {
        Security::Plain => "set ftp:ssl-allow no; ",
        Security::Tls => {
            "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:verify-certificate no; "
        }
    };
    format!(
        "set cmd:fail-exit yes; set net:timeout 60; set net:max-retries 3; \
         set net:reconnect-interval-base 1; set ftp:sync-mode no; set ftp:use-mdtm-overloaded yes; \
         {security}open -u {},{PASSWORD} -p {} {}; ",
        server.user(),
        server.port(),
        server.host(),
    )
}
