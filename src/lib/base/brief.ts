// Texts of others, cut to the length of a sentence.

/** A text cut to at most `most` characters, with three dots at the end if it was cut. */
export function brief(text: string, most: number = 50): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}
