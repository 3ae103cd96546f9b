/* SERCOM as a USART (SAM D21 datasheet DS40001882, "SERCOM USART"; SAM D51, DS60001507, 34). */
#include "platform.h"

#define BYTE(offset) (*(volatile uint8_t *)(BOARD_UART_ADDRESS + (offset)))
#define HALF(offset) (*(volatile uint16_t *)(BOARD_UART_ADDRESS + (offset)))
#define WORD(offset) (*(volatile uint32_t *)(BOARD_UART_ADDRESS + (offset)))
enum { CTRLA = 0x00, CTRLB = 0x04, BAUD = 0x0c, INTENSET = 0x16, INTFLAG = 0x18, STATUS = 0x1a, SYNCBUSY = 0x1c, DATA = 0x28 };
enum { RESET = 1 << 0, ENABLE = 1 << 1, INTERNAL_CLOCK = 1 << 2, LSB_FIRST = 1 << 30, TX_ENABLE = 1 << 16, RX_ENABLE = 1 << 17 };
enum { DATA_EMPTY = 1 << 0, RECEIVED = 1 << 2, ERRORS = 7 };

/* Most registers wait for the other clock. */
static void settle(void)
{
  while (WORD(SYNCBUSY)) continue;
}

void uart_start(void)
{
  board_start();
  WORD(CTRLA) = RESET;
  settle();
  WORD(CTRLA) = LSB_FIRST | BOARD_UART_PADS | INTERNAL_CLOCK;
  WORD(CTRLB) = RX_ENABLE | TX_ENABLE;
  settle();
  /* Sixteen samples of a bit: 65536 (1 - 16 rate / clock). */
  HALF(BAUD) = (uint16_t)(65536 - (65536ull * 16 * BOARD_UART_BAUD + BOARD_UART_CLOCK_HZ / 2) / BOARD_UART_CLOCK_HZ);
  BYTE(INTENSET) = RECEIVED;
  WORD(CTRLA) |= ENABLE;
  settle();
}

int uart_has_received(void) { return (BYTE(INTFLAG) & RECEIVED) != 0; }

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  /* What came damaged, or was lost: the frame's CRC tells. */
  HALF(STATUS) = ERRORS;
  return (uint8_t)HALF(DATA);
}

void uart_send(uint8_t byte)
{
  while (!(BYTE(INTFLAG) & DATA_EMPTY)) continue;
  HALF(DATA) = byte;
}
