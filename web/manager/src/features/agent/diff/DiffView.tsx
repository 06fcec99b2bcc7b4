import { useMemo } from "react";
import classes from "./DiffView.module.css";
import { counterparts, type Line, lineDiff, nearChanges, wordParts } from "./lineDiff";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;
const SPOKEN = { same: "", added: "added: ", removed: "removed: " } as const;

/** Two texts, line by line; the signs say it without colour, too. */
export function DiffView({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => nearChanges(lineDiff(before, after)), [before, after]);
  const pairs = useMemo(() => counterparts(lines), [lines]);
  if (lines.length === 0) return <span className={classes.nothing}>empty</span>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className={classes.diff} tabIndex={0} aria-label="Changes line by line">
      {lines.map((line, place) =>
        line.kind === "gap" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
          <div key={place} className={classes.gap}>
            {line.lines} unchanged {line.lines === 1 ? "line" : "lines"}
          </div>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
          <div key={place} className={classes.line} data-kind={line.kind}>
            <span aria-hidden className={classes.sign}>
              {SIGNS[line.kind]}
            </span>
            <span>
              {SPOKEN[line.kind] && <span className="visually-hidden">{SPOKEN[line.kind]}</span>}
              <Words line={line} other={pairs.get(line)} />
            </span>
          </div>
        ),
      )}
    </section>
  );
}

/** A line; where it was replaced by another one, the words that differ stand out. */
function Words({ line, other }: { line: Line; other: Line | undefined }) {
  if (!other) return line.text || "\u00a0";
  const parts = line.kind === "removed" ? wordParts(line.text, other.text).before : wordParts(other.text, line.text).after;
  return parts.map((part, place) =>
    part.isChanged ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
      <strong key={place} className={classes.word}>
        {part.text}
      </strong>
    ) : (
      part.text
    ),
  );
}
