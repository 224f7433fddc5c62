/**
 * Which domains share a fair part of the fetches: those of one owner, as far as names tell.
 *
 * @module
 */

/**
 * The domain under which names are sold, by a rule of thumb: two labels, or three below such as
 * `co.uk`. Only fairness hangs on it, so no list of public suffixes is needed: a wrong guess makes
 * strangers share a part, and only while somebody wants more than it.
 */
export function fetchGroup(domain: string): string {
  const labels = domain.split('.');
  const top = labels.at(-1) ?? '';
  const second = labels.at(-2) ?? '';
  return labels.slice(top.length === 2 && second.length <= 3 ? -3 : -2).join('.');
}
