//! check.

use crate::Place;

fn place() -> Place {
    Place::with(&[
        ("a/same", "1"),
        ("b/same", "1"),
        ("a/size", "1"),
        ("b/size", "22"),
        ("a/bytes", "1"),
        ("b/bytes", "2"),
        ("a/here", "1"),
        ("b/there", "1"),
    ])
}

#[test]
fn differences_are_told_and_fail() {
    let run = place().run(&["check", "a", "b", "--combined", "-"]).code(1);
    let mut signs: Vec<_> = run.output().lines().map(str::to_owned).collect();
    signs.sort();
    assert_eq!(signs, ["* bytes", "* size", "+ here", "- there", "= same"]);
    let log = run.log();
    for line in ["1 files missing", "4 differences found", "1 matching files"] {
        assert!(log.contains(line), "{log}");
    }
    let end = "Failed to check with 4 errors: last error was: 4 differences found";
    assert!(log.contains(end), "{log}");
}

#[test]
fn options_narrow_what_is_compared() {
    let check = |flags: &[&str]| {
        let run = place().run(&[&["check", "a", "b", "--combined", "-"], flags].concat());
        let mut signs: Vec<_> = run.output().lines().map(str::to_owned).collect();
        signs.sort();
        signs.join(", ")
    };
    assert_eq!(check(&["--one-way"]), "* bytes, * size, + here, = same");
    assert_eq!(check(&["--size-only"]), "* size, + here, - there, = bytes, = same");
    assert_eq!(check(&["--download", "--include", "{same,bytes}"]), "* bytes, = same");
    assert_eq!(check(&["--include", "same"]), "= same");
}

#[test]
fn one_file_is_checked_alone() {
    place().run(&["check", "a/same", "b"]).code(0);
    place().run(&["check", "a/size", "b"]).code(1);
}

#[test]
fn reports_hold_their_kind() {
    let place = place();
    let flags =
        ["--match", "m", "--differ", "d", "--missing-on-src", "ms", "--missing-on-dst", "md"];
    place.run(&[&["check", "a", "b", "--error", "e", "-q"], &flags[..]].concat()).code(1);
    let mut differ: Vec<_> = place.read("d").unwrap().lines().map(str::to_owned).collect();
    differ.sort();
    assert_eq!(differ, ["bytes", "size"]);
    let read = |name| place.read(name).unwrap();
    assert_eq!([read("m"), read("ms"), read("md"), read("e")], ["same\n", "there\n", "here\n", ""]);
}
