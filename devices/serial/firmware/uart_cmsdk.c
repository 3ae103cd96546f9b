/* Arm CMSDK APB UART (DDI 0479): the MPS2 and MPS3 boards. */
#include "platform.h"

#define UART ((volatile uint32_t *)BOARD_UART_ADDRESS)
enum { DATA, STATE, CTRL, INTERRUPT, BAUDDIV };
enum { TX_FULL = 1, RX_FULL = 2, TX_ENABLE = 1, RX_ENABLE = 2, RX_INTERRUPT_ENABLE = 8, RX_INTERRUPT = 2 };

void uart_start(void)
{
  UART[BAUDDIV] = BOARD_UART_CLOCK_HZ / BOARD_UART_BAUD;
  UART[CTRL] = TX_ENABLE | RX_ENABLE | RX_INTERRUPT_ENABLE;
}

int uart_has_received(void) { return (UART[STATE] & RX_FULL) != 0; }

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  UART[INTERRUPT] = RX_INTERRUPT;
  return (uint8_t)UART[DATA];
}

void uart_send(uint8_t byte)
{
  while (UART[STATE] & TX_FULL) continue;
  UART[DATA] = byte;
}
