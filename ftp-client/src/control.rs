//! The control connection with commands in flight.
//!
//! Sending only queues; whoever waits for an answer writes what is queued and reads at the same
//! time, so neither side can block the other. No await here loses anything when it is dropped:
//! answers still due are counted by the [`Exchange`] and read, or the connection is given up.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::poll_fn;
use futures_util::{FutureExt as _, Sink, SinkExt, Stream as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Sleep, sleep, timeout};
use tokio_util::codec::Framed;
use tracing::{Span, debug};

use ftp_proto::exchange::Answer;
use ftp_proto::{Command, Exchange, Reply};

use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::retry::{forgets_login, refused, turned_away};
use crate::stream::{Stream, Transport};
use crate::trace;

/// How many commands may wait for their answers: enough to fill a long line, little enough for those
/// of an operation given up to be answered in [`SETTLE`].
pub(crate) const WINDOW: usize = 512;

/// How long answers that nobody waits for any more may take to arrive.
const SETTLE: Duration = Duration::from_secs(10);

/// How long the answer to the command that finds the step again may take.
const STEP: Duration = Duration::from_secs(5);

/// How many bytes of a file a server reads in a second, at least.
const PACE: u64 = 4 << 20;

/// After how long a silence a reply that ends with another code than it began with has ended.
const SILENCE: Duration = Duration::from_secs(2);

/// A control connection.
#[derive(Debug)]
pub(crate) struct Control {
    framed: Framed<Stream, Codec>,
    exchange: Exchange<Sent>,
    /// Why the connection is of no further use.
    broken: bool,
    /// Answers to commands that nobody asked to be told of, the oldest first.
    noted: Vec<Answered>,
    /// Since how many lines of a reply, and until when, the server may be silent in it.
    silence: Option<(usize, Pin<Box<Sleep>>)>,
    /// The span it was made in, which is its session's.
    span: Span,
}

/// A command and its final reply.
pub(crate) type Answered = (Command, Reply);

/// A command in flight.
#[derive(Debug)]
struct Sent {
    /// None for the greeting.
    command: Option<Command>,
    to: Recipient,
    span: Span,
}

/// Who is told the answer to a command.
#[derive(Debug)]
enum Recipient {
    /// Whoever uses the connection.
    Caller,
    /// Nobody in particular: [`Control::noted`] will have it.
    Notes,
    /// Someone who has left the connection to others; dropped without an answer when it is lost.
    Absent(UnboundedSender<Answered>),
}

impl Sent {
    fn is_callers(&self) -> bool {
        matches!(self.to, Recipient::Caller)
    }

    fn is_noop_aside(&self) -> bool {
        matches!(self.to, Recipient::Notes) && self.command == Some(Command::Noop)
    }
}

/// What comes back for a command.
#[derive(Debug)]
pub(crate) enum Told {
    /// It has begun.
    Begun(Reply),
    /// It is done or refused.
    Done(Command, Reply),
}

impl Control {
    /// Takes a fresh connection and waits for the greeting.
    pub(crate) async fn greeted(stream: Stream) -> Result<(Self, Reply)> {
        let mut control = Self {
            framed: framed(stream),
            exchange: Exchange::default(),
            broken: false,
            noted: Vec::new(),
            silence: None,
            span: Span::current(),
        };
        let span = control.span.clone();
        control.exchange.sent(Sent { command: None, to: Recipient::Caller, span });
        loop {
            match control.next().await? {
                Answer::Final(_, reply) if reply.code().is_completion() => {
                    return Ok((control, reply));
                }
                Answer::Final(_, reply) | Answer::Closing(reply) => return Err(turned_away(reply)),
                Answer::Preliminary(_) | Answer::Abandoned(_) => {}
            }
        }
    }

    /// Turns the connection to TLS, between two commands.
    ///
    /// What the server has sent after its consent did not come through TLS, whoever sent it.
    pub(crate) async fn secure<F>(self, handshake: impl FnOnce(Transport) -> F) -> Result<Self>
    where
        F: Future<Output = Result<Stream>>,
    {
        let parts = self.framed.into_parts();
        if !parts.read_buf.is_empty() || !parts.write_buf.is_empty() {
            let message = "text in the clear follows the server's consent to TLS";
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        let Some(transport) = parts.io.into_plain() else {
            return Err(Error::new(ErrorKind::Misuse, "TLS has begun already"));
        };
        let framed = framed(handshake(transport).await?);
        Ok(Self { framed, ..self })
    }

    /// Queues a command.
    pub(crate) fn send(&mut self, command: Command) {
        self.queue(command, Recipient::Caller);
    }

    /// Queues a command whose answer nobody waits for; [`Self::noted`] will have it.
    pub(crate) fn send_aside(&mut self, command: Command) {
        self.queue(command, Recipient::Notes);
    }

    /// Queues commands whose answers go to someone who leaves the connection to others, and returns
    /// where they arrive. When it ends early, the connection was lost.
    pub(crate) fn send_for_later(&mut self, commands: Vec<Command>) -> UnboundedReceiver<Answered> {
        let (sender, receiver) = unbounded_channel();
        for command in commands {
            self.queue(command, Recipient::Absent(sender.clone()));
        }
        receiver
    }

    fn queue(&mut self, command: Command, to: Recipient) {
        let span = trace::sent(&self.span, &command);
        if self.exchange.owed() == 0 {
            self.framed.get_mut().restart_deadlines();
        }
        if let Err(error) = Pin::new(&mut self.framed).start_send(&command) {
            debug!("cannot queue: {error}");
            self.broken = true;
        }
        self.exchange.sent(Sent { command: Some(command), to, span });
    }

    /// Lets the server be silent while it reads a file of so many bytes, until the next command.
    pub(crate) fn bear_silence_over(&mut self, bytes: u64) {
        self.framed.get_mut().allow(Duration::from_secs(bytes / PACE));
    }

    /// Waits for the next thing that a command in flight brings.
    pub(crate) async fn told(&mut self) -> Result<Told> {
        loop {
            match self.next().await? {
                Answer::Abandoned(_) => {}
                Answer::Closing(reply) => return Err(turned_away(reply)),
                Answer::Preliminary(reply) => return Ok(Told::Begun(reply)),
                Answer::Final(
                    Sent { command: Some(command), to: Recipient::Caller, .. },
                    reply,
                ) => {
                    self.broken |= forgets_login(&command, &reply);
                    return Ok(Told::Done(command, reply));
                }
                answer @ Answer::Final(..) => self.note(answer),
            }
        }
    }

    /// Waits for the end of a transfer that was cut off, which may have any code at all.
    pub(crate) async fn cut_off(&mut self) -> Result<()> {
        if let Told::Begun(_) = self.told().await? {
            self.exchange.conclude();
        }
        Ok(())
    }

    /// Waits for the final reply to the oldest command in flight.
    pub(crate) async fn done(&mut self) -> Result<(Command, Reply)> {
        loop {
            if let Told::Done(command, reply) = self.told().await? {
                return Ok((command, reply));
            }
        }
    }

    /// Sends a command and waits for its final reply, whatever it says.
    pub(crate) async fn ask(&mut self, command: Command) -> Result<Reply> {
        self.send(command);
        Ok(self.done().await?.1)
    }

    /// Sends a command that must succeed.
    pub(crate) async fn order(&mut self, command: Command) -> Result<Reply> {
        self.send(command);
        let (command, reply) = self.done().await?;
        if reply.code().is_failure() { Err(refused(&command, reply)) } else { Ok(reply) }
    }

    /// Sends many commands, at most `window` ahead of their replies, and tells what each got.
    ///
    /// When the connection is lost, the commands without an answer get an error each, which tells
    /// whether they were sent.
    pub(crate) async fn ask_all(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
        window: usize,
    ) -> Vec<Result<Answered>> {
        let (mut answers, unsent) = self.ask_until_lost(commands, window).await;
        if let Some(Err(error)) = answers.last() {
            let error = error.to_string();
            answers.extend((0..unsent).map(|_| Err(not_sent(&error))));
        }
        answers
    }

    /// The same, without those commands that were not sent when the connection was lost, of which it
    /// returns how many.
    pub(crate) async fn ask_until_lost(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
        window: usize,
    ) -> (Vec<Result<Answered>>, usize) {
        let mut commands = commands.into_iter().fuse();
        let mut answers = Vec::new();
        let mut in_flight = 0;
        loop {
            // Refilling in halves keeps packets full.
            if in_flight <= window / 2 {
                let more = commands.by_ref().take(window.max(1) - in_flight);
                in_flight += more.map(|command| self.send(command)).count();
            }
            if in_flight == 0 {
                return (answers, 0);
            }
            match self.done().await {
                Ok(answer) => answers.push(Ok(answer)),
                Err(error) => {
                    answers.extend((0..in_flight).map(|_| Err(unknown_outcome(&error))));
                    return (answers, commands.count());
                }
            }
            in_flight -= 1;
        }
    }

    /// Sends commands, and behind them others whose answers nobody waits for; [`Self::noted`] will
    /// have those.
    pub(crate) async fn ask_before(
        &mut self,
        commands: Vec<Command>,
        aside: Vec<Command>,
    ) -> Result<Vec<Answered>> {
        let mut answers = Vec::with_capacity(commands.len());
        let due = commands.into_iter().map(|command| self.send(command)).count();
        aside.into_iter().for_each(|command| self.send_aside(command));
        while answers.len() < due {
            answers.push(self.done().await?);
        }
        Ok(answers)
    }

    fn note(&mut self, answer: Answer<Sent>) {
        let Answer::Final(Sent { command: Some(command), to, .. }, reply) = answer else { return };
        match to {
            Recipient::Caller => {}
            Recipient::Notes => self.noted.push((command, reply)),
            // Whoever does not wait any more does not want to know.
            Recipient::Absent(waiting) => drop(waiting.send((command, reply))),
        }
    }

    /// Waits for the answer to a command sent aside, where it is in flight or noted and no answer
    /// to the caller comes before it.
    pub(crate) async fn aside(&mut self, command: &Command) -> Result<Option<Reply>> {
        loop {
            if let Some(reply) = self.noted(command) {
                return Ok(Some(reply));
            }
            let is_asked = |sent: &Sent| {
                matches!(sent.to, Recipient::Notes) && sent.command.as_ref() == Some(command)
            };
            if !self.exchange.in_flight().any(is_asked) {
                return Ok(None);
            }
            match self.next().await? {
                Answer::Closing(reply) => return Err(turned_away(reply)),
                answer => self.note(answer),
            }
        }
    }

    /// Forgets the answers to commands sent aside.
    pub(crate) fn forget_noted(&mut self) {
        self.noted.clear();
    }

    /// Returns the answer to a command sent aside, where it has come.
    pub(crate) fn noted(&mut self, command: &Command) -> Option<Reply> {
        let at = self.noted.iter().position(|(noted, _)| noted == command)?;
        Some(self.noted.remove(at).1)
    }

    /// Returns how many bytes are queued and not written yet.
    pub(crate) fn queued(&self) -> usize {
        self.framed.write_buffer().len()
    }

    /// Writes what is queued, without reading.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        SinkExt::<&Command>::flush(&mut self.framed).await
    }

    /// Finds the step again after a transfer that broke off, to which servers say once more than was
    /// asked or once less: what comes before the answer to a `NOOP` answers what came before it.
    pub(crate) async fn find_step(&mut self) -> Result<()> {
        // The answer to one `NOOP` looks like that to another.
        self.broken |= self.exchange.in_flight().any(Sent::is_noop_aside);
        self.usable()?;
        self.send(Command::Noop);
        self.noted.clear();
        self.broken = true;
        let answered = async {
            loop {
                let reply = poll_fn(|cx| self.poll_reply(cx)).await?;
                match reply.code().get() {
                    200..=209 => return Ok(()),
                    421 => return Err(turned_away(reply)),
                    _ => {}
                }
            }
        };
        let Ok(answered) = timeout(STEP, answered).await else {
            let message = "the server does not answer after a transfer that broke off";
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        answered?;
        self.exchange = Exchange::default();
        self.broken = false;
        Ok(())
    }

    /// Waits until every answer has arrived that is still due to an operation given up.
    ///
    /// Answers to others hold nobody up: they come before those of the next operation.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        if !self.owes_caller() {
            return self.usable();
        }
        self.exchange.abandon_where(Sent::is_callers);
        let Ok(settled) = timeout(SETTLE, self.drain()).await else {
            self.broken = true;
            let message = "answers to an operation given up do not come";
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        settled
    }

    fn owes_caller(&self) -> bool {
        let others = self.exchange.in_flight().filter(|sent| !sent.is_callers()).count();
        others < self.exchange.owed()
    }

    /// Waits for all answers in flight.
    async fn drain(&mut self) -> Result<()> {
        while self.exchange.owed() > 0 {
            match self.next().await? {
                Answer::Closing(reply) => return Err(turned_away(reply)),
                answer => self.note(answer),
            }
        }
        Ok(())
    }

    /// Tells, without waiting, whether the server is still there and in step.
    pub(crate) fn is_alive(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll_idle(cx))).now_or_never().unwrap_or(false)
    }

    /// Takes what has arrived for others, or without being asked for, and tells whether the server
    /// is still there and in step. The task is woken when more arrives.
    pub(crate) fn poll_idle(&mut self, cx: &mut Context<'_>) -> bool {
        while self.usable().is_ok() {
            match self.poll_next(cx) {
                Poll::Pending => {
                    if self.exchange.owed() == 0 {
                        self.framed.get_mut().restart_deadlines();
                    }
                    return true;
                }
                Poll::Ready(Ok(Answer::Closing(_)) | Err(_)) => self.broken = true,
                Poll::Ready(Ok(answer)) => self.note(answer),
            }
        }
        false
    }

    /// Says goodbye, for at most as long as `patience`, once those who wait have their answers.
    ///
    /// The goodbye and the end of the connection reach the server in this order whether its answer
    /// is waited for or not. What it answers to others would meet a closed socket, and resets it.
    pub(crate) async fn quit(mut self, patience: Duration) {
        if self.owes_caller() || self.usable().is_err() {
            return;
        }
        let parting = async {
            self.drain().await?;
            self.send(Command::Quit);
            SinkExt::<&Command>::close(&mut self.framed).await
        };
        // The connection ends in any case.
        let _ = timeout(patience, parting).await;
    }

    /// Gives the connection up: what comes next on it has no meaning any more.
    pub(crate) fn give_up(&mut self) {
        self.broken = true;
    }

    /// Tells whether the connection was given up or lost.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken || self.exchange.is_closing()
    }

    /// Returns the connection.
    pub(crate) fn stream(&self) -> &Stream {
        self.framed.get_ref()
    }

    fn usable(&self) -> Result<()> {
        if !self.is_broken() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Connection, "the control connection is no longer in use"))
    }

    async fn next(&mut self) -> Result<Answer<Sent>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer<Sent>>> {
        self.usable()?;
        let answer = ready!(self.poll_answer(cx));
        if !matches!(&answer, Ok(Answer::Abandoned(_) | Answer::Final(..) | Answer::Preliminary(_)))
        {
            self.broken = true;
        }
        Poll::Ready(answer)
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer<Sent>>> {
        let reply = ready!(self.poll_reply(cx))?;
        // No transfer that has begun ends so.
        let about_noop = matches!(reply.code().get(), 200..=209 | 500);
        if about_noop
            && self.exchange.has_begun()
            && let Some(noop) = self.exchange.overtake(Sent::is_noop_aside)
        {
            return Poll::Ready(Ok(Answer::Final(noop, reply)));
        }
        Poll::Ready(Ok(self.exchange.received(reply)?))
    }

    /// Writes what is queued while it reads the next reply.
    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Result<Reply>> {
        let mut framed = Pin::new(&mut self.framed);
        let flushed = Sink::<&Command>::poll_flush(framed.as_mut(), cx);
        let reply = match framed.poll_next(cx) {
            // A server that closes may still have said why.
            Poll::Ready(reply) => reply,
            Poll::Pending => match flushed {
                Poll::Ready(Err(error)) => Some(Err(error)),
                _ => Some(Ok(ready!(self.poll_recovered(cx)))),
            },
        };
        let Some(reply) = reply else {
            let message = "the server closed the control connection";
            return Poll::Ready(Err(Error::new(ErrorKind::Connection, message)));
        };
        let reply = reply?;
        trace::received(self.exchange.oldest().map_or(&self.span, |sent| &sent.span), &reply);
        if reply.code().is_preliminary() {
            self.framed.get_ref().acknowledge();
        }
        Poll::Ready(Ok(reply))
    }

    /// Waits for the silence that ends a reply whose last line has another code than its first.
    fn poll_recovered(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        let Some(lines) = self.framed.codec().may_have_ended() else { return Poll::Pending };
        let begun = self.silence.take().filter(|(since, _)| *since == lines);
        let begun = begun.unwrap_or_else(|| (lines, Box::pin(sleep(SILENCE))));
        ready!(self.silence.insert(begun).1.as_mut().poll(cx));
        self.silence = None;
        self.framed.codec_mut().recover().map_or(Poll::Pending, Poll::Ready)
    }
}

/// How much is written at once. ProFTPD reads a TLS record of queued commands into a buffer of
/// 4096 bytes and waits for more before it looks at what did not fit.
pub(crate) const PIECE: usize = 1024;

fn framed(stream: Stream) -> Framed<Stream, Codec> {
    let mut framed = Framed::new(stream.in_pieces(PIECE), Codec::default());
    // Commands are only queued when sent, however many there are within the window.
    framed.set_backpressure_boundary(usize::MAX);
    framed
}

fn unknown_outcome(error: &Error) -> Error {
    let message = format!("its outcome is unknown, since {error}");
    Error::new(error.kind().clone(), message).of_unknown_outcome()
}

fn not_sent(error: &str) -> Error {
    Error::new(ErrorKind::Connection, format!("not sent: {error}"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    async fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let near = TcpStream::connect(address).await.expect("a connection");
        let (far, _) = listener.accept().await.expect("a connection");
        (Stream::plain(Transport::Tcp(near), PATIENCE), far)
    }

    async fn greeted() -> (Control, TcpStream) {
        let (near, mut far) = pair().await;
        far.write_all(b"120 soon\r\n220 hi\r\n").await.expect("room");
        (Control::greeted(near).await.expect("a greeting").0, far)
    }

    #[tokio::test]
    async fn thousands_of_commands_answer_in_order() {
        let (mut control, far) = greeted().await;
        let server = tokio::spawn(async move {
            let mut far = BufReader::new(far);
            let (mut line, mut commands) = (String::new(), 0);
            while far.read_line(&mut line).await.expect("text") > 0 {
                commands += 1;
                let reply = format!("213-{}\r\n213 {}", "x".repeat(900), &line[5..]);
                far.write_all(reply.as_bytes()).await.expect("room");
                line.clear();
            }
            commands
        });
        let commands = (0..5000).map(Command::Rest);
        let answers = control.ask_all(commands, WINDOW).await;
        for (n, answer) in answers.into_iter().enumerate() {
            let (command, reply) = answer.expect("an answer");
            assert_eq!(command.to_string(), format!("REST {n}"));
            assert_eq!(reply.text(), n.to_string().as_bytes());
        }
        drop(control);
        assert_eq!(server.await.expect("the server ends"), 5000);
    }

    #[tokio::test]
    async fn a_lost_connection_leaves_no_command_without_an_outcome() {
        let (mut control, mut far) = greeted().await;
        far.write_all(b"200 one\r\n200 two\r\n").await.expect("room");
        far.shutdown().await.expect("closed");
        let answers = control.ask_all((0..10).map(|_| Command::Noop), WINDOW).await;
        assert_eq!(answers.len(), 10);
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
        let last = answers.into_iter().last().expect("ten").expect_err("no answer");
        assert!(last.to_string().contains("outcome is unknown"), "{last}");
        assert!(control.is_broken());
    }

    #[tokio::test]
    async fn a_dropped_operation_is_settled_before_the_next() {
        let (mut control, mut far) = greeted().await;
        control.send(Command::Noop);
        control.send(Command::Pwd);
        assert!(control.done().now_or_never().is_none());
        far.write_all(b"200 late\r\n257 \"/\"\r\n").await.expect("room");
        control.settle().await.expect("in step");
        far.write_all(b"215 UNIX\r\n").await.expect("room");
        let reply = control.ask(Command::Syst).await.expect("an answer");
        assert_eq!(reply.code(), 215);
        assert!(control.is_alive());
    }

    /// glFTPd, answering `STOR`.
    #[tokio::test]
    async fn a_reply_that_ends_with_another_code_ends_after_silence() {
        let (mut control, mut far) = greeted().await;
        let lines = "553-\r\n553- Directory excluded (precheck).\r\n150 Opening BINARY mode\r\n";
        far.write_all(lines.as_bytes()).await.expect("room");
        control.send(Command::Noop);
        let Told::Begun(reply) = control.told().await.expect("in step") else { panic!("not 1yz") };
        assert_eq!(reply.code(), 150);
        far.write_all(b"226 Done.\r\n").await.expect("room");
        assert_eq!(control.done().await.expect("in step").1.code(), 226);
    }

    #[tokio::test]
    async fn a_421_within_another_reply_closes() {
        let (mut control, mut far) = greeted().await;
        control.send(Command::Stat(None));
        far.write_all(b"211-Status:\r\n a\r\n421 Timeout\r\n").await.expect("room");
        far.shutdown().await.expect("closed");
        let error = control.done().await.expect_err("closing");
        assert!(error.to_string().contains("421"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_nobody_asked_for_ends_the_connection() {
        let (mut control, mut far) = greeted().await;
        assert!(control.is_alive());
        far.write_all(b"226 surprise\r\n").await.expect("room");
        let error = loop {
            if let Some(answer) = control.told().now_or_never() {
                break answer.expect_err("out of step");
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(*error.kind(), ErrorKind::Protocol);
        assert!(!control.is_alive());
    }

    #[tokio::test]
    async fn a_farewell_is_seen_before_the_next_command() {
        let (mut control, mut far) = greeted().await;
        far.write_all(b"421 idle for too long\r\n").await.expect("room");
        far.shutdown().await.expect("closed");
        while control.is_alive() {
            tokio::task::yield_now().await;
        }
        assert!(control.ask(Command::Noop).await.is_err());
    }

    /// The server has not answered when we are gone.
    #[tokio::test]
    async fn a_goodbye_reaches_the_server_before_the_end_of_the_connection() {
        let (mut control, mut far) = greeted().await;
        control.send_aside(Command::Epsv);
        far.write_all(b"229 (|||1|)\r\n").await.expect("room");
        control.quit(PATIENCE).await;
        let mut heard = String::new();
        far.read_to_string(&mut heard).await.expect("an orderly end");
        assert_eq!(heard, "EPSV\r\nQUIT\r\n");
    }

    #[tokio::test]
    async fn text_in_the_clear_after_the_consent_is_an_attack() {
        let (mut control, mut far) = greeted().await;
        far.write_all(b"234 go\r\n230 logged in\r\n").await.expect("room");
        let auth = Command::Auth(ftp_proto::command::Mechanism::Tls);
        control.order(auth).await.expect("consent");
        let secured = control.secure(async |_| unreachable!("no handshake is due")).await;
        assert_eq!(*secured.expect_err("refused").kind(), ErrorKind::Protocol);
    }
}
