//! Runs the committed seeds through the checks of the fuzz targets, on stable.

use std::{fs, path::Path};

#[test]
fn seeds_pass_their_checks() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, check) in fuzz::TARGETS {
        let seeds = fs::read_dir(corpus.join(name)).expect("each target has seeds");
        let mut count = 0;
        for seed in seeds {
            let data = fs::read(seed.expect("a file").path()).expect("a readable seed");
            check(&data);
            // Seeds cut short are what a connection that breaks leaves behind.
            (0..data.len()).step_by(7).for_each(|end| check(&data[..end]));
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}

#[test]
fn every_target_has_a_binary() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut files: Vec<String> = fs::read_dir(targets)
        .expect("the targets")
        .map(|file| file.expect("a file").file_name().to_string_lossy().replace(".rs", ""))
        .collect();
    files.sort();
    let names: Vec<_> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(files, names);
}
