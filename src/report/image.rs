//! What is said of an image that somebody else has built.

use super::text::{bytes, ms, uj};
use crate::results::{Energy, Prebuilt, Verification};

/// All that its own row has beside latency and flash, or all of it where nobody has verified it.
pub fn told_of(image: &Prebuilt) -> String {
    let mut told = Vec::new();
    if let Verification::NotVerified(why) = &image.verification {
        told.push(format!("{} ms by its own clock, in {}; {why}", ms(image.timing.ms()), bytes(image.image_bytes)));
    }
    let count = image.windows.len();
    let rule = match image.is_official() {
        true => format!("MLPerf Tiny's procedure, {count} windows of 10 s or more"),
        false => format!("{count} windows of {} s or more, which MLPerf Tiny does not allow", image.window_s),
    };
    if let Some(throughput) = image.throughput() {
        told.push(format!("median {throughput:.3} inferences/s ({rule})"));
    }
    if let Energy::Microjoules(energy) = image.energy {
        told.push(format!("{} µJ an inference", uj(energy)));
    }
    if let Some(accuracy) = image.accuracy {
        let auc = accuracy.auc.map_or("no AUC, since a class is missing".into(), |auc| format!("AUC {auc:.3}"));
        let files = match accuracy.files == accuracy.of_files {
            true => format!("{} files", accuracy.files),
            false => format!("only {} of {} files", accuracy.files, accuracy.of_files),
        };
        told.push(format!("top-1 {:.1} %, {auc} ({files})", accuracy.top1));
    }
    if let Some(touched) = image.touched_sram {
        told.push(format!("touches {} of SRAM, its protocol's included", bytes(touched)));
    }
    if !image.clock_read {
        told.push("its core clock is the board's nominal one: nobody has read it".into());
    }
    told.join("; ")
}
