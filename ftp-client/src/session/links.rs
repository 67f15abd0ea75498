//! Symbolic links: where they lead, which only `LIST` shows, and what stands there, which `SIZE`,
//! `MDTM` and `CWD` tell of a path whether links are on its way or not.
//!
//! `MLST` serves for neither: servers describe the link, what it leads to, or a mixture of both.

use std::collections::HashMap;

use ftp_proto::listing::{Entry, Kind};
use ftp_proto::{Argument, Command, Reply};

use super::{Listing, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;

impl Session {
    /// Lists a directory, its symbolic links as links, with the target where the server tells it.
    ///
    /// `MLSD` may show what a link leads to in its place, and leave out one that leads nowhere, so
    /// `LIST` is asked as well.
    ///
    /// # Errors
    /// As [`Session::list`].
    pub async fn list_links(&mut self, directory: &[u8]) -> Result<Listing> {
        let mut listing = self.list(directory).await?;
        if !self.lists_with_mlsd() {
            return Ok(listing);
        }
        let lines = Box::pin(self.list_lines(directory)).await?;
        listing.unread.extend(lines.unread);
        let links = lines.entries.into_iter().filter(|entry| entry.kind == Kind::Symlink);
        let mut links: HashMap<Vec<u8>, Entry> =
            links.map(|link| (link.name().to_vec(), link)).collect();
        for entry in &mut listing.entries {
            if let Some(link) = links.remove(entry.name()) {
                *entry = link;
            }
        }
        listing.entries.extend(links.into_values());
        Ok(listing)
    }

    /// Returns what stands at each path once links are followed, or `None` where nothing does that
    /// the server lets us see.
    ///
    /// The entries bear no names.
    pub async fn follow_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<Option<Entry>>> {
        let arguments: Vec<_> = paths.iter().map(|path| self.argument(path.as_ref())).collect();
        let Ok(Some(home)) = self.home().map(Argument::new).transpose() else {
            return paths.iter().map(|_| Err(no_way_back())).collect();
        };
        // Where paths are relative, each question is asked at home.
        let back = (!self.is_rooted()).then_some(Command::Cwd(home));
        let ask = |path: &Argument| {
            let questions = [
                Command::Size(path.clone()),
                Command::Mdtm(path.clone()),
                Command::Cwd(path.clone()),
            ];
            questions.into_iter().chain(back.clone())
        };
        let commands: Vec<_> = arguments.iter().flatten().flat_map(ask).collect();
        if back.is_none() {
            self.working = None;
        }
        let mut answers = self.ask_each(commands).await.into_iter();
        let count = 3 + usize::from(back.is_some());
        let followed = arguments.into_iter().map(|argument| {
            argument?;
            let own: Vec<_> = answers.by_ref().take(count).collect();
            self.followed(own)
        });
        followed.collect()
    }

    fn followed(&self, answers: Vec<Result<(Command, Reply)>>) -> Result<Option<Entry>> {
        let mut answers = answers.into_iter();
        let asked: Vec<_> = answers.by_ref().take(2).collect();
        let entered = answers.next().unwrap_or_else(|| Err(no_way_back()))?;
        if entered.1.code().is_completion() {
            return Ok(Some(Entry::new(b"", Kind::Directory)));
        }
        let file = self.answered(b"", asked)?.flatten();
        let refusal = refused(&entered.0, entered.1);
        match *refusal.kind() {
            ErrorKind::Temporary if file.is_none() => Err(refusal),
            _ => Ok(file),
        }
    }
}

fn no_way_back() -> Error {
    Error::new(ErrorKind::Unsupported, "the server does not say where the session is")
}
