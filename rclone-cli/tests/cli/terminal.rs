//! What somebody at a terminal sees: progress, Ctrl-C, changes of size, ncdu.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::Place;

const INTERRUPT: &str = "\x03";
/// 128 and the number of SIGINT.
const INTERRUPTED: u32 = 130;

/// A terminal with the program in it.
struct Terminal {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    master: Box<dyn MasterPty>,
    keyboard: Box<dyn Write>,
    child: Box<dyn Child>,
    reading: thread::JoinHandle<()>,
}

struct Seen {
    screen: vt100::Parser,
    /// All that was ever written.
    written: String,
}

impl Seen {
    /// Returns the lines of the screen.
    fn rows(&self) -> String {
        let screen = self.screen.screen();
        let rows = screen.rows(0, screen.size().1);
        rows.map(|row| row.trim_end().to_owned() + "\n").collect()
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, ..PtySize::default() }
}

impl Terminal {
    fn run(place: &Place, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rclone"));
        command.args(arguments);
        command.cwd(place.path(""));
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("TZ", "UTC"), ("RCLONE_CONFIG", "")] {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = vt100::Parser::new(rows, columns, 0);
        let seen = Mutex::new(Seen { screen, written: String::new() });
        let seen = Arc::new((seen, Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let watcher = Arc::clone(&seen);
        let reading = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let (seen, changed) = &*watcher;
                let mut seen = seen.lock().unwrap();
                seen.screen.process(&buffer[..read]);
                seen.written.push_str(&String::from_utf8_lossy(&buffer[..read]));
                changed.notify_all();
            }
        });
        Self { seen, master: pair.master, keyboard, child, reading }
    }

    /// Waits until the screen is as wanted, and returns it.
    #[track_caller]
    fn until(&self, wanted: impl Fn(&str) -> bool) -> String {
        let (seen, changed) = &*self.seen;
        let limit = Duration::from_secs(30);
        let unseen = |seen: &mut Seen| !wanted(&seen.rows());
        let (seen, waited) =
            changed.wait_timeout_while(seen.lock().unwrap(), limit, unseen).unwrap();
        let contents = seen.rows();
        assert!(!waited.timed_out(), "it is not shown:\n{contents}");
        contents
    }

    #[track_caller]
    fn until_shown(&self, text: &str) -> String {
        self.until(|screen| screen.contains(text))
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.seen.0.lock().unwrap().screen.screen_mut().set_size(rows, columns);
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Waits for the end and returns the exit code and all that was written.
    fn finish(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        self.reading.join().unwrap();
        let written = self.seen.0.lock().unwrap().written.clone();
        (code, written)
    }
}

/// A served folder with one login, `me` and `secret`; no TLS.
struct Served {
    child: std::process::Child,
    port: String,
}

impl Served {
    fn start(place: &Place, folder: &str) -> Self {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rclone"))
            .args(["serve", "ftp", folder, "--addr=127.0.0.1:0", "--user=me", "--pass=secret"])
            .current_dir(place.path(""))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let port = lines.find_map(|line| Some(line.split_once("on 127.0.0.1:")?.1.to_owned()));
        Self { child, port: port.expect("it says where it listens") }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers each question when it is asked.
#[track_caller]
fn answer(terminal: &mut Terminal, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        terminal.until(|screen| screen.trim_end().ends_with(question));
        terminal.press(&format!("{answer}\r"));
    }
}

#[test]
fn a_remote_is_tried_and_corrected_before_it_is_saved() {
    let place = Place::with(&[("s/a", "1")]);
    let served = Served::start(&place, "s");
    let mut terminal = Terminal::run(&place, 80, 50, &["--config", "c", "config"]);
    let keep = "y/e/d/a/t>";
    let first = [("q>", "n"), ("name>", "nas"), ("Storage>", "ftp"), ("host>", "127.0.0.1")];
    let login = [("user>", "me"), ("port>", &served.port), ("y/g/n>", "y")];
    answer(&mut terminal, &[&first[..], &login].concat());
    let wrong = [("password:", "wrong"), ("Confirm the password:\npassword:", "wrong")];
    answer(&mut terminal, &wrong);
    answer(&mut terminal, &[(keep, "y"), ("y/n>", "")]);
    let screen = terminal.until_shown("\n  what to do: ");
    assert!(screen.contains("It does not work yet: "), "{screen}");
    assert!(screen.contains("\n  the server said: `530 ") && !screen.contains("wrong"), "{screen}");
    assert!(!place.path("c").exists());
    let right = [("password:", "secret"), ("Confirm the password:\npassword:", "secret")];
    answer(&mut terminal, &[("e/a/t/s/d>", ""), ("host>", ""), ("user>", ""), ("port>", "")]);
    answer(&mut terminal, &[&[("y/g/n>", "y")], &right[..], &[(keep, "y"), ("y/n>", "")]].concat());
    terminal.until_shown("It works: 1 entries at the start.");
    answer(&mut terminal, &[("q>", "q")]);
    let (code, written) = terminal.finish();
    assert_eq!(code, 0, "{written}");
    assert_eq!(place.run(&["--config", "c", "lsf", "nas:"]).printed(), "a\n");
}

#[test]
fn an_interrupt_ends_a_try_and_loses_nothing() {
    // A server that never greets.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let place =
        Place::with(&[("c", &format!("[nas]\ntype = ftp\nhost = 127.0.0.1\nport = {port}\n"))]);
    let mut terminal = Terminal::run(&place, 80, 40, &["--config", "c", "config"]);
    let asked = [("q>", "e"), ("remote>", "nas"), ("host>", ""), ("user>", "me"), ("port>", "")];
    answer(&mut terminal, &asked);
    answer(&mut terminal, &[("y/g/n>", ""), ("y/e/d/a/t>", "t")]);
    for _ in 0..2 {
        terminal.until(|screen| {
            screen.trim_end().ends_with("Connecting ... (Ctrl-C ends the try and nothing else)")
        });
        let _connection = listener.accept().unwrap();
        terminal.press(INTERRUPT);
        terminal.until_shown("It does not work yet: it was broken off");
        answer(&mut terminal, &[("e/a/t/s/d>", "t")]);
    }
    let _connection = listener.accept().unwrap();
    terminal.press(INTERRUPT);
    answer(&mut terminal, &[("e/a/t/s/d>", "s"), ("q>", "")]);
    assert!(place.read("c").unwrap().ends_with("user = me\n"));
    terminal.press(INTERRUPT);
    assert_eq!(terminal.finish().0, INTERRUPTED, "a menu is left as ever");
}

#[test]
fn an_interrupt_at_a_password_leaves_the_echo_on() {
    let place = Place::with(&[("c", "[nas]\ntype = ftp\n")]);
    let arguments = ["--config", "c", "config", "encryption", "set"];
    let mut terminal = Terminal::run(&place, 80, 24, &arguments);
    terminal.until_shown("password:");
    let modes = |terminal: &Terminal| terminal.master.get_termios().unwrap().local_flags;
    let muted = modes(&terminal);
    terminal.press(&format!("half{INTERRUPT}"));
    terminal.child.wait().unwrap();
    assert!(modes(&terminal).contains(muted) && modes(&terminal) != muted, "{muted:?}");
    let (_, written) = terminal.finish();
    assert!(!written.contains("half"), "{written}");
}

/// A place with `count` files of `size` bytes in `s`.
fn files(count: usize, size: usize) -> Place {
    let place = Place::new();
    for number in 0..count {
        place.write(&format!("s/file {number:02}"), &"x".repeat(size));
    }
    place
}

fn totals(screen: &str) -> usize {
    screen.lines().filter(|line| line.contains(" files")).count()
}

#[test]
fn progress_is_drawn_and_an_interrupt_ends_with_a_summary() {
    let place = files(3, 400_000);
    let arguments = ["copy", "s", "d", "-P", "--bwlimit", "100k", "--transfers", "2"];
    let mut terminal = Terminal::run(&place, 100, 24, &arguments);
    let drawn = ["KiB/s", "━", "file 0", "0/3 files"];
    let screen = terminal.until(|screen| drawn.iter().all(|text| screen.contains(text)));
    assert_eq!(totals(&screen), 1, "{screen}");
    terminal.press(INTERRUPT);
    terminal.until_shown("Elapsed time");
    let (code, written) = terminal.finish();
    assert_eq!(code, INTERRUPTED, "{written}");
    for told in ["once more stops at once", "Transferred:", "Failed to copy"] {
        assert!(written.contains(told), "`{told}` is not in {written}");
    }
    assert!(place.all("d").is_empty(), "{:?}", place.all("d"));
}

#[test]
fn an_interrupt_ends_the_wait_for_a_silent_server() {
    // A server that never greets.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let source = format!(":ftp,host=127.0.0.1,port={port},user=u:dir");
    let place = Place::new();
    let mut terminal = Terminal::run(&place, 80, 24, &["copy", &source, "d", "-v"]);
    let _connection = listener.accept().unwrap();
    terminal.press(INTERRUPT);
    let (code, written) = terminal.finish();
    assert_eq!(code, INTERRUPTED, "{written}");
    assert!(written.contains("Signal received: interrupt"), "{written}");
}

#[test]
fn an_interrupt_ends_what_waits_for_an_answer() {
    let place = files(3, 5);
    for flags in [&["-q"][..], &[], &["-P"]] {
        let arguments = [&["copy", "s", "d", "--interactive"], flags].concat();
        let mut terminal = Terminal::run(&place, 80, 24, &arguments);
        terminal.until_shown("y/n/s/!/q>");
        terminal.press(INTERRUPT);
        let (code, written) = terminal.finish();
        assert_eq!(code, INTERRUPTED, "{flags:?}: {written}");
        assert!(place.all("d").is_empty());
    }
}

#[test]
fn bars_make_room_for_questions() {
    let place = files(2, 400_000);
    let arguments = ["copy", "s", "d", "-iP", "--bwlimit", "100k", "--transfers", "1"];
    let mut terminal = Terminal::run(&place, 80, 24, &arguments);
    terminal.until_shown("y/n/s/!/q>");
    terminal.press("!\r");
    terminal.until(|screen| screen.contains("KiB/s") && screen.contains('━'));
    terminal.press(INTERRUPT);
    assert_eq!(terminal.finish().0, INTERRUPTED);
}

#[test]
fn many_transfers_fit_a_narrow_terminal_of_any_size() {
    let place = files(70, 20_000);
    let arguments = ["copy", "s", "d", "-P", "--bwlimit", "40k", "--transfers", "64"];
    let mut terminal = Terminal::run(&place, 40, 12, &arguments);
    let screen = terminal.until(|screen| screen.contains(" more") && totals(screen) == 1);
    assert!(screen.lines().all(|line| line.chars().count() < 40), "{screen}");
    assert!(screen.contains('%') && !screen.contains('━'), "{screen}");
    terminal.resize(100, 30);
    terminal.until(|screen| screen.contains('─') && totals(screen) == 1);
    terminal.resize(30, 6);
    terminal.until(|screen| screen.contains(" more") && !screen.contains('─'));
    terminal.press(INTERRUPT);
    assert_eq!(terminal.finish().0, INTERRUPTED);
}

#[test]
fn somebody_who_watches_is_told_what_came_of_it() {
    let place = files(2, 5);
    let terminal = Terminal::run(&place, 80, 24, &["sync", "s", "d"]);
    terminal.until_shown("Summary: copied 2 (2 new)");
    let (code, written) = terminal.finish();
    assert_eq!(code, 0);
    assert!(!written.contains('\x1b'), "{written:?}");
    let terminal = Terminal::run(&place, 80, 24, &["sync", "s", "d", "-q"]);
    assert_eq!(terminal.finish(), (0, String::new()));
}

#[test]
fn ncdu_is_browsed_and_deletes_after_a_question() {
    let place = Place::with(&[("s/big/a", "12345"), ("s/big/b", "1"), ("s/small", "12")]);
    let mut terminal = Terminal::run(&place, 70, 12, &["ncdu", "s"]);
    terminal.until_shown("8 B in 3 files");
    terminal.press("l");
    terminal.until_shown("6 B in 2 files");
    terminal.press("d");
    terminal.until_shown("y deletes");
    terminal.press("y");
    terminal.until_shown("1 B in 1 files");
    assert_eq!(place.all("s"), ["big/", "big/b", "small"]);
    terminal.resize(40, 6);
    terminal.until_shown("1 B in 1 files");
    terminal.press("h");
    let screen = terminal.until_shown("3 B in 2 files");
    assert!(screen.lines().all(|line| line.chars().count() <= 40), "{screen}");
    terminal.press("q");
    assert_eq!(terminal.finish().0, 0);
}

#[test]
fn ncdu_wants_a_terminal() {
    let run = Place::with(&[("s/a", "1")]).run(&["ncdu", "s"]).code(1);
    assert!(run.log().contains("ncdu needs a terminal"), "{}", run.log());
}
