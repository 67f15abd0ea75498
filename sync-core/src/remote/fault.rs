//! Makes a remote fail on purpose, for tests of what happens then.

use std::sync::Mutex;

use async_trait::async_trait;

use crate::error::{Error, ErrorKind, Result};
use crate::path::Path;
use crate::remote::watch::{Call, Watch};

/// Fails the calls it was told to fail.
#[derive(Debug, Default)]
pub struct Fault(Mutex<Vec<Plan>>);

#[derive(Debug)]
struct Plan {
    call: Call,
    /// What the path ends with.
    path: String,
    kind: ErrorKind,
    /// How many such calls go well first.
    spared: u32,
    /// How many fail then.
    left: u32,
}

impl Fault {
    /// Fails the next `times` calls on paths that end with `path`, after sparing the first few.
    pub fn plan(&self, call: Call, path: &str, kind: ErrorKind, spared: u32, times: u32) {
        let plan = Plan { call, path: path.into(), kind, spared, left: times };
        self.0.lock().expect("no holder of the lock panics").push(plan);
    }

    /// Fails every such call from now on.
    pub fn always(&self, call: Call, path: &str, kind: ErrorKind) {
        self.plan(call, path, kind, 0, u32::MAX);
    }
}

#[async_trait]
impl Watch for Fault {
    type File = ();

    fn opened(&self) {}

    async fn before(&self, call: Call, path: &Path) -> Result<()> {
        let mut plans = self.0.lock().expect("no holder of the lock panics");
        let meant = |plan: &&mut Plan| {
            plan.call == call && plan.left > 0 && path.as_bytes().ends_with(plan.path.as_bytes())
        };
        let Some(plan) = plans.iter_mut().find(meant) else { return Ok(()) };
        if plan.spared > 0 {
            plan.spared -= 1;
            return Ok(());
        }
        plan.left -= 1;
        Err(Error::new(plan.kind, format!("{call:?} failed on purpose")).on(path))
    }
}
