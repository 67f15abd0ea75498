//! cat, rcat, touch, hashsum.

use insta::assert_snapshot;

use crate::Place;

#[test]
fn cat_prints_files_or_parts_of_them() {
    let place = Place::with(&[("t/a", "12345"), ("t/b", "678"), ("t/d/c", "9")]);
    let cat = |flags: &[&str]| place.run(&[&["cat", "t"], flags].concat()).printed();
    assert_eq!(cat(&[]), "123456789");
    assert_eq!(cat(&["--separator", "|"]), "12345|678|9|");
    assert_eq!(cat(&["--head", "2"]), "12679");
    assert_eq!(cat(&["--tail", "2"]), "45789");
    assert_eq!(cat(&["--offset", "1", "--count", "2"]), "2378");
    assert_eq!(cat(&["--offset", "-1"]), "589");
    assert_eq!(cat(&["--discard"]), "");
    assert_eq!(cat(&["--include", "b"]), "678");
    place.run(&["cat", "t", "--head", "1", "--tail", "1"]).code(1);
    assert_eq!(place.run(&["cat", "t/b"]).printed(), "678");
}

#[test]
fn rcat_writes_what_it_reads() {
    let place = Place::with(&[("t/old", "much longer than new")]);
    place.run_with(&["rcat", "t/old"], "new").code(0);
    assert_eq!(place.read("t/old").unwrap(), "new");
    place.run_with(&["rcat", "t/x/y", "--size", "2"], "ab").code(0);
    assert_eq!(place.read("t/x/y").unwrap(), "ab");
    let run = place.run_with(&["rcat", "t/short", "--size", "5"], "ab");
    assert!(run.log().contains("5 bytes were announced, 2 came (leave"), "{}", run.log());
    run.code(1);
    assert_eq!(place.all("t"), ["old", "x/", "x/y"]);
}

#[test]
fn touch_makes_files_and_sets_times() {
    let place = Place::with(&[("t/a", "1"), ("t/d/b", "2")]);
    place.run(&["touch", "t/new", "-t", "2021-02-03T04:05:06"]).code(0);
    place.run(&["touch", "-C", "t/nope"]).code(0);
    place.run(&["touch", "t/a", "-t", "190102"]).code(0);
    assert_snapshot!(place.run(&["lsf", "-R", "-F", "pt", "--files-only", "t"]).printed(), @r#"
    a;2019-01-02 00:00:00
    new;2021-02-03 04:05:06
    d/b;2020-01-02 03:04:05
    "#);
    place.run(&["touch", "-R", "t", "-t", "210304"]).code(0);
    let times = place.run(&["lsf", "-R", "--files-only", "-F", "t", "t"]).printed();
    assert_eq!(times, "2021-03-04 00:00:00\n".repeat(3));
    place.run(&["touch", "t/a", "-t", "yesterday"]).code(1);
}

#[test]
fn hashes_are_printed_and_compared() {
    let place = Place::with(&[("t/a", "1"), ("t/d/b", "2")]);
    assert_snapshot!(place.run(&["md5sum", "t"]).printed(), @r#"
    c4ca4238a0b923820dcc509a6f75849b  a
    c81e728d9d4c2f636f067f89cc14862c  d/b
    "#);
    assert_snapshot!(place.run(&["sha1sum", "t/a", "--download"]).printed(), @"356a192b7913b04c54574d18c28d46e6395428ab  a");
    assert_snapshot!(place.run(&["hashsum", "sha256", "t/a", "--base64"]).printed(), @"a4ayc_80_OGda4BO_1o_V0etpOqiLx1JwB5S3beHW0s=  a");
    place.run(&["md5sum", "t", "--output-file", "sums"]).code(0);
    assert_eq!(place.run(&["md5sum", "t", "-C", "sums"]).printed(), "= a\n= d/b\n");
    place.write("t/a", "changed");
    std::fs::remove_file(place.path("t/d/b")).unwrap();
    let run = place.run(&["md5sum", "t", "-C", "sums"]).code(1);
    assert_eq!(run.output(), "* a\n+ d/b\n");
    let run = place.run(&["hashsum", "foo", "t"]).code(2);
    assert!(run.log().contains("unknown hash type \"foo\""), "{}", run.log());
}
