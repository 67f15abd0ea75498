//! What a directory holds: `MLSD` ([RFC 3659 section 7]) or `LIST -a`.
//!
//! The directory is entered with `CWD` first and listed without an argument: so no server can take
//! its name for options or a pattern, and a directory that is missing is never an empty one.
//!
//! [RFC 3659 section 7]: https://www.rfc-editor.org/rfc/rfc3659#section-7

use ftp_proto::listing::{Dialect, Entry, Item, Items, Reader, Unread};
use ftp_proto::refusal::is_empty_listing;
use ftp_proto::{Argument, Command};
use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tracing::warn;

use super::{Session, Transfer};
use crate::error::{Error, ErrorKind, Result};
use crate::options::ListingMethod;
use crate::read::GOODBYE;
use crate::stream::Stream;
use crate::trace;

/// What a directory holds, and what of its listing was not understood.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The entries, without the directory itself and its parent.
    pub entries: Vec<Entry>,
    /// Lines that nobody understood: there may be more than `entries` says.
    pub unread: Vec<Unread>,
    /// Whether there was any line at all.
    any: bool,
    /// Whether the directory itself was shown, as it is where nothing is hidden.
    pub(super) itself: bool,
}

impl Session {
    /// Lists a directory.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is certain that there is none,
    /// [`ErrorKind::NotADirectory`], [`ErrorKind::PermissionDenied`].
    pub async fn list(&mut self, directory: &[u8]) -> Result<Listing> {
        if self.server.options.listing == ListingMethod::Stat {
            let mut all = Box::pin(self.list_all(&[directory])).await;
            return all.pop().unwrap_or_else(|| Ok(Listing::default()));
        }
        self.list_by_data(directory).await
    }

    /// Lists what `path` names as the argument of `LIST`, which some servers take for a pattern.
    ///
    /// # Errors
    /// As the server refuses; what matches nothing may also be an empty listing.
    pub async fn list_argument(&mut self, path: &[u8]) -> Result<Listing> {
        self.begin_transfer().await?;
        let path = Some(self.argument(path)?);
        let transfer = self.transfer(Vec::new(), 0, Command::List { hidden: false, path }).await?;
        self.read_listing(transfer, Method::List).await
    }

    pub(super) async fn list_by_data(&mut self, directory: &[u8]) -> Result<Listing> {
        match Box::pin(self.list_plainly(directory)).await {
            Err(error) if self.is_doubtful(&error) => {
                Box::pin(self.explain_directory(error, directory)).await
            }
            listed => listed,
        }
    }

    /// Lists a directory and leaves a refusal as the server gave it.
    pub(super) async fn list_plainly(&mut self, directory: &[u8]) -> Result<Listing> {
        if self.lists_with_mlsd() {
            match self.list_with(Method::Mlsd, directory).await {
                Err(error) if lacks(&error, "MLSD") => {
                    self.server.learnt.now().mlsd = Some(false);
                }
                listed => {
                    if listed.is_ok() {
                        self.server.learnt.now().mlsd = Some(true);
                    }
                    return listed;
                }
            }
        }
        self.list_lines(directory).await
    }

    /// Lists a directory by `LIST`.
    pub(super) async fn list_lines(&mut self, directory: &[u8]) -> Result<Listing> {
        let all = self.server.options.force_list_hidden
            || self.server.learnt.now().list_all != Some(false);
        if all {
            match self.list_with(Method::ListAll, directory).await {
                // With -a there are at least `.` and `..`: a server that shows none may have taken
                // -a for a name.
                Ok(listing) if listing.any => {
                    self.server.learnt.now().list_all = Some(true);
                    return Ok(listing);
                }
                Ok(_) => {}
                Err(error) if lacks(&error, "LIST") => {
                    self.server.learnt.now().list_all = Some(false);
                }
                Err(error) => return Err(error),
            }
        }
        let listing = self.list_with(Method::List, directory).await?;
        if listing.any && all {
            self.server.learnt.now().list_all = Some(false);
        }
        if !listing.any && !self.is_rooted() {
            self.enter_and_return(directory).await?;
        }
        Ok(listing)
    }

    pub(super) fn lists_with_mlsd(&self) -> bool {
        let options = &self.server.options;
        let learnt = self.server.learnt.now();
        match options.listing {
            ListingMethod::List => false,
            _ if options.disable_mlsd || options.force_list_hidden => false,
            ListingMethod::Mlsd => true,
            ListingMethod::Auto | ListingMethod::Stat => {
                learnt.features.mlst() && learnt.mlsd != Some(false)
            }
        }
    }

    /// Lists a directory, a second time where the server was caught answering out of order.
    async fn list_with(&mut self, method: Method, directory: &[u8]) -> Result<Listing> {
        match self.list_once(method, directory).await {
            Err(_) if self.surprised => {
                self.reopen().await?;
                self.list_once(method, directory).await
            }
            listed => listed,
        }
    }

    async fn list_once(&mut self, method: Method, directory: &[u8]) -> Result<Listing> {
        self.begin_transfer().await?;
        let absolute = self.absolute(directory);
        let (mut before, mut path) = (Vec::new(), None);
        if !self.is_rooted() {
            path = Some(absolute).filter(|path| !path.is_empty()).map(Argument::new).transpose()?;
        } else if self.working.as_ref() != Some(&absolute) {
            self.working = None;
            before.push(Command::Cwd(Argument::new(absolute)?));
        }
        before.extend(self.asks_beside.take().filter(|_| self.is_rooted()));
        let command = match method {
            Method::Mlsd => Command::Mlsd(path),
            Method::ListAll => Command::List { hidden: true, path },
            Method::List => Command::List { hidden: false, path },
        };
        match self.transfer(before, 0, command).await {
            Ok(Transfer { stream, finished, amiss: Some(error), .. }) => {
                self.read_to_no_end(stream, finished).await?;
                Err(error)
            }
            Ok(transfer) => self.read_listing(transfer, method).await,
            // The directory was entered, so this is about what is in it.
            Err(error)
                if self.is_inside(directory) && error.reply().is_some_and(is_empty_listing) =>
            {
                Ok(Listing::default())
            }
            Err(error) => Err(error),
        }
    }

    fn is_inside(&self, directory: &[u8]) -> bool {
        self.is_rooted() && self.working == Some(self.absolute(directory))
    }

    /// Reads a listing that nobody wants, to be in step behind it.
    pub(super) async fn read_to_no_end(
        &mut self,
        mut stream: Stream,
        finished: bool,
    ) -> Result<()> {
        let mut buffer = vec![0; 32 * 1024];
        while matches!(stream.read(&mut buffer).await, Ok(count) if count > 0) {}
        drop(stream);
        if finished {
            return Ok(());
        }
        let patience = self.server.options.close_timeout;
        match self.end_transfer(patience).await {
            Err(error) if error.reply().is_none() => Err(error),
            _ => Ok(()),
        }
    }

    async fn read_listing(&mut self, transfer: Transfer, method: Method) -> Result<Listing> {
        let Transfer { mut stream, finished, .. } = transfer;
        let now = Offset::UTC.to_datetime(Timestamp::now());
        let mut options = ftp_proto::listing::Options::new(now);
        // Most servers list like Unix whatever they run on; without a hint a leading blank would
        // make a line of `LIST` one of `MLSD` without facts.
        options.hint = Some(match method {
            Method::Mlsd => Dialect::Mlsx,
            Method::List | Method::ListAll => Dialect::Unix,
        });
        let mut reader = Reader::new(options);
        let mut listing = Listing::default();
        let mut buffer = vec![0; 32 * 1024];
        let mut last = b'\n';
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) => break,
                Ok(count) => {
                    last = buffer[count - 1];
                    trace::listed(&buffer[..count]);
                    listing.take(reader.read(&buffer[..count]));
                }
                Err(error)
                    if error.kind() == std::io::ErrorKind::UnexpectedEof && last == b'\n' =>
                {
                    warn!("the listing ended without the goodbye of TLS");
                    break;
                }
                Err(error) => {
                    return Err(self.lost_data(Error::io("read the listing", error)).await);
                }
            }
        }
        listing.take(reader.finish());
        let resumed = stream.handshake().map(|handshake| handshake.resumed);
        // The listing is here; whether the server hears our goodbye changes nothing.
        let _ = timeout(GOODBYE, stream.shutdown()).await;
        drop(stream);
        if !finished {
            let patience = self.server.options.close_timeout;
            self.ask_ahead();
            match self.end_transfer(patience).await {
                Err(error) if !error.reply().is_some_and(is_empty_listing) => return Err(error),
                _ => {}
            }
        }
        self.learn_from_handshake(resumed);
        Ok(listing)
    }

    /// Makes sure that a directory is there, on a server whose paths cannot be made absolute.
    async fn enter_and_return(&mut self, directory: &[u8]) -> Result<()> {
        let (Some(home), false) = (self.home.clone(), directory.is_empty()) else { return Ok(()) };
        self.begin().await?;
        let there = Command::Cwd(Argument::new(directory)?);
        let back = Command::Cwd(Argument::new(home)?);
        let mut answers = self.control.ask_all([there, back], 1).await.into_iter();
        match answers.next() {
            Some(Ok((command, reply))) if reply.code().is_failure() => {
                Err(crate::retry::refused(&command, reply))
            }
            Some(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Tells whether the server does not know `command`; it may as well not know those before it.
fn lacks(error: &Error, command: &str) -> bool {
    *error.kind() == ErrorKind::Unsupported
        && error.command().is_some_and(|refused| refused.starts_with(command))
}

#[derive(Clone, Copy, Debug)]
enum Method {
    List,
    ListAll,
    Mlsd,
}

impl Listing {
    pub(super) fn take(&mut self, items: Items<'_>) {
        for item in items {
            self.any = true;
            match item {
                Item::Own(_) => self.itself = true,
                Item::Entry(entry) => self.entries.push(entry),
                Item::Unread(unread) => self.unread.push(unread),
                _ => {}
            }
        }
    }
}
