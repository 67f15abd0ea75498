//! rclone's flags that this program does not act on: those that cannot matter here are accepted,
//! those that would change what happens to files are refused rather than ignored.

use std::marker::PhantomData;

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

use crate::exit::Usage;

/// The flags given that cannot matter here, as typed; those of a command of its own, or those that
/// stand everywhere.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Foreign<S = Everywhere> {
    /// Accepted without effect.
    pub(crate) ignored: Vec<String>,
    /// Asked for and not to be had, each with the way out.
    pub(crate) refused: Vec<(String, &'static str)>,
    set: PhantomData<S>,
}

impl<S> Foreign<S> {
    /// Speaks of flags of rclone that have no effect here, and refuses those that should have one.
    ///
    /// # Errors
    /// When a flag is refused.
    pub(crate) fn heed(&self) -> anyhow::Result<()> {
        for flag in &self.ignored {
            tracing::info!("{flag} has no effect here");
        }
        if let Some((flag, instead)) = self.refused.first() {
            let message = format!("{flag} is not to be had, and without it harm could be done");
            return Err(Usage(format!("{message}: {instead}")).into());
        }
        Ok(())
    }
}

/// Flags that stand together.
pub(crate) trait Set {
    const FLAGS: &'static [Flag];
}

/// Those of every command.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Everywhere;

impl Set for Everywhere {
    const FLAGS: &'static [Flag] = FLAGS;
}

/// Those of `backend`.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfBackend;

impl Set for OfBackend {
    const FLAGS: &'static [Flag] = &[valued("option").short('o')];
}

/// Those of copy, move and sync.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfTransfer;

impl Set for OfTransfer {
    const FLAGS: &'static [Flag] = &[
        flag("absolute"),
        flag("csv"),
        valued("dest-after").refused("run lsf on the destination afterwards"),
        flag("dir-slash").short('d'),
        flag("dirs-only"),
        flag("files-only"),
        valued("format").short('F'),
        flag("hash"),
        valued("separator").short('s'),
        valued("timeformat").short('t'),
    ];
}

/// Those of `serve ftp`, for a cache that a local folder does not need.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfServe;

impl Set for OfServe {
    const FLAGS: &'static [Flag] = &[
        valued("auth-proxy").refused("--user and --pass name the one user"),
        valued("dir-cache-time"),
        valued("dir-perms"),
        valued("file-perms"),
        valued("gid"),
        valued("link-perms"),
        flag("no-checksum"),
        flag("no-modtime"),
        flag("no-seek"),
        valued("poll-interval"),
        valued("uid"),
        valued("umask"),
        flag("vfs-block-norm-dupes"),
        valued("vfs-cache-max-age"),
        valued("vfs-cache-max-size"),
        valued("vfs-cache-min-free-space"),
        valued("vfs-cache-mode"),
        valued("vfs-cache-poll-interval"),
        flag("vfs-case-insensitive"),
        valued("vfs-disk-space-total-size"),
        flag("vfs-fast-fingerprint"),
        valued("vfs-handle-caching"),
        flag("vfs-links"),
        valued("vfs-metadata-extension"),
        valued("vfs-read-ahead"),
        valued("vfs-read-chunk-size"),
        valued("vfs-read-chunk-size-limit"),
        valued("vfs-read-chunk-streams"),
        valued("vfs-read-wait"),
        flag("vfs-refresh"),
        flag("vfs-used-is-size"),
        valued("vfs-write-back"),
        valued("vfs-write-wait"),
    ];
}

/// Those of `version`.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfVersion;

impl Set for OfVersion {
    const FLAGS: &'static [Flag] = &[flag("check"), flag("deps")];
}

/// One flag of rclone.
pub(crate) struct Flag {
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

impl<S: Set> clap::Args for Foreign<S> {
    fn augment_args(command: Command) -> Command {
        command.args(S::FLAGS.iter().map(|flag| {
            let action = if flag.valued { ArgAction::Append } else { ArgAction::SetTrue };
            Arg::new(flag.name).long(flag.name).short(flag.short).action(action).hide(true)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Set> clap::FromArgMatches for Foreign<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |flag: &&Flag| {
            let typed = matches.value_source(flag.name) == Some(ValueSource::CommandLine);
            let mut values = matches.get_raw(flag.name).into_iter().flatten();
            typed && (flag.valued || values.all(|value| value != "false"))
        };
        let mut found = Self { ignored: Vec::new(), refused: Vec::new(), set: PhantomData };
        for flag in S::FLAGS.iter().filter(given) {
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
    use crate::args::tests::{parse, refused};

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
    fn flags_of_one_command_stand_there_alone() {
        for line in [
            "copy a b --format ps --csv -d",
            "serve ftp a --vfs-cache-mode full --no-seek",
            "backend features a: -o x=y",
            "version --check",
        ] {
            parse(line);
        }
        refused("ls x --vfs-cache-mode full", "--vfs-cache-mode");
    }

    #[test]
    fn nothing_given_is_nothing_said() {
        assert_eq!(parse("ls x").foreign, super::Foreign::default());
    }
}
