/** Fuzzy search for the command palette. Pure. */

export interface Searchable {
  label: string;
  /** Further words that find it: ids, synonyms. */
  keywords?: string;
  /** Too many to be offered without a query. */
  isDeep?: boolean;
}

const WORD_START = /[\s/·._+-]/;

/** How well `query` matches: higher is better, null when a letter is missing. Letters must come in order; runs and starts of words count more. */
export function score(query: string, text: string): number | null {
  const wanted = query.toLowerCase();
  const found = text.toLowerCase();
  const exact = found.indexOf(wanted);
  if (exact >= 0) return 1000 - exact * 2 - found.length + (exact === 0 || WORD_START.test(found[exact - 1] ?? "") ? 400 : 0);
  let points = 0;
  let at = 0;
  let run = 0;
  for (const letter of wanted) {
    if (letter === " ") {
      run = 0;
      continue;
    }
    const next = found.indexOf(letter, at);
    if (next < 0) return null;
    run = next === at ? run + 1 : 1;
    points += run * 4 + (next === 0 || WORD_START.test(found[next - 1] ?? "") ? 12 : 0) - Math.min(next - at, 10);
    at = next + 1;
  }
  // Letters strewn over a long text are chance.
  return points > wanted.length * 6 ? points : null;
}

/** The entries that match every word, best first; their own order where they match alike, and without a query. */
export function rank<Entry extends Searchable>(query: string, entries: Entry[], limit = 50): Entry[] {
  const wanted = query.trim();
  if (!wanted) return entries.filter((entry) => !entry.isDeep).slice(0, limit);
  return entries
    .map((entry, order) => ({ entry, order, points: best(wanted, entry) }))
    .filter((hit): hit is { entry: Entry; order: number; points: number } => hit.points !== null)
    .sort((a, b) => b.points - a.points || a.order - b.order)
    .slice(0, limit)
    .map((hit) => hit.entry);
}

function best(query: string, entry: Searchable): number | null {
  const label = score(query, entry.label);
  const keywords = entry.keywords ? score(query, entry.keywords) : null;
  const both = entry.keywords ? wordsIn(query, `${entry.label} ${entry.keywords}`) : null;
  const points = [label, keywords === null ? null : keywords - 150, both].filter((value): value is number => value !== null);
  return points.length ? Math.max(...points) : null;
}

/** "pizz test" finds "Test · Pizzeria": the words in any order. */
function wordsIn(query: string, text: string): number | null {
  const found = text.toLowerCase();
  const words = query.toLowerCase().split(/\s+/);
  return words.length > 1 && words.every((word) => found.includes(word)) ? 500 - found.length : null;
}
