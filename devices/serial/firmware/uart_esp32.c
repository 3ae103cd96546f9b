/* UART0 of the ESP32-C3 and its kin (ESP32-C3 TRM, "UART Controller") on the crystal's clock, polled. */
#include "platform.h"

#define UART(offset) (*(volatile uint32_t *)(BOARD_UART_ADDRESS + (offset)))
enum { FIFO = 0x00, CLKDIV = 0x14, STATUS = 0x1c, CONF0 = 0x20, CLK_CONF = 0x78 };
enum { RECEIVED_COUNT = 0x3ff, SEND_COUNT = 0x3ff << 16 };
/* UART_MEM_CLK_EN; 8 bits, one stop bit, no parity. */
#define EIGHT_N_ONE (1u << 28 | 1u << 4 | 3u << 2)
/* Clock of the receiver, of the sender, and of both; the crystal as their source, undivided. */
#define CRYSTAL (1u << 25 | 1u << 24 | 1u << 22 | 3u << 20)

void uart_start(void)
{
  /* In sixteenths. */
  const uint32_t divisor = BOARD_UART_CLOCK_HZ / (BOARD_UART_BAUD / 16);
  board_start();
  UART(CLK_CONF) = CRYSTAL;
  UART(CLKDIV) = divisor >> 4 | (divisor & 15) << 20;
  UART(CONF0) = EIGHT_N_ONE;
}

int uart_has_received(void) { return (UART(STATUS) & RECEIVED_COUNT) != 0; }

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  return (uint8_t)UART(FIFO);
}

void uart_send(uint8_t byte)
{
  /* Not into a full FIFO: what is in it when the core restarts is lost. */
  while (UART(STATUS) & SEND_COUNT) continue;
  UART(FIFO) = byte;
}
