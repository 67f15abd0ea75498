//! The process's environment, taken once at the start so that nothing else depends on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Variables by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Takes the variables of this process; those that are not Unicode are left out.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// Returns a variable; an empty one is none.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the variable of a global flag: `RCLONE_DRY_RUN` for `dry-run`.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.var(&format!("RCLONE_{}", name.to_ascii_uppercase().replace('-', "_")))
    }

    /// Returns who is logged in here.
    pub(crate) fn user(&self) -> Option<&str> {
        ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| self.var(name))
    }

    /// Returns the folder for what can be found out again.
    pub(crate) fn cache(&self) -> PathBuf {
        let of_home = || Path::new(self.var("HOME").unwrap_or(".")).join(".cache");
        self.var("XDG_CACHE_HOME").map_or_else(of_home, PathBuf::from)
    }

    /// Returns all variables whose names begin with `prefix`, the rest of the name and the value.
    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, &**value)))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(variables: T) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
