/** An Arduino 1.5 library (revision 2.2 of the library specification), which is an example, too. */
import { type CPackage, type Files, inputPorts, LIBRARY_VERSION, outputPorts, summaryOf } from '../c-package.ts';

/** The specification demands a URL; this one says that there is no page (RFC 6694). */
const NO_PAGE = 'about:blank';

function properties(pkg: CPackage): string {
  const { names, model } = pkg;
  const inputs = model.metadata.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  const fields = {
    name: names.library,
    version: LIBRARY_VERSION,
    author: 'whittle',
    maintainer: 'whittle',
    sentence: `${summaryOf(pkg)}.`,
    paragraph: `Takes ${inputs}. No dependencies, no heap; the weights stay in flash.`,
    category: 'Data Processing',
    url: pkg.url ?? NO_PAGE,
    architectures: '*',
    includes: `${names.library}.h`,
  };
  // A property is one line.
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${value.replace(/\s+/g, ' ')}\n`)
    .join('');
}

function sketch(pkg: CPackage): string {
  const { symbol, macro, library } = pkg.names;
  const input = inputPorts(pkg)[0];
  const output = outputPorts(pkg)[0];
  const label = pkg.model.metadata.labels ? `    Serial.print(${symbol}_labels[i]);\n    Serial.print(' ');\n` : '';
  const value = output?.dtype === 'int8' ? `${symbol}_dequantize_${output.symbol}(y[i])` : 'y[i]';
  return `// Tests the model on this board, then runs it on an empty input and prints the outputs with the time they took.
#include <${library}.h>

void setup() {
  Serial.begin(115200);
  while (!Serial && millis() < 3000) {
  }
  const int fault = ${symbol}_selftest(${symbol}_arena);
  if (fault == 0) {
    Serial.println("selftest passed");
  } else {
    Serial.print("selftest failed: ");
    Serial.println(fault);
  }
}

void loop() {
  ${input?.cType ?? 'int8_t'} *x = ${symbol}_${input?.symbol ?? 'input'}(${symbol}_arena);
  for (uint32_t i = 0; i < ${macro}_${(input?.symbol ?? 'input').toUpperCase()}_LENGTH; i++) {
    x[i] = 0;
  }
  const unsigned long start = micros();
  ${symbol}_run(${symbol}_arena);
  const unsigned long microseconds = micros() - start;
  const ${output?.cType ?? 'int8_t'} *y = ${symbol}_${output?.symbol ?? 'output'}(${symbol}_arena);
  for (uint32_t i = 0; i < ${macro}_${(output?.symbol ?? 'output').toUpperCase()}_LENGTH; i++) {
${label}    Serial.println(${value});
  }
  Serial.print(microseconds);
  Serial.println(" us");
  delay(1000);
}
`;
}

export function arduinoFiles(pkg: CPackage): Files {
  return { 'library.properties': properties(pkg), 'examples/Basic/Basic.ino': sketch(pkg) };
}
