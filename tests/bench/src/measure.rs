use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};

/// What a run is measured in.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// CPU time of this thread: for code that does no I/O.
    Thread,
    /// CPU time of all threads of this process, in the kernel too.
    Process,
    /// Time on the wall.
    Wall,
}

impl Clock {
    /// How long the closure takes.
    pub fn time(self, run: impl FnOnce()) -> Duration {
        match self {
            Clock::Thread => {
                let start = ThreadTime::now();
                run();
                start.elapsed()
            }
            Clock::Process => {
                let start = ProcessTime::now();
                run();
                start.elapsed()
            }
            Clock::Wall => {
                let start = Instant::now();
                run();
                start.elapsed()
            }
        }
    }
}

/// Runs all contestants once a round, each round beginning with another one,
/// and gives the times of each. What the machine does besides hits all alike.
pub fn paired(
    clock: Clock,
    rounds: usize,
    contestants: &mut [&mut dyn FnMut()],
) -> Vec<Vec<Duration>> {
    let count = contestants.len();
    let mut times = vec![Vec::with_capacity(rounds); count];
    // The first round warms caches and connections.
    for contestant in contestants.iter_mut() {
        contestant();
    }
    for round in 0..rounds {
        for turn in 0..count {
            let which = (round + turn) % count;
            times[which].push(clock.time(&mut contestants[which]));
        }
    }
    times
}

/// The ratio of each pair of times.
pub fn ratios(of: &[Duration], to: &[Duration]) -> Vec<f64> {
    of.iter()
        .zip(to)
        .map(|(of, to)| of.as_secs_f64() / to.as_secs_f64())
        .collect()
}

/// The middle value.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The middle half of the values, as text.
pub fn spread(values: &[f64]) -> String {
    format!(
        "{:.3}–{:.3}",
        quantile(values, 0.25),
        quantile(values, 0.75)
    )
}

fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * at).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// What a figure is held against.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// Met with at least this.
    AtLeast(f64),
    /// Met with at most this.
    AtMost(f64),
    /// Only told.
    Told,
}

impl Verdict {
    /// Prints one row of the table.
    pub fn row(self, what: &str, measured: f64, unit: &str, detail: &str) {
        let (target, word) = match self {
            Verdict::AtLeast(target) => (
                format!("at least {target}{unit}"),
                if measured >= target { "met" } else { "MISSED" },
            ),
            Verdict::AtMost(target) => (
                format!("at most {target}{unit}"),
                if measured <= target { "met" } else { "MISSED" },
            ),
            Verdict::Told => (String::new(), ""),
        };
        println!("| {what} | {target} | {measured:.2}{unit} | {word} | {detail} |");
    }

    /// Prints the head of a table.
    pub fn head(title: &str) {
        println!("\n{title}\n");
        println!("| what | target | measured | | middle half, and more |");
        println!("|---|---|---|---|---|");
    }
}
