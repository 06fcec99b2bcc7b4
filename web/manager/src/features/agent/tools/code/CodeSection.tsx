import { Anchor, Button, Checkbox, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { messageOf } from "../../../../ui/ErrorState";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import type { DraftTool } from "../draftTools";
import { GenerateReport } from "../generate/GenerateReport";
import type { ToolTemplate } from "../generate/TemplatePicker";
import { useGenerate } from "../generate/useGenerate";
import { isObject } from "../schema/parameters";
import type { ShownLine } from "../ToolEditor";
import type { CodeNote } from "./CodeEditor";
import { LazyCodeEditor } from "./LazyCodeEditor";
import type { CodeCheck } from "./useCodeCheck";

interface CodeSectionProps {
  tool: DraftTool;
  check: CodeCheck;
  onChange: (changes: Partial<DraftTool>) => void;
  isReadOnly: boolean;
  /** Where the last trial of this code broke. */
  failure: { line: number; message: string } | null;
  shownLine: ShownLine | null;
  onShowLine: (line: number) => void;
}

/** The tool's code with the sandbox's findings in it, and a model that can write it. */
export function CodeSection({ tool, check, onChange, isReadOnly, failure, shownLine, onShowLine }: CodeSectionProps) {
  const { draft, flush } = useDraft();
  const generate = useGenerate(draft.agent_id);
  const [before, setBefore] = useState<Partial<DraftTool> | null>(null);
  const [improves, setImproves] = useState(true);
  const code = tool.code ?? "";
  const hasDescription = (tool.description ?? "").trim() !== "";
  const names = isObject(tool.parameters?.properties) ? Object.keys(tool.parameters.properties) : [];
  const { checked } = check;
  const notes = useMemo(() => notesOf(checked, failure), [checked, failure]);

  async function write() {
    setBefore(null);
    // The resources are read from the stored draft.
    await flush().catch(() => undefined);
    const written = await generate.start(tool, improves && code.trim() !== "");
    if (written === null) return;
    setBefore({ code: tool.code ?? "" });
    onChange({ code: written });
  }

  function take(template: ToolTemplate) {
    setBefore({ code, parameters: tool.parameters, description: tool.description });
    onChange({ code: template.code, parameters: template.parameters, description: tool.description || template.description });
    generate.reset();
  }

  return (
    <Section
      title="Code"
      description="The body of an async Python function: args, server, session, kwargs and logger are in scope; return gives the result."
      actions={
        !isReadOnly && (
          <>
            {code.trim() !== "" && !generate.isRunning && (
              <Checkbox label="Improve what is there" checked={improves} onChange={(event) => setImproves(event.currentTarget.checked)} />
            )}
            {generate.isRunning ? (
              <Button variant="default" onClick={generate.stop}>
                Stop writing
              </Button>
            ) : (
              <Tooltip label="Describe the tool first: the model writes from its description." disabled={hasDescription}>
                <Button
                  variant="light"
                  leftSection={<IconSparkles size={14} />}
                  data-disabled={!hasDescription || undefined}
                  aria-disabled={!hasDescription}
                  onClick={() => hasDescription && void write()}
                >
                  Generate
                </Button>
              </Tooltip>
            )}
          </>
        )
      }
    >
      <LazyCodeEditor
        label={`Code of ${tool.name}`}
        language="python"
        minHeight="360px"
        value={generate.isRunning ? (generate.writing?.code ?? "") : code}
        onChange={(next) => {
          if (!generate.isRunning && next !== code) onChange({ code: next });
        }}
        isReadOnly={isReadOnly || generate.isRunning}
        notes={generate.isRunning ? [] : notes}
        argumentNames={names}
        shownLine={shownLine}
      />
      <Text size="xs" c="dimmed" mt={4}>
        Ctrl-Space completes. Esc, then Tab leaves the editor.
      </Text>
      <GenerateReport
        generate={generate}
        canUndo={before !== null}
        onUndo={() => {
          if (before) onChange(before);
          setBefore(null);
          generate.reset();
        }}
        onKeep={() => {
          setBefore(null);
          generate.reset();
        }}
        onTemplate={take}
      />
      {before !== null && !generate.writing?.result && (
        <Group mt="xs" gap="xs" role="status">
          <Text size="sm">The template took the place of the code and the parameters.</Text>
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              onChange(before);
              setBefore(null);
            }}
          >
            Undo
          </Button>
        </Group>
      )}
      <Findings
        notes={generate.isRunning ? [] : notes}
        check={check}
        isEmpty={generate.isRunning || code.trim() === ""}
        onShowLine={onShowLine}
      />
    </Section>
  );
}

function Findings({
  notes,
  check,
  isEmpty,
  onShowLine,
}: {
  notes: CodeNote[];
  check: CodeCheck;
  isEmpty: boolean;
  onShowLine: (line: number) => void;
}) {
  return (
    <Stack gap={4} mt="xs" aria-live="polite">
      {notes.map((note) => (
        <Text key={`${note.line}:${note.message}`} size="sm" c={note.severity === "error" ? "var(--mantine-color-error)" : undefined}>
          {note.line > 0 && (
            <Anchor component="button" type="button" size="sm" onClick={() => onShowLine(note.line)}>
              Line {note.line}
            </Anchor>
          )}{" "}
          {note.message}
        </Text>
      ))}
      {notes.length === 0 && !isEmpty && (
        <Text size="sm" c="dimmed">
          {check.error !== null
            ? `The checker cannot be asked now: ${messageOf(check.error)}`
            : check.checked && !check.isBehind
              ? "No findings: syntax and types are fine."
              : " "}
        </Text>
      )}
    </Stack>
  );
}

function notesOf(checked: CodeCheck["checked"], failure: { line: number; message: string } | null): CodeNote[] {
  const found = (checked?.remarks ?? []).map(
    (remark): CodeNote => ({ line: remark.line, message: remark.message, severity: remark.is_error ? "error" : "warning" }),
  );
  return failure ? [...found, { line: failure.line, message: `The last trial broke here. ${failure.message}`, severity: "error" }] : found;
}
