import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { NumberSetting } from "../settings/NumberSetting";
import { ToggleSetting } from "../settings/ToggleSetting";
import { problemOfField } from "../settings/typed";

const MOST_DAYS = 3650;

/** What is kept of a call, and what the caller is told (rule A6). */
export function RecordingSection() {
  const { draft, patch, problem } = useDraft();
  const isVoice = draft.channel !== "chat";
  const isRecording = draft.recording ?? false;
  return (
    <Section
      title="Recording and disclosure"
      anchor="recording"
      description="What is kept of a conversation, and what callers are told first."
    >
      <ToggleSetting
        field="disclosure"
        label="Disclosure"
        explanation="The law of many countries wants it: that an AI speaks, and that the call is recorded when it is. Said in the agent's language before anything else."
        isOn={draft.disclosure ?? true}
        on="Said at the beginning"
        off="Not said"
        onChange={(disclosure) => patch({ disclosure })}
      />
      {isVoice && (
        <ToggleSetting
          field="recording"
          label="Recording"
          explanation="Keeps the sound of calls, caller and agent on a channel each."
          isOn={isRecording}
          on="Calls are recorded"
          off="Calls are not recorded"
          onChange={(recording) => patch({ recording })}
        />
      )}
      {isVoice && isRecording && (
        <NumberSetting
          label="Keep recordings for"
          explanation="Deleted by itself after this time. The platform's own time when empty."
          problem={problemOfField(problem, "recording_retention_days")}
          value={draft.recording_retention_days ?? ""}
          min={1}
          max={MOST_DAYS}
          unit=" days"
          onChange={(days) => {
            if (days === "") patch({ recording_retention_days: null });
            else if (typeof days === "number" && days >= 1 && days <= MOST_DAYS) patch({ recording_retention_days: days });
          }}
        />
      )}
      <ToggleSetting
        field="enable_transcription"
        label="Live transcript"
        explanation="Sends what is said to whoever listens to the tenant's events, as it is said."
        isOn={draft.enable_transcription ?? false}
        on="Sent"
        off="Not sent"
        onChange={(enable_transcription) => patch({ enable_transcription })}
      />
      <ToggleSetting
        field="keep_journal"
        label="Journal"
        explanation="Keeps each call's steps, so that it can be explained and replayed later. Without it a call shows its transcript only."
        isOn={draft.keep_journal ?? true}
        on="Kept"
        off="Not kept"
        onChange={(keep_journal) => patch({ keep_journal })}
      />
    </Section>
  );
}
