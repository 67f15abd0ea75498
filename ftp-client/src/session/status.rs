//! Listings over the control connection: `STAT` ([RFC 959 section 4.1.3]), many in flight.
//!
//! Each directory is entered first and named by a dot alone: so no blank, dash or bracket of its
//! name means anything, and one that is missing is never an empty one. A server's `STAT` is used
//! only after it has shown a directory just as a listing over a data connection did, hidden files
//! included. It shows times as `LIST` does.
//!
//! Leaves out `LIST -R`: behind the plain listing that it would have to be compared with, it takes
//! three round trips (the data connection, the command, the confirmation) where the `STAT`s of all
//! directories take one, and the same bytes come on a connection whose window begins anew. pyftpdlib
//! has none, vsftpd hides it, Pure-FTPd bounds it.
//!
//! [RFC 959 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc959#section-4.1.3

use ftp_proto::listing::{Dialect, Entry, Options, Reader};
use ftp_proto::{Argument, Command, Reply};
use jiff::Timestamp;
use jiff::tz::Offset;
use tracing::debug;

use super::{Listing, Session};
use crate::control::Answered;
use crate::error::{Error, ErrorKind, Result};
use crate::options::ListingMethod;
use crate::personality::StatusListing;
use crate::retry::refused;

impl Session {
    /// Lists many directories, over the control connection where the server's `STAT` can be
    /// trusted; what cannot be listed so is listed as [`Self::list`] does.
    pub async fn list_all<P: AsRef<[u8]>>(&mut self, directories: &[P]) -> Vec<Result<Listing>> {
        let mut results = Vec::with_capacity(directories.len());
        let mut rest = directories;
        if let ([first, tail @ ..], true) = (rest, self.may_list_by_status()) {
            results.push(self.list_and_compare(first.as_ref()).await);
            rest = tail;
        }
        let form = self.learnt().status_listing.and_then(StatusListing::argument);
        if let (Some(form), true) = (form, self.is_rooted() && self.chose_status()) {
            results.extend(self.ask_status(rest, form).await);
        } else {
            for directory in rest {
                results.push(self.list_by_data(directory.as_ref()).await);
            }
        }
        results
    }

    fn chose_status(&self) -> bool {
        let options = &self.server.options;
        matches!(options.listing, ListingMethod::Auto | ListingMethod::Stat)
            && self.server.level() != crate::options::Pipelining::LockStep
    }

    /// Tells whether it is open, and worth knowing, what this server's `STAT` shows.
    fn may_list_by_status(&self) -> bool {
        let learnt = self.learnt();
        let forced = self.server.options.listing == ListingMethod::Stat;
        let open = learnt.status_listing.is_none() && self.is_rooted() && self.chose_status();
        open && (forced || self.is_far())
    }

    /// Lists a directory over a data connection, and finds out whether `STAT` shows it just so. The
    /// first of its forms is asked beside the listing, for no round trip of its own.
    async fn list_and_compare(&mut self, directory: &[u8]) -> Result<Listing> {
        let form = StatusListing::All.argument().and_then(|form| Argument::new(form).ok());
        (self.asks_beside, self.beside) = (form.map(|form| Command::Stat(Some(form))), None);
        let listed = self.list_by_data(directory).await;
        let asked = self.asks_beside.take().is_none();
        match (&listed, self.beside.take()) {
            (Ok(listing), Some(answer)) => self.compare_status(directory, listing, &answer).await,
            // The end of a name may have looked like that of the reply.
            (Err(_), _) if asked && !self.is_reusable() => {
                self.distrust_status();
                self.reopen().await?;
                return self.list_by_data(directory).await;
            }
            _ => {}
        }
        listed
    }

    /// Finds out whether `STAT` shows a directory as a listing did.
    async fn compare_status(&mut self, directory: &[u8], listing: &Listing, answer: &Answered) {
        if listing.entries.is_empty() || !listing.unread.is_empty() {
            return;
        }
        let shows = |shown: &Listing| {
            let hidden = shown.itself || shown.entries.iter().any(|e| e.name().starts_with(b"."));
            hidden && same(shown, listing)
        };
        let (_, reply) = answer;
        if fits(answer) && !reply.code().is_failure() && shows(&self::listing(reply)) {
            return self.learn(|learnt| learnt.status_listing = Some(StatusListing::All));
        }
        let plain = StatusListing::Plain;
        let shown = match plain.argument() {
            Some(form) => self.ask_status(&[directory], form).await.pop(),
            None => None,
        };
        if shown.is_some_and(|shown| shown.is_ok_and(|shown| shows(&shown))) {
            return self.learn(|learnt| learnt.status_listing = Some(plain));
        }
        debug!("STAT does not show what a listing does");
        self.distrust_status();
    }

    fn distrust_status(&self) {
        self.learn(|learnt| learnt.status_listing = Some(StatusListing::Never));
    }

    async fn ask_status<P: AsRef<[u8]>>(
        &mut self,
        directories: &[P],
        form: &str,
    ) -> Vec<Result<Listing>> {
        let mut commands = Vec::with_capacity(directories.len() * 2 + 1);
        let mut results: Vec<Option<Error>> = Vec::new();
        for directory in directories {
            let named = Argument::new(self.absolute(directory.as_ref()));
            let form = Argument::new(form);
            results.push(match (named, form) {
                (Ok(directory), Ok(form)) => {
                    commands.extend([Command::Cwd(directory), Command::Stat(Some(form))]);
                    None
                }
                (Err(error), _) | (_, Err(error)) => Some(error.into()),
            });
        }
        if commands.is_empty() {
            return results.into_iter().map(|error| error.map_or(Err(lost()), Err)).collect();
        }
        // Shows that the last answer before it was the last.
        commands.push(Command::Noop);
        let mut listed = self.statuses(commands).await.into_iter();
        let mut listings = Vec::with_capacity(results.len());
        for (directory, wrong) in directories.iter().zip(results) {
            listings.push(match wrong {
                Some(error) => Err(error),
                None => match listed.next().unwrap_or_else(|| Err(lost())) {
                    Err(error) if self.is_doubtful(&error) => {
                        Box::pin(self.explain_directory(error, directory.as_ref())).await
                    }
                    listing => listing,
                },
            });
        }
        listings
    }

    /// Sends pairs of `CWD` and `STAT`, and reads what they show.
    async fn statuses(&mut self, commands: Vec<Command>) -> Vec<Result<Listing>> {
        let count = commands.len() / 2;
        self.working = None;
        let answers = match self.ask_queued(commands).await {
            Ok(answers) => answers,
            Err(error) => return (0..count).map(|_| Err(again(&error))).collect(),
        };
        let answers: Result<Vec<Answered>> = answers.into_iter().collect();
        match answers {
            Ok(answers) if answers.iter().all(fits) => answers.chunks_exact(2).map(read).collect(),
            Ok(_) => {
                // A name with a line end in it can look like the end of a reply.
                self.give_up();
                self.distrust_status();
                (0..count).map(|_| Err(lost())).collect()
            }
            Err(error) => {
                // It can also look like no reply at all, and a directory can be too large for one.
                if *error.kind() == ErrorKind::Protocol {
                    self.distrust_status();
                }
                (0..count).map(|_| Err(again(&error))).collect()
            }
        }
    }
}

/// Tells whether a reply can be one to this command.
fn fits((command, reply): &Answered) -> bool {
    let code = reply.code().get();
    match command {
        _ if reply.code().is_failure() => !matches!(command, Command::Noop),
        Command::Stat(_) => matches!(code, 211..=213),
        Command::Noop => code / 10 == 20,
        _ => matches!(code / 10, 20 | 25),
    }
}

/// Reads the answers to `CWD` and `STAT`.
fn read(pair: &[Answered]) -> Result<Listing> {
    for (command, reply) in pair {
        if reply.code().is_failure() {
            return Err(refused(command, reply.clone()));
        }
    }
    let [_, (_, reply)] = pair else { return Err(lost()) };
    Ok(listing(reply))
}

fn listing(reply: &Reply) -> Listing {
    let now = Offset::UTC.to_datetime(Timestamp::now());
    let mut options = Options::new(now);
    options.hint = Some(Dialect::Unix);
    let mut reader = Reader::new(options);
    let mut listing = Listing::default();
    for line in reply.body() {
        // ProFTPD sets the lines in.
        listing.take(reader.read(line.strip_prefix(b" ").unwrap_or(line)));
        listing.take(reader.read(b"\r\n"));
    }
    listing.take(reader.finish());
    listing
}

/// Tells whether two listings of a directory show the same things.
fn same(one: &Listing, other: &Listing) -> bool {
    let facts = |listing: &Listing| {
        let fact = |entry: &Entry| {
            let size = entry.size.filter(|_| !entry.is_directory());
            (entry.name().to_vec(), entry.is_directory(), size)
        };
        let mut facts: Vec<_> = listing.entries.iter().map(fact).collect();
        facts.sort();
        facts
    };
    one.unread.is_empty() && facts(one) == facts(other)
}

fn again(error: &Error) -> Error {
    Error::new(error.kind().clone(), error.to_string())
}

fn lost() -> Error {
    Error::new(ErrorKind::Protocol, "the answers to STAT do not fit the questions")
}
