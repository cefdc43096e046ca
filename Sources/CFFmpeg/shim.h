// libav*, and as functions those of its macros that Swift cannot import.
#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

static inline int rima_averror(int code) { return AVERROR(code); }
static inline int rima_averror_eof(void) { return AVERROR_EOF; }
static inline int rima_averror_eagain(void) { return AVERROR(EAGAIN); }
static inline int64_t rima_nopts(void) { return AV_NOPTS_VALUE; }
