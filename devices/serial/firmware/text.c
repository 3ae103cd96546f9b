#include "text.h"

#include "platform.h"

void print(const char *text)
{
  while (*text) uart_send((uint8_t)*text++);
}

void print_unsigned(uint64_t number)
{
  char digits[21];
  char *first = digits + sizeof digits - 1;
  *first = 0;
  do {
    *--first = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  print(first);
}

void print_hex_byte(uint8_t byte)
{
  static const char digits[] = "0123456789abcdef";
  uart_send((uint8_t)digits[byte >> 4]);
  uart_send((uint8_t)digits[byte & 15]);
}

void print_thousandths(float number)
{
  const float limit = 2e6f;
  float magnitude = number < 0 ? -number : number;
  if (!(magnitude < limit)) magnitude = limit;
  const uint32_t thousandths = (uint32_t)(magnitude * 1000.0f + 0.5f);
  if (number < 0 && thousandths) print("-");
  print_unsigned(thousandths / 1000);
  print(".");
  for (uint32_t digit = 100; digit; digit /= 10) uart_send((uint8_t)('0' + thousandths / digit % 10));
}

char *next_word(char **cursor)
{
  char *start = *cursor;
  while (*start == ' ') start++;
  if (!*start) return NULL;
  char *end = start;
  while (*end && *end != ' ') end++;
  *cursor = *end ? end + 1 : end;
  *end = 0;
  return start;
}

int is_equal(const char *left, const char *right)
{
  while (*left && *left == *right) left++, right++;
  return *left == *right;
}

int32_t parse_number(const char *text)
{
  int32_t number = *text >= '0' && *text <= '9' ? 0 : -1;
  for (; *text >= '0' && *text <= '9'; text++) {
    if (number > 100000000) return -1;
    number = number * 10 + (*text - '0');
  }
  return number;
}

int parse_hex_digit(char digit)
{
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}
