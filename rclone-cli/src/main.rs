//! rclone for FTP: the command line. Arguments as typed, resolved once, one call into `sync-core`,
//! printing.

mod args;
mod commands;
mod config;
mod environment;
mod exit;
mod ftp;
mod go_time;
mod http;
mod logging;
mod memory;
mod mime;
mod output;
mod probe;
mod progress;
mod prompt;
mod remotes;
mod resolve;
mod settings;
mod shown;
mod stop;
mod target;
mod throttle;
mod units;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;

use commands::Command;
use environment::Environment;
use exit::Usage;
use resolve::Resolved;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let line: Vec<OsString> = std::env::args_os().collect();
    let args = match args::parse(line.clone(), &environment) {
        Ok(args) => args,
        Err(error) => return exit::usage(&error),
    };
    match args.command {
        Some(command) => run(command, args.globals, environment, line),
        None if args.version => run(Command::version(), args.globals, environment, Vec::new()),
        None => exit::no_command(),
    }
}

fn run(
    command: Command,
    globals: args::Globals,
    environment: Environment,
    line: Vec<OsString>,
) -> ExitCode {
    let name = command.name();
    let result = logging::start(&globals.logging)
        .and_then(|()| Resolved::new(globals, environment))
        .and_then(|resolved| with_global_keys(command, resolved, line))
        .and_then(|(command, resolved)| execute(command, &resolved));
    exit::finish(name, &result)
}

/// Reads the line again with the flags that `global.` keys of its remotes set, if there are any.
fn with_global_keys(
    command: Command,
    resolved: Resolved,
    line: Vec<OsString>,
) -> anyhow::Result<(Command, Resolved)> {
    let flags = resolved.remotes.global_flags(&line);
    if flags.is_empty() {
        return Ok((command, resolved));
    }
    let environment = resolved.remotes.environment().clone();
    let args = args::parse(line.into_iter().chain(flags), &environment)
        .map_err(|error| Usage(format!("a remote's global. key: {error}")))?;
    let resolved = Resolved::new(args.globals, environment)?.with_store_of(resolved);
    Ok((args.command.unwrap_or(command), resolved))
}

/// Runs the command and says goodbye to the servers; a thread that waits for input is left behind.
fn execute(command: Command, resolved: &Resolved) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let with_statistics = command.ends_with_statistics();
    let result = runtime.block_on(async {
        resolved.remotes.throttle().start();
        let result = command.run(resolved).await;
        let told = resolved.finish_telling(with_statistics);
        resolved.shutdown().await;
        result.and(told)
    });
    runtime.shutdown_background();
    result
}
