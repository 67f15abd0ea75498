//! Which reply answers which command in flight: [RFC 959 section 5.4].
//!
//! A server works through commands one after another, for it "should queue any commands that arrive
//! while a preceding command is in progress" (section 4.2), and answers in order: at most one
//! preliminary reply says the RFC, any number is borne, then one final reply for each. So the oldest command without a final reply
//! owns the next one. What may come out of the blue is `421`; anything else that nobody asked for
//! says that both ends no longer speak of the same thing.
//!
//! The exchange holds a tag of the caller's for each command; it neither sends nor waits.
//!
//! [RFC 959 section 5.4]: https://www.rfc-editor.org/rfc/rfc959#section-5.4

use alloc::collections::VecDeque;
use alloc::string::{String, ToString as _};

use thiserror::Error;

use crate::reply::{Code, Reply};

/// The commands of one control connection that still owe a reply, each with the caller's tag.
#[derive(Clone, Debug)]
pub struct Exchange<T> {
    in_flight: VecDeque<InFlight<T>>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    InStep,
    /// The server has said that it closes.
    Closing,
    /// A reply has come that answers nothing; what follows cannot be told apart any more.
    OutOfStep,
}

#[derive(Clone, Debug)]
struct InFlight<T> {
    /// None once nobody waits for the answer any more.
    tag: Option<T>,
    /// Whether a preliminary reply has come.
    begun: bool,
}

/// What a reply means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer<T> {
    /// The answer to a command that was given up; there is nothing to do.
    Abandoned(Reply),
    /// The server closes the connection: no command in flight will be answered.
    Closing(Reply),
    /// The final reply to the command with this tag.
    Final(T, Reply),
    /// The oldest command has begun; its final reply will follow.
    Preliminary(Reply),
}

/// A reply that answers nothing: the connection is of no further use.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the server sent a reply nobody asked for: `{reply}`")]
pub struct OutOfStep {
    /// The reply as logs show it.
    pub reply: String,
}

impl<T> Default for Exchange<T> {
    fn default() -> Self {
        Self { in_flight: VecDeque::new(), state: State::InStep }
    }
}

impl<T> Exchange<T> {
    /// Notes that a command was sent, or that a greeting is due.
    pub fn sent(&mut self, tag: T) {
        self.in_flight.push_back(InFlight { tag: Some(tag), begun: false });
    }

    /// Says what `reply` answers.
    ///
    /// # Errors
    /// When nothing is in flight and it is no `421`, or when it comes after a `421`; and for every
    /// reply after such a one.
    pub fn received(&mut self, reply: Reply) -> Result<Answer<T>, OutOfStep> {
        if reply.code() == Code::CLOSING && self.state == State::InStep {
            self.state = State::Closing;
            return Ok(Answer::Closing(reply));
        }
        let in_step = self.state == State::InStep;
        let Some(oldest) = self.in_flight.front_mut().filter(|_| in_step) else {
            self.state = State::OutOfStep;
            return Err(OutOfStep { reply: reply.to_string() });
        };
        if reply.code().is_preliminary() {
            oldest.begun = true;
            let waited_for = oldest.tag.is_some();
            return Ok(match waited_for {
                true => Answer::Preliminary(reply),
                false => Answer::Abandoned(reply),
            });
        }
        let tag = self.in_flight.pop_front().and_then(|answered| answered.tag);
        Ok(match tag {
            Some(tag) => Answer::Final(tag, reply),
            None => Answer::Abandoned(reply),
        })
    }

    /// Gives up waiting for every answer that is due; they will be [`Answer::Abandoned`].
    pub fn abandon(&mut self) {
        self.abandon_where(|_| true);
    }

    /// Gives up waiting for the answers to those commands in flight whose tags say so.
    pub fn abandon_where(&mut self, given_up: impl Fn(&T) -> bool) {
        for command in &mut self.in_flight {
            if command.tag.as_ref().is_some_and(&given_up) {
                command.tag = None;
            }
        }
    }

    /// Takes the preliminary reply just received for the final one of the oldest command.
    ///
    /// Pure-FTPd ends a download that was cut off with a second `150`.
    pub fn conclude(&mut self) {
        self.in_flight.pop_front();
    }

    /// Takes the reply just received for the answer to the oldest command whose tag says so, which the
    /// server has answered before those in front of it, and returns the tag.
    ///
    /// ProFTPD answers `NOOP` while it transfers a file.
    pub fn overtake(&mut self, answered: impl Fn(&T) -> bool) -> Option<T> {
        let is = |command: &InFlight<T>| command.tag.as_ref().is_some_and(&answered);
        let at = self.in_flight.iter().position(is).filter(|_| self.is_in_step())?;
        self.in_flight.remove(at)?.tag
    }

    /// Returns the tag of the command whose answer is next, unless it was given up.
    pub fn oldest(&self) -> Option<&T> {
        self.in_flight.front().and_then(|command| command.tag.as_ref())
    }

    /// Returns the tags of all commands in flight, but those given up.
    pub fn in_flight(&self) -> impl Iterator<Item = &T> {
        self.in_flight.iter().filter_map(|command| command.tag.as_ref())
    }

    /// Tells whether the oldest command has had its preliminary reply.
    pub fn has_begun(&self) -> bool {
        self.in_flight.front().is_some_and(|command| command.begun)
    }

    /// Returns how many final replies the server owes.
    pub fn owed(&self) -> usize {
        self.in_flight.len()
    }

    /// Tells whether the server has said that it closes.
    pub fn is_closing(&self) -> bool {
        self.state == State::Closing
    }

    /// Tells whether every reply so far answered something, and the connection stays.
    pub fn is_in_step(&self) -> bool {
        self.state == State::InStep
    }

    /// Tells whether nothing is owed and the next command can count on the next reply.
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.is_in_step()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use bytes::BytesMut;
    use proptest::{collection, prelude::*, sample::select};

    use super::*;
    use crate::reply::Decoder;

    fn reply(line: &str) -> Reply {
        Reply::parse(line.as_bytes()).expect("a reply")
    }

    #[track_caller]
    fn check(exchange: &mut Exchange<&'static str>, line: &str, answers: &str) {
        let shown = match exchange.received(reply(line)) {
            Ok(Answer::Abandoned(reply)) => format!("abandoned {}", reply.code()),
            Ok(Answer::Closing(_)) => "closing".to_string(),
            Ok(Answer::Final(tag, reply)) => format!("{tag} {}", reply.code()),
            Ok(Answer::Preliminary(reply)) => format!("begins {}", reply.code()),
            Err(_) => "out of step".to_string(),
        };
        assert_eq!(shown, answers);
    }

    #[test]
    fn replies_answer_in_order() {
        let mut exchange = Exchange::default();
        exchange.sent("greeting");
        check(&mut exchange, "120 soon", "begins 120");
        check(&mut exchange, "220 hi", "greeting 220");
        exchange.sent("EPSV");
        exchange.sent("RETR");
        exchange.sent("NOOP");
        check(&mut exchange, "229 (|||1|)", "EPSV 229");
        check(&mut exchange, "150 here", "begins 150");
        assert!(exchange.has_begun());
        check(&mut exchange, "150 again", "begins 150");
        check(&mut exchange, "226 done", "RETR 226");
        assert_eq!((exchange.oldest(), exchange.owed()), (Some(&"NOOP"), 1));
        check(&mut exchange, "200 ok", "NOOP 200");
        assert!(exchange.is_idle());
    }

    #[test]
    fn a_reply_nobody_asked_for_is_out_of_step() {
        let mut exchange = Exchange::default();
        check(&mut exchange, "150 surprise", "out of step");
        let mut exchange = Exchange::default();
        exchange.sent("STOR");
        check(&mut exchange, "425 no handshake", "STOR 425");
        check(&mut exchange, "550 and again", "out of step");
        assert!(!exchange.is_idle() && !exchange.is_in_step());
    }

    #[test]
    fn nothing_answers_once_out_of_step() {
        let mut exchange = Exchange::default();
        check(&mut exchange, "226 surprise", "out of step");
        exchange.sent("NOOP");
        check(&mut exchange, "200 ok", "out of step");
        check(&mut exchange, "421 bye", "out of step");
        assert_eq!(exchange.owed(), 1);
    }

    #[test]
    fn a_421_ends_everything_in_flight() {
        let mut exchange = Exchange::default();
        check(&mut exchange, "421 idle too long", "closing");
        check(&mut exchange, "421 still", "out of step");
        let mut exchange = Exchange::default();
        exchange.sent("RETR");
        exchange.sent("NOOP");
        check(&mut exchange, "421 bye", "closing");
        assert!(exchange.is_closing() && !exchange.is_idle());
        check(&mut exchange, "200 ok", "out of step");
    }

    #[test]
    fn abandoned_answers_keep_the_count() {
        let mut exchange = Exchange::default();
        exchange.sent("SIZE");
        exchange.sent("RETR");
        exchange.abandon();
        exchange.sent("NOOP");
        assert_eq!(exchange.oldest(), None);
        check(&mut exchange, "213 1", "abandoned 213");
        check(&mut exchange, "150 here", "abandoned 150");
        check(&mut exchange, "426 cut", "abandoned 426");
        check(&mut exchange, "200 ok", "NOOP 200");
    }

    #[test]
    fn answers_that_others_wait_for_are_not_given_up() {
        let mut exchange = Exchange::default();
        exchange.sent("SIZE");
        exchange.sent("RNTO");
        exchange.abandon_where(|tag| *tag == "SIZE");
        check(&mut exchange, "213 1", "abandoned 213");
        check(&mut exchange, "250 renamed", "RNTO 250");
    }

    #[test]
    fn a_second_150_may_be_the_end() {
        let mut exchange = Exchange::default();
        exchange.sent("RETR");
        check(&mut exchange, "150 here", "begins 150");
        check(&mut exchange, "150 0.002 seconds (measured here)", "begins 150");
        exchange.conclude();
        exchange.sent("NOOP");
        check(&mut exchange, "200 Zzz...", "NOOP 200");
    }

    #[test]
    fn an_answer_may_come_before_the_end_of_a_transfer() {
        let mut exchange = Exchange::default();
        exchange.sent("RETR");
        exchange.sent("NOOP");
        exchange.sent("EPSV");
        check(&mut exchange, "150 here", "begins 150");
        assert_eq!(exchange.overtake(|tag| *tag == "NOOP"), Some("NOOP"));
        assert_eq!(exchange.overtake(|tag| *tag == "NOOP"), None);
        check(&mut exchange, "226 done", "RETR 226");
        check(&mut exchange, "229 (|||1|)", "EPSV 229");
        assert!(exchange.is_idle());
    }

    /// What either end does, in the order in which it counts.
    #[derive(Clone, Debug)]
    enum Step {
        Abandon,
        Receive(Reply),
        Send(u32),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let code = prop_oneof![
            4 => select(&[200_u16, 226, 550][..]),
            2 => Just(150),
            1 => select(&[350_u16, 421][..]),
        ];
        let code = code.prop_filter_map("a code", Code::new);
        let step = prop_oneof![
            10 => any::<u32>().prop_map(Step::Send),
            10 => crate::strategy::reply_with(code).prop_map(Step::Receive),
            1 => Just(Step::Abandon),
        ];
        collection::vec(step, 0..40)
    }

    /// Plays the steps with what is received cut into pieces, and says what came of each reply.
    fn play(steps: &[Step], piece: usize) -> (Vec<Result<Answer<u32>, OutOfStep>>, usize) {
        let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
        let (mut exchange, mut events) = (Exchange::default(), Vec::new());
        for step in steps {
            match step {
                Step::Abandon => exchange.abandon(),
                Step::Send(tag) => exchange.sent(*tag),
                Step::Receive(reply) => {
                    let mut bytes = BytesMut::new();
                    reply.encode(&mut bytes);
                    for piece in bytes.chunks(piece) {
                        buffer.extend_from_slice(piece);
                        while let Some(reply) = decoder.decode(&mut buffer).expect("a reply") {
                            events.push(exchange.received(reply));
                        }
                    }
                }
            }
        }
        (events, exchange.owed())
    }

    proptest! {
        #[test]
        fn input_split_anywhere_gives_the_same_events(steps in steps(), piece in 1..9_usize) {
            let whole = play(&steps, usize::MAX);
            prop_assert_eq!(&play(&steps, piece), &whole);
            let received = steps.iter().filter(|step| matches!(step, Step::Receive(_))).count();
            prop_assert_eq!(whole.0.len(), received);
        }

        #[test]
        fn every_answer_can_be_had(answer in crate::strategy::answer(any::<u32>())) {
            let mut exchange = Exchange::default();
            let tag = if let Answer::Final(tag, _) = answer { tag } else { 0 };
            exchange.sent(tag);
            if let Answer::Abandoned(_) = answer {
                exchange.abandon();
            }
            let (Answer::Abandoned(reply)
            | Answer::Closing(reply)
            | Answer::Final(_, reply)
            | Answer::Preliminary(reply)) = &answer;
            prop_assert_eq!(exchange.received(reply.clone()), Ok(answer.clone()));
        }

        #[test]
        fn the_count_of_replies_owed_is_kept(steps in steps()) {
            let (events, owed) = play(&steps, usize::MAX);
            let sent = steps.iter().filter(|step| matches!(step, Step::Send(_))).count();
            let answered = events.iter().filter(|event| match event {
                Ok(Answer::Final(..)) => true,
                Ok(Answer::Abandoned(reply)) => !reply.code().is_preliminary(),
                _ => false,
            });
            prop_assert_eq!(owed, sent - answered.count());
        }

        #[test]
        fn final_replies_answer_in_the_order_of_sending(steps in steps()) {
            let (events, _) = play(&steps, usize::MAX);
            let mut sent = steps.iter().filter_map(|step| match step {
                Step::Send(tag) => Some(*tag),
                _ => None,
            });
            for event in events {
                if let Ok(Answer::Final(tag, reply)) = event {
                    prop_assert!(!reply.code().is_preliminary());
                    prop_assert!(sent.any(|sent| sent == tag), "{} answered twice or late", tag);
                }
            }
        }
    }
}
