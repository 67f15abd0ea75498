//! What was learnt about a server, for all its sessions: nobody configures it.

mod facts;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ftp_proto::Features;
use ftp_proto::hash::Algorithm;
use ftp_proto::system::System;

use crate::session::offered;

/// What was learnt about a server so far; it never holds a secret.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Personality {
    /// What it says first.
    pub greeting: String,
    /// The system it says it runs on.
    pub system: Option<System>,
    /// What it says it can do, after the login.
    pub features: Arc<Features>,
    /// Whether `EPSV` leads to a data connection.
    pub extended_passive: Option<bool>,
    /// Whether a data connection has to be told with `PRET` what it is for.
    pub needs_pret: bool,
    /// Whether a data connection has come about.
    pub data_reachable: bool,
    /// Whether `MLSD` lists.
    pub mlsd: Option<bool>,
    /// Whether `LIST -a` lists.
    pub list_all: Option<bool>,
    /// Whether `SIZE` tells sizes.
    pub size: Option<bool>,
    /// How many uploads had the size that was sent, when asked.
    pub sizes_confirmed: u32,
    /// How times are set; none before the first attempt.
    pub time_setting: Option<TimeSetting>,
    /// Whether the times of directories can be set as well.
    pub directory_times: Option<bool>,
    /// Whether a rename replaces a file that stands there.
    pub rename_replaces: Option<bool>,
    /// Whether TLS 1.3 runs out of tickets, so that new sessions use TLS 1.2.
    pub needs_tls12: bool,
    /// Whether data connections resume the TLS session of their control connection.
    pub resumes: Option<bool>,
    /// Whether data connections that do not resume are accepted.
    pub accepts_full_handshake: Option<bool>,
    /// Whether it ends data connections without the goodbye of TLS.
    pub ends_abruptly: Option<bool>,
    /// Whether it keeps commands until the transfer before them is over.
    pub ahead: Option<bool>,
    /// Whether it answers soon when a download is cut off.
    pub stops: Option<bool>,
    /// Whether it answers a `NOOP` sent during a transfer, and the transfer goes on.
    pub answers_noop: Option<bool>,
    /// How `STAT` lists, where it was compared with a listing.
    pub status_listing: Option<StatusListing>,
    /// How long a question and its answer took at least.
    pub round_trip: Option<Duration>,
    /// How many sessions it allows, where it was seen to refuse more.
    pub connection_limit: Option<usize>,
    /// Whether it comes from another run, and the server has not greeted yet.
    recalled: bool,
}

impl Personality {
    /// Tells whether queued commands are answered in the order they came in, as RFC 959 has it.
    ///
    /// libunftp 0.24 answers each when it is done with it, so that a client that queues takes one
    /// reply for another:
    /// ```text
    /// C: CWD /missing
    /// C: EPSV
    /// S: 229 Entering Extended Passive Mode (|||30268|)
    /// S: 550 File not found
    /// ```
    pub fn answers_in_order(&self) -> bool {
        !self.is_libunftp()
    }

    /// Returns the hashes the server computes, from weak to strong.
    pub fn hashes(&self) -> Vec<Algorithm> {
        offered(&self.features)
    }

    /// Tells whether the server says that it copies files by itself.
    pub fn copies(&self) -> bool {
        self.features.offers("SITE", "COPY")
    }

    /// Takes note of the greeting, and of what is known of the server that greets so.
    pub(crate) fn greet(&mut self, greeting: String) {
        if self.recalled && letters(&greeting).ne(letters(&self.greeting)) {
            *self = Self::default();
        }
        self.recalled = false;
        self.greeting = greeting;
        if self.is_libunftp() {
            // Its `MDTM` tells times and sets none, which otherwise only a try would show.
            self.time_setting = Some(TimeSetting::Never);
        }
    }

    /// Takes note of how long an answer took.
    pub(crate) fn answered_in(&mut self, time: Duration) {
        self.round_trip = Some(self.round_trip.map_or(time, |shortest| shortest.min(time)));
    }

    fn is_libunftp(&self) -> bool {
        self.greeting.to_ascii_lowercase().contains("libunftp")
    }
}

/// Returns what stays the same of a greeting: numbers may be the time, or those logged in.
fn letters(greeting: &str) -> impl Iterator<Item = char> {
    greeting.chars().filter(|character| character.is_alphabetic())
}

/// How the time of a file is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeSetting {
    /// With `MDTM` and a time.
    Mdtm,
    /// With `MFMT`.
    Mfmt,
    /// Not at all.
    Never,
    /// With `SITE UTIME`.
    SiteUtime,
}

/// How `STAT` lists the working directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StatusListing {
    /// With `-a`.
    All,
    /// Not as a listing does.
    Never,
    /// By its name alone.
    Plain,
}

impl StatusListing {
    pub(crate) fn argument(self) -> Option<&'static str> {
        match self {
            Self::All => Some("-a ."),
            Self::Never => None,
            Self::Plain => Some("."),
        }
    }
}

/// The one place where sessions write down what they learn.
#[derive(Debug, Default)]
pub(crate) struct Learnt(Mutex<Personality>);

impl Learnt {
    pub(crate) fn now(&self) -> MutexGuard<'_, Personality> {
        // Every change is an assignment of a field, so a poisoned value is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn features(&self) -> Arc<Features> {
        Arc::clone(&self.now().features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted(greeting: &str) -> Personality {
        let mut personality = Personality::default();
        personality.greet(greeting.into());
        personality
    }

    #[test]
    fn libunftp_sets_no_times() {
        let libunftp = greeted("Welcome to the libunftp FTP server");
        assert_eq!(libunftp.time_setting, Some(TimeSetting::Never));
        assert_eq!(greeted("(vsFTPd 3.0.3)").time_setting, None);
    }

    #[test]
    fn a_server_that_greets_otherwise_is_another_one() {
        let known = [("greeting", "Welcome, it is 12:03"), ("epsv", "no")];
        let after = |greeting: &str| {
            let mut personality = Personality::recalled(known);
            personality.greet(greeting.into());
            personality.greet("Load balanced".into());
            personality.extended_passive
        };
        assert_eq!(after("Welcome, it is 18:40"), Some(false));
        assert_eq!(after("Welcome to version 2"), None);
    }

    #[test]
    fn libunftp_answers_out_of_order() {
        assert!(!greeted("Welcome to the libunftp FTP server").answers_in_order());
        assert!(!greeted("rclone serve ftp (libunftp)").answers_in_order());
        assert!(greeted("(vsFTPd 3.0.3)").answers_in_order());
    }
}
