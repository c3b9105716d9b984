//! Pictures, and their size.

/// Bytes of a picture, HWC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub height: usize,
    pub width: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// As numbers of 0 to 255 with `channels` channels: grey is copied, colours are weighed up (ITU-R BT.601).
    pub fn values(&self, channels: usize) -> Vec<f32> {
        let pixels = self.pixels.chunks_exact(self.channels.max(1));
        match (self.channels, channels) {
            (3, 1) => {
                pixels.map(|p| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])).collect()
            }
            (own, wanted) => {
                pixels.flat_map(|p| (0..wanted).map(move |c| f32::from(p[c.min(own.max(1) - 1)]))).collect()
            }
        }
    }

    /// The middle square.
    pub fn square(&self) -> Self {
        let side = self.height.min(self.width);
        let (top, left) = ((self.height - side) / 2, (self.width - side) / 2);
        let row = |y: usize| {
            let from = ((top + y) * self.width + left) * self.channels;
            &self.pixels[from..from + side * self.channels]
        };
        let pixels = (0..side).flat_map(row).copied().collect();
        Self { height: side, width: side, channels: self.channels, pixels }
    }
}

/// Where each pixel of one axis comes from: the pixels that it overlaps, and their shares.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    // Enlarged, a pixel is a mix of its two nearest; reduced, the mean of what it covers.
    let reach = scale.max(1.0);
    (0..to)
        .map(|at| {
            let centre = (at as f64 + 0.5) * scale - 0.5;
            let first = (centre - reach).ceil().max(0.0) as usize;
            let last = ((centre + reach).floor().max(0.0) as usize).min(from - 1);
            let weight = |pixel: usize| (1.0 - (pixel as f64 - centre).abs() / reach).max(0.0);
            let total: f64 = (first..=last).map(weight).sum();
            (first..=last).map(|pixel| (pixel, (weight(pixel) / total) as f32)).collect()
        })
        .collect()
}

/// Resizes an HWC picture with a triangle filter that widens as the picture shrinks, so that it does not alias.
pub fn resize(values: &[f32], from: [usize; 3], height: usize, width: usize) -> Vec<f32> {
    let [old_height, old_width, channels] = from;
    if (old_height, old_width) == (height, width) {
        return values.to_vec();
    }
    let (rows, columns) = (shares(old_height, height), shares(old_width, width));
    let mut wide = vec![0.0; old_height * width * channels];
    for y in 0..old_height {
        for (x, shares) in columns.iter().enumerate() {
            let to = &mut wide[(y * width + x) * channels..][..channels];
            for (from, share) in shares {
                let pixel = &values[(y * old_width + from) * channels..][..channels];
                to.iter_mut().zip(pixel).for_each(|(to, v)| *to += share * v);
            }
        }
    }
    let mut resized = vec![0.0; height * width * channels];
    for (to, shares) in resized.chunks_exact_mut(width * channels).zip(&rows) {
        for (from, share) in shares {
            let row = &wide[from * width * channels..][..width * channels];
            to.iter_mut().zip(row).for_each(|(to, v)| *to += share * v);
        }
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_picture_stays_even() {
        for (height, width) in [(3, 3), (5, 9), (28, 28), (31, 40)] {
            let resized = resize(&[7.0; 28 * 28], [28, 28, 1], height, width);
            assert_eq!(resized.len(), height * width);
            assert!(resized.iter().all(|v| (v - 7.0).abs() < 1e-4));
        }
    }

    #[test]
    fn halving_means_and_the_middle_stays() {
        let ramp: Vec<f32> = (0..8).map(|x| x as f32).collect();
        let half = resize(&ramp, [1, 8, 1], 1, 4);
        assert!((half[1] - 2.5).abs() < 1e-4 && (half[2] - 4.5).abs() < 1e-4, "{half:?}");
    }

    #[test]
    fn the_middle_square_is_cut() {
        let picture = Picture { height: 2, width: 4, channels: 1, pixels: vec![0, 1, 2, 3, 4, 5, 6, 7] };
        assert_eq!(picture.square().pixels, [1, 2, 5, 6]);
    }
}
