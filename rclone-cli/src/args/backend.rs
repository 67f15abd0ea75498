//! The `--ftp-*` flags, made from the table of the backend's options.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

use crate::config::options::{self, FTP, Kind};

/// Values given by `--ftp-*` flags, by option key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Backend(pub(crate) BTreeMap<&'static str, String>);

impl clap::Args for Backend {
    fn augment_args(command: Command) -> Command {
        command.args(FTP.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(option: &'static options::Opt) -> Arg {
    let name = option.flag();
    let arg = Arg::new(name.clone())
        .long(name)
        .help(option.summary())
        .help_heading("FTP")
        .value_name(option.kind.value_name());
    match option.kind {
        Kind::Bool => arg.action(ArgAction::SetTrue),
        kind => arg.value_parser(move |text: &str| kind.check(text).map(|()| text.to_owned())),
    }
}

impl clap::FromArgMatches for Backend {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |option: &'static options::Opt| {
            let name = option.flag();
            let typed = matches.value_source(&name) == Some(ValueSource::CommandLine);
            let value = matches.get_raw(&name)?.next_back()?.to_string_lossy().into_owned();
            typed.then_some((option.key, value))
        };
        Ok(Self(FTP.iter().filter_map(value).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::args::tests::{parse, refused};

    #[test]
    fn every_option_has_its_flag() {
        let backend = parse("ls x --ftp-host h --ftp-port=2121 --ftp-explicit-tls").backend.0;
        let given: Vec<_> = backend.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(given, [("explicit_tls", "true"), ("host", "h"), ("port", "2121")]);
        assert_eq!(parse("ls x --ftp-tls=false").backend.0["tls"], "false");
        assert!(parse("ls x").backend.0.is_empty());
    }

    #[test]
    fn values_are_checked_where_they_are_typed() {
        refused("ls x --ftp-port ftp", "whole number");
        refused("ls x --ftp-idle-timeout never", "not a duration");
        refused("ls x --ftp-hots h", "--ftp-host");
    }
}
