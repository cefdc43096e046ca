// Weighted sums of rows, along a row, and of colours: plainly, and with AVX2 where the machine has it.
#include "rows.h"

static inline uint8_t to_byte(int32_t value) {
    value = (value + (1 << 18)) >> 19;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void blend_from(
    const uint8_t *base, long row_bytes, const int16_t *weights, int taps, int from, int count, uint16_t *out) {
    for (int x = from; x < count; x++) {
        int32_t sum = 128;
        for (int k = 0; k < taps; k++) sum += base[k * row_bytes + x] * weights[k];
        out[x] = (uint16_t)(sum >> 8);
    }
}

/// In strips that the vectoriser fills registers with.
static void blend_portable(
    const uint8_t *base, long row_bytes, const int16_t *weights, int taps, int count, uint16_t *out) {
    int x = 0;
    for (; x + 16 <= count; x += 16) {
        int32_t sums[16];
        for (int i = 0; i < 16; i++) sums[i] = 128;
        for (int k = 0; k < taps; k++)
            for (int i = 0; i < 16; i++) sums[i] += base[k * row_bytes + x + i] * weights[k];
        for (int i = 0; i < 16; i++) out[x + i] = (uint16_t)(sums[i] >> 8);
    }
    blend_from(base, row_bytes, weights, taps, x, count, out);
}

static void gather_portable(
    const uint16_t *row, const int32_t *starts, int origin, const int16_t *weights, int lanes, int count,
    uint16_t *out) {
    for (int x = 0; x < count; x++, weights += lanes) {
        const uint16_t *at = row + (starts[x] - origin);
        int32_t sums[4] = {8192, 0, 0, 0};
        for (int k = 0; k < lanes; k += 4)
            for (int i = 0; i < 4; i++) sums[i] += (int16_t)at[k + i] * weights[k + i];
        out[x] = (uint16_t)((sums[0] + sums[1] + sums[2] + sums[3]) >> 14);
    }
}

static void color_portable(
    const rima_matrix *m, const uint16_t *y, const uint16_t *cb, const uint16_t *cr, int count, uint8_t *rgb) {
    for (int x = 0; x < count; x++) {
        int32_t base = m->luma * (y[x] - m->luma_offset), u = cb[x] - 8192, v = cr[x] - 8192;
        rgb[3 * x] = to_byte(base + m->red_from_cr * v);
        rgb[3 * x + 1] = to_byte(base + m->green_from_cb * u + m->green_from_cr * v);
        rgb[3 * x + 2] = to_byte(base + m->blue_from_cb * u);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// Two rows at a time: their bytes side by side, multiplied and added in pairs.
static void blend_avx2(
    const uint8_t *base, long row_bytes, const int16_t *weights, int taps, int count, uint16_t *out) {
    int x = 0;
    for (; x + 16 <= count; x += 16) {
        __m256i low = _mm256_set1_epi32(128), high = low;
        for (int k = 0; k < taps; k += 2) {
            int is_last = k + 1 == taps;
            uint32_t pair = (uint16_t)weights[k] | (is_last ? 0 : (uint32_t)(uint16_t)weights[k + 1] << 16);
            const uint8_t *first = base + k * row_bytes + x, *second = is_last ? first : first + row_bytes;
            __m128i a = _mm_loadu_si128((const __m128i *)first), b = _mm_loadu_si128((const __m128i *)second);
            __m256i w = _mm256_set1_epi32((int32_t)pair);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)), w));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b)), w));
        }
        __m256i packed = _mm256_packus_epi32(_mm256_srli_epi32(low, 8), _mm256_srli_epi32(high, 8));
        _mm256_storeu_si256((__m256i *)(out + x), _mm256_permute4x64_epi64(packed, 0xd8));
    }
    blend_from(base, row_bytes, weights, taps, x, count, out);
}

static void gather_avx2(
    const uint16_t *row, const int32_t *starts, int origin, const int16_t *weights, int lanes, int count,
    uint16_t *out) {
    row -= origin;
    int x = 0;
    if (lanes == 4) {
        for (; x + 2 <= count; x += 2, weights += 8) {
            __m128i samples = _mm_unpacklo_epi64(
                _mm_loadl_epi64((const __m128i *)(row + starts[x])), _mm_loadl_epi64((const __m128i *)(row + starts[x + 1])));
            __m128i sums = _mm_madd_epi16(samples, _mm_loadu_si128((const __m128i *)weights));
            sums = _mm_hadd_epi32(sums, sums);
            out[x] = (uint16_t)((_mm_cvtsi128_si32(sums) + 8192) >> 14);
            out[x + 1] = (uint16_t)((_mm_extract_epi32(sums, 1) + 8192) >> 14);
        }
    } else if (lanes % 8 == 0) {
        for (; x + 4 <= count; x += 4) {
            __m128i sums[4];
            for (int i = 0; i < 4; i++, weights += lanes) {
                const uint16_t *at = row + starts[x + i];
                sums[i] = _mm_madd_epi16(
                    _mm_loadu_si128((const __m128i *)at), _mm_loadu_si128((const __m128i *)weights));
                for (int k = 8; k < lanes; k += 8)
                    sums[i] = _mm_add_epi32(
                        sums[i], _mm_madd_epi16(
                                     _mm_loadu_si128((const __m128i *)(at + k)),
                                     _mm_loadu_si128((const __m128i *)(weights + k))));
            }
            __m128i all = _mm_hadd_epi32(_mm_hadd_epi32(sums[0], sums[1]), _mm_hadd_epi32(sums[2], sums[3]));
            all = _mm_srli_epi32(_mm_add_epi32(all, _mm_set1_epi32(8192)), 14);
            _mm_storel_epi64((__m128i *)(out + x), _mm_packus_epi32(all, all));
        }
    }
    gather_portable(row, starts + x, 0, weights, lanes, count - x, out + x);
}

/// Eight bytes' worth of 32-bit sums, held to 0...255, in the low half.
static inline __attribute__((always_inline)) __m128i eight_bytes(__m256i value) {
    value = _mm256_srai_epi32(_mm256_add_epi32(value, _mm256_set1_epi32(1 << 18)), 19);
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    return _mm_packus_epi16(words, words);
}

static void color_avx2(
    const rima_matrix *m, const uint16_t *y, const uint16_t *cb, const uint16_t *cr, int count, uint8_t *rgb) {
    // Where the bytes of red and green, side by side, and of blue go in the 24 of eight pixels.
    const __m128i rg_low = _mm_setr_epi8(0, 1, -1, 2, 3, -1, 4, 5, -1, 6, 7, -1, 8, 9, -1, 10);
    const __m128i b_low = _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
    const __m128i rg_high = _mm_setr_epi8(11, -1, 12, 13, -1, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i b_high = _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256i offset = _mm256_set1_epi32(m->luma_offset), middle = _mm256_set1_epi32(8192);
    int x = 0;
    for (; x + 8 <= count; x += 8) {
        __m256i base = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(y + x)));
        __m256i u = _mm256_sub_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(cb + x))), middle);
        __m256i v = _mm256_sub_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(cr + x))), middle);
        base = _mm256_mullo_epi32(_mm256_sub_epi32(base, offset), _mm256_set1_epi32(m->luma));
        __m128i red = eight_bytes(
            _mm256_add_epi32(base, _mm256_mullo_epi32(v, _mm256_set1_epi32(m->red_from_cr))));
        __m128i green = eight_bytes(_mm256_add_epi32(
            _mm256_add_epi32(base, _mm256_mullo_epi32(u, _mm256_set1_epi32(m->green_from_cb))),
            _mm256_mullo_epi32(v, _mm256_set1_epi32(m->green_from_cr))));
        __m128i blue = eight_bytes(
            _mm256_add_epi32(base, _mm256_mullo_epi32(u, _mm256_set1_epi32(m->blue_from_cb))));
        __m128i rg = _mm_unpacklo_epi8(red, green);
        _mm_storeu_si128((__m128i *)(rgb + 3 * x), _mm_or_si128(_mm_shuffle_epi8(rg, rg_low), _mm_shuffle_epi8(blue, b_low)));
        _mm_storel_epi64(
            (__m128i *)(rgb + 3 * x + 16), _mm_or_si128(_mm_shuffle_epi8(rg, rg_high), _mm_shuffle_epi8(blue, b_high)));
    }
    color_portable(m, y + x, cb + x, cr + x, count - x, rgb + 3 * x);
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))), apply_to = function)

/// The same for thirty-two columns, multiplied, added in pairs and summed in one instruction.
static void blend_avx512vnni(
    const uint8_t *base, long row_bytes, const int16_t *weights, int taps, int count, uint16_t *out) {
    const __m512i order = _mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7);
    int x = 0;
    for (; x + 32 <= count; x += 32) {
        // Of each sixteen columns, `low` sums the first eight and `high` the others.
        __m512i low = _mm512_set1_epi32(128), high = low;
        const uint8_t *at = base + x;
        for (int k = 0; k < taps; k += 2, at += 2 * row_bytes) {
            int is_last = k + 1 == taps;
            uint32_t pair = (uint16_t)weights[k] | (is_last ? 0 : (uint32_t)(uint16_t)weights[k + 1] << 16);
            __m256i a = _mm256_loadu_si256((const __m256i *)at);
            __m256i b = _mm256_loadu_si256((const __m256i *)(is_last ? at : at + row_bytes));
            __m512i w = _mm512_set1_epi32((int32_t)pair);
            low = _mm512_dpwssd_epi32(low, _mm512_cvtepu8_epi16(_mm256_unpacklo_epi8(a, b)), w);
            high = _mm512_dpwssd_epi32(high, _mm512_cvtepu8_epi16(_mm256_unpackhi_epi8(a, b)), w);
        }
        __m512i packed = _mm512_packus_epi32(_mm512_srli_epi32(low, 8), _mm512_srli_epi32(high, 8));
        _mm512_storeu_si512(out + x, _mm512_permutexvar_epi64(order, packed));
    }
    blend_avx2(base + x, row_bytes, weights, taps, count - x, out + x);
}

#pragma clang attribute pop

#define CHOOSE(name, ...) (level >= rima_level_avx2 ? name##_avx2(__VA_ARGS__) : name##_portable(__VA_ARGS__))
#else
#define CHOOSE(name, ...) ((void)level, name##_portable(__VA_ARGS__))
#endif

void rima_blend_rows(
    rima_level level, const uint8_t *base, long row_bytes, const int16_t *weights, int taps, int count,
    uint16_t *out) {
#if defined(__x86_64__)
    if (level >= rima_level_avx512vnni) return blend_avx512vnni(base, row_bytes, weights, taps, count, out);
#endif
    CHOOSE(blend, base, row_bytes, weights, taps, count, out);
}

void rima_gather_row(
    rima_level level, const uint16_t *row, const int32_t *starts, int origin, const int16_t *weights, int lanes,
    int count, uint16_t *out) {
    CHOOSE(gather, row, starts, origin, weights, lanes, count, out);
}

void rima_color_row(
    rima_level level, const rima_matrix *matrix, const uint16_t *y, const uint16_t *cb, const uint16_t *cr,
    int count, uint8_t *rgb) {
    CHOOSE(color, matrix, y, cb, cr, count, rgb);
}
