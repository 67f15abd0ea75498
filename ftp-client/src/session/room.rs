//! How much room there is: `AVBL` (draft-peterson-streamlined-ftp-command-extensions) and the quotas
//! of ProFTPD and Pure-FTPd.

use ftp_proto::command::Site;
use ftp_proto::{Command, quota, size};

use super::Session;
use crate::error::{Error, ErrorKind, Result};

/// How much room a server says there is, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Room {
    /// All there is, which is the quota.
    pub total: Option<u64>,
    /// Taken.
    pub used: Option<u64>,
    /// Left.
    pub free: Option<u64>,
}

impl Session {
    /// Asks how much room there is, by `AVBL` and `SITE QUOTA` in one flight: a server may have
    /// either without listing it. Pure-FTPd has told its quota at the login.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the server has none of them.
    pub async fn room(&mut self) -> Result<Room> {
        let (mut free, mut quota) = (None, self.quota);
        for answer in self.ask_queued(vec![Command::Avbl(None), Command::Site(Site::Quota)]).await?
        {
            match answer? {
                (_, reply) if !reply.code().is_completion() => {}
                (Command::Avbl(_), reply) => free = size::size(&reply).ok(),
                (_, reply) => quota = quota::quota(&reply).or(quota),
            }
        }
        let left = quota.map(|quota| quota.limit.saturating_sub(quota.used));
        let room = Room {
            total: quota.map(|quota| quota.limit),
            used: quota.map(|quota| quota.used),
            free: free.into_iter().chain(left).min(),
        };
        if room.free.is_none() {
            let message = "the server tells neither free space (AVBL) nor a quota (SITE QUOTA)";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(room)
    }
}
