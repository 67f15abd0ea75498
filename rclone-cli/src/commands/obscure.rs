//! `rclone obscure`: makes a password fit for the config file.

use std::io::BufRead as _;

use anyhow::Context as _;

use crate::config::obscure;
use crate::output;
use crate::resolve::Resolved;

/// Obscure a password for use in the config file
///
/// This keeps it from being read over a shoulder, not from being found out.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The password, or - to read the first line of standard input
    password: String,
}

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let password = match args.password.as_str() {
        "-" => &first_line()?,
        password => password,
    };
    output::line(obscure::obscure(password))?;
    Ok(())
}

fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("failed to read standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
