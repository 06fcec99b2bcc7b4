import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { $api } from "../../../../api/api";
import { languageOptions } from "../../../../ui/languages";
import { Problem } from "../../../../ui/Problem";
import { RoleGate } from "../../../../ui/RoleGate";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { platformChoice, providerLabel } from "../providers/catalogue";
import { Setting } from "../settings/Setting";
import { SliderSetting } from "../settings/SliderSetting";
import { problemOfField } from "../settings/typed";
import { speedWords } from "../turns/turnTaking";
import { usePreview } from "./usePreview";
import { voiceGroups, voiceKey, voiceOf } from "./voices";

const OWN = "";

/** How the agent sounds. */
export function VoiceSection() {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const isVoice = draft.channel !== "chat";
  const speed = draft.speed ?? 1;
  return (
    <Section title="Voice and language" anchor="voice" description="How the agent sounds, and in which language it speaks.">
      <Setting label="Language" explanation="The agent speaks it from the greeting on." problem={problemOfField(problem, "language")}>
        {(control) => (
          <Select
            {...control}
            data={languageOptions(draft.language)}
            value={draft.language ?? "en"}
            searchable
            disabled={isReadOnly}
            onChange={(language) => language && patch({ language })}
          />
        )}
      </Setting>
      {isVoice && <VoiceSetting />}
      {isVoice && (
        <SliderSetting
          field="speed"
          label="Speed"
          value={speed}
          onChange={(value) => patch({ speed: Math.round(value * 100) / 100 })}
          min={0.5}
          max={2}
          step={0.05}
          shown={`${speed.toFixed(2)} ×`}
          words={speedWords(speed)}
          ends={["slow", "fast"]}
        />
      )}
    </Section>
  );
}

function VoiceSetting() {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const language = draft.language ?? "en";
  const voices = $api.useQuery(
    "get",
    "/v1/voices",
    { params: { query: { language: language.split("-")[0] ?? language } } },
    { staleTime: 300_000 },
  );
  const health = $api.useQuery("get", "/v1/providers/health", { params: { query: { agent_id: draft.agent_id } } }, { staleTime: 30_000 });
  const preview = usePreview();
  const [text, setText] = useState("");
  const [typed, setTyped] = useState("");
  const provider = draft.tts?.provider ?? platformChoice("tts", health.data?.providers ?? []);
  const groups = useMemo(() => voiceGroups(voices.data?.voices ?? [], language), [voices.data, language]);
  const current = draft.voice ? voiceKey(provider, draft.voice) : OWN;
  const listed = [{ group: "", items: [{ value: OWN, label: `${providerLabel(provider)}, its own voice` }] }, ...groups];
  const isListed = listed.some((group) => group.items.some((item) => item.value === current));
  const inUse = isListed ? listed : [{ group: "In use", items: [{ value: current, label: draft.voice ?? "" }] }, ...listed];
  // An id that is not listed can be typed; the text of the chosen option is no such id.
  const id = inUse.some((group) => group.items.some((item) => item.label === typed)) ? "" : typed.trim();
  const isNew = id !== "" && !inUse.some((group) => group.items.some((item) => item.value === voiceKey(provider, id)));
  const data = isNew ? [...inUse, { group: "Not listed", items: [{ value: voiceKey(provider, id), label: `${id}, by its id` }] }] : inUse;
  const notes = voices.data?.notes ?? {};

  function choose(key: string | null) {
    if (!key) {
      patch({ voice: null });
      return;
    }
    const chosen = voiceOf(key);
    patch({
      voice: chosen.voice,
      ...(chosen.provider === provider ? {} : { tts: { ...draft.tts, provider: chosen.provider, model: null } }),
    });
  }

  return (
    <Setting
      label="Voice"
      shape="group"
      explanation="Listen before you choose. A voice brings its provider along; an id that is not listed can be typed."
      problem={problemOfField(problem, "voice")}
    >
      {() => (
        <Stack gap="sm">
          <Select
            aria-label="Voice"
            searchable
            limit={200}
            disabled={isReadOnly}
            data={data}
            value={current}
            onSearchChange={setTyped}
            onChange={choose}
            nothingFoundMessage="No voice of that name speaks this language."
          />
          {notes[provider] && (
            <Text size="xs" c="dimmed">
              {notes[provider]}
            </Text>
          )}
          <Group gap="xs" align="flex-end" wrap="nowrap">
            <TextInput
              label="Sentence to hear"
              placeholder={draft.greeting || "A sentence of the platform"}
              value={text}
              maxLength={300}
              onChange={(event) => setText(event.currentTarget.value)}
              style={{ flex: 1, minWidth: 0 }}
            />
            <RoleGate needs="editor">
              {(isAllowed) => (
                <Button
                  variant="default"
                  loading={preview.isLoading}
                  disabled={!isAllowed}
                  leftSection={preview.isPlaying ? <IconPlayerStop size={14} /> : <IconPlayerPlay size={14} />}
                  onClick={() =>
                    preview.isPlaying
                      ? preview.stop()
                      : preview.play({
                          provider,
                          voice: draft.voice ?? null,
                          language,
                          text: (text || draft.greeting || "").slice(0, 300),
                          speed: draft.speed ?? 1,
                          model: draft.tts?.model ?? null,
                        })
                  }
                >
                  {preview.isPlaying ? "Stop" : "Listen"}
                </Button>
              )}
            </RoleGate>
          </Group>
          <Problem text={preview.problem} />
        </Stack>
      )}
    </Setting>
  );
}
