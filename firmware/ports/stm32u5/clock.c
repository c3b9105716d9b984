/* MSIS -> PLL1 -> core, in voltage range 1 with the booster; the cache before flash is on. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"
#include "hil_stm32.h"

#define CFGR1_SW_PLL1 0x3u
#define CFGR1_SWS(cfgr1) (((cfgr1) >> 2) & 0x3u)
#define SWS_MSIS 0u
#define SWS_HSI 1u
#define SWS_PLL1 3u
#define CFGR2_HPRE(cfgr2) ((cfgr2)&0xFu)
#define CFGR2_PPRE1(cfgr2) (((cfgr2) >> 4) & 0x7u)
#define CFGR2_PPRE2(cfgr2) (((cfgr2) >> 8) & 0x7u)
#define CFGR2_PRESCALERS 0x0000077Fu

#define PLL1CFGR_SRC_MSIS 0x1u
#define PLL1CFGR_REN 0x00040000u
/* Outputs P and Q are off; their dividers stay as after reset. */
#define PLL_UNUSED_DIVIDERS 0x00010200u

#define HSI_HZ 16000000u

/* RM0456, "Regulator selection" and "Voltage scaling": the converter first, where the board is to use it, then the range.
 * The booster, without which the core stays below 55 MHz, is clocked by PLL1's source, so that this is chosen before. */
static const char *voltage_on(void)
{
    HIL_RCC_AHB3ENR |= HIL_RCC_AHB3ENR_PWREN;
    (void)HIL_RCC_AHB3ENR;
    if (HIL_SUPPLY_SMPS) {
        HIL_PWR_CR3 |= HIL_PWR_CR3_REGSEL;
        if (!hil_reaches(&HIL_PWR_SVMSR, HIL_PWR_SVMSR_REGS, HIL_PWR_SVMSR_REGS)) {
            return "clock: the step-down converter does not take over";
        }
    }
    HIL_PWR_VOSR |= HIL_PWR_VOSR_RANGE1;
    if (!hil_reaches(&HIL_PWR_VOSR, HIL_PWR_VOSR_VOSRDY, HIL_PWR_VOSR_VOSRDY)) {
        return "clock: the regulator does not reach range 1";
    }
    HIL_PWR_VOSR |= HIL_PWR_VOSR_BOOSTEN;
    if (!hil_reaches(&HIL_PWR_VOSR, HIL_PWR_VOSR_BOOSTRDY, HIL_PWR_VOSR_BOOSTRDY)) {
        return "clock: the booster is not ready";
    }
    return 0;
}

static const char *flash_on(void)
{
    HIL_FLASH_ACR = (HIL_FLASH_ACR & ~HIL_FLASH_ACR_LATENCY_MASK) | HIL_CLOCK_WAIT_STATES | HIL_FLASH_ACR_PRFTEN;
    if (!hil_reaches(&HIL_FLASH_ACR, HIL_FLASH_ACR_LATENCY_MASK, HIL_CLOCK_WAIT_STATES)) {
        return "clock: the flash does not take its wait states";
    }
    /* It invalidates itself after reset. */
    if (!hil_reaches(&HIL_ICACHE_SR, HIL_ICACHE_SR_BUSYF, 0)) {
        return "clock: the cache before flash stays busy";
    }
    HIL_ICACHE_CR |= HIL_ICACHE_CR_EN;
    return 0;
}

/* MSIS runs in range 4, 4 MHz, from reset: the range of the PLL's input is the lowest, and the booster takes it whole. */
static const char *pll_on(void)
{
    HIL_RCC_PLL1DIVR = (HIL_CLOCK_PLL_N - 1u) | ((HIL_CLOCK_PLL_DIV - 1u) << 24) | PLL_UNUSED_DIVIDERS;
    HIL_RCC_CR |= HIL_RCC_CR_PLL1ON;
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_PLL1RDY, HIL_RCC_CR_PLL1RDY)) {
        return "clock: the PLL does not lock";
    }
    HIL_RCC_PLL1CFGR |= PLL1CFGR_REN;
    return 0;
}

const char *hil_port_clock_on(void)
{
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_MSISRDY, HIL_RCC_CR_MSISRDY)) {
        return "clock: MSIS does not start";
    }
    HIL_RCC_PLL1CFGR = PLL1CFGR_SRC_MSIS | ((HIL_CLOCK_PLL_M - 1u) << 8);
    const char *problem = voltage_on();
    if (problem == 0) {
        problem = flash_on();
    }
    if (problem == 0) {
        problem = pll_on();
    }
    if (problem != 0) {
        return problem;
    }
    HIL_RCC_CFGR2 = (HIL_RCC_CFGR2 & ~CFGR2_PRESCALERS) | hil_ahb_code(HIL_CLOCK_AHB_DIV) |
                    (hil_apb_code(HIL_CLOCK_APB1_DIV / HIL_CLOCK_AHB_DIV) << 4) |
                    (hil_apb_code(HIL_CLOCK_APB2_DIV / HIL_CLOCK_AHB_DIV) << 8);
    HIL_RCC_CFGR1 |= CFGR1_SW_PLL1;
    if (!hil_reaches(&HIL_RCC_CFGR1, SWS_PLL1 << 2, SWS_PLL1 << 2)) {
        return "clock: the core does not switch to the PLL";
    }
    return 0;
}

/* The range of MSIS is that of CSR until MSIRGSEL is set. */
static uint32_t msis_hz(void)
{
    static const uint32_t khz[16] = {48000, 24000, 16000, 12000, 4000, 2000, 1333, 1000,
                                     3072,  1536,  1024,  768,   400,  200,  133,  100};
    const uint32_t icscr1 = HIL_RCC_ICSCR1;
    const uint32_t chosen = ((icscr1 & HIL_RCC_ICSCR1_MSIRGSEL) != 0u) ? (icscr1 >> 28) : (HIL_RCC_CSR >> 12);
    return khz[chosen & 0xFu] * 1000u;
}

static uint32_t pll_hz(void)
{
    const uint32_t pllcfgr = HIL_RCC_PLL1CFGR;
    const uint32_t divr = HIL_RCC_PLL1DIVR;
    const uint32_t m = ((pllcfgr >> 8) & 0xFu) + 1u;
    const uint32_t n = (divr & 0x1FFu) + 1u;
    const uint32_t r = ((divr >> 24) & 0x7Fu) + 1u;
    const uint32_t source = ((pllcfgr & 0x3u) == PLL1CFGR_SRC_MSIS) ? msis_hz() : HSI_HZ;
    return ((source / m) * n) / r;
}

uint32_t hil_port_core_hz(void)
{
    uint32_t hz = 0;
    switch (CFGR1_SWS(HIL_RCC_CFGR1)) {
    case SWS_MSIS:
        hz = msis_hz();
        break;
    case SWS_HSI:
        hz = HSI_HZ;
        break;
    case SWS_PLL1:
        hz = pll_hz();
        break;
    default:
        break; /* HSE, which no board of this family uses */
    }
    return hz >> hil_ahb_shift(CFGR2_HPRE(HIL_RCC_CFGR2));
}

uint32_t hil_port_wait_states(void)
{
    return HIL_FLASH_ACR & HIL_FLASH_ACR_LATENCY_MASK;
}

uint32_t hil_port_flash_control(void)
{
    return HIL_FLASH_ACR;
}

void hil_family_console_clock_on(void)
{
    HIL_RCC_AHB2ENR1 |= (1u << HIL_CONSOLE_TX_PORT) | (1u << HIL_CONSOLE_RX_PORT);
    HIL_CONSOLE_ENABLE |= HIL_CONSOLE_ENABLE_BIT;
    (void)HIL_CONSOLE_ENABLE;
}

uint32_t hil_family_console_hz(void)
{
    const uint32_t cfgr2 = HIL_RCC_CFGR2;
    const uint32_t code = (HIL_CONSOLE_APB == 1u) ? CFGR2_PPRE1(cfgr2) : CFGR2_PPRE2(cfgr2);
    return hil_port_core_hz() >> hil_apb_shift(code);
}

void hil_family_timer_clock_on(void)
{
    HIL_RCC_APB1ENR1 |= HIL_RCC_APB1ENR1_TIM2EN;
    (void)HIL_RCC_APB1ENR1;
}

/* RM0456, clock tree: twice the clock of APB1 where that is divided. */
uint32_t hil_family_timer_hz(void)
{
    const uint32_t shift = hil_apb_shift(CFGR2_PPRE1(HIL_RCC_CFGR2));
    return hil_port_core_hz() >> ((shift == 0u) ? 0u : (shift - 1u));
}
