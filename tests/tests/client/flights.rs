//! How few round trips a file or a directory costs, at each level, and what becomes of servers that
//! do not keep commands for later.

use std::time::Duration;

use bytes::Bytes;
use ftp_client::ftp_proto::hash::Algorithm;
use ftp_client::options::Pipelining;
use ftp_client::{Ending, ErrorKind, Options, Pool};
use tests::script::{Script, flights};

use super::{later_login, named, options, pool, with_hashing_login, with_login};

fn pool_at(script: &Script, pipelining: Pipelining) -> Pool {
    Pool::new(Options { pipelining, ..options(script.port()) }).expect("options that make sense")
}

/// Sends a file, and waits for no more than its confirmation.
async fn send(pool: &Pool, name: &str) -> ftp_client::Result<Ending> {
    let session = pool.session().await?;
    let mut upload = session.store(format!("{name}.partial").as_bytes(), 0).await?;
    upload.write(Bytes::from_static(b"hello")).await?;
    let finish = ftp_client::Finish { rename_to: Some(name.into()), ..named(5) };
    upload.end(finish).await
}

async fn receive(pool: &Pool, name: &str) -> ftp_client::Result<Bytes> {
    let mut download = pool.session().await?.retrieve(name.as_bytes(), 0).await?;
    let data = download.read().await?;
    while !download.read().await?.is_empty() {}
    Ok(data)
}

/// What is said about a file that stands under its temporary name, and the answers.
fn epilogue(name: &str) -> [String; 2] {
    let said = format!(
        "C: SIZE /{name}.partial
         C: MFMT 20200203040506 /{name}.partial
         C: RNFR /{name}.partial
         C: RNTO /{name}\n"
    );
    let told = "S: 213 5
        S: 213 dated
        S: 350 and?
        S: 250 renamed\n";
    [said, told.into()]
}

/// Uploads that a server is trusted after: each waits for what there is to know.
const TRUSTED: &str = "
    C: EPSV
    S: 229 ({port})
    C: STOR /t.partial
    A
    D?
    S: 150 go
    S: 226 done
    C: MFMT 20200203040506 /t.partial
    S: 213 dated
    C: SIZE /t.partial
    S: 213 5
    C: RNFR /t.partial
    C: RNTO /t
    S: 350 and?
    S: 250 renamed\n";

/// The same once the command that sets times is known.
fn trusted(port: &str) -> String {
    let (_, rest) = TRUSTED.split_once("C: STOR").expect("an upload");
    let rest = rest
        .replace("C: MFMT", "C: SIZE /t.partial\nC: MFMT")
        .replace("C: SIZE /t.partial\n    S: 213 5\n", "")
        .replace("S: 213 dated\n", "S: 213 5\nS: 213 dated\n");
    format!("{port}C: STOR{rest}")
}

const PORT: &str = "C: EPSV\nS: 229 ({port})\n";

#[tokio::test]
async fn a_small_upload_takes_three_flights_at_overlap() {
    let [said, told] = epilogue("f");
    let file = format!(
        "C: STOR /f.partial
         A
         D?
         S: 150 go
         S: 226 done
         C: EPSV\n{said}S: 229 ({{port}})\n{told}"
    );
    assert_eq!(flights(&file), 3);
    let warm = [TRUSTED, &trusted(PORT), &trusted(PORT), PORT].concat();
    let script = Script::start(&[&with_login(&[&warm[..], &file, &file].concat())]).await;
    let pool = pool_at(&script, Pipelining::Overlap);
    for name in ["t", "t", "t", "f", "f"] {
        send(&pool, name).await.expect("sent").outcome().await.expect("named");
    }
    script.finish().await;
}

/// Three files that make a server trusted at `Ahead`, where the port of the next comes with each.
fn warm_ahead() -> String {
    let behind = |text: &str| text.replace("C: STOR /t.partial", "C: STOR /t.partial\nC: EPSV");
    let told = |text: &str| text.replace("S: 226 done", "S: 226 done\nS: 229 ({port})");
    // The first data connection has to come about before anything is asked for in advance.
    let first = TRUSTED.to_owned();
    let others = told(&behind(&[trusted(PORT), trusted("")].concat()));
    first + &others
}

#[tokio::test]
async fn a_small_upload_takes_two_flights_ahead() {
    let file = |before: &str, name: &str| {
        let [said, told] = if before.is_empty() { Default::default() } else { epilogue(before) };
        format!(
            "{said}C: STOR /{name}.partial
             C: EPSV
             A
             D?
             {told}S: 150 go
             S: 226 done
             S: 229 ({{port}})\n"
        )
    };
    assert_eq!(flights(&file("a", "b")), 2);
    let [said, told] = epilogue("c");
    let all = [&warm_ahead()[..], &file("", "a"), &file("a", "b"), &file("b", "c"), &said, &told];
    let script = Script::start(&[&with_login(&all.concat())]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    for _ in 0..3 {
        send(&pool, "t").await.expect("sent").outcome().await.expect("named");
    }
    let mut endings = Vec::new();
    for name in ["a", "b", "c"] {
        endings.push(send(&pool, name).await.expect("sent"));
    }
    // Nobody uses the session any more: the pool hears the last answers.
    for ending in endings {
        assert!(ending.outcome().await.expect("named").time_not_set.is_none());
    }
    script.finish().await;
}

/// What is asked of a file that is verified by its hash, and the answers.
fn verified(name: &str, chooses: bool) -> [String; 2] {
    let (choice, chosen) = match chooses {
        true => ("C: OPTS HASH MD5\n", "S: 200 MD5\n"),
        false => ("", ""),
    };
    let said = format!(
        "C: SIZE /{name}.partial
         C: MFMT 20200203040506 /{name}.partial
         {choice}C: HASH /{name}.partial\n"
    );
    let told = format!(
        "S: 213 5
         S: 213 dated
         {chosen}S: 213 MD5 0-5 5d41402abc4b2a76b9719d911017c592 /{name}.partial\n"
    );
    [said, told]
}

fn naming(name: &str) -> [String; 2] {
    let said = format!("C: RNFR /{name}.partial\nC: RNTO /{name}\n");
    [said, "S: 350 and?\nS: 250 renamed\n".into()]
}

/// The MD5 of `hello`.
const HELLO: [u8; 16] = [
    0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5, 0x92,
];

async fn send_verified(pool: &Pool, name: &str, hash: &[u8]) -> ftp_client::Result<Ending> {
    let session = pool.session().await?;
    let mut upload = session.store(format!("{name}.partial").as_bytes(), 0).await?;
    upload.write(Bytes::from_static(b"hello")).await?;
    let (hash, rename_to) = (Some((Algorithm::Md5, hash.to_vec())), Some(name.into()));
    upload.end(ftp_client::Finish { hash, rename_to, ..named(5) }).await
}

#[tokio::test]
async fn a_hash_costs_an_upload_one_flight() {
    let file = |name: &str, chooses: bool| {
        let ([said, told], [named, renamed]) = (verified(name, chooses), naming(name));
        format!(
            "C: STOR /{name}.partial
             A
             D?
             S: 150 go
             S: 226 done
             C: EPSV\n{said}S: 229 ({{port}})\n{told}{named}{renamed}"
        )
    };
    assert_eq!(flights(&file("f", false)), 4, "three without a hash");
    let warm = [TRUSTED, &trusted(PORT), &trusted(PORT), PORT].concat();
    let all = [&warm[..], &file("f", true), &file("g", false)].concat();
    let script = Script::start(&[&with_hashing_login(&all)]).await;
    let pool = pool_at(&script, Pipelining::Overlap);
    for _ in 0..3 {
        send(&pool, "t").await.expect("sent").outcome().await.expect("named");
    }
    for name in ["f", "g"] {
        let ending = send_verified(&pool, name, &HELLO).await.expect("sent");
        ending.outcome().await.expect("named");
    }
    script.finish().await;
}

#[tokio::test]
async fn a_verified_file_is_named_with_the_next_one_ahead() {
    let file = |before: &str, name: &str| {
        let [named, renamed] = if before.is_empty() { Default::default() } else { naming(before) };
        let [said, told] = verified(name, before.is_empty());
        format!(
            "{named}C: STOR /{name}.partial
             C: EPSV
             A
             D?
             {renamed}S: 150 go
             S: 226 done
             S: 229 ({{port}})
             {said}{told}"
        )
    };
    assert_eq!(flights(&file("a", "b")), 3, "two without a hash");
    let [named, renamed] = naming("b");
    let all = [&warm_ahead()[..], &file("", "a"), &file("a", "b"), &named, &renamed].concat();
    let script = Script::start(&[&with_hashing_login(&all)]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    for _ in 0..3 {
        send(&pool, "t").await.expect("sent").outcome().await.expect("named");
    }
    let mut endings = Vec::new();
    for name in ["a", "b"] {
        endings.push(send_verified(&pool, name, &HELLO).await.expect("sent"));
    }
    for ending in endings {
        assert!(ending.outcome().await.expect("named").time_not_set.is_none());
    }
    script.finish().await;
}

#[tokio::test]
async fn a_file_with_another_hash_gets_no_name() {
    for pipelining in [Pipelining::Overlap, Pipelining::Ahead] {
        let ahead = pipelining == Pipelining::Ahead;
        let (behind, port) = if ahead { ("C: EPSV", "S: 229 ({port})") } else { ("", "") };
        let (asks, ported) = if ahead { ("", "") } else { ("C: EPSV", "S: 229 ({port})") };
        let [said, told] = verified("a", true);
        let warm = match ahead {
            true => warm_ahead(),
            false => [TRUSTED, &trusted(PORT), &trusted(PORT), PORT].concat(),
        };
        let all = format!(
            "{warm}C: STOR /a.partial
             {behind}
             A
             D?
             S: 150 go
             S: 226 done
             {port}
             {asks}
             {said}{ported}
             {told}C: NOOP
             S: 200 in step"
        );
        let script = Script::start(&[&with_hashing_login(&all)]).await;
        let pool = pool_at(&script, pipelining);
        for _ in 0..3 {
            send(&pool, "t").await.expect("sent").outcome().await.expect("named");
        }
        let error = match send_verified(&pool, "a", &[0; 16]).await {
            Ok(ending) => ending.outcome().await.expect_err("another hash"),
            Err(error) => error,
        };
        assert_eq!(*error.kind(), ErrorKind::Corrupted);
        pool.session().await.expect("the session").check().await.expect("in step");
        script.finish().await;
    }
}

/// A server that offers a hash and will not compute it is believed, and one that chooses another
/// algorithm is not taken for one that chose this.
#[tokio::test]
async fn a_hash_that_is_not_computed_is_not_missed() {
    let upload = |told: &str, name: &str| {
        format!(
            "C: STOR /{name}.partial
             D?
             S: 150 go
             S: 226 done
             C: SIZE /{name}.partial
             C: OPTS HASH MD5
             C: HASH /{name}.partial
             S: 213 5
             {told}
             C: RNFR /{name}.partial
             C: RNTO /{name}
             S: 350 and?
             S: 250 renamed\n"
        )
    };
    let refusals = [
        "S: 504 not MD5\nS: 213 SHA-1 0-5 aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d /a.partial",
        "S: 200 MD5\nS: 502 not now",
    ];
    for refusal in refusals {
        let script =
            Script::start(&[&with_hashing_login(&(PORT.to_owned() + &upload(refusal, "a")))]).await;
        let pool = pool_at(&script, Pipelining::Overlap);
        let session = pool.session().await.expect("a session");
        let mut upload = session.store(b"a.partial", 0).await.expect("begun");
        upload.write(Bytes::from_static(b"hello")).await.expect("written");
        let hash = Some((Algorithm::Md5, HELLO.to_vec()));
        let finish = ftp_client::Finish {
            hash,
            modified: None,
            rename_to: Some(b"a".to_vec()),
            size: Some(5),
        };
        upload.finish(finish).await.expect("named");
        script.finish().await;
    }
}

#[tokio::test]
async fn a_wrong_size_heard_late_takes_the_name_back() {
    let [said, told] = epilogue("a");
    let told = told.replace("S: 213 5", "S: 213 4");
    let all = format!(
        "{}C: STOR /a.partial
         C: EPSV
         A
         D?
         S: 150 go
         S: 226 done
         S: 229 ({{port}})
         {said}{told}
         C: RNFR /a
         C: RNTO /a.partial
         S: 350 and?
         S: 250 renamed",
        warm_ahead()
    );
    let script = Script::start(&[&with_login(&all)]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    for _ in 0..3 {
        send(&pool, "t").await.expect("sent").outcome().await.expect("named");
    }
    let ending = send(&pool, "a").await.expect("sent");
    let error = ending.outcome().await.expect_err("four bytes are not five");
    assert_eq!(*error.kind(), ErrorKind::Truncated);
    script.finish().await;
}

#[tokio::test]
async fn an_ending_lost_with_its_connection_is_asked_for() {
    let first = format!(
        "{}C: STOR /a.partial
         C: EPSV
         A
         D?
         S: 150 go
         S: 226 done
         S: 229 ({{port}})
         C: SIZE /a.partial
         X",
        warm_ahead()
    );
    let second = "
        C: MLST /a.partial
        C: MLST /a
        S: 550 /a.partial: No such file or directory
        S: 250-Listing
        S:  type=file;size=5; /a
        S: 250 End";
    let script = Script::start(&[&with_login(&first), &(later_login() + second)]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    for _ in 0..3 {
        send(&pool, "t").await.expect("sent").outcome().await.expect("named");
    }
    send(&pool, "a").await.expect("sent").outcome().await.expect("it has its name");
    script.finish().await;
}

#[tokio::test]
async fn a_small_download_takes_two_flights_ahead() {
    let file = |name: &str| {
        format!(
            "C: RETR /{name}
             C: EPSV
             A
             S: 150 here
             D: {name}
             S: 226 done
             S: 229 ({{port}})\n"
        )
    };
    assert_eq!(flights(&file("b")), 2);
    let first = "C: EPSV
        S: 229 ({port})
        C: RETR /a
        S: 150 here
        D: a
        C: EPSV
        S: 226 done
        S: 229 ({port})\n";
    let all = [first, &file("b"), &file("c")].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    for name in ["a", "b", "c"] {
        assert_eq!(receive(&pool, name).await.expect("received"), name);
    }
    script.finish().await;
}

/// A listing that asks for the next port when it ends, and one that asks with its command.
fn listing(directory: &str, behind: bool) -> String {
    let (with, end) = if behind { ("C: EPSV\n", "") } else { ("", "C: EPSV\n") };
    format!(
        "C: CWD /{directory}
         C: MLSD
         {with}A
         S: 250 there
         S: 150 here
         D: type=file; {directory}\\n
         {end}S: 226 done
         S: 229 ({{port}})\n"
    )
}

/// The first listing of a server, which learns that data connections come about.
const FIRST: &str = "
    C: CWD /d0
    C: EPSV
    S: 250 there
    S: 229 ({port})
    C: MLSD
    S: 150 here
    D: type=file; d0\\n
    C: EPSV
    S: 226 done
    S: 229 ({port})\n";

pub(super) async fn list_all(pool: &Pool, directories: &[&str]) {
    for directory in directories {
        let mut session = pool.session().await.expect("a session");
        let listing = session.list(directory.as_bytes()).await.expect("a listing");
        assert_eq!(listing.entries[0].name(), directory.as_bytes());
    }
}

#[tokio::test]
async fn a_listing_enters_its_directory_with_the_data_connection() {
    let (overlap, ahead) = (listing("d1", false), listing("d1", true));
    assert_eq!((flights(&overlap), flights(&ahead)), (3, 2));
    let all = [FIRST, &overlap, &listing("d2", false)].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    list_all(&pool_at(&script, Pipelining::Overlap), &["d0", "d1", "d2"]).await;
    script.finish().await;

    let all = [FIRST, &ahead, &listing("d2", true)].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    list_all(&pool_at(&script, Pipelining::Ahead), &["d0", "d1", "d2"]).await;
    script.finish().await;
}

/// A pool for a server that is a long way off.
pub(super) fn distant(script: &Script, milliseconds: u64) -> Pool {
    let round_trip = Some(Duration::from_millis(milliseconds));
    Pool::new(Options { round_trip, ..options(script.port()) }).expect("options that make sense")
}

#[tokio::test]
async fn a_server_that_keeps_commands_is_found_out_by_listings() {
    let download = "C: RETR /f
        C: EPSV
        A
        S: 150 here
        D: f
        S: 226 done
        S: 229 ({port})\n";
    let all = [FIRST, &listing("d1", true), download].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    let pool = distant(&script, 2);
    list_all(&pool, &["d0", "d1"]).await;
    assert_eq!(pool.personality().ahead, None);
    assert_eq!(receive(&pool, "f").await.expect("received"), "f");
    assert_eq!(pool.personality().ahead, Some(true));
    script.finish().await;
}

#[tokio::test]
async fn a_server_that_answers_at_once_is_never_sent_ahead_again() {
    let surprise = "C: CWD /d1
        C: MLSD
        C: EPSV
        S: 250 there
        S: 150 about to open the data connection
        S: 229 ({port})
        X";
    let again = FIRST.replace("d0", "d1") + &listing("d2", false);
    let first = [FIRST, surprise].concat();
    let script = Script::start(&[&with_login(&first), &(later_login() + &again)]).await;
    let pool = distant(&script, 2);
    list_all(&pool, &["d0", "d1", "d2"]).await;
    assert_eq!(pool.personality().ahead, Some(false));
    script.finish().await;
}

#[tokio::test]
async fn uploads_look_at_a_listing_before_they_run_ahead() {
    let listing = "C: EPSV
        S: 229 ({port})
        C: LIST /t
        C: EPSV
        A
        S: 150 here
        D: -rw-r--r-- 1 u g 5 Jan 01 00:00 t\\n
        S: 226 done
        S: 229 ({port})\n";
    let ahead = "C: STOR /a.partial
        C: EPSV
        A
        D?
        S: 150 go
        S: 226 done
        S: 229 ({port})\n";
    let [said, told] = epilogue("a");
    let warm = [TRUSTED, &trusted(PORT), &trusted(PORT)].concat();
    let all = [&warm[..], listing, ahead, &said, &told].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    let pool = distant(&script, 2);
    for name in ["t", "t", "t", "a"] {
        send(&pool, name).await.expect("sent").outcome().await.expect("named");
    }
    assert_eq!(pool.personality().ahead, Some(true));
    script.finish().await;
}

#[tokio::test]
async fn a_question_refused_during_an_upload_is_not_the_uploads_end() {
    let all = "C: EPSV
        S: 229 ({port})
        C: RETR /a
        S: 150 here
        D: a
        C: EPSV
        S: 226 done
        S: 229 ({port})
        C: STOR /t.partial
        C: EPSV
        A
        S: 150 go
        S: 450 EPSV: data transfer in progress
        D?
        S: 226 done
        C: MFMT 20200203040506 /t.partial
        S: 213 dated
        C: SIZE /t.partial
        S: 213 5
        C: RNFR /t.partial
        C: RNTO /t
        S: 350 and?
        S: 250 renamed";
    let script = Script::start(&[&with_login(all)]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    receive(&pool, "a").await.expect("received");
    send(&pool, "t").await.expect("sent").outcome().await.expect("named");
    assert_eq!(pool.personality().ahead, Some(false));
    script.finish().await;
}

#[tokio::test]
async fn a_port_found_in_use_is_asked_for_again() {
    let all = "C: EPSV
        S: 229 ({port})
        C: RETR /a
        S: 150 here
        D: a
        C: EPSV
        S: 226 done
        S: 425 Unable to build data connection: Address already in use
        C: EPSV
        S: 229 ({port})
        C: RETR /b
        C: EPSV
        S: 150 here
        D: b
        S: 226 done
        S: 229 ({port})";
    let script = Script::start(&[&with_login(all)]).await;
    let pool = pool_at(&script, Pipelining::Ahead);
    receive(&pool, "a").await.expect("received");
    receive(&pool, "b").await.expect("received");
    assert_ne!(pool.personality().ahead, Some(false));
    script.finish().await;
}

#[tokio::test]
async fn a_directory_that_is_missing_is_not_the_one_before() {
    let missing = "C: CWD /no
        C: MLSD
        A
        S: 550 /no: No such file or directory
        S: 150 here
        D: type=file; of d0\\n
        S: 226 done
        C: NOOP
        S: 200 ok";
    let script = Script::start(&[&with_login(&[FIRST, missing].concat())]).await;
    let pool = pool_at(&script, Pipelining::Overlap);
    list_all(&pool, &["d0"]).await;
    let mut session = pool.session().await.expect("a session");
    let error = session.list(b"no").await.expect_err("it is not there");
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    session.check().await.expect("in step");
    script.finish().await;
}

#[tokio::test]
async fn a_refusal_that_comes_while_writing_ends_in_step() {
    let all = "C: EPSV
        S: 229 ({port})
        C: STOR /d/f
        A
        S: 553 Could not create file.
        D!
        C: MLST /d/f
        S: 550 /d/f: No such file or directory
        C: MLST /d
        S: 550 /d: No such file or directory
        C: NOOP
        S: 200 ok";
    let script = Script::start(&[&with_login(all)]).await;
    let pool = pool(&script);
    let session = pool.session().await.expect("a session");
    let mut upload = session.store(b"d/f", 0).await.expect("an open data connection");
    let error = loop {
        if let Err(error) = upload.write(Bytes::from(vec![0; 1 << 16])).await {
            break error;
        }
    };
    drop(upload);
    assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("553 Could not create"), "{error}");
    pool.session().await.expect("the same session").check().await.expect("in step");
    script.finish().await;
}
