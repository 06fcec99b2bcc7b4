import { Stack, Text, Title } from "@mantine/core";
import type { Schemas } from "../../../api/api";
import { placeName } from "../draft/names";
import { DiffView } from "./DiffView";
import { inWords } from "./inWords";

type Change = Schemas["Change"];

/** Differences of the API as people read them: prompts and code line by line, settings as before and after. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  return (
    <Stack gap="lg">
      {changes.map((change) => (
        <section key={change.path} aria-label={placeName(change.path)}>
          <Title order={3} mb={4}>
            {placeName(change.path)}
            {isNothing(change.before) && (
              <Text span c="dimmed" fw={400}>
                {" "}
                added
              </Text>
            )}
            {isNothing(change.after) && (
              <Text span c="dimmed" fw={400}>
                {" "}
                removed
              </Text>
            )}
          </Title>
          <DiffView before={inWords(change.before)} after={inWords(change.after)} />
        </section>
      ))}
    </Stack>
  );
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}
