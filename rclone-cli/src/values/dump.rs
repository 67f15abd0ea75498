//! What `--dump` shows: rclone's names, of which those mean something here that show a protocol.

use std::fmt;
use std::str::FromStr;

use super::choices::{self, Choices};

/// The names rclone knows, with what each shows here.
const NAMES: [(&str, Shown); 12] = [
    ("headers", Shown::Dialogue),
    ("bodies", Shown::Dialogue),
    ("requests", Shown::Dialogue),
    ("responses", Shown::Dialogue),
    ("auth", Shown::Masked),
    ("filters", Shown::Nothing),
    ("goroutines", Shown::Nothing),
    ("openfiles", Shown::Nothing),
    ("mapper", Shown::Nothing),
    ("curl", Shown::Nothing),
    ("errors", Shown::Nothing),
    ("trace", Shown::Nothing),
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shown {
    /// What is said on control connections, and listings.
    Dialogue,
    /// Passwords, which are never shown.
    Masked,
    Nothing,
}

/// The value of `--dump`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Dump(Choices<Shown>);

impl Dump {
    /// Tells whether the dialogue with servers is to be shown.
    pub(crate) fn shows_dialogue(&self) -> bool {
        self.0.iter().any(|(_, shown)| *shown == Shown::Dialogue)
    }

    /// Returns what is to be said about what was asked for and is not to be had.
    pub(crate) fn notices(&self) -> Vec<String> {
        let notice = |(name, shown): &(&str, Shown)| match shown {
            Shown::Dialogue => None,
            Shown::Masked => {
                Some(format!("--dump {name}: passwords are shown as *** all the same"))
            }
            Shown::Nothing => Some(format!("--dump {name} has nothing to show here")),
        };
        self.0.iter().filter_map(notice).collect()
    }
}

impl FromStr for Dump {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        choices::parse(text, &NAMES).map(Self)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&choices::list(&self.0, ","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rclones() {
        let dump: Dump = "headers, AUTH,curl".parse().unwrap();
        assert_eq!(dump.to_string(), "headers,auth,curl");
        assert!(dump.shows_dialogue());
        assert_eq!(dump.notices().len(), 2);
        for name in ["headers", "bodies", "requests", "responses"] {
            let dump: Dump = name.parse().unwrap();
            assert!(dump.shows_dialogue() && dump.notices().is_empty(), "{name}");
        }
        assert!(!"filters".parse::<Dump>().unwrap().shows_dialogue());
        let error = "heads".parse::<Dump>().unwrap_err();
        assert!(error.starts_with("invalid choice \"heads\" from: headers, bodies, "), "{error}");
    }
}
