/**
 * Texts of strangers, made fit for a column.
 *
 * @module
 */

/**
 * At most `limit` characters, without what PostgreSQL refuses (NUL, halves of a pair). What is
 * shown to a person goes through `printable` besides.
 */
export function storable(text: string, limit: number): string {
  const cut = text.length > limit ? text.slice(0, limit) : text;
  // Looked for first: nearly no text has any.
  if (cut.isWellFormed() && !cut.includes('\0')) return cut;
  return cut.toWellFormed().replaceAll('\0', '\uFFFD');
}
