// What the files of this module share.
#pragma once

#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))

/// Does share `chunk` of a step.
typedef void (*run_chunk)(const rima_step *step, int chunk, char *scratch, const uint8_t *picture);

run_chunk run_chunk_for(rima_level level);

void run_chunk_portable(const rima_step *, int, char *, const uint8_t *);
double peak_portable(int bytes);
#if defined(__x86_64__)
void run_chunk_avx2(const rima_step *, int, char *, const uint8_t *);
void run_chunk_avx512(const rima_step *, int, char *, const uint8_t *);
void run_chunk_avx512vnni(const rima_step *, int, char *, const uint8_t *);
double peak_avx2(int bytes);
double peak_avx512(int bytes);
double peak_avx512vnni(int bytes);
#endif

/// Lanes of a vector of floats.
INLINE int lanes(rima_level level) { return level >= rima_level_avx512 ? 16 : level == rima_level_avx2 ? 8 : 4; }

/// Whether the level has 32 vector registers.
INLINE int has_many_registers(rima_level level) {
#if defined(__aarch64__)
    (void)level;
    return 1;
#else
    return level >= rima_level_avx512;
#endif
}

/// Vectors of output channels that one micro-kernel takes, when `rest` vectors are left. Single ones are avoided:
/// they load one number for each multiplication.
INLINE int next_block(int many, int rest) {
    if (many) return rest <= 4 ? rest : rest <= 6 ? 3 : 4;
    return rest <= 3 ? rest : rest == 5 ? 3 : 2;
}

/// Most pixels that one micro-kernel takes beside `z` vectors of output channels: accumulators fill the registers.
INLINE int most_pixels(int many, int z) {
    if (many) return z == 1 ? 16 : z == 2 ? 14 : z == 3 ? 9 : 6;
    return z == 1 ? 8 : z == 2 ? 6 : 4;
}

INLINE int round_up(int x, int to) { return (x + to - 1) / to * to; }
INLINE int smaller(int a, int b) { return a < b ? a : b; }
INLINE int larger(int a, int b) { return a > b ? a : b; }

/// Numbers of one window row that lie side by side in gathered rows, and how many such runs a window has.
INLINE int run_length(const rima_step *s) {
    int c = s->bytes ? round_up(s->c, 4) : s->c;
    return s->dw == 1 ? s->kw * c : c;
}
INLINE int run_count(const rima_step *s) { return s->dw == 1 ? s->kh : s->kh * s->kw; }
