//! MIME types by the end of a name, as rclone shows them: a few it is born with, those of the
//! system's database, and some for systems without one.
//!
//! The tables are what rclone 1.75.2 printed where the system had no database.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use sync_core::Entry;

/// Returns the MIME type of an entry: text is taken for UTF-8, and what nobody knows is bytes.
pub(crate) fn of(entry: &Entry) -> Cow<'static, str> {
    if entry.is_directory() {
        return "inode/directory".into();
    }
    static SYSTEM: LazyLock<Types> = LazyLock::new(Types::of_system);
    let name = entry.name.to_text();
    let known = name.rsplit_once('.').and_then(|(_, end)| SYSTEM.of(end));
    known.unwrap_or("application/octet-stream").into()
}

/// MIME types by the end of a name, without its dot.
#[derive(Debug, Default)]
struct Types {
    exact: HashMap<String, String>,
    /// By ends in lower case, for names that match no other way.
    lower: HashMap<String, String>,
}

impl Types {
    fn of_system() -> Self {
        let mut types = Self::built_in();
        let read = |file: &&str| std::fs::read_to_string(file).ok();
        match DATABASES.iter().find_map(read) {
            Some(database) => types.add_database(&database),
            None => LISTS.iter().filter_map(read).for_each(|list| types.add_list(&list)),
        }
        types.add_fallbacks();
        types
    }

    fn built_in() -> Self {
        let mut types = Self::default();
        for (mime, ends) in BUILT_IN {
            ends.split(' ').for_each(|end| types.set(end, mime));
        }
        types
    }

    /// Adds a list of `weight:type:glob`, the weightiest first; globs other than `*.end` are left.
    fn add_database(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split(':').skip(1);
            let (Some(mime), Some(glob)) = (fields.next(), fields.next()) else { continue };
            let Some(end) = glob.strip_prefix("*.") else { continue };
            if !end.contains(['*', '?', '[']) && !self.exact.contains_key(end) {
                self.set(end, mime);
            }
        }
    }

    /// Adds lines of a type and its ends.
    fn add_list(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
            if let Some(mime) = words.next() {
                words.for_each(|end| self.set(end, mime));
            }
        }
    }

    fn add_fallbacks(&mut self) {
        for (mime, ends) in FALLBACKS {
            for end in ends.split(' ') {
                if self.of(end).is_none() {
                    self.set(end, mime);
                }
            }
        }
    }

    fn set(&mut self, end: &str, mime: &str) {
        let mime = match mime.starts_with("text/") {
            true => format!("{}; charset=utf-8", mime.to_lowercase()),
            false => mime.to_owned(),
        };
        self.lower.insert(end.to_lowercase(), mime.clone());
        self.exact.insert(end.to_owned(), mime);
    }

    fn of(&self, end: &str) -> Option<&str> {
        let known = self.exact.get(end).or_else(|| self.lower.get(&end.to_lowercase()));
        known.map(String::as_str)
    }
}

/// The system's database; the first there is counts.
const DATABASES: [&str; 2] = ["/usr/local/share/mime/globs2", "/usr/share/mime/globs2"];

/// Where there is no database, these lists are read, later ones over earlier ones.
const LISTS: [&str; 4] = [
    "/etc/mime.types",
    "/etc/apache2/mime.types",
    "/etc/apache/mime.types",
    "/etc/httpd/conf/mime.types",
];

/// Types the database cannot change, and their ends.
const BUILT_IN: [(&str, &str); 49] = [
    ("application/epub+zip", "epub"),
    ("application/gzip", "gz"),
    ("application/json", "json"),
    ("application/msword", "doc"),
    ("application/octet-stream", "bin com exe"),
    ("application/pdf", "pdf"),
    ("application/postscript", "ai eps ps"),
    ("application/rdf+xml", "rdf"),
    ("application/rtf", "rtf"),
    ("application/vnd.android.package-archive", "apk"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/wasm", "wasm"),
    ("application/x-link-desktop", "desktop"),
    ("application/x-link-url", "url"),
    ("application/x-msmetafile", "wmf"),
    ("application/xhtml+xml", "xht xhtml"),
    ("application/zip", "zip"),
    ("audio/mp4", "m4a"),
    ("audio/wav", "wav"),
    ("audio/webm", "webm"),
    ("image/apng", "apng"),
    ("image/avif", "avif"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/jpeg", "jfif jpeg jpg"),
    ("image/pjpeg", "pjpeg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/vnd.microsoft.icon", "ico"),
    ("image/webp", "webp"),
    ("image/x-xbitmap", "xbm"),
    ("message/rfc822", "eml"),
    ("text/calendar", "ics"),
    ("text/css", "css"),
    ("text/csv", "csv"),
    ("text/html", "ehtml htm html shtml"),
    ("text/javascript", "js mjs"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("text/tab-separated-values", "tsv"),
    ("text/vtt", "vtt"),
    ("text/xml", "xbl xml xsl"),
];

/// Types for what the system does not know.
const FALLBACKS: [(&str, &str); 14] = [
    ("application/x-subrip", "srt"),
    ("audio/flac", "flac"),
    ("audio/mpeg", "mp2 mp3 mpega mpga"),
    ("audio/ogg", "oga ogg opus spx"),
    ("image/tiff", "tif tiff"),
    ("video/MP2T", "ts"),
    ("video/dv", "dif dv"),
    ("video/fli", "fli"),
    ("video/mp4", "mp4"),
    ("video/mpeg", "mpe mpeg mpg"),
    ("video/ogg", "ogv"),
    ("video/quicktime", "mov qt"),
    ("video/x-matroska", "mkv mpv"),
    ("video/x-msvideo", "avi"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(types: &Types, expected: &[(&str, Option<&str>)]) {
        for &(end, mime) in expected {
            assert_eq!(types.of(end), mime, "{end}");
        }
    }

    #[test]
    fn a_few_are_always_known() {
        let mut types = Types::built_in();
        types.add_fallbacks();
        check(
            &types,
            &[
                ("jpg", Some("image/jpeg")),
                ("JPG", Some("image/jpeg")),
                ("html", Some("text/html; charset=utf-8")),
                ("ts", Some("video/MP2T")),
                ("rs", None),
                ("", None),
            ],
        );
    }

    #[test]
    fn the_database_adds_and_the_weightiest_counts() {
        let mut types = Types::built_in();
        types.add_database(
            "# comment\n50:text/rust:*.rs\n50:text/vnd.trolltech.linguist:*.ts\n40:x/y:*.ts\n\
             50:text/x-csrc:*.c:cs\n50:text/x-c++src:*.C:cs\n50:x/y:*.jpg\n50:x/y:makefile\n\
             50:x/y:*.[ab]\nnonsense\n",
        );
        types.add_fallbacks();
        check(
            &types,
            &[
                ("rs", Some("text/rust; charset=utf-8")),
                ("ts", Some("text/vnd.trolltech.linguist; charset=utf-8")),
                ("c", Some("text/x-csrc; charset=utf-8")),
                ("C", Some("text/x-c++src; charset=utf-8")),
                ("jpg", Some("image/jpeg")),
                ("a", None),
            ],
        );
    }

    #[test]
    fn a_list_changes_what_it_names() {
        let mut types = Types::built_in();
        types.add_list("# comment\ntext/x-y\ta b # c\nimage/other jpg\n");
        check(
            &types,
            &[("b", Some("text/x-y; charset=utf-8")), ("c", None), ("jpg", Some("image/other"))],
        );
    }
}
