//! Sizes of windowed operators along one axis.

/// Output size, padding before and padding after of TFLite's SAME: the output covers the input, and an odd pixel goes
/// behind it.
pub fn same(size: usize, filter: usize, stride: usize, dilation: usize) -> (usize, usize, usize) {
    let out = size.div_ceil(stride);
    let total = ((out.max(1) - 1) * stride + reach(filter, dilation)).saturating_sub(size);
    (out, total / 2, total - total / 2)
}

/// Output size with the given padding in sum; 0 where the filter does not fit.
pub fn padded(size: usize, filter: usize, stride: usize, dilation: usize, padding: usize) -> usize {
    (size + padding + stride).saturating_sub(reach(filter, dilation)) / stride
}

/// Pixels from the first to the last tap of a filter.
fn reach(filter: usize, dilation: usize) -> usize {
    (filter.max(1) - 1) * dilation + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_pixel_of_padding_goes_behind() {
        assert_eq!(same(96, 3, 2, 1), (48, 0, 1));
        assert_eq!(same(49, 10, 2, 1), (25, 4, 5));
        assert_eq!(same(5, 1, 2, 1), (3, 0, 0));
        assert_eq!(same(7, 3, 1, 2), (7, 2, 2));
    }

    #[test]
    fn a_filter_that_does_not_fit_gives_nothing() {
        assert_eq!(padded(5, 3, 2, 1, 2), 3);
        assert_eq!(padded(5, 3, 1, 2, 0), 1);
        assert_eq!(padded(2, 3, 1, 1, 0), 0);
    }
}
