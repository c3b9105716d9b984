//! Operators with windows or weights.

use super::{Lowering, Problem, ensure};
use crate::network::geometry;
use crate::network::{DType, Hw, OpKind, Pads, Tensor, Window};

impl Lowering<'_> {
    pub(super) fn conv(&mut self) -> Result<(), Problem> {
        self.int8()?;
        let (x, filter) = (self.x(), self.filter(4)?);
        let window = self.window(4, hw(filter))?;
        let channels = filter.shape[0];
        let groups = x.shape[3] / filter.shape[3];
        ensure(
            groups > 0 && groups * filter.shape[3] == x.shape[3] && channels % groups == 0,
            "filter and input channels do not fit",
        )?;
        let clamp = self.activation(3)?;
        self.with_bias(OpKind::Conv2d { window, clamp }, channels)
    }

    pub(super) fn depthwise(&mut self) -> Result<(), Problem> {
        self.int8()?;
        let (x, filter) = (self.x(), self.filter(4)?);
        let window = self.window(5, hw(filter))?;
        let channels = filter.shape[3];
        let multiplier = channels / x.shape[3];
        ensure(filter.shape[0] == 1 && multiplier * x.shape[3] == channels, "filter and input channels do not fit")?;
        let clamp = self.activation(4)?;
        self.with_bias(OpKind::DepthwiseConv2d { window, multiplier, clamp }, channels)
    }

    pub(super) fn dense(&mut self) -> Result<(), Problem> {
        self.int8()?;
        ensure(self.byte(1)? == 0, "shuffled weights are not supported")?;
        let (x, filter, out) = (self.x(), self.filter(2)?, self.out());
        let [channels, depth] = [filter.shape[0], filter.shape[1]];
        let rows = x.elements() / depth;
        ensure(rows * depth == x.elements() && out.elements() == rows * channels, "shapes do not fit")?;
        let clamp = self.activation(0)?;
        self.with_bias(OpKind::FullyConnected { clamp }, channels)
    }

    pub(super) fn pool(&mut self) -> Result<(), Problem> {
        self.int8()?;
        let side = |field| Ok::<_, Problem>(usize::try_from(self.int(field, 0)?).unwrap_or(0));
        let filter = Hw { h: side(4)?, w: side(3)? };
        ensure((1..=4096).contains(&filter.h) && (1..=4096).contains(&filter.w), "the filter size is out of range")?;
        let window = self.undilated(filter)?;
        let (x, out) = (self.x(), self.out());
        ensure(
            x.shape[3] == out.shape[3] && x.quant == out.quant,
            "input and output must agree in channels and scale",
        )?;
        let clamp = self.activation(5)?;
        let kind = if self.operator.code == super::AVERAGE_POOL_2D {
            OpKind::AveragePool2d { filter, window, clamp }
        } else {
            OpKind::MaxPool2d { filter, window, clamp }
        };
        self.push(kind, 1)
    }

    /// The filter: a quantised int8 constant of this rank, with a scale for all or one for each output channel.
    fn filter(&self, rank: usize) -> Result<&Tensor, Problem> {
        let filter = self.second()?;
        ensure(filter.shape.len() == rank, &format!("the filter must have {rank} dimensions"))?;
        let axis = if self.operator.code == super::DEPTHWISE_CONV_2D { 3 } else { 0 };
        let channels = filter.shape[axis];
        let scales = filter.quant.as_ref().map_or(0, |q| q.scale.len());
        ensure(
            filter.dtype == DType::I8 && filter.data.is_some() && (scales == 1 || scales == channels),
            "the filter must be a quantised int8 constant",
        )?;
        let centred = filter.quant.as_ref().is_some_and(|q| q.zero_point.iter().all(|zero| *zero == 0));
        // The reference subtracts a dense filter's zero point where there is one for all.
        ensure(centred || (rank == 2 && scales == 1), "filter zero points must be 0")?;
        Ok(filter)
    }

    /// Adds the operator with its bias, or one of zeros.
    fn with_bias(&mut self, kind: OpKind, channels: usize) -> Result<(), Problem> {
        let [Some(x), Some(filter)] = [self.id(0), self.id(1)] else {
            return Err(Problem::Text("it lacks an operand".into()));
        };
        let flattened = matches!(kind, OpKind::FullyConnected { .. });
        ensure(flattened || self.out().shape.last() == Some(&channels), "output channels differ from the filter's")?;
        let bias = match self.id(2) {
            Some(bias) => {
                let tensor = self.network.tensor(bias);
                ensure(
                    tensor.dtype == DType::I32 && tensor.data.is_some() && tensor.elements() == channels,
                    "the bias must be an int32 constant, one per channel",
                )?;
                bias
            }
            None => {
                self.spend(4 * channels)?;
                let name = format!("{}_zero_bias", self.network.tensor(filter).name);
                let data = Some(vec![0u8; 4 * channels].into());
                self.new_tensor(Tensor { name, shape: vec![channels], dtype: DType::I32, quant: None, data })
            }
        };
        self.push_op(kind, vec![x, filter, bias], self.operator.outputs[0]);
        Ok(())
    }

    /// The window of a convolution whose dilation stands in this field and the next.
    fn window(&self, dilation: usize, filter: Hw) -> Result<Window, Problem> {
        let (w, h) = (self.int(dilation, 1)?, self.int(dilation + 1, 1)?);
        self.resolve(filter, [h, w])
    }

    fn undilated(&self, filter: Hw) -> Result<Window, Problem> {
        self.resolve(filter, [1, 1])
    }

    fn resolve(&self, filter: Hw, [dh, dw]: [i32; 2]) -> Result<Window, Problem> {
        let (x, out) = (self.x(), self.out());
        let (padding, sw, sh) = (self.byte(0)?, self.int(1, 0)?, self.int(2, 0)?);
        ensure(
            x.shape.len() == 4 && out.shape.len() == 4 && x.shape[0] == out.shape[0],
            "input and output must be NHWC",
        )?;
        let sane = [sw, sh, dw, dh].iter().all(|v| (1..=4096).contains(v)) && filter.h <= 4096 && filter.w <= 4096;
        ensure(sane, "a stride, dilation or filter size is out of range")?;
        let axis = |size: usize, filter: usize, stride: i32, dilation: i32| {
            let (stride, dilation) = (stride as usize, dilation as usize);
            match padding {
                super::SAME => geometry::same(size, filter, stride, dilation),
                _ => (geometry::padded(size, filter, stride, dilation, 0), 0, 0),
            }
        };
        let (h, top, bottom) = axis(x.shape[1], filter.h, sh, dh);
        let (w, left, right) = axis(x.shape[2], filter.w, sw, dw);
        ensure(out.shape[1..3] == [h, w], "the output size does not follow from input, filter, stride and padding")?;
        let hw = |h: i32, w: i32| Hw { h: h as usize, w: w as usize };
        Ok(Window { stride: hw(sh, sw), dilation: hw(dh, dw), pads: Pads { top, bottom, left, right } })
    }
}

fn hw(filter: &Tensor) -> Hw {
    Hw { h: filter.shape[1], w: filter.shape[2] }
}
