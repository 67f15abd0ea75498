//! Making, removing, renaming, setting times, and finding out why a server would not.
//!
//! A bare `550` is never guessed at: what stands there is looked up before the error is named.

use ftp_proto::command::Site;
use ftp_proto::listing::Kind;
use ftp_proto::{Argument, Command};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::{Session, split};
use crate::error::{Error, ErrorKind, Result};
use crate::personality::TimeSetting;
use crate::retry::refused;

impl Session {
    /// Makes a directory, whose parent must be there.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] for whatever stands there, [`ErrorKind::NotFound`] for a
    /// missing parent.
    pub async fn mkdir(&mut self, path: &[u8]) -> Result<()> {
        let mut all = Box::pin(self.mkdir_all(&[path])).await;
        all.pop().unwrap_or(Ok(()))
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`ErrorKind::NotEmpty`], [`ErrorKind::NotFound`], [`ErrorKind::NotADirectory`],
    /// [`ErrorKind::PermissionDenied`], told apart also where the server's reply is bare.
    pub async fn rmdir(&mut self, path: &[u8]) -> Result<()> {
        let mut all = Box::pin(self.rmdir_all(&[path])).await;
        all.pop().unwrap_or(Ok(()))
    }

    /// Removes a file.
    ///
    /// # Errors
    /// As [`Self::rmdir`], with [`ErrorKind::IsADirectory`].
    pub async fn remove(&mut self, path: &[u8]) -> Result<()> {
        let mut all = Box::pin(self.remove_all(&[path])).await;
        all.pop().unwrap_or(Ok(()))
    }

    /// Renames a file or a directory; a file that stands at `to` is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is certain that nothing stands at `from`.
    pub async fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        self.begin().await?;
        let commands = self.rename_commands(from, to)?;
        let answers = self.control.ask_all(commands, self.server.window()).await;
        let renamed = renamed(answers);
        match renamed {
            Ok(()) => Ok(()),
            Err(error) => Box::pin(self.rename_again(error, from, to)).await,
        }
    }

    pub(crate) fn rename_commands(&self, from: &[u8], to: &[u8]) -> Result<Vec<Command>> {
        let (from, to) = (self.argument(from)?, self.argument(to)?);
        let mut commands = vec![Command::Rnfr(from), Command::Rnto(to.clone())];
        if self.server.learnt.now().rename_replaces == Some(false) {
            commands.insert(0, Command::Dele(to));
        }
        Ok(commands)
    }

    /// Some servers do not rename onto a name that is taken: there the old file goes first.
    pub(crate) async fn rename_again(
        &mut self,
        error: Error,
        from: &[u8],
        to: &[u8],
    ) -> Result<()> {
        if error.reply().is_none() || !self.is_reusable() {
            return Err(error);
        }
        if self.stat(from).await?.is_none() {
            return Err(error.known_as(ErrorKind::NotFound, "there is nothing to rename"));
        }
        let taken = self.stat(to).await?;
        let replaceable = taken.is_some_and(|entry| !entry.is_directory());
        if !replaceable || self.server.learnt.now().rename_replaces == Some(false) {
            return Err(error);
        }
        self.remove(to).await?;
        let commands = [Command::Rnfr(self.argument(from)?), Command::Rnto(self.argument(to)?)];
        let answers = self.control.ask_all(commands, self.server.window()).await;
        renamed(answers)?;
        self.server.learnt.now().rename_replaces = Some(false);
        Ok(())
    }

    /// Sets when a file changed, to the second.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the server has no way.
    pub async fn set_modified(&mut self, path: &[u8], modified: Timestamp) -> Result<()> {
        let Some(error) = self.refusal_of_time(path, modified).await? else { return Ok(()) };
        // A server that takes the time for a part of the name says 550: the file decides.
        let there = match error.kind() {
            ErrorKind::Unsupported => true,
            _ if self.is_doubtful(&error) || *error.kind() == ErrorKind::NotFound => {
                let Some(found) = self.stat(path).await? else {
                    let message = "there is no such file or directory";
                    return Err(error.known_as(ErrorKind::NotFound, message));
                };
                !found.is_directory()
            }
            _ => false,
        };
        if there && self.server.learnt.now().time_setting.is_none() {
            self.server.learnt.now().time_setting = Some(TimeSetting::Never);
            return Err(error.known_as(ErrorKind::Unsupported, "the server sets no times"));
        }
        Err(error)
    }

    /// Tries to set a time in one way, and returns why that was refused, if it was.
    pub(super) async fn try_time(
        &mut self,
        setting: TimeSetting,
        modified: Timestamp,
        path: Argument,
    ) -> Result<Option<Error>> {
        self.control.send(time_command(setting, Offset::UTC.to_datetime(modified), path));
        let (command, reply) = self.control.done().await?;
        Ok((!reply.code().is_completion()).then(|| refused(&command, reply)))
    }

    /// Returns the ways to try, the one that worked alone where there is one.
    pub(super) fn time_settings(&self) -> Vec<TimeSetting> {
        let learnt = self.server.learnt.now();
        match learnt.time_setting {
            Some(TimeSetting::Never) => return Vec::new(),
            Some(setting) => return vec![setting],
            None => {}
        }
        let features = &learnt.features;
        let mdtm = features.has("MDTM") || self.server.options.writing_mdtm;
        let site = features.offers("SITE", "UTIME");
        let ways = [
            (features.has("MFMT"), TimeSetting::Mfmt),
            (mdtm, TimeSetting::Mdtm),
            (site, TimeSetting::SiteUtime),
        ];
        ways.into_iter().filter(|(offered, _)| *offered).map(|(_, way)| way).collect()
    }

    /// Returns the command that sets a time, where it is known which one works.
    pub(crate) fn known_time_command(
        &self,
        path: &[u8],
        modified: Timestamp,
    ) -> Result<Option<Command>> {
        let setting = self.server.learnt.now().time_setting;
        let Some(setting) = setting.filter(|setting| *setting != TimeSetting::Never) else {
            return Ok(None);
        };
        let at = Offset::UTC.to_datetime(modified);
        Ok(Some(time_command(setting, at, self.argument(path)?)))
    }

    /// Finds out why a directory could not be made.
    pub(super) async fn explain_mkdir(&mut self, error: Error, path: &[u8]) -> Error {
        if !self.is_doubtful(&error) {
            return error;
        }
        match self.stat(path).await {
            Ok(Some(_)) => {
                return error.known_as(ErrorKind::AlreadyExists, "something stands there already");
            }
            Ok(None) => {}
            Err(_) => return error,
        }
        let parent = split(path).map_or(&b""[..], |(parent, _)| parent);
        match self.stat(parent).await {
            Ok(None) => error.known_as(ErrorKind::NotFound, "the directory above is missing"),
            Ok(Some(entry)) if entry.kind == Kind::File => error.known_as(
                ErrorKind::NotADirectory,
                "a file stands where the directory above is due",
            ),
            Ok(Some(_)) => error.known_as(ErrorKind::PermissionDenied, "the server forbids it"),
            Err(_) => error,
        }
    }

    /// Finds out why a directory could not be removed.
    pub(super) async fn explain_rmdir(&mut self, error: Error, path: &[u8]) -> Error {
        if !self.is_doubtful(&error) {
            return error;
        }
        match self.list(path).await {
            Ok(listing) if listing.entries.is_empty() && listing.unread.is_empty() => {
                error.known_as(ErrorKind::PermissionDenied, "the server forbids it")
            }
            Ok(_) => error.known_as(ErrorKind::NotEmpty, "the directory is not empty"),
            Err(found) if found.reply().is_some() => {
                error.known_as(found.kind().clone(), "there is no such directory")
            }
            Err(_) => error,
        }
    }

    /// Finds out why a file could not be removed, read or written.
    pub(crate) async fn explain_file(&mut self, error: Error, path: &[u8]) -> Error {
        if !self.is_doubtful(&error) {
            return error;
        }
        match self.stat(path).await {
            Ok(None) => error.known_as(ErrorKind::NotFound, "there is no such file"),
            Ok(Some(entry)) if entry.is_directory() => {
                error.known_as(ErrorKind::IsADirectory, "it is a directory")
            }
            Ok(Some(_)) => error.known_as(ErrorKind::PermissionDenied, "the server forbids it"),
            Err(_) => error,
        }
    }

    /// Leaves `path` or what is below it, for servers that keep their working directory.
    pub(super) fn leaving(&mut self, path: &[u8]) -> Option<Command> {
        let path = self.absolute(path);
        let home = self.home.clone().filter(|_| self.is_rooted())?;
        if !self.working.as_ref().is_none_or(|working| working.starts_with(&path)) {
            return None;
        }
        let command = Command::Cwd(Argument::new(home.clone()).ok()?);
        self.working = Some(home);
        Some(command)
    }
}

fn time_command(setting: TimeSetting, at: DateTime, path: Argument) -> Command {
    match setting {
        TimeSetting::Mfmt => Command::Mfmt(at, path),
        TimeSetting::SiteUtime => Command::Site(Site::Utime(at, path)),
        TimeSetting::Mdtm | TimeSetting::Never => Command::MdtmSet(at, path),
    }
}

pub(crate) fn times_unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "the server sets no times")
}

/// Judges the answers to [`Session::rename_commands`]: the first refusal of `RNFR` or `RNTO`.
pub(crate) fn renamed(answers: Vec<Result<(Command, ftp_proto::Reply)>>) -> Result<()> {
    for answer in answers {
        let (command, reply) = answer?;
        let decides = matches!(command, Command::Rnfr(_) | Command::Rnto(_));
        if decides && reply.code().is_failure() {
            return Err(refused(&command, reply));
        }
    }
    Ok(())
}
