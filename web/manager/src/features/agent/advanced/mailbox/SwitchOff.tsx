import { Button, List } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../../../../api/api";
import { ConfirmDanger } from "../../../../ui/ConfirmDanger";
import { tell } from "../../../../ui/notify";
import { useDraft } from "../../draft/DraftProvider";
import { keepMailbox } from "./useMailbox";
import { countFilters, type Mailbox, valuesOf } from "./values";

/** Stops reading the mailbox, once it is clear what that loses. */
export function SwitchOff({ mailbox }: { mailbox: Mailbox }) {
  const { draft } = useDraft();
  const queries = useQueryClient();
  const [isAsked, ask] = useDisclosure(false);
  const filters = countFilters(valuesOf(mailbox).filters);
  return (
    <>
      <Button variant="subtle" color="red.8" onClick={ask.open}>
        Switch e-mail off
      </Button>
      <ConfirmDanger
        isOpen={isAsked}
        title={`Stop answering ${mailbox.address}?`}
        action="Switch e-mail off"
        keep="Keep answering"
        onConfirm={async () => {
          await api.DELETE("/v1/agents/{agent_id}/mailbox", { params: { path: { agent_id: draft.agent_id } } });
          keepMailbox(queries, draft.agent_id, null);
          tell(`${mailbox.address} is no longer answered.`);
        }}
        onClose={ask.close}
      >
        From this moment mail stays unread, in threads that are under way, too. Lost are:
        <List mt="xs">
          {mailbox.signature_html && <List.Item>the signature</List.Item>}
          {filters > 0 && <List.Item>{filters === 1 ? "one filter" : `${filters} filters`}</List.Item>}
          <List.Item>
            max turns ({mailbox.max_turns}), the hours that are fetched ({mailbox.fetch_last_hours})
            {mailbox.forward_to ? ` and the address for transcripts, ${mailbox.forward_to}` : ""}
          </List.Item>
          {!mailbox.is_attached && <List.Item>the password of {mailbox.username}</List.Item>}
        </List>
        {mailbox.is_attached && "The integration stays connected. "}
        Past conversations are kept.
      </ConfirmDanger>
    </>
  );
}
