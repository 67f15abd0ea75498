//! Keeps the limits of a run to the clock: a timetable's slots as they begin, and SIGUSR2, which turns
//! the bandwidth limit off and on again.

use std::time::Duration;

use jiff::civil::DateTime;
use sync_core::remote::limit::{Limit, Limits, Pace, Rates};

use crate::args::Network;
use crate::values::{Rate, Timetable};

/// The limits of a run and when they change.
#[derive(Debug)]
pub(crate) struct Throttle {
    limits: Limits,
    whole: Timetable,
    each: Timetable,
    pace: Option<Pace>,
}

impl Throttle {
    /// Returns what the flags limit, as it is now.
    pub(crate) fn new(network: &Network) -> Self {
        let pace = Some(Pace { calls: network.tpslimit, burst: network.tpslimit_burst })
            .filter(|pace| pace.calls > 0.0);
        let limits = Limits::new(pace);
        let (whole, each) = (network.bwlimit.clone(), network.bwlimit_file.clone());
        let now = now();
        limits.set(whole.at(now).into());
        limits.set_each(each.at(now).into());
        Self { limits, whole, each, pace }
    }

    /// Returns the watcher of this machine's files, if anything can ever slow them.
    pub(crate) fn of_disk(&self) -> Option<Limit> {
        self.limits_bytes().then(|| self.limits.of_disk())
    }

    /// Returns the watcher of a server, if anything can ever slow it.
    pub(crate) fn of_server(&self) -> Option<Limit> {
        (self.limits_bytes() || self.pace.is_some()).then(|| self.limits.of_server())
    }

    fn limits_bytes(&self) -> bool {
        self.whole.is_ever_limited() || self.each.is_ever_limited()
    }

    /// Tells what holds, and has it follow the clock and the user until the process ends.
    pub(crate) fn start(&self) {
        let toggles = Toggles::listen();
        let rate = self.whole.at(now());
        if rate != Rate::default() {
            tracing::info!("Starting bandwidth limiter at {rate} Byte/s");
        }
        if let Some(Pace { calls, burst }) = self.pace {
            let message = "Starting transaction limiter: max";
            tracing::info!("{message} {calls} transactions/s with burst {burst}");
        }
        let (whole, each, limits) = (self.whole.clone(), self.each.clone(), self.limits.clone());
        tokio::spawn(keep(whole, each, limits, now, toggles));
    }
}

impl From<Rate> for Rates {
    fn from(rate: Rate) -> Self {
        Self { upload: rate.upload, download: rate.download }
    }
}

fn now() -> DateTime {
    jiff::Zoned::now().datetime()
}

/// Sets the limits anew with every minute and every toggle.
async fn keep(
    whole: Timetable,
    each: Timetable,
    limits: Limits,
    now: impl Fn() -> DateTime,
    mut toggles: Toggles,
) {
    let mut valve = Valve { rate: whole.at(now()), is_off: false };
    loop {
        let minute = Duration::from_secs(60 - u64::from(now().second().unsigned_abs()).min(59));
        let told = tokio::select! {
            () = tokio::time::sleep(minute), if whole.changes() || each.changes() => {
                limits.set_each(each.at(now()).into());
                valve.schedule(whole.at(now()))
            }
            () = toggles.next() => valve.toggle(),
        };
        limits.set(valve.current().into());
        if let Some(message) = told {
            tracing::warn!("{message}");
        }
    }
}

/// What the timetable says, and whether the user has turned it off.
#[derive(Debug)]
struct Valve {
    rate: Rate,
    is_off: bool,
}

impl Valve {
    fn current(&self) -> Rate {
        if self.is_off { Rate::default() } else { self.rate }
    }

    /// Takes over what the timetable says now, and returns what to tell.
    fn schedule(&mut self, rate: Rate) -> Option<String> {
        if std::mem::replace(&mut self.rate, rate) == rate {
            return None;
        }
        let change = match (rate == Rate::default(), self.is_off) {
            (true, _) => "Bandwidth limits disabled".into(),
            (false, false) => format!("Limit set to {rate} Byte/s"),
            (false, true) => format!("Limit will be set to {rate} Byte/s when toggled on again."),
        };
        Some(format!("Scheduled bandwidth change. {change}"))
    }

    /// Turns the limit off or on, if there is one now, and returns what to tell.
    fn toggle(&mut self) -> Option<String> {
        if self.rate == Rate::default() {
            return None;
        }
        self.is_off = !self.is_off;
        let state = if self.is_off { "disabled" } else { "enabled" };
        Some(format!("Bandwidth limit {state} by user (now {})", self.current()))
    }
}

/// The signal by which a user turns the limit off and on.
#[derive(Debug, Default)]
struct Toggles {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Toggles {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { signal: signal(SignalKind::user_defined2()).ok() }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self::default()
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sync_core::Remote as _;
    use sync_core::remote::memory::Memory;
    use sync_core::remote::watch::Watched;
    use tokio::time::Instant;

    use super::*;
    use crate::args::tests::parse;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_limited_is_not_watched() {
        let watched = |flags: &str| {
            let throttle = Throttle::new(&parse(format!("ls x {flags}").trim()).network);
            (throttle.of_disk().is_some(), throttle.of_server().is_some())
        };
        assert_eq!(watched(""), (false, false));
        assert_eq!(watched("--tpslimit 5"), (false, true));
        assert_eq!(watched("--bwlimit 1M"), (true, true));
        assert_eq!(watched("--bwlimit-file 1M:off"), (true, true));
        assert_eq!(watched("--bwlimit 00:00,off;23:59,1M"), (true, true));
    }

    #[test]
    fn a_toggle_turns_the_limit_off_and_on() {
        let mut valve = Valve { rate: rate("1M:2M"), is_off: false };
        assert_eq!(valve.toggle().unwrap(), "Bandwidth limit disabled by user (now off)");
        assert_eq!(valve.current(), Rate::default());
        let told = valve.schedule(rate("5M")).unwrap();
        let later = "Limit will be set to 5Mi Byte/s when toggled on again.";
        assert_eq!(told, format!("Scheduled bandwidth change. {later}"));
        assert_eq!(valve.current(), Rate::default());
        assert_eq!(valve.toggle().unwrap(), "Bandwidth limit enabled by user (now 5Mi)");
        assert_eq!(valve.current(), rate("5M"));
    }

    #[test]
    fn a_schedule_tells_only_of_changes() {
        let mut valve = Valve { rate: rate("1M"), is_off: false };
        assert_eq!(valve.schedule(rate("1M")), None);
        let told = valve.schedule(rate("512:1M")).unwrap();
        assert_eq!(told, "Scheduled bandwidth change. Limit set to 512Ki:1Mi Byte/s");
        let told = valve.schedule(rate("off")).unwrap();
        assert_eq!(told, "Scheduled bandwidth change. Bandwidth limits disabled");
        assert_eq!(valve.toggle(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timetable_is_followed_while_bytes_move() {
        let whole: Timetable = "08:00,1k 08:02,4k 08:03,off".parse().unwrap();
        let limits = Limits::new(None);
        let begun = Instant::now();
        let start: DateTime = "2024-01-02T08:00:30".parse().unwrap();
        let now = move || start + jiff::SignedDuration::try_from(begun.elapsed()).unwrap();
        limits.set(whole.at(now()).into());
        let (each, toggles) = ("off".parse().unwrap(), Toggles::default());
        let keeper = tokio::spawn(keep(whole, each, limits.clone(), now, toggles));
        let memory = Memory::new();
        memory.put("f", vec![0; 10 << 20], jiff::Timestamp::UNIX_EPOCH);
        let remote = Watched::new(Arc::new(memory), limits.of_server());
        let mut reader = remote.open(&"f".parse().unwrap(), 0, None).await.unwrap();
        let mut moved = [0_usize; 3];
        loop {
            let bytes = reader.read().await.unwrap().len();
            match begun.elapsed().as_secs() {
                _ if bytes == 0 => break,
                ..90 => moved[0] += bytes,
                90..150 => moved[1] += bytes,
                _ => moved[2] += bytes,
            }
        }
        keeper.abort();
        assert!(moved[0].abs_diff(90 << 10) <= 2 << 10, "{moved:?}");
        assert!(moved[1].abs_diff(60 << 12) <= 2 << 10, "{moved:?}");
        assert!(begun.elapsed() < Duration::from_secs(152), "{:?}", begun.elapsed());
    }
}
