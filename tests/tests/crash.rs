//! `rclone sync` killed with SIGKILL at random moments, up and down: no final name ever holds half a
//! file, and what was sent is not sent again.
//!
//! `CRASHES` is how often it is killed in all (200), `CRASH_SEED` repeats the moments of a run.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tests::tree::{self, content};
use tests::{Program, Security, Server, Software};

/// Sizes of the files: some worth continuing, some that are not, one in a directory of its own.
const FILES: [(&str, usize); 7] = [
    ("big", 3_000_000),
    ("dir/other big", 2_000_000),
    ("dir/more", 1_000_000),
    ("small", 2000),
    ("dir/small", 3000),
    ("empty", 0),
    ("dir/one byte", 1),
];

/// Slow enough for a moment to be met, and quick enough for many.
const RATE: &str = "--bwlimit=24M";

/// How many kinds of runs the crashes are spread over.
const KINDS: usize = 8;

#[derive(Clone, Copy, Debug)]
enum Direction {
    Down,
    Up,
}

/// Both ends of a sync, as folders of this machine.
struct Stage {
    rclone: Program,
    source: PathBuf,
    destination: PathBuf,
    arguments: [&'static str; 2],
    /// How often the source was given new content, and what it was before and is now.
    generation: usize,
    old: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
    /// The server must outlive the runs.
    _server: Server,
}

impl Stage {
    fn new(server: Server, direction: Direction) -> Self {
        let rclone = Program::ours();
        rclone.add("server", &server);
        let here = rclone.home().join("here");
        let there = server.root().join("there");
        for folder in [&here, &there] {
            fs::create_dir(folder).unwrap();
        }
        tests::servers::own(&there);
        let (source, destination, arguments) = match direction {
            Direction::Up => (here, there, ["here", "server:there"]),
            Direction::Down => (there, here, ["server:there", "here"]),
        };
        let (old, new) = (Vec::new(), Vec::new());
        Self { rclone, source, destination, arguments, generation: 0, old, new, _server: server }
    }

    fn sync(&self) -> std::process::Command {
        let flags = ["sync", RATE, "--retries=1"];
        self.rclone.command(flags.into_iter().chain(self.arguments))
    }

    /// Gives all files of the source new content.
    fn change(&mut self) {
        self.generation += 1;
        let of = |(index, (_, size)): (usize, &(&str, usize))| {
            content(*size, index + FILES.len() * self.generation)
        };
        let new = FILES.iter().enumerate().map(of).collect();
        self.old = std::mem::replace(&mut self.new, new);
        let time = UNIX_EPOCH + Duration::from_secs(1_600_000_000 + 10 * self.generation as u64);
        for ((name, _), content) in FILES.iter().zip(&self.new) {
            let path = self.source.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            tree::set_modified(&path, time);
        }
    }

    /// Returns how many bytes of the files that are new stand on the destination; panics where one is
    /// neither new nor old.
    #[track_caller]
    fn inspect(&self) -> u64 {
        let mut complete = 0;
        for (index, (name, size)) in FILES.iter().enumerate() {
            let found = fs::read(self.destination.join(name)).unwrap();
            let is_new = found == self.new[index];
            assert!(is_new || found == self.old[index], "{name} is neither the old nor the new");
            complete += if is_new { *size as u64 } else { 0 };
        }
        for path in tree::paths(&self.destination) {
            let known = FILES.iter().any(|(name, _)| *name == path) || path == "dir";
            assert!(known || path.ends_with(".partial"), "what is {path}?");
        }
        complete
    }

    /// Starts a sync and kills it after so long, unless it was quicker.
    fn crash(&self, after: Duration) {
        let mut child = self.sync().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts a sync and kills it as soon as a later run could go on with a file, unless it was quicker.
    fn crash_once_begun(&self) {
        let mut child = self.sync().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while self.begun() == 0 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().unwrap();
    }

    /// Returns how long the partial files are of which a run will go on.
    fn begun(&self) -> u64 {
        let folders = [self.destination.clone(), self.destination.join("dir")];
        let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let partials = entries.flatten().filter(|entry| {
            entry.path().extension().is_some_and(|extension| extension == "partial")
        });
        // One that has its final name meanwhile has no length here.
        let lengths = partials.filter_map(|entry| entry.metadata().ok()).map(|file| file.len());
        lengths.filter(|&length| length > 64 * 1024).sum()
    }

    /// Runs undisturbed and returns how many bytes were transferred.
    fn finish(&self) -> u64 {
        let mut command = self.sync();
        let output = command.args(["-v", "--use-json-log"]).output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        let bytes = |line: serde_json::Value| line["stats"]["bytes"].as_u64();
        lines.filter_map(bytes).next_back().expect("the statistics of the run")
    }
}

/// Random moments that a seed repeats.
struct Moments(u64);

impl Moments {
    #[expect(clippy::print_stdout, reason = "the seed repeats a failure")]
    fn new(name: &str) -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
        let seed = std::env::var("CRASH_SEED").map_or_else(|_| now(), |text| text.parse().unwrap());
        println!("{name}: CRASH_SEED={seed}");
        Self(seed)
    }

    /// Returns a moment within `span`.
    fn next(&mut self, span: Duration) -> Duration {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        span.mul_f64((self.0 >> 40) as f64 / f64::from(1 << 24))
    }
}

/// Returns the size of all files.
fn total() -> u64 {
    FILES.iter().map(|(_, size)| *size as u64).sum()
}

fn survives(software: Software, security: Security, direction: Direction) {
    let Some(server) = Server::start(software, security) else { return };
    let mut moments = Moments::new(&format!("{software:?} {security:?} {direction:?}"));
    let mut stage = Stage::new(server, direction);
    let span = first(&mut stage);
    let crashes = std::env::var("CRASHES").map_or(200, |text| text.parse().unwrap());
    for _ in 0..usize::div_ceil(crashes, KINDS) {
        if stage.inspect() == total() {
            stage.change();
        }
        stage.crash(moments.next(span));
        stage.inspect();
    }
    stage.finish();
    assert_eq!(stage.inspect(), total());
    goes_on(&mut stage);
}

/// Fills the destination, and returns how long it takes to replace all of it.
fn first(stage: &mut Stage) -> Duration {
    stage.change();
    assert_eq!(stage.finish(), total());
    stage.change();
    let start = Instant::now();
    assert_eq!(stage.finish(), total());
    start.elapsed()
}

/// What stands there when a run is killed is what the next one does not transfer.
fn goes_on(stage: &mut Stage) {
    let met = (0..100).any(|_| {
        if stage.inspect() == total() {
            stage.change();
        }
        stage.crash_once_begun();
        stage.begun() > 0
    });
    assert!(met, "none of many crashes meets a big file");
    // A server may still be writing what had arrived, but takes nothing back.
    let (begun, complete) = (stage.begun(), stage.inspect());
    let transferred = stage.finish();
    assert_eq!(stage.inspect(), total());
    let spared = total() - transferred;
    assert!(spared >= complete + begun, "{spared} bytes spared of {complete} and {begun} there");
    assert_eq!((stage.begun(), stage.finish()), (0, 0));
}

macro_rules! crashes {
    ($($test:ident: $software:ident $security:ident $direction:ident;)*) => {$(
        #[test]
        fn $test() {
            survives(Software::$software, Security::$security, Direction::$direction);
        }
    )*};
}

crashes! {
    proftpd_down: Proftpd Plain Down;
    proftpd_tls_down: Proftpd Tls Down;
    proftpd_tls_up: Proftpd Tls Up;
    proftpd_up: Proftpd Plain Up;
    vsftpd_down: Vsftpd Plain Down;
    vsftpd_tls_down: Vsftpd Tls Down;
    vsftpd_tls_up: Vsftpd Tls Up;
    vsftpd_up: Vsftpd Plain Up;
}

/// Two servers, and nothing of it on this machine's disk.
#[test]
fn from_server_to_server() {
    let (Some(from), Some(to)) = (
        Server::start(Software::Proftpd, Security::Tls),
        Server::start(Software::Vsftpd, Security::Plain),
    ) else {
        return;
    };
    let mut stage = Stage::new(to, Direction::Up);
    stage.rclone.add("other", &from);
    stage.source = from.root().join("from");
    fs::create_dir(&stage.source).unwrap();
    stage.arguments[0] = "other:from";
    first(&mut stage);
    goes_on(&mut stage);
}
