/** Intel HEX: text of records `:` count · address · type · data · checksum, in hexadecimal (Intel, Hexadecimal Object File Format, rev. A). */
import { InputFileError } from '../../compiler/errors.ts';
import { joinSegments, type Segment } from './segments.ts';

const DATA = 0;
const END = 1;
const SEGMENT_ADDRESS = 2;
const LINEAR_ADDRESS = 4;
/** Start addresses; a reset knows where to start. */
const STARTS = [3, 5];

const RECORD_BYTES = 16;

/** @throws InputFileError with the line that is malformed. */
export function readIntelHex(text: string, where: string): Segment[] {
  const segments: Segment[] = [];
  let base = 0;
  let ended = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (!line) continue;
    const refuse = (what: string): never => {
      throw new InputFileError(`${where}, line ${index + 1}: ${what}; make the file again`);
    };
    if (ended) refuse('there is something behind the end record');
    if (!/^:([0-9a-f]{2}){5,}$/i.test(line)) refuse('is no record of Intel HEX');
    const record = Buffer.from(line.slice(1), 'hex');
    const [count, type] = [record[0] as number, record[3] as number];
    if (record.length !== count + 5) refuse(`says it has ${count} bytes of data but has ${record.length - 5}`);
    if (record.reduce((sum, byte) => sum + byte, 0) & 0xff) refuse('its checksum is wrong');
    const data = record.subarray(4, 4 + count);
    if (type === DATA) segments.push({ address: base + record.readUInt16BE(1), content: new Uint8Array(data) });
    else if (type === SEGMENT_ADDRESS && count === 2) base = data.readUInt16BE() * 16;
    else if (type === LINEAR_ADDRESS && count === 2) base = data.readUInt16BE() * 0x10000;
    else if (type === END) ended = true;
    else if (!STARTS.includes(type)) refuse(`records of type ${type} are not known`);
  }
  if (!ended) throw new InputFileError(`${where}: the end record is missing; the file is cut off, make it again`);
  return joinSegments(segments, where);
}

function record(type: number, address: number, data: Uint8Array): string {
  const bytes = [data.length, address >>> 8, address & 0xff, type, ...data];
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return `:${Buffer.from([...bytes, -sum & 0xff])
    .toString('hex')
    .toUpperCase()}\n`;
}

export function writeIntelHex(segments: readonly Segment[]): string {
  const lines: string[] = [];
  let base = 0;
  for (const { address, content } of segments) {
    for (let at = 0; at < content.length; ) {
      const place = address + at;
      if (place >>> 16 !== base) {
        base = place >>> 16;
        lines.push(record(LINEAR_ADDRESS, 0, Uint8Array.of(base >>> 8, base & 0xff)));
      }
      // A record does not cross 64 KB.
      const count = Math.min(RECORD_BYTES, content.length - at, 0x10000 - (place & 0xffff));
      lines.push(record(DATA, place & 0xffff, content.subarray(at, at + count)));
      at += count;
    }
  }
  return `${lines.join('')}${record(END, 0, new Uint8Array())}`;
}
