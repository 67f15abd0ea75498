//! `rclone config create`, `update`, `password`, `unset` and `delete`.

use crate::config::file::File;
use crate::config::options::{self, Kind};
use crate::config::{TYPES, obscure};
use crate::exit::Usage;
use crate::output;
use crate::resolve::Resolved;
use crate::target::{NoTarget, is_name};

use super::show;

/// How values are taken.
#[derive(Clone, Debug, clap::Args)]
struct Values {
    /// KEY VALUE or KEY=VALUE, any number of them
    pairs: Vec<String>,
    /// Obscure all passwords, those that look obscured as well
    #[arg(long, conflicts_with = "no_obscure")]
    obscure: bool,
    /// Take all passwords to be obscured already
    #[arg(long)]
    no_obscure: bool,
    /// Print nothing
    #[arg(long)]
    no_output: bool,
    /// Ask nothing, print JSON
    #[arg(long)]
    non_interactive: bool,
}

/// What rclone prints when no question is open.
const NO_QUESTION: &str =
    "{\n\t\"State\": \"\",\n\t\"Option\": null,\n\t\"Error\": \"\",\n\t\"Result\": \"\"\n}\n";

impl Values {
    /// Returns the pairs, passwords obscured.
    fn read(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut pairs = pairs(&self.pairs)?;
        for (key, value) in &mut pairs {
            let is_password = options::option(key).is_some_and(|o| o.kind == Kind::Password);
            let plain = self.obscure || (!self.no_obscure && obscure::reveal(value).is_err());
            if is_password && plain && !value.is_empty() {
                *value = obscure::obscure(value);
            }
        }
        Ok(pairs)
    }

    fn print(&self, file: &File, name: &str) -> anyhow::Result<()> {
        match (self.no_output, self.non_interactive) {
            (true, _) => Ok(()),
            (false, true) => output::text(NO_QUESTION),
            (false, false) => output::text(&show::section(file, name)),
        }
    }
}

/// Takes `key=value` and `key value` apart; lines cannot be broken within a value.
fn pairs(words: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, value),
            None => {
                let missing = || Usage("found key without value".into());
                (word.as_str(), words.next().ok_or_else(missing)?.as_str())
            }
        };
        if key.trim().is_empty() || value.contains(['\n', '\r']) {
            return Err(Usage(format!("`{key}` cannot be set to that: both are one line")).into());
        }
        pairs.push((key.trim().to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Create {
    /// Name of the remote
    name: String,
    /// Type of the remote: ftp or local
    r#type: String,
    #[command(flatten)]
    values: Values,
}

impl Create {
    pub(super) fn run(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let name = self.name.trim_end_matches(':');
        if !is_name(name) {
            return Err(Usage(NoTarget::Name.to_string()).into());
        }
        if !TYPES.iter().any(|(kind, _)| *kind == self.r#type) {
            let message = format!("couldn't find backend for type {:?}", self.r#type);
            return Err(Usage(message + "; there are ftp and local").into());
        }
        let pairs = self.values.read()?;
        let mut store = resolved.remotes.open_store()?;
        store.change(|file| {
            file.remove_section(name);
            file.set(name, "type", &self.r#type);
            pairs.iter().for_each(|(key, value)| file.set(name, key, value));
        })?;
        self.values.print(store.file(), name)
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Update {
    /// Name of the remote
    name: String,
    #[command(flatten)]
    values: Values,
}

impl Update {
    pub(super) fn run(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let pairs = self.values.read()?;
        let file = change(resolved, &self.name, |file, name| {
            pairs.iter().for_each(|(key, value)| file.set(name, key, value));
        })?;
        self.values.print(&file, self.name.trim_end_matches(':'))
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Password {
    /// Name of the remote
    name: String,
    /// KEY VALUE or KEY=VALUE, any number of them
    #[arg(required = true)]
    pairs: Vec<String>,
}

impl Password {
    pub(super) fn run(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let pairs = pairs(&self.pairs)?;
        let file = change(resolved, &self.name, |file, name| {
            pairs.iter().for_each(|(key, value)| file.set(name, key, &obscure::obscure(value)));
        })?;
        output::text(&show::section(&file, self.name.trim_end_matches(':')))
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Unset {
    /// Name of the remote
    name: String,
    /// Keys to remove
    #[arg(required = true)]
    keys: Vec<String>,
}

impl Unset {
    pub(super) fn run(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let file = change(resolved, &self.name, |file, name| {
            for key in &self.keys {
                file.unset(name, key);
            }
        })?;
        output::text(&show::section(&file, self.name.trim_end_matches(':')))
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Name {
    /// Name of the remote
    name: String,
}

impl Name {
    pub(super) fn delete(&self, resolved: &Resolved) -> anyhow::Result<()> {
        change(resolved, &self.name, |file, name| {
            file.remove_section(name);
        })
        .map(drop)
    }
}

/// Changes a remote that must be there and returns the file as it is then.
fn change(
    resolved: &Resolved,
    name: &str,
    change: impl FnOnce(&mut File, &str),
) -> anyhow::Result<File> {
    let name = name.trim_end_matches(':');
    let mut store = resolved.remotes.open_store()?;
    if !store.file().has_section(name) {
        return Err(Usage(format!("remote {name:?} doesn't exist")).into());
    }
    store.change(|file| change(file, name))?;
    Ok(store.file().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(words: &[&str]) -> anyhow::Result<Vec<(String, String)>> {
        pairs(&words.iter().copied().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn pairs_come_in_two_forms() {
        let pairs = read(&["host=h", "user", "u", "pass", "a b", "x=y=z", "e="]).unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("host", "h"), ("user", "u"), ("pass", "a b"), ("x", "y=z"), ("e", "")]);
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        assert!(read(&["host"]).is_err());
        assert!(read(&["=x"]).is_err());
        assert!(read(&["host", "a\nb"]).is_err());
    }

    #[test]
    fn passwords_are_obscured_once() {
        let values = |word: &str, obscure, no_obscure| {
            let pairs = vec![word.to_owned()];
            let values =
                Values { pairs, obscure, no_obscure, no_output: false, non_interactive: false };
            values.read().unwrap().remove(0).1
        };
        let reveal = |text: &str| obscure::reveal(text).unwrap();
        assert_eq!(reveal(&values("pass=secret", false, false)), "secret");
        let obscured = obscure::obscure("secret");
        let word = format!("pass={obscured}");
        assert_eq!(values(&word, false, false), obscured);
        assert_eq!(reveal(&values(&word, true, false)), obscured);
        assert_eq!(values("pass=secret", false, true), "secret");
        assert_eq!(values("user=secret", true, false), "secret");
    }
}
