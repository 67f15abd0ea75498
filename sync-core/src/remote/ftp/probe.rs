//! What a server can do, found out by trying: in a directory of its own with temporary names, which is
//! gone afterwards.

use bytes::Bytes;
use ftp_client::ftp_proto::{Argument, Command, Reply};
use ftp_client::{Finish, Lease};
use jiff::Timestamp;

use super::error::explain;
use super::{Ftp, hashes};
use crate::error::{Error, ErrorKind, Result};
use crate::hash::Hasher;
use crate::path::{Name, Path};
use crate::remote::{Reader, Remote};

/// How many connections are tried.
const CONNECTIONS: usize = 16;

const CONTENT: &[u8] = b"0123456789";

/// Something that was found out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What was tried.
    pub name: &'static str,
    /// What came of it.
    pub value: String,
}

impl Ftp {
    /// Tries out what the server can do, within `directory`.
    ///
    /// # Errors
    /// When the directory cannot be listed. What cannot be tried is a finding that says why.
    pub async fn probe(&self, directory: &Path) -> Result<Vec<Finding>> {
        self.list(directory).await?;
        let mut findings = Vec::new();
        let mut note = |name, value| findings.push(Finding { name, value });
        let name = format!(".rclone-probe-{:x}", Timestamp::now().as_nanosecond());
        let place = directory.child(&name.parse::<Name>().map_err(|error| {
            Error::new(ErrorKind::Other, format!("no name for a directory: {error}"))
        })?);
        match self.mkdir(&place).await {
            Err(error) => note("writing", format!("no: {error}")),
            Ok(()) => {
                note("writing", "yes".into());
                self.write_in(&place, &mut note).await;
                self.clear(&place, &mut note).await;
            }
        }
        note("connections", self.connections().await);
        if let Some(clock) = self.clock.lock().await.shown() {
            note("clock", clock);
        }
        let facts = self.personality().facts().into_iter();
        let facts = facts.map(|(name, value)| Finding { name, value });
        Ok(facts.chain(findings).collect())
    }

    async fn write_in(&self, place: &Path, note: &mut impl FnMut(&'static str, String)) {
        let mut found = |name, value: Result<String>| {
            note(name, value.unwrap_or_else(|error| format!("failed: {error}")));
        };
        found("hidden files", self.shows_hidden(place).await);
        found("patterns in names", self.takes_patterns(place).await);
        found("rename over a file", self.renames_over(place).await);
        found("time of a file", self.keeps_times(place).await);
        found("restart of downloads", self.restarts_downloads(place).await);
        found("restart of uploads", self.restarts_uploads(place).await);
        found("append", self.appends(place).await);
        found("hashes", self.computes(place).await);
        found("copy on the server", self.copies(place).await);
    }

    async fn shows_hidden(&self, place: &Path) -> Result<String> {
        self.write(place, ".hidden").await?;
        let shown = !self.list(place).await?.entries.is_empty();
        Ok(if shown { "listed" } else { "not listed" }.into())
    }

    async fn takes_patterns(&self, place: &Path) -> Result<String> {
        self.write(place, "plain").await?;
        let mut session = self.session(place).await?;
        let reply = self.ask(&mut session, &child(place, "pla*")?, Command::Size).await?;
        Ok(if reply.code().is_completion() { "filled in" } else { "taken as they are" }.into())
    }

    async fn renames_over(&self, place: &Path) -> Result<String> {
        self.write(place, "other").await?;
        let (from, to) = (child(place, "other")?, child(place, "plain")?);
        let mut session = self.session(place).await?;
        self.ask(&mut session, &from, Command::Rnfr).await?;
        let reply = self.ask(&mut session, &to, Command::Rnto).await?;
        let replaces = reply.code().is_completion();
        Ok(if replaces { "replaces it".into() } else { format!("refused: {reply}") })
    }

    async fn keeps_times(&self, place: &Path) -> Result<String> {
        let path = child(place, "plain")?;
        let wanted: Timestamp = "2001-02-03T04:05:06Z".parse().expect("a time");
        self.set_modified(&path, wanted).await?;
        let told = self.modified_all(&[path]).await.into_iter().next();
        Ok(match told {
            Some(Ok(Some(found))) if found.at == wanted => "set to the second".into(),
            Some(Ok(Some(found))) => format!("set to {} where {wanted} was asked for", found.at),
            Some(Ok(None)) | None => "set, and not told".into(),
            Some(Err(error)) => return Err(error),
        })
    }

    async fn restarts_downloads(&self, place: &Path) -> Result<String> {
        let path = child(place, "plain")?;
        let rest = read_all(self.open(&path, 5, None).await?).await?;
        Ok(if rest == CONTENT[5..] { "yes" } else { "no: begins elsewhere" }.into())
    }

    async fn restarts_uploads(&self, place: &Path) -> Result<String> {
        let path = child(place, "plain")?;
        let session = self.session(&path).await?;
        self.put(session.store(&self.encode(&path), 5).await, &path, b"XX").await?;
        let now = read_all(self.open(&path, 0, None).await?).await?;
        Ok(match &now[..] {
            b"01234XX" => "cut the file at the new end".into(),
            b"01234XX789" => "overwrite in place".into(),
            now => format!("no: it holds `{}`", String::from_utf8_lossy(now)),
        })
    }

    async fn appends(&self, place: &Path) -> Result<String> {
        let path = child(place, "other")?;
        self.write(place, "other").await?;
        let session = self.session(&path).await?;
        let begun = session.append(&self.encode(&path), CONTENT.len() as u64).await;
        self.put(begun, &path, b"XX").await?;
        let now = read_all(self.open(&path, 0, None).await?).await?;
        Ok(if now == b"0123456789XX" { "yes" } else { "no: it went elsewhere" }.into())
    }

    async fn computes(&self, place: &Path) -> Result<String> {
        let path = child(place, "other")?;
        self.write(place, "other").await?;
        let mut right = Vec::new();
        for name in hashes(&self.personality()) {
            let Some(mut hasher) = Hasher::new(name) else { continue };
            hasher.update(CONTENT);
            let is_right = self.hash(&path, name).await? == hasher.finish();
            right.push(if is_right { name.to_owned() } else { format!("{name} (wrong)") });
        }
        Ok(if right.is_empty() { "none".into() } else { right.join(", ") })
    }

    async fn copies(&self, place: &Path) -> Result<String> {
        if !self.personality().copies() {
            return Ok("not offered".into());
        }
        self.write(place, "other").await?;
        let copy = child(place, "copy")?;
        self.copy(&child(place, "other")?, &copy).await?;
        let now = read_all(self.open(&copy, 0, None).await?).await?;
        Ok(if now == CONTENT { "yes" } else { "no: the copy differs" }.into())
    }

    /// Opens connections of its own until the server refuses one.
    async fn connections(&self) -> String {
        let mut open: Vec<Lease> = Vec::new();
        let mut refusal = None;
        while open.len() < CONNECTIONS && refusal.is_none() {
            match self.pool.another() {
                Ok(pool) => match pool.session().await {
                    Ok(session) => open.push(session),
                    Err(error) => refusal = Some(error),
                },
                Err(error) => refusal = Some(error),
            }
        }
        let count = open.len();
        for session in open {
            let pool = session.pool();
            drop(session);
            pool.close().await;
        }
        match refusal {
            None => format!("{count} and more"),
            Some(error) => format!("{} with this one, then: {error}", count + 1),
        }
    }

    /// Removes what was tried with.
    async fn clear(&self, place: &Path, note: &mut impl FnMut(&'static str, String)) {
        let there = [".hidden", "plain", "other", "copy"].map(|name| child(place, name));
        let there: Vec<Path> = there.into_iter().flatten().collect();
        for removed in self.remove_all(&there).await {
            if let Err(error) = removed
                && !error.is_not_found()
            {
                note("left behind", error.to_string());
            }
        }
        if let Err(error) = self.rmdir(place).await {
            note("left behind", error.to_string());
        }
    }

    async fn write(&self, place: &Path, name: &str) -> Result<()> {
        let path = child(place, name)?;
        let session = self.session(&path).await?;
        self.put(session.store(&self.encode(&path), 0).await, &path, CONTENT).await
    }

    async fn put(
        &self,
        begun: ftp_client::Result<ftp_client::Upload>,
        path: &Path,
        content: &'static [u8],
    ) -> Result<()> {
        let upload = async {
            let mut upload = begun?;
            upload.write(Bytes::from_static(content)).await?;
            upload.finish(Finish::default()).await
        };
        upload.await.map(drop).map_err(|error| explain(error, path))
    }

    /// Sends a command about a path and returns its reply, whatever it says.
    async fn ask(
        &self,
        session: &mut Lease,
        path: &Path,
        command: fn(Argument) -> Command,
    ) -> Result<Reply> {
        let asked = async {
            let argument = session.named(&self.encode(path))?;
            session.command(command(argument)).await
        };
        asked.await.map_err(|error| explain(error, path))
    }
}

fn child(place: &Path, name: &str) -> Result<Path> {
    let name: Result<Name, _> = name.parse();
    let name = name.map_err(|error| Error::new(ErrorKind::Other, format!("{error}")))?;
    Ok(place.child(&name))
}

async fn read_all(mut reader: Box<dyn Reader>) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let piece = reader.read().await?;
        if piece.is_empty() {
            return Ok(content);
        }
        content.extend_from_slice(&piece);
    }
}
