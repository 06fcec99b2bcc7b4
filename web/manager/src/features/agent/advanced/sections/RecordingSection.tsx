import { NumberInput, Switch } from "@mantine/core";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { problemOfField } from "../settings/typed";

/** What is kept of a call, and what the caller is told (rule A6). */
export function RecordingSection() {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const isVoice = draft.channel !== "chat";
  const isRecording = draft.recording ?? false;
  return (
    <Section
      title="Recording and disclosure"
      anchor="recording"
      description="What is kept of a conversation, and what callers are told first."
    >
      <Setting
        shape="toggle"
        label="Disclosure"
        explanation="The law of many countries wants it: that an AI speaks, and that the call is recorded when it is. Said in the agent's language before anything else."
        problem={problemOfField(problem, "disclosure")}
      >
        {(_, toggle) => (
          <Switch
            {...toggle}
            label={(draft.disclosure ?? true) ? "Said at the beginning" : "Not said"}
            checked={draft.disclosure ?? true}
            disabled={isReadOnly}
            onChange={(event) => patch({ disclosure: event.currentTarget.checked })}
          />
        )}
      </Setting>
      {isVoice && (
        <Setting
          shape="toggle"
          label="Recording"
          explanation="Keeps the sound of calls, caller and agent on a channel each."
          problem={problemOfField(problem, "recording")}
        >
          {(_, toggle) => (
            <Switch
              {...toggle}
              label={isRecording ? "Calls are recorded" : "Calls are not recorded"}
              checked={isRecording}
              disabled={isReadOnly}
              onChange={(event) => patch({ recording: event.currentTarget.checked })}
            />
          )}
        </Setting>
      )}
      {isVoice && isRecording && (
        <Setting
          label="Keep recordings for"
          explanation="Deleted by itself after this time. The platform's own time when empty."
          problem={problemOfField(problem, "recording_retention_days")}
        >
          {(control) => (
            <NumberInput
              {...control}
              value={draft.recording_retention_days ?? ""}
              min={1}
              max={3650}
              allowDecimal={false}
              suffix=" days"
              w={160}
              readOnly={isReadOnly}
              onChange={(value) => {
                if (value === "") patch({ recording_retention_days: null });
                else if (typeof value === "number" && value >= 1 && value <= 3650) patch({ recording_retention_days: value });
              }}
            />
          )}
        </Setting>
      )}
      <Setting
        shape="toggle"
        label="Live transcript"
        explanation="Sends what is said to whoever listens to the tenant's events, as it is said."
        problem={problemOfField(problem, "enable_transcription")}
      >
        {(_, toggle) => (
          <Switch
            {...toggle}
            label={draft.enable_transcription ? "Sent" : "Not sent"}
            checked={draft.enable_transcription ?? false}
            disabled={isReadOnly}
            onChange={(event) => patch({ enable_transcription: event.currentTarget.checked })}
          />
        )}
      </Setting>
      <Setting
        shape="toggle"
        label="Journal"
        explanation="Keeps each call's steps, so that it can be explained and replayed later. Without it a call shows its transcript only."
        problem={problemOfField(problem, "keep_journal")}
      >
        {(_, toggle) => (
          <Switch
            {...toggle}
            label={(draft.keep_journal ?? true) ? "Kept" : "Not kept"}
            checked={draft.keep_journal ?? true}
            disabled={isReadOnly}
            onChange={(event) => patch({ keep_journal: event.currentTarget.checked })}
          />
        )}
      </Setting>
    </Section>
  );
}
