//! `rclone __complete`: what the last word of a command line can become, a line for each candidate
//! with a tab and an explanation behind it where there is one.

use std::time::Duration;

use clap::{Arg, ArgAction, Command};

use crate::args;
use crate::output;
use crate::resolve::Resolved;

/// Complete the last word of a command line
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The words after the program's name
    words: Vec<String>,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let root = args::command();
    let (current, before) = match args.words.split_last() {
        Some((current, before)) => (current.as_str(), before),
        None => ("", &[][..]),
    };
    let candidates = match wanted(&root, before, current) {
        Wanted::These(candidates) => candidates,
        Wanted::Path => paths(resolved, current).await,
        Wanted::Nothing => Vec::new(),
    };
    let lines = candidates.into_iter().filter(|(word, _)| word.starts_with(current));
    let lines = lines.map(|(word, help)| match help.is_empty() {
        true => format!("{word}\n"),
        false => format!("{word}\t{help}\n"),
    });
    output::text(&lines.collect::<String>())
}

/// A word and what it means.
type Candidate = (String, String);

/// What can stand in a place of the command line.
#[derive(Debug, Eq, PartialEq)]
enum Wanted {
    These(Vec<Candidate>),
    /// Something nobody can guess: a number, a local file.
    Nothing,
    Path,
}

/// Finds out what the word after `before` can be.
fn wanted(root: &Command, before: &[String], current: &str) -> Wanted {
    let mut command = root;
    let mut words = before.iter().peekable();
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            let Some(arg) = valued(root, command, word) else { continue };
            if words.next().is_none() {
                return values(arg);
            }
        } else if let Some(sub) = command.find_subcommand(word) {
            command = sub;
        }
    }
    if current.starts_with('-') {
        return Wanted::These(flags(root, command));
    }
    let subcommands: Vec<Candidate> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(|sub| (sub.get_name().to_owned(), help(sub.get_about())))
        .collect();
    match command.get_positionals().next() {
        _ if !subcommands.is_empty() => Wanted::These(subcommands),
        Some(arg) => match values(arg) {
            Wanted::Nothing if is_path(arg) => Wanted::Path,
            values => values,
        },
        None => Wanted::Nothing,
    }
}

/// Returns the flag whose value is the next word.
fn valued<'a>(root: &'a Command, command: &'a Command, word: &str) -> Option<&'a Arg> {
    let name = word.trim_start_matches('-');
    let named = |arg: &&Arg| match word.starts_with("--") {
        true => arg.get_long() == Some(name),
        false => arg.get_short().is_some_and(|short| name.ends_with(short)),
    };
    let arg = command.get_arguments().chain(root.get_arguments()).find(named)?;
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    (takes && !arg.is_require_equals_set()).then_some(arg)
}

fn values(arg: &Arg) -> Wanted {
    let values = arg.get_possible_values();
    if values.is_empty() {
        return Wanted::Nothing;
    }
    let named = |value: &clap::builder::PossibleValue| {
        (value.get_name().to_owned(), help(value.get_help()))
    };
    Wanted::These(values.iter().map(named).collect())
}

/// Tells whether a positional argument is a path of a remote or of this machine.
fn is_path(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "path" | "paths" | "source" | "destination")
}

fn flags(root: &Command, command: &Command) -> Vec<Candidate> {
    let args = command.get_arguments().chain(root.get_arguments());
    let shown = args.filter(|arg| !arg.is_hide_set() && !arg.is_positional());
    let mut flags: Vec<Candidate> = shown
        .filter_map(|arg| Some((format!("--{}", arg.get_long()?), help(arg.get_help()))))
        .collect();
    flags.sort();
    flags.dedup();
    flags
}

fn help(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

/// How long a server may take; nobody waits longer for a completion.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the remotes, or what stands on one where a word already names it.
async fn paths(resolved: &Resolved, current: &str) -> Vec<Candidate> {
    let Some(colon) = current.rfind(':') else {
        let names = resolved.remotes.sources().map(|sources| sources.names()).unwrap_or_default();
        return names.into_iter().map(|name| (format!("{name}:"), String::new())).collect();
    };
    let directory = &current[..current.rfind('/').filter(|at| *at > colon).unwrap_or(colon) + 1];
    let found = tokio::time::timeout(PATIENCE, entries(resolved, directory)).await;
    found.ok().and_then(Result::ok).unwrap_or_default()
}

async fn entries(resolved: &Resolved, directory: &str) -> anyhow::Result<Vec<Candidate>> {
    let tree = resolved.tree(directory)?;
    let listing = tree.remote.list(&tree.root).await?;
    let mut names: Vec<Candidate> = listing
        .entries
        .iter()
        .map(|entry| {
            let slash = if entry.is_directory() { "/" } else { "" };
            (format!("{directory}{}{slash}", entry.name.to_text()), String::new())
        })
        // A line is a candidate.
        .filter(|(word, _)| !word.contains(['\n', '\t']))
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted_after(line: &str, current: &str) -> Wanted {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        wanted(&args::command(), &words, current)
    }

    #[track_caller]
    fn check(line: &str, current: &str, some: &[&str], none: &[&str]) {
        let Wanted::These(candidates) = wanted_after(line, current) else {
            panic!("no candidates after {line}");
        };
        let has = |word: &&&str| candidates.iter().any(|(candidate, _)| candidate == **word);
        assert_eq!(some.iter().filter(has).count(), some.len(), "{candidates:?}");
        assert_eq!(none.iter().filter(has).count(), 0, "{candidates:?}");
    }

    #[test]
    fn commands_come_first() {
        check("", "", &["sync", "ls", "config"], &["reveal", "__complete"]);
        check("--transfers 4", "s", &["sync"], &[]);
        check("-v config", "", &["create", "show"], &["sync"]);
    }

    #[test]
    fn flags_are_those_of_the_command_and_the_global_ones() {
        check("check", "--", &["--download", "--transfers", "--ftp-host"], &["--buffer-size"]);
        check("ls", "--", &["--transfers"], &["--download"]);
    }

    #[test]
    fn values_follow_their_flags() {
        check("ls --stats-unit", "", &["bits", "bytes"], &[]);
        check("completion", "", &["bash", "fish", "powershell", "zsh"], &[]);
        assert_eq!(wanted_after("ls --transfers", ""), Wanted::Nothing);
        assert_eq!(wanted_after("ls --transfers=4", ""), Wanted::Path);
    }

    #[test]
    fn the_rest_are_paths() {
        for line in ["ls", "sync", "sync a:", "copyto -P a", "tree", "cat"] {
            assert_eq!(wanted_after(line, ""), Wanted::Path, "{line}");
        }
        assert_eq!(wanted_after("obscure", ""), Wanted::Nothing);
    }
}
