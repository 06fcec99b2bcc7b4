/** What the API accepts, so that a field can say it at once. Each gives "" for good text. Pure. */

export function phoneProblem(text: string): string {
  return text === "" || /^\+[1-9][0-9]{4,14}$/.test(text) ? "" : "Write the number in full with + and country code, such as +12025550123.";
}

export function mailProblem(text: string): string {
  return text === "" || /^[^@\s]+@[^@\s]+$/.test(text) ? "" : "This is not an e-mail address.";
}

export function urlProblem(text: string): string {
  if (text === "") return "";
  const isGood = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hostname !== "" && !/\s/.test(text);
  return isGood ? "" : "Write a whole address, such as https://crm.example.com/callstage.";
}

export function languageProblem(text: string): string {
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(text) ? "" : "Write a language code such as en, en-GB or de.";
}

/** For a text that must be there and has a length. */
export function nameTextProblem(text: string): string {
  return text.trim() === "" ? "This must not be empty." : lengthProblem(200)(text);
}

export function lengthProblem(maximum: number): (text: string) => string {
  return (text) => (text.length > maximum ? `${maximum} characters at most; these are ${text.length}.` : "");
}
