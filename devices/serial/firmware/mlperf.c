#include "mlperf.h"

#include "format.h"
#include "model.h"
#include "platform.h"
#include "text.h"

enum { COMMAND_BYTES = 80 };
static char command[COMMAND_BYTES + 1];
static uint8_t command_length;

/* The bytes of `db load`: at the end of the heap, behind the arena, so that every inference can start from them. */
static uint32_t buffer_bytes, loaded_bytes;
/* Time spent in inference so far. */
static uint64_t ticks;

static uint8_t *buffer(void) { return _heap_end - buffer_bytes; }

static uint32_t elements(const struct tensor *tensor) { return tensor->dtype == DTYPE_INT8 ? tensor->bytes : tensor->bytes / 4; }

/* What the benchmark calls the model, by the sizes of its input and output. */
static const char *model_name(void)
{
  static const struct {
    uint16_t input, output;
    const char *name;
  } names[] = { { 490, 12, "kws01" }, { 3072, 10, "ic01" }, { 27648, 2, "vww01" }, { 640, 640, "ad01" } };
  if (!model.image) return "none";
  const struct port input = model_port(0), output = model_port(model_input_count());
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
    if (elements(&input.tensor) == names[i].input && elements(&output.tensor) == names[i].output) return names[i].name;
  return "other";
}

/* Real value → int8, to nearest, ties to even, as the runtime quantizes. */
static int8_t quantize(float value, const struct port *port)
{
  const float scaled = value / port->scale;
  if (!(scaled > -1024.0f)) return -128;
  if (scaled > 1024.0f) return 127;
  int32_t floor = (int32_t)scaled;
  if ((float)floor > scaled) floor--;
  const float rest = scaled - (float)floor;
  const int32_t rounded = floor + (rest > 0.5f || (rest == 0.5f && (floor & 1))) + port->zero_point;
  return (int8_t)(rounded < -128 ? -128 : rounded > 127 ? 127 : rounded);
}

/*
 * The buffer → the model's input. As many bytes as the input has: its own bytes; for an int8 input that starts at zero
 * (zero point -128) and has one byte per element: pixels 0 … 255. Four bytes per int8 element: float32.
 */
static void load_input(void)
{
  const struct port input = model_port(0);
  uint8_t *target = model.arena + (input.tensor.data - model.arena);
  const uint8_t *source = buffer();
  if (input.tensor.dtype != DTYPE_INT8) {
    memcpy(target, source, input.tensor.bytes);
  } else if (buffer_bytes == input.tensor.bytes) {
    const uint8_t sign = input.zero_point == -128 ? 0x80 : 0;
    for (uint32_t i = 0; i < buffer_bytes; i++) target[i] = source[i] ^ sign;
  } else {
    for (uint32_t i = 0; i < input.tensor.bytes; i++) {
      float value;
      memcpy(&value, source + 4 * i, 4);
      target[i] = (uint8_t)quantize(value, &input);
    }
  }
}

static float value_of(const struct port *port, uint32_t index)
{
  float value;
  if (port->tensor.dtype == DTYPE_INT8) return (float)((int8_t)port->tensor.data[index] - port->zero_point) * port->scale;
  memcpy(&value, port->tensor.data + 4 * index, 4);
  return value;
}

static float loaded_value(const struct port *input, uint32_t index)
{
  float value;
  if (input->tensor.dtype == DTYPE_INT8 && buffer_bytes == input->tensor.bytes) return (float)((int8_t)buffer()[index] - input->zero_point) * input->scale;
  memcpy(&value, buffer() + 4 * index, 4);
  return value;
}

/* The output; of an autoencoder its mean squared error, which is the benchmark's anomaly score. */
static void print_results(void)
{
  if (!model.image) {
    print("e-[No model: upload one first]\r\n");
    return;
  }
  const struct port input = model_port(0), output = model_port(model_input_count());
  const uint32_t count = elements(&output.tensor);
  print("m-results-[");
  if (is_equal(model_name(), "ad01") && loaded_bytes == buffer_bytes && buffer_bytes) {
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
      const float difference = value_of(&output, i) - loaded_value(&input, i);
      sum += difference * difference;
    }
    print_thousandths(sum / (float)count);
  } else {
    for (uint32_t i = 0; i < count; i++) {
      if (i) print(",");
      print_thousandths(value_of(&output, i));
    }
  }
  print("]\r\n");
}

static void print_timestamp(void)
{
  print("m-lap-us-");
  print_unsigned(ticks * 1000000u / BOARD_CLOCK_HZ);
  print("\r\n");
}

static void run(int is_timed)
{
  load_input();
  clock_begin();
  model_run(model_step(0), model.step_count);
  const uint64_t elapsed = clock_end();
  if (is_timed) ticks += elapsed;
}

static void infer(char *arguments)
{
  const char *runs_text = next_word(&arguments);
  const char *warmup_text = next_word(&arguments);
  const int32_t runs = runs_text ? parse_number(runs_text) : 1;
  const int32_t warmup = warmup_text ? parse_number(warmup_text) : 10;
  if (runs <= 0) {
    print("e-[Inference iterations must be >0]\r\n");
  } else if (warmup < 0) {
    print("e-[Inference warmup must be >=0]\r\n");
  } else if (!model.image) {
    print("e-[No model: upload one first]\r\n");
  } else if (!buffer_bytes || loaded_bytes != buffer_bytes) {
    print("e-[No input: use db load first]\r\n");
  } else {
    print("m-warmup-start-");
    print_unsigned((uint32_t)warmup);
    print("\r\n");
    for (int32_t i = 0; i < warmup; i++) run(0);
    print("m-warmup-done\r\nm-infer-start-");
    print_unsigned((uint32_t)runs);
    print("\r\n");
    print_timestamp();
    for (int32_t i = 0; i < runs; i++) run(1);
    print_timestamp();
    print("m-infer-done\r\n");
    print_results();
  }
}

static void load_buffer(char *arguments)
{
  const char *text = next_word(&arguments);
  const int32_t bytes = text ? parse_number(text) : 0;
  if (!text) {
    print("e-[Command 'db load' requires the # of bytes]\r\n");
  } else if (bytes <= 0) {
    print("e-[Command 'db load' must be >0 bytes]\r\n");
  } else if (!model.image) {
    print("e-[No model: upload one first]\r\n");
  } else {
    const struct tensor input = model_port(0).tensor;
    const uint32_t limit = model_arena_limit() - model.arena_bytes;
    if ((uint32_t)bytes != input.bytes && (input.dtype != DTYPE_INT8 || (uint32_t)bytes != 4 * input.bytes)) {
      print("e-[The model's input has ");
      print_unsigned(input.bytes);
      print(" bytes]\r\n");
    } else if ((uint32_t)bytes > limit) {
      print("e-[No memory: free are ");
      print_unsigned(limit);
      print(" bytes]\r\n");
    } else {
      buffer_bytes = (uint32_t)bytes;
      loaded_bytes = 0;
      print("m-[Expecting ");
      print_unsigned(buffer_bytes);
      print(" bytes]\r\n");
    }
  }
}

static void load_digits(const char *digits)
{
  uint32_t length = 0;
  while (digits[length]) length++;
  if (length & 1) {
    print("e-[Insufficent number of hex digits]\r\n");
    return;
  }
  for (; *digits && loaded_bytes < buffer_bytes; digits += 2) {
    const int high = parse_hex_digit(digits[0]), low = parse_hex_digit(digits[1]);
    if (high < 0 || low < 0) {
      print("e-[Invalid hex digit '");
      uart_send((uint8_t)digits[0]);
      uart_send((uint8_t)digits[1]);
      print("']\r\n");
      return;
    }
    buffer()[loaded_bytes++] = (uint8_t)(high << 4 | low);
    if (loaded_bytes == buffer_bytes) print("m-load-done\r\n");
  }
}

static void print_buffer(void)
{
  for (uint32_t i = 0; i < loaded_bytes; i++) {
    if (i % 8 == 0) print("m-buffer-");
    print_hex_byte(buffer()[i]);
    print(i % 8 == 7 || i + 1 == loaded_bytes ? "\r\n" : "-");
  }
}

static void use_buffer(char *arguments)
{
  const char *word = next_word(&arguments);
  if (!word) print("e-[Command 'db' requires a subcommand]\r\n");
  else if (is_equal(word, "load")) load_buffer(arguments);
  else if (is_equal(word, "print")) print_buffer();
  else load_digits(word);
}

static void print_help(void)
{
  print("whittle " WHITTLE_VERSION " on " BOARD_NAME "\r\n\r\n"
        "help                : Print this information\r\n"
        "name                : Print the name of the device\r\n"
        "profile             : Print the firmware and the model\r\n"
        "timestamp           : Print the time spent in inference\r\n"
        "db load N           : Expect N bytes of input\r\n"
        "db HH[HH]*          : Load hex byte(s) until N bytes\r\n"
        "db print            : Print the loaded bytes\r\n"
        "infer [N=1] [W=10]  : Run N inferences after W warmup ones\r\n"
        "results             : Print the output\r\n");
}

static void execute(char *line)
{
  const char *word = next_word(&line);
  if (!word) return;
  if (is_equal(word, "name")) {
    print("m-name-dut-[whittle]\r\n");
  } else if (is_equal(word, "timestamp")) {
    print_timestamp();
  } else if (is_equal(word, "profile")) {
    print("m-profile-[whittle " WHITTLE_VERSION "]\r\nm-model-[");
    print(model_name());
    print("]\r\n");
  } else if (is_equal(word, "help")) {
    print_help();
  } else if (is_equal(word, "db")) {
    use_buffer(line);
  } else if (is_equal(word, "infer")) {
    infer(line);
  } else if (is_equal(word, "results")) {
    print_results();
  } else {
    print("e-[Unknown command: ");
    print(word);
    print("]\r\n");
  }
  print("m-ready\r\n");
}

void mlperf_start(void) { print("m-timestamp-mode-performance\r\nm-init-done\r\nm-ready\r\n"); }

void mlperf_receive(char byte)
{
  if (byte == '%') {
    command[command_length] = 0;
    command_length = 0;
    execute(command);
  } else if (byte < ' ' || byte > '~') {
    /* The end of a line, or what a frame or a bad line left. */
    command_length = 0;
  } else if (command_length < COMMAND_BYTES) {
    command[command_length++] = byte;
  }
}
