//! The dialects by name, and what a `SYST` answer says about them.

use crate::system::System;

/// A way of writing a listing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Dialect {
    /// NetPresenz, Peter's server and their kin on classic Mac OS: resource and data fork sizes.
    ClassicMac,
    /// Sterling Connect:Enterprise batches.
    ConnectEnterprise,
    /// `dls`: name, size, date and a description.
    Dls,
    /// MS-DOS, Windows NT and CE, IIS.
    Dos,
    /// Easily Parsed LIST Format (D. J. Bernstein).
    Eplf,
    /// HP (Tandem) NonStop Guardian.
    HpNonStop,
    /// `MLSD` and `MLST` of RFC 3659.
    Mlsx,
    /// z/OS data sets.
    Mvs,
    /// z/OS JES spool.
    MvsJes,
    /// Members of a z/OS partitioned data set.
    MvsPds,
    /// Novell NetWare, rights in brackets.
    NetWare,
    /// Nortel wfFTP routers.
    NortelWfFtp,
    /// Unix with the mode in octal and the time in seconds.
    NumericUnix,
    /// OS/2.
    Os2,
    /// IBM i (OS/400), library and IFS names.
    Os400,
    /// Microware OS-9.
    Os9,
    /// SuperTCP for Windows.
    SuperTcp,
    /// `ls -l` in all its forms.
    Unix,
    /// VM/CMS and z/VM.
    Vm,
    /// OpenVMS: UCX, MultiNet, CMU, Compaq TCP/IP services.
    Vms,
    /// VShell before it learnt `ls -l`.
    VShell,
    /// VxWorks.
    VxWorks,
}

impl Dialect {
    /// Every dialect, by name.
    pub const ALL: &[Self] = &[
        Self::ClassicMac,
        Self::ConnectEnterprise,
        Self::Dls,
        Self::Dos,
        Self::Eplf,
        Self::HpNonStop,
        Self::Mlsx,
        Self::Mvs,
        Self::MvsJes,
        Self::MvsPds,
        Self::NetWare,
        Self::NortelWfFtp,
        Self::NumericUnix,
        Self::Os2,
        Self::Os400,
        Self::Os9,
        Self::SuperTcp,
        Self::Unix,
        Self::Vm,
        Self::Vms,
        Self::VShell,
        Self::VxWorks,
    ];

    /// Guesses from the text of a `SYST` answer. Many servers say `UNIX` whatever they send, so
    /// this is where to look first and no more.
    pub fn from_syst(text: &str) -> Option<Self> {
        System::named_in(text).map(System::dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syst_names_a_dialect() {
        for (text, dialect) in [
            ("UNIX Type: L8", Some(Dialect::Unix)),
            ("Windows_NT", Some(Dialect::Dos)),
            ("VMS OpenVMS V8.3", Some(Dialect::Vms)),
            ("VM/ESA 2.4.0", Some(Dialect::Vm)),
            ("MVS is the operating system", Some(Dialect::Mvs)),
            (" OS/400 is the remote operating system", Some(Dialect::Os400)),
            ("", None),
            ("Plan 9", None),
        ] {
            assert_eq!(Dialect::from_syst(text), dialect, "{text}");
        }
    }
}
