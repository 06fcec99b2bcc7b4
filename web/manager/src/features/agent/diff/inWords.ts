/** A value of a draft as text to read and to compare line by line. Pure. */
export function inWords(value: unknown): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value))
    return value.map((item) => (typeof item === "object" ? JSON.stringify(item, null, 2) : String(item))).join("\n");
  return Object.entries(value as Record<string, unknown>)
    .filter(([, part]) => part !== null && part !== "" && !(Array.isArray(part) && part.length === 0))
    .map(([name, part]) => {
      const text = typeof part === "string" ? part : JSON.stringify(part, null, 2);
      return text.includes("\n") ? `${name}:\n${text}` : `${name}: ${text}`;
    })
    .join("\n");
}
