//! The short help: commands in groups, the few flags everybody needs, examples that run.

use clap::Command;

/// The groups, in order; what is in none is in the last.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Copy", &["copy", "sync", "move", "copyto", "moveto", "copyurl", "rcat"]),
    ("Look", &["ls", "lsd", "lsl", "lsf", "lsjson", "tree", "ncdu", "size", "cat", "about"]),
    ("Compare", &["check", "checksum", "hashsum", "md5sum", "sha1sum"]),
    (
        "Change and remove",
        &["mkdir", "touch", "delete", "deletefile", "rmdir", "rmdirs", "purge", "cleanup"],
    ),
    ("Set up", &["config", "listremotes", "obscure", "backend", "completion"]),
    ("More", &[]),
];

/// What the help ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  rclone config create nas ftp host=nas.local user=me pass=secret explicit_tls=true
  rclone lsd nas:                                  # the directories there
  rclone sync ~/photos nas:photos --dry-run        # what would happen, and why
  rclone sync ~/photos nas:photos --progress
  rclone check ~/photos nas:photos --one-way
  rclone ls :ftp,host=ftp.example.com,user=anonymous:pub

Use `rclone COMMAND --help` for more about a command,
`rclone help flags` for the global flags and
`rclone help backend ftp` for the options of FTP remotes (flags --ftp-*).";

/// Returns the layout of the help of `command`, the program itself.
pub(super) fn template(command: &Command) -> String {
    let shown: Vec<&Command> =
        command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    let width = shown.iter().map(|command| command.get_name().len()).max().unwrap_or(0);
    let mut text = String::from("{about}\n\n{usage-heading} {usage}\n");
    for (heading, names) in GROUPS {
        text.push_str(&format!("\n{heading}:\n"));
        let named = names
            .iter()
            .filter_map(|name| shown.iter().copied().find(|command| command.get_name() == *name));
        let grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
        let others = shown.iter().copied().filter(|command| !grouped(command.get_name()));
        let commands: Vec<&Command> =
            if names.is_empty() { others.collect() } else { named.collect() };
        for command in commands {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("  {:width$}  {about}\n", command.get_name()));
        }
    }
    text + "\nFlags:\n{options}{after-help}"
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::environment::Environment;

    #[test]
    fn every_command_is_shown_once() {
        let command = super::super::command();
        let text = template(&command);
        for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            let line = format!("\n  {} ", command.get_name());
            assert_eq!(text.matches(&line).count(), 1, "{}", command.get_name());
        }
    }

    #[test]
    fn the_examples_run() {
        let lines = EXAMPLES.lines().filter_map(|line| line.strip_prefix("  "));
        let lines = lines.map(|line| line.split(" #").next().unwrap_or(line));
        let mut count = 0;
        for line in lines {
            let words = line.split_whitespace().map(OsString::from);
            let parsed = super::super::parse(words, &Environment::default());
            assert!(parsed.is_ok_and(|args| args.command.is_some()), "{line}");
            count += 1;
        }
        assert_eq!(count, 6);
    }
}
