import { Button, Group } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { Agent } from "../../agent/draft/agent";
import { StepRow } from "./StepRow";
import { KINDS, MOST_STEPS, moved, newRow, type Row, type StepKind } from "./steps";
import classes from "./Tests.module.css";

interface StepListProps {
  rows: readonly Row[];
  draft: Agent;
  problemOf: (place: number, field: string) => string | undefined;
  onChange: (rows: Row[]) => void;
}

/** The steps in their order. What was added is filled in next, what moves keeps the keyboard, and each change of the order is spoken. */
export function StepList({ rows, draft, problemOf, onChange }: StepListProps) {
  const [said, setSaid] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const focus = useRef("");
  useEffect(() => {
    const wanted = focus.current;
    focus.current = "";
    if (wanted) box.current?.querySelector<HTMLElement>(`[data-focus="${wanted}"]`)?.focus();
  });

  function reorder(changed: Row[], next: string, words: string) {
    focus.current = next;
    setSaid(words);
    onChange(changed);
  }

  function add(kind: StepKind) {
    const row = newRow(kind, draft, rows);
    reorder([...rows, row], `${row.key}-field`, "");
  }

  function move(place: number, by: -1 | 1) {
    const to = place + by;
    const side = to === 0 ? "down" : to === rows.length - 1 ? "up" : by < 0 ? "up" : "down";
    reorder(moved(rows, place, by), `${rows[place]?.key}-${side}`, `It is step ${to + 1} now.`);
  }

  function remove(place: number) {
    const rest = rows.filter((_, index) => index !== place);
    const next = rest[Math.min(place, rest.length - 1)];
    reorder(rest, next ? `${next.key}-remove` : "add-says", `Step ${place + 1} is removed.`);
  }

  return (
    <div ref={box}>
      {rows.length > 0 && (
        <ol className={classes.steps} aria-label="Steps">
          {rows.map((row, place) => (
            <StepRow
              key={row.key}
              row={row}
              draft={draft}
              place={place}
              count={rows.length}
              problem={(field) => problemOf(place, field)}
              onChange={(changed) => onChange(rows.map((old) => (old.key === changed.key ? changed : old)))}
              onMove={(by) => move(place, by)}
              onRemove={() => remove(place)}
            />
          ))}
        </ol>
      )}
      <div role="status" className="visually-hidden">
        {said}
      </div>
      <Group gap="xs" role="group" aria-label="Add a step">
        {(Object.keys(KINDS) as StepKind[]).map((kind) => (
          <Button
            key={kind}
            variant="default"
            size="xs"
            data-focus={`add-${kind}`}
            leftSection={<IconPlus size={14} />}
            disabled={rows.length >= MOST_STEPS}
            onClick={() => add(kind)}
          >
            {KINDS[kind]}
          </Button>
        ))}
      </Group>
    </div>
  );
}
