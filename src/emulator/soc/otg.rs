//! USB OTG_FS (RM0456 chapter 72) as far as software sets it up as a device that is not connected: a core reset and flushed
//! FIFOs are done at once. Connecting to a host, and being one, is refused.

use std::collections::BTreeMap;

use super::device::{Bus, Device, Refusal};
use super::registers::{lane, spread};
use crate::emulator::interface::Width;

const GUSBCFG: u32 = 0x00c;
const GRSTCTL: u32 = 0x010;
const GINTSTS: u32 = 0x014;
const CID: u32 = 0x03c;
const DCTL: u32 = 0x804;

const FHMOD: u32 = 1 << 29;
const AHBIDL: u32 = 1 << 31;
/// CSRST, PSRST, FCRST, RXFFLSH and TXFFLSH of GRSTCTL, which fall when they are done.
const DOES: u32 = 0x37;
/// Soft disconnect.
const SDIS: u32 = 1 << 1;
const EPENA: u32 = 1 << 31;

/// Endpoints of either direction.
const ENDPOINTS: u32 = 6;

/// What was written, where it is not what stands there after reset.
#[derive(Default)]
pub struct Otg(BTreeMap<u32, u32>);

fn after_reset(offset: u32) -> Option<u32> {
    let endpoint = |base: u32| {
        let inside = offset.wrapping_sub(base);
        inside < 0x20 * ENDPOINTS && matches!(inside & 0x1f, 0x00 | 0x08 | 0x10 | 0x18)
    };
    Some(match offset {
        0x000 => 0x0001_0000,
        GUSBCFG => 0x0000_1440,
        GRSTCTL => AHBIDL,
        // Device mode; nothing pends.
        GINTSTS => 0x0400_0020,
        0x024 | 0x028 => 0x0000_0200,
        CID => 0x0000_2300,
        0x800 => 0x0220_0000,
        DCTL => SDIS,
        0x004 | 0x008 | 0x018 | 0x01c | 0x020 | 0x038 | 0x054 | 0x058 | 0x100..=0x13c => 0,
        0x808 | 0x810 | 0x814 | 0x818 | 0x81c | 0x834 | 0xe00 => 0,
        _ if endpoint(0x900) || endpoint(0xb00) => 0,
        _ => return None,
    })
}

impl Device for Otg {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        let known = after_reset(offset & !3).ok_or_else(|| unknown(offset))?;
        Ok(lane(self.0.get(&(offset & !3)).copied().unwrap_or(known), offset, width))
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, _: &mut Bus) -> Result<(), Refusal> {
        let at = offset & !3;
        let known = after_reset(at).ok_or_else(|| unknown(offset))?;
        let (mask, raw) = spread(value, offset, width);
        let new = self.0.get(&at).copied().unwrap_or(known) & !mask | raw;
        let endpoint = matches!(at, 0x900..=0x9bf | 0xb00..=0xbbf);
        let problem = match at {
            GUSBCFG if new & FHMOD != 0 => "host mode",
            DCTL if new & SDIS == 0 => "a connection to a host",
            _ if endpoint && at & 0x1f == 0 && new & EPENA != 0 && at & 0xff != 0 => "an endpoint that is enabled",
            _ => "",
        };
        if !problem.is_empty() {
            return Err(Refusal::register(format!("+{at:#05x}"), problem));
        }
        // Flags are cleared by writing 1, and none ever rises.
        let flags = matches!(at, 0x004 | GINTSTS | 0x818) || endpoint && at & 0x1f == 8;
        match at {
            _ if flags => {}
            GRSTCTL => {
                self.0.insert(at, new & !DOES | AHBIDL);
            }
            _ => {
                self.0.insert(at, new);
            }
        }
        Ok(())
    }

    fn reset(&mut self, _: &mut Bus) {
        self.0.clear();
    }
}

fn unknown(offset: u32) -> Refusal {
    Refusal::register(format!("+{offset:#05x}"), "unknown register")
}
