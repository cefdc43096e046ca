// Number crunching for Segment. A network is an array of steps over one arena; all pixels are stored pixel by pixel,
// channels last, `*_ld` numbers apart. Plain C, no allocation while running.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Instruction sets, worst to best. `rima_level_portable` is NEON on aarch64 and SSE2 on x86-64.
typedef enum {
    rima_level_portable = 0,
    rima_level_avx2 = 1,
    rima_level_avx512 = 2,
    rima_level_avx512vnni = 3,
} rima_level;

/// The best level that this machine runs.
rima_level rima_best_level(void);

typedef enum {
    rima_op_input_float,     // 8-bit RGB to floats: x * scale[c] + bias[c], channel c taken from order[c]
    rima_op_input_bytes,     // 8-bit RGB to quantised bytes by a table of 3 x 256
    rima_op_conv,            // any window, rows gathered into scratch
    rima_op_conv_point,      // 1x1, stride 1: straight from the tensor
    rima_op_conv_thin,       // few result channels, input channels a multiple of 16
    rima_op_winograd,        // 3x3, stride 1: whole way for a run of tiles
    rima_op_winograd_in,     // the same in three phases, for small pictures with many channels
    rima_op_winograd_gemm,
    rima_op_winograd_out,
    rima_op_depthwise,
    rima_op_max_pool,
    rima_op_average_pool,
    rima_op_plane_mean,
    rima_op_resize_nearest,  // table: rows then columns of the source
    rima_op_resize_linear,   // table: first and second source row of each row, then of each column; shares in `scale`
    rima_op_unary,
    rima_op_binary,
    rima_op_gather,          // table: source index of each number, -1 takes p0
    rima_op_copy,            // channels from one stride to another
    rima_op_softmax_rows,
    rima_op_mean_rows,
    rima_op_quantize,        // floats to bytes: round(x / p1) + zero_out
    rima_op_dequantize,      // bytes to floats: (x - zero) * p0
    rima_op_requantize,      // bytes to bytes: both in turn
} rima_op;

typedef enum {
    rima_act_clamp,  // to low...high; no activation is a clamp to infinity
    rima_act_leaky,
    rima_act_sigmoid,
    rima_act_hard_sigmoid,
    rima_act_hard_swish,
    rima_act_silu,
    rima_act_tanh,
    rima_act_sqrt,
    rima_act_exp,
    rima_act_negate,
    rima_act_floor,
    rima_act_ceil,
    rima_act_power,
} rima_act;

typedef enum {
    rima_binary_add,
    rima_binary_subtract,
    rima_binary_multiply,
    rima_binary_divide,
    rima_binary_minimum,
    rima_binary_maximum,
} rima_binary;

/// One step. Pointers belong to the caller and stay valid as long as the engine lives.
typedef struct {
    rima_op op;
    int chunks;             // independent shares of the work
    int bytes;              // source holds quantised bytes
    int bytes_out;          // result holds quantised bytes
    const void *src, *src2; // src2: second operand, or the summand of a convolution
    void *dst;
    const void *weights;    // packed for the level, see rima_pack
    const float *bias, *scale;
    const int32_t *table;
    void *v, *m;            // Winograd in phases: transformed input and products
    int h, w, c, ld;        // source
    int oh, ow, oc, old;    // result
    int ld2;                // of src2: 0 for one pixel spread over all
    int c2;                 // channels of src2: 1 for one number spread over all channels
    int kh, kw, sh, sw, dh, dw, top, left;
    int tile;               // Winograd's m: 2 or 4
    int block;              // rows, pixels or tiles in one chunk
    int split;              // chunks over output channels
    int out_step, out_step_y, out_x, out_y, out_w; // transposed convolution: every out_step-th pixel of a row of out_w
    rima_act act;
    float low, high, p0, p1;
    int binary, swapped;
    int zero, zero_out;     // zero points of source and result
    int count_padding, bottom, right;
    int order[3];
} rima_step;

/// Floats or bytes of packed weights for a convolution of `groups` = 1; see rima_pack.
size_t rima_packed_size(rima_level level, const rima_step *step);
/// Packs (out, in, kernel height, kernel width) floats for a step's op and level.
void rima_pack(rima_level level, const rima_step *step, const float *weights, void *packed);
/// The same for 8-bit weights.
void rima_pack_bytes(rima_level level, const rima_step *step, const int8_t *weights, void *packed);

/// Scratch bytes that one thread needs for a step.
size_t rima_scratch_size(rima_level level, const rima_step *step);

typedef struct rima_engine rima_engine;

/// Threads and scratch for a list of steps, which is copied. The calling thread of rima_engine_run is one of `threads`.
rima_engine *rima_engine_create(const rima_step *steps, int count, int threads, rima_level level);
/// Runs all steps; `picture` is the interleaved RGB that input steps without a source read.
void rima_engine_run(rima_engine *engine, const uint8_t *picture);
/// Runs all steps and lowers each of `nanoseconds` to what the step took, if that was less; for benchmarks.
void rima_engine_profile(rima_engine *engine, int64_t *nanoseconds);
void rima_engine_destroy(rima_engine *engine);

/// Register-only loops: operations per second (fp32 multiply-adds count two; 8-bit ones too) on one thread.
double rima_peak(rima_level level, int bytes);
