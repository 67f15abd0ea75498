//! Bad input and bad luck: one clear line that names the thing, the exit code, and no half file.

mod words;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::certs::{Authority, Identity};
use tests::fault::{Channel, Fault, Harm, Line};
use tests::script::Script;
use tests::{Output, Program, Security, Server, Software, on_every_server, servers, tree};

const OTHER: i32 = 1;
const DIRECTORY_NOT_FOUND: i32 = 3;
const TEMPORARY: i32 = 5;

/// Flags with which a failure shows at once.
const ONCE: [&str; 3] = ["--retries=1", "--low-level-retries=1", "--contimeout=10s"];

fn once<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &ONCE].concat()
}

#[test]
fn an_unknown_host_is_named() {
    let rclone = Program::ours();
    let output = rclone.run(once(&["lsd", ":ftp,host=no-such-host.invalid:"]));
    output.assert(OTHER, &["no-such-host.invalid"]);
}

#[test]
fn a_refused_port_is_named() {
    let rclone = Program::ours();
    let (port, _bound) = servers::closed_port();
    let output = rclone.run(once(&["lsd", &format!(":ftp,host=127.0.0.1,port={port}:")]));
    output.assert(TEMPORARY, &[&format!("127.0.0.1:{port}"), "refused"]);
}

#[test]
fn a_wrong_password_is_told_apart() {
    for software in [Software::Proftpd, Software::PureFtpd, Software::Pyftpdlib] {
        let Some(server) = Server::start(software, Security::Plain) else { continue };
        let rclone = Program::ours();
        rclone.add("server", &server);
        let wrong = rclone.succeed(["obscure", "wrong"]);
        let target = format!("server,pass={}:", wrong.trim());
        let output = rclone.run(once(&["lsd", &target]));
        output.assert(OTHER, &["530", "password", "config password"]);
        assert!(!output.stderr.contains("wrong"), "{}", output.stderr);
    }
}

/// Returns what `lsd` says to a server that shows this certificate.
fn met_with(identity: &Identity, arguments: &[&str]) -> Option<Output> {
    if let Some(reason) = Software::Pyftpdlib.missing() {
        servers::not_run(&reason);
        return None;
    }
    let server = Server::start_as(Software::Pyftpdlib, Security::Tls, identity);
    let rclone = Program::ours();
    rclone.add("server", &server);
    Some(rclone.run(once(&[&["lsd"], arguments].concat())))
}

#[test]
fn an_expired_certificate_is_told_with_the_way_out() {
    let Some(output) = met_with(&Authority::new().expired(), &["server:"]) else { return };
    output.assert(OTHER, &["expired", "no_check_certificate"]);
}

#[test]
fn a_certificate_for_another_host_is_told_with_the_way_out() {
    let Some(output) = met_with(&Authority::new().misnamed(), &["server:"]) else { return };
    output.assert(OTHER, &["certificate", "127.0.0.1", "no_check_certificate"]);
}

#[test]
fn a_self_signed_certificate_is_told_with_the_way_out() {
    let none = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    none.identity().write(folder.path());
    let other = folder.path().join("ca.pem");
    let remote = format!("server,override.ca_cert={}:", other.display());
    let Some(output) = met_with(&Identity::self_signed(), &[&remote]) else { return };
    output.assert(OTHER, &["certificate", "--ca-cert", "no_check_certificate"]);
}

/// Returns what `rclone config` shows to somebody who answers so.
fn dialogue(rclone: &Program, answers: &str) -> String {
    use std::io::Write;
    let mut dialogue = rclone.command(["config"]);
    let dialogue = dialogue.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = dialogue.spawn().unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// TLS that is off is offered, then the certificate that turns out to be the server's own.
#[test]
fn a_remote_without_tls_ends_up_encrypted_by_three_answers() {
    let Some(server) = Server::start(Software::Vsftpd, Security::Tls) else { return };
    let rclone = Program::ours();
    let section = server.section("server", server.port());
    let plain: String = section
        .lines()
        .filter(|line| !line.contains("tls"))
        .fold(String::new(), |text, line| text + line + "\n");
    rclone.configure(&plain);
    let shown = dialogue(&rclone, "e\nserver\n\n\n\n\nt\ny\ny\ny\nq\n");
    for told in ["explicit_tls = true", "SHA-256 fingerprint", "It works: "] {
        assert!(shown.contains(told), "`{told}` is not in:\n{shown}");
    }
    rclone.succeed(["lsd", "server:"]);
}

/// The fingerprint is told, and trusting it is one letter.
#[test]
fn a_self_signed_certificate_can_be_trusted_in_the_dialogue() {
    if let Some(reason) = Software::Pyftpdlib.missing() {
        return servers::not_run(&reason);
    }
    let identity = Identity::self_signed();
    let server = Server::start_as(Software::Pyftpdlib, Security::Tls, &identity);
    let rclone = Program::ours();
    rclone.configure(&server.section("server", server.port()));
    rclone.run(once(&["lsd", "server:"])).assert(OTHER, &["certificate", "tls_fingerprint = "]);
    let shown = dialogue(&rclone, "e\nserver\n\n\n\n\nt\ny\ny\nq\n");
    for told in ["It does not work yet", "SHA-256 fingerprint", "It works: 0 entries"] {
        assert!(shown.contains(told), "`{told}` is not in:\n{shown}");
    }
    rclone.succeed(["lsd", "server:"]);
}

#[test]
fn a_certificate_need_not_hold_where_the_user_says_so() {
    let arguments = ["server:", "--no-check-certificate"];
    for identity in [Authority::new().expired(), Authority::new().misnamed()] {
        let Some(output) = met_with(&identity, &arguments) else { return };
        output.assert(0, &[]);
    }
}

on_every_server! {
    a_file_in_the_way_of_a_directory_is_named
    a_full_disk_is_told_and_leaves_no_half_file
    a_cut_upload_leaves_no_half_file
    a_cut_download_leaves_no_half_file
    one_cut_is_survived
}

fn a_file_in_the_way_of_a_directory_is_named(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let here = rclone.home().join("here");
    fs::create_dir_all(here.join("blocked")).unwrap();
    fs::write(here.join("blocked/below"), "below").unwrap();
    fs::write(here.join("free"), "free").unwrap();
    fs::write(server.root().join("blocked"), "in the way").unwrap();
    servers::own(&server.root().join("blocked"));
    let output = rclone.run(once(&["copy", "here", "server:"]));
    assert_ne!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("blocked"), "{}", output.stderr);
    assert_eq!(tree::paths(&server.root()), ["blocked", "free"]);
    assert_eq!(fs::read(server.root().join("blocked")).unwrap(), b"in the way");
}

/// Every file the server writes may hold so many bytes and no more, which is to it as a full disk.
fn a_full_disk_is_told_and_leaves_no_half_file(software: Software, security: Security) {
    let Some(server) = Server::start_limited(software, security, 1 << 20) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let here = rclone.home().join("here");
    fs::create_dir(&here).unwrap();
    fs::write(here.join("big file"), tree::content(4 << 20, 1)).unwrap();
    fs::write(here.join("small file"), "small").unwrap();
    let output = rclone.run(once(&["copy", "here", "server:up"]));
    assert_ne!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("big file"), "{}", output.stderr);
    let names = tree::paths(&server.root().join("up"));
    assert!(
        names.contains(&"small file".into()) && !names.contains(&"big file".into()),
        "{names:?}"
    );
}

fn with_faults<T>(server: &Server, fault: Fault, test: impl FnOnce(&Program, &Line) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let line = runtime.block_on(Line::start(server.port(), fault));
    let rclone = Program::ours();
    rclone.add_through("server", server, line.port());
    test(&rclone, &line)
}

/// A line whose data connections (under TLS its control connections) end early.
fn cuts(security: Security, times: usize) -> Fault {
    let (channel, after) = match security {
        Security::Plain => (Channel::Data, 300_000),
        // Enough for the login, not for what follows it.
        Security::Tls => (Channel::Control, 6_000),
    };
    Fault { channel, after, harm: Harm::Close, times }
}

/// Returns how many files make the connections that are cut reach what they may carry.
fn enough(security: Security) -> usize {
    match security {
        Security::Plain => 20,
        Security::Tls => 80,
    }
}

fn a_cut_upload_leaves_no_half_file(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    with_faults(&server, cuts(security, usize::MAX), |rclone, line| {
        let here = rclone.home().join("here");
        fs::create_dir(&here).unwrap();
        for number in 0..enough(security) {
            fs::write(here.join(format!("file {number}")), tree::content(400_000, number)).unwrap();
        }
        let output = rclone.run(once(&["copy", "here", "server:up"]));
        assert!(line.struck() > 0, "the line is in use");
        let up = server.root().join("up");
        // What a lost reply would have said may have been asked for on another connection.
        if output.code == Some(0) {
            tree::assert_same(&here, &up, tree::Times::Ignored);
        } else {
            assert!(output.stderr.contains("file "), "{}", output.stderr);
        }
        whole_or_absent(&here, &up);
    });
}

fn a_cut_download_leaves_no_half_file(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    for number in 0..enough(security) {
        let path = server.root().join(format!("file {number}"));
        fs::write(path, tree::content(400_000, number)).unwrap();
    }
    with_faults(&server, cuts(security, usize::MAX), |rclone, line| {
        let output = rclone.run(once(&["copy", "server:", "down"]));
        assert!(line.struck() > 0, "the line is in use");
        let down = rclone.home().join("down");
        // A line cut after the last file has come spoils nothing.
        if output.code == Some(0) {
            tree::assert_same(&server.root(), &down, tree::Times::Ignored);
        }
        whole_or_absent(&server.root(), &down);
    });
}

/// Panics if a file stands under its final name in `copies` and is not all of it.
#[track_caller]
fn whole_or_absent(originals: &Path, copies: &Path) {
    if !copies.exists() {
        return;
    }
    for name in tree::paths(copies).iter().filter(|name| !name.ends_with(".partial")) {
        let same = fs::read(originals.join(name)).unwrap() == fs::read(copies.join(name)).unwrap();
        assert!(same, "`{name}` is half a file");
    }
}

fn one_cut_is_survived(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    with_faults(&server, cuts(security, 1), |rclone, line| {
        let here = rclone.home().join("here");
        fs::create_dir(&here).unwrap();
        for number in 0..enough(security) {
            fs::write(here.join(format!("file {number}")), tree::content(400_000, number)).unwrap();
        }
        rclone.succeed(["copy", "here", "server:up", "--retries=1"]);
        assert_eq!(line.struck(), 1);
        tree::assert_same(&here, &server.root().join("up"), tree::Times::ToTheSecond);
    });
}

#[test]
fn a_line_that_goes_silent_is_given_up() {
    let Some(server) = Server::start(Software::Vsftpd, Security::Plain) else { return };
    for channel in [Channel::Control, Channel::Data] {
        let fault = Fault { channel, after: 100, harm: Harm::Stall, times: usize::MAX };
        with_faults(&server, fault, |rclone, _| {
            fs::write(rclone.home().join("file"), tree::content(1 << 20, 1)).unwrap();
            let start = Instant::now();
            let output = rclone.run(once(&["copyto", "file", "server:silent", "--timeout=1s"]));
            assert_ne!(output.code, Some(0), "{}", output.stderr);
            assert!(start.elapsed() < Duration::from_secs(20), "it is given up in good time");
            assert!(!server.root().join("silent").exists());
        });
    }
}

#[test]
fn garbled_replies_are_an_error() {
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    let fault = Fault { channel: Channel::Control, after: 200, harm: Harm::Garble, times: 100 };
    with_faults(&server, fault, |rclone, _| {
        let output = rclone.run(once(&["lsf", "-R", "server:", "--timeout=2s"]));
        assert_ne!(output.code, Some(0), "{}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    });
}

#[test]
fn a_listing_cut_short_deletes_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let script = "S: 220 ready\nC: USER *\nS: 331 more\nC: PASS *\nS: 230 in\nC: FEAT\nS: 502 no\n\
                  C: TYPE I\nS: 200 ok\nC: *\nX";
    let script = runtime.block_on(Script::start(&[script; 4]));
    let rclone = Program::ours();
    let kept = rclone.home().join("here/kept");
    fs::create_dir(kept.parent().unwrap()).unwrap();
    fs::write(&kept, "kept").unwrap();
    let port = script.port();
    let source = format!(":ftp,host=127.0.0.1,port={port},user=u:dir");
    let output = rclone.run(once(&["sync", &source, "here"]));
    assert_ne!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(fs::read(kept).unwrap(), b"kept");
}

#[test]
fn a_missing_local_source_is_named() {
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    fs::write(server.root().join("kept"), "kept").unwrap();
    let output = rclone.run(once(&["sync", "nowhere", "server:"]));
    output.assert(DIRECTORY_NOT_FOUND, &["nowhere", "not found"]);
    assert!(server.root().join("kept").exists(), "nothing is deleted");
}

#[test]
fn an_unreadable_file_is_named_and_the_others_arrive() {
    use std::os::unix::fs::PermissionsExt;
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    let here = rclone.home().join("here");
    fs::create_dir(&here).unwrap();
    fs::write(here.join("closed"), "closed").unwrap();
    fs::write(here.join("open"), "open").unwrap();
    fs::set_permissions(here.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything unless it gives that up.
    let wrapper: &[&str] = match servers::is_root() {
        true => &["setpriv", "--bounding-set=-dac_override,-dac_read_search"],
        false => &["env"],
    };
    let output = Output::of(&mut rclone.command_in(wrapper, once(&["copy", "here", "server:up"])));
    output.assert(OTHER, &["closed", "permission denied"]);
    assert_eq!(tree::paths(&server.root().join("up")), ["open"]);
}

#[test]
fn a_full_disk_here_leaves_no_half_file() {
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    fs::write(server.root().join("big file"), tree::content(4 << 20, 1)).unwrap();
    fs::write(server.root().join("small file"), "small").unwrap();
    let wrapper = ["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=1000000"];
    let output = Output::of(&mut rclone.command_in(&wrapper, once(&["copy", "server:", "down"])));
    output.assert(OTHER, &["big file"]);
    let names = tree::paths(&rclone.home().join("down"));
    assert!(!names.contains(&"big file".into()), "{names:?}");
}

#[test]
fn an_interrupt_ends_an_upload_and_leaves_no_half_file() {
    let Some(server) = Server::start(Software::Vsftpd, Security::Plain) else { return };
    let rclone = Program::ours();
    rclone.add("server", &server);
    fs::write(rclone.home().join("file"), tree::content(20 << 20, 1)).unwrap();
    let mut command = rclone.command(["copyto", "file", "server:up/file", "--bwlimit=1M"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let begun = || tree::paths(&server.root()).iter().any(|path| path.ends_with(".partial"));
    wait_for(&mut child, begun);
    let start = Instant::now();
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{told}");
    assert!(start.elapsed() < Duration::from_secs(10), "it ends in good time");
    assert!(told.to_lowercase().contains("interrupt"), "{told}");
    assert!(!server.root().join("up/file").exists());
}

#[track_caller]
fn wait_for(child: &mut Child, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come to pass");
        assert!(child.try_wait().unwrap().is_none(), "the program has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
}
