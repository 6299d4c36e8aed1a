// What one output of a cell holds: the same thing in several formats, of which each reader shows the best that it knows.

import { base64 } from '../base/data-uri.js';
import type { Html } from '../report/html.js';

/** Contents by MIME type: texts, base64 for pictures, objects for JSON. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** Something to show: for notebooks a bundle; for scripts its text, and the file to look at, if it is one. */
export interface Display {
  readonly bundle: MimeBundle;
  /** A file that exists, or one to be written. */
  readonly file?: { readonly path: string } | { readonly name: string; readonly data: Uint8Array };
}

/** A bundle of a plain text (what terminals and searches see), markup, and a picture for readers that show no markup. */
export function bundleOf(text: string, markup?: Html, picture?: Uint8Array): Record<string, unknown> {
  return {
    ...(markup && { 'text/html': markup.markup }),
    ...(picture && { [pictureType(picture)]: base64(picture) }),
    'text/plain': text,
  };
}

/** The MIME type of a PNG, a JPEG, a GIF or a WebP by its first byte. */
export function pictureType(picture: Uint8Array): string {
  const types: Readonly<Record<number, string>> = { 255: 'image/jpeg', 71: 'image/gif', 82: 'image/webp' };
  return types[picture[0]] ?? 'image/png';
}
