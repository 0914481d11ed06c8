/* Prediction and scores for programs in other languages: functions and structs of C alone, so that one library serves every compiler and
 * every Python. python/textsemiseg is written on it.
 *
 * Text is UTF-8 and ends with a zero byte; records are JSON. A function that fails returns NULL or its exit code (docs/commands.md), and
 * tss_error() has the line. No exception leaves this library. Functions of one tss_runs wait for each other.
 */
#pragma once

#include <stdint.h> /* NOLINT(modernize-deprecated-headers): this header is C */

#ifdef __cplusplus
extern "C" {
#endif

/* A 3D array where it lies: element (x, y, z) is `data` + x * stride[0] + y * stride[1] + z * stride[2], counted in elements. */
typedef struct {
  const void* data;
  char kind;       /* NumPy's: 'b' bool, 'u' and 'i' integers, 'f' floating point */
  int32_t bytes;   /* of one element: 1, 2, 4 or 8; 'f': 4 or 8 */
  int64_t size[3]; /* voxels along the array axes x, y, z */
  int64_t stride[3];
} tss_array;

/* Called in the thread that predicts, after each call of a network: share of the work, 0 to 1. Another answer than 0 stops it. */
typedef int32_t (*tss_progress)(void* context, double share);

typedef struct tss_runs tss_runs;

const char* tss_version(void);
/* Of the last function that failed in this thread: one line, valid until the next call; and its exit code. */
const char* tss_error(void);
int32_t tss_error_code(void);

/* Trained runs, whose probabilities are averaged; one is the usual case. settings: a JSON object, named as the options of `predict`:
 * overlap, stride, weights, preset, mirror, window_batch, keep_largest, min_component, device, checkpoint, precision, threads (of the whole
 * process; 0 leaves them). NULL or "": the runs' own. */
tss_runs* tss_open_runs(const char* const* folders, int32_t count, const char* settings);
void tss_close_runs(tss_runs* runs);
/* {"class_names": [...], "channels": n, "runs": [{"run", "method", "checkpoint", ...}]}; lives as long as the runs. */
const char* tss_describe_runs(const tss_runs* runs);

/* Classes of a raw scan on its own grid, as `predict` gives them for a file with these voxels and this affine.
 * channels: one array per channel of the run, all of one size. affine: 4 x 4 by rows, from indices (x, y, z) to mm, RAS+, as in NIfTI.
 * labels: [x, y, z], z contiguous. probabilities: [class, x, y, z], z contiguous; NULL: none. progress may be NULL. Returns an exit code;
 * 130: progress stopped it. */
int32_t tss_predict(tss_runs* runs, const tss_array* channels, int32_t count, const double* affine, tss_progress progress,
                    void* context, uint8_t* labels, float* probabilities);

/* What `evaluate --json` prints for one case. The arrays hold whole numbers of 0 to 255; affines as for tss_predict(), of one grid.
 * options: a JSON object or NULL: "classes" (names, background first), "empty". Give the text back to tss_free(). */
char* tss_evaluate(const tss_array* reference, const double* reference_affine, const tss_array* prediction,
                   const double* prediction_affine, const char* options);
void tss_free(char* text);

#ifdef __cplusplus
}
#endif
