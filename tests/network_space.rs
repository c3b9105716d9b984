//! Search spaces are the published ones, and their networks share the weights of the largest.

use std::collections::HashSet;

use hil::network::float::FloatWeights;
use hil::network::random::Random;
use hil::network::space::{Configuration, Elastic, Ratio, Size, Space, SpaceError, Subnet, names, shipped};
use hil::network::{Hw, builtin, digest_hex};

fn space(name: &str) -> Space {
    shipped(name).unwrap_or_else(|e| panic!("{e}"))
}

fn configuration(width: f64, side: usize, c: usize) -> Configuration {
    Configuration { width: Ratio::new(width).expect("a width"), size: Size { h: side, w: side, c } }
}

/// `count` networks over all configurations of `space`.
fn drawn(space: &Space, count: usize, seed: u64) -> Vec<Subnet> {
    let mut random = Random::new(seed);
    let all = space.configurations();
    (0..count).map(|i| space.sample(all[i % all.len()], Elastic::ALL, &mut random)).collect()
}

#[test]
fn mcunets_space_has_108_configurations_and_the_published_size() {
    let space = space("mcunet");
    assert_eq!(space.configurations().len(), 108);
    // Five stages of two to four blocks of nine kinds are 2x10^19 (appendix D); the last block is of nine kinds, too.
    assert!((space.log10_size() - (2.177e19f64 * 9.0).log10()).abs() < 0.01, "{}", space.log10_size());
}

/// MCUNet's own networks came of this space: where channels stand in the published files, they are the same here.
#[test]
fn channels_are_those_of_the_published_networks() {
    let space = space("mcunet");
    let float = space.float(&space.smallest(configuration(0.6, 48, 3))).expect("a network");
    let channels = |name: &str| float.values.iter().find(|v| v.name == name).map(|v| v.channels());
    // mcunet-10fps_imagenet.json
    let published = [("stem", 24), ("first.project", 16), ("stage0.block0.project", 16), ("stage1.block0.project", 24)];
    let published = published.into_iter().chain([
        ("stage2.block0.project", 48),
        ("stage3.block0.project", 56),
        ("stage4.block0.project", 112),
        ("stage5.block0.project", 192),
    ]);
    for (name, count) in published {
        assert_eq!(channels(name), Some(count), "{name}");
    }
}

#[test]
fn every_space_draws_networks_that_can_be_built() {
    for name in names() {
        let space = space(name);
        for subnet in drawn(&space, 60, 1) {
            space.check(&subnet).unwrap_or_else(|e| panic!("{name}: {e}"));
            let float = space.float(&subnet).unwrap_or_else(|e| panic!("{name} {}: {e}", subnet.id()));
            assert_eq!(float.value(float.output).elements(), space.classes);
            assert!(float.macs() > 0);
        }
    }
}

#[test]
fn a_subnet_survives_its_text_and_its_name_tells_it_from_others() {
    let space = space("mcunet");
    let all = drawn(&space, 500, 2);
    for subnet in &all {
        let text = serde_json::to_string(subnet).expect("text");
        assert_eq!(serde_json::from_str::<Subnet>(&text).expect("a subnet"), *subnet);
    }
    let ids: HashSet<String> = all.iter().map(Subnet::id).collect();
    assert_eq!(ids.len(), all.iter().collect::<HashSet<_>>().len());
    assert!(all[0].id().starts_with("w0.2-r48-"), "{}", all[0].id());
}

#[test]
fn the_same_seed_draws_the_same_networks() {
    let space = space("audio");
    assert_eq!(drawn(&space, 20, 3), drawn(&space, 20, 3));
    assert_ne!(drawn(&space, 20, 3), drawn(&space, 20, 4));
    let subnet = &drawn(&space, 1, 3)[0];
    let digest = |seed| digest_hex(&space.network(subnet, seed).expect("a network"));
    assert_eq!(digest(5), digest(5));
    assert_ne!(digest(5), digest(6));
}

#[test]
fn what_is_not_elastic_stays_at_its_largest() {
    let space = space("small-image");
    let at = configuration(1.0, 28, 1);
    let largest = space.largest(at);
    let mut random = Random::new(1);
    for _ in 0..50 {
        let elastic = Elastic { kernel: true, ..Elastic::NONE };
        let subnet = space.sample(at, elastic, &mut random);
        for (stage, full) in subnet.stages.iter().zip(&largest.stages) {
            assert_eq!((stage.scale, stage.blocks.len()), (full.scale, full.blocks.len()));
            assert!(stage.blocks.iter().zip(&full.blocks).all(|(b, f)| b.expand == f.expand));
        }
    }
    let smallest = space.smallest(at);
    assert!(space.float(&smallest).expect("a network").macs() < space.float(&largest).expect("a network").macs());
}

#[test]
fn children_are_of_the_space_and_take_after_their_parents() {
    let space = space("mcunet");
    let at = configuration(0.5, 96, 3);
    let mut random = Random::new(9);
    let mut moved = 0;
    for _ in 0..300 {
        let (a, b) = (space.sample(at, Elastic::ALL, &mut random), space.sample(at, Elastic::ALL, &mut random));
        let child = space.crossover(&a, &b, &mut random);
        space.check(&child).expect("a child");
        for (stage, (x, y)) in child.stages.iter().zip(a.stages.iter().zip(&b.stages)) {
            for (at, block) in stage.blocks.iter().enumerate() {
                let parents = || [x.blocks.get(at), y.blocks.get(at)].into_iter().flatten();
                assert!(parents().any(|p| p.kernel == block.kernel) && parents().any(|p| p.expand == block.expand));
            }
        }
        assert_eq!(space.mutate(&a, 0.0, &mut random), a);
        let mutant = space.mutate(&a, 0.1, &mut random);
        space.check(&mutant).expect("a mutant");
        moved += usize::from(mutant != a);
    }
    assert!((200..300).contains(&moved), "{moved} of 300 mutants differ");
}

/// A cut keeps first channels and the middle of kernels, and every layer finds its own in the largest network.
#[test]
fn layers_are_cut_out_of_the_largest_network() {
    for name in names() {
        let space = space(name);
        for subnet in drawn(&space, 20, 7) {
            let float = space.float(&subnet).expect("a network");
            let large = space.float(&space.largest(subnet.configuration)).expect("a network");
            let cuts = space.cuts(&subnet).expect("cuts");
            assert_eq!(cuts.len(), float.ops.iter().filter(|op| float.fan_in(op) > 0).count());
            for cut in &cuts {
                assert_eq!(float.value(float.ops[cut.op].output).name, cut.layer);
                assert_eq!(large.value(large.ops[cut.of].output).name, cut.layer);
                let (full, part) = (cut.full, cut.part);
                assert!(part.inputs <= full.inputs && part.outputs <= full.outputs, "{name}: {}", cut.layer);
                assert!(part.kernel.h <= full.kernel.h && part.kernel.w <= full.kernel.w);
                // Every weight says where it stood.
                let len = full.kernel.h * full.kernel.w * full.inputs * full.outputs;
                let all = FloatWeights {
                    filter: (0..len).map(|i| i as f32).collect(),
                    bias: (0..full.outputs).map(|i| i as f32).collect(),
                };
                let taken = cut.apply(&all).expect("a part");
                assert_eq!(taken.bias, all.bias[..part.outputs]);
                let Hw { h, w } = cut.offset();
                let first = ((h * full.kernel.w + w) * full.inputs * full.outputs) as f32;
                assert_eq!(taken.filter[0], first);
                assert_eq!(taken.filter.len(), part.kernel.h * part.kernel.w * part.inputs * part.outputs);
                if part == full {
                    assert_eq!(taken, all);
                }
                assert_eq!(cut.apply(&taken).is_some(), part == full);
            }
        }
    }
}

#[test]
fn a_wrong_file_is_told_where_and_why() {
    let text = include_str!("../scenarios/spaces/mcunet.yaml");
    let message = |from: &str, to: &str| match Space::parse("s.yaml", &text.replacen(from, to, 1)) {
        Err(error @ SpaceError::Invalid { .. }) => error.to_string(),
        other => panic!("{from} -> {to}: {other:?}"),
    };
    assert!(message("kernels: [3, 5, 7]", "kernels: [3, 4]").contains("`kernels` has 4"));
    assert!(message("depths: [2, 3, 4]", "depths: [3, 2]").contains("must ascend"));
    assert!(message("expansions: [3, 4, 6]", "expansions: [1, 4]").contains("stages[0]: `expansions` has 1"));
    assert!(message("kernels: [3, 5, 7]", "kernel: [3]").starts_with("s.yaml:9:"));
    assert!(message("widths: [0.2,", "widths: [-1,").contains("multiplier is -1"));
    assert!(message("depths: [1]", "depths: []").contains("stages[5]: `depths` is missing or empty"));
    let unknown = shipped("mcunt").unwrap_err().to_string();
    assert!(unknown.contains("mcunt") && unknown.contains("small-image"), "{unknown}");
}

#[test]
fn networks_of_another_space_are_refused() {
    let (mcunet, small) = (space("mcunet"), space("small-image"));
    let foreign = &drawn(&mcunet, 1, 1)[0];
    let message = small.float(foreign).unwrap_err().to_string();
    assert!(message.contains("space `small-image` has no such network"), "{message}");
    assert!(builtin::names().iter().all(|name| !names().contains(name)));
}
