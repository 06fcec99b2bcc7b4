import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { phoneProblem } from "../settings/checks";
import { TextSetting } from "../settings/TextSetting";

/** Who test sessions pretend to be (rule V8); the sender of mails stands with the mailbox. */
export function TestCallerSection() {
  const { draft, patch } = useDraft();
  return (
    <Section title="Test caller" anchor="test-caller" description="Who calls in the Test tab. Real calls never use it.">
      <TextSetting
        field="test_caller_phone"
        label="Phone number"
        explanation="Taken as caller_phone, so that the caller lookup and tools find this customer."
        value={draft.test_caller_phone}
        placeholder="+12025550123"
        type="tel"
        check={phoneProblem}
        onChange={(text) => patch({ test_caller_phone: text || null })}
      />
    </Section>
  );
}
