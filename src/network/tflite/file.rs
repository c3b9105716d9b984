//! Writes the tables of a `.tflite` file. Numbers of fields, operators and options are those of TFLite's schema
//! (version 3).
//!
//! [`super::export`] writes what the graph has; with this any operator can be written.

use flatbuffers::{FlatBufferBuilder, Push, PushAlignment, TableFinishedWIPOffset, WIPOffset};

use super::codes;
use crate::network::{DType, Quantization, Tensor};

/// An operator as the file has it; operands are indices of tensors.
#[derive(Debug, Clone)]
pub struct FileOp {
    /// Builtin operator.
    pub code: i32,
    pub version: i32,
    pub options: Options,
    /// None is an operand that is left out.
    pub inputs: Vec<Option<usize>>,
    pub output: usize,
}

/// A table of options: its number in the union, and its fields.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// 0 where there is no table.
    pub number: u8,
    /// By the number of the field.
    pub fields: Vec<(u16, Field)>,
}

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    Byte(i8),
    Int(i32),
    Float(f32),
}

/// What a file holds: one graph.
#[derive(Debug, Clone)]
pub struct File<'a> {
    pub name: &'a str,
    pub tensors: Vec<Tensor>,
    pub ops: Vec<FileOp>,
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
}

type Table = WIPOffset<TableFinishedWIPOffset>;
type Builder<'a> = FlatBufferBuilder<'a>;

/// Slot of a field by its number.
const fn slot(field: u16) -> u16 {
    4 + 2 * field
}

/// The bytes of a file.
pub fn write(file: &File) -> Vec<u8> {
    let mut b = Builder::new();
    let mut codes: Vec<(i32, i32)> = file.ops.iter().map(|op| (op.code, op.version)).collect();
    codes.sort_unstable();
    codes.dedup();
    // The first buffer is the empty one of everything that is computed.
    let mut buffers = vec![buffer(&mut b, &[])];
    let mut tensors = Vec::with_capacity(file.tensors.len());
    for tensor in &file.tensors {
        let index = match &tensor.data {
            Some(data) => {
                buffers.push(buffer(&mut b, data));
                buffers.len() - 1
            }
            None => 0,
        };
        tensors.push(write_tensor(&mut b, tensor, index as u32));
    }
    let operators: Vec<Table> = file.ops.iter().map(|op| operator(&mut b, op, &codes)).collect();
    let graph = {
        let tensors = b.create_vector(&tensors);
        let inputs = ints(&mut b, &file.inputs);
        let outputs = ints(&mut b, &file.outputs);
        let operators = b.create_vector(&operators);
        let name = b.create_string(file.name);
        let start = b.start_table();
        b.push_slot_always(slot(0), tensors);
        b.push_slot_always(slot(1), inputs);
        b.push_slot_always(slot(2), outputs);
        b.push_slot_always(slot(3), operators);
        b.push_slot_always(slot(4), name);
        b.end_table(start)
    };
    let codes: Vec<Table> = codes.into_iter().map(|(code, version)| operator_code(&mut b, code, version)).collect();
    let codes = b.create_vector(&codes);
    let graphs = b.create_vector(&[graph]);
    let description = b.create_string("hil");
    let buffers = b.create_vector(&buffers);
    let start = b.start_table();
    b.push_slot_always(slot(0), 3u32);
    b.push_slot_always(slot(1), codes);
    b.push_slot_always(slot(2), graphs);
    b.push_slot_always(slot(3), description);
    b.push_slot_always(slot(4), buffers);
    let model = b.end_table(start);
    b.finish(model, Some("TFL3"));
    b.finished_data().to_vec()
}

fn operator_code(b: &mut Builder, code: i32, version: i32) -> Table {
    let start = b.start_table();
    // Older readers know the first field alone; it ends at 127.
    b.push_slot_always(slot(0), code.min(127) as i8);
    b.push_slot_always(slot(2), version);
    b.push_slot_always(slot(3), code);
    b.end_table(start)
}

fn operator(b: &mut Builder, op: &FileOp, codes: &[(i32, i32)]) -> Table {
    let code = codes.iter().position(|code| *code == (op.code, op.version)).unwrap_or(0);
    let inputs: Vec<i32> = op.inputs.iter().map(|index| index.map_or(-1, |index| index as i32)).collect();
    let inputs = b.create_vector(&inputs);
    let outputs = ints(b, &[op.output]);
    let options = (op.options.number != codes::NO_OPTIONS).then(|| {
        let start = b.start_table();
        for (field, value) in &op.options.fields {
            match *value {
                Field::Byte(v) => b.push_slot_always(slot(*field), v),
                Field::Int(v) => b.push_slot_always(slot(*field), v),
                Field::Float(v) => b.push_slot_always(slot(*field), v),
            }
        }
        b.end_table(start)
    });
    let start = b.start_table();
    b.push_slot_always(slot(0), code as u32);
    b.push_slot_always(slot(1), inputs);
    b.push_slot_always(slot(2), outputs);
    if let Some(options) = options {
        b.push_slot_always(slot(3), op.options.number);
        b.push_slot_always(slot(4), options);
    }
    b.end_table(start)
}

fn write_tensor(b: &mut Builder, tensor: &Tensor, buffer: u32) -> Table {
    let shape = ints(b, &tensor.shape);
    let name = b.create_string(&tensor.name);
    let quantization = tensor.quant.as_ref().map(|quant| write_quantization(b, quant));
    let start = b.start_table();
    b.push_slot_always(slot(0), shape);
    b.push_slot_always(slot(1), type_code(tensor.dtype));
    b.push_slot_always(slot(2), buffer);
    b.push_slot_always(slot(3), name);
    if let Some(quantization) = quantization {
        b.push_slot_always(slot(4), quantization);
    }
    // Without it a scalar's empty shape would mean an unknown rank.
    b.push_slot_always(slot(8), true);
    b.end_table(start)
}

fn type_code(dtype: DType) -> i8 {
    match dtype {
        DType::F32 => 0,
        DType::I32 => 2,
        DType::U8 => 3,
        DType::I8 => 9,
    }
}

fn write_quantization(b: &mut Builder, quant: &Quantization) -> Table {
    let scale = b.create_vector(&quant.scale);
    let zeros: Vec<i64> = quant.zero_point.iter().map(|zero| i64::from(*zero)).collect();
    let zeros = b.create_vector(&zeros);
    let start = b.start_table();
    b.push_slot_always(slot(2), scale);
    b.push_slot_always(slot(3), zeros);
    b.push_slot_always(slot(6), quant.axis as i32);
    b.end_table(start)
}

fn ints<'a>(b: &mut Builder<'a>, values: &[usize]) -> WIPOffset<flatbuffers::Vector<'a, i32>> {
    let values: Vec<i32> = values.iter().map(|v| *v as i32).collect();
    b.create_vector(&values)
}

/// Sixteen bytes that start at a multiple of 16: kernels read constants in place.
struct Block([u8; 16]);

impl Push for Block {
    type Output = Self;

    unsafe fn push(&self, dst: &mut [u8], _written: usize) {
        dst[..16].copy_from_slice(&self.0);
    }

    fn size() -> usize {
        16
    }

    fn alignment() -> PushAlignment {
        PushAlignment::new(16)
    }
}

fn buffer(b: &mut Builder, data: &[u8]) -> Table {
    let vector = (!data.is_empty()).then(|| {
        b.start_vector::<Block>(data.len().div_ceil(16));
        // A file is built from its end; what fills up the last block lies behind the data.
        for chunk in data.chunks(16).rev() {
            let mut block = Block([0; 16]);
            block.0[..chunk.len()].copy_from_slice(chunk);
            b.push(block);
        }
        b.end_vector::<u8>(data.len())
    });
    let start = b.start_table();
    if let Some(vector) = vector {
        b.push_slot_always(slot(0), vector);
    }
    b.end_table(start)
}
