//! What the replies of the security extensions carry: [RFC 2228], of which TLS needs next to
//! nothing.
//!
//! [RFC 2228]: https://www.rfc-editor.org/rfc/rfc2228

use core::str;

use crate::reply::Reply;

/// Returns the data of the mechanism in the answer to `AUTH` or `ADAT`, in base64 as it came: `235
/// [ADAT=base64data]`, and `334` and `335` likewise, where "security data in the reply is optional"
/// ([RFC 2228 5.1]).
///
/// [RFC 2228 5.1]: https://www.rfc-editor.org/rfc/rfc2228#section-5.1
pub fn data(reply: &Reply) -> Option<&[u8]> {
    let data = behind(reply.text(), b"ADAT=").filter(|data| !data.is_empty());
    data.filter(|_| matches!(reply.code().get(), 235 | 334 | 335))
}

/// Returns the size of protected pieces that the answer to `PBSZ` asks for: "If the size provided by
/// the client is too large for the server, it must use a string of the form `PBSZ=number` in the
/// text part of the reply" ([RFC 2228 3]). Without one, the size that was sent holds.
///
/// [RFC 2228 3]: https://www.rfc-editor.org/rfc/rfc2228#section-3
pub fn buffer_size(reply: &Reply) -> Option<u32> {
    let text = behind(reply.text(), b"PBSZ=").filter(|_| reply.code().is_completion())?;
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

/// Returns the word that follows this one, which has no case.
fn behind<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(word.len()).position(|found| found.eq_ignore_ascii_case(word))?;
    text[at + word.len()..].split(u8::is_ascii_whitespace).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(line: &str) -> Reply {
        Reply::parse(line.as_bytes()).expect("a reply")
    }

    #[test]
    fn data_of_a_mechanism_is_base64() {
        let read = |line: &str| data(&reply(line)).map(<[u8]>::to_vec);
        assert_eq!(read("334 ADAT=bm90aGluZw=="), Some(b"bm90aGluZw==".to_vec()));
        assert_eq!(read("235 Done, ADAT=Zm9v bye"), Some(b"Zm9v".to_vec()));
        assert_eq!(read("235 Security data exchange complete."), None);
        assert_eq!(read("335 ADAT="), None);
        assert_eq!(read("535 ADAT=Zm9v"), None);
    }

    #[test]
    fn a_server_may_want_smaller_pieces() {
        assert_eq!(buffer_size(&reply("200 PBSZ=0")), Some(0));
        assert_eq!(
            buffer_size(&reply("200 PBSZ command OK. Protection buffer size set to 0.")),
            None
        );
        assert_eq!(buffer_size(&reply("200 Too large, pbsz=16384.")), Some(16384));
        assert_eq!(buffer_size(&reply("200 PBSZ=4294967296")), None);
        assert_eq!(buffer_size(&reply("501 PBSZ=0")), None);
    }
}
