//! What keeps, renames, leaves out or copies files on the server itself: `--backup-dir`, `--suffix`,
//! `--track-renames`, `--compare-dest`, `--copy-dest`, `--fix-case`, `--files-from`, against each server.

use std::fs;
use std::path::{Path, PathBuf};

use tests::tree::{self, Times};
use tests::{Program, Security, Server, Software, on_every_server};

on_every_server! {
    what_is_replaced_or_deleted_is_kept
    what_has_moved_is_renamed_there
    what_stands_elsewhere_is_not_sent
    only_the_files_of_a_list_are_looked_at
    a_tree_is_copied_and_moved_on_one_server
}

/// A program, a server it knows as `server`, and its own folder `here`.
struct Place {
    rclone: Program,
    server: Server,
}

impl Place {
    fn new(software: Software, security: Security) -> Option<Self> {
        let server = Server::start(software, security)?;
        let rclone = Program::ours();
        rclone.add("server", &server);
        Some(Self { rclone, server })
    }

    /// Writes files of `here`, each of `path=content`, all of one time.
    fn write(&self, files: &[&str]) {
        for file in files {
            let (path, content) = file.split_once('=').expect("path=content");
            let path = self.here().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            tree::set_modified(
                &path,
                std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000),
            );
        }
    }

    fn here(&self) -> PathBuf {
        self.rclone.home().join("here")
    }

    fn served(&self, path: &str) -> PathBuf {
        self.server.root().join(path)
    }

    /// Runs a line and returns the commands that were sent.
    fn sent(&self, line: &str) -> Vec<String> {
        let words = line.split(' ').chain(["-vv", "--dump=headers"]);
        let output = self.rclone.run(words);
        output.assert(0, &[]);
        let lines = output.stderr.lines().filter_map(|line| line.split_once("FTP Tx: \""));
        lines.map(|(_, command)| command.trim_end_matches('"').to_owned()).collect()
    }
}

#[track_caller]
fn holds(directory: &Path, expected: &[&str]) {
    let read = |path: &String| {
        let at = directory.join(path);
        let content = if at.is_file() { fs::read_to_string(&at).unwrap() } else { "/".into() };
        format!("{path}={content}")
    };
    let files: Vec<String> = tree::paths(directory).iter().map(read).collect();
    let files: Vec<&String> = files.iter().filter(|file| !file.ends_with("=/")).collect();
    assert_eq!(files, expected);
}

fn count(sent: &[String], command: &str) -> usize {
    sent.iter().filter(|line| line.starts_with(command)).count()
}

fn what_is_replaced_or_deleted_is_kept(software: Software, security: Security) {
    let Some(place) = Place::new(software, security) else { return };
    place.write(&["a.tar.gz=first", "d/b=gone", "d/c=kept"]);
    place.sent("sync here server:up");
    place.write(&["a.tar.gz=the second"]);
    fs::remove_file(place.here().join("d/b")).unwrap();
    place.sent("sync here server:up --backup-dir server:old --suffix .1");
    holds(&place.served("up"), &["a.tar.gz=the second", "d/c=kept"]);
    holds(&place.served("old"), &["a.tar.gz.1=first", "d/b.1=gone"]);
    place.write(&["a.tar.gz=and the third"]);
    place.sent("copy here server:up --suffix .bak --suffix-keep-extension");
    let kept = ["a.bak.tar.gz=the second", "a.tar.gz=and the third", "d/c=kept"];
    holds(&place.served("up"), &kept);
}

fn what_has_moved_is_renamed_there(software: Software, security: Security) {
    let Some(place) = Place::new(software, security) else { return };
    place.write(&["a/one=1", "a/two=22", "Case=3"]);
    place.sent("sync here server:up");
    fs::create_dir(place.here().join("b")).unwrap();
    fs::rename(place.here().join("a/two"), place.here().join("b/two")).unwrap();
    let line = "sync here server:up --track-renames --track-renames-strategy leaf";
    assert_eq!(count(&place.sent(line), "STOR"), 0);
    holds(&place.served("up"), &["Case=3", "a/one=1", "b/two=22"]);
    fs::rename(place.here().join("Case"), place.here().join("case")).unwrap();
    let sent = place.sent("sync here server:up --ignore-case-sync --fix-case");
    assert_eq!((count(&sent, "STOR"), count(&sent, "RNTO")), (0, 1), "{sent:?}");
    holds(&place.served("up"), &["a/one=1", "b/two=22", "case=3"]);
    assert_eq!(count(&place.sent("sync here server:up"), "STOR"), 0);
}

fn what_stands_elsewhere_is_not_sent(software: Software, security: Security) {
    let Some(place) = Place::new(software, security) else { return };
    place.write(&["d/a=1", "d/b=2"]);
    place.sent("sync here server:full");
    place.write(&["d/b=changed", "c=3"]);
    let sent = place.sent("copy here server:new --compare-dest server:full");
    assert_eq!(count(&sent, "STOR"), 2, "{sent:?}");
    holds(&place.served("new"), &["c=3", "d/b=changed"]);
    let copy = place.rclone.run(["copy", "here", "server:whole", "--copy-dest", "server:full"]);
    if software == Software::Proftpd {
        copy.assert(0, &[]);
        tree::assert_same(&place.here(), &place.served("whole"), Times::ToTheSecond);
    } else {
        copy.assert(7, &["doesn't support server side copy"]);
    }
}

fn only_the_files_of_a_list_are_looked_at(software: Software, security: Security) {
    let Some(place) = Place::new(software, security) else { return };
    place.write(&["a=1", "d/b=2", "d/c=3", "e/f/g=4"]);
    fs::write(place.rclone.home().join("list"), "d/b\ne/f/g\n").unwrap();
    place.sent("copy here server:up --files-from list");
    holds(&place.served("up"), &["d/b=2", "e/f/g=4"]);
    place.sent("sync here server:up");
    let sent = place.sent("copy server:up down --files-from list");
    holds(&place.rclone.home().join("down"), &["d/b=2", "e/f/g=4"]);
    assert_eq!(count(&sent, "RETR"), 2);
    if !matches!(software, Software::Vsftpd) {
        // A server that tells of one file at a time is asked for no listing.
        let listings = ["MLSD", "LIST", "NLST"].map(|command| count(&sent, command));
        assert_eq!(listings, [0; 3], "{sent:?}");
    }
}

fn a_tree_is_copied_and_moved_on_one_server(software: Software, security: Security) {
    let Some(place) = Place::new(software, security) else { return };
    place.write(&["a=1", "d/b=22", "d/with blank=333"]);
    place.sent("sync here server:up");
    let sent = place.sent("copy server:up server:twin");
    tree::assert_same(&place.here(), &place.served("twin"), Times::ToTheSecond);
    let copies = (count(&sent, "SITE CPTO"), count(&sent, "STOR"));
    assert_eq!(copies, if software == Software::Proftpd { (3, 0) } else { (0, 3) }, "{sent:?}");
    assert_eq!(count(&place.sent("copy server:up server:twin"), "STOR"), 0);
    let sent = place.sent("move server:twin server:moved");
    assert_eq!((count(&sent, "RNTO"), count(&sent, "STOR"), count(&sent, "RETR")), (1, 0, 0));
    tree::assert_same(&place.here(), &place.served("moved"), Times::ToTheSecond);
    assert!(!place.served("twin").exists());
    let sent = place.sent("copyto server:moved/a server:moved/d/a --checksum");
    assert_eq!(count(&sent, "STOR"), usize::from(software != Software::Proftpd), "{sent:?}");
    assert_eq!(fs::read_to_string(place.served("moved/d/a")).unwrap(), "1");
}

/// The server hashes what it was sent before it gets its name.
#[test]
fn an_upload_is_verified_by_the_hash_of_the_server() {
    let Some(place) = Place::new(Software::Proftpd, Security::Plain) else { return };
    place.write(&["a=1", "with blank=22"]);
    let hashes = |sent: &[String]| count(sent, "HASH") + count(sent, "XMD5");
    let sent = place.sent("copy here server:up --checksum");
    assert_eq!((hashes(&sent), count(&sent, "RNTO")), (2, 2), "{sent:?}");
    let sent = place.sent("copy here server:other");
    assert_eq!(hashes(&sent), 0, "{sent:?}");
}
