//! How long rclone for FTP takes beside rclone and lftp, on the same servers, in one run.
//!
//! Each case is one piece of work, done by every tool in turn on a tree of its own; a time counts
//! only when the tree came out right. Times are told, never judged. `tests/README.md` says how to
//! run it.
#![expect(clippy::print_stdout, reason = "a bench reports on the terminal")]

mod case;
mod start;
mod table;
mod tool;

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, io, process::ExitCode};

use case::{Case, Place};
use table::{Outcome, Row, Run};
use tempfile::TempDir;
use tests::servers::{is_root, not_run};
use tests::wan::{Conditions, Line};
use tests::{Security, Server, Software};
use tokio::signal::unix::{SignalKind, signal};
use tool::{Tool, Tools};

const ROUND_TRIP: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(300);

/// What was asked for on the command line.
struct Options {
    /// Each case named must contain all of them.
    filters: Vec<String>,
    /// How often each tool does each case; the median counts.
    runs: usize,
    /// The one tool to measure; all without.
    only: Option<String>,
    /// Where to leave what the tools say, at length.
    logs: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<ExitCode> {
    let options = options(std::env::args().skip(1));
    let mut end = signal(SignalKind::terminate())?;
    // Dropping the run ends its tools, its servers, its networks and its folders.
    tokio::select! {
        rows = run(&options) => println!("\n{}", table::summary(&rows)),
        _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
        _ = end.recv() => return Ok(ExitCode::from(143)),
    }
    Ok(ExitCode::SUCCESS)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Options {
    let mut options = Options { filters: Vec::new(), runs: 1, only: None, logs: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo's own.
            "--bench" => {}
            "--runs" => {
                options.runs = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
            }
            "--only" => options.only = arguments.next(),
            "--logs" => options.logs = arguments.next().map(PathBuf::from),
            _ => options.filters.push(argument),
        }
    }
    options
}

async fn run(options: &Options) -> Vec<Row> {
    if options.filters.iter().all(|filter| "start".contains(filter.as_str())) {
        start::run();
    }
    let mut rows = Vec::new();
    let cases: Vec<Case> = case::all()
        .into_iter()
        .filter(|case| options.filters.iter().all(|filter| case.to_string().contains(filter)))
        .collect();
    let same_server = |one: &Case, other: &Case| one.server() == other.server();
    for group in cases.chunk_by(same_server) {
        let (place, software, security) = group[0].server();
        let Some(bench) = Bench::set_up(place, software, security) else { continue };
        for case in group {
            let row = bench.measure(case, options).await;
            println!("{row}");
            rows.push(row);
        }
    }
    rows
}

/// A server, the way to it, and the tools.
struct Bench {
    server: Server,
    line: Option<Line>,
    tools: Tools,
}

impl Bench {
    fn set_up(place: Place, software: Software, security: Security) -> Option<Self> {
        if place == Place::Loopback {
            let server = Server::start(software, security)?;
            return Some(Self { tools: Tools::find(&server, security), server, line: None });
        }
        if !is_root() {
            not_run("a line takes root");
            return None;
        }
        let line = Line::open(Conditions::delay(ROUND_TRIP)).expect("a line");
        let server = Server::start_at(line.near(), software, security)?;
        Some(Self { tools: Tools::find(&server, security), server, line: Some(line) })
    }

    async fn measure(&self, case: &Case, options: &Options) -> Row {
        let mut row = Row::new(case.to_string());
        for _ in 0..options.runs.max(1) {
            let asked = |tool: &&Tool| options.only.as_ref().is_none_or(|only| only == tool.name());
            for tool in self.tools.all().iter().filter(asked) {
                let outcome = self.attempt(case, tool, options).await;
                println!("{case:40} {:7} {}", tool.name(), outcome.describe(case));
                row.add(tool.name(), outcome);
            }
        }
        row
    }

    /// Lets one tool do one piece of work, and looks at what became of it.
    async fn attempt(&self, case: &Case, tool: &Tool, options: &Options) -> Outcome {
        let folder = TempDir::with_prefix("peers-").expect("a temporary folder");
        let trees = case.prepare(folder.path(), &self.server.root());
        let mut command = tool.command(case, &trees.local, options.logs.is_some());
        if let Some(line) = &self.line {
            command = line.enter(&command);
            line.take_traffic();
        }
        let mut command = tokio::process::Command::from(command);
        let start = Instant::now();
        let output = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
        let taken = start.elapsed();
        let traffic = self.line.as_ref().map(Line::take_traffic);

        let Ok(output) = output else { return Outcome::Failed(format!("over {PATIENCE:?}")) };
        let output = output.expect("the tool starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(directory) = &options.logs {
            let name = format!("{case}.{}", tool.name()).replace('/', "-");
            fs::create_dir_all(directory).expect("a folder for the logs");
            fs::write(directory.join(name), format!("{printed}{said}")).expect("a log");
        }
        if !output.status.success() {
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            return Outcome::Failed(format!("{}: {last}", output.status));
        }
        match trees.check(case, &printed) {
            Err(reason) => Outcome::Failed(reason),
            Ok(times_kept) => Outcome::Done(Run {
                taken,
                times_kept,
                traffic: traffic
                    .map(|traffic| (traffic.to(self.server.port()), traffic.connections())),
            }),
        }
    }
}
