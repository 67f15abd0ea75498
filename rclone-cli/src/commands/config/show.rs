//! `rclone config show`, `redacted`, `dump`, `file`, `paths` and `providers`.

use anyhow::bail;
use serde_json::{Map, Value, json};

use crate::config::file::File;
use crate::config::options::{self, FTP, Kind, Opt};
use crate::config::{TYPES, location::Location};
use crate::output;
use crate::resolve::Resolved;

const EMPTY: &str = "; empty config\n";
const REDACTED: &str = "XXX";
const DOUBLE_CHECK: &str =
    "### Double check the config for sensitive info before posting publicly\n";

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Which {
    /// Name of the remote; all where none is given
    name: Option<String>,
}

impl Which {
    pub(super) fn show(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let store = resolved.remotes.open_store()?;
        match self.name {
            None if !store.file().sections().is_empty() => {
                output::text(&format!("{}\n\n", store.file().to_string().trim_end()))
            }
            _ => output::text(&self.text(store.file(), hidden)?),
        }
    }

    pub(super) fn redacted(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let store = resolved.remotes.open_store()?;
        let text = self.text(store.file(), |key, value| {
            if is_private(key) && !value.is_empty() { REDACTED.into() } else { value }
        })?;
        output::text(&(text + DOUBLE_CHECK))
    }

    fn text(&self, file: &File, shown: fn(&str, String) -> String) -> anyhow::Result<String> {
        if let Some(name) = &self.name {
            let name = name.trim_end_matches(':');
            if !file.has_section(name) {
                bail!("didn't find section in config file ({name:?})");
            }
            return Ok(written(file, name, shown));
        }
        let sections: Vec<String> =
            file.sections().into_iter().map(|name| written(file, name, shown)).collect();
        Ok(if sections.is_empty() { EMPTY.into() } else { sections.join("\n") })
    }
}

/// Returns a remote with its passwords hidden, as it is shown after a change.
pub(super) fn section(file: &File, name: &str) -> String {
    written(file, name, hidden)
}

fn hidden(key: &str, value: String) -> String {
    if is_password(key) && !value.is_empty() { "*** ENCRYPTED ***".into() } else { value }
}

fn written(file: &File, name: &str, shown: fn(&str, String) -> String) -> String {
    let pair = |key: &str| {
        let value = shown(key, file.get(name, key).unwrap_or_default());
        format!("{key} = {value}\n")
    };
    let pairs: String = file.keys(name).into_iter().map(pair).collect();
    format!("[{name}]\n{pairs}")
}

fn is_password(key: &str) -> bool {
    options::option(key).is_some_and(|option| option.kind == Kind::Password)
}

fn is_private(key: &str) -> bool {
    is_password(key) || options::option(key).is_some_and(|option| option.sensitive)
}

pub(super) fn dump(resolved: &Resolved) -> anyhow::Result<()> {
    let store = resolved.remotes.open_store()?;
    output::text(&json_of(store.file()))
}

/// Returns all remotes as rclone writes them: keys sorted, indented by four.
fn json_of(file: &File) -> String {
    let mut remotes = Map::new();
    for name in file.sections() {
        let pair = |key: &str| (key.to_owned(), file.get(name, key).unwrap_or_default().into());
        remotes.insert(name.into(), Value::Object(file.keys(name).into_iter().map(pair).collect()));
    }
    indented(&Value::Object(remotes), b"    ")
}

/// Returns a value as JSON with lines that begin so.
pub(super) fn indented(value: &impl serde::Serialize, indent: &[u8]) -> String {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent);
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    value.serialize(&mut serializer).expect("a value of text is written");
    String::from_utf8(text).expect("JSON is UTF-8")
}

pub(super) fn file(resolved: &Resolved) -> anyhow::Result<()> {
    let Location::File(path) = resolved.remotes.location() else {
        return output::text("Configuration is in memory only\n");
    };
    let there = match path.exists() {
        true => "Configuration file is stored at:",
        false => "Configuration file doesn't exist, but rclone will use this path:",
    };
    output::text(&format!("{there}\n{}\n", path.display()))
}

pub(super) fn paths(resolved: &Resolved) -> anyhow::Result<()> {
    let config = match resolved.remotes.location() {
        Location::File(path) => path.display().to_string(),
        Location::Memory => "in memory only".into(),
    };
    let cache = resolved.remotes.environment().cache().join("rclone");
    let temporary = std::env::temp_dir();
    output::text(&format!(
        "Config file: {config}\nCache dir:   {}\nTemp dir:    {}\n",
        cache.display(),
        temporary.display()
    ))
}

/// Returns the backends and their options with rclone's fields.
pub(super) fn providers() -> String {
    let backends: Vec<Value> = TYPES
        .iter()
        .map(|(name, description)| {
            let options = if *name == "ftp" { FTP.iter().map(provided).collect() } else { vec![] };
            json!({"Name": name, "Description": description, "Prefix": name, "Options": options})
        })
        .collect();
    indented(&Value::from(backends), b"    ") + "\n"
}

fn provided(option: &Opt) -> Value {
    let examples: Vec<Value> =
        option.examples.iter().map(|(value, help)| json!({"Value": value, "Help": help})).collect();
    json!({
        "Name": option.key,
        "Help": option.help,
        "DefaultStr": option.default,
        "Examples": examples,
        "Required": option.required,
        "IsPassword": option.kind == Kind::Password,
        "Advanced": option.advanced,
        "Sensitive": option.sensitive,
        "Type": option.kind.name(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        File::parse("[b]\nuser = u\npass = p\ntype = ftp\n[a]\ntype = local\n").unwrap()
    }

    #[test]
    fn all_remotes_stand_apart() {
        let all = Which { name: None };
        let text = all.text(&file(), |_, value| value).unwrap();
        assert_eq!(text, "[b]\nuser = u\npass = p\ntype = ftp\n\n[a]\ntype = local\n");
        assert_eq!(all.text(&File::default(), |_, value| value).unwrap(), EMPTY);
    }

    #[test]
    fn one_remote_is_shown_or_missed() {
        let one = |name: &str| Which { name: Some(name.into()) }.text(&file(), |_, v| v);
        assert_eq!(one("a:").unwrap(), "[a]\ntype = local\n");
        assert!(one("c").is_err());
    }

    #[test]
    fn passwords_are_hidden_after_a_change() {
        let text = section(&file(), "b");
        assert_eq!(text, "[b]\nuser = u\npass = *** ENCRYPTED ***\ntype = ftp\n");
    }

    #[test]
    fn dump_sorts_and_indents_as_rclone() {
        let want = r#"{
    "a": {
        "type": "local"
    },
    "b": {
        "pass": "p",
        "type": "ftp",
        "user": "u"
    }
}"#;
        assert_eq!(json_of(&file()), want);
        assert_eq!(json_of(&File::default()), "{}");
    }

    #[test]
    fn providers_name_every_option() {
        let value: Value = serde_json::from_str(&providers()).unwrap();
        assert_eq!(value[0]["Name"], "ftp");
        assert_eq!(value[0]["Options"].as_array().unwrap().len(), FTP.len());
        assert_eq!(value[0]["Options"][3]["IsPassword"], true);
    }
}
