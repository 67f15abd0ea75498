//! Copies that the server makes by itself: `SITE CPFR` and `SITE CPTO`, of ProFTPD's `mod_copy`.

use ftp_proto::Command;
use ftp_proto::command::Site;
use ftp_proto::size;

use super::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;

impl Session {
    /// Tells whether the server says that it copies files by itself.
    pub fn copies(&self) -> bool {
        self.learnt().copies()
    }

    /// Copies a file on the server, replacing what stands at `to`; its time is not copied.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the server does not offer it.
    pub async fn copy(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        if !self.copies() {
            let message = "the server does not copy files by itself";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        match Box::pin(self.copy_plainly(from, to)).await {
            Err(error) => Err(Box::pin(self.explain_file(error, from)).await),
            copied => copied,
        }
    }

    async fn copy_plainly(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        self.begin().await?;
        let (from, to) = (self.argument(from)?, self.argument(to)?);
        let before = vec![Command::Size(from.clone()), Command::Site(Site::Cpfr(from))];
        let mut length = 0;
        for answer in self.control.ask_all(before, self.server.window()).await {
            match answer? {
                (Command::Size(_), reply) => length = size::size(&reply).unwrap_or_default(),
                (command, reply) if reply.code().is_failure() => {
                    return Err(refused(&command, reply));
                }
                _ => {}
            }
        }
        // The server is silent until the last byte is copied.
        self.control.send(Command::Site(Site::Cpto(to)));
        self.control.bear_silence_over(length);
        let (command, reply) = self.control.done().await?;
        if reply.code().is_failure() { Err(refused(&command, reply)) } else { Ok(()) }
    }
}
