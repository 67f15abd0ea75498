//! Compares an answer with what a case expects, by the rules of the corpus: `score.py`, in Rust.

use serde_json::Value;

/// What sort of case it is.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Listing,
    Replies,
    Value,
}

const NOT_ASKED: &[&str] = &[
    "any",
    "dos-date",
    "ls-date",
    "misc",
    "mlsd-time",
    "pasv-nat",
    "vmspath-dir",
    "vmspath-file",
    "vmspath-to-unix",
];
const VALUES: &[&str] = &["150-size", "epsv", "feat", "mdtm", "mode-string", "pasv", "pwd", "size"];

/// Sources that complete a date without a year by another rule.
const OTHER_YEAR_RULE: &[&str] = &["aioftp", "fluentftp", "jlaffaye-ftp", "lftp"];

/// Returns what is asked of a case; some are for other software only.
pub(crate) fn asked(case: &Value) -> Option<Asked> {
    match case["dialect"].as_str()? {
        dialect if NOT_ASKED.contains(&dialect) => None,
        "reply-stream" => Some(Asked::Replies),
        dialect if VALUES.contains(&dialect) => Some(Asked::Value),
        _ => Some(Asked::Listing),
    }
}

pub(crate) fn judge(case: &Value, asked: Asked, answer: &Value) -> Result<(), String> {
    match asked {
        Asked::Listing => listing(case, answer),
        Asked::Replies => replies(&case["expect"], answer),
        Asked::Value => value(&case["expect"], &answer["value"]),
    }
}

fn listing(case: &Value, answer: &Value) -> Result<(), String> {
    let expect = &case["expect"];
    let entries: Vec<&Value> =
        answer["entries"].as_array().map(|e| e.iter().collect()).unwrap_or_default();
    let entries: Vec<&Value> = entries.into_iter().filter(|e| !is_own(e)).collect();
    if let Some(word) = expect.as_str() {
        let dialect_only = word == "error" && case["error_scope"] == "dialect";
        let good = dialect_only || entries.is_empty();
        return good.then_some(()).ok_or_else(|| format!("{entries:?} where none was due"));
    }
    let wanted: Vec<&Value> = match expect {
        Value::Array(all) => all.iter().filter(|e| !is_own(e)).collect(),
        one => vec![one].into_iter().filter(|e| !is_own(e)).collect(),
    };
    if wanted.first().is_some_and(|w| w.get("status").is_some()) {
        return (!entries.is_empty()).then_some(()).ok_or_else(|| "nothing read".into());
    }
    if wanted.len() != entries.len() {
        return Err(format!("{} entries, {} due", entries.len(), wanted.len()));
    }
    wanted.iter().zip(&entries).try_for_each(|(want, got)| entry(want, got, case))
}

fn is_own(entry: &Value) -> bool {
    matches!(entry["name"].as_str(), Some("." | ".."))
        || matches!(entry["type"].as_str(), Some("cdir" | "pdir"))
}

fn entry(want: &Value, got: &Value, case: &Value) -> Result<(), String> {
    let vms = case["dialect"] == "vms";
    let text = |of: &Value, field: &str| of[field].as_str().map(str::to_owned);
    let name = |of: &Value| text(of, "name").map(|n| if vms { vms_name(&n) } else { n });
    let kind = text(want, "type").filter(|t| ["file", "dir", "symlink", "other"].contains(&&**t));
    let size_asked = !want["size"].is_null() && want["type"] != "dir";
    let wrong = if want.get("name").is_some() && name(want) != name(got) {
        "name"
    } else if kind.is_some() && kind != text(got, "type") {
        "type"
    } else if size_asked && want["size"] != got["size"] {
        "size"
    } else if !want["link_target"].is_null() && want["link_target"] != got["link_target"] {
        "link target"
    } else if !time(text(want, "mtime"), text(got, "mtime"), case) {
        "time"
    } else {
        return Ok(());
    };
    Err(format!("{wrong}: {got} for {want}"))
}

/// Versions, `.DIR` and case are told otherwise by each source.
fn vms_name(name: &str) -> String {
    let digits = |version: &str| version.bytes().all(|b| b.is_ascii_digit());
    let name = match name.rsplit_once(';') {
        Some((name, version)) if digits(version) => name,
        _ => name,
    };
    let name = name.to_lowercase();
    name.strip_suffix(".dir").unwrap_or(&name).to_owned()
}

fn time(want: Option<String>, got: Option<String>, case: &Value) -> bool {
    let Some(want) = want else { return true };
    let Some(got) = got else { return false };
    if let Some(yearless) = want.strip_prefix("--") {
        return got.get(5..).is_some_and(|got| got.starts_with(yearless));
    }
    let other_rule = case["source"].as_str().is_some_and(|s| OTHER_YEAR_RULE.contains(&s));
    let from = if other_rule && !case["now"].is_null() { 4 } else { 0 };
    let cut = |time: &str| {
        let time = time[from..].trim_end_matches('Z');
        time.split('.').next().unwrap_or_default().to_owned()
    };
    let (want, got) = (cut(&want), cut(&got));
    if want.len() + from == 10 {
        return got.starts_with(&want);
    }
    want == got || want.strip_suffix("T00:00:00").is_some_and(|day| day == got)
}

fn replies(expect: &Value, answer: &Value) -> Result<(), String> {
    let Some(wanted) = expect["messages"].as_array() else { return Ok(()) };
    let trimmed = |all: &[Value]| -> Vec<String> {
        all.iter().map(|m| m.as_str().unwrap_or_default().trim().to_owned()).collect()
    };
    let got = answer["messages"].as_array().map(|m| trimmed(m)).unwrap_or_default();
    (trimmed(wanted) == got).then_some(()).ok_or_else(|| format!("{got:?} for {wanted:?}"))
}

fn value(expect: &Value, got: &Value) -> Result<(), String> {
    let Some(wanted) = expect.as_object() else {
        return got.is_null().then_some(()).ok_or_else(|| format!("{got} for an error"));
    };
    let same = |(field, want): (&String, &Value)| match want {
        Value::String(time) if field == "mtime" => {
            got[field].as_str().map(|t| t.trim_end_matches('Z')) == Some(time.trim_end_matches('Z'))
        }
        _ => got.get(field).unwrap_or(&Value::Null) == want,
    };
    let nothing = got.is_null() && wanted.values().all(Value::is_null);
    let good = nothing || wanted.iter().all(same);
    good.then_some(()).ok_or_else(|| format!("{got} for {expect}"))
}
