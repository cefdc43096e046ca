// libav*, and as functions those of its macros that Swift cannot import and those places where FFmpeg 5.1 to 7.1 differ.
#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswscale/swscale.h>

static inline int rima_averror(int code) { return AVERROR(code); }
static inline int rima_averror_eof(void) { return AVERROR_EOF; }
static inline int rima_averror_eagain(void) { return AVERROR(EAGAIN); }
static inline int rima_averror_exit(void) { return AVERROR_EXIT; }
static inline int rima_averror_invalid(void) { return AVERROR_INVALIDDATA; }
static inline int rima_averror_unauthorized(void) { return AVERROR_HTTP_UNAUTHORIZED; }
static inline int rima_averror_forbidden(void) { return AVERROR_HTTP_FORBIDDEN; }
static inline int rima_averror_not_found(void) { return AVERROR_HTTP_NOT_FOUND; }
static inline int64_t rima_nopts(void) { return AV_NOPTS_VALUE; }

#define RIMA_FRAME_FLAGS (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 29, 100))
#define RIMA_CODED_SIDE_DATA (LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100))
#define RIMA_COPY_OPAQUE (LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 0, 100))

static inline int rima_frame_is_key(const AVFrame *frame) {
#if RIMA_FRAME_FLAGS
    return (frame->flags & AV_FRAME_FLAG_KEY) != 0;
#else
    return frame->key_frame != 0;
#endif
}

static inline int rima_frame_is_interlaced(const AVFrame *frame) {
#if RIMA_FRAME_FLAGS
    return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
    return frame->interlaced_frame != 0;
#endif
}

static inline int rima_frame_is_top_first(const AVFrame *frame) {
#if RIMA_FRAME_FLAGS
    return (frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) != 0;
#else
    return frame->top_field_first != 0;
#endif
}

static inline void rima_frame_set_interlaced(AVFrame *frame, int top_first) {
#if RIMA_FRAME_FLAGS
    frame->flags |= AV_FRAME_FLAG_INTERLACED | (top_first ? AV_FRAME_FLAG_TOP_FIELD_FIRST : 0);
#else
    frame->interlaced_frame = 1;
    frame->top_field_first = top_first;
#endif
}

// The 3x3 display matrix of a stream, or NULL.
static inline const int32_t *rima_stream_display_matrix(const AVStream *stream) {
#if RIMA_CODED_SIDE_DATA
    const AVPacketSideData *data = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 36 ? (const int32_t *)data->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && size >= 36 ? (const int32_t *)data : NULL;
#endif
}

// Gives a stream that is to be written a display matrix.
static inline int rima_stream_set_display_matrix(AVStream *stream, const int32_t matrix[9]) {
#if RIMA_CODED_SIDE_DATA
    AVPacketSideData *data = av_packet_side_data_new(
        &stream->codecpar->coded_side_data, &stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX, 36, 0);
    if (!data) return AVERROR(ENOMEM);
    memcpy(data->data, matrix, 36);
#else
    uint8_t *data = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 36);
    if (!data) return AVERROR(ENOMEM);
    memcpy(data, matrix, 36);
#endif
    return 0;
}

static inline const int32_t *rima_frame_display_matrix(const AVFrame *frame) {
    const AVFrameSideData *data = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    return data && data->size >= 36 ? (const int32_t *)data->data : NULL;
}

// A number that travels with a packet through the decoder to the frame that it becomes.
static inline void rima_enable_tags(AVCodecContext *context) {
#if RIMA_COPY_OPAQUE
    context->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
#else
    (void)context;
#endif
}

static inline void rima_tag_packet(AVCodecContext *context, AVPacket *packet, int64_t tag) {
#if RIMA_COPY_OPAQUE
    packet->opaque = (void *)(intptr_t)tag;
#else
    (void)packet;
    context->reordered_opaque = tag;
#endif
}

static inline int64_t rima_frame_tag(const AVFrame *frame) {
#if RIMA_COPY_OPAQUE
    return (int64_t)(intptr_t)frame->opaque;
#else
    return frame->reordered_opaque;
#endif
}

// Refuses every file or address that a container asks libav to open beside itself.
static inline int rima_refuse_open(AVFormatContext *s, AVIOContext **pb, const char *url, int flags,
                                   AVDictionary **options) {
    (void)s; (void)url; (void)flags; (void)options;
    *pb = NULL;
    return AVERROR(EPERM);
}
static inline void rima_refuse_other_files(AVFormatContext *context) { context->io_open = rima_refuse_open; }
