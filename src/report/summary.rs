//! What a run says, board by board: who fits, who is fastest, who uses least SRAM.

use super::text::{bytes, ms};
use crate::results::{Broken, Energy, Limits, Measurement, Provenance, Status, StoredRun};

/// The rows of one board.
pub struct BoardRows<'a> {
    pub board: &'a str,
    pub rows: Vec<&'a Measurement>,
    /// What the scenario asks networks to keep.
    pub limits: Limits,
}

/// Rows by board, boards in the order in which they appear.
pub fn by_board(run: &StoredRun) -> Vec<BoardRows<'_>> {
    let mut boards: Vec<BoardRows<'_>> = Vec::new();
    for row in &run.rows {
        match boards.iter_mut().find(|b| b.board == row.board) {
            Some(board) => board.rows.push(row),
            None => boards.push(BoardRows { board: &row.board, rows: vec![row], limits: run.info.limits }),
        }
    }
    boards
}

/// The best rows of one provenance, of those that keep the limits.
pub struct Best<'a> {
    pub provenance: Provenance,
    pub fastest: Option<&'a Measurement>,
    pub least_sram: Option<&'a Measurement>,
    /// Every error band of these rows, each once.
    pub error_bands: Vec<&'a str>,
    /// Every reason for which energy is missing, each once.
    pub no_energy: Vec<&'a str>,
}

impl<'a> BoardRows<'a> {
    /// A row's name: the network, and what tells rows of one network apart.
    pub fn label(&self, row: &Measurement) -> String {
        let differ = |get: fn(&Measurement) -> &str| {
            let mut same = self.rows.iter().filter(|other| other.network == row.network);
            same.any(|other| get(other) != get(row))
        };
        let mut label = row.network.clone();
        if differ(|r| &r.engine) {
            label += &format!(" [{}]", row.engine);
        }
        if differ(|r| &r.unit) {
            label += &format!(" on {}", row.unit);
        }
        label
    }

    /// Rows known to be within the board's memory, whether or not they came to a latency.
    pub fn fitting(&self) -> Vec<&'a Measurement> {
        let fits = |row: &&&Measurement| row.status() != Status::DoesNotFit && row.memory().is_some();
        self.rows.iter().filter(fits).copied().collect()
    }

    pub fn of_status(&self, status: Status) -> Vec<&'a Measurement> {
        self.rows.iter().filter(|row| row.status() == status).copied().collect()
    }

    /// Ok rows that break a limit of the scenario.
    pub fn breaking(&self) -> Vec<&'a Measurement> {
        self.rows.iter().filter(|row| !self.limits.broken(row).is_empty()).copied().collect()
    }

    /// `latency 12.0 ms is over 10 ms; …`, of a row that breaks limits.
    pub fn broken(&self, row: &Measurement) -> Option<String> {
        let broken = self.limits.broken(row);
        let told = broken.iter().map(|broken| match broken {
            Broken::LatencyMs { limit, value } => format!("latency {} ms is over {limit} ms", ms(*value)),
            Broken::SramBytes { limit, value } => format!("SRAM {} is over {}", bytes(*value), bytes(*limit)),
            Broken::FlashBytes { limit, value } => format!("flash {} is over {}", bytes(*value), bytes(*limit)),
        });
        (!broken.is_empty()).then(|| told.collect::<Vec<_>>().join("; "))
    }

    /// Core clock in Hz, where all rows that say one say the same.
    pub fn clock_hz(&self) -> Option<u64> {
        let mut clocks = self.rows.iter().filter_map(|row| row.latency()).map(|l| l.clock_hz());
        let first = clocks.next()?;
        clocks.all(|clock| clock == first).then_some(first)
    }

    /// The best ok rows, provenance by provenance: unlike ones are not compared.
    pub fn best(&self) -> Vec<Best<'a>> {
        // Of images, only those whose outputs were verified.
        let verified = |row: &&&Measurement| row.status() == Status::Ok || row.latency().is_some();
        let ok: Vec<&Measurement> = self.rows.iter().filter(verified).copied().collect();
        let best = |provenance| {
            let rows: Vec<&Measurement> = ok.iter().filter(|row| row.provenance == provenance).copied().collect();
            let ms = |row: &Measurement| row.latency().map_or(f64::INFINITY, |l| l.ms());
            let kept: Vec<&Measurement> = rows.iter().filter(|r| self.limits.broken(r).is_empty()).copied().collect();
            let timed = kept.iter().filter(|row| row.latency().is_some());
            let peak = |row: &Measurement| row.memory().map_or(u64::MAX, |m| m.sram.peak());
            let reason = |row: &&'a Measurement| match row.run().map(|run| &run.energy) {
                Some(Energy::Missing(reason)) => Some(reason.as_str()),
                _ => None,
            };
            Best {
                provenance,
                fastest: timed.min_by(|a, b| ms(a).total_cmp(&ms(b))).copied(),
                least_sram: kept.iter().min_by_key(|row| peak(row)).copied(),
                error_bands: once(rows.iter().map(|row| row.error_band.as_str()).filter(|b| !b.is_empty())),
                no_energy: once(rows.iter().filter_map(reason)),
            }
        };
        let seen = |p: &Provenance| ok.iter().any(|row| row.provenance == *p);
        Provenance::ALL.into_iter().filter(seen).map(best).collect()
    }
}

fn once<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

/// `SRAM by 5 bytes and flash by 7 bytes`, of a row that does not fit.
pub fn excess(row: &Measurement) -> String {
    let over = row.over_by();
    let part = |name: &str, count: u64| (count > 0).then(|| format!("{name} by {}", super::text::bytes(count)));
    [part("SRAM", over.sram), part("flash", over.flash)].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}
