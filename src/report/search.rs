//! The page of a search: which configuration and why, the front, how the cost model learned, and what was chosen.

use minijinja::{AutoEscape, Environment, context};

use super::html::HtmlError;
use super::plots::{Axes, Curve, curves};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct SearchView {
    pub title: String,
    /// Sentences under the title.
    pub summary: Vec<String>,
    /// Provenance of all that was measured.
    pub provenance: String,
    /// Per configuration its name, whether it was chosen, and multiply-accumulates of the networks that fit, ascending.
    pub space: Vec<(String, bool, Vec<u64>)>,
    /// Measured networks: latency in milliseconds, accuracy in per cent, arena in bytes, and whether it is on the front.
    pub networks: Vec<(f64, f64, usize, bool)>,
    /// Per round the number of networks measured and the median error of what was predicted of them, per cent.
    pub errors: Vec<(usize, f64)>,
    /// What the accuracy of measured networks is.
    pub worth: String,
    /// Steps of the supernet's training, and how often the largest network was right, per cent: on training samples, on
    /// validation samples, and the smallest network on validation samples.
    pub learning: Vec<(usize, f64)>,
    pub validation: Vec<(usize, f64)>,
    pub smallest: Vec<(usize, f64)>,
    /// Titles and cells of the table of rivals.
    pub against_titles: Vec<String>,
    pub against: Vec<Vec<String>>,
    /// Titles and cells of the table of chosen networks.
    pub titles: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Points of a curve at most: more cannot be told apart.
const POINTS: usize = 100;

fn distribution(macs: &[u64]) -> Vec<(f64, f64)> {
    let step = macs.len().div_ceil(POINTS).max(1);
    let share = |i: usize| (i + 1) as f64 / macs.len() as f64;
    macs.iter().enumerate().step_by(step).map(|(i, macs)| (*macs as f64, share(i))).collect()
}

/// One HTML file that needs nothing else.
pub fn search_html(view: &SearchView) -> Result<String, HtmlError> {
    let of = |(name, marked, macs): &(String, bool, Vec<u64>)| Curve {
        name: name.clone(),
        points: distribution(macs),
        line: true,
        marked: *marked,
    };
    let spaces: Vec<Curve> = view.space.iter().filter(|(.., macs)| !macs.is_empty()).map(of).collect();
    let (x, y) = ("multiply-accumulates", "share of networks that fit");
    let space = curves(Axes { title: "what networks of each configuration compute", x, y }, &spaces)?;
    let points = |on_front: bool, name: &str, of: fn(&(f64, f64, usize, bool)) -> (f64, f64)| Curve {
        name: name.into(),
        points: view.networks.iter().filter(|n| n.3 == on_front).map(of).collect(),
        line: false,
        marked: on_front,
    };
    let both = |of| [points(false, "dominated", of), points(true, "on the front", of)];
    let axes = Axes { title: "accuracy against latency", x: "latency, ms", y: &view.worth };
    let latency = curves(axes, &both(|n| (n.0, n.1)))?;
    let axes = Axes { title: "accuracy against SRAM", x: "arena, bytes", y: &view.worth };
    let sram = curves(axes, &both(|n| (n.2 as f64, n.1)))?;
    let errors = view.errors.iter().map(|(measured, error)| (*measured as f64, *error)).collect();
    let errors = [Curve { name: "median of a round".into(), points: errors, line: true, marked: true }];
    let axes = Axes { title: "error of the cost model", x: "networks measured", y: "error before measuring, %" };
    let errors = curves(axes, &errors)?;
    let line = |name: &str, points: &[(usize, f64)], line: bool| Curve {
        name: name.into(),
        points: points.iter().map(|(step, percent)| (*step as f64, *percent)).collect(),
        line,
        marked: true,
    };
    let learning = [
        line("largest, training samples", &view.learning, true),
        line("largest, validation samples", &view.validation, false),
        line("smallest, validation samples", &view.smallest, false),
    ];
    let learning: Vec<Curve> = learning.into_iter().filter(|curve| !curve.points.is_empty()).collect();
    let learning = curves(Axes { title: "how the supernet learnt", x: "steps", y: "right, %" }, &learning)?;

    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("search.html", include_str!("search.html.j2"))?;
    let page = environment.get_template("search.html")?;
    Ok(page.render(context! {
        title => view.title, summary => view.summary, provenance => view.provenance, titles => view.titles,
        rows => view.rows, space => space, latency => latency, sram => sram, errors => errors,
        learning => learning, against_titles => view.against_titles, against => view.against,
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_there_is_and_leaves_out_what_there_is_not() {
        let view = SearchView {
            title: "a & b".into(),
            provenance: "emulated".into(),
            space: vec![("w1-r28".into(), true, vec![1, 2, 3]), ("w2-r28".into(), false, vec![])],
            networks: vec![(1.0, 90.0, 1000, true), (2.0, 80.0, 2000, false)],
            titles: vec!["network".into()],
            rows: vec![vec!["one".into()]],
            ..SearchView::default()
        };
        let page = search_html(&view).expect("a page");
        assert!(page.contains("a &amp; b") && page.contains("emulated") && page.contains("w1-r28"));
        assert_eq!(page.matches("<svg").count(), 3, "no error was predicted in the first round");
        let macs: Vec<u64> = (0..1000).collect();
        let curve = distribution(&macs);
        assert!(curve.len() <= POINTS && curve.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
