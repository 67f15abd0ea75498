//! Asking for the hash of a file that stands on the server.

use super::*;

#[tokio::test]
async fn a_hash_is_asked_for_in_one_flight() {
    let script = Script::start(&[&with_hashing_login(
        "C: OPTS HASH MD5
         C: SIZE /a b
         C: HASH /a b
         S: 200 MD5
         S: 213 12
         S: 213-Computing MD5 digest
         S: 213 MD5 0-12 6f5902ac237024bdd0c176cb93063dc4 /a b
         C: SIZE /c
         C: HASH /c
         S: 213 12
         S: 213 MD5 0-12 6f5902ac237024bdd0c176cb93063dc4 /c
         C: SIZE /a b
         C: XCRC \"/a b\"
         S: 213 12
         S: 250-Computing CRC32 digest
         S: 250 AF083B2D
         C: SIZE /c
         C: XCRC \"/c\" 2 5
         S: 213 12
         S: 250 1",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    let md5 = session.hash(b"a b", Algorithm::Md5).await.expect("a hash");
    assert_eq!(md5[..3], [0x6f, 0x59, 0x02]);
    assert_eq!(session.hash(b"c", Algorithm::Md5).await.expect("a hash"), md5);
    let crc = session.hash(b"a b", Algorithm::Crc32).await.expect("a hash");
    assert_eq!(crc, [0xaf, 0x08, 0x3b, 0x2d]);
    let part = session.hash_range(b"c", Algorithm::Crc32, 2..5).await.expect("a hash");
    assert_eq!(part, [0, 0, 0, 1]);
    let unknown = session.hash(b"c", Algorithm::Sha512).await.expect_err("not offered");
    assert_eq!(*unknown.kind(), ErrorKind::Unsupported);
    script.finish().await;
}

#[tokio::test]
async fn a_hash_of_another_kind_is_no_answer() {
    let script = Script::start(&[&with_hashing_login(
        "C: OPTS HASH MD5
         C: SIZE /a
         C: HASH /a
         S: 501 MD5: Unsupported algorithm
         S: 213 1
         S: 213 SHA-1 0-1 22596363b3de40b06f981fb85d82312e8c0ed511 /a
         C: OPTS HASH SHA-1
         C: SIZE /a
         C: HASH /a
         S: 200 SHA-1
         S: 213 1
         S: 213 MD5 0-12 6f5902ac237024bdd0c176cb93063dc4 /a
         C: NOOP
         S: 200 in step",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    let error = session.hash(b"a", Algorithm::Md5).await.expect_err("refused");
    assert_eq!(error.command(), Some("OPTS HASH MD5"));
    let error = session.hash(b"a", Algorithm::Sha1).await.expect_err("an MD5");
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    session.check().await.expect("in step");
    script.finish().await;
}

#[tokio::test]
async fn a_missing_file_has_no_hash() {
    let script = Script::start(&[&with_hashing_login(
        "C: SIZE /a
         C: XCRC /a
         S: 550 /a: No such file or directory
         S: 550 /a: No such file or directory",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    let error = session.hash(b"a", Algorithm::Crc32).await.expect_err("nothing there");
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    script.finish().await;
}
