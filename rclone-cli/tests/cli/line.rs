//! The command line itself: targets, variables, help, exit codes.

use assert_cmd::Command;

use crate::Place;

#[track_caller]
fn fails(line: &str, code: i32, message: &str) {
    let log = Place::new().run(&line.split(' ').collect::<Vec<_>>()).code(code).log();
    assert!(log.contains(message), "{line}: {log}");
}

#[test]
fn mistakes_are_named_with_a_way_out() {
    fails("ls --trnasfers 4 x", 2, "--transfers");
    fails("lss x", 2, "similar");
    fails("ls", 2, "<PATH>");
    fails("ls --transfers many x", 2, "`many` is not a whole number");
    fails("mount x y", 1, "this program has no mount: use curlftpfs");
    fails("sync a b --name-transform c", 2, "--name-transform is not to be had");
}

#[test]
fn places_that_are_none_are_named_as_rclone_does() {
    fails(
        "ls nope:",
        1,
        "CRITICAL: Failed to create file system for \"nope:\": didn't find section in config file (\"nope\")",
    );
    fails("ls :s3:x", 1, "didn't find backend called \"s3\"");
    fails("ls :ftp,host=h", 1, "unquoted config value must end with `,` or `:`");
    fails("ls :ftp:", 1, "the remote has no host");
    fails("ls :ftp,host=h,pass=plain:", 1, "`rclone obscure`");
    fails("ls nowhere", 3, "directory not found");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    // Bound and not listened on, it refuses, and nobody else gets it.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = bound.local_addr().unwrap().port();
    let target = format!(":ftp,host=127.0.0.1,port={port}:");
    let run = Place::new().run(&["ls", &target, "--low-level-retries", "1"]).code(5);
    let log = run.log();
    assert!(log.contains(&format!("127.0.0.1:{port}")) && log.contains("refused"), "{log}");
}

#[test]
fn variables_stand_for_flags_and_remotes() {
    let place = Place::with(&[("a.txt", "1"), ("b.txt", "22")]);
    let mut command = Command::cargo_bin("rclone").unwrap();
    command.current_dir(place.path("")).env_clear().env("RCLONE_CONFIG", "");
    command.env("RCLONE_CONFIG_HERE_TYPE", "local").env("RCLONE_EXCLUDE", "a*,c*");
    let output = command.args(["lsf", "here:"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "b.txt\n");
}

#[test]
fn flags_without_effect_are_told_when_asked() {
    let run = Place::new().run(&["ls", ".", "--buffer-size", "1M", "-v"]).code(0);
    assert!(run.log().contains("--buffer-size has no effect here"), "{}", run.log());
    assert_eq!(Place::new().run(&["ls", ".", "--buffer-size", "1M"]).code(0).log(), "");
}

#[test]
fn help_goes_where_it_belongs() {
    let place = Place::new();
    assert!(place.run(&["--help"]).printed().contains("\nCopy:\n"));
    assert!(place.run(&["sync", "--help"]).printed().contains("<DESTINATION>"));
    assert!(place.run(&["help", "flags", "bwlimit"]).printed().contains("--bwlimit <RATE>"));
    assert!(place.run(&["help", "backend", "ftp"]).printed().contains("RCLONE_FTP_EXPLICIT_TLS"));
    let bare = place.run(&[]).code(2);
    assert!(bare.output().is_empty() && bare.log().contains("\nCopy:\n"));
    let version = place.run(&["-V"]).printed();
    assert_eq!(version, place.run(&["version"]).printed());
}

#[test]
fn words_are_completed_from_commands_flags_and_remotes() {
    let place = Place::with(&[("d/one", "1"), ("d/two words/x", "1")]);
    let complete = |words: &[&str]| {
        let line = [&["__complete", "--"], words].concat();
        place.run(&line).printed()
    };
    assert!(complete(&["lis"]).starts_with("listremotes\tList"));
    assert!(complete(&["ls", "--bwl"]).starts_with("--bwlimit\t"));
    assert_eq!(complete(&["ls", ":local:d/"]), ":local:d/one\n:local:d/two words/\n");
    assert_eq!(complete(&["ls", ":local:d/t"]), ":local:d/two words/\n");
    assert_eq!(complete(&["ls", ":local:missing/"]), "");
    place.write("rclone.conf", "[nas]\ntype = ftp\n[disk]\ntype = local\n");
    let config = place.path("rclone.conf");
    let line = ["--config", config.to_str().unwrap(), "__complete", "--", "sync", "n"];
    assert_eq!(place.run(&line).printed(), "nas:\n");
}

/// bash takes `:local:d/t` for several words, of which only the last is completed.
#[test]
fn bash_completes_paths_of_remotes() {
    let place = Place::with(&[("d/two words/x", "1"), ("d/three", "1")]);
    let script = place.run(&["completion", "bash"]).printed();
    place.write("script", &script);
    let ask = |line: &str| {
        let program = env!("CARGO_BIN_EXE_rclone");
        let ask = format!(
            "source ./script; COMP_LINE='{program} {line}'; COMP_POINT=${{#COMP_LINE}}; _rclone; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        bash.args(["-c", &ask]).current_dir(place.path("")).env("RCLONE_CONFIG", "");
        String::from_utf8(bash.output().unwrap().stdout).unwrap()
    };
    assert_eq!(ask("ls :local:d/t"), "d/three\nd/two\\ words/\n");
    assert_eq!(ask("listr"), "listremotes\n");
}

#[test]
fn a_run_stops_at_its_limit_of_bytes() {
    let place = Place::new();
    let content = "x".repeat(1 << 20);
    for name in 0..9 {
        place.write(&format!("s/{name}"), &content);
    }
    let run = place.run(&["copy", "s", "d", "--transfers", "1", "--max-transfer", "2M"]).code(8);
    assert!(run.log().contains("max transfer limit reached as set by --max-transfer"));
    let copied = place.all("d").iter().filter(|name| !name.contains("partial")).count();
    assert!((1..=3).contains(&copied), "{:?}", place.all("d"));
}

#[test]
fn a_run_stops_at_its_limit_of_time() {
    let place = Place::with(&[("s/a", &"x".repeat(1 << 20))]);
    let limits = ["--bwlimit", "64K", "--max-duration", "300ms"];
    let run = place.run(&[&["copy", "s", "d"], limits.as_slice()].concat()).code(10);
    assert!(run.log().contains("max transfer duration reached as set by --max-duration"));
    assert_eq!(place.read("d/a"), None);
}

#[cfg(unix)]
#[test]
fn a_signal_turns_the_bandwidth_limit_off() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let place = Place::with(&[("s/a", &"x".repeat(1 << 20))]);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("rclone"));
    command.current_dir(place.path("")).env_clear().env("RCLONE_CONFIG", "");
    // At this rate it would take half an hour.
    command.args(["copy", "s", "d", "--bwlimit", "512B", "-v"]).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    log.find(|line| line.ends_with("Starting bandwidth limiter at 512 Byte/s")).unwrap();
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-USR2", &pid]).status().unwrap().success());
    log.find(|line| line.ends_with("Bandwidth limit disabled by user (now off)")).unwrap();
    assert!(log.any(|line| line.contains("a: Copied (new)")));
    assert!(child.wait().unwrap().success());
    assert_eq!(place.read("d/a").map(|content| content.len()), Some(1 << 20));
}
