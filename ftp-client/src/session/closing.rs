//! How a transfer ends: the reply that closes it ([RFC 959 section 5.4]), and the step found again
//! where it broke off.
//!
//! Once the data has ended, the reply is due soon; only who has received everything waits for it at
//! leisure. Where a transfer broke off, servers say one thing more than was asked (`426`, then
//! `226`) or one less (Pure-FTPd), so a `NOOP` tells where the answers stand before the session is
//! used again. Leaves out `ABOR`: a data connection that is closed says the same, and the servers
//! that overlook the one (Pure-FTPd with TLS, which answers neither) do not read the other.
//!
//! [RFC 959 section 5.4]: https://www.rfc-editor.org/rfc/rfc959#section-5.4

use std::time::Duration;

use ftp_proto::refusal::{Refusal, is_empty_listing, refusal};
use ftp_proto::{Command, Reply};
use tokio::time::{Instant, timeout};

use super::Session;
use crate::control::{Answered, Told};
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;

/// How long the server may take to say what became of a transfer whose data broke off.
pub(crate) const REASON: Duration = Duration::from_secs(5);

/// How long another end than a second `150` is waited for behind one.
const AGAIN: Duration = Duration::from_secs(2);

const BROKE_OFF: &str = "the transfer broke off";

impl Session {
    /// Waits for the final reply of a transfer, which [`Self::concluded`] judges.
    pub(crate) async fn final_reply(&mut self) -> Result<Answered> {
        loop {
            match self.control.told().await? {
                Told::Begun(_) => self.begun = true,
                Told::Done(command, reply) if command.is_transfer() => return Ok((command, reply)),
                Told::Done(..) => {}
            }
        }
    }

    /// Waits until the server has begun a transfer, and returns its final reply where that comes first.
    pub(crate) async fn beginning(&mut self) -> Result<Option<Answered>> {
        while !self.begun {
            match self.control.told().await? {
                Told::Begun(_) => self.begun = true,
                Told::Done(command, reply) if command.is_transfer() => {
                    return Ok(Some((command, reply)));
                }
                Told::Done(..) => {}
            }
        }
        Ok(None)
    }

    /// The same as [`Self::final_reply`], once the data has ended.
    ///
    /// Pure-FTPd ends a download that broke off with a second `150`, and then answers what comes
    /// next:
    /// ```text
    /// C: RETR /file
    /// S: 150 Accepted data connection
    /// C: EPSV
    /// S: 150 0.001 seconds (measured here), 360.58 Mbytes per second
    /// S: 229 Extended Passive mode OK (|||36061|)
    /// ```
    pub(crate) async fn closing_reply(&mut self) -> Result<Answered> {
        loop {
            let told = match self.begun_again {
                None => self.control.told().await?,
                Some(_) => match timeout(AGAIN, self.control.told()).await {
                    Ok(told) => told?,
                    Err(_) => return Err(self.broke_off()),
                },
            };
            match told {
                Told::Begun(reply) if self.begun => self.begun_again = Some(reply),
                Told::Begun(_) => self.begun = true,
                Told::Done(command, reply) if command.is_transfer() => {
                    let ends = !reply.code().is_completion()
                        || matches!(reply.code().get(), 225 | 226 | 250);
                    if self.begun_again.is_some() && !ends {
                        return Err(self.broke_off());
                    }
                    return Ok((command, reply));
                }
                Told::Done(..) => {}
            }
        }
    }

    /// Takes the second preliminary reply for the end of the transfer.
    fn broke_off(&mut self) -> Error {
        self.transferring = false;
        self.doubtful = true;
        let error = Error::new(ErrorKind::Connection, BROKE_OFF);
        match self.begun_again.take() {
            Some(reply) => error.replied(reply),
            None => error,
        }
    }

    /// Judges the final reply of a transfer.
    pub(crate) async fn concluded(&mut self, command: Command, reply: Reply) -> Result<Reply> {
        let reply = self.in_order(reply).await?;
        self.transferring = false;
        self.used = Instant::now();
        self.restart_ahead();
        self.learn_from_asides();
        if !reply.code().is_failure() {
            return Ok(reply);
        }
        self.learn_from_refusal(&reply);
        self.doubtful = self.begun && !is_empty_listing(&reply);
        let moves_a_file =
            matches!(command, Command::Appe(_) | Command::Retr(_) | Command::Stor(_));
        let error = refused(&command, reply);
        // Pure-FTPd refuses with its `500` what it reads while it sends a file.
        match *error.kind() == ErrorKind::Unsupported && self.begun && moves_a_file {
            true => Err(error.known_as(ErrorKind::Connection, BROKE_OFF)),
            false => Err(error),
        }
    }

    /// Says why a data connection failed, in the server's words where it has some; where it has
    /// none, the session is lost.
    pub(crate) async fn lost_data(&mut self, error: Error) -> Error {
        let said = async {
            let (command, reply) = self.closing_reply().await?;
            self.concluded(command, reply).await
        };
        match timeout(REASON, said).await {
            Ok(Err(said)) if said.reply().is_some() || self.surprised => said.caused_by(error),
            _ => {
                self.control.give_up();
                error
            }
        }
    }

    /// Waits for the final reply of a transfer whose data has ended, for at most `patience`.
    pub(crate) async fn end_transfer(&mut self, patience: Duration) -> Result<Reply> {
        let patience = if patience.is_zero() { Duration::MAX } else { patience };
        let Ok(told) = timeout(patience, self.closing_reply()).await else {
            self.control.give_up();
            let message = format!("the end of the transfer is not confirmed within {patience:?}");
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        let (command, reply) = told?;
        self.concluded(command, reply).await
    }

    /// Waits for whatever a server says to a transfer that was cut off, for at most `patience`.
    pub(crate) async fn cut_transfer(&mut self, patience: Duration) -> Result<()> {
        match timeout(patience, self.control.cut_off()).await {
            Ok(Ok(())) => {
                self.transferring = false;
                self.doubtful = true;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                self.control.give_up();
                let message = "the server does not answer a transfer that was cut off";
                return Err(Error::new(ErrorKind::Timeout, message));
            }
        }
        Ok(())
    }

    /// Makes sure that the next answer is one to the next command, behind a transfer that broke off.
    pub(super) async fn find_step(&mut self) -> Result<()> {
        self.asked_ahead = None;
        self.control.find_step().await?;
        self.doubtful = false;
        Ok(())
    }

    /// A server that wants its session resumed says so in many ways.
    fn learn_from_refusal(&self, reply: &Reply) {
        let tls13 = self.control.stream().handshake().is_some_and(|handshake| handshake.tls13);
        let about_tls = matches!(refusal(reply), Refusal::Tls);
        if tls13 && about_tls {
            self.server.learnt.now().needs_tls12 = true;
        }
    }

    /// Writes down what the TLS of a data connection showed, once its transfer has succeeded.
    pub(crate) fn learn_from_handshake(&self, resumed: Option<bool>) {
        let Some(resumed) = resumed else { return };
        let mut learnt = self.server.learnt.now();
        if resumed {
            learnt.resumes = Some(true);
        } else {
            learnt.accepts_full_handshake = Some(true);
        }
    }
}
