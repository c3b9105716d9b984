//! The engine `cmsis-nn`: outputs of images, scratch sizes against the library's own functions, refusals.

mod baseline_common;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use baseline_common::images::has_qemu;
use baseline_common::networks::{Builder, CLAMP};
use baseline_common::{check_outputs, compile, mixed, model, store};
use hil::engine::{CmsisNn, Engine, Kernel, Plan};
use hil::network::{Hw, Network, OpKind, Pads, TensorId, Window};

fn engine() -> CmsisNn {
    CmsisNn::new(store())
}

#[test]
fn outputs_are_those_of_the_interpreter() {
    check_outputs(&engine(), &mixed());
}

#[test]
fn outputs_of_models_are_those_of_the_interpreter() {
    for name in ["mlperf_tiny/kws_ref_model", "mlperf_tiny/ad01_int8", "mlperf_tiny/pretrainedResnet_quant"] {
        if let Some(network) = model(name) {
            check_outputs(&engine(), &network);
        }
    }
}

#[test]
fn pools_are_the_librarys() {
    let (mut b, x) = Builder::new(&[1, 7, 6, 5]);
    let window = |stride, top, right| Window {
        stride: Hw { h: stride, w: stride },
        dilation: Hw { h: 1, w: 1 },
        pads: Pads { top, bottom: 1, left: 0, right },
    };
    let filter = Hw { h: 3, w: 2 };
    let y = b.op(OpKind::MaxPool2d { filter, window: window(1, 1, 1), clamp: CLAMP }, &[x], &[1, 7, 6, 5]);
    let y = b.op(OpKind::AveragePool2d { filter, window: window(2, 1, 0), clamp: CLAMP }, &[y], &[1, 4, 3, 5]);
    let network = b.finish(&[y]);
    check_outputs(&engine(), &network);
    if let Some(compiled) = compile(&engine(), &network) {
        let text = &compiled.sources.iter().find(|s| s.path == "network.c").expect("a file").text;
        assert!(text.contains("arm_max_pool_s8(") && text.contains("arm_avgpool_s8("), "{text}");
    }
}

/// Convolutions of all shapes that decide about scratch memory.
fn shapes() -> Vec<Network> {
    let mut networks = vec![];
    for (channels, k, stride, dilation) in
        [(4, 1, 1, 1), (4, 1, 2, 1), (5, 1, 1, 2), (3, 3, 1, 1), (7, 5, 2, 1), (6, 3, 1, 2)]
    {
        for depthwise in [false, true] {
            let (mut b, x) = Builder::new(&[1, 12, 11, channels]);
            let y = match depthwise {
                true => b.depthwise(x, k, stride, false),
                false => b.conv(x, k, stride, 9, false),
            };
            let mut network = b.finish(&[y]);
            if let OpKind::Conv2d { window, .. } | OpKind::DepthwiseConv2d { window, .. } = &mut network.ops[0].kind {
                window.dilation = Hw { h: dilation, w: dilation };
            }
            let out = |size: usize| (size - (k - 1) * dilation - 1) / stride + 1;
            let TensorId(output) = y;
            network.tensors[output].shape[1..3].copy_from_slice(&[out(12), out(11)]);
            networks.push(network);
        }
    }
    networks.extend([padded([(0, 0), (1, 1), (1, 1), (0, 0)], 1), mixed()]);
    networks
}

fn padded(pads: [(usize, usize); 4], k: usize) -> Network {
    let (mut b, x) = Builder::new(&[1, 6, 5, 3]);
    let y = b.pad(x, pads);
    let y = b.conv(y, k, 1, 4, false);
    b.finish(&[y])
}

/// A PAD that the library cannot take over.
fn padded_depthwise() -> Network {
    let (mut b, x) = Builder::new(&[1, 5, 4, 7]);
    let y = b.pad(x, [(0, 0), (1, 0), (0, 2), (0, 0)]);
    let y = b.depthwise(y, 3, 1, false);
    b.finish(&[y])
}

#[test]
fn padding_that_the_library_cannot_take_stays_an_operator() {
    for network in [padded_depthwise(), padded([(0, 0), (0, 1), (0, 1), (0, 0)], 1)] {
        assert_eq!(engine().plan(&network).expect("a plan").steps.len(), 2);
        check_outputs(&engine(), &network);
    }
    let folded = engine().plan(&padded([(0, 0), (1, 2), (0, 2), (0, 0)], 3)).expect("a plan");
    assert_eq!(folded.steps.len(), 1);
}

/// Calls of the library's functions that say how much scratch memory the steps of `plan` need.
fn calls(network: &Network, plan: &Plan, text: &mut String) -> Vec<usize> {
    let mut ours = vec![];
    for step in &plan.steps {
        let op = &network.ops[step.op];
        let shape = |id: TensorId| {
            let s = &network.tensor(id).shape;
            format!("&(cmsis_nn_dims){{ {}, {}, {}, {} }}", s[0], s[1], s[2], s[3])
        };
        let call = match &step.kernel {
            Kernel::Conv1x1(kernel) | Kernel::Conv(kernel) => {
                let Window { stride, dilation, pads } = kernel.window;
                format!(
                    "arm_convolve_wrapper_s8_get_buffer_size(&(cmsis_nn_conv_params){{ .stride = {{ {}, {} }}, \
                     .padding = {{ {}, {} }}, .dilation = {{ {}, {} }} }}, {}, {}, {})",
                    stride.w,
                    stride.h,
                    pads.left,
                    pads.top,
                    dilation.w,
                    dilation.h,
                    shape(op.inputs[0]),
                    shape(op.inputs[1]),
                    shape(op.output)
                )
            }
            Kernel::Depthwise(kernel) => {
                let dilation = kernel.window.dilation;
                format!(
                    "arm_depthwise_conv_wrapper_s8_get_buffer_size(&(cmsis_nn_dw_conv_params){{ \
                     .dilation = {{ {}, {} }} }}, {}, {}, {})",
                    dilation.w,
                    dilation.h,
                    shape(op.inputs[0]),
                    shape(op.inputs[1]),
                    shape(op.output)
                )
            }
            Kernel::AveragePool(_) => {
                let channels = network.tensor(op.inputs[0]).shape[3];
                format!("arm_avgpool_s8_get_buffer_size({}, {channels})", network.tensor(op.output).shape[2])
            }
            Kernel::FullyConnected(dense) => {
                format!("arm_fully_connected_s8_get_buffer_size(&(cmsis_nn_dims){{ .n = {} }})", dense.depth)
            }
            _ => continue,
        };
        writeln!(text, "    say({call});").expect("text");
        ours.push(step.scratch_bytes);
    }
    ours
}

const PROGRAM: &str = r#"
#include "cmsis_nn/arm_nnfunctions.h"
__attribute__((section(".vectors"), used)) static const unsigned vectors[2] = { 0x20010000u, 0 };
static void call(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}
static void say(int size)
{
    char text[12];
    int at = 11;
    text[at] = 0;
    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + (size % 10));
        size /= 10;
    } while (size > 0);
    call(4, &text[at]);
}
void start(void);
void start(void)
{
"#;
const END: &str = "    static const unsigned done[2] = { 0x20026, 0 };\n    call(0x20, done);\n}\n";
/// Code at 0, its entry in the vector table by `--defsym`.
const SCRIPT: &str = "SECTIONS { . = 0; .v : { LONG(0x20010000) LONG(start + 1) } .text : { *(.text* .rodata*) } \
                      /DISCARD/ : { *(.vectors .ARM.* .comment) } }\nENTRY(start)\n";

#[test]
fn scratch_sizes_are_the_librarys() {
    let networks: Vec<Network> = ["mlperf_tiny/vww_96_int8", "mcunet/mcunet-10fps_vww"]
        .iter()
        .filter_map(|name| model(name))
        .chain(shapes())
        .collect();
    let Some(compiled) = compile(&engine(), &mixed()) else { return };
    if !has_qemu() {
        return;
    }
    let (mut text, mut ours) = (PROGRAM.to_string(), vec![]);
    for network in &networks {
        let folded = hil::engine::passes::fold_pads(network);
        let network =
            if folded.ops.len() == engine().plan(network).map_or(0, |p| p.steps.len()) { &folded } else { network };
        let plan = engine().plan(network).unwrap_or_else(|e| panic!("{}: {e}", network.name));
        ours.extend(calls(network, &plan, &mut text));
    }
    text.push_str(END);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cmsis_nn_sizes");
    for source in compiled.sources.iter().filter(|source| source.path.starts_with("cmsis_nn/")) {
        let path = folder.join(&source.path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, &source.text).expect("written");
    }
    std::fs::write(folder.join("main.c"), text).expect("written");
    std::fs::write(folder.join("script.ld"), SCRIPT).expect("written");
    let sources =
        compiled.sources.iter().map(|s| s.path.as_str()).filter(|p| p.starts_with("cmsis_nn/") && p.ends_with(".c"));
    let status = Command::new("arm-none-eabi-gcc")
        .current_dir(&folder)
        .args(["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O1", "-ffunction-sections"])
        .args([
            "-Wl,--gc-sections",
            "-nostartfiles",
            "-nostdlib",
            "-T",
            "script.ld",
            "-I.",
            "main.c",
            "-o",
            "sizes.elf",
        ])
        .args(sources)
        .args(["-lc", "-lgcc"])
        .status();
    if !status.expect("the cross compiler starts").success() {
        panic!("the cross compiler fails");
    }
    let output = Command::new("qemu-system-arm")
        .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(folder.join("sizes.elf"))
        .output()
        .expect("QEMU starts");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let theirs: Vec<usize> = said.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    assert!(ours.iter().any(|bytes| *bytes > 0));
    assert_eq!(ours, theirs);
}

#[test]
fn what_the_library_lacks_is_refused_by_name() {
    let refused = |network: &Network| engine().plan(network).unwrap_err().to_string();

    let late = refused(&hil::engine::passes::fold_pads(&padded([(0, 0), (0, 1), (0, 0), (0, 0)], 1)));
    assert!(late.starts_with("operator 1 (conv2d), tensor `t4`: CMSIS-NN 4.0.0 overlooks the padding"), "{late}");
    let wide = refused(&hil::engine::passes::fold_pads(&padded_depthwise()));
    assert!(wide.contains("(depthwise), tensor `t4`: CMSIS-NN 4.0.0 reads beyond rows"), "{wide}");

    let (mut b, x) = Builder::new(&[1, 4, 4, 4]);
    let y = b.conv(x, 1, 1, 4, true);
    let mut grouped = b.finish(&[y]);
    let TensorId(filter) = grouped.ops[0].inputs[1];
    grouped.tensors[filter].shape = vec![4, 1, 1, 2];
    grouped.tensors[filter].data = Some(vec![1; 8].into());
    assert!(refused(&grouped).contains("(conv2d), tensor `t3`: CMSIS-NN 4.0.0 has no grouped convolution"));

    let (mut b, x) = Builder::new(&[1, 6]);
    let y = b.dense(x, 3);
    let dense = b.finish(&[y]);
    let TensorId(filter) = dense.ops[0].inputs[1];
    let mut shifted = dense.clone();
    shifted.tensors[filter].quant.as_mut().expect("a scale").zero_point = vec![-7];
    assert!(refused(&shifted).contains("zero point 0 only"));
    let mut scaled = dense;
    let quant = scaled.tensors[filter].quant.as_mut().expect("a scale");
    (quant.scale, quant.zero_point) = (vec![0.01, 0.02, 0.03], vec![0; 3]);
    assert!(refused(&scaled).contains("one scale only"));
}
