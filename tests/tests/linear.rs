//! Reading takes time linear in what is read, whatever it is: nobody who can send
//! a megabyte may keep a processor busy for minutes.

// A panic is how a test fails.
#![allow(clippy::panic)]

use std::time::Duration;

use chatwire_tests::readers::{COUNTED, PATTERNS, READERS, Reader, counted, cpu_time, repeated};

/// How much is read, and then twice as much.
const BYTES: usize = 16 * 1024;

/// Twice as much may take so many times as long. Quadratic work takes four times
/// as long; the margin is for the machine.
const FACTOR: u32 = 3;

/// What is not worth a comparison: quadratic work takes seconds.
const NOISE: Duration = Duration::from_millis(40);

/// How often a comparison is repeated that looks bad.
const REPEATS: usize = 6;

/// Compares what both texts cost, and gives the machine a few chances.
fn check(reader: &Reader, name: &str, once: &str, twice: &str) {
    let cost = |text: &str| cpu_time(|| (reader.read)(text));
    let (mut least, mut most) = (cost(once), cost(twice));
    for _ in 0..REPEATS {
        if most <= least * FACTOR + NOISE {
            return;
        }
        // The least that was seen is what the work itself takes.
        least = least.min(cost(once));
        most = most.min(cost(twice));
    }
    panic!(
        "{}, {name:?}: {least:?}, and {most:?} for twice as much",
        reader.name
    );
}

#[test]
fn the_same_over_and_over() {
    for reader in READERS {
        for pattern in PATTERNS {
            let once = repeated(pattern, BYTES);
            check(reader, pattern, &once, &repeated(pattern, 2 * BYTES));
        }
    }
}

#[test]
fn another_each_time() {
    for reader in READERS {
        for (name, piece) in COUNTED {
            let once = counted(*piece, BYTES);
            check(reader, name, &once, &counted(*piece, 2 * BYTES));
        }
    }
}
