//! Whole dialogues, by scripts of answers.

use std::path::Path;

use super::*;
use crate::config::encrypt::Key;
use crate::config::location::Location;
use crate::config::obscure::reveal;
use crate::config::store::Unlock;
use crate::prompt::script::Script;

struct Password(&'static str);

impl Unlock for Password {
    fn key(&self, _wrong: bool) -> anyhow::Result<Key> {
        Ok(Key::of(self.0)?)
    }
}

/// Finds every server but one; one has a certificate of its own, one offers TLS.
struct Servers;

impl Probe for Servers {
    fn probe(&self, values: &[(String, String)]) -> Findings {
        let value = |key| values.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
        let offer = |question: &str, key, value: String, harmless| {
            vec![Offer { question: question.into(), set: vec![(key, value)], harmless }]
        };
        let (works, text, offers) = match value("host") {
            Some("nowhere") => (false, "It does not work yet: no such host\n", Vec::new()),
            Some("own") if value("tls_fingerprint").is_none() => {
                let offer = offer("Trust it?", "tls_fingerprint", "ab".repeat(32), false);
                (false, "It does not work yet: refused\n", offer)
            }
            Some("tls") if value("explicit_tls").is_none() => {
                (true, "It works.\n", offer("Encrypt?", "explicit_tls", "true".into(), true))
            }
            _ => (true, "It works.\n", Vec::new()),
        };
        Findings { works, text: text.into(), offers }
    }
}

fn store(path: &Path) -> Store {
    Store::open(Location::File(path.into()), &Password("sesame")).unwrap()
}

/// Runs the dialogue on a file and returns what was shown and the file as it is then.
#[track_caller]
fn run(before: &str, answers: &[&str]) -> (String, String) {
    play(before, Script::new(answers))
}

/// The same with somebody at the terminal.
#[track_caller]
fn sit(before: &str, answers: &[&str]) -> (String, String) {
    play(before, Script::attended(answers))
}

#[track_caller]
fn play(before: &str, mut script: Script) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rclone.conf");
    if !before.is_empty() {
        std::fs::write(&path, before).unwrap();
    }
    let mut store = store(&path);
    Wizard::new(&mut script, &mut store, "ncw".into(), &Servers).run().unwrap();
    assert_eq!(script.left(), 0, "answers nobody asked for: {}", script.shown);
    (script.shown, std::fs::read_to_string(&path).unwrap_or_default())
}

/// Returns a value of the file that came out.
fn value(file: &str, section: &str, key: &str) -> Option<String> {
    File::parse(file).unwrap().get(section, key)
}

const NAS: &str = "# mine\n[nas]\ntype = ftp\nhost = h\nport = 2121\nodd = kept\n";

#[test]
fn the_documented_session_makes_a_remote() {
    let answers =
        ["n", "remote", "ftp", "ftp.example.com", "", "", "y", "secret", "secret", "y", "q"];
    let (shown, file) = run("", &answers);
    insta::assert_snapshot!(shown, @r#"
    No remotes found - make a new one
    n) New remote
    r) Rename remote
    c) Copy remote
    s) Set configuration password
    q) Quit config
    n/r/c/s/q> n
    name> remote
    Type of storage to configure.
    Choose a number from below, or type in your own value
     1 / FTP Connection
       \ "ftp"
     2 / Local Disk
       \ "local"
    Storage> ftp
    FTP host to connect to
    Choose a number from below, or type in your own value
     1 / Connect to ftp.example.com
       \ "ftp.example.com"
    host> ftp.example.com
    FTP username, leave blank for current username, ncw
    user> 
    FTP port, leave blank to use default (21)
    port> 
    FTP password
    y) Yes type in my own password
    g) Generate random password
    n) No, leave this optional password blank (default)
    y/g/n> y
    Enter the password:
    password:
    Confirm the password:
    password:
    Remote config
    --------------------
    [remote]
    type = ftp
    host = ftp.example.com
    pass = *** ENCRYPTED ***
    --------------------
    y) Yes this is OK
    e) Edit this remote
    d) Delete this remote
    a) Edit advanced config? (TLS, timeouts, ...)
    t) Test this remote now
    y/e/d/a/t> y
    Current remotes:

    Name                 Type
    ====                 ====
    remote               ftp

    e) Edit existing remote
    n) New remote
    d) Delete remote
    r) Rename remote
    c) Copy remote
    s) Set configuration password
    q) Quit config
    e/n/d/r/c/s/q> q
    "#);
    assert!(!shown.contains("secret"));
    assert_eq!(value(&file, "remote", "type").unwrap(), "ftp");
    assert_eq!(value(&file, "remote", "host").unwrap(), "ftp.example.com");
    assert_eq!(reveal(&value(&file, "remote", "pass").unwrap()).unwrap(), "secret");
    assert_eq!(File::parse(&file).unwrap().keys("remote"), ["type", "host", "pass"]);
}

#[test]
fn the_answers_to_todays_rclone_do_the_same() {
    let tail = ["", "", "n", "y", "q"];
    let head = ["n", "remote", "ftp", "ftp.example.com", "", "", "y", "secret", "secret"];
    let (_, file) = run("", &[head.as_slice(), &tail].concat());
    assert_eq!(File::parse(&file).unwrap().keys("remote"), ["type", "host", "pass"]);
}

#[test]
fn storage_and_host_can_be_chosen_by_number() {
    let (_, file) = run("", &["n", "r", "s3", "1", "", "1", "me", "990", "", "y", "q"]);
    assert_eq!(value(&file, "r", "host").unwrap(), "ftp.example.com");
    assert_eq!(value(&file, "r", "user").unwrap(), "me");
    assert_eq!(value(&file, "r", "port").unwrap(), "990");
    assert_eq!(value(&file, "r", "pass"), None);
}

#[test]
fn a_disk_needs_no_questions() {
    let (_, file) = run("", &["n", "d", "local", "y", "q"]);
    assert_eq!(file, "[d]\ntype = local\n\n");
}

#[test]
fn bad_answers_are_asked_again() {
    let answers = [
        "x", "n", "", "b*d", "nas", "ok", "ftp", "", "h", "", "ftp", "21", "y", "a", "b", "", "a",
        "a", "y", "q",
    ];
    let (shown, file) = run(NAS, &answers);
    assert!(shown.contains("This value must be one of the following characters: e, n, d, r"));
    assert!(shown.contains("already exists") && shown.contains("empty name"));
    assert!(shown.contains("is required") && shown.contains("not a whole number"));
    assert!(shown.contains("do not match"));
    assert_eq!(reveal(&value(&file, "ok", "pass").unwrap()).unwrap(), "a");
    assert!(file.starts_with(NAS));
}

#[test]
fn a_password_is_generated_on_request() {
    let answers = ["n", "r", "ftp", "h", "", "", "g", "12", "128", "n", "", "y", "q"];
    let (shown, file) = run("", &answers);
    let stored = reveal(&value(&file, "r", "pass").unwrap()).unwrap();
    assert_eq!(stored.len(), 22);
    assert!(shown.contains(&format!("Your password is: {stored}\n")));
}

#[test]
fn advanced_options_are_asked_on_request() {
    let mut answers = vec!["n", "r", "ftp", "h", "", "", "n", "a", "maybe", "false", "T"];
    let rest = super::super::options::FTP.len() - 6;
    answers.extend(std::iter::repeat_n("", rest));
    answers.extend(["y", "q"]);
    let (shown, file) = run("", &answers);
    assert!(shown.contains("`maybe` is not a boolean"));
    assert_eq!(file, "[r]\ntype = ftp\nhost = h\nexplicit_tls = true\n\n");
}

#[test]
fn a_draft_can_be_changed_or_dropped() {
    let (_, file) = run("", &["n", "r", "ftp", "a", "", "", "", "e", "b", "", "", "", "d", "q"]);
    assert_eq!(file, "");
    let (_, file) = run("", &["n", "r", "ftp", "a", "", "", "", "e", "b", "", "", "", "y", "q"]);
    assert_eq!(value(&file, "r", "host").unwrap(), "b");
}

const NEW: [&str; 3] = ["n", "r", "ftp"];

#[test]
fn a_remote_is_tried_before_it_is_saved() {
    let typed = [&NEW[..], &["h", "", "", "", "y"]].concat();
    let (shown, file) = sit("", &[&typed[..], &["", "q"]].concat());
    assert!(shown.contains("Test this remote now?\ny) Yes (default)\n"), "{shown}");
    assert!(shown.contains("\nIt works.\n"), "{shown}");
    assert_eq!(file, "[r]\ntype = ftp\nhost = h\n\n");
    let (shown, file) = sit("", &[&typed[..], &["n", "q"]].concat());
    assert!(!shown.contains("Connecting"), "{shown}");
    assert_eq!(file, "[r]\ntype = ftp\nhost = h\n\n");
    let (shown, _) = sit("", &["n", "r", "local", "t", "y", "q"]);
    assert!(shown.contains("There is nothing to test."));
}

#[test]
fn a_failed_try_loses_nothing() {
    let typed = [&NEW[..], &["nowhere", "me", "2121", "", "y", "y"]].concat();
    let (shown, file) = sit("", &[&typed[..], &["", "h", "", "", "", "y", "y", "q"]].concat());
    assert!(shown.contains("It does not work yet: no such host\n"), "{shown}");
    assert!(shown.contains("e) Edit this remote (default)\n"), "{shown}");
    assert_eq!(file, "[r]\ntype = ftp\nhost = h\nuser = me\nport = 2121\n\n");
    let (_, file) = sit("", &[&typed[..], &["t", "s", "q"]].concat());
    assert_eq!(file, "[r]\ntype = ftp\nhost = nowhere\nuser = me\nport = 2121\n\n");
    let (_, file) = sit("", &[&typed[..], &["d", "q"]].concat());
    assert_eq!(file, "");
    let (_, file) = sit(NAS, &["e", "nas", "nowhere", "", "", "", "t", "d", "q"]);
    assert_eq!(file, NAS, "what was saved before stays");
}

#[test]
fn what_a_try_finds_is_offered_and_tried_again() {
    let typed = [&NEW[..], &["own", "me", "2121", "", "t"]].concat();
    let (shown, file) = run("", &[&typed[..], &["n", "t", "y", "y", "q"]].concat());
    assert!(shown.contains("It does not work yet: refused\nTrust it?\ny) Yes\nn) No (default)"));
    assert!(shown.contains("\nIt works.\n"), "{shown}");
    let pinned = format!("tls_fingerprint = {}\n", "ab".repeat(32));
    assert_eq!(file, format!("[r]\ntype = ftp\nhost = own\nuser = me\nport = 2121\n{pinned}\n"));
    let (_, file) = sit("", &[&NEW[..], &["tls", "", "", "", "y", "y", "", "q"]].concat());
    assert_eq!(file, "[r]\ntype = ftp\nhost = tls\nexplicit_tls = true\n\n");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_costs_nothing_that_was_typed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("folder/rclone.conf");
    let mut store = store(&path);
    // A file where the folder would have to be.
    std::fs::write(dir.path().join("folder"), "").unwrap();
    let mut script = Script::attended(&["n", "d", "local", "y", "y", "d", "q"]);
    Wizard::new(&mut script, &mut store, "ncw".into(), &Servers).run().unwrap();
    assert_eq!(script.shown.matches("It is not saved: ").count(), 2, "{}", script.shown);
}

#[test]
fn editing_keeps_what_is_not_changed() {
    let (_, file) = run(NAS, &["e", "1", "", "me", "-", "", "y", "q"]);
    assert_eq!(file, "# mine\n[nas]\ntype = ftp\nhost = h\nodd = kept\nuser = me\n");
    let (_, file) = run(NAS, &["e", "nas", "", "", "", "", "y", "q"]);
    assert_eq!(file, NAS);
    let (_, file) = run(NAS, &["e", "nas:", "", "", "", "", "d", "q"]);
    assert_eq!(file, "");
}

#[test]
fn remotes_are_renamed_copied_and_deleted() {
    let (_, file) = run(NAS, &["r", "1", "box", "c", "box", "two", "d", "1", "q"]);
    assert_eq!(file, "[two]\ntype = ftp\nhost = h\nport = 2121\nodd = kept\n\n");
    let (shown, _) = run("", &["r", "c", "q"]);
    assert!(shown.contains("No remotes found."));
}

#[test]
fn the_file_is_encrypted_changed_and_decrypted() {
    let password = ["s", "a", "sesame", "sesame", "q", "q"];
    let (shown, file) = run(NAS, &password);
    assert!(file.contains("RCLONE_ENCRYPT_V0:") && !shown.contains("sesame"));
    let (_, again) = run(&file, &["s", "c", "other", "other", "q", "q"]);
    assert_ne!(again, file);
    let (_, plain) = run(&file, &["s", "u", "q", "q"]);
    assert_eq!(plain, NAS);
    let answers = ["n", "r", "local", "y", "q"];
    let (_, changed) = run(&file, &answers);
    assert!(changed.contains("RCLONE_ENCRYPT_V0:"), "it stays encrypted");
}

#[test]
fn what_was_typed_is_lost_only_with_the_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rclone.conf");
    let mut script = Script::new(&["n", "r", "ftp"]);
    let error = Wizard::new(&mut script, &mut store(&path), "ncw".into(), &Servers).run();
    assert!(error.is_err() && !path.exists());
}
