//! `rclone version`: what this is and what it runs on.

use std::fs;

use crate::args::{Foreign, OfVersion};
use crate::output;
use crate::resolve::Resolved;

/// Show the version
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    foreign: Foreign<OfVersion>,
}

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    args.foreign.heed()?;
    output::line(text())?;
    Ok(())
}

/// Returns rclone's lines, with what is true here.
fn text() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
    let kernel = kernel.map_or_else(|_| "unknown".into(), |text| text.trim().to_owned());
    [
        format!("rclone v{}", env!("CARGO_PKG_VERSION")),
        format!("- os/version: {} ({} bit)", system(), usize::BITS),
        format!("- os/kernel: {kernel} ({})", std::env::consts::ARCH),
        format!("- os/type: {}", std::env::consts::OS),
        format!("- os/arch: {}", architecture()),
        "- implementation: rclone for FTP, in Rust".into(),
        "- backends: ftp, local".into(),
    ]
    .join("\n")
}

/// Returns the distribution and its version, where the system says.
fn system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(|value| value.trim_matches('"'))
    };
    match (field("ID"), field("VERSION_ID")) {
        (Some(id), Some(version)) => format!("{id} {version}"),
        (Some(id), None) => id.into(),
        _ => std::env::consts::OS.into(),
    }
}

/// Returns the architecture as rclone calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86" => "386",
        "x86_64" => "amd64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_scripts_read_are_there() {
        let text = text();
        assert!(
            text.starts_with(&format!("rclone v{}\n- os/version: ", env!("CARGO_PKG_VERSION")))
        );
        for key in ["os/kernel", "os/type", "os/arch"] {
            assert!(text.contains(&format!("\n- {key}: ")), "{key}");
        }
    }
}
