//! Where files go that would be deleted or replaced, and how they get there: by a rename on the
//! destination's own remote.

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::execute::parents::Parents;
use crate::path::{Name, Path};
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::Run;

/// Where files go that would be deleted or replaced: `--backup-dir` and `--suffix`.
#[derive(Clone, Debug)]
pub struct Backup {
    /// The tree they go to, under the path they had; the destination itself to rename them there.
    pub tree: Tree,
    /// What their names get added.
    pub suffix: String,
    /// Whether the suffix goes before the extension.
    pub keeps_extension: bool,
}

impl Backup {
    /// Returns where the backup of `path` lies, relative to the tree.
    fn path(&self, path: &Path) -> Result<Path> {
        let Some((parent, name)) = path.split() else { return Ok(path.clone()) };
        let start = if self.keeps_extension { extension(name.as_bytes()) } else { None };
        let (stem, end) = name.as_bytes().split_at(start.unwrap_or(name.as_bytes().len()));
        let name = [stem, self.suffix.as_bytes(), end].concat();
        let name = Name::new(name).map_err(|error| {
            let message = format!("`{}` cannot be part of a name: {error}", self.suffix);
            Error::new(ErrorKind::Usage, message)
        })?;
        Ok(parent.child(&name))
    }

    /// Refuses a place that a rename cannot reach, or whose files take part in the run themselves.
    pub(crate) fn check(&self, ctx: &Context, source: &Tree, destination: &Tree) -> Result<()> {
        self.check_reach(destination)?;
        if self.tree.root == destination.root && !self.suffix.is_empty() {
            return Ok(());
        }
        if overlap(ctx, &self.tree, destination) {
            return refuse("destination and parameter to --backup-dir mustn't overlap");
        }
        if self.tree.same_remote(source) && overlap(ctx, &self.tree, source) {
            return refuse("source and parameter to --backup-dir mustn't overlap");
        }
        Ok(())
    }

    /// Refuses a place where the backup of a single file would be the file itself.
    pub(crate) fn check_for_file(&self, source: &Tree, destination: &Tree) -> Result<()> {
        self.check_reach(destination)?;
        let is_at = |tree: &Tree| self.tree.same_remote(tree) && self.tree.root == tree.root;
        if self.suffix.is_empty() && is_at(destination) {
            return refuse("destination and parameter to --backup-dir mustn't be the same");
        }
        if self.suffix.is_empty() && is_at(source) {
            return refuse("source and parameter to --backup-dir mustn't be the same");
        }
        Ok(())
    }

    fn check_reach(&self, destination: &Tree) -> Result<()> {
        if !self.tree.same_remote(destination) {
            return refuse("parameter to --backup-dir has to be on the same remote as destination");
        }
        if !destination.remote.capability().rename {
            return refuse("can't use --backup-dir on a remote that cannot rename");
        }
        Ok(())
    }
}

fn refuse(message: &str) -> Result<()> {
    Err(Error::new(ErrorKind::Usage, message))
}

/// Tells whether one tree holds the other and the filter does not keep them apart.
fn overlap(ctx: &Context, backup: &Tree, tree: &Tree) -> bool {
    match backup.root.below(&tree.root) {
        Some(below) if !below.is_root() => ctx.filter.includes_directory(&below),
        Some(_) => true,
        None => tree.root.is_within(&backup.root),
    }
}

/// Returns where the extension of a name begins; with that of what was packed, as in `a.tar.gz`.
fn extension(name: &[u8]) -> Option<usize> {
    let dot = |name: &[u8]| name.iter().rposition(|&byte| byte == b'.');
    let mut start = dot(name)?;
    while let Some(earlier) = dot(&name[..start]) {
        if !PACKED.iter().any(|packed| name[earlier + 1..start].eq_ignore_ascii_case(packed)) {
            break;
        }
        start = earlier;
    }
    Some(start)
}

/// Extensions of files that are often packed and then bear two of them.
const PACKED: [&[u8]; 10] =
    [b"css", b"csv", b"html", b"js", b"json", b"sql", b"svg", b"tar", b"txt", b"xml"];

/// Moves files of the destination to their backups.
#[derive(Debug)]
pub(crate) struct Keeper {
    backup: Backup,
    destination: Tree,
    parents: Parents,
}

impl Keeper {
    /// Returns a keeper where a backup is wanted.
    pub(crate) fn new(run: &Run, destination: &Tree) -> Option<Self> {
        let backup = run.ctx.options.backup.clone()?;
        let parents = Parents::new(&backup.tree);
        Some(Self { backup, destination: destination.clone(), parents })
    }

    /// Moves the destination's file at `path` to its backup, over an older one.
    pub(crate) async fn keep(&self, run: &Run, path: &Path) -> Result<()> {
        let below = self.backup.path(path)?;
        if let Some(parent) = below.parent().filter(|_| !self.is_in_place()) {
            self.parents.ensure(run, &parent).await?;
        }
        let (from, to) = (self.destination.path(path), self.backup.tree.path(&below));
        retry(&run.ctx, path, || self.destination.remote.rename(&from, &to)).await
    }

    /// Moves a backup just made back to where it came from, because nothing took its place.
    pub(crate) async fn put_back(&self, run: &Run, path: &Path) -> Result<()> {
        let below = self.backup.path(path)?;
        let (from, to) = (self.backup.tree.path(&below), self.destination.path(path));
        retry(&run.ctx, path, || self.destination.remote.rename(&from, &to)).await
    }

    /// Returns where below the destination the backups go, where they do.
    pub(crate) fn place(&self) -> Option<Path> {
        self.backup.tree.root.below(&self.destination.root)
    }

    /// Tells whether backups stand beside what replaces them.
    pub(crate) fn is_in_place(&self) -> bool {
        self.backup.tree.root == self.destination.root
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::filter::Filter;
    use crate::remote::Remote;
    use crate::remote::memory::Memory;

    fn backup(remote: &Arc<dyn Remote>, root: &str, suffix: &str, keeps_extension: bool) -> Backup {
        let tree = Tree::new(Arc::clone(remote), root.parse().unwrap());
        Backup { tree, suffix: suffix.into(), keeps_extension }
    }

    #[track_caller]
    fn check_name(keeps_extension: bool, path: &str, expected: &str) {
        let remote: Arc<dyn Remote> = Arc::new(Memory::new());
        let backup = backup(&remote, "old", "-1", keeps_extension);
        assert_eq!(backup.path(&path.parse().unwrap()).unwrap().to_string(), expected);
    }

    #[test]
    fn a_suffix_ends_the_name_or_its_stem() {
        check_name(false, "d.d/a.txt", "d.d/a.txt-1");
        check_name(true, "d.d/a.txt", "d.d/a-1.txt");
        check_name(true, "a.tar.gz", "a-1.tar.gz");
        check_name(true, "a.b.txt", "a.b-1.txt");
        check_name(true, "d.d/a", "d.d/a-1");
        check_name(true, ".profile", "-1.profile");
    }

    #[test]
    fn the_place_must_be_reachable_and_apart() {
        let (here, there): (Arc<dyn Remote>, Arc<dyn Remote>) =
            (Arc::new(Memory::new()), Arc::new(Memory::server()));
        let tree = |remote: &Arc<dyn Remote>, root: &str| {
            Tree::new(Arc::clone(remote), root.parse().unwrap())
        };
        let (source, destination) = (tree(&there, "s"), tree(&there, "d"));
        let check = |ctx: &Context, root: &str, suffix: &str| {
            backup(&there, root, suffix, false).check(ctx, &source, &destination).is_ok()
        };
        let ctx = Context::default();
        assert!(check(&ctx, "old", ""));
        assert!(check(&ctx, "d", ".bak"));
        assert!(!check(&ctx, "d", "") && !check(&ctx, "d/old", "") && !check(&ctx, "", ""));
        assert!(!check(&ctx, "s/old", ""));
        assert!(backup(&here, "old", "", false).check(&ctx, &source, &destination).is_err());
        let filter = Filter::builder().exclude("/old/**").unwrap().build().unwrap();
        let apart = Context { filter: Arc::new(filter), ..ctx };
        assert!(check(&apart, "d/old", ""));
    }
}
