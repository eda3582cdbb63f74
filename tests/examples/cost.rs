//! Prints what reading 1 MiB of each hard text costs, and how many times as much
//! 2 MiB do, for each reader: its worst texts, and the mean of all.
//!
//! ```sh
//! export GLIBC_TUNABLES=glibc.malloc.trim_threshold=4294967296:glibc.malloc.mmap_threshold=4294967296
//! cargo run --profile bench -p chatwire-tests --example cost
//! ```
//!
//! The variable has the allocator keep what is freed. Without it, it returns large
//! blocks to the system each time, from a size on that lies between the two texts
//! for some readers: the larger one is then charged for page faults that the smaller
//! one does not have.

use std::time::Duration;

use chatwire_tests::readers::{COUNTED, PATTERNS, READERS, counted, cpu_time, repeated};

const MIB: usize = 1024 * 1024;

fn main() {
    println!("reader | texts | mean of 1 MiB | worst 1 MiB | its text | worst ratio | its text");
    println!("---|---|---|---|---|---|---");
    for reader in READERS {
        let patterns = PATTERNS.iter().map(|pattern| {
            let text = |bytes| repeated(pattern, bytes);
            (format!("{pattern:?}"), text(MIB), text(2 * MIB))
        });
        let counted = COUNTED.iter().map(|(name, piece)| {
            let text = |bytes| counted(*piece, bytes);
            ((*name).to_owned(), text(MIB), text(2 * MIB))
        });
        let mut texts = 0_u32;
        let mut sum = Duration::ZERO;
        let mut slowest = (Duration::ZERO, String::new());
        let mut steepest = (0.0, String::new());
        for (name, once, twice) in patterns.chain(counted) {
            let cost = |text: &str| cpu_time(|| (reader.read)(text));
            let (mut one, mut two) = (cost(&once), cost(&twice));
            // The least of several is what the work itself takes.
            for _ in 0..9 {
                if two.as_secs_f64() <= 2.2 * one.as_secs_f64() {
                    break;
                }
                one = one.min(cost(&once));
                two = two.min(cost(&twice));
            }
            texts += 1;
            sum += one;
            if one > slowest.0 {
                slowest = (one, name.clone());
            }
            let ratio = two.as_secs_f64() / one.as_secs_f64().max(1e-9);
            // A shorter time says more about the cache, which one text fits in.
            if two > Duration::from_millis(4) && ratio > steepest.0 {
                steepest = (ratio, name);
            }
        }
        println!(
            "{} | {texts} | {:.1} ms | {:.1} ms | {} | {:.2} | {}",
            reader.name,
            sum.as_secs_f64() * 1e3 / f64::from(texts.max(1)),
            slowest.0.as_secs_f64() * 1e3,
            slowest.1,
            steepest.0,
            steepest.1,
        );
    }
}
