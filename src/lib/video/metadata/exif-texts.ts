// The texts in EXIF where generators of pictures store settings: ComfyUI in Make and Model, AUTOMATIC1111 in UserComment.

/** A text of a file's metadata, and what it is called there. */
export interface MetadataText {
  readonly name: string;
  readonly text: string;
}

const NAMES: Readonly<Record<number, string>> = {
  270: 'ImageDescription',
  271: 'Make',
  272: 'Model',
  305: 'Software',
  37510: 'UserComment',
};
const EXIF_FOLDER = 34665;
const MOST_ENTRIES = 1000;
const [ASCII, UNDEFINED] = [2, 7];

/** Texts of EXIF (TIFF 6.0, Exif 2.3). Damaged entries are left out. */
export function exifTexts(bytes: Buffer): MetadataText[] {
  const data = bytes.toString('latin1', 0, 4) === 'Exif' ? bytes.subarray(6) : bytes;
  const little = data.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (little ? data.readUInt16LE(at) : data.readUInt16BE(at));
  const u32 = (at: number): number => (little ? data.readUInt32LE(at) : data.readUInt32BE(at));
  const texts: MetadataText[] = [];
  const read = (folder: number, isOuter: boolean): void => {
    const entries = Math.min(u16(folder), MOST_ENTRIES);
    for (let i = 0; i < entries; i++) {
      const at = folder + 2 + 12 * i;
      const [tag, type, count] = [u16(at), u16(at + 2), u32(at + 4)];
      if (tag === EXIF_FOLDER && isOuter) read(u32(at + 8), false);
      if (!(tag in NAMES) || (type !== ASCII && type !== UNDEFINED)) continue;
      const from = count <= 4 ? at + 8 : u32(at + 8);
      texts.push({ name: NAMES[tag], text: decode(data.subarray(from, from + count), little) });
    }
  };
  try {
    read(u32(4), true);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // it ends before it says so
  }
  return texts;
}

function decode(value: Buffer, little: boolean): string {
  const code = value.toString('latin1', 0, 8);
  if (code === 'UNICODE\0') {
    const units = Buffer.from(value.subarray(8, value.length - (value.length % 2)));
    // In practice it is big-endian whatever the rest is; ASCII shows which.
    const isBig = units[0] === 0 || (!little && units[1] !== 0);
    return (isBig ? units.swap16() : units).toString('utf16le').replace(/\0+$/, '');
  }
  const text = code === 'ASCII\0\0\0' ? value.subarray(8) : value;
  return text.toString('utf8').replace(/\0.*$/s, '');
}
