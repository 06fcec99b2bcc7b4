import { SegmentedControl, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useDraft } from "../draft/DraftProvider";
import classes from "./PromptEditor.module.css";
import { namesIn, render, shownValue, tokensOf } from "./render";
import { exampleValues, type Variable } from "./variables";

interface PreviewProps {
  template: string;
  variables: readonly Variable[];
  label: string;
}

/** What the model or the caller gets, for a test caller whose values can be changed. */
export function Preview({ template, variables, label }: PreviewProps) {
  const { draft } = useDraft();
  const [caller, setCaller] = useState("known");
  const [own, setOwn] = useState<Record<string, string>>({});
  const values = { ...exampleValues(draft, variables, caller === "known"), ...own };
  const names = namesIn(template);
  return (
    <section className={classes.preview} aria-label={`Preview of ${label}`}>
      <SegmentedControl
        size="xs"
        mb="sm"
        aria-label="Test caller"
        value={caller}
        onChange={setCaller}
        data={[
          { value: "known", label: "Known caller" },
          { value: "unknown", label: "Unknown caller" },
        ]}
      />
      <Text component="div" aria-live="polite">
        {tokensOf(template).map((token) =>
          token.kind === "literal" ? (
            token.text
          ) : (
            <mark key={token.from} className={classes.variable} title={token.text}>
              {shownValue(token, values)}
            </mark>
          ),
        )}
        {render(template, values) === "" && (
          <Text span c="dimmed">
            Nothing is said.
          </Text>
        )}
      </Text>
      {names.length > 0 && (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} mt="md" spacing="sm">
          {names.map((name) => (
            <TextInput
              key={name}
              size="xs"
              label={name}
              value={String(values[name] ?? "")}
              onChange={(event) => setOwn({ ...own, [name]: event.currentTarget.value })}
            />
          ))}
        </SimpleGrid>
      )}
    </section>
  );
}
