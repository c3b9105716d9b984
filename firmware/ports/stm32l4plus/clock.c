/* MSI -> PLL -> core, in voltage range 1 boost mode. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"
#include "hil_stm32.h"

#define CFGR_SW_MASK 0x3u
#define CFGR_SW_PLL 0x3u
#define CFGR_SWS(cfgr) (((cfgr) >> 2) & 0x3u)
#define SWS_MSI 0u
#define SWS_HSI 1u
#define SWS_PLL 3u
#define CFGR_HPRE(cfgr) (((cfgr) >> 4) & 0xFu)
#define CFGR_HPRE_MASK 0x000000F0u
#define CFGR_HPRE_DIV2 0x00000080u
#define CFGR_PPRE1(cfgr) (((cfgr) >> 8) & 0x7u)
#define CFGR_PPRE2(cfgr) (((cfgr) >> 11) & 0x7u)

#define PLLCFGR_SRC_MSI 0x1u
#define PLLCFGR_REN 0x01000000u

#define HSI_HZ 16000000u
#define PORT_G 6u

/* RM0432, "Dynamic voltage scaling management": to leave 80 MHz upwards, AHB is halved first, the boost mode entered
 * (R1MODE is 0 then), wait states and clock raised, and AHB is whole again after at least 1 us. */
const char *hil_port_clock_on(void)
{
    HIL_RCC_APB1ENR1 |= HIL_RCC_APB1ENR1_PWREN;
    (void)HIL_RCC_APB1ENR1;
    HIL_PWR_CR1 = (HIL_PWR_CR1 & ~HIL_PWR_CR1_VOS_MASK) | HIL_PWR_CR1_VOS_RANGE1;
    if (!hil_reaches(&HIL_PWR_SR2, HIL_PWR_SR2_VOSF, 0)) {
        return "clock: the regulator does not reach range 1";
    }
    HIL_PWR_CR5 &= ~HIL_PWR_CR5_R1MODE;

    HIL_FLASH_ACR = (HIL_FLASH_ACR & ~HIL_FLASH_ACR_LATENCY_MASK) | HIL_CLOCK_WAIT_STATES | HIL_FLASH_ACR_PRFTEN |
                    HIL_FLASH_ACR_ICEN | HIL_FLASH_ACR_DCEN;
    if (!hil_reaches(&HIL_FLASH_ACR, HIL_FLASH_ACR_LATENCY_MASK, HIL_CLOCK_WAIT_STATES)) {
        return "clock: the flash does not take its wait states";
    }

    /* MSI runs in range 6, 4 MHz, from reset. */
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_MSIRDY, HIL_RCC_CR_MSIRDY)) {
        return "clock: MSI does not start";
    }
    HIL_RCC_PLLCFGR = PLLCFGR_SRC_MSI | ((HIL_CLOCK_PLL_M - 1u) << 4) | (HIL_CLOCK_PLL_N << 8) |
                      (((HIL_CLOCK_PLL_DIV / 2u) - 1u) << 25) | PLLCFGR_REN;
    HIL_RCC_CR |= HIL_RCC_CR_PLLON;
    if (!hil_reaches(&HIL_RCC_CR, HIL_RCC_CR_PLLRDY, HIL_RCC_CR_PLLRDY)) {
        return "clock: the PLL does not lock";
    }

    HIL_RCC_CFGR = CFGR_HPRE_DIV2 | (hil_apb_code(HIL_CLOCK_APB1_DIV) << 8) | (hil_apb_code(HIL_CLOCK_APB2_DIV) << 11);
    HIL_RCC_CFGR |= CFGR_SW_PLL;
    if (!hil_reaches(&HIL_RCC_CFGR, SWS_PLL << 2, SWS_PLL << 2)) {
        return "clock: the core does not switch to the PLL";
    }
    const uint32_t start = hil_cycles();
    const uint32_t microsecond = HIL_BOARD_CORE_HZ / 1000000u;
    for (uint32_t i = 0; ((hil_cycles() - start) < microsecond) && (i < microsecond); i++) {
    }
    HIL_RCC_CFGR &= ~CFGR_HPRE_MASK;
    return 0;
}

/* The range of MSI is that of CSR until MSIRGSEL is set. */
static uint32_t msi_hz(void)
{
    static const uint32_t khz[12] = {100, 200, 400, 800, 1000, 2000, 4000, 8000, 16000, 24000, 32000, 48000};
    const uint32_t from_cr = (HIL_RCC_CR >> 4) & 0xFu;
    const uint32_t from_csr = (HIL_RCC_CSR >> 8) & 0xFu;
    const uint32_t range = ((HIL_RCC_CR & HIL_RCC_CR_MSIRGSEL) != 0u) ? from_cr : from_csr;
    return (range < 12u) ? (khz[range] * 1000u) : 0u;
}

static uint32_t pll_hz(void)
{
    const uint32_t pllcfgr = HIL_RCC_PLLCFGR;
    const uint32_t m = ((pllcfgr >> 4) & 0xFu) + 1u;
    const uint32_t n = (pllcfgr >> 8) & 0x7Fu;
    const uint32_t r = (((pllcfgr >> 25) & 0x3u) + 1u) * 2u;
    const uint32_t source = ((pllcfgr & 0x3u) == PLLCFGR_SRC_MSI) ? msi_hz() : HSI_HZ;
    return ((source / m) * n) / r;
}

uint32_t hil_port_core_hz(void)
{
    const uint32_t cfgr = HIL_RCC_CFGR;
    uint32_t hz = 0;
    switch (CFGR_SWS(cfgr)) {
    case SWS_MSI:
        hz = msi_hz();
        break;
    case SWS_HSI:
        hz = HSI_HZ;
        break;
    case SWS_PLL:
        hz = pll_hz();
        break;
    default:
        break; /* HSE, which no board of this family uses */
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
    /* PG2 to PG15 are supplied by VDDIO2, which is cut off until it is said to be there. */
    if ((HIL_CONSOLE_TX_PORT == PORT_G) || (HIL_CONSOLE_RX_PORT == PORT_G)) {
        HIL_PWR_CR2 |= HIL_PWR_CR2_IOSV;
    }
    HIL_RCC_AHB2ENR |= (1u << HIL_CONSOLE_TX_PORT) | (1u << HIL_CONSOLE_RX_PORT);
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
    HIL_RCC_APB1ENR1 |= HIL_RCC_APB1ENR1_TIM2EN;
    (void)HIL_RCC_APB1ENR1;
}

/* RM0432, clock tree: twice the clock of APB1 where that is divided. */
uint32_t hil_family_timer_hz(void)
{
    const uint32_t shift = hil_apb_shift(CFGR_PPRE1(HIL_RCC_CFGR));
    return hil_port_core_hz() >> ((shift == 0u) ? 0u : (shift - 1u));
}
