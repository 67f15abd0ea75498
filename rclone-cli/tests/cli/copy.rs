//! copy, copyto, move, moveto, sync.

use crate::Place;

fn place() -> Place {
    Place::with(&[
        ("s/a.txt", "hello"),
        ("s/sub/deep/b", "b"),
        ("s/sub/c", "c"),
        ("s/empty/", ""),
        ("d/a.txt", "older!"),
        ("d/extra", "x"),
        ("d/gone/y", "y"),
    ])
}

#[test]
fn copy_adds_and_never_deletes() {
    let place = place();
    place.run(&["copy", "s", "d"]).code(0);
    assert_eq!(
        place.all("d"),
        ["a.txt", "extra", "gone/", "gone/y", "sub/", "sub/c", "sub/deep/", "sub/deep/b"]
    );
    assert_eq!(place.read("d/a.txt").unwrap(), "hello");
}

#[test]
fn sync_makes_the_destination_equal() {
    let place = place();
    place.run(&["sync", "s", "d"]).code(0);
    assert_eq!(place.all("d"), ["a.txt", "sub/", "sub/c", "sub/deep/", "sub/deep/b"]);
    let again = place.run(&["sync", "s", "d", "-v"]).code(0);
    assert!(again.log().contains("There was nothing to transfer"), "{}", again.log());
    place.run(&["sync", "s", "d", "--create-empty-src-dirs"]).code(0);
    assert!(place.path("d/empty").is_dir());
}

#[test]
fn a_dry_run_changes_nothing() {
    let place = place();
    let before = place.all("");
    let run = place.run(&["sync", "s", "d", "--dry-run"]).code(0);
    assert_eq!(place.all(""), before);
    assert_eq!(
        run.lines(),
        [
            "NOTICE: ",
            "NOTICE: a.txt: Skipped copy as --dry-run is set (size 5)",
            "NOTICE: extra: Skipped delete as --dry-run is set (size 1)",
            "NOTICE: gone/y: Skipped delete as --dry-run is set (size 1)",
            "NOTICE: gone: Skipped remove directory as --dry-run is set",
            "NOTICE: sub/c: Skipped copy as --dry-run is set (size 1)",
            "NOTICE: sub/deep/b: Skipped copy as --dry-run is set (size 1)",
            "NOTICE: sub/deep: Skipped set directory modification time as --dry-run is set",
            "NOTICE: sub: Skipped set directory modification time as --dry-run is set",
        ]
    );
}

#[test]
fn a_file_goes_into_a_directory_or_to_a_name() {
    let place = place();
    place.run(&["copy", "s/a.txt", "new"]).code(0);
    assert_eq!(place.all("new"), ["a.txt"]);
    place.run(&["copyto", "s/a.txt", "new/b.txt"]).code(0);
    assert_eq!(place.all("new"), ["a.txt", "b.txt"]);
    place.run(&["copyto", "s/sub", "tree"]).code(0);
    assert_eq!(place.all("tree"), ["c", "deep/", "deep/b"]);
    place.run(&["sync", "s/a.txt", "tree"]).code(0);
    assert_eq!(place.all("tree"), ["a.txt", "c", "deep/", "deep/b"]);
    let run = place.run(&["copyto", "s/a.txt", "new/"]).code(1);
    assert!(run.log().contains("CRITICAL: \"new/\" is a directory"), "{}", run.log());
}

#[test]
fn move_leaves_nothing_behind() {
    let place = place();
    place.run(&["move", "s", "m", "--delete-empty-src-dirs"]).code(0);
    assert_eq!(place.all("m"), ["a.txt", "empty/", "sub/", "sub/c", "sub/deep/", "sub/deep/b"]);
    assert!(place.all("s").iter().all(|path| path.ends_with('/')), "{:?}", place.all("s"));
    place.run(&["moveto", "m/a.txt", "m/z.txt"]).code(0);
    assert_eq!((place.read("m/a.txt"), place.read("m/z.txt").as_deref()), (None, Some("hello")));
}

#[test]
fn a_missing_source_is_never_an_empty_one() {
    let place = place();
    let before = place.all("d");
    let run = place.run(&["sync", "nope", "d"]).code(3);
    assert!(run.log().contains("nope"), "{}", run.log());
    assert_eq!(place.all("d"), before);
}

#[test]
fn overlapping_trees_are_refused() {
    let place = place();
    let run = place.run(&["sync", "s", "s/sub"]).code(7);
    assert!(run.log().contains("overlapping"), "{}", run.log());
}

#[test]
fn nothing_to_transfer_can_be_an_error() {
    let place = place();
    place.run(&["copy", "s", "e", "--error-on-no-transfer"]).code(0);
    place.run(&["copy", "s", "e", "--error-on-no-transfer"]).code(9);
}

#[test]
fn interactive_asks_before_each_change() {
    let place = place();
    let run =
        place.run_with(&["sync", "s/sub", "d", "-i", "--transfers", "1"], "!\ns\ns\ns\n").code(0);
    assert!(run.log().contains("rclone: copy \""), "{}", run.log());
    assert!(run.log().contains("rclone: delete \""), "{}", run.log());
    let all = place.all("d");
    assert!(all.contains(&"c".to_owned()) && all.contains(&"extra".to_owned()), "{all:?}");
}

#[test]
fn what_sync_deletes_or_replaces_is_kept_where_asked() {
    let place = place();
    place.run(&["sync", "s", "d", "--backup-dir", "old", "--suffix", ".1"]).code(0);
    assert_eq!(place.all("d"), ["a.txt", "sub/", "sub/c", "sub/deep/", "sub/deep/b"]);
    assert_eq!(place.all("old"), ["a.txt.1", "extra.1", "gone/", "gone/y.1"]);
    assert_eq!(place.read("old/a.txt.1").unwrap(), "older!");
    let run = place.run(&["sync", "s", "d", "--backup-dir", "d/old"]).code(7);
    assert!(run.log().contains("mustn't overlap"), "{}", run.log());
}

#[test]
fn past_a_limit_nothing_is_deleted() {
    let place = place();
    let run = place.run(&["sync", "s", "d", "--max-delete", "60%"]).code(7);
    let message = "--max-delete threshold reached: 2 of 3 files to delete";
    assert!(run.log().contains(message), "{}", run.log());
    assert_eq!(place.read("d/extra").as_deref(), Some("x"));
    place.run(&["sync", "s", "d", "--max-delete-size", "1B"]).code(7);
    assert_eq!(place.read("d/extra").as_deref(), Some("x"));
    place.run(&["sync", "s", "d", "--max-delete", "70%", "--delete-during"]).code(0);
    assert_eq!(place.read("d/extra"), None);
}

#[test]
fn reports_are_rclones() {
    let place = || {
        let files = [("s/new", "1"), ("s/same", "1"), ("s/size", "22"), ("d/same", "1")];
        Place::with(&[&files[..], &[("d/size", "1"), ("d/extra", "1"), ("d/e/f", "1")]].concat())
    };
    let all = "* size, + new, - e/f, - extra, = same";
    for verb in [&["copy"][..], &["sync"], &["sync", "-n"]] {
        let run = place().run(&[verb, &["s", "d", "--combined", "-"]].concat()).code(0);
        let mut signs: Vec<_> = run.output().lines().map(str::to_owned).collect();
        signs.sort();
        assert_eq!(signs.join(", "), all, "{verb:?}");
    }
    let place = place();
    let flags = ["--missing-on-dst", "md", "--missing-on-src", "ms", "--match", "m", "-q"];
    place.run(&[&["move", "s", "d", "--differ", "d1"], &flags[..]].concat()).code(0);
    let read = |name| place.read(name).unwrap();
    assert_eq!(
        (read("md"), read("d1"), read("m")),
        ("new\n".into(), "size\n".into(), "same\n".into())
    );
    let mut extras: Vec<_> = read("ms").lines().map(str::to_owned).collect();
    extras.sort();
    assert_eq!(extras, ["e/f", "extra"]);
}

#[test]
fn transfers_end_at_their_limits() {
    let place = place();
    let limits = ["--cutoff-mode", "cautious", "--max-transfer", "6B", "--order-by", "size,desc"];
    let run = place.run(&[&["copy", "s", "e", "--transfers", "1"][..], &limits].concat()).code(8);
    assert!(run.log().contains("max transfer limit reached"), "{}", run.log());
    assert!(place.all("e").iter().filter(|path| !path.ends_with('/')).count() < 3);
    place.run(&["copy", "s", "f", "--cutoff-mode", "soft", "--max-duration", "1ns"]).code(10);
    assert!(place.all("f").is_empty());
}

#[test]
fn a_list_of_files_is_all_that_is_looked_at() {
    let place = place();
    place.write("list", "sub/c\nmissing\n");
    place
        .run(&["copy", "s", "e", "--files-from", &place.path("list").display().to_string()])
        .code(0);
    assert_eq!(place.all("e"), ["sub/", "sub/c"]);
}

#[test]
fn what_stands_elsewhere_is_left_out_or_copied() {
    let place = Place::with(&[("s/a", "1"), ("s/b/c", "2"), ("old/a", "1"), ("old/b/c", "other")]);
    place.run(&["copy", "s", "d", "--compare-dest", "old"]).code(0);
    assert_eq!(place.all("d"), ["b/", "b/c"]);
    let run = place.run(&["copy", "s", "d", "--copy-dest", "old", "-v"]).code(0);
    assert!(run.log().contains("a: Copied (new)"), "{}", run.log());
    assert_eq!(place.all("d"), ["a", "b/", "b/c"]);
    let both = ["copy", "s", "d", "--copy-dest", "old", "--compare-dest", "old"];
    assert!(place.run(&both).code(2).log().contains("can't use --compare-dest with --copy-dest"));
}
