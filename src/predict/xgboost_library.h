/*
 * xgboost_library.h - the functions of libxgboost that we call, found when the program runs.
 *
 * Loading at run time keeps the library out of runs that do not need it, and a build needs no header
 * of its. With -DXGBPIPE_STATIC_XGBOOST the library is linked in instead, and the compiler checks
 * the table below against the real <xgboost/c_api.h>.
 */
#ifndef PREDICT_XGBOOST_LIBRARY_H
#define PREDICT_XGBOOST_LIBRARY_H

#include <stdint.h>

#include "base/error.h"

typedef void xgboost_log_callback(const char *text);

/* FUNCTION(result, name, parameters). All but the first two return 0 or -1, and -1 leaves a text in
 * XGBGetLastError, which is the calling thread's own. Handles are void pointers. */
#define XGBOOST_FUNCTIONS(FUNCTION)                                                                \
    FUNCTION(void, XGBoostVersion, (int *major, int *minor, int *patch))                           \
    FUNCTION(const char *, XGBGetLastError, (void))                                                \
    FUNCTION(int, XGBRegisterLogCallback, (xgboost_log_callback * callback))                       \
    FUNCTION(int, XGBSetGlobalConfig, (const char *config))                                        \
    FUNCTION(int, XGBoosterCreate, (void *const matrices[], uint64_t count, void **out))           \
    FUNCTION(int, XGBoosterFree, (void *booster))                                                  \
    FUNCTION(int, XGBoosterSetParam, (void *booster, const char *name, const char *value))         \
    FUNCTION(int, XGBoosterLoadModelFromBuffer,                                                    \
             (void *booster, const void *bytes, uint64_t size_bytes))                              \
    FUNCTION(int, XGBoosterBoostedRounds, (void *booster, int *out))                               \
    FUNCTION(int, XGBoosterGetNumFeature, (void *booster, uint64_t *out))                          \
    FUNCTION(int, XGBoosterSlice, (void *booster, int begin, int end, int step, void **out))       \
    FUNCTION(int, XGProxyDMatrixCreate, (void **out))                                              \
    FUNCTION(int, XGProxyDMatrixSetDataDense, (void *proxy, const char *values))                   \
    FUNCTION(int, XGProxyDMatrixSetDataCSR,                                                        \
             (void *proxy, const char *row_begin, const char *indices, const char *entries,        \
              uint64_t column_count))                                                              \
    FUNCTION(int, XGDMatrixCreateFromDense, (const char *values, const char *config, void **out))  \
    FUNCTION(int, XGDMatrixCreateFromCSR,                                                          \
             (const char *row_begin, const char *indices, const char *entries,                     \
              uint64_t column_count, const char *config, void **out))                              \
    FUNCTION(int, XGDMatrixFree, (void *matrix))                                                   \
    FUNCTION(int, XGDMatrixSetInfoFromInterface,                                                   \
             (void *matrix, const char *field, const char *values))                                \
    FUNCTION(int, XGBoosterPredictFromDense,                                                       \
             (void *booster, const char *values, const char *config, void *proxy,                  \
              const uint64_t **out_shape, uint64_t *out_dim, const float **out_result))            \
    FUNCTION(int, XGBoosterPredictFromCSR,                                                         \
             (void *booster, const char *row_begin, const char *indices, const char *entries,      \
              uint64_t column_count, const char *config, void *proxy, const uint64_t **out_shape,  \
              uint64_t *out_dim, const float **out_result))                                        \
    FUNCTION(int, XGBoosterPredictFromDMatrix,                                                     \
             (void *booster, void *matrix, const char *config, const uint64_t **out_shape,         \
              uint64_t *out_dim, const float **out_result))

struct xgboost_library {
    void *handle; /* of dlopen; NULL in a static build and while nothing is loaded */
    int version[3];
#define XGBOOST_MEMBER(result, name, parameters) result(*name) parameters;
    XGBOOST_FUNCTIONS(XGBOOST_MEMBER)
#undef XGBOOST_MEMBER
};

/* The oldest libxgboost that is used. Up to 3.0 the library misreads base_score of newer models, which
 * is a vector, and answers wrongly without an error. */
enum { XGBOOST_MAJOR_MIN = 3, XGBOOST_MINOR_MIN = 1 };

/* Fills *library. path names the one file to load; NULL searches: the library that the build chose
 * (XGBPIPE_XGBOOST_LIBRARY), then beside the program and in its $libdir, then the system's. Fails
 * with ERROR_SYSTEM, saying where it looked. */
enum status xgboost_library_open(struct xgboost_library *library, const char *path,
                                 struct error *err);
void xgboost_library_close(struct xgboost_library *library); /* all-zero is allowed */

/* Turns the calling thread's last libxgboost error into err: "what: the library's first line". Out of
 * memory becomes ERROR_MEMORY, everything else `kind`. Returns STATUS_FAILED. */
enum status xgboost_library_error(const struct xgboost_library *library, enum error_kind kind,
                                  const char *what, struct error *err);

/* Readies the calling thread for calls: nothing is logged to stderr, and OpenMP starts no threads. The
 * second matters for loading and for new matrices, which do not heed a booster's nthread. Both are
 * the thread's own settings inside the library; cheap, so called wherever a thread may be a new one. */
void xgboost_library_enter(const struct xgboost_library *library);

#endif
