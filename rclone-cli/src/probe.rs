//! Tries a remote before it is written: `rclone config` offers that at its last menu.

use sync_core::remote::ftp::Ftp;
use sync_core::{Path, Remote as _};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::config::file::File;
use crate::config::wizard::{Findings, Offer, Probe};
use crate::exit::chain;
use crate::ftp;
use crate::remotes::Remotes;
use crate::settings::Sources;
use crate::shown::hex;
use crate::target::Source;

impl Probe for Remotes {
    fn probe(&self, values: &[(String, String)]) -> Findings {
        let tried = || {
            let (flags, environment) = (self.flags(), self.environment());
            let sources = Sources { flags, environment, file: &File::default() };
            let settings = sources.settings(&Source::Backend("ftp".into()), values)?;
            let server = self.connection(&settings)?;
            let found = block_in_place(|| Handle::current().block_on(try_out(&server)))?;
            Ok((found, ftp::is_encrypted(&settings)))
        };
        match tried() {
            Ok((found, encrypted)) => found.findings(encrypted),
            Err(error) => refusal(&error),
        }
    }
}

/// What a server showed of itself.
struct Found {
    entries: usize,
    offers_tls: bool,
}

/// Logs in and lists the directory where the server starts.
async fn try_out(server: &Ftp) -> anyhow::Result<Found> {
    let listing = server.list(&Path::root()).await;
    let offers_tls = server.personality().features.auth_tls();
    server.shutdown().await;
    Ok(Found { entries: listing?.entries.len(), offers_tls })
}

impl Found {
    fn findings(&self, encrypted: bool) -> Findings {
        let text = format!("It works: {} entries at the start.\n", self.entries);
        let offer = Offer {
            question: "The server offers TLS, and the password and the files go unencrypted now. \
                       Encrypt them (explicit_tls = true)?"
                .into(),
            key: "explicit_tls",
            value: "true".into(),
        };
        let offers = if self.offers_tls && !encrypted { vec![offer] } else { Vec::new() };
        Findings { text, offers }
    }
}

/// Returns what to say of a failure, and what would get around it.
fn refusal(error: &anyhow::Error) -> Findings {
    let text = format!("It does not work yet: {}\n", chain(error));
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<ftp_client::Error>());
    let offers = match kind.map(ftp_client::Error::kind) {
        Some(ftp_client::ErrorKind::Certificate { fingerprint }) => {
            let value = hex(fingerprint);
            let question = format!(
                "Its certificate has the SHA-256 fingerprint {value}.\n\
                 Compare it with what the server's owner says. Trust this one certificate \
                 (tls_fingerprint)?"
            );
            vec![Offer { question, key: "tls_fingerprint", value }]
        }
        _ => Vec::new(),
    };
    Findings { text, offers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_offered_where_it_is_to_be_had_and_off() {
        let found = Found { entries: 3, offers_tls: true };
        let findings = found.findings(false);
        assert_eq!(findings.text, "It works: 3 entries at the start.\n");
        assert_eq!((findings.offers[0].key, &*findings.offers[0].value), ("explicit_tls", "true"));
        assert!(found.findings(true).offers.is_empty());
        assert!(Found { entries: 0, offers_tls: false }.findings(false).offers.is_empty());
    }
}
