//! `rclone completion`: scripts that complete command lines, made from the flags' definition.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap_complete::{Shell, generate};

use crate::args;
use crate::resolve::Resolved;

/// Write a completion script for a shell
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

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut args::command(), "rclone", &mut script);
    let mut script = script.as_slice();
    if args.file.as_os_str() == "-" {
        io::copy(&mut script, &mut io::stdout().lock())?;
        return Ok(());
    }
    let what = || format!("failed to write {}", args.file.display());
    io::copy(&mut script, &mut File::create(&args.file).with_context(what)?).with_context(what)?;
    Ok(())
}
