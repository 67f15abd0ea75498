//! The last words of a run that failed, read as a user would: what failed, the server's own words,
//! and what to do.
//!
//! | what goes wrong most | test |
//! |---|---|
//! | 1 the host does not exist | `an_unknown_host_is_named` |
//! | 2 nobody listens on the port | `a_refused_port_is_named` |
//! | 3 something else than FTP listens there | `a_server_of_another_kind_is_told` |
//! | 4 the server says nothing | `a_silent_server_is_told` |
//! | 5 the password is wrong | `a_wrong_password_is_told_apart`, `a_refused_login_is_told` |
//! | 6 the password in the config is not obscured | `a_plain_password_in_the_config_is_told` |
//! | 7 the server wants TLS and none is spoken | `a_server_that_wants_tls_is_told` |
//! | 8 TLS is wanted and the server has none | `a_server_without_tls_is_told` |
//! | 9 TLS is spoken at once to a server that wants to be asked | `tls_at_the_wrong_moment_is_told` |
//! | 10 the certificate has expired | `an_expired_certificate_is_told_with_the_way_out` |
//! | 11 the certificate is for another host | `a_certificate_for_another_host_is_told_with_the_way_out` |
//! | 12 the certificate is self-signed | `a_self_signed_certificate_is_told_with_the_way_out` |
//! | 13 passive mode is blocked | `a_blocked_data_port_is_told` |
//! | 14 too many connections | `a_server_that_is_full_is_told` |
//! | 15 the user may not write there | `a_directory_that_is_forbidden_is_told` |
//! | 16 the directory is not empty | `a_directory_that_is_not_empty_is_told` |
//! | 17 the disk of the server is full | `a_full_disk_is_told_and_leaves_no_half_file` |
//! | 18 the disk here is full | `a_full_disk_here_leaves_no_half_file` |
//! | 19 a file cannot be read here | `an_unreadable_file_is_named_and_the_others_arrive` |
//! | 20 the source is not there | `a_missing_local_source_is_named` |
//! | 21 the remote is not configured | `a_remote_nobody_has_configured_is_told` |
//! | 22 a file stands where a directory is due | `a_file_in_the_way_of_a_directory_is_named` |
//! | 23 the line breaks or falls silent | `a_cut_upload_leaves_no_half_file`, `a_line_that_goes_silent_is_given_up` |
//! | 24 the server breaks its protocol | `garbled_replies_are_an_error`, `a_listing_cut_short_deletes_nothing` |

use tests::Program;
use tests::script::Script;

use super::{ONCE, servers};

/// A login, and what the client asks before the first directory.
const LOGIN: &str = "S: 220 ready\nC: USER *\nS: 331 more\nC: PASS *\nS: 230 in\nC: FEAT\nS: 502 no\n\
                     C: TYPE I\nS: 200 ok\nC: OPTS *\nS: 502 no\nC: PWD\nS: 257 \"/\"\nC: SYST\n\
                     S: 215 UNIX\n";

/// Returns what a run says in the end, without its first words, line by line.
#[track_caller]
fn last_words(arguments: &[&str]) -> Vec<String> {
    let rclone = Program::ours();
    let output = rclone.run([arguments, &ONCE, &["--timeout=2s"]].concat());
    assert_ne!(output.code, Some(0), "{}", output.stderr);
    let start = output.stderr.rfind(": Failed to ").expect("it says what failed");
    let told = &output.stderr[start + 2..];
    for debug in ["Some(", "Err(", "Custom {", "Kind::", "os error"] {
        assert!(!told.contains(debug), "`{debug}` is for programmers:\n{told}");
    }
    told.lines().map(str::to_owned).collect()
}

/// Runs `lsd`, or what else is given, on a server that plays `script`.
#[track_caller]
fn met_with(script: &str, command: &str, options: &str, path: &str) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let peer = runtime.block_on(Script::start(&[script; 4]));
    let remote = format!(":ftp,host=127.0.0.1,port={},user=u{options}:{path}", peer.port());
    // A machine with much to do would look like a long line, on which more is asked behind the login.
    let way: &[&str] = if script.starts_with(LOGIN) { &["--ftp-pipelining=lockstep"] } else { &[] };
    last_words(&[&[command, &remote], way].concat())
}

/// Checks that the words are these: what, the server's, what to do; empty where there are none.
#[track_caller]
fn check(told: &[String], what: &str, words: &str, way_out: &str) {
    assert!(told[0].contains(what), "`{what}` is not in {told:#?}");
    let line = |start: &str| told.iter().find_map(|line| line.trim_start().strip_prefix(start));
    let (said, to_do) = (line("the server said: "), line("what to do: "));
    assert_eq!(said.unwrap_or_default(), words, "{told:#?}");
    assert!(to_do.unwrap_or_default().contains(way_out), "`{way_out}` is not in {told:#?}");
    let expected = 1 + usize::from(said.is_some()) + usize::from(to_do.is_some());
    assert_eq!(told.len(), expected, "{told:#?}");
}

#[test]
fn a_server_of_another_kind_is_told() {
    for banner in ["SSH-2.0-OpenSSH_9.2p1", "HTTP/1.1 400 Bad Request"] {
        let told = met_with(&format!("S: {banner}\nX"), "lsd", "", "");
        check(&told, banner, "", "check `host` and `port`");
    }
}

#[test]
fn a_silent_server_is_told() {
    let told = met_with("W: 5000", "lsd", "", "");
    check(&told, "silent for 2s", "", "port 990 awaits `tls = true`");
}

#[test]
fn a_refused_login_is_told() {
    let script = "S: 220 ready\nC: USER *\nS: 331 more\nC: PASS *\nS: 530 Login incorrect.\nC: *";
    let told = met_with(script, "lsd", "", "");
    let what = "the server refused user or password";
    check(&told, what, "`530 Login incorrect.`", "rclone config password REMOTE pass");
}

#[test]
fn a_plain_password_in_the_config_is_told() {
    let told = last_words(&["lsd", ":ftp,host=127.0.0.1,pass=hunter2:"]);
    assert!(told[0].contains("`rclone obscure` makes one"), "{told:#?}");
    assert!(!told[0].contains("hunter2"), "{told:#?}");
}

#[test]
fn a_server_that_wants_tls_is_told() {
    for words in [
        "530 Non-anonymous sessions must use encryption.",
        "550 SSL/TLS required on the control channel",
        "421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.",
    ] {
        let told = met_with(&format!("S: 220 ready\nC: USER *\nS: {words}\nC: *"), "lsd", "", "");
        check(&told, "wants TLS", &format!("`{words}`"), "explicit_tls = true");
    }
}

#[test]
fn a_server_without_tls_is_told() {
    let script = "S: 220 ready\nC: AUTH TLS\nS: 502 not here\nC: *";
    let told = met_with(script, "lsd", ",explicit_tls", "");
    let what = "does not offer TLS, and nothing is sent to it in the clear";
    check(&told, what, "`AUTH TLS` got `502 not here`", "without `explicit_tls`");
}

#[test]
fn tls_at_the_wrong_moment_is_told() {
    let told = met_with("S: 220 ready\nW: 5000", "lsd", ",tls", "");
    check(&told, "TLS handshake", "", "explicit_tls = true");
}

#[test]
fn a_blocked_data_port_is_told() {
    let (closed, _bound) = servers::closed_port();
    let (high, low) = (closed >> 8, closed & 0xff);
    let script = format!(
        "{LOGIN}C: EPSV\nS: 229 here (|||{closed}|)\nC: PASV\nS: 227 here (127,0,0,1,{high},{low})\n\
         C: *"
    );
    let told = met_with(&script, "lsd", "", "");
    let what = format!("no data connection comes about: connect to 127.0.0.1:{closed}");
    check(&told, &what, "", "passive mode is blocked");
}

#[test]
fn a_server_that_is_full_is_told() {
    let words = "421 Too many connections (2) from this IP";
    let told = met_with(&format!("S: {words}\nX"), "lsd", "", "");
    check(&told, "takes no more connections", &format!("`{words}`"), "lower --transfers");
}

#[test]
fn a_directory_that_is_forbidden_is_told() {
    // Whether it stands there already is asked in every way.
    let asked = ["SIZE", "MDTM", "EPSV", "PASV"].map(|word| format!("C: {word}*\nS: 550 no\n"));
    let script = format!("{LOGIN}C: MKD *\nS: 550 Permission denied.\n{}C: *", asked.concat());
    let told = met_with(&script, "mkdir", "", "d");
    let words = "`MKD /d` got `550 Permission denied.`";
    check(&told, "d: the server forbids it", words, "ask the server's owner");
}

#[test]
fn a_directory_that_is_not_empty_is_told() {
    let refusal = "550 Directory not empty";
    let script = format!("{LOGIN}C: RMD *\nS: {refusal}\nC: *");
    let told = met_with(&script, "rmdir", "", "d");
    let words = format!("`RMD /d` got `{refusal}`");
    check(&told, "d: the directory is not empty", &words, "rclone purge");
}

#[test]
fn a_remote_nobody_has_configured_is_told() {
    let told = last_words(&["lsd", "nas:"]);
    let what = "didn't find section in config file (\"nas\")";
    check(&told, what, "", "`rclone config` adds a remote");
}
