//! Processor time and memory of a running process, from `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

/// The processor time of all running threads of a process, in nanoseconds.
///
/// Source: the first field of `schedstat`, <https://docs.kernel.org/scheduler/sched-stats.html>.
///
/// # Errors
///
/// If there is no such process.
pub fn processor_time(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let first = text.split_whitespace().next().and_then(|field| field.parse::<u64>().ok());
        nanoseconds += first.ok_or_else(|| io::Error::other("schedstat has no number"))?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The peak resident memory of a process in bytes: `VmHWM` of
/// <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>.
///
/// # Errors
///
/// If there is no such process.
pub fn peak_memory(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.map(|it| it * 1024).ok_or_else(|| io::Error::other("status has no VmHWM"))
}
