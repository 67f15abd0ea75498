//! A long line: a second network behind a delay, a rate and a loss, on any kernel with TUN.
//!
//! Not every kernel has `netem`. Here each network holds one TUN device, and what goes into one
//! comes out of the other when its time has come, carried by two threads a direction. The far
//! network has no name: it lives as long as the process that keeps it, which ends with the pipe to
//! us, so neither a panic nor a kill leaves anything behind. It takes root.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tun_rs::{DeviceBuilder, SyncDevice};

/// What a packet meets on its way.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// The time there and back.
    pub round_trip: Duration,
    /// Bits a second in each direction; none for as fast as it goes.
    pub rate: Option<u64>,
    /// How many of a thousand packets are lost.
    pub loss_per_mille: u32,
}

impl Conditions {
    /// Nothing but a delay.
    pub fn delay(round_trip: Duration) -> Self {
        Self { round_trip, rate: None, loss_per_mille: 0 }
    }
}

/// A line between the network of this process, the near one, and a new network, the far one.
#[derive(Debug)]
pub struct Line {
    keeper: Child,
    device: String,
    near: Ipv4Addr,
    far: Ipv4Addr,
    traffic: Arc<Mutex<Traffic>>,
}

/// What the far network sent, by the near port it was meant for.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    ports: BTreeMap<u16, Flow>,
}

/// What was sent to one port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    /// TCP connections begun.
    pub connections: u64,
    /// TCP segments that carried data: on a control connection, about one for each write of the
    /// client, however many commands were in it.
    pub segments: u64,
}

/// Packets under way in one direction, at most; the next one is lost.
const QUEUE: usize = 65_536;
/// How long a packet may wait for a line of limited rate before it is lost.
const BACKLOG: Duration = Duration::from_millis(200);
const MTU: usize = 1500;

impl Line {
    /// Lays a line.
    ///
    /// # Errors
    ///
    /// Fails without root, without `/dev/net/tun`, or without `ip`, `unshare` and `nsenter`.
    pub fn open(conditions: Conditions) -> io::Result<Self> {
        let keeper = keep_network()?;
        let (near_end, far_end) = (device()?, device()?);
        let (near, far) = addresses(std::process::id());
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let (device, far_device) = (near_end.name()?, far_end.name()?);
        // From here on, dropping the line takes the network and the device away.
        let line = Self { keeper, device, near, far, traffic: Arc::clone(&traffic) };

        run(&mut ip(&["link", "set", &far_device, "netns", &line.keeper.id().to_string()]))?;
        run(&mut line.enter(&ip(&["link", "set", "lo", "up"])))?;
        for (name, address) in [(&line.device, near), (&far_device, far)] {
            let place = |command: Command| match address == far {
                true => line.enter(&command),
                false => command,
            };
            run(&mut place(ip(&["address", "add", &format!("{address}/30"), "dev", name])))?;
            let mtu = MTU.to_string();
            run(&mut place(ip(&["link", "set", name, "mtu", &mtu, "txqueuelen", "20000", "up"])))?;
        }

        let (near_end, far_end) = (Arc::new(near_end), Arc::new(far_end));
        carry(Arc::clone(&near_end), Arc::clone(&far_end), conditions, |_| ());
        carry(far_end, near_end, conditions, move |packet| lock(&traffic).note(packet));
        Ok(line)
    }

    /// Returns the address of this process's network on the line.
    pub fn near(&self) -> Ipv4Addr {
        self.near
    }

    /// Returns the address of the far network on the line.
    pub fn far(&self) -> Ipv4Addr {
        self.far
    }

    /// Returns `command` as it runs in the far network, its input closed. It dies with us.
    pub fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("setpriv");
        inside
            .args(["--pdeathsig", "KILL", "nsenter"])
            .arg(format!("--net=/proc/{}/ns/net", self.keeper.id()))
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            inside.current_dir(directory);
        }
        inside
    }

    /// Takes what the far network sent since this was last asked.
    pub fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut lock(&self.traffic))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Without their devices the threads end.
        let _ = run(&mut ip(&["link", "delete", &self.device]));
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

impl Traffic {
    /// Returns what was sent to this port.
    pub fn to(&self, port: u16) -> Flow {
        self.ports.get(&port).copied().unwrap_or_default()
    }

    /// Returns how many connections were begun, to whatever port.
    pub fn connections(&self) -> u64 {
        self.ports.values().map(|flow| flow.connections).sum()
    }

    fn note(&mut self, packet: &[u8]) {
        let Some(segment) = Segment::of(packet) else { return };
        let flow = self.ports.entry(segment.port).or_default();
        flow.connections += u64::from(segment.opens);
        flow.segments += u64::from(segment.has_data);
    }
}

/// What counts of a TCP segment.
struct Segment {
    port: u16,
    opens: bool,
    has_data: bool,
}

impl Segment {
    /// Reads TCP over IPv4; anything else is no segment.
    fn of(packet: &[u8]) -> Option<Self> {
        const TCP: u8 = 6;
        let words = |byte: u8| usize::from(byte) * 4;
        let header = words(packet.first().filter(|byte| **byte >> 4 == 4)? & 0x0f);
        let length = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
        let tcp = packet.get(header..length).filter(|_| packet[9] == TCP)?;
        let data = words(tcp.get(12)? >> 4);
        let (syn, ack) = (tcp.get(13)? & 0x02 != 0, tcp[13] & 0x10 != 0);
        let port = u16::from_be_bytes([tcp[2], tcp[3]]);
        Some(Self { port, opens: syn && !ack, has_data: tcp.len() > data })
    }
}

/// Starts the process that keeps the far network, and waits until it is there.
fn keep_network() -> io::Result<Child> {
    let mut keeper = Command::new("unshare")
        .args(["--net", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (input, output) = (keeper.stdin.as_mut(), keeper.stdout.as_mut());
    let (Some(input), Some(output)) = (input, output) else { unreachable!("both are piped") };
    // `cat` answers once `unshare` has made way for it.
    let greeted =
        writeln!(input, "up").and_then(|()| BufReader::new(output).read_line(&mut String::new()));
    if greeted.is_ok_and(|length| length > 0) {
        return Ok(keeper);
    }
    let _ = keeper.kill();
    let _ = keeper.wait();
    Err(io::Error::other("`unshare --net` refuses a new network; run as root"))
}

fn device() -> io::Result<SyncDevice> {
    DeviceBuilder::new()
        .enable(false)
        .build_sync()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot make a TUN device: {error}")))
}

/// Returns two addresses of the block meant for benchmarks, RFC 2544, that another run is unlikely
/// to use.
fn addresses(seed: u32) -> (Ipv4Addr, Ipv4Addr) {
    let block = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + (seed % 0x8000) * 4;
    (Ipv4Addr::from(block + 1), Ipv4Addr::from(block + 2))
}

fn ip(arguments: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(arguments);
    command
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(format!("{command:?}: {said}")))
}

/// Carries packets from one device to the other until either is gone.
fn carry(
    from: Arc<SyncDevice>,
    to: Arc<SyncDevice>,
    conditions: Conditions,
    note: impl Fn(&[u8]) + Send + 'static,
) {
    let (queue, due) = mpsc::sync_channel::<(Instant, Vec<u8>)>(QUEUE);
    thread::spawn(move || {
        for (at, packet) in due {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            // A device that is down loses the packet, as a line would.
            let _ = to.send(&packet);
        }
    });
    thread::spawn(move || {
        let mut schedule = Schedule::new(conditions);
        let mut buffer = vec![0; MTU];
        while let Ok(length) = from.recv(&mut buffer) {
            let packet = &buffer[..length];
            note(packet);
            let Some(at) = schedule.arrival(Instant::now(), length) else { continue };
            if let Err(mpsc::TrySendError::Disconnected(_)) = queue.try_send((at, packet.to_vec()))
            {
                return;
            }
        }
    });
}

/// When each packet of one direction arrives.
struct Schedule {
    conditions: Conditions,
    /// When the line has sent all it was given.
    free: Option<Instant>,
    random: u32,
}

impl Schedule {
    fn new(conditions: Conditions) -> Self {
        Self { conditions, free: None, random: 0x9e37_79b9 }
    }

    /// Returns when a packet of `length` bytes sent `now` arrives; none if it is lost.
    fn arrival(&mut self, now: Instant, length: usize) -> Option<Instant> {
        if self.draw() % 1000 < self.conditions.loss_per_mille {
            return None;
        }
        let begins = self.free.map_or(now, |free| free.max(now));
        if begins - now > BACKLOG {
            return None;
        }
        let sending = self.conditions.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_nanos(length as u64 * 8 * 1_000_000_000 / rate.max(1))
        });
        self.free = Some(begins + sending);
        Some(begins + sending + self.conditions.round_trip / 2)
    }

    /// Draws a number, the same ones in every run.
    fn draw(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;
    use crate::servers::{is_root, not_run};

    const DELAY: Duration = Duration::from_millis(50);

    fn schedule(rate: Option<u64>, loss_per_mille: u32) -> Schedule {
        Schedule::new(Conditions { round_trip: DELAY, rate, loss_per_mille })
    }

    #[test]
    fn a_packet_takes_half_the_round_trip() {
        let now = Instant::now();
        assert_eq!(schedule(None, 0).arrival(now, MTU), Some(now + DELAY / 2));
    }

    #[test]
    fn packets_queue_for_a_slow_line_until_it_overflows() {
        // A packet of 1250 bytes takes 10 ms.
        let (now, mut slow) = (Instant::now(), schedule(Some(1_000_000), 0));
        let arrivals: Vec<_> = (0..30).map(|_| slow.arrival(now, 1250)).collect();
        let sending = Duration::from_millis(10);
        assert_eq!(arrivals[0], Some(now + sending + DELAY / 2));
        assert_eq!(arrivals[20], Some(now + sending * 21 + DELAY / 2));
        assert_eq!(arrivals[21..], [None; 9]);
    }

    #[test]
    fn as_many_packets_are_lost_as_asked() {
        let (now, mut lossy) = (Instant::now(), schedule(None, 100));
        let lost = (0..10_000).filter(|_| lossy.arrival(now, MTU).is_none()).count();
        assert!((900..1100).contains(&lost), "{lost} of 10000");
    }

    #[test]
    fn addresses_are_two_of_one_block() {
        let text = |seed| format!("{:?}", addresses(seed));
        assert_eq!(text(1), "(198.18.0.5, 198.18.0.6)");
        assert_eq!(text(0x7fff), "(198.19.255.253, 198.19.255.254)");
        assert_eq!(text(0x8000), "(198.18.0.1, 198.18.0.2)");
    }

    #[test]
    fn segments_are_told_apart() {
        let mut traffic = Traffic::default();
        let mut packet = vec![0u8; 40];
        packet[0] = 0x45;
        packet[9] = 6;
        packet[22..24].copy_from_slice(&21u16.to_be_bytes());
        packet[32] = 0x50;
        for (flags, length) in [(0x02, 40u16), (0x12, 40), (0x10, 40), (0x18, 45)] {
            packet.resize(usize::from(length), 0);
            packet[2..4].copy_from_slice(&length.to_be_bytes());
            packet[33] = flags;
            traffic.note(&packet);
        }
        for cut in 0..packet.len() {
            traffic.note(&packet[..cut]);
        }
        let flow = traffic.to(21);
        assert_eq!((flow.connections, flow.segments), (1, 1));
    }

    #[test]
    fn a_line_is_as_long_as_asked() {
        if !is_root() {
            return not_run("a line takes root");
        }
        let line = Line::open(Conditions::delay(DELAY)).unwrap();
        // Nobody listens there: the refusal comes back after one round trip.
        let start = Instant::now();
        let refused = TcpStream::connect((line.far(), 9)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(start.elapsed() >= DELAY, "{:?}", start.elapsed());

        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("exec 3<>/dev/tcp/{}/9", line.near())]);
        assert!(!line.enter(&bash).stderr(Stdio::null()).status().unwrap().success());
        assert_eq!(line.take_traffic().to(9).connections, 1);
    }
}
