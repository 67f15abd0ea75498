//! `rclone config` and what reads the config file.

use crate::{Place, Run};

const FILE: &str =
    "# mine\n[nas]\ntype = ftp\nhost: nas.local\npass = YWFhYWFhYWFhYWFhYWFhYXMaGgIlEQ\n";

/// Runs a line on the config file `c`.
#[track_caller]
fn run(place: &Place, line: &str, input: &str) -> Run {
    let words = ["--config", "c"].into_iter().chain(line.split(' '));
    place.run_with(&words.collect::<Vec<_>>(), input)
}

#[test]
fn the_documented_dialogue_makes_a_remote() {
    let place = Place::new();
    let answers = "n\nremote\nftp\nftp.example.com\n\n\ny\nsecret\nsecret\ny\nq\n";
    let shown = run(&place, "config", answers).printed();
    assert!(shown.contains("\npass = *** ENCRYPTED ***\n"), "{shown}");
    let file = place.read("c").unwrap();
    assert!(file.starts_with("[remote]\ntype = ftp\nhost = ftp.example.com\npass = "), "{file}");
    assert_eq!(run(&place, "listremotes", "").printed(), "remote:\n");
}

#[test]
fn input_that_ends_early_saves_nothing() {
    let place = Place::new();
    let run = run(&place, "config", "n\nremote\nftp\n").code(1);
    assert!(run.log().contains("the input ended before the question was answered"));
    assert_eq!(place.read("c"), None);
}

#[test]
fn scripts_create_change_and_delete() {
    let place = Place::new();
    let made = run(&place, "config create nas ftp host=h user u pass=secret -v", "").printed();
    assert_eq!(made, "[nas]\ntype = ftp\nhost = h\nuser = u\npass = *** ENCRYPTED ***\n");
    let file = place.read("c").unwrap();
    let obscured = file.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(run(&place, &format!("reveal {obscured}"), "").printed(), "secret\n");
    let changed = run(&place, "config update nas port=2121 user=", "").printed();
    assert!(changed.ends_with("user = \npass = *** ENCRYPTED ***\nport = 2121\n"), "{changed}");
    run(&place, "config unset nas user port pass", "").code(0);
    assert_eq!(place.read("c").unwrap(), "[nas]\ntype = ftp\nhost = h\n\n");
    run(&place, "config delete nas", "").code(0);
    assert_eq!(place.read("c").unwrap(), "");
    assert_eq!(run(&place, "config show", "").printed(), "; empty config\n");
}

#[test]
fn mistakes_in_scripts_are_usage_errors() {
    let place = Place::with(&[("c", FILE)]);
    for (line, message) in [
        ("config create b*d ftp", "invalid characters"),
        ("config create x s9", "couldn't find backend for type \"s9\""),
        ("config create x ftp host", "found key without value"),
        ("config update nope host=h", "remote \"nope\" doesn't exist"),
        ("config encryption check", "config file is NOT encrypted"),
    ] {
        let log = run(&place, line, "").code(2).log();
        assert!(log.contains(message), "{line}: {log}");
    }
    assert_eq!(place.read("c").unwrap(), FILE);
}

#[test]
fn what_is_shown_is_what_rclone_shows() {
    let place = Place::with(&[("c", FILE)]);
    assert_eq!(run(&place, "config show", "").printed(), FILE.to_owned() + "\n");
    let shown = run(&place, "config redacted nas", "").printed();
    assert!(shown.starts_with("[nas]\ntype = ftp\nhost = XXX\npass = XXX\n###"), "{shown}");
    let dumped = run(&place, "config dump", "").printed();
    assert!(
        dumped.starts_with("{\n    \"nas\": {\n        \"host\": \"nas.local\",\n"),
        "{dumped}"
    );
    let path = place.path("c").canonicalize().unwrap();
    let want = format!("Configuration file is stored at:\n{}\n", path.display());
    assert_eq!(run(&place, "config file", "").printed(), want);
}

#[test]
fn an_encrypted_file_opens_by_prompt_variable_or_command() {
    let place = Place::with(&[("c", FILE)]);
    run(&place, "config", "s\na\nsesame\nsesame\nq\nq\n").code(0);
    assert!(place.read("c").unwrap().contains("\nRCLONE_ENCRYPT_V0:\n"));
    let asked = run(&place, "listremotes", "wrong\nsesame\n").code(0);
    assert_eq!(asked.output(), "nas:\n", "questions are no output");
    let log = asked.log();
    assert!(log.contains("Enter configuration password:\npassword:"), "{log}");
    assert!(log.contains("most likely wrong password"), "{log}");
    let words =
        ["--config", "c", "--password-command", "echo sesame", "config", "encryption", "check"];
    place.run(&words).code(0);
    let refused = run(&place, "--ask-password=false listremotes", "").code(1).log();
    assert!(refused.contains("set RCLONE_CONFIG_PASS"), "{refused}");
    run(&place, "config encryption remove", "sesame\n").code(0);
    assert_eq!(place.read("c").unwrap(), FILE);
}

#[test]
fn passwords_come_from_standard_input() {
    let place = Place::new();
    let obscured = run(&place, "obscure -", "sesame\nmore\n").printed();
    assert_eq!(run(&place, &format!("reveal {}", obscured.trim()), "").printed(), "sesame\n");
    let log = run(&place, "reveal sesame", "").code(1).log();
    assert!(log.contains("Failed to reveal: input too short"), "{log}");
}
