//! Tries a remote before it is written: `rclone config` offers that when all is answered.

use std::io;
use std::time::Duration;

use ftp_client::{ErrorKind, Options};
use sync_core::remote::ftp::Ftp;
use sync_core::{Path, Remote as _};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::config::file::File;
use crate::config::wizard::{Findings, Offer, Probe};
use crate::exit::lines;
use crate::ftp;
use crate::remotes::Remotes;
use crate::settings::{Settings, Sources};
use crate::shown::hex;
use crate::stop;
use crate::target::Source;

/// How long somebody who waits for a try is left without an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where servers await TLS from the first byte.
const IMPLICIT_TLS: u16 = 990;

impl Probe for Remotes {
    fn probe(&self, values: &[(String, String)]) -> Findings {
        let prepared = || {
            let (flags, environment) = (self.flags(), self.environment());
            let sources = Sources { flags, environment, file: &File::default() };
            let settings = sources.settings(&Source::Backend("ftp".into()), values)?;
            let options = self.options(&settings)?;
            anyhow::Ok(Trial { settings, options: impatient(options) })
        };
        match prepared() {
            Ok(trial) => {
                let tried = stop::breakable(trial.findings());
                let found = block_in_place(|| Handle::current().block_on(tried));
                found.unwrap_or_else(|| failed("it was broken off"))
            }
            Err(error) => failed(&lines(&error)),
        }
    }
}

fn impatient(options: Options) -> Options {
    Options {
        connect_timeout: options.connect_timeout.min(PATIENCE),
        idle_timeout: match options.idle_timeout {
            Duration::ZERO => PATIENCE,
            timeout => timeout.min(PATIENCE),
        },
        ..options
    }
}

fn failed(why: &str) -> Findings {
    Findings { text: format!("It does not work yet: {why}\n"), ..Findings::default() }
}

/// A remote that is tried.
struct Trial {
    settings: Settings,
    options: Options,
}

/// What a server showed of itself.
struct Found {
    entries: usize,
    offers_tls: bool,
}

impl Trial {
    async fn findings(&self) -> Findings {
        match self.list(self.options.clone()).await {
            Ok(found) => found.findings(ftp::is_encrypted(&self.settings)),
            Err(error) => self.refusal(&error).await,
        }
    }

    /// Logs in and lists the directory where the server starts.
    async fn list(&self, options: Options) -> anyhow::Result<Found> {
        let server: Ftp = ftp::remote(options, &self.settings)?;
        let listing = server.list(&Path::root()).await;
        let offers_tls = server.personality().features.auth_tls();
        server.shutdown().await;
        Ok(Found { entries: listing?.entries.len(), offers_tls })
    }

    /// Returns what to say of a failure, and what would get around it.
    async fn refusal(&self, error: &anyhow::Error) -> Findings {
        let client = error.chain().find_map(|cause| cause.downcast_ref::<ftp_client::Error>());
        let offer = match client.map(ftp_client::Error::kind) {
            Some(ErrorKind::Certificate { fingerprint }) => Some(certificate(fingerprint)),
            Some(ErrorKind::DataPort) => self.way_around().await,
            Some(kind) if !is_refused_port(error) => self.other_tls(kind),
            _ => None,
        };
        Findings { offers: offer.into_iter().collect(), ..failed(&lines(error)) }
    }

    /// Tries the address that the server itself names for data connections.
    async fn way_around(&self) -> Option<Offer> {
        let named =
            Options { trust_passive_address: true, disable_epsv: true, ..self.options.clone() };
        self.list(named).await.ok()?;
        Some(Offer {
            question: "It works with the address that the server names for data. Use that one \
                       (trust_passive_address = true)?"
                .into(),
            set: vec![("trust_passive_address", "true".into())],
            harmless: true,
        })
    }

    /// Offers the kind of TLS that was not tried, where the failure is one of the wrong kind.
    fn other_tls(&self, failure: &ErrorKind) -> Option<Offer> {
        let at_once = self.options.port == IMPLICIT_TLS;
        let silent = matches!(failure, ErrorKind::Connection | ErrorKind::Timeout);
        let (question, set) = match (self.settings.is("explicit_tls"), self.settings.is("tls")) {
            (false, false) if at_once && silent => (
                "Port 990 is that of servers which speak TLS from the first byte. Do that (tls = \
                 true)?",
                vec![("tls", "true")],
            ),
            (false, false) if *failure == ErrorKind::Tls => (
                "Ask for TLS before the login (explicit_tls = true)?",
                vec![("explicit_tls", "true")],
            ),
            (false, true) if !at_once && (silent || *failure == ErrorKind::Tls) => (
                "Most servers want to be asked for TLS instead of hearing it at once. Ask for it \
                 (explicit_tls = true, tls = false)?",
                vec![("tls", "false"), ("explicit_tls", "true")],
            ),
            _ => return None,
        };
        let set = set.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        Some(Offer { question: question.into(), set, harmless: true })
    }
}

/// Tells whether nobody listens there at all.
fn is_refused_port(error: &anyhow::Error) -> bool {
    let refused = |cause: &io::Error| cause.kind() == io::ErrorKind::ConnectionRefused;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(refused))
}

impl Found {
    fn findings(&self, encrypted: bool) -> Findings {
        let text = format!("It works: {} entries at the start.\n", self.entries);
        let offer = Offer {
            question: "The server offers TLS, and the password and the files go unencrypted now. \
                       Encrypt them (explicit_tls = true)?"
                .into(),
            set: vec![("explicit_tls", "true".into())],
            harmless: true,
        };
        let offers = if self.offers_tls && !encrypted { vec![offer] } else { Vec::new() };
        Findings { works: true, text, offers }
    }
}

fn certificate(fingerprint: &[u8; 32]) -> Offer {
    let value = hex(fingerprint);
    let question = format!(
        "Its certificate has the SHA-256 fingerprint {value}.\n\
         Compare it with what the server's owner says. Trust this one certificate \
         (tls_fingerprint)?"
    );
    Offer { question, set: vec![("tls_fingerprint", value)], harmless: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tests::parse;
    use crate::environment::Environment;

    #[test]
    fn tls_is_offered_where_it_is_to_be_had_and_off() {
        let found = Found { entries: 3, offers_tls: true };
        let findings = found.findings(false);
        assert_eq!(findings.text, "It works: 3 entries at the start.\n");
        assert_eq!(findings.offers[0].set, [("explicit_tls", "true".into())]);
        assert!(found.findings(true).offers.is_empty());
        assert!(Found { entries: 0, offers_tls: false }.findings(false).offers.is_empty());
    }

    fn trial(typed: &[(&str, &str)]) -> Trial {
        let (flags, environment) = (parse("config").backend, Environment::default());
        let sources = Sources { flags: &flags, environment: &environment, file: &File::default() };
        let typed: Vec<_> = typed.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let settings = sources.settings(&Source::Backend("ftp".into()), &typed).unwrap();
        let port = u16::try_from(settings.number("port")).unwrap();
        Trial { settings, options: Options { port, ..Options::default() } }
    }

    #[test]
    fn the_other_kind_of_tls_is_offered_where_it_is_at_fault() {
        let offered = |typed: &[(&str, &str)], failure| {
            trial(typed).other_tls(&failure).map(|offer| offer.set)
        };
        let wants_tls = offered(&[], ErrorKind::Tls);
        assert_eq!(wants_tls.unwrap(), [("explicit_tls", "true".into())]);
        assert_eq!(offered(&[], ErrorKind::Timeout), None);
        let silent = offered(&[("port", "990")], ErrorKind::Timeout);
        assert_eq!(silent.unwrap(), [("tls", "true".into())]);
        let swapped = [("tls", "false".into()), ("explicit_tls", "true".into())];
        assert_eq!(offered(&[("tls", "true")], ErrorKind::Tls).unwrap(), swapped);
        assert_eq!(offered(&[("tls", "true")], ErrorKind::Login), None);
        assert_eq!(offered(&[("explicit_tls", "true")], ErrorKind::Tls), None);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let forever = Options { idle_timeout: Duration::ZERO, ..Options::default() };
        let options = impatient(forever);
        assert_eq!((options.idle_timeout, options.connect_timeout), (PATIENCE, PATIENCE));
    }
}
