//! The log in rclone's format: `2006/01/02 15:04:05 LEVEL : object: message`, or JSON with rclone's
//! fields.
//!
//! tracing's levels are rclone's: `warn` is NOTICE, and an error with the field `critical` is
//! CRITICAL. The field `object` is what a line is about.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use anyhow::Context as _;
use jiff::Zoned;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, warn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::Logging;
use crate::values::Dump;

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
    let terminal = matches!(sink, Sink::Terminal) && !flags.use_json_log;
    WATCHED.store(terminal && std::io::stderr().is_terminal(), Ordering::Relaxed);
    let wanted = flags.level();
    let log = Log {
        level: if flags.dumps() { Level::Debug } else { wanted },
        format: if flags.use_json_log { json } else { text },
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
    format: fn(&Line, &Zoned) -> String,
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
        let metadata = event.metadata();
        let source = metadata.file().zip(metadata.line());
        let mut line = Line {
            level: *metadata.level(),
            source: source.map(|(file, line)| format!("{file}:{line}")).unwrap_or_default(),
            ..Line::default()
        };
        event.record(&mut line);
        self.sink.line(&(self.format)(&line, &Zoned::now()));
    }
}

/// What one event says.
struct Line {
    level: tracing::Level,
    critical: bool,
    message: String,
    object: String,
    source: String,
    /// All other fields.
    fields: Map<String, Value>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            level: tracing::Level::INFO,
            critical: false,
            message: String::new(),
            object: String::new(),
            source: String::new(),
            fields: Map::new(),
        }
    }
}

impl Line {
    fn level(&self) -> &'static str {
        match self.level {
            tracing::Level::ERROR if self.critical => "CRITICAL",
            tracing::Level::ERROR => "ERROR",
            tracing::Level::WARN => "NOTICE",
            tracing::Level::INFO => "INFO",
            _ => "DEBUG",
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.into(),
            "object" => self.object = value.into(),
            "stats" => drop(self.fields.insert("stats".into(), structured(value))),
            name => drop(self.fields.insert(name.into(), value.into())),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "critical" => self.critical = value,
            name => drop(self.fields.insert(name.into(), value.into())),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.insert(field.name().into(), value.into());
    }
}

/// Returns what a field holds that is written as JSON already.
fn structured(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}

/// Fields that lines of text leave out, as rclone does: their message tells enough.
const JSON_ONLY: [&str; 2] = ["size", "stats"];

fn text(line: &Line, now: &Zoned) -> String {
    let time = now.strftime("%Y/%m/%d %H:%M:%S");
    let colon = if line.object.is_empty() { "" } else { ": " };
    let fields = line.fields.iter().filter(|(key, _)| !JSON_ONLY.contains(&key.as_str()));
    let fields: String = fields.map(|(key, value)| format!(" {key}={value}")).collect();
    format!("{time} {:6}: {}{colon}{}{fields}\n", line.level(), line.object, line.message)
}

fn json(line: &Line, now: &Zoned) -> String {
    let time = now.strftime("%Y-%m-%dT%H:%M:%S%.9f%:z").to_string().replace("+00:00", "Z");
    // In rclone's order.
    let mut fields = vec![
        ("time", Value::from(time)),
        ("level", line.level().to_ascii_lowercase().into()),
        ("msg", line.message.as_str().into()),
    ];
    fields.extend(line.fields.iter().map(|(key, value)| (key.as_str(), value.clone())));
    if !line.object.is_empty() {
        fields.push(("object", line.object.as_str().into()));
    }
    fields.push(("source", line.source.as_str().into()));
    let fields: Vec<String> =
        fields.iter().map(|(key, value)| format!("{}:{value}", Value::from(*key))).collect();
    format!("{{{}}}\n", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let fields = Map::from_iter([("size".to_owned(), 12.into())]);
        Line {
            object: "a/b".into(),
            message: "Copied (new)".into(),
            source: "x.rs:1".into(),
            fields,
            ..Line::default()
        }
    }

    fn now() -> Zoned {
        let now: jiff::Timestamp = "2006-01-02T15:04:05.5Z".parse().unwrap();
        now.to_zoned(jiff::tz::TimeZone::UTC)
    }

    #[test]
    fn text_pads_the_level_and_names_the_object() {
        assert_eq!(text(&line(), &now()), "2006/01/02 15:04:05 INFO  : a/b: Copied (new)\n");
        let notice =
            Line { level: tracing::Level::WARN, message: "done".into(), ..Line::default() };
        assert_eq!(text(&notice, &now()), "2006/01/02 15:04:05 NOTICE: done\n");
        let critical = Line { level: tracing::Level::ERROR, critical: true, ..Line::default() };
        assert_eq!(text(&critical, &now()), "2006/01/02 15:04:05 CRITICAL: \n");
    }

    #[test]
    fn json_has_rclones_fields() {
        let value: Value = serde_json::from_str(&json(&line(), &now())).unwrap();
        let want = serde_json::json!({
            "time": "2006-01-02T15:04:05.500000000Z", "level": "info", "msg": "Copied (new)",
            "object": "a/b", "size": 12, "source": "x.rs:1",
        });
        assert_eq!(value, want);
    }

    #[test]
    fn a_level_admits_what_is_graver() {
        assert!(Level::Notice.admits(&tracing::Level::ERROR));
        assert!(Level::Notice.admits(&tracing::Level::WARN));
        assert!(!Level::Notice.admits(&tracing::Level::INFO));
        assert!(Level::Debug.admits(&tracing::Level::DEBUG));
        assert!(!Level::Debug.admits(&tracing::Level::TRACE));
    }
}
