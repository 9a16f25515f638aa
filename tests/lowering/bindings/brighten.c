/* A compiled kernel for ONNX Runtime: test::Brighten(x float, amount double) -> x * amount.
 *
 * The wheel of ONNX Runtime ships no C headers, so what is used of them is declared here: the entries of OrtApi by
 * their position, which later versions keep, and OrtCustomOp as of version 8. With the headers of a release,
 * `#include "onnxruntime_c_api.h"` takes the place of the declarations.
 */
#include <stddef.h>
#include <stdint.h>

typedef void *(*Entry)();
typedef struct { const Entry *(*GetApi)(uint32_t version); const char *(*GetVersionString)(void); } ApiBase;

enum { CREATE_DOMAIN = 26, DOMAIN_ADD = 27, ADD_DOMAIN = 28, DATA = 51, DIMENSIONS_COUNT = 61, DIMENSIONS = 62,
       ELEMENT_COUNT = 64, TYPE_AND_SHAPE = 65, GET_INPUT = 90, GET_OUTPUT = 91, RELEASE_SHAPE = 99 };
enum { FLOAT = 1, DOUBLE = 11, MOST_AXES = 8 };

typedef struct Operator {
    uint32_t version;
    void *(*CreateKernel)(const struct Operator *, const Entry *, const void *);
    const char *(*GetName)(const struct Operator *);
    const char *(*GetExecutionProviderType)(const struct Operator *);
    int (*GetInputType)(const struct Operator *, size_t);
    size_t (*GetInputTypeCount)(const struct Operator *);
    int (*GetOutputType)(const struct Operator *, size_t);
    size_t (*GetOutputTypeCount)(const struct Operator *);
    void (*KernelCompute)(void *, void *);
    void (*KernelDestroy)(void *);
    int (*GetInputCharacteristic)(const struct Operator *, size_t);
    int (*GetOutputCharacteristic)(const struct Operator *, size_t);
} Operator;

static const Entry *api;

static void *create(const Operator *op, const Entry *given, const void *info) { (void)op; (void)info; return (void *)given; }
static const char *name(const Operator *op) { (void)op; return "Brighten"; }
static const char *provider(const Operator *op) { (void)op; return NULL; }
static int input_type(const Operator *op, size_t index) { (void)op; return index ? DOUBLE : FLOAT; }
static size_t inputs(const Operator *op) { (void)op; return 2; }
static int output_type(const Operator *op, size_t index) { (void)op; (void)index; return FLOAT; }
static size_t outputs(const Operator *op) { (void)op; return 1; }
static int required(const Operator *op, size_t index) { (void)op; (void)index; return 0; }
static void destroy(void *kernel) { (void)kernel; }

static void compute(void *kernel, void *context) {
    (void)kernel;
    void *x, *amount, *y, *shape;
    float *from, *to;
    double *factor;
    int64_t lengths[MOST_AXES];
    size_t axes, count;
    api[GET_INPUT](context, (size_t)0, &x);
    api[GET_INPUT](context, (size_t)1, &amount);
    api[TYPE_AND_SHAPE](x, &shape);
    api[DIMENSIONS_COUNT](shape, &axes);
    api[DIMENSIONS](shape, lengths, axes);
    api[ELEMENT_COUNT](shape, &count);
    api[RELEASE_SHAPE](shape);
    api[GET_OUTPUT](context, (size_t)0, lengths, axes, &y);
    api[DATA](x, &from);
    api[DATA](amount, &factor);
    api[DATA](y, &to);
    for (size_t k = 0; k < count; k++) to[k] = from[k] * (float)*factor;
}

static const Operator brighten = {8, create, name, provider, input_type, inputs, output_type, outputs, compute, destroy, required, required};

void *RegisterCustomOps(void *options, const ApiBase *base) {
    void *domain, *status;
    api = base->GetApi(8);
    if ((status = api[CREATE_DOMAIN]("test", &domain))) return status;
    if ((status = api[DOMAIN_ADD](domain, &brighten))) return status;
    return api[ADD_DOMAIN](options, domain);
}
