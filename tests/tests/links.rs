//! Symbolic links between a folder and each server, and next to real rclone.

use std::fs;
use std::os::unix::fs::{lchown, symlink};
use std::path::Path;

use tests::{Output, Program, Security, Server, Software, on_every_server, servers};

/// What `--error-on-no-transfer` ends with when there was nothing to transfer.
const NOTHING_TRANSFERRED: i32 = 9;

on_every_server! {
    links_go_up_as_files_and_come_back_as_links
    links_of_a_server_come_down_as_links
    links_of_a_server_are_followed
}

/// Makes files and links: to a file, to a directory, to nothing, to where it lies.
fn build(root: &Path) {
    fs::create_dir_all(root.join("d")).unwrap();
    fs::write(root.join("f"), "file").unwrap();
    fs::write(root.join("d/x"), "deep").unwrap();
    for (link, target) in LINKS {
        symlink(target, root.join(link)).unwrap();
    }
}

const LINKS: [(&str, &str); 5] =
    [("lf", "f"), ("ld", "d"), ("gone", "nowhere"), ("self", "."), ("d/up", "..")];

fn own(root: &Path) {
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            own(&entry.path());
        }
        if servers::is_root() {
            lchown(entry.path(), Some(65534), Some(65534)).unwrap();
        }
    }
    servers::own(root);
}

/// Returns what is there: `path=content`, `path -> target`.
fn items(root: &Path) -> Vec<String> {
    fn walk(root: &Path, at: &Path, items: &mut Vec<String>) {
        for entry in fs::read_dir(at).unwrap() {
            let at = entry.unwrap().path();
            let name = at.strip_prefix(root).unwrap().display().to_string();
            if let Ok(target) = fs::read_link(&at) {
                items.push(format!("{name} -> {}", target.display()));
            } else if at.is_dir() {
                walk(root, &at, items);
            } else {
                items.push(format!("{name}={}", fs::read_to_string(&at).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort_unstable();
    found
}

fn sync(rclone: &Program, words: &[&str]) -> Output {
    rclone.run(["sync", "--error-on-no-transfer", "--retries=1"].iter().chain(words))
}

fn links_go_up_as_files_and_come_back_as_links(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let here = rclone.home().join("here");
    build(&here);
    sync(&rclone, &["-l", "here", "server:up"]).assert(0, &[]);
    let up = server.root().join("up");
    assert_eq!(fs::read_to_string(up.join("gone.rclonelink")).unwrap(), "nowhere");
    assert_eq!(fs::read_to_string(up.join("d/up.rclonelink")).unwrap(), "..");
    sync(&rclone, &["-l", "here", "server:up"]).assert(NOTHING_TRANSFERRED, &[]);
    sync(&rclone, &["-l", "server:up", "back"]).assert(0, &[]);
    assert_eq!(items(&rclone.home().join("back")), items(&here));
    sync(&rclone, &["-l", "server:up", "back"]).assert(NOTHING_TRANSFERRED, &[]);
}

fn links_of_a_server_come_down_as_links(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let there = server.root().join("there");
    build(&there);
    own(&there);
    let output = sync(&rclone, &["-l", "server:there", "back"]);
    let (back, mut whole) = (items(&rclone.home().join("back")), items(&there));
    if software == Software::Proftpd {
        // It lists no link that leads back to where it lies but by `MLSD`, which says not where to.
        whole.retain(|item| !item.ends_with('.'));
        output.assert(6, &["self: cannot follow the link: the server does not say where it leads"]);
    } else {
        output.assert(0, &[]);
        let again = sync(&rclone, &["-l", "server:there", "back"]);
        again.assert(NOTHING_TRANSFERRED, &[]);
    }
    assert_eq!(back, whole);
    assert_eq!(rclone.succeed(["cat", "-l", "server:there/gone.rclonelink"]), "nowhere");
    rclone.succeed(["deletefile", "-l", "server:there/lf.rclonelink"]);
    assert!(fs::symlink_metadata(there.join("lf")).is_err());
    assert!(there.join("f").exists(), "what a link leads to stays");
}

fn links_of_a_server_are_followed(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let there = server.root().join("there");
    build(&there);
    own(&there);
    let output = sync(&rclone, &["-L", "server:there", "back"]);
    let back = items(&rclone.home().join("back"));
    if software == Software::Pyftpdlib {
        // It follows links itself and shows none: what leads back shows where it comes back.
        assert!(back.len() < 30, "{back:?}");
        return output.assert(6, &["self/self: cannot follow the link", "d/up/d: cannot"]);
    }
    assert_eq!(back, ["d/x=deep", "f=file", "ld/x=deep", "lf=file"]);
    output.assert(6, &["self: cannot follow the link", "d/up: cannot follow the link"]);
    output
        .assert(6, &["gone: cannot follow the link: it leads to `nowhere`, and nothing is there"]);
}

/// Runs both programs in folders of the same content and compares what they print, and what is in
/// the folders then.
#[track_caller]
fn same(words: &[&str], succeeds: bool) {
    let executable = servers::tools().join("venv/bin/rclone");
    if !executable.exists() {
        servers::not_run("real rclone is not there; tests/run fetches it");
        return;
    }
    let results = [Program::at(executable), Program::ours()].map(|rclone| {
        let here = rclone.home().join("here");
        build(&here);
        if !words.contains(&"-l") {
            // Real rclone follows these to where the names are too long.
            fs::remove_file(here.join("self")).unwrap();
            fs::remove_file(here.join("d/up")).unwrap();
        }
        let output = rclone.run(words);
        let mut lines: Vec<String> = output.stdout.lines().map(String::from).collect();
        lines.sort_unstable();
        let there = rclone.home().join("there");
        let left = if there.exists() { items(&there) } else { Vec::new() };
        (output.code == Some(0), lines, left)
    });
    let [real, ours] = results;
    assert_eq!(real.0, succeeds, "{words:?}: {real:?}");
    assert_eq!(ours, real, "{words:?}");
}

#[test]
fn rclone_treats_the_links_of_this_machine_the_same() {
    same(&["sync", "-l", "here", "there"], true);
    same(&["sync", "--local-links", "here", "there"], true);
    same(&["copy", "--skip-links", "here", "there"], true);
    same(&["copy", "here", "there"], true);
    same(&["copy", "-L", "--retries=1", "here", "there"], false);
    same(&["copy", "-L", "--retries=1", "--exclude=gone", "here", "there"], true);
    same(&["copy", "-l", "-L", "here", "there"], false);
    same(&["copy", "-l", "here/lf.rclonelink", "there"], true);
    same(&["lsf", "-R", "-l", "--format=ps", "here", "--files-only"], true);
    same(&["lsf", "-R", "-L", "--format=ps", "here/ld"], true);
    same(&["cat", "-l", "here/gone.rclonelink"], true);
    same(&["md5sum", "-l", "here"], true);
}

#[test]
fn rclone_reads_the_links_we_sent_and_we_read_its_own() {
    let executable = servers::tools().join("venv/bin/rclone");
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    if !executable.exists() {
        servers::not_run("real rclone is not there; tests/run fetches it");
        return;
    }
    let (ours, real) = (Program::ours(), Program::at(executable));
    build(&ours.home().join("here"));
    build(&real.home().join("here"));
    for (one, other, at) in [(&ours, &real, "server:a"), (&real, &ours, "server:b")] {
        one.add("server", &server);
        other.add("server", &server);
        sync(one, &["-l", "here", at]).assert(0, &[]);
        sync(other, &["-l", at, "back"]).assert(0, &[]);
        assert_eq!(items(&other.home().join("back")), items(&one.home().join("here")));
    }
}
