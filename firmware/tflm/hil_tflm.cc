/* Definitions for hil_tflm.h, and what C++ wants of its environment. */
#include "hil_tflm.h"

namespace hil {

TfLiteContext *context;
TfLiteStatus (*prepare_after_capture)(TfLiteContext *, TfLiteNode *);

} // namespace hil

/* There is no heap; virtual destructors refer to these all the same. */
void operator delete(void *) noexcept
{
    __builtin_trap();
}

void operator delete(void *, std::size_t) noexcept
{
    __builtin_trap();
}

extern "C" void __cxa_pure_virtual()
{
    __builtin_trap();
}

/* Called where the library aborts or complains. */
extern "C" void DebugLog(const char *)
{
}
