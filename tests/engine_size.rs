//! The sizes that a search goes by are those of the plan.

use hil::engine::{Engine, Sizer, TinyEngine};
use hil::network::random::Random;
use hil::network::space::{Elastic, names, shipped};

/// Small ones of each space: plans pack all weights.
#[test]
fn sizes_are_those_of_the_plan() {
    for name in names() {
        let space = shipped(name).expect("a space");
        let mut random = Random::new(11);
        let (mut sizer, mut fitting) = (Sizer::new(), 0);
        let all = space.configurations();
        for draw in 0..24 {
            let subnet = space.sample(all[draw * 7 % all.len()], Elastic::ALL, &mut random);
            let float = space.float(&subnet).expect("a network");
            if float.macs() > 12_000_000 {
                continue;
            }
            let network = space.network(&subnet, 3).expect("a network");
            let plan = TinyEngine.plan(&network).expect("a plan");
            let sizes = sizer.sizes(&float).expect("sizes");
            let id = subnet.id();
            assert_eq!(sizes.arena_bytes, plan.arena_bytes, "{name} {id}");
            assert_eq!(sizes.arena_lower_bound, plan.arena_lower_bound, "{name} {id}");
            assert_eq!(sizes.flash_bytes, plan.flash_bytes(), "{name} {id}");
            let compiled = TinyEngine.compile(&network).expect("C");
            assert_eq!(sizer.outline(&float).expect("an outline").work, compiled.work(), "{name} {id}");
            for limit in [plan.arena_bytes - 1, plan.arena_bytes, plan.arena_bytes + 500] {
                let whole = sizer.whole(&float, limit).expect("sizes");
                if plan.stages.is_empty() {
                    assert_eq!(whole.arena_bytes <= limit, plan.arena_bytes <= limit, "{name} {id} {limit}");
                } else {
                    assert!(whole.arena_bytes >= plan.arena_bytes, "{name} {id}: bands are for less");
                }
            }
            fitting += 1;
        }
        assert!(fitting >= 5, "{name}: {fitting}");
    }
}
