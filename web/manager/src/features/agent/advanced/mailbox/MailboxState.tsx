import { Alert } from "@mantine/core";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { useDraft } from "../../draft/DraftProvider";
import type { Mailbox } from "./values";

/** Whether the mailbox is read, and what went wrong with it last (rules M1, M9). */
export function MailboxState({ mailbox }: { mailbox: Mailbox }) {
  const { draft } = useDraft();
  if (mailbox.last_error)
    return (
      <Alert my="xs" color="orange" title={`${mailbox.address} could not be read`}>
        <RelativeTime at={mailbox.last_error_at} />: {mailbox.last_error}. It is tried again after growing pauses, and at once when you
        store changes here or at its integration.
      </Alert>
    );
  if (!draft.deployed)
    return (
      <Alert my="xs" color="gray" title={`${mailbox.address} is read once the agent is deployed`}>
        Changes of the e-mail settings hold without a deploy; stages and tools are those of the deployment.
      </Alert>
    );
  return (
    <Alert my="xs" color="signal" title={`Deployment ${draft.deployment} answers ${mailbox.address}`}>
      New mail is looked for at least every minute. Stored <RelativeTime at={mailbox.updated_at} />; nothing went wrong since.
    </Alert>
  );
}
