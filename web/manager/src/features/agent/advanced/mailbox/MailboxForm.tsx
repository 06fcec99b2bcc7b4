import { Button, Group, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../../../api/api";
import { tell } from "../../../../ui/notify";
import { Problem } from "../../../../ui/Problem";
import { useSubmit } from "../../../../ui/useSubmit";
import { useDraft } from "../../draft/DraftProvider";
import { NumberSetting } from "../settings/NumberSetting";
import { Setting } from "../settings/Setting";
import { AccountSetting } from "./AccountSetting";
import { FilterSettings } from "./FilterSettings";
import { LeaveUnstored } from "./LeaveUnstored";
import { MailboxState } from "./MailboxState";
import { SwitchOff } from "./SwitchOff";
import { SignatureSetting } from "./signature/SignatureSetting";
import { keepMailbox } from "./useMailbox";
import { type Account, bodyOf, isSame, type Mailbox, type MailboxValues, valuesOf } from "./values";

interface MailboxFormProps {
  stored: Mailbox | null;
  accounts: Account[];
}

/** The settings of a mailbox; the rest of them appear once an account is chosen. */
export function MailboxForm({ stored, accounts }: MailboxFormProps) {
  const { draft, isReadOnly } = useDraft();
  const queries = useQueryClient();
  const [saved, setSaved] = useState(() => valuesOf(stored));
  const [values, setValues] = useState(saved);
  const params = { path: { agent_id: draft.agent_id } };
  const change = (changes: Partial<MailboxValues>) => setValues((before) => ({ ...before, ...changes }));
  const isChanged = !isSame(values, saved);

  const save = useSubmit(async () => {
    const { data } = await api.PUT("/v1/agents/{agent_id}/mailbox", { params, body: bodyOf(values, stored) });
    if (!data) return;
    keepMailbox(queries, draft.agent_id, data);
    // As it is stored: of the signature, the API may have taken something out.
    const next = valuesOf(data.mailbox);
    setSaved(next);
    setValues(next);
    tell(
      draft.deployed ? "The e-mail settings hold from now on." : "The e-mail settings are stored. Mail is read once the agent is deployed.",
    );
  });

  return (
    <form
      aria-label="E-mail"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save.submit();
      }}
    >
      {stored && <MailboxState mailbox={stored} />}
      <AccountSetting
        stored={stored}
        accounts={accounts}
        value={values.account}
        problem={save.fieldError("integration_id")}
        onChange={(account) => change({ account })}
      />
      {values.account !== "" && (
        <>
          <NumberSetting
            label="Max turns"
            explanation="After so many answers in a thread people take over: the customer is told, the transcript goes to the address below."
            problem={save.fieldError("max_turns")}
            value={values.maxTurns}
            min={1}
            max={1000}
            placeholder="10"
            onChange={(maxTurns) => change({ maxTurns })}
          />
          <Setting
            label="Forward to"
            explanation="Gets the transcript when people have to go on. Without it nobody is told by mail."
            problem={save.fieldError("forward_to")}
          >
            {(control) => (
              <TextInput
                {...control}
                type="email"
                placeholder="team@example.com"
                value={values.forwardTo}
                readOnly={isReadOnly}
                onChange={(event) => change({ forwardTo: event.currentTarget.value })}
              />
            )}
          </Setting>
          <NumberSetting
            label="Fetch the last"
            explanation="Older mail is left alone, so that a full inbox is not answered on the first day."
            problem={save.fieldError("fetch_last_hours")}
            value={values.fetchLastHours}
            min={1}
            max={720}
            unit=" hours"
            placeholder="3 hours"
            onChange={(fetchLastHours) => change({ fetchLastHours })}
          />
          <FilterSettings
            value={values.filters}
            isReadOnly={isReadOnly}
            fieldError={save.fieldError}
            onChange={(filters) => change({ filters })}
          />
          <SignatureSetting
            value={values.signature}
            saved={saved.signature}
            isReadOnly={isReadOnly}
            problem={save.fieldError("signature_html")}
            onChange={(signature) => change({ signature })}
          />
        </>
      )}
      <Problem text={save.problem} />
      {!isReadOnly && values.account !== "" && (
        <Group justify="space-between" mt="md">
          <Group gap="xs">
            <Button type="submit" loading={save.isBusy} disabled={stored !== null && !isChanged}>
              {stored ? "Store changes" : "Switch e-mail on"}
            </Button>
            {isChanged && (
              <Button variant="default" onClick={() => setValues(saved)}>
                Take back changes
              </Button>
            )}
          </Group>
          {stored && <SwitchOff mailbox={stored} />}
        </Group>
      )}
      <LeaveUnstored isChanged={isChanged} />
    </form>
  );
}
