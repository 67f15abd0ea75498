//! The questions of one remote.

use super::ask::{choose, generated, menu, password};
use crate::config::file::File;
use crate::config::obscure;
use crate::config::options::{self, FTP, Kind, Opt};
use crate::prompt::Prompt;

/// A remote that is being made or changed, not written yet.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    name: String,
    kind: String,
    /// In the order of the file, then in the order of the questions.
    values: Vec<(String, String)>,
    /// Keys whose values were taken away.
    removed: Vec<String>,
}

impl Draft {
    /// Begins a new remote.
    pub(super) fn new(name: &str, kind: &str) -> Self {
        Self { name: name.into(), kind: kind.into(), values: Vec::new(), removed: Vec::new() }
    }

    /// Begins with what a remote has.
    pub(super) fn of(file: &File, name: &str) -> Self {
        let kind = file.get(name, "type").unwrap_or_default();
        let values = file
            .keys(name)
            .into_iter()
            .filter(|key| *key != "type")
            .map(|key| (key.to_owned(), file.get(name, key).unwrap_or_default()))
            .collect();
        Self { values, ..Self::new(name, &kind) }
    }

    /// Tells whether there is a server to try.
    pub(super) fn can_be_tried(&self) -> bool {
        self.kind == "ftp"
    }

    pub(super) fn values(&self) -> &[(String, String)] {
        &self.values
    }

    fn value(&self, key: &str) -> Option<&str> {
        let found = self.values.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Sets a value; one that is empty or the default is taken away.
    fn set(&mut self, option: &Opt, value: String) {
        if value.is_empty() || value == option.default {
            self.values.retain(|(key, _)| key != option.key);
            self.removed.push(option.key.into());
            return;
        }
        self.removed.retain(|key| key != option.key);
        match self.values.iter_mut().find(|(key, _)| key == option.key) {
            Some((_, old)) => *old = value,
            None => self.values.push((option.key.into(), value)),
        }
    }

    /// Sets a value the user agreed to.
    pub(super) fn agree(&mut self, key: &str, value: String) {
        if let Some(option) = options::option(key) {
            self.set(option, value);
        }
    }

    /// Asks what an FTP remote needs: host, user, port and password.
    pub(super) fn ask(&mut self, prompt: &mut dyn Prompt, user: &str) -> anyhow::Result<()> {
        if self.kind != "ftp" {
            return Ok(());
        }
        for option in FTP.iter().filter(|option| is_first(option)) {
            let help = match option.key {
                "user" => format!("{}, {user}", option.summary()),
                "port" => format!("{} ({})", option.summary(), option.default),
                _ => option.summary().to_owned(),
            };
            prompt.say(&(help + "\n"))?;
            self.ask_option(prompt, option)?;
        }
        Ok(())
    }

    /// Asks for everything else.
    pub(super) fn ask_advanced(&mut self, prompt: &mut dyn Prompt) -> anyhow::Result<()> {
        if self.kind != "ftp" {
            return prompt.say("There is nothing to set for this type.\n");
        }
        for option in FTP.iter().filter(|option| !is_first(option)) {
            prompt.say(&format!("Option {}.\n{}\n", option.key, option.help))?;
            let default = match option.default {
                "" => "to leave it empty".into(),
                default => format!("for the default ({default})"),
            };
            if self.value(option.key).is_none() {
                prompt.say(&format!(
                    "Enter a value of type {}. Press Enter {default}.\n",
                    option.kind.name()
                ))?;
            }
            self.ask_option(prompt, option)?;
        }
        Ok(())
    }

    fn ask_option(&mut self, prompt: &mut dyn Prompt, option: &Opt) -> anyhow::Result<()> {
        if option.kind == Kind::Password {
            return self.ask_password(prompt, option);
        }
        if let Some(current) = self.value(option.key) {
            prompt.say(&format!("Press Enter to keep {current:?}, or - to take it away.\n"))?;
        }
        loop {
            let answer = choose(prompt, option.examples, &format!("{}> ", option.key))?;
            match (answer.as_str(), self.value(option.key)) {
                ("", Some(_)) => return Ok(()),
                ("" | "-", _) if option.required => {
                    prompt.say("This value is required and has no default.\n")?;
                    continue;
                }
                ("" | "-", _) => self.set(option, String::new()),
                (answer, _) => match option.kind.canonical(answer) {
                    Ok(value) => self.set(option, value),
                    Err(error) => {
                        prompt.say(&format!("{error}.\n"))?;
                        continue;
                    }
                },
            }
            return Ok(());
        }
    }

    fn ask_password(&mut self, prompt: &mut dyn Prompt, option: &Opt) -> anyhow::Result<()> {
        let leave = match self.value(option.key) {
            Some(_) => "No, keep existing",
            None => "No, leave this optional password blank",
        };
        let choices =
            [('y', "Yes type in my own password"), ('g', "Generate random password"), ('n', leave)];
        let password = match menu(prompt, &choices, Some('n'))? {
            'y' => password(prompt, "the password")?,
            'g' => generated(prompt)?,
            _ => return Ok(()),
        };
        self.set(option, obscure::obscure(&password));
        Ok(())
    }

    /// Returns the remote as it will be written, passwords hidden.
    pub(super) fn summary(&self) -> String {
        let rule = "--------------------\n";
        let mut text = format!("Remote config\n{rule}[{}]\ntype = {}\n", self.name, self.kind);
        for (key, value) in &self.values {
            let hidden = options::option(key).is_some_and(|o| o.kind == Kind::Password);
            let value = if hidden && !value.is_empty() { "*** ENCRYPTED ***" } else { value };
            text.push_str(&format!("{key} = {value}\n"));
        }
        text + rule
    }

    /// Writes the remote.
    pub(super) fn write(&self, file: &mut File) {
        file.set(&self.name, "type", &self.kind);
        for (key, value) in &self.values {
            if file.get(&self.name, key).as_ref() != Some(value) {
                file.set(&self.name, key, value);
            }
        }
        for key in &self.removed {
            file.unset(&self.name, key);
        }
    }
}

/// Tells whether an option is asked at once: all that the first rclone with FTP asked.
fn is_first(option: &Opt) -> bool {
    matches!(option.key, "host" | "user" | "port" | "pass")
}
