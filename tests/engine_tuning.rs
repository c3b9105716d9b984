//! Kernels chosen by what they took, and plans without some of the optimisations.

mod engine_common;

use engine_common::Builder;
use hil::board::Board;
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
    halve(&mut network);
    network
}

/// Weights at both ends of their range are not for every specialised kernel.
fn halve(network: &mut Network) {
    for tensor in network.tensors.iter_mut().filter(|tensor| tensor.shape.len() == 4) {
        tensor.data = tensor.data.take().map(|data| data.iter().map(|b| (*b as i8 / 2) as u8).collect());
    }
}

fn tuned(timings: Timings) -> Tuned {
    Tuned { goal: Goal::default(), timings }
}

/// Times every trial, step `i` of trial `k` taking `cycles(k, i)`.
fn timed(network: &Network, cycles: impl Fn(usize, usize) -> u64) -> Timings {
    let mut timings = Timings::default();
    for (k, trial) in tuned(Timings::default()).trials(network).expect("trials").iter().enumerate() {
        let steps: Vec<u64> = (0..network.ops.len()).map(|i| cycles(k, i)).collect();
        let found = trial.timings(&steps, &[]).expect("as many steps");
        found.iter().for_each(|(layer, kernel, timing)| timings.insert(layer.into(), kernel.into(), timing));
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
    assert_eq!(trials[0].timings(&[1, 2], &[]), None, "three steps");
    let timings = trials[0].timings(&[100, 201, 7], &[]).expect("as many steps");
    let cycles: Vec<u64> = timings.iter().map(|(_, _, timing)| timing.cycles).collect();
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
fn where_energy_is_preferred_it_decides_if_all_of_it_was_measured() {
    let network = network();
    // The second is the fastest, the first takes the least energy.
    let of = |with: &dyn Fn(usize) -> bool| {
        let mut timings = Timings::default();
        for (k, trial) in tuned(Timings::default()).trials(&network).expect("trials").iter().enumerate() {
            let (cycles, energy) = ([[20, 10, 30][k]; 3], [[5, 7, 9][k]; 3]);
            let found = trial.timings(&cycles, if with(k) { &energy } else { &[] }).expect("as many steps");
            found.iter().for_each(|(layer, kernel, timing)| timings.insert(layer.into(), kernel.into(), timing));
        }
        timings
    };
    let plan = |prefer, timings| Tuned { goal: Goal::preferring(prefer), timings }.plan(&network).expect("a plan");
    assert_eq!(forms(&plan(Prefer::Energy, of(&|_| true)))[..2], [Some(Form::Matrix); 2]);
    assert_eq!(forms(&plan(Prefer::Latency, of(&|_| true)))[..2], [Some(Form::Winograd); 2]);
    assert_eq!(forms(&plan(Prefer::Energy, of(&|k| k != 2)))[..2], [Some(Form::Winograd); 2], "not all of it");
    assert_eq!(tuned(Timings::default()).trials(&network).expect("trials")[0].timings(&[1; 3], &[1; 2]), None);
}

/// A board whose multiplications take more energy than all else.
#[test]
fn by_estimates_energy_and_latency_choose_differently_where_multiplications_are_dear() {
    // Tiles of 2x2 cover more than the map, but multiply less.
    let (mut b, x) = Builder::new(&[1, 5, 5, 16]);
    let y = b.conv(x, 3, 1, 16, true);
    let mut network = b.finish(&[y]);
    halve(&mut network);
    let mut board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let of = |prefer, board: &Board| {
        let goal = Goal::preferring(prefer).on(board);
        forms(&Tailored(goal).plan(&network).expect("a plan"))
    };
    let fast = of(Prefer::Latency, &board);
    assert_eq!(fast, [Some(Form::Matrix)]);
    board.power.as_mut().expect("its power").picocoulombs.multiply = 10_000.0;
    assert_eq!(of(Prefer::Energy, &board), [Some(Form::Winograd)]);
    assert_eq!(of(Prefer::Latency, &board), fast);
    // Without charges of events energy goes with time, and without a measurement it is not known.
    board.power.as_mut().expect("its power").picocoulombs = Default::default();
    assert_eq!(of(Prefer::Energy, &board), fast);
    board.power = None;
    assert_eq!(of(Prefer::Energy, &board), fast);
    // A budget that has no room for the other's weights holds all the same.
    let mut board = Board::shipped("nucleo-l4r5zi").expect("a board");
    board.power.as_mut().expect("its power").picocoulombs.multiply = 10_000.0;
    let plan = |flash| {
        let budget = Budget { flash, ..Budget::default() };
        Tailored(Goal { budget, ..Goal::preferring(Prefer::Energy).on(&board) }).plan(&network).expect("a plan")
    };
    let most = plan(None).flash_bytes() - 1;
    assert!(plan(Some(most)).flash_bytes() <= most);
    assert_eq!(forms(&plan(Some(most))), fast);
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
