//! What only some servers offer, by their own names, after `SITE`: [RFC 959 section 4.1.3].
//!
//! Two names on one line are told apart by a blank alone, so a blank in the first does not arrive.
//!
//! [RFC 959 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc959#page-33

use core::fmt;

use jiff::civil::DateTime;

use super::{Argument, argument};

/// What only some servers offer, by their own names.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Site {
    /// Gives a path to a group (ProFTPD).
    Chgrp(Argument, Argument),
    /// Changes the permission bits.
    Chmod(u16, Argument),
    /// Copies the first path to the second (ProFTPD, mod_copy).
    Copy(Argument, Argument),
    /// Names what to copy on the server (ProFTPD, mod_copy).
    Cpfr(Argument),
    /// Copies it there.
    Cpto(Argument),
    /// Asks after how many seconds of silence the server hangs up, or says so.
    Idle(Option<u32>),
    /// Makes a directory and its parents (ProFTPD, mod_site_misc).
    Mkdir(Argument),
    /// Asks how much the user may store, and stores (ProFTPD, mod_quotatab).
    Quota,
    /// Anything else.
    Raw(Argument),
    /// Removes a directory with all in it (ProFTPD, mod_site_misc).
    Rmdir(Argument),
    /// Makes the second path a link to the first (ProFTPD, mod_site_misc).
    Symlink(Argument, Argument),
    /// Asks which permission bits new files lack, or says so.
    Umask(Option<u16>),
    /// Sets a time, in the form with a single one (ProFTPD, Pure-FTPd).
    Utime(DateTime, Argument),
    /// Sets access, modification and change time, in the form that ends with `UTC` (NcFTPd,
    /// Pure-FTPd).
    UtimeAll(DateTime, Argument),
    /// Asks for the server's time zone (Serv-U).
    Zone,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        argument::show(&super::Command::Site(self.clone()).line(), f)
    }
}
