import { Alert, Button, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPlay, IconWand } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { api, type Schemas } from "../../../../api/api";
import { ConfirmDanger } from "../../../../ui/ConfirmDanger";
import { Problem } from "../../../../ui/Problem";
import { Section } from "../../../../ui/Section";
import { useSubmit } from "../../../../ui/useSubmit";
import { JsonField } from "../../advanced/settings/JsonField";
import { useDraft } from "../../draft/DraftProvider";
import type { ToolKind } from "../draftTools";
import { EffectList } from "../EffectSummary";
import { type JsonObject, parametersOf } from "../schema/parameters";
import { ArgumentsForm } from "./ArgumentsForm";
import { type ArgumentTexts, argumentsOf, defaultsOf, objectFrom, textsOf } from "./arguments";
import { failedLine } from "./failure";
import { TryResult } from "./TryResult";

type Tried = Schemas["ToolTried"];

interface TryPanelProps {
  name: string;
  kind: ToolKind;
  parameters: JsonObject;
  effects: Schemas["EffectsReply"] | null;
  mayRun: boolean;
  /** The line of the code that broke, 0 when it ran. */
  onFailure?: (line: number, message: string) => void;
  onShowLine?: (line: number) => void;
}

/** Try the tool of the draft: a dry run, or for real (rules D5, T13, W7). */
export function TryPanel({ name, kind, parameters, effects, mayRun, onFailure, onShowLine }: TryPanelProps) {
  const { draft, flush } = useDraft();
  const [view, setView] = useState<"form" | "json">("form");
  const [texts, setTexts] = useState<ArgumentTexts>(() => defaultsOf(parameters));
  const [extra, setExtra] = useState<JsonObject | null>(null);
  const [session, setSession] = useState<JsonObject>({});
  const [tried, setTried] = useState<Tried | null>(null);
  const [isAsked, ask] = useDisclosure(false);
  const rows = parametersOf(parameters);
  const isForm = view === "form" && rows !== null;
  const read = argumentsOf(rows ?? [], texts);
  const args = isForm ? read.args : (extra ?? read.args);
  const isReadable = !isForm || Object.keys(read.problems).length === 0;
  const mayChange = kind === "webhook" || effects === null || effects.changes_something || !effects.is_complete;

  const run = useSubmit(
    useCallback(
      async (isDry: boolean) => {
        await flush();
        const { data } = await api.POST("/v1/agents/{agent_id}/tools/{tool}/try", {
          params: { path: { agent_id: draft.agent_id, tool: name } },
          body: { args, session, dry_run: isDry },
        });
        if (!data) return;
        setTried(data);
        onFailure?.(failedLine(data), data.error);
      },
      [flush, draft.agent_id, name, args, session, onFailure],
    ),
  );
  const fill = useSubmit(
    useCallback(async () => {
      await flush();
      const { data } = await api.POST("/v1/agents/{agent_id}/tools/{tool}/arguments", {
        params: { path: { agent_id: draft.agent_id, tool: name } },
      });
      if (!data) return;
      setTexts(textsOf(data.args));
      setExtra(data.args);
    }, [flush, draft.agent_id, name]),
  );

  return (
    <Section
      title={kind === "webhook" ? "Send test" : "Try it"}
      description="Runs the draft, as it stands here."
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Give the arguments as"
          value={isForm ? "form" : "json"}
          onChange={(value) => {
            if (value === "json") setExtra(read.args);
            else if (extra) setTexts(textsOf(extra));
            setView(value === "json" ? "json" : "form");
          }}
          data={[
            { value: "form", label: "Form", disabled: rows === null },
            { value: "json", label: "JSON" },
          ]}
        />
      }
    >
      <Stack gap="sm">
        {isForm ? (
          rows.length === 0 ? (
            <Text c="dimmed">It takes no arguments.</Text>
          ) : (
            <ArgumentsForm parameters={rows} texts={texts} problems={read.problems} onChange={setTexts} />
          )
        ) : (
          <JsonField label="Arguments" value={args} read={objectFrom} onChange={setExtra} minRows={4} />
        )}
        {kind === "code" && (
          <details>
            <summary>What the session holds before ({Object.keys(session).length})</summary>
            <JsonField label="session" value={session} read={objectFrom} onChange={setSession} />
          </details>
        )}
        <Group gap="xs">
          <Button
            leftSection={<IconPlayerPlay size={14} />}
            onClick={() => void run.submit(true)}
            loading={run.isBusy}
            disabled={!mayRun || !isReadable}
          >
            Dry run
          </Button>
          <Button
            variant="default"
            onClick={() => (mayChange ? ask.open() : void run.submit(false))}
            disabled={!mayRun || !isReadable || run.isBusy}
          >
            {kind === "webhook" ? "Send for real" : "Run for real"}
          </Button>
          {rows !== null && rows.length > 0 && (
            <Button
              variant="subtle"
              leftSection={<IconWand size={14} />}
              onClick={() => void fill.submit()}
              loading={fill.isBusy}
              disabled={!mayRun}
            >
              Generate arguments
            </Button>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          A dry run reads for real; what it would write or send is shown instead.
        </Text>
        <Problem text={run.problem || fill.problem} />
        <div aria-live="polite">{tried && <TryResult tried={tried} onShowLine={onShowLine} />}</div>
      </Stack>
      <ConfirmDanger
        isOpen={isAsked}
        title={`Run ${name} for real?`}
        action={kind === "webhook" ? "Send it" : "Run for real"}
        keep="Do not run it"
        onConfirm={async () => {
          if (!(await run.submit(false))) throw new Error("It could not be run. The reason stands below the buttons.");
        }}
        onClose={ask.close}
      >
        <Stack gap="sm">
          <Text>
            {kind === "webhook"
              ? `Your server at ${draft.tools_webhook_url ?? "the webhook address"} gets the request and acts on it as in a call.`
              : "What it writes is written to the live systems, as in a call, and cannot be taken back here."}
          </Text>
          {effects && (
            <Alert color="orange" title="It can">
              <EffectList effects={effects} />
            </Alert>
          )}
        </Stack>
      </ConfirmDanger>
    </Section>
  );
}
