//! The options of one remote, each from the first place that has it: the connection string, the
//! flag, the remote's variable, the backend's variable, the config file, the default.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use ftp_client::ftp_proto::secret::Secret;

use crate::args;
use crate::config::file::File;
use crate::config::obscure;
use crate::config::options::{self, FTP, Kind};
use crate::environment::Environment;
use crate::target::Source;
use crate::values::{self, Span};

/// Where options come from, besides those typed with a remote.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) flags: &'a args::Backend,
    pub(crate) environment: &'a Environment,
    pub(crate) file: &'a File,
}

impl Sources<'_> {
    /// Returns the type of a remote, if there is such a remote.
    pub(crate) fn kind(&self, name: &str) -> Option<String> {
        self.of_section(name, "type")
    }

    /// Returns the names of all remotes: those of the environment, then those of the file.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = self.names_in_environment();
        for section in self.file.sections() {
            if !names.iter().any(|name| name == section) {
                names.push(section.to_owned());
            }
        }
        names
    }

    /// Returns the names of remotes whose type a variable gives.
    pub(crate) fn names_in_environment(&self) -> Vec<String> {
        let variables = self.environment.with_prefix("RCLONE_CONFIG_");
        variables
            .filter_map(|(rest, _)| rest.strip_suffix("_TYPE").map(str::to_lowercase))
            .collect()
    }

    /// Returns an option of a section: its variable's, or the file's. An empty one is none.
    pub(crate) fn of_section(&self, name: &str, key: &str) -> Option<String> {
        let variable = format!("RCLONE_CONFIG_{}_{}", name.to_uppercase(), key.to_uppercase());
        let variable = self.environment.var(&variable).map(str::to_owned);
        variable.or_else(|| self.file.get(name, key)).filter(|value| !value.is_empty())
    }

    /// Gathers the options of an FTP remote.
    ///
    /// # Errors
    /// When a value does not read as its option asks.
    pub(crate) fn settings(
        &self,
        source: &Source,
        typed: &[(String, String)],
    ) -> anyhow::Result<Settings> {
        let mut values = BTreeMap::new();
        for option in FTP {
            if let Some(value) = self.find(option, source, typed) {
                option
                    .kind
                    .check(&value)
                    .map_err(|error| anyhow!("option {}: {error}", option.key))?;
                values.insert(option.key.to_owned(), value);
            }
        }
        let unknown = |key: &str| options::option(key).is_none() && !is_override(key);
        for (key, _) in typed.iter().filter(|(key, _)| key != "type" && unknown(key)) {
            tracing::warn!("ftp knows no option {key} (`rclone help backend ftp` lists them)");
        }
        for key in self.overrides(source, typed) {
            let value = self.overriding(&key, source, typed).unwrap_or_default();
            values.insert(key, value);
        }
        Ok(Settings(values))
    }

    fn find(
        &self,
        option: &options::Opt,
        source: &Source,
        typed: &[(String, String)],
    ) -> Option<String> {
        let given = typed.iter().rev().find(|(key, value)| key == option.key && !value.is_empty());
        let flag = || self.flags.0.get(option.key).cloned();
        let of_remote = |name: &str| {
            let prefix = format!("RCLONE_CONFIG_{}_", name.to_uppercase());
            self.environment.var(&(prefix + &option.key.to_uppercase())).map(str::to_owned)
        };
        let of_backend = || self.environment.var(&option.variable()).map(str::to_owned);
        let in_file = |name: &str| self.file.get(name, option.key).filter(|v| !v.is_empty());
        let name = match source {
            Source::Section(name) => Some(name.as_str()),
            Source::Backend(_) => None,
        };
        given
            .map(|(_, value)| value.clone())
            .or_else(flag)
            .or_else(|| name.and_then(of_remote))
            .or_else(of_backend)
            .or_else(|| name.and_then(in_file))
    }

    /// Returns the `global.` keys of a remote, without that word, and their values.
    pub(crate) fn global_keys(
        &self,
        source: &Source,
        typed: &[(String, String)],
    ) -> Vec<(String, String)> {
        let keys = self.overrides(source, typed).into_iter();
        keys.filter_map(|key| {
            let value = self.overriding(&key, source, typed)?;
            Some((key.strip_prefix("global.")?.to_owned(), value))
        })
        .collect()
    }

    /// Returns the keys that override global flags for this remote.
    fn overrides(&self, source: &Source, typed: &[(String, String)]) -> Vec<String> {
        let in_file = match source {
            Source::Section(name) => self.file.keys(name),
            Source::Backend(_) => Vec::new(),
        };
        let keys = in_file.into_iter().chain(typed.iter().map(|(key, _)| key.as_str()));
        keys.filter(|key| is_override(key)).map(str::to_owned).collect()
    }

    fn overriding(&self, key: &str, source: &Source, typed: &[(String, String)]) -> Option<String> {
        let given = typed.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.clone());
        given.or_else(|| match source {
            Source::Section(name) => self.file.get(name, key),
            Source::Backend(_) => None,
        })
    }
}

fn is_override(key: &str) -> bool {
    key.starts_with("override.") || key.starts_with("global.")
}

/// The options of one FTP remote that were given, checked to read as their kinds.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(key, value)| {
            let secret = options::option(key).is_some_and(|option| option.kind == Kind::Password);
            (key, if secret { "***" } else { value })
        });
        f.debug_map().entries(shown).finish()
    }
}

impl Settings {
    /// Returns a value, or the option's default.
    pub(crate) fn text(&self, key: &str) -> &str {
        let default = || options::option(key).map_or("", |option| option.default);
        self.given(key).unwrap_or_else(default)
    }

    /// Returns a value that was given.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns what this remote says instead of a global flag.
    pub(crate) fn instead_of_flag(&self, flag: &str) -> Option<&str> {
        self.given(&format!("override.{flag}")).or_else(|| self.given(&format!("global.{flag}")))
    }

    /// Returns a boolean.
    pub(crate) fn is(&self, key: &str) -> bool {
        values::boolean(self.text(key)).unwrap_or_default()
    }

    /// Returns a whole number.
    pub(crate) fn number(&self, key: &str) -> u32 {
        self.text(key).parse().unwrap_or_default()
    }

    /// Returns a length of time; zero where there is none.
    pub(crate) fn duration(&self, key: &str) -> Duration {
        self.text(key).parse::<Span>().map(Span::or_zero).unwrap_or_default()
    }

    /// Returns the password; none was given where it is empty.
    ///
    /// # Errors
    /// When it is not obscured.
    pub(crate) fn password(&self) -> anyhow::Result<Secret> {
        let way_out = "failed to read the password (`rclone obscure` makes one fit for the config)";
        Ok(self.secret("pass").context(way_out)?.unwrap_or_default())
    }

    /// Returns an obscured value.
    ///
    /// # Errors
    /// When it is not obscured.
    pub(crate) fn secret(&self, key: &str) -> Result<Option<Secret>, obscure::NotObscured> {
        self.given(key).map(obscure::reveal).transpose().map(|text| text.map(Secret::new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tests::parse;

    const FILE: &str = "[nas]\ntype = ftp\nhost = file\nport = 2121\nuser =\noverride.bind = ::1\n";

    #[track_caller]
    fn host(line: &str, variables: &[(&str, &str)], typed: &[(&str, &str)], want: &str) {
        let settings = gather("nas", line, variables, typed).unwrap();
        assert_eq!(settings.text("host"), want);
    }

    fn gather(
        name: &str,
        line: &str,
        variables: &[(&str, &str)],
        typed: &[(&str, &str)],
    ) -> anyhow::Result<Settings> {
        let (flags, file) = (parse(line).backend, File::parse(FILE).unwrap());
        let environment = variables.iter().copied().collect();
        let sources = Sources { flags: &flags, environment: &environment, file: &file };
        let typed: Vec<_> = typed.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        sources.settings(&Source::Section(name.into()), &typed)
    }

    #[test]
    fn the_first_source_counts() {
        let backend = ("RCLONE_FTP_HOST", "backend");
        let remote = ("RCLONE_CONFIG_NAS_HOST", "remote");
        let flag = "ls x --ftp-host flag";
        host("ls x", &[], &[], "file");
        host("ls x", &[backend], &[], "backend");
        host("ls x", &[backend, remote], &[], "remote");
        host(flag, &[backend, remote], &[], "flag");
        host(flag, &[backend, remote], &[("host", "typed")], "typed");
    }

    #[test]
    fn defaults_come_last_and_empty_is_none() {
        let settings = gather("nas", "ls x", &[], &[]).unwrap();
        assert_eq!((settings.number("port"), settings.given("user")), (2121, None));
        assert_eq!(settings.duration("idle_timeout"), Duration::from_secs(60));
        assert_eq!(gather("other", "ls x", &[], &[]).unwrap().number("port"), 21);
        assert!(!settings.is("tls"));
    }

    #[test]
    fn flags_of_the_whole_run_are_overridden_for_one_remote() {
        let settings = gather("nas", "ls x", &[], &[("override.timeout", "5s")]).unwrap();
        assert_eq!(settings.instead_of_flag("bind"), Some("::1"));
        assert_eq!(settings.instead_of_flag("timeout"), Some("5s"));
        assert_eq!(settings.instead_of_flag("contimeout"), None);
    }

    #[test]
    fn values_are_checked() {
        let error = gather("nas", "ls x", &[], &[("port", "ftp")]).unwrap_err().to_string();
        assert_eq!(error, "option port: `ftp` is not a whole number");
    }

    #[test]
    fn passwords_are_revealed_and_never_shown() {
        let obscured = obscure::obscure("hunter2");
        let settings = gather("nas", "ls x", &[], &[("pass", &obscured)]).unwrap();
        assert_eq!(settings.password().unwrap().expose(), "hunter2");
        assert!(!format!("{settings:?}").contains(&obscured));
        assert!(gather("nas", "ls x", &[], &[]).unwrap().password().unwrap().is_empty());
        let plain = gather("nas", "ls x", &[], &[("pass", "hunter2")]).unwrap();
        let error = format!("{:#}", plain.password().unwrap_err());
        assert!(error.contains("rclone obscure") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn remotes_exist_by_their_variables_alone() {
        let (flags, file) = (args::Backend::default(), File::parse(FILE).unwrap());
        let environment = Environment::from_iter([("RCLONE_CONFIG_MYNAS_TYPE", "ftp")]);
        let sources = Sources { flags: &flags, environment: &environment, file: &file };
        assert_eq!(sources.names(), ["mynas", "nas"]);
        assert_eq!(sources.kind("mynas").as_deref(), Some("ftp"));
        assert_eq!(sources.kind("nas").as_deref(), Some("ftp"));
        assert_eq!(sources.kind("nope"), None);
    }
}
