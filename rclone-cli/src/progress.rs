//! Tells the user what the engine does: counts, log lines, statistics, bars.

mod bars;
mod confirm;
mod log;
mod report;
mod stats;
mod summary;
mod text;

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressDrawTarget};
use jiff::Zoned;
use sync_core::{Event, Progress, Remote};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::logging::Level;
use crate::{go_time, logging, output};
use bars::Bars;
pub(crate) use confirm::Prompt;
pub(crate) use log::Subject;
use report::Report;
use stats::Stats;
use summary::Summary;

/// How to tell.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Draw on the terminal while working, and end with the statistics on standard output.
    pub(crate) progress: bool,
    /// How often to write statistics to the log; none for never.
    pub(crate) interval: Option<Duration>,
    /// Statistics on one line.
    pub(crate) one_line: bool,
    /// How the time stands in front of that line, if it does.
    pub(crate) date_layout: Option<String>,
    /// At which level statistics are logged.
    pub(crate) level: Level,
    /// The longest name in statistics; 0 for any.
    pub(crate) name_length: usize,
    /// Rates in bits.
    pub(crate) in_bits: bool,
    /// Nothing is changed, which the log says instead of what was done.
    pub(crate) dry_run: bool,
    /// Each change is asked for.
    pub(crate) interactive: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            progress: false,
            interval: Some(Duration::from_secs(60)),
            one_line: false,
            date_layout: None,
            level: Level::Info,
            name_length: 45,
            in_bits: false,
            dry_run: false,
            interactive: false,
        }
    }
}

/// Listens to the engine and tells the user.
#[derive(Debug)]
pub(crate) struct Reporter {
    options: Options,
    stats: Mutex<Stats>,
    summary: Mutex<Summary>,
    /// The remotes in use, whose limits are shown.
    remotes: Mutex<Vec<Arc<dyn Remote>>>,
    report: Option<Report>,
    subject: OnceLock<Subject>,
}

impl Reporter {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            stats: Mutex::new(Stats::new(Instant::now())),
            summary: Mutex::new(Summary::new(options.dry_run)),
            remotes: Mutex::default(),
            options,
            report: None,
            subject: OnceLock::new(),
        }
    }

    /// Writes a line of JSON for every path to this file, too.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn with_report(self, file: &Path) -> anyhow::Result<Self> {
        Ok(Self { report: Some(Report::create(file)?), ..self })
    }

    /// Gives the one tree of a verb a name, for what happens to the whole of it.
    pub(crate) fn call_whole(&self, whole: String) {
        self.is_about(Subject { whole, ..Subject::default() });
    }

    /// Says what the run is about.
    pub(crate) fn is_about(&self, subject: Subject) {
        lock(&self.stats).moving = subject.moving;
        self.subject.get_or_init(|| subject);
    }

    /// Shows the limits of this remote, too, as they are learnt.
    pub(crate) fn watch(&self, remote: &Arc<dyn Remote>) {
        let mut remotes = lock(&self.remotes);
        if !remotes.iter().any(|known| Arc::ptr_eq(known, remote)) {
            remotes.push(Arc::clone(remote));
        }
    }

    /// Returns how many connections the narrowest remote allows, where one is known to limit them.
    fn limit(&self) -> Option<usize> {
        lock(&self.remotes).iter().filter_map(|remote| remote.capability().concurrency).min()
    }

    /// Begins to show how things stand, until the returned [`Display`] is finished.
    pub(crate) fn display(self: &Arc<Self>) -> Display {
        let bars = Arc::new(Mutex::new(self.options.progress.then(Bars::new)));
        if let Some(bars) = &*lock(&bars) {
            *lock(&TERMINAL) = Some(bars.handle());
            logging::redirect(Some(Arc::new(|line| above_bars(|| to_standard_error(line)))));
        }
        let task = tokio::spawn(keep_telling(Arc::clone(self), Arc::clone(&bars)));
        Display { reporter: Arc::clone(self), bars, task }
    }

    /// Returns how many errors there were.
    pub(crate) fn errors(&self) -> u64 {
        lock(&self.stats).errors
    }

    /// Returns how many files were transferred or moved.
    pub(crate) fn transfers(&self) -> u64 {
        lock(&self.stats).transfers
    }

    /// Tells whether files were transferred or moved, or whole directories.
    pub(crate) fn anything_arrived(&self) -> bool {
        let stats = lock(&self.stats);
        stats.transfers > 0 || stats.moved_directories > 0
    }

    /// Forgets the errors, for another try.
    pub(crate) fn forget_errors(&self) {
        let mut stats = lock(&self.stats);
        (stats.errors, stats.last_error, stats.retry_may_help) = (0, None, false);
        lock(&self.summary).try_again();
    }

    /// Writes the statistics to the log. In a dry run they are the point, so always seen.
    pub(crate) fn log_stats(&self) {
        let (stats, now) = (lock(&self.stats), Instant::now());
        let text = text::text(&stats, &self.options, now);
        let text = match &self.options.date_layout {
            Some(layout) => go_time::format(layout, &Zoned::now()) + &text,
            None if self.options.one_line => text,
            None => format!("\n{text}"),
        };
        let json = text::json(&stats, now).to_string();
        match self.options.level {
            _ if self.options.dry_run => tracing::warn!(stats = json, "{text}"),
            Level::Error => tracing::error!(stats = json, "{text}"),
            Level::Notice => tracing::warn!(stats = json, "{text}"),
            Level::Info => tracing::info!(stats = json, "{text}"),
            Level::Debug => tracing::debug!(stats = json, "{text}"),
        }
    }

    /// Tells what the run came to: to whoever watches the log, else with what is done.
    fn log_summary(&self) {
        let Some(line) = lock(&self.summary).line() else { return };
        match logging::is_watched() {
            true => tracing::warn!("{line}"),
            false => tracing::info!("{line}"),
        }
    }

    fn tick(&self, bars: &Mutex<Option<Bars>>) {
        let (mut stats, now) = (lock(&self.stats), Instant::now());
        stats.tick(now);
        if let Some(bars) = &mut *lock(bars) {
            stats.limit = self.limit();
            bars.draw(&stats, self.options.in_bits, now);
        }
    }
}

impl Progress for Reporter {
    fn event(&self, event: Event<'_>) {
        lock(&self.stats).take(&event, Instant::now());
        lock(&self.summary).take(&event);
        let flag = match &self.options {
            Options { dry_run: true, .. } => Some("--dry-run"),
            Options { interactive: true, .. } => Some("--interactive"),
            _ => None,
        };
        let subject = self.subject.get_or_init(Subject::default);
        for line in log::lines(&event, flag, subject) {
            line.emit();
        }
        if let Some(report) = &self.report {
            report.take(&event);
        }
    }
}

/// What shows how things stand, from the beginning of a run to its end.
#[derive(Debug)]
pub(crate) struct Display {
    reporter: Arc<Reporter>,
    bars: Arc<Mutex<Option<Bars>>>,
    task: JoinHandle<()>,
}

impl Display {
    /// Ends the show. `with_stats` is for verbs that end with their statistics.
    ///
    /// # Errors
    /// When standard output or the report cannot be written.
    pub(crate) fn finish(self, with_stats: bool) -> anyhow::Result<()> {
        self.task.abort();
        let Self { reporter, bars, .. } = self;
        if let Some(mut bars) = lock(&bars).take() {
            bars.clear();
            *lock(&TERMINAL) = None;
            logging::redirect(None);
            let text = text::text(&lock(&reporter.stats), &reporter.options, Instant::now());
            let summary = lock(&reporter.summary).line().filter(|_| with_stats);
            let summary = summary.map(|line| line + "\n").unwrap_or_default();
            output::write(format!("{}\n{summary}", text.trim_end()).as_bytes())?;
        } else if with_stats {
            reporter.log_summary();
            if reporter.options.interval.is_some() {
                reporter.log_stats();
            }
        }
        reporter.report.as_ref().map_or(Ok(()), Report::finish)
    }
}

/// Keeps rates and bars up to date, and logs statistics when it is time.
async fn keep_telling(reporter: Arc<Reporter>, bars: Arc<Mutex<Option<Bars>>>) {
    let every = Duration::from_millis(500);
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks.tick().await;
    let mut since_stats = Duration::ZERO;
    loop {
        ticks.tick().await;
        reporter.tick(&bars);
        since_stats += every;
        if let Some(interval) = reporter.options.interval.filter(|_| !reporter.options.progress)
            && since_stats >= interval
        {
            since_stats = Duration::ZERO;
            reporter.log_stats();
        }
    }
}

/// The bars on the terminal, while there are some.
static TERMINAL: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Writes to the terminal what shall stay there, above the bars.
pub(crate) fn above_bars<T>(write: impl FnOnce() -> T) -> T {
    let bars = lock(&TERMINAL).clone();
    match bars {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// Asks somebody at the terminal: the bars are away until the answer comes, and others may write.
pub(crate) fn instead_of_bars<T>(ask: impl FnOnce() -> T) -> T {
    let bars = lock(&TERMINAL).clone();
    if let Some(bars) = &bars {
        // Bars that cannot be wiped away do no harm to a question.
        let _ = bars.clear();
        bars.set_draw_target(ProgressDrawTarget::hidden());
    }
    let answer = ask();
    if let Some(bars) = &bars {
        bars.set_draw_target(bars::target());
    }
    answer
}

/// Writes a line of the log; a log that cannot be written stops nothing.
fn to_standard_error(line: &str) {
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
