//! One line of every dialect, found without a hint: the list of what can be read.

#![allow(missing_docs, reason = "tests have none")]

use ftp_proto::listing::{Dialect, Item, Kind, Options, Reader};
use jiff::civil::date;

/// Who writes so, the dialect, the lines, and name, kind, size and time of the last of them.
type Case = (&'static str, Dialect, &'static str, &'static str, Kind, Option<u64>, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("MLSD", Dialect::Mlsx, "type=file;size=5;modify=20200304050607; a b", "a b", Kind::File, Some(5), "2020-03-04T05:06:07"),
    ("MLST", Dialect::Mlsx, " Type=dir;Perm=el;Modify=20200304050607.89; /a/b", "/a/b", Kind::Directory, None, "2020-03-04T05:06:07.89"),
    ("ls -l", Dialect::Unix, "-rw-r--r--   1 ann  staff  531 Jan 29 03:26 a b", "a b", Kind::File, Some(531), "2020-01-29T03:26:00"),
    ("numeric ids", Dialect::Unix, "-rw-r--r--   1 1000 100 531 Jan 29  2019 f", "f", Kind::File, Some(531), "2019-01-29T00:00:00"),
    ("no group", Dialect::Unix, "dr-xr-xr-x   2 root     512 Apr  8  1994 etc", "etc", Kind::Directory, Some(512), "1994-04-08T00:00:00"),
    ("no owner", Dialect::Unix, "-rw-r--r-- 512 May 10  1996 bare", "bare", Kind::File, Some(512), "1996-05-10T00:00:00"),
    ("no links", Dialect::Unix, "-rw-r--r--  FTP  User  10439 Apr 20 05:29 z", "z", Kind::File, Some(10439), "2020-04-20T05:29:00"),
    ("owners with blanks", Dialect::Unix, "-rw-r--r-- 1 group domain user 531 Jan 29 03:26 f", "f", Kind::File, Some(531), "2020-01-29T03:26:00"),
    ("ACL", Dialect::Unix, "drwxr-x---+ 2 a b 4096 Feb 25 13:17 d", "d", Kind::Directory, Some(4096), "2020-02-25T13:17:00"),
    ("SELinux", Dialect::Unix, "-rw-r--r--. 1 a b 12 Feb 25 13:17 f", "f", Kind::File, Some(12), "2020-02-25T13:17:00"),
    ("a link", Dialect::Unix, "lrwxrwxrwx 1 a b 7 Jan 25 00:17 l -> usr/bin", "l", Kind::Symlink, Some(7), "2020-01-25T00:17:00"),
    ("a socket", Dialect::Unix, "srwxrwxrwx 1 a b 0 Jan  1  2000 s", "s", Kind::Socket, Some(0), "2000-01-01T00:00:00"),
    ("ls -s", Dialect::Unix, "  8 -rw-r--r-- 1 a b 4000 Jan  1 10:00 f", "f", Kind::File, Some(4000), "2020-01-01T10:00:00"),
    ("ls -h", Dialect::Unix, "-rw-r--r-- 1 a b 1.5K Jan  1 10:00 f", "f", Kind::File, Some(1536), "2020-01-01T10:00:00"),
    ("ISO dates", Dialect::Unix, "-rw-r--r-- 1 a b 5 2005-06-07 21:22 f", "f", Kind::File, Some(5), "2005-06-07T21:22:00"),
    ("ls --full-time", Dialect::Unix, "-rw-r--r-- 1 a b 5 2005-06-07 21:22:03.5 +0200 f", "f", Kind::File, Some(5), "2005-06-07T19:22:03.5"),
    ("seconds", Dialect::Unix, "-rw-r--r-- 1 a b 5 Sep 27 12:30:01 2019 f", "f", Kind::File, Some(5), "2019-09-27T12:30:01"),
    ("German months", Dialect::Unix, "-rw-r--r-- 1 a b 5 26. Juli, 20:10 f", "f", Kind::File, Some(5), "2019-07-26T20:10:00"),
    ("Hungarian months", Dialect::Unix, "-rw-r--r-- 1 a b 5 szept 26 20:10 f", "f", Kind::File, Some(5), "2019-09-26T20:10:00"),
    ("Korean dates", Dialect::Unix, "-rw-r--r-- 1 a b 5 2005년  1월  6일 f", "f", Kind::File, Some(5), "2005-01-06T00:00:00"),
    ("set bits", Dialect::Unix, "-rwsr-Sr-T 1 a b 5 Jan  1 10:00 f", "f", Kind::File, Some(5), "2020-01-01T10:00:00"),
    ("NetWare as Unix", Dialect::Unix, "-rwx---r--  1 operator other          91 Jul 13  2001 READ ME.TXT", "READ ME.TXT", Kind::File, Some(91), "2001-07-13T00:00:00"),
    ("z/OS USS", Dialect::Unix, "-rwxr-xr-x   1 BPXOINIT SYS1     2048 Feb  4  2019 f", "f", Kind::File, Some(2048), "2019-02-04T00:00:00"),
    ("ls could not look", Dialect::Unix, "d????????? ? ? ? ?            ? lost", "lost", Kind::Directory, None, ""),
    ("IIS", Dialect::Dos, "04-27-00  12:09PM       <DIR>          a dir", "a dir", Kind::Directory, None, "2000-04-27T12:09:00"),
    ("IIS, long years", Dialect::Dos, "2002-09-02  19:06                9,730 f", "f", Kind::File, Some(9730), "2002-09-02T19:06:00"),
    ("Windows links", Dialect::Dos, "12-05-2020  17:03    <JUNCTION>     docs [C:\\D]", "docs", Kind::Symlink, None, "2020-12-05T17:03:00"),
    ("Windows CE", Dialect::Dos, "01-02-98  01:00AM       <DIR>          Windows", "Windows", Kind::Directory, None, "1998-01-02T01:00:00"),
    ("WFTP", Dialect::Unix, "-rwx------    1 noone    nogroup   1048 Nov 22  1999 f", "f", Kind::File, Some(1048), "1999-11-22T00:00:00"),
    ("EPLF", Dialect::Eplf, "+i8388621.48594,m825718503,r,s280,up755\tf", "f", Kind::File, Some(280), "1996-03-01T22:15:03"),
    ("OpenVMS", Dialect::Vms, "README.TXT;7  118/126  14-APR-1997 12:45:27  [G,O]  (RWED,,RWED,RE)", "README.TXT", Kind::File, Some(60416), "1997-04-14T12:45:27"),
    ("MultiNet, two lines", Dialect::Vms, "LONG_NAME.TXT;3\r\n     13   2-JUL-2003 10:30 [A,B] (RWED,,,)", "LONG_NAME.TXT", Kind::File, Some(6656), "2003-07-02T10:30:00"),
    ("IBM i", Dialect::Os400, "QSYS            77824 23/02/00 15:09:55 *DIR       d/", "d", Kind::Directory, Some(77824), "2000-02-23T15:09:55"),
    ("IBM i members", Dialect::Os400, "QPGMR                                   *MEM       A.FILE/B.MBR", "A.FILE/B.MBR", Kind::File, None, ""),
    ("z/OS data sets", Dialect::Mvs, "WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  A.FILE", "A.FILE", Kind::File, None, "2003-05-21T00:00:00"),
    ("z/OS members", Dialect::MvsPds, "MEMBER1   01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001", "MEMBER1", Kind::File, None, "2002-10-11T09:37:00"),
    ("z/OS load modules", Dialect::MvsPds, "LOADMOD 00B308 000411  00 FO                31    ANY", "LOADMOD", Kind::File, Some(0xB308), ""),
    ("z/OS JES", Dialect::MvsJes, "IBMUSER1  JOB01906  OUTPUT    3 Spool Files", "JOB01906", Kind::File, None, ""),
    ("z/VM", Dialect::Vm, "CHILDREN TXT   F   280  10  20 1993-08-06 14:20:00 -", "CHILDREN.TXT", Kind::File, Some(2800), "1993-08-06T14:20:00"),
    ("VM/CMS", Dialect::Vm, "PROFILE  EXEC  A1 V  17  3  1   9/12/91   12:39:07", "PROFILE.EXEC", Kind::File, None, "1991-09-12T12:39:07"),
    ("HP NonStop", Dialect::HpNonStop, "ADDRESS  101  4194  6-Jun-05 14:21:18 255,255 \"oooo\"", "ADDRESS", Kind::File, Some(4194), "2005-06-06T14:21:18"),
    ("NetWare", Dialect::NetWare, "d [R----F--] supervisor   512       Jan 16 18:53    login", "login", Kind::Directory, Some(512), "2020-01-16T18:53:00"),
    ("NetPresenz", Dialect::ClassicMac, "-------r--         326  1391972  1392298 Nov 22  1995 f", "f", Kind::File, Some(1_392_298), "1995-11-22T00:00:00"),
    ("WebStar", Dialect::ClassicMac, "d--x--x--x               folder        0 Feb 19  2000 d", "d", Kind::Directory, None, "2000-02-19T00:00:00"),
    ("OS/2", Dialect::Os2, "36611      A    04-23-103  10:57  f", "f", Kind::File, Some(36611), "2003-04-23T10:57:00"),
    ("OS/2 as Unix", Dialect::Unix, "d--x------ 1 ftp ftp          0 Feb 16  2002 d", "d", Kind::Directory, Some(0), "2002-02-16T00:00:00"),
    ("SuperTCP", Dialect::SuperTcp, "CMT             <DIR>           11-16-94        10:14", "CMT", Kind::Directory, None, "1994-11-16T10:14:00"),
    ("Connect:Enterprise", Dialect::ConnectEnterprise, "-C--E-----FTP B QUA1I1      18128       41 Aug 12 13:56 QUADTEST", "QUADTEST", Kind::File, Some(41), "2019-08-12T13:56:00"),
    ("VShell", Dialect::VShell, "206876  Apr 04, 2000 21:06 f", "f", Kind::File, Some(206_876), "2000-04-04T21:06:00"),
    ("VxWorks", Dialect::VxWorks, "2048    Feb-28-1998  05:23:30   d <DIR>", "d", Kind::Directory, None, "1998-02-28T05:23:30"),
    ("Nortel wfFTP", Dialect::NortelWfFtp, "config       1014196  06/03/04  Thur.   10:20:03", "config", Kind::File, Some(1_014_196), "2004-06-03T10:20:03"),
    ("OS-9", Dialect::Os9, " 1.19   97/10/02 1427 d-ewrewr  2650    1214 A.DIR", "A.DIR", Kind::Directory, Some(1214), "1997-10-02T14:27:00"),
    ("dls", Dialect::Dls, "README    763  Feb  3 18:21  Information", "README", Kind::File, Some(763), "2020-02-03T18:21:00"),
    ("untranslated Unix", Dialect::NumericUnix, "0100644   500  101   12345    123456789       f", "f", Kind::File, Some(12345), "1973-11-29T21:33:09"),
    ("ls -R", Dialect::Unix, "./sub:\r\ntotal 8\r\n-rw-r--r-- 1 a b 5 Jan  1 10:00 f", "f", Kind::File, Some(5), "2020-01-01T10:00:00"),
    ("STAT", Dialect::Unix, "213-Status of /:\r\n-rw-r--r-- 1 a b 5 Jan  1 10:00 f\r\n213 End", "f", Kind::File, Some(5), "2020-01-01T10:00:00"),
];

#[test]
fn each_dialect_is_found_and_read() {
    for (who, dialect, lines, name, kind, size, time) in CASES {
        let mut reader = Reader::new(Options::new(date(2020, 7, 1).at(0, 0, 0, 0)));
        let mut items: Vec<Item> = reader.read(lines.as_bytes()).collect();
        items.extend(reader.finish());
        let entries: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Entry(entry) => Some(entry),
                Item::Unread(unread) => panic!("{who}: {unread}"),
                _ => None,
            })
            .collect();
        let [entry] = entries[..] else { panic!("{who}: {items:?}") };
        assert_eq!(reader.dialect(), Some(*dialect), "{who}");
        assert_eq!(
            (entry.name_lossy(), entry.kind, entry.size),
            ((*name).into(), *kind, *size),
            "{who}"
        );
        let modified = entry.modified.map(|m| m.at.to_string()).unwrap_or_default();
        assert_eq!(modified, *time, "{who}");
    }
}

#[test]
fn no_dialect_is_left_out() {
    for dialect in Dialect::ALL {
        assert!(CASES.iter().any(|case| case.1 == *dialect), "{dialect:?}");
    }
}
