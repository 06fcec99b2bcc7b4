/** Text on its way into the draft: what the API would refuse waits in its field, so that it never holds up the saving of the rest. */
import { useState } from "react";

export interface Typed {
  value: string;
  onChange: (text: string) => void;
  onBlur: () => void;
  /** Empty while the field is being typed in. */
  problem: string;
}

export function useTyped(stored: string, store: (text: string) => void, problemOf: (text: string) => string): Typed {
  const [held, setHeld] = useState<string | null>(null);
  const [isLeft, setLeft] = useState(false);
  return {
    value: held ?? stored,
    onChange(text) {
      const isGood = problemOf(text) === "";
      setHeld(isGood ? null : text);
      if (isGood) {
        setLeft(false);
        store(text);
      }
    },
    onBlur: () => setLeft(true),
    problem: held !== null && isLeft ? problemOf(held) : "",
  };
}

/** What the API said about one field of a patch; "" when nothing. Its message lists `field: words` one after the other. */
export function problemOfField(problem: string, field: string): string {
  const found = new RegExp(`(?:^|; )${field}(?:\\.[\\w.]+)?: (.*?)(?=; [a-z_]+(?:\\.[\\w.]+)?: |$)`).exec(problem);
  return found?.[1] ?? "";
}
