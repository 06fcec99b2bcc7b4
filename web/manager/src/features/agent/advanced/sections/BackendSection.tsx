import { $api, ApiProblem } from "../../../../api/api";
import { ErrorState } from "../../../../ui/ErrorState";
import { Loading } from "../../../../ui/Loading";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { BackendForm } from "./BackendForm";

/** The Odoo or ERPNext behind `server`. Not part of the draft: it holds at once. */
export function BackendSection() {
  const { draft } = useDraft();
  const backend = $api.useQuery(
    "get",
    "/v1/agents/{agent_id}/backend",
    { params: { path: { agent_id: draft.agent_id } } },
    { retry: false },
  );
  const hasNone = backend.error instanceof ApiProblem && backend.error.status === 404;
  const stored = hasNone ? null : backend.data;
  return (
    <Section
      title="Backend"
      anchor="backend"
      description="Your Odoo or ERPNext: tools read and write there, and callers are looked up by their number. A change holds at once, also for live calls."
    >
      {backend.error && !hasNone ? (
        <ErrorState error={backend.error} what="The backend" onRetry={backend.refetch} />
      ) : stored === undefined ? (
        <Loading lines={3} />
      ) : (
        <BackendForm key={stored?.updated_at ?? "none"} stored={stored} />
      )}
    </Section>
  );
}
