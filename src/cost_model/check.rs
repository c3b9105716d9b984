//! The model against a run that it has not seen.

use super::data::{DataSet, Sample};
use super::model::{Model, ModelError, Settings};
use crate::results::{Predicted, Predictions};

/// Predicts the rows `tested`, given with their index in the run, by a model trained on `data` without measurements of the
/// same networks on the same boards.
pub fn check(data: &DataSet, tested: &[(u32, Sample)]) -> Result<Predictions, ModelError> {
    let same =
        |a: &Sample, b: &Sample| (&a.network_sha256, &a.facts, &a.engine) == (&b.network_sha256, &b.facts, &b.engine);
    let (seen, unseen): (Vec<&Sample>, Vec<&Sample>) =
        data.samples.iter().partition(|known| tested.iter().any(|(_, row)| same(known, row)));
    let learned = DataSet::new(data.runs.clone(), unseen.into_iter().cloned().collect());
    let model = Model::train(&learned, Settings::default())?;
    let rows = tested.iter().map(|(index, row)| {
        let predicted = model.predict(&row.engine, &row.steps, &row.facts);
        Predicted {
            index: *index,
            cycles: predicted.cycles,
            low: predicted.interval.low,
            high: predicted.interval.high,
        }
    });
    Ok(Predictions {
        model: model.version().to_string(),
        learned_from: learned.runs.clone(),
        measurements: learned.samples.len() as u32,
        left_out: seen.len() as u32,
        rows: rows.collect(),
    })
}
