/* The interface between a compiled Weir kernel and the program that calls it.
 *
 * This header is a schema: it needs no library, and an object that Weir emits
 * references nothing but memcpy, memset and libm. A kernel `attention` is
 *
 *   weir_status attention(weir_context *context, const weir_tensor *tensors);
 *   int64_t attention_workspace(const weir_tensor *tensors, int64_t workers);
 *   weir_status attention_check(const weir_tensor *tensors, char *message,
 *                               size_t message_size);
 *   const char *attention_variant(void);
 *   extern const weir_kernel_info attention_info;
 *
 * and a call looks like
 *
 *   weir_context context = weir_serial_context();
 *   context.workspace_size = attention_workspace(tensors, 1);
 *   context.workspace = aligned_alloc(64, context.workspace_size);
 *   if (attention(&context, tensors) != WEIR_OK) puts(context.message);
 *
 * Rules that hold throughout:
 * - Nothing is allocated, freed, printed or locked inside a call, and no global
 *   is written, but for the choice of code in an object that holds some for
 *   several processors: one atomic word. The floating-point mode is expected to
 *   round to nearest, and is left alone.
 * - Everything belongs to the caller: descriptors, data, context, workspace.
 *   A kernel keeps no pointer after it returns.
 * - A kernel is reentrant. Calls that run at the same time need a context and a
 *   workspace each; they may share a pool and their inputs.
 * - A call that fails has written no output.
 * - Nothing is read or written outside the points that a descriptor spans.
 *
 * Layouts below are those of a 64-bit C ABI and change only together with
 * WEIR_ABI_VERSION; enumerators keep their numbers for ever.
 */
#ifndef WEIR_RUNTIME_H
#define WEIR_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  WEIR_ABI_VERSION = 1,
  WEIR_MAX_RANK = 8,       /* of a tensor */
  WEIR_MESSAGE_SIZE = 256, /* bytes, the closing NUL included */
  WEIR_ALIGNMENT = 64      /* of the workspace, in bytes */
};

/* ---- Status ------------------------------------------------------------ */

/* WEIR_OK, or why a call was refused; always one of the constants below. */
typedef int32_t weir_status;
enum {
  WEIR_OK = 0,
  WEIR_BAD_ABI = 1,       /* the context's version is not the kernel's */
  WEIR_BAD_TYPE = 2,      /* element type is not the declared one */
  WEIR_BAD_RANK = 3,      /* number of dimensions is not the declared one */
  WEIR_BAD_EXTENT = 4,    /* extents disagree, or break a constraint */
  WEIR_BAD_STRIDE = 5,    /* a stride that the kernel does not support */
  WEIR_BAD_DATA = 6,      /* null or misaligned data */
  WEIR_BAD_INDEX = 7,     /* an element outside its declared range */
  WEIR_BAD_WORKSPACE = 8, /* null, misaligned or smaller than asked for */
  WEIR_UNSUPPORTED = 9,   /* correct, but not compiled into this kernel, or not
                             for this processor or device */
  WEIR_NO_DEVICE = 10,    /* no driver, no device, or no context of one */
  WEIR_DEVICE_ERROR = 11  /* the device's driver refuses */
};

/* ---- Tensors ----------------------------------------------------------- */

/* Storage type of an element. In DLPack's terms (code, bits) are: float 64, 32,
 * 16; bfloat 16; float8_e4m3fn 8; float8_e5m2 8; int 64, 32, 16, 8; uint 8;
 * int 4; bool 8; always with one lane. */
typedef int32_t weir_type;
enum {
  WEIR_F64 = 1,
  WEIR_F32 = 2,
  WEIR_F16 = 3,
  WEIR_BF16 = 4,
  WEIR_F8E4M3 = 5, /* the "fn" variety: no infinities, largest value 448 */
  WEIR_F8E5M2 = 6,
  WEIR_I64 = 7,
  WEIR_I32 = 8,
  WEIR_I16 = 9,
  WEIR_I8 = 10,
  WEIR_U8 = 11,
  WEIR_I4 = 12, /* two's complement, two a byte, even element in the low half */
  WEIR_BOOL = 13 /* one byte; read as true unless 0, written as 0 or 1 */
};

/* A strided view of elements, with the meaning of DLPack's DLTensor on the CPU.
 *
 * The element at (i0, i1, …) is element i0 * strides[0] + i1 * strides[1] + …
 * counted from `data`, which is a multiple of the element's size (of one byte
 * for i4) and may be null where there is no element. Strides count elements,
 * not bytes. Those of an input may be 0 (a broadcast) or negative; different
 * points of an output are different elements, and outputs overlap neither each
 * other nor inputs. Entries from `rank` on are not looked at. A scalar is a
 * tensor of rank 0. */
typedef struct weir_tensor {
  void *data; /* of an input: only read */
  weir_type type;
  int32_t rank;
  int64_t extents[WEIR_MAX_RANK]; /* >= 0 */
  int64_t strides[WEIR_MAX_RANK]; /* in elements */
} weir_tensor;

/* ---- Context ----------------------------------------------------------- */

/* One index of a parallel loop. `worker` is in [0, workers), and no two calls
 * of one loop that run at the same time have the same. */
typedef void (*weir_body)(void *arg, int64_t index, int64_t worker);

/* Calls body(arg, i, worker) once for each i in [0, count), each on some
 * thread, and returns when all have returned; what the bodies wrote is then
 * visible to the caller. Indices are begun in ascending order, so that the
 * caller puts long work first. A body neither throws nor enters a parallel loop
 * itself. Must not fail. */
typedef void (*weir_parallel)(void *pool, int64_t count, weir_body body,
                              void *arg);

/* What a call may use; one for each call that runs at a time, reusable. Start
 * from weir_serial_context(); <weir/pool.h> fills in a pool, and so may a host
 * that has its own. */
typedef struct weir_context {
  uint32_t abi_version;   /* WEIR_ABI_VERSION */
  uint32_t reserved;      /* 0 */
  weir_parallel parallel; /* null: the calling thread runs everything */
  void *pool;             /* handed to `parallel` */
  int64_t workers;        /* >= 1; taken as 1 where `parallel` is null */
  void *workspace;        /* scratch, aligned to WEIR_ALIGNMENT; may be null
                             where the kernel asks for 0 bytes */
  int64_t workspace_size; /* bytes */
  char message[WEIR_MESSAGE_SIZE]; /* set by a call that fails: one line, NUL
                                      at its end, names as in the spec */
} weir_context;

/* ---- Kernels ----------------------------------------------------------- */

/* Runs a kernel. `tensors` holds one descriptor an argument, in the order of
 * weir_kernel_info.arguments: inputs, scalar parameters, outputs, each as in
 * the signature. Everything is checked before an output is written. */
typedef weir_status (*weir_kernel_run)(weir_context *context,
                                       const weir_tensor *tensors);

/* Bytes of workspace that a run with at most `workers` workers needs, or the
 * negated status where the tensors do not fit. Looks at types, extents and
 * strides, never at data. Does not shrink as `workers` grows. */
typedef int64_t (*weir_kernel_workspace)(const weir_tensor *tensors,
                                         int64_t workers);

/* Whether the kernel takes such types, extents and strides; data pointers are
 * not looked at, so that shapes can be asked about before there are tensors.
 * Writes at most `message_size` bytes of one line, NUL included, where it does
 * not; `message` may be null where that is 0. */
typedef weir_status (*weir_kernel_check)(const weir_tensor *tensors,
                                         char *message, size_t message_size);

typedef int32_t weir_direction;
enum { WEIR_INPUT = 0, WEIR_PARAM = 1, WEIR_OUTPUT = 2 };

enum {
  /* Of a parameter: where `data` is null, the spec's default is taken. */
  WEIR_HAS_DEFAULT = 1
};

/* One argument. A rank name that occurs twice, in one argument or in several,
 * has the same extent everywhere. */
typedef struct weir_argument_info {
  const char *name;
  weir_direction direction;
  weir_type type;
  int32_t rank;
  uint32_t flags;
  const char *rank_names[WEIR_MAX_RANK]; /* null from `rank` on */
  int64_t extents[WEIR_MAX_RANK];        /* -1: any, as far as the constraints
                                            go */
} weir_argument_info;

/* What a kernel is and how it is called: the one symbol a loader looks up. */
typedef struct weir_kernel_info {
  uint32_t abi_version; /* WEIR_ABI_VERSION; the rest is laid out accordingly */
  uint32_t reserved;    /* 0 */
  const char *name;
  const char *target; /* as `weir --target` takes it, such as "x86-64-v4": what
                         the processor must have; or several, separated by
                         commas, of which it must have one */
  int32_t argument_count;
  int32_t constraint_count;
  const weir_argument_info *arguments;
  const char *const *constraints; /* as the spec writes them: "#h % #g == 0" */
  weir_kernel_run run; /* null where a call takes a stream: <weir/cuda.h> */
  weir_kernel_workspace workspace;
  weir_kernel_check check;
} weir_kernel_info;

/* A context that runs a call on the calling thread, without workspace. */
static inline weir_context weir_serial_context(void) {
  weir_context context = {WEIR_ABI_VERSION, 0, NULL, NULL, 1, NULL, 0, {0}};
  return context;
}

/* A descriptor of elements that lie densely in row-major order. */
static inline weir_tensor weir_dense(void *data, weir_type type, int32_t rank,
                                     const int64_t *extents) {
  weir_tensor tensor = {data, type, rank, {0}, {0}};
  int64_t stride = 1;
  for (int32_t i = rank - 1; i >= 0; --i) {
    tensor.extents[i] = extents[i];
    tensor.strides[i] = stride;
    stride *= extents[i];
  }
  return tensor;
}

#ifdef __cplusplus
}
#endif

#endif /* WEIR_RUNTIME_H */
