//! Runs the examples that read listings.

#![allow(missing_docs, reason = "tests have none")]
#![expect(dead_code, reason = "the `main` of an example is not run here")]

use jiff::civil::date;

#[path = "../examples/corpus.rs"]
mod cases;
#[path = "../examples/listing.rs"]
mod listing;

#[test]
fn a_listing_becomes_a_table() {
    let dump = "total 8\r\ndrwxr-xr-x 2 ann staff 4096 Jan  3  2025 two words\r\n\
                -rw-r--r-- 1 ann staff 1234 Nov 22 17:05 file\r\nftpd: lost: No such file\r\n";
    let mut out = vec![];
    let now = date(2026, 3, 1).at(12, 0, 0, 0);
    listing::table(dump.as_bytes(), &mut out, now).expect("a table");
    let expected = "        4096  2025-01-03T00:00:00  Directory  two words\n        \
         1234  2025-11-22T17:05:00  File       file\n\
         !! cannot read listing line `ftpd: lost: No such file`: no known dialect has such lines\n\
         dialect: Some(Unix)\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn cases_are_answered_without_a_look_at_what_they_expect() {
    let case = r#"{"id": "own-1", "dialect": "unix", "expect": "error", "now": "2026-03-01T12:00:00Z",
        "line": "-rw-r--r-- 1 ann staff 1234 Nov 22 17:05 file"}"#;
    let mut out = vec![];
    cases::answers(&case.replace('\n', ""), &mut out).expect("an answer");
    let answer: serde_json::Value = serde_json::from_slice(&out).expect("an object");
    assert_eq!(answer["id"], "own-1");
    assert_eq!(answer["entries"][0]["name"], "file");
    assert_eq!(answer["entries"][0]["mtime"], "2025-11-22T17:05:00");
}
