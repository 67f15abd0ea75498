//! `rclone listremotes`: the remotes there are.

use regex::Regex;
use serde_json::json;

use crate::output;
use crate::resolve::Resolved;

/// List the remotes of the config file and the environment
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Show type and description, too
    #[arg(long)]
    long: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// Show remotes of this type only
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// Show remotes from here only: file or environment
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Show remotes with this description only; * stands for anything
    #[arg(long, value_name = "GLOB")]
    description: Option<String>,
    /// Show remotes of this name only; * stands for anything
    #[arg(long, value_name = "GLOB")]
    name: Option<String>,
    /// Match whole texts, not parts of them
    #[arg(long)]
    exact: bool,
    /// Show remotes of this name only; * stands for anything
    pattern: Option<String>,
}

struct Remote {
    name: String,
    kind: String,
    source: &'static str,
    description: String,
}

pub(crate) fn run(resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let sources = resolved.remotes.sources()?;
    let in_environment = sources.names_in_environment();
    let remotes: Vec<Remote> = sources
        .names()
        .into_iter()
        .map(|name| Remote {
            kind: sources.kind(&name).unwrap_or_default(),
            source: if in_environment.contains(&name) { "environment" } else { "file" },
            description: sources.of_section(&name, "description").unwrap_or_default(),
            name,
        })
        .filter(|remote| args.admits(remote))
        .collect();
    let text = match (args.json, args.long) {
        (true, _) => as_json(&remotes),
        (false, true) => as_table(&remotes),
        (false, false) => remotes.iter().map(|remote| format!("{}:\n", remote.name)).collect(),
    };
    output::text(&text)
}

impl Args {
    fn admits(&self, remote: &Remote) -> bool {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| match self.exact {
                true => wanted == value,
                false => matches_anywhere(wanted, value),
            })
        };
        is(&self.pattern, &remote.name)
            && is(&self.name, &remote.name)
            && is(&self.r#type, &remote.kind)
            && is(&self.source, remote.source)
            && is(&self.description, &remote.description)
    }
}

/// Matches a glob somewhere in a text, as rclone's filter of remotes does.
fn matches_anywhere(glob: &str, text: &str) -> bool {
    let pattern = regex::escape(glob).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(text))
}

fn as_json(remotes: &[Remote]) -> String {
    let items: Vec<String> = remotes
        .iter()
        .map(|remote| {
            let Remote { name, kind, source, description } = remote;
            let [name, kind, source, description] =
                [name, kind, *source, description].map(|text| json!(text).to_string());
            format!(
                r#"{{"name":{name},"type":{kind},"source":{source},"description":{description}}}"#
            )
        })
        .collect();
    format!("[\n{}\n]\n", items.join(",\n"))
}

fn as_table(remotes: &[Remote]) -> String {
    let width = |field: fn(&Remote) -> usize| remotes.iter().map(field).max().unwrap_or_default();
    let name = width(|remote| remote.name.chars().count() + 1);
    let kind = width(|remote| remote.kind.chars().count());
    let row = |remote: &Remote| {
        format!(
            "{:name$} {:kind$} {}\n",
            remote.name.clone() + ":",
            remote.kind,
            remote.description
        )
    };
    remotes.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remotes() -> Vec<Remote> {
        let remote = |name: &str, kind: &str, source, description: &str| Remote {
            name: name.into(),
            kind: kind.into(),
            source,
            description: description.into(),
        };
        vec![remote("nas", "ftp", "file", ""), remote("x", "local", "environment", "my \"disk\"")]
    }

    #[test]
    fn tables_align_and_json_is_one_line_a_remote() {
        assert_eq!(as_table(&remotes()), "nas: ftp   \nx:   local my \"disk\"\n");
        let want = r#"[
{"name":"nas","type":"ftp","source":"file","description":""},
{"name":"x","type":"local","source":"environment","description":"my \"disk\""}
]
"#;
        assert_eq!(as_json(&remotes()), want);
    }

    #[test]
    fn globs_match_anywhere() {
        assert!(matches_anywhere("a*c", "xabcx"));
        assert!(matches_anywhere("n?s", "nas"));
        assert!(!matches_anywhere("n.s", "nas"));
    }
}
