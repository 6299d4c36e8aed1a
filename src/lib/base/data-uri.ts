// Bytes inside a text.

/** Bytes as base64. */
export function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

/** Bytes as a `data:` URI. */
export function dataUri(type: string, data: Uint8Array): string {
  return `data:${type};base64,${base64(data)}`;
}
