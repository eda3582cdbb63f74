//! The fault matrix: every request of every provider, times everything that
//! can go wrong with it. Each cell has the exact kind of error, the text that
//! had come, and a bound on the time it took.

mod ai_sdk;
mod dialects;
mod log;
mod place;
mod run;
mod secrets;
mod special;
mod table;
mod want;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt as _;

/// How many cells run at once.
const AT_ONCE: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_at_every_request() {
    log::begin();
    let secrets = Arc::new(secrets::all().await);
    let started = Instant::now();
    let cells: Vec<run::Cell> = table::cells().into_iter().chain(special::cells()).collect();
    let count = cells.len();
    let names: HashSet<String> = cells.iter().map(run::Cell::name).collect();
    assert_eq!(names.len(), count, "two cells have the same name");
    let mut failures: Vec<String> = futures::stream::iter(cells)
        .map(|cell| (cell, secrets.clone()))
        .map(|(cell, secrets)| async move {
            let name = cell.name();
            // A cell of its own task: its panic is a failure, not the end.
            let outcome = tokio::spawn(run::check(cell, secrets)).await;
            match outcome {
                Ok(Ok(())) => None,
                Ok(Err(why)) => Some(format!("{name}: {why}")),
                Err(panic) => Some(format!("{name}: {panic}")),
            }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|failure| async { failure })
        .collect()
        .await;
    failures.sort();
    let took = started.elapsed();
    println!("{count} cells in {:.1} s", took.as_secs_f64());
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert_eq!(secrets::find(&log::lines(), &secrets), None);
    assert!(count >= 120, "{count} cells");
}
