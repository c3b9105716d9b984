//! Stochastic gradient descent with momentum, and its learning rate over time.

use serde::{Deserialize, Serialize};

use super::layer::Layer;

/// How weights follow their gradients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Descent {
    /// Largest learning rate.
    pub rate: f32,
    pub momentum: f32,
    /// Weight decay of filters; scales, shifts and biases have none.
    pub decay: f32,
    /// Steps from a rate of 0 to the largest one.
    pub warmup: usize,
    /// Part of the largest rate that is left at the end.
    pub last: f32,
}

impl Default for Descent {
    /// MCUNet's momentum and decay (arXiv 2007.10319, 4.1).
    fn default() -> Self {
        Self { rate: 0.1, momentum: 0.9, decay: 5e-5, warmup: 50, last: 0.0 }
    }
}

impl Descent {
    /// The learning rate of a step: linear at first, then half a cosine.
    pub fn rate(&self, step: usize, steps: usize) -> f32 {
        if step < self.warmup {
            return self.rate * (step + 1) as f32 / self.warmup as f32;
        }
        let done = (step - self.warmup) as f64 / steps.saturating_sub(self.warmup).max(1) as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
        self.rate * (self.last + (1.0 - self.last) * cosine as f32)
    }

    /// One step of Nesterov's momentum.
    pub fn update(&self, rate: f32, layers: &mut [Layer], velocities: &mut [Layer], gradients: &[Layer]) {
        for ((layer, velocity), gradient) in layers.iter_mut().zip(velocities).zip(gradients) {
            let decays = [self.decay, 0.0, 0.0];
            let parts = layer.parts_mut().into_iter().zip(velocity.parts_mut()).zip(gradient.parts()).zip(decays);
            for (((weights, velocities), gradients), decay) in parts {
                for ((weight, velocity), gradient) in weights.iter_mut().zip(velocities).zip(gradients) {
                    let gradient = gradient + decay * *weight;
                    *velocity = self.momentum * *velocity + gradient;
                    *weight -= rate * (gradient + self.momentum * *velocity);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_then_falls_to_its_last_part() {
        let descent = Descent { rate: 2.0, warmup: 4, last: 0.1, ..Descent::default() };
        assert_eq!([0, 1, 3, 4].map(|step| descent.rate(step, 104)), [0.5, 1.0, 2.0, 2.0]);
        assert!((descent.rate(54, 104) - 1.1).abs() < 1e-6);
        assert!((descent.rate(104, 104) - 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_parabola_is_descended() {
        let layer = |x: f32| Layer { filter: vec![x], ..Layer::default() };
        let (mut layers, mut velocities) = (vec![layer(3.0)], vec![layer(0.0)]);
        let descent = Descent { decay: 0.0, ..Descent::default() };
        for _ in 0..200 {
            let gradients = vec![layer(2.0 * (layers[0].filter[0] - 1.0))];
            descent.update(0.05, &mut layers, &mut velocities, &gradients);
        }
        assert!((layers[0].filter[0] - 1.0).abs() < 1e-3);
    }
}
