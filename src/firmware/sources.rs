//! The runtime and its ports, as text: they are part of what is compiled.

use super::error::BuildError;
use crate::board::Board;

/// A C file or header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Relative to the folder of a build, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is_header(&self) -> bool {
        self.path.ends_with(".h")
    }

    pub(super) fn is_cxx(&self) -> bool {
        self.path.ends_with(".cc")
    }
}

type Embedded = (&'static str, &'static str);

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../firmware/", $folder, "/", $name)))),*]
    };
}

const RUNTIME: &[Embedded] = embedded!("runtime":
    "hil_core.h", "hil_fault.h", "hil_image.h", "hil_layout.h", "hil_port.h", "hil_runtime.h",
    "start.c", "hil_core.c", "fault.c", "memory.c", "receive.c", "text.c", "words.c", "inference.c", "results.c",
    "mlperf.c", "buffer.c", "extension.c", "protocol.c",
);
/// Only where the host sends real numbers.
const FLOAT_INPUT: &[Embedded] = embedded!("runtime": "hil_float_input.h", "float_input.c");
const STM32: &[Embedded] =
    embedded!("ports/stm32": "hil_stm32.h", "clock_tree.c", "gpio.c", "console.c", "timer.c", "marker.c");
const STM32_USART: &[Embedded] = embedded!("ports/stm32": "hil_usart.h");
const STM32F4F7: &[Embedded] = embedded!("ports/stm32f4f7": "hil_voltage.h", "clock.c");
const STM32F4: &[Embedded] = embedded!("ports/stm32f4": "registers.h", "hil_usart.h", "voltage.c");
const STM32H7: &[Embedded] = embedded!("ports/stm32h7": "hil_voltage.h", "clock.c");
const STM32H743: &[Embedded] = embedded!("ports/stm32h743": "registers.h", "voltage.c");
const STM32H7A3: &[Embedded] = embedded!("ports/stm32h7a3": "registers.h", "voltage.c");
const STM32L4PLUS: &[Embedded] = embedded!("ports/stm32l4plus": "registers.h", "clock.c");
const STM32U5: &[Embedded] = embedded!("ports/stm32u5": "registers.h", "clock.c");
const STM32F7: &[Embedded] = embedded!("ports/stm32f7": "registers.h", "voltage.c");
const MPS2: &[Embedded] = embedded!("ports/mps2": "port.c");
const AN386: &[Embedded] = embedded!("ports/an386": "registers.h");
const AN505: &[Embedded] = embedded!("ports/an505": "registers.h");

/// A family of boards that there is a port for.
struct Family {
    name: &'static str,
    port: &'static [&'static [Embedded]],
    /// Peripherals that can be the console; `registers.h` has their addresses.
    consoles: &'static [&'static str],
}

const FAMILIES: [Family; 9] = [
    Family { name: "stm32l4plus", port: &[STM32, STM32_USART, STM32L4PLUS], consoles: &["LPUART1"] },
    Family { name: "stm32f412", port: &[STM32, STM32F4F7, STM32F4], consoles: &["USART2"] },
    Family { name: "stm32f7", port: &[STM32, STM32_USART, STM32F4F7, STM32F7], consoles: &["USART1", "USART3"] },
    Family { name: "stm32f76", port: &[STM32, STM32_USART, STM32F4F7, STM32F7], consoles: &["USART1", "USART3"] },
    Family { name: "stm32h743", port: &[STM32, STM32_USART, STM32H7, STM32H743], consoles: &["USART3"] },
    Family { name: "stm32h7a3", port: &[STM32, STM32_USART, STM32H7, STM32H7A3], consoles: &["USART3"] },
    Family { name: "stm32u5", port: &[STM32, STM32_USART, STM32U5], consoles: &["USART1"] },
    Family { name: "mps2", port: &[MPS2, AN386], consoles: &["UART0"] },
    Family { name: "an505", port: &[MPS2, AN505], consoles: &["UART0"] },
];

/// The runtime with the port to the family of `board`, and what takes real numbers from the host where they are sent.
pub(super) fn runtime(board: &Board, float_input: bool) -> Result<Vec<File>, BuildError> {
    let refuse = |problem| Err(BuildError::Board { board: board.name.clone(), problem });
    let Some(family) = FAMILIES.iter().find(|family| family.name == board.family) else {
        let known: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        return refuse(format!("the runtime has no port to family `{}`, only to {}", board.family, known.join(", ")));
    };
    if !family.consoles.contains(&board.console.peripheral.as_str()) {
        let known = family.consoles.join(", ");
        return refuse(format!(
            "the port to {} has no console on `{}`, only on {known}",
            board.family, board.console.peripheral
        ));
    }
    let more = if float_input { FLOAT_INPUT } else { &[] };
    let files = RUNTIME.iter().chain(family.port.iter().copied().flatten()).chain(more);
    Ok(files.map(|(name, text)| File { path: format!("runtime/{name}"), text: (*text).into() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_families_and_consoles_are_refused_by_name() {
        let mut board = Board::shipped("nucleo-l4r5zi").expect("a board");
        board.console.peripheral = "USART9".into();
        let message = runtime(&board, false).unwrap_err().to_string();
        assert!(message.contains("no console on `USART9`, only on LPUART1"), "{message}");
        board.family = "stm32x9".into();
        let message = runtime(&board, false).unwrap_err().to_string();
        assert!(message.contains("no port to family `stm32x9`") && message.contains("stm32f7"), "{message}");
    }
}
