import { Button, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../../../../api/api";
import { Problem } from "../../../../ui/Problem";
import { TextLink } from "../../../../ui/TextLink";
import { useSubmit } from "../../../../ui/useSubmit";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { Tested } from "../settings/Tested";
import { type Account, addressOf, canBeRead, type Mailbox, OWN_LOGIN } from "./values";

interface AccountSettingProps {
  stored: Mailbox | null;
  accounts: Account[];
  value: string;
  problem: string | undefined;
  onChange: (account: string) => void;
}

/** Which mailbox is read (rule M1), and whether it can be logged in to. */
export function AccountSetting({ stored, accounts, value, problem, onChange }: AccountSettingProps) {
  const { isReadOnly } = useDraft();
  const [tested, setTested] = useState<{ account: string; result: Schemas["IntegrationTested"] } | null>(null);
  const test = useSubmit(async () => {
    setTested(null);
    const { data } = await api.POST("/v1/integrations/{integration_id}/test", { params: { path: { integration_id: value } } });
    if (data) setTested({ account: value, result: data });
  });
  const own =
    stored && !stored.is_attached ? [{ value: OWN_LOGIN, label: `${stored.address} at ${stored.imap_host}, set by the API` }] : [];
  const isAccount = accounts.some((account) => account.id === value);
  return (
    <Setting
      label="Mailbox"
      explanation={
        <>
          The agent reads and answers it, from its own address. Accounts are connected under{" "}
          <TextLink to="/integrations" underline="always">
            Integrations
          </TextLink>
          , with an IMAP and an SMTP server.
        </>
      }
      problem={problem}
    >
      {(control) => (
        <Stack gap="xs" align="flex-start">
          <Select
            {...control}
            w="100%"
            placeholder="Choose a mailbox"
            data={[
              ...own,
              ...accounts.map((account) => ({
                value: account.id,
                label: canBeRead(account) ? `${account.name} (${addressOf(account)})` : `${account.name} (sends only: no IMAP server)`,
                disabled: !canBeRead(account),
              })),
            ]}
            value={value || null}
            disabled={isReadOnly}
            onChange={(id) => onChange(id ?? "")}
          />
          {isAccount && !isReadOnly && (
            <Button size="xs" variant="default" loading={test.isBusy} onClick={() => void test.submit()}>
              Test connection
            </Button>
          )}
          <Tested
            result={tested?.account === value ? tested.result : null}
            refused="The mailbox cannot be used"
            details={tested?.result.account}
          />
          <Problem text={test.problem} />
          {value === OWN_LOGIN && (
            <Text size="sm" c="dimmed">
              Its servers and password were stored through the API. Choose an integration to manage them here.
            </Text>
          )}
        </Stack>
      )}
    </Setting>
  );
}
