//! The log, the statistics, the report and `-P` where there is no terminal.

use serde_json::Value;

use crate::Place;

fn place() -> Place {
    Place::with(&[("s/a", "hello"), ("s/d/b", "1"), ("d/a", "older!"), ("d/x", "12")])
}

#[test]
fn v_tells_what_is_done() {
    let run = place().run(&["sync", "s", "d", "-v"]).code(0);
    assert_eq!(
        run.lines(),
        [
            "INFO  : ",
            "INFO  : Summary: copied 2 (1 new, 1 of another size), deleted 1 file",
            "INFO  : a: Copied (replaced existing)",
            "INFO  : d/b: Copied (new)",
            "INFO  : d: Set directory modification time (using SetModTime)",
            "INFO  : x: Deleted",
        ]
    );
    let log = run.log();
    assert!(log.contains("\nTransferred:   \t          6 B / 6 B, 100%, "), "{log}");
    assert!(log.contains("\nDeleted:                1 (files), 0 (dirs), 2 B (freed)\n"), "{log}");
    assert!(log.contains("\nTransferred:            2 / 2, 100%\n"), "{log}");
    assert!(log.contains("\nElapsed time:         0."), "{log}");
}

#[test]
fn vv_tells_why() {
    let log = place().run(&["sync", "s", "d", "-vv"]).code(0).log();
    assert!(log.contains("DEBUG : d/b: Need to transfer - "), "{log}");
    assert!(log.contains("DEBUG : x: Need to delete - "), "{log}");
}

#[test]
fn json_lines_have_rclones_fields() {
    let log = place().run(&["copy", "s", "d", "-v", "--use-json-log"]).code(0).log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let copied = lines.iter().find(|line| line["object"] == "d/b").unwrap();
    assert_eq!((&copied["msg"], &copied["size"]), (&"Copied (new)".into(), &1.into()));
    assert_eq!(copied["level"], "info");
    let stats = &lines.last().unwrap()["stats"];
    assert_eq!((&stats["transfers"], &stats["bytes"]), (&2.into(), &6.into()));
}

#[test]
fn the_report_has_every_path() {
    let place = place();
    for side in ["s", "d"] {
        place.write(&format!("{side}/same"), "same");
    }
    place.run(&["sync", "s", "d", "--report", "r"]).code(0);
    let mut lines: Vec<String> = Vec::new();
    for line in place.read("r").unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
        lines.push(format!("{} {}", line["action"], line["path"]));
    }
    lines.sort();
    assert_eq!(
        lines,
        [
            r#""copy" "a""#,
            r#""copy" "d/b""#,
            r#""delete" "x""#,
            r#""none" "same""#,
            r#""set directory modification time" "d""#,
        ]
    );
}

#[test]
fn without_a_terminal_progress_is_the_end_alone() {
    let run = place().run(&["copy", "s", "d", "-P"]).code(0);
    let output = run.output();
    assert!(output.starts_with("Transferred:   \t          6 B / 6 B, 100%, "), "{output}");
    assert!(output.ends_with("\nSummary: copied 2 (1 new, 1 of another size)\n"), "{output}");
    assert!(!output.contains('\x1b') && output.matches("Elapsed time").count() == 1, "{output}");
    assert_eq!(run.log(), "");
}

#[test]
fn quiet_is_quiet() {
    let run = place().run(&["sync", "s", "d", "-q"]).code(0);
    assert_eq!((run.output(), run.log()), (String::new(), String::new()));
}
