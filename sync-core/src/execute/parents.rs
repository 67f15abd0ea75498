//! Makes the directories that copies need: each once, all that are known to be needed in one go.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::error::Result;
use crate::path::Path;
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::Run;

#[derive(Debug)]
pub(crate) struct Parents {
    tree: Tree,
    state: Mutex<State>,
    /// Held while directories are made, so that nobody makes the same ones meanwhile.
    making: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    made: HashSet<Path>,
    /// Announced and not made yet, parents first.
    wanted: Vec<Path>,
}

impl Parents {
    pub(crate) fn new(tree: &Tree) -> Self {
        Self { tree: tree.clone(), state: Mutex::default(), making: tokio::sync::Mutex::default() }
    }

    /// Tells that a directory will be needed. All who need it tell so one after the other.
    pub(crate) fn announce(&self, directory: Path) {
        let mut state = self.state();
        if state.wanted.last() != Some(&directory) && !state.made.contains(&directory) {
            state.wanted.push(directory);
        }
    }

    /// Makes a directory unless it was made already, and with it all that were announced.
    pub(crate) async fn ensure(&self, run: &Run, directory: &Path) -> Result<()> {
        if self.is_made(directory) {
            return Ok(());
        }
        let _making = self.making.lock().await;
        if self.is_made(directory) {
            return Ok(());
        }
        self.make_announced().await;
        if !self.is_made(directory) {
            let at = self.tree.path(directory);
            retry(&run.ctx, directory, || self.tree.remote.mkdir(&at)).await?;
            self.state().made.insert(directory.clone());
        }
        Ok(())
    }

    /// Makes what was announced. A failure is met again, and told, by whoever needs the directory.
    async fn make_announced(&self) {
        let wanted = std::mem::take(&mut self.state().wanted);
        if wanted.is_empty() {
            return;
        }
        let paths: Vec<Path> = wanted.iter().map(|directory| self.tree.path(directory)).collect();
        let results = self.tree.remote.mkdir_all(&paths).await;
        let made = wanted.into_iter().zip(results).filter(|(_, result)| result.is_ok());
        self.state().made.extend(made.map(|(directory, _)| directory));
    }

    fn is_made(&self, directory: &Path) -> bool {
        self.state().made.contains(directory)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }
}
