/* HSE -> PLL1 -> core, at the highest voltage. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"
#include "hil_stm32.h"
#include "hil_voltage.h"

#define CFGR_SW_PLL1 0x3u
#define CFGR_SWS(cfgr) (((cfgr) >> 3) & 0x7u)
#define SWS_HSI 0u
#define SWS_CSI 1u
#define SWS_HSE 2u
#define SWS_PLL1 3u

#define DOMAIN1_HPRE(word) ((word)&0xFu)
#define DOMAIN1_CPRE(word) (((word) >> 8) & 0xFu)
#define DOMAIN2_PPRE1(word) (((word) >> 4) & 0x7u)
#define DOMAIN2_PPRE2(word) (((word) >> 8) & 0x7u)

#define PLLCKSELR_SRC_CSI 0x1u
#define PLLCKSELR_SRC_HSE 0x2u
#define PLLCFGR_DIVP1EN 0x00010000u

#define HSI_HZ 64000000u
#define CSI_HZ 4000000u

#define PLL_INPUT_HZ (HIL_CLOCK_SOURCE_HZ / HIL_CLOCK_PLL_M)
/* Outputs Q and R are off; their dividers stay as after reset. */
#define PLL_UNUSED_DIVIDERS 0x01010000u

/* RM0433 and RM0455, PLL1RGE: inputs from 1, 2, 4 and 8 MHz on. The wide range of the VCO needs 2 MHz. */
static uint32_t pll_input_range(void)
{
    if (PLL_INPUT_HZ >= 8000000u) {
        return 3;
    }
    return (PLL_INPUT_HZ >= 4000000u) ? 2u : 1u;
}

static const char *pll_on(void)
{
    HIL_RCC_PLLCKSELR = PLLCKSELR_SRC_HSE | (HIL_CLOCK_PLL_M << 4);
    HIL_RCC_PLLCFGR = (pll_input_range() << 2) | PLLCFGR_DIVP1EN;
    HIL_RCC_PLL1DIVR = (HIL_CLOCK_PLL_N - 1u) | ((HIL_CLOCK_PLL_DIV - 1u) << 9) | PLL_UNUSED_DIVIDERS;
    HIL_RCC_CR |= HIL_RCC_CR_PLL1ON;
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_PLL1RDY, HIL_RCC_CR_PLL1RDY)) {
        return "clock: the PLL does not lock";
    }
    return 0;
}

/* Buses are divided before the core is raised. The other two APB run as APB1 does. */
static void divide_buses(void)
{
    const uint32_t apb1 = hil_apb_code(HIL_CLOCK_APB1_DIV / HIL_CLOCK_AHB_DIV);
    const uint32_t apb2 = hil_apb_code(HIL_CLOCK_APB2_DIV / HIL_CLOCK_AHB_DIV);
    HIL_RCC_DOMAIN1 = hil_ahb_code(HIL_CLOCK_AHB_DIV) | (apb1 << 4);
    HIL_RCC_DOMAIN2 = (apb1 << 4) | (apb2 << 8);
    HIL_RCC_DOMAIN3 = apb1 << 4;
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
    const char *problem = hil_voltage_on();
    if (problem == 0) {
        problem = pll_on();
    }
    if (problem != 0) {
        return problem;
    }
    HIL_FLASH_ACR = HIL_CLOCK_WAIT_STATES | HIL_FLASH_ACR_DELAY;
    if (!hil_reaches(&HIL_FLASH_ACR, HIL_FLASH_ACR_LATENCY_MASK, HIL_CLOCK_WAIT_STATES)) {
        return "clock: the flash does not take its wait states";
    }
    divide_buses();
    HIL_RCC_CFGR = CFGR_SW_PLL1;
    if (!hil_reaches(&HIL_RCC_CFGR, SWS_PLL1 << 3, SWS_PLL1 << 3)) {
        return "clock: the core does not switch to the PLL";
    }
    return 0;
}

static uint32_t hsi_hz(void)
{
    return HSI_HZ >> ((HIL_RCC_CR >> 3) & 0x3u);
}

static uint32_t pll_hz(void)
{
    const uint32_t select = HIL_RCC_PLLCKSELR;
    const uint32_t dividers = HIL_RCC_PLL1DIVR;
    const uint32_t m = (select >> 4) & 0x3Fu;
    const uint32_t n = (dividers & 0x1FFu) + 1u;
    const uint32_t p = ((dividers >> 9) & 0x7Fu) + 1u;
    uint32_t source = hsi_hz();
    if ((select & 0x3u) == PLLCKSELR_SRC_HSE) {
        source = HIL_CLOCK_SOURCE_HZ;
    } else if ((select & 0x3u) == PLLCKSELR_SRC_CSI) {
        source = CSI_HZ;
    }
    return (m == 0u) ? 0u : (((source / m) * n) / p);
}

uint32_t hil_port_core_hz(void)
{
    uint32_t hz = 0;
    switch (CFGR_SWS(HIL_RCC_CFGR)) {
    case SWS_HSI:
        hz = hsi_hz();
        break;
    case SWS_CSI:
        hz = CSI_HZ;
        break;
    case SWS_HSE:
        hz = HIL_CLOCK_SOURCE_HZ;
        break;
    case SWS_PLL1:
        hz = pll_hz();
        break;
    default:
        break;
    }
    return hz >> hil_ahb_shift(DOMAIN1_CPRE(HIL_RCC_DOMAIN1));
}

static uint32_t bus_hz(void)
{
    return hil_port_core_hz() >> hil_ahb_shift(DOMAIN1_HPRE(HIL_RCC_DOMAIN1));
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
    HIL_RCC_AHB4ENR |= (1u << HIL_CONSOLE_TX_PORT) | (1u << HIL_CONSOLE_RX_PORT);
    HIL_CONSOLE_ENABLE |= HIL_CONSOLE_ENABLE_BIT;
    (void)HIL_CONSOLE_ENABLE;
}

uint32_t hil_family_console_hz(void)
{
    const uint32_t word = HIL_RCC_DOMAIN2;
    const uint32_t code = (HIL_CONSOLE_APB == 1u) ? DOMAIN2_PPRE1(word) : DOMAIN2_PPRE2(word);
    return bus_hz() >> hil_apb_shift(code);
}

void hil_family_timer_clock_on(void)
{
    HIL_RCC_APB1LENR |= HIL_RCC_APB1LENR_TIM2EN;
    (void)HIL_RCC_APB1LENR;
}

/* RM0433, clock tree: twice the clock of APB1 where that is divided, with TIMPRE = 0 as after reset. */
uint32_t hil_family_timer_hz(void)
{
    const uint32_t shift = hil_apb_shift(DOMAIN2_PPRE1(HIL_RCC_DOMAIN2));
    return bus_hz() >> ((shift == 0u) ? 0u : (shift - 1u));
}
