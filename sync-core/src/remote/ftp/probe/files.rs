//! What is tried with files: names, renames, times, restarts, hashes, copies.

use bytes::Bytes;
use ftp_client::Finish;
use ftp_client::ftp_proto::{Argument, Command};
use jiff::Timestamp;

use super::super::error::explain;
use super::super::{Ftp, hashes};
use super::{Findings, child};
use crate::error::Result;
use crate::hash::Hasher;
use crate::path::Path;
use crate::remote::{Reader, Remote};

const CONTENT: &[u8] = b"0123456789";

/// The name of a file that may not be listed.
pub(super) const HIDDEN: &str = ".hidden";

impl Ftp {
    pub(super) async fn try_files(&self, place: &Path, findings: &mut Findings) {
        findings.tried("hidden files", async || self.shows_hidden(place).await).await;
        findings.tried("patterns in names", async || self.takes_patterns(place).await).await;
        findings.tried("patterns in LIST", async || self.lists_by_pattern(place).await).await;
        findings.tried("patterns in STAT", async || self.fills_in_patterns(place).await).await;
        findings.tried("[ in names", async || self.keeps_name(place, b"a[1]").await).await;
        findings.tried("* in names", async || self.keeps_name(place, b"b*").await).await;
        findings.tried("\\ in names", async || self.keeps_name(place, b"c\\d").await).await;
        findings.tried("blank before names", async || self.keeps_name(place, b" e").await).await;
        findings.tried("rename over a file", async || self.renames_over(place).await).await;
        findings.tried("time of a file", async || self.keeps_times(place).await).await;
        findings.tried("restart of downloads", async || self.restarts_downloads(place).await).await;
        findings.tried("restart of uploads", async || self.restarts_uploads(place).await).await;
        findings.tried("append", async || self.appends(place).await).await;
        findings.tried("hashes", async || self.computes(place).await).await;
        findings.tried("copy on the server", async || self.copies(place).await).await;
    }

    async fn shows_hidden(&self, place: &Path) -> Result<String> {
        self.write(place, HIDDEN).await?;
        let shown = !self.list(place).await?.entries.is_empty();
        Ok(if shown { "listed" } else { "not listed" }.into())
    }

    async fn takes_patterns(&self, place: &Path) -> Result<String> {
        self.write(place, "plain").await?;
        let mut session = self.session(place).await?;
        let reply = self.ask(&mut session, place, "pla*", Command::Size).await?;
        Ok(if reply.code().is_completion() { "filled in" } else { "taken as they are" }.into())
    }

    async fn lists_by_pattern(&self, place: &Path) -> Result<String> {
        let mut session = self.session(place).await?;
        let path = [&*self.encode(place), b"/pla*"].concat();
        let filled_in = match session.list_argument(&path).await {
            // A name with its directory in front of it is none that a listing may have.
            Ok(listed) => {
                listed.entries.iter().any(|entry| entry.name().ends_with(b"plain"))
                    || listed.unread.iter().any(|line| line.to_string().contains("plain"))
            }
            Err(error) if error.reply().is_some() => false,
            Err(error) => return Err(explain(error, place)),
        };
        Ok(if filled_in { "filled in" } else { "taken as they are" }.into())
    }

    /// ProFTPD fills in those of `LIST` alone.
    async fn fills_in_patterns(&self, place: &Path) -> Result<String> {
        let mut session = self.session(place).await?;
        let stat = |argument: Argument| Command::Stat(Some(argument));
        let reply = self.ask(&mut session, place, "pla*", stat).await?;
        let filled_in = reply.body().any(|line| line.ends_with(b"plain"));
        Ok(if filled_in { "filled in" } else { "taken as they are" }.into())
    }

    /// Finds out what becomes of a name that no encoding protects.
    async fn keeps_name(&self, place: &Path, name: &[u8]) -> Result<String> {
        let place_encoded = self.encode(place);
        let session = self.session(place).await?;
        let begun = session.store(&[&*place_encoded, b"/", name].concat(), 0).await;
        match self.put(begun, place, CONTENT).await {
            Err(error) if error.is_temporary() => return Err(error),
            Err(error) => return Ok(format!("refused: {error}")),
            Ok(()) => {}
        }
        let listed = self.session(place).await?.list(&place_encoded).await;
        let listed = listed.map_err(|error| explain(error, place))?;
        let kept = listed.entries.iter().any(|entry| entry.name() == name);
        Ok(if kept { "kept" } else { "not kept: the file has another name" }.into())
    }

    async fn renames_over(&self, place: &Path) -> Result<String> {
        self.write(place, "other").await?;
        let mut session = self.session(place).await?;
        self.ask(&mut session, place, "other", Command::Rnfr).await?;
        let reply = self.ask(&mut session, place, "plain", Command::Rnto).await?;
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
        self.write(place, "plain").await?;
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

    pub(super) async fn write(&self, place: &Path, name: &str) -> Result<()> {
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
