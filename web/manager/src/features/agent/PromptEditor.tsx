import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconArrowsDiagonal, IconArrowsDiagonalMinimize2, IconEye } from "@tabler/icons-react";
import { lazy, Suspense, useId, useState } from "react";
import { useDraftActions, useDraftPart } from "./draft/DraftProvider";
import { GeneratePrompt, type Written } from "./prompt/GeneratePrompt";
import { Preview } from "./prompt/Preview";
import classes from "./prompt/PromptEditor.module.css";
import { variablesOf } from "./prompt/variables";

const PromptCode = lazy(() => import("./prompt/PromptCode"));

interface PromptEditorProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  description?: string;
  placeholder?: string;
  /** One sentence rather than a prompt: small, without tools beside it but the completion. */
  isShort?: boolean;
  /** The tool whose result the text may name (handover messages). */
  resultOf?: string;
  /** The stage that "Write it for me" writes. */
  generates?: string;
  isLabelHidden?: boolean;
}

/** A prompt or a phrase: variables highlighted and completed, shown as a test caller would get it, written from one sentence (rules V1–V4, S6). */
export function PromptEditor(props: PromptEditorProps) {
  const { label, value, onChange, description, placeholder, isShort, resultOf, generates, isLabelHidden } = props;
  const { isReadOnly } = useDraftActions();
  const variables = useDraftPart((draft) => variablesOf(draft, resultOf));
  const [isPreview, setPreview] = useState(false);
  const [isTall, setTall] = useState(false);
  const [written, setWritten] = useState<Written | null>(null);
  const describedBy = useId();
  const shown = written ? written.text : value;

  return (
    <div>
      <Group justify="space-between" gap="xs" mb={4} wrap="nowrap">
        <Text fw={500} size="sm" className={isLabelHidden ? "visually-hidden" : undefined}>
          {label}
        </Text>
        {!isShort && (
          <Group gap={4} wrap="nowrap" ml="auto">
            {generates !== undefined && !isReadOnly && (
              <GeneratePrompt stage={generates} before={value} onWriting={setWritten} onWritten={onChange} />
            )}
            <Button
              variant={isPreview ? "light" : "subtle"}
              size="compact-sm"
              leftSection={<IconEye size={14} />}
              aria-pressed={isPreview}
              onClick={() => setPreview(!isPreview)}
            >
              Preview
            </Button>
            <Tooltip label={isTall ? "Make it smaller" : "Make it larger"}>
              <ActionIcon
                variant="subtle"
                color="gray"
                size={26}
                aria-label={`${isTall ? "Make smaller" : "Make larger"}: ${label}`}
                aria-pressed={isTall}
                onClick={() => setTall(!isTall)}
              >
                {isTall ? <IconArrowsDiagonalMinimize2 size={14} /> : <IconArrowsDiagonal size={14} />}
              </ActionIcon>
            </Tooltip>
          </Group>
        )}
      </Group>
      {description && (
        <Text size="sm" c="dimmed" mb={4} id={describedBy}>
          {description}
        </Text>
      )}
      <div className={classes.frame} data-tall={isTall || undefined}>
        <Suspense
          fallback={
            <div className={classes.waiting} data-short={isShort || undefined}>
              {shown}
            </div>
          }
        >
          <PromptCode
            value={shown}
            onChange={(next) => {
              if (!written && next !== value) onChange(next);
            }}
            label={label}
            variables={variables}
            placeholder={placeholder}
            isReadOnly={isReadOnly || written !== null}
            isShort={isShort}
            scrollsToEnd={written !== null}
          />
        </Suspense>
        {isPreview && <Preview template={shown} variables={variables} label={label} />}
      </div>
    </div>
  );
}
