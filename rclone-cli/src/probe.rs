//! Tries a remote before it is written: `rclone config` offers that at its last menu.

use sync_core::remote::ftp::Ftp;
use sync_core::{Path, Remote as _};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::config::file::File;
use crate::config::wizard::Probe;
use crate::ftp;
use crate::remotes::Remotes;
use crate::settings::{Settings, Sources};
use crate::target::Source;

impl Probe for Remotes {
    fn probe(&self, values: &[(String, String)]) -> anyhow::Result<String> {
        let (flags, environment) = (self.flags(), self.environment());
        let sources = Sources { flags, environment, file: &File::default() };
        let settings = sources.settings(&Source::Backend("ftp".into()), values)?;
        let server = self.connection(&settings)?;
        block_in_place(|| Handle::current().block_on(try_out(&server, &settings)))
    }
}

/// Logs in, lists the directory where the server starts, and tells what could be better.
async fn try_out(server: &Ftp, settings: &Settings) -> anyhow::Result<String> {
    let listing = server.list(&Path::root()).await;
    let personality = server.personality();
    server.shutdown().await;
    let mut text = format!("It works: {} entries at the start.\n", listing?.entries.len());
    if personality.features.auth_tls() && !ftp::is_encrypted(settings) {
        text.push_str(
            "The server offers TLS: set explicit_tls, so that the password and the files are \
             encrypted on the way.\n",
        );
    }
    Ok(text)
}
