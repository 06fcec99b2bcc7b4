import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { PromptEditor } from "../../PromptEditor";
import { lengthProblem, nameTextProblem } from "../settings/checks";
import { TextSetting } from "../settings/TextSetting";

/** Who the agent is. */
export function PersonaSection() {
  const { draft, patch } = useDraft();
  return (
    <Section title="Persona" anchor="persona" description="Who the agent is, in every stage.">
      <TextSetting
        field="display_name"
        label="Name"
        explanation="The name the agent uses for itself."
        value={draft.display_name}
        check={nameTextProblem}
        onChange={(text) => patch({ display_name: text })}
      />
      <TextSetting
        field="company"
        label="Company"
        explanation="For whom it speaks. The agent's own name when empty."
        value={draft.company === draft.display_name ? "" : draft.company}
        placeholder={draft.display_name}
        check={lengthProblem(200)}
        onChange={(text) => patch({ company: text || null })}
      />
      <TextSetting
        field="role"
        label="Role"
        explanation="What it is there, such as order assistant."
        value={draft.role}
        check={lengthProblem(200)}
        onChange={(text) => patch({ role: text })}
      />
      <PromptEditor
        label="Persona"
        description="Character, manner, what it knows and what it must never do. Stands before the prompt of every stage."
        placeholder="You are Bella, friendly and quick. Our opening hours are…"
        value={draft.system_prompt ?? ""}
        onChange={(text) => patch({ system_prompt: text })}
      />
    </Section>
  );
}
