//! Where the config file is.

use std::path::{Path, PathBuf};

use crate::environment::Environment;

const NAME: &str = "rclone.conf";

/// Where to look for the config file and where to make one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Location {
    /// In this file, which may not be there yet.
    File(PathBuf),
    /// Nowhere: nothing is read or written.
    Memory,
}

impl Location {
    /// Returns the location the flag names, or rclone's default.
    pub(crate) fn find(flag: Option<&Path>, environment: &Environment) -> Self {
        let path = match flag {
            Some(path) => path.to_owned(),
            None => default(environment, std::env::current_exe().ok().as_deref(), &Path::exists),
        };
        let nowhere = path.as_os_str().is_empty()
            || path == Path::new("/dev/null")
            || path.file_name().is_some_and(|name| name == "notfound");
        if nowhere { Self::Memory } else { Self::File(std::path::absolute(&path).unwrap_or(path)) }
    }
}

/// Returns the first file there is beside the program, in the configuration directories and in the
/// home directory; or else where a new one belongs.
fn default(
    environment: &Environment,
    program: Option<&Path>,
    exists: &dyn Fn(&Path) -> bool,
) -> PathBuf {
    let directory = |name: &str| environment.var(name).map(PathBuf::from);
    let home = directory("HOME").or_else(|| directory("USERPROFILE"));
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let roaming = directory("APPDATA").filter(|_| cfg!(windows));
    let configs = [roaming, directory("XDG_CONFIG_HOME"), below_home(".config")];
    let mut candidates: Vec<PathBuf> = Vec::new();
    candidates.extend(program.and_then(Path::parent).map(|beside| beside.join(NAME)));
    candidates.extend(configs.iter().flatten().map(|dir| dir.join("rclone").join(NAME)));
    candidates.extend(below_home(".rclone.conf"));
    let found = candidates.into_iter().find(|path| exists(path));
    let fresh = || configs.into_iter().flatten().next().map(|dir| dir.join("rclone").join(NAME));
    found.or_else(fresh).unwrap_or_else(|| ".rclone.conf".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], there: &[&str], want: &str) {
        let environment = variables.iter().copied().collect();
        let exists = |path: &Path| there.iter().any(|there| path == Path::new(there));
        let program = Path::new("/opt/bin/rclone");
        assert_eq!(default(&environment, Some(program), &exists), Path::new(want));
    }

    #[test]
    fn the_first_that_exists_is_taken() {
        let variables = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")];
        check(
            &variables,
            &["/opt/bin/rclone.conf", "/x/rclone/rclone.conf"],
            "/opt/bin/rclone.conf",
        );
        check(&variables, &["/x/rclone/rclone.conf", "/h/.rclone.conf"], "/x/rclone/rclone.conf");
        check(&variables, &["/h/.config/rclone/rclone.conf"], "/h/.config/rclone/rclone.conf");
        check(&variables, &["/h/.rclone.conf"], "/h/.rclone.conf");
    }

    #[test]
    fn a_new_one_belongs_into_the_configuration_directory() {
        check(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")], &[], "/x/rclone/rclone.conf");
        check(&[("HOME", "/h")], &[], "/h/.config/rclone/rclone.conf");
        check(&[], &[], ".rclone.conf");
    }

    #[test]
    fn some_names_mean_memory_only() {
        let find = |path: &str| Location::find(Some(Path::new(path)), &Environment::default());
        for path in ["", "/dev/null", "/tmp/notfound"] {
            assert_eq!(find(path), Location::Memory, "{path}");
        }
        assert_eq!(find("/etc/r.conf"), Location::File("/etc/r.conf".into()));
    }
}
