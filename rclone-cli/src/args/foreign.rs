//! rclone's flags that this program does not act on: those that cannot matter here are accepted,
//! those that would change what happens to files are refused rather than ignored.

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

/// The flags given that cannot matter here, as typed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Foreign {
    /// Accepted without effect.
    pub(crate) ignored: Vec<String>,
    /// Asked for and not to be had, each with the way out.
    pub(crate) refused: Vec<(String, &'static str)>,
}

/// One flag of rclone.
struct Flag {
    name: &'static str,
    short: Option<char>,
    valued: bool,
    /// What to do instead, where ignoring it could do harm.
    instead: Option<&'static str>,
}

const fn flag(name: &'static str) -> Flag {
    Flag { name, short: None, valued: false, instead: None }
}

const fn valued(name: &'static str) -> Flag {
    Flag { valued: true, ..flag(name) }
}

impl Flag {
    const fn short(self, short: char) -> Self {
        Self { short: Some(short), ..self }
    }

    /// Marks a flag without which files would be treated otherwise than the user asked.
    const fn refused(self, instead: &'static str) -> Self {
        Self { instead: Some(instead), ..self }
    }
}

const FLAGS: &[Flag] = &[
    flag("auto-confirm"),
    valued("buffer-size"),
    valued("color"),
    valued("cpuprofile"),
    valued("default-time"),
    valued("disable"),
    flag("disable-http-keep-alives"),
    flag("disable-http2"),
    valued("expect-continue-timeout"),
    flag("fast-list"),
    valued("fs-cache-expire-duration"),
    valued("fs-cache-expire-interval"),
    valued("header"),
    valued("header-download"),
    valued("header-upload"),
    valued("http-proxy").refused("use --ftp-http-proxy or --ftp-socks-proxy"),
    flag("ignore-checksum"),
    valued("kv-lock-time"),
    valued("list-cutoff"),
    flag("local-case-insensitive"),
    flag("local-case-sensitive"),
    valued("local-description"),
    valued("local-encoding").refused("names on this machine are written as they are"),
    flag("local-fatal-if-no-space"),
    valued("local-hashes"),
    flag("local-metadata-restore-special-bits"),
    flag("local-no-check-updated"),
    flag("local-no-clone"),
    flag("local-no-preallocate"),
    flag("local-no-set-modtime"),
    flag("local-no-sparse"),
    flag("local-nounc"),
    valued("local-time-type"),
    flag("local-unicode-normalization"),
    flag("local-zero-size-links"),
    flag("log-file-compress"),
    valued("log-file-max-age"),
    valued("log-file-max-backups"),
    valued("log-file-max-size"),
    flag("log-systemd"),
    valued("max-buffer-memory"),
    valued("max-stats-groups"),
    valued("memprofile"),
    flag("metadata").short('M'),
    valued("metadata-exclude").refused("no remote here has metadata"),
    valued("metadata-exclude-from").refused("no remote here has metadata"),
    valued("metadata-filter").refused("no remote here has metadata"),
    valued("metadata-filter-from").refused("no remote here has metadata"),
    valued("metadata-include").refused("no remote here has metadata"),
    valued("metadata-include-from").refused("no remote here has metadata"),
    valued("metadata-mapper"),
    valued("metadata-set"),
    valued("metrics-addr"),
    valued("metrics-allow-origin"),
    valued("metrics-baseurl"),
    valued("metrics-cert"),
    valued("metrics-client-ca"),
    valued("metrics-htpasswd"),
    valued("metrics-key"),
    valued("metrics-max-header-bytes"),
    valued("metrics-min-tls-version"),
    valued("metrics-pass"),
    valued("metrics-realm"),
    valued("metrics-response-header"),
    valued("metrics-salt"),
    valued("metrics-server-read-timeout"),
    valued("metrics-server-write-timeout"),
    valued("metrics-template"),
    valued("metrics-user"),
    valued("metrics-user-from-header"),
    valued("multi-thread-chunk-size"),
    valued("multi-thread-cutoff"),
    valued("multi-thread-streams"),
    valued("multi-thread-write-buffer-size"),
    valued("name-transform").refused("moveto renames one file or directory"),
    flag("no-console"),
    flag("no-gzip-encoding"),
    flag("one-file-system").short('x').refused("leave out what is mounted with --exclude"),
    flag("progress-terminal-title"),
    flag("rc").refused("run commands instead of controlling a server"),
    valued("rc-addr"),
    valued("rc-allow-origin"),
    valued("rc-baseurl"),
    valued("rc-cert"),
    valued("rc-client-ca"),
    flag("rc-enable-metrics"),
    valued("rc-files"),
    valued("rc-htpasswd"),
    valued("rc-job-expire-duration"),
    valued("rc-job-expire-interval"),
    valued("rc-key"),
    valued("rc-max-header-bytes"),
    valued("rc-min-tls-version"),
    flag("rc-no-auth"),
    valued("rc-pass"),
    valued("rc-realm"),
    valued("rc-response-header"),
    valued("rc-salt"),
    flag("rc-serve"),
    flag("rc-serve-no-modtime"),
    valued("rc-server-read-timeout"),
    valued("rc-server-write-timeout"),
    valued("rc-template"),
    valued("rc-user"),
    valued("rc-user-from-header"),
    valued("rc-web-fetch-url"),
    flag("rc-web-gui"),
    flag("rc-web-gui-force-update"),
    flag("rc-web-gui-no-open-browser"),
    flag("rc-web-gui-update"),
    flag("server-side-across-configs"),
    valued("streaming-upload-cutoff"),
    flag("syslog"),
    valued("syslog-facility"),
    valued("temp-dir"),
    flag("use-cookies"),
    flag("use-mmap"),
    flag("use-server-modtime"),
    valued("user-agent"),
];

impl Foreign {
    /// Returns what to do instead of a flag that has no effect here, where it is refused.
    #[cfg(test)]
    pub(super) fn instead(name: &str) -> Option<Option<&'static str>> {
        Some(FLAGS.iter().find(|flag| flag.name == name)?.instead)
    }
}

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
        let mut found = Self::default();
        for flag in FLAGS.iter().filter(given) {
            let name = format!("--{}", flag.name);
            match flag.instead {
                Some(instead) => found.refused.push((name, instead)),
                None => found.ignored.push(name),
            }
        }
        Ok(found)
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
        let refused = |line: &str| {
            let refused = parse(line).foreign.refused;
            refused.into_iter().map(|(flag, _)| flag).collect::<Vec<_>>()
        };
        assert_eq!(refused("sync a b --name-transform c"), ["--name-transform"]);
        assert_eq!(refused("sync a b -x --rc=false"), ["--one-file-system"]);
    }

    #[test]
    fn nothing_given_is_nothing_said() {
        assert_eq!(parse("ls x").foreign, super::Foreign::default());
    }
}
