//! Stages that are computed band by band: their plans step by step, and the C that they become.

mod engine_common;
mod engine_host;
mod engine_machine;
mod engine_random;

use engine_common::{Builder, noise};
use engine_machine::run_by_plan;
use engine_random::Rng;
use hil::engine::patch::{Call, Cut, Halo};
use hil::engine::{Bands, Engine, Goal, Optimisations, Plan, Prefer, TinyEngine, passes};
use hil::network::{Clamp, Network, OpKind, reference};

/// Cuts that do not overlap, of which each is possible.
fn random_cuts(network: &Network, rng: &mut Rng) -> Vec<Cut> {
    let (mut cuts, mut first) = (Vec::new(), 0);
    while first + 1 < network.ops.len() {
        let longest = network.ops.len().min(first + 9);
        let last = rng.pick(first + 1, longest.max(first + 2) - 1);
        let halo = |rng: &mut Rng| if rng.once_in(3) { Halo::Recomputed } else { Halo::Kept };
        let halos = (first..=last).map(|_| halo(rng)).collect();
        let cut = Cut { first, last, band_rows: rng.pick(1, 5), halos };
        if Plan::cut(network, std::slice::from_ref(&cut)).is_ok() {
            first = last;
            cuts.push(cut);
        }
        first += 1;
    }
    cuts
}

#[test]
fn plans_of_random_stages_compute_what_the_interpreter_does() {
    let (mut stages, mut in_place, mut moved, mut again) = (0, 0, 0, 0);
    for seed in 0..300 {
        let network = match seed {
            250.. => engine_random::swishing_blocks(seed, 3),
            _ if seed % 3 == 0 => engine_random::network(seed, 8),
            _ => engine_random::blocks(seed, 4),
        };
        let network = passes::fold_pads(&network);
        let cuts = random_cuts(&network, &mut Rng(seed));
        if cuts.is_empty() {
            continue;
        }
        let plan = Plan::cut(&network, &cuts).expect("a plan");
        let input = noise(seed as usize, network.tensor(network.inputs[0]).bytes());
        let expected = reference::run(&network, std::slice::from_ref(&input)).expect("a run");
        assert_eq!(run_by_plan(&network, &plan, &[input]), expected, "seed {seed}, {cuts:?}");
        for stage in &plan.stages {
            stages += 1;
            moved += stage.calls.iter().filter(|call| matches!(call, Call::Keep { .. })).count();
            let ops = stage.cut.first..stage.cut.last;
            in_place += ops.clone().filter(|op| plan.steps[*op].overwrites.is_some()).count();
            let whole = |op: usize| network.op_macs(&network.ops[op]);
            again += stage.macs.iter().zip(ops).filter(|(macs, op)| **macs > whole(*op)).count();
        }
    }
    println!("{stages} stages, {in_place} outputs in place, {moved} moves, {again} operators with rows computed again");
    assert!(stages > 150 && in_place > 20 && moved > 100 && again > 20);
}

/// Functions written over their operands among them.
#[test]
fn plans_of_pieces_compute_what_the_interpreter_does() {
    let (mut lookups, mut in_place) = (0, 0);
    for seed in 0..60 {
        let network = passes::adjoin_reductions(&engine_random::pieces(seed, 12));
        let plan = Plan::new(&network).expect("a plan");
        let input = noise(seed as usize, network.tensor(network.inputs[0]).bytes());
        let expected = reference::run(&network, std::slice::from_ref(&input)).expect("a run");
        assert_eq!(run_by_plan(&network, &plan, &[input]), expected, "seed {seed}");
        let functions = plan.steps.iter().filter(|step| step.kernel.name() == "lookup");
        lookups += functions.clone().count();
        in_place += functions.filter(|step| step.overwrites.is_some()).count();
    }
    assert!(lookups > 60 && in_place * 3 > lookups * 2, "{in_place} of {lookups} lookups are in place");
}

#[test]
fn c_of_random_stages_computes_what_the_interpreter_does() {
    for seed in [301, 304, 307] {
        let network = if seed < 305 { engine_random::blocks(seed, 4) } else { engine_random::swishing_blocks(seed, 3) };
        let cuts = random_cuts(&network, &mut Rng(seed));
        let compiled = TinyEngine.compile_cut(&network, &[]).expect("a network");
        // Dead channels are dropped before operators are numbered, which changes none of these numbers.
        assert_eq!(compiled.plan.steps.len(), network.ops.len(), "seed {seed}");
        let compiled = TinyEngine.compile_cut(&network, &cuts).unwrap_or_else(|e| panic!("{seed}: {e}"));
        engine_host::check(&network, &compiled, &format!("patches-{seed}"));
    }
}

/// Blocks whose additions have their operands in either order, and clamps of their own.
fn residual_blocks(seed: u64) -> Network {
    let mut network = passes::fold_pads(&engine_random::blocks(seed, 4));
    for op in network.ops.iter_mut() {
        if let OpKind::Add { clamp } = &mut op.kind {
            if seed % 2 == 1 {
                op.inputs.reverse();
            }
            if seed % 3 == 0 {
                *clamp = Clamp { min: -90, max: 70 + (seed % 50) as i32 };
            }
        }
    }
    network
}

#[test]
fn additions_that_convolutions_make_are_those_of_the_interpreter() {
    let (mut sums, mut in_place, mut banded, mut leading, mut smaller) = (0, 0, 0, 0, 0);
    for seed in 0..150 {
        let network = residual_blocks(seed);
        let input = noise(seed as usize, network.tensor(network.inputs[0]).bytes());
        let expected = reference::run(&network, std::slice::from_ref(&input)).expect("a run");
        for prefer in [Prefer::Latency, Prefer::Sram] {
            let goal = Goal::preferring(prefer);
            let plan = goal.plan(&network).expect("a plan");
            let actual = run_by_plan(&network, &plan, std::slice::from_ref(&input));
            assert_eq!(actual, expected, "seed {seed}, {}", prefer.name());
            for step in plan.steps.iter().filter(|step| step.kernel.sum().is_some()) {
                sums += 1;
                in_place += usize::from(step.overwrites == Some(1));
                banded += usize::from(plan.stages.iter().any(|stage| stage.holds(step.op)));
                leading += usize::from(step.kernel.sum().is_some_and(|sum| sum.leads));
            }
            let apart = Goal { optimisations: Optimisations { sums: false, ..Optimisations::default() }, ..goal };
            let apart = apart.plan(&network).expect("a plan");
            assert!(apart.fused.is_empty() && apart.steps.iter().all(|step| step.kernel.sum().is_none()));
            if prefer == Prefer::Latency && apart.stages.is_empty() && plan.stages.is_empty() {
                assert!(plan.arena_bytes <= apart.arena_bytes, "{seed}");
                smaller += usize::from(plan.arena_bytes < apart.arena_bytes);
            }
        }
    }
    println!("{sums} sums, {in_place} in place, {banded} in bands, {leading} leading; {smaller} arenas smaller");
    assert!(sums > 150 && in_place > 80 && banded > 20 && leading > 40 && leading < sums - 40);
}

#[test]
fn c_of_additions_that_convolutions_make_computes_what_the_interpreter_does() {
    let (mut b, x) = Builder::new(&[1, 6, 5, 8]);
    let sum = b.inverted_residual(x, 2, 3, 1, 8);
    let wide = b.conv(sum, 1, 1, 16, false);
    let narrow = b.conv(wide, 1, 1, 8, false);
    let sum = b.add(narrow, sum);
    let network = b.finish(&[sum]);
    let compiled = TinyEngine.compile(&network).expect("C");
    assert_eq!(compiled.plan.fused.len(), 2);
    engine_host::check(&network, &compiled, "sums");
}

/// The operand must be there already, the product read by nothing else, and the input by nothing later.
#[test]
fn additions_of_other_kinds_stay_steps() {
    let fused = |network: &Network| Goal::default().plan(network).expect("a plan").fused.len();
    let block = |read_again: bool, kept: bool, growing: bool| {
        let (mut b, x) = Builder::new(&[1, 6, 6, 8]);
        let wide = b.conv(x, 1, 1, if growing { 4 } else { 16 }, false);
        let product = b.conv(wide, 1, 1, 8, false);
        let sum = b.add(x, product);
        let mut outputs = vec![sum];
        if read_again {
            outputs[0] = b.add(sum, product);
        }
        if kept {
            let more = b.conv(wide, 1, 1, 8, false);
            outputs[0] = b.add(sum, more);
        }
        b.finish(&outputs)
    };
    assert_eq!(fused(&block(false, false, false)), 1);
    assert_eq!(fused(&block(true, false, false)), 0, "the product is read twice");
    assert_eq!(fused(&block(false, false, true)), 0, "pixels grow");
    // The first convolution is not the last to read its input; the second is, and adds to the first sum.
    assert_eq!(fused(&block(false, true, false)), 1);
    let (mut b, x) = Builder::new(&[1, 6, 6, 8]);
    let product = b.conv(x, 1, 1, 8, false);
    let sum = b.add(x, product);
    assert_eq!(fused(&b.finish(&[sum])), 0, "what is added is what is read");
    let (mut b, x) = Builder::new(&[1, 6, 6, 8]);
    let wide = b.conv(x, 3, 1, 8, true);
    let product = b.conv(wide, 3, 1, 8, true);
    let sum = b.add(x, product);
    assert_eq!(fused(&b.finish(&[sum])), 0, "not of single pixels");
}

#[test]
fn halos_are_counted_row_by_row() {
    let (mut b, x) = Builder::new(&[1, 16, 8, 4]);
    let wide = b.conv(x, 1, 1, 8, false);
    let y = b.depthwise(wide, 3, 1, true);
    let y = b.conv(y, 1, 1, 4, false);
    let network = b.finish(&[y]);
    let cut = |halo| Cut { first: 0, last: 2, band_rows: 4, halos: vec![halo; 3] };
    let kept = Plan::cut(&network, &[cut(Halo::Kept)]).expect("a plan");
    let whole: Vec<u64> = network.ops.iter().map(|op| network.op_macs(op)).collect();
    assert_eq!(kept.stages[0].macs, whole);
    // Four bands read 5, 6, 6 and 5 rows of the expanded map, which has 16.
    let again = Plan::cut(&network, &[cut(Halo::Recomputed)]).expect("a plan");
    assert_eq!(again.stages[0].macs, [whole[0] / 16 * 22, whole[1], whole[2]]);
    // Two rows stay where they are kept, and none where they are not.
    assert_eq!((kept.stages[0].windows[0].rows, kept.stages[0].windows[0].kept), (6, 2));
    assert_eq!((again.stages[0].windows[0].rows, again.stages[0].windows[0].kept), (6, 0));
    assert!(kept.arena_bytes < Plan::new(&network).expect("a plan").arena_bytes);
}

#[test]
fn layers_of_a_stage_stay_steps_of_their_own() {
    let (mut b, x) = Builder::new(&[1, 16, 8, 4]);
    let y = b.conv(x, 1, 1, 8, false);
    let y = b.depthwise(y, 3, 1, true);
    let y = b.conv(y, 1, 1, 4, false);
    let y = b.conv(y, 3, 2, 6, true);
    let network = b.finish(&[y]);
    let cut = Cut { first: 0, last: 2, band_rows: 4, halos: vec![Halo::Kept; 3] };
    let compiled = TinyEngine.compile_cut(&network, &[cut]).expect("C");
    let kernels: Vec<&str> = compiled.steps.iter().map(|step| step.kernel).collect();
    assert_eq!(kernels, ["conv1x1", "depthwise", "conv1x1", "conv"]);
    assert_eq!(compiled.steps.iter().map(|step| step.macs).sum::<u64>(), network.macs());
    // Four bands, of which all but the last leave rows of the first operator for the next, which are moved once the output
    // that is written over the others was read; then what stands alone.
    assert_eq!(compiled.timed, [0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 2, 3]);
    let work = compiled.work();
    let bands = |calls, rows, moved_bytes| Some(Bands { calls, rows, moved_bytes });
    let moved = 3 * 2 * 8 * 8;
    assert_eq!(
        work.iter().map(|w| w.bands).collect::<Vec<_>>(),
        [bands(4, 16, moved), bands(4, 16, 0), bands(4, 16, 0), None]
    );
}

#[test]
fn what_cannot_be_cut_is_refused() {
    let (mut b, x) = Builder::new(&[1, 8, 8, 4]);
    let y = b.conv(x, 3, 1, 4, true);
    let z = b.conv(y, 3, 1, 4, true);
    let sum = b.add(y, z);
    let flat = b.reshape(sum, &[1, 256]);
    let out = b.dense(flat, 5);
    let network = b.finish(&[out]);
    let cut = |first: usize, last: usize| Cut { first, last, band_rows: 2, halos: vec![Halo::Kept; last - first + 1] };
    let refused = |cut: Cut| Plan::cut(&network, &[cut]).expect_err("no plan").to_string();
    // `y` is read after it.
    assert!(refused(cut(0, 1)).contains("operators 0 to 1 cannot be computed 2 rows at a time"));
    // A reshape has no rows; one operator passes nothing on.
    for (first, last) in [(1, 3), (2, 2), (0, 99)] {
        refused(cut(first, last));
    }
    assert!(Plan::cut(&network, &[cut(0, 2)]).is_ok());
    assert!(Plan::cut(&network, &[cut(1, 2)]).is_ok());
    refused(Cut { band_rows: 0, ..cut(0, 2) });
    refused(Cut { halos: vec![], ..cut(0, 2) });
}
