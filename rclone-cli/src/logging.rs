//! The log: which events are in it, and where it goes.
//!
//! tracing's levels are rclone's: `warn` is NOTICE, and an error with the field `critical` is
//! CRITICAL. The field `object` is what a line is about.

mod line;

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use anyhow::Context as _;
use jiff::Zoned;
use tracing::{Event, Subscriber, warn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::Logging;
use crate::values::{Dump, LogFormat, Part};
use line::Line;

/// The least level to log.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    /// Errors only.
    Error,
    /// What a user should read though nothing failed.
    Notice,
    /// What is done.
    Info,
    /// Everything.
    Debug,
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "EMERGENCY" | "ALERT" | "CRITICAL" | "ERROR" => Self::Error,
            "WARNING" | "NOTICE" => Self::Notice,
            "INFO" => Self::Info,
            "DEBUG" => Self::Debug,
            _ => {
                return Err(format!(
                    "`{text}` is not a log level: use DEBUG, INFO, NOTICE or ERROR"
                ));
            }
        })
    }
}

impl Level {
    fn admits(self, level: &tracing::Level) -> bool {
        let most = match self {
            Self::Error => tracing::Level::ERROR,
            Self::Notice => tracing::Level::WARN,
            Self::Info => tracing::Level::INFO,
            Self::Debug => tracing::Level::DEBUG,
        };
        *level <= most
    }
}

/// Starts logging as the flags say.
///
/// # Errors
/// When the log file cannot be opened; what follows is then logged to the terminal.
pub(crate) fn start(flags: &Logging) -> anyhow::Result<()> {
    let file = flags.log_file.as_deref().map(open).transpose();
    let (sink, result) = match file {
        Ok(Some(file)) => (Sink::File(Mutex::new(file)), Ok(())),
        Ok(None) => (Sink::Terminal, Ok(())),
        Err(error) => (Sink::Terminal, Err(error)),
    };
    let format = flags.log_format.clone().or_json(flags.use_json_log);
    let terminal = matches!(sink, Sink::Terminal) && !format.has(Part::Json);
    WATCHED.store(terminal && std::io::stderr().is_terminal(), Ordering::Relaxed);
    let wanted = flags.level();
    let log = Log {
        level: if flags.dumps() { Level::Debug } else { wanted },
        format,
        dialogue: flags.shows_dialogue(),
        sink,
    };
    tracing_subscriber::registry().with(log).init();
    if flags.dumps() && wanted != Level::Debug {
        warn!("Automatically setting -vv as --dump is enabled");
    }
    for notice in flags.dump.iter().flat_map(Dump::notices) {
        warn!("{notice}");
    }
    result
}

static WATCHED: AtomicBool = AtomicBool::new(false);

/// Tells whether somebody reads the log as it is written.
pub(crate) fn is_watched() -> bool {
    WATCHED.load(Ordering::Relaxed)
}

fn open(path: &Path) -> anyhow::Result<File> {
    let open = OpenOptions::new().create(true).append(true).open(path);
    open.with_context(|| format!("failed to open the log file {}", path.display()))
}

/// Where lines go that are meant for the terminal, while something else is drawn there.
type Screen = Arc<dyn Fn(&str) + Send + Sync>;

static SCREEN: RwLock<Option<Screen>> = RwLock::new(None);

/// Hands every line meant for the terminal to `screen` from now on, or to standard error again.
pub(crate) fn redirect(screen: Option<Screen>) {
    *SCREEN.write().expect("no holder of the lock panics") = screen;
}

enum Sink {
    File(Mutex<File>),
    Terminal,
}

impl Sink {
    /// Writes a line; a log that cannot be written stops nothing.
    fn line(&self, line: &str) {
        match self {
            Self::File(file) => {
                let mut file = file.lock().expect("no holder of the lock panics");
                let _ = file.write_all(line.as_bytes());
            }
            Self::Terminal => {
                let screen = SCREEN.read().expect("no holder of the lock panics").clone();
                match screen {
                    Some(screen) => screen(line),
                    None => drop(std::io::stderr().lock().write_all(line.as_bytes())),
                }
            }
        }
    }
}

struct Log {
    level: Level,
    format: LogFormat,
    /// Whether what is said on control connections is wanted.
    dialogue: bool,
    sink: Sink,
}

/// The crates whose events are ours to show.
const OURS: [&str; 4] = ["rclone", "sync_core", "ftp_client", "ftp_proto"];

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let wanted = self.dialogue || metadata.target() != ftp_client::WIRE;
        OURS.contains(&root) && wanted && self.level.admits(metadata.level())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.sink.line(&Line::of(event).formatted(&self.format, &Zoned::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_admits_what_is_graver() {
        assert!(Level::Notice.admits(&tracing::Level::ERROR));
        assert!(Level::Notice.admits(&tracing::Level::WARN));
        assert!(!Level::Notice.admits(&tracing::Level::INFO));
        assert!(Level::Debug.admits(&tracing::Level::DEBUG));
        assert!(!Level::Debug.admits(&tracing::Level::TRACE));
    }
}
