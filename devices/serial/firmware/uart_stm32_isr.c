/* STM32 USART and LPUART with ISR, RDR and TDR (RM0351, RM0432, RM0433, RM0456): F0, F3, F7, G, H, L4, U5, W. */
#include "platform.h"

#define UART ((volatile uint32_t *)BOARD_UART_ADDRESS)
enum { CR1 = 0, BRR = 3, ISR = 7, ICR = 8, RDR = 9, TDR = 10 };
enum { UE = 1 << 0, RE = 1 << 2, TE = 1 << 3, RXNEIE = 1 << 5, RXNE = 1 << 5, TXE = 1 << 7, ERRORS = 0xf };

void uart_start(void)
{
  board_start();
  /* A boot ROM that spoke through it has set parity, too, which only a port that is off lets go. */
  UART[CR1] = 0;
  UART[BRR] = (uint32_t)(((uint64_t)BOARD_UART_CLOCK_HZ * BOARD_UART_FRACTIONS + BOARD_UART_BAUD / 2) / BOARD_UART_BAUD);
  UART[CR1] = UE | TE | RE | RXNEIE;
}

int uart_has_received(void)
{
  /* An overrun that is not cleared would stop the receiver: the frame's CRC tells what was lost. */
  if (UART[ISR] & ERRORS) UART[ICR] = ERRORS;
  return (UART[ISR] & RXNE) != 0;
}

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  return (uint8_t)UART[RDR];
}

void uart_send(uint8_t byte)
{
  while (!(UART[ISR] & TXE)) continue;
  UART[TDR] = byte;
}
