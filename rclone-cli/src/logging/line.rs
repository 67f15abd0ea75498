//! One line of the log: `2006/01/02 15:04:05 LEVEL : object: message`, as rclone has it, or JSON with
//! rclone's fields.

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::values::{LogFormat, Part};

/// What one event says.
pub(super) struct Line {
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
    pub(super) fn of(event: &Event<'_>) -> Self {
        let metadata = event.metadata();
        let source = metadata.file().zip(metadata.line());
        let mut line = Self {
            level: *metadata.level(),
            source: source.map(|(file, line)| format!("{file}:{line}")).unwrap_or_default(),
            ..Self::default()
        };
        event.record(&mut line);
        line
    }

    /// Returns the line as it stands in the log.
    pub(super) fn formatted(&self, format: &LogFormat, now: &Zoned) -> String {
        if format.has(Part::Json) { json(self, now) } else { text(self, format, now) }
    }

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

fn text(line: &Line, format: &LogFormat, now: &Zoned) -> String {
    let mut parts = before(line, format, now);
    if !format.has(Part::NoLevel) {
        parts.push(format!("{:6}:", line.level()));
    }
    let colon = if line.object.is_empty() { "" } else { ": " };
    let fields = line.fields.iter().filter(|(key, _)| !JSON_ONLY.contains(&key.as_str()));
    let fields: String = fields.map(|(key, value)| format!(" {key}={value}")).collect();
    parts.push(format!("{}{colon}{}{fields}\n", line.object, line.message));
    parts.join(" ")
}

/// Returns what stands before the level.
fn before(line: &Line, format: &LogFormat, now: &Zoned) -> Vec<String> {
    let now = match format.has(Part::Utc) {
        true => now.with_time_zone(TimeZone::UTC),
        false => now.clone(),
    };
    let mut parts = Vec::new();
    if format.has(Part::Date) {
        parts.push(now.strftime("%Y/%m/%d").to_string());
    }
    if format.has(Part::Microseconds) {
        parts.push(now.strftime("%H:%M:%S%.6f").to_string());
    } else if format.has(Part::Time) {
        parts.push(now.strftime("%H:%M:%S").to_string());
    }
    if format.has(Part::Pid) {
        parts.push(format!("[{}]", std::process::id()));
    }
    if format.has(Part::Source) {
        parts.push(format!("{}:", line.source));
    }
    parts
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
        now.to_zoned(TimeZone::UTC)
    }

    #[track_caller]
    fn check(line: &Line, expected: &str) {
        let format = "date,time".parse().unwrap();
        assert_eq!(line.formatted(&format, &now()), expected);
    }

    #[test]
    fn text_pads_the_level_and_names_the_object() {
        check(&line(), "2006/01/02 15:04:05 INFO  : a/b: Copied (new)\n");
        let notice =
            Line { level: tracing::Level::WARN, message: "done".into(), ..Line::default() };
        check(&notice, "2006/01/02 15:04:05 NOTICE: done\n");
        let critical = Line { level: tracing::Level::ERROR, critical: true, ..Line::default() };
        check(&critical, "2006/01/02 15:04:05 CRITICAL: \n");
    }

    #[test]
    fn the_format_says_what_stands_before_the_message() {
        let check = |format: &str, expected: &str| {
            let now = now().with_time_zone(TimeZone::fixed(jiff::tz::offset(1)));
            let format = format.parse().unwrap();
            assert_eq!(line().formatted(&format, &now), format!("{expected}a/b: Copied (new)\n"));
        };
        check("", "INFO  : ");
        check("date", "2006/01/02 INFO  : ");
        check("time", "16:04:05 INFO  : ");
        check("time,microseconds", "16:04:05.500000 INFO  : ");
        check("date,time,UTC,nolevel", "2006/01/02 15:04:05 ");
        check("shortfile", "x.rs:1: INFO  : ");
        check("pid,nolevel", &format!("[{}] ", std::process::id()));
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
}
