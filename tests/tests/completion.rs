//! Completion in the shells themselves: a beginning and Tab, typed at a terminal, with remotes from
//! the configuration and paths from a real server.

use std::io::{Read as _, Write};
use std::os::unix::fs::symlink;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use tests::{Program, Security, Server, Software, servers};

const ROWS: u16 = 30;
const COLUMNS: u16 = 100;
const PROMPT: &str = "next>";

/// A shell at a terminal.
struct Shell {
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Shell {
    fn start(line: &[&str], program: &Program) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let home = program.home();
        let mut command = CommandBuilder::new(line[0]);
        command.args(&line[1..]);
        command.cwd(home);
        command.env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", home.join("bin").display()));
        command.env("HOME", home);
        command.env("RCLONE_CONFIG", program.configuration());
        command.env("TERM", "xterm");
        command.env("LC_ALL", "C.UTF-8");
        let child = pair.slave.spawn_command(command).expect("the shell starts");
        let screen = Arc::new((Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)), Condvar::new()));
        let keyboard = pair.master.take_writer().expect("a keyboard");
        let mut output = pair.master.try_clone_reader().expect("an output");
        let watcher = Arc::clone(&screen);
        thread::spawn(move || {
            let (_terminal, mut buffer) = (pair.master, [0; 4096]);
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                watcher.0.lock().expect("no panic").process(&buffer[..read]);
                watcher.1.notify_all();
            }
        });
        Self { screen, keyboard, child }
    }

    /// Types, and waits until this is shown and the shell listens again.
    #[track_caller]
    fn type_until(&mut self, keys: &str, shown: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a terminal");
        let (screen, changed) = &*self.screen;
        let unseen = |screen: &mut vt100::Parser| {
            let contents = screen.screen().contents();
            !contents.contains(shown) || !contents.trim_end().ends_with(PROMPT)
        };
        let limit = Duration::from_secs(60);
        let (screen, waited) = changed
            .wait_timeout_while(screen.lock().expect("no panic"), limit, unseen)
            .expect("no panic");
        let contents = screen.screen().contents();
        assert!(!waited.timed_out(), "after {keys:?}, {shown:?} is not in:\n{contents}");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Completes in the shell that `line` starts, once it has read `setup`.
#[track_caller]
fn check(name: &str, line: &[&str], setup: &str) {
    if !std::path::Path::new("/usr/bin").join(name).exists() {
        return servers::not_run(&format!("{name} is not there"));
    }
    let Some(server) = Server::start(Software::Proftpd, Security::Plain) else { return };
    for (path, content) in [("two words/inside", "1"), ("three", "33333")] {
        let path = server.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, content).expect("a file");
        servers::own(path.parent().expect("a parent"));
        servers::own(&path);
    }
    let program = Program::ours();
    program.add("nas", &server);
    let bin = program.home().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    let executable = std::fs::canonicalize(program.executable()).expect("the program is there");
    symlink(executable, bin.join("rclone")).expect("a link");
    // Names on this machine that begin as those on the server do.
    std::fs::write(program.home().join("three of here"), "").expect("a file");
    std::fs::write(program.home().join("script"), program.succeed(["completion", name]))
        .expect("a file");
    let mut shell = Shell::start(line, &program);
    // What is typed does not hold what is waited for.
    shell.type_until(&format!("{setup}; printf 'rea%s\\n' dy\r"), "ready");
    shell.type_until("rclone versi\t\r", "- os/type:");
    shell.type_until("rclone listr\t--lon\t\r", "nas: ftp");
    shell.type_until("rclone lsf na\ttw\t\r", "inside");
    shell.type_until("rclone ls nas:th\t\r", "    5 three");
    shell.type_until("rclone size ./three\t --js\t\r", "\"sizeless\":0");
}

#[test]
fn bash_completes_commands_flags_remotes_and_paths() {
    check("bash", &["bash", "--norc", "-i"], "PS1='next> '; source ./script");
}

#[test]
fn zsh_completes_commands_flags_remotes_and_paths() {
    let setup = "PS1='next> '; autoload -Uz compinit; compinit -u -D; source ./script";
    check("zsh", &["zsh", "-f", "-i"], setup);
}

#[test]
fn fish_completes_commands_flags_remotes_and_paths() {
    let setup = "function fish_prompt; echo -n 'next> '; end; source ./script";
    check("fish", &["fish", "-N", "-i"], setup);
}
