//! A personality as facts with names: how it is shown, kept and recalled.
//!
//! What another run may find changed without the greeting telling so, such as the round trip time, is
//! not among them.

use std::fmt;
use std::sync::Arc;

use ftp_proto::system::System;
use ftp_proto::{Features, Reply};

use super::{Personality, TimeSetting};

/// A value that stands in a fact.
trait Value {
    /// Returns it as text; nothing where it is not known.
    fn text(&self) -> Option<String>;
    /// Takes it from text; what does not read stays unknown.
    fn take(&mut self, text: &str);
}

impl Personality {
    /// Returns what was learnt, each fact with its name. None of them is a secret.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut copy = self.clone();
        let known = |(name, value): (_, &mut dyn Value)| Some((name, value.text()?));
        copy.values().into_iter().filter_map(known).collect()
    }

    /// Returns the personality these facts tell of; names that are not known are left out.
    ///
    /// It lasts until the server greets: one that greets otherwise is another server.
    pub fn recalled<'a>(facts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut personality = Self { recalled: true, ..Self::default() };
        for (name, text) in facts {
            let values = personality.values();
            if let Some((_, value)) = values.into_iter().find(|(known, _)| *known == name) {
                value.take(text);
            }
        }
        // How many there is room for changes from hour to hour.
        personality.connection_limit = None;
        personality
    }

    /// The one list of the facts and where they are kept.
    fn values(&mut self) -> [(&'static str, &mut dyn Value); 21] {
        [
            ("greeting", &mut self.greeting),
            ("system", &mut self.system),
            ("features", &mut self.features),
            ("epsv", &mut self.extended_passive),
            ("needs pret", &mut self.needs_pret),
            ("data reachable", &mut self.data_reachable),
            ("mlsd", &mut self.mlsd),
            ("list -a", &mut self.list_all),
            ("size", &mut self.size),
            ("sizes confirmed", &mut self.sizes_confirmed),
            ("sets times", &mut self.time_setting),
            ("sets times of directories", &mut self.directory_times),
            ("rename replaces", &mut self.rename_replaces),
            ("needs tls 1.2", &mut self.needs_tls12),
            ("resumes tls", &mut self.resumes),
            ("accepts full handshakes", &mut self.accepts_full_handshake),
            ("ends tls abruptly", &mut self.ends_abruptly),
            ("keeps commands", &mut self.ahead),
            ("stops downloads", &mut self.stops),
            ("answers noop", &mut self.answers_noop),
            ("connections", &mut self.connection_limit),
        ]
    }
}

/// Shows one fact a line.
impl fmt::Display for Personality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts().into_iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}

impl Value for bool {
    fn text(&self) -> Option<String> {
        self.then(|| "yes".into())
    }

    fn take(&mut self, text: &str) {
        *self = text == "yes";
    }
}

impl Value for Option<bool> {
    fn text(&self) -> Option<String> {
        self.map(|known| if known { "yes" } else { "no" }.into())
    }

    fn take(&mut self, text: &str) {
        *self = match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
    }
}

impl Value for u32 {
    fn text(&self) -> Option<String> {
        (*self > 0).then(|| self.to_string())
    }

    fn take(&mut self, text: &str) {
        *self = text.parse().unwrap_or_default();
    }
}

impl Value for Option<usize> {
    fn text(&self) -> Option<String> {
        self.map(|number| number.to_string())
    }

    fn take(&mut self, text: &str) {
        *self = text.parse().ok();
    }
}

impl Value for String {
    fn text(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.clone())
    }

    fn take(&mut self, text: &str) {
        *self = text.into();
    }
}

impl Value for Option<System> {
    fn text(&self) -> Option<String> {
        self.map(|system| format!("{system:?}"))
    }

    fn take(&mut self, text: &str) {
        *self = Reply::parse(format!("215 {text}").as_bytes()).and_then(|it| System::parse(&it));
    }
}

impl Value for Option<TimeSetting> {
    fn text(&self) -> Option<String> {
        let ways = WAYS.iter().find(|(_, way)| Some(*way) == *self);
        ways.map(|(name, _)| (*name).into())
    }

    fn take(&mut self, text: &str) {
        *self = WAYS.iter().find(|(name, _)| *name == text).map(|(_, way)| *way);
    }
}

const WAYS: [(&str, TimeSetting); 4] = [
    ("MDTM", TimeSetting::Mdtm),
    ("MFMT", TimeSetting::Mfmt),
    ("no", TimeSetting::Never),
    ("SITE UTIME", TimeSetting::SiteUtime),
];

/// What stands between two features; no server is known to use it within one.
const BETWEEN: &str = " | ";

impl Value for Arc<Features> {
    fn text(&self) -> Option<String> {
        let line = |feature: &ftp_proto::feature::Feature| {
            format!("{} {}", feature.name, feature.parameters).trim_end().to_owned()
        };
        let lines: Vec<_> = self.iter().map(line).collect();
        (!lines.is_empty()).then(|| lines.join(BETWEEN))
    }

    fn take(&mut self, text: &str) {
        let lines: String = text.split(BETWEEN).map(|line| format!(" {line}\r\n")).collect();
        let reply = Reply::parse(format!("211-Features:\r\n{lines}211 End\r\n").as_bytes());
        *self = Self::new(reply.map(|reply| Features::parse(&reply)).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt() -> Personality {
        let feat = b"211-Features:\r\n MLST type*;size*;\r\n UTF8\r\n211 End\r\n";
        Personality {
            greeting: "ProFTPD Server".into(),
            system: Some(System::Unix),
            features: Arc::new(Features::parse(&Reply::parse(feat).expect("a reply"))),
            extended_passive: Some(true),
            mlsd: Some(false),
            needs_tls12: true,
            sizes_confirmed: 3,
            time_setting: Some(TimeSetting::SiteUtime),
            connection_limit: Some(8),
            ..Personality::default()
        }
    }

    #[test]
    fn what_is_kept_is_recalled() {
        let facts = learnt().facts();
        let pairs = facts.iter().map(|(name, value)| (*name, &**value));
        let recalled = Personality::recalled(pairs.chain([("unheard of", "yes")]));
        assert_eq!(recalled.facts(), facts[..facts.len() - 1], "all but the connections");
        assert_eq!(recalled.features, learnt().features);
    }

    #[test]
    fn only_what_is_known_is_shown() {
        let shown = "greeting: ProFTPD Server\nsystem: Unix\n\
                     features: MLST type*;size*; | UTF8\nepsv: yes\nmlsd: no\nsizes confirmed: 3\n\
                     sets times: SITE UTIME\nneeds tls 1.2: yes\nconnections: 8\n";
        assert_eq!(learnt().to_string(), shown);
        assert_eq!(Personality::default().to_string(), "");
    }

    #[test]
    fn nonsense_stays_unknown() {
        let nonsense = [("epsv", "maybe"), ("connections", "-1"), ("system", "?"), ("size", "")];
        assert!(Personality::recalled(nonsense).facts().is_empty());
    }
}
