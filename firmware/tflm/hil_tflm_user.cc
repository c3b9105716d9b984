/* What a user's build of TFLM may want of its environment. There is no heap, and nothing is ever destroyed. */
#include <cstdarg>
#include <cstddef>

void operator delete(void *) noexcept
{
    __builtin_trap();
}

void operator delete(void *, std::size_t) noexcept
{
    __builtin_trap();
}

extern "C" {

void *__dso_handle;

int __aeabi_atexit(void *, void (*)(void *), void *)
{
    return 0;
}

int __cxa_guard_acquire(unsigned char *guard)
{
    return *guard == 0;
}

void __cxa_guard_release(unsigned char *guard)
{
    *guard = 1;
}

void __cxa_pure_virtual()
{
    __builtin_trap();
}

void abort()
{
    __builtin_trap();
}

/* Messages go nowhere. */
void DebugLog(const char *, std::va_list)
{
}

int DebugVsnprintf(char *buffer, std::size_t size, const char *, std::va_list)
{
    if (size > 0) {
        buffer[0] = '\0';
    }
    return 0;
}
}
