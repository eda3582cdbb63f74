//! The verdicts as a table and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::case::Row;

fn exit(row: &Row) -> String {
    match (row.ran.code, row.ran.signal) {
        (Some(code), _) => code.to_string(),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "killed".to_owned(),
    }
}

fn passed(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.verdict.has_passed()).count()
}

/// A line for each case, and one for all.
pub(super) fn table(protocol: &str, client: &str, rows: &[Row]) -> String {
    let mut table = format!("{protocol}: {client}\n\n");
    let _ = writeln!(
        table,
        "{:<15}{:<9}{:>9}{:>8}  the server",
        "fault", "verdict", "exit", "time"
    );
    for row in rows {
        let _ = writeln!(
            table,
            "{:<15}{:<9}{:>9}{:>6.1} s  {}",
            row.name,
            row.verdict.name(),
            exit(row),
            row.ran.elapsed.as_secs_f64(),
            row.description,
        );
    }
    let _ = writeln!(table, "\n{} of {} passed", passed(rows), rows.len());
    table
}

/// What makes the verdicts worthless: a client that fails by itself tells of every fault.
pub(super) fn doubt(rows: &[Row]) -> Option<String> {
    let sound = rows.first().filter(|row| !row.verdict.has_passed())?;
    let said = sound.ran.err.lines().rev().map(str::trim);
    let said = said.filter(|line| !line.is_empty()).map(shorten).next();
    Some(format!(
        "the client did not show the answer of a server without a fault either, so that \
         \"told\" says nothing: is the command right?{}",
        said.map_or_else(String::new, |line| format!(" Its last words: {line}"))
    ))
}

/// The beginning of a line.
fn shorten(line: &str) -> String {
    const LONGEST: usize = 300;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The same for programs.
pub(super) fn json(protocol: &str, client: &str, rows: &[Row]) -> String {
    let cases: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "fault": row.name,
                "verdict": row.verdict.name().to_lowercase(),
                "passed": row.verdict.has_passed(),
                "exit_code": row.ran.code,
                "signal": row.ran.signal,
                "seconds": row.ran.elapsed.as_secs_f64(),
                "description": row.description,
            })
        })
        .collect();
    let report = json!({
        "protocol": protocol,
        "client": client,
        "cases": cases,
        "passed": passed(rows),
        "failed": rows.len() - passed(rows),
    });
    format!("{report}\n")
}
