// An output of a cell in several formats, of which each reader shows the best that it supports.

import { base64 } from '../base/data-uri.js';
import type { Html } from '../report/html.js';

/** Contents by MIME type: texts, base64 for pictures, objects for JSON. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** Something to show: a bundle for notebooks; a text and, for some kinds, a file for scripts. */
export interface Display {
  readonly bundle: MimeBundle;
  /** An existing file, or one to write. */
  readonly file?: { readonly path: string } | { readonly name: string; readonly data: Uint8Array };
}

/** A bundle of a plain text (for terminals and search), markup, and a picture for readers without markup. */
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
