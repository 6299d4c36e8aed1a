// Detects repeated keys in JSON objects: `JSON.parse` silently keeps the last one, other parsers the first.

/** The first repeated key of an object in a text; undefined if there is none. The text must be valid JSON. */
export function repeatedKey(json: string): string | undefined {
  const colon = /\s*:/y;
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(json, i);
      const keys = open.at(-1);
      // A string before a colon is a key of the innermost object.
      colon.lastIndex = end;
      if (keys && colon.test(json)) {
        const key: string = JSON.parse(json.slice(i, end));
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** The position after the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}
