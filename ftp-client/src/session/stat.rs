//! What stands at a path: `MLST` ([RFC 3659 section 7]), else `SIZE`, `MDTM` and `CWD` in one
//! flight, else the listing of the directory above.
//!
//! "Nothing" is said only when it is certain: by a reply that says so, or by a listing that was
//! understood to the last line.
//!
//! [RFC 3659 section 7]: https://www.rfc-editor.org/rfc/rfc3659#section-7

use std::collections::HashMap;

use ftp_proto::listing::{Entry, Kind, Modified, Precision, Year, Zone, mlst_entry};
use ftp_proto::time::Stamp;
use ftp_proto::{Command, Reply, size, time};
use jiff::Timestamp;
use jiff::tz::Offset;

use super::{Listing, Session, split};
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;

/// Directories listed in one operation, so that none is listed twice.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<Vec<u8>, Listing>);

impl Session {
    /// Returns what stands at `path`, or `None` when it is certain that nothing does.
    ///
    /// The entry bears the last component of `path` as its name.
    ///
    /// # Errors
    /// When the server gives no clear answer.
    pub async fn stat(&mut self, path: &[u8]) -> Result<Option<Entry>> {
        let mut all = Box::pin(self.stat_all(&[path])).await;
        all.pop().unwrap_or(Ok(None))
    }

    /// Returns the size of a file.
    ///
    /// # Errors
    /// Also for directories.
    pub async fn size(&mut self, path: &[u8]) -> Result<u64> {
        self.begin().await?;
        let command = Command::Size(self.argument(path)?);
        let reply = self.control.order(command).await?;
        Ok(size::size(&reply)?)
    }

    /// Returns when a file changed.
    ///
    /// # Errors
    /// Also where the server does not know.
    pub async fn modified(&mut self, path: &[u8]) -> Result<Timestamp> {
        self.begin().await?;
        let command = Command::Mdtm(self.argument(path)?);
        let reply = self.control.order(command).await?;
        stamp(&reply)
    }

    pub(super) fn uses_mlst(&self) -> bool {
        self.features().has("MLST")
    }

    /// Asks about one path in the way that leaves the working directory alone.
    pub(super) fn questions(&self, path: &[u8]) -> Result<Vec<Command>> {
        let argument = self.argument(path)?;
        Ok(if self.uses_mlst() {
            vec![Command::Mlst(Some(argument))]
        } else {
            vec![Command::Size(argument.clone()), Command::Mdtm(argument)]
        })
    }

    /// Reads the answers to [`Self::questions`]; `None` where they leave it open.
    pub(super) fn answered(
        &self,
        path: &[u8],
        answers: Vec<Result<(Command, Reply)>>,
    ) -> Result<Option<Option<Entry>>> {
        let name = split(path).map_or(&b""[..], |(_, name)| name);
        let mut file = None;
        for answer in answers {
            let (command, reply) = answer?;
            let fine = reply.code().is_completion();
            match &command {
                Command::Mlst(_) if fine => {
                    return Ok(facts(&reply, name).map(Some));
                }
                Command::Mlst(_) => {
                    let error = refused(&command, reply);
                    return Ok((*error.kind() == ErrorKind::NotFound).then_some(None));
                }
                Command::Size(_) if fine => {
                    file = size::size(&reply).ok().map(|size| {
                        let mut entry = Entry::new(name, Kind::File);
                        entry.size = Some(size);
                        entry
                    });
                }
                Command::Mdtm(_) if fine => {
                    if let (Some(file), Ok(stamp)) = (&mut file, time::modified(&reply)) {
                        file.modified = Some(modified(stamp));
                    }
                }
                _ => {}
            }
        }
        Ok(file.map(Some))
    }

    /// Finds `path` in the listing of the directory above it, or of one further up that is there.
    pub(super) async fn look_up(&mut self, path: &[u8], seen: &mut Seen) -> Result<Option<Entry>> {
        let path = self.absolute(path);
        let mut at = &path[..];
        let mut refusal = None;
        loop {
            let Some((parent, name)) = split(at) else {
                return match refusal {
                    None => Ok(Some(Entry::new(b"", Kind::Directory))),
                    Some(error) => Err(error),
                };
            };
            if !seen.0.contains_key(parent) {
                match Box::pin(self.list_plainly(parent)).await {
                    Ok(listing) => {
                        seen.0.insert(parent.to_vec(), listing);
                    }
                    Err(error) if error.reply().is_some() && self.is_reusable() => {
                        refusal = Some(error);
                        at = parent;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            let Some(listing) = seen.0.get(parent) else { return Ok(None) };
            let found = listing.entries.iter().find(|entry| entry.name() == name);
            return match (found, refusal) {
                (None, _) if !listing.unread.is_empty() => Err(not_understood(listing)),
                (Some(entry), Some(error)) if entry.is_directory() => {
                    // Somebody may have made it since it was refused.
                    match Box::pin(self.list_plainly(at)).await {
                        Ok(listing) => seen.0.insert(at.to_vec(), listing),
                        Err(again) if again.reply().is_some() && self.is_reusable() => {
                            let message = "the server does not let us look there";
                            return Err(error.known_as(ErrorKind::PermissionDenied, message));
                        }
                        Err(lost) => return Err(lost),
                    };
                    (at, refusal) = (&path[..], None);
                    continue;
                }
                (None, _) | (Some(_), Some(_)) => Ok(None),
                (Some(entry), None) => Ok(Some(entry.clone())),
            };
        }
    }

    /// Tells whether a refusal leaves open what is there.
    pub(super) fn is_doubtful(&self, error: &Error) -> bool {
        let open = matches!(error.kind(), ErrorKind::Refused | ErrorKind::Temporary);
        open && error.reply().is_some() && self.is_reusable()
    }

    /// Finds out why a directory could not be listed, and lists it where somebody has made it since.
    pub(super) async fn explain_directory(
        &mut self,
        error: Error,
        directory: &[u8],
    ) -> Result<Listing> {
        Err(match self.look_up(directory, &mut Seen::default()).await {
            Ok(None) => error.known_as(ErrorKind::NotFound, "there is no such directory"),
            Ok(Some(entry)) if entry.is_directory() || entry.kind == Kind::Symlink => {
                match Box::pin(self.list_plainly(directory)).await {
                    Ok(listing) => return Ok(listing),
                    Err(again) if again.reply().is_some() && self.is_reusable() => {
                        error.known_as(ErrorKind::PermissionDenied, "the server forbids it")
                    }
                    Err(lost) => lost,
                }
            }
            Ok(Some(_)) => error.known_as(ErrorKind::NotADirectory, "it is not a directory"),
            Err(_) => error,
        })
    }
}

/// Reads the answer to `MDTM`, which is in UTC.
pub(super) fn stamp(reply: &Reply) -> Result<Timestamp> {
    Offset::UTC.to_timestamp(time::modified(reply)?.at).map_err(|source| {
        Error::new(ErrorKind::Protocol, format!("no such time: {source}")).caused_by(source)
    })
}

/// Reads an `MLST` reply: the first line that holds facts. Some servers add lines of their own.
fn facts(reply: &Reply, name: &[u8]) -> Option<Entry> {
    let tells = |e: &Entry| e.kind != Kind::Unknown || e.size.is_some() || e.modified.is_some();
    let mut entries = reply.body().filter_map(|line| mlst_entry(line).ok());
    let mut entry = entries.find(tells)?;
    entry.set_name(name);
    if entry.is_directory() {
        entry.kind = Kind::Directory;
    }
    Some(entry)
}

fn modified(stamp: Stamp) -> Modified {
    let precision = match stamp.fraction_digits {
        0 => Precision::Second,
        digits => Precision::Subsecond(digits),
    };
    Modified { at: stamp.at, precision, zone: Zone::Utc, year: Year::Stated }
}

fn not_understood(listing: &Listing) -> Error {
    let unread = listing.unread.first().map(ToString::to_string).unwrap_or_default();
    Error::new(ErrorKind::Protocol, unread)
}
