/* Faults, priorities, tail chaining, stacks and the FPU's context, told by a UART. Runs on QEMU's mps2 machines and on the emulator. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define ICSR REGISTER(0xE000ED04)
#define AIRCR REGISTER(0xE000ED0C)
#define CCR REGISTER(0xE000ED14)
#define SHPR2 REGISTER(0xE000ED1C)
#define SHPR3 REGISTER(0xE000ED20)
#define SHCSR REGISTER(0xE000ED24)
#define CFSR REGISTER(0xE000ED28)
#define HFSR REGISTER(0xE000ED2C)
#define BFAR REGISTER(0xE000ED38)
#define CPACR REGISTER(0xE000ED88)
#define ISER REGISTER(0xE000E100)
#define ISPR REGISTER(0xE000E200)
#define PRIORITY(line) (*(volatile uint8_t *)(0xE000E400 + (line)))

static void put(char c) {
    REGISTER(0x40004000) = c;
}

static void say(const char *text) {
    while (*text)
        put(*text++);
}

static void hex(uint32_t value) {
    for (int i = 28; i >= 0; i -= 4)
        put("0123456789abcdef"[value >> i & 15]);
    put(' ');
}

static void sync(void) {
    __asm volatile("dsb\nisb" ::: "memory");
}

static void show(const char *name, uint32_t *frame, uint32_t link) {
    uint32_t number;
    __asm volatile("mrs %0, ipsr" : "=r"(number));
    say(name);
    /* Interrupts need not come at the same instruction: only what they interrupt is told. */
    if (number >= 14)
        hex(frame[7] & 0x1FF);
    for (int i = 0; number < 14 && i < 8; i++)
        hex(frame[i]);
    hex(link);
    hex(number);
    say("\n  icsr ");
    hex(ICSR);
    say("shcsr ");
    hex(SHCSR);
    say("cfsr ");
    hex(CFSR);
    say("hfsr ");
    hex(HFSR);
    if (CFSR & 0x8000)
        hex(BFAR);
    put('\n');
}

/* The handler gets the frame and EXC_RETURN. */
#define HANDLER(name)                                                                                       \
    static void name##_body(uint32_t *frame, uint32_t link) __attribute__((used));                          \
    __attribute__((naked)) static void name(void) {                                                         \
        __asm volatile("tst lr, #4\nite eq\nmrseq r0, msp\nmrsne r0, psp\nmov r1, lr\nb " #name "_body");   \
    }                                                                                                       \
    static void name##_body(uint32_t *frame, uint32_t link)

/* Goes on after the instruction that faulted, and in its IT block. */
static void skip(uint32_t *frame) {
    uint32_t it = (frame[7] >> 25 & 3) | (frame[7] >> 8 & 0xFC);
    it = it & 7 ? (it & 0xE0) | (it << 1 & 0x1F) : 0;
    frame[7] = (frame[7] & ~0x0600FC00u) | (it & 3) << 25 | (it >> 2) << 10;
    frame[6] += *(uint16_t *)frame[6] >= 0xE800 ? 4 : 2;
    CFSR = ~0u;
    HFSR = ~0u;
}

/* Goes back to the caller after a jump to where nothing can be executed. */
static void go_back(uint32_t *frame) {
    frame[6] = frame[5] & ~1u;
    frame[7] |= 1 << 24;
    CFSR = ~0u;
    HFSR = ~0u;
}

HANDLER(hard_fault) {
    show("HARD ", frame, link);
    skip(frame);
}

HANDLER(memory_fault) {
    show("MEMORY ", frame, link);
    if (CFSR & 1)
        go_back(frame);
    else
        skip(frame);
}

HANDLER(bus_fault) {
    show("BUS ", frame, link);
    if (CFSR & 0x100)
        go_back(frame);
    else
        skip(frame);
}

HANDLER(usage_fault) {
    show("USAGE ", frame, link);
    if (CFSR >> 16 & 2) {
        go_back(frame);
    } else if ((CFSR >> 16 & 8) && !(CPACR & 0xF00000)) {
        CPACR |= 0xF00000;
        CFSR = ~0u;
    } else {
        skip(frame);
    }
}

HANDLER(svc) {
    show("SVC ", frame, link);
    uint8_t number = *(uint8_t *)(frame[6] - 2);
    if (number == 1) {
        ICSR = 1 << 28;
        sync();
        say("end of SVC 1\n");
    }
    if (number == 2) {
        volatile float value = frame[0];
        value = value * 1.5f;
        hex(value);
        put('\n');
    }
    frame[0] = number;
}

HANDLER(pendsv) {
    show("PENDSV ", frame, link);
}

HANDLER(irq0) {
    show("IRQ0 ", frame, link);
    ISPR = 2;
    sync();
    say("end of IRQ0\n");
}

HANDLER(irq1) {
    show("IRQ1 ", frame, link);
}

static void irq2(void) {
    say("IRQ2\n");
    ISPR = 1;
    sync();
    say("end of IRQ2\n");
}

static void start(void);

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    (void *)0x20080000, start, hard_fault, hard_fault, memory_fault, bus_fault, usage_fault, 0, 0, 0, 0, svc, 0, 0,
    pendsv, hard_fault, irq0, irq1, irq2,
};

static uint32_t process_stack[256];

/* Registers that handlers show have to hold something known. */
#define KNOWN "mov r0, #10\nmov r1, #11\nmov r2, #12\nmov r3, #13\nmov r12, #14\nmov lr, #15\ncmp r0, r1\n"
#define DO(text) __asm volatile(KNOWN text ::: "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory")

static void faults(void) {
    DO("udf #1");
    SHCSR = 7 << 16;
    DO("udf #2");
    DO(".inst.w 0xf7f0a001");
    /* The branch makes QEMU write its registers back, which it forgets before the trap. */
    DO("mov r1, #0\nb 1f\n1: udiv r2, r0, r1\nmov r3, r2");
    DO("movw r0, #1\nmovt r0, #0x2001\nldrd r1, r2, [r0]");
    DO("movw r0, #1\nmovt r0, #0x2001\nldmia r0, {r1, r2}");
    DO("movw r0, #1\nmovt r0, #0x2001\nstmdb r0!, {r1, r2}");
    DO("movw r0, #1\nmovt r0, #0x2001\nldrex r1, [r0]");
    DO("mov r0, #0x70000000\nldr r1, [r0]");
    DO("mov r0, #0x70000000\nstr r1, [r0, #8]!");
    DO("mov r0, #0x70000000\nldrb r1, [r0], #1");
    DO("movw r0, #1\nmovt r0, #0x7000\nblx r0");
    DO("movw r0, #1\nmovt r0, #0x4000\nblx r0");
    DO("mov r0, #0x100\nblx r0");
    DO("mcr p7, 0, r0, c1, c2, 0");
    DO("cmp r0, r0\nittt eq\nsvceq #9\nmoveq r1, r0\naddeq r1, #1");
    DO("cmp r0, r0\nittte eq\nmoveq r1, #1\nudfeq #3\nmoveq r2, #2\nmovne r3, #9\nsvc #10");
    sync();
    CPACR = 0;
    sync();
    DO("vmov s0, r0\nvmov r1, s0\nsvc #11");
}

static void priorities(void) {
    SHPR3 = 0xE0u << 16 | 0xF0u << 24;
    SHPR2 = 0x40u << 24;
    PRIORITY(0) = 0x60;
    PRIORITY(1) = 0x80;
    PRIORITY(2) = 0xA0;
    hex(REGISTER(0xE000E400));
    hex(SHPR2);
    hex(SHPR3);
    put('\n');
    ISER = 7;
    DO("svc #1");
    for (int line = 0; line < 3; line += 2) {
        say("-- one pends\n");
        ISPR = 1 << line;
        sync();
    }
    uint32_t value;
    __asm volatile("msr basepri, %0" ::"r"(0x80));
    ISPR = 7;
    sync();
    say("-- masked\n");
    hex(ICSR);
    hex(ISPR);
    __asm volatile("msr basepri_max, %0" ::"r"(0xA0));
    __asm volatile("mrs %0, basepri" : "=r"(value));
    hex(value);
    __asm volatile("msr basepri_max, %0" ::"r"(0x40));
    __asm volatile("mrs %0, basepri" : "=r"(value));
    hex(value);
    put('\n');
    __asm volatile("msr basepri, %0" ::"r"(0));
    sync();
    say("-- open\n");
    __asm volatile("cpsid i");
    ICSR = 1 << 28;
    sync();
    say("-- PRIMASK\n");
    hex(ICSR);
    put('\n');
    __asm volatile("cpsie i");
    say("-- SVC that must escalate\n");
    __asm volatile("cpsid i");
    DO("svc #4\nnop");
    __asm volatile("cpsie i");
    sync();
    say("-- grouped\n");
    AIRCR = 0x05FA0500;
    PRIORITY(0) = 0x60;
    PRIORITY(2) = 0x70;
    ISPR = 4;
    sync();
    AIRCR = 0x05FA0000;
}

static void stacks(void) {
    __asm volatile("msr psp, %0\nmov r0, #2\nmsr control, r0\nisb\nsvc #5\nmov r0, #0\nmsr control, r0\nisb" ::"r"(
                       process_stack + 200)
                   : "r0", "memory");
    __asm volatile("msr psp, %0\nmov r0, #2\nmsr control, r0\nisb\nsvc #6\nmov r0, #0\nmsr control, r0\nisb" ::"r"(
                       process_stack + 201)
                   : "r0", "memory");
}

static void floats(void) {
    DO("movw r0, #0x0fdb\nmovt r0, #0x4049\nvmov s0, r0\nvmov s15, r0\nvmov s16, r0\nmov r0, #40\nsvc #2\n"
       "vmov r1, s15\nvmov r2, s0\nvmrs r3, fpscr\nsvc #3");
    DO("movw r0, #0x0fdb\nmovt r0, #0x4049\nvmov s0, r0\nsvc #1\nvmov r1, s0\nsvc #3");
}

static void unprivileged(void) {
    __asm volatile("msr control, %0\nisb" ::"r"(1));
    DO("movw r0, #0xed14\nmovt r0, #0xe000\nldr r1, [r0]");
    DO("cpsid i\nmrs r0, primask\nmrs r1, msp\nsvc #7");
    DO("msr basepri, r0\nmrs r0, control\nsvc #8");
}

__attribute__((used)) static void work(void) {
    REGISTER(0x40004008) = 1;
    hex(ICSR);
    hex(AIRCR);
    hex(SHCSR);
    hex(REGISTER(0xE000EF34));
    put('\n');
    CCR |= 0x10;
    faults();
    priorities();
    stacks();
    floats();
    unprivileged();
    put(4);
    for (;;) {
    }
}

__attribute__((naked)) static void start(void) {
    __asm volatile("b work");
}
