//! Simulated probes as probe-rs finds them: by vendor, product and serial number.

use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use probe_rs::plugin::{Plugin, register_plugin};
use probe_rs::probe::list::ProbeListItem;
use probe_rs::probe::{
    DebugProbe, DebugProbeError, DebugProbeInfo, DebugProbeSelector, ProbeCreationError, ProbeFactory,
};

use super::board::SimBoard;
use super::probe::SimProbe;

/// 0xF055 belongs to nobody (no vendor of the USB-IF has it).
pub const VENDOR_AND_PRODUCT: (u16, u16) = (0xF055, 0x0001);

/// Makes the probes of this process's simulated boards.
#[derive(Debug)]
pub struct SimProbeFactory;

static FACTORY: SimProbeFactory = SimProbeFactory;
static BOARDS: Mutex<Vec<Weak<SimBoard>>> = Mutex::new(Vec::new());
static PLUGIN: Once = Once::new();

/// Puts a board on the list, under its serial number.
pub(super) fn announce(board: &Arc<SimBoard>) {
    PLUGIN.call_once(|| register_plugin(Plugin { probe_drivers: &[&FACTORY], ..Plugin::default() }));
    let mut boards = BOARDS.lock().unwrap_or_else(PoisonError::into_inner);
    boards.retain(|board| board.strong_count() > 0);
    boards.push(Arc::downgrade(board));
}

fn boards() -> Vec<Arc<SimBoard>> {
    BOARDS.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
}

impl std::fmt::Display for SimProbeFactory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimProbe")
    }
}

impl ProbeFactory for SimProbeFactory {
    fn open(&self, selector: &DebugProbeSelector) -> Result<Box<dyn DebugProbe>, DebugProbeError> {
        let missing = || DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::NotFound);
        if (selector.vendor_id, selector.product_id) != VENDOR_AND_PRODUCT {
            return Err(missing());
        }
        let wanted = selector.serial_number.as_deref();
        let board = boards().into_iter().find(|board| wanted.is_none_or(|serial| board.serial() == serial));
        Ok(Box::new(SimProbe::open(board.ok_or_else(missing)?)?))
    }

    fn list_probes(&self) -> Vec<ProbeListItem> {
        let (vendor, product) = VENDOR_AND_PRODUCT;
        let plugged = boards().into_iter().filter(|board| board.is_found());
        let info = |board: Arc<SimBoard>| {
            let name = format!("SimProbe ({})", board.board().name);
            DebugProbeInfo::new(name, vendor, product, Some(board.serial().into()), &FACTORY, None, false)
        };
        plugged.map(|board| ProbeListItem::accessible(info(board))).collect()
    }
}
