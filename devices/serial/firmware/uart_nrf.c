/* nRF51 and nRF52 UART without DMA (nRF51 reference manual, chapter 29). */
#include "platform.h"

#define UART(offset) (*(volatile uint32_t *)(BOARD_UART_ADDRESS + (offset)))
enum {
  STARTRX = 0x000, STARTTX = 0x008, RXDRDY = 0x108, TXDRDY = 0x11c, ERROR = 0x124, INTENSET = 0x304, ERRORSRC = 0x480,
  ENABLE = 0x500, PSELTXD = 0x50c, PSELRXD = 0x514, RXD = 0x518, TXD = 0x51c, BAUDRATE = 0x524,
};
enum { RXDRDY_INTERRUPT = 1 << 2, ENABLED = 4, BAUD_115200 = 0x01d7e000 };

static uint8_t is_sending;

void uart_start(void)
{
  board_start();
  UART(PSELTXD) = BOARD_UART_TX_PIN;
  UART(PSELRXD) = BOARD_UART_RX_PIN;
  UART(BAUDRATE) = BAUD_115200;
  UART(ENABLE) = ENABLED;
  UART(STARTRX) = 1;
  UART(STARTTX) = 1;
  UART(INTENSET) = RXDRDY_INTERRUPT;
}

int uart_has_received(void) { return UART(RXDRDY) != 0; }

uint8_t uart_receive(void)
{
  while (!uart_has_received()) cpu_wait_for_byte();
  UART(RXDRDY) = 0;
  return (uint8_t)UART(RXD);
}

void uart_send(uint8_t byte)
{
  while (is_sending && !UART(TXDRDY)) continue;
  UART(TXDRDY) = 0;
  UART(TXD) = byte;
  is_sending = 1;
}
