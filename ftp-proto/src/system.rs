//! The operating system that `SYST` names: [RFC 959 section 4.1.3], a hint and never a promise.
//!
//! [RFC 959 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc959#page-33

use alloc::string::String;

use crate::listing::Dialect;
use crate::reply::Reply;

/// What kind of system a server says it runs on, or pretends to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum System {
    /// Mac OS before X.
    MacOs,
    /// IBM z/OS and its forebears.
    Mvs,
    /// Novell NetWare.
    NetWare,
    /// HP NonStop, formerly Tandem.
    NonStop,
    /// IBM OS/2.
    Os2,
    /// IBM i, formerly OS/400.
    Os400,
    /// Unix, or what lists like it.
    Unix,
    /// IBM z/VM and its forebears.
    Vm,
    /// OpenVMS.
    Vms,
    /// VxWorks.
    VxWorks,
    /// Windows.
    Windows,
}

impl System {
    /// All of them, by name.
    pub const ALL: [Self; 11] = [
        Self::MacOs,
        Self::Mvs,
        Self::NetWare,
        Self::NonStop,
        Self::Os2,
        Self::Os400,
        Self::Unix,
        Self::Vm,
        Self::Vms,
        Self::VxWorks,
        Self::Windows,
    ];

    /// Reads the answer to `SYST`: "The reply shall have as its first word one of the system names",
    /// so that decides; where it is another, one that follows.
    pub fn parse(reply: &Reply) -> Option<Self> {
        if !reply.code().is_completion() {
            return None;
        }
        Self::named_in(&String::from_utf8_lossy(reply.text()))
    }

    /// Finds the system that a text names.
    pub(crate) fn named_in(text: &str) -> Option<Self> {
        let text = text.to_ascii_uppercase();
        let named = |text: &str| {
            WORDS.iter().find_map(|(word, system)| text.contains(word).then_some(*system))
        };
        match text.split_whitespace().next()? {
            "VM" => Some(Self::Vm),
            first => named(first).or_else(|| named(&text)),
        }
    }

    /// Returns the dialect in which such a system lists by its own habit.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::MacOs => Dialect::ClassicMac,
            Self::Mvs => Dialect::Mvs,
            Self::NetWare => Dialect::NetWare,
            Self::NonStop => Dialect::HpNonStop,
            Self::Os2 => Dialect::Os2,
            Self::Os400 => Dialect::Os400,
            Self::Unix => Dialect::Unix,
            Self::Vm => Dialect::Vm,
            Self::Vms => Dialect::Vms,
            Self::VxWorks => Dialect::VxWorks,
            Self::Windows => Dialect::Dos,
        }
    }
}

/// Words in the order in which they decide.
const WORDS: [(&str, System); 19] = [
    ("AS/400", System::Os400),
    ("OS/400", System::Os400),
    ("OS400", System::Os400),
    ("OS/2", System::Os2),
    ("Z/OS", System::Mvs),
    ("MVS", System::Mvs),
    ("Z/VM", System::Vm),
    ("VM/", System::Vm),
    ("VMS", System::Vms),
    ("NETWARE", System::NetWare),
    ("MACOS", System::MacOs),
    ("VXWORKS", System::VxWorks),
    ("NONSTOP", System::NonStop),
    ("TANDEM", System::NonStop),
    ("WINDOWS", System::Windows),
    ("UNIX", System::Unix),
    ("LINUX", System::Unix),
    ("SUNOS", System::Unix),
    ("L8", System::Unix),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<System>) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        assert_eq!(System::parse(&reply), expected, "{line}");
    }

    #[test]
    fn systems_are_named_in_many_ways() {
        check("215 UNIX Type: L8", Some(System::Unix));
        check("215 Type: L8", Some(System::Unix));
        check("215 Windows_NT", Some(System::Windows));
        check("215  OS/400 is the remote operating system.", Some(System::Os400));
        check("215 MVS is the operating system of this server.", Some(System::Mvs));
        check("215 AS/400", Some(System::Os400));
        check("215 Linux 6.1", Some(System::Unix));
        check("215 NETWARE Type: L8", Some(System::NetWare));
        check("200 VMS system type", Some(System::Vms));
        check("215 MACOS Peter's Server", Some(System::MacOs));
        check("215 z/VM Version 6", Some(System::Vm));
        check("215 VM is the operating system of this server.", Some(System::Vm));
        check("215 Windows_NT version 10 (UNIX emulation)", Some(System::Windows));
        check("215 UNIX emulated on Windows", Some(System::Unix));
        check("215 HP NonStop Server", Some(System::NonStop));
    }

    #[test]
    fn unknown_and_refused_are_nothing() {
        check("215 FooOS", None);
        check("502 UNIX only in jest", None);
    }

    proptest::proptest! {
        #[test]
        fn the_first_word_decides(of in crate::strategy::system(), more in crate::strategy::system()) {
            let word = |of| WORDS.iter().find(|(_, system)| *system == of).expect("a word").0;
            let text = alloc::format!("{} or {}", word(of).to_ascii_lowercase(), word(more));
            proptest::prop_assert_eq!(System::named_in(&text), Some(of));
            proptest::prop_assert_eq!(Dialect::from_syst(&text), Some(of.dialect()));
        }
    }
}
