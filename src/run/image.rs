//! Rows of images that somebody else has built.
//!
//! All that is known of such an image is what it says on its console. With the network that it is said to run, its results
//! are compared with the reference interpreter's; without, its row says that nobody has verified it.

use std::num::NonZeroU32;
use std::time::Duration;

use super::candidate::{Prepared, prepare};
use super::inputs::draw;
use super::reconstruction::{Reconstruction, floats};
use super::record::microjoules;
use crate::board::{Activity, Board};
use crate::measure::MeasureError;
use crate::measure::mlperf::{Dataset, DatasetError, ImageError, Order, Timed, run, score};
use crate::network::{DType, Tensor};
use crate::rack::{Cancel, Driver, Program, Unit};
use crate::results::{
    Accuracy, Cause, Energy, Latency, Outcome, OutputCheck, Prebuilt, Verification, Window, sha256_hex,
};
use crate::scenario::{self, Candidate, Element, PrebuiltInput, Source};

/// Why there is no row of an image but a failed one.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImageFailure {
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error("{0}")]
    Network(String),
    #[error("internal error: {0}")]
    Latency(String),
}

impl ImageFailure {
    /// What a failure that no unit is to blame for says something about.
    pub(super) fn cause(&self) -> Cause {
        if matches!(self, Self::Latency(_)) { Cause::Infrastructure } else { Cause::Candidate }
    }

    /// Ok where what the user gave is at fault: no other unit would help. Otherwise the failure of a unit with that driver,
    /// and to `told` what else may be behind it.
    pub(super) fn of_unit<T>(self, driver: Driver, told: &mut Option<String>) -> Result<Result<T, Self>, MeasureError> {
        match &self {
            Self::Image(error) if !error.blames_image(driver.interchangeable()) => match error.of_unit() {
                Some(source) => {
                    *told = Some(self.to_string());
                    Err(source.clone())
                }
                None => Ok(Err(self)),
            },
            _ => Ok(Err(self)),
        }
    }
}

/// Inputs of MLPerf Tiny's models (`benchmark/evaluation/datasets/README.md`).
const INPUTS: [(&str, PrebuiltInput); 4] = [
    ("vww01", PrebuiltInput { bytes: 96 * 96 * 3, element: Element::Uint8 }),
    ("ic01", PrebuiltInput { bytes: 32 * 32 * 3, element: Element::Uint8 }),
    ("kws01", PrebuiltInput { bytes: 49 * 10, element: Element::Int8 }),
    ("ad01", PrebuiltInput { bytes: 5 * 128 * 4, element: Element::Float32 }),
];

/// Everything that is read from files before a unit is leased.
pub(super) struct Given<'a> {
    asked: &'a scenario::Prebuilt,
    pub(super) program: Program,
    input: PrebuiltInput,
    dataset: Option<Dataset>,
    pub(super) network: Option<Prepared>,
}

impl<'a> Given<'a> {
    pub(super) fn read(asked: &'a scenario::Prebuilt, board: &Board) -> Result<Self, String> {
        let known = INPUTS.into_iter().find(|(model, _)| *model == asked.model).map(|(_, input)| input);
        let input = asked.input.or(known).ok_or_else(|| format!("no input is known of model `{}`", asked.model))?;
        let mut program = Program::read(&asked.image, board, asked.address).map_err(|e| e.to_string())?;
        program.baud = Some(asked.baud);
        let dataset = asked.dataset.as_deref().map(Dataset::open).transpose().map_err(|e| e.to_string())?;
        let network = asked
            .network
            .as_ref()
            .map(|path| prepare(&Candidate { name: asked.name.clone(), source: Source::File(path.clone()) }));
        let given = Self { asked, program, input, dataset, network: network.transpose()? };
        given.network.as_ref().map_or(Ok(()), |network| given.suits(network))?;
        Ok(given)
    }

    /// Of what is programmed and where.
    pub(super) fn sha256(&self) -> String {
        let segments = self.program.segments.iter();
        let bytes: Vec<u8> =
            segments.flat_map(|s| s.address.to_le_bytes().into_iter().chain(s.bytes.clone())).collect();
        sha256_hex(&bytes)
    }

    /// Whether the network can take what the image is sent.
    fn suits(&self, network: &Prepared) -> Result<(), String> {
        let Some(tensor) = network.network.inputs.first().map(|id| network.network.tensor(*id)) else {
            return Err("the network has no input".into());
        };
        let elements = match self.input.element {
            Element::Float32 => self.input.bytes / 4,
            _ => self.input.bytes,
        };
        if tensor.elements() == elements as usize {
            return Ok(());
        }
        let (path, model) = (self.asked.network.clone().unwrap_or_default(), &self.asked.model);
        let (has, wants) = (tensor.elements(), elements);
        Err(format!("{}: its input has {has} elements, and that of model `{model}` has {wants}", path.display()))
    }

    /// Inputs to be timed: the first five of the data set, as the runner takes them, or drawn ones.
    fn inputs(&self) -> Result<Vec<Vec<u8>>, DatasetError> {
        let (count, bytes) = (Prebuilt::OFFICIAL.0, self.input.bytes as usize);
        let mut inputs = Vec::new();
        for label in self.dataset.iter().flat_map(|dataset| &dataset.labels).take(count) {
            inputs.extend(label.inputs(bytes)?.into_iter().take(1));
        }
        let dtype = match self.input.element {
            Element::Int8 => DType::I8,
            Element::Uint8 => DType::U8,
            Element::Float32 => DType::F32,
        };
        let shape = vec![bytes / if dtype == DType::F32 { 4 } else { 1 }];
        let tensor = Tensor { name: "input".into(), shape, dtype, quant: None, data: None };
        inputs.extend((inputs.len()..count).map(|index| draw(&tensor, 0, index as u64)));
        Ok(inputs)
    }

    /// Runs the procedure on `unit`, and says what came of it.
    pub(super) fn measure(&self, unit: &mut dyn Unit, cancel: &Cancel) -> Result<Outcome, ImageFailure> {
        let inputs = self.inputs()?;
        let order = Order {
            model: &self.asked.model,
            baud: self.asked.baud,
            inputs: &inputs,
            window: Duration::from_secs_f64(self.asked.window),
        };
        let labels = self.dataset.as_ref().map_or(&[][..], |dataset| &dataset.labels);
        let used = &labels[..labels.len().min(self.asked.files.map_or(usize::MAX, |files| files as usize))];
        let bytes = self.input.bytes as usize;
        let files = used.iter().map(|label| label.inputs(bytes).map_err(ImageFailure::from));
        let timed = run(unit, &self.program, &order, files, cancel)?;
        let verification = match self.verified(&inputs, &timed)? {
            Verified::Equal(check) => Verification::Verified(check),
            Verified::Unknown(why) => Verification::NotVerified(why),
            Verified::Differs(reason) => {
                let flash = crate::results::Flash { code: self.program.bytes(), ..Default::default() };
                let memory = crate::results::Memory { flash, ..Default::default() };
                return Ok(Outcome::Mismatch { reason, memory });
            }
        };
        let accuracy = (!used.is_empty()).then(|| {
            let classes: Vec<usize> = used.iter().map(|label| label.class).collect();
            Accuracy {
                files: used.len() as u64,
                of_files: labels.len() as u64,
                top1: score::top1(&timed.outputs, &classes),
                auc: score::auc(&timed.outputs, &classes),
            }
        });
        let clock_hz = timed.core_hz.unwrap_or(u64::from(unit.board().clock.hz));
        let timing = latency(&timed, clock_hz)?;
        Ok(Outcome::Prebuilt(Box::new(Prebuilt {
            energy: energy(unit.board(), &timing, timed.activity.as_ref()),
            timing,
            clock_read: timed.core_hz.is_some(),
            device: timed.identity.device,
            model: timed.identity.model,
            firmware: timed.identity.firmware,
            windows: timed.windows.iter().map(window).collect(),
            window_s: self.asked.window,
            accuracy,
            verification,
            image_bytes: self.program.bytes(),
            touched_sram: timed.touched_sram,
        })))
    }

    /// Of a network that reconstructs its input an image says one number, the mean squared error: enough to see that it is
    /// wrong, not that every output is right.
    fn reconstructed(
        &self,
        prepared: &Prepared,
        (input, output): (&Tensor, &Tensor),
        inputs: &[Vec<u8>],
        timed: &Timed,
    ) -> Result<Verified, ImageFailure> {
        let Some(reconstruction) = Reconstruction::of(input, output) else {
            let why = "the image quantises its input itself, and the network is none that reconstructs int8 inputs";
            return Ok(Verified::Unknown(why.into()));
        };
        for (index, (sent, window)) in inputs.iter().zip(&timed.windows).enumerate() {
            let sent = floats(sent);
            let found = prepared.output(reconstruction.quantised(&sent)).map_err(ImageFailure::Network)?;
            let expected = reconstruction.error(&sent, &found);
            let [said] = window.results[..] else {
                return Ok(Verified::Differs(format!(
                    "input {index}: {} results, and an error of a reconstruction is one number",
                    window.results.len()
                )));
            };
            if (said - expected).abs() > Reconstruction::tolerance(expected) {
                return Ok(Verified::Differs(format!(
                    "input {index}: a mean squared error of {said}, and the network's is {expected:.3}"
                )));
            }
        }
        let why = "it says one number for all outputs of an input, the error of the reconstruction; those agree with the network's";
        Ok(Verified::Unknown(why.into()))
    }

    fn verified(&self, inputs: &[Vec<u8>], timed: &Timed) -> Result<Verified, ImageFailure> {
        let Some(prepared) = &self.network else {
            let why = "no network was given to compare its outputs with; name it as `network` in the scenario";
            return Ok(Verified::Unknown(why.into()));
        };
        let network = &prepared.network;
        let tensors = (network.inputs.first(), network.outputs.first());
        let (Some(input), Some(output)) =
            (tensors.0.map(|id| network.tensor(*id)), tensors.1.map(|id| network.tensor(*id)))
        else {
            return Err(ImageFailure::Network("the network has no input or no output".into()));
        };
        if self.input.element == Element::Float32 && input.dtype != DType::F32 {
            return self.reconstructed(prepared, (input, output), inputs, timed);
        }
        let Some(step) = resolved(output) else {
            let why = "its results have three decimals, which do not tell outputs of this network apart";
            return Ok(Verified::Unknown(why.into()));
        };
        let mut outputs = Vec::new();
        for (index, (input_bytes, window)) in inputs.iter().zip(&timed.windows).enumerate() {
            let expected = prepared.output(converted(input_bytes, self.input.element, input.dtype));
            let expected = expected.map_err(ImageFailure::Network)?;
            let found: Option<Vec<u8>> = window.results.iter().map(|value| step.byte(*value)).collect();
            if let Some(reason) = difference(index, &window.results, found.as_deref(), &expected) {
                return Ok(Verified::Differs(reason));
            }
            outputs.extend(expected);
        }
        let count = u32::try_from(inputs.len()).ok().and_then(NonZeroU32::new);
        let inputs = count.ok_or_else(|| ImageFailure::Network("no input was verified".into()))?;
        Ok(Verified::Equal(OutputCheck { inputs, output_sha256: sha256_hex(&outputs) }))
    }
}

enum Verified {
    Equal(OutputCheck),
    Differs(String),
    /// And why.
    Unknown(String),
}

/// An output that three decimals of its value give back.
#[derive(Debug, Clone, Copy)]
struct Resolved {
    scale: f64,
    zero: i64,
    dtype: DType,
}

/// None where neighbouring values of an output may be printed alike.
fn resolved(output: &Tensor) -> Option<Resolved> {
    /// Largest distance of a printed number from the value, and some for arithmetic in single precision.
    const PRINTED: f64 = 0.000_505;
    let quant = output.quant.as_ref()?;
    let (scale, zero) = (f64::from(*quant.scale.first()?), i64::from(*quant.zero_point.first()?));
    let eight = matches!(output.dtype, DType::I8 | DType::U8);
    (eight && scale / 2.0 > PRINTED).then_some(Resolved { scale, zero, dtype: output.dtype })
}

impl Resolved {
    /// None where no output has that value.
    fn byte(self, value: f64) -> Option<u8> {
        let level = (value / self.scale).round() as i64 + self.zero;
        match self.dtype {
            DType::I8 => i8::try_from(level).ok().map(|level| level as u8),
            _ => u8::try_from(level).ok(),
        }
    }
}

/// What the network takes of what the image is sent.
fn converted(bytes: &[u8], element: Element, dtype: DType) -> Vec<u8> {
    let flip = if (element, dtype) == (Element::Uint8, DType::I8) { 0x80 } else { 0 };
    bytes.iter().map(|byte| byte ^ flip).collect()
}

fn difference(index: usize, said: &[f64], found: Option<&[u8]>, expected: &[u8]) -> Option<String> {
    if said.len() != expected.len() {
        return Some(format!("input {index}: {} results, and the network has {} outputs", said.len(), expected.len()));
    }
    let Some(found) = found else {
        return Some(format!("input {index}: a result that is no value of the network's output: {said:?}"));
    };
    let differing = found.iter().zip(expected).filter(|(a, b)| a != b).count();
    let at = found.iter().zip(expected).position(|(a, b)| a != b)?;
    Some(format!(
        "input {index}: {differing} of {} outputs differ, the first is output {at}: {} ({:#04x}), not {:#04x}",
        expected.len(),
        said[at],
        found[at],
        expected[at]
    ))
}

fn window(window: &crate::measure::mlperf::Window) -> Window {
    Window { inferences: window.inferences, microseconds: window.microseconds }
}

/// Energy of one inference: the mean power of inferences, for as long as one takes.
fn energy(board: &Board, timing: &Latency, activity: Option<&Activity>) -> Energy {
    match microjoules(board, timing.clock_hz(), activity) {
        Ok(energy) => {
            let cycles = activity.map_or(1, |activity| activity.cycles.max(1));
            Energy::Microjoules(energy / cycles as f64 * timing.median_cycles())
        }
        Err(reason) => Energy::Missing(reason),
    }
}

/// Cycles of one inference in each window.
fn latency(timed: &Timed, clock_hz: u64) -> Result<Latency, ImageFailure> {
    let cycles = timed.windows.iter().map(|window| {
        let each = window.microseconds as f64 / window.inferences.max(1) as f64;
        (each * clock_hz as f64 / 1e6).round() as u64
    });
    Latency::new(cycles.collect(), clock_hz, Vec::new()).map_err(|e| ImageFailure::Latency(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Quantization;

    fn output(scale: f32, dtype: DType) -> Tensor {
        let quant = Some(Quantization { scale: vec![scale], zero_point: vec![-128], axis: 0 });
        Tensor { name: "o".into(), shape: vec![1, 3], dtype, quant, data: None }
    }

    #[test]
    fn three_decimals_give_every_output_of_a_softmax_back() {
        let step = resolved(&output(1.0 / 256.0, DType::I8)).expect("told apart");
        for level in i8::MIN..=i8::MAX {
            let value = f64::from(i32::from(level) + 128) / 256.0;
            let printed: f64 = format!("{value:.3}").parse().expect("a number");
            assert_eq!(step.byte(printed), Some(level as u8), "{level}");
        }
        assert_eq!(step.byte(1.001), None);
        assert!(resolved(&output(0.001, DType::I8)).is_none() && resolved(&output(0.1, DType::F32)).is_none());
    }

    #[test]
    fn pixels_are_moved_to_signed() {
        assert_eq!(converted(&[0, 128, 255], Element::Uint8, DType::I8), [0x80, 0, 0x7f]);
        assert_eq!(converted(&[0, 128], Element::Int8, DType::I8), [0, 128]);
    }

    #[test]
    fn a_difference_is_named() {
        assert_eq!(difference(0, &[0.5], Some(&[1]), &[1]), None);
        let text = difference(2, &[0.5, 0.25], Some(&[1, 2]), &[1, 3]).expect("a difference");
        assert_eq!(text, "input 2: 1 of 2 outputs differ, the first is output 1: 0.25 (0x02), not 0x03");
        assert!(difference(0, &[0.5], Some(&[1]), &[1, 2]).expect("one").contains("1 results, and the network has 2"));
    }
}
