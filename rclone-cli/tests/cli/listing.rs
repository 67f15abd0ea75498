//! ls, lsl, lsd, lsf, lsjson, size, tree.

use insta::assert_snapshot;

use crate::Place;

fn place() -> Place {
    Place::with(&[
        ("t/ lead/", ""),
        ("t/<&>", "1"),
        ("t/UPPER.TXT", "1"),
        ("t/a.txt", "hello\n"),
        ("t/ctl\u{1}\n", "1"),
        ("t/empty/", ""),
        ("t/quo\"te,comma;semi", "1"),
        ("t/sub/deep/y.json", "{}"),
        ("t/sub/x.jpg", "yy"),
        ("t/zero", ""),
        ("t/é.bin", "1"),
    ])
}

#[test]
fn ls_shows_sizes_of_files() {
    assert_snapshot!(place().run(&["ls", "t"]).printed().replace(' ', "·"), @r#"
    ········1·<&>
    ········1·UPPER.TXT
    ········6·a.txt
    ········1·ctl␁␊
    ········1·quo"te,comma;semi
    ········0·zero
    ········1·é.bin
    ········2·sub/x.jpg
    ········2·sub/deep/y.json
    "#);
    assert_eq!(place().run(&["ls", "t/a.txt"]).printed(), "        6 a.txt\n");
}

#[test]
fn lsl_shows_times_too() {
    assert_snapshot!(place().run(&["lsl", "t", "--include", "*.{txt,jpg}"]).printed().replace(' ', "·"), @r#"
    ········6·2020-01-02·03:04:05.123456789·a.txt
    ········2·2020-01-02·03:04:05.123456789·sub/x.jpg
    "#);
}

#[test]
fn sizes_can_have_suffixes() {
    let place = Place::with(&[("t/kb", &"x".repeat(1536)), ("t/d/", "")]);
    let run = |verb| place.run(&[verb, "t", "--human-readable"]).printed();
    assert_eq!(run("ls"), "  1.500Ki kb\n");
    assert_eq!(run("lsl"), "  1.500Ki 2020-01-02 03:04:05.123456789 kb\n");
    assert!(run("lsd").ends_with("       -1 d\n"), "{}", run("lsd"));
}

#[test]
fn a_name_can_be_given_as_it_is_printed() {
    assert_eq!(place().run(&["ls", "t/ctl␁␊"]).printed(), "        1 ctl␁␊\n");
}

#[test]
fn lsd_shows_directories_alone() {
    let shown = place().run(&["lsd", "t", "-R"]).printed();
    let names: Vec<_> = shown.lines().map(|line| &line[43..]).collect();
    assert_eq!(names, [" lead", "empty", "sub", "sub/deep"]);
    assert_eq!(place().run(&["lsd", "t/a.txt"]).printed(), "");
}

#[test]
fn lsf_lists_names() {
    assert_snapshot!(place().run(&["lsf", "t"]).printed(), @r#"
     lead/
    <&>
    UPPER.TXT
    a.txt
    ctl␁␊
    empty/
    quo"te,comma;semi
    sub/
    zero
    é.bin
    "#);
    assert_snapshot!(place().run(&["lsf", "t/sub", "-R", "--absolute"]).printed(), @r#"
    /deep/
    /x.jpg
    /deep/y.json
    "#);
    assert_snapshot!(place().run(&["lsf", "t", "--dirs-only", "-d=false"]).printed(), @r#"
     lead
    empty
    sub
    "#);
}

#[test]
fn lsf_has_fields_and_separators() {
    let fields = ["lsf", "t", "-R", "--files-only", "-F", "psthm"];
    assert_snapshot!(place().run(&[&fields[..], &["--csv"]].concat()).printed(), @r#"
    <&>,1,2020-01-02 03:04:05,c4ca4238a0b923820dcc509a6f75849b,application/octet-stream
    UPPER.TXT,1,2020-01-02 03:04:05,c4ca4238a0b923820dcc509a6f75849b,text/plain; charset=utf-8
    a.txt,6,2020-01-02 03:04:05,b1946ac92492d2347c6235b4d2611184,text/plain; charset=utf-8
    ctl␁␊,1,2020-01-02 03:04:05,c4ca4238a0b923820dcc509a6f75849b,application/octet-stream
    "quo""te,comma;semi",1,2020-01-02 03:04:05,c4ca4238a0b923820dcc509a6f75849b,application/octet-stream
    zero,0,2020-01-02 03:04:05,d41d8cd98f00b204e9800998ecf8427e,application/octet-stream
    é.bin,1,2020-01-02 03:04:05,c4ca4238a0b923820dcc509a6f75849b,application/octet-stream
    sub/x.jpg,2,2020-01-02 03:04:05,2fb1c5cf58867b5bbc9a1b145a86f3a0,image/jpeg
    sub/deep/y.json,2,2020-01-02 03:04:05,99914b932bd37a50b983c5e7c90ae93b,application/json
    "#);
    let options = ["-s", "|", "-t", "RFC3339", "--hash", "sha1", "--include", "a.txt"];
    assert_snapshot!(place().run(&[&fields[..], &options].concat()).printed(), @"a.txt|6|2020-01-02T03:04:05Z|f572d396fae9206628714fb2ce00f72e94f2258f|text/plain; charset=utf-8");
    place().run(&["lsf", "t", "-F", "px"]).code(1);
}

#[test]
fn lsjson_is_gos_json() {
    let arguments = ["lsjson", "t", "-R", "--files-only"];
    assert_snapshot!(place().run(&arguments).printed(), @r#"
    [
    {"Path":"\u003c\u0026\u003e","Name":"\u003c\u0026\u003e","Size":1,"MimeType":"application/octet-stream","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"UPPER.TXT","Name":"UPPER.TXT","Size":1,"MimeType":"text/plain; charset=utf-8","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"a.txt","Name":"a.txt","Size":6,"MimeType":"text/plain; charset=utf-8","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"ctl␁␊","Name":"ctl␁␊","Size":1,"MimeType":"application/octet-stream","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"quo\"te,comma;semi","Name":"quo\"te,comma;semi","Size":1,"MimeType":"application/octet-stream","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"zero","Name":"zero","Size":0,"MimeType":"application/octet-stream","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"é.bin","Name":"é.bin","Size":1,"MimeType":"application/octet-stream","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"sub/x.jpg","Name":"x.jpg","Size":2,"MimeType":"image/jpeg","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false},
    {"Path":"sub/deep/y.json","Name":"y.json","Size":2,"MimeType":"application/json","ModTime":"2020-01-02T03:04:05.123456789Z","IsDir":false}
    ]
    "#);
    assert_snapshot!(place().run(&["lsjson", "t/empty"]).printed(), @r#"
    [
    ]
    "#);
    let short = ["lsjson", "t/a.txt", "--no-modtime", "--no-mimetype", "--hash-type", "md5"];
    assert_snapshot!(place().run(&short).printed(), @r#"
    [
    {"Path":"a.txt","Name":"a.txt","Size":6,"ModTime":"","IsDir":false,"Hashes":{"md5":"b1946ac92492d2347c6235b4d2611184"}}
    ]
    "#);
    assert_snapshot!(place().run(&["lsjson", "--stat", "t/a.txt"]).printed(), @r#"
    {
    	"Path": "a.txt",
    	"Name": "a.txt",
    	"Size": 6,
    	"MimeType": "text/plain; charset=utf-8",
    	"ModTime": "2020-01-02T03:04:05.123456789Z",
    	"IsDir": false
    }
    "#);
}

#[test]
fn size_adds_up() {
    assert_snapshot!(place().run(&["size", "t"]).printed(), @r#"
    Total objects: 9
    Total size: 15 B (15 Byte)
    "#);
    assert_eq!(
        place().run(&["size", "--json", "t/sub"]).printed(),
        "{\"count\":2,\"bytes\":4,\"sizeless\":0}\n"
    );
}

#[test]
fn tree_draws_branches() {
    assert_snapshot!(place().run(&["tree", "t/sub"]).printed(), @r#"
    /
    ├── deep
    │   └── y.json
    └── x.jpg

    1 directories, 2 files
    "#);
    assert_snapshot!(place().run(&["tree", "t", "-s", "-Q", "--dirs-only"]).printed(), @r#"
    [          0]  "/"
    ├── [          0]  " lead"
    ├── [          0]  "empty"
    └── [          0]  "sub"
        └── [          0]  "deep"

    4 directories
    "#);
}

#[test]
fn what_is_not_there_has_its_own_code() {
    for verb in ["ls", "lsl", "lsd", "lsf", "lsjson", "size", "tree", "cat", "md5sum"] {
        let run = place().run(&[verb, "t/nope"]).code(3);
        let log = run.log();
        assert!(log.contains("nope") && log.contains("directory not found"), "{verb}: {log}");
    }
}

#[test]
fn filters_say_what_is_listed() {
    let lsf = |flags: &[&str]| {
        place().run(&[&["lsf", "t", "-R", "--files-only"], flags].concat()).printed()
    };
    assert_eq!(lsf(&["--include", "*.jpg"]), "sub/x.jpg\n");
    assert_eq!(lsf(&["--filter", "+ *.json", "--filter", "- *"]), "sub/deep/y.json\n");
    assert_eq!(lsf(&["--min-size", "6b"]), "a.txt\n");
    assert_eq!(lsf(&["--max-depth", "1", "--include", "*.{jpg,txt}"]), "a.txt\n");
    assert_eq!(lsf(&["--max-age", "1h"]), "");
    let run = place().run(&["ls", "t", "--filter", "x"]).code(1);
    assert!(run.log().contains("malformed filter rule \"x\""), "{}", run.log());
}

/// Runs the binary with nobody reading its output, and returns its exit code and its log.
fn run_unread(place: &Place, line: &str) -> (Option<i32>, String) {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("rclone"))
        .args(line.split(' '))
        .current_dir(place.path(""))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = place();
    for line in ["ls t", "lsl t", "lsd t", "lsf -R t", "lsjson -R t", "tree t", "md5sum t"] {
        assert_eq!(run_unread(&place, line), (Some(0), String::new()), "{line}");
    }
}

#[test]
fn what_changes_files_goes_on_without_a_reader() {
    let place = place();
    assert_eq!(
        run_unread(&place, "sync t copy --combined - --create-empty-src-dirs"),
        (Some(0), String::new())
    );
    assert_eq!(place.all("copy"), place.all("t"));
}
