//! Board and image in the words of the C templates: numbers and names, but no syntax.

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::error::BuildError;
use super::flags::has_l1_caches;
use super::layout::{Layout, Span};
use crate::board::{Board, Pin, Supply};

/// `board_config.h`.
#[derive(Serialize)]
pub(super) struct BoardView<'a> {
    name: &'a str,
    core_hz: u32,
    l1_caches: bool,
    source_hz: u32,
    hse_bypass: bool,
    smps: bool,
    pll_m: u32,
    pll_n: u32,
    pll_div: u32,
    ahb_div: u32,
    apb1_div: u32,
    apb2_div: u32,
    wait_states: u32,
    flash_origin: String,
    baud: u32,
    tx: PinView,
    rx: PinView,
    marker: Option<MarkerView>,
    /// The peripheral, in the prefix of its constants in `registers.h`.
    console: &'a str,
    float_input: bool,
}

#[derive(Serialize)]
struct PinView {
    /// 0 is port A.
    port: u32,
    number: u8,
    alternate: u8,
}

#[derive(Serialize)]
struct MarkerView {
    /// 0 is port A.
    port: u32,
    number: u8,
}

/// `image.c`.
#[derive(Serialize)]
pub(super) struct ImageView<'a> {
    pub(super) engine: String,
    pub(super) model: String,
    pub(super) board: &'a str,
    pub(super) input_buffered: bool,
    pub(super) unsigned_input: bool,
    pub(super) float_input: bool,
    /// Bytes of one input as the host sends it.
    pub(super) host_bytes: usize,
}

/// `image.ld`.
#[derive(Serialize)]
pub(super) struct LinkView<'a> {
    board: &'a str,
    flash: SpanView,
    ram: SpanView,
    itcm: Option<SpanView>,
    dtcm: Option<SpanView>,
    /// DTCM does not adjoin the rest of the data memory: the stack has it for itself.
    dtcm_apart: bool,
    stack_bytes: u32,
}

#[derive(Serialize)]
struct SpanView {
    origin: String,
    size: String,
}

fn address(value: u32) -> String {
    format!("0x{value:08x}")
}

impl From<Span> for SpanView {
    fn from(span: Span) -> Self {
        Self { origin: address(span.origin), size: address(span.size) }
    }
}

impl<'a> BoardView<'a> {
    pub(super) fn new(board: &'a Board, layout: &Layout, float_input: bool) -> Result<Self, BuildError> {
        let clock = &board.clock;
        Ok(Self {
            name: &board.name,
            core_hz: clock.hz,
            l1_caches: has_l1_caches(board.core),
            source_hz: clock.source_hz,
            hse_bypass: board.oscillators.hse_bypass,
            smps: board.supply == Some(Supply::DirectSmps),
            pll_m: clock.pll_m,
            pll_n: clock.pll_n,
            pll_div: clock.pll_div,
            ahb_div: clock.ahb_div,
            apb1_div: clock.apb1_div,
            apb2_div: clock.apb2_div,
            wait_states: clock.flash_wait_states,
            flash_origin: address(layout.flash.origin),
            baud: board.console.baud,
            tx: pin(board, &board.console.tx)?,
            rx: pin(board, &board.console.rx)?,
            marker: board.marker.map(|pin| MarkerView { port: port(pin.port), number: pin.number }),
            console: &board.console.peripheral,
            float_input,
        })
    }
}

fn pin(board: &Board, pin: &Pin) -> Result<PinView, BuildError> {
    let Pin { port, number, alternate } = *pin;
    if !port.is_ascii_uppercase() || number > 15 || alternate > 15 {
        let problem = format!("console: there is no pin P{port}{number} with alternate function {alternate}");
        return Err(BuildError::Board { board: board.name.clone(), problem });
    }
    Ok(PinView { port: self::port(port), number, alternate })
}

fn port(letter: char) -> u32 {
    u32::from(letter).saturating_sub(u32::from('A'))
}

impl<'a> LinkView<'a> {
    pub(super) fn new(board: &'a Board, layout: &Layout) -> Self {
        Self {
            board: &board.name,
            flash: layout.flash.into(),
            ram: layout.ram.into(),
            itcm: layout.itcm.map(SpanView::from),
            dtcm: layout.dtcm.map(SpanView::from),
            dtcm_apart: layout.dtcm.is_some_and(|dtcm| !layout.ram.holds(dtcm)),
            stack_bytes: layout.stack_bytes,
        }
    }
}

/// What could end a string or a comment in C is replaced.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect()
}

macro_rules! template {
    ($name:ident, $file:literal) => {
        pub(super) const $name: (&str, &str) = ($file, include_str!(concat!("../../firmware/templates/", $file)));
    };
}

template!(BOARD_CONFIG, "board_config.h.j2");
template!(IMAGE_C, "image.c.j2");
template!(IMAGE_LD, "image.ld.j2");
template!(PROJECT_HEADER, "project_header.h.j2");
template!(PROJECT_README, "project_readme.txt.j2");

pub(super) fn render(template: (&'static str, &str), view: impl Serialize) -> Result<String, BuildError> {
    let (name, text) = template;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment
        .render_named_str(name, text, view)
        .map_err(|e| BuildError::Internal(format!("template {name} does not render: {e}")))
}
