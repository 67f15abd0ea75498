//! `rclone config create`, `update`, `password`, `unset` and `delete`.

use crate::config::file::File;
use crate::config::options::{self, Kind};
use crate::config::{TYPES, obscure};
use crate::exit::Usage;
use crate::output;
use crate::resolve::Resolved;
use crate::target::{NoTarget, is_name};

use super::questions::{self, Step};
use super::show;

/// How values are taken.
#[derive(Clone, Debug, Default, clap::Args)]
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
    /// Ask nothing, print JSON: the question that is open, if any
    #[arg(long)]
    non_interactive: bool,
    /// Go through all questions, one at a time
    #[arg(long)]
    all: bool,
    /// Answer the question of --state with --result
    #[arg(long, requires = "state")]
    r#continue: bool,
    /// Which question is answered
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// The answer
    #[arg(long, value_name = "TEXT", default_value = "")]
    result: String,
}

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

    fn print(&self, file: &File, name: &str, step: &Step) -> anyhow::Result<()> {
        match (self.no_output, self.non_interactive) {
            (true, _) => Ok(()),
            (false, true) => output::text(&step.json()),
            (false, false) => output::text(&show::section(file, name)),
        }
    }

    /// Returns the first question, where all are wanted.
    fn first(&self, resolved: &Resolved, file: &File, name: &str) -> anyhow::Result<Step> {
        let asks = self.all && file.get(name, "type").as_deref() == Some("ftp");
        let user = resolved.remotes.current_user();
        Ok(if asks {
            questions::first(file, name, &pairs(&self.pairs)?, &user)
        } else {
            Step::default()
        })
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
        let step = self.values.first(resolved, store.file(), name)?;
        self.values.print(store.file(), name, &step)
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
        let name = self.name.trim_end_matches(':');
        if let Some(state) = self.values.state.as_deref().filter(|_| self.values.r#continue) {
            return self.go_on(resolved, name, state);
        }
        let pairs = self.values.read()?;
        let file = change(resolved, name, |file, name| {
            pairs.iter().for_each(|(key, value)| file.set(name, key, value));
        })?;
        let step = self.values.first(resolved, &file, name)?;
        self.values.print(&file, name, &step)
    }

    /// Takes the answer to one question and prints the next.
    fn go_on(&self, resolved: &Resolved, name: &str, state: &str) -> anyhow::Result<()> {
        let user = resolved.remotes.current_user();
        let file = change(resolved, name, |_, _| {})?;
        let (answer, step) = questions::answer(&file, name, state, &self.values.result, &user)?;
        let file = match answer {
            Some((key, value)) => change(resolved, name, |file, name| file.set(name, key, &value))?,
            None => file,
        };
        self.values.print(&file, name, &step)
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
        // What is not there is deleted already.
        let name = self.name.trim_end_matches(':');
        resolved.remotes.open_store()?.change(|file| {
            file.remove_section(name);
        })
    }
}

/// What rclone takes to look at an account, or to log in or out.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Account {
    /// Name of the remote
    name: String,

    /// Print JSON
    #[arg(long, hide = true)]
    json: bool,
}

impl Account {
    pub(super) fn refuse(&self, resolved: &Resolved) -> anyhow::Result<()> {
        resolved.tree(&self.name)?;
        let message =
            "FTP servers know no tokens: `rclone config update NAME pass=...` sets the password";
        Err(Usage(message.into()).into())
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
            let values = Values { pairs, obscure, no_obscure, ..Values::default() };
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
