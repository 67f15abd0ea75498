//! The command line as typed: global flags in groups, then one command.
//!
//! Flags read as rclone's do: anywhere on the line, `--flag=false` for booleans, values that begin
//! with a dash, and a default for each flag from its `RCLONE_*` variable.

mod backend;
mod brief;
mod copy;
mod filter;
mod foreign;
mod general;
mod logging;
mod network;
#[cfg(test)]
mod rclone;

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory as _, FromArgMatches as _};

use crate::commands;
use crate::environment::Environment;
use crate::values;

pub(crate) use backend::Backend;
pub(crate) use copy::{Copy, Sync};
pub(crate) use filter::Filter;
pub(crate) use foreign::{Foreign, OfBackend, OfServe, OfTransfer, OfVersion};
pub(crate) use general::{Config, Important, Performance};
pub(crate) use logging::Logging;
pub(crate) use network::Network;

/// Copies and syncs files between this machine and FTP servers, as rclone does.
#[derive(Debug, clap::Parser)]
#[command(
    name = "rclone",
    disable_help_subcommand = true,
    after_help = brief::EXAMPLES
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) globals: Globals,

    /// Print the version
    #[arg(long, short = 'V')]
    pub(crate) version: bool,

    #[command(subcommand)]
    pub(crate) command: Option<commands::Command>,
}

/// The flags every command takes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Globals {
    #[command(flatten)]
    pub(crate) important: Important,
    #[command(flatten)]
    pub(crate) copy: Copy,
    #[command(flatten)]
    pub(crate) sync: Sync,
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) performance: Performance,
    #[command(flatten)]
    pub(crate) network: Network,
    #[command(flatten)]
    pub(crate) logging: Logging,
    #[command(flatten)]
    pub(crate) config: Config,
    #[command(flatten)]
    pub(crate) backend: Backend,
    #[command(flatten)]
    pub(crate) foreign: Foreign,
}

/// Global flags that `--help` shows; `rclone help flags` shows all.
const SHOWN: [&str; 7] =
    ["config", "dry_run", "interactive", "progress", "quiet", "verbose", "version"];

/// Reads a command line.
///
/// # Errors
/// clap's error, which also is how help is asked for.
pub(crate) fn parse(
    line: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Args, clap::Error> {
    let command = command();
    let line = line.into_iter().flat_map(counted).collect();
    let line = with_lists(&command, line, environment);
    let line = commands_first(&command, line);
    let mut command = parsed(with_one_command(command, line.get(1)), environment);
    let matches = command.try_get_matches_from_mut(&line).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp => brief().try_get_matches_from(&line).err().unwrap_or(error),
        _ => without_hidden_suggestion(error, &command),
    })?;
    Args::from_arg_matches(&matches)
}

/// Keeps an error from suggesting a flag that is accepted and has no effect.
fn without_hidden_suggestion(mut error: clap::Error, command: &Command) -> clap::Error {
    let hidden = |flag: &str| {
        let named = |arg: &Arg| arg.get_long() == flag.strip_prefix("--");
        command.get_arguments().any(|arg| arg.is_hide_set() && named(arg))
    };
    let suggested = error.get(ContextKind::SuggestedArg);
    if suggested.is_some_and(|flag| hidden(&flag.to_string())) {
        error.remove(ContextKind::SuggestedArg);
    }
    error
}

/// Returns what to say to a line without a command.
pub(crate) fn help() -> String {
    brief().render_help().to_string()
}

/// Returns the command line's definition, from which help, man pages and completions are made.
pub(crate) fn command() -> Command {
    Args::command().mut_args(|arg| arg.global(true))
}

/// Returns the definition with most global flags hidden, for `--help`.
pub(crate) fn brief() -> Command {
    let command = command();
    let template = brief::template(&command);
    command.help_template(template).mut_args(|arg| {
        let shown = SHOWN.contains(&arg.get_id().as_str());
        arg.hide(!shown)
    })
}

/// Leaves out the commands that are not asked for: clap copies the global flags into each, which
/// takes megabytes and milliseconds.
fn with_one_command(root: Command, name: Option<&OsString>) -> Command {
    let Some(wanted) = name.and_then(|name| root.find_subcommand(name)) else { return root };
    Command::new("rclone")
        .disable_help_subcommand(true)
        .args(root.get_arguments().cloned())
        .groups(root.get_groups().cloned())
        .subcommand(wanted.clone())
}

/// Gives flags the shape they are parsed in, which would clutter the help.
fn parsed(command: Command, environment: &Environment) -> Command {
    shaped(with_defaults(command, environment))
}

/// Takes the defaults of all flags from the environment, those of single commands, too.
fn with_defaults(command: Command, environment: &Environment) -> Command {
    command
        .mut_args(|arg| with_default(arg, environment))
        .mut_subcommands(|command| with_defaults(command, environment))
}

fn shaped(command: Command) -> Command {
    command.args_override_self(true).mut_args(as_in_go).mut_subcommands(shaped)
}

/// Lets `--flag=false` unset a boolean and values begin with a dash.
fn as_in_go(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::SetTrue => {
            let unset = arg.get_default_values().is_empty();
            let arg = arg
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(values::boolean);
            if unset { arg.default_value("false") } else { arg }
        }
        ArgAction::Set | ArgAction::Append if !arg.is_positional() => arg.allow_hyphen_values(true),
        _ => arg,
    }
}

/// Puts what `RCLONE_SOME_FLAG` lists, as CSV, in front of what the line adds by `--some-flag`.
fn with_lists(command: &Command, line: Vec<OsString>, environment: &Environment) -> Vec<OsString> {
    let lists = command.get_arguments().filter(|arg| is_list(arg));
    let given = lists.filter_map(|arg| {
        let name = arg.get_long().filter(|name| line.iter().any(|word| names(word, name)))?;
        Some((name, environment.flag(name)?))
    });
    let words = given.flat_map(|(name, value)| {
        values::csv(value).into_iter().map(move |value| format!("--{name}={value}").into())
    });
    let words: Vec<OsString> = words.collect();
    let mut line = line.into_iter();
    line.next().into_iter().chain(words).chain(line).collect()
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// Tells whether a word is `--name` or `--name=value`.
fn names(word: &OsStr, name: &str) -> bool {
    let rest = word.to_str().and_then(|word| word.strip_prefix("--")?.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// Takes the default of `--some-flag` from `RCLONE_SOME_FLAG`.
///
/// The variables of backend options have their own place in the order of precedence, and
/// `RCLONE_VERSION` is what images and installers call the version they want.
fn with_default(arg: Arg, environment: &Environment) -> Arg {
    let name = arg.get_long().unwrap_or_default().to_owned();
    let Some(value) =
        environment.flag(&name).filter(|_| !name.starts_with("ftp-") && name != "version")
    else {
        return arg;
    };
    match arg.get_action() {
        _ if is_list(&arg) => arg.default_values(values::csv(value)),
        _ => arg.default_value(value.to_owned()),
    }
}

/// Writes `--verbose=2` and `-v=2` as what they count; other words stay.
fn counted(word: OsString) -> Vec<OsString> {
    let text = word.to_str().unwrap_or_default();
    let count = text.strip_prefix("--verbose=").or_else(|| text.strip_prefix("-v="));
    match count.and_then(|count| count.parse::<u8>().ok()) {
        Some(count) => vec!["-v".into(); count.into()],
        None => vec![word],
    }
}

/// Moves the words that name commands to the front, so that flags given before and after them add
/// up.
fn commands_first(command: &Command, line: Vec<OsString>) -> Vec<OsString> {
    let mut words = line.into_iter();
    let mut front: Vec<OsString> = words.next().into_iter().collect();
    let mut rest = Vec::new();
    let mut current = command;
    while let Some(word) = words.next() {
        if word == "--" || !word.as_encoded_bytes().starts_with(b"-") || word == "-" {
            let Some(next) = current.find_subcommand(&word) else {
                rest.push(word);
                break;
            };
            current = next;
            front.push(word);
            continue;
        }
        let valued = takes_next_word(command, &word);
        rest.push(word);
        if valued {
            rest.extend(words.next());
        }
    }
    front.into_iter().chain(rest).chain(words).collect()
}

/// Tells whether the value of this flag is the next word.
fn takes_next_word(command: &Command, word: &OsStr) -> bool {
    let Some(word) = word.to_str() else { return false };
    let valued = |arg: &Arg| {
        matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
            && !arg.is_require_equals_set()
    };
    if let Some(long) = word.strip_prefix("--") {
        return command.get_arguments().any(|arg| arg.get_long() == Some(long) && valued(arg));
    }
    let mut shorts = word.chars().skip(1).peekable();
    while let Some(short) = shorts.next() {
        let arg = command.get_arguments().find(|arg| arg.get_short() == Some(short));
        if arg.is_some_and(valued) {
            return shorts.peek().is_none();
        }
    }
    false
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns the global flags of a line; the program's name is added.
    #[track_caller]
    pub(crate) fn parse(line: &str) -> Globals {
        parse_words(&line.split(' ').collect::<Vec<_>>())
    }

    #[track_caller]
    pub(crate) fn parse_words(words: &[&str]) -> Globals {
        match try_parse(words, &Environment::default()) {
            Ok(args) => args.globals,
            Err(error) => panic!("{error}"),
        }
    }

    /// Checks that a line is refused with these words in the message.
    #[track_caller]
    pub(crate) fn refused(line: &str, message: &str) {
        let words: Vec<_> = line.split(' ').collect();
        let error = try_parse(&words, &Environment::default()).expect_err(line).to_string();
        assert!(error.contains(message), "{error}");
    }

    fn try_parse(words: &[&str], environment: &Environment) -> Result<Args, clap::Error> {
        let line = std::iter::once("rclone").chain(words.iter().copied()).map(OsString::from);
        super::parse(line, environment)
    }

    #[test]
    fn the_definition_is_sound() {
        parsed(command(), &Environment::default()).debug_assert();
        brief().debug_assert();
    }

    #[test]
    fn what_counts_takes_a_number() {
        let count = |line: &str| parse(line).logging.verbose;
        assert_eq!([count("ls x --verbose=2"), count("-v=1 ls x"), count("ls x -v=0")], [2, 1, 0]);
        refused("ls x --verbose=much", "much");
    }

    #[test]
    fn a_line_is_read_with_its_command_alone() {
        let commands = |word: &str| {
            let root = with_one_command(command(), Some(&word.into()));
            root.get_subcommands().map(|command| command.get_name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(commands("ls"), ["ls"]);
        assert_eq!(commands("genautocomplete"), ["completion"]);
        assert!(commands("lss").len() > 40);
    }

    #[test]
    fn no_command_hides_a_global_flag() {
        fn check(command: &Command, globals: &[String]) {
            for arg in command.get_arguments().filter(|arg| !arg.is_global_set()) {
                let id = arg.get_id().to_string();
                assert!(!globals.contains(&id), "{} of {}", id, command.get_name());
            }
            command.get_subcommands().for_each(|command| check(command, globals));
        }
        let command = command();
        // A command may give a meaning to a flag that has none otherwise.
        let meant = command.get_arguments().filter(|arg| !arg.is_hide_set());
        let globals: Vec<_> = meant.map(|arg| arg.get_id().to_string()).collect();
        command.get_subcommands().for_each(|command| check(command, &globals));
    }

    #[test]
    fn the_whole_help() {
        insta::assert_snapshot!("help", help());
    }

    #[test]
    fn flags_before_and_after_the_command_add_up() {
        let globals = parse("-v --include a ls x --include b -v");
        assert_eq!(globals.filter.include, ["a", "b"]);
        assert_eq!(globals.logging.verbose, 2);
        let globals = parse("-nvf a --exclude=ls config show -f b");
        assert_eq!(globals.filter.filter, ["a", "b"]);
        assert!(globals.important.dry_run);
    }

    #[test]
    fn clustered_flags_are_told_apart() {
        let globals = parse("copy -vvnP a b");
        assert!(globals.important.dry_run && globals.logging.progress);
        assert_eq!(globals.logging.verbose, 2);
    }

    #[test]
    fn the_environment_gives_defaults() {
        let environment = Environment::from_iter([
            ("RCLONE_TRANSFERS", "9"),
            ("RCLONE_EXCLUDE", "*.a,*.b"),
            ("RCLONE_DRY_RUN", "1"),
            ("RCLONE_VERBOSE", "2"),
            ("RCLONE_CONFIG", "/c"),
            ("RCLONE_FTP_HOST", "h"),
            ("RCLONE_VERSION", "v1.75.2"),
        ]);
        let globals = try_parse(&["ls", "x"], &environment).unwrap().globals;
        assert_eq!(globals.performance.transfers, 9);
        assert_eq!(globals.filter.exclude, ["*.a", "*.b"]);
        assert_eq!(globals.logging.verbose, 2);
        assert_eq!(globals.config.config.as_deref(), Some("/c".as_ref()));
        assert!(globals.important.dry_run && globals.backend.0.is_empty());
        let line = ["--transfers", "3", "ls", "x", "--dry-run=false", "--exclude", "c"];
        let globals = try_parse(&line, &environment).unwrap().globals;
        assert_eq!((globals.performance.transfers, globals.important.dry_run), (3, false));
        assert_eq!(globals.filter.exclude, ["*.a", "*.b", "c"]);
    }

    #[test]
    fn a_misspelt_flag_gets_a_suggestion() {
        refused("ls x --trnasfers 4", "--transfers");
        let error = try_parse(&["ls", "x", "--nope"], &Environment::default()).unwrap_err();
        assert!(!error.to_string().contains("--no-"), "one without effect: {error}");
        refused("lss x", "lsf");
    }
}
