//! `rclone help`: about commands, global flags and the options of backends.

use anyhow::bail;
use clap::{Arg, Command};

use crate::args;
use crate::config::options::{FTP, Opt};
use crate::output;
use crate::resolve::Resolved;

/// Show help for a command, the global flags or a backend
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// A command; `flags` and a word to look for; `backends`; `backend ftp`
    topic: Vec<String>,
}

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let topic: Vec<&str> = args.topic.iter().map(String::as_str).collect();
    output::text(&match topic.as_slice() {
        ["flags"] => flags(""),
        ["flags", filter] => flags(filter),
        ["backends"] => "  ftp    FTP Connection\n  local  Local Disk\n".into(),
        ["backend", "ftp"] => backend(),
        ["backend", "local"] => "The local disk has no options.\n".into(),
        ["backend", other, ..] => bail!("no backend {other} (there are ftp and local)"),
        path => command(path)?,
    })
}

fn command(path: &[&str]) -> anyhow::Result<String> {
    let mut command = args::brief();
    command.build();
    let mut current = &mut command;
    for name in path {
        let Some(next) = current.find_subcommand_mut(name) else {
            bail!("unknown command {name} (`rclone help` lists them)");
        };
        current = next;
    }
    Ok(current.render_long_help().to_string())
}

/// Returns the global flags that hold `filter`, under their headings.
fn flags(filter: &str) -> String {
    let wanted = |arg: &Arg| {
        let long = arg.get_long().unwrap_or_default();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        !arg.is_hide_set() && (long.contains(filter) || help.contains(filter))
    };
    let flags: Vec<Arg> =
        args::command().get_arguments().filter(|arg| wanted(arg)).cloned().collect();
    Command::new("rclone")
        .disable_help_flag(true)
        .help_template("{all-args}\n")
        .args(flags)
        .render_help()
        .to_string()
}

fn backend() -> String {
    let mut text = String::from("Options of an ftp remote.\n");
    for option in FTP {
        text.push_str(&entry(option));
    }
    text
}

fn entry(option: &Opt) -> String {
    let Opt { key, kind, default, help, examples, required, .. } = option;
    let mut text = format!("\n--{}\n", option.flag());
    for line in help.lines() {
        text.push_str(&format!("    {line}\n").replace("    \n", "\n"));
    }
    text.push_str(&format!("\n    Config:   {key}\n    Variable: {}\n", option.variable()));
    text.push_str(&format!("    Type:     {}\n", kind.name()));
    match (*default, required) {
        (_, true) => text.push_str("    Required: true\n"),
        ("", false) => {}
        (default, false) => text.push_str(&format!("    Default:  {default}\n")),
    }
    for (value, what) in *examples {
        text.push_str(&format!("    Example:  {value}  ({what})\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_by_a_word() {
        let all = flags("");
        assert!(all.contains("Filter:\n") && all.contains("--ftp-explicit-tls"));
        let some = flags("bwlimit");
        assert!(some.contains("--bwlimit") && !some.contains("--transfers"));
        assert!(!all.contains("--use-mmap"), "what has no effect is not advertised");
    }

    #[test]
    fn every_option_of_the_backend_is_explained() {
        let text = backend();
        for option in FTP {
            assert!(text.contains(&option.variable()), "{}", option.key);
        }
    }

    #[test]
    fn commands_are_explained_by_path() {
        assert!(command(&["serve", "ftp"]).unwrap().contains("Usage:"));
        assert!(command(&["nope"]).is_err());
    }
}
