//! Commands and replies as frames of a byte stream.

use bytes::BytesMut;
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

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, Error> {
        Ok(self.0.decode_eof(buffer)?)
    }
}

impl codec::Encoder<&Command> for Codec {
    type Error = Error;

    fn encode(&mut self, command: &Command, out: &mut BytesMut) -> Result<(), Error> {
        command.encode(out);
        Ok(())
    }
}
