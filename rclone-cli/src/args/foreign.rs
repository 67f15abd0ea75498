//! rclone's flags that this program does not act on: those that cannot matter here are accepted,
//! those that would change what happens to files are refused rather than ignored.

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

/// The flags given that cannot matter here, as typed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Foreign {
    /// Accepted without effect.
    pub(crate) ignored: Vec<String>,
    /// Asked for, and not to be had.
    pub(crate) refused: Vec<String>,
}

/// One flag of rclone.
struct Flag {
    name: &'static str,
    short: Option<char>,
    valued: bool,
    harmless: bool,
}

const fn flag(name: &'static str) -> Flag {
    Flag { name, short: None, valued: false, harmless: true }
}

const fn valued(name: &'static str) -> Flag {
    Flag { valued: true, ..flag(name) }
}

impl Flag {
    const fn short(self, short: char) -> Self {
        Self { short: Some(short), ..self }
    }

    /// Marks a flag without which files would be treated otherwise than the user asked.
    const fn needed(self) -> Self {
        Self { harmless: false, ..self }
    }
}

const FLAGS: &[Flag] = &[
    flag("auto-confirm"),
    valued("buffer-size"),
    valued("bwlimit-file"),
    valued("color"),
    valued("compare-dest").needed(),
    valued("copy-dest").needed(),
    flag("copy-links").short('L'),
    valued("cpuprofile"),
    valued("default-time"),
    valued("disable"),
    flag("disable-http-keep-alives"),
    flag("disable-http2"),
    valued("dscp"),
    flag("dump-bodies"),
    flag("dump-headers"),
    valued("expect-continue-timeout"),
    flag("fast-list"),
    valued("fs-cache-expire-duration"),
    valued("fs-cache-expire-interval"),
    valued("header"),
    valued("header-download"),
    valued("header-upload"),
    valued("http-proxy"),
    flag("ignore-checksum"),
    valued("kv-lock-time"),
    flag("links").short('l').needed(),
    valued("list-cutoff"),
    flag("local-no-check-updated"),
    flag("log-file-compress"),
    valued("log-file-max-age"),
    valued("log-file-max-backups"),
    valued("log-file-max-size"),
    valued("log-format"),
    flag("log-systemd"),
    valued("max-buffer-memory"),
    valued("max-connections"),
    valued("max-stats-groups"),
    valued("memprofile"),
    flag("metadata").short('M'),
    valued("metadata-exclude").needed(),
    valued("metadata-exclude-from").needed(),
    valued("metadata-filter").needed(),
    valued("metadata-filter-from").needed(),
    valued("metadata-include").needed(),
    valued("metadata-include-from").needed(),
    valued("metadata-mapper"),
    valued("metadata-set"),
    valued("multi-thread-chunk-size"),
    valued("multi-thread-cutoff"),
    valued("multi-thread-streams"),
    valued("multi-thread-write-buffer-size"),
    valued("name-transform").needed(),
    flag("no-console"),
    flag("no-gzip-encoding"),
    flag("no-update-dir-modtime"),
    flag("one-file-system").short('x').needed(),
    flag("progress-terminal-title"),
    flag("rc").needed(),
    valued("rc-addr"),
    flag("rc-no-auth"),
    flag("refresh-times"),
    flag("server-side-across-configs"),
    flag("skip-links"),
    flag("stats-one-line-date"),
    valued("stats-one-line-date-format"),
    valued("streaming-upload-cutoff"),
    flag("syslog"),
    valued("syslog-facility"),
    valued("temp-dir"),
    valued("tpslimit"),
    valued("tpslimit-burst"),
    flag("track-renames"),
    valued("track-renames-strategy"),
    flag("use-cookies"),
    flag("use-mmap"),
    flag("use-server-modtime"),
    valued("user-agent"),
];

impl clap::Args for Foreign {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.iter().map(|flag| {
            let action = if flag.valued { ArgAction::Append } else { ArgAction::SetTrue };
            Arg::new(flag.name).long(flag.name).short(flag.short).action(action).hide(true)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Foreign {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |flag: &&Flag| {
            let typed = matches.value_source(flag.name) == Some(ValueSource::CommandLine);
            let mut values = matches.get_raw(flag.name).into_iter().flatten();
            typed && (flag.valued || values.all(|value| value != "false"))
        };
        let (ignored, refused): (Vec<_>, Vec<_>) =
            FLAGS.iter().filter(given).partition(|flag| flag.harmless);
        let names = |flags: Vec<&Flag>| flags.iter().map(|f| format!("--{}", f.name)).collect();
        Ok(Self { ignored: names(ignored), refused: names(refused) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::args::tests::parse;

    #[test]
    fn what_cannot_matter_is_accepted() {
        let foreign = parse("ls x --buffer-size 32M --use-mmap -M").foreign;
        assert_eq!(foreign.ignored, ["--buffer-size", "--metadata", "--use-mmap"]);
        assert!(foreign.refused.is_empty());
    }

    #[test]
    fn what_would_change_the_outcome_is_refused() {
        assert_eq!(parse("sync a b --name-transform c").foreign.refused, ["--name-transform"]);
        assert_eq!(parse("sync a b -x --rc=false").foreign.refused, ["--one-file-system"]);
    }

    #[test]
    fn nothing_given_is_nothing_said() {
        assert_eq!(parse("ls x").foreign, super::Foreign::default());
    }
}
