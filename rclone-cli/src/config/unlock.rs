//! The password of an encrypted config file: from a command, the environment or the user.

use std::cell::Cell;
use std::process::Command;

use anyhow::{Context as _, bail};

use super::encrypt::Key;
use super::store::Unlock;
use crate::prompt::{Prompt as _, Terminal};
use crate::values;

/// Where the password comes from, in this order.
#[derive(Debug, Default)]
pub(crate) struct Passwords {
    /// A command that prints it.
    pub(crate) command: Option<String>,
    /// The value of `RCLONE_CONFIG_PASS`.
    pub(crate) variable: Option<String>,
    /// Whether the user may be asked.
    pub(crate) ask: bool,
    pub(crate) asked: Cell<u32>,
}

/// How often a user may mistype.
const MOST_QUESTIONS: u32 = 5;

impl Unlock for Passwords {
    fn key(&self, wrong: bool) -> anyhow::Result<Key> {
        if let Some(command) = &self.command {
            if wrong {
                bail!("using --password-command derived password, unable to decrypt configuration");
            }
            return Ok(Key::of(&run(command, false)?)?);
        }
        match &self.variable {
            Some(password) if !wrong => return Ok(Key::of(password)?),
            _ if !self.ask => bail!(
                "unable to decrypt configuration and not allowed to ask for password - set \
                 RCLONE_CONFIG_PASS to your configuration password"
            ),
            _ => {}
        }
        let asked = self.asked.replace(self.asked.get() + 1);
        if asked == MOST_QUESTIONS {
            bail!("unable to decrypt configuration: the password was wrong too often");
        }
        if asked > 0 {
            Terminal::aside()
                .say("Couldn't decrypt configuration, most likely wrong password.\n")?;
        }
        let password = Terminal::aside().secret("Enter configuration password:\npassword:")?;
        Ok(Key::of(&password)?)
    }
}

/// Runs the password command and returns what it prints, without line ends. `changing` tells it
/// that a new password is wanted.
///
/// # Errors
/// When it cannot be run or fails.
pub(crate) fn run(command: &str, changing: bool) -> anyhow::Result<String> {
    let words = values::words(command);
    let (program, arguments) = words.split_first().context("--password-command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).stderr(std::process::Stdio::inherit());
    if changing {
        command.env("RCLONE_PASSWORD_CHANGE", "1");
    }
    let output =
        command.output().with_context(|| format!("failed to run password command {program}"))?;
    if !output.status.success() {
        bail!("password command {program} failed: {}", output.status);
    }
    let password = String::from_utf8(output.stdout).context("the password is not UTF-8")?;
    Ok(password.trim_matches(['\r', '\n']).to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn command(text: &str) -> Passwords {
        Passwords { command: Some(text.into()), ..Passwords::default() }
    }

    #[test]
    fn a_command_prints_the_password() {
        assert_eq!(command("echo asdf").key(false).unwrap(), Key::of("asdf").unwrap());
        assert!(command("echo asdf").key(true).is_err());
        assert!(command("false").key(false).is_err());
        assert!(command("no-such-program").key(false).is_err());
        assert!(command("").key(false).is_err());
    }

    #[test]
    fn a_command_is_told_of_a_change() {
        let script = "sh -c \"echo $RCLONE_PASSWORD_CHANGE\"";
        assert_eq!(run(script, true).unwrap(), "1");
        assert_eq!(run(script, false).unwrap(), "");
    }

    #[test]
    fn the_variable_is_tried_once() {
        let passwords = Passwords { variable: Some("asdf".into()), ..Passwords::default() };
        assert_eq!(passwords.key(false).unwrap(), Key::of("asdf").unwrap());
        let error = passwords.key(true).unwrap_err().to_string();
        assert!(error.contains("RCLONE_CONFIG_PASS"), "{error}");
    }
}
