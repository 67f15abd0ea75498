//! What `--log-format` puts into a line of the log: a set of rclone's names.

use std::fmt;
use std::str::FromStr;

use super::choices::{self, Choices};

/// One part of a line, or a way to write it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Date,
    Time,
    /// The time, to the microsecond.
    Microseconds,
    /// Date and time in UTC.
    Utc,
    /// Where in the source the line comes from.
    Source,
    /// The process.
    Pid,
    /// No level.
    NoLevel,
    /// The whole line as JSON.
    Json,
}

/// The names rclone knows, in its order.
const NAMES: [(&str, Part); 9] = [
    ("date", Part::Date),
    ("time", Part::Time),
    ("microseconds", Part::Microseconds),
    ("UTC", Part::Utc),
    ("longfile", Part::Source),
    ("shortfile", Part::Source),
    ("pid", Part::Pid),
    ("nolevel", Part::NoLevel),
    ("json", Part::Json),
];

/// The value of `--log-format`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct LogFormat(Choices<Part>);

impl LogFormat {
    /// Tells whether a part is wanted.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.0.iter().any(|(_, wanted)| *wanted == part)
    }

    /// Returns this format, or lines of JSON.
    #[must_use]
    pub(crate) fn or_json(mut self, json: bool) -> Self {
        if json {
            self.0.push(("json", Part::Json));
        }
        self
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        choices::parse(text, &NAMES).map(Self)
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&choices::list(&self.0, ","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rclones() {
        let format: LogFormat = "Date, utc,shortfile".parse().unwrap();
        assert_eq!(format.to_string(), "date,UTC,shortfile");
        assert!(format.has(Part::Source) && !format.has(Part::Time));
        assert_eq!("".parse(), Ok(LogFormat::default()));
        let error = "day".parse::<LogFormat>().unwrap_err();
        assert!(error.starts_with("invalid choice \"day\" from: date, time, "), "{error}");
    }
}
