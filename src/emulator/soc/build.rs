//! Devices from the blocks of a family.

use super::blocks::{Block, Model};
use super::device::Device;
use super::rcc::{Oscillators, Rcc};
use super::serial::Serial;
use super::wires::Wires;
use super::{
    Slot, Soc, adc, cmsdk_timer, cmsdk_uart, crc, dma, exti, flash, gpio, icache, identity, mps2, otg, pwr, rng,
    syscfg, timer, usart, watchdog, wires,
};
use crate::board::{Board, RegionKind};

fn geometry(board: &Board) -> Option<flash::Geometry> {
    let region = board.memory.iter().find(|r| r.kind == RegionKind::Flash)?;
    Some(flash::Geometry { origin: region.origin, size: region.size, aliases: region.aliases.clone() })
}

impl Soc {
    pub(super) fn build(&mut self, board: &Board) {
        self.wires.supply = board.supply;
        for index in 0..self.blocks.len() {
            let block = self.blocks[index];
            if let Some(device) = self.make(&block, board) {
                self.of_block[index] = Some(self.devices.len());
                self.devices.push(Slot { block: index, device, due: u64::MAX });
            }
        }
    }

    /// The device behind a block.
    fn make(&mut self, block: &Block, board: &Board) -> Option<Box<dyn Device>> {
        let next = self.devices.len();
        let wires = &mut self.wires;
        let irq = |wires: &mut Wires, at: usize| wires.source(block.irqs.get(at).copied().unwrap_or(0));
        Some(match block.model {
            Model::Absent => return None,
            Model::Rcc(family) => {
                self.rcc = Some(family);
                let oscillators = board.oscillators;
                Box::new(Rcc::new(
                    family,
                    Oscillators { hse: oscillators.hse_hz.into(), lse: oscillators.lse_hz.into() },
                ))
            }
            Model::Pwr(family) => Box::new(pwr::Pwr::new(family)),
            Model::Flash(family) => {
                self.flash = Some(next);
                Box::new(flash::Flash::new(family, geometry(board)?, irq(wires, 0)))
            }
            Model::FlashH7(part) => {
                self.flash = Some(next);
                Box::new(flash::h7::Flash::new(part, geometry(board)?, irq(wires, 0)))
            }
            Model::Icache => Box::new(icache::Icache::new()),
            Model::Adc(table) => Box::new(adc::Adc::new(table)),
            Model::Otg => Box::new(otg::Otg::default()),
            Model::Gpio(port, resting) => Box::new(gpio::Gpio::new(port, resting)),
            Model::Usart(kind, kernel, requests) => {
                let line = wires.serial.len();
                wires.serial.push(Serial::new(block.name, board.console.baud.into()));
                let wiring = usart::Wiring {
                    kernel,
                    line,
                    irq: irq(wires, 0),
                    transmit: requests.map(|(transmit, _)| wires.request(transmit)),
                    receive: requests.map(|(_, receive)| wires.request(receive)),
                };
                Box::new(usart::Usart::new(kind, wiring))
            }
            Model::UsartClassic(kernel, requests) => {
                let line = wires.serial.len();
                wires.serial.push(Serial::new(block.name, board.console.baud.into()));
                let wiring = usart::Wiring {
                    kernel,
                    line,
                    irq: irq(wires, 0),
                    transmit: requests.map(|(transmit, _)| wires.request(transmit)),
                    receive: requests.map(|(_, receive)| wires.request(receive)),
                };
                Box::new(usart::classic::Classic::new(wiring))
            }
            Model::Timer(shape, node) => {
                let second = if block.irqs.len() > 1 { 1 } else { 0 };
                let irqs = [irq(wires, 0), irq(wires, second)];
                Box::new(timer::Timer::new(shape, wires::Kernel::Fixed(node), irqs))
            }
            Model::Exti(kind) => {
                self.exti = Some(next);
                Box::new(exti::Exti::new(kind, (0..block.irqs.len()).map(|at| irq(wires, at)).collect()))
            }
            Model::Syscfg(kind) => Box::new(syscfg::Syscfg::new(kind)),
            Model::Crc(kind) => Box::new(crc::Crc::new(kind)),
            Model::Rng => Box::new(rng::Rng::new(irq(wires, 0))),
            Model::Iwdg => Box::new(watchdog::Iwdg::new()),
            Model::Wwdg => Box::new(watchdog::Wwdg::new(irq(wires, 0))),
            Model::DmaChannels(first, part) => {
                self.dma.push(next);
                let requests = part.requests(wires);
                let irqs = std::array::from_fn(|at| irq(wires, at));
                Box::new(dma::channels::Channels::new(irqs, first, requests))
            }
            Model::Gpdma => {
                self.dma.push(next);
                let irqs = std::array::from_fn(|at| irq(wires, at));
                Box::new(dma::gpdma::Gpdma::new(irqs, wires))
            }
            Model::DmaMux(part) => Box::new(dma::mux::Mux::new(part)),
            Model::DmaStreams(number) => {
                self.dma.push(next);
                let of_this = dma::streams::F7_REQUESTS.iter().filter(|(controller, ..)| *controller == number);
                let requests = of_this
                    .map(|(_, stream, channel, name)| (usize::from(*stream), u32::from(*channel), wires.request(name)))
                    .collect();
                let irqs = std::array::from_fn(|at| irq(wires, at));
                Box::new(dma::streams::Streams::new(irqs, dma::streams::Choice::Channel(requests)))
            }
            Model::DmaStreamsBehindMux(first, part) => {
                self.dma.push(next);
                let requests = part.requests(wires);
                let irqs = std::array::from_fn(|at| irq(wires, at));
                Box::new(dma::streams::Streams::new(irqs, dma::streams::Choice::Mux { first, requests }))
            }
            Model::Identity(table) => Box::new(identity::Identity::new(table)),
            Model::Plain(table) => Box::new(mps2::Plain::new(table)),
            Model::CmsdkTimer => Box::new(cmsdk_timer::Timer::new(irq(wires, 0))),
            Model::CmsdkDualTimer => Box::new(cmsdk_timer::DualTimer::new(irq(wires, 0))),
            Model::FpgaIo => Box::new(mps2::FpgaIo::new()),
            Model::CmsdkUart => {
                let line = wires.serial.len();
                wires.serial.push(Serial::new(block.name, board.console.baud.into()));
                Box::new(cmsdk_uart::CmsdkUart::new(line, [irq(wires, 0), irq(wires, 1), irq(wires, 2)]))
            }
        })
    }
}
