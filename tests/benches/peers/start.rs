//! What it takes to begin: the size of the program, the time until it has done nearly nothing, and
//! the memory of a listing of a small tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tests::Program;
use tests::servers::tools;

/// How often a program is started; the median counts.
const STARTS: usize = 21;

/// Measures ours and rclone, and prints a line for each.
pub(crate) fn run() {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/rclone");
    let ours = std::env::var_os("RCLONE").map_or(built, PathBuf::from);
    for (name, path) in [("ours", ours), ("rclone", tools().join("venv/bin/rclone"))] {
        let path = fs::canonicalize(&path).unwrap_or(path);
        let Ok(size) = fs::metadata(&path).map(|file| file.len()) else { continue };
        let program = Program::at(path);
        for directory in 0..10 {
            let directory = program.home().join(format!("small/{directory}"));
            fs::create_dir_all(&directory).expect("the home takes folders");
            for file in 0..10 {
                fs::write(directory.join(file.to_string()), "content").expect("and files");
            }
        }
        let (start, memory) = (started(&program), peak(&program.command(["ls", "small"])));
        let memory =
            memory.map_or_else(|| "unknown".into(), |kib| format!("{:.1} MB", mb(kib * 1024)));
        println!(
            "start {name:7} {:.1} MB, starts in {start:.1?}, lists 100 files in {memory}",
            mb(size)
        );
    }
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Returns how long `version` takes.
fn started(program: &Program) -> Duration {
    let once = || {
        let begin = Instant::now();
        program.succeed(["version"]);
        begin.elapsed()
    };
    let mut times: Vec<Duration> = (0..STARTS).map(|_| once()).collect();
    times.sort_unstable();
    times[STARTS / 2]
}

/// Returns the most memory a command holds at once, in KiB, as the system counted it.
fn peak(command: &Command) -> Option<u64> {
    const COUNT: &str = "import resource, subprocess, sys\n\
                         subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n\
                         print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let mut counted = Command::new("python3");
    counted.args(["-c", COUNT]).arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        counted.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => counted.env(name, value),
            None => counted.env_remove(name),
        };
    }
    String::from_utf8(counted.output().ok()?.stdout).ok()?.trim().parse().ok()
}
