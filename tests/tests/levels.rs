//! The ways of going about a server that loopback does not choose by itself, forced on each server
//! over TLS 1.2 and 1.3: the next data connection asked for behind a running transfer, directories
//! listed by `STAT`, and their opposites.

use std::fs;

use tests::tree::{self, Times};
use tests::{Program, Security, Server, Software};

const AHEAD: [&str; 2] = ["--ftp-pipelining=ahead", "--ftp-listing=stat"];
const LOCK_STEP: [&str; 2] = ["--ftp-pipelining=lockstep", "--ftp-listing=list"];

/// Sends a tree up, over itself when changed, down, and away.
fn round_trip(software: Software, way: [&str; 2]) {
    let Some(server) = Server::start(software, Security::Tls) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let here = rclone.home().join("here");
    for (number, name) in
        ["a", "a b", ".hidden", "é", "-n", "deep/er/x", "deep/y"].iter().enumerate()
    {
        let folder = here.join(name);
        fs::create_dir_all(&folder).unwrap();
        for file in 0..6 {
            fs::write(folder.join(format!("f{file}")), tree::content(file * 4096, number)).unwrap();
        }
    }
    for tls in ["--ftp-disable-tls13=true", "--ftp-disable-tls13=false"] {
        let run = |arguments: &[&str]| {
            let flags = [way[0], way[1], tls, "--transfers=3"];
            let output = rclone.run(arguments.iter().chain(&flags));
            output.assert(0, &[]);
            output
        };
        run(&["sync", "here", "server:up"]);
        tree::assert_same(&here, &server.root().join("up"), Times::Ignored);
        fs::write(here.join("a/f0"), format!("changed with {tls}")).unwrap();
        fs::remove_file(here.join("deep/y/f1")).unwrap();
        run(&["sync", "here", "server:up"]);
        run(&["check", "--download", "here", "server:up"]);
        let listed = run(&["lsf", "-R", "--files-only", "server:up"]).stdout;
        assert_eq!(listed.lines().count(), 41, "{listed}");
        run(&["sync", "server:up", "back"]);
        tree::assert_same(&here, &rclone.home().join("back"), Times::ToTheSecond);
        run(&["purge", "server:up"]);
        fs::remove_dir_all(rclone.home().join("back")).unwrap();
        fs::write(here.join("deep/y/f1"), "again").unwrap();
    }
}

#[test]
fn proftpd_ahead() {
    round_trip(Software::Proftpd, AHEAD);
}

#[test]
fn proftpd_in_lock_step() {
    round_trip(Software::Proftpd, LOCK_STEP);
}

#[test]
fn pure_ftpd_ahead() {
    round_trip(Software::PureFtpd, AHEAD);
}

#[test]
fn pure_ftpd_in_lock_step() {
    round_trip(Software::PureFtpd, LOCK_STEP);
}

/// It does not keep commands for later, and is found out.
#[test]
fn pyftpdlib_ahead() {
    round_trip(Software::Pyftpdlib, AHEAD);
}

#[test]
fn pyftpdlib_in_lock_step() {
    round_trip(Software::Pyftpdlib, LOCK_STEP);
}

#[test]
fn vsftpd_ahead() {
    round_trip(Software::Vsftpd, AHEAD);
}

#[test]
fn vsftpd_in_lock_step() {
    round_trip(Software::Vsftpd, LOCK_STEP);
}
