import { Button, Group, Popover, Text, Textarea } from "@mantine/core";
import { IconPlayerStop, IconSparkles } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { ApiProblem } from "../../../api/api";
import { messageOf } from "../../../ui/ErrorState";
import { Form } from "../../../ui/Form";
import { tell } from "../../../ui/notify";
import { TextLink } from "../../../ui/TextLink";
import { useDraftActions } from "../draft/DraftProvider";
import { stagePrompt } from "./generateStage";

/** What is being written; it becomes the prompt when it is complete. */
export interface Written {
  text: string;
}

interface GeneratePromptProps {
  stage: string;
  before: string;
  onWriting: (written: Written | null) => void;
  onWritten: (prompt: string) => void;
}

/** One sentence becomes a prompt that streams into the editor; undo brings the text before back (rule S6). */
export function GeneratePrompt({ stage, before, onWriting, onWritten }: GeneratePromptProps) {
  const { draftNow, flush } = useDraftActions();
  const [isOpen, setOpen] = useState(false);
  const [sentence, setSentence] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const [isWriting, setWriting] = useState(false);
  const [last, setLast] = useState<{ before: string; after: string } | null>(null);

  async function write() {
    const abort = new AbortController();
    running.current = abort;
    setProblem(null);
    setWriting(true);
    let text = "";
    try {
      // The model is told of the agent as it is stored; what cannot be stored does not keep it from writing.
      await flush().catch(() => undefined);
      for await (const soFar of stagePrompt(draftNow().agent_id, stage, sentence, abort.signal)) {
        if (!text) setOpen(false);
        text = soFar;
        onWriting({ text });
      }
      onWritten(text);
      setLast({ before, after: text });
      tell(`The prompt of ${stage} is written. Undo brings the old one back.`);
    } catch (error) {
      if (!abort.signal.aborted) {
        setProblem(error);
        setOpen(true);
        // The busy button has lost the focus; without it Escape would not close the sentence.
        requestAnimationFrame(() => field.current?.focus());
      }
    } finally {
      onWriting(null);
      setWriting(false);
    }
  }

  if (isWriting && !isOpen)
    return (
      <Button
        variant="light"
        size="compact-sm"
        leftSection={<IconPlayerStop size={14} />}
        onClick={() => running.current?.abort()}
        aria-label="Stop writing and keep the old prompt"
      >
        Stop
      </Button>
    );
  return (
    <>
      {last && last.after === before && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            onWritten(last.before);
            setLast(null);
          }}
        >
          Undo writing
        </Button>
      )}
      <Popover opened={isOpen} onChange={setOpen} width={360} position="bottom-end" trapFocus shadow="md" withinPortal>
        <Popover.Target>
          <Button variant="subtle" size="compact-sm" leftSection={<IconSparkles size={14} />} onClick={() => setOpen(!isOpen)}>
            Generate
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Form onSubmit={() => sentence.trim() && write()} gap="sm">
            <Textarea
              ref={field}
              label="What should this stage achieve?"
              description="One sentence. The prompt follows the rules for the phone: short replies, one question at a time."
              placeholder="Find out which pizza the caller wants and how many."
              value={sentence}
              onChange={(event) => setSentence(event.currentTarget.value)}
              data-autofocus
            />
            {problem !== null && <Refusal problem={problem} />}
            <Group justify="flex-end">
              <Button type="submit" loading={isWriting} disabled={!sentence.trim()}>
                {before.trim() ? "Write it anew" : "Write it"}
              </Button>
            </Group>
          </Form>
        </Popover.Dropdown>
      </Popover>
    </>
  );
}

function Refusal({ problem }: { problem: unknown }) {
  const needsKey = problem instanceof ApiProblem && problem.code === "no_language_model";
  return (
    <div role="alert">
      <Text size="sm">
        {needsKey
          ? "Writing needs a language model, and this workspace has no key of one."
          : `It could not be written: ${messageOf(problem)}`}
      </Text>
      <Text size="sm" c="dimmed">
        Your prompt is as it was.
      </Text>
      {needsKey && (
        <Text size="sm" mt={4}>
          <TextLink to="/settings/$section" params={{ section: "providers" }} underline="always">
            Add a key of OpenAI, Gemini or Groq
          </TextLink>
          , or write the prompt yourself: the rules for the phone are added to every prompt.
        </Text>
      )}
    </div>
  );
}
