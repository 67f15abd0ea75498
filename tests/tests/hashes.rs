//! The hashes a server computes, where rclone uses them: ProFTPD has them all, vsftpd none.

use std::fs;

use tests::{Program, Security, Server, Software};

/// A home with `here`, and a server with the same in `up`.
fn uploaded(software: Software, security: Security) -> Option<(Server, Program)> {
    let server = Server::start(software, security)?;
    let rclone = Program::ours();
    rclone.add("server", &server);
    let here = rclone.home().join("here");
    fs::create_dir_all(here.join("dir")).expect("a directory");
    fs::write(here.join("a b"), "hello world\n").expect("a file");
    fs::write(here.join("dir/q\"q"), "").expect("a file");
    rclone.succeed(["copy", "here", "server:up"]);
    Some((server, rclone))
}

fn the_server_computes_them(security: Security) {
    let Some((server, rclone)) = uploaded(Software::Proftpd, security) else { return };
    for hash in ["md5", "sha1", "sha256", "sha512", "crc32"] {
        let there = rclone.succeed(["hashsum", hash, "server:up"]);
        assert_eq!(there, rclone.succeed(["hashsum", hash, "here"]), "{hash}");
    }
    assert!(rclone.succeed(["md5sum", "server:up/a b"]).starts_with("6f5902ac237024bdd0c176cb"));

    let same = rclone.run(["check", "here", "server:up"]);
    same.assert(0, &["0 differences found", "2 matching files"]);
    assert!(!same.stderr.contains("could not be checked"), "{}", same.stderr);
    fs::write(server.root().join("up/a b"), "HELLO WORLD\n").expect("the server's file");
    rclone.run(["check", "here", "server:up"]).assert(1, &["1 differences found"]);
}

#[test]
fn the_server_computes_hashes() {
    the_server_computes_them(Security::Plain);
}

#[test]
fn the_server_computes_hashes_over_tls() {
    the_server_computes_them(Security::Tls);
}

#[test]
fn checksum_sees_what_size_and_time_hide() {
    let Some((server, rclone)) = uploaded(Software::Proftpd, Security::Plain) else { return };
    let there = server.root().join("up/a b");
    let time = fs::metadata(&there).and_then(|file| file.modified()).expect("a time");
    fs::write(&there, "HELLO WORLD\n").expect("the server's file");
    tests::tree::set_modified(&there, time);
    let flags = ["here", "server:up", "--error-on-no-transfer"];
    rclone.run(["sync"].into_iter().chain(flags)).assert(9, &[]);
    rclone.run(["sync", "--checksum"].into_iter().chain(flags)).assert(0, &[]);
    assert_eq!(fs::read(&there).expect("the server's file"), b"hello world\n");
    rclone.run(["sync", "--checksum"].into_iter().chain(flags)).assert(9, &[]);
}

#[test]
fn a_server_without_them_says_so() {
    let Some((_server, rclone)) = uploaded(Software::Vsftpd, Security::Plain) else { return };
    rclone.run(["md5sum", "server:up"]).assert(1, &["does not compute MD5", "--download"]);
    let none = "No common hash found";
    rclone.run(["check", "here", "server:up"]).assert(0, &[none, "2 hashes could not be checked"]);
}
