//! What a server says it can do: [RFC 2389], the answer to `FEAT`.
//!
//! Names are compared without case. The RFC asks for one blank before each; servers that leave it
//! out, or repeat `211-`, exist. That the list be complete is promised there too, and not relied
//! on: what a server really does is learnt by whoever talks to it.
//!
//! [RFC 2389]: https://www.rfc-editor.org/rfc/rfc2389

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::hash::Algorithm;
use crate::reply::{Code, Reply};

/// The features of one server, in its order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Features(Vec<Feature>);

/// One line of the answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Feature {
    /// The name, in upper case.
    pub name: String,
    /// What follows it, as it came; often nothing.
    pub parameters: String,
}

/// A fact that `MLST` can tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// The name, in lower case.
    pub name: String,
    /// Whether it is told without being asked for with `OPTS MLST`.
    pub enabled: bool,
}

impl Features {
    /// Reads the answer to `FEAT`; a refusal is an empty list.
    pub fn parse(reply: &Reply) -> Self {
        if !reply.code().is_completion() {
            return Self::default();
        }
        Self(reply.body().filter_map(feature).collect())
    }

    /// Returns the reply that tells them, each on a line behind one blank (RFC 2389 3.2), or `None`
    /// where one holds a line end.
    pub fn to_reply(&self) -> Option<Reply> {
        let line = |feature: &Feature| match &feature.parameters[..] {
            "" => format!(" {}", feature.name),
            parameters => format!(" {} {parameters}", feature.name),
        };
        let head = [String::from("Extensions supported:")].into_iter();
        let lines = head.chain(self.0.iter().map(line)).chain([String::from("End")]);
        Reply::new(Code::new(211)?, lines)
    }

    /// Returns all of them.
    pub fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.0.iter()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether this feature is listed.
    pub fn has(&self, name: &str) -> bool {
        self.parameters(name).next().is_some()
    }

    /// Returns the parameters of each line with this name.
    pub fn parameters(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |feature| feature.name.eq_ignore_ascii_case(name))
            .map(|feature| &feature.parameters[..])
    }

    /// Tells whether a line with this name has this word among its parameters.
    pub fn offers(&self, name: &str, word: &str) -> bool {
        let is_word = |found: &str| found.eq_ignore_ascii_case(word);
        self.parameters(name).any(|all| all.split([' ', ';', ',']).any(is_word))
    }

    /// Tells whether `MLST` and with it `MLSD` can be used ([RFC 3659 7.8]).
    ///
    /// [RFC 3659 7.8]: https://www.rfc-editor.org/rfc/rfc3659#section-7.8
    pub fn mlst(&self) -> bool {
        self.has("MLST") || self.has("MLSD")
    }

    /// Returns the facts `MLST` can tell; those it tells unasked have an asterisk behind them:
    /// "factlist = 1*( factname \[`*`\] `;` )" ([RFC 3659 7.8]).
    ///
    /// [RFC 3659 7.8]: https://www.rfc-editor.org/rfc/rfc3659#section-7.8
    pub fn facts(&self) -> Vec<Fact> {
        let all = self.parameters("MLST").flat_map(|facts| facts.split([';', ' ']));
        all.filter(|fact| !fact.is_empty()).map(fact).collect()
    }

    /// Returns the languages that `LANG` knows, and which of them is spoken now: it has an asterisk
    /// behind it ([RFC 2640 4.3]).
    ///
    /// [RFC 2640 4.3]: https://www.rfc-editor.org/rfc/rfc2640#section-4.3
    pub fn languages(&self) -> Vec<(&str, bool)> {
        let all = self.parameters("LANG").flat_map(|tags| tags.split([';', ' ']));
        let tags = all.map(|tag| (tag.trim_end_matches('*'), tag.ends_with('*')));
        tags.filter(|(tag, _)| !tag.is_empty()).collect()
    }

    /// Tells whether a stream can be entered at an offset: "REST STREAM" ([RFC 3659 5.4]).
    ///
    /// [RFC 3659 5.4]: https://www.rfc-editor.org/rfc/rfc3659#section-5.4
    pub fn rest_stream(&self) -> bool {
        self.offers("REST", "STREAM")
    }

    /// Tells whether names are UTF-8 ([RFC 2640](https://www.rfc-editor.org/rfc/rfc2640)).
    pub fn utf8(&self) -> bool {
        self.has("UTF8") || self.has("UTF-8")
    }

    /// Tells whether paths are separated by `/` ([RFC 3659 6](https://www.rfc-editor.org/rfc/rfc3659#section-6)).
    pub fn tvfs(&self) -> bool {
        self.has("TVFS")
    }

    /// Tells whether `AUTH TLS` is offered; `TLS-C` is an older word for it.
    pub fn auth_tls(&self) -> bool {
        self.offers("AUTH", "TLS") || self.offers("AUTH", "TLS-C")
    }

    /// Returns what `HASH` computes, and which of them it computes unasked: "hashlist = 1*( hashname
    /// \[`*`\] `;` )" (draft-bryan-ftpext-hash 3.1). Names not known here are left out.
    pub fn hashes(&self) -> Vec<(Algorithm, bool)> {
        let all = self.parameters("HASH").flat_map(|names| names.split([';', ' ']));
        let known = all.filter_map(|name| {
            let algorithm = Algorithm::named(name.trim_end_matches('*'))?;
            Some((algorithm, name.ends_with('*')))
        });
        known.collect()
    }
}

impl FromIterator<Feature> for Features {
    fn from_iter<T: IntoIterator<Item = Feature>>(features: T) -> Self {
        Self(features.into_iter().collect())
    }
}

/// Reads which facts `MLST` and `MLSD` tell from now on, out of the answer to `OPTS MLST`: `200 MLST
/// OPTS size;type;` ([RFC 3659 7.9]). `None` where it does not say.
///
/// [RFC 3659 7.9]: https://www.rfc-editor.org/rfc/rfc3659#section-7.9
pub fn mlst_options(reply: &Reply) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(reply.text());
    let begin = text.to_ascii_uppercase().find("MLST OPTS");
    let begin = begin.filter(|_| reply.code().is_completion())?;
    let facts = text[begin..].split_ascii_whitespace().nth(2).unwrap_or_default();
    let names = facts.split(';').filter(|name| !name.is_empty());
    Some(names.map(str::to_ascii_lowercase).collect())
}

/// Reads one line: "feature = feature-label [ SP feature-parms ]" behind a blank (RFC 2389 3.2).
fn feature(line: &[u8]) -> Option<Feature> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    let (name, parameters) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if name.is_empty() {
        return None;
    }
    let parameters = parameters.trim_start().to_string();
    Some(Feature { name: name.to_ascii_uppercase(), parameters })
}

fn fact(text: &str) -> Fact {
    let name = text.trim_end_matches('*');
    Fact { name: name.to_ascii_lowercase(), enabled: name.len() < text.len() }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn features(text: &str) -> Features {
        Features::parse(&Reply::parse(text.as_bytes()).expect("a reply"))
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let features = features(text);
        let read: Vec<_> = features.iter().map(|f| (&f.name[..], &f.parameters[..])).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn one_feature_a_line() {
        let rfc = "211-Extensions supported:\r\n MLST size*;create;\r\n SIZE\r\n211 END\r\n";
        check(rfc, &[("MLST", "size*;create;"), ("SIZE", "")]);
        check(
            "211-Features:\r\n211-MDTM\r\n211-SIZE\r\n211 End\r\n",
            &[("MDTM", ""), ("SIZE", "")],
        );
        check("211-F\nmdtm\nRest  Stream\n\n211 End\n", &[("MDTM", ""), ("REST", "Stream")]);
    }

    #[test]
    fn none_is_an_empty_list() {
        check("211 No features available\r\n", &[]);
        check("211-None\r\n211 End\r\n", &[]);
        check("500 What?\r\n", &[]);
        check("500-What?\r\n MLST\r\n500 x\r\n", &[]);
    }

    #[test]
    fn features_are_asked_for_by_what_they_mean() {
        let all = features(
            "211-Features:\r\n AUTH SSL;TLS-C;TLS-P;\r\n REST STREAM\r\n UTF8\r\n TVFS\r\n \
             MLST Type*;Size*;UNIX.mode;\r\n HASH SHA-512;SHA-1*;CRC32\r\n211 End\r\n",
        );
        assert!(all.auth_tls() && all.rest_stream() && all.utf8() && all.tvfs() && all.mlst());
        let enabled: Vec<_> =
            all.facts().into_iter().map(|fact| (fact.name, fact.enabled)).collect();
        let expected = [("type", true), ("size", true), ("unix.mode", false)];
        assert_eq!(enabled, expected.map(|(name, enabled)| (name.to_string(), enabled)));
        let hashes =
            vec![(Algorithm::Sha512, false), (Algorithm::Sha1, true), (Algorithm::Crc32, false)];
        assert_eq!(all.hashes(), hashes);
        assert!(features("211-x\n AUTH TLS\n211 x\n").auth_tls());
        let languages = features("211-x\n LANG EN*;FR;de-AT\n211 x\n");
        assert_eq!(languages.languages(), [("EN", true), ("FR", false), ("de-AT", false)]);
        assert!(!features("211-x\n AUTH SSL\n REST\n211 x\n").rest_stream());
    }

    #[test]
    fn the_server_confirms_facts() {
        let read = |line: &str| mlst_options(&Reply::parse(line.as_bytes()).expect("a reply"));
        let names = |names: &[&str]| Some(names.iter().copied().map(String::from).collect());
        assert_eq!(read("200 MLST OPTS Size;Type;"), names(&["size", "type"]));
        assert_eq!(read("200 OK, MLST OPTS type;"), names(&["type"]));
        assert_eq!(read("200 MLST OPTS"), names(&[]));
        assert_eq!(read("200 \u{131}\u{131}\u{131} MLST OPTS \u{131};"), names(&["\u{131}"]));
        assert_eq!(read("200 Done."), None);
        assert_eq!(read("501 MLST OPTS type;"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(features in crate::strategy::features()) {
            let reply = features.to_reply().expect("no line end in it");
            prop_assert_eq!(Features::parse(&reply), features);
        }

        #[test]
        fn facts_are_told_with_their_defaults(facts in proptest::collection::vec(crate::strategy::fact(), 1..8)) {
            let mark = |fact: &Fact| format!("{}{};", fact.name, if fact.enabled { "*" } else { "" });
            let line = facts.iter().map(mark).collect::<String>();
            let reply = format!("211-Features:\r\n MLST {line}\r\n211 End\r\n");
            prop_assert_eq!(features(&reply).facts(), facts);
        }
    }
}
