//! What `STAT` answers: [RFC 959 section 4.1.3].
//!
//! "If the argument is a pathname, the command is analogous to the "list" command except that data
//! shall be transferred over the control connection." The lines of that listing are those between
//! the first and the last of the reply; [`crate::listing`] reads them.
//!
//! [RFC 959 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc959#page-34

use alloc::vec::Vec;

use crate::error::Misread;
use crate::reply::Reply;

/// What a server says its answer to `STAT` is about. It is a hint: what was asked for decides.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Subject {
    /// 212: a directory.
    Directory,
    /// 213: a file; vsftpd, Pure-FTPd and pyftpdlib say so of directories too.
    File,
    /// 211: the server itself, or the transfer that runs.
    System,
}

/// Reads the subject out of the code.
pub fn subject(reply: &Reply) -> Option<Subject> {
    match reply.code().get() {
        211 => Some(Subject::System),
        212 => Some(Subject::Directory),
        213 => Some(Subject::File),
        _ => None,
    }
}

/// Returns the lines of a listing that came over the control connection, each with a line end.
///
/// # Errors
/// When the server refused, or the reply may lack lines: see [`Reply::is_whole`]. A `213` of one
/// line lists nothing.
pub fn listing(reply: &Reply) -> Result<Vec<u8>, Misread> {
    if !reply.code().is_completion() || !reply.is_whole() {
        return Err(Misread::new("listing", reply));
    }
    let mut lines = Vec::new();
    for line in reply.body() {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[track_caller]
    fn check(reply: &str, expected: Option<&str>) {
        let reply = Reply::parse(reply.as_bytes()).expect("a reply");
        assert_eq!(listing(&reply).ok().as_deref(), expected.map(str::as_bytes));
    }

    #[test]
    fn the_lines_between_are_the_listing() {
        // vsftpd and pyftpdlib.
        check("213-Status follows:\r\n-rw a\r\n213 End of status\r\n", Some("-rw a\n"));
        // ProFTPD.
        check("212-Status of d:\r\n -rw a\r\n -rw b\r\n212 End\r\n", Some(" -rw a\n -rw b\n"));
        // wu-ftpd, and who repeats the code.
        check("213-status of d:\r\n213-total 1\r\n213-\r\n213 End\r\n", Some("total 1\n\n"));
        check("213-Status follows:\r\n213 End of status\r\n", Some(""));
        check("213 End\r\n", Some(""));
    }

    #[test]
    fn a_listing_that_may_lack_lines_is_none() {
        check("450 d: No such file or directory\r\n", None);
        check("213-Status follows:\r\n-rw a\r\n200 x\r\n", None);
    }

    #[test]
    fn the_code_hints_at_the_subject() {
        let subject = |reply: &str| subject(&Reply::parse(reply.as_bytes()).expect("a reply"));
        assert_eq!(subject("211 FTP server status"), Some(Subject::System));
        assert_eq!(subject("212 x"), Some(Subject::Directory));
        assert_eq!(subject("213 x"), Some(Subject::File));
        assert_eq!(subject("450 x"), None);
    }

    proptest::proptest! {
        #[test]
        fn each_subject_has_its_code(of in crate::strategy::subject()) {
            let code = match of {
                Subject::System => 211,
                Subject::Directory => 212,
                Subject::File => 213,
            };
            let reply = Reply::parse(format!("{code} x").as_bytes());
            proptest::prop_assert_eq!(reply.as_ref().and_then(subject), Some(of));
        }
    }
}
