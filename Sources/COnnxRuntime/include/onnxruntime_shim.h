// ONNX Runtime's C interface, loaded with dlopen when a network asks for it: neither its header nor its library is
// needed to build. The functions stand in a table whose order never changes; new ones are only added behind.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { rima_ort_most_dimensions = 8, rima_ort_most_outputs = 8 };

/// Element types, numbered as in an ONNX file.
enum { rima_ort_float = 1, rima_ort_int32 = 6, rima_ort_int64 = 7 };

/// What an output holds; a dimension below 0 is known only after a run.
typedef struct {
    int type;
    int rank;
    int64_t shape[rima_ort_most_dimensions];
} rima_ort_shape;

typedef struct rima_ort_library rima_ort_library;
typedef struct rima_ort_session rima_ort_session;

/// Loads a library; it stays loaded. NULL and a message when that is not possible.
rima_ort_library *rima_ort_load(const char *path, char *message, size_t size);
const char *rima_ort_version(const rima_ort_library *library);

/// A network with one float input of `rank` dimensions. NULL and a message when it cannot be run.
rima_ort_session *rima_ort_create(
    const rima_ort_library *library, const char *model_path, int threads, const int64_t *shape, int rank,
    char *message, size_t size);
int rima_ort_output_count(const rima_ort_session *session);
const char *rima_ort_output_name(const rima_ort_session *session, int index);
/// What the file says of an output.
rima_ort_shape rima_ort_declared(const rima_ort_session *session, int index);

/// Where the input's numbers are put before a run; as many as the input has.
float *rima_ort_input(rima_ort_session *session);
/// 0, or -1 and a message.
int rima_ort_run(rima_ort_session *session, char *message, size_t size);
/// An output of the last run; valid until the next one.
const void *rima_ort_output(const rima_ort_session *session, int index, rima_ort_shape *shape);
void rima_ort_destroy(rima_ort_session *session);
