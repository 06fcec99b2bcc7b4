/** `{name}` and `{name|fallback}` in prompts and phrases, as agent-runtime renders them (rules V1, V2, V3, V6). Pure. */

export type Values = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A part of a template. `text` is what a literal says, or the template's own characters of a variable. */
export interface Token {
  kind: "literal" | "variable";
  text: string;
  from: number;
  to: number;
  name?: string;
  fallback?: string | undefined;
}

const TOKEN = /\{\{|\}\}|\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\|([^{}]*))?\}/g;

/** Every part of a template, in order; `{{` and `}}` are literal braces. */
export function tokensOf(template: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const literal = (text: string, from: number, to: number) => {
    if (text) tokens.push({ kind: "literal", text, from, to });
  };
  for (const found of template.matchAll(TOKEN)) {
    literal(template.slice(at, found.index), at, found.index);
    const end = found.index + found[0].length;
    if (found[0] === "{{" || found[0] === "}}") literal(found[0].charAt(0), found.index, end);
    else tokens.push({ kind: "variable", text: found[0], from: found.index, to: end, name: found[1] ?? "", fallback: found[2] });
    at = end;
  }
  literal(template.slice(at), at, template.length);
  return tokens;
}

/** One pass: a value that holds braces is not rendered again. */
export function render(template: string, values: Values): string {
  return tokensOf(template)
    .map((token) => (token.kind === "literal" ? token.text : shownValue(token, values)))
    .join("");
}

/** What a variable becomes; empty or unknown: its fallback, or nothing. */
export function shownValue(token: Token, values: Values): string {
  const value = values[token.name ?? ""];
  const text = value === null || value === undefined ? "" : typeof value === "boolean" ? (value ? "True" : "False") : String(value);
  return text || (token.fallback ?? "");
}

/** Names of the variables that a template reads, each once. */
export function namesIn(template: string): string[] {
  return [...new Set(tokensOf(template).flatMap((token) => token.name ?? []))];
}
