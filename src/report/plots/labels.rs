//! Places for the labels of points, so that they do not cover one another.

/// Pixels: left, top, right, bottom.
type Rect = (i32, i32, i32, i32);

/// Height of a label in pixels.
const HEIGHT: i32 = 14;
/// Width of a character at the labels' size, an upper bound for the usual fonts.
const CHARACTER: i32 = 8;
const GAP: i32 = 9;

fn meet(a: Rect, b: Rect) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}

/// Left top corner of each label, for points in pixels inside `bounds`: beside, above or below its point, at the first
/// place that is free; else to its right, whatever is there.
pub fn place(points: &[(i32, i32)], labels: &[String], bounds: Rect) -> Vec<(i32, i32)> {
    let mut taken: Vec<Rect> = points.iter().map(|&(x, y)| (x - 6, y - 6, x + 6, y + 6)).collect();
    let mut places = Vec::with_capacity(points.len());
    for (&(x, y), label) in points.iter().zip(labels) {
        let width = label.chars().count() as i32 * CHARACTER;
        let middle = y - HEIGHT / 2;
        let mut options = vec![(x + GAP, middle), (x - GAP - width, middle)];
        for rise in 1..6 {
            for sign in [-1, 1] {
                let top = middle + sign * rise * HEIGHT;
                options.extend([(x + GAP, top), (x - width / 2, top), (x - GAP - width, top)]);
            }
        }
        let rect = |(left, top): (i32, i32)| (left, top, left + width, top + HEIGHT);
        let free = |at: &&(i32, i32)| {
            let r = rect(**at);
            let inside = r.0 >= bounds.0 && r.1 >= bounds.1 && r.2 <= bounds.2 && r.3 <= bounds.3;
            inside && !taken.iter().any(|other| meet(r, *other))
        };
        let at = options.iter().find(free).copied().unwrap_or(options[0]);
        taken.push(rect(at));
        places.push(at);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_points_in_one_place_are_apart_and_inside() {
        let points = [(100, 100), (102, 101), (100, 103), (395, 100)];
        let labels = ["mobilenet", "mcunet", "proxyless", "right edge"].map(String::from);
        let bounds = (0, 0, 400, 300);
        let places = place(&points, &labels, bounds);
        let rect = |i: usize| {
            let ((x, y), width) = (places[i], labels[i].len() as i32 * CHARACTER);
            (x, y, x + width, y + HEIGHT)
        };
        // Pixel by pixel, since `meet` is what is tested.
        let pixels = |(left, top, right, bottom): Rect| {
            (left..right)
                .flat_map(move |x| (top..bottom).map(move |y| (x, y)))
                .collect::<std::collections::HashSet<_>>()
        };
        for i in 0..4 {
            assert!(rect(i).0 >= 0 && rect(i).2 <= 400, "{i}");
            assert!((0..i).all(|j| pixels(rect(i)).is_disjoint(&pixels(rect(j)))), "{i}");
        }
    }
}
