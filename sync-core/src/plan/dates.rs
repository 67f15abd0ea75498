//! When a directory gets the time that it has on the source: where the times differ, and where the run
//! changes what it holds, which gives it another time. The one is known when it is planned; the other
//! shows at the end of the run.

use jiff::Timestamp;

use super::{Action, Plan};
use crate::entry::Modified;

/// The times of one directory, as both listings above it have them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Dates {
    /// On the source.
    pub source: Option<Modified>,
    /// On the destination.
    pub destination: Option<Modified>,
}

/// The time that a directory is to have once all that it holds is in its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dating {
    /// The time.
    pub modified: Timestamp,
    /// Whether it has another one now. Else it is dated only if the run changes what it holds.
    pub differs: bool,
    /// Whether the directory is still to be made.
    pub is_new: bool,
}

impl Plan<'_> {
    /// Plans the time of the directory itself, unless it is right and nothing here can change it.
    pub(super) fn date(&mut self) {
        let Dates { source: Some(source), destination } = self.dates else { return };
        if !self.extent.directory_times {
            return;
        }
        let differs = self.rules.directory_differs(source, destination);
        if differs || self.changes {
            let is_new = self.in_new_directory;
            let dating = Dating { modified: source.at, differs, is_new };
            self.say(Action::DateDirectory(dating));
        }
    }
}

impl Action {
    /// Tells whether this may change what the directory holds.
    pub(super) fn changes(&self) -> bool {
        match self {
            Self::Copy { .. }
            | Self::Discard { .. }
            | Self::MoveDirectory
            | Self::Remove { .. }
            | Self::Rename { .. }
            | Self::Settle { .. } => true,
            Self::DateDirectory(_)
            | Self::Doubt(_)
            | Self::Keep { .. }
            | Self::Leave
            | Self::LeaveDirectory
            | Self::MakeDirectory
            | Self::Refuse(_)
            | Self::RemoveDirectory
            | Self::Tell(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{SYNC, describe, pair, side};
    use super::*;
    use crate::compare::Rules;
    use crate::context::Options;
    use crate::plan::{Extent, plan};
    use crate::remote::{Remote as _, memory::Memory};
    use crate::walk::{Pair, Side};

    fn at(second: i64) -> Option<Modified> {
        let at = Timestamp::from_second(1_000_000_000 + second).unwrap();
        Some(Modified { at, precision: Duration::from_secs(1) })
    }

    #[track_caller]
    fn check(options: &Options, pair: Pair, times: (i64, i64), expected: &[&str]) {
        let capability = Memory::server().capability();
        let rules = Rules::new(options, &capability, &capability);
        let extent = Extent { directory_times: true, ..SYNC };
        let dates = Dates { source: at(times.0), destination: at(times.1) };
        let steps = plan(Pair { dates, ..pair }, &rules, extent).map(|step| describe(&step));
        assert_eq!(steps.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_directory_is_dated_where_its_time_differs() {
        let same = || pair(side(&["a=1"]), side(&["a=1"]));
        let options = Options::default();
        check(&options, same(), (0, 0), &["keep d/a"]);
        check(&options, same(), (0, 5), &["keep d/a", "date d: differs"]);
        check(&options, same(), (5, 0), &["keep d/a", "date d: differs"]);
        let update = Options { update: true, ..Options::default() };
        check(&update, same(), (0, 5), &["keep d/a"]);
        check(&update, same(), (5, 0), &["keep d/a", "date d: differs"]);
        let wide = Options { modify_window: Duration::from_secs(9), ..Options::default() };
        check(&wide, same(), (5, 0), &["keep d/a"]);
        let all = Options { ignore_times: true, ..Options::default() };
        let copied = ["copy d/a: all are transferred", "date d: differs"];
        check(&all, same(), (0, 0), &copied);
        let size_only = Options { size_only: true, ..Options::default() };
        check(&size_only, same(), (5, 0), &["keep d/a"]);
    }

    #[test]
    fn a_directory_is_dated_where_it_may_be_changed() {
        let options = Options::default();
        let dated = "date d: if changed";
        let copied = ["copy d/a: new", dated];
        check(&options, pair(side(&["a=1"]), side(&[])), (0, 0), &copied);
        check(&options, pair(side(&[]), side(&["a=1"])), (0, 0), &["remove d/a", dated]);
        check(&options, pair(side(&["s/"]), side(&[])), (0, 0), &[dated]);
        check(&options, pair(side(&[]), side(&["s/"])), (0, 0), &[dated]);
        check(&options, pair(side(&["s/"]), side(&["s/"])), (0, 0), &[]);
        let new = ["copy into new d/a: new", "date d: new"];
        check(&options, pair(side(&["a=1"]), Side::Absent), (0, 0), &new);
        check(&options, pair(side(&[]), Side::Absent), (0, 0), &[]);
    }
}
