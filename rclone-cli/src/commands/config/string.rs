//! `rclone config string`: a remote as a connection string, with all its config says.

use std::collections::BTreeMap;

use crate::exit::Usage;
use crate::output;
use crate::resolve::Resolved;
use crate::target::{Source, Target};

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Remote {
    /// `remote:path` or a local path
    path: String,
}

impl Remote {
    pub(super) fn run(&self, resolved: &Resolved) -> anyhow::Result<()> {
        let remote = match self.path.parse()? {
            Target::Local(path) => return Ok(output::line(format!(":local:{path}"))?),
            Target::Remote(remote) => remote,
        };
        let sources = resolved.remotes.sources()?;
        let mut options = BTreeMap::new();
        let kind = match &remote.source {
            Source::Backend(kind) => kind.clone(),
            Source::Section(name) => {
                let missing = || Usage(format!("didn't find section in config file ({name:?})"));
                let kind = sources.kind(name).ok_or_else(missing)?;
                for key in sources.file.keys(name) {
                    options.insert(key.to_owned(), sources.file.get(name, key).unwrap_or_default());
                }
                options.remove("type");
                kind
            }
        };
        options.extend(remote.options);
        Ok(output::line(format!("{}:{}", named(&kind, &options), remote.path))?)
    }
}

/// Returns `:type,key=value`, values quoted where they would not be read back otherwise.
fn named(kind: &str, options: &BTreeMap<String, String>) -> String {
    let mut text = format!(":{kind}");
    for (key, value) in options {
        let quoted = match value.contains([',', ':', '=', '\'', '"']) {
            true => format!("'{}'", value.replace('\'', "''")),
            false => value.clone(),
        };
        text.push_str(&format!(",{key}={quoted}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let nasty = ["plain", "", "a b", "a,b", "a:b", "it's", "\"q\"", "a=b", "''"];
        let options: BTreeMap<String, String> = nasty
            .iter()
            .enumerate()
            .map(|(number, value)| (format!("k{number}"), (*value).to_owned()))
            .collect();
        let text = named("ftp", &options) + ":p";
        let Ok(Target::Remote(remote)) = text.parse() else { panic!("{text}") };
        assert_eq!(remote.source, Source::Backend("ftp".into()));
        assert_eq!(remote.options.into_iter().collect::<BTreeMap<_, _>>(), options);
        assert_eq!(remote.path, "p");
    }
}
