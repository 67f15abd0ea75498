//! Commands and replies as frames of a byte stream.

use bytes::BytesMut;
use ftp_proto::reply::DecodeError;
use ftp_proto::{Command, Decoder, Reply};
use tokio_util::codec;

use crate::error::Error;

/// Puts [`Decoder`] and [`Command::encode`] to work on a connection.
#[derive(Debug, Default)]
pub(crate) struct Codec(Decoder);

impl codec::Decoder for Codec {
    type Item = Reply;
    type Error = Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, Error> {
        Ok(self.0.decode(buffer)?)
    }

    /// A line that lacks its end when the connection closes is no reply: nobody knows what the
    /// rest of `550 a.txt` would have said.
    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, Error> {
        let reply = self.0.decode(buffer)?;
        if reply.is_some() {
            return Ok(reply);
        }
        let cut = !buffer.is_empty();
        buffer.clear();
        match self.0.decode_eof(buffer)? {
            None if cut => Err(DecodeError::Truncated.into()),
            reply => Ok(reply),
        }
    }
}

impl Codec {
    /// Tells whether the lines read of a reply may be all of it: see [`Decoder::recover`].
    pub(crate) fn may_have_ended(&self) -> Option<usize> {
        self.0.may_have_ended()
    }

    /// Takes what was read of a reply for all of it.
    pub(crate) fn recover(&mut self) -> Option<Reply> {
        self.0.recover()
    }
}

impl codec::Encoder<&Command> for Codec {
    type Error = Error;

    fn encode(&mut self, command: &Command, out: &mut BytesMut) -> Result<(), Error> {
        command.encode(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::codec::Decoder as _;

    use super::*;

    #[track_caller]
    fn check(received: &str, expected: Result<Option<u16>, ()>) {
        let mut buffer = BytesMut::from(received);
        let told = Codec::default().decode_eof(&mut buffer);
        assert_eq!(told.map(|reply| reply.map(|reply| reply.code().get())).map_err(drop), expected);
    }

    #[test]
    fn a_reply_cut_by_the_end_is_a_lost_connection() {
        check("", Ok(None));
        check("221 bye\r\n", Ok(Some(221)));
        check("550 a.txt", Err(()));
        check("213-first\r\n", Err(()));
        check("213-first\r\n213 la", Err(()));
        check("421-Too many\r\n421 conn", Ok(Some(421)));
        check("213-first\r\n421 Timeout\r\n", Ok(Some(421)));
    }
}
