/** Addresses as people type them into a signature (rule M3). Pure. */

const WITH_SCHEME = /^(https?:\/\/[^\s]+\.?[^\s]*|mailto:[^\s@]+@[^\s@]+|tel:\+?[\d ().-]+)$/i;

/** "shop.example" → "https://shop.example", "a@b.example" → "mailto:a@b.example", "+1 202 555" → "tel:+1202555"; "" when it leads nowhere. */
export function linkOf(typed: string): string {
  const text = typed.trim();
  if (WITH_SCHEME.test(text)) return text;
  if (/^[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+$/.test(text)) return `mailto:${text}`;
  if (/^\+[\d ().-]{5,}$/.test(text)) return `tel:${text.replace(/[^+\d]/g, "")}`;
  return /^[^\s:/@]+\.[a-z]{2,}(:\d+)?([/?#]\S*)?$/i.test(text) ? `https://${text}` : "";
}

/** Why a logo at this address would not be shown; "" when it would. */
export function logoProblem(typed: string): string {
  const text = typed.trim();
  const isGood = URL.canParse(text) && new URL(text).protocol === "https:" && !/\s/.test(text);
  return isGood ? "" : "A logo needs a public address that begins with https://, such as https://shop.example/logo.png.";
}

/** Parts of a stored signature that the editor cannot hold: made elsewhere, lost when it is edited here. */
export function foreignParts(html: string): string[] {
  const page = new DOMParser().parseFromString(html, "text/html");
  const names = { table: "tables", "ul, ol": "lists", hr: "lines", "font, small": "fonts" };
  return Object.entries(names).flatMap(([selector, name]) => (page.querySelector(selector) ? [name] : []));
}
