import { Badge, Group, Stack, Text } from "@mantine/core";
import { clock } from "../../../ui/format";
import { type Difference, kindInWords, split } from "./differences";
import classes from "./Tests.module.css";

/** Where the draft would go another way, and below it what it would only tell or pace otherwise. */
export function DifferenceList({ differences, total }: { differences: readonly Difference[]; total: number }) {
  const { ways, others } = split(differences);
  return (
    <Stack gap="sm">
      {ways.map((one, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what a run found never changes its order
        <One key={place} difference={one} />
      ))}
      {others.length > 0 && (
        <details>
          <summary className={classes.more}>{others.length} told or paced otherwise, the same way</summary>
          <Stack gap="sm" mt="sm">
            {others.map((one, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: what a run found never changes its order
              <One key={place} difference={one} />
            ))}
          </Stack>
        </details>
      )}
      {total > differences.length && (
        <Text size="sm" c="dimmed">
          And {total - differences.length} more.
        </Text>
      )}
    </Stack>
  );
}

function One({ difference }: { difference: Difference }) {
  return (
    <div>
      <Group gap="xs" mb={4}>
        <Badge variant="light" color="gray">
          {kindInWords(difference.kind)}
        </Badge>
        <Text size="sm">
          {difference.what}
          {difference.after ? `, after ${difference.after}` : ""}
        </Text>
        {difference.at_ms > 0 && (
          <Text size="xs" c="dimmed" className="numeric">
            at {clock(difference.at_ms)}
          </Text>
        )}
      </Group>
      <dl className={classes.sides}>
        <dt>Recorded</dt>
        <dd>{difference.recorded || "nothing"}</dd>
        <dt>Draft</dt>
        <dd>{difference.draft || "nothing"}</dd>
      </dl>
    </div>
  );
}
