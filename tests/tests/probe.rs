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
    // Which seasons show depends on today, and what they show on where the tests run.
    let clock = |line: &String| line.starts_with("clock: ") && line.ends_with(" min ahead of UTC");
    assert!(lines.iter().any(clock), "no clock in:\n{told}");
    assert!(!told.contains("secret") && !told.contains("left behind"), "{told}");
    let left: Vec<_> = fs::read_dir(server.root()).expect("the server's folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What holds on each server, plain and over TLS.
const ALL: [&str; 9] = [
    "writing: yes",
    "hidden files: listed",
    "rename over a file: replaces it",
    "time of a file: set to the second",
    "restart of downloads: yes",
    "append: yes",
    "EPSV: leads to data connections",
    "PASV: leads to data connections",
    "connections: 16 and more",
];

fn probed_both_ways(software: Software, expected: &[&str], with_tls: &[&str]) {
    let expected = [&ALL, expected].concat();
    probed(software, Security::Plain, &expected);
    probed(software, Security::Tls, &[&expected[..], with_tls].concat());
}

#[test]
fn proftpd() {
    let expected = [
        "epsv: yes",
        "sets times: MFMT",
        "restart of uploads: overwrite in place",
        "patterns in LIST: filled in",
        "patterns in STAT: taken as they are",
        "[ in names: kept",
        "hashes: md5, sha1, sha256, sha512, crc32",
        "copy on the server: yes",
    ];
    probed_both_ways(Software::Proftpd, &expected, &["TLS resumption: yes"]);
}

#[test]
fn pure_ftpd() {
    let expected = [
        "restart of uploads: cut the file at the new end",
        "patterns in LIST: filled in",
        "patterns in STAT: filled in",
        "blank before names: kept",
        "hashes: none",
        "copy on the server: not offered",
    ];
    let with_tls = ["accepts full handshakes: yes", "TLS without resumption: accepted"];
    probed_both_ways(Software::PureFtpd, &expected, &with_tls);
}

#[test]
fn pyftpdlib() {
    let expected = [
        "patterns in LIST: taken as they are",
        "patterns in STAT: taken as they are",
        "* in names: kept",
    ];
    probed_both_ways(Software::Pyftpdlib, &expected, &["TLS without resumption: accepted"]);
}

#[test]
fn vsftpd() {
    let expected = [
        "list -a: yes",
        "sets times: MDTM",
        "patterns in LIST: filled in",
        "patterns in STAT: filled in",
        "\\ in names: kept",
    ];
    probed_both_ways(Software::Vsftpd, &expected, &["resumes tls: yes", "TLS resumption: yes"]);
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
