//! One TFLite operator to the graph's operators, with every assumption of the reference kernels checked.

mod activate;
mod arithmetic;
mod rearrange;
mod shape;
mod transposed;
mod weighted;

use super::codes::*;
use super::reader::Table;
use super::{ImportError, codes};
use crate::network::derive::Activation;
use crate::network::{Binary, Clamp, DType, Network, Op, OpKind, Reduction, Tensor, TensorId, Unary};

/// A problem of this operator as text, or an error of the file.
enum Problem {
    Text(String),
    File(ImportError),
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        Problem::File(error)
    }
}

fn ensure(holds: bool, text: &str) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::Text(text.into())) }
}

/// An operator as it stands in the file.
pub(super) struct Operator<'a> {
    pub index: usize,
    /// Builtin operator.
    pub code: i32,
    /// Name of a custom operator.
    pub custom: String,
    pub options: Option<Table<'a>>,
    /// None for an operand that is left out.
    pub inputs: Vec<Option<TensorId>>,
    pub outputs: Vec<TensorId>,
}

/// Appends what `operator` computes to `network`. `budget` is what may still be allocated for constants, in bytes;
/// `broken` says what keeps a tensor from being used.
pub(super) fn lower(
    network: &mut Network,
    operator: &Operator,
    budget: &mut usize,
    broken: impl Fn(TensorId) -> Option<ImportError>,
) -> Result<(), ImportError> {
    let name = operator.outputs.first().map_or(String::new(), |id| network.tensor(*id).name.clone());
    let mut lowering = Lowering { network, operator, budget };
    lowering.run(broken).map_err(|problem| match problem {
        Problem::File(error) => error,
        Problem::Text(problem) => ImportError::Operator {
            index: operator.index,
            kind: if operator.code == CUSTOM {
                format!("CUSTOM `{}`", operator.custom)
            } else {
                codes::name(operator.code)
            },
            tensor: name,
            problem,
        },
    })
}

struct Lowering<'a> {
    network: &'a mut Network,
    operator: &'a Operator<'a>,
    budget: &'a mut usize,
}

impl Lowering<'_> {
    fn run(&mut self, broken: impl Fn(TensorId) -> Option<ImportError>) -> Result<(), Problem> {
        let Operator { code, inputs, outputs, .. } = self.operator;
        if !SUPPORTED.contains(code) && !self.shape_arithmetic() {
            return Err(Problem::Text(codes::unsupported()));
        }
        if let Some(error) = inputs.iter().flatten().chain(outputs).find_map(|id| broken(*id)) {
            return Err(Problem::File(error));
        }
        let splits = [SPLIT, SPLIT_V, UNPACK].contains(code) && !outputs.is_empty();
        ensure(outputs.len() == 1 || splits, "it must have one output")?;
        // A shape computed at run time is known here: RESHAPE takes it from its output.
        if self.shape_arithmetic() {
            return Ok(());
        }
        ensure(inputs.first().is_some_and(Option::is_some), "it has no input")?;
        match *code {
            CONV_2D => self.conv(),
            DEPTHWISE_CONV_2D => self.depthwise(),
            FULLY_CONNECTED => self.dense(),
            ADD => self.add(),
            SUB => self.binary(Binary::Subtract),
            MUL => self.binary(Binary::Multiply),
            MAXIMUM => self.binary(Binary::Maximum),
            MINIMUM => self.binary(Binary::Minimum),
            PRELU => self.binary(Binary::Prelu),
            SQUARED_DIFFERENCE => self.binary(Binary::SquaredDifference),
            AVERAGE_POOL_2D | MAX_POOL_2D => self.pool(),
            MEAN => self.mean(),
            SOFTMAX => self.softmax(),
            LOGISTIC => self.unary(Unary::Logistic),
            TANH => self.unary(Unary::Tanh),
            HARD_SWISH => self.unary(Unary::HardSwish),
            LEAKY_RELU => self.leaky_relu(),
            ABS => self.unary(Unary::Abs),
            ELU => self.unary(Unary::Elu),
            RSQRT => self.unary(Unary::Rsqrt),
            RELU => self.rectify(Activation::Relu),
            RELU_N1_TO_1 => self.rectify(Activation::ReluN1To1),
            RELU6 => self.rectify(Activation::Relu6),
            PAD | PADV2 => self.pad(),
            CONCATENATION => self.concat(),
            PACK => self.pack(),
            STRIDED_SLICE => self.strided_slice(),
            SLICE => self.slice(),
            SPLIT | SPLIT_V => self.split(),
            UNPACK => self.unpack(),
            TILE => self.tile(),
            GATHER => self.gather(),
            MIRROR_PAD => self.mirror(),
            DEPTH_TO_SPACE | SPACE_TO_DEPTH => self.blocks(),
            RESIZE_NEAREST_NEIGHBOR => self.nearest(),
            RESIZE_BILINEAR => self.bilinear(),
            TRANSPOSE_CONV => self.transpose_conv(),
            SUM => self.reduce(Reduction::Sum),
            REDUCE_MAX => self.reduce(Reduction::Maximum),
            REDUCE_MIN => self.reduce(Reduction::Minimum),
            RESHAPE | SQUEEZE | EXPAND_DIMS => self.reshape(),
            TRANSPOSE => self.transpose(),
            QUANTIZE => self.quantize(),
            DEQUANTIZE => self.dequantize(),
            _ => Err(Problem::Text(codes::unsupported())),
        }
    }

    /// Whether it computes with nothing but 32-bit integers: in an int8 network these are shapes.
    fn shape_arithmetic(&self) -> bool {
        let Operator { code, inputs, outputs, .. } = self.operator;
        let integers = |id: &TensorId| self.network.tensor(*id).dtype == DType::I32;
        !outputs.is_empty()
            && outputs.iter().all(integers)
            && (*code == SHAPE || (!inputs.is_empty() && inputs.iter().flatten().all(integers)))
    }

    fn id(&self, index: usize) -> Option<TensorId> {
        self.operator.inputs.get(index).copied().flatten()
    }

    /// The first operand; that there is one is checked.
    fn x(&self) -> &Tensor {
        self.network.tensor(self.id(0).unwrap_or(self.operator.outputs[0]))
    }

    fn second(&self) -> Result<&Tensor, Problem> {
        let id = self.id(1).ok_or_else(|| Problem::Text("it lacks an operand".into()))?;
        Ok(self.network.tensor(id))
    }

    fn out(&self) -> &Tensor {
        self.network.tensor(self.operator.outputs[0])
    }

    fn int(&self, field: usize, default: i32) -> Result<i32, Problem> {
        Ok(self.operator.options.map_or(Ok(default), |options| options.i32(field, default))?)
    }

    fn byte(&self, field: usize) -> Result<u8, Problem> {
        Ok(self.operator.options.map_or(Ok(0), |options| options.u8(field))?)
    }

    /// Input and output are int8 with one scale.
    fn int8(&self) -> Result<(), Problem> {
        let fits = |tensor: &Tensor| tensor.dtype == DType::I8 && per_tensor(tensor);
        ensure(fits(self.x()) && fits(self.out()), "input and output must be int8 with one scale")
    }

    /// Whether input and output are of one type, and quantised alike.
    fn same_scale(&self) -> bool {
        alike(self.x(), self.out())
    }

    /// The fused activation in this field, as a clamp.
    fn activation(&self, field: usize) -> Result<Clamp, Problem> {
        let code = self.byte(field)?;
        let activation = Activation::ALL.get(usize::from(code));
        let activation =
            activation.ok_or_else(|| Problem::Text(format!("fused activation {code} is not supported")))?;
        Ok(activation.clamp(self.out()))
    }

    /// Adds an operator that reads the first operands and writes the output.
    fn push(&mut self, kind: OpKind, operands: usize) -> Result<(), Problem> {
        let inputs: Vec<TensorId> = (0..operands).filter_map(|index| self.id(index)).collect();
        ensure(inputs.len() == operands, "it lacks an operand")?;
        self.push_op(kind, inputs, self.operator.outputs[0]);
        Ok(())
    }

    fn push_op(&mut self, kind: OpKind, inputs: Vec<TensorId>, output: TensorId) {
        self.network.ops.push(Op { kind, inputs, output, origin: self.operator.index });
    }

    /// Called before a constant of so many bytes is made: operators may share one, so that a small file could ask for
    /// any number of copies.
    fn spend(&mut self, bytes: usize) -> Result<(), Problem> {
        let left = self.budget.checked_sub(bytes);
        *self.budget = left.ok_or(ImportError::TooLarge { what: "constants that operators ask for" })?;
        Ok(())
    }

    /// Adds a tensor that the file does not have.
    fn new_tensor(&mut self, tensor: Tensor) -> TensorId {
        self.network.tensors.push(tensor);
        TensorId(self.network.tensors.len() - 1)
    }
}

/// Whether both are of one type, and quantised alike.
fn alike(a: &Tensor, b: &Tensor) -> bool {
    let scales = |tensor: &Tensor| tensor.quant.as_ref().map(|quant| (quant.scale.clone(), quant.zero_point.clone()));
    a.dtype == b.dtype && scales(a) == scales(b)
}

fn per_tensor(tensor: &Tensor) -> bool {
    tensor.quant.as_ref().is_some_and(|q| q.scale.len() == 1)
}

/// The values of a short list of integers: axes, paddings, permutations.
fn constant(tensor: &Tensor) -> Result<Vec<i32>, Problem> {
    let data = tensor.data.as_deref().filter(|_| tensor.dtype == DType::I32 && tensor.elements() <= 64);
    let data = data.ok_or_else(|| Problem::Text(format!("`{}` must be a short int32 constant", tensor.name)))?;
    Ok(data.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}
