//! Side by side with real rclone: every command line of `tests/differential/*.txt` is run by both,
//! on the same server and the same files, and comes to the same, or `tests/differences.md` says why
//! not.
//!
//! `CASES=touch cargo test -p tests --test differential` runs the lines that hold `touch` alone.

mod case;
mod outcome;
mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use case::Case;
use outcome::{Aspect, Outcome};
use place::{Place, Tool};
use tests::Software;
use tests::servers;

/// How many cases of one test run at once, each in a place of its own: rclone waits a lot.
const WORKERS: usize = 2;

macro_rules! differential {
    ($($name:ident on $software:ident)*) => {
        $(
            #[test]
            fn $name() {
                let cases = case::cases(include_str!(concat!("../../differential/", stringify!($name), ".txt")));
                compare(stringify!($name), Software::$software, &cases);
            }
        )*

        /// Every command line of the suite.
        const ALL: &[&str] =
            &[$(include_str!(concat!("../../differential/", stringify!($name), ".txt"))),*];
    };
}

differential! {
    listing on Proftpd
    content on Proftpd
    transfer on Proftpd
    filter on Proftpd
    check on Proftpd
    limits on Proftpd
    remove on Proftpd
    config on Proftpd
    line on Proftpd
    pyftpdlib on Pyftpdlib
    vsftpd on Vsftpd
}

#[test]
fn a_line_stands_once_and_every_difference_is_one_of_a_line() {
    let mut lines = BTreeSet::new();
    for case in ALL.iter().flat_map(|text| case::cases(text)) {
        assert!(lines.insert(case.line.clone()), "twice: {}", case.line);
    }
    for line in case::differences().keys() {
        assert!(lines.contains(line), "no case is `{line}`");
    }
}

/// Runs the cases with both programs.
#[track_caller]
fn compare(topic: &str, software: Software, cases: &[Case]) {
    if !servers::tools().join("venv/bin/rclone").exists() {
        return servers::not_run("real rclone is not there; tests/run fetches it");
    }
    let wanted = std::env::var("CASES").unwrap_or_default();
    let cases: Vec<&Case> = cases.iter().filter(|case| case.line.contains(&wanted)).collect();
    let places: Vec<Place> =
        (0..WORKERS.min(cases.len())).filter_map(|_| Place::new(software)).collect();
    if places.len() < WORKERS.min(cases.len()) {
        return;
    }
    let differences = case::differences();
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for place in &places {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let [theirs, ours] =
                        [Tool::Theirs, Tool::Ours].map(|tool| place.run(tool, case));
                    let listed = differences.get(&case.line);
                    let text = complaint(case, &theirs, &ours, listed);
                    complaints.lock().expect("no panic").insert(&case.line, text);
                }
            });
        }
    });
    report(topic, cases.len(), complaints.into_inner().expect("no panic"));
}

/// Fails with what differs, or says how many lines were run.
#[track_caller]
fn report(topic: &str, count: usize, complaints: BTreeMap<&String, String>) {
    let complaints: Vec<String> =
        complaints.into_values().filter(|complaint| !complaint.is_empty()).collect();
    assert!(
        complaints.is_empty(),
        "{} of {count} lines:\n{}",
        complaints.len(),
        complaints.concat()
    );
    let _ = writeln!(std::io::stderr().lock(), "{topic}: {count} command lines passed");
}

/// Says what differs and is not listed, and what is listed and does not differ.
fn complaint(
    case: &Case,
    theirs: &Outcome,
    ours: &Outcome,
    listed: Option<&BTreeSet<Aspect>>,
) -> String {
    let mut text = String::new();
    for aspect in Aspect::ALL {
        let (left, right) = (theirs.of(aspect, case), ours.of(aspect, case));
        let listed = listed.is_some_and(|aspects| aspects.contains(&aspect));
        let _ = match (left == right, listed) {
            (true, true) => writeln!(text, "  {aspect}: listed as different, and is the same"),
            (false, false) => writeln!(text, "  {aspect}:\n{}", outcome::diff(&left, &right)),
            _ => continue,
        };
    }
    if text.is_empty() { text } else { format!("\n$ {}\n{text}", case.line) }
}
