/* Weir's own pool of threads, for programs that have none to give to a kernel.
 *
 * Link weir_runtime and oneTBB. All functions may be called from any thread;
 * one pool serves several contexts, also at the same time.
 */
#ifndef WEIR_POOL_H
#define WEIR_POOL_H

#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_pool weir_pool;

/* A pool in which at most `threads` threads, the calling one included, work on
 * a loop; 0: as many as the process may use at once. Null where there is no
 * memory for it or `threads` is negative or over 4096. A pool with more threads
 * than the machine has raises oneTBB's limit for the whole process while it
 * lives. */
weir_pool *weir_pool_create(int64_t threads);

/* Ends a pool that no call uses; null is ignored. */
void weir_pool_destroy(weir_pool *pool);

/* The number of workers, hence of workspace slices, of a loop in this pool. */
int64_t weir_pool_workers(const weir_pool *pool);

/* Lets calls with this context run their loops in the pool. A null pool makes
 * the calling thread run everything again. */
void weir_pool_attach(weir_pool *pool, weir_context *context);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_POOL_H */
