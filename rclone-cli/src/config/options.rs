//! The options of the FTP backend, one table: config keys, `--ftp-*` flags, environment variables
//! and the questions of `rclone config` all come from here.

use crate::values::{self, Span};

/// One option of a backend.
#[derive(Debug)]
pub(crate) struct Opt {
    /// The key in the config file.
    pub(crate) key: &'static str,
    /// What its values look like.
    pub(crate) kind: Kind,
    /// The value when none is given, as text.
    pub(crate) default: &'static str,
    /// What it is for; the first line is the summary.
    pub(crate) help: &'static str,
    /// Values to choose from, each with what it is for.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    /// Whether it is asked only on request.
    pub(crate) advanced: bool,
    /// Whether a remote cannot do without.
    pub(crate) required: bool,
    /// Whether `config redacted` hides it.
    pub(crate) sensitive: bool,
}

/// What the values of an [`Opt`] look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Bool,
    /// A length of time.
    Duration,
    /// Names of character classes, by commas.
    Encoding,
    /// A whole number.
    Int,
    /// An obscured password.
    Password,
    /// Any text.
    Text,
}

impl Kind {
    /// Returns the type as rclone names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Duration => "Duration",
            Self::Encoding => "Encoding",
            Self::Int => "int",
            Self::Password | Self::Text => "string",
        }
    }

    /// Returns the word for a value in help.
    pub(crate) fn value_name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Duration => "DURATION",
            Self::Encoding => "ENCODING",
            Self::Int => "N",
            Self::Password => "OBSCURED",
            Self::Text => "TEXT",
        }
    }

    /// Tells whether a value reads as this kind; the error says what would.
    pub(crate) fn check(self, text: &str) -> Result<(), String> {
        self.canonical(text).map(drop)
    }

    /// Returns a value in the one spelling that rclone's dialogue stores.
    ///
    /// # Errors
    /// When it does not read as this kind; the message says what would.
    pub(crate) fn canonical(self, text: &str) -> Result<String, String> {
        match self {
            Self::Bool => values::boolean(text).map(|it| it.to_string()),
            Self::Duration => text.parse::<Span>().map(|span| span.to_string()),
            Self::Int => match text.parse::<u32>() {
                Ok(number) => Ok(number.to_string()),
                Err(_) => Err(format!("`{text}` is not a whole number")),
            },
            Self::Encoding | Self::Password | Self::Text => Ok(text.into()),
        }
    }
}

impl Opt {
    /// Returns the name of its flag, without dashes.
    pub(crate) fn flag(&self) -> String {
        format!("ftp-{}", self.key.replace('_', "-"))
    }

    /// Returns the variable that sets it for every FTP remote.
    pub(crate) fn variable(&self) -> String {
        format!("RCLONE_FTP_{}", self.key.to_ascii_uppercase())
    }

    /// Returns the first line of the help.
    pub(crate) fn summary(&self) -> &'static str {
        self.help.lines().next().unwrap_or_default().trim_end_matches('.')
    }
}

const fn basic(key: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Opt {
    Opt {
        key,
        kind,
        default,
        help,
        examples: &[],
        advanced: false,
        required: false,
        sensitive: false,
    }
}

const fn advanced(key: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Opt {
    Opt { advanced: true, ..basic(key, kind, default, help) }
}

/// The options of an FTP remote, in the order they are asked.
pub(crate) const FTP: &[Opt] = &[
    Opt {
        required: true,
        sensitive: true,
        examples: &[("ftp.example.com", "Connect to ftp.example.com")],
        ..basic("host", Kind::Text, "", "FTP host to connect to.")
    },
    Opt {
        sensitive: true,
        ..basic("user", Kind::Text, "", "FTP username, leave blank for current username.")
    },
    basic("port", Kind::Int, "21", "FTP port, leave blank to use default."),
    basic("pass", Kind::Password, "", "FTP password."),
    basic(
        "tls",
        Kind::Bool,
        "false",
        "Use implicit FTPS (FTP over TLS).\n\n\
         The connection is encrypted from its first byte, usually on port 990.\n\
         Not to be combined with explicit FTPS.",
    ),
    basic(
        "explicit_tls",
        Kind::Bool,
        "false",
        "Use explicit FTPS (FTP over TLS).\n\n\
         The connection starts in the clear and is encrypted before the login (AUTH TLS).\n\
         Not to be combined with implicit FTPS.",
    ),
    advanced(
        "concurrency",
        Kind::Int,
        "0",
        "Most simultaneous connections to the server, 0 for unlimited.\n\n\
         Any number works; the connections are shared by all that runs.",
    ),
    advanced(
        "no_check_certificate",
        Kind::Bool,
        "false",
        "Do not verify the certificate of the server (insecure).",
    ),
    advanced("disable_epsv", Kind::Bool, "false", "Do not use EPSV, even if the server has it."),
    advanced(
        "trust_passive_address",
        Kind::Bool,
        "false",
        "Connect to the address that the server's answer to PASV names.\n\n\
         It is ignored otherwise, as many servers name one that cannot be reached. Behind some load \
         balancers it is the only one that works. EPSV, which names none, is not used then.",
    ),
    advanced("disable_mlsd", Kind::Bool, "false", "Do not use MLSD, even if the server has it."),
    advanced("disable_utf8", Kind::Bool, "false", "Do not use UTF-8, even if the server has it."),
    advanced(
        "writing_mdtm",
        Kind::Bool,
        "false",
        "Set modification times by MDTM (as vsftpd understands it).",
    ),
    advanced(
        "force_list_hidden",
        Kind::Bool,
        "false",
        "Use LIST -a to see hidden files and directories; this disables MLSD.",
    ),
    advanced(
        "pipelining",
        Kind::Text,
        "auto",
        "How far commands may run ahead of their answers: auto, ahead, overlap or lockstep.",
    ),
    advanced(
        "listing",
        Kind::Text,
        "auto",
        "How directories are listed: auto, mlsd, list or stat (over the control connection).",
    ),
    advanced(
        "idle_timeout",
        Kind::Duration,
        "1m0s",
        "Close connections that were idle this long, 0 to keep them.",
    ),
    advanced("close_timeout", Kind::Duration, "1m0s", "Longest wait for the answer to a close."),
    advanced(
        "tls_cache_size",
        Kind::Int,
        "32",
        "How many TLS sessions to remember for resumption, 0 for none.\n\n\
         Many servers want the data connection to resume the session of the control connection.",
    ),
    advanced("disable_tls13", Kind::Bool, "false", "Do not use TLS 1.3."),
    advanced("tls_min_version", Kind::Text, "1.2", "Oldest version of TLS to speak: 1.2 or 1.3."),
    advanced(
        "allow_insecure_tls_ciphers",
        Kind::Bool,
        "false",
        "Allow insecure TLS ciphers (accepted, without effect: there are none to allow).",
    ),
    advanced(
        "shut_timeout",
        Kind::Duration,
        "1m0s",
        "Longest wait for the server's word on a finished transfer.",
    ),
    advanced(
        "ask_password",
        Kind::Bool,
        "false",
        "Ask for the FTP password when none is configured.",
    ),
    advanced(
        "socks_proxy",
        Kind::Text,
        "",
        "SOCKS 5 proxy to connect through: [user[:pass]@]host:port.",
    ),
    advanced(
        "http_proxy",
        Kind::Text,
        "",
        "HTTP proxy to connect through by CONNECT: http://[user:pass@]host[:port].",
    ),
    advanced(
        "no_check_upload",
        Kind::Bool,
        "false",
        "Do not check uploads, for directories that can be written and not read.\n\n\
         Usually wanted together with --inplace.",
    ),
    Opt {
        examples: &[
            ("Asterisk,Ctl,Dot,Slash", "ProFTPD, which has no '*' in names"),
            (
                "BackSlash,Ctl,Del,Dot,RightSpace,Slash,SquareBracket",
                "Pure-FTPd, which has no '[]' or '*' in names",
            ),
            ("Ctl,LeftPeriod,Slash", "vsftpd, which has no names that start with a dot"),
        ],
        ..advanced(
            "encoding",
            Kind::Encoding,
            "Slash,Del,Ctl,RightSpace,Dot",
            "Which characters are written in another way on the server.",
        )
    },
    advanced(
        "account",
        Kind::Password,
        "",
        "Account, for servers that ask for one besides user and password (ACCT).",
    ),
    advanced(
        "name_host",
        Kind::Bool,
        "false",
        "Name the host before the login (HOST), for servers that serve several.",
    ),
    advanced("description", Kind::Text, "", "Description of the remote."),
    advanced(
        "tls_fingerprint",
        Kind::Text,
        "",
        "SHA-256 fingerprint of the one server certificate to trust, whoever signed it.\n\n\
         The error about a certificate that is not trusted shows it.",
    ),
];

/// Returns the option of that key.
pub(crate) fn option(key: &str) -> Option<&'static Opt> {
    FTP.iter().find(|option| option.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_key() {
        let option = option("explicit_tls").unwrap();
        assert_eq!(option.flag(), "ftp-explicit-tls");
        assert_eq!(option.variable(), "RCLONE_FTP_EXPLICIT_TLS");
    }

    #[test]
    fn values_are_stored_in_one_spelling() {
        assert_eq!(Kind::Bool.canonical("T").as_deref(), Ok("true"));
        assert_eq!(Kind::Duration.canonical("90").as_deref(), Ok("1m30s"));
        assert_eq!(Kind::Int.canonical("021").as_deref(), Ok("21"));
        assert!(Kind::Bool.canonical("yes").is_err());
    }

    #[test]
    fn every_default_reads_as_its_kind() {
        for option in FTP {
            assert_eq!(option.kind.check(option.default), Ok(()), "{}", option.key);
        }
    }
}
