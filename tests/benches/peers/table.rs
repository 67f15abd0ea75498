//! What came of it, as text.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::time::Duration;

use tests::wan::Flow;

use crate::ROUND_TRIP;
use crate::case::Case;

/// What came of one attempt.
pub(crate) enum Outcome {
    /// It was done.
    Done(Run),
    /// It was not, for this reason.
    Failed(String),
}

/// One piece of work done.
pub(crate) struct Run {
    pub(crate) taken: Duration,
    pub(crate) times_kept: bool,
    /// What went to the control port, and connections to all ports; on a line only.
    pub(crate) traffic: Option<(Flow, u64)>,
}

/// Every attempt at one case, by tool.
pub(crate) struct Row {
    case: String,
    outcomes: BTreeMap<&'static str, Vec<Outcome>>,
}

impl Outcome {
    /// Describes the attempt in a line.
    pub(crate) fn describe(&self, case: &Case) -> String {
        let run = match self {
            Self::Done(run) => run,
            Self::Failed(reason) => return format!("failed: {reason}"),
        };
        let mut text = format!("{:7.2} s", run.taken.as_secs_f64());
        if let Some((control, connections)) = run.traffic {
            let each = case.connections as f64 / case.items() as f64;
            let round_trips = run.taken.as_secs_f64() / ROUND_TRIP.as_secs_f64() * each;
            text.push_str(&format!(
                ", {round_trips:5.2} round trips an item and connection; {} sessions, \
                 {} writes to them, {} data connections",
                control.connections,
                control.segments,
                connections - control.connections,
            ));
        }
        if !run.times_kept {
            text.push_str("; times not kept");
        }
        text
    }
}

impl Row {
    pub(crate) fn new(case: String) -> Self {
        Self { case, outcomes: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, tool: &'static str, outcome: Outcome) {
        self.outcomes.entry(tool).or_default().push(outcome);
    }

    /// Returns the median of a tool's times, if it never failed.
    fn median(&self, tool: &str) -> Option<f64> {
        let mut times = Vec::new();
        for outcome in self.outcomes.get(tool)? {
            let Outcome::Done(run) = outcome else { return None };
            times.push(run.taken.as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    }

    fn cell(&self, tool: &str) -> String {
        match (self.median(tool), self.outcomes.contains_key(tool)) {
            (Some(seconds), _) => format!("{seconds:.2}"),
            (None, true) => "failed".into(),
            (None, false) => "–".into(),
        }
    }

    fn ratio(&self, other: &str) -> String {
        match (self.median("ours"), self.median(other)) {
            (Some(ours), Some(theirs)) => format!("{:.2}", ours / theirs),
            _ => "–".into(),
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| {:40} | {:>7} | {:>7} | {:>7} | {:>11} | {:>9} |",
            self.case,
            self.cell("ours"),
            self.cell("rclone"),
            self.cell("lftp"),
            self.ratio("rclone"),
            self.ratio("lftp")
        )
    }
}

/// Returns all rows as a table.
pub(crate) fn summary(rows: &[Row]) -> String {
    let mut text = String::from(
        "| seconds                                  |    ours |  rclone |    lftp | ours/rclone | ours/lftp |\n\
         |------------------------------------------|--------:|--------:|--------:|------------:|----------:|",
    );
    for row in rows {
        text.push_str(&format!("\n{row}"));
    }
    text
}
