// Rows of a picture on their way to a smaller one: weighted sums of rows, along a row, and of colours. All integers, so
// that every level gives the same bytes.
#pragma once

#include <stdint.h>

#include "kernels.h"

/// `out[x]` = sum over `taps` rows of `base[k * row_bytes + x] * weights[k]`, rounded, less 8 bits.
/// Weights sum to 2^14, so what comes out has 6 bits of fraction.
void rima_blend_rows(
    rima_level level, const uint8_t *base, long row_bytes, const int16_t *weights, int taps, int count,
    uint16_t *out);

/// `out[x]` = sum over `lanes` (a multiple of 4) of `row[starts[x] - origin + k] * weights[x * lanes + k]`, rounded,
/// less 14 bits. Behind its last sample a row has room for `lanes` more, which weigh nothing. Samples stay below 2^15.
void rima_gather_row(
    rima_level level, const uint16_t *row, const int32_t *starts, int origin, const int16_t *weights, int lanes,
    int count, uint16_t *out);

/// Fixed-point numbers (13 bits of fraction) that turn luma and colour differences into red, green and blue.
typedef struct {
    int32_t luma_offset, luma, red_from_cr, green_from_cb, green_from_cr, blue_from_cb;
} rima_matrix;

/// `count` pixels of three bytes from components with 6 bits of fraction.
void rima_color_row(
    rima_level level, const rima_matrix *matrix, const uint16_t *y, const uint16_t *cb, const uint16_t *cr,
    int count, uint8_t *rgb);
