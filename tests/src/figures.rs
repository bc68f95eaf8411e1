//! Figures of a measurement: samples, their order statistics, and the table that shows them.
//!
//! # Not here
//! Measuring: benchmarks and the load tool. What the figures mean: `docs/PERFORMANCE.md`.

use std::fmt;
use std::time::Duration;

/// Samples of one quantity, in one unit.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds a sample, in the unit of the others.
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// Adds a duration, in microseconds.
    pub fn push_micros(&mut self, duration: Duration) {
        self.0.push(duration.as_secs_f64() * 1e6);
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sum of all samples.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Order statistics of the samples; `None` without samples.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |per_mille: usize| sorted.get((sorted.len().saturating_sub(1) * per_mille + 500) / 1000).copied();
        Some(Summary { min: at(0)?, median: at(500)?, p95: at(950)?, p99: at(990)?, max: at(1000)? })
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

/// Order statistics, in the unit of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Smallest sample.
    pub min: f64,
    /// Half of the samples are not above this.
    pub median: f64,
    /// 95 % of the samples are not above this.
    pub p95: f64,
    /// 99 % of the samples are not above this.
    pub p99: f64,
    /// Largest sample.
    pub max: f64,
}

/// Rows of figures, printed as one table.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<[String; 8]>,
}

impl Table {
    /// Adds a row with a figure that is not a sample, such as a rate over the whole run.
    pub fn figure(&mut self, what: &str, unit: &str, value: f64) {
        let dash = || "-".to_owned();
        self.rows.push([what.to_owned(), unit.to_owned(), dash(), number(value), dash(), dash(), dash(), "1".into()]);
    }

    /// Adds the rows of another table below these.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// Adds a row for samples; adds nothing when there are none.
    pub fn samples(&mut self, what: &str, unit: &str, samples: &Samples) {
        let Some(Summary { min, median, p95, p99, max }) = samples.summary() else { return };
        let [min, median, p95, p99, max] = [min, median, p95, p99, max].map(number);
        self.rows.push([what.to_owned(), unit.to_owned(), min, median, p95, p99, max, samples.len().to_string()]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "unit", "min", "median", "p95", "p99", "max", "samples"].map(str::to_owned);
        let lines: Vec<_> = std::iter::once(&head).chain(&self.rows).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..head.len()).map(width).collect();
        for (place, line) in lines.iter().enumerate() {
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                match column {
                    0 | 1 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")?;
            if place == 0 {
                let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
                writeln!(f, "| {} |", rule.join(" | "))?;
            }
        }
        Ok(())
    }
}

/// A number with about three digits: more would claim a precision that was not measured.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// Where figures come from: processor, number of cores, commit, build profile.
#[must_use]
pub fn origin() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let git = std::process::Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let commit = git.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let commit = commit.filter(|commit| !commit.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    format!("{model}, {cores} cores, commit {commit}, {profile} profile")
}

/// Resident memory of a process in bytes; `None` when the process has ended.
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    status_kib(pid, "VmRSS:").map(|kib| kib * 1024)
}

/// Largest resident memory that a process has had so far, in bytes.
#[must_use]
pub fn peak_resident_bytes(pid: u32) -> Option<u64> {
    status_kib(pid, "VmHWM:").map(|kib| kib * 1024)
}

fn status_kib(pid: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_statistics_are_those_of_the_sorted_samples() {
        let samples: Samples = (1..=1001).rev().map(f64::from).collect();
        let summary = samples.summary().unwrap();
        assert_eq!(summary, Summary { min: 1.0, median: 501.0, p95: 951.0, p99: 991.0, max: 1001.0 });
        assert_eq!(Samples::default().summary(), None);
    }

    #[test]
    fn a_table_lines_up() {
        let mut table = Table::default();
        table.figure("blocks", "1/s", 123.4);
        table.samples("start", "ms", &[0.5, 1.0, 20.0].into_iter().collect());
        let text = table.to_string();
        let widths: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(widths.len(), 4);
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
        assert!(text.contains("123") && text.contains("20.0") && text.contains("0.500"), "{text}");
    }
}
