//! The menu of the configuration password.

use super::ask::{menu, password};
use crate::config::encrypt::Key;
use crate::config::store::Store;
use crate::prompt::Prompt;

/// Encrypts the config file, changes its password or decrypts it, until the user has enough.
pub(super) fn set_password(prompt: &mut dyn Prompt, store: &mut Store) -> anyhow::Result<()> {
    loop {
        let quit = ('q', "Quit to main menu");
        let choice = if store.is_encrypted() {
            prompt.say("Your configuration is encrypted.\n")?;
            menu(prompt, &[('c', "Change Password"), ('u', "Unencrypt configuration"), quit], None)?
        } else {
            prompt.say(
                "Your configuration is not encrypted.\nIf you add a password, you will protect \
                 your login information.\n",
            )?;
            menu(prompt, &[('a', "Add Password"), quit], None)?
        };
        match choice {
            'q' => return Ok(()),
            'u' => store.set_key(None)?,
            _ => {
                store.set_key(Some(new_key(prompt)?))?;
                prompt.say("Password set\n")?;
            }
        }
    }
}

/// Asks for a new configuration password.
///
/// # Errors
/// When the input ends.
pub(crate) fn new_key(prompt: &mut dyn Prompt) -> anyhow::Result<Key> {
    Ok(Key::of(&password(prompt, "NEW configuration password")?)?)
}
