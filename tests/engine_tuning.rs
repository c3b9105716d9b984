//! Kernels chosen by what they took, and plans without some of the optimisations.

mod engine_common;

use engine_common::Builder;
use hil::engine::pack::Form;
use hil::engine::{Budget, Engine, Goal, Kernel, Optimisations, Plan, Prefer, Tailored, Timings, Tuned};
use hil::network::Network;

/// Two layers that minimal filtering is for, of one shape, and one that it is not for.
fn network() -> Network {
    let (mut b, x) = Builder::new(&[1, 16, 16, 16]);
    let y = b.conv(x, 3, 1, 16, true);
    let y = b.conv(y, 3, 1, 16, true);
    let y = b.conv(y, 3, 2, 8, true);
    let mut network = b.finish(&[y]);
    // Weights at both ends of their range are not for every specialised kernel.
    for tensor in network.tensors.iter_mut().filter(|tensor| tensor.shape.len() == 4) {
        tensor.data = tensor.data.take().map(|data| data.iter().map(|b| (*b as i8 / 2) as u8).collect());
    }
    network
}

fn tuned(timings: Timings) -> Tuned {
    Tuned { goal: Goal::default(), timings }
}

/// Times every trial, step `i` of trial `k` taking `cycles(k, i)`.
fn timed(network: &Network, cycles: impl Fn(usize, usize) -> u64) -> Timings {
    let mut timings = Timings::default();
    for (k, trial) in tuned(Timings::default()).trials(network).expect("trials").iter().enumerate() {
        let steps: Vec<u64> = (0..network.ops.len()).map(|i| cycles(k, i)).collect();
        let found = trial.timings(&steps).expect("as many steps");
        found.iter().for_each(|(layer, kernel, cycles)| timings.insert(layer.into(), kernel.into(), cycles));
    }
    timings
}

fn forms(plan: &Plan) -> Vec<Option<Form>> {
    plan.steps.iter().map(|step| step.kernel.packed().map(|packed| packed.form)).collect()
}

#[test]
fn as_many_images_as_the_richest_layer_has_candidates_time_all_of_them() {
    let network = network();
    let trials = tuned(Timings::default()).trials(&network).expect("trials");
    assert_eq!(trials.len(), 3, "matrix, minimal filtering and the general form");
    assert_eq!(trials.iter().map(|trial| trial.candidates()).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(trials[0].timings(&[1, 2]), None, "three steps");
    let timings = trials[0].timings(&[100, 201, 7]).expect("as many steps");
    let cycles: Vec<u64> = timings.iter().map(|(_, _, cycles)| cycles).collect();
    assert_eq!(cycles, [150, 7], "two layers of one shape give their mean");
    let compiled = tuned(Timings::default()).compile_trial(&network, &trials[0]).expect("an image");
    assert_eq!(compiled.steps.len(), 3);
}

#[test]
fn what_is_timed_is_not_timed_again() {
    let network = network();
    let timings = timed(&network, |k, _| 100 + k as u64);
    assert!(tuned(timings).trials(&network).expect("trials").is_empty());
}

#[test]
fn winners_are_taken_whatever_the_estimates_say() {
    let network = network();
    for (winner, form) in [(0, Some(Form::Matrix)), (1, Some(Form::Winograd)), (2, None)] {
        let timings = timed(&network, |k, _| if k == winner { 10 } else { 20 });
        let plan = tuned(timings).plan(&network).expect("a plan");
        assert_eq!(forms(&plan)[..2], [form, form], "{winner}");
    }
}

#[test]
fn winners_do_not_exceed_the_budget_of_flash() {
    let network = network();
    let timings = timed(&network, |k, i| if k == 1 && i < 2 { 10 } else { 1000 });
    let plan_of = |flash| {
        let goal = Goal { budget: Budget { sram: None, flash }, ..Goal::default() };
        Tuned { goal, timings: timings.clone() }.plan(&network)
    };
    let (fast, small) = (plan_of(None).expect("a plan").flash_bytes(), {
        let goal = Goal::preferring(Prefer::Flash);
        Tuned { goal, timings: timings.clone() }.plan(&network).expect("a plan").flash_bytes()
    });
    assert!(small < fast);
    let mut seen = std::collections::BTreeSet::new();
    for flash in (small..=fast).step_by(64) {
        let plan = plan_of(Some(flash)).expect("a plan");
        assert!(plan.flash_bytes() <= flash, "{} of {flash}", plan.flash_bytes());
        seen.insert(forms(&plan).iter().filter(|form| **form == Some(Form::Winograd)).count());
    }
    assert!(seen.contains(&0) && seen.contains(&1), "one of two winners is taken where both do not fit: {seen:?}");
    assert!(plan_of(Some(small / 2)).is_err());
}

#[test]
fn a_tuned_plan_says_so_and_is_of_the_same_engine() {
    let engine = tuned(Timings::default());
    assert_eq!(engine.name(), "tinyengine");
    assert_eq!(engine.title(), "tinyengine for least latency, tuned");
    // Without timings it is what estimates give.
    let network = network();
    assert_eq!(engine.plan(&network).expect("a plan"), Tailored(Goal::default()).plan(&network).expect("a plan"));
}

#[test]
fn each_optimisation_can_be_left_out() {
    let network = network();
    let plan = |optimisations| {
        let goal = Goal { optimisations, ..Goal::default() };
        Tailored(goal).plan(&network).expect("a plan")
    };
    let none = plan(Optimisations::NONE);
    assert!(none.steps.iter().all(|step| step.kernel.packed().is_none() && step.overwrites.is_none()));
    let all = Optimisations::default();
    let apart = plan(Optimisations { in_place: false, ..all });
    assert!(apart.steps.iter().all(|step| step.overwrites.is_none()));
    assert!(plan(all).arena_bytes < apart.arena_bytes);
    let direct = plan(Optimisations { minimal_filtering: false, ..all });
    assert!(forms(&direct).iter().all(|form| *form == Some(Form::Matrix)));
    assert!(forms(&plan(all)).contains(&Some(Form::Winograd)));
    assert!(matches!(none.steps[0].kernel, Kernel::Conv(_)));
}

#[test]
fn the_map_of_an_arena_holds_what_its_steps_do() {
    let network = network();
    for optimisations in [Optimisations::NONE, Optimisations::default()] {
        let engine = Tailored(Goal { optimisations, prefer: Prefer::Sram, ..Goal::default() });
        let (map, plan) = (engine.arena_map(&network).expect("a map"), engine.plan(&network).expect("a plan"));
        assert_eq!((map.bytes, map.steps.len()), (plan.arena_bytes, plan.steps.len()));
        assert!(map.blocks.iter().all(|block| block.offset + block.bytes <= map.bytes));
        let widest = (0..map.steps.len()).map(|step| map.held(step)).max();
        assert!(widest.is_some_and(|widest| widest <= map.bytes && widest > 0));
        if plan.stages.is_empty() {
            for (at, step) in plan.steps.iter().enumerate() {
                assert_eq!(map.held(at), step.live_bytes, "step {at}");
            }
        }
    }
}
