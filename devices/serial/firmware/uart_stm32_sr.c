/* STM32 USART with a status and a data register (RM0090): F1, F2, F4, L1. */
#include "platform.h"

#define UART ((volatile uint32_t *)BOARD_UART_ADDRESS)
enum { SR, DR, BRR, CR1 };
enum { RXNE = 1 << 5, TXE = 1 << 7, RE = 1 << 2, TE = 1 << 3, RXNEIE = 1 << 5, UE = 1 << 13 };

void uart_start(void)
{
  board_start();
  /* A boot ROM that spoke through it has set parity, too, which only a port that is off lets go. */
  UART[CR1] = 0;
  UART[BRR] = (BOARD_UART_CLOCK_HZ + BOARD_UART_BAUD / 2) / BOARD_UART_BAUD;
  UART[CR1] = UE | TE | RE | RXNEIE;
}

/* Reading SR and then DR also clears a framing or overrun error: the frame's CRC tells. */
int uart_has_received(void) { return (UART[SR] & RXNE) != 0; }

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  return (uint8_t)UART[DR];
}

void uart_send(uint8_t byte)
{
  while (!(UART[SR] & TXE)) continue;
  UART[DR] = byte;
}
