//! Flags for the log, statistics and progress.

use std::path::PathBuf;

use crate::logging::Level;
use crate::values::{Dump, LogFormat, Span};

/// Logging and statistics.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct Logging {
    /// Tell more; twice for everything
    #[arg(long, short, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Tell errors only
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Append the log to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,

    /// Least level to log: DEBUG, INFO, NOTICE or ERROR
    #[arg(long, value_name = "LEVEL", default_value = "NOTICE")]
    pub(crate) log_level: Level,

    /// What a log line tells: date, time, microseconds, UTC, longfile, shortfile, pid, nolevel, json
    #[arg(long, value_name = "PARTS", default_value = "date,time")]
    pub(crate) log_format: LogFormat,

    /// Log lines of JSON
    #[arg(long)]
    pub(crate) use_json_log: bool,

    /// Show progress while transferring
    #[arg(long, short = 'P')]
    pub(crate) progress: bool,

    /// Print statistics this often; 0 for never
    #[arg(long, value_name = "DURATION", default_value = "1m0s")]
    pub(crate) stats: Span,

    /// Print statistics on one line
    #[arg(long)]
    pub(crate) stats_one_line: bool,

    /// Put the time in front of that line
    #[arg(long)]
    pub(crate) stats_one_line_date: bool,

    /// Put the time in front of that line, in this layout of Go
    #[arg(long, value_name = "LAYOUT")]
    pub(crate) stats_one_line_date_format: Option<String>,

    /// Level at which statistics are logged
    #[arg(long, value_name = "LEVEL", default_value = "INFO")]
    pub(crate) stats_log_level: Level,

    /// Longest file name in statistics; 0 for any
    #[arg(long, value_name = "N", default_value_t = 45)]
    pub(crate) stats_file_name_length: usize,

    /// Unit of rates in statistics: bits or bytes
    #[arg(long, value_name = "UNIT", default_value = "bytes", value_parser = ["bits", "bytes"])]
    pub(crate) stats_unit: String,

    /// Write a line of JSON for every path: action, reason, bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Show the dialogue with servers in the log: headers, bodies, requests or responses
    #[arg(long, value_name = "FLAGS")]
    pub(crate) dump: Option<Dump>,

    /// The same as --dump headers
    #[arg(long, hide = true)]
    dump_headers: bool,

    /// The same as --dump bodies
    #[arg(long, hide = true)]
    dump_bodies: bool,
}

impl Logging {
    /// Returns the layout of the time in front of the line of statistics, if it is wanted.
    pub(crate) fn date_layout(&self) -> Option<&str> {
        let plain = self.stats_one_line_date.then_some("2006/01/02 15:04:05 - ");
        self.stats_one_line_date_format.as_deref().filter(|layout| !layout.is_empty()).or(plain)
    }

    /// Tells whether anything is to be dumped, which takes `-vv`.
    pub(crate) fn dumps(&self) -> bool {
        self.dump.is_some() || self.shows_dialogue()
    }

    /// Tells whether the dialogue with servers is to be shown.
    pub(crate) fn shows_dialogue(&self) -> bool {
        let dumped = self.dump.as_ref().is_some_and(Dump::shows_dialogue);
        dumped || self.dump_headers || self.dump_bodies
    }

    /// Returns the least level to log, from `-v`, `-q` and `--log-level`.
    pub(crate) fn level(&self) -> Level {
        match self.verbose {
            _ if self.quiet => Level::Error,
            0 => self.log_level,
            1 => Level::Info,
            _ => Level::Debug,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tests::{parse, refused};

    #[test]
    fn each_v_tells_more() {
        assert_eq!(parse("ls x").logging.level(), Level::Notice);
        assert_eq!(parse("ls x -v").logging.level(), Level::Info);
        assert_eq!(parse("-vv ls x").logging.level(), Level::Debug);
        assert_eq!(parse("ls x -q").logging.level(), Level::Error);
        assert_eq!(parse("ls x --log-level debug").logging.level(), Level::Debug);
        refused("ls x --log-level LOUD", "not a log level");
    }

    #[test]
    fn the_log_goes_where_it_is_told() {
        let logging = parse("ls x --log-file=/tmp/l --use-json-log").logging;
        assert_eq!(logging.log_file.as_deref(), Some("/tmp/l".as_ref()));
        assert!(logging.use_json_log);
        assert_eq!(logging.log_format.to_string(), "date,time");
        refused("ls x --log-format day", "invalid choice");
        assert!(parse("ls x --report r").logging.report.is_some());
    }

    #[test]
    fn a_dump_shows_the_dialogue_or_says_what_it_knows() {
        for line in ["ls x --dump headers,auth", "ls x --dump-headers", "ls x --dump-bodies"] {
            let logging = parse(line).logging;
            assert!(logging.dumps() && logging.shows_dialogue(), "{line}");
        }
        let logging = parse("ls x --dump filters").logging;
        assert!(logging.dumps() && !logging.shows_dialogue());
        assert!(!parse("ls x -vv").logging.dumps());
        refused("ls x --dump heads", "invalid choice \"heads\" from: headers, bodies");
    }

    #[test]
    fn statistics_have_their_flags() {
        let logging = parse("ls x -P --stats 5s --stats-one-line --stats-unit bits").logging;
        assert!(logging.progress && logging.stats_one_line);
        assert_eq!((logging.stats.to_string(), logging.stats_unit), ("5s".into(), "bits".into()));
        let logging = parse("ls x --stats-log-level NOTICE --stats-file-name-length 0").logging;
        assert_eq!((logging.stats_log_level, logging.stats_file_name_length), (Level::Notice, 0));
    }
}
