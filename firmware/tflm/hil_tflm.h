/* What every network of TensorFlow Lite Micro needs besides the library: an interpreter in static memory. */
#ifndef HIL_TFLM_H
#define HIL_TFLM_H

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <new>

#include "tensorflow/lite/core/api/error_reporter.h"
#include "tensorflow/lite/micro/kernels/micro_ops.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace hil {

/* Nobody listens on the board: a failure traps, and what failed is known from where. */
class Silent : public tflite::ErrorReporter {
  public:
    int Report(const char *, va_list) override
    {
        return 0;
    }
};

inline void Expect(bool success)
{
    if (!success) {
        __builtin_trap();
    }
}

/* Registers a kernel for any version of its operator. */
template <typename Resolver>
void Register(Resolver *resolver, tflite::BuiltinOperator op, TfLiteRegistration *kernel)
{
    Expect(resolver->AddBuiltin(op, kernel, tflite::MicroOpResolverAnyVersion()) == kTfLiteOk);
}

/* Kernels take the interpreter's context, which it does not give away: one that prepares itself learns it. */
extern TfLiteContext *context;
extern TfLiteStatus (*prepare_after_capture)(TfLiteContext *, TfLiteNode *);

inline TfLiteStatus Capture(TfLiteContext *of_interpreter, TfLiteNode *node)
{
    context = of_interpreter;
    return (prepare_after_capture != nullptr) ? prepare_after_capture(of_interpreter, node) : kTfLiteOk;
}

/* The same kernel, which captures the context when it is prepared. */
inline TfLiteRegistration *Capturing(const TfLiteRegistration *kernel)
{
    static TfLiteRegistration capturing;
    capturing = *kernel;
    prepare_after_capture = kernel->prepare;
    capturing.prepare = Capture;
    return &capturing;
}

/* Memory for an object that is made when it is needed first, and never destroyed. */
template <typename T>
class Storage {
  public:
    template <typename... Arguments>
    T *Make(Arguments &&...arguments)
    {
        return new (bytes_) T(static_cast<Arguments &&>(arguments)...);
    }

  private:
    alignas(T) unsigned char bytes_[sizeof(T)];
};

/* Runs one operator as MicroInterpreter::Invoke does. */
inline void RunNode(tflite::MicroInterpreter *interpreter, int index)
{
    const tflite::NodeAndRegistration entry = interpreter->node_and_registration(index);
    TfLiteNode node = entry.node;
    if (entry.registration->invoke != nullptr) {
        Expect(entry.registration->invoke(context, &node) == kTfLiteOk);
    }
}

} // namespace hil

#endif
