// A text in the metadata of a file, where programs of each format look for it: a text chunk of a PNG, the description in
// XMP of a WebP or JPEG, a comment of a GIF. An mp4 has it in its tag `comment` (see write/mp4.ts). The text is ASCII.

import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** The keyword of the text chunk. */
export const PNG_KEYWORD = 'steadyframe';

/** Bytes of the signature and the header chunk, after which other chunks may come. */
const PNG_HEADER = 33;
/** The trailer of a GIF. */
const GIF_END = 0x3b;

/** A PNG with a `tEXt` chunk (PNG, third edition, 11.3.3.2). */
export function pngWithText(png: Buffer, text: string): Buffer {
  const content = Buffer.from(`tEXt${PNG_KEYWORD}\0${text}`, 'latin1');
  const chunk = Buffer.alloc(content.length + 8);
  chunk.writeUInt32BE(content.length - 4);
  content.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(content), content.length + 4);
  return Buffer.concat([png.subarray(0, PNG_HEADER), chunk, png.subarray(PNG_HEADER)]);
}

/** An XMP packet with a description (XMP, part 1). */
export function xmpWithText(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>',
    `<rdf:li xml:lang="x-default">${escaped}</rdf:li>`,
    '</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>',
  ].join('');
}

/** The description in an XMP packet. */
export function descriptionIn(xmp: string): string | undefined {
  const [, escaped] = /<dc:description>\s*<rdf:Alt>\s*<rdf:li[^>]*>([^<]*)<\/rdf:li>/.exec(xmp) ?? [];
  return escaped?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

/** Adds a comment to the GIF at `path`, before its trailer (GIF89a, 24). */
export async function addGifComment(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text, 'latin1');
  const blocks: Buffer[] = [Buffer.of(0x21, 0xfe)];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    blocks.push(Buffer.of(block.length), block);
  }
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    const end = last[0] === GIF_END ? size - 1 : size;
    const added = Buffer.concat([...blocks, Buffer.of(0, GIF_END)]);
    await file.write(added, 0, added.length, end);
  } finally {
    await file.close();
  }
}
