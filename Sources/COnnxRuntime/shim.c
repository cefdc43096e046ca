#include "onnxruntime_shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Places in the function table.
enum {
    at_error_message = 2,
    at_create_env = 3,
    at_create_session = 7,
    at_run = 9,
    at_create_options = 10,
    at_log_severity = 22,
    at_intra_threads = 24,
    at_inter_threads = 25,
    at_input_count = 30,
    at_output_count = 31,
    at_output_type = 34,
    at_input_name = 36,
    at_output_name = 37,
    at_tensor_over = 49,
    at_tensor_data = 51,
    at_tensor_info = 55,
    at_element_type = 60,
    at_dimension_count = 61,
    at_dimensions = 62,
    at_value_info = 65,
    at_cpu_memory = 69,
    at_free = 76,
    at_allocator = 78,
    at_release_env = 92,
    at_release_status = 93,
    at_release_memory = 94,
    at_release_session = 95,
    at_release_value = 96,
    at_release_type = 98,
    at_release_info = 99,
    at_release_options = 100,
    at_open_dimension = 124,
    at_config_entry = 130,
};

/// The table as of this version holds all of the places above; every later library still hands it out.
enum { table_version = 8 };

typedef struct {
    const void *const *(*table)(uint32_t version);
    const char *(*version)(void);
} api_base;

struct rima_ort_library {
    const void *const *api;
    const char *version;
    void *env;
};

struct rima_ort_session {
    const void *const *api;
    void *options, *session, *memory, *input, *allocator;
    char *input_name;
    int outputs;
    char *output_names[rima_ort_most_outputs];
    rima_ort_shape declared[rima_ort_most_outputs];
    void *values[rima_ort_most_outputs];
    float *numbers;
};

/// Calls a function of the table that gives nothing or an error, which then lands in `message`.
#define CALL(place, types, ...) \
    take_status(api, ((void *(*) types)(api)[place])(__VA_ARGS__), message, size)
#define RELEASE(place, value) \
    do { \
        if (value) ((void (*)(void *))(api)[place])(value); \
    } while (0)

static int take_status(const void *const *api, void *status, char *message, size_t size) {
    if (!status) return 0;
    snprintf(message, size, "%s", ((const char *(*)(const void *))api[at_error_message])(status));
    ((void (*)(void *))api[at_release_status])(status);
    return -1;
}

rima_ort_library *rima_ort_load(const char *path, char *message, size_t size) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(message, size, "%s", dlerror());
        return NULL;
    }
    const api_base *(*base)(void) = (const api_base *(*)(void))dlsym(handle, "OrtGetApiBase");
    const void *const *api = base ? base()->table(table_version) : NULL;
    rima_ort_library *library = api ? calloc(1, sizeof *library) : NULL;
    if (!library) {
        snprintf(message, size, "%s is not ONNX Runtime 1.8 or later", path);
        dlclose(handle);
        return NULL;
    }
    library->api = api;
    library->version = base()->version();
    const int fatal_only = 4;
    if (CALL(at_create_env, (int, const char *, void **), fatal_only, "rima", &library->env)) {
        free(library);
        return NULL;
    }
    return library;
}

const char *rima_ort_version(const rima_ort_library *library) { return library->version; }

static int read_info(const void *const *api, const void *info, rima_ort_shape *shape, char *message, size_t size) {
    size_t rank = 0;
    if (CALL(at_element_type, (const void *, int *), info, &shape->type)) return -1;
    if (CALL(at_dimension_count, (const void *, size_t *), info, &rank)) return -1;
    if (rank > rima_ort_most_dimensions) {
        snprintf(message, size, "an output has %zu dimensions", rank);
        return -1;
    }
    shape->rank = (int)rank;
    return CALL(at_dimensions, (const void *, int64_t *, size_t), info, shape->shape, rank);
}

static int describe_output(rima_ort_session *s, int index, char *message, size_t size) {
    const void *const *api = s->api;
    void *type = NULL;
    const void *info = NULL;
    if (CALL(at_output_name, (const void *, size_t, void *, char **), s->session, (size_t)index, s->allocator,
             &s->output_names[index]))
        return -1;
    if (CALL(at_output_type, (const void *, size_t, void **), s->session, (size_t)index, &type)) return -1;
    int failed = CALL(at_tensor_info, (const void *, const void **), type, &info);
    if (!failed && !info) {
        snprintf(message, size, "the output '%s' is no tensor", s->output_names[index]);
        failed = -1;
    }
    if (!failed) failed = read_info(api, info, &s->declared[index], message, size);
    RELEASE(at_release_type, type);
    return failed;
}

static int open_session(rima_ort_session *s, const rima_ort_library *library, const char *model_path, int threads,
                        const int64_t *shape, int rank, char *message, size_t size) {
    const void *const *api = s->api;
    if (CALL(at_create_options, (void **), &s->options)) return -1;
    if (CALL(at_log_severity, (void *, int), s->options, 4)) return -1;
    if (CALL(at_intra_threads, (void *, int), s->options, threads)) return -1;
    if (CALL(at_inter_threads, (void *, int), s->options, 1)) return -1;
    // Threads that spin between two runs would take the decoder's core away.
    if (CALL(at_config_entry, (void *, const char *, const char *), s->options, "session.intra_op.allow_spinning",
             "0"))
        return -1;
    // A height and a width that the file leaves open under these names; others are not touched by it.
    if (rank == 4 && (CALL(at_open_dimension, (void *, const char *, int64_t), s->options, "height", shape[2]) ||
                      CALL(at_open_dimension, (void *, const char *, int64_t), s->options, "width", shape[3])))
        return -1;
    if (CALL(at_create_session, (const void *, const char *, const void *, void **), library->env, model_path,
             s->options, &s->session))
        return -1;
    if (CALL(at_allocator, (void **), &s->allocator)) return -1;

    size_t inputs = 0, outputs = 0;
    if (CALL(at_input_count, (const void *, size_t *), s->session, &inputs)) return -1;
    if (CALL(at_output_count, (const void *, size_t *), s->session, &outputs)) return -1;
    if (inputs != 1 || outputs < 1 || outputs > rima_ort_most_outputs) {
        snprintf(message, size, "the network has %zu inputs and %zu outputs", inputs, outputs);
        return -1;
    }
    if (CALL(at_input_name, (const void *, size_t, void *, char **), s->session, 0, s->allocator, &s->input_name))
        return -1;
    for (size_t i = 0; i < outputs; i++) {
        s->outputs = (int)i + 1;
        if (describe_output(s, (int)i, message, size)) return -1;
    }

    size_t count = 1;
    for (int i = 0; i < rank; i++) count *= (size_t)shape[i];
    s->numbers = calloc(count, sizeof(float));
    if (!s->numbers) {
        snprintf(message, size, "memory ran out");
        return -1;
    }
    const int arena_allocator = 0, default_memory = 0;
    if (CALL(at_cpu_memory, (int, int, void **), arena_allocator, default_memory, &s->memory)) return -1;
    return CALL(at_tensor_over, (const void *, void *, size_t, const int64_t *, size_t, int, void **), s->memory,
                s->numbers, count * sizeof(float), shape, (size_t)rank, rima_ort_float, &s->input);
}

rima_ort_session *rima_ort_create(const rima_ort_library *library, const char *model_path, int threads,
                                  const int64_t *shape, int rank, char *message, size_t size) {
    rima_ort_session *session = calloc(1, sizeof *session);
    if (!session) {
        snprintf(message, size, "memory ran out");
        return NULL;
    }
    session->api = library->api;
    if (open_session(session, library, model_path, threads, shape, rank, message, size)) {
        rima_ort_destroy(session);
        return NULL;
    }
    return session;
}

int rima_ort_output_count(const rima_ort_session *session) { return session->outputs; }

const char *rima_ort_output_name(const rima_ort_session *session, int index) { return session->output_names[index]; }

rima_ort_shape rima_ort_declared(const rima_ort_session *session, int index) { return session->declared[index]; }

float *rima_ort_input(rima_ort_session *session) { return session->numbers; }

static void release_values(rima_ort_session *s) {
    const void *const *api = s->api;
    for (int i = 0; i < s->outputs; i++) {
        RELEASE(at_release_value, s->values[i]);
        s->values[i] = NULL;
    }
}

int rima_ort_run(rima_ort_session *s, char *message, size_t size) {
    const void *const *api = s->api;
    release_values(s);
    const void *inputs[1] = {s->input};
    const char *names[1] = {s->input_name};
    return CALL(at_run,
                (void *, const void *, const char *const *, const void *const *, size_t, const char *const *, size_t,
                 void **),
                s->session, NULL, names, inputs, 1, (const char *const *)s->output_names, (size_t)s->outputs,
                s->values);
}

const void *rima_ort_output(const rima_ort_session *s, int index, rima_ort_shape *shape) {
    const void *const *api = s->api;
    char message[8];
    const size_t size = sizeof message;
    void *info = NULL, *data = NULL;
    memset(shape, 0, sizeof *shape);
    if (!s->values[index]) return NULL;
    if (CALL(at_value_info, (const void *, void **), s->values[index], &info)) return NULL;
    int failed = read_info(api, info, shape, message, size);
    RELEASE(at_release_info, info);
    if (failed || CALL(at_tensor_data, (void *, void **), s->values[index], &data)) return NULL;
    return data;
}

/// Gives a name back to the allocator that made it.
static void free_name(rima_ort_session *s, char *name) {
    if (!name) return;
    void *status = ((void *(*)(void *, void *))s->api[at_free])(s->allocator, name);
    if (status) ((void (*)(void *))s->api[at_release_status])(status);
}

void rima_ort_destroy(rima_ort_session *s) {
    if (!s) return;
    const void *const *api = s->api;
    release_values(s);
    for (int i = 0; i < s->outputs; i++) free_name(s, s->output_names[i]);
    free_name(s, s->input_name);
    RELEASE(at_release_value, s->input);
    RELEASE(at_release_memory, s->memory);
    RELEASE(at_release_session, s->session);
    RELEASE(at_release_options, s->options);
    free(s->numbers);
    free(s);
}
