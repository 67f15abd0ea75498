//! What a file costs does not grow with how many there are: allocations and the bytes that they take,
//! counted while nothing, half or all of a tree is to be done.

mod common;

use allocation_counter::{AllocationInfo, measure};
use common::{Store, context, time};
use sync_core::Capability;
use sync_core::Remote as _;
use sync_core::ops::{Mode, sync};
use sync_core::remote::memory::Memory;

/// Which trees are synced.
#[derive(Clone, Copy, Debug)]
enum Trees {
    /// The same on both sides.
    Same,
    /// Every other file has changed, others are on one side only; nothing is done.
    Changed,
    /// The destination spells every name otherwise.
    Misspelt,
}

fn stores(trees: Trees, directories: usize, files: usize) -> (Store, Store) {
    let server = Memory::server();
    let caseless = Capability { case_sensitive: false, ..server.capability() };
    let server = if matches!(trees, Trees::Misspelt) { Memory::with(caseless) } else { server };
    let (source, destination) = (Store::new(Memory::new()), Store::new(server));
    for number in 0..directories * files {
        let name = format!("d{:05}/f{:06}", number / files, number % files);
        let changed = matches!(trees, Trees::Changed) && number % 2 == 0;
        let there = match trees {
            Trees::Misspelt => name.to_uppercase(),
            Trees::Changed if number % 3 == 0 => format!("{name}x"),
            _ => name.clone(),
        };
        source.memory.put(&name, if changed { "xx" } else { "x" }, time(100));
        destination.memory.put(&there, "x", time(100));
    }
    (source, destination)
}

fn counted(trees: Trees, directories: usize, files: usize) -> AllocationInfo {
    let (source, destination) = stores(trees, directories, files);
    let (mut ctx, _) = context();
    ctx.options.dry_run = true;
    ctx.progress = std::sync::Arc::new(sync_core::progress::Silent);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (source, destination) = (source.tree(), destination.tree());
    measure(|| runtime.block_on(sync(&ctx, &source, &destination, Mode::Sync)).unwrap())
}

#[test]
fn ten_times_the_files_take_ten_times_the_work() {
    for trees in [Trees::Same, Trees::Changed, Trees::Misspelt] {
        for (few, many) in [((20, 100), (200, 100)), ((1, 2000), (1, 20_000))] {
            let [few, many] =
                [few, many].map(|(directories, files)| counted(trees, directories, files));
            let grows = |few: u64, many: u64| many as f64 / few as f64;
            let count = grows(few.count_total, many.count_total);
            let bytes = grows(few.bytes_total, many.bytes_total);
            assert!(
                count < 11.0 && bytes < 13.0,
                "{trees:?}: {count} times, {bytes} times the bytes"
            );
        }
    }
}
