import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { TextLink } from "../../../../ui/TextLink";
import { TemplatePicker, type ToolTemplate } from "./TemplatePicker";
import type { Generate } from "./useGenerate";

interface GenerateReportProps {
  generate: Generate;
  /** The code before, while it can be had back. */
  canUndo: boolean;
  onUndo: () => void;
  onKeep: () => void;
  onTemplate: (template: ToolTemplate) => void;
}

/** How the writing went: repairs, what the code may do beyond its rights, or why nothing was written. */
export function GenerateReport({ generate, canUndo, onUndo, onKeep, onTemplate }: GenerateReportProps) {
  const { writing, isRunning, isRefused, problem, reset } = generate;
  if (isRefused) {
    return (
      <Alert color="gray" title="No language model can write this yet" mt="sm" withCloseButton closeButtonLabel="Close" onClose={reset}>
        <Stack gap="sm">
          <Text>
            Generate needs a key of OpenAI, Gemini or Groq. An owner can store one under{" "}
            <TextLink underline="always" to="/settings/$section" params={{ section: "providers" }}>
              Settings, AI providers
            </TextLink>
            . Until then a ready-made template gives you working code to change:
          </Text>
          <TemplatePicker onTemplate={onTemplate} action="Use this code" />
        </Stack>
      </Alert>
    );
  }
  if (problem) {
    return (
      <Alert color="red" title="The code was not written" mt="sm" withCloseButton closeButtonLabel="Close" onClose={reset} role="alert">
        {problem}
      </Alert>
    );
  }
  if (isRunning) {
    return (
      <Text role="status" mt="xs" c="dimmed">
        {writing?.phase === "repairing" ? "The checker found mistakes; the model is correcting them…" : "The model is writing…"}
      </Text>
    );
  }
  const result = writing?.result;
  if (!result || !canUndo) return null;
  return (
    <Alert color={result.is_good ? "signal" : "orange"} mt="sm" title={titleOf(result.is_good, result.repairs)} role="status">
      <Stack gap="xs">
        {result.beyond.length > 0 && (
          <div>
            <Text fw={500}>Beyond what the resources allow:</Text>
            <ul style={{ margin: 0, paddingLeft: 20 }}>
              {result.beyond.map((item) => (
                <li key={item}>{item}</li>
              ))}
            </ul>
          </div>
        )}
        <Group gap="xs">
          <Text size="sm">
            Written by {result.provider} {result.model}. Read it before you deploy.
          </Text>
          <Button size="xs" variant="default" onClick={onUndo}>
            Undo
          </Button>
          <Button size="xs" variant="subtle" onClick={onKeep}>
            Keep it
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function titleOf(isGood: boolean, repairs: number): string {
  const corrected = repairs === 0 ? "" : `, corrected ${repairs === 1 ? "once" : `${repairs} times`} after the checker`;
  return isGood ? `Written and checked${corrected}` : `Written${corrected}, but something stands against it`;
}
