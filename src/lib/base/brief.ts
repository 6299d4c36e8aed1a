// Texts that others wrote, cut to what a sentence can hold.

/** A text of at most `most` characters; what is cut is marked by three dots. */
export function brief(text: string, most: number = 50): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}
