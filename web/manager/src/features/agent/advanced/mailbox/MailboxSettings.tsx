import { Stack, Text } from "@mantine/core";
import { $api } from "../../../../api/api";
import { LinkButton } from "../../../../ui/LinkButton";
import { Loaded } from "../../../../ui/Loaded";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { MailboxForm } from "./MailboxForm";
import { useMailbox } from "./useMailbox";
import { type Account, canBeRead } from "./values";

/**
 * E-mail of an agent (rules M1, M3): which mailbox it answers, and how. Not part of the draft: it holds at once.
 *
 * `isHiddenWithout`: only for one that is set, as an agent that was made a voice agent goes on to answer it.
 */
export function MailboxSettings({ isHiddenWithout = false }: { isHiddenWithout?: boolean }) {
  const { draft } = useDraft();
  const mailbox = useMailbox(draft.agent_id);
  if (isHiddenWithout && !mailbox.data) return null;
  return <Known mailbox={mailbox} />;
}

function Known({ mailbox }: { mailbox: ReturnType<typeof useMailbox> }) {
  const accounts = $api.useQuery("get", "/v1/integrations");
  return (
    <Loaded query={mailbox} what="The mailbox">
      {(stored) => (
        <Loaded query={accounts} what="The integrations">
          {({ integrations }) => {
            const mails = integrations.filter((account) => account.category === "email");
            if (stored === null && !mails.some(canBeRead)) return <AttachFirst mails={mails} />;
            return <MailboxForm key={stored === null ? "none" : "stored"} stored={stored} accounts={mails} />;
          }}
        </Loaded>
      )}
    </Loaded>
  );
}

function AttachFirst({ mails }: { mails: Account[] }) {
  return (
    <Setting label="E-mail" shape="group" explanation="The agent reads a mailbox, answers with its stages and tools, and keeps the thread.">
      {() => (
        <Stack gap="xs" align="flex-start">
          <Text fw={500}>Attach a mailbox first</Text>
          <Text c="dimmed">
            {mails.length > 0
              ? `${mails.map((account) => account.name).join(", ")} can only send. Add an IMAP server to one of them, and it can be chosen here.`
              : "Connect one under Integrations, with the server that it is read from (IMAP) and the one that sends (SMTP). Then choose it here."}
          </Text>
          <LinkButton to="/integrations" variant="default" size="xs">
            Open Integrations
          </LinkButton>
        </Stack>
      )}
    </Setting>
  );
}
