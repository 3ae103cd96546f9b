/* Arm PL011 (DDI 0183): RP2040 (datasheet, 4.2), RP2350 (12.1). */
#include "platform.h"

#define UART ((volatile uint32_t *)BOARD_UART_ADDRESS)
enum { DR = 0, FR = 6, IBRD = 9, FBRD = 10, LCR_H = 11, CR = 12, IMSC = 14 };
enum { RX_EMPTY = 1 << 4, TX_EMPTY = 1 << 7, FIFOS = 1 << 4, EIGHT_BITS = 3 << 5 };
enum { ENABLE = 1 << 0, TX_ENABLE = 1 << 8, RX_ENABLE = 1 << 9 };
/* Interrupts: the FIFO is half full; it holds something and nothing came for the time of 32 bits. */
enum { RX_LEVEL = 1 << 4, RX_TIMEOUT = 1 << 6 };

void uart_start(void)
{
  board_start();
  UART[CR] = 0;
  /* Of 16 times the rate, in 64ths; the write of LCR_H takes it over. */
  const uint32_t divisor = (4 * BOARD_UART_CLOCK_HZ + BOARD_UART_BAUD / 2) / BOARD_UART_BAUD;
  UART[IBRD] = divisor >> 6;
  UART[FBRD] = divisor & 63;
  UART[LCR_H] = EIGHT_BITS | FIFOS;
  UART[IMSC] = RX_LEVEL | RX_TIMEOUT;
  UART[CR] = ENABLE | TX_ENABLE | RX_ENABLE;
}

int uart_has_received(void) { return !(UART[FR] & RX_EMPTY); }

/* The bits above the byte are errors: the frame's CRC tells. */
uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  return (uint8_t)UART[DR];
}

void uart_send(uint8_t byte)
{
  /* Not into a FIFO that holds something: what is in it when the core restarts is lost. */
  while (!(UART[FR] & TX_EMPTY)) continue;
  UART[DR] = byte;
}
