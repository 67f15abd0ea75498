//! A connection of a peer in this process, plain or TLS.

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// A connection, plain or TLS.
pub(crate) trait Wire: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin> Wire for T {}

/// Does the server's part of TLS where there is one.
pub(crate) async fn secure(
    wire: impl Wire + 'static,
    tls: Option<&TlsAcceptor>,
) -> std::io::Result<Box<dyn Wire>> {
    let Some(tls) = tls else { return Ok(Box::new(wire)) };
    Ok(Box::new(tls.accept(wire).await?))
}
