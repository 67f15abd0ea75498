//! Translates rclone's globs into regular expressions.
//!
//! `*` stands for anything but `/`, `**` for anything, `?` for one character, `[..]` for one of
//! some, `{a,b}` for one or the other, `{{..}}` holds a regular expression, `\` makes the next
//! character plain. A glob that begins with `/` matches from the top, others after any `/`.
//!
//! Paths are bytes: `*` and `**` match all of them, newlines and what is not UTF-8 included; `?`
//! and `[..]` match whole characters, so never a byte that is not UTF-8.

use std::iter::Peekable;
use std::str::Chars;
use std::sync::LazyLock;

use regex::Regex;

/// What is wrong with a glob.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum GlobError {
    #[error("mismatched `{{` and `}}`")]
    Brace,
    #[error("mismatched `[` and `]`")]
    Bracket,
    #[error("bad range in `[{0}]`")]
    Range(String),
    #[error("mismatched `{{{{` and `}}}}`")]
    Regex,
    #[error("too many stars")]
    Stars,
}

/// Returns the regular expression a path glob stands for.
pub(super) fn pattern(glob: &str) -> Result<String, GlobError> {
    let (start, rest) = match glob.strip_prefix('/') {
        Some(rest) => ("^", rest),
        None => ("(?:^|/)", glob),
    };
    let mut translation = Translation { out: start.to_owned(), braces: 0 };
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        translation.step(c, &mut chars)?;
    }
    if translation.braces > 0 {
        return Err(GlobError::Brace);
    }
    translation.out.push('$');
    Ok(translation.out)
}

struct Translation {
    out: String,
    /// How many `{` are open.
    braces: usize,
}

impl Translation {
    fn step(&mut self, c: char, chars: &mut Peekable<Chars<'_>>) -> Result<(), GlobError> {
        match c {
            '*' => self.stars(chars)?,
            '?' => self.out.push_str("[^/]"),
            '[' => self.class(chars)?,
            ']' => return Err(GlobError::Bracket),
            '{' if chars.next_if_eq(&'{').is_some() => self.regex(chars)?,
            '{' => {
                self.braces += 1;
                self.out.push_str("(?:");
            }
            '}' => {
                self.braces = self.braces.checked_sub(1).ok_or(GlobError::Brace)?;
                self.out.push(')');
            }
            ',' if self.braces > 0 => self.out.push('|'),
            '\\' => self.escape(chars.next()),
            _ => self.literal(c),
        }
        Ok(())
    }

    fn stars(&mut self, chars: &mut Peekable<Chars<'_>>) -> Result<(), GlobError> {
        let mut stars = 1;
        while chars.next_if_eq(&'*').is_some() {
            stars += 1;
        }
        self.out.push_str(match stars {
            1 => "(?-u:[^/]*)",
            2 => "(?s-u:.*)",
            _ => return Err(GlobError::Stars),
        });
        Ok(())
    }

    /// Copies what stands between `[` and `]`, with plain what Rust's classes would take for
    /// operators: rclone's know ranges, `^` and `[:alpha:]` only.
    fn class(&mut self, chars: &mut Peekable<Chars<'_>>) -> Result<(), GlobError> {
        let mut text = String::new();
        self.out.push('[');
        if chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        loop {
            let c = chars.next().ok_or(GlobError::Bracket)?;
            text.push(c);
            match c {
                ']' => break,
                '\\' => self.escape(chars.next()),
                '[' if chars.peek() == Some(&':') => {
                    self.out.push('[');
                    for c in chars.by_ref() {
                        self.out.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                }
                '-' if chars.peek() == Some(&'-') => return Err(GlobError::Range(text)),
                '-' => self.out.push('-'),
                _ => self.literal(c),
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// Copies what stands between `{{` and `}}`; of more than two `}` the last two end it.
    fn regex(&mut self, chars: &mut Peekable<Chars<'_>>) -> Result<(), GlobError> {
        self.out.push_str("(?:");
        loop {
            match chars.next().ok_or(GlobError::Regex)? {
                '}' if chars.next_if_eq(&'}').is_some() => break,
                c => self.out.push(c),
            }
        }
        while chars.next_if_eq(&'}').is_some() {
            self.out.push('}');
        }
        self.out.push(')');
        Ok(())
    }

    fn escape(&mut self, c: Option<char>) {
        match c {
            // `\d` and its kin keep their meaning, as in rclone.
            Some(c) if c.is_ascii_alphanumeric() => self.out.extend(['\\', c]),
            Some(c) => self.literal(c),
            None => self.out.push_str(r"\\"),
        }
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }
}

/// Returns globs of the directories in which a file that matches `glob` can be, from the deepest
/// up, without the top; all directories where that is too hard to say.
pub(super) fn directories(glob: &str) -> Vec<String> {
    if TOO_HARD.is_match(glob) {
        return vec!["/**".into()];
    }
    let squashed = SLASHES.replace_all(glob, "/");
    let mut rest = &*squashed;
    let mut globs = Vec::new();
    loop {
        let (slash, stars) = (rest.rfind('/'), rest.rfind("**"));
        let Some(end) = slash.max(stars) else { break };
        let tail = if stars > slash { "**/" } else { "/" };
        rest = &rest[..end];
        let directory = format!("{rest}{tail}");
        if globs.last() != Some(&directory) {
            globs.push(directory);
        }
    }
    if globs.is_empty() {
        globs.push("/**".into());
    }
    globs.retain(|directory| directory != "/");
    globs
}

/// A `/` or `**` within braces, a brace within braces, a regular expression.
static TOO_HARD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{[^{}]*(\*\*|/)[^{}]*\}|\{\{|\}\}|\{[^{}]*\{").expect("a constant")
});

static SLASHES: LazyLock<Regex> = LazyLock::new(|| Regex::new("/{2,}").expect("a constant"));

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(glob: &str, matches: &[&str], others: &[&str]) {
        let pattern = pattern(glob).unwrap();
        let regex = regex::bytes::RegexBuilder::new(&pattern).dot_matches_new_line(true).build();
        let regex = regex.unwrap_or_else(|error| panic!("{glob}: {error}"));
        for path in matches {
            assert!(regex.is_match(path.as_bytes()), "{glob} ({pattern}) should match {path:?}");
        }
        for path in others {
            assert!(
                !regex.is_match(path.as_bytes()),
                "{glob} ({pattern}) should not match {path:?}"
            );
        }
    }

    #[test]
    fn a_glob_matches_after_any_slash_unless_anchored() {
        check("potato", &["potato", "a/potato", "a/b/potato"], &["xpotato", "potatox", "potato/a"]);
        check("/potato", &["potato"], &["a/potato"]);
        check("a/b", &["a/b", "x/a/b"], &["xa/b", "a/c/b"]);
        check("", &["", "a/"], &["a"]);
    }

    #[test]
    fn one_star_stops_at_a_slash() {
        check("*.jpg", &[".jpg", "a.jpg", "d/a.jpg", "a\nb.jpg"], &["a.jpeg", "ajpg"]);
        check("/*.jpg", &["a.jpg"], &["d/a.jpg"]);
        check("/d/*", &["d/a", "d/"], &["d/a/b", "d"]);
        check("/a*c", &["ac", "abc"], &["a/c"]);
    }

    #[test]
    fn two_stars_go_on() {
        check("potato**sausage", &["potatosausage", "potato/x/y/sausage"], &["potato/sausages"]);
        check("/d/**", &["d/", "d/a", "d/a/b"], &["d", "e/d/a"]);
        check("/**/x", &["a/x", "a/b/x"], &["x"]);
    }

    #[test]
    fn a_question_mark_is_one_character() {
        check(
            "potato?sausage",
            &["potato-sausage", "potatoésausage"],
            &["potatosausage", "potato/sausage"],
        );
        check("/??", &["éé"], &["é"]);
    }

    #[test]
    fn brackets_hold_classes() {
        check("potat[oa]", &["potato", "potata"], &["potatx"]);
        check("potat[a-z]or", &["potatoor"], &["potat0r", "potat-or"]);
        check("potat[[:alpha:]]or", &["potatxor"], &["potat0or"]);
        check("[^a]x", &["bx"], &["ax"]);
        check(r"[\[\]]", &["[", "]"], &["a"]);
        check("[a&&b~~]", &["a", "&", "b", "~"], &["c"]);
        check("[-a]", &["-", "a"], &["b"]);
        check("[*?{]", &["*", "?", "{"], &["a"]);
    }

    #[test]
    fn braces_hold_alternatives() {
        check("a{b,c,d}e", &["abe", "ace"], &["ae", "a,e", "abcde"]);
        check("*.{jpg,png,gif}", &["a.jpg", "a.gif"], &["a.jpgx", "a.tif"]);
        check("{a,b{c,d}}x", &["ax", "bcx", "bdx"], &["bx"]);
        check("potato,sausage", &["potato,sausage"], &["potato", "sausage"]);
        check("{,a}b", &["b", "ab"], &["aab"]);
    }

    #[test]
    fn double_braces_hold_a_regular_expression() {
        check("{{a+}}.b", &["a.b", "aaa.b"], &["b.b", "axb"]);
        check(r"/{{\d{4}}}-x", &["2024-x"], &["24-x"]);
        check("{{(a|b)c}}", &["ac", "bc"], &["c"]);
        check("{{.*}}x", &["ax", "a/x"], &["a"]);
    }

    #[test]
    fn everything_else_is_plain() {
        check(
            "'.' '+' '(' ')' '|' '^' '$'",
            &["'.' '+' '(' ')' '|' '^' '$'"],
            &["'x' '+' '(' ')' '|' '^' '$'"],
        );
        check(r"a\*b", &["a*b"], &["axb"]);
        check(r"a\\b", &[r"a\b"], &["ab"]);
        check(r"\{a\}", &["{a}"], &["a"]);
        check("a#b c&d~e", &["a#b c&d~e"], &[]);
        check(r"a\", &[r"a\"], &["a"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        #[track_caller]
        fn check(glob: &str, expected: &str) {
            assert_eq!(pattern(glob).unwrap_err().to_string(), expected, "{glob}");
        }
        check("***potato", "too many stars");
        check("***", "too many stars");
        check("ab]c", "mismatched `[` and `]`");
        check("ab[c", "mismatched `[` and `]`");
        check("ab}c", "mismatched `{` and `}`");
        check("ab{}}cd", "mismatched `{` and `}`");
        check("ab{c", "mismatched `{` and `}`");
        check("ab{{cd", "mismatched `{{` and `}}`");
        check("[a--b]", "bad range in `[a-]`");
    }

    #[test]
    fn directories_are_those_a_match_can_be_in() {
        #[track_caller]
        fn check(glob: &str, expected: &[&str]) {
            assert_eq!(directories(glob), expected, "{glob}");
        }
        check("*", &["/**"]);
        check("*.jpg", &["/**"]);
        check("/*", &[]);
        check("///*.jpg", &[]);
        check("/a/*.jpg", &["/a/"]);
        check("/a///b/*.jpg", &["/a/b/", "/a/"]);
        check("a/b/*.jpg", &["a/b/", "a/"]);
        check("*/*/*.jpg", &["*/*/", "*/"]);
        check("a/b/", &["a/b/", "a/"]);
        check("/a/{jpg,png}/*.{jpg,png}", &["/a/{jpg,png}/", "/a/"]);
        check("a/{a,a*b,a**c}/d/", &["/**"]);
        check("/a/{a,a/c,d}/d/", &["/**"]);
        check("{{x}}/y", &["/**"]);
        check("{a,{b,c}}/y", &["/**"]);
        check("**", &["**/"]);
        check("a**b/c**d", &["a**b/c**/", "a**b/", "a**/"]);
        check("a**b**c**d", &["a**b**c**/", "a**b**/", "a**/"]);
        check("/var/spool/**/ncw", &["/var/spool/**/", "/var/spool/", "/var/"]);
        check("/sausage3**", &["/sausage3**/"]);
    }
}
