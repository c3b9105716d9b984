//! The schema of a board file, and the boards that ship with the harness.

use serde::{Deserialize, Serialize};

use super::power::Power;

/// Processor core, as the compiler's `-mcpu` and `-mfpu` know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Core {
    /// Armv7E-M with FPv4-SP.
    CortexM4f,
    /// Armv7E-M with FPv5, double precision as [`Board::double_fpu`] says.
    CortexM7f,
    /// Armv8-M Mainline with DSP extension and FPv5-SP, without Security Extension or with TrustZone disabled.
    CortexM33f,
}

/// What a memory region is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionKind {
    Flash,
    Sram,
    Dtcm,
    Itcm,
}

/// A contiguous memory region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    pub name: String,
    pub kind: RegionKind,
    /// Address as linked.
    pub origin: u32,
    /// Bytes.
    pub size: u32,
    /// Other addresses at which the same bytes appear.
    #[serde(default)]
    pub aliases: Vec<u32>,
}

/// The clock that inference runs at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Core clock, Hz.
    pub hz: u32,
    /// Oscillator that feeds the PLL, Hz.
    pub source_hz: u32,
    /// PLL input divider M.
    pub pll_m: u32,
    /// PLL multiplier N.
    pub pll_n: u32,
    /// PLL output divider (R on L4+, P on F7).
    pub pll_div: u32,
    /// Divider from the core clock to AXI and AHB, which flash counts its wait states by.
    #[serde(default = "whole")]
    pub ahb_div: u32,
    /// Divider from the core clock to APB1.
    pub apb1_div: u32,
    /// Divider from the core clock to APB2.
    pub apb2_div: u32,
    /// Flash wait states at this clock.
    pub flash_wait_states: u32,
}

/// 1, the divider of what is not divided.
fn whole() -> u32 {
    1
}

/// How the board is wired to supply the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supply {
    /// The linear regulator of the part.
    Ldo,
    /// The step-down converter of the part, without the regulator.
    DirectSmps,
}

/// What feeds the clock inputs of the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oscillators {
    /// Crystal or clock at the high-speed input, Hz; 0 where nothing is connected.
    pub hse_hz: u32,
    /// Whether that is a clock, which bypasses the oscillator.
    #[serde(default)]
    pub hse_bypass: bool,
    /// Crystal at the low-speed input, Hz; 0 where nothing is connected.
    pub lse_hz: u32,
}

/// Capacity and shape of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Bytes.
    pub size: u32,
    /// Lines that an address can be in.
    pub ways: u32,
    /// Bytes of a line.
    pub line: u32,
}

/// What the manufacturer chose when the core was built in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Interrupt lines, 1 to 240.
    pub interrupts: u16,
    /// Implemented bits of an interrupt priority, 3 to 8.
    pub priority_bits: u8,
    /// Regions of the memory protection unit; 0 where there is none.
    pub mpu_regions: u8,
    /// L1 caches of the core.
    #[serde(default)]
    pub instruction_cache: Option<Cache>,
    #[serde(default)]
    pub data_cache: Option<Cache>,
    /// How long those caches wait for a line.
    #[serde(default)]
    pub line_fill: LineFill,
}

/// Cycles that the buses take to bring a line into a cache of the core: as many as beats, without the memory's wait states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineFill {
    pub flash: u32,
    pub ram: u32,
}

impl Default for LineFill {
    /// 32 bytes over AXI, 64 bits wide.
    fn default() -> Self {
        Self { flash: 4, ram: 4 }
    }
}

/// What stands between flash and the buses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlashInterface {
    /// Bytes of one read of the array.
    pub line: u32,
    /// Buffers of the interface, not of the core.
    #[serde(default)]
    pub instruction_cache: Option<Cache>,
    #[serde(default)]
    pub data_cache: Option<Cache>,
    /// Whether the instruction cache serves data too.
    #[serde(default)]
    pub unified: bool,
    /// Cycles that a read takes on its way through cache and buses, beyond the wait states.
    #[serde(default)]
    pub fill: u32,
    /// Whether the next line can be read ahead.
    pub prefetch: bool,
}

/// A pin and its alternate function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Port letter.
    pub port: char,
    pub number: u8,
    pub alternate: u8,
}

/// A pin that marks moments: it falls where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// Port letter.
    pub port: char,
    pub number: u8,
}

/// The serial console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// `LPUART1`, `USART1`, …
    pub peripheral: String,
    pub tx: Pin,
    pub rx: Pin,
    pub baud: u32,
}

/// How far predictions were from published measurements, in percent of what was published.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// Of the absolute errors.
    pub median: f64,
    pub worst: f64,
    /// Number of measurements compared.
    pub rows: u32,
}

/// What emulated latency is worth: what `hil validate` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    pub latency: Errors,
    /// What was compared.
    pub against: String,
}

impl std::fmt::Display for Validation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Errors { median, worst, rows } = self.latency;
        write!(f, "{median:.1} % median, {worst:.1} % worst over {rows} of {}", self.against)
    }
}

/// What a debug probe finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The part by its name in probe-rs, which chooses memory map and flash algorithm.
    pub chip: String,
    /// Number of the device: the low twelve bits of DBGMCU_IDCODE.
    pub idcode: u32,
    /// Address of DBGMCU_IDCODE.
    pub dbgmcu: u32,
}

/// A board type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    pub name: String,
    pub description: String,
    /// Exists for the project's own tests; not offered to users.
    #[serde(default)]
    pub test: bool,
    /// Family whose start-up code and register map apply, such as `stm32l4plus` or `stm32f7`.
    pub family: String,
    pub soc: String,
    pub core: Core,
    /// Whether the FPU computes in double precision.
    #[serde(default)]
    pub double_fpu: bool,
    pub processor: Processor,
    pub flash: FlashInterface,
    pub oscillators: Oscillators,
    /// Where software has to choose it.
    #[serde(default)]
    pub supply: Option<Supply>,
    pub clock: Clock,
    /// Linked memory; SRAM regions that touch may be used as one.
    pub memory: Vec<Region>,
    pub console: Console,
    /// None where no pin is free for it; then no instrument can find windows by edges.
    #[serde(default)]
    pub marker: Option<Marker>,
    /// None where no debug probe reaches the part.
    #[serde(default)]
    pub probe: Option<Probe>,
    /// None where nobody has compared this board with the emulator.
    #[serde(default)]
    pub validation: Option<Validation>,
    /// None where no measurement supports a figure.
    #[serde(default)]
    pub power: Option<Power>,
    /// Where the facts come from.
    pub sources: Vec<String>,
}

/// Why a board cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    #[error("unknown board `{name}`{hint}; known boards: {known}", known = names().join(", "))]
    Unknown { name: String, hint: String },
    #[error("{file}: {message}")]
    Invalid { file: String, message: String },
}

const SHIPPED: &[(&str, &str)] = &[
    ("nucleo-l4r5zi", include_str!("../../boards/nucleo-l4r5zi.yaml")),
    ("stm32f746g-disco", include_str!("../../boards/stm32f746g-disco.yaml")),
    ("nucleo-f767zi", include_str!("../../boards/nucleo-f767zi.yaml")),
    ("nucleo-h7a3zi-q", include_str!("../../boards/nucleo-h7a3zi-q.yaml")),
    ("nucleo-h743zi", include_str!("../../boards/nucleo-h743zi.yaml")),
    ("stm32f412g-disco", include_str!("../../boards/stm32f412g-disco.yaml")),
    ("nucleo-u575zi-q", include_str!("../../boards/nucleo-u575zi-q.yaml")),
];

/// Boards of the project's own tests; they are found by name and not listed.
const TEST: &[(&str, &str)] = &[
    ("mps2-an386", include_str!("../../boards/mps2-an386.yaml")),
    ("mps2-an500", include_str!("../../boards/mps2-an500.yaml")),
    ("mps2-an505", include_str!("../../boards/mps2-an505.yaml")),
];

/// Names of the boards that ship with the harness.
pub fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

/// Names of the boards that only tests use.
pub fn test_names() -> Vec<&'static str> {
    TEST.iter().map(|(name, _)| *name).collect()
}

impl Board {
    /// A shipped board by name; the error offers the nearest name.
    pub fn shipped(name: &str) -> Result<Self, BoardError> {
        let Some((_, text)) = SHIPPED.iter().chain(TEST).find(|(known, _)| *known == name) else {
            let hint = names()
                .into_iter()
                .map(|known| (strsim::jaro_winkler(known, name), known))
                .filter(|(likeness, _)| *likeness > 0.75)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map_or(String::new(), |(_, known)| format!(" (did you mean `{known}`?)"));
            return Err(BoardError::Unknown { name: name.into(), hint });
        };
        Self::parse(&format!("boards/{name}.yaml"), text)
    }

    /// Reads a board from YAML text; `file` is named in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, BoardError> {
        let board: Self = serde_yaml::from_str(text)
            .map_err(|e| BoardError::Invalid { file: file.into(), message: e.to_string() })?;
        board.check().map_err(|message| BoardError::Invalid { file: file.into(), message })?;
        Ok(board)
    }

    fn check(&self) -> Result<(), String> {
        let clock = &self.clock;
        let dividers = [clock.pll_m, clock.pll_div, clock.ahb_div, clock.apb1_div, clock.apb2_div];
        if dividers.contains(&0) {
            return Err("clock: a divider is 0; dividers start at 1".into());
        }
        if clock.apb1_div % clock.ahb_div != 0 || clock.apb2_div % clock.ahb_div != 0 {
            return Err(
                "clock: apb1_div and apb2_div count from the core, so that they are multiples of ahb_div".into()
            );
        }
        let pll =
            u64::from(clock.source_hz) * u64::from(clock.pll_n) / u64::from(clock.pll_m) / u64::from(clock.pll_div);
        if pll != u64::from(clock.hz) {
            return Err(format!("clock: hz is {} but the PLL settings give {pll}", clock.hz));
        }
        let processor = &self.processor;
        if !(1..=240).contains(&processor.interrupts) {
            return Err(format!("processor: interrupts is {}; a core has 1 to 240", processor.interrupts));
        }
        if !(3..=8).contains(&processor.priority_bits) {
            return Err(format!("processor: priority_bits is {}; a core has 3 to 8", processor.priority_bits));
        }
        let caches = [
            ("processor: instruction_cache", processor.instruction_cache),
            ("processor: data_cache", processor.data_cache),
            ("flash: instruction_cache", self.flash.instruction_cache),
            ("flash: data_cache", self.flash.data_cache),
        ];
        for (place, cache) in caches.iter().filter_map(|(place, cache)| cache.map(|cache| (place, cache))) {
            let way = cache.ways.checked_mul(cache.line).filter(|way| *way > 0);
            if way.is_none_or(|way| cache.size == 0 || cache.size % way != 0) {
                return Err(format!("{place}: size is no multiple of ways times line"));
            }
        }
        if !self.flash.line.is_power_of_two() {
            return Err(format!("flash: line is {}; it must be a power of two", self.flash.line));
        }
        let errors = [
            ("validation: latency", self.validation.as_ref().map(|v| v.latency)),
            ("power: errors", self.power.as_ref().map(|p| p.errors)),
        ];
        for (place, errors) in errors.iter().filter_map(|(place, errors)| errors.map(|errors| (place, errors))) {
            let orderly = errors.median >= 0.0 && errors.worst >= errors.median && errors.rows > 0;
            if !orderly {
                return Err(format!("{place}: an error band has rows, and its worst is no less than its median"));
            }
        }
        self.power.as_ref().map_or(Ok(()), Power::check)?;
        if self.marker.is_some_and(|pin| !pin.port.is_ascii_uppercase() || pin.number > 15) {
            return Err("marker: a port is a capital letter, and its pins are numbered 0 to 15".into());
        }
        if self.probe.as_ref().is_some_and(|probe| probe.chip.is_empty() || probe.idcode > 0xFFF) {
            return Err("probe: chip is empty, or idcode has more than twelve bits".into());
        }
        for kind in [RegionKind::Flash, RegionKind::Sram] {
            if !self.memory.iter().any(|region| region.kind == kind) {
                return Err(format!("memory: there is no region of kind {kind:?}"));
            }
        }
        Ok(())
    }

    /// How far emulated latency and energy may be from silicon, in words.
    pub fn error_band(&self) -> String {
        let latency = match &self.validation {
            Some(validation) => {
                let own = validation.latency;
                let further = self.further().map_or(String::new(), |(name, errors)| {
                    format!("; the same core on {name}: {:.1} % worst over {}", errors.worst, errors.rows)
                });
                let (n, of) = (own.rows, own.rows + 1);
                format!("latency: {validation}{further}; another image is within the worst {n} times in {of} at best")
            }
            None => match self.kin() {
                Some((name, validation)) => {
                    format!("latency: unknown for {}; its core on {name}: {validation}", self.name)
                }
                None => "latency: unknown: no board with this core has been validated against silicon".into(),
            },
        };
        let Some(power) = &self.power else { return latency };
        let Errors { median, worst, rows } = power.errors;
        let (volts, conditions) = (power.volts, &power.conditions);
        let both = self.validation.as_ref().map_or(String::new(), |validation| {
            format!(", with latency's {:.1} % worst", worst + validation.latency.worst)
        });
        format!(
            "{latency}; energy at {volts} V, {conditions}: power {median:.1} % median, {worst:.1} % worst over {rows} \
             measurements left out of its fit{both}"
        )
    }

    /// Of the other shipped boards with this core, the one that is further off than this one, if any is.
    fn further(&self) -> Option<(String, Errors)> {
        let own = self.validation.as_ref()?.latency.worst;
        self.others()
            .filter_map(|board| Some((board.name, board.validation?.latency)))
            .filter(|(_, errors)| errors.worst > own)
            .max_by(|a, b| a.1.worst.total_cmp(&b.1.worst))
    }

    /// The other shipped boards with this core.
    fn others(&self) -> impl Iterator<Item = Self> + '_ {
        SHIPPED
            .iter()
            .filter(|(name, _)| *name != self.name)
            .filter_map(|(name, text)| Self::parse(name, text).ok())
            .filter(|board| board.core == self.core)
    }

    /// Another shipped board with this core that has been validated.
    fn kin(&self) -> Option<(String, Validation)> {
        self.others().find_map(|board| board.validation.map(|validation| (board.name, validation)))
    }

    /// Bytes of flash.
    pub fn flash_bytes(&self) -> u32 {
        self.memory.iter().filter(|r| r.kind == RegionKind::Flash).map(|r| r.size).sum()
    }

    /// Origin and bytes of the longest run of adjoining data memory (SRAM and DTCM).
    pub fn ram(&self) -> (u32, u32) {
        let mut regions: Vec<_> = self
            .memory
            .iter()
            .filter(|r| matches!(r.kind, RegionKind::Sram | RegionKind::Dtcm))
            .map(|r| (r.origin, r.size))
            .collect();
        regions.sort_unstable();
        let mut best = (0, 0);
        let mut run = (0u32, 0u32);
        for (origin, size) in regions {
            run = if run.0.wrapping_add(run.1) == origin { (run.0, run.1 + size) } else { (origin, size) };
            if run.1 > best.1 {
                best = run;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_boards_parse_and_have_the_documented_memory() {
        let ram = |name| Board::shipped(name).expect(name).ram();
        assert_eq!(ram("nucleo-l4r5zi"), (0x2000_0000, 640 * 1024));
        assert_eq!(ram("stm32f746g-disco"), (0x2000_0000, 320 * 1024));
        assert_eq!(ram("nucleo-f767zi"), (0x2000_0000, 512 * 1024));
        assert_eq!(ram("nucleo-h7a3zi-q"), (0x2400_0000, 1024 * 1024));
        assert_eq!(ram("nucleo-h743zi"), (0x2400_0000, 512 * 1024));
        assert_eq!(ram("stm32f412g-disco"), (0x2000_0000, 256 * 1024));
        assert_eq!(ram("nucleo-u575zi-q"), (0x2000_0000, 768 * 1024));
    }

    #[test]
    fn boards_of_tests_are_found_and_marked() {
        for name in names() {
            assert!(!Board::shipped(name).expect(name).test, "{name}");
        }
        for name in test_names() {
            assert!(Board::shipped(name).expect(name).test, "{name}");
            assert!(!names().contains(&name));
        }
    }

    #[test]
    fn a_cache_that_no_geometry_gives_is_refused() {
        let text = include_str!("../../boards/stm32f746g-disco.yaml").replace("ways: 4", "ways: 3");
        let message = Board::parse("b.yaml", &text).unwrap_err().to_string();
        assert!(message.contains("processor: data_cache"), "{message}");
    }

    #[test]
    fn an_error_band_says_what_it_rests_on() {
        let board = Board::shipped("nucleo-l4r5zi").expect("a board");
        let band = board.error_band();
        assert!(band.contains("MLPerf Tiny") && band.contains("energy at 1.8 V"), "{band}");
        let better = Board::shipped("stm32f746g-disco").expect("a board").error_band();
        assert!(better.contains("the same core on nucleo-h7a3zi-q: 4.6 % worst over 4"), "{better}");
        assert!(better.contains("4 times in 5") && !better.contains("energy"), "{better}");
        let other = Board { name: "other".into(), validation: None, power: None, ..board };
        let band = other.error_band();
        assert!(band.starts_with("latency: unknown for other; its core on nucleo-l4r5zi: "), "{band}");
        let text = include_str!("../../boards/nucleo-l4r5zi.yaml").replace("base_milliamps: ", "base_milliamps: -");
        let message = Board::parse("b.yaml", &text).unwrap_err().to_string();
        assert!(message.contains("base_milliamps"), "{message}");
    }

    #[test]
    fn a_misspelt_board_is_told_the_nearest() {
        let message = Board::shipped("nucleo-l4r5z").unwrap_err().to_string();
        assert!(message.contains("did you mean `nucleo-l4r5zi`?"), "{message}");
    }

    #[test]
    fn a_clock_that_the_pll_does_not_give_is_refused() {
        let text = include_str!("../../boards/nucleo-l4r5zi.yaml").replace("pll_n: 60", "pll_n: 61");
        let message = Board::parse("b.yaml", &text).unwrap_err().to_string();
        assert!(message.starts_with("b.yaml: clock: hz is 120000000"), "{message}");
    }

    #[test]
    fn an_unknown_key_names_file_and_line() {
        let text = include_str!("../../boards/nucleo-l4r5zi.yaml").replace("pll_n: 60", "pll_nn: 60");
        let message = Board::parse("b.yaml", &text).unwrap_err().to_string();
        assert!(message.contains("b.yaml") && message.contains("pll_nn") && message.contains("line"), "{message}");
    }
}
