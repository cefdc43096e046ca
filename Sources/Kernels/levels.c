// Which kernels this machine runs, and weights in the order in which they are read.
#include "internal.h"

#include <string.h>

rima_level rima_best_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return __builtin_cpu_supports("avx512vnni") ? rima_level_avx512vnni : rima_level_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return rima_level_avx2;
#endif
    return rima_level_portable;
}

run_chunk run_chunk_for(rima_level level) {
    switch (level) {
#if defined(__x86_64__)
    case rima_level_avx512vnni: return run_chunk_avx512vnni;
    case rima_level_avx512: return run_chunk_avx512;
    case rima_level_avx2: return run_chunk_avx2;
#endif
    default: return run_chunk_portable;
    }
}

double rima_peak(rima_level level, int bytes) {
    switch (level) {
#if defined(__x86_64__)
    case rima_level_avx512vnni: return peak_avx512vnni(bytes);
    case rima_level_avx512: return peak_avx512(bytes);
    case rima_level_avx2: return peak_avx2(bytes);
#endif
    default: return peak_portable(bytes);
    }
}

static int is_winograd(const rima_step *s) { return s->op >= rima_op_winograd && s->op <= rima_op_winograd_out; }

size_t rima_packed_size(rima_level level, const rima_step *s) {
    size_t n = (size_t)lanes(level), vectors = ((size_t)s->oc + n - 1) / n;
    if (s->op == rima_op_depthwise) return sizeof(float) * (size_t)(s->kh * s->kw) * vectors * n;
    if (s->op == rima_op_conv_thin) return sizeof(float) * (size_t)(s->kh * s->kw) * (size_t)s->c * (size_t)s->oc;
    size_t per_vector = n * 4;
    if (is_winograd(s)) return (size_t)((s->tile + 2) * (s->tile + 2)) * (size_t)s->c * vectors * per_vector;
    return (size_t)run_count(s) * (size_t)(run_length(s) / (s->bytes ? 4 : 1)) * vectors * per_vector;
}

/// The matrices G of the two transforms, (m + 2, 3).
static const double g4[6][3] = {
    {0.25, 0, 0}, {-1.0 / 6, -1.0 / 6, -1.0 / 6}, {-1.0 / 6, 1.0 / 6, -1.0 / 6}, {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6}, {0, 0, 1}};
static const double g2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

static double transformed(const rima_step *s, const float *w, int xi) {
    int t = s->tile + 2;
    const double *a = s->tile == 4 ? g4[xi / t] : g2[xi / t], *b = s->tile == 4 ? g4[xi % t] : g2[xi % t];
    double sum = 0;
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) sum += a[y] * b[x] * (double)w[y * 3 + x];
    return sum;
}

/// Calls for every place of the packed weights in order; `o` and `c` may lie beyond the channels.
/// **Shape** blocks of vectors, (matrices of Winograd outside,) window places, channels, lanes.
#define EACH_PLACE(body)                                                                                               \
    int n = lanes(level), vectors = round_up(s->oc, n) / n, many = has_many_registers(level);                          \
    int planes = is_winograd(s) ? (s->tile + 2) * (s->tile + 2) : 1, places = is_winograd(s) ? 1 : s->kh * s->kw;      \
    int step = s->bytes ? 4 : 1, channels = round_up(s->c, step);                                                      \
    for (int xi = 0; xi < planes; xi++)                                                                                \
        for (int v = 0, z; v < vectors; v += z) {                                                                      \
            z = next_block(many, vectors - v);                                                                         \
            for (int k = 0; k < places; k++)                                                                           \
                for (int c0 = 0; c0 < channels; c0 += step)                                                            \
                    for (int o = v * n; o < (v + z) * n; o++)                                                          \
                        for (int c = c0; c < c0 + step; c++) body                                                      \
        }

/// (out, kh, kw, in) from (out, in, kh, kw).
#define PACK_THIN(s, w, out)                                                                                           \
    for (int o = 0, places = s->kh * s->kw; o < s->oc; o++)                                                            \
        for (int k = 0; k < places; k++)                                                                               \
            for (int c = 0; c < s->c; c++) *out++ = (float)w[((long)o * s->c + c) * places + k];

void rima_pack(rima_level level, const rima_step *s, const float *w, void *packed) {
    float *out = packed;
    if (s->op == rima_op_depthwise) {
        int n = round_up(s->oc, lanes(level));
        for (int k = 0; k < s->kh * s->kw; k++)
            for (int c = 0; c < n; c++) *out++ = c < s->oc ? w[c * s->kh * s->kw + k] : 0;
        return;
    }
    if (s->op == rima_op_conv_thin) {
        PACK_THIN(s, w, out)
        return;
    }
    EACH_PLACE({
        const float *kernel = w + ((long)o * s->c + c) * s->kh * s->kw;
        *out++ = o >= s->oc ? 0 : is_winograd(s) ? (float)transformed(s, kernel, xi) : kernel[k];
    })
}

void rima_pack_bytes(rima_level level, const rima_step *s, const int8_t *w, void *packed) {
    if (s->op == rima_op_depthwise) {
        int32_t *out = packed;
        int n = round_up(s->oc, lanes(level));
        for (int k = 0; k < s->kh * s->kw; k++)
            for (int c = 0; c < n; c++) *out++ = c < s->oc ? w[c * s->kh * s->kw + k] : 0;
        return;
    }
    if (s->op == rima_op_conv_thin) {
        float *out = packed;
        PACK_THIN(s, w, out)
        return;
    }
    int8_t *out = packed;
    EACH_PLACE({
        (void)xi;
        *out++ = o < s->oc && c < s->c ? w[((long)o * s->c + c) * s->kh * s->kw + k] : 0;
    })
}

size_t rima_scratch_size(rima_level level, const rima_step *s) {
    switch (s->op) {
    case rima_op_conv:
    case rima_op_conv_thin: {
        size_t rows = (size_t)(smaller(s->block, s->oh) - 1) * (size_t)s->sh + (size_t)(s->kh - 1) * (size_t)s->dh + 1;
        size_t span = (size_t)(s->ow - 1) * (size_t)s->sw + (size_t)(s->kw - 1) * (size_t)s->dw + 3;
        return rows * span * (size_t)round_up(s->c, 4) * (s->bytes ? 1 : 4) + 256;
    }
    case rima_op_winograd: {
        size_t n = (size_t)lanes(level), t = (size_t)(s->tile + 2);
        size_t c = (size_t)round_up(s->c, (int)n) + (size_t)round_up(s->oc, (int)n);
        return t * t * ((size_t)s->block * c + 32) * 4 + 256;
    }
    case rima_op_resize_linear: return (size_t)s->w * (size_t)s->ld * 4 + 256;
    default: return 0;
    }
}
