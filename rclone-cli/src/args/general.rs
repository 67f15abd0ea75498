//! Flags for the whole run: trial runs, parallelism, retries, the config file.

use std::path::PathBuf;

use crate::values::Span;

/// Trial runs and consent.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Important")]
pub(crate) struct Important {
    /// Show what would be done, change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,

    /// Ask before each change
    #[arg(long, short)]
    pub(crate) interactive: bool,
}

/// Parallelism.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Performance")]
pub(crate) struct Performance {
    /// How many files to transfer at once
    #[arg(long, value_name = "N", default_value = "4", value_parser = at_least_one)]
    pub(crate) transfers: usize,

    /// How many directories to list and files to compare at once
    #[arg(long, value_name = "N", default_value = "8", value_parser = at_least_one)]
    pub(crate) checkers: usize,
}

#[expect(clippy::unnecessary_wraps, reason = "clap's parsers may fail")]
fn any_path(text: &str) -> Result<PathBuf, String> {
    Ok(text.into())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|_| format!("`{text}` is not a whole number"))?;
    if count == 0 { Err("must be at least 1".into()) } else { Ok(count) }
}

/// Configuration of the run.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Config")]
pub(crate) struct Config {
    /// Config file; empty for none
    #[arg(long, value_name = "FILE", value_parser = any_path)]
    pub(crate) config: Option<PathBuf>,

    /// Where to keep what is remembered between runs
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Command that prints the password of an encrypted config file
    #[arg(long, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,

    /// Ask for the password of an encrypted config file
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1,
          require_equals = true, value_parser = crate::values::boolean)]
    pub(crate) ask_password: bool,

    /// How often to run a failing command
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) retries: u32,

    /// How long to wait between those runs
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pub(crate) retries_sleep: Span,

    /// How often to try a failing operation
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) low_level_retries: u32,

    /// Exit with code 9 when nothing was transferred
    #[arg(long)]
    pub(crate) error_on_no_transfer: bool,

    /// Print numbers with suffixes Ki, Mi, Gi
    #[arg(long)]
    pub(crate) human_readable: bool,
}

#[cfg(test)]
mod tests {
    use crate::args::tests::{parse, refused};

    #[test]
    fn trial_runs_and_consent() {
        let important = parse("sync a b -n -i").important;
        assert!(important.dry_run && important.interactive);
        assert!(parse("--dry-run sync a b").important.dry_run);
    }

    #[test]
    fn parallelism_is_at_least_one() {
        let performance = parse("ls x --transfers 16 --checkers=2").performance;
        assert_eq!((performance.transfers, performance.checkers), (16, 2));
        refused("ls x --transfers 0", "at least 1");
        refused("ls x --transfers many", "not a whole number");
    }

    #[test]
    fn retries_have_rclones_defaults() {
        let config = parse("ls x").config;
        assert_eq!((config.retries, config.low_level_retries), (3, 10));
        let config = parse("ls x --retries 1 --retries-sleep 5s --low-level-retries 2").config;
        assert_eq!((config.retries, config.low_level_retries), (1, 2));
        assert_eq!(config.retries_sleep.to_string(), "5s");
    }

    #[test]
    fn the_config_file_is_chosen() {
        let config = parse("ls x --config /c --password-command pass").config;
        assert_eq!(config.config.as_deref(), Some("/c".as_ref()));
        assert_eq!(config.password_command.as_deref(), Some("pass"));
        assert!(config.ask_password);
        assert!(!parse("ls x --ask-password=false").config.ask_password);
    }

    #[test]
    fn output_has_its_flags() {
        assert!(parse("ls x --human-readable").config.human_readable);
        assert!(parse("ls x --error-on-no-transfer").config.error_on_no_transfer);
    }
}
