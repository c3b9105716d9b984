//! Which of several kernels is taken for an operator.

mod engine_common;

use engine_common::Builder;
use hil::engine::candidate::{EXPANSION_BYTES, candidates, choose};
use hil::engine::pack::Form;
use hil::engine::{Kernel, Plan};
use hil::network::Network;

/// Three 3x3 layers at stride 1, one at stride 2, one whose pixels are no whole groups, one of single pixels.
fn network() -> Network {
    let (mut b, x) = Builder::new(&[1, 16, 16, 5]);
    let y = b.conv(x, 3, 1, 16, true);
    let y = b.conv(y, 3, 1, 16, true);
    let y = b.conv(y, 3, 1, 32, true);
    let y = b.conv(y, 3, 1, 32, true);
    let y = b.conv(y, 3, 2, 8, true);
    let y = b.conv(y, 1, 1, 8, true);
    b.finish(&[y])
}

#[test]
fn a_filter_that_covers_its_map_is_a_row_where_flash_allows() {
    for (size, filter, covers) in [(1, 1, true), (3, 3, true), (3, 1, false), (4, 3, false)] {
        let (mut b, x) = Builder::new(&[1, size, size, 24]);
        let y = b.conv(x, filter, 1, 40, false);
        let network = b.finish(&[y]);
        let form = |bytes: usize| forms(&choose(&network, bytes).expect("kernels"))[0];
        assert_eq!(form(0), Some(Form::Matrix), "{size}, {filter}");
        assert_eq!(form(4096) == Some(Form::Row), covers, "{size}, {filter}");
    }
}

fn forms(kernels: &[Kernel]) -> Vec<Option<Form>> {
    kernels.iter().map(|kernel| kernel.packed().map(|packed| packed.form)).collect()
}

fn flash(network: &Network, kernels: Vec<Kernel>) -> usize {
    Plan::with(network, kernels, 4).expect("a plan").flash_bytes()
}

#[test]
fn minimal_filtering_is_for_3x3_at_stride_1_over_whole_groups() {
    let [matrix, winograd] = [Form::Matrix, Form::Winograd].map(Some);
    let network = network();
    let taken = choose(&network, usize::MAX).expect("kernels");
    assert_eq!(forms(&taken), [matrix, winograd, winograd, winograd, matrix, matrix]);
    let counts: Vec<usize> = network.ops.iter().map(|op| candidates(&network, op).expect("some").len()).collect();
    assert_eq!(counts, [1, 2, 2, 2, 1, 1]);
}

#[test]
fn the_candidate_of_the_least_flash_comes_first() {
    let network = network();
    for op in &network.ops {
        let choices = candidates(&network, op).expect("some");
        assert!(choices.windows(2).all(|pair| pair[0].flash_bytes <= pair[1].flash_bytes));
    }
}

#[test]
fn flash_grows_by_no_more_than_it_may() {
    let network = network();
    let smallest = flash(&network, choose(&network, 0).expect("kernels"));
    assert!(forms(&choose(&network, 0).expect("kernels")).iter().all(|form| *form != Some(Form::Winograd)));
    let mut last = 0;
    for bound in (0..100_000).step_by(1000) {
        let grown = flash(&network, choose(&network, bound).expect("kernels")) - smallest;
        assert!(grown <= bound, "{grown} of {bound}");
        last = grown;
    }
    assert!(last > 0, "some bound lets one of them grow");
    assert!(Plan::new(&network).expect("a plan").flash_bytes() <= smallest + EXPANSION_BYTES);
}
