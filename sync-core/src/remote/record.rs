//! Counts what a remote is asked, for tests that say what a verb may cost.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use crate::error::Result;
use crate::path::Path;
use crate::remote::watch::{Call, Watch};

/// Remembers every call.
#[derive(Debug, Default)]
pub struct Record(Mutex<Vec<(Call, Path)>>);

impl Record {
    /// Returns what was called since the last such question, and how often.
    pub fn take(&self) -> BTreeMap<Call, usize> {
        let calls = std::mem::take(&mut *self.0.lock().expect("no holder of the lock panics"));
        let mut counts = BTreeMap::new();
        for (call, _) in calls {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }

    /// Returns the calls since the last [`Record::take`], in order.
    pub fn order(&self) -> Vec<Call> {
        let calls = self.0.lock().expect("no holder of the lock panics");
        calls.iter().map(|(call, _)| *call).collect()
    }

    /// Returns the paths this was called on since the last [`Record::take`], in order.
    pub fn paths(&self, call: Call) -> Vec<String> {
        let calls = self.0.lock().expect("no holder of the lock panics");
        calls.iter().filter(|(made, _)| *made == call).map(|(_, path)| path.to_string()).collect()
    }
}

#[async_trait]
impl Watch for Record {
    type File = ();

    fn opened(&self) {}

    async fn before(&self, call: Call, path: &Path) -> Result<()> {
        self.0.lock().expect("no holder of the lock panics").push((call, path.clone()));
        Ok(())
    }
}
