//! `rclone gendocs`: man pages and completion scripts for packages, made from the definitions that
//! also parse the command line.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap_mangen::Man;

use super::completion::Shell;
use crate::args;
use crate::resolve::Resolved;

/// Write man pages and completion scripts into a directory
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory, which is made where it is missing
    directory: PathBuf,
}

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let what = || format!("failed to write to {}", args.directory.display());
    write(&args.directory).with_context(what)
}

fn write(directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    clap_mangen::generate_to(args::brief().disable_help_subcommand(true), directory)?;
    // All global flags are explained once.
    let mut page = Vec::new();
    Man::new(args::command()).render(&mut page)?;
    fs::write(directory.join("rclone.1"), page)?;
    for (shell, file) in [
        (Shell::Bash, "rclone.bash"),
        (Shell::Zsh, "_rclone"),
        (Shell::Fish, "rclone.fish"),
        (Shell::Powershell, "rclone.ps1"),
    ] {
        fs::write(directory.join(file), shell.script())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_the_first_has_all_flags() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path()).unwrap();
        let page = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        assert!(page("rclone.1").contains("bwlimit"));
        assert!(page("rclone-config-create.1").contains("NAME"));
        for command in args::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page = page(&format!("rclone-{}.1", command.get_name()));
            assert!(page.contains(".SH SYNOPSIS") && !page.contains("bwlimit"));
        }
        assert!(page("_rclone").starts_with("#compdef rclone\n"));
    }
}
