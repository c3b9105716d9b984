/* What the emulator's bench runs: an int8 dot product as the kernels do it, and a mixture of ordinary code. */
#include <arm_acle.h>
#include <stdint.h>
#include <string.h>

static int8_t weights[8192], inputs[8192];
static uint32_t state;

static uint32_t draw(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint32_t rotated(uint32_t word) {
    return word >> 8 | word << 24;
}

__attribute__((noinline)) static int32_t dot(const int8_t *a, const int8_t *b, int count) {
    int32_t sum = 0;
    for (int i = 0; i < count; i += 4) {
        uint32_t x, y;
        memcpy(&x, a + i, 4);
        memcpy(&y, b + i, 4);
        sum = __smlad(__sxtb16(x), __sxtb16(y), sum);
        sum = __smlad(__sxtb16(rotated(x)), __sxtb16(rotated(y)), sum);
    }
    return sum;
}

static uint32_t int8(int rounds) {
    for (int i = 0; i < 8192; i++) {
        weights[i] = draw();
        inputs[i] = draw();
    }
    int32_t sum = 0;
    for (int k = 0; k < rounds * 8; k++) {
        sum += dot(weights, inputs, 8192);
        inputs[k & 8191] ^= 1;
    }
    return sum;
}

static uint32_t crc(const uint8_t *bytes, int count, uint32_t crc) {
    for (int i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return crc;
}

static void sort(int32_t *values, int count) {
    for (int gap = count / 2; gap > 0; gap /= 2)
        for (int i = gap; i < count; i++) {
            int32_t value = values[i];
            int j = i;
            for (; j >= gap && values[j - gap] > value; j -= gap)
                values[j] = values[j - gap];
            values[j] = value;
        }
}

static uint32_t mixed(int rounds) {
    static int32_t values[2048];
    uint32_t sum = 0;
    for (int k = 0; k < rounds; k++) {
        for (int i = 0; i < 2048; i++)
            values[i] = draw();
        sum = crc((const uint8_t *)values, 1024, sum);
        sort(values, 2048);
        float mean = 0;
        for (int i = 0; i < 2048; i++)
            mean += (float)values[i] * 0.00048828125f;
        sum ^= (uint32_t)(int32_t)mean + values[k & 2047] % 1000 + (uint32_t)((uint64_t)sum * values[5] >> 32);
    }
    return sum;
}

uint32_t result;

static void start(void) {
    // CCR: the caches of a Cortex-M7; the other cores have no such bits.
    *(volatile unsigned *)0xE000ED14 |= 3u << 16;
    *(volatile uint32_t *)0xE000ED88 = 0xF00000;
    __asm volatile("dsb\nisb");
    state = 1;
    result = KERNEL(ROUNDS);
    __asm volatile("bkpt 0");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {(void *)0x20008000, start};
