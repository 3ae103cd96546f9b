/* NS16550A with byte-wide registers: QEMU's RISC-V virt. */
#include "platform.h"

#define UART ((volatile uint8_t *)BOARD_UART_ADDRESS)
enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, LINE_CONTROL = 3, LINE_STATUS = 5 };
enum { RECEIVED = 1, CAN_SEND = 0x20, DIVISOR_ACCESS = 0x80, EIGHT_BITS = 3, FIFO_ENABLE = 7 };

void uart_start(void)
{
  const uint32_t divisor = BOARD_UART_CLOCK_HZ / 16 / BOARD_UART_BAUD;
  UART[LINE_CONTROL] = DIVISOR_ACCESS;
  UART[DATA] = (uint8_t)divisor;
  UART[INTERRUPTS] = (uint8_t)(divisor >> 8);
  UART[LINE_CONTROL] = EIGHT_BITS;
  UART[FIFO] = FIFO_ENABLE;
  UART[INTERRUPTS] = RECEIVED;
}

int uart_has_received(void) { return (UART[LINE_STATUS] & RECEIVED) != 0; }

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  return UART[DATA];
}

void uart_send(uint8_t byte)
{
  while (!(UART[LINE_STATUS] & CAN_SEND)) continue;
  UART[DATA] = byte;
}
