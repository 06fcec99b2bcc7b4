import { Text } from "@mantine/core";
import { $api } from "../../../../api/api";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";

/** The place of the e-mail settings: shows the mailbox that was set through the API. */
export function MailboxNote() {
  const { draft } = useDraft();
  const { data } = $api.useQuery(
    "get",
    "/v1/agents/{agent_id}/mailbox",
    { params: { path: { agent_id: draft.agent_id } } },
    { retry: false },
  );
  const mailbox = data?.mailbox;
  return (
    <Setting
      label="E-mail"
      shape="group"
      explanation="The agent reads a mailbox and answers. The form for it comes with a later release; until then the API sets it."
    >
      {() =>
        mailbox ? (
          <Text component="div">
            {mailbox.address}, read from {mailbox.imap_host}, sent by {mailbox.smtp_host}. Changed <RelativeTime at={mailbox.updated_at} />.
            {mailbox.last_error && (
              <Text c="var(--mantine-color-error)">
                It could not be read <RelativeTime at={mailbox.last_error_at} />: {mailbox.last_error}
              </Text>
            )}
          </Text>
        ) : (
          <Text c="dimmed">No mailbox is set.</Text>
        )
      }
    </Setting>
  );
}
