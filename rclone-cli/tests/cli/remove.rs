//! delete, deletefile, mkdir, purge, rmdir, rmdirs.

use crate::Place;

fn place() -> Place {
    Place::with(&[("t/a", "1"), ("t/b.txt", "2"), ("t/d/c", "3"), ("t/e/f/", "")])
}

#[test]
fn delete_leaves_directories() {
    let place = place();
    place.run(&["delete", "t", "--include", "*.txt"]).code(0);
    assert_eq!(place.all("t"), ["a", "d/", "d/c", "e/", "e/f/"]);
    place.run(&["delete", "t/a"]).code(0);
    assert_eq!(place.all("t"), ["d/", "d/c", "e/", "e/f/"]);
    place.run(&["delete", "t", "--rmdirs"]).code(0);
    assert!(place.path("t").is_dir() && place.all("t").is_empty());
}

#[test]
fn deletefile_deletes_files_alone() {
    let place = place();
    place.run(&["deletefile", "t/a"]).code(0);
    assert_eq!(place.read("t/a"), None);
    place.run(&["deletefile", "t/nope", "--retries", "1"]).code(4);
    let run = place.run(&["deletefile", "t/d", "--retries", "1"]);
    assert_ne!(run.code(4).log(), "");
    assert!(place.path("t/d/c").exists());
    for directory in ["t/d/", "/"] {
        place.run(&["deletefile", directory, "--retries", "1"]).code(4);
    }
    std::os::unix::fs::symlink("nowhere", place.path("t/link")).unwrap();
    let run = place.run(&["deletefile", "t/link", "--retries", "1"]).code(4);
    assert!(run.log().contains("it is a symbolic link"), "{}", run.log());
    place.run(&["deletefile", "t/link.rclonelink", "-l"]).code(0);
    assert!(!place.path("t/link").is_symlink());
}

#[test]
fn directories_come_and_go() {
    let place = place();
    let run = place.run(&["mkdir", "x/y/z", "-v"]).code(0);
    assert!(run.log().contains("x/y/z: Making directory"), "{}", run.log());
    assert!(place.path("x/y/z").is_dir());
    place.run(&["mkdir", "x/y/z"]).code(0);
    place.run(&["rmdir", "x/y", "--retries", "1"]).code(1);
    place.run(&["rmdir", "x/y/z"]).code(0);
    assert!(!place.path("x/y/z").exists() && place.path("x/y").exists());
    place.run(&["rmdir", "x/nope", "--retries", "1"]).code(3);
}

#[test]
fn rmdirs_removes_what_is_empty() {
    let place = place();
    place.run(&["rmdirs", "t/e", "--leave-root"]).code(0);
    assert_eq!(place.all("t/e"), [""; 0]);
    place.run(&["rmdirs", "t"]).code(0);
    assert_eq!(place.all("t"), ["a", "b.txt", "d/", "d/c"]);
}

#[test]
fn purge_removes_all() {
    let place = place();
    let run = place.run(&["purge", "t", "-n"]).code(0);
    assert!(run.log().contains("Skipped"), "{}", run.log());
    assert!(place.path("t/a").exists());
    place.run(&["purge", "t", "--exclude", "a"]).code(1);
    assert!(place.path("t/a").exists());
    place.run(&["purge", "t"]).code(0);
    assert!(!place.path("t").exists());
    place.run(&["purge", "t", "--retries", "1"]).code(3);
}
