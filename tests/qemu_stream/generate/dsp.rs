//! Multiplication, division, saturation and lanes.

use super::{Generator, Item};

impl Generator {
    pub(super) fn multiply_or_lanes(&mut self) -> Item {
        let (d, n, m, a) = (self.target(), self.source(), self.source(), self.source());
        match self.rng.below(11) {
            0 => Item::new(format!("{}{{c}} {d}, {n}, {m}, {a}", self.pick(&["mla", "mls"]))),
            1 => Item::new(format!("{}{{c}} {d}, {n}, {m}", self.pick(&["mul", "sdiv", "udiv", "usad8", "sel"]))),
            2 => self.long(),
            3 | 4 => {
                let prefix = self.pick(&["s", "u", "q", "uq", "sh", "uh"]);
                let op = self.pick(&["add16", "sub16", "asx", "sax", "add8", "sub8"]);
                Item::new(format!("{prefix}{op}{{c}} {d}, {n}, {m}"))
            }
            5 => Item::new(format!("{}{{c}} {d}, {n}, {m}", self.pick(&["qadd", "qsub", "qdadd", "qdsub"]))),
            6 => self.saturation(),
            7 => {
                let op = self.pick(&[
                    "smulbb", "smulbt", "smultb", "smultt", "smulwb", "smulwt", "smuad", "smuadx", "smusd", "smusdx",
                    "smmul", "smmulr",
                ]);
                Item::new(format!("{op}{{c}} {d}, {n}, {m}"))
            }
            8 => {
                let op = self.pick(&[
                    "smlabb", "smlabt", "smlatb", "smlatt", "smlawb", "smlawt", "smlad", "smladx", "smlsd", "smlsdx",
                    "smmla", "smmlar", "smmls", "smmlsr", "usada8",
                ]);
                Item::new(format!("{op}{{c}} {d}, {n}, {m}, {a}"))
            }
            9 => {
                let rotation = 8 * self.rng.below(4);
                if self.once_in(3) {
                    return Item::new(format!("{}{{c}} {d}, {m}, ror #{rotation}", self.pick(&["sxtb16", "uxtb16"])));
                }
                let op = self.pick(&["sxtab", "sxtah", "uxtab", "uxtah", "sxtab16", "uxtab16"]);
                Item::new(format!("{op}{{c}} {d}, {n}, {m}, ror #{rotation}"))
            }
            _ => match self.rng.below(3) {
                0 => Item::new(format!("pkhbt{{c}} {d}, {n}, {m}")),
                1 => Item::new(format!("pkhbt{{c}} {d}, {n}, {m}, lsl #{}", 1 + self.rng.below(31))),
                _ => Item::new(format!("pkhtb{{c}} {d}, {n}, {m}, asr #{}", 1 + self.rng.below(32))),
            },
        }
    }

    fn long(&mut self) -> Item {
        let low = self.target_number();
        let high = super::name(self.target_besides(&[low]));
        let (low, n, m) = (super::name(low), self.source(), self.source());
        let op = self.pick(&[
            "umull", "smull", "umlal", "smlal", "umaal", "smlalbb", "smlalbt", "smlaltb", "smlaltt", "smlald",
            "smlaldx", "smlsld", "smlsldx",
        ]);
        Item::new(format!("{op}{{c}} {low}, {high}, {n}, {m}"))
    }

    fn saturation(&mut self) -> Item {
        let (d, n) = (self.target(), self.source());
        let shift = match self.rng.below(3) {
            0 => String::new(),
            1 => format!(", lsl #{}", 1 + self.rng.below(31)),
            _ => format!(", asr #{}", 1 + self.rng.below(31)),
        };
        match self.rng.below(4) {
            0 => Item::new(format!("ssat{{c}} {d}, #{}, {n}{shift}", 1 + self.rng.below(32))),
            1 => Item::new(format!("usat{{c}} {d}, #{}, {n}{shift}", self.rng.below(32))),
            2 => Item::new(format!("ssat16{{c}} {d}, #{}, {n}", 1 + self.rng.below(16))),
            _ => Item::new(format!("usat16{{c}} {d}, #{}, {n}", self.rng.below(16))),
        }
    }
}
