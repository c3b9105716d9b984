/* HSE -> PLL -> core. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"
#include "hil_stm32.h"
#include "hil_voltage.h"

#define CFGR_SW_PLL 0x2u
#define CFGR_SWS(cfgr) (((cfgr) >> 2) & 0x3u)
#define SWS_HSI 0u
#define SWS_HSE 1u
#define SWS_PLL 2u
#define CFGR_HPRE(cfgr) (((cfgr) >> 4) & 0xFu)
#define CFGR_PPRE1(cfgr) (((cfgr) >> 10) & 0x7u)
#define CFGR_PPRE2(cfgr) (((cfgr) >> 13) & 0x7u)

#define PLLCFGR_SRC_HSE 0x00400000u
/* Clock of USB and SDMMC, which nothing here uses: the VCO divided down to at most 48 MHz. */
#define PLL_Q 9u

#define HSI_HZ 16000000u

static int flash_ready(void)
{
    HIL_FLASH_ACR = HIL_CLOCK_WAIT_STATES | HIL_FLASH_ACR_ACCELERATOR;
    return hil_reaches(&HIL_FLASH_ACR, HIL_FLASH_ACR_LATENCY_MASK, HIL_CLOCK_WAIT_STATES);
}

const char *hil_port_clock_on(void)
{
    if (HIL_CLOCK_HSE_BYPASS) {
        HIL_RCC_CR |= HIL_RCC_CR_HSEBYP;
    }
    HIL_RCC_CR |= HIL_RCC_CR_HSEON;
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_HSERDY, HIL_RCC_CR_HSERDY)) {
        return "clock: HSE does not start";
    }
    HIL_RCC_APB1ENR |= HIL_RCC_APB1ENR_PWREN;
    (void)HIL_RCC_APB1ENR;
    HIL_PWR_VOLTAGE |= HIL_PWR_VOLTAGE_SCALE1;

    HIL_RCC_PLLCFGR = HIL_CLOCK_PLL_M | (HIL_CLOCK_PLL_N << 6) | (((HIL_CLOCK_PLL_DIV / 2u) - 1u) << 16) |
                      PLLCFGR_SRC_HSE | (PLL_Q << 24) | HIL_RCC_PLLCFGR_KEPT;
    HIL_RCC_CR |= HIL_RCC_CR_PLLON;
    const char *problem = hil_voltage_on();
    if (problem != 0) {
        return problem;
    }
    if (!flash_ready()) {
        return "clock: the flash does not take its wait states";
    }
    HIL_RCC_CFGR = (hil_apb_code(HIL_CLOCK_APB1_DIV) << 10) | (hil_apb_code(HIL_CLOCK_APB2_DIV) << 13);
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_PLLRDY, HIL_RCC_CR_PLLRDY)) {
        return "clock: the PLL does not lock";
    }
    HIL_RCC_CFGR |= CFGR_SW_PLL;
    if (!hil_reaches(&HIL_RCC_CFGR, SWS_PLL << 2, SWS_PLL << 2)) {
        return "clock: the core does not switch to the PLL";
    }
    return 0;
}

static uint32_t pll_hz(void)
{
    const uint32_t pllcfgr = HIL_RCC_PLLCFGR;
    const uint32_t m = pllcfgr & 0x3Fu;
    const uint32_t n = (pllcfgr >> 6) & 0x1FFu;
    const uint32_t p = (((pllcfgr >> 16) & 0x3u) + 1u) * 2u;
    const uint32_t source = ((pllcfgr & PLLCFGR_SRC_HSE) != 0u) ? HIL_CLOCK_SOURCE_HZ : HSI_HZ;
    return (m == 0u) ? 0u : (((source / m) * n) / p);
}

uint32_t hil_port_core_hz(void)
{
    const uint32_t cfgr = HIL_RCC_CFGR;
    uint32_t hz = 0;
    switch (CFGR_SWS(cfgr)) {
    case SWS_HSI:
        hz = HSI_HZ;
        break;
    case SWS_HSE:
        hz = HIL_CLOCK_SOURCE_HZ;
        break;
    case SWS_PLL:
        hz = pll_hz();
        break;
    default:
        break;
    }
    return hz >> hil_ahb_shift(CFGR_HPRE(cfgr));
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
    HIL_RCC_AHB1ENR |= (1u << HIL_CONSOLE_TX_PORT) | (1u << HIL_CONSOLE_RX_PORT);
    HIL_CONSOLE_ENABLE |= HIL_CONSOLE_ENABLE_BIT;
    (void)HIL_CONSOLE_ENABLE;
}

uint32_t hil_family_console_hz(void)
{
    const uint32_t cfgr = HIL_RCC_CFGR;
    const uint32_t code = (HIL_CONSOLE_APB == 1u) ? CFGR_PPRE1(cfgr) : CFGR_PPRE2(cfgr);
    return hil_port_core_hz() >> hil_apb_shift(code);
}

void hil_family_timer_clock_on(void)
{
    HIL_RCC_APB1ENR |= HIL_RCC_APB1ENR_TIM2EN;
    (void)HIL_RCC_APB1ENR;
}

/* RM0385 and RM0402, clock tree: twice the clock of APB1 where that is divided, with TIMPRE = 0 as after reset. */
uint32_t hil_family_timer_hz(void)
{
    const uint32_t shift = hil_apb_shift(CFGR_PPRE1(HIL_RCC_CFGR));
    return hil_port_core_hz() >> ((shift == 0u) ? 0u : (shift - 1u));
}
