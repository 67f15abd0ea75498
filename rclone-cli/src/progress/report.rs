//! A line of JSON for every path something happened to: `--report`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use serde_json::json;
use sync_core::{Event, Path};

use super::log::named;

/// Writes what happened to which path, and why.
#[derive(Debug)]
pub(crate) struct Report(Mutex<State<BufWriter<File>>>);

#[derive(Debug)]
struct State<W> {
    output: W,
    /// How often each path that is not settled yet was tried again.
    retries: HashMap<Path, u32>,
    /// Why lines are missing, where some are.
    error: Option<std::io::Error>,
}

impl Report {
    pub(crate) fn create(file: &std::path::Path) -> anyhow::Result<Self> {
        let output = File::create(file)
            .with_context(|| format!("failed to make the report {}", file.display()))?;
        let output = BufWriter::new(output);
        Ok(Self(Mutex::new(State { output, retries: HashMap::new(), error: None })))
    }

    /// Takes note of an event that settles something.
    pub(crate) fn take(&self, event: &Event<'_>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = state.take(event) {
            state.error.get_or_insert(error);
        }
    }

    /// Brings all lines to the disk.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = state.output.flush();
        state.error.take().map_or(flushed, Err).context("failed to write the report")
    }
}

impl<W: std::io::Write> State<W> {
    fn take(&mut self, event: &Event<'_>) -> std::io::Result<()> {
        let (path, mut line) = match *event {
            Event::Retrying { path, .. } => {
                *self.retries.entry(path.clone()).or_default() += 1;
                return Ok(());
            }
            Event::Done { deed, path, size, reason, .. } => {
                let (action, _) = named(deed);
                (path, json!({"action": action, "done": true, "reason": reason, "bytes": size}))
            }
            Event::Skipped { deed, path, size, reason, .. } => {
                let (action, _) = named(deed);
                (path, json!({"action": action, "done": false, "reason": reason, "bytes": size}))
            }
            Event::Left { path, same } => {
                let reason = if same { "same" } else { "protected by an option" };
                (path, json!({"action": "none", "done": true, "reason": reason}))
            }
            Event::Extra { path } => {
                let reason = "only on the destination";
                (path, json!({"action": "none", "done": true, "reason": reason}))
            }
            Event::Failed { path, error } => {
                (path, json!({"action": "failed", "done": false, "reason": error.to_string()}))
            }
            _ => return Ok(()),
        };
        line["path"] = json!(path.to_text());
        line["retries"] = json!(self.retries.remove(path).unwrap_or(0));
        writeln!(self.output, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use sync_core::progress::{Cause, Deed};
    use sync_core::{Error, ErrorKind};

    use super::super::stats::tests::path;
    use super::*;

    #[test]
    fn every_settled_path_is_a_line() {
        let mut state = State { output: Vec::new(), retries: HashMap::new(), error: None };
        let (a, b) = (path("a"), path("b"));
        let error = Error::new(ErrorKind::Timeout, "silent");
        let cause = Cause::Request;
        for event in [
            Event::CheckQueued,
            Event::Retrying { path: &a, attempt: 2, error: &error },
            Event::Done { deed: Deed::CopiedNew, path: &a, size: Some(3), cause, reason: "new" },
            Event::Skipped { deed: Deed::Deleted, path: &b, size: None, cause, reason: "gone" },
            Event::Left { path: &a, same: true },
            Event::Failed { path: &b, error: &error },
        ] {
            state.take(&event).unwrap();
        }
        insta::assert_snapshot!(String::from_utf8(state.output).unwrap(), @r#"
        {"action":"copy","bytes":3,"done":true,"path":"a","reason":"new","retries":1}
        {"action":"delete","bytes":null,"done":false,"path":"b","reason":"gone","retries":0}
        {"action":"none","done":true,"path":"a","reason":"same","retries":0}
        {"action":"failed","done":false,"path":"b","reason":"silent","retries":0}
        "#);
    }
}
