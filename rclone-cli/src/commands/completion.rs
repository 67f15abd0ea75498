//! `rclone completion`: scripts that ask this program, by `rclone __complete`, what a word can become.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::output;
use crate::resolve::Resolved;

/// Write a completion script for a shell: commands, flags, remotes, and the paths on them
///
/// For bash, for example: rclone completion bash > ~/.local/share/bash-completion/completions/rclone
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// bash, zsh, fish or powershell
    shell: Shell,
    /// Where to write it, - for standard output
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// A shell that asks.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    /// Returns its script.
    pub(super) fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("completion/rclone.bash"),
            Self::Zsh => include_str!("completion/rclone.zsh"),
            Self::Fish => include_str!("completion/rclone.fish"),
            Self::Powershell => include_str!("completion/rclone.ps1"),
        }
    }
}

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    if args.file.as_os_str() == "-" {
        return output::text(args.shell.script());
    }
    let what = || format!("failed to write {}", args.file.display());
    std::fs::write(&args.file, args.shell.script()).with_context(what)
}
