//! `rclone serve ftp` and `rclone demo`.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tests::certs::Authority;
use tests::tree::{self, Times};
use tests::{Program, Served, servers};

const LOGIN: [&str; 2] = Served::LOGIN;

#[test]
fn a_served_folder_takes_and_gives_files() {
    let rclone = Program::ours();
    let (here, there) = (rclone.home().join("here"), rclone.home().join("there"));
    fs::create_dir(&there).unwrap();
    tree::build(&here);
    let served = Served::start(&rclone, &there, &LOGIN);
    let flags = ["--create-empty-src-dirs", "--transfers=8"];
    let (up, back) = (format!("{}up", served.remote("")), "back");
    rclone.run(["sync", "here", &up].iter().chain(&flags)).assert(0, &[]);
    rclone.run(["sync", &up, back].iter().chain(&flags)).assert(0, &[]);
    // The server stamps its own times.
    tree::assert_same(&here, &rclone.home().join(back), Times::Ignored);
}

/// libunftp sets no times: without a journal, size and a guess are all there is.
#[test]
fn changes_of_the_same_size_are_seen_on_a_server_that_sets_no_times() {
    let rclone = Program::ours();
    let (here, there) = (rclone.home().join("here"), rclone.home().join("there"));
    for folder in [&here, &there] {
        fs::create_dir(folder).unwrap();
    }
    for name in ["kept", "changed here", "changed there"] {
        fs::write(here.join(name), "as it was").unwrap();
    }
    let served = Served::start(&rclone, &there, &LOGIN);
    let up = served.remote("");
    let sync = || rclone.run(["sync", "here", &up, "-vv", "--error-on-no-transfer"]);
    sync().assert(0, &[]);
    sync().assert(9, &[]);
    let later = SystemTime::now() + Duration::from_secs(60);
    fs::write(there.join("changed there"), "as it is!").unwrap();
    tree::set_modified(&there.join("changed there"), later);
    fs::write(here.join("changed here"), "as it is!").unwrap();
    tree::set_modified(&here.join("changed here"), SystemTime::UNIX_EPOCH);
    sync().assert(0, &["changed on the destination since it was copied"]);
    assert_eq!(fs::read(there.join("changed there")).unwrap(), b"as it was");
    assert_eq!(fs::read(there.join("changed here")).unwrap(), b"as it is!");
    sync().assert(9, &[]);
}

#[test]
fn only_the_right_login_gets_in() {
    let rclone = Program::ours();
    let served = Served::start(&rclone, rclone.home(), &["--user=me", "--pass=other"]);
    let output = rclone.run(["lsf", &served.remote(""), "--retries=1", "--low-level-retries=1"]);
    output.assert(1, &["530"]);
}

#[test]
fn a_read_only_folder_changes_nothing() {
    let rclone = Program::ours();
    let there = rclone.home().join("there");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("kept"), "kept").unwrap();
    fs::write(rclone.home().join("new"), "new").unwrap();
    let served = Served::start(&rclone, &there, &["--read-only", LOGIN[0], LOGIN[1]]);
    let (root, kept) = (served.remote(""), format!("{}kept", served.remote("")));
    assert_eq!(rclone.succeed(["cat", &kept]), "kept");
    for refused in [vec!["copy", "new", &root], vec!["deletefile", &kept], vec!["mkdir", &kept]] {
        let flags = ["--retries=1", "--low-level-retries=1"];
        let output = rclone.run(refused.iter().chain(&flags));
        assert_ne!(output.code, Some(0), "{refused:?}: {}", output.stderr);
    }
    assert_eq!(tree::paths(&there), ["kept"]);
}

#[test]
fn a_certificate_offers_tls() {
    let rclone = Program::ours();
    let there = rclone.home().join("there");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("found"), "").unwrap();
    Authority::new().identity().write(rclone.home());
    let flags = ["--cert=cert.pem", "--key=key.pem", LOGIN[0], LOGIN[1]];
    let served = Served::start(&rclone, &there, &flags);
    let remote = served.remote(",explicit_tls=true");
    assert_eq!(rclone.succeed(["lsf", &remote, "--ca-cert=ca.pem"]), "found\n");
}

/// The lines are rclone's, with the password masked whatever is asked for.
#[test]
fn a_dump_shows_the_dialogue_and_no_password() {
    let rclone = Program::ours();
    let there = rclone.home().join("there");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("found"), "12").unwrap();
    let served = Served::start(&rclone, &there, &LOGIN);
    let remote = served.remote("");
    for flags in [&["--dump", "headers,auth"][..], &["--dump-bodies", "-q"]] {
        let output = rclone.run(["lsf", &remote].iter().chain(flags));
        assert_eq!((output.code, &*output.stdout), (Some(0), "found\n"), "{}", output.stderr);
        for line in [
            "NOTICE: Automatically setting -vv as --dump is enabled\n",
            "DEBUG : FTP Rx: \"220 ",
            "DEBUG : FTP Tx: \"USER me\"\n",
            "DEBUG : FTP Tx: \"PASS ***\"\n",
            "DEBUG : FTP Rx: \"211-",
            "DEBUG : FTP Tx: \"MLSD\"\n",
            "DEBUG : FTP Rx: \"type=file;size=2;",
            "DEBUG : FTP Tx: \"QUIT\"\n",
        ] {
            assert!(output.stderr.contains(line), "`{line}` is not in:\n{}", output.stderr);
        }
        assert!(!output.stderr.contains("secret"), "{}", output.stderr);
    }
    let output = rclone.run(["lsf", &remote, "-vv"]);
    assert!(output.code == Some(0) && !output.stderr.contains("FTP Tx"), "{output:?}");
}

#[test]
fn an_interrupt_ends_it() {
    let rclone = Program::ours();
    let served = Served::start(&rclone, rclone.home(), &LOGIN);
    let process = served.id().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
    let status = served.wait();
    assert_eq!(status.code(), Some(0), "{status}");
}

#[test]
fn real_rclone_uses_it() {
    let executable = servers::tools().join("venv/bin/rclone");
    if !executable.exists() {
        return servers::not_run("real rclone is not there; tests/run fetches it");
    }
    let (ours, real) = (Program::ours(), Program::at(executable));
    let (here, there) = (ours.home().join("here"), ours.home().join("there"));
    fs::create_dir(&there).unwrap();
    fs::create_dir_all(here.join("sub dir")).unwrap();
    fs::write(here.join("sub dir/f"), tree::content(3 << 20, 1)).unwrap();
    let served = Served::start(&ours, &there, &LOGIN);
    real.succeed(["sync", here.to_str().unwrap(), &served.remote("")]);
    tree::assert_same(&here, &there, Times::Ignored);
}

#[test]
fn the_demo_ends_well_and_leaves_nothing() {
    let rclone = Program::ours();
    let temporary = rclone.home().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut command = rclone.command(["demo"]);
    let output = tests::Output::of(command.env("TMPDIR", &temporary).env_remove("RCLONE_CONFIG"));
    output.assert(0, &[]);
    for text in ["$ rclone sync album demo:album", "--dry-run", "byte for byte"] {
        assert!(output.stdout.contains(text), "`{text}` is not in:\n{}", output.stdout);
    }
    assert_eq!(tree::paths(&temporary), Vec::<String>::new());
    assert!(!rclone.configuration().exists());
}
