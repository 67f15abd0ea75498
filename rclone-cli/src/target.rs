//! What a user calls a place: `name:path`, `name,option=value:path`, `:ftp,host=h:path` or a local
//! path, told apart as rclone does.

use std::fmt;
use std::str::FromStr;

/// A place, as typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// On this machine.
    Local(String),
    /// On a remote.
    Remote(Remote),
}

/// A remote and a path on it, as typed.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Remote {
    pub(crate) source: Source,
    /// Options given right there.
    pub(crate) options: Vec<(String, String)>,
    pub(crate) path: String,
}

/// Where the options of a remote come from, besides those given with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// From nowhere: a backend of this type, made up on the spot.
    Backend(String),
    /// From the section of this name.
    Section(String),
}

impl fmt::Debug for Remote {
    /// Leaves out the values of options, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.options.iter().map(|(key, _)| key).collect();
        f.debug_struct("Remote")
            .field("source", &self.source)
            .field("options", &keys)
            .field("path", &self.path)
            .finish()
    }
}

/// Why a text names no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoTarget {
    AfterQuote,
    Empty,
    EmptyName,
    EmptyOption,
    Name,
    NameEnd,
    Option,
    OptionEnd,
    Quote,
    ValueEnd,
}

impl fmt::Display for NoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterQuote => "expecting `:` or `,` or another quote after a quote",
            Self::Empty => "can't use empty string as a path",
            Self::EmptyName => "config name can't be empty",
            Self::EmptyOption => "config parameters can't be empty",
            Self::Name => {
                "config name contains invalid characters - may only contain numbers, letters, \
                 `_`, `-`, `.`, `+`, `@` and space, while not start with `-` or space, and not \
                 end with space"
            }
            Self::NameEnd => "config name needs a trailing `:`",
            Self::Option => "config parameters may only contain `0-9`, `A-Z`, `a-z`, `_` and `.`",
            Self::OptionEnd => "config parameter must end with `,` or `:`",
            Self::Quote => "unterminated quoted config value",
            Self::ValueEnd => "unquoted config value must end with `,` or `:`",
        })
    }
}

impl std::error::Error for NoTarget {}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        if text.is_empty() {
            return Err(NoTarget::Empty);
        }
        let on_the_fly = text.starts_with(':');
        let body = text.strip_prefix(':').unwrap_or(text);
        let end = body.find([':', ',', '/', '\\']);
        match end.map(|end| body.as_bytes()[end]) {
            _ if !text.contains(':') => return Ok(Self::Local(text.into())),
            Some(b'/' | b'\\') if on_the_fly => return Err(NoTarget::Name),
            Some(b'/' | b'\\') => return Ok(Self::Local(text.into())),
            None => return Err(NoTarget::NameEnd),
            Some(_) => {}
        }
        let (name, rest) = body.split_at(end.unwrap_or(body.len()));
        if name.is_empty() {
            return Err(NoTarget::EmptyName);
        }
        if !is_name(name) {
            return Err(NoTarget::Name);
        }
        let (options, path) = options(rest)?;
        let source = if on_the_fly { Source::Backend } else { Source::Section }(name.into());
        Ok(Self::Remote(Remote { source, options, path: path.into() }))
    }
}

/// Tells whether a remote may be called that.
pub(crate) fn is_name(name: &str) -> bool {
    let outer = |c: char| c.is_alphanumeric() || "_.+@".contains(c);
    let inner = |c: char| outer(c) || c == '-' || c == ' ';
    name.starts_with(outer) && name.chars().all(inner) && !name.ends_with(' ')
}

/// What follows a name: the options up to the `:`, and the path behind it.
type Rest<'a> = (Vec<(String, String)>, &'a str);

/// Reads `,key=value,flag:path`.
fn options(mut rest: &str) -> Result<Rest<'_>, NoTarget> {
    let mut options = Vec::new();
    while let Some(option) = rest.strip_prefix(',') {
        let end = option.find([':', ',', '=']).ok_or(NoTarget::OptionEnd)?;
        let (key, tail) = option.split_at(end);
        if key.is_empty() {
            return Err(NoTarget::EmptyOption);
        }
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return Err(NoTarget::Option);
        }
        let (value, tail) = match tail.strip_prefix('=') {
            Some(tail) => value(tail)?,
            None => ("true".into(), tail),
        };
        options.push((key.into(), value));
        rest = tail;
    }
    Ok((options, &rest[1..]))
}

/// Reads a value and returns what follows it, which begins with `,` or `:`.
fn value(text: &str) -> Result<(String, &str), NoTarget> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = text.find([':', ',']).ok_or(NoTarget::ValueEnd)?;
        return Ok((text[..end].into(), &text[end..]));
    };
    let mut value = String::new();
    let mut rest = &text[1..];
    loop {
        let end = rest.find(quote).ok_or(NoTarget::Quote)?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.chars().next() {
            Some(',' | ':') => return Ok((value, rest)),
            Some(c) if c == quote => value.push(quote),
            _ => return Err(NoTarget::AfterQuote),
        }
        rest = &rest[1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn local(text: &str) {
        assert_eq!(text.parse(), Ok(Target::Local(text.into())));
    }

    #[track_caller]
    fn remote(text: &str, source: Source, options: &[(&str, &str)], path: &str) {
        let options = options.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let want = Target::Remote(Remote { source, options, path: path.into() });
        assert_eq!(text.parse(), Ok(want));
    }

    #[track_caller]
    fn refused(text: &str, why: NoTarget) {
        assert_eq!(text.parse::<Target>(), Err(why));
    }

    fn section(name: &str) -> Source {
        Source::Section(name.into())
    }

    fn backend(name: &str) -> Source {
        Source::Backend(name.into())
    }

    #[test]
    fn what_has_no_colon_is_local() {
        for text in ["path", "/a/b", ".", "a,b", "a b", "-"] {
            local(text);
        }
    }

    #[test]
    fn a_separator_before_the_colon_is_local() {
        for text in ["/a:b", "./a:b", "a/b:c", "a\\b:c", "/", "a/,b:c"] {
            local(text);
        }
    }

    #[test]
    fn names_and_paths_part_at_the_colon() {
        remote("nas:", section("nas"), &[], "");
        remote("nas:a/b", section("nas"), &[], "a/b");
        remote("nas:/a:b,c", section("nas"), &[], "/a:b,c");
        remote("my nas-2.x+y@z_:p", section("my nas-2.x+y@z_"), &[], "p");
        remote("ünï:p", section("ünï"), &[], "p");
        remote(":ftp:p", backend("ftp"), &[], "p");
    }

    #[test]
    fn options_stand_between_name_and_colon() {
        remote("nas,tls,port=21:p", section("nas"), &[("tls", "true"), ("port", "21")], "p");
        remote(":ftp,host=h,user=:p", backend("ftp"), &[("host", "h"), ("user", "")], "p");
        remote("nas,override.ca_cert=/c:p", section("nas"), &[("override.ca_cert", "/c")], "p");
        remote("nas,a=b=c:", section("nas"), &[("a", "b=c")], "");
        remote("nas,a=b'c:", section("nas"), &[("a", "b'c")], "");
    }

    #[test]
    fn quoted_values_hold_anything() {
        remote(":ftp,host=\"::1\":p", backend("ftp"), &[("host", "::1")], "p");
        remote("nas,a='x,y:z',b=1:", section("nas"), &[("a", "x,y:z"), ("b", "1")], "");
        remote("nas,a=\"say \"\"hi\"\"\":", section("nas"), &[("a", "say \"hi\"")], "");
        remote("nas,a='':", section("nas"), &[("a", "")], "");
        remote("nas,a='\"':", section("nas"), &[("a", "\"")], "");
    }

    #[test]
    fn what_names_no_place_is_refused() {
        refused("", NoTarget::Empty);
        refused(":", NoTarget::NameEnd);
        refused("::", NoTarget::EmptyName);
        refused(":ftp", NoTarget::NameEnd);
        refused(":/a:b", NoTarget::Name);
        refused(":a/b:", NoTarget::Name);
        refused("na*s:p", NoTarget::Name);
        refused("-nas:p", NoTarget::Name);
        refused("nas :p", NoTarget::Name);
        refused(" nas:p", NoTarget::Name);
        refused("nas,:p", NoTarget::EmptyOption);
        refused("nas,,a:p", NoTarget::EmptyOption);
        refused("nas,a-b:p", NoTarget::Option);
        refused(":ftp,tls", NoTarget::OptionEnd);
        refused(":ftp,host=a", NoTarget::ValueEnd);
        refused(":ftp,host=\"a:x", NoTarget::Quote);
        refused("nas,a='b'c:p", NoTarget::AfterQuote);
        refused(":nas,a='b'", NoTarget::AfterQuote);
    }

    #[test]
    fn values_are_not_shown() {
        let shown = format!("{:?}", ":ftp,pass=hunter2:p".parse::<Target>());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
