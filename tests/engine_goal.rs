//! Plans for a goal: smaller where that is asked for, within budgets or an error that says where it fails.

mod engine_common;

use engine_common::Builder;
use hil::engine::{Around, Budget, Engine, Goal, Plan, Prefer, Reserved, Tailored};
use hil::network::{Network, builtin};

/// A wide first stage, as image networks have it.
fn wide() -> Network {
    let (mut b, x) = Builder::new(&[1, 48, 48, 3]);
    let mut y = b.conv(x, 3, 2, 16, true);
    y = b.inverted_residual(y, 6, 3, 2, 16);
    y = b.inverted_residual(y, 6, 5, 1, 16);
    y = b.inverted_residual(y, 6, 3, 2, 24);
    let flat = b.0.tensor(y).elements();
    let y = b.reshape(y, &[1, flat]);
    let y = b.dense(y, 10);
    b.finish(&[y])
}

fn budget(prefer: Prefer, sram: Option<usize>, flash: Option<usize>) -> Goal {
    let per_op = Reserved { flash: 10, sram: 1 };
    let around = Around { fixed: Reserved { flash: 500, sram: 100 }, per_op };
    Goal { prefer, budget: Budget { sram, flash }, around, ..Goal::default() }
}

#[test]
fn sram_is_least_where_it_is_preferred() {
    let network = wide();
    let whole = Plan::new(&network).expect("a plan");
    let of = |prefer| Goal::preferring(prefer).plan(&network).expect("a plan");
    let small = of(Prefer::Sram);
    assert!(small.arena_bytes * 2 < whole.arena_bytes, "{} of {}", small.arena_bytes, whole.arena_bytes);
    assert!(small.arena_bytes >= network.tensor(network.inputs[0]).bytes());
    assert!(of(Prefer::Latency).arena_bytes <= whole.arena_bytes);
    assert_eq!(of(Prefer::Energy), of(Prefer::Latency));
    let flash = of(Prefer::Flash);
    assert!(flash.stages.is_empty() && flash.flash_bytes() <= whole.flash_bytes());
}

#[test]
fn budgets_are_kept_to_the_byte_or_refused_with_the_layer() {
    let network = wide();
    let ops = network.ops.len();
    let around = 100 + ops;
    let least = Goal::preferring(Prefer::Sram).plan(&network).expect("a plan").arena_bytes;
    let whole = Plan::new(&network).expect("a plan").arena_bytes;
    for prefer in Prefer::ALL {
        let mut sram = least + around;
        while sram < whole + around {
            let plan = budget(prefer, Some(sram), None).plan(&network).expect("a plan");
            assert!(plan.sram_bytes() + around <= sram, "{}: {} of {sram}", prefer.name(), plan.sram_bytes());
            sram += 1777;
        }
        let error = budget(prefer, Some(3000), None).plan(&network).expect_err("no plan").to_string();
        assert!(error.starts_with("SRAM of 3000 bytes: the smallest plan found takes "), "{error}");
        assert!(error.contains(" too many; most at operator "), "{error}");
    }
    let constants = Goal::preferring(Prefer::Flash).plan(&network).expect("a plan").flash_bytes();
    let flash = constants + 500 + 10 * ops;
    assert!(budget(Prefer::Flash, None, Some(flash)).plan(&network).is_ok());
    let error = budget(Prefer::Flash, None, Some(flash - 1)).plan(&network).expect_err("no plan").to_string();
    let expected = format!("flash of {} bytes: the smallest plan found takes {flash}, 1 too many; most at", flash - 1);
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn a_looser_budget_costs_no_more() {
    let network = wide();
    let macs = |goal: Goal| {
        let plan = goal.plan(&network).expect("a plan");
        plan.stages.iter().map(|stage| stage.recomputed_macs).sum::<u64>()
    };
    let least = Goal::preferring(Prefer::Sram).plan(&network).expect("a plan").arena_bytes;
    let around = 100 + network.ops.len();
    let tight = macs(budget(Prefer::Flash, Some(least + around), None));
    let loose = macs(budget(Prefer::Flash, Some(1 << 20), None));
    assert!(loose <= tight && loose == 0);
}

#[test]
fn engines_of_other_goals_have_other_titles() {
    let title = |goal| Tailored(goal).title();
    assert_eq!(title(budget(Prefer::Latency, None, None)), "tinyengine for least latency");
    assert_eq!(title(budget(Prefer::Sram, Some(1000), None)), "tinyengine for least sram, SRAM 1000");
}

#[test]
fn a_budget_for_sram_holds_filters_that_are_read_once_where_latency_is_preferred() {
    let spec =
        builtin::Spec { architecture: "ad-autoencoder".into(), resolution: None, width: None, classes: None, seed: 0 };
    let network = builtin::build(&spec).expect("a network");
    let free = Goal::preferring(Prefer::Latency).plan(&network).expect("a plan");
    assert!(free.copied.is_empty(), "nobody gave memory away");
    let around = 100 + network.ops.len();
    let of = |prefer, bytes| budget(prefer, Some(bytes + around), None).plan(&network).expect("a plan");
    let some = of(Prefer::Latency, free.arena_bytes + 100_000);
    let all = of(Prefer::Latency, free.arena_bytes + 300_000);
    assert!(!some.copied.is_empty() && some.copied.len() < all.copied.len(), "{:?}", some.copied);
    assert!(some.sram_bytes() <= free.arena_bytes + 100_000);
    assert!(all.sram_bytes() >= all.arena_bytes + network.macs() as usize, "each weight is of one multiplication");
    // A byte less than they take, and one stays in flash.
    assert!(of(Prefer::Latency, all.sram_bytes() - 1).copied.len() < all.copied.len());
    assert!(of(Prefer::Sram, free.arena_bytes + 300_000).copied.is_empty());
}
