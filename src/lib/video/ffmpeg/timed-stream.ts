// Raw frames with their times, as a Matroska stream for ffmpeg's standard input; raw video itself has no times.
// Format: https://www.rfc-editor.org/rfc/rfc8794 (EBML), https://www.rfc-editor.org/rfc/rfc9559 (Matroska).

/** Arguments that make ffmpeg read such a stream. */
export const TIMED_INPUT: readonly string[] = ['-f', 'matroska', '-i', 'pipe:0'];

const NANOSECONDS_A_TICK = 1000;
const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');

/** The header before the first frame. */
export function streamHeader(width: number, height: number): Uint8Array {
  const ebml = element(
    '1a45dfa3',
    ...[number('4286', 1), number('42f7', 1), number('42f2', 4), number('42f3', 8)], // versions, longest ids and sizes
    ...[text('4282', 'matroska'), number('4287', 4), number('4285', 2)],
  );
  const info = element(
    '1549a966',
    number('2ad7b1', NANOSECONDS_A_TICK),
    text('4d80', 'steadyframe'),
    text('5741', 'steadyframe'),
  );
  const picture = element(
    'e0',
    number('b0', width),
    number('ba', height),
    element('2eb524', Buffer.from('RGB\x18', 'latin1')),
  );
  const track = element(
    'ae',
    ...[number('d7', 1), number('73c5', 1), number('83', 1), number('9c', 0)], // number, id, video, no lacing
    ...[text('86', 'V_UNCOMPRESSED'), picture],
  );
  return Buffer.concat([ebml, Buffer.from('18538067', 'hex'), UNKNOWN_SIZE, info, element('1654ae6b', track)]);
}

/** The header of a frame of this number of bytes at `time`, in seconds: a cluster per frame. */
export function frameHeader(time: number, bytes: number): Uint8Array {
  const stamp = number('e7', Math.round((time * 1e9) / NANOSECONDS_A_TICK));
  const block = Buffer.concat([Buffer.from('a3', 'hex'), size(bytes + 4), Buffer.from([0x81, 0, 0, 0x80])]);
  return Buffer.concat([Buffer.from('1f43b675', 'hex'), size(stamp.length + block.length + bytes), stamp, block]);
}

function element(id: string, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(id, 'hex'), size(body.length), body]);
}

/** A length in 8 bytes, which the first one states. */
function size(bytes: number): Buffer {
  const coded = whole(bytes);
  coded[0] = 1;
  return coded;
}

function number(id: string, value: number): Buffer {
  return element(id, whole(value));
}

function text(id: string, value: string): Buffer {
  return element(id, Buffer.from(value, 'latin1'));
}

function whole(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
