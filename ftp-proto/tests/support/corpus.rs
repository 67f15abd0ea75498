//! Cases of listings and replies: reads one, and says what the crate makes of it.
//!
//! What a case expects is not looked at here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use ftp_proto::{
    Decoder, Features, Reply,
    address::{self, Passive},
    listing::{self, Entry, Item, Kind, Options, Precision, Reader, Zone},
    path, size, time,
};
use jiff::civil::{DateTime, date};
use serde_json::{Map, Value, json};

/// One case: an object with `id`, `dialect`, and `line` or `raw`.
pub(crate) struct Case(pub(crate) Value);

impl Case {
    fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }

    /// Returns what the crate reads, with the `id` of the case.
    pub(crate) fn answer(&self) -> Value {
        let bytes = self.bytes();
        let reply = Reply::parse(&bytes);
        let mut answer = match self.text("dialect").unwrap_or_default() {
            "reply-stream" => stream(&bytes),
            "mode-string" => {
                value(listing::mode(&bytes).map(|m| json!({ "mode": format!("{m:04o}") })))
            }
            "pasv" | "epsv" => value(reply.and_then(|r| passive(&r))),
            "pwd" => {
                value(reply.and_then(|r| Some(json!({ "path": text(&path::path(&r).ok()?) }))))
            }
            "size" => value(reply.and_then(|r| Some(json!({ "size": size::size(&r).ok()? })))),
            "150-size" => value(reply.map(|r| json!({ "size": size::hint(&r) }))),
            "mdtm" => value(reply.and_then(|r| Some(json!({ "mtime": mdtm(&r)? })))),
            "feat" => value(reply.map(|r| features(&r))),
            _ => self.listed(&bytes),
        };
        answer["id"] = self.0["id"].clone();
        answer
    }

    fn bytes(&self) -> Vec<u8> {
        match self.text("line_b64").or_else(|| self.text("raw_b64")) {
            Some(encoded) => STANDARD.decode(encoded).expect("base64"),
            None => self.text("line").or_else(|| self.text("raw")).unwrap_or_default().into(),
        }
    }

    fn listed(&self, bytes: &[u8]) -> Value {
        let now = self.text("now").and_then(|now| now.trim_end_matches('Z').parse().ok());
        let mut options = Options::new(now.unwrap_or(date(2025, 7, 1).at(0, 0, 0, 0)));
        options.directory = self.text("listed_dir").map(Into::into);
        let mut reader = Reader::new(options);
        // A single line comes without its end, of which a CR may be part of the name.
        let end: &[u8] = if bytes.ends_with(b"\r") { b"\r\n" } else { b"" };
        let mut items: Vec<Item> = reader.read(bytes).collect();
        items.extend(reader.read(end));
        items.extend(reader.finish());
        let (mut entries, mut unread) = (vec![], vec![]);
        for item in items {
            match item {
                Item::Entry(e) => entries.push(entry(&e)),
                Item::Own(e) if self.is_asked_for(&e) => entries.push(entry(&e)),
                Item::Unread(line) => unread.push(text(&line.line)),
                _ => {}
            }
        }
        json!({ "entries": entries, "unread": unread })
    }

    /// Says that an entry is what `MLST` answers of a directory, not one in a listing.
    fn is_asked_for(&self, own: &Entry) -> bool {
        let absolute = own.kind == Kind::Current && own.name().starts_with(b"/");
        absolute && self.text("listed_dir").is_none()
    }
}

fn value(value: impl Into<Value>) -> Value {
    let value = value.into();
    json!({ "value": value })
}

/// Text as UTF-8, else as Latin-1.
fn text(bytes: &[u8]) -> String {
    let latin1 = || bytes.iter().map(|b| char::from(*b)).collect();
    String::from_utf8(bytes.into()).unwrap_or_else(|_| latin1())
}

fn stream(bytes: &[u8]) -> Value {
    let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::from(bytes));
    let mut messages = vec![];
    while let Ok(Some(reply)) = decoder.decode(&mut buffer) {
        messages.push(reply.lines().map(text).collect::<Vec<_>>().join("\n"));
    }
    json!({ "messages": messages, "rest": text(&buffer) })
}

fn passive(reply: &Reply) -> Option<Value> {
    Some(match address::passive(reply).ok()? {
        Passive::Address(a) => json!({ "host": a.ip().to_string(), "port": a.port() }),
        Passive::Port(port) => json!({ "port": port }),
    })
}

fn mdtm(reply: &Reply) -> Option<String> {
    Some(format!("{}Z", time::modified(reply).ok()?.at))
}

fn features(reply: &Reply) -> Value {
    let pair = |f: &ftp_proto::feature::Feature| {
        (f.name.clone(), Value::from(Some(f.parameters.clone()).filter(|p| !p.is_empty())))
    };
    json!({ "features": Features::parse(reply).iter().map(pair).collect::<Map<_, _>>() })
}

fn entry(entry: &Entry) -> Value {
    let (kind, target) = match entry.kind {
        Kind::File | Kind::Unknown => ("file", None),
        Kind::Symlink => ("symlink", Some(text(entry.target().unwrap_or_default()))),
        _ if entry.is_directory() => ("dir", None),
        _ => ("other", None),
    };
    let modified = entry.modified.map(|m| time_text(m.at, m.precision, m.zone));
    json!({
        "name": text(entry.name()), "type": kind, "size": entry.size, "mtime": modified,
        "link_target": target,
    })
}

fn time_text(at: DateTime, precision: Precision, zone: Zone) -> String {
    match (precision, zone) {
        (Precision::Day, _) => at.date().to_string(),
        (_, Zone::Utc) => format!("{at}Z"),
        _ => at.to_string(),
    }
}
