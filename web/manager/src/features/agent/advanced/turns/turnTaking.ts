/** What the numbers of turn-taking mean, in words. Pure. The sensitivity follows `callstage_domain.interruption`. */
import { duration } from "../../../../ui/format";

const LEAST_MS = 800;
const NORMAL_MS = 200;
const MOST_MS = 100;

/** What a caller must do to cut the agent off. */
export function sensitivityWords(sensitivity: number): string {
  if (sensitivity <= 0) return "Never interrupted: the agent always finishes its sentence, whatever the caller says.";
  const share = sensitivity >= 0.5 ? (Math.min(sensitivity, 1) - 0.5) / 0.5 : sensitivity / 0.5;
  const [from, to] = sensitivity >= 0.5 ? [NORMAL_MS, MOST_MS] : [LEAST_MS, NORMAL_MS];
  const ms = Math.round((from + (to - from) * share) / 10) * 10;
  if (sensitivity >= 0.5) {
    const manner =
      sensitivity > 0.75 ? "Very quick to yield; noise may cut the agent off" : sensitivity > 0.55 ? "Quick to yield" : "Balanced";
    return `${manner}: ${duration(ms)} of speech silence the agent. A mere “uh-huh” lets it go on.`;
  }
  const words = sensitivity < 0.2 ? "three words" : sensitivity < 0.4 ? "two words" : "one word";
  const manner = sensitivity < 0.2 ? "Hard to interrupt" : "Patient";
  return `${manner}: the caller must speak for ${duration(ms)} and say at least ${words}; “uh-huh” does not count.`;
}

/** When a caller's turn is over. */
export function silenceWords(ms: number): string {
  const manner =
    ms < 450
      ? "Very brisk: people who pause to think are cut short"
      : ms < 650
        ? "Brisk: good for short answers"
        : ms <= 900
          ? "Natural: most pauses within a sentence are waited for"
          : ms <= 1500
            ? "Patient: good for people who dictate numbers or addresses"
            : "Very patient: every answer comes late";
  return `${manner}. The agent answers after ${duration(ms)} of silence.`;
}

/** What happens when the caller says nothing. */
export function idleWords(seconds: number, farewell: boolean): string {
  const end = farewell ? "says the farewell and hangs up" : "hangs up";
  return `After ${span(seconds)} without a word the agent asks whether the caller is still there; after the same time again it ${end}.`;
}

/** How long a call may last. */
export function maximumWords(seconds: number, farewell: boolean): string {
  return `After ${span(seconds)} the agent ${farewell ? "says the farewell" : "says goodbye"} and hangs up, whatever is being said.`;
}

/** How fast the voice speaks. */
export function speedWords(speed: number): string {
  if (speed === 1) return "As the voice speaks by itself.";
  const share = Math.round(Math.abs(speed - 1) * 100);
  return speed > 1 ? `${share} % faster than the voice speaks by itself.` : `${share} % slower than the voice speaks by itself.`;
}

/** "1 minute 30 seconds". */
export function span(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor((seconds % 3600) / 60), "minute"],
    [seconds % 60, "second"],
  ];
  const words = parts.flatMap(([value, unit]) => (value > 0 ? [`${value} ${unit}${value === 1 ? "" : "s"}`] : []));
  return words.join(" ") || "0 seconds";
}
