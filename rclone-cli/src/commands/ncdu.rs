//! `rclone ncdu`: browses a tree by the room its parts take, and deletes what the user chooses.
//!
//! The walk streams in and deletions run beside it, so the keys work at once, over a slow line too.

mod browser;
mod usage;
mod view;

use std::sync::Arc;

use anyhow::bail;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use sync_core::walk::{Pair, Walk};
use sync_core::{Context, Path, Tree, ops};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::AbortOnDropHandle;

use crate::logging;
use crate::output;
use crate::resolve::Resolved;
use crate::shown;
use browser::{Browser, Dialog, Doomed, Wish};
use view::{Status, draw};

/// Browse a path by size, in the terminal
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    if !output::is_terminal() {
        bail!("ncdu needs a terminal (`rclone size` and `rclone tree` do without)");
    }
    let tree = resolved.tree(&args.path)?;
    tree.remote.connect().await?;
    let (sender, receiver) = unbounded_channel();
    let screen =
        Screen { terminal: ratatui::init(), context: resolved.silent_context(), tree, sender };
    let result = screen.run(receiver).await;
    logging::redirect(None);
    ratatui::restore();
    result
}

/// What the screen reacts to.
enum News {
    Deleted(Path, Result<(), String>),
    /// What the walk of this number found in one directory.
    Found(u64, Box<Pair>),
    Log(String),
    Scanned(u64),
    Terminal(Event),
}

struct Screen {
    terminal: DefaultTerminal,
    context: Context,
    tree: Tree,
    sender: UnboundedSender<News>,
}

impl Screen {
    async fn run(mut self, mut news: UnboundedReceiver<News>) -> anyhow::Result<()> {
        let mut browser = Browser::new();
        let mut status = Status { tree: shown::tree(&self.tree), ..Status::default() };
        let sender = self.sender.clone();
        logging::redirect(Some(Arc::new(move |line: &str| {
            // Nobody reads once the screen is gone.
            let _ = sender.send(News::Log(line.to_owned()));
        })));
        self.listen();
        let mut walk = self.walk(&mut status);
        loop {
            self.terminal.draw(|frame| draw(frame, &browser, &status))?;
            let Some(first) = news.recv().await else { return Ok(()) };
            // What came meanwhile is drawn together.
            let mut next = Some(first);
            while let Some(one) = next {
                match self.take(one, &mut browser, &mut status) {
                    Wish::Quit => return Ok(()),
                    Wish::Delete(doomed) => self.delete(doomed, &mut browser, &mut status),
                    Wish::Rescan => {
                        drop(walk);
                        walk = self.walk(&mut status);
                    }
                    Wish::Redraw => self.terminal.clear()?,
                    Wish::Nothing => {}
                }
                next = news.try_recv().ok();
            }
        }
    }

    fn take(&self, news: News, browser: &mut Browser, status: &mut Status) -> Wish {
        match news {
            News::Terminal(Event::Key(key)) if key.kind == KeyEventKind::Press => {
                status.log = None;
                return browser.key(key);
            }
            News::Terminal(_) => {}
            News::Found(scan, pair) if scan == status.scan => {
                status.scanning = status.scanning.map(|count| count + 1);
                browser.usage.take(*pair);
            }
            News::Scanned(scan) if scan == status.scan => status.scanning = None,
            // An earlier walk.
            News::Found(..) | News::Scanned(_) => {}
            News::Log(line) => status.log = Some(line),
            News::Deleted(path, result) => {
                status.deleting -= 1;
                match result {
                    Ok(()) => browser.deleted(&path),
                    Err(error) => browser.dialog = Some(Dialog::Tell(error)),
                }
            }
        }
        Wish::Nothing
    }

    /// Reads keys and changes of size on a thread of its own, which ends with the process.
    fn listen(&self) {
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            while let Ok(event) = event::read() {
                if sender.send(News::Terminal(event)).is_err() {
                    return;
                }
            }
        });
    }

    /// Begins to walk the tree; dropping the handle ends that.
    fn walk(&self, status: &mut Status) -> AbortOnDropHandle<()> {
        status.scanning = Some(0);
        status.scan += 1;
        let scan = status.scan;
        let (sender, depth) = (self.sender.clone(), self.context.options.max_depth);
        let mut walk = Walk::one(&self.context, &self.tree, depth);
        AbortOnDropHandle::new(tokio::spawn(async move {
            while let Some(pair) = walk.next().await {
                if sender.send(News::Found(scan, Box::new(pair))).is_err() {
                    return;
                }
            }
            // The screen may be gone.
            let _ = sender.send(News::Scanned(scan));
        }))
    }

    fn delete(&self, doomed: Vec<Doomed>, browser: &mut Browser, status: &mut Status) {
        if self.context.options.dry_run {
            browser.dialog = Some(Dialog::Tell("Nothing is deleted as --dry-run is set.".into()));
            return;
        }
        status.deleting += doomed.len();
        let (context, tree, sender) =
            (self.context.clone(), self.tree.clone(), self.sender.clone());
        tokio::spawn(async move {
            for Doomed { path, is_directory } in doomed {
                let deleted = match is_directory {
                    true => ops::purge(&context, &tree, &path).await,
                    false => ops::delete_file(&context, &tree, &path).await,
                };
                let result = deleted.map_err(|failures| failures.to_string());
                // What is deleted stays so though the screen may be gone.
                let _ = sender.send(News::Deleted(path, result));
            }
        });
    }
}
