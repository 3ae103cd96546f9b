/* Text on the UART. */
#ifndef WHITTLE_TEXT_H
#define WHITTLE_TEXT_H

#include <stdint.h>

void print(const char *text);
void print_unsigned(uint64_t number);
void print_hex_byte(uint8_t byte);
/* Three decimals, rounded to nearest; beyond two million: the limit. */
void print_thousandths(float number);

/* The word of a command line that starts at *cursor (blanks skipped), ended by a zero that replaces the blank behind it; NULL: none. */
char *next_word(char **cursor);
int is_equal(const char *left, const char *right);
/* The number that the text starts with; -1: none, or too large. */
int32_t parse_number(const char *text);
/* Of one hex digit; -1: it is none. */
int parse_hex_digit(char digit);

#endif
