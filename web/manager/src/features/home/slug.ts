/** Ids of agents made from their names: lower-case Latin letters, digits and hyphens. Pure. */

const MAX_LENGTH = 63;

/** What letters without a decomposition become. */
const LATIN: Record<string, string> = { ß: "ss", æ: "ae", ø: "o", œ: "oe", đ: "d", ł: "l", þ: "th", ð: "d", ı: "i" };

/** "Pizzería Roma (Nord)" → "pizzeria-roma-nord"; empty when nothing of the name can be kept. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[ßæøœđłþðı]/g, (letter) => LATIN[letter] ?? "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, "");
}

/** The slug, with a number behind it when it is taken: "pizzeria-2". */
export function freeSlug(name: string, taken: ReadonlySet<string>): string {
  const slug = slugOf(name) || "agent";
  if (!taken.has(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const candidate = `${slug.slice(0, MAX_LENGTH - 5)}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** What is wrong with an id somebody typed, or null. */
export function slugProblem(slug: string, taken: ReadonlySet<string>): string | null {
  if (!slug) return "An agent needs an id.";
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(slug))
    return "Lower-case letters, digits, hyphens and underscores, beginning with a letter or a digit.";
  if (slug.length > MAX_LENGTH) return `At most ${MAX_LENGTH} characters.`;
  return taken.has(slug) ? "Another agent has this id." : null;
}
