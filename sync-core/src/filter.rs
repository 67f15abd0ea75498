//! Which files and directories take part: rclone's filter language, from flags to verdicts.
//!
//! Rules are tried in order and the first that matches decides; what no rule matches takes part.
//! Include rules also say which directories can hold a match, so that the others are never listed.
//! Reading filter files from disk and turning ages into times is left to the caller.

mod glob;
mod partition;
mod rules;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::path::{Name, Path};
use partition::Partition;
use rules::{Rules, Verdict};

/// Decides which files and directories take part. The default lets everything through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    list: Option<List>,
    rules: Rules,
    partition: Option<Partition>,
    markers: Vec<Name>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    modified_from: Option<Timestamp>,
    modified_to: Option<Timestamp>,
}

impl Filter {
    /// Starts a filter.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Tells whether a file's time decides over it.
    pub(crate) fn looks_at_times(&self) -> bool {
        self.modified_from.is_some() || self.modified_to.is_some()
    }

    /// Tells whether a file takes part. `size` is in bytes.
    ///
    /// A time nobody knows is within every range; a size nobody knows is below every minimum.
    pub fn includes_file(
        &self,
        path: &Path,
        size: Option<u64>,
        modified: Option<Timestamp>,
    ) -> bool {
        if self.list.is_some() {
            return self.includes_path(path);
        }
        self.modified_from.is_none_or(|from| modified.is_none_or(|at| at >= from))
            && self.modified_to.is_none_or(|to| modified.is_none_or(|at| at <= to))
            && self.min_size.is_none_or(|min| size.is_some_and(|size| size >= min))
            && self.max_size.is_none_or(|max| size.is_none_or(|size| size <= max))
            && self.includes_path(path)
    }

    /// Tells whether a file of this path can take part, whatever its size and time.
    pub fn includes_path(&self, path: &Path) -> bool {
        match &self.list {
            Some(list) => list.files.contains(path),
            None => {
                self.partition.as_ref().is_none_or(|partition| partition.holds(path))
                    && self.rules.include_file(path)
            }
        }
    }

    /// Tells whether anything below a directory can take part, so that it is worth listing.
    pub fn includes_directory(&self, path: &Path) -> bool {
        if path.is_root() {
            return true;
        }
        match &self.list {
            Some(list) => list.directories.contains_key(path),
            None => self.rules.include_directory(path),
        }
    }

    /// Tells whether a directory that holds these entries is left out because one of them is a file
    /// named by [`Builder::exclude_if_present`].
    pub fn excludes_listing(&self, entries: &[Entry]) -> bool {
        !self.markers.is_empty()
            && entries
                .iter()
                .any(|entry| !entry.is_directory() && self.markers.contains(&entry.name))
    }

    /// Returns what [`Builder::files_from`] names in a directory, where that is what decides: files,
    /// and directories on the way to files. They can be asked for instead of listing the directory.
    pub fn named_in(&self, directory: &Path) -> Option<(&BTreeSet<Name>, &BTreeSet<Name>)> {
        static NONE: BTreeSet<Name> = BTreeSet::new();
        let list = self.list.as_ref()?;
        let named = list.directories.get(directory);
        Some(named.map_or((&NONE, &NONE), |named| (&named.files, &named.directories)))
    }

    /// Tells whether everything takes part, so that a directory can be moved or removed whole.
    pub fn is_transparent(&self) -> bool {
        self.list.is_none() && self.has_no_conditions()
    }

    fn has_no_conditions(&self) -> bool {
        self.rules.is_empty()
            && self.partition.is_none()
            && self.markers.is_empty()
            && self.min_size.is_none()
            && self.max_size.is_none()
            && self.modified_from.is_none()
            && self.modified_to.is_none()
    }
}

/// Exactly these files, and the directories on the way to them.
#[derive(Clone, Debug, Default)]
struct List {
    files: HashSet<Path>,
    directories: HashMap<Path, Named>,
}

/// What a list names in one directory.
#[derive(Clone, Debug, Default)]
struct Named {
    files: BTreeSet<Name>,
    directories: BTreeSet<Name>,
}

impl List {
    fn add(&mut self, file: &[u8]) -> Result<()> {
        let file = file.strip_prefix(b"/").unwrap_or(file);
        let path = Path::new(file).map_err(|error| {
            let name = String::from_utf8_lossy(file);
            Error::new(ErrorKind::Usage, format!("bad name in the list of files: {error}")).on(name)
        })?;
        let Some((mut directory, name)) = path.split() else { return Ok(()) };
        self.directories.entry(directory.clone()).or_default().files.insert(name);
        while let Some((parent, name)) = directory.split() {
            if !self.directories.entry(parent.clone()).or_default().directories.insert(name) {
                break;
            }
            directory = parent;
        }
        self.files.insert(path);
        Ok(())
    }
}

/// How a list of files is cut into names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListForm {
    /// Lines without the blanks around them; empty lines and comments (`#`, `;`) do not count.
    Lines,
    /// Names that end in NUL.
    Nul,
    /// Lines as they are.
    RawLines,
}

/// Puts a [`Filter`] together. Rules are tried in the order in which they were added; rclone adds
/// those of `--include`, `--include-from`, `--exclude`, `--exclude-from`, `--filter` and
/// `--filter-from`, in this order.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    filter: Filter,
    rules: rules::Builder,
    included: bool,
    excluded: bool,
}

impl Builder {
    /// Compares names without regard to case. Counts for the rules added after it.
    #[must_use]
    pub fn ignore_case(mut self, ignore_case: bool) -> Self {
        self.rules.ignore_case(ignore_case);
        self
    }

    /// Lets in what the glob matches; what no other rule matches is then out.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] names the rule and what is wrong with its glob.
    pub fn include(mut self, glob: &str) -> Result<Self> {
        self.included = true;
        self.rules.add(Verdict::Include, glob)?;
        Ok(self)
    }

    /// Lets in what the globs of a filter file match, one a line.
    ///
    /// # Errors
    /// As [`Builder::include`].
    pub fn include_from(self, text: &str) -> Result<Self> {
        let included = Self { included: true, ..self };
        lines(text).try_fold(included, Self::include)
    }

    /// Leaves out what the glob matches.
    ///
    /// # Errors
    /// As [`Builder::include`].
    pub fn exclude(mut self, glob: &str) -> Result<Self> {
        self.excluded = true;
        self.rules.add(Verdict::Exclude, glob)?;
        Ok(self)
    }

    /// Leaves out what the globs of a filter file match, one a line.
    ///
    /// # Errors
    /// As [`Builder::include`].
    pub fn exclude_from(self, text: &str) -> Result<Self> {
        lines(text).try_fold(self, Self::exclude)
    }

    /// Adds a rule: `+ glob`, `- glob`, or `!`, which forgets all rules before it.
    ///
    /// # Errors
    /// As [`Builder::include`], and for anything else.
    pub fn rule(mut self, rule: &str) -> Result<Self> {
        match (rule, rule.split_at_checked(2)) {
            ("!", _) => self.rules.clear(),
            (_, Some(("+ ", glob))) => self.rules.add(Verdict::Include, glob)?,
            (_, Some(("- ", glob))) => self.rules.add(Verdict::Exclude, glob)?,
            _ => {
                let message = format!("malformed filter rule {rule:?}");
                let hint = "a rule is `+ glob`, `- glob` or `!`";
                return Err(Error::new(ErrorKind::Usage, message).hint(hint));
            }
        }
        Ok(self)
    }

    /// Adds the rules of a filter file, one a line.
    ///
    /// # Errors
    /// As [`Builder::rule`].
    pub fn rules_from(self, text: &str) -> Result<Self> {
        lines(text).try_fold(self, Self::rule)
    }

    /// Lets in exactly the files named. No other condition may be given with it.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a name that would leave the tree.
    pub fn files_from(mut self, text: &[u8], form: ListForm) -> Result<Self> {
        let list = self.filter.list.get_or_insert_default();
        let end = if form == ListForm::Nul { 0 } else { b'\n' };
        for name in text.split(|&byte| byte == end) {
            let name = match form {
                ListForm::Lines => name.trim_ascii(),
                ListForm::Nul => name,
                ListForm::RawLines => name.strip_suffix(b"\r").unwrap_or(name),
            };
            let comment = form == ListForm::Lines && matches!(name.first(), Some(b'#' | b';'));
            if !name.is_empty() && !comment {
                list.add(name)?;
            }
        }
        Ok(self)
    }

    /// Leaves out directories that hold a file of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for what cannot be a name.
    pub fn exclude_if_present(mut self, name: &str) -> Result<Self> {
        let name = name.parse().map_err(|error| {
            Error::new(ErrorKind::Usage, format!("bad --exclude-if-present {name:?}: {error}"))
        })?;
        self.filter.markers.push(name);
        Ok(self)
    }

    /// Leaves out files smaller than this, in bytes.
    #[must_use]
    pub fn min_size(mut self, bytes: u64) -> Self {
        self.filter.min_size = Some(bytes);
        self
    }

    /// Leaves out files bigger than this, in bytes.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.filter.max_size = Some(bytes);
        self
    }

    /// Leaves out files that changed before this: `--max-age`.
    #[must_use]
    pub fn modified_from(mut self, from: Timestamp) -> Self {
        self.filter.modified_from = Some(from);
        self
    }

    /// Leaves out files that changed after this: `--min-age`.
    #[must_use]
    pub fn modified_to(mut self, to: Timestamp) -> Self {
        self.filter.modified_to = Some(to);
        self
    }

    /// Lets in one part of all files: `K/N`, or `@/N` for one picked at random.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for anything else.
    pub fn hash_filter(mut self, part: &str) -> Result<Self> {
        self.filter.partition = Some(part.parse()?);
        Ok(self)
    }

    /// Tells whether both plain includes and plain excludes were added: all includes are tried
    /// first then, which few expect.
    pub fn mixes_includes_and_excludes(&self) -> bool {
        self.included && self.excluded
    }

    /// Returns the filter.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where conditions contradict each other.
    pub fn build(mut self) -> Result<Filter> {
        if self.included {
            self.rules.add(Verdict::Exclude, "/**")?;
        }
        let filter = Filter { rules: self.rules.build(), ..self.filter };
        if filter.list.is_some() && !filter.has_no_conditions() {
            let message = "--files-from stands alone: it overrides every other filter";
            return Err(Error::new(ErrorKind::Usage, message).hint("leave the others out"));
        }
        if let (Some(from), Some(to)) = (filter.modified_from, filter.modified_to)
            && to < from
        {
            let message = "--min-age cannot be larger than --max-age";
            return Err(Error::new(ErrorKind::Usage, message));
        }
        Ok(filter)
    }
}

/// Returns the lines of a filter file that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    /// Checks files, and directories where the path ends in `/`: those after `+` take part.
    #[track_caller]
    fn check(filter: &Filter, expected: &[&str]) {
        for line in expected {
            let (sign, text) = line.split_at(2);
            let taken = match text.strip_suffix('/') {
                Some(directory) => filter.includes_directory(&path(directory)),
                None => filter.includes_file(&path(text), Some(1), None),
            };
            assert_eq!(taken, sign == "+ ", "{text}");
        }
    }

    #[track_caller]
    fn rules(rules: &[&str]) -> Filter {
        rules.iter().try_fold(Filter::builder(), |b, rule| b.rule(rule)).unwrap().build().unwrap()
    }

    #[test]
    fn everything_takes_part_by_default() {
        let filter = Filter::default();
        check(&filter, &["+ a", "+ a/b", "+ a/"]);
        assert!(filter.is_transparent());
        assert!(filter.named_in(&Path::root()).is_none());
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let filter = rules(&["- secret*.jpg", "+ *.jpg", "+ *.png", "+ file2.avi", "- *"]);
        check(
            &filter,
            &[
                "- secret17.jpg",
                "- d/secret17.jpg",
                "+ holiday.jpg",
                "+ d/e/holiday.jpg",
                "+ file2.avi",
                "- file1.avi",
                "+ d/",
                "+ d/e/",
            ],
        );
    }

    #[test]
    fn a_directory_rule_leaves_out_all_below() {
        let filter = rules(&["- dir/"]);
        check(
            &filter,
            &["- dir/", "- dir/f", "- dir/e/f", "- a/dir/", "- a/dir/f", "+ dir", "+ dirs/"],
        );
        let anchored = rules(&["- /dir/"]);
        check(&anchored, &["- dir/", "- dir/f", "+ a/dir/", "+ a/dir/f"]);
    }

    #[test]
    fn excluded_directories_are_never_listed() {
        check(&rules(&["- /cache/**"]), &["- cache/", "- cache/a/", "+ b/cache/"]);
        check(&rules(&["- *.o"]), &["+ a/", "+ a.o/", "- a.o", "- a/b.o"]);
        check(&rules(&["- **"]), &["- a/", "- a"]);
    }

    #[test]
    fn includes_list_only_the_directories_on_their_way() {
        let filter =
            Filter::builder().include("/a/b/*.jpg").unwrap().include("*.txt").unwrap().build();
        check(&filter.unwrap(), &["+ a/b/x.jpg", "- a/x.jpg", "+ c/d/x.txt", "+ c/"]);
        let filter = Filter::builder().include("/a/b/*.jpg").unwrap().build().unwrap();
        check(&filter, &["+ a/", "+ a/b/", "- a/c/", "- b/", "- a/b/c/", "+ a/b/x.jpg", "- x.jpg"]);
        let filter = Filter::builder().include("/a/**").unwrap().build().unwrap();
        check(&filter, &["+ a/", "+ a/b/c/", "- b/", "+ a/b/c/x", "- x"]);
        let filter = Filter::builder().include("dir/").unwrap().build().unwrap();
        check(&filter, &["+ dir/", "- dir/x", "- other/"]);
    }

    #[test]
    fn an_exclamation_mark_forgets_the_rules_before_it() {
        check(&rules(&["- *.a", "!", "- *.b"]), &["+ x.a", "- x.b"]);
    }

    #[test]
    fn filter_files_have_comments_and_blanks() {
        let text = "\u{feff}# comment\n; too\r\n\n  - *.bak \n+ *.txt\r\n- *\n";
        let filter = Filter::builder().rules_from(text).unwrap().build().unwrap();
        check(&filter, &["- a.bak", "+ a.txt", "- a"]);
        let filter = Filter::builder().include_from("a\n#b\n").unwrap().build().unwrap();
        check(&filter, &["+ a", "- #b"]);
        let filter = Filter::builder().include_from("").unwrap().build().unwrap();
        check(&filter, &["- a"]);
        let filter = Filter::builder().exclude_from("a\n").unwrap().build().unwrap();
        check(&filter, &["- a", "+ b"]);
    }

    #[test]
    fn case_counts_unless_told() {
        let builder = Filter::builder().ignore_case(true).exclude("*.JPG").unwrap();
        check(&builder.build().unwrap(), &["- a.jpg", "- a.JPG"]);
        check(&rules(&["- *.JPG"]), &["+ a.jpg", "- a.JPG"]);
    }

    #[test]
    fn a_list_of_files_stands_alone() {
        let text = b"# comment\n /d/e/file \nother\r\n\n";
        let filter = Filter::builder().files_from(text, ListForm::Lines).unwrap().build().unwrap();
        check(&filter, &["+ d/", "+ d/e/", "- e/", "+ d/e/file", "+ other", "- d/file", "- d"]);
        let named = |directory: &str| {
            let directory = directory.parse().unwrap();
            let (files, directories) = filter.named_in(&directory).unwrap();
            (files.len(), directories.len())
        };
        assert_eq!((named(""), named("d"), named("d/e")), ((1, 1), (0, 1), (1, 0)));

        let raw = Filter::builder().files_from(b"#a\n b \n", ListForm::RawLines).unwrap();
        check(&raw.build().unwrap(), &["+ #a", "+  b ", "- b"]);
        let nul = Filter::builder().files_from(b"a\nb\0c", ListForm::Nul).unwrap();
        check(&nul.build().unwrap(), &["+ a\nb", "+ c", "- a"]);

        let builder = Filter::builder().exclude("x").unwrap();
        let error = builder.files_from(b"a", ListForm::Lines).unwrap().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let error = Filter::builder().files_from(b"../a", ListForm::Lines).unwrap_err();
        assert!(error.to_string().starts_with("../a: bad name"), "{error}");
        let empty = Filter::builder().files_from(b"", ListForm::Lines).unwrap().build().unwrap();
        check(&empty, &["- a", "- a/"]);
    }

    #[test]
    fn sizes_and_times_have_bounds() {
        let filter = Filter::builder().min_size(10).max_size(20).build().unwrap();
        let includes = |size| filter.includes_file(&path("a"), size, None);
        assert_eq!(
            [Some(9), Some(10), Some(20), Some(21), None].map(includes),
            [false, true, true, false, false]
        );
        let at = |second| Timestamp::from_second(second).unwrap();
        let filter = Filter::builder().modified_from(at(10)).modified_to(at(20)).build().unwrap();
        let includes = |time: Option<i64>| filter.includes_file(&path("a"), None, time.map(at));
        assert_eq!(
            [Some(9), Some(10), Some(20), Some(21), None].map(includes),
            [false, true, true, false, true]
        );
        let backwards = Filter::builder().modified_from(at(20)).modified_to(at(10)).build();
        assert_eq!(backwards.unwrap_err().to_string(), "--min-age cannot be larger than --max-age");
    }

    #[test]
    fn a_marker_file_leaves_its_directory_out() {
        let entry = |name: &str, kind| Entry {
            name: name.parse().unwrap(),
            kind,
            size: None,
            modified: None,
            unique: None,
            copied: None,
        };
        let filter = Filter::builder().exclude_if_present(".ignore").unwrap().build().unwrap();
        assert!(filter.excludes_listing(&[entry(".ignore", crate::Kind::File)]));
        assert!(!filter.excludes_listing(&[entry(".ignore", crate::Kind::Directory)]));
        assert!(!filter.excludes_listing(&[entry("ignore", crate::Kind::File)]));
        assert!(!filter.is_transparent());
        assert!(Filter::builder().exclude_if_present("a/b").is_err());
    }

    #[test]
    fn errors_name_the_rule() {
        #[track_caller]
        fn check(rule: &str, expected: &str) {
            assert_eq!(Filter::builder().rule(rule).unwrap_err().to_string(), expected);
        }
        check(
            "exclude x",
            r#"malformed filter rule "exclude x" (a rule is `+ glob`, `- glob` or `!`)"#,
        );
        check("-x", r#"malformed filter rule "-x" (a rule is `+ glob`, `- glob` or `!`)"#);
        check("- a***", "bad filter rule `- a***`: too many stars");
        check("+ a[b", "bad filter rule `+ a[b`: mismatched `[` and `]`");
    }

    #[test]
    fn names_in_no_charset_match_stars() {
        let filter = rules(&["- *.txt"]);
        let latin1 = Path::new(b"caf\xe9.txt").unwrap();
        assert!(!filter.includes_file(&latin1, None, None));
        assert!(!rules(&["- /d/"]).includes_file(&Path::new(b"d/\xff\n").unwrap(), None, None));
    }

    #[test]
    fn mixed_includes_and_excludes_can_be_seen() {
        let builder = Filter::builder().include("a").unwrap();
        assert!(!builder.mixes_includes_and_excludes());
        assert!(builder.exclude("b").unwrap().mixes_includes_and_excludes());
    }
}
