//! Limits a process to the processor share that Lambda gives a small function.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>: a function has one
//! processor at 1,769 MB, and proportionally less with less memory.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::process::processor_time;
use rustix::process::{Pid, Signal, kill_process};

/// The share of a function of 128 MB.
pub const SHARE: f64 = 128.0 / 1769.0;

/// The period in which a process gets its share: Lambda's own, as observed from inside in
/// <https://github.com/pwrdrvr/lambda-dispatch/issues/246>.
const PERIOD: Duration = Duration::from_millis(20);

/// A way to slow processes down.
pub enum Throttle {
    /// A control group with a quota, as Lambda does it.
    Group(PathBuf),
    /// Signals that stop and continue the process. Time in which it waits counts as if it ran.
    Signals,
}

/// A process that is slowed down until this is dropped.
pub enum Slowed {
    /// It is in a control group until it ends.
    InGroup,
    /// A thread stops and continues it.
    BySignals {
        /// Tells the thread that it is over.
        ended: Arc<AtomicBool>,
        /// The thread.
        thread: Option<JoinHandle<()>>,
    },
}

impl Throttle {
    /// The best way that this machine allows.
    pub fn find() -> Self {
        Self::cgroup_v2().or_else(|_| Self::cgroup_v1()).unwrap_or(Self::Signals)
    }

    /// Source: <https://docs.kernel.org/admin-guide/cgroup-v2.html>
    fn cgroup_v2() -> io::Result<Self> {
        let root = Path::new("/sys/fs/cgroup");
        set(root.join("cgroup.subtree_control"), "+cpu")?;
        let group = group(root);
        fs::create_dir(&group)?;
        let quota = PERIOD.mul_f64(SHARE).as_micros();
        let limit = format!("{quota} {}", PERIOD.as_micros());
        let this = Self::Group(group.clone());
        set(group.join("cpu.max"), limit)?;
        Ok(this)
    }

    /// Source: <https://docs.kernel.org/scheduler/sched-bwc.html>
    fn cgroup_v1() -> io::Result<Self> {
        let group = group(Path::new("/sys/fs/cgroup/cpu"));
        fs::create_dir(&group)?;
        let this = Self::Group(group.clone());
        set(group.join("cpu.cfs_period_us"), PERIOD.as_micros())?;
        let quota = PERIOD.mul_f64(SHARE).as_micros();
        set(group.join("cpu.cfs_quota_us"), quota)?;
        Ok(this)
    }

    /// Slows a process down, all its threads together.
    pub fn slow(&self, pid: u32) -> io::Result<Slowed> {
        match self {
            Self::Group(group) => {
                set(group.join("cgroup.procs"), pid)?;
                Ok(Slowed::InGroup)
            }
            Self::Signals => {
                let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
                let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
                let ended = Arc::new(AtomicBool::new(false));
                let thread = thread::spawn({
                    let ended = Arc::clone(&ended);
                    move || stop_and_continue(pid, &ended)
                });
                Ok(Slowed::BySignals { ended, thread: Some(thread) })
            }
        }
    }

    /// Measures a busy loop that is slowed down: its processor time, and its share of a processor.
    pub fn validate(&self) -> io::Result<(Duration, f64)> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("spin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pid = child.id();
        let mut write = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut read = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let mut line = String::new();
        read.read_line(&mut line)?;
        let slowed = self.slow(pid)?;
        let (before, start) = (processor_time(pid)?, Instant::now());
        write.write_all(b"\n")?;
        read.read_line(&mut line)?;
        let (wall, used) = (start.elapsed(), processor_time(pid)? - before);
        drop((slowed, write));
        child.wait()?;
        Ok((used, used.as_secs_f64() / wall.as_secs_f64()))
    }
}

/// The busy loop that a throttle is measured with: prints a line when it is ready, waits for a line, is
/// busy, prints a line, and waits for the end of its input.
pub fn spin() -> io::Result<()> {
    let mut lines = io::stdin().lock().lines();
    println!("ready");
    lines.next().transpose()?;
    let mut number = 1_u64;
    for _ in 0..100_000_000 {
        number = std::hint::black_box(number ^ number << 13 ^ number >> 7);
    }
    println!("{number}");
    lines.next().transpose().map(drop)
}

fn group(parent: &Path) -> PathBuf {
    parent.join(format!("acm-dns-validator-bench-{}", std::process::id()))
}

/// Writes a setting of a control group. If there is no such setting, it creates no file.
fn set(path: PathBuf, value: impl fmt::Display) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(value.to_string().as_bytes())
}

fn stop_and_continue(pid: Pid, ended: &AtomicBool) {
    let run = PERIOD.mul_f64(SHARE);
    while kill_process(pid, Signal::CONT).is_ok() && !ended.load(Ordering::Relaxed) {
        thread::sleep(run);
        if kill_process(pid, Signal::STOP).is_err() {
            return;
        }
        thread::sleep(PERIOD - run);
    }
}

impl Drop for Slowed {
    fn drop(&mut self) {
        if let Self::BySignals { ended, thread } = self {
            ended.store(true, Ordering::Relaxed);
            // The thread returns nothing, and its errors no longer matter.
            drop(thread.take().map(JoinHandle::join));
        }
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        if let Self::Group(group) = self {
            // An empty group that remains slows no process down.
            drop(fs::remove_dir(group));
        }
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) if group.join("cpu.max").exists() => {
                f.write_str("cgroup v2, cpu.max")
            }
            Self::Group(_) => f.write_str("cgroup v1, cpu.cfs_quota_us"),
            Self::Signals => f.write_str("SIGSTOP and SIGCONT"),
        }
    }
}
