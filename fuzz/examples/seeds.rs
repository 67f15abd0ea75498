//! Writes the seeds of all targets anew, from our own writers and words.

use std::{fs, io, path::Path};

use ftp_proto::listing::{self, Dialect, Entry, Kind, Modified, Precision, Version, Year, Zone};
use jiff::civil::date;

fn main() -> io::Result<()> {
    for (target, dialects) in LISTINGS {
        for (number, dialect) in dialects.iter().enumerate() {
            let lines: Vec<Vec<u8>> =
                entries().iter().filter_map(|e| listing::write(e, *dialect)).collect();
            save(target, &format!("written-{number}"), &lines.join(&b"\r\n"[..]))?;
            save(
                "reader",
                &format!("{target}-{number}"),
                &[b"\x07", &lines.join(&b"\n"[..])[..]].concat(),
            )?;
        }
    }
    for (target, name, seed) in WORDS {
        save(target, name, seed.as_bytes())?;
    }
    Ok(())
}

fn save(target: &str, name: &str, seed: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), seed)
}

/// One entry for each way in which dialects tell a time, a size, rights and an owner.
fn entries() -> Vec<Entry> {
    let at = date(2024, 3, 9).at(17, 5, 42, 120_000_000);
    let day = at.date();
    let (midnight, minute) = (day.at(0, 0, 0, 0), day.at(17, 5, 0, 0));
    let second = day.at(17, 5, 42, 0);
    let times = [
        (midnight, Precision::Day, Zone::Server, Year::Stated),
        (midnight, Precision::Day, Zone::Unknown, Year::Stated),
        (minute, Precision::Minute, Zone::Server, Year::Inferred),
        (minute, Precision::Minute, Zone::Server, Year::Stated),
        (minute, Precision::Minute, Zone::Unknown, Year::Stated),
        (second, Precision::Second, Zone::Server, Year::Stated),
        (second, Precision::Second, Zone::Utc, Year::Stated),
        (at, Precision::Subsecond(2), Zone::Server, Year::Stated),
        (at, Precision::Subsecond(9), Zone::Utc, Year::Stated),
    ];
    let kinds = [
        ("A.FILE", Kind::File, Some(7 * 512), None),
        ("two words", Kind::File, Some(0), None),
        ("FOLDER", Kind::Directory, None, None),
        ("FOLDER", Kind::Directory, Some(512), None),
        ("LINK", Kind::Symlink, Some(13), Some("../over there")),
        ("LINK", Kind::Symlink, None, Some("../over there")),
        ("LINK", Kind::Symlink, None, None),
        ("JOB00042", Kind::File, None, None),
    ];
    let owners =
        [(None, None), (Some("7"), Some("12")), (Some("OPS"), Some("STAFF")), (Some("OPS"), None)];
    let rights = [(None, None), (Some(0o2754), None), (None, Some(Version(3)))];
    let mut entries = vec![];
    for (at, precision, zone, year) in times {
        for (name, kind, size, target) in kinds {
            for (owner, group) in owners {
                for (mode, version) in rights {
                    let mut entry = Entry::new(name, kind);
                    entry.size = size;
                    entry.modified = Some(Modified { at, precision, zone, year });
                    (entry.mode, entry.version) = (mode, version);
                    owner.inspect(|o| entry.set_owner(o));
                    group.inspect(|g| entry.set_group(g));
                    target.inspect(|t| entry.set_target(t));
                    entries.push(entry);
                }
            }
        }
    }
    let untimed = |e: &Entry| {
        let mut untimed = e.clone();
        untimed.modified = None;
        untimed
    };
    let more: Vec<Entry> = entries.iter().take(96).map(untimed).collect();
    entries.extend(more);
    entries
}

const LISTINGS: &[(&str, &[Dialect])] = &[
    ("dos", &[Dialect::Dos, Dialect::Os2, Dialect::SuperTcp]),
    ("eplf", &[Dialect::Eplf]),
    (
        "mainframe",
        &[
            Dialect::HpNonStop,
            Dialect::Mvs,
            Dialect::MvsJes,
            Dialect::MvsPds,
            Dialect::Os400,
            Dialect::Vm,
        ],
    ),
    ("mlsx", &[Dialect::Mlsx]),
    (
        "rare",
        &[
            Dialect::ClassicMac,
            Dialect::ConnectEnterprise,
            Dialect::Dls,
            Dialect::NetWare,
            Dialect::NortelWfFtp,
            Dialect::NumericUnix,
            Dialect::Os9,
            Dialect::VShell,
            Dialect::VxWorks,
        ],
    ),
    ("unix", &[Dialect::Unix]),
    ("vms", &[Dialect::Vms]),
];

const WORDS: &[(&str, &str, &str)] = &[
    ("address", "pasv", "Entering Passive Mode (10,1,2,3,4,5)."),
    ("address", "pasv-bare", "=10,1,2,3,4,5"),
    ("address", "epsv", "Entering Extended Passive Mode (|||50000|)"),
    ("address", "epsv-other", "(!!!50000!)"),
    ("address", "epsv-short", "(||50000|)"),
    ("address", "lpsv", "Entering Long Passive Mode (4,4,10,1,2,3,2,4,5)"),
    ("address", "pasv-points", "Entering Passive Mode (10.1.2.3,4,5)"),
    ("command", "path", "a folder/a \"file\" \u{e9}"),
    ("command", "mask", "ASS *** Command(PA"),
    ("command", "cr", "before\rafter"),
    ("command", "site", "SITE UTIME 20240102030405 a file"),
    ("command", "hash", "XSHA256 \"a file\" 0 10"),
    ("command", "secret", "pret adat bm90aGluZw=="),
    // The first byte is the size of the pieces in which replies arrive.
    ("exchange", "transfer", "\u{3}\u{0}\u{1}\u{5}\u{6}\u{6}"),
    ("exchange", "abandoned", "\u{1}\u{0}\u{3}\u{7}\u{0}\u{4}\u{6}"),
    ("exchange", "closing", "\u{ff}\u{0}\u{0}\u{5}\u{4}\u{6}\u{7}"),
    (
        "feature",
        "all",
        " MLST type*;size*;modify*;UNIX.mode;\r\n UTF8\r\n HASH SHA-256*;CRC32\r\n AUTH TLS;SSL\r\n REST STREAM",
    ),
    ("feature", "coded", "211-MDTM\r\n211-SIZE"),
    ("hash", "crc", "CRC32 0-99 0a1b2c3d a name"),
    ("hash", "md5", "MD5 00112233445566778899aabbccddeeff"),
    ("hash", "ranged", "SHA-1 0-49 00112233445566778899aabbccddeeff00112233 a name"),
    (
        "hash",
        "several",
        "a 00112233445566778899aabbccddeeff, \"b, c\" ffeeddccbbaa99887766554433221100",
    ),
    ("mainframe", "two-lines", "JOB00042\n 9-MAR-2024 OPS\nA.FILE;1\n 7 9-MAR-2024 [STAFF,OPS]\n"),
    (
        "mlsx",
        "kinds",
        "type=OS.unix=slink:/to; a\r\ntype=OS.unix=slink:/to here;unique=7; a\r\ntype=cdir;modify=20240102030405.678; .\r\nType=pdir; ..\r\ntype=OS.unix=chr-1/3;perm=; c\r\n no facts",
    ),
    ("mlsx", "target", "type=OS.unix=symlink;unique=7; link\ntype=file;unique=7; /its/target"),
    ("path", "quoted", "\"/a \"\"path\"\"\" is current"),
    ("path", "empty", "\"\" is current"),
    ("path", "bare", "/a/path is current"),
    ("path", "none", "Directory created"),
    ("rare", "two-lines", "A.FILE\r\n 3584 2-JUL-2023 17 OPS\r\nlong.Z\r\n 12  Jan  4 6:45\r\n"),
    (
        "reader",
        "names",
        "\u{1}LONG-NAME.TXT;7\n     9 2-JUL-2023 10:30 [A,B]\nother.Z\n     12  Jan  4 6:45\nnobody",
    ),
    (
        "reader",
        "sections",
        "\u{2}.:\ntotal 8\ndrwxr-xr-x 2 a b 4096 Jan  1 10:00 .\ndrwxr-xr-x 2 a b 4096 Jan  1 10:00 sub\n\n./sub:\ntotal 0\n",
    ),
    (
        "reader",
        "status",
        "\u{3}213-Status of x:\r\n-rw-r--r-- 1 a b 9 Jan  1 10:00 f\r\n213 End of status\r\n",
    ),
    ("reader", "dates", "\u{5}OPS 1 04/03/02 10:00:00 *STMF a\nOPS 1 04/03/22 10:00:00 *STMF b\n"),
    ("reply", "lines", "\u{4}220-hello\r\n 220 not yet\r\n221 nor here\r\n220 done\r\n"),
    ("reply", "short", "\u{1}226\n421 bye\n"),
    (
        "unix",
        "forms",
        "crw-rw---- 1 a b 5, 12 Jan  1 10:00 tty\n-rw-r--r--+ 1 a 3.5K 2024-01-02 10:00 acl\nd????????? ? ? ? ?            ? lost\n-rw-r--r-- 1 a b 5 26. Juli, 20:10 x\n-rw-r--r-- 1 a b 5 22 de xyz de 2019 x\n1 4 -rw-r--r-- 1 a b 5 2019年11月30日 x",
    ),
    (
        "vms",
        "forms",
        "A.B;1 1/3 2-AUG-2023 13:05 [G,O] (RWED,RWED,RE,)\r\nPUB.DIR;1 ****** 2-AUG-2023 13:05:07.12 [O]\r\nA.B;2   [O]  3 2-AUG-2023\r\n",
    ),
];
