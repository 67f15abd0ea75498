//! Setting when directories changed: `MFMT` on a directory works on ProFTPD and Pure-FTPd; vsftpd and
//! pyftpdlib refuse it, whose `550` does not say that it is for being a directory.

use jiff::Timestamp;

use super::{Session, times_unsupported};
use crate::error::{Error, ErrorKind, Result};

impl Session {
    /// Sets when many directories changed, to the second. A server that refuses the first one, which
    /// is there, is not asked again.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the server has no way.
    pub async fn set_directory_modified_all<P: AsRef<[u8]>>(
        &mut self,
        times: &[(P, Timestamp)],
    ) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(times.len());
        let mut rest = times;
        while let [(path, modified), tail @ ..] = rest {
            if self.learnt().directory_times.is_some() {
                break;
            }
            results.push(self.set_first_directory(path.as_ref(), *modified).await);
            rest = tail;
        }
        if self.learnt().directory_times == Some(true) {
            results.append(&mut self.set_modified_all(rest).await);
        } else {
            results.extend(rest.iter().map(|_| Err(unsupported())));
        }
        results
    }

    /// Sets the time of a directory where it is not known whether the server does that.
    async fn set_first_directory(&mut self, path: &[u8], modified: Timestamp) -> Result<()> {
        let Some(error) = self.refusal_of_time(path, modified).await? else {
            self.server.learnt.now().directory_times = Some(true);
            return Ok(());
        };
        let asks = self.is_doubtful(&error) || *error.kind() == ErrorKind::NotFound;
        if asks && self.stat(path).await?.is_none() {
            return Err(error.known_as(ErrorKind::NotFound, "there is no such directory"));
        }
        if !error.is_temporary() {
            self.server.learnt.now().directory_times = Some(false);
            return Err(error.known_as(ErrorKind::Unsupported, MESSAGE));
        }
        Err(error)
    }

    /// Tries one way to set a time after the other, and returns why the last one was refused; nothing
    /// where one worked, which is remembered.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where there is none to try.
    pub(super) async fn refusal_of_time(
        &mut self,
        path: &[u8],
        modified: Timestamp,
    ) -> Result<Option<Error>> {
        self.begin().await?;
        let argument = self.argument(path)?;
        let mut last = None;
        for setting in self.time_settings() {
            let reply = self.try_time(setting, modified, argument.clone()).await?;
            if reply.is_none() {
                self.server.learnt.now().time_setting = Some(setting);
                return Ok(None);
            }
            last = reply;
        }
        last.map(Some).ok_or_else(times_unsupported)
    }
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, MESSAGE)
}

const MESSAGE: &str = "the server sets no times of directories";
