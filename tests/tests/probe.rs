//! `rclone backend`: what each server is found to do, and that nothing is left of the trying.

use std::fs;

use tests::{Program, Security, Server, Software};

fn probed(software: Software, security: Security, expected: &[&str]) {
    let Some(server) = Server::start(software, security) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let told = rclone.succeed(["backend", "probe", "server:"]);
    let lines: Vec<String> =
        told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in expected {
        assert!(lines.iter().any(|told| told == line), "`{line}` is not in:\n{told}");
    }
    assert!(!told.contains("secret") && !told.contains("left behind"), "{told}");
    let left: Vec<_> = fs::read_dir(server.root()).expect("the server's folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn proftpd() {
    let hashes = "hashes: md5, sha1, sha256, sha512, crc32";
    let expected = [
        "epsv: yes",
        "hidden files: listed",
        "rename over a file: replaces it",
        "time of a file: set to the second",
        "sets times: MFMT",
        "restart of downloads: yes",
        "restart of uploads: overwrite in place",
        "append: yes",
        hashes,
        "copy on the server: yes",
        "connections: 16 and more",
    ];
    probed(Software::Proftpd, Security::Plain, &expected);
}

#[test]
fn pure_ftpd_with_tls() {
    let expected = [
        "restart of uploads: cut the file at the new end",
        "hashes: none",
        "copy on the server: not offered",
        "accepts full handshakes: yes",
    ];
    probed(Software::PureFtpd, Security::Tls, &expected);
}

#[test]
fn pyftpdlib() {
    probed(Software::Pyftpdlib, Security::Plain, &["time of a file: set to the second"]);
}

#[test]
fn vsftpd_with_tls() {
    let expected = ["resumes tls: yes", "list -a: yes", "sets times: MDTM"];
    probed(Software::Vsftpd, Security::Tls, &expected);
}

#[test]
fn features_are_rclones_and_what_was_learnt() {
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    rclone.succeed(["lsf", "server:"]);
    let told = rclone.succeed(["backend", "features", "server:"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["Name"], "server");
    assert_eq!(told["String"], format!("ftp://127.0.0.1:{}", server.port()));
    assert_eq!(told["Precision"], 1_000_000_000);
    assert_eq!(told["Features"].as_object().map(serde_json::Map::len), Some(52));
    assert_eq!(told["Features"]["Copy"], true);
    assert_eq!(told["Features"]["SlowModTime"], false);
    // The run before had listed, and this one has not.
    assert_eq!(told["Personality"]["mlsd"], "yes");
    let kept = rclone.home().join(".cache/rclone/ftp");
    let file = fs::read_dir(kept).expect("a cache").next().expect("a file").expect("a file");
    let text = fs::read_to_string(file.path()).expect("text");
    assert!(text.contains("ProFTPD") && !text.contains("secret"), "{text}");
}
