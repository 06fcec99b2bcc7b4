/** "https://Shop.example.com/cart?x=1" → "https://shop.example.com": what a browser sends as Origin. What is no address stays, so that the API can say so. */
export function originOf(text: string): string {
  const typed = text.trim();
  const withScheme = /^[a-z]+:\/\//i.test(typed) ? typed : `https://${typed}`;
  try {
    const url = new URL(withScheme);
    return url.protocol === "http:" || url.protocol === "https:" ? url.origin : typed;
  } catch {
    return typed;
  }
}

/** Whether pages of this origin may use a token. */
export function isAllowed(origin: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.includes(origin);
}
