import { Loaded } from "../../../../ui/Loaded";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { useBackend } from "../../useBackend";
import { BackendForm } from "./BackendForm";

/** The Odoo or ERPNext behind `server`. Not part of the draft: it holds at once. */
export function BackendSection() {
  const { draft } = useDraft();
  const { stored, error, refetch } = useBackend(draft.agent_id);
  return (
    <Section
      title="Backend"
      anchor="backend"
      description="Your Odoo or ERPNext: tools read and write there, and callers are looked up by their number. A change holds at once, also for live calls."
    >
      <Loaded query={{ data: stored, error, refetch }} what="The backend" lines={3}>
        {(data) => <BackendForm key={data?.updated_at ?? "none"} stored={data} />}
      </Loaded>
    </Section>
  );
}
