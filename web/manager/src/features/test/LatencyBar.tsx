import { Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { duration } from "../../ui/format";
import { paceOf, partsOf, SLOW_MS, totalOf } from "./latency";
import classes from "./Test.module.css";

/** Six hues that stay apart for most eyes; each also stands with its name and number below the bar. */
const COLORS: Record<string, string> = {
  endpointing_ms: "light-dark(#8a94a0, #7d8894)",
  stt_ms: "light-dark(#3b7dd8, #6aa3ef)",
  llm_first_sentence_ms: "light-dark(#0d7763, #46cfab)",
  tools_ms: "light-dark(#b4690e, #f0b45b)",
  tts_first_byte_ms: "light-dark(#8a4fc4, #b98be6)",
  transport_ms: "light-dark(#c2456b, #ee85a6)",
};
const PACE = { quick: "", noticed: " · a noticeable pause", slow: " · slow" } as const;

/** How long the caller waited for an answer, and for what. A click shows the numbers. */
export function LatencyBar({ latency, isOpening }: { latency: Readonly<Record<string, number>>; isOpening: boolean }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const parts = partsOf(latency);
  const total = totalOf(latency);
  const sum = parts.reduce((whole, part) => whole + part.ms, 0);
  if (total <= 0) return null;
  // The whole width is a pause that disturbs: bars of several turns compare by their length.
  const share = Math.min(100, (100 * total) / SLOW_MS);
  return (
    <div style={{ width: 240, maxWidth: "100%" }}>
      <UnstyledButton onClick={toggle} aria-expanded={isOpen} style={{ width: "100%" }}>
        <Text
          size="xs"
          c={paceOf(total) === "slow" ? "var(--callstage-warn-ink)" : "dimmed"}
          className="numeric"
          style={{ textAlign: "left" }}
        >
          {isOpening ? "Began" : "Answered"} after {duration(total)}
          {PACE[paceOf(total)]}
        </Text>
        <span className={classes.bar} aria-hidden>
          {parts.map((part) => (
            <span key={part.key} className={classes.part} style={{ width: `${(share * part.ms) / sum}%`, background: COLORS[part.key] }} />
          ))}
        </span>
      </UnstyledButton>
      {isOpen && (
        <dl className={classes.legend} aria-label="Parts of the latency">
          {parts.map((part) => (
            <Part key={part.key} color={COLORS[part.key] ?? ""} label={part.label} ms={part.ms} />
          ))}
        </dl>
      )}
    </div>
  );
}

function Part({ color, label, ms }: { color: string; label: string; ms: number }) {
  return (
    <div style={{ display: "contents" }}>
      <span className={classes.dot} style={{ background: color }} aria-hidden />
      <dt>{label}</dt>
      <dd className="numeric" style={{ margin: 0 }}>
        {duration(ms)}
      </dd>
    </div>
  );
}
