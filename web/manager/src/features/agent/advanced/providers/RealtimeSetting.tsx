import { Group, Select, Stack, Switch, TextInput } from "@mantine/core";
import type { Schemas } from "../../../../api/api";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { problemOfField } from "../settings/typed";
import { defaultModel, isConfigured, providerLabel, providerOptions } from "./catalogue";
import { NoKey } from "./NoKey";

/** One speech-to-speech model instead of three (rule A2). */
export function RealtimeSetting({ health }: { health: Schemas["ProviderHealth"][] }) {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const realtime = draft.realtime;
  const provider = realtime?.provider ?? null;
  const options = realtime?.options ?? {};
  const voice = typeof options.voice === "string" ? options.voice : "";
  return (
    <Setting
      label="One model for all"
      shape="group"
      explanation="A speech-to-speech model hears, thinks and speaks in one. Quicker and livelier; its words are checked less."
      problem={problemOfField(problem, "realtime")}
    >
      {() => (
        <Stack gap="sm">
          <Switch
            label={provider ? `${providerLabel(provider)} does it all` : "Hearing, thinking and speaking are separate"}
            checked={provider !== null}
            disabled={isReadOnly}
            onChange={(event) => patch({ realtime: event.currentTarget.checked ? { provider: "openai", model: null, options: {} } : null })}
          />
          {provider !== null && (
            <>
              <Group grow gap="xs" align="flex-start">
                <Select
                  label="Provider"
                  data={providerOptions("realtime", provider)}
                  value={provider}
                  disabled={isReadOnly}
                  onChange={(next) => patch({ realtime: { provider: next, model: null, options: {} } })}
                />
                <TextInput
                  label="Model"
                  value={realtime?.model ?? ""}
                  placeholder={defaultModel("realtime", provider, health) || "the provider's own"}
                  readOnly={isReadOnly}
                  onChange={(event) => patch({ realtime: { ...realtime, model: event.currentTarget.value || null } })}
                />
                <TextInput
                  label="Its voice"
                  value={voice}
                  placeholder="the model's own"
                  readOnly={isReadOnly}
                  onChange={(event) => {
                    const { voice: _, ...others } = options;
                    const next = event.currentTarget.value;
                    patch({ realtime: { ...realtime, options: next ? { ...others, voice: next } : others } });
                  }}
                />
              </Group>
              {!isConfigured("realtime", provider, health) && <NoKey provider={provider} />}
            </>
          )}
        </Stack>
      )}
    </Setting>
  );
}
