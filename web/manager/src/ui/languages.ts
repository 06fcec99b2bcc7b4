/** Languages an agent can speak, for a select. Any other BCP 47 tag is as good for the API. */

const TAGS = [
  "en",
  "en-GB",
  "en-US",
  "ar",
  "cs",
  "da",
  "de",
  "el",
  "es",
  "es-MX",
  "fi",
  "fr",
  "he",
  "hi",
  "hu",
  "id",
  "it",
  "ja",
  "ko",
  "lt",
  "lv",
  "nb",
  "nl",
  "pl",
  "pt",
  "pt-BR",
  "ro",
  "ru",
  "sk",
  "sv",
  "th",
  "tr",
  "uk",
  "vi",
  "zh",
];

const names = new Intl.DisplayNames("en", { type: "language" });

/** "German", "Brazilian Portuguese"; the tag itself when nobody knows it. */
export function languageName(tag: string): string {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** For `<Select data>`; holds `current` even when it is not among the usual ones. */
export function languageOptions(current?: string): { value: string; label: string }[] {
  const tags = current && !TAGS.includes(current) ? [current, ...TAGS] : TAGS;
  return tags.map((tag) => ({ value: tag, label: languageName(tag) }));
}
