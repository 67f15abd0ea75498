//! MIME types by the end of a name, as rclone shows them.

use std::borrow::Cow;

use sync_core::Entry;

/// Returns the MIME type of an entry: text is taken for UTF-8, and what nobody knows is bytes.
pub(crate) fn of(entry: &Entry) -> Cow<'static, str> {
    if entry.is_directory() {
        return "inode/directory".into();
    }
    let name = entry.name.to_text();
    let known = name.rsplit_once('.').and_then(|(_, end)| by_end(&end.to_ascii_lowercase()));
    match known {
        None => "application/octet-stream".into(),
        Some(text) if text.starts_with("text/") => format!("{text}; charset=utf-8").into(),
        Some(known) => known.into(),
    }
}

fn by_end(end: &str) -> Option<&'static str> {
    mime_guess::from_ext(end).first_raw()
}
