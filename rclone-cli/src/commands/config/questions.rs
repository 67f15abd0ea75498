//! The questions of a remote one at a time, for programs: what is printed names the next one, and
//! `config update --continue --state STATE --result ANSWER` answers it. As in rclone.

use serde::Serialize;
use serde_json::Value;

use crate::config::file::File;
use crate::config::obscure;
use crate::config::options::{FTP, Kind, Opt};
use crate::exit::Usage;
use crate::values::{self, Span};

/// What comes next: a question, or nothing more.
#[derive(Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Step {
    state: String,
    option: Option<Question>,
    error: String,
    result: String,
}

/// A question with rclone's fields, in rclone's order.
#[derive(Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Question {
    name: &'static str,
    field_name: &'static str,
    help: &'static str,
    default: Value,
    value: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    examples: Vec<Example>,
    hide: u8,
    required: bool,
    is_password: bool,
    no_prefix: bool,
    advanced: bool,
    exclusive: bool,
    sensitive: bool,
    default_str: String,
    value_str: String,
    r#type: &'static str,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Example {
    value: &'static str,
    help: &'static str,
}

const ADVANCED: &str = "*all-advanced";

impl Step {
    /// Returns what rclone prints.
    pub(super) fn json(&self) -> String {
        super::show::indented(self, b"\t") + "\n"
    }
}

/// Returns the first question about options that are not in `given`.
pub(super) fn first(file: &File, name: &str, given: &[(String, String)], user: &str) -> Step {
    let asked = |option: &Opt| !given.iter().any(|(key, _)| key == option.key);
    next(file, name, 0, false, user, asked)
}

/// Takes an answer and returns what to set, if anything, and what comes next.
///
/// # Errors
/// When no question has that state.
pub(super) fn answer(
    file: &File,
    name: &str,
    state: &str,
    result: &str,
    user: &str,
) -> anyhow::Result<(Option<(&'static str, String)>, Step)> {
    if state == ADVANCED {
        return Ok((None, after_basics(file, name, result, user)));
    }
    let unknown = || Usage(format!("no question has the state {state:?}"));
    let (index, advanced) = place(state).ok_or_else(unknown)?;
    let option = FTP.get(index).ok_or_else(unknown)?;
    let default = default(file, name, option, user);
    if result == default {
        return Ok((None, next(file, name, index + 1, advanced, user, |_| true)));
    }
    match option.kind {
        _ if result.is_empty() => {}
        Kind::Password if obscure::reveal(result).is_ok() => {}
        Kind::Password => {
            let change = Some((option.key, obscure::obscure(result)));
            return Ok((change, next(file, name, index + 1, advanced, user, |_| true)));
        }
        kind => {
            if let Err(error) = kind.check(result) {
                let again = next(file, name, index, advanced, user, |_| true);
                return Ok((None, Step { error, ..again }));
            }
        }
    }
    let change = Some((option.key, result.to_owned()));
    Ok((change, next(file, name, index + 1, advanced, user, |_| true)))
}

/// Reads `*all-set,INDEX,ADVANCED`.
fn place(state: &str) -> Option<(usize, bool)> {
    let (index, advanced) = state.strip_prefix("*all-set,")?.split_once(',')?;
    Some((index.parse().ok()?, advanced.parse().ok()?))
}

fn after_basics(file: &File, name: &str, result: &str, user: &str) -> Step {
    match values::boolean(result) {
        Ok(true) => next(file, name, 0, true, user, |_| true),
        Ok(false) => Step::default(),
        Err(error) => Step { error, ..advanced() },
    }
}

/// Returns the question from `index` on that is of this kind and to be asked.
fn next(
    file: &File,
    name: &str,
    index: usize,
    of_advanced: bool,
    user: &str,
    asked: impl Fn(&Opt) -> bool,
) -> Step {
    let found = FTP
        .iter()
        .enumerate()
        .skip(index)
        .find(|(_, option)| option.advanced == of_advanced && asked(option));
    match found {
        Some((index, option)) => Step {
            state: format!("*all-set,{index},{of_advanced}"),
            option: Some(question(file, name, option, user)),
            ..Step::default()
        },
        None if of_advanced => Step::default(),
        None => advanced(),
    }
}

fn question(file: &File, name: &str, option: &Opt, user: &str) -> Question {
    let text = default(file, name, option, user);
    let is_set = file.get(name, option.key).is_some();
    Question {
        name: option.key,
        field_name: "",
        help: option.help,
        default: if is_set { text.as_str().into() } else { typed(option.kind, &text) },
        value: None,
        examples: Vec::new(),
        hide: 0,
        required: option.required,
        is_password: option.kind == Kind::Password,
        no_prefix: false,
        advanced: option.advanced,
        exclusive: false,
        sensitive: option.sensitive,
        default_str: text.clone(),
        value_str: text,
        r#type: option.kind.name(),
    }
}

/// Returns what an empty answer stands for: what the remote has, or the option's default.
fn default(file: &File, name: &str, option: &Opt, user: &str) -> String {
    let usual = || match option.key {
        "user" => user.to_owned(),
        _ => option.default.to_owned(),
    };
    file.get(name, option.key).unwrap_or_else(usual)
}

/// Returns a default as JSON; a length of time in nanoseconds.
fn typed(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Bool => values::boolean(text).unwrap_or_default().into(),
        Kind::Int => text.parse::<u32>().map_or(Value::Null, Value::from),
        Kind::Duration => match text.parse::<Span>().map(|span| span.or_zero().as_nanos()) {
            Ok(nanoseconds) => u64::try_from(nanoseconds).map_or(Value::Null, Value::from),
            Err(_) => Value::Null,
        },
        Kind::Encoding | Kind::Password | Kind::Text => text.into(),
    }
}

fn advanced() -> Step {
    let question = Question {
        name: "config_fs_advanced",
        field_name: "",
        help: "Edit advanced config?",
        default: false.into(),
        value: None,
        examples: vec![
            Example { value: "true", help: "Yes" },
            Example { value: "false", help: "No" },
        ],
        hide: 0,
        required: false,
        is_password: false,
        no_prefix: false,
        advanced: false,
        exclusive: true,
        sensitive: false,
        default_str: "false".into(),
        value_str: "false".into(),
        r#type: "bool",
    };
    Step { state: ADVANCED.into(), option: Some(question), ..Step::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(step: &Step) -> (&str, &str) {
        (&step.state, step.option.as_ref().map_or("", |question| question.name))
    }

    fn file() -> File {
        File::parse("[a]\ntype = ftp\nhost = h\n").unwrap()
    }

    fn answered(state: &str, result: &str) -> (Option<(&'static str, String)>, Step) {
        answer(&file(), "a", state, result, "me").unwrap()
    }

    #[test]
    fn questions_follow_each_other() {
        let given = [("host".to_owned(), "h".to_owned())];
        let step = first(&file(), "a", &given, "me");
        assert_eq!(asked(&step), ("*all-set,1,false", "user"));
        let (change, step) = answered("*all-set,1,false", "you");
        assert_eq!(
            (change, asked(&step)),
            (Some(("user", "you".into())), ("*all-set,2,false", "port"))
        );
        let (change, step) = answered("*all-set,2,false", "21");
        assert_eq!(change, None, "the default is not stored");
        assert_eq!(asked(&step).1, "pass");
    }

    #[test]
    fn advanced_questions_are_asked_on_request() {
        let (_, step) = answered("*all-set,5,false", "false");
        assert_eq!(asked(&step), (ADVANCED, "config_fs_advanced"));
        assert_eq!(asked(&answered(ADVANCED, "true").1), ("*all-set,6,true", "concurrency"));
        assert_eq!(answered(ADVANCED, "false").1, Step::default());
        let last = format!("*all-set,{},true", FTP.len() - 1);
        assert_eq!(answered(&last, "").1, Step::default());
    }

    #[test]
    fn a_wrong_answer_is_asked_again() {
        let (change, step) = answered("*all-set,2,false", "many");
        assert_eq!((change, asked(&step).1), (None, "port"));
        assert!(step.error.contains("`many`"), "{}", step.error);
        assert!(answer(&file(), "a", "*all-set,99,true", "", "me").is_err());
        assert!(answer(&file(), "a", "nonsense", "", "me").is_err());
    }

    #[test]
    fn passwords_are_obscured() {
        let (change, _) = answered("*all-set,3,false", "secret");
        assert_eq!(obscure::reveal(&change.unwrap().1).unwrap(), "secret");
    }
}
