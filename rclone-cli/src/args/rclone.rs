//! Every flag and command of rclone 1.75.2 is honoured, accepted and told, or refused with the way
//! out. The flags are those of `rclone help flags`, other backends' left out.

use super::tests::parse_words;
use super::*;

/// A flag on each line, and the type of its value where it takes one.
const FLAGS: &str = include_str!("rclone-flags.txt");

const COMMANDS: &str = "about archive authorize backend bisync cat check checksum cleanup completion \
    config convmv copy copyto copyurl cryptcheck cryptdecode dedupe delete deletefile gendocs \
    gitannex gui hashsum help link listremotes ls lsd lsf lsjson lsl md5sum mkdir mount move moveto \
    ncdu nfsmount obscure purge rc rcat rcd rmdir rmdirs selfupdate serve settier sha1sum size sync \
    test touch tree version";

fn flags() -> impl Iterator<Item = (&'static str, bool)> {
    FLAGS.lines().map(|line| match line.split_once(' ') {
        Some((flag, _)) => (flag, true),
        None => (line, false),
    })
}

#[test]
fn every_flag_is_known_with_its_shape() {
    let command = parsed(command(), &Environment::default());
    for (flag, valued) in flags() {
        let name = flag.trim_start_matches("--");
        let found = command.get_arguments().find(|arg| arg.get_long() == Some(name));
        let arg = found.unwrap_or_else(|| panic!("{flag} is unknown"));
        let counted = matches!(arg.get_action(), ArgAction::Count);
        let takes_next = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
            && !arg.is_require_equals_set();
        assert_eq!(takes_next, valued && !counted, "{flag} takes a value, or does not");
    }
}

#[test]
fn what_has_no_effect_is_told_or_refused_with_the_way_out() {
    for (flag, valued) in flags() {
        let name = flag.trim_start_matches("--");
        let Some(instead) = Foreign::instead(name) else { continue };
        let word = if valued { format!("{flag}=x") } else { flag.to_owned() };
        let foreign = parse_words(&["ls", "x", &word]).foreign;
        match instead {
            Some(way) => assert_eq!(foreign.refused, [(flag.to_owned(), way)]),
            None => assert_eq!(foreign.ignored, [flag]),
        }
    }
}

#[test]
fn every_command_is_there_or_names_another_way() {
    let command = command();
    for name in COMMANDS.split_whitespace() {
        let there = command.find_subcommand(name).is_some();
        let left_out = || crate::exit::instead_of(name).is_some_and(|way| !way.is_empty());
        assert!(there || left_out(), "{name} is unknown");
    }
}
