//! `rclone config encryption`.

use anyhow::bail;

use crate::config::encrypt::Key;
use crate::config::{unlock, wizard};
use crate::exit::Usage;
use crate::prompt::Terminal;
use crate::resolve::Resolved;

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Check that the config file is encrypted, and that the password fits
    Check,
    /// Remove the encryption
    Remove,
    /// Set or change the password
    Set,
}

impl Args {
    pub(super) fn run(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let mut store = resolved.remotes.open_store()?;
        match self.action {
            Action::Check if store.is_encrypted() => Ok(()),
            Action::Check => Err(Usage("config file is NOT encrypted".into()).into()),
            Action::Remove => store.set_key(None),
            Action::Set => store.set_key(Some(new_key(resolved)?)),
        }
    }
}

/// Returns the key of a new password: from the command that knows one, or from the user.
fn new_key(resolved: &Resolved) -> anyhow::Result<Key> {
    let passwords = resolved.remotes.passwords();
    match (&passwords.command, passwords.ask) {
        (Some(command), _) => Ok(Key::of(&unlock::run(command, true)?)?),
        (None, true) => wizard::new_key(&mut Terminal::dialogue()),
        (None, false) => bail!("not allowed to ask for the new password (use --password-command)"),
    }
}
